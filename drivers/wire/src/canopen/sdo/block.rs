//! Block transfer (CiA 301, SDO block upload and block download): whole blocks of segments for one
//! confirmation, and a checksum over all of it. For what is long: logs, firmware, names.
//!
//! Client and server are alike in it: one end gives segments, the other takes them, by the same bytes.

use super::word::Initiate;
use super::{Abort, MOST_BYTES};

/// Segments of a block: the most that there can be, and what is asked for here.
pub(super) const BLOCK: u8 = 127;
/// Start of an upload, by its client.
pub(super) const START: u8 = 0xA3;
/// `[this, last good segment, segments of the next block]`: confirms a block.
pub(super) const CONFIRM: u8 = 0xA2;
/// Everything was taken.
pub(super) const TAKEN: u8 = 0xA1;
/// Blocks one after the other of which nothing arrived; after so many the transfer is given up. The
/// standard has no limit.
const LOST_MOST: u8 = 4;

/// The CRC of block transfer: x^16 + x^12 + x^5 + 1, initial value 0, not reflected (CiA 301).
const CRC: crc::Crc<u16> = crc::Crc::<u16>::new(&crc::CRC_16_XMODEM);

/// Whether an initiate says that its sender computes the checksum; the bit goes back as it came.
pub(super) fn checksum_bit(said: &Initiate) -> u8 {
    said.specifier & 0b100
}

/// Blocks one after the other of which nothing arrived.
#[derive(Debug, Clone, Default)]
struct Lost(u8);

impl Lost {
    /// A block was confirmed up to this segment.
    fn confirmed(&mut self, segments: u8) -> Result<(), Abort> {
        self.0 = if segments == 0 { self.0 + 1 } else { 0 };
        match self.0 {
            n if n < LOST_MOST => Ok(()),
            _ => Err(Abort::SEQUENCE_NUMBER),
        }
    }
}

/// Content on its way out.
#[derive(Debug, Clone)]
pub(super) struct Giving {
    data: Vec<u8>,
    /// Whether the other end computes the checksum, too.
    crc: bool,
    /// Bytes that it has confirmed.
    given: usize,
    /// Segments of the block under way.
    sent: u8,
    lost: Lost,
}

/// What follows a confirmed block.
pub(super) enum Next {
    /// The next block, or what was lost of this one and all after it.
    Block(Vec<[u8; 8]>),
    /// The other end has everything: the checksum.
    End([u8; 8]),
}

impl Giving {
    pub(super) fn new(data: Vec<u8>, crc: bool) -> Giving {
        Giving {
            data,
            crc,
            given: 0,
            sent: 0,
            lost: Lost::default(),
        }
    }

    /// All bytes of whole segments; one segment carries nothing at all, too.
    fn end(&self) -> usize {
        7 * self.data.len().div_ceil(7).max(1)
    }

    /// The next block of at most so many segments: `[last | number, seven bytes]` each.
    pub(super) fn block(&mut self, most: u8) -> Result<Vec<[u8; 8]>, Abort> {
        if !(1..=BLOCK).contains(&most) {
            return Err(Abort::BLOCK_SIZE);
        }
        let left = self.end() - self.given;
        let rest = self.data.get(self.given..).unwrap_or_default();
        let mut chunks = rest.chunks(7);
        let segments = (1..=most).zip((1..=left).step_by(7)).map(|(number, from)| {
            let last = from + 7 > left;
            let mut segment = [0; 8];
            segment[0] = number | u8::from(last) << 7;
            let content = chunks.next().unwrap_or_default();
            for (to, byte) in segment.iter_mut().skip(1).zip(content) {
                *to = *byte;
            }
            segment
        });
        let segments: Vec<[u8; 8]> = segments.collect();
        self.sent = segments.len() as u8; // at most 127
        Ok(segments)
    }

