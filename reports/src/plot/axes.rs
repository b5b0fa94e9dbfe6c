//! Ranges and tick labels.

use crate::number::{fixed, trimmed};
use certbench_model::figure::Axis;
use certbench_model::text::Lang;
use std::ops::Range;

/// A range that holds all finite numbers with a margin; never empty, never beyond what a drawing
/// can hold. `None` when there is no finite number.
pub(super) fn range(numbers: impl Iterator<Item = f64>, margin: f64) -> Option<Range<f64>> {
    let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
    for number in numbers.filter(|x| x.is_finite()) {
        let number = drawable(number);
        (low, high) = (low.min(number), high.max(number));
    }
    if low > high {
        return None;
    }
    let least = low.abs().max(high.abs()).max(1e-12) * 1e-6;
    let half = (high - low).max(least) / 2.0;
    let middle = low + (high - low) / 2.0;
    let half = half * (1.0 + 2.0 * margin);
    Some(middle - half..middle + half)
}

/// A finite number within what a drawing can hold.
pub(super) fn drawable(number: f64) -> f64 {
    const MOST: f64 = 1e150;
    number.clamp(-MOST, MOST)
}

/// The same range about its middle, `factor` times as wide.
pub(super) fn widened(range: &Range<f64>, factor: f64) -> Range<f64> {
    let middle = range.start + (range.end - range.start) / 2.0;
    let half = (range.end - range.start) / 2.0 * factor;
    middle - half..middle + half
}

/// A tick label with digits enough for some ten ticks over the range.
pub(super) fn tick(value: f64, range: &Range<f64>) -> String {
    let span = range.end - range.start;
    let large = range.start.abs().max(range.end.abs());
    if !(1e-4..1e7).contains(&large) {
        return format!("{value:.1e}");
    }
    let place = 1 - span.log10().floor() as i32;
    trimmed(fixed(value, place.clamp(0, 12)))
}

/// `Force [N]`.
pub(super) fn description(axis: &Axis, lang: Lang) -> String {
    match axis.unit.print() {
        "" => axis.label.get(lang).to_string(),
        unit => format!("{} [{unit}]", axis.label.get(lang)),
    }
}
