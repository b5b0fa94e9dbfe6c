//! `wire.mcap` read back.

use crate::error::{RecordError, at};
use mcap::MessageStream;
use mcap::read::Options;
use prost::Message;
use std::path::Path;

/// A piece of what went over a link, as `wire.mcap` has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Heard {
    /// The device, or the interface of a bus.
    pub link: String,
    /// Whether this computer sent it.
    pub sent: bool,
    /// Nanoseconds since the Unix epoch.
    pub unix_ns: u64,
    /// The bytes; of a CAN bus one frame as text, `123#DEADBEEF`.
    pub data: Vec<u8>,
}

/// Reads a `wire.mcap`, finished or not, in the order of writing. Gives why it ends early, where it does.
///
/// # Errors
/// [`RecordError::Io`] when the file cannot be read, [`RecordError::Broken`] when it is none.
pub fn read_wire(path: &Path, mut each: impl FnMut(Heard)) -> Result<Option<String>, RecordError> {
    let bytes = std::fs::read(path).map_err(at("read", path))?;
    let broken =
        |error: &dyn std::fmt::Display| RecordError::Broken(format!("{}: {error}", path.display()));
    let torn = Options::IgnoreEndMagic.into();
    let messages = MessageStream::new_with_options(&bytes, torn).map_err(|e| broken(&e))?;
    for message in messages {
        let message = match message {
            Ok(message) => message,
            Err(error) => return Ok(Some(error.to_string())),
        };
        let Some(link) = message.channel.topic.strip_prefix("wire/") else {
            continue;
        };
        let piece = crate::wire::Piece::decode(&*message.data).map_err(|e| broken(&e))?;
        each(Heard {
            link: link.to_owned(),
            sent: piece.sent,
            unix_ns: message.log_time,
            data: piece.data,
        });
    }
    Ok(None)
}
