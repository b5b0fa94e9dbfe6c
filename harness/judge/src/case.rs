//! One case: its standing, its findings, its verdict.

use crate::course::CaseCourse;
use crate::measure::{self, Answer, Task};
use crate::reason::{Reasons, because, case_end};
use crate::trace::Reader;
use crate::trial::{self, Counts};
use crate::verdict;
use certbench_model::finding::{CaseFindings, Decision, Reason, Subject, Value};
use certbench_model::plan::{Case, OnDeviceEvent, Restriction};
use certbench_model::step::Over;
use certbench_model::vocabulary::MetricDescription;
use certbench_model::{CaseEnd, Context, Finding, Measure, Source, Step, Text, Verdict};
use std::collections::{BTreeMap, BTreeSet};

/// Judges one case. `run_doubts` are those of the whole run (a damaged record, an altered plan).
pub(crate) fn judge(
    reader: Reader<'_>,
    metrics: &[MetricDescription],
    case: &Case,
    course: Option<&CaseCourse<'_>>,
    run_doubts: &Reasons,
) -> CaseFindings {
    let nothing = CaseCourse::default();
    let performed = course.unwrap_or(&nothing);
    let trials = trial::all_counts(reader, case, performed);
    let view = View {
        reader,
        metrics,
        case,
        course: performed,
        trials: &trials,
        standing: standing(reader, case, performed, &trials, run_doubts),
    };
    let mut findings = Vec::new();
    let mut verdict = view.standing.verdict;
    for measure in &case.measures {
        view.each_row(measure, |subject, task| {
            let (finding, counts) = view.find(measure, subject, task);
            if counts {
                verdict = verdict.max(Some(finding.verdict));
            }
            findings.push(finding);
        });
    }
    let mut reasons = view.standing.reasons;
    if verdict.is_none() {
        reasons.add(because(
            "no-verdict",
            "Nothing in this case is held against a limit",
            "本用例没有与限值比较的结果",
        ));
    }
    CaseFindings {
        case: case.id.clone(),
        title: case.title.clone(),
        verdict: verdict.unwrap_or(Verdict::NotTested),
        reasons: reasons.into_vec(),
        findings,
        invalid_trials: measure::invalid_trials(performed),
    }
}

