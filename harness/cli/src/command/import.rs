//! `certbench import RUN FILE --channel ID`: take in what an instrument exported that was not read
//! live. The record is untouched; the file stands beside it, sealed, and the run is judged again.

use crate::exit::Exit;
use crate::inputs::{now, readable};
use crate::{say, say_on, session};
use anyhow::Context;
use certbench_model::addendum::{Content, Import};
use certbench_model::text::Lang;
use certbench_model::{Addendum, Recorded};
use certbench_record::{Imported, NewAddendum, Recording, append, read_import};
use certbench_reports::brief;
use std::path::PathBuf;

/// Largest file that is read.
const BYTES_MAX: u64 = 256 * 1024 * 1024;

/// Take in the data of an instrument that was not read live: sealed, and judged again; the record is
/// never touched.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The run folder
    pub(crate) run: PathBuf,
    /// What the instrument exported
    pub(crate) file: PathBuf,
    /// The channel that it holds the data of
    #[arg(long, value_name = "ID")]
    pub(crate) channel: String,
    /// Who imports
    #[arg(long, value_name = "NAME")]
    pub(crate) by: String,
    /// Why; needed where an earlier import of this channel is to be replaced
    #[arg(long)]
    pub(crate) reason: Option<String>,
}

/// Imports.
pub(crate) fn import(args: &Args) -> anyhow::Result<Exit> {
    if let Err(exit) = readable([&*args.run, &*args.file]) {
        return Ok(exit);
    }
    let refused = |why: String| {
        eprintln!("certbench: {why}");
        Ok(Exit::Usage)
    };
    let recording = Recording::open(&args.run)?;
    let facts = recording.facts();
    if let Some(damage) = facts.damage.first() {
        return refused(format!(
            "the record is damaged ({} {}): nothing is added to it",
            damage.place, damage.what
        ));
    }
    if args.by.trim().is_empty() {
        return refused("an import says who made it".into());
    }
    let earlier = earlier(recording.addenda(), &args.channel);
    let reason = args.reason.as_deref().map(str::trim).unwrap_or_default();
    if let (Some(number), "") = (earlier, reason) {
        let channel = &args.channel;
        return refused(format!(
            "the data of `{channel}` were imported already (addendum {number}); only with `--reason` are they replaced, and both are kept"
        ));
    }
    let file = &args.file;
    let size = std::fs::metadata(file).map(|m| m.len()).unwrap_or(0);
    if size > BYTES_MAX {
        return refused(format!(
            "{} is larger than {BYTES_MAX} bytes",
            file.display()
        ));
    }
    let bytes = std::fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
    let Imported { import, .. } = match read_import(facts, &args.channel, &bytes) {
        Ok(imported) => imported,
        Err(misfits) => {
            for misfit in &misfits {
                let at = misfit.at.map(|(line, column)| format!(":{line}:{column}"));
                let at = at.unwrap_or_default();
                eprintln!("{}{at}: {}", file.display(), misfit.what);
            }
            return Ok(Exit::Usage);
        }
    };
    let import = Import {
        supersedes: earlier,
        ..import
    };
    let name = format!("{}.csv", args.channel);
    let why = match reason {
        "" => "exported by the instrument after the run",
        reason => reason,
    };
    let added = append(
        &args.run,
        recording.addenda().len(),
        &NewAddendum {
            utc: &now()?,
            by: &args.by,
            why,
            content: Content::Import(import.clone()),
            files: &[(&name, file)],
        },
    )?;
    told(&added, &import);
    let findings = session::judge(&args.run)?;
    session::write_reports(&args.run, &findings)?;
    say_on!("{}", brief(&findings, Lang::En));
    Ok(Exit::of(&findings))
}

/// The newest import of a channel.
fn earlier(addenda: &[Addendum], channel: &str) -> Option<u64> {
    let mut imports = addenda.iter().rev();
    let earlier = imports
        .find(|a| matches!(&a.content, Content::Import(import) if import.channel == channel))?;
    Some(earlier.number)
}

fn told(added: &Addendum, import: &Import) {
    let Import {
        channel,
        rows,
        matched,
        ..
    } = import;
    let number = added.number;
    say!("addendum {number}: {channel}, {rows} rows, {matched} taken into windows");
    for window in &import.missing {
        say!("  no row for {window}: not tested");
    }
    if !import.extra.is_empty() {
        let lines: Vec<String> = import.extra.iter().map(ToString::to_string).collect();
        say!("  left out: line {}", lines.join(", "));
    }
}
