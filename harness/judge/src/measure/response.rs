//! An interface: how long a command takes to show, and how much a channel wanders by itself.

use super::{Answer, Task, Window, named, no_number, unit};
use crate::budget::Budget;
use crate::metric::interface;
use crate::reason::because;
use crate::stats::summary::Summary;
use certbench_model::event::WindowEnd;
use certbench_model::finding::{Reason, Value};
use certbench_model::{EventBody, Text, Unit};

/// From the command that leaves in each window to the first departure of the channel from its rest
/// before.
pub(super) fn latency(task: Task<'_>, answer: &mut Answer) -> Result<(), Reason> {
    let channel = task.channel("channel")?;
    let factor = task.params().positive("factor", Unit::one())?;
    let [least, most] = channel.delay_s;
    let mut each = Vec::new();
    let mut width: f64 = 0.0;
    for window in task.windows("over", answer)? {
        let trace = window.trace(task.reader, &channel.id, &mut answer.doubts)?;
        trace.check_gaps(&mut answer.doubts);
        let left = commanded_s(task, window)
            .ok_or_else(|| no_number("No command leaves in a window", "某窗口内没有发出指令"))?;
        let seen = interface::departure(&trace.scalar(), left, factor).ok_or_else(|| {
            no_number(
                "A window shows no departure from rest, or no rest before the command",
                "窗口未显示偏离静止，或指令之前无静止段",
            )
        })?;
        each.push(1_000.0 * (seen.upper - left - least));
        width = width.max(1_000.0 * (seen.width() + most - least));
    }
    answer.n = u32::try_from(each.len()).unwrap_or(u32::MAX);
    let summary = Summary::of(&each).ok_or_else(|| no_number("No window", "没有窗口"))?;
    let ms = unit("ms");
    answer.each = each;
    let longest = task.params().word("summary")? == "longest";
    let mut budget = Budget::default();
    if !longest && summary.n > 1 {
        budget.scatter(
            Text::new("Scatter of the commands", "各次指令的分散"),
            summary.standard_uncertainty_of_mean(),
            summary.n as f64 - 1.0,
        );
    }
    budget.rectangular(
        Text::new("When it departed between samples", "采样间的偏离时刻"),
        width / 2.0,
        Some(channel.id.clone()),
    );
    answer.more.extend([
        named("t_min", "Shortest", "最短", summary.min, ms, None),
        named("t_max", "Longest", "最长", summary.max, ms, None),
    ]);
    let value = if longest { summary.max } else { summary.mean };
    answer.value = Some(Value::Quantity(budget.measured(value, ms, summary.n)));
    Ok(())
}

/// How long the windows lasted that came to the end they were waiting for.
pub(super) fn task_time(task: Task<'_>, answer: &mut Answer) -> Result<(), Reason> {
    let ended_by = task.channel("ended_by")?;
    let windows = task.windows("over", answer)?;
    let all = windows.len();
    let reached = windows
        .into_iter()
        .filter(|w| matches!(w.run.closed, Some((_, WindowEnd::Reached))));
    let length = |w: Window<'_>| w.to_ns.saturating_sub(w.run.from_ns) as f64 * 1e-9;
    let each: Vec<f64> = reached.map(length).collect();
    answer.n = u32::try_from(all).unwrap_or(u32::MAX);
    let summary = Summary::of(&each).ok_or_else(|| {
        no_number(
            "No window came to its end in time",
            "没有窗口在时限内达到结束条件",
        )
    })?;
    let s = unit("s");
    let missed = all - summary.n;
    if missed > 0 {
        // Of those that did not end nothing but a lower bound is known.
        answer.doubts.add(because(
            "censored",
            format!("{missed} of {all} windows did not come to their end in time"),
            format!("{all} 个窗口中有 {missed} 个未在时限内结束"),
        ));
    }
    answer.each = each;
    let longest = task.params().word("summary")? == "longest";
    let mut budget = Budget::default();
    if !longest && summary.n > 1 {
        budget.scatter(
            Text::new("Scatter of the tasks", "各次任务的分散"),
            summary.standard_uncertainty_of_mean(),
            summary.n as f64 - 1.0,
        );
    }
    let [least, most] = ended_by.delay_s;
    budget.rectangular(
        Text::new("When its end was seen", "结束时刻的观察"),
        (ended_by.interval_s + most - least) / 2.0,
        Some(ended_by.id.clone()),
    );
    answer
        .more
        .push(named("t_max", "Longest", "最长", summary.max, s, None));
    let value = if longest { summary.max } else { summary.mean };
    answer.value = Some(Value::Quantity(budget.measured(value, s, summary.n)));
    Ok(())
}

/// When the first command of a window left, seconds since its begin, at the earliest: a command is on the
/// record when the device has taken the last part of it, and a device that is slow to answer moves before.
/// It left no earlier than its step began.
fn commanded_s(task: Task<'_>, window: Window<'_>) -> Option<f64> {
    let (from, to) = (window.run.from_ns, window.to_ns);
    let events = task
        .reader
        .run
        .facts()
        .events
        .iter()
        .map(|line| &line.event);
    let mut begun = None;
    for event in events.filter(|e| (from..=to).contains(&e.time_ns)) {
        match event.body {
            EventBody::StepStarted { .. } => begun = Some(event.time_ns),
            EventBody::Commanded { .. } => {
                return Some((begun.unwrap_or(event.time_ns) - from) as f64 * 1e-9);
            }
            _ => {}
        }
    }
    None
}

/// Standard deviation of a channel at rest, largest of the windows.
pub(super) fn noise(task: Task<'_>, answer: &mut Answer) -> Result<(), Reason> {
    let channel = task.channel("sensor")?;
    let of = channel.components.first().map_or(Unit::one(), |c| c.unit);
    let mut worst: Option<(f64, usize)> = None;
    let mut n = 0u32;
    for window in task.windows("over", answer)? {
        let trace = window.trace(task.reader, &channel.id, &mut answer.doubts)?;
        trace.check_gaps(&mut answer.doubts);
        let values: Vec<f64> = trace.scalar().iter().map(|s| s.1).collect();
        let s = Summary::of(&values).and_then(|v| Some((v.s?, v.n)));
        let (s, of_it) = s.ok_or_else(|| no_number("Too few samples", "样本过少"))?;
        n += 1;
        if worst.is_none_or(|(most, _)| s > most) {
            worst = Some((s, of_it));
        }
    }
    answer.n = n;
    let (s, samples) = worst.ok_or_else(|| no_number("No window", "没有窗口"))?;
    let nu = samples as f64 - 1.0;
    let mut budget = Budget::default();
    // Of a standard deviation of normal values: s / sqrt(2 nu) (GUM E.4.3).
    budget.scatter(
        Text::new("Sampling of a standard deviation", "标准差的抽样"),
        Some(s / (2.0 * nu).sqrt()),
        nu,
    );
    answer.value = Some(Value::Quantity(budget.measured(s, of, n as usize)));
    Ok(())
}
