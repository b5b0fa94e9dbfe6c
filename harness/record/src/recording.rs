//! Reads a run folder, finished or not, and says what in it is not as it was written.

use crate::addendum;
use crate::chain::Link;
use crate::error::{RecordError, at};
use crate::import::read_import;
use crate::journal::Read as ReadLine;
use crate::manifest::{MANIFEST_FORMAT, Manifest, attachments};
use crate::scan::{Anchor, Scan, scan};
use crate::window::Store;
use crate::{ADDENDA, ATTACHMENTS, EVENTS, MANIFEST, TELEMETRY, WIRE, damage, digest};
use certbench_model::addendum::{Content, Import};
use certbench_model::{
    Addendum, Damage, Date, Event, EventBody, Facts, FileDigest, Line, Recorded, Sample,
    SampleResult, sha256_hex,
};
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;

/// A recorded run, open for reading.
pub struct Recording {
    facts: Facts,
    files: Vec<FileDigest>,
    addenda: Vec<Addendum>,
    /// Samples that were imported, in the order of the addenda.
    imports: Vec<Imports>,
    store: Store,
}

impl Recording {
    /// Reads the events, checks every hash and checksum once, and indexes the samples.
    ///
    /// # Errors
    /// [`RecordError::NotARecord`] when the folder has no `opened` event that can be read,
    /// [`RecordError::Io`] when a file cannot be. Everything else that is wrong is in
    /// [`Facts::damage`].
    pub fn open(folder: &Path) -> Result<Recording, RecordError> {
        let events = folder.join(EVENTS);
        if folder.is_dir() && !events.exists() {
            return Err(not_a_record(folder, &no_events(folder)));
        }
        let journal = read_journal(&events)?;
        let opened = journal.lines.first().map(|l| &l.event.body);
        let Some(EventBody::Opened {
            run,
            utc,
            plan_sha256,
            plan,
            ..
        }) = opened
        else {
            return Err(not_a_record(folder, "its first line is no `opened` event"));
        };
        let day: Date =
            utc.get(..10).unwrap_or_default().parse().map_err(
                |e: certbench_model::date::NotADate| not_a_record(folder, &e.to_string()),
            )?;
        let mut damage = journal.damage;
        if journal.plan_sha256.as_ref() != Some(plan_sha256) {
            damage.push(damage::line(1, "the plan is not the one under its hash"));
        }
        let path = folder.join(TELEMETRY);
        let mut scan = scan(&path, plan, plan_sha256, &anchors(&journal.lines));
        damage.append(&mut scan.damage);
        let end = journal.lines.iter().find_map(|l| match l.event.body {
            EventBody::Ended { end, .. } => Some(end),
            _ => None,
        });
        let mut files = vec![
            file(EVENTS, journal.bytes, journal.sha256),
            file(TELEMETRY, scan.bytes, scan.sha256.clone()),
        ];
        let wire = folder.join(WIRE).exists().then(|| WIRE.to_string());
        let names = attachments(folder).map_err(at("list", &folder.join(ATTACHMENTS)))?;
        for name in wire.into_iter().chain(names) {
            let path = folder.join(&name);
            let (bytes, sha256) = digest::of_file(&path).map_err(at("read", &path))?;
            files.push(file(&name, bytes, sha256));
        }
        check_manifest(folder, &files, end.is_some(), &mut damage);
        check_answers(&journal.lines, &files, &mut damage);
        let (addenda, of_addenda) = addendum::read(folder);
        damage.extend(of_addenda);
        let mut facts = Facts {
            run: run.clone(),
            plan: plan.as_ref().clone(),
            plan_sha256: plan_sha256.clone(),
            utc: utc.clone(),
            day,
            end,
            damage,
            events: journal.lines,
        };
        let imports = imports(folder, &mut facts, &addenda);
        Ok(Recording {
            facts,
            files,
            imports,
            addenda,
            store: open_store(&path, scan),
        })
    }

    /// The files of the record as they are now: `run.jsonl`, `telemetry.mcap`, attachments.
    pub fn files(&self) -> &[FileDigest] {
        &self.files
    }

    /// Nanoseconds since 1970-01-01T00:00:00Z at zero of the run's clock, where the telemetry says it.
    pub fn unix_ns_at_zero(&self) -> Option<u64> {
        self.store.unix_ns_at_zero()
    }

