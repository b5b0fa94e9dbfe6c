//! What a tracker saw of a robot whose true accuracy and repeatability are known: the synthetic pose of the
//! standards notes, 9.1, at five commanded poses.

use std::fmt::Write as _;

/// Visits of each pose.
pub const CYCLES: i32 = 30;
/// The offset of the notes, µm.
pub const OFFSET: [i32; 3] = [12, -5, 20];
/// The commanded poses in the order of their visits, mm.
const POSES: [[i32; 3]; 5] = [
    [380, 100, 230],
    [380, -100, 230],
    [580, -100, 430],
    [580, 100, 430],
    [480, 0, 330],
];

/// Every visit in order: its number from 1, and where the robot stood, µm.
pub fn visits(offset: [i32; 3]) -> impl Iterator<Item = (usize, [i32; 3])> {
    let all = (0..CYCLES).flat_map(move |j| {
        let scatter = [(7 * j % 13) - 6, (11 * j % 17) - 8, (5 * j % 19) - 9];
        POSES.map(|pose| std::array::from_fn(|i| 1000 * pose[i] + offset[i] + scatter[i]))
    });
    all.enumerate().map(|(i, at)| (i + 1, at))
}

/// A row a visit: its number and x, y, z in mm.
pub fn export(offset: [i32; 3]) -> String {
    let mut file = "No,X,Y,Z\n".to_string();
    for (number, at) in visits(offset) {
        let [x, y, z] = at.map(|um| f64::from(um) / 1000.0);
        let _ = writeln!(file, "{number},{x:.3},{y:.3},{z:.3}");
    }
    file
}
