//! `certbench verify FOLDER`: offline; every digest and every finding again, from the raw record.

use crate::command::validate;
use crate::exit::Exit;
use crate::inputs::readable;
use crate::issued::{self, FINDINGS, Judged, KEY, REPORT, REPORTS, STATEMENT};
use crate::say;
use anyhow::Context;
use certbench_model::finding::CaseFindings;
use certbench_model::{Damage, EventBody, Facts, Finding, Findings, Recorded, sha256_hex};
use certbench_record::{
    EVENTS, Envelope, IN_TOTO, MANIFEST, PublicKey, RecordError, Recording, TELEMETRY,
};
use certbench_reports::{PREDICATE_TYPE, STATEMENT_TYPE};
use serde_json::Value;
use std::path::{Path, PathBuf};

/// Verify a run and its issued reports, or a validation, offline: every digest and every finding, from
/// the raw record.
#[derive(clap::Args)]
#[command(
    after_help = "Exit codes: 0 all holds and the key signed it; 1 something does not hold; \
    2 all holds, but nobody said whose key it is (--key), or no report was issued"
)]
pub(crate) struct Args {
    /// The run folder, the folder of one issued report in it, or the folder of a validation
    folder: PathBuf,
    /// The laboratory's public key (PEM), from a source that you trust
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
}

/// What does not hold, with its place.
pub(crate) type Broken = Vec<Damage>;

/// Verifies and says in words what does not hold.
pub(crate) fn verify(args: &Args) -> anyhow::Result<Exit> {
    let named = [Some(args.folder.as_path()), args.key.as_deref()];
    if let Err(exit) = readable(named.into_iter().flatten()) {
        return Ok(exit);
    }
    let key = match args.key.as_deref().map(PublicKey::read).transpose() {
        Ok(key) => key,
        Err(error) => {
            eprintln!("certbench: {error}");
            return Ok(Exit::Usage);
        }
    };
    if validate::is_validation(&args.folder) {
        return Ok(conclude(
            validate::verify(&args.folder, key.as_ref()),
            true,
            &key,
        ));
    }
    let (run, reports) = places(&args.folder)?;
    let mut broken = record(&run);
    for report in &reports {
        let found = of_report(&run, report, key.as_ref());
        match found.is_empty() {
            true => say!("report {}: holds", name(report)),
            false => say!("report {}: does not hold", name(report)),
        }
        broken.extend(found);
    }
    Ok(conclude(broken, !reports.is_empty(), &key))
}

/// Says what does not hold, or under whose key all does.
fn conclude(mut broken: Broken, any_signed: bool, key: &Option<PublicKey>) -> Exit {
    broken.dedup();
    for d in &broken {
        say!("  {}: {}", d.place, d.what);
    }
    if !broken.is_empty() {
        return Exit::Failed;
    }
    if !any_signed {
        say!("no report was issued: the record's own hashes hold, and nobody has signed them");
        return Exit::Incomplete;
    }
    if key.is_none() {
        say!(
            "everything holds under the key that lies beside what was signed; whose key that is, nobody has said (--key)"
        );
        return Exit::Incomplete;
    }
    say!("everything holds, and the key given signed it");
    Exit::Passed
}

/// What of a record is not as it was written.
pub(crate) fn record(run: &Path) -> Broken {
    match Recording::open(run) {
        Ok(recording) => {
            let facts = recording.facts();
            say!(
                "record {}: {} lines, {} files",
                facts.run,
                facts.events.len(),
                recording.files().len()
            );
            let mut broken = facts.damage.clone();
            broken.extend(behind_the_chain(facts));
            broken
        }
        Err(error) => vec![unreadable(&error)],
    }
}

