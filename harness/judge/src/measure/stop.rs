//! Stop time, stop distance and stop category, the worst of the repeats.

use super::{Answer, Task, Window, named, no_number, unit, way};
use crate::budget::{self, Budget};
use crate::course::OWN_STOP;
use crate::figure;
use crate::metric::stop::{self, NoStop, Point, Rest, Stop};
use crate::reason::because;
use crate::stats::Interval;
use crate::trial::{self, Counts};
use certbench_model::figure::{Figure, FigureKind, Level};
use certbench_model::finding::{Measured, Reason, Value};
use certbench_model::{Channel, Quantity, Source, Step, Text, Unit, Verdict};

/// One repeat.
struct Repeat {
    stop: Stop,
    trigger: Interval,
    rest: Interval,
    curve: Vec<Point>,
    /// When power went, if it did.
    off: Option<Interval>,
    /// The item stood when power went. What it sinks afterwards, into the play of its brakes, is motion
    /// too, and the stop lasts until its end; the category is not changed by it.
    stood: bool,
    /// It rests at the end of its way: it may have arrived there.
    at_its_end: bool,
}

/// How the curve is read.
struct Method<'a> {
    position: &'a Channel,
    trigger: &'a Channel,
    /// With the level that means power, for the category.
    power: Option<(&'a Channel, bool)>,
    rest: Rest,
    span_s: f64,
    /// `None`: either edge.
    rising: Option<bool>,
    /// Unit of position and travel.
    unit: Unit,
}

pub(super) fn time(task: Task<'_>, answer: &mut Answer) -> Result<(), Reason> {
    worst_time(task, answer, |worst, n| {
        let ms = unit("ms");
        let mut budget = Budget::default();
        when(&mut budget, 1_000.0 * worst.width_s / 2.0, worst.channels);
        Ok(budget.measured(1_000.0 * worst.time_s, ms, n))
    })
}

/// The longest stop.
pub(super) struct Longest {
    pub(super) time_s: f64,
    /// Last possible minus first possible stop time.
    pub(super) width_s: f64,
    /// The channels that it comes from.
    pub(super) channels: String,
}

/// What is not known of the instants, half the width in the unit of the result.
pub(super) fn when(budget: &mut Budget, half: f64, from: String) {
    budget.rectangular(
        Text::new(
            "When trigger and rest happened between samples",
            "触发与静止在采样间的时刻",
        ),
        half,
        Some(from),
    );
}

/// The longest stop of the repeats, and what a metric makes of it.
pub(super) fn worst_time(
    task: Task<'_>,
    answer: &mut Answer,
    value: impl FnOnce(Longest, usize) -> Result<Measured, Reason>,
) -> Result<(), Reason> {
    let method = method(task, false)?;
    let repeats = repeats(task, &method, answer)?;
    let worst = worst(&repeats, |s| s.time_s).ok_or_else(none)?;
    let longest = Longest {
        time_s: worst.stop.time_s,
        width_s: worst.stop.time_width_s,
        channels: format!("{}, {}", method.trigger.id, method.position.id),
    };
    let measured = value(longest, repeats.len())?;
    finish(task, &method, &repeats, worst, measured, answer);
    Ok(())
}

pub(super) fn distance(task: Task<'_>, answer: &mut Answer) -> Result<(), Reason> {
    let method = method(task, false)?;
    let repeats = repeats(task, &method, answer)?;
    let worst = worst(&repeats, |s| s.distance).ok_or_else(none)?;
    let mut budget = Budget::default();
    budget.rectangular(
        Text::new(
            "Travel while the trigger is uncertain",
            "触发时刻不确定期间的行程",
        ),
        worst.stop.distance_width / 2.0,
        Some(method.trigger.id.clone()),
    );
    let far = farthest(method.position, &worst.curve);
    budget.certificate(
        Text::new("Instrument, at both ends", "仪器（位移两端）"),
        far.and_then(|reading| budget::instrument(method.position, reading))
            .map(|u| u * std::f64::consts::SQRT_2),
        method.position,
    );
    if is_pose(method.position) {
        budget.rectangular(
            Text::new(
                "Steps of the path too short to count",
                "过短而不计的路径步长",
            ),
            dead_band(method.position),
            None,
        );
    }
    let measured = budget.measured(worst.stop.distance, method.unit, repeats.len());
    finish(task, &method, &repeats, worst, measured, answer);
    Ok(())
}