    /// As [`Recorded::samples`], with what was imported by the first `addenda` addenda only.
    pub fn samples_with(
        &self,
        addenda: u64,
        channel: u16,
        from_ns: u64,
        to_ns: u64,
    ) -> Box<dyn Iterator<Item = SampleResult> + '_> {
        let mut newest = self.imports.iter().rev();
        match newest.find(|i| i.channel == channel && i.addendum <= addenda) {
            None => Box::new(self.store.samples(channel, from_ns, to_ns)),
            Some(Imports { samples, .. }) => {
                let begin = samples.partition_point(|s| s.time_ns < from_ns);
                let end = samples.partition_point(|s| s.time_ns < to_ns);
                let inside = samples.get(begin..end).unwrap_or_default();
                Box::new(inside.iter().copied().map(Ok))
            }
        }
    }
}

impl Recorded for Recording {
    fn facts(&self) -> &Facts {
        &self.facts
    }

    fn addenda(&self) -> &[Addendum] {
        &self.addenda
    }

    fn samples(
        &self,
        channel: u16,
        from_ns: u64,
        to_ns: u64,
    ) -> Box<dyn Iterator<Item = SampleResult> + '_> {
        self.samples_with(u64::MAX, channel, from_ns, to_ns)
    }
}

/// The samples of every import, read again from the file as it was handed in. One that does not say
/// now what it said then is damage.
fn imports(folder: &Path, facts: &mut Facts, addenda: &[Addendum]) -> Vec<Imports> {
    let mut all = Vec::new();
    for addendum in addenda {
        let Content::Import(told) = &addendum.content else {
            continue;
        };
        let path = addendum.files.first().map_or(ADDENDA, |f| &f.path);
        let read = std::fs::read(folder.join(path)).map_err(|e| e.to_string());
        let read = read.and_then(|bytes| {
            read_import(facts, &told.channel, &bytes)
                .map_err(|m| m.first().map_or_else(String::new, |m| m.what.clone()))
        });
        let same = |now: &Import| {
            let now = now.clone();
            // An earlier program did not say what the times rest on.
            let times = told.times.and(now.times);
            let supersedes = told.supersedes;
            let now = Import {
                supersedes,
                times,
                ..now
            };
            now == *told
        };
        let what = match (read, facts.plan.channel(&told.channel)) {
            (Ok(now), Some((channel, _))) if same(&now.import) => {
                all.push(Imports {
                    addendum: addendum.number,
                    channel,
                    samples: now.samples,
                });
                continue;
            }
            (Ok(_), _) => "does not give the rows that its addendum tells of".to_string(),
            (Err(why), _) => format!("cannot be read as the plan says: {why}"),
        };
        facts.damage.push(damage::in_file(path.to_string(), what));
    }
    all
}

/// What one import gave.
struct Imports {
    addendum: u64,
    channel: u16,
    samples: Vec<Sample>,
}

struct Journal {
    lines: Vec<Line>,
    damage: Vec<Damage>,
    bytes: u64,
    sha256: String,
    /// SHA-256 of the plan's bytes as they stand in the first line.
    plan_sha256: Option<String>,
}

fn read_journal(path: &Path) -> Result<Journal, RecordError> {
    let mut reader = BufReader::new(File::open(path).map_err(at("open", path))?);
    let mut hash = digest::Growing::default();
    let mut link = Link::start();
    let mut journal = Journal {
        lines: Vec::new(),
        damage: Vec::new(),
        bytes: 0,
        sha256: String::new(),
        plan_sha256: None,
    };
    let mut ended = false;
    let mut line = Vec::new();
    loop {
        line.clear();
        let read = reader
            .read_until(b'\n', &mut line)
            .map_err(at("read", path))?;
        if read == 0 {
            break;
        }
        hash.update(&line);
        journal.bytes += read as u64;
        let number = link.seq + 1;
        if line.pop_if(|byte| *byte == b'\n').is_none() {
            let torn = "is torn: the run was interrupted while it was written";
            journal.damage.push(damage::line(number, torn));
            break;
        }
        if ended {
            let after = "comes after the end of the run";
            journal.damage.push(damage::line(number, after));
        }
        if number == 1 {
            journal.plan_sha256 = plan_bytes(&line).map(sha256_hex);
        }
        let (event, complaints) = link.read::<ReadLine>(&line);
        for (about, what) in complaints {
            journal.damage.push(damage::line(about, what));
        }
        if let Some(ReadLine { time_ns, body }) = event {
            ended |= matches!(body, EventBody::Ended { .. });
            journal.lines.push(Line {
                seq: number,
                event: Event { time_ns, body },
            });
        }
        link = link.after(&line);
    }
    journal.sha256 = hash.hex();
    Ok(journal)
}

