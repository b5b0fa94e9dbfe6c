//! Functions during an external stress, and falls after a stop.

use super::{Answer, Task, Window, named, no_number, stop, unit};
use crate::budget;
use crate::metric::stress::{self, Criterion, Limits, Seen};
use crate::reason::because;
use certbench_model::finding::{Reason, Value};
use certbench_model::{Channel, Text, Unit};

/// The worst criterion of the windows, each of which holds one stress between two marks.
pub(super) fn criterion(task: Task<'_>, answer: &mut Answer) -> Result<(), Reason> {
    let (channel, limits) = watched(task, "function")?;
    let expected = match task.params().word("expected")? {
        "A" => Criterion::A,
        "B" => Criterion::B,
        _ => Criterion::C,
    };
    let recovery_s = task.params().number("recovery", unit("s"))?;
    let mut all: Vec<Seen> = Vec::new();
    for window in task.windows("over", answer)? {
        let on = mark(task, window, task.params().word("from")?)?;
        let off = mark(task, window, task.params().word("to")?)?;
        let samples = samples(task, window, channel, answer)?;
        let asked = task.course.interventions.iter();
        let asked: Vec<f64> = asked.filter_map(|t| window.seconds(*t)).collect();
        let seen = stress::criterion(&samples, limits, (on, off), recovery_s, &asked);
        all.push(seen.ok_or_else(|| {
            no_number(
                "The function was not within its limits before the stress, or was not seen during or after it",
                "施加应力前功能不在限值内，或应力期间、之后没有数据",
            )
        })?);
    }
    answer.n = u32::try_from(all.len()).unwrap_or(u32::MAX);
    let worse = |a: &&Seen, b: &&Seen| rank(a).cmp(&rank(b)).then(a.beyond.total_cmp(&b.beyond));
    let worst = all.iter().max_by(worse);
    let worst = worst.ok_or_else(|| no_number("No window with a stress", "没有施加应力的窗口"))?;
    let of = channel.components.first().map_or(Unit::one(), |c| c.unit);
    answer.more.extend([
        named(
            "t_out",
            "Longest time from leaving the limits to the last value outside of them",
            "自超出限值至最后一个超限值的最长时间",
            all.iter().map(|s| s.out_s).fold(0.0, f64::max),
            unit("s"),
            None,
        ),
        named(
            "d",
            "Farthest beyond a limit (negative: least distance left)",
            "超出限值的最大量（负值：剩余的最小距离）",
            all.iter()
                .map(|s| s.beyond)
                .fold(f64::NEG_INFINITY, f64::max),
            of,
            None,
        ),
    ]);
    let yes = worst.criterion.is_some_and(|c| c <= expected);
    let wanted = letter(Some(expected));
    let evidence = match worst.criterion {
        Some(reached) => {
            let reached = letter(Some(reached));
            Text::new(
                format!("criterion {reached} was reached; {wanted} is claimed"),
                format!("达到判据 {reached}；声明为 {wanted}"),
            )
        }
        None => Text::new(
            format!("the function was not back at the end; criterion {wanted} is claimed"),
            format!("功能至结束时未恢复；声明为判据 {wanted}"),
        ),
    };
    answer.estimand = Some(Text::new(
        "worst performance of this item's function in the stresses that were applied",
        "本被测件功能在所施加应力下的最差表现",
    ));
    // A value at its limit, within the instrument's uncertainty, is on neither side.
    if margin(channel, limits).is_some_and(|u| all.iter().any(|s| s.beyond.abs() < u)) {
        answer.doubts.add(at_the_limit());
    }
    answer.value = Some(Value::Attribute { yes, evidence });
    Ok(())
}

