//! Two ends in one process, on either clock: a line of bytes, or a CAN bus of two.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use certbench_clock::{Clock, Lock, Receiver, Recv, Sender, Time, TrySend};

use crate::{ByteLink, CanFrame, CanLink, LinkError, LinkInfo, LinkKind, Stamp};

/// Chunks or frames under way at most; more is a writer whose reader has stopped.
const UNDER_WAY: usize = 65_536;

/// What the wire between the two ends does.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Wire {
    /// From the last bit in to the last bit out.
    pub latency: Duration,
    /// Bits per second; `None` takes no time. A byte counts as ten bits (8N1).
    pub bits_per_second: Option<u32>,
}

/// One end of an in-process line of bytes.
pub type BytePipe = Pipe<Vec<u8>>;

/// One end of an in-process CAN bus.
pub type CanPipe = Pipe<CanFrame>;

/// A line of bytes: two ends that hear each other. A write never waits.
pub fn bytes(clock: &Clock, name: &str, wire: Wire) -> (BytePipe, BytePipe) {
    pipe(clock, name, wire, |bytes: &Vec<u8>| Size {
        bits: 10 * bytes.len() as u64,
        bytes: bytes.len(),
    })
}

/// A CAN bus of two nodes: two ends that hear each other. A send never waits.
pub fn can(clock: &Clock, name: &str, wire: Wire) -> (CanPipe, CanPipe) {
    pipe(clock, name, wire, |frame: &CanFrame| Size {
        bits: frame.wire_bits(),
        bytes: frame.len(),
    })
}

/// One end of an in-process link; [`BytePipe`] or [`CanPipe`].
pub struct Pipe<T> {
    clock: Clock,
    wire: Wire,
    size: fn(&T) -> Size,
    out: Mutex<Outgoing<T>>,
    incoming: Lock<Incoming<T>>,
    info: LinkInfo,
}

/// How much wire something takes.
struct Size {
    bits: u64,
    bytes: usize,
}

struct Outgoing<T> {
    sender: Sender<(Time, T)>,
    /// When the last bit sent so far has left.
    free_at: Time,
}

struct Incoming<T> {
    receiver: Receiver<(Time, T)>,
    /// Taken from the channel, not yet arrived.
    under_way: Option<(Time, T)>,
}

fn pipe<T: Send + 'static>(
    clock: &Clock,
    name: &str,
    wire: Wire,
    size: fn(&T) -> Size,
) -> (Pipe<T>, Pipe<T>) {
    let (to_b, at_b) = clock.channel(UNDER_WAY);
    let (to_a, at_a) = clock.channel(UNDER_WAY);
    let end = |sender, receiver| Pipe {
        clock: clock.clone(),
        wire,
        size,
        out: Mutex::new(Outgoing {
            sender,
            free_at: Time::ZERO,
        }),
        incoming: clock.lock(Incoming {
            receiver,
            under_way: None,
        }),
        info: LinkInfo {
            settings: wire
                .bits_per_second
                .map(|n| format!("{n} bit/s"))
                .unwrap_or_default(),
            ..LinkInfo::not_physical(LinkKind::InProcess, name)
        },
    };
    (end(to_b, at_a), end(to_a, at_b))
}

impl<T> Pipe<T> {
    fn put(&self, load: T) -> Result<Time, LinkError> {
        let size = (self.size)(&load);
        let mut out = self.out.lock().unwrap_or_else(PoisonError::into_inner);
        let now = self.clock.now();
        let on_wire = self.wire.bits_per_second.map_or(Duration::ZERO, |rate| {
            Duration::from_nanos(size.bits.saturating_mul(1_000_000_000) / u64::from(rate.max(1)))
        });
        let left = now.max(out.free_at) + on_wire;
        match out.sender.try_send((left + self.wire.latency, load)) {
            Ok(()) => {
                out.free_at = left;
                Ok(now)
            }
            Err(TrySend::Full(_)) => {
                let port = self.info.port.clone();
                Err(LinkError::Timeout {
                    port,
                    sent: 0,
                    of: size.bytes,
                    within: Duration::ZERO,
                })
            }
            Err(TrySend::Closed(_)) => Err(self.gone()),
        }
    }

    fn take(&self, until: Time) -> Result<Option<(T, Stamp)>, LinkError> {
        let mut incoming = self.incoming.lock();
        let (due, load) = match incoming.under_way.take() {
            Some(next) => next,
            None => match incoming.receiver.recv_until(Some(until)) {
                Recv::Item(next) => next,
                Recv::TimedOut => return Ok(None),
                Recv::Closed => return Err(self.gone()),
            },
        };
        if due > self.clock.now() {
            self.clock.sleep_until(due.min(until));
        }
        if due > self.clock.now() {
            incoming.under_way = Some((due, load));
            return Ok(None);
        }
        Ok(Some((
            load,
            Stamp {
                earliest: due,
                latest: due,
                kernel: false,
            },
        )))
    }

    fn gone(&self) -> LinkError {
        LinkError::Gone {
            port: self.info.port.clone(),
            what: "the other end was closed".into(),
        }
    }
}

impl ByteLink for BytePipe {
    fn write(&self, bytes: &[u8]) -> Result<Time, LinkError> {
        self.put(bytes.to_vec())
    }

    fn read(&self, buf: &mut Vec<u8>, until: Time) -> Result<Option<Stamp>, LinkError> {
        let chunk = self.take(until)?;
        Ok(chunk.map(|(mut bytes, stamp)| {
            buf.append(&mut bytes);
            stamp
        }))
    }

    /// Waits while another thread is reading.
    fn discard(&self) {
        let now = self.clock.now();
        let mut incoming = self.incoming.lock();
        loop {
            match incoming.under_way.take() {
                Some(later) if later.0 > now => {
                    incoming.under_way = Some(later);
                    return;
                }
                _ => match incoming.receiver.try_recv() {
                    Recv::Item(next) => incoming.under_way = Some(next),
                    Recv::TimedOut | Recv::Closed => return,
                },
            }
        }
    }

    fn describe(&self) -> &LinkInfo {
        &self.info
    }
}

impl CanLink for CanPipe {
    fn send(&self, frame: &CanFrame) -> Result<Time, LinkError> {
        self.put(*frame)
    }

    fn recv(&self, until: Time) -> Result<Option<(CanFrame, Stamp)>, LinkError> {
        self.take(until)
    }

    fn describe(&self) -> &LinkInfo {
        &self.info
    }
}
