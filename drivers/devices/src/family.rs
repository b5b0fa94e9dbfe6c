//! What a family of drivers gives to the table: its description, and how its devices are opened.

use std::sync::Arc;

use certbench_clock::Clock;
use certbench_link::{ByteLink, CanLink};
use certbench_model::plan::DevicePlan;
use certbench_model::vocabulary::DriverDescription;
use certbench_roles::{Device, Trouble};

/// A device over a link of one kind, as the plan describes it.
type Open<Link> = fn(&DevicePlan, Arc<Link>, &Clock) -> Result<Arc<dyn Device>, Trouble>;

/// A device without a link.
type OpenAlone = fn(&DevicePlan, &Clock) -> Result<Arc<dyn Device>, Trouble>;

/// How a device of a family is made of an open link.
#[derive(Clone, Copy)]
pub(crate) enum Opener {
    /// On a line of bytes.
    Bytes(Open<dyn ByteLink>),
    /// On a CAN bus.
    Can(Open<dyn CanLink>),
    /// Without a link.
    Alone(OpenAlone),
}

/// A row of the table: what the catalogue says of a driver, and how its devices are opened.
pub(crate) type Family = (DriverDescription, Opener);
