//! An issued report: a folder of its own in the run's folder, `reports/<number>/`, that is never
//! changed again.

use crate::command::validate;
use anyhow::{Context, anyhow, ensure};
use certbench_model::addendum::Addendum;
use certbench_model::text::Lang;
use certbench_model::{FileDigest, Findings, Recorded, sha256_hex};
use certbench_record::{Corrected, Recording};
use certbench_reports::{Document, Extra, Laboratory};
use std::path::{Path, PathBuf};

/// Where issued reports lie in a run's folder.
pub(crate) const REPORTS: &str = "reports";
/// The signed statement.
pub(crate) const STATEMENT: &str = "statement.dsse.json";
/// The public key that belongs to the signature.
pub(crate) const KEY: &str = "key.pub.pem";
/// The findings that were frozen.
pub(crate) const FINDINGS: &str = "findings.json";
/// The document.
pub(crate) const REPORT: &str = "report.json";

/// A run as a report is made of it: read once, judged with its corrections and without.
pub(crate) struct Judged {
    /// The record.
    pub(crate) run: Corrected,
    /// With the corrections.
    pub(crate) findings: Findings,
    /// Without, where there are corrections.
    uncorrected: Option<Findings>,
    /// The run's folder.
    folder: PathBuf,
}

/// Reads and judges, with the first `addenda` or all of them.
pub(crate) fn judged(folder: &Path, addenda: Option<usize>) -> anyhow::Result<Judged> {
    let run = Corrected::of(Recording::open(folder)?, addenda);
    let findings = certbench_judge::judge(&run);
    Ok(Judged::of(folder, run, findings))
}

/// Reads a run whose findings are known.
pub(crate) fn with(folder: &Path, findings: &Findings) -> anyhow::Result<Judged> {
    let run = Corrected::of(Recording::open(folder)?, None);
    Ok(Judged::of(folder, run, findings.clone()))
}

impl Judged {
    fn of(folder: &Path, run: Corrected, findings: Findings) -> Judged {
        let corrected = !run.corrections().is_empty();
        let uncorrected = corrected.then(|| certbench_judge::judge(run.original()));
        Judged {
            run,
            findings,
            uncorrected,
            folder: folder.to_path_buf(),
        }
    }

    /// The report's one value while nothing is issued.
    pub(crate) fn draft(&self) -> Document {
        self.document(None, Laboratory::default())
    }

    /// The report's one value.
    pub(crate) fn document(
        &self,
        issue: Option<certbench_reports::Issue>,
        laboratory: Laboratory,
    ) -> Document {
        let extra = Extra {
            files: self.run.original().files().to_vec(),
            issue,
            laboratory,
            corrections: self.run.corrections().to_vec(),
            uncorrected: self.uncorrected.clone(),
            validated: validate::cited(&self.folder, self.run.facts()),
            conditions: certbench_judge::environment(&self.run),
            addenda: self.run.addenda().to_vec(),
        };
        certbench_reports::document(&self.run.described(), &self.findings, &extra)
    }

    /// How many addenda there are, and their digest.
    pub(crate) fn addenda(&self) -> (usize, String) {
        let addenda = self.run.addenda();
        (addenda.len(), digest(addenda))
    }
}

/// SHA-256 of the addenda as JSON.
fn digest(addenda: &[Addendum]) -> String {
    sha256_hex(
        serde_json::to_string(addenda)
            .unwrap_or_default()
            .as_bytes(),
    )
}

/// The findings as they are kept.
pub(crate) fn findings_json(findings: &Findings) -> anyhow::Result<String> {
    serde_json::to_string_pretty(findings).context("findings have no JSON")
}

/// Every rendering of a document, by file name.
pub(crate) fn renderings(document: &Document) -> anyhow::Result<Vec<(&'static str, String)>> {
    let html = |lang| certbench_reports::html(document, lang).map_err(|e| anyhow!("{e}"));
    let both = certbench_reports::html_both(document).map_err(|e| anyhow!("{e}"));
    Ok(vec![
        ("report.en.html", html(Lang::En)?),
        ("report.zh.html", html(Lang::Zh)?),
        ("report.both.html", both?),
        (REPORT, certbench_reports::json(document)),
        ("results.csv", certbench_reports::csv(document)),
        ("junit.xml", certbench_reports::junit(document)),
    ])
}

/// Size and digest of what was written or read.
pub(crate) fn file(path: impl Into<String>, bytes: &[u8]) -> FileDigest {
    FileDigest {
        path: path.into(),
        bytes: bytes.len() as u64,
        sha256: sha256_hex(bytes),
    }
}

/// The folder of a report number in a run's folder.
pub(crate) fn folder(run: &Path, number: &str) -> anyhow::Result<PathBuf> {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let fits = !number.is_empty() && number.len() <= 120 && number.chars().all(plain);
    ensure!(
        fits && number.starts_with(|c: char| c.is_ascii_alphanumeric()),
        "`{number}` cannot be a report number; use letters, digits, `-`, `_` and `.`"
    );
    Ok(run.join(REPORTS).join(number))
}

/// The issued reports of a run, by name.
pub(crate) fn all(run: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let mut list = Vec::new();
    match std::fs::read_dir(run.join(REPORTS)) {
        Ok(entries) => {
            for entry in entries {
                list.push(entry?.path());
            }
        }
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => {}
        Err(e) => return Err(e).context("the reports of this run cannot be listed"),
    }
    list.sort();
    Ok(list)
}
