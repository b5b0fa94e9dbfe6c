//! Real time and simulated time behind one handle.
//!
//! A [`Clock`] is the only source of time and the only place to wait. Code that takes its
//! clock as an argument runs unchanged in both worlds:
//!
//! - **real**: `CLOCK_MONOTONIC`, ordinary threads, ordinary waits;
//! - **simulated**: discrete events. Every thread started with [`Clock::spawn`] (and the one
//!   that made the clock) is a *party*. Exactly one party runs at any moment; time stands
//!   still while it runs and jumps to the earliest deadline once all of them wait. Ties go to
//!   who waited first, so a run is the same every time and eight hours pass in seconds.
//!
//! What follows from that for code on a simulated clock:
//!
//! - Wait through the clock only: [`Clock::sleep_until`], [`Sender::send`],
//!   [`Receiver::recv_until`], [`Task::join`], [`Lock::lock`]. A party that blocks elsewhere
//!   (an operating-system lock held by a waiting party, a pipe, a socket) stops the world.
//!   Hold a plain mutex only over code that does not wait; where it may wait, use a [`Lock`].
//! - A loop that polls without waiting never ends, because time does not pass in it.
//! - All parties waiting with nothing due is a deadlock: every one of them panics, with a
//!   message that names them all and what they wait for.
//! - When the thread that made the clock ends (or calls [`Clock::end`]) the simulation is
//!   over: the other parties are unwound quietly at their wait.
//!
//! Absent here: dates and calendars (beyond [`Clock::utc`]), I/O, devices.

mod channel;
mod lock;
mod processor;
mod real;
mod signal;
mod sim;
mod task;
mod time;

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

pub use channel::{Closed, Receiver, Recv, Sender, TrySend};
pub use lock::{Lock, LockGuard};
pub use task::Task;
pub use time::Time;

use signal::Signal;
use sim::{Label, Sim};

/// 2026-01-01T00:00:00Z, the wall-clock time at which a simulation starts unless it is told another,
/// in seconds since 1970.
const SIMULATED_START_UTC_S: u64 = 1_767_225_600;

/// A cheap handle on real or simulated time. Clones are the same clock.
#[derive(Clone)]
pub struct Clock(Kind);

#[derive(Clone)]
enum Kind {
    Real,
    /// With the wall-clock time of its time zero.
    Simulated(Arc<Sim>, SystemTime),
}

impl Clock {
    /// The machine's monotonic clock. All real clocks of a process agree: their epoch is the
    /// first moment anyone asked.
    pub fn real() -> Clock {
        real::now();
        Clock(Kind::Real)
    }

    /// A new simulation at time zero, with the calling thread as its first party, called `main`.
    /// It is over when that thread ends or calls [`Clock::end`]. Until then that thread, and every
    /// thread started from a party, stays on one processor.
    pub fn simulated() -> Clock {
        let start = SystemTime::UNIX_EPOCH + Duration::from_secs(SIMULATED_START_UTC_S);
        Clock::simulated_from(start)
    }

    /// As [`Clock::simulated`], with this wall-clock time at time zero.
    pub fn simulated_from(start: SystemTime) -> Clock {
        Clock(Kind::Simulated(Sim::start(), start))
    }

    /// Whether time is simulated.
    pub fn is_simulated(&self) -> bool {
        matches!(self.0, Kind::Simulated(..))
    }

    /// The time now. Any thread may ask.
    pub fn now(&self) -> Time {
        match &self.0 {
            Kind::Real => real::now(),
            Kind::Simulated(sim, _) => sim.now(),
        }
    }

    /// Waits until `t`. On the real clock an absolute sleep, so that a periodic loop does not
    /// drift; a time in the past returns at once. On the simulated clock a time in the past
    /// still lets the others run first.
    ///
    /// # Panics
    /// On a simulated clock: when the thread is not a party, or on a deadlock of the others.
    pub fn sleep_until(&self, t: Time) {
        match &self.0 {
            Kind::Real => real::sleep_until(t),
            Kind::Simulated(sim, _) => {
                let _ = sim.wait(sim::SLEEP, &Label::Sleep, Some(t), || ());
            }
        }
    }

    /// Waits for `d` from now.
    ///
    /// # Panics
    /// As [`Clock::sleep_until`].
    pub fn sleep(&self, d: Duration) {
        self.sleep_until(self.now() + d);
    }

    /// Starts `f` on an operating-system thread of its own called `name`. On a simulated clock
    /// the thread is a party and first runs when its maker waits.
    ///
    /// # Panics
    /// When the system refuses a thread; on a simulated clock when the caller is not a party.
    pub fn spawn<T, F>(&self, name: &str, f: F) -> Task<T>
    where
        T: Send + 'static,
        F: FnOnce() -> T + Send + 'static,
    {
        match &self.0 {
            Kind::Real => Task::real(name, f),
            Kind::Simulated(sim, _) => Task::simulated(sim, name, f),
        }
    }

    /// A bounded channel that waits on this clock; a capacity of zero is taken as one.
    pub fn channel<T: Send + 'static>(&self, capacity: usize) -> (Sender<T>, Receiver<T>) {
        channel::channel(self, capacity)
    }

    /// A mutex that waits on this clock, for whatever is held across a wait.
    pub fn lock<T>(&self, value: T) -> Lock<T> {
        Lock::new(self, value)
    }

    /// The wall-clock time now: the machine's, or the simulation's start (2026-01-01T00:00:00Z
    /// unless it was told another) plus the simulated time.
    pub fn utc(&self) -> SystemTime {
        match &self.0 {
            Kind::Real => SystemTime::now(),
            Kind::Simulated(sim, start) => *start + (sim.now() - Time::ZERO),
        }
    }

    /// The wall-clock time at `t`, by the offset between the two clocks at this moment.
    pub fn utc_of(&self, t: Time) -> SystemTime {
        match &self.0 {
            Kind::Real => {
                let (now, utc) = (real::now(), SystemTime::now());
                let at = if t >= now {
                    utc.checked_add(t - now)
                } else {
                    utc.checked_sub(now - t)
                };
                at.unwrap_or(utc)
            }
            Kind::Simulated(_, start) => *start + (t - Time::ZERO),
        }
    }

    /// Ends a simulation: every other party is unwound quietly where it waits. Nothing on a
    /// real clock. A program that runs many simulations on one thread calls this after each.
    pub fn end(&self) {
        if let Kind::Simulated(sim, _) = &self.0 {
            sim.end();
        }
    }

    fn signal(&self, label: impl FnOnce(u64) -> Label) -> Signal {
        match &self.0 {
            Kind::Real => Signal::real(),
            Kind::Simulated(sim, _) => Signal::simulated(sim, label),
        }
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = if self.is_simulated() {
            "simulated"
        } else {
            "real"
        };
        write!(f, "Clock({kind}, {})", self.now())
    }
}
