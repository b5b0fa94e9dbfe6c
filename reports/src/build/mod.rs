//! From facts and findings to the document.

mod added;
pub(crate) mod case;
mod change;
mod clause;
mod condition;
mod evidence;
mod head;
mod instrument;
mod method;
mod occurrence;
mod rule;

pub(crate) use clause::{said, some};

use crate::document::{
    DOCUMENT_FORMAT, Digests, Document, Named, NotTested, Restriction, Software, Truth,
};
use crate::extra::Extra;
use crate::number;
use crate::words::say;
use certbench_model::{EventBody, Facts, Findings, ParamValue, Quantity, Text, Verdict};

/// Gathers everything that a report says. The same arguments give the same document.
pub fn document(facts: &Facts, findings: &Findings, extra: &Extra) -> Document {
    let plan = &facts.plan;
    let opened = head::opened(facts);
    let issue = extra.issue.as_ref();
    let mut document = Document {
        format: DOCUMENT_FORMAT,
        id: issue.map_or_else(|| head::draft_id(facts), |i| i.number.clone()),
        draft: issue.is_none(),
        run: facts.run.clone(),
        simulated: plan.simulated(),
        verdict: findings.verdict,
        end: findings.end.clone(),
        end_text: facts.events.iter().find_map(|l| match &l.event.body {
            EventBody::Ended { text, .. } => Some(text.clone()),
            _ => None,
        }),
        reasons: findings.reasons.clone(),
        dates: head::dates(facts, extra),
        laboratory: plan.bench.laboratory.clone(),
        marks: head::marks(&extra.laboratory),
        location: plan.bench.location.clone(),
        operator: opened.map(|o| o.operator.to_string()),
        signatures: issue.map(head::signatures).unwrap_or_default(),
        amends: None,
        corrections: extra.corrections.clone(),
        changed: extra
            .uncorrected
            .as_ref()
            .map(|before| change::of_findings(before, findings))
            .unwrap_or_default(),
        added: added::added(&extra.addenda),
        evidence: evidence::evidence(facts, &extra.addenda),
        order: head::order(plan),
        items: head::items(facts),
        suite: head::suite(plan),
        parameters: method::parameters(plan),
        sampling: method::sampling(plan),
        rules: rule::rules(findings),
        watches: method::watches(plan),
        instruments: instrument::instruments(facts, &findings.registrations, &extra.laboratory),
        environment: named(&plan.bench.environment),
        conditions: condition::conditions(&extra.conditions),
        external: head::external(&extra.laboratory),
        opinions: head::opinions(&extra.laboratory),
        bench: head::bench(facts, &extra.laboratory),
        cases: case::cases(facts, findings),
        not_tested: not_tested(findings),
        restrictions: plan.restrictions.iter().map(restriction).collect(),
        occurrences: occurrence::occurrences(facts),
        earlier: occurrence::earlier(facts),
        damage: facts.damage.clone(),
        truths: truths(facts),
        digests: Digests {
            plan_sha256: facts.plan_sha256.clone(),
            record: extra.files.clone(),
        },
        software: Software {
            run: opened.map(|o| o.certbench.to_string()),
            judge: findings.judge.clone(),
            report: env!("CARGO_PKG_VERSION").to_string(),
            host: opened.map(|o| o.host.to_string()),
        },
        validation: head::validation(extra.validated.as_ref()),
        clauses: Vec::new(),
    };
    document.amends = issue
        .and_then(|i| i.amends.as_ref())
        .map(|amended| change::amends(amended, &document));
    document.clauses = clause::clauses(&document, &extra.laboratory.left_out);
    document
}

