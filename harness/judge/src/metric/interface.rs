//! How soon a command shows on a channel.

use crate::stats::Interval;
use crate::stats::summary::Summary;

/// When a signal left its rest: between the last sample that is within `factor` standard deviations of
/// the rest's mean (and no nearer than half a least count that never changed) and the first of those
/// that are not and stay so, seconds.
///
/// The rest are the samples of the first `rest_s` seconds. `None` with fewer than three of them, or when
/// the signal never leaves it.
#[must_use]
pub fn departure(samples: &[(f64, f64)], rest_s: f64, factor: f64) -> Option<Interval> {
    let begin = samples.first()?.0;
    let resting = samples.partition_point(|s| s.0 - begin <= rest_s);
    let values: Vec<f64> = samples.get(..resting)?.iter().map(|s| s.1).collect();
    let rest = Summary::of(&values).filter(|r| r.n >= 3)?;
    let band = (factor * rest.s?).max((rest.max - rest.min) * 0.5 + f64::EPSILON * rest.mean.abs());
    let away = |s: &(f64, f64)| (s.1 - rest.mean).abs() > band;
    // Backwards from the end: a single noisy sample before it is no departure.
    let last_near = samples.iter().rposition(|s| !away(s))?;
    let first_away = samples.get(last_near + 1)?;
    Some(Interval {
        lower: samples.get(last_near)?.0,
        upper: first_away.0,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signal_leaves_its_rest_between_two_samples() {
        let at = |i: i32| {
            let t = f64::from(i) * 0.01;
            let noise = if i % 2 == 0 { 0.01 } else { -0.01 };
            (t, noise + if t > 0.205 { 5.0 * (t - 0.205) } else { 0.0 })
        };
        let samples: Vec<(f64, f64)> = (0..60).map(at).collect();
        let seen = departure(&samples, 0.1, 5.0).unwrap();
        assert!(seen.lower >= 0.2 && seen.upper <= 0.25, "{seen:?}");
        assert_eq!(departure(&samples[..15], 0.1, 5.0), None);
        assert_eq!(departure(&samples[..2], 0.1, 5.0), None);
    }

    #[test]
    fn a_spike_before_it_is_no_departure() {
        let mut samples: Vec<(f64, f64)> = (0..50)
            .map(|i| {
                (
                    f64::from(i) * 0.01,
                    if i >= 30 {
                        1.0
                    } else {
                        0.001 * f64::from(i % 3)
                    },
                )
            })
            .collect();
        samples[20].1 = 0.5;
        let seen = departure(&samples, 0.1, 5.0).unwrap();
        assert_eq!((seen.lower, seen.upper), (0.29, 0.30));
    }
}
