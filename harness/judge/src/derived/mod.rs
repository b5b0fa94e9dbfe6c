//! Derived results: formulas over finished results, with their uncertainty and their verdict.
//!
//! A plan lists them so that each comes after what it is made of. What was not tested cannot be
//! computed with: a derived result of it is not tested either. The decision is that of any quantity.

mod draws;
mod propagate;
mod shown;
mod straight;
#[cfg(test)]
mod tests;

use crate::budget::Budget;
use crate::reason::{Reasons, because};
use crate::verdict;
use certbench_model::derived::Input;
use certbench_model::expr::{Trouble, Value as Computed, Why};
use certbench_model::finding::{CaseFindings, Measured, Reason, Value};
use certbench_model::vocabulary::MetricDescription;
use certbench_model::{Compare, Derived, Finding, Plan, Quantity, Source, Text, Unit, Verdict};
use propagate::Doubtful;
use std::collections::BTreeMap;

/// The entry of the suite's own derived results among those of its cases.
const SUITE: &str = "derived";

/// Computes every derived result of a plan and puts it into its case, whose verdict it may lower.
pub(crate) fn judge(plan: &Plan, metrics: &[MetricDescription], cases: &mut Vec<CaseFindings>) {
    let mut done: BTreeMap<Input, Doubtful> = BTreeMap::new();
    for derived in &plan.derived {
        let (finding, doubtful, counts) = one(derived, metrics, cases, &done);
        if let Some(doubtful) = doubtful {
            let key = Input {
                case: derived.case.clone(),
                measure: derived.id.clone(),
                row: None,
            };
            done.insert(key, doubtful);
        }
        put(derived, finding, counts, cases);
    }
}

fn place(case: &str) -> &str {
    if case.is_empty() { SUITE } else { case }
}

fn put(derived: &Derived, finding: Finding, counts: bool, cases: &mut Vec<CaseFindings>) {
    let id = place(&derived.case);
    let there = cases.iter().position(|c| c.case == id);
    let verdict = finding.verdict;
    match there.and_then(|i| cases.get_mut(i)) {
        Some(case) => {
            case.findings.push(finding);
            // A case that had nothing else to be judged by is judged by this.
            let nothing = case.reasons.iter().position(|r| r.code == "no-verdict");
            match nothing.filter(|_| counts) {
                Some(i) => {
                    case.reasons.remove(i);
                    case.verdict = verdict;
                }
                None if counts => case.verdict = case.verdict.max(verdict),
                None => {}
            }
        }
        None => cases.push(CaseFindings {
            case: id.to_string(),
            title: Text::new("Derived results", "导出结果"),
            verdict,
            reasons: match counts {
                true => Vec::new(),
                false => vec![because(
                    "no-verdict",
                    "Nothing in this case is held against a limit",
                    "本用例没有与限值比较的结果",
                )],
            },
            findings: vec![finding],
            invalid_trials: Vec::new(),
        }),
    }
}

/// A finished result that a formula names, with the place where it stands.
struct Found<'a> {
    finding: &'a Finding,
    doubtful: Doubtful,
    /// `case/measure` or `case/measure/row`.
    id: String,
}

