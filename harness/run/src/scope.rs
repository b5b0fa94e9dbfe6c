//! Repeats: which values their variable takes, and how often things happen by them.

use certbench_model::step::{Matrix, Over, Repeat, Scope};
use certbench_model::{ParamValue, Plan, Step, Text};

/// The scope of one pass of a repeat (from 0) inside an outer scope.
///
/// # Errors
/// In words: a row that its table does not have.
pub fn pass(plan: &Plan, repeat: &Repeat, index: u32, outer: &Scope) -> Result<Scope, Text> {
    match &repeat.over {
        Over::Times(_) => {
            let mut scope = outer.clone();
            let count = (index + 1).to_string();
            scope.variables.insert(repeat.variable.clone(), count);
            Ok(scope)
        }
        Over::Rows { table, order, .. } => {
            let id = order.get(index as usize).map_or("", String::as_str);
            row(plan, &repeat.variable, table, id, outer)
        }
    }
}

/// The scope of one combination of a matrix.
///
/// # Errors
/// In words: a row that its table does not have.
pub fn cell(plan: &Plan, matrix: &Matrix, cell: &[String], outer: &Scope) -> Result<Scope, Text> {
    let mut scope = outer.clone();
    for (axis, value) in matrix.axes.iter().zip(cell) {
        match &axis.table {
            Some(table) => scope = row(plan, &axis.variable, table, value, &scope)?,
            None => {
                let variable = axis.variable.clone();
                scope.variables.insert(variable, value.clone());
            }
        }
    }
    Ok(scope)
}

/// One row of a table under a variable.
fn row(plan: &Plan, variable: &str, table: &str, id: &str, outer: &Scope) -> Result<Scope, Text> {
    let mut scope = outer.clone();
    let row = plan.row(table, id).ok_or_else(|| {
        Text::new(
            format!("table `{table}` has no row `{id}`"),
            format!("表 `{table}` 没有行 `{id}`"),
        )
    })?;
    scope.variables.insert(variable.to_string(), id.to_string());
    for (column, value) in &row.columns {
        scope
            .columns
            .insert(format!("{variable}.{column}"), words(value));
    }
    Ok(scope)
}

fn words(value: &ParamValue) -> String {
    match value {
        ParamValue::Quantity(q) => q.to_string(),
        ParamValue::Count(n) => n.to_string(),
        ParamValue::Text(t) => t.clone(),
        ParamValue::Flag(true) => "yes".to_string(),
        ParamValue::Flag(false) => "no".to_string(),
    }
}

/// Passes that differ in what they do: all of them when an inner step uses the variable, else one.
pub(crate) fn distinct_passes(repeat: &Repeat) -> u32 {
    let used = || {
        let inner = serde_json::to_string(&repeat.steps).unwrap_or_default();
        inner.contains(&format!("{{{}", repeat.variable))
    };
    match repeat.over {
        Over::Times(n) if n > 1 && !used() => 1,
        _ => repeat.over.count(),
    }
}

/// How many steps are performed in all, containers included, if nothing ends early; what goes on
/// beside or between counts once.
pub(crate) fn steps(steps: &[Step]) -> u64 {
    count(steps, &|_| true)
}

/// How many trials are planned in all.
pub(crate) fn trials(steps: &[Step]) -> u64 {
    count(steps, &|s| matches!(s, Step::Trial(_)))
}

fn count(steps: &[Step], counts: &impl Fn(&Step) -> bool) -> u64 {
    let list = |times: u64, steps: &[Step]| times.saturating_mul(count(steps, counts));
    let one = |step: &Step| {
        let inner = match step {
            Step::Repeat(r) => {
                let passes = r.over.count();
                let every = r.every.iter();
                let every = every.map(|e| list(e.count(passes).into(), &e.steps));
                every.fold(list(passes.into(), &r.steps), u64::saturating_add)
            }
            Step::Matrix(m) => list(m.cells.len() as u64, &m.steps),
            Step::Schedule(s) => list(s.times.into(), &s.steps),
            other => {
                let lists = other.lists().into_iter();
                lists.map(|l| list(1, l)).fold(0, u64::saturating_add)
            }
        };
        inner.saturating_add(u64::from(counts(step)))
    };
    steps.iter().map(one).fold(0, u64::saturating_add)
}
