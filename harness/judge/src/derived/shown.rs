//! Every part of a formula with its value, for the report.

use certbench_model::expr::{Nature, Op, Value};
use certbench_model::finding::SubValue;
use certbench_model::{Derived, Unit};

/// The values of results, parameters and operations in the order of the formula, each text once,
/// without the formula as a whole. `known` tells a result's place, unit and expanded uncertainty.
pub(super) fn sub_values(
    derived: &Derived,
    env: impl Fn(&str) -> Option<Value>,
    known: impl Fn(&str) -> Option<(String, Unit, Option<f64>)>,
) -> Vec<SubValue> {
    let formula = &derived.value;
    let mut shown: Vec<SubValue> = Vec::new();
    let mut values = formula.values(env).into_iter();
    let mut left = formula.terms().len();
    formula.fold(|term, units: &[Option<Unit>]| {
        let outcome = values.next();
        left -= 1;
        let Some(Ok(Value::Number(number))) = outcome else {
            return None;
        };
        let text = formula.part(term.at);
        let result = match &term.op {
            Op::Name(name) => known(name),
            _ => None,
        };
        let unit = match &term.op {
            Op::Quantity(quantity) => Some(quantity.unit),
            Op::Name(_) => result.as_ref().map(|(_, unit, _)| *unit),
            _ => of_operands(number.nature, units),
        };
        let literal = matches!(term.op, Op::Quantity(_)) && !text.starts_with('$');
        if left > 0 && !literal && shown.iter().all(|s| s.text != text) {
            let in_unit = unit.and_then(|u| Some((number.to(u)?, u.symbol().to_string())));
            let (value, unit) = in_unit.unwrap_or((number.si, number.nature.spelled()));
            let (from, u_expanded) = match result {
                Some((from, _, u)) => (Some(from), u),
                None => (None, None),
            };
            shown.push(SubValue {
                text: text.to_string(),
                from,
                value,
                unit,
                u_expanded,
            });
        }
        unit
    });
    shown
}

/// The first of the operands' units in which the result can be given.
fn of_operands(nature: Nature, units: &[Option<Unit>]) -> Option<Unit> {
    units.iter().flatten().find(|u| nature.fits(**u)).copied()
}
