//! An RS-485 adapter that hears itself: what was sent comes back before the answer.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use certbench_clock::Time;

use crate::{ByteLink, LinkError, LinkInfo, Stamp};

/// Takes the echo of what was sent out of what is received. As soon as a byte differs from
/// what was sent (a collision, or no echo after all) everything is passed on as it is until
/// the next write.
pub struct Echoing<L> {
    link: L,
    info: LinkInfo,
    expected: Mutex<VecDeque<u8>>,
}

impl<L: ByteLink> Echoing<L> {
    /// Expects an echo on `link`.
    pub fn new(link: L) -> Echoing<L> {
        let mut info = link.describe().clone();
        info.notes
            .push("the echo of what is sent is taken out".into());
        Echoing {
            link,
            info,
            expected: Mutex::default(),
        }
    }

    fn expected(&self) -> MutexGuard<'_, VecDeque<u8>> {
        self.expected.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<L: ByteLink> ByteLink for Echoing<L> {
    fn write(&self, bytes: &[u8]) -> Result<Time, LinkError> {
        self.expected().extend(bytes);
        self.link.write(bytes)
    }

    fn read(&self, buf: &mut Vec<u8>, until: Time) -> Result<Option<Stamp>, LinkError> {
        let start = buf.len();
        loop {
            let Some(stamp) = self.link.read(buf, until)? else {
                return Ok(None);
            };
            let mut expected = self.expected();
            let new = buf.get(start..).unwrap_or_default();
            let same = new
                .iter()
                .zip(expected.iter())
                .take_while(|(a, b)| a == b)
                .count();
            if same < new.len() {
                expected.clear();
            } else {
                expected.drain(..same);
            }
            drop(expected);
            buf.drain(start..start + same);
            if buf.len() > start {
                return Ok(Some(stamp));
            }
        }
    }

    /// Also stops expecting the echo of what was sent before.
    fn discard(&self) {
        self.expected().clear();
        self.link.discard();
    }

    fn describe(&self) -> &LinkInfo {
        &self.info
    }
}
