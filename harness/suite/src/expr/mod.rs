//! Expressions as people write them: text to [`Expr`], with every complaint at its line and column.
//!
//! [`parse`] reads the text of a scalar; [`Read::check`] holds it against the names that are known
//! there; [`Read::condition`] and [`Read::value`] say what must come out. The same three serve
//! derived results (names are results) and conditions (names are channels).

mod check;
mod lexer;
mod parser;
#[cfg(test)]
mod tests;

pub(crate) use check::Names;

use crate::complaint::{Complaint, Sink, Span};
use certbench_model::expr::Expr;

/// An expression that was read, and where.
#[derive(Clone, Debug)]
pub(crate) struct Read {
    pub(crate) expr: Expr,
    place: Place,
}

/// Reads an expression: `text` as the file's scalar gives it, `at` the scalar's place. `None` when
/// there was a complaint.
pub(crate) fn parse(text: &str, at: Span, sink: &Sink) -> Option<Read> {
    let place = Place::of(text, at);
    let before = sink.errors();
    let tokens = lexer::tokens(text, place, sink)?;
    match parser::expression(text, tokens, place) {
        Ok(expr) => (sink.errors() == before).then_some(Read { expr, place }),
        Err(complaint) => {
            sink.push(complaint);
            None
        }
    }
}

/// Where the text of a scalar lies in its file.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    span: Span,
    /// First byte of the text, when the file has it byte for byte: without quotes, or in quotes
    /// without escapes, on one line.
    start: Option<u32>,
}

impl Place {
    fn of(text: &str, span: Span) -> Place {
        let (raw, own) = ((span.end - span.start) as usize, text.len());
        let start = match () {
            _ if text.contains('\n') => None,
            _ if raw == own => Some(span.start),
            _ if raw == own + 2 => Some(span.start + 1),
            _ => None,
        };
        Place { span, start }
    }

    /// The place of a stretch of the text; the whole scalar when it cannot be told.
    fn at(self, from: usize, to: usize) -> Span {
        match self.start {
            Some(start) => Span {
                file: self.span.file,
                start: start + from as u32,
                end: start + to as u32,
            },
            None => self.span,
        }
    }

    /// A complaint about a stretch of the text.
    fn complaint(
        self,
        code: &'static str,
        text: &str,
        [from, to]: [usize; 2],
        message: impl Into<String>,
    ) -> Complaint {
        self.located(
            Complaint::new(code, self.at(from, to), message),
            text,
            [from, to],
        )
    }

    /// Says in words where in the text a complaint is about, when its place in the file cannot be told.
    fn located(self, complaint: Complaint, text: &str, [from, to]: [usize; 2]) -> Complaint {
        match (self.start, text.get(..from), text.get(from..to)) {
            (None, Some(before), Some(part)) => {
                let column = before.chars().count() + 1;
                complaint.note(format!("at `{part}`, character {column} of the expression"))
            }
            _ => complaint,
        }
    }
}
