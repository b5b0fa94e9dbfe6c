//! The client of one transfer: give it the node's frames, send what it says.

use super::block::{self, BLOCK, CONFIRM, Giving, Got, Next, START, TAKEN, Taking};
use super::word::{self, ABORT, Initiate};
use super::{Abort, MOST_BYTES};
use crate::canopen::cob::{CobFrame, NodeId, Service};

/// One transfer under way.
#[derive(Debug, Clone)]
pub struct Client {
    node: NodeId,
    index: u16,
    sub: u8,
    phase: Phase,
}

#[derive(Debug, Clone)]
enum Phase {
    UploadAsked,
    Uploading {
        data: Vec<u8>,
        announced: Option<usize>,
        toggle: bool,
    },
    DownloadAsked {
        data: Vec<u8>,
        expedited: bool,
    },
    Downloading {
        data: Vec<u8>,
        sent: usize,
        toggle: bool,
    },
    BlocksUpAsked,
    BlocksUp(Taking),
    BlocksDownAsked(Vec<u8>),
    BlocksDown(Giving),
    BlocksDownEnded,
    Over,
}

impl Phase {
    /// The node's next frame names the object.
    fn is_asked(&self) -> bool {
        use Phase::{BlocksDownAsked, BlocksUpAsked, DownloadAsked, UploadAsked};
        matches!(
            self,
            UploadAsked | DownloadAsked { .. } | BlocksUpAsked | BlocksDownAsked(_)
        )
    }
}

/// What a frame led to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// The frame is not part of this transfer.
    NotMine,
    /// It is a part, and more comes before there is anything to say: a segment of a block.
    Wait,
    /// Send this and go on waiting.
    Send(CobFrame),
    /// Send these, one after the other, and go on waiting: a block.
    SendAll(Vec<CobFrame>),
    /// The transfer is complete: what was read, or nothing after a write. When there is a frame, send it:
    /// the node waits for it.
    Done(Vec<u8>, Option<CobFrame>),
    /// The transfer failed; when there is a frame, send it so that the node knows.
    Failed(Failure, Option<CobFrame>),
}

/// Who ended a transfer early, and why.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// The node refused.
    #[error("{0}")]
    ByNode(Abort),
    /// The node broke the protocol, or said more than fits.
    #[error("the node broke the protocol: {0}")]
    ByClient(Abort),
}

/// What a frame leads to, or why this end aborts.
type Led = Result<Step, Abort>;

impl Client {
    /// Reads an object: the transfer, and the frame to send.
    pub fn upload(node: NodeId, index: u16, sub: u8) -> (Client, CobFrame) {
        let mut client = Client::idle(node, index, sub);
        let ask = client.ask_upload();
        (client, ask)
    }

    /// Writes an object: the transfer, and the frame to send.
    pub fn download(node: NodeId, index: u16, sub: u8, data: &[u8]) -> (Client, CobFrame) {
        let mut client = Client::idle(node, index, sub);
        let ask = client.ask_download(data.to_vec());
        (client, ask)
    }

    /// Reads an object in blocks, or by segments with a node that refuses to begin in blocks.
    pub fn upload_in_blocks(node: NodeId, index: u16, sub: u8) -> (Client, CobFrame) {
        let mut client = Client::idle(node, index, sub);
        client.phase = Phase::BlocksUpAsked;
        // command 5, checksum supported, initiate; a node may answer as if asked for segments
        let ask = client.frame(word::initiate(0xA4, index, sub, [BLOCK, 0, 0, 0]));
        (client, ask)
    }

    /// Writes an object in blocks, or by segments to a node that refuses to begin in blocks.
    pub fn download_in_blocks(
        node: NodeId,
        index: u16,
        sub: u8,
        data: &[u8],
    ) -> (Client, CobFrame) {
        let mut client = Client::idle(node, index, sub);
        client.phase = Phase::BlocksDownAsked(data.to_vec());
        let size = u32::try_from(data.len()).unwrap_or(u32::MAX);
        // command 6, checksum supported, size given
        let ask = client.frame(word::initiate(0xC6, index, sub, size.to_le_bytes()));
        (client, ask)
    }

    fn idle(node: NodeId, index: u16, sub: u8) -> Client {
        Client {
            node,
            index,
            sub,
            phase: Phase::Over,
        }
    }

