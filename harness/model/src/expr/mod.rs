//! Expressions: small formulas over finished results, parameters and the channels of this instant.
//!
//! An [`Expr`] is data: its source text and its terms in postfix order (operands before the
//! operation that takes them), each with its place in the text. There is no loop, no call but the
//! [`Function`]s, and no state: evaluation is one pass over at most [`TERMS_MAX`] terms with a stack
//! of at most [`STACK_MAX`] values, so it always ends, in time that the plan knows. It is total:
//! dividing by zero, the root of a negative number, a name without a value and a number that is no
//! longer finite are answers ([`Trouble`]), never a panic, an infinity or a not-a-number.
//!
//! Dimensions are checked twice by the same rules ([`Sort`]): before anything runs ([`Expr::sort`]),
//! and with every value. `certbench-suite` reads the text, `certbench-run` holds conditions against
//! channels ([`Program::holds`]), `certbench-judge` computes derived results.

mod print;
mod program;
mod sort;
mod value;

pub use program::Program;
pub use sort::{Mistake, Nature, Sort, Wrong};
pub use value::{Number, Trouble, Value, Why};

use crate::Quantity;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Longest text, bytes.
pub const TEXT_MAX: usize = 1024;
/// Most terms: literals, names and operations.
pub const TERMS_MAX: usize = 128;
/// Most values that wait for their operation at one time.
pub const STACK_MAX: usize = 32;

/// A stretch of the text: first byte, and one past the last.
pub type Stretch = [u16; 2];

/// An expression that keeps all limits of this module.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Unchecked")]
pub struct Expr {
    text: String,
    terms: Vec<Term>,
}

#[derive(Deserialize)]
struct Unchecked {
    text: String,
    terms: Vec<Term>,
}

impl TryFrom<Unchecked> for Expr {
    type Error = Unsound;
    fn try_from(raw: Unchecked) -> Result<Expr, Unsound> {
        Expr::new(raw.text, raw.terms)
    }
}

/// One term, where it stands in the text.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Term {
    /// Its place, operands included.
    pub at: Stretch,
    /// What it is.
    pub op: Op,
}

/// What a term is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Op {
    /// A number with its unit; finite.
    Quantity(Quantity),
    /// `true` or `false`.
    Flag(bool),
    /// A name: `strength`, `case.result`, `grip.peak[cylinder-50]`, `$parameter`.
    Name(String),
    /// An operation on the last values, as many as the number says.
    Apply(Function, u8),
}

/// Everything that can be done with values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Function {
    /// `-a`
    Neg,
    /// `a + b`
    Add,
    /// `a - b`
    Sub,
    /// `a * b`
    Mul,
    /// `a / b`
    Div,
    /// `a < b`
    Lt,
    /// `a <= b`
    Le,
    /// `a > b`
    Gt,
    /// `a >= b`
    Ge,
    /// `a == b`: of yes and no only. Two measured values are never exactly equal; a tolerance is
    /// written out, `abs(a - b) <= 0.1 N`.
    Eq,
    /// `a != b`: of yes and no only.
    Ne,
    /// `not a`
    Not,
    /// `a and b`; false as soon as one is, even if the other has no value.
    And,
    /// `a or b`; true as soon as one is, even if the other has no value.
    Or,
    /// `min(a, b, …)`
    Min,
    /// `max(a, b, …)`
    Max,
    /// `abs(a)`
    Abs,
    /// `sqrt(a)`
    Sqrt,
}

impl Function {
    /// All of them.
    pub const ALL: [Function; 18] = [
        Function::Neg,
        Function::Add,
        Function::Sub,
        Function::Mul,
        Function::Div,
        Function::Lt,
        Function::Le,
        Function::Gt,
        Function::Ge,
        Function::Eq,
        Function::Ne,
        Function::Not,
        Function::And,
        Function::Or,
        Function::Min,
        Function::Max,
        Function::Abs,
        Function::Sqrt,
    ];

    /// Fewest and most operands.
    pub fn arity(self) -> (u8, u8) {
        match self {
            Function::Neg | Function::Not | Function::Abs | Function::Sqrt => (1, 1),
            Function::Min | Function::Max => (2, STACK_MAX as u8),
            _ => (2, 2),
        }
    }

    /// How it is written.
    pub fn symbol(self) -> &'static str {
        match self {
            Function::Neg | Function::Sub => "-",
            Function::Add => "+",
            Function::Mul => "*",
            Function::Div => "/",
            Function::Lt => "<",
            Function::Le => "<=",
            Function::Gt => ">",
            Function::Ge => ">=",
            Function::Eq => "==",
            Function::Ne => "!=",
            Function::Not => "not",
            Function::And => "and",
            Function::Or => "or",
            Function::Min => "min",
            Function::Max => "max",
            Function::Abs => "abs",
            Function::Sqrt => "sqrt",
        }
    }
}

/// Why terms are no expression.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unsound {
    /// Longer than [`TEXT_MAX`].
    Long,
    /// More terms than [`TERMS_MAX`].
    Terms,
    /// More values at one time than [`STACK_MAX`].
    Deep,
    /// An operation with too few or too many operands, or values that no operation takes.
    Operands,
    /// A number that is not finite.
    NotFinite,
    /// A place outside the text.
    Place,
    /// A name that is not spelled like one: letters, digits and `_ - . $ [ ]`.
    Name,
}

