//! The eight bytes of an SDO frame, both directions.

use super::abort::Abort;
use crate::canopen::cob::{CobFrame, NodeId, Service};

/// Specifier of an abort, of both directions.
pub(super) const ABORT: u8 = 0x80;

/// `[specifier, index low, index high, sub-index, four bytes]`.
pub(super) fn initiate(specifier: u8, index: u16, sub: u8, last: [u8; 4]) -> [u8; 8] {
    let [low, high] = index.to_le_bytes();
    let [a, b, c, d] = last;
    [specifier, low, high, sub, a, b, c, d]
}

/// What a node answers; `None` for any other frame.
pub(super) fn reply(frame: &CobFrame, node: NodeId) -> Option<&[u8; 8]> {
    let own = Service::of(frame.id()) == Some(Service::SdoReply(node));
    own.then(|| frame.data().try_into().ok()).flatten()
}

/// The abort of a transfer.
pub(super) fn abort(index: u16, sub: u8, code: Abort) -> [u8; 8] {
    initiate(ABORT, index, sub, code.0.to_le_bytes())
}

/// An initiate frame taken apart.
pub(super) struct Initiate {
    pub(super) specifier: u8,
    pub(super) index: u16,
    pub(super) sub: u8,
    pub(super) last: [u8; 4],
}

impl Initiate {
    pub(super) fn parse(data: &[u8; 8]) -> Initiate {
        let [specifier, low, high, sub, a, b, c, d] = *data;
        Initiate {
            specifier,
            index: u16::from_le_bytes([low, high]),
            sub,
            last: [a, b, c, d],
        }
    }

    /// The content of an expedited transfer: e set; with s set, n says how many of the four bytes are empty.
    pub(super) fn expedited(&self) -> Option<&[u8]> {
        let used = match self.specifier & 0b11 {
            0b11 => 4 - usize::from(self.specifier >> 2 & 0b11),
            0b10 => 4,
            _ => return None,
        };
        self.last.get(..used)
    }

    /// The size that a segmented transfer announces, when it does.
    pub(super) fn announced(&self) -> Option<usize> {
        let size = u32::from_le_bytes(self.last);
        (self.specifier & 0b11 == 0b01).then(|| usize::try_from(size).unwrap_or(usize::MAX))
    }
}

/// Low bits of the specifier and the four bytes for content that fits, else for its announced size.
/// The flag says which: `true` is expedited.
pub(super) fn content(data: &[u8]) -> (u8, [u8; 4], bool) {
    if data.is_empty() || data.len() > 4 {
        let size = u32::try_from(data.len()).unwrap_or(u32::MAX);
        return (0b01, size.to_le_bytes(), false);
    }
    let mut last = [0; 4];
    for (to, from) in last.iter_mut().zip(data) {
        *to = *from;
    }
    let empty = (4 - data.len()) as u8;
    (empty << 2 | 0b11, last, true)
}

/// The segment that carries `data` from `sent` on, and how many bytes of it.
pub(super) fn segment(toggle: bool, data: &[u8], sent: usize) -> ([u8; 8], usize) {
    let rest = data.get(sent..).unwrap_or_default();
    let now = rest.len().min(7);
    let last = rest.len() <= 7;
    let empty = (7 - now) as u8;
    let mut frame = [0; 8];
    frame[0] = u8::from(toggle) << 4 | empty << 1 | u8::from(last);
    for (to, from) in frame.iter_mut().skip(1).zip(rest) {
        *to = *from;
    }
    (frame, now)
}

/// A segment taken apart: its toggle bit, its content, and whether it is the last.
pub(super) fn parse_segment(data: &[u8; 8]) -> (bool, &[u8], bool) {
    let [head, content @ ..] = data;
    let used = 7 - usize::from(head >> 1 & 0b111);
    (
        head & 0x10 != 0,
        content.get(..used).unwrap_or_default(),
        head & 1 == 1,
    )
}
