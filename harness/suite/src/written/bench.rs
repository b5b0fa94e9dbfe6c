//! A bench file as it is written.

use super::shared::{Bilingual, Level, Party, SetOutput};
use crate::yaml::{At, Entries, Scalar};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

/// A bench: instruments, items, wiring, poses, safe states.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Bench {
    /// Version of this language: 1.
    pub(crate) certbench: At<Scalar>,
    /// Identifier.
    pub(crate) bench: At<String>,
    /// The laboratory.
    pub(crate) laboratory: At<Party>,
    /// Where the bench stands.
    pub(crate) location: Option<At<String>>,
    /// Conditions as declared: `temperature: 21.5 Cel`.
    pub(crate) environment: Option<At<Entries<At<Scalar>>>>,
    /// Items under test and instruments alike.
    pub(crate) devices: At<Entries<At<Device>>>,
    /// Channel name to the signal that it is.
    pub(crate) channels: Option<At<Entries<At<Wiring>>>>,
    /// The test cube of ISO 9283:1998, 6.8, whose poses then need no numbers of their own.
    pub(crate) cube: Option<At<Cube>>,
    /// Named poses.
    pub(crate) poses: Option<At<Entries<At<Pose>>>>,
    /// Named postures of hands.
    pub(crate) presets: Option<At<Entries<At<Preset>>>>,
    /// Named outputs.
    pub(crate) outputs: Option<At<Entries<At<Output>>>>,
    /// How robots with programs of their own are asked, by device.
    pub(crate) programs: Option<At<Entries<At<Programs>>>>,
    /// Suite to parameter to value, for parameters that are `set_by: laboratory`.
    pub(crate) parameters: Option<At<Entries<At<Values>>>>,
    /// True parameters, seed and faults of a simulated bench.
    pub(crate) simulation: Option<At<Value>>,
}

/// Named values.
pub(crate) type Values = Entries<At<Scalar>>;

/// One device.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Device {
    /// A driver; `certbench devices` lists them.
    pub(crate) driver: At<String>,
    /// `/dev/ttyUSB0`, `can0`, `slcan:/dev/ttyACM0`, or `simulated`.
    pub(crate) port: At<String>,
    /// What it is.
    pub(crate) provenance: At<ProvenanceWord>,
    /// Options of the driver and its link.
    pub(crate) options: Option<At<Entries<At<Value>>>>,
    /// Needed by every device that can move or switch.
    pub(crate) safety: Option<At<Safety>>,
    /// Limits that no command may pass.
    pub(crate) limits: Option<At<Limits>>,
    /// Signal to certificate.
    pub(crate) calibration: Option<At<Entries<At<Calibration>>>>,
    /// Pose signal to where the instrument's own frame lies.
    pub(crate) registration: Option<At<Entries<At<Registration>>>>,
}

/// Whether a device is a thing or a computation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum ProvenanceWord {
    Physical,
    Simulated,
    Replayed,
}

/// How a device is made safe.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Safety {
    /// Where a halt takes it.
    pub(crate) safe_state: At<SafeStateWord>,
    /// What it really does when its host falls silent: `none`, `{ stops: 200 ms }` or
    /// `{ reports: 200 ms }`.
    pub(crate) watchdog: At<WatchdogWord>,
    /// What catches load or joints when torque goes off.
    pub(crate) held_by: Option<At<String>>,
    /// The next stop path when a halt is refused or late.
    pub(crate) next: Option<At<SetOutput>>,
}

/// Safe states.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum SafeStateWord {
    Hold,
    DecelerateAndHold,
    TorqueOff,
    Open,
}

/// What a watchdog does.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum WatchdogWord {
    None,
    /// It stops by itself after this long.
    Stops(At<Scalar>),
    /// It only leaves a mode or reports.
    Reports(At<Scalar>),
}

/// Limits of bench and nameplate.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Limits {
    /// Joint to limits, in the order of the device's joints.
    pub(crate) joints: Option<At<Entries<At<JointLimit>>>>,
    /// Most force per finger.
    pub(crate) force_max: Option<At<Scalar>>,
    /// Most load.
    pub(crate) load_max: Option<At<Scalar>>,
    /// Most torque that it is driven to.
    pub(crate) torque_max: Option<At<Scalar>>,
    /// Most speed that it is driven to.
    pub(crate) speed_max: Option<At<Scalar>>,
}

/// Limits of one joint.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct JointLimit {
    /// Least and most angle.
    pub(crate) range: At<Vec<At<Scalar>>>,
    /// Most speed: 100 % of this bench.
    pub(crate) speed_max: At<Scalar>,
}