    /// The other end has so many segments of the block, and takes so many in the next.
    pub(super) fn confirmed(&mut self, segments: u8, most: u8) -> Result<Next, Abort> {
        if segments > self.sent {
            return Err(Abort::SEQUENCE_NUMBER);
        }
        self.lost.confirmed(segments)?;
        self.given += 7 * usize::from(segments);
        if self.given < self.end() {
            return self.block(most).map(Next::Block);
        }
        let empty = (self.end() - self.data.len()) as u8; // at most 7
        let crc = match self.crc {
            true => CRC.checksum(&self.data),
            false => 0,
        };
        let [low, high] = crc.to_le_bytes();
        Ok(Next::End([0xC1 | empty << 2, low, high, 0, 0, 0, 0, 0]))
    }
}

/// Content on its way in.
#[derive(Debug, Clone)]
pub(super) struct Taking {
    data: Vec<u8>,
    /// Whether the other end computes the checksum.
    crc: bool,
    announced: Option<usize>,
    /// Segments of this block that came in order.
    came: u8,
    /// Those out of order, too.
    heard: u8,
    /// Whether the last segment of all was among them.
    last: bool,
    lost: Lost,
}

/// What a segment, or the end of all, leads to.
pub(super) enum Got {
    /// Nothing is said within a block.
    More,
    /// Confirm a block.
    Confirm([u8; 8]),
    /// This is the content: say [`TAKEN`].
    All(Vec<u8>),
}

impl Taking {
    /// By the frame that announces the content.
    pub(super) fn new(said: &Initiate) -> Result<Taking, Abort> {
        let size = usize::try_from(u32::from_le_bytes(said.last)).unwrap_or(usize::MAX);
        let announced = (said.specifier & 0b10 != 0).then_some(size);
        if announced.is_some_and(|size| size > MOST_BYTES) {
            return Err(Abort::OUT_OF_MEMORY);
        }
        Ok(Taking {
            data: Vec::new(),
            crc: checksum_bit(said) != 0,
            announced,
            came: 0,
            heard: 0,
            last: false,
            lost: Lost::default(),
        })
    }

    /// `[last | number, seven bytes]`. One out of order is passed over, and all after it: they come again
    /// when the other end hears which was the last good one.
    pub(super) fn on(&mut self, frame: &[u8; 8]) -> Result<Got, Abort> {
        if self.last {
            return self.end(frame);
        }
        let [head, content @ ..] = frame;
        let (number, last) = (head & 0x7F, head & 0x80 != 0);
        if number == 0 {
            return Err(Abort::COMMAND);
        }
        if self.heard == BLOCK {
            return Err(Abort::SEQUENCE_NUMBER); // a block that does not end
        }
        self.heard += 1;
        if number == self.came + 1 {
            if self.data.len() + content.len() > MOST_BYTES + 7 {
                return Err(Abort::OUT_OF_MEMORY);
            }
            (self.came, self.last) = (number, last);
            self.data.extend(content);
        }
        if !last && number != BLOCK {
            return Ok(Got::More);
        }
        self.heard = 0;
        let came = std::mem::take(&mut self.came);
        self.lost.confirmed(came)?;
        Ok(Got::Confirm([CONFIRM, came, BLOCK, 0, 0, 0, 0, 0]))
    }

    /// `[110 nnn 01, CRC low, CRC high]`: nnn of the last segment's seven bytes are empty.
    fn end(&mut self, frame: &[u8; 8]) -> Result<Got, Abort> {
        let [head, low, high, ..] = *frame;
        if head >> 5 != 6 || head & 0b11 != 1 {
            return Err(Abort::COMMAND);
        }
        let empty = usize::from(head >> 2 & 0b111);
        let mut content = std::mem::take(&mut self.data);
        content.truncate(content.len().saturating_sub(empty));
        if self.announced.is_some_and(|size| size != content.len()) {
            return Err(Abort::LENGTH);
        }
        if self.crc && CRC.checksum(&content) != u16::from_le_bytes([low, high]) {
            return Err(Abort::CRC);
        }
        Ok(Got::All(content))
    }
}
