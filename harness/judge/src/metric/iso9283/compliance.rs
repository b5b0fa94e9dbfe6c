//! Static compliance: ISO 9283:1998, clause 10: displacement of the mechanical interface under a
//! force along a base axis, servos on, in mm/N, per axis and direction.

/// Compliance in one direction, unit of displacement per unit of force.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Compliance {
    /// Displacement over force at the largest force.
    pub at_full_load: f64,
    /// The largest quotient of all steps.
    pub worst: f64,
    /// Least-squares line through the origin, `sum F d / sum F²`.
    pub slope: f64,
    /// Type A standard uncertainty of the slope, `s / sqrt(sum F²)` with the residuals' s, divisor
    /// n - 1; `None` for a single step.
    pub slope_u: Option<f64>,
}

/// From `(force, displacement)` steps, force above zero. `None` without a step, or when a number is
/// not finite or a force not positive.
#[must_use]
pub fn compliance(steps: &[(f64, f64)]) -> Option<Compliance> {
    let sound = |s: &(f64, f64)| s.0 > 0.0 && s.0.is_finite() && s.1.is_finite();
    if steps.is_empty() || !steps.iter().all(sound) {
        return None;
    }
    let (full, displaced) = steps.iter().copied().max_by(|a, b| a.0.total_cmp(&b.0))?;
    let squares: f64 = steps.iter().map(|(f, _)| f * f).sum();
    let slope = steps.iter().map(|(f, d)| f * d).sum::<f64>() / squares;
    let residuals: f64 = steps.iter().map(|(f, d)| (d - slope * f).powi(2)).sum();
    let nu = steps.len() as f64 - 1.0;
    Some(Compliance {
        at_full_load: displaced / full,
        worst: steps
            .iter()
            .map(|(f, d)| d / f)
            .fold(f64::NEG_INFINITY, f64::max),
        slope,
        slope_u: (nu > 0.0).then(|| (residuals / nu / squares).sqrt()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::check::to_digits;

    #[test]
    fn ten_steps_to_full_load() {
        let steps: Vec<(f64, f64)> = (1..=10)
            .map(|q| {
                let force = 10.0 * f64::from(q);
                (force, 0.0021 * force + 0.0005 * f64::from(3 * q % 5 - 2))
            })
            .collect();
        let compliance = compliance(&steps).unwrap();
        to_digits(compliance.at_full_load, 0.00209, 5);
        to_digits(compliance.worst, 0.00215, 5);
        to_digits(compliance.slope, 0.00209870, 8);
        assert!(compliance.slope_u.unwrap() > 0.0);
    }

    #[test]
    fn no_force_no_compliance() {
        assert_eq!(compliance(&[]), None);
        assert_eq!(compliance(&[(0.0, 1.0)]), None);
    }
}
