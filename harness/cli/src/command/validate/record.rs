//! The record's own promises, tried on the run of known truth.

use super::Check;
use crate::issued;
use anyhow::Context;
use certbench_model::Recorded;
use certbench_record::{EVENTS, MANIFEST, Recording, TELEMETRY};
use std::path::Path;

/// The same record gives the same findings; one flipped bit is found in each of its files.
pub(super) fn checks(run: &Path) -> anyhow::Result<Vec<Check>> {
    let judged = || issued::findings_json(&issued::judged(run, None)?.findings);
    let same = judged()? == judged()?;
    let source = "the same record gives the same findings, byte for byte";
    let mut checks = vec![Check::word(
        ("record", "judged twice", source),
        "the same",
        Some(if same { "the same" } else { "different" }.to_string()),
    )];
    for file in [EVENTS, TELEMETRY] {
        let found = flipped(run, file)?;
        let seen = if found { "found" } else { "not found" }.to_string();
        let source = "a record is hash-chained: one flipped bit anywhere is found";
        let id = format!("a flipped bit in {file}");
        checks.push(Check::word(("record", &id, source), "found", Some(seen)));
    }
    Ok(checks)
}

/// Whether a copy of the record with one bit changed in the middle of `file` says so.
fn flipped(run: &Path, file: &str) -> anyhow::Result<bool> {
    let copy = run.with_extension("copy");
    std::fs::create_dir_all(&copy).with_context(|| format!("cannot make {}", copy.display()))?;
    let found = (|| {
        for name in [EVENTS, TELEMETRY, MANIFEST] {
            let mut bytes = std::fs::read(run.join(name)).with_context(|| name.to_string())?;
            let middle = bytes.len() / 2;
            if let Some(byte) = bytes.get_mut(middle).filter(|_| name == file) {
                *byte ^= 1;
            }
            std::fs::write(copy.join(name), bytes).with_context(|| name.to_string())?;
        }
        // A record that cannot even be opened says so too.
        anyhow::Ok(Recording::open(&copy).map_or(true, |r| !r.facts().damage.is_empty()))
    })();
    std::fs::remove_dir_all(&copy).with_context(|| copy.display().to_string())?;
    found
}
