//! Two success rates compared: Fisher's exact test, Newcombe's interval of the difference, and
//! McNemar's exact test of paired trials.
//!
//! Fisher and Newcombe can disagree at 5 %: a suite chooses one before the test. Objects of unequal
//! difficulty are compared one by one or in pairs, never pooled (Simpson's paradox).

use super::binomial::{Count, wilson};
use super::runs::ln_choose;
use super::{Confidence, Interval};

/// Two-sided p of Fisher's exact test: the probability, with the margins given, of every table that
/// is no more probable than the observed one.
#[must_use]
pub fn fisher(a: Count, b: Count) -> f64 {
    let (n1, n2) = (a.trials(), b.trials());
    let successes = a.successes() + b.successes();
    let all = ln_choose(n1 + n2, successes);
    let ln_p = |k: u64| ln_choose(n1, k) + ln_choose(n2, successes - k) - all;
    let observed = ln_p(a.successes());
    let possible = successes.saturating_sub(n2)..=successes.min(n1);
    let p: f64 = possible
        .map(ln_p)
        .filter(|l| *l <= observed + 1e-7)
        .map(f64::exp)
        .sum();
    p.min(1.0)
}

/// Interval of `p_a - p_b` from the two Wilson intervals (Newcombe, Statistics in Medicine 17, 1998,
/// method 10).
#[must_use]
pub fn newcombe(a: Count, b: Count, confidence: Confidence) -> Interval {
    let (one, other) = (wilson(a, confidence), wilson(b, confidence));
    let (p, q) = (a.share(), b.share());
    let difference = p - q;
    Interval {
        lower: difference - (p - one.lower).hypot(other.upper - q),
        upper: difference + (one.upper - p).hypot(q - other.lower),
    }
}

/// Two-sided p of McNemar's exact test: of the pairs in which only one of the two succeeded, how
/// they split (binomial with 1/2). `None` when no pair differs.
#[must_use]
pub fn mcnemar(only_first: u64, only_second: u64) -> Option<f64> {
    let n = only_first + only_second;
    if n == 0 {
        return None;
    }
    let few = only_first.min(only_second);
    let ln_half = n as f64 * 0.5f64.ln();
    let tail: f64 = (0..=few).map(|k| (ln_choose(n, k) + ln_half).exp()).sum();
    Some((2.0 * tail).min(1.0))
}

/// The mid-p of the same test, which is less conservative: the observed split counts half (M. W.
/// Fagerland, S. Lydersen, P. Laake, BMC Medical Research Methodology 13:91, 2013). `None` when no pair
/// differs. An even split has p = 1, twice the tail with half of what was seen, where programs that take
/// half of it from the exact p print 0.75 and more.
#[must_use]
pub fn mcnemar_mid(only_first: u64, only_second: u64) -> Option<f64> {
    let n = only_first + only_second;
    if only_first == only_second {
        return (n > 0).then_some(1.0);
    }
    let few = only_first.min(only_second);
    let observed = (ln_choose(n, few) + n as f64 * 0.5f64.ln()).exp();
    mcnemar(only_first, only_second).map(|p| p - observed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::check::to_digits;

    #[test]
    fn two_hands_with_46_and_38_of_50() {
        let (a, b) = (Count::new(46, 50).unwrap(), Count::new(38, 50).unwrap());
        to_digits(fisher(a, b), 0.053765, 6);
        let difference = newcombe(a, b, Confidence::P95);
        to_digits(difference.lower, 0.014532, 6);
        to_digits(difference.upper, 0.302609, 6);
    }

    #[test]
    fn equal_hands_do_not_differ() {
        let a = Count::new(5, 10).unwrap();
        to_digits(fisher(a, a), 1.0, 9);
        let zero = Count::new(0, 10).unwrap();
        to_digits(fisher(zero, zero), 1.0, 9);
    }

    #[test]
    fn paired_trials_split_like_a_coin() {
        to_digits(mcnemar(0, 5).unwrap(), 2.0 / 32.0, 12);
        to_digits(mcnemar(3, 3).unwrap(), 1.0, 12);
        assert_eq!(mcnemar(0, 0), None);
        // Fagerland et al. 2013, table 1 (Bentur et al.): of 21 children 1 and 7 pairs differ.
        to_digits(mcnemar(1, 7).unwrap(), 0.0703, 4);
        to_digits(mcnemar_mid(1, 7).unwrap(), 0.0391, 4);
        to_digits(mcnemar_mid(3, 3).unwrap(), 1.0, 12);
        assert_eq!(mcnemar_mid(0, 0), None);
    }
}
