//! `certbench amend REPORT --reason TEXT`: a new report in the place of an issued one, which stays.

use crate::command::issue::{Desk, release};
use crate::exit::Exit;
use crate::inputs::readable;
use crate::issued::{REPORT, REPORTS, STATEMENT};
use anyhow::Context;
use certbench_model::sha256_hex;
use certbench_reports::Amended;
use std::path::{Path, PathBuf};

/// Issue a new report in the place of an issued one, which is kept.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The folder of the issued report, `RUN/reports/NUMBER`
    report: PathBuf,
    /// Why it is replaced
    #[arg(long)]
    reason: String,
    #[command(flatten)]
    desk: Desk,
}

/// Amends.
pub(crate) fn amend(args: &Args) -> anyhow::Result<Exit> {
    if let Err(exit) = readable([&*args.report]) {
        return Ok(exit);
    }
    let report = args
        .report
        .canonicalize()
        .with_context(|| args.report.display().to_string())?;
    let of_run = report
        .parent()
        .filter(|p| p.ends_with(REPORTS))
        .and_then(Path::parent);
    let Some(run) = of_run else {
        eprintln!(
            "certbench: {}: is no issued report (RUN/{REPORTS}/NUMBER)",
            report.display()
        );
        return Ok(Exit::Usage);
    };
    let read = |name: &str| std::fs::read(report.join(name)).with_context(|| name.to_string());
    let amended = Amended {
        reason: args.reason.clone(),
        statement_sha256: sha256_hex(&read(STATEMENT)?),
        report: serde_json::from_slice(&read(REPORT)?).context(REPORT)?,
    };
    release(run, &args.desk, Some(amended))
}
