//! Conditions that a suite writes as expressions: over what windows have taken, the channels of
//! this instant and the number of passes. Decided from what has arrived, never guessed: a name
//! without a value leaves the condition without an answer, and that is not yes.

use crate::board::Board;
use crate::steps::{TakenValues, Tally};
use certbench_model::expr::{Expr, Program, Value, Why};
use certbench_model::{Plan, Quantity, Step, Text, Unit};
use std::collections::BTreeMap;

/// A condition ready to be looked at.
#[derive(Clone, Debug)]
pub(crate) struct When {
    program: Program,
    sources: Vec<Source>,
}

/// Where the value of a name comes from.
#[derive(Clone, Debug, PartialEq)]
enum Source {
    Channel {
        channel: u16,
        component: usize,
        unit: Unit,
    },
    Taken(String, Which),
    Trials(String, Counted),
    Passes,
}

/// Which trials are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Counted {
    Successes,
    Failures,
    All,
}

/// Which of the values that were taken under a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Which {
    First,
    Previous,
    Last,
}

/// What the names of a condition are worth now.
pub(crate) struct Now<'a> {
    pub(crate) board: &'a Board,
    /// Values of channels count from here on, ns.
    pub(crate) since_ns: u64,
    pub(crate) taken: &'a BTreeMap<String, TakenValues>,
    pub(crate) tallies: &'a BTreeMap<String, Tally>,
    pub(crate) passes: u32,
}

impl When {
    /// # Errors
    /// Words for a name that the plan does not know: the suite room would have refused it.
    pub(crate) fn new(expr: &Expr, plan: &Plan) -> Result<When, Text> {
        let program = Program::new(expr);
        let sources = program.names().iter().map(|name| source(name, plan));
        Ok(When {
            sources: sources.collect::<Result<_, Text>>()?,
            program,
        })
    }

    /// The channels that it looks at.
    pub(crate) fn channels(&self) -> Vec<u16> {
        let mut channels: Vec<u16> = self.sources.iter().filter_map(Source::channel).collect();
        channels.sort_unstable();
        channels.dedup();
        channels
    }

    /// Whether it holds; `Ok(false)` while a name has no value yet.
    ///
    /// # Errors
    /// Words for a condition that has no answer for another reason: a division by zero.
    pub(crate) fn holds(&self, now: &Now<'_>) -> Result<bool, String> {
        let answer = self
            .program
            .holds(|slot| self.sources.get(slot)?.value(now));
        match answer {
            Ok(holds) => Ok(holds),
            Err(trouble) if trouble.why == Why::NoValue => Ok(false),
            Err(trouble) => Err(format!("`{}`: {}", self.text(), trouble.why)),
        }
    }

    /// As it is written.
    pub(crate) fn text(&self) -> &str {
        self.program.expr().text()
    }

    /// The condition with its values, for the record.
    pub(crate) fn words(&self, now: &Now<'_>) -> String {
        let value = |(name, source): (&String, &Source)| {
            let value = source.quantity(now);
            let value = value.map_or_else(|| "no value".to_string(), |q| q.to_string());
            format!("{name} = {value}")
        };
        let values = self.program.names().iter().zip(&self.sources).map(value);
        let values: Vec<String> = values.collect();
        format!("{} ({})", self.text(), values.join(", "))
    }
}

impl Source {
    fn channel(&self) -> Option<u16> {
        match self {
            Source::Channel { channel, .. } => Some(*channel),
            _ => None,
        }
    }

    fn quantity(&self, now: &Now<'_>) -> Option<Quantity> {
        match self {
            Source::Channel {
                channel,
                component,
                unit,
            } => {
                // The latest reading must be a number, and of this wait.
                let valid = now.board.valid_ns(*channel)?;
                let latest = now.board.any_ns(*channel)?;
                let value = now.board.value(*channel, *component)?;
                (valid >= latest && valid >= now.since_ns).then(|| Quantity::new(value, *unit))
            }
            Source::Taken(name, which) => {
                let taken = now.taken.get(name)?;
                match which {
                    Which::First => Some(taken.first),
                    Which::Previous => taken.previous,
                    Which::Last => Some(taken.last),
                }
            }
            Source::Trials(trial, counted) => {
                let tally = now.tallies.get(trial).copied().unwrap_or_default();
                let count = match counted {
                    Counted::Successes => tally.successes,
                    Counted::Failures => tally.failures,
                    Counted::All => tally.successes.saturating_add(tally.failures),
                };
                Some(Quantity::new(f64::from(count), Unit::one()))
            }
            Source::Passes => Some(Quantity::new(f64::from(now.passes), Unit::one())),
        }
    }

    fn value(&self, now: &Now<'_>) -> Option<Value> {
        self.quantity(now).map(Value::from)
    }
}

fn source(name: &str, plan: &Plan) -> Result<Source, Text> {
    if name == "passes" {
        return Ok(Source::Passes);
    }
    let (head, tail) = name.split_once('.').unwrap_or((name, ""));
    if let Some((channel, declared)) = plan.channel(head) {
        let component = match tail {
            "" => Some(0),
            name => declared.component(name),
        };
        let found = component.and_then(|c| Some((c, declared.components.get(c)?.unit)));
        if let Some((component, unit)) = found {
            return Ok(Source::Channel {
                channel,
                component,
                unit,
            });
        }
    }
    let counted = match tail {
        "successes" => Some(Counted::Successes),
        "failures" => Some(Counted::Failures),
        "trials" => Some(Counted::All),
        _ => None,
    };
    if let Some(counted) = counted
        && somewhere(
            plan,
            &|s| matches!(s, Step::Trial(t) if t.id == head && t.sampling.is_some()),
        )
    {
        return Ok(Source::Trials(head.to_string(), counted));
    }
    let which = match tail {
        "" => Some(Which::Last),
        "first" => Some(Which::First),
        "previous" => Some(Which::Previous),
        _ => None,
    };
    match which {
        Some(which) if taken_somewhere(plan, head) => Ok(Source::Taken(head.to_string(), which)),
        _ => Err(Text::new(
            format!("the condition names `{name}`, which the plan does not know"),
            format!("条件引用了计划中不存在的 `{name}`"),
        )),
    }
}

fn taken_somewhere(plan: &Plan, name: &str) -> bool {
    somewhere(
        plan,
        &|s| matches!(s, Step::Window(w) if w.take.iter().any(|t| t.name == name)),
    )
}

/// Whether a case of the plan has such a step.
fn somewhere(plan: &Plan, is: &dyn Fn(&Step) -> bool) -> bool {
    fn any(steps: &[Step], is: &dyn Fn(&Step) -> bool) -> bool {
        let here = |step: &Step| is(step) || step.lists().into_iter().any(|list| any(list, is));
        steps.iter().any(here)
    }
    plan.cases
        .iter()
        .any(|c| any(&c.steps, is) || any(&c.setup, is))
}
