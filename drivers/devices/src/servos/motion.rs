//! Moves: limits before a command leaves, and how far it is.

use std::sync::atomic::Ordering;
use std::time::Duration;

use certbench_model::FaultKind;
use certbench_roles::{JointMove, Joints, Progress, Trouble};

use super::chain::{Aim, Chain};
use super::engine::Servos;

/// Angles older than this say nothing of now.
const OLD: Duration = Duration::from_millis(500);
/// What is seen lags behind a command by this much at most.
const SETTLING: Duration = Duration::from_millis(50);
/// A chain that stands for so long short of its targets has stopped.
const STOPPED_FOR: Duration = Duration::from_millis(400);
/// Least share of the motion's speed that a joint is given.
const SLOWEST_SHARE: f64 = 0.02;

impl<C: Chain> Servos<C> {
    fn refuse<T>(&self, what: String) -> Result<T, Trouble> {
        Err(Trouble::Refused(format!("{}: {what}", self.id)))
    }
}

impl<C: Chain> Joints for Servos<C> {
    fn names(&self) -> Vec<String> {
        self.limits
            .iter()
            .map(|limit| limit.joint.clone())
            .collect()
    }

    fn accept(&self, motion: &JointMove) -> Result<(), Trouble> {
        let plates = self.seen().plates.clone();
        for &(index, deg) in &motion.targets_deg {
            let Some(limit) = self.limits.get(index) else {
                return self.refuse(format!(
                    "it has no joint number {index}; it has {}",
                    self.limits.len()
                ));
            };
            let plate = plates.get(index);
            let [low, high] = plate.map_or([f64::NEG_INFINITY, f64::INFINITY], |plate| plate.deg);
            let fastest = plate.map_or(f64::INFINITY, |plate| plate.deg_per_s);
            let (least, most) = (limit.deg_min.max(low), limit.deg_max.min(high));
            if !(least..=most).contains(&deg) {
                return self.refuse(format!(
                    "{} may go from {least} to {most} deg, not to {deg}",
                    limit.joint
                ));
            }
            let most = limit.deg_per_s_max.min(fastest);
            if !(motion.deg_per_s > 0.0 && motion.deg_per_s <= most) {
                let name = &limit.joint;
                return self.refuse(format!(
                    "{name} may move at up to {most} deg/s, not at {}",
                    motion.deg_per_s
                ));
            }
        }
        Ok(())
    }

    fn begin(&self, motion: &JointMove) -> Result<(), Trouble> {
        self.accept(motion)?;
        let halts = self.halts();
        let seen = self.seen().clone();
        let Some(view) = seen.view.filter(|view| self.now() - view.asked <= OLD) else {
            return self
                .refuse("where it is is not known; a move would begin from anywhere".into());
        };
        if !seen.powered {
            return self.refuse("it is not powered; enable it first".into());
        }
        let way =
            |joint: usize, deg: f64| view.deg.get(joint).map_or(0.0, |here| (deg - here).abs());
        let longest = motion
            .targets_deg
            .iter()
            .map(|&(joint, deg)| way(joint, deg))
            .fold(0.0, f64::max);
        let aim = |&(joint, deg): &(usize, f64)| {
            let share = if longest > 0.0 {
                way(joint, deg) / longest
            } else {
                1.0
            };
            Aim {
                joint,
                deg,
                deg_per_s: motion.deg_per_s * share.max(SLOWEST_SHARE),
            }
        };
        let aims: Vec<Aim> = motion.targets_deg.iter().map(aim).collect();
        if self.halts() == halts {
            self.chain.go(&aims)?;
        }
        if self.halts() != halts {
            self.send_halt()?; // the halt may have left before the command
            return self.refuse("halted while the move began".into());
        }
        let now = self.now();
        let mut seen = self.seen();
        seen.goal = Some((motion.targets_deg.clone(), now));
        seen.halted = None;
        Ok(())
    }

    fn progress(&self) -> Result<Progress, Trouble> {
        let seen = self.seen().clone();
        let now = self.now();
        let Some((targets, taken)) = seen.goal else {
            return Ok(Progress::Stopped);
        };
        let Some(view) = seen.view else {
            let text = format!(
                "{}: nothing is sampled, so nothing is known of its motion",
                self.id
            );
            return Err(Trouble::Fault(FaultKind::Harness, text));
        };
        if now - view.asked.max(taken) > OLD {
            let text = format!(
                "no angle from {} for {} ms; is it powered? Either it is off or hung, or the cable or adapter is \
                 broken",
                self.id,
                OLD.as_millis()
            );
            return Err(Trouble::Fault(FaultKind::Unattributable, text));
        }
        if view.asked < taken + SETTLING {
            return Ok(Progress::Moving);
        }
        let near = |&(joint, target): &(usize, f64)| {
            view.deg
                .get(joint)
                .is_some_and(|deg| (deg - target).abs() <= self.window_deg)
        };
        let since = seen.still_since.max(taken);
        let (reached, stands) = (targets.iter().all(near), view.asked >= since + SETTLING);
        Ok(match (reached, stands) {
            (true, true) => Progress::Settled,
            (false, _) if now - since >= STOPPED_FOR => Progress::Stopped,
            _ => Progress::Moving,
        })
    }

    fn positions_deg(&self) -> Result<Vec<f64>, Trouble> {
        match self
            .seen()
            .view
            .as_ref()
            .filter(|view| self.now() - view.asked <= OLD)
        {
            Some(view) => Ok(view.deg.clone()),
            None => Err(Trouble::Fault(
                FaultKind::Unattributable,
                format!("no angle from {} for {} ms", self.id, OLD.as_millis()),
            )),
        }
    }

    fn withhold_heartbeat(&self, withhold: bool) -> Result<(), Trouble> {
        if !self.chain.is_fed_by_polling() {
            return self.refuse("it has no watchdog that could be withheld".into());
        }
        self.withheld.store(withhold, Ordering::SeqCst);
        self.was_withheld.fetch_or(withhold, Ordering::SeqCst);
        Ok(())
    }
}
