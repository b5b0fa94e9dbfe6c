//! `certbench verify` on the folder of a validation: signature, files, checks, and the run of known
//! truth judged again.

use super::{Check, RECORD, TRUTH, Validation};
use crate::command::verify::{Broken, damage, record, signed, unaltered};
use crate::issued::{self, STATEMENT};
use crate::say;
use anyhow::Context;
use certbench_model::Findings;
use certbench_record::PublicKey;
use std::path::Path;

/// Whether a folder is a validation's.
pub(crate) fn is_validation(folder: &Path) -> bool {
    folder.join(RECORD).is_file()
}

/// What of it does not hold.
pub(crate) fn verify(folder: &Path, key: Option<&PublicKey>) -> Broken {
    let statement = match signed(folder, key) {
        Ok(statement) => statement,
        Err(error) => return vec![damage(STATEMENT, format!("{error:#}"))],
    };
    let mut broken = unaltered(folder, &statement, &[RECORD, "known-truth/run.jsonl"]);
    match read(folder) {
        Err(error) => broken.push(damage(RECORD, format!("{error:#}"))),
        Ok(validation) => {
            say!(
                "{}: certbench {} on {}, by {}, {}: {}",
                validation.id,
                validation.certbench,
                validation.machine.host,
                validation.by,
                validation.utc,
                if validation.held {
                    "valid"
                } else {
                    "not valid"
                }
            );
            broken.extend(inconsistent(&validation));
        }
    }
    let run = folder.join(TRUTH);
    broken.extend(record(&run));
    broken.extend(
        judged_again(&run)
            .err()
            .map(|e| damage(TRUTH, format!("{e:#}"))),
    );
    broken
}

/// The record of a validation.
pub(crate) fn read(folder: &Path) -> anyhow::Result<Validation> {
    let bytes = std::fs::read(folder.join(RECORD)).context("cannot be read")?;
    serde_json::from_slice(&bytes).context("is no record of a validation")
}

/// Checks that say of themselves what their numbers do not, and a whole that its parts do not bear.
fn inconsistent(validation: &Validation) -> Broken {
    let place = |c: &Check| format!("{RECORD} {}", c.name());
    let checks = validation.checks.iter().filter(|c| !c.consistent());
    let mut broken: Broken = checks
        .map(|c| damage(place(c), "does not say what its numbers say"))
        .collect();
    if validation.checks.is_empty() || validation.held != validation.checks.iter().all(|c| c.held) {
        broken.push(damage(RECORD, "is held or not held against its own checks"));
    }
    broken
}

/// The findings of the run of known truth are those that were signed, unless another version judges.
fn judged_again(run: &Path) -> anyhow::Result<()> {
    let frozen =
        std::fs::read(run.join(issued::FINDINGS)).context("its findings cannot be read")?;
    let frozen: Findings =
        serde_json::from_slice(&frozen).context("its findings cannot be read")?;
    let again = issued::judged(run, None)?.findings;
    let verdicts = |f: &Findings| f.all().map(|(_, f)| f.verdict).collect::<Vec<_>>();
    anyhow::ensure!(
        frozen == again || (frozen.judge != again.judge && verdicts(&frozen) == verdicts(&again)),
        "the record does not give the findings that were signed"
    );
    Ok(())
}
