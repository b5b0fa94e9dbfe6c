//! An expression against the names that are known where it stands.

use super::Read;
use crate::check::literal::unknown;
use crate::complaint::{Complaint, Span};
use crate::plan::env::Env;
use certbench_model::expr::{Expr, Mistake, Nature, Op, Sort, Stretch, Value, Wrong};
use certbench_model::{ParamValue, Quantity, Unit};
use std::collections::{BTreeMap, BTreeSet};

/// The names that an expression may use, spelled as in the expression. Parameters (`$name`) are
/// known without being added.
#[derive(Debug)]
pub(crate) struct Names {
    /// What a name stands for, for a complaint: `result`, `channel`.
    what: &'static str,
    known: BTreeMap<String, Sort>,
    /// Names that are something, and no value: what is wrong, and what to write.
    other: BTreeMap<String, (String, String)>,
    /// Names of what could not be read: that has had its complaint.
    unread: BTreeSet<String>,
}

impl Names {
    /// No names yet; `what` says what they are.
    pub(crate) fn new(what: &'static str) -> Names {
        Names {
            what,
            known: BTreeMap::new(),
            other: BTreeMap::new(),
            unread: BTreeSet::new(),
        }
    }

    /// A name that has a value.
    pub(crate) fn add(&mut self, name: impl Into<String>, sort: Sort) {
        self.known.insert(name.into(), sort);
    }

    /// A name that is something, and no value here: `message` says why, `help` what to write.
    pub(crate) fn refuse(
        &mut self,
        name: impl Into<String>,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        self.other
            .insert(name.into(), (message.into(), help.into()));
    }

    /// A name of something that could not be read.
    pub(crate) fn unread(&mut self, name: impl Into<String>) {
        self.unread.insert(name.into());
    }

    fn complaint(&self, name: &str, at: Span) -> Complaint {
        if let Some((message, help)) = self.other.get(name) {
            return Complaint::new("no-value", at, message.as_str()).help(help.as_str());
        }
        let known = self.known.keys().chain(self.other.keys());
        let mut complaint = unknown(
            "unknown-name",
            self.what,
            name,
            at,
            known.map(String::as_str),
        );
        let minus = name.match_indices('-').find_map(|(i, _)| {
            let (left, right) = (name.get(..i)?, name.get(i + 1..)?);
            let number = right.starts_with(|c: char| c.is_ascii_digit());
            let there = |part: &str| self.known.contains_key(part);
            (there(left) && (number || there(right))).then(|| format!("{left} - {right}"))
        });
        // The whole name is known: it stands in another case.
        let longer = |known: &&String| {
            let before = known.strip_suffix(name);
            before.is_some_and(|before| before.ends_with('.'))
        };
        let longer = self.known.keys().chain(self.other.keys()).find(longer);
        let help = match (minus, longer, Unit::parse(name)) {
            (Some(minus), _, _) => format!("a minus has a blank on both sides: `{minus}`"),
            (None, Some(longer), _) => format!("did you mean `{longer}`?"),
            (None, None, Ok(unit)) => {
                format!(
                    "a unit needs its number, `1 {unit}`, and is one word of the table: `deg/s`"
                )
            }
            _ => return complaint,
        };
        complaint.notes.clear();
        complaint.help(help)
    }
}

impl Read {
    /// The sort of the expression, or every reason why it has none. Parameters count as used.
    pub(crate) fn check(&self, names: &Names, env: &Env<'_>) -> Option<Sort> {
        let before = env.sink.errors();
        for term in self.expr.terms() {
            let Op::Name(name) = &term.op else { continue };
            let at = self.at(term.at);
            match name.strip_prefix('$') {
                Some(parameter) => {
                    let value = env.parameter(parameter, at).map(|p| &p.value);
                    if let Some(ParamValue::Text(text)) = value {
                        let message = format!("the parameter is the text `{text}`, no number");
                        env.sink.push(Complaint::new("no-value", at, message));
                    }
                }
                None if names.known.contains_key(name) => {}
                None if names
                    .unread
                    .contains(name.split('[').next().unwrap_or(name)) => {}
                None => {
                    let complaint = names.complaint(name, at);
                    let place = term.at.map(usize::from);
                    env.sink
                        .push(self.place.located(complaint, self.expr.text(), place));
                }
            }
        }
        let sort = |name: &str| match name.strip_prefix('$') {
            Some(parameter) => {
                Value::of_parameter(&env.values.get(parameter)?.value).map(Value::sort)
            }
            None => names.known.get(name).copied(),
        };
        let told = |mistake| env.sink.push(self.mistake(&mistake));
        let sort = self.expr.sort(sort, told);
        sort.filter(|_| env.sink.errors() == before)
    }

