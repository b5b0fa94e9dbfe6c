//! The steps of a case, one file a kind.

mod again;
mod during;
mod handshake;
mod instrument;
mod motion;
mod program;
mod prompt;
mod stop;
mod trial;
mod wait;
mod window;

use crate::bench::fill;
use crate::executor::{Cut, Executor};
use certbench_model::step::{Scope, Stop, Target};
use certbench_model::{EventBody, Quantity, Step};
use handshake::Start;
use std::collections::BTreeMap;

pub(crate) use during::Branch;
pub(crate) use program::{actuations, program_name, wiring};
pub(crate) use trial::TrialState;
pub(crate) use window::{OpenWindow, SILENT_INTERVALS};

/// What is counted within a case.
#[derive(Debug, Default)]
pub(crate) struct CaseState {
    pub(crate) id: String,
    /// Instances of each window.
    pub(crate) windows: BTreeMap<String, u32>,
    /// Trials begun.
    pub(crate) trials: u32,
    /// Invalid trials of each id.
    pub(crate) invalid: BTreeMap<String, u32>,
    /// The trial that is going on.
    pub(crate) trial: Option<TrialState>,
    /// Values that were taken from windows.
    pub(crate) taken: BTreeMap<String, TakenValues>,
    /// Trials with a sampling plan since the repeat that may end by it began.
    pub(crate) tallies: BTreeMap<String, Tally>,
    /// Programs that were started and not yet seen at their end, by robot.
    pub(crate) starts: BTreeMap<String, Start>,
    /// How samples outside of windows are recorded, seconds; `None`: all of them.
    pub(crate) thinned_s: Option<f64>,
}

/// Trials that counted.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Tally {
    pub(crate) successes: u32,
    pub(crate) failures: u32,
}

/// What was taken under one name.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TakenValues {
    pub(crate) first: Quantity,
    pub(crate) previous: Option<Quantity>,
    pub(crate) last: Quantity,
}

impl CaseState {
    pub(crate) fn new(id: &str) -> CaseState {
        CaseState {
            id: id.to_string(),
            ..CaseState::default()
        }
    }

    /// One more value under a name.
    pub(crate) fn take(&mut self, name: &str, value: Quantity) {
        let taken = self.taken.entry(name.to_string());
        taken
            .and_modify(|t| {
                t.previous = Some(t.last);
                t.last = value;
            })
            .or_insert(TakenValues {
                first: value,
                previous: None,
                last: value,
            });
    }
}

impl Executor {
    /// Performs steps in order; `path` is the place of what contains them.
    pub(crate) fn steps(&mut self, steps: &[Step], path: &str) -> Result<(), Cut> {
        self.steps_from(steps, path, 0)
    }

    /// The same for steps whose first has this place among the inner steps.
    pub(crate) fn steps_from(
        &mut self,
        steps: &[Step],
        path: &str,
        first: usize,
    ) -> Result<(), Cut> {
        for (index, step) in steps.iter().enumerate() {
            self.step(step, &format!("{path}/{}", first + index))?;
        }
        Ok(())
    }

    fn step(&mut self, step: &Step, path: &str) -> Result<(), Cut> {
        self.pulse()?;
        let what = words(step, &self.scope);
        self.control.note(|p| p.step.clone_from(&what));
        let started = EventBody::StepStarted {
            path: path.to_string(),
            what,
            context: self.context(),
        };
        match self.quiet {
            true => *self.untold.borrow_mut() = Some(started),
            false => self.tell(started),
        }
        // The record of what went before has been written, or the flow is cut here.
        self.pulse()?;
        match step {
            Step::Prompt(prompt) => self.prompt(prompt),
            Step::Move(step) => self.movement(step),
            Step::Grasp(step) => self.grasp(step),
            Step::Release(step) => self.release(step),
            Step::Drive(step) => self.drive(step),
            Step::Program(program) => self.program(program),
            Step::Set(set) => self.set(set),
            Step::Stop(stop) => self.stop(stop),
            Step::Wait(wait) => self.wait(wait).map(drop),
            Step::Window(window) => self.window(window, path),
            Step::Repeat(repeat) => self.repeat(repeat, path),
            Step::Trial(trial) => self.trial(trial, path),
            Step::Mark(mark) => self.mark(mark),
            Step::Zero(zero) => self.zero(zero),
            Step::Check(check) => self.check(check),
            Step::Require(require) => self.require(require),
            Step::During(during) => self.during(during, path),
            Step::Matrix(matrix) => self.matrix(matrix, path),
            Step::Schedule(schedule) => self.schedule(schedule, path),
            Step::Block(block) => self.block(block, path),
        }?;
        self.pulse()?;
        let told = self.untold.borrow_mut().take().is_none();
        if told {
            self.tell(EventBody::StepEnded {
                path: path.to_string(),
            });
        }
        self.count_step();
        Ok(())
    }

    pub(crate) fn count_step(&mut self) {
        self.steps_done += 1;
        let percent = 100.0 * self.steps_done as f64 / self.steps_planned as f64;
        self.control.note(|p| p.percent = percent.min(100.0));
    }

    /// Fills the placeholders of a text in the scope of now.
    pub(crate) fn filled(&mut self, text: &str) -> Result<String, Cut> {
        fill(&self.scope, text).map_err(|why| self.impossible(why))
    }
}

/// The step's word with its main argument, for people.
fn words(step: &Step, scope: &Scope) -> String {
    let argument = match step {
        Step::Prompt(p) => p.id.clone(),
        Step::Move(m) => match &m.to {
            Target::Pose(name) | Target::Preset(name) => format!("{} to {name}", m.device),
            Target::Home => format!("{} to its home", m.device),
            Target::Joints(angles) => {
                let joints: Vec<_> = angles.keys().map(String::as_str).collect();
                format!("{} {}", m.device, joints.join(", "))
            }
        },
        Step::Grasp(g) => format!("{} {}", g.device, g.preset),
        Step::Release(r) => r.device.clone(),
        Step::Drive(d) => format!("{} to {}", d.device, d.to),
        Step::Program(p) => program::words(p),
        Step::Set(s) => format!("{} to {}", s.output, s.to),
        Step::Stop(Stop::Command { device }) => device.clone(),
        Step::Stop(Stop::Output(s)) => format!("{} to {}", s.output, s.to),
        Step::Stop(Stop::Person(p)) => format!("by hand: {}", p.id),
        Step::Stop(Stop::Heartbeat { device }) => format!("{device}: heartbeat withheld"),
        Step::Stop(Stop::Recover { device, .. }) => format!("{device}: recover"),
        Step::Wait(w) => wait::words(w),
        Step::Window(w) => w.id.clone(),
        Step::Repeat(r) => format!("{} times over {}", r.over.count(), r.variable),
        Step::Trial(t) => t.id.clone(),
        Step::Mark(m) => m.name.clone(),
        Step::Zero(z) => z.channel.clone(),
        Step::Check(c) => c.channel.clone(),
        Step::Require(r) => wait::condition_words(&r.condition),
        Step::During(d) => during::beside_words(d),
        Step::Matrix(m) => format!("{} combinations", m.cells.len()),
        Step::Schedule(s) => format!("{} times, every {} s", s.times, s.every_s),
        Step::Block(b) => b.id.clone(),
    };
    let filled = scope.fill(&argument).unwrap_or(argument);
    format!("{} {filled}", step.word())
}
