//! The grid of time on which the physics is computed.

/// A step of the physics.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Grid {
    step_ns: u64,
}

impl Grid {
    /// A step of `step_us` microseconds, at least one.
    pub(crate) fn new(step_us: u32) -> Grid {
        Grid {
            step_ns: u64::from(step_us.max(1)) * 1000,
        }
    }

    pub(crate) fn step_s(self) -> f64 {
        self.step_ns as f64 * 1e-9
    }

    /// The last step that ended by then.
    pub(crate) fn at(self, time_ns: u64) -> u64 {
        time_ns / self.step_ns
    }

    /// So many milliseconds in whole steps.
    pub(crate) fn steps(self, ms: f64) -> u64 {
        (ms * 1e6 / self.step_ns as f64).round() as u64
    }
}
