//! A six-axis arm of our own (Denavit-Hartenberg, some 0.9 m reach), as designed and as built.
//!
//! Poses are `x, y, z` in mm and `a, b, c` in degrees: rotations about the fixed x, then y, then z axis.
//! At joint angles of zero the arm points along +x; a positive angle of joint 2 raises it.

use crate::config::KinematicError;
use crate::rng::{Noise, Stream};

/// Gravity, m/s².
pub(crate) const G: f64 = 9.806_65;

/// One Denavit-Hartenberg row: `Rz(joint + theta) Tz(d) Tx(a) Rx(alpha)`.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Row {
    a_mm: f64,
    d_mm: f64,
    alpha_deg: f64,
    theta_deg: f64,
}

const fn row(a_mm: f64, d_mm: f64, alpha_deg: f64) -> Row {
    Row {
        a_mm,
        d_mm,
        alpha_deg,
        theta_deg: 0.0,
    }
}

/// The arm as designed.
const DESIGN: [Row; 6] = [
    row(0.0, 152.0, 90.0),
    row(430.0, 0.0, 0.0),
    row(395.0, 0.0, 0.0),
    row(0.0, 112.0, 90.0),
    row(0.0, 98.0, -90.0),
    row(0.0, 86.0, 0.0),
];

/// Masses of the arm itself: moved by the joints up to this one, kg, halfway between two frames.
const MASSES: [(usize, f64, usize, usize); 5] = [
    (1, 6.0, 1, 2),
    (2, 3.5, 2, 3),
    (3, 1.5, 4, 4),
    (4, 1.2, 5, 5),
    (5, 0.6, 6, 6),
];

pub(crate) type Vector = [f64; 3];

/// A position (mm) and an attitude.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Frame {
    /// Columns are the axes.
    pub rotation: [Vector; 3],
    /// Origin, mm.
    pub origin_mm: Vector,
}

impl Frame {
    /// The frame of the base.
    pub const BASE: Frame = Frame {
        rotation: [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]],
        origin_mm: [0.0; 3],
    };

    /// From an origin and rotations about the fixed x, then y, then z axis, degrees.
    pub fn from_pose(origin_mm: Vector, rotation_deg: Vector) -> Frame {
        let [a, b, c] = rotation_deg.map(f64::to_radians);
        let ((sa, ca), (sb, cb), (sc, cc)) = (a.sin_cos(), b.sin_cos(), c.sin_cos());
        let rotation = [
            [cc * cb, cc * sb * sa - sc * ca, cc * sb * ca + sc * sa],
            [sc * cb, sc * sb * sa + cc * ca, sc * sb * ca - cc * sa],
            [-sb, cb * sa, cb * ca],
        ];
        Frame {
            rotation,
            origin_mm,
        }
    }

    /// `x, y, z` in mm and `a, b, c` in degrees.
    pub fn pose(&self) -> [f64; 6] {
        let [x, y, z] = self.origin_mm;
        let r = &self.rotation;
        let a = r[2][1].atan2(r[2][2]);
        let b = (-r[2][0]).atan2(r[0][0].hypot(r[1][0]));
        let c = r[1][0].atan2(r[0][0]);
        [x, y, z, a.to_degrees(), b.to_degrees(), c.to_degrees()]
    }

    /// A frame given in this one.
    #[must_use]
    pub fn then(&self, next: &Frame) -> Frame {
        let mut rotation = [[0.0; 3]; 3];
        for (i, row) in rotation.iter_mut().enumerate() {
            for (j, cell) in row.iter_mut().enumerate() {
                *cell = (0..3)
                    .map(|k| self.rotation[i][k] * next.rotation[k][j])
                    .sum();
            }
        }
        Frame {
            rotation,
            origin_mm: self.point(next.origin_mm),
        }
    }

    /// A point given in this frame.
    pub fn point(&self, p: Vector) -> Vector {
        std::array::from_fn(|i| {
            self.origin_mm[i] + (0..3).map(|k| self.rotation[i][k] * p[k]).sum::<f64>()
        })
    }

    /// This frame as seen from `other`.
    #[must_use]
    pub fn seen_from(&self, other: &Frame) -> Frame {
        let transposed = std::array::from_fn(|i| std::array::from_fn(|j| other.rotation[j][i]));
        let back = Frame {
            rotation: transposed,
            origin_mm: [0.0; 3],
        };
        let inverse = Frame {
            origin_mm: back.point(other.origin_mm.map(|x| -x)),
            ..back
        };
        inverse.then(self)
    }

    pub(crate) fn z_axis(&self) -> Vector {
        std::array::from_fn(|i| self.rotation[i][2])
    }
}

