//! `certbench evidence RUN FILE`: a photo or video of the run, with where it lies in the run's time. The
//! record is untouched; the file stands beside it, sealed, and the report says what is seen where.

use crate::exit::Exit;
use crate::inputs::{now, readable, seconds};
use crate::{say, session};
use certbench_model::Recorded;
use certbench_model::addendum::{Alignment, Content, Evidence, Seen};
use certbench_record::{NewAddendum, Recording, append, begins_ns, event_line};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Take in a photo or video of the run as evidence: sealed, and found in the report by case and trial;
/// the record is never touched, and nothing is judged by it.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The run folder
    run: PathBuf,
    /// The photo or video
    file: PathBuf,
    /// An event of the run and when it is seen in the file: `sync=12.35 s` is the mark `sync`,
    /// `sync#2=…` the second of several, `line:42=…` a line of run.jsonl; may be given again
    #[arg(long, value_name = "EVENT=TIME", required_unless_present = "begins")]
    seen: Vec<String>,
    /// When the file begins, by the camera's clock, UTC: `2026-11-22T10:00:03.25Z`
    #[arg(long, value_name = "UTC", conflicts_with = "seen")]
    begins: Option<String>,
    /// The most by which that may be wrong: `200 ms`
    #[arg(long, value_name = "TIME")]
    uncertainty: String,
    /// How long a video lasts: `92.4 s`; a photo is given without
    #[arg(long, value_name = "TIME")]
    lasts: Option<String>,
    /// Who adds it
    #[arg(long, value_name = "NAME")]
    by: String,
    /// What it shows
    #[arg(long, value_name = "TEXT", default_value = "evidence of the run")]
    why: String,
}

/// Adds it.
pub(crate) fn evidence(args: &Args) -> anyhow::Result<Exit> {
    if let Err(exit) = readable([&*args.run, &*args.file]) {
        return Ok(exit);
    }
    let recording = Recording::open(&args.run)?;
    let evidence = match of(args, &recording) {
        Ok(evidence) => evidence,
        Err(why) => {
            eprintln!("certbench: {}: {why}", args.file.display());
            return Ok(Exit::Usage);
        }
    };
    let Evidence {
        begins_ns,
        uncertainty_ns,
        ..
    } = evidence;
    let added = append(
        &args.run,
        recording.addenda().len(),
        &NewAddendum {
            utc: &now()?,
            by: &args.by,
            why: &args.why,
            content: Content::Evidence(evidence),
            files: &[(&plain_name(&args.file), &args.file)],
        },
    )?;
    let findings = session::judge(&args.run)?;
    session::write_reports(&args.run, &findings)?;
    for file in &added.files {
        say!("addendum {}: {}", added.number, file.path);
        say!("  SHA-256 {}", file.sha256);
    }
    say!(
        "  begins {:.3} s after the run's clock did, ± {:.3} s; the report says what is seen where",
        begins_ns as f64 * 1e-9,
        uncertainty_ns as f64 * 1e-9
    );
    Ok(Exit::Passed)
}

/// What is to be sealed, or why it cannot be.
fn of(args: &Args, recording: &Recording) -> Result<Evidence, String> {
    let facts = recording.facts();
    if let Some(damage) = facts.damage.first() {
        let (place, what) = (&damage.place, &damage.what);
        return Err(format!(
            "the record is damaged ({place} {what}): nothing is added to it"
        ));
    }
    if args.by.trim().is_empty() {
        return Err("evidence says who added it".into());
    }
    if !std::fs::metadata(&args.file).is_ok_and(|m| m.is_file() && m.len() > 0) {
        return Err("is no file, or an empty one".into());
    }
    let time = |text: &str| seconds(text).map(nanoseconds);
    let uncertainty_ns = time(&args.uncertainty)?;
    let lasts_ns = args.lasts.as_deref().map(time).transpose()?;
    if uncertainty_ns == 0 || lasts_ns == Some(0) {
        return Err("an uncertainty, and the length of a video, are more than zero".into());
    }
    let alignment = match &args.begins {
        Some(utc) => Alignment::Begins(utc.clone()),
        None => Alignment::Seen(
            args.seen
                .iter()
                .map(|text| {
                    let (event, at) = text.split_once('=').ok_or_else(|| {
                        format!("`{text}` is not understood; write `sync=12.35 s`")
                    })?;
                    let (line, at_ns) = (event_line(facts, event.trim())?, time(at)?);
                    match lasts_ns {
                        Some(lasts) if at_ns > lasts => {
                            Err(format!("`{text}` is behind the end of the video"))
                        }
                        None if at_ns > 0 => Err(format!(
                            "`{text}`: a photo lasts no time; `--lasts` makes it a video"
                        )),
                        _ => Ok(Seen { line, at_ns }),
                    }
                })
                .collect::<Result<_, _>>()?,
        ),
    };
    let zero = recording.unix_ns_at_zero();
    Ok(Evidence {
        begins_ns: begins_ns(facts, zero, &alignment, uncertainty_ns)?,
        lasts_ns,
        uncertainty_ns,
        alignment,
    })
}

fn nanoseconds(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

/// The file's own name, in the letters that a record takes.
fn plain_name(file: &Path) -> String {
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    let plain = |c: char| match c {
        c if c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_') => c,
        _ => '-',
    };
    let name: Vec<char> = name.chars().map(plain).collect();
    // The end tells what it is.
    name.iter().skip(name.len().saturating_sub(100)).collect()
}
