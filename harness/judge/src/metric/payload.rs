//! What a load does to a pose: droop when it is put on, drift while it is held.

use super::iso9283::{Position, barycentre};
use crate::stats::normal;
use crate::stats::summary::Summary;

/// Displacement by the load, millimetres.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Droop {
    /// Mean pose with load minus mean pose without, x, y, z.
    pub components: Position,
    /// Its magnitude.
    pub magnitude: f64,
}

/// `droop = mean(with load) - mean(without)`, of positions in one frame at one commanded pose.
/// `None` when either set is empty or a number is not finite.
#[must_use]
pub fn droop(without: &[Position], with_load: &[Position]) -> Option<Droop> {
    let (a, b) = (barycentre(without)?, barycentre(with_load)?);
    let components = [b[0] - a[0], b[1] - a[1], b[2] - a[2]];
    let magnitude = components[0].hypot(components[1]).hypot(components[2]);
    magnitude.is_finite().then_some(Droop {
        components,
        magnitude,
    })
}

/// How a value wanders over a hold, in its unit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Drift {
    /// Mean over the last `edge` minus mean over the first.
    pub change: f64,
    /// Type A standard uncertainty of the change from the scatter within the two edges.
    pub change_u: f64,
    /// Degrees of freedom of that, the smaller edge's n - 1.
    pub change_nu: f64,
    /// Least-squares slope over the whole hold, unit per second.
    pub slope_per_s: f64,
    /// Length of the hold that was sampled, seconds.
    pub duration_s: f64,
}

/// Drift of `(time in seconds, value)` samples over a hold; `edge_s` is the length of the means at
/// both ends. The slope is `sum((t-t̄)(y-ȳ)) / sum((t-t̄)²)`: it assumes samples spread evenly over
/// the hold, and says nothing of drifts that come and go.
///
/// `None` when an edge holds fewer than two samples, the edges overlap, or a number is not finite.
#[must_use]
pub fn drift(samples: &[(f64, f64)], edge_s: f64) -> Option<Drift> {
    let (&(begin, _), &(end, _)) = (samples.first()?, samples.last()?);
    let duration_s = end - begin;
    if !(edge_s > 0.0 && 2.0 * edge_s <= duration_s) {
        return None;
    }
    let within = |from: f64, to: f64| {
        let values: Vec<f64> = samples
            .iter()
            .filter(|(t, _)| (from..=to).contains(t))
            .map(|s| s.1)
            .collect();
        Summary::of(&values)
    };
    let (start, stop) = (within(begin, begin + edge_s)?, within(end - edge_s, end)?);
    let (u_start, u_stop) = (
        start.standard_uncertainty_of_mean()?,
        stop.standard_uncertainty_of_mean()?,
    );
    Some(Drift {
        change: stop.mean - start.mean,
        change_u: u_start.hypot(u_stop),
        change_nu: start.n.min(stop.n) as f64 - 1.0,
        slope_per_s: slope(samples)?,
        duration_s,
    })
}

/// How far what should stand moves from where it stood, in the unit of the positions.
#[derive(Debug, Clone, PartialEq)]
pub struct Departure {
    /// Distance of every position from the mean of the first ones, with its time.
    pub distances: Vec<(f64, f64)>,
    /// The largest of them.
    pub largest: f64,
    /// Type A standard uncertainty of the mean of the first ones, of the axis that scatters most.
    pub start_u: Option<f64>,
    /// How many there are of the first ones.
    pub start_n: usize,
}

/// `max |p(t) - mean(p(t') : t' <= t0 + edge)|` of `(time in seconds, position)` samples: certbench's own
/// definition. Noise only adds to it ([`departure_lift`]). `None` without a sample, or when a number
/// is not finite.
#[must_use]
pub fn departure(samples: &[(f64, Position)], edge_s: f64) -> Option<Departure> {
    let begin = samples.first()?.0;
    let first: Vec<Position> = samples
        .iter()
        .filter(|(t, _)| *t <= begin + edge_s)
        .map(|s| s.1)
        .collect();
    let start = barycentre(&first)?;
    let from = |p: &Position| {
        (p[0] - start[0])
            .hypot(p[1] - start[1])
            .hypot(p[2] - start[2])
    };
    let distances: Vec<(f64, f64)> = samples.iter().map(|(t, p)| (*t, from(p))).collect();
    let largest = distances.iter().map(|d| d.1).fold(0.0, f64::max);
    let axis = |i: usize| {
        let along: Vec<f64> = first.iter().map(|p| p[i]).collect();
        Summary::of(&along)?.standard_uncertainty_of_mean()
    };
    let start_u = axis(0).zip(axis(1)).zip(axis(2));
    let finite = largest.is_finite() && distances.iter().all(|d| d.1.is_finite());
    finite.then_some(Departure {
        distances,
        largest,
        start_u: start_u.map(|((x, y), z)| x.max(y).max(z)),
        start_n: first.len(),
    })
}

