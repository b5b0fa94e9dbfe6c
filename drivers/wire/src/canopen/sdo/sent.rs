//! Block download (CiA 301, SDO block download): the client writes what is long.

use super::block::{BLOCK, CRC};
use super::word::{self, Initiate};
use super::{Abort, Failure, Step};
use crate::canopen::cob::{CobFrame, NodeId, Service};

/// One block download under way.
#[derive(Debug, Clone)]
pub struct BlockDownload {
    node: NodeId,
    index: u16,
    sub: u8,
    phase: Phase,
    data: Vec<u8>,
    /// Whether the node computes the checksum, too.
    crc: bool,
    /// Bytes that the node has confirmed.
    taken: usize,
    /// Segments of the block under way.
    sent: u8,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Asked,
    Block,
    End,
    Over,
}

impl BlockDownload {
    /// Writes an object: the transfer, and the frame to send. A node without block transfer answers
    /// [`Failure::ByNode`] with [`Abort::COMMAND`]; use [`super::Client::download`] then.
    pub fn new(node: NodeId, index: u16, sub: u8, data: &[u8]) -> (BlockDownload, CobFrame) {
        let download = BlockDownload {
            node,
            index,
            sub,
            phase: Phase::Asked,
            data: data.to_vec(),
            crc: false,
            taken: 0,
            sent: 0,
        };
        let size = u32::try_from(data.len()).unwrap_or(u32::MAX);
        // command 6, checksum supported, size given
        let ask = download.frame(word::initiate(0xC6, index, sub, size.to_le_bytes()));
        (download, ask)
    }

    /// The caller waited long enough: the frame that tells the node, and the end of this transfer.
    pub fn timed_out(&mut self) -> CobFrame {
        self.phase = Phase::Over;
        self.frame(word::abort(self.index, self.sub, Abort::TIMED_OUT))
    }

    /// A frame came. [`Step::Done`] carries nothing.
    pub fn on(&mut self, frame: &CobFrame) -> Step {
        let Some(data) = word::reply(frame, self.node) else {
            return Step::NotMine;
        };
        if self.phase == Phase::Over {
            return Step::NotMine;
        }
        let said = Initiate::parse(data);
        let own = (said.index, said.sub) == (self.index, self.sub);
        if data[0] >> 5 == 4 {
            if !own {
                return Step::NotMine; // of an earlier transfer
            }
            self.phase = Phase::Over;
            let why = Abort(u32::from_le_bytes(said.last));
            return Step::Failed(Failure::ByNode(why), None);
        }
        match (self.phase, data[0] >> 5, data[0] & 0b11) {
            (Phase::Asked, _, _) if !own => Step::NotMine,
            (Phase::Asked, 5, 0) => {
                self.crc = said.specifier & 0b100 != 0;
                self.phase = Phase::Block;
                let [most, ..] = said.last;
                self.block(most)
            }
            (Phase::Block, 5, 2) => self.confirmed(data[1], data[2]),
            (Phase::End, 5, 1) => {
                self.phase = Phase::Over;
                Step::Done(Vec::new())
            }
            _ => self.fail(Abort::COMMAND),
        }
    }

    /// What the node did not get is sent again, with all after it.
    fn confirmed(&mut self, confirmed: u8, most: u8) -> Step {
        if confirmed > self.sent {
            return self.fail(Abort::SEQUENCE_NUMBER);
        }
        self.taken += 7 * usize::from(confirmed);
        if self.taken < self.end() {
            return self.block(most);
        }
        self.phase = Phase::End;
        let empty = self.end().saturating_sub(self.data.len()) as u8; // at most 7
        let crc = if self.crc {
            CRC.checksum(&self.data)
        } else {
            0
        };
        let [low, high] = crc.to_le_bytes();
        Step::Send(self.frame([0xC1 | empty << 2, low, high, 0, 0, 0, 0, 0]))
    }

    fn end(&self) -> usize {
        7 * self.data.len().div_ceil(7).max(1)
    }

    fn block(&mut self, most: u8) -> Step {
        if !(1..=BLOCK).contains(&most) {
            return self.fail(Abort::BLOCK_SIZE);
        }
        let rest = self.data.get(self.taken..).unwrap_or_default();
        let left = rest.len().div_ceil(7).max(1);
        let segments = (1..=most).take(left).map(|number| {
            let from = 7 * (usize::from(number) - 1);
            let mut bytes = [0; 8];
            bytes[0] = number | u8::from(usize::from(number) == left) << 7;
            for (to, byte) in bytes
                .iter_mut()
                .skip(1)
                .zip(rest.get(from..).unwrap_or_default())
            {
                *to = *byte;
            }
            self.frame(bytes)
        });
        let segments: Vec<CobFrame> = segments.collect();
        self.sent = segments.len() as u8; // at most 127
        Step::SendAll(segments)
    }

    fn fail(&mut self, why: Abort) -> Step {
        self.phase = Phase::Over;
        let tell = self.frame(word::abort(self.index, self.sub, why));
        Step::Failed(Failure::ByClient(why), Some(tell))
    }

    fn frame(&self, bytes: [u8; 8]) -> CobFrame {
        CobFrame::of(Service::SdoRequest(self.node).id(), bytes)
    }
}
