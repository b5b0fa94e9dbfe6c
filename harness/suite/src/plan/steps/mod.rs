//! Steps as written to steps of a plan. Every complaint is made; a step that could not be read is
//! left out, which matters no more, since a plan with an error is never made.

mod again;
mod ask;
mod beside;
mod driven;
mod instrument;
mod motion;
mod register;
mod structure;
mod wait;
mod watch;

pub(crate) use watch::watches;

use super::env::{Env, STEPS_WRITTEN_MAX, Scope};
use super::view::View;
use crate::check::literal::unknown;
use crate::complaint::{Complaint, Span};
use crate::written::step::{Step as Written, Steps};
use crate::yaml::At;
use certbench_model::{Sampling, Step};
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;

/// What is known of a case while its steps are read.
pub(crate) struct CaseReader<'a, 'e> {
    pub(crate) env: &'e Env<'a>,
    pub(crate) windows: RefCell<BTreeMap<String, WindowSeen>>,
    pub(crate) trials: RefCell<BTreeMap<String, TrialSeen>>,
    prompts: RefCell<BTreeMap<String, Span>>,
    /// Values that windows take.
    pub(crate) taken: RefCell<again::TakenNames>,
    /// Sampling plans of trials.
    pub(crate) plans: RefCell<BTreeMap<String, Sampling>>,
}

/// A window of the case.
#[derive(Clone, Debug)]
pub(crate) struct WindowSeen {
    pub(crate) span: Span,
    pub(crate) record: Vec<String>,
}

/// A trial of the case.
#[derive(Clone, Debug)]
pub(crate) struct TrialSeen {
    pub(crate) span: Span,
    /// Whether a rule or an answer decides between success and failure.
    pub(crate) decided: bool,
    /// Whether it has a sampling plan.
    pub(crate) sampled: bool,
}

/// Where a step stands.
#[derive(Clone, Default)]
pub(crate) struct Place<'a> {
    pub(crate) scope: Scope<'a>,
    /// The trial around it.
    trial: Option<Rc<Attempt>>,
    /// Inside a `finally`.
    closing: bool,
    /// Inside a `during`.
    beside: bool,
    /// A condition that is a precondition.
    requiring: bool,
}

impl<'a> Place<'a> {
    /// The same place inside one more repeat.
    fn with(&self, variable: super::env::Variable<'a>) -> Place<'a> {
        Place {
            scope: self.scope.with(variable),
            ..self.clone()
        }
    }
}

/// The trial around a step.
struct Attempt {
    invalid_if: Vec<String>,
    decided: Cell<bool>,
}

impl<'a, 'e> CaseReader<'a, 'e> {
    pub(crate) fn new(env: &'e Env<'a>) -> CaseReader<'a, 'e> {
        CaseReader {
            env,
            windows: RefCell::default(),
            trials: RefCell::default(),
            prompts: RefCell::default(),
            taken: RefCell::default(),
            plans: RefCell::default(),
        }
    }

    /// The steps of a case.
    pub(crate) fn case_steps(&self, written: &'a At<Steps>) -> Vec<Step> {
        self.steps(written, &Place::default())
    }

    /// The steps of a `finally`.
    pub(crate) fn closing_steps(&self, written: Option<&'a At<Steps>>) -> Vec<Step> {
        let place = Place {
            closing: true,
            ..Place::default()
        };
        written.map_or_else(Vec::new, |w| self.steps(w, &place))
    }

    fn steps(&self, written: &'a At<Steps>, place: &Place<'a>) -> Vec<Step> {
        let mut steps = Vec::new();
        for step in written.get().into_iter().flatten() {
            let left = self.env.steps_left.get();
            if left == 0 {
                let message =
                    format!("the plan would have more than {STEPS_WRITTEN_MAX} steps on paper");
                self.env
                    .sink
                    .push(Complaint::new("too-long", step.head, message).note(
                    "a repeat over a table is written out row by row when a value comes from a row",
                ));
                return steps;
            }
            self.env.steps_left.set(left - 1);
            steps.extend(self.step(step, place));
        }
        steps
    }

    fn step(&self, written: &'a At<Written>, place: &Place<'a>) -> Vec<Step> {
        let Some(step) = written.get() else {
            return Vec::new();
        };
        let one = match step {
            Written::Repeat(repeat) => return self.repeat(repeat, written.head, place),
            Written::Matrix(matrix) => return self.matrix(matrix, written.head, place),
            Written::Register(register) => return self.register(register, written.head, place),
            Written::Prompt(prompt) => self.prompt(prompt, place).map(Step::Prompt),
            Written::Move(motion) => self.movement(motion, place).map(Step::Move),
            Written::Grasp(grasp) => self.grasp(grasp, place).map(Step::Grasp),
            Written::Release(release) => self.release(release, place).map(Step::Release),
            Written::Drive(drive) => self.drive(drive, written.head, place).map(Step::Drive),
            Written::Program(program) => self
                .program(program, written.head, place)
                .map(Step::Program),
            Written::Set(set) => self.set_output(set, place).map(Step::Set),
            Written::Stop(stop) => self.stop(stop, written.head, place).map(Step::Stop),
            Written::Recover(recover) => self.recover(recover, place).map(Step::Stop),
            Written::Wait(wait) => self.wait(wait, written.head, place).map(Step::Wait),
            Written::Window(window) => self.window(window, written.head, place).map(Step::Window),
            Written::Trial(trial) => self.trial(trial, written.head, place).map(Step::Trial),
            Written::Mark(mark) => self.mark(mark, place).map(Step::Mark),
            Written::Zero(zero) => self.zero(zero).map(Step::Zero),
            Written::Check(check) => self.check(check, place).map(Step::Check),
            Written::Require(require) => self
                .require(require, written.head, place)
                .map(Step::Require),
            Written::During(during) => self.during(during, written.head, place).map(Step::During),
            Written::Schedule(schedule) => self
                .schedule(schedule, written.head, place)
                .map(Step::Schedule),
            Written::Block(block) => self.block(block, written.head, place).map(Step::Block),
            // Written out before the file was read; one that is left has had its complaint.
            Written::Use(_) => None,
        };
        one.into_iter().collect()
    }

    /// A channel of `needs.channels`.
    pub(crate) fn channel(&self, written: &At<String>) -> Option<(&'e View, &'e str)> {
        let name = written.get()?;
        self.env.note("channel", name);
        let env: &'e Env<'a> = self.env;
        if let Some((name, view)) = env.channels.get_key_value(name) {
            return Some((view, name));
        }
        self.not_needed("unknown-channel", "channel", "channels", written, {
            env.suite.needs.channels.keys().map(String::as_str)
        });
        None
    }

    /// The complaint about a name that `needs` does not have.
    fn not_needed<'k>(
        &self,
        code: &'static str,
        what: &str,
        list: &str,
        written: &At<String>,
        known: impl Iterator<Item = &'k str>,
    ) {
        let Some(name) = written.get() else { return };
        let needs = &self.env.suite.needs;
        let had_its_complaint = needs.unreadable.contains(name)
            || (what == "channel" && needs.channels.contains_key(name));
        if !had_its_complaint {
            self.env.sink.push(
                unknown(code, what, name, written.span, known)
                    .note(format!("steps may name what stands under `needs.{list}`")),
            );
        }
    }
}
