//! The plan: all that a run will do and all that decides its verdict, from files only, frozen
//! under a hash before the first movement.

use crate::cube::{Cube, UpperEdge};
use crate::identity::{FileDigest, Provenance, sha256_hex};
use crate::job::Party;
use crate::measure::SetBy;
use crate::step::SetOutput;
use crate::{Channel, Derived, Job, Measure, ParamValue, Quantity, Step, Text};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The port of a device that is not connected: its data are imported from a file after the run.
pub const IMPORT: &str = "import";

/// Version of the plan's format.
pub const PLAN_FORMAT: u32 = 1;

/// A resolved plan.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// [`PLAN_FORMAT`].
    pub format: u32,
    /// The suite.
    pub suite: SuiteFacts,
    /// The order, if there is one.
    pub job: Option<Job>,
    /// The bench as far as this plan uses it.
    pub bench: Bench,
    /// All parameters with the values in force.
    pub parameters: Vec<Parameter>,
    /// All channels; a [`crate::Sample`]'s channel is an index into this list.
    pub channels: Vec<Channel>,
    /// Held from arming to disarming.
    pub watches: Vec<Watch>,
    /// Tables that repeats go over: table name to rows.
    pub tables: BTreeMap<String, Vec<Row>>,
    /// Versions of those tables that state one.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub table_versions: BTreeMap<String, String>,
    /// Cases in the order of performance.
    pub cases: Vec<Case>,
    /// Performed at a normal end of the run: lower, release, park.
    pub finally: Vec<Step>,
    /// Results that are computed from other results.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub derived: Vec<Derived>,
    /// What will not be tested or not be judged, known before the start, with the reason.
    pub restrictions: Vec<Restriction>,
}

/// What identifies the suite.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SuiteFacts {
    /// Identifier, for example `hand-slip-resistance`.
    pub id: String,
    /// Version, for example `0.1.0`.
    pub version: String,
    /// `draft`, `trial`, `published` or `withdrawn`.
    pub status: String,
    /// Title.
    pub title: Text,
    /// `interface`, `evaluation`, `scenario`, `safety` or `ethics`.
    pub area: String,
    /// What it is modelled on.
    pub basis: Vec<Basis>,
    /// The suite's own files (suite, tables), with digests.
    pub files: Vec<FileDigest>,
}

/// A standard that a suite refers to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Basis {
    /// Number, for example `ISO 9283`; a planned one has its project number.
    pub standard: String,
    /// Edition year, or the stage and date of a planned standard.
    pub edition: String,
    /// Clause or part.
    pub part: Option<String>,
    /// `follows`, `modelled-on`, `terms-only` or `planned`.
    pub relation: String,
    /// What the suite adds, changes or leaves out.
    pub note: Option<Text>,
}

/// The test cube of ISO 9283:1998, 6.8, where a bench has it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TestCube {
    /// The robot in whose space it lies.
    pub device: String,
    /// The frame that its edges are parallel to.
    pub frame: String,
    /// Centre and edge.
    pub cube: Cube,
    /// The diagonal plane of the poses.
    pub plane: UpperEdge,
}

/// The bench as far as a plan uses it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Bench {
    /// Identifier.
    pub id: String,
    /// The laboratory.
    pub laboratory: Party,
    /// Where the bench stands.
    pub location: Option<String>,
    /// Digest of the bench file.
    pub file: FileDigest,
    /// All devices: items under test and instruments alike.
    pub devices: Vec<DevicePlan>,
    /// Named poses.
    pub poses: BTreeMap<String, Pose>,
    /// The test cube that commanded positions were made from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cube: Option<TestCube>,
    /// Named postures of hands.
    pub presets: BTreeMap<String, Preset>,
    /// Named outputs.
    pub outputs: BTreeMap<String, Output>,
    /// How robots with programs of their own are asked, by device.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub programs: BTreeMap<String, Programs>,
    /// Environment as declared: temperature, humidity, supply.
    pub environment: BTreeMap<String, Quantity>,
    /// True parameters and faults of a simulated bench, as written there (JSON).
    pub simulation: Option<serde_json::Value>,
}

/// One device of the bench.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DevicePlan {
    /// Name on the bench, for example `hand`.
    pub id: String,
    /// What it is, for example `hand`, `arm`, `force-gauge`, `tracker`, `io`.
    pub kind: String,
    /// Driver in the catalogue, for example `inspire-rh56`.
    pub driver: String,
    /// Port as declared: `/dev/ttyUSB0`, `can0`, `slcan:/dev/ttyACM0`, or `simulated`.
    pub port: String,
    /// Options of driver and link (`baud`, `id`, `nodes` …), checked against the vocabulary.
    pub options: BTreeMap<String, serde_json::Value>,
    /// Declared provenance.
    pub provenance: Provenance,
    /// Whether it is an item under test.
    pub under_test: bool,
    /// Where a halt takes it, what its watchdog does. `None` for a device that cannot move.
    pub safety: Option<Safety>,
    /// Limits that no command may pass.
    pub limits: Limits,
}

