//! Pose accuracy and repeatability of one pose: ISO 9283:1998, 7.2.1 and 7.2.2 (= GB/T 12642-2013).
//!
//! Poses are never pooled: each command pose, load and velocity has a result of its own. Approach
//! from one direction is assumed; a backlash does not show otherwise. Angles are handled one by
//! one, as the standard does; near a singularity of the Euler sequence they mean little.

use super::{minus, norm};
use crate::stats::summary::Summary;

/// Position in millimetres: x, y, z.
pub type Position = [f64; 3];

/// Accuracy of position at one pose, millimetres.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Accuracy {
    /// Number of attained poses.
    pub n: usize,
    /// `AP_p = |barycentre - command|`.
    pub ap_p: f64,
    /// Signed components `AP_x`, `AP_y`, `AP_z`.
    pub components: Position,
    /// Mean of the attained positions, G.
    pub barycentre: Position,
    /// Standard deviation (n - 1) of the attained positions along the direction of the deviation:
    /// `s / sqrt(n)` is the type A standard uncertainty of `AP_p` (first order). `None` for n = 1.
    pub s_along: Option<f64>,
}

/// Repeatability of position at one pose, millimetres.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Repeatability {
    /// Number of attained poses, at least two.
    pub n: usize,
    /// `l_bar`, mean distance from the barycentre.
    pub mean_distance: f64,
    /// `S_l`, standard deviation (n - 1) of the distances.
    pub s: f64,
    /// `RP_l = l_bar + 3 S_l`.
    pub rp: f64,
}

/// The mean of some positions; `None` for none, or when one is not finite.
#[must_use]
pub fn barycentre(attained: &[Position]) -> Option<Position> {
    let axis = |i: usize| {
        let values: Vec<f64> = attained.iter().map(|p| p[i]).collect();
        Summary::of(&values).map(|s| s.mean)
    };
    Some([axis(0)?, axis(1)?, axis(2)?])
}

/// Pose accuracy 7.2.1: `AP_p = sqrt((x̄-x_c)² + (ȳ-y_c)² + (z̄-z_c)²)`, `AP_x = x̄-x_c` and so on.
/// `None` without a pose, or when a number is not finite.
#[must_use]
pub fn accuracy(attained: &[Position], command: Position) -> Option<Accuracy> {
    let centre = barycentre(attained)?;
    let components = minus(centre, command);
    let ap_p = norm(components);
    if !ap_p.is_finite() {
        return None;
    }
    // Without a direction (dead on) any projection will do; the first axis is as good as another.
    let direction = if ap_p > 0.0 {
        components.map(|c| c / ap_p)
    } else {
        [1.0, 0.0, 0.0]
    };
    let along: Vec<f64> = attained
        .iter()
        .map(|&p| {
            minus(p, centre)
                .iter()
                .zip(direction)
                .map(|(d, e)| d * e)
                .sum()
        })
        .collect();
    let s_along = Summary::of(&along)?.s;
    Some(Accuracy {
        n: attained.len(),
        ap_p,
        components,
        barycentre: centre,
        s_along,
    })
}

/// Pose repeatability 7.2.2: `l_j` = distance of pose j from the barycentre,
/// `RP_l = l_bar + 3 sqrt(sum(l_j - l_bar)² / (n-1))`.
///
/// "Can be calculated even if the distances are not normally distributed". `None` for fewer than
/// two poses, or when a number is not finite.
#[must_use]
pub fn repeatability(attained: &[Position]) -> Option<Repeatability> {
    let centre = barycentre(attained)?;
    let distances: Vec<f64> = attained.iter().map(|&p| norm(minus(p, centre))).collect();
    let l = Summary::of(&distances)?;
    let s = l.s?;
    Some(Repeatability {
        n: l.n,
        mean_distance: l.mean,
        s,
        rp: l.mean + 3.0 * s,
    })
}

