//! Steps that are done again: matrices, schedules, what comes every so many passes, and endings.

use super::{CaseReader, Place};
use crate::check::literal::{identifier, known, unknown};
use crate::check::shared::not_empty;
use crate::check::table::Table;
use crate::complaint::{Complaint, Span};
use crate::expr::{self, Names};
use crate::plan::env::{Variable, VariableKind};
use crate::plan::shuffle::{shuffled, shuffled_apart};
use crate::written::step::{
    AxisOver, CellName, Change, Ending as WrittenEnding, Every as WrittenEvery, Exclude,
    Matrix as WrittenMatrix, Order, Schedule as WrittenSchedule,
};
use crate::yaml::{At, Scalar};
use certbench_model::Step;
use certbench_model::expr::Sort;
use certbench_model::plan::Row;
use certbench_model::step::{Axis, Ending, Every, Matrix, Schedule};
use certbench_model::{Unit, expr::Nature};
use std::cell::Cell;
use std::collections::BTreeMap;
use std::rc::Rc;

/// Most combinations of one matrix.
const CELLS_MAX: usize = 20_000;
/// Most passes of one schedule.
const PASSES_MAX: u64 = 100_000;
/// Times between two passes of a schedule, when a suite does not say.
const BETWEEN_MOST: u32 = 1_000;

/// Combinations that are left out: where they are named; for each variable its place and values.
type Excluded = (Span, Vec<(usize, Vec<String>)>);

/// One variable of a matrix, read.
struct Along<'a> {
    name: &'a str,
    goes: Goes<'a>,
}

enum Goes<'a> {
    Count(u64),
    Rows(&'a str, &'a Table, Vec<&'a Row>),
}

impl<'a> Along<'a> {
    fn ids(&self) -> Vec<String> {
        match &self.goes {
            Goes::Count(n) => (1..=*n).map(|i| i.to_string()).collect(),
            Goes::Rows(_, _, rows) => rows.iter().map(|r| r.id.clone()).collect(),
        }
    }

    /// As a variable of the steps inside, over one row or all of them.
    fn variable(&self, row: Option<&str>, typed: &Rc<Cell<bool>>) -> Variable<'a> {
        let kind = match &self.goes {
            Goes::Count(n) => VariableKind::Count(*n),
            Goes::Rows(_, table, rows) => VariableKind::Rows {
                table,
                rows: rows
                    .iter()
                    .copied()
                    .filter(|r| row.is_none_or(|id| id == r.id))
                    .collect(),
                typed: typed.clone(),
            },
        };
        Variable {
            name: self.name,
            kind,
        }
    }
}

