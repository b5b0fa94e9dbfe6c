//! Damiao DM motors: commands on `ESC_ID` and its offsets, answers on `MST_ID`, registers on 7FFh.

use certbench_link::CanFrame;
use certbench_wire::damiao::{Command, Feedback, REGISTERS, Register, Request, State, register};
use certbench_wire::mit;

use super::drive::{Aim, Drive};
use super::{OnBus, standard};

/// Ranges of a DM4310 as it leaves the maker: rad, rad/s, N·m; and of gains.
const POSITION: f32 = 12.5;
const VELOCITY: f32 = 30.0;
const TORQUE: f32 = 10.0;
const KP: f64 = 500.0;
const KD: f64 = 5.0;
/// Torque that it has, N·m.
const MOST_NM: f64 = 7.0;
/// Answers come from the motor's number and this.
const ANSWERS: u16 = 0x10;

pub(crate) struct Damiao {
    motors: Vec<Dm>,
    now: f64,
}

struct Dm {
    drive: Drive,
    state: State,
    registers: [[u8; 4]; 82],
    /// When it was commanded last, s.
    commanded: f64,
}

impl Dm {
    fn new(id: u16) -> Dm {
        let mut registers = [[0; 4]; 82];
        let mut put = |register: u8, value: [u8; 4]| registers[usize::from(register)] = value;
        put(register::MST_ID, u32::from(id + ANSWERS).to_le_bytes());
        put(register::ESC_ID, u32::from(id).to_le_bytes());
        put(register::MODE, 1u32.to_le_bytes());
        put(register::SOFTWARE, 5013u32.to_le_bytes());
        put(register::GEAR, 10f32.to_le_bytes());
        put(register::POSITION_RANGE, POSITION.to_le_bytes());
        put(register::VELOCITY_RANGE, VELOCITY.to_le_bytes());
        put(register::TORQUE_RANGE, TORQUE.to_le_bytes());
        Dm {
            drive: Drive::new(MOST_NM),
            state: State::Disabled,
            registers,
            commanded: 0.0,
        }
    }

    fn number(&self, register: u8) -> u32 {
        u32::from_le_bytes(self.registers[usize::from(register)])
    }

    fn range(&self, register: u8) -> f64 {
        f64::from(f32::from_le_bytes(self.registers[usize::from(register)]))
    }

    fn id(&self) -> u16 {
        self.number(register::ESC_ID) as u16
    }

    /// Runs; one that was not commanded for longer than its time-out leaves its enabled state on the way.
    fn run(&mut self, from: f64, to: f64) {
        let timeout = f64::from(self.number(register::TIMEOUT)) * 50e-6;
        let gives_up = self.commanded + timeout;
        if timeout > 0.0 && self.drive.powered && to > gives_up {
            let seconds = (gives_up - from).max(0.0);
            self.drive.run(seconds);
            self.drive.disable();
            self.state = State::LostCommunication;
            self.drive.run(to - from - seconds);
        } else {
            self.drive.run(to - from);
        }
    }

    fn obey(&mut self, command: Command, now: f64) {
        self.commanded = now;
        let mode = self.number(register::MODE);
        match command {
            Command::Enable if self.state == State::Disabled => {
                self.state = State::Enabled;
                self.drive.enable();
            }
            Command::Disable => {
                self.drive.disable();
                if self.state == State::Enabled {
                    self.state = State::Disabled;
                }
            }
            Command::ClearError if self.state != State::Enabled => self.state = State::Disabled,
            Command::SetZero => self.drive.rad = 0.0,
            _ if self.state != State::Enabled => {}
            Command::Mit(setpoint) if mode == 1 => self.drive.aim = self.impedance(setpoint),
            Command::PositionVelocity { rad, rad_per_s } if mode == 2 => {
                self.drive.aim = Aim::Position {
                    rad: f64::from(rad),
                    rad_per_s: f64::from(rad_per_s),
                };
            }
            Command::Velocity { rad_per_s } if mode == 3 => {
                self.drive.aim = Aim::Velocity {
                    rad_per_s: f64::from(rad_per_s),
                };
            }
            Command::ForcePosition { rad, velocity, .. } if mode == 4 => {
                self.drive.aim = Aim::Position {
                    rad: f64::from(rad),
                    rad_per_s: f64::from(velocity) / 100.0,
                };
            }
            _ => {} // not obeyed in this mode
        }
    }

