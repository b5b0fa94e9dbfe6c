//! Dynamixel Protocol 2.0 (ROBOTIS e-manual, "Protocol 2.0").
//!
//! A packet is `FF FF FD 00 id length instruction parameters CRC`, all little-endian; the length counts
//! from the instruction to the CRC, and the CRC-16 (polynomial 0x8005, not reflected) everything before
//! it. So that no header can stand inside, an `FD` is put in after every `FF FF FD` between instruction
//! and CRC and counted in the length: **stuffing, in both directions**. The maker's own Python SDK 4.1.0
//! does not stuff what it sends.

use crc::{CRC_16_UMTS, Crc};

use crate::noise::{Noise, Why};
use crate::scan::{Judged, Scanner};

const CRC: Crc<u16> = Crc::<u16>::new(&CRC_16_UMTS);
const HEADER: [u8; 4] = [0xFF, 0xFF, 0xFD, 0x00];
/// Instruction and CRC.
const LENGTH_LEAST: usize = 3;
/// No packet of a real device is longer.
const LENGTH_MOST: usize = 1024;

/// The id to which all servos listen, and which only sync and bulk reads are answered at.
pub const BROADCAST: u8 = 0xFE;

/// What a packet is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the maker's own words")]
pub enum Instruction {
    Ping,
    Read,
    Write,
    Reboot,
    Status,
    SyncRead,
    SyncWrite,
    BulkRead,
    /// One that is not in the table.
    Other(u8),
}

const INSTRUCTIONS: [(Instruction, u8); 8] = [
    (Instruction::Ping, 0x01),
    (Instruction::Read, 0x02),
    (Instruction::Write, 0x03),
    (Instruction::Reboot, 0x08),
    (Instruction::Status, 0x55),
    (Instruction::SyncRead, 0x82),
    (Instruction::SyncWrite, 0x83),
    (Instruction::BulkRead, 0x92),
];

impl From<u8> for Instruction {
    fn from(code: u8) -> Instruction {
        let row = INSTRUCTIONS.iter().find(|row| row.1 == code);
        row.map_or(Instruction::Other(code), |row| row.0)
    }
}

impl From<Instruction> for u8 {
    fn from(instruction: Instruction) -> u8 {
        match instruction {
            Instruction::Other(code) => code,
            named => INSTRUCTIONS
                .iter()
                .find(|row| row.0 == named)
                .map_or(0, |row| row.1),
        }
    }
}

/// A packet without its framing and stuffing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Packet {
    /// 0 to 252, or [`BROADCAST`].
    pub id: u8,
    /// What it is for.
    pub instruction: Instruction,
    /// Its parameters.
    pub params: Vec<u8>,
}

/// What a servo answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status {
    /// Which servo.
    pub id: u8,
    /// Something is wrong with its hardware: read address 70.
    pub alert: bool,
    /// Why the instruction was not done; `None` when it was.
    pub error: Option<Error>,
    /// What was read.
    pub params: Vec<u8>,
}

/// Why an instruction was not done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "the texts say it")]
pub enum Error {
    #[error("the instruction failed")]
    Result,
    #[error("undefined instruction")]
    Instruction,
    #[error("the CRC did not match")]
    Crc,
    #[error("the value is out of range")]
    Range,
    #[error("the data is shorter than the register")]
    Length,
    #[error("the value is beyond the limits set in the servo")]
    Limit,
    #[error("the register cannot be written now, or only read, or only written")]
    Access,
    #[error("error {0}")]
    Other(u8),
}

const ERRORS: [(Error, u8); 7] = [
    (Error::Result, 1),
    (Error::Instruction, 2),
    (Error::Crc, 3),
    (Error::Range, 4),
    (Error::Length, 5),
    (Error::Limit, 6),
    (Error::Access, 7),
];

impl Packet {
    /// Asks a servo for its model and firmware.
    pub fn ping(id: u8) -> Packet {
        Packet::new(id, Instruction::Ping, Vec::new())
    }

    /// Asks for `count` bytes from an address on.
    pub fn read(id: u8, address: u16, count: u16) -> Packet {
        let params = [address.to_le_bytes(), count.to_le_bytes()].concat();
        Packet::new(id, Instruction::Read, params)
    }

    /// Writes bytes from an address on.
    pub fn write(id: u8, address: u16, data: &[u8]) -> Packet {
        Packet::new(
            id,
            Instruction::Write,
            [&address.to_le_bytes(), data].concat(),
        )
    }

