//! Two series of forces (or times) compared: Kolmogorov-Smirnov, Welch, Mann-Whitney.
//!
//! NIST SP 1227 (draft) compares two hands by Kolmogorov-Smirnov at 95 %, because forces are not
//! normal. All assume independent values within and between the series.

use super::normal;
use super::summary::Summary;
use statrs::function::beta::beta_reg;

/// A statistic with its two-sided p.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Test {
    /// D, t or U.
    pub statistic: f64,
    /// Probability of a difference as large or larger when there is none.
    pub p: f64,
    /// Smallest p that series of these lengths can have, without ties: where it is above the level, the
    /// test can show nothing.
    pub least_p: f64,
}

/// Two-sample Kolmogorov-Smirnov, exact: `D = max |F1 - F2|`, p the share of all interleavings of
/// the two series whose D is as large or larger (no ties assumed; with ties p is on the safe side).
///
/// `None` for an empty series, more than 10,000 values in one, or a value that is not finite.
#[must_use]
pub fn kolmogorov_smirnov(a: &[f64], b: &[f64]) -> Option<Test> {
    const MOST: usize = 10_000;
    let sound = |v: &[f64]| !v.is_empty() && v.len() <= MOST && v.iter().all(|x| x.is_finite());
    if !sound(a) || !sound(b) {
        return None;
    }
    let sorted = |v: &[f64]| {
        let mut v = v.to_vec();
        v.sort_by(f64::total_cmp);
        v
    };
    let (a, b) = (sorted(a), sorted(b));
    let (n, m) = (a.len() as u64, b.len() as u64);
    // |i/n - j/m| as the whole number |i m - j n|, so that ties of D are exact.
    let apart = |i: u64, j: u64| (i * m).abs_diff(j * n);
    let below = |v: &[f64], x: f64| v.partition_point(|y| *y <= x) as u64;
    let d = a
        .iter()
        .chain(&b)
        .map(|x| apart(below(&a, *x), below(&b, *x)))
        .max()?;
    // Share of the paths to (i, j) that have touched the limit, row by row.
    let mut touched = vec![0.0f64; b.len() + 1];
    for i in 0..=n {
        for j in 0..=m {
            let at = usize::try_from(j).ok()?;
            touched[at] = if apart(i, j) >= d {
                1.0
            } else {
                let all = (i + j) as f64;
                let from_row = if i > 0 {
                    touched[at] * i as f64 / all
                } else {
                    0.0
                };
                let from_column = if j > 0 {
                    touched[at - 1] * j as f64 / all
                } else {
                    0.0
                };
                from_row + from_column
            };
        }
    }
    Some(Test {
        statistic: d as f64 / (n * m) as f64,
        p: touched.last().copied()?.min(1.0),
        least_p: ks_least(a.len(), b.len()),
    })
}

/// Of wholly separate series: two of all interleavings.
fn ks_least(n: usize, m: usize) -> f64 {
    let share = (1..=n).map(|i| i as f64 / (m + i) as f64);
    (2.0 * share.product::<f64>()).min(1.0)
}

/// Welch's t test of two means with unequal variances (Biometrika 34, 1947), degrees of freedom by
/// Satterthwaite. Assumes normal values, or enough of them. `None` without scatter.
#[must_use]
pub fn welch(a: &[f64], b: &[f64]) -> Option<Test> {
    let (a, b) = (Summary::of(a)?, Summary::of(b)?);
    let (va, vb) = (a.s?.powi(2) / a.n as f64, b.s?.powi(2) / b.n as f64);
    let t = (a.mean - b.mean) / (va + vb).sqrt();
    let nu = (va + vb).powi(2) / (va * va / (a.n as f64 - 1.0) + vb * vb / (b.n as f64 - 1.0));
    (t.is_finite() && nu.is_finite()).then(|| Test {
        statistic: t,
        p: beta_reg(nu / 2.0, 0.5, nu / (nu + t * t)),
        least_p: 0.0,
    })
}

