//! A panic anywhere halts first. One hook for the whole process, installed with the first run; it
//! then calls the hook that was there before.

use crate::control::{Inner, relock};
use std::sync::{Arc, Mutex, Once, Weak};

static INSTALLED: Once = Once::new();
/// Only ever held over a push or a clone: no caller can be blocked while holding it.
static RUNS: Mutex<Vec<Weak<Inner>>> = Mutex::new(Vec::new());

/// From here until it is dropped, this run's devices are halted by any panic.
pub(crate) fn register(run: &Arc<Inner>) {
    INSTALLED.call_once(install);
    let mut runs = relock(&RUNS);
    runs.retain(|r| r.strong_count() > 0);
    runs.push(Arc::downgrade(run));
}

/// The run is over: a later panic is no business of its devices.
pub(crate) fn forget(run: &Arc<Inner>) {
    relock(&RUNS).retain(|r| !std::ptr::eq(r.as_ptr(), Arc::as_ptr(run)));
}

fn install() {
    let previous = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        let runs: Vec<_> = relock(&RUNS).iter().filter_map(Weak::upgrade).collect();
        let text = info.to_string();
        for run in runs {
            run.on_panic(&text);
        }
        previous(info);
    }));
}
