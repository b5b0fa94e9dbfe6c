//! What a hand does to an object within the grasp: stiffness, accuracy of a moved or estimated pose.
//!
//! Finger repeatability and hand-eye placing accuracy are RP and AP of [`iso9283`](crate::metric::iso9283)
//! at the fingertip or the placed object.

use crate::metric::iso9283::{Position, minus, norm};
use crate::stats::linear;

/// Stiffness of a grasp (or compliance of a joint, inverted): force over displacement with its type A
/// standard uncertainty, from `(displacement, force)` pairs, an offset taken out. `None` for fewer than
/// three pairs or equal displacements.
#[must_use]
pub fn stiffness(pairs: &[(f64, f64)]) -> Option<(f64, f64)> {
    let fit = linear::line(pairs).filter(|f| f.nu > 0)?;
    Some((*fit.coefficients.get(1)?, *fit.uncertainties.get(1)?))
}

/// A rotation as a unit quaternion w, x, y, z.
pub type Rotation = [f64; 4];

/// Error of a pose against a reference: distance in the unit of the positions, and the angle of the
/// rotation between them, degrees. `None` for a rotation without length.
#[must_use]
pub fn pose_error(
    reference: (Position, Rotation),
    seen: (Position, Rotation),
) -> Option<(f64, f64)> {
    let unit = |q: Rotation| {
        let size = q.iter().map(|c| c * c).sum::<f64>().sqrt();
        (size > 0.0 && size.is_finite()).then(|| q.map(|c| c / size))
    };
    let (a, b) = (unit(reference.1)?, unit(seen.1)?);
    // Chords of the quaternions: q and -q are the same rotation; exact for small angles.
    let chord = |sign: f64| {
        (0..4)
            .map(|i| (a[i] - sign * b[i]).powi(2))
            .sum::<f64>()
            .sqrt()
    };
    let (near, far) = (chord(1.0).min(chord(-1.0)), chord(1.0).max(chord(-1.0)));
    let angle = 4.0 * near.atan2(far);
    Some((norm(minus(seen.0, reference.0)), angle.to_degrees()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::check::to_digits;

    #[test]
    fn a_grasp_of_two_newton_a_millimetre() {
        let (k, u) = stiffness(&[(0.0, 1.0), (1.0, 3.0), (2.0, 5.0)]).unwrap();
        to_digits(k, 2.0, 12);
        to_digits(u, 0.0, 12);
    }

    #[test]
    fn an_object_that_was_turned_by_ninety_degrees() {
        let half = 45f64.to_radians();
        let turned = [half.cos(), 0.0, 0.0, half.sin()];
        let at = |q: Rotation| ([0.0; 3], q);
        let (_, angle) = pose_error(at([1.0, 0.0, 0.0, 0.0]), ([3.0, 4.0, 0.0], turned)).unwrap();
        to_digits(angle, 90.0, 9);
        let (_, same) = pose_error(at(turned), at(turned.map(|c| -c))).unwrap();
        to_digits(same, 0.0, 9);
        assert_eq!(pose_error(at([0.0; 4]), at(turned)), None);
    }
}
