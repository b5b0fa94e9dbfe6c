//! Derived results: formulas over finished results, each after what it is made of.

use super::{EXPECTED, Measures};
use crate::check::literal::{identifier, text, unit};
use crate::complaint::{Complaint, Span};
use crate::expr::{Names, parse};
use crate::plan::count::{Counted, Passes, instances};
use crate::plan::env::Env;
use crate::plan::steps::CaseReader;
use crate::written::suite::{Case as WrittenCase, Derive};
use crate::yaml::At;
use certbench_model::derived::Input;
use certbench_model::expr::Sort;
use certbench_model::plan::Case;
use certbench_model::vocabulary::{MetricDescription, OverKind};
use certbench_model::{DecisionRule, Derived, Measure, Text, Unit};
use std::collections::{BTreeMap, BTreeSet};

/// The place of the suite's own derived results among the cases of a report.
const SUITE: &str = "derived";

/// Whether a derived result of the case is held against a limit.
pub(super) fn decides(case: &WrittenCase) -> bool {
    let derived = case.derive.as_ref().and_then(At::get);
    derived.is_some_and(|d| decide(d))
}

fn decide(derived: &[At<Derive>]) -> bool {
    // One that could not be read has had its complaint.
    let mut each = derived.iter().map(At::get);
    each.any(|d| d.is_none_or(|d| d.accept.is_some()))
}

/// All derived results of a suite, those of its cases included, in an order in which each comes
/// after what it is made of. Parameters that a case's formulas use are added to its `used`.
pub(crate) fn derived(
    env: &Env<'_>,
    cases: &[Case],
    rule: DecisionRule,
    used: &mut [(String, BTreeSet<String>)],
) -> Vec<Derived> {
    let written = Written::all(env);
    if written.is_empty() {
        return Vec::new();
    }
    let results = results(env, cases, &written);
    let mut names_of = BTreeMap::new();
    let mut all = Vec::new();
    for one in &written {
        env.used.borrow_mut().parameters.clear();
        let of_case = names_of.entry(one.case.as_str());
        let names = of_case.or_insert_with(|| names(&one.case, &results));
        all.push(one.read(env, names, rule));
        if let Some((_, used)) = used.iter_mut().find(|(case, _)| *case == one.case) {
            used.extend(env.used.borrow().parameters.iter().cloned());
        }
    }
    in_order(env, &written, all)
}

/// A derived result as it is written.
struct Written<'a> {
    case: String,
    derive: &'a Derive,
    id: String,
    /// `None` when it could not be read.
    unit: Option<Unit>,
}

/// Something that a formula may name.
struct Known {
    case: String,
    id: String,
    /// Rows that are judged apart, and the variable that they are rows of.
    rows: Option<(String, Vec<String>)>,
    /// What kind of value; `Err` when there is none to compute with.
    sort: Result<Sort, NoNumber>,
}

enum NoNumber {
    /// It says yes or no.
    Attribute,
    /// It could not be read.
    Unread,
}

