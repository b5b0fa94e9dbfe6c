//! Whether first order is enough for a formula, and whether it has a value at all.

use super::propagate::{Doubtful, Sloped, partials, slopes_of_all};
use crate::reason::{Reasons, because};
use certbench_model::expr::{Expr, Function, Op, Value};
use std::collections::BTreeMap;

/// Whether first order is enough. One standard uncertainty to either side of each input, and of each
/// two together, the formula may leave its tangent by a tenth of the result's own standard
/// uncertainty; and no `min`, `max` or `abs` may change sides within three.
///
/// A divisor that is zero within its own expanded uncertainty (k = 2) leaves no value: a doubt.
pub(super) fn straight(
    formula: &Expr,
    result: &Doubtful,
    inputs: &BTreeMap<&str, &Doubtful>,
    doubts: &mut Reasons,
) -> bool {
    if let Some(divisor) = uncertain_divisor(formula, inputs) {
        doubts.add(because(
            "no-number",
            format!("`{divisor}`: the divisor may be zero within its uncertainty"),
            format!("`{divisor}`：除数在其不确定度范围内可能为零"),
        ));
    }
    let Some(slopes) = partials(formula, inputs) else {
        return true;
    };
    if kinked(formula, inputs) {
        return false;
    }
    let sizes: Vec<f64> = inputs.values().map(|i| i.size()).collect();
    let at = |moves: &[f64]| {
        let outcome = formula.evaluate(|name| {
            let i = inputs.keys().position(|known| *known == name)?;
            let mut value = Value::from(inputs.get(name)?.value);
            if let Value::Number(number) = &mut value {
                number.si += moves.get(i)?;
            }
            Some(value)
        });
        match outcome {
            Ok(Value::Number(number)) => Some(number.si),
            _ => None,
        }
    };
    let mut moves = vec![0.0; inputs.len()];
    let Some(here) = at(&moves) else { return true };
    let allowed = (0.1 * result.size()).max(1e-9 * here.abs());
    let bends = |moves: &[f64]| {
        let tangent: f64 = slopes.iter().zip(moves).map(|(s, m)| s * m).sum();
        !at(moves).is_some_and(|there| (there - here - tangent).abs() <= allowed)
    };
    for i in 0..inputs.len() {
        for j in i..inputs.len() {
            for (a, b) in [(1.0, 1.0), (1.0, -1.0), (-1.0, 1.0), (-1.0, -1.0)] {
                for (k, by) in [(j, b), (i, a)] {
                    if let (Some(place), Some(size)) = (moves.get_mut(k), sizes.get(k)) {
                        *place = by * size;
                    }
                }
                if bends(&moves) {
                    return false;
                }
            }
            if let Some(place) = moves.get_mut(j) {
                *place = 0.0;
            }
        }
        if let Some(place) = moves.get_mut(i) {
            *place = 0.0;
        }
    }
    true
}

/// Whether a `min`, `max` or `abs` may take the other side within three standard uncertainties, all
/// inputs taken as independent.
fn kinked(formula: &Expr, inputs: &BTreeMap<&str, &Doubtful>) -> bool {
    let sizes: Vec<f64> = inputs.values().map(|i| i.size()).collect();
    let near = |value: f64, slopes: &mut dyn Iterator<Item = f64>| {
        let squares = slopes.zip(&sizes).map(|(s, u)| (s * u) * (s * u));
        let u = squares.sum::<f64>().sqrt();
        u > 0.0 && value.abs() <= 3.0 * u
    };
    let mut kinked = false;
    slopes_of_all(formula, inputs, |term, operands| {
        let known: Vec<&Sloped> = operands.iter().flatten().collect();
        kinked |= match (&term.op, known.as_slice()) {
            (Op::Apply(Function::Abs, _), [(value, slopes)]) => {
                near(*value, &mut slopes.iter().copied())
            }
            (Op::Apply(Function::Min | Function::Max, _), all) => {
                all.iter().enumerate().any(|(i, (a, of_a))| {
                    all.iter().skip(i + 1).any(|(b, of_b)| {
                        let apart = of_a.iter().zip(of_b).map(|(a, b)| a - b);
                        near(a - b, &mut { apart })
                    })
                })
            }
            _ => false,
        };
    });
    kinked
}

/// The first division whose divisor is zero within its own expanded uncertainty.
fn uncertain_divisor<'f>(formula: &'f Expr, inputs: &BTreeMap<&str, &Doubtful>) -> Option<&'f str> {
    let sizes: Vec<f64> = inputs.values().map(|i| i.size()).collect();
    let mut uncertain = None;
    slopes_of_all(formula, inputs, |term, operands| {
        if let (Op::Apply(Function::Div, _), [_, Some((divisor, slopes))]) = (&term.op, operands) {
            let squares = slopes.iter().zip(&sizes).map(|(s, u)| (s * u) * (s * u));
            if divisor.abs() <= 2.0 * squares.sum::<f64>().sqrt() {
                uncertain = uncertain.or(Some(formula.part(term.at)));
            }
        }
    });
    uncertain
}
