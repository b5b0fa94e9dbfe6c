//! A certification scheme's rule, as far as test results bear on it: which suites at which limits
//! support which level (ISO/IEC 17067:2013 names the types of schemes; review, decision and
//! attestation are other people's acts).

use crate::plan::Basis;
use crate::{FileDigest, Quantity, Text};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// A scheme.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Scheme {
    /// Id, for example `arm-levels`.
    pub id: String,
    /// Version of the scheme file.
    pub version: String,
    /// `example`, `draft`, `trial`, `published`, `withdrawn`.
    pub status: String,
    /// Title.
    pub title: Text,
    /// Type after ISO/IEC 17067:2013: `1a`, `1b`, `2` to `6`.
    pub kind: String,
    /// Standards that it refers to.
    pub basis: Vec<Basis>,
    /// How samples are chosen, and how many.
    pub sample: SampleRule,
    /// Oldest run that counts, days before the day of assessment; `None`: any.
    pub run_age_days: Option<u32>,
    /// How long an attestation would hold, months; `None`: the scheme does not say.
    pub validity_months: Option<u32>,
    /// Surveillance, for types that have it.
    pub surveillance: Option<Surveillance>,
    /// Whether a conditional pass counts as met.
    pub conditional_pass_counts: bool,
    /// Whether runs with a device that is not physical count: for exercises only.
    pub simulated_counts: bool,
    /// From the lowest to the highest; each asks for all below it too.
    pub levels: Vec<Level>,
    /// The file that it was read from.
    pub file: FileDigest,
}

/// How many samples, and who chooses them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SampleRule {
    /// Items with different serial numbers that must meet every requirement.
    pub items: u32,
    /// Who chooses them, and how.
    pub chosen: Text,
}

/// What follows after an attestation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Surveillance {
    /// How often, months.
    pub every_months: u32,
    /// What is done.
    pub what: Text,
}

/// A level.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Level {
    /// Id.
    pub id: String,
    /// Title.
    pub title: Text,
    /// All of them must be met.
    pub requires: Vec<Requirement>,
}

/// A suite that must have been run, with what it must have found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Requirement {
    /// Suite id.
    pub suite: String,
    /// Lowest version of it that counts.
    pub from: Version,
    /// First version that counts no longer; `None`: all later ones count.
    pub below: Option<Version>,
    /// Results that must be met; empty: the run as a whole must have passed.
    pub results: Vec<Needed>,
    /// Items that must meet it, where that is another number than the scheme's.
    pub items: Option<u32>,
}

/// A result that must be met.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Needed {
    /// `case/measure`: every row of it.
    pub result: String,
    /// Lower limit of the scheme.
    pub at_least: Option<Quantity>,
    /// Upper limit of the scheme; with neither, the suite's own limit holds.
    pub at_most: Option<Quantity>,
}

/// A version of a suite: `1.2.0`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Version([u32; 3]);

/// The text is no version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotAVersion(pub String);

impl fmt::Display for NotAVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = &self.0;
        write!(
            f,
            "`{text}` is no version; write three numbers, for example `1.2.0`"
        )
    }
}

impl std::error::Error for NotAVersion {}

impl FromStr for Version {
    type Err = NotAVersion;

    fn from_str(text: &str) -> Result<Version, NotAVersion> {
        let numbers: Option<Vec<u32>> = text.split('.').map(|part| part.parse().ok()).collect();
        let three = numbers.and_then(|n| <[u32; 3]>::try_from(n).ok());
        three
            .map(Version)
            .ok_or_else(|| NotAVersion(text.to_string()))
    }
}

impl TryFrom<String> for Version {
    type Error = NotAVersion;

    fn try_from(text: String) -> Result<Version, NotAVersion> {
        text.parse()
    }
}

impl From<Version> for String {
    fn from(version: Version) -> String {
        version.to_string()
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [major, minor, patch] = self.0;
        write!(f, "{major}.{minor}.{patch}")
    }
}

impl Requirement {
    /// Whether a version of the suite counts.
    pub fn counts(&self, version: &str) -> bool {
        let inside = |v: Version| v >= self.from && self.below.is_none_or(|below| v < below);
        version.parse().is_ok_and(inside)
    }

    /// `repeatability 0.1.0 up to, not with, 1.0.0`.
    pub fn named(&self) -> String {
        match self.below {
            Some(below) => format!("{} {} … < {below}", self.suite, self.from),
            None => format!("{} ≥ {}", self.suite, self.from),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_three_numbers_in_their_order() {
        let v = |text: &str| text.parse::<Version>().unwrap();
        assert!(v("0.9.10") > v("0.9.9") && v("1.0.0") > v("0.99.99"));
        assert_eq!(v("1.2.3").to_string(), "1.2.3");
        for wrong in ["1.2", "1.2.3.4", "1.x.0", "", "1.2.-1", "1.2.3-rc"] {
            assert!(wrong.parse::<Version>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_range_has_its_beginning_and_not_its_end() {
        let requirement = Requirement {
            suite: "s".into(),
            from: "1.0.0".parse().unwrap(),
            below: Some("2.0.0".parse().unwrap()),
            results: Vec::new(),
            items: None,
        };
        assert!(requirement.counts("1.0.0") && requirement.counts("1.9.9"));
        assert!(!requirement.counts("2.0.0") && !requirement.counts("0.9.9"));
        assert!(
            !requirement.counts("one"),
            "what cannot be read does not count"
        );
    }
}
