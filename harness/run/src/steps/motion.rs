//! Move, grasp, release: resolved, accepted, armed, begun, and followed until settled.

use crate::executor::{Cut, Executor};
use crate::resolve::{self, Motion};
use certbench_model::Text;
use certbench_model::step::{Grasp, Move, Release, Until};
use certbench_roles::{Progress, Trouble};
use std::time::Duration;

/// How often a device is asked how far it is.
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

    fn perform_motion(&mut self, motion: Result<Motion, Text>) -> Result<(), Cut> {
        let motion = motion.map_err(|why| self.impossible(why))?;
        let id = motion.device.id().to_string();
        self.ensure_armed()?;
        let term = motion.device.call_at_most();
        self.ask(&id, term, || motion.accept())?;
        self.command(&id, &motion.what, term, || motion.begin())?;
        match motion.until {
            Until::Started => Ok(()),
            Until::Settled => self.await_settled(&id, &motion),
        }
    }

    fn await_settled(&mut self, id: &str, motion: &Motion) -> Result<(), Cut> {
        let deadline = self.now() + motion.timeout;
        loop {
            self.wait_until(self.now() + ASKED_EVERY)?;
            let late = self.now() >= deadline;
            let (code, text) =
                match self.ask(id, motion.device.call_at_most(), || motion.progress())? {
                    Progress::Settled => return Ok(()),
                    Progress::Stopped if motion.may_be_held => return Ok(()),
                    Progress::Stopped => ("blocked", "stands still short of its target"),
                    Progress::Moving if late => ("not-settled", "still moves after"),
                    Progress::Moving => continue,
                };
            let seconds = motion.timeout.as_secs_f64();
            let text = match code {
                "blocked" => format!("{}: {text}", motion.what),
                _ => format!("{}: {text} {seconds} s", motion.what),
            };
            let code = code.to_string();
            return Err(self.trouble(id, &Trouble::Event { code, text }));
        }
    }
}
