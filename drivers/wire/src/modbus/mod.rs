//! Modbus RTU (Modbus Application Protocol V1.1b3, Modbus over Serial Line V1.02), and its frames over TCP.
//!
//! A frame is `unit function ... crc`, CRC low byte first, all else big-endian. The protocol has **no
//! transaction number**: nothing in a late answer says which request it belongs to. A decoder can check
//! unit, function, byte count and echo; that an answer is not late only its client can see to, by
//! waiting out the line after every time-out.

mod client;
mod exception;
mod request;
mod rtu;
mod server;
mod tcp;
#[cfg(test)]
mod tests;

pub use client::{Reply, ReplyDecoder};
pub use exception::Exception;
pub use request::{
    MOST_BITS_READ, MOST_BITS_WRITTEN, MOST_REGISTERS_READ, MOST_REGISTERS_WRITTEN, OutOfRange,
    Request, Table,
};
pub use rtu::silent_interval;
pub use server::{Heard, RequestDecoder};
pub use tcp::{FromTcp, to_tcp};
