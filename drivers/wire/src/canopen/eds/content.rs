//! What a configuration file puts into an object.

use super::ini::{Key, Section};
use super::{BadEds, DataType, Entry, Value, value};
use crate::canopen::cob::NodeId;

/// Data types of CiA 301 that are no integers and have a content here.
const REAL32: u16 = 0x08;
const VISIBLE_STRING: u16 = 0x09;
const OCTET_STRING: u16 = 0x0A;
const UNICODE_STRING: u16 = 0x0B;
const DOMAIN: u16 = 0x0F;
const REAL64: u16 = 0x11;

/// A value that a configuration file gives (`ParameterValue`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Configured {
    /// Where it stands in the file, from 1.
    pub line: usize,
    /// What.
    pub content: Content,
}

/// What is put into an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// An integer.
    Number(Value),
    /// Text, bytes, a number with a point: as they go over the wire.
    Bytes(Vec<u8>),
}

/// A value for a node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting<'e> {
    /// Index.
    pub index: u16,
    /// Sub-index.
    pub sub: u8,
    /// What the file says of the object.
    pub entry: &'e Entry,
    /// Where the value stands in the file, from 1.
    pub line: usize,
    /// The value as it goes over the wire.
    pub data: Vec<u8>,
}

impl Configured {
    /// The value of a key; `None` for one that has no bytes here and is not written anyway.
    pub(super) fn read(
        kind: DataType,
        writable: bool,
        key: &Key,
    ) -> Result<Option<Configured>, BadEds> {
        let content = match kind {
            DataType::Other(code) => match bytes(code, &key.value) {
                Some(bytes) => Content::Bytes(bytes),
                None if !writable => return Ok(None),
                None => {
                    let what = format!(
                        "{}={} is no value of data type {code:04X}",
                        key.name, key.value
                    );
                    return Err(BadEds::at(key.line, what));
                }
            },
            kind => {
                let number = value(key)?;
                if !fits(kind, number.number) {
                    return Err(super::out_of_range(key));
                }
                Content::Number(number)
            }
        };
        Ok(Some(Configured {
            line: key.line,
            content,
        }))
    }

    pub(super) fn as_number(&self) -> Option<Value> {
        match self.content {
            Content::Number(number) => Some(number),
            Content::Bytes(_) => None,
        }
    }

    /// Its bytes for a node, little-endian.
    ///
    /// # Errors
    /// A number that with the node's is none of its type.
    pub(super) fn bytes(&self, kind: DataType, node: NodeId) -> Result<Vec<u8>, BadEds> {
        let number = match &self.content {
            Content::Bytes(bytes) => return Ok(bytes.clone()),
            Content::Number(number) => number.of(node),
        };
        let wide = number.to_le_bytes();
        let bytes = kind.bytes().filter(|_| fits(kind, number));
        let bytes = bytes.and_then(|bytes| wide.get(..usize::from(bytes)));
        bytes.map(<[u8]>::to_vec).ok_or_else(|| {
            let what = format!("{number}, with the number of {node}, is out of range");
            BadEds::at(self.line, what)
        })
    }
}

/// The `ParameterValue` of an object's section. Texts stand as they are, bytes and domains in hexadecimal,
/// as canopen and its like read and write them. What another file would give a domain is refused: it is
/// not in the plan.
pub(super) fn configured(
    kind: DataType,
    writable: bool,
    section: &Section,
) -> Result<Option<Configured>, BadEds> {
    if let Some(key) = section
        .key("downloadfile")
        .filter(|key| !key.value.is_empty())
    {
        let what = format!(
            "{}={}: another file's content is not in the plan; write it here as ParameterValue, in hexadecimal",
            key.name, key.value
        );
        return Err(BadEds::at(key.line, what));
    }
    let Some(key) = section
        .key("parametervalue")
        .filter(|key| !key.value.is_empty())
    else {
        return Ok(None);
    };
    Configured::read(kind, writable, key)
}

/// Whether a type can hold a number.
fn fits(kind: DataType, number: i64) -> bool {
    let bits = 8 * u32::from(kind.bytes().unwrap_or(8));
    let wide = i128::from(number);
    match kind {
        _ if bits >= 64 => true,
        DataType::Integer(_) => (-(1 << (bits - 1))..1 << bits).contains(&wide), // or its bits
        _ => (0..1 << bits).contains(&wide),
    }
}

fn bytes(code: u16, text: &str) -> Option<Vec<u8>> {
    match code {
        REAL32 => text.parse().ok().map(|n: f32| n.to_le_bytes().to_vec()),
        REAL64 => text.parse().ok().map(|n: f64| n.to_le_bytes().to_vec()),
        VISIBLE_STRING => Some(text.as_bytes().to_vec()),
        UNICODE_STRING => Some(text.encode_utf16().flat_map(u16::to_le_bytes).collect()),
        OCTET_STRING | DOMAIN => {
            let digits: Vec<u8> = text.bytes().filter(|byte| *byte != b' ').collect();
            let pairs = digits.chunks(2).map(|pair| {
                let pair = std::str::from_utf8(pair)
                    .ok()
                    .filter(|pair| pair.len() == 2)?;
                let plain = pair.bytes().all(|digit| digit.is_ascii_hexdigit());
                plain.then(|| u8::from_str_radix(pair, 16).ok()).flatten()
            });
            pairs.collect()
        }
        _ => None,
    }
}
