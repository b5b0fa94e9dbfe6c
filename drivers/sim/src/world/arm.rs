//! The arm: six joints, what gravity and warmth do to them, and its emergency stop.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::config::{ArmConfig, StopDevice};
use crate::dynamics::{Delayed, History, Relaxation};
use crate::kinematics::{Chain, Frame, Statics};
use crate::rng::{Noise, Stream};

use super::grid::Grid;
use super::joint::{DriveFault, Joint, JointParameters, Surroundings};
use super::log::Log;
use super::profile::Move;

/// Speed below which a joint is at rest, deg/s.
const REST: f64 = 1e-3;
/// Speed above which a resting joint moves again, deg/s.
const LEAVES_REST: f64 = 0.05;
/// Postures this much apart (degrees, summed) have statics of their own: under way, and at rest.
const STATICS_MOVING_DEG: f64 = 0.5;
const STATICS_RESTING_DEG: f64 = 1e-6;
/// How warm an arm gets that is powered and stands.
const WARM_STANDING: f64 = 0.33;

/// How the emergency stop stands.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Safety {
    Run,
    /// Category 1: decelerating since this step.
    Stopping(u64),
    /// Power is off, or about to be.
    Off,
}

/// What the world tells a node of the arm to do wrong.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum NodeTrouble {
    /// Its heartbeat stops (true) or comes back.
    Mute(bool),
    /// It is off (true), or comes back and has forgotten its settings.
    Off(bool),
}

/// What can be seen of a joint from its drive.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct JointView {
    pub(crate) position: f64,
    pub(crate) velocity: f64,
    pub(crate) wanted: f64,
    pub(crate) torque: f64,
    /// The profile is under way, or halted on its way.
    pub(crate) busy: bool,
    /// It exerts a torque and follows no profile.
    pub(crate) exerts: bool,
    pub(crate) at_rest: bool,
    pub(crate) powered: bool,
    /// The drive's supply is there.
    pub(crate) supply: bool,
    /// The emergency stop acts on it.
    pub(crate) safe_stop: bool,
    pub(crate) fault: Option<DriveFault>,
}

pub(crate) struct Arm {
    pub(crate) config: ArmConfig,
    grid: Grid,
    noise: Noise,
    built: Chain,
    joints: [Joint; 6],
    load_kg: f64,
    pub(crate) brake_wear: f64,
    statics: Statics,
    statics_at: [f64; 6],
    /// The chain as the controller sees it.
    demand: Delayed<bool>,
    safety: Safety,
    contactor: Delayed<bool>,
    warm: Relaxation,
    links: History<[f64; 6]>,
    /// Behind the encoders, drawn at the last set-points.
    windup: [f64; 6],
    /// Load of each joint as creep follows it, N·m.
    creep: [Relaxation; 6],
    set_points: u64,
    was_at_rest: bool,
    /// What an emergency stop interrupted.
    interrupted: [Option<Move>; 6],
    /// When a controller that restarts after a reset does so.
    restart_at: Option<u64>,
    pub(crate) trouble: Vec<(usize, NodeTrouble)>,
    /// Stop devices that somebody holds pressed or that have latched.
    pressed: BTreeSet<String>,
    /// The operating mode: manual, or automatic.
    pub(crate) manual: bool,
}

impl Arm {
    pub(crate) fn new(config: &ArmConfig, grid: Grid, noise: Noise, remember: u64) -> Arm {
        let nominal = Chain::nominal(config.tool_mm);
        let joint = |i: usize| Joint::new(parameters(config, grid, i), config.home_deg[i]);
        let mut arm = Arm {
            built: nominal.as_built(noise, &config.kinematic_error),
            joints: std::array::from_fn(joint),
            load_kg: config.load_kg,
            brake_wear: 1.0,
            statics: Statics::default(),
            statics_at: [f64::INFINITY; 6],
            demand: Delayed::new(false),
            safety: Safety::Run,
            contactor: Delayed::new(true),
            warm: Relaxation::new(0.0, grid.steps(1000.0 * config.thermal.tau_s).max(1) as f64),
            windup: [0.0; 6],
            creep: [Relaxation::new(0.0, grid.steps(1000.0 * config.creep_s).max(1) as f64); 6],
            links: History::new(config.home_deg, remember),
            set_points: 0,
            was_at_rest: true,
            interrupted: [None; 6],
            restart_at: None,
            pressed: BTreeSet::new(),
            manual: false,
            trouble: Vec::new(),
            config: config.clone(),
            grid,
            noise,
        };
        arm.weigh(0);
        arm
    }

