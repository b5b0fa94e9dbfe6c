//! The only crate that opens a port. It knows nothing of what the bytes mean.
//!
//! Everything above sees two small traits: [`ByteLink`], a line of bytes, and [`CanLink`], a
//! bus of frames. What stands behind them:
//!
//! | link | is | made by |
//! |---|---|---|
//! | serial port | [`ByteLink`] | [`open_bytes`], [`serial::Serial`] |
//! | SocketCAN interface (Linux) | [`CanLink`] | [`open_can`], [`socketcan::SocketCan`] |
//! | SLCAN adapter on any byte link | [`CanLink`] | [`open_can`], [`slcan::Slcan`]; its far end [`slcan::SlcanAdapter`] |
//! | TCP or UDP to an instrument | [`ByteLink`] | [`open_bytes`], [`net::Net`] |
//! | a TCP port of loopback that a simulated device is on | [`ByteLink`] | [`host::Host`] |
//! | a file that another program writes, from its end on | [`ByteLink`] | [`open_bytes`], [`tail::Tail`] |
//! | two ends in one process, on either clock | both | [`pair::bytes`], [`pair::can`] |
//! | a recording | both | [`replay::Replay`], [`replay::CanReplay`]; of a candump log [`open_can`], [`candump::open`] |
//! | the master side of a pseudo-terminal | [`ByteLink`] | [`pty::open`] |
//!
//! and what may be wrapped around any of them: [`tap::Tapped`] (someone listens),
//! [`faulty::Faulty`] (something is wrong), [`echo::Echoing`] (the adapter hears itself).
//!
//! - **Threads.** Every method takes `&self` and may be called from any thread. Writers are
//!   serialised, a frame is never torn by another. There is one reader at a time; a second one
//!   waits for the first.
//! - **Time.** A deadline in the past means "what is there now". Received bytes carry a
//!   [`Stamp`]: the interval in which they became readable on this computer. What happened
//!   before that (on the wire, in an adapter) is the delay that a channel declares.
//! - **Chunks.** One `read` gives one chunk with one stamp. Chunks say nothing of frames.
//! - **Provenance.** [`LinkInfo::provenance_hint`] is derived from what was really opened:
//!   a pseudo-terminal is one however it is named, and is never physical.
//!
//! Absent here: protocols, retries of a question, any guess at what an answer means.

pub mod candump;
pub mod echo;
pub mod faulty;
pub mod host;
pub mod net;
pub mod pair;
pub mod pty;
pub mod replay;
pub mod serial;
pub mod slcan;
#[cfg(target_os = "linux")]
pub mod socketcan;
pub mod tail;
pub mod tap;

mod descriptor;
mod error;
mod frame;
mod info;
mod open;

use certbench_clock::Time;
use std::sync::Arc;

pub use error::LinkError;
pub use frame::{BadFrame, CanFrame};
pub use info::{LinkInfo, LinkKind, Physicality};
pub use open::{open_bytes, open_can};
pub use tap::{Direction, Tap};

/// When something arrived, as an interval that the software can vouch for: not before
/// `earliest`, not after `latest`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Stamp {
    /// The last moment at which nothing had arrived yet.
    pub earliest: Time,
    /// The first moment at which it was there.
    pub latest: Time,
    /// Whether the operating system took the time at the interrupt, rather than this program at its read.
    pub kernel: bool,
}

/// A line that carries bytes both ways.
pub trait ByteLink: Send + Sync {
    /// Sends a whole frame, untorn by other writers. Waits for at most the time that the bytes
    /// take on the wire and a margin. Gives the moment before which no byte of it left.
    ///
    /// # Errors
    /// [`LinkError`]; after [`LinkError::Timeout`] a part of the frame may have been sent.
    fn write(&self, bytes: &[u8]) -> Result<Time, LinkError>;

    /// Appends the next chunk of received bytes to `buf`, waiting for it until `until`.
    /// `None`: nothing came.
    ///
    /// # Errors
    /// [`LinkError`]; what had arrived before a failure is delivered first.
    fn read(&self, buf: &mut Vec<u8>, until: Time) -> Result<Option<Stamp>, LinkError>;

    /// Throws away all that was received and not read.
    fn discard(&self);

    /// What this is.
    fn describe(&self) -> &LinkInfo;
}

/// A bus that carries CAN frames.
pub trait CanLink: Send + Sync {
    /// Sends a frame. Waits for at most a short, bounded time for room. Gives the moment before
    /// which it was not on the bus.
    ///
    /// # Errors
    /// [`LinkError`].
    fn send(&self, frame: &CanFrame) -> Result<Time, LinkError>;

    /// The next frame of the bus, waiting for it until `until`. `None`: nothing came. Error
    /// frames of the controller are frames too ([`CanFrame::is_error`]).
    ///
    /// # Errors
    /// [`LinkError`].
    fn recv(&self, until: Time) -> Result<Option<(CanFrame, Stamp)>, LinkError>;

    /// What this is.
    fn describe(&self) -> &LinkInfo;
}

macro_rules! forward {
    ($($pointer:ident),*) => { $(
        impl<L: ByteLink + ?Sized> ByteLink for $pointer<L> {
            fn write(&self, bytes: &[u8]) -> Result<Time, LinkError> {
                (**self).write(bytes)
            }

            fn read(&self, buf: &mut Vec<u8>, until: Time) -> Result<Option<Stamp>, LinkError> {
                (**self).read(buf, until)
            }

            fn discard(&self) {
                (**self).discard();
            }

            fn describe(&self) -> &LinkInfo {
                (**self).describe()
            }
        }

        impl<L: CanLink + ?Sized> CanLink for $pointer<L> {
            fn send(&self, frame: &CanFrame) -> Result<Time, LinkError> {
                (**self).send(frame)
            }

            fn recv(&self, until: Time) -> Result<Option<(CanFrame, Stamp)>, LinkError> {
                (**self).recv(until)
            }

            fn describe(&self) -> &LinkInfo {
                (**self).describe()
            }
        }
    )* };
}

forward!(Box, Arc);
