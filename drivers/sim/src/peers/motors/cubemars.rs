//! CubeMars AK80-9 motors: in servo mode they show themselves by themselves, in MIT mode when spoken to.

use certbench_link::CanFrame;
use certbench_wire::cubemars::{Feedback, Mit, MitFeedback, Servo};
use certbench_wire::mit;

use super::drive::{Aim, Drive};
use super::{OnBus, extended, standard};

/// Torque that it has, N·m, and of an ampere.
const MOST_NM: f64 = 18.0;
const NM_PER_A: f64 = 1.3;
/// Electrical turns of a turn of the output: 21 pole pairs, 9 to 1.
const ELECTRICAL: f64 = 189.0;
/// Feedback in servo mode: 100 Hz.
const EVERY: f64 = 0.01;
/// Ranges in MIT mode with the second firmware: rad, rad/s, N·m; and of gains.
const RAD: f64 = 12.5;
const RAD_PER_S: f64 = 25.64;
const NM: f64 = 18.0;
const KP: f64 = 500.0;
const KD: f64 = 5.0;

/// In servo mode.
pub(crate) struct InServo {
    motors: Vec<(u8, Drive)>,
    now: f64,
    due: f64,
}

impl InServo {
    pub(crate) fn new(ids: std::ops::RangeInclusive<u8>) -> InServo {
        InServo {
            motors: ids.map(|id| (id, Drive::new(MOST_NM))).collect(),
            now: 0.0,
            due: 0.0,
        }
    }
}

impl OnBus for InServo {
    fn advance(&mut self, now: f64) {
        let seconds = now - self.now;
        self.motors
            .iter_mut()
            .for_each(|(_, drive)| drive.run(seconds));
        self.now = now;
    }

    fn hear(&mut self, frame: &CanFrame) -> Vec<CanFrame> {
        let told = frame
            .is_extended()
            .then(|| Servo::decode(frame.id(), frame.data()));
        let Some((number, told)) = told.flatten() else {
            return Vec::new();
        };
        let Some((_, drive)) = self.motors.iter_mut().find(|(id, _)| *id == number) else {
            return Vec::new();
        };
        let rad = |counts: i32| (f64::from(counts) / 10_000.0).to_radians();
        let rad_per_s = |erpm: f64| erpm / ELECTRICAL / 60.0 * std::f64::consts::TAU;
        let aim = match told {
            Servo::Current { ma: 0 } => {
                drive.disable();
                return Vec::new();
            }
            Servo::Origin { .. } => {
                drive.rad = 0.0;
                return Vec::new();
            }
            Servo::Current { ma } => Aim::Impedance {
                rad: 0.0,
                rad_per_s: 0.0,
                kp: 0.0,
                kd: 0.0,
                nm: f64::from(ma) / 1000.0 * NM_PER_A,
            },
            Servo::Velocity { erpm } => Aim::Velocity {
                rad_per_s: rad_per_s(f64::from(erpm)),
            },
            Servo::Position { position } => Aim::Position {
                rad: rad(position),
                rad_per_s: 20.0,
            },
            Servo::PositionVelocity {
                position, velocity, ..
            } => Aim::Position {
                rad: rad(position),
                rad_per_s: rad_per_s(f64::from(velocity) * 10.0),
            },
        };
        drive.enable();
        drive.aim = aim;
        Vec::new()
    }

    fn due(&self) -> Option<f64> {
        Some(self.due)
    }

    fn speak(&mut self) -> Vec<CanFrame> {
        self.due = self.now + EVERY;
        let shown = |(id, drive): &(u8, Drive)| {
            let erpm = drive.rad_per_s / std::f64::consts::TAU * 60.0 * ELECTRICAL;
            let feedback = Feedback {
                position: (drive.rad.to_degrees() * 10.0).round() as i16,
                velocity: (erpm / 10.0).round() as i16,
                current: (drive.nm / NM_PER_A * 100.0).round() as i16,
                celsius: drive.celsius as i8,
                fault: 0,
            };
            let (id, bytes) = feedback.encode(*id);
            extended(id, &bytes)
        };
        self.motors.iter().flat_map(shown).collect()
    }
}

/// In MIT mode.
pub(crate) struct InMit {
    motors: Vec<(u8, Drive)>,
    now: f64,
}

impl InMit {
    pub(crate) fn new(ids: std::ops::RangeInclusive<u8>) -> InMit {
        InMit {
            motors: ids.map(|id| (id, Drive::new(MOST_NM))).collect(),
            now: 0.0,
        }
    }
}

impl OnBus for InMit {
    fn advance(&mut self, now: f64) {
        let seconds = now - self.now;
        self.motors
            .iter_mut()
            .for_each(|(_, drive)| drive.run(seconds));
        self.now = now;
    }

    fn hear(&mut self, frame: &CanFrame) -> Vec<CanFrame> {
        let motor = self
            .motors
            .iter_mut()
            .find(|(id, _)| !frame.is_extended() && u32::from(*id) == frame.id());
        let (Some((id, drive)), Some(told)) = (motor, Mit::decode(frame.data())) else {
            return Vec::new();
        };
        match told {
            Mit::Enter => {
                drive.powered = true;
                drive.aim = Aim::Nothing;
            }
            Mit::Exit => drive.disable(),
            Mit::SetZero => drive.rad = 0.0,
            Mit::Operate(to) if drive.powered => {
                let about = |counts: u16, most: f64, range: f64| {
                    f64::from(counts) * 2.0 * range / most - range
                };
                drive.aim = Aim::Impedance {
                    rad: about(to.position, 65_535.0, RAD),
                    rad_per_s: about(to.velocity, 4095.0, RAD_PER_S),
                    kp: f64::from(to.kp) * KP / 4095.0,
                    kd: f64::from(to.kd) * KD / 4095.0,
                    nm: about(to.torque, 4095.0, NM),
                };
            }
            Mit::Operate(_) => {}
        }
        let counts = |value: f64, most: f64, range: f64| {
            ((value + range) / (2.0 * range) * most)
                .round()
                .clamp(0.0, most) as u16
        };
        let feedback = MitFeedback {
            motor: *id,
            shown: mit::Shown {
                position: counts(drive.rad, 65_535.0, RAD),
                velocity: counts(drive.rad_per_s, 4095.0, RAD_PER_S),
                torque: counts(drive.nm, 4095.0, NM),
            },
            more: Some(((drive.celsius + 40.0) as u8, 0)),
        };
        standard(0, &feedback.encode()) // to the host, which has the number 0
    }
}
