//! What else a force sensor under test shows: crosstalk between its axes, drift of its zero, the
//! smallest load that it feels.

use super::steps::{largest_u, load_steps, mean, mean_of, none, own, tested};
use super::{Answer, Task, named, no_number, unit};
use crate::budget::Budget;
use crate::figure;
use crate::metric::sensor::{self, Step};
use certbench_model::figure::FigureKind;
use certbench_model::finding::{Reason, Value};
use certbench_model::{Text, Unit};

const AXES: [&str; 3] = ["x", "y", "z"];

/// The largest share that a full load on one axis shows on another. One axis is loaded at a time, each
/// in windows of its own.
pub(super) fn crosstalk(task: Task<'_>, answer: &mut Answer) -> Result<(), Reason> {
    let (reference, sensor) = (task.channel("reference")?, task.channel("sensor")?);
    let of = own(reference);
    let full = task.params().positive("full_scale", of)?;
    let (mut applied, mut indicated) = (Vec::new(), Vec::new());
    for (axis, input) in AXES.iter().enumerate() {
        for window in task.windows(input, answer)? {
            let mut load = vec![0.0; 3];
            load[axis] = mean(task, window, reference, of, answer)?;
            let mut shown = Vec::new();
            for component in 0..3 {
                shown.push(mean_of(task, window, (sensor, component), of, answer)?);
            }
            applied.push(load);
            indicated.push(shown);
        }
    }
    let per_axis = |i: usize| applied.iter().filter(|l| l[i] != 0.0).count();
    let fewest = [0, 1, 2].map(per_axis).into_iter().min().unwrap_or(0);
    answer.n = u32::try_from(fewest).unwrap_or(u32::MAX);
    let seen = sensor::crosstalk(&applied, &indicated, &[full; 3]).ok_or_else(|| {
        no_number(
            "The loads do not excite every axis by itself",
            "载荷未能独立激励每个轴",
        )
    })?;
    let percent = unit("%");
    for (i, row) in seen.shares.iter().enumerate() {
        for (k, share) in row.iter().enumerate().filter(|(k, _)| *k != i) {
            let (of_axis, on) = (AXES[k], AXES[i]);
            answer.more.push(named(
                &format!("c_{on}{of_axis}"),
                &format!("A load on {of_axis} shown on {on}"),
                &format!("{of_axis} 轴载荷在 {on} 轴的示值"),
                100.0 * share,
                percent,
                None,
            ));
        }
    }
    let mut budget = Budget::default();
    // What the reference leaves open scales the load, and with it the share.
    let largest = applied.iter().flatten().copied();
    let u = largest_u(reference, largest, of);
    budget.certificate(
        Text::new("Reference, of full scale", "参考仪器（占满量程）"),
        u.map(|u| u * (100.0 * seen.worst / full)),
        reference,
    );
    budget.scatter(
        Text::new("Scatter about the matrix", "对矩阵拟合的分散"),
        scatter(&applied, &indicated).map(|s| 100.0 * s / full),
        (applied.len() as f64 - 4.0).max(1.0),
    );
    let value = 100.0 * seen.worst;
    answer.value = Some(Value::Quantity(budget.measured(
        value,
        percent,
        applied.len(),
    )));
    Ok(())
}

/// Standard deviation about the fitted matrix over the root of the steps: what it leaves open of a
/// mean response; the worst axis.
fn scatter(applied: &[Vec<f64>], indicated: &[Vec<f64>]) -> Option<f64> {
    let rows: Vec<Vec<f64>> = applied
        .iter()
        .map(|l| [&[1.0], l.as_slice()].concat())
        .collect();
    let of_axis = |i: usize| {
        let y: Vec<f64> = indicated.iter().filter_map(|r| r.get(i).copied()).collect();
        crate::stats::linear::least_squares(&rows, &y).map(|f| f.s)
    };
    let worst = (0..3).map(of_axis).collect::<Option<Vec<f64>>>()?;
    let most = worst.into_iter().fold(0.0, f64::max);
    Some(most / (applied.len() as f64).sqrt())
}

