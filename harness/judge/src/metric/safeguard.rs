//! How far from the hazard a safeguard must stand: ISO 13855:2010 and ISO 13855:2024.
//!
//! All lengths in millimetres, times in seconds. `T` is the overall system stopping performance:
//! the safeguard's response, the control system's, and the machine's stopping time at its worst.

/// How a person is detected (ISO 13855:2010).
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Approach2010 {
    /// Perpendicular to a field of a detection capability `d` in millimetres, at most 70.
    Perpendicular {
        /// Detection capability (resolution).
        d_mm: f64,
    },
    /// Parallel to a field at the height H.
    Parallel {
        /// Height of the field above the floor.
        height_mm: f64,
    },
    /// Two-hand control.
    TwoHand,
}

/// `S = K T + C` of ISO 13855:2010, millimetres.
///
/// Perpendicular, d <= 40: `S = 2000 T + 8 (d - 14)` with S >= 100 (the term not below zero); where
/// that is more than 500, `S = 1600 T + 8 (d - 14)` with S >= 500. 40 < d <= 70: `S = 1600 T + 850`.
/// Parallel: `S = 1600 T + max(1200 - 0.4 H, 850)`. Two-hand: `S = 1600 T + 250`.
///
/// `None` for a time that is negative or not finite, or a capability outside 0 to 70 mm.
#[must_use]
pub fn distance_2010(t_s: f64, approach: Approach2010) -> Option<f64> {
    if !(t_s >= 0.0 && t_s.is_finite()) {
        return None;
    }
    match approach {
        Approach2010::Perpendicular { d_mm } if d_mm > 0.0 && d_mm <= 40.0 => {
            let reach = (8.0 * (d_mm - 14.0)).max(0.0);
            let fast = (2_000.0 * t_s + reach).max(100.0);
            Some(if fast > 500.0 {
                (1_600.0 * t_s + reach).max(500.0)
            } else {
                fast
            })
        }
        Approach2010::Perpendicular { d_mm } if d_mm > 40.0 && d_mm <= 70.0 => {
            Some(1_600.0 * t_s + 850.0)
        }
        Approach2010::Perpendicular { .. } => None,
        Approach2010::Parallel { height_mm } => {
            let c = (1_200.0 - 0.4 * height_mm).max(850.0);
            (height_mm >= 0.0 && c.is_finite()).then_some(1_600.0 * t_s + c)
        }
        Approach2010::TwoHand => Some(1_600.0 * t_s + 250.0),
    }
}

/// The terms of ISO 13855:2024.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Terms2024 {
    /// Speed of approach K, mm/s: 2,000 for arms, 1,600 for walking.
    pub k_mm_per_s: f64,
    /// Response of the safety-related control system (and of what it commands), seconds.
    pub t_control_s: f64,
    /// Time of the machine to stop, seconds.
    pub t_machine_s: f64,
    /// Any further time that the standard asks for in the case at hand, seconds.
    pub t_further_s: f64,
    /// Reaching distances over, through and under the safeguard; the largest counts.
    pub reach_mm: [f64; 3],
    /// Supplementary distance Z of the application, millimetres.
    pub z_mm: f64,
}

/// `S = K T + D_DS + Z`, `D_DS = max(D_DO, D_DT, D_DU)`, `T = t_SRP/CS + t_ME + t_F`, millimetres.
/// `None` when a term is negative or not finite.
#[must_use]
pub fn distance_2024(terms: &Terms2024) -> Option<f64> {
    let t = terms.t_control_s + terms.t_machine_s + terms.t_further_s;
    let reach = terms.reach_mm.iter().copied().fold(0.0, f64::max);
    let all = [
        terms.k_mm_per_s,
        terms.t_control_s,
        terms.t_machine_s,
        terms.t_further_s,
        terms.z_mm,
    ];
    let sound = all
        .iter()
        .chain(&terms.reach_mm)
        .all(|v| *v >= 0.0 && v.is_finite());
    sound.then_some(terms.k_mm_per_s * t + reach + terms.z_mm)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::check::to_digits;

    #[test]
    fn perpendicular_approach_of_2010() {
        for (t, d, s) in [
            (0.03, 14.0, 100.0),
            (0.10, 14.0, 200.0),
            (0.25, 14.0, 500.0),
            (0.25, 30.0, 528.0),
            (0.30, 14.0, 500.0),
            (0.35, 30.0, 688.0),
            (0.30, 50.0, 1330.0),
        ] {
            let got = distance_2010(t, Approach2010::Perpendicular { d_mm: d }).unwrap();
            to_digits(got, s, 9);
        }
    }

    #[test]
    fn fifty_millimetres_of_resolution_cost_850_and_not_120() {
        // An online table adds 120 mm (standards notes, 0.1).
        let s = distance_2010(0.0, Approach2010::Perpendicular { d_mm: 50.0 });
        assert_eq!(s, Some(850.0));
        assert_eq!(
            distance_2010(0.1, Approach2010::Perpendicular { d_mm: 71.0 }),
            None
        );
    }

    #[test]
    fn parallel_approach_and_two_hands_of_2010() {
        let parallel = |height_mm| distance_2010(0.5, Approach2010::Parallel { height_mm });
        assert_eq!(parallel(300.0), Some(800.0 + 1_080.0));
        assert_eq!(parallel(1_000.0), Some(800.0 + 850.0));
        assert_eq!(distance_2010(0.5, Approach2010::TwoHand), Some(1_050.0));
        assert_eq!(distance_2010(-0.1, Approach2010::TwoHand), None);
    }

    #[test]
    fn all_terms_of_2024_count() {
        let terms = Terms2024 {
            k_mm_per_s: 1_600.0,
            t_control_s: 0.05,
            t_machine_s: 0.30,
            t_further_s: 0.02,
            reach_mm: [0.0, 128.0, 0.0],
            z_mm: 100.0,
        };
        to_digits(distance_2024(&terms).unwrap(), 592.0 + 128.0 + 100.0, 9);
        let less = Terms2024 {
            z_mm: -1.0,
            ..terms
        };
        assert_eq!(distance_2024(&less), None);
    }
}
