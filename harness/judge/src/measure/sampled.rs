//! What the sampling plan of a trial decides.

use super::{Answer, Task, named, unit};
use crate::figure;
use crate::reason::because;
use crate::stats::binomial::{self, Count};
use crate::stats::{lot, runs, sprt};
use crate::trial::{self, Counts};
use certbench_model::figure::{Figure, FigureKind};
use certbench_model::finding::{Evidence, Reason, Value};
use certbench_model::sampling::{Sampling, Word};
use certbench_model::{Text, Unit};

/// Points of the operating characteristic.
const POINTS: u32 = 200;
/// Where its curve begins.
const NEARLY_NONE: f64 = 0.001;

/// Trials that counted until the plan was decided.
struct Decided {
    accepted: bool,
    successes: u64,
    trials: u64,
}

/// Follows the trials in their order until the plan is decided.
fn decide(plan: &Sampling, trials: impl IntoIterator<Item = bool>) -> Option<Decided> {
    let (mut k, mut n) = (0, 0);
    for success in trials {
        (k, n) = (k + u64::from(success), n + 1);
        let accepted = match plan.word(k, n) {
            Word::Accept => true,
            Word::Reject => false,
            Word::Continue => continue,
        };
        return Some(Decided {
            accepted,
            successes: k,
            trials: n,
        });
    }
    None
}

pub(super) fn decision(task: Task<'_>, answer: &mut Answer) -> Result<(), Reason> {
    let id = task.over("over")?;
    let plan = trial::planned(task.case, id).and_then(|t| t.sampling);
    let plan = plan.ok_or_else(|| {
        because(
            "no-plan",
            format!("The trial {id} has no sampling plan"),
            format!("试验 {id} 没有抽样方案"),
        )
    })?;
    // `None`: invalid, which leaves the count and stays in the record with its reason.
    let mut trials: Vec<Option<bool>> = Vec::new();
    for (run, counts) in task.attempts().filter(|(t, _)| t.id == id) {
        trials.push(match counts {
            Counts::Success => Some(true),
            Counts::Failure | Counts::Censored => Some(false),
            Counts::Invalid(_) => {
                answer.invalid += 1;
                None
            }
            Counts::Unknown(reason) => {
                answer.doubts.add(reason.clone());
                continue;
            }
        });
        if trials.last() != Some(&None) {
            answer.evidence.push(Evidence {
                what: format!("{id} #{}", run.context.trial),
                line: run.line,
                from_ns: run.from_ns,
                to_ns: run.to_ns.unwrap_or(run.from_ns),
            });
        }
    }
    let counted: Vec<bool> = trials.iter().copied().flatten().collect();
    answer.n = u32::try_from(counted.len()).unwrap_or(u32::MAX);
    answer.estimand = Some(Text::new(
        "whether the plan accepts this item under this protocol",
        "本抽样方案在本规程下是否接收本被测件",
    ));
    let as_failures = trials.iter().map(|t| t.unwrap_or(false));
    answer.with_invalid = decide(&plan, as_failures).map(|d| Value::Attribute {
        yes: d.accepted,
        evidence: Text::same(""),
    });
    let Some(decided) = decide(&plan, counted.iter().copied()) else {
        let n = counted.len();
        return Err(because(
            "plan-undecided",
            format!("After {n} trials the plan has not decided yet"),
            format!("{n} 次试验后抽样方案尚未作出判定"),
        ));
    };
    let further = counted.len() as u64 - decided.trials;
    if further > 0 {
        answer.notes.add(because(
            "beyond-decision",
            format!(
                "{further} trials after the decision do not count: nobody tests on until it fits"
            ),
            format!("判定之后的 {further} 次试验不计入：判定后不得继续试验直至满意"),
        ));
    }
    said(task, &plan, &decided, answer)?;
    if let Some(runs) = runs::runs(&counted) {
        answer.more.push(named(
            "p_runs",
            "Probability of as uneven an order by chance (runs test)",
            "次序同样不均匀的偶然概率（游程检验）",
            runs.p,
            Unit::one(),
            None,
        ));
    }
    answer.figures.extend(curve(&plan));
    answer.value = Some(Value::Attribute {
        yes: decided.accepted,
        evidence: words(&plan, &decided),
    });
    Ok(())
}

