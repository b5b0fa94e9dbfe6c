//! Results that are computed from other results when these are finished.

use crate::expr::Expr;
use crate::{Accept, DecisionRule, Text, Unit};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// One derived result. A plan has them in an order in which each comes after what it is made of.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Derived {
    /// Unique among the results of its case, or of the suite.
    pub id: String,
    /// The case that it belongs to; empty for the suite as a whole.
    pub case: String,
    /// What it is called in the report.
    pub title: Text,
    /// The formula; a quantity.
    pub value: Expr,
    /// Every name of the formula: which result it is.
    pub inputs: BTreeMap<String, Input>,
    /// Unit of the result.
    pub unit: Unit,
    /// The limit, or `None` when the value is only reported. The estimate is compared.
    pub accept: Option<Accept>,
    /// The rule of the decision.
    pub rule: DecisionRule,
}

/// A result that a derived one is made of.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Input {
    /// Case; empty for a derived result of the suite.
    pub case: String,
    /// Measure, or derived result.
    pub measure: String,
    /// Row, of a measure whose rows are judged apart.
    pub row: Option<String>,
}
