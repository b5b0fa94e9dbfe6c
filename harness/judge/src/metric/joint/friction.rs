//! Friction over speed: Coulomb, Stribeck and viscous parts.

use crate::stats::linear::{self, Fit};

/// `T(v) = T_c + (T_s - T_c) exp(-(v/v_s)²) + b v` for v > 0 (Armstrong-Hélouvry, Dupont, Canudas de
/// Wit, Automatica 30, 1994).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Stribeck {
    /// Coulomb friction `T_c`.
    pub coulomb: f64,
    /// Breakaway friction `T_s`.
    pub breakaway: f64,
    /// Stribeck speed `v_s`.
    pub speed: f64,
    /// Viscous coefficient `b`, torque per speed.
    pub viscous: f64,
    /// Standard deviation of the residuals.
    pub s: f64,
}

/// Fits steady `(speed, torque)` pairs of one direction, speeds above zero. For a given Stribeck
/// speed the rest is linear; that speed is searched between the least and the largest speed, first
/// on a grid in its logarithm, then by golden sections: the same pairs give the same result.
///
/// `None` for fewer than five pairs or speeds that are not positive. With no dip at low speed the
/// Stribeck speed means nothing: look at `breakaway` against `coulomb`.
#[must_use]
pub fn stribeck(pairs: &[(f64, f64)]) -> Option<Stribeck> {
    if pairs.len() < 5 || !pairs.iter().all(|p| p.0 > 0.0 && p.0.is_finite()) {
        return None;
    }
    let speeds = || pairs.iter().map(|p| p.0);
    let low = speeds().fold(f64::INFINITY, f64::min).ln();
    let high = speeds().fold(0.0, f64::max).ln();
    if low >= high {
        return None;
    }
    let misfit = |log: f64| fit(pairs, log.exp()).map_or(f64::INFINITY, |f| f.s);
    let grid = 60;
    let at = |i: u32| low + (high - low) * f64::from(i) / f64::from(grid);
    let best = (0..=grid).min_by(|a, b| misfit(at(*a)).total_cmp(&misfit(at(*b))))?;
    let log = golden(at(best.saturating_sub(1)), at((best + 1).min(grid)), misfit);
    let fit = fit(pairs, log.exp())?;
    let [coulomb, dip, viscous] = fit.coefficients[..] else {
        return None;
    };
    Some(Stribeck {
        coulomb,
        breakaway: coulomb + dip,
        speed: log.exp(),
        viscous,
        s: fit.s,
    })
}

fn fit(pairs: &[(f64, f64)], speed: f64) -> Option<Fit> {
    let row = |v: f64| vec![1.0, (-(v / speed).powi(2)).exp(), v];
    let rows: Vec<Vec<f64>> = pairs.iter().map(|p| row(p.0)).collect();
    let torques: Vec<f64> = pairs.iter().map(|p| p.1).collect();
    linear::least_squares(&rows, &torques)
}

/// The least of a function with one valley.
fn golden(mut low: f64, mut high: f64, f: impl Fn(f64) -> f64) -> f64 {
    let ratio = (5f64.sqrt() - 1.0) / 2.0;
    for _ in 0..100 {
        let (a, b) = (high - ratio * (high - low), low + ratio * (high - low));
        if f(a) <= f(b) {
            high = b;
        } else {
            low = a;
        }
    }
    (low + high) / 2.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_joint_with_a_dip() {
        let torque = |v: f64| 2.0 + 1.5 * (-(v / 0.3f64).powi(2)).exp() + 0.4 * v;
        let pairs: Vec<(f64, f64)> = (1..=40)
            .map(|i| 0.05 * f64::from(i))
            .map(|v| (v, torque(v)))
            .collect();
        let fitted = stribeck(&pairs).unwrap();
        for (got, want) in [
            (fitted.coulomb, 2.0),
            (fitted.breakaway, 3.5),
            (fitted.speed, 0.3),
            (fitted.viscous, 0.4),
        ] {
            assert!((got - want).abs() < 1e-6, "{fitted:?}");
        }
        assert!(fitted.s < 1e-7);
        assert_eq!(stribeck(&pairs[..4]), None);
        assert_eq!(stribeck(&[(0.0, 1.0); 5]), None);
        assert_eq!(stribeck(&[(1.0, 1.0); 5]), None);
    }
}
