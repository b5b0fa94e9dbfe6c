//! Grasp cycle time: from the command to full force to no force.

use super::settle::larger_shift;
use super::{Answer, Task, named, no_number, unit};
use crate::budget::{self, Budget};
use crate::metric::hand::cycle::{self, Cycle};
use crate::stats::Interval;
use crate::stats::summary::Summary;
use certbench_model::finding::{Reason, Value};
use certbench_model::{Text, Unit};

pub(super) fn time(task: Task<'_>, answer: &mut Answer) -> Result<(), Reason> {
    let channel = task.channel("channel")?;
    let of = channel.components.first().map_or(Unit::one(), |c| c.unit);
    let (full, none) = (
        task.params().positive("full", of)?,
        task.params().number("none", of)?,
    );
    let [lower, upper] = channel.delay_s;
    let delay = Interval { lower, upper };
    // By how much the force may seem to be gone too early or too late for the instrument's sake (k = 2).
    let blur = budget::instrument(channel, none).map(|u| 2.0 * u.combined());
    let mut cycles: Vec<Cycle> = Vec::new();
    let mut shift = Some(0.0f64);
    for window in task.windows("over", answer)? {
        let trace = window.trace(task.reader, &channel.id, &mut answer.doubts)?;
        trace.check_gaps(&mut answer.doubts);
        let samples = trace.scalar();
        let gone = |none: f64| Some(cycle::cycle(&samples, full, none, delay)?.released_s.upper);
        let of_window = blur.and_then(|by| {
            Some(larger_shift(
                gone(none)?,
                gone(none + by)?,
                gone(none - by)?,
            ))
        });
        shift = shift.zip(of_window).map(|(most, of)| most.max(of));
        let seen = cycle::cycle(&samples, full, none, delay);
        cycles.push(seen.ok_or_else(|| {
            no_number(
                "A window does not show the full force and its end",
                "窗口未显示达到全力及其消失",
            )
        })?);
    }
    answer.n = u32::try_from(cycles.len()).unwrap_or(u32::MAX);
    let latest: Vec<f64> = cycles.iter().map(|c| c.released_s.upper).collect();
    let summary = Summary::of(&latest).ok_or_else(|| no_number("No cycle", "没有循环"))?;
    answer.each = latest;
    let longest = task.params().word("summary")? == "longest";
    let s = unit("s");
    let mut budget = Budget::default();
    if !longest && summary.n > 1 {
        budget.scatter(
            Text::new("Scatter of the cycles", "各循环的分散"),
            summary.standard_uncertainty_of_mean(),
            summary.n as f64 - 1.0,
        );
    }
    // The latest possible instant is the value: the width lies below it.
    let width = cycles
        .iter()
        .map(|c| c.released_s.width())
        .fold(0.0, f64::max);
    budget.rectangular(
        Text::new(
            "When the force was gone between samples",
            "力在采样间消失的时刻",
        ),
        width / 2.0,
        Some(channel.id.clone()),
    );
    match shift {
        Some(shift) => budget.normal(
            Text::new("Where the gauge saw the force gone", "仪器所见的力消失时刻"),
            shift / 2.0,
            channel.calibration.as_ref().map(|c| c.certificate.clone()),
        ),
        // The gauge cannot tell no force from some.
        None => budget.unknown(),
    }
    let grasped: Vec<f64> = cycles.iter().map(|c| c.grasped_s.upper).collect();
    if let Some(grasped) = Summary::of(&grasped) {
        let name = ("Mean time to full force", "达到全力的平均时间");
        answer
            .more
            .push(named("t_g", name.0, name.1, grasped.mean, s, None));
    }
    answer
        .more
        .push(named("t_max", "Longest", "最长", summary.max, s, None));
    let value = if longest { summary.max } else { summary.mean };
    answer.value = Some(Value::Quantity(budget.measured(value, s, summary.n)));
    Ok(())
}