fn one(
    derived: &Derived,
    metrics: &[MetricDescription],
    cases: &[CaseFindings],
    done: &BTreeMap<Input, Doubtful>,
) -> (Finding, Option<Doubtful>, bool) {
    let (mut doubts, mut notes) = (Reasons::default(), Reasons::default());
    let mut found: BTreeMap<&str, Found<'_>> = BTreeMap::new();
    for (name, input) in &derived.inputs {
        match find(input, metrics, cases, done) {
            Ok(result) => {
                found.insert(name, result);
            }
            Err(reason) => doubts.add(reason),
        }
    }
    let env = |name: &str| Some(Computed::from(found.get(name)?.doubtful.value));
    let mut doubtful = None;
    let mut measured = None;
    if doubts.is_empty() {
        match derived
            .value
            .evaluate(env)
            .map(|v| in_unit(v, derived.unit))
        {
            Ok(Some(value)) => {
                let inputs: BTreeMap<&str, &Doubtful> =
                    found.iter().map(|(name, f)| (*name, &f.doubtful)).collect();
                let result = propagate::propagate(&derived.value, value, &inputs);
                let mut first_order = budgeted(derived, &result, &found);
                let bends = !straight::straight(&derived.value, &result, &inputs, &mut doubts);
                let bends = bends || result.made_of_bent();
                if bends && doubts.is_empty() {
                    bent(&result, &mut first_order, &mut notes);
                }
                measured = Some(first_order);
                doubtful = Some(Doubtful {
                    bent: bends,
                    ..result
                });
            }
            Ok(None) => doubts.add(because(
                "unit",
                "The formula's value is not in the unit of the result",
                "公式的值与结果单位不符",
            )),
            Err(trouble) => doubts.add(no_number(derived, &trouble)),
        }
    }
    let decided = match (&measured, &derived.accept) {
        (Some(measured), Some(accept)) if doubts.is_empty() => Some(
            verdict::of_quantity(measured, Compare::Estimate, None, accept)
                .and_then(|subject| verdict::decide(subject, accept, derived.rule)),
        ),
        (Some(_), None) if doubts.is_empty() => {
            notes.add(because(
                "no-limit",
                "No limit was set: the value is only reported",
                "未设限值：仅报告数值",
            ));
            None
        }
        _ => None,
    };
    let (decision, verdict) = match decided {
        Some(Ok((decision, verdict))) => (Some(decision), verdict),
        Some(Err(reason)) => {
            doubts.add(reason);
            (None, Verdict::NotTested)
        }
        None => (None, Verdict::NotTested),
    };
    let counts = derived.accept.is_some() || !doubts.is_empty();
    let reference = found
        .values()
        .all(|f| f.finding.source == Source::Reference);
    let mut channels: Vec<String> = Vec::new();
    for channel in found.values().flat_map(|f| &f.finding.channels) {
        if !channels.contains(channel) {
            channels.push(channel.clone());
        }
    }
    let reasons = doubts.into_vec().into_iter().chain(notes.into_vec());
    let finding = Finding {
        measure: derived.id.clone(),
        subject: None,
        title: derived.title.clone(),
        metric: "derived".into(),
        estimand: Text::new(
            "computed from the results that the formula names, this item on this bench",
            "由公式所列结果计算，本被测件在本台架上",
        ),
        sub_values: shown::sub_values(derived, env, |name| {
            let found = found.get(name)?;
            Some((
                found.id.clone(),
                found.doubtful.value.unit,
                expanded(found.finding),
            ))
        }),
        result: measured.map(Value::Quantity),
        more: Vec::new(),
        accept: derived.accept.clone(),
        rule: derived.rule,
        decision,
        verdict,
        reasons: reasons.collect(),
        source: if reference && !found.is_empty() {
            Source::Reference
        } else {
            Source::Device
        },
        channels,
        formula: formula(derived),
        evidence: Vec::new(),
        figures: Vec::new(),
    };
    (finding, doubtful, counts)
}

fn in_unit(value: Computed, unit: Unit) -> Option<Quantity> {
    match value {
        Computed::Number(number) => Some(Quantity::new(number.to(unit)?, unit)),
        Computed::Flag(_) => None,
    }
}

/// The finished result that an input is, or why there is none.
fn find<'a>(
    input: &Input,
    metrics: &[MetricDescription],
    cases: &'a [CaseFindings],
    done: &BTreeMap<Input, Doubtful>,
) -> Result<Found<'a>, Reason> {
    let case = place(&input.case);
    let mut id = format!("{case}/{}", input.measure);
    if let Some(row) = &input.row {
        id = format!("{id}/{row}");
    }
    let of_case = cases.iter().filter(|c| c.case == case);
    let mut findings = of_case.flat_map(|c| &c.findings);
    let finding = findings.find(|f| {
        let row = f.subject.as_ref().map(|s| s.id.as_str());
        f.measure == input.measure && row == input.row.as_deref()
    });
    let absent = || {
        because(
            "no-input",
            format!("There is no result {id}"),
            format!("没有结果 {id}"),
        )
    };
    let finding = finding.ok_or_else(absent)?;
    // A sound value without a limit has no verdict either.
    let reported = finding.reasons.iter().any(|r| r.code == "no-limit");
    if finding.verdict == Verdict::NotTested && !reported {
        return Err(because(
            "input-not-tested",
            format!("{id} was not tested"),
            format!("{id} 未测试"),
        ));
    }
    let doubtful = match (done.get(input), &finding.result) {
        (Some(doubtful), _) => Some(doubtful.clone()),
        (None, Some(Value::Quantity(measured))) => {
            let metric = metrics.iter().find(|m| m.id == finding.metric);
            // The result is itself a reading: an instrument that reads high makes it larger.
            let reading = metric.is_some_and(|m| {
                let needed = m.channels.iter().filter(|c| !c.optional);
                m.unit.is_none() && needed.count() == 1
            });
            Some(Doubtful::measured(&id, &finding.title, measured, reading))
        }
        (None, Some(Value::Proportion(p))) => Doubtful::proportion(&id, &finding.title, p),
        _ => None,
    };
    let doubtful = doubtful.ok_or_else(absent)?;
    Ok(Found {
        finding,
        doubtful,
        id,
    })
}

