//! `certbench qualify SUITE`: a suite is tried on simulated devices of known truth, good ones and ones
//! with a declared fault. Does it say the right thing of each, for the right reason, and is it wrong no
//! more often than its decision rule promises?

mod draw;
mod outcome;
mod population;
mod table;

use crate::exit::Exit;
use crate::inputs::{Files, load, readable};
use crate::operator::Answers;
use crate::say_on;
use crate::session::{Done, Order, recorded};
use anyhow::{Context, anyhow};
use certbench_model::text::Lang;
use certbench_model::{Findings, Plan};
use outcome::{Outcome, Tried};
use population::{Item, Population};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

/// Try a suite on a population of simulated devices, on the simulated clock.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The suite file
    suite: PathBuf,
    /// The population; `populations/<suite>.population.yaml` beside the suite without
    #[arg(long)]
    population: Option<PathBuf>,
    /// A few devices of each group only
    #[arg(long)]
    reduced: bool,
    /// These groups only
    #[arg(long, value_name = "GROUP")]
    only: Vec<String>,
    /// Another seed than the population's
    #[arg(long)]
    seed: Option<u64>,
    /// How many devices are tried at once
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u8).range(1..=64))]
    jobs: u8,
    /// Keep the run folders and the numbers there; without, nothing is left
    #[arg(long)]
    out: Option<PathBuf>,
    /// Print the numbers as JSON
    #[arg(long)]
    json: bool,
}

/// Qualifies.
pub(crate) fn qualify(args: &Args) -> anyhow::Result<Exit> {
    let file = args
        .population
        .clone()
        .unwrap_or_else(|| beside(&args.suite));
    if let Err(exit) = readable([&*args.suite, &*file]) {
        return Ok(exit);
    }
    let refused = |why: &str| {
        eprintln!("certbench: {why}");
        Ok(Exit::Refused)
    };
    let population = match Population::read(&file) {
        Ok(population) => population,
        Err(why) => return refused(&why),
    };
    let (suite, bench, job) = population.files(&file);
    if !same_file(&suite, &args.suite) {
        return refused(&format!(
            "{}: it is a population for {}",
            file.display(),
            suite.display()
        ));
    }
    let files = |set: &[&[String]]| Files {
        suite: args.suite.clone(),
        bench: bench.clone(),
        job: job.clone(),
        set: set.concat(),
    };
    let own = [population.set.as_slice(), &population.small].concat();
    let whole = |plan: Plan| match population.small[..] {
        [] => plan,
        _ => as_if_whole(plan),
    };
    let plan = match load(&files(&[&own]))? {
        Ok(plan) => whole(plan),
        Err(exit) => return Ok(exit),
    };
    let of_twin = population
        .truth
        .as_ref()
        .map(|truth| files(&[&own, &truth.set]));
    let twin = match of_twin.map(|files| load(&files)).transpose()? {
        Some(Err(exit)) => return Ok(exit),
        Some(Ok(twin)) => whole(twin),
        None => plan.clone(),
    };
    let seed = args.seed.unwrap_or(population.seed);
    let mut items = match population.items(plan.bench.simulation.as_ref(), args.reduced, seed) {
        Ok(items) => items,
        Err(why) => return refused(&format!("{}{why}", file.display())),
    };
    let known = |id: &&String| population.groups.iter().all(|group| group.value.id != **id);
    if let Some(unknown) = args.only.iter().find(known) {
        return refused(&format!("{} has no group `{unknown}`", file.display()));
    }
    items.retain(|item| args.only.is_empty() || args.only.contains(&item.group.id));

    let runs = Runs::new(args.out.as_deref())?;
    let desk = Bench {
        plan: &plan,
        twin: &twin,
        path: &bench,
        runs: &runs.folder,
        population: &population,
        beside: file.parent().unwrap_or(Path::new(".")),
    };
    let tried = desk.all(&items, usize::from(args.jobs))?;
    let suite = (plan.suite.id.as_str(), plan.suite.version.as_str());
    let summary = table::summary(&population, suite, (seed, args.reduced), &tried);
    let numbers = json!({ "summary": summary, "devices": tried });
    let numbers = serde_json::to_string_pretty(&numbers)?;
    if args.out.is_some() {
        let path = runs.folder.join("qualification.json");
        std::fs::write(&path, &numbers)
            .with_context(|| format!("cannot write {}", path.display()))?;
    }
    match args.json {
        true => say_on!("{numbers}\n"),
        false => say_on!("{}", table::markdown(&summary, &population)),
    }
    for complaint in &summary.complaints {
        eprintln!("certbench: {complaint}");
    }
    Ok(match summary.complaints.is_empty() {
        true => Exit::Passed,
        false => Exit::Failed,
    })
}

