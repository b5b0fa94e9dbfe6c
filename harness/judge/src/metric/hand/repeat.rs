//! Finger repeatability: one command given again and again.

use crate::stats::summary::Summary;

/// What a finger attained under one command, in the unit of the values.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Repeated {
    /// `±3 S`, without the sign, S with the divisor n - 1.
    pub spread: f64,
    /// Type A standard uncertainty of it for normal values: `3 S / sqrt(2 (n-1))` (JCGM 100:2008,
    /// E.4.3), with n - 1 degrees of freedom.
    pub u: f64,
    /// Mean.
    pub mean: f64,
    /// Number of values, at least two.
    pub n: usize,
}

/// Three standard deviations of what was attained: the formula that ISO 9283:1998, 7.2.2 has for an
/// angle, over a position or force of one finger (modelled on NIST SP 1227, draft 2018; where a tracker
/// sees the fingertip, the repeatability of a pose says more). `None` for fewer than two values, or one
/// that is not finite.
#[must_use]
pub fn repeatability(attained: &[f64]) -> Option<Repeated> {
    let summary = Summary::of(attained)?;
    let spread = 3.0 * summary.s?;
    Some(Repeated {
        spread,
        u: spread / (2.0 * (summary.n as f64 - 1.0)).sqrt(),
        mean: summary.mean,
        n: summary.n,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::check::to_digits;

    #[test]
    fn ten_pushes_of_one_finger_lie_within_three_standard_deviations() {
        // The first series of the standards notes, 9.6: mean 12.16, s .222111.
        let forces = [12.1, 12.4, 11.9, 12.3, 12.0, 12.2, 12.5, 11.8, 12.1, 12.3];
        let seen = repeatability(&forces).unwrap();
        to_digits(seen.mean, 12.16, 2);
        to_digits(seen.spread / 3.0, 0.222111, 6);
        to_digits(seen.u, seen.spread / 18f64.sqrt(), 12);
        assert_eq!(repeatability(&forces[..1]), None);
    }
}
