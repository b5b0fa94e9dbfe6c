//! Paths of the test cube and the planes that cut them: ISO 9283:1998, 6.8 and 8.2.

use super::path::Plane;
use super::{Position, cross, direction, dot, minus, norm, plus};

pub use certbench_model::cube::{Cube, UpperEdge};

/// `n` planes along the straight line from `a` to `b`, ends left out by half a spacing. `None`
/// without a direction.
#[must_use]
pub fn line(a: Position, b: Position, n: u32) -> Option<Vec<Plane>> {
    let normal = direction(minus(b, a))?;
    let at = |i: u32| plus(a, (f64::from(i) + 0.5) / f64::from(n), minus(b, a));
    Some(
        (0..n)
            .map(|i| Plane {
                point: at(i),
                normal,
            })
            .collect(),
    )
}

/// `n` planes along a circle of `radius` about `centre` in the plane of the directions `u` and `v`
/// (made perpendicular), from `u` towards `v`. `None` without such a plane.
#[must_use]
pub fn circle(
    centre: Position,
    radius: f64,
    u: Position,
    v: Position,
    n: u32,
) -> Option<Vec<Plane>> {
    let u = direction(u)?;
    let v = direction(plus(v, -dot(u, v), u))?;
    let at = |i: u32| {
        let angle = std::f64::consts::TAU * (f64::from(i) + 0.5) / f64::from(n);
        let (sin, cos) = angle.sin_cos();
        Plane {
            point: plus(plus(centre, radius * cos, u), radius * sin, v),
            normal: plus(u.map(|c| -sin * c), cos, v),
        }
    };
    Some((0..n).map(at).collect())
}

/// `n` planes along the circle through three points, beginning at the first and going on through the
/// second. `None` when they lie on a line.
#[must_use]
pub fn circle_through(points: [Position; 3], n: u32) -> Option<Vec<Plane>> {
    let [a, b, c] = points;
    let (u, v) = (minus(b, a), minus(c, a));
    let axis = cross(u, v);
    let square = dot(axis, axis);
    // On a line within what a bench file rounds off there is no circle to speak of.
    if square.sqrt() <= 1e-6 * norm(u) * norm(v) {
        return None;
    }
    // The circumcentre: a + (|v|² (u x v) x u + |u|² v x (u x v)) / (2 |u x v|²)
    let to = plus(
        cross(axis, u).map(|x| x * dot(v, v)),
        dot(u, u),
        cross(v, axis),
    );
    let centre = plus(a, 0.5 / square, to);
    let begin = minus(a, centre);
    // The direction of travel at a: from there to b and then to c.
    circle(centre, norm(begin), begin, cross(axis, begin), n)
}

/// Length of the path from one plane to the next, straight or on an arc.
#[must_use]
pub fn along(from: Plane, to: Plane) -> f64 {
    let chord = norm(minus(to.point, from.point));
    let sine = (norm(minus(to.normal, from.normal)) / 2.0).min(1.0);
    match sine > 0.0 {
        true => chord * sine.asin() / sine,
        false => chord,
    }
}

/// Radius of the large circle of a plane: `share` (0.8 in practice) of its shorter side is the
/// diameter.
#[must_use]
pub fn large_radius(plane: &[Position; 4], share: f64) -> f64 {
    let side = |i: usize, k: usize| norm(minus(plane[i], plane[k]));
    share * side(0, 1).min(side(1, 2)) / 2.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::check::to_digits;

    const CUBE: Cube = Cube {
        centre: [700.0, 0.0, 600.0],
        edge: 500.0,
    };

    #[test]
    fn three_points_make_a_circle() {
        // About (1, 2, 3) with radius 5 in the plane of y and z: (1, 7, 3), (1, 2, 8), (1, -3, 3).
        let points = [[1.0, 7.0, 3.0], [1.0, 2.0, 8.0], [1.0, -3.0, 3.0]];
        let around = circle_through(points, 400).unwrap();
        let centre = [1.0, 2.0, 3.0];
        assert!(
            around
                .iter()
                .all(|p| (norm(minus(p.point, centre)) - 5.0).abs() < 1e-12)
        );
        // It leaves the first point towards the second, +z.
        assert!(around[0].normal[2] > 0.99 && norm(minus(around[0].point, points[0])) < 0.05);
        let length: f64 = around.windows(2).map(|w| along(w[0], w[1])).sum();
        to_digits(length, 10.0 * std::f64::consts::PI * 399.0 / 400.0, 9);
        assert_eq!(circle_through([[0.0; 3], [1.0; 3], [2.0; 3]], 10), None);
        assert_eq!(circle_through([[0.0; 3], [1.0; 3], [0.0; 3]], 10), None);
    }

    #[test]
    fn paths_have_planes_normal_to_them() {
        let along = line([0.0; 3], [0.0, 10.0, 0.0], 5).unwrap();
        assert_eq!(along[0].point, [0.0, 1.0, 0.0]);
        assert_eq!(along[4].normal, [0.0, 1.0, 0.0]);
        let around = circle([0.0; 3], 2.0, [1.0, 0.0, 0.0], [1.0, 1.0, 0.0], 8).unwrap();
        assert!(around.iter().all(|p| {
            (norm(p.point) - 2.0).abs() < 1e-12 && dot(p.point, p.normal).abs() < 1e-12
        }));
        assert_eq!(line([0.0; 3], [0.0; 3], 5), None);
        // A cube of 500 mm: side 500 and 707, so a large circle of 400 mm.
        assert_eq!(
            2.0 * large_radius(&CUBE.plane(UpperEdge::PlusX), 0.8),
            400.0
        );
    }
}
