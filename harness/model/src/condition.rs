//! What was measured of the environment at the bench during a run.

use crate::{Figure, Unit};

/// One condition over a run: temperature, humidity, supply.
#[derive(Clone, Debug, PartialEq)]
pub struct Condition {
    /// The channel that measured it.
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
}
