//! One frame, either direction.

use super::stream::Message;

const READ: u8 = 0x11;
const WRITE: u8 = 0x12;
/// Bytes of a frame before the data: header, id, length, command, address.
const BEFORE_DATA: usize = 7;
/// Most data bytes: the length byte also counts command and address.
const MOST_DATA: usize = 252;

/// What the host asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Request {
    /// Read `count` bytes from `address`.
    Read {
        /// Address of the hand, 1 by default.
        hand: u8,
        /// Byte address.
        address: u16,
        /// How many bytes.
        count: u8,
    },
    /// Write `data` to `address`: 1..=252 bytes.
    Write {
        /// Address of the hand.
        hand: u8,
        /// Byte address.
        address: u16,
        /// What to write.
        data: Vec<u8>,
    },
}

/// What the hand answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    /// The bytes that were read.
    Data {
        /// Address of the hand.
        hand: u8,
        /// Byte address, echoed.
        address: u16,
        /// The content: 1..=252 bytes.
        data: Vec<u8>,
    },
    /// Whether a write was taken.
    Written {
        /// Address of the hand.
        hand: u8,
        /// Byte address, echoed.
        address: u16,
        /// 1: taken; anything else: rejected.
        result: u8,
    },
}

/// More data than fits, or none at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{bytes} data byte(s); 1 to {limit} can be sent")]
pub struct TooLong {
    /// How many there were.
    pub bytes: usize,
    /// How many there may be.
    pub limit: usize,
}

impl Request {
    /// The bytes on the wire.
    pub fn encode(&self) -> Result<Vec<u8>, TooLong> {
        match self {
            Request::Read {
                hand,
                address,
                count,
            } => frame::<Request>(*hand, READ, *address, &[*count]),
            Request::Write {
                hand,
                address,
                data,
            } => frame::<Request>(*hand, WRITE, *address, data),
        }
    }

    /// Whether `reply` can be the answer: same hand, same address, same kind, same length.
    pub fn is_answered_by(&self, reply: &Reply) -> bool {
        match (self, reply) {
            (
                Request::Read {
                    hand,
                    address,
                    count,
                },
                Reply::Data {
                    hand: h,
                    address: a,
                    data,
                },
            ) => (hand, address, usize::from(*count)) == (h, a, data.len()),
            (
                Request::Write { hand, address, .. },
                Reply::Written {
                    hand: h,
                    address: a,
                    ..
                },
            ) => (hand, address) == (h, a),
            _ => false,
        }
    }
}

impl Reply {
    /// The bytes on the wire.
    pub fn encode(&self) -> Result<Vec<u8>, TooLong> {
        match self {
            Reply::Data {
                hand,
                address,
                data,
            } => frame::<Reply>(*hand, READ, *address, data),
            Reply::Written {
                hand,
                address,
                result,
            } => frame::<Reply>(*hand, WRITE, *address, &[*result]),
        }
    }
}

impl Message for Request {
    const HEADER: [u8; 2] = [0xEB, 0x90];

    fn allows(command: u8, data_bytes: usize) -> bool {
        command == WRITE || (command == READ && data_bytes == 1)
    }

    fn from_parts(hand: u8, command: u8, address: u16, data: &[u8]) -> Option<Request> {
        match (command, data) {
            (READ, &[count]) => Some(Request::Read {
                hand,
                address,
                count,
            }),
            (WRITE, _) => Some(Request::Write {
                hand,
                address,
                data: data.to_vec(),
            }),
            _ => None,
        }
    }
}

impl Message for Reply {
    const HEADER: [u8; 2] = [0x90, 0xEB];

    fn allows(command: u8, data_bytes: usize) -> bool {
        command == READ || (command == WRITE && data_bytes == 1)
    }

    fn from_parts(hand: u8, command: u8, address: u16, data: &[u8]) -> Option<Reply> {
        match (command, data) {
            (READ, _) => Some(Reply::Data {
                hand,
                address,
                data: data.to_vec(),
            }),
            (WRITE, &[result]) => Some(Reply::Written {
                hand,
                address,
                result,
            }),
            _ => None,
        }
    }
}

fn frame<M: Message>(hand: u8, command: u8, address: u16, data: &[u8]) -> Result<Vec<u8>, TooLong> {
    let too_long = TooLong {
        bytes: data.len(),
        limit: MOST_DATA,
    };
    if data.is_empty() || data.len() > MOST_DATA {
        return Err(too_long);
    }
    let length = u8::try_from(data.len() + 3).map_err(|_| too_long)?;
    let [low, high] = address.to_le_bytes();
    let mut bytes = Vec::with_capacity(BEFORE_DATA + data.len() + 1);
    bytes.extend(M::HEADER);
    bytes.extend([hand, length, command, low, high]);
    bytes.extend(data);
    bytes.push(checksum(&bytes));
    Ok(bytes)
}

/// The low byte of the sum from the id on; `frame` begins with the header and ends before the checksum.
pub(super) fn checksum(frame: &[u8]) -> u8 {
    frame
        .iter()
        .skip(2)
        .fold(0, |sum, byte| sum.wrapping_add(*byte))
}
