//! `certbench compare RUN RUN...`: what has changed since the first, result by result.

use crate::exit::Exit;
use crate::inputs::readable;
use crate::{issued, say};
use anyhow::ensure;
use certbench_judge::compare::{Change, Outcome, compare as changes};
use certbench_model::{Findings, Recorded};
use serde_json::json;
use std::path::PathBuf;

/// What has changed between runs of one suite, with its uncertainty.
#[derive(clap::Args)]
#[command(
    after_help = "Exit codes: 0 nothing is worse; 1 something is significantly worse, or has a worse verdict; \
    2 something cannot be compared"
)]
pub(crate) struct Args {
    /// The run that the others are held against
    first: PathBuf,
    /// The runs to compare with it
    #[arg(required = true)]
    others: Vec<PathBuf>,
    /// Print as JSON
    #[arg(long)]
    json: bool,
}

struct Judged {
    name: String,
    suite: String,
    version: String,
    plan: String,
    simulated: bool,
    findings: Findings,
}

/// Compares.
pub(crate) fn compare(args: &Args) -> anyhow::Result<Exit> {
    let all = std::iter::once(&args.first).chain(&args.others);
    if let Err(exit) = readable(all.map(PathBuf::as_path)) {
        return Ok(exit);
    }
    let first = judged(&args.first)?;
    let mut worst = Outcome::Same;
    let mut told = Vec::new();
    for other in &args.others {
        let second = judged(other)?;
        if first.suite != second.suite {
            eprintln!(
                "certbench: {} is a run of {}, not of {}",
                second.name, second.suite, first.suite
            );
            return Ok(Exit::Usage);
        }
        let found = changes(&first.findings, &second.findings);
        worst = found.iter().map(|c| c.outcome).fold(worst, Outcome::max);
        match args.json {
            true => {
                told.push(json!({ "first": first.name, "second": second.name, "changes": found }))
            }
            false => print(&first, &second, &found),
        }
    }
    if args.json {
        say!("{}", serde_json::to_string_pretty(&told)?);
    }
    Ok(match worst {
        Outcome::Same | Outcome::Better | Outcome::Changed => Exit::Passed,
        Outcome::Unknown => Exit::Incomplete,
        Outcome::Worse => Exit::Failed,
    })
}

fn judged(folder: &std::path::Path) -> anyhow::Result<Judged> {
    let judged = issued::judged(folder, None)?;
    let facts = judged.run.facts();
    ensure!(
        facts.damage.is_empty(),
        "{}: the record is damaged (certbench verify)",
        folder.display()
    );
    Ok(Judged {
        name: facts.run.clone(),
        suite: facts.plan.suite.id.clone(),
        version: facts.plan.suite.version.clone(),
        plan: facts.plan_sha256.clone(),
        simulated: facts.plan.simulated(),
        findings: judged.findings,
    })
}

fn print(first: &Judged, second: &Judged, changes: &[Change]) {
    say!("{} -> {}", first.name, second.name);
    if first.version != second.version {
        say!(
            "  ! suite {} {} and {}",
            first.suite,
            first.version,
            second.version
        );
    } else if first.plan != second.plan {
        say!("  ! the plans differ: other items, bench or parameters");
    }
    if first.simulated || second.simulated {
        say!("  ! SIMULATED: at least one of these runs is no measurement of a real item");
    }
    for change in changes {
        say!(
            "  {}: {}{}",
            change.id,
            word(change.outcome),
            values(change)
        );
        if change.verdicts[0] != change.verdicts[1] {
            let [a, b] = change
                .verdicts
                .map(|v| v.map_or("none".to_string(), |v| format!("{v:?}")));
            say!("      verdict {a} -> {b}");
        }
    }
}

fn word(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Same => "same",
        Outcome::Better => "BETTER",
        Outcome::Changed => "CHANGED",
        Outcome::Unknown => "cannot be told",
        Outcome::Worse => "WORSE",
    }
}

/// `: 0.585 -> 0.612 mm, change 0.027 [-0.1, 0.15], E_n 0.2, margin 0.41 -> 0.39`.
fn values(change: &Change) -> String {
    let (Some([a, b]), Some(unit)) = (change.values, change.unit) else {
        return String::new();
    };
    let mut text = format!(": {a:.5} -> {b:.5} {}", unit.print());
    if let Some(d) = change.difference {
        text += &format!(
            ", change {:+.3e} [{:+.3e}, {:+.3e}]",
            d.value, d.interval[0], d.interval[1]
        );
        text += &d.e_n.map(|e| format!(", E_n {e:.2}")).unwrap_or_default();
    }
    if let Some([m, n]) = change.margins {
        text += &format!(", margin {m:.5} -> {n:.5}");
    }
    text
}
