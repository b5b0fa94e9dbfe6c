//! Strengths, some of them only known to be at least what was seen: finger strength, slip resistance.

use super::force::{self, Squeeze};
use super::{Answer, Task, Window, named, unit};
use crate::budget::Budget;
use crate::metric::hand::censored::{self, Strength, Summarized};
use crate::metric::hand::{grasp, slip};
use crate::reason::because;
use crate::stats::summary::Summary;
use crate::trial::Counts;
use certbench_model::finding::{Reason, Value};
use certbench_model::{Text, Unit};

/// The largest force of each trial; a trial that was censored reached at least that.
pub(super) fn finger(task: Task<'_>, answer: &mut Answer) -> Result<(), Reason> {
    let channel = task.channel("channel")?;
    let filter = force::low_pass(task)?;
    let seen = force::squeezes(task, channel, filter, answer)?;
    let strengths = seen
        .iter()
        .map(|(window, squeeze)| Strength {
            value: squeeze.peak.value,
            censored: task.trial_of(window.run) == Some(&Counts::Censored),
        })
        .collect();
    let squeezes = seen.into_iter().map(|(_, s)| s).collect();
    finish(task, strengths, squeezes, answer)
}

/// The largest internal force on a split artifact in each trial: the mean of what both halves feel
/// along the normal of the split, which is the first component of each; one half's where only one
/// is measured.
pub(super) fn grasp(task: Task<'_>, answer: &mut Answer) -> Result<(), Reason> {
    let channel = task.channel("channel")?;
    let filter = force::low_pass(task)?;
    let mut seen = force::squeezes(task, channel, filter, answer)?;
    if task.measure.channels.contains_key("other") {
        let other = task.channel("other")?;
        let second = force::squeezes(task, other, filter, &mut Answer::default())?;
        let mut aside: f64 = 0.0;
        for ((_, one), (_, two)) in seen.iter_mut().zip(&second) {
            let both = one.curve.iter().map(|&(t, a)| (t, a, two.force_at(t)));
            aside = both
                .clone()
                .map(|(_, a, b)| (a.abs() - b.abs()).abs())
                .fold(aside, f64::max);
            let squeezed = |a: f64, b: f64| {
                // Both halves feel a push; the second one from the other side.
                grasp::split([-a.abs(), 0.0, 0.0], [b.abs(), 0.0, 0.0], [1.0, 0.0, 0.0])
            };
            let internal = both.filter_map(|(t, a, b)| Some((t, squeezed(a, b)?.internal)));
            let curve: Vec<(f64, f64)> = internal.collect();
            let values: Vec<f64> = curve.iter().map(|p| p.1).collect();
            one.peak = crate::metric::force::peak(&values).ok_or_else(force::none)?;
            one.curve = curve;
        }
        let of = channel.components.first().map_or(Unit::one(), |c| c.unit);
        let name = ("Largest difference of the halves", "两半之间的最大差值");
        answer
            .more
            .push(named("ΔF", name.0, name.1, aside, of, None));
    }
    let strength = |(window, squeeze): &(Window<'_>, Squeeze)| Strength {
        value: squeeze.peak.value,
        censored: task.trial_of(window.run) == Some(&Counts::Censored),
    };
    let strengths = seen.iter().map(strength).collect();
    let squeezes = seen.into_iter().map(|(_, s)| s).collect();
    finish(task, strengths, squeezes, answer)
}

/// The largest force of each pull before gross slip; a pull without gross slip is censored.
pub(super) fn slip(task: Task<'_>, answer: &mut Answer) -> Result<(), Reason> {
    let channel = task.channel("channel")?;
    let force_unit = channel.components.first().map_or(Unit::one(), |c| c.unit);
    let filter = force::low_pass(task)?;
    let onset = task.params().positive("onset", force_unit)?;
    let drop = task.params().positive("drop", Unit::one())?;
    let seen = force::squeezes(task, channel, filter, answer)?;
    let mut strengths = Vec::new();
    for (window, squeeze) in &seen {
        let slip = match task.measure.channels.contains_key("displacement") {
            true => {
                let moved = displacement(task, *window, answer)?;
                let allowed = task.params().positive("allowed", unit("mm"))?;
                slip::by_displacement(&squeeze.curve, &moved, allowed)
            }
            false => slip::by_drop(&squeeze.curve, onset, drop),
        };
        let slip = slip.ok_or_else(force::none)?;
        strengths.push(Strength {
            value: slip.resistance,
            censored: slip.slipped_s.is_none(),
        });
    }
    let squeezes = seen.into_iter().map(|(_, s)| s).collect();
    finish(task, strengths, squeezes, answer)
}