pub(super) fn category(task: Task<'_>, answer: &mut Answer) -> Result<(), Reason> {
    let method = method(task, true)?;
    let params = task.params();
    let expected = params.word("expected")?;
    let at_once = params.positive("at_once", unit("s"))?;
    let independent = method
        .power
        .is_some_and(|(c, _)| c.source == Source::Reference);
    if !independent {
        answer.doubts.add(because(
            "power-not-independent",
            "A stop category can only be seen on a power contact that is independent of the item",
            "停止类别只能由独立于被测件的动力触点判定",
        ));
    }
    if let Some(note) = commanded(task) {
        answer.doubts.add(note);
    }
    let repeats = repeats(task, &method, answer)?;
    let first = repeats.first().ok_or_else(none)?;
    let seen: Vec<Result<&str, Interval>> = repeats.iter().map(|r| of(r, at_once)).collect();
    let allowed: Vec<&str> = expected.split("-or-").collect();
    let fits = |seen: &Result<&str, Interval>| seen.is_ok_and(|s| allowed.contains(&s));
    let yes = seen.iter().all(fits);
    // Power that goes when the way is over shows no category.
    if seen
        .iter()
        .zip(&repeats)
        .any(|(s, r)| r.at_its_end && fits(s))
    {
        way::doubt(task, None, answer);
    }
    let (en, zh): (Vec<String>, Vec<String>) = seen
        .iter()
        .zip(&repeats)
        .map(|(s, r)| describe(s, r))
        .unzip();
    let evidence = Text::new(en.join("; "), zh.join("；"));
    answer.value = Some(Value::Attribute { yes, evidence });
    answer.figures.push(draw(task, first, &method, false));
    Ok(())
}

fn of(repeat: &Repeat, at_once_s: f64) -> Result<&'static str, Interval> {
    match repeat.off {
        None => Ok("2"),
        Some(off) if repeat.stood || off.upper >= repeat.rest.lower => Ok("1"),
        Some(off) if off.upper - repeat.trigger.lower <= at_once_s => Ok("0"),
        Some(off) => Err(off),
    }
}

fn describe(seen: &Result<&str, Interval>, repeat: &Repeat) -> (String, String) {
    let ms = |t: f64| format!("{:.1} ms", 1_000.0 * (t - repeat.trigger.lower));
    let rest = ms(repeat.rest.upper);
    match (seen, repeat.off) {
        (Ok(category), Some(off)) => (
            format!(
                "category {category}: power off at {}, rest at {rest}",
                ms(off.upper)
            ),
            format!("{category} 类：断电于 {}，静止于 {rest}", ms(off.upper)),
        ),
        (Ok(category), None) => (
            format!("category {category}: rest at {rest}, power stays"),
            format!("{category} 类：静止于 {rest}，动力保持"),
        ),
        (Err(off), _) => (
            format!(
                "no category: power off at {}, in motion, rest at {rest}",
                ms(off.upper)
            ),
            format!(
                "不属任何类别：运动中断电于 {}，静止于 {rest}",
                ms(off.upper)
            ),
        ),
    }
}

fn none() -> Reason {
    no_number("No stop could be measured", "未能测得停止过程")
}

