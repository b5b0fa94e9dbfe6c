//! `drive` steps: a speed or a torque of one joint, in profile velocity and torque (the drive makes the
//! ramp) or in cyclic synchronous velocity and torque (we do).
//!
//! Nothing here holds a place: whatever drives the joint out of the bench's range or above its speed is
//! halted, from the thread that hears it.

use std::sync::{MutexGuard, PoisonError};
use std::time::Duration;

use certbench_clock::Time;
use certbench_roles::{Progress, Setpoint, SetpointMove, Setting, Trouble};
use certbench_wire::canopen::cia402::{Mode, State};
use certbench_wire::canopen::object;

use super::arm::{Arm, Node};
use super::config::{Driven, Joint};
use super::motion::OLD;

/// So much more than its highest speed is over-speed; measured speed has noise of its own.
const OVER_SPEED: f64 = 1.2;
/// A place and the one before, this much apart, are no speed.
const SPEED_OVER: Duration = Duration::from_millis(100);

/// What a joint was last driven to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct SetPoint {
    pub(super) to: Setting,
    /// When it was set.
    since: Time,
    /// When the ramp is over.
    over: Time,
    /// Of this many halts: one more ends it.
    halts: u64,
}

impl Setpoint for Arm {
    fn accept(&self, motion: &SetpointMove) -> Result<(), Trouble> {
        self.resolve(motion).map(drop)
    }

    fn begin(&self, motion: &SetpointMove) -> Result<(), Trouble> {
        let (driven, joint, mode) = self.resolve(motion)?;
        let _call = self.within(self.config.patience, "a set point");
        let halts = self.halts();
        let (_, state) = self.state(joint)?;
        if state != State::OperationEnabled {
            let text = format!("{} is in `{state}`; recover it first", joint.who());
            return Err(Trouble::Refused(text));
        }
        self.is_free()?;
        let ramp_s = motion.ramp.as_secs_f64();
        let before = self.set_point().map(|before| before.to);
        self.take_mode(driven.index, mode)?;
        (*self.goal(), *self.homing()) = (None, None);
        let now = self.now();
        let set = |lasts_s: f64| {
            Some(SetPoint {
                to: motion.to,
                since: now,
                over: now + Duration::from_secs_f64(lasts_s),
                halts,
            })
        };
        if mode.is_cyclic() {
            // a ramp that a halt crossed would wait for the next time that power comes
            return self.unless_halted(halts, || {
                let lasts_s = self.begin_ramp(driven.index, motion.to, ramp_s);
                *self.set_point() = set(lasts_s);
                Ok(())
            });
        }
        let (to, from) = match (motion.to, before) {
            (Setting::DegPerS(to), Some(Setting::DegPerS(from)))
            | (Setting::TorqueNm(to), Some(Setting::TorqueNm(from))) => (to, from),
            (Setting::DegPerS(to) | Setting::TorqueNm(to), _) => (to, 0.0),
        };
        let lasts_s = match (motion.to, self.config.acceleration) {
            (Setting::DegPerS(_), Some(rate)) => ramp_s.max((to - from).abs() / rate),
            _ => ramp_s,
        };
        match motion.to {
            Setting::DegPerS(to) => {
                if lasts_s > 0.0 && to != from {
                    let rate = joint.rate((to - from).abs() / lasts_s).to_le_bytes();
                    self.write(joint, object::PROFILE_ACCELERATION, &rate)?;
                    self.write(joint, object::PROFILE_DECELERATION, &rate)?;
                } else {
                    self.own_ramps(driven.index, joint)?;
                }
                let counts = self.speed_counts(driven.index, to).unwrap_or(0);
                self.unless_halted(halts, || {
                    *self.set_point() = set(lasts_s);
                    self.write(joint, object::TARGET_VELOCITY, &counts.to_le_bytes())
                })
            }
            Setting::TorqueNm(to) => {
                let change = self.permille_of(driven.index, (to - from).abs());
                let slope = match lasts_s > 0.0 {
                    true => (change / lasts_s).round().clamp(1.0, f64::from(u32::MAX)) as u32,
                    false => u32::MAX,
                };
                let sloped =
                    self.write_if_there(joint, object::TORQUE_SLOPE, &slope.to_le_bytes())?;
                if !sloped && lasts_s > 0.0 {
                    return Err(Trouble::Refused(format!(
                        "{} takes no torque slope (6087h) of {slope} ‰/s, so it can make no ramp",
                        joint.who()
                    )));
                }
                let permille = self.permille(driven.index, to).unwrap_or(0);
                self.unless_halted(halts, || {
                    *self.set_point() = set(lasts_s);
                    self.write(joint, object::TARGET_TORQUE, &permille.to_le_bytes())
                })
            }
        }
    }

