//! Steps that are done again: repeats with what comes every so many passes, matrices, schedules;
//! and blocks with a set-up and a closing.

use crate::executor::{Cut, Executor};
use crate::resolve::seconds;
use crate::scope;
use crate::steps::Tally;
use crate::trouble;
use certbench_clock::Time;
use certbench_model::step::{Block, Ending, Matrix, Repeat, Schedule};
use certbench_model::{EventBody, FaultKind, Step};
use std::collections::BTreeMap;

impl Executor {
    pub(super) fn repeat(&mut self, repeat: &Repeat, path: &str) -> Result<(), Cut> {
        let plan = self.bench.plan.clone();
        let outer = self.scope.clone();
        let thinned = self.thin(repeat.thinned_s);
        let tallies = self.count_anew(repeat.until.as_ref());
        let of = repeat.over.count();
        if repeat.every.iter().any(|e| e.first) {
            self.every(repeat, 0, path)?;
        }
        let plain = repeat.steps.iter().all(Step::may_stand_beside);
        let mut told = None;
        let mut ended = None;
        let mut passes = 0;
        while passes < of && ended.is_none() {
            let inner = scope::pass(&plan, repeat, passes, &outer);
            self.scope = inner.map_err(|why| self.impossible(why))?;
            self.quiet = plain && self.told_lately(&mut told);
            self.steps(&repeat.steps, path)?;
            self.quiet = false;
            passes += 1;
            self.every(repeat, passes, path)?;
            ended = self.ending(repeat.until.as_ref(), passes)?;
        }
        self.scope = outer;
        self.count_on(tallies);
        self.thin_again(thinned);
        if repeat.until.is_some() || !repeat.every.is_empty() {
            self.tell_ended(&repeat.variable, passes, of, ended);
        }
        Ok(())
    }

    /// Trials are counted from the beginning of the repeat that may end by their number; gives what
    /// was counted around it.
    fn count_anew(&mut self, until: Option<&Ending>) -> Option<BTreeMap<String, Tally>> {
        until.map(|_| std::mem::take(&mut self.case.tallies))
    }

    /// What was counted in the repeat counts around it too.
    fn count_on(&mut self, around: Option<BTreeMap<String, Tally>>) {
        for (trial, before) in around.into_iter().flatten() {
            let tally = self.case.tallies.entry(trial).or_default();
            tally.successes += before.successes;
            tally.failures += before.failures;
        }
    }

    /// Whether a pass needs not be told, because one was within the time of thinned recording.
    fn told_lately(&self, told: &mut Option<Time>) -> bool {
        let now = self.now();
        let lately = match (self.case.thinned_s, *told) {
            (Some(every_s), Some(told)) => now < told + seconds(every_s),
            _ => false,
        };
        if !lately {
            *told = Some(now);
        }
        lately
    }

    /// The ending that has come after so many passes, with its values.
    fn ending(&mut self, until: Option<&Ending>, passes: u32) -> Result<Option<String>, Cut> {
        let Some(ending) = until.filter(|e| passes >= e.at_least) else {
            return Ok(None);
        };
        let when = self.when(&ending.when)?;
        self.holds(&when, 0, passes)
    }

    /// What comes after so many passes; before the first, what is to be compared with.
    fn every(&mut self, repeat: &Repeat, passes: u32, path: &str) -> Result<(), Cut> {
        let mut place = repeat.steps.len();
        for every in &repeat.every {
            let due = match passes {
                0 => every.first,
                n => n % every.passes.max(1) == 0,
            };
            if due {
                self.steps_from(&every.steps, path, place)?;
            }
            place += every.steps.len();
        }
        Ok(())
    }

    pub(super) fn matrix(&mut self, matrix: &Matrix, path: &str) -> Result<(), Cut> {
        let plan = self.bench.plan.clone();
        let outer = self.scope.clone();
        for cell in &matrix.cells {
            let inner = scope::cell(&plan, matrix, cell, &outer);
            self.scope = inner.map_err(|why| self.impossible(why))?;
            self.steps(&matrix.steps, path)?;
        }
        self.scope = outer;
        Ok(())
    }

