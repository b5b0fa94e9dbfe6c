//! CubeMars (T-Motor) AK joint motors. Servo mode: 29-bit identifiers, high byte first, and feedback
//! that comes by itself. MIT mode: 11 bits and [`crate::mit`].
//!
//! After the maker's AK series manual as motor-python 0.0.11 (servo mode) and
//! mini-cheetah-motor-driver-socketcan 0.4.3 (MIT mode) speak it.

use crate::mit;

/// Kinds of servo command: bits 8 to 15 of the identifier.
const CURRENT: u32 = 1;
const VELOCITY: u32 = 3;
const POSITION: u32 = 4;
const ORIGIN: u32 = 5;
const POSITION_VELOCITY: u32 = 6;
/// Kind of the servo feedback.
const FEEDBACK: u32 = 0x29;

/// What a motor in servo mode is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Servo {
    /// A current.
    Current {
        /// Milliampere.
        ma: i32,
    },
    /// A velocity.
    Velocity {
        /// Electrical turns a minute.
        erpm: i32,
    },
    /// To an angle, as fast as it can.
    Position {
        /// 0.0001 degree.
        position: i32,
    },
    /// Where it stands is zero from now on.
    Origin {
        /// And stays so without power.
        for_good: bool,
    },
    /// To an angle, with a velocity and acceleration that it keeps to.
    PositionVelocity {
        /// 0.0001 degree.
        position: i32,
        /// 10 electrical turns a minute.
        velocity: i16,
        /// 10 electrical turns a minute and second.
        acceleration: i16,
    },
}

impl Servo {
    /// Identifier and bytes.
    pub fn encode(self, motor: u8) -> (u32, Vec<u8>) {
        let (kind, bytes) = match self {
            Servo::Current { ma } => (CURRENT, ma.to_be_bytes().to_vec()),
            Servo::Velocity { erpm } => (VELOCITY, erpm.to_be_bytes().to_vec()),
            Servo::Position { position } => (POSITION, position.to_be_bytes().to_vec()),
            Servo::Origin { for_good } => (ORIGIN, vec![u8::from(for_good)]),
            Servo::PositionVelocity {
                position,
                velocity,
                acceleration,
            } => {
                let mut bytes = position.to_be_bytes().to_vec();
                bytes.extend(velocity.to_be_bytes());
                bytes.extend(acceleration.to_be_bytes());
                (POSITION_VELOCITY, bytes)
            }
        };
        (kind << 8 | u32::from(motor), bytes)
    }

    /// The motor that a frame is for, and what it tells it.
    pub fn decode(id: u32, bytes: &[u8]) -> Option<(u8, Servo)> {
        let long = || Some(i32::from_be_bytes(*bytes.first_chunk()?));
        let word = |at: usize| Some(i16::from_be_bytes(*bytes.get(at..)?.first_chunk()?));
        let servo = match id >> 8 {
            CURRENT => Servo::Current { ma: long()? },
            VELOCITY => Servo::Velocity { erpm: long()? },
            POSITION => Servo::Position { position: long()? },
            ORIGIN => Servo::Origin {
                for_good: *bytes.first()? == 1,
            },
            POSITION_VELOCITY => Servo::PositionVelocity {
                position: long()?,
                velocity: word(4)?,
                acceleration: word(6)?,
            },
            _ => return None,
        };
        Some((id as u8, servo))
    }
}

/// What a motor in servo mode says of itself, as often as it was set to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Feedback {
    /// 0.1 degree.
    pub position: i16,
    /// 10 electrical turns a minute.
    pub velocity: i16,
    /// 10 milliampere.
    pub current: i16,
    /// Degree Celsius.
    pub celsius: i8,
    /// See [`fault`].
    pub fault: u8,
}

impl Feedback {
    /// Identifier and bytes.
    pub fn encode(self, motor: u8) -> (u32, [u8; 8]) {
        let [[a, b], [c, d], [e, f]] =
            [self.position, self.velocity, self.current].map(i16::to_be_bytes);
        let bytes = [a, b, c, d, e, f, self.celsius.cast_unsigned(), self.fault];
        (FEEDBACK << 8 | u32::from(motor), bytes)
    }

    /// The motor that speaks, and what it says.
    pub fn decode(id: u32, bytes: &[u8]) -> Option<(u8, Feedback)> {
        let &[a, b, c, d, e, f, celsius, fault] = bytes else {
            return None;
        };
        (id >> 8 == FEEDBACK).then(|| {
            let feedback = Feedback {
                position: i16::from_be_bytes([a, b]),
                velocity: i16::from_be_bytes([c, d]),
                current: i16::from_be_bytes([e, f]),
                celsius: celsius.cast_signed(),
                fault,
            };
            (id as u8, feedback)
        })
    }
}

/// Code and meaning of a fault; `None` for none.
pub fn fault(code: u8) -> Option<&'static str> {
    match code {
        0 => None,
        1 => Some("over-temperature of the motor"),
        2 => Some("over-current"),
        3 => Some("over-voltage"),
        4 => Some("under-voltage"),
        5 => Some("encoder fault"),
        6 => Some("over-temperature of the power stage"),
        7 => Some("locked rotor"),
        _ => Some("a fault that is not in the manual"),
    }
}

