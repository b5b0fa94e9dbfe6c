//! A recorded run to its findings.

use crate::case;
use crate::course::Course;
use crate::derived;
use crate::reason::{Reasons, because};
use crate::register;
use crate::trace::Reader;
use crate::vocabulary;
use certbench_model::addendum::Content;
use certbench_model::finding::FINDINGS_FORMAT;
use certbench_model::finding::Reason;
use certbench_model::recorded::Line;
use certbench_model::{Addendum, EventBody, Facts, Findings, Recorded, RunEnd, Verdict};

/// Judges a recorded run.
///
/// Pure: no clock, no file; the same record gives the same findings, byte for byte. Every case of
/// the plan and every planned row has its entry. The verdict is the worst of all; a run that is
/// refused, stopped, faulted, interrupted, damaged or empty is never a pass.
#[must_use]
pub fn judge(run: &dyn Recorded) -> Findings {
    reading(run, |reader, course| findings(run.facts(), reader, course))
}

/// A run with its course and the frames that it found for itself.
pub(crate) fn reading<R>(run: &dyn Recorded, with: impl FnOnce(Reader<'_>, &Course<'_>) -> R) -> R {
    let facts = run.facts();
    let plan = &facts.plan;
    let course = Course::of(plan, &facts.events);
    let recorded = Reader {
        run,
        plan,
        day: facts.day,
        frames: &[],
        external: taken_elsewhere(run),
    };
    let registrations = register::fits(recorded, &course);
    let with_frames = register::with_frames(plan, &registrations);
    let reader = Reader {
        plan: &with_frames,
        frames: &registrations,
        ..recorded
    };
    with(reader, &course)
}

/// Whether the windows stand for stretches of a file, and nobody recorded when they were. A record by an
/// earlier program, whose imports do not say what their times rest on, is read as it was.
fn taken_elsewhere(run: &dyn Recorded) -> bool {
    let told =
        |a: &Addendum| matches!(&a.content, Content::Import(import) if import.times.is_some());
    let events = &run.facts().events;
    let external = |line: &Line| matches!(line.event.body, EventBody::External { .. });
    run.addenda().iter().any(told) && events.iter().any(external)
}

fn findings(facts: &Facts, reader: Reader<'_>, course: &Course<'_>) -> Findings {
    let plan = &facts.plan;
    let metrics = vocabulary();
    let doubts = record_doubts(facts);
    let mut cases: Vec<_> = plan
        .cases
        .iter()
        .map(|c| {
            case::judge(
                reader,
                &metrics,
                c,
                course.cases.get(c.id.as_str()),
                &doubts,
            )
        })
        .collect();
    derived::judge(plan, &metrics, &mut cases);
    if let Some(external) = facts
        .events
        .iter()
        .find_map(|line| external(&line.event.body))
    {
        cases
            .iter_mut()
            .for_each(|c| c.reasons.push(external.clone()));
    }
    let mut reasons = doubts;
    reasons.extend(end_reasons(facts, course).into_vec());
    if cases.is_empty() {
        reasons.add(because(
            "no-cases",
            "The plan has no case",
            "计划中没有用例",
        ));
    }
    let worst = cases.iter().map(|c| c.verdict).max();
    let at_best = if reasons.is_empty() {
        Verdict::Pass
    } else {
        Verdict::NotTested
    };
    Findings {
        format: FINDINGS_FORMAT,
        run: facts.run.clone(),
        plan_sha256: facts.plan_sha256.clone(),
        judge: concat!("certbench-judge ", env!("CARGO_PKG_VERSION")).into(),
        verdict: worst.unwrap_or(Verdict::NotTested).max(at_best),
        end: end_word(facts.end).into(),
        reasons: reasons.into_vec(),
        cases,
        registrations: reader.frames.to_vec(),
    }
}

/// That there was no run. It costs no verdict: the numbers are what the file says.
fn external(event: &EventBody) -> Option<Reason> {
    let EventBody::External { by, file } = event else {
        return None;
    };
    let (file, sha256) = (&file.path, &file.sha256);
    Some(because(
        "external-data",
        format!(
            "certbench did not drive or observe this test: the data were taken elsewhere and handed in by {by} as {file} (SHA-256 {sha256}). How the test was done, with which item and in which order, is what they say"
        ),
        format!(
            "certbench 未驱动也未观察本次试验：数据由他处取得，由 {by} 以 {file} 提交（SHA-256 {sha256}）。试验如何进行、受试品与顺序均以其陈述为准"
        ),
    ))
}

/// What makes the whole record unfit for any verdict.
fn record_doubts(facts: &Facts) -> Reasons {
    let mut doubts = Reasons::default();
    for damage in &facts.damage {
        doubts.add(because(
            "record-damaged",
            format!("The record is damaged at {}: {}", damage.place, damage.what),
            format!("记录在 {} 处损坏：{}", damage.place, damage.what),
        ));
    }
    if facts.plan.digest() != facts.plan_sha256 {
        doubts.add(because(
            "plan-altered",
            "The plan does not fit the hash under which it was frozen",
            "计划与其冻结时的哈希不符",
        ));
    }
    doubts
}

fn end_word(end: Option<RunEnd>) -> &'static str {
    match end {
        None => "interrupted",
        Some(RunEnd::Completed) => "completed",
        Some(RunEnd::Refused) => "refused",
        Some(RunEnd::Aborted) => "aborted",
        Some(RunEnd::Faulted) => "faulted",
    }
}

/// Why the run as a whole cannot be a pass: how it ended, and trouble outside its cases.
fn end_reasons(facts: &Facts, course: &Course<'_>) -> Reasons {
    let mut reasons = Reasons::default();
    match facts.end {
        Some(RunEnd::Completed) => {}
        None => reasons.add(because(
            "interrupted",
            "The record has no end: the run was interrupted",
            "记录没有结尾：运行被中断",
        )),
        Some(RunEnd::Refused) if course.refused.is_empty() => {
            reasons.add(because("refused", "The plan was refused", "计划被拒绝"));
        }
        Some(RunEnd::Refused) => {}
        Some(RunEnd::Aborted) => {
            reasons.add(because(
                "aborted",
                "The operator stopped the run",
                "操作员中止了运行",
            ));
        }
        Some(RunEnd::Faulted) => reasons.add(because(
            "faulted",
            "The bench failed and the run could not be finished",
            "台架故障，运行未能完成",
        )),
    }
    reasons.extend(course.refused.iter().cloned());
    reasons.extend(course.outside.iter().map(|t| t.reason.clone()));
    reasons.extend(course.bad_halts.iter().cloned());
    reasons
}
