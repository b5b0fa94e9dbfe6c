//! Frames out of a stream of bytes, either direction.

use std::marker::PhantomData;

use super::frame::{Framing, Reply, Request, checksum};
use crate::noise::{Noise, Why};
use crate::scan::{Judged, Scanner};

/// A direction of the protocol.
pub trait Message: Sized {
    #[doc(hidden)]
    fn header(framing: Framing) -> [u8; 2];
    #[doc(hidden)]
    fn allows(framing: Framing, command: u8, data_bytes: usize) -> bool;
    #[doc(hidden)]
    fn from_parts(writes: bool, hand: u8, address: u16, data: &[u8]) -> Option<Self>;
}

/// Takes bytes as they arrive, gives messages.
#[derive(Debug, Clone)]
pub struct Decoder<M> {
    scanner: Scanner,
    framing: Framing,
    direction: PhantomData<M>,
}

/// What a hand hears.
pub type RequestDecoder = Decoder<Request>;
/// What a host hears.
pub type ReplyDecoder = Decoder<Reply>;

impl<M> Default for Decoder<M> {
    fn default() -> Decoder<M> {
        Decoder::speaking(Framing::HAND)
    }
}

impl<M> Decoder<M> {
    /// A decoder of a dialect.
    pub fn speaking(framing: Framing) -> Decoder<M> {
        Decoder {
            scanner: Scanner::default(),
            framing,
            direction: PhantomData,
        }
    }
}

impl<M: Message> Decoder<M> {
    /// Adds received bytes.
    pub fn push(&mut self, bytes: &[u8]) {
        self.scanner.push(bytes);
    }

    /// The line fell silent: an incomplete frame becomes noise instead of waiting for its end.
    pub fn silence(&mut self) {
        self.scanner.silence();
    }

    /// The next message or the noise before it; `None` until more bytes come.
    #[expect(
        clippy::should_implement_trait,
        reason = "None means not yet, an iterator's means never again"
    )]
    pub fn next(&mut self) -> Option<Result<M, Noise>> {
        let framing = self.framing;
        match self.scanner.next(|bytes, _| judge::<M>(framing, bytes))? {
            Ok(frame) => Some(parse(framing, &frame).ok_or(Noise {
                why: Why::Function,
                bytes: frame,
            })),
            Err(noise) => Some(Err(noise)),
        }
    }
}

fn judge<M: Message>(framing: Framing, bytes: &[u8]) -> Judged {
    if !bytes
        .iter()
        .zip(M::header(framing))
        .all(|(byte, header)| *byte == header)
    {
        return Judged::No(Why::Header);
    }
    let Some(length) = bytes.get(3).map(|length| usize::from(*length)) else {
        return Judged::More;
    };
    if length < 4 {
        return Judged::No(Why::Length);
    }
    match bytes.get(4) {
        None => return Judged::More,
        Some(command) if !M::allows(framing, *command, length - 3) => {
            return Judged::No(Why::Function);
        }
        Some(_) => (),
    }
    match (bytes.get(..length + 4), bytes.get(length + 4)) {
        (Some(content), Some(sum)) if checksum(content) == *sum => Judged::Frame(length + 5),
        (Some(_), Some(_)) => Judged::No(Why::Checksum),
        _ => Judged::More,
    }
}

fn parse<M: Message>(framing: Framing, frame: &[u8]) -> Option<M> {
    match frame {
        [_, _, hand, _, command, low, high, data @ .., _checksum] => {
            let writes = *command == framing.write;
            M::from_parts(writes, *hand, u16::from_le_bytes([*low, *high]), data)
        }
        _ => None,
    }
}
