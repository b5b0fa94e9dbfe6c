//! Terms back to text.

use super::{Expr, Function, Op};
use crate::{Quantity, Unit};

/// How tightly an operation binds; an operand that binds less tightly needs parentheses.
fn binding(op: &Op) -> u8 {
    match op {
        Op::Apply(function, _) => match function {
            Function::Or => 1,
            Function::And => 2,
            Function::Not => 3,
            Function::Lt | Function::Le | Function::Gt | Function::Ge => 4,
            Function::Eq | Function::Ne => 4,
            Function::Add | Function::Sub => 5,
            Function::Mul | Function::Div => 6,
            Function::Neg => 7,
            Function::Min | Function::Max | Function::Abs | Function::Sqrt => 9,
        },
        // A number with unit or sign is one word, and still reads badly behind a minus.
        Op::Quantity(_) => 8,
        Op::Flag(_) | Op::Name(_) => 9,
    }
}

impl Expr {
    /// The terms as text, with no more parentheses than they need. Reading it gives the same terms.
    pub fn printed(&self) -> String {
        let printed = self.fold(|term, operands: &[(String, u8)]| {
            let own = binding(&term.op);
            let inside = |i: usize, least: u8| match operands.get(i) {
                Some((text, binding)) if *binding >= least => text.clone(),
                Some((text, _)) => format!("({text})"),
                None => String::new(),
            };
            let text = match &term.op {
                Op::Quantity(quantity) => literal(*quantity),
                Op::Flag(flag) => flag.to_string(),
                Op::Name(name) => name.clone(),
                Op::Apply(function, _) => {
                    let symbol = function.symbol();
                    match function {
                        Function::Neg => format!("-{}", inside(0, 9)),
                        Function::Not => format!("not {}", inside(0, own)),
                        Function::Abs | Function::Sqrt | Function::Min | Function::Max => {
                            let list: Vec<&str> = operands.iter().map(|o| o.0.as_str()).collect();
                            format!("{symbol}({})", list.join(", "))
                        }
                        // Comparisons are not chained: neither side may be another one.
                        _ if own == 4 => format!("{} {symbol} {}", inside(0, 5), inside(1, 5)),
                        _ => format!("{} {symbol} {}", inside(0, own), inside(1, own + 1)),
                    }
                }
            };
            (text, own)
        });
        printed.map(|(text, _)| text).unwrap_or_default()
    }
}

fn literal(quantity: Quantity) -> String {
    match quantity.unit == Unit::one() {
        true => quantity.value.to_string(),
        false => quantity.to_string(),
    }
}
