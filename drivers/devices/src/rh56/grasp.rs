//! The hand's grasp: what may be commanded, and how far it is.

use std::time::Duration;

use certbench_model::FaultKind;
use certbench_roles::{Grasp, GraspMove, Progress, Trouble};
use certbench_wire::rh56::{Dof, RawAngle, RawForce, RawSpeed, Status, encode_six, register};

use super::hand::Hand;
use super::table::{FORCE_N_MAX, angle, thousandths};

/// Angles and status older than this say nothing of now.
const OLD: Duration = Duration::from_millis(1000);
/// Counts by which a finger may miss its target and have reached it.
const REACHED_COUNTS: u16 = 20;
/// The hand's status lags behind a command by this much at most.
const SETTLING: Duration = Duration::from_millis(100);
/// A finger that stands for so long short of its target is held by something.
const HELD_FOR: Duration = Duration::from_millis(400);

/// A grasp in counts.
struct Counts {
    targets: Vec<(usize, RawAngle)>,
    force: RawForce,
    speed: RawSpeed,
}

impl Hand {
    fn counts(&self, grasp: &GraspMove) -> Result<Counts, Trouble> {
        let refuse = |what: String| Trouble::Refused(format!("{}: {what}", self.id));
        let mut targets = Vec::with_capacity(6);
        for &(finger, closing) in &grasp.closing {
            let Some(dof) = Dof::ALL.get(finger) else {
                return Err(refuse(format!(
                    "it has no finger number {finger}; it has 0 to 5"
                )));
            };
            let target = angle(closing).ok_or_else(|| {
                refuse(format!(
                    "{} cannot close by {closing}; 0 is open, 1 closed",
                    dof.name()
                ))
            })?;
            targets.push((finger, target));
        }
        let range = |name: &str, fraction: f64| {
            thousandths(fraction)
                .ok_or_else(|| refuse(format!("{name} {fraction} is not within 0 to 1")))
        };
        let counts = Counts {
            targets,
            force: RawForce(range("force", grasp.force)?),
            speed: RawSpeed(range("speed", grasp.speed)?),
        };
        let newton = grasp.force * FORCE_N_MAX;
        match self.force_n_max {
            Some(most) if newton > most * (1.0 + 1e-9) => Err(refuse(format!(
                "a force of {newton:.2} N per finger passes the bench's limit of {most} N"
            ))),
            _ => Ok(counts),
        }
    }
}

impl Grasp for Hand {
    fn fingers(&self) -> Vec<String> {
        Dof::ALL.iter().map(|dof| dof.name().to_owned()).collect()
    }

    fn force_fraction(&self, newton: f64) -> Result<f64, Trouble> {
        let fraction = newton / FORCE_N_MAX;
        if (0.0..=1.0).contains(&fraction) {
            return Ok(fraction);
        }
        let text = format!(
            "{}: a force of {newton} N is not within 0 to {FORCE_N_MAX} N",
            self.id
        );
        Err(Trouble::Refused(text))
    }

    fn accept(&self, grasp: &GraspMove) -> Result<(), Trouble> {
        self.counts(grasp).map(|_| ())
    }

    fn begin(&self, grasp: &GraspMove) -> Result<(), Trouble> {
        let counts = self.counts(grasp)?;
        let halts = self.halts();
        self.write(register::FORCE_SET, &encode_six([counts.force; 6]))?;
        self.write(register::SPEED_SET, &encode_six([counts.speed; 6]))?;
        let mut angles = [RawAngle::LEAVE; 6];
        for &(finger, target) in &counts.targets {
            if let Some(angle) = angles.get_mut(finger) {
                *angle = target;
            }
        }
        if self.halts() == halts {
            self.write(register::ANGLE_SET, &encode_six(angles))?;
        }
        if self.halts() != halts {
            self.send_hold()?; // the halt may have left before the command
            return Err(Trouble::Refused(format!(
                "{}: halted while the grasp began",
                self.id
            )));
        }
        let now = self.line.clock().now();
        let mut seen = self.seen();
        seen.goal = Some((counts.targets, now));
        seen.halted = None;
        Ok(())
    }

    fn progress(&self) -> Result<Progress, Trouble> {
        let seen = self.seen().clone();
        let now = self.line.clock().now();
        let Some((targets, taken)) = seen.goal else {
            return Ok(Progress::Stopped);
        };
        let (Some((angles, sampled)), Some((statuses, said))) = (seen.angles, seen.statuses) else {
            return self.not_sampled();
        };
        if now - sampled.min(said).max(taken) > OLD.max(3 * self.interval) {
            return Err(self.silent());
        }
        if sampled.min(said) < taken + SETTLING {
            return Ok(Progress::Moving);
        }
        let reached = |&(finger, target): &(usize, RawAngle)| {
            angles
                .get(finger)
                .is_some_and(|angle| angle.0.abs_diff(target.0) <= REACHED_COUNTS)
        };
        if targets.iter().all(|target| {
            reached(target) && statuses.get(target.0) == Some(&Status::PositionReached)
        }) {
            return Ok(Progress::Settled);
        }
        let moving = |&(finger, _): &(usize, RawAngle)| {
            matches!(
                statuses.get(finger),
                Some(Status::Releasing | Status::Grasping)
            )
        };
        let stands = now - seen.still_since.max(taken) >= HELD_FOR;
        match stands || !targets.iter().any(moving) {
            true if stands && targets.iter().all(reached) => Ok(Progress::Settled),
            true => Ok(Progress::Stopped),
            false => Ok(Progress::Moving),
        }
    }
}

impl Hand {
    fn silent(&self) -> Trouble {
        let text = format!(
            "no angle or status from {} for {} ms; is the hand powered? Either it is off or hung, or the cable or \
             adapter is broken",
            self.id,
            OLD.as_millis()
        );
        Trouble::Fault(FaultKind::Unattributable, text)
    }

    fn not_sampled(&self) -> Result<Progress, Trouble> {
        let text = format!(
            "{}: nothing is sampled, so nothing is known of its motion",
            self.id
        );
        Err(Trouble::Fault(FaultKind::Harness, text))
    }
}