    fn ask_upload(&mut self) -> CobFrame {
        self.phase = Phase::UploadAsked;
        self.frame(word::initiate(0x40, self.index, self.sub, [0; 4]))
    }

    fn ask_download(&mut self, data: Vec<u8>) -> CobFrame {
        let (bits, last, expedited) = word::content(&data);
        self.phase = Phase::DownloadAsked { data, expedited };
        self.frame(word::initiate(0x20 | bits, self.index, self.sub, last))
    }

    /// The caller waited long enough: the frame that tells the node, and the end of this transfer.
    pub fn timed_out(&mut self) -> CobFrame {
        self.phase = Phase::Over;
        self.frame(word::abort(self.index, self.sub, Abort::TIMED_OUT))
    }

    /// A frame came.
    pub fn on(&mut self, frame: &CobFrame) -> Step {
        let Some(data) = word::reply(frame, self.node) else {
            return Step::NotMine;
        };
        let phase = std::mem::replace(&mut self.phase, Phase::Over);
        if matches!(phase, Phase::Over) {
            return Step::NotMine;
        }
        let said = Initiate::parse(data);
        let aborts = data[0] == ABORT; // a segment 0 does not exist
        if (aborts || phase.is_asked()) && (said.index, said.sub) != (self.index, self.sub) {
            self.phase = phase; // of an earlier transfer, late
            return Step::NotMine;
        }
        if aborts {
            return self.aborted(&said, phase);
        }
        let led = match phase {
            Phase::UploadAsked => self.upload_answered(&said),
            Phase::Uploading {
                data: before,
                announced,
                toggle,
            } => self.segment_came(data, before, announced, toggle),
            Phase::DownloadAsked {
                data: content,
                expedited,
            } => self.download_answered(&said, content, expedited),
            Phase::Downloading {
                data: content,
                sent,
                toggle,
            } => self.segment_taken(data, content, sent, toggle),
            Phase::BlocksUpAsked => self.blocks_announced(&said),
            Phase::BlocksUp(taking) => self.block_came(data, taking),
            Phase::BlocksDownAsked(content) => self.blocks_wanted(&said, content),
            Phase::BlocksDown(giving) => self.block_taken(data, giving),
            Phase::BlocksDownEnded if data[0] == TAKEN => Ok(Step::Done(Vec::new(), None)),
            Phase::BlocksDownEnded | Phase::Over => Err(Abort::COMMAND),
        };
        led.unwrap_or_else(|why| {
            self.phase = Phase::Over;
            let tell = self.frame(word::abort(self.index, self.sub, why));
            Step::Failed(Failure::ByClient(why), Some(tell))
        })
    }

    /// A node that does not begin in blocks, whatever it says is the matter, is asked for segments: what
    /// it then says counts.
    fn aborted(&mut self, said: &Initiate, phase: Phase) -> Step {
        match phase {
            Phase::BlocksUpAsked => Step::Send(self.ask_upload()),
            Phase::BlocksDownAsked(data) => Step::Send(self.ask_download(data)),
            _ => {
                let why = Abort(u32::from_le_bytes(said.last));
                Step::Failed(Failure::ByNode(why), None)
            }
        }
    }

    fn upload_answered(&mut self, said: &Initiate) -> Led {
        if said.specifier >> 5 != 2 {
            return Err(Abort::COMMAND);
        }
        if let Some(content) = said.expedited() {
            return Ok(Step::Done(content.to_vec(), None));
        }
        let announced = said.announced();
        if announced.is_some_and(|size| size > MOST_BYTES) {
            return Err(Abort::OUT_OF_MEMORY);
        }
        self.phase = Phase::Uploading {
            data: Vec::new(),
            announced,
            toggle: false,
        };
        Ok(self.ask_segment(false))
    }

