//! The mean of a channel in each window, and a tolerance bound over the windows.

use super::steps::farther;
use super::{Answer, Task, named, no_number};
use crate::budget::{self, Budget};
use crate::stats::summary::{Running, Summary};
use crate::stats::tolerance;
use crate::trace::distance;
use certbench_model::finding::{Reason, Value};
use certbench_model::{Text, Unit};

pub(super) fn mean(task: Task<'_>, answer: &mut Answer) -> Result<(), Reason> {
    let channel = task.channel("channel")?;
    let of = channel.components.first().map_or(Unit::one(), |c| c.unit);
    let none = || no_number("No window with samples", "没有含采样的窗口");
    let (mut means, mut far) = (Vec::new(), None);
    for window in task.windows("over", answer)? {
        // A window may be hours long: nothing of it is kept.
        let mut running = Running::default();
        let passed = window.pass(task.reader, &channel.id, &mut answer.doubts, |_, values| {
            running.add(values[0]);
            far = farther(far, distance(channel, values));
        })?;
        passed.check_gaps(&mut answer.doubts);
        means.push(running.mean().ok_or_else(none)?);
    }
    answer.n = u32::try_from(means.len()).unwrap_or(u32::MAX);
    let summary = Summary::of(&means).ok_or_else(none)?;
    let value = match task.params().word("summary")? {
        "least" => summary.min,
        "largest" => summary.max,
        _ => summary.mean,
    };
    let mut instrument = Budget::default();
    instrument.certificate(
        Text::new("Instrument", "仪器"),
        // The certificate of a tracker is read at the distance from it.
        budget::instrument(channel, far.unwrap_or(value)),
        channel,
    );
    answer.bound_lacks = instrument.clone().measured(value, of, 1).u_expanded;
    let mut budget = Budget::default();
    if summary.n > 1 && task.params().word("summary")? == "mean" {
        budget.scatter(
            Text::new("Scatter of the windows", "各窗口的分散"),
            summary.standard_uncertainty_of_mean(),
            summary.n as f64 - 1.0,
        );
    }
    budget.append(instrument);
    let mut measured = budget.measured(value, of, summary.n);
    let (share, confidence) = (
        task.params().level("share")?,
        task.params().level("confidence")?,
    );
    let reach = tolerance::one_sided_factor(summary.n, share, confidence).zip(summary.s);
    let upper = task
        .measure
        .accept
        .as_ref()
        .is_some_and(|a| a.at_most.is_some());
    let sign = if upper { 1.0 } else { -1.0 };
    measured.bound = reach.map(|(k, s)| summary.mean + sign * k * s);
    answer.each = means;
    answer.more.extend([
        named("x_min", "Least", "最小值", summary.min, of, None),
        named("x_max", "Largest", "最大值", summary.max, of, None),
    ]);
    let s = summary
        .s
        .map(|s| named("s", "Standard deviation", "标准差", s, of, None));
    answer.more.extend(s);
    answer.value = Some(Value::Quantity(measured));
    Ok(())
}
