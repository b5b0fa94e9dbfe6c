//! First-order propagation of uncertainty (JCGM 100:2008, 5.1.2 and 5.2.2).
//!
//! Each result carries its causes of doubt with sign; a formula adds them up with its partial
//! derivatives. So a result that enters twice, by whatever way, is counted as the one thing that it
//! is. What one instrument's certificate leaves open about several results is one thing too:
//! - where each result is itself a reading, the same error enters all of them with the same sign,
//!   and its terms are added with their signs: the gain of a gauge cancels out of a ratio;
//! - where the sign is not known (a distance between two readings), the terms are added without
//!   signs, which is the most that any correlation could make of them.
//!
//! All else (scatter, resolution, noise) is independent from result to result.

use crate::stats::normal;
use certbench_model::expr::{Expr, Function, Op, Term, Value};
use certbench_model::finding::{BudgetLine, Measured, Proportion};
use certbench_model::{Quantity, Text, Unit};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// A value with what makes it doubtful.
#[derive(Clone, Debug)]
pub(super) struct Doubtful {
    pub(super) value: Quantity,
    /// `None`: the uncertainty is not known.
    pub(super) causes: Option<BTreeMap<Origin, Cause>>,
    /// What it was computed from, if it was.
    pub(super) model: Option<Arc<Model>>,
    /// Whether first order was not enough for it.
    pub(super) bent: bool,
}

/// A formula with its inputs.
#[derive(Debug)]
pub(super) struct Model {
    pub(super) formula: Expr,
    pub(super) inputs: BTreeMap<String, Doubtful>,
}

/// The finding that a cause comes from, and the line of its budget.
pub(super) type Origin = (String, usize);

/// Something that makes a value doubtful.
#[derive(Clone, Debug)]
pub(super) struct Cause {
    /// Standard uncertainty in coherent SI units, with the sign with which it enters.
    pub(super) amount: f64,
    pub(super) line: BudgetLine,
    /// What the finding is called.
    title: Text,
    /// Whether the sign is known: the finding is itself a reading.
    pub(super) signed: bool,
}

impl Cause {
    /// The certificate, or the part of an instrument in use, whose unknown error this is.
    pub(super) fn instrument(&self) -> Option<&str> {
        let certified = self.line.type_ab == "B" && self.line.distribution == "normal";
        let one = certified || self.line.common;
        self.line.from.as_deref().filter(|_| one)
    }
}

/// Coherent SI units per `unit`, for differences.
pub(super) fn scale(unit: Unit) -> f64 {
    unit.def().num / unit.def().den
}

impl Doubtful {
    /// A measured result; `reading` when it grows with what its instrument reads.
    pub(super) fn measured(id: &str, title: &Text, measured: &Measured, reading: bool) -> Doubtful {
        let scale = scale(measured.unit);
        let causes = measured.budget.iter().enumerate().map(|(i, line)| {
            let cause = Cause {
                amount: line.u * scale,
                line: line.clone(),
                title: title.clone(),
                signed: reading,
            };
            ((id.to_string(), i), cause)
        });
        Doubtful {
            value: Quantity::new(measured.value, measured.unit),
            causes: measured.u_expanded.map(|_| causes.collect()),
            model: None,
            bent: false,
        }
    }

    /// A proportion: half the wider side of its two-sided interval, at the interval's confidence,
    /// is taken as normal.
    pub(super) fn proportion(id: &str, title: &Text, p: &Proportion) -> Option<Doubtful> {
        let share = f64::from(p.k) / f64::from(p.n);
        let half = (share - p.interval[0]).max(p.interval[1] - share);
        let u = half / normal::quantile(0.5 + p.confidence / 2.0);
        let line = BudgetLine {
            name: Text::new(
                format!("Sampling, {} of {}", p.k, p.n),
                format!("抽样（{} / {}）", p.k, p.n),
            ),
            type_ab: "A".into(),
            distribution: "normal".into(),
            u,
            nu: None,
            from: None,
            common: false,
        };
        let cause = Cause {
            amount: u,
            line,
            title: title.clone(),
            signed: false,
        };
        let origin = (id.to_string(), 0);
        share.is_finite().then(|| Doubtful {
            value: Quantity::new(share, Unit::one()),
            causes: u.is_finite().then(|| BTreeMap::from([(origin, cause)])),
            model: None,
            bent: false,
        })
    }

