//! Keyence LK-G displacement sensors on RS-232 (user's manual LK-G-M-NO5-E, chapter 5).
//!
//! Lines end with CR. `M1` is answered with `M1,+01.2345`: the command, a comma, a sign and seven
//! characters with or without a point. Instead of a number stand `XXXXXXXX` (no measurement yet) and
//! `+FFFFFFF`, `-FFFFFFF` (out of range). An error is `ER,M1,nn`. The unit is not transmitted; the sensor
//! counts in mm unless set otherwise.

use crate::decimal::decimal;

/// The measurement of an output, 1 or 2: `M1`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Measure {
    /// 1 or 2.
    pub output: u8,
}

impl Measure {
    /// The word on the wire: what the answer begins with.
    pub fn word(self) -> String {
        format!("M{}", self.output)
    }

    /// The bytes on the wire, CR included.
    pub fn encode(self) -> Vec<u8> {
        format!("{}\r", self.word()).into_bytes()
    }

    /// What a sensor heard, without the terminator; upper and lower case are the same.
    pub fn decode(line: &str) -> Option<Measure> {
        match line.to_ascii_uppercase().as_bytes() {
            [b'M', output @ b'1'..=b'2'] => Some(Measure {
                output: output - b'0',
            }),
            _ => None,
        }
    }
}

/// What a sensor answers.
#[derive(Debug, Clone, PartialEq)]
pub enum Reply {
    /// A number in the unit that the sensor is set to.
    Value(f64),
    /// `XXXXXXXX`: there is no measurement yet.
    NotReady,
    /// `+FFFFFFF`, `-FFFFFFF`: out of range.
    OutOfRange,
    /// `ER`, and why.
    Error(u8),
}

/// Reads the answer to a command, without its terminator; `None` when it is none.
pub fn decode_reply(asked: Measure, line: &str) -> Option<Reply> {
    let text = line.trim();
    if let Some(rest) = text.strip_prefix("ER,") {
        let (word, code) = rest.split_once(',')?;
        let known =
            word == asked.word() && code.len() == 2 && code.bytes().all(|c| c.is_ascii_digit());
        return known.then(|| code.parse().ok().map(Reply::Error))?;
    }
    measured(
        text.strip_prefix(asked.word().as_str())?
            .strip_prefix(',')?,
    )
}

fn measured(field: &str) -> Option<Reply> {
    let all = |text: &str, letter: char| !text.is_empty() && text.chars().all(|c| c == letter);
    if all(field, 'X') {
        return Some(Reply::NotReady);
    }
    let digits = field.strip_prefix(['+', '-'])?;
    match all(digits, 'F') {
        true => Some(Reply::OutOfRange),
        false => decimal(field).map(Reply::Value),
    }
}

impl Reply {
    /// The line with which a sensor answers, CR included.
    pub fn encode(&self, asked: Measure, decimals: usize) -> Vec<u8> {
        let word = asked.word();
        match self {
            Reply::Value(value) => format!("{word},{value:+08.decimals$}\r"),
            Reply::NotReady => format!("{word},XXXXXXXX\r"),
            Reply::OutOfRange => format!("{word},+FFFFFFF\r"),
            Reply::Error(code) => format!("ER,{word},{code:02}\r"),
        }
        .into_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lines::Lines;
    use proptest::prelude::*;

    const M1: Measure = Measure { output: 1 };

    /// The manual's table "Measurement value format", page 5-6: display and output.
    #[test]
    fn the_manuals_examples() {
        let value = |field: &str| decode_reply(M1, &format!("M1,{field}"));
        assert_eq!(value("+01.2345"), Some(Reply::Value(1.2345)));
        assert_eq!(value("-00.0120"), Some(Reply::Value(-0.012)));
        assert_eq!(value("+1234.56"), Some(Reply::Value(1234.56)));
        assert_eq!(value("-00001.2"), Some(Reply::Value(-1.2)));
        assert_eq!(value("XXXXXXXX"), Some(Reply::NotReady));
        assert_eq!(value("+FFFFFFF"), Some(Reply::OutOfRange));
        assert_eq!(value("-FFFFFFF"), Some(Reply::OutOfRange));
        assert_eq!(Reply::Value(1.2345).encode(M1, 4), b"M1,+01.2345\r");
    }

    #[test]
    fn what_is_no_number_never_becomes_one() {
        assert_eq!(decode_reply(M1, "ER,M1,01"), Some(Reply::Error(1)));
        for line in [
            "",
            "M1",
            "M1,",
            "M1,+",
            "M1,01.2345",
            "M2,+01.2345",
            "ER,M2,01",
            "ER,M1",
            "ER,M1,1x",
            "M1,+01.23F5",
        ] {
            assert_eq!(decode_reply(M1, line), None, "{line:?}");
        }
    }

    #[test]
    fn a_sensor_takes_either_case() {
        assert_eq!(Measure::decode("m1"), Some(M1));
        assert_eq!(M1.encode(), b"M1\r");
        assert_eq!(Measure::decode("M3"), None);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(128))]

        #[test]
        fn values_round_trip(counts in -999_999i32..=999_999) {
            let reply = Reply::Value(f64::from(counts) / 10_000.0);
            let mut lines = Lines::new(32);
            lines.push(&reply.encode(M1, 4));
            prop_assert_eq!(decode_reply(M1, &lines.next().unwrap().unwrap()), Some(reply));
        }

        #[test]
        fn arbitrary_text_never_panics(line: String) {
            let _ = decode_reply(M1, &line);
            let _ = Measure::decode(&line);
        }
    }
}
