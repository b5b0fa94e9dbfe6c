//! The hand over its support.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::config::{HandConfig, ObjectConfig};
use crate::dynamics::Delayed;
use crate::rng::{Noise, Stream};

use super::finger::{Doing, Finger, Shares};
use super::grid::Grid;
use super::log::Log;
use super::object::{Holding, Object};

/// Calibration of the force sensors takes so long, ms (RH56 manual: some 6 s).
const CALIBRATION_MS: f64 = 6000.0;
/// Force readings are fresh so often, ms.
const FORCE_EVERY_MS: f64 = 5.0;
/// Newton per gram-force.
const N_PER_G: f64 = 0.009_806_65;

/// What is between the fingers.
#[derive(Clone, Debug)]
enum Mounted {
    Nothing,
    Object(Object),
    /// The force gauge, held by a stand of its own.
    GripGauge,
    /// The force gauge as a load cell before one finger.
    LoadCell,
}

/// What can be seen of an actuator from inside the hand.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct FingerView {
    pub(crate) closing: f64,
    pub(crate) velocity: f64,
    /// As the sensor shows it.
    pub(crate) force_n: f64,
    /// Share of the most it can push.
    pub(crate) effort: f64,
    pub(crate) celsius: f64,
    pub(crate) doing: Doing,
    pub(crate) stalled: bool,
    pub(crate) too_hot: bool,
}

pub(crate) struct Hand {
    pub(crate) config: HandConfig,
    grid: Grid,
    noise: Noise,
    fingers: [Finger; 6],
    /// Reading of each sensor without contact.
    zero_n: [f64; 6],
    calibrated_at: Option<u64>,
    mounted: Mounted,
    support_up: bool,
    support_z: f64,
    support_v: f64,
    /// The hand's controller is off.
    off: Delayed<bool>,
    pub(crate) restarts: u64,
    quiet: bool,
    /// What the pulling device has grown to; 0 while it is off.
    pull_n: f64,
    /// How often it has closed, and whether it is closed now.
    cycles: u64,
    closed: bool,
}

impl Hand {
    pub(crate) fn new(config: &HandConfig, grid: Grid, noise: Noise) -> Hand {
        let mut hand = Hand {
            fingers: std::array::from_fn(|_| Finger::new(config, grid)),
            zero_n: config.force_sensor.zero_g.map(|g| g * N_PER_G),
            calibrated_at: None,
            mounted: Mounted::Nothing,
            support_up: config.support.raised,
            support_z: if config.support.raised {
                0.0
            } else {
                -config.support.drop_mm
            },
            support_v: 0.0,
            off: Delayed::new(false),
            restarts: 0,
            quiet: false,
            pull_n: 0.0,
            cycles: config.wear.cycles,
            closed: false,
            config: config.clone(),
            grid,
            noise,
        };
        hand.mounted = hand.mountable(&config.mount).unwrap_or(Mounted::Nothing);
        hand
    }

    fn mountable(&self, what: &str) -> Option<Mounted> {
        match what {
            "nothing" => Some(Mounted::Nothing),
            "grip-gauge" => Some(Mounted::GripGauge),
            "load-cell" => Some(Mounted::LoadCell),
            name => self
                .config
                .objects
                .get(name)
                .map(|object| Mounted::Object(Object::standing(name, object))),
        }
    }

    /// Somebody takes away what is there and puts something else into the open hand.
    pub(crate) fn mount(&mut self, what: &str) -> Result<(), String> {
        let fresh = self.mountable(what).ok_or_else(|| {
            let known: Vec<_> = self.config.objects.keys().map(String::as_str).collect();
            format!(
                "there is no `{what}` to mount; there are nothing, grip-gauge, load-cell, {}",
                known.join(", ")
            )
        })?;
        let width = self.contact_of(&fresh).map(|(width, _)| width);
        let in_the_way = |width: f64| {
            self.fingers[..5]
                .iter()
                .any(|f| self.gap_mm(f.closing) < width)
        };
        if width.is_some_and(in_the_way) {
            return Err(format!(
                "{what} cannot be put into the hand: the fingers are not open"
            ));
        }
        if matches!(fresh, Mounted::Object(_)) && self.support_z < -1.0 {
            return Err(format!(
                "{what} cannot be put into the hand: the support is not raised"
            ));
        }
        self.mounted = fresh;
        self.quiet = false;
        Ok(())
    }

