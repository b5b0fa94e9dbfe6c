//! The server's side of block transfer (CiA 301, SDO block upload and block download).

use super::block::{BLOCK, CRC};
use super::word::{self, Initiate};
use super::{Abort, MOST_BYTES};

/// Blocks going out.
#[derive(Debug, Clone)]
pub(super) struct Giving {
    pub(super) at: (u16, u8),
    data: Vec<u8>,
    /// Whether the client computes the checksum, too.
    crc: bool,
    /// Bytes that the client has confirmed.
    given: usize,
    /// Segments of the block under way.
    sent: u8,
    /// The client has everything and was told the checksum.
    ended: bool,
}

/// What a frame of the client leads to.
pub(super) enum Turn {
    /// Send these and go on.
    Send(Vec<[u8; 8]>),
    /// The client has all of it.
    Over,
}

impl Giving {
    /// The client asks; the answer announces the size.
    pub(super) fn begin(ask: &[u8; 8], data: Vec<u8>) -> Result<(Giving, [u8; 8]), Abort> {
        let said = Initiate::parse(ask);
        let [most, ..] = said.last;
        if !(1..=BLOCK).contains(&most) {
            return Err(Abort::BLOCK_SIZE);
        }
        let size = u32::try_from(data.len()).unwrap_or(u32::MAX);
        // command 6, with a checksum where the client has one, and a size
        let crc = said.specifier & 0b100;
        let answer = word::initiate(0xC2 | crc, said.index, said.sub, size.to_le_bytes());
        let giving = Giving {
            at: (said.index, said.sub),
            data,
            crc: crc != 0,
            given: 0,
            sent: most,
            ended: false,
        };
        Ok((giving, answer))
    }

    /// Start, confirmation of a block, or end.
    pub(super) fn on(&mut self, frame: &[u8; 8]) -> Result<Turn, Abort> {
        let [command, confirmed, most, ..] = *frame;
        match command {
            0xA3 if self.given == 0 && !self.ended => Ok(Turn::Send(self.block(self.sent)?)),
            0xA2 if !self.ended => {
                if confirmed > self.sent {
                    return Err(Abort::SEQUENCE_NUMBER);
                }
                self.given = (self.given + 7 * usize::from(confirmed)).min(self.end());
                if self.given < self.end() {
                    return Ok(Turn::Send(self.block(most)?));
                }
                self.ended = true;
                let empty = (self.given - self.data.len()) as u8; // at most 7
                let crc = if self.crc {
                    CRC.checksum(&self.data)
                } else {
                    0
                };
                let [low, high] = crc.to_le_bytes();
                Ok(Turn::Send(vec![[
                    0xC1 | empty << 2,
                    low,
                    high,
                    0,
                    0,
                    0,
                    0,
                    0,
                ]]))
            }
            0xA1 if self.ended => Ok(Turn::Over),
            _ => Err(Abort::COMMAND),
        }
    }

    /// All bytes of whole segments; one segment carries nothing at all, too.
    fn end(&self) -> usize {
        7 * self.data.len().div_ceil(7).max(1)
    }

    fn block(&mut self, most: u8) -> Result<Vec<[u8; 8]>, Abort> {
        if !(1..=BLOCK).contains(&most) {
            return Err(Abort::BLOCK_SIZE);
        }
        let mut frames = Vec::new();
        for number in 1..=most {
            let from = self.given + 7 * (usize::from(number) - 1);
            let last = from + 7 >= self.end();
            let mut frame = [0; 8];
            frame[0] = number | u8::from(last) << 7;
            let rest = self.data.get(from..).unwrap_or_default();
            for (to, byte) in frame.iter_mut().skip(1).zip(rest) {
                *to = *byte;
            }
            frames.push(frame);
            self.sent = number;
            if last {
                break;
            }
        }
        Ok(frames)
    }
}

/// Blocks coming in.
#[derive(Debug, Clone)]
pub(super) struct Taking {
    pub(super) at: (u16, u8),
    data: Vec<u8>,
    crc: bool,
    announced: Option<usize>,
    /// Segments of this block that came in order.
    came: u8,
    last: bool,
}

/// What a frame of the client leads to.
pub(super) enum Got {
    /// Nothing is said within a block.
    More,
    /// Confirm a block.
    Say([u8; 8]),
    /// This is the content; say that it was taken.
    All(Vec<u8>, [u8; 8]),
}

impl Taking {
    pub(super) fn begin(ask: &[u8; 8]) -> Result<(Taking, [u8; 8]), Abort> {
        let said = Initiate::parse(ask);
        let size = usize::try_from(u32::from_le_bytes(said.last)).unwrap_or(usize::MAX);
        let announced = (said.specifier & 0b10 != 0).then_some(size);
        if announced.is_some_and(|size| size > MOST_BYTES) {
            return Err(Abort::OUT_OF_MEMORY);
        }
        let taking = Taking {
            at: (said.index, said.sub),
            data: Vec::new(),
            crc: said.specifier & 0b100 != 0,
            announced,
            came: 0,
            last: false,
        };
        // command 5, with a checksum where the client has one, and the size of blocks
        let crc = said.specifier & 0b100;
        let answer = word::initiate(0xA0 | crc, said.index, said.sub, [BLOCK, 0, 0, 0]);
        Ok((taking, answer))
    }

    pub(super) fn on(&mut self, frame: &[u8; 8]) -> Result<Got, Abort> {
        if self.last {
            return self.end(frame);
        }
        let [head, content @ ..] = frame;
        let (number, last) = (head & 0x7F, head & 0x80 != 0);
        if number == 0 {
            return Err(Abort::COMMAND);
        }
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
        let confirmed = std::mem::take(&mut self.came);
        Ok(Got::Say([0xA2, confirmed, BLOCK, 0, 0, 0, 0, 0]))
    }

    /// `[110 nnn 01, CRC low, CRC high]`.
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
        Ok(Got::All(content, [0xA1, 0, 0, 0, 0, 0, 0, 0]))
    }
}