    pub(crate) fn view(&self, joint: usize) -> Option<JointView> {
        let j = self.joints.get(joint)?;
        Some(JointView {
            position: j.position,
            velocity: j.velocity,
            wanted: j.profile.position,
            torque: j.torque_nm / j.parameters.torque_nm,
            busy: j.profile.is_busy(),
            exerts: j.is_exerting(),
            at_rest: j.velocity.abs() < REST && !j.profile.is_moving(),
            powered: j.is_powered(),
            supply: self.contactor.get(),
            safe_stop: self.safety != Safety::Run,
            fault: j.fault,
        })
    }

    /// Torque on; nothing while there is no supply or a stop is demanded.
    pub(crate) fn power_on(&mut self, joint: usize, step: u64) {
        if self.contactor.get() && self.safety == Safety::Run {
            self.with(joint, |j| j.power_on(step));
        }
    }

    pub(crate) fn power_off(&mut self, joint: usize, step: u64) {
        let wear = self.brake_wear;
        self.with(joint, |j| j.power_off(step, wear));
    }

    /// Goes to a target; where it comes to rest differs a little each time.
    pub(crate) fn go(&mut self, joint: usize, to: Move) {
        if self.safety != Safety::Run {
            return;
        }
        self.set_points += 1;
        let error = self
            .noise
            .normal(Stream::RestError(joint as u8), self.set_points);
        let target = to.target + self.config.servo.rest_error_deg * error;
        let draw = self
            .noise
            .normal(Stream::Windup(joint as u8), self.set_points);
        if let Some(windup) = self.windup.get_mut(joint) {
            *windup = self.config.servo.windup_deg * draw;
        }
        self.with(joint, |j| j.go(Move { target, ..to }));
    }

    /// Takes up a speed at a rate.
    pub(crate) fn run(&mut self, joint: usize, speed: f64, rate: f64) {
        self.unless_stopping(joint, |j| j.run(speed, rate));
    }

    /// The next point of a path, due in so many seconds.
    pub(crate) fn track(&mut self, joint: usize, target: f64, within: f64) {
        self.unless_stopping(joint, |j| j.track(target, within));
    }

    /// Exerts a share of the drive's torque, changed by so many shares a second.
    pub(crate) fn exert(&mut self, joint: usize, share: f64, per_s: f64) {
        self.unless_stopping(joint, |j| {
            j.exert(
                share * j.parameters.torque_nm,
                per_s * j.parameters.torque_nm,
            );
        });
    }

    fn unless_stopping(&mut self, joint: usize, act: impl FnOnce(&mut Joint)) {
        if self.safety == Safety::Run {
            self.with(joint, act);
        }
    }

    pub(crate) fn stop(&mut self, joint: usize, decel: f64) {
        self.with(joint, |j| j.stop(decel));
    }

    /// The encoder of a joint loses counts, so that the joint goes `deg` further than it shows.
    pub(crate) fn slip(&mut self, joint: usize, deg: f64) {
        self.with(joint, |j| j.slip(deg));
    }

    pub(crate) fn halt(&mut self, joint: usize, halt: bool) {
        self.with(joint, |j| {
            if halt {
                j.profile.halt()
            } else {
                j.profile.resume()
            }
            j.disturb();
        });
    }

    pub(crate) fn fail(&mut self, joint: usize, fault: DriveFault) {
        self.with(joint, |j| {
            j.fault.get_or_insert(fault);
        });
    }

    pub(crate) fn clear_fault(&mut self, joint: usize) {
        self.with(joint, |j| j.fault = None);
    }

    fn with(&mut self, joint: usize, act: impl FnOnce(&mut Joint)) {
        if let Some(j) = self.joints.get_mut(joint) {
            act(j);
        }
    }

    /// Puts another load on the flange, whatever the arm does.
    pub(crate) fn set_load(&mut self, step: u64, kg: f64) {
        self.load_kg = kg;
        self.statics_at = [f64::INFINITY; 6];
        self.weigh(step);
    }

    pub(crate) fn is_at_rest(&self) -> bool {
        self.joints
            .iter()
            .all(|j| j.velocity.abs() < REST && !j.profile.is_moving())
    }

    fn is_leaving_rest(&self) -> bool {
        self.joints
            .iter()
            .any(|j| j.velocity.abs() > LEAVES_REST || j.profile.is_moving())
    }

    pub(crate) fn is_moving_fast(&self) -> bool {
        self.joints.iter().any(|j| j.velocity.abs() > 1.0)
    }

    pub(crate) fn has_supply(&self) -> bool {
        self.contactor.get()
    }

