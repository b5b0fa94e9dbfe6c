//! Damiao DM joint motors: 11-bit identifiers, eight bytes, each command answered by a feedback frame.
//!
//! After the maker's manual of the DM-J4310 and damiao-motor 1.0.6. A motor has two numbers: commands go
//! to `ESC_ID` (plus an offset that says which kind of command), and its answers come from `MST_ID`.
//! Registers are asked on an identifier of their own, and the answer comes from `MST_ID` too: only
//! whoever asked can tell it from a feedback frame.

use crate::mit;

/// Identifier of the frames that concern registers.
pub const REGISTERS: u16 = 0x7FF;

/// Kinds of command: added to the motor's number.
const POSITION_VELOCITY: u16 = 0x100;
const VELOCITY: u16 = 0x200;
const FORCE_POSITION: u16 = 0x300;

/// Last byte of the commands whose other seven are FF.
const ENABLE: u8 = 0xFC;
const DISABLE: u8 = 0xFD;
const SET_ZERO: u8 = 0xFE;
const CLEAR_ERROR: u8 = 0xFB;

/// What a motor is told. Which of the motions it obeys, its register [`register::MODE`] says.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Command {
    /// Mode 1.
    Mit(mit::Setpoint),
    /// Mode 2: to an angle, with a velocity that it keeps to.
    PositionVelocity {
        /// Angle of the output, radian.
        rad: f32,
        /// Highest velocity, radian per second.
        rad_per_s: f32,
    },
    /// Mode 3.
    Velocity {
        /// Radian per second.
        rad_per_s: f32,
    },
    /// Mode 4: to an angle, with a limit of velocity and of current.
    ForcePosition {
        /// Angle of the output, radian.
        rad: f32,
        /// Highest velocity, 0.01 radian per second.
        velocity: u16,
        /// Highest current, in 0.0001 of the most.
        current: u16,
    },
    /// Torque on.
    Enable,
    /// Torque off.
    Disable,
    /// Where it stands is zero from now on.
    SetZero,
    /// Forget the error.
    ClearError,
}

impl Command {
    /// Identifier and bytes for the motor of this number.
    pub fn encode(self, motor: u16) -> (u16, [u8; 8]) {
        let word = |last: u8| (motor, [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, last]);
        match self {
            Command::Mit(setpoint) => (motor, setpoint.encode()),
            Command::PositionVelocity { rad, rad_per_s } => (
                motor + POSITION_VELOCITY,
                joined(rad.to_le_bytes(), rad_per_s.to_le_bytes()),
            ),
            Command::Velocity { rad_per_s } => {
                (motor + VELOCITY, joined(rad_per_s.to_le_bytes(), [0; 4]))
            }
            Command::ForcePosition {
                rad,
                velocity,
                current,
            } => {
                let [v0, v1] = velocity.to_le_bytes();
                let [c0, c1] = current.to_le_bytes();
                (
                    motor + FORCE_POSITION,
                    joined(rad.to_le_bytes(), [v0, v1, c0, c1]),
                )
            }
            Command::Enable => word(ENABLE),
            Command::Disable => word(DISABLE),
            Command::SetZero => word(SET_ZERO),
            Command::ClearError => word(CLEAR_ERROR),
        }
    }

