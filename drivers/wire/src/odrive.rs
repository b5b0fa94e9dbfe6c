//! ODrive CANSimple, firmware 0.6: 11-bit identifiers of a node and a command, low byte first. What a
//! drive says comes by itself as often as it was set to, or is asked by a remote frame.
//!
//! After the maker's DBC file for firmware 0.6.10. Firmware 0.5 and older has another heartbeat.

/// Commands: the low five bits of an identifier.
pub mod command {
    /// [`super::Said::Version`].
    pub const VERSION: u8 = 0x00;
    /// [`super::Said::Heartbeat`].
    pub const HEARTBEAT: u8 = 0x01;
    /// [`super::Told::Estop`].
    pub const ESTOP: u8 = 0x02;
    /// [`super::Said::Errors`].
    pub const ERRORS: u8 = 0x03;
    /// [`super::Told::SetAxisState`].
    pub const AXIS_STATE: u8 = 0x07;
    /// [`super::Said::Encoder`].
    pub const ENCODER: u8 = 0x09;
    /// [`super::Told::SetControllerMode`].
    pub const CONTROLLER_MODE: u8 = 0x0B;
    /// [`super::Told::SetInputPosition`].
    pub const INPUT_POSITION: u8 = 0x0C;
    /// [`super::Told::SetInputVelocity`].
    pub const INPUT_VELOCITY: u8 = 0x0D;
    /// [`super::Told::SetInputTorque`].
    pub const INPUT_TORQUE: u8 = 0x0E;
    /// [`super::Told::SetLimits`].
    pub const LIMITS: u8 = 0x0F;
    /// [`super::Told::SetTrajectoryVelocity`].
    pub const TRAJECTORY_VELOCITY: u8 = 0x11;
    /// [`super::Told::SetTrajectoryAcceleration`].
    pub const TRAJECTORY_ACCELERATION: u8 = 0x12;
    /// [`super::Said::Current`].
    pub const CURRENT: u8 = 0x14;
    /// [`super::Said::Temperature`].
    pub const TEMPERATURE: u8 = 0x15;
    /// [`super::Said::Bus`].
    pub const BUS: u8 = 0x17;
    /// [`super::Told::ClearErrors`].
    pub const CLEAR_ERRORS: u8 = 0x18;
    /// [`super::Said::Torque`].
    pub const TORQUE: u8 = 0x1C;
}

/// Highest node; 63 stands for all that have none.
pub const NODE_MOST: u8 = 62;

/// Identifier of a node's command.
pub fn id(node: u8, command: u8) -> u16 {
    u16::from(node & 0x3F) << 5 | u16::from(command & 0x1F)
}

/// Node and command of an identifier.
pub fn split(id: u16) -> (u8, u8) {
    ((id >> 5) as u8 & 0x3F, id as u8 & 0x1F)
}

/// States of an axis that concern a test; the others are calibrations.
pub mod state {
    /// No torque.
    pub const IDLE: u8 = 1;
    /// Torque, under control.
    pub const CLOSED_LOOP: u8 = 8;
}

/// Bits of errors, with a short code and words.
pub const ERRORS: [(u32, &str, &str); 23] = [
    (0x0000_0001, "initializing", "still initializing"),
    (0x0000_0002, "system", "system-level error"),
    (0x0000_0004, "timing", "timing error"),
    (
        0x0000_0008,
        "missing-estimate",
        "no estimate of its encoder",
    ),
    (0x0000_0010, "bad-config", "bad configuration"),
    (0x0000_0020, "driver-fault", "gate driver fault"),
    (0x0000_0040, "missing-input", "no input value"),
    (0x0000_0100, "over-voltage", "supply over-voltage"),
    (0x0000_0200, "under-voltage", "supply under-voltage"),
    (0x0000_0400, "over-current", "supply over-current"),
    (
        0x0000_0800,
        "over-regeneration",
        "regeneration current too high",
    ),
    (
        0x0000_1000,
        "over-current",
        "motor current beyond its limit",
    ),
    (
        0x0000_2000,
        "over-temperature",
        "over-temperature of the motor",
    ),
    (
        0x0000_4000,
        "over-temperature",
        "over-temperature of the inverter",
    ),
    (0x0000_8000, "overspeed", "velocity beyond its limit"),
    (0x0001_0000, "position-limit", "position beyond its limit"),
    (0x0100_0000, WATCHDOG, "watchdog expired"),
    (0x0200_0000, "estop", "emergency stop requested"),
    (0x0400_0000, "spinout", "spin-out detected"),
    (0x0800_0000, "brake-resistor", "brake resistor disarmed"),
    (0x1000_0000, "thermistor", "thermistor disconnected"),
    (0x4000_0000, "calibration", "calibration error"),
    (
        0xA0FE_0080,
        "unknown-error",
        "an error that is not in its manual",
    ),
];

