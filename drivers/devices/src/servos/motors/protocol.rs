//! What a family of joint motors on a CAN bus says of itself.

use certbench_link::{CanFrame, Stamp};
use certbench_roles::Trouble;

use super::bus::Bus;
use crate::servos::chain::{Ail, Nameplate};

/// What a motor showed at one moment.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Shown {
    /// Degrees; infinite when its counts cannot say where it is.
    pub(super) deg: f64,
    pub(super) deg_per_s: f64,
    /// In the unit of the family's signal.
    pub(super) effort: f64,
    pub(super) celsius: f64,
    /// Of the power stage, where it has a sensor of its own; else the same.
    pub(super) driver_celsius: f64,
    /// Whether it has torque, where it says so.
    pub(super) powered: Option<bool>,
    /// What is wrong with it.
    pub(super) ails: Vec<Ail>,
}

/// Where a motor shall be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Goal {
    pub(super) deg: f64,
    /// It may move at so much.
    pub(super) deg_per_s: f64,
}

/// How motors of a family are spoken to. Motors are counted from zero. Nothing here keeps state of a
/// motion, checks limits, or waits, but for the calls that are given the bus.
pub(super) trait Protocol: Send + Sync + 'static {
    /// Name of the signal of their currents or torques.
    const EFFORT: &'static str;
    /// The motors have no profile of their own: goals are put on the way there, one a sample.
    fn is_led(&self) -> bool {
        false
    }
    /// Whether the power stages have sensors of their own.
    fn has_driver_sensors(&self) -> bool;
    /// Whether they give up when they are not spoken to.
    fn is_fed(&self) -> bool;

    /// How many.
    fn motors(&self) -> usize;
    /// A motor for people: `motor 3`.
    fn name(&self, motor: usize) -> String;
    /// Reads who it is and what its counts mean; moves nothing.
    fn nameplate(&self, bus: &Bus, motor: usize) -> Result<Nameplate, Trouble>;
    /// Makes it stand powered at an angle.
    fn power_on(&self, bus: &Bus, motor: usize, deg: f64) -> Result<(), Trouble>;
    fn power_off(&self, bus: &Bus, motor: usize) -> Result<(), Trouble>;

    /// Asks what it shows, and commands nothing.
    fn look(&self, motor: usize) -> Vec<CanFrame>;
    /// Commands something new.
    fn begin(&self, motor: usize, goal: Goal) -> Vec<CanFrame> {
        self.go(motor, goal)
    }
    /// Commands the same again; what it shows comes as the answer.
    fn go(&self, motor: usize, goal: Goal) -> Vec<CanFrame>;
    /// Takes its torque.
    fn limp(&self, motor: usize) -> Vec<CanFrame>;
    /// What a frame shows of which motor. `None`: it shows nothing, or not all yet.
    fn hear(&self, frame: &CanFrame, stamp: Stamp) -> Option<(usize, Shown)>;
}
