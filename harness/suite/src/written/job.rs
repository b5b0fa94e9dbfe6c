//! A job file as it is written.

use super::shared::{Bilingual, Decision, Party};
use crate::yaml::{At, Entries, Scalar};
use schemars::JsonSchema;
use serde::Deserialize;

/// A job: one order of one customer.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Job {
    /// Version of this language: 1.
    pub(crate) certbench: At<Scalar>,
    /// Order number.
    pub(crate) job: At<String>,
    /// The customer.
    pub(crate) customer: At<Party>,
    /// Bench device to the item that it is.
    pub(crate) items: At<Entries<At<Item>>>,
    /// Values that the customer declares, for parameters that are `set_by: customer`.
    pub(crate) declared: Option<At<Entries<At<Scalar>>>>,
    /// The decision rule agreed in the order, if another than the suite's.
    pub(crate) rule: Option<At<Decision>>,
    /// Scope of the work.
    pub(crate) scope: Option<At<Bilingual>>,
}

/// One item under test.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Item {
    /// Maker.
    pub(crate) maker: At<String>,
    /// Model.
    pub(crate) model: At<String>,
    /// Serial number.
    pub(crate) serial: At<String>,
    /// Firmware version.
    pub(crate) firmware: Option<At<String>>,
    /// Day of receipt, `2026-11-22`.
    pub(crate) received: At<String>,
    /// Condition at receipt.
    pub(crate) condition: At<Bilingual>,
}