/// Goes over the rows of every measure of one metric in a case, whatever the case's standing is.
pub(crate) fn rows_of(
    reader: Reader<'_>,
    metric: &MetricDescription,
    case: &Case,
    course: &CaseCourse<'_>,
    mut each: impl FnMut(&Measure, Option<&Subject>, Task<'_>),
) {
    let trials = trial::all_counts(reader, case, course);
    let view = View {
        reader,
        metrics: std::slice::from_ref(metric),
        case,
        course,
        trials: &trials,
        standing: Standing {
            verdict: None,
            reasons: Reasons::default(),
        },
    };
    for measure in case.measures.iter().filter(|m| m.metric == metric.id) {
        view.each_row(measure, |subject, task| {
            if let Some(task) = task {
                each(measure, subject, task);
            }
        });
    }
}

/// Why nothing of a case can be held against another run's: what it met, how it ended, that it was
/// shortened.
pub(crate) fn spoiled(reader: Reader<'_>, case: &Case, course: &CaseCourse<'_>) -> Vec<Reason> {
    let trials = trial::all_counts(reader, case, course);
    let standing = standing(reader, case, course, &trials, &Reasons::default());
    standing.reasons.into_vec()
}

/// What holds for every finding of a case.
struct Standing {
    /// The case's verdict, whatever its findings say; `None` when nothing stands in their way.
    verdict: Option<Verdict>,
    reasons: Reasons,
}

fn standing(
    reader: Reader<'_>,
    case: &Case,
    course: &CaseCourse<'_>,
    trials: &[Counts],
    run_doubts: &Reasons,
) -> Standing {
    let mut reasons = Reasons::default();
    // Bad news in order of time: what came first is the cause, the rest may be its consequence.
    let item_first = course.troubles.first().map(|t| t.of_the_item);
    reasons.extend(course.troubles.iter().map(|t| t.reason.clone()));
    reasons.extend(course.end.and_then(case_end));
    let by_item = item_first.unwrap_or(matches!(course.end, Some(CaseEnd::DeviceEvent(_))));
    reasons.extend(run_doubts.iter().cloned());
    let fails = by_item && run_doubts.is_empty() && case.on_device_event == OnDeviceEvent::Fail;
    if course.starts == 0 {
        reasons.add(because(
            "not-started",
            "The case was never begun",
            "用例未开始",
        ));
    } else if course.end.is_none() {
        reasons.add(because(
            "interrupted",
            "The record ends inside this case",
            "记录在本用例中途结束",
        ));
    }
    if course.starts > 1 {
        reasons.add(because(
            "case-repeated",
            "The case was begun more than once",
            "用例被多次开始",
        ));
    }
    if let Some(s) = &case.shortened {
        reasons.add(because(
            "shortened",
            format!(
                "Shortened: {} of {} ({}); no verdict",
                s.n, s.of, s.parameter
            ),
            format!("已缩减：{} / {}（{}）；不作判定", s.n, s.of, s.parameter),
        ));
    }
    let restrictions = reader.plan.restrictions.iter();
    let of_case =
        restrictions.filter(|r| (r.case.is_empty() || r.case == case.id) && r.measure.is_empty());
    reasons.extend(of_case.map(restriction));
    reasons.extend(too_many_invalid(case, course, trials));
    let verdict = match (fails, reasons.is_empty()) {
        (true, _) => Some(Verdict::Fail),
        (false, false) => Some(Verdict::NotTested),
        (false, true) => None,
    };
    Standing { verdict, reasons }
}

fn too_many_invalid(case: &Case, course: &CaseCourse<'_>, trials: &[Counts]) -> Option<Reason> {
    let mut invalid: BTreeMap<&str, usize> = BTreeMap::new();
    for (trial, counts) in course.trials.iter().zip(trials) {
        if matches!(counts, Counts::Invalid(_)) {
            *invalid.entry(trial.id).or_default() += 1;
        }
    }
    trial::all_planned(case).into_values().find_map(|plan| {
        let invalid = invalid.get(plan.id.as_str()).copied().unwrap_or(0);
        (invalid > plan.invalid_most as usize).then(|| {
            because(
                "too-many-invalid",
                format!(
                    "{invalid} invalid trials of {}; the plan allows {}",
                    plan.id, plan.invalid_most
                ),
                format!(
                    "{} 有 {invalid} 次无效试验；计划允许 {} 次",
                    plan.id, plan.invalid_most
                ),
            )
        })
    })
}

/// The rows that a measure is judged by, each planned one, whether or not it was performed.
fn subjects(reader: Reader<'_>, case: &Case, measure: &Measure) -> Vec<Option<Subject>> {
    let Some(variable) = &measure.per else {
        return vec![None];
    };
    let subject = |id: &str, title: Text| {
        Some(Subject {
            variable: variable.clone(),
            id: id.into(),
            title,
        })
    };
    let mut rows = Vec::new();
    let mut seen = BTreeSet::new();
    let mut add = |id: &str, table: Option<&str>| {
        if seen.insert(id.to_string()) {
            let row = table.and_then(|t| reader.plan.row(t, id));
            rows.push(subject(
                id,
                row.map_or_else(|| Text::same(id), |r| r.title.clone()),
            ));
        }
    };
    // A plan writes rows out one by one, each with a repeat of its own, when a value comes from the
    // row.
    for step in trial::steps(case) {
        match step {
            Step::Repeat(r) if r.variable == *variable => match &r.over {
                Over::Rows { table, order, .. } => {
                    order.iter().for_each(|id| add(id, Some(table)));
                }
                Over::Times(n) => (1..=*n).for_each(|i| add(&i.to_string(), None)),
            },
            Step::Matrix(m) => {
                let axis = m.axes.iter().position(|a| a.variable == *variable);
                let Some((axis, place)) = axis.and_then(|i| Some((m.axes.get(i)?, i))) else {
                    continue;
                };
                for id in m.cells.iter().filter_map(|cell| cell.get(place)) {
                    add(id, axis.table.as_deref());
                }
            }
            Step::Schedule(s) if s.variable == *variable => {
                (1..=s.times).for_each(|i| add(&i.to_string(), None));
            }
            _ => {}
        }
    }
    if rows.is_empty() {
        // A row that no step repeats over: one finding, which nothing will be found for.
        rows.push(subject("", Text::same("")));
    }
    rows
}

/// What happened in a case by the row of the measure in which it did.
fn by_row<'a, T>(
    measure: &Measure,
    happened: impl Iterator<Item = (&'a Context, T)>,
) -> BTreeMap<Option<&'a str>, Vec<T>> {
    let mut rows: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for (context, what) in happened {
        let variables = &context.scope.variables;
        let row = measure.per.as_ref().and_then(|v| variables.get(v));
        rows.entry(row.map(String::as_str)).or_default().push(what);
    }
    rows
}

