//! An arm of CiA 402 drives on one CANopen bus: n nodes are n joints.
//!
//! - **Sampling**: each node's transmit PDO 1 carries statusword and position, at our SYNC, at the node's
//!   own event timer, or, for nodes without PDOs, polled by SDO.
//! - **Heartbeat both ways**: a node that falls silent is news; ours is sent by the device's own thread
//!   only while the lease of the executor is fresh, so that the nodes stop when the harness hangs.
//! - **Motion** is profile position with the set-point handshake, or cyclic synchronous position, a set-point
//!   at every SYNC; joints arrive together. One joint can be driven to a speed or a torque, by profile or by
//!   cyclic synchronous modes; joints home by the drives' own procedures. Whatever halts meanwhile wins: a
//!   command that crossed with a halt is followed by another halt.
//! - **Modes** are told only to drives that say they have them (6502h), from rest, and acknowledged (6061h)
//!   before anything moves.
//! - **Halt** is one pre-encoded SDO frame a node that writes quick stop; what the drive then does is its
//!   object 605Ah, which is set to what the bench demands and read back.

mod arm;
mod config;
mod cyclic;
mod driven;
mod halt;
mod homing;
mod listen;
mod modes;
mod motion;
mod power;
mod setup;
#[cfg(test)]
mod tests;

pub(crate) use arm::open;
pub(crate) use config::description;
