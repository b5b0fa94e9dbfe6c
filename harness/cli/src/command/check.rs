//! `certbench check FILE...`: every complaint of every file.

use crate::exit::Exit;
use crate::inputs::{colour, readable};
use crate::say;
use crate::wiring::vocabulary;
use certbench_suite::{Severity, Sources};
use std::path::PathBuf;

/// Check suite, bench and job files.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Suites, benches, jobs, tables, schemes
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// Complaints as JSON, for editors and CI
    #[arg(long)]
    json: bool,
}

/// Checks and prints.
pub(crate) fn check(args: &Args) -> anyhow::Result<Exit> {
    if let Err(exit) = readable(args.files.iter().map(PathBuf::as_path)) {
        return Ok(exit);
    }
    let vocabulary = vocabulary();
    let (mut exit, mut all) = (Exit::Passed, Vec::new());
    for file in &args.files {
        let mut sources = Sources::disk();
        let name = file.to_string_lossy();
        let (kind, complaints) = certbench_suite::check_file(&mut sources, &name, &vocabulary);
        let wrong = complaints.iter().any(|c| c.severity == Severity::Error);
        if wrong {
            exit = Exit::Refused;
        }
        if !args.json {
            eprint!(
                "{}",
                certbench_suite::render(&complaints, &sources, colour())
            );
            let kind = kind.map_or("file", |k| k.word());
            say!(
                "{name}: {kind} {}",
                if wrong { "has errors" } else { "is good" }
            );
        }
        all.extend(complaints);
    }
    if args.json {
        say!("{}", serde_json::to_string_pretty(&all)?);
    }
    Ok(exit)
}
