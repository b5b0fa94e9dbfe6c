//! HBM/HBK digital transducer electronics AED and FIT: command set of the AD104-R2/R5 (operating
//! instructions ba_aed104_8_e, sections 6.1 and 6.3, commands COF, IDN, MSV).
//!
//! A command ends with `;` or LF; an answer is ASCII with CR LF. How measured values are sent is set in the
//! device by `COF`: as text, or as two or four bytes, each with CR LF behind it. In binary a value may hold
//! CR LF itself, so bytes are counted and the terminator only tells whether the count is right. Formats
//! from COF16 on (bus mode, no terminator) are not understood here.

use crate::noise::{Noise, Why};

/// What a host says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Command {
    /// `IDN?`: maker, type, serial number, software.
    Identify,
    /// `COF?`: the format of measured values.
    Format,
    /// `MSV?`: one measured value.
    Measure,
    /// `MSV?0`: measured values until [`Command::Stop`].
    Stream,
    /// `STP`: ends it. It is not answered.
    Stop,
}

impl Command {
    const WORDS: [(&str, Command); 5] = [
        ("IDN?", Command::Identify),
        ("COF?", Command::Format),
        ("MSV?", Command::Measure),
        ("MSV?0", Command::Stream),
        ("STP", Command::Stop),
    ];

    /// The bytes on the wire.
    pub fn encode(self) -> Vec<u8> {
        let word = Command::WORDS.iter().find(|(_, command)| *command == self);
        format!("{};", word.map_or("", |(word, _)| word)).into_bytes()
    }

    /// What a device heard, without the end character. Lower case and blanks are the same.
    pub fn decode(text: &str) -> Option<Command> {
        let text: String = text.chars().filter(|c| *c > ' ').collect();
        let text = text.to_ascii_uppercase();
        let known = Command::WORDS.iter().find(|(word, _)| *word == text);
        known.map(|(_, command)| *command)
    }
}

/// Who a device is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// Type of the transducer, as it was entered.
    pub model: String,
    /// Serial number.
    pub serial: String,
    /// Software version: `P20`.
    pub software: String,
}

impl Identity {
    /// Reads `HBM,"AED104         ","1234   ",P20`.
    pub fn decode(line: &str) -> Option<Identity> {
        let mut parts = line.split('"');
        let maker = parts.next()?.trim().trim_end_matches(',');
        let (model, between, serial) = (parts.next()?, parts.next()?, parts.next()?);
        let software = parts.next()?.trim().strip_prefix(',')?.trim();
        let plain = parts.next().is_none() && between.trim() == "," && !software.is_empty();
        (plain && maker == "HBM").then(|| Identity {
            model: model.trim().to_owned(),
            serial: serial.trim().to_owned(),
            software: software.to_owned(),
        })
    }

    /// The answer of a device: type in 15 characters, serial number in 7.
    pub fn encode(&self) -> Vec<u8> {
        let Identity {
            model,
            serial,
            software,
        } = self;
        format!("HBM,\"{model:<15.15}\",\"{serial:<7.7}\",{software}\r\n").into_bytes()
    }
}

/// How measured values are sent: the number of `COF`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// COF3: text, the value alone.
    Text,
    /// COF9: text, value, address and status.
    TextAddressStatus,
    /// COF11: text, value and status.
    TextStatus,
    /// COF2 (high byte first), COF6: two bytes.
    Word {
        /// Low byte first.
        little: bool,
    },
    /// COF0, COF4 (without status), COF8, COF12: three bytes and one of status.
    Long {
        /// Low byte first.
        little: bool,
        /// The lowest byte is the status; else it is 0.
        status: bool,
    },
}

impl Format {
    const NUMBERS: [(u8, Format); 9] = [
        (3, Format::Text),
        (9, Format::TextAddressStatus),
        (11, Format::TextStatus),
        (2, Format::Word { little: false }),
        (6, Format::Word { little: true }),
        (0, Format::long(false, false)),
        (4, Format::long(true, false)),
        (8, Format::long(false, true)),
        (12, Format::long(true, true)),
    ];

    const fn long(little: bool, status: bool) -> Format {
        Format::Long { little, status }
    }

    /// The format of a number; `None` for those that are not understood here.
    pub fn of(number: u8) -> Option<Format> {
        // COF7 is the same as COF3.
        let number = if number == 7 { 3 } else { number };
        let known = Format::NUMBERS.iter().find(|(known, _)| *known == number);
        known.map(|(_, format)| *format)
    }

    /// Bytes of a value in binary, without CR LF; `None` for text.
    fn bytes(self) -> Option<usize> {
        match self {
            Format::Word { .. } => Some(2),
            Format::Long { .. } => Some(4),
            _ => None,
        }
    }
}

