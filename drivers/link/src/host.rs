//! A port of this computer's loopback, for simulators and tests: whoever connects is at the other end.

use std::io::{ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use certbench_clock::{Clock, Time};

use crate::{ByteLink, LinkError, LinkInfo, LinkKind, Stamp};

/// While nobody is connected it is looked so often whether somebody is.
const LOOK: Duration = Duration::from_millis(20);
/// Somebody who takes nothing for so long loses what is written.
const TAKEN_WITHIN: Duration = Duration::from_millis(100);

/// A port that one program at a time is connected to; the next one may come when it has gone. What is
/// written while nobody is there is lost, as on a cable whose other end is open.
pub struct Host {
    clock: Clock,
    listener: TcpListener,
    guest: Mutex<Option<TcpStream>>,
    guests: Arc<AtomicU64>,
    info: LinkInfo,
}

impl Host {
    /// Opens a free port of loopback.
    ///
    /// # Errors
    /// [`LinkError`] when there is none, or on a simulated clock.
    pub fn open(clock: &Clock) -> Result<Host, LinkError> {
        const ANY: &str = "127.0.0.1:0";
        if clock.is_simulated() {
            return Err(LinkError::Unusable {
                port: ANY.into(),
                what: "a network has no simulated time; use an in-process pair there".into(),
            });
        }
        let fail = |e: std::io::Error| LinkError::from_io(ANY, "opening", &e);
        let listener = TcpListener::bind(ANY).map_err(fail)?;
        listener.set_nonblocking(true).map_err(fail)?;
        let port = format!("tcp:{}", listener.local_addr().map_err(fail)?);
        Ok(Host {
            clock: clock.clone(),
            listener,
            guest: Mutex::default(),
            guests: Arc::default(),
            info: LinkInfo::not_physical(LinkKind::Network, &port),
        })
    }

    /// What the other side opens: `tcp:127.0.0.1:40321`.
    pub fn port(&self) -> &str {
        &self.info.port
    }

    /// How many programs have been connected so far: what is read next comes from the last of them.
    pub fn guests(&self) -> Arc<AtomicU64> {
        self.guests.clone()
    }

    fn guest(&self) -> MutexGuard<'_, Option<TcpStream>> {
        self.guest.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whoever is connected, waited for until then.
    fn await_guest(&self, until: Time) -> Option<TcpStream> {
        loop {
            if let Some(guest) = self
                .guest()
                .as_ref()
                .and_then(|guest| guest.try_clone().ok())
            {
                return Some(guest);
            }
            if let Ok((guest, _)) = self.listener.accept() {
                let usable = guest.set_nonblocking(false).is_ok()
                    && guest.set_nodelay(true).is_ok()
                    && guest.set_write_timeout(Some(TAKEN_WITHIN)).is_ok();
                *self.guest() = usable.then_some(guest);
                self.guests.fetch_add(1, Ordering::AcqRel);
                continue;
            }
            let now = self.clock.now();
            if now >= until {
                return None;
            }
            self.clock.sleep(LOOK.min(until - now));
        }
    }
}

impl ByteLink for Host {
    fn write(&self, bytes: &[u8]) -> Result<Time, LinkError> {
        let now = self.clock.now();
        let mut guest = self.guest();
        if let Some(Err(_)) = guest.as_mut().map(|guest| guest.write_all(bytes)) {
            *guest = None;
        }
        Ok(now)
    }

    fn read(&self, buf: &mut Vec<u8>, until: Time) -> Result<Option<Stamp>, LinkError> {
        let mut room = [0; 4096];
        loop {
            let Some(mut guest) = self.await_guest(until) else {
                return Ok(None);
            };
            let earliest = self.clock.now();
            let wait = (until.max(earliest) - earliest).max(Duration::from_millis(1));
            let read = guest
                .set_read_timeout(Some(wait))
                .and_then(|()| guest.read(&mut room));
            match read {
                Ok(n) if n > 0 => {
                    buf.extend(room.get(..n).unwrap_or_default());
                    return Ok(Some(Stamp {
                        earliest,
                        latest: self.clock.now(),
                        kernel: false,
                    }));
                }
                Err(e) if matches!(e.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                    return Ok(None);
                }
                Err(e) if e.kind() == ErrorKind::Interrupted => (),
                Ok(_) | Err(_) => *self.guest() = None, // gone: the next one may come
            }
        }
    }

    fn discard(&self) {
        let mut lost = Vec::new();
        while let Ok(Some(_)) = self.read(&mut lost, self.clock.now()) {
            lost.clear();
        }
    }

    fn describe(&self) -> &LinkInfo {
        &self.info
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_come_one_after_the_other_and_are_answered() {
        let clock = Clock::real();
        let host = Host::open(&clock).unwrap();
        let nobody = host.read(&mut Vec::new(), clock.now()).unwrap();
        assert_eq!(nobody, None);
        host.write(b"lost").unwrap();
        let address = host.port().strip_prefix("tcp:").unwrap().to_owned();
        for said in [&b"first"[..], b"second"] {
            let mut guest = TcpStream::connect(&address).unwrap();
            guest.write_all(said).unwrap();
            let (mut heard, until) = (Vec::new(), clock.now() + Duration::from_secs(10));
            while heard.len() < said.len() && clock.now() < until {
                host.read(&mut heard, until).unwrap();
            }
            assert_eq!(heard, said);
            host.write(said).unwrap();
            let mut back = vec![0; said.len()];
            guest.read_exact(&mut back).unwrap();
            assert_eq!(back, said);
        }
        assert!(Host::open(&Clock::simulated()).is_err());
    }
}