/// Type A standard uncertainty of `RP_l` from the sampling of n poses, millimetres, by the
/// jackknife: `u² = (n-1)/n sum(RP_(j) - mean)²`, RP_(j) without pose j (Efron and Stein 1981).
///
/// `RP_l` is a smooth statistic, no extreme value, so leaving one out is valid. Deterministic, and
/// biased to the safe side: for an isotropic normal robot simulation gives U (k = 2) of 19 % of RP
/// at n = 30 and 34 % at n = 10 (standards notes, 9.4), and this a little more, by a fifth at
/// n = 10. Degrees of freedom n - 1. `None` for fewer than three poses.
#[must_use]
pub fn repeatability_uncertainty(attained: &[Position]) -> Option<f64> {
    jackknife(attained, |poses| repeatability(poses).map(|r| r.rp))
}

/// Accuracy of one angle about its command, degrees: `AP_a = ā - a_c`, signed.
///
/// Every angle is unwrapped about the command first (difference to it taken within ±180°), because
/// an arithmetic mean across ±180° is meaningless. `None` without an angle.
#[must_use]
pub fn angle_accuracy(angles_deg: &[f64], command_deg: f64) -> Option<f64> {
    Some(about(angles_deg, command_deg)?.mean)
}

/// Repeatability of one angle, degrees: `RP_a = ±3 sqrt(sum(a_j - ā)² / (n-1))`, returned without
/// the sign; unwrapped about the command. `None` for fewer than two angles.
#[must_use]
pub fn angle_repeatability(angles_deg: &[f64], command_deg: f64) -> Option<f64> {
    about(angles_deg, command_deg)?.s.map(|s| 3.0 * s)
}

/// Deviations of `angles_deg` from `command_deg` within ±180°, summarized, degrees.
#[must_use]
pub fn about(angles_deg: &[f64], command_deg: f64) -> Option<Summary> {
    let deviations: Vec<f64> = angles_deg
        .iter()
        .map(|a| wrap_deg(a - command_deg))
        .collect();
    Summary::of(&deviations)
}

/// An angle brought into [-180°, 180°]; NaN for what is not finite.
#[must_use]
pub fn wrap_deg(angle_deg: f64) -> f64 {
    angle_deg - 360.0 * (angle_deg / 360.0).round()
}

/// What isotropic noise of the instrument alone would show as `RP_l`, millimetres:
/// `3.616088 sigma` (mean 1.595769 sigma of the distance plus three of its standard deviation
/// 0.673440 sigma; Maxwell's distribution). It is the measuring system's uncertainty of that
/// metric: its systematic part cancels between repeats at one pose.
#[must_use]
pub fn noise_as_repeatability(sigma_mm: f64) -> f64 {
    let mean = 2.0 * (2.0 / std::f64::consts::PI).sqrt();
    let s = (3.0 - 8.0 / std::f64::consts::PI).sqrt();
    (mean + 3.0 * s) * sigma_mm
}

/// The standard's own condition on the measuring system: its uncertainty must not exceed a quarter
/// of the characteristic.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Condition {
    /// Uncertainty over value, dimensionless; infinite for a value of zero.
    pub share: f64,
    /// At most 0.25.
    pub met: bool,
}

/// Share of the uncertainty of the *measuring system for that metric* (expanded, k = 2, no scatter
/// of the robot in it) in the value, against 25 % (ISO 9283:1998, clause 6). Anything that is not
/// finite, or negative, does not meet it.
#[must_use]
pub fn uncertainty_condition(measuring_system_u: f64, value: f64) -> Condition {
    let share = measuring_system_u / value.abs();
    Condition {
        share,
        met: measuring_system_u >= 0.0 && share <= 0.25,
    }
}