/// Mann and Whitney's U (of the first series) with the normal approximation, ties and continuity
/// corrected (Annals of Mathematical Statistics 18, 1947). For eight values a side or more. `None`
/// for an empty series, or when all values are equal.
#[must_use]
pub fn mann_whitney(a: &[f64], b: &[f64]) -> Option<Test> {
    if a.is_empty() || b.is_empty() || a.iter().chain(b).any(|v| !v.is_finite()) {
        return None;
    }
    let mut all: Vec<(f64, bool)> = a.iter().map(|v| (*v, true)).collect();
    all.extend(b.iter().map(|v| (*v, false)));
    all.sort_by(|x, y| x.0.total_cmp(&y.0));
    let (mut rank_sum, mut ties, mut before) = (0.0, 0.0, 0.0);
    for equal in all.chunk_by(|x, y| x.0 == y.0) {
        let t = equal.len() as f64;
        let of_first = equal.iter().filter(|e| e.1).count() as f64;
        rank_sum += of_first * (before + (t + 1.0) / 2.0);
        ties += t * t * t - t;
        before += t;
    }
    let (n, m) = (a.len() as f64, b.len() as f64);
    let u = rank_sum - n * (n + 1.0) / 2.0;
    let total = n + m;
    let untied = n * m / 12.0 * (total + 1.0);
    let variance = untied - n * m / 12.0 * ties / (total * (total - 1.0));
    let p = |away: f64, variance: f64| {
        let z = (away - 0.5) / variance.sqrt();
        (2.0 * normal::cdf(-z)).min(1.0)
    };
    (variance > 0.0).then(|| Test {
        statistic: u,
        p: p((u - n * m / 2.0).abs(), variance),
        least_p: p(n * m / 2.0, untied),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::check::to_digits;

    const F1: [f64; 10] = [12.1, 12.4, 11.9, 12.3, 12.0, 12.2, 12.5, 11.8, 12.1, 12.3];
    const F2: [f64; 10] = [11.6, 11.9, 11.5, 12.0, 11.7, 11.4, 11.8, 11.9, 11.6, 11.7];

    #[test]
    fn two_hands_of_different_strength() {
        let ks = kolmogorov_smirnov(&F1, &F2).unwrap();
        to_digits(ks.statistic, 0.7, 12);
        to_digits(ks.p, 0.0123406, 7);
        to_digits(welch(&F1, &F2).unwrap().p, 0.000134787, 9);
        to_digits(mann_whitney(&F1, &F2).unwrap().p, 0.00096436, 8);
    }

    #[test]
    fn a_hand_does_not_differ_from_itself() {
        assert_eq!(kolmogorov_smirnov(&F1, &F1).unwrap().p, 1.0);
        to_digits(welch(&F1, &F1).unwrap().p, 1.0, 12);
        to_digits(mann_whitney(&F1, &F1).unwrap().p, 1.0, 2);
    }

    #[test]
    fn wholly_separate_series_have_the_smallest_p() {
        // Two of C(10, 5) orders keep five and five apart.
        let (low, high) = ([1.0, 2.0, 3.0, 4.0, 5.0], [6.0, 7.0, 8.0, 9.0, 10.0]);
        let ks = kolmogorov_smirnov(&low, &high).unwrap();
        to_digits(ks.p, 2.0 / 252.0, 12);
        // 12.5 less a half, over the root of 25 * 11 / 12, by the normal law.
        let u = mann_whitney(&low, &high).unwrap();
        to_digits(u.p, 0.012185780, 9);
        for separate in [ks, u] {
            to_digits(separate.least_p, separate.p, 12);
        }
        // Of unequal lengths, and whatever the values are: two of C(7, 3).
        let ks = kolmogorov_smirnov(&[1.0, 4.0, 6.0], &[2.0, 3.0, 5.0, 7.0]).unwrap();
        to_digits(ks.least_p, 2.0 / 35.0, 12);
    }

    #[test]
    fn nothing_to_compare() {
        assert_eq!(kolmogorov_smirnov(&[], &F1), None);
        assert_eq!(welch(&[1.0, 1.0], &[1.0, 1.0]), None);
        assert_eq!(mann_whitney(&[1.0, 1.0], &[1.0, 1.0]), None);
        assert_eq!(kolmogorov_smirnov(&[f64::NAN], &F1), None);
    }
}
