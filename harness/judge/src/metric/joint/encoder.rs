//! Positioning of an axis against a reference encoder, approached from both sides: the parameters of
//! ISO 230-2:2014 for one axis.

use crate::stats::summary::Summary;

/// Deviations from one target, in the axis's unit.
#[derive(Debug, Clone, PartialEq)]
pub struct Target {
    /// Approached in the positive direction.
    pub up: Vec<f64>,
    /// Approached in the negative direction.
    pub down: Vec<f64>,
}

/// Positioning of one axis, in its unit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Positioning {
    /// Bidirectional accuracy `A = max(x̄ + 2s) - min(x̄ - 2s)` over targets and directions.
    pub accuracy: f64,
    /// Bidirectional systematic deviation `E = max x̄ - min x̄`.
    pub systematic: f64,
    /// Bidirectional repeatability: the largest of `max(2 s↑ + 2 s↓ + |B|, 4 s↑, 4 s↓)`.
    pub repeatability: f64,
    /// Reversal value `B = max |x̄↑ - x̄↓|`: where backlash shows.
    pub reversal: f64,
}

/// `None` without a target, or with fewer than two approaches from a side.
#[must_use]
pub fn positioning(targets: &[Target]) -> Option<Positioning> {
    let mut high = f64::NEG_INFINITY;
    let mut low = f64::INFINITY;
    let (mut most, mut least) = (f64::NEG_INFINITY, f64::INFINITY);
    let (mut repeatability, mut reversal) = (0.0f64, 0.0f64);
    for target in targets {
        let (up, down) = (Summary::of(&target.up)?, Summary::of(&target.down)?);
        let (s_up, s_down) = (up.s?, down.s?);
        for (mean, s) in [(up.mean, s_up), (down.mean, s_down)] {
            high = high.max(mean + 2.0 * s);
            low = low.min(mean - 2.0 * s);
            most = most.max(mean);
            least = least.min(mean);
        }
        let b = (up.mean - down.mean).abs();
        reversal = reversal.max(b);
        let both = 2.0 * s_up + 2.0 * s_down + b;
        repeatability = repeatability.max(both).max(4.0 * s_up).max(4.0 * s_down);
    }
    (!targets.is_empty()).then_some(Positioning {
        accuracy: high - low,
        systematic: most - least,
        repeatability,
        reversal,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::check::to_digits;

    #[test]
    fn backlash_shows_as_reversal() {
        // s of (0, 2) is sqrt 2.
        let target = |up: f64, down: f64| Target {
            up: vec![up - 1.0, up + 1.0],
            down: vec![down - 1.0, down + 1.0],
        };
        let p = positioning(&[target(0.0, 10.0), target(5.0, 12.0)]).unwrap();
        let s = 2f64.sqrt();
        to_digits(p.reversal, 10.0, 12);
        to_digits(p.systematic, 12.0, 12);
        to_digits(p.accuracy, 12.0 + 4.0 * s, 12);
        to_digits(p.repeatability, 10.0 + 4.0 * s, 12);
        assert_eq!(positioning(&[]), None);
        assert_eq!(
            positioning(&[Target {
                up: vec![1.0],
                down: vec![1.0, 2.0]
            }]),
            None
        );
    }
}
