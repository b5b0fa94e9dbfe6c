//! Feetech STS and SMS servos (the maker's memory tables and its FTServo SDK).
//!
//! A packet is `FF FF id length instruction parameters checksum`; the length counts from the instruction
//! to the checksum, which is the complement of the sum from the id on. Words are little-endian. **Signed
//! values are sign and magnitude**, not two's complement: which bit is the sign differs by register.

use crate::noise::{Noise, Why};
use crate::scan::{Judged, Scanner};

/// The id to which all servos listen.
pub const BROADCAST: u8 = 0xFE;
const LENGTH_LEAST: u8 = 2;

/// What a packet is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the maker's own words")]
pub enum Instruction {
    Ping,
    Read,
    Write,
    SyncRead,
    SyncWrite,
    /// One that is not in the table; in an answer: the error bits.
    Other(u8),
}

const INSTRUCTIONS: [(Instruction, u8); 5] = [
    (Instruction::Ping, 0x01),
    (Instruction::Read, 0x02),
    (Instruction::Write, 0x03),
    (Instruction::SyncRead, 0x82),
    (Instruction::SyncWrite, 0x83),
];

impl From<u8> for Instruction {
    fn from(code: u8) -> Instruction {
        let row = INSTRUCTIONS.iter().find(|row| row.1 == code);
        row.map_or(Instruction::Other(code), |row| row.0)
    }
}

/// A packet. An answer has the same form, with error bits in place of the instruction: what a packet is,
/// its sender decides, so that this holds the plain byte.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Packet {
    /// 0 to 253, or [`BROADCAST`].
    pub id: u8,
    /// Instruction code of a request, error bits of an answer.
    pub code: u8,
    /// Its parameters.
    pub params: Vec<u8>,
}

impl Packet {
    /// Asks whether a servo is there.
    pub fn ping(id: u8) -> Packet {
        Packet::new(id, 0x01, Vec::new())
    }

    /// Asks for `count` bytes from an address on.
    pub fn read(id: u8, address: u8, count: u8) -> Packet {
        Packet::new(id, 0x02, vec![address, count])
    }

    /// Writes bytes from an address on.
    pub fn write(id: u8, address: u8, data: &[u8]) -> Packet {
        Packet::new(id, 0x03, [&[address], data].concat())
    }

    /// Asks several servos for the same `count` bytes; each answers in turn.
    pub fn sync_read(ids: &[u8], address: u8, count: u8) -> Packet {
        Packet::new(BROADCAST, 0x82, [&[address, count], ids].concat())
    }

    /// Writes to several servos at the same address, as many bytes each as the first has; nobody answers.
    pub fn sync_write(address: u8, data: &[(u8, Vec<u8>)]) -> Packet {
        let count = data.first().map_or(0, |(_, bytes)| bytes.len());
        let mut params = vec![address, u8::try_from(count).unwrap_or(u8::MAX)];
        for (id, bytes) in data {
            params.push(*id);
            params.extend(bytes);
        }
        Packet::new(BROADCAST, 0x83, params)
    }

    /// A servo's answer.
    pub fn answer(id: u8, errors: u8, params: Vec<u8>) -> Packet {
        Packet::new(id, errors, params)
    }

    fn new(id: u8, code: u8, params: Vec<u8>) -> Packet {
        Packet { id, code, params }
    }

    /// The bytes on the wire.
    pub fn encode(&self) -> Vec<u8> {
        let length = u8::try_from(self.params.len() + 2).unwrap_or(u8::MAX);
        let mut frame = vec![0xFF, 0xFF, self.id, length, self.code];
        frame.extend(&self.params);
        let sum = checksum(frame.get(2..).unwrap_or_default());
        frame.push(sum);
        frame
    }
}

fn checksum(bytes: &[u8]) -> u8 {
    !bytes.iter().fold(0u8, |sum, byte| sum.wrapping_add(*byte))
}

/// The value of a word whose `sign` bit says negative.
pub fn signed(word: u16, sign: u32) -> i32 {
    let bit = 1u16.checked_shl(sign).unwrap_or(0);
    let magnitude = i32::from(word & !bit);
    match word & bit {
        0 => magnitude,
        _ => -magnitude,
    }
}

/// The word of a value; `None` when its magnitude does not fit below the `sign` bit.
pub fn unsigned(value: i32, sign: u32) -> Option<u16> {
    let bit = 1u16.checked_shl(sign)?;
    let magnitude = u16::try_from(value.unsigned_abs())
        .ok()
        .filter(|magnitude| *magnitude < bit)?;
    Some(if value < 0 {
        magnitude | bit
    } else {
        magnitude
    })
}

/// Takes bytes as they arrive, gives packets: the same at either end.
#[derive(Debug, Clone, Default)]
pub struct Decoder {
    scanner: Scanner,
}

