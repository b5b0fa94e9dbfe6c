//! Slip resistance: the largest force before gross slip, while an artifact is pulled out axially at
//! a slow constant speed.

/// One pull.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Slip {
    /// Largest force up to gross slip (or over the whole pull without one), unit of the samples.
    pub resistance: f64,
    /// When that was, seconds.
    pub at_s: f64,
    /// When gross slip began; `None`: it held to the end, and the resistance is a lower bound.
    pub slipped_s: Option<f64>,
}

/// Gross slip by the force alone: the first time that it falls to `1 - drop` of the largest value so
/// far and does not come back above that value. From `(seconds, force)` samples above `onset`.
/// `None` when the force never passes the onset.
#[must_use]
pub fn by_drop(samples: &[(f64, f64)], onset: f64, drop: f64) -> Option<Slip> {
    let mut peak: Option<(f64, f64)> = None;
    let mut slipped: Option<f64> = None;
    for &(t, force) in samples {
        match peak {
            None if force > onset => peak = Some((t, force)),
            Some((_, most)) if force > most => {
                // It held more after all: what came before was a stick-slip, no gross slip.
                peak = Some((t, force));
                slipped = None;
            }
            Some((_, most)) if slipped.is_none() && force <= (1.0 - drop) * most => {
                slipped = Some(t);
            }
            _ => {}
        }
    }
    let (at_s, resistance) = peak?;
    Some(Slip {
        resistance,
        at_s,
        slipped_s: slipped,
    })
}

/// Gross slip by the artifact's displacement against the hand: the first time that it exceeds
/// `allowed`. `(seconds, force)` and `(seconds, displacement)` need not share their times. `None`
/// without a force sample up to then.
#[must_use]
pub fn by_displacement(
    force: &[(f64, f64)],
    displacement: &[(f64, f64)],
    allowed: f64,
) -> Option<Slip> {
    let slipped_s = displacement
        .iter()
        .find(|d| d.1.abs() > allowed)
        .map(|d| d.0);
    let until = slipped_s.unwrap_or(f64::INFINITY);
    let held = force.iter().filter(|f| f.0 <= until);
    let (at_s, resistance) =
        held.copied()
            .fold(None, |most: Option<(f64, f64)>, f| match most {
                Some(m) if m.1 >= f.1 => Some(m),
                _ => Some(f),
            })?;
    Some(Slip {
        resistance,
        at_s,
        slipped_s,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const PULL: [(f64, f64); 9] = [
        (0.0, 0.1),
        (1.0, 5.0),
        (2.0, 9.0),
        (3.0, 8.0),
        (4.0, 12.0),
        (5.0, 11.0),
        (6.0, 7.0),
        (7.0, 6.0),
        (8.0, 6.5),
    ];

    #[test]
    fn the_peak_before_the_drop() {
        let slip = by_drop(&PULL, 0.5, 0.3).unwrap();
        assert_eq!(
            (slip.resistance, slip.at_s, slip.slipped_s),
            (12.0, 4.0, Some(6.0))
        );
    }

    #[test]
    fn a_stick_slip_on_the_way_is_no_gross_slip() {
        let mut pull = PULL;
        pull[3].1 = 4.0;
        assert_eq!(by_drop(&pull, 0.5, 0.3).unwrap().slipped_s, Some(6.0));
    }

    #[test]
    fn a_hand_that_holds_has_a_lower_bound() {
        let slip = by_drop(&PULL[..6], 0.5, 0.3).unwrap();
        assert_eq!((slip.resistance, slip.slipped_s), (12.0, None));
        assert_eq!(by_drop(&PULL[..1], 0.5, 0.3), None);
    }

    #[test]
    fn displacement_tells_slip_from_a_soft_hand() {
        let moved = [(0.0, 0.0), (2.5, 0.2), (3.5, 2.5), (8.0, 40.0)];
        let slip = by_displacement(&PULL, &moved, 2.0).unwrap();
        assert_eq!((slip.resistance, slip.slipped_s), (9.0, Some(3.5)));
        assert_eq!(by_displacement(&PULL, &[], 2.0).unwrap().slipped_s, None);
        assert_eq!(by_displacement(&[], &moved, 2.0), None);
    }
}
