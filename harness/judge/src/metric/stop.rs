//! Stop time and stop distance from a sampled curve and an interval for the trigger.
//!
//! Practice of ISO 10218-1:2011, Annex B as makers publish it: time and travel from the stop signal
//! to the end of all motion, the worst of the repeats reported. The trigger is the contact edge on
//! a channel that does not depend on the robot. Here every uncertainty of *when* is an interval,
//! and the result is its unfavourable end.

use crate::stats::Interval;

/// One point of a motion curve.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Point {
    /// Time stamp, seconds on the run's clock.
    pub t_s: f64,
    /// Position of the axis or along the path, in the curve's unit (degrees or millimetres).
    pub position: f64,
    /// Speed, the unit per second; sign ignored.
    pub speed: f64,
}

/// When motion counts as ended.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rest {
    /// Speed below which the axis is at rest, unit per second.
    pub below: f64,
    /// How long it must stay so until the end of the record, seconds.
    pub dwell_s: f64,
}

/// A measured stop.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Stop {
    /// `T` = last possible rest minus earliest possible trigger, seconds.
    pub time_s: f64,
    /// Last possible minus first possible stop time, seconds: the width that enters the budget.
    pub time_width_s: f64,
    /// Travel from the earliest possible trigger to the final standstill, curve's unit, not
    /// negative.
    pub distance: f64,
    /// Travel between earliest and latest possible trigger, curve's unit.
    pub distance_width: f64,
    /// Speed at the earliest possible trigger, unit per second.
    pub speed_at_trigger: f64,
}

/// Why a curve shows no stop. None of these says anything about how well the item stops.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoStop {
    /// Fewer than two points, times that do not increase, or a number that is not finite.
    Curve,
    /// The record does not reach from the earliest trigger on.
    TriggerOutside,
    /// The axis was already at rest when the trigger came.
    NotMoving,
    /// The record ends before the axis has rested for the dwell.
    NoRest,
}

/// When an event happened that was seen between two samples: after the one before it, stamped
/// `before_s`, and not after the one that shows it, stamped `seen_s`, with the channel's delay
/// between `delay_s.lower` and `delay_s.upper` (a sample stamped t left the physical world between
/// `t - upper` and `t - lower`).
#[must_use]
pub fn happened(before_s: f64, seen_s: f64, delay_s: Interval) -> Interval {
    Interval {
        lower: before_s - delay_s.upper,
        upper: seen_s - delay_s.lower,
    }
}

/// Measures the stop after `trigger` (physical time, see [`happened`]) on a curve whose channel has
/// the delay `delay_s`.
///
/// Rest is the first sample from which the speed stays below the threshold to the end of the
/// record, which must be at least the dwell later; it may have come at any instant since the sample
/// before. Travel is the final position (mean over the dwell) minus the position at the trigger,
/// the larger of the two ends of the trigger's interval. Motion that goes on below the threshold
/// counts in the distance, not in the time.
///
/// # Errors
/// See [`NoStop`].
pub fn measure(
    curve: &[Point],
    delay_s: Interval,
    trigger: Interval,
    rest: Rest,
) -> Result<Stop, NoStop> {
    check(curve, trigger, delay_s)?;
    let (Some(first), Some(last)) = (curve.first(), curve.last()) else {
        return Err(NoStop::Curve);
    };
    // A physical instant t shows in samples stamped between t + lower and t + upper delay.
    let shown = Interval {
        lower: trigger.lower + delay_s.lower,
        upper: trigger.upper + delay_s.upper,
    };
    if shown.lower < first.t_s || shown.upper > last.t_s {
        return Err(NoStop::TriggerOutside);
    }
    let at_rest = |p: &Point| p.speed.abs() < rest.below;
    let Some(moving) = curve.iter().rposition(|p| !at_rest(p)) else {
        return Err(NoStop::NotMoving);
    };
    let (before, Some(rests)) = (curve[moving], curve.get(moving + 1)) else {
        return Err(NoStop::NoRest);
    };
    if before.t_s <= shown.lower {
        return Err(NoStop::NotMoving);
    }
    if last.t_s - rests.t_s < rest.dwell_s {
        return Err(NoStop::NoRest);
    }
    let rest_at = happened(before.t_s, rests.t_s, delay_s);
    let final_position = mean_position_since(curve, last.t_s - rest.dwell_s);
    let (early, late) = (at(curve, shown.lower), at(curve, shown.upper));
    let travel = [early, late].map(|(position, _)| (final_position - position).abs());
    Ok(Stop {
        time_s: rest_at.upper - trigger.lower,
        time_width_s: rest_at.width() + trigger.width(),
        distance: travel[0].max(travel[1]),
        distance_width: (travel[0] - travel[1]).abs(),
        speed_at_trigger: early.1.abs(),
    })
}

