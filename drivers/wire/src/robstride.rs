//! RobStride and Xiaomi CyberGear joint motors: 29-bit identifiers that carry a kind, sixteen bits of
//! data and a number.
//!
//! After RobStride's "private protocol" as robstride-dynamics 0.0.1 and cybergear 0.1.2 speak it. The data
//! of operation frames are counts, high byte first; parameters are as they are in the motor's memory, low
//! byte first.

/// Bits of the identifier.
const KIND: u32 = 24;
const DATA: u32 = 8;

const IDENTIFY: u8 = 0;
const OPERATE: u8 = 1;
const FEEDBACK: u8 = 2;
const ENABLE: u8 = 3;
const STOP: u8 = 4;
const SET_ZERO: u8 = 6;
const READ: u8 = 17;
const WRITE: u8 = 18;
const FAULT: u8 = 21;

/// Kind, sixteen bits of data and number that an identifier carries.
fn split(id: u32) -> (u8, u16, u8) {
    (
        (id >> KIND & 0x1F) as u8,
        (id >> DATA & 0xFFFF) as u16,
        id as u8,
    )
}

fn joined(kind: u8, data: u16, number: u8) -> u32 {
    u32::from(kind) << KIND | u32::from(data) << DATA | u32::from(number)
}

/// Indices of parameters.
pub mod parameter {
    /// What it obeys, u8: 0 operation, 1 position (profile), 2 velocity, 3 current, 5 position (cyclic).
    pub const RUN_MODE: u16 = 0x7005;
    /// Where it shall be, f32, radian.
    pub const POSITION: u16 = 0x7016;
    /// How fast it may move there, f32, radian per second.
    pub const SPEED_MOST: u16 = 0x7017;
    /// Where it is, f32, radian.
    pub const POSITION_NOW: u16 = 0x7019;
    /// Without a frame for so long it stops, u32, 20000 a second; 0 is never. Not in a CyberGear.
    pub const TIMEOUT: u16 = 0x7028;
}

/// Counts of an operation frame, of ranges that the wire does not tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Setpoint {
    /// Angle.
    pub position: u16,
    /// Velocity.
    pub velocity: u16,
    /// Stiffness.
    pub kp: u16,
    /// Damping.
    pub kd: u16,
    /// Feed-forward.
    pub torque: u16,
}

/// What a motor is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Command {
    /// Who are you?
    Identify,
    /// Spring, damper and torque.
    Operate(Setpoint),
    /// Torque on.
    Enable,
    /// Torque off.
    Stop {
        /// And forget the faults.
        clear: bool,
    },
    /// Where it stands is zero from now on.
    SetZero,
    /// The value of a parameter.
    Read {
        /// Parameter.
        index: u16,
    },
    /// Another value, until power goes.
    Write {
        /// Parameter.
        index: u16,
        /// Four bytes, low byte first.
        value: [u8; 4],
    },
}

impl Command {
    /// Identifier and bytes, from a host to a motor.
    pub fn encode(self, host: u8, motor: u8) -> (u32, [u8; 8]) {
        let plain = |kind, first| {
            let bytes = [first, 0, 0, 0, 0, 0, 0, 0];
            (joined(kind, u16::from(host), motor), bytes)
        };
        let parameter = |kind, index: u16, value: [u8; 4]| {
            let ([low, high], [a, b, c, d]) = (index.to_le_bytes(), value);
            let bytes = [low, high, 0, 0, a, b, c, d];
            (joined(kind, u16::from(host), motor), bytes)
        };
        match self {
            Command::Identify => plain(IDENTIFY, 0),
            Command::Operate(to) => {
                let [[a, b], [c, d], [e, f], [g, h]] =
                    [to.position, to.velocity, to.kp, to.kd].map(u16::to_be_bytes);
                (joined(OPERATE, to.torque, motor), [a, b, c, d, e, f, g, h])
            }
            Command::Enable => plain(ENABLE, 0),
            Command::Stop { clear } => plain(STOP, u8::from(clear)),
            Command::SetZero => plain(SET_ZERO, 1),
            Command::Read { index } => parameter(READ, index, [0; 4]),
            Command::Write { index, value } => parameter(WRITE, index, value),
        }
    }

