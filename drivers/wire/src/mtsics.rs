//! Scales and balances that speak MT-SICS (Mettler-Toledo Standard Interface Command Set, reference
//! manual; levels 0 and 1).
//!
//! Commands are upper case and end with CR LF, so do replies: `S S     100.00 g` is a stable weight,
//! `S D` a changing one, `S +` and `S -` over- and underload, `S I` "not now". The manual answers `SI`
//! with the header `S`; a third-party emulator (mt-sics-emulator 0.1.1) answers it with `SI`: both are
//! understood, the manual's is written.

use crate::decimal::decimal;

/// What a host may ask of a scale.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Command {
    /// `S`: the weight, once it is stable.
    Stable,
    /// `SI`: the weight now, stable or not.
    Immediate,
    /// `Z`: zero, once it is stable.
    Zero,
    /// `I2`: model, capacity; as text.
    Model,
    /// `I3`: software version.
    Software,
    /// `I4`: serial number.
    Serial,
    /// `@`: reset; answered like [`Command::Serial`].
    Reset,
}

const COMMANDS: [(Command, &str); 7] = [
    (Command::Stable, "S"),
    (Command::Immediate, "SI"),
    (Command::Zero, "Z"),
    (Command::Model, "I2"),
    (Command::Software, "I3"),
    (Command::Serial, "I4"),
    (Command::Reset, "@"),
];

impl Command {
    /// The word on the wire.
    pub fn word(self) -> &'static str {
        COMMANDS
            .iter()
            .find(|row| row.0 == self)
            .map_or("", |row| row.1)
    }

    /// The bytes on the wire, CR LF included.
    pub fn encode(self) -> Vec<u8> {
        format!("{}\r\n", self.word()).into_bytes()
    }

    /// What a scale heard, without the terminator; `None` is answered with `ES`.
    pub fn decode(line: &str) -> Option<Command> {
        COMMANDS
            .iter()
            .find(|row| row.1 == line.trim())
            .map(|row| row.0)
    }
}

/// Units of a weight.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Unit {
    Milligram,
    Gram,
    Kilogram,
    Tonne,
    Pound,
    Ounce,
    Newton,
}

const UNITS: [(Unit, &str); 7] = [
    (Unit::Milligram, "mg"),
    (Unit::Gram, "g"),
    (Unit::Kilogram, "kg"),
    (Unit::Tonne, "t"),
    (Unit::Pound, "lb"),
    (Unit::Ounce, "oz"),
    (Unit::Newton, "N"),
];

impl Unit {
    /// As it stands in a reply.
    pub fn word(self) -> &'static str {
        UNITS
            .iter()
            .find(|row| row.0 == self)
            .map_or("", |row| row.1)
    }

    /// From a reply; case counts.
    pub fn from_word(word: &str) -> Option<Unit> {
        UNITS.iter().find(|row| row.1 == word).map(|row| row.0)
    }
}

/// What a scale answers.
#[derive(Debug, Clone, PartialEq)]
pub enum Reply {
    /// A weight.
    Weight {
        /// Whether it stands still.
        stable: bool,
        /// In the unit below.
        value: f64,
        /// Its unit.
        unit: Unit,
    },
    /// `+`: beyond the upper end of the range.
    Overload,
    /// `-`: below the lower end of the range.
    Underload,
    /// `I`: understood, and cannot be done now (busy, not stable).
    NotNow,
    /// `A`, with a text where one was asked for.
    Done(Option<String>),
    /// `ES`, `ET`, `EL`: syntax, transmission, logic.
    Error(Trouble),
}

/// Why a command was not understood.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// `ES`: there is no such command.
    Syntax,
    /// `ET`: it was damaged on the line.
    Transmission,
    /// `EL`: it cannot be done like that.
    Logic,
}

/// A line that is no answer to the command.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// A weight in a unit that is not in the table.
    #[error("unknown unit in {0:?}")]
    Unit(String),
    /// Anything else.
    #[error("no answer of a scale: {0:?}")]
    Line(String),
}

/// Reads an answer to `asked`, without its terminator.
///
/// # Errors
/// [`Unreadable`] for anything else than an answer to that command.
pub fn decode_reply(asked: Command, line: &str) -> Result<Reply, Unreadable> {
    let whole = || Unreadable::Line(line.to_owned());
    let text = line.trim();
    match text {
        "ES" => return Ok(Reply::Error(Trouble::Syntax)),
        "ET" => return Ok(Reply::Error(Trouble::Transmission)),
        "EL" => return Ok(Reply::Error(Trouble::Logic)),
        _ => (),
    }
    let (header, rest) = text.split_once(' ').unwrap_or((text, ""));
    if !headers(asked).contains(&header) {
        return Err(whole());
    }
    let (status, rest) = rest.trim().split_once(' ').unwrap_or((rest.trim(), ""));
    match status {
        "+" => Ok(Reply::Overload),
        "-" => Ok(Reply::Underload),
        "I" | "L" => Ok(Reply::NotNow),
        "A" => Ok(Reply::Done(quoted(rest))),
        "S" | "D" if is_weighing(asked) => weight(status == "S", rest, line),
        _ => Err(whole()),
    }
}

/// Headers under which an answer may come.
fn headers(asked: Command) -> &'static [&'static str] {
    match asked {
        Command::Stable => &["S"],
        Command::Immediate => &["S", "SI"],
        Command::Zero => &["Z"],
        Command::Model => &["I2"],
        Command::Software => &["I3"],
        Command::Serial | Command::Reset => &["I4"],
    }
}

