//! Successes of trials: intervals, one-sided bounds, and how many trials a claim needs.
//!
//! All assume independent trials with one common probability of success. Trials of objects of
//! unequal difficulty are not one population: count them apart.

use super::{Confidence, Interval, normal, root::bisect};
use statrs::function::beta::beta_reg;

/// `successes` of `trials`; at least one trial, and no more successes than trials.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Count {
    successes: u64,
    trials: u64,
}

impl Count {
    /// `None` without a trial, or with more successes than trials.
    #[must_use]
    pub fn new(successes: u64, trials: u64) -> Option<Self> {
        (trials > 0 && successes <= trials).then_some(Self { successes, trials })
    }

    /// k.
    #[must_use]
    pub fn successes(self) -> u64 {
        self.successes
    }

    /// n.
    #[must_use]
    pub fn trials(self) -> u64 {
        self.trials
    }

    /// k / n, dimensionless.
    #[must_use]
    pub fn share(self) -> f64 {
        self.successes as f64 / self.trials as f64
    }
}

/// Two-sided exact interval of Clopper and Pearson (Biometrika 26, 1934):
/// `L = BetaInv(alpha/2; k, n-k+1)`, `U = BetaInv(1-alpha/2; k+1, n-k)`.
///
/// Its coverage is never below the level, whatever the true share: the one to use for claims.
#[must_use]
pub fn clopper_pearson(count: Count, confidence: Confidence) -> Interval {
    let tail = confidence.alpha() / 2.0;
    Interval {
        lower: exact_lower(count, tail),
        upper: exact_upper(count, tail),
    }
}

/// One-sided exact lower bound: `BetaInv(alpha; k, n-k+1)`, 0 when nothing succeeded.
#[must_use]
pub fn clopper_pearson_lower(count: Count, confidence: Confidence) -> f64 {
    exact_lower(count, confidence.alpha())
}

/// One-sided exact upper bound: `BetaInv(1-alpha; k+1, n-k)`, 1 when everything succeeded.
#[must_use]
pub fn clopper_pearson_upper(count: Count, confidence: Confidence) -> f64 {
    exact_upper(count, confidence.alpha())
}

fn exact_lower(Count { successes, trials }: Count, tail: f64) -> f64 {
    if successes == 0 {
        return 0.0;
    }
    beta_quantile(tail, successes as f64, (trials - successes + 1) as f64)
}

fn exact_upper(Count { successes, trials }: Count, tail: f64) -> f64 {
    if successes == trials {
        return 1.0;
    }
    beta_quantile(
        1.0 - tail,
        (successes + 1) as f64,
        (trials - successes) as f64,
    )
}

/// Inverse of the regularized incomplete beta function, by bisection: it always ends, which the
/// usual Newton iterations do not promise in the far tails.
fn beta_quantile(p: f64, a: f64, b: f64) -> f64 {
    bisect(0.0, 1.0, p, |x| beta_reg(a, b, x))
}

/// Two-sided interval of Jeffreys: `BetaInv(alpha/2; k+1/2, n-k+1/2)` and its mirror, with 0 and 1
/// as ends where nothing or everything succeeded (Brown, Cai, DasGupta, Statistical Science 16,
/// 2001).
///
/// Its coverage is near the level on average; like Wilson's it is no guarantee.
#[must_use]
pub fn jeffreys(count: Count, confidence: Confidence) -> Interval {
    let tail = confidence.alpha() / 2.0;
    Interval {
        lower: jeffreys_lower(count, tail),
        upper: 1.0 - jeffreys_lower(mirrored(count), tail),
    }
}

/// Lower end of Jeffreys at a tail probability.
fn jeffreys_lower(count: Count, tail: f64) -> f64 {
    let Count { successes, trials } = count;
    if successes == 0 {
        return 0.0;
    }
    let (k, n) = (successes as f64, trials as f64);
    beta_quantile(tail, k + 0.5, n - k + 0.5)
}

