//! What a hand feels against a reference: touch sensitivity and force calibration.

use crate::metric::iso9283::{Position, direction, dot, minus, norm};
use crate::stats::Interval;
use crate::stats::linear;

/// Touch sensitivity of one approach: the reference force at the instant at which the hand itself
/// reported contact, an interval in the unit of the force.
///
/// `reported_s` is when the report can have happened (seconds of the force samples' clock); the
/// forces at its ends and all between them are possible. `None` when the samples do not reach both
/// ends.
#[must_use]
pub fn touch(force: &[(f64, f64)], reported_s: Interval) -> Option<Interval> {
    let at = |t: f64| {
        let after = force.partition_point(|s| s.0 < t);
        let b = force.get(after)?;
        if b.0 == t {
            return Some(b.1);
        }
        let a = force.get(after.checked_sub(1)?)?;
        Some(a.1 + (b.1 - a.1) * (t - a.0) / (b.0 - a.0))
    };
    let ends = [at(reported_s.lower)?, at(reported_s.upper)?];
    let inside = force
        .iter()
        .filter(|s| reported_s.lower <= s.0 && s.0 <= reported_s.upper)
        .map(|s| s.1);
    let all = || inside.clone().chain(ends);
    Some(Interval {
        lower: all().fold(f64::INFINITY, f64::min),
        upper: all().fold(f64::NEG_INFINITY, f64::max),
    })
}

/// A hand's own force against the reference.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Calibration {
    /// Indicated per reference.
    pub gain: f64,
    /// Indicated at no force.
    pub offset: f64,
    /// Largest error `indicated - reference`, either way, as the hand is used.
    pub largest_error: f64,
    /// Largest departure from the line: what a better gain would leave.
    pub largest_departure: f64,
}

/// From `(reference, indicated)` pairs. `None` for fewer than three, or equal references.
#[must_use]
pub fn calibration(pairs: &[(f64, f64)]) -> Option<Calibration> {
    let fit = linear::line(pairs).filter(|f| f.nu > 0)?;
    let most = |values: &mut dyn Iterator<Item = f64>| values.map(f64::abs).fold(0.0, f64::max);
    Some(Calibration {
        gain: *fit.coefficients.get(1)?,
        offset: *fit.coefficients.first()?,
        largest_error: most(&mut pairs.iter().map(|(r, i)| i - r)),
        largest_departure: most(&mut fit.residuals.iter().copied()),
    })
}

/// Error of a force vector: of its magnitude (signed, its unit) and of its direction (degrees).
/// `None` for a reference without direction or an indication without one.
#[must_use]
pub fn vector_error(reference: Position, indicated: Position) -> Option<(f64, f64)> {
    let (r, i) = (direction(reference)?, direction(indicated)?);
    // Exact for small angles, which an arc cosine is not.
    let angle = 2.0 * norm(minus(i, r)).atan2(norm([0, 1, 2].map(|k| i[k] + r[k])));
    debug_assert!((angle.cos() - dot(r, i)).abs() < 1e-9);
    Some((norm(indicated) - norm(reference), angle.to_degrees()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::check::to_digits;

    #[test]
    fn contact_is_felt_between_two_readings() {
        let force = [(0.0, 0.0), (1.0, 0.0), (1.1, 0.2), (1.2, 0.5)];
        let felt = touch(
            &force,
            Interval {
                lower: 1.05,
                upper: 1.15,
            },
        )
        .unwrap();
        to_digits(felt.lower, 0.1, 9);
        to_digits(felt.upper, 0.35, 9);
        assert_eq!(
            touch(
                &force,
                Interval {
                    lower: 1.15,
                    upper: 1.3
                }
            ),
            None
        );
    }

    #[test]
    fn a_hand_that_reads_ten_percent_high() {
        let c = calibration(&[(0.0, 0.1), (5.0, 5.6), (10.0, 11.1)]).unwrap();
        to_digits(c.gain, 1.1, 9);
        to_digits(c.offset, 0.1, 9);
        to_digits(c.largest_error, 1.1, 9);
        to_digits(c.largest_departure, 0.0, 9);
        assert_eq!(calibration(&[(0.0, 0.0), (1.0, 1.0)]), None);
    }

    #[test]
    fn magnitude_and_direction_err_apart() {
        let (size, angle) = vector_error([0.0, 0.0, 10.0], [0.0, 11.0, 0.0]).unwrap();
        to_digits(size, 1.0, 9);
        to_digits(angle, 90.0, 9);
        let (_, small) = vector_error([1.0, 0.0, 0.0], [1.0, 1e-9, 0.0]).unwrap();
        assert!((small.to_radians() - 1e-9).abs() < 1e-15);
        assert_eq!(vector_error([0.0; 3], [1.0, 0.0, 0.0]), None);
    }
}
