//! Cycles to failure of one item.

use super::{Answer, Task, named, no_number};
use crate::budget::Budget;
use crate::reason::because;
use crate::stats::life::{self, Ended};
use crate::trial::Counts;
use certbench_model::finding::{Evidence, Reason, Value};
use certbench_model::{Step, Text, Unit};

/// Cycles survived before the first failure, all of them without one.
pub(super) fn cycles(task: Task<'_>, answer: &mut Answer) -> Result<(), Reason> {
    let confidence = task.params().level("confidence")?;
    let id = task.over("over")?;
    let (mut survived, mut done) = (0u64, 0u64);
    let mut failed_at: Option<u64> = None;
    for (run, counts) in task.attempts().filter(|(t, _)| t.id == id) {
        match counts {
            Counts::Success => survived += u64::from(failed_at.is_none()),
            Counts::Failure | Counts::Censored if failed_at.is_none() => {
                failed_at = Some(done + 1);
                answer.evidence.push(Evidence {
                    what: format!("{id} #{}", run.context.trial),
                    line: run.line,
                    from_ns: run.from_ns,
                    to_ns: run.to_ns.unwrap_or(run.from_ns),
                });
            }
            Counts::Failure | Counts::Censored => {}
            Counts::Invalid(_) => {
                answer.invalid += 1;
                continue;
            }
            Counts::Unknown(reason) => {
                answer.doubts.add(reason.clone());
                continue;
            }
        }
        done += 1;
    }
    // A life that has ended needs no further cycles.
    let planned = task.measure.n_planned;
    let counted = u32::try_from(done).unwrap_or(u32::MAX);
    answer.n = if failed_at.is_some() {
        counted.max(planned)
    } else {
        counted
    };
    let failures = u64::from(failed_at.is_some());
    let exposure = failed_at.unwrap_or(done) as f64;
    let ended = if failures > 0 {
        Ended::AtFailure
    } else {
        Ended::AtTime
    };
    let bounds = life::mtbf(exposure, failures, ended, confidence)
        .ok_or_else(|| no_number("No cycle counts", "没有可计数的循环"))?;
    let mut budget = Budget::default();
    budget.rectangular(Text::new("A count is exact", "计数是精确的"), 0.0, None);
    let mut measured = budget.measured(survived as f64, Unit::one(), counted as usize);
    measured.bound = Some(bounds.lower);
    answer.bound_lacks = Some(0.0);
    if failed_at.is_none() {
        answer.notes.add(because(
            "censored",
            "The item did not fail: its life is at least what was done",
            "被测件未失效：其寿命不小于已完成的循环数",
        ));
        let upper = task
            .measure
            .accept
            .as_ref()
            .is_some_and(|a| a.at_most.is_some());
        if upper {
            answer.doubts.add(because(
                "censored-upper",
                "A life that has not ended cannot be held against an upper limit",
                "未结束的寿命不能与上限比较",
            ));
        }
    }
    let one = Unit::one();
    answer.more.extend([
        named("r", "Failures", "失效数", failures as f64, one, None),
        named(
            "N_L",
            "Lower bound of the mean cycles to failure, constant rate assumed",
            "平均失效循环数的下限（假定失效率恒定）",
            bounds.lower,
            one,
            None,
        ),
    ]);
    answer.estimand = Some(Text::new(
        "cycles that this item survived before its first failure",
        "本被测件首次失效前经受的循环数",
    ));
    answer.value = Some(Value::Quantity(measured));
    Ok(())
}

/// Passes of a repeat that were survived before the condition of its `until` came; all of them,
/// censored, when it did not. What is looked at every so many passes is known to have held at the
/// look before: so many passes are taken off.
pub(super) fn passes(task: Task<'_>, answer: &mut Answer) -> Result<(), Reason> {
    let variable = task.over("over")?;
    let ended = task.course.repeats.iter();
    let mut ended = ended.filter(|r| r.variable == variable && task.is_here(r.context));
    let Some(run) = ended.next() else {
        return Err(no_number("The repeat did not end", "重复步骤未正常结束"));
    };
    answer.n = 1;
    answer.evidence.push(Evidence {
        what: run.ending.unwrap_or("to its last pass").to_owned(),
        line: run.line,
        from_ns: run.at_ns,
        to_ns: run.at_ns,
    });
    let survived = match run.ending {
        Some(_) => run.passes.saturating_sub(looked_at_every(task, variable)),
        None => run.passes,
    };
    let one = Unit::one();
    let mut budget = Budget::default();
    budget.rectangular(Text::new("A count is exact", "计数是精确的"), 0.0, None);
    answer.value = Some(Value::Quantity(budget.measured(
        f64::from(survived),
        one,
        1,
    )));
    answer.more.push(named(
        "N_end",
        "Passes done when the condition was seen",
        "观察到终止条件时已完成的循环数",
        f64::from(run.passes),
        one,
        None,
    ));
    answer.estimand = Some(Text::new(
        "passes that this item is known to have survived",
        "已知本被测件经受的循环数",
    ));
    if run.ending.is_none() {
        answer.notes.add(because(
            "censored",
            "The item did not fail: its life is at least what was done",
            "被测件未失效：其寿命不小于已完成的循环数",
        ));
        let limit = task.measure.accept.as_ref();
        if limit.is_some_and(|a| a.at_most.is_some()) {
            answer.doubts.add(because(
                "censored-upper",
                "A life that has not ended cannot be held against an upper limit",
                "未结束的寿命不能与上限比较",
            ));
        }
    }
    Ok(())
}

/// How many passes lie between two looks at the condition of a repeat.
fn looked_at_every(task: Task<'_>, variable: &str) -> u32 {
    let steps = crate::trial::steps(task.case);
    let repeat = steps.into_iter().find_map(|step| match step {
        Step::Repeat(r) if r.variable == variable => Some(r),
        _ => None,
    });
    let taking = |e: &&certbench_model::step::Every| e.steps.iter().any(takes);
    let every = repeat.and_then(|r| r.every.iter().filter(taking).map(|e| e.passes).min());
    every.unwrap_or(1)
}

fn takes(step: &Step) -> bool {
    matches!(step, Step::Window(w) if !w.take.is_empty()) || step.inner().any(takes)
}
