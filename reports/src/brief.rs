//! The findings in a few lines, for a terminal: the numbers as the report prints them.

use crate::build::case::{is_reported, printed_alone};
use crate::document::Printed;
use crate::rows::word;
use crate::words::say;
use certbench_model::finding::{Finding, Reason};
use certbench_model::text::Lang;
use certbench_model::{Findings, Verdict};

/// The run, each case and each finding in a line: result with U and n, limit, verdict; behind each
/// what stands against it.
#[must_use]
pub fn brief(findings: &Findings, lang: Lang) -> String {
    let end = say(&format!("end.{}", findings.end), &[]);
    let mut lines = vec![format!(
        "{}: {} ({})",
        findings.run,
        verdict(findings.verdict, lang),
        end.get(lang)
    )];
    lines.extend(reasons(&findings.reasons, 1, lang));
    for case in &findings.cases {
        let verdict = verdict(case.verdict, lang);
        lines.push(format!("  {} - {verdict}", case.case));
        lines.extend(reasons(&case.reasons, 2, lang));
        for finding in &case.findings {
            lines.push(format!("    {}", line(finding, lang)));
            if !is_reported(finding) {
                lines.extend(reasons(&finding.reasons, 3, lang));
            }
        }
    }
    lines.push(String::new());
    lines.join("\n")
}

fn reasons(reasons: &[Reason], depth: usize, lang: Lang) -> Vec<String> {
    let line = |r: &Reason| format!("{:indent$}! {}", "", r.text.get(lang), indent = 2 * depth);
    reasons.iter().map(line).collect()
}

fn line(finding: &Finding, lang: Lang) -> String {
    let subject = finding.subject.as_ref();
    let subject = subject.map_or_else(String::new, |s| format!(" {}", s.id));
    let (result, limit) = printed_alone(finding);
    let result = match result {
        Some(result) => words(&result, lang),
        None => say("no-result", &[]).get(lang).to_string(),
    };
    let limit = limit.map_or_else(String::new, |limit| format!(", {limit}"));
    let verdict = match is_reported(finding) {
        true => say("verdict.reported", &[]).get(lang).to_string(),
        false => verdict(finding.verdict, lang),
    };
    format!("{}{subject}: {result}{limit} - {verdict}", finding.measure)
}

fn words(result: &Printed, lang: Lang) -> String {
    match result {
        Printed::Quantity {
            value, unit, n, u, ..
        } => {
            let u = u.as_ref().map_or_else(String::new, |u| format!(" ± {u}"));
            let space = if unit.is_empty() { "" } else { " " };
            format!("{value}{u}{space}{unit} (n = {n})")
        }
        Printed::Proportion {
            k,
            n,
            share,
            confidence,
            interval: [low, high],
            ..
        } => format!("{k}/{n} = {share} % [{low} %, {high} %] ({confidence} %)"),
        Printed::Attribute { yes, evidence } => {
            let word = say(if *yes { "yes" } else { "no" }, &[]);
            format!("{} ({})", word.get(lang), evidence.get(lang))
        }
        Printed::Inspection { statement, .. } => statement.get(lang).to_string(),
    }
}

fn verdict(verdict: Verdict, lang: Lang) -> String {
    let key = format!("verdict.{}", word(verdict));
    say(&key, &[]).get(lang).to_string()
}
