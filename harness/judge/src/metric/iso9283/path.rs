//! Path accuracy AT and repeatability RT: ISO 9283:1998, 8.2 and 8.3; path accuracy on
//! reorientation (8.4) is AT of a straight line during which the tool turns.
//!
//! Every attained path is cut by planes normal to the command path. AT and RT are largest values
//! over the planes: no naive bootstrap is valid for them; the uncertainty given is that of the
//! plane that governs.

use super::{
    Position, about, accuracy, angle_repeatability, dot, minus, norm, plus, repeatability,
};

/// A point of the command path with the path's direction there (of length 1): a plane.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Plane {
    /// Where the command path crosses.
    pub point: Position,
    /// Direction of travel.
    pub normal: Position,
}

/// Where an attained path crosses a plane: between samples `before` and `before + 1`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Crossing {
    /// Index of the sample before.
    pub before: usize,
    /// Share of the step between the samples, 0 to 1.
    pub share: f64,
    /// The point, linear between the samples.
    pub at: Position,
}

/// The crossing of an attained path with a plane in the direction of travel; of several (a closed
/// path) the one nearest to the plane's point. `None` when the path does not cross.
#[must_use]
pub fn crossing(path: &[Position], plane: Plane) -> Option<Crossing> {
    let height = |p: &Position| dot(minus(*p, plane.point), plane.normal);
    let crossings = path.windows(2).enumerate().filter_map(|(before, pair)| {
        let (a, b) = (height(&pair[0]), height(&pair[1]));
        (a < 0.0 && b >= 0.0).then(|| {
            let share = a / (a - b);
            let at = plus(pair[0], share, minus(pair[1], pair[0]));
            Crossing { before, share, at }
        })
    });
    let far = |c: &Crossing| norm(minus(c.at, plane.point));
    crossings.min_by(|a, b| far(a).total_cmp(&far(b)))
}

/// A characteristic over the planes of a path.
#[derive(Debug, Clone, PartialEq)]
pub struct Largest {
    /// The largest.
    pub value: f64,
    /// The plane of the largest, an index.
    pub plane: usize,
    /// The value of each plane.
    pub each: Vec<f64>,
}

fn largest(each: Option<Vec<f64>>) -> Option<Largest> {
    let each = each.filter(|e| e.iter().all(|v| v.is_finite()))?;
    let of = each.iter().copied().enumerate();
    let (plane, value) = of.max_by(|a, b| a.1.total_cmp(&b.1))?;
    Some(Largest { value, plane, each })
}

/// `AT_p = max_i |mean over the cycles of crossing i - command point i|`; `crossings[i]` are those of
/// all cycles with plane i. `None` without a plane, with a plane that no path crosses, or when a
/// number is not finite.
#[must_use]
pub fn path_accuracy(crossings: &[Vec<Position>], command: &[Position]) -> Option<Largest> {
    if crossings.len() != command.len() {
        return None;
    }
    let each = crossings.iter().zip(command);
    largest(each.map(|(c, p)| accuracy(c, *p).map(|a| a.ap_p)).collect())
}

/// `RT_p = max_i (l̄_i + 3 S_li)`, l_ij the distance of crossing ij from the mean of its plane.
/// `None` when a plane has fewer than two crossings.
#[must_use]
pub fn path_repeatability(crossings: &[Vec<Position>]) -> Option<Largest> {
    let each = crossings.iter();
    largest(each.map(|c| repeatability(c).map(|r| r.rp)).collect())
}

/// `AT_a = max_i |ā_i - a_ci|`, degrees, about the command.
#[must_use]
pub fn angle_path_accuracy(crossings_deg: &[Vec<f64>], command_deg: &[f64]) -> Option<Largest> {
    if crossings_deg.len() != command_deg.len() {
        return None;
    }
    let each = crossings_deg.iter().zip(command_deg);
    largest(
        each.map(|(a, c)| about(a, *c).map(|s| s.mean.abs()))
            .collect(),
    )
}

