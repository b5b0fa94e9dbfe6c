//! How an arm comes to rest: stabilization time, overshoot, posing time.

use super::{Answer, Task, Window, named, no_number, pose, unit};
use crate::budget::{self, Budget};
use crate::figure;
use crate::metric::iso9283::settle::{self, Settled};
use crate::metric::iso9283::{Position, barycentre, minus, norm};
use crate::stats::summary::Summary;
use certbench_model::figure::{Figure, FigureKind, Level};
use certbench_model::finding::{Reason, Value};
use certbench_model::{Channel, Text};

/// One approach of the pose.
struct Approach {
    samples: Vec<(f64, Position)>,
    rest: Position,
    settled: Settled,
    /// Widest step between samples, s.
    step_s: f64,
    far_mm: f64,
}

fn approaches(task: Task<'_>, answer: &mut Answer) -> Result<Vec<Approach>, Reason> {
    let band = task.params().positive("band", unit("mm"))?;
    let dwell = task.params().positive("dwell", unit("s"))?;
    let mut all = Vec::new();
    for window in task.windows("over", answer)? {
        all.push(approach(task, window, band, dwell, answer)?);
    }
    answer.n = u32::try_from(all.len()).unwrap_or(u32::MAX);
    Ok(all)
}

fn approach(
    task: Task<'_>,
    window: Window<'_>,
    band: f64,
    dwell: f64,
    answer: &mut Answer,
) -> Result<Approach, Reason> {
    let channel = task.channel("position")?;
    let trace = window.trace(task.reader, &channel.id, &mut answer.doubts)?;
    trace.check_gaps(&mut answer.doubts);
    let poses = trace.poses()?;
    let samples: Vec<(f64, Position)> = poses.iter().map(|(t, p)| (*t, p.position_mm)).collect();
    let end = samples.last().map_or(0.0, |s| s.0);
    let resting: Vec<Position> = samples
        .iter()
        .filter(|s| s.0 >= end - dwell)
        .map(|s| s.1)
        .collect();
    let rest = barycentre(&resting).ok_or_else(none)?;
    let settled = settle::settle(&samples, rest, band).ok_or_else(none)?;
    Ok(Approach {
        rest,
        settled,
        step_s: samples
            .windows(2)
            .map(|w| w[1].0 - w[0].0)
            .fold(0.0, f64::max),
        far_mm: samples.iter().map(|s| norm(s.1)).fold(0.0, f64::max),
        samples,
    })
}

fn none() -> Reason {
    no_number(
        "A window does not show an approach from outside the band to a rest inside",
        "窗口未显示自带外接近并静止于带内的过程",
    )
}

/// Both instants lie between two samples, and the channel's delay may differ between them.
fn timing(budget: &mut Budget, channel: &Channel, approaches: &[Approach]) {
    let step = approaches.iter().map(|a| a.step_s).fold(0.0, f64::max);
    let [least, most] = channel.delay_s;
    budget.rectangular(
        Text::new("When it happened between samples", "采样间的发生时刻"),
        step + (most - least),
        Some(channel.id.clone()),
    );
}

/// By how much a position may seem to lie off the band for the instrument's sake, mm (k = 2): what does not
/// cancel between a reading and the rest.
fn blur(channel: &Channel, approaches: &[Approach]) -> Result<Option<f64>, Reason> {
    let far = approaches.iter().map(|a| a.far_mm).fold(0.0, f64::max);
    let at = pose::from_mm(channel, far)?;
    let apart = budget::between_readings(channel, at, budget::noise(channel));
    Ok(pose::in_mm(channel, apart)?.map(|u| 2.0 * u.combined()))
}

/// By how much a time shifts at most with its limit wider or narrower: an expanded uncertainty (k = 2) as
/// the limit's is. The time may shift to one side alone, so half of what lies between both would be too
/// little.
pub(super) fn larger_shift(time: f64, wider: f64, narrower: f64) -> f64 {
    (wider - time).abs().max((narrower - time).abs())
}

