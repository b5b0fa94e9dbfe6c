//! What a report says beside facts and findings.

use certbench_model::condition::Condition;
use certbench_model::{Addendum, Correction, FileDigest, Findings, Text};
use serde::Deserialize;
use std::collections::BTreeMap;

/// What a report says beside facts and findings.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Extra {
    /// The files of the record with their digests, as they were read.
    pub files: Vec<FileDigest>,
    /// What makes it an issued report; `None`: a draft, and every page says so.
    pub issue: Option<Issue>,
    /// What the laboratory says of itself and of this report.
    pub laboratory: Laboratory,
    /// What was put right after the run; the facts and findings given are the corrected ones.
    pub corrections: Vec<Correction>,
    /// The findings without the corrections, where there are any.
    pub uncorrected: Option<Findings>,
    /// The validation of the software that the run rests on; `None`: there is none.
    pub validated: Option<Validated>,
    /// What was added to the record after the run.
    pub addenda: Vec<Addendum>,
    /// What was measured of the environment during the run.
    pub conditions: Vec<Condition>,
}

/// The act of issuing.
#[derive(Clone, Debug, PartialEq)]
pub struct Issue {
    /// Unique number of the report.
    pub number: String,
    /// When, UTC, `2026-11-22T02:26:54Z`.
    pub utc: String,
    /// Who wrote it.
    pub prepared: String,
    /// Who checked it.
    pub reviewed: String,
    /// Who authorised its release.
    pub approved: String,
    /// The report that it replaces.
    pub amends: Option<Amended>,
}

/// An issued report that another one replaces.
#[derive(Clone, Debug, PartialEq)]
pub struct Amended {
    /// Why.
    pub reason: String,
    /// SHA-256 of its signed statement.
    pub statement_sha256: String,
    /// Its `report.json`.
    pub report: serde_json::Value,
}

/// What a laboratory says of itself: a file of its own, `laboratory.yaml`.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Laboratory {
    /// Marks that it may use, with their numbers.
    pub marks: Vec<LaboratoryMark>,
    /// Who may give opinions and interpretations.
    pub may_give_opinions: Vec<String>,
    /// Who may approve; empty: whoever the command names.
    pub may_approve: Vec<String>,
    /// Whether one person may have two of the three roles.
    pub same_person: bool,
    /// Why something that ISO/IEC 17025:2017 asks for is left out, by clause: `7.8.2.1 e`.
    pub left_out: BTreeMap<String, Text>,
    /// What the labels of instruments say, by device of the bench; what a device says of itself
    /// stands first.
    pub instruments: BTreeMap<String, Label>,
    /// Opinions on this report.
    pub opinions: Vec<LaboratoryOpinion>,
    /// Results of this report that somebody else provided.
    pub external: Vec<ExternalResult>,
}

/// What the label of an instrument says.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Label {
    /// Maker.
    pub maker: Option<String>,
    /// Model.
    pub model: Option<String>,
    /// Serial number.
    pub serial: Option<String>,
    /// Firmware version, or `none` for an instrument without any.
    pub firmware: Option<String>,
}

/// A mark with its number.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LaboratoryMark {
    /// `CNAS`, `CMA`.
    pub mark: String,
    /// Its number.
    pub number: String,
    /// For what it holds.
    pub scope: Option<String>,
}

/// An opinion or interpretation (7.8.7).
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LaboratoryOpinion {
    /// What is thought.
    pub text: Text,
    /// On what ground.
    pub basis: Text,
    /// By whom.
    pub by: String,
}

/// A result from an external provider (7.8.2.1 p).
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExternalResult {
    /// Which.
    pub what: Text,
    /// From whom.
    pub provider: String,
}

/// What is known of the validation of the software on the computer that ran the test.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Validated {
    /// Name of the validation.
    pub id: String,
    /// When, UTC.
    pub utc: String,
    /// Who validated.
    pub by: String,
    /// Version of certbench.
    pub certbench: String,
    /// The computer.
    pub host: String,
    /// SHA-256 of its signed statement.
    pub statement_sha256: String,
    /// Whether everything held and its signature does.
    pub held: bool,
    /// In what the run was made with another configuration: what, as validated, as it was.
    pub differs: Vec<[String; 3]>,
}
