//! Set-points at every SYNC: a way that is planned here, a speed or a torque on its ramp.
//!
//! Each goes in a receive PDO of its own that carries no controlword, so that no set-point can undo a halt.
//! The next point is one period further, however late the thread was: a late SYNC makes a way longer, and
//! never a step of it. Without the executor's lease the arm is halted, and no set-point is sent.

use std::sync::{MutexGuard, PoisonError};

use certbench_roles::Setting;
use certbench_wire::canopen::cia402::{Mode, State};
use certbench_wire::canopen::{CobFrame, Service, object};

use super::arm::Arm;
use super::config::Joint;

/// The objects of receive PDO 1, 2 and 3.
pub(super) const TARGETS: [object::Object; 3] = [
    object::TARGET_POSITION,
    object::TARGET_VELOCITY,
    object::TARGET_TORQUE,
];
/// Counts that rounding may add to a period's way.
const ROUNDING: u32 = 2;

/// What a drive was told last.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Aim {
    /// Where to be. It is sent in every mode, because its drive may watch that it comes.
    counts: Option<i32>,
    /// How to turn, in the modes that have no place.
    turn: Option<Turn>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Turn {
    Speed(i32),
    Torque(i16),
}

impl Turn {
    fn at_rest(mode: Mode) -> Option<Turn> {
        match mode {
            Mode::CyclicVelocity => Some(Turn::Speed(0)),
            Mode::CyclicTorque => Some(Turn::Torque(0)),
            _ => None,
        }
    }
}

impl Aim {
    fn frames(self, joint: &Joint) -> impl Iterator<Item = CobFrame> {
        let frame =
            |number: u8, data: &[u8]| CobFrame::new(Service::Rpdo(number, joint.node).id(), data);
        let place = self
            .counts
            .and_then(|counts| frame(1, &counts.to_le_bytes()));
        let turn = self.turn.and_then(|turn| match turn {
            Turn::Speed(counts) => frame(2, &counts.to_le_bytes()),
            Turn::Torque(permille) => frame(3, &permille.to_le_bytes()),
        });
        place.into_iter().chain(turn)
    }
}

/// A way of several joints that leave and arrive together, on a trapezoid of speed.
#[derive(Clone, Debug)]
pub(super) struct Course {
    /// Joint, from where, how far; degrees.
    legs: Vec<(usize, f64, f64)>,
    /// Of the joint with the farthest way, degrees and seconds.
    way: f64,
    speed: f64,
    rate: f64,
    passed_s: f64,
}

impl Course {
    /// Speed that the way is long enough for.
    fn top(&self) -> f64 {
        self.speed.min((self.way * self.rate).sqrt())
    }

    fn lasts_s(&self) -> f64 {
        let top = self.top();
        if top > 0.0 {
            self.way / top + top / self.rate
        } else {
            0.0
        }
    }

    /// Share of the way after so many seconds.
    fn share(&self, passed_s: f64) -> f64 {
        let (top, lasts) = (self.top(), self.lasts_s());
        if passed_s >= lasts || self.way <= 0.0 {
            return 1.0;
        }
        let ramp = top / self.rate;
        let gone = match passed_s {
            t if t < ramp => self.rate * t * t / 2.0,
            t if t <= lasts - ramp => top * (t - ramp / 2.0),
            t => self.way - self.rate * (lasts - t) * (lasts - t) / 2.0,
        };
        gone / self.way
    }
}

/// A set speed or torque on its way.
#[derive(Clone, Copy, Debug)]
struct Ramp {
    index: usize,
    from: f64,
    to: Setting,
    lasts_s: f64,
    passed_s: f64,
}

impl Ramp {
    fn value(&self) -> f64 {
        let (Setting::TorqueNm(to) | Setting::DegPerS(to)) = self.to;
        if self.passed_s >= self.lasts_s {
            return to;
        }
        self.from + (to - self.from) * self.passed_s / self.lasts_s
    }
}

/// All that is sent at a SYNC.
#[derive(Clone, Debug, Default)]
pub(super) struct Cyclic {
    aims: Vec<Aim>,
    course: Option<Course>,
    ramp: Option<Ramp>,
}

impl Arm {
    pub(super) fn cyclic(&self) -> MutexGuard<'_, Cyclic> {
        self.cyclic.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A joint that is taken into a mode is told what it does already.
    pub(super) fn aim_at_rest(&self, index: usize, mode: Mode, counts: i32) {
        let mut cyclic = self.cyclic();
        let joints = self.config.joints.len();
        cyclic.aims.resize(joints, Aim::default());
        if cyclic.ramp.is_some_and(|ramp| ramp.index == index) {
            cyclic.ramp = None;
        }
        if let Some(aim) = cyclic.aims.get_mut(index) {
            (aim.counts, aim.turn) = (Some(counts), Turn::at_rest(mode));
        }
    }

    /// Nothing goes on: joints are told to be where they were told last, and not to turn.
    pub(super) fn rest_cyclic(&self) {
        let mut cyclic = self.cyclic();
        (cyclic.course, cyclic.ramp) = (None, None);
        for aim in &mut cyclic.aims {
            aim.turn = aim.turn.map(|turn| match turn {
                Turn::Speed(_) => Turn::Speed(0),
                Turn::Torque(_) => Turn::Torque(0),
            });
        }
    }

