//! What a family of servos says of itself.

use certbench_clock::Time;
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
    pub(super) ma: Vec<f64>,
}

/// What all joints say of their health.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Health {
    pub(super) at: Time,
    pub(super) celsius: Vec<f64>,
    /// Trouble by joint: code and text.
    pub(super) trouble: Vec<(usize, &'static str, String)>,
}

/// Who a servo is, and what it may do.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Nameplate {
    pub(super) model: String,
    pub(super) firmware: String,
    /// Least and most angle that are set in it, degrees.
    pub(super) deg: [f64; 2],
}

/// What a joint is sent to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Aim {
    pub(super) joint: usize,
    pub(super) deg: f64,
    pub(super) deg_per_s: f64,
}

/// Servos on a line. Nothing here checks limits: the engine has done that.
pub(super) trait Chain: Send + Sync + 'static {
    fn line(&self) -> &Line;
    /// How many.
    fn joints(&self) -> usize;
    /// Reads who they are; moves nothing.
    fn nameplates(&self) -> Result<Vec<Nameplate>, Trouble>;
    fn view(&self) -> Result<View, Failure>;
    fn health(&self) -> Result<Health, Failure>;
    /// Makes them stand powered at these angles.
    fn power_on(&self, deg: &[f64]) -> Result<(), Trouble>;
    fn power_off(&self) -> Result<(), Trouble>;
    fn go(&self, aims: &[Aim]) -> Result<(), Trouble>;
    /// The frame that makes them stand at these angles; nobody answers it.
    fn hold_frame(&self, deg: &[f64]) -> Vec<u8>;
    /// The frame that takes their torque; nobody answers it.
    fn limp_frame(&self) -> Vec<u8>;
    /// Whether they stop when they are not spoken to: then the poll is what feeds them.
    fn is_fed_by_polling(&self) -> bool {
        false
    }
}
