//! `certbench correct RUN`: put an entry right. The record is untouched; the correction stands beside
//! it, sealed, and the run is judged again.

use crate::exit::Exit;
use crate::inputs::readable;
use crate::{issued, say, say_on, session};
use anyhow::Context;
use certbench_model::addendum::Content;
use certbench_model::date::utc_text;
use certbench_model::text::Lang;
use certbench_model::{Correction, Place};
use certbench_record::{NewAddendum, append};
use certbench_reports::brief;
use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

/// Put an entry of a record right: appended and sealed, judged again; the original is never touched.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The run folder
    run: PathBuf,
    /// The answer to correct, by its line of run.jsonl
    #[arg(long, conflicts_with = "field", required_unless_present = "field")]
    line: Option<u64>,
    /// The description to correct: `job.customer.contact`, `job.items.hand.received`,
    /// `bench.location`, `bench.environment.temperature`
    #[arg(long)]
    field: Option<String>,
    /// What it should have said
    #[arg(long)]
    new: String,
    /// Who corrects
    #[arg(long, value_name = "NAME")]
    by: String,
    /// Why
    #[arg(long)]
    why: String,
}

/// Corrects.
pub(crate) fn correct(args: &Args) -> anyhow::Result<Exit> {
    if let Err(exit) = readable([&*args.run]) {
        return Ok(exit);
    }
    let place = match (args.line, &args.field) {
        (Some(line), _) => Place::Line(line),
        (None, Some(field)) => Place::Field(field.clone()),
        (None, None) => return Ok(Exit::Usage),
    };
    let before = issued::judged(&args.run, None)?;
    let fits = before.run.at(&place).and_then(|old| {
        before.run.would_take(&place, &args.new)?;
        let said = |text: &str| !text.trim().is_empty();
        match old == args.new {
            _ if !said(&args.by) || !said(&args.why) => Err("a correction says who and why".into()),
            true => Err(format!("it says `{old}` already")),
            false => Ok(old),
        }
    });
    let old = match fits {
        Ok(old) => old,
        Err(why) => {
            eprintln!("certbench: {place}: {why}");
            return Ok(Exit::Usage);
        }
    };
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .context("the host's clock is before 1970")?;
    let utc = utc_text(now.as_secs());
    let correction = Correction {
        utc: utc.clone(),
        by: args.by.clone(),
        why: args.why.clone(),
        place: place.clone(),
        old: old.clone(),
        new: args.new.clone(),
    };
    let known = before.addenda().0;
    append(
        &args.run,
        known,
        &NewAddendum {
            utc: &utc,
            by: &args.by,
            why: &args.why,
            content: Content::Correction(correction),
            files: &[],
        },
    )?;
    say!("{place}: `{old}` is corrected to `{}`", args.new);
    let findings = session::judge(&args.run)?;
    session::write_reports(&args.run, &findings)?;
    for report in issued::all(&args.run)? {
        say!(
            "{}: was issued before this correction; certbench amend replaces it",
            report.display()
        );
    }
    say_on!("{}", brief(&findings, Lang::En));
    Ok(Exit::of(&findings))
}
