//! The server of a node's object dictionary: give it the client's frames, send what it says.

use super::served::{Giving, Got, Taking, Turn};
use super::word::{self, Initiate};
use super::{Abort, MOST_BYTES};
use crate::canopen::cob::{CobFrame, NodeId, Service};

/// What a server serves.
pub trait Dictionary {
    /// The content of an object, little-endian.
    fn read(&mut self, index: u16, sub: u8) -> Result<Vec<u8>, Abort>;
    /// Puts content into an object.
    fn write(&mut self, index: u16, sub: u8, data: &[u8]) -> Result<(), Abort>;
}

/// The default SDO server of a node; one transfer at a time.
#[derive(Debug, Clone)]
pub struct Server {
    node: NodeId,
    transfer: Transfer,
}

#[derive(Debug, Clone)]
enum Transfer {
    None,
    Upload {
        at: (u16, u8),
        data: Vec<u8>,
        sent: usize,
        toggle: bool,
    },
    Download {
        at: (u16, u8),
        data: Vec<u8>,
        announced: Option<usize>,
        toggle: bool,
    },
    BlockUpload(Giving),
    BlockDownload(Taking),
}

impl Server {
    /// A server for this node with no transfer under way.
    pub fn new(node: NodeId) -> Server {
        Server {
            node,
            transfer: Transfer::None,
        }
    }

    /// The client has been silent for too long: the transfer under way, if any, is over. Without this a
    /// block that is not ended takes everything that comes for its segments.
    pub fn forget(&mut self) {
        self.transfer = Transfer::None;
    }

    /// A frame came; the answer, if it was for this server and is to be answered: one frame, or a block.
    pub fn on(&mut self, frame: &CobFrame, dictionary: &mut dyn Dictionary) -> Vec<CobFrame> {
        if Service::of(frame.id()) != Some(Service::SdoRequest(self.node)) {
            return Vec::new();
        }
        let Ok(data) = <&[u8; 8]>::try_from(frame.data()) else {
            return Vec::new();
        };
        let transfer = std::mem::replace(&mut self.transfer, Transfer::None);
        let answer = match transfer {
            _ if data[0] == 0x80 => return Vec::new(), // the client aborts; a segment 0 does not exist
            Transfer::BlockDownload(taking) => self.take_block(data, taking, dictionary),
            Transfer::BlockUpload(giving) if matches!(data[0], 0xA1..=0xA3) => {
                self.give_block(data, giving)
            }
            transfer => self
                .one(data, transfer, dictionary)
                .map(|answer| vec![answer]),
        };
        let answers = answer.unwrap_or_else(|((index, sub), why)| {
            self.transfer = Transfer::None;
            vec![word::abort(index, sub, why)]
        });
        let reply = Service::SdoReply(self.node).id();
        let answers = answers.into_iter();
        answers.map(|bytes| CobFrame::of(reply, bytes)).collect()
    }

    fn take_block(
        &mut self,
        data: &[u8; 8],
        mut taking: Taking,
        dictionary: &mut dyn Dictionary,
    ) -> Answers {
        let at = taking.at;
        match taking.on(data).map_err(|why| (at, why))? {
            Got::All(content, thanks) => {
                let written = dictionary.write(at.0, at.1, &content);
                written.map_err(|why| (at, why))?;
                Ok(vec![thanks])
            }
            Got::Say(confirmed) => {
                self.transfer = Transfer::BlockDownload(taking);
                Ok(vec![confirmed])
            }
            Got::More => {
                self.transfer = Transfer::BlockDownload(taking);
                Ok(Vec::new())
            }
        }
    }

    fn give_block(&mut self, data: &[u8; 8], mut giving: Giving) -> Answers {
        let at = giving.at;
        match giving.on(data).map_err(|why| (at, why))? {
            Turn::Over => Ok(Vec::new()),
            Turn::Send(frames) => {
                self.transfer = Transfer::BlockUpload(giving);
                Ok(frames)
            }
        }
    }