    fn progress(&self) -> Result<Progress, Trouble> {
        let (Some(set), Some(driven)) = (*self.set_point(), self.config.driven.as_ref()) else {
            return Ok(Progress::Stopped);
        };
        let Some(joint) = self.config.joints.get(driven.index) else {
            return Ok(Progress::Stopped);
        };
        let _call = self.within(self.config.patience, "reading what is set");
        let (word, state) = self.state(joint)?;
        if set.halts != self.halts() || state != State::OperationEnabled {
            return Ok(Progress::Stopped);
        }
        let (off, tolerance) = match set.to {
            Setting::DegPerS(to) => {
                let counts = i32::from_le_bytes(self.read(joint, object::VELOCITY_ACTUAL)?);
                (joint.deg_per_s(counts) - to, driven.deg_per_s_tolerance)
            }
            Setting::TorqueNm(to) => {
                let permille = i16::from_le_bytes(self.read(joint, object::TORQUE_ACTUAL)?);
                (self.nm(driven, permille) - to, driven.nm_tolerance)
            }
        };
        let said = if self.config.cyclic {
            word.follows_command()
        } else {
            word.target_reached()
        };
        // one that was to stand is there when it is seen to: its mode may be changed then
        let rests = set.to != Setting::DegPerS(0.0) || self.is_still(driven.index);
        match self.now() >= set.over && said && rests && off.abs() <= tolerance {
            true => Ok(Progress::Settled),
            false => Ok(Progress::Moving),
        }
    }
}

impl Arm {
    pub(super) fn set_point(&self) -> MutexGuard<'_, Option<SetPoint>> {
        self.set_point
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// The joint and the mode of a set point within every limit.
    fn resolve(&self, motion: &SetpointMove) -> Result<(&Driven, &Joint, Mode), Trouble> {
        let refuse = |text: String| Err(Trouble::Refused(format!("{}: {text}", self.config.id)));
        let driven = self.config.driven.as_ref();
        let joint = driven.and_then(|driven| self.config.joints.get(driven.index));
        let (Some(driven), Some(joint)) = (driven, joint) else {
            return refuse(
                "a `drive` step turns one joint; name its node by the option `driven`".into(),
            );
        };
        let plate = self.plate(driven.index);
        let mode = match (motion.to, self.config.cyclic) {
            (Setting::DegPerS(_), false) => Mode::ProfileVelocity,
            (Setting::DegPerS(_), true) => Mode::CyclicVelocity,
            (Setting::TorqueNm(_), false) => Mode::ProfileTorque,
            (Setting::TorqueNm(_), true) => Mode::CyclicTorque,
        };
        self.has_mode(driven.index, mode)?;
        match motion.to {
            Setting::DegPerS(to) => {
                let bench = driven.deg_per_s_max.unwrap_or(f64::INFINITY);
                let most = bench.min(joint.limit.deg_per_s_max);
                if !(to.is_finite() && to.abs() <= most) {
                    return refuse(format!(
                        "{} may turn at up to {most} deg/s, not at {to}",
                        joint.limit.joint
                    ));
                }
                self.within_plate_speed(driven.index, to)?;
            }
            Setting::TorqueNm(to) => {
                let most = driven.nm_max.unwrap_or(0.0);
                if !(to.is_finite() && to.abs() <= most) {
                    return refuse(format!("the bench allows {most} N.m, not {to}"));
                }
                if plate.rated_nm.is_none() && self.is_read(driven.index) {
                    return refuse(format!(
                        "{} does not say its rated torque (6076h); name it by the option `rated_torque`",
                        joint.who()
                    ));
                }
                if self.is_read(driven.index) && self.permille(driven.index, to).is_none() {
                    let rated = plate.rated_nm.unwrap_or(0.0) * driven.gear;
                    let most = f64::from(plate.most_permille.unwrap_or(u16::MAX)) / 1000.0 * rated;
                    return refuse(format!(
                        "{} exerts at most {most} N.m, not {to}",
                        joint.who()
                    ));
                }
            }
        }
        Ok((driven, joint, mode))
    }

