//! A scheme's rule applied to findings: which level they support, and what the next one lacks.
//!
//! What comes out is what the rule gives for these findings, and no certificate: review, decision and
//! attestation are other people's acts (ISO/IEC 17065:2012, 7.5 to 7.7). Nothing counts that was not
//! tested, and of several runs of one suite with one item the worst counts: nobody tests until it
//! passes.

use crate::verdict::{Subject, decide, of_proportion, of_quantity};
use certbench_model::finding::{CaseFindings, Value};
use certbench_model::measure::{Compare, SetBy};
use certbench_model::scheme::{Needed, Requirement, Scheme};
use certbench_model::{Accept, Date, DecisionRule, Finding, Findings, Text, Verdict};
use serde::Serialize;

/// A judged run, as a scheme sees it.
#[derive(Clone, Debug)]
pub struct Evidence<'a> {
    /// Run.
    pub run: &'a str,
    /// Suite that was run.
    pub suite: &'a str,
    /// Its version.
    pub version: &'a str,
    /// The item with its serial number; `None`: nobody knows which one it was.
    pub item: Option<&'a str>,
    /// A device at least was not physical.
    pub simulated: bool,
    /// Day of the run.
    pub day: Date,
    /// What the judge found.
    pub findings: &'a Findings,
}

/// Whether something is met, from the best to the worst.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// Met.
    Met,
    /// Passed conditionally, which this scheme does not count.
    Conditional,
    /// Nothing counts: no run, not tested, too old, simulated.
    NotTested,
    /// Tested and not met.
    Failed,
}

/// What the rule of a scheme gives.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Assessment {
    /// Scheme.
    pub scheme: String,
    /// Its version.
    pub version: String,
    /// SHA-256 of its file.
    pub sha256: String,
    /// The day on which the age of runs was counted.
    pub day: Date,
    /// The highest level that is supported.
    pub level: Option<String>,
    /// The one after it.
    pub next: Option<String>,
    /// Every level, in the scheme's order.
    pub levels: Vec<LevelState>,
    /// A run that counts was simulated.
    pub simulated: bool,
    /// Runs that no requirement asks for.
    pub unused: Vec<String>,
}

/// A level with its requirements.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LevelState {
    /// Id.
    pub id: String,
    /// Title.
    pub title: Text,
    /// The worst of its requirements.
    pub state: State,
    /// In the scheme's order.
    pub requirements: Vec<RequirementState>,
}

/// A requirement with the items that met it and those that did not.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RequirementState {
    /// Suite and versions.
    pub requirement: String,
    /// Whether it is met.
    pub state: State,
    /// Items that must meet it.
    pub items_needed: u32,
    /// Items that met it.
    pub items_met: u32,
    /// Every item that a run of this suite is there for.
    pub items: Vec<ItemState>,
}

/// What one item showed of a requirement.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ItemState {
    /// The item.
    pub item: String,
    /// The worst of its runs.
    pub state: State,
    /// The runs.
    pub runs: Vec<String>,
    /// What is not met, and why.
    pub gaps: Vec<Gap>,
}

/// Something that is not met.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Gap {
    /// Run, and in it `case/measure`.
    pub place: String,
    /// Kind.
    pub state: State,
    /// In words.
    pub text: Text,
}

/// Applies the rule of a scheme on a day.
#[must_use]
pub fn assess(scheme: &Scheme, runs: &[Evidence<'_>], day: Date) -> Assessment {
    let levels: Vec<LevelState> = scheme
        .levels
        .iter()
        .map(|level| {
            let requirements = level.requires.iter();
            let requirements: Vec<_> = requirements
                .map(|r| requirement(scheme, r, runs, day))
                .collect();
            LevelState {
                id: level.id.clone(),
                title: level.title.clone(),
                state: requirements
                    .iter()
                    .map(|r| r.state)
                    .max()
                    .unwrap_or(State::NotTested),
                requirements,
            }
        })
        .collect();
    let supported = levels.iter().take_while(|l| l.state == State::Met).count();
    let asked = |run: &Evidence<'_>| {
        let all = scheme.levels.iter().flat_map(|l| &l.requires);
        all.filter(|r| r.suite == run.suite)
            .any(|r| r.counts(run.version))
    };
    Assessment {
        scheme: scheme.id.clone(),
        version: scheme.version.clone(),
        sha256: scheme.file.sha256.clone(),
        day,
        level: supported
            .checked_sub(1)
            .and_then(|i| levels.get(i))
            .map(|l| l.id.clone()),
        next: levels.get(supported).map(|l| l.id.clone()),
        levels,
        simulated: runs.iter().any(|r| r.simulated && asked(r)),
        unused: runs
            .iter()
            .filter(|r| !asked(r))
            .map(|r| r.run.to_string())
            .collect(),
    }
}