/// Code of the error that says that nobody commanded it.
pub const WATCHDOG: &str = "watchdog";

/// What a drive is told.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Told {
    /// Torque off at once; it is an error until cleared.
    Estop,
    /// A [`state`].
    SetAxisState {
        /// State.
        state: u32,
    },
    /// What the inputs mean.
    SetControllerMode {
        /// 1 torque, 2 velocity, 3 position.
        control: u32,
        /// 1 passed through, 5 trapezoidal trajectory.
        input: u32,
    },
    /// Where to.
    SetInputPosition {
        /// Turns of the motor.
        turns: f32,
        /// Feed-forward, 0.001 turns a second.
        velocity: i16,
        /// Feed-forward, 0.001 N·m.
        torque: i16,
    },
    /// How fast.
    SetInputVelocity {
        /// Turns a second.
        turns_per_s: f32,
        /// Feed-forward.
        nm: f32,
    },
    /// How strong.
    SetInputTorque {
        /// Newton metre.
        nm: f32,
    },
    /// What it may not go beyond.
    SetLimits {
        /// Turns a second.
        turns_per_s: f32,
        /// Ampere.
        amperes: f32,
    },
    /// Highest velocity of a trajectory.
    SetTrajectoryVelocity {
        /// Turns a second.
        turns_per_s: f32,
    },
    /// Acceleration of a trajectory.
    SetTrajectoryAcceleration {
        /// Turns a second squared.
        acceleration: f32,
        /// The same, slowing down.
        deceleration: f32,
    },
    /// Forget the errors.
    ClearErrors,
}

impl Told {
    /// Identifier and bytes.
    pub fn encode(self, node: u8) -> (u16, Vec<u8>) {
        let two = |a: [u8; 4], b: [u8; 4]| [a, b].concat();
        let one = |a: [u8; 4]| two(a, [0; 4]);
        let (to, bytes) = match self {
            Told::Estop => (command::ESTOP, Vec::new()),
            Told::SetAxisState { state } => (command::AXIS_STATE, one(state.to_le_bytes())),
            Told::SetControllerMode { control, input } => (
                command::CONTROLLER_MODE,
                two(control.to_le_bytes(), input.to_le_bytes()),
            ),
            Told::SetInputPosition {
                turns,
                velocity,
                torque,
            } => {
                let mut bytes = turns.to_le_bytes().to_vec();
                bytes.extend(velocity.to_le_bytes());
                bytes.extend(torque.to_le_bytes());
                (command::INPUT_POSITION, bytes)
            }
            Told::SetInputVelocity { turns_per_s, nm } => (
                command::INPUT_VELOCITY,
                two(turns_per_s.to_le_bytes(), nm.to_le_bytes()),
            ),
            Told::SetInputTorque { nm } => (command::INPUT_TORQUE, one(nm.to_le_bytes())),
            Told::SetLimits {
                turns_per_s,
                amperes,
            } => (
                command::LIMITS,
                two(turns_per_s.to_le_bytes(), amperes.to_le_bytes()),
            ),
            Told::SetTrajectoryVelocity { turns_per_s } => {
                (command::TRAJECTORY_VELOCITY, one(turns_per_s.to_le_bytes()))
            }
            Told::SetTrajectoryAcceleration {
                acceleration,
                deceleration,
            } => (
                command::TRAJECTORY_ACCELERATION,
                two(acceleration.to_le_bytes(), deceleration.to_le_bytes()),
            ),
            Told::ClearErrors => (command::CLEAR_ERRORS, vec![0]),
        };
        (id(node, to), bytes)
    }

    /// What a frame with this command tells a drive. Frames may be longer than they need to be.
    pub fn decode(command: u8, bytes: &[u8]) -> Option<Told> {
        let float = |at: usize| Some(f32::from_le_bytes(*bytes.get(at..)?.first_chunk()?));
        let long = |at: usize| Some(u32::from_le_bytes(*bytes.get(at..)?.first_chunk()?));
        let word = |at: usize| Some(i16::from_le_bytes(*bytes.get(at..)?.first_chunk()?));
        Some(match command {
            command::ESTOP => Told::Estop,
            command::AXIS_STATE => Told::SetAxisState { state: long(0)? },
            command::CONTROLLER_MODE => Told::SetControllerMode {
                control: long(0)?,
                input: long(4)?,
            },
            command::INPUT_POSITION => Told::SetInputPosition {
                turns: float(0)?,
                velocity: word(4)?,
                torque: word(6)?,
            },
            command::INPUT_VELOCITY => Told::SetInputVelocity {
                turns_per_s: float(0)?,
                nm: float(4)?,
            },
            command::INPUT_TORQUE => Told::SetInputTorque { nm: float(0)? },
            command::LIMITS => Told::SetLimits {
                turns_per_s: float(0)?,
                amperes: float(4)?,
            },
            command::TRAJECTORY_VELOCITY => Told::SetTrajectoryVelocity {
                turns_per_s: float(0)?,
            },
            command::TRAJECTORY_ACCELERATION => Told::SetTrajectoryAcceleration {
                acceleration: float(0)?,
                deceleration: float(4)?,
            },
            command::CLEAR_ERRORS => Told::ClearErrors,
            _ => return None,
        })
    }
}