/// The status beside a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Status(pub u8);

impl Status {
    /// Net, gross or converter overflow (bits 0 to 2): the value is none.
    pub fn overflows(self) -> bool {
        self.0 & 0b111 != 0
    }

    /// Values that do not fit together (bits 6 and 7): it cannot be put out as it is set.
    pub fn incoherent(self) -> bool {
        self.0 & 0b1100_0000 != 0
    }
}

/// A measured value in the counts of the device's scaling.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Measured {
    /// The counts.
    pub counts: i32,
    /// Where the format has one.
    pub status: Option<Status>,
}

impl Measured {
    /// Overflow as the status says it, or as the format itself does: two bytes 7FFF or 8000, text of
    /// ±1638399 and beyond, the ends of three bytes.
    pub fn overflows(self, format: Format) -> bool {
        let least: u32 = match format {
            Format::Word { .. } => 0x7FFF,
            Format::Long { .. } => 0x7F_FFFF,
            _ => 1_638_399,
        };
        self.status.is_some_and(Status::overflows) || self.counts.unsigned_abs() >= least
    }

    /// The answer of a device with the address 31.
    pub fn encode(self, format: Format) -> Vec<u8> {
        let status = self.status.map_or(0, |status| status.0);
        let counts = self.counts;
        let mut bytes = match format {
            Format::Text => format!("{counts:>8}").into_bytes(),
            Format::TextAddressStatus => format!("{counts:>8},31,{status:03}").into_bytes(),
            Format::TextStatus => format!("{counts:>8},{status:03}").into_bytes(),
            Format::Word { .. } => (counts.clamp(-0x8000, 0x7FFF) as i16)
                .to_be_bytes()
                .to_vec(),
            Format::Long { status: told, .. } => {
                let counts = counts.clamp(-0x80_0000, 0x7F_FFFF);
                let low = if told { i32::from(status) } else { 0 };
                (counts << 8 | low).to_be_bytes().to_vec()
            }
        };
        if let Format::Word { little: true } | Format::Long { little: true, .. } = format {
            bytes.reverse();
        }
        bytes.extend(b"\r\n");
        bytes
    }

    /// Reads text without its terminator.
    fn of_text(format: Format, line: &str) -> Option<Measured> {
        let fields: Vec<&str> = line.split(',').map(str::trim).collect();
        let (counts, status) = match (format, fields.as_slice()) {
            (Format::Text, [counts]) => (counts, None),
            (Format::TextAddressStatus, [counts, address, status]) => {
                address.parse::<u8>().ok()?;
                (counts, Some(status))
            }
            (Format::TextStatus, [counts, status]) => (counts, Some(status)),
            _ => return None,
        };
        let status = status.map(|text| text.parse().map(Status)).transpose();
        Some(Measured {
            counts: counts.parse().ok()?,
            status: status.ok()?,
        })
    }

    /// Reads two or four bytes.
    fn of_bytes(format: Format, bytes: &[u8]) -> Option<Measured> {
        match format {
            Format::Word { little } => {
                let word = bytes.try_into().ok()?;
                let counts = match little {
                    true => i16::from_le_bytes(word),
                    false => i16::from_be_bytes(word),
                };
                Some(Measured {
                    counts: counts.into(),
                    status: None,
                })
            }
            Format::Long { little, status } => {
                let long = bytes.try_into().ok()?;
                let long = match little {
                    true => i32::from_le_bytes(long),
                    false => i32::from_be_bytes(long),
                };
                Some(Measured {
                    counts: long >> 8,
                    status: status.then_some(Status((long & 0xFF) as u8)),
                })
            }
            _ => None,
        }
    }
}

/// So many values in a row must have their terminator before a stream of bytes is believed.
const SURE: usize = 4;
/// The longest text of a value.
const TEXT_MOST: usize = 32;

/// Measured values out of what a device sends in one format.
#[derive(Debug, Clone)]
pub struct Decoder {
    format: Format,
    buffer: Vec<u8>,
    /// In binary: where a value begins is known.
    locked: bool,
}

impl Decoder {
    /// For answers to [`Command::Measure`]: the first byte begins a value.
    pub fn answers(format: Format) -> Decoder {
        Decoder {
            format,
            buffer: Vec::new(),
            locked: true,
        }
    }

    /// For a stream that is heard from anywhere. In binary a value is only given once no other beginning
    /// is possible: a steady value that holds CR LF itself is never taken for a terminator.
    pub fn stream(format: Format) -> Decoder {
        Decoder {
            locked: false,
            ..Decoder::answers(format)
        }
    }

