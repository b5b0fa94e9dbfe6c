//! Trials: numbered, with an outcome, repeated when invalid for a reason that the plan names, and
//! only so often.

use crate::executor::{Cut, Executor, words};
use certbench_model::step::{Outcome, OutcomeRule, Trial};
use certbench_model::{CaseEnd, EventBody};

/// The reason for a trial that certbench's own stop spoilt.
const OWN_STOP: &str = "own-stop";

/// The trial that is going on.
#[derive(Clone, Debug, Default)]
pub(crate) struct TrialState {
    pub(crate) number: u32,
    outcome: Option<Outcome>,
    /// The rule that decides by the record, of a trial whose number of successes ends a repeat.
    pub(crate) rule: Option<OutcomeRule>,
    /// Whether the rule's window kept it, seen as it closed.
    pub(crate) kept: Option<bool>,
}

impl Executor {
    /// Performs a trial, again and again while it is invalid and the plan allows one more.
    ///
    /// An outcome never cuts a trial short: the steps that bring the bench back (release, lower,
    /// recover) are steps of the trial too.
    pub(super) fn trial(&mut self, trial: &Trial, path: &str) -> Result<(), Cut> {
        let (scope, depth) = (self.scope.clone(), self.open.len());
        let branches = self.branches.len();
        loop {
            let number = self.begin_trial(trial);
            let outcome = match self.attempts(trial, number, path) {
                Ok(()) => {
                    let state = self.case.trial.take().unwrap_or_default();
                    self.tally(trial, &state);
                    state.outcome
                }
                // What goes on beside the trial was halted with it, and cannot be begun anew.
                Err(cut) if cut.own_stop && names(trial, OWN_STOP) && branches == 0 => {
                    self.case.trial = None;
                    self.scope.clone_from(&scope);
                    self.drop_branches(branches);
                    self.spoilt(&cut, depth)?;
                    Some(Outcome::Invalid(OWN_STOP.to_string()))
                }
                Err(cut) => return Err(cut),
            };
            self.control.note(|p| p.trial = 0);
            self.tell(EventBody::TrialEnded {
                trial: trial.id.clone(),
                number,
                outcome: outcome.clone(),
            });
            let Some(Outcome::Invalid(reason)) = outcome else {
                return Ok(());
            };
            self.count_invalid(trial, &reason)?;
            // After an own stop; else the bench is ready.
            self.make_ready()?;
        }
    }

    /// The steps of a trial, and again while it fails and the plan allows another attempt.
    fn attempts(&mut self, trial: &Trial, number: u32, path: &str) -> Result<(), Cut> {
        for attempt in 1.. {
            self.steps(&trial.steps, path)?;
            let state = self.case.trial.as_mut();
            let Some(state) = state.filter(|s| s.outcome == Some(Outcome::Failure)) else {
                break;
            };
            if attempt >= trial.attempts {
                break;
            }
            state.outcome = None;
            self.tell(EventBody::Retried {
                trial: trial.id.clone(),
                number,
                attempt,
            });
        }
        Ok(())
    }

    /// Counts a trial with a sampling plan, so that a repeat can end by it. The judge counts again,
    /// from the record alone.
    fn tally(&mut self, trial: &Trial, state: &TrialState) {
        let success = match (&state.outcome, state.kept) {
            (Some(Outcome::Invalid(_)), _) => return,
            (Some(Outcome::Failure | Outcome::Censored), _) => false,
            (Some(Outcome::Success), kept) => kept.unwrap_or(true),
            (None, Some(kept)) => kept,
            (None, None) => return,
        };
        if trial.sampling.is_some() {
            let tally = self.case.tallies.entry(trial.id.clone()).or_default();
            tally.successes += u32::from(success);
            tally.failures += u32::from(!success);
        }
    }

    fn begin_trial(&mut self, trial: &Trial) -> u32 {
        self.case.trials += 1;
        let number = self.case.trials;
        self.case.trial = Some(TrialState {
            number,
            rule: trial.outcome.clone().filter(|_| trial.sampling.is_some()),
            ..TrialState::default()
        });
        self.control.note(|p| p.trial = number);
        self.tell(EventBody::TrialStarted {
            trial: trial.id.clone(),
            context: self.context(),
        });
        number
    }

    /// After an own stop: everything safe, and the record has it before the trial ends.
    fn spoilt(&mut self, cut: &Cut, depth: usize) -> Result<(), Cut> {
        self.cut_windows(depth);
        let left = self.settle(false, &words(&cut.end));
        self.disarm();
        if left.is_empty() {
            Ok(())
        } else {
            Err(cut.clone())
        }
    }

    fn count_invalid(&mut self, trial: &Trial, reason: &str) -> Result<(), Cut> {
        let count = self.case.invalid.entry(trial.id.clone()).or_default();
        *count += 1;
        if *count <= trial.invalid_most {
            return Ok(());
        }
        let text = format!(
            "{count} invalid trials of `{}` (the last: {reason}); the plan allows {}",
            trial.id, trial.invalid_most
        );
        self.send_halts();
        Err(Cut {
            end: CaseEnd::TooManyInvalid(text),
            run: None,
            own_stop: false,
        })
    }

    /// The outcome of the trial that is going on. The first word counts, but an invalid trial is
    /// invalid whatever was said before.
    pub(super) fn decide(&mut self, outcome: Outcome) {
        if let Some(trial) = &mut self.case.trial {
            let invalid = matches!(outcome, Outcome::Invalid(_));
            if trial.outcome.is_none() || invalid {
                trial.outcome = Some(outcome);
            }
        }
    }
}

fn names(trial: &Trial, reason: &str) -> bool {
    trial.invalid_if.iter().any(|r| r == reason)
}