    /// The host that sent a frame (not said by an operation frame), the motor that it is for, and what it
    /// tells. Frames of motors look alike in part: only a motor may take them for commands.
    pub fn decode(id: u32, bytes: &[u8]) -> Option<(u8, u8, Command)> {
        let (kind, data, motor) = split(id);
        let host = data as u8;
        let word = |at: usize| Some(u16::from_be_bytes(*bytes.get(at..)?.first_chunk()?));
        let index = || Some(u16::from_le_bytes(*bytes.first_chunk()?));
        let command = match kind {
            IDENTIFY => Command::Identify,
            OPERATE => Command::Operate(Setpoint {
                position: word(0)?,
                velocity: word(2)?,
                kp: word(4)?,
                kd: word(6)?,
                torque: data,
            }),
            ENABLE => Command::Enable,
            STOP => Command::Stop {
                clear: bytes.first() == Some(&1),
            },
            SET_ZERO => Command::SetZero,
            READ => Command::Read { index: index()? },
            WRITE => Command::Write {
                index: index()?,
                value: *bytes.get(4..)?.first_chunk()?,
            },
            _ => return None,
        };
        Some((host, motor, command))
    }
}

/// What an enabled or stopped motor is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// No torque.
    Reset,
    /// It calibrates its encoder.
    Calibration,
    /// Torque.
    Running,
    /// Not in the manual.
    Other,
}

/// Bits of [`Feedback::faults`].
pub mod fault {
    /// Supply too low.
    pub const UNDER_VOLTAGE: u8 = 0x01;
    /// Too much current.
    pub const OVER_CURRENT: u8 = 0x02;
    /// Too hot.
    pub const OVER_TEMPERATURE: u8 = 0x04;
    /// Its magnetic encoder.
    pub const ENCODER: u8 = 0x08;
    /// It does not turn (RobStride), or its Hall sensors (CyberGear).
    pub const STALL: u8 = 0x10;
    /// It has not been calibrated.
    pub const UNCALIBRATED: u8 = 0x20;
}

/// What a motor answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Who it is.
    Identity {
        /// Number of its processor.
        chip: [u8; 8],
    },
    /// How it is.
    Feedback(Feedback),
    /// A parameter.
    Parameter {
        /// Parameter.
        index: u16,
        /// Four bytes, low byte first.
        value: [u8; 4],
        /// Whether it has such a parameter.
        known: bool,
    },
    /// It has failed.
    Fault {
        /// Bits, as in the manual of the model.
        faults: u32,
        /// Bits.
        warnings: u32,
    },
}

/// How a motor is: counts of its ranges.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Feedback {
    /// Bits of [`fault`].
    pub faults: u8,
    /// What it does.
    pub mode: Mode,
    /// Angle.
    pub position: u16,
    /// Velocity.
    pub velocity: u16,
    /// Torque.
    pub torque: u16,
    /// 0.1 degree Celsius.
    pub temperature: u16,
}

impl Answer {
    /// Identifier and bytes, from a motor to a host.
    pub fn encode(self, motor: u8, host: u8) -> (u32, [u8; 8]) {
        let number = u16::from(motor);
        match self {
            Answer::Identity { chip } => (joined(IDENTIFY, number, 0xFE), chip),
            Answer::Feedback(shown) => {
                let mode: u16 = match shown.mode {
                    Mode::Reset => 0,
                    Mode::Calibration => 1,
                    Mode::Running => 2,
                    Mode::Other => 3,
                };
                let data = mode << 14 | u16::from(shown.faults & 0x3F) << 8 | number;
                let counts = [
                    shown.position,
                    shown.velocity,
                    shown.torque,
                    shown.temperature,
                ];
                let [[a, b], [c, d], [e, f], [g, h]] = counts.map(u16::to_be_bytes);
                (joined(FEEDBACK, data, host), [a, b, c, d, e, f, g, h])
            }
            Answer::Parameter {
                index,
                value,
                known,
            } => {
                let ([low, high], [a, b, c, d]) = (index.to_le_bytes(), value);
                let data = u16::from(!known) << 8 | number;
                (joined(READ, data, host), [low, high, 0, 0, a, b, c, d])
            }
            Answer::Fault { faults, warnings } => {
                let ([a, b, c, d], [e, f, g, h]) = (faults.to_le_bytes(), warnings.to_le_bytes());
                (joined(FAULT, number, host), [a, b, c, d, e, f, g, h])
            }
        }
    }

