//! What several items say together: lots by variables, mean time between failures, survival.

use super::{Answer, Task, entered, named, no_number, unit};
use crate::budget::Budget;
use crate::reason::because;
use crate::stats::binomial::{Count, clopper_pearson_lower};
use crate::stats::life::{self, Ended, Life, Survival};
use crate::stats::summary::Summary;
use crate::stats::{Confidence, lot};
use certbench_model::finding::{Evidence, Measured, Reason, Value};
use certbench_model::{Text, Unit};

/// A number whose bound holds all its doubt: what is compared is the bound, and nothing is added.
fn bounded(value: f64, bound: f64, of: Unit, n: u32, answer: &mut Answer) {
    answer.bound_lacks = Some(0.0);
    let measured = Budget::default().measured(value, of, n as usize);
    answer.value = Some(Value::Quantity(Measured {
        bound: Some(bound),
        ..measured
    }));
}

/// How far the mean of a sample lies inside a limit, in standard deviations.
pub(super) fn lot(task: Task<'_>, answer: &mut Answer) -> Result<(), Reason> {
    let params = task.params();
    let (limit, upper) = match (params.optional("least"), params.optional("most")) {
        (Some(limit), None) => (limit, false),
        (None, Some(limit)) => (limit, true),
        _ => {
            return Err(because(
                "parameter",
                "A lot by variables has exactly one of the limits least and most",
                "计量型批检验须且仅须给出 least 与 most 之一",
            ));
        }
    };
    let values = entered::numbers(task, "over", limit.unit, answer)?;
    let none = || no_number("The items show no scatter", "各件之间没有分散");
    let summary = Summary::of(&values).ok_or_else(none)?;
    let (q, s) = lot::quality(&values, limit.value, upper)
        .zip(summary.s)
        .ok_or_else(none)?;
    answer.n = u32::try_from(values.len()).unwrap_or(u32::MAX);
    answer.more.extend([
        named(
            "x̄",
            "Mean of the sample",
            "样本均值",
            summary.mean,
            limit.unit,
            None,
        ),
        named("s", "Standard deviation", "标准差", s, limit.unit, None),
    ]);
    let accept = task.measure.accept.as_ref().and_then(|a| a.at_least);
    let k = accept.and_then(|k| k.to(Unit::one()).ok());
    let qualities = [
        (
            "good",
            "P_a_0",
            "Probability of acceptance of a good lot",
            "合格批的接收概率",
        ),
        (
            "bad",
            "P_a_1",
            "Probability of acceptance of a bad lot",
            "不合格批的接收概率",
        ),
    ];
    for (name, symbol, en, zh) in qualities {
        let defective = params.optional(name).and_then(|q| q.to(Unit::one()).ok());
        let accepted = k
            .zip(defective)
            .and_then(|(k, p)| lot::variables(values.len() as u64, k, p));
        let shown = accepted.map(|p| named(symbol, en, zh, p, Unit::one(), None));
        answer.more.extend(shown);
    }
    answer.estimand = Some(Text::new(
        "the lot that the sample was drawn from, its characteristic normally distributed",
        "样本所代表的批，假定其特性服从正态分布",
    ));
    bounded(q, q, Unit::one(), answer.n, answer);
    Ok(())
}

/// Time over all items by their failures, and its lower bound.
pub(super) fn mtbf(task: Task<'_>, answer: &mut Answer) -> Result<(), Reason> {
    let (h, one) = (unit("h"), Unit::one());
    let confidence = task.params().level("confidence")?;
    let times = entered::numbers(task, "time", h, answer)?;
    let failures = entered::numbers(task, "failures", one, answer)?;
    if times.len() != failures.len() {
        return Err(because(
            "uneven-rows",
            format!(
                "{} times and {} numbers of failures",
                times.len(),
                failures.len()
            ),
            format!("{} 个时间与 {} 个失效数", times.len(), failures.len()),
        ));
    }
    let whole = |f: &f64| *f >= 0.0 && f.fract() == 0.0;
    if !failures.iter().all(whole) || times.iter().any(|t| *t < 0.0) {
        return Err(no_number(
            "Times are not negative, and failures are counted in whole numbers",
            "时间不得为负，失效数须为非负整数",
        ));
    }
    answer.n = u32::try_from(times.len()).unwrap_or(u32::MAX);
    let (exposure, r) = (times.iter().sum::<f64>(), failures.iter().sum::<f64>());
    let bounds = life::mtbf(exposure, r as u64, Ended::AtTime, confidence)
        .ok_or_else(|| no_number("No time on test", "没有试验时间"))?;
    answer.more.extend([
        named(
            "T",
            "Time over all items",
            "全部被测件的累计时间",
            exposure,
            h,
            None,
        ),
        named("r", "Failures", "失效数", r, one, None),
    ]);
    let mission = task.params().optional("mission").and_then(|q| q.to(h).ok());
    answer.more.extend(mission.map(|t| {
        named(
            "R_L",
            "Reliability over the mission that is demonstrated at the confidence level",
            "在该置信水平下所证明的任务可靠度",
            life::mission_reliability(bounds.lower, t),
            one,
            None,
        )
    }));
    if bounds.estimate.is_none() {
        answer.notes.add(because(
            "no-failure",
            "No item failed: there is no estimate, the value is the lower bound",
            "无失效：没有估计值，所示为下限",
        ));
    }
    answer.estimand = Some(Text::new(
        "mean time between failures of items of this kind and use, constant rate assumed",
        "此类被测件在此用途下的平均失效间隔时间（假定失效率恒定）",
    ));
    let value = bounds.estimate.unwrap_or(bounds.lower);
    bounded(value, bounds.lower, h, answer.n, answer);
    Ok(())
}

