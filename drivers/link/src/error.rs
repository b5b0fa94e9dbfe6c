//! What can go wrong with a line, each with what to try.

use std::time::Duration;

/// A link failed. This is news about the bench, never about the item under test.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum LinkError {
    /// The other end or the device file went away while open.
    #[error("{port} is gone ({what}); check the cable and the power, then open it again")]
    Gone {
        /// Which port.
        port: String,
        /// What the system said.
        what: String,
    },
    /// Somebody else has it open.
    #[error("{port} is in use by another program; close that program (`fuser -v {port}` names it)")]
    Busy {
        /// Which port.
        port: String,
    },
    /// The system does not let us.
    #[error(
        "{port} may not be opened ({what}); is the user in the group that owns it (often `dialout`)?"
    )]
    Denied {
        /// Which port.
        port: String,
        /// What the system said.
        what: String,
    },
    /// There is no such port.
    #[error("there is no {port} ({what}); is it plugged in, and is the name right?")]
    NotFound {
        /// Which port.
        port: String,
        /// What the system said.
        what: String,
    },
    /// A frame did not leave in time.
    #[error(
        "{port} took {sent} of {of} bytes in {within:?}; is flow control holding it, or the bus off?"
    )]
    Timeout {
        /// Which port.
        port: String,
        /// Bytes that left.
        sent: usize,
        /// Bytes of the frame.
        of: usize,
        /// How long it was tried.
        within: Duration,
    },
    /// Received data was lost because nobody read it in time.
    #[error("{port} received faster than it was read; {lost} chunks or frames are lost")]
    Overrun {
        /// Which port.
        port: String,
        /// How many chunks or frames.
        lost: u64,
    },
    /// The adapter, or the recording, does not do what was asked.
    #[error("{port} refused: {what}")]
    Refused {
        /// Which port.
        port: String,
        /// What was asked and what came back.
        what: String,
    },
    /// The port cannot be what the bench file says, or the bench file cannot be understood.
    #[error("{port} cannot be opened: {what}")]
    Unusable {
        /// The port or its specification.
        port: String,
        /// What is wrong with it and what to write instead.
        what: String,
    },
    /// Anything else the system said.
    #[error("{doing} {port} failed: {what}")]
    Io {
        /// Which port.
        port: String,
        /// What was being done.
        doing: &'static str,
        /// What the system said.
        what: String,
    },
}

impl LinkError {
    /// What an input/output error on an open port means.
    pub(crate) fn from_io(port: &str, doing: &'static str, e: &std::io::Error) -> LinkError {
        const GONE: [i32; 5] = [
            libc::EIO,
            libc::ENXIO,
            libc::ENODEV,
            libc::EPIPE,
            libc::EBADF,
        ];
        let (port, what) = (port.to_string(), e.to_string());
        match (e.raw_os_error(), e.kind()) {
            (Some(errno), _) if GONE.contains(&errno) => LinkError::Gone { port, what },
            (Some(libc::EBUSY), _) => LinkError::Busy { port },
            (_, std::io::ErrorKind::NotFound) => LinkError::NotFound { port, what },
            (_, std::io::ErrorKind::PermissionDenied) => LinkError::Denied { port, what },
            _ => LinkError::Io { port, doing, what },
        }
    }
}