/// What a drive says.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Said {
    /// What it is.
    Version {
        /// Product line, version and variant.
        hardware: [u8; 3],
        /// Major, minor and revision.
        firmware: [u8; 3],
    },
    /// That it lives.
    Heartbeat {
        /// Bits of [`ERRORS`].
        errors: u32,
        /// A [`state`].
        state: u8,
        /// How its last procedure ended; 0 well.
        procedure: u8,
        /// It has come to the end of its trajectory.
        done: bool,
    },
    /// Its errors.
    Errors {
        /// Bits of [`ERRORS`].
        active: u32,
        /// Why it lost its torque last.
        disarmed: u32,
    },
    /// Where its motor is.
    Encoder {
        /// Turns.
        turns: f32,
        /// Turns a second.
        turns_per_s: f32,
    },
    /// Its current.
    Current {
        /// Ampere that it wants.
        wanted: f32,
        /// Ampere that flow.
        amperes: f32,
    },
    /// How warm it is; NaN without a sensor.
    Temperature {
        /// Of its transistors, degree Celsius.
        driver: f32,
        /// Of its motor, degree Celsius.
        motor: f32,
    },
    /// Its supply.
    Bus {
        /// Volt.
        volts: f32,
        /// Ampere.
        amperes: f32,
    },
    /// Its torque.
    Torque {
        /// Newton metre that it wants.
        wanted: f32,
        /// Newton metre, as it estimates.
        nm: f32,
    },
}

impl Said {
    /// Identifier and bytes.
    pub fn encode(self, node: u8) -> (u16, [u8; 8]) {
        let two = |a: [u8; 4], b: [u8; 4]| {
            let ([a, b, c, d], [e, f, g, h]) = (a, b);
            [a, b, c, d, e, f, g, h]
        };
        let floats = |a: f32, b: f32| two(a.to_le_bytes(), b.to_le_bytes());
        let (from, bytes) = match self {
            Said::Version { hardware, firmware } => {
                let ([a, b, c], [d, e, f]) = (hardware, firmware);
                (command::VERSION, [2, a, b, c, d, e, f, 0])
            }
            Said::Heartbeat {
                errors,
                state,
                procedure,
                done,
            } => (
                command::HEARTBEAT,
                two(errors.to_le_bytes(), [state, procedure, u8::from(done), 0]),
            ),
            Said::Errors { active, disarmed } => (
                command::ERRORS,
                two(active.to_le_bytes(), disarmed.to_le_bytes()),
            ),
            Said::Encoder { turns, turns_per_s } => (command::ENCODER, floats(turns, turns_per_s)),
            Said::Current { wanted, amperes } => (command::CURRENT, floats(wanted, amperes)),
            Said::Temperature { driver, motor } => (command::TEMPERATURE, floats(driver, motor)),
            Said::Bus { volts, amperes } => (command::BUS, floats(volts, amperes)),
            Said::Torque { wanted, nm } => (command::TORQUE, floats(wanted, nm)),
        };
        (id(node, from), bytes)
    }

