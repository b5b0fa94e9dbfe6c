//! IMADA DST and DSV force gauges, ASCII.
//!
//! Commands and replies end with CR. `D` is answered with `+012.34NTO`: sign, digits, then three letters:
//! unit (N, K for kgf), mode (T real time, P peak), and state (L, O, H below, within, above the limits
//! set on the gauge; **E overload**). Other commands are answered with `R` (done) or `E` (not done).
//! Source: the open driver dstdsv 0.1.1, which says that it follows the maker's manual. Newer gauges
//! (ZTA, ZTS) use another command set.

use crate::decimal::decimal;

/// What a host may ask of a gauge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Command {
    /// `D`: the reading.
    Read,
    /// `Z`: zero.
    Zero,
    /// `T`: real-time mode.
    RealTime,
    /// `P`: peak mode.
    Peak,
    /// `N` or `K`: the unit.
    Use(Unit),
}

/// Units of the gauge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Unit {
    Newton,
    KilogramForce,
}

const COMMANDS: [(Command, char); 6] = [
    (Command::Read, 'D'),
    (Command::Zero, 'Z'),
    (Command::RealTime, 'T'),
    (Command::Peak, 'P'),
    (Command::Use(Unit::Newton), 'N'),
    (Command::Use(Unit::KilogramForce), 'K'),
];

impl Command {
    /// The bytes on the wire, CR included.
    pub fn encode(self) -> Vec<u8> {
        let letter = COMMANDS.iter().find(|row| row.0 == self);
        letter.map_or_else(Vec::new, |row| format!("{}\r", row.1).into_bytes())
    }

    /// What a gauge heard, without the terminator; `None` is answered with [`NOT_DONE`].
    pub fn decode(line: &str) -> Option<Command> {
        let mut letters = line.chars();
        let (letter, None) = (letters.next()?, letters.next()) else {
            return None;
        };
        COMMANDS.iter().find(|row| row.1 == letter).map(|row| row.0)
    }
}

/// Done.
pub const DONE: &[u8] = b"R\r";
/// Not done.
pub const NOT_DONE: &[u8] = b"E\r";

/// A reading.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Reading {
    /// In the unit below; without meaning while overloaded.
    pub value: f64,
    /// Its unit.
    pub unit: Unit,
    /// Whether it is the peak and not the present force.
    pub peak: bool,
    /// Where it lies.
    pub state: State,
}

/// Where a reading lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Below the lower limit set on the gauge.
    Low,
    /// Between the limits.
    Within,
    /// Above the upper limit.
    High,
    /// Beyond the capacity: the number is none.
    Overload,
}

const STATES: [(State, char); 4] = [
    (State::Low, 'L'),
    (State::Within, 'O'),
    (State::High, 'H'),
    (State::Overload, 'E'),
];

/// Reads the reply to `D` without its terminator; `None` when it is none.
pub fn decode_reading(line: &str) -> Option<Reading> {
    let text = line.trim();
    if !text.is_ascii() || !text.starts_with(['+', '-']) {
        return None;
    }
    let (number, letters) = text.split_at_checked(text.len().checked_sub(3)?)?;
    let mut letters = letters.chars();
    let unit = match letters.next()? {
        'N' => Unit::Newton,
        'K' => Unit::KilogramForce,
        _ => return None,
    };
    let peak = match letters.next()? {
        'T' => false,
        'P' => true,
        _ => return None,
    };
    let state = letters.next()?;
    Some(Reading {
        value: decimal(number)?,
        unit,
        peak,
        state: STATES.iter().find(|row| row.1 == state)?.0,
    })
}

impl Reading {
    /// What a gauge sends with so many decimals, CR included.
    pub fn encode(&self, decimals: usize) -> Vec<u8> {
        let unit = match self.unit {
            Unit::Newton => 'N',
            Unit::KilogramForce => 'K',
        };
        let mode = if self.peak { 'P' } else { 'T' };
        let state = STATES
            .iter()
            .find(|row| row.0 == self.state)
            .map_or('O', |row| row.1);
        format!("{:+07.decimals$}{unit}{mode}{state}\r", self.value).into_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lines::Lines;
    use proptest::prelude::*;

    fn within(value: f64) -> Reading {
        Reading {
            value,
            unit: Unit::Newton,
            peak: false,
            state: State::Within,
        }
    }

    /// The shape that dstdsv 0.1.1 matches: sign, `[0-9]+.[0-9]+`, three capital letters.
    #[test]
    fn a_reading_is_a_sign_a_number_and_three_letters() {
        assert_eq!(decode_reading("+012.34NTO"), Some(within(12.34)));
        assert_eq!(within(12.34).encode(2), b"+012.34NTO\r");
        assert_eq!(within(-0.5).encode(2), b"-000.50NTO\r");
        let peak = decode_reading("-001.20KPH").unwrap();
        assert_eq!(
            (peak.value, peak.unit, peak.peak, peak.state),
            (-1.2, Unit::KilogramForce, true, State::High)
        );
        assert_eq!(decode_reading("+500.00NTE").unwrap().state, State::Overload);
    }

    #[test]
    fn what_is_no_reading_never_becomes_one() {
        for line in [
            "",
            "R",
            "E",
            "NTO",
            "+NTO",
            "+012.34NT",
            "+012.34XTO",
            "+012.34NXO",
            "+012.34NTX",
            "012.34NTO",
            "+01é.34NTO",
            "+nanNTO",
        ] {
            assert_eq!(decode_reading(line), None, "{line:?}");
        }
    }

    #[test]
    fn a_gauge_understands_every_command() {
        for (command, letter) in COMMANDS {
            assert_eq!(Command::decode(&letter.to_string()), Some(command));
            assert_eq!(command.encode(), [letter as u8, b'\r']);
        }
        assert_eq!(Command::decode("DD"), None);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(128))]

        #[test]
        fn readings_round_trip(hundredths in -99_999i32..=99_999) {
            let reading = within(f64::from(hundredths) / 100.0);
            let mut lines = Lines::new(32);
            lines.push(&reading.encode(2));
            prop_assert_eq!(decode_reading(&lines.next().unwrap().unwrap()), Some(reading));
        }

        #[test]
        fn arbitrary_text_never_panics(line: String) {
            let _ = decode_reading(&line);
            let _ = Command::decode(&line);
        }
    }
}
