//! A device's own thread.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use certbench_clock::{Clock, Receiver, Sender, Task, Time};

use crate::sinks::Sinks;

/// At most one thread, started and ended by its device.
#[derive(Default)]
pub(crate) struct Worker {
    stop: Stop,
    task: Mutex<Option<Task<()>>>,
}

/// Whether the thread shall end.
#[derive(Clone, Default)]
pub(crate) struct Stop(Arc<AtomicBool>);

impl Stop {
    pub(crate) fn is_set(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}

impl Worker {
    /// Starts the thread; whether there was none.
    pub(crate) fn start(
        &self,
        clock: &Clock,
        name: &str,
        body: impl FnOnce(Stop) + Send + 'static,
    ) -> bool {
        let mut task = self.task.lock().unwrap_or_else(PoisonError::into_inner);
        if task.is_some() {
            return false;
        }
        self.stop.0.store(false, Ordering::Release);
        let stop = self.stop.clone();
        *task = Some(clock.spawn(name, move || body(stop)));
        true
    }

    /// Starts the thread of a device that delivers to `sinks`; its name ends with `what`.
    pub(crate) fn deliver(
        &self,
        clock: &Clock,
        what: &str,
        sinks: Sinks,
        body: impl FnOnce(&Sinks, &Stop) + Send + 'static,
    ) {
        let name = format!("{} {what}", sinks.device);
        self.start(clock, &name, move |stop| body(&sinks, &stop));
    }

    /// Ends the thread and waits for its end.
    pub(crate) fn end(&self) {
        self.stop.0.store(true, Ordering::Release);
        let task = self
            .task
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        if let Some(task) = task {
            let _ = task.join(); // a panic there has been through the panic hook
        }
    }
}

/// A device that is dropped without `close` leaves no thread behind.
impl Drop for Worker {
    fn drop(&mut self) {
        self.stop.0.store(true, Ordering::Release);
    }
}

/// How a thread that polls takes its ease while not every sample is wanted.
pub(crate) struct Ease {
    idle: Option<Duration>,
    at_ease: AtomicBool,
    wake: (Sender<()>, Receiver<()>),
}

impl Ease {
    /// Polls so often while at ease; `None` never takes it.
    pub(crate) fn new(clock: &Clock, idle: Option<Duration>) -> Ease {
        Ease {
            idle,
            at_ease: AtomicBool::new(false),
            wake: clock.channel(1),
        }
    }

    pub(crate) fn attend(&self, every_sample: bool) {
        self.at_ease.store(!every_sample, Ordering::Release);
        if every_sample && self.idle.is_some() {
            let _ = self.wake.0.try_send(()); // one call is enough
        }
    }

    /// Waits for the next tick, or, at ease, for longer: until called.
    pub(crate) fn wait(&self, ticks: &mut Ticks) {
        match self.idle.filter(|_| self.at_ease.load(Ordering::Acquire)) {
            None => ticks.wait(),
            Some(idle) => {
                let now = ticks.clock.now();
                self.wake.1.recv_until(Some(now + idle));
                ticks.next = ticks.clock.now();
            }
        }
    }
}

/// Absolute times at a fixed interval. A tick that was missed is skipped, not made up for.
pub(crate) struct Ticks {
    clock: Clock,
    next: Time,
    every: Duration,
}

impl Ticks {
    pub(crate) fn new(clock: &Clock, every: Duration) -> Ticks {
        Ticks {
            clock: clock.clone(),
            next: clock.now(),
            every: every.max(Duration::from_micros(100)),
        }
    }

    /// Waits for the next tick.
    pub(crate) fn wait(&mut self) {
        self.next += self.every;
        let now = self.clock.now();
        if self.next < now {
            self.next = now;
        }
        self.clock.sleep_until(self.next);
    }
}
