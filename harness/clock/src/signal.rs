//! A condition variable that waits on a clock: the one thing all other waits are made of.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use crate::sim::{Label, Sim};
use crate::{Time, real};

pub(crate) enum Signal {
    Real(Condvar),
    Simulated {
        sim: Arc<Sim>,
        id: u64,
        label: Label,
        waiting: AtomicUsize,
    },
}

impl Signal {
    pub(crate) fn real() -> Signal {
        Signal::Real(Condvar::new())
    }

    pub(crate) fn simulated(sim: &Arc<Sim>, label: impl FnOnce(u64) -> Label) -> Signal {
        let id = sim.new_signal();
        Signal::Simulated {
            sim: sim.clone(),
            id,
            label: label(id),
            waiting: AtomicUsize::new(0),
        }
    }

    /// Waits until notified or until the deadline, perhaps shorter: look again. `None` when
    /// the simulation is over and this thread is unwinding already: give up.
    pub(crate) fn wait<'a, T>(
        &self,
        mutex: &'a Mutex<T>,
        guard: MutexGuard<'a, T>,
        deadline: Option<Time>,
    ) -> Option<MutexGuard<'a, T>> {
        match (self, deadline) {
            (Signal::Real(condvar), None) => {
                Some(condvar.wait(guard).unwrap_or_else(PoisonError::into_inner))
            }
            (Signal::Real(condvar), Some(t)) => {
                let left = t - real::now();
                Some(
                    condvar
                        .wait_timeout(guard, left)
                        .unwrap_or_else(PoisonError::into_inner)
                        .0,
                )
            }
            (
                Signal::Simulated {
                    sim,
                    id,
                    label,
                    waiting,
                },
                _,
            ) => {
                waiting.fetch_add(1, Ordering::SeqCst); // seen by whoever takes the mutex next
                let over = sim.wait(*id, label, deadline, || drop(guard));
                waiting.fetch_sub(1, Ordering::SeqCst);
                over.ok()?;
                Some(relock(mutex))
            }
        }
    }

    pub(crate) fn notify_all(&self) {
        match self {
            Signal::Real(condvar) => condvar.notify_all(),
            Signal::Simulated {
                sim, id, waiting, ..
            } => {
                if waiting.load(Ordering::SeqCst) > 0 {
                    sim.notify(*id);
                }
            }
        }
    }

    /// The time now on the clock of this signal.
    pub(crate) fn now(&self) -> Time {
        match self {
            Signal::Real(_) => real::now(),
            Signal::Simulated { sim, .. } => sim.now(),
        }
    }
}

/// Locks, whoever panicked while holding it: every use leaves the value whole.
pub(crate) fn relock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
