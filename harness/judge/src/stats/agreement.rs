//! Agreement of two judges of the same trials: Cohen's kappa.

/// Agreement beyond chance.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Kappa {
    /// Trials that both judged.
    pub n: u64,
    /// Share on which they agree.
    pub observed: f64,
    /// Share that would agree by chance with these margins.
    pub by_chance: f64,
    /// `kappa = (p_o - p_e) / (1 - p_e)`.
    pub kappa: f64,
    /// Large-sample standard error (Fleiss, Cohen, Everitt, Psychological Bulletin 72, 1969).
    pub standard_error: f64,
}

/// Kappa of a square table, `table[i][j]` trials that the first judge called i and the second j
/// (Cohen, Educational and Psychological Measurement 20, 1960).
///
/// `None` for a table that is empty or not square, or when both judges gave a single answer
/// throughout: then chance explains everything and kappa says nothing.
#[must_use]
pub fn kappa(table: &[Vec<u64>]) -> Option<Kappa> {
    let k = table.len();
    if k < 2 || table.iter().any(|row| row.len() != k) {
        return None;
    }
    let total: u64 = table.iter().flatten().sum();
    if total == 0 {
        return None;
    }
    let n = total as f64;
    let p = |i: usize, j: usize| table[i][j] as f64 / n;
    let first: Vec<f64> = (0..k).map(|i| (0..k).map(|j| p(i, j)).sum()).collect();
    let second: Vec<f64> = (0..k).map(|j| (0..k).map(|i| p(i, j)).sum()).collect();
    let observed: f64 = (0..k).map(|i| p(i, i)).sum();
    let by_chance: f64 = first.iter().zip(&second).map(|(a, b)| a * b).sum();
    let rest = 1.0 - by_chance;
    if rest <= f64::EPSILON {
        return None;
    }
    let kappa = (observed - by_chance) / rest;
    let on: f64 = (0..k)
        .map(|i| p(i, i) * (1.0 - (first[i] + second[i]) * (1.0 - kappa)).powi(2))
        .sum();
    let off: f64 = (0..k)
        .flat_map(|i| (0..k).map(move |j| (i, j)))
        .filter(|(i, j)| i != j)
        .map(|(i, j)| p(i, j) * (second[i] + first[j]).powi(2))
        .sum();
    let minus = (kappa - by_chance * (1.0 - kappa)).powi(2);
    let variance = (on + (1.0 - kappa).powi(2) * off - minus) / (n * rest * rest);
    Some(Kappa {
        n: total,
        observed,
        by_chance,
        kappa,
        standard_error: variance.max(0.0).sqrt(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::check::to_digits;

    #[test]
    fn agreement_of_two_readers_of_fifty_proposals() {
        // 20 yes-yes, 5 yes-no, 10 no-yes, 15 no-no: p_o 0.7, p_e 0.5, kappa 0.4.
        let kappa = kappa(&[vec![20, 5], vec![10, 15]]).unwrap();
        to_digits(kappa.observed, 0.70, 9);
        to_digits(kappa.by_chance, 0.50, 9);
        to_digits(kappa.kappa, 0.40, 9);
        assert_eq!(kappa.n, 50);
    }

    #[test]
    fn perfect_agreement_is_one_and_chance_is_zero() {
        let perfect = kappa(&[vec![10, 0], vec![0, 7]]).unwrap();
        assert_eq!((perfect.kappa, perfect.standard_error), (1.0, 0.0));
        to_digits(kappa(&[vec![4, 4], vec![4, 4]]).unwrap().kappa, 0.0, 12);
    }

    #[test]
    fn judges_with_one_answer_throughout_agree_on_nothing() {
        assert_eq!(kappa(&[vec![30, 0], vec![0, 0]]), None);
        assert_eq!(kappa(&[vec![1, 2, 3], vec![1, 2, 3]]), None);
        assert_eq!(kappa(&[]), None);
    }
}
