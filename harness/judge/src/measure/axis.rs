//! Positioning of one axis against a reference, approached from both sides: ISO 230-2.

use super::steps::{farthest, largest_u, mean, own};
use super::{Answer, Task, named, no_number, unit};
use crate::budget::{self, Budget};
use crate::metric::joint::encoder::{self, Target};
use crate::stats::summary::Summary;
use certbench_model::finding::{Reason, Value};
use certbench_model::{ParamValue, Text};
use std::collections::BTreeMap;

/// Accuracy A or repeatability R over the targets of a table.
pub(super) fn positioning(task: Task<'_>, answer: &mut Answer) -> Result<(), Reason> {
    let channel = task.channel("angle")?;
    let deg = unit("deg");
    let variable = task.params().word("target")?;
    let column = task.params().word("commanded")?;
    let mut targets: BTreeMap<&str, Target> = BTreeMap::new();
    for (input, up) in [("up", true), ("down", false)] {
        for window in task.windows(input, answer)? {
            let at = mean(task, window, channel, deg, answer)?;
            let row = window.run.context.scope.variables.get(variable);
            let commanded = row.and_then(|row| {
                let value = task.row_of(variable, row)?.columns.get(column);
                value.and_then(ParamValue::quantity)?.to(deg).ok()
            });
            let (Some(row), Some(commanded)) = (row, commanded) else {
                return Err(no_number(
                    "The target of a window has no commanded angle",
                    "某窗口的目标没有指令角度",
                ));
            };
            let target = targets.entry(row.as_str()).or_insert_with(|| Target {
                up: Vec::new(),
                down: Vec::new(),
            });
            let side = if up { &mut target.up } else { &mut target.down };
            side.push(at - commanded);
        }
    }
    let targets: Vec<Target> = targets.into_values().collect();
    let sides = || targets.iter().flat_map(|t| [&t.up, &t.down]);
    let fewest = sides().map(Vec::len).min().unwrap_or(0);
    answer.n = u32::try_from(sides().map(Vec::len).sum::<usize>() / 2).unwrap_or(u32::MAX);
    let seen = encoder::positioning(&targets).ok_or_else(|| {
        no_number(
            "Every target needs two approaches from each side",
            "每个目标每侧至少需要两次接近",
        )
    })?;
    let s = sides()
        .filter_map(|side| Summary::of(side)?.s)
        .fold(0.0, f64::max);
    let n = fewest as f64;
    let nu = n - 1.0;
    let accuracy = task.metric.id == "axis-accuracy";
    let (value, u) = match accuracy {
        // Two ends x̄ ± 2 s: of a mean s²/n, of a standard deviation s²/2ν.
        true => (
            seen.accuracy,
            s * (2.0 * (1.0 / n + 4.0 / (2.0 * nu))).sqrt(),
        ),
        false => (seen.repeatability, 4.0 * s / (2.0 * nu).sqrt()),
    };
    let mut budget = Budget::default();
    budget.scatter(
        Text::new(
            "Sampling at the target that scatters most",
            "分散最大目标处的抽样",
        ),
        Some(u),
        nu,
    );
    let readings = sides().flatten().copied();
    let instrument = match accuracy {
        true => largest_u(channel, readings, deg),
        // A systematic error is the same at every approach of one target.
        false => farthest(readings).and_then(|most| {
            let at = deg.convert(most, own(channel)).ok()?;
            let apart = budget::between_readings(channel, at, budget::noise(channel))?;
            apart.converted(own(channel), deg)
        }),
    };
    budget.certificate(
        Text::new("Instrument, at both ends", "仪器（两端）"),
        instrument.map(|u| u * std::f64::consts::SQRT_2),
        channel,
    );
    answer.more.extend([
        named(
            "E",
            "Systematic deviation",
            "系统偏差",
            seen.systematic,
            deg,
            None,
        ),
        named("B", "Reversal value", "反向差值", seen.reversal, deg, None),
    ]);
    answer.value = Some(Value::Quantity(budget.measured(
        value,
        deg,
        sides().map(Vec::len).sum(),
    )));
    Ok(())
}
