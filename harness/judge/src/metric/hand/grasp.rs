//! Grasp strength on a split artifact, and grasp efficiency.

use crate::metric::iso9283::{Position, direction, dot};

/// Internal force on a split artifact, N.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Squeeze {
    /// Mean of both halves' components along the normal of the split.
    pub internal: f64,
    /// Their difference: what the artifact is pushed aside with.
    pub imbalance: f64,
    /// Largest component along the split: shear that the normal does not show.
    pub shear: f64,
}

/// From the force vectors on both halves (the second one points the other way), the normal of the
/// split from the first half outward. `None` for a normal without length.
#[must_use]
pub fn split(first: Position, second: Position, normal: Position) -> Option<Squeeze> {
    let normal = direction(normal)?;
    let (a, b) = (-dot(first, normal), dot(second, normal));
    let along = |force: Position, n: f64| {
        let shear = [0, 1, 2].map(|i| force[i] - n * normal[i]);
        dot(shear, shear).sqrt()
    };
    let shear = along(first, -a).max(along(second, b));
    let internal = (a + b) / 2.0;
    (internal.is_finite() && shear.is_finite()).then_some(Squeeze {
        internal,
        imbalance: a - b,
        shear,
    })
}

/// Share of the grip that was needed: `eta = F_needed / F_grip`, mean over the samples, and the worst
/// moment (the largest share: nearest to slipping; above 1 it should have slipped).
///
/// `(external pull, grip)` in N; `F_needed = pull / (contacts mu)`, with the friction coefficient and
/// the number of contacts declared by the suite. `None` without a sample with grip.
#[must_use]
pub fn efficiency(samples: &[(f64, f64)], friction: f64, contacts: u32) -> Option<(f64, f64)> {
    let needed = |pull: f64| pull.abs() / (f64::from(contacts) * friction);
    let shares: Vec<f64> = samples
        .iter()
        .filter(|(_, grip)| *grip > 0.0)
        .map(|(pull, grip)| needed(*pull) / grip)
        .collect();
    let mean = shares.iter().sum::<f64>() / shares.len() as f64;
    let worst = shares.iter().copied().fold(0.0, f64::max);
    (mean.is_finite() && worst.is_finite()).then_some((mean, worst))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::check::to_digits;

    #[test]
    fn both_halves_are_squeezed_and_one_is_sheared() {
        let s = split([-20.0, 3.0, 4.0], [18.0, 0.0, 0.0], [2.0, 0.0, 0.0]).unwrap();
        assert_eq!((s.internal, s.imbalance, s.shear), (19.0, 2.0, 5.0));
        assert_eq!(split([0.0; 3], [0.0; 3], [0.0; 3]), None);
    }

    #[test]
    fn a_grip_of_twice_what_is_needed() {
        // 5 N of pull, two contacts, mu 0.5: 5 N needed.
        let (mean, worst) = efficiency(&[(5.0, 10.0), (5.0, 8.0), (0.0, 0.0)], 0.5, 2).unwrap();
        to_digits(mean, 0.5625, 12);
        to_digits(worst, 0.625, 12);
        assert_eq!(efficiency(&[(5.0, 0.0)], 0.5, 2), None);
    }
}
