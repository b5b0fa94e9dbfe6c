//! An expression made ready for every sample: names have become numbers.

use super::value::{Outcome, evaluate};
use super::{Expr, Op, Trouble, Value, Why, Wrong};

/// An expression whose names are slots, so that nothing is looked up by name and nothing is
/// allocated while it is evaluated. `certbench-run` makes one of each condition when a case is
/// prepared and holds it against the channels' latest readings on the thread that brings them.
///
/// ```
/// use certbench_model::expr::{Expr, Function, Op, Program, Term};
/// # let at = [0, 0];
/// # let op = |op| Term { at, op };
/// # let terms = vec![
/// #     op(Op::Name("force".into())),
/// #     op(Op::Quantity("2.5 N".parse().unwrap())),
/// #     op(Op::Apply(Function::Lt, 2)),
/// # ];
/// let condition = Expr::new("force < 2.5 N", terms).unwrap();
/// let program = Program::new(&condition);
/// assert_eq!(program.names(), ["force"]);
/// let latest = [Some("2000 mN".parse::<certbench_model::Quantity>().unwrap())];
/// assert_eq!(program.holds(|slot| Some((*latest.get(slot)?)?.into())), Ok(true));
/// ```
#[derive(Clone, Debug)]
pub struct Program {
    expr: Expr,
    names: Vec<String>,
    /// Slot of each term that is a name; of the others 0.
    slots: Vec<usize>,
}

impl Program {
    /// Makes an expression ready.
    pub fn new(expr: &Expr) -> Program {
        let names: Vec<String> = expr.names().into_iter().map(String::from).collect();
        let slot = |op: &Op| match op {
            Op::Name(name) => names.iter().position(|n| n == name).unwrap_or_default(),
            _ => 0,
        };
        Program {
            slots: expr.terms().iter().map(|t| slot(&t.op)).collect(),
            expr: expr.clone(),
            names,
        }
    }

    /// The names whose values it needs; a slot is an index into them.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// The expression.
    pub fn expr(&self) -> &Expr {
        &self.expr
    }

    /// The value; `env` gives that of each slot. Does not allocate.
    ///
    /// # Errors
    /// See [`Why`].
    pub fn evaluate(&self, env: impl Fn(usize) -> Option<Value>) -> Outcome {
        let lookup = |term: usize, _: &str| env(*self.slots.get(term)?);
        evaluate(self.expr.terms(), lookup, |_, _| {})
    }

    /// Whether the condition holds now. Does not allocate. A condition without an answer (a channel
    /// that has said nothing valid yet, a division by zero) is neither true nor false.
    ///
    /// # Errors
    /// See [`Why`]; [`Wrong::NotAFlag`] when the expression is no condition.
    pub fn holds(&self, env: impl Fn(usize) -> Option<Value>) -> Result<bool, Trouble> {
        match self.evaluate(env)? {
            Value::Flag(holds) => Ok(holds),
            Value::Number(number) => Err(Trouble {
                at: self.expr.terms().last().map_or([0, 0], |t| t.at),
                why: Why::Wrong(Wrong::NotAFlag(number.nature)),
            }),
        }
    }
}
