//! A device of a Modbus line behind a network port: frames dressed and undressed, as its own gateway does it.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use certbench_clock::Time;
use certbench_link::{ByteLink, LinkError, LinkInfo, Stamp};
use certbench_wire::modbus::{FromTcp, to_tcp};

/// A connection that looks like a line to the device: one question a chunk, and its answer goes back with the
/// number of its transaction.
pub(crate) struct Gateway {
    connection: Box<dyn ByteLink>,
    heard: Mutex<Heard>,
}

#[derive(Default)]
struct Heard {
    decoder: FromTcp,
    /// With their transactions, and when they came.
    questions: VecDeque<(u16, Vec<u8>, Stamp)>,
    /// The transaction that is dealt with.
    transaction: u16,
}

impl Gateway {
    pub(crate) fn new(connection: Box<dyn ByteLink>) -> Gateway {
        Gateway {
            connection,
            heard: Mutex::default(),
        }
    }

    fn heard(&self) -> MutexGuard<'_, Heard> {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next question that was heard and not dealt with.
    fn question(&self, buf: &mut Vec<u8>) -> Option<Stamp> {
        let mut heard = self.heard();
        let (transaction, frame, stamp) = heard.questions.pop_front()?;
        heard.transaction = transaction;
        buf.extend(frame);
        Some(stamp)
    }

    fn take(&self, bytes: &[u8], stamp: Stamp) {
        let mut heard = self.heard();
        heard.decoder.push(bytes);
        while let Some(frame) = heard.decoder.next() {
            if let Ok((transaction, frame)) = frame {
                heard.questions.push_back((transaction, frame, stamp));
            } // noise is passed over
        }
    }
}

impl ByteLink for Gateway {
    fn write(&self, bytes: &[u8]) -> Result<Time, LinkError> {
        let transaction = self.heard().transaction;
        self.connection.write(&to_tcp(transaction, bytes))
    }

    fn read(&self, buf: &mut Vec<u8>, until: Time) -> Result<Option<Stamp>, LinkError> {
        let mut bytes = Vec::new();
        loop {
            if let Some(stamp) = self.question(buf) {
                return Ok(Some(stamp));
            }
            bytes.clear();
            match self.connection.read(&mut bytes, until)? {
                Some(stamp) => self.take(&bytes, stamp),
                None => return Ok(None),
            }
        }
    }

    fn discard(&self) {
        self.connection.discard();
        *self.heard() = Heard::default();
    }

    fn describe(&self) -> &LinkInfo {
        self.connection.describe()
    }
}
