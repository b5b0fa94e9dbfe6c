//! `certbench compare --exchangeability`: E of ISO 9283:1998, 7.7 over the records of several robots.

use super::{Args, Judged, word_of_number};
use crate::exit::Exit;
use crate::say;
use certbench_judge::decision::{self, Limit, Outcome, Rule};
use certbench_judge::exchange::{Exchanged, exchangeability as exchanged};
use certbench_model::{Quantity, Recorded, Unit};
use serde_json::json;

const SOURCE: &str = "ISO 9283:1998, 7.7: E is the largest distance between the mean positions of the robots at a pose; \
    the runs must be of robots of one type, one after the other on one mounting, with one program";

/// E of every pose, or why there is none.
pub(super) fn exchangeability(args: &Args, all: &[Judged]) -> anyhow::Result<Exit> {
    let limit = match args.at_most.as_deref().map(limit_mm).transpose() {
        Ok(limit) => limit,
        Err(what) => {
            eprintln!("certbench: --at-most: {what}");
            return Ok(Exit::Usage);
        }
    };
    one_robot_twice(all);
    let runs: Vec<&dyn Recorded> = all.iter().map(|j| &j.run as &dyn Recorded).collect();
    let poses = exchanged(&runs);
    let judged: Vec<(&Exchanged, Option<Outcome>)> =
        poses.iter().map(|p| (p, decided(p, limit))).collect();
    if args.json {
        let told = judged.iter().map(|(pose, outcome)| {
            let within = outcome.map(|o| o == Outcome::Pass);
            json!({ "pose": pose, "within": within })
        });
        let runs: Vec<&str> = all.iter().map(|j| j.name.as_str()).collect();
        let told: Vec<_> = told.collect();
        let told = json!({ "source": SOURCE, "runs": runs, "at_most_mm": limit, "poses": told });
        say!("{}", serde_json::to_string_pretty(&told)?);
    } else {
        say!("{SOURCE}");
        judged
            .iter()
            .for_each(|(pose, outcome)| print(pose, *outcome, all));
    }
    let missing = poses.is_empty() || poses.iter().any(|p| p.e.is_none());
    let failed = judged.iter().any(|(_, o)| *o == Some(Outcome::Fail));
    let undecided = limit.is_some() && judged.iter().any(|(_, o)| o.is_none());
    Ok(match (failed, missing || undecided) {
        (true, _) => Exit::Failed,
        (false, true) => Exit::Incomplete,
        (false, false) => Exit::Passed,
    })
}

fn limit_mm(written: &str) -> Result<f64, String> {
    let quantity: Quantity = written.parse().map_err(|e| format!("{e}"))?;
    let mm = Unit::parse("mm").map_err(|e| e.to_string())?;
    let value = quantity.to(mm).map_err(|e| e.to_string())?;
    match value > 0.0 {
        true => Ok(value),
        false => Err("a limit is above zero".into()),
    }
}

/// Whether E, guarded by its U, is within the limit; `None` without limit, E or U, and where something
/// forbids a verdict.
fn decided(pose: &Exchanged, limit_mm: Option<f64>) -> Option<Outcome> {
    let e = pose.e.as_ref().filter(|_| pose.reasons.is_empty())?;
    let rule = Rule::Guarded { w: e.u_expanded? };
    decision::decide(e.value, Limit::Upper(limit_mm?), rule).ok()
}

/// Two runs of one serial number are no two robots.
fn one_robot_twice(all: &[Judged]) {
    let serials = |j: &Judged| -> Vec<String> {
        let job = j.run.facts().plan.job.as_ref();
        let items = job.into_iter().flat_map(|job| &job.items);
        items.filter_map(|i| i.identity.serial.clone()).collect()
    };
    for (i, one) in all.iter().enumerate() {
        for other in all.iter().skip(i + 1) {
            if serials(one).iter().any(|s| serials(other).contains(s)) {
                eprintln!(
                    "certbench: {} and {} tested an item of one serial number: their E is no exchangeability of two robots",
                    one.name, other.name
                );
            }
        }
    }
}

fn print(pose: &Exchanged, outcome: Option<Outcome>, all: &[Judged]) {
    let name = |i: usize| all.get(i).map_or("?", |j| j.name.as_str());
    let reasons: Vec<&str> = pose.reasons.iter().map(|r| r.text.en.as_str()).collect();
    let reasons = reasons.join("; ");
    match (&pose.e, pose.pair) {
        (Some(e), Some([h, k])) => {
            let u = e.u_expanded;
            let u = u.map_or(String::new(), |u| format!(" ± {}", word_of_number(u)));
            let verdict = match outcome {
                Some(Outcome::Pass) => ", within the limit",
                Some(_) => ", NOT WITHIN THE LIMIT",
                None => "",
            };
            let (unit, value) = (e.unit.print(), word_of_number(e.value));
            say!(
                "  {} ({}): E {value}{u} {unit}, between {} and {}{verdict}",
                pose.id,
                pose.title.en,
                name(h),
                name(k)
            );
            for angle in &pose.angles {
                let u = angle.u_expanded;
                let u = u.map_or(String::new(), |u| format!(" ± {}", word_of_number(u)));
                let value = word_of_number(angle.value.value);
                say!(
                    "      {} {value}{u} {}",
                    angle.symbol,
                    angle.value.unit.print()
                );
            }
            if !reasons.is_empty() {
                say!("      {reasons}");
            }
        }
        _ => say!("  {} ({}): no E: {reasons}", pose.id, pose.title.en),
    }
}