/// How often the plan accepts, over the true rate.
fn curve(plan: &Sampling) -> Option<Figure> {
    let rates = (0..=POINTS).map(|i| f64::from(i) / f64::from(POINTS));
    let seen = rates.map(|p| Some([p, sprt::characteristic(plan, p)?.accepted]));
    let seen: Vec<[f64; 2]> = seen.collect::<Option<_>>()?;
    // Where nearly nothing is accepted there is nothing to see.
    let from = seen.iter().position(|s| s[1] >= NEARLY_NONE)?;
    let points = seen.iter().skip(from.saturating_sub(1));
    let percent = points.map(|[p, a]| [100.0 * p, 100.0 * a]).collect();
    Some(figure::figure(
        FigureKind::Curve,
        Text::new("Operating characteristic of the plan", "抽样方案的特性曲线"),
        figure::axis(Text::new("True rate of success", "真实成功率"), unit("%")),
        figure::axis(
            Text::new("Probability of acceptance", "接收概率"),
            unit("%"),
        ),
        vec![figure::series(plan.text(), percent)],
    ))
}

fn words(plan: &Sampling, decided: &Decided) -> Text {
    let (k, n) = (decided.successes, decided.trials);
    let failed = n - k;
    let (en, zh) = if decided.accepted {
        ("accepted", "接收")
    } else {
        ("rejected", "拒收")
    };
    let how = plan.text();
    Text::new(
        format!(
            "{en} after trial {n}: {k} successes, {failed} failures; {}",
            how.en
        ),
        format!(
            "第 {n} 次试验后{zh}：成功 {k} 次，失败 {failed} 次；{}",
            how.zh
        ),
    )
}

/// What stands beside the decision: the counts, and what the plan does to items of known quality.
fn said(
    task: Task<'_>,
    plan: &Sampling,
    decided: &Decided,
    answer: &mut Answer,
) -> Result<(), Reason> {
    let one = Unit::one();
    let (k, n) = (decided.successes, decided.trials);
    let mut say = |symbol: &str, en: &str, zh: &str, value: f64| {
        answer.more.push(named(symbol, en, zh, value, one, None));
    };
    say("n", "Trials until the decision", "至判定的试验数", n as f64);
    say("k", "Successes of these", "其中成功数", k as f64);
    let share = |name: &str| {
        let share = task.params().optional(name).and_then(|q| q.to(one).ok());
        share.filter(|s| *s > 0.0 && *s < 1.0)
    };
    let levels = match plan {
        Sampling::Single { trials, failures } => {
            let confidence = task.params().level("confidence")?;
            let (n, c) = (u64::from(*trials), u64::from(*failures));
            let shown =
                Count::new(n - c, n).map(|c| binomial::clopper_pearson_lower(c, confidence));
            say(
                "R_C",
                "Rate of success that acceptance demonstrates at the confidence level",
                "接收在该置信水平下所证明的成功率",
                shown.unwrap_or(0.0),
            );
            [share("good"), share("bad")]
        }
        Sampling::Sequential { test, .. } => {
            say(
                "LLR",
                "Log likelihood ratio at the decision",
                "判定时的对数似然比",
                test.ratio(k, n),
            );
            say(
                "A",
                "Rejected at or above",
                "不小于此值则拒收",
                test.reject_at(),
            );
            say(
                "B",
                "Accepted at or below",
                "不大于此值则接收",
                test.accept_at(),
            );
            let [good, bad, ..] = test.levels();
            [Some(good), Some(bad)]
        }
    };
    let quality = [
        ["_0", "of a good item", "合格品"],
        ["_1", "of a bad item", "不合格品"],
    ];
    for (level, [index, of, zh]) in levels.into_iter().zip(quality) {
        let Some((level, seen)) = level.and_then(|p| Some((p, sprt::characteristic(plan, p)?)))
        else {
            continue;
        };
        let accepted = of_lot(task, plan, level).unwrap_or(seen.accepted);
        say(
            &format!("P_a{index}"),
            &format!("Probability of acceptance {of}"),
            &format!("{zh}的接收概率"),
            accepted,
        );
        say(
            &format!("ASN{index}"),
            &format!("Mean number of trials {of}"),
            &format!("{zh}的平均试验数"),
            seen.trials,
        );
    }
    Ok(())
}

/// The probability of acceptance of a lot with so many conforming items, drawn without replacement;
/// `None` without a size, or when the plan is a sequential test.
fn of_lot(task: Task<'_>, plan: &Sampling, conforming: f64) -> Option<f64> {
    let size = task.params().count("lot").ok()?;
    let Sampling::Single { trials, failures } = plan else {
        return None;
    };
    let defective = ((1.0 - conforming) * size as f64).round() as u64;
    lot::attributes(size, defective, (*trials).into(), (*failures).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trials_after_the_decision_do_not_change_it() {
        let plan = Sampling::Single {
            trials: 4,
            failures: 0,
        };
        let decided = decide(&plan, [true, false, true, true]).unwrap();
        assert!(!decided.accepted);
        assert_eq!((decided.successes, decided.trials), (1, 2));
        assert!(decide(&plan, [true, true, true]).is_none());
    }
}