/// The run's folder, and the reports in question.
fn places(folder: &Path) -> anyhow::Result<(PathBuf, Vec<PathBuf>)> {
    let folder = folder
        .canonicalize()
        .with_context(|| folder.display().to_string())?;
    let reports = folder.parent().filter(|p| p.ends_with(REPORTS));
    if let Some(run) = reports.and_then(Path::parent) {
        return Ok((run.to_path_buf(), vec![folder]));
    }
    let reports = issued::all(&folder)?;
    Ok((folder, reports))
}

fn name(report: &Path) -> String {
    report
        .file_name()
        .map(|n| n.to_string_lossy().into_owned())
        .unwrap_or_default()
}

/// Where a change must lie that only a file's whole hash shows: the last line of the events and what
/// follows the last anchor of the telemetry have no hash behind them.
fn behind_the_chain(facts: &Facts) -> Broken {
    let whole = |file: &str| facts.damage.iter().any(|d| d.place == file);
    let placed = |file: &str| {
        facts
            .damage
            .iter()
            .any(|d| d.place.starts_with(&format!("{file} ")))
    };
    let mut broken = Vec::new();
    if let Some(last) = facts
        .events
        .last()
        .filter(|_| whole(EVENTS) && !placed(EVENTS))
    {
        let what = "the change lies here: every line before it is as the next one names it";
        broken.push(damage(format!("{EVENTS} line {}", last.seq), what));
    }
    let anchors = facts.events.iter().rev().find_map(|l| match &l.event.body {
        EventBody::Anchor { file, bytes, .. } if file == TELEMETRY => Some((l.seq, *bytes)),
        _ => None,
    });
    if let Some((line, bytes)) = anchors.filter(|_| whole(TELEMETRY) && !placed(TELEMETRY)) {
        let what = format!(
            "the change lies behind this byte: everything before it is as {EVENTS} line {line} says"
        );
        broken.push(damage(format!("{TELEMETRY} byte {bytes}"), what));
    }
    broken
}

/// A record that cannot be opened is broken where it begins, if it is there at all.
fn unreadable(error: &RecordError) -> Damage {
    match error {
        RecordError::NotARecord { what, .. } => damage(format!("{EVENTS} line 1"), what),
        other => damage("record", other.to_string()),
    }
}

pub(crate) fn damage(place: impl Into<String>, what: impl Into<String>) -> Damage {
    Damage {
        place: place.into(),
        what: what.into(),
    }
}

/// One issued report: its signature, every file under it, and its findings again.
fn of_report(run: &Path, report: &Path, key: Option<&PublicKey>) -> Broken {
    let place = format!("{REPORTS}/{}", name(report));
    let at = |file: &str| format!("{place}/{file}");
    let statement = match signed(report, key) {
        Ok(statement) => statement,
        Err(error) => return vec![damage(at(STATEMENT), format!("{error:#}"))],
    };
    let mut broken = Vec::new();
    if text(&statement, "/predicate/certbench/report") != name(report) {
        broken.push(damage(
            &place,
            "is another report than the one that was signed",
        ));
    }
    broken.extend(files(run, report, &place, &statement));
    let addenda = statement.pointer("/predicate/certbench/addenda");
    let count = addenda.and_then(|a| a.get("count")).and_then(Value::as_u64);
    match issued::judged(run, count.and_then(|n| usize::try_from(n).ok())) {
        // Said once, where the record itself is looked at.
        Err(_) => {}
        Ok(judged) => {
            let (_, sha256) = judged.addenda();
            if addenda
                .and_then(|a| a.get("sha256"))
                .and_then(Value::as_str)
                != Some(&*sha256)
            {
                let what =
                    format!("the addenda that {place} rests on are not those that were signed");
                broken.push(damage("addenda", what));
            }
            let plan = judged.run.facts().plan_sha256.clone();
            if text(&statement, "/predicate/configuration/0/digest/sha256") != plan {
                broken.push(damage(
                    "run.jsonl line 1",
                    "the plan is not the one that was signed",
                ));
            }
            broken.extend(findings(report, &place, &judged));
        }
    }
    broken
}

