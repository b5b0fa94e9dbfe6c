//! JSON Schema for editors. Draft-07, which yaml-language-server reads.

use crate::written;
use schemars::generate::SchemaSettings;
use serde_json::Value;

/// What a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// What to test.
    Suite,
    /// The laboratory's instruments and wiring.
    Bench,
    /// The order.
    Job,
    /// Rows that a suite goes over.
    Table,
}

impl Kind {
    /// All kinds.
    pub const ALL: [Kind; 4] = [Kind::Suite, Kind::Bench, Kind::Job, Kind::Table];

    /// The word for it, which is also the key that tells it: `suite:`, `bench:`, `job:`, `table:`.
    pub fn word(self) -> &'static str {
        match self {
            Kind::Suite => "suite",
            Kind::Bench => "bench",
            Kind::Job => "job",
            Kind::Table => "table",
        }
    }
}

/// The JSON Schema (draft-07) of a kind of file.
pub fn schema(kind: Kind) -> Value {
    let generator = SchemaSettings::draft07().into_generator();
    let schema = match kind {
        Kind::Suite => generator.into_root_schema_for::<written::suite::Suite>(),
        Kind::Bench => generator.into_root_schema_for::<written::bench::Bench>(),
        Kind::Job => generator.into_root_schema_for::<written::job::Job>(),
        Kind::Table => generator.into_root_schema_for::<written::table::Table>(),
    };
    schema.to_value()
}
