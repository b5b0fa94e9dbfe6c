//! A device of a Modbus line behind a network port: frames dressed and undressed, as its own gateway does it.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use certbench_clock::Time;
use certbench_link::{ByteLink, LinkError, LinkInfo, Stamp};
use certbench_wire::modbus::{FromTcp, to_tcp};

/// A connection that looks like a line to the device: one question a chunk, and its answer goes back with the
/// number of its transaction.
pub(crate) struct Gateway {
    connection: Box<dyn ByteLink>,
    /// How many have connected.
    guests: Arc<AtomicU64>,
    heard: Mutex<Heard>,
}

/// Of one guest: the next one inherits nothing.
#[derive(Default)]
struct Heard {
    guest: u64,
    decoder: FromTcp,
    /// With their transactions, and when they came.
    questions: VecDeque<(u16, Vec<u8>, Stamp)>,
    /// The transaction that is dealt with.
    transaction: u16,
}

impl Gateway {
    pub(crate) fn new(connection: Box<dyn ByteLink>, guests: Arc<AtomicU64>) -> Gateway {
        Gateway {
            connection,
            guests,
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
        let guest = self.guests.load(Ordering::Acquire);
        if heard.guest != guest {
            *heard = Heard {
                guest,
                ..Heard::default()
            };
        }
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

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::net::TcpStream;
    use std::time::Duration;

    use certbench_clock::Clock;
    use certbench_link::host::Host;

    use super::*;

    /// A program that goes in the middle of its question leaves nothing to the next one.
    #[test]
    fn the_next_program_inherits_no_half_question() {
        let clock = Clock::real();
        let host = Host::open(&clock).unwrap();
        let address = host.port().strip_prefix("tcp:").unwrap().to_owned();
        let guests = host.guests();
        let gateway = Gateway::new(Box::new(host), guests);
        // read holding register 0 of unit 1 (Modbus Messaging on TCP/IP V1.0b, section 3.1.3)
        let question = [0, 1, 0, 0, 0, 6, 1, 3, 0, 0, 0, 1];
        let mut first = TcpStream::connect(&address).unwrap();
        first.write_all(&question[..8]).unwrap();
        let mut heard = Vec::new();
        let soon = clock.now() + Duration::from_millis(200);
        assert_eq!(gateway.read(&mut heard, soon).unwrap(), None);
        drop(first);
        let mut second = TcpStream::connect(&address).unwrap();
        second.write_all(&question).unwrap();
        let until = clock.now() + Duration::from_secs(10);
        assert!(gateway.read(&mut heard, until).unwrap().is_some());
        assert_eq!(heard.get(..6), Some(&question[6..]), "the whole question");
    }
}