/// An arm's kinematics.
#[derive(Clone, Debug, PartialEq)]
pub struct Chain {
    rows: [Row; 6],
    tool_mm: Vector,
}

/// Torques of gravity about each joint at one posture.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Statics {
    /// Of arm and load, N·m, positive where it drives the joint upwards in angle.
    pub(crate) gravity_nm: [f64; 6],
    /// Of the load alone.
    pub(crate) load_nm: [f64; 6],
    /// The load's distance from each axis, m.
    pub(crate) load_arm_m: [f64; 6],
}

impl Chain {
    /// The arm as designed, with a tool centre point `tool_mm` from the flange.
    pub fn nominal(tool_mm: [f64; 3]) -> Chain {
        Chain {
            rows: DESIGN,
            tool_mm,
        }
    }

    /// The arm as built: every length and angle with an error of its own.
    pub(crate) fn as_built(&self, noise: Noise, error: &KinematicError) -> Chain {
        let mut built = self.clone();
        for (row, i) in built.rows.iter_mut().zip(0u8..) {
            let draw = |n: u64| noise.normal(Stream::KinematicError(i), n);
            row.a_mm += error.length_mm * draw(0);
            row.d_mm += error.length_mm * draw(1);
            row.alpha_deg += error.angle_deg * draw(2);
            row.theta_deg += error.angle_deg * draw(3);
        }
        built
    }

    /// Frames 0 (base) to 6 (flange). `growth` scales every length.
    pub(crate) fn frames(&self, joints_deg: &[f64; 6], growth: f64) -> [Frame; 7] {
        let mut frames = [Frame::BASE; 7];
        for (i, row) in self.rows.iter().enumerate() {
            let (s, c) = (joints_deg[i] + row.theta_deg).to_radians().sin_cos();
            let (sa, ca) = row.alpha_deg.to_radians().sin_cos();
            let a = row.a_mm * growth;
            let link = Frame {
                rotation: [[c, -s * ca, s * sa], [s, c * ca, -c * sa], [0.0, sa, ca]],
                origin_mm: [a * c, a * s, row.d_mm * growth],
            };
            frames[i + 1] = frames[i].then(&link);
        }
        frames
    }

    /// The tool centre point in the base frame.
    pub fn tcp(&self, joints_deg: &[f64; 6]) -> Frame {
        self.tcp_grown(joints_deg, 1.0)
    }

    pub(crate) fn tcp_grown(&self, joints_deg: &[f64; 6], growth: f64) -> Frame {
        let flange = self.frames(joints_deg, growth)[6];
        Frame {
            origin_mm: flange.point(self.tool_mm),
            ..flange
        }
    }

    /// What gravity does at this posture with `load_kg` at the flange.
    pub(crate) fn statics(&self, joints_deg: &[f64; 6], load_kg: f64) -> Statics {
        let frames = self.frames(joints_deg, 1.0);
        let flange = frames[6].origin_mm;
        let mut statics = Statics::default();
        for i in 0..6 {
            let (axis, at) = (frames[i].z_axis(), frames[i].origin_mm);
            let about =
                |p: Vector, kg: f64| dot(axis, cross(minus(p, at), [0.0, 0.0, -kg * G])) / 1000.0;
            let own = MASSES.iter().filter(|(moved_by, ..)| i <= *moved_by);
            let own: f64 = own
                .map(|(_, kg, p, q)| about(middle(frames[*p].origin_mm, frames[*q].origin_mm), *kg))
                .sum();
            let r = minus(flange, at);
            let along = dot(r, axis);
            statics.load_nm[i] = about(flange, load_kg);
            statics.gravity_nm[i] = own + statics.load_nm[i];
            statics.load_arm_m[i] = (dot(r, r) - along * along).max(0.0).sqrt() / 1000.0;
        }
        statics
    }

    /// Every link parameter, for the record.
    pub(crate) fn as_json(&self) -> serde_json::Value {
        let row = |r: &Row| serde_json::json!({ "a_mm": r.a_mm, "d_mm": r.d_mm, "alpha_deg": r.alpha_deg, "theta_deg": r.theta_deg });
        serde_json::json!({ "rows": self.rows.iter().map(row).collect::<Vec<_>>(), "tool_mm": self.tool_mm })
    }
}

