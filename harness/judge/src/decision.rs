//! Is a number inside its limit? Total functions: every input has an answer, and an input that is
//! no number, or that no rule can be applied to, is never a pass.
//!
//! Source: ILAC-G8:09/2019, 4.2 (decision rules); JCGM 106:2012 (probabilities). A value exactly
//! on a limit is inside it (the tie rule, to be printed with the verdict).

use crate::stats::normal;

/// What a result must not exceed, not fall below, or lie within; in the unit of the result.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Limit {
    /// At most.
    Upper(f64),
    /// At least.
    Lower(f64),
    /// From lower to upper, both included.
    Between(f64, f64),
}

/// How the uncertainty enters the decision.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Rule {
    /// Simple acceptance (ILAC-G8 4.2.1): `w = 0`. Up to half of the items on the limit are
    /// accepted wrongly.
    Simple,
    /// Guarded, two outcomes (4.2.2): pass inside the limit by at least `w`, else fail. With
    /// `w = r U` the risk of a wrong pass is below 2.5 % for r = 1.
    Guarded {
        /// Guard band w, in the unit of the result; not negative.
        w: f64,
    },
    /// Guarded, four outcomes (4.2.3): between the guards the outcome is conditional.
    FourValued {
        /// Guard band w, in the unit of the result; not negative.
        w: f64,
    },
}

impl Rule {
    fn guard(self) -> f64 {
        match self {
            Self::Simple => 0.0,
            Self::Guarded { w } | Self::FourValued { w } => w,
        }
    }
}

/// What a decision says; ordered from best to worst.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    /// Inside the limit, guard included.
    Pass,
    /// Inside the limit, but nearer to it than the guard.
    ConditionalPass,
    /// Outside the limit, but nearer to it than the guard.
    ConditionalFail,
    /// Outside.
    Fail,
}

/// Why no decision can be made: such a result is not tested.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Undecidable {
    /// The value, the limit or the guard is not a finite number.
    NotFinite,
    /// The guard is negative: it would accept values outside the limit.
    NegativeGuard,
    /// The lower limit is above the upper.
    LimitsSwapped,
    /// The limits are closer together than two guards: no value could pass.
    NoAcceptanceZone,
}

/// Decides `value` against `limit` under `rule`.
///
/// The acceptance limit `limit ∓ w` is rounded by one unit in the last place towards the limit
/// (never beyond it), so that decimal inputs that tie on paper tie here too.
///
/// # Errors
/// See [`Undecidable`]; none of them may be shown as a pass.
pub fn decide(value: f64, limit: Limit, rule: Rule) -> Result<Outcome, Undecidable> {
    let w = rule.guard();
    let finite = match limit {
        Limit::Upper(bound) | Limit::Lower(bound) => bound.is_finite(),
        Limit::Between(lower, upper) => lower.is_finite() && upper.is_finite(),
    };
    if !finite || !value.is_finite() || !w.is_finite() {
        return Err(Undecidable::NotFinite);
    }
    if w < 0.0 {
        return Err(Undecidable::NegativeGuard);
    }
    let four_valued = matches!(rule, Rule::FourValued { .. });
    match limit {
        Limit::Upper(upper) => Ok(one_sided(value, upper, w, four_valued)),
        // At least L is at most -L of the mirrored value; negation is exact.
        Limit::Lower(lower) => Ok(one_sided(-value, -lower, w, four_valued)),
        Limit::Between(lower, upper) if lower > upper => Err(Undecidable::LimitsSwapped),
        Limit::Between(lower, upper) if upper - lower < 2.0 * w => {
            Err(Undecidable::NoAcceptanceZone)
        }
        Limit::Between(lower, upper) => {
            let above = one_sided(value, upper, w, four_valued);
            Ok(above.max(one_sided(-value, -lower, w, four_valued)))
        }
    }
}

fn one_sided(value: f64, upper: f64, w: f64, four_valued: bool) -> Outcome {
    let (accept, reject) = if w > 0.0 {
        ((upper - w).next_up().min(upper), (upper + w).next_up())
    } else {
        (upper, upper)
    };
    match four_valued {
        _ if value <= accept => Outcome::Pass,
        false => Outcome::Fail,
        true if value <= upper => Outcome::ConditionalPass,
        true if value <= reject => Outcome::ConditionalFail,
        true => Outcome::Fail,
    }
}

