//! Facts and findings to HTML and JSON, in English and Chinese.
//!
//! One value, the [`Document`], holds everything that a report says, with every number already
//! formatted; both languages and both formats are printed from it, so that they cannot differ in
//! what they tell. It draws from facts and findings only.
//!
//! Absent here: devices, statistics, files, and any clock (the day of issue is an argument).

mod build;
mod document;
mod extra;
mod html;
mod lint;
mod number;
mod plot;
mod words;

pub use build::document;
pub use document::Document;
pub use extra::{
    Amended, ExternalResult, Extra, Issue, Label, Laboratory, LaboratoryMark, LaboratoryOpinion,
};
pub use html::{ReportError, html};
pub use lint::{Missing, lint};

/// The document as pretty-printed JSON, with a newline at its end: `report.json`.
pub fn json(document: &Document) -> String {
    let mut text = serde_json::to_string_pretty(document).unwrap_or_default();
    text.push('\n');
    text
}
