//! Drift of pose characteristics after a cold start: ISO 9283:1998, 7.6.
//!
//! Groups of visits at one pose, spread over hours. The spacing of the groups and when the test may
//! stop early are the suite's.

use super::{Position, about, accuracy, angle_repeatability, repeatability};

/// One group of visits.
#[derive(Debug, Clone, PartialEq)]
pub struct Group {
    /// When, seconds since the start.
    pub t_s: f64,
    /// Attained positions, millimetres.
    pub attained: Vec<Position>,
}

/// Drift over the groups, millimetres.
#[derive(Debug, Clone, PartialEq)]
pub struct PoseDrift {
    /// `dAP_p = max |AP_p(0) - AP_p(T)|`.
    pub d_ap: f64,
    /// `dRP`: the largest of `|RP(0) - RP(T)|`; `None` when a group has fewer than two visits.
    pub d_rp: Option<f64>,
    /// Seconds and `AP_p` of each group.
    pub ap: Vec<(f64, f64)>,
    /// The group of `d_ap`, as an index.
    pub worst: usize,
}

/// Drift of accuracy and repeatability against the first group. `None` for fewer than two groups,
/// an empty one, or a number that is not finite.
#[must_use]
pub fn drift(groups: &[Group], command: Position) -> Option<PoseDrift> {
    let ap: Vec<(f64, f64)> = groups
        .iter()
        .map(|g| accuracy(&g.attained, command).map(|a| (g.t_s, a.ap_p)))
        .collect::<Option<_>>()?;
    let (worst, d_ap) = largest_change(&ap.iter().map(|a| a.1).collect::<Vec<_>>())?;
    let rp: Option<Vec<f64>> = groups
        .iter()
        .map(|g| repeatability(&g.attained).map(|r| r.rp))
        .collect();
    Some(PoseDrift {
        d_ap,
        d_rp: rp.and_then(|rp| largest_change(&rp)).map(|d| d.1),
        ap,
        worst,
    })
}

/// Drift of one angle over the groups, degrees.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AngleDrift {
    /// `dAP_a = max |AP_a(0) - AP_a(T)|`.
    pub d_ap: f64,
    /// `dRP_a`: the largest of `|RP_a(0) - RP_a(T)|`; `None` when a group has fewer than two visits.
    pub d_rp: Option<f64>,
    /// The group of `d_ap`, as an index.
    pub worst: usize,
}

/// Drift of one angle against the first group. Angles are taken about the first one of all: a drift
/// needs no command, and must stay below 180°. `None` for fewer than two groups or an empty one.
#[must_use]
pub fn angle_drift(groups_deg: &[Vec<f64>]) -> Option<AngleDrift> {
    let first = *groups_deg.first()?.first()?;
    let of = |each: fn(&[f64], f64) -> Option<f64>| -> Option<Vec<f64>> {
        groups_deg.iter().map(|g| each(g, first)).collect()
    };
    let means = of(|angles, first| about(angles, first).map(|s| s.mean))?;
    let (worst, d_ap) = largest_change(&means)?;
    let d_rp = of(angle_repeatability).and_then(|rp| largest_change(&rp));
    Some(AngleDrift {
        d_ap,
        d_rp: d_rp.map(|d| d.1),
        worst,
    })
}

/// The value that departs most from the first, with its index.
fn largest_change(values: &[f64]) -> Option<(usize, f64)> {
    let first = *values.first()?;
    let changes = values.iter().skip(1).map(|v| (v - first).abs()).enumerate();
    changes
        .max_by(|a, b| a.1.total_cmp(&b.1))
        .map(|(i, change)| (i + 1, change))
}

/// How fast AP changes between each group and the one before, at the later one: seconds, and
/// millimetres a second without sign.
#[must_use]
pub fn rates(ap: &[(f64, f64)]) -> Vec<(f64, f64)> {
    let pairs = ap.windows(2);
    pairs
        .map(|pair| {
            (
                pair[1].0,
                ((pair[1].1 - pair[0].1) / (pair[1].0 - pair[0].0)).abs(),
            )
        })
        .collect()
}

/// The largest of `rates` up to `until_s`; 0 when there is none.
#[must_use]
pub fn largest_rate(rates: &[(f64, f64)], until_s: f64) -> f64 {
    let first = rates.iter().filter(|(t, _)| *t <= until_s);
    first.map(|(_, rate)| *rate).fold(0.0, f64::max)
}

/// When the test may stop early: the first group before which the rate of change of `(seconds, AP)`
/// fell below `share` of the largest rate within the first `first_s` seconds. `None`: not yet.
#[must_use]
pub fn may_stop_at(ap: &[(f64, f64)], first_s: f64, share: f64) -> Option<usize> {
    let until = ap.first()?.0 + first_s;
    let rates = rates(ap);
    let largest = largest_rate(&rates, until);
    rates
        .iter()
        .position(|(t, rate)| *t > until && *rate < share * largest)
        .map(|i| i + 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::check::to_digits;

    fn warming() -> Vec<(f64, f64)> {
        (0..=48)
            .map(|i| 10.0 * f64::from(i))
            .map(|min| (60.0 * min, 0.100 + 0.080 * (1.0 - (-min / 60.0).exp())))
            .collect()
    }

    #[test]
    fn eight_hours_of_warming_up() {
        let groups: Vec<Group> = warming()
            .iter()
            .map(|&(t_s, ap)| Group {
                t_s,
                attained: vec![[ap, 0.0, 0.0]; 10],
            })
            .collect();
        let drift = drift(&groups, [0.0; 3]).unwrap();
        to_digits(drift.d_ap, 0.0799732, 7);
        assert_eq!((drift.worst, drift.d_rp), (48, Some(0.0)));
    }

    #[test]
    fn the_ten_percent_rule_stops_at_150_minutes() {
        let stop = may_stop_at(&warming(), 3_600.0, 0.1).unwrap();
        assert_eq!(warming()[stop].0, 150.0 * 60.0);
        assert_eq!(may_stop_at(&warming()[..10], 3_600.0, 0.1), None);
    }

    #[test]
    fn an_angle_drifts_through_the_wrap() {
        let groups = [
            vec![179.8, -179.9],
            vec![-179.7, 180.0],
            vec![-179.0, -179.2],
        ];
        let seen = angle_drift(&groups).unwrap();
        // Means 179.95, 180.15 and 180.9; 3 S = 3 d / sqrt(2) of two angles d apart.
        to_digits(seen.d_ap, 0.95, 9);
        assert_eq!(seen.worst, 2);
        to_digits(seen.d_rp.unwrap(), 3.0 * 0.1 / 2f64.sqrt(), 9);
        let single = [vec![1.0], vec![2.0]];
        assert_eq!(angle_drift(&single).unwrap().d_rp, None);
        assert_eq!(angle_drift(&single[..1]), None);
    }

    #[test]
    fn one_group_shows_no_drift() {
        let group = Group {
            t_s: 0.0,
            attained: vec![[0.0; 3]],
        };
        assert_eq!(drift(&[group], [0.0; 3]), None);
    }
}