/// A case with all that its findings are made from.
struct View<'a> {
    reader: Reader<'a>,
    metrics: &'a [MetricDescription],
    case: &'a Case,
    course: &'a CaseCourse<'a>,
    trials: &'a [Counts],
    standing: Standing,
}

impl<'a> View<'a> {
    /// Every row that a measure is judged by, with all that its metric may look at; no task for a
    /// metric that is not known.
    fn each_row(
        &self,
        measure: &Measure,
        mut each: impl FnMut(Option<&Subject>, Option<Task<'_>>),
    ) {
        let performed = self.course;
        let windows = by_row(measure, performed.windows.iter().map(|w| (w.context, w)));
        let trials = performed.trials.iter().enumerate();
        let attempts = by_row(measure, trials.map(|(i, t)| (t.context, i)));
        let metric = self.metrics.iter().find(|m| m.id == measure.metric);
        for subject in subjects(self.reader, self.case, measure) {
            let row = subject.as_ref().map(|s| s.id.as_str());
            let task = metric.map(|metric| Task {
                reader: self.reader,
                case: self.case,
                course: self.course,
                trials: self.trials,
                measure,
                metric,
                row: subject
                    .as_ref()
                    .map(|s| (s.variable.as_str(), s.id.as_str())),
                windows: windows.get(&row).map_or(&[][..], Vec::as_slice),
                attempts: attempts.get(&row).map_or(&[][..], Vec::as_slice),
            });
            each(subject.as_ref(), task);
        }
    }

    /// One finding, and whether it counts towards the verdict of the case.
    fn find(
        &self,
        measure: &Measure,
        subject: Option<&Subject>,
        task: Option<Task<'_>>,
    ) -> (Finding, bool) {
        let metric = task.map(|t| t.metric);
        let mut answer = task.map_or_else(Answer::default, measure::compute);
        if task.is_none() {
            answer.doubts.add(measure::unknown(&measure.metric));
        }
        let restrictions = self.reader.plan.restrictions.iter();
        let of_case = restrictions.filter(|r| r.case.is_empty() || r.case == self.case.id);
        let of_measure = of_case.filter(|r| r.measure == measure.id);
        answer.doubts.extend(of_measure.map(restriction));
        let ruling = self.rule(measure, &mut answer);
        flip(measure, &mut answer, ruling.verdict);
        let doubts = answer.doubts.into_vec().into_iter();
        let finding = Finding {
            measure: measure.id.clone(),
            subject: subject.cloned(),
            title: measure.title.clone(),
            metric: measure.metric.clone(),
            estimand: answer
                .estimand
                .unwrap_or_else(|| Text::new("this item on this bench", "本被测件在本台架上")),
            result: answer.value,
            more: answer.more,
            sub_values: Vec::new(),
            accept: measure.accept.clone(),
            rule: measure.rule,
            decision: ruling.decision,
            verdict: ruling.verdict,
            reasons: doubts.chain(answer.notes.into_vec()).collect(),
            source: task.map_or(Source::Device, measure::source),
            channels: task.map(measure::channels).unwrap_or_default(),
            formula: metric.map_or_else(|| Text::same(""), |m| m.formula.clone()),
            evidence: answer.evidence,
            figures: answer.figures,
        };
        (finding, ruling.counts)
    }

    fn rule(&self, measure: &Measure, answer: &mut Answer) -> Ruling {
        // Certain without a value: only what made it certain may speak against the data.
        if let Some((verdict, ground)) = answer.certain.take() {
            let sound = answer.doubts.iter().all(|d| d.code == ground.code);
            if sound && self.standing.reasons.is_empty() {
                return Ruling {
                    decision: None,
                    verdict,
                    counts: true,
                };
            }
        }
        answer.doubts.extend(self.standing.reasons.iter().cloned());
        rule(measure, answer)
    }
}

fn restriction(r: &Restriction) -> Reason {
    Reason {
        code: r.code.clone(),
        text: r.text.clone(),
    }
}

struct Ruling {
    decision: Option<Decision>,
    verdict: Verdict,
    /// False for a sound value without a limit: it is information, neither for nor against.
    counts: bool,
}

impl Ruling {
    fn not_tested(counts: bool) -> Self {
        Self {
            decision: None,
            verdict: Verdict::NotTested,
            counts,
        }
    }
}

fn rule(measure: &Measure, answer: &mut Answer) -> Ruling {
    if !answer.doubts.is_empty() {
        return Ruling::not_tested(true);
    }
    let Some(value) = &answer.value else {
        answer
            .doubts
            .add(because("no-number", "There is no value", "没有数值"));
        return Ruling::not_tested(true);
    };
    match (decide(measure, value, answer.bound_lacks), value) {
        (Some(Ok((decision, verdict))), _) => Ruling {
            decision,
            verdict,
            counts: true,
        },
        (Some(Err(reason)), _) => {
            answer.doubts.add(reason);
            Ruling::not_tested(true)
        }
        (None, _) => {
            answer.notes.add(because(
                "no-limit",
                "No limit was set: the value is only reported",
                "未设限值：仅报告数值",
            ));
            Ruling::not_tested(false)
        }
    }
}

/// The verdict of a sound value; `None` when there is nothing to hold it against.
fn decide(
    measure: &Measure,
    value: &Value,
    bound_lacks: Option<f64>,
) -> Option<Result<(Option<Decision>, Verdict), Reason>> {
    if let Value::Attribute { yes, .. } = value {
        let verdict = if *yes { Verdict::Pass } else { Verdict::Fail };
        return Some(Ok((None, verdict)));
    }
    let accept = measure.accept.as_ref()?;
    let subject = match value {
        Value::Quantity(measured) => {
            verdict::of_quantity(measured, accept.compare, bound_lacks, accept)
        }
        Value::Proportion(proportion) => Ok(verdict::of_proportion(proportion, accept.compare)),
        Value::Attribute { .. } | Value::Inspection { .. } => return None,
    };
    let decided = subject.and_then(|s| verdict::decide(s, accept, measure.rule));
    Some(decided.map(|(decision, verdict)| (Some(decision), verdict)))
}

/// Says what the verdict would be if the invalid trials had been failures.
fn flip(measure: &Measure, answer: &mut Answer, verdict: Verdict) {
    let passed = matches!(verdict, Verdict::Pass | Verdict::ConditionalPass);
    if answer.invalid == 0 || !passed {
        return;
    }
    let n = answer.invalid;
    // Where failures cannot be counted in, a single one would have failed the case.
    let other = match &answer.with_invalid {
        Some(value) => match decide(measure, value, answer.bound_lacks) {
            Some(Ok((_, other))) => other,
            _ => Verdict::NotTested,
        },
        None => Verdict::Fail,
    };
    answer.notes.add(if other == verdict {
        because(
            "invalid-no-flip",
            format!("The verdict would be the same with the {n} invalid trials as failures"),
            format!("若将 {n} 次无效试验计为失败，判定不变"),
        )
    } else {
        because(
            "invalid-flips",
            format!("With the {n} invalid trials as failures the verdict would not be a pass"),
            format!("若将 {n} 次无效试验计为失败，判定将不是通过"),
        )
    });
}
