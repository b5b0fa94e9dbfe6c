//! Student's t: coverage factors and effective degrees of freedom.

use super::{Confidence, normal};
use statrs::distribution::{ContinuousCDF, StudentsT};

/// `t_p(nu)`, the quantile of Student's distribution; infinite `nu` means the normal distribution.
/// `None` when `p` is not strictly between 0 and 1 or `nu` is below 1.
#[must_use]
pub fn quantile(p: f64, nu: f64) -> Option<f64> {
    if !(p > 0.0 && p < 1.0 && nu >= 1.0) {
        return None;
    }
    if nu > 1e6 {
        return Some(normal::quantile(p));
    }
    StudentsT::new(0.0, 1.0, nu).ok().map(|t| t.inverse_cdf(p))
}

/// Coverage factor `k = t_((1+p)/2)(nu)` (JCGM 100:2008, table G.2), with `nu` truncated
/// to the next lower integer (G.4.1); infinite for a type B evaluation taken as exactly known.
/// `None` for `nu` below 1.
#[must_use]
pub fn coverage_factor(nu: f64, coverage: Confidence) -> Option<f64> {
    quantile(1.0 - coverage.alpha() / 2.0, nu.floor())
}

/// One contribution to a combined uncertainty.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Contribution {
    /// Standard uncertainty times its sensitivity coefficient, in the unit of the result.
    pub u: f64,
    /// Degrees of freedom; infinite when taken as exactly known.
    pub nu: f64,
}

/// A combined standard uncertainty with its effective degrees of freedom.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Combined {
    /// `u_c = sqrt(sum u_i²)`, in the unit of the result.
    pub u: f64,
    /// `nu_eff` by Welch and Satterthwaite, not yet truncated; infinite when nothing of finite
    /// degrees contributes.
    pub nu_eff: f64,
}

impl Combined {
    /// Expanded uncertainty `U = k u_c` and its `k`, at the coverage asked for.
    #[must_use]
    pub fn expanded(self, coverage: Confidence) -> Option<(f64, f64)> {
        let k = coverage_factor(self.nu_eff, coverage)?;
        Some((k * self.u, k))
    }
}

/// Root sum of squares and the Welch-Satterthwaite formula
/// `nu_eff = u_c⁴ / sum(u_i⁴ / nu_i)` (JCGM 100:2008, G.4.1, equation G.2b).
///
/// Assumes uncorrelated contributions. `None` when one of them is negative, not finite, or has
/// degrees of freedom that are not at least 1.
#[must_use]
pub fn combine(contributions: &[Contribution]) -> Option<Combined> {
    let sound = |c: &Contribution| c.u.is_finite() && c.u >= 0.0 && c.nu >= 1.0;
    if !contributions.iter().all(sound) {
        return None;
    }
    let largest = contributions.iter().map(|c| c.u).fold(0.0, f64::max);
    if largest == 0.0 {
        return Some(Combined {
            u: 0.0,
            nu_eff: f64::INFINITY,
        });
    }
    // Relative to the largest, so that fourth powers neither overflow nor vanish.
    let square: f64 = contributions.iter().map(|c| (c.u / largest).powi(2)).sum();
    let spread: f64 = contributions
        .iter()
        .map(|c| (c.u / largest).powi(4) / c.nu)
        .sum();
    let u = largest * square.sqrt();
    u.is_finite().then(|| Combined {
        u,
        nu_eff: square * square / spread,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::check::to_digits;

    #[test]
    fn coverage_factors_at_95_45_percent() {
        for (nu, k) in [
            (1, 13.968),
            (2, 4.527),
            (3, 3.307),
            (4, 2.869),
            (5, 2.649),
            (6, 2.517),
            (8, 2.366),
            (10, 2.284),
            (15, 2.181),
            (20, 2.133),
            (30, 2.087),
            (50, 2.051),
            (100, 2.025),
        ] {
            to_digits(
                coverage_factor(f64::from(nu), Confidence::P9545).unwrap(),
                k,
                3,
            );
        }
        to_digits(
            coverage_factor(f64::INFINITY, Confidence::P9545).unwrap(),
            2.0,
            3,
        );
    }

    #[test]
    fn the_gauge_block_of_gum_h_1() {
        let contributions = [(25.0, 18.0), (9.7, 25.6), (2.9, 50.0), (16.6, 2.0)]
            .map(|(u, nu)| Contribution { u, nu });
        let combined = combine(&contributions).unwrap();
        to_digits(combined.u, 31.67, 2);
        to_digits(combined.nu_eff, 16.76, 2);
        let (expanded, k) = combined.expanded(Confidence::new(0.99).unwrap()).unwrap();
        to_digits(k, 2.9208, 4);
        // The GUM rounds u_c to 32 nm before it multiplies: 93 nm. Unrounded it is 92.5 nm.
        assert_eq!((k * combined.u.round()).round(), 93.0);
        to_digits(expanded, 92.5, 1);
    }

    #[test]
    fn degrees_of_freedom_are_truncated_not_rounded() {
        let floor = coverage_factor(16.0, Confidence::P9545);
        assert_eq!(coverage_factor(16.99, Confidence::P9545), floor);
    }

    #[test]
    fn nothing_uncertain_is_certain_and_nonsense_is_refused() {
        assert_eq!(combine(&[]).unwrap().u, 0.0);
        for (u, nu) in [(-1.0, 5.0), (f64::NAN, 5.0), (1.0, 0.5), (1.0, f64::NAN)] {
            assert_eq!(combine(&[Contribution { u, nu }]), None);
        }
        assert_eq!(coverage_factor(0.9, Confidence::P9545), None);
    }
}
