//! What a hand does to an object within the grasp: stiffness, accuracy of a moved or estimated pose.
//!
//! Finger repeatability before a tracker and hand-eye placing accuracy are RP and AP of [`iso9283`](crate::metric::iso9283)
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

/// Product of two rotations: first `b`, then `a`.
fn product(a: Rotation, b: Rotation) -> Rotation {
    let ([aw, ax, ay, az], [bw, bx, by, bz]) = (a, b);
    [
        aw * bw - ax * bx - ay * by - az * bz,
        aw * bx + ax * bw + ay * bz - az * by,
        aw * by - ax * bz + ay * bw + az * bx,
        aw * bz + ax * by - ay * bx + az * bw,
    ]
}

/// Error of a motion of an object against the commanded one, a translation and then a rotation of
/// the object about itself along the axes of the frame that its poses are given in (certbench's own
/// definition): `|(after - before) - d|` in the unit of the positions, and the angle between
/// `Q before` and `after`, degrees. `None` for a rotation without length.
#[must_use]
pub fn moved_error(
    before: (Position, Rotation),
    after: (Position, Rotation),
    commanded: (Position, Rotation),
) -> Option<(f64, f64)> {
    let due = [0, 1, 2].map(|i| before.0[i] + commanded.0[i]);
    pose_error((due, product(commanded.1, before.1)), after)
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
    fn a_cube_that_was_turned_in_the_hand_by_less_than_asked() {
        let about_z = |deg: f64| {
            let half = f64::to_radians(deg) / 2.0;
            [half.cos(), 0.0, 0.0, half.sin()]
        };
        let before = ([10.0, 0.0, 50.0], about_z(20.0));
        let after = ([11.0, 0.0, 52.0], about_z(105.0));
        let (far, angle) = moved_error(before, after, ([1.0, 0.0, 0.0], about_z(90.0))).unwrap();
        to_digits(far, 2.0, 12);
        to_digits(angle, 5.0, 9);
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
