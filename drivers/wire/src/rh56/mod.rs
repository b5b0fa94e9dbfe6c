//! Inspire Robots RH56DFX/BFX dexterous hand, `EB 90` serial protocol (user manual V1.09).
//!
//! RS-232 or RS-485, 8N1, 115,200 baud by default. The host sends `EB 90 id len cmd addr data ck`, the
//! hand answers with the header **reversed**, `90 EB`. `len` counts from `cmd` to the last data byte,
//! `ck` is the low byte of the sum from `id` to the last data byte, and everything of two bytes is
//! little-endian. Addresses count bytes. There is no serial number, no version and no watchdog on this
//! wire.
//!
//! Dialects: the RH56F1 has the same frames and other registers, whose addresses count words; the EG-5CD1
//! gripper answers with another header and has other commands ([`Framing`]); on CAN the same registers are
//! reached through 29-bit identifiers ([`can`]).

pub mod can;
mod frame;
mod raw;
pub mod register;
mod stream;
#[cfg(test)]
mod tests;

pub use frame::{Framing, Reply, Request, TooLong};
pub use raw::{
    Dof, ErrorBits, RawAngle, RawCurrent, RawForce, RawPosition, RawSpeed, RawTemperature, Status,
    decode_six, encode_six,
};
pub use register::Register;
pub use stream::{Decoder, ReplyDecoder, RequestDecoder};
