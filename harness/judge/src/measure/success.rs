//! k of n trials.

use super::{Answer, Task, named, no_number, operating};
use crate::figure;
use crate::metric::success::{Tally, tally};
use crate::reason::because;
use crate::stats::binomial::{self, Count};
use crate::stats::{Confidence, Interval, runs};
use crate::trial::{self, Counts};
use certbench_model::figure::{Figure, FigureKind, Series};
use certbench_model::finding::{Evidence, Proportion, Reason, Value};
use certbench_model::step::{Outcome, Over};
use certbench_model::{Step, Text, Unit};
use std::collections::BTreeMap;

pub(super) fn rate(task: Task<'_>, answer: &mut Answer) -> Result<(), Reason> {
    let confidence = task.params().level("confidence")?;
    let id = task.over("over")?;
    let variable = stratum(task);
    let mut counted: Vec<(&str, bool)> = Vec::new();
    let (mut censored, mut invalid) = (0u32, 0u32);
    for (run, counts) in task.attempts().filter(|(t, _)| t.id == id) {
        let row = variable.and_then(|v| run.context.scope.variables.get(v));
        let object = row.map_or("", String::as_str);
        match counts {
            Counts::Success => counted.push((object, true)),
            Counts::Failure => counted.push((object, false)),
            Counts::Censored => {
                censored += 1;
                counted.push((object, false));
            }
            Counts::Invalid(_) => {
                invalid += 1;
                continue;
            }
            Counts::Unknown(reason) => {
                answer.doubts.add(reason.clone());
                continue;
            }
        }
        answer.evidence.push(Evidence {
            what: format!("{id} #{}", run.context.trial),
            line: run.line,
            from_ns: run.from_ns,
            to_ns: run.to_ns.unwrap_or(run.from_ns),
        });
    }
    answer.n = u32::try_from(counted.len()).unwrap_or(u32::MAX);
    answer.invalid = invalid;
    let order: Vec<bool> = counted.iter().map(|c| c.1).collect();
    let tally = tally(counted).ok_or_else(|| no_number("No trial counts", "没有可计数的试验"))?;
    let k = tally.set.successes();
    let more_failures = Count::new(k, tally.set.trials() + u64::from(invalid));
    answer.with_invalid = more_failures.map(|c| Value::Proportion(proportion(c, confidence)));
    if censored > 0 {
        answer.notes.add(because(
            "censored",
            format!("{censored} trials did not reach their end in time and count as no success"),
            format!("{censored} 次试验未在规定时间内结束，不计为成功"),
        ));
        let counted = f64::from(censored);
        answer.more.push(named(
            "n_c",
            "Censored trials",
            "删失的试验数",
            counted,
            Unit::one(),
            None,
        ));
    }
    if rule_channel(task).is_none() {
        answer.notes.add(because(
            "stated-outcomes",
            "The outcomes are what the operator stated; no channel decided them",
            "结果由操作员陈述，非由通道判定",
        ));
    }
    answer.estimand = Some(match (task.row, variable) {
        (Some((variable, row)), _) => Text::new(
            format!("probability of success for {variable} {row} under this protocol, this item"),
            format!("本被测件在本规程下对 {variable} {row} 的成功概率"),
        ),
        (None, Some(_)) => Text::new(
            "mean probability of success over this set in the proportions tried, this item",
            "本被测件对本集合（按试验比例）的平均成功概率",
        ),
        (None, None) => Text::new(
            "probability of success under this protocol, this item",
            "本被测件在本规程下的成功概率",
        ),
    });
    beside(tally.set, &order, confidence, answer);
    if task.row.is_none() && tally.objects.len() > 1 {
        answer.figures.push(by_object(task, &tally, confidence));
    }
    // Where a sampling plan made the end, the count was not fixed; that plan shows its own.
    if trial::planned(task.case, id).is_some_and(|t| t.sampling.is_none()) {
        let drawn = operating::curve(task.measure, tally.set.trials(), confidence);
        answer.figures.extend(drawn);
    }
    answer.value = Some(Value::Proportion(proportion(tally.set, confidence)));
    Ok(())
}

/// The variables around a trial, and whether it succeeded; `None`: it is invalid.
pub(crate) type Around = (BTreeMap<String, String>, Option<bool>);

/// The trials of a rate in their order; `None` when the outcome of one is not known.
pub(crate) fn outcomes(task: Task<'_>) -> Option<Vec<Around>> {
    let id = task.over("over").ok()?;
    let outcomes = task.attempts().filter(|(t, _)| t.id == id);
    let outcomes = outcomes.map(|(run, counts)| {
        let around = run.context.scope.variables.clone();
        match counts {
            Counts::Success => Some((around, Some(true))),
            Counts::Failure | Counts::Censored => Some((around, Some(false))),
            Counts::Invalid(_) => Some((around, None)),
            Counts::Unknown(_) => None,
        }
    });
    outcomes.collect()
}

