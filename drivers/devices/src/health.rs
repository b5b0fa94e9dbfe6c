//! When to say that something is wrong: once an episode, and not at the first lost frame.

/// Failures in a row after which it is news.
const PATIENCE: u32 = 3;

/// Counts failures in a row.
#[derive(Debug, Default)]
pub(crate) struct Health {
    in_a_row: u32,
}

impl Health {
    /// It went well.
    pub(crate) fn good(&mut self) {
        self.in_a_row = 0;
    }

    /// It failed; whether this is the moment to say so.
    pub(crate) fn bad(&mut self) -> bool {
        self.in_a_row = self.in_a_row.saturating_add(1);
        self.in_a_row == PATIENCE
    }
}
