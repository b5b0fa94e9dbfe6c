//! From a tracker's own frame into a named frame of the bench.

use certbench_model::Registration;

/// Position x, y, z in mm and, if the channel has them, angles a, b, c in degrees: rotations about
/// fixed x, then y, then z.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Pose {
    pub(crate) position_mm: [f64; 3],
    pub(crate) angles_deg: Option<[f64; 3]>,
}

/// `p_frame = R p_tracker + t`, and the orientation `R R(a, b, c)`.
pub(crate) fn into_frame(pose: Pose, registration: &Registration) -> Pose {
    let r = rotation(registration.rotation_deg);
    let p = pose.position_mm;
    let t = registration.translation_mm;
    let row = |i: usize| r[i][0] * p[0] + r[i][1] * p[1] + r[i][2] * p[2] + t[i];
    Pose {
        position_mm: [row(0), row(1), row(2)],
        angles_deg: pose.angles_deg.map(|a| angles(product(r, rotation(a)))),
    }
}

pub(crate) type Matrix = [[f64; 3]; 3];

/// `Rz(c) Ry(b) Rx(a)`.
fn rotation(abc_deg: [f64; 3]) -> Matrix {
    let [(sa, ca), (sb, cb), (sc, cc)] = abc_deg.map(|a| a.to_radians().sin_cos());
    [
        [cc * cb, cc * sb * sa - sc * ca, cc * sb * ca + sc * sa],
        [sc * cb, sc * sb * sa + cc * ca, sc * sb * ca - cc * sa],
        [-sb, cb * sa, cb * ca],
    ]
}

/// The same rotation as a unit quaternion w, x, y, z.
pub(crate) fn quaternion(abc_deg: [f64; 3]) -> [f64; 4] {
    let [(sa, ca), (sb, cb), (sc, cc)] = abc_deg.map(|a| (a.to_radians() / 2.0).sin_cos());
    [
        cc * cb * ca + sc * sb * sa,
        cc * cb * sa - sc * sb * ca,
        cc * sb * ca + sc * cb * sa,
        sc * cb * ca - cc * sb * sa,
    ]
}

/// The angles a, b, c of a rotation; with b at ±90 degrees only a ± c is defined, and c is taken as 0.
pub(crate) fn angles(r: Matrix) -> [f64; 3] {
    let b = (-r[2][0]).atan2(r[0][0].hypot(r[1][0]));
    let (a, c) = if r[0][0].hypot(r[1][0]) > 1e-9 {
        (r[2][1].atan2(r[2][2]), r[1][0].atan2(r[0][0]))
    } else {
        ((-r[1][2]).atan2(r[1][1]), 0.0)
    };
    [a, b, c].map(f64::to_degrees)
}

fn product(a: Matrix, b: Matrix) -> Matrix {
    let cell = |i: usize, j: usize| (0..3).map(|k| a[i][k] * b[k][j]).sum();
    [0, 1, 2].map(|i| [0, 1, 2].map(|j| cell(i, j)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use certbench_model::Quantity;
    use proptest::prelude::*;

    fn registration(rotation_deg: [f64; 3], translation_mm: [f64; 3]) -> Registration {
        Registration {
            frame: "base".into(),
            method: "by hand".into(),
            translation_mm,
            rotation_deg,
            u_position: "0.01 mm".parse::<Quantity>().unwrap(),
            u_angle: None,
        }
    }

    #[test]
    fn a_quarter_turn_about_z_takes_x_to_y() {
        let turned = into_frame(
            Pose {
                position_mm: [1.0, 0.0, 0.0],
                angles_deg: Some([0.0, 0.0, 10.0]),
            },
            &registration([0.0, 0.0, 90.0], [100.0, 0.0, -5.0]),
        );
        let wanted = [100.0, 1.0, -5.0];
        let near = |a: [f64; 3], b: [f64; 3]| a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-9);
        assert!(near(turned.position_mm, wanted), "{turned:?}");
        assert!(near(turned.angles_deg.unwrap(), [0.0, 0.0, 100.0]));
    }

    #[test]
    fn rotations_are_about_fixed_x_then_y_then_z() {
        // x by 90: y to z; then z by 90 leaves z. So the unit vector y ends on z.
        let pose = Pose {
            position_mm: [0.0, 1.0, 0.0],
            angles_deg: None,
        };
        let turned = into_frame(pose, &registration([90.0, 0.0, 90.0], [0.0; 3]));
        assert!((turned.position_mm[2] - 1.0).abs() < 1e-12);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn a_quaternion_turns_as_the_matrix_does(a in -179.0f64..179.0, b in -179.0f64..179.0, c in -179.0f64..179.0) {
            let [w, x, y, z] = quaternion([a, b, c]);
            let matrix = [
                [1.0 - 2.0 * (y * y + z * z), 2.0 * (x * y - w * z), 2.0 * (x * z + w * y)],
                [2.0 * (x * y + w * z), 1.0 - 2.0 * (x * x + z * z), 2.0 * (y * z - w * x)],
                [2.0 * (x * z - w * y), 2.0 * (y * z + w * x), 1.0 - 2.0 * (x * x + y * y)],
            ];
            let wanted = rotation([a, b, c]);
            for (got, want) in matrix.iter().flatten().zip(wanted.iter().flatten()) {
                prop_assert!((got - want).abs() < 1e-12);
            }
        }

        #[test]
        fn angles_and_matrix_are_inverse(a in -179.0f64..179.0, b in -89.0f64..89.0, c in -179.0f64..179.0) {
            let back = angles(rotation([a, b, c]));
            for (x, y) in back.iter().zip([a, b, c]) {
                prop_assert!((x - y).abs() < 1e-8, "{back:?}");
            }
        }
    }
}
