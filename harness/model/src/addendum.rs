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
    /// A photo or video of the run: looked at by people, never judged by this program.
    Evidence(Evidence),
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
    /// What the times of its samples rest on; `None`: an earlier program did not say, and they are
    /// taken as the run's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub times: Option<Times>,
}

/// What the times of imported samples rest on, from least to most.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Times {
    /// Nothing: a row without a time of its own was somewhere in its window.
    Nothing,
    /// The file's own clock, since the first row of each window.
    Window,
    /// The file's own clock, held against the run's by sync marks.
    Run,
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

/// A photo or video of the run: the first of the addendum's files. Nothing here looks into it; when it
/// begins and how long it lasts is what the laboratory says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Evidence {
    /// Where the file begins on the run's clock, ns; negative: before that clock did. Of a photo, when it
    /// was taken.
    pub begins_ns: i64,
    /// How long it lasts, ns; `None`: a photo.
    pub lasts_ns: Option<u64>,
    /// The most by which `begins_ns` may be wrong, ns.
    pub uncertainty_ns: u64,
    /// How `begins_ns` is known.
    pub alignment: Alignment,
}

/// How the time of a file and the time of the run are brought together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Alignment {
    /// Events of the run that are seen in the file.
    Seen(Vec<Seen>),
    /// By the camera's clock: the instant at which the file begins, UTC.
    Begins(String),
}

/// An event of the run that is seen in a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Seen {
    /// Line of `run.jsonl`.
    pub line: u64,
    /// How long after the beginning of the file, ns.
    pub at_ns: u64,
}
