//! An arm of CiA 402 drives on one CANopen bus: n nodes are n joints.
//!
//! - **Sampling**: each node's transmit PDO 1 carries statusword and position, at our SYNC, at the node's
//!   own event timer, or, for nodes without PDOs, polled by SDO.
//! - **Heartbeat both ways**: a node that falls silent is news; ours is sent by the device's own thread
//!   only while the lease of the executor is fresh, so that the nodes stop when the harness hangs.
//! - **Motion** is profile position with the set-point handshake; joints arrive together. Whatever halts
//!   meanwhile wins: a command that crossed with a halt is followed by another halt.
//! - **Halt** is one pre-encoded SDO frame a node that writes quick stop; what the drive then does is its
//!   object 605Ah, which is set to what the bench demands and read back.

mod arm;
mod config;
mod halt;
mod listen;
mod motion;
mod power;
mod setup;
#[cfg(test)]
mod tests;

pub(crate) use arm::open;
pub(crate) use config::description;
