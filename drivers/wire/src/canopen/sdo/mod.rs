//! Service data: reading and writing a node's object dictionary, expedited, segmented and in blocks
//! ([`BlockUpload`], [`BlockDownload`]); the server serves all of them.

mod abort;
mod block;
mod client;
mod sent;
mod served;
mod server;
#[cfg(test)]
mod tests;
mod word;

pub use abort::Abort;
pub use block::BlockUpload;
pub use client::{Client, Failure, Step};
pub use sent::BlockDownload;
pub use server::{Dictionary, Server};

/// Most bytes that one transfer may carry here; more is refused as out of memory.
pub const MOST_BYTES: usize = 64 * 1024;
