//! Efficiency of a joint at operating points: mechanical power out over electrical power in.

/// One operating point.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Operating {
    /// Torque at the output, N m.
    pub torque_nm: f64,
    /// Speed of the output, rad/s.
    pub speed_rad_per_s: f64,
    /// Voltage at the input, V.
    pub volt: f64,
    /// Current at the input, A.
    pub ampere: f64,
    /// Standard uncertainties of the four, in their order and units.
    pub u: [f64; 4],
}

/// Efficiency with its standard uncertainty, both dimensionless.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Efficiency {
    /// `eta = T omega / (U I)`.
    pub value: f64,
    /// `eta sqrt(sum (u_i / x_i)²)`: a product of independent quantities.
    pub u: f64,
}

/// `None` unless all four are positive: at a standstill or when braking there is no efficiency.
#[must_use]
pub fn efficiency(at: &Operating) -> Option<Efficiency> {
    let quantities = [at.torque_nm, at.speed_rad_per_s, at.volt, at.ampere];
    let sound = quantities.iter().all(|q| *q > 0.0) && at.u.iter().all(|u| *u >= 0.0);
    let value = at.torque_nm * at.speed_rad_per_s / (at.volt * at.ampere);
    let relative: f64 = quantities
        .iter()
        .zip(at.u)
        .map(|(q, u)| (u / q).powi(2))
        .sum();
    (sound && value.is_finite() && relative.is_finite()).then(|| Efficiency {
        value,
        u: value * relative.sqrt(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::check::to_digits;

    #[test]
    fn sixty_watts_out_of_eighty() {
        let at = Operating {
            torque_nm: 20.0,
            speed_rad_per_s: 3.0,
            volt: 48.0,
            ampere: 80.0 / 48.0,
            u: [0.2, 0.0, 0.0, 0.0],
        };
        let eta = efficiency(&at).unwrap();
        to_digits(eta.value, 0.75, 12);
        to_digits(eta.u, 0.0075, 12);
        assert_eq!(efficiency(&Operating { volt: 0.0, ..at }), None);
    }
}