    /// Whether first order was not enough for something that it is made of.
    pub(super) fn made_of_bent(&self) -> bool {
        let model = self.model.as_ref();
        model.is_some_and(|m| m.inputs.values().any(|input| input.bent))
    }

    /// Combined standard uncertainty as if all causes were independent, coherent SI.
    pub(super) fn size(&self) -> f64 {
        let causes = self.causes.iter().flat_map(BTreeMap::values);
        causes.map(|c| c.amount * c.amount).sum::<f64>().sqrt()
    }

    /// The lines of its budget, in its unit.
    pub(super) fn lines(&self) -> Option<Vec<BudgetLine>> {
        let causes = self.causes.as_ref()?;
        let per_unit = scale(self.value.unit);
        let mut lines = Vec::new();
        let mut shared: BTreeMap<&str, Vec<(&Origin, &Cause)>> = BTreeMap::new();
        for (origin, cause) in causes {
            match cause.instrument() {
                Some(instrument) => shared.entry(instrument).or_default().push((origin, cause)),
                None => lines.push(alone(cause, per_unit)),
            }
        }
        for of_one in shared.values() {
            let results: BTreeSet<&str> = of_one.iter().map(|(o, _)| o.0.as_str()).collect();
            if results.len() < 2 {
                lines.extend(of_one.iter().map(|(_, c)| alone(c, per_unit)));
            } else if of_one.iter().all(|(_, c)| c.signed) {
                let mut sums: BTreeMap<&str, (f64, &Cause)> = BTreeMap::new();
                for (_, cause) in of_one {
                    let name = cause.line.name.en.as_str();
                    sums.entry(name).or_insert((0.0, cause)).0 += cause.amount;
                }
                let sums = sums.values();
                lines.extend(sums.map(|(sum, cause)| together(cause, sum / per_unit, of_one)));
            } else {
                let mut squares: BTreeMap<&str, f64> = BTreeMap::new();
                for (origin, cause) in of_one {
                    *squares.entry(&origin.0).or_insert(0.0) += cause.amount * cause.amount;
                }
                let sum: f64 = squares.values().map(|s| s.sqrt()).sum();
                let first = of_one.first().map(|(_, cause)| *cause);
                lines.extend(first.map(|cause| together(cause, sum / per_unit, of_one)));
            }
        }
        Some(lines)
    }
}

/// A term of one result.
fn alone(cause: &Cause, per_unit: f64) -> BudgetLine {
    let (title, name) = (&cause.title, &cause.line.name);
    BudgetLine {
        name: Text::new(
            format!("{}: {}", title.en, name.en),
            format!("{}：{}", title.zh, name.zh),
        ),
        u: (cause.amount / per_unit).abs(),
        ..cause.line.clone()
    }
}

/// A term that several results have in common.
fn together(cause: &Cause, amount: f64, all: &[(&Origin, &Cause)]) -> BudgetLine {
    let names = |pick: fn(&Text) -> &String| {
        let mut names: Vec<&str> = Vec::new();
        for (_, cause) in all {
            let title = pick(&cause.title).as_str();
            if !names.contains(&title) {
                names.push(title);
            }
        }
        names
    };
    let name = &cause.line.name;
    BudgetLine {
        name: Text::new(
            format!("{}, shared by {}", name.en, names(|t| &t.en).join(", ")),
            format!("{}（共用：{}）", name.zh, names(|t| &t.zh).join("、")),
        ),
        u: amount.abs(),
        ..cause.line.clone()
    }
}

