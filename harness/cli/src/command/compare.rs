//! `certbench compare RUN RUN...`: what has changed since the first, result by result; scores between
//! laboratories; trends over many runs; exchangeability of several robots; the values behind the results.

mod exchange;
mod laboratories;
mod trend;
mod values;

use crate::command::run::Language;
use crate::exit::Exit;
use crate::inputs::readable;
use crate::{issued, say};
use anyhow::ensure;
use certbench_judge::compare::{Change, Outcome, Rates, compare as changes};
use certbench_judge::paired::{Pairs, pairs};
use certbench_model::{Findings, Recorded};
use certbench_record::Corrected;
use serde_json::json;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// What has changed between runs of one suite, with its uncertainty.
#[derive(clap::Args)]
#[command(
    after_help = "Exit codes: 0 nothing is worse; 1 something is significantly worse, or has a worse verdict; \
    2 something cannot be compared.\n\
    With --laboratories: 0 every score is satisfactory; 1 one is unsatisfactory; 2 one is questionable or missing.\n\
    With --trend: 0 nothing creeps towards its limit; 1 something does, significantly; 2 there are too few runs\n\
    With --exchangeability: 0 every pose has its E, within --at-most if that is given; 1 one is not within it; \
    2 one has none\n\
    With --values: 0 no values are shown to differ; 1 some do, at 5 %; 2 some cannot be told"
)]
pub(crate) struct Args {
    /// The run that the others are held against
    first: PathBuf,
    /// The runs to compare with it
    #[arg(required = true)]
    others: Vec<PathBuf>,
    /// Scores between two or more laboratories' records of one suite (ISO 13528:2022)
    #[arg(long, conflicts_with = "trend")]
    laboratories: bool,
    /// The reference laboratory's run; without it the consensus of three or more, or the first of two
    #[arg(long, value_name = "RUN", requires = "laboratories")]
    reference: Option<String>,
    /// Standard deviation for proficiency assessment of a result: `pose/repeatability=0.02 mm`
    #[arg(long, value_name = "RESULT=VALUE", requires = "laboratories")]
    sigma: Vec<String>,
    /// Where each result is going over three or more runs
    #[arg(long)]
    trend: bool,
    /// Count runs in the order given (versions of a firmware), not days
    #[arg(long, requires = "trend")]
    order: bool,
    /// Exchangeability E of the robots that these runs tested, one a run, by their pose accuracy (ISO 9283:1998, 7.7)
    #[arg(long, conflicts_with_all = ["trend", "laboratories"])]
    exchangeability: bool,
    /// Limit of E, guarded by its U: `0.5 mm`
    #[arg(long, value_name = "VALUE", requires = "exchangeability")]
    at_most: Option<String>,
    /// What says whether two success rates differ; the first two are always shown
    #[arg(long, value_enum, default_value_t)]
    rates: Test,
    /// Whether the values behind each result (peaks, strengths, times, means) come from one distribution
    /// in both runs; all three tests are shown, the one that is named decides
    #[arg(long, value_enum, value_name = "TEST", conflicts_with_all = ["trend", "laboratories", "exchangeability"])]
    values: Option<values::By>,
    /// Language of the text
    #[arg(long, value_enum, default_value_t = Language::En, requires = "values")]
    lang: Language,
    /// Print as JSON
    #[arg(long)]
    json: bool,
}

/// A test of two rates.
#[derive(Clone, Copy, Default, clap::ValueEnum)]
enum Test {
    /// Newcombe's interval of the difference leaves out zero
    #[default]
    Newcombe,
    /// The p of Fisher's exact test is small enough
    Fisher,
    /// Trials of one object in both runs are pairs: the p of McNemar's exact test is small enough
    Mcnemar,
    /// The same for its mid-p
    McnemarMidP,
}

impl From<Test> for Rates {
    fn from(test: Test) -> Rates {
        match test {
            Test::Newcombe => Rates::Newcombe,
            Test::Fisher => Rates::Fisher,
            Test::Mcnemar => Rates::McNemar,
            Test::McnemarMidP => Rates::McNemarMidP,
        }
    }
}

struct Judged {
    /// As it was named on the command line.
    folder: String,
    laboratory: String,
    /// When it began, days since 1970.
    at_days: f64,
    name: String,
    suite: String,
    version: String,
    plan: String,
    simulated: bool,
    run: Corrected,
    findings: Findings,
}