    /// What a frame with this command says.
    pub fn decode(command: u8, bytes: &[u8]) -> Option<Said> {
        let &[a, b, c, d, e, f, g, h] = bytes else {
            return None;
        };
        let (low, high) = ([a, b, c, d], [e, f, g, h]);
        let (first, second) = (f32::from_le_bytes(low), f32::from_le_bytes(high));
        Some(match command {
            command::VERSION => Said::Version {
                hardware: [b, c, d],
                firmware: [e, f, g],
            },
            command::HEARTBEAT => Said::Heartbeat {
                errors: u32::from_le_bytes(low),
                state: e,
                procedure: f,
                done: g & 1 == 1,
            },
            command::ERRORS => Said::Errors {
                active: u32::from_le_bytes(low),
                disarmed: u32::from_le_bytes(high),
            },
            command::ENCODER => Said::Encoder {
                turns: first,
                turns_per_s: second,
            },
            command::CURRENT => Said::Current {
                wanted: first,
                amperes: second,
            },
            command::TEMPERATURE => Said::Temperature {
                driver: first,
                motor: second,
            },
            command::BUS => Said::Bus {
                volts: first,
                amperes: second,
            },
            command::TORQUE => Said::Torque {
                wanted: first,
                nm: second,
            },
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn told(told: Told, id: u16, bytes: &str) {
        let (to, encoded) = told.encode(3);
        assert_eq!((to, crate::hex(&encoded).as_str()), (id, bytes), "{told:?}");
        assert_eq!(Told::decode(split(to).1, &encoded), Some(told));
    }

    fn said(said: Said, id: u16, bytes: &str) {
        let (from, encoded) = said.encode(3);
        assert_eq!(
            (from, crate::hex(&encoded).as_str()),
            (id, bytes),
            "{said:?}"
        );
        assert_eq!(Said::decode(split(from).1, &encoded), Some(said));
    }

    /// Encoded by cantools 45.1.0 from the DBC file for firmware 0.6.10 (odrive-can 2.1.0 has it), node 3.
    #[test]
    fn what_a_drive_is_told_is_as_its_dbc_file_says() {
        told(Told::Estop, 0x062, "");
        let state = u32::from(state::CLOSED_LOOP);
        told(
            Told::SetAxisState { state },
            0x067,
            "08 00 00 00 00 00 00 00",
        );
        let (control, input) = (3, 5);
        told(
            Told::SetControllerMode { control, input },
            0x06B,
            "03 00 00 00 05 00 00 00",
        );
        let there = Told::SetInputPosition {
            turns: 1.5,
            velocity: -2500,
            torque: 125,
        };
        told(there, 0x06C, "00 00 C0 3F 3C F6 7D 00");
        let (turns_per_s, nm) = (-1.0, 0.5);
        told(
            Told::SetInputVelocity { turns_per_s, nm },
            0x06D,
            "00 00 80 BF 00 00 00 3F",
        );
        told(
            Told::SetInputTorque { nm: 0.25 },
            0x06E,
            "00 00 80 3E 00 00 00 00",
        );
        let limits = Told::SetLimits {
            turns_per_s: 10.0,
            amperes: 20.0,
        };
        told(limits, 0x06F, "00 00 20 41 00 00 A0 41");
        let turns_per_s = 3.0;
        told(
            Told::SetTrajectoryVelocity { turns_per_s },
            0x071,
            "00 00 40 40 00 00 00 00",
        );
        let ramps = Told::SetTrajectoryAcceleration {
            acceleration: 4.0,
            deceleration: 5.0,
        };
        told(ramps, 0x072, "00 00 80 40 00 00 A0 40");
        told(Told::ClearErrors, 0x078, "00");
    }

    /// The same source.
    #[test]
    fn what_a_drive_says_is_as_its_dbc_file_says() {
        let heartbeat = Said::Heartbeat {
            errors: 0x0100_0000, // WATCHDOG_TIMER_EXPIRED
            state: state::IDLE,
            procedure: 3, // DISARMED
            done: true,
        };
        said(heartbeat, 0x061, "00 00 00 01 01 03 01 00");
        let errors = Said::Errors {
            active: 0x0200_0000, // ESTOP_REQUESTED
            disarmed: 0x2000,    // MOTOR_OVER_TEMP
        };
        said(errors, 0x063, "00 00 00 02 00 20 00 00");
        let version = Said::Version {
            hardware: [4, 4, 58],
            firmware: [0, 6, 10],
        };
        said(version, 0x060, "02 04 04 3A 00 06 0A 00");
        let encoder = Said::Encoder {
            turns: -0.75,
            turns_per_s: 2.0,
        };
        said(encoder, 0x069, "00 00 40 BF 00 00 00 40");
        let (wanted, amperes, nm) = (1.0, 0.5, 0.5);
        said(
            Said::Current { wanted, amperes },
            0x074,
            "00 00 80 3F 00 00 00 3F",
        );
        said(
            Said::Torque { wanted, nm },
            0x07C,
            "00 00 80 3F 00 00 00 3F",
        );
        let warm = Said::Temperature {
            driver: 40.0,
            motor: 55.5,
        };
        said(warm, 0x075, "00 00 20 42 00 00 5E 42");
        let supply = Said::Bus {
            volts: 24.0,
            amperes: 1.25,
        };
        said(supply, 0x077, "00 00 C0 41 00 00 A0 3F");
    }

    #[test]
    fn an_identifier_is_a_node_and_a_command() {
        assert_eq!(id(3, command::ENCODER), 0x069);
        assert_eq!(split(0x7FF), (63, 31));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(256))]

        #[test]
        fn whatever_is_understood_comes_back_as_it_was(command in 0u8..32, bytes in prop::collection::vec(any::<u8>(), 0..=8)) {
            if let Some(told) = Told::decode(command, &bytes) {
                let (to, encoded) = told.encode(5);
                prop_assert_eq!(split(to), (5, command));
                prop_assert!(encoded.len() <= 8);
            }
            if let Some(said) = Said::decode(command, &bytes) {
                prop_assert_eq!(split(said.encode(5).0), (5, command));
            }
        }
    }
}