impl Decoder {
    /// Adds received bytes.
    pub fn push(&mut self, bytes: &[u8]) {
        self.scanner.push(bytes);
    }

    /// The line is silent: an incomplete packet becomes noise instead of waiting for its end.
    pub fn silence(&mut self) {
        self.scanner.silence();
    }

    /// The next packet or the noise before it; `None` until more bytes come.
    #[expect(
        clippy::should_implement_trait,
        reason = "None means not yet, an iterator's means never again"
    )]
    pub fn next(&mut self) -> Option<Result<Packet, Noise>> {
        let frame = self.scanner.next(|bytes, _| judge(bytes))?;
        Some(frame.map(|bytes| Packet {
            id: bytes.get(2).copied().unwrap_or_default(),
            code: bytes.get(4).copied().unwrap_or_default(),
            params: bytes.get(5..bytes.len() - 1).unwrap_or_default().to_vec(),
        }))
    }
}

fn judge(bytes: &[u8]) -> Judged {
    match bytes {
        [0xFF] | [0xFF, 0xFF] => return Judged::More,
        [0xFF, 0xFF, 0xFF, ..] => return Judged::No(Why::Header), // the id is further on
        [0xFF, 0xFF, _] => return Judged::More,
        [0xFF, 0xFF, _, length, ..] if *length < LENGTH_LEAST => return Judged::No(Why::Length),
        [0xFF, 0xFF, ..] => (),
        _ => return Judged::No(Why::Header),
    }
    let length = bytes.get(3).map_or(0, |length| 4 + usize::from(*length));
    let Some(frame) = bytes.get(..length) else {
        return Judged::More;
    };
    match frame.split_last() {
        Some((sum, content)) if checksum(content.get(2..).unwrap_or_default()) == *sum => {
            Judged::Frame(length)
        }
        _ => Judged::No(Why::Checksum),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hex;
    use proptest::prelude::*;

    fn all(decoder: &mut Decoder) -> Vec<Result<Packet, Noise>> {
        std::iter::from_fn(|| decoder.next()).collect()
    }

    /// golden_vectors.json: ftservo-python-sdk 2.0.1.
    #[test]
    fn packets_are_written_as_the_makers_sdk_writes_them() {
        assert_eq!(hex(&Packet::ping(1).encode()), "FF FF 01 02 01 FB");
        // acceleration 50, position 3000, time 0, speed 1500 at address 41
        let data = [50, 0xB8, 0x0B, 0, 0, 0xDC, 0x05];
        let packet = Packet::write(1, 41, &data);
        assert_eq!(
            hex(&packet.encode()),
            "FF FF 01 0A 03 29 32 B8 0B 00 00 DC 05 F2"
        );
        let mut decoder = Decoder::default();
        decoder.push(&packet.encode());
        assert_eq!(all(&mut decoder), [Ok(packet)]);
    }

    /// STS3215 memory table: velocity has its sign in bit 15, the offset in bit 11, the load in bit 10.
    #[test]
    fn negative_is_a_bit_and_not_a_complement() {
        assert_eq!(signed(0x8005, 15), -5);
        assert_eq!(signed(0x0805, 11), -5);
        assert_eq!(signed(0x0805, 15), 0x0805);
        assert_eq!(unsigned(-5, 11), Some(0x0805));
        assert_eq!(unsigned(2048, 11), None);
        assert_eq!(unsigned(i32::MIN, 15), None);
    }

    #[test]
    fn three_ff_in_a_row_are_a_header_that_began_late() {
        let mut decoder = Decoder::default();
        decoder.push(&[0xFF]);
        decoder.push(&Packet::ping(1).encode());
        assert_eq!(all(&mut decoder).pop(), Some(Ok(Packet::ping(1))));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(128))]

        #[test]
        fn packets_round_trip(id in 0u8..254, code: u8, params in prop::collection::vec(any::<u8>(), 0..40)) {
            let packet = Packet::new(id, code, params);
            let mut decoder = Decoder::default();
            decoder.push(&packet.encode());
            prop_assert_eq!(all(&mut decoder), [Ok(packet)]);
        }

        #[test]
        fn words_round_trip(value in -2047i32..=2047) {
            prop_assert_eq!(signed(unsigned(value, 11).unwrap(), 11), value);
        }

        #[test]
        fn arbitrary_bytes_never_panic_and_the_next_packet_is_found(noise: Vec<u8>) {
            let mut decoder = Decoder::default();
            decoder.push(&noise);
            all(&mut decoder);
            decoder.silence();
            all(&mut decoder);
            decoder.push(&Packet::ping(7).encode());
            prop_assert_eq!(all(&mut decoder).pop(), Some(Ok(Packet::ping(7))));
        }
    }
}
