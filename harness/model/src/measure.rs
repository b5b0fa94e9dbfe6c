//! What is computed from a case, against which limit, by which rule.

use crate::{Quantity, Text};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A parameter's value, resolved.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ParamValue {
    /// A value with a unit.
    Quantity(Quantity),
    /// A count.
    Count(u64),
    /// A name or option.
    Text(String),
    /// Yes or no.
    Flag(bool),
}

impl ParamValue {
    /// The quantity, if it is one.
    pub fn quantity(&self) -> Option<Quantity> {
        match self {
            ParamValue::Quantity(q) => Some(*q),
            _ => None,
        }
    }

    /// The count, if it is one.
    pub fn count(&self) -> Option<u64> {
        match self {
            ParamValue::Count(n) => Some(*n),
            _ => None,
        }
    }

    /// The text, if it is one.
    pub fn text(&self) -> Option<&str> {
        match self {
            ParamValue::Text(t) => Some(t),
            _ => None,
        }
    }
}

/// One result that a case owes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Measure {
    /// Unique within the case.
    pub id: String,
    /// What it is called in the report.
    pub title: Text,
    /// The metric's id in the vocabulary, for example `iso9283-pose-repeatability`.
    pub metric: String,
    /// Input name of the metric to the id of the window or trial that it is computed over; most
    /// metrics have one, `over`.
    pub over: BTreeMap<String, String>,
    /// Input name of the metric to channel id.
    pub channels: BTreeMap<String, String>,
    /// Parameters of the metric.
    pub params: BTreeMap<String, ParamValue>,
    /// The repeat variable whose rows are judged apart (a pose, an object), if any: one finding a
    /// row, never pooled.
    pub per: Option<String>,
    /// How many instances (windows or trials) each judged row must have for a verdict: from the
    /// plan's own repeats.
    pub n_planned: u32,
    /// The most instances that it may have, when that is more: a repeat may end before its last
    /// pass.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub n_most: Option<u32>,
    /// The limit, or `None` when the value is only reported.
    pub accept: Option<Accept>,
    /// The rule of the decision.
    pub rule: DecisionRule,
}

/// A limit and what is held against it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Accept {
    /// The estimate, or the confidence bound on the safe side.
    pub compare: Compare,
    /// Lower limit.
    pub at_least: Option<Quantity>,
    /// Upper limit.
    pub at_most: Option<Quantity>,
    /// Who set the limit.
    pub set_by: SetBy,
    /// Where it comes from: a clause, a data sheet, "this suite's own".
    pub origin: Option<Text>,
}

/// What is compared with the limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Compare {
    /// The estimate itself; the decision rule's guard band covers its uncertainty.
    Estimate,
    /// The one-sided confidence bound; a guard adds only what the bound lacks.
    Bound,
}

/// Who sets a parameter or limit.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum SetBy {
    /// The suite's authors; nobody may change it.
    Suite,
    /// The customer, in the job.
    Customer,
    /// The laboratory, on the bench.
    Laboratory,
}

/// Decision rule (ILAC-G8:09/2019, clause 4.2). `w = r * U`, U expanded with k = 2 or t.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DecisionRule {
    /// 4.2.1: pass inside the limit, w = 0.
    Simple,
    /// 4.2.2, binary with guard band: pass inside limit minus w, fail otherwise.
    Guarded {
        /// Multiple of U.
        r: f64,
    },
    /// 4.2.3, non-binary with guard band: pass, conditional pass, conditional fail, fail.
    FourValued {
        /// Multiple of U.
        r: f64,
    },
}
