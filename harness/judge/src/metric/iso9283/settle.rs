//! How an arm comes to rest at a pose: position stabilization time (ISO 9283:1998, 7.4), position
//! overshoot (7.5), and minimum posing time (clause 9).

use super::{Position, dot, minus, norm};

/// How one approach settled.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Settled {
    /// From the first crossing of the limit band to the instant from which the robot stays inside,
    /// seconds.
    pub stabilization_s: f64,
    /// Largest distance to the attained position after the first crossing; 0 when the band was not
    /// left again. Unit of the positions.
    pub overshoot: f64,
    /// Sample at the end of the step that first touched the band.
    pub crossed: usize,
    /// Sample from which the robot stays inside.
    pub stays: usize,
}

/// Settling of `(seconds, position)` samples at the stable attained position `rest`, with the limit
/// band `band` (a radius, unit of the positions; the RP of 7.2 or the maker's value).
///
/// The *first crossing* is where the straight line between two samples first comes within the band:
/// a fast step jumps over it between two samples, and the first sample that happens to lie inside
/// would come much later. Sampling is assumed fine enough that a line joins the samples.
///
/// `None` when the band is not positive, the record does not begin outside of it, or does not end
/// inside.
#[must_use]
pub fn settle(samples: &[(f64, Position)], rest: Position, band: f64) -> Option<Settled> {
    let distance: Vec<f64> = samples.iter().map(|(_, p)| norm(minus(*p, rest))).collect();
    let outside = |i: &usize| distance.get(*i).is_some_and(|d| *d > band);
    let positive = band > 0.0;
    if !positive || distance.iter().any(|d| !d.is_finite()) || !outside(&0) {
        return None;
    }
    let crossed = samples
        .windows(2)
        .position(|pair| to_segment(rest, pair[0].1, pair[1].1) <= band)?
        + 1;
    let last_outside = (0..distance.len()).rev().find(outside)?;
    let stays = (last_outside + 1).max(crossed);
    let (begin, end) = (samples.get(crossed)?.0, samples.get(stays)?.0);
    let left_again = last_outside >= crossed;
    let farthest = distance[crossed..].iter().copied().fold(0.0, f64::max);
    Some(Settled {
        stabilization_s: end - begin,
        overshoot: if left_again { farthest } else { 0.0 },
        crossed,
        stays,
    })
}

/// Distance from a point to the segment between two others.
fn to_segment(point: Position, a: Position, b: Position) -> f64 {
    let (along, to_point) = (minus(b, a), minus(point, a));
    let square = dot(along, along);
    let share = if square > 0.0 {
        (dot(to_point, along) / square).clamp(0.0, 1.0)
    } else {
        0.0
    };
    norm([0, 1, 2].map(|i| to_point[i] - share * along[i]))
}

/// Posing time of one motion, seconds: from the last sample within `left` of the start (the first
/// sample) to the instant from which the robot stays within `band` of `rest`. It holds the
/// stabilization. `None` as for [`settle`], or when the start was never left.
#[must_use]
pub fn posing_time(
    samples: &[(f64, Position)],
    rest: Position,
    band: f64,
    left: f64,
) -> Option<f64> {
    let (_, start) = *samples.first()?;
    let away = samples
        .iter()
        .position(|(_, p)| norm(minus(*p, start)) > left)?;
    let settled = settle(samples, rest, band)?;
    let begin = samples.get(away.saturating_sub(1))?.0;
    Some(samples.get(settled.stays)?.0 - begin)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::check::to_digits;

    /// Damping 0.3, 8 Hz, 0 to 100, at 1 kHz for 3 s.
    fn second_order() -> Vec<(f64, Position)> {
        let (zeta, omega) = (0.3f64, 2.0 * std::f64::consts::PI * 8.0);
        let root = (1.0 - zeta * zeta).sqrt();
        (0..3_000)
            .map(|i| {
                let t = f64::from(i) / 1_000.0;
                let phase = omega * root * t;
                let swing = phase.cos() + zeta / root * phase.sin();
                (
                    t,
                    [100.0 * (1.0 - (-zeta * omega * t).exp() * swing), 0.0, 0.0],
                )
            })
            .collect()
    }

    #[test]
    fn an_underdamped_step_crosses_the_band_long_before_a_sample_lies_in_it() {
        let samples = second_order();
        let rest = [100.0, 0.0, 0.0];
        let settled = settle(&samples, rest, 0.05).unwrap();
        assert_eq!((settled.crossed, settled.stays - 1), (40, 482));
        to_digits(settled.stabilization_s, 0.443, 3);
        to_digits(settled.overshoot, 37.2217, 4);
        let naive = samples
            .iter()
            .position(|(_, p)| (p[0] - 100.0).abs() <= 0.05);
        assert_eq!(naive, Some(236));
    }

    #[test]
    fn an_overdamped_approach_has_neither() {
        let samples: Vec<_> = (0..1_000)
            .map(|i| {
                let t = f64::from(i) / 100.0;
                (t, [0.0, 10.0 * (1.0 - (-2.0 * t).exp()), 0.0])
            })
            .collect();
        let settled = settle(&samples, [0.0, 10.0, 0.0], 0.1).unwrap();
        assert_eq!((settled.stabilization_s, settled.overshoot), (0.0, 0.0));
    }

    #[test]
    fn posing_time_runs_from_leaving_to_staying() {
        let mut samples: Vec<_> = (0..50).map(|i| (f64::from(i) * 0.01, [0.0; 3])).collect();
        samples.extend((0..=50).map(|i| {
            let x = f64::from(i) * 2.0;
            (0.5 + f64::from(i) * 0.01, [x, 0.0, 0.0])
        }));
        samples.extend((1..20).map(|i| (1.0 + f64::from(i) * 0.01, [100.0, 0.0, 0.0])));
        let t = posing_time(&samples, [100.0, 0.0, 0.0], 0.5, 0.5).unwrap();
        to_digits(t, 0.5, 9);
    }

    #[test]
    fn what_never_settles_or_never_moved_is_no_result() {
        let samples = second_order();
        assert_eq!(settle(&samples[..200], [100.0, 0.0, 0.0], 0.05), None);
        assert_eq!(settle(&samples, samples[0].1, 0.05), None);
        assert_eq!(settle(&samples, [100.0, 0.0, 0.0], 0.0), None);
        assert_eq!(settle(&[], [0.0; 3], 1.0), None);
        assert_eq!(posing_time(&samples, [100.0, 0.0, 0.0], 0.05, 1e9), None);
    }
}
