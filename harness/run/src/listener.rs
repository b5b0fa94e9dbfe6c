//! Who is told what happens: the record, the terminal, any other.

use certbench_model::{Event, Sample};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use crate::control::relock;

/// Takes what happens in a run.
pub trait Listener: Send + Sync {
    /// Its name, for the record of what it lost.
    fn name(&self) -> &str;

    /// Takes an event, in order; the next step starts only after it has returned.
    ///
    /// # Errors
    /// When the record cannot be kept, in words: everything is halted and the run ends as a fault
    /// of the harness. Events of that end are still offered.
    fn event(&self, event: &Event) -> Result<(), String>;

    /// Takes a sample, on the thread that read it: never waits. `false`: it was lost, which is
    /// counted and told.
    fn sample(&self, sample: &Sample) -> bool;

    /// Whether what was taken is being kept: it may fail later on its way to the disk, and a long
    /// motion has no events. Asked many times a second; never waits.
    ///
    /// # Errors
    /// As [`Listener::event`].
    fn health(&self) -> Result<(), String> {
        Ok(())
    }
}

/// All listeners of a run with what they lost.
pub(crate) struct Listeners {
    rows: Vec<Row>,
    failed: AtomicBool,
    failure: Mutex<Option<(String, String)>>,
}

struct Row {
    listener: Arc<dyn Listener>,
    lost: AtomicU64,
    told: AtomicU64,
}

impl Listeners {
    pub(crate) fn new(listeners: Vec<Arc<dyn Listener>>) -> Listeners {
        let row = |listener| Row {
            listener,
            lost: AtomicU64::new(0),
            told: AtomicU64::new(0),
        };
        Listeners {
            rows: listeners.into_iter().map(row).collect(),
            failed: AtomicBool::new(false),
            failure: Mutex::new(None),
        }
    }

    /// Tells all of them; whether this was the first event that one of them could not keep.
    pub(crate) fn event(&self, event: &Event) -> bool {
        let mut first = false;
        for row in &self.rows {
            if let Err(why) = row.listener.event(event) {
                first |= self.fail(row, why);
            }
        }
        first
    }

    /// Keeps the first failure; whether this was it.
    fn fail(&self, row: &Row, why: String) -> bool {
        let first = !self.failed.swap(true, Ordering::AcqRel);
        if first {
            *relock(&self.failure) = Some((row.listener.name().to_string(), why));
        }
        first
    }

    /// Tells all of them, on the reading thread.
    pub(crate) fn sample(&self, sample: &Sample) {
        for row in &self.rows {
            if !row.listener.sample(sample) {
                row.lost.fetch_add(1, Ordering::Relaxed);
            }
        }
    }

    /// The listener that could not keep the record, and why.
    pub(crate) fn failure(&self) -> Option<(String, String)> {
        if !self.failed.load(Ordering::Acquire) {
            let mut rows = self.rows.iter();
            let (row, why) = rows.find_map(|row| Some((row, row.listener.health().err()?)))?;
            self.fail(row, why);
        }
        relock(&self.failure).clone()
    }

    /// Listeners that lost something since this was last asked, with the count since the start.
    pub(crate) fn newly_lost(&self) -> Vec<(String, u64)> {
        let lost = |row: &Row| {
            let count = row.lost.load(Ordering::Relaxed);
            let told = row.told.swap(count, Ordering::Relaxed);
            (count > told).then(|| (row.listener.name().to_string(), count))
        };
        self.rows.iter().filter_map(lost).collect()
    }
}
