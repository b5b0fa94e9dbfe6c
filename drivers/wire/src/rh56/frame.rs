//! One frame, either direction.

use super::stream::Message;

/// How frames of a dialect differ from those of another: the header of answers and the commands. Requests
/// begin with `EB 90` in all of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Framing {
    /// What an answer begins with.
    pub(super) answers: [u8; 2],
    /// The command that reads.
    pub(super) read: u8,
    /// The command that writes.
    pub(super) write: u8,
}

impl Framing {
    /// RH56DFX, RH56BFX, RH56F1: answers begin with `90 EB`, 11h reads, 12h writes.
    pub const HAND: Framing = Framing {
        answers: [0x90, 0xEB],
        read: 0x11,
        write: 0x12,
    };
    /// EG-5CD1 gripper: answers begin with `EE 16`, 0 reads, 1 writes.
    pub const GRIPPER: Framing = Framing {
        answers: [0xEE, 0x16],
        read: 0x00,
        write: 0x01,
    };
}

const REQUESTS: [u8; 2] = [0xEB, 0x90];
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
    /// The bytes on the wire, to a hand.
    pub fn encode(&self) -> Result<Vec<u8>, TooLong> {
        self.encode_in(Framing::HAND)
    }

    /// The bytes on the wire in a dialect.
    pub fn encode_in(&self, framing: Framing) -> Result<Vec<u8>, TooLong> {
        match self {
            Request::Read {
                hand,
                address,
                count,
            } => frame(REQUESTS, *hand, framing.read, *address, &[*count]),
            Request::Write {
                hand,
                address,
                data,
            } => frame(REQUESTS, *hand, framing.write, *address, data),
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
    /// The bytes on the wire, of a hand.
    pub fn encode(&self) -> Result<Vec<u8>, TooLong> {
        self.encode_in(Framing::HAND)
    }

    /// The bytes on the wire in a dialect.
    pub fn encode_in(&self, framing: Framing) -> Result<Vec<u8>, TooLong> {
        match self {
            Reply::Data {
                hand,
                address,
                data,
            } => frame(framing.answers, *hand, framing.read, *address, data),
            Reply::Written {
                hand,
                address,
                result,
            } => frame(framing.answers, *hand, framing.write, *address, &[*result]),
        }
    }
}

impl Message for Request {
    fn header(_: Framing) -> [u8; 2] {
        REQUESTS
    }

    fn allows(framing: Framing, command: u8, data_bytes: usize) -> bool {
        command == framing.write || (command == framing.read && data_bytes == 1)
    }

    fn from_parts(writes: bool, hand: u8, address: u16, data: &[u8]) -> Option<Request> {
        match (writes, data) {
            (false, &[count]) => Some(Request::Read {
                hand,
                address,
                count,
            }),
            (true, _) => Some(Request::Write {
                hand,
                address,
                data: data.to_vec(),
            }),
            _ => None,
        }
    }
}

impl Message for Reply {
    fn header(framing: Framing) -> [u8; 2] {
        framing.answers
    }

    fn allows(framing: Framing, command: u8, data_bytes: usize) -> bool {
        command == framing.read || (command == framing.write && data_bytes == 1)
    }

    fn from_parts(writes: bool, hand: u8, address: u16, data: &[u8]) -> Option<Reply> {
        match (writes, data) {
            (false, _) => Some(Reply::Data {
                hand,
                address,
                data: data.to_vec(),
            }),
            (true, &[result]) => Some(Reply::Written {
                hand,
                address,
                result,
            }),
            _ => None,
        }
    }
}

fn frame(
    header: [u8; 2],
    hand: u8,
    command: u8,
    address: u16,
    data: &[u8],
) -> Result<Vec<u8>, TooLong> {
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
    bytes.extend(header);
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
