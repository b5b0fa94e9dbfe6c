//! What may be commanded, and how far it is.

use std::time::Duration;

use certbench_model::FaultKind;
use certbench_roles::{Grasp, GraspMove, Progress, Trouble};

use super::device::{Registers, Seen};
use super::map::{Counts, Name, Position, Range};

/// Positions older than this say nothing of now.
const OLD: Duration = Duration::from_millis(1000);
/// The status lags behind a command by this much at most.
const SETTLING: Duration = Duration::from_millis(100);
/// A finger that stands for so long short of its target is held by something.
const HELD_FOR: Duration = Duration::from_millis(400);

/// A grasp in counts.
struct InCounts {
    /// Of every finger; those not named stay.
    positions: Vec<Option<u16>>,
    force: u16,
    speed: u16,
    seen: Seen,
    position: Position,
}

impl Counts for InCounts {
    fn of(&self, what: Name, finger: usize) -> Option<u16> {
        match what {
            Name::Force => Some(self.force),
            Name::Speed => Some(self.speed),
            Name::Here => self.seen.here(finger),
            Name::Position => self
                .positions
                .get(finger)
                .copied()
                .flatten()
                .or(self.position.leave)
                .or_else(|| self.seen.here(finger)),
        }
    }
}

/// Counts of a share, rounded to the count of less: a limit is never passed, and a time, whose range
/// descends, is never shorter than what was asked for.
fn counts(range: Range, share: f64) -> Option<u16> {
    let [least, most] = range.raw.map(f64::from);
    let exact = least + share * (most - least);
    let rounded = match most < least {
        true => (exact - 1e-9).ceil(),
        false => (exact + 1e-9).floor(),
    };
    (0.0..=1.0).contains(&share).then_some(rounded as u16)
}

/// Counts of a closing.
fn target(position: Position, closing: f64) -> Option<u16> {
    let (open, closed) = (f64::from(position.open), f64::from(position.closed));
    (0.0..=1.0)
        .contains(&closing)
        .then(|| (open + closing * (closed - open)).round() as u16)
}

impl Registers {
    fn in_counts(&self, grasp: &GraspMove) -> Result<InCounts, Trouble> {
        let refuse = |what: String| Trouble::Refused(format!("{}: {what}", self.id));
        let mut positions = vec![None; self.map.fingers.len()];
        for &(finger, closing) in &grasp.closing {
            let place = positions
                .get_mut(finger)
                .ok_or_else(|| refuse(format!("it has no finger number {finger}")))?;
            let counts = target(self.map.position, closing).ok_or_else(|| {
                refuse(format!("it cannot close by {closing}; 0 is open, 1 closed"))
            })?;
            *place = Some(counts);
        }
        let share = |name: &str, range, share| {
            counts(range, share)
                .ok_or_else(|| refuse(format!("{name} {share} is not within 0 to 1")))
        };
        if let (Some(most), Some([least, full])) = (self.force_n_max, self.model.force_n) {
            let newton = least + grasp.force * (full - least);
            if newton > most * (1.0 + 1e-9) {
                let what = format!(
                    "a force of {newton:.1} N (nominal) passes the bench's limit of {most} N"
                );
                return Err(refuse(what));
            }
        }
        let force = match self.map.force {
            Some(range) => share("force", range, grasp.force)?,
            None if grasp.force == 1.0 => 0, // no word asks for it
            None => return Err(refuse("its force cannot be set: ask for 100 %".into())),
        };
        Ok(InCounts {
            positions,
            force,
            speed: share("speed", self.map.speed, grasp.speed)?,
            seen: self.seen().clone(),
            position: self.map.position,
        })
    }

    fn not_activated(&self, seen: &Seen) -> Option<Trouble> {
        let activation = self.map.activation.as_ref()?;
        let field = &activation.ready.field;
        let ready = seen
            .blocks
            .get(field.block.as_str())
            .and_then(|(words, _)| field.value(words));
        (ready != Some(activation.ready.equals)).then(|| {
            let text = format!(
                "{} is not activated; its power must be enabled first",
                self.id
            );
            Trouble::Refused(text)
        })
    }
}

impl Grasp for Registers {
    fn fingers(&self) -> Vec<String> {
        self.map.fingers.clone()
    }

    fn force_fraction(&self, newton: f64) -> Result<f64, Trouble> {
        let refuse = |what: String| Err(Trouble::Refused(format!("{}: {what}", self.id)));
        let Some([least, most]) = self.model.force_n else {
            return refuse("its force is a share of an unknown maximum; give it in %".into());
        };
        if !(least..=most).contains(&newton) {
            return refuse(format!(
                "a force of {newton} N is not within {least} to {most} N (nominal)"
            ));
        }
        Ok((newton - least) / (most - least))
    }

    fn accept(&self, grasp: &GraspMove) -> Result<(), Trouble> {
        self.in_counts(grasp).map(|_| ())
    }