/// `time` of an approach, with the limits in space wider by so many mm.
fn times(
    task: Task<'_>,
    approaches: &[Approach],
    time: impl Fn(&Approach, f64) -> Option<f64>,
    answer: &mut Answer,
) -> Result<(), Reason> {
    let channel = task.channel("position")?;
    let with =
        |wider: f64| -> Option<Vec<f64>> { approaches.iter().map(|a| time(a, wider)).collect() };
    let each = with(0.0).ok_or_else(none)?;
    let summary = Summary::of(&each).ok_or_else(none)?;
    let s = unit("s");
    let mut budget = Budget::default();
    if summary.n > 1 {
        budget.scatter(
            Text::new("Scatter of the cycles", "各循环的分散"),
            summary.standard_uncertainty_of_mean(),
            summary.n as f64 - 1.0,
        );
    }
    timing(&mut budget, channel, approaches);
    let shift = blur(channel, approaches)?.and_then(|by| {
        let shifts = each.iter().zip(with(by)?).zip(with(-by)?);
        let shifts: Vec<f64> = shifts.map(|((t, a), b)| larger_shift(*t, a, b)).collect();
        Some(Summary::of(&shifts)?.mean)
    });
    match shift {
        Some(shift) => budget.normal(
            Text::new(
                "Where the instrument saw the limits crossed",
                "仪器所见的越限位置",
            ),
            shift / 2.0,
            channel.calibration.as_ref().map(|c| c.certificate.clone()),
        ),
        // The instrument cannot tell inside from outside.
        None => budget.unknown(),
    }
    answer
        .more
        .push(named("t_max", "Longest", "最长", summary.max, s, None));
    answer.value = Some(Value::Quantity(budget.measured(summary.mean, s, summary.n)));
    let longest = each.iter().position(|t| *t == summary.max);
    answer.each = each;
    answer.figures.extend(
        longest
            .and_then(|i| approaches.get(i))
            .map(|a| draw(task, a)),
    );
    Ok(())
}

pub(super) fn stabilization(task: Task<'_>, answer: &mut Answer) -> Result<(), Reason> {
    let approaches = approaches(task, answer)?;
    let band = task.params().positive("band", unit("mm"))?;
    let time = |a: &Approach, wider: f64| {
        Some(settle::settle(&a.samples, a.rest, band + wider)?.stabilization_s)
    };
    times(task, &approaches, time, answer)
}

pub(super) fn posing(task: Task<'_>, answer: &mut Answer) -> Result<(), Reason> {
    let (band, left) = (
        task.params().positive("band", unit("mm"))?,
        task.params().positive("left", unit("mm"))?,
    );
    let approaches = approaches(task, answer)?;
    let time = |a: &Approach, wider: f64| {
        settle::posing_time(&a.samples, a.rest, band + wider, left + wider)
    };
    times(task, &approaches, time, answer)
}

/// The largest of the cycles.
pub(super) fn overshoot(task: Task<'_>, answer: &mut Answer) -> Result<(), Reason> {
    let approaches = approaches(task, answer)?;
    let channel = task.channel("position")?;
    let of = |a: &Approach| a.settled.overshoot;
    let worst = approaches.iter().max_by(|a, b| of(a).total_cmp(&of(b)));
    let worst = worst.ok_or_else(none)?;
    let mm = unit("mm");
    let mut budget = Budget::default();
    budget.certificate(
        Text::new("Instrument, at both ends", "仪器（位移两端）"),
        pose::instrument(channel, worst.far_mm)?.map(|u| u * std::f64::consts::SQRT_2),
        channel,
    );
    answer.figures.push(draw(task, worst));
    answer.value = Some(Value::Quantity(budget.measured(
        of(worst),
        mm,
        approaches.len(),
    )));
    Ok(())
}

fn draw(task: Task<'_>, approach: &Approach) -> Figure {
    let (mm, s) = (unit("mm"), unit("s"));
    let away: Vec<(f64, f64)> = approach
        .samples
        .iter()
        .map(|(t, p)| (*t, norm(minus(*p, approach.rest))))
        .collect();
    let name = Text::new("distance from the attained position", "到实到位置的距离");
    let mut drawn = figure::figure(
        FigureKind::Curve,
        Text::new("Coming to rest", "趋于静止的过程"),
        figure::axis(Text::new("Time", "时间"), s),
        figure::axis(Text::new("Distance", "距离"), mm),
        vec![figure::series(name, figure::decimate(&away))],
    );
    if let Ok(at) = task.params().positive("band", mm) {
        let name = Text::new("limit band", "限制带");
        drawn.limits.push(Level { name, at });
    }
    let at = |i: usize| approach.samples.get(i).map_or(0.0, |s| s.0);
    drawn.events = [
        (
            Text::new("first crossing", "首次穿越"),
            approach.settled.crossed,
        ),
        (
            Text::new("stays inside", "保持带内"),
            approach.settled.stays,
        ),
    ]
    .map(|(name, i)| Level { name, at: at(i) })
    .to_vec();
    drawn
}
