//! What a written value can refer to: parameters, repeat variables, rows. Evaluation is typed; text
//! keeps its placeholders until a step is performed.

use super::parameters::InForce;
use super::view::View;
use crate::check::bench::Bench;
use crate::check::literal::{self, fitting, unknown};
use crate::check::parameter::show;
use crate::check::suite::Suite;
use crate::check::table::Table;
use crate::complaint::{Complaint, Sink, Span};
use crate::yaml::{At, Scalar};
use certbench_model::plan::Row;
use certbench_model::{ParamValue, Quantity, Unit, Vocabulary};
use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

/// Longest single time, seconds: a week.
pub(crate) const TIME_MAX_S: f64 = 7.0 * 86_400.0;
/// Most steps that a plan may have on paper (repeats written out count).
pub(crate) const STEPS_WRITTEN_MAX: usize = 20_000;
/// Most names that a placeholder may stand for.
const NAMES_MAX: usize = 10_000;

/// All that steps and measures are resolved against.
pub(crate) struct Env<'a> {
    pub(crate) sink: &'a Sink,
    pub(crate) vocabulary: &'a Vocabulary,
    pub(crate) suite: &'a Suite,
    pub(crate) values: &'a BTreeMap<String, InForce>,
    /// Absent while a suite is checked by itself.
    pub(crate) bench: Option<&'a Bench>,
    /// Channels of `needs`, as the bench has them or else as the suite needs them.
    pub(crate) channels: BTreeMap<String, View>,
    pub(crate) used: RefCell<Used>,
    pub(crate) frames: RefCell<Frames>,
    pub(crate) steps_left: Cell<usize>,
}

/// What steps and measures referred to.
#[derive(Debug, Default)]
pub(crate) struct Used {
    /// Of the case at hand.
    pub(crate) parameters: BTreeSet<String>,
    /// Of the whole suite: `kind name`.
    pub(crate) names: BTreeSet<(&'static str, String)>,
}

/// What a suite says of frames.
#[derive(Debug, Default)]
pub(crate) struct Frames {
    /// Channels that it registers, and to which frame; without a bench the frame is empty.
    pub(crate) channels: BTreeMap<String, (Span, String)>,
    /// Poses that a frame is fitted from.
    pub(crate) points: BTreeMap<String, Span>,
    /// Poses that measures judge.
    pub(crate) judged: BTreeMap<String, Span>,
}

/// A repeat variable in force.
#[derive(Clone)]
pub(crate) struct Variable<'a> {
    pub(crate) name: &'a str,
    pub(crate) kind: VariableKind<'a>,
}

/// What a variable runs over.
#[derive(Clone)]
pub(crate) enum VariableKind<'a> {
    /// 1 to n.
    Count(u64),
    /// Rows in the order of performance.
    Rows {
        table: &'a Table,
        rows: Vec<&'a Row>,
        /// Set when a value (not a text) was taken from a row: then each row is written out.
        typed: Rc<Cell<bool>>,
    },
    /// What it runs over could not be read; that has had its complaint.
    Unknown,
}

/// Variables in force, outermost first.
#[derive(Clone, Default)]
pub(crate) struct Scope<'a>(pub(crate) Vec<Variable<'a>>);

impl<'a> Scope<'a> {
    pub(crate) fn with(&self, variable: Variable<'a>) -> Scope<'a> {
        let mut inner = self.0.clone();
        inner.push(variable);
        Scope(inner)
    }

    pub(crate) fn find(&self, name: &str) -> Option<&Variable<'a>> {
        self.0.iter().rev().find(|v| v.name == name)
    }

    fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|v| v.name)
    }
}

