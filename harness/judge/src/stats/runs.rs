//! Does the order matter? Wald and Wolfowitz's runs test of a series of two kinds (Annals of
//! Mathematical Statistics 11, 1940), with the exact distribution.

use statrs::function::gamma::ln_gamma;

/// Runs in a series of successes and failures.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Runs {
    /// Stretches of equal outcomes.
    pub runs: u64,
    /// Expected number when the order means nothing, `1 + 2 n1 n2 / n`.
    pub expected: f64,
    /// Probability of as few runs or fewer: small when successes and failures cluster (a hand that
    /// heats up).
    pub p_few: f64,
    /// Probability of as many or more: small when they alternate.
    pub p_many: f64,
    /// Two-sided: twice the smaller one, at most 1.
    pub p: f64,
}

/// `None` unless both outcomes are there.
#[must_use]
pub fn runs(series: &[bool]) -> Option<Runs> {
    let n1 = series.iter().filter(|s| **s).count() as u64;
    let n2 = series.len() as u64 - n1;
    if n1 == 0 || n2 == 0 {
        return None;
    }
    let runs = 1 + series.windows(2).filter(|w| w[0] != w[1]).count() as u64;
    let most = (2 * n1.min(n2) + 1).min(n1 + n2);
    let p_few: f64 = (2..=runs).map(|r| probability(r, n1, n2)).sum();
    let p_many: f64 = (runs..=most).map(|r| probability(r, n1, n2)).sum();
    let (a, b) = (n1 as f64, n2 as f64);
    Some(Runs {
        runs,
        expected: 1.0 + 2.0 * a * b / (a + b),
        p_few: p_few.min(1.0),
        p_many: p_many.min(1.0),
        p: (2.0 * p_few.min(p_many)).min(1.0),
    })
}

/// `P(R = r)`: `2 C(n1-1, r/2-1) C(n2-1, r/2-1) / C(n, n1)` for even r, the sum of the two ways for
/// odd r.
fn probability(r: u64, n1: u64, n2: u64) -> f64 {
    let all = ln_choose(n1 + n2, n1);
    let ways = |a: u64, b: u64| {
        let possible = a < n1 && b < n2;
        if possible {
            (ln_choose(n1 - 1, a) + ln_choose(n2 - 1, b) - all).exp()
        } else {
            0.0
        }
    };
    let half = r / 2;
    if r.is_multiple_of(2) {
        2.0 * ways(half - 1, half - 1)
    } else {
        ways(half, half - 1) + ways(half - 1, half)
    }
}

/// `ln C(n, k)`.
pub(super) fn ln_choose(n: u64, k: u64) -> f64 {
    let g = |x: u64| ln_gamma(x as f64 + 1.0);
    g(n) - g(k) - g(n - k)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::check::to_digits;

    fn series(text: &str) -> Vec<bool> {
        text.chars().map(|c| c == '+').collect()
    }

    #[test]
    fn failures_at_the_end_are_few_runs() {
        // n1 = n2 = 5, 2 runs: P = 2 / C(10, 5) = 2 / 252.
        let runs = runs(&series("+++++-----")).unwrap();
        assert_eq!(runs.runs, 2);
        to_digits(runs.expected, 6.0, 12);
        to_digits(runs.p_few, 2.0 / 252.0, 9);
        to_digits(runs.p, 4.0 / 252.0, 9);
    }

    #[test]
    fn alternation_is_many_runs_and_all_runs_sum_to_one() {
        let runs = runs(&series("+-+-+-+-+-")).unwrap();
        to_digits(runs.p_many, 2.0 / 252.0, 9);
        for (n1, n2) in [(5, 5), (1, 9), (3, 30), (40, 7)] {
            let all: f64 = (2..=2 * n1.min(n2) + 1)
                .map(|r| probability(r, n1, n2))
                .sum();
            to_digits(all, 1.0, 9);
        }
    }

    #[test]
    fn a_series_of_successes_has_no_order() {
        assert_eq!(runs(&series("+++")), None);
        assert_eq!(runs(&[]), None);
    }
}
