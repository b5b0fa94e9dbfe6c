//! A byte link on a file descriptor of the terminal kind: the common part of serial ports and
//! pseudo-terminals.
//!
//! A thread of its own moves what arrives into a queue and stamps it right after the read.
//! Between arrivals it looks again every few milliseconds that nothing is there: that is what
//! keeps the earliest possible time of arrival close.

use std::fs::File;
use std::io::{self, ErrorKind, Read, Write};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::{LinkError, Stamp};
use certbench_clock::{Clock, Receiver, Recv, Sender, Task, Time};

/// Chunks received and not read, at most; more are lost and reported.
const QUEUE: usize = 4096;

/// How a descriptor is used.
pub(crate) struct Manner {
    /// Bits per second on the wire.
    pub(crate) baud: u32,
    /// How much longer than its time on the wire a frame may take to be accepted.
    pub(crate) margin: Duration,
    /// How often an idle line is looked at.
    pub(crate) look_every: Duration,
    /// It carries datagrams: an empty one is not its end, and one that nobody takes is lost.
    pub(crate) datagrams: bool,
}

/// An open descriptor with its reader.
pub(crate) struct Descriptor {
    inner: Arc<Inner>,
    received: Receiver<Chunk>,
    writing: Mutex<()>,
    manner: Manner,
    reader: Option<Task<()>>,
}

type Chunk = (Vec<u8>, Stamp);

struct Inner {
    port: String,
    clock: Clock,
    file: File,
    datagrams: bool,
    arrivals: Mutex<Arrivals>,
    lost: AtomicU64,
    closing: AtomicBool,
}

struct Arrivals {
    /// Nothing was there at this time, and nothing after it has been read yet.
    empty_at: Time,
    /// `Err` once the line is gone.
    queue: Result<Sender<Chunk>, LinkError>,
}

impl Descriptor {
    /// Takes over `fd`, which must not block.
    pub(crate) fn new(clock: &Clock, port: &str, fd: OwnedFd, manner: Manner) -> Descriptor {
        let (queue, received) = clock.channel(QUEUE);
        let inner = Arc::new(Inner {
            port: port.into(),
            clock: clock.clone(),
            file: File::from(fd),
            datagrams: manner.datagrams,
            arrivals: Mutex::new(Arrivals {
                empty_at: clock.now(),
                queue: Ok(queue),
            }),
            lost: AtomicU64::new(0),
            closing: AtomicBool::new(false),
        });
        let reader = {
            let (inner, look_every) = (inner.clone(), manner.look_every);
            clock.spawn(&format!("read {port}"), move || inner.read_on(look_every))
        };
        Descriptor {
            inner,
            received,
            writing: Mutex::new(()),
            manner,
            reader: Some(reader),
        }
    }

    pub(crate) fn write(&self, bytes: &[u8]) -> Result<Time, LinkError> {
        let inner = &*self.inner;
        let _one_at_a_time = lock(&self.writing);
        let start = inner.clock.now();
        inner.look()?; // whatever comes from here on, an answer included, is stamped after `start`
        let on_wire = Duration::from_nanos(
            bytes.len() as u64 * 10_000_000_000 / u64::from(self.manner.baud.max(1)),
        );
        let within = on_wire + self.manner.margin;
        let mut left = bytes;
        while !left.is_empty() {
            match (&inner.file).write(left) {
                Ok(n) => left = left.get(n..).unwrap_or_default(),
                Err(e) if e.kind() == ErrorKind::Interrupted => {}
                Err(e) if inner.datagrams && e.kind() == ErrorKind::ConnectionRefused => {} // the last one
                Err(e) if e.kind() == ErrorKind::WouldBlock => {
                    let time_left = (start + within) - inner.clock.now();
                    let ready = !time_left.is_zero()
                        && poll(inner.file.as_fd(), libc::POLLOUT, time_left)
                            .map_err(|e| LinkError::from_io(&inner.port, "writing to", &e))?;
                    if !ready {
                        let (port, of) = (inner.port.clone(), bytes.len());
                        return Err(LinkError::Timeout {
                            port,
                            sent: of - left.len(),
                            of,
                            within,
                        });
                    }
                }
                Err(e) => return Err(LinkError::from_io(&inner.port, "writing to", &e)),
            }
        }
        Ok(start)
    }