fn check(curve: &[Point], trigger: Interval, delay_s: Interval) -> Result<(), NoStop> {
    let finite = |p: &Point| p.t_s.is_finite() && p.position.is_finite() && p.speed.is_finite();
    let increasing = curve.windows(2).all(|pair| pair[0].t_s < pair[1].t_s);
    let ordered = |i: Interval| i.lower.is_finite() && i.upper.is_finite() && i.lower <= i.upper;
    let sound = curve.len() >= 2 && curve.iter().all(finite) && increasing;
    if sound && ordered(trigger) && ordered(delay_s) {
        Ok(())
    } else {
        Err(NoStop::Curve)
    }
}

/// Position and speed at time `t_s`, linear between the samples.
fn at(curve: &[Point], t_s: f64) -> (f64, f64) {
    let after = curve
        .partition_point(|p| p.t_s < t_s)
        .clamp(1, curve.len() - 1);
    let (a, b) = (curve[after - 1], curve[after]);
    let part = ((t_s - a.t_s) / (b.t_s - a.t_s)).clamp(0.0, 1.0);
    (
        a.position + part * (b.position - a.position),
        a.speed + part * (b.speed - a.speed),
    )
}

fn mean_position_since(curve: &[Point], from_s: f64) -> f64 {
    let from = curve
        .partition_point(|p| p.t_s < from_s)
        .min(curve.len() - 1);
    let dwell = &curve[from..];
    dwell.iter().map(|p| p.position).sum::<f64>() / dwell.len() as f64
}

/// A curve from speeds alone: position by the trapezoidal rule, starting at zero.
#[must_use]
pub fn from_speed(samples: &[(f64, f64)]) -> Vec<Point> {
    let mut position = 0.0;
    let mut before: Option<(f64, f64)> = None;
    samples
        .iter()
        .map(|&(t_s, speed)| {
            if let Some((t0, v0)) = before {
                position += (v0 + speed) / 2.0 * (t_s - t0);
            }
            before = Some((t_s, speed));
            Point {
                t_s,
                position,
                speed,
            }
        })
        .collect()
}

/// A curve from the positions of one axis: speed as the slope over about `span_s` seconds around
/// each sample (at least to its neighbours; one-sided at the ends).
///
/// The span trades noise (`sigma sqrt(2) / span`) against how sharply rest is seen; it is part of
/// the method, so the suite names it.
#[must_use]
pub fn from_position(samples: &[(f64, f64)], span_s: f64) -> Vec<Point> {
    let times: Vec<f64> = samples.iter().map(|s| s.0).collect();
    spans(&times, span_s)
        .zip(samples)
        .map(|((a, b), &(t_s, position))| {
            let (a, b) = (samples[a], samples[b]);
            Point {
                t_s,
                position,
                speed: (b.1 - a.1) / (b.0 - a.0),
            }
        })
        .collect()
}

/// A curve from positions in space, as a tracker sees the tool centre point: position is the length
/// of the path so far, speed the chord over `span_s` seconds as in [`from_position`].
///
/// Noise would lengthen the path of a tool at rest, so a step counts only once it is longer than
/// `noise` (unit of the positions; the length is short by that much at most).
#[must_use]
pub fn from_path(samples: &[(f64, [f64; 3])], span_s: f64, noise: f64) -> Vec<Point> {
    let times: Vec<f64> = samples.iter().map(|s| s.0).collect();
    let mut length = 0.0;
    let mut counted: Option<[f64; 3]> = None;
    spans(&times, span_s)
        .zip(samples)
        .map(|((a, b), &(t_s, here))| {
            let step = distance(*counted.get_or_insert(here), here);
            if step > noise {
                length += step;
                counted = Some(here);
            }
            let (a, b) = (samples[a], samples[b]);
            Point {
                t_s,
                position: length,
                speed: distance(a.1, b.1) / (b.0 - a.0),
            }
        })
        .collect()
}

