//! Block upload (CiA 301, SDO block upload): whole blocks of segments for one confirmation, and a checksum
//! over all of it. For what is long: logs, firmware, names.

use super::word::{self, Initiate};
use super::{Abort, Failure, MOST_BYTES, Step};
use crate::canopen::cob::{CobFrame, NodeId, Service};

/// Segments of a block that are asked for: the most that there can be.
pub(super) const BLOCK: u8 = 127;
/// A node without an answer in block transfer says so by this: it is read by segments instead.
const PROTOCOL_SWITCH: u8 = 0;

/// The CRC of block transfer: x^16 + x^12 + x^5 + 1, initial value 0, not reflected (CiA 301).
pub(super) const CRC: crc::Crc<u16> = crc::Crc::<u16>::new(&crc::CRC_16_XMODEM);

/// One block upload under way.
#[derive(Debug, Clone)]
pub struct BlockUpload {
    node: NodeId,
    index: u16,
    sub: u8,
    phase: Phase,
    /// Whether the node computes the checksum.
    crc: bool,
    announced: Option<usize>,
    data: Vec<u8>,
    /// Segments of this block that came in order.
    came: u8,
    /// Whether the last segment of all was among them.
    last: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Asked,
    Block,
    End,
    Over,
}

impl BlockUpload {
    /// Reads an object: the transfer, and the frame to send. A node may answer as if it had been asked
    /// for segments: then the step is that of an expedited answer, or [`Failure::ByNode`] with
    /// [`Abort::COMMAND`]; ask again with [`super::Client::upload`].
    pub fn new(node: NodeId, index: u16, sub: u8) -> (BlockUpload, CobFrame) {
        let upload = BlockUpload {
            node,
            index,
            sub,
            phase: Phase::Asked,
            crc: false,
            announced: None,
            data: Vec::new(),
            came: 0,
            last: false,
        };
        // command 5, checksum supported, initiate
        let ask = word::initiate(0xA4, index, sub, [BLOCK, PROTOCOL_SWITCH, 0, 0]);
        let ask = upload.frame(ask);
        (upload, ask)
    }

    /// The caller waited long enough: the frame that tells the node, and the end of this transfer.
    pub fn timed_out(&mut self) -> CobFrame {
        self.phase = Phase::Over;
        self.frame(word::abort(self.index, self.sub, Abort::TIMED_OUT))
    }

    /// A frame came. [`Step::NotMine`] is also what a segment within a block leads to: go on waiting.
    pub fn on(&mut self, frame: &CobFrame) -> Step {
        let Some(data) = word::reply(frame, self.node) else {
            return Step::NotMine;
        };
        // A segment 0 does not exist, so that an abort in a block cannot be taken for one.
        if data[0] == 0x80 && self.phase != Phase::Over {
            let said = Initiate::parse(data);
            if (said.index, said.sub) != (self.index, self.sub) {
                return Step::NotMine; // of an earlier transfer
            }
            self.phase = Phase::Over;
            let why = Abort(u32::from_le_bytes(said.last));
            return Step::Failed(Failure::ByNode(why), None);
        }
        match self.phase {
            Phase::Asked => self.answered(data),
            Phase::Block => self.segment(data),
            Phase::End => self.end(data),
            Phase::Over => Step::NotMine,
        }
    }

    fn answered(&mut self, data: &[u8; 8]) -> Step {
        let said = Initiate::parse(data);
        if (said.index, said.sub) != (self.index, self.sub) {
            return Step::NotMine;
        }
        if let (2, Some(content)) = (said.specifier >> 5, said.expedited()) {
            self.phase = Phase::Over;
            return Step::Done(content.to_vec());
        }
        // command 6, sub-command 0
        if said.specifier >> 5 != 6 || said.specifier & 1 != 0 {
            return self.fail(Abort::COMMAND);
        }
        self.crc = said.specifier & 0b100 != 0;
        let size = usize::try_from(u32::from_le_bytes(said.last)).unwrap_or(usize::MAX);
        self.announced = (said.specifier & 0b10 != 0).then_some(size);
        if self.announced.is_some_and(|size| size > MOST_BYTES) {
            return self.fail(Abort::OUT_OF_MEMORY);
        }
        self.phase = Phase::Block;
        Step::Send(self.frame([0xA3, 0, 0, 0, 0, 0, 0, 0])) // start
    }

    /// `[last | number, seven bytes]`. One out of order is passed over, and all after it: the node sends
    /// them again when it hears which was the last good one.
    fn segment(&mut self, data: &[u8; 8]) -> Step {
        let [head, content @ ..] = data;
        let (number, last) = (head & 0x7F, head & 0x80 != 0);
        if number == 0 || number > BLOCK {
            return self.fail(Abort::COMMAND);
        }
        if number == self.came + 1 && !self.last {
            if self.data.len() + content.len() > MOST_BYTES + 7 {
                return self.fail(Abort::OUT_OF_MEMORY);
            }
            self.came = number;
            self.last = last;
            self.data.extend(content);
        }
        if !last && number != BLOCK {
            return Step::NotMine;
        }
        let confirm = [0xA2, self.came, BLOCK, 0, 0, 0, 0, 0];
        self.came = 0;
        if self.last {
            self.phase = Phase::End;
        }
        Step::Send(self.frame(confirm))
    }

    /// `[110 nnn 01, CRC low, CRC high]`: nnn of the last segment's seven bytes are empty.
    fn end(&mut self, data: &[u8; 8]) -> Step {
        let [head, low, high, ..] = *data;
        if head >> 5 != 6 || head & 0b11 != 1 {
            return self.fail(Abort::COMMAND);
        }
        let empty = usize::from(head >> 2 & 0b111);
        let mut content = std::mem::take(&mut self.data);
        content.truncate(content.len().saturating_sub(empty));
        if self.announced.is_some_and(|size| size != content.len()) {
            return self.fail(Abort::LENGTH);
        }
        if self.crc && CRC.checksum(&content) != u16::from_le_bytes([low, high]) {
            return self.fail(Abort::CRC);
        }
        self.phase = Phase::Over;
        self.data = content;
        Step::Send(self.frame([0xA1, 0, 0, 0, 0, 0, 0, 0]))
    }

    /// What was read, when the last frame that [`BlockUpload::on`] gave was its end: the node waits for
    /// that frame, so it is sent first.
    pub fn finished(&self) -> Option<&[u8]> {
        (self.phase == Phase::Over && self.last).then_some(&self.data[..])
    }

    fn fail(&mut self, why: Abort) -> Step {
        self.phase = Phase::Over;
        self.last = false;
        let tell = self.frame(word::abort(self.index, self.sub, why));
        Step::Failed(Failure::ByClient(why), Some(tell))
    }

    fn frame(&self, bytes: [u8; 8]) -> CobFrame {
        CobFrame::of(Service::SdoRequest(self.node).id(), bytes)
    }
}