/// A file that a device's option names, frozen into the plan: what is decoded by it can be decoded again
/// from the record alone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileText {
    /// Path as the bench names it.
    pub path: String,
    /// SHA-256 of the file's bytes, in hexadecimal.
    pub sha256: String,
    /// Its text; bytes that are not UTF-8 are read as Latin-1.
    pub text: String,
}

/// How a moving device is made safe.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Safety {
    /// Where `halt` takes it.
    pub safe_state: SafeState,
    /// What its own watchdog really does when the harness falls silent.
    pub watchdog: Watchdog,
    /// What catches load or joints when torque goes off: `brakes`, `support` …
    pub held_by: Option<String>,
    /// The next stop path when a halt is refused or late.
    pub next: Option<SetOutput>,
}

/// A safe state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SafeState {
    /// Stay where it is, with torque.
    Hold,
    /// Decelerate along the path, then stand still with brakes or torque.
    DecelerateAndHold,
    /// Torque off; needs `held_by` under gravity.
    TorqueOff,
    /// Open.
    Open,
}

/// What a device does when its host falls silent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Watchdog {
    /// Nothing: it goes on with the last command.
    None,
    /// It stops by itself.
    Stops {
        /// After this long, seconds.
        after_s: f64,
    },
    /// It only leaves a mode or reports.
    Reports {
        /// After this long, seconds.
        after_s: f64,
    },
}

/// Limits of bench and nameplate.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Limits {
    /// Joint name to limits, in the order of the device's joints.
    pub joints: Vec<JointLimit>,
    /// Most force per finger, N.
    pub force_n_max: Option<f64>,
    /// Most load, kg.
    pub load_kg_max: Option<f64>,
    /// Most torque of a driven device, N.m.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub torque_nm_max: Option<f64>,
    /// Most speed of a driven device, deg/s.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deg_per_s_max: Option<f64>,
}

/// Limits of one joint.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct JointLimit {
    /// Joint name, for example `j1` or `thumb-bend`.
    pub joint: String,
    /// Least angle, degrees.
    pub deg_min: f64,
    /// Most angle, degrees.
    pub deg_max: f64,
    /// Most speed, degrees per second; 100 % of this bench.
    pub deg_per_s_max: f64,
}

/// A named pose: joint angles, and where the tool centre point is then commanded to be.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Pose {
    /// Device.
    pub device: String,
    /// Joint angles, degrees, in the order of the device's joints.
    pub joints_deg: Vec<f64>,
    /// Commanded x, y, z (mm) and a, b, c (degrees) in `frame`, if known: certbench does no
    /// kinematics.
    pub tcp: Option<[f64; 6]>,
    /// Frame of `tcp`.
    pub frame: Option<String>,
}

/// A named posture of a hand.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Preset {
    /// Device.
    pub device: String,
    /// Finger or joint name to closing, percent (0 open, 100 closed); those not named stay.
    pub closing: BTreeMap<String, f64>,
}

/// A named output of an I/O device.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Output {
    /// I/O device.
    pub device: String,
    /// Channel number on the device, from 0.
    pub number: u16,
    /// State name to level.
    pub states: BTreeMap<String, bool>,
    /// State name to value, when it is a register and not a contact.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub values: BTreeMap<String, u16>,
    /// State that `halt` sets, if the output moves or holds something.
    pub safe: Option<String>,
    /// Whether setting it can move something (needs arming).
    pub moves: bool,
}

impl Output {
    /// Names of its states.
    pub fn state_names(&self) -> impl Iterator<Item = &String> {
        self.states.keys().chain(self.values.keys())
    }
}

/// How a robot with programs of its own is asked: certbench commands no motion of it, and can stop it
/// only by what its device's `safety.next` names.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Programs {
    /// Program to how it is selected.
    pub select: BTreeMap<String, Vec<Actuation>>,
    /// What undoes a stop, before anything is started.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ready: Vec<Actuation>,
    /// What starts the selected program.
    pub start: Vec<Actuation>,
    /// What aborts it.
    pub abort: Vec<Actuation>,
    /// The contact that says that it is under way; without it nobody but the operator knows.
    pub busy: Option<Contact>,
    /// What says that it is at its end; without it, that it is not under way any more.
    pub done: Option<Contact>,
    /// What the operator is asked to wait for, where no contact says it.
    pub watched_by: Option<Text>,
}

