//! A link with something wrong on demand. Simulators put it on their end, so that what they
//! send reaches the harness damaged; one handle drives it while it runs.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use certbench_clock::{Clock, Time};

use crate::{ByteLink, CanFrame, CanLink, LinkError, LinkInfo, Stamp};

/// What happens to one frame on its way out.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Fault {
    /// It does not go out at all.
    Silence,
    /// These bytes go out before it (on a CAN bus: nothing, noise is not a frame).
    Garbage(Vec<u8>),
    /// Only its first so many bytes go out (on a CAN bus: it does not).
    Truncated(usize),
    /// It goes out so much later; what is sent meanwhile overtakes it.
    Late(Duration),
    /// It goes out twice.
    Duplicated,
    /// This bit is inverted, counted from the first byte's lowest, modulo the length (on a CAN
    /// bus: it does not go out, the checksum would not hold).
    BitFlipped(usize),
}

/// The handle on what is wrong with a link. Clones drive the same link; a new one does nothing.
#[derive(Clone, Default, Debug)]
pub struct Faults(Arc<Mutex<State>>);

#[derive(Default, Debug)]
struct State {
    next: VecDeque<Fault>,
    always: Option<Fault>,
    deaf: bool,
}

impl Faults {
    /// Nothing is wrong.
    pub fn new() -> Faults {
        Faults::default()
    }

    /// Damages one coming frame; several calls damage as many, in order.
    pub fn next(&self, fault: Fault) {
        self.state().next.push_back(fault);
    }

    /// Damages every frame that [`Faults::next`] does not, until changed.
    pub fn always(&self, fault: Option<Fault>) {
        self.state().always = fault;
    }

    /// Hears nothing while true: what arrives is lost.
    pub fn deaf(&self, deaf: bool) {
        self.state().deaf = deaf;
    }

    /// Repairs everything.
    pub fn clear(&self) {
        *self.state() = State::default();
    }

    fn draw(&self) -> Option<Fault> {
        let mut state = self.state();
        state.next.pop_front().or_else(|| state.always.clone())
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A link with [`Faults`].
pub struct Faulty<L> {
    link: Arc<L>,
    clock: Clock,
    faults: Faults,
}

impl<L> Faulty<L> {
    /// Lets `faults` loose on `link`.
    pub fn new(clock: &Clock, link: L, faults: Faults) -> Faulty<L> {
        Faulty {
            link: Arc::new(link),
            clock: clock.clone(),
            faults,
        }
    }
}

impl<L: ByteLink + 'static> Faulty<L> {
    fn later(&self, delay: Duration, bytes: &[u8]) {
        let (link, clock, bytes) = (self.link.clone(), self.clock.clone(), bytes.to_vec());
        self.clock.spawn("late frame", move || {
            clock.sleep(delay);
            let _ = link.write(&bytes); // a link that is gone by then stays silent
        });
    }
}

impl<L: ByteLink + 'static> ByteLink for Faulty<L> {
    fn write(&self, bytes: &[u8]) -> Result<Time, LinkError> {
        let lost = Ok(self.clock.now());
        match self.faults.draw() {
            None => self.link.write(bytes),
            Some(Fault::Silence) => lost,
            Some(Fault::Garbage(mut noise)) => {
                noise.extend_from_slice(bytes);
                self.link.write(&noise)
            }
            Some(Fault::Truncated(keep)) => self.link.write(bytes.get(..keep).unwrap_or(bytes)),
            Some(Fault::Late(delay)) => {
                self.later(delay, bytes);
                lost
            }
            Some(Fault::Duplicated) => {
                self.link.write(bytes)?;
                self.link.write(bytes)
            }
            Some(Fault::BitFlipped(bit)) => {
                let mut bytes = bytes.to_vec();
                let at = bit / 8 % bytes.len().max(1);
                if let Some(byte) = bytes.get_mut(at) {
                    *byte ^= 1 << (bit % 8);
                }
                self.link.write(&bytes)
            }
        }
    }

    fn read(&self, buf: &mut Vec<u8>, until: Time) -> Result<Option<Stamp>, LinkError> {
        let before = buf.len();
        loop {
            let stamp = self.link.read(buf, until)?;
            if stamp.is_none() || !self.faults.state().deaf {
                return Ok(stamp);
            }
            buf.truncate(before);
        }
    }

    fn discard(&self) {
        self.link.discard();
    }

    fn describe(&self) -> &LinkInfo {
        self.link.describe()
    }
}

impl<L: CanLink + 'static> CanLink for Faulty<L> {
    fn send(&self, frame: &CanFrame) -> Result<Time, LinkError> {
        let lost = Ok(self.clock.now());
        match self.faults.draw() {
            None | Some(Fault::Garbage(_)) => self.link.send(frame),
            Some(Fault::Silence | Fault::Truncated(_) | Fault::BitFlipped(_)) => lost,
            Some(Fault::Late(delay)) => {
                let (link, clock, frame) = (self.link.clone(), self.clock.clone(), *frame);
                self.clock.spawn("late frame", move || {
                    clock.sleep(delay);
                    let _ = link.send(&frame); // a link that is gone by then stays silent
                });
                lost
            }
            Some(Fault::Duplicated) => {
                self.link.send(frame)?;
                self.link.send(frame)
            }
        }
    }

    fn recv(&self, until: Time) -> Result<Option<(CanFrame, Stamp)>, LinkError> {
        loop {
            let heard = self.link.recv(until)?;
            if heard.is_none() || !self.faults.state().deaf {
                return Ok(heard);
            }
        }
    }

    fn describe(&self) -> &LinkInfo {
        self.link.describe()
    }
}
