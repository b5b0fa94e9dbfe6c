//! The guard: a thread of its own that looks at the ages of watched channels, sets outputs to
//! their safe state when a watch has tripped, and halts when the executor has hung.

use crate::shared::{Alarm, Shared};
use certbench_clock::{Receiver, Recv, Task};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

/// How often it looks around when no watch asks for more.
const PERIOD_MAX: Duration = Duration::from_millis(100);
/// An executor that let its lease run out for this long has hung.
pub(crate) const HUNG_AFTER: Duration = Duration::from_secs(1);
/// It has sent the halt by then, two of its periods included.
pub(crate) const HALTED_AFTER: Duration = Duration::from_millis(1200);

/// What the guard leaves behind.
#[derive(Default)]
pub(crate) struct Watchman {
    /// Ticks looked at.
    pub(crate) ticks: AtomicU64,
    /// Largest lateness of a tick, ns.
    pub(crate) worst_ns: AtomicU64,
    /// The executor hung, and everything was halted.
    pub(crate) hung: AtomicBool,
}

/// Starts it; it ends with [`Alarm::Over`].
pub(crate) fn start(
    shared: &Arc<Shared>,
    alarms: Receiver<Alarm>,
    watchman: &Arc<Watchman>,
) -> Task<()> {
    let (shared, watchman) = (shared.clone(), watchman.clone());
    let clock = shared.clock.clone();
    clock.spawn("certbench guard", move || {
        watch(&shared, &alarms, &watchman)
    })
}

fn watch(shared: &Shared, alarms: &Receiver<Alarm>, watchman: &Watchman) {
    let period = shared
        .watches
        .period()
        .unwrap_or(PERIOD_MAX)
        .min(PERIOD_MAX);
    let mut due = shared.clock.now() + period;
    let mut lapsed_since: Option<u64> = None;
    loop {
        match alarms.recv_until(Some(due)) {
            Recv::Item(Alarm::Tripped) => {
                shared.halter.set_outputs();
                shared.bell.done();
                continue;
            }
            Recv::Item(Alarm::Over) | Recv::Closed => return,
            Recv::TimedOut => {}
        }
        let now = shared.clock.now();
        let late = u64::try_from((now - due).as_nanos()).unwrap_or(u64::MAX);
        watchman.ticks.fetch_add(1, Ordering::Relaxed);
        watchman.worst_ns.fetch_max(late, Ordering::Relaxed);
        due = now.max(due) + period;
        shared.bell.begin();
        let silent = shared.watches.look_at_ages(&shared.board, now.as_nanos());
        let hung = executor_hung(shared, now.as_nanos(), &mut lapsed_since);
        if hung {
            watchman.hung.store(true, Ordering::Release);
        }
        if silent || hung {
            shared.halter.send();
            shared.wake();
            shared.halter.set_outputs();
        }
        shared.bell.done();
    }
}

/// Whether the lease has just been out for too long while motion is allowed.
fn executor_hung(shared: &Shared, now_ns: u64, lapsed_since: &mut Option<u64>) -> bool {
    if !shared.watches.armed() || shared.lease.holds(now_ns) {
        *lapsed_since = None;
        return false;
    }
    let since = *lapsed_since.get_or_insert(now_ns);
    let hung = now_ns.saturating_sub(since) > HUNG_AFTER.as_nanos() as u64;
    if hung {
        *lapsed_since = Some(u64::MAX);
    }
    hung
}