/// Compares.
pub(crate) fn compare(args: &Args) -> anyhow::Result<Exit> {
    let all = std::iter::once(&args.first).chain(&args.others);
    if let Err(exit) = readable(all.map(PathBuf::as_path)) {
        return Ok(exit);
    }
    let all = std::iter::once(&args.first).chain(&args.others);
    let all: Vec<Judged> = all.map(|f| judged(f)).collect::<Result<_, _>>()?;
    let Some((first, others)) = all.split_first() else {
        return Ok(Exit::Usage);
    };
    if let Some(other) = others.iter().find(|o| o.suite != first.suite) {
        eprintln!(
            "certbench: {} is a run of {}, not of {}",
            other.name, other.suite, first.suite
        );
        return Ok(Exit::Usage);
    }
    if args.laboratories || args.trend {
        differing(&all);
        return match args.trend {
            true => trend::trend(args, &all),
            false => laboratories::laboratories(args, &all),
        };
    }
    if args.exchangeability {
        differing(&all);
        return exchange::exchangeability(args, &all);
    }
    if let Some(by) = args.values {
        return values::values(args, by, &all);
    }
    let mut worst = Outcome::Same;
    let mut told = Vec::new();
    for second in others {
        let rates = Rates::from(args.rates);
        let paired = match rates.paired() {
            true => pairs(&first.run, &second.run),
            false => BTreeMap::new(),
        };
        let found = changes(&first.findings, &second.findings, rates, &paired);
        worst = found.iter().map(|c| c.outcome).fold(worst, Outcome::max);
        match args.json {
            true => {
                told.push(json!({ "first": first.name, "second": second.name, "changes": found }))
            }
            false => print(first, second, &found),
        }
    }
    if args.json {
        say!("{}", serde_json::to_string_pretty(&told)?);
    }
    Ok(exit(worst))
}

fn exit(worst: Outcome) -> Exit {
    match worst {
        Outcome::Same | Outcome::Better | Outcome::Changed => Exit::Passed,
        Outcome::Unknown => Exit::Incomplete,
        Outcome::Worse => Exit::Failed,
    }
}

/// Says in what the runs are not alike.
fn differing(all: &[Judged]) {
    let of = |part: fn(&Judged) -> &String| -> Vec<&String> {
        let mut parts: Vec<&String> = all.iter().map(part).collect();
        parts.sort_unstable();
        parts.dedup();
        parts
    };
    let versions = of(|j| &j.version);
    if versions.len() > 1 {
        eprintln!("certbench: the suite's versions differ: {versions:?}");
    }
    if of(|j| &j.plan).len() > 1 {
        eprintln!("certbench: the plans differ: other items, benches or parameters");
    }
    if all.iter().any(|j| j.simulated) {
        eprintln!(
            "certbench: SIMULATED: at least one of these runs is no measurement of a real item"
        );
    }
}

/// Six digits, as a person writes them.
fn word_of_number(x: f64) -> String {
    match x.abs() {
        0.0 => "0".to_string(),
        a if (1e-4..1e7).contains(&a) => {
            let decimals = (5 - a.log10().floor() as i32).clamp(0, 9) as usize;
            format!("{x:.decimals$}")
        }
        _ => format!("{x:.5e}"),
    }
}

/// `2026-11-22T02:26:54Z` as days since 1970.
fn days(day: certbench_model::Date, utc: &str) -> f64 {
    let clock = utc
        .split_once('T')
        .map_or("", |(_, clock)| clock.trim_end_matches('Z'));
    let parts = clock.split(':').map(|p| p.parse().unwrap_or(0.0));
    let seconds = parts
        .zip([3600.0, 60.0, 1.0])
        .map(|(p, s): (f64, f64)| p * s);
    day.days_since_epoch() as f64 + seconds.sum::<f64>() / 86_400.0
}

fn judged(folder: &std::path::Path) -> anyhow::Result<Judged> {
    let judged = issued::judged(folder, None)?;
    let facts = judged.run.facts().clone();
    ensure!(
        facts.damage.is_empty(),
        "{}: the record is damaged (certbench verify)",
        folder.display()
    );
    Ok(Judged {
        folder: folder.display().to_string(),
        laboratory: facts.plan.bench.laboratory.name.clone(),
        at_days: days(facts.day, &facts.utc),
        name: facts.run.clone(),
        suite: facts.plan.suite.id.clone(),
        version: facts.plan.suite.version.clone(),
        plan: facts.plan_sha256.clone(),
        simulated: facts.plan.simulated(),
        run: judged.run,
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
        text += &d
            .fisher_p
            .map(|p| format!(", Fisher p {p:.3}"))
            .unwrap_or_default();
        text += &d.paired.map(pair_by_pair).unwrap_or_default();
    }
    if let Some([m, n]) = change.margins {
        text += &format!(", margin {m:.5} -> {n:.5}");
    }
    text
}

/// `, pairs: 40 both, 6 only first, 1 only second, 3 neither, McNemar p 0.125, mid-p 0.070`.
fn pair_by_pair(p: Pairs) -> String {
    let left_out = match p.left_out {
        0 => String::new(),
        n => format!(", {n} trials in no pair"),
    };
    format!(
        ", pairs: {} both, {} only first, {} only second, {} neither{left_out}, McNemar p {:.4}, mid-p {:.4}",
        p.both, p.only_first, p.only_second, p.neither, p.exact_p, p.mid_p
    )
}