/// How far at most the largest departure of `n` positions is expected to sit above the truth for
/// independent noise of standard deviation `sigma` in each axis: `sqrt(3)` times the expected largest
/// of `2n` standard normals (each axis, either way), in the unit of `sigma`.
#[must_use]
pub fn departure_lift(sigma: f64, n: usize) -> f64 {
    3f64.sqrt() * sigma * normal::expected_maximum(n.saturating_mul(2))
}

/// Least-squares slope of `(t, y)` samples, y's unit per t's; `None` without spread in t.
#[must_use]
pub fn slope(samples: &[(f64, f64)]) -> Option<f64> {
    let t: Vec<f64> = samples.iter().map(|s| s.0).collect();
    let y: Vec<f64> = samples.iter().map(|s| s.1).collect();
    let (t_mean, y_mean) = (Summary::of(&t)?.mean, Summary::of(&y)?.mean);
    let above: f64 = samples
        .iter()
        .map(|(t, y)| (t - t_mean) * (y - y_mean))
        .sum();
    let below: f64 = t.iter().map(|t| (t - t_mean).powi(2)).sum();
    let slope = above / below;
    slope.is_finite().then_some(slope)
}

/// Payload over weight: rated load over the mass of the manipulator, dimensionless. Whether hand and
/// controller are counted in must stand beside it. `None` for masses that are not positive.
#[must_use]
pub fn to_weight(load_kg: f64, manipulator_kg: f64) -> Option<f64> {
    let ratio = load_kg / manipulator_kg;
    (load_kg > 0.0 && manipulator_kg > 0.0 && ratio.is_finite()).then_some(ratio)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn payload_over_weight() {
        assert_eq!(to_weight(5.0, 20.0), Some(0.25));
        assert_eq!(to_weight(5.0, 0.0), None);
    }

    use crate::stats::check::to_digits;

    #[test]
    fn a_load_of_five_kilograms_bends_the_arm_down() {
        let without = [[500.0, 0.0, 300.0], [500.02, 0.0, 300.0]];
        let with_load = [[500.05, 0.04, 299.4], [500.03, 0.04, 299.4]];
        let droop = droop(&without, &with_load).unwrap();
        to_digits(droop.components[0], 0.03, 9);
        to_digits(droop.components[2], -0.6, 9);
        to_digits(
            droop.magnitude,
            (0.03f64.powi(2) + 0.04f64.powi(2) + 0.36).sqrt(),
            9,
        );
    }

    #[test]
    fn droop_needs_poses_with_and_without() {
        assert_eq!(droop(&[], &[[0.0; 3]]), None);
        assert_eq!(droop(&[[0.0; 3]], &[[f64::NAN; 3]]), None);
    }

    #[test]
    fn a_steady_creep_has_its_slope_and_its_change_between_the_means() {
        let hold: Vec<_> = (0..=600)
            .map(|i| (f64::from(i), 20.0 - 0.001 * f64::from(i)))
            .collect();
        let drift = drift(&hold, 60.0).unwrap();
        to_digits(drift.slope_per_s, -0.001, 12);
        // Means over 60 s at both ends lie 540 s apart.
        to_digits(drift.change, -0.540, 9);
        to_digits(drift.duration_s, 600.0, 9);
        assert_eq!(drift.change_nu, 60.0);
    }

    #[test]
    fn a_jerk_and_back_is_a_departure_and_no_drift() {
        let stands = |i: i32| match i {
            40..=44 => [500.3, 0.4, 300.0],
            _ => [500.0, 0.0, 300.0],
        };
        let stay: Vec<_> = (0..100).map(|i| (0.02 * f64::from(i), stands(i))).collect();
        let seen = departure(&stay, 0.2).unwrap();
        to_digits(seen.largest, 0.5, 9);
        assert_eq!((seen.start_n, seen.start_u), (11, Some(0.0)));
        assert_eq!(departure(&[], 0.2), None);
        assert_eq!(departure(&[(0.0, [f64::NAN; 3])], 0.2), None);
        // A thousand draws either way: 3.24 sigma is the expected largest of 1,000 (tables), a little
        // more of 2,000.
        to_digits(departure_lift(1.0, 500) / 3f64.sqrt(), 3.24, 2);
    }

    #[test]
    fn a_hold_too_short_for_its_edges_says_nothing() {
        let hold = [(0.0, 1.0), (1.0, 1.0), (2.0, 1.0)];
        assert_eq!(drift(&hold, 1.5), None);
        assert_eq!(drift(&hold, 0.1), None); // one sample in an edge has no scatter
        assert_eq!(drift(&[], 1.0), None);
        assert_eq!(slope(&[(1.0, 1.0), (1.0, 2.0)]), None);
    }
}
