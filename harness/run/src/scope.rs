//! Repeats: which values their variable takes, and how often things happen by them.

use certbench_model::step::{Over, Repeat, Scope};
use certbench_model::{ParamValue, Plan, Step, Text};

/// The scope of one pass of a repeat (from 0) inside an outer scope.
pub(crate) fn pass(plan: &Plan, repeat: &Repeat, index: u32, outer: &Scope) -> Result<Scope, Text> {
    let mut scope = outer.clone();
    let variable = &repeat.variable;
    match &repeat.over {
        Over::Times(_) => {
            let count = (index + 1).to_string();
            scope.variables.insert(variable.clone(), count);
        }
        Over::Rows { table, order, .. } => {
            let id = order.get(index as usize).map_or("", String::as_str);
            let row = plan.row(table, id).ok_or_else(|| {
                Text::new(
                    format!("table `{table}` has no row `{id}`"),
                    format!("表 `{table}` 没有行 `{id}`"),
                )
            })?;
            scope.variables.insert(variable.clone(), id.to_string());
            for (column, value) in &row.columns {
                let name = format!("{variable}.{column}");
                scope.columns.insert(name, words(value));
            }
        }
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

/// How many steps are performed in all, containers included.
pub(crate) fn steps(steps: &[Step]) -> u64 {
    count(steps, &|_| true)
}

/// How many trials are planned in all.
pub(crate) fn trials(steps: &[Step]) -> u64 {
    count(steps, &|s| matches!(s, Step::Trial(_)))
}

fn count(steps: &[Step], counts: &impl Fn(&Step) -> bool) -> u64 {
    let one = |step: &Step| {
        let times = match step {
            Step::Repeat(r) => u64::from(r.over.count()),
            _ => 1,
        };
        let inner = times.saturating_mul(count(step.inner(), counts));
        inner.saturating_add(u64::from(counts(step)))
    };
    steps.iter().map(one).fold(0, u64::saturating_add)
}
