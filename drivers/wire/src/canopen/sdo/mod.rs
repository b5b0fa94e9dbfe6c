//! Service data: reading and writing a node's object dictionary, expedited and segmented; reading it in
//! blocks, too ([`BlockUpload`]).
//!
//! The server refuses block transfer with the abort that the standard has for it, "command specifier not
//! valid".

mod abort;
mod block;
mod client;
mod server;
#[cfg(test)]
mod tests;
mod word;

pub use abort::Abort;
pub use block::BlockUpload;
pub use client::{Client, Failure, Step};
pub use server::{Dictionary, Server};

/// Most bytes that one transfer may carry here; more is refused as out of memory.
pub const MOST_BYTES: usize = 64 * 1024;
