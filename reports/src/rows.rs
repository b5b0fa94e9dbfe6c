//! The findings of a document as flat rows: what JUnit and CSV are printed from, so that neither can
//! leave out what the other has. A case that says more than its rows, and a run that says more than
//! its cases, have rows of their own.

use crate::document::{Case, Document, Finding};
use certbench_model::Verdict;
use certbench_model::finding::Reason;

/// One row.
pub(crate) struct Row<'a> {
    /// The case; empty for the run.
    pub(crate) case: &'a str,
    /// Unique in the report: `case/measure/row`, `case` or `run`.
    pub(crate) id: String,
    pub(crate) finding: Option<&'a Finding>,
    pub(crate) verdict: Verdict,
    /// A value without a limit: neither passed nor failed.
    pub(crate) reported: bool,
    pub(crate) reasons: &'a [Reason],
}

/// All rows, in the order of the report.
pub(crate) fn rows(document: &Document) -> Vec<Row<'_>> {
    let mut rows: Vec<Row<'_>> = document.cases.iter().flat_map(of_case).collect();
    if rows.iter().filter(|r| !r.reported).map(|r| r.verdict).max() != Some(document.verdict)
        || !document.reasons.is_empty()
    {
        rows.push(Row {
            case: "",
            id: "run".to_string(),
            finding: None,
            verdict: document.verdict,
            reported: false,
            reasons: &document.reasons,
        });
    }
    rows
}

fn of_case(case: &Case) -> Vec<Row<'_>> {
    let mut rows: Vec<Row<'_>> = Vec::new();
    for finding in &case.findings {
        rows.push(Row {
            case: &case.id,
            id: finding.id.clone(),
            finding: Some(finding),
            verdict: finding.verdict,
            reported: finding.reported,
            reasons: &finding.reasons,
        });
    }
    let judged = rows.iter().filter(|r| !r.reported).map(|r| r.verdict).max();
    if judged != Some(case.verdict) || !case.reasons.is_empty() {
        rows.push(Row {
            case: &case.id,
            id: case.id.clone(),
            finding: None,
            verdict: case.verdict,
            reported: false,
            reasons: &case.reasons,
        });
    }
    rows
}

/// The verdict as programs read it.
pub(crate) fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Pass => "pass",
        Verdict::ConditionalPass => "conditional-pass",
        Verdict::NotTested => "not-tested",
        Verdict::ConditionalFail => "conditional-fail",
        Verdict::Fail => "fail",
    }
}