    /// Passes at their times, counted from the beginning of the first, so that nothing adds up.
    pub(super) fn schedule(&mut self, schedule: &Schedule, path: &str) -> Result<(), Cut> {
        let outer = self.scope.clone();
        let thinned = self.thin(schedule.thinned_s);
        let tallies = self.count_anew(schedule.until.as_ref());
        let start = self.now();
        let mut ended = None;
        let mut passes = 0;
        while passes < schedule.times && ended.is_none() {
            let index = passes;
            let due = start + seconds(schedule.every_s) * index;
            if index > 0 {
                self.fill_until(due, schedule, path)?;
            }
            self.wait_until(due)?;
            let late_s = (self.now() - due).as_secs_f64();
            let pass = index + 1;
            self.tell(EventBody::Scheduled {
                variable: schedule.variable.clone(),
                pass,
                late_s,
            });
            if late_s > schedule.late_s {
                let text = format!(
                    "pass {pass} of `{}` began {late_s} s after its time; the plan allows {} s: \
                     give the passes more time, or allow more",
                    schedule.variable, schedule.late_s
                );
                let subject = format!("schedule `{}`", schedule.variable);
                return Err(self.cut(trouble::fault(FaultKind::Harness, &subject, text)));
            }
            self.scope = outer.clone();
            let variables = &mut self.scope.variables;
            variables.insert(schedule.variable.clone(), pass.to_string());
            self.steps(&schedule.steps, path)?;
            passes = pass;
            ended = self.ending(schedule.until.as_ref(), passes)?;
        }
        self.scope = outer;
        self.count_on(tallies);
        self.thin_again(thinned);
        self.tell_ended(&schedule.variable, passes, schedule.times, ended);
        Ok(())
    }

    /// What is done between passes, as often as it fits: a further time is begun only when the
    /// longest so far would end before the next pass is due.
    fn fill_until(&mut self, due: Time, schedule: &Schedule, path: &str) -> Result<(), Cut> {
        let mut longest = std::time::Duration::ZERO;
        for _ in 0..schedule.between_most {
            if schedule.between.is_empty() || self.now() + longest >= due {
                break;
            }
            let began = self.now();
            self.steps_from(&schedule.between, path, schedule.steps.len())?;
            longest = longest.max(self.now() - began);
        }
        Ok(())
    }

    pub(super) fn block(&mut self, block: &Block, path: &str) -> Result<(), Cut> {
        let mut place = 0;
        for steps in [&block.setup, &block.steps, &block.finally] {
            self.steps_from(steps, path, place)?;
            place += steps.len();
        }
        Ok(())
    }

    /// Records thinned from now on; gives what was in force before. A repeat that says nothing
    /// keeps what is around it.
    fn thin(&mut self, every_s: Option<f64>) -> Option<Option<f64>> {
        let every_s = every_s?;
        let before = self.case.thinned_s.replace(every_s);
        self.tell_thinned(Some(every_s));
        Some(before)
    }

    fn thin_again(&mut self, before: Option<Option<f64>>) {
        if let Some(before) = before {
            self.case.thinned_s = before;
            self.tell_thinned(before);
        }
    }

    /// Records as said from now on, and says so.
    pub(crate) fn tell_thinned(&self, every_s: Option<f64>) {
        self.shared.thin(every_s);
        self.attend(every_s.is_none() || !self.open.is_empty());
        let left_out = self.shared.left_out();
        self.tell(EventBody::Thinned { every_s, left_out });
    }

    /// Whether devices shall give every sample, or one now and then.
    pub(crate) fn attend(&self, every_sample: bool) {
        for (_, device) in self.bench.devices() {
            device.attend(every_sample);
        }
    }

    fn tell_ended(&self, variable: &str, passes: u32, of: u32, ending: Option<String>) {
        self.tell(EventBody::RepeatEnded {
            variable: variable.to_string(),
            passes,
            of,
            ending,
            context: self.context(),
        });
    }
}
