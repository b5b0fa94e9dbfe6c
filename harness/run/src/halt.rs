//! The way to a safe state, prepared before anything is armed, so that any thread can take it:
//! a reading thread, a signal handler's, the panic hook. Reading it takes no lock.

use crate::bench::{Bench, Switch};
use certbench_model::Text;
use certbench_model::step::Scope;
use certbench_roles::{Halt, Trouble};
use std::sync::Arc;
use std::time::Duration;

/// Everything that must be stopped.
#[derive(Default)]
pub(crate) struct Halter {
    pub(crate) movers: Vec<Mover>,
    /// Outputs with a safe state, as switches to it.
    pub(crate) outputs: Vec<Switch>,
}

/// A device that can move.
pub(crate) struct Mover {
    pub(crate) device: String,
    pub(crate) halt: Arc<dyn Halt>,
    /// The next stop path when a halt is refused or late.
    pub(crate) next: Option<Switch>,
}

impl Halter {
    /// Gathers them from the bench. What the bench declares and cannot do is refused elsewhere.
    pub(crate) fn new(bench: &Bench) -> Halter {
        let mover = |(planned, device): (&certbench_model::plan::DevicePlan, &Arc<_>)| {
            let device: &Arc<dyn certbench_roles::Device> = device;
            let next = planned.safety.as_ref().and_then(|s| s.next.as_ref());
            Some(Mover {
                device: planned.id.clone(),
                halt: device.halt()?,
                next: next.and_then(|set| bench.switch(set, &Scope::default()).ok()),
            })
        };
        Halter {
            movers: bench.devices().filter_map(mover).collect(),
            outputs: bench.safe_outputs().into_iter().flatten().collect(),
        }
    }

    /// Sends every device its halt, once, and waits for nothing but the frames. Whether it worked
    /// is found out by who asks for confirmation afterwards.
    pub(crate) fn send(&self) {
        for mover in &self.movers {
            let _ = mover.halt.halt();
        }
    }

    /// The longest time that setting all outputs takes.
    pub(crate) fn outputs_at_most(&self) -> Duration {
        self.outputs.iter().map(|s| s.device.call_at_most()).sum()
    }

    /// Sets every output with a safe state to it. May wait for a transaction on a bus: never
    /// called on a reading thread.
    pub(crate) fn set_outputs(&self) -> Vec<(Switch, Result<[u64; 2], Trouble>)> {
        let set = |s: &Switch| (s.clone(), s.set());
        self.outputs.iter().map(set).collect()
    }
}

/// What of a stop path the bench names and does not have.
pub(crate) fn missing_paths(bench: &Bench) -> Vec<Text> {
    let next = bench.devices().filter_map(|(planned, _)| {
        let set = planned.safety.as_ref()?.next.as_ref()?;
        bench.switch(set, &Scope::default()).err()
    });
    let outputs = bench.safe_outputs().into_iter().filter_map(Result::err);
    next.chain(outputs).collect()
}
