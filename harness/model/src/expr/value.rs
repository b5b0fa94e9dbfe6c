//! Values, and one pass that computes them.

use super::{Expr, Function, Nature, Op, STACK_MAX, Sort, Stretch, Term, Wrong};
use crate::{ParamValue, Quantity, Unit};
use std::fmt;

/// A value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Value {
    /// Yes or no.
    Flag(bool),
    /// A number with what it is a number of.
    Number(Number),
}

/// A number in coherent SI units, with its nature.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Number {
    /// In coherent SI units; finite.
    pub si: f64,
    /// Of what.
    pub nature: Nature,
}

impl Number {
    /// The number in a unit, or `None` when it is a number of something else.
    pub fn to(self, unit: Unit) -> Option<f64> {
        let def = unit.def();
        let value = self.si * def.den / def.num - def.offset;
        self.nature.fits(unit).then_some(value)
    }
}

impl From<Quantity> for Number {
    fn from(q: Quantity) -> Number {
        let def = q.unit.def();
        Number {
            si: (q.value + def.offset) * def.num / def.den,
            nature: Nature::of(q.unit),
        }
    }
}

impl From<Quantity> for Value {
    fn from(q: Quantity) -> Value {
        Value::Number(q.into())
    }
}

impl From<bool> for Value {
    fn from(flag: bool) -> Value {
        Value::Flag(flag)
    }
}

impl Value {
    /// A count: a pure number.
    pub fn count(n: u64) -> Value {
        Value::from(Quantity::new(n as f64, Unit::one()))
    }

    /// What a parameter is worth; a text is worth nothing.
    pub fn of_parameter(value: &ParamValue) -> Option<Value> {
        match value {
            ParamValue::Quantity(q) => Some((*q).into()),
            ParamValue::Count(n) => Some(Value::count(*n)),
            ParamValue::Flag(flag) => Some((*flag).into()),
            ParamValue::Text(_) => None,
        }
    }

    /// Its sort.
    pub fn sort(self) -> Sort {
        match self {
            Value::Flag(_) => Sort::Flag,
            Value::Number(number) => Sort::Quantity(number.nature),
        }
    }
}

/// Why there is no value, and where.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Trouble {
    /// The term in the text.
    pub at: Stretch,
    /// Why.
    pub why: Why,
}

/// Why there is no value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Why {
    /// A name has no value: not finished, not valid, or nobody's.
    NoValue,
    /// Division by zero.
    DivisionByZero,
    /// Square root of a negative number.
    NegativeRoot,
    /// Not a finite number.
    NotFinite,
    /// The operation does not go with its operands; [`Expr::sort`] says so beforehand.
    Wrong(Wrong),
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Why::NoValue => f.write_str("has no value"),
            Why::DivisionByZero => f.write_str("divides by zero"),
            Why::NegativeRoot => f.write_str("takes the root of a negative number"),
            Why::NotFinite => f.write_str("is no finite number"),
            Why::Wrong(wrong) => wrong.fmt(f),
        }
    }
}

/// A value, or why there is none.
pub(super) type Outcome = Result<Value, Trouble>;

impl Expr {
    /// The value of the whole; `env` gives that of each name.
    ///
    /// # Errors
    /// See [`Why`].
    pub fn evaluate(&self, env: impl Fn(&str) -> Option<Value>) -> Outcome {
        evaluate(self.terms(), |_, name| env(name), |_, _| {})
    }

    /// The value of every term, in their order.
    pub fn values(&self, env: impl Fn(&str) -> Option<Value>) -> Vec<Outcome> {
        let mut all = Vec::with_capacity(self.terms().len());
        let last = evaluate(self.terms(), |_, name| env(name), |_, o| all.push(o));
        debug_assert!(all.last() == Some(&last) || all.is_empty());
        all
    }
}