/// A plan whose shortened cases are judged as if they were whole.
fn as_if_whole(mut plan: Plan) -> Plan {
    for case in &mut plan.cases {
        case.shortened = None;
    }
    plan.restrictions.retain(|r| r.code != "shortened");
    plan
}

/// `suites/payload.suite.yaml` -> `suites/populations/payload.population.yaml`.
fn beside(suite: &Path) -> PathBuf {
    let name = suite
        .file_name()
        .map(|name| name.to_string_lossy().into_owned())
        .unwrap_or_default();
    let stem = name.strip_suffix(".suite.yaml").unwrap_or(&name);
    let folder = suite.parent().unwrap_or(Path::new("."));
    folder
        .join("populations")
        .join(format!("{stem}.population.yaml"))
}

fn same_file(a: &Path, b: &Path) -> bool {
    match (a.canonicalize(), b.canonicalize()) {
        (Ok(a), Ok(b)) => a == b,
        _ => false,
    }
}

/// Where the runs go: a folder that is kept, or one that is not.
struct Runs {
    folder: PathBuf,
    keep: bool,
}

impl Runs {
    fn new(out: Option<&Path>) -> anyhow::Result<Runs> {
        let own = || std::env::temp_dir().join(format!("certbench-qualify-{}", std::process::id()));
        let folder = out.map_or_else(own, Path::to_path_buf);
        std::fs::create_dir_all(&folder)
            .with_context(|| format!("cannot make {}", folder.display()))?;
        Ok(Runs {
            folder,
            keep: out.is_some(),
        })
    }
}

impl Drop for Runs {
    fn drop(&mut self) {
        if !self.keep {
            let _ = std::fs::remove_dir_all(&self.folder);
        }
    }
}

/// What all devices are tried on.
struct Bench<'a> {
    plan: &'a Plan,
    twin: &'a Plan,
    path: &'a Path,
    runs: &'a Path,
    population: &'a Population,
    /// The folder of the population.
    beside: &'a Path,
}

impl Bench<'_> {
    /// Tries all, so many at once; in their order.
    fn all(&self, items: &[Item<'_>], jobs: usize) -> anyhow::Result<Vec<Tried>> {
        let (next, stop) = (
            AtomicUsize::new(0),
            std::sync::atomic::AtomicBool::new(false),
        );
        let done: Mutex<Vec<(usize, anyhow::Result<Tried>)>> = Mutex::default();
        let work = || {
            while !stop.load(Ordering::Relaxed) {
                let at = next.fetch_add(1, Ordering::Relaxed);
                let Some(item) = items.get(at) else { return };
                let tried = self.one(item);
                if let Ok(tried) = &tried {
                    tell(at + 1, items.len(), tried);
                }
                stop.fetch_or(tried.is_err(), Ordering::Relaxed);
                done.lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .push((at, tried));
            }
        };
        std::thread::scope(|scope| {
            for _ in 0..jobs {
                scope.spawn(work);
            }
        });
        let mut done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
        done.sort_by_key(|(at, _)| *at);
        done.into_iter().map(|(_, tried)| tried).collect()
    }

    fn one(&self, item: &Item<'_>) -> anyhow::Result<Tried> {
        let name = format!("{}-{}", item.group.id, item.number);
        let answers = || self.population.answers(item.group, self.beside);
        let said = self.run(self.plan, &item.world, answers(), &name)?;
        let twin = match &item.twin {
            Some(world) => Some(self.run(self.twin, world, answers(), &format!("{name}-twin"))?),
            None => None,
        };
        Ok(Tried::of(item.group, item.number, &said, twin.as_ref()))
    }

    /// One run of the plan in a world; its record is kept only where the runs are.
    fn run(
        &self,
        plan: &Plan,
        world: &Value,
        answers: Answers,
        name: &str,
    ) -> anyhow::Result<Findings> {
        let mut plan = plan.clone();
        plan.bench.simulation = Some(world.clone());
        let out = self.runs.join(name);
        let order = Order {
            bench: self.path,
            out: &out,
            yes: true,
            answers: Some(answers),
            lang: Lang::En,
            terminal: false,
            label: "",
            narrate: false,
            simulated_clock: true,
            wire: false,
        };
        let Done { findings, folder } = recorded(plan, &order)?;
        if findings.end == "aborted" {
            return Err(anyhow!("stopped"));
        }
        // The telemetry is most of it, and the same seed gives it again.
        let _ = std::fs::remove_file(folder.join("telemetry.mcap"));
        Ok(findings)
    }
}

fn tell(at: usize, of: usize, tried: &Tried) {
    let Tried {
        group,
        number,
        outcome,
        ..
    } = tried;
    let word = match outcome {
        Outcome::Right => "right",
        Outcome::Missed => "MISSED",
        Outcome::WrongReason => "WRONG REASON",
        Outcome::Otherwise => "OTHERWISE",
    };
    eprintln!("{at:4}/{of}  {group} {number}: {} - {word}", tried.said());
}
