//! What may be asked of a device: small traits named by ability.
//!
//! The room of motion (`run`) sees devices only through these; the room of devices implements them.
//! All calls are synchronous and bounded in time. A device has the roles it has: an accessor gives
//! `None` for a role that it lacks, and nothing answers "unsupported".
//!
//! Order of a run: `open` (by the binary) -> [`Device::identify`] (no power) -> [`Device::start`]
//! (sampling, still no power) -> rehearse with the `accept` calls -> arm: [`Power::enable`] ->
//! motion -> [`Halt::halt`] at every end -> [`Power::disable`] -> [`Device::close`].

use certbench_model::{FaultKind, Identity, LinkFacts, Sample};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Takes samples on the reading thread: no lock, no allocation, never waits.
pub type SampleSink = Arc<dyn Fn(&Sample) + Send + Sync>;

/// Takes what a device tells unasked.
pub type NewsSink = Arc<dyn Fn(News) + Send + Sync>;

/// Something that a device or its link tells by itself.
#[derive(Clone, Debug, PartialEq)]
pub struct News {
    /// When, ns on the run's clock.
    pub time_ns: u64,
    /// Device.
    pub device: String,
    /// What.
    pub trouble: Trouble,
}

/// Bad news, attributed (promise 3).
#[derive(Clone, Debug, PartialEq)]
pub enum Trouble {
    /// The device or its limits would not do that. Nothing was sent.
    Refused(String),
    /// Link, instrument or harness failed.
    Fault(FaultKind, String),
    /// The device itself reports trouble over a healthy link.
    Event {
        /// Short code: `emcy-0x2310`, `over-temperature`, `stall`, `following-error`.
        code: String,
        /// In words.
        text: String,
    },
}

impl std::fmt::Display for Trouble {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Trouble::Refused(text) => write!(f, "refused: {text}"),
            Trouble::Fault(_, text) => f.write_str(text),
            Trouble::Event { code, text } => write!(f, "the device reports {code}: {text}"),
        }
    }
}

impl std::error::Error for Trouble {}

/// Permission to go on feeding a device's watchdog, renewed by the executor. A hung harness stops
/// renewing it, and the device's own thread then stops feeding.
#[derive(Clone, Debug, Default)]
pub struct Lease(Arc<AtomicU64>);

impl Lease {
    /// A lease that has run out.
    pub fn new() -> Lease {
        Lease::default()
    }

    /// Valid until this time (ns on the run's clock).
    pub fn renew(&self, until_ns: u64) {
        self.0.store(until_ns, Ordering::Release);
    }

    /// Ends it now.
    pub fn revoke(&self) {
        self.0.store(0, Ordering::Release);
    }

    /// Whether it holds at this time.
    pub fn holds(&self, now_ns: u64) -> bool {
        now_ns < self.0.load(Ordering::Acquire)
    }
}

/// Where the samples of a device go: signal name to channel index in the plan.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wiring(pub Vec<(String, u16)>);

impl Wiring {
    /// The plan's channel for a signal, if the plan has one.
    pub fn channel(&self, signal: &str) -> Option<u16> {
        self.0
            .iter()
            .find(|(name, _)| name == signal)
            .map(|(_, channel)| *channel)
    }
}

/// An opened device.
pub trait Device: Send + Sync {
    /// Name on the bench.
    fn id(&self) -> &str;

    /// What is known of its link.
    fn link(&self) -> LinkFacts;

    /// The longest time that one call of any of its roles takes, those of [`Power`] apart: it gives
    /// up before. While a call is under way the executor cannot renew the lease, so the lease covers
    /// this time; a harness that hangs in a call therefore feeds the watchdog for so much longer, and
    /// arming says so. As short as the device's own options allow.
    fn call_at_most(&self) -> Duration {
        Duration::from_secs(2)
    }

    /// How often the device itself learns how far a motion is: asked more often, it only says the same
    /// again.
    fn learns_every(&self) -> Duration {
        Duration::from_millis(20)
    }

    /// Reads who it is, without enabling power.
    fn identify(&self) -> Result<Identity, Trouble>;

    /// Begins sampling and listening, without enabling power. A signal that the wiring does not
    /// name is not delivered. The lease feeds the device's watchdog, where it has one.
    fn start(
        &self,
        wiring: Wiring,
        samples: SampleSink,
        news: NewsSink,
        lease: Lease,
    ) -> Result<(), Trouble>;

