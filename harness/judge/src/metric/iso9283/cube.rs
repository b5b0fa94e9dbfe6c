//! The test cube with its plane, poses and paths: ISO 9283:1998, 6.8.
//!
//! Where the cube lies, how large it is and which of its diagonal planes is used belong to the
//! suite and the bench; here is only the geometry. Edges are parallel to the base frame.

use super::path::Plane;
use super::{Position, direction, minus, norm, plus};

/// A cube, millimetres.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Cube {
    /// Centre, P1.
    pub centre: Position,
    /// Edge.
    pub edge: f64,
}

/// The horizontal edge of the upper face through which the diagonal plane goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UpperEdge {
    /// At +x: offsets along x and z are equal.
    PlusX,
    /// At -x.
    MinusX,
    /// At +y: offsets along y and z are equal.
    PlusY,
    /// At -y.
    MinusY,
}

impl Cube {
    /// The corners of a diagonal plane in order around it: two of the upper edge, then two of the
    /// lower one, so that the first and third, second and fourth are opposite.
    #[must_use]
    pub fn plane(&self, edge: UpperEdge) -> [Position; 4] {
        let h = self.edge / 2.0;
        let at = |x: f64, y: f64, z: f64| plus(self.centre, h, [x, y, z]);
        let corner = |s: f64, side: f64, up: f64| match edge {
            UpperEdge::PlusX => at(s * up, side, up),
            UpperEdge::MinusX => at(-s * up, -side, up),
            UpperEdge::PlusY => at(-side, s * up, up),
            UpperEdge::MinusY => at(side, -s * up, up),
        };
        [
            corner(1.0, 1.0, 1.0),
            corner(1.0, -1.0, 1.0),
            corner(1.0, -1.0, -1.0),
            corner(1.0, 1.0, -1.0),
        ]
    }

    /// P1 to P5: the centre, and on the diagonals of the plane at `inset` (0.1 in the standard) of
    /// their length from their ends, `P_k = P1 + (1 - 2 inset) (C_k - P1)`.
    #[must_use]
    pub fn poses(&self, edge: UpperEdge, inset: f64) -> [Position; 5] {
        let [a, b, c, d] = self
            .plane(edge)
            .map(|corner| plus(self.centre, 1.0 - 2.0 * inset, minus(corner, self.centre)));
        [self.centre, a, b, c, d]
    }

    /// Length of the space diagonal, millimetres.
    #[must_use]
    pub fn diagonal(&self) -> f64 {
        self.edge * 3f64.sqrt()
    }
}

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
    let v = direction(plus(v, -super::dot(u, v), u))?;
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
    fn five_poses_in_the_plane_of_equal_x_and_z() {
        let poses = CUBE.poses(UpperEdge::PlusX, 0.1);
        assert_eq!(poses[0], CUBE.centre);
        for (got, want) in poses[1..].iter().zip([
            [900.0, 200.0, 800.0],
            [900.0, -200.0, 800.0],
            [500.0, -200.0, 400.0],
            [500.0, 200.0, 400.0],
        ]) {
            assert!(norm(minus(*got, want)) < 1e-9, "{got:?}");
        }
        to_digits(CUBE.diagonal(), 866.0254, 4);
        to_digits(0.1 * CUBE.diagonal(), 86.6025, 4);
    }

    #[test]
    fn every_plane_goes_through_the_centre_with_opposite_corners() {
        use UpperEdge::{MinusX, MinusY, PlusX, PlusY};
        for edge in [PlusX, MinusX, PlusY, MinusY] {
            let [a, b, c, d] = CUBE.plane(edge);
            for (one, other) in [(a, c), (b, d)] {
                to_digits(norm(minus(one, other)), 866.0254, 4);
                let middle = plus(one, 0.5, minus(other, one));
                assert!(norm(minus(middle, CUBE.centre)) < 1e-9);
            }
            assert!(a[2] > 600.0 && b[2] > 600.0 && c[2] < 600.0);
        }
    }

    #[test]
    fn paths_have_planes_normal_to_them() {
        let along = line([0.0; 3], [0.0, 10.0, 0.0], 5).unwrap();
        assert_eq!(along[0].point, [0.0, 1.0, 0.0]);
        assert_eq!(along[4].normal, [0.0, 1.0, 0.0]);
        let around = circle([0.0; 3], 2.0, [1.0, 0.0, 0.0], [1.0, 1.0, 0.0], 8).unwrap();
        assert!(around.iter().all(|p| {
            (norm(p.point) - 2.0).abs() < 1e-12
                && super::super::dot(p.point, p.normal).abs() < 1e-12
        }));
        assert_eq!(line([0.0; 3], [0.0; 3], 5), None);
        // A cube of 500 mm: side 500 and 707, so a large circle of 400 mm.
        assert_eq!(
            2.0 * large_radius(&CUBE.plane(UpperEdge::PlusX), 0.8),
            400.0
        );
    }
}
