//! Moves: profile position with the set-point handshake.

use std::sync::atomic::Ordering;
use std::sync::{MutexGuard, PoisonError};
use std::time::Duration;

use certbench_model::FaultKind;
use certbench_roles::{JointMove, Joints, Progress, Trouble};
use certbench_wire::canopen::cia402::{Controlword, Mode, State, Statusword};
use certbench_wire::canopen::object;

use super::arm::{Arm, Goal};
use super::config::Joint;

/// A drive takes a set-point within this.
const HANDSHAKE: Duration = Duration::from_millis(500);
/// Between two looks at a drive.
const LOOK: Duration = Duration::from_millis(2);
/// Least share of the motion's speed that a joint is given.
const SLOWEST_SHARE: f64 = 0.01;
/// A joint that stands for so long short of its target has stopped.
const STOPPED_FOR: Duration = Duration::from_millis(500);
/// Status and position older than this say nothing of now.
pub(super) const OLD: Duration = Duration::from_millis(500);

/// One joint's part of a motion.
struct Part<'a> {
    index: usize,
    joint: &'a Joint,
    counts: i32,
    counts_per_s: u32,
}

impl Joints for Arm {
    fn names(&self) -> Vec<String> {
        self.config
            .joints
            .iter()
            .map(|joint| joint.limit.joint.clone())
            .collect()
    }

    fn accept(&self, motion: &JointMove) -> Result<(), Trouble> {
        let refuse = |text: String| Err(Trouble::Refused(format!("{}: {text}", self.config.id)));
        for &(index, deg) in &motion.targets_deg {
            let Some(joint) = self.config.joints.get(index) else {
                return refuse(format!(
                    "it has no joint number {index}; it has {}",
                    self.config.joints.len()
                ));
            };
            let limit = &joint.limit;
            if !(limit.deg_min..=limit.deg_max).contains(&deg) || joint.counts(deg).is_none() {
                let (name, least, most) = (&limit.joint, limit.deg_min, limit.deg_max);
                return refuse(format!(
                    "{name} may go from {least} to {most} deg, not to {deg}"
                ));
            }
            if !(motion.deg_per_s > 0.0 && motion.deg_per_s <= limit.deg_per_s_max) {
                let (name, most) = (&limit.joint, limit.deg_per_s_max);
                return refuse(format!(
                    "{name} may move at up to {most} deg/s, not at {}",
                    motion.deg_per_s
                ));
            }
            self.within_plate_speed(index, motion.deg_per_s)?;
            let range = self.plate(index).range;
            if let (Some([least, most]), Some(counts)) = (range, joint.counts(deg))
                && !(least..=most).contains(&counts)
            {
                let (a, b) = (joint.deg(least), joint.deg(most));
                return refuse(format!(
                    "{} itself goes from {} to {} deg (607Dh), not to {deg}",
                    joint.who(),
                    a.min(b),
                    a.max(b)
                ));
            }
        }
        Ok(())
    }

    fn begin(&self, motion: &JointMove) -> Result<(), Trouble> {
        self.accept(motion)?;
        let _call = self.within(self.config.patience, "a move");
        self.is_free()?;
        let halts = self.halts();
        if self.config.cyclic {
            return self.begin_cyclic(motion, halts);
        }
        let parts = self.parts(motion)?;
        for part in &parts {
            if let (_, state @ (State::Fault | State::QuickStopActive)) = self.state(part.joint)? {
                return Err(recover_first(part.joint, state));
            }
            self.take_mode(part.index, Mode::ProfilePosition)?;
            self.write(
                part.joint,
                object::PROFILE_VELOCITY,
                &part.counts_per_s.to_le_bytes(),
            )?;
            self.write(
                part.joint,
                object::TARGET_POSITION,
                &part.counts.to_le_bytes(),
            )?;
        }
        let go =
            Controlword::enabled_with(Controlword::NEW_SET_POINT | Controlword::CHANGE_IMMEDIATELY);
        let take = Controlword::ENABLE_OPERATION;
        for (word, acknowledged) in [(go, true), (take, false)] {
            for part in &parts {
                self.unless_halted(halts, || {
                    self.write(part.joint, object::CONTROLWORD, &word.to_bytes())
                })?;
            }
            for part in &parts {
                self.await_set_point(part.joint, acknowledged)?;
            }
        }
        self.now_goes(motion);
        Ok(())
    }

    fn accept_home(&self, deg_per_s: f64) -> Result<(), Trouble> {
        self.would_home(deg_per_s)
    }

    fn home(&self, deg_per_s: f64) -> Result<(), Trouble> {
        self.begin_homing(deg_per_s)
    }

    fn progress(&self) -> Result<Progress, Trouble> {
        if let Some(progress) = self.homing_progress()? {
            return Ok(progress);
        }
        let Some(goal) = self.goal().clone() else {
            return Ok(Progress::Stopped);
        };
        let now = self.now();
        let nodes = self.nodes().clone();
        // The joints arrive together: one that has hardly a way to go stands long before the others
        // do, and is not blocked by that. The arm stands when the last of them does.
        let moved = goal
            .targets_deg
            .iter()
            .filter_map(|(index, _)| nodes.get(*index));
        let still_since = moved
            .map(|node| node.still_since)
            .max()
            .unwrap_or(goal.taken);
        let stands = now - still_since.max(goal.taken) >= STOPPED_FOR;
        let mut all = Progress::Settled;
        for (index, target) in goal.targets_deg {
            let (Some(node), Some(joint)) = (nodes.get(index), self.config.joints.get(index))
            else {
                return Err(self.not_sampled());
            };
            if now - node.seen.max(goal.taken) > OLD {
                return Err(self.silent(joint));
            }
            // What was seen last is of before the command, if anything was: nothing is known yet.
            let Some(status) = node.status else {
                return Ok(Progress::Moving);
            };
            let near = (joint.deg(node.counts) - target).abs() <= self.config.window_deg;
            all = match (status.state(), node.seen > goal.taken) {
                (_, false) => return Ok(Progress::Moving),
                (Some(State::OperationEnabled), _) if self.arrived(index, status) && near => all,
                (Some(State::OperationEnabled), _) if !stands => return Ok(Progress::Moving),
                _ => Progress::Stopped,
            };
        }
        Ok(all)
    }

