//! Heat: winding rise by resistance, thermal steady state, and the torque that a rise allows.

use crate::stats::linear;

/// Temperature coefficient constants of winding materials, °C (IEC 60034-1).
pub mod material {
    /// Copper.
    pub const COPPER: f64 = 235.0;
    /// Aluminium.
    pub const ALUMINIUM: f64 = 225.0;
}

/// Winding rise over the coolant by resistance, kelvin (IEC 60034-1):
/// `(R2 - R1) / R1 (k + theta1) + theta1 - theta_a`, R1 at the temperature theta1 (°C) when cold, R2
/// hot, theta_a the coolant at the end, k of [`material`]. `None` for resistances that are not
/// positive.
#[must_use]
pub fn winding_rise(
    cold_ohm: f64,
    hot_ohm: f64,
    cold_c: f64,
    coolant_c: f64,
    k: f64,
) -> Option<f64> {
    let rise = (hot_ohm - cold_ohm) / cold_ohm * (k + cold_c) + cold_c - coolant_c;
    (cold_ohm > 0.0 && hot_ohm > 0.0 && rise.is_finite()).then_some(rise)
}

/// A resistance at the instant of switching off.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SwitchOff {
    /// Extrapolated resistance, unit of the samples.
    pub ohm: f64,
    /// Type A standard uncertainty of it, from the scatter about the line.
    pub u: f64,
    /// Degrees of freedom.
    pub nu: usize,
}

/// Extrapolates `(seconds since switching off, resistance)` readings of a cooling winding to zero:
/// a straight line through `ln(R - R1)` over time, R1 the cold resistance. Assumes that the winding
/// cools exponentially towards its cold state over the readings.
///
/// `None` for fewer than three readings, or one that is not above R1.
#[must_use]
pub fn at_switch_off(readings: &[(f64, f64)], cold_ohm: f64) -> Option<SwitchOff> {
    let logs: Vec<(f64, f64)> = readings
        .iter()
        .map(|(t, r)| (*t, (r - cold_ohm).ln()))
        .collect();
    let fit = linear::line(&logs).filter(|f| f.nu > 0)?;
    let above = fit.coefficients.first()?.exp();
    Some(SwitchOff {
        ohm: cold_ohm + above,
        u: above * fit.uncertainties.first()?,
        nu: fit.nu,
    })
}

/// Change of a temperature over the end of a record.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Steady {
    /// Least-squares slope over the last `over_s` seconds times that time, kelvin: what is held
    /// against the limit of change (1 K in 30 min for S1 duty, IEC 60034-1; a parameter).
    pub change: f64,
    /// Type A standard uncertainty of the change.
    pub change_u: f64,
    /// Degrees of freedom.
    pub nu: usize,
    /// Mean over that time.
    pub mean: f64,
}

/// `None` when the record is shorter than `over_s`, or holds fewer than three samples of it.
#[must_use]
pub fn steady(samples: &[(f64, f64)], over_s: f64) -> Option<Steady> {
    let (first, last) = (samples.first()?.0, samples.last()?.0);
    let long_enough = over_s > 0.0 && last - first >= over_s;
    let part = &samples[samples.partition_point(|s| s.0 < last - over_s)..];
    let middle = last - over_s / 2.0;
    let centred: Vec<(f64, f64)> = part.iter().map(|(t, y)| (t - middle, *y)).collect();
    let fit = linear::line(&centred).filter(|f| long_enough && f.nu > 0)?;
    Some(Steady {
        change: fit.coefficients.get(1)? * over_s,
        change_u: fit.uncertainties.get(1)? * over_s,
        nu: fit.nu,
        mean: *fit.coefficients.first()?,
    })
}

/// Torque that would cause the rise `allowed` when `torque` caused `rise`, by copper loss alone:
/// `T sqrt(allowed / rise)`. An approximation: friction and iron losses do not grow so. `None` for
/// rises that are not positive.
#[must_use]
pub fn torque_at_rise(torque: f64, rise: f64, allowed: f64) -> Option<f64> {
    let scaled = torque * (allowed / rise).sqrt();
    (rise > 0.0 && allowed > 0.0 && scaled.is_finite()).then_some(scaled)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::check::to_digits;

    #[test]
    fn a_copper_winding_that_rose_by_66_kelvin() {
        let rise = winding_rise(2.000, 2.540, 22.0, 25.0, material::COPPER).unwrap();
        to_digits(rise, 66.39, 2);
        let less = winding_rise(2.000, 2.540, 22.0, 25.0, material::ALUMINIUM).unwrap();
        to_digits(rise - less, 2.7, 9);
        assert_eq!(winding_rise(0.0, 2.5, 22.0, 25.0, 235.0), None);
    }

    #[test]
    fn a_cooling_winding_is_read_back_to_switching_off() {
        let readings: Vec<(f64, f64)> = (1..=6)
            .map(|i| 10.0 * f64::from(i))
            .map(|t| (t, 2.0 + 0.540 * (-t / 300.0).exp()))
            .collect();
        let off = at_switch_off(&readings, 2.0).unwrap();
        to_digits(off.ohm, 2.540, 9);
        assert!(off.u < 1e-9 && off.nu == 4);
        assert_eq!(at_switch_off(&readings[..2], 2.0), None);
        assert_eq!(at_switch_off(&readings, 3.0), None);
    }

    #[test]
    fn half_a_kelvin_in_half_an_hour_is_steady() {
        let samples: Vec<(f64, f64)> = (0..=7_200)
            .map(f64::from)
            .map(|t| {
                (
                    t,
                    60.0 + if t < 5_400.0 {
                        (t - 5_400.0) / 900.0
                    } else {
                        (t - 5_400.0) / 3_600.0
                    },
                )
            })
            .collect();
        let seen = steady(&samples, 1_800.0).unwrap();
        to_digits(seen.change, 0.5, 9);
        to_digits(seen.mean, 60.25, 9);
        assert_eq!(steady(&samples[..1_000], 1_800.0), None);
    }

    #[test]
    fn torque_goes_with_the_root_of_the_rise() {
        assert_eq!(torque_at_rise(10.0, 25.0, 100.0), Some(20.0));
        assert_eq!(torque_at_rise(10.0, 0.0, 100.0), None);
    }
}