/// What a certificate says about one signal.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Calibration {
    /// Number of the certificate.
    pub(crate) certificate: At<String>,
    /// The body that issued it.
    pub(crate) body: At<String>,
    /// The certificate itself, a file beside the bench file.
    pub(crate) file: Option<At<String>>,
    /// Its SHA-256; compared with the file.
    pub(crate) sha256: Option<At<String>>,
    /// Day of the calibration.
    pub(crate) date: At<String>,
    /// Last day on which it may carry a verdict.
    pub(crate) due: At<String>,
    /// Uncertainty by stretch of the range; not for a contact.
    pub(crate) ranges: Option<At<Vec<At<Range>>>>,
    /// Standard deviation of a single reading.
    pub(crate) noise: Option<At<Scalar>>,
    /// Direction that it holds for; both when left out.
    pub(crate) direction: Option<At<String>>,
    /// Highest signal frequency that it holds for.
    pub(crate) bandwidth: Option<At<Scalar>>,
    /// Least and most delay of the instrument itself.
    pub(crate) delay: Option<At<Vec<At<Scalar>>>>,
    /// Uncertainty of the angles of a pose, whose positions the ranges are about.
    pub(crate) angles: Option<At<Angles>>,
    /// What the certificate does not say: the instrument as it is used on this bench.
    pub(crate) in_use: Option<At<InUse>>,
}

/// What a certificate says of the angles of a pose.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Angles {
    /// Expanded uncertainty of one angle.
    #[serde(rename = "U")]
    pub(crate) u: At<Scalar>,
    /// Its coverage factor.
    pub(crate) k: At<Scalar>,
    /// Standard deviation of a single angle.
    pub(crate) noise: Option<At<Scalar>>,
}

/// What the use of an instrument adds to its certificate; each part says where it is known `from`.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct InUse {
    /// The step of the indication.
    pub(crate) resolution: Option<At<Resolution>>,
    /// How the instrument stands to what it measures.
    pub(crate) alignment: Option<At<Alignment>>,
    /// How far from the temperature of its calibration it is used.
    pub(crate) temperature: Option<At<Warmth>>,
    /// Parts that the `U` of the certificate holds already, so that nothing is counted twice.
    pub(crate) in_certificate: Option<At<Vec<At<PartName>>>>,
}

/// A part of the use of an instrument.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum PartName {
    Resolution,
    Alignment,
    Temperature,
}

/// The smallest step that an instrument can show.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Resolution {
    /// The step.
    pub(crate) step: At<Scalar>,
    /// Where it is known from.
    pub(crate) from: At<String>,
}

/// Either a half-width or an angle.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Alignment {
    /// The error of a reading lies within plus or minus this.
    pub(crate) half_width: Option<At<Scalar>>,
    /// The axis of the instrument lies within this angle of what it measures: it reads the cosine.
    pub(crate) angle: Option<At<Scalar>>,
    /// Where it is known from.
    pub(crate) from: At<String>,
    /// Whether it is the same error at every reading of a run; so it is when left out.
    pub(crate) steady: Option<At<bool>>,
}

/// What a temperature other than that of the calibration does to a reading.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Warmth {
    /// Change of a reading for each kelvin, in its unit.
    pub(crate) per_kelvin: Option<At<Scalar>>,
    /// The same as a share of the reading, in percent.
    pub(crate) per_kelvin_relative: Option<At<Scalar>>,
    /// The temperature lies within plus or minus this of that of the calibration.
    pub(crate) within: At<Scalar>,
    /// Where it is known from.
    pub(crate) from: At<String>,
    /// Whether it is the same error at every reading of a run; not so when left out.
    pub(crate) steady: Option<At<bool>>,
}

/// A stretch of a range: U = `U` + `U_relative` of the reading.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Range {
    /// Lower end.
    pub(crate) from: At<Scalar>,
    /// Upper end.
    pub(crate) to: At<Scalar>,
    /// Expanded uncertainty.
    #[serde(rename = "U")]
    pub(crate) u: At<Scalar>,
    /// Part proportional to the reading, in percent.
    #[serde(rename = "U_relative")]
    pub(crate) u_relative: Option<At<Scalar>>,
    /// Coverage factor of both.
    pub(crate) k: At<Scalar>,
}

/// Where a tracker's own frame lies: p_frame = R p_tracker + t.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Registration {
    /// The frame that poses are then expressed in.
    pub(crate) frame: At<String>,
    /// How it was found.
    pub(crate) method: At<String>,
    /// Translation x, y, z.
    pub(crate) translation: At<Vec<At<Scalar>>>,
    /// Rotations about fixed x, then y, then z.
    pub(crate) rotation: At<Vec<At<Scalar>>>,
    /// Expanded uncertainty (k = 2) of a position so transformed.
    #[serde(rename = "U_position")]
    pub(crate) u_position: At<Scalar>,
    /// Expanded uncertainty (k = 2) of an angle so transformed.
    #[serde(rename = "U_angle")]
    pub(crate) u_angle: Option<At<Scalar>>,
}

/// Which signal of which device a channel is.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Wiring {
    /// A device.
    pub(crate) device: At<String>,
    /// One of its signals.
    pub(crate) signal: At<String>,
    /// The instrument's own sampling interval, if other than the driver's nominal one.
    pub(crate) interval: Option<At<Scalar>>,
}

