//! Droop under a load, drift while it is held.

use super::{Answer, Task, Window, named, no_number, pose, unit};
use crate::budget::{self, Budget};
use crate::figure;
use crate::metric::iso9283::Position;
use crate::metric::payload;
use crate::stats::summary::Summary;
use certbench_model::figure::{Figure, FigureKind};
use certbench_model::finding::{Reason, Value};
use certbench_model::{Channel, Text, Unit};

/// Positions of one window against time, with the largest distance from the tracker.
struct Stay {
    positions: Vec<(f64, Position)>,
    distance_mm: f64,
}

impl Stay {
    /// Times of the first and the last position, seconds.
    fn span(&self) -> Option<(f64, f64)> {
        Some((self.positions.first()?.0, self.positions.last()?.0))
    }
}

fn stay(task: Task<'_>, window: Window<'_>, answer: &mut Answer) -> Result<Stay, Reason> {
    let channel = task.channel("position")?;
    let trace = window.trace(task.reader, &channel.id, &mut answer.doubts)?;
    trace.check_gaps(&mut answer.doubts);
    let raw = trace.poses()?;
    let distance = |p: Position| p[0].hypot(p[1]).hypot(p[2]);
    let positions = trace.registered()?;
    Ok(Stay {
        positions: positions.iter().map(|(t, p)| (*t, p.position_mm)).collect(),
        distance_mm: raw
            .iter()
            .map(|(_, p)| distance(p.position_mm))
            .fold(0.0, f64::max),
    })
}

pub(super) fn droop(task: Task<'_>, answer: &mut Answer) -> Result<(), Reason> {
    let channel = task.channel("position")?;
    let unloaded = task.windows("unloaded", answer)?;
    let loaded = task.windows("loaded", answer)?;
    let pairs = unloaded.len().min(loaded.len());
    if unloaded.len() != loaded.len() {
        answer.doubts.add(no_number(
            "Not every window without load has a partner with load",
            "空载窗口与带载窗口数量不一致",
        ));
    }
    answer.n = u32::try_from(pairs).unwrap_or(u32::MAX);
    let mut droops: Vec<Position> = Vec::new();
    let (mut far, mut within) = (0.0f64, None);
    for (a, b) in unloaded.into_iter().zip(loaded) {
        let (a, b) = (stay(task, a, answer)?, stay(task, b, answer)?);
        let of = |stay: &Stay| -> Vec<Position> { stay.positions.iter().map(|p| p.1).collect() };
        let (without, with_load) = (of(&a), of(&b));
        let droop = payload::droop(&without, &with_load).ok_or_else(none)?;
        within = scatter_of_one(&without, &with_load, droop.components);
        far = far.max(a.distance_mm).max(b.distance_mm);
        droops.push(droop.components);
    }
    let n = droops.len();
    let mean = payload::droop(&[[0.0; 3]], &droops).ok_or_else(none)?;
    let (scatter, nu) = if n > 1 {
        (between(&droops, mean.components), n as f64 - 1.0)
    } else {
        within.map_or((None, 1.0), |(u, nu)| (Some(u), nu))
    };
    let mut budget = Budget::default();
    budget.scatter(
        Text::new("Scatter of the readings", "读数的分散"),
        scatter,
        nu,
    );
    instrument_twice(&mut budget, channel, far)?;
    let mm = unit("mm");
    let measured = budget.measured(mean.magnitude, mm, n);
    for (axis, value) in ["x", "y", "z"].iter().zip(mean.components) {
        answer.more.push(named(
            &format!("d_{axis}"),
            &format!("Displacement along {axis}"),
            &format!("沿 {axis} 的位移"),
            value,
            mm,
            measured.u_expanded,
        ));
    }
    answer.value = Some(Value::Quantity(measured));
    Ok(())
}

/// Worst of the holds.
pub(super) fn drift(task: Task<'_>, answer: &mut Answer) -> Result<(), Reason> {
    let channel = task.channel("position")?;
    let share = task.params().positive("edge", Unit::one())?;
    let mm = unit("mm");
    let windows = task.windows("over", answer)?;
    answer.n = u32::try_from(windows.len()).unwrap_or(u32::MAX);
    let n = windows.len();
    let mut worst: Option<Hold> = None;
    for window in windows {
        let stay = stay(task, window, answer)?;
        let hold = hold(&stay, share).ok_or_else(none)?;
        if worst.as_ref().is_none_or(|w| hold.change > w.change) {
            worst = Some(hold);
        }
    }
    let worst = worst.ok_or_else(none)?;
    let mut budget = Budget::default();
    budget.scatter(
        Text::new("Scatter of the readings at both ends", "首尾读数的分散"),
        Some(worst.u),
        worst.nu,
    );
    instrument_twice(&mut budget, channel, worst.distance_mm)?;
    let measured = budget.measured(worst.change, mm, n);
    answer.more.extend([
        named(
            "v",
            "Slope over the hold",
            "保持期间的斜率",
            60.0 * worst.slope,
            unit("mm/min"),
            None,
        ),
        named(
            "d_max",
            "Largest departure from the start",
            "相对起始的最大偏离",
            worst.departure,
            mm,
            None,
        ),
        named(
            "t",
            "Length of the hold",
            "保持时长",
            worst.duration_s,
            unit("s"),
            None,
        ),
    ]);
    let title = Text::new(
        "Departure from the start of the hold",
        "相对保持起始位置的偏离",
    );
    answer.figures.push(drawn(task, title, &worst.departures));
    answer.value = Some(Value::Quantity(measured));
    Ok(())
}

