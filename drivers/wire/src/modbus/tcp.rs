//! The frame on a connection (Modbus Messaging on TCP/IP Implementation Guide V1.0b, section 3.1.3).
//!
//! Seven bytes go before the function: the number of the transaction, two zeros, how many bytes follow, the
//! unit. There is no checksum. Within, everything is as on a line, so a frame is dressed from one and undressed
//! to one.

use super::rtu::{CRC_BYTES, seal};
use crate::noise::{Noise, Why};
use crate::scan::{Judged, Scanner};

/// Transaction, protocol and length: what goes before the unit.
const HEADER: usize = 6;
/// Unit, function and data of the longest frame.
const LONGEST: usize = 254;

/// A frame of a line (`unit function … crc`) as it goes over a connection.
pub fn to_tcp(transaction: u16, frame: &[u8]) -> Vec<u8> {
    let content = frame.len().saturating_sub(CRC_BYTES);
    let content = frame.get(..content).unwrap_or_default();
    let length = u16::try_from(content.len()).unwrap_or(u16::MAX);
    let mut dressed = transaction.to_be_bytes().to_vec();
    dressed.extend([0, 0]);
    dressed.extend(length.to_be_bytes());
    dressed.extend(content);
    dressed
}

/// Takes bytes of a connection as they arrive, gives transactions and the frames that a line would have.
#[derive(Debug, Clone, Default)]
pub struct FromTcp {
    scanner: Scanner,
}

impl FromTcp {
    /// Adds received bytes.
    pub fn push(&mut self, bytes: &[u8]) {
        self.scanner.push(bytes);
    }

    /// The next frame or the noise before it; `None` until more bytes come.
    #[expect(
        clippy::should_implement_trait,
        reason = "None means not yet, an iterator's means never again"
    )]
    pub fn next(&mut self) -> Option<Result<(u16, Vec<u8>), Noise>> {
        let frame = match self.scanner.next(|bytes, _| judge(bytes))? {
            Ok(frame) => frame,
            Err(noise) => return Some(Err(noise)),
        };
        let [high, low, _, _, _, _, content @ ..] = frame.as_slice() else {
            return Some(Err(Noise {
                why: Why::Length,
                bytes: frame,
            }));
        };
        let transaction = u16::from_be_bytes([*high, *low]);
        Some(Ok((transaction, seal(content.to_vec()))))
    }
}

fn judge(bytes: &[u8]) -> Judged {
    if bytes.iter().skip(2).take(2).any(|protocol| *protocol != 0) {
        return Judged::No(Why::Header);
    }
    let &[_, _, _, _, high, low, ..] = bytes else {
        return Judged::More;
    };
    let length = usize::from(u16::from_be_bytes([high, low]));
    if !(2..=LONGEST).contains(&length) {
        return Judged::No(Why::Length);
    }
    match bytes.get(..HEADER + length) {
        None => Judged::More,
        Some(_) => Judged::Frame(HEADER + length),
    }
}