    /// Asks several servos for the same `count` bytes; each answers in turn.
    pub fn sync_read(ids: &[u8], address: u16, count: u16) -> Packet {
        let head = [address.to_le_bytes(), count.to_le_bytes()].concat();
        Packet::new(BROADCAST, Instruction::SyncRead, [&head, ids].concat())
    }

    /// Writes to several servos at the same address, as many bytes each as the first has; nobody answers.
    pub fn sync_write(address: u16, data: &[(u8, Vec<u8>)]) -> Packet {
        let count = data.first().map_or(0, |(_, bytes)| bytes.len());
        let count = u16::try_from(count).unwrap_or(u16::MAX);
        let mut params = [address.to_le_bytes(), count.to_le_bytes()].concat();
        for (id, bytes) in data {
            params.push(*id);
            params.extend(bytes);
        }
        Packet::new(BROADCAST, Instruction::SyncWrite, params)
    }

    /// Asks several servos for `(id, address, count)` each; each answers in turn.
    pub fn bulk_read(parts: &[(u8, u16, u16)]) -> Packet {
        let part = |(id, address, count): &(u8, u16, u16)| {
            let ([a, b], [c, d]) = (address.to_le_bytes(), count.to_le_bytes());
            [*id, a, b, c, d]
        };
        let params = parts.iter().flat_map(part).collect();
        Packet::new(BROADCAST, Instruction::BulkRead, params)
    }

    /// Restarts a servo.
    pub fn reboot(id: u8) -> Packet {
        Packet::new(id, Instruction::Reboot, Vec::new())
    }

    fn new(id: u8, instruction: Instruction, params: Vec<u8>) -> Packet {
        Packet {
            id,
            instruction,
            params,
        }
    }

    /// The bytes on the wire, stuffed.
    pub fn encode(&self) -> Vec<u8> {
        let mut body = vec![u8::from(self.instruction)];
        body.extend(&self.params);
        let body = stuff(&body);
        let length = u16::try_from(body.len() + 2).unwrap_or(u16::MAX);
        let mut frame = HEADER.to_vec();
        frame.push(self.id);
        frame.extend(length.to_le_bytes());
        frame.extend(body);
        let sum = CRC.checksum(&frame);
        frame.extend(sum.to_le_bytes());
        frame
    }

    /// What a servo says; `None` when this is no status.
    pub fn status(self) -> Option<Status> {
        let (error, params) = self.params.split_first()?;
        if self.instruction != Instruction::Status {
            return None;
        }
        let code = error & 0x7F;
        let error = (code != 0).then(|| {
            let row = ERRORS.iter().find(|row| row.1 == code);
            row.map_or(Error::Other(code), |row| row.0)
        });
        Some(Status {
            id: self.id,
            alert: self.params.first().is_some_and(|byte| byte & 0x80 != 0),
            error,
            params: params.to_vec(),
        })
    }
}

impl Status {
    /// The packet that says it.
    pub fn packet(&self) -> Packet {
        let code = match self.error {
            None => 0,
            Some(Error::Other(code)) => code,
            Some(error) => ERRORS
                .iter()
                .find(|row| row.0 == error)
                .map_or(0, |row| row.1),
        };
        let first = code | u8::from(self.alert) << 7;
        let params = [&[first], self.params.as_slice()].concat();
        Packet::new(self.id, Instruction::Status, params)
    }
}

fn stuff(body: &[u8]) -> Vec<u8> {
    let mut stuffed = Vec::with_capacity(body.len());
    for byte in body {
        stuffed.push(*byte);
        if stuffed.ends_with(&[0xFF, 0xFF, 0xFD]) {
            stuffed.push(0xFD);
        }
    }
    stuffed
}

/// Takes the stuffing out; `None` where a header stands that should have been stuffed.
fn unstuff(body: &[u8]) -> Option<Vec<u8>> {
    let mut plain = Vec::with_capacity(body.len());
    let mut bytes = body.iter();
    while let Some(byte) = bytes.next() {
        plain.push(*byte);
        if plain.ends_with(&[0xFF, 0xFF, 0xFD]) && bytes.next() != Some(&0xFD) {
            return None;
        }
    }
    Some(plain)
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
        let frame = match self.scanner.next(|bytes, _| judge(bytes))? {
            Ok(frame) => frame,
            Err(noise) => return Some(Err(noise)),
        };
        Some(parse(&frame).ok_or(Noise {
            why: Why::Length,
            bytes: frame,
        }))
    }
}

