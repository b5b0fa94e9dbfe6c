//! Mean, standard deviation and the confidence interval of a mean.

use super::{Confidence, Interval, student};

/// What a set of repeated values says about their population, in the unit of the values.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Summary {
    /// Number of values, at least one.
    pub n: usize,
    /// Arithmetic mean.
    pub mean: f64,
    /// Experimental standard deviation with divisor n - 1 (JCGM 100:2008, 4.2.2); `None` for a
    /// single value, of which no scatter is known.
    pub s: Option<f64>,
    /// Smallest value.
    pub min: f64,
    /// Largest value.
    pub max: f64,
}

impl Summary {
    /// `None` without a value, or when one of them is not finite.
    ///
    /// Two passes, the second correcting the rounding of the first (Chan, Golub, LeVeque 1983), so
    /// that micrometres of scatter survive on metres of position.
    #[must_use]
    pub fn of(values: &[f64]) -> Option<Self> {
        if values.is_empty() || values.iter().any(|v| !v.is_finite()) {
            return None;
        }
        let n = values.len() as f64;
        let rough = values.iter().sum::<f64>() / n;
        let rest: f64 = values.iter().map(|v| v - rough).sum();
        let squares: f64 = values.iter().map(|v| (v - rough).powi(2)).sum();
        let variance = ((squares - rest * rest / n) / (n - 1.0)).max(0.0);
        let mean = rough + rest / n;
        let s = (values.len() > 1).then(|| variance.sqrt());
        if !mean.is_finite() || s.is_some_and(|s| !s.is_finite()) {
            return None;
        }
        Some(Self {
            n: values.len(),
            mean,
            s,
            min: values.iter().copied().fold(f64::INFINITY, f64::min),
            max: values.iter().copied().fold(f64::NEG_INFINITY, f64::max),
        })
    }

    /// Type A standard uncertainty of the mean, `s / sqrt(n)`, with n - 1 degrees of freedom
    /// (JCGM 100:2008, 4.2.3). Assumes independent values.
    #[must_use]
    pub fn standard_uncertainty_of_mean(&self) -> Option<f64> {
        self.s.map(|s| s / (self.n as f64).sqrt())
    }

    /// `mean ± t_(1-alpha/2)(n-1) s / sqrt(n)`. Assumes independent values of a normal population
    /// (or enough of them); `None` for a single value.
    #[must_use]
    pub fn mean_interval(&self, confidence: Confidence) -> Option<Interval> {
        let t = student::quantile(1.0 - confidence.alpha() / 2.0, (self.n - 1) as f64)?;
        let half = t * self.standard_uncertainty_of_mean()?;
        Some(Interval {
            lower: self.mean - half,
            upper: self.mean + half,
        })
    }
}

/// The mean of values that are seen once and not kept.
#[derive(Debug, Clone, Copy, Default)]
pub struct Running {
    n: u64,
    /// The first value: what the others are counted from, so that small changes on a large offset
    /// survive.
    first: f64,
    sum: f64,
    /// What rounding has taken from the sum (Neumaier 1974).
    lost: f64,
}

impl Running {
    /// One more value.
    pub fn add(&mut self, value: f64) {
        if self.n == 0 {
            self.first = value;
        }
        self.n += 1;
        let more = value - self.first;
        let sum = self.sum + more;
        self.lost += match self.sum.abs() >= more.abs() {
            true => (self.sum - sum) + more,
            false => (more - sum) + self.sum,
        };
        self.sum = sum;
    }

    /// How many values there were.
    #[must_use]
    pub fn n(&self) -> u64 {
        self.n
    }

    /// Arithmetic mean; `None` without a value, or when one of them was not finite.
    #[must_use]
    pub fn mean(&self) -> Option<f64> {
        let mean = self.first + (self.sum + self.lost) / self.n as f64;
        (self.n > 0 && mean.is_finite()).then_some(mean)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::check::to_digits;

    const FORCES_N: [f64; 10] = [12.1, 12.4, 11.9, 12.3, 12.0, 12.2, 12.5, 11.8, 12.1, 12.3];

    #[test]
    fn ten_forces_and_their_interval() {
        let summary = Summary::of(&FORCES_N).unwrap();
        to_digits(summary.mean, 12.16, 12);
        to_digits(summary.s.unwrap(), 0.222111, 6);
        let interval = summary.mean_interval(Confidence::P95).unwrap();
        to_digits(interval.lower, 12.001111, 6);
        to_digits(interval.upper, 12.318889, 6);
        assert_eq!((summary.min, summary.max), (11.8, 12.5));
    }

    #[test]
    fn scatter_survives_on_a_large_offset() {
        let shifted: Vec<f64> = FORCES_N.iter().map(|v| v + 1e9).collect();
        to_digits(Summary::of(&shifted).unwrap().s.unwrap(), 0.222111, 5);
    }

    #[test]
    fn one_value_has_a_mean_and_no_scatter() {
        let summary = Summary::of(&[3.0]).unwrap();
        assert_eq!((summary.mean, summary.s), (3.0, None));
        assert_eq!(summary.mean_interval(Confidence::P95), None);
    }

    #[test]
    fn a_mean_that_keeps_no_value_is_the_mean() {
        let mut running = Running::default();
        assert_eq!(running.mean(), None);
        for _ in 0..100_000 {
            FORCES_N.iter().for_each(|v| running.add(v + 1e6));
        }
        to_digits(running.mean().unwrap(), 1_000_012.16, 14);
        running.add(f64::NAN);
        assert_eq!(running.mean(), None);
    }

    #[test]
    fn nothing_and_not_a_number_have_no_summary() {
        assert_eq!(Summary::of(&[]), None);
        assert_eq!(Summary::of(&[1.0, f64::NAN]), None);
        assert_eq!(Summary::of(&[1.0, f64::INFINITY]), None);
        assert_eq!(Summary::of(&[f64::MAX, f64::MAX]), None);
    }
}
