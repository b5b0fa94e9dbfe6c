//! The machine's own clock.

use crate::Time;
pub(crate) use system::{now, sleep_until};

#[cfg(target_os = "linux")]
mod system {
    use super::Time;
    use std::sync::OnceLock;

    const NANOS: u64 = 1_000_000_000;
    static EPOCH: OnceLock<u64> = OnceLock::new();

    pub(crate) fn now() -> Time {
        let now = monotonic_ns();
        Time(now.saturating_sub(*EPOCH.get_or_init(|| now)))
    }

    /// An absolute sleep: being preempted on the way in does not make it later.
    pub(crate) fn sleep_until(t: Time) {
        let epoch = *EPOCH.get_or_init(monotonic_ns);
        let at = epoch.saturating_add(t.0);
        let at = libc::timespec {
            tv_sec: libc::time_t::try_from(at / NANOS).unwrap_or(libc::time_t::MAX),
            tv_nsec: (at % NANOS) as libc::c_long,
        };
        while interrupted(&at) {}
    }

    #[expect(
        unsafe_code,
        reason = "std offers no reading that can be slept towards in absolute terms"
    )]
    fn monotonic_ns() -> u64 {
        let mut t = libc::timespec {
            tv_sec: 0,
            tv_nsec: 0,
        };
        // SAFETY: `t` is a valid timespec that the call fills in; CLOCK_MONOTONIC always exists on Linux.
        unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC, &mut t) };
        t.tv_sec as u64 * NANOS + t.tv_nsec as u64
    }

    #[expect(unsafe_code, reason = "std has no stable absolute sleep")]
    fn interrupted(at: &libc::timespec) -> bool {
        // SAFETY: `at` is a valid timespec; with TIMER_ABSTIME the remaining time is not written, so null is allowed.
        let e = unsafe {
            libc::clock_nanosleep(
                libc::CLOCK_MONOTONIC,
                libc::TIMER_ABSTIME,
                at,
                std::ptr::null_mut(),
            )
        };
        e == libc::EINTR
    }
}

#[cfg(not(target_os = "linux"))]
mod system {
    use super::Time;
    use std::sync::OnceLock;
    use std::time::Instant;

    static EPOCH: OnceLock<Instant> = OnceLock::new();

    pub(crate) fn now() -> Time {
        Time::ZERO + EPOCH.get_or_init(Instant::now).elapsed()
    }

    pub(crate) fn sleep_until(t: Time) {
        while now() < t {
            std::thread::sleep(t - now());
        }
    }
}