fn mirrored(Count { successes, trials }: Count) -> Count {
    Count {
        successes: trials - successes,
        trials,
    }
}

/// Two-sided score interval of Wilson (JASA 22, 1927):
/// `(p + z²/2n ± z sqrt(p(1-p)/n + z²/4n²)) / (1 + z²/n)`, `z = z_(1-alpha/2)`.
///
/// Its coverage is the level on average over the true share, not for each one.
#[must_use]
pub fn wilson(count: Count, confidence: Confidence) -> Interval {
    let (lower, upper) = score(count, normal::quantile(1.0 - confidence.alpha() / 2.0));
    Interval { lower, upper }
}

/// One-sided Wilson lower bound, `z = z_(1-alpha)`.
#[must_use]
pub fn wilson_lower(count: Count, confidence: Confidence) -> f64 {
    score(count, normal::quantile(1.0 - confidence.alpha())).0
}

/// One-sided Wilson upper bound, `z = z_(1-alpha)`.
#[must_use]
pub fn wilson_upper(count: Count, confidence: Confidence) -> f64 {
    score(count, normal::quantile(1.0 - confidence.alpha())).1
}

fn score(count: Count, z: f64) -> (f64, f64) {
    let (p, n) = (count.share(), count.trials as f64);
    let (scale, centre) = (1.0 + z * z / n, p + z * z / (2.0 * n));
    let half = z * (p * (1.0 - p) / n + z * z / (4.0 * n * n)).sqrt();
    let lower = if count.successes == 0 {
        0.0
    } else {
        (centre - half) / scale
    };
    let upper = if count.successes == count.trials {
        1.0
    } else {
        (centre + half) / scale
    };
    (lower.clamp(0.0, 1.0), upper.clamp(0.0, 1.0))
}

/// Probability that a plan of `trials` trials accepts (at most `failures_allowed` failures) an item
/// whose true probability of success is `p`: `sum_(i<=c) C(n,i) (1-p)^i p^(n-i) = I_p(n-c, c+1)`.
#[must_use]
pub fn acceptance_probability(trials: u64, failures_allowed: u64, p: f64) -> f64 {
    if failures_allowed >= trials {
        return 1.0;
    }
    let p = p.clamp(0.0, 1.0);
    if p.is_nan() {
        return f64::NAN;
    }
    beta_reg(
        (trials - failures_allowed) as f64,
        (failures_allowed + 1) as f64,
        p,
    )
}

/// The fewest trials that demonstrate a reliability `R` at a confidence `C` when at most
/// `failures_allowed` fail: the smallest n with `sum_(i<=c) C(n,i) (1-R)^i R^(n-i) <= 1-C`
/// (success-run theorem; with no failure `n = ceil(ln(1-C) / ln R)`).
///
/// `None` when `reliability` is not strictly between 0 and 1, or when more than a thousand million
/// trials would be needed.
#[must_use]
pub fn required_trials(
    reliability: f64,
    confidence: Confidence,
    failures_allowed: u64,
) -> Option<u64> {
    const MOST: u64 = 1_000_000_000;
    if !(reliability > 0.0 && reliability < 1.0) || failures_allowed >= MOST {
        return None;
    }
    let demonstrates =
        |n: u64| acceptance_probability(n, failures_allowed, reliability) <= confidence.alpha();
    let mut enough = failures_allowed + 1;
    while !demonstrates(enough) {
        if enough > MOST {
            return None;
        }
        enough *= 2;
    }
    let mut too_few = failures_allowed.max(enough / 2);
    while enough - too_few > 1 {
        let middle = too_few + (enough - too_few) / 2;
        if demonstrates(middle) {
            enough = middle
        } else {
            too_few = middle
        }
    }
    // The first candidate may itself be the smallest; nothing below it has a trial to spare.
    Some(enough)
}

/// A single sampling plan: `trials` trials, accepted with at most `failures_allowed` failures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SinglePlan {
    /// n.
    pub trials: u64,
    /// c.
    pub failures_allowed: u64,
}