    /// Nothing changes without a command (but for warmth, which is known at any time).
    pub(crate) fn is_quiet(&self) -> bool {
        let settled =
            self.demand.is_settled() && self.contactor.is_settled() && self.restart_at.is_none();
        settled
            && !matches!(self.safety, Safety::Stopping(_))
            && self.joints.iter().all(Joint::is_resting)
    }

    pub(crate) fn step(&mut self, step: u64, chain_open: bool, cut: bool, log: &mut Log) {
        self.stop_safely(step, chain_open, cut, log);
        let Arm {
            joints,
            statics,
            config,
            brake_wear,
            grid,
            ..
        } = self;
        for (i, joint) in joints.iter_mut().enumerate() {
            let inertia = config.inertia_kg_m2[i] + self.load_kg * statics.load_arm_m[i].powi(2);
            let gravity_nm = statics.gravity_nm[i];
            joint.step(&Surroundings {
                step,
                dt: grid.step_s(),
                gravity_nm,
                inertia,
                brake_wear: *brake_wear,
            });
        }
        self.weigh(step);
        self.warm_up(step);
        self.report_rest(step, log);
    }

    /// A person presses or releases a stop device of the machine.
    pub(crate) fn press(&mut self, device: &str, pressed: bool) -> Result<(), String> {
        let devices = &self.config.stop.devices;
        if !devices.contains_key(device) {
            let known: Vec<&str> = devices.keys().map(String::as_str).collect();
            return Err(format!(
                "the arm has no stop device `{device}`; it has: {}",
                known.join(", ")
            ));
        }
        match pressed {
            true => self.pressed.insert(device.to_string()),
            false => self.pressed.remove(device),
        };
        Ok(())
    }

    /// Whether any of its stop devices is pressed, wired or dead.
    pub(crate) fn has_stop_pressed(&self) -> bool {
        !self.pressed.is_empty()
    }

    fn hears_a_stop_device(&self) -> bool {
        let devices = &self.config.stop.devices;
        let mut pressed = self.pressed.iter().filter_map(|name| devices.get(name));
        pressed.any(|wire| match wire {
            StopDevice::Wired => true,
            StopDevice::Dead => false,
            StopDevice::BypassedInManual => !self.manual,
        })
    }

    /// The safety controller: reads the chain, stops, switches the drives' supply.
    fn stop_safely(&mut self, step: u64, chain_open: bool, cut: bool, log: &mut Log) {
        let open = chain_open || self.hears_a_stop_device();
        let stop = &self.config.stop;
        let contactor_steps = self.grid.steps(stop.contactor_ms);
        let opens = stop.welded; // what an opened contactor then is
        self.demand
            .set(step + self.grid.steps(stop.reaction_ms), open || cut);
        self.demand.advance(step);
        let mut restarts = false;
        match self.safety {
            Safety::Run if self.demand.get() && (cut || stop.category == 0) => {
                self.interrupted = std::array::from_fn(|i| self.joints[i].profile.under_way());
                self.contactor.set(step + contactor_steps, opens);
                self.safety = Safety::Off;
                log.note(
                    step,
                    "emergency stop",
                    json!({ "category": 0, "joint_deg_per_s": self.velocities() }),
                );
            }
            Safety::Run if self.demand.get() => {
                self.interrupted = std::array::from_fn(|i| self.joints[i].profile.under_way());
                self.joints
                    .iter_mut()
                    .for_each(|j| j.stop(stop.decel_deg_s2));
                self.safety = Safety::Stopping(step);
                log.note(
                    step,
                    "emergency stop",
                    json!({ "category": 1, "joint_deg_per_s": self.velocities() }),
                );
            }
            Safety::Stopping(since)
                if self.is_at_rest() || step > since + self.grid.steps(stop.limit_ms) =>
            {
                self.contactor.set(step + contactor_steps, opens);
                self.safety = Safety::Off;
            }
            Safety::Off if !self.demand.get() && self.contactor.last() == opens => {
                self.contactor.set(step + contactor_steps, true);
                self.safety = Safety::Run;
                restarts = stop.restarts_after_reset;
            }
            _ => {}
        }
        if restarts {
            self.restart_at = Some(step + contactor_steps + 1);
        }
        if self.contactor.advance(step) {
            log.note(
                step,
                if self.contactor.get() {
                    "drive power on"
                } else {
                    "drive power off"
                },
                Value::Null,
            );
        }
        if !self.contactor.get() {
            let wear = self.brake_wear;
            self.joints.iter_mut().for_each(|j| j.power_off(step, wear));
        }
        if self.restart_at.is_some_and(|at| at <= step) && self.contactor.get() {
            self.restart_at = None;
            log.note(step, "restart after reset", Value::Null);
            for (joint, to) in self
                .joints
                .iter_mut()
                .zip(std::mem::take(&mut self.interrupted))
            {
                joint.power_on(step);
                to.into_iter().for_each(|to| joint.go(to));
            }
        }
    }