fn requirement(
    scheme: &Scheme,
    asked: &Requirement,
    runs: &[Evidence<'_>],
    day: Date,
) -> RequirementState {
    let mut items: Vec<ItemState> = Vec::new();
    for run in runs
        .iter()
        .filter(|r| r.suite == asked.suite && asked.counts(r.version))
    {
        let gaps = gaps(scheme, asked, run, day);
        let state = gaps.iter().map(|g| g.state).max().unwrap_or(State::Met);
        let name = run.item.unwrap_or("?");
        match items.iter_mut().find(|i| i.item == name) {
            Some(item) => {
                item.state = item.state.max(state);
                item.runs.push(run.run.to_string());
                item.gaps.extend(gaps);
            }
            None => items.push(ItemState {
                item: name.to_string(),
                state,
                runs: vec![run.run.to_string()],
                gaps,
            }),
        }
    }
    let items_needed = asked.items.unwrap_or(scheme.sample.items);
    let met = items.iter().filter(|i| i.state == State::Met).count();
    let items_met = u32::try_from(met).unwrap_or(u32::MAX);
    // One item that was tested and did not meet it outweighs others that did.
    let tested = |s: &State| matches!(s, State::Failed | State::Conditional);
    let against = items.iter().map(|i| i.state).filter(tested).max();
    let state = match against {
        Some(state) => state,
        None if items_met >= items_needed => State::Met,
        None => State::NotTested,
    };
    RequirementState {
        requirement: asked.named(),
        state,
        items_needed,
        items_met,
        items,
    }
}

/// What one run lacks for a requirement.
fn gaps(scheme: &Scheme, asked: &Requirement, run: &Evidence<'_>, day: Date) -> Vec<Gap> {
    let mut gaps = Vec::new();
    let mut gap = |place: &str, state: State, en: String, zh: String| {
        let place = match place {
            "" => run.run.to_string(),
            _ => format!("{} {place}", run.run),
        };
        gaps.push(Gap {
            place,
            state,
            text: Text::new(en, zh),
        });
    };
    if run.item.is_none() {
        let en = "the item has no maker, model and serial number in the order";
        gap(
            "",
            State::NotTested,
            en.into(),
            "委托单中没有样品的制造商、型号与序列号".into(),
        );
    }
    if run.simulated && !scheme.simulated_counts {
        let en = "a device was simulated or replayed: this scheme counts no such run";
        gap(
            "",
            State::NotTested,
            en.into(),
            "有设备为仿真或回放：本方案不计此类运行".into(),
        );
    }
    let age = day.days_since_epoch() - run.day.days_since_epoch();
    if scheme
        .run_age_days
        .is_some_and(|most| age > i64::from(most))
    {
        let en = format!("the run is {age} days old: too old for this scheme");
        gap(
            "",
            State::NotTested,
            en,
            format!("该运行距今 {age} 天：超过本方案允许的期限"),
        );
    }
    if run.findings.end != "completed" {
        let en = format!("the run was not completed: {}", run.findings.end);
        gap(
            "",
            State::NotTested,
            en,
            format!("运行未完成：{}", run.findings.end),
        );
    }
    let whole = of_verdict(scheme, run.findings.verdict);
    if asked.results.is_empty() {
        if whole != State::Met {
            let (en, zh) = said(run.findings.verdict);
            gap(
                "",
                whole,
                format!("the run as a whole: {en}"),
                format!("整个运行：{zh}"),
            );
        }
        return gaps;
    }
    // What went wrong with the run itself and is no row's.
    let rows = run.findings.cases.iter().map(|c| c.verdict).max();
    if whole != State::Met && rows.is_none_or(|rows| run.findings.verdict > rows) {
        let (en, zh) = said(run.findings.verdict);
        gap(
            "",
            whole,
            format!("the run as a whole: {en}"),
            format!("整个运行：{zh}"),
        );
    }
    for needed in &asked.results {
        let is_it =
            |c: &CaseFindings, f: &Finding| format!("{}/{}", c.case, f.measure) == needed.result;
        let mut rows = run.findings.all().filter(|(c, f)| is_it(c, f)).peekable();
        if rows.peek().is_none() {
            let (en, zh) = ("there is no such result", "没有该结果");
            gap(&needed.result, State::NotTested, en.into(), zh.into());
        }
        for (case, finding) in rows {
            let (state, why) = row(scheme, needed, case, finding);
            if state != State::Met {
                let place = match &finding.subject {
                    None => needed.result.clone(),
                    Some(subject) => format!("{}/{}", needed.result, subject.id),
                };
                gap(&place, state, why.en, why.zh);
            }
        }
    }
    gaps
}

/// One row against the scheme's limit, or by its own verdict where the scheme has none. What stands
/// against the row or its case beside value and limit still stands.
fn row(scheme: &Scheme, needed: &Needed, case: &CaseFindings, f: &Finding) -> (State, Text) {
    let beside = case.findings.iter().map(|f| f.verdict).max();
    if beside.is_none_or(|worst| case.verdict > worst) {
        let (en, zh) = said(case.verdict);
        let why = Text::new(format!("its case: {en}"), format!("所在用例：{zh}"));
        return (of_verdict(scheme, case.verdict), why);
    }
    let own = |f: &Finding| {
        let (en, zh) = said(f.verdict);
        let reasons = |of: fn(&Text) -> &String| -> String {
            f.reasons
                .iter()
                .map(|r| format!("; {}", of(&r.text)))
                .collect()
        };
        let why = Text::new(
            en.to_string() + &reasons(|t| &t.en),
            zh.to_string() + &reasons(|t| &t.zh),
        );
        (of_verdict(scheme, f.verdict), why)
    };
    if needed.at_least.is_none() && needed.at_most.is_none() {
        return own(f);
    }
    let only_no_limit = f.accept.is_none() && f.reasons.iter().all(|r| r.code == "no-limit");
    let by_value = match &f.accept {
        None => only_no_limit,
        Some(accept) => decided(f, accept).is_some_and(|v| v == f.verdict),
    };
    if !by_value {
        return own(f);
    }
    let compare = f.accept.as_ref().map_or(Compare::Estimate, |a| a.compare);
    let accept = Accept {
        compare,
        at_least: needed.at_least,
        at_most: needed.at_most,
        set_by: SetBy::Suite,
        origin: None,
    };
    match decided(f, &accept) {
        Some(verdict) => {
            let (en, zh) = said(verdict);
            let limits = [("≥", needed.at_least), ("≤", needed.at_most)];
            let limits = limits
                .into_iter()
                .filter_map(|(s, q)| Some(format!(" {s} {}", q?)));
            let limits: String = limits.collect();
            let value = value(f);
            let why = Text::new(
                format!("{en}: {value}, the scheme asks for{limits}"),
                format!("{zh}：{value}，方案要求{limits}"),
            );
            (of_verdict(scheme, verdict), why)
        }
        None => {
            let en =
                "cannot be held against the scheme's limit: no uncertainty, or another dimension";
            let why = Text::new(en, "无法与方案的限值比较：缺少不确定度，或量纲不同");
            (State::NotTested, why)
        }
    }
}

/// The verdict of a row against a limit by the row's own rule, from its value and doubt alone.
fn decided(f: &Finding, accept: &Accept) -> Option<Verdict> {
    let r = match f.rule {
        DecisionRule::Simple => 0.0,
        DecisionRule::Guarded { r } | DecisionRule::FourValued { r } => r,
    };
    let subject: Subject = match f.result.as_ref()? {
        Value::Quantity(m) => {
            // What the bound lacks stands in the guard of the row's own decision.
            let lacks = f
                .decision
                .as_ref()
                .map(|d| if r > 0.0 { d.guard / r } else { 0.0 });
            of_quantity(m, accept.compare, lacks, accept).ok()?
        }
        Value::Proportion(p) => of_proportion(p, accept.compare),
        Value::Attribute { .. } | Value::Inspection { .. } => return None,
    };
    decide(subject, accept, f.rule)
        .ok()
        .map(|(_, verdict)| verdict)
}

fn value(f: &Finding) -> String {
    match &f.result {
        Some(Value::Quantity(m)) => match m.u_expanded {
            Some(u) => format!("{:.6} ± {u:.2e} {}", m.value, m.unit.print()),
            None => format!("{:.6} {}", m.value, m.unit.print()),
        },
        Some(Value::Proportion(p)) => format!("{} of {}", p.k, p.n),
        _ => "no number".to_string(),
    }
}

fn of_verdict(scheme: &Scheme, verdict: Verdict) -> State {
    match verdict {
        Verdict::Pass => State::Met,
        Verdict::ConditionalPass if scheme.conditional_pass_counts => State::Met,
        Verdict::ConditionalPass => State::Conditional,
        Verdict::NotTested => State::NotTested,
        Verdict::ConditionalFail | Verdict::Fail => State::Failed,
    }
}

fn said(verdict: Verdict) -> (&'static str, &'static str) {
    match verdict {
        Verdict::Pass => ("passed", "合格"),
        Verdict::ConditionalPass => ("passed conditionally", "有条件合格"),
        Verdict::NotTested => ("not tested", "未测试"),
        Verdict::ConditionalFail => ("failed conditionally", "有条件不合格"),
        Verdict::Fail => ("failed", "不合格"),
    }
}
