//! Small parts of every model: something delayed, something that relaxes, something remembered.
//! Time is counted in steps of the grid.

use std::collections::VecDeque;

/// A value whose changes take effect later.
#[derive(Clone, Debug)]
pub(crate) struct Delayed<T> {
    now: T,
    coming: VecDeque<(u64, T)>,
}

impl<T: Copy + PartialEq> Delayed<T> {
    pub(crate) fn new(now: T) -> Delayed<T> {
        Delayed {
            now,
            coming: VecDeque::new(),
        }
    }

    pub(crate) fn get(&self) -> T {
        self.now
    }

    /// What it will be once everything under way has arrived.
    pub(crate) fn last(&self) -> T {
        self.coming.back().map_or(self.now, |(_, value)| *value)
    }

    /// Becomes `value` at step `due`. Nothing if it will be that anyway.
    pub(crate) fn set(&mut self, due: u64, value: T) {
        if self.last() != value {
            self.coming.push_back((due, value));
        }
    }

    /// Becomes `value` at step `due`; whatever was under way is forgotten.
    pub(crate) fn replace(&mut self, due: u64, value: T) {
        self.coming.clear();
        self.set(due, value);
    }

    /// Lets arrive what is due; whether it changed.
    pub(crate) fn advance(&mut self, step: u64) -> bool {
        let before = self.now;
        while let Some((_, value)) = self.coming.front().copied().filter(|(due, _)| *due <= step) {
            self.now = value;
            self.coming.pop_front();
        }
        self.now != before
    }

    pub(crate) fn is_settled(&self) -> bool {
        self.coming.is_empty()
    }
}

/// A value that approaches a target exponentially; exact at any time, however often it is asked.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Relaxation {
    from: f64,
    since: u64,
    target: f64,
    tau_steps: f64,
}

impl Relaxation {
    pub(crate) fn new(value: f64, tau_steps: f64) -> Relaxation {
        Relaxation {
            from: value,
            since: 0,
            target: value,
            tau_steps,
        }
    }

    pub(crate) fn at(&self, step: u64) -> f64 {
        let passed = step.saturating_sub(self.since) as f64;
        self.target + (self.from - self.target) * (-passed / self.tau_steps).exp()
    }

    pub(crate) fn target(&self) -> f64 {
        self.target
    }

    pub(crate) fn retarget(&mut self, step: u64, target: f64) {
        if target != self.target {
            self.from = self.at(step);
            self.since = step;
            self.target = target;
        }
    }

    pub(crate) fn jump(&mut self, step: u64, value: f64) {
        self.from = value;
        self.since = step;
    }
}

/// What a value was in the last stretch of time.
#[derive(Clone, Debug)]
pub(crate) struct History<T> {
    /// From this step on it was that; never empty.
    changes: VecDeque<(u64, T)>,
    keep: u64,
}

impl<T: Clone + PartialEq> History<T> {
    /// Remembers `keep` steps.
    pub(crate) fn new(value: T, keep: u64) -> History<T> {
        History {
            changes: [(0, value)].into(),
            keep,
        }
    }

    pub(crate) fn push(&mut self, step: u64, value: T) {
        if self.changes.back().is_some_and(|(_, last)| *last == value) {
            return;
        }
        self.changes.push_back((step, value));
        let oldest = step.saturating_sub(self.keep);
        while self
            .changes
            .get(1)
            .is_some_and(|(since, _)| *since <= oldest)
        {
            self.changes.pop_front();
        }
    }

    /// What it was at `step`, or the oldest that is remembered.
    pub(crate) fn at(&self, step: u64) -> Option<&T> {
        let after = self.changes.partition_point(|(since, _)| *since <= step);
        self.changes
            .get(after.saturating_sub(1))
            .map(|(_, value)| value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_delayed_value_arrives_when_due_and_a_bounce_is_kept_in_order() {
        let mut relay = Delayed::new(false);
        relay.set(10, true);
        relay.set(14, false);
        assert!(!relay.advance(9) && !relay.get() && !relay.is_settled());
        assert!(relay.advance(10) && relay.get());
        assert!(relay.advance(20) && !relay.get() && relay.is_settled());
    }

    #[test]
    fn relaxation_is_the_same_however_often_it_is_asked() {
        let mut warm = Relaxation::new(0.0, 100.0);
        warm.retarget(0, 1.0);
        assert!((warm.at(100) - (1.0 - (-1.0f64).exp())).abs() < 1e-12);
        let once = warm.at(250);
        for step in 0..250 {
            warm.retarget(step, 1.0);
        }
        assert_eq!(warm.at(250), once);
    }

    #[test]
    fn history_gives_what_was_and_forgets_in_time() {
        let mut level = History::new(0, 100);
        for step in 1..=1000 {
            level.push(step, step / 10);
        }
        assert_eq!(level.at(955), Some(&95));
        assert_eq!(level.at(2000), Some(&100));
        assert_eq!(level.at(3), Some(&90)); // the oldest that is remembered
        assert!(level.changes.len() < 15);
    }
}
