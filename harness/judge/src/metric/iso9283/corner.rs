//! Cornering deviations CR and CO: ISO 9283:1998, 8.5.
//!
//! CR is the round-off error, CO the overshoot. Both are means over the cycles.

use super::{Position, direction, dot, minus, norm, plus};
use crate::stats::summary::Summary;

/// Round-off of one pass, unit of the positions: the least distance of the path (straight between
/// its samples) from the programmed corner. `None` for fewer than two samples.
#[must_use]
pub fn round_off(path: &[Position], corner: Position) -> Option<f64> {
    let near = path.windows(2).map(|pair| {
        let (along, to) = (minus(pair[1], pair[0]), minus(corner, pair[0]));
        let square = dot(along, along);
        let share = if square > 0.0 {
            (dot(to, along) / square).clamp(0.0, 1.0)
        } else {
            0.0
        };
        norm(minus(to, along.map(|c| share * c)))
    });
    near.fold(None, |least: Option<f64>, d| {
        Some(least.map_or(d, |l| l.min(d)))
    })
    .filter(|d| d.is_finite())
}

/// Overshoot of one pass, unit of the positions: the largest distance of a sample from the line of
/// the second leg, counted only on the outer side, where the first leg would have gone on; 0 when
/// it never gets there.
///
/// `first` and `second` are the directions of travel of the legs. `None` without a sample, or for
/// legs without a direction or in one line.
#[must_use]
pub fn overshoot(
    path: &[Position],
    corner: Position,
    first: Position,
    second: Position,
) -> Option<f64> {
    let (first, second) = (direction(first)?, direction(second)?);
    let outward = direction(plus(first, -dot(first, second), second))?;
    if path.is_empty() {
        return None;
    }
    let beyond = path.iter().filter_map(|p| {
        let from = minus(*p, corner);
        let off = plus(from, -dot(from, second), second);
        (dot(off, outward) > 0.0).then(|| norm(off))
    });
    Some(beyond.fold(0.0, f64::max)).filter(|d: &f64| d.is_finite())
}

/// Mean over the cycles with its scatter.
#[must_use]
pub fn over_cycles(each: &[f64]) -> Option<Summary> {
    Summary::of(each)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::check::to_digits;

    const CORNER: Position = [0.0; 3];
    /// The second leg along z, the first one along -y.
    const FIRST: Position = [0.0, -1.0, 0.0];
    const SECOND: Position = [0.0, 0.0, 1.0];

    /// A quarter arc tangent to both legs.
    fn arc(r: f64) -> Vec<Position> {
        (0..=9_000)
            .map(|i| (f64::from(i) / 100.0).to_radians().sin_cos())
            .map(|(s, c)| [0.0, r - r * s, r - r * c])
            .collect()
    }

    #[test]
    fn round_off_of_three_quarter_arcs() {
        let each: Vec<f64> = [2.0, 2.1, 2.2]
            .iter()
            .map(|r| round_off(&arc(*r), CORNER).unwrap())
            .collect();
        for (got, want) in each.iter().zip([0.828427, 0.869848, 0.911270]) {
            to_digits(*got, want, 6);
        }
        to_digits(over_cycles(&each).unwrap().mean, 0.869848, 6);
    }

    #[test]
    fn overshoot_is_the_mean_of_the_cycles() {
        let mean = over_cycles(&[0.154252, 0.164539, 0.174826]).unwrap().mean;
        to_digits(mean, 0.164539, 6);
    }

    #[test]
    fn only_the_outer_side_counts_as_overshoot() {
        // It comes along -y, runs 0.2 beyond and swings back to 0.1 inside.
        let path = [
            [0.0, 5.0, 0.0],
            [0.0, 0.0, 0.0],
            [0.0, -0.2, 0.3],
            [0.0, 0.1, 0.8],
            [0.0, 0.0, 5.0],
        ];
        to_digits(overshoot(&path, CORNER, FIRST, SECOND).unwrap(), 0.2, 9);
        assert_eq!(overshoot(&arc(2.0), CORNER, FIRST, SECOND), Some(0.0));
        // Sideways by 0.1 while 0.2 beyond: the distance from the line.
        let aside = [[0.1, -0.2, 0.3]];
        to_digits(
            overshoot(&aside, CORNER, FIRST, SECOND).unwrap(),
            0.2236068,
            7,
        );
    }

    #[test]
    fn legs_in_one_line_have_no_corner() {
        assert_eq!(overshoot(&arc(2.0), CORNER, FIRST, FIRST), None);
        assert_eq!(round_off(&[CORNER], CORNER), None);
    }
}