fn method(task: Task<'_>, with_power: bool) -> Result<Method<'_>, Reason> {
    let params = task.params();
    let position = task.channel("position")?;
    let of = position.components.first().map_or(Unit::one(), |c| c.unit);
    let below = if of.compatible(unit("deg")) {
        let rate = params.positive("rest_rate", unit("deg/s"))?;
        unit("deg").convert_difference(rate, of)
    } else {
        let speed = params.positive("rest_speed", unit("mm/s"))?;
        unit("mm").convert_difference(speed, of)
    };
    let below = below.map_err(|e| {
        because(
            "unit",
            format!("The position channel: {e}"),
            format!("位置通道：{e}"),
        )
    })?;
    let power = if with_power {
        Some((task.channel("power")?, params.flag("powered_is")?))
    } else {
        None
    };
    Ok(Method {
        position,
        trigger: task.channel("trigger")?,
        power,
        rest: Rest {
            below,
            dwell_s: params.positive("dwell", unit("s"))?,
        },
        span_s: params.positive("span", unit("s"))?,
        rising: match params.word("edge")? {
            "rising" => Some(true),
            "falling" => Some(false),
            _ => None,
        },
        unit: of,
    })
}

fn repeats(
    task: Task<'_>,
    method: &Method<'_>,
    answer: &mut Answer,
) -> Result<Vec<Repeat>, Reason> {
    if method.trigger.source != Source::Reference {
        answer.doubts.add(because(
            "trigger-not-independent",
            format!(
                "{} is not independent of the item under test",
                method.trigger.id
            ),
            format!("{} 不独立于被测件", method.trigger.id),
        ));
    }
    if let Some(note) = commanded(task) {
        answer.notes.add(note);
    }
    check_noise(method, answer);
    let mut repeats = Vec::new();
    let (mut restless, mut spoilt) = (0, 0);
    for window in task.windows("over", answer)? {
        if has_own_stop(task, window) {
            spoilt += 1;
            check_own_stop(task, window, spoilt, answer);
            continue;
        }
        match repeat(task, method, window, answer) {
            Ok(repeat) => repeats.push(repeat),
            // Counted: that it did not rest is a result too.
            Err(reason) if reason.code == "no-rest" => {
                restless += 1;
                answer.doubts.add(reason);
            }
            Err(reason) => answer.doubts.add(reason),
        }
    }
    let n = repeats.len() + restless;
    answer.n = u32::try_from(n).unwrap_or(u32::MAX);
    Ok(repeats)
}

/// Rest cannot be told from noise that looks faster than the threshold.
fn check_noise(method: &Method<'_>, answer: &mut Answer) {
    let Some(noise) = budget::noise(method.position) else {
        return;
    };
    let span = method.span_s.max(2.0 * method.position.interval_s);
    let looks = 5.0 * noise * std::f64::consts::SQRT_2 / span;
    if looks >= method.rest.below {
        answer.doubts.add(because(
            "noise-above-threshold",
            format!(
                "The noise of {} alone looks like {looks:.3} {}/s; widen the span or raise the threshold of rest",
                method.position.id, method.unit
            ),
            format!(
                "{} 的噪声本身相当于 {looks:.3} {}/s；请加大时间跨度或提高静止阈值",
                method.position.id, method.unit
            ),
        ));
    }
}

/// A stop of certbench's own between trigger and rest says nothing about the item's stop.
fn has_own_stop(task: Task<'_>, window: Window<'_>) -> bool {
    let during = window.run.from_ns..=window.to_ns;
    task.course.own_stops.iter().any(|t| during.contains(t))
}

/// Such a trial is invalid if the plan names the reason, and within the plan's cap.
fn check_own_stop(task: Task<'_>, window: Window<'_>, spoilt: usize, answer: &mut Answer) {
    let around = window.run.trial.and_then(|i| task.course.trials.get(i));
    let plan = around.and_then(|t| trial::planned(task.case, t.id));
    let named = plan.filter(|p| p.invalid_if.iter().any(|r| r == OWN_STOP));
    let called = task
        .trials
        .iter()
        .filter(|c| matches!(c, Counts::Invalid(_)))
        .count();
    answer.invalid += 1;
    if named.is_none_or(|p| called + spoilt > p.invalid_most as usize) {
        answer.doubts.add(because(
            OWN_STOP,
            "certbench stopped the item by itself between trigger and rest",
            "certbench 在触发与静止之间自行停机",
        ));
    }
}

/// The last of several samples that share a time stamp: lines that were read at once came one after
/// the other, within the delay that the channel declares.
fn one_an_instant<T>(samples: Vec<(f64, T)>) -> Vec<(f64, T)> {
    let mut kept: Vec<(f64, T)> = Vec::with_capacity(samples.len());
    for sample in samples {
        match kept.last_mut() {
            Some(last) if last.0 == sample.0 => *last = sample,
            _ => kept.push(sample),
        }
    }
    kept
}

fn repeat(
    task: Task<'_>,
    method: &Method<'_>,
    window: Window<'_>,
    answer: &mut Answer,
) -> Result<Repeat, Reason> {
    let contact = window.trace(task.reader, &method.trigger.id, &mut answer.doubts)?;
    let levels = contact.scalar();
    let trigger = edge(&levels, method.rising, method.trigger).ok_or_else(|| {
        because(
            "no-trigger",
            format!("{} shows no edge in the window", method.trigger.id),
            format!("{} 在窗口内没有边沿", method.trigger.id),
        )
    })?;
    let trace = window.trace(task.reader, &method.position.id, &mut answer.doubts)?;
    let curve = if is_pose(method.position) {
        let poses = trace.poses()?.into_iter().map(|(t, p)| (t, p.position_mm));
        let to_unit = |v: f64| {
            unit("mm")
                .convert_difference(v, method.unit)
                .unwrap_or(f64::NAN)
        };
        let path: Vec<_> = poses.map(|(t, p)| (t, p.map(to_unit))).collect();
        let path = one_an_instant(path);
        stop::from_path(&path, method.span_s, dead_band(method.position))
    } else {
        stop::from_position(&one_an_instant(trace.scalar()), method.span_s)
    };
    let delay_s = delay(method.position);
    let measured = stop::measure(&curve, delay_s, trigger, method.rest);
    let stop = measured.map_err(|why| no_stop(task, why, &curve, delay_s, trigger, answer))?;
    let rest_upper = trigger.lower + stop.time_s;
    let rest = Interval {
        lower: rest_upper - (stop.time_width_s - trigger.width()),
        upper: rest_upper,
    };
    let off = match method.power {
        None => None,
        Some((channel, powered)) => {
            let power = window.trace(task.reader, &channel.id, &mut answer.doubts)?;
            let levels = power.scalar();
            if level_before(&levels, trigger, channel) != Some(powered) {
                return Err(no_power(channel));
            }
            edge(&levels, Some(!powered), channel)
        }
    };
    let stood = off.is_some_and(|off| stood_at(&curve, off, delay_s, method));
    let at_its_end = way::rests_at_its_end(task, &trace, method.rest.dwell_s)?;
    Ok(Repeat {
        at_its_end,
        stop,
        trigger,
        rest,
        curve,
        off,
        stood,
    })
}

/// Whether a curve may have been at rest at an instant, which its channel shows with this delay. A speed
/// is a slope over half a span to either side: what moves right after the instant shows half a span before.
fn stood_at(curve: &[Point], instant: Interval, delay_s: Interval, method: &Method<'_>) -> bool {
    let earliest = instant.lower + delay_s.lower - method.span_s / 2.0;
    let from = curve.partition_point(|p| p.t_s < earliest);
    let to = curve.partition_point(|p| p.t_s <= instant.upper + delay_s.upper);
    // with the samples around, between which the instant may lie
    let around = from.saturating_sub(1)..(to + 1).min(curve.len());
    let points = curve.get(around).unwrap_or_default();
    points.iter().any(|p| p.speed.abs() < method.rest.below)
}

/// When a contact first changed, in physical time relative to the window's begin.
pub(super) fn edge(
    levels: &[(f64, f64)],
    rising: Option<bool>,
    channel: &Channel,
) -> Option<Interval> {
    let closed = |level: f64| level >= 0.5;
    let before = levels.windows(2).position(|pair| {
        let (before, after) = (closed(pair[0].1), closed(pair[1].1));
        before != after && rising.is_none_or(|r| r == after)
    })?;
    let time = |index: usize| levels.get(index).map(|(t, _)| *t);
    let mut between = stop::happened(time(before)?, time(before + 1)?, delay(channel));
    // A polled level is dated when it was asked for, and was there before the next was asked for.
    if let Some(next) = time(before + 2) {
        between.upper = between.upper.min(next);
    }
    Some(between)
}

/// What a contact last showed that was surely before the trigger; its first word where the window has
/// nothing that early.
fn level_before(levels: &[(f64, f64)], trigger: Interval, channel: &Channel) -> Option<bool> {
    let earlier = |level: &&(f64, f64)| level.0 - delay(channel).lower <= trigger.lower;
    let last = levels.iter().rfind(earlier).or(levels.first())?;
    Some(last.1 >= 0.5)
}

fn no_power(channel: &Channel) -> Reason {
    because(
        "no-power-seen",
        format!(
            "{} showed no power before the trigger: what became of it cannot be told",
            channel.id
        ),
        format!("{} 在触发前未显示动力：无从得知其后的变化", channel.id),
    )
}

fn delay(channel: &Channel) -> Interval {
    let [lower, upper] = channel.delay_s;
    Interval { lower, upper }
}

/// Why there is no stop. That the item was still moving when the longest allowed time was over is
/// certain though: a fail, not a gap in the record.
fn no_stop(
    task: Task<'_>,
    why: NoStop,
    curve: &[Point],
    delay_s: Interval,
    trigger: Interval,
    answer: &mut Answer,
) -> Reason {
    let reason = match why {
        NoStop::Curve => because(
            "no-curve",
            "The motion was not recorded as a curve that can be read",
            "运动曲线不可用",
        ),
        NoStop::TriggerOutside => because(
            "trigger-outside",
            "The motion was not recorded when the trigger came",
            "触发时没有运动记录",
        ),
        NoStop::NotMoving => because(
            "not-moving",
            "The item was at rest when the trigger came",
            "触发时被测件已静止",
        ),
        NoStop::NoRest => because(
            "no-rest",
            "The item had not come to rest when the record ends",
            "记录结束时被测件仍未静止",
        ),
    };
    let last = curve.last().map_or(f64::NAN, |p| p.t_s);
    let moving_for = last - delay_s.upper - trigger.upper;
    let limit = task.measure.accept.as_ref().and_then(|a| a.at_most);
    let limit = limit.and_then(|q| q.to(unit("s")).ok());
    if why == NoStop::NoRest && limit.is_some_and(|most| moving_for > most) {
        answer.certain = Some((Verdict::Fail, reason.clone()));
    }
    reason
}

fn worst(repeats: &[Repeat], of: impl Fn(&Stop) -> f64) -> Option<&Repeat> {
    repeats
        .iter()
        .max_by(|a, b| of(&a.stop).total_cmp(&of(&b.stop)))
}

fn finish(
    task: Task<'_>,
    method: &Method<'_>,
    repeats: &[Repeat],
    worst: &Repeat,
    measured: Measured,
    answer: &mut Answer,
) {
    if repeats.iter().any(|r| r.at_its_end) {
        let worst = Quantity {
            value: measured.value,
            unit: measured.unit,
        };
        way::doubt(task, Some(worst), answer);
    }
    let (ms, per_s) = (unit("ms"), speed_unit(method.unit));
    let mean = |of: fn(&Stop) -> f64| {
        repeats.iter().map(|r| of(&r.stop)).sum::<f64>() / repeats.len() as f64
    };
    answer.more.push(named(
        "t_mean",
        "Mean stopping time of the repeats",
        "各次停止时间的均值",
        1_000.0 * mean(|s| s.time_s),
        ms,
        None,
    ));
    answer.more.push(named(
        "s_mean",
        "Mean stopping distance of the repeats",
        "各次停止距离的均值",
        mean(|s| s.distance),
        method.unit,
        None,
    ));
    if let Some(per_s) = per_s {
        answer.more.push(named(
            "v_0",
            "Speed at the trigger, in the worst repeat",
            "最差一次触发时的速度",
            worst.stop.speed_at_trigger,
            per_s,
            None,
        ));
    }
    let n = repeats.len();
    answer.estimand = Some(Text::new(
        format!("the worst of these {n} stops, this item on this bench"),
        format!("本被测件在本台架上这 {n} 次停止中的最差值"),
    ));
    let of_distance = task.metric.id == "stop-distance";
    answer.figures.push(draw(task, worst, method, of_distance));
    answer.value = Some(Value::Quantity(measured));
}

fn speed_unit(of: Unit) -> Option<Unit> {
    Unit::parse(&format!("{of}/s")).ok()
}

/// Travel since the trigger, with trigger, rest and, if it went, power.
fn draw(task: Task<'_>, repeat: &Repeat, method: &Method<'_>, limits: bool) -> Figure {
    let zero = repeat.trigger.lower;
    let origin = repeat
        .curve
        .iter()
        .rfind(|p| p.t_s <= zero)
        .or(repeat.curve.first());
    let origin = origin.map_or(0.0, |p| p.position);
    let travel: Vec<(f64, f64)> = repeat
        .curve
        .iter()
        .map(|p| {
            (
                1_000.0 * (p.t_s - zero),
                (p.position - origin).abs() * before(p.t_s, zero),
            )
        })
        .collect();
    let series = figure::series(Text::new("travel", "行程"), figure::decimate(&travel));
    let mut figure = figure::figure(
        FigureKind::Curve,
        Text::new(
            "Travel since the trigger, worst repeat",
            "触发后的行程（最差一次）",
        ),
        figure::axis(
            Text::new("Time since the trigger", "触发后的时间"),
            unit("ms"),
        ),
        figure::axis(Text::new("Travel", "行程"), method.unit),
        vec![series],
    );
    let event = |en, zh, t: f64| Level {
        name: Text::new(en, zh),
        at: 1_000.0 * (t - zero),
    };
    figure
        .events
        .push(event("earliest trigger", "最早触发", zero));
    figure
        .events
        .push(event("latest rest", "最晚静止", repeat.rest.upper));
    if let Some(off) = repeat.off {
        figure.events.push(event("power off", "断电", off.upper));
    }
    if limits {
        figure.limits = figure::limits(task.measure.accept.as_ref(), method.unit);
    }
    figure
}

/// Travel before the trigger is drawn below zero.
fn before(t: f64, zero: f64) -> f64 {
    if t < zero { -1.0 } else { 1.0 }
}

/// What certbench says over a fieldbus is a commanded stop, whatever category it may have.
fn commanded(task: Task<'_>) -> Option<Reason> {
    let id = task.over("over").ok()?;
    let over = |step: &&Step| matches!(step, Step::Window(w) if w.id == id);
    let window = trial::steps(task.case).into_iter().find(over)?;
    fn by_bus(step: &Step) -> bool {
        use certbench_model::step::Stop;
        matches!(
            step,
            Step::Stop(Stop::Command { .. } | Stop::Heartbeat { .. })
        ) || step.inner().any(by_bus)
    }
    by_bus(window).then(|| {
        because(
            "commanded-stop",
            "The stop was demanded over the fieldbus: a commanded stop, no emergency stop",
            "停止由现场总线命令触发：属命令停止，而非急停",
        )
    })
}

fn is_pose(channel: &Channel) -> bool {
    ["x", "y", "z"]
        .iter()
        .all(|axis| channel.component(axis).is_some())
}

/// Steps of the path shorter than this may be noise alone: six standard deviations of a reading.
fn dead_band(channel: &Channel) -> f64 {
    6.0 * budget::noise(channel).unwrap_or(0.0)
}

/// A reading at which the instrument's uncertainty is largest: the far end of its certificate for a
/// pose (the distance from the tracker changes on the way), the largest reading for an axis.
fn farthest(channel: &Channel, curve: &[Point]) -> Option<f64> {
    if is_pose(channel) {
        let ranges = &channel.calibration.as_ref()?.ranges;
        return ranges.iter().map(|r| r.to).max_by(f64::total_cmp);
    }
    let readings = curve.iter().map(|p| p.position);
    readings.max_by(|a, b| a.abs().total_cmp(&b.abs()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_that_were_read_at_once_count_as_the_last_of_them() {
        let read = vec![(0.0, 1), (0.1, 2), (0.1, 3), (0.2, 4)];
        assert_eq!(one_an_instant(read), [(0.0, 1), (0.1, 3), (0.2, 4)]);
    }
}
