//! `certbench compare --trend`: where each result is going over many runs.

use super::{Args, Judged, word_of_number};
use crate::exit::Exit;
use crate::say;
use certbench_judge::compare::Outcome;
use certbench_judge::trend::{Trend, trends};
use serde_json::json;

/// The course of every result, over the days of the runs or over their order.
pub(super) fn trend(args: &Args, all: &[Judged]) -> anyhow::Result<Exit> {
    let by_order = args.order;
    let mut runs: Vec<&Judged> = all.iter().collect();
    if !by_order {
        runs.sort_by(|a, b| a.at_days.total_cmp(&b.at_days));
    }
    let first = runs.first().map_or(0.0, |j| j.at_days);
    let at = |(i, j): (usize, &&Judged)| {
        if by_order {
            i as f64
        } else {
            j.at_days - first
        }
    };
    let points: Vec<_> = runs
        .iter()
        .enumerate()
        .map(|(i, j)| (at((i, j)), &j.findings))
        .collect();
    let found = trends(&points);
    match args.json {
        true => {
            let names: Vec<&str> = runs.iter().map(|j| j.name.as_str()).collect();
            let unit = if by_order { "runs" } else { "days" };
            let told = json!({ "runs": names, "axis": unit, "trends": found });
            say!("{}", serde_json::to_string_pretty(&told)?);
        }
        false => print(&found, if by_order { "run" } else { "day" }),
    }
    let worst = found.iter().map(|t| t.outcome).max();
    Ok(super::exit(worst.unwrap_or(Outcome::Unknown)))
}

fn print(found: &[Trend], axis: &str) {
    for t in found {
        let unit = t.unit.print();
        let values = t.points.iter().map(|[_, y]| word_of_number(*y));
        let values = values.collect::<Vec<_>>().join(" -> ");
        say!("{} ({}): {}", t.id, t.title.en, super::word(t.outcome));
        say!("  {values} {unit}");
        if let (Some(slope), Some([low, high])) = (t.slope, t.interval) {
            say!("  {slope:+.3e} {unit} a {axis}, 95 % [{low:+.3e}, {high:+.3e}]");
        } else {
            say!("  fewer than three values at different times: no trend");
        }
        if let Some(rest) = t.reaches_limit_in {
            say!("  at this slope the limit is reached {rest:.1} {axis}s after the last run");
        }
    }
}