    fn positions_deg(&self) -> Result<Vec<f64>, Trouble> {
        let _call = self.within(self.config.patience, "reading all positions");
        let read = |joint: &Joint| {
            self.read(joint, object::POSITION_ACTUAL)
                .map(|counts| joint.deg(i32::from_le_bytes(counts)))
        };
        self.config.joints.iter().map(read).collect()
    }

    fn withhold_heartbeat(&self, withhold: bool) -> Result<(), Trouble> {
        self.withheld.store(withhold, Ordering::Release);
        Ok(())
    }
}

fn recover_first(joint: &Joint, state: State) -> Trouble {
    Trouble::Refused(format!("{} is in `{state}`; recover it first", joint.who()))
}

impl Arm {
    /// Refuses while a joint looks for its home, or follows set-points on a way: what came between would
    /// begin at rest, and be a step.
    pub(super) fn is_free(&self) -> Result<(), Trouble> {
        match self.is_homing() || self.is_on_course() {
            true => Err(Trouble::Refused(format!(
                "{}: it is still on its way; wait until it has settled, or stop it",
                self.config.id
            ))),
            false => Ok(()),
        }
    }

    /// The same move with a set-point at every SYNC.
    fn begin_cyclic(&self, motion: &JointMove, halts: u64) -> Result<(), Trouble> {
        for &(index, _) in &motion.targets_deg {
            let Some(joint) = self.config.joints.get(index) else {
                continue; // accepted motions have none such
            };
            let (_, state) = self.state(joint)?;
            if state != State::OperationEnabled {
                return Err(recover_first(joint, state));
            }
            self.take_mode(index, Mode::CyclicPosition)?;
        }
        let rate = self.config.acceleration.unwrap_or(motion.deg_per_s);
        self.unless_halted(halts, || {
            self.begin_course(&motion.targets_deg, motion.deg_per_s, rate);
            self.now_goes(motion);
            Ok(())
        })
    }

    /// Every drive has taken its set-point.
    fn now_goes(&self, motion: &JointMove) {
        *self.homing() = None;
        *self.goal() = Some(Goal {
            targets_deg: motion.targets_deg.clone(),
            taken: self.now(),
        });
    }

    /// Whether a joint has nowhere further to go: the drive says it, or the last set-point was sent and
    /// the joint stands.
    fn arrived(&self, index: usize, status: Statusword) -> bool {
        match self.config.cyclic {
            true => !self.is_on_course() && self.is_still(index),
            false => status.target_reached(),
        }
    }

    pub(super) fn goal(&self) -> MutexGuard<'_, Option<Goal>> {
        self.goal.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Targets in counts, and speeds at which the joints arrive together.
    fn parts(&self, motion: &JointMove) -> Result<Vec<Part<'_>>, Trouble> {
        let mut moves = Vec::with_capacity(motion.targets_deg.len());
        for &(index, target) in &motion.targets_deg {
            let Some(joint) = self.config.joints.get(index) else {
                continue; // accepted motions have none such
            };
            let from = joint.deg(i32::from_le_bytes(
                self.read(joint, object::POSITION_ACTUAL)?,
            ));
            moves.push((index, joint, target, (target - from).abs()));
        }
        let farthest = moves
            .iter()
            .map(|(_, _, _, travel)| *travel)
            .fold(0.0, f64::max);
        let mut parts = Vec::with_capacity(moves.len());
        for (index, joint, target, travel) in moves {
            let share = if farthest > 0.0 {
                travel / farthest
            } else {
                1.0
            };
            let Some(counts) = joint.counts(target) else {
                continue;
            };
            parts.push(Part {
                index,
                joint,
                counts,
                // A joint with hardly a way to go would crawl at a few counts a second, which the
                // drive's whole numbers round away: it may arrive before the others.
                counts_per_s: joint.rate(motion.deg_per_s * share.max(SLOWEST_SHARE)),
            });
        }
        Ok(parts)
    }

    fn await_set_point(&self, joint: &Joint, acknowledged: bool) -> Result<(), Trouble> {
        let until = self.now() + HANDSHAKE;
        loop {
            let (word, state): (Statusword, State) = self.state(joint)?;
            if word.set_point_acknowledged() == acknowledged {
                return Ok(());
            }
            if state != State::OperationEnabled || self.now() >= until {
                let text = format!(
                    "{} does not take its set-point (statusword {:04X}, {state})",
                    joint.who(),
                    word.0
                );
                return Err(Trouble::Event {
                    code: "set-point".into(),
                    text,
                });
            }
            self.bus.clock().sleep(LOOK);
        }
    }

    fn silent(&self, joint: &Joint) -> Trouble {
        let text = format!(
            "no position from {} on {} in {} ms; is it powered? Either it is off or hung, or the bus is broken",
            joint.who(),
            self.bus.port(),
            OLD.as_millis()
        );
        Trouble::Fault(FaultKind::Unattributable, text)
    }
}
