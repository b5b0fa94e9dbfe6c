//! The order: customer, items under test, what the customer declares, the agreed rule.

use crate::{Date, DecisionRule, Identity, Quantity, Text};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A job: one order of one customer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Job {
    /// Order number.
    pub order: String,
    /// Customer: name and contact (ISO/IEC 17025:2017, 7.8.2.1 e).
    pub customer: Party,
    /// Items under test, by the bench device that they are.
    pub items: Vec<Item>,
    /// Values of suite parameters that the customer declares (rated load, limits): printed as
    /// customer-supplied (7.8.2.2).
    pub declared: BTreeMap<String, Quantity>,
    /// Decision rule agreed at the time of the order (7.1.3), if another than the suite's.
    pub rule: Option<DecisionRule>,
    /// Scope of the work in words.
    pub scope: Option<Text>,
}

/// A name with an address or contact.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Party {
    /// Name.
    pub name: String,
    /// Postal address.
    pub address: Option<String>,
    /// How to reach it.
    pub contact: Option<String>,
}

/// One item under test.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Item {
    /// The bench device that this item is, for example `hand`.
    pub device: String,
    /// Declared maker, model, serial number and firmware; compared with what the device says.
    pub identity: Identity,
    /// Day of receipt.
    pub received: Date,
    /// Condition at receipt.
    pub condition: Text,
}
