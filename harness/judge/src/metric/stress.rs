//! A function during an external stress (a climate chamber, an electromagnetic field), and the
//! posture of a machine that must balance.

/// How a function came through a stress: the classes a) to c) of IEC 61000-4-2:2008, clause 9, which
/// the generic standards call criteria A, B and C. Its d), a function that does not come back, is no
/// criterion.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Criterion {
    /// Within its limits all the time.
    A,
    /// Out of them, and back by itself when the stress was over.
    B,
    /// Back after a person intervened.
    C,
}

/// What was seen of a function.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Seen {
    /// `None`: it was not back at the end.
    pub criterion: Option<Criterion>,
    /// From the first sample outside of the limits to the last one, seconds; 0 without one.
    pub out_s: f64,
    /// Farthest beyond a limit, unit of the samples; negative or zero: the least distance that was
    /// left.
    pub beyond: f64,
}

/// Limits of a function, at least one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Limits {
    /// Not below.
    pub least: Option<f64>,
    /// Not above.
    pub most: Option<f64>,
}

impl Limits {
    /// How far a value lies beyond the nearer limit; negative inside.
    #[must_use]
    pub fn beyond(self, value: f64) -> f64 {
        let below = self.least.map_or(f64::NEG_INFINITY, |l| l - value);
        let above = self.most.map_or(f64::NEG_INFINITY, |m| value - m);
        below.max(above)
    }
}

/// Classifies `(seconds, value)` samples of a function around a stress from `stress.0` to `stress.1`.
/// It must be within its limits again `recovery_s` after the stress, or after the last intervention,
/// and stay there to the last sample. What happens between two samples is not seen.
///
/// `None` without a limit, without a sample before the stress, in it or after the recovery, or for a function
/// that was out of its limits before the stress began: nothing can be said then.
#[must_use]
pub fn criterion(
    samples: &[(f64, f64)],
    limits: Limits,
    stress: (f64, f64),
    recovery_s: f64,
    interventions: &[f64],
) -> Option<Seen> {
    let inside = |s: &&(f64, f64)| limits.beyond(s.1) <= 0.0;
    let since = |t: f64| samples.iter().filter(move |s| s.0 >= t);
    let mut before = samples.iter().filter(|s| s.0 < stress.0).peekable();
    let worked = before.peek().is_some() && before.all(|s| inside(&s));
    let during = since(stress.0).filter(|s| s.0 <= stress.1).count();
    let limited = limits.least.is_some() || limits.most.is_some();
    if !limited || during == 0 || !worked {
        return None;
    }
    let asked = interventions.iter().copied().filter(|t| *t >= stress.0);
    let last = asked.fold(f64::NEG_INFINITY, f64::max);
    let back_from = stress.1.max(last) + recovery_s;
    since(back_from).next()?;
    let back = since(back_from).all(|s| inside(&s));
    let always = since(stress.0).all(|s| inside(&s));
    let criterion = match (last > f64::NEG_INFINITY, always, back) {
        (false, true, _) => Some(Criterion::A),
        (false, false, true) => Some(Criterion::B),
        (true, _, true) => Some(Criterion::C),
        (_, _, false) => None,
    };
    let outside = |s: &&(f64, f64)| limits.beyond(s.1) > 0.0;
    let first_out = since(stress.0).find(outside);
    let last_out = since(stress.0).rfind(outside);
    Some(Seen {
        criterion,
        out_s: first_out.zip(last_out).map_or(0.0, |(a, b)| b.0 - a.0),
        beyond: since(stress.0)
            .map(|s| limits.beyond(s.1))
            .fold(f64::NEG_INFINITY, f64::max),
    })
}

/// When a machine fell: the first of the `(seconds, posture)` samples from `from_s` on that lies
/// beyond its limits. A height below which, or an inclination above which, it does not stand any
/// more is data of a suite.
#[must_use]
pub fn fell(samples: &[(f64, f64)], limits: Limits, from_s: f64) -> Option<f64> {
    let after = samples.iter().filter(|s| s.0 >= from_s);
    after
        .into_iter()
        .find(|s| limits.beyond(s.1) > 0.0)
        .map(|s| s.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: Limits = Limits {
        least: Some(9.0),
        most: Some(11.0),
    };

    /// One sample a second for a minute; out of its limits in a stretch. The stress lasts from 10 s
    /// to 30 s.
    fn seen(out: std::ops::Range<u32>, interventions: &[f64]) -> Option<Seen> {
        let value = |i: u32| if out.contains(&i) { 7.5 } else { 10.0 };
        let samples: Vec<_> = (0..60).map(|i| (f64::from(i), value(i))).collect();
        criterion(&samples, LIMITS, (10.0, 30.0), 5.0, interventions)
    }

    #[test]
    fn a_function_that_never_left_its_limits() {
        let seen = seen(0..0, &[]).unwrap();
        assert_eq!((seen.criterion, seen.out_s), (Some(Criterion::A), 0.0));
        assert_eq!(seen.beyond, -1.0);
    }

    #[test]
    fn a_function_that_came_back_by_itself_or_by_hand_or_not_at_all() {
        let back = seen(12..34, &[]).unwrap();
        assert_eq!(back.criterion, Some(Criterion::B));
        assert_eq!((back.out_s, back.beyond), (21.0, 1.5));
        // Too late to be by itself.
        assert_eq!(seen(12..40, &[]).unwrap().criterion, None);
        assert_eq!(seen(12..42, &[40.0]).unwrap().criterion, Some(Criterion::C));
        assert_eq!(seen(12..60, &[40.0]).unwrap().criterion, None);
        // Whoever helps takes the claim to have come back alone.
        assert_eq!(seen(0..0, &[20.0]).unwrap().criterion, Some(Criterion::C));
    }

    #[test]
    fn a_function_that_did_not_work_before_says_nothing_of_the_stress() {
        assert_eq!(seen(5..8, &[]), None);
        let unseen: Vec<_> = (10..60).map(|i| (f64::from(i), 10.0)).collect();
        assert_eq!(criterion(&unseen, LIMITS, (10.0, 30.0), 5.0, &[]), None);
        assert_eq!(criterion(&[], LIMITS, (10.0, 30.0), 5.0, &[]), None);
        // Nothing was seen after the recovery.
        assert_eq!(seen(12..20, &[58.0]), None);
    }

    #[test]
    fn a_machine_that_sinks_below_its_height_has_fallen() {
        let heights = [(0.0, 900.0), (1.0, 890.0), (2.0, 600.0), (3.0, 200.0)];
        let limits = Limits {
            least: Some(700.0),
            most: None,
        };
        assert_eq!(fell(&heights, limits, 0.5), Some(2.0));
        assert_eq!(fell(&heights[..2], limits, 0.5), None);
    }
}