fn judge(bytes: &[u8]) -> Judged {
    if !bytes
        .iter()
        .zip(HEADER)
        .all(|(byte, wanted)| *byte == wanted)
    {
        return Judged::No(Why::Header);
    }
    let length = match bytes.get(5..7) {
        Some(&[low, high]) => usize::from(u16::from_le_bytes([low, high])),
        _ => return Judged::More,
    };
    if !(LENGTH_LEAST..=LENGTH_MOST).contains(&length) {
        return Judged::No(Why::Length);
    }
    let Some(frame) = bytes.get(..7 + length) else {
        return Judged::More;
    };
    match frame.split_last_chunk::<2>() {
        Some((content, sum)) if CRC.checksum(content) == u16::from_le_bytes(*sum) => {
            Judged::Frame(frame.len())
        }
        _ => Judged::No(Why::Checksum),
    }
}

fn parse(frame: &[u8]) -> Option<Packet> {
    let id = *frame.get(4)?;
    let body = unstuff(frame.get(7..frame.len().checked_sub(2)?)?)?;
    let (instruction, params) = body.split_first()?;
    Some(Packet::new(
        id,
        Instruction::from(*instruction),
        params.to_vec(),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hex;
    use proptest::prelude::*;

    fn all(decoder: &mut Decoder) -> Vec<Result<Packet, Noise>> {
        std::iter::from_fn(|| decoder.next()).collect()
    }

    /// golden_vectors.json: dynamixel-sdk 4.1.0, and for the stuffed packet its addStuffing and updateCRC.
    #[test]
    fn packets_are_written_as_the_makers_sdk_writes_them() {
        let goal = 0x00FD_FFFFu32.to_le_bytes();
        for (packet, wanted) in [
            (Packet::ping(1), "FF FF FD 00 01 03 00 01 19 4E"),
            (
                Packet::read(1, 132, 4),
                "FF FF FD 00 01 07 00 02 84 00 04 00 1D 15",
            ),
            (
                Packet::write(1, 64, &[1]),
                "FF FF FD 00 01 06 00 03 40 00 01 DB 66",
            ),
            (
                Packet::sync_read(&[1, 2, 3], 126, 10),
                "FF FF FD 00 FE 0A 00 82 7E 00 0A 00 01 02 03 59 1B",
            ),
            (Packet::reboot(1), "FF FF FD 00 01 03 00 08 2F 4E"),
            (
                Packet::write(1, 116, &goal),
                "FF FF FD 00 01 0A 00 03 74 00 FF FF FD FD 00 21 E7",
            ),
        ] {
            assert_eq!(hex(&packet.encode()), wanted);
            let mut decoder = Decoder::default();
            decoder.push(&packet.encode());
            assert_eq!(all(&mut decoder), [Ok(packet)]);
        }
    }

    /// The SDK's own packet for the same goal, not stuffed: a sound CRC, and a header inside.
    #[test]
    fn a_packet_that_should_have_been_stuffed_is_no_packet() {
        let sent = [
            0xFF, 0xFF, 0xFD, 0x00, 0x01, 0x09, 0x00, 0x03, 0x74, 0x00, 0xFF, 0xFF, 0xFD, 0x00,
            0xC9, 0x07,
        ];
        let mut decoder = Decoder::default();
        decoder.push(&sent);
        assert!(all(&mut decoder).iter().all(Result::is_err));
    }

    #[test]
    fn a_status_says_what_went_wrong() {
        let status = Status {
            id: 3,
            alert: true,
            error: Some(Error::Range),
            params: vec![1, 2],
        };
        let packet = status.packet();
        assert_eq!(packet.params, [0x84, 1, 2]);
        assert_eq!(packet.status(), Some(status));
        assert_eq!(Packet::ping(1).status(), None);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(128))]

        #[test]
        fn packets_round_trip_whatever_is_in_them(id in 0u8..253, params in prop::collection::vec(prop_oneof![Just(0xFFu8), Just(0xFD), Just(0), any::<u8>()], 0..40)) {
            let packet = Packet::new(id, Instruction::Status, params);
            let frame = packet.encode();
            let heads = frame.windows(4).filter(|window| *window == HEADER).count();
            prop_assert_eq!(heads, 1);
            let mut decoder = Decoder::default();
            let (front, back) = frame.split_at(frame.len() / 2);
            decoder.push(front);
            prop_assert_eq!(all(&mut decoder).len(), 0);
            decoder.push(back);
            prop_assert_eq!(all(&mut decoder), [Ok(packet)]);
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
