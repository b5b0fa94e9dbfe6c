//! Steps that hold steps: repeat, trial, window.

use super::{Attempt, CaseReader, Place, TrialSeen, WindowSeen};
use crate::check::literal::identifier;
use crate::check::shared::not_empty;
use crate::complaint::{Complaint, Span};
use crate::plan::env::{Variable, VariableKind};
use crate::plan::shuffle::shuffled;
use crate::written::step::{
    Order, Over as WrittenOver, Repeat as WrittenRepeat, Sampling as WrittenSampling, Step, Steps,
    Trial as WrittenTrial, Window as WrittenWindow,
};
use crate::yaml::{At, Scalar};
use certbench_model::Step as Planned;
use certbench_model::plan::Row;
use certbench_model::sampling::Sprt;
use certbench_model::step::{Over, Repeat, Trial, Wait, Window};
use certbench_model::{Sampling, Unit};
use std::cell::Cell;
use std::rc::Rc;

/// Most passes of one repeat.
const PASSES_MAX: u64 = 100_000;

/// What a repeat goes over.
enum Passes<'a> {
    Times(u32),
    Rows {
        name: &'a str,
        rows: Vec<&'a Row>,
        seed: Option<u64>,
    },
}

impl<'a> CaseReader<'a, '_> {
    /// A repeat; several when its rows must be written out one by one, because a value (a speed, a
    /// time) comes from the row.
    pub(super) fn repeat(
        &self,
        written: &'a WrittenRepeat,
        head: Span,
        place: &Place<'a>,
    ) -> Vec<Planned> {
        self.not_in_closing("repeat", head, place);
        let sink = self.env.sink;
        not_empty("empty-steps", "steps of the repeat", &written.steps, sink);
        let variable = written.variable.get().and_then(|name| {
            let at = written.variable.span;
            identifier(name, at, "a variable", sink)?;
            if place.scope.find(name).is_some() {
                let message = format!("`{name}` is already the variable of a repeat around this");
                sink.push(Complaint::new("duplicate-id", at, message));
            }
            Some(name.as_str())
        });
        let passes = written
            .over
            .get()
            .and_then(|o| self.passes(o, written.over.head, place));
        let (Some(name), Some(passes)) = (variable, passes) else {
            // The steps inside are read all the same: they have complaints of their own, and windows.
            let name = written.variable.get().map_or("", String::as_str);
            self.inside(&written.steps, name, VariableKind::Unknown, place);
            self.every(written.every.as_ref(), u64::MAX, place);
            return Vec::new();
        };
        match passes {
            Passes::Times(n) => {
                let kind = VariableKind::Count(n.into());
                let steps = self.inside(&written.steps, name, kind, place);
                let mut repeat = Repeat::new(name, Over::Times(n), steps);
                repeat.every = self.every(written.every.as_ref(), n.into(), place);
                if let Some(until) = &written.until {
                    let ending = until.get();
                    let ending = ending.and_then(|u| self.ending(u, until.head, place));
                    let Some(ending) = ending else {
                        return Vec::new();
                    };
                    repeat.until = Some(ending);
                }
                let Some(thinned) = self.thinned(written.thinned.as_ref(), place) else {
                    return Vec::new();
                };
                repeat.thinned_s = thinned;
                vec![Planned::Repeat(repeat)]
            }
            Passes::Rows {
                name: table,
                rows,
                seed,
            } => {
                self.only_counted(written);
                self.every(written.every.as_ref(), u64::MAX, place);
                self.over_rows(&written.steps, name, table, rows, seed, place)
            }
        }
    }

    /// What a repeat over rows does not have: its rows are all done, each alike.
    fn only_counted(&self, written: &WrittenRepeat) {
        let every = written.every.as_ref().map(|e| ("every", e.head));
        let until = written.until.as_ref().map(|u| ("until", u.head));
        let thinned = written.thinned.as_ref().map(|t| ("thinned", t.span));
        for (key, at) in every.into_iter().chain(until).chain(thinned) {
            let message = format!("`{key}` belongs to a repeat with `times`");
            let complaint = Complaint::new("needless-key", at, message);
            let help = "put a repeat with `times` around this one";
            self.env.sink.push(complaint.help(help));
        }
    }

    pub(super) fn over_rows(
        &self,
        written: &'a At<Steps>,
        name: &'a str,
        table_name: &'a str,
        rows: Vec<&'a Row>,
        seed: Option<u64>,
        place: &Place<'a>,
    ) -> Vec<Planned> {
        let Some(table) = self.env.suite.tables.get(table_name) else {
            return Vec::new();
        };
        let over = |rows: &[&Row]| Over::Rows {
            table: table_name.to_string(),
            order: rows.iter().map(|r| r.id.clone()).collect(),
            seed,
        };
        let body = |rows: &[&'a Row]| {
            let typed = Rc::new(Cell::new(false));
            let kind = VariableKind::Rows {
                table,
                rows: rows.to_vec(),
                typed: typed.clone(),
            };
            let steps = self.inside(written, name, kind, place);
            (steps, typed.get())
        };
        let (steps, typed) = body(&rows);
        if !typed {
            return vec![again(name, over(&rows), steps)];
        }
        rows.iter()
            .map(|row| again(name, over(&[row]), body(&[row]).0))
            .collect()
    }

    pub(super) fn inside(
        &self,
        written: &'a At<Steps>,
        name: &'a str,
        kind: VariableKind<'a>,
        place: &Place<'a>,
    ) -> Vec<Planned> {
        let inner = Place {
            scope: place.scope.with(Variable { name, kind }),
            ..place.clone()
        };
        self.steps(written, &inner)
    }

    fn passes(
        &self,
        written: &'a WrittenOver,
        head: Span,
        place: &Place<'a>,
    ) -> Option<Passes<'a>> {
        let sink = self.env.sink;
        match (&written.times, &written.table) {
            (Some(times), None) => {
                let order = written.order.as_ref().map(|o| o.span);
                let seed = written.seed.as_ref().map(|s| s.span);
                for at in order.into_iter().chain(seed) {
                    let message = "only the rows of a table have an order";
                    sink.push(Complaint::new("needless-key", at, message));
                }
                let n = self.env.count(times, &place.scope)?;
                if n == 0 || n > PASSES_MAX {
                    let message = format!("{n} passes; 1 to {PASSES_MAX} are possible");
                    sink.push(Complaint::new("out-of-range", times.span, message));
                    return None;
                }
                u32::try_from(n).ok().map(Passes::Times)
            }
            (None, Some(table)) => self.rows(written, table),
            _ => {
                let message = "a repeat goes over exactly one of `times` and `table`";
                sink.push(
                    Complaint::new("one-of", head, message)
                        .help("write `{ times: 30 }` or `{ table: objects }`"),
                );
                None
            }
        }
    }

    fn rows(&self, written: &'a WrittenOver, table: &'a At<String>) -> Option<Passes<'a>> {
        let sink = self.env.sink;
        let (name, found) = self.table(table)?;
        let given: Vec<&Row> = found.rows.iter().map(|(_, row)| row).collect();
        let order = match &written.order {
            None => Order::Given,
            Some(order) => *order.get()?,
        };
        let seed = match &written.seed {
            None => None,
            Some(seed) => Some((self.seed(seed)?, seed.span)),
        };
        match (order, seed) {
            (Order::Given, None) => Some(Passes::Rows {
                name,
                rows: given,
                seed: None,
            }),
            (Order::Given, Some((_, at))) => {
                let message = "a seed without a shuffle";
                let complaint = Complaint::new("needless-key", at, message);
                sink.push(complaint.help("add `order: shuffled`"));
                None
            }
            (Order::Shuffled, None) => {
                let message = "a shuffled order needs its seed: the same plan every time";
                let at = written.order.as_ref().map_or(table.span, |o| o.span);
                sink.push(Complaint::new("missing-seed", at, message).help("add `seed: 1`"));
                None
            }
            (Order::Shuffled, Some((seed, _))) => Some(Passes::Rows {
                name,
                rows: shuffled(given, seed),
                seed: Some(seed),
            }),
        }
    }

    pub(super) fn seed(&self, written: &At<Scalar>) -> Option<u64> {
        let text = &written.get()?.text;
        let seed = text.parse::<u64>().ok();
        if seed.is_none() {
            let message = format!("`{text}` is no seed; a whole number is expected");
            self.env
                .sink
                .push(Complaint::new("not-a-count", written.span, message));
        }
        seed
    }

    pub(super) fn trial(
        &self,
        written: &'a WrittenTrial,
        head: Span,
        place: &Place<'a>,
    ) -> Option<Trial> {
        self.not_in_closing("trial", head, place);
        let sink = self.env.sink;
        if place.trial.is_some() {
            let message = "a trial inside a trial";
            sink.push(Complaint::new("nested-trial", head, message));
        }
        not_empty("empty-steps", "steps of the trial", &written.steps, sink);
        let id = written
            .id
            .get()
            .and_then(|id| identifier(id, written.id.span, "a trial", sink));
        let reasons = self.reasons(written);
        let invalid_most = self.invalid_cap(written, place);
        let attempts = self.attempts(written, place);
        let attempt = Rc::new(Attempt {
            invalid_if: reasons.clone(),
            decided: Cell::new(written.outcome.is_some()),
        });
        let inner = Place {
            trial: Some(attempt.clone()),
            ..place.clone()
        };
        let steps = self.steps(&written.steps, &inner);
        let mut inside = Vec::new();
        windows_of(&written.steps, &mut inside);
        let outcome = written.outcome.as_ref();
        let outcome = outcome.map(|o| self.outcome(o, &inside, place));
        let id = id?;
        let read = |at: &At<WrittenSampling>| self.sampling(at.get()?, at.head, place);
        let sampling = written.plan.as_ref().map(read);
        if let Some(Some(sampling)) = sampling {
            self.plans.borrow_mut().insert(id.clone(), sampling);
        }
        let seen = TrialSeen {
            span: written.id.span,
            decided: attempt.decided.get(),
            sampled: sampling.is_some(),
        };
        let first = {
            let mut trials = self.trials.borrow_mut();
            trials.entry(id.clone()).or_insert(seen).span
        };
        self.once("trial", &id, first, written.id.span);
        Some(Trial {
            id,
            steps,
            outcome: match outcome {
                None => None,
                Some(rule) => Some(rule?),
            },
            invalid_if: reasons,
            invalid_most: invalid_most?,
            attempts: attempts?,
            sampling: match sampling {
                None => None,
                Some(sampling) => Some(sampling?),
            },
        })
    }

    /// A sampling plan: so many trials with so many failures, or a sequential test.
    fn sampling(
        &self,
        written: &WrittenSampling,
        head: Span,
        place: &Place<'a>,
    ) -> Option<Sampling> {
        let sink = self.env.sink;
        let trials = self.positive_count(&written.trials, place)?;
        let level = |at: &At<Scalar>| self.env.number(at, Unit::one(), &place.scope);
        let of = (&written.good, &written.bad, &written.alpha, &written.beta);
        match (&written.failures, of) {
            (Some(failures), (None, None, None, None)) => {
                let failures_most = u32::try_from(self.env.count(failures, &place.scope)?).ok()?;
                if failures_most >= trials {
                    let message = format!(
                        "with {failures_most} failures of {trials} trials everything is accepted"
                    );
                    sink.push(Complaint::new("out-of-range", failures.span, message));
                    return None;
                }
                Some(Sampling::Single {
                    trials,
                    failures: failures_most,
                })
            }
            (None, (Some(good), Some(bad), Some(alpha), Some(beta))) => {
                let test = Sprt::new(level(good)?, level(bad)?, level(alpha)?, level(beta)?);
                if test.is_none() {
                    let message = "this is no test: `good` lies above `bad`, both between 0 and 100 %, \
                                   and each risk between 0 and 50 %";
                    sink.push(Complaint::new("out-of-range", head, message));
                }
                test.map(|test| Sampling::Sequential { test, trials })
            }
            _ => {
                let message = "a plan has `trials` and `failures`, or `trials` with `good`, `bad`, \
                               `alpha` and `beta`";
                sink.push(
                    Complaint::new("one-of", head, message)
                        .help("write for example `{ trials: 59, failures: 0 }`"),
                );
                None
            }
        }
    }

    /// A trial that is tried again must be decided by somebody who is there: an answer or a time-out.
    fn attempts(&self, written: &WrittenTrial, place: &Place<'a>) -> Option<u32> {
        let Some(at) = &written.attempts else {
            return Some(0);
        };
        if let Some(outcome) = &written.outcome {
            let message = "the record decides this trial, later; it cannot be tried again now";
            self.env.sink.push(
                Complaint::new("needless-key", at.span, message)
                    .also(outcome.head, "the rule")
                    .help("let an answer with `means`, or `otherwise: failure`, decide it"),
            );
        }
        self.positive_count(at, place)
    }

    fn reasons(&self, written: &WrittenTrial) -> Vec<String> {
        let list = written.invalid_if.as_ref().and_then(At::get);
        let names = list
            .into_iter()
            .flatten()
            .filter_map(|at| identifier(at.get()?, at.span, "a reason", self.env.sink));
        names.collect()
    }

    /// Reasons and cap belong together.
    fn invalid_cap(&self, written: &WrittenTrial, place: &Place<'a>) -> Option<u32> {
        let sink = self.env.sink;
        match (&written.invalid_if, &written.invalid_at_most) {
            (None, None) => Some(0),
            (Some(reasons), None) => {
                let message = "reasons for invalid trials, and no cap on their number";
                sink.push(
                    Complaint::new("missing-cap", reasons.head, message)
                        .help("add for example `invalid_at_most: 2`"),
                );
                None
            }
            (None, Some(cap)) => {
                let message = "a cap on invalid trials, and no reason for one";
                sink.push(
                    Complaint::new("missing-reason", cap.head, message)
                        .help("add for example `invalid_if: [object-misplaced]`"),
                );
                None
            }
            (Some(_), Some(cap)) => {
                let n = self.env.count(cap, &place.scope)?;
                u32::try_from(n).ok()
            }
        }
    }

    pub(super) fn window(
        &self,
        written: &'a WrittenWindow,
        head: Span,
        place: &Place<'a>,
    ) -> Option<Window> {
        self.not_in_closing("window", head, place);
        let sink = self.env.sink;
        not_empty("empty-record", "recorded channels", &written.record, sink);
        let mut record = Vec::new();
        let mut views = Vec::new();
        for at in written.record.get().into_iter().flatten() {
            let Some((view, name)) = self.channel(at) else {
                continue;
            };
            if record.iter().any(|c| c == name) {
                let message = format!("`{name}` is recorded twice");
                sink.push(Complaint::new("duplicate-id", at.span, message));
                continue;
            }
            record.push(name.to_string());
            views.push(view);
        }
        let id = written
            .id
            .get()
            .and_then(|id| identifier(id, written.id.span, "a window", sink));
        if let Some(id) = &id {
            let seen = WindowSeen {
                span: written.id.span,
                record: record.clone(),
            };
            let first = {
                let mut windows = self.windows.borrow_mut();
                windows.entry(id.clone()).or_insert(seen).span
            };
            self.once("window", id, first, written.id.span);
        }
        let take = self.take(written.take.as_ref(), &record, place);
        let steps = written.steps.as_ref().map(|s| self.steps(s, place));
        let until = match &written.until {
            None => None,
            Some(at) => Some(self.wait(at.get()?, at.head, place)?),
        };
        if steps.is_none() && until.is_none() {
            let message = "a window that closes at once records nothing";
            sink.push(
                Complaint::new("empty-window", head, message)
                    .help("add `until: { for: 1 s }`, or steps"),
            );
        }
        if let (None, Some(Wait::For(seconds)), Some(at)) = (&steps, &until, &written.until) {
            for view in views {
                self.long_enough(view, *seconds, at.span, "the window");
            }
        }
        Some(Window {
            id: id?,
            record,
            steps: steps.unwrap_or_default(),
            until,
            take,
        })
    }

    /// `finally` brings things to rest; nothing is measured there.
    pub(super) fn not_in_closing(&self, what: &str, head: Span, place: &Place<'a>) {
        if place.closing {
            let message =
                format!("a `{what}` has no place in `finally`: nothing is measured there");
            self.env
                .sink
                .push(Complaint::new("not-in-finally", head, message));
        }
    }
}

