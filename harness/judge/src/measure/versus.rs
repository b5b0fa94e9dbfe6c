//! Two series in one run: the difference of their means, and whether their distributions differ.

use super::force;
use super::{Answer, Task, named, no_number};
use crate::budget::Budget;
use crate::stats::compare;
use crate::stats::summary::Summary;
use certbench_model::finding::{Reason, Value};
use certbench_model::{Text, Unit};

/// Mean of the peaks of the first windows minus that of the second ones.
pub(super) fn peaks(task: Task<'_>, answer: &mut Answer) -> Result<(), Reason> {
    let channel = task.channel("channel")?;
    let of = channel.components.first().map_or(Unit::one(), |c| c.unit);
    let filter = force::low_pass(task)?;
    let mut series = Vec::new();
    for input in ["first", "second"] {
        let seen = force::squeezes_of(task, input, channel, filter, answer)?;
        series.push(seen.iter().map(|(_, s)| s.peak.value).collect::<Vec<f64>>());
    }
    let fewest = series.iter().map(Vec::len).min().unwrap_or(0);
    answer.n = u32::try_from(fewest).unwrap_or(u32::MAX);
    let none = || {
        no_number(
            "Two peaks or more are needed in each series",
            "每组至少需要两个峰值",
        )
    };
    let [a, b] = [0, 1].map(|i| series.get(i).map_or(&[][..], Vec::as_slice));
    let (first, second) = (
        Summary::of(a).ok_or_else(none)?,
        Summary::of(b).ok_or_else(none)?,
    );
    let mut budget = Budget::default();
    for (name, summary) in [
        (
            Text::new("Scatter of the first series", "第一组的分散"),
            first,
        ),
        (
            Text::new("Scatter of the second series", "第二组的分散"),
            second,
        ),
    ] {
        let u = summary.standard_uncertainty_of_mean();
        budget.scatter(name, u, summary.n as f64 - 1.0);
    }
    // One instrument measured both: its scale error is common and acts on the difference alone. No
    // credit is taken for its zero.
    let largest = first.max.max(second.max);
    budget.certificate(
        Text::new(
            "Instrument, of the difference and twice the zero",
            "仪器（差值及两次零点）",
        ),
        crate::budget::instrument(channel, largest).map(|u| {
            let zero = crate::budget::instrument(channel, 0.0).unwrap_or(u);
            u * ((first.mean - second.mean) / largest) + zero * std::f64::consts::SQRT_2
        }),
        channel,
    );
    let one = Unit::one();
    let ks = compare::kolmogorov_smirnov(a, b);
    let tests = [
        (
            "D",
            "Kolmogorov-Smirnov, two-sided",
            "Kolmogorov-Smirnov（双侧）",
            ks.map(|t| t.statistic),
        ),
        ("p_KS", "p of it, exact", "其 p 值（精确）", ks.map(|t| t.p)),
        (
            "p_W",
            "p of Welch's t",
            "Welch t 检验的 p 值",
            compare::welch(a, b).map(|t| t.p),
        ),
        (
            "p_U",
            "p of Mann and Whitney's U",
            "Mann-Whitney U 检验的 p 值",
            compare::mann_whitney(a, b).map(|t| t.p),
        ),
    ];
    answer.more.extend([
        named(
            "x̄_1",
            "Mean of the first series",
            "第一组均值",
            first.mean,
            of,
            None,
        ),
        named(
            "x̄_2",
            "Mean of the second series",
            "第二组均值",
            second.mean,
            of,
            None,
        ),
    ]);
    for (symbol, en, zh, value) in tests {
        let value = value.map(|v| named(symbol, en, zh, v, one, None));
        answer.more.extend(value);
    }
    answer.estimand = Some(Text::new(
        "the difference of these two series on this bench",
        "本台架上这两组之差",
    ));
    let value = first.mean - second.mean;
    answer.value = Some(Value::Quantity(budget.measured(
        value,
        of,
        first.n + second.n,
    )));
    Ok(())
}
