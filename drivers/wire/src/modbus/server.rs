//! The server's ear: requests out of a stream of bytes.

use super::exception::Exception;
use super::request::{MOST_BITS_WRITTEN, MOST_REGISTERS_WRITTEN, Request, Table, unpack, words};
use super::rtu::{CRC_BYTES, is_sealed};
use crate::noise::{Noise, Why};
use crate::scan::{Judged, Scanner};

/// A whole frame with a sound checksum.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heard {
    /// The unit it is for; 0 is the broadcast.
    pub unit: u8,
    /// The function code.
    pub function: u8,
    /// What is asked, or the exception to answer with.
    pub request: Result<Request, Exception>,
}

/// Takes bytes as they arrive, gives requests.
///
/// A frame of a known function is whole as soon as its last byte is there. One of an unknown function
/// has no known length and ends with the silence of the line.
#[derive(Debug, Clone, Default)]
pub struct RequestDecoder {
    scanner: Scanner,
}

impl RequestDecoder {
    /// Adds received bytes.
    pub fn push(&mut self, bytes: &[u8]) {
        self.scanner.push(bytes);
    }

    /// The line was silent for [`silent_interval`](super::silent_interval): what is here is all there is.
    pub fn silence(&mut self) {
        self.scanner.silence();
    }

    /// The next request or the noise before it; `None` until more bytes come.
    #[expect(
        clippy::should_implement_trait,
        reason = "None means not yet, an iterator's means never again"
    )]
    pub fn next(&mut self) -> Option<Result<Heard, Noise>> {
        match self.scanner.next(judge)? {
            Ok(frame) => parse(&frame).map(Ok).or(Some(Err(Noise {
                why: Why::Length,
                bytes: frame,
            }))),
            Err(noise) => Some(Err(noise)),
        }
    }
}

fn judge(bytes: &[u8], silent: bool) -> Judged {
    let length = match bytes.get(1) {
        None => return Judged::More,
        Some(0x01..=0x06) => 8,
        Some(0x0F | 0x10) => match bytes.get(6) {
            None => return Judged::More,
            Some(count) => 7 + usize::from(*count) + CRC_BYTES,
        },
        Some(_) if silent => bytes.len(),
        Some(_) => return Judged::More,
    };
    match bytes.get(..length) {
        None => Judged::More,
        Some(frame) if is_sealed(frame) => Judged::Frame(length),
        Some(_) => Judged::No(Why::Checksum),
    }
}

/// `None` for less than a unit, a function and a checksum.
fn parse(frame: &[u8]) -> Option<Heard> {
    let [unit, function, data @ .., _, _] = frame else {
        return None;
    };
    Some(Heard {
        unit: *unit,
        function: *function,
        request: understand(*function, data),
    })
}

fn understand(function: u8, data: &[u8]) -> Result<Request, Exception> {
    let [a, b, c, d, rest @ ..] = data else {
        return Err(Exception::IllegalFunction);
    };
    let (first, second) = (u16::from_be_bytes([*a, *b]), u16::from_be_bytes([*c, *d]));
    let request = match function {
        0x01..=0x04 => read(function, first, second),
        0x05 => write_coil(first, second),
        0x06 => Some(Request::WriteRegister {
            address: first,
            value: second,
        }),
        0x0F => write_coils(first, second, rest),
        0x10 => write_registers(first, second, rest),
        _ => return Err(Exception::IllegalFunction),
    };
    request.ok_or(Exception::IllegalDataValue)
}

fn read(function: u8, start: u16, count: u16) -> Option<Request> {
    let request = Request::Read {
        table: Table::of_function(function)?,
        start,
        count,
    };
    request.encode(0).is_ok().then_some(request)
}

fn write_coil(address: u16, value: u16) -> Option<Request> {
    match value {
        0xFF00 => Some(Request::WriteCoil { address, on: true }),
        0x0000 => Some(Request::WriteCoil { address, on: false }),
        _ => None,
    }
}

fn write_coils(start: u16, count: u16, rest: &[u8]) -> Option<Request> {
    let (bytes, bits) = rest
        .split_first()
        .map(|(_, bytes)| (bytes, usize::from(count)))?;
    let sound = (1..=MOST_BITS_WRITTEN).contains(&count) && bytes.len() == bits.div_ceil(8);
    sound.then(|| Request::WriteCoils {
        start,
        values: unpack(bytes, bits),
    })
}

fn write_registers(start: u16, count: u16, rest: &[u8]) -> Option<Request> {
    let (_, bytes) = rest.split_first()?;
    let sound =
        (1..=MOST_REGISTERS_WRITTEN).contains(&count) && bytes.len() == 2 * usize::from(count);
    sound.then(|| Request::WriteRegisters {
        start,
        values: words(bytes),
    })
}
