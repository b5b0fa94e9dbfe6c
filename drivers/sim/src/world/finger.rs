//! One actuator of the hand: position servo, force threshold, motor warmth.

use crate::config::HandConfig;
use crate::dynamics::Relaxation;

use super::grid::Grid;

/// Of the position loop: speed wanted per way left, 1/s.
const GAIN: f64 = 25.0;
/// Closer than this is there.
const THERE: f64 = 1e-4;
/// A finger with less of its speed left than this is blocked.
const STALL_EASE: f64 = 0.05;
/// A blocked finger tries for so long before it reports a stall, s.
const STALL_S: f64 = 0.3;
/// It holds until the force fell below this share of the threshold.
const HOLDS: f64 = 0.8;

/// What an actuator is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Doing {
    Opening,
    Closing,
    AtPosition,
    AtForce,
    Stalled,
    TooHot,
}

#[derive(Clone, Debug)]
pub(crate) struct Finger {
    /// 0 open, 1 closed.
    pub(crate) closing: f64,
    /// Of the closing, 1/s.
    pub(crate) velocity: f64,
    pub(crate) target: f64,
    /// Share of the highest speed.
    pub(crate) speed: f64,
    /// Stops closing at this.
    pub(crate) force_set_n: f64,
    pub(crate) force_n: f64,
    pub(crate) too_hot: bool,
    pub(crate) stalled: bool,
    at_force: bool,
    /// How often it has touched something.
    pub(crate) touches: u64,
    blocked_s: f64,
    warmth: Relaxation,
}

/// What a finger truly does, as shares of what its motor believes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shares {
    /// Of its push; the motor does not notice.
    pub(crate) strength: f64,
    /// Of the set force, at which it stops this time.
    pub(crate) stops_at: f64,
    /// Of its speed.
    pub(crate) pace: f64,
}

impl Finger {
    pub(crate) fn new(config: &HandConfig, grid: Grid) -> Finger {
        let tau = grid.steps(1000.0 * config.heat.tau_s).max(1) as f64;
        Finger {
            closing: 0.0,
            velocity: 0.0,
            target: 0.0,
            speed: 1.0,
            force_set_n: config.stall_force_n,
            force_n: 0.0,
            too_hot: false,
            stalled: false,
            at_force: false,
            touches: 0,
            blocked_s: 0.0,
            warmth: Relaxation::new(config.heat.ambient_c, tau),
        }
    }

    pub(crate) fn go(&mut self, closing: f64) {
        self.target = closing.clamp(0.0, 1.0);
        self.at_force = false;
        self.blocked_s = 0.0;
    }

    pub(crate) fn set_force(&mut self, newton: f64) {
        self.force_set_n = newton;
        self.at_force = false;
    }

    pub(crate) fn clear_stall(&mut self) {
        self.stalled = false;
        self.blocked_s = 0.0;
    }

    pub(crate) fn temperature(&self, step: u64) -> f64 {
        self.warmth.at(step)
    }

    /// Whether it will be too hot if nothing changes.
    pub(crate) fn is_heating_up(&self, limit: f64) -> bool {
        self.too_hot || self.warmth.target() >= limit
    }

    pub(crate) fn heat_to(&mut self, step: u64, celsius: f64) {
        self.warmth.jump(step, celsius);
    }

    pub(crate) fn doing(&self) -> Doing {
        if self.too_hot {
            Doing::TooHot
        } else if self.stalled {
            Doing::Stalled
        } else if self.at_force {
            Doing::AtForce
        } else if (self.target - self.closing).abs() <= THERE {
            Doing::AtPosition
        } else if self.target > self.closing {
            Doing::Closing
        } else {
            Doing::Opening
        }
    }

    /// Moves for one step; `contact` is its force at a closing. The gear holds without power.
    pub(crate) fn step(
        &mut self,
        step: u64,
        grid: Grid,
        config: &HandConfig,
        shares: Shares,
        contact: impl Fn(f64) -> f64,
    ) {
        let Shares {
            strength,
            stops_at,
            pace,
        } = shares;
        let dt = grid.step_s();
        let stall_n = strength * config.stall_force_n;
        self.watch_heat(step, config);
        // a motor is the slower the harder it works, and stands at its stall force
        let ease = (1.0 - self.force_n / stall_n).clamp(0.0, 1.0);
        let fastest = pace * self.speed / config.full_stroke_s;
        let left = self.target - self.closing;
        let mut wanted = (left * GAIN).clamp(-fastest, fastest * ease);
        self.at_force = wanted > 0.0
            && self.force_n
                >= strength * stops_at * self.force_set_n * if self.at_force { HOLDS } else { 1.0 };
        let blocked = wanted > 0.0 && !self.at_force && ease < STALL_EASE;
        self.blocked_s = if blocked { self.blocked_s + dt } else { 0.0 };
        self.stalled |= self.blocked_s > STALL_S;
        if self.at_force || blocked || self.too_hot || self.stalled && wanted > 0.0 {
            wanted = 0.0;
        }
        if left.abs() < THERE * 0.01 && wanted != 0.0 {
            (self.closing, wanted) = (self.target, 0.0);
        }
        self.velocity = wanted;
        let next = (self.closing + wanted * dt).clamp(0.0, 1.0);
        if wanted <= 0.0 || contact(next) <= stall_n {
            self.closing = next;
        }
        let before_n = std::mem::replace(&mut self.force_n, contact(self.closing));
        self.touches += u64::from(before_n == 0.0 && self.force_n > 0.0);
        let effort = if self.too_hot {
            0.0
        } else {
            (self.force_n / stall_n).powi(2)
        };
        let moving = if wanted.abs() > 0.01 { 1.0 / 3.0 } else { 0.0 };
        self.warmth.retarget(
            step,
            config.heat.ambient_c + config.heat.rise_c * (effort + moving),
        );
    }

    fn watch_heat(&mut self, step: u64, config: &HandConfig) {
        let celsius = self.warmth.at(step);
        let limit = config.heat.limit_c;
        self.too_hot = celsius >= if self.too_hot { limit - 10.0 } else { limit };
    }
}
