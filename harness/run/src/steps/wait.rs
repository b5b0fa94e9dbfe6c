//! Waiting: for a time, or for what a channel does, with a bound and what its passing means.

use crate::condition::Follower;
use crate::executor::{Cut, Executor};
use crate::resolve::seconds;
use crate::trouble::fault;
use crate::when::{Now, When};
use certbench_clock::{Recv, Time};
use certbench_model::expr::Expr;
use certbench_model::step::{Condition, Does, Otherwise, Outcome, Require, Wait};
use certbench_model::{CaseEnd, FaultKind, Sample, Text};

/// How a wait ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Waited {
    /// As it should.
    Reached,
    /// Its bound came first, and the plan says that this is no fault.
    TimedOut,
}

impl Executor {
    pub(super) fn wait(&mut self, wait: &Wait) -> Result<Waited, Cut> {
        match wait {
            Wait::For(s) => {
                self.wait_until(self.now() + seconds(*s))?;
                Ok(Waited::Reached)
            }
            Wait::Until {
                condition,
                within_s,
                otherwise,
            } => self.await_condition(condition, *within_s, otherwise),
            Wait::When {
                when,
                within_s,
                otherwise,
            } => {
                let when = self.when(when)?;
                let deadline = self.now() + seconds(*within_s);
                if self.await_when(&when, deadline)? {
                    return Ok(Waited::Reached);
                }
                self.missed(when.text(), *within_s, otherwise)?;
                Ok(Waited::TimedOut)
            }
        }
    }

    /// A condition of the plan, ready to be looked at.
    pub(super) fn when(&mut self, expr: &Expr) -> Result<When, Cut> {
        When::new(expr, &self.bench.plan).map_err(|why| self.impossible(why))
    }

    /// Whether a condition holds now, with values of channels since a time and after so many passes.
    pub(super) fn holds(
        &mut self,
        when: &When,
        since_ns: u64,
        passes: u32,
    ) -> Result<Option<String>, Cut> {
        let now = Now {
            board: &self.shared.board,
            since_ns,
            taken: &self.case.taken,
            tallies: &self.case.tallies,
            passes,
        };
        match when.holds(&now) {
            Ok(true) => Ok(Some(when.words(&now))),
            Ok(false) => Ok(None),
            Err(why) => Err(self.harness("condition", why)),
        }
    }

    fn await_when(&mut self, when: &When, deadline: Time) -> Result<bool, Cut> {
        let since_ns = self.shared.now_ns();
        let channels = when.channels();
        for channel in &channels {
            self.shared.follow(*channel);
        }
        let come = self.await_followed(when, since_ns, deadline);
        for channel in &channels {
            self.shared.unfollow(*channel);
        }
        come
    }

    fn await_followed(&mut self, when: &When, since: u64, deadline: Time) -> Result<bool, Cut> {
        loop {
            if self.holds(when, since, 0)?.is_some() {
                return Ok(true);
            }
            if self.now() >= deadline {
                return Ok(false);
            }
            self.idle(deadline)?;
        }
    }

    /// A precondition: a wait whose time-out says that the test cannot be held, or the trial not
    /// counted.
    pub(super) fn require(&mut self, require: &Require) -> Result<(), Cut> {
        let Require {
            condition,
            within_s,
            otherwise,
        } = require;
        self.await_condition(condition, *within_s, otherwise)
            .map(drop)
    }

    fn await_condition(
        &mut self,
        condition: &Condition,
        within_s: f64,
        otherwise: &Otherwise,
    ) -> Result<Waited, Cut> {
        let (channel, components) = self.components(condition)?;
        let mut follower = Follower::new(condition.does, components);
        let deadline = self.now() + seconds(within_s);
        if self.follow(channel, deadline, |sample| follower.see(sample))? {
            return Ok(Waited::Reached);
        }
        self.missed(&condition_words(condition), within_s, otherwise)?;
        Ok(Waited::TimedOut)
    }

    /// A condition did not come within its bound.
    pub(super) fn missed(
        &mut self,
        what: &str,
        within_s: f64,
        otherwise: &Otherwise,
    ) -> Result<(), Cut> {
        match otherwise {
            Otherwise::GoOn => {}
            Otherwise::Censored => self.decide(Outcome::Censored),
            Otherwise::Failure => self.decide(Outcome::Failure),
            Otherwise::Invalid(reason) => self.decide(Outcome::Invalid(reason.clone())),
            Otherwise::NotTested => {
                let text = format!("precondition not met: {what} did not come within {within_s} s");
                self.send_halts();
                return Err(Cut {
                    end: CaseEnd::Precondition(text),
                    run: None,
                    own_stop: false,
                });
            }
            Otherwise::Fault => {
                let text = format!(
                    "{what} did not come within {within_s} s: either the bench did not do what it \
                     should, or the device did not"
                );
                let subject = what.split([' ', '.']).next().unwrap_or(what);
                let attributed = fault(FaultKind::Unattributable, subject, text);
                return Err(self.cut(attributed));
            }
        }
        Ok(())
    }

    /// Looks at every sample of a channel that arrives from now on, until `enough` says so (true)
    /// or the deadline comes (false).
    pub(super) fn follow(
        &mut self,
        channel: u16,
        deadline: Time,
        mut enough: impl FnMut(&Sample) -> bool,
    ) -> Result<bool, Cut> {
        while let Recv::Item(word) = self.inbox.try_recv() {
            self.take_word(&word);
        }
        self.shared.follow(channel);
        let followed = self.follow_until(channel, deadline, &mut enough);
        self.shared.unfollow(channel);
        followed
    }

    fn follow_until(
        &mut self,
        channel: u16,
        deadline: Time,
        enough: &mut impl FnMut(&Sample) -> bool,
    ) -> Result<bool, Cut> {
        while self.now() < deadline {
            let sample = self.idle(deadline)?.filter(|s| s.channel == channel);
            if sample.is_some_and(|sample| enough(&sample)) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The channel and components that a condition is about. At rest is what rests in every
    /// component of the first one's unit (x, y and z of a pose), when none is named.
    pub(super) fn components(&mut self, condition: &Condition) -> Result<(u16, Vec<usize>), Cut> {
        let plan = self.bench.plan.clone();
        let Some((index, channel)) = plan.channel(&condition.channel) else {
            let why = format!("the plan has no channel `{}`", condition.channel);
            return Err(self.impossible(Text::same(why)));
        };
        if !condition.component.is_empty() {
            let Some(component) = channel.component(&condition.component) else {
                let why = format!("no component `{}`", condition.component);
                return Err(self.impossible(Text::same(why)));
            };
            return Ok((index, vec![component]));
        }
        let unit = channel.components.first().map(|c| c.unit);
        let alike =
            |(i, c): (usize, &certbench_model::Component)| (Some(c.unit) == unit).then_some(i);
        let components = match condition.does {
            Does::Rests { .. } => channel
                .components
                .iter()
                .enumerate()
                .filter_map(alike)
                .collect(),
            _ => vec![0],
        };
        Ok((index, components))
    }
}

/// A wait for people.
pub(super) fn words(wait: &Wait) -> String {
    match wait {
        Wait::For(s) => format!("{s} s"),
        Wait::Until { condition, .. } => condition_words(condition),
        Wait::When { when, .. } => when.text().to_string(),
    }
}

pub(super) fn condition_words(condition: &Condition) -> String {
    let Condition {
        channel, component, ..
    } = condition;
    let dot = if component.is_empty() { "" } else { "." };
    let does = &condition.does;
    format!("{channel}{dot}{component} {does}")
}
