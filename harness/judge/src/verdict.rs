//! From a value, its limit and its rule to a verdict.

use crate::decision::{self, Limit, Outcome, Rule, Undecidable};
use crate::reason::because;
use certbench_model::finding::{Decision, Measured, Proportion, Reason};
use certbench_model::measure::Compare;
use certbench_model::{Accept, DecisionRule, Unit, Verdict};

/// What is held against a limit.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Subject {
    /// Compared with a lower limit.
    low: f64,
    /// Compared with an upper limit.
    high: f64,
    /// Expanded uncertainty that the guard multiplies, against a lower and an upper limit.
    u: [f64; 2],
    /// Standard uncertainty for the risk, when a normal state of knowledge is a fair picture.
    u_standard: Option<f64>,
    unit: Unit,
}

/// A quantity: its estimate with U, or its bound with what the bound lacks.
pub(crate) fn of_quantity(
    measured: &Measured,
    compare: Compare,
    bound_lacks: Option<f64>,
    accept: &Accept,
) -> Result<Subject, Reason> {
    let unknown = || {
        because(
            "uncertainty-unknown",
            "The uncertainty of the value is not known",
            "该值的不确定度未知",
        )
    };
    match compare {
        Compare::Estimate => {
            let u = measured.u_expanded.ok_or_else(unknown)?;
            Ok(Subject {
                low: measured.value,
                high: measured.value,
                u: [u; 2],
                u_standard: measured.k.map(|k| u / k),
                unit: measured.unit,
            })
        }
        Compare::Bound if accept.at_least.is_some() && accept.at_most.is_some() => Err(because(
            "bound-two-sided",
            "A one-sided bound cannot be held against limits on both sides",
            "单侧界限不能用于双侧限值",
        )),
        Compare::Bound => {
            let bound = measured.bound.ok_or_else(|| {
                because(
                    "no-bound",
                    "This metric has no one-sided bound for these data",
                    "该指标对这些数据没有单侧界限",
                )
            })?;
            let lacks = bound_lacks.ok_or_else(unknown)?;
            Ok(Subject {
                low: bound,
                high: bound,
                u: [lacks; 2],
                u_standard: None,
                unit: measured.unit,
            })
        }
    }
}

/// A proportion: its bounds, to which a guard adds nothing, or its estimate, guarded by the
/// distance to the interval's end on the side of the limit.
pub(crate) fn of_proportion(p: &Proportion, compare: Compare) -> Subject {
    let share = f64::from(p.k) / f64::from(p.n);
    match compare {
        Compare::Bound => Subject {
            low: p.lower,
            high: p.upper,
            u: [0.0; 2],
            u_standard: None,
            unit: Unit::one(),
        },
        Compare::Estimate => Subject {
            low: share,
            high: share,
            u: [share - p.interval[0], p.interval[1] - share],
            u_standard: None,
            unit: Unit::one(),
        },
    }
}

/// Applies the rule. Limits on both sides are judged apart, the worse verdict counts, and limits
/// closer together than the two guards leave no acceptance zone.
pub(crate) fn decide(
    subject: Subject,
    accept: &Accept,
    rule: DecisionRule,
) -> Result<(Decision, Verdict), Reason> {
    let in_unit = |limit: Option<certbench_model::Quantity>| {
        limit.map(|q| q.to(subject.unit)).transpose().map_err(|e| {
            because(
                "unit",
                format!("The limit does not fit the result: {e}"),
                format!("限值与结果的单位不符：{e}"),
            )
        })
    };
    let (lower, upper) = (in_unit(accept.at_least)?, in_unit(accept.at_most)?);
    let (with_w, r): (fn(f64) -> Rule, f64) = match rule {
        DecisionRule::Simple => (|_| Rule::Simple, 0.0),
        DecisionRule::Guarded { r } => (|w| Rule::Guarded { w }, r),
        DecisionRule::FourValued { r } => (|w| Rule::FourValued { w }, r),
    };
    let w = subject.u.map(|u| r * u);
    if let (Some(lower), Some(upper)) = (lower, upper) {
        if lower > upper {
            return Err(undecidable(Undecidable::LimitsSwapped));
        }
        if upper - lower < w[0] + w[1] {
            return Err(undecidable(Undecidable::NoAcceptanceZone));
        }
    }
    let below = lower.map(|l| decision::decide(subject.low, Limit::Lower(l), with_w(w[0])));
    let above = upper.map(|u| decision::decide(subject.high, Limit::Upper(u), with_w(w[1])));
    let below = below.transpose().map_err(undecidable)?;
    let above = above.transpose().map_err(undecidable)?;
    let Some(outcome) = below.max(above) else {
        return Err(because(
            "no-limit",
            "No limit was set: the value is only reported",
            "未设限值：仅报告数值",
        ));
    };
    let governs_below = above.is_none() || below > above;
    let limit = match (lower, upper) {
        (Some(l), Some(u)) => Limit::Between(l, u),
        (Some(l), None) => Limit::Lower(l),
        (None, u) => Limit::Upper(u.unwrap_or(f64::NAN)),
    };
    let compared = if governs_below {
        subject.low
    } else {
        subject.high
    };
    let decision = Decision {
        compared,
        guard: if governs_below { w[0] } else { w[1] },
        accept_low: lower.map(|l| l + w[0]),
        accept_high: upper.map(|u| u - w[1]),
        unit: subject.unit,
        risk: risk(compared, subject.u_standard, limit, outcome),
    };
    Ok((decision, verdict(outcome)))
}

fn risk(value: f64, u: Option<f64>, limit: Limit, outcome: Outcome) -> Option<f64> {
    match outcome {
        Outcome::Pass | Outcome::ConditionalPass => {
            decision::false_accept_probability(value, u?, limit)
        }
        Outcome::ConditionalFail | Outcome::Fail => {
            decision::conformance_probability(value, u?, limit)
        }
    }
}

fn verdict(outcome: Outcome) -> Verdict {
    match outcome {
        Outcome::Pass => Verdict::Pass,
        Outcome::ConditionalPass => Verdict::ConditionalPass,
        Outcome::ConditionalFail => Verdict::ConditionalFail,
        Outcome::Fail => Verdict::Fail,
    }
}

fn undecidable(why: Undecidable) -> Reason {
    match why {
        Undecidable::NotFinite => because(
            "not-finite",
            "The value, the limit or the uncertainty is not a number",
            "数值、限值或不确定度不是有限数",
        ),
        Undecidable::NegativeGuard => because(
            "negative-guard",
            "The guard band is negative: it would accept values outside the limit",
            "保护带为负：会接受超出限值的数值",
        ),
        Undecidable::LimitsSwapped => because(
            "limits-swapped",
            "The lower limit is above the upper one",
            "下限大于上限",
        ),
        Undecidable::NoAcceptanceZone => because(
            "no-acceptance-zone",
            "The limits are closer together than the guard bands: nothing could pass",
            "限值间距小于保护带之和：没有接受区",
        ),
    }
}