    fn segment_came(
        &mut self,
        frame: &[u8; 8],
        mut data: Vec<u8>,
        announced: Option<usize>,
        toggle: bool,
    ) -> Led {
        if frame[0] >> 5 != 0 {
            return Err(Abort::COMMAND);
        }
        let (said, content, last) = word::parse_segment(frame);
        if said != toggle {
            return Err(Abort::TOGGLE_BIT);
        }
        data.extend(content);
        if data.len() > MOST_BYTES {
            return Err(Abort::OUT_OF_MEMORY);
        }
        if !last {
            self.phase = Phase::Uploading {
                data,
                announced,
                toggle: !toggle,
            };
            return Ok(self.ask_segment(!toggle));
        }
        match announced {
            Some(size) if size != data.len() => Err(Abort::LENGTH),
            _ => Ok(Step::Done(data, None)),
        }
    }

    fn download_answered(&mut self, said: &Initiate, content: Vec<u8>, expedited: bool) -> Led {
        if said.specifier >> 5 != 3 {
            return Err(Abort::COMMAND);
        }
        if expedited {
            return Ok(Step::Done(Vec::new(), None));
        }
        Ok(self.send_segment(content, 0, false))
    }

    fn segment_taken(
        &mut self,
        data: &[u8; 8],
        content: Vec<u8>,
        sent: usize,
        toggle: bool,
    ) -> Led {
        if data[0] >> 5 != 1 {
            return Err(Abort::COMMAND);
        }
        if (data[0] & 0x10 != 0) != toggle {
            return Err(Abort::TOGGLE_BIT);
        }
        if sent >= content.len() {
            return Ok(Step::Done(Vec::new(), None));
        }
        Ok(self.send_segment(content, sent, !toggle))
    }

    fn send_segment(&mut self, data: Vec<u8>, sent: usize, toggle: bool) -> Step {
        let (segment, now) = word::segment(toggle, &data, sent);
        self.phase = Phase::Downloading {
            data,
            sent: sent + now,
            toggle,
        };
        Step::Send(self.frame(segment))
    }

    fn ask_segment(&self, toggle: bool) -> Step {
        let specifier = 0x60 | u8::from(toggle) << 4;
        Step::Send(self.frame([specifier, 0, 0, 0, 0, 0, 0, 0]))
    }

    fn blocks_announced(&mut self, said: &Initiate) -> Led {
        // command 6, sub-command 0
        if said.specifier >> 5 != 6 || said.specifier & 1 != 0 {
            return self.upload_answered(said); // it goes on by segments, or has said it all
        }
        self.phase = Phase::BlocksUp(Taking::new(said)?);
        Ok(Step::Send(self.frame([START, 0, 0, 0, 0, 0, 0, 0])))
    }

    fn block_came(&mut self, data: &[u8; 8], mut taking: Taking) -> Led {
        let step = match taking.on(data)? {
            Got::More => Step::Wait,
            Got::Confirm(confirm) => Step::Send(self.frame(confirm)),
            Got::All(content) => {
                let taken = self.frame([TAKEN, 0, 0, 0, 0, 0, 0, 0]);
                return Ok(Step::Done(content, Some(taken)));
            }
        };
        self.phase = Phase::BlocksUp(taking);
        Ok(step)
    }

    fn blocks_wanted(&mut self, said: &Initiate, content: Vec<u8>) -> Led {
        // command 5, sub-command 0
        if said.specifier >> 5 != 5 || said.specifier & 0b11 != 0 {
            return Err(Abort::COMMAND);
        }
        let [most, ..] = said.last;
        let mut giving = Giving::new(content, block::checksum_bit(said) != 0);
        let segments = giving.block(most)?;
        self.phase = Phase::BlocksDown(giving);
        Ok(self.send_all(&segments))
    }

    fn block_taken(&mut self, data: &[u8; 8], mut giving: Giving) -> Led {
        let [CONFIRM, segments, most, ..] = *data else {
            return Err(Abort::COMMAND);
        };
        Ok(match giving.confirmed(segments, most)? {
            Next::Block(segments) => {
                self.phase = Phase::BlocksDown(giving);
                self.send_all(&segments)
            }
            Next::End(end) => {
                self.phase = Phase::BlocksDownEnded;
                Step::Send(self.frame(end))
            }
        })
    }

    fn send_all(&self, segments: &[[u8; 8]]) -> Step {
        let frames = segments.iter().map(|segment| self.frame(*segment));
        Step::SendAll(frames.collect())
    }

    fn frame(&self, bytes: [u8; 8]) -> CobFrame {
        CobFrame::of(Service::SdoRequest(self.node).id(), bytes)
    }
}
