//! RobStride (here an RS-02) and CyberGear motors: 29-bit identifiers, parameters, feedback to each frame.

use std::collections::BTreeMap;

use certbench_link::CanFrame;
use certbench_wire::robstride::{Answer, Command, Feedback, Mode, Setpoint, parameter};

use super::drive::{Aim, Drive};
use super::{OnBus, extended};

/// What a model's counts mean, and what it can.
#[derive(Clone, Copy)]
struct Plate {
    rad: f64,
    rad_per_s: f64,
    nm: f64,
    kp: f64,
    kd: f64,
    /// The mode of operation that obeys a position, and whether it has a time-out.
    position_mode: u8,
    has_timeout: bool,
}

const RS02: Plate = Plate {
    rad: 12.566_370_614,
    rad_per_s: 44.0,
    nm: 17.0,
    kp: 500.0,
    kd: 5.0,
    position_mode: 5,
    has_timeout: true,
};

const CYBERGEAR: Plate = Plate {
    rad: 12.5,
    rad_per_s: 30.0,
    nm: 12.0,
    kp: 500.0,
    kd: 5.0,
    position_mode: 1,
    has_timeout: false,
};

pub(crate) struct RobStride {
    motors: Vec<Motor>,
    now: f64,
}

struct Motor {
    id: u8,
    plate: Plate,
    drive: Drive,
    parameters: BTreeMap<u16, [u8; 4]>,
    /// When it heard something last, s.
    heard: f64,
}

impl Motor {
    fn new(id: u8, plate: Plate) -> Motor {
        let mut parameters = BTreeMap::from([
            (parameter::RUN_MODE, [0; 4]),
            (parameter::POSITION, [0; 4]),
            (parameter::SPEED_MOST, 2f32.to_le_bytes()),
            (parameter::POSITION_NOW, [0; 4]),
        ]);
        if plate.has_timeout {
            parameters.insert(parameter::TIMEOUT, [0; 4]);
        }
        Motor {
            id,
            plate,
            drive: Drive::new(plate.nm),
            parameters,
            heard: 0.0,
        }
    }

    fn long(&self, index: u16) -> u32 {
        self.parameters
            .get(&index)
            .map_or(0, |value| u32::from_le_bytes(*value))
    }

    fn float(&self, index: u16) -> f64 {
        f64::from(f32::from_bits(self.long(index)))
    }

    /// Runs; one that heard nothing for longer than its time-out (20000 a second) stops on the way.
    fn run(&mut self, from: f64, to: f64) {
        let timeout = f64::from(self.long(parameter::TIMEOUT)) / 20_000.0;
        let gives_up = self.heard + timeout;
        let mut seconds = to - from;
        if timeout > 0.0 && self.drive.powered && to > gives_up {
            let before = (gives_up - from).max(0.0);
            self.drive.run(before);
            self.drive.disable();
            seconds -= before;
        }
        self.drive.run(seconds);
    }

    fn obey(&mut self, command: Command, host: u8, now: f64) -> Vec<CanFrame> {
        self.heard = now;
        match command {
            Command::Identify => {
                let chip = [0x10, 0x2A, 0x36, 0, 0, 0, 0, self.id];
                return self.says(Answer::Identity { chip }, host);
            }
            Command::Operate(to) if self.long(parameter::RUN_MODE) & 0xFF == 0 => {
                if self.drive.powered {
                    self.drive.aim = self.impedance(to);
                }
            }
            Command::Operate(_) => {}
            Command::Enable => self.drive.enable(),
            Command::Stop { .. } => self.drive.disable(),
            Command::SetZero => self.drive.rad = 0.0,
            Command::Read { index } => return self.read(index, host),
            Command::Write { index, value } => self.write(index, value),
        }
        let shown = self.feedback();
        self.says(shown, host)
    }

    fn read(&mut self, index: u16, host: u8) -> Vec<CanFrame> {
        let here = (self.drive.rad as f32).to_le_bytes();
        self.parameters.insert(parameter::POSITION_NOW, here);
        let value = self.parameters.get(&index).copied();
        let answer = Answer::Parameter {
            index,
            value: value.unwrap_or_default(),
            known: value.is_some(),
        };
        self.says(answer, host)
    }

    fn write(&mut self, index: u16, value: [u8; 4]) {
        let running = index == parameter::RUN_MODE && self.drive.powered;
        match self.parameters.get_mut(&index) {
            Some(place) if !running && index != parameter::POSITION_NOW => *place = value,
            _ => return,
        }
        let mode = self.long(parameter::RUN_MODE) as u8;
        let aims = matches!(index, parameter::POSITION | parameter::SPEED_MOST);
        if aims && self.drive.powered && mode == self.plate.position_mode {
            self.drive.aim = Aim::Position {
                rad: self.float(parameter::POSITION),
                rad_per_s: self.float(parameter::SPEED_MOST),
            };
        }
    }

    fn impedance(&self, to: Setpoint) -> Aim {
        let about = |counts: u16, range: f64| (f64::from(counts) - 32_767.0) * range / 32_767.0;
        Aim::Impedance {
            rad: about(to.position, self.plate.rad),
            rad_per_s: about(to.velocity, self.plate.rad_per_s),
            kp: f64::from(to.kp) * self.plate.kp / 65_535.0,
            kd: f64::from(to.kd) * self.plate.kd / 65_535.0,
            nm: about(to.torque, self.plate.nm),
        }
    }

    fn feedback(&self) -> Answer {
        let counts = |value: f64, range: f64| {
            (32_767.0 + value * 32_767.0 / range)
                .round()
                .clamp(0.0, 65_535.0) as u16
        };
        Answer::Feedback(Feedback {
            faults: 0,
            mode: match self.drive.powered {
                true => Mode::Running,
                false => Mode::Reset,
            },
            position: counts(self.drive.rad, self.plate.rad),
            velocity: counts(self.drive.rad_per_s, self.plate.rad_per_s),
            torque: counts(self.drive.nm, self.plate.nm),
            temperature: (self.drive.celsius * 10.0) as u16,
        })
    }

    fn says(&self, answer: Answer, host: u8) -> Vec<CanFrame> {
        let (id, bytes) = answer.encode(self.id, host);
        extended(id, &bytes)
    }
}

impl RobStride {
    pub(crate) fn rs02(ids: std::ops::RangeInclusive<u8>) -> RobStride {
        RobStride::new(ids, RS02)
    }

    pub(crate) fn cybergear(ids: std::ops::RangeInclusive<u8>) -> RobStride {
        RobStride::new(ids, CYBERGEAR)
    }

    fn new(ids: std::ops::RangeInclusive<u8>, plate: Plate) -> RobStride {
        RobStride {
            motors: ids.map(|id| Motor::new(id, plate)).collect(),
            now: 0.0,
        }
    }
}

impl OnBus for RobStride {
    fn advance(&mut self, now: f64) {
        let from = std::mem::replace(&mut self.now, now);
        self.motors
            .iter_mut()
            .for_each(|motor| motor.run(from, now));
    }

    fn hear(&mut self, frame: &CanFrame) -> Vec<CanFrame> {
        if !frame.is_extended() {
            return Vec::new();
        }
        let Some((host, number, command)) = Command::decode(frame.id(), frame.data()) else {
            return Vec::new();
        };
        let now = self.now;
        let motor = self.motors.iter_mut().find(|motor| motor.id == number);
        // an operation frame does not say who sent it: the answer goes to the usual host
        let host = match command {
            Command::Operate(_) => 0xFD,
            _ => host,
        };
        motor.map_or_else(Vec::new, |motor| motor.obey(command, host, now))
    }
}
