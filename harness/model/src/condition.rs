//! What was measured of the environment at the bench during a run.

use crate::{Figure, Unit};

/// One condition over a run: temperature, humidity, supply.
#[derive(Clone, Debug, PartialEq)]
pub struct Condition {
    /// The channel that measured it, or the prompt that asked for it.
    pub channel: String,
    /// Unit of the values.
    pub unit: Unit,
    /// Number of valid readings.
    pub n: u64,
    /// The least of them.
    pub least: f64,
    /// Their mean.
    pub mean: f64,
    /// The largest of them.
    pub most: f64,
    /// Time of the first, nanoseconds on the run's clock.
    pub from_ns: u64,
    /// Time of the last.
    pub to_ns: u64,
    /// Over time, seconds after the start.
    pub figure: Figure,
    /// Where persons read and entered it: every reading, in order; empty for a channel.
    pub entered: Vec<Entered>,
}

/// A reading that a person entered.
#[derive(Clone, Debug, PartialEq)]
pub struct Entered {
    /// When it was entered, nanoseconds on the run's clock.
    pub at_ns: u64,
    /// In the unit of the condition.
    pub value: f64,
    /// By whom.
    pub by: String,
    /// Line of `run.jsonl` of the answer.
    pub line: u64,
}
