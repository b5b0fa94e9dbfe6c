//! What is sampled, declared before the first sample.

use crate::{Calibration, Registration, Unit};
use serde::{Deserialize, Serialize};

/// Where a channel's numbers come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Source {
    /// A reference instrument, independent of the item under test.
    Reference,
    /// The item under test about itself.
    Device,
}

/// One component of a channel: a scalar channel has one, a pose has six.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Component {
    /// Name: `value` for a scalar, `x`, `y`, `z`, `a`, `b`, `c` for a pose, joint or finger names.
    pub name: String,
    /// Unit.
    pub unit: Unit,
}

/// A declared channel.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Channel {
    /// Name in suite, plan and record; unique in a plan.
    pub id: String,
    /// The bench's device that delivers it.
    pub device: String,
    /// The device's own signal, for example `force`.
    pub signal: String,
    /// 1 to 6 components, in the order of every sample.
    pub components: Vec<Component>,
    /// True when the values are 0 and 1 of a contact.
    pub digital: bool,
    /// Reference or device.
    pub source: Source,
    /// Delay from the physical event to the time stamp, seconds: `[least, most]`. Negative for what
    /// is polled and dated when it was asked for.
    pub delay_s: [f64; 2],
    /// Nominal interval between samples, seconds.
    pub interval_s: f64,
    /// Calibration, for a reference channel.
    pub calibration: Option<Calibration>,
    /// Frame of a pose channel, if it is registered to one.
    pub registration: Option<Registration>,
}

impl Channel {
    /// The position of a component by name.
    pub fn component(&self, name: &str) -> Option<usize> {
        self.components.iter().position(|c| c.name == name)
    }
}