    fn impedance(&self, setpoint: mit::Setpoint) -> Aim {
        let about = |counts: u16, bits: u32, register: u8| {
            let (range, most) = (self.range(register), f64::from((1u32 << bits) - 1));
            f64::from(counts) * 2.0 * range / most - range
        };
        Aim::Impedance {
            rad: about(setpoint.position, 16, register::POSITION_RANGE),
            rad_per_s: about(setpoint.velocity, 12, register::VELOCITY_RANGE),
            kp: f64::from(setpoint.kp) * KP / 4095.0,
            kd: f64::from(setpoint.kd) * KD / 4095.0,
            nm: about(setpoint.torque, 12, register::TORQUE_RANGE),
        }
    }

    fn feedback(&self) -> Vec<CanFrame> {
        let counts = |value: f64, bits: u32, register: u8| {
            let (range, most) = (self.range(register), f64::from((1u32 << bits) - 1));
            ((value + range) / (2.0 * range) * most)
                .round()
                .clamp(0.0, most) as u16
        };
        let drive = &self.drive;
        let feedback = Feedback {
            motor: self.id() as u8 & 0x0F,
            state: self.state,
            shown: mit::Shown {
                position: counts(drive.rad, 16, register::POSITION_RANGE),
                velocity: counts(drive.rad_per_s, 12, register::VELOCITY_RANGE),
                torque: counts(drive.nm, 12, register::TORQUE_RANGE),
            },
            driver_celsius: (drive.celsius + 3.0) as u8,
            winding_celsius: drive.celsius as u8,
        };
        standard(self.number(register::MST_ID) as u16, &feedback.encode())
    }

    fn asked(&mut self, request: Request) -> Vec<CanFrame> {
        let answer = |number: u8, written: bool, value: [u8; 4]| {
            let motor = self.id();
            let answer = Register {
                motor,
                written,
                register: number,
                value,
            };
            standard(self.number(register::MST_ID) as u16, &answer.encode())
        };
        match request {
            Request::Refresh => self.feedback(),
            Request::Read { register } => match self.registers.get(usize::from(register)) {
                Some(value) => answer(register, false, *value),
                None => Vec::new(),
            },
            Request::Write { register, value } => {
                // 11 to 20 and from 36 on are the maker's
                let kept = (11..=20).contains(&register) || register > 35;
                let enabled = register == register::MODE && self.drive.powered;
                if kept || enabled {
                    return Vec::new();
                }
                let echo = answer(register, true, value);
                if let Some(place) = self.registers.get_mut(usize::from(register)) {
                    *place = value;
                }
                echo
            }
            Request::Save => Vec::new(),
        }
    }
}

impl Damiao {
    pub(crate) fn new(ids: std::ops::RangeInclusive<u16>) -> Damiao {
        Damiao {
            motors: ids.map(Dm::new).collect(),
            now: 0.0,
        }
    }
}

impl OnBus for Damiao {
    fn advance(&mut self, now: f64) {
        let from = std::mem::replace(&mut self.now, now);
        self.motors
            .iter_mut()
            .for_each(|motor| motor.run(from, now));
    }

    fn hear(&mut self, frame: &CanFrame) -> Vec<CanFrame> {
        let Some(id) = u16::try_from(frame.id())
            .ok()
            .filter(|_| !frame.is_extended())
        else {
            return Vec::new();
        };
        let now = self.now;
        if id == REGISTERS {
            let asked = Request::decode(frame.data());
            let motor = |(number, request)| {
                let motor = self.motors.iter_mut().find(|motor| motor.id() == number);
                motor.map(|motor| motor.asked(request))
            };
            return asked.and_then(motor).unwrap_or_default();
        }
        for motor in &mut self.motors {
            if let Some(command) = Command::decode(motor.id(), id, frame.data()) {
                motor.obey(command, now);
                return motor.feedback();
            }
        }
        Vec::new()
    }
}