impl<'a> CaseReader<'a, '_> {
    /// A matrix; one for each combination when a value comes from a row, or when something is done
    /// as a variable changes.
    pub(super) fn matrix(
        &self,
        written: &'a WrittenMatrix,
        head: Span,
        place: &Place<'a>,
    ) -> Vec<Step> {
        self.not_in_closing("matrix", head, place);
        let sink = self.env.sink;
        not_empty("empty-steps", "steps of the matrix", &written.steps, sink);
        let all: Option<Vec<Along<'a>>> = {
            let entries = written.over.get().map_or(&[][..], |e| e.0.as_slice());
            if written.over.value.is_some() && entries.is_empty() {
                let message = "a matrix goes over one variable at least";
                sink.push(Complaint::new("empty-matrix", written.over.head, message));
            }
            let read: Vec<_> = entries
                .iter()
                .map(|(name, over)| self.along(name, over, place))
                .collect();
            read.into_iter().collect()
        };
        let Some(all) = all.filter(|a| !a.is_empty()) else {
            let unknown = Variable {
                name: "",
                kind: VariableKind::Unknown,
            };
            self.steps(&written.steps, &place.with(unknown));
            return Vec::new();
        };
        let excluded = self.excluded(written.exclude.as_ref(), &all);
        let cells = self.cells(written, head, &all, &excluded);
        let changes = self.on_change(written.changes.as_ref(), &all);
        let read = |cell: Option<&[String]>| {
            let typed = Rc::new(Cell::new(false));
            let mut inner = place.clone();
            for (i, along) in all.iter().enumerate() {
                let row = cell.and_then(|c| c.get(i)).map(String::as_str);
                inner = inner.with(along.variable(row, &typed));
            }
            let before = self.changed_steps(&changes, &inner);
            (before, self.steps(&written.steps, &inner), typed.get())
        };
        let (_, steps, typed) = read(None);
        let Some((cells, left_out)) = cells else {
            return Vec::new();
        };
        let seed = written.seed.as_ref().and_then(|s| self.seed_of(s));
        let named = match &written.cell {
            None => None,
            Some(at) => match self.cell(at, &all) {
                None => return Vec::new(),
                named => named,
            },
        };
        let matrix = |cells: Vec<Vec<String>>, steps: Vec<Step>| {
            let axes = all.iter().map(|along| Axis {
                variable: along.name.to_string(),
                table: match &along.goes {
                    Goes::Count(_) => None,
                    Goes::Rows(table, ..) => Some((*table).to_string()),
                },
            });
            let cell = named.iter().map(|(variable, _)| Axis {
                variable: variable.clone(),
                table: None,
            });
            let axes: Vec<Axis> = axes.chain(cell).collect();
            let with_name = |mut cell: Vec<String>| {
                if let Some((_, of)) = &named {
                    let parts = of.iter().filter_map(|i| cell.get(*i).cloned());
                    let name = parts.collect::<Vec<_>>().join("-");
                    cell.push(name);
                }
                cell
            };
            let cells = cells.into_iter().map(with_name).collect();
            Step::Matrix(Matrix {
                axes,
                cells,
                seed,
                excluded: left_out,
                steps,
            })
        };
        if !typed && changes.is_empty() {
            return vec![matrix(cells, steps)];
        }
        let mut written_out = Vec::new();
        let mut last: Option<Vec<String>> = None;
        for cell in cells {
            if self.env.steps_left.get() == 0 || sink.errors() > 0 {
                break;
            }
            let (before, steps, _) = read(Some(&cell));
            let mut inner = Vec::new();
            for (place, change) in before {
                let value = |c: &Vec<String>| c.get(place).cloned();
                if last.as_ref().and_then(value) != value(&cell) {
                    inner.extend(change);
                }
            }
            inner.extend(steps);
            written_out.push(matrix(vec![cell.clone()], inner));
            last = Some(cell);
        }
        written_out
    }

    /// The variable that names combinations, and the places of the variables that make its name.
    fn cell(&self, written: &'a At<CellName>, all: &[Along<'a>]) -> Option<(String, Vec<usize>)> {
        let cell = written.get()?;
        let name = cell.variable.get()?;
        identifier(name, cell.variable.span, "a variable", self.env.sink)?;
        if all.iter().any(|along| along.name == name) {
            let message = format!("`{name}` is a variable of the matrix already");
            let complaint = Complaint::new("duplicate-id", cell.variable.span, message);
            self.env.sink.push(complaint);
            return None;
        }
        let of = cell.of.get()?.iter();
        let of = of.map(|at| self.variable_of(at.get()?, at.span, all));
        Some((name.clone(), of.collect::<Option<Vec<_>>>()?))
    }

    fn along(
        &self,
        name: &'a At<String>,
        written: &'a At<AxisOver>,
        place: &Place<'a>,
    ) -> Option<Along<'a>> {
        let sink = self.env.sink;
        let text = name.get()?;
        identifier(text, name.span, "a variable", sink)?;
        if place.scope.find(text).is_some() {
            let message = format!("`{text}` is already the variable of a repeat around this");
            sink.push(Complaint::new("duplicate-id", name.span, message));
        }
        let over = written.get()?;
        let goes = match (&over.table, &over.times) {
            (Some(table), None) => {
                let (name, table) = self.table(table)?;
                let rows = table.rows.iter().map(|(_, row)| row).collect();
                Goes::Rows(name, table, rows)
            }
            (None, Some(times)) => {
                let n = self.env.count(times, &place.scope)?;
                if n == 0 || n > PASSES_MAX {
                    let message = format!("{n} passes; 1 to {PASSES_MAX} are possible");
                    sink.push(Complaint::new("out-of-range", times.span, message));
                    return None;
                }
                Goes::Count(n)
            }
            _ => {
                let message = "a variable goes over exactly one of `table` and `times`";
                sink.push(
                    Complaint::new("one-of", written.head, message)
                        .help("write `{ table: objects }` or `{ times: 3 }`"),
                );
                return None;
            }
        };
        Some(Along { name: text, goes })
    }

    /// A table of the suite.
    pub(super) fn table(&self, written: &'a At<String>) -> Option<(&'a str, &'a Table)> {
        let name = written.get()?;
        self.env.note("table", name);
        let suite = self.env.suite;
        if let Some(table) = suite.tables.get(name) {
            return Some((name, table));
        }
        if !suite.written_table(name) {
            let names = suite.tables.keys().map(String::as_str);
            let complaint = unknown("unknown-table", "table", name, written.span, names);
            self.env.sink.push(complaint);
        }
        None
    }

    /// Combinations that are left out: for each entry, the place of a variable and its values.
    fn excluded(
        &self,
        written: Option<&'a At<Vec<At<Exclude>>>>,
        all: &[Along<'a>],
    ) -> Vec<Excluded> {
        let mut excluded = Vec::new();
        for at in written.and_then(At::get).into_iter().flatten() {
            let Some(entries) = at.get() else { continue };
            let mut rule = Vec::new();
            for (name, span, values) in entries.iter() {
                let Some(place) = self.variable_of(name, span, all) else {
                    continue;
                };
                let ids = all.get(place).map(Along::ids).unwrap_or_default();
                let mut wanted = Vec::new();
                for value in values.get().map_or(&[][..], |v| v.0.as_slice()) {
                    let Some(scalar) = value.get() else { continue };
                    let here = ids.iter().map(String::as_str);
                    let what = format!("value of `{name}`");
                    let there = known(
                        "unknown-value",
                        &what,
                        &scalar.text,
                        value.span,
                        here,
                        self.env.sink,
                    );
                    if there.is_some() {
                        wanted.push(scalar.text.clone());
                    }
                }
                rule.push((place, wanted));
            }
            excluded.push((at.head, rule));
        }
        excluded
    }

    fn variable_of(&self, name: &str, at: Span, all: &[Along<'a>]) -> Option<usize> {
        let found = all.iter().position(|along| along.name == name);
        if found.is_none() {
            let names = all.iter().map(|along| along.name);
            let what = "variable of the matrix";
            let complaint = unknown("unknown-variable", what, name, at, names);
            self.env.sink.push(complaint);
        }
        found
    }

    /// The combinations in the order of performance, and how many are left out.
    fn cells(
        &self,
        written: &'a WrittenMatrix,
        head: Span,
        all: &[Along<'a>],
        excluded: &[Excluded],
    ) -> Option<(Vec<Vec<String>>, u32)> {
        let sink = self.env.sink;
        let product = all
            .iter()
            .map(|a| a.ids().len())
            .try_fold(1usize, usize::checked_mul);
        let Some(product) = product.filter(|n| *n <= CELLS_MAX) else {
            let message = format!("more than {CELLS_MAX} combinations");
            sink.push(Complaint::new("too-long", head, message));
            return None;
        };
        let mut cells: Vec<Vec<String>> = vec![Vec::new()];
        for along in all {
            let ids = along.ids();
            let longer = |cell: &Vec<String>| {
                let cell = cell.clone();
                ids.iter()
                    .map(move |id| [cell.clone(), vec![id.clone()]].concat())
            };
            cells = cells.iter().flat_map(longer).collect::<Vec<_>>();
        }
        let mut used = vec![false; excluded.len()];
        cells.retain(|cell| {
            let hit = |(_, rule): &Excluded| {
                let one = |(place, values): &(usize, Vec<String>)| {
                    cell.get(*place).is_some_and(|v| values.contains(v))
                };
                !rule.is_empty() && rule.iter().all(one)
            };
            let mut left_out = false;
            for (rule, used) in excluded.iter().zip(&mut used) {
                let here = hit(rule);
                *used |= here;
                left_out |= here;
            }
            !left_out
        });
        for ((at, _), _) in excluded.iter().zip(&used).filter(|(_, used)| !**used) {
            let message = "this excludes no combination";
            sink.push(Complaint::new("excludes-nothing", *at, message));
        }
        if cells.is_empty() {
            let message = "every combination is excluded";
            let at = written.exclude.as_ref().map_or(head, |e| e.head);
            sink.push(Complaint::new("empty-matrix", at, message));
            return None;
        }
        let left_out = u32::try_from(product - cells.len()).unwrap_or(u32::MAX);
        Some((self.ordered(written, all, cells)?, left_out))
    }

    fn ordered(
        &self,
        written: &'a WrittenMatrix,
        all: &[Along<'a>],
        cells: Vec<Vec<String>>,
    ) -> Option<Vec<Vec<String>>> {
        let sink = self.env.sink;
        let order = match &written.order {
            None => Order::Given,
            Some(order) => *order.get()?,
        };
        let shuffled_here = order == Order::Shuffled;
        let needless = |at: Span, what: &str| {
            let message = format!("{what} without a shuffle");
            let complaint = Complaint::new("needless-key", at, message);
            sink.push(complaint.help("add `order: shuffled`"));
        };
        if let Some(seed) = written.seed.as_ref().filter(|_| !shuffled_here) {
            needless(seed.span, "a seed");
        }
        if let Some(apart) = written.apart.as_ref().filter(|_| !shuffled_here) {
            needless(apart.span, "`apart`");
        }
        if !shuffled_here {
            return Some(cells);
        }
        let Some(seed) = &written.seed else {
            let message = "a shuffled order needs its seed: the same plan every time";
            let at = written.order.as_ref().map_or(written.over.head, |o| o.span);
            sink.push(Complaint::new("missing-seed", at, message).help("add `seed: 1`"));
            return None;
        };
        let seed = self.seed_of(seed)?;
        let Some(apart) = &written.apart else {
            return Some(shuffled(cells, seed));
        };
        let name = apart.get()?;
        let place = self.variable_of(name, apart.span, all)?;
        let ordered = shuffled_apart(cells, seed, |cell| cell.get(place).cloned());
        if ordered.is_none() {
            let message =
                format!("the values of `{name}` cannot be kept apart: one of them comes too often");
            sink.push(Complaint::new("cannot-keep-apart", apart.span, message));
        }
        ordered
    }

    fn seed_of(&self, written: &At<Scalar>) -> Option<u64> {
        self.seed(written)
    }

    /// What is done as variables change: place of the variable, and the steps.
    fn on_change(
        &self,
        written: Option<&'a At<Vec<At<Change>>>>,
        all: &[Along<'a>],
    ) -> Vec<(usize, &'a Change)> {
        let mut changes = Vec::new();
        for at in written.and_then(At::get).into_iter().flatten() {
            let Some(change) = at.get() else { continue };
            not_empty(
                "empty-steps",
                "steps of the change",
                &change.steps,
                self.env.sink,
            );
            let Some(name) = change.of.get() else {
                continue;
            };
            let place = self.variable_of(name, change.of.span, all);
            changes.extend(place.map(|p| (p, change)));
        }
        changes
    }

    fn changed_steps(
        &self,
        changes: &[(usize, &'a Change)],
        place: &Place<'a>,
    ) -> Vec<(usize, Vec<Step>)> {
        let one = |(at, change): &(usize, &'a Change)| (*at, self.steps(&change.steps, place));
        changes.iter().map(one).collect()
    }

    pub(super) fn schedule(
        &self,
        written: &'a WrittenSchedule,
        head: Span,
        place: &Place<'a>,
    ) -> Option<Schedule> {
        self.not_in_closing("schedule", head, place);
        let sink = self.env.sink;
        not_empty("empty-steps", "steps of the schedule", &written.steps, sink);
        let variable = written.variable.get().and_then(|name| {
            let at = written.variable.span;
            identifier(name, at, "a variable", sink)?;
            Some(name.as_str())
        });
        let every_s = self.env.seconds(&written.every, &place.scope);
        let late_s = self.env.seconds(&written.late, &place.scope);
        let times = self.times(written, head, every_s, place);
        let counted = Variable {
            name: variable.unwrap_or_default(),
            kind: times.map_or(VariableKind::Unknown, |n| VariableKind::Count(n.into())),
        };
        let inner = place.with(counted);
        let steps = self.steps(&written.steps, &inner);
        let between = written.between.as_ref().and_then(At::get);
        let between_steps = between.map_or_else(Vec::new, |b| self.steps(&b.steps, &inner));
        let between_most = match between.and_then(|b| b.at_most.as_ref()) {
            None => Some(BETWEEN_MOST),
            Some(at) => self.positive_count(at, place),
        };
        let until = match &written.until {
            None => None,
            Some(at) => Some(self.ending(at.get()?, at.head, place)?),
        };
        if let (Some(every), Some(late)) = (every_s, late_s)
            && late >= every
        {
            let message = "a pass that is later than its interval runs into the next one";
            sink.push(Complaint::new("unreachable", written.late.span, message));
        }
        Some(Schedule {
            variable: variable?.to_string(),
            every_s: every_s?,
            times: times?,
            late_s: late_s?,
            steps,
            between: between_steps,
            between_most: between_most?,
            until,
            thinned_s: self.thinned(written.thinned.as_ref(), place)?,
        })
    }

    fn times(
        &self,
        written: &'a WrittenSchedule,
        head: Span,
        every_s: Option<f64>,
        place: &Place<'a>,
    ) -> Option<u32> {
        let sink = self.env.sink;
        let (n, at) = match (&written.times, &written.time) {
            (Some(times), None) => (self.env.count(times, &place.scope)?, times.span),
            (None, Some(time)) => {
                let whole = self
                    .env
                    .number(time, crate::plan::env::unit("s"), &place.scope)?;
                // A multiple of the interval counts its last pass, whatever the division rounds to.
                let passes = (whole / every_s? + 1e-9).floor() + 1.0;
                (passes.clamp(0.0, 1e18) as u64, time.span)
            }
            _ => {
                let message = "a schedule has exactly one of `times` and `for`";
                sink.push(
                    Complaint::new("one-of", head, message).help("write `times: 49` or `for: 8 h`"),
                );
                return None;
            }
        };
        if n == 0 || n > PASSES_MAX {
            let message = format!("{n} passes; 1 to {PASSES_MAX} are possible");
            sink.push(Complaint::new("out-of-range", at, message));
            return None;
        }
        u32::try_from(n).ok()
    }

    /// A whole number of one at least.
    pub(super) fn positive_count(&self, written: &At<Scalar>, place: &Place<'a>) -> Option<u32> {
        let n = self.env.count(written, &place.scope)?;
        if n == 0 || n > PASSES_MAX * 100 {
            let message = format!("{n}; 1 to {} are possible", PASSES_MAX * 100);
            self.env
                .sink
                .push(Complaint::new("out-of-range", written.span, message));
            return None;
        }
        u32::try_from(n).ok()
    }

    /// The time of thinned recording; `Some(None)` when a suite does not say.
    pub(super) fn thinned(
        &self,
        written: Option<&At<Scalar>>,
        place: &Place<'a>,
    ) -> Option<Option<f64>> {
        match written {
            None => Some(None),
            Some(at) => self.env.seconds(at, &place.scope).map(Some),
        }
    }

    pub(super) fn every(
        &self,
        written: Option<&'a At<Vec<At<WrittenEvery>>>>,
        passes: u64,
        place: &Place<'a>,
    ) -> Vec<Every> {
        let sink = self.env.sink;
        let mut all = Vec::new();
        for at in written.and_then(At::get).into_iter().flatten() {
            let Some(every) = at.get() else { continue };
            not_empty("empty-steps", "these steps", &every.steps, sink);
            let steps = self.steps(&every.steps, place);
            let Some(n) = self.positive_count(&every.passes, place) else {
                continue;
            };
            let first = every.first.as_ref().is_none_or(|f| f.value == Some(true));
            // A parameter may shorten a run so far that what comes late does not come.
            let literal = self.env.parameter_of(&every.passes).is_none();
            if u64::from(n) > passes && !first && literal {
                let message = format!("the repeat has {passes} passes: this never comes");
                sink.push(Complaint::new("unreachable", every.passes.span, message));
            }
            all.push(Every {
                passes: n,
                first,
                steps,
            });
        }
        all
    }

    /// When a repeat or schedule ends early.
    pub(super) fn ending(
        &self,
        written: &'a WrittenEnding,
        head: Span,
        place: &Place<'a>,
    ) -> Option<Ending> {
        let sink = self.env.sink;
        let (text, at) = match (&written.when, &written.decided) {
            (Some(when), None) => (when.get()?.clone(), when.span),
            (None, Some(trial)) => {
                let name = trial.get()?;
                let trials = self.trials.borrow();
                let sampled = trials.iter().filter(|(_, t)| t.sampled);
                let names = sampled.map(|(id, _)| id.as_str());
                let what = "trial with a `plan`";
                known("unknown-trial", what, name, trial.span, names, sink)?;
                let plans = self.plans.borrow();
                (plans.get(name)?.ending(name), trial.span)
            }
            _ => {
                let message = "a repeat ends by exactly one of `when` and `decided`";
                let at = written.when.as_ref().map(|w| w.span);
                let at = at.or(written.decided.as_ref().map(|d| d.span));
                let complaint = Complaint::new("one-of", at.unwrap_or(head), message);
                sink.push(complaint.help("write `decided: TRIAL`, or a condition with `when`"));
                return None;
            }
        };
        let read = expr::parse(&text, at, sink)?;
        let mut names = self.names_of_now();
        names.add("passes", Sort::Quantity(Nature::ONE));
        let when = read.condition(&names, self.env)?;
        let at_least = match &written.at_least {
            None => 1,
            Some(at) => self.positive_count(at, place)?,
        };
        Some(Ending { when, at_least })
    }

    /// What a condition may name while the run goes on: channels of `needs`, and what the windows
    /// read so far take.
    pub(super) fn names_of_now(&self) -> Names {
        let mut names = Names::new("channel or taken value");
        for (id, view) in self.env.channels.iter().filter(|(_, v)| !v.imported) {
            let several = view.named && view.components.len() > 1;
            for component in &view.components {
                let sort = Sort::Quantity(Nature::of(component.unit));
                if several {
                    names.add(format!("{id}.{}", component.name), sort);
                } else {
                    names.add(id.clone(), sort);
                }
            }
        }
        for (name, (_, unit)) in self.taken.borrow().iter() {
            for name in [
                name.clone(),
                format!("{name}.first"),
                format!("{name}.previous"),
            ] {
                names.add(name, Sort::Quantity(Nature::of(*unit)));
            }
        }
        for trial in self.plans.borrow().keys() {
            for count in ["successes", "failures", "trials"] {
                names.add(format!("{trial}.{count}"), Sort::Quantity(Nature::ONE));
            }
        }
        names
    }
}

/// Names that windows take, with the place and unit of each.
pub(crate) type TakenNames = BTreeMap<String, (Span, Unit)>;
