//! Prints the `poses:` of a bench file for the default arm: the five poses of the ISO 9283 test cube,
//! four points on the cube's other diagonals, which a tracker's frame is fitted from and which are never
//! judged, `extended`, `park`, and a sweep of joint 1. Joint angles are found numerically from the nominal
//! kinematics; certbench itself does no kinematics.

use certbench_sim::kinematics::{Frame, nominal_tcp};

/// Centre of the cube in the base frame, its edge, and the attitude of the tool in all five poses.
const CENTRE_MM: [f64; 3] = [480.0, 0.0, 330.0];
const EDGE_MM: f64 = 250.0;
const ATTITUDE_DEG: [f64; 3] = [160.0, 0.0, 90.0];
/// Where the search begins: elbow up, tool down.
const GUESS_DEG: [f64; 6] = [20.0, 75.0, -110.0, -55.0, -90.0, 0.0];

fn main() {
    println!(
        "# ISO 9283:1998 test cube: centre {CENTRE_MM:?} mm, edge {EDGE_MM} mm, plane C1-C2-C7-C8"
    );
    println!("poses:");
    for (name, offset) in cube() {
        let target: [f64; 3] = std::array::from_fn(|i| CENTRE_MM[i] + offset[i]);
        match solve(&Frame::from_pose(target, ATTITUDE_DEG), GUESS_DEG) {
            Some(joints) => print(name, &joints),
            None => eprintln!("{name} at {target:?} mm is out of reach"),
        }
    }
    print("park", &[0.0, 90.0, -120.0, -60.0, -90.0, 0.0]);
    print("extended", &[0.0, 10.0, -10.0, 0.0, -90.0, 0.0]);
    print("sweep-start", &[-60.0, 10.0, -10.0, 0.0, -90.0, 0.0]);
    print("sweep-end", &[120.0, 10.0, -10.0, 0.0, -90.0, 0.0]);
}

/// P1 is the centre; P2 to P5 lie at 10 % of the cube's diagonals from C1, C2, C7 and C8:
/// `P_k = P1 + 0.8 (C_k - P1)`. The plane C1-C2-C7-C8 has equal offsets in x and z.
/// R1 to R4 lie in the same way towards C3, C4, C5 and C6.
fn cube() -> [(&'static str, [f64; 3]); 9] {
    let reach = 0.8 * EDGE_MM / 2.0;
    let corner = |xz: f64, y: f64| [xz * reach, y * reach, xz * reach];
    let other = |x: f64, y: f64| [x * reach, y * reach, -x * reach];
    [
        ("p1", [0.0; 3]),
        ("p2", corner(1.0, 1.0)),
        ("p3", corner(1.0, -1.0)),
        ("p4", corner(-1.0, -1.0)),
        ("p5", corner(-1.0, 1.0)),
        ("r1", other(1.0, 1.0)),
        ("r2", other(1.0, -1.0)),
        ("r3", other(-1.0, -1.0)),
        ("r4", other(-1.0, 1.0)),
    ]
}

fn print(name: &str, joints: &[f64; 6]) {
    // what the bench file says is what is commanded: rounded first
    let joints = joints.map(|deg| (deg * 1e4).round() / 1e4);
    let tcp = nominal_tcp(&joints);
    let list = |values: &[f64], unit: &str| {
        values
            .iter()
            .map(|v| format!("{v:.4} {unit}"))
            .collect::<Vec<_>>()
            .join(", ")
    };
    println!(
        "  {name}: {{ device: arm, joints: [{}], tcp: [{}, {}], frame: base }}",
        list(&joints, "deg"),
        list(&tcp[..3], "mm"),
        list(&tcp[3..], "deg")
    );
}

/// Damped least squares on position (mm) and rotation vector (scaled to mm).
fn solve(target: &Frame, guess: [f64; 6]) -> Option<[f64; 6]> {
    let mut joints = guess;
    for _ in 0..500 {
        let error = difference(target, &joints);
        if error.iter().all(|e| e.abs() < 1e-7) {
            return joints.iter().all(|j| j.abs() < 180.0).then_some(joints);
        }
        let step = 1e-4;
        let columns: [[f64; 6]; 6] = std::array::from_fn(|j| {
            let mut moved = joints;
            moved[j] += step;
            let after = difference(target, &moved);
            std::array::from_fn(|i| (error[i] - after[i]) / step)
        });
        let damped: [[f64; 6]; 6] = std::array::from_fn(|i| {
            std::array::from_fn(|j| dot(&columns[i], &columns[j]) + if i == j { 1e-3 } else { 0.0 })
        });
        let right = std::array::from_fn(|i| dot(&columns[i], &error));
        let change = gauss(damped, right);
        let longest = change.iter().fold(0.0f64, |m, c| m.max(c.abs()));
        let scale = if longest > 10.0 { 10.0 / longest } else { 1.0 };
        (0..6).for_each(|i| joints[i] += scale * change[i]);
    }
    None
}

/// What is missing to the target: mm, and 500 mm per radian of attitude.
fn difference(target: &Frame, joints: &[f64; 6]) -> [f64; 6] {
    let pose = nominal_tcp(joints);
    let here = Frame::from_pose([pose[0], pose[1], pose[2]], [pose[3], pose[4], pose[5]]);
    let (t, h) = (&target.rotation, &here.rotation);
    let cross = |a: usize, b: usize| {
        (0..3)
            .map(|k| h[a][k] * t[b][k] - h[b][k] * t[a][k])
            .sum::<f64>()
            / 2.0
            * 500.0
    };
    let [x, y, z] = std::array::from_fn(|i| target.origin_mm[i] - here.origin_mm[i]);
    [x, y, z, cross(1, 2), cross(2, 0), cross(0, 1)]
}

fn dot(a: &[f64; 6], b: &[f64; 6]) -> f64 {
    a.iter().zip(b).map(|(x, y)| x * y).sum()
}

/// Solves six linear equations; the matrix is positive definite.
fn gauss(mut a: [[f64; 6]; 6], mut b: [f64; 6]) -> [f64; 6] {
    for i in 0..6 {
        for k in i + 1..6 {
            let factor = a[k][i] / a[i][i];
            (i..6).for_each(|j| a[k][j] -= factor * a[i][j]);
            b[k] -= factor * b[i];
        }
    }
    let mut x = [0.0; 6];
    for i in (0..6).rev() {
        x[i] = (b[i] - (i + 1..6).map(|j| a[i][j] * x[j]).sum::<f64>()) / a[i][i];
    }
    x
}