/// The formula's value with the causes of its inputs, each times the partial derivative.
pub(super) fn propagate(
    formula: &Expr,
    value: Quantity,
    inputs: &BTreeMap<&str, &Doubtful>,
) -> Doubtful {
    let mut sum: Option<BTreeMap<Origin, Cause>> = Some(BTreeMap::new());
    let partials = partials(formula, inputs);
    for (i, input) in inputs.values().enumerate() {
        let slope = partials.as_ref().and_then(|p| p.get(i)).copied();
        let (Some(all), Some(causes), Some(slope)) = (&mut sum, &input.causes, slope) else {
            sum = None;
            break;
        };
        for (origin, cause) in causes {
            let entry = all.entry(origin.clone()).or_insert_with(|| Cause {
                amount: 0.0,
                ..cause.clone()
            });
            entry.amount += slope * cause.amount;
        }
    }
    let inputs = inputs.iter();
    let inputs = inputs.map(|(name, d)| ((*name).to_string(), (*d).clone()));
    let formula = formula.clone();
    Doubtful {
        value,
        causes: sum,
        model: Some(Arc::new(Model {
            formula,
            inputs: inputs.collect(),
        })),
        bent: false,
    }
}

/// Partial derivatives by the inputs, in their order and in coherent SI units. `None` where there
/// is none (the root of zero).
pub(super) fn partials(formula: &Expr, inputs: &BTreeMap<&str, &Doubtful>) -> Option<Vec<f64>> {
    slopes_of_all(formula, inputs, |_, _| {}).map(|(_, slopes)| slopes)
}

/// A part's value and its partial derivatives.
pub(super) type Sloped = (f64, Vec<f64>);

/// Value and derivatives of the whole; `seen` gets every term with those of its operands.
pub(super) fn slopes_of_all(
    formula: &Expr,
    inputs: &BTreeMap<&str, &Doubtful>,
    mut seen: impl FnMut(&Term, &[Option<Sloped>]),
) -> Option<Sloped> {
    let env = |name: &str| Some(Value::from(inputs.get(name)?.value));
    let mut values = formula.values(env).into_iter();
    let whole = formula.fold(|term, operands: &[Option<Sloped>]| {
        seen(term, operands);
        let value = match values.next()? {
            Ok(Value::Number(number)) => number.si,
            _ => return None,
        };
        let slopes = match &term.op {
            Op::Quantity(_) | Op::Flag(_) => vec![0.0; inputs.len()],
            Op::Name(name) => {
                let one = |known: &&str| f64::from(*known == name.as_str());
                inputs.keys().map(one).collect()
            }
            Op::Apply(function, _) => {
                let operands: Option<Vec<&Sloped>> = operands.iter().map(Option::as_ref).collect();
                slopes(*function, value, &operands?)?
            }
        };
        let finite = slopes.iter().all(|s| s.is_finite());
        finite.then_some((value, slopes))
    });
    whole.flatten()
}

/// The rules of differentiation.
fn slopes(function: Function, value: f64, operands: &[&Sloped]) -> Option<Vec<f64>> {
    let times = |(_, slopes): &Sloped, c: f64| slopes.iter().map(|s| s * c).collect();
    if matches!(function, Function::Min | Function::Max) {
        let governs = operands.iter().find(|(v, _)| *v == value)?;
        return Some(times(governs, 1.0));
    }
    match (function, operands) {
        (Function::Neg, [a]) => Some(times(a, -1.0)),
        (Function::Abs, [a]) => Some(times(a, if a.0 < 0.0 { -1.0 } else { 1.0 })),
        (Function::Sqrt, [a]) => Some(times(a, 0.5 / value)),
        (_, [a, b]) => {
            let (by_a, by_b) = match function {
                Function::Add => (1.0, 1.0),
                Function::Sub => (1.0, -1.0),
                Function::Mul => (b.0, a.0),
                Function::Div => (1.0 / b.0, -value / b.0),
                _ => return None,
            };
            let both = a.1.iter().zip(&b.1);
            Some(both.map(|(a, b)| a * by_a + b * by_b).collect())
        }
        _ => None,
    }
}
