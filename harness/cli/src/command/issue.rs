//! `certbench issue RUN --by NAME --key FILE`: release a report under a number and a signature.

use crate::exit::Exit;
use crate::inputs::readable;
use crate::issued::{self, FINDINGS, Judged, KEY, REPORTS, STATEMENT};
use crate::{dress, laboratory, pdf, say};
use anyhow::{Context, ensure};
use certbench_model::date::utc_text;
use certbench_model::{FileDigest, Recorded, sha256_hex};
use certbench_record::{Entry, Envelope, IN_TOTO, Key, Ledger, MANIFEST};
use certbench_reports::{Amended, Issue, Laboratory, Missing, lint, statement};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

/// Release a report: number, names, frozen findings, signature.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The run folder
    run: PathBuf,
    #[command(flatten)]
    desk: Desk,
}

/// Who releases, and with what.
#[derive(clap::Args)]
pub(crate) struct Desk {
    /// Who approves the report (批准)
    #[arg(long, value_name = "NAME")]
    by: String,
    /// The private key to sign with (PKCS#8 PEM, Ed25519); `certbench keygen` makes one
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
    /// Who prepared it (编制); without it, who ran the test
    #[arg(long, value_name = "NAME")]
    prepared: Option<String>,
    /// Who reviewed it (审核)
    #[arg(long, value_name = "NAME")]
    reviewed: Option<String>,
    /// One person may have two of these roles
    #[arg(long)]
    same_person: bool,
    /// The report's number; without it, one is made from run and plan
    #[arg(long)]
    number: Option<String>,
    /// The laboratory's file: marks, persons, labels of instruments, reasons, opinions
    #[arg(long, value_name = "FILE")]
    laboratory: Option<PathBuf>,
    /// The laboratory's folder of looks: logo, text at head and foot, style
    #[arg(long, value_name = "FOLDER")]
    template: Option<PathBuf>,
}

/// Issues.
pub(crate) fn issue(args: &Args) -> anyhow::Result<Exit> {
    release(&args.run, &args.desk, None)
}

/// Issues a report of a run, perhaps in the place of another one.
pub(crate) fn release(run: &Path, desk: &Desk, amends: Option<Amended>) -> anyhow::Result<Exit> {
    let named = [
        Some(run),
        Some(desk.key.as_path()),
        desk.laboratory.as_deref(),
    ];
    if let Err(exit) = readable(named.into_iter().flatten()) {
        return Ok(exit);
    }
    let prepared = (|| -> anyhow::Result<_> {
        let key = Key::read(&desk.key)?;
        let laboratory = laboratory::read(desk.laboratory.as_deref())?;
        let judged = issued::judged(run, None)?;
        let issue = roles(run, desk, &laboratory, &judged, amends)?;
        let dress = dress::read(desk.template.as_deref())?;
        Ok((key, laboratory, judged, issue, dress))
    })();
    let (key, laboratory, judged, issue, dress) = match prepared {
        Ok(prepared) => prepared,
        Err(error) => {
            eprintln!("certbench: {error:#}");
            return Ok(Exit::Usage);
        }
    };
    let (number, utc) = (issue.number.clone(), issue.utc.clone());
    let document = judged.document(Some(issue.clone()), laboratory);
    let mut lacks = lint(&document);
    lacks.extend(damaged(&judged));
    if !lacks.is_empty() {
        refuse(&lacks);
        return Ok(Exit::Refused);
    }
    let findings = issued::findings_json(&judged.findings)?;
    let mut files: Vec<(String, Vec<u8>)> = vec![(FINDINGS.into(), findings.into())];
    let renderings = issued::renderings(&document)?;
    for (name, text) in renderings {
        let text = match pdf::edition(name) {
            Some(edition) => pdf::page(&document, edition, &dress)?,
            None => text,
        };
        files.push((name.to_string(), text.into_bytes()));
    }
    if pdf::program().is_some() {
        for (name, edition) in pdf::EDITIONS {
            files.push((name.to_string(), pdf::set(&document, edition, &dress)?));
        }
    } else {
        eprintln!("certbench: issued without a PDF: {}", pdf::MISSING);
    }

    let mut subjects: Vec<FileDigest> = judged.run.original().files().to_vec();
    let manifest = std::fs::read(run.join(MANIFEST)).context(MANIFEST)?;
    subjects.push(issued::file(MANIFEST, &manifest));
    let of_report = files
        .iter()
        .map(|(name, bytes)| issued::file(format!("{REPORTS}/{number}/{name}"), bytes));
    subjects.extend(of_report);
    let (count, addenda) = judged.addenda();
    let body = serde_json::to_vec(&statement(&document, &subjects, (count, &addenda)))?;
    let envelope = serde_json::to_string_pretty(&Envelope::sign(IN_TOTO, &body, &key))?;
    files.push((KEY.into(), key.public().pem()?.into()));
    files.push((STATEMENT.into(), envelope.into()));

    let ledger = Ledger::open(&bench_folder(run)?)?;
    ledger.add(&Entry::Issued {
        report: number.clone(),
        run: judged.run.facts().run.clone(),
        utc,
        statement_sha256: files.last().map(|(_, e)| sha256_hex(e)).unwrap_or_default(),
        replaces: document_replaces(&issue),
    })?;
    let folder = issued::folder(run, &number)?;
    put(&folder, &files)?;
    say!("{}", folder.display());
    Ok(Exit::Passed)
}

