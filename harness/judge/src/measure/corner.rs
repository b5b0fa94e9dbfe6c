//! Paths that are no straight line: corners and weaves.

use super::{Answer, Task, named, no_number, pose, unit};
use crate::budget::Budget;
use crate::metric::iso9283::{Position, corner, direction, dot, minus, norm, plus, weave};
use crate::stats::summary::Summary;
use certbench_model::finding::{Reason, Value};
use certbench_model::{Channel, Text};

/// Timed positions of each pass in the frame of the command.
struct Passes<'a> {
    channel: &'a Channel,
    each: Vec<Vec<(f64, Position)>>,
    far_mm: f64,
}

fn passes<'a>(
    task: Task<'a>,
    poses: &[&str],
    answer: &mut Answer,
) -> Result<(Passes<'a>, Vec<Position>), Reason> {
    let channel = task.channel("position")?;
    let mut at = Vec::new();
    for name in poses {
        let command = pose::commanded(task, Some(task.params().word(name)?))?;
        pose::registration(task, channel, &command)?;
        at.push(command.position);
    }
    let mut passes = Passes {
        channel,
        each: Vec::new(),
        far_mm: 0.0,
    };
    for window in task.windows("over", answer)? {
        let trace = window.trace(task.reader, &channel.id, &mut answer.doubts)?;
        trace.check_gaps(&mut answer.doubts);
        let raw = trace.poses()?;
        let far = raw.iter().map(|(_, p)| norm(p.position_mm));
        passes.far_mm = far.fold(passes.far_mm, f64::max);
        let registered = trace.registered()?;
        passes.each.push(
            registered
                .iter()
                .map(|(t, p)| (*t, p.position_mm))
                .collect(),
        );
    }
    answer.n = u32::try_from(passes.each.len()).unwrap_or(u32::MAX);
    Ok((passes, at))
}

/// Round-off or overshoot at a corner, mean of the cycles.
pub(super) fn cornering(task: Task<'_>, answer: &mut Answer) -> Result<(), Reason> {
    let (passes, at) = passes(task, &["from", "corner", "to"], answer)?;
    let [from, at_corner, to] = at[..] else {
        return Err(no_number("A corner has three poses", "拐角需要三个位姿"));
    };
    let (first, second) = (minus(at_corner, from), minus(to, at_corner));
    let of_pass = |timed: &Vec<(f64, Position)>| {
        let path: Vec<Position> = timed.iter().map(|s| s.1).collect();
        match task.metric.id.as_str() {
            "iso9283-cornering-round-off" => corner::round_off(&path, at_corner),
            _ => {
                // The way to the corner and back on the first leg is none of the second one's.
                let behind = |p: &Position| dot(minus(*p, at_corner), second) > 0.0;
                let begin = path.iter().position(behind).unwrap_or(path.len());
                corner::overshoot(&path[begin.saturating_sub(1)..], at_corner, first, second)
            }
        }
    };
    let each: Option<Vec<f64>> = passes.each.iter().map(of_pass).collect();
    let none = || no_number("A pass shows no corner", "某次运动未显示拐角");
    let summary = corner::over_cycles(&each.ok_or_else(none)?).ok_or_else(none)?;
    let mm = unit("mm");
    let mut budget = Budget::default();
    budget.scatter(
        Text::new("Scatter of the cycles", "各循环的分散"),
        summary.standard_uncertainty_of_mean(),
        summary.n as f64 - 1.0,
    );
    budget.certificate(
        Text::new("Instrument", "仪器"),
        pose::instrument(passes.channel, passes.far_mm)?,
        passes.channel,
    );
    pose::frame_line(&mut budget, passes.channel)?;
    answer.more.push(named(
        "max",
        "Largest of the cycles",
        "各循环最大值",
        summary.max,
        mm,
        None,
    ));
    answer.value = Some(Value::Quantity(budget.measured(
        summary.mean,
        mm,
        summary.n,
    )));
    Ok(())
}

/// Deviation of stroke or frequency of a weave along a line, percent.
pub(super) fn weaving(task: Task<'_>, answer: &mut Answer) -> Result<(), Reason> {
    let (passes, at) = passes(task, &["from", "to"], answer)?;
    let none = || {
        no_number(
            "A pass shows no weave about the line",
            "某次运动未显示绕直线的摆动",
        )
    };
    let [from, to] = at[..] else {
        return Err(none());
    };
    let along = direction(minus(to, from)).ok_or_else(none)?;
    let (mm, hz) = (unit("mm"), unit("Hz"));
    let by_stroke = task.metric.id == "iso9283-weaving-stroke";
    let command = match by_stroke {
        true => task.params().positive("stroke", mm)?,
        false => task.params().positive("frequency", hz)?,
    };
    let (mut each, mut attained) = (Vec::new(), Vec::new());
    for timed in &passes.each {
        let (stroke, frequency) =
            weave::attained(&sideways(timed, from, along)).ok_or_else(none)?;
        let seen = if by_stroke { stroke } else { frequency };
        attained.push(seen);
        each.push(weave::deviation(seen, command).ok_or_else(none)?);
    }
    let summary = Summary::of(&each).ok_or_else(none)?;
    let seen = Summary::of(&attained).ok_or_else(none)?;
    let mut budget = Budget::default();
    budget.scatter(
        Text::new("Scatter of the passes", "各次运动的分散"),
        summary.standard_uncertainty_of_mean(),
        summary.n as f64 - 1.0,
    );
    // Two crests for a stroke; the times of many crossings for a frequency.
    if by_stroke {
        let u = pose::instrument(passes.channel, passes.far_mm)?;
        budget.certificate(
            Text::new("Instrument, twice", "仪器（两次）"),
            u.map(|u| u * (100.0 * std::f64::consts::SQRT_2 / command)),
            passes.channel,
        );
    } else {
        let longest = passes
            .each
            .iter()
            .filter_map(|p| Some(p.last()?.0 - p.first()?.0));
        let shortest = longest.fold(f64::INFINITY, f64::min);
        let half = 100.0 * passes.channel.interval_s / shortest;
        let from = Some(passes.channel.id.clone());
        budget.rectangular(
            Text::new("Crossings between samples", "采样间的过零时刻"),
            half,
            from,
        );
    }
    let (symbol, of) = if by_stroke { ("S_a", mm) } else { ("F_a", hz) };
    answer.more.push(named(
        symbol,
        "Attained, mean",
        "实到均值",
        seen.mean,
        of,
        None,
    ));
    answer.value = Some(Value::Quantity(budget.measured(
        summary.mean,
        unit("%"),
        summary.n,
    )));
    Ok(())
}

/// The position across a line, on the side to which it goes farthest first, against time.
fn sideways(timed: &[(f64, Position)], from: Position, along: Position) -> Vec<(f64, f64)> {
    let off = |p: &Position| {
        let way = minus(*p, from);
        plus(way, -dot(way, along), along)
    };
    let farthest = timed
        .iter()
        .map(|(_, p)| off(p))
        .max_by(|a, b| norm(*a).total_cmp(&norm(*b)));
    let side = farthest.and_then(direction).unwrap_or([0.0; 3]);
    timed.iter().map(|(t, p)| (*t, dot(off(p), side))).collect()
}
