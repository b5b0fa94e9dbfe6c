//! What became another by a correction or an amendment.

use crate::document::{Amends, Change, Document};
use crate::extra::Amended;
use crate::words::say;
use certbench_model::finding::Value as Result;
use certbench_model::{Finding, Findings, Text, Verdict};
use serde_json::Value;
use std::collections::BTreeMap;

/// Results that are others in `after` than in `before`.
pub(super) fn of_findings(before: &Findings, after: &Findings) -> Vec<Change> {
    let rows = |findings: &Findings| -> Vec<(String, Text)> {
        let mut rows = vec![("verdict".to_string(), verdict(findings.verdict))];
        for (case, finding) in findings.all() {
            let mut said = plain(finding);
            let word = verdict(finding.verdict);
            said.en += &format!(": {}", word.en);
            said.zh += &format!("：{}", word.zh);
            rows.push((super::case::finding_id(case, finding), said));
        }
        rows
    };
    differing(&rows(before), &rows(after))
}

/// Against the report that is replaced: results, and what describes laboratory, order and items.
pub(super) fn amends(amended: &Amended, document: &Document) -> Amends {
    let now = serde_json::to_value(document).unwrap_or_default();
    let text = |key: &str| {
        amended
            .report
            .pointer(key)
            .and_then(Value::as_str)
            .unwrap_or_default()
    };
    Amends {
        report: text("/id").to_string(),
        issued: text("/dates/issued").to_string(),
        statement_sha256: amended.statement_sha256.clone(),
        reason: amended.reason.clone(),
        changes: differing(&leaves(&amended.report), &leaves(&now)),
    }
}

fn differing(before: &[(String, Text)], after: &[(String, Text)]) -> Vec<Change> {
    let by_name = |rows: &[(String, Text)]| rows.iter().cloned().collect::<BTreeMap<_, _>>();
    let (old, new) = (by_name(before), by_name(after));
    let nothing = || Text::same("–");
    let mut names: Vec<&String> = after.iter().map(|(name, _)| name).collect();
    names.extend(
        before
            .iter()
            .map(|(name, _)| name)
            .filter(|n| !new.contains_key(*n)),
    );
    let change = |name: &String| {
        let (old, new) = (old.get(name), new.get(name));
        (old != new).then(|| Change {
            what: name.clone(),
            old: old.cloned().unwrap_or_else(nothing),
            new: new.cloned().unwrap_or_else(nothing),
        })
    };
    names.into_iter().filter_map(change).collect()
}

/// The parts of a report whose change is told: what it says of people, order, items and method
/// field by field, and each result with its verdict.
fn leaves(report: &Value) -> Vec<(String, Text)> {
    const TOLD: [&str; 14] = [
        "verdict",
        "laboratory",
        "marks",
        "location",
        "signatures",
        "order",
        "items",
        "suite",
        "parameters",
        "environment",
        "external",
        "opinions",
        "bench",
        "software",
    ];
    let mut list = Vec::new();
    for key in TOLD {
        collect(key, report.get(key).unwrap_or(&Value::Null), &mut list);
    }
    let cases = report
        .get("cases")
        .and_then(Value::as_array)
        .into_iter()
        .flatten();
    for finding in cases
        .filter_map(|c| c.get("findings")?.as_array())
        .flatten()
    {
        let id = finding
            .get("id")
            .and_then(Value::as_str)
            .unwrap_or_default();
        for key in ["printed", "limit", "rule", "verdict"] {
            collect(
                &format!("{id}: {key}"),
                finding.get(key).unwrap_or(&Value::Null),
                &mut list,
            );
        }
    }
    list
}

fn collect(path: &str, value: &Value, list: &mut Vec<(String, Text)>) {
    match value {
        Value::Null => {}
        Value::Object(members) => match (members.get("en"), members.get("zh")) {
            (Some(Value::String(en)), Some(Value::String(zh))) => {
                list.push((path.to_string(), Text::new(en, zh)));
            }
            _ => members
                .iter()
                .filter(|(name, _)| !matches!(name.as_str(), "raw" | "utc"))
                .for_each(|(name, v)| collect(&format!("{path}.{name}"), v, list)),
        },
        Value::Array(items) => {
            for (i, item) in items.iter().enumerate() {
                collect(&format!("{path}[{i}]"), item, list);
            }
        }
        Value::String(text) => list.push((path.to_string(), Text::same(text))),
        other => list.push((path.to_string(), Text::same(other.to_string()))),
    }
}

fn verdict(verdict: Verdict) -> Text {
    match verdict {
        Verdict::Pass => say("verdict.pass", &[]),
        Verdict::ConditionalPass => say("verdict.conditional-pass", &[]),
        Verdict::NotTested => say("verdict.not-tested", &[]),
        Verdict::ConditionalFail => say("verdict.conditional-fail", &[]),
        Verdict::Fail => say("verdict.fail", &[]),
    }
}

/// The unrounded value.
fn plain(finding: &Finding) -> Text {
    match &finding.result {
        None => say("no-result", &[]),
        Some(Result::Quantity(m)) => Text::same(match m.u_expanded {
            Some(u) => format!("{} ± {u} {}", m.value, m.unit.print()),
            None => format!("{} {}", m.value, m.unit.print()),
        }),
        Some(Result::Proportion(p)) => Text::same(format!("{}/{}", p.k, p.n)),
        Some(Result::Attribute { yes: true, .. }) => say("yes", &[]),
        Some(Result::Attribute { yes: false, .. }) => say("no", &[]),
        Some(Result::Inspection { statement, .. }) => statement.clone(),
    }
}
