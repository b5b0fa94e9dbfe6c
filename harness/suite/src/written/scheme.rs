//! A scheme file as it is written.

use super::shared::Bilingual;
use super::suite::Basis;
use crate::yaml::{At, Scalar};
use schemars::JsonSchema;
use serde::Deserialize;

/// A scheme: which suites at which limits support which level. Certificates are another body's act.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Scheme {
    /// Version of this language: 1.
    pub(crate) certbench: At<Scalar>,
    /// Its name.
    pub(crate) scheme: At<String>,
    /// Version of this file: `1.2.0`.
    pub(crate) version: At<String>,
    /// How far it is.
    pub(crate) status: At<Status>,
    /// What it is called.
    pub(crate) title: At<Bilingual>,
    /// Type after ISO/IEC 17067:2013: `1a`, `1b`, `2` to `6`.
    #[serde(rename = "type")]
    pub(crate) kind: At<Scalar>,
    /// What it refers to, with the edition.
    pub(crate) basis: Option<At<Vec<At<Basis>>>>,
    /// How many items, and who chooses them.
    pub(crate) sample: At<SampleRule>,
    /// The oldest run that counts, in days before the assessment.
    pub(crate) run_age_days: Option<At<Scalar>>,
    /// How long an attestation would hold, in months.
    pub(crate) validity_months: Option<At<Scalar>>,
    /// What follows after an attestation; types 1a and 1b have none.
    pub(crate) surveillance: Option<At<Surveillance>>,
    /// Whether a conditional pass counts as met; it does not, unless this says `met`.
    pub(crate) conditional_pass: Option<At<Counts>>,
    /// Whether a simulated run counts as met; it does not, unless this says `met` (an exercise).
    pub(crate) simulated: Option<At<Counts>>,
    /// From the lowest to the highest; each asks for all below it too.
    pub(crate) levels: At<Vec<At<Level>>>,
}

/// How far a scheme is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Status {
    /// Invented, to show the form.
    Example,
    Draft,
    Trial,
    Published,
    Withdrawn,
}

/// Whether something counts as met.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Counts {
    Met,
    NotMet,
}

/// Items under test.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SampleRule {
    /// Items with different serial numbers that must meet every requirement.
    pub(crate) items: At<Scalar>,
    /// Who chooses them, and how.
    pub(crate) chosen: At<Bilingual>,
}

/// After an attestation.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Surveillance {
    /// How often, in months.
    pub(crate) every_months: At<Scalar>,
    /// What is done.
    pub(crate) what: At<Bilingual>,
}

/// A level.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Level {
    /// Unique in the scheme.
    pub(crate) id: At<String>,
    /// What it is called.
    pub(crate) title: At<Bilingual>,
    /// All of these must be met.
    pub(crate) requires: At<Vec<At<Requirement>>>,
}

/// A suite that must have been run.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Requirement {
    /// Its id.
    pub(crate) suite: At<String>,
    /// Lowest version that counts: `1.0.0`.
    pub(crate) from: At<String>,
    /// First version that counts no longer.
    pub(crate) below: Option<At<String>>,
    /// Results that must be met; without them the run as a whole must have passed.
    pub(crate) results: Option<At<Vec<At<Needed>>>>,
    /// Items that must meet it, where that is another number than the scheme's.
    pub(crate) items: Option<At<Scalar>>,
}

/// A result that must be met, at the scheme's own limit or, without one, at the suite's.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Needed {
    /// `case/measure`: every row of it.
    pub(crate) result: At<String>,
    /// Lower limit.
    pub(crate) at_least: Option<At<Scalar>>,
    /// Upper limit.
    pub(crate) at_most: Option<At<Scalar>>,
}
