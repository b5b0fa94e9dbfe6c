//! Words to terms in postfix order, by precedence climbing.

use super::Place;
use super::lexer::{Token, Word};
use crate::complaint::Complaint;
use crate::near::suggestion;
use certbench_model::expr::{Expr, Function, Op, Term, Unsound};
use certbench_model::{Quantity, Unit};

/// Deepest nesting of parentheses and signs.
const DEPTH_MAX: usize = 24;

const OR: u8 = 1;
const COMPARISON: u8 = 4;
/// Tighter than every operation between two values.
const UNARY: u8 = 7;

/// How tightly an operation between two values binds.
fn binding(function: Function) -> Option<u8> {
    Some(match function {
        Function::Or => OR,
        Function::And => 2,
        Function::Lt | Function::Le | Function::Gt | Function::Ge | Function::Eq | Function::Ne => {
            COMPARISON
        }
        Function::Add | Function::Sub => 5,
        Function::Mul | Function::Div => 6,
        _ => return None,
    })
}

/// The functions that are called by name.
const CALLED: [Function; 4] = [Function::Min, Function::Max, Function::Abs, Function::Sqrt];

/// The whole text as one expression.
pub(super) fn expression(text: &str, tokens: Vec<Token>, place: Place) -> Result<Expr, Complaint> {
    let mut parser = Parser {
        text,
        place,
        tokens,
        next: 0,
        depth: 0,
        terms: Vec::new(),
    };
    if parser.tokens.is_empty() {
        let complaint = parser.complain("expression-syntax", [0, text.len()], "no expression");
        return Err(complaint.help("write for example `first.strength - last.strength`"));
    }
    parser.binary(OR)?;
    if let Some(token) = parser.tokens.get(parser.next).cloned() {
        return Err(parser.left_over(&token));
    }
    Expr::new(text, std::mem::take(&mut parser.terms)).map_err(|unsound| {
        let code = match unsound {
            Unsound::Long | Unsound::Terms => "too-large",
            Unsound::Deep => "too-deep",
            _ => "expression-syntax",
        };
        let complaint = parser.complain(code, [0, text.len()], &unsound.to_string());
        complaint.help("compute parts of it as derived results of their own")
    })
}

struct Parser<'a> {
    text: &'a str,
    place: Place,
    tokens: Vec<Token>,
    next: usize,
    depth: usize,
    terms: Vec<Term>,
}

/// What a part covers, its parentheses included.
type Covers = [usize; 2];