/// One pass with a stack of fixed size: no allocation. `lookup` gets the number of the term and the
/// name, `seen` every value on its way.
pub(super) fn evaluate(
    terms: &[Term],
    lookup: impl Fn(usize, &str) -> Option<Value>,
    mut seen: impl FnMut(usize, Outcome),
) -> Outcome {
    let nothing = Err(Trouble {
        at: [0, 0],
        why: Why::NoValue,
    });
    let mut stack = [nothing; STACK_MAX];
    let mut waiting = 0usize;
    for (i, Term { at, op }) in terms.iter().enumerate() {
        let trouble = |why| Trouble { at: *at, why };
        let (operands, outcome) = match op {
            Op::Quantity(q) => (0, finite((*q).into()).map_err(trouble)),
            Op::Flag(flag) => (0, Ok(Value::Flag(*flag))),
            Op::Name(name) => {
                let value = lookup(i, name).ok_or(Why::NoValue);
                (0, value.and_then(finite).map_err(trouble))
            }
            Op::Apply(function, n) => {
                let below = waiting.saturating_sub(usize::from(*n));
                let operands = stack.get(below..waiting).unwrap_or_default();
                (operands.len(), apply(*function, operands, *at))
            }
        };
        seen(i, outcome);
        waiting -= operands;
        // `Expr::new` has seen to it that there is room.
        if let Some(place) = stack.get_mut(waiting) {
            *place = outcome;
            waiting += 1;
        }
    }
    stack[0]
}

fn apply(function: Function, operands: &[Outcome], at: Stretch) -> Outcome {
    let trouble = |why| Trouble { at, why };
    match (function, operands) {
        // Kleene: what one side settles, the other one cannot unsettle.
        (Function::And | Function::Or, [a, b]) => {
            let settles = Value::Flag(function == Function::Or);
            let both = |a: &Value, b: &Value| function.sort(a.sort(), Some(b.sort()));
            match (a, b) {
                (Ok(a), Ok(b)) => {
                    both(a, b).map_err(|w| trouble(Why::Wrong(w)))?;
                    let settled = *a == settles || *b == settles;
                    Ok(Value::Flag(settled == (function == Function::Or)))
                }
                (Ok(one), Err(_)) | (Err(_), Ok(one)) if *one == settles => Ok(settles),
                (Err(why), _) | (_, Err(why)) => Err(*why),
            }
        }
        (_, [one]) => unary(function, (*one)?).map_err(trouble),
        (_, [first, more @ ..]) => {
            let first = *first;
            let pair = |a: Outcome, b: &Outcome| binary(function, a?, (*b)?).map_err(trouble);
            more.iter().fold(first, pair)
        }
        (_, []) => Err(trouble(Why::Wrong(Wrong::Operands))),
    }
}

fn unary(function: Function, a: Value) -> Result<Value, Why> {
    let sort = function.sort(a.sort(), None).map_err(Why::Wrong)?;
    match (sort, a) {
        (Sort::Flag, Value::Flag(a)) => Ok(Value::Flag(!a)),
        (Sort::Quantity(nature), Value::Number(a)) => {
            let si = match function {
                Function::Neg => -a.si,
                Function::Abs => a.si.abs(),
                _ if a.si < 0.0 => return Err(Why::NegativeRoot),
                _ => a.si.sqrt(),
            };
            finite(Value::Number(Number { si, nature }))
        }
        _ => Err(Why::Wrong(Wrong::Operands)),
    }
}

fn binary(function: Function, a: Value, b: Value) -> Result<Value, Why> {
    let sort = function
        .sort(a.sort(), Some(b.sort()))
        .map_err(Why::Wrong)?;
    let (a, b) = match (a, b) {
        (Value::Number(a), Value::Number(b)) => (a.si, b.si),
        (a, b) => return Ok(Value::Flag((a == b) == (function == Function::Eq))),
    };
    let si = match function {
        Function::Lt => return Ok(Value::Flag(a < b)),
        Function::Le => return Ok(Value::Flag(a <= b)),
        Function::Gt => return Ok(Value::Flag(a > b)),
        Function::Ge => return Ok(Value::Flag(a >= b)),
        Function::Add => a + b,
        Function::Sub => a - b,
        Function::Mul => a * b,
        Function::Div if b == 0.0 => return Err(Why::DivisionByZero),
        Function::Div => a / b,
        Function::Min => a.min(b),
        _ => a.max(b),
    };
    match sort {
        Sort::Quantity(nature) => finite(Value::Number(Number { si, nature })),
        Sort::Flag => Err(Why::Wrong(Wrong::Operands)),
    }
}

fn finite(value: Value) -> Result<Value, Why> {
    match value {
        Value::Number(number) if !number.si.is_finite() => Err(Why::NotFinite),
        value => Ok(value),
    }
}