impl fmt::Display for Unsound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Unsound::Long => write!(f, "an expression has at most {TEXT_MAX} bytes"),
            Unsound::Terms => write!(
                f,
                "an expression has at most {TERMS_MAX} numbers, names and operations"
            ),
            Unsound::Deep => write!(
                f,
                "an expression keeps at most {STACK_MAX} values at one time: fewer parentheses"
            ),
            Unsound::Operands => f.write_str("an operation lacks an operand, or has one too many"),
            Unsound::NotFinite => f.write_str("a number of the expression is not finite"),
            Unsound::Place => f.write_str("a term lies outside the text of the expression"),
            Unsound::Name => f.write_str("a name of the expression is not spelled like one"),
        }
    }
}

impl std::error::Error for Unsound {}

impl Expr {
    /// An expression from its text and its terms in postfix order.
    ///
    /// # Errors
    /// When a limit of this module is passed or the terms do not make one value.
    pub fn new(text: impl Into<String>, terms: Vec<Term>) -> Result<Expr, Unsound> {
        let text = text.into();
        if text.len() > TEXT_MAX {
            return Err(Unsound::Long);
        }
        if terms.len() > TERMS_MAX {
            return Err(Unsound::Terms);
        }
        let mut waiting = 0usize;
        for Term { at: [from, to], op } in &terms {
            if text.get(usize::from(*from)..usize::from(*to)).is_none() {
                return Err(Unsound::Place);
            }
            let operands = match op {
                Op::Quantity(q) if !q.value.is_finite() => return Err(Unsound::NotFinite),
                Op::Name(name) if !is_name(name) => return Err(Unsound::Name),
                Op::Quantity(_) | Op::Flag(_) | Op::Name(_) => 0,
                Op::Apply(function, operands) => {
                    let (fewest, most) = function.arity();
                    if *operands < fewest || *operands > most {
                        return Err(Unsound::Operands);
                    }
                    usize::from(*operands)
                }
            };
            waiting = waiting.checked_sub(operands).ok_or(Unsound::Operands)? + 1;
            if waiting > STACK_MAX {
                return Err(Unsound::Deep);
            }
        }
        match waiting {
            1 => Ok(Expr { text, terms }),
            _ => Err(Unsound::Operands),
        }
    }

    /// As it was written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// A part of the text.
    pub fn part(&self, [from, to]: Stretch) -> &str {
        self.text
            .get(usize::from(from)..usize::from(to))
            .unwrap_or_default()
    }

    /// The terms, operands before their operation; the last one is the whole.
    pub fn terms(&self) -> &[Term] {
        &self.terms
    }

    /// The names in it, each once, in the order of the text.
    pub fn names(&self) -> Vec<&str> {
        let mut names: Vec<&str> = Vec::new();
        for term in &self.terms {
            if let Op::Name(name) = &term.op
                && !names.contains(&name.as_str())
            {
                names.push(name);
            }
        }
        names
    }

    /// With the names that `known` knows replaced by their values: parameters, when a plan is made.
    /// A value that is not finite is left a name.
    #[must_use]
    pub fn filled(mut self, known: impl Fn(&str) -> Option<Quantity>) -> Expr {
        for term in &mut self.terms {
            if let Op::Name(name) = &term.op
                && let Some(quantity) = known(name).filter(|q| q.value.is_finite())
            {
                term.op = Op::Quantity(quantity);
            }
        }
        self
    }

    /// One pass over the terms: `step` gets each with what it made of the term's operands.
    /// Nothing comes back only when `step` was never called.
    pub fn fold<T>(&self, mut step: impl FnMut(&Term, &[T]) -> T) -> Option<T> {
        let mut stack: Vec<T> = Vec::new();
        for term in &self.terms {
            let operands = match term.op {
                Op::Apply(_, n) => usize::from(n),
                _ => 0,
            };
            let below = stack.len().saturating_sub(operands);
            let result = step(term, stack.get(below..).unwrap_or_default());
            stack.truncate(below);
            stack.push(result);
        }
        stack.pop()
    }
}

impl fmt::Display for Expr {
    /// As it was written; terms without a text are printed.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.text.is_empty() {
            true => f.write_str(&self.printed()),
            false => f.write_str(&self.text),
        }
    }
}

/// Whether a name can stand in an expression: a letter, `_` or `$` first, then letters, digits and
/// `_ - .`, at last an index in brackets; at most 200 bytes.
pub fn is_name(text: &str) -> bool {
    let (path, index) = match text.split_once('[') {
        Some((path, rest)) => (path, rest.strip_suffix(']')),
        None => (text, Some("x")),
    };
    let word = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    let start = |c: char| c.is_ascii_alphabetic() || c == '_';
    let path = path.strip_prefix('$').unwrap_or(path);
    text.len() <= 200
        && path.starts_with(start)
        && !is_reserved(path)
        && path
            .split('.')
            .all(|part| part.chars().all(word) && !part.is_empty() && !part.ends_with('-'))
        && index.is_some_and(|i| !i.is_empty() && i.chars().all(word))
}

/// Words that are no names: they mean something themselves.
pub fn is_reserved(word: &str) -> bool {
    matches!(word, "and" | "or" | "not" | "true" | "false")
}
