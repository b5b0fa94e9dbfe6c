//! ODrive axes: CANSimple of firmware 0.6. Heartbeats come by themselves, the rest by remote frames.

use certbench_link::CanFrame;
use certbench_wire::odrive::{self, Said, Told, command, state};

use super::drive::{Aim, Drive};
use super::{OnBus, standard};

const TURN: f64 = std::f64::consts::TAU;
const MOST_NM: f64 = 4.0;
const NM_PER_A: f64 = 0.055;
/// Heartbeats: 10 a second.
const EVERY: f64 = 0.1;
/// Its configuration: the watchdog is enabled.
const WATCHDOG: f64 = 0.5;
const WATCHDOG_EXPIRED: u32 = 0x0100_0000;
const ESTOP_REQUESTED: u32 = 0x0200_0000;
/// Control mode "position", and the input modes "passed through" and "trapezoidal trajectory".
const POSITION: u32 = 3;
const PASSED: u32 = 1;
const TRAJECTORY: u32 = 5;

pub(crate) struct ODrive {
    axes: Vec<Axis>,
    now: f64,
    due: f64,
}

struct Axis {
    node: u8,
    drive: Drive,
    errors: u32,
    control: u32,
    input: u32,
    /// Turns a second.
    fast: f64,
    target: f64,
    /// When a set-point came last, s.
    fed: f64,
}

impl Axis {
    fn new(node: u8) -> Axis {
        Axis {
            node,
            drive: Drive::new(MOST_NM),
            errors: 0,
            control: POSITION,
            input: PASSED,
            fast: 2.0,
            target: 0.0,
            fed: 0.0,
        }
    }

    /// Runs; one in closed loop that got no set-point in time loses its torque on the way.
    fn run(&mut self, from: f64, to: f64) {
        let expires = self.fed + WATCHDOG;
        let mut seconds = to - from;
        if self.drive.powered && to > expires {
            let before = (expires - from).max(0.0);
            self.drive.run(before);
            self.disarm(WATCHDOG_EXPIRED);
            seconds -= before;
        }
        self.drive.run(seconds);
    }

    fn disarm(&mut self, why: u32) {
        self.drive.disable();
        self.errors |= why;
    }

    fn aim(&mut self) {
        if !self.drive.powered {
            return;
        }
        let rad = self.target * TURN;
        self.drive.aim = match (self.control, self.input) {
            (POSITION, TRAJECTORY) => Aim::Position {
                rad,
                rad_per_s: self.fast * TURN,
            },
            (POSITION, _) => Aim::Position {
                rad,
                rad_per_s: 10.0 * TURN,
            },
            _ => self.drive.aim,
        };
    }

    fn obey(&mut self, told: Told, now: f64) {
        match told {
            Told::Estop => self.disarm(ESTOP_REQUESTED),
            Told::SetAxisState { state: wanted } if wanted == u32::from(state::CLOSED_LOOP) => {
                if self.errors == 0 {
                    self.fed = now;
                    self.drive.enable();
                    self.aim();
                }
            }
            Told::SetAxisState { .. } => self.drive.disable(),
            Told::SetControllerMode { control, input } => {
                (self.control, self.input) = (control, input);
            }
            Told::SetInputPosition { turns, .. } => {
                self.target = f64::from(turns);
                self.fed = now;
                self.aim();
            }
            Told::SetInputVelocity { turns_per_s, .. } => {
                self.fed = now;
                if self.drive.powered && self.control == 2 {
                    let rad_per_s = f64::from(turns_per_s) * TURN;
                    self.drive.aim = Aim::Velocity { rad_per_s };
                }
            }
            Told::SetInputTorque { nm } => {
                self.fed = now;
                if self.drive.powered && self.control == 1 {
                    self.drive.aim = Aim::Impedance {
                        rad: 0.0,
                        rad_per_s: 0.0,
                        kp: 0.0,
                        kd: 0.0,
                        nm: f64::from(nm),
                    };
                }
            }
            Told::SetTrajectoryVelocity { turns_per_s } => {
                self.fast = f64::from(turns_per_s);
                self.aim();
            }
            Told::SetTrajectoryAcceleration { .. } | Told::SetLimits { .. } => {}
            Told::ClearErrors => self.errors = 0,
        }
    }

    fn asked(&self, asked: u8) -> Option<Said> {
        let drive = &self.drive;
        let amperes = (drive.nm / NM_PER_A) as f32;
        Some(match asked {
            command::VERSION => Said::Version {
                hardware: [4, 4, 58],
                firmware: [0, 6, 10],
            },
            command::HEARTBEAT => self.heartbeat(),
            command::ERRORS => Said::Errors {
                active: self.errors,
                disarmed: self.errors,
            },
            command::ENCODER => Said::Encoder {
                turns: (drive.rad / TURN) as f32,
                turns_per_s: (drive.rad_per_s / TURN) as f32,
            },
            command::CURRENT => Said::Current {
                wanted: amperes,
                amperes,
            },
            command::TEMPERATURE => Said::Temperature {
                driver: (drive.celsius + 4.0) as f32,
                motor: drive.celsius as f32,
            },
            command::BUS => Said::Bus {
                volts: 24.0,
                amperes: 0.1,
            },
            command::TORQUE => Said::Torque {
                wanted: drive.nm as f32,
                nm: drive.nm as f32,
            },
            _ => return None,
        })
    }

    fn heartbeat(&self) -> Said {
        let at_target = (self.drive.rad / TURN - self.target).abs() < 1e-3;
        Said::Heartbeat {
            errors: self.errors,
            state: match self.drive.powered {
                true => state::CLOSED_LOOP,
                false => state::IDLE,
            },
            procedure: 0,
            done: at_target,
        }
    }

    fn says(&self, said: Said) -> Vec<CanFrame> {
        let (id, bytes) = said.encode(self.node);
        standard(id, &bytes)
    }
}

impl ODrive {
    pub(crate) fn new(nodes: std::ops::RangeInclusive<u8>) -> ODrive {
        ODrive {
            axes: nodes.map(Axis::new).collect(),
            now: 0.0,
            due: 0.0,
        }
    }
}

impl OnBus for ODrive {
    fn advance(&mut self, now: f64) {
        let from = std::mem::replace(&mut self.now, now);
        self.axes.iter_mut().for_each(|axis| axis.run(from, now));
    }

    fn hear(&mut self, frame: &CanFrame) -> Vec<CanFrame> {
        let id = u16::try_from(frame.id())
            .ok()
            .filter(|_| !frame.is_extended());
        let Some((node, what)) = id.map(odrive::split) else {
            return Vec::new();
        };
        let now = self.now;
        let Some(axis) = self.axes.iter_mut().find(|axis| axis.node == node) else {
            return Vec::new();
        };
        if frame.is_remote() {
            let said = axis.asked(what);
            return said.map_or_else(Vec::new, |said| axis.says(said));
        }
        if let Some(told) = Told::decode(what, frame.data()) {
            axis.obey(told, now);
        }
        Vec::new()
    }

    fn due(&self) -> Option<f64> {
        Some(self.due)
    }

    fn speak(&mut self) -> Vec<CanFrame> {
        self.due = self.now + EVERY;
        let beats = self.axes.iter().map(|axis| axis.says(axis.heartbeat()));
        beats.flatten().collect()
    }
}
