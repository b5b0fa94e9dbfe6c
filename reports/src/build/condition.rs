//! What was measured of the environment.

use crate::document::{Condition, Entered};
use crate::number::{self, fixed, place_for};
use certbench_model::condition::Condition as Measured;

pub(super) fn conditions(measured: &[Measured]) -> Vec<Condition> {
    measured.iter().map(one).collect()
}

fn one(c: &Measured) -> Condition {
    // To the second digit of what it spans, or of a hundredth of the mean where that is more.
    let place = place_for(
        c.mean,
        Some((c.most - c.least).max(c.mean.abs() * 1e-2)),
        &[],
    );
    Condition {
        channel: c.channel.clone(),
        unit: c.unit.print().to_string(),
        n: c.n,
        least: fixed(c.least, place),
        mean: fixed(c.mean, place),
        most: fixed(c.most, place),
        from_s: number::seconds(c.from_ns),
        to_s: number::seconds(c.to_ns),
        figure: c.figure.clone(),
        entered: c.entered.iter().map(|e| entered(e, c.mean)).collect(),
    }
}

/// As it was read: a person reads a few digits, and what a conversion adds behind them is not shown.
fn entered(e: &certbench_model::condition::Entered, mean: f64) -> Entered {
    let place = place_for(mean, Some(mean.abs() * 1e-4), &[]);
    Entered {
        at_s: number::seconds(e.at_ns),
        value: number::trimmed(fixed(e.value, place)),
        by: e.by.clone(),
        line: e.line,
    }
}