    /// Where the links are, and what gravity does there.
    fn weigh(&mut self, step: u64) {
        let outputs: [f64; 6] = std::array::from_fn(|i| self.joints[i].output);
        let apart: f64 = outputs
            .iter()
            .zip(&self.statics_at)
            .map(|(a, b)| (a - b).abs())
            .sum();
        let enough = if self.is_at_rest() {
            STATICS_RESTING_DEG
        } else {
            STATICS_MOVING_DEG
        };
        if apart > enough {
            let fresh = self.built.statics(&outputs, self.load_kg);
            let torques = fresh.gravity_nm.iter().zip(&self.statics.gravity_nm);
            for (joint, (new, old)) in self.joints.iter_mut().zip(torques) {
                if (new - old).abs() > 1e-3 {
                    joint.disturb();
                }
            }
            (self.statics, self.statics_at) = (fresh, outputs);
        }
        let give = &self.config.compliance_deg_per_nm;
        let lies = &self.config.encoder_error_deg;
        let links = std::array::from_fn(|i| {
            let off = lies[i] * outputs[i].to_radians().sin();
            outputs[i] + off + self.windup[i] + give[i] * self.statics.load_nm[i]
        });
        for (creep, load_nm) in self.creep.iter_mut().zip(self.statics.load_nm) {
            creep.retarget(step, load_nm);
        }
        self.links.push(step, links);
    }

    fn warm_up(&mut self, step: u64) {
        let target = if !self.is_at_rest() {
            1.0
        } else if self.joints.iter().any(Joint::is_powered) {
            WARM_STANDING
        } else {
            0.0
        };
        self.warm.retarget(step, target);
    }

    fn report_rest(&mut self, step: u64, log: &mut Log) {
        let at_rest = if self.was_at_rest {
            !self.is_leaving_rest()
        } else {
            self.is_at_rest()
        };
        if at_rest != self.was_at_rest {
            self.was_at_rest = at_rest;
            let what = if at_rest { "arm at rest" } else { "arm moves" };
            log.note(step, what, self.state());
        }
    }

    fn velocities(&self) -> Vec<f64> {
        self.joints.iter().map(|j| j.velocity).collect()
    }

    /// Where the tool centre point truly is (was), in the base frame.
    pub(crate) fn tcp(&self, step: u64) -> Frame {
        let warm = self.warm.at(step);
        let thermal = &self.config.thermal;
        let links = self.links.at(step).copied().unwrap_or(self.config.home_deg);
        let crept = |i: usize| self.config.creep_deg_per_nm[i] * self.creep[i].at(step);
        let joints =
            std::array::from_fn(|i| links[i] + warm * thermal.zero_shift_deg[i] + crept(i));
        self.built
            .tcp_grown(&joints, 1.0 + warm * thermal.growth_ppm * 1e-6)
    }

    /// What it does now.
    pub(crate) fn state(&self) -> Value {
        json!({
            "joint_deg": self.joints.iter().map(|j| j.position).collect::<Vec<_>>(),
            "joint_deg_per_s": self.velocities(),
            "powered": self.joints.iter().map(Joint::is_powered).collect::<Vec<_>>(),
            "brake_closed": self.joints.iter().map(Joint::brake_is_closed).collect::<Vec<_>>(),
            "drive_power": self.contactor.get(),
            "load_kg": self.load_kg,
        })
    }

    /// What it truly is.
    pub(crate) fn truth(&self, step: u64) -> Value {
        json!({
            "parameters": self.config,
            "kinematics": self.built.as_json(),
            "nominal_kinematics": Chain::nominal(self.config.tool_mm).as_json(),
            "warm": self.warm.at(step),
            "tcp": self.tcp(step).pose(),
            "state": self.state(),
        })
    }
}

fn parameters(config: &ArmConfig, grid: Grid, i: usize) -> JointParameters {
    JointParameters {
        speed_max: config.speed_deg_s[i],
        torque_nm: config.torque_nm[i],
        friction_nm: config.friction_nm[i],
        brake_nm: config.brake.torque_nm[i],
        backlash: config.backlash_deg[i],
        servo: config.servo.hz * std::f64::consts::TAU,
        servo_damping: config.servo.damping,
        following_error: config.servo.following_error_deg,
        overspeed: config.servo.overspeed,
        release_steps: grid.steps(config.brake.release_ms),
        engage_steps: grid.steps(config.brake.engage_ms),
    }
}
