//! Performance levels of safety functions: arithmetic of ISO 13849-1:2023 (= GB/T 16855.1-2025).
//!
//! A performance level belongs to a safety *function*, never to a robot. What goes in (B10D,
//! categories, diagnostic coverage) is declared by somebody; the result is no better than that. Only
//! the simplified procedure is here: where its table says nothing, Annex K decides, not this file.

/// Operations a year: `n_op = d_op h_op 3600 / t_cycle`, days a year, hours a day, seconds a cycle.
#[must_use]
pub fn operations_per_year(days: f64, hours: f64, cycle_s: f64) -> Option<f64> {
    let n = days * hours * 3_600.0 / cycle_s;
    (n > 0.0 && n.is_finite()).then_some(n)
}

/// Mean time to dangerous failure of what wears, years: `MTTF_D = B10D / (0.1 n_op)`.
#[must_use]
pub fn mttf_d(b10d_cycles: f64, n_op: f64) -> f64 {
    b10d_cycles / (0.1 * n_op)
}

/// After so many years it must be replaced: `T10D = B10D / n_op`.
#[must_use]
pub fn t10d(b10d_cycles: f64, n_op: f64) -> f64 {
    b10d_cycles / n_op
}

/// Parts in a row: `1 / MTTF_D = sum 1 / MTTF_Di`, years. `None` without a part, or with one that is
/// not positive.
#[must_use]
pub fn series(parts_years: &[f64]) -> Option<f64> {
    let sound = !parts_years.is_empty() && parts_years.iter().all(|m| *m > 0.0);
    let rate: f64 = parts_years.iter().map(|m| 1.0 / m).sum();
    sound.then(|| 1.0 / rate).filter(|m| m.is_finite())
}

/// Two channels as one: `2/3 (C1 + C2 - 1 / (1/C1 + 1/C2))`, years.
#[must_use]
pub fn symmetrize(first_years: f64, second_years: f64) -> f64 {
    let parallel = 1.0 / (1.0 / first_years + 1.0 / second_years);
    2.0 / 3.0 * (first_years + second_years - parallel)
}

/// Average diagnostic coverage of `(MTTF_D in years, DC as a share)`:
/// `sum(DC_i / MTTF_Di) / sum(1 / MTTF_Di)`. `None` as for [`series`], or for a DC outside 0 to 1.
#[must_use]
pub fn dc_average(parts: &[(f64, f64)]) -> Option<f64> {
    let sound = |p: &(f64, f64)| p.0 > 0.0 && p.0.is_finite() && (0.0..=1.0).contains(&p.1);
    if parts.is_empty() || !parts.iter().all(sound) {
        return None;
    }
    let weights: f64 = parts.iter().map(|(m, _)| 1.0 / m).sum();
    Some(parts.iter().map(|(m, dc)| dc / m).sum::<f64>() / weights)
}

/// Class of a diagnostic coverage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Coverage {
    /// Below 60 %.
    None,
    /// 60 % to below 90 %.
    Low,
    /// 90 % to below 99 %.
    Medium,
    /// 99 % and more.
    High,
}

/// The class of a share.
#[must_use]
pub fn coverage(dc: f64) -> Coverage {
    match dc {
        dc if dc >= 0.99 => Coverage::High,
        dc if dc >= 0.90 => Coverage::Medium,
        dc if dc >= 0.60 => Coverage::Low,
        _ => Coverage::None,
    }
}

/// Class of a channel's MTTF_D.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Endurance {
    /// 3 to below 10 years.
    Low,
    /// 10 to below 30 years.
    Medium,
    /// 30 years and more; no more than 100 count (2,500 in category 4).
    High,
}

/// The class of years; `None` below 3, which no category allows.
#[must_use]
pub fn endurance(years: f64) -> Option<Endurance> {
    match years {
        y if y >= 30.0 => Some(Endurance::High),
        y if y >= 10.0 => Some(Endurance::Medium),
        y if y >= 3.0 => Some(Endurance::Low),
        _ => None,
    }
}

/// What counts of a channel's MTTF_D: capped at 100 years, 2,500 in category 4.
#[must_use]
pub fn capped(years: f64, category: Category) -> f64 {
    years.min(if category == Category::Four {
        2_500.0
    } else {
        100.0
    })
}

/// Category of the architecture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Category {
    /// B.
    B,
    /// 1.
    One,
    /// 2.
    Two,
    /// 3.
    Three,
    /// 4.
    Four,
}

/// Performance level.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// a.
    A,
    /// b.
    B,
    /// c.
    C,
    /// d.
    D,
    /// e.
    E,
}