/// The bytes of the plan in the first line. It is the last field, all fields before it are strings
/// and numbers, and inside a string a quote is escaped: the first match is the field itself.
fn plan_bytes(line: &[u8]) -> Option<&[u8]> {
    const KEY: &[u8] = b",\"plan\":";
    let start = line.windows(KEY.len()).position(|w| w == KEY)? + KEY.len();
    line.get(start..line.len().checked_sub(1)?)
}

fn anchors(lines: &[Line]) -> Vec<Anchor> {
    let anchor = |line: &Line| match &line.event.body {
        EventBody::Anchor {
            file,
            bytes,
            sha256,
        } if file == TELEMETRY => Some(Anchor {
            line: line.seq,
            bytes: *bytes,
            sha256: sha256.clone(),
        }),
        _ => None,
    };
    lines.iter().filter_map(anchor).collect()
}

fn check_manifest(folder: &Path, files: &[FileDigest], ended: bool, damage: &mut Vec<Damage>) {
    let text = match std::fs::read(folder.join(MANIFEST)) {
        Ok(text) => text,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => {
            if ended {
                damage.push(damage::manifest(
                    "is missing: the run ended, but its record was not closed",
                ));
            }
            return;
        }
        Err(e) => return damage.push(damage::manifest(format!("cannot be read: {e}"))),
    };
    let manifest: Manifest = match serde_json::from_slice(&text) {
        Ok(manifest) => manifest,
        Err(e) => return damage.push(damage::manifest(format!("cannot be read: {e}"))),
    };
    if manifest.format != MANIFEST_FORMAT {
        let what = format!("has the unknown format {}", manifest.format);
        damage.push(damage::manifest(what));
    }
    for written in &manifest.files {
        let what = match files.iter().find(|f| f.path == written.path) {
            None => "is in the manifest, but not here".to_string(),
            Some(now) if now == written => continue,
            Some(now) => format!(
                "is not the file of the manifest ({} bytes, SHA-256 {}; now {} bytes, {})",
                written.bytes, written.sha256, now.bytes, now.sha256
            ),
        };
        damage.push(damage::in_file(written.path.clone(), what));
    }
    for now in files {
        if !manifest.files.iter().any(|f| f.path == now.path) {
            damage.push(damage::in_file(now.path.clone(), "is not in the manifest"));
        }
    }
}

/// Files that answers name must be there, as they were.
fn check_answers(lines: &[Line], files: &[FileDigest], damage: &mut Vec<Damage>) {
    for line in lines {
        if let EventBody::Answered {
            file: Some(file), ..
        } = &line.event.body
            && !files.contains(file)
        {
            damage.push(damage::in_file(
                file.path.clone(),
                format!("is not here as run.jsonl line {} names it", line.seq),
            ));
        }
    }
}

fn open_store(path: &Path, scan: Scan) -> Store {
    Store::new(File::open(path).ok(), scan)
}

fn file(path: &str, bytes: u64, sha256: String) -> FileDigest {
    FileDigest {
        path: path.to_string(),
        bytes,
        sha256,
    }
}

/// What is said of a folder without events: where there are some, one level further down.
fn no_events(folder: &Path) -> String {
    let below = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut runs: Vec<String> = below
        .map(|entry| entry.path())
        .filter(|path| path.join(EVENTS).is_file())
        .map(|path| path.display().to_string())
        .collect();
    runs.sort();
    match runs.as_slice() {
        [] => format!("it has no {EVENTS}"),
        [one] => format!("it has no {EVENTS}; did you mean {one}?"),
        [.., last] => format!(
            "it has no {EVENTS}, but {} folders in it have, the last of them {last}",
            runs.len()
        ),
    }
}

fn not_a_record(path: &Path, what: &str) -> RecordError {
    RecordError::NotARecord {
        path: path.to_path_buf(),
        what: what.to_string(),
    }
}
