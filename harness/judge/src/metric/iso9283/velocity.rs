//! Path velocity characteristics AV, RV and FV: ISO 9283:1998, 8.6. Evaluated in the steady part
//! of the path, which the caller cuts out.

use crate::stats::summary::Summary;

/// Velocity over several passes of one path.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PathVelocity {
    /// Number of passes, at least two.
    pub n: usize,
    /// `v̄`, mean of the passes' means, unit of the command.
    pub mean: f64,
    /// `AV = (v̄ - v_c) / v_c`, percent, signed.
    pub av: f64,
    /// `RV = ±3 S_v / v_c`, percent, without the sign; S_v over the passes' means, divisor n - 1.
    pub rv: f64,
    /// `FV = max_j (max_i v_ij - min_i v_ij)`, unit of the command. A largest value: it grows with
    /// the number of samples and with their noise.
    pub fv: f64,
    /// The pass of `fv`, an index.
    pub worst: usize,
}

/// `passes[j]` are the velocities along pass j. `None` for fewer than two passes, an empty one, a
/// command that is not positive, or a number that is not finite.
#[must_use]
pub fn path_velocity(passes: &[Vec<f64>], command: f64) -> Option<PathVelocity> {
    if !(command > 0.0 && command.is_finite()) {
        return None;
    }
    let each: Vec<Summary> = passes
        .iter()
        .map(|p| Summary::of(p))
        .collect::<Option<_>>()?;
    let means: Vec<f64> = each.iter().map(|s| s.mean).collect();
    let over = Summary::of(&means)?;
    let ranges = each.iter().map(|s| s.max - s.min).enumerate();
    let (worst, fv) = ranges.max_by(|a, b| a.1.total_cmp(&b.1))?;
    Some(PathVelocity {
        n: over.n,
        mean: over.mean,
        av: 100.0 * (over.mean - command) / command,
        rv: 100.0 * 3.0 * over.s? / command,
        fv,
        worst,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::check::to_digits;

    #[test]
    fn ten_passes_at_250_millimetres_per_second() {
        let v = |j: i32, i: i32| {
            250.0 + 0.5 * f64::from((3 * j + 5 * i) % 7 - 3) - 0.8 + 0.05 * f64::from(j)
        };
        let passes: Vec<Vec<f64>> = (0..10).map(|j| (0..6).map(|i| v(j, i)).collect()).collect();
        let velocity = path_velocity(&passes, 250.0).unwrap();
        to_digits(velocity.mean, 249.433333, 6);
        to_digits(velocity.av, -0.226667, 6);
        to_digits(velocity.rv, 0.265832, 6);
        to_digits(velocity.fv, 3.0, 9);
    }

    #[test]
    fn a_command_of_nothing_has_no_percentage() {
        assert_eq!(path_velocity(&[vec![1.0], vec![1.0]], 0.0), None);
        assert_eq!(path_velocity(&[vec![1.0]], 1.0), None);
    }
}