/// `RT_a = max_i 3 S_ai`, degrees, about the command.
#[must_use]
pub fn angle_path_repeatability(
    crossings_deg: &[Vec<f64>],
    command_deg: &[f64],
) -> Option<Largest> {
    if crossings_deg.len() != command_deg.len() {
        return None;
    }
    let each = crossings_deg.iter().zip(command_deg);
    largest(each.map(|(a, c)| angle_repeatability(a, *c)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::check::to_digits;

    fn crossings() -> Vec<Vec<Position>> {
        let at = |j: i32, i: i32| {
            let y = 0.01 * f64::from(i) + 0.001 * f64::from((7 * j + 3 * i) % 11 - 5);
            let z = if i == 3 { -0.02 } else { 0.0 } + 0.001 * f64::from((5 * j + 2 * i) % 13 - 6);
            [f64::from(i), y, z]
        };
        (0..5)
            .map(|i| (0..10).map(|j| at(j, i)).collect())
            .collect()
    }

    fn command() -> Vec<Position> {
        (0..5).map(|i| [f64::from(i), 0.0, 0.0]).collect()
    }

    #[test]
    fn ten_paths_through_five_planes() {
        let at = path_accuracy(&crossings(), &command()).unwrap();
        for (got, want) in at
            .each
            .iter()
            .zip([0.000412, 0.009805, 0.019502, 0.036087, 0.040000])
        {
            to_digits(*got, want, 6);
        }
        to_digits(at.value, 0.0400005, 7);
        let rt = path_repeatability(&crossings()).unwrap();
        for (got, want) in rt
            .each
            .iter()
            .zip([0.010898, 0.007362, 0.010601, 0.007877, 0.011271])
        {
            to_digits(*got, want, 6);
        }
        to_digits(rt.value, 0.01127051, 8);
        assert_eq!((at.plane, rt.plane), (4, 4));
    }

    #[test]
    fn more_planes_than_cycles_do_not_change_n() {
        // A public analyser divides by the longer side of its matrix (standards notes, 0.1).
        let wide: Vec<Vec<Position>> = (0..50).map(|_| crossings()[0].clone()).collect();
        let one = path_repeatability(&crossings()[..1]).unwrap().value;
        assert_eq!(path_repeatability(&wide).unwrap().value, one);
    }

    #[test]
    fn a_path_is_cut_where_it_crosses_in_the_direction_of_travel() {
        let plane = |x: f64| Plane {
            point: [x, 0.0, 0.0],
            normal: [1.0, 0.0, 0.0],
        };
        let path = [[0.0, 0.0, 0.0], [1.0, 1.0, 0.0], [3.0, 1.0, 2.0]];
        let cut = crossing(&path, plane(2.0)).unwrap();
        assert_eq!((cut.before, cut.share, cut.at), (1, 0.5, [2.0, 1.0, 1.0]));
        assert_eq!(crossing(&path, plane(9.0)), None);
        let back: Vec<_> = path.iter().rev().copied().collect();
        assert_eq!(crossing(&back, plane(2.0)), None);
    }

    #[test]
    fn of_a_closed_path_the_near_crossing_counts() {
        let circle: Vec<Position> = (0..=720)
            .map(|i| (f64::from(i) + 0.25).to_radians().sin_cos())
            .map(|(s, c)| [100.0 * c, 100.0 * s, 0.0])
            .collect();
        let top = Plane {
            point: [0.0, 100.0, 0.0],
            normal: [-1.0, 0.0, 0.0],
        };
        let cut = crossing(&circle, top).unwrap();
        assert!((cut.at[1] - 100.0).abs() < 0.01, "{cut:?}");
    }

    #[test]
    fn angles_of_a_path_are_taken_about_the_command() {
        let angles = [vec![179.9, -179.9], vec![10.0, 10.2]];
        let at = angle_path_accuracy(&angles, &[180.0, 10.0]).unwrap();
        to_digits(at.value, 0.1, 9);
        let rt = angle_path_repeatability(&angles, &[180.0, 10.0]).unwrap();
        to_digits(rt.value, 3.0 * 0.1414213562, 9);
    }
}
