//! Agreement of two laboratories or of a laboratory with a reference value: ISO 13528:2015.

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

/// `zeta = (x - X) / sqrt(u_x² + u_X²)` with standard uncertainties.
#[must_use]
pub fn zeta(value: f64, u_value: f64, reference: f64, u_reference: f64) -> Option<f64> {
    e_n(value, u_value, reference, u_reference)
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
}
