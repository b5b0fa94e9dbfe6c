//! What was put right after a run: who, when, why, the old and the new. A correction is appended
//! beside a record and never changes it (ISO/IEC 17025:2017, 7.5.2).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;

/// One correction.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Correction {
    /// When, UTC, `2026-11-22T02:26:54Z`.
    pub utc: String,
    /// By whom.
    pub by: String,
    /// Why.
    pub why: String,
    /// What was corrected.
    pub place: Place,
    /// What the record says.
    pub old: String,
    /// What it should have said.
    pub new: String,
}

/// What can be corrected: what a person typed, and what describes laboratory, customer and items.
/// A limit, a rule, a parameter or a sample cannot.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Place {
    /// An answer of a person, by its line of `run.jsonl`.
    Line(u64),
    /// A description in job or bench: `job.customer.contact`, `job.items.hand.received`,
    /// `bench.location`.
    Field(String),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Place::Line(line) => write!(f, "run.jsonl line {line}"),
            Place::Field(field) => f.write_str(field),
        }
    }
}