    /// Everything that is answered by one frame.
    fn one(
        &mut self,
        data: &[u8; 8],
        transfer: Transfer,
        dictionary: &mut dyn Dictionary,
    ) -> Answer {
        match (data[0] >> 5, transfer) {
            (5, _) if data[0] & 0b11 == 0 => {
                let Initiate { index, sub, .. } = Initiate::parse(data);
                let content = dictionary.read(index, sub);
                let begun = content.and_then(|content| Giving::begin(data, content));
                let (giving, answer) = begun.map_err(|why| ((index, sub), why))?;
                self.transfer = Transfer::BlockUpload(giving);
                Ok(answer)
            }
            (6, _) if data[0] & 1 == 0 => {
                let Initiate { index, sub, .. } = Initiate::parse(data);
                let (taking, answer) = Taking::begin(data).map_err(|why| ((index, sub), why))?;
                self.transfer = Transfer::BlockDownload(taking);
                Ok(answer)
            }
            (1, _) => self.begin_download(data, dictionary),
            (2, _) => self.begin_upload(data, dictionary),
            (
                0,
                Transfer::Download {
                    at,
                    data: before,
                    announced,
                    toggle,
                },
            ) => {
                let taken = self.take_segment(data, at, before, announced, toggle, dictionary);
                taken.map_err(|why| (at, why))
            }
            (
                3,
                Transfer::Upload {
                    at,
                    data: content,
                    sent,
                    toggle,
                },
            ) => self
                .give_segment(data, at, content, sent, toggle)
                .map_err(|why| (at, why)),
            _ => {
                let said = Initiate::parse(data);
                Err(((said.index, said.sub), Abort::COMMAND))
            }
        }
    }

    fn begin_upload(&mut self, data: &[u8; 8], dictionary: &mut dyn Dictionary) -> Answer {
        let Initiate { index, sub, .. } = Initiate::parse(data);
        let content = dictionary
            .read(index, sub)
            .map_err(|why| ((index, sub), why))?;
        let (bits, last, expedited) = word::content(&content);
        if !expedited {
            self.transfer = Transfer::Upload {
                at: (index, sub),
                data: content,
                sent: 0,
                toggle: false,
            };
        }
        Ok(word::initiate(0x40 | bits, index, sub, last))
    }

    fn begin_download(&mut self, data: &[u8; 8], dictionary: &mut dyn Dictionary) -> Answer {
        let said = Initiate::parse(data);
        let at = (said.index, said.sub);
        let announced = said.announced();
        match said.expedited() {
            Some(content) => dictionary
                .write(at.0, at.1, content)
                .map_err(|why| (at, why))?,
            None if announced.is_some_and(|size| size > MOST_BYTES) => {
                return Err((at, Abort::OUT_OF_MEMORY));
            }
            None => {
                self.transfer = Transfer::Download {
                    at,
                    data: Vec::new(),
                    announced,
                    toggle: false,
                };
            }
        }
        Ok(word::initiate(0x60, at.0, at.1, [0; 4]))
    }

    fn give_segment(
        &mut self,
        frame: &[u8; 8],
        at: (u16, u8),
        data: Vec<u8>,
        sent: usize,
        toggle: bool,
    ) -> Result<[u8; 8], Abort> {
        if (frame[0] & 0x10 != 0) != toggle {
            return Err(Abort::TOGGLE_BIT);
        }
        let (segment, now) = word::segment(toggle, &data, sent);
        if sent + now < data.len() {
            self.transfer = Transfer::Upload {
                at,
                data,
                sent: sent + now,
                toggle: !toggle,
            };
        }
        Ok(segment)
    }

    fn take_segment(
        &mut self,
        frame: &[u8; 8],
        at: (u16, u8),
        mut data: Vec<u8>,
        announced: Option<usize>,
        toggle: bool,
        dictionary: &mut dyn Dictionary,
    ) -> Result<[u8; 8], Abort> {
        let (said, content, last) = word::parse_segment(frame);
        if said != toggle {
            return Err(Abort::TOGGLE_BIT);
        }
        data.extend(content);
        if data.len() > MOST_BYTES {
            return Err(Abort::OUT_OF_MEMORY);
        }
        if !last {
            self.transfer = Transfer::Download {
                at,
                data,
                announced,
                toggle: !toggle,
            };
        } else if announced.is_some_and(|size| size != data.len()) {
            return Err(Abort::LENGTH);
        } else {
            dictionary.write(at.0, at.1, &data)?;
        }
        Ok([0x20 | u8::from(toggle) << 4, 0, 0, 0, 0, 0, 0, 0])
    }
}

/// The answer's bytes, or what to abort and why.
type Answer = Result<[u8; 8], ((u16, u8), Abort)>;
/// The same, of as many as there are.
type Answers = Result<Vec<[u8; 8]>, ((u16, u8), Abort)>;
