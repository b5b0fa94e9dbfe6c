//! Hands: grasp strength on a split artifact, touch sensitivity, own force against a reference,
//! efficiency of a grasp, tracking of a force profile, repeatability and synchrony of fingers.

use super::steps::{farther, farthest, largest_u, load_steps, mean, mean_and_far, none, own};
use super::{Answer, Task, named, no_number, unit};
use crate::budget::{self, Budget};
use crate::metric::hand::cycle;
use crate::metric::hand::force_sense;
use crate::metric::hand::grasp;
use crate::metric::hand::repeat;
use crate::metric::hand::tracking;
use crate::reason::because;
use crate::stats::Interval;
use crate::stats::summary::Summary;
use certbench_model::finding::{Reason, Value};
use certbench_model::{Quantity, Text, Unit};

/// The reference force when the hand itself first reported contact, mean or largest of the approaches.
pub(super) fn touch(task: Task<'_>, answer: &mut Answer) -> Result<(), Reason> {
    let (force, report) = (task.channel("force")?, task.channel("sensor")?);
    let of = own(force);
    let at = task.params().positive("reported", own(report))?;
    let [least, most] = [
        report.delay_s[0] - force.delay_s[1],
        report.delay_s[1] - force.delay_s[0],
    ];
    let mut each: Vec<Interval> = Vec::new();
    for window in task.windows("over", answer)? {
        let forces = window.trace(task.reader, &force.id, &mut answer.doubts)?;
        let reports = window.trace(task.reader, &report.id, &mut answer.doubts)?;
        forces.check_gaps(&mut answer.doubts);
        reports.check_gaps(&mut answer.doubts);
        let component = super::steps::tested(task, report)?;
        let value = |v: &[f64]| v.get(component).copied().unwrap_or(f64::NAN);
        let first = reports.points.iter().position(|(_, v)| value(v) >= at);
        let first = first.filter(|i| *i > 0).and_then(|i| {
            let (before, on) = (reports.points.get(i - 1)?.0, reports.points.get(i)?.0);
            let reported = Interval {
                lower: (before - most).max(0.0),
                upper: on - least,
            };
            force_sense::touch(&forces.scalar(), reported)
        });
        each.push(first.ok_or_else(|| {
            no_number(
                "A window does not show the hand reporting contact from none",
                "某窗口未显示灵巧手由无接触到报告接触",
            )
        })?);
    }
    answer.n = u32::try_from(each.len()).unwrap_or(u32::MAX);
    let upper: Vec<f64> = each.iter().map(|i| i.upper).collect();
    let summary = Summary::of(&upper).ok_or_else(none)?;
    answer.each = upper;
    let width = each.iter().map(|i| i.width()).fold(0.0, f64::max);
    let largest = task.params().word("summary")? == "largest";
    let value = if largest { summary.max } else { summary.mean };
    let mut budget = Budget::default();
    if !largest {
        budget.scatter(
            Text::new("Scatter of the approaches", "各次接近的分散"),
            summary.standard_uncertainty_of_mean(),
            summary.n as f64 - 1.0,
        );
    }
    // The value is the largest force that it can have been: the width lies below it.
    budget.rectangular(
        Text::new("When it was reported between samples", "采样间的报告时刻"),
        width / 2.0,
        Some(report.id.clone()),
    );
    budget.certificate(
        Text::new("Instrument", "仪器"),
        largest_u(force, std::iter::once(value), of),
        force,
    );
    answer
        .more
        .push(named("F_max", "Largest", "最大", summary.max, of, None));
    answer.value = Some(Value::Quantity(budget.measured(value, of, summary.n)));
    Ok(())
}

/// Largest error of the hand's own force, one load step a window.
pub(super) fn calibration(task: Task<'_>, answer: &mut Answer) -> Result<(), Reason> {
    let reference = task.channel("reference")?;
    let of = own(reference);
    let steps = load_steps(task, "over", answer)?;
    answer.n = u32::try_from(steps.len()).unwrap_or(u32::MAX);
    let pairs: Vec<(f64, f64)> = steps.iter().map(|s| (s.applied, s.indicated)).collect();
    let seen = force_sense::calibration(&pairs).ok_or_else(none)?;
    let mut budget = Budget::default();
    budget.certificate(
        Text::new("Reference", "参考仪器"),
        largest_u(reference, pairs.iter().map(|p| p.0), of),
        reference,
    );
    answer.more.extend([
        named(
            "gain",
            "Indicated per reference",
            "示值与参考之比",
            seen.gain,
            Unit::one(),
            None,
        ),
        named(
            "zero",
            "Indicated at no force",
            "无力示值",
            seen.offset,
            of,
            None,
        ),
        named(
            "Δ_lin",
            "Largest departure from the line",
            "对直线的最大偏离",
            seen.largest_departure,
            of,
            None,
        ),
    ]);
    let value = seen.largest_error;
    answer.value = Some(Value::Quantity(budget.measured(value, of, steps.len())));
    Ok(())
}

