//! Homing: each joint that has a method looks for its home with the drive's own procedure, one after the
//! other in the order of the joints.

use std::collections::VecDeque;
use std::sync::{MutexGuard, PoisonError};
use std::time::Duration;

use certbench_clock::Time;
use certbench_roles::{Progress, Trouble};
use certbench_wire::canopen::cia402::{Controlword, Homing as Found, Mode, State};
use certbench_wire::canopen::object;

use super::arm::Arm;

/// Share of the speed at which the switch is left again.
const SLOWER: f64 = 0.1;

/// A drive shows that it looks within this.
const STARTS: Duration = Duration::from_millis(500);

/// Joints that look for their homes.
#[derive(Clone, Debug)]
pub(super) struct Homing {
    /// The first one looks now.
    joints: VecDeque<usize>,
    deg_per_s: f64,
    /// Of this many halts: one more ends it.
    halts: u64,
    /// When the first one was set off.
    since: Time,
    /// Whether it was seen to look: what a drive shows before that may be of an earlier time.
    seen: bool,
}

impl Arm {
    pub(super) fn homing(&self) -> MutexGuard<'_, Option<Homing>> {
        self.homing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether a joint is on its way to its home.
    pub(super) fn is_homing(&self) -> bool {
        let homing = self.homing();
        homing
            .as_ref()
            .is_some_and(|homing| !homing.joints.is_empty())
    }

    fn with_methods(&self) -> VecDeque<usize> {
        let joints = self.config.joints.iter().enumerate();
        let with = joints.filter(|(_, joint)| joint.homing != 0);
        with.map(|(index, _)| index).collect()
    }

    pub(super) fn would_home(&self, deg_per_s: f64) -> Result<(), Trouble> {
        let refuse = |text: String| Err(Trouble::Refused(format!("{}: {text}", self.config.id)));
        let joints = self.with_methods();
        if joints.is_empty() {
            return refuse("the bench names no homing method; see its option `homing`".into());
        }
        for index in joints {
            let Some(joint) = self.config.joints.get(index) else {
                continue;
            };
            let (name, most) = (&joint.limit.joint, joint.limit.deg_per_s_max);
            if !(deg_per_s > 0.0 && deg_per_s <= most) {
                return refuse(format!(
                    "{name} may move at up to {most} deg/s, not at {deg_per_s}"
                ));
            }
            self.within_plate_speed(index, deg_per_s)?;
            self.has_mode(index, Mode::Homing)?;
        }
        Ok(())
    }

    pub(super) fn begin_homing(&self, deg_per_s: f64) -> Result<(), Trouble> {
        self.would_home(deg_per_s)?;
        let _call = self.within(self.config.patience, "homing");
        self.is_free()?;
        let homing = Homing {
            joints: self.with_methods(),
            deg_per_s,
            halts: self.halts(),
            since: self.now(),
            seen: false,
        };
        *self.goal() = None;
        self.look_for_home(&homing)?;
        *self.homing() = Some(homing);
        Ok(())
    }

    /// Sets off the first joint.
    fn look_for_home(&self, homing: &Homing) -> Result<(), Trouble> {
        let first = homing.joints.front();
        let Some((index, joint)) =
            first.and_then(|index| Some((*index, self.config.joints.get(*index)?)))
        else {
            return Ok(());
        };
        let (_, state) = self.state(joint)?;
        if state != State::OperationEnabled {
            let text = format!("{} is in `{state}`; recover it first", joint.who());
            return Err(Trouble::Refused(text));
        }
        self.take_mode(index, Mode::Homing)?;
        self.write(joint, object::HOMING_METHOD, &joint.homing.to_le_bytes())?;
        let speeds = [
            (object::HOMING_SPEED_SEEK, homing.deg_per_s),
            (object::HOMING_SPEED_ZERO, SLOWER * homing.deg_per_s),
        ];
        for (object, speed) in speeds {
            self.write(joint, object, &joint.rate(speed).to_le_bytes())?;
        }
        if let Some(deg) = self.config.acceleration {
            let rate = joint.rate(deg).to_le_bytes();
            self.write_if_there(joint, object::HOMING_ACCELERATION, &rate)?;
        }
        for word in [
            Controlword::ENABLE_OPERATION,
            Controlword::enabled_with(Controlword::START_HOMING),
        ] {
            self.unless_halted(homing.halts, || {
                self.write(joint, object::CONTROLWORD, &word.to_bytes())
            })?;
        }
        Ok(())
    }

    /// How far it is; `None` when nobody looks for a home. Sets off the next joint when one is there.
    pub(super) fn homing_progress(&self) -> Result<Option<Progress>, Trouble> {
        let Some(mut homing) = self.homing().clone() else {
            return Ok(None);
        };
        let Some(index) = homing.joints.front().copied() else {
            return Ok(Some(Progress::Settled));
        };
        let Some(joint) = self.config.joints.get(index) else {
            return Ok(Some(Progress::Stopped));
        };
        let _call = self.within(self.config.patience, "homing");
        let (word, state) = self.state(joint)?;
        if homing.halts != self.halts() || state != State::OperationEnabled {
            *self.homing() = None;
            return Ok(Some(Progress::Stopped));
        }
        match word.homing() {
            Found::UnderWay | Found::Stopping => {
                homing.seen = true;
                *self.homing() = Some(homing);
                return Ok(Some(Progress::Moving));
            }
            Found::Idle | Found::Attained if !homing.seen && self.now() - homing.since < STARTS => {
                return Ok(Some(Progress::Moving));
            }
            Found::Idle => return Ok(Some(Progress::Stopped)),
            Found::Failed { .. } => {
                *self.homing() = None;
                let text = format!(
                    "{} did not find its home (method {}, statusword {:04X})",
                    joint.who(),
                    joint.homing,
                    word.0
                );
                return Err(Trouble::Event {
                    code: "homing".into(),
                    text,
                });
            }
            Found::Attained if !self.is_still(index) => return Ok(Some(Progress::Moving)),
            Found::Attained => (),
        }
        self.unless_halted(homing.halts, || {
            self.write(
                joint,
                object::CONTROLWORD,
                &Controlword::ENABLE_OPERATION.to_bytes(),
            )
        })?;
        self.take_mode(index, self.config.position_mode())?;
        homing.joints.pop_front();
        (homing.since, homing.seen) = (self.now(), false);
        self.look_for_home(&homing)?;
        let over = homing.joints.is_empty();
        *self.homing() = Some(homing);
        Ok(Some(match over {
            true => Progress::Settled,
            false => Progress::Moving,
        }))
    }
}
