//! Service data: reading and writing a node's object dictionary, expedited, segmented and in blocks. The
//! client begins in blocks where it is asked to and goes on by segments with a node that has none; the
//! server serves all of them.

mod abort;
mod block;
mod client;
mod server;
#[cfg(test)]
mod tests;
mod word;

pub use abort::Abort;
pub use client::{Client, Failure, Step};
pub use server::{Dictionary, Server};

/// Most bytes that one transfer may carry here; more is refused as out of memory.
pub const MOST_BYTES: usize = 64 * 1024;