    pub(crate) fn set_support(&mut self, up: bool) {
        self.support_up = up;
        self.quiet = false;
    }

    /// The pulling device is on or off for this step.
    pub(crate) fn pull(&mut self, on: bool) {
        if on {
            self.pull_n += self.config.pull.n_per_s * self.grid.step_s();
            self.quiet = false;
        } else if self.pull_n > 0.0 {
            self.pull_n = 0.0;
            self.quiet = false;
        }
    }

    pub(crate) fn support_is_up(&self) -> bool {
        self.support_up && self.support_v == 0.0
    }

    pub(crate) fn support_is_down(&self) -> bool {
        !self.support_up && self.support_v == 0.0
    }

    fn gap_mm(&self, closing: f64) -> f64 {
        self.config.aperture_mm * (1.0 - closing)
    }

    /// Width and stiffness of what the fingers can touch.
    fn contact_of(&self, mounted: &Mounted) -> Option<(f64, f64)> {
        match mounted {
            Mounted::Object(Object {
                in_hand: true,
                config:
                    ObjectConfig {
                        width_mm,
                        stiffness_n_per_mm,
                        ..
                    },
                ..
            }) => Some((*width_mm, *stiffness_n_per_mm)),
            Mounted::GripGauge => Some((
                self.config.grip_gauge.width_mm,
                self.config.grip_gauge.stiffness_n_per_mm,
            )),
            Mounted::LoadCell => Some((
                self.config.load_cell.width_mm,
                self.config.load_cell.stiffness_n_per_mm,
            )),
            _ => None,
        }
    }

    /// One side of the grip: the four fingers, or the thumb if it pushes more; the palm gives the rest.
    pub(crate) fn grip_n(&self) -> f64 {
        let fingers: f64 = self.fingers[..4].iter().map(|f| f.force_n).sum();
        fingers.max(self.fingers[4].force_n)
    }

    /// What the gauge feels: the load on the support, or the grip when it is between the fingers.
    pub(crate) fn gauge_n(&self) -> f64 {
        match &self.mounted {
            Mounted::Nothing => 0.0,
            Mounted::Object(object) if self.pull_n > 0.0 => object.pulled_n,
            Mounted::Object(object) => object.support_n,
            Mounted::GripGauge => self.grip_n(),
            Mounted::LoadCell => {
                let cell = &self.config.load_cell;
                let finger = self.fingers.get(self.at_cell());
                finger.map_or(0.0, |f| f.force_n) * cell.off_axis_deg.to_radians().cos()
            }
        }
    }

    /// The finger before the load cell.
    fn at_cell(&self) -> usize {
        usize::from(self.config.load_cell.finger.saturating_sub(1))
    }

    /// Across the gauge's axis, per newton along it.
    pub(crate) fn off_axis(&self) -> f64 {
        match &self.mounted {
            Mounted::LoadCell => self.config.load_cell.off_axis_deg.to_radians().tan(),
            _ => 0.0,
        }
    }

    /// What is left of its strength, 1 when new.
    pub(crate) fn strength(&self) -> f64 {
        let wear = &self.config.wear;
        let lost = wear.percent_per_100k / 100.0 * self.cycles as f64 / 1e5;
        let broken = wear.breaks_at.is_some_and(|at| self.cycles >= at);
        (1.0 - lost).max(0.05) * if broken { 0.1 } else { 1.0 }
    }

    /// Counts what opens wide and closes far.
    fn count_cycles(&mut self) {
        let most = self.fingers[..5].iter().map(|f| f.closing);
        let most = most.fold(0.0, f64::max);
        if self.closed && most < 0.2 {
            self.closed = false;
        } else if !self.closed && most > 0.5 {
            self.closed = true;
            self.cycles += 1;
        }
    }