    /// What a frame tells the motor of this number; `None` when it tells it nothing. Velocity commands
    /// may have four bytes only.
    pub fn decode(motor: u16, id: u16, bytes: &[u8]) -> Option<Command> {
        let kind = id.checked_sub(motor)?;
        if kind == VELOCITY {
            let rad_per_s = f32::from_le_bytes(*bytes.first_chunk()?);
            return Some(Command::Velocity { rad_per_s });
        }
        let bytes: &[u8; 8] = bytes.try_into().ok()?;
        let &[a, b, c, d, e, f, g, h] = bytes;
        let rad = f32::from_le_bytes([a, b, c, d]);
        match kind {
            0 => Some(match (bytes.starts_with(&[0xFF; 7]), h) {
                (true, ENABLE) => Command::Enable,
                (true, DISABLE) => Command::Disable,
                (true, SET_ZERO) => Command::SetZero,
                (true, CLEAR_ERROR) => Command::ClearError,
                _ => Command::Mit(mit::Setpoint::decode(bytes)),
            }),
            POSITION_VELOCITY => Some(Command::PositionVelocity {
                rad,
                rad_per_s: f32::from_le_bytes([e, f, g, h]),
            }),
            FORCE_POSITION => Some(Command::ForcePosition {
                rad,
                velocity: u16::from_le_bytes([e, f]),
                current: u16::from_le_bytes([g, h]),
            }),
            _ => None,
        }
    }
}

fn joined(low: [u8; 4], high: [u8; 4]) -> [u8; 8] {
    let ([a, b, c, d], [e, f, g, h]) = (low, high);
    [a, b, c, d, e, f, g, h]
}

/// Numbers of registers.
pub mod register {
    /// Answers come from this identifier, u32.
    pub const MST_ID: u8 = 7;
    /// Commands go to this identifier, u32.
    pub const ESC_ID: u8 = 8;
    /// Without a command for so long it gives up, u32, 50 µs; 0 is never.
    pub const TIMEOUT: u8 = 9;
    /// Which commands it obeys: 1 MIT, 2 position and velocity, 3 velocity, 4 force and position; u32.
    pub const MODE: u8 = 10;
    /// Version of its software, u32.
    pub const SOFTWARE: u8 = 14;
    /// Gear ratio, f32.
    pub const GEAR: u8 = 20;
    /// What the most counts of a position are, f32, radian.
    pub const POSITION_RANGE: u8 = 21;
    /// What the most counts of a velocity are, f32, radian per second.
    pub const VELOCITY_RANGE: u8 = 22;
    /// What the most counts of a torque are, f32, newton metre.
    pub const TORQUE_RANGE: u8 = 23;
}

/// What is asked of a motor beside commands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Request {
    /// The value of a register.
    Read {
        /// Register.
        register: u8,
    },
    /// Another value, until power goes.
    Write {
        /// Register.
        register: u8,
        /// Four bytes, low byte first.
        value: [u8; 4],
    },
    /// Keep all registers for good.
    Save,
    /// A feedback frame.
    Refresh,
}

impl Request {
    /// The bytes for the motor of this number, on the identifier [`REGISTERS`].
    pub fn encode(self, motor: u16) -> [u8; 8] {
        let [low, high] = motor.to_le_bytes();
        let (what, register, [a, b, c, d]) = match self {
            Request::Read { register } => (0x33, register, [0; 4]),
            Request::Write { register, value } => (0x55, register, value),
            Request::Save => (0xAA, 1, [0; 4]),
            Request::Refresh => (0xCC, 0, [0; 4]),
        };
        [low, high, what, register, a, b, c, d]
    }

    /// The motor's number and what is asked of it.
    pub fn decode(bytes: &[u8]) -> Option<(u16, Request)> {
        let &[low, high, what, ref rest @ ..] = bytes else {
            return None;
        };
        let request = match (what, rest) {
            (0x33, &[register, ..]) => Request::Read { register },
            (0x55, &[register, a, b, c, d]) => Request::Write {
                register,
                value: [a, b, c, d],
            },
            (0xAA, _) => Request::Save,
            (0xCC, _) => Request::Refresh,
            _ => return None,
        };
        Some((u16::from_le_bytes([low, high]), request))
    }
}

/// The answer to a [`Request`] that concerns a register.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Register {
    /// Number of the motor that answers.
    pub motor: u16,
    /// Whether it was written, rather than read.
    pub written: bool,
    /// Register.
    pub register: u8,
    /// Its value, low byte first.
    pub value: [u8; 4],
}

