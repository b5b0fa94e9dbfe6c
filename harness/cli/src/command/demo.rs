//! `certbench demo`: the main job, all of it, on two simulated benches at once.

use crate::exit::Exit;
use crate::inputs::{Files, load};
use crate::session::{Done, Order, perform};
use crate::{say, say_on};
use anyhow::Context;
use certbench_model::text::Lang;
use certbench_reports::brief;
use std::path::{Path, PathBuf};
use std::time::Instant;

/// Run the four shipped suites on simulated benches.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Folder for suites, runs and reports
    #[arg(long, default_value = "runs")]
    out: PathBuf,
}

/// The shipped suites, so that the demo works wherever the binary is.
const SHIPPED: &[(&str, &str)] = &[
    (
        "grasp-success.suite.yaml",
        include_str!("../../../../suites/grasp-success.suite.yaml"),
    ),
    (
        "repeatability.suite.yaml",
        include_str!("../../../../suites/repeatability.suite.yaml"),
    ),
    (
        "payload.suite.yaml",
        include_str!("../../../../suites/payload.suite.yaml"),
    ),
    (
        "safety-stops.suite.yaml",
        include_str!("../../../../suites/safety-stops.suite.yaml"),
    ),
    (
        "tables/grasp-objects.yaml",
        include_str!("../../../../suites/tables/grasp-objects.yaml"),
    ),
    (
        "tables/cube-poses.yaml",
        include_str!("../../../../suites/tables/cube-poses.yaml"),
    ),
    (
        "tables/stop-speeds.yaml",
        include_str!("../../../../suites/tables/stop-speeds.yaml"),
    ),
    (
        "benches/sim-hand.bench.yaml",
        include_str!("../../../../suites/benches/sim-hand.bench.yaml"),
    ),
    (
        "benches/sim-arm.bench.yaml",
        include_str!("../../../../suites/benches/sim-arm.bench.yaml"),
    ),
    (
        "jobs/sim-hand.job.yaml",
        include_str!("../../../../suites/jobs/sim-hand.job.yaml"),
    ),
    (
        "jobs/sim-arm.job.yaml",
        include_str!("../../../../suites/jobs/sim-arm.job.yaml"),
    ),
];

/// A suite of the demo, and which of its parameters are shortened there.
struct Shown {
    suite: &'static str,
    set: &'static [&'static str],
}

const fn whole(suite: &'static str) -> Shown {
    Shown { suite, set: &[] }
}

/// Which suites run one after the other on which bench.
const BENCHES: [(&str, &[Shown]); 2] = [
    ("hand", &[whole("grasp-success")]),
    (
        "arm",
        &[
            whole("safety-stops"),
            whole("payload"),
            Shown {
                suite: "repeatability",
                set: &["cycles=5"],
            },
        ],
    ),
];

/// Runs the demo.
pub(crate) fn demo(args: &Args) -> anyhow::Result<Exit> {
    let begun = Instant::now();
    let suites = args.out.join("suites");
    for (name, text) in SHIPPED {
        let path = suites.join(name);
        let folder = path.parent().unwrap_or(&suites);
        std::fs::create_dir_all(folder)
            .with_context(|| format!("cannot make {}", folder.display()))?;
        std::fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
    }
    eprintln!(
        "certbench demo: two simulated benches, one process each; every byte goes through a pty and the real driver"
    );
    let finished = std::thread::scope(|scope| {
        let benches: Vec<_> = BENCHES
            .iter()
            .map(|(bench, list)| scope.spawn(|| one_bench(bench, list, &suites, &args.out)))
            .collect();
        benches
            .into_iter()
            .map(|bench| bench.join())
            .collect::<Vec<_>>()
    });
    let mut exit = Exit::Passed;
    let mut lines = Vec::new();
    for bench in finished {
        let done = bench
            .map_err(|_| anyhow::anyhow!("a bench panicked; its devices were halted first"))??;
        for run in done {
            match run {
                Ok(run) => {
                    say_on!("{}", brief(&run.findings, Lang::En));
                    exit = exit.worst(run.exit());
                    lines.push(run.folder);
                }
                Err(refused) => exit = exit.worst(refused),
            }
        }
    }
    say!("\nReports, in English and Chinese:");
    for folder in lines {
        say!(
            "  {}\n  {}",
            folder.join("report.en.html").display(),
            folder.join("report.zh.html").display()
        );
    }
    eprintln!("certbench demo: {:.0} s", begun.elapsed().as_secs_f64());
    Ok(exit)
}

type Runs = Vec<Result<Done, Exit>>;

fn one_bench(bench: &str, list: &[Shown], suites: &Path, out: &Path) -> anyhow::Result<Runs> {
    let mut runs = Vec::new();
    for Shown { suite, set } in list {
        let files = Files {
            suite: suites.join(format!("{suite}.suite.yaml")),
            bench: suites.join(format!("benches/sim-{bench}.bench.yaml")),
            job: Some(suites.join(format!("jobs/sim-{bench}.job.yaml"))),
            set: set.iter().map(ToString::to_string).collect(),
        };
        let plan = match load(&files)? {
            Ok(plan) => plan,
            Err(exit) => {
                runs.push(Err(exit));
                continue;
            }
        };
        let order = Order {
            bench: &files.bench,
            out,
            yes: true,
            answers: None,
            lang: Lang::En,
            terminal: false,
            label: &format!("{bench:4} | "),
            narrate: true,
            simulated_clock: false,
            wire: false,
        };
        let done = perform(plan, &order)?;
        let aborted = done.findings.end == "aborted";
        runs.push(Ok(done));
        if aborted {
            break;
        }
    }
    Ok(runs)
}