impl Parser<'_> {
    fn complain(&self, code: &'static str, at: Covers, message: &str) -> Complaint {
        self.place.complaint(code, self.text, at, message)
    }

    fn source(&self, [from, to]: Covers) -> &str {
        self.text.get(from..to).unwrap_or_default()
    }

    fn peek(&self) -> Option<&Word> {
        self.tokens.get(self.next).map(|t| &t.word)
    }

    fn emit(&mut self, [from, to]: Covers, op: Op) {
        let narrow = |n: usize| u16::try_from(n).unwrap_or(u16::MAX);
        self.terms.push(Term {
            at: [narrow(from), narrow(to)],
            op,
        });
    }

    /// Operations that bind at least as tightly as `least`, left to right.
    fn binary(&mut self, least: u8) -> Result<Covers, Complaint> {
        let mut left = self.operand()?;
        let mut compared: Option<Covers> = None;
        while let Some(Word::Operator(function)) = self.peek() {
            let function = *function;
            let Some(own) = binding(function).filter(|b| *b >= least) else {
                break;
            };
            let sign = self.tokens.get(self.next).map_or([0, 0], |t| t.at);
            self.next += 1;
            let right = self.binary(own + 1)?;
            if own == COMPARISON {
                if let Some(middle) = compared {
                    return Err(self.chained(left, middle, sign, right));
                }
                compared = Some(right);
            }
            left = [left[0], right[1]];
            self.emit(left, Op::Apply(function, 2));
        }
        Ok(left)
    }

    fn chained(&self, left: Covers, middle: Covers, sign: Covers, right: Covers) -> Complaint {
        let message = "comparisons cannot be chained";
        let [first, middle] = [left, middle].map(|part| self.source(part));
        let rest = [sign, right].map(|part| self.source(part));
        self.complain("chained-comparison", sign, message)
            .help(format!(
                "write `{first} and {middle} {} {}`",
                rest[0], rest[1]
            ))
    }

    /// A value with the signs before it.
    fn operand(&mut self) -> Result<Covers, Complaint> {
        let Some(token) = self.tokens.get(self.next).cloned() else {
            let end = self.text.trim_end().len();
            let last = self.tokens.last().map_or([end, end], |t| t.at);
            let message = format!("the expression ends behind `{}`", self.source(last));
            return Err(self
                .complain("expression-syntax", last, &message)
                .help("a name, a number with its unit or `(` is expected there"));
        };
        self.next += 1;
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            let message = format!("nested deeper than {DEPTH_MAX} levels");
            return Err(self.complain("too-deep", token.at, &message));
        }
        let covers = match token.word.clone() {
            Word::Number(quantity) => {
                self.emit(token.at, Op::Quantity(quantity));
                token.at
            }
            Word::Flag(flag) => {
                self.emit(token.at, Op::Flag(flag));
                token.at
            }
            Word::Name(name) if self.peek() == Some(&Word::Open) => self.call(&name, token.at)?,
            Word::Name(name) => {
                self.emit(token.at, Op::Name(name));
                token.at
            }
            Word::Open => {
                self.binary(OR)?;
                [token.at[0], self.close(token.at)?]
            }
            Word::Operator(Function::Sub) => self.minus(token.at)?,
            Word::Operator(Function::Not) => {
                let inner = self.binary(COMPARISON)?;
                let covers = [token.at[0], inner[1]];
                self.emit(covers, Op::Apply(Function::Not, 1));
                covers
            }
            Word::Operator(_) | Word::Close | Word::Comma => return Err(self.no_value(&token)),
        };
        self.depth -= 1;
        Ok(covers)
    }

    /// A minus before a number belongs to it: `-5 Cel` is a temperature.
    fn minus(&mut self, at: Covers) -> Result<Covers, Complaint> {
        if let Some(Word::Number(quantity)) = self.peek() {
            let negative = Quantity::new(-quantity.value, quantity.unit);
            let end = self.tokens.get(self.next).map_or(at[1], |t| t.at[1]);
            self.next += 1;
            self.emit([at[0], end], Op::Quantity(negative));
            return Ok([at[0], end]);
        }
        let inner = self.binary(UNARY)?;
        let covers = [at[0], inner[1]];
        self.emit(covers, Op::Apply(Function::Neg, 1));
        Ok(covers)
    }

    /// `name(…)`.
    fn call(&mut self, name: &str, at: Covers) -> Result<Covers, Complaint> {
        let known = CALLED.iter().find(|f| f.symbol() == name);
        let Some(function) = known.copied() else {
            return Err(self.unknown_function(name, at));
        };
        let open = self.tokens.get(self.next).map_or(at, |t| t.at);
        self.next += 1;
        let mut operands = 0usize;
        if self.peek() != Some(&Word::Close) {
            self.binary(OR)?;
            operands = 1;
            while self.peek() == Some(&Word::Comma) {
                self.next += 1;
                self.binary(OR)?;
                operands += 1;
            }
        }
        let covers = [at[0], self.close(open)?];
        let (fewest, most) = function.arity();
        match u8::try_from(operands) {
            Ok(n) if n >= fewest && n <= most => {
                self.emit(covers, Op::Apply(function, n));
                Ok(covers)
            }
            _ => {
                let wanted = match (fewest, most) {
                    (1, 1) => "one value".to_string(),
                    _ => format!("{fewest} to {most} values"),
                };
                let message = format!("`{name}` takes {wanted}, here are {operands}");
                Err(self.complain("wrong-operands", covers, &message))
            }
        }
    }

    fn unknown_function(&self, name: &str, at: Covers) -> Complaint {
        let message = format!("unknown function `{name}`");
        let mut complaint = self.complain("unknown-function", at, &message);
        let known = CALLED.map(Function::symbol);
        let (help, note) = suggestion(name, known);
        complaint.help = help;
        complaint.notes.extend(note);
        complaint.note("what looks at a whole stretch of time (peak, mean, drift) is a metric of `measure`, not a function")
    }

    /// The end of a `)` that must be here.
    fn close(&mut self, open: Covers) -> Result<usize, Complaint> {
        match self.tokens.get(self.next) {
            Some(Token {
                word: Word::Close,
                at,
            }) => {
                self.next += 1;
                Ok(at[1])
            }
            Some(token) => Err(self.left_over(token)),
            None => Err(self
                .complain("expression-syntax", open, "this `(` is never closed")
                .help("add `)`")),
        }
    }

    fn no_value(&self, token: &Token) -> Complaint {
        let found = self.source(token.at);
        let message = format!("a value is expected here, found `{found}`");
        let complaint = self.complain("expression-syntax", token.at, &message);
        match token.word {
            Word::Operator(Function::Add) => complaint.help("take this `+` away"),
            Word::Close | Word::Comma => complaint,
            _ => {
                complaint.help("there are two operations side by side, or nothing before this one")
            }
        }
    }

    /// A word behind a whole expression.
    fn left_over(&self, token: &Token) -> Complaint {
        let found = self.source(token.at);
        let message = format!("an operation is expected here, found `{found}`");
        let complaint = self.complain("expression-syntax", token.at, &message);
        match &token.word {
            Word::Close => complaint.help("there is no `(` for it"),
            Word::Comma => {
                complaint.help("a decimal point is a point (`2.5 N`); commas stand in `min(a, b)`")
            }
            Word::Name(_) | Word::Open => {
                complaint.help("a product is written `a * b`; a name has no blanks")
            }
            Word::Number(quantity) if quantity.unit == Unit::one() => {
                complaint.help("a number has a point and no blanks: `2500`, `2.5`")
            }
            Word::Operator(Function::Not) => complaint.help("write `and not` or `or not`"),
            _ => complaint,
        }
    }
}