impl Register {
    /// The bytes.
    pub fn encode(self) -> [u8; 8] {
        let [low, high] = self.motor.to_le_bytes();
        let [a, b, c, d] = self.value;
        let what = if self.written { 0x55 } else { 0x33 };
        [low, high, what, self.register, a, b, c, d]
    }

    /// From a frame, if it can be one.
    pub fn decode(bytes: &[u8]) -> Option<Register> {
        let &[low, high, what @ (0x33 | 0x55), register, a, b, c, d] = bytes else {
            return None;
        };
        Some(Register {
            motor: u16::from_le_bytes([low, high]),
            written: what == 0x55,
            register,
            value: [a, b, c, d],
        })
    }
}

/// How a motor is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// No torque.
    Disabled,
    /// Torque.
    Enabled,
    /// Supply too high.
    OverVoltage,
    /// Supply too low.
    UnderVoltage,
    /// Too much current.
    OverCurrent,
    /// Its power stage is too hot.
    DriverTooHot,
    /// Its winding is too hot.
    WindingTooHot,
    /// Nobody spoke to it for longer than its time-out.
    LostCommunication,
    /// Too much load.
    Overload,
    /// Not in the manual.
    Other(u8),
}

impl From<u8> for State {
    fn from(code: u8) -> State {
        match code & 0x0F {
            0x0 => State::Disabled,
            0x1 => State::Enabled,
            0x8 => State::OverVoltage,
            0x9 => State::UnderVoltage,
            0xA => State::OverCurrent,
            0xB => State::DriverTooHot,
            0xC => State::WindingTooHot,
            0xD => State::LostCommunication,
            0xE => State::Overload,
            other => State::Other(other),
        }
    }
}

impl State {
    /// Its code, four bits.
    pub fn code(self) -> u8 {
        match self {
            State::Disabled => 0x0,
            State::Enabled => 0x1,
            State::OverVoltage => 0x8,
            State::UnderVoltage => 0x9,
            State::OverCurrent => 0xA,
            State::DriverTooHot => 0xB,
            State::WindingTooHot => 0xC,
            State::LostCommunication => 0xD,
            State::Overload => 0xE,
            State::Other(code) => code & 0x0F,
        }
    }
}

/// What a motor answers to a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Feedback {
    /// The low four bits of its number.
    pub motor: u8,
    /// How it is.
    pub state: State,
    /// Where it is, in counts of its ranges.
    pub shown: mit::Shown,
    /// Temperature of the power stage, degree Celsius.
    pub driver_celsius: u8,
    /// Temperature of the winding, degree Celsius.
    pub winding_celsius: u8,
}

impl Feedback {
    /// The bytes.
    pub fn encode(self) -> [u8; 8] {
        let [a, b, c, d, e] = self.shown.encode();
        let first = self.state.code() << 4 | self.motor & 0x0F;
        [
            first,
            a,
            b,
            c,
            d,
            e,
            self.driver_celsius,
            self.winding_celsius,
        ]
    }