/// The share of the grip that the pull needed, mean of the windows.
pub(super) fn efficiency(task: Task<'_>, answer: &mut Answer) -> Result<(), Reason> {
    let (pull, grip) = (task.channel("pull")?, task.channel("grip")?);
    let n = unit("N");
    let friction = task.params().positive("friction", Unit::one())?;
    let contacts = u32::try_from(task.params().count("contacts")?)
        .unwrap_or(u32::MAX)
        .max(1);
    let (mut each, mut worst, mut last) = (Vec::new(), 0.0f64, (0.0, 1.0));
    for window in task.windows("over", answer)? {
        let pair = (
            mean(task, window, pull, n, answer)?,
            mean(task, window, grip, n, answer)?,
        );
        let (share, most) = grasp::efficiency(&[pair], friction, contacts)
            .ok_or_else(|| no_number("There is no grip in a window", "某窗口没有握力"))?;
        each.push(100.0 * share);
        worst = worst.max(100.0 * most);
        last = pair;
    }
    answer.n = u32::try_from(each.len()).unwrap_or(u32::MAX);
    let summary = Summary::of(&each).ok_or_else(none)?;
    let percent = unit("%");
    let mut budget = Budget::default();
    if summary.n > 1 {
        budget.scatter(
            Text::new("Scatter of the windows", "各窗口的分散"),
            summary.standard_uncertainty_of_mean(),
            summary.n as f64 - 1.0,
        );
    }
    for (name, channel, at) in [
        (Text::new("Pull", "拉力"), pull, last.0),
        (Text::new("Grip", "握力"), grip, last.1),
    ] {
        let u = largest_u(channel, std::iter::once(at), n);
        budget.certificate(name, u.map(|u| u * (summary.mean / at)), channel);
    }
    answer.more.push(named(
        "η_max",
        "Nearest to slipping",
        "最接近滑移",
        worst,
        percent,
        None,
    ));
    answer.value = Some(Value::Quantity(budget.measured(
        summary.mean,
        percent,
        summary.n,
    )));
    Ok(())
}

/// Root of the mean squared error behind a commanded profile, which begins with the window.
pub(super) fn follow(task: Task<'_>, answer: &mut Answer) -> Result<(), Reason> {
    let channel = task.channel("channel")?;
    let (of, s) = (own(channel), unit("s"));
    let profile = profile(task, of)?;
    let most = task.params().number("delay_most", s)?.max(0.0);
    let mut each = Vec::new();
    let (mut bias, mut delay, mut largest) = (0.0, 0.0, 0.0f64);
    for window in task.windows("over", answer)? {
        let trace = window.trace(task.reader, &channel.id, &mut answer.doubts)?;
        trace.check_gaps(&mut answer.doubts);
        let seen = tracking::tracking(&trace.scalar(), &profile, most, 100).ok_or_else(|| {
            no_number(
                "A window does not overlap the profile",
                "某窗口与力曲线无重叠",
            )
        })?;
        each.push(seen.rms);
        bias += seen.bias;
        delay += seen.delay_s;
        largest = largest.max(seen.largest);
    }
    answer.n = u32::try_from(each.len()).unwrap_or(u32::MAX);
    let summary = Summary::of(&each).ok_or_else(none)?;
    let n = summary.n as f64;
    answer.more.extend([
        named("ΔF_max", "Largest error", "最大误差", largest, of, None),
        named("ΔF", "Mean error", "平均误差", bias / n, of, None),
        named(
            "τ",
            "Delay of least error",
            "误差最小的延迟",
            delay / n,
            s,
            None,
        ),
    ]);
    let mut budget = Budget::default();
    if summary.n > 1 {
        budget.scatter(
            Text::new("Scatter of the windows", "各窗口的分散"),
            summary.standard_uncertainty_of_mean(),
            n - 1.0,
        );
    }
    let top = profile.iter().map(|p| p.1).fold(0.0, f64::max);
    budget.certificate(
        Text::new("Instrument", "仪器"),
        largest_u(channel, std::iter::once(top), of),
        channel,
    );
    answer.value = Some(Value::Quantity(budget.measured(
        summary.mean,
        of,
        summary.n,
    )));
    Ok(())
}

