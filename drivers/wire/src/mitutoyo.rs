//! Mitutoyo gauges on a serial line: USB input tools, DP-1VA, height gauges.
//!
//! A value is `01A+0000.123` and CR: code 0, channel 1 to 9, item `A`, sign, eight characters with a
//! floating point (QM-Height user's manual 99MAF600B, "USB Data Output Specifications"). **The unit is
//! not transmitted**: the bench has to name it. An error is `91` and a digit.

use crate::decimal::decimal;

/// A line.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Line {
    /// A value in the unit that the gauge is set to.
    Value {
        /// 1 to 9.
        channel: u8,
        /// The number.
        value: f64,
    },
    /// `91` and this digit: the gauge has none (not connected, no data).
    Error(u8),
}

/// Reads a line without its terminator; `None` when it is neither.
pub fn decode(line: &str) -> Option<Line> {
    let text = line.trim();
    let digit = |c: u8| c.is_ascii_digit().then(|| c - b'0');
    match text.as_bytes() {
        [b'9', b'1', code] => digit(*code).map(Line::Error),
        [b'0', channel @ b'1'..=b'9', b'A', b'+' | b'-', number @ ..] if number.len() == 8 => {
            Some(Line::Value {
                channel: digit(*channel)?,
                value: decimal(text.get(3..)?)?,
            })
        }
        _ => None,
    }
}

/// The line of a value with so many decimals, CR included.
pub fn encode(channel: u8, value: f64, decimals: usize) -> Vec<u8> {
    format!("0{channel}A{value:+09.decimals$}\r").into_bytes()
}

/// The line of an error, CR included.
pub fn encode_error(code: u8) -> Vec<u8> {
    format!("91{code}\r").into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lines::Lines;
    use proptest::prelude::*;

    /// The manual's table "Data format examples": mm at 0.001, 0.005; inch at 0.00005, 0.0001.
    #[test]
    fn the_manuals_examples() {
        let value = |value| Some(Line::Value { channel: 1, value });
        for (text, number, decimals) in [
            ("01A+0000.123", 0.123, 3),
            ("01A+0000.125", 0.125, 3),
            ("01A+00.12345", 0.12345, 5),
            ("01A+000.1234", 0.1234, 4),
        ] {
            assert_eq!(decode(text), value(number));
            assert_eq!(
                encode(1, number, decimals),
                format!("{text}\r").into_bytes()
            );
        }
        assert_eq!(decode("01A-0012.345"), value(-12.345));
    }

    #[test]
    fn what_is_no_value_never_becomes_one() {
        assert_eq!(decode("911"), Some(Line::Error(1)));
        for line in [
            "",
            "01A",
            "01A+0000.12",
            "01A 0000.123",
            "00A+0000.123",
            "01B+0000.123",
            "01A+----.---",
            "91x",
        ] {
            assert_eq!(decode(line), None, "{line:?}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(128))]

        #[test]
        fn values_round_trip(microns in -9_999_999i32..=9_999_999, channel in 1u8..=9) {
            let value = f64::from(microns) / 1000.0;
            let mut lines = Lines::new(32);
            lines.push(&encode(channel, value, 3));
            prop_assert_eq!(decode(&lines.next().unwrap().unwrap()), Some(Line::Value { channel, value }));
        }

        #[test]
        fn arbitrary_text_never_panics(line: String) {
            let _ = decode(&line);
        }
    }
}
