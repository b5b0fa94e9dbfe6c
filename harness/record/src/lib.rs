//! Events and samples to a run folder and back.
//!
//! [`Recorder`] writes a run as it happens; [`Recording`] reads one, finished or not, and says what
//! in it is not as it was written. [`Ledger`] remembers every run that was ever started on a bench.
//! The bytes are described in `FORMAT.md` beside this crate, precisely enough for a second
//! implementation.
//!
//! Absent here: devices, statistics, verdicts, reports, and any clock (times come with the events
//! and samples).

mod addendum;
mod chain;
mod correct;
mod damage;
mod digest;
mod dsse;
mod error;
mod evidence;
mod heard;
mod import;
mod journal;
mod key;
mod ledger;
mod manifest;
mod message;
mod recorder;
mod recording;
mod scan;
mod telemetry;
mod window;
mod wire;

pub use addendum::{NewAddendum, append};
pub use correct::Corrected;
pub use dsse::{Envelope, EnvelopeSignature, IN_TOTO, pae};
pub use error::RecordError;
pub use evidence::{begins_ns, event_line};
pub use heard::{Heard, read_wire};
pub use import::{CSV_IMPORT, Imported, Misfit, import_driver, read_import};
pub use key::{Key, PublicKey};
pub use ledger::{Entry, Ledger, LedgerLine, items};
pub use manifest::{MANIFEST_FORMAT, Manifest};
pub use recorder::{Pace, Recorder, Start};
pub use recording::Recording;
pub use wire::{WireLog, WireTap};

/// Name of the file with the events of a run.
pub const EVENTS: &str = "run.jsonl";
/// Name of the file with the samples of a run.
pub const TELEMETRY: &str = "telemetry.mcap";
/// Name of the file with the bytes of the links, where a run keeps them.
pub const WIRE: &str = "wire.mcap";
/// Name of the folder with attached files.
pub const ATTACHMENTS: &str = "attachments";
/// Name of the folder with what was added after the run.
pub const ADDENDA: &str = "addenda";
/// Name of the file with the lines of the addenda.
pub const ADDENDA_LINES: &str = "addenda/addenda.jsonl";
/// Name of the file with the digests of what belongs to the run.
pub const MANIFEST: &str = "manifest.json";
/// Name of the space that is kept for the last lines on a full disk; gone when the run is closed.
pub const RESERVE: &str = ".reserve";
