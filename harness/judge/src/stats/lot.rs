//! Lots: acceptance by attributes (how many of a sample do not conform) and by variables (how far
//! the mean lies inside the limit), with their operating characteristics.
//!
//! Which plan belongs to which lot size and quality level is data of a suite; here is what a plan
//! does.

use super::runs::ln_choose;
use super::tolerance::noncentral_t_cdf;
use super::{normal, summary::Summary};

/// Probability that a lot of `lot` items with `defective` among them is accepted by a sample of
/// `sample` with at most `allowed` defective: hypergeometric, without replacement. `None` for a
/// sample larger than the lot, or more defective items than items.
#[must_use]
pub fn attributes(lot: u64, defective: u64, sample: u64, allowed: u64) -> Option<f64> {
    if sample > lot || defective > lot || sample == 0 {
        return None;
    }
    let all = ln_choose(lot, sample);
    let least = sample.saturating_sub(lot - defective);
    let most = allowed.min(sample).min(defective);
    let p: f64 = (least..=most)
        .map(|d| (ln_choose(defective, d) + ln_choose(lot - defective, sample - d) - all).exp())
        .sum();
    Some(p.min(1.0))
}

/// Quality statistic of a one-sided limit, `Q = (limit - x̄) / s` for an upper one (mirrored for a
/// lower one); the lot is accepted when `Q >= k` (ISO 3951, s-method). `None` without scatter.
#[must_use]
pub fn quality(values: &[f64], limit: f64, upper: bool) -> Option<f64> {
    let summary = Summary::of(values)?;
    let inside = if upper {
        limit - summary.mean
    } else {
        summary.mean - limit
    };
    summary.s.filter(|s| *s > 0.0).map(|s| inside / s)
}

/// Probability that a lot with the share `defective` beyond the limit is accepted by the s-method
/// with `n` values and the constant `k`: `P(T >= k sqrt(n))`, T noncentral t with n - 1 degrees of
/// freedom and `delta = z_(1-p) sqrt(n)`. Assumes a normal characteristic. `None` for fewer than two
/// values or a share not strictly between 0 and 1.
#[must_use]
pub fn variables(n: u64, k: f64, defective: f64) -> Option<f64> {
    if n < 2 || !(defective > 0.0 && defective < 1.0) || !k.is_finite() {
        return None;
    }
    let root = (n as f64).sqrt();
    let delta = normal::quantile(1.0 - defective) * root;
    Some((1.0 - noncentral_t_cdf(k * root, n as f64 - 1.0, delta)).clamp(0.0, 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::binomial::acceptance_probability;
    use crate::stats::check::to_digits;

    #[test]
    fn a_small_lot_by_hand() {
        // 10 items, 3 defective, 2 drawn, none allowed: 7/10 · 6/9.
        to_digits(attributes(10, 3, 2, 0).unwrap(), 42.0 / 90.0, 12);
        to_digits(attributes(10, 3, 2, 2).unwrap(), 1.0, 12);
        to_digits(attributes(5, 4, 3, 0).unwrap(), 0.0, 12);
        assert_eq!(attributes(10, 3, 11, 0), None);
    }

    #[test]
    fn a_large_lot_tends_to_the_binomial() {
        let many = attributes(10_000_000, 500_000, 50, 2).unwrap();
        to_digits(many, acceptance_probability(50, 2, 0.95), 5);
    }

    #[test]
    fn a_plan_by_variables_with_the_tolerance_factor_accepts_five_percent() {
        // k(95/95) of n = 20 is 2.3960: a lot with 5 % beyond passes with 5 %.
        to_digits(variables(20, 2.3960, 0.05).unwrap(), 0.05, 4);
        assert!(variables(20, 2.3960, 0.001).unwrap() > 0.8);
        assert_eq!(variables(1, 2.0, 0.05), None);
    }

    #[test]
    fn quality_is_the_distance_to_the_limit_in_standard_deviations() {
        to_digits(quality(&[9.0, 10.0, 11.0], 12.0, true).unwrap(), 2.0, 12);
        to_digits(quality(&[9.0, 10.0, 11.0], 7.0, false).unwrap(), 3.0, 12);
        assert_eq!(quality(&[1.0, 1.0], 2.0, true), None);
    }
}
