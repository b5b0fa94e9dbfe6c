//! The validation that a report cites.

use super::verify::read;
use super::{Machine, VALIDATIONS, Validation};
use crate::command::verify::{signed, unaltered};
use crate::issued::STATEMENT;
use certbench_model::{EventBody, Facts, sha256_hex};
use certbench_reports::Validated;
use std::path::Path;

/// The validation that a run rests on, of those that lie beside it: of the same version on the same
/// computer before any other, made before the run before one made after it, the latest of these.
pub(crate) fn cited(run: &Path, facts: &Facts) -> Option<Validated> {
    let (version, host) = facts.events.iter().find_map(|l| match &l.event.body {
        EventBody::Opened {
            certbench, host, ..
        } => Some((certbench.as_str(), host.as_str())),
        _ => None,
    })?;
    let all = run.canonicalize().ok()?.parent()?.join(VALIDATIONS);
    let folders = std::fs::read_dir(all).ok()?.flatten().map(|e| e.path());
    let validations = folders.filter_map(|folder| Some((read(&folder).ok()?, folder)));
    let rank = |v: &Validation| {
        let same = v.certbench == version && v.machine.host == host;
        (same, v.utc <= facts.utc, v.utc.clone())
    };
    let (validation, folder) = validations.max_by_key(|(v, _)| rank(v))?;
    Some(told(validation, &folder, version, host))
}

fn told(validation: Validation, folder: &Path, version: &str, host: &str) -> Validated {
    let statement = std::fs::read(folder.join(STATEMENT)).unwrap_or_default();
    let sound = signed(folder, None).is_ok_and(|s| unaltered(folder, &s, &[]).is_empty());
    let mut differs = Vec::new();
    if validation.certbench != version {
        let row = ["version", &validation.certbench, version];
        differs.push(row.map(str::to_string));
    }
    if validation.machine.host != host {
        let row = ["host", &validation.machine.host, host];
        differs.push(row.map(str::to_string));
    }
    // What else belongs to the configuration can be told on the computer that ran the test alone.
    if differs.is_empty()
        && let Ok(here) = Machine::here()
        && here.host == host
    {
        differs = validation.machine.differences(&here);
    }
    Validated {
        held: validation.held && sound,
        id: validation.id,
        utc: validation.utc,
        by: validation.by,
        certbench: validation.certbench,
        host: validation.machine.host,
        statement_sha256: sha256_hex(&statement),
        differs,
    }
}