    /// From a frame; every eight bytes are one.
    pub fn decode(bytes: &[u8]) -> Option<Feedback> {
        let &[first, a, b, c, d, e, driver_celsius, winding_celsius] = bytes else {
            return None;
        };
        Some(Feedback {
            motor: first & 0x0F,
            state: State::from(first >> 4),
            shown: mit::Shown::decode(&[a, b, c, d, e]),
            driver_celsius,
            winding_celsius,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Golden frames: damiao-motor 1.0.6, `encode_cmd_msg` and its fellows, motor number 1.
    #[test]
    fn commands_are_those_of_damiao_motor() {
        let mit = |position, velocity, kp, kd, torque| {
            Command::Mit(mit::Setpoint {
                position,
                velocity,
                kp,
                kd,
                torque,
            })
        };
        let cases: [(Command, u16, &str); 6] = [
            // DM4310, all zero
            (
                mit(0x7FFF, 0x7FF, 0, 0, 0x7FF),
                0x001,
                "7F FF 7F F0 00 00 07 FF",
            ),
            // 1.5 rad, -2 rad/s, 3 N.m, kp 50, kd 1
            (
                mit(0x8F5B, 0x777, 0x199, 0x333, 0xA65),
                0x001,
                "8F 5B 77 71 99 33 3A 65",
            ),
            (Command::Enable, 0x001, "FF FF FF FF FF FF FF FC"),
            (Command::Disable, 0x001, "FF FF FF FF FF FF FF FD"),
            (Command::ClearError, 0x001, "FF FF FF FF FF FF FF FB"),
            (
                Command::PositionVelocity {
                    rad: 1.0,
                    rad_per_s: 2.0,
                },
                0x101,
                "00 00 80 3F 00 00 00 40",
            ),
        ];
        for (command, id, bytes) in cases {
            let (to, encoded) = command.encode(1);
            assert_eq!((to, crate::hex(&encoded).as_str()), (id, bytes));
            assert_eq!(Command::decode(1, id, &encoded), Some(command));
        }
    }

    /// damiao-motor 1.0.6, `_send_register_cmd` and `set_can_timeout(500)`: 50 µs a count.
    #[test]
    fn registers_are_asked_as_damiao_motor_does() {
        let read = Request::Read {
            register: register::POSITION_RANGE,
        };
        assert_eq!(read.encode(0x101), [0x01, 0x01, 0x33, 21, 0, 0, 0, 0]);
        let write = Request::Write {
            register: register::TIMEOUT,
            value: 10_000u32.to_le_bytes(),
        };
        assert_eq!(write.encode(1), [1, 0, 0x55, 9, 0x10, 0x27, 0, 0]);
        assert_eq!(Request::Refresh.encode(1), [1, 0, 0xCC, 0, 0, 0, 0, 0]);
        assert_eq!(Request::Save.encode(1), [1, 0, 0xAA, 1, 0, 0, 0, 0]);
    }

    /// The manual's feedback frame: number and error, position, velocity, torque, two temperatures.
    #[test]
    fn a_feedback_says_state_place_and_warmth() {
        let bytes = [
            0xB2, // motor 2, its power stage too hot
            0x8F, 0x5B, // position
            0x77, 0x7A, 0x65, // velocity 777, torque A65
            90, 45, // °C
        ];
        let feedback = Feedback::decode(&bytes).unwrap();
        assert_eq!((feedback.motor, feedback.state), (2, State::DriverTooHot));
        assert_eq!(
            feedback.shown,
            mit::Shown {
                position: 0x8F5B,
                velocity: 0x777,
                torque: 0xA65
            }
        );
        assert_eq!(
            (feedback.driver_celsius, feedback.winding_celsius),
            (90, 45)
        );
        assert_eq!(Feedback::decode(&bytes[..7]), None);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(256))]

        #[test]
        fn whatever_is_understood_comes_back_as_it_was(id in 0u16..0x800, bytes in prop::collection::vec(any::<u8>(), 0..=8)) {
            if let Some(command) = Command::decode(2, id, &bytes) {
                let (to, encoded) = command.encode(2);
                prop_assert_eq!(to, id);
                let known = bytes.len().min(if id == 2 + VELOCITY { 4 } else { 8 });
                prop_assert_eq!(&encoded[..known], &bytes[..known]);
            }
            if let Some(feedback) = Feedback::decode(&bytes) {
                prop_assert_eq!(&feedback.encode()[..], &bytes[..]);
            }
            if let Some(register) = Register::decode(&bytes) {
                prop_assert_eq!(&register.encode()[..], &bytes[..]);
            }
            if let Some((motor, request @ Request::Write { .. })) = Request::decode(&bytes) {
                prop_assert_eq!(&request.encode(motor)[..], &bytes[..]);
            }
        }
    }
}
