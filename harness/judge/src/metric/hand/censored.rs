//! Strengths of which some are only known to be at least what was seen: a trial that ended at the
//! limit of the instrument, the artifact or the plan.

use crate::stats::binomial::acceptance_probability;
use crate::stats::life::{self, Life};
use crate::stats::summary::Summary;
use crate::stats::{Confidence, tolerance};

/// The strength of one trial.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Strength {
    /// Largest value seen, above zero.
    pub value: f64,
    /// The true one is at least that.
    pub censored: bool,
}

/// Strength over trials, in the unit of the values.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Summarized {
    /// Trials.
    pub n: usize,
    /// Trials that were censored.
    pub censored: usize,
    /// Mean of what was seen: with a censored trial among them a lower bound of the mean.
    pub mean_seen: f64,
    /// Standard deviation of what was seen, divisor n - 1.
    pub s: Option<f64>,
    /// Smallest value seen: never above the smallest true one.
    pub least: f64,
    /// Median by Kaplan and Meier; `None` when more than half are censored above it.
    pub median: Option<f64>,
}

/// `None` without a trial, or with a value that is not a finite number above zero.
#[must_use]
pub fn summarize(trials: &[Strength]) -> Option<Summarized> {
    let lives: Vec<Life> = trials
        .iter()
        .map(|t| Life {
            t: t.value,
            failed: !t.censored,
        })
        .collect();
    let curve = life::kaplan_meier(&lives)?;
    let seen: Vec<f64> = trials.iter().map(|t| t.value).collect();
    let summary = Summary::of(&seen)?;
    Some(Summarized {
        n: summary.n,
        censored: trials.iter().filter(|t| t.censored).count(),
        mean_seen: summary.mean,
        s: summary.s,
        least: summary.min,
        median: life::quantile(&curve, 0.5),
    })
}

/// Lower tolerance bound `x̄ - k s` that a share of all trials exceeds (ISO 16269-6:2014, normal).
/// `None` for fewer than two trials, or with a censored one: the normal bound needs every value.
#[must_use]
pub fn normal_bound(trials: &[Strength], share: Confidence, confidence: Confidence) -> Option<f64> {
    let summarized = summarize(trials).filter(|s| s.censored == 0)?;
    let k = tolerance::one_sided_factor(summarized.n, share, confidence)?;
    Some(summarized.mean_seen - k * summarized.s?)
}

/// Lower tolerance bound without a distribution: the largest order statistic that at least a share
/// of all trials exceeds with the confidence. What was seen of a censored trial may stand for it,
/// since the true value is no less. `None` when even the smallest does not (95/95 needs 59 trials).
#[must_use]
pub fn ordered_bound(
    trials: &[Strength],
    share: Confidence,
    confidence: Confidence,
) -> Option<f64> {
    let mut seen: Vec<f64> = trials.iter().map(|t| t.value).collect();
    seen.sort_by(f64::total_cmp);
    let n = seen.len() as u64;
    // The r-th smallest bounds the share when at most r - 1 of n fall below it too seldom by chance.
    let holds = |r: u64| acceptance_probability(n, r - 1, share.level()) <= confidence.alpha();
    let r = (1..=n).take_while(|r| holds(*r)).last()?;
    seen.get(usize::try_from(r).ok()? - 1).copied()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::check::to_digits;

    const P95: Confidence = Confidence::P95;

    fn trials(values: &[f64], censored_from: f64) -> Vec<Strength> {
        values
            .iter()
            .map(|v| Strength {
                value: v.min(censored_from),
                censored: *v > censored_from,
            })
            .collect()
    }

    const F1: [f64; 10] = [12.1, 12.4, 11.9, 12.3, 12.0, 12.2, 12.5, 11.8, 12.1, 12.3];

    #[test]
    fn ten_finger_strengths() {
        let s = summarize(&trials(&F1, 99.0)).unwrap();
        to_digits(s.mean_seen, 12.16, 9);
        to_digits(s.s.unwrap(), 0.222111, 6);
        assert_eq!((s.least, s.censored, s.median), (11.8, 0, Some(12.1)));
        let bound = normal_bound(&trials(&F1, 99.0), P95, P95).unwrap();
        to_digits(bound, 12.16 - 2.9110 * 0.222111, 4);
    }

    #[test]
    fn a_gauge_that_ends_at_twelve_newton_gives_lower_bounds() {
        let s = summarize(&trials(&F1, 12.0)).unwrap();
        assert_eq!((s.censored, s.median, s.least), (7, None, 11.8));
        assert!(s.mean_seen < 12.16);
        assert_eq!(normal_bound(&trials(&F1, 12.0), P95, P95), None);
    }

    #[test]
    fn without_a_distribution_59_trials_bound_by_the_smallest_and_93_by_the_second() {
        let many = |n: u32| -> Vec<Strength> {
            let values: Vec<f64> = (1..=n).map(f64::from).collect();
            trials(&values, 40.0)
        };
        assert_eq!(ordered_bound(&many(58), P95, P95), None);
        assert_eq!(ordered_bound(&many(59), P95, P95), Some(1.0));
        assert_eq!(ordered_bound(&many(93), P95, P95), Some(2.0));
    }

    #[test]
    fn no_trial_no_strength() {
        assert_eq!(summarize(&[]), None);
        assert_eq!(
            summarize(&[Strength {
                value: 0.0,
                censored: false
            }]),
            None
        );
    }
}
