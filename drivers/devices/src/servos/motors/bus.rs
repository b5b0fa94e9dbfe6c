//! The bus under the motors: one exchange at a time, and who did not answer in it.

use std::sync::Arc;
use std::time::Duration;

use certbench_clock::{Clock, Lock, LockGuard, Time};
use certbench_link::{CanFrame, CanLink, LinkError, Stamp};
use certbench_model::{FaultKind, Invalid};
use certbench_roles::Trouble;

use crate::servos::chain::Miss;

/// Frames that are read at most before a question: those of a bus that never falls silent.
const WAITING_MOST: usize = 512;

/// A bus with motors.
pub(super) struct Bus {
    link: Arc<dyn CanLink>,
    clock: Clock,
    timeout: Duration,
    /// Whoever speaks, hears the answers.
    talk: Lock<()>,
}

/// What a listener makes of a frame.
pub(super) enum Heard<T> {
    /// Not what is waited for, or not all of it.
    More,
    /// All that was waited for.
    All(T),
}

/// Why there is no answer.
#[derive(Debug)]
pub(super) enum Failure {
    Link(LinkError),
    /// Nothing, or not enough, came.
    Silence,
}

impl Bus {
    pub(super) fn new(link: Arc<dyn CanLink>, clock: &Clock, timeout: Duration) -> Bus {
        Bus {
            link,
            clock: clock.clone(),
            timeout,
            talk: clock.lock(()),
        }
    }

    pub(super) fn link(&self) -> &dyn CanLink {
        &*self.link
    }

    pub(super) fn clock(&self) -> &Clock {
        &self.clock
    }

    /// Sends without waiting for an answer.
    pub(super) fn send(&self, frames: &[CanFrame]) -> Result<(), LinkError> {
        let sent = frames.iter().map(|frame| self.link.send(frame));
        let failed = sent.filter_map(Result::err).last(); // the others get theirs
        failed.map_or(Ok(()), Err)
    }

    /// The floor, for one exchange.
    pub(super) fn talk(&self) -> Talk<'_> {
        Talk {
            bus: self,
            _floor: self.talk.lock(),
        }
    }

    /// One question and its answer, by whoever understands it.
    pub(super) fn ask<T>(
        &self,
        question: &CanFrame,
        mut hear: impl FnMut(&CanFrame) -> Option<T>,
    ) -> Result<T, Failure> {
        let talk = self.talk();
        talk.overhear(|_, _| ())?;
        self.send(std::slice::from_ref(question))
            .map_err(Failure::Link)?;
        talk.hear(|frame, _| hear(frame).map_or(Heard::More, Heard::All))
    }

    /// The first frame that is what is waited for.
    pub(super) fn wait(
        &self,
        mut is_it: impl FnMut(&CanFrame) -> Option<bool>,
    ) -> Result<(), Failure> {
        self.talk().hear(|frame, _| match is_it(frame) {
            Some(true) => Heard::All(()),
            _ => Heard::More,
        })
    }

    /// In words for people, with what to try.
    pub(super) fn trouble(&self, failure: &Failure, who: &str, doing: &str) -> Trouble {
        match failure {
            Failure::Link(error) => Trouble::Fault(FaultKind::Link, error.to_string()),
            Failure::Silence => Trouble::Fault(
                FaultKind::Unattributable,
                format!(
                    "no answer from {who} on {} in {} ms ({doing}); is it powered, and is that its number? Either \
                     it is off or hung, or the bus is broken or runs at another bit rate",
                    self.link.describe().port,
                    self.timeout.as_millis()
                ),
            ),
        }
    }

    pub(super) fn miss(&self, failure: &Failure, who: &str, doing: &str) -> Miss {
        Miss {
            invalid: None,
            broken: matches!(failure, Failure::Link(_)),
            trouble: self.trouble(failure, who, doing),
        }
    }
}

/// One exchange.
pub(super) struct Talk<'a> {
    bus: &'a Bus,
    _floor: LockGuard<'a, ()>,
}

impl Talk<'_> {
    /// Reads what came before it was asked for.
    pub(super) fn overhear(&self, mut hear: impl FnMut(&CanFrame, Stamp)) -> Result<(), Failure> {
        for _ in 0..WAITING_MOST {
            match self.bus.link.recv(Time::ZERO).map_err(Failure::Link)? {
                Some((frame, stamp)) => hear(&frame, stamp),
                None => break,
            }
        }
        Ok(())
    }

    /// Hears until all has come.
    pub(super) fn hear<T>(
        &self,
        mut hear: impl FnMut(&CanFrame, Stamp) -> Heard<T>,
    ) -> Result<T, Failure> {
        let until = self.bus.clock.now() + self.bus.timeout;
        while let Some((frame, stamp)) = self.bus.link.recv(until).map_err(Failure::Link)? {
            match hear(&frame, stamp) {
                Heard::All(all) => return Ok(all),
                Heard::More if self.bus.clock.now() >= until => break,
                Heard::More => (),
            }
        }
        Err(Failure::Silence)
    }
}

/// A frame that a codec made: its identifier and bytes always fit.
pub(super) fn standard(id: u16, bytes: &[u8]) -> CanFrame {
    CanFrame::standard(u32::from(id & 0x7FF), bytes).unwrap_or_else(|never| unreachable!("{never}"))
}

/// Its identifier and bytes, when it is a plain data frame with 11 bits.
pub(super) fn plain(frame: &CanFrame) -> Option<(u16, &[u8])> {
    let special = frame.is_extended() || frame.is_remote() || frame.is_fd() || frame.is_error();
    let id = u16::try_from(frame.id()).ok()?;
    (!special).then(|| (id, frame.data()))
}

/// A reading that is beyond what its counts can say.
pub(super) fn over_range(what: String) -> Miss {
    Miss {
        invalid: Some(Invalid::OverRange),
        broken: false,
        trouble: Trouble::Fault(FaultKind::Instrument, what),
    }
}

/// The same with 29 bits.
pub(super) fn extended(id: u32, bytes: &[u8]) -> CanFrame {
    CanFrame::extended(id & 0x1FFF_FFFF, bytes).unwrap_or_else(|never| unreachable!("{never}"))
}

/// The same with 29 bits.
pub(super) fn wide(frame: &CanFrame) -> Option<(u32, &[u8])> {
    let special = frame.is_remote() || frame.is_fd() || frame.is_error();
    (frame.is_extended() && !special).then(|| (frame.id(), frame.data()))
}

/// A question of 8 bytes, with 11 bits.
pub(super) fn remote(id: u16) -> CanFrame {
    CanFrame::remote(u32::from(id & 0x7FF), false, 8)
        .unwrap_or_else(|never| unreachable!("{never}"))
}
