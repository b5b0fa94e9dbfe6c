//! `certbench validate`: shows that this program is valid on this computer, and signs what it saw
//! (installation and operation qualification; ISO/IEC 17025:2017, 7.11.2).
//!
//! Four groups of checks: vectors that were computed elsewhere, a suite of known truth on the simulated
//! clock, the record's own promises, and the timing of this computer.

mod check;
mod cited;
mod machine;
mod oracle;
mod record;
mod timing;
mod truth;
mod verify;

pub(crate) use check::Check;
pub(crate) use cited::cited;
pub(crate) use machine::Machine;
pub(crate) use verify::{is_validation, verify};

use crate::exit::Exit;
use crate::inputs::{now, readable};
use crate::{issued, say};
use anyhow::{Context, ensure};
use certbench_model::FileDigest;
use certbench_record::{Envelope, IN_TOTO, Key};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::path::{Path, PathBuf};

/// Where validations lie in the folder that holds a bench's runs.
pub(crate) const VALIDATIONS: &str = "validations";
/// The record of a validation.
pub(crate) const RECORD: &str = "validation.json";
/// The run of known truth in a validation's folder.
const TRUTH: &str = "known-truth";

/// Show that this program is valid on this computer, and sign what was seen.
#[derive(clap::Args)]
#[command(
    after_help = "Exit codes: 0 everything held; 1 something did not hold (the signed record says what)"
)]
pub(crate) struct Args {
    /// Who validates
    #[arg(long, value_name = "NAME")]
    by: String,
    /// The private key to sign with (PKCS#8 PEM, Ed25519); `certbench keygen` makes one
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
    /// The folder of the bench's runs, whose reports will cite the validation
    #[arg(long, default_value = "runs")]
    out: PathBuf,
    /// Every check as JSON
    #[arg(long)]
    json: bool,
}

/// What was seen, by whom, of which program on which computer.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Validation {
    /// Version of this format.
    pub(crate) format: u32,
    /// Name of its folder.
    pub(crate) id: String,
    /// When it began, UTC.
    pub(crate) utc: String,
    /// Who validated.
    pub(crate) by: String,
    /// Version of certbench.
    pub(crate) certbench: String,
    /// The computer and the program on it.
    pub(crate) machine: Machine,
    /// All of them, held or not.
    pub(crate) checks: Vec<Check>,
    /// Whether all held.
    pub(crate) held: bool,
}

/// Validates.
pub(crate) fn validate(args: &Args) -> anyhow::Result<Exit> {
    if let Err(exit) = readable([args.key.as_path()]) {
        return Ok(exit);
    }
    let key = match Key::read(&args.key) {
        Ok(key) if !args.by.trim().is_empty() => key,
        Ok(_) => {
            eprintln!("certbench: --by names nobody");
            return Ok(Exit::Usage);
        }
        Err(error) => {
            eprintln!("certbench: {error}");
            return Ok(Exit::Usage);
        }
    };
    let (folder, mut validation) = begun(args)?;
    validation.checks = oracle::checks();
    let run = folder.join(TRUTH);
    validation.checks.extend(truth::checks(&run)?);
    validation.checks.extend(record::checks(&run)?);
    eprintln!("certbench validate: timing of this computer");
    validation.checks.extend(timing::checks(&folder)?);
    validation.held = validation.checks.iter().all(|c| c.held);
    sign(&folder, &validation, &key)?;
    match args.json {
        true => say!("{}", serde_json::to_string_pretty(&validation)?),
        false => print(&validation),
    }
    say!("{}", folder.display());
    Ok(match validation.held {
        true => Exit::Passed,
        false => Exit::Failed,
    })
}

/// The folder, and what is known before the first check.
fn begun(args: &Args) -> anyhow::Result<(PathBuf, Validation)> {
    let utc = now()?;
    let stamp: String = utc.chars().filter(|c| *c != '-' && *c != ':').collect();
    let all = args.out.join(VALIDATIONS);
    std::fs::create_dir_all(&all).with_context(|| format!("cannot make {}", all.display()))?;
    let id = format!("validation-{stamp}");
    let folder = all.join(&id);
    std::fs::create_dir(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let validation = Validation {
        format: 1,
        id,
        utc,
        by: args.by.clone(),
        certbench: env!("CARGO_PKG_VERSION").to_string(),
        machine: Machine::here()?,
        checks: Vec::new(),
        held: false,
    };
    Ok((folder, validation))
}

/// Writes the record and, over every file of the folder, the statement.
fn sign(folder: &Path, validation: &Validation, key: &Key) -> anyhow::Result<()> {
    write(folder, RECORD, &serde_json::to_string_pretty(validation)?)?;
    let mut files = Vec::new();
    digests(folder, folder, &mut files)?;
    let resource = |f: &FileDigest| json!({ "name": f.path, "digest": { "sha256": f.sha256 } });
    let program = json!({
        "name": "certbench", "digest": { "sha256": validation.machine.program_sha256 }
    });
    let of = |held| -> Vec<String> {
        let those = validation.checks.iter().filter(|c| c.held == held);
        those.map(Check::name).collect()
    };
    let statement = json!({
        "_type": certbench_reports::STATEMENT_TYPE,
        "subject": files.iter().map(resource).collect::<Vec<_>>(),
        "predicateType": certbench_reports::PREDICATE_TYPE,
        "predicate": {
            "result": if validation.held { "PASSED" } else { "FAILED" },
            "configuration": [program],
            "passedTests": of(true),
            "warnedTests": [],
            "failedTests": of(false),
            "certbench": { "validation": validation.id, "by": validation.by, "utc": validation.utc },
        },
    });
    let envelope = Envelope::sign(IN_TOTO, &serde_json::to_vec(&statement)?, key);
    write(folder, issued::KEY, &key.public().pem()?)?;
    write(
        folder,
        issued::STATEMENT,
        &serde_json::to_string_pretty(&envelope)?,
    )
}

fn write(folder: &Path, name: &str, text: &str) -> anyhow::Result<()> {
    let path = folder.join(name);
    std::fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))
}

/// Every file below `folder`, by its name from `root`, in their order.
fn digests(root: &Path, folder: &Path, files: &mut Vec<FileDigest>) -> anyhow::Result<()> {
    let mut entries: Vec<PathBuf> = Vec::new();
    for entry in std::fs::read_dir(folder).with_context(|| folder.display().to_string())? {
        entries.push(entry?.path());
    }
    entries.sort();
    for path in entries {
        if path.is_dir() {
            digests(root, &path, files)?;
            continue;
        }
        let bytes = std::fs::read(&path).with_context(|| path.display().to_string())?;
        let name = path.strip_prefix(root)?.to_string_lossy().into_owned();
        files.push(issued::file(name, &bytes));
    }
    ensure!(!files.is_empty(), "{} is empty", folder.display());
    Ok(())
}

fn print(validation: &Validation) {
    say!(
        "certbench {} on {}: {}",
        validation.certbench,
        validation.machine.host,
        if validation.held {
            "VALID"
        } else {
            "NOT VALID"
        }
    );
    for group in check::GROUPS {
        let of_group = || validation.checks.iter().filter(|c| c.group == group);
        let held = of_group().filter(|c| c.held).count();
        say!("  {group}: {held} of {} held", of_group().count());
        for c in of_group().filter(|c| !c.held || group == "timing") {
            say!("    {} {c}", if c.held { "held" } else { "DID NOT HOLD" });
        }
    }
}