/// A test cube in the space of a robot, edges parallel to `frame`. It gives `p1` to `p5` their commanded
/// positions, and a robot that needs no joint angles these poses themselves, with `large-1` to `large-4`
/// and `small-1` to `small-4`, points of the circular paths a quarter apart.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Cube {
    /// The robot.
    pub(crate) device: At<String>,
    /// Centre x, y, z: P1.
    pub(crate) centre: At<Vec<At<Scalar>>>,
    /// Length of an edge.
    pub(crate) edge: At<Scalar>,
    /// The diagonal plane of the poses; `c1-c2-c7-c8` when left out.
    pub(crate) plane: Option<At<CubePlane>>,
    /// Rotations a, b, c of the tool about fixed x, y, z in every pose.
    pub(crate) orientation: At<Vec<At<Scalar>>>,
    /// The frame of all this.
    pub(crate) frame: At<String>,
}

/// A diagonal plane by the corners of the cube; C1 to C4 are those of the upper face, from +x +y on
/// through +x -y, C5 to C8 lie below them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
pub(crate) enum CubePlane {
    /// Offsets along x and z are equal.
    #[serde(rename = "c1-c2-c7-c8")]
    PlusX,
    /// Through the upper edge at -y.
    #[serde(rename = "c2-c3-c8-c5")]
    MinusY,
    /// Through the upper edge at -x.
    #[serde(rename = "c3-c4-c5-c6")]
    MinusX,
    /// Offsets along y and z are equal.
    #[serde(rename = "c4-c1-c6-c7")]
    PlusY,
}

/// A named pose: joint angles, and where the tool centre point is then commanded to be.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Pose {
    /// A device.
    pub(crate) device: At<String>,
    /// Joint angles in the order of the device's joints; left out for a robot that moves by programs of
    /// its own.
    pub(crate) joints: Option<At<Vec<At<Scalar>>>>,
    /// Commanded x, y, z and rotations a, b, c about fixed x, y, z in `frame`. certbench does no
    /// kinematics; without it accuracy is not tested.
    pub(crate) tcp: Option<At<Vec<At<Scalar>>>>,
    /// Frame of `tcp`.
    pub(crate) frame: Option<At<String>>,
}

/// A named posture of a hand.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Preset {
    /// A device.
    pub(crate) device: At<String>,
    /// Joint to closing in percent; those not named stay.
    pub(crate) closing: At<Entries<At<Scalar>>>,
}

/// A named output.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Output {
    /// An I/O device.
    pub(crate) device: At<String>,
    /// Channel number, from 0; or `register`.
    pub(crate) number: Option<At<Scalar>>,
    /// State to level.
    pub(crate) states: Option<At<Entries<At<Level>>>>,
    /// Address of a holding register, from 0.
    pub(crate) register: Option<At<Scalar>>,
    /// State to value of the register.
    pub(crate) values: Option<At<Entries<At<Scalar>>>>,
    /// The state that a halt sets.
    pub(crate) safe: Option<At<String>>,
    /// Whether setting it can move something; `false` when left out.
    pub(crate) moves: Option<At<bool>>,
}

/// How a robot with programs of its own is asked. certbench commands no motion of it; what stops it is
/// the `next` of its `safety`.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Programs {
    /// Program to how it is selected.
    pub(crate) select: At<Entries<At<Vec<At<Actuation>>>>>,
    /// What undoes a stop, before anything is started.
    pub(crate) ready: Option<At<Vec<At<Actuation>>>>,
    /// What starts the selected program.
    pub(crate) start: At<Vec<At<Actuation>>>,
    /// What aborts it.
    pub(crate) abort: At<Vec<At<Actuation>>>,
    /// The contact that says that it is under way.
    pub(crate) busy: Option<At<ContactIs>>,
    /// The contact that says that it is at its end; left out: it is not under way any more.
    pub(crate) done: Option<At<ContactIs>>,
    /// What the operator is asked to wait for, where no contact says it.
    pub(crate) watched_by: Option<At<Bilingual>>,
}

/// One thing that is done: an output is set (for a pulse, `for` and `then`), or the operator does it
/// at the robot's pendant.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Actuation {
    /// An output of the bench.
    pub(crate) output: Option<At<String>>,
    /// One of its states.
    pub(crate) to: Option<At<String>>,
    /// Length of a pulse.
    #[serde(rename = "for")]
    pub(crate) time: Option<At<Scalar>>,
    /// State after it.
    pub(crate) then: Option<At<String>>,
    /// What the operator does, outside of the robot's reach.
    pub(crate) pendant: Option<At<Bilingual>>,
}

/// A contact that is on or off.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ContactIs {
    /// A channel of the bench.
    pub(crate) channel: At<String>,
    /// Which level means yes.
    pub(crate) is: At<Level>,
}
