//! Mark-10 force gauges, ASCII (GCL; Series 4, 5 and 7 user's guides).
//!
//! Commands end with CR, replies with CR LF: `-18.78 lbF` is 18.78 lbF of **tension**, `4.285 N` is
//! 4.285 N of **compression**. The menu can invert or suppress the sign and leave the unit out, so a
//! bench has to say how its gauge is set. What a gauge prints when overloaded is in no manual that was
//! read: every word in place of the number is a typed [`Invalid`], and the capacity is checked by the
//! driver as well.

use crate::decimal::decimal;

/// What a host may ask of a gauge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Command {
    /// `?`: the displayed reading.
    Displayed,
    /// `?C`: the reading in real time, whatever is displayed.
    RealTime,
    /// `Z`: zero the reading.
    Zero,
    /// Change the unit.
    Use(Unit),
}

/// Units of the gauge, with the spellings of its replies and of its commands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Unit {
    PoundForce,
    OunceForce,
    KilogramForce,
    GramForce,
    Newton,
    KiloNewton,
    MilliNewton,
}

const UNITS: [(Unit, &str, &str); 7] = [
    (Unit::PoundForce, "lbF", "LB"),
    (Unit::OunceForce, "ozF", "OZ"),
    (Unit::KilogramForce, "kgF", "KG"),
    (Unit::GramForce, "gF", "G"),
    (Unit::Newton, "N", "N"),
    (Unit::KiloNewton, "kN", "KN"),
    (Unit::MilliNewton, "mN", "MN"),
];

impl Unit {
    /// As it stands in a reply: `lbF`, `N`.
    pub fn in_reply(self) -> &'static str {
        UNITS
            .iter()
            .find(|row| row.0 == self)
            .map_or("", |row| row.1)
    }

    /// From a reply. `mN` and `MN` differ in case only, so case counts.
    pub fn from_reply(text: &str) -> Option<Unit> {
        UNITS.iter().find(|row| row.1 == text).map(|row| row.0)
    }

    fn command(self) -> &'static str {
        UNITS
            .iter()
            .find(|row| row.0 == self)
            .map_or("", |row| row.2)
    }
}

impl Command {
    /// The bytes on the wire, CR included.
    pub fn encode(self) -> Vec<u8> {
        format!("{}\r", self.text()).into_bytes()
    }

    /// What a gauge heard, without the terminator; `None` is an illegal command.
    pub fn decode(line: &str) -> Option<Command> {
        match line {
            "?" => Some(Command::Displayed),
            "?C" => Some(Command::RealTime),
            "Z" => Some(Command::Zero),
            _ => UNITS
                .iter()
                .find(|row| row.2 == line)
                .map(|row| Command::Use(row.0)),
        }
    }

    /// Only readings are answered.
    pub fn expects_reply(self) -> bool {
        matches!(self, Command::Displayed | Command::RealTime)
    }

    fn text(self) -> &'static str {
        match self {
            Command::Displayed => "?",
            Command::RealTime => "?C",
            Command::Zero => "Z",
            Command::Use(unit) => unit.command(),
        }
    }
}

/// A number that the gauge sent. Negative is tension, positive is compression, unless its menu says otherwise.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Reading {
    /// In the unit below.
    pub value: f64,
    /// `None` when the gauge is set to leave it out.
    pub unit: Option<Unit>,
}

/// A reply that is no number, and must not become one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Invalid {
    /// Beyond the capacity of the gauge.
    #[error("overload ({0:?})")]
    Overload(String),
    /// `*10`: the gauge does not know the command.
    #[error("illegal command (*10)")]
    IllegalCommand,
    /// Another error of the gauge, `*nn`.
    #[error("gauge error {0:?}")]
    Error(String),
    /// A number with a unit that is not one of the gauge's.
    #[error("unknown unit in {0:?}")]
    UnknownUnit(String),
    /// Anything else.
    #[error("not a reading: {0:?}")]
    NotANumber(String),
}