    /// Whether every sample is wanted (as at the start), or one now and then is enough until a window
    /// opens. What a device then does is its own option; most go on as they were.
    fn attend(&self, _every_sample: bool) {}

    /// Ends sampling; the threads of the device are joined. Does not halt: see [`Halt`].
    fn close(&self);

    /// The way to its safe state; `None` for a device that cannot move anything.
    fn halt(&self) -> Option<Arc<dyn Halt>> {
        None
    }

    /// Power to move.
    fn power(&self) -> Option<&dyn Power> {
        None
    }

    /// Joints.
    fn joints(&self) -> Option<&dyn Joints> {
        None
    }

    /// A hand's grasp.
    fn grasp(&self) -> Option<&dyn Grasp> {
        None
    }

    /// Outputs.
    fn outputs(&self) -> Option<&dyn Outputs> {
        None
    }

    /// Holding registers.
    fn registers(&self) -> Option<&dyn Registers> {
        None
    }

    /// A set point of torque or speed.
    fn setpoint(&self) -> Option<&dyn Setpoint> {
        None
    }

    /// An instrument that can be zeroed.
    fn zero(&self) -> Option<&dyn Zero> {
        None
    }
}

/// The way to a safe state. Callable at any moment, from any thread and from the panic hook, any
/// number of times: pre-encoded, waits for at most the frame on the wire, takes no lock that a
/// blocked caller could hold.
pub trait Halt: Send + Sync {
    /// Device.
    fn device(&self) -> &str;

    /// Sends the halt. `Ok` says that it left, not that the device stands still.
    fn halt(&self) -> Result<(), Trouble>;

    /// Whether the device's own feedback says that it is in its safe state: `Ok(None)` while that
    /// is not known yet. Never sends a motion command.
    fn confirmed(&self) -> Result<Option<bool>, Trouble>;
}

/// Power to move.
pub trait Power: Send + Sync {
    /// The longest time that one of these calls takes, contactors and brakes included: see
    /// [`Device::call_at_most`].
    fn at_most(&self) -> Duration {
        Duration::from_secs(10)
    }

    /// Enables torque where the device stands: it must not move by this.
    fn enable(&self) -> Result<(), Trouble>;

    /// Ends power as the safe state allows (brakes first).
    fn disable(&self) -> Result<(), Trouble>;

    /// Brings the device back after a stop, fault or protective stop, up to but not including
    /// motion.
    fn recover(&self) -> Result<(), Trouble>;
}

/// A joint motion, resolved: targets in degrees, only limits left to check.
#[derive(Clone, Debug, PartialEq)]
pub struct JointMove {
    /// Joint index and target, degrees. Joints not named stay.
    pub targets_deg: Vec<(usize, f64)>,
    /// Speed of the fastest joint, degrees per second; the others arrive with it.
    pub deg_per_s: f64,
}

/// Whether a motion is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// Still moving.
    Moving,
    /// At its target and at rest.
    Settled,
    /// At rest, not at the target: something holds it (a grasped object, a stop).
    Stopped,
}

/// Position-controlled joints.
pub trait Joints: Send + Sync {
    /// Joint names in order.
    fn names(&self) -> Vec<String>;

    /// Whether this motion would be accepted (bench, nameplate and read-back limits). Sends no
    /// motion.
    fn accept(&self, motion: &JointMove) -> Result<(), Trouble>;

    /// Starts a motion; returns when the device has accepted it.
    fn begin(&self, motion: &JointMove) -> Result<(), Trouble>;

    /// Whether the device would look for its own zero at this speed, degrees per second. Sends no motion.
    fn accept_home(&self, _deg_per_s: f64) -> Result<(), Trouble> {
        Err(Trouble::Refused("it has no homing of its own".into()))
    }

    /// Sets off the device's own search for its zero; returns when it is under way. [`Joints::progress`]
    /// says how far it is. What the device reports of its angles before its end says nothing of where the
    /// joints are.
    fn home(&self, deg_per_s: f64) -> Result<(), Trouble> {
        self.accept_home(deg_per_s)
    }

    /// How far it is.
    fn progress(&self) -> Result<Progress, Trouble>;

    /// Angles as the device reports them, degrees.
    fn positions_deg(&self) -> Result<Vec<f64>, Trouble>;