/// The smallest plan that accepts an item of true success probability `good` with at least
/// `1 - alpha` and one of `bad < good` with at most `beta`. `None` for levels that are none, or when
/// more than a million trials would be needed.
#[must_use]
pub fn smallest_plan(good: f64, alpha: f64, bad: f64, beta: f64) -> Option<SinglePlan> {
    let level = |p: f64| p > 0.0 && p < 1.0;
    if !(level(good) && level(bad) && level(alpha) && level(beta)) || bad >= good {
        return None;
    }
    // For each c the fewest trials that reject the bad item; more would only reject the good one.
    let confidence = Confidence::new(1.0 - beta)?;
    let mut c = 0;
    loop {
        let trials = required_trials(bad, confidence, c).filter(|n| *n <= 1_000_000)?;
        if acceptance_probability(trials, c, good) >= 1.0 - alpha {
            return Some(SinglePlan {
                trials,
                failures_allowed: c,
            });
        }
        c += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::check::to_digits;
    use proptest::prelude::*;

    const P95: Confidence = Confidence::P95;

    fn count(k: u64, n: u64) -> Count {
        Count::new(k, n).unwrap()
    }

    #[test]
    fn two_sided_intervals_agree_with_the_printed_table() {
        // k, n, Clopper-Pearson, Wilson; the first four rows are Newcombe's cases (1998).
        let table = [
            (81, 263, (0.252737, 0.367622), (0.255289, 0.366210)),
            (15, 148, (0.057844, 0.161650), (0.062386, 0.160487)),
            (0, 20, (0.0, 0.168433), (0.0, 0.161125)),
            (1, 29, (0.000873, 0.177644), (0.006113, 0.171755)),
            (29, 30, (0.827831, 0.999156), (0.833296, 0.994091)),
            (30, 30, (0.884297, 1.0), (0.886487, 1.0)),
            (45, 50, (0.781865, 0.966725), (0.786398, 0.956524)),
            (48, 50, (0.862862, 0.995119), (0.865399, 0.988961)),
            (95, 100, (0.887165, 0.983568), (0.888250, 0.978456)),
            (10, 10, (0.691503, 1.0), (0.722467, 1.0)),
        ];
        for (k, n, exact, score) in table {
            let got = clopper_pearson(count(k, n), P95);
            to_digits(got.lower, exact.0, 6);
            to_digits(got.upper, exact.1, 6);
            let got = wilson(count(k, n), P95);
            to_digits(got.lower, score.0, 6);
            to_digits(got.upper, score.1, 6);
        }
    }

    #[test]
    fn jeffreys_intervals_agree_with_the_printed_table() {
        for (k, n, lower, upper) in [
            (81, 263, 0.254522, 0.365647),
            (15, 148, 0.060449, 0.157643),
            (0, 20, 0.0, 0.116639),
            (1, 29, 0.003746, 0.150078),
            (29, 30, 0.854582, 0.996380),
            (30, 30, 0.920322, 1.0),
            (45, 50, 0.794645, 0.960806),
            (48, 50, 0.877821, 0.991596),
            (95, 100, 0.893900, 0.980668),
            (10, 10, 0.782804, 1.0),
        ] {
            let got = jeffreys(count(k, n), P95);
            to_digits(got.lower, lower, 6);
            to_digits(got.upper, upper, 6);
        }
    }

    #[test]
    fn the_smallest_single_plans() {
        let plan = |good, bad| smallest_plan(good, 0.05, bad, 0.10).unwrap();
        let of = |p: SinglePlan| (p.trials, p.failures_allowed);
        assert_eq!(of(plan(0.95, 0.85)), (77, 7));
        assert_eq!(of(plan(0.90, 0.70)), (33, 6));
        assert_eq!(smallest_plan(0.8, 0.05, 0.8, 0.1), None);
        assert_eq!(smallest_plan(0.8, 0.05, 0.9, 0.1), None);
    }

    #[test]
    fn one_sided_lower_bounds_agree_with_the_printed_table() {
        for (k, n, bound) in [
            (30, 30, 0.904966),
            (29, 30, 0.851404),
            (59, 59, 0.950492),
            (92, 93, 0.950006),
            (299, 299, 0.990031),
        ] {
            to_digits(clopper_pearson_lower(count(k, n), P95), bound, 6);
        }
    }

    #[test]
    fn an_upper_bound_on_failures_mirrors_a_lower_bound_on_successes() {
        to_digits(clopper_pearson_upper(count(1, 30), P95), 1.0 - 0.851404, 6);
        let (low, high) = (
            wilson_lower(count(29, 30), P95),
            wilson_upper(count(1, 30), P95),
        );
        to_digits(low + high, 1.0, 12);
    }

    #[test]
    fn plans_with_up_to_five_failures_need_as_many_trials_as_printed() {
        let table: [(f64, f64, &[u64]); 8] = [
            (0.8, 0.8, &[8, 14, 21, 27, 33, 39]),
            (0.9, 0.9, &[22, 38, 52, 65, 78, 91]),
            (0.9, 0.95, &[29, 46, 61, 76, 89, 103]),
            (0.95, 0.9, &[45, 77, 105, 132, 158, 184]),
            (0.95, 0.95, &[59, 93, 124, 153, 181, 208]),
            (0.99, 0.9, &[230, 388, 531, 667, 798, 926]),
            (0.99, 0.95, &[299, 473, 628, 773, 913, 1049]),
            (0.999, 0.95, &[2995, 4742]),
        ];
        for (reliability, level, trials) in table {
            let confidence = Confidence::new(level).unwrap();
            for (c, &n) in trials.iter().enumerate() {
                assert_eq!(required_trials(reliability, confidence, c as u64), Some(n));
            }
        }
    }

    #[test]
    fn operating_characteristic_of_fifty_trials_with_two_failures() {
        for (p, accepted) in [
            (0.99, 0.986183),
            (0.98, 0.921572),
            (0.95, 0.540533),
            (0.90, 0.111729),
            (0.85, 0.014189),
            (0.80, 0.001285),
        ] {
            to_digits(acceptance_probability(50, 2, p), accepted, 6);
        }
    }

    #[test]
    fn nonsense_counts_and_reliabilities_are_refused() {
        assert_eq!(Count::new(0, 0), None);
        assert_eq!(Count::new(4, 3), None);
        for reliability in [0.0, 1.0, -1.0, f64::NAN] {
            assert_eq!(required_trials(reliability, P95, 0), None);
        }
    }

    #[test]
    fn the_smallest_confidence_needs_the_smallest_plan() {
        assert_eq!(
            required_trials(0.5, Confidence::new(0.5).unwrap(), 0),
            Some(1)
        );
        assert_eq!(
            required_trials(0.5, Confidence::new(0.01).unwrap(), 0),
            Some(1)
        );
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn every_interval_holds_its_own_estimate(n in 1u64..3000, part in 0.0f64..=1.0, level in 0.01f64..0.999_999_999_9) {
            let k = (part * n as f64) as u64;
            let (c, confidence) = (count(k, n), Confidence::new(level).unwrap());
            for i in [clopper_pearson(c, confidence), wilson(c, confidence)] {
                prop_assert!(0.0 <= i.lower && i.lower <= c.share() + 1e-12);
                prop_assert!(c.share() <= i.upper + 1e-12 && i.upper <= 1.0);
            }
        }

        #[test]
        fn the_beta_quantile_inverts_the_beta_distribution(a in 1.0f64..500.0, b in 1.0f64..500.0, p in 1e-6f64..0.999_999) {
            let x = beta_quantile(p, a, b);
            prop_assert!((beta_reg(a, b, x) - p).abs() < 1e-9);
        }
    }
}
