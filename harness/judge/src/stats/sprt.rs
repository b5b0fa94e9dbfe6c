//! Wald's sequential probability ratio test of a success probability.
//!
//! The plan is frozen before the first trial, its truncation included. Assumes independent trials
//! with one common probability.

use super::binomial::smallest_plan;
pub use certbench_model::sampling::{Sampling, Sprt, Word};
use std::collections::BTreeMap;

/// Three times the trials of the single plan with the same risks: truncation there changes both
/// risks by less than can be measured.
#[must_use]
pub fn usual_truncation(test: &Sprt) -> Option<u64> {
    let [good, bad, alpha, beta] = test.levels();
    smallest_plan(good, alpha, bad, beta).map(|p| 3 * p.trials)
}

/// What a plan does to an item of a true probability of success.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Characteristic {
    /// Probability that the item is accepted.
    pub accepted: f64,
    /// Mean number of trials until the decision.
    pub trials: f64,
}

/// The operating characteristic of a plan at the true probability of success `p`, exact, truncation
/// and early end included: the probabilities of all numbers of successes with which the trials go
/// on, trial by trial. Assumes independent trials with one common probability. `None` when `p` is no
/// probability.
#[must_use]
pub fn characteristic(plan: &Sampling, p: f64) -> Option<Characteristic> {
    if !(0.0..=1.0).contains(&p) {
        return None;
    }
    // By the number of successes: that the trials have come so far without a decision.
    let mut going = BTreeMap::from([(0u64, 1.0f64)]);
    let mut seen = Characteristic {
        accepted: 0.0,
        trials: 0.0,
    };
    for n in 1..=u64::from(plan.most()) {
        let mut next: BTreeMap<u64, f64> = BTreeMap::new();
        for (k, weight) in going {
            seen.trials += weight;
            for (k, weight) in [(k + 1, weight * p), (k, weight * (1.0 - p))] {
                match plan.word(k, n) {
                    Word::Accept => seen.accepted += weight,
                    Word::Reject => {}
                    Word::Continue => *next.entry(k).or_default() += weight,
                }
            }
        }
        going = next;
    }
    Some(seen)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::binomial::acceptance_probability;
    use crate::stats::check::to_digits;

    fn straight(sprt: &Sprt, successes: bool) -> u64 {
        (1..)
            .find(|n| sprt.word(if successes { *n } else { 0 }, *n) != Word::Continue)
            .unwrap()
    }

    #[test]
    fn ninety_five_against_eighty_five_percent() {
        let sprt = Sprt::new(0.95, 0.85, 0.05, 0.10).unwrap();
        to_digits(sprt.reject_at(), 2.890372, 6);
        to_digits(sprt.accept_at(), -2.251292, 6);
        to_digits(sprt.success(), -0.1112256, 7);
        to_digits(sprt.failure(), 1.0986123, 7);
        assert_eq!((straight(&sprt, true), straight(&sprt, false)), (21, 3));
        let (good, bad) = sprt.average_trials();
        to_digits(good, 39.31, 2);
        to_digits(bad, 33.82, 2);
        let ((slope, accept), (_, reject)) = (sprt.accept_line(), sprt.reject_line());
        to_digits(slope, 0.908066, 6);
        to_digits(accept, 1.860821, 6);
        to_digits(reject, -2.389057, 6);
        assert_eq!(usual_truncation(&sprt), Some(3 * 77));
    }

    #[test]
    fn other_plans_agree_with_the_printed_ones() {
        for (good, bad, alpha, beta, accept, reject, asn) in [
            (0.90, 0.80, 0.05, 0.10, 20, 5, (54.35, 53.51)),
            (0.99, 0.95, 0.05, 0.05, 72, 2, (107.13, 64.18)),
        ] {
            let sprt = Sprt::new(good, bad, alpha, beta).unwrap();
            assert_eq!(
                (straight(&sprt, true), straight(&sprt, false)),
                (accept, reject)
            );
            let (at_good, at_bad) = sprt.average_trials();
            to_digits(at_good, asn.0, 2);
            to_digits(at_bad, asn.1, 2);
        }
    }

    #[test]
    fn truncation_ends_what_would_go_on() {
        let sprt = Sprt::new(0.95, 0.85, 0.05, 0.10).unwrap();
        assert_eq!(sprt.word(91, 100), Word::Continue);
        assert_eq!(sprt.truncated(91, 100, 100), Word::Accept);
        assert_eq!(sprt.truncated(90, 100, 100), Word::Reject);
        assert_eq!(sprt.truncated(91, 100, 101), Word::Continue);
    }

    #[test]
    fn hypotheses_in_the_wrong_order_are_no_test() {
        assert_eq!(Sprt::new(0.85, 0.95, 0.05, 0.1), None);
        assert_eq!(Sprt::new(0.95, 0.85, 0.6, 0.1), None);
    }

    #[test]
    fn a_single_plan_that_may_end_early_accepts_as_often_as_one_that_does_not() {
        let plan = Sampling::Single {
            trials: 77,
            failures: 7,
        };
        for p in [0.8, 0.85, 0.9, 0.95] {
            let seen = characteristic(&plan, p).unwrap();
            to_digits(seen.accepted, acceptance_probability(77, 7, p), 10);
            assert!(seen.trials < 77.0);
        }
        assert_eq!(characteristic(&plan, 1.1), None);
    }

    #[test]
    fn a_truncated_test_keeps_its_risks_nearly_and_its_length_nearly() {
        let test = Sprt::new(0.95, 0.85, 0.05, 0.10).unwrap();
        let plan = Sampling::Sequential { test, trials: 231 };
        let (good, bad) = (
            characteristic(&plan, 0.95).unwrap(),
            characteristic(&plan, 0.85).unwrap(),
        );
        assert!(
            good.accepted > 0.95 && bad.accepted < 0.10,
            "{good:?} {bad:?}"
        );
        // Wald's averages leave the overshoot out: the true ones are longer by a little.
        assert!((39.31..50.0).contains(&good.trials), "{good:?}");
        assert!((33.82..42.0).contains(&bad.trials), "{bad:?}");
    }

    #[test]
    fn the_condition_that_ends_a_repeat_says_when() {
        let single = Sampling::Single {
            trials: 59,
            failures: 1,
        };
        assert_eq!(
            single.ending("lift"),
            "lift.failures > 1 or lift.successes >= 58"
        );
        assert_eq!(single.word(58, 58), Word::Accept);
        assert_eq!(single.word(57, 58), Word::Continue);
        assert_eq!(single.word(10, 12), Word::Reject);
    }
}