/// The statement in the envelope, if the key signed it; without a key the one beside it.
pub(crate) fn signed(report: &Path, key: Option<&PublicKey>) -> anyhow::Result<Value> {
    let read = std::fs::read(report.join(STATEMENT)).context("cannot be read")?;
    let envelope: Envelope = serde_json::from_slice(&read).context("is no envelope")?;
    anyhow::ensure!(
        envelope.payload_type == IN_TOTO,
        "its payload is no in-toto statement"
    );
    let beside = PublicKey::read(&report.join(KEY))?;
    let key = key.unwrap_or(&beside);
    anyhow::ensure!(
        *key == beside,
        "{KEY} beside it is another key than the one given"
    );
    let named = envelope.signatures.iter().any(|s| s.keyid == key.id());
    anyhow::ensure!(named, "no signature in it names this key");
    let body = envelope.verify(key)?;
    let statement: Value = serde_json::from_slice(&body).context("its payload cannot be read")?;
    let types = [
        ("/_type", STATEMENT_TYPE),
        ("/predicateType", PREDICATE_TYPE),
    ];
    for (pointer, expected) in types {
        anyhow::ensure!(
            text(&statement, pointer) == expected,
            "{pointer} is not {expected}"
        );
    }
    Ok(statement)
}

fn text<'a>(value: &'a Value, pointer: &str) -> &'a str {
    value
        .pointer(pointer)
        .and_then(Value::as_str)
        .unwrap_or_default()
}

/// Every file that was signed is there as it was, and none lies beside them unsigned.
fn files(run: &Path, report: &Path, place: &str, statement: &Value) -> Broken {
    let mut broken = unaltered(run, statement, &["run.jsonl", "telemetry.mcap", MANIFEST]);
    let names = subjects(statement);
    for entry in std::fs::read_dir(report).into_iter().flatten().flatten() {
        let path = format!("{place}/{}", entry.file_name().to_string_lossy());
        let known = [STATEMENT, KEY]
            .iter()
            .any(|k| path == format!("{place}/{k}"));
        if !known && !names.iter().any(|(name, _)| *name == path) {
            broken.push(damage(
                path,
                "lies in this report's folder and was not signed",
            ));
        }
    }
    broken
}

/// Names and digests of what was signed.
fn subjects(statement: &Value) -> Vec<(&str, &str)> {
    let subjects = statement.pointer("/subject").and_then(Value::as_array);
    subjects
        .into_iter()
        .flatten()
        .map(|s| (text(s, "/name"), text(s, "/digest/sha256")))
        .collect()
}

/// Every file that was signed is there under `root` as it was, and what must be signed was.
pub(crate) fn unaltered(root: &Path, statement: &Value, required: &[&str]) -> Broken {
    let mut broken = Vec::new();
    let names = subjects(statement);
    for required in required {
        if !names.iter().any(|(name, _)| name == required) {
            broken.push(damage(*required, "was not signed"));
        }
    }
    for (name, sha256) in &names {
        let inside = Path::new(name)
            .components()
            .all(|c| matches!(c, std::path::Component::Normal(_)));
        let what = match std::fs::read(root.join(name)) {
            _ if !inside => "is no name of a file in this folder".to_string(),
            Err(error) => format!("was signed and cannot be read: {error}"),
            Ok(bytes) if sha256_hex(&bytes) == *sha256 => continue,
            Ok(bytes) => format!(
                "is not the file that was signed (SHA-256 {sha256}; now {})",
                sha256_hex(&bytes)
            ),
        };
        broken.push(damage(*name, what));
    }
    broken
}

