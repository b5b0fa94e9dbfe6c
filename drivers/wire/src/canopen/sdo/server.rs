//! The server of a node's object dictionary: give it the client's frames, send what it says.

use super::block::{self, BLOCK, CONFIRM, Giving, Got, Next, START, TAKEN, Taking};
use super::word::{self, ABORT, Initiate};
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
        at: At,
        data: Vec<u8>,
        sent: usize,
        toggle: bool,
    },
    Download {
        at: At,
        data: Vec<u8>,
        announced: Option<usize>,
        toggle: bool,
    },
    BlockUpload(At, Giving, Giver),
    BlockDownload(At, Taking),
}

/// Index and sub-index of what is transferred.
type At = (u16, u8);

/// How far a block upload is.
#[derive(Debug, Clone, Copy)]
enum Giver {
    /// Announced: the client starts it, and takes so many segments in a block.
    Announced(u8),
    Blocks,
    /// The client was told the checksum.
    Ended,
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
            _ if data[0] == ABORT => return Vec::new(), // a segment 0 does not exist
            Transfer::BlockDownload(at, taking) => self
                .take_block(data, at, taking, dictionary)
                .map_err(|why| (at, why)),
            Transfer::BlockUpload(at, giving, giver)
                if matches!(data[0], START | CONFIRM | TAKEN) =>
            {
                let given = self.give_block(data, at, giving, giver);
                given.map_err(|why| (at, why))
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
        at: At,
        mut taking: Taking,
        dictionary: &mut dyn Dictionary,
    ) -> Result<Vec<[u8; 8]>, Abort> {
        let answer = match taking.on(data)? {
            Got::All(content) => {
                dictionary.write(at.0, at.1, &content)?;
                return Ok(vec![[TAKEN, 0, 0, 0, 0, 0, 0, 0]]);
            }
            Got::Confirm(confirm) => vec![confirm],
            Got::More => Vec::new(),
        };
        self.transfer = Transfer::BlockDownload(at, taking);
        Ok(answer)
    }

    fn give_block(
        &mut self,
        data: &[u8; 8],
        at: At,
        mut giving: Giving,
        giver: Giver,
    ) -> Result<Vec<[u8; 8]>, Abort> {
        let [command, segments, most, ..] = *data;
        let (answer, giver) = match (giver, command) {
            (Giver::Announced(most), START) => (giving.block(most)?, Giver::Blocks),
            (Giver::Blocks, CONFIRM) => match giving.confirmed(segments, most)? {
                Next::Block(segments) => (segments, Giver::Blocks),
                Next::End(end) => (vec![end], Giver::Ended),
            },
            (Giver::Ended, TAKEN) => return Ok(Vec::new()),
            _ => return Err(Abort::COMMAND),
        };
        self.transfer = Transfer::BlockUpload(at, giving, giver);
        Ok(answer)
    }

    /// Announces the size of what goes out in blocks, with a checksum where the client has one.
    fn begin_giving(
        &mut self,
        said: &Initiate,
        dictionary: &mut dyn Dictionary,
    ) -> Result<[u8; 8], Abort> {
        let data = dictionary.read(said.index, said.sub)?;
        let [most, ..] = said.last;
        if !(1..=BLOCK).contains(&most) {
            return Err(Abort::BLOCK_SIZE);
        }
        let size = u32::try_from(data.len()).unwrap_or(u32::MAX);
        let crc = block::checksum_bit(said);
        self.transfer = Transfer::BlockUpload(
            (said.index, said.sub),
            Giving::new(data, crc != 0),
            Giver::Announced(most),
        );
        // command 6, size given
        Ok(word::initiate(
            0xC2 | crc,
            said.index,
            said.sub,
            size.to_le_bytes(),
        ))
    }

    /// Says how long the blocks are that come in, with a checksum where the client has one.
    fn begin_taking(&mut self, said: &Initiate) -> Result<[u8; 8], Abort> {
        self.transfer = Transfer::BlockDownload((said.index, said.sub), Taking::new(said)?);
        // command 5
        let head = 0xA0 | block::checksum_bit(said);
        Ok(word::initiate(head, said.index, said.sub, [BLOCK, 0, 0, 0]))
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
                let said = Initiate::parse(data);
                let begun = self.begin_giving(&said, dictionary);
                begun.map_err(|why| ((said.index, said.sub), why))
            }
            (6, _) if data[0] & 1 == 0 => {
                let said = Initiate::parse(data);
                let begun = self.begin_taking(&said);
                begun.map_err(|why| ((said.index, said.sub), why))
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
        at: At,
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
        at: At,
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
type Answer = Result<[u8; 8], (At, Abort)>;
