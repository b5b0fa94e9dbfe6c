//! One-sided tolerance bounds of a normal population.

use super::{Confidence, normal, root::bisect};
use statrs::function::gamma::ln_gamma;

/// The factor k for which `mean - k s` of `n` values lies below a share `share` of the population
/// with confidence `confidence` (ISO 16269-6:2014, one-sided, mean and standard deviation unknown):
/// `k = t'_C(n - 1, delta = z_P sqrt(n)) / sqrt(n)`, t' the noncentral t quantile.
///
/// Assumes independent values of a normal population. `None` for fewer than two values.
#[must_use]
pub fn one_sided_factor(n: usize, share: Confidence, confidence: Confidence) -> Option<f64> {
    if n < 2 {
        return None;
    }
    let (root_n, nu) = ((n as f64).sqrt(), (n - 1) as f64);
    let delta = normal::quantile(share.level()) * root_n;
    let reached = |k: f64| noncentral_t_cdf(k * root_n, nu, delta);
    let (mut low, mut high) = (-1.0, 1.0);
    while reached(low) > confidence.level() && low > -1e12 {
        low *= 2.0;
    }
    while reached(high) < confidence.level() && high < 1e12 {
        high *= 2.0;
    }
    let k = bisect(low, high, confidence.level(), reached);
    (k.abs() < 1e12).then_some(k)
}

/// The fewest values for which the smallest of them is a lower bound of a share `share` with
/// confidence `confidence`, whatever the distribution: `n = ceil(ln(1-C) / ln P)`.
#[must_use]
pub fn nonparametric_minimum(share: Confidence, confidence: Confidence) -> Option<u64> {
    super::binomial::required_trials(share.level(), confidence, 0)
}

/// `P(T <= t)` of the noncentral t distribution: `int Phi(t s - delta) f(s) ds`, with s the root of
/// a chi-square variable over its degrees of freedom, by Simpson's rule over all of s that matters.
///
/// The series of algorithm AS 243 would underflow for the large `delta` of long test series.
pub(super) fn noncentral_t_cdf(t: f64, nu: f64, delta: f64) -> f64 {
    let spread = 1.0 / (2.0 * nu).sqrt();
    let (from, to) = ((1.0 - 12.0 * spread).max(0.0), 1.0 + 12.0 * spread);
    let ln_scale = std::f64::consts::LN_2 + nu / 2.0 * (nu / 2.0).ln() - ln_gamma(nu / 2.0);
    let density = |s: f64| match s {
        0.0 if nu > 1.0 => 0.0,
        0.0 => ln_scale.exp(),
        _ => (ln_scale + (nu - 1.0) * s.ln() - nu * s * s / 2.0).exp(),
    };
    normal::simpson(from, to, 3_200, |s| normal::cdf(t * s - delta) * density(s))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::check::to_digits;

    const P95: Confidence = Confidence::P95;

    #[test]
    fn factors_for_95_percent_of_the_population_at_95_percent_confidence() {
        for (n, k) in [
            (5, 4.2027),
            (10, 2.9110),
            (20, 2.3960),
            (30, 2.2198),
            (32, 2.1968),
            (50, 2.0650),
        ] {
            to_digits(one_sided_factor(n, P95, P95).unwrap(), k, 4);
        }
    }

    #[test]
    fn a_long_series_tends_to_the_normal_quantile_and_two_values_cost_dearly() {
        let long = one_sided_factor(100_000, P95, P95).unwrap();
        assert!((1.645..1.66).contains(&long), "{long}");
        let two = one_sided_factor(2, P95, P95).unwrap();
        assert!((26.2..26.3).contains(&two), "{two}"); // 26.260 in the tables of ISO 16269-6
    }

    #[test]
    fn one_value_bounds_nothing() {
        assert_eq!(one_sided_factor(1, P95, P95), None);
    }

    #[test]
    fn without_a_distribution_59_values_are_needed() {
        assert_eq!(nonparametric_minimum(P95, P95), Some(59));
    }
}