/// Probability that the true value conforms, `p_c = Phi((T_U - y)/u) - Phi((T_L - y)/u)`
/// (JCGM 106:2012), for a normal state of knowledge and no prior about the item.
/// `None` unless value and limits are finite and `u` (standard uncertainty) is positive.
#[must_use]
pub fn conformance_probability(value: f64, u: f64, limit: Limit) -> Option<f64> {
    let below = |bound: f64| normal::cdf((bound - value) / u);
    let p = match limit {
        Limit::Upper(upper) => below(upper),
        Limit::Lower(lower) => normal::cdf((value - lower) / u),
        Limit::Between(lower, upper) => normal::between((lower - value) / u, (upper - value) / u),
    };
    let sound = value.is_finite() && u.is_finite() && u > 0.0 && p.is_finite();
    sound.then(|| p.clamp(0.0, 1.0))
}

/// Specific risk that a result outside its limit is accepted, `1 - p_c` (JCGM 106:2012).
#[must_use]
pub fn false_accept_probability(value: f64, u: f64, limit: Limit) -> Option<f64> {
    // Mirrored tails rather than 1 - p_c, so that parts per thousand million survive.
    match limit {
        Limit::Upper(upper) => conformance_probability(value, u, Limit::Lower(upper)),
        Limit::Lower(lower) => conformance_probability(value, u, Limit::Upper(lower)),
        Limit::Between(lower, upper) => {
            let above = conformance_probability(value, u, Limit::Lower(upper))?;
            let below = conformance_probability(value, u, Limit::Upper(lower))?;
            Some((above + below).min(1.0))
        }
    }
}

/// What is known of items before they are measured, and how well the measurement tells them apart:
/// the ground of global risks.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Population {
    /// Mean of the items.
    pub mean: f64,
    /// Standard deviation of the items.
    pub sigma: f64,
    /// Standard uncertainty of a measurement.
    pub u: f64,
}

/// Global risks of an inspection.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct GlobalRisk {
    /// Consumer's: an item is accepted and does not conform.
    pub consumer: f64,
    /// Producer's: it conforms and is rejected.
    pub producer: f64,
}

/// Global risks (JCGM 106:2012, 9.5) of accepting what is measured within `accept` when `tolerance`
/// is what conforms, for normal items and normal measurements: the double integral by Simpson's rule
/// over ten standard deviations of the items.
///
/// `None` unless both spreads are positive and everything is finite.
#[must_use]
pub fn global_risk(items: Population, tolerance: Limit, accept: Limit) -> Option<GlobalRisk> {
    let Population { mean, sigma, u } = items;
    let sound = mean.is_finite() && sigma.is_finite() && sigma > 0.0 && u.is_finite() && u > 0.0;
    let (low, high) = ends(tolerance)?;
    let (accept_low, accept_high) = ends(accept)?;
    if !sound || low > high || accept_low > accept_high {
        return None;
    }
    let accepted = |x: f64| normal::between((accept_low - x) / u, (accept_high - x) / u);
    let rejected = |x: f64| normal::cdf((accept_low - x) / u) + normal::cdf((x - accept_high) / u);
    let density = |x: f64| normal::density((x - mean) / sigma) / sigma;
    let (from, to) = (mean - 10.0 * sigma, mean + 10.0 * sigma);
    let (low, high) = (low.clamp(from, to), high.clamp(from, to));
    // Four hundred steps over the narrower of the two spreads.
    let narrow = sigma.min(u) / 400.0;
    let over = |a: f64, b: f64, f: &dyn Fn(f64) -> f64| {
        let steps = ((b - a) / narrow).clamp(2.0, 1e6) as usize;
        if b > a {
            normal::simpson(a, b, steps, f)
        } else {
            0.0
        }
    };
    let wrong = |x: f64| density(x) * accepted(x);
    let right = |x: f64| density(x) * rejected(x);
    Some(GlobalRisk {
        consumer: over(from, low, &wrong) + over(high, to, &wrong),
        producer: over(low, high, &right),
    })
}