    pub(crate) fn with_finger(&mut self, finger: usize, act: impl FnOnce(&mut Finger)) {
        if let Some(f) = self.fingers.get_mut(finger) {
            act(f);
            self.quiet = false;
        }
    }

    pub(crate) fn view(&self, finger: usize, step: u64) -> Option<FingerView> {
        let f = self.fingers.get(finger)?;
        let reading = step / self.grid.steps(FORCE_EVERY_MS).max(1);
        let noise = self
            .noise
            .normal(Stream::FingerForce(finger as u8), reading);
        let sensed = f.force_n + self.config.force_sensor.noise_g * N_PER_G * noise;
        Some(FingerView {
            closing: f.closing,
            velocity: f.velocity,
            force_n: sensed + self.zero_n[finger],
            effort: if f.velocity.abs() > 1e-6 || f.force_n > 0.0 {
                (f.force_n / self.config.stall_force_n).min(1.0) + 0.05
            } else {
                0.0
            },
            celsius: f.temperature(step),
            doing: f.doing(),
            stalled: f.stalled,
            too_hot: f.too_hot,
        })
    }

    /// Zeroes the force sensors: opens, and takes for zero whatever they read 6 s later.
    pub(crate) fn calibrate(&mut self, step: u64) {
        self.fingers.iter_mut().for_each(|f| f.go(0.0));
        self.calibrated_at = Some(step + self.grid.steps(CALIBRATION_MS));
        self.quiet = false;
    }

    /// The controller goes off, and comes back `steps` later.
    pub(crate) fn restart(&mut self, step: u64, steps: u64) {
        self.off.replace(step, true);
        self.off.set(step + steps.max(1), false);
        for finger in &mut self.fingers {
            let here = finger.closing;
            finger.go(here);
            finger.speed = 1.0;
            finger.clear_stall();
        }
        self.quiet = false;
    }

    /// The object is knocked out of the grip.
    pub(crate) fn knock_out(&mut self) -> bool {
        self.quiet = false;
        match &mut self.mounted {
            Mounted::Object(object) => std::mem::replace(&mut object.in_hand, false),
            _ => false,
        }
    }

    pub(crate) fn has_grasped(&self) -> bool {
        self.fingers.iter().any(|f| f.doing() == Doing::AtForce)
    }

    pub(crate) fn is_quiet(&self) -> bool {
        self.quiet
    }

    pub(crate) fn is_at_rest(&self) -> bool {
        let object = match &self.mounted {
            Mounted::Object(object) => object.v.abs() < 0.1,
            _ => true,
        };
        object && self.support_v == 0.0 && self.fingers.iter().all(|f| f.velocity.abs() < 1e-4)
    }

    pub(crate) fn step(&mut self, step: u64, log: &mut Log) {
        if self.off.advance(step) && !self.off.get() {
            self.restarts += 1;
        }
        self.move_support();
        let contact = self.contact_of(&self.mounted);
        let only = matches!(self.mounted, Mounted::LoadCell).then(|| self.at_cell());
        let strength = self.strength();
        let Hand {
            fingers,
            config,
            grid,
            noise,
            ..
        } = self;
        for (i, finger) in fingers.iter_mut().enumerate() {
            // rotating the thumb touches nothing
            let touches = contact.filter(|_| i < 5 && only.is_none_or(|only| only == i));
            let force = |closing: f64| {
                let gap = config.aperture_mm * (1.0 - closing);
                touches.map_or(0.0, |(width, stiffness)| stiffness * (width - gap).max(0.0))
            };
            let shares = Shares {
                strength: strength * config.strength[i],
                stops_at: match config.grip_scatter {
                    0.0 => 1.0,
                    sd => 1.0 + sd * noise.normal(Stream::Grip(i as u8), finger.touches),
                },
                pace: config.pace[i],
            };
            finger.step(step, *grid, config, shares, force);
        }
        self.count_cycles();
        self.move_object(step, log);
        if self.calibrated_at.is_some_and(|at| at <= step) {
            self.calibrated_at = None;
            self.zero_n = std::array::from_fn(|i| -self.fingers[i].force_n);
        }
        self.quiet = self.is_settled();
    }

