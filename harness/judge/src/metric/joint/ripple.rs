//! Torque ripple over the angle, order by order.

use crate::stats::linear;

/// One order of the ripple.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Order {
    /// Periods a revolution.
    pub order: u32,
    /// Amplitude (half of peak to peak), unit of the torque.
    pub amplitude: f64,
    /// Angle of the first crest, degrees of the revolution divided by the order.
    pub phase_deg: f64,
}

/// Mean torque and the amplitude of each order asked for, by least squares over `(degrees, torque)`
/// samples: `T = T_0 + sum a_k cos(k phi) + b_k sin(k phi)`. The samples need not be even.
///
/// `None` when they are too few or do not tell the orders apart (aliasing, a part of a turn).
#[must_use]
pub fn ripple(samples: &[(f64, f64)], orders: &[u32]) -> Option<(f64, Vec<Order>)> {
    let row = |degrees: f64| {
        let mut row = vec![1.0];
        for order in orders {
            let (sin, cos) = (f64::from(*order) * degrees).to_radians().sin_cos();
            row.extend([cos, sin]);
        }
        row
    };
    let rows: Vec<Vec<f64>> = samples.iter().map(|s| row(s.0)).collect();
    let torques: Vec<f64> = samples.iter().map(|s| s.1).collect();
    let fit = linear::least_squares(&rows, &torques).filter(|f| f.nu > 0)?;
    let waves = fit.coefficients[1..].chunks_exact(2).zip(orders);
    let of = |(wave, order): (&[f64], &u32)| Order {
        order: *order,
        amplitude: wave[0].hypot(wave[1]),
        phase_deg: wave[1].atan2(wave[0]).to_degrees() / f64::from((*order).max(1)),
    };
    Some((*fit.coefficients.first()?, waves.map(of).collect()))
}

/// Peak to peak over the mean, dimensionless. `None` for a mean of zero.
#[must_use]
pub fn peak_to_peak(samples: &[(f64, f64)]) -> Option<f64> {
    let torques: Vec<f64> = samples.iter().map(|s| s.1).collect();
    let summary = crate::stats::summary::Summary::of(&torques)?;
    let share = (summary.max - summary.min) / summary.mean.abs();
    share.is_finite().then_some(share)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::check::to_digits;

    #[test]
    fn slots_and_a_bearing() {
        let torque = |deg: f64| {
            10.0 + 0.3 * (12.0 * (deg - 5.0)).to_radians().cos() + 0.1 * deg.to_radians().sin()
        };
        let samples: Vec<(f64, f64)> = (0..720)
            .map(|i| 0.5 * f64::from(i) + 0.1)
            .map(|d| (d, torque(d)))
            .collect();
        let (mean, orders) = ripple(&samples, &[1, 12, 24]).unwrap();
        to_digits(mean, 10.0, 9);
        to_digits(orders[0].amplitude, 0.1, 9);
        to_digits(orders[1].amplitude, 0.3, 9);
        to_digits(orders[1].phase_deg, 5.0, 9);
        to_digits(orders[2].amplitude, 0.0, 9);
        assert_eq!(ripple(&samples[..3], &[1, 12]), None);
        assert!((peak_to_peak(&samples).unwrap() - 0.08).abs() < 0.001);
    }
}
