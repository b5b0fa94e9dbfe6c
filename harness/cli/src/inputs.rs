//! From the files named on the command line to a plan, or to complaints.

use crate::exit::Exit;
use crate::wiring::vocabulary;
use anyhow::Context;
use certbench_model::{Date, Plan, Quantity};
use certbench_suite::{Request, Sources};
use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The files of a plan.
#[derive(clap::Args)]
pub(crate) struct Files {
    /// The suite file
    pub(crate) suite: PathBuf,
    /// The bench file
    #[arg(long)]
    pub(crate) bench: PathBuf,
    /// The job file: customer, items, declared values
    #[arg(long)]
    pub(crate) job: Option<PathBuf>,
    /// Set a parameter that the laboratory may set: `cycles=10`, `hold_time='2 s'`
    #[arg(long, value_name = "NAME=VALUE")]
    pub(crate) set: Vec<String>,
}

/// Whether what the command line names is there and can be read; says what is not.
pub(crate) fn readable<'a>(paths: impl IntoIterator<Item = &'a Path>) -> Result<(), Exit> {
    let mut all = Ok(());
    for path in paths {
        let tried = if path.is_dir() {
            std::fs::read_dir(path).map(|_| ())
        } else {
            std::fs::File::open(path).map(|_| ())
        };
        if let Err(error) = tried {
            eprintln!("certbench: {}: {error}", path.display());
            all = Err(Exit::Usage);
        }
    }
    all
}

/// The plan of these files, or the exit code after every complaint was printed.
pub(crate) fn load(files: &Files) -> anyhow::Result<Result<Plan, Exit>> {
    let named = [Some(&files.suite), Some(&files.bench), files.job.as_ref()];
    if let Err(exit) = readable(named.into_iter().flatten().map(PathBuf::as_path)) {
        return Ok(Err(exit));
    }
    let mut sources = Sources::disk();
    let vocabulary = vocabulary();
    let mut complaints = Vec::new();
    let path = |path: &Path| path.to_string_lossy().into_owned();

    let (suite, found) =
        certbench_suite::check_suite(&mut sources, &path(&files.suite), &vocabulary);
    complaints.extend(found);
    let (bench, found) =
        certbench_suite::check_bench(&mut sources, &path(&files.bench), &vocabulary);
    complaints.extend(found);
    let mut job = None;
    if let Some(file) = &files.job {
        let (read, found) = certbench_suite::check_job(&mut sources, &path(file));
        complaints.extend(found);
        job = read;
    }
    let ready = job.is_some() || files.job.is_none();
    if let (Some(suite), Some(bench), true) = (&suite, &bench, ready) {
        let request = Request {
            suite,
            bench,
            job: job.as_ref(),
            vocabulary: &vocabulary,
            today: today()?,
            set: &files.set,
        };
        match certbench_suite::plan(&request, &mut sources) {
            Ok(plan) => {
                eprint!(
                    "{}",
                    certbench_suite::render(&complaints, &sources, colour())
                );
                return Ok(Ok(plan));
            }
            Err(found) => complaints.extend(found),
        }
    }
    eprint!(
        "{}",
        certbench_suite::render(&complaints, &sources, colour())
    );
    Ok(Err(Exit::Refused))
}

/// Today, UTC: the day on which certificates must hold.
pub(crate) fn today() -> anyhow::Result<Date> {
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .context("the host's clock is before 1970")?;
    Ok(Date::from_unix_seconds(now.as_secs()))
}

/// This second, UTC, as records write it.
pub(crate) fn now() -> anyhow::Result<String> {
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .context("the host's clock is before 1970")?;
    Ok(certbench_model::date::utc_text(now.as_secs()))
}

/// A stretch of time as a person writes it: `90 s`, `200 ms`.
pub(crate) fn seconds(text: &str) -> Result<Duration, String> {
    let quantity: Quantity = text.parse().map_err(|e| format!("{e}"))?;
    let seconds = quantity.in_unit("s").map_err(|e| e.to_string())?;
    Duration::try_from_secs_f64(seconds).map_err(|e| e.to_string())
}

/// Whether complaints may be coloured.
pub(crate) fn colour() -> bool {
    std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none()
}
