//! Contact with a body part's stand-in: the transient peak and the quasi-static one.

use super::force;
use super::{Answer, Task, named, no_number, unit};
use crate::budget::Budget;
use crate::metric::contact::{self, Split};
use crate::stats::summary::Summary;
use certbench_model::finding::{BudgetLine, Measured, Reason, Value};
use certbench_model::{Text, Unit};

/// The worst of the repeats in one phase.
pub(super) fn worst(task: Task<'_>, answer: &mut Answer) -> Result<(), Reason> {
    let channel = task.channel("channel")?;
    let of = channel.components.first().map_or(Unit::one(), |c| c.unit);
    let filter = force::low_pass(task)?;
    let onset = task.params().positive("onset", of)?;
    let boundary = task.params().positive("boundary", unit("s"))?;
    let transient = task.params().word("phase")? == "transient";
    let seen = force::squeezes(task, channel, filter, answer)?;
    let none = || {
        no_number(
            "A window shows no contact, or ends before the phase that is asked for",
            "窗口未显示接触，或在所求阶段之前结束",
        )
    };
    let splits: Option<Vec<Split>> = seen
        .iter()
        .map(|(_, s)| contact::split(&s.curve, onset, boundary))
        .collect();
    let splits = splits.ok_or_else(none)?;
    let of_phase = |s: &Split| {
        if transient {
            Some(s.transient)
        } else {
            s.quasi_static
        }
    };
    let each: Option<Vec<f64>> = splits.iter().map(of_phase).collect();
    let summary = Summary::of(&each.ok_or_else(none)?).ok_or_else(none)?;
    let squeezes: Vec<_> = seen.into_iter().map(|(_, s)| s).collect();
    let mut budget = Budget::default();
    budget.append(force::instrument(channel, filter, &squeezes, summary.max)?);
    if task.metric.id == "contact-force-share" {
        return share(task, budget.measured(summary.max, of, summary.n), answer);
    }
    answer.more.push(named(
        "x̄",
        "Mean of the repeats",
        "各次均值",
        summary.mean,
        of,
        None,
    ));
    answer.estimand = Some(Text::new(
        format!(
            "the worst of these {} contacts, this item on this bench",
            summary.n
        ),
        format!("本被测件在本台架上这 {} 次接触中的最差值", summary.n),
    ));
    answer
        .figures
        .extend(force::draw(task, &squeezes, summary, of));
    answer.value = Some(Value::Quantity(budget.measured(summary.max, of, summary.n)));
    Ok(())
}

/// The worst force as a share of the limit in the table's row.
fn share(task: Task<'_>, force: Measured, answer: &mut Answer) -> Result<(), Reason> {
    let limit = task.row_value("limit", force.unit)?;
    let (percent, times) = (unit("%"), 100.0 / limit);
    let limit_of = Text::new("Limit of the row", "该行限值");
    answer.more.extend([
        named(
            "F_max",
            "Worst force",
            "最大力",
            force.value,
            force.unit,
            force.u_expanded,
        ),
        named("F_lim", &limit_of.en, &limit_of.zh, limit, force.unit, None),
    ]);
    let mut budget = Budget::default();
    for line in &force.budget {
        budget.line(BudgetLine {
            u: times * line.u,
            ..line.clone()
        });
    }
    if force.u_expanded.is_none() {
        budget.scatter(Text::new("Force", "力"), None, 1.0);
    }
    answer.value = Some(Value::Quantity(budget.measured(
        times * force.value,
        percent,
        force.n as usize,
    )));
    Ok(())
}
