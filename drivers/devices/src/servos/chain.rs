//! What a family of servos or motors says of itself.

use certbench_clock::{Clock, Time};
use certbench_link::{LinkError, LinkInfo};
use certbench_model::Invalid;
use certbench_roles::Trouble;

use crate::line::{Failure, Line};

/// What all joints showed at one moment.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct View {
    /// When the answer had come, and when it was asked for.
    pub(super) at: Time,
    pub(super) asked: Time,
    pub(super) deg: Vec<f64>,
    pub(super) deg_per_s: Vec<f64>,
    /// Current or torque, in the unit of the family's signal.
    pub(super) effort: Vec<f64>,
}

/// What all joints say of their health.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Health {
    pub(super) at: Time,
    pub(super) celsius: Vec<f64>,
    /// Of the power stages, where they have a sensor of their own.
    pub(super) driver_celsius: Option<Vec<f64>>,
    /// Trouble by joint.
    pub(super) trouble: Vec<(usize, Ail)>,
}

/// What a servo says is wrong with it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Ail {
    pub(super) code: &'static str,
    pub(super) text: String,
    pub(super) whose: Whose,
}

/// Whose trouble it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Whose {
    /// Its own.
    Its,
    /// It says that nobody spoke to it: that is not about itself.
    Unheard,
    /// Its own, unless nobody fed its watchdog.
    ItsIfFed,
}

impl Ail {
    pub(super) fn new(code: &'static str, text: String) -> Ail {
        Ail {
            code,
            text,
            whose: Whose::Its,
        }
    }
}

/// Who a servo is, and what it may do.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Nameplate {
    /// Empty where it cannot be read; the firmware too.
    pub(super) model: String,
    pub(super) firmware: String,
    /// Empty where it cannot be read.
    pub(super) serial: String,
    /// Least and most angle that are set in it, degrees.
    pub(super) deg: [f64; 2],
    /// Highest speed that it can be told, degrees per second.
    pub(super) deg_per_s: f64,
}

/// What a joint is sent to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Aim {
    pub(super) joint: usize,
    pub(super) deg: f64,
    pub(super) deg_per_s: f64,
}

/// Why nothing was seen.
#[derive(Debug)]
pub(super) struct Miss {
    /// Something came, and why it is no reading.
    pub(super) invalid: Option<Invalid>,
    /// The link itself failed: the next try will at once, too.
    pub(super) broken: bool,
    /// In words.
    pub(super) trouble: Trouble,
}

impl Miss {
    pub(super) fn on(line: &Line, failure: &Failure) -> Miss {
        Miss {
            invalid: matches!(failure, Failure::Garbage { .. }).then_some(Invalid::Unreadable),
            broken: matches!(failure, Failure::Link(_)),
            trouble: line.trouble(failure),
        }
    }
}

/// Servos or motors that hang together. Nothing here checks limits: the engine has done that.
pub(super) trait Chain: Send + Sync + 'static {
    /// What a halt sends, encoded before it is needed.
    type Stop: Clone + Send;
    /// Name of the signal of their currents or torques.
    const EFFORT: &'static str = "current";

    fn clock(&self) -> &Clock;
    fn describe(&self) -> &LinkInfo;
    /// How many.
    fn joints(&self) -> usize;
    /// Reads who they are; moves nothing.
    fn nameplates(&self) -> Result<Vec<Nameplate>, Trouble>;
    fn view(&self) -> Result<View, Miss>;
    fn health(&self) -> Result<Health, Miss>;
    /// Makes them stand powered at these angles.
    fn power_on(&self, deg: &[f64]) -> Result<(), Trouble>;
    fn power_off(&self) -> Result<(), Trouble>;
    fn go(&self, aims: &[Aim]) -> Result<(), Trouble>;
    /// What makes them stand at these angles; nobody answers it.
    fn hold(&self, deg: &[f64]) -> Self::Stop;
    /// What takes their torque; nobody answers it.
    fn limp(&self) -> Self::Stop;
    /// Sends one of these, waiting for nothing but the wire.
    fn stop(&self, stop: &Self::Stop) -> Result<(), LinkError>;
    /// Whether they stop when they are not spoken to: then the poll is what feeds them.
    fn is_fed_by_polling(&self) -> bool {
        false
    }
}