    /// Plans a way from what the joints were told last.
    pub(super) fn begin_course(&self, targets_deg: &[(usize, f64)], speed: f64, rate: f64) {
        let mut cyclic = self.cyclic();
        let mut legs = Vec::with_capacity(targets_deg.len());
        for (index, target) in targets_deg {
            let told = cyclic.aims.get(*index).and_then(|aim| aim.counts);
            let (Some(counts), Some(joint)) = (told, self.config.joints.get(*index)) else {
                continue; // a joint in its mode was told
            };
            let from = joint.deg(counts);
            legs.push((*index, from, target - from));
        }
        let way = legs.iter().map(|(_, _, way)| way.abs()).fold(0.0, f64::max);
        cyclic.course = Some(Course {
            legs,
            way,
            speed,
            rate,
            passed_s: 0.0,
        });
    }

    pub(super) fn is_on_course(&self) -> bool {
        self.cyclic().course.is_some()
    }

    /// Begins a ramp from what the joint is told now; gives the seconds that it lasts.
    pub(super) fn begin_ramp(&self, index: usize, to: Setting, ramp_s: f64) -> f64 {
        let mut cyclic = self.cyclic();
        let before = cyclic.ramp.filter(|ramp| ramp.index == index);
        let from = before.map_or(0.0, |ramp| ramp.value());
        let mut lasts_s = ramp_s;
        if let (Setting::DegPerS(to), Some(rate)) = (to, self.config.acceleration) {
            lasts_s = lasts_s.max((to - from).abs() / rate);
        }
        cyclic.ramp = Some(Ramp {
            index,
            from,
            to,
            lasts_s,
            passed_s: 0.0,
        });
        lasts_s
    }

    /// The frames of one period; a set-point that would be further than the limits allow is none, and the
    /// arm is to be halted.
    pub(super) fn next_set_points(&self) -> Result<Vec<CobFrame>, String> {
        let period_s = self.config.interval.as_secs_f64();
        let mut guard = self.cyclic();
        let Cyclic { aims, course, ramp } = &mut *guard;
        if course.is_none() {
            // a drive that is not enabled yet is to find itself where it is told to be
            for (aim, node) in aims.iter_mut().zip(self.nodes().iter()) {
                let enabled = node
                    .status
                    .map(|word| word.state() == Some(State::OperationEnabled));
                if enabled == Some(false) && aim.counts.is_some() {
                    aim.counts = Some(node.counts);
                }
            }
        }
        if let Some(way) = course {
            way.passed_s += period_s;
            let share = way.share(way.passed_s);
            for (index, from, far) in &way.legs {
                let joint = self.config.joints.get(*index);
                let counts = joint.and_then(|joint| joint.counts(from + far * share));
                let (Some(aim), Some(joint), Some(counts)) = (aims.get_mut(*index), joint, counts)
                else {
                    continue;
                };
                if let Some(before) = aim.counts {
                    let most = joint.way(joint.limit.deg_per_s_max * period_s) + ROUNDING;
                    if before.abs_diff(counts) > most {
                        return Err(format!("{}: a set-point beyond its speed", joint.who()));
                    }
                }
                aim.counts = Some(counts);
            }
            if way.passed_s >= way.lasts_s() {
                *course = None;
            }
        }
        if let Some(ramp) = ramp {
            ramp.passed_s += period_s;
            let value = ramp.value();
            let turn = match ramp.to {
                Setting::DegPerS(_) => self.speed_counts(ramp.index, value).map(Turn::Speed),
                Setting::TorqueNm(_) => self.permille(ramp.index, value).map(Turn::Torque),
            };
            if let (Some(aim), Some(turn)) = (aims.get_mut(ramp.index), turn) {
                aim.turn = Some(turn);
            }
        }
        let joints = aims.iter().zip(&self.config.joints);
        Ok(joints.flat_map(|(aim, joint)| aim.frames(joint)).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 90 deg at 60 deg/s with 300 deg/s²: 0.2 s up over 6 deg, 1.3 s, 0.2 s down: 1.7 s in all.
    #[test]
    fn a_way_is_a_trapezoid_of_speed() {
        let course = Course {
            legs: Vec::new(),
            way: 90.0,
            speed: 60.0,
            rate: 300.0,
            passed_s: 0.0,
        };
        assert!((course.lasts_s() - 1.7).abs() < 1e-12);
        for (t, deg) in [
            (0.1, 1.5),
            (0.2, 6.0),
            (0.85, 45.0),
            (1.5, 84.0),
            (1.6, 88.5),
        ] {
            assert!((course.share(t) * 90.0 - deg).abs() < 1e-9, "{t}");
        }
        assert_eq!(course.share(1.7), 1.0);
    }

    /// 1 deg with 300 deg/s²: half of it in sqrt(1 / 300) s, and never at 60 deg/s.
    #[test]
    fn a_short_way_is_a_triangle_and_none_is_over_at_once() {
        let short = Course {
            legs: Vec::new(),
            way: 1.0,
            speed: 60.0,
            rate: 300.0,
            passed_s: 0.0,
        };
        let half = (1.0f64 / 300.0).sqrt();
        assert!((short.lasts_s() - 2.0 * half).abs() < 1e-12);
        assert!((short.share(half) - 0.5).abs() < 1e-9);
        let none = Course { way: 0.0, ..short };
        assert_eq!((none.lasts_s(), none.share(0.0)), (0.0, 1.0));
    }
}
