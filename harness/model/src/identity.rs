//! Who a device is, where its bytes come from, and what a file is.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// Whether a device is a thing on a bench or a computation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Provenance {
    /// A real device at a real port.
    Physical,
    /// A simulated device.
    Simulated,
    /// Recorded bytes played back.
    Replayed,
}

/// What a device says of itself, or what its label says.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Identity {
    /// Maker, as the device or label says it.
    pub maker: Option<String>,
    /// Model.
    pub model: Option<String>,
    /// Serial number.
    pub serial: Option<String>,
    /// Firmware version.
    pub firmware: Option<String>,
    /// Which of these the device said over its link; the others come from the label.
    pub read_from_device: bool,
    /// Fields that the device cannot say, to be confirmed from the label: `serial`, `firmware`, …
    pub label_needed: Vec<String>,
    /// Anything else, in the order of the device (register dumps, option lists).
    pub notes: Vec<String>,
}

/// What is known of the link under a device when it is opened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LinkFacts {
    /// `serial`, `pty`, `socketcan`, `vcan`, `slcan`, `in-process`, `replay`.
    pub kind: String,
    /// The port, for example `/dev/ttyUSB0`.
    pub port: String,
    /// Settings in effect: baud rate, framing, latency timer.
    pub settings: String,
    /// False when the link can never be a physical device: pty, in-process, vcan, replay.
    pub may_be_physical: bool,
}

/// A file by name and content.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct FileDigest {
    /// Path relative to the file that names it.
    pub path: String,
    /// Size in bytes.
    pub bytes: u64,
    /// SHA-256, lower-case hex.
    pub sha256: String,
}

/// SHA-256 of `bytes` as 64 lower-case hex digits.
pub fn sha256_hex(bytes: &[u8]) -> String {
    lower_hex(&Sha256::digest(bytes))
}

/// `bytes` as lower-case hex digits. Every line of a record is hashed: this is no place for `format!`.
pub fn lower_hex(bytes: &[u8]) -> String {
    let digit = |nibble: u8| char::from(b"0123456789abcdef"[usize::from(nibble & 0xF)]);
    let mut text = String::with_capacity(2 * bytes.len());
    for byte in bytes {
        text.push(digit(byte >> 4));
        text.push(digit(*byte));
    }
    text
}