/// Whether the machine stood after every stop.
pub(super) fn fall(task: Task<'_>, answer: &mut Answer) -> Result<(), Reason> {
    let (channel, limits) = watched(task, "posture")?;
    let contact = task.channel("trigger")?;
    let rising = match task.params().word("edge")? {
        "rising" => Some(true),
        "falling" => Some(false),
        _ => None,
    };
    let mut outcomes: Vec<(Option<f64>, f64)> = Vec::new();
    for window in task.windows("over", answer)? {
        let levels = window.trace(task.reader, &contact.id, &mut answer.doubts)?;
        let trigger = stop::edge(&levels.scalar(), rising, contact).ok_or_else(|| {
            because(
                "no-trigger",
                format!("{} shows no edge in the window", contact.id),
                format!("{} 在窗口内没有边沿", contact.id),
            )
        })?;
        let samples = samples(task, window, channel, answer)?;
        let before = samples.iter().filter(|s| s.0 < trigger.lower);
        if before.clone().count() == 0 || before.clone().any(|s| limits.beyond(s.1) > 0.0) {
            answer.doubts.add(because(
                "not-standing",
                "The machine was not seen standing before the stop",
                "停止前未观测到机器处于站立状态",
            ));
        }
        let fell = stress::fell(&samples, limits, trigger.lower);
        let after = samples.iter().filter(|s| s.0 >= trigger.lower);
        let beyond = after
            .map(|s| limits.beyond(s.1))
            .fold(f64::NEG_INFINITY, f64::max);
        outcomes.push((fell.map(|t| t - trigger.lower), beyond));
    }
    answer.n = u32::try_from(outcomes.len()).unwrap_or(u32::MAX);
    if outcomes.is_empty() {
        return Err(no_number("No stop could be judged", "没有可判定的停止"));
    }
    let falls: Vec<f64> = outcomes.iter().filter_map(|o| o.0).collect();
    let n = outcomes.len();
    let of = channel.components.first().map_or(Unit::one(), |c| c.unit);
    let beyond = outcomes
        .iter()
        .map(|o| o.1)
        .fold(f64::NEG_INFINITY, f64::max);
    answer.more.push(named(
        "d",
        "Farthest beyond a limit of the posture (negative: least distance left)",
        "姿态超出限值的最大量（负值：剩余的最小距离）",
        beyond,
        of,
        None,
    ));
    let first = falls.iter().copied().reduce(f64::min);
    answer.more.extend(first.map(|t| {
        let (en, zh) = (
            "Shortest time from the trigger to a fall",
            "自触发至倾倒的最短时间",
        );
        named("t_f", en, zh, t, unit("s"), None)
    }));
    if falls.is_empty() && margin(channel, limits).is_some_and(|u| -beyond < u) {
        answer.doubts.add(at_the_limit());
    }
    let upright = task.params().word("expected")? == "upright";
    let count = falls.len();
    let evidence = Text::new(
        format!("fell after {count} of {n} stops"),
        format!("{n} 次停止中倾倒 {count} 次"),
    );
    answer.estimand = Some(Text::new(
        "whether this machine stands after the stops that were demanded",
        "本机器在所要求的停止之后是否保持站立",
    ));
    answer.value = Some(Value::Attribute {
        yes: falls.is_empty() == upright,
        evidence,
    });
    Ok(())
}

fn rank(seen: &Seen) -> u8 {
    match seen.criterion {
        Some(Criterion::A) => 0,
        Some(Criterion::B) => 1,
        Some(Criterion::C) => 2,
        None => 3,
    }
}

fn letter(criterion: Option<Criterion>) -> &'static str {
    match criterion {
        Some(Criterion::A) => "A",
        Some(Criterion::B) => "B",
        Some(Criterion::C) => "C",
        None => "-",
    }
}

/// The channel of an input, and the limits in its unit.
fn watched<'a>(task: Task<'a>, input: &str) -> Result<(&'a Channel, Limits), Reason> {
    let channel = task.channel(input)?;
    let of = channel.components.first().map(|c| c.unit);
    let limit = |name: &str| {
        let quantity = task.params().optional(name);
        quantity.and_then(|q| q.to(of?).ok())
    };
    let limits = Limits {
        least: limit("least"),
        most: limit("most"),
    };
    if limits.least.is_none() && limits.most.is_none() {
        return Err(because(
            "parameter",
            "The limits least and most are both missing, or not in the unit of the channel",
            "缺少限值 least 与 most，或其单位与通道不符",
        ));
    }
    Ok((channel, limits))
}

/// The component that is looked at, over a window.
fn samples(
    task: Task<'_>,
    window: Window<'_>,
    channel: &Channel,
    answer: &mut Answer,
) -> Result<Vec<(f64, f64)>, Reason> {
    let component = match task.params().optional_word("component") {
        None => Some(0),
        Some(name) => channel.component(name),
    };
    let component = component.ok_or_else(|| {
        because(
            "no-component",
            format!("{} has no such component", channel.id),
            format!("{} 没有该分量", channel.id),
        )
    })?;
    let trace = window.trace(task.reader, &channel.id, &mut answer.doubts)?;
    trace.check_gaps(&mut answer.doubts);
    let points = trace.points.iter();
    Ok(points
        .filter_map(|(t, v)| Some((*t, *v.get(component)?)))
        .collect())
}

/// Seconds from the window's begin to its mark of that name.
fn mark(task: Task<'_>, window: Window<'_>, name: &str) -> Result<f64, Reason> {
    let mut marks = task.course.marks.iter().filter(|m| m.0 == name);
    let found = marks.find_map(|m| window.seconds(m.1));
    found.ok_or_else(|| {
        because(
            "no-mark",
            format!("The window has no mark {name}"),
            format!("窗口内没有标记 {name}"),
        )
    })
}

fn at_the_limit() -> Reason {
    because(
        "at-the-limit",
        "The value came closer to its limit than the uncertainty of the instrument",
        "数值与限值的距离小于仪器的不确定度",
    )
}

/// How near to a limit the instrument cannot tell the sides apart: its expanded uncertainty (k = 2) at
/// the limit where it is larger. A limit outside of the certificate's ranges says nothing of the other.
fn margin(channel: &Channel, limits: Limits) -> Option<f64> {
    let ends = [limits.least, limits.most].into_iter().flatten();
    let u = ends.filter_map(|end| Some(2.0 * budget::instrument(channel, end)?.combined()));
    u.reduce(f64::max)
}