/// `0 s 0 N, 1 s 10 N`: times since the begin of the window and forces, times rising.
fn profile(task: Task<'_>, of: Unit) -> Result<Vec<(f64, f64)>, Reason> {
    let written = task.params().word("profile")?;
    let quantity =
        |words: &[&str], unit: Unit| words.join(" ").parse::<Quantity>().ok()?.to(unit).ok();
    let point = |text: &str| {
        let words: Vec<&str> = text.split_whitespace().collect();
        let (at, force) = words.split_at_checked(2)?;
        Some((quantity(at, unit("s"))?, quantity(force, of)?))
    };
    let points: Option<Vec<(f64, f64)>> = written.split(',').map(point).collect();
    let rising = |p: &Vec<(f64, f64)>| p.len() > 1 && p.windows(2).all(|w| w[0].0 < w[1].0);
    points.filter(rising).ok_or_else(|| {
        because(
            "parameter",
            format!("The profile `{written}` is no list such as `0 s 0 N, 1 s 10 N`"),
            format!("力曲线“{written}”不是形如 `0 s 0 N, 1 s 10 N` 的列表"),
        )
    })
}

/// Three standard deviations of the means of the windows, each the same command once more.
pub(super) fn repeatability(task: Task<'_>, answer: &mut Answer) -> Result<(), Reason> {
    let channel = task.channel("channel")?;
    let component = super::steps::tested(task, channel)?;
    let of = channel
        .components
        .get(component)
        .map_or(Unit::one(), |c| c.unit);
    let (mut each, mut far) = (Vec::new(), None);
    for window in task.windows("over", answer)? {
        let (mean, at) = mean_and_far(task, window, (channel, component), of, answer)?;
        each.push(mean);
        far = farther(far, at);
    }
    answer.n = u32::try_from(each.len()).unwrap_or(u32::MAX);
    let seen = repeat::repeatability(&each).ok_or_else(none)?;
    let mut budget = Budget::default();
    budget.scatter(
        Text::new("Sampling of the repeats", "重复次数的抽样"),
        Some(seen.u),
        seen.n as f64 - 1.0,
    );
    // Noise alone would show three standard deviations; a mean is taken to have as much as one reading.
    // The certificate of a tracker is read at the distance from it.
    let most = far.or_else(|| farthest(each.iter().copied()));
    let noise = budget::noise(channel);
    let apart = most.and_then(|most| budget::between_readings(channel, most, noise));
    // What the certificate says is of the first component's kind.
    let own = channel.components.first().map_or(of, |c| c.unit);
    let apart = apart.and_then(|u| u.converted(own, of));
    budget.certificate(
        Text::new(
            "Instrument between repeats, as repeatability",
            "各次重复之间的仪器（折算为重复性）",
        ),
        apart.map(|u| u * (3.0 / 2.0)),
        channel,
    );
    answer.more.push(named(
        "x̄",
        "Mean of the repeats",
        "各次重复的均值",
        seen.mean,
        of,
        None,
    ));
    answer.value = Some(Value::Quantity(budget.measured(seen.spread, of, seen.n)));
    Ok(())
}

/// Last arrival minus first arrival of the named components at a level, longest of the windows.
pub(super) fn synchrony(task: Task<'_>, answer: &mut Answer) -> Result<(), Reason> {
    let channel = task.channel("sensor")?;
    let names = task.params().word("components")?;
    let indices: Option<Vec<usize>> = names
        .split_whitespace()
        .map(|n| channel.component(n))
        .collect();
    let indices = indices.filter(|i| i.len() > 1).ok_or_else(|| {
        because(
            "parameter",
            format!("{} has no two components of `{names}`", channel.id),
            format!("{} 不含“{names}”中的两个分量", channel.id),
        )
    })?;
    let level = task.params().number("level", own(channel))?;
    let mut each = Vec::new();
    for window in task.windows("over", answer)? {
        let trace = window.trace(task.reader, &channel.id, &mut answer.doubts)?;
        trace.check_gaps(&mut answer.doubts);
        let arrival = |i: &usize| {
            let at = |v: &[f64]| v.get(*i).is_some_and(|v| *v >= level);
            trace.points.iter().find(|(_, v)| at(v)).map(|p| p.0)
        };
        let arrivals: Option<Vec<f64>> = indices.iter().map(arrival).collect();
        let apart = arrivals.and_then(|a| cycle::synchrony(&a)).ok_or_else(|| {
            no_number(
                "A finger does not reach the level in a window",
                "某窗口中有手指未达到该位置",
            )
        })?;
        each.push(1_000.0 * apart);
    }
    answer.n = u32::try_from(each.len()).unwrap_or(u32::MAX);
    let summary = Summary::of(&each).ok_or_else(none)?;
    let ms = unit("ms");
    let mut budget = Budget::default();
    // Each arrival is somewhere in the sampling interval before its sample.
    budget.rectangular(
        Text::new("Two arrivals between samples", "采样间的两次到达"),
        1_000.0 * channel.interval_s / 2.0 * std::f64::consts::SQRT_2,
        Some(channel.id.clone()),
    );
    answer.more.push(named(
        "t̄",
        "Mean of the windows",
        "各窗口均值",
        summary.mean,
        ms,
        None,
    ));
    answer.value = Some(Value::Quantity(budget.measured(summary.max, ms, summary.n)));
    Ok(())
}
