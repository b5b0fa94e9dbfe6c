//! Agreement of laboratories with each other or with a reference value: ISO 13528:2022 (ISO/IEC
//! 17043:2023 asks providers of proficiency tests for it).

/// `E_n = (x - X) / sqrt(U_x² + U_X²)`, both expanded with the same k: within ±1 is satisfactory.
/// `None` when no uncertainty is positive or a number is not finite.
#[must_use]
pub fn e_n(value: f64, u_value: f64, reference: f64, u_reference: f64) -> Option<f64> {
    let sound = u_value >= 0.0 && u_reference >= 0.0;
    let e = (value - reference) / u_value.hypot(u_reference);
    (sound && e.is_finite()).then_some(e)
}

/// `z = (x - X) / sigma_pt`: within ±2 is satisfactory, beyond ±3 is not. `None` for a standard
/// deviation that is not positive.
#[must_use]
pub fn z(value: f64, reference: f64, sigma: f64) -> Option<f64> {
    let z = (value - reference) / sigma;
    (sigma > 0.0 && z.is_finite()).then_some(z)
}

/// `z' = (x - X) / sqrt(sigma_pt² + u_X²)` (9.5): for an assigned value whose standard uncertainty is
/// more than 0.3 sigma_pt.
#[must_use]
pub fn z_prime(value: f64, reference: f64, u_reference: f64, sigma: f64) -> Option<f64> {
    (u_reference >= 0.0 && sigma > 0.0).then_some(())?;
    z(value, reference, sigma.hypot(u_reference))
}

/// A mean and a standard deviation that a few outliers do not move.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Robust {
    /// x*.
    pub mean: f64,
    /// s*; zero when half of the values or more are alike.
    pub s: f64,
    /// Standard uncertainty of the mean as an assigned value, `1.25 s* / sqrt(p)` (7.7.3).
    pub u: f64,
}

/// Algorithm A (annex C.3): beginning with the median and 1.483 times the median of the distances from
/// it, values beyond 1.5 s* are drawn in to there, mean and 1.134 times the standard deviation are taken
/// again, until nothing changes any more. `None` for fewer than three values, or one that is not finite.
#[must_use]
pub fn algorithm_a(values: &[f64]) -> Option<Robust> {
    if values.len() < 3 || values.iter().any(|v| !v.is_finite()) {
        return None;
    }
    let n = values.len() as f64;
    let mut mean = median(values);
    let distances: Vec<f64> = values.iter().map(|v| (v - mean).abs()).collect();
    let mut s = 1.483 * median(&distances);
    // It converges by a factor a step; the bound only holds off what nobody foresaw.
    for _ in 0..1000 {
        let drawn: Vec<f64> = values
            .iter()
            .map(|v| v.clamp(mean - 1.5 * s, mean + 1.5 * s))
            .collect();
        let next = drawn.iter().sum::<f64>() / n;
        let squares: f64 = drawn.iter().map(|v| (v - next).powi(2)).sum();
        let next_s = 1.134 * (squares / (n - 1.0)).sqrt();
        let settled = (next - mean).abs() <= 1e-12 * next_s && (next_s - s).abs() <= 1e-12 * next_s;
        (mean, s) = (next, next_s);
        if settled {
            break;
        }
    }
    let u = 1.25 * s / n.sqrt();
    Some(Robust { mean, s, u })
}

fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    let at = |i: usize| sorted.get(i).copied().unwrap_or(f64::NAN);
    match sorted.len() % 2 {
        1 => at(middle),
        _ => 0.5 * (at(middle.wrapping_sub(1)) + at(middle)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::check::to_digits;

    #[test]
    fn two_laboratories() {
        to_digits(e_n(10.05, 0.03, 10.00, 0.04).unwrap(), 1.0, 9);
        to_digits(z(10.05, 10.00, 0.02).unwrap(), 2.5, 9);
        assert_eq!(e_n(1.0, 0.0, 1.0, 0.0), None);
        assert_eq!(z(1.0, 1.0, 0.0), None);
    }

    /// Computed by an independent script from the steps of annex C.3; the data are those of the AMC's
    /// technical brief 6 (2001), whose 9.9 moves the plain mean to 5.79 and the deviation to 1.91.
    #[test]
    fn an_outlier_moves_the_robust_mean_little() {
        let robust = algorithm_a(&[4.5, 4.9, 5.6, 4.2, 6.2, 5.2, 9.9]).unwrap();
        to_digits(robust.mean, 5.386489, 6);
        to_digits(robust.s, 1.145957, 6);
        to_digits(robust.u, 0.541414, 6);
        let robust = algorithm_a(&[10.05, 10.00, 10.02, 9.98, 10.01, 12.0]).unwrap();
        to_digits(robust.mean, 10.026248, 6);
        to_digits(robust.s, 0.047493, 6);
    }

    #[test]
    fn what_carries_no_information_gives_no_scatter() {
        assert_eq!(algorithm_a(&[1.0, 2.0]), None);
        assert_eq!(algorithm_a(&[1.0, 2.0, f64::NAN]), None);
        let alike = algorithm_a(&[2.0, 2.0, 2.0, 5.0]).unwrap();
        assert_eq!((alike.s, z(5.0, alike.mean, alike.s)), (0.0, None));
    }

    #[test]
    fn an_assigned_value_of_its_own_doubt_softens_the_score() {
        to_digits(z_prime(10.05, 10.0, 0.0, 0.02).unwrap(), 2.5, 9);
        to_digits(z_prime(10.05, 10.0, 0.015, 0.02).unwrap(), 2.0, 9);
        assert_eq!(z_prime(1.0, 1.0, 0.1, 0.0), None);
    }
}