    fn move_support(&mut self) {
        let config = &self.config.support;
        let goal = if self.support_up {
            0.0
        } else {
            -config.drop_mm
        };
        let dt = self.grid.step_s();
        let speed = config.drop_mm / config.travel_ms * 1000.0;
        let left = goal - self.support_z;
        self.support_v = (left / dt).clamp(-speed, speed);
        self.support_z += self.support_v * dt;
        if left == 0.0 {
            self.support_v = 0.0;
        }
    }

    fn move_object(&mut self, step: u64, log: &mut Log) {
        let grip_n = self.grip_n();
        let clear = self.gap_mm(
            self.fingers[..5]
                .iter()
                .map(|f| f.closing)
                .fold(0.0, f64::max),
        );
        let Mounted::Object(object) = &mut self.mounted else {
            return;
        };
        let held = Holding {
            grip_n,
            support_z: self.support_z,
            support_v: self.support_v,
            pull_n: self.pull_n,
            pull_mm_per_s: self.config.pull.mm_per_s,
        };
        let before = object.v;
        object.step(self.grid.step_s(), held, &self.config.support);
        let name = &object.name;
        if object.in_hand && !object.slipped && object.z < -1.0 && grip_n > 0.0 {
            object.slipped = true;
            log.note(
                step,
                "object slips",
                json!({ "object": name, "grip_n": grip_n }),
            );
        }
        if object.in_hand && object.z < -self.config.depth_mm {
            object.in_hand = false;
            log.note(
                step,
                "object lost",
                json!({ "object": name, "mm_per_s": object.v }),
            );
        }
        if before < -200.0 && object.v > before * 0.5 && object.support_n > 0.0 {
            log.note(
                step,
                "object lands",
                json!({ "object": name, "mm_per_s": before }),
            );
        }
        if !object.in_hand
            && object.z.abs() < 5.0
            && clear > object.config.width_mm
            && object.v.abs() < 1.0
        {
            (object.in_hand, object.slipped) = (true, false);
        }
    }

    fn is_settled(&self) -> bool {
        let object = match &self.mounted {
            Mounted::Object(object) => object.resting && object.v == 0.0,
            _ => true,
        };
        let fingers = self.fingers.iter().all(|f| {
            f.velocity == 0.0
                && !f.is_heating_up(self.config.heat.limit_c)
                && !matches!(f.doing(), Doing::Opening | Doing::Closing)
        });
        object
            && fingers
            && self.pull_n == 0.0
            && self.support_v == 0.0
            && self.off.is_settled()
            && self.calibrated_at.is_none()
    }

    /// What it does now.
    pub(crate) fn state(&self) -> Value {
        let object = match &self.mounted {
            Mounted::Nothing => json!("nothing"),
            Mounted::GripGauge => json!("grip-gauge"),
            Mounted::LoadCell => json!("load-cell"),
            Mounted::Object(o) => {
                json!({ "name": o.name, "z_mm": o.z, "mm_per_s": o.v, "in_hand": o.in_hand, "capacity_n": o.capacity_n(self.grip_n()) })
            }
        };
        json!({
            "closing": self.fingers.iter().map(|f| f.closing).collect::<Vec<_>>(),
            "force_n": self.fingers.iter().map(|f| f.force_n).collect::<Vec<_>>(),
            "grip_n": self.grip_n(),
            "support_z_mm": self.support_z,
            "cycles": self.cycles,
            "strength": self.strength(),
            "mounted": object,
        })
    }

    /// What it truly is.
    pub(crate) fn truth(&self, step: u64) -> Value {
        let celsius: Vec<f64> = self.fingers.iter().map(|f| f.temperature(step)).collect();
        let needed: BTreeMap<&String, f64> = self
            .config
            .objects
            .iter()
            .map(|(name, o)| (name, o.mass_kg * crate::kinematics::G / (2.0 * o.friction)))
            .collect();
        json!({ "parameters": self.config, "grip_needed_n": needed, "celsius": celsius, "state": self.state() })
    }
}
