//! Somebody listens to a link.

use std::sync::Arc;

use certbench_clock::Time;

use crate::{ByteLink, CanFrame, CanLink, LinkError, LinkInfo, Stamp};

/// Which way bytes went.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Direction {
    /// From this computer.
    Sent,
    /// To this computer.
    Received,
}

/// Called with every chunk, on the thread that wrote or read it, so it must not wait. The time
/// is the one that `write` gave, or the earliest one of the stamp; with several threads the
/// calls need not be in the order of time. A CAN frame is given as its text, `123#DEADBEEF`.
pub type Tap = Arc<dyn Fn(Direction, Time, &[u8]) + Send + Sync>;

/// A link with a [`Tap`] on it.
pub struct Tapped<L> {
    link: L,
    tap: Tap,
}

impl<L> Tapped<L> {
    /// Puts `tap` on `link`.
    pub fn new(link: L, tap: Tap) -> Tapped<L> {
        Tapped { link, tap }
    }
}

impl<L: ByteLink> ByteLink for Tapped<L> {
    fn write(&self, bytes: &[u8]) -> Result<Time, LinkError> {
        let at = self.link.write(bytes)?;
        (self.tap)(Direction::Sent, at, bytes);
        Ok(at)
    }

    fn read(&self, buf: &mut Vec<u8>, until: Time) -> Result<Option<Stamp>, LinkError> {
        let before = buf.len();
        let stamp = self.link.read(buf, until)?;
        if let (Some(stamp), Some(new)) = (stamp, buf.get(before..)) {
            (self.tap)(Direction::Received, stamp.earliest, new);
        }
        Ok(stamp)
    }

    /// The tap hears what is thrown away: a late answer belongs in the record.
    fn discard(&self) {
        let mut thrown_away = Vec::new();
        while let Ok(Some(_)) = self.read(&mut thrown_away, Time::ZERO) {
            thrown_away.clear();
        }
        self.link.discard();
    }

    fn describe(&self) -> &LinkInfo {
        self.link.describe()
    }
}

impl<L: CanLink> CanLink for Tapped<L> {
    fn send(&self, frame: &CanFrame) -> Result<Time, LinkError> {
        let at = self.link.send(frame)?;
        (self.tap)(Direction::Sent, at, frame.to_string().as_bytes());
        Ok(at)
    }

    fn recv(&self, until: Time) -> Result<Option<(CanFrame, Stamp)>, LinkError> {
        let heard = self.link.recv(until)?;
        if let Some((frame, stamp)) = &heard {
            (self.tap)(
                Direction::Received,
                stamp.earliest,
                frame.to_string().as_bytes(),
            );
        }
        Ok(heard)
    }

    fn describe(&self) -> &LinkInfo {
        self.link.describe()
    }
}
