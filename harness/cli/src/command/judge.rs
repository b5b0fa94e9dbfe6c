//! `certbench judge RUN`: judge a record again. `certbench judge --data FILE --suite S --bench B`: judge
//! data that were taken elsewhere.

mod external;

use crate::command::run::Language;
use crate::exit::Exit;
use crate::inputs::{Files, readable};
use crate::session;
use crate::{say, say_on};
use certbench_reports::brief;
use std::path::{Path, PathBuf};

/// Judge a recorded run again, from its folder alone; or data that were taken elsewhere.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The run folder
    #[arg(required_unless_present = "data")]
    run: Option<PathBuf>,
    /// Print the findings as JSON
    #[arg(long, conflicts_with = "data")]
    json: bool,
    /// Language of the text
    #[arg(long, value_enum, default_value_t = Language::En, conflicts_with = "data")]
    lang: Language,
    /// No run: judge this file, of a test that certbench neither drove nor observed
    #[arg(long, value_name = "FILE", conflicts_with = "run", requires_all = ["suite", "bench", "by"])]
    data: Option<PathBuf>,
    /// By this suite
    #[arg(long, requires = "data")]
    suite: Option<PathBuf>,
    /// By this bench, where the instrument that wrote the file has `driver: csv-import`
    #[arg(long, requires = "data")]
    bench: Option<PathBuf>,
    /// The job file
    #[arg(long, requires = "data")]
    job: Option<PathBuf>,
    /// Set a parameter that the laboratory may set
    #[arg(long, value_name = "NAME=VALUE", requires = "data")]
    set: Vec<String>,
    /// The channel that the file holds, where several are imported
    #[arg(long, value_name = "ID", requires = "data")]
    channel: Option<String>,
    /// Who hands the file in
    #[arg(long, value_name = "NAME", requires = "data")]
    by: Option<String>,
    /// Folder for the record of it; `runs` without
    #[arg(long, requires = "data")]
    out: Option<PathBuf>,
}

/// Judges and prints.
pub(crate) fn judge(args: &Args) -> anyhow::Result<Exit> {
    if let (Some(data), Some(suite), Some(bench)) = (&args.data, &args.suite, &args.bench) {
        return external::judge(&external::External {
            data,
            files: Files {
                suite: suite.clone(),
                bench: bench.clone(),
                job: args.job.clone(),
                set: args.set.clone(),
            },
            channel: args.channel.as_deref(),
            by: args.by.as_deref().unwrap_or_default(),
            out: args.out.as_deref().unwrap_or(Path::new("runs")),
        });
    }
    let Some(run) = args.run.as_deref() else {
        return Ok(Exit::Usage);
    };
    if let Err(exit) = readable([run]) {
        return Ok(exit);
    }
    let findings = session::judge(run)?;
    if args.json {
        say!("{}", serde_json::to_string_pretty(&findings)?);
    } else {
        say_on!("{}", brief(&findings, args.lang.into()));
    }
    Ok(Exit::of(&findings))
}