fn is_weighing(asked: Command) -> bool {
    matches!(asked, Command::Stable | Command::Immediate)
}

fn weight(stable: bool, rest: &str, line: &str) -> Result<Reply, Unreadable> {
    let words: Vec<&str> = rest.split_whitespace().collect();
    let [number, unit] = words.as_slice() else {
        return Err(Unreadable::Line(line.to_owned()));
    };
    let value = decimal(number).ok_or_else(|| Unreadable::Line(line.to_owned()))?;
    let unit = Unit::from_word(unit).ok_or_else(|| Unreadable::Unit(line.to_owned()))?;
    Ok(Reply::Weight {
        stable,
        value,
        unit,
    })
}

fn quoted(rest: &str) -> Option<String> {
    let inner = rest.trim().strip_prefix('"')?.strip_suffix('"')?;
    Some(inner.to_owned())
}

impl Reply {
    /// The line with which a scale answers `asked`, CR LF included; a weight right-aligned in ten places.
    pub fn encode(&self, asked: Command, decimals: usize) -> Vec<u8> {
        let header = headers(asked).first().copied().unwrap_or("");
        match self {
            Reply::Weight {
                stable,
                value,
                unit,
            } => {
                let status = if *stable { "S" } else { "D" };
                format!(
                    "{header} {status} {value:>10.decimals$} {}\r\n",
                    unit.word()
                )
            }
            Reply::Overload => format!("{header} +\r\n"),
            Reply::Underload => format!("{header} -\r\n"),
            Reply::NotNow => format!("{header} I\r\n"),
            Reply::Done(None) => format!("{header} A\r\n"),
            Reply::Done(Some(text)) => format!("{header} A \"{text}\"\r\n"),
            Reply::Error(Trouble::Syntax) => "ES\r\n".to_owned(),
            Reply::Error(Trouble::Transmission) => "ET\r\n".to_owned(),
            Reply::Error(Trouble::Logic) => "EL\r\n".to_owned(),
        }
        .into_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lines::Lines;
    use proptest::prelude::*;

    fn grams(stable: bool, value: f64) -> Reply {
        Reply::Weight {
            stable,
            value,
            unit: Unit::Gram,
        }
    }

    /// The reference manual's examples: `S S     100.00 g`, and `SI` answered with the header `S`.
    #[test]
    fn the_manuals_examples() {
        let line = "S S     100.00 g";
        assert_eq!(decode_reply(Command::Stable, line), Ok(grams(true, 100.0)));
        assert_eq!(
            decode_reply(Command::Immediate, line),
            Ok(grams(true, 100.0))
        );
        assert_eq!(
            grams(true, 100.0).encode(Command::Immediate, 2),
            b"S S     100.00 g\r\n"
        );
        assert_eq!(decode_reply(Command::Stable, "S I"), Ok(Reply::NotNow));
        assert_eq!(decode_reply(Command::Zero, "Z A"), Ok(Reply::Done(None)));
        let serial = Reply::Done(Some("0123456789".into()));
        assert_eq!(
            decode_reply(Command::Reset, "I4 A \"0123456789\""),
            Ok(serial)
        );
    }

    /// mt-sics-emulator 0.1.1 answers `SI` with `SI`, against the manual.
    #[test]
    fn the_emulators_header_is_understood_and_not_written() {
        let line = "SI D      12.50 g";
        assert_eq!(
            decode_reply(Command::Immediate, line),
            Ok(grams(false, 12.5))
        );
        assert!(decode_reply(Command::Stable, line).is_err());
    }

    #[test]
    fn what_is_no_weight_never_becomes_one() {
        let read = |line| decode_reply(Command::Immediate, line);
        assert_eq!(read("S +"), Ok(Reply::Overload));
        assert_eq!(read("S -"), Ok(Reply::Underload));
        assert_eq!(read("EL"), Ok(Reply::Error(Trouble::Logic)));
        let stones = "S S 3.0 st".to_owned();
        assert_eq!(read(&stones), Err(Unreadable::Unit(stones.clone())));
        for line in [
            "",
            "S",
            "S S",
            "S S g",
            "S S 1.0",
            "S S nan g",
            "Z A 1",
            "S S 1 0 g",
            "S X 1 g",
        ] {
            assert!(!matches!(read(line), Ok(Reply::Weight { .. })), "{line:?}");
        }
    }

    #[test]
    fn a_scale_understands_every_command() {
        for (command, word) in COMMANDS {
            assert_eq!(Command::decode(word), Some(command));
        }
        assert_eq!(Command::decode("si"), None);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(128))]

        #[test]
        fn weights_round_trip(hundredths in -9_999_999i32..=9_999_999, stable: bool) {
            let value = f64::from(hundredths) / 100.0;
            let mut lines = Lines::new(80);
            lines.push(&grams(stable, value).encode(Command::Immediate, 2));
            let line = lines.next().unwrap().unwrap();
            prop_assert_eq!(decode_reply(Command::Immediate, &line), Ok(grams(stable, value)));
        }

        #[test]
        fn arbitrary_text_never_panics(line: String) {
            let _ = Command::decode(&line);
            for (command, _) in COMMANDS {
                let _ = decode_reply(command, &line);
            }
        }
    }
}
