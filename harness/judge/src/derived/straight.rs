//! Whether first order is enough for a formula, and whether it has a value at all.

use super::propagate::{Doubtful, partials, slopes_of_all};
use crate::reason::{Reasons, because};
use certbench_model::expr::{Expr, Function, Op, Value};
use std::collections::BTreeMap;

/// A divisor that is zero within its own expanded uncertainty (k = 2) leaves no value. And one
/// standard uncertainty to either side of each input, and of each two together, the formula may leave
/// its tangent by a tenth of the result's own standard uncertainty; beyond that the report says so.
pub(super) fn straight(
    formula: &Expr,
    result: &Doubtful,
    inputs: &BTreeMap<&str, &Doubtful>,
    doubts: &mut Reasons,
    notes: &mut Reasons,
) {
    if let Some(divisor) = uncertain_divisor(formula, inputs) {
        doubts.add(because(
            "no-number",
            format!("`{divisor}`: the divisor may be zero within its uncertainty"),
            format!("`{divisor}`：除数在其不确定度范围内可能为零"),
        ));
    }
    let Some(slopes) = partials(formula, inputs) else {
        return;
    };
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
    let Some(here) = at(&moves) else { return };
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
                    notes.add(because(
                        "not-linear",
                        "The formula bends within the uncertainty of what it is made of: its own uncertainty, which is of first order, is an approximation",
                        "公式在各输入的不确定度范围内明显弯曲：按一阶传播的不确定度仅为近似",
                    ));
                    return;
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