    /// The motor that speaks, and what it says. Frames of hosts look alike in part: only a host may take
    /// them for answers.
    pub fn decode(id: u32, bytes: &[u8]) -> Option<(u8, Answer)> {
        let (kind, data, _) = split(id);
        let bytes: &[u8; 8] = bytes.try_into().ok()?;
        let &[a, b, c, d, e, f, g, h] = bytes;
        let answer = match kind {
            IDENTIFY => Answer::Identity { chip: *bytes },
            FEEDBACK => Answer::Feedback(Feedback {
                faults: (data >> 8) as u8 & 0x3F,
                mode: match data >> 14 {
                    0 => Mode::Reset,
                    1 => Mode::Calibration,
                    2 => Mode::Running,
                    _ => Mode::Other,
                },
                position: u16::from_be_bytes([a, b]),
                velocity: u16::from_be_bytes([c, d]),
                torque: u16::from_be_bytes([e, f]),
                temperature: u16::from_be_bytes([g, h]),
            }),
            READ => Answer::Parameter {
                index: u16::from_le_bytes([a, b]),
                value: [e, f, g, h],
                known: data >> 8 == 0,
            },
            FAULT => Answer::Fault {
                faults: u32::from_le_bytes([a, b, c, d]),
                warnings: u32::from_le_bytes([e, f, g, h]),
            },
            _ => return None,
        };
        Some((data as u8, answer))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// robstride-dynamics 0.0.1, `transmit` with its host number FF, and the protocol's own layout.
    #[test]
    fn commands_are_those_of_robstride_dynamics() {
        let cases: [(Command, u32, &str); 5] = [
            (Command::Enable, 0x0300_FF01, "00 00 00 00 00 00 00 00"),
            (
                Command::Stop { clear: true },
                0x0400_FF01,
                "01 00 00 00 00 00 00 00",
            ),
            (
                Command::Read {
                    index: parameter::TIMEOUT,
                },
                0x1100_FF01,
                "28 70 00 00 00 00 00 00",
            ),
            (
                Command::Write {
                    index: parameter::POSITION,
                    value: 1.0f32.to_le_bytes(),
                },
                0x1200_FF01,
                "16 70 00 00 00 00 80 3F",
            ),
            // pos 0, vel 0, kp 500 of 500, kd 0, torque in the identifier
            (
                Command::Operate(Setpoint {
                    position: 0x7FFF,
                    velocity: 0x7FFF,
                    kp: 0xFFFF,
                    kd: 0,
                    torque: 0x7FFF,
                }),
                0x017F_FF01,
                "7F FF 7F FF FF FF 00 00",
            ),
        ];
        for (command, id, bytes) in cases {
            let (to, encoded) = command.encode(0xFF, 1);
            assert_eq!((to, crate::hex(&encoded).as_str()), (id, bytes));
            let (_, motor, decoded) = Command::decode(to, &encoded).unwrap();
            assert_eq!((motor, decoded), (1, command));
        }
    }

    /// The manual's feedback: faults and mode in the identifier, four counts in the data.
    #[test]
    fn a_feedback_says_state_place_and_warmth() {
        // mode 2 (running), over-temperature, motor 5, to host FD
        let id = 0x0284_05FD;
        let bytes = [
            0xBF, 0xFF, // position: half of its range
            0x7F, 0xFF, // velocity: none
            0x3F, 0xFF, // torque: minus half
            0x01, 0x2C, // 30.0 °C
        ];
        let (motor, answer) = Answer::decode(id, &bytes).unwrap();
        let expected = Feedback {
            faults: fault::OVER_TEMPERATURE,
            mode: Mode::Running,
            position: 0xBFFF,
            velocity: 0x7FFF,
            torque: 0x3FFF,
            temperature: 300,
        };
        assert_eq!((motor, answer), (5, Answer::Feedback(expected)));
        assert_eq!(answer.encode(5, 0xFD), (id, bytes));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(256))]

        #[test]
        fn arbitrary_frames_never_panic_and_answers_come_back(id in 0u32..0x2000_0000, bytes in prop::collection::vec(any::<u8>(), 0..=8)) {
            let _ = Command::decode(id, &bytes);
            if let Some((motor, answer @ Answer::Feedback(_))) = Answer::decode(id, &bytes) {
                let (to, encoded) = answer.encode(motor, id as u8);
                prop_assert_eq!((to, &encoded[..]), (id & 0x1FFF_FFFF, &bytes[..]));
            }
        }
    }
}