fn expanded(finding: &Finding) -> Option<f64> {
    match finding.result.as_ref()? {
        Value::Quantity(measured) => measured.u_expanded,
        _ => None,
    }
}

/// The value with its budget and expanded uncertainty.
fn budgeted(derived: &Derived, result: &Doubtful, found: &BTreeMap<&str, Found<'_>>) -> Measured {
    let observations = |f: &Found<'_>| match &f.finding.result {
        Some(Value::Quantity(measured)) => measured.n,
        Some(Value::Proportion(p)) => p.n,
        _ => 0,
    };
    let n = found.values().map(observations).min().unwrap_or(0);
    let mut budget = Budget::default();
    match result.lines() {
        Some(lines) => lines.into_iter().for_each(|line| budget.line(line)),
        None => budget.scatter(Text::same(""), None, 1.0),
    }
    let n = usize::try_from(n).unwrap_or(usize::MAX);
    budget.measured(result.value.value, derived.unit, n)
}

/// Puts the doubt that draws give in the place of that of first order.
fn bent(result: &Doubtful, measured: &mut Measured, notes: &mut Reasons) {
    let Some(drawn) = draws::drawn(result).filter(|_| measured.u_expanded.is_some()) else {
        notes.add(because(
            "not-linear",
            "The formula bends within the uncertainty of what it is made of: its own uncertainty, which is of first order, is an approximation",
            "公式在各输入的不确定度范围内明显弯曲：按一阶传播的不确定度仅为近似",
        ));
        return;
    };
    let first_order = measured.u_expanded.unwrap_or(f64::NAN);
    let (n, unit) = (draws::TRIALS, measured.unit.print());
    notes.add(because(
        "monte-carlo",
        format!(
            "The formula bends within the uncertainty of what it is made of: U is half the interval about the value that holds 95.45 % of {n} draws (JCGM 101:2008); to first order it would be {first_order:.3e} {unit}. The contributions in the table are of first order"
        ),
        format!(
            "公式在各输入的不确定度范围内明显弯曲：U 取以结果为中心、包含 {n} 次抽样中 95.45 % 的区间半宽（JCGM 101:2008）；按一阶传播则为 {first_order:.3e} {unit}。表中各分量按一阶计算"
        ),
    ));
    measured.u_expanded = Some(drawn.u_expanded);
    measured.k = Some(drawn.k);
    measured.nu_eff = None;
}

fn formula(derived: &Derived) -> Text {
    let (id, text) = (&derived.id, derived.value.text());
    Text::new(
        format!(
            "{id} = {text}. Uncertainty to first order, JCGM 100:2008, 5.1.2 and 5.2.2 (where the formula bends, JCGM 101:2008): terms of a shared instrument fully correlated, all others independent"
        ),
        format!(
            "{id} = {text}。不确定度按一阶传播，JCGM 100:2008，5.1.2 与 5.2.2（公式弯曲时按 JCGM 101:2008）：共用仪器的分量完全相关，其余相互独立"
        ),
    )
}

fn no_number(derived: &Derived, trouble: &Trouble) -> Reason {
    let part = derived.value.part(trouble.at);
    let zh = match trouble.why {
        Why::NoValue => "没有数值",
        Why::DivisionByZero => "除数为零",
        Why::NegativeRoot => "对负数开平方",
        Why::NotFinite => "不是有限数",
        Why::Wrong(_) => "量纲或类型不符",
    };
    because(
        "no-number",
        format!("`{part}` {}", trouble.why),
        format!("`{part}` {zh}"),
    )
}
