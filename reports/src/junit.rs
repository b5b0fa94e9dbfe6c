//! JUnit XML, for programs that know passed, failed, error and skipped. What is not a pass is never
//! passed there: a conditional fail is a failure, what was not tested is an error, and a value that
//! nobody set a limit for is skipped. A conditional pass passes and says so in its output.

use crate::document::{Document, Finding, Printed};
use crate::rows::{Row, rows, word};
use certbench_model::Verdict;
use std::fmt::Write;

/// The findings as JUnit XML: a suite a case, a test case a row.
pub fn junit(document: &Document) -> String {
    let rows = rows(document);
    let mut cases: Vec<&str> = Vec::new();
    for row in &rows {
        if !cases.contains(&row.case) {
            cases.push(row.case);
        }
    }
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let all: Vec<&Row<'_>> = rows.iter().collect();
    let _ = writeln!(
        out,
        "<testsuites name=\"{}\" {}>",
        escaped(&document.suite.id),
        counts(&all)
    );
    for case in cases {
        let of_case: Vec<&Row<'_>> = rows.iter().filter(|r| r.case == case).collect();
        let name = if case.is_empty() { "run" } else { case };
        let _ = writeln!(
            out,
            "  <testsuite name=\"{}\" {} timestamp=\"{}\">\n    <properties>\n{}    </properties>",
            escaped(name),
            counts(&of_case),
            escaped(document.dates.started.trim_end_matches('Z')),
            properties(document),
        );
        for row in of_case {
            test_case(&mut out, row);
        }
        out.push_str("  </testsuite>\n");
    }
    out.push_str("</testsuites>\n");
    out
}

fn counts(rows: &[&Row<'_>]) -> String {
    let count = |kind: Kind| rows.iter().filter(|r| kind_of(r) == kind).count();
    format!(
        "tests=\"{}\" failures=\"{}\" errors=\"{}\" skipped=\"{}\"",
        rows.len(),
        count(Kind::Failure),
        count(Kind::Error),
        count(Kind::Skipped)
    )
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Passed,
    Failure,
    Error,
    Skipped,
}

fn kind_of(row: &Row<'_>) -> Kind {
    match row.verdict {
        _ if row.reported => Kind::Skipped,
        Verdict::Pass | Verdict::ConditionalPass => Kind::Passed,
        Verdict::ConditionalFail | Verdict::Fail => Kind::Failure,
        Verdict::NotTested => Kind::Error,
    }
}

fn properties(document: &Document) -> String {
    let simulated = document.simulated.to_string();
    let draft = document.draft.to_string();
    let pairs = [
        ("report", &document.id),
        ("run", &document.run),
        ("plan_sha256", &document.digests.plan_sha256),
        ("simulated", &simulated),
        ("draft", &draft),
    ];
    let line = |(name, value): (&str, &String)| {
        format!(
            "      <property name=\"{name}\" value=\"{}\"/>\n",
            escaped(value)
        )
    };
    pairs.map(line).concat()
}

fn test_case(out: &mut String, row: &Row<'_>) {
    let class = if row.case.is_empty() { "run" } else { row.case };
    let _ = writeln!(
        out,
        "    <testcase classname=\"{}\" name=\"{}\">",
        escaped(class),
        escaped(&row.id)
    );
    let message = escaped(
        &row.reasons
            .iter()
            .map(|r| r.text.en.as_str())
            .collect::<Vec<_>>()
            .join("; "),
    );
    let verdict = word(row.verdict);
    let bad = match kind_of(row) {
        Kind::Passed => String::new(),
        Kind::Failure => format!("      <failure type=\"{verdict}\" message=\"{message}\"/>\n"),
        Kind::Error => format!("      <error type=\"{verdict}\" message=\"{message}\"/>\n"),
        Kind::Skipped => format!("      <skipped message=\"{message}\"/>\n"),
    };
    out.push_str(&bad);
    let said = if row.reported { "reported" } else { verdict };
    let value = row.finding.map(value).unwrap_or_default();
    let _ = writeln!(
        out,
        "      <system-out>{said}{}</system-out>\n    </testcase>",
        escaped(&value)
    );
}

/// Title, value, limit and rule in one line.
fn value(finding: &Finding) -> String {
    let mut text = format!(": {}", finding.title.en);
    if let Some(subject) = &finding.subject {
        text += &format!(", {}", subject.title.en);
    }
    text += &match &finding.printed {
        None => ": no result".to_string(),
        Some(Printed::Quantity {
            value, unit, n, u, ..
        }) => {
            let u = u
                .as_ref()
                .map(|u| format!(" ± {u} {unit}"))
                .unwrap_or_default();
            format!(" = {value} {unit}{u} (n = {n})")
        }
        Some(Printed::Proportion { k, n, interval, .. }) => {
            format!(" = {k}/{n} [{} %, {} %]", interval[0], interval[1])
        }
        Some(Printed::Attribute { yes, .. }) => format!(" = {}", if *yes { "yes" } else { "no" }),
        Some(Printed::Inspection { statement, .. }) => format!(": {}", statement.en),
    };
    if let Some(limit) = &finding.limit {
        text += &format!(", limit {} ({})", limit.text, finding.rule_short.en);
    }
    text
}

/// Text for an attribute or an element; characters that XML 1.0 cannot hold are replaced.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\n' | '\r' | '\t' => {
                let _ = write!(out, "&#{};", u32::from(c));
            }
            c if c < ' ' || matches!(c, '\u{FFFE}' | '\u{FFFF}') => out.push('\u{FFFD}'),
            c => out.push(c),
        }
    }
    out
}