fn distance(a: [f64; 3], b: [f64; 3]) -> f64 {
    (b[0] - a[0]).hypot(b[1] - a[1]).hypot(b[2] - a[2])
}

/// For each sample the indices of the first one within half a span before and of the last one
/// within half a span after it, at least its neighbours.
fn spans(times: &[f64], span_s: f64) -> impl Iterator<Item = (usize, usize)> {
    let end = times.len().saturating_sub(1);
    times.iter().enumerate().map(move |(i, &t)| {
        let low = times.partition_point(|&u| u < t - span_s / 2.0);
        let high = times.partition_point(|&u| u <= t + span_s / 2.0);
        (
            low.min(i.saturating_sub(1)),
            high.saturating_sub(1).max(i + 1).min(end),
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::check::to_digits;
    use proptest::prelude::*;

    const NO_DELAY: Interval = Interval {
        lower: 0.0,
        upper: 0.0,
    };
    const REST: Rest = Rest {
        below: 0.5,
        dwell_s: 0.1,
    };

    /// 120 deg/s, 20 ms of dead time, 600 deg/s² of braking, sampled at 1 kHz from -50 ms on.
    fn speeds() -> Vec<(f64, f64)> {
        (-50..=400)
            .map(|i| {
                let t = f64::from(i) / 1_000.0;
                (t, (120.0 - 600.0 * (t - 0.020).max(0.0)).max(0.0))
            })
            .collect()
    }

    fn exactly(t: f64) -> Interval {
        Interval { lower: t, upper: t }
    }

    #[test]
    fn a_stop_from_120_degrees_per_second() {
        let stop = measure(&from_speed(&speeds()), NO_DELAY, exactly(0.0), REST).unwrap();
        to_digits(stop.time_s, 0.220, 3);
        to_digits(stop.distance, 14.400, 3);
        to_digits(stop.speed_at_trigger, 120.0, 6);
        to_digits(stop.time_width_s, 0.001, 6);
    }

    #[test]
    fn the_same_stop_seen_as_positions() {
        let positions: Vec<_> = from_speed(&speeds())
            .iter()
            .map(|p| (p.t_s, p.position))
            .collect();
        let curve = from_position(&positions, 0.004);
        let stop = measure(&curve, NO_DELAY, exactly(0.0), REST).unwrap();
        to_digits(stop.distance, 14.400, 3);
        assert!((0.219..=0.223).contains(&stop.time_s), "{}", stop.time_s);
    }

    #[test]
    fn what_is_not_known_of_the_trigger_lengthens_the_stop() {
        let trigger = happened(
            -0.005,
            0.0,
            Interval {
                lower: 0.001,
                upper: 0.003,
            },
        );
        assert_eq!((trigger.lower, trigger.upper), (-0.008, -0.001));
        let stop = measure(&from_speed(&speeds()), NO_DELAY, trigger, REST).unwrap();
        to_digits(stop.time_s, 0.228, 6);
        to_digits(stop.time_width_s, 0.008, 6);
        to_digits(stop.distance, 14.400 + 0.008 * 120.0, 6);
        to_digits(stop.distance_width, 0.007 * 120.0, 6);
    }

    #[test]
    fn a_delay_of_the_motion_channel_widens_both_ends() {
        let delay = Interval {
            lower: 0.002,
            upper: 0.010,
        };
        let late: Vec<_> = speeds().iter().map(|&(t, v)| (t + 0.006, v)).collect();
        let stop = measure(&from_speed(&late), delay, exactly(0.0), REST).unwrap();
        // Rest is seen at 0.226; it was no later than 0.224 and no earlier than 0.215.
        to_digits(stop.time_s, 0.224, 6);
        to_digits(stop.time_width_s, 0.009, 6);
        // The true 14.4 lies between the travels from 4 ms too early and 4 ms too late.
        to_digits(stop.distance, 14.400 + 0.004 * 120.0, 6);
    }

    #[test]
    fn a_pause_is_not_a_rest() {
        let mut speeds = speeds();
        for (t, v) in &mut speeds {
            if (0.30..0.31).contains(t) {
                *v = 3.0; // it sags once more
            }
        }
        let rest = Rest {
            dwell_s: 0.05,
            ..REST
        };
        let stop = measure(&from_speed(&speeds), NO_DELAY, exactly(0.0), rest).unwrap();
        assert!(stop.time_s > 0.30);
    }

    #[test]
    fn curves_that_show_no_stop_say_why() {
        let curve = from_speed(&speeds());
        let no = |curve: &[Point], trigger| measure(curve, NO_DELAY, trigger, REST).unwrap_err();
        assert_eq!(no(&curve[..200], exactly(0.0)), NoStop::NoRest);
        assert_eq!(no(&curve[..300], exactly(0.0)), NoStop::NoRest); // rests, but 30 ms only
        assert_eq!(no(&curve, exactly(0.3)), NoStop::NotMoving);
        assert_eq!(no(&curve, exactly(-1.0)), NoStop::TriggerOutside);
        assert_eq!(no(&curve, exactly(9.0)), NoStop::TriggerOutside);
        assert_eq!(no(&curve, exactly(f64::NAN)), NoStop::Curve);
        assert_eq!(no(&[], exactly(0.0)), NoStop::Curve);
        let still: Vec<_> = (0..100).map(|i| (f64::from(i) * 0.01, 0.0)).collect();
        assert_eq!(no(&from_speed(&still), exactly(0.5)), NoStop::NotMoving);
        let mut backwards = curve.clone();
        backwards.swap(3, 4);
        assert_eq!(no(&backwards, exactly(0.0)), NoStop::Curve);
        let mut broken = curve;
        broken[7].speed = f64::NAN;
        assert_eq!(no(&broken, exactly(0.0)), NoStop::Curve);
    }

    #[test]
    fn a_single_position_has_no_speed() {
        assert!(from_position(&[(0.0, 1.0)], 0.01)[0].speed.is_nan());
        assert!(from_position(&[], 0.01).is_empty());
    }

    #[test]
    fn a_path_grows_with_travel_and_not_with_noise() {
        let walk = [
            (0.0, [0.0; 3]),
            (1.0, [3.0, 4.0, 0.0]),
            (2.0, [3.0, 4.01, 0.0]),
        ];
        let path = from_path(&walk, 0.0, 0.1);
        let lengths: Vec<f64> = path.iter().map(|p| p.position).collect();
        assert_eq!(lengths, [0.0, 5.0, 5.0]);
        assert_eq!(path[0].speed, 5.0);
    }

    #[test]
    fn the_same_stop_along_a_path_in_space() {
        let walk: Vec<_> = from_speed(&speeds())
            .iter()
            .map(|p| (p.t_s, [0.6 * p.position, 0.0, -0.8 * p.position]))
            .collect();
        let stop = measure(&from_path(&walk, 0.004, 0.0), NO_DELAY, exactly(0.0), REST).unwrap();
        to_digits(stop.distance, 14.400, 3);
        assert!((0.219..=0.223).contains(&stop.time_s), "{}", stop.time_s);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(128))]

        #[test]
        fn no_curve_makes_it_panic_and_no_stop_is_negative(
            samples in proptest::collection::vec((any::<f64>(), any::<f64>()), 0..20),
            ends in proptest::array::uniform4(any::<f64>()),
            span in any::<f64>(),
        ) {
            let [a, b, c, d] = ends;
            let (trigger, delay) = (Interval { lower: a, upper: b }, Interval { lower: c, upper: d });
            for curve in [from_speed(&samples), from_position(&samples, span)] {
                if let Ok(stop) = measure(&curve, delay, trigger, REST) {
                    prop_assert!(stop.distance >= 0.0 && stop.time_width_s >= 0.0);
                }
            }
            let path: Vec<_> = samples.iter().map(|&(t, x)| (t, [x, -x, 0.0])).collect();
            prop_assert_eq!(from_path(&path, span, 0.0).len(), path.len());
        }
    }
}