/// Level by the simplified procedure; `None` where its table says nothing, and for categories 2 to 4
/// without 65 points against failures of common cause.
#[must_use]
pub fn level(category: Category, dc: Coverage, years: f64, common_cause: u32) -> Option<Level> {
    use Category::{B, Four, One, Three, Two};
    use Endurance::{High, Low, Medium};
    let endurance = endurance(years)?;
    if !matches!(category, B | One) && common_cause < 65 {
        return None;
    }
    // More coverage than a category can use counts as what it can use.
    let column = match category {
        B | One => Coverage::None,
        Two | Three => dc.min(Coverage::Medium),
        Four => dc,
    };
    Some(match (category, column, endurance) {
        (B, Coverage::None, Low) => Level::A,
        (B, Coverage::None, Medium) => Level::B,
        (One, Coverage::None, High) => Level::C,
        (Two, Coverage::Low, Low) => Level::A,
        (Two, Coverage::Low, Medium) => Level::B,
        (Two, Coverage::Low, High) => Level::C,
        (Two, Coverage::Medium, Low) => Level::B,
        (Two, Coverage::Medium, Medium) => Level::C,
        (Two, Coverage::Medium, High) => Level::D,
        (Three, Coverage::Low, Low) => Level::B,
        (Three, Coverage::Low, Medium) => Level::C,
        (Three, Coverage::Low, High) => Level::D,
        (Three, Coverage::Medium, Low) => Level::C,
        (Three, Coverage::Medium, Medium | High) => Level::D,
        (Four, Coverage::High, High) => Level::E,
        _ => return None,
    })
}

/// Level of a probability of dangerous failure per hour; `None` at 1e-4 and above or not positive.
/// Below 1e-8 nothing better than e is known.
#[must_use]
pub fn of_probability(pfh_d: f64) -> Option<Level> {
    match pfh_d {
        p if p.is_nan() || p <= 0.0 || p >= 1e-4 => None,
        p if p >= 1e-5 => Some(Level::A),
        p if p >= 3e-6 => Some(Level::B),
        p if p >= 1e-6 => Some(Level::C),
        p if p >= 1e-7 => Some(Level::D),
        _ => Some(Level::E),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::check::to_digits;

    #[test]
    fn a_contactor_that_switches_once_a_minute() {
        let n = operations_per_year(220.0, 16.0, 60.0).unwrap();
        assert_eq!(n, 211_200.0);
        to_digits(mttf_d(1e6, n), 47.3485, 4);
        to_digits(t10d(1e6, n), 4.7348, 4);
        assert_eq!(operations_per_year(220.0, 16.0, 0.0), None);
    }

    #[test]
    fn parts_in_series_and_channels_side_by_side() {
        to_digits(series(&[50.0, 80.0, 200.0]).unwrap(), 26.6667, 4);
        to_digits(symmetrize(100.0, 30.0), 71.2821, 4);
        to_digits(symmetrize(50.0, 50.0), 50.0, 9);
        assert_eq!(series(&[]), None);
    }

    #[test]
    fn average_coverage_is_medium() {
        let dc = dc_average(&[(50.0, 0.99), (80.0, 0.90), (200.0, 0.60)]).unwrap();
        to_digits(dc, 0.9080, 4);
        assert_eq!(coverage(dc), Coverage::Medium);
        assert_eq!(dc_average(&[(50.0, 1.1)]), None);
    }

    #[test]
    fn levels_of_the_simplified_procedure() {
        let l = |c, dc, years| level(c, dc, years, 65);
        assert_eq!(l(Category::Three, Coverage::Medium, 40.0), Some(Level::D));
        assert_eq!(l(Category::Three, Coverage::Low, 5.0), Some(Level::B));
        assert_eq!(l(Category::Four, Coverage::High, 50.0), Some(Level::E));
        assert_eq!(l(Category::One, Coverage::None, 20.0), None);
        assert_eq!(l(Category::B, Coverage::None, 20.0), Some(Level::B));
        assert_eq!(l(Category::Two, Coverage::High, 40.0), Some(Level::D));
        assert_eq!(l(Category::Three, Coverage::Medium, 2.0), None);
        assert_eq!(level(Category::Three, Coverage::Medium, 40.0, 60), None);
        assert_eq!(capped(300.0, Category::Three), 100.0);
        assert_eq!(capped(300.0, Category::Four), 300.0);
    }

    #[test]
    fn levels_of_probabilities() {
        for (p, l) in [
            (5e-5, Level::A),
            (3e-6, Level::B),
            (2e-6, Level::C),
            (1e-7, Level::D),
            (5e-8, Level::E),
        ] {
            assert_eq!(of_probability(p), Some(l));
        }
        assert_eq!(of_probability(1e-4), None);
    }
}
