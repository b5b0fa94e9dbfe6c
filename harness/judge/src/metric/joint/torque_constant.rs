//! Torque constant and its linearity: measured torque over current.

use crate::stats::linear;

/// A straight line through torque over current.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TorqueConstant {
    /// `Kt`, newton metres an ampere.
    pub kt: f64,
    /// Type A standard uncertainty of it.
    pub kt_u: f64,
    /// Torque at no current (friction, offset of the sensor), N m.
    pub offset: f64,
    /// Largest departure from the line over the largest torque, dimensionless.
    pub nonlinearity: f64,
    /// Degrees of freedom.
    pub nu: usize,
}

/// Least-squares line through `(ampere, newton metre)` pairs at standstill or constant speed. `None`
/// for fewer than three pairs, equal currents, or no torque at all.
#[must_use]
pub fn torque_constant(pairs: &[(f64, f64)]) -> Option<TorqueConstant> {
    let fit = linear::line(pairs).filter(|f| f.nu > 0)?;
    let most = |values: &mut dyn Iterator<Item = f64>| values.map(f64::abs).fold(0.0, f64::max);
    let torque = most(&mut pairs.iter().map(|p| p.1));
    let off = most(&mut fit.residuals.iter().copied());
    (torque > 0.0).then_some(TorqueConstant {
        kt: *fit.coefficients.get(1)?,
        kt_u: *fit.uncertainties.get(1)?,
        offset: *fit.coefficients.first()?,
        nonlinearity: off / torque,
        nu: fit.nu,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::check::to_digits;

    #[test]
    fn a_motor_that_saturates_a_little() {
        // Through (1, 0.1), (2, 0.2), (3, 0.27): slope 0.085, departures 1/3, 2/3, 1/3 of 0.015.
        let kt = torque_constant(&[(1.0, 0.1), (2.0, 0.2), (3.0, 0.27)]).unwrap();
        to_digits(kt.kt, 0.085, 12);
        to_digits(kt.offset, 0.02, 12);
        to_digits(kt.nonlinearity, 0.01 / 0.27, 9);
        assert_eq!(torque_constant(&[(1.0, 0.1), (2.0, 0.2)]), None);
    }
}
