//! Finger force tracking: how a fingertip follows a commanded force profile.

/// Error of tracking, in the unit of the forces.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Tracking {
    /// Samples compared.
    pub n: usize,
    /// Mean error, measured minus commanded.
    pub bias: f64,
    /// Root of the mean squared error.
    pub rms: f64,
    /// Largest error, either way.
    pub largest: f64,
    /// The delay of the measured behind the commanded force at which the squared error is least,
    /// seconds, among the delays tried.
    pub delay_s: f64,
    /// Root of the mean squared error at that delay.
    pub rms_delayed: f64,
}

/// Compares `(seconds, measured)` samples with a commanded profile (linear between its points; samples
/// outside of it are left out). Delays from 0 to `delay_most_s` in `steps` steps are tried. `None`
/// when nothing overlaps.
#[must_use]
pub fn tracking(
    measured: &[(f64, f64)],
    commanded: &[(f64, f64)],
    delay_most_s: f64,
    steps: u32,
) -> Option<Tracking> {
    let errors = |delay: f64| -> Vec<f64> {
        measured
            .iter()
            .filter_map(|(t, f)| Some(f - at(commanded, t - delay)?))
            .collect()
    };
    let rms = |e: &[f64]| (e.iter().map(|x| x * x).sum::<f64>() / e.len() as f64).sqrt();
    let direct = errors(0.0);
    if direct.is_empty() {
        return None;
    }
    let tried = (0..=steps).map(|i| delay_most_s * f64::from(i) / f64::from(steps.max(1)));
    let (delay_s, rms_delayed) = tried
        .map(|d| (d, errors(d)))
        .filter(|(_, e)| !e.is_empty())
        .map(|(d, e)| (d, rms(&e)))
        .min_by(|a, b| a.1.total_cmp(&b.1))?;
    let tracking = Tracking {
        n: direct.len(),
        bias: direct.iter().sum::<f64>() / direct.len() as f64,
        rms: rms(&direct),
        largest: direct.iter().map(|e| e.abs()).fold(0.0, f64::max),
        delay_s,
        rms_delayed,
    };
    tracking.rms.is_finite().then_some(tracking)
}

fn at(profile: &[(f64, f64)], t: f64) -> Option<f64> {
    let after = profile.partition_point(|p| p.0 < t);
    let b = profile.get(after)?;
    if b.0 == t {
        return Some(b.1);
    }
    let a = profile.get(after.checked_sub(1)?)?;
    Some(a.1 + (b.1 - a.1) * (t - a.0) / (b.0 - a.0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::check::to_digits;

    #[test]
    fn a_finger_that_lags_by_a_tenth_of_a_second() {
        let profile: Vec<(f64, f64)> = vec![(0.0, 0.0), (2.0, 10.0), (4.0, 0.0)];
        let measured: Vec<(f64, f64)> = (0..=400)
            .map(|i| f64::from(i) / 100.0)
            .map(|t| (t, at(&profile, t - 0.1).unwrap_or(0.0)))
            .collect();
        let seen = tracking(&measured, &profile, 0.5, 50).unwrap();
        to_digits(seen.delay_s, 0.1, 9);
        assert!(seen.rms_delayed < 1e-9 && (seen.rms - 0.5).abs() < 0.02);
        to_digits(seen.largest, 0.5, 9);
        assert_eq!(tracking(&[(9.0, 1.0)], &profile, 0.0, 1), None);
    }

    #[test]
    fn a_constant_error_is_bias() {
        let profile = [(0.0, 5.0), (1.0, 5.0)];
        let seen = tracking(&[(0.2, 5.5), (0.8, 5.5)], &profile, 0.0, 1).unwrap();
        assert_eq!((seen.bias, seen.rms, seen.n), (0.5, 0.5, 2));
    }
}
