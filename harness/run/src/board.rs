//! The latest of every channel, in atomics: written on the reading threads, read by anybody.

use certbench_model::sample::COMPONENTS_MAX;
use certbench_model::{Invalid, Reading, Sample};
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};

/// One cell a channel.
#[derive(Debug)]
pub(crate) struct Board(Box<[Cell]>);

/// Times are ns on the run's clock plus one, so that 0 says "never".
#[derive(Debug)]
struct Cell {
    any: AtomicU64,
    valid: AtomicU64,
    /// Why the latest was no number: the place in [`Invalid::ALL`].
    invalid: AtomicU8,
    values: [AtomicU64; COMPONENTS_MAX],
    /// The latest that was off, and that was on: a contact that was on for a moment only is not missed.
    levels: [AtomicU64; 2],
}

impl Board {
    pub(crate) fn new(channels: usize) -> Board {
        let cell = || Cell {
            any: AtomicU64::new(0),
            valid: AtomicU64::new(0),
            invalid: AtomicU8::new(0),
            values: [const { AtomicU64::new(f64::NAN.to_bits()) }; COMPONENTS_MAX],
            levels: [const { AtomicU64::new(0) }; 2],
        };
        Board((0..channels).map(|_| cell()).collect())
    }

    /// Notes a sample. A time stamp from the future counts as now, one from the past as it is: a
    /// sample that arrives late is old already.
    pub(crate) fn note(&self, sample: &Sample, now_ns: u64) {
        let Some(cell) = self.0.get(usize::from(sample.channel)) else {
            return;
        };
        let at = sample.time_ns.min(now_ns).saturating_add(1);
        match &sample.reading {
            Reading::Values { values, .. } => {
                for (slot, value) in cell.values.iter().zip(values) {
                    slot.store(value.to_bits(), Ordering::Relaxed);
                }
                if let Some(level) = values.first() {
                    let [off, on] = &cell.levels;
                    if is_on(*level) { on } else { off }.store(at, Ordering::Release);
                }
                cell.valid.store(at, Ordering::Release);
            }
            Reading::Invalid(why) => {
                let code = Invalid::ALL.iter().position(|i| i == why).unwrap_or(0);
                cell.invalid.store(code as u8, Ordering::Relaxed);
            }
        }
        cell.any.store(at, Ordering::Release);
    }

    /// Time of the latest sample, valid or not.
    pub(crate) fn any_ns(&self, channel: u16) -> Option<u64> {
        self.time(channel, |cell| &cell.any)
    }

    /// Time of the latest valid sample.
    pub(crate) fn valid_ns(&self, channel: u16) -> Option<u64> {
        self.time(channel, |cell| &cell.valid)
    }

    /// Time of the latest valid sample of a contact that was on, or that was off.
    pub(crate) fn level_ns(&self, channel: u16, on: bool) -> Option<u64> {
        self.time(channel, |cell| {
            let [was_off, was_on] = &cell.levels;
            if on { was_on } else { was_off }
        })
    }

    /// What a contact was in its latest valid sample.
    pub(crate) fn is_on(&self, channel: u16) -> Option<bool> {
        self.value(channel, 0).map(is_on)
    }

    /// Why the latest reading that was no number was none; `None` when the latest is a number or
    /// there is none.
    pub(crate) fn invalid(&self, channel: u16) -> Option<Invalid> {
        let any = self.any_ns(channel)?;
        if self.valid_ns(channel).is_some_and(|valid| valid >= any) {
            return None;
        }
        let cell = self.0.get(usize::from(channel))?;
        let code = cell.invalid.load(Ordering::Relaxed);
        Invalid::ALL.get(usize::from(code)).copied()
    }

    fn time(&self, channel: u16, which: impl Fn(&Cell) -> &AtomicU64) -> Option<u64> {
        let cell = self.0.get(usize::from(channel))?;
        which(cell).load(Ordering::Acquire).checked_sub(1)
    }

    /// Latest valid value of a component.
    pub(crate) fn value(&self, channel: u16, component: usize) -> Option<f64> {
        self.valid_ns(channel)?;
        let cell = self.0.get(usize::from(channel))?;
        let bits = cell.values.get(component)?.load(Ordering::Relaxed);
        Some(f64::from_bits(bits)).filter(|v| v.is_finite())
    }
}

/// Whether the reading of a contact, 0 or 1, is on.
fn is_on(level: f64) -> bool {
    level > 0.5
}
