//! What happened in the world, in order.

use serde::Serialize;
use serde_json::Value;

/// One thing that happened.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Happening {
    /// Simulated time, seconds since the world began.
    pub t_s: f64,
    /// What: `arm at rest`, `heartbeat lost`, `object lost` and so on.
    pub what: String,
    /// Its numbers.
    pub detail: Value,
}

type Sink = Box<dyn Fn(&Happening) + Send>;

/// The log so far, or where it goes.
#[derive(Default)]
pub(crate) struct Log {
    step_s: f64,
    happenings: Vec<Happening>,
    sink: Option<Sink>,
}

impl Log {
    pub(crate) fn new(step_s: f64) -> Log {
        Log {
            step_s,
            ..Log::default()
        }
    }

    pub(crate) fn note(&mut self, step: u64, what: &str, detail: Value) {
        let t_s = step as f64 * self.step_s;
        let happening = Happening {
            t_s,
            what: what.into(),
            detail,
        };
        match &self.sink {
            Some(sink) => sink(&happening),
            None => self.happenings.push(happening),
        }
    }

    pub(crate) fn take(&mut self) -> Vec<Happening> {
        std::mem::take(&mut self.happenings)
    }

    pub(crate) fn send_to(&mut self, sink: Sink) {
        self.take().iter().for_each(&sink);
        self.sink = Some(sink);
    }
}
