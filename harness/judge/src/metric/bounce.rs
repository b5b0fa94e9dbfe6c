//! What swings back: a contact that bounces before it is closed, an axis that springs back after
//! its first standstill.

/// How a contact settled.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bounce {
    /// Changes of level, the first one included.
    pub changes: usize,
    /// From the first change to the last, seconds; 0 for a clean contact.
    pub duration_s: f64,
}

/// Bounce of a contact from `(seconds, closed)` samples. A bounce shorter than the sampling is not
/// seen. `None` without a change.
#[must_use]
pub fn contact(levels: &[(f64, bool)]) -> Option<Bounce> {
    let changes: Vec<f64> = levels
        .windows(2)
        .filter(|w| w[0].1 != w[1].1)
        .map(|w| w[1].0)
        .collect();
    Some(Bounce {
        changes: changes.len(),
        duration_s: changes.last()? - changes.first()?,
    })
}

/// How far an axis went beyond its final position before it came back, unit of the positions:
/// largest excursion in the direction of travel minus the final position; 0 when it never came back.
/// `None` without positions, or for a direction of zero.
#[must_use]
pub fn rebound(positions: &[f64], direction: f64) -> Option<f64> {
    let last = positions.last()?;
    let beyond = positions.iter().map(|p| (p - last) * direction.signum());
    let most = beyond.fold(0.0, f64::max);
    (direction != 0.0 && last.is_finite() && most.is_finite()).then_some(most)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_relay_bounces_twice() {
        let levels = [
            (0.0, false),
            (0.001, true),
            (0.002, false),
            (0.004, true),
            (0.009, true),
        ];
        let bounce = contact(&levels).unwrap();
        assert_eq!(bounce.changes, 3);
        assert!((bounce.duration_s - 0.003).abs() < 1e-12);
        assert_eq!(contact(&levels[..1]), None);
    }

    #[test]
    fn an_elastic_arm_springs_back() {
        assert_eq!(
            rebound(&[0.0, 10.0, 14.6, 14.4, 14.4], 1.0),
            Some(14.6 - 14.4)
        );
        assert_eq!(rebound(&[0.0, -10.0, -14.0], -1.0), Some(0.0));
        assert_eq!(rebound(&[], 1.0), None);
    }
}