    /// Adds received bytes.
    pub fn push(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
    }

    /// The next value, or what was none; `None` until more bytes come.
    #[expect(
        clippy::should_implement_trait,
        reason = "None means not yet, an iterator's means never again"
    )]
    pub fn next(&mut self) -> Option<Result<Measured, Noise>> {
        match self.format.bytes() {
            None => self.next_line(),
            Some(bytes) => self.next_bytes(bytes),
        }
    }

    fn next_line(&mut self) -> Option<Result<Measured, Noise>> {
        let end = |b: &u8| *b == b'\r' || *b == b'\n';
        loop {
            let Some(at) = self.buffer.iter().position(end) else {
                let long = self.buffer.len() > TEXT_MOST;
                return long.then(|| self.noise(self.buffer.len(), Why::Length));
            };
            let line: Vec<u8> = self.buffer.drain(..=at).collect();
            let text = line.strip_suffix(b"\r").or(line.strip_suffix(b"\n"));
            let text = text.unwrap_or(&line);
            if text.is_empty() {
                continue;
            }
            let measured = std::str::from_utf8(text).ok();
            let measured = measured.and_then(|text| Measured::of_text(self.format, text));
            return Some(measured.ok_or_else(|| Noise {
                why: Why::Header,
                bytes: line.clone(),
            }));
        }
    }

    fn next_bytes(&mut self, bytes: usize) -> Option<Result<Measured, Noise>> {
        let step = bytes + 2;
        if !self.locked {
            let window = self.buffer.get(..(SURE + 1) * step)?;
            let ended = |place: usize| window.get(place..place + 2) == Some(b"\r\n");
            let fits = |first: &usize| (0..SURE).all(|n| ended(first + n * step + bytes));
            let mut possible = (0..step).filter(fits);
            match (possible.next(), possible.next()) {
                (Some(first), None) => {
                    self.buffer.drain(..first);
                    self.locked = true;
                }
                _ => return Some(self.noise(step, Why::Header)),
            }
        }
        let frame = self.buffer.get(..step)?;
        let (value, end) = frame.split_at(bytes);
        match Measured::of_bytes(self.format, value) {
            Some(measured) if end == b"\r\n" => {
                self.buffer.drain(..step);
                Some(Ok(measured))
            }
            _ => {
                self.locked = false;
                Some(self.noise(1, Why::Header))
            }
        }
    }

    fn noise(&mut self, bytes: usize, why: Why) -> Result<Measured, Noise> {
        let bytes = self.buffer.drain(..bytes.min(self.buffer.len())).collect();
        Err(Noise { why, bytes })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn all(mut decoder: Decoder, bytes: &[u8]) -> Vec<Result<Measured, Noise>> {
        decoder.push(bytes);
        std::iter::from_fn(|| decoder.next()).collect()
    }

    fn value(counts: i32, status: Option<u8>) -> Measured {
        Measured {
            counts,
            status: status.map(Status),
        }
    }

    /// The manual's example of IDN: `HBM, "AED104","1234", P20crlf`; type in 15 characters, number in 7.
    #[test]
    fn a_device_says_who_it_is_as_the_manual_prints_it() {
        let printed = Identity::decode("HBM, \"AED104\",\"1234\", P20").unwrap();
        let padded = Identity::decode("HBM,\"AED104         \",\"1234   \",P20").unwrap();
        assert_eq!(printed, padded);
        assert_eq!((&*printed.model, &*printed.serial), ("AED104", "1234"));
        assert_eq!(printed.software, "P20");
        assert_eq!(
            printed.encode(),
            b"HBM,\"AED104         \",\"1234   \",P20\r\n"
        );
        for other in [
            "?",
            "HBM",
            "HBM,\"a\"",
            "XYZ,\"a\",\"b\",P1",
            "HBM,\"a\",\"b\"",
        ] {
            assert_eq!(Identity::decode(other), None, "{other}");
        }
    }

    /// COF8: four bytes, high byte first, the lowest is the status; nominal load at NOV0 is 5120000 in
    /// four bytes, which is 20000 in two.
    #[test]
    fn three_bytes_are_the_value_and_the_fourth_is_its_status() {
        let cof8 = Format::of(8).unwrap();
        // 4E 20 00: 5120000 = 0x4E2000; 08: standstill
        let read = all(Decoder::answers(cof8), b"\x4E\x20\x00\x08\r\n");
        assert_eq!(read, [Ok(value(5_120_000, Some(8)))]);
        let read = all(
            Decoder::answers(Format::of(12).unwrap()),
            b"\x08\x00\x20\x4E\r\n",
        );
        assert_eq!(read, [Ok(value(5_120_000, Some(8)))]);
        let read = all(Decoder::answers(Format::of(2).unwrap()), b"\x4E\x20\r\n");
        assert_eq!(read, [Ok(value(20_000, None))]);
        let read = all(
            Decoder::answers(Format::of(0).unwrap()),
            b"\xFF\xFF\xFE\x00\r\n",
        );
        assert_eq!(read, [Ok(value(-2, None))]);
    }

    #[test]
    fn an_overflow_is_told_by_the_status_and_by_the_ends_of_the_range() {
        let [text, word] = [9, 2].map(|n| Format::of(n).unwrap());
        assert!(value(7, Some(0b001)).overflows(text));
        assert!(value(7, Some(0b100)).overflows(text));
        assert!(
            !value(7, Some(0b1000)).overflows(text),
            "standstill is none"
        );
        assert!(value(0x7FFF, None).overflows(word));
        assert!(value(-0x8000, None).overflows(word));
        assert!(value(i32::MIN, None).overflows(text), "as text may say it");
        assert!(Status(0x40).incoherent());
    }

    #[test]
    fn text_is_read_with_its_address_and_status() {
        let cof9 = Decoder::stream(Format::of(9).unwrap());
        let read = all(cof9, b" -123456,31,008\r\n    1000,31,000\r\nnoise\r\n");
        assert_eq!(read[0], Ok(value(-123_456, Some(8))));
        assert_eq!(read[1], Ok(value(1000, Some(0))));
        assert!(read[2].is_err());
        let cof3 = all(
            Decoder::stream(Format::of(3).unwrap()),
            b" 0001000\r\n1,31,0\r\n",
        );
        assert_eq!(cof3[0], Ok(value(1000, None)));
        assert!(cof3[1].is_err(), "another format than was asked for");
    }

    /// 0D 0A 00 in the value: cut at the terminator it would be two values that are none.
    #[test]
    fn a_value_that_holds_cr_lf_is_counted_not_split() {
        let cof8 = Format::of(8).unwrap();
        let inside = value(0x0D_0A_07, Some(0));
        let mut bytes = inside.encode(cof8);
        bytes.extend(inside.encode(cof8));
        assert_eq!(
            all(Decoder::answers(cof8), &bytes),
            [Ok(inside), Ok(inside)]
        );
        // heard from the middle, and always the same: where it begins cannot be known
        let steady: Vec<u8> = std::iter::repeat_n(inside.encode(cof8), 20)
            .flatten()
            .collect();
        let heard = all(Decoder::stream(cof8), &steady[3..]);
        assert!(heard.iter().all(Result::is_err), "{heard:?}");
    }

    #[test]
    fn a_stream_that_loses_a_byte_is_found_again() {
        let cof8 = Format::of(8).unwrap();
        let values: Vec<Measured> = (0..40).map(|n| value(1000 * n, Some(8))).collect();
        let mut bytes: Vec<u8> = values.iter().flat_map(|v| v.encode(cof8)).collect();
        bytes.remove(61); // in the eleventh
        let read = all(Decoder::stream(cof8), &bytes);
        let good: Vec<Measured> = read.iter().filter_map(|r| r.clone().ok()).collect();
        assert!(good.iter().all(|v| values.contains(v)), "{good:?}");
        assert!(good.len() >= 30, "{}", good.len());
        assert!(read.iter().any(Result::is_err));
    }

    #[test]
    fn commands_round_trip_in_any_case() {
        for (word, command) in Command::WORDS {
            assert_eq!(command.encode(), format!("{word};").as_bytes());
            let sloppy = format!(" {} ", word.to_ascii_lowercase());
            assert_eq!(Command::decode(&sloppy), Some(command));
        }
        assert_eq!(Command::decode("RES"), None);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(128))]

        #[test]
        fn values_round_trip(counts in -0x7F_FFFFi32..0x7F_FFFF, status: u8, number in prop::sample::select(vec![0u8, 3, 4, 8, 9, 11, 12])) {
            let format = Format::of(number).unwrap();
            let has = matches!(number, 8 | 9 | 11 | 12);
            let measured = value(counts, has.then_some(status));
            prop_assert_eq!(all(Decoder::answers(format), &measured.encode(format)), [Ok(measured)]);
        }

        #[test]
        fn arbitrary_bytes_never_panic(bytes: Vec<u8>, number in 0u8..16) {
            if let Some(format) = Format::of(number) {
                let taken = all(Decoder::stream(format), &bytes).len();
                prop_assert!(taken <= bytes.len() + 2);
            }
        }
    }
}
