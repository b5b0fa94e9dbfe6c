//! A recorded run as the judge sees it.

use crate::{Addendum, Date, Event, Plan, RunEnd, Sample};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// All of a run but its samples.
#[derive(Clone, Debug, PartialEq)]
pub struct Facts {
    /// Identifier of the run.
    pub run: String,
    /// The plan, as it was frozen.
    pub plan: Plan,
    /// SHA-256 of the plan as recorded; `intact` says whether it still fits the plan.
    pub plan_sha256: String,
    /// Start, UTC.
    pub utc: String,
    /// Day of the run: the "today" of every certificate.
    pub day: Date,
    /// Every event in order, with its line number in the record.
    pub events: Vec<Line>,
    /// How it ended; `None`: interrupted.
    pub end: Option<RunEnd>,
    /// What is not intact: broken chain, hash that does not fit, unreadable tail. Empty when all is.
    pub damage: Vec<Damage>,
}

/// An event with its place in the record.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// Sequence number (line of `run.jsonl`, from 1).
    pub seq: u64,
    /// The event.
    pub event: Event,
}

/// Something in a record that is not as it was written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Damage {
    /// File and place: `run.jsonl line 17`, `telemetry.mcap byte 4096`.
    pub place: String,
    /// What does not hold.
    pub what: String,
}

/// A sample, or the damage found in its place.
pub type SampleResult = Result<Sample, Damage>;

/// A recorded run. The judge folds over it: one trial may be in memory, never a run.
pub trait Recorded {
    /// All but the samples.
    fn facts(&self) -> &Facts;

    /// What was added after the run, in order. Nothing, unless the record says otherwise.
    fn addenda(&self) -> &[Addendum] {
        &[]
    }

    /// Samples of one channel (index into the plan's channels) with `from_ns <= time < to_ns`, in
    /// order of time. Damage is given in its place.
    fn samples(
        &self,
        channel: u16,
        from_ns: u64,
        to_ns: u64,
    ) -> Box<dyn Iterator<Item = SampleResult> + '_>;
}
