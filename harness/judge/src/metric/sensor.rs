//! Force and torque sensors (and tactile ones) against a reference: nonlinearity, hysteresis,
//! repeatability, crosstalk, zero drift, threshold.
//!
//! Shares are of the full scale that the maker states. Which loads and how often belong to the
//! suite.

use crate::stats::linear;
use crate::stats::summary::Summary;

/// One load step: what the reference says, what the sensor says.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Step {
    /// Reference.
    pub applied: f64,
    /// Sensor.
    pub indicated: f64,
}

/// A straight line through load steps, and what departs from it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Linearity {
    /// Indicated per applied.
    pub gain: f64,
    /// Indicated at no load.
    pub offset: f64,
    /// Largest departure from the least-squares line, of full scale, dimensionless.
    pub nonlinearity: f64,
    /// Type A standard uncertainty of the gain.
    pub gain_u: f64,
}

/// `None` for fewer than three steps, loads that are all equal, or a full scale that is not positive.
#[must_use]
pub fn linearity(steps: &[Step], full_scale: f64) -> Option<Linearity> {
    let points: Vec<(f64, f64)> = steps.iter().map(|s| (s.applied, s.indicated)).collect();
    let fit = linear::line(&points).filter(|f| f.nu > 0 && full_scale > 0.0)?;
    let most = fit.residuals.iter().map(|r| r.abs()).fold(0.0, f64::max);
    Some(Linearity {
        gain: *fit.coefficients.get(1)?,
        offset: *fit.coefficients.first()?,
        nonlinearity: most / full_scale,
        gain_u: *fit.uncertainties.get(1)?,
    })
}

/// Largest difference between unloading and loading at one load, of full scale, dimensionless:
/// `max |down(F) - up(F)| / FS`, the unloading steps linear between the loading ones. `None` for
/// fewer than two loading steps, loads that do not increase, or none of the unloading ones between.
#[must_use]
pub fn hysteresis(up: &[Step], down: &[Step], full_scale: f64) -> Option<f64> {
    let increasing = up.windows(2).all(|w| w[0].applied < w[1].applied);
    if up.len() < 2 || !increasing || full_scale.is_nan() || full_scale <= 0.0 {
        return None;
    }
    let between = |x: f64| {
        let pair = up
            .windows(2)
            .find(|w| w[0].applied <= x && x <= w[1].applied)?;
        let share = (x - pair[0].applied) / (pair[1].applied - pair[0].applied);
        Some(pair[0].indicated + share * (pair[1].indicated - pair[0].indicated))
    };
    down.iter()
        .filter_map(|s| Some((s.indicated - between(s.applied)?).abs() / full_scale))
        .max_by(f64::total_cmp)
        .filter(|h| h.is_finite())
}

/// Crosstalk of a sensor with several axes.
#[derive(Debug, Clone, PartialEq)]
pub struct Crosstalk {
    /// `matrix[i][k]`: what axis i indicates per load on axis k (least squares over all steps); the
    /// offset of each axis is taken out.
    pub matrix: Vec<Vec<f64>>,
    /// `shares[i][k]`: what a full load on axis k shows on axis i, of the full scale of axis i; zero
    /// on the diagonal.
    pub shares: Vec<Vec<f64>>,
    /// The largest of them, dimensionless.
    pub worst: f64,
}

/// From loads and indications, one row a step with one number an axis. `None` when loads do not
/// excite every axis independently, or rows are of unequal length.
#[must_use]
pub fn crosstalk(
    applied: &[Vec<f64>],
    indicated: &[Vec<f64>],
    full_scale: &[f64],
) -> Option<Crosstalk> {
    let axes = full_scale.len();
    let fits = |rows: &[Vec<f64>]| rows.iter().all(|r| r.len() == axes);
    let scaled = full_scale.iter().all(|f| *f > 0.0);
    if applied.len() != indicated.len() || !fits(applied) || !fits(indicated) || !scaled {
        return None;
    }
    let rows: Vec<Vec<f64>> = applied
        .iter()
        .map(|loads| [&[1.0], loads.as_slice()].concat())
        .collect();
    let matrix: Vec<Vec<f64>> = (0..axes)
        .map(|i| {
            let y: Vec<f64> = indicated.iter().map(|r| r[i]).collect();
            let fit = linear::least_squares(&rows, &y)?;
            Some(fit.coefficients[1..].to_vec())
        })
        .collect::<Option<_>>()?;
    let share = |i: usize, k: usize| {
        if i == k {
            0.0
        } else {
            (matrix[i][k] * full_scale[k] / full_scale[i]).abs()
        }
    };
    let shares: Vec<Vec<f64>> = (0..axes)
        .map(|i| (0..axes).map(|k| share(i, k)).collect())
        .collect();
    let worst = shares.iter().flatten().copied().fold(0.0, f64::max);
    Some(Crosstalk {
        matrix,
        shares,
        worst,
    })
}

