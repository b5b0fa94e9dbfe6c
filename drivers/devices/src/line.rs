//! Question and answer over a line that carries no transaction numbers.
//!
//! A late answer looks like the answer to the next question. So before each question the line must
//! have been quiet (Modbus over Serial Line V1.02, 2.5.1.1: 3.5 characters between two frames, once) and
//! everything received is thrown away; and after a question without a good answer
//! nothing is asked until the longest time in which the device could still answer has passed.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use certbench_clock::{Clock, Lock, Time};
use certbench_link::{ByteLink, LinkError, Stamp};
use certbench_model::FaultKind;
use certbench_roles::Trouble;
use certbench_wire::hex;

/// A line with one device that speaks when spoken to.
pub(crate) struct Line {
    link: Arc<dyn ByteLink>,
    clock: Clock,
    /// Whom a message is about: `hand 1 on /dev/ttyUSB0`.
    who: String,
    manners: Manners,
    quiet_from: Lock<Time>,
    /// The same after a halt, which waits for nobody.
    interjected: Mutex<Time>,
}

/// How the device on a line behaves in time.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Manners {
    /// Silence that must precede a question.
    pub(crate) silence: Duration,
    /// How long an answer is waited for.
    pub(crate) timeout: Duration,
    /// The longest time after which a device may still answer a question given up.
    pub(crate) longest: Duration,
}

impl Manners {
    /// The longest time that a question takes: until the line may be spoken on, its silence, the
    /// answer; and before that a question of whoever else asks.
    pub(crate) fn call_at_most(&self) -> Duration {
        2 * (2 * self.longest + self.silence + self.timeout)
    }
}

/// What a listener makes of the bytes that came.
pub(crate) enum Heard<T> {
    /// Not all there yet, or not for us.
    More,
    /// The answer.
    Answer(T),
    /// Bytes that cannot be the answer, and why.
    Garbage(String),
}

/// An answer and when it travelled.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Answer<T> {
    pub(crate) value: T,
    /// No byte of the question left before.
    pub(crate) asked: Time,
    /// When the last byte of the answer arrived.
    pub(crate) stamp: Stamp,
}

impl<T> Answer<T> {
    /// The same answer, understood.
    pub(crate) fn map<U>(self, understand: impl FnOnce(T) -> U) -> Answer<U> {
        Answer {
            value: understand(self.value),
            asked: self.asked,
            stamp: self.stamp,
        }
    }

    /// The whole exchange: the value was taken by the device at some moment in it.
    pub(crate) fn took(&self) -> Duration {
        self.stamp.latest - self.asked
    }
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Failure {
    /// The link itself failed.
    Link(LinkError),
    /// Nothing came.
    Silence { within: Duration, asked: Vec<u8> },
    /// Something came that is no answer.
    Garbage { what: String, asked: Vec<u8> },
}

impl Failure {
    /// In words for people, with what to try: of a device of which nothing is asked for `longest` after it.
    pub(crate) fn trouble(&self, who: &str, longest: Duration) -> Trouble {
        match self {
            Failure::Link(error) => Trouble::Fault(FaultKind::Link, error.to_string()),
            Failure::Silence { within, asked } => Trouble::Fault(
                FaultKind::Unattributable,
                format!(
                    "no answer from {who} in {} ms (sent {}); is it powered? Either it is off or \
                     hung, or the cable or adapter is broken",
                    within.as_millis(),
                    shown(asked)
                ),
            ),
            Failure::Garbage { what, asked } => Trouble::Fault(
                FaultKind::Link,
                format!(
                    "what came from {who} is no answer to {}: {what}; check baud rate, termination \
                     and that no other device shares the address (nothing was asked for {} ms after it)",
                    shown(asked),
                    longest.as_millis()
                ),
            ),
        }
    }
}

impl Line {
    pub(crate) fn new(
        link: Arc<dyn ByteLink>,
        clock: &Clock,
        who: String,
        manners: Manners,
    ) -> Line {
        // who spoke before it was opened is not known
        let quiet_from = clock.lock(clock.now() + manners.silence);
        let interjected = Mutex::new(clock.now());
        Line {
            link,
            clock: clock.clone(),
            who,
            manners,
            quiet_from,
            interjected,
        }
    }

    pub(crate) fn link(&self) -> &dyn ByteLink {
        &*self.link
    }

    pub(crate) fn clock(&self) -> &Clock {
        &self.clock
    }

    /// See [`Manners::call_at_most`].
    pub(crate) fn call_at_most(&self) -> Duration {
        self.manners.call_at_most()
    }

    /// One question. `hear` is given the bytes as they come.
    pub(crate) fn ask<T>(
        &self,
        question: &[u8],
        hear: impl FnMut(&[u8]) -> Heard<T>,
    ) -> Result<Answer<T>, Failure> {
        let mut quiet_from = self.quiet_from.lock();
        let result = self.exchange(*quiet_from, question, hear);
        let pause = if result.is_ok() {
            self.manners.silence
        } else {
            self.manners.longest
        };
        *quiet_from = self.clock.now() + pause;
        result
    }