/// Jeffreys' interval, and whether the order of the trials matters.
fn beside(set: Count, order: &[bool], confidence: Confidence, answer: &mut Answer) {
    let one = Unit::one();
    let jeffreys = binomial::jeffreys(set, confidence);
    answer.more.extend([
        named(
            "J_L",
            "Lower end of Jeffreys' interval",
            "Jeffreys 区间下端",
            jeffreys.lower,
            one,
            None,
        ),
        named(
            "J_U",
            "Upper end of Jeffreys' interval",
            "Jeffreys 区间上端",
            jeffreys.upper,
            one,
            None,
        ),
    ]);
    if let Some(runs) = runs::runs(order) {
        answer.more.push(named(
            "p_runs",
            "Probability of as uneven an order by chance (runs test)",
            "次序同样不均匀的偶然概率（游程检验）",
            runs.p,
            one,
            None,
        ));
    }
}

pub(super) fn proportion(count: Count, confidence: Confidence) -> Proportion {
    let ends = |i: Interval| [i.lower, i.upper];
    let whole = |n: u64| u32::try_from(n).unwrap_or(u32::MAX);
    Proportion {
        k: whole(count.successes()),
        n: whole(count.trials()),
        confidence: confidence.level(),
        interval: ends(binomial::clopper_pearson(count, confidence)),
        lower: binomial::clopper_pearson_lower(count, confidence),
        upper: binomial::clopper_pearson_upper(count, confidence),
        wilson: ends(binomial::wilson(count, confidence)),
    }
}

/// The table variable around the trials: trials of unequal objects are shown apart.
fn stratum<'a>(task: Task<'a>) -> Option<&'a str> {
    let id = task.over("over").ok()?;
    fn holds(step: &Step, id: &str) -> bool {
        matches!(step, Step::Trial(t) if t.id == id) || step.inner().any(|s| holds(s, id))
    }
    trial::steps(task.case)
        .into_iter()
        .find_map(|step| match step {
            Step::Repeat(r) if matches!(r.over, Over::Rows { .. }) && holds(step, id) => {
                Some(r.variable.as_str())
            }
            // Of a matrix: the first variable that goes over a table.
            Step::Matrix(m) if holds(step, id) => {
                let table = m.axes.iter().find(|a| a.table.is_some())?;
                Some(table.variable.as_str())
            }
            _ => None,
        })
}

fn by_object(task: Task<'_>, tally: &Tally, confidence: Confidence) -> Figure {
    let rows = || {
        tally
            .objects
            .iter()
            .map(|o| (o, binomial::clopper_pearson(o.count, confidence)))
    };
    let series = Series {
        name: Text::new("success rate with its exact interval", "成功率及其精确区间"),
        points: rows()
            .enumerate()
            .map(|(i, (o, _))| [i as f64, o.count.share()])
            .collect(),
        low: rows().map(|(_, i)| i.lower).collect(),
        high: rows().map(|(_, i)| i.upper).collect(),
        labels: rows().map(|(o, _)| title(task, &o.object)).collect(),
    };
    let mut figure = figure::figure(
        FigureKind::Intervals,
        Text::new("Success by object", "各物体的成功率"),
        figure::axis(Text::new("Object", "物体"), Unit::one()),
        figure::axis(Text::new("Success rate", "成功率"), Unit::one()),
        vec![series],
    );
    figure.limits = figure::limits(task.measure.accept.as_ref(), Unit::one());
    figure
}

fn title(task: Task<'_>, row: &str) -> Text {
    let tables = task.reader.plan.tables.values();
    let mut rows = tables.flatten().filter(|r| r.id == row);
    rows.next()
        .map_or_else(|| Text::same(row), |r| r.title.clone())
}

/// The channel that decides the outcome of the measure's trials, if a rule over one does.
pub(super) fn rule_channel(task: Task<'_>) -> Option<&String> {
    let id = task.measure.over.get("over")?;
    let rule = trial::planned(task.case, id)?.outcome.as_ref();
    rule.map(|r| &r.channel)
}

/// Trials of a case that were called invalid, as reasons.
pub(crate) fn invalid_trials(course: &crate::course::CaseCourse<'_>) -> Vec<Reason> {
    let said = course.trials.iter().filter_map(|t| match t.said {
        Some(Outcome::Invalid(why)) => Some((t.context.trial, why)),
        _ => None,
    });
    said.map(|(number, why)| {
        because(
            why,
            format!("Trial {number}: {why}"),
            format!("第 {number} 次试验：{why}"),
        )
    })
    .collect()
}
