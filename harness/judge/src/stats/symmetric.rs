//! Eigenvalues and eigenvectors of small symmetric matrices.

/// Eigenvalues, largest first, each with its unit vector, of a symmetric matrix, by cyclic Jacobi
/// rotations (Golub and Van Loan, Matrix Computations, 4th edition, 8.5). `None` when a number
/// is not finite or the matrix is not symmetric.
#[must_use]
pub fn eigen<const N: usize>(matrix: [[f64; N]; N]) -> Option<Vec<(f64, [f64; N])>> {
    let symmetric = pairs::<N>().all(|(p, q)| matrix[p][q] == matrix[q][p]);
    if !symmetric || matrix.iter().flatten().any(|v| !v.is_finite()) {
        return None;
    }
    let mut a = matrix;
    let mut vectors: [[f64; N]; N] =
        std::array::from_fn(|i| std::array::from_fn(|j| f64::from(u8::from(i == j))));
    let size: f64 = a.iter().flatten().map(|v| v * v).sum();
    // Each sweep squares what is left off the diagonal; a handful is enough for any small matrix.
    for _ in 0..64 {
        let off: f64 = pairs::<N>().map(|(p, q)| a[p][q] * a[p][q]).sum();
        if off <= size * 1e-32 {
            break;
        }
        for (p, q) in pairs::<N>() {
            rotate(&mut a, &mut vectors, p, q);
        }
    }
    let mut found: Vec<_> = (0..N)
        .map(|k| (a[k][k], std::array::from_fn(|i| vectors[i][k])))
        .collect();
    found.sort_by(|x: &(f64, [f64; N]), y| y.0.total_cmp(&x.0));
    Some(found)
}

fn pairs<const N: usize>() -> impl Iterator<Item = (usize, usize)> {
    (0..N).flat_map(|p| (p + 1..N).map(move |q| (p, q)))
}

/// The rotation in the plane of axes p and q that makes `a[p][q]` zero.
fn rotate<const N: usize>(a: &mut [[f64; N]; N], vectors: &mut [[f64; N]; N], p: usize, q: usize) {
    if a[p][q] == 0.0 {
        return;
    }
    let theta = (a[q][q] - a[p][p]) / (2.0 * a[p][q]);
    let t = theta.signum() / (theta.abs() + theta.hypot(1.0));
    let c = 1.0 / t.hypot(1.0);
    let s = t * c;
    for row in a.iter_mut() {
        (row[p], row[q]) = (c * row[p] - s * row[q], s * row[p] + c * row[q]);
    }
    let (rest, from_q) = a.split_at_mut(q);
    for (p, q) in rest[p].iter_mut().zip(&mut from_q[0]) {
        (*p, *q) = (c * *p - s * *q, s * *p + c * *q);
    }
    for row in vectors.iter_mut() {
        (row[p], row[q]) = (c * row[p] - s * row[q], s * row[p] + c * row[q]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn two_by_two_by_hand() {
        let found = eigen([[2.0, 1.0], [1.0, 2.0]]).unwrap();
        assert!((found[0].0 - 3.0).abs() < 1e-15 && (found[1].0 - 1.0).abs() < 1e-15);
        let [x, y] = found[0].1;
        assert!((x - y).abs() < 1e-15 && (x.abs() - 0.5_f64.sqrt()).abs() < 1e-15);
        assert_eq!(eigen([[f64::NAN]]), None);
        assert_eq!(eigen([[1.0, 2.0], [3.0, 1.0]]), None);
    }

    proptest! {
        #[test]
        fn the_vectors_give_the_matrix_back(values in proptest::array::uniform10(-1e3..1e3_f64)) {
            let [xx, xy, xz, xw, yy, yz, yw, zz, zw, ww] = values;
            let a = [[xx, xy, xz, xw], [xy, yy, yz, yw], [xz, yz, zz, zw], [xw, yw, zw, ww]];
            let found = eigen(a).unwrap();
            for (i, row) in a.iter().enumerate() {
                for (j, cell) in row.iter().enumerate() {
                    let back: f64 = found.iter().map(|(l, v)| l * v[i] * v[j]).sum();
                    prop_assert!((back - cell).abs() < 1e-9);
                }
            }
        }
    }
}