    /// Sends without waiting for an answer, but listens for `listen` whether one comes.
    pub(crate) fn tell(&self, words: &[u8], listen: Duration) -> Result<Vec<u8>, Failure> {
        let mut quiet_from = self.quiet_from.lock();
        self.settle(*quiet_from).map_err(Failure::Link)?;
        self.link.write(words).map_err(Failure::Link)?;
        let (mut heard, until) = (Vec::new(), self.clock.now() + listen);
        while self.clock.now() < until
            && self
                .link
                .read(&mut heard, until)
                .map_err(Failure::Link)?
                .is_some()
        {}
        *quiet_from = self.clock.now() + self.manners.silence;
        Ok(heard)
    }

    /// Sends at once, into whatever is under way: a halt. What is said next keeps its distance from it.
    pub(crate) fn interject(&self, words: &[u8]) -> Result<(), LinkError> {
        let sent = self.link.write(words).map(|_| ());
        *self.interjected() = self.clock.now() + self.manners.silence;
        sent
    }

    fn interjected(&self) -> MutexGuard<'_, Time> {
        self.interjected
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// In words for people, with what to try.
    pub(crate) fn trouble(&self, failure: &Failure) -> Trouble {
        failure.trouble(&self.who, self.manners.longest)
    }

    fn exchange<T>(
        &self,
        quiet_from: Time,
        question: &[u8],
        mut hear: impl FnMut(&[u8]) -> Heard<T>,
    ) -> Result<Answer<T>, Failure> {
        self.settle(quiet_from).map_err(Failure::Link)?;
        let asked = self.link.write(question).map_err(Failure::Link)?;
        let until = self.clock.now() + self.manners.timeout;
        let (mut chunk, mut garbage) = (Vec::new(), None);
        while let Some(stamp) = self.link.read(&mut chunk, until).map_err(Failure::Link)? {
            match hear(&chunk) {
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
            chunk.clear();
            if self.clock.now() >= until {
                break;
            }
        }
        let asked = question.to_vec();
        Err(match garbage {
            Some(what) => Failure::Garbage { what, asked },
            None => Failure::Silence {
                within: self.manners.timeout,
                asked,
            },
        })
    }

    /// Waits until the line may be spoken on. What comes meanwhile is nobody's, and the line must be silent
    /// after it as after an answer; a pause that has passed since the last answer is not kept again.
    fn settle(&self, quiet_from: Time) -> Result<(), LinkError> {
        let mut quiet_from = quiet_from.max(*self.interjected());
        if self.manners.silence.is_zero() {
            if quiet_from > self.clock.now() {
                self.clock.sleep_until(quiet_from);
            }
            self.link.discard();
            return Ok(());
        }
        let give_up = quiet_from.max(self.clock.now()) + self.manners.longest;
        let mut nobodys = Vec::new();
        loop {
            let heard = match self
                .link
                .read(&mut nobodys, quiet_from.max(self.clock.now()))
            {
                Ok(None) => break,
                Ok(Some(stamp)) => stamp.latest,
                Err(LinkError::Overrun { .. }) => self.clock.now(), // more than anybody could keep
                Err(error) => return Err(error),
            };
            quiet_from = quiet_from.max(heard + self.manners.silence);
            nobodys.clear();
            if self.clock.now() > give_up {
                break; // a line that never falls silent shows as garbage
            }
        }
        self.link.discard();
        Ok(())
    }
}

/// Bytes as text when they are text, else in hexadecimal.
fn shown(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text)
            if text
                .chars()
                .all(|c| c == '\r' || c == '\n' || !c.is_control()) =>
        {
            format!("{text:?}")
        }
        _ => hex(bytes),
    }
}

#[cfg(test)]
mod tests {
    use certbench_link::pair;

    use super::*;
    use crate::testing::Bench;

    const PAUSE: Duration = Duration::from_millis(5);
    const LATER: Duration = Duration::from_millis(2);

    /// Modbus over Serial Line V1.02, 2.5.1.1: two frames are apart by a silence, and that is one.
    #[test]
    fn the_pause_is_kept_once_and_anew_after_what_nobody_asked_for() {
        let bench = Bench::new();
        let (near, far) = pair::bytes(&bench.clock, "far", pair::Wire::default());
        let clock = bench.clock.clone();
        bench.peer("far", move |stop| {
            let mut heard = Vec::new();
            while !stop.is_set() {
                heard.clear();
                if let Ok(Some(_)) = far.read(&mut heard, clock.now() + 10 * PAUSE) {
                    let _ = far.write(b"yes");
                    if heard == b"chatter" {
                        clock.sleep(LATER);
                        let _ = far.write(b"and more");
                    }
                }
            }
        });
        let manners = Manners {
            silence: PAUSE,
            timeout: 20 * PAUSE,
            longest: 60 * PAUSE,
        };
        let line = Line::new(Arc::new(near), &bench.clock, "far".into(), manners);
        let ask = |words: &[u8]| line.ask(words, |_| Heard::Answer(())).unwrap();
        let first = ask(b"?");
        let second = ask(b"chatter");
        assert_eq!(second.asked - first.stamp.latest, PAUSE);
        let third = ask(b"?");
        assert_eq!(third.asked - second.stamp.latest, LATER + PAUSE);
        bench.pass(50);
        let now = bench.clock.now();
        assert_eq!(ask(b"?").asked, now, "the pause is long over");
    }
}
