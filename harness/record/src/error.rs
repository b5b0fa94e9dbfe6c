//! What can go wrong while a record is written or opened.

use std::io;
use std::path::{Path, PathBuf};

/// Why a record could not be written or opened.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// The operating system refused a file operation.
    #[error("{what} {}: {answer}", path.display())]
    Io {
        /// What was tried: `write`, `create`.
        what: &'static str,
        /// On which file.
        path: PathBuf,
        /// Its answer; said above, and so no source of its own, which would be said again.
        answer: io::Error,
    },
    /// The disk is full. The line of this event is in the record all the same, written from the
    /// reserve; every later event answers with this too. The run must halt and end as a fault.
    #[error("the disk that holds {} is full; the run cannot go on", folder.display())]
    Full {
        /// The run folder.
        folder: PathBuf,
    },
    /// The disk is full and the reserve is used up: this line is not in the record.
    #[error("the disk that holds {} is full and its reserve is used up", folder.display())]
    Exhausted {
        /// The run folder.
        folder: PathBuf,
    },
    /// The folder already holds a record; nothing is ever written over.
    #[error("{} already holds a record", .0.display())]
    Exists(PathBuf),
    /// The plan does not survive being written as JSON (a number that is not finite).
    #[error("the plan cannot be recorded: {0}")]
    Plan(String),
    /// A file of the record could not be written or synced; samples are being lost. The run must
    /// halt and end as a fault.
    #[error("the record is broken: {0}")]
    Broken(String),
    /// Something came after the `ended` event; it is not in the record.
    #[error("the run has ended; its record takes nothing more")]
    Ended,
    /// The folder holds no record: its first line is no `opened` event that can be read.
    #[error("{} is no record of a run: {what}", path.display())]
    NotARecord {
        /// The folder or file.
        path: PathBuf,
        /// What is wrong with it.
        what: String,
    },
    /// Nothing can be added to a record that was not closed.
    #[error("{} has no manifest: its record was not closed, and nothing can be added to it", .0.display())]
    NotClosed(PathBuf),
    /// What was added to a record earlier is damaged or has changed; nothing more is added to it.
    #[error("nothing is added to this record: {0}")]
    Addenda(String),
    /// A key that cannot be read or written.
    #[error("the key cannot be used: {0}")]
    Key(String),
    /// A signature that does not hold.
    #[error("the signature does not hold: {0}")]
    Signature(String),
    /// A report number that the bench's ledger has already.
    #[error("report number {0} was already given on this bench; a number is given once")]
    Number(String),
    /// A name for an attachment that is no plain file name.
    #[error("`{0}` cannot be the name of an attachment; use letters, digits, `.`, `-` and `_`")]
    AttachmentName(String),
}

/// Turns the operating system's error into ours, with what was tried on which file.
pub(crate) fn at(what: &'static str, path: &Path) -> impl FnOnce(io::Error) -> RecordError {
    let path = path.to_path_buf();
    move |answer| RecordError::Io { what, path, answer }
}

/// Whether an error means that there is no room left.
pub(crate) fn is_full(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge
    )
}
