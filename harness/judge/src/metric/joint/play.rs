//! Backlash, lost motion and torsional stiffness from a torque-angle loop with the input locked.
//!
//! The loop is driven to the largest torque one way, through zero to the largest the other way, and
//! back. At which torque lost motion is read (makers of gears take 3 % of the rated torque) and over
//! which torques stiffness is the slope belong to the suite.

use crate::stats::linear;

/// One point of the loop.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Point {
    /// Torque at the output, N m.
    pub torque: f64,
    /// Angle of the output against its housing, its own unit.
    pub angle: f64,
}

/// Difference of the angles at which the two branches of a loop cross a torque: the branch with
/// rising and the one with falling torque. At zero torque it is the hysteresis with the backlash in
/// it. `None` when a branch does not cross.
#[must_use]
pub fn hysteresis(path: &[Point], torque: f64) -> Option<f64> {
    let (rising, falling) = (
        crossing(path, torque, true)?,
        crossing(path, torque, false)?,
    );
    Some((falling - rising).abs())
}

/// Lost motion: the angle between the middle of the loop at `+torque` and at `-torque`. `None` when
/// a branch does not reach them.
#[must_use]
pub fn lost_motion(path: &[Point], torque: f64) -> Option<f64> {
    let middle = |t: f64| Some((crossing(path, t, true)? + crossing(path, t, false)?) / 2.0);
    Some((middle(torque)? - middle(-torque)?).abs())
}

/// The angle where the torque crosses a level, linear between the points; the mean over several
/// crossings.
fn crossing(path: &[Point], torque: f64, rising: bool) -> Option<f64> {
    let angles: Vec<f64> = path
        .windows(2)
        .filter(|w| match rising {
            true => w[0].torque < torque && torque <= w[1].torque,
            false => w[0].torque > torque && torque >= w[1].torque,
        })
        .map(|w| {
            let share = (torque - w[0].torque) / (w[1].torque - w[0].torque);
            w[0].angle + share * (w[1].angle - w[0].angle)
        })
        .collect();
    (!angles.is_empty()).then(|| angles.iter().sum::<f64>() / angles.len() as f64)
}

/// Torsional stiffness between two torques (sign of `from` and `to` alike), torque per angle, with
/// its type A standard uncertainty: the least-squares slope of angle over torque, inverted, with an
/// offset of its own for each branch. `None` for fewer than four points, or an angle that does not
/// grow.
#[must_use]
pub fn stiffness(path: &[Point], from: f64, to: f64) -> Option<(f64, f64)> {
    let (low, high) = (from.min(to), from.max(to));
    let (mut rows, mut angles) = (Vec::new(), Vec::new());
    for pair in path.windows(2) {
        let inside = |p: &Point| (low..=high).contains(&p.torque);
        let rising = pair[1].torque > pair[0].torque;
        if inside(&pair[1]) && pair[1].torque != pair[0].torque {
            rows.push(vec![
                f64::from(u8::from(rising)),
                f64::from(u8::from(!rising)),
                pair[1].torque,
            ]);
            angles.push(pair[1].angle);
        }
    }
    // A column of one branch alone would be zero.
    for column in [1, 0] {
        if rows.iter().all(|r| r[column] == 0.0) {
            rows.iter_mut().for_each(|r| {
                r.remove(column);
            });
        }
    }
    let fit = linear::least_squares(&rows, &angles).filter(|f| f.nu > 0)?;
    let slope = *fit.coefficients.last()?;
    let u = *fit.uncertainties.last()?;
    (slope > 0.0).then(|| (1.0 / slope, u / (slope * slope)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::check::to_digits;

    /// 20 N m/mrad, 0.3 mrad of hysteresis, 0.5 mrad of play about zero; a loop to ±10 N m.
    fn path() -> Vec<Point> {
        let up = (-100..=100).map(|i| (0.1 * f64::from(i), -0.15));
        let down = (-100..=100).rev().map(|i| (0.1 * f64::from(i), 0.15));
        up.chain(down)
            .map(|(torque, lag)| {
                let play = if torque.abs() < 1e-9 {
                    0.0
                } else {
                    0.25 * torque.signum()
                };
                Point {
                    torque,
                    angle: torque / 20.0 + play + lag,
                }
            })
            .collect()
    }

    #[test]
    fn a_gear_with_play_and_friction() {
        to_digits(hysteresis(&path(), 5.05).unwrap(), 0.3, 9);
        to_digits(
            lost_motion(&path(), 0.35).unwrap(),
            0.5 + 2.0 * 0.35 / 20.0,
            9,
        );
        let (k, u) = stiffness(&path(), 5.0, 10.0).unwrap();
        to_digits(k, 20.0, 6);
        assert!(u < 1e-6);
        assert_eq!(lost_motion(&path(), 11.0), None);
        assert_eq!(stiffness(&path()[..2], 5.0, 10.0), None);
    }

    #[test]
    fn one_branch_has_a_stiffness_and_no_hysteresis() {
        let up = &path()[..201];
        to_digits(stiffness(up, 5.0, 10.0).unwrap().0, 20.0, 6);
        assert_eq!(hysteresis(up, 5.05), None);
    }
}