/// Where the default arm's tool centre point is meant to be: `x, y, z` in mm, `a, b, c` in degrees.
pub fn nominal_tcp(joints_deg: &[f64; 6]) -> [f64; 6] {
    Chain::nominal(crate::config::ArmConfig::default().tool_mm)
        .tcp(joints_deg)
        .pose()
}

fn minus(a: Vector, b: Vector) -> Vector {
    std::array::from_fn(|i| a[i] - b[i])
}

fn middle(a: Vector, b: Vector) -> Vector {
    std::array::from_fn(|i| (a[i] + b[i]) / 2.0)
}

fn dot(a: Vector, b: Vector) -> f64 {
    a.iter().zip(b).map(|(x, y)| x * y).sum()
}

fn cross(a: Vector, b: Vector) -> Vector {
    [
        a[1] * b[2] - a[2] * b[1],
        a[2] * b[0] - a[0] * b[2],
        a[0] * b[1] - a[1] * b[0],
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(got: &[f64], want: &[f64]) {
        assert_eq!(got.len(), want.len());
        assert!(
            got.iter().zip(want).all(|(g, w)| (g - w).abs() < 1e-9),
            "{got:?} is not {want:?}"
        );
    }

    /// By hand: 430 + 395 along x; wrist 98 down, 112 and then flange 86 + tool 100 sideways.
    #[test]
    fn stretched_out_it_reaches_what_the_lengths_add_up_to() {
        let pose = nominal_tcp(&[0.0; 6]);
        near(&pose[..3], &[825.0, -(112.0 + 186.0), 152.0 - 98.0]);
        let turned = nominal_tcp(&[90.0, 0.0, 0.0, 0.0, 0.0, 0.0]);
        near(&turned[..3], &[298.0, 825.0, 54.0]);
        let up = nominal_tcp(&[0.0, 90.0, 0.0, 0.0, 0.0, 0.0]);
        near(&up[1..3], &[-298.0, 152.0 + 825.0]);
    }

    #[test]
    fn angles_are_about_fixed_x_then_y_then_z() {
        let frame = Frame::from_pose([0.0; 3], [90.0, 0.0, 90.0]);
        near(&frame.point([0.0, 1.0, 0.0]), &[0.0, 0.0, 1.0]); // y to z about x; z stays about z
        near(&frame.point([0.0, 0.0, 1.0]), &[1.0, 0.0, 0.0]); // z to -y about x, -y to x about z
        let pose = [10.0, -20.0, 30.0, 15.0, -40.0, 170.0];
        near(
            &Frame::from_pose([10.0, -20.0, 30.0], [15.0, -40.0, 170.0]).pose(),
            &pose,
        );
    }

    #[test]
    fn a_frame_seen_from_another_comes_back() {
        let tracker = Frame::from_pose([2450.0, -1310.0, 820.0], [1.5, -2.0, 147.0]);
        let tcp = Frame::from_pose([500.0, 100.0, 300.0], [170.0, 10.0, 20.0]);
        near(&tracker.then(&tcp.seen_from(&tracker)).pose(), &tcp.pose());
    }

    #[test]
    fn gravity_pulls_a_stretched_arm_down_and_leaves_an_upright_one() {
        let chain = Chain::nominal([0.0; 3]);
        let out = chain.statics(&[0.0; 6], 5.0);
        assert!(out.gravity_nm[0].abs() < 1e-9); // its axis is vertical
        assert!(
            (out.load_nm[1] + 5.0 * G * 0.825).abs() < 1e-9,
            "{:?}",
            out.load_nm
        );
        assert!((out.load_nm[2] + 5.0 * G * 0.395).abs() < 1e-9);
        let up = chain.statics(&[0.0, 90.0, 0.0, 0.0, 0.0, 0.0], 5.0);
        assert!(up.load_nm[1].abs() < 5.0 * G * 0.1);
    }

    #[test]
    fn two_seeds_are_two_arms() {
        let chain = Chain::nominal([0.0; 3]);
        let error = KinematicError::default();
        let built = |seed| {
            chain
                .as_built(Noise::new(seed), &error)
                .tcp(&[0.0; 6])
                .origin_mm
        };
        assert_eq!(built(1), built(1));
        let off = minus(built(1), built(2));
        assert!((0.01..20.0).contains(&dot(off, off).sqrt()), "{off:?}");
    }
}
