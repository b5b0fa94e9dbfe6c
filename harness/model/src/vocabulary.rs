//! What metrics and drivers exist, as data: the binary hands the union to the suite room.

use crate::measure::ParamValue;
use crate::{Text, Unit};
use serde::{Deserialize, Serialize};

/// Everything that a suite or bench can name.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Vocabulary {
    /// Metrics of the judge.
    pub metrics: Vec<MetricDescription>,
    /// Drivers of the device room.
    pub drivers: Vec<DriverDescription>,
}

/// One metric.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MetricDescription {
    /// Name in a suite, for example `iso9283-pose-repeatability`.
    pub id: String,
    /// What it is.
    pub title: Text,
    /// Formula in words with its source: standard and edition, or paper.
    pub formula: Text,
    /// What it is computed over: the names of its inputs (`over`, or several), and what each is.
    pub over: Vec<(String, OverKind)>,
    /// Channels.
    pub channels: Vec<ChannelInput>,
    /// Parameters.
    pub params: Vec<ParamDescription>,
    /// Unit of the result; `None`: that of the first channel's first component.
    pub unit: Option<Unit>,
    /// Whether a one-sided bound can be compared with a limit.
    pub has_bound: bool,
    /// Whether the commanded pose of the bench is needed (then `per` must be a pose variable).
    pub needs_pose: bool,
    /// Fewest instances for a value.
    pub n_min: u32,
}

impl MetricDescription {
    /// Whether the result is a share of trials, which lies between 0 and 100 %.
    #[must_use]
    pub fn is_share(&self) -> bool {
        let of_trials = self.over.iter().all(|(_, kind)| *kind == OverKind::Trial);
        self.unit == Some(Unit::one()) && self.has_bound && of_trials
    }
}

/// What a metric is computed over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OverKind {
    /// A window.
    Window,
    /// A trial.
    Trial,
    /// A trial with a sampling plan, which decides: a case with a measure over one can fail.
    Plan,
    /// A repeat or schedule, by its variable: its number of passes, and whether it ended early.
    Repeat,
    /// The answers to a prompt.
    Prompt,
    /// The choices that a prompt was answered with (`choose`).
    Choice,
    /// The files that a prompt was answered with (`attach`).
    Attachment,
}

/// A channel that a metric takes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ChannelInput {
    /// Input name: `channel`, `trigger`, `position`, `power`.
    pub name: String,
    /// What it must be.
    pub shape: Shape,
    /// Unit that its components must be compatible with (the first three of a pose).
    pub unit: Option<Unit>,
    /// Whether it may be left out.
    pub optional: bool,
}

/// The shape of a channel's samples.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Shape {
    /// One component.
    Scalar,
    /// x, y, z and perhaps a, b, c.
    Pose,
    /// A contact.
    Digital,
    /// Any.
    Any,
}

/// A parameter that a metric or driver takes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ParamDescription {
    /// Name.
    pub name: String,
    /// What it is.
    pub title: Text,
    /// Kind.
    pub kind: ParamKind,
    /// Value when it is left out; `None`: it must be given.
    pub default: Option<ParamValue>,
    /// Whether it may be left out without a default.
    pub optional: bool,
}

/// The kind of a parameter.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ParamKind {
    /// A quantity compatible with this unit.
    Quantity(Unit),
    /// A quantity compatible with the metric's first channel; of any unit, when it has none.
    OfChannel,
    /// A count.
    Count,
    /// One of these words.
    OneOf(Vec<String>),
    /// Any text.
    Text,
    /// Yes or no.
    Flag,
    /// A file in the bench's folder: in the plan it is the text itself with its digest, a
    /// [`crate::plan::FileText`].
    File,
    /// Signals that the bench declares: a mapping of names to `SOURCE in UNIT`, or `SOURCE in contact`
    /// for one that is on or off. What a source is, the driver knows; its options `interval` and `slowest` say the rest.
    Signals,
}

/// One driver.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DriverDescription {
    /// Name in a bench, for example `inspire-rh56`.
    pub id: String,
    /// Device family.
    pub title: Text,
    /// What a device of it is: `hand`, `arm`, `force-gauge`, `tracker`, `io`.
    pub kind: String,
    /// `serial`, `can`.
    pub links: Vec<String>,
    /// `identify`, `joints`, `grasp`, `sensor`, `output`, `halt`.
    pub roles: Vec<String>,
    /// Joint or finger names in order, when fixed by the family.
    pub joints: Vec<String>,
    /// Signals.
    pub signals: Vec<SignalDescription>,
    /// Options.
    pub options: Vec<ParamDescription>,
    /// Safe states that `halt` can reach: `hold`, `decelerate-and-hold`, `torque-off`, `open`.
    pub safe_states: Vec<String>,
    /// What its watchdog does, in words; "none" says so.
    pub watchdog: Text,
    /// What the driver was verified against.
    pub verified_against: Vec<String>,
    /// Whether it can move something.
    pub moves: bool,
}

/// One signal of a driver.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SignalDescription {
    /// Name, for example `force`.
    pub name: String,
    /// Components with units; empty when the bench's options define them.
    pub components: Vec<(String, Unit)>,
    /// Whether it is a contact.
    pub digital: bool,
    /// Nominal interval, seconds.
    pub interval_s: f64,
    /// Delay from event to time stamp that the driver itself adds, seconds: least and most.
    pub delay_s: [f64; 2],
}

impl Vocabulary {
    /// A metric by name.
    pub fn metric(&self, id: &str) -> Option<&MetricDescription> {
        self.metrics.iter().find(|m| m.id == id)
    }

    /// A driver by name.
    pub fn driver(&self, id: &str) -> Option<&DriverDescription> {
        self.drivers.iter().find(|d| d.id == id)
    }
}
