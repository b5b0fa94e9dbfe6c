//! CANopen: CiA 301 (application layer), CiA 402 (drives and motion control), CiA 305 (node numbers) and CiA 306
//! (makers' files).
//!
//! Frames are [`CobFrame`]s, classic CAN with 11-bit identifiers; everything of more than one byte is
//! little-endian. The state machines take a frame and give frames: when to time out is the caller's.

pub mod cia402;
mod cob;
pub mod eds;
mod emcy;
pub mod lss;
mod nmt;
pub mod object;
pub mod pdo;
pub mod sdo;
#[cfg(test)]
mod tests;

pub use cob::{CobFrame, NodeId, SYNC, Service};
pub use eds::Eds;
pub use emcy::Emergency;
pub use nmt::{Heartbeat, NmtCommand, NmtState};
