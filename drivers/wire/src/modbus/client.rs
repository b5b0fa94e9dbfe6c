//! The client's ear: the one answer that fits the pending request.

use super::exception::Exception;
use super::request::{Request, pack, push_counted, unpack, words};
use super::rtu::{CRC_BYTES, is_sealed, seal};
use crate::noise::{Noise, Why};
use crate::scan::{Judged, Scanner};

/// What a server answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    /// Coils or discrete inputs, exactly as many as were asked for.
    Bits(Vec<bool>),
    /// Registers, exactly as many as were asked for.
    Registers(Vec<u16>),
    /// The write was done; the answer is an echo of the request's head.
    Written,
    /// The server refused.
    Exception(Exception),
}

impl Reply {
    /// The frame with which `unit` answers `request`.
    pub fn encode(&self, unit: u8, request: &Request) -> Vec<u8> {
        let function = request.function();
        let mut frame = vec![unit, function];
        match self {
            Reply::Bits(bits) => push_counted(&mut frame, &pack(bits)),
            Reply::Registers(values) => {
                let bytes: Vec<u8> = values
                    .iter()
                    .flat_map(|value| value.to_be_bytes())
                    .collect();
                push_counted(&mut frame, &bytes);
            }
            Reply::Written => frame.extend(request.head()),
            Reply::Exception(exception) => return exception.encode(unit, function),
        }
        seal(frame)
    }
}

impl Exception {
    /// The frame with which `unit` refuses a request of this `function`, known or not.
    pub fn encode(self, unit: u8, function: u8) -> Vec<u8> {
        seal(vec![unit, function | 0x80, self.into()])
    }
}

/// Takes bytes as they arrive, gives the answer to one request. Unit, function, byte count and echo
/// must all be those of the request; everything else is noise.
#[derive(Debug, Clone)]
pub struct ReplyDecoder {
    scanner: Scanner,
    unit: u8,
    request: Request,
}

impl ReplyDecoder {
    /// Waits for what `unit` answers to `request`.
    pub fn new(unit: u8, request: Request) -> ReplyDecoder {
        ReplyDecoder {
            scanner: Scanner::default(),
            unit,
            request,
        }
    }

    /// Adds received bytes.
    pub fn push(&mut self, bytes: &[u8]) {
        self.scanner.push(bytes);
    }

    /// The line is silent: an incomplete answer becomes noise instead of waiting for its end.
    pub fn silence(&mut self) {
        self.scanner.silence();
    }

    /// Whether every byte that came has been accounted for.
    pub fn is_empty(&self) -> bool {
        self.scanner.is_empty()
    }

    /// The answer or the noise before it; `None` until more bytes come.
    #[expect(
        clippy::should_implement_trait,
        reason = "None means not yet, an iterator's means never again"
    )]
    pub fn next(&mut self) -> Option<Result<Reply, Noise>> {
        let (unit, request) = (self.unit, &self.request);
        match self.scanner.next(|bytes, _| judge(unit, request, bytes))? {
            Ok(frame) => Some(parse(request, &frame).ok_or(Noise {
                why: Why::Length,
                bytes: frame,
            })),
            Err(noise) => Some(Err(noise)),
        }
    }
}

fn judge(unit: u8, request: &Request, bytes: &[u8]) -> Judged {
    let function = request.function();
    if bytes.first() != Some(&unit) {
        return Judged::No(Why::Address);
    }
    let length = match (bytes.get(1), request) {
        (None, _) => return Judged::More,
        (Some(f), _) if *f == function | 0x80 => 3 + CRC_BYTES,
        (Some(f), _) if *f != function => return Judged::No(Why::Function),
        (Some(_), Request::Read { .. }) => match bytes.get(2) {
            None => return Judged::More,
            Some(count) if usize::from(*count) != bytes_read(request) => {
                return Judged::No(Why::Length);
            }
            Some(count) => 3 + usize::from(*count) + CRC_BYTES,
        },
        (Some(_), _) => {
            if !bytes
                .iter()
                .skip(2)
                .zip(request.head())
                .all(|(byte, asked)| *byte == asked)
            {
                return Judged::No(Why::Echo);
            }
            6 + CRC_BYTES
        }
    };
    match bytes.get(..length) {
        None => Judged::More,
        Some(frame) if is_sealed(frame) => Judged::Frame(length),
        Some(_) => Judged::No(Why::Checksum),
    }
}

fn bytes_read(request: &Request) -> usize {
    match request {
        Request::Read { table, count, .. } if table.is_bits() => usize::from(*count).div_ceil(8),
        Request::Read { count, .. } => 2 * usize::from(*count),
        _ => 0,
    }
}

fn parse(request: &Request, frame: &[u8]) -> Option<Reply> {
    let [_unit, function, data @ .., _, _] = frame else {
        return None;
    };
    if function & 0x80 != 0 {
        return data
            .first()
            .map(|code| Reply::Exception(Exception::from(*code)));
    }
    let Request::Read { table, count, .. } = request else {
        return Some(Reply::Written);
    };
    let (_, bytes) = data.split_first()?;
    Some(match table.is_bits() {
        true => Reply::Bits(unpack(bytes, usize::from(*count))),
        false => Reply::Registers(words(bytes)),
    })
}
