//! The handle on a running run that other threads hold: stop it, halt everything, see how far it is.

use crate::board::Board;
use crate::halt::Halter;
use crate::panic;
use crate::shared::{Bell, Shared, Word};
use certbench_clock::Sender;
use certbench_model::Plan;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

/// A handle on one run. Clones are the same handle; a control serves one run only.
#[derive(Clone, Default)]
pub struct Control(Arc<Inner>);

/// What a request to stop means, by how often it was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StopRequest {
    /// The first: everything goes to its safe state, the record is finished as aborted.
    SafeState,
    /// Any further one: the halt was sent again, and [`crate::Run::perform`] returns without
    /// waiting for anything. Who cannot wait even for that may end the process now.
    Leave,
}

/// How far a run is. Taken at any moment, without waiting for the run.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Progress {
    /// What is going on, in a word or two: `identify`, `arming`, `countdown`, the case's step.
    pub step: String,
    /// Case id; empty outside cases.
    pub case: String,
    /// Number of the case, from 1; 0 outside cases.
    pub case_number: u32,
    /// Cases of the plan.
    pub cases: u32,
    /// Number of the trial in this case, from 1, counting invalid ones; 0 outside trials.
    pub trial: u32,
    /// Trials that the plan has in this case.
    pub trials: u32,
    /// Share of the plan's steps that are done, percent.
    pub percent: f64,
    /// Upper bound of the time that the remaining cases take, seconds.
    pub seconds_left_at_most: f64,
    /// The latest valid value of every channel's first component, in the plan's order.
    pub values: Vec<(String, Option<f64>)>,
}

#[derive(Default)]
pub(crate) struct Inner {
    stops: AtomicU32,
    panicked: AtomicBool,
    panic_text: Mutex<String>,
    engine: OnceLock<Engine>,
    /// The devices are closed: nothing is left to halt.
    over: AtomicBool,
    progress: Mutex<Progress>,
}

struct Engine {
    halter: Arc<Halter>,
    board: Arc<Board>,
    plan: Arc<Plan>,
    inbox: Sender<Word>,
    bell: Arc<Bell>,
}

impl Control {
    /// A control that no run has yet.
    pub fn new() -> Control {
        Control::default()
    }

    /// Asks for a stop, as Ctrl-C does: halts everything at once from this thread, then tells the
    /// run. Never waits for the run.
    pub fn stop(&self) -> StopRequest {
        let before = self.0.stops.fetch_add(1, Ordering::AcqRel);
        self.halt_all();
        self.0.wake();
        if before == 0 {
            StopRequest::SafeState
        } else {
            StopRequest::Leave
        }
    }

    /// Whether a stop was asked for.
    pub fn stop_requested(&self) -> bool {
        self.0.stops.load(Ordering::Acquire) > 0
    }

    /// Sends every device its halt, from this thread, without lock or wait. Nothing before the
    /// devices are started.
    pub fn halt_all(&self) {
        self.0.halt_all();
    }

    /// How far the run is.
    pub fn progress(&self) -> Progress {
        let mut progress = relock(&self.0.progress).clone();
        if let Some(engine) = self.0.engine.get() {
            let value = |(i, c): (usize, &certbench_model::Channel)| {
                (c.id.clone(), engine.board.value(i as u16, 0))
            };
            progress.values = engine.plan.channels.iter().enumerate().map(value).collect();
        }
        progress
    }

    pub(crate) fn leave_requested(&self) -> bool {
        self.0.stops.load(Ordering::Acquire) > 1
    }

    /// What a panic in another thread said.
    pub(crate) fn panicked(&self) -> Option<String> {
        let panicked = self.0.panicked.load(Ordering::Acquire);
        panicked.then(|| relock(&self.0.panic_text).clone())
    }

    pub(crate) fn note(&self, change: impl FnOnce(&mut Progress)) {
        change(&mut relock(&self.0.progress));
    }

    /// Binds it to a run; `false` when it has one already.
    pub(crate) fn bind(&self, shared: &Shared, plan: &Arc<Plan>) -> bool {
        let engine = Engine {
            halter: shared.halter.clone(),
            board: shared.board.clone(),
            plan: plan.clone(),
            inbox: shared.inbox.clone(),
            bell: shared.bell.clone(),
        };
        let bound = self.0.engine.set(engine).is_ok();
        if bound {
            panic::register(&self.0);
        }
        bound
    }

    /// The devices are closed: nothing is left to halt.
    pub(crate) fn release(&self) {
        self.0.over.store(true, Ordering::Release);
        panic::forget(&self.0);
    }
}

impl Inner {
    fn halt_all(&self) {
        if self.over.load(Ordering::Acquire) {
            return;
        }
        if let Some(engine) = self.engine.get() {
            engine.halter.send();
            engine.bell.ring();
        }
    }

    fn wake(&self) {
        if let Some(engine) = self.engine.get() {
            // A full inbox wakes as well.
            let _ = engine.inbox.try_send(Word::Wake);
        }
    }

    /// A thread of this program panics: halt first, then tell the run.
    pub(crate) fn on_panic(&self, text: &str) {
        self.halt_all();
        if let Ok(mut slot) = self.panic_text.try_lock() {
            text.clone_into(&mut slot);
        }
        self.panicked.store(true, Ordering::Release);
        self.wake();
    }
}

/// Locks, whoever panicked while holding it: every use leaves the value whole.
pub(crate) fn relock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
