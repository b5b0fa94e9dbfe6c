//! Trials: how each ended, and which may be left out.

use crate::course::{CaseCourse, TrialRun};
use crate::reason::{Reasons, because};
use crate::trace::Reader;
use certbench_model::Step;
use certbench_model::finding::Reason;
use certbench_model::plan::Case;
use certbench_model::step::{Outcome, OutcomeRule, Trial, Wait, Window};
use std::collections::BTreeMap;

/// How a trial counts.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Counts {
    /// As a success.
    Success,
    /// As a failure.
    Failure,
    /// As no success: the end was not reached within its bound.
    Censored,
    /// Not at all, for a reason that the plan names.
    Invalid(String),
    /// It cannot be said; no verdict can rest on it.
    Unknown(Reason),
}

/// Every step of a case, outer ones before the inner ones.
pub(crate) fn steps(case: &Case) -> Vec<&Step> {
    all_steps(&case.steps)
}

fn all_steps(steps: &[Step]) -> Vec<&Step> {
    fn walk<'a>(steps: &'a [Step], all: &mut Vec<&'a Step>) {
        for step in steps {
            all.push(step);
            step.lists().into_iter().for_each(|list| walk(list, all));
        }
    }
    let mut all = Vec::new();
    walk(steps, &mut all);
    all
}

/// The plan's trial of that name.
pub(crate) fn planned<'a>(case: &'a Case, id: &str) -> Option<&'a Trial> {
    all_planned(case).remove(id)
}

/// The plan's trials by name.
pub(crate) fn all_planned(case: &Case) -> BTreeMap<&str, &Trial> {
    let mut planned = BTreeMap::new();
    for step in steps(case) {
        if let Step::Trial(trial) = step {
            planned.entry(trial.id.as_str()).or_insert(trial);
        }
    }
    planned
}

/// How each trial of a case counts, in their order.
pub(crate) fn all_counts(reader: Reader<'_>, case: &Case, course: &CaseCourse<'_>) -> Vec<Counts> {
    let planned = all_planned(case);
    let trials = course.trials.iter();
    trials
        .map(|t| counts(reader, planned.get(t.id).copied(), course, t))
        .collect()
}

/// Decides one trial: what was said of it, and the plan's rule over the record. Both must call it a
/// success where both speak.
fn counts(
    reader: Reader<'_>,
    plan: Option<&Trial>,
    course: &CaseCourse<'_>,
    trial: &TrialRun<'_>,
) -> Counts {
    let number = trial.context.trial;
    if trial.to_ns.is_none() {
        return Counts::Unknown(because(
            "trial-cut",
            format!("Trial {number} was not ended"),
            format!("第 {number} 次试验未结束"),
        ));
    }
    let Some(plan) = plan else {
        return Counts::Unknown(because(
            "trial-unplanned",
            format!("The plan has no trial {}", trial.id),
            format!("计划中没有试验 {}", trial.id),
        ));
    };
    let left_out = matches!(trial.said, Some(Outcome::Invalid(_)));
    if let Some(reason) = stuck(reader, plan, course, trial).filter(|_| !left_out) {
        return Counts::Unknown(reason);
    }
    match trial.said {
        Some(Outcome::Invalid(why)) if plan.invalid_if.contains(why) => {
            Counts::Invalid(why.clone())
        }
        Some(Outcome::Invalid(why)) => Counts::Unknown(because(
            "invalid-unnamed",
            format!(
                "Trial {number} was called invalid for a reason that the plan does not name: {why}"
            ),
            format!("第 {number} 次试验以计划未列明的原因被判无效：{why}"),
        )),
        Some(Outcome::Failure) => Counts::Failure,
        Some(Outcome::Censored) => Counts::Censored,
        Some(Outcome::Success) | None => match &plan.outcome {
            Some(rule) => by_rule(reader, course, trial, rule),
            None if trial.said.is_some() => Counts::Success,
            None => Counts::Unknown(because(
                "outcome-unknown",
                format!("Nothing says how trial {number} ended"),
                format!("没有信息说明第 {number} 次试验的结果"),
            )),
        },
    }
}

/// What was awaited on a channel made the trial's end, and the instrument was stuck: it says nothing of
/// the item.
fn stuck(
    reader: Reader<'_>,
    plan: &Trial,
    course: &CaseCourse<'_>,
    trial: &TrialRun<'_>,
) -> Option<Reason> {
    let steps = all_steps(&plan.steps).into_iter();
    let awaited: BTreeMap<&str, &str> = steps
        .filter_map(|step| match step {
            Step::Window(Window {
                id,
                until: Some(Wait::Until { condition, .. }),
                ..
            }) => Some((id.as_str(), condition.channel.as_str())),
            _ => None,
        })
        .collect();
    let last = trial.windows.iter().skip(trial.windows_before);
    last.filter_map(|i| course.windows.get(*i))
        .find_map(|window| {
            let (to_ns, _) = window.closed?;
            reader.frozen(awaited.get(window.id)?, window.from_ns, to_ns)
        })
}

fn by_rule(
    reader: Reader<'_>,
    course: &CaseCourse<'_>,
    trial: &TrialRun<'_>,
    rule: &OutcomeRule,
) -> Counts {
    let number = trial.context.trial;
    // Of the last attempt: the earlier ones failed, as something said of them.
    let last = trial.windows.iter().skip(trial.windows_before);
    let mut windows = last.filter_map(|i| course.windows.get(*i));
    let Some(window) = windows.find(|w| w.id == rule.window) else {
        return Counts::Unknown(because(
            "outcome-unknown",
            format!("Trial {number} has no window {}", rule.window),
            format!("第 {number} 次试验没有窗口 {}", rule.window),
        ));
    };
    let Some((to_ns, _)) = window.closed else {
        return Counts::Unknown(because(
            "window-cut",
            format!(
                "The window {} of trial {number} was not closed",
                rule.window
            ),
            format!("第 {number} 次试验的窗口 {} 未关闭", rule.window),
        ));
    };
    let mut doubts = Reasons::default();
    let trace = match reader.trace(&rule.channel, window.from_ns, to_ns, &mut doubts) {
        Ok(trace) => trace,
        Err(reason) => return Counts::Unknown(reason),
    };
    if trace.channel.source == certbench_model::Source::Reference {
        reader.check_calibration(trace.channel, &mut doubts);
    }
    trace.check_gaps(&mut doubts);
    let component = match rule.component.as_str() {
        "" => Some(0),
        name => trace.channel.component(name),
    };
    let (Some(component), true) = (
        component,
        rule.stays_below.is_some() || rule.stays_above.is_some(),
    ) else {
        return Counts::Unknown(because(
            "outcome-unknown",
            format!("The outcome rule of trial {} cannot be applied", trial.id),
            format!("试验 {} 的结果规则无法应用", trial.id),
        ));
    };
    if let Some(doubt) = doubts.into_vec().into_iter().next() {
        return Counts::Unknown(doubt);
    }
    let inside = |v: &f64| {
        rule.stays_below.is_none_or(|most| *v <= most)
            && rule.stays_above.is_none_or(|least| *v >= least)
    };
    let mut values = trace.points.iter().map(|(_, v)| v.get(component));
    if values.all(|v| v.is_some_and(inside)) {
        Counts::Success
    } else {
        Counts::Failure
    }
}
