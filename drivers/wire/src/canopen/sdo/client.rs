//! The client of one transfer: give it the node's frames, send what it says.

use super::word::{self, Initiate};
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
    Over,
}

/// What a frame led to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// The frame is not part of this transfer.
    NotMine,
    /// Send this and go on waiting.
    Send(CobFrame),
    /// Send these, one after the other, and go on waiting: a block.
    SendAll(Vec<CobFrame>),
    /// The transfer is complete: what was read, or nothing after a write.
    Done(Vec<u8>),
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

impl Client {
    /// Reads an object: the transfer, and the frame to send.
    pub fn upload(node: NodeId, index: u16, sub: u8) -> (Client, CobFrame) {
        let client = Client {
            node,
            index,
            sub,
            phase: Phase::UploadAsked,
        };
        let ask = client.frame(word::initiate(0x40, index, sub, [0; 4]));
        (client, ask)
    }

    /// Writes an object: the transfer, and the frame to send.
    pub fn download(node: NodeId, index: u16, sub: u8, data: &[u8]) -> (Client, CobFrame) {
        let (bits, last, expedited) = word::content(data);
        let phase = Phase::DownloadAsked {
            data: data.to_vec(),
            expedited,
        };
        let client = Client {
            node,
            index,
            sub,
            phase,
        };
        let ask = client.frame(word::initiate(0x20 | bits, index, sub, last));
        (client, ask)
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
        if data[0] >> 5 == 4 {
            return self.aborted(data, phase);
        }
        match phase {
            Phase::UploadAsked => self.upload_answered(data),
            Phase::Uploading {
                data: before,
                announced,
                toggle,
            } => self.segment_came(data, before, announced, toggle),
            Phase::DownloadAsked {
                data: content,
                expedited,
            } => self.download_answered(data, content, expedited),
            Phase::Downloading {
                data: content,
                sent,
                toggle,
            } => self.segment_taken(data, content, sent, toggle),
            Phase::Over => Step::NotMine,
        }
    }

    fn aborted(&mut self, data: &[u8; 8], phase: Phase) -> Step {
        let said = Initiate::parse(data);
        if (said.index, said.sub) != (self.index, self.sub) {
            self.phase = phase; // of an earlier transfer
            return Step::NotMine;
        }
        Step::Failed(Failure::ByNode(Abort(u32::from_le_bytes(said.last))), None)
    }

    fn upload_answered(&mut self, data: &[u8; 8]) -> Step {
        let said = Initiate::parse(data);
        if (said.index, said.sub) != (self.index, self.sub) {
            self.phase = Phase::UploadAsked; // a late answer to an earlier transfer
            return Step::NotMine;
        }
        if said.specifier >> 5 != 2 {
            return self.fail(Abort::COMMAND);
        }
        if let Some(content) = said.expedited() {
            return Step::Done(content.to_vec());
        }
        let announced = said.announced();
        if announced.is_some_and(|size| size > MOST_BYTES) {
            return self.fail(Abort::OUT_OF_MEMORY);
        }
        self.phase = Phase::Uploading {
            data: Vec::new(),
            announced,
            toggle: false,
        };
        self.ask_segment(false)
    }

    fn segment_came(
        &mut self,
        frame: &[u8; 8],
        mut data: Vec<u8>,
        announced: Option<usize>,
        toggle: bool,
    ) -> Step {
        if frame[0] >> 5 != 0 {
            return self.fail(Abort::COMMAND);
        }
        let (said, content, last) = word::parse_segment(frame);
        if said != toggle {
            return self.fail(Abort::TOGGLE_BIT);
        }
        data.extend(content);
        if data.len() > MOST_BYTES {
            return self.fail(Abort::OUT_OF_MEMORY);
        }
        if !last {
            self.phase = Phase::Uploading {
                data,
                announced,
                toggle: !toggle,
            };
            return self.ask_segment(!toggle);
        }
        match announced {
            Some(size) if size != data.len() => self.fail(Abort::LENGTH),
            _ => Step::Done(data),
        }
    }

    fn download_answered(&mut self, data: &[u8; 8], content: Vec<u8>, expedited: bool) -> Step {
        let said = Initiate::parse(data);
        if (said.index, said.sub) != (self.index, self.sub) {
            self.phase = Phase::DownloadAsked {
                data: content,
                expedited,
            };
            return Step::NotMine;
        }
        if said.specifier >> 5 != 3 {
            return self.fail(Abort::COMMAND);
        }
        if expedited {
            return Step::Done(Vec::new());
        }
        self.send_segment(content, 0, false)
    }

    fn segment_taken(
        &mut self,
        data: &[u8; 8],
        content: Vec<u8>,
        sent: usize,
        toggle: bool,
    ) -> Step {
        if data[0] >> 5 != 1 {
            return self.fail(Abort::COMMAND);
        }
        if (data[0] & 0x10 != 0) != toggle {
            return self.fail(Abort::TOGGLE_BIT);
        }
        if sent >= content.len() {
            return Step::Done(Vec::new());
        }
        self.send_segment(content, sent, !toggle)
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

    fn fail(&self, why: Abort) -> Step {
        let tell = self.frame(word::abort(self.index, self.sub, why));
        Step::Failed(Failure::ByClient(why), Some(tell))
    }

    fn frame(&self, bytes: [u8; 8]) -> CobFrame {
        CobFrame::of(Service::SdoRequest(self.node).id(), bytes)
    }
}
