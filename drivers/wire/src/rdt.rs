//! Raw data transfer of ATI Net F/T and Axia sensors, and of OnRobot HEX, over UDP port 49152: big-endian.
//!
//! A request is eight bytes, a record 36; a datagram carries whole records. There is no checksum but UDP's, so
//! the length and the sequence number are what tells a record from something else.

use crate::noise::{Noise, Why};

const HEADER: u16 = 0x1234;
/// Bytes of a record.
pub const RECORD: usize = 36;
/// A record may be so much later than the one before; what is further off is none, or a sensor that began anew.
const NEAR: u32 = 1 << 20;

/// What a host asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Command {
    /// Sends no more.
    Stop,
    /// Axia: one record a datagram.
    SingleBlock,
    /// Net F/T and HEX: one record a datagram, as fast as the sensor is set to.
    RealTime,
    /// Net F/T: several records a datagram.
    Buffered,
    /// Takes the present load for zero.
    Bias,
}

/// A request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Request {
    /// What.
    pub command: Command,
    /// How many records; 0 until stopped.
    pub count: u32,
}

impl Request {
    /// The datagram.
    pub const fn encode(self) -> [u8; 8] {
        let command: u16 = match self.command {
            Command::Stop => 0,
            Command::SingleBlock => 1,
            Command::RealTime => 2,
            Command::Buffered => 3,
            Command::Bias => 0x42,
        };
        let ([a, b], [c, d], [e, f, g, h]) = (
            HEADER.to_be_bytes(),
            command.to_be_bytes(),
            self.count.to_be_bytes(),
        );
        [a, b, c, d, e, f, g, h]
    }

    /// From a datagram; `None` when it is none.
    pub fn decode(datagram: &[u8]) -> Option<Request> {
        let &[0x12, 0x34, a, b, c, d, e, f] = datagram else {
            return None;
        };
        let command = match u16::from_be_bytes([a, b]) {
            0 => Command::Stop,
            1 => Command::SingleBlock,
            2 => Command::RealTime,
            3 => Command::Buffered,
            0x42 => Command::Bias,
            _ => return None,
        };
        Some(Request {
            command,
            count: u32::from_be_bytes([c, d, e, f]),
        })
    }
}

/// What the sensor sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Record {
    /// Counts records of this stream: a gap is a loss.
    pub rdt_sequence: u32,
    /// Counts samples of the sensor.
    pub ft_sequence: u32,
    /// Bits that are not zero say that something is wrong.
    pub status: u32,
    /// Force x, y, z, torque x, y, z, in counts.
    pub counts: [i32; 6],
}

impl Record {
    /// The bytes.
    pub fn encode(&self) -> [u8; RECORD] {
        let mut bytes = [0; RECORD];
        let words = [self.rdt_sequence, self.ft_sequence, self.status];
        let counts = self.counts.map(i32::cast_unsigned);
        let all = words.into_iter().chain(counts);
        for (place, word) in bytes.chunks_exact_mut(4).zip(all) {
            place.copy_from_slice(&word.to_be_bytes());
        }
        bytes
    }

    fn decode(bytes: &[u8]) -> Option<Record> {
        let bytes: &[u8; RECORD] = bytes.try_into().ok()?;
        let word = |n: usize| {
            u32::from_be_bytes([
                bytes[4 * n],
                bytes[4 * n + 1],
                bytes[4 * n + 2],
                bytes[4 * n + 3],
            ])
        };
        Some(Record {
            rdt_sequence: word(0),
            ft_sequence: word(1),
            status: word(2),
            counts: std::array::from_fn(|n| word(3 + n).cast_signed()),
        })
    }
}

/// What came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Heard {
    /// A record, and how many before it are lost.
    Record(Record, u32),
    /// No record.
    Noise(Noise),
}

/// Takes datagrams as they arrive, gives records. What is cut (or comes over a line that keeps no borders) is put
/// together again as long as its sequence numbers fit.
#[derive(Debug, Clone, Default)]
pub struct Decoder {
    bytes: Vec<u8>,
    last: Option<u32>,
    /// Sequence numbers out of order in a row.
    odd: u32,
}

impl Decoder {
    /// Adds a datagram.
    pub fn push(&mut self, datagram: &[u8]) {
        self.bytes.extend_from_slice(datagram);
    }