fn ends(limit: Limit) -> Option<(f64, f64)> {
    let (low, high) = match limit {
        Limit::Upper(high) => (f64::NEG_INFINITY, high),
        Limit::Lower(low) => (low, f64::INFINITY),
        Limit::Between(low, high) => (low, high),
    };
    let sound = !low.is_nan() && !high.is_nan();
    sound.then_some((low, high))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::check::to_digits;
    use proptest::prelude::*;

    const LIMIT: Limit = Limit::Upper(0.050);
    const U: f64 = 0.004;

    #[test]
    fn four_valued_rule_on_an_upper_limit() {
        use Outcome::{ConditionalFail, ConditionalPass, Fail, Pass};
        for (y, outcome, risk) in [
            (0.0440, Pass, None),
            (0.0460, Pass, Some(0.02275)),
            (0.0461, ConditionalPass, Some(0.02559)),
            (0.0500, ConditionalPass, Some(0.5)),
            (0.0501, ConditionalFail, None),
            (0.0540, ConditionalFail, Some(0.97725)),
            (0.0541, Fail, None),
        ] {
            assert_eq!(
                decide(y, LIMIT, Rule::FourValued { w: U }),
                Ok(outcome),
                "{y}"
            );
            if let Some(risk) = risk {
                to_digits(
                    false_accept_probability(y, U / 2.0, LIMIT).unwrap(),
                    risk,
                    5,
                );
            }
        }
    }

    #[test]
    fn simple_and_guarded_rules_on_the_same_limit() {
        assert_eq!(decide(0.0500, LIMIT, Rule::Simple), Ok(Outcome::Pass));
        assert_eq!(
            decide(0.0500f64.next_up(), LIMIT, Rule::Simple),
            Ok(Outcome::Fail)
        );
        assert_eq!(
            decide(0.0460, LIMIT, Rule::Guarded { w: U }),
            Ok(Outcome::Pass)
        );
        assert_eq!(
            decide(0.0461, LIMIT, Rule::Guarded { w: U }),
            Ok(Outcome::Fail)
        );
    }

    #[test]
    fn a_lower_limit_mirrors_an_upper_one() {
        let at_least = Limit::Lower(25.0);
        let rule = Rule::FourValued { w: 0.3 };
        for (y, outcome) in [
            (25.3, Outcome::Pass),
            (25.29, Outcome::ConditionalPass),
            (25.0, Outcome::ConditionalPass),
            (24.99, Outcome::ConditionalFail),
            (24.69, Outcome::Fail),
        ] {
            assert_eq!(decide(y, at_least, rule), Ok(outcome), "{y}");
        }
    }

    #[test]
    fn a_tie_on_paper_is_a_tie_in_binary() {
        // 0.1 + 0.2 is 0.30000000000000004 in binary; on paper 0.3 lies on the acceptance limit.
        let outcome = decide(0.3, Limit::Lower(0.1), Rule::Guarded { w: 0.2 });
        assert_eq!(outcome, Ok(Outcome::Pass));
    }

    #[test]
    fn two_sided_limits_apply_the_guard_to_each_side() {
        let within = Limit::Between(-1.0, 1.0);
        let rule = Rule::FourValued { w: 0.25 };
        for (y, outcome) in [
            (0.75, Outcome::Pass),
            (-0.75, Outcome::Pass),
            (-0.76, Outcome::ConditionalPass),
            (1.25, Outcome::ConditionalFail),
            (-1.26, Outcome::Fail),
        ] {
            assert_eq!(decide(y, within, rule), Ok(outcome), "{y}");
        }
        let too_wide = Rule::Guarded { w: 1.01 };
        assert_eq!(
            decide(0.0, within, too_wide),
            Err(Undecidable::NoAcceptanceZone)
        );
        assert_eq!(
            decide(0.0, within, Rule::Guarded { w: 1.0 }),
            Ok(Outcome::Pass)
        );
        let swapped = Limit::Between(1.0, -1.0);
        assert_eq!(
            decide(0.0, swapped, Rule::Simple),
            Err(Undecidable::LimitsSwapped)
        );
    }

    #[test]
    fn what_is_not_a_number_is_not_tested() {
        for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            let not_finite = Err(Undecidable::NotFinite);
            assert_eq!(decide(bad, LIMIT, Rule::Simple), not_finite);
            assert_eq!(decide(0.0, Limit::Upper(bad), Rule::Simple), not_finite);
            assert_eq!(decide(0.0, Limit::Lower(bad), Rule::Simple), not_finite);
            assert_eq!(decide(0.0, LIMIT, Rule::Guarded { w: bad }), not_finite);
            assert_eq!(conformance_probability(bad, 0.1, LIMIT), None);
        }
        let widened = Rule::Guarded { w: -0.1 };
        assert_eq!(decide(0.0, LIMIT, widened), Err(Undecidable::NegativeGuard));
        assert_eq!(conformance_probability(0.0, 0.0, LIMIT), None);
    }

    #[test]
    fn conformance_probabilities_of_jcgm_106() {
        let p = conformance_probability(-5.47, 0.05, Limit::Upper(-5.40)).unwrap();
        to_digits(p, 0.91924, 5);
        let p = conformance_probability(0.9, 0.1, Limit::Between(0.0, 1.0)).unwrap();
        to_digits(p, 0.84134, 5);
        to_digits(
            conformance_probability(2.0, 0.1, Limit::Upper(2.0)).unwrap(),
            0.5,
            12,
        );
    }

    #[test]
    fn risk_at_the_acceptance_limit_by_guard_width() {
        for (r, risk) in [
            (1.5, 0.00134990),
            (1.0, 0.02275013),
            (0.83, 0.04845723),
            (0.0, 0.5),
        ] {
            // y on the acceptance limit: T_U - r U, with U = 2 u.
            let got = false_accept_probability(-2.0 * r, 1.0, Limit::Upper(0.0)).unwrap();
            to_digits(got, risk, 8);
        }
        let six_sigma = false_accept_probability(-6.0, 1.0, Limit::Upper(0.0)).unwrap();
        to_digits(six_sigma * 1e10, 9.87, 2);
    }

    fn any_rule() -> impl Strategy<Value = Rule> {
        (any::<f64>(), 0..3).prop_map(|(w, kind)| match kind {
            0 => Rule::Simple,
            1 => Rule::Guarded { w },
            _ => Rule::FourValued { w },
        })
    }

    fn any_limit() -> impl Strategy<Value = Limit> {
        (any::<f64>(), any::<f64>(), 0..3).prop_map(|(a, b, kind)| match kind {
            0 => Limit::Upper(a),
            1 => Limit::Lower(a),
            _ => Limit::Between(a, b),
        })
    }

    fn inside(y: f64, limit: Limit) -> bool {
        match limit {
            Limit::Upper(upper) => y <= upper,
            Limit::Lower(lower) => y >= lower,
            Limit::Between(lower, upper) => lower <= y && y <= upper,
        }
    }

    #[test]
    fn global_risks_balance_at_the_limit_and_shift_with_the_guard() {
        let items = Population {
            mean: 0.0,
            sigma: 1.0,
            u: 0.25,
        };
        let limit = Limit::Between(-2.0, 2.0);
        let simple = global_risk(items, limit, limit).unwrap();
        let guarded = global_risk(items, limit, Limit::Between(-1.5, 1.5)).unwrap();
        assert!(guarded.consumer < simple.consumer && guarded.producer > simple.producer);
        // Everything is accepted: the consumer's risk is the share that does not conform.
        let all = global_risk(items, limit, Limit::Between(-1e9, 1e9)).unwrap();
        to_digits(all.consumer, 2.0 * normal::cdf(-2.0), 9);
        to_digits(all.producer, 0.0, 9);
        // One limit: x nonconforming and accepted is a quadrant of the bivariate normal at 0,
        // arctan(u/sigma) / 2 pi for a limit at the mean.
        let half = global_risk(items, Limit::Upper(0.0), Limit::Upper(0.0)).unwrap();
        to_digits(half.consumer, 0.25f64.atan() / std::f64::consts::TAU, 9);
        to_digits(half.producer, half.consumer, 9);
        assert_eq!(
            global_risk(Population { u: 0.0, ..items }, limit, limit),
            None
        );
    }

    proptest! {
        #[test]
        fn never_a_pass_outside_the_limit(y in any::<f64>(), limit in any_limit(), rule in any_rule()) {
            match decide(y, limit, rule) {
                Ok(Outcome::Pass | Outcome::ConditionalPass) => prop_assert!(inside(y, limit)),
                Ok(Outcome::ConditionalFail) => prop_assert!(!inside(y, limit)),
                Ok(Outcome::Fail) | Err(_) => {}
            }
        }

        #[test]
        fn a_larger_value_is_never_judged_better_under_an_upper_limit(
            a in -10.0f64..10.0, b in -10.0f64..10.0, upper in -10.0f64..10.0, w in 0.0f64..5.0,
        ) {
            let (small, large) = if a <= b { (a, b) } else { (b, a) };
            for rule in [Rule::Simple, Rule::Guarded { w }, Rule::FourValued { w }] {
                prop_assert!(decide(small, Limit::Upper(upper), rule).unwrap() <= decide(large, Limit::Upper(upper), rule).unwrap());
                prop_assert!(decide(large, Limit::Lower(upper), rule).unwrap() <= decide(small, Limit::Lower(upper), rule).unwrap());
            }
        }

        #[test]
        fn a_wider_guard_never_turns_a_fail_into_a_pass(
            y in -10.0f64..10.0, upper in -10.0f64..10.0, w in 0.0f64..5.0, more in 0.0f64..5.0,
        ) {
            let narrow = decide(y, Limit::Upper(upper), Rule::Guarded { w }).unwrap();
            let wide = decide(y, Limit::Upper(upper), Rule::Guarded { w: w + more }).unwrap();
            prop_assert!(narrow <= wide);
        }
    }
}