impl Programs {
    /// Everything that may be done to the robot.
    pub fn actuations(&self) -> impl Iterator<Item = &Actuation> {
        let select = self.select.values().flatten();
        let rest = [&self.ready, &self.start, &self.abort];
        select.chain(rest.into_iter().flatten())
    }

    /// Every output that is set.
    pub fn outputs(&self) -> impl Iterator<Item = &SetOutput> {
        self.actuations().filter_map(|a| match a {
            Actuation::Set { set, .. } => Some(set),
            Actuation::Pendant(_) => None,
        })
    }
}

/// One thing that is done to a robot with programs of its own.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Actuation {
    /// An output is set; for a pulse, it is set back after a time.
    Set {
        /// Output and state.
        set: SetOutput,
        /// State after the pulse, and its length in seconds.
        back: Option<(String, f64)>,
    },
    /// The operator does it at the robot's pendant, outside of its reach.
    Pendant(Text),
}

/// A state of a contact.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contact {
    /// Channel id.
    pub channel: String,
    /// Whether on or off means yes.
    pub on: bool,
}

/// A parameter with the value in force.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Parameter {
    /// Name.
    pub id: String,
    /// Title.
    pub title: Text,
    /// Value in force.
    pub value: ParamValue,
    /// Who may set it.
    pub set_by: SetBy,
    /// Whether it differs from the suite's default, and the default.
    pub default: ParamValue,
    /// Where the value comes from.
    pub origin: Option<Text>,
}

/// Held from arming to disarming, prompts included.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Watch {
    /// Channel id.
    pub channel: String,
    /// Component; empty for every component.
    pub component: String,
    /// Least, in the channel's unit.
    pub at_least: Option<f64>,
    /// Most, in the channel's unit.
    pub at_most: Option<f64>,
    /// A value older than this trips it, seconds.
    pub max_age_s: f64,
}

/// A row of a table: an object, a pose, a load.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// Identifier, unique in the table.
    pub id: String,
    /// Title.
    pub title: Text,
    /// Further columns.
    pub columns: BTreeMap<String, ParamValue>,
}

/// One case.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Case {
    /// Unique in the suite.
    pub id: String,
    /// Title.
    pub title: Text,
    /// Performed first: what brings item and bench into the state that the test presupposes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub setup: Vec<Step>,
    /// Steps.
    pub steps: Vec<Step>,
    /// Performed at a normal end of the case.
    pub finally: Vec<Step>,
    /// Results.
    pub measures: Vec<Measure>,
    /// What trouble that the item itself reports means.
    pub on_device_event: OnDeviceEvent,
    /// Set when a count is below what the suite demands for a verdict.
    pub shortened: Option<Shortened>,
    /// Upper bound of its duration, seconds.
    pub seconds_max: f64,
    /// Upper bound of the steps performed.
    pub steps_max: u64,
}

/// What a device event means for the verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OnDeviceEvent {
    /// The item failed (the default).
    Fail,
    /// Not tested.
    NotTested,
}

/// n of N: no verdict.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shortened {
    /// The parameter that was lowered.
    pub parameter: String,
    /// What is done.
    pub n: u64,
    /// What a verdict needs.
    pub of: u64,
}

/// Something that this plan will not test or not judge.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Restriction {
    /// Case, or empty for the whole run.
    pub case: String,
    /// Measure, or empty for the whole case.
    pub measure: String,
    /// Short code: `calibration-due`, `no-registration`, `shortened`, …
    pub code: String,
    /// In words.
    pub text: Text,
}

impl DevicePlan {
    /// Whether its data are imported after the run: nothing is opened, and nothing can wait for it.
    pub fn imported(&self) -> bool {
        self.port == IMPORT
    }
}

impl Plan {
    /// Whether a channel's data are imported after the run.
    pub fn imported(&self, channel: &Channel) -> bool {
        self.device(&channel.device)
            .is_some_and(DevicePlan::imported)
    }

    /// SHA-256 of the plan's JSON: what freezes it.
    pub fn digest(&self) -> String {
        sha256_hex(serde_json::to_string(self).unwrap_or_default().as_bytes())
    }

    /// Index and declaration of a channel.
    pub fn channel(&self, id: &str) -> Option<(u16, &Channel)> {
        let index = self.channels.iter().position(|c| c.id == id)?;
        Some((index as u16, self.channels.get(index)?))
    }

    /// A device by name.
    pub fn device(&self, id: &str) -> Option<&DevicePlan> {
        self.bench.devices.iter().find(|d| d.id == id)
    }

    /// A row of a table.
    pub fn row(&self, table: &str, id: &str) -> Option<&Row> {
        self.tables.get(table)?.iter().find(|r| r.id == id)
    }

    /// Whether any device is not physical: every page says so.
    pub fn simulated(&self) -> bool {
        self.bench
            .devices
            .iter()
            .any(|d| d.provenance != Provenance::Physical)
    }
}
