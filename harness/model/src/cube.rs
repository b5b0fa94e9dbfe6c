//! The test cube of ISO 9283:1998, 6.8: its diagonal planes and the poses in them.
//!
//! Where the cube lies, how large it is and which of its diagonal planes is used belong to the bench;
//! here is only the geometry. Edges are parallel to the base frame.

use serde::{Deserialize, Serialize};

/// A cube, millimetres.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Cube {
    /// Centre, P1.
    pub centre: [f64; 3],
    /// Edge.
    pub edge: f64,
}

/// The horizontal edge of the upper face through which the diagonal plane goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum UpperEdge {
    /// At +x: offsets along x and z are equal; C1-C2-C7-C8.
    PlusX,
    /// At -x; C3-C4-C5-C6.
    MinusX,
    /// At +y: offsets along y and z are equal; C4-C1-C6-C7.
    PlusY,
    /// At -y; C2-C3-C8-C5.
    MinusY,
}

impl UpperEdge {
    /// The corners of the plane, as the standard numbers them.
    #[must_use]
    pub fn corners(self) -> &'static str {
        match self {
            UpperEdge::PlusX => "C1-C2-C7-C8",
            UpperEdge::MinusX => "C3-C4-C5-C6",
            UpperEdge::PlusY => "C4-C1-C6-C7",
            UpperEdge::MinusY => "C2-C3-C8-C5",
        }
    }
}

impl Cube {
    /// The corners of a diagonal plane in order around it: two of the upper edge, then two of the
    /// lower one, so that the first and third, second and fourth are opposite.
    #[must_use]
    pub fn plane(&self, edge: UpperEdge) -> [[f64; 3]; 4] {
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
    pub fn poses(&self, edge: UpperEdge, inset: f64) -> [[f64; 3]; 5] {
        let [a, b, c, d] = self
            .plane(edge)
            .map(|corner| towards(self.centre, corner, 1.0 - 2.0 * inset));
        [self.centre, a, b, c, d]
    }

    /// Four points of a circle about the centre in a diagonal plane, a quarter apart; its diameter is
    /// that `share` of the plane's shorter side, which is the edge (0.8 for the large circle, 0.08 for
    /// the small one). The first lies towards the upper edge's end that P2 is near, along the edge.
    #[must_use]
    pub fn circle(&self, edge: UpperEdge, share: f64) -> [[f64; 3]; 4] {
        let [a, b, _, d] = self.plane(edge);
        let radius = share * self.edge / 2.0;
        let unit = |from: [f64; 3], to: [f64; 3], length: f64| {
            let way = plus(to, -1.0, from);
            way.map(|c| c / length)
        };
        let u = unit(b, a, self.edge);
        let v = unit(d, a, self.edge * 2f64.sqrt());
        let at = |s: f64, t: f64| plus(plus(self.centre, s * radius, u), t * radius, v);
        [at(1.0, 0.0), at(0.0, 1.0), at(-1.0, 0.0), at(0.0, -1.0)]
    }

    /// Length of the space diagonal, millimetres.
    #[must_use]
    pub fn diagonal(&self) -> f64 {
        self.edge * 3f64.sqrt()
    }
}

/// `a + s b`.
fn plus(a: [f64; 3], s: f64, b: [f64; 3]) -> [f64; 3] {
    [a[0] + s * b[0], a[1] + s * b[1], a[2] + s * b[2]]
}

/// The point at a share of the way from one to another.
fn towards(from: [f64; 3], to: [f64; 3], share: f64) -> [f64; 3] {
    plus(
        from,
        share,
        [to[0] - from[0], to[1] - from[1], to[2] - from[2]],
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const CUBE: Cube = Cube {
        centre: [700.0, 0.0, 600.0],
        edge: 500.0,
    };

    fn minus(a: [f64; 3], b: [f64; 3]) -> [f64; 3] {
        plus(a, -1.0, b)
    }

    fn norm(v: [f64; 3]) -> f64 {
        v[0].hypot(v[1]).hypot(v[2])
    }

    #[track_caller]
    fn to_digits(found: f64, printed: f64, digits: i32) {
        assert!(
            (found - printed).abs() <= 0.5 * 10f64.powi(-digits),
            "{found}"
        );
    }

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
    fn circles_lie_in_the_plane_about_the_centre() {
        // A cube of 500 mm has a large circle of 400 mm and a small one of 40 mm.
        for (share, radius) in [(0.8, 200.0), (0.08, 20.0)] {
            for edge in [UpperEdge::PlusX, UpperEdge::MinusY] {
                let [a, b, c, d] = CUBE.circle(edge, share);
                for point in [a, b, c, d] {
                    to_digits(norm(minus(point, CUBE.centre)), radius, 9);
                }
                to_digits(norm(minus(a, c)), 2.0 * radius, 9);
                to_digits(norm(minus(a, b)), radius * 2f64.sqrt(), 9);
            }
        }
        // The plane of equal offsets in x and z: the first point is along the edge, y.
        let [first, second, ..] = CUBE.circle(UpperEdge::PlusX, 0.8);
        assert_eq!(first, [700.0, 200.0, 600.0]);
        to_digits(second[0] - 700.0, second[2] - 600.0, 9);
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
}