/// Beside its place first, then moved there: a report is there as a whole, or not at all.
fn put(folder: &Path, files: &[(String, Vec<u8>)]) -> anyhow::Result<()> {
    let all = folder
        .parent()
        .context("a report's folder lies in another")?;
    let beside = all.join(format!(".{}.new", std::process::id()));
    std::fs::create_dir_all(&beside)
        .with_context(|| format!("cannot make {}", beside.display()))?;
    for (name, bytes) in files {
        let path = beside.join(name);
        std::fs::write(&path, bytes).with_context(|| format!("cannot write {}", path.display()))?;
        std::fs::File::open(&path)?.sync_all()?;
    }
    std::fs::rename(&beside, folder)
        .with_context(|| format!("cannot make {}", folder.display()))?;
    std::fs::File::open(all)?.sync_all()?;
    Ok(())
}

/// The number and the three names, checked against what the laboratory allows.
fn roles(
    run: &Path,
    desk: &Desk,
    laboratory: &Laboratory,
    judged: &Judged,
    amends: Option<Amended>,
) -> anyhow::Result<Issue> {
    let draft = judged.draft();
    let operator = draft.operator().unwrap_or_default().to_string();
    let prepared = desk.prepared.clone().unwrap_or(operator);
    ensure!(
        !prepared.is_empty(),
        "the record does not name who ran the test; name who prepared the report with --prepared"
    );
    let one_person = desk.same_person || laboratory.same_person;
    let reviewed = match (&desk.reviewed, one_person) {
        (Some(name), _) => name.clone(),
        (None, true) => desk.by.clone(),
        (None, false) => anyhow::bail!("name who reviewed the report with --reviewed"),
    };
    let names = [&prepared, &reviewed, &desk.by];
    ensure!(
        names.iter().all(|n| !n.trim().is_empty()),
        "a role needs a name"
    );
    let distinct = prepared != reviewed && reviewed != desk.by && prepared != desk.by;
    ensure!(
        distinct || one_person,
        "one person has two of the roles prepared, reviewed, approved; `same_person: true` in the laboratory's file, or --same-person, allows that"
    );
    ensure!(
        laboratory.may_approve.is_empty() || laboratory.may_approve.contains(&desk.by),
        "{} is not among those who may approve ({})",
        desk.by,
        laboratory.may_approve.join(", ")
    );
    let ledger = Ledger::open(&bench_folder(run)?)?;
    let number = match &desk.number {
        Some(number) => number.clone(),
        None => free_number(run, draft.id(), &ledger)?,
    };
    let folder = issued::folder(run, &number)?;
    ensure!(
        !folder.exists() && !ledger.has_issued(&number)?,
        "report number {number} was already given; a number is given once"
    );
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .context("the host's clock is before 1970")?;
    Ok(Issue {
        number,
        utc: utc_text(now.as_secs()),
        prepared,
        reviewed,
        approved: desk.by.clone(),
        amends,
    })
}

/// The first number after the draft's id that is free.
fn free_number(run: &Path, id: &str, ledger: &Ledger) -> anyhow::Result<String> {
    for n in 1..10_000 {
        let number = format!("{id}-{n:02}");
        if !issued::folder(run, &number)?.exists() && !ledger.has_issued(&number)? {
            return Ok(number);
        }
    }
    anyhow::bail!("this run has ten thousand reports")
}

/// Where the bench's ledger lies: the folder that holds its runs.
fn bench_folder(run: &Path) -> anyhow::Result<PathBuf> {
    let run = run
        .canonicalize()
        .with_context(|| run.display().to_string())?;
    Ok(run.parent().map(Path::to_path_buf).unwrap_or(run))
}

/// A record that is not as it was written is never issued from.
fn damaged(judged: &Judged) -> Vec<Missing> {
    let damage = &judged.run.facts().damage;
    let one = |d: &certbench_model::Damage| Missing {
        rule: "record".to_string(),
        about: d.place.clone(),
        what: certbench_model::Text::same(d.what.clone()),
        file: "the record".to_string(),
        key: "nothing is issued from a damaged record".to_string(),
    };
    damage.iter().map(one).collect()
}

fn document_replaces(issue: &Issue) -> Option<String> {
    let report = issue.amends.as_ref()?.report.pointer("/id")?;
    report.as_str().map(str::to_string)
}

/// Says what is missing, why, and where to write it.
fn refuse(lacks: &[Missing]) {
    eprintln!(
        "certbench: this report is not issued; a draft is always possible (certbench report)"
    );
    for m in lacks {
        eprintln!("  {} {}: {}", m.rule, m.about, m.what.en);
        eprintln!("      {}", m.what.zh);
        eprintln!("      fill in: {}: {}", m.file, m.key);
    }
}