/// A piece of a text.
enum Piece<'t> {
    Plain(&'t str),
    Placeholder(&'t str),
}

impl<'a> Env<'a> {
    /// A value: a literal's text, or what a parameter or column says.
    fn evaluate(&self, written: &At<Scalar>, scope: &Scope<'a>) -> Option<Evaluated> {
        let scalar = written.get()?;
        let text = scalar.text.trim();
        if let Some(name) = text.strip_prefix('$') {
            let parameter = self.parameter(name, written.span);
            return parameter.map(|p| Evaluated::Value(p.value.clone()));
        }
        if let Some(inner) = text.strip_prefix('{') {
            let name = inner.strip_suffix('}').unwrap_or(inner);
            return self.column(name, written.span, scope).map(Evaluated::Value);
        }
        Some(Evaluated::Literal)
    }

    /// A parameter in force, with its use noted.
    pub(crate) fn parameter(&self, name: &str, at: Span) -> Option<&'a InForce> {
        let found = self.values.get(name);
        match found {
            Some(_) => {
                self.used.borrow_mut().parameters.insert(name.to_string());
                self.note("parameter", name);
            }
            // One that could not be read has had its complaint.
            None if self.suite.written_parameter(name) => {}
            None => {
                let names = self.values.keys().map(String::as_str);
                self.sink
                    .push(unknown("unknown-parameter", "parameter", name, at, names));
            }
        }
        found
    }

    /// Notes that something of `needs` is used.
    pub(crate) fn note(&self, kind: &'static str, name: &str) {
        self.used
            .borrow_mut()
            .names
            .insert((kind, name.to_string()));
    }

    /// `variable.column` as a value.
    fn column(&self, name: &str, at: Span, scope: &Scope<'a>) -> Option<ParamValue> {
        let (variable, column) = name.split_once('.').unwrap_or((name, ""));
        let found = self.variable(variable, at, scope)?;
        let (table, rows, typed) = match &found.kind {
            VariableKind::Rows { table, rows, typed } => (table, rows, typed),
            VariableKind::Unknown => return None,
            VariableKind::Count(_) => {
                let message = format!("`{variable}` counts passes; it has no columns");
                self.sink
                    .push(Complaint::new("unknown-column", at, message));
                return None;
            }
        };
        if !table.columns.contains_key(column) {
            let names = table.columns.keys().map(String::as_str);
            let what = format!("column of `{variable}`");
            self.sink
                .push(unknown("unknown-column", &what, column, at, names));
            return None;
        }
        typed.set(true);
        rows.first()?.columns.get(column).cloned()
    }

    fn variable<'s>(&self, name: &str, at: Span, scope: &'s Scope<'a>) -> Option<&'s Variable<'a>> {
        let found = scope.find(name);
        // A variable whose own name could not be read may be the one that is meant.
        let nameless = scope.find("").is_some();
        if found.is_none() && !nameless {
            let complaint = unknown("unknown-variable", "variable", name, at, scope.names());
            let nothing = scope.0.is_empty();
            self.sink.push(if nothing {
                complaint.note("no `repeat` is around this place")
            } else {
                complaint
            });
        }
        found
    }

    /// A quantity in one of `units`.
    pub(crate) fn quantity(
        &self,
        written: &At<Scalar>,
        units: &[Unit],
        scope: &Scope<'a>,
    ) -> Option<Quantity> {
        match self.evaluate(written, scope)? {
            Evaluated::Literal => {
                literal::quantity(&written.get()?.text, written.span, units, self.sink)
            }
            Evaluated::Value(ParamValue::Quantity(q)) => fitting(q, written.span, units, self.sink),
            Evaluated::Value(other) => {
                let message = format!("{} is no number with a unit", show(&other));
                self.sink
                    .push(Complaint::new("wrong-dimension", written.span, message));
                None
            }
        }
    }

    /// The parameter that a value is, if it is one.
    pub(crate) fn parameter_of(&self, written: &At<Scalar>) -> Option<&'a InForce> {
        let name = written.get()?.text.trim().strip_prefix('$')?;
        self.values.get(name)
    }

    /// A number in a unit that the code names.
    pub(crate) fn number(
        &self,
        written: &At<Scalar>,
        unit: Unit,
        scope: &Scope<'a>,
    ) -> Option<f64> {
        self.quantity(written, &[unit], scope)?.to(unit).ok()
    }

    /// A difference (tolerance, band) in a unit.
    pub(crate) fn difference(
        &self,
        written: &At<Scalar>,
        unit: Unit,
        scope: &Scope<'a>,
    ) -> Option<f64> {
        let q = self.quantity(written, &[unit], scope)?;
        let value = q.unit.convert_difference(q.value, unit).ok()?;
        literal::positive(value, written.span, "a tolerance", self.sink)
    }

    /// A time, above zero and at most a week.
    pub(crate) fn seconds(&self, written: &At<Scalar>, scope: &Scope<'a>) -> Option<f64> {
        let s = self.number(written, unit("s"), scope)?;
        let s = literal::positive(s, written.span, "a time", self.sink)?;
        if s > TIME_MAX_S {
            let message = "longer than a week".to_string();
            self.sink
                .push(Complaint::new("out-of-range", written.span, message));
            return None;
        }
        Some(s)
    }

    /// A count, literal or from a parameter or column.
    pub(crate) fn count(&self, written: &At<Scalar>, scope: &Scope<'a>) -> Option<u64> {
        match self.evaluate(written, scope)? {
            Evaluated::Literal => literal::count(written.get()?, written.span, self.sink),
            Evaluated::Value(ParamValue::Count(n)) => Some(n),
            Evaluated::Value(other) => {
                let message = format!("{} is no count", show(&other));
                self.sink
                    .push(Complaint::new("not-a-count", written.span, message));
                None
            }
        }
    }

    /// A text: `$parameter` as a whole and `{parameter}` are filled in now; `{variable}` and
    /// `{variable.column}` are checked and stay.
    pub(crate) fn text(&self, text: &str, at: Span, scope: &Scope<'a>) -> Option<String> {
        if let Some(name) = text.trim().strip_prefix('$') {
            return self.parameter(name, at).map(|p| show(&p.value));
        }
        let mut out = String::new();
        for piece in self.pieces(text, at)? {
            match piece {
                Piece::Plain(plain) => out.push_str(plain),
                Piece::Placeholder(name) => match self.values.get(name) {
                    Some(_) if scope.find(name).is_none() => {
                        out.push_str(&show(&self.parameter(name, at)?.value));
                    }
                    _ => {
                        self.placeholder(name, at, scope)?;
                        out.push_str(&format!("{{{name}}}"));
                    }
                },
            }
        }
        Some(out)
    }

    /// Checks a placeholder of a text.
    fn placeholder(&self, name: &str, at: Span, scope: &Scope<'a>) -> Option<()> {
        let (variable, column) = match name.split_once('.') {
            Some((variable, column)) => (variable, Some(column)),
            None => (name, None),
        };
        let found = self.variable(variable, at, scope)?;
        let Some(column) = column else {
            return Some(());
        };
        let names: Vec<&str> = match &found.kind {
            VariableKind::Rows { table, .. } => table.columns.keys().map(String::as_str).collect(),
            VariableKind::Count(_) => Vec::new(),
            VariableKind::Unknown => return Some(()),
        };
        let what = format!("column of `{variable}`");
        literal::known("unknown-column", &what, column, at, names, self.sink)
    }

    fn pieces<'t>(&self, text: &'t str, at: Span) -> Option<Vec<Piece<'t>>> {
        let mut pieces = Vec::new();
        let mut rest = text;
        while let Some(start) = rest.find('{') {
            let (before, after) = rest.split_at(start);
            pieces.push(Piece::Plain(before));
            let Some((name, behind)) = after.strip_prefix('{').and_then(|a| a.split_once('}'))
            else {
                let message = "`{` opens a placeholder that no `}` closes";
                self.sink
                    .push(Complaint::new("open-placeholder", at, message));
                return None;
            };
            pieces.push(Piece::Placeholder(name));
            rest = behind;
        }
        pieces.push(Piece::Plain(rest));
        Some(pieces)
    }

    /// A name that may hold placeholders: the text for the plan, and every name it can become.
    pub(crate) fn names(
        &self,
        written: &At<String>,
        scope: &Scope<'a>,
    ) -> Option<(String, Vec<String>)> {
        let text = written.get()?;
        let mut all = vec![String::new()];
        for piece in self.pieces(text, written.span)? {
            let choices = match piece {
                Piece::Plain(plain) => vec![plain.to_string()],
                Piece::Placeholder(name) => self.choices(name, written.span, scope)?,
            };
            if all.len().saturating_mul(choices.len()) > NAMES_MAX {
                let message = format!("stands for more than {NAMES_MAX} names");
                self.sink
                    .push(Complaint::new("too-large", written.span, message));
                return None;
            }
            all = all
                .iter()
                .flat_map(|start| choices.iter().map(move |c| format!("{start}{c}")))
                .collect();
        }
        Some((text.clone(), all))
    }

    /// A name that may come from a row: the one of the first row, and each row is written out.
    pub(crate) fn name_of_row(&self, written: &At<String>, scope: &Scope<'a>) -> Option<String> {
        let text = written.get()?;
        let mut out = String::new();
        for piece in self.pieces(text, written.span)? {
            match piece {
                Piece::Plain(plain) => out.push_str(plain),
                Piece::Placeholder(name) => {
                    let first = self.choices(name, written.span, scope)?;
                    out.push_str(first.first()?);
                    let variable = name.split('.').next().unwrap_or(name);
                    if let Some(VariableKind::Rows { typed, .. }) =
                        scope.find(variable).map(|v| &v.kind)
                    {
                        typed.set(true);
                    }
                }
            }
        }
        Some(out)
    }

    /// Every text that a placeholder of a name can become.
    fn choices(&self, name: &str, at: Span, scope: &Scope<'a>) -> Option<Vec<String>> {
        self.placeholder(name, at, scope)?;
        let (variable, column) = name.split_once('.').unwrap_or((name, ""));
        match &scope.find(variable)?.kind {
            VariableKind::Unknown => None,
            VariableKind::Count(n) => Some((1..=*n).map(|i| i.to_string()).collect()),
            VariableKind::Rows { rows, .. } => Some(
                rows.iter()
                    .map(|row| match row.columns.get(column) {
                        Some(value) => show(value),
                        None => row.id.clone(),
                    })
                    .collect(),
            ),
        }
    }
}

enum Evaluated {
    /// The text itself says it.
    Literal,
    /// A parameter or column says it.
    Value(ParamValue),
}

/// A unit that the code names.
pub(crate) fn unit(symbol: &str) -> Unit {
    Unit::parse(symbol).unwrap_or(Unit::one())
}
