//! Question and answer on a CAN bus that carries no transaction numbers: what [`crate::line`] is for a line.

use std::sync::Arc;
use std::time::Duration;

use certbench_clock::{Clock, Lock, Time};
use certbench_link::{CanFrame, CanLink, LinkError, LinkInfo};
use certbench_roles::Trouble;

use crate::line::{Answer, Failure, Heard};

/// A bus with one device of ours on it.
pub(crate) struct Bus {
    link: Arc<dyn CanLink>,
    clock: Clock,
    /// Whom a message is about: `hand 1 on can0`.
    who: String,
    timeout: Duration,
    quiet_from: Lock<Time>,
}

impl Bus {
    pub(crate) fn new(
        link: Arc<dyn CanLink>,
        clock: &Clock,
        who: String,
        timeout: Duration,
    ) -> Bus {
        Bus {
            link,
            clock: clock.clone(),
            who,
            timeout,
            quiet_from: clock.lock(Time::ZERO),
        }
    }

    pub(crate) fn describe(&self) -> &LinkInfo {
        self.link.describe()
    }

    /// The longest time in which a question given up may still be answered.
    fn longest(&self) -> Duration {
        2 * self.timeout
    }

    /// The longest time that a question takes, one of somebody else before it included.
    pub(crate) fn call_at_most(&self) -> Duration {
        2 * (2 * self.longest() + self.timeout)
    }

    /// See [`crate::line::Line::trouble`].
    pub(crate) fn trouble(&self, failure: &Failure) -> Trouble {
        failure.trouble(&self.who, self.longest())
    }

    /// Sends without an answer.
    pub(crate) fn tell(&self, frame: &CanFrame) -> Result<Time, LinkError> {
        self.link.send(frame)
    }

    /// One question. `hear` is given the data and remote frames of the bus as they come; error frames of the
    /// controller are garbage. A bus carries others' frames too, so one that is no answer says nothing.
    pub(crate) fn ask<T>(
        &self,
        question: &CanFrame,
        mut hear: impl FnMut(&CanFrame) -> Heard<T>,
    ) -> Result<Answer<T>, Failure> {
        let mut quiet_from = self.quiet_from.lock();
        if *quiet_from > self.clock.now() {
            self.clock.sleep_until(*quiet_from);
        }
        let result = self.exchange(question, &mut hear);
        *quiet_from = self.clock.now();
        if result.is_err() {
            *quiet_from += self.longest();
        }
        result
    }

    fn exchange<T>(
        &self,
        question: &CanFrame,
        hear: &mut dyn FnMut(&CanFrame) -> Heard<T>,
    ) -> Result<Answer<T>, Failure> {
        // what came meanwhile is nobody's
        while self.link.recv(Time::ZERO).map_err(Failure::Link)?.is_some() {}
        let asked = self.link.send(question).map_err(Failure::Link)?;
        let (until, mut garbage) = (self.clock.now() + self.timeout, None);
        while let Some((frame, stamp)) = self.link.recv(until).map_err(Failure::Link)? {
            if frame.is_error() {
                garbage = Some(format!(
                    "the controller reports an error on the bus, {frame}"
                ));
                continue;
            }
            match hear(&frame) {
                Heard::Answer(value) => {
                    return Ok(Answer {
                        value,
                        asked,
                        stamp,
                    });
                }
                Heard::Garbage(what) => garbage = Some(what),
                Heard::More => (),
            }
            if self.clock.now() >= until {
                break; // a busy bus
            }
        }
        let asked = question.to_string().into_bytes();
        Err(match garbage {
            Some(what) => Failure::Garbage { what, asked },
            None => Failure::Silence {
                within: self.timeout,
                asked,
            },
        })
    }
}