impl<'a> Written<'a> {
    fn all(env: &Env<'a>) -> Vec<Written<'a>> {
        let suite = &env.suite.written;
        let cases = suite.cases.get().into_iter().flatten();
        let mut all = Vec::new();
        for case in cases.filter_map(At::get) {
            let id = case.id.get().cloned().unwrap_or_default();
            let measures = case.measure.as_ref().and_then(At::get);
            let ids = measures.into_iter().flatten().filter_map(At::get);
            let taken = ids.filter_map(|m| Some((m.id.get()?.as_str(), m.id.span)));
            Written::list(env, id, case.derive.as_ref(), taken.collect(), &mut all);
        }
        Written::list(
            env,
            String::new(),
            suite.derive.as_ref(),
            BTreeMap::new(),
            &mut all,
        );
        if let Some(derive) = suite.derive.as_ref()
            && derive.get().is_some_and(|d| !d.is_empty() && !decide(d))
        {
            let message = "the suite's derived results accept nothing";
            let complaint = Complaint::new("no-acceptance", derive.head, message);
            env.sink.push(complaint.help(
                "add `accept:` to one of them; a value that is only reported belongs to a case",
            ));
        }
        if let Some((_, at)) = reserved(&suite.cases) {
            let message = format!("a case cannot be called `{SUITE}`");
            let complaint = Complaint::new("reserved-id", at, message);
            env.sink.push(
                complaint.note("that is where a report has the results that a suite derives"),
            );
        }
        all
    }

    fn list(
        env: &Env<'a>,
        case: String,
        derive: Option<&'a At<Vec<At<Derive>>>>,
        mut taken: BTreeMap<&'a str, Span>,
        all: &mut Vec<Written<'a>>,
    ) {
        let Some(list) = derive else { return };
        if list.get().is_some_and(Vec::is_empty) {
            let message = "derived results: there is none";
            env.sink
                .push(Complaint::new("empty-value", list.head, message));
        }
        for derive in list.get().into_iter().flatten().filter_map(At::get) {
            let id = derive.id.get().cloned().unwrap_or_default();
            if derive.id.value.is_some() {
                identifier(&id, derive.id.span, "a derived result", env.sink);
            }
            if let Some(at) = derive.id.get()
                && let Some(first) = taken.insert(at, derive.id.span)
            {
                let message = format!("result `{id}` is there twice");
                let complaint = Complaint::new("duplicate-id", derive.id.span, message);
                env.sink.push(complaint.also(first, "first here"));
            }
            all.push(Written {
                case: case.clone(),
                derive,
                id,
                unit: unit(&derive.unit, env.sink),
            });
        }
    }

    fn read(
        &self,
        env: &Env<'_>,
        (names, inputs): &(Names, BTreeMap<String, Input>),
        rule: DecisionRule,
    ) -> Option<Derived> {
        let sink = env.sink;
        let value = &self.derive.value;
        let title = text(&self.derive.title, sink);
        let read = parse(&value.get()?.text, value.span, sink);
        let expr = match (&read, self.unit) {
            (Some(read), Some(unit)) => read.value(names, (unit, self.derive.unit.span), env),
            (Some(read), None) => read.check(names, env).and(None),
            _ => None,
        };
        let accept = match &self.derive.accept {
            None => None,
            Some(at) => Some(self.accept(env, rule, at)?),
        };
        let expr = expr?;
        let used = |name: &&str| Some(((*name).to_string(), inputs.get(*name)?.clone()));
        let inputs: BTreeMap<String, Input> = expr.names().iter().filter_map(used).collect();
        if inputs.is_empty() {
            let message = "the formula names no result";
            let complaint = Complaint::new("no-input", value.span, message);
            sink.push(complaint.help("a value that nobody measures is a parameter"));
        }
        Some(Derived {
            id: self.id.clone(),
            case: self.case.clone(),
            title: title?,
            value: expr,
            inputs,
            unit: self.unit?,
            accept,
            rule,
        })
    }

    fn accept(
        &self,
        env: &Env<'_>,
        rule: DecisionRule,
        at: &At<crate::written::suite::Accept>,
    ) -> Option<certbench_model::Accept> {
        let reader = CaseReader::new(env);
        let measures = Measures {
            reader: &reader,
            steps: &[],
            rule,
        };
        let metric = MetricDescription {
            id: self.id.clone(),
            title: Text::same(""),
            formula: Text::same(""),
            over: Vec::new(),
            channels: Vec::new(),
            params: Vec::new(),
            unit: self.unit,
            has_bound: false,
            needs_pose: false,
            n_min: 0,
        };
        measures.accept(at.get()?, at.head, &metric, self.unit?)
    }
}

fn reserved(cases: &At<Vec<At<WrittenCase>>>) -> Option<(&str, Span)> {
    let mut cases = cases.get()?.iter().filter_map(At::get);
    cases.find_map(|c| Some((c.id.get()?.as_str(), c.id.span)).filter(|(id, _)| *id == SUITE))
}

/// Every result that a formula may name, and what cannot be computed with.
fn results(env: &Env<'_>, cases: &[Case], written: &[Written<'_>]) -> Vec<Known> {
    let mut results: Vec<Known> = Vec::new();
    for case in cases {
        let known = case.measures.iter().map(|m| Known {
            case: case.id.clone(),
            id: m.id.clone(),
            rows: m.per.clone().map(|per| (per, rows(env, case, m))),
            sort: sort(env, m),
        });
        results.extend(known);
    }
    // What stands in the file and is no measure of the plan could not be read.
    let suite = env.suite.written.cases.get().into_iter().flatten();
    for case in suite.filter_map(At::get) {
        let Some(case_id) = case.id.get() else {
            continue;
        };
        let measures = case.measure.as_ref().and_then(At::get);
        let ids = measures.into_iter().flatten().filter_map(At::get);
        for id in ids.filter_map(|m| m.id.get()) {
            if !results.iter().any(|r| r.case == *case_id && r.id == *id) {
                results.push(Known {
                    case: case_id.clone(),
                    id: id.clone(),
                    rows: None,
                    sort: Err(NoNumber::Unread),
                });
            }
        }
    }
    results.extend(written.iter().map(|w| Known {
        case: w.case.clone(),
        id: w.id.clone(),
        rows: None,
        sort: w.unit.map(Sort::from).ok_or(NoNumber::Unread),
    }));
    results
}

fn sort(env: &Env<'_>, measure: &Measure) -> Result<Sort, NoNumber> {
    if measure.params.contains_key(EXPECTED) {
        return Err(NoNumber::Attribute);
    }
    let metric = env.vocabulary.metric(&measure.metric);
    let unit = metric.and_then(|metric| {
        metric.unit.or_else(|| {
            let channel = measure.channels.get(&metric.channels.first()?.name)?;
            Some(env.channels.get(channel)?.components.first()?.unit)
        })
    });
    unit.map(Sort::from).ok_or(NoNumber::Unread)
}