    /// The expression as a condition, with the values of its parameters filled in.
    pub(crate) fn condition(&self, names: &Names, env: &Env<'_>) -> Option<Expr> {
        match self.check(names, env)? {
            Sort::Flag => Some(self.filled(env)),
            Sort::Quantity(nature) => {
                let message = format!("a condition is true or false, this is {nature}");
                let complaint = Complaint::new("no-condition", self.place.span, message);
                env.sink
                    .push(complaint.help(compare_it(self.expr.text(), nature)));
                None
            }
        }
    }

    /// The expression as a value in `unit`, with the values of its parameters filled in.
    pub(crate) fn value(
        &self,
        names: &Names,
        (unit, unit_at): (Unit, Span),
        env: &Env<'_>,
    ) -> Option<Expr> {
        match self.check(names, env)? {
            Sort::Quantity(nature) if nature.fits(unit) => Some(self.filled(env)),
            Sort::Quantity(nature) => {
                let message = format!("the expression is {nature}, and `unit` says `{unit}`");
                let complaint = Complaint::new("wrong-dimension", self.place.span, message);
                let difference = nature.point != Nature::of(unit).point;
                let complaint = complaint.also(unit_at, "the unit of the result");
                env.sink.push(match difference {
                    true => complaint.help(POINTS),
                    false => complaint,
                });
                None
            }
            Sort::Flag => {
                let message = "the expression says yes or no; a derived result is a number";
                let complaint = Complaint::new("no-quantity", self.place.span, message);
                env.sink.push(complaint.help(
                    "compute the number and hold it against its limit with `accept:`, where the decision rule and the uncertainty count",
                ));
                None
            }
        }
    }

    /// With the values of parameters in the places of their names.
    fn filled(&self, env: &Env<'_>) -> Expr {
        self.expr.clone().filled(
            |name| match &env.values.get(name.strip_prefix('$')?)?.value {
                ParamValue::Quantity(quantity) => Some(*quantity),
                ParamValue::Count(n) => Some(Quantity::new(*n as f64, Unit::one())),
                ParamValue::Text(_) | ParamValue::Flag(_) => None,
            },
        )
    }

    /// The place of a part of the expression in its file.
    fn at(&self, [from, to]: Stretch) -> Span {
        self.place.at(from.into(), to.into())
    }

    fn mistake(&self, mistake: &Mistake) -> Complaint {
        let [from, to] = mistake.at.map(usize::from);
        let code = match mistake.wrong {
            Wrong::Equality => "equality",
            Wrong::Point => "temperature",
            Wrong::NotAFlag(_) | Wrong::NotAQuantity => "wrong-sort",
            _ => "wrong-dimension",
        };
        let symbol = mistake.function.symbol();
        let message = match mistake.wrong {
            Wrong::Operands => format!("`{symbol}` does not take these values"),
            wrong => format!("`{symbol}`: {wrong}"),
        };
        let text = self.expr.text();
        let complaint = self.place.complaint(code, text, [from, to], message);
        let part = |i: usize| mistake.operands.get(i).map(|at| self.expr.part(*at));
        let (a, b) = (part(0).unwrap_or("a"), part(1).unwrap_or("b"));
        match mistake.wrong {
            Wrong::Equality => complaint.help(format!(
                "say how near is near enough: `abs({a} - {b}) <= …` with a tolerance and its unit"
            )),
            Wrong::Point => complaint.help(POINTS),
            Wrong::NotAFlag(nature) => complaint.help(compare_it(a, nature)),
            Wrong::Unlike(left, right) if left.dimension == right.dimension => {
                match left.point != right.point {
                    true => complaint.help(POINTS),
                    false => complaint.help("a torque (`N.m`) is no energy (`J`)"),
                }
            }
            Wrong::Unlike(left, right) => {
                let bare = |n: Nature| n.dimension == Nature::ONE.dimension;
                let unit = [left, right].into_iter().find(|n| !bare(*n));
                match (bare(left) || bare(right), unit) {
                    (true, Some(unit)) => complaint.help(format!(
                        "a number beside it needs a unit too, for example `2 {}`",
                        unit.spelled()
                    )),
                    _ => complaint,
                }
            }
            _ => complaint,
        }
    }
}

/// The rule for temperatures.
const POINTS: &str =
    "`20 Cel` is a point on a scale; a difference is in `K`: `t - 20 Cel < 5 K`, `t > 70 Cel`";

fn compare_it(text: &str, nature: Nature) -> String {
    match nature.dimension == Nature::ONE.dimension {
        true => format!("compare it: `{text} > 0`"),
        false => format!("compare it: `{text} > 0 {}`", nature.spelled()),
    }
}