/// Share of the items that survives a mission, by the product-limit estimate.
pub(super) fn survival(task: Task<'_>, answer: &mut Answer) -> Result<(), Reason> {
    let of_passes = task.metric.id == "survival-of-passes";
    let of = if of_passes { Unit::one() } else { unit("h") };
    let mission = task.params().positive("mission", of)?;
    let confidence = task.params().level("confidence")?;
    let lives = if of_passes {
        lives_of_passes(task, answer)?
    } else {
        lives_entered(task, of, answer)?
    };
    answer.n = u32::try_from(lives.len()).unwrap_or(u32::MAX);
    let none = || no_number("No item with a life above zero", "没有寿命大于零的被测件");
    let steps = life::kaplan_meier(&lives).ok_or_else(none)?;
    let at_mission = lives.iter().filter(|l| l.t >= mission).count();
    let before: Vec<Survival> = steps.iter().copied().filter(|s| s.t <= mission).collect();
    let failed = lives.iter().filter(|l| l.failed).count();
    let one = Unit::one();
    answer.more.extend([
        named(
            "r",
            "Items that failed",
            "失效件数",
            failed as f64,
            one,
            None,
        ),
        named(
            "n_c",
            "Items that were still running at their end (censored)",
            "结束时仍在运行（删失）的件数",
            (lives.len() - failed) as f64,
            one,
            None,
        ),
        named(
            "n_t",
            "Items seen up to the mission",
            "观测至任务时间的件数",
            at_mission as f64,
            one,
            None,
        ),
    ]);
    let half = life::quantile(&steps, 0.5);
    answer
        .more
        .extend(half.map(|t| named("t_50", "Median life", "中位寿命", t, of, None)));
    if at_mission == 0 && before.last().is_none_or(|s| s.survival > 0.0) {
        return Err(because(
            "not-observed",
            "No item was observed up to the mission: nothing is known of it",
            "没有被测件被观测至任务时间：无从得知",
        ));
    }
    let (share, lower) = match before.last() {
        Some(step) => (step.survival, lower(step, confidence)),
        None => {
            let n = at_mission as u64;
            let all = Count::new(n, n).ok_or_else(none)?;
            (1.0, clopper_pearson_lower(all, confidence))
        }
    };
    answer.estimand = Some(Text::new(
        "share of items of this kind that survive the mission; censoring says nothing of life",
        "此类被测件中存活至任务时间的比例（假定删失与寿命无关）",
    ));
    bounded(100.0 * share, 100.0 * lower, unit("%"), answer.n, answer);
    Ok(())
}

/// One-sided lower bound of a step; 0 where nothing survives.
fn lower(step: &Survival, confidence: Confidence) -> f64 {
    let both = Confidence::new(1.0 - 2.0 * confidence.alpha());
    let interval = both.and_then(|c| life::survival_interval(step, c));
    interval.map_or(0.0, |i| i.lower)
}

/// One item a pass of the repeat around: how often the repeat inside was passed, and whether its
/// condition ended it.
fn lives_of_passes(task: Task<'_>, answer: &mut Answer) -> Result<Vec<Life>, Reason> {
    let variable = task.over("over")?;
    let ended = task.course.repeats.iter();
    let ended = ended.filter(|r| r.variable == variable && task.is_here(r.context));
    let mut lives = Vec::new();
    for run in ended {
        answer.evidence.push(Evidence {
            what: run.ending.unwrap_or("to its last pass").to_owned(),
            line: run.line,
            from_ns: run.at_ns,
            to_ns: run.at_ns,
        });
        lives.push(Life {
            t: f64::from(run.passes),
            failed: run.ending.is_some(),
        });
    }
    Ok(lives)
}

/// One item a row: how long it ran, and whether it failed then.
fn lives_entered(task: Task<'_>, of: Unit, answer: &mut Answer) -> Result<Vec<Life>, Reason> {
    let times = entered::numbers(task, "time", of, answer)?;
    let ended = entered::said(task, "ended", answer)?;
    if times.len() != ended.len() {
        return Err(because(
            "uneven-rows",
            format!("{} times and {} ends", times.len(), ended.len()),
            format!("{} 个时间与 {} 个结束方式", times.len(), ended.len()),
        ));
    }
    let failed = task.params().word("failed")?;
    let lives = times.into_iter().zip(ended);
    Ok(lives
        .map(|(t, how)| Life {
            t,
            failed: how == failed,
        })
        .collect())
}
