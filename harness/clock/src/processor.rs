//! One processor for all parties of a simulation. Exactly one of them runs at any moment, so a second
//! processor gains nothing, and waking one that sleeps costs several times the switch of threads.

use std::cell::Cell;
use system::Allowed;

thread_local! {
    /// What the thread was allowed before its simulation kept it.
    static BEFORE: Cell<Option<Allowed>> = const { Cell::new(None) };
}

/// Keeps the calling thread, and every thread that it starts from now on, on the processor that it
/// runs on. Where the system refuses, nothing changes but the time that a simulation takes.
pub(crate) fn keep() {
    BEFORE.with(|before| before.set(before.take().or_else(system::stay)));
}

/// Lets the calling thread go again; nothing for a thread that was not kept.
pub(crate) fn release() {
    let before = BEFORE.try_with(Cell::take).ok().flatten(); // a thread at its end needs no release
    if let Some(allowed) = before {
        system::allow(&allowed);
    }
}

#[cfg(target_os = "linux")]
mod system {
    /// The processors that a thread may run on.
    pub(crate) type Allowed = libc::cpu_set_t;

    /// The calling thread stays where it is; gives what was allowed before.
    #[expect(unsafe_code, reason = "std knows nothing of processors")]
    pub(crate) fn stay() -> Option<Allowed> {
        // SAFETY: a set of processors is plain bits, for which all zeros are valid.
        let (mut before, mut here): (Allowed, Allowed) = unsafe { std::mem::zeroed() };
        // SAFETY: zero is the calling thread; `before` is writable for its size.
        let e = unsafe { libc::sched_getaffinity(0, size_of::<Allowed>(), &mut before) };
        // SAFETY: the call takes nothing.
        let processor = usize::try_from(unsafe { libc::sched_getcpu() }).ok()?;
        if e != 0 || processor >= 8 * size_of::<Allowed>() {
            return None;
        }
        // SAFETY: the processor's bit lies inside the set.
        unsafe { libc::CPU_SET(processor, &mut here) };
        allow(&here).then_some(before)
    }

    /// The calling thread may run on these.
    #[expect(unsafe_code, reason = "std knows nothing of processors")]
    pub(crate) fn allow(allowed: &Allowed) -> bool {
        // SAFETY: zero is the calling thread; `allowed` is readable for its size.
        unsafe { libc::sched_setaffinity(0, size_of::<Allowed>(), allowed) == 0 }
    }
}

#[cfg(not(target_os = "linux"))]
mod system {
    pub(crate) enum Allowed {}

    pub(crate) fn stay() -> Option<Allowed> {
        None
    }

    pub(crate) fn allow(allowed: &Allowed) {
        match *allowed {}
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use crate::Clock;

    /// As the system tells it: `0-1`, or `1` for a thread that is kept.
    fn allowed() -> String {
        let status = std::fs::read_to_string("/proc/thread-self/status").unwrap();
        let line = status.lines().find(|l| l.starts_with("Cpus_allowed_list"));
        line.unwrap().to_owned()
    }

    #[test]
    fn the_parties_of_a_simulation_share_one_processor_until_its_end() {
        let before = allowed();
        let clock = Clock::simulated();
        let kept = allowed();
        assert_eq!(clock.spawn("other", allowed).join().unwrap(), kept);
        assert!(!kept.contains(['-', ',']), "{kept}");
        clock.end();
        assert_eq!(allowed(), before);
    }
}