    /// A speed within what the drive itself allows (607Fh).
    pub(super) fn within_plate_speed(&self, index: usize, deg_per_s: f64) -> Result<(), Trouble> {
        let (Some(joint), Some(most)) =
            (self.config.joints.get(index), self.plate(index).most_speed)
        else {
            return Ok(());
        };
        if joint.rate(deg_per_s.abs()) <= most {
            return Ok(());
        }
        Err(Trouble::Refused(format!(
            "{} itself turns at up to {} units/s (607Fh), not at {}",
            joint.who(),
            most,
            joint.rate(deg_per_s.abs())
        )))
    }

    /// Whether the drive was asked for its plate.
    fn is_read(&self, index: usize) -> bool {
        self.nodes().get(index).is_some_and(|node| node.configured)
    }

    pub(super) fn speed_counts(&self, index: usize, deg_per_s: f64) -> Option<i32> {
        self.config.joints.get(index)?.speed(deg_per_s)
    }

    /// Thousandths of the drive's rated torque, without limit.
    fn permille_of(&self, index: usize, nm: f64) -> f64 {
        let (Some(driven), Some(rated)) = (&self.config.driven, self.plate(index).rated_nm) else {
            return 0.0;
        };
        1000.0 * nm / (rated * driven.gear)
    }

    /// The same as it is sent; `None` above what the drive exerts (6072h), or can be told.
    pub(super) fn permille(&self, index: usize, nm: f64) -> Option<i16> {
        let plate = self.plate(index);
        plate.rated_nm?;
        let sense = self.config.joints.get(index)?.sense();
        let permille = (sense * self.permille_of(index, nm)).round();
        let most = f64::from(plate.most_permille.unwrap_or(u16::MAX)).min(f64::from(i16::MAX));
        (permille.abs() <= most).then_some(permille as i16)
    }

    /// The joint's torque of a drive's.
    pub(super) fn nm(&self, driven: &Driven, permille: i16) -> f64 {
        let rated = self.plate(driven.index).rated_nm.unwrap_or(f64::NAN);
        let sense = self
            .config
            .joints
            .get(driven.index)
            .map_or(1.0, Joint::sense);
        sense * f64::from(permille) / 1000.0 * rated * driven.gear
    }

    /// Why a driven joint must be halted when nobody knows where it is.
    pub(super) fn is_out_of_sight(&self) -> Option<String> {
        let set = (*self.set_point())?;
        let driven = self.config.driven.as_ref()?;
        let joint = self.config.joints.get(driven.index)?;
        let seen = self.nodes().get(driven.index)?.seen;
        let longest = OLD.max(3 * self.config.interval);
        (self.now() - seen.max(set.since) > longest).then(|| {
            format!(
                "{} is driven, and no position of it came in {} ms",
                joint.who(),
                longest.as_millis()
            )
        })
    }

    /// Why a driven joint must be halted, from where it was seen; `None` while all is well. Places are of
    /// the last look and of one before it.
    pub(super) fn runs_away(&self, index: usize, node: &mut Node) -> Option<String> {
        let driven = self
            .config
            .driven
            .as_ref()
            .filter(|driven| driven.index == index)?;
        let joint = self.config.joints.get(driven.index)?;
        let deg = joint.deg(node.counts);
        let (before, at) = *node.paced.get_or_insert((deg, node.seen));
        let passed = node.seen - at;
        if passed < SPEED_OVER {
            return None;
        }
        node.paced = Some((deg, node.seen));
        (*self.set_point())?;
        let deg_per_s = (deg - before) / passed.as_secs_f64();
        let limit = &joint.limit;
        if deg_per_s.abs() > OVER_SPEED * limit.deg_per_s_max {
            return Some(format!(
                "{} turns at {deg_per_s:.0} deg/s; the bench allows {}",
                joint.who(),
                limit.deg_per_s_max
            ));
        }
        // where it would stand if it were halted now, as far as that is known
        let braking = self
            .config
            .stop_deceleration
            .map_or(0.0, |rate| deg_per_s * deg_per_s.abs() / (2.0 * rate));
        let ends = deg + braking;
        let out =
            ends > limit.deg_max && deg_per_s > 0.0 || ends < limit.deg_min && deg_per_s < 0.0;
        out.then(|| {
            format!(
                "{} is at {deg:.1} deg and turns at {deg_per_s:.0} deg/s; the bench allows {} to {} deg",
                joint.who(),
                limit.deg_min,
                limit.deg_max
            )
        })
    }
}
