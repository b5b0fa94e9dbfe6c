//! Move, grasp, release, drive: resolved, accepted, armed, begun, and followed until settled.

use crate::executor::{Cut, Executor};
use crate::resolve::{self, Motion};
use certbench_model::Text;
use certbench_model::step::{Drive, Grasp, Move, Release, Until};
use certbench_roles::{Progress, Trouble};
use std::time::Duration;

/// How often a device is asked how far it is, unless it learns that less often itself.
const ASKED_EVERY: Duration = Duration::from_millis(20);

impl Executor {
    pub(super) fn movement(&mut self, step: &Move) -> Result<(), Cut> {
        let motion = resolve::movement(&self.bench, step, &self.scope);
        self.perform_motion(motion)
    }

    pub(super) fn grasp(&mut self, step: &Grasp) -> Result<(), Cut> {
        let motion = resolve::grasp(&self.bench, step, &self.scope);
        self.perform_motion(motion)
    }

    pub(super) fn release(&mut self, step: &Release) -> Result<(), Cut> {
        let motion = resolve::release(&self.bench, step);
        self.perform_motion(motion)
    }

    pub(super) fn drive(&mut self, step: &Drive) -> Result<(), Cut> {
        let motion = resolve::drive(&self.bench, step);
        self.perform_motion(motion)
    }

    fn perform_motion(&mut self, motion: Result<Motion, Text>) -> Result<(), Cut> {
        let motion = motion.map_err(|why| self.impossible(why))?;
        self.begin_motion(&motion)?;
        match motion.until {
            Until::Started => Ok(()),
            Until::Settled => self.await_settled(&motion),
        }
    }

    pub(super) fn begin_motion(&mut self, motion: &Motion) -> Result<(), Cut> {
        let id = motion.device.id().to_string();
        self.ensure_armed()?;
        let term = motion.device.call_at_most();
        self.ask(&id, term, || motion.accept())?;
        self.command(&id, &motion.what, term, || motion.begin())
    }

    fn await_settled(&mut self, motion: &Motion) -> Result<(), Cut> {
        let deadline = self.now() + motion.timeout;
        let every = ASKED_EVERY.max(motion.device.learns_every());
        loop {
            self.wait_until(self.now() + every)?;
            let late = self.now() >= deadline;
            if self.settled(motion, late)? {
                return Ok(());
            }
        }
    }

    /// Whether a motion is over; one that is late or blocked is trouble. A motion of the item that
    /// a stop of the plan's has ended is over.
    pub(super) fn settled(&mut self, motion: &Motion, late: bool) -> Result<bool, Cut> {
        let id = motion.device.id().to_string();
        let term = motion.device.call_at_most();
        let stopped = self.stopped_by_plan && self.bench.under_test(&id);
        let (code, text) = match self.ask(&id, term, || motion.progress())? {
            Progress::Settled => return Ok(true),
            Progress::Stopped if motion.may_be_held || stopped => return Ok(true),
            Progress::Stopped => ("blocked", "stands still short of its target".to_string()),
            Progress::Moving if late => {
                let seconds = motion.timeout.as_secs_f64();
                ("not-settled", format!("still moves after {seconds} s"))
            }
            Progress::Moving => return Ok(false),
        };
        let text = format!("{}: {text}", motion.what);
        let code = code.to_string();
        Err(self.trouble(&id, &Trouble::Event { code, text }))
    }
}