    pub(crate) fn read(&self, buf: &mut Vec<u8>, until: Time) -> Result<Option<Stamp>, LinkError> {
        let lost = self.inner.lost.swap(0, Ordering::Relaxed);
        if lost > 0 {
            return Err(LinkError::Overrun {
                port: self.inner.port.clone(),
                lost,
            });
        }
        match self.received.recv_until(Some(until)) {
            Recv::Item((mut bytes, stamp)) => {
                buf.append(&mut bytes);
                Ok(Some(stamp))
            }
            Recv::TimedOut => Ok(None),
            Recv::Closed => Err(match &lock(&self.inner.arrivals).queue {
                Err(why) => why.clone(),
                Ok(_) => LinkError::Gone {
                    port: self.inner.port.clone(),
                    what: "it was closed".into(),
                },
            }),
        }
    }

    pub(crate) fn discard(&self) {
        let mut arrivals = lock(&self.inner.arrivals);
        while let Ok(_chunk) = self.inner.pull(&mut arrivals) {}
        while let Recv::Item(_) = self.received.try_recv() {}
        self.inner.lost.store(0, Ordering::Relaxed);
    }
}

impl Drop for Descriptor {
    fn drop(&mut self) {
        self.inner.closing.store(true, Ordering::Release);
        if let Some(reader) = self.reader.take() {
            let _ = reader.join();
        }
    }
}

impl Inner {
    /// The reader's thread: until the link is closed or the line is gone.
    fn read_on(&self, look_every: Duration) {
        while !self.closing.load(Ordering::Acquire) {
            let alive = match poll(self.file.as_fd(), libc::POLLIN, look_every) {
                Ok(_) => self.look(),
                Err(e) => Err(self.gone(&mut lock(&self.arrivals), &e)),
            };
            if alive.is_err() {
                return;
            }
        }
    }

    /// Moves what is there into the queue.
    fn look(&self) -> Result<(), LinkError> {
        let mut arrivals = lock(&self.arrivals);
        loop {
            match self.pull(&mut arrivals) {
                Ok(()) => {}
                Err(e) if e.kind() == ErrorKind::Interrupted => {}
                Err(e) if e.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(e) => return Err(self.gone(&mut arrivals, &e)),
            }
        }
    }

    /// Moves one chunk into the queue; `WouldBlock` if there is none.
    fn pull(&self, arrivals: &mut Arrivals) -> io::Result<()> {
        let mut room = [0; 4096];
        let before = self.clock.now();
        match (&self.file).read(&mut room) {
            Ok(0) if self.datagrams => Ok(()),
            Err(e) if self.datagrams && e.kind() == ErrorKind::ConnectionRefused => Ok(()),
            Ok(0) => Err(io::Error::from_raw_os_error(libc::EIO)), // a terminal that hung up
            Ok(n) => {
                let stamp = Stamp {
                    earliest: arrivals.empty_at,
                    latest: self.clock.now(),
                    kernel: false,
                };
                let bytes = room.get(..n).unwrap_or_default().to_vec();
                if let Ok(queue) = &arrivals.queue
                    && queue.try_send((bytes, stamp)).is_err()
                {
                    self.lost.fetch_add(1, Ordering::Relaxed);
                }
                Ok(())
            }
            Err(e) => {
                if e.kind() == ErrorKind::WouldBlock {
                    arrivals.empty_at = before;
                }
                Err(e)
            }
        }
    }

    fn gone(&self, arrivals: &mut Arrivals, e: &io::Error) -> LinkError {
        let why = LinkError::from_io(&self.port, "reading from", e);
        arrivals.queue = Err(why.clone()); // the last sender goes: readers find the queue closed
        why
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Waits until one of `events` is possible on `fd`; false when the time is over.
#[expect(unsafe_code, reason = "std cannot wait for a descriptor")]
pub(crate) fn poll(
    fd: BorrowedFd<'_>,
    events: libc::c_short,
    within: Duration,
) -> io::Result<bool> {
    let mut poll = libc::pollfd {
        fd: fd.as_raw_fd(),
        events,
        revents: 0,
    };
    #[cfg(target_os = "linux")]
    let n = {
        let seconds = libc::time_t::try_from(within.as_secs()).unwrap_or(libc::time_t::MAX);
        let within = libc::timespec {
            tv_sec: seconds,
            tv_nsec: within.subsec_nanos().into(),
        };
        // SAFETY: one valid pollfd, a valid timespec, no signal mask.
        unsafe { libc::ppoll(&mut poll, 1, &within, std::ptr::null()) }
    };
    #[cfg(not(target_os = "linux"))]
    let n = {
        let ms = i32::try_from(within.as_millis().saturating_add(1)).unwrap_or(i32::MAX);
        // SAFETY: one valid pollfd.
        unsafe { libc::poll(&mut poll, 1, ms) }
    };
    match n {
        0 => Ok(false),
        n if n > 0 => Ok(true),
        _ => match io::Error::last_os_error() {
            e if e.kind() == ErrorKind::Interrupted => Ok(true), // look again
            e => Err(e),
        },
    }
}
