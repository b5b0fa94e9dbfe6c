//! A mutex whose wait the clock knows about.

use std::ops::{Deref, DerefMut};
use std::sync::{Mutex, MutexGuard, TryLockError};

use crate::Clock;
use crate::signal::{Signal, relock};
use crate::sim::Label;

/// A mutex that may be held across a wait: a transaction on a bus, for instance. On the
/// simulated clock a plain mutex held across a wait would stop the world. Made by [`Clock::lock`].
pub struct Lock<T> {
    value: Mutex<T>,
    /// Guards nothing but the step from "taken" to "waiting".
    gate: Mutex<()>,
    free: Signal,
}

/// Holds a [`Lock`]; frees it when dropped.
pub struct LockGuard<'a, T> {
    guard: Option<MutexGuard<'a, T>>,
    lock: &'a Lock<T>,
}

impl<T> Lock<T> {
    pub(crate) fn new(clock: &Clock, value: T) -> Lock<T> {
        Lock {
            value: Mutex::new(value),
            gate: Mutex::new(()),
            free: clock.signal(Label::Lock),
        }
    }

    /// Waits on the clock until the lock is free, and takes it. A panic of an earlier holder
    /// does not poison it.
    ///
    /// # Panics
    /// On a simulated clock, if it must wait: when the caller is not a party, or on a deadlock.
    pub fn lock(&self) -> LockGuard<'_, T> {
        if let Signal::Real(_) = self.free {
            return self.guard(relock(&self.value));
        }
        let mut gate = relock(&self.gate);
        loop {
            if let Some(guard) = self.try_lock() {
                return guard;
            }
            match self.free.wait(&self.gate, gate, None) {
                Some(again) => gate = again,
                // The simulation is over: nobody waits on the clock with this any more.
                None => return self.guard(relock(&self.value)),
            }
        }
    }

    /// Takes the lock if it is free. Never waits.
    pub fn try_lock(&self) -> Option<LockGuard<'_, T>> {
        match self.value.try_lock() {
            Ok(guard) => Some(self.guard(guard)),
            Err(TryLockError::Poisoned(e)) => Some(self.guard(e.into_inner())),
            Err(TryLockError::WouldBlock) => None,
        }
    }

    fn guard<'a>(&'a self, guard: MutexGuard<'a, T>) -> LockGuard<'a, T> {
        LockGuard {
            guard: Some(guard),
            lock: self,
        }
    }
}

impl<T> Deref for LockGuard<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        match &self.guard {
            Some(guard) => guard,
            None => unreachable!("the guard is only taken when dropped"),
        }
    }
}

impl<T> DerefMut for LockGuard<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        match &mut self.guard {
            Some(guard) => guard,
            None => unreachable!("the guard is only taken when dropped"),
        }
    }
}

impl<T> Drop for LockGuard<'_, T> {
    fn drop(&mut self) {
        self.guard = None;
        if let Signal::Simulated { .. } = self.lock.free {
            let gate = relock(&self.lock.gate);
            self.lock.free.notify_all();
            drop(gate);
        }
    }
}
