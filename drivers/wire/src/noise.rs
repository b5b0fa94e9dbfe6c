//! What to say of bytes that were no message.

use std::fmt;

/// Bytes on the line that were no message, and why not.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{} byte(s) are no frame, {why}: {}", bytes.len(), hex(bytes))]
pub struct Noise {
    /// What was wrong with the first of them.
    pub why: Why,
    /// The bytes, as they came.
    pub bytes: Vec<u8>,
}

/// Why bytes are no message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// No frame starts with these bytes.
    Header,
    /// Another device than the one asked.
    Address,
    /// A command or function that is not part of the protocol, or not the one asked.
    Function,
    /// A length that the protocol, or the request, does not allow.
    Length,
    /// A write was answered with something else than its echo.
    Echo,
    /// The checksum does not match the content.
    Checksum,
    /// The line fell silent before the frame was whole.
    Incomplete,
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Why::Header => "header not found",
            Why::Address => "wrong address",
            Why::Function => "wrong function",
            Why::Length => "impossible length",
            Why::Echo => "echo differs from the request",
            Why::Checksum => "checksum does not match",
            Why::Incomplete => "frame incomplete",
        })
    }
}

/// Bytes as people write them in a manual: `EB 90 01`.
pub fn hex(bytes: &[u8]) -> String {
    let words: Vec<String> = bytes.iter().map(|byte| format!("{byte:02X}")).collect();
    words.join(" ")
}