    /// The next record or what was none; `None` until more comes.
    #[expect(
        clippy::should_implement_trait,
        reason = "None means not yet, an iterator's means never again"
    )]
    pub fn next(&mut self) -> Option<Heard> {
        let record = Record::decode(self.bytes.get(..RECORD)?)?;
        let ahead = match self.last {
            None => 1,
            Some(last) => record.rdt_sequence.wrapping_sub(last),
        };
        if !(1..NEAR).contains(&ahead) {
            return Some(self.odd());
        }
        self.bytes.drain(..RECORD);
        (self.last, self.odd) = (Some(record.rdt_sequence), 0);
        Some(Heard::Record(record, ahead - 1))
    }

    /// A record out of order, something cut, or a sensor that began anew: all that is here is dropped, and what
    /// comes on like that is believed the third time.
    fn odd(&mut self) -> Heard {
        self.odd += 1;
        if self.odd >= 3 {
            (self.last, self.odd) = (None, 0);
        }
        Heard::Noise(Noise {
            why: Why::Header,
            bytes: std::mem::take(&mut self.bytes),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Net F/T manual, RDT request and record: 1234h, command, count; sequences, status, Fx Fy Fz Tx Ty Tz.
    #[test]
    fn requests_and_records_are_the_manuals() {
        let start = Request {
            command: Command::RealTime,
            count: 0,
        };
        let bytes = [
            0x12, 0x34, // header
            0x00, 0x02, // start high-speed real-time streaming
            0x00, 0x00, 0x00, 0x00, // until stopped
        ];
        assert_eq!(start.encode(), bytes);
        assert_eq!(Request::decode(&bytes), Some(start));
        let record = [
            0x00, 0x00, 0x00, 0x07, // RDT sequence
            0x00, 0x00, 0x10, 0x00, // F/T sequence
            0x00, 0x00, 0x00, 0x00, // status: healthy
            0x00, 0x0F, 0x42, 0x40, // Fx 1,000,000
            0xFF, 0xF0, 0xBD, 0xC0, // Fy -1,000,000
            0x00, 0x00, 0x00, 0x01, // Fz 1
            0xFF, 0xFF, 0xFF, 0xFF, // Tx -1
            0x7F, 0xFF, 0xFF, 0xFF, // Ty
            0x80, 0x00, 0x00, 0x00, // Tz
        ];
        let wanted = Record {
            rdt_sequence: 7,
            ft_sequence: 4096,
            status: 0,
            counts: [1_000_000, -1_000_000, 1, -1, i32::MAX, i32::MIN],
        };
        assert_eq!(wanted.encode(), record);
        let mut decoder = Decoder::default();
        decoder.push(&record);
        assert_eq!(decoder.next(), Some(Heard::Record(wanted, 0)));
        assert_eq!(decoder.next(), None);
    }

    fn record(rdt_sequence: u32) -> Record {
        Record {
            rdt_sequence,
            ft_sequence: rdt_sequence,
            status: 0,
            counts: [1, 2, 3, 4, 5, 6],
        }
    }

    #[test]
    fn a_gap_is_a_loss_and_an_old_record_is_none() {
        let mut decoder = Decoder::default();
        let mut hear = |sequence: u32| {
            decoder.push(&record(sequence).encode());
            decoder.next()
        };
        assert_eq!(hear(u32::MAX), Some(Heard::Record(record(u32::MAX), 0)));
        assert_eq!(hear(0), Some(Heard::Record(record(0), 0)), "it wraps");
        assert_eq!(hear(3), Some(Heard::Record(record(3), 2)));
        assert!(matches!(hear(2), Some(Heard::Noise(_))), "late, or twice");
        assert_eq!(hear(4), Some(Heard::Record(record(4), 0)));
    }

    #[test]
    fn a_sensor_that_begins_anew_is_heard_again() {
        let mut decoder = Decoder::default();
        for sequence in [900_000, 900_001] {
            decoder.push(&record(sequence).encode());
            assert!(matches!(decoder.next(), Some(Heard::Record(..))));
        }
        let mut heard = Vec::new();
        for sequence in 1..8 {
            decoder.push(&record(sequence).encode());
            heard.extend(decoder.next());
        }
        assert!(
            matches!(heard.last(), Some(Heard::Record(_, 0))),
            "{heard:?}"
        );
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(128))]

        #[test]
        fn arbitrary_datagrams_never_panic(datagrams in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..80), 0..20)) {
            let mut decoder = Decoder::default();
            for datagram in &datagrams {
                let _ = Request::decode(datagram);
                decoder.push(datagram);
                while decoder.next().is_some() {}
            }
        }
    }
}
