//! The windows of a run that wait for a row.

use certbench_model::event::WindowEnd;
use certbench_model::{EventBody, Facts, Step};
use std::collections::BTreeSet;

/// A window that records the channel and was closed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Slot {
    /// `case window #instance`.
    pub(super) name: String,
    pub(super) from_ns: u64,
    pub(super) to_ns: u64,
}

/// Those of a channel in the order of the run. A window that was cut off waits for none.
pub(super) fn slots(facts: &Facts, channel: &str) -> Vec<Slot> {
    let mut waiting = BTreeSet::new();
    for case in &facts.plan.cases {
        for steps in [&case.setup, &case.steps, &case.finally] {
            recording(steps, channel, &case.id, &mut waiting);
        }
    }
    let mut slots = Vec::new();
    let mut open: Vec<(&str, &str, u32, u64)> = Vec::new();
    for line in &facts.events {
        match &line.event.body {
            EventBody::WindowOpened {
                window,
                instance,
                context,
            } if waiting.contains(&(context.case.as_str(), window.as_str())) => {
                open.push((&context.case, window, *instance, line.event.time_ns));
            }
            EventBody::WindowClosed {
                window,
                instance,
                end,
            } => {
                let this = |(_, w, i, _): &(&str, &str, u32, u64)| w == window && i == instance;
                let Some(place) = open.iter().rposition(this) else {
                    continue;
                };
                let (case, window, instance, from_ns) = open.remove(place);
                if *end != WindowEnd::Cut {
                    slots.push(Slot {
                        name: format!("{case} {window} #{instance}"),
                        from_ns,
                        to_ns: line.event.time_ns,
                    });
                }
            }
            _ => {}
        }
    }
    slots.sort_by_key(|slot| slot.from_ns);
    slots
}

/// Case and window of every window that records the channel.
fn recording<'p>(
    steps: &'p [Step],
    channel: &str,
    case: &'p str,
    waiting: &mut BTreeSet<(&'p str, &'p str)>,
) {
    for step in steps {
        if let Step::Window(window) = step
            && window.record.iter().any(|c| c == channel)
        {
            waiting.insert((case, &window.id));
        }
        for inner in step.lists() {
            recording(inner, channel, case, waiting);
        }
    }
}
