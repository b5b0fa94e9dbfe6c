//! The same registers on CAN (Inspire Robots, CAN supplement V0.0.2): 29-bit identifiers, data frames only.
//!
//! `id = kind << 26 | address << 14 | hand`, kind 0 reads and 1 writes; addresses count bytes. A read asks with
//! one data byte, the count; it is answered under the same identifier with the data. A write carries up to
//! eight bytes and is answered under the same identifier without data. Question and answer share an identifier:
//! what one sent oneself must not be heard.

use super::{Reply, Request};

/// Most data bytes of a frame (classic CAN).
pub const MOST: usize = 8;

const READ: u32 = 0;
const WRITE: u32 = 1;

fn id(kind: u32, hand: u8, address: u16) -> Option<u32> {
    (address < 1 << 12).then(|| kind << 26 | u32::from(address) << 14 | u32::from(hand))
}

/// Kind, hand and address of an identifier.
fn parts(id: u32) -> Option<(u32, u8, u16)> {
    let hand = u8::try_from(id & 0x3FFF).ok()?;
    Some((id >> 26, hand, (id >> 14 & 0xFFF) as u16))
}

impl Request {
    /// Identifier and data of the frame; `None` when it does not fit into one.
    pub fn to_can(&self) -> Option<(u32, Vec<u8>)> {
        match self {
            Request::Read {
                hand,
                address,
                count,
            } if (1..=MOST).contains(&usize::from(*count)) => {
                Some((id(READ, *hand, *address)?, vec![*count]))
            }
            Request::Write {
                hand,
                address,
                data,
            } if (1..=MOST).contains(&data.len()) => {
                Some((id(WRITE, *hand, *address)?, data.clone()))
            }
            _ => None,
        }
    }

    /// What a frame with a 29-bit identifier asks of a hand.
    pub fn from_can(id: u32, data: &[u8]) -> Option<Request> {
        let (kind, hand, address) = parts(id)?;
        match (kind, data) {
            (READ, &[count]) => Some(Request::Read {
                hand,
                address,
                count,
            }),
            (WRITE, [_, ..]) => Some(Request::Write {
                hand,
                address,
                data: data.to_vec(),
            }),
            _ => None,
        }
    }
}

impl Reply {
    /// Identifier and data of the frame; `None` when it does not fit into one. The wire has no word for a
    /// write that was rejected.
    pub fn to_can(&self) -> Option<(u32, Vec<u8>)> {
        match self {
            Reply::Data {
                hand,
                address,
                data,
            } if data.len() <= MOST => Some((id(READ, *hand, *address)?, data.clone())),
            Reply::Written {
                hand,
                address,
                result: 1,
            } => Some((id(WRITE, *hand, *address)?, Vec::new())),
            _ => None,
        }
    }

    /// What a frame with a 29-bit identifier answers.
    pub fn from_can(id: u32, data: &[u8]) -> Option<Reply> {
        let (kind, hand, address) = parts(id)?;
        match (kind, data) {
            (READ, [_, ..]) => Some(Reply::Data {
                hand,
                address,
                data: data.to_vec(),
            }),
            (WRITE, []) => Some(Reply::Written {
                hand,
                address,
                result: 1,
            }),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Printed in the maker's CAN supplement: ANGLE_SET(0) = 500, and a read of ANGLE_ACT(3), of hand 1.
    #[test]
    fn identifiers_are_those_of_the_supplement() {
        let write = Request::Write {
            hand: 1,
            address: 1486,
            data: vec![0xF4, 0x01], // 500, low byte first
        };
        assert_eq!(write.to_can(), Some((0x0573_8001, vec![0xF4, 0x01])));
        let read = Request::Read {
            hand: 1,
            address: 1546 + 2 * 3,
            count: 2,
        };
        assert_eq!(read.to_can(), Some((0x0184_0001, vec![0x02])));
        for request in [write, read] {
            let (id, data) = request.to_can().unwrap();
            assert_eq!(Request::from_can(id, &data), Some(request));
        }
    }

    #[test]
    fn what_does_not_fit_into_a_frame_is_not_sent() {
        let read = |address, count| Request::Read {
            hand: 1,
            address,
            count,
        };
        assert_eq!(read(1546, 12).to_can(), None);
        assert_eq!(read(1546, 0).to_can(), None);
        assert_eq!(read(4096, 2).to_can(), None);
        let rejected = Reply::Written {
            hand: 1,
            address: 1486,
            result: 0,
        };
        assert_eq!(rejected.to_can(), None);
    }

    #[test]
    fn answers_are_told_by_their_kind() {
        assert_eq!(
            Reply::from_can(0x0573_8001, &[]),
            Some(Reply::Written {
                hand: 1,
                address: 1486,
                result: 1
            })
        );
        assert_eq!(
            Reply::from_can(0x0184_0001, &[0xE8, 0x03]),
            Some(Reply::Data {
                hand: 1,
                address: 1552,
                data: vec![0xE8, 0x03]
            })
        );
        assert_eq!(Reply::from_can(0x0184_0001, &[]), None);
        assert_eq!(Reply::from_can(0x1FFF_FFFF, &[1]), None);
    }
}