/// Cases and rows without a verdict, with every reason.
fn not_tested(findings: &Findings) -> Vec<NotTested> {
    let mut list = Vec::new();
    for case in &findings.cases {
        if case.verdict == Verdict::NotTested {
            list.push(NotTested {
                id: case.case.clone(),
                title: case.title.clone(),
                subject: None,
                reasons: case.reasons.clone(),
            });
        }
        for finding in &case.findings {
            if finding.verdict == Verdict::NotTested && !case::is_reported(finding) {
                list.push(NotTested {
                    id: case::finding_id(case, finding),
                    title: finding.title.clone(),
                    subject: finding.subject.as_ref().map(|s| s.title.clone()),
                    reasons: finding.reasons.clone(),
                });
            }
        }
    }
    list
}

fn restriction(restriction: &certbench_model::plan::Restriction) -> Restriction {
    let about = match (restriction.case.as_str(), restriction.measure.as_str()) {
        (case, "") => case.to_string(),
        (case, measure) => format!("{case}/{measure}"),
    };
    Restriction {
        about,
        code: restriction.code.clone(),
        text: restriction.text.clone(),
    }
}

fn truths(facts: &Facts) -> Vec<Truth> {
    let truth = |line: &certbench_model::Line| match &line.event.body {
        EventBody::SimulationTruth { device, truth } => Some(Truth {
            device: device.clone(),
            line: line.seq,
            text: compact(truth),
        }),
        _ => None,
    };
    facts.events.iter().filter_map(truth).collect()
}

/// `25 N`, `95 %`, `30°`, as it was set.
fn quantity(quantity: Quantity) -> String {
    number::with_unit(&number::exact(quantity.value), quantity.unit)
}

fn parameter(value: &ParamValue) -> Text {
    match value {
        ParamValue::Quantity(q) => Text::same(quantity(*q)),
        ParamValue::Count(n) => Text::same(n.to_string()),
        ParamValue::Text(text) => Text::same(text.clone()),
        ParamValue::Flag(true) => say("yes", &[]),
        ParamValue::Flag(false) => say("no", &[]),
    }
}

fn named(map: &std::collections::BTreeMap<String, Quantity>) -> Vec<Named> {
    let one = |(name, value): (&String, &Quantity)| Named {
        name: name.clone(),
        value: quantity(*value),
    };
    map.iter().map(one).collect()
}

/// A JSON value for people: a line for each object, its plain members in it, `path: name value, …`.
fn compact(value: &serde_json::Value) -> String {
    let mut lines = Vec::new();
    collect("", value, &mut lines);
    lines.join("\n")
}

fn collect(path: &str, value: &serde_json::Value, lines: &mut Vec<String>) {
    use serde_json::Value;
    let is_plain = |v: &Value| match v {
        Value::Object(_) => false,
        Value::Array(items) => !items.iter().any(|i| i.is_object() || i.is_array()),
        _ => true,
    };
    let below = |name: &str| match path {
        "" => name.to_string(),
        _ => format!("{path}.{name}"),
    };
    match value {
        Value::Object(members) => {
            let plain = members.iter().filter(|(_, v)| is_plain(v) && !v.is_null());
            let plain: Vec<String> = plain.map(|(k, v)| format!("{k} {}", words(v))).collect();
            if !plain.is_empty() {
                let lead = if path.is_empty() {
                    String::new()
                } else {
                    format!("{path}: ")
                };
                lines.push(format!("{lead}{}", plain.join(", ")));
            }
            for (name, v) in members.iter().filter(|(_, v)| !is_plain(v)) {
                collect(&below(name), v, lines);
            }
        }
        Value::Array(items) if !is_plain(value) => {
            for (index, item) in items.iter().enumerate() {
                collect(&format!("{path}[{index}]"), item, lines);
            }
        }
        other => lines.push(format!("{path}: {}", words(other))),
    }
}

/// A plain value: a text without quotes, a list with blanks.
fn words(value: &serde_json::Value) -> String {
    match value {
        serde_json::Value::String(text) => text.clone(),
        serde_json::Value::Array(items) => {
            let items: Vec<String> = items.iter().map(words).collect();
            format!("[{}]", items.join(" "))
        }
        other => other.to_string(),
    }
}