/// The rows that a measure is judged by.
fn rows(env: &Env<'_>, case: &Case, measure: &Measure) -> Vec<String> {
    let metric = env.vocabulary.metric(&measure.metric);
    let over = metric.and_then(|m| m.over.first());
    let found = over.and_then(|(input, kind)| {
        let name = measure.over.get(input)?;
        let what = match kind {
            OverKind::Window => Counted::Window(name),
            OverKind::Trial | OverKind::Plan => Counted::Trial(name),
            OverKind::Prompt | OverKind::Choice | OverKind::Attachment => Counted::Prompt(name),
            OverKind::Repeat => Counted::Repeat(name),
        };
        instances(&case.steps, what, measure.per.as_deref(), Passes::All)
    });
    found.unwrap_or_default().into_keys().collect()
}

/// The names that a formula of `case` may use, and the result that each is.
fn names(case: &str, results: &[Known]) -> (Names, BTreeMap<String, Input>) {
    let mut names = Names::new("result");
    let mut inputs = BTreeMap::new();
    for known in results {
        let mut spellings = Vec::new();
        if known.case == case {
            spellings.push(known.id.clone());
        }
        // The suite's own results are made of those of its cases, never the other way round.
        if !known.case.is_empty() {
            spellings.push(format!("{}.{}", known.case, known.id));
        }
        for name in spellings {
            let input = |row: Option<String>| Input {
                case: known.case.clone(),
                measure: known.id.clone(),
                row,
            };
            match (&known.sort, &known.rows) {
                (Err(NoNumber::Unread), _) => names.unread(name),
                (Err(NoNumber::Attribute), _) => names.refuse(
                    &name,
                    format!("`{name}` says yes or no; there is no number to compute with"),
                    "name a result that is a number",
                ),
                (Ok(sort), None) => {
                    names.add(&name, *sort);
                    inputs.insert(name, input(None));
                }
                (Ok(sort), Some((variable, rows))) => {
                    let example = rows.first().map_or("…", String::as_str);
                    names.refuse(
                        &name,
                        format!("`{name}` has a result for each `{variable}`"),
                        format!("name one: `{name}[{example}]`"),
                    );
                    for row in rows {
                        let spelled = format!("{name}[{row}]");
                        names.add(&spelled, *sort);
                        inputs.insert(spelled, input(Some(row.clone())));
                    }
                }
            }
        }
    }
    (names, inputs)
}

/// Each after what it is made of; a circle is refused.
fn in_order(env: &Env<'_>, written: &[Written<'_>], all: Vec<Option<Derived>>) -> Vec<Derived> {
    let key = |case: &str, id: &str| {
        let mut found = written.iter();
        found.position(|w| w.case == case && w.id == id)
    };
    let before = |derived: &Derived| -> Vec<usize> {
        let inputs = derived.inputs.values();
        inputs.filter_map(|i| key(&i.case, &i.measure)).collect()
    };
    let edges: Vec<Vec<usize>> = all
        .iter()
        .map(|d| d.as_ref().map(before).unwrap_or_default())
        .collect();
    let mut order = Vec::new();
    let mut waiting: Vec<usize> = (0..all.len()).collect();
    loop {
        let ready = |i: &usize| {
            let before = edges.get(*i).into_iter().flatten();
            before.into_iter().all(|b| order.contains(b))
        };
        let (next, later): (Vec<usize>, Vec<usize>) = waiting.iter().partition(|i| ready(i));
        waiting = later;
        if next.is_empty() {
            break;
        }
        order.extend(next);
    }
    if let Some(circle) = circle(&waiting, &edges) {
        env.sink.push(circular(&circle, written));
    }
    let mut all = all;
    let take = |i: usize| all.get_mut(i).and_then(Option::take);
    order.into_iter().filter_map(take).collect()
}

/// A circle among those that never became ready: from the first of them along what it waits for.
fn circle(waiting: &[usize], edges: &[Vec<usize>]) -> Option<Vec<usize>> {
    let mut path = vec![*waiting.first()?];
    loop {
        let last = path.last()?;
        let next = *edges.get(*last)?.iter().find(|i| waiting.contains(i))?;
        if let Some(start) = path.iter().position(|i| *i == next) {
            return Some(path.split_off(start));
        }
        path.push(next);
    }
}

fn circular(circle: &[usize], written: &[Written<'_>]) -> Complaint {
    let members: Vec<&Written<'_>> = circle.iter().filter_map(|i| written.get(*i)).collect();
    let mut ids: Vec<String> = members.iter().map(|w| format!("`{}`", w.id)).collect();
    ids.extend(ids.first().cloned());
    let message = format!("derived from itself: {}", ids.join(" from "));
    let at = |w: &&Written<'_>| w.derive.value.span;
    let first = members.first().map(at).unwrap_or_default();
    let complaint = Complaint::new("circular", first, message);
    let others = members.iter().skip(1);
    others.fold(complaint, |c, w| c.also(at(w), "by way of this"))
}
