//! Distance accuracy AD and repeatability RD between two command poses: ISO 9283:1998, 7.3.
//!
//! Only a frame without scale error is needed, none that is registered: distances are the same in
//! every frame.

use super::{Position, minus, norm, wrap_deg};
use crate::stats::summary::Summary;

/// Accuracy and repeatability of one distance, in its unit (millimetres, degrees).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Distance {
    /// Number of cycles, at least two.
    pub n: usize,
    /// `AD = D̄ - D_c`, signed.
    pub ad: f64,
    /// `RD = ±3 sqrt(sum(D_j - D̄)² / (n-1))`, without the sign.
    pub rd: f64,
    /// `D̄`.
    pub mean: f64,
    /// Standard deviation of the attained distances, divisor n - 1.
    pub s: f64,
}

/// `D_j = |P1_j - P2_j|`, `AD_p = D̄ - D_c` with `D_c = |P_c1 - P_c2|`. The j-th poses of both belong
/// to one cycle. `None` for fewer than two cycles, series of unequal length, or a number that is
/// not finite.
#[must_use]
pub fn distance(
    first: &[Position],
    second: &[Position],
    commands: [Position; 2],
) -> Option<Distance> {
    let size = |a: Position, b: Position| norm(minus(a, b));
    of(first, second, size(commands[0], commands[1]), size)
}

/// The same along one axis: `D_xj = |x_1j - x_2j|`.
#[must_use]
pub fn along_axis(
    first: &[Position],
    second: &[Position],
    commands: [Position; 2],
    axis: usize,
) -> Option<Distance> {
    let size = |a: Position, b: Position| {
        (a.get(axis).zip(b.get(axis))).map_or(f64::NAN, |(a, b)| (a - b).abs())
    };
    of(first, second, size(commands[0], commands[1]), size)
}

/// The same for one angle, degrees, the difference taken within ±180°.
#[must_use]
pub fn of_angle(first_deg: &[f64], second_deg: &[f64], commands_deg: [f64; 2]) -> Option<Distance> {
    let size = |a: f64, b: f64| wrap_deg(a - b).abs();
    of(
        first_deg,
        second_deg,
        size(commands_deg[0], commands_deg[1]),
        size,
    )
}

fn of<T: Copy>(
    first: &[T],
    second: &[T],
    command: f64,
    size: impl Fn(T, T) -> f64,
) -> Option<Distance> {
    if first.len() != second.len() || !command.is_finite() {
        return None;
    }
    let attained: Vec<f64> = first
        .iter()
        .zip(second)
        .map(|(a, b)| size(*a, *b))
        .collect();
    let summary = Summary::of(&attained)?;
    let s = summary.s?;
    Some(Distance {
        n: summary.n,
        ad: summary.mean - command,
        rd: 3.0 * s,
        mean: summary.mean,
        s,
    })
}

/// Type A standard uncertainty of `RD = 3 S`: `RD / sqrt(2 (n-1))`, for normal distances
/// (JCGM 100:2008, E.4.3), with n - 1 degrees of freedom.
#[must_use]
pub fn rd_uncertainty(d: &Distance) -> f64 {
    d.rd / (2.0 * (d.n as f64 - 1.0)).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metric::iso9283::plus;
    use crate::metric::iso9283::synthetic::poses;
    use crate::stats::check::to_digits;

    const C2: Position = [400.0, 100.0, 300.0];
    const C4: Position = [700.0, -100.0, 600.0];

    fn attained() -> (Vec<Position>, Vec<Position>) {
        let offset = [0.030, -0.010, 0.020];
        (poses(C2, 0), poses(plus(C4, 1.0, offset), 4))
    }

    #[test]
    fn distance_of_two_poses() {
        let (p2, p4) = attained();
        let d = distance(&p2, &p4, [C2, C4]).unwrap();
        to_digits(d.mean - d.ad, 469.04157598, 8);
        to_digits(d.ad, 0.03673466, 8);
        to_digits(d.rd, 0.01486004, 8);
    }

    #[test]
    fn its_components() {
        let (p2, p4) = attained();
        let axes = [0, 1, 2].map(|i| along_axis(&p2, &p4, [C2, C4], i).unwrap());
        for (d, ad, rd) in [
            (axes[0], 0.0302667, 0.0134841),
            (axes[1], 0.0102000, 0.0254119),
            (axes[2], 0.0203667, 0.0104067),
        ] {
            to_digits(d.ad, ad, 7);
            to_digits(d.rd, rd, 7);
        }
        assert_eq!(along_axis(&p2, &p4, [C2, C4], 3), None);
    }

    #[test]
    fn an_angle_between_poses_is_taken_the_short_way() {
        let d = of_angle(&[179.0, 179.1], &[-179.0, -179.1], [179.0, -179.0]).unwrap();
        to_digits(d.mean, 1.9, 9);
        to_digits(d.ad, -0.1, 9);
    }

    #[test]
    fn cycles_that_do_not_pair_have_no_distance() {
        assert_eq!(distance(&[C2; 3], &[C4; 2], [C2, C4]), None);
        assert_eq!(distance(&[C2], &[C4], [C2, C4]), None);
    }
}
