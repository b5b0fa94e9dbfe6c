//! One reading of one channel.

use serde::{Deserialize, Serialize};

/// Most components that a sample can have.
pub const COMPONENTS_MAX: usize = 6;

/// Why a reading is no number. An invalid reading never becomes one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Invalid {
    /// The instrument says that it is overloaded or out of its range.
    OverRange,
    /// The instrument says that it sees nothing (no target, no peak).
    NoSignal,
    /// The line arrived and could not be read as the number that was due.
    Unreadable,
    /// Not a finite number.
    NotFinite,
    /// The unit is not the declared one.
    WrongUnit,
    /// Too old to be taken for the present.
    Stale,
}

/// A vector of 1 to 6 finite numbers, or the reason why there is none. `Copy`: no allocation on the
/// reading thread.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Reading {
    /// `values[..len]` in the order and units of the channel's components.
    Values {
        /// How many components are meant.
        len: u8,
        /// The numbers; those from `len` on are zero.
        values: [f64; COMPONENTS_MAX],
    },
    /// No number.
    Invalid(Invalid),
}

/// A reading with its channel and time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sample {
    /// Index of the channel in the plan.
    pub channel: u16,
    /// The earliest time that the software can vouch for, nanoseconds on the run's monotonic clock.
    pub time_ns: u64,
    /// What was read.
    pub reading: Reading,
}

impl Reading {
    /// One number; a number that is not finite becomes [`Invalid::NotFinite`].
    pub fn scalar(value: f64) -> Reading {
        Reading::vector(&[value])
    }

    /// Up to six numbers (a longer slice is `Unreadable`); any that is not finite makes the whole
    /// reading invalid.
    pub fn vector(numbers: &[f64]) -> Reading {
        if numbers.is_empty() || numbers.len() > COMPONENTS_MAX {
            return Reading::Invalid(Invalid::Unreadable);
        }
        if numbers.iter().any(|v| !v.is_finite()) {
            return Reading::Invalid(Invalid::NotFinite);
        }
        let mut values = [0.0; COMPONENTS_MAX];
        values[..numbers.len()].copy_from_slice(numbers);
        Reading::Values {
            len: numbers.len() as u8,
            values,
        }
    }

    /// The numbers, or `None` when invalid.
    pub fn values(&self) -> Option<&[f64]> {
        match self {
            Reading::Values { len, values } => values.get(..usize::from(*len)),
            Reading::Invalid(_) => None,
        }
    }

    /// One component, or `None` when invalid or absent.
    pub fn component(&self, index: usize) -> Option<f64> {
        self.values()?.get(index).copied()
    }
}
