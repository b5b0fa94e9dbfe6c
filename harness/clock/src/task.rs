//! A thread that someone can wait for.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, OnceLock};
use std::thread::{Builder, JoinHandle};

use crate::signal::{Signal, relock};
use crate::sim::{self, Label, Sim, SimulationOver};

/// A started thread. Dropping it leaves the thread running.
pub struct Task<T> {
    handle: JoinHandle<T>,
    simulated: Option<Arc<Ended>>,
}

struct Ended {
    flag: Mutex<bool>,
    signal: Signal,
}

impl<T: Send + 'static> Task<T> {
    pub(crate) fn real(name: &str, f: impl FnOnce() -> T + Send + 'static) -> Task<T> {
        Task {
            handle: start(name, f),
            simulated: None,
        }
    }

    pub(crate) fn simulated(
        sim: &Arc<Sim>,
        name: &str,
        f: impl FnOnce() -> T + Send + 'static,
    ) -> Task<T> {
        sim.me();
        let signal = Signal::simulated(sim, |_| Label::Join(name.into()));
        let ended = Arc::new(Ended {
            flag: Mutex::new(false),
            signal,
        });
        let baton = Arc::new(AtomicBool::new(false));
        let party = Arc::new(OnceLock::new());
        let handle = {
            let (sim, ended, baton, party) =
                (sim.clone(), ended.clone(), baton.clone(), party.clone());
            start(name, move || {
                sim::take(&baton);
                let me = *party.wait();
                sim.enrol(me, false);
                let result = if sim.is_over() {
                    Err(Box::new(SimulationOver) as _)
                } else {
                    catch_unwind(AssertUnwindSafe(f))
                };
                *relock(&ended.flag) = true;
                ended.signal.notify_all();
                sim.retire(me);
                result.unwrap_or_else(|panic| resume_unwind(panic))
            })
        };
        let _ = party.set(sim.admit(name, handle.thread().clone(), baton));
        Task {
            handle,
            simulated: Some(ended),
        }
    }
}

impl<T> Task<T> {
    /// Waits for the end of the thread, on its clock. `Err` holds what it panicked with.
    ///
    /// # Errors
    /// The panic of the thread.
    ///
    /// # Panics
    /// On a simulated clock: when the caller is not a party, or on a deadlock.
    pub fn join(self) -> std::thread::Result<T> {
        if let Some(ended) = &self.simulated {
            let mut flag = relock(&ended.flag);
            while !*flag {
                match ended.signal.wait(&ended.flag, flag, None) {
                    Some(again) => flag = again,
                    None => return Err(Box::new(SimulationOver)),
                }
            }
        }
        self.handle.join()
    }

    /// Whether the thread has ended.
    pub fn is_finished(&self) -> bool {
        match &self.simulated {
            Some(ended) => *relock(&ended.flag),
            None => self.handle.is_finished(),
        }
    }
}

fn start<T: Send + 'static>(name: &str, f: impl FnOnce() -> T + Send + 'static) -> JoinHandle<T> {
    match Builder::new().name(name.replace('\0', "")).spawn(f) {
        Ok(handle) => handle,
        Err(e) => panic!("the system refused a thread for `{name}`: {e}"),
    }
}
