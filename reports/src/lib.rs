//! Facts and findings to HTML, JSON, JUnit and CSV, in English and Chinese.
//!
//! One value, the [`Document`], holds everything that a report says, with every number already
//! formatted; both languages and every format are printed from it, so that they cannot differ in
//! what they tell. What keeps a document from being issued is told by [`lint`]. It draws from facts and findings only.
//!
//! Absent here: devices, statistics, files, and any clock (the day of issue is an argument).

mod brief;
mod build;
mod csv;
mod document;
mod dress;
mod extra;
mod html;
mod junit;
mod lint;
mod number;
mod plot;
mod rows;
mod statement;
mod words;

pub use brief::brief;
pub use build::document;
pub use csv::csv;
pub use document::Document;
pub use dress::Dress;
pub use extra::{
    Amended, ExternalResult, Extra, Issue, Label, Laboratory, LaboratoryMark, LaboratoryOpinion,
    Validated,
};
pub use html::{ReportError, html, html_both};
pub use junit::junit;
pub use lint::{Missing, lint};
pub use statement::{PREDICATE_TYPE, STATEMENT_TYPE, statement};

/// The document as pretty-printed JSON, with a newline at its end: `report.json`.
pub fn json(document: &Document) -> String {
    let mut text = serde_json::to_string_pretty(document).unwrap_or_default();
    text.push('\n');
    text
}

/// The JSON Schema (draft 2020-12) of `report.json`.
pub fn schema() -> serde_json::Value {
    let settings = schemars::generate::SchemaSettings::draft2020_12().for_serialize();
    let schema = settings.into_generator().into_root_schema_for::<Document>();
    let mut schema = schema.to_value();
    schema["title"] = "certbench report".into();
    schema
}
