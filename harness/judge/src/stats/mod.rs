//! Statistics that a conformity statement rests on, one subject a file.
//!
//! Every function is total: input that carries no information (no values, a value that is not
//! finite, more successes than trials) gives `None` or an error, never a number.

pub mod agreement;
pub mod binomial;
pub mod compare;
pub mod filter;
pub mod life;
pub mod linear;
pub mod lot;
pub mod monte_carlo;
pub mod normal;
pub mod proficiency;
pub mod rates;
pub(crate) mod root;
pub mod runs;
pub mod sprt;
pub mod student;
pub mod summary;
pub mod symmetric;
pub mod tolerance;

/// A confidence level or coverage probability, strictly between 0 and 1.
///
/// The complement (alpha) is kept at 1e-9 or more: beyond that no test on a bench says anything,
/// and the inversions below stay well inside double precision.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub struct Confidence(f64);

impl Confidence {
    /// 95 %, the level at which confidence intervals and bounds are stated by default.
    pub const P95: Self = Self(0.95);

    /// 95.45 %, the coverage probability of expanded uncertainties (two standard deviations of a
    /// normal distribution; JCGM 100:2008, table G.2).
    pub const P9545: Self = Self(0.9545);

    /// Smallest complement, see the type.
    const ALPHA_MIN: f64 = 1e-9;

    /// A level such as 0.95; `None` unless it lies strictly between 0 and 1.
    #[must_use]
    pub fn new(level: f64) -> Option<Self> {
        (level > 0.0 && level < 1.0).then(|| Self(level.min(1.0 - Self::ALPHA_MIN)))
    }

    /// The level itself, dimensionless.
    #[must_use]
    pub fn level(self) -> f64 {
        self.0
    }

    /// One minus the level.
    #[must_use]
    pub fn alpha(self) -> f64 {
        (1.0 - self.0).max(Self::ALPHA_MIN)
    }
}

/// A closed interval of one quantity, in that quantity's unit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Interval {
    /// Lower end.
    pub lower: f64,
    /// Upper end.
    pub upper: f64,
}

impl Interval {
    /// Upper minus lower end.
    #[must_use]
    pub fn width(self) -> f64 {
        self.upper - self.lower
    }
}

#[cfg(test)]
pub(crate) mod check {
    /// Asserts that `got` equals a printed `want` to within half a unit of its last printed digit.
    #[track_caller]
    pub(crate) fn to_digits(got: f64, want: f64, decimals: i32) {
        let half = 0.5 * 10f64.powi(-decimals) * (1.0 + 1e-6);
        assert!(
            (got - want).abs() <= half,
            "got {got}, want {want} to {decimals} decimals"
        );
    }
}

#[cfg(test)]
mod tests {
    use super::Confidence;

    #[test]
    fn a_level_outside_zero_and_one_is_no_level() {
        for level in [0.0, 1.0, -0.1, 1.5, f64::NAN, f64::INFINITY] {
            assert_eq!(Confidence::new(level), None, "{level}");
        }
    }

    #[test]
    fn a_level_next_to_certainty_is_clamped() {
        let nearly_certain = Confidence::new(1.0 - 1e-15).unwrap();
        assert!(nearly_certain.alpha() >= 1e-9);
    }
}