/// Reads a reply without its terminator.
pub fn decode_reply(line: &str) -> Result<Reading, Invalid> {
    let text = line.trim();
    let whole = || text.to_owned();
    if text == "*10" {
        return Err(Invalid::IllegalCommand);
    }
    if text.starts_with('*') {
        return Err(Invalid::Error(whole()));
    }
    if text.to_ascii_uppercase().contains("OVER") {
        return Err(Invalid::Overload(whole()));
    }
    let mut words = text.split_whitespace();
    let value = words
        .next()
        .and_then(decimal)
        .ok_or_else(|| Invalid::NotANumber(whole()))?;
    let unit = match (words.next(), words.next()) {
        (None, _) => None,
        (Some(word), None) => {
            Some(Unit::from_reply(word).ok_or_else(|| Invalid::UnknownUnit(whole()))?)
        }
        _ => return Err(Invalid::NotANumber(whole())),
    };
    Ok(Reading { value, unit })
}

/// What a gauge sends for a value with so many decimals, CR LF included.
pub fn encode_reading(value: f64, decimals: usize, unit: Option<Unit>) -> Vec<u8> {
    match unit {
        Some(unit) => format!("{value:.decimals$} {}\r\n", unit.in_reply()),
        None => format!("{value:.decimals$}\r\n"),
    }
    .into_bytes()
}

/// What a gauge sends for a command it does not know.
pub const ILLEGAL_COMMAND: &[u8] = b"*10\r\n";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lines::Lines;
    use proptest::prelude::*;

    /// The two example strings of the Series 4 user's guide, section 9.1.4.
    #[test]
    fn the_manuals_examples() {
        let tension = Reading {
            value: -18.78,
            unit: Some(Unit::PoundForce),
        };
        assert_eq!(decode_reply("-18.78 lbF"), Ok(tension));
        assert_eq!(
            encode_reading(-18.78, 2, Some(Unit::PoundForce)),
            b"-18.78 lbF\r\n"
        );
        let compression = Reading {
            value: 4.285,
            unit: Some(Unit::Newton),
        };
        assert_eq!(decode_reply("4.285 N"), Ok(compression));
        assert_eq!(encode_reading(4.285, 3, Some(Unit::Newton)), b"4.285 N\r\n");
    }

    #[test]
    fn a_missing_unit_is_said_to_be_missing() {
        assert_eq!(
            decode_reply("4.285"),
            Ok(Reading {
                value: 4.285,
                unit: None
            })
        );
    }

    #[test]
    fn what_is_no_number_never_becomes_one() {
        assert_eq!(decode_reply("*10"), Err(Invalid::IllegalCommand));
        assert_eq!(decode_reply("*22"), Err(Invalid::Error("*22".into())));
        assert_eq!(decode_reply("OVER"), Err(Invalid::Overload("OVER".into())));
        assert_eq!(
            decode_reply("-OVER N"),
            Err(Invalid::Overload("-OVER N".into()))
        );
        assert_eq!(
            decode_reply("4.285 Nm"),
            Err(Invalid::UnknownUnit("4.285 Nm".into()))
        );
        for line in ["", "-----", "nan N", "4.2 8 N", "N 4.285"] {
            assert!(decode_reply(line).is_err(), "{line:?}");
        }
    }

    #[test]
    fn commands_are_upper_case_and_end_with_cr() {
        assert_eq!(Command::Displayed.encode(), b"?\r");
        assert_eq!(Command::RealTime.encode(), b"?C\r");
        assert_eq!(Command::Use(Unit::MilliNewton).encode(), b"MN\r");
        assert_eq!(Command::decode("PLEASE"), None);
    }

    #[test]
    fn a_gauge_understands_every_command() {
        let units = UNITS.iter().map(|row| Command::Use(row.0));
        for command in [Command::Displayed, Command::RealTime, Command::Zero]
            .into_iter()
            .chain(units)
        {
            assert_eq!(Command::decode(command.text()), Some(command));
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(128))]

        #[test]
        fn readings_round_trip(thousandths in -99_999_999i32..=99_999_999) {
            let value = f64::from(thousandths) / 1000.0;
            let mut lines = Lines::new(80);
            lines.push(&encode_reading(value, 3, Some(Unit::Newton)));
            let line = lines.next().unwrap().unwrap();
            prop_assert_eq!(decode_reply(&line), Ok(Reading { value, unit: Some(Unit::Newton) }));
        }

        #[test]
        fn arbitrary_text_never_panics(line: String) {
            let _ = decode_reply(&line);
            let _ = Command::decode(&line);
        }
    }
}
