//! How far the mean poses of several series lie apart: multi-directional pose accuracy variation
//! vAP (7.2.3) and exchangeability E (7.7) of ISO 9283:1998.
//!
//! Both are the largest of pairwise distances. A largest value is biased upward by the scatter of
//! the means and no naive bootstrap is valid for it: the uncertainty given is that of the pair that
//! governs.

use super::{Position, about, barycentre, direction, dot, minus, norm};
use crate::stats::summary::Summary;

/// The largest distance between mean poses, millimetres.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Variation {
    /// `max |G_h - G_k|`.
    pub value: f64,
    /// The two series that are farthest apart, as indices.
    pub pair: [usize; 2],
    /// Type A standard uncertainty of the distance of that pair: scatter of both series along the
    /// line between their means, `sqrt(s_h²/n_h + s_k²/n_k)`. `None` with a single pose in one.
    pub u: Option<f64>,
    /// Degrees of freedom of `u`, those of the shorter series.
    pub nu: f64,
}

/// `vAP_p = max |G_h - G_k|` over the directions of approach, or `E` over the robots of one type,
/// G the barycentre of a series at one command pose. `None` for fewer than two series, an empty
/// one, or a number that is not finite.
#[must_use]
pub fn variation(series: &[&[Position]]) -> Option<Variation> {
    let centres: Vec<Position> = series
        .iter()
        .map(|s| barycentre(s))
        .collect::<Option<_>>()?;
    let (value, pair) = farthest(&centres)?;
    let [h, k] = pair;
    let along = direction(minus(centres[h], centres[k])).unwrap_or([1.0, 0.0, 0.0]);
    let scatter = |i: usize| {
        let projected: Vec<f64> = series[i].iter().map(|p| dot(*p, along)).collect();
        Summary::of(&projected)?.standard_uncertainty_of_mean()
    };
    let shorter = series[h].len().min(series[k].len());
    Some(Variation {
        value,
        pair,
        u: scatter(h).zip(scatter(k)).map(|(a, b)| a.hypot(b)),
        nu: shorter as f64 - 1.0,
    })
}

/// The largest distance between mean angles, degrees.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AngleVariation {
    /// `max |ā_h - ā_k|`.
    pub value: f64,
    /// Type A standard uncertainty: no credit for which pair it is, but the mean that is known least,
    /// twice. `None` with a single angle in a series.
    pub u: Option<f64>,
    /// Degrees of freedom of `u`, those of the shortest series.
    pub nu: f64,
}

/// `vAP_a` over the directions of approach, or `E_a` over robots, every angle about one near them all
/// (the command, or the first). `None` for fewer than two series or an empty one.
#[must_use]
pub fn angle_variation(series_deg: &[&[f64]], about_deg: f64) -> Option<AngleVariation> {
    let each: Vec<Summary> = series_deg
        .iter()
        .map(|s| about(s, about_deg))
        .collect::<Option<_>>()?;
    if each.len() < 2 {
        return None;
    }
    let means: Vec<f64> = each.iter().map(|s| s.mean).collect();
    let summary = Summary::of(&means)?;
    let u = each.iter().map(Summary::standard_uncertainty_of_mean);
    let u = u.collect::<Option<Vec<f64>>>();
    let fewest = each.iter().map(|s| s.n).min()?;
    Some(AngleVariation {
        value: summary.max - summary.min,
        u: u.map(|u| std::f64::consts::SQRT_2 * u.into_iter().fold(0.0, f64::max)),
        nu: fewest as f64 - 1.0,
    })
}

/// The largest distance between two of the points, and which they are.
fn farthest(points: &[Position]) -> Option<(f64, [usize; 2])> {
    let mut best: Option<(f64, [usize; 2])> = None;
    for (h, a) in points.iter().enumerate() {
        for (k, b) in points.iter().enumerate().skip(h + 1) {
            let distance = norm(minus(*a, *b));
            if best.is_none_or(|(most, _)| distance > most) {
                best = Some((distance, [h, k]));
            }
        }
    }
    best.filter(|(d, _)| d.is_finite())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metric::iso9283::plus;
    use crate::metric::iso9283::synthetic::poses;
    use crate::stats::check::to_digits;

    #[test]
    fn three_directions_of_approach() {
        let command = [500.0, -200.0, 350.0];
        let offsets = [
            [0.010, 0.0, 0.0],
            [0.0, -0.008, 0.004],
            [-0.006, 0.003, 0.0],
        ];
        let series: Vec<Vec<Position>> = (0..3)
            .map(|h: usize| poses(plus(command, 1.0, offsets[h]), 10 * h as i32))
            .collect();
        let two = |h: usize, k: usize| variation(&[&series[h], &series[k]]).unwrap().value;
        to_digits(two(0, 1), 0.0137404, 7);
        to_digits(two(0, 2), 0.0158563, 7);
        to_digits(two(1, 2), 0.0135962, 7);
        let all: Vec<&[Position]> = series.iter().map(Vec::as_slice).collect();
        let vap = variation(&all).unwrap();
        to_digits(vap.value, 0.01585633, 8);
        assert_eq!(vap.pair, [0, 2]);
        assert!(vap.u.unwrap() > 0.0 && vap.nu == 29.0);
    }

    #[test]
    fn five_robots_of_one_type() {
        let robots = [
            [0.0, 0.0, 0.0],
            [0.10, -0.05, 0.02],
            [-0.04, 0.08, 0.01],
            [0.06, 0.03, -0.07],
            [-0.09, -0.02, 0.05],
        ]
        .map(|g| vec![g]);
        let series: Vec<&[Position]> = robots.iter().map(Vec::as_slice).collect();
        let e = variation(&series).unwrap();
        to_digits(e.value, 0.19849433, 8);
        assert_eq!(e.u, None); // single poses: no scatter is known
    }

    #[test]
    fn angles_of_several_directions_are_taken_about_the_command() {
        let value = angle_variation(&[&[179.9, 180.0], &[-179.9, -179.8]], 180.0).unwrap();
        to_digits(value.value, 0.2, 9);
        to_digits(value.u.unwrap(), 0.05 * 2f64.sqrt(), 9);
        let single = angle_variation(&[&[1.0], &[1.5, 1.6]], 0.0).unwrap();
        assert_eq!((single.u, single.nu), (None, 0.0));
        assert_eq!(angle_variation(&[&[1.0]], 0.0), None);
    }

    #[test]
    fn one_series_varies_from_nothing() {
        assert_eq!(variation(&[&[[0.0; 3]]]), None);
        assert_eq!(variation(&[&[[0.0; 3]], &[]]), None);
        assert_eq!(variation(&[&[[0.0; 3]], &[[f64::NAN; 3]]]), None);
    }
}