/// Zero drift over a stay without load: largest departure from the mean of the first `edge_s`
/// seconds, of full scale, and the least-squares slope in unit per second. `None` without samples.
#[must_use]
pub fn zero_drift(samples: &[(f64, f64)], edge_s: f64, full_scale: f64) -> Option<(f64, f64)> {
    let begin = samples.first()?.0;
    let first = samples.partition_point(|s| s.0 <= begin + edge_s);
    let zero: Vec<f64> = samples[..first].iter().map(|s| s.1).collect();
    let zero = Summary::of(&zero)?.mean;
    let most = samples
        .iter()
        .map(|s| (s.1 - zero).abs())
        .fold(0.0, f64::max);
    let slope = super::payload::slope(samples)?;
    (full_scale > 0.0).then_some((most / full_scale, slope))
}

/// Smallest load from which the sensor always reacts by more than `reaction`; `None` when even the
/// largest does not.
#[must_use]
pub fn threshold(steps: &[Step], reaction: f64) -> Option<f64> {
    let mut steps = steps.to_vec();
    steps.sort_by(|a, b| b.applied.total_cmp(&a.applied));
    let reacts = steps.iter().take_while(|s| s.indicated > reaction);
    reacts.last().map(|s| s.applied)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::check::to_digits;

    fn steps(pairs: &[(f64, f64)]) -> Vec<Step> {
        pairs
            .iter()
            .map(|&(applied, indicated)| Step { applied, indicated })
            .collect()
    }

    #[test]
    fn a_bent_characteristic() {
        // 0, 50.5, 100: the best line is 1/6 N above 0, 1/3 below in the middle.
        let l = linearity(&steps(&[(0.0, 0.0), (50.0, 50.5), (100.0, 100.0)]), 100.0).unwrap();
        to_digits(l.gain, 1.0, 12);
        to_digits(l.offset, 1.0 / 6.0, 12);
        to_digits(l.nonlinearity, 0.0033333, 7);
        assert_eq!(linearity(&steps(&[(0.0, 0.0), (1.0, 1.0)]), 1.0), None);
    }

    #[test]
    fn unloading_lags_behind_loading() {
        let up = steps(&[(0.0, 0.0), (50.0, 49.0), (100.0, 100.0)]);
        let down = steps(&[(100.0, 100.0), (50.0, 51.0), (25.0, 25.5), (0.0, 0.2)]);
        to_digits(hysteresis(&up, &down, 100.0).unwrap(), 0.02, 12);
        assert_eq!(hysteresis(&up[..1], &down, 100.0), None);
    }

    #[test]
    fn a_side_force_shows_on_the_other_axis() {
        let applied = [
            [0.0, 0.0],
            [100.0, 0.0],
            [0.0, 50.0],
            [-100.0, 0.0],
            [0.0, -50.0],
        ];
        let indicated = applied.map(|[x, y]| vec![0.3 + x + 0.01 * y, -0.1 + 0.02 * x + 0.99 * y]);
        let seen = crosstalk(&applied.map(|a| a.to_vec()), &indicated, &[100.0, 50.0]).unwrap();
        to_digits(seen.matrix[0][1], 0.01, 12);
        to_digits(seen.matrix[1][0], 0.02, 12);
        // A full 100 N on x shows 2 N of 50 N on y.
        to_digits(seen.shares[1][0], 0.04, 12);
        to_digits(seen.worst, 0.04, 12);
        // y was never loaded: nothing can be said of it.
        let flat = applied.map(|[x, _]| vec![x, 0.0]);
        assert_eq!(crosstalk(&flat, &indicated, &[100.0, 50.0]), None);
    }

    #[test]
    fn a_zero_that_wanders() {
        let samples: Vec<(f64, f64)> = (0..=100)
            .map(|i| (f64::from(i), 0.01 * f64::from(i)))
            .collect();
        let (most, slope) = zero_drift(&samples, 0.5, 10.0).unwrap();
        to_digits(most, 0.1, 12);
        to_digits(slope, 0.01, 12);
    }

    #[test]
    fn the_threshold_is_where_it_always_reacts() {
        let seen = steps(&[(0.1, 0.0), (0.2, 0.3), (0.3, 0.0), (0.4, 0.5), (0.5, 0.6)]);
        assert_eq!(threshold(&seen, 0.1), Some(0.4));
        assert_eq!(threshold(&seen[..3], 0.1), None);
    }
}
