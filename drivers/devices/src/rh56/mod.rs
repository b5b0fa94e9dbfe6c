//! Inspire RH56DFX/BFX dexterous hand.
//!
//! What the wire cannot do: it carries no serial number and no version (the label is asked), no angle
//! in degrees (closing is a fraction of the finger's stroke), and **no watchdog**: a hand whose host
//! falls silent goes on with its last command. Its safe state is *hold*: it is commanded to the angles
//! that were sampled last. Over-temperature cannot be cleared, only waited for.

mod grasp;
mod hand;
mod poll;
mod table;
#[cfg(test)]
mod tests;

pub(crate) use hand::open;
pub(crate) use table::description;
