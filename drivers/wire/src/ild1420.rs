//! Micro-Epsilon optoNCDT 1420 displacement sensors, binary output on RS-422 (operating instructions
//! ILD1420, section 7.5.2 "Digital output, RS422").
//!
//! A value has 18 bits in three bytes of six, the lowest first; the two highest bits of a byte say which
//! it is: 00 low, 01 middle, 10 high of the first value of a measurement, 11 high of a further one. Codes
//! from 262075 on are no distances but reasons why there is none.

use crate::noise::{Noise, Why};
use crate::scan::{Judged, Scanner};

/// A value as it is on the wire, 0 to 262143.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RawDistance(pub u32);

/// Why there is no distance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoDistance {
    /// 262075: more data than the baud rate can carry.
    TooMuchData,
    /// 262076: no peak.
    NoPeak,
    /// 262077: the target is nearer than the range.
    BeforeRange,
    /// 262078: the target is further than the range.
    BehindRange,
    /// 262080: it cannot be computed.
    NotComputable,
    /// 262081: the peak is too large.
    PeakTooLarge,
    /// 262082: the laser is off.
    LaserOff,
    /// A code above the range of distances that the manual does not list.
    Unlisted(u32),
}

const CODES: [(u32, NoDistance); 7] = [
    (262_075, NoDistance::TooMuchData),
    (262_076, NoDistance::NoPeak),
    (262_077, NoDistance::BeforeRange),
    (262_078, NoDistance::BehindRange),
    (262_080, NoDistance::NotComputable),
    (262_081, NoDistance::PeakTooLarge),
    (262_082, NoDistance::LaserOff),
];

/// The highest count that is a distance, reserve included.
pub const MOST: u32 = 65_520;

impl RawDistance {
    /// Whether it is a distance; else why not.
    ///
    /// # Errors
    /// [`NoDistance`] for every count above [`MOST`].
    pub fn distance(self) -> Result<RawDistance, NoDistance> {
        if self.0 <= MOST {
            return Ok(self);
        }
        let listed = CODES.iter().find(|row| row.0 == self.0);
        Err(listed.map_or(NoDistance::Unlisted(self.0), |row| row.1))
    }
}

impl NoDistance {
    /// The code on the wire.
    pub fn code(self) -> RawDistance {
        let listed = CODES.iter().find(|row| row.1 == self);
        RawDistance(match (listed, self) {
            (Some(row), _) => row.0,
            (None, NoDistance::Unlisted(code)) => code,
            (None, _) => 0,
        })
    }
}

/// A value and its place in a measurement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Value {
    /// Whether it is the first of its measurement: the distance.
    pub first: bool,
    /// The counts.
    pub raw: RawDistance,
}

impl Value {
    /// Its three bytes.
    pub fn encode(self) -> [u8; 3] {
        let six = |shift: u32| (self.raw.0 >> shift & 0x3F) as u8;
        let high = if self.first { 0x80 } else { 0xC0 };
        [six(0), 0x40 | six(6), high | six(12)]
    }
}

/// Takes bytes as they arrive, gives values.
#[derive(Debug, Clone, Default)]
pub struct Decoder {
    scanner: Scanner,
}

impl Decoder {
    /// Adds received bytes.
    pub fn push(&mut self, bytes: &[u8]) {
        self.scanner.push(bytes);
    }

    /// The next value or the noise before it; `None` until more bytes come.
    #[expect(
        clippy::should_implement_trait,
        reason = "None means not yet, an iterator's means never again"
    )]
    pub fn next(&mut self) -> Option<Result<Value, Noise>> {
        Some(self.scanner.next(judge)?.map(|bytes| {
            let six = |place: usize| bytes.get(place).map_or(0, |byte| u32::from(byte & 0x3F));
            Value {
                first: bytes.get(2).is_some_and(|high| high & 0x40 == 0),
                raw: RawDistance(six(0) | six(1) << 6 | six(2) << 12),
            }
        }))
    }
}

fn judge(bytes: &[u8], _silent: bool) -> Judged {
    let kind = |place: usize| bytes.get(place).map(|byte| byte >> 6);
    match (kind(0), kind(1), kind(2)) {
        (Some(0b00), None, _) | (Some(0b00), Some(0b01), None) => Judged::More,
        (Some(0b00), Some(0b01), Some(0b10 | 0b11)) => Judged::Frame(3),
        _ => Judged::No(Why::Header),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn all(decoder: &mut Decoder) -> Vec<Result<Value, Noise>> {
        std::iter::from_fn(|| decoder.next()).collect()
    }

    fn value(counts: u32) -> Value {
        Value {
            first: true,
            raw: RawDistance(counts),
        }
    }

    /// The manual: three bytes of six bits, marked 00, 01, 10. 643 (start of range) is 00 1010 000011.
    #[test]
    fn a_value_is_three_bytes_of_six_bits() {
        let frame = [
            0b00_000011, // low: D5 to D0
            0b01_001010, // middle: D11 to D6
            0b10_000000, // high: D17 to D12
        ];
        let mut decoder = Decoder::default();
        decoder.push(&frame);
        assert_eq!(all(&mut decoder), [Ok(value(643))]);
        assert_eq!(value(643).encode(), frame);
    }

    /// The manual's table "Additional information transmitted in the distance value".
    #[test]
    fn codes_are_reasons_and_never_distances() {
        assert_eq!(RawDistance(262_076).distance(), Err(NoDistance::NoPeak));
        assert_eq!(
            RawDistance(262_077).distance(),
            Err(NoDistance::BeforeRange)
        );
        assert_eq!(RawDistance(262_082).distance(), Err(NoDistance::LaserOff));
        assert_eq!(
            RawDistance(262_079).distance(),
            Err(NoDistance::Unlisted(262_079))
        );
        assert_eq!(RawDistance(MOST).distance(), Ok(RawDistance(MOST)));
        assert!(RawDistance(MOST + 1).distance().is_err());
        assert_eq!(NoDistance::BehindRange.code(), RawDistance(262_078));
    }

    #[test]
    fn a_lost_byte_costs_the_value_that_it_was_part_of() {
        let mut decoder = Decoder::default();
        decoder.push(&value(643).encode()[..2]);
        decoder.push(&value(1000).encode());
        let got = all(&mut decoder);
        assert!(
            matches!(got.as_slice(), [Err(_), Ok(v)] if *v == value(1000)),
            "{got:?}"
        );
    }

    #[test]
    fn a_further_value_of_a_measurement_is_marked() {
        let second = Value {
            first: false,
            ..value(500)
        };
        let mut decoder = Decoder::default();
        decoder.push(&second.encode());
        assert_eq!(all(&mut decoder), [Ok(second)]);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(128))]

        #[test]
        fn values_round_trip(counts in 0u32..262_144, first: bool) {
            let sent = Value { first, raw: RawDistance(counts) };
            let mut decoder = Decoder::default();
            decoder.push(&sent.encode());
            prop_assert_eq!(all(&mut decoder), [Ok(sent)]);
        }

        #[test]
        fn arbitrary_bytes_never_panic_and_the_value_after_the_next_is_found(noise: Vec<u8>) {
            let mut decoder = Decoder::default();
            decoder.push(&noise);
            decoder.push(&value(7).encode());
            decoder.push(&value(643).encode());
            prop_assert_eq!(all(&mut decoder).pop(), Some(Ok(value(643))));
        }
    }
}