/// How far the artifact moved since the window opened, mm.
fn displacement(
    task: Task<'_>,
    window: Window<'_>,
    answer: &mut Answer,
) -> Result<Vec<(f64, f64)>, Reason> {
    let channel = task.channel("displacement")?;
    let trace = window.trace(task.reader, &channel.id, &mut answer.doubts)?;
    trace.check_gaps(&mut answer.doubts);
    let samples = trace.scalar();
    let begin = samples.first().map_or(0.0, |s| s.1);
    let of = channel.components.first().map_or(Unit::one(), |c| c.unit);
    let in_mm = |(t, x): (f64, f64)| match of.convert_difference(x - begin, unit("mm")) {
        Ok(x) => Ok((t, x)),
        Err(e) => Err(because(
            "unit",
            format!("The displacement channel: {e}"),
            format!("位移通道：{e}"),
        )),
    };
    samples.into_iter().map(in_mm).collect()
}

fn finish(
    task: Task<'_>,
    strengths: Vec<Strength>,
    squeezes: Vec<Squeeze>,
    answer: &mut Answer,
) -> Result<(), Reason> {
    let channel = task.channel("channel")?;
    let of = channel.components.first().map_or(Unit::one(), |c| c.unit);
    let seen = censored::summarize(&strengths).ok_or_else(force::none)?;
    censoring(task, &seen, answer);
    let values: Vec<f64> = strengths.iter().map(|s| s.value).collect();
    let summary = Summary::of(&values).ok_or_else(force::none)?;
    let least = task.params().word("summary")? == "least";
    let value = if least { seen.least } else { seen.mean_seen };
    let instrument = force::instrument(channel, force::low_pass(task)?, &squeezes, value)?;
    answer.bound_lacks = instrument.clone().measured(value, of, 1).u_expanded;
    let mut budget = Budget::default();
    if !least {
        budget.scatter(
            Text::new("Scatter of the trials", "各次试验的分散"),
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
    let normal = censored::normal_bound(&strengths, share, confidence);
    let ordered = censored::ordered_bound(&strengths, share, confidence);
    measured.bound = normal.or(ordered);
    answer.each = values;
    answer.more.extend([
        named(
            "F_mean",
            "Mean of what was seen",
            "所见值均值",
            seen.mean_seen,
            of,
            None,
        ),
        named("F_min", "Least", "最小值", seen.least, of, None),
        named(
            "n_c",
            "Censored trials",
            "删失的试验数",
            seen.censored as f64,
            Unit::one(),
            None,
        ),
    ]);
    let median = seen.median.map(|m| {
        named(
            "F_50",
            "Median (Kaplan-Meier)",
            "中位数（Kaplan-Meier）",
            m,
            of,
            None,
        )
    });
    let s = seen
        .s
        .map(|s| named("s", "Standard deviation", "标准差", s, of, None));
    let ordered = ordered.map(|o| {
        named(
            "F_o",
            "Bound without a distribution",
            "非参数容许下限",
            o,
            of,
            None,
        )
    });
    answer
        .more
        .extend([median, s, ordered].into_iter().flatten());
    answer
        .figures
        .extend(force::draw(task, &squeezes, summary, of));
    answer.value = Some(Value::Quantity(measured));
    Ok(())
}

/// What was seen of a censored trial is a lower bound: good for a lower limit, useless for an upper.
fn censoring(task: Task<'_>, seen: &Summarized, answer: &mut Answer) {
    if seen.censored == 0 {
        return;
    }
    let reason = because(
        "censored",
        format!(
            "{} of {} trials were censored: what was seen of them is a lower bound",
            seen.censored, seen.n
        ),
        format!(
            "{} 次试验中有 {} 次删失：所见值为下界",
            seen.n, seen.censored
        ),
    );
    let upper = task
        .measure
        .accept
        .as_ref()
        .is_some_and(|a| a.at_most.is_some());
    if upper {
        answer.doubts.add(reason);
    } else {
        answer.notes.add(reason);
    }
}