/// Largest departure of an unloaded sensor from where it stood at first, worst of the windows.
pub(super) fn zero_drift(task: Task<'_>, answer: &mut Answer) -> Result<(), Reason> {
    let channel = task.channel("sensor")?;
    let component = tested(task, channel)?;
    let of = channel
        .components
        .get(component)
        .map_or(Unit::one(), |c| c.unit);
    let full = task.params().positive("full_scale", of)?;
    let edge = task.params().positive("edge", unit("s"))?;
    let (mut worst, mut slopes, mut noise) = (None::<f64>, Vec::new(), 0.0f64);
    for window in task.windows("over", answer)? {
        let trace = window.trace(task.reader, &channel.id, &mut answer.doubts)?;
        trace.check_gaps(&mut answer.doubts);
        let at = |v: &[f64]| v.get(component).copied().unwrap_or(f64::NAN);
        let samples: Vec<(f64, f64)> = trace.points.iter().map(|(t, v)| (*t, at(v))).collect();
        // Means over the edge: a single noisy reading is no drift.
        let smooth = smoothed(&samples, edge);
        let (most, slope) = sensor::zero_drift(&smooth, edge, full).ok_or_else(none)?;
        noise = noise.max(spread(&samples, edge));
        worst = Some(worst.map_or(most, |w: f64| w.max(most)));
        slopes.push(slope);
        answer.figures.push(figure::figure(
            FigureKind::Curve,
            Text::new("Zero over time", "零点随时间"),
            figure::axis(Text::new("Time", "时间"), unit("s")),
            figure::axis(Text::new("Reading", "读数"), of),
            vec![figure::series(
                Text::new("reading", "读数"),
                figure::decimate(&samples),
            )],
        ));
    }
    answer.n = u32::try_from(slopes.len()).unwrap_or(u32::MAX);
    let percent = unit("%");
    let slope = slopes
        .iter()
        .copied()
        .max_by(|a, b| a.abs().total_cmp(&b.abs()));
    if let Some(slope) = slope {
        let per_hour = 3600.0 * slope;
        answer.more.push(named(
            "d",
            "Drift in an hour",
            "每小时漂移",
            per_hour,
            of,
            None,
        ));
    }
    let mut budget = Budget::default();
    budget.normal(
        Text::new("Noise of the means, twice", "均值噪声（两次）"),
        100.0 * std::f64::consts::SQRT_2 * noise / full,
        Some(channel.id.clone()),
    );
    let value = 100.0 * worst.ok_or_else(none)?;
    answer.value = Some(Value::Quantity(budget.measured(
        value,
        percent,
        slopes.len(),
    )));
    Ok(())
}

/// Means of stretches of that length, at their middles.
fn smoothed(samples: &[(f64, f64)], stretch_s: f64) -> Vec<(f64, f64)> {
    let part = |s: &(f64, f64)| (s.0 / stretch_s).floor();
    let mean = |part: &[(f64, f64)], of: fn(&(f64, f64)) -> f64| {
        part.iter().map(of).sum::<f64>() / part.len() as f64
    };
    let parts = samples.chunk_by(|a, b| part(a) == part(b));
    parts
        .map(|p| (mean(p, |s| s.0), mean(p, |s| s.1)))
        .collect()
}

/// Standard uncertainty of such a mean from the scatter within the first of them.
fn spread(samples: &[(f64, f64)], stretch_s: f64) -> f64 {
    let begin = samples.first().map_or(0.0, |s| s.0);
    let first = samples
        .iter()
        .take_while(|s| s.0 < begin + stretch_s)
        .map(|s| s.1);
    let summary = crate::stats::summary::Summary::of(&first.collect::<Vec<f64>>());
    summary
        .and_then(|s| s.standard_uncertainty_of_mean())
        .unwrap_or(0.0)
}

/// Smallest load from which the sensor always reacts; its zero is the step with the least load.
pub(super) fn threshold(task: Task<'_>, answer: &mut Answer) -> Result<(), Reason> {
    let reference = task.channel("reference")?;
    let of = own(reference);
    let reaction = task.params().positive("reaction", of)?;
    let steps = load_steps(task, "over", answer)?;
    answer.n = u32::try_from(steps.len()).unwrap_or(u32::MAX);
    let least = steps
        .iter()
        .min_by(|a, b| a.applied.abs().total_cmp(&b.applied.abs()));
    let (zero, unloaded) = least.map(|s| (s.indicated, s.applied)).ok_or_else(none)?;
    let from_zero: Vec<Step> = steps
        .iter()
        .filter(|s| s.applied != unloaded)
        .map(|s| Step {
            applied: s.applied,
            indicated: s.indicated - zero,
        })
        .collect();
    let value = sensor::threshold(&from_zero, reaction).ok_or_else(|| {
        no_number(
            "Even the largest load shows nothing",
            "即使最大载荷也无示值",
        )
    })?;
    // The threshold lies between the step that is felt and the next smaller one.
    let below = steps.iter().map(|s| s.applied).filter(|a| *a < value);
    let below = below.fold(f64::NEG_INFINITY, f64::max);
    let mut budget = Budget::default();
    if below.is_finite() {
        let from = Some(task.measure.id.clone());
        budget.rectangular(
            Text::new("Step between the loads", "载荷步长"),
            (value - below) / 2.0,
            from,
        );
    }
    budget.certificate(
        Text::new("Reference", "参考仪器"),
        largest_u(reference, std::iter::once(value), of),
        reference,
    );
    answer.value = Some(Value::Quantity(budget.measured(value, of, steps.len())));
    Ok(())
}
