//! Decision rules in words, each with its risk.

use crate::document::Rule;
use crate::number::exact;
use crate::words::say;
use certbench_model::{DecisionRule, Findings, Text};

/// The rules that the findings use, with the cases that use them.
pub(super) fn rules(findings: &Findings) -> Vec<Rule> {
    let mut rules: Vec<Rule> = Vec::new();
    for (case, finding) in findings.all() {
        let name = name(finding.rule);
        match rules.iter_mut().find(|r| r.name == name) {
            Some(rule) if rule.cases.contains(&case.case) => {}
            Some(rule) => rule.cases.push(case.case.clone()),
            None => rules.push(Rule {
                name,
                words: words(finding.rule),
                cases: vec![case.case.clone()],
            }),
        }
    }
    rules
}

/// The rule with its guard band.
pub(super) fn name(rule: DecisionRule) -> Text {
    match rule {
        DecisionRule::Simple => say("rule.simple", &[]),
        DecisionRule::Guarded { r } => say("rule.guarded", &[("w", guard(r))]),
        DecisionRule::FourValued { r } => say("rule.four-valued", &[("w", guard(r))]),
    }
}

/// The rule in a few words, for a narrow column.
pub(super) fn short(rule: DecisionRule) -> Text {
    match rule {
        DecisionRule::Simple => say("rule-short.simple", &[]),
        DecisionRule::Guarded { r } => say("rule-short.guarded", &[("w", guard(r))]),
        DecisionRule::FourValued { r } => say("rule-short.four-valued", &[("w", guard(r))]),
    }
}

fn words(rule: DecisionRule) -> Text {
    match rule {
        DecisionRule::Simple => say("rule.simple-words", &[]),
        DecisionRule::Guarded { r } => say(
            "rule.guarded-words",
            &[("w", guard(r)), ("risk", risk(r).to_string())],
        ),
        DecisionRule::FourValued { r } => say(
            "rule.four-valued-words",
            &[("w", guard(r)), ("risk", risk(r).to_string())],
        ),
    }
}

fn guard(r: f64) -> String {
    if r == 1.0 {
        "U".to_string()
    } else {
        format!("{}\u{a0}U", exact(r))
    }
}

/// Upper bound of the specific risk of a false pass with `w = r U`, U with k = 2, for a normal
/// distribution: the table of ILAC-G8:09/2019, from which it follows for every larger r.
fn risk(r: f64) -> &'static str {
    const TABLE: [(f64, &str); 4] = [
        (1.5, "< 0.16 %"),
        (1.0, "< 2.5 %"),
        (0.83, "< 5 %"),
        (0.0, "< 50 %"),
    ];
    let row = TABLE.iter().find(|(least, _)| r >= *least);
    row.map_or("> 50 %", |(_, risk)| risk)
}
