//! The results as CSV (RFC 4180, UTF-8): a line a row of the findings, values unrounded.

use crate::document::{Document, Finding};
use crate::rows::{Row, rows, word};
use certbench_model::Quantity;
use certbench_model::finding::Value;

const COLUMNS: [&str; 31] = [
    "report",
    "draft",
    "simulated",
    "run",
    "suite",
    "suite_version",
    "case",
    "id",
    "title_en",
    "title_zh",
    "subject",
    "metric",
    "kind",
    "value",
    "unit",
    "U",
    "k_coverage",
    "n",
    "successes",
    "low",
    "high",
    "bound",
    "limit_least",
    "limit_most",
    "limit_unit",
    "compared",
    "rule",
    "verdict",
    "source",
    "channels",
    "reasons",
];

/// The findings as CSV with a head line. A text that a spreadsheet would take for a formula (it
/// begins with `=`, `+`, `-` or `@`) has an apostrophe before it.
pub fn csv(document: &Document) -> String {
    let mut out = line(COLUMNS.iter().map(|c| c.to_string()));
    for row in rows(document) {
        out += &line(cells(document, &row).into_iter());
    }
    out
}

fn cells(document: &Document, row: &Row<'_>) -> Vec<String> {
    let mut cells = vec![
        text(&document.id),
        document.draft.to_string(),
        document.simulated.to_string(),
        text(&document.run),
        text(&document.suite.id),
        text(&document.suite.version),
        text(row.case),
        text(&row.id),
    ];
    match row.finding {
        Some(finding) => cells.extend(of_finding(finding)),
        None => cells.resize(27, String::new()),
    }
    let verdict = if row.reported {
        "reported"
    } else {
        word(row.verdict)
    };
    let reason = |r: &certbench_model::finding::Reason| format!("{}: {}", r.code, r.text.en);
    let reasons: Vec<String> = row.reasons.iter().map(reason).collect();
    let (source, channels) = row.finding.map_or_else(Default::default, |f| {
        (f.source.clone(), text(&f.channels.join(" ")))
    });
    cells.extend([
        verdict.to_string(),
        source,
        channels,
        text(&reasons.join("; ")),
    ]);
    cells
}

/// From `title_en` to `rule`.
fn of_finding(f: &Finding) -> Vec<String> {
    let subject = f
        .subject
        .as_ref()
        .map(|s| s.id.as_str())
        .unwrap_or_default();
    let mut cells = vec![
        text(&f.title.en),
        text(&f.title.zh),
        text(subject),
        text(&f.metric),
    ];
    cells.extend(of_value(f));
    let limits = f.limit.as_ref().map(|l| [l.raw.at_least, l.raw.at_most]);
    let [least, most] = limits.unwrap_or_default();
    let number = |q: Option<Quantity>| q.map(|q| q.value.to_string()).unwrap_or_default();
    let unit = least
        .or(most)
        .map(|q| q.unit.to_string())
        .unwrap_or_default();
    let compared = f.decision.as_ref().map(|d| d.raw.compared.to_string());
    cells.extend([
        number(least),
        number(most),
        unit,
        compared.unwrap_or_default(),
        text(&f.rule_short.en),
    ]);
    cells
}

/// From `kind` to `bound`.
fn of_value(f: &Finding) -> [String; 10] {
    let none = String::new;
    let some = |x: Option<f64>| x.map(|x| x.to_string()).unwrap_or_default();
    match &f.result {
        None => Default::default(),
        Some(Value::Quantity(m)) => [
            "quantity".to_string(),
            m.value.to_string(),
            m.unit.to_string(),
            some(m.u_expanded),
            some(m.k),
            m.n.to_string(),
            none(),
            none(),
            none(),
            some(m.bound),
        ],
        Some(Value::Proportion(p)) => [
            "proportion".to_string(),
            (f64::from(p.k) / f64::from(p.n.max(1))).to_string(),
            "1".to_string(),
            none(),
            none(),
            p.n.to_string(),
            p.k.to_string(),
            p.interval[0].to_string(),
            p.interval[1].to_string(),
            none(),
        ],
        Some(Value::Attribute { yes, .. }) => {
            let mut cells: [String; 10] = Default::default();
            cells[0] = "attribute".to_string();
            cells[1] = if *yes { "yes" } else { "no" }.to_string();
            cells
        }
        Some(Value::Inspection { statement, .. }) => {
            let mut cells: [String; 10] = Default::default();
            cells[0] = "inspection".to_string();
            cells[1] = text(&statement.en);
            cells
        }
    }
}

/// A text that is no formula.
fn text(text: &str) -> String {
    match text.chars().next() {
        Some('=' | '+' | '-' | '@' | '\t' | '\r') => format!("'{text}"),
        _ => text.to_string(),
    }
}

fn line(cells: impl Iterator<Item = String>) -> String {
    let quoted = |cell: String| match cell.contains(['"', ',', '\n', '\r']) {
        true => format!("\"{}\"", cell.replace('"', "\"\"")),
        false => cell,
    };
    cells.map(quoted).collect::<Vec<_>>().join(",") + "\r\n"
}