/// Worst of the windows: how far what should stand moves from where it stood.
pub(super) fn departure(task: Task<'_>, answer: &mut Answer) -> Result<(), Reason> {
    let channel = task.channel("position")?;
    let edge_s = task.params().positive("edge", unit("s"))?;
    let mm = unit("mm");
    let windows = task.windows("over", answer)?;
    answer.n = u32::try_from(windows.len()).unwrap_or(u32::MAX);
    let n = windows.len();
    let mut worst: Option<(payload::Departure, f64)> = None;
    for window in windows {
        let stay = stay(task, window, answer)?;
        let seen = payload::departure(&stay.positions, edge_s).ok_or_else(none)?;
        if worst.as_ref().is_none_or(|w| seen.largest > w.0.largest) {
            worst = Some((seen, stay.distance_mm));
        }
    }
    let (worst, far_mm) = worst.ok_or_else(none)?;
    let mut budget = Budget::default();
    budget.scatter(
        Text::new("Scatter of where it stood first", "起始位置读数的分散"),
        worst.start_u,
        worst.start_n as f64 - 1.0,
    );
    instrument_twice(&mut budget, channel, far_mm)?;
    if let Some(noise) = pose::in_mm(channel, budget::noise(channel))? {
        budget.rectangular(
            Text::new("Largest of noisy readings", "噪声读数的最大值偏高"),
            payload::departure_lift(noise, worst.distances.len()),
            channel.calibration.as_ref().map(|c| c.certificate.clone()),
        );
    }
    answer.figures.push(drawn(
        task,
        Text::new("Departure from where it stood first", "相对起始位置的偏离"),
        &worst.distances,
    ));
    answer.value = Some(Value::Quantity(budget.measured(worst.largest, mm, n)));
    Ok(())
}

/// Departures against time, with the limit of the measure.
fn drawn(task: Task<'_>, title: Text, departures: &[(f64, f64)]) -> Figure {
    let mm = unit("mm");
    let curve = figure::series(
        Text::new("departure from the start", "相对起始的偏离"),
        figure::decimate(departures),
    );
    let mut drawn = figure::figure(
        FigureKind::Curve,
        title,
        figure::axis(Text::new("Time", "时间"), unit("s")),
        figure::axis(Text::new("Departure", "偏离"), mm),
        vec![curve],
    );
    drawn.limits = figure::limits(task.measure.accept.as_ref(), mm);
    drawn
}

struct Hold {
    change: f64,
    u: f64,
    nu: f64,
    slope: f64,
    departure: f64,
    duration_s: f64,
    distance_mm: f64,
    departures: Vec<(f64, f64)>,
}

fn hold(stay: &Stay, share: f64) -> Option<Hold> {
    let (first, last) = stay.span()?;
    let edge = share * (last - first);
    let axis = |i: usize| {
        let samples: Vec<(f64, f64)> = stay.positions.iter().map(|(t, p)| (*t, p[i])).collect();
        payload::drift(&samples, edge)
    };
    let [x, y, z] = [axis(0)?, axis(1)?, axis(2)?];
    let size = |a: f64, b: f64, c: f64| a.hypot(b).hypot(c);
    let departure = payload::departure(&stay.positions, edge)?;
    Some(Hold {
        change: size(x.change, y.change, z.change),
        // The largest axis: the direction of a small change is not known well enough for less.
        u: x.change_u.max(y.change_u).max(z.change_u),
        nu: x.change_nu,
        slope: size(x.slope_per_s, y.slope_per_s, z.slope_per_s),
        departure: departure.largest,
        duration_s: last - first,
        distance_mm: stay.distance_mm,
        departures: departure.distances,
    })
}

fn none() -> Reason {
    no_number(
        "Too few samples for a displacement",
        "采样过少，无法得出位移",
    )
}

/// The instrument at both ends of a displacement. Its errors at two near points are surely
/// correlated, but no certificate says how much: no credit is taken for it.
fn instrument_twice(budget: &mut Budget, channel: &Channel, far_mm: f64) -> Result<(), Reason> {
    let at = pose::from_mm(channel, far_mm)?;
    let u = pose::in_mm(channel, budget::instrument(channel, at))?;
    budget.certificate(
        Text::new("Instrument, at both ends", "仪器（位移两端）"),
        u.map(|u| u * std::f64::consts::SQRT_2),
        channel,
    );
    Ok(())
}

fn along(positions: &[Position], direction: Position) -> Option<Summary> {
    let size = direction[0].hypot(direction[1]).hypot(direction[2]);
    let unit = if size > 0.0 {
        direction.map(|d| d / size)
    } else {
        [1.0, 0.0, 0.0]
    };
    let on: Vec<f64> = positions
        .iter()
        .map(|p| p[0] * unit[0] + p[1] * unit[1] + p[2] * unit[2])
        .collect();
    Summary::of(&on)
}

/// From the readings of one pair of windows, along the droop; assumes independent readings.
fn scatter_of_one(a: &[Position], b: &[Position], direction: Position) -> Option<(f64, f64)> {
    let (a, b) = (along(a, direction)?, along(b, direction)?);
    let u = a
        .standard_uncertainty_of_mean()?
        .hypot(b.standard_uncertainty_of_mean()?);
    Some((u, a.n.min(b.n) as f64 - 1.0))
}

fn between(droops: &[Position], direction: Position) -> Option<f64> {
    along(droops, direction)?.standard_uncertainty_of_mean()
}
