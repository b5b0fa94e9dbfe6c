//! What swings back: contacts that bounce, axes that rebound; and what a sensor says of a force's
//! direction.

use super::{Answer, Task, named, no_number, unit};
use crate::budget::{self, Budget};
use crate::metric::bounce;
use crate::metric::hand::force_sense::vector_error;
use crate::metric::iso9283::{Position, norm};
use crate::reason::because;
use crate::stats::summary::Summary;
use certbench_model::finding::{Reason, Value};
use certbench_model::{Channel, Text, Unit};

/// The longest bounce of a contact over the windows.
pub(super) fn contact(task: Task<'_>, answer: &mut Answer) -> Result<(), Reason> {
    let channel = task.channel("contact")?;
    let mut all = Vec::new();
    for window in task.windows("over", answer)? {
        let trace = window.trace(task.reader, &channel.id, &mut answer.doubts)?;
        let levels = trace.scalar().into_iter().map(|(t, v)| (t, v >= 0.5));
        let levels: Vec<(f64, bool)> = levels.collect();
        all.push(bounce::contact(&levels).ok_or_else(|| {
            because(
                "no-trigger",
                format!("{} shows no edge in the window", channel.id),
                format!("{} 在窗口内没有边沿", channel.id),
            )
        })?);
    }
    answer.n = u32::try_from(all.len()).unwrap_or(u32::MAX);
    let longest = all.iter().map(|b| b.duration_s).reduce(f64::max);
    let longest = longest.ok_or_else(|| no_number("No edge was seen", "未观测到边沿"))?;
    let changes = all.iter().map(|b| b.changes).max().unwrap_or(0);
    answer.more.push(named(
        "N",
        "Most changes of level, the first one included",
        "电平变化次数的最大值（含首次）",
        changes as f64,
        Unit::one(),
        None,
    ));
    // The first and the last change happened up to an interval before they were seen.
    let [least, most] = channel.delay_s;
    let mut budget = Budget::default();
    budget.rectangular(
        Text::new(
            "When the changes happened between samples",
            "变化在采样间的时刻",
        ),
        1_000.0 * (channel.interval_s + most - least),
        Some(channel.id.clone()),
    );
    let measured = budget.measured(1_000.0 * longest, unit("ms"), all.len());
    answer.value = Some(Value::Quantity(measured));
    Ok(())
}

/// The largest rebound of an axis over the windows.
pub(super) fn rebound(task: Task<'_>, answer: &mut Answer) -> Result<(), Reason> {
    let channel = task.channel("position")?;
    let of = channel.components.first().map_or(Unit::one(), |c| c.unit);
    let mut all: Vec<(f64, f64)> = Vec::new();
    for window in task.windows("over", answer)? {
        let trace = window.trace(task.reader, &channel.id, &mut answer.doubts)?;
        trace.check_gaps(&mut answer.doubts);
        let positions: Vec<f64> = trace.scalar().iter().map(|s| s.1).collect();
        let travel = positions.last().zip(positions.first()).map(|(b, a)| b - a);
        let swung = travel.and_then(|t| bounce::rebound(&positions, t));
        let far = positions.iter().map(|p| p.abs()).fold(0.0, f64::max);
        all.push(
            swung.map(|s| (s, far)).ok_or_else(|| {
                no_number("The axis did not move in the window", "窗口内轴未运动")
            })?,
        );
    }
    answer.n = u32::try_from(all.len()).unwrap_or(u32::MAX);
    let worst = all.iter().copied().max_by(|a, b| a.0.total_cmp(&b.0));
    let (value, far) = worst.ok_or_else(|| no_number("No motion was seen", "未观测到运动"))?;
    let mut budget = Budget::default();
    budget.certificate(
        Text::new("Instrument, at both positions", "仪器（两个位置）"),
        budget::instrument(channel, far).map(|u| u * std::f64::consts::SQRT_2),
        channel,
    );
    answer.value = Some(Value::Quantity(budget.measured(value, of, all.len())));
    Ok(())
}

/// The largest error of the magnitude of a force, one load a window; the angle beside it.
pub(super) fn vector(task: Task<'_>, answer: &mut Answer) -> Result<(), Reason> {
    let n = unit("N");
    let (reference, sensor) = (task.channel("reference")?, task.channel("sensor")?);
    let mut errors: Vec<(f64, f64, f64)> = Vec::new();
    for window in task.windows("over", answer)? {
        let mut mean = |channel: &Channel| -> Result<Position, Reason> {
            let trace = window.trace(task.reader, &channel.id, &mut answer.doubts)?;
            trace.check_gaps(&mut answer.doubts);
            let axis = |i: usize| {
                let from = channel.components.get(i)?.unit;
                let values: Vec<f64> = trace
                    .points
                    .iter()
                    .filter_map(|(_, v)| from.convert(*v.get(i)?, n).ok())
                    .collect();
                Some(Summary::of(&values)?.mean)
            };
            let all = [axis(0), axis(1), axis(2)];
            let [Some(x), Some(y), Some(z)] = all else {
                return Err(because(
                    "not-a-vector",
                    format!("{} has no three components of a force", channel.id),
                    format!("{} 没有三个力分量", channel.id),
                ));
            };
            Ok([x, y, z])
        };
        let (known, said) = (mean(reference)?, mean(sensor)?);
        let (error, angle) = vector_error(known, said)
            .ok_or_else(|| no_number("A force without direction", "力没有方向"))?;
        errors.push((error, angle, norm(known)));
    }
    answer.n = u32::try_from(errors.len()).unwrap_or(u32::MAX);
    let worst = errors.iter().max_by(|a, b| a.0.abs().total_cmp(&b.0.abs()));
    let (error, _, load) = *worst.ok_or_else(|| no_number("No load was seen", "未观测到载荷"))?;
    let angle = errors.iter().map(|e| e.1).fold(0.0, f64::max);
    let (en, zh) = ("Largest angle between the forces", "力方向之间的最大角度");
    answer
        .more
        .push(named("θ", en, zh, angle, unit("deg"), None));
    let of = reference.components.first().map_or(n, |c| c.unit);
    let reading = n.convert(load, of).ok();
    let u = reading.and_then(|r| budget::instrument(reference, r));
    let mut budget = Budget::default();
    budget.certificate(
        Text::new("Reference", "参考仪器"),
        u.and_then(|u| u.converted(of, n)),
        reference,
    );
    answer.value = Some(Value::Quantity(budget.measured(
        error.abs(),
        n,
        errors.len(),
    )));
    Ok(())
}
