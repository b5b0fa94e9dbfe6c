//! Times of a hand: grasp cycle time and finger synchrony.

use crate::stats::Interval;

/// One grasp cycle, seconds since the command. Each time is an interval: it happened between two
/// samples, within the channel's delay.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Cycle {
    /// Force reached.
    pub grasped_s: Interval,
    /// Force gone again.
    pub released_s: Interval,
}

/// A cycle from `(seconds since the command to close, force)` samples: closed when the force first
/// reaches `full`, open when it is back at or below `none` for the first time after that. `delay_s`
/// is the delay of the force channel (least, most). `None` when either does not happen.
#[must_use]
pub fn cycle(samples: &[(f64, f64)], full: f64, none: f64, delay_s: Interval) -> Option<Cycle> {
    let grasped = samples.iter().position(|s| s.1 >= full)?;
    let released = grasped + samples[grasped..].iter().position(|s| s.1 <= none)?;
    let between = |i: usize| {
        let before = samples.get(i.wrapping_sub(1)).map_or(0.0, |s| s.0);
        Interval {
            lower: (before - delay_s.upper).max(0.0),
            upper: (samples[i].0 - delay_s.lower).max(0.0),
        }
    };
    Some(Cycle {
        grasped_s: between(grasped),
        released_s: between(released),
    })
}

/// Synchrony of fingers that were commanded together: last arrival minus first arrival, seconds.
/// `None` for fewer than two fingers, or an arrival that is not finite.
#[must_use]
pub fn synchrony(arrivals_s: &[f64]) -> Option<f64> {
    if arrivals_s.len() < 2 || arrivals_s.iter().any(|t| !t.is_finite()) {
        return None;
    }
    let last = arrivals_s.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let first = arrivals_s.iter().copied().fold(f64::INFINITY, f64::min);
    Some(last - first)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NONE: Interval = Interval {
        lower: 0.0,
        upper: 0.0,
    };

    #[test]
    fn from_open_to_full_force_to_open() {
        let force = [
            (0.0, 0.0),
            (0.1, 0.0),
            (0.2, 6.0),
            (0.3, 11.0),
            (0.4, 11.0),
            (0.5, 4.0),
            (0.6, 0.1),
        ];
        let c = cycle(&force, 10.0, 0.5, NONE).unwrap();
        assert_eq!((c.grasped_s.lower, c.grasped_s.upper), (0.2, 0.3));
        assert_eq!((c.released_s.lower, c.released_s.upper), (0.5, 0.6));
        let slow = Interval {
            lower: 0.01,
            upper: 0.05,
        };
        let c = cycle(&force, 10.0, 0.5, slow).unwrap();
        assert!(
            (c.released_s.lower - 0.45).abs() < 1e-12 && (c.released_s.upper - 0.59).abs() < 1e-12
        );
        assert_eq!(cycle(&force, 20.0, 0.5, NONE), None);
        assert_eq!(cycle(&force[..5], 10.0, 0.5, NONE), None);
    }

    #[test]
    fn fingers_that_arrive_one_after_the_other() {
        assert_eq!(synchrony(&[0.5, 0.25, 0.375]), Some(0.25));
        assert_eq!(synchrony(&[0.5]), None);
    }
}