    /// Withholds (true) or feeds again (false) the heartbeat, where the device has one.
    fn withhold_heartbeat(&self, withhold: bool) -> Result<(), Trouble>;
}

/// A grasp, resolved.
#[derive(Clone, Debug, PartialEq)]
pub struct GraspMove {
    /// Finger index and closing, fraction 0 (open) to 1 (closed). Fingers not named stay.
    pub closing: Vec<(usize, f64)>,
    /// Force threshold a finger, fraction of the hand's range, 0 to 1.
    pub force: f64,
    /// Speed, fraction of the hand's range, 0 to 1.
    pub speed: f64,
}

/// A hand's grasp.
pub trait Grasp: Send + Sync {
    /// Finger names in order.
    fn fingers(&self) -> Vec<String>;

    /// A force per finger (N) as a fraction of the hand's range.
    fn force_fraction(&self, newton: f64) -> Result<f64, Trouble>;

    /// Whether this grasp would be accepted. Sends no motion.
    fn accept(&self, grasp: &GraspMove) -> Result<(), Trouble>;

    /// Starts it; returns when the device has accepted it.
    fn begin(&self, grasp: &GraspMove) -> Result<(), Trouble>;

    /// How far it is: `Stopped` when it holds something.
    fn progress(&self) -> Result<Progress, Trouble>;
}

/// Digital outputs.
pub trait Outputs: Send + Sync {
    /// How many.
    fn count(&self) -> u16;

    /// Switches one output; returns the earliest and latest time (ns) it took effect on the wire.
    fn switch(&self, number: u16, on: bool) -> Result<[u64; 2], Trouble>;
}

/// Holding registers that something else reads: the number of a program, a set point.
pub trait Registers: Send + Sync {
    /// How many.
    fn count(&self) -> u16;

    /// Writes one; returns the earliest and latest time (ns) it took effect on the wire.
    fn write(&self, number: u16, value: u16) -> Result<[u64; 2], Trouble>;
}

/// What a driven device is taken to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Setting {
    /// A torque against the item, newton metre.
    TorqueNm(f64),
    /// An angular speed, degrees per second.
    DegPerS(f64),
}

/// A way to a set point, resolved.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SetpointMove {
    /// Where to.
    pub to: Setting,
    /// From the set point in force to there; zero in one step.
    pub ramp: Duration,
}

/// A set point of torque or speed. The device keeps it in a loop of its own; its thread withdraws it
/// (zero torque) as soon as the lease does not hold any more.
pub trait Setpoint: Send + Sync {
    /// Whether this set point would be accepted (bench and nameplate limits). Sends nothing.
    fn accept(&self, motion: &SetpointMove) -> Result<(), Trouble>;

    /// Starts the ramp; returns when its first step has left.
    fn begin(&self, motion: &SetpointMove) -> Result<(), Trouble>;

    /// How far it is: `Settled` when the ramp is over and the device reads back what was set.
    fn progress(&self) -> Result<Progress, Trouble>;
}

/// An instrument that can be zeroed.
pub trait Zero: Send + Sync {
    /// Zeroes one signal.
    fn zero(&self, signal: &str) -> Result<(), Trouble>;
}

/// What a prompt wants.
#[derive(Clone, Debug, PartialEq)]
pub struct Question {
    /// Prompt id.
    pub id: String,
    /// Text with placeholders filled.
    pub text: certbench_model::Text,
    /// What is asked.
    pub ask: certbench_model::step::Ask,
    /// Where the person is.
    pub presence: certbench_model::step::Presence,
    /// What the answer changes, placeholders filled.
    pub changes: std::collections::BTreeMap<String, String>,
}

/// An answer.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// Done, or yes.
    Yes,
    /// No.
    No,
    /// A number with its unit.
    Number(certbench_model::Quantity),
    /// A choice by id.
    Choice(String),
    /// A file, by its path on this host.
    File(std::path::PathBuf),
    /// Nobody answered.
    None,
}

/// Who answers prompts. A call may block for as long as a person needs; `run` keeps the watches
/// alive meanwhile.
pub trait Operator: Send + Sync {
    /// Asks. The second value says who answered: `operator`, `answers-file`, `simulated-operator`.
    fn ask(&self, question: &Question) -> (Answer, String);
}
