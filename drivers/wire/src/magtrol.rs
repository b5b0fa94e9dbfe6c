//! Magtrol DSP7000 dynamometer controller, ASCII.
//!
//! Commands are upper case and end with CR LF; one a line, and none but a question is answered. `OD1`
//! is answered with `S  1800T12.345R`: speed in rpm, torque in the unit shown on the panel, and the
//! direction of the shaft, R clockwise, L counter-clockwise, **A: alarm**. `Q1,12.50` closes the
//! torque loop at that value with the brake on; `Q1` alone resets it: torque 0, brake off.
//! Source: DSP7000 user's manual, sections 7.2.1 (data), 7.4 (commands), 7.4.2, 7.4.6.

use crate::decimal::decimal;

/// What a host may ask of a controller; the channel is 1 or 2.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Command {
    /// `*IDN?`: maker, model, revision.
    Identify,
    /// `OD1`: speed, torque and direction.
    Data(u8),
    /// `Q1,xx.xx`: the torque loop's set point, in the unit on the panel; the brake goes on.
    Torque(u8, f64),
    /// `Q1`: torque 0, torque mode off, brake off.
    TorqueOff(u8),
}

impl Command {
    /// The bytes on the wire, CR LF included. A set point is sent with three decimals.
    pub fn encode(self) -> Vec<u8> {
        match self {
            Command::Identify => b"*IDN?\r\n".to_vec(),
            Command::Data(channel) => format!("OD{channel}\r\n").into_bytes(),
            Command::Torque(channel, value) => format!("Q{channel},{value:.3}\r\n").into_bytes(),
            Command::TorqueOff(channel) => format!("Q{channel}\r\n").into_bytes(),
        }
    }

    /// What a controller heard, without the terminator.
    pub fn decode(line: &str) -> Option<Command> {
        let channel = |text: &str| match text {
            "1" => Some(1),
            "2" => Some(2),
            _ => None,
        };
        if line == "*IDN?" {
            return Some(Command::Identify);
        }
        if let Some(rest) = line.strip_prefix("OD") {
            return channel(rest).map(Command::Data);
        }
        let rest = line.strip_prefix('Q')?;
        match rest.split_once(',') {
            None => channel(rest).map(Command::TorqueOff),
            Some((which, value)) => Some(Command::Torque(channel(which)?, decimal(value)?)),
        }
    }
}

/// The answer to [`Command::Data`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Data {
    /// Revolutions per minute, without a sign.
    pub rpm: f64,
    /// In the unit shown on the panel.
    pub torque: f64,
    /// Which way the shaft turns.
    pub shaft: Shaft,
}

/// The letter at the end of the data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Shaft {
    Clockwise,
    CounterClockwise,
    /// The unit is in an alarm condition; the direction is not said.
    Alarm,
}

impl Data {
    /// Reads a line without its terminator; `None` when it is no data.
    pub fn decode(line: &str) -> Option<Data> {
        let rest = line.trim_end().strip_prefix('S')?;
        let (rpm, rest) = rest.split_once('T')?;
        let mut end = rest.chars();
        let shaft = match end.next_back()? {
            'R' => Shaft::Clockwise,
            'L' => Shaft::CounterClockwise,
            'A' => Shaft::Alarm,
            _ => return None,
        };
        Some(Data {
            rpm: decimal(rpm.trim())?,
            torque: decimal(end.as_str().trim())?,
            shaft,
        })
    }

    /// The bytes on the wire: six places of speed, torque with `decimals`.
    pub fn encode(&self, decimals: usize) -> Vec<u8> {
        let letter = match self.shaft {
            Shaft::Clockwise => 'R',
            Shaft::CounterClockwise => 'L',
            Shaft::Alarm => 'A',
        };
        let Data { rpm, torque, .. } = self;
        format!("S{rpm:>6.0}T{torque:.decimals$}{letter}\r\n").into_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The forms of sections 7.2.1 and 7.4.2.
    #[test]
    fn data_is_speed_torque_and_a_letter() {
        let read = |line| Data::decode(line).unwrap();
        let right = read("S  1800T12.345R");
        assert_eq!((right.rpm, right.torque), (1800.0, 12.345));
        assert_eq!(right.shaft, Shaft::Clockwise);
        assert_eq!(read("S00030T5.00L").shaft, Shaft::CounterClockwise);
        assert_eq!(read("S     0T   0.A").shaft, Shaft::Alarm);
        for no_data in [
            "", "S", "S12T", "S12T3.0", "S12T3.0X", "12T3.0R", "SxT3.0R", "ST3R",
        ] {
            assert_eq!(Data::decode(no_data), None, "{no_data}");
        }
    }

    /// Section 7.4.6.
    #[test]
    fn a_set_point_turns_the_brake_on_and_its_absence_off() {
        assert_eq!(Command::Torque(1, 5.0).encode(), b"Q1,5.000\r\n");
        assert_eq!(Command::TorqueOff(1).encode(), b"Q1\r\n");
        assert_eq!(Command::decode("Q2,12.5"), Some(Command::Torque(2, 12.5)));
        assert_eq!(Command::decode("Q1"), Some(Command::TorqueOff(1)));
        for unknown in ["Q", "Q3", "QD1,5", "Q1,", "Q1,nan", "OD", "q1", ""] {
            assert_eq!(Command::decode(unknown), None, "{unknown}");
        }
    }
}