    fn begin(&self, grasp: &GraspMove) -> Result<(), Trouble> {
        let counts = self.in_counts(grasp)?;
        if let Some(refused) = self.not_activated(&counts.seen) {
            return Err(refused);
        }
        let halts = self.halts();
        for write in &self.map.command {
            if self.halts() != halts {
                break;
            }
            self.write(write, &counts)?;
        }
        if self.halts() != halts {
            self.send_hold()?; // the halt may have left before the command
            return Err(Trouble::Refused(format!(
                "{}: halted while the grasp began",
                self.id
            )));
        }
        let targets = counts.positions.iter().enumerate();
        let targets = targets
            .filter_map(|(finger, count)| Some((finger, (*count)?)))
            .collect();
        let now = self.now();
        let mut seen = self.seen();
        seen.goal = Some((targets, now));
        seen.halted = None;
        Ok(())
    }

    fn progress(&self) -> Result<Progress, Trouble> {
        let seen = self.seen().clone();
        let now = self.now();
        let Some((targets, taken)) = &seen.goal else {
            return Ok(Progress::Stopped);
        };
        let Some((positions, sampled)) = &seen.positions else {
            let text = format!(
                "{}: nothing is sampled, so nothing is known of its motion",
                self.id
            );
            return Err(Trouble::Fault(FaultKind::Harness, text));
        };
        if now - (*sampled).max(*taken) > OLD {
            let text = format!(
                "no position from {} for {} ms; is it powered? Either it is off or hung, or the cable or adapter \
                 is broken",
                self.id,
                OLD.as_millis()
            );
            return Err(Trouble::Fault(FaultKind::Unattributable, text));
        }
        if *sampled < *taken + SETTLING {
            return Ok(Progress::Moving);
        }
        let near = |&(finger, target): &(usize, u16)| {
            positions
                .get(finger)
                .is_some_and(|here| here.abs_diff(target) <= self.map.position.near)
        };
        let reached = targets.iter().all(near);
        let stands = now - seen.still_since.max(*taken) >= HELD_FOR;
        let says = |wanted: &[i32]| {
            targets
                .iter()
                .all(|(finger, _)| self.says(&seen, *finger, wanted))
        };
        let feedback = &self.map.feedback;
        let (settled, moving) = match feedback.status.is_empty() {
            true => (reached && stands, !stands),
            false => {
                let moves = targets
                    .iter()
                    .any(|(finger, _)| self.says(&seen, *finger, &feedback.moving));
                (
                    reached && (says(&feedback.settled) || stands),
                    moves && !stands,
                )
            }
        };
        Ok(match (settled, moving) {
            (true, _) => Progress::Settled,
            (false, true) => Progress::Moving,
            (false, false) => Progress::Stopped,
        })
    }
}

impl Registers {
    /// Whether a finger's status is one of these.
    fn says(&self, seen: &Seen, finger: usize, wanted: &[i32]) -> bool {
        let field = self.map.feedback.status.get(finger);
        let value = field.and_then(|field| {
            let (words, _) = seen.blocks.get(field.block.as_str())?;
            field.value(words)
        });
        value.is_some_and(|value| wanted.contains(&value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Robotiq: 0 open to 255 closed; DH: 1000 open to 0 closed, force 20 to 100 %.
    #[test]
    fn shares_become_counts_and_a_limit_is_never_rounded_up() {
        let robotiq = Position {
            open: 0,
            closed: 255,
            near: 3,
            leave: None,
        };
        assert_eq!(target(robotiq, 1.0), Some(255));
        assert_eq!(target(robotiq, 1.01), None);
        let dh = Position {
            open: 1000,
            closed: 0,
            near: 10,
            leave: None,
        };
        assert_eq!(target(dh, 0.25), Some(750));
        let percent = Range { raw: [20, 100] };
        assert_eq!(
            (counts(percent, 0.0), counts(percent, 1.0)),
            (Some(20), Some(100))
        );
        assert_eq!(counts(percent, 0.999), Some(99));
        assert_eq!(counts(percent, f64::NAN), None);
    }

    /// BrainCo Revo 2: the time for the way, 2000 ms to 1 ms. Half of the speed is 1000.5 ms: 1000 would be
    /// faster than what was asked for.
    #[test]
    fn a_speed_that_is_a_time_is_never_rounded_to_a_faster_one() {
        let ms = Range { raw: [2000, 1] };
        for (share, expected) in [
            (0.0, 2000),
            (0.25, 1501),
            (0.5, 1001),
            (0.999, 3), // 2.999 ms
            (1.0, 1),
        ] {
            assert_eq!(counts(ms, share), Some(expected), "{share}");
        }
        for permille in 0..=1000 {
            let share = f64::from(permille) / 1000.0;
            let exact = 2000.0 - share * 1999.0;
            let taken = f64::from(counts(ms, share).unwrap());
            assert!(
                (0.0..1.0 + 1e-6).contains(&(taken - exact + 1e-6)),
                "{share}: {taken}"
            );
        }
    }
}
