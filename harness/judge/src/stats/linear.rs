//! Linear least squares.

/// Coefficients of `y = sum c_k x_k` with their scatter.
#[derive(Debug, Clone, PartialEq)]
pub struct Fit {
    /// The coefficients.
    pub coefficients: Vec<f64>,
    /// Type A standard uncertainty of each, `s sqrt(diag((X'X)^-1))`; zero without a spare equation.
    pub uncertainties: Vec<f64>,
    /// Standard deviation of the residuals, divisor (equations - coefficients).
    pub s: f64,
    /// Degrees of freedom.
    pub nu: usize,
    /// Residuals `y - fit`.
    pub residuals: Vec<f64>,
}

/// Solves the equations `rows · c = y` by Householder's QR, which keeps twice the digits of the
/// normal equations. `None` for fewer equations than coefficients, rows of unequal length, columns
/// that depend on each other, or numbers that are not finite.
#[must_use]
pub fn least_squares(rows: &[Vec<f64>], y: &[f64]) -> Option<Fit> {
    let (m, n) = (rows.len(), rows.first()?.len());
    let finite = rows.iter().flatten().chain(y).all(|v| v.is_finite());
    if n == 0 || m < n || y.len() != m || !finite || rows.iter().any(|r| r.len() != n) {
        return None;
    }
    // Columns scaled to length 1: units of the coefficients do not decide what is dependent.
    let scale: Vec<f64> = (0..n)
        .map(|k| rows.iter().map(|r| r[k] * r[k]).sum::<f64>().sqrt())
        .collect();
    if scale.contains(&0.0) {
        return None;
    }
    let mut a: Vec<Vec<f64>> = (0..n)
        .map(|k| rows.iter().map(|r| r[k] / scale[k]).collect())
        .collect();
    let mut b = y.to_vec();
    let mut diagonal = vec![0.0; n];
    for k in 0..n {
        let length = a[k][k..].iter().map(|v| v * v).sum::<f64>().sqrt();
        if length < 1e-12 {
            return None;
        }
        let alpha = if a[k][k] > 0.0 { -length } else { length };
        let mut v = a[k][k..].to_vec();
        v[0] -= alpha;
        let square: f64 = v.iter().map(|x| x * x).sum();
        let reflect = |column: &mut [f64]| {
            let along = 2.0 * v.iter().zip(column.iter()).map(|(a, b)| a * b).sum::<f64>() / square;
            column.iter_mut().zip(&v).for_each(|(c, v)| *c -= along * v);
        };
        for column in &mut a[k + 1..] {
            reflect(&mut column[k..]);
        }
        reflect(&mut b[k..]);
        diagonal[k] = alpha;
    }
    // R is above the diagonal in the columns, its diagonal apart.
    let solve = |right: &[f64]| {
        let mut c = vec![0.0; n];
        for k in (0..n).rev() {
            let known: f64 = (k + 1..n).map(|j| a[j][k] * c[j]).sum();
            c[k] = (right[k] - known) / diagonal[k];
        }
        c
    };
    let coefficients: Vec<f64> = solve(&b).iter().zip(&scale).map(|(c, s)| c / s).collect();
    let residuals: Vec<f64> = rows
        .iter()
        .zip(y)
        .map(|(r, y)| y - r.iter().zip(&coefficients).map(|(x, c)| x * c).sum::<f64>())
        .collect();
    let nu = m - n;
    let squares: f64 = residuals.iter().map(|r| r * r).sum();
    let s = if nu > 0 {
        (squares / nu as f64).sqrt()
    } else {
        0.0
    };
    // diag((R'R)^-1) = row sums of squares of R^-1.
    let inverse: Vec<Vec<f64>> = (0..n)
        .map(|k| {
            let mut unit = vec![0.0; n];
            unit[k] = 1.0;
            solve(&unit)
        })
        .collect();
    let uncertainties = (0..n)
        .map(|k| s * inverse.iter().map(|c| c[k] * c[k]).sum::<f64>().sqrt() / scale[k])
        .collect();
    Some(Fit {
        coefficients,
        uncertainties,
        s,
        nu,
        residuals,
    })
}

/// The straight line `y = c0 + c1 x`.
#[must_use]
pub fn line(points: &[(f64, f64)]) -> Option<Fit> {
    let rows: Vec<Vec<f64>> = points.iter().map(|(x, _)| vec![1.0, *x]).collect();
    let y: Vec<f64> = points.iter().map(|p| p.1).collect();
    least_squares(&rows, &y)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::check::to_digits;

    #[test]
    fn the_certified_line_of_nist_norris() {
        // NIST StRD, Norris: 36 points; certified B0 -0.262323073774029, B1 1.00211681802045,
        // s(B0) 0.232818234301152, s(B1) 0.429796848199937e-3, residual s 0.884796396144373.
        let y = [
            0.1, 338.8, 118.1, 888.0, 9.2, 228.1, 668.5, 998.5, 449.1, 778.9, 559.2, 0.3, 0.1,
            778.1, 668.8, 339.3, 448.9, 10.8, 557.7, 228.3, 998.0, 888.8, 119.6, 0.3, 0.6, 557.6,
            339.3, 888.0, 998.5, 778.9, 10.2, 117.6, 228.9, 668.4, 449.2, 0.2,
        ];
        let x = [
            0.2, 337.4, 118.2, 884.6, 10.1, 226.5, 666.3, 996.3, 448.6, 777.0, 558.2, 0.4, 0.6,
            775.5, 666.9, 338.0, 447.5, 11.6, 556.0, 228.1, 995.8, 887.6, 120.2, 0.3, 0.3, 556.8,
            339.1, 887.2, 999.0, 779.0, 11.1, 118.3, 229.2, 669.1, 448.9, 0.5,
        ];
        let points: Vec<(f64, f64)> = x.iter().copied().zip(y).collect();
        let fit = line(&points).unwrap();
        to_digits(fit.coefficients[0], -0.262323073774029, 12);
        to_digits(fit.coefficients[1], 1.00211681802045, 13);
        to_digits(fit.uncertainties[0], 0.232818234301152, 12);
        to_digits(fit.uncertainties[1], 0.429796848199937e-3, 15);
        to_digits(fit.s, 0.884796396144373, 12);
        assert_eq!(fit.nu, 34);
    }

    #[test]
    fn a_polynomial_of_nist_wampler_comes_out_whole() {
        // NIST StRD, Wampler1: y = 1 + x + ... + x^5 exactly.
        let rows: Vec<Vec<f64>> = (0..21)
            .map(|i| (0..6).map(|k| f64::from(i).powi(k)).collect())
            .collect();
        let y: Vec<f64> = rows.iter().map(|r| r.iter().sum()).collect();
        let fit = least_squares(&rows, &y).unwrap();
        assert!(
            fit.coefficients.iter().all(|c| (c - 1.0).abs() < 1e-8),
            "{fit:?}"
        );
    }

    #[test]
    fn what_cannot_be_solved_is_not() {
        assert_eq!(line(&[(1.0, 1.0)]), None);
        assert_eq!(line(&[(1.0, 1.0), (1.0, 2.0), (1.0, 3.0)]), None);
        assert_eq!(
            least_squares(&[vec![1.0, 2.0], vec![1.0]], &[1.0, 2.0]),
            None
        );
        assert_eq!(line(&[(0.0, f64::NAN), (1.0, 1.0)]), None);
        assert_eq!(least_squares(&[], &[]), None);
    }
}