fn again(variable: &str, over: Over, steps: Vec<Planned>) -> Planned {
    Planned::Repeat(Repeat::new(variable, over, steps))
}

/// Ids of all windows in steps, readable or not.
pub(super) fn windows_of(steps: &At<Steps>, ids: &mut Vec<String>) {
    for step in steps.get().into_iter().flatten() {
        let mut inner: Vec<Option<&At<Steps>>> = Vec::new();
        match step.get() {
            Some(Step::Window(window)) => {
                ids.extend(window.id.value.clone());
                inner.push(window.steps.as_ref());
            }
            Some(Step::Repeat(repeat)) => inner.push(Some(&repeat.steps)),
            Some(Step::Register(register)) => inner.push(Some(&register.steps)),
            Some(Step::Trial(trial)) => inner.push(Some(&trial.steps)),
            Some(Step::Matrix(matrix)) => inner.push(Some(&matrix.steps)),
            Some(Step::Schedule(schedule)) => inner.push(Some(&schedule.steps)),
            Some(Step::During(during)) => inner.push(Some(&during.steps)),
            Some(Step::Block(block)) => {
                inner.extend([block.setup.as_ref(), Some(&block.steps)]);
            }
            _ => {}
        }
        for inner in inner.into_iter().flatten() {
            windows_of(inner, ids);
        }
    }
}
