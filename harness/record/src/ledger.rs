//! Every run that was ever started on a bench: one line at its start, one at its end.

use crate::chain::Link;
use crate::damage;
use crate::error::{RecordError, at};
use certbench_model::{Damage, Identity, Plan};
use serde::{Deserialize, Serialize};
use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

/// Name of the ledger in the bench's output folder.
const LEDGER: &str = "ledger.jsonl";

/// What a line of the ledger says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "entry")]
pub enum Entry {
    /// A run is about to begin.
    Started {
        /// Run.
        run: String,
        /// When, UTC, `2026-11-22T02:26:54Z`.
        utc: String,
        /// Suite.
        suite: String,
        /// Version of the suite.
        version: String,
        /// Items under test, as [`items`] names them.
        items: Vec<String>,
        /// SHA-256 of the plan.
        plan_sha256: String,
    },
    /// A run has ended.
    Ended {
        /// Run.
        run: String,
        /// When, UTC.
        utc: String,
        /// How: `completed`, `refused`, `aborted`, `faulted`.
        end: String,
    },
    /// A report was issued.
    Issued {
        /// Its number, given once on a bench.
        report: String,
        /// Run.
        run: String,
        /// When, UTC.
        utc: String,
        /// SHA-256 of its signed statement.
        statement_sha256: String,
        /// The report that it replaces.
        replaces: Option<String>,
    },
}

/// An entry with its number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LedgerLine {
    /// Line number, from 1.
    pub seq: u64,
    /// What it says.
    pub entry: Entry,
}

/// The ledger of a bench; several processes may write it at once.
pub struct Ledger {
    path: PathBuf,
}

impl Ledger {
    /// The ledger in `folder`, which is made if it is not there; nothing is read yet.
    ///
    /// # Errors
    /// [`RecordError::Io`].
    pub fn open(folder: &Path) -> Result<Ledger, RecordError> {
        std::fs::create_dir_all(folder).map_err(at("create", folder))?;
        Ok(Ledger {
            path: folder.join(LEDGER),
        })
    }

    /// Adds a line, on the disk when it returns. A torn line that an earlier process left is closed
    /// with a newline first: nothing is ever taken away.
    ///
    /// # Errors
    /// [`RecordError::Io`]; [`RecordError::Number`] for a report number that was given before.
    pub fn add(&self, entry: &Entry) -> Result<(), RecordError> {
        let mut file = OpenOptions::new()
            .read(true)
            .append(true)
            .create(true)
            .open(&self.path)
            .map_err(at("open", &self.path))?;
        file.lock().map_err(at("lock", &self.path))?;
        let (lines, _, link, torn) = read(&mut file, &self.path)?;
        if let Entry::Issued { report, .. } = entry
            && issued(&lines, report)
        {
            return Err(RecordError::Number(report.clone()));
        }
        let (line, _) = link
            .write(entry)
            .map_err(|e| at("write", &self.path)(e.into()))?;
        let mut bytes = if torn { vec![b'\n'] } else { Vec::new() };
        bytes.extend(line);
        let written = file.write_all(&bytes).and_then(|()| file.sync_data());
        written.map_err(at("write", &self.path))
    }

    /// Whether a report of this number was issued.
    ///
    /// # Errors
    /// [`RecordError::Io`].
    pub fn has_issued(&self, report: &str) -> Result<bool, RecordError> {
        Ok(issued(&self.lines()?.0, report))
    }

    /// All lines that can be read, and what is wrong with the others.
    ///
    /// # Errors
    /// [`RecordError::Io`].
    pub fn lines(&self) -> Result<(Vec<LedgerLine>, Vec<Damage>), RecordError> {
        match File::open(&self.path) {
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok((Vec::new(), Vec::new())),
            Err(e) => Err(at("open", &self.path)(e)),
            Ok(mut file) => {
                file.lock_shared().map_err(at("lock", &self.path))?;
                let (lines, damage, _, _) = read(&mut file, &self.path)?;
                Ok((lines, damage))
            }
        }
    }

    /// One line a run of `suite` (any version) that was started for any of `items`, for people and
    /// for the record's `ledger` event. What is wrong with the ledger is said there too.
    ///
    /// # Errors
    /// [`RecordError::Io`].
    pub fn earlier(&self, items: &[String], suite: &str) -> Result<Vec<String>, RecordError> {
        let (lines, damage) = self.lines()?;
        let mut told = Vec::new();
        for line in &lines {
            if let Entry::Started {
                run,
                utc,
                suite: of,
                version,
                items: its,
                ..
            } = &line.entry
                && of == suite
                && its.iter().any(|item| items.contains(item))
            {
                let end = lines.iter().find_map(|l| match &l.entry {
                    Entry::Ended { run: r, utc, end } if r == run => Some(format!("{end} {utc}")),
                    _ => None,
                });
                let end = end.unwrap_or_else(|| "no end on the ledger".to_string());
                told.push(format!("{run}, {suite} {version}, started {utc}, {end}"));
            }
        }
        told.extend(damage.iter().map(|d| format!("{}: {}", d.place, d.what)));
        Ok(told)
    }
}

/// How the ledger names the items under test of a plan: maker, model and serial number of the order,
/// or the bench's own name for a device that no order names.
pub fn items(plan: &Plan) -> Vec<String> {
    let under_test = plan.bench.devices.iter().filter(|d| d.under_test);
    let name = |device: &certbench_model::plan::DevicePlan| {
        let of_job = plan.job.as_ref().and_then(|job| {
            let item = job.items.iter().find(|item| item.device == device.id)?;
            Some(item_name(&item.identity))
        });
        of_job.unwrap_or_else(|| format!("bench {} device {}", plan.bench.id, device.id))
    };
    under_test.map(name).collect()
}

fn item_name(identity: &Identity) -> String {
    let part = |p: &Option<String>| p.clone().unwrap_or_else(|| "?".to_string());
    let parts = [&identity.maker, &identity.model, &identity.serial];
    parts.map(part).join(" / ")
}

fn issued(lines: &[LedgerLine], number: &str) -> bool {
    let is_it =
        |l: &LedgerLine| matches!(&l.entry, Entry::Issued { report, .. } if report == number);
    lines.iter().any(is_it)
}

/// Lines, damage, the link for the next line, and whether the last line is torn.
type Contents = (Vec<LedgerLine>, Vec<Damage>, Link, bool);

fn read(file: &mut File, path: &Path) -> Result<Contents, RecordError> {
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes).map_err(at("read", path))?;
    let torn = bytes.last().is_some_and(|byte| *byte != b'\n');
    let (mut lines, mut damage) = (Vec::new(), Vec::new());
    let mut link = Link::start();
    let whole = bytes.strip_suffix(b"\n").unwrap_or(&bytes);
    for line in whole.split(|byte| *byte == b'\n') {
        if bytes.is_empty() {
            break;
        }
        let number = link.seq + 1;
        let (entry, complaints) = link.read::<Entry>(line);
        damage.extend(
            complaints
                .into_iter()
                .map(|(n, what)| damage::in_file(format!("{LEDGER} line {n}"), what)),
        );
        lines.extend(entry.map(|entry| LedgerLine { seq: number, entry }));
        link = link.after(line);
    }
    Ok((lines, damage, link, torn))
}