/// The findings from the raw record, held against the frozen ones and those that the report prints.
fn findings(report: &Path, place: &str, judged: &Judged) -> Broken {
    let at = format!("{place}/{FINDINGS}");
    let frozen: Findings =
        match std::fs::read(report.join(FINDINGS)).map(|b| serde_json::from_slice(&b)) {
            Ok(Ok(findings)) => findings,
            Ok(Err(error)) => return vec![damage(at, format!("cannot be read: {error}"))],
            Err(error) => return vec![damage(at, format!("cannot be read: {error}"))],
        };
    let again = &judged.findings;
    let mut broken = differences(&at, &frozen, again);
    if broken.is_empty() && frozen.judge == again.judge && frozen != *again {
        broken.push(damage(
            at,
            "is not what the record gives: a case or the run as a whole",
        ));
    }
    let printed = std::fs::read(report.join(REPORT)).map(|b| serde_json::from_slice::<Value>(&b));
    let at = format!("{place}/{REPORT}");
    match printed {
        Ok(Ok(printed)) => broken.extend(rows(&at, &printed, &frozen)),
        _ => broken.push(damage(at, "cannot be read")),
    }
    broken
}

fn id(case: &CaseFindings, finding: &Finding) -> String {
    match &finding.subject {
        None => format!("{}/{}", case.case, finding.measure),
        Some(subject) => format!("{}/{}/{}", case.case, finding.measure, subject.id),
    }
}

/// Row by row: what the record gives today and what was frozen.
fn differences(at: &str, frozen: &Findings, again: &Findings) -> Broken {
    let mut broken = Vec::new();
    let other_judge = frozen.judge != again.judge;
    if frozen.verdict != again.verdict {
        let what = format!(
            "says {:?}; the record gives {:?}",
            frozen.verdict, again.verdict
        );
        broken.push(damage(at, what));
    }
    let now: Vec<_> = again.all().map(|(c, f)| (id(c, f), f)).collect();
    for (case, old) in frozen.all() {
        let id = id(case, old);
        let what = match now.iter().find(|(n, _)| *n == id) {
            None => "the record gives no such result".to_string(),
            Some((_, new)) if *new == old => continue,
            Some((_, new)) if new.verdict != old.verdict => {
                format!("says {:?}; the record gives {:?}", old.verdict, new.verdict)
            }
            // Another version may say the same in other words.
            Some((_, new)) if other_judge && same_result(old, new) => continue,
            Some((_, new)) => format!("is not what the record gives: {}", differing(old, new)),
        };
        broken.push(damage(format!("{at} {id}"), what));
    }
    let was: Vec<String> = frozen.all().map(|(c, f)| id(c, f)).collect();
    for (missing, _) in now.iter().filter(|(id, _)| !was.contains(id)) {
        broken.push(damage(format!("{at} {missing}"), "is missing"));
    }
    broken
}

/// What a verdict stands on.
fn same_result(old: &Finding, new: &Finding) -> bool {
    old.result == new.result && old.accept == new.accept && old.decision == new.decision
}

/// The parts of a result in which two differ.
fn differing(old: &Finding, new: &Finding) -> String {
    let parts = |f: &Finding| serde_json::to_value(f).unwrap_or_default();
    let (old, new) = (parts(old), parts(new));
    let names = old.as_object().into_iter().flatten();
    let differ = names.filter(|(name, part)| new.get(name.as_str()) != Some(part));
    let names: Vec<&str> = differ.map(|(name, _)| name.as_str()).collect();
    names.join(", ")
}

/// The rows that the report prints are those of the frozen findings.
fn rows(at: &str, printed: &Value, frozen: &Findings) -> Broken {
    let cases = printed
        .get("cases")
        .and_then(Value::as_array)
        .into_iter()
        .flatten();
    let rows = cases
        .filter_map(|c| c.get("findings")?.as_array())
        .flatten();
    let row = |f: &Value| (text(f, "/id").to_string(), f.get("verdict").cloned());
    let printed: Vec<_> = rows.map(row).collect();
    let verdict = |f: &Finding| serde_json::to_value(f.verdict).ok();
    let expected: Vec<_> = frozen.all().map(|(c, f)| (id(c, f), verdict(f))).collect();
    match printed == expected {
        true => Vec::new(),
        false => vec![damage(at, "does not print the rows of the frozen findings")],
    }
}