/// What a motor in MIT mode is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mit {
    /// Spring, damper and torque.
    Operate(mit::Setpoint),
    /// Torque on.
    Enter,
    /// Torque off.
    Exit,
    /// Where it stands is zero from now on.
    SetZero,
}

impl Mit {
    /// The bytes; the identifier is the motor's number.
    pub fn encode(self) -> [u8; 8] {
        let word = |last: u8| [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, last];
        match self {
            Mit::Operate(setpoint) => setpoint.encode(),
            Mit::Enter => word(0xFC),
            Mit::Exit => word(0xFD),
            Mit::SetZero => word(0xFE),
        }
    }

    /// From a frame to the motor.
    pub fn decode(bytes: &[u8]) -> Option<Mit> {
        let bytes: &[u8; 8] = bytes.try_into().ok()?;
        Some(match (bytes.starts_with(&[0xFF; 7]), bytes[7]) {
            (true, 0xFC) => Mit::Enter,
            (true, 0xFD) => Mit::Exit,
            (true, 0xFE) => Mit::SetZero,
            _ => Mit::Operate(mit::Setpoint::decode(bytes)),
        })
    }
}

/// What a motor in MIT mode answers to each frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MitFeedback {
    /// Its number.
    pub motor: u8,
    /// Counts of its ranges.
    pub shown: mit::Shown,
    /// Temperature, 40 more than degrees Celsius, and fault: since its second hardware.
    pub more: Option<(u8, u8)>,
}

impl MitFeedback {
    /// The six or eight bytes.
    pub fn encode(self) -> Vec<u8> {
        let mut bytes = vec![self.motor];
        bytes.extend(self.shown.encode());
        bytes.extend(
            self.more
                .into_iter()
                .flat_map(|(warm, fault)| [warm, fault]),
        );
        bytes
    }

    /// From a frame.
    pub fn decode(bytes: &[u8]) -> Option<MitFeedback> {
        let (&[motor, a, b, c, d, e], rest) = bytes.split_first_chunk::<6>()?;
        let more = match *rest {
            [] => None,
            [warm, fault] => Some((warm, fault)),
            _ => return None,
        };
        Some(MitFeedback {
            motor,
            shown: mit::Shown::decode(&[a, b, c, d, e]),
            more,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The manual's layout of servo mode, motor 0x68: 90 degrees; 5000 erpm; 30000 erpm/s.
    #[test]
    fn servo_commands_have_the_high_byte_first() {
        let there = Servo::PositionVelocity {
            position: 900_000,
            velocity: 500,
            acceleration: 3000,
        };
        let cases: [(Servo, u32, &str); 4] = [
            (there, 0x668, "00 0D BB A0 01 F4 0B B8"),
            (Servo::Current { ma: -1500 }, 0x168, "FF FF FA 24"),
            (Servo::Velocity { erpm: 5000 }, 0x368, "00 00 13 88"),
            (Servo::Origin { for_good: false }, 0x568, "00"),
        ];
        for (servo, id, bytes) in cases {
            let (to, encoded) = servo.encode(0x68);
            assert_eq!((to, crate::hex(&encoded).as_str()), (id, bytes));
            assert_eq!(Servo::decode(to, &encoded), Some((0x68, servo)));
        }
    }

    #[test]
    fn servo_feedback_says_place_speed_current_and_warmth() {
        let bytes = [
            0xFF, 0x9C, // -10.0 degrees
            0x00, 0x64, // 1000 erpm
            0xFF, 0xCE, // -0.5 A
            0x23, // 35 °C
            0x02, // over-current
        ];
        let (motor, feedback) = Feedback::decode(0x2968, &bytes).unwrap();
        assert_eq!(
            (motor, feedback.position, feedback.velocity),
            (0x68, -100, 100)
        );
        assert_eq!((feedback.current, feedback.celsius), (-50, 35));
        assert_eq!(fault(feedback.fault), Some("over-current"));
        assert_eq!(feedback.encode(0x68), (0x2968, bytes));
        assert_eq!(Feedback::decode(0x2868, &bytes), None);
    }

    #[test]
    fn older_motors_answer_with_two_bytes_less() {
        let bytes = [3, 0x80, 0x00, 0x7F, 0xF8, 0x00];
        let short = MitFeedback::decode(&bytes).unwrap();
        assert_eq!((short.motor, short.more), (3, None));
        assert_eq!(short.encode(), bytes);
        assert_eq!(MitFeedback::decode(&bytes[..5]), None);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(256))]

        #[test]
        fn whatever_is_understood_comes_back_as_it_was(id in 0u32..0x3000, bytes in prop::collection::vec(any::<u8>(), 0..=8)) {
            if let Some((motor, servo)) = Servo::decode(id, &bytes) {
                let (to, encoded) = servo.encode(motor);
                prop_assert_eq!(to, id);
                let same = matches!(servo, Servo::Origin { .. }) || bytes.starts_with(&encoded);
                prop_assert!(same);
            }
            if let Some((motor, feedback)) = Feedback::decode(id, &bytes) {
                let (to, encoded) = feedback.encode(motor);
                prop_assert_eq!((to, &encoded[..]), (id, &bytes[..]));
            }
            if let Some(feedback) = MitFeedback::decode(&bytes) {
                prop_assert_eq!(feedback.encode(), bytes.clone());
            }
            let _ = Mit::decode(&bytes);
        }
    }
}
