//! What is added to a record after its run: beside it, sealed, never into it.

use crate::{Correction, FileDigest};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One addendum.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Addendum {
    /// Its number, from 1.
    pub number: u64,
    /// SHA-256 of the manifest of the record that it belongs to.
    pub record: String,
    /// When, UTC, `2026-11-22T02:26:54Z`.
    pub utc: String,
    /// By whom.
    pub by: String,
    /// Why.
    pub why: String,
    /// Files that came with it, `addenda/<number>-<name>`.
    pub files: Vec<FileDigest>,
    /// What it says.
    pub content: Content,
}

/// The kinds of addenda.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", tag = "addendum")]
pub enum Content {
    /// Data of an instrument that was not read live.
    Import(Import),
    /// Something put right.
    Correction(Correction),
    /// Trials judged again, blind, by a second person.
    Rejudgement(Rejudgement),
}

/// Data of an instrument that was not read live: the first of the addendum's files is what the
/// instrument exported. How it is read stands in the plan (options of the channel's device).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Import {
    /// Channel.
    pub channel: String,
    /// Rows of data in the file.
    pub rows: u64,
    /// Rows that became samples.
    pub matched: u64,
    /// Windows that no row belongs to, as `case window #instance`.
    pub missing: Vec<String>,
    /// Lines of the file that belong to no window that waits for one.
    pub extra: Vec<u64>,
    /// The addendum with an earlier import of this channel, which this one takes the place of.
    pub supersedes: Option<u64>,
}

/// Trials judged again from their photos by a person who did not know the first judgement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Rejudgement {
    /// Case.
    pub case: String,
    /// Trial id.
    pub trial: String,
    /// The prompt whose choices were asked again.
    pub question: String,
    /// In the order in which they were shown.
    pub judged: Vec<Rejudged>,
}

/// One trial judged again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Rejudged {
    /// Number of the trial in its case.
    pub number: u32,
    /// SHA-256 of the photo that was shown.
    pub photo: String,
    /// The choice.
    pub choice: String,
}