pub(crate) fn jackknife<T: Copy>(
    values: &[T],
    statistic: impl Fn(&[T]) -> Option<f64>,
) -> Option<f64> {
    let n = values.len();
    let mut rest = Vec::with_capacity(n);
    let left_out: Option<Vec<f64>> = (0..n)
        .map(|j| {
            rest.clear();
            rest.extend(
                values
                    .iter()
                    .enumerate()
                    .filter(|&(i, _)| i != j)
                    .map(|(_, v)| *v),
            );
            statistic(&rest)
        })
        .collect();
    let s = Summary::of(&left_out?)?.s?;
    // (n-1)/n sum d² = (n-1)²/n s²
    Some(s * (n as f64 - 1.0) / (n as f64).sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metric::iso9283::plus;
    use crate::metric::iso9283::synthetic::scatter;
    use crate::stats::check::to_digits;

    const COMMAND: Position = [500.0, -200.0, 350.0];

    fn attained() -> Vec<Position> {
        let offset = [0.012, -0.005, 0.020];
        (0..30)
            .map(|j| [0, 1, 2].map(|i| COMMAND[i] + scatter(j)[i] + offset[i]))
            .collect()
    }

    fn angles(f: impl Fn(i32) -> f64) -> Vec<f64> {
        (0..30).map(f).collect()
    }

    #[test]
    fn accuracy_of_the_synthetic_pose() {
        let ap = accuracy(&attained(), COMMAND).unwrap();
        to_digits(ap.ap_p, 0.02328652, 8);
        to_digits(ap.components[0], 0.0117333, 7);
        to_digits(ap.components[1], -0.0048000, 7);
        to_digits(ap.components[2], 0.0195333, 7);
    }

    #[test]
    fn repeatability_of_the_synthetic_pose() {
        let rp = repeatability(&attained()).unwrap();
        to_digits(rp.mean_distance, 0.00792838, 8);
        to_digits(rp.s, 0.00243789, 8);
        to_digits(rp.rp, 0.01524205, 8);
    }

    #[test]
    fn the_wrong_repeatabilities_do_not_come_out() {
        let rp = repeatability(&attained()).unwrap().rp;
        for (wrong, why) in [
            (0.01511912, "divisor n"),
            (0.02527313, "3 sqrt of summed variances"),
        ] {
            assert!((rp - wrong).abs() > 1e-4, "{why}");
        }
    }

    #[test]
    fn one_direction_of_approach_hides_the_play() {
        // The same robot, scatter of micrometres and a millimetre of play: by turns from both sides it
        // repeats over thirty times worse than from one.
        let visits = |play: f64| -> Vec<Position> {
            (0..30)
                .map(|j| {
                    let side = if j % 2 == 0 { play / 2.0 } else { -play / 2.0 };
                    plus(plus(COMMAND, 1.0, scatter(j)), side, [1.0, 0.0, 0.0])
                })
                .collect()
        };
        let rp = |play: f64| repeatability(&visits(play)).unwrap().rp;
        assert!(rp(1.0) > 30.0 * rp(0.0), "{} and {}", rp(1.0), rp(0.0));
    }

    #[test]
    fn angles_of_the_synthetic_pose() {
        let a = angles(|j| 10.0 + 0.001 * f64::from((3 * j % 7) - 3) + 0.004);
        let b = angles(|j| -5.0 + 0.001 * f64::from((9 * j % 11) - 5));
        let c = angles(|j| 90.0 + 0.001 * f64::from((4 * j % 9) - 4) - 0.002);
        for (angles, command, ap, rp) in [
            (a, 10.0, 0.0039, 0.00612034),
            (b, -5.0, 0.0001, 0.00994519),
            (c, 90.0, -0.002, 0.00811129),
        ] {
            to_digits(angle_accuracy(&angles, command).unwrap(), ap, 4);
            to_digits(angle_repeatability(&angles, command).unwrap(), rp, 8);
        }
    }

    #[test]
    fn angles_across_the_wrap_are_taken_about_the_command() {
        let angles = [179.9, -179.9, 179.8, -179.8, 180.0];
        let naive = Summary::of(&angles).unwrap();
        to_digits(naive.mean, 36.0, 1);
        to_digits(3.0 * naive.s.unwrap(), 591.13, 2);
        to_digits(angle_accuracy(&angles, 180.0).unwrap(), 0.0, 9);
        to_digits(angle_repeatability(&angles, 180.0).unwrap(), 0.474342, 6);
        to_digits(angle_accuracy(&angles, -180.0).unwrap(), 0.0, 9);
    }

    #[test]
    fn isotropic_noise_alone_looks_like_3_6_sigma_of_repeatability() {
        to_digits(noise_as_repeatability(1.0), 3.616088, 6);
        to_digits(noise_as_repeatability(0.004), 0.0144644, 7);
    }

    #[test]
    fn the_condition_on_the_measuring_system() {
        let met = |u, value| uncertainty_condition(u, value).met;
        // AP with a tracker at 3 m: systematic, transform and averaged noise.
        let u_ap = (0.0165f64.powi(2) + 0.0057735f64.powi(2) + 0.00073030f64.powi(2)).sqrt();
        to_digits(u_ap, 0.0174962, 7);
        assert!(!met(2.0 * u_ap, 0.0233));
        to_digits(uncertainty_condition(2.0 * u_ap, 0.0233).share, 1.50, 2);
        assert!(met(2.0 * u_ap, 0.200));
        to_digits(uncertainty_condition(2.0 * u_ap, 0.200).share, 0.175, 3);
        // RP: noise of 0.004 mm alone is 95 % of an RP of 0.0152 mm.
        let rp = uncertainty_condition(noise_as_repeatability(0.004), 0.0152);
        to_digits(rp.share, 0.95, 2);
        assert!(!rp.met);
    }

    #[test]
    fn an_unknown_uncertainty_or_a_value_of_zero_does_not_meet_the_condition() {
        for (u, value) in [
            (f64::NAN, 1.0),
            (0.1, f64::NAN),
            (0.1, 0.0),
            (0.0, 0.0),
            (-0.1, 1.0),
        ] {
            assert!(!uncertainty_condition(u, value).met, "{u} of {value}");
        }
    }

    #[test]
    fn too_few_or_broken_poses_give_no_result() {
        assert_eq!(accuracy(&[], COMMAND), None);
        assert_eq!(repeatability(&[COMMAND]), None);
        assert_eq!(repeatability_uncertainty(&[COMMAND; 2]), None);
        assert_eq!(accuracy(&[[f64::NAN, 0.0, 0.0]], COMMAND), None);
        assert_eq!(angle_repeatability(&[f64::INFINITY, 0.0], 0.0), None);
        assert_eq!(accuracy(&[COMMAND], COMMAND).unwrap().s_along, None);
    }

    /// Independent standard normal values: the inverse distribution over a Weyl sequence with a
    /// mixing step, the same on every machine.
    fn noise(seed: &mut u64) -> f64 {
        *seed = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = *seed;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^= z >> 31;
        crate::stats::normal::quantile(((z >> 11) as f64 + 0.5) / (1u64 << 53) as f64)
    }

    #[test]
    fn sampling_scatter_of_an_isotropic_robot_is_as_simulated() {
        // 40,000 draws gave U (k = 2) of 19 % of RP at n = 30 and 34 % at n = 10 (9.4).
        for (n, published) in [(30, 0.19), (10, 0.34)] {
            let mut seed = 7;
            let runs = 400;
            let (mut claimed, mut values) = (0.0, Vec::new());
            for _ in 0..runs {
                let poses: Vec<Position> =
                    (0..n).map(|_| [0; 3].map(|_| noise(&mut seed))).collect();
                let rp = repeatability(&poses).unwrap().rp;
                claimed += repeatability_uncertainty(&poses).unwrap().powi(2) / f64::from(runs);
                values.push(rp);
            }
            let seen = Summary::of(&values).unwrap();
            let scatter = 2.0 * seen.s.unwrap() / seen.mean;
            assert!(
                (scatter / published - 1.0).abs() < 0.1,
                "n {n}: scatter {scatter}"
            );
            let relative = 2.0 * claimed.sqrt() / seen.mean;
            let over = relative / scatter;
            assert!(
                (0.97..1.25).contains(&over),
                "n {n}: claimed {relative}, seen {scatter}"
            );
        }
    }
}
