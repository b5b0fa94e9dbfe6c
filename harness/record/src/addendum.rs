//! Addenda: what is added beside a closed record, chained and sealed. The record itself (its lines,
//! samples, attachments and manifest) is never touched.

use crate::chain::Link;
use crate::damage;
use crate::digest;
use crate::error::{RecordError, at};
use crate::manifest::sync_folder;
use crate::{ADDENDA, ADDENDA_LINES, MANIFEST};
use certbench_model::addendum::{Addendum, Content};
use certbench_model::{Damage, FileDigest};
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::io::Write;
use std::path::Path;

/// What is to be added.
#[derive(Clone, Debug)]
pub struct NewAddendum<'a> {
    /// When, UTC, `2026-11-22T02:26:54Z`.
    pub utc: &'a str,
    /// By whom.
    pub by: &'a str,
    /// Why.
    pub why: &'a str,
    /// What it says.
    pub content: Content,
    /// Files to be copied into it: plain name (letters, digits, `.`, `-`, `_`) and where it is now.
    pub files: &'a [(&'a str, &'a Path)],
}

/// A line of `addenda.jsonl`.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Entry {
    Added(Box<Addendum>),
    /// The end: a file that lost its last lines has none.
    Seal {
        sealed: u64,
    },
}

/// Adds to the closed record in `folder`, which held `known` addenda when the caller looked at it.
/// The files are copied, and everything is on the disk when it returns.
///
/// # Errors
/// [`RecordError::NotClosed`] without a manifest; [`RecordError::Addenda`] when the addenda that are
/// there are damaged or are not `known` any more; [`RecordError::AttachmentName`];
/// [`RecordError::Io`].
pub fn append(folder: &Path, known: usize, new: &NewAddendum<'_>) -> Result<Addendum, RecordError> {
    let manifest = folder.join(MANIFEST);
    let lock = File::open(&manifest).map_err(|e| match e.kind() {
        std::io::ErrorKind::NotFound => RecordError::NotClosed(folder.to_path_buf()),
        _ => at("open", &manifest)(e),
    })?;
    // Whoever adds holds the manifest; it is only read.
    lock.lock().map_err(at("lock", &manifest))?;
    let (_, record) = digest::of_file(&manifest).map_err(at("read", &manifest))?;
    let (there, damage) = read(folder);
    if let Some(Damage { place, what }) = damage.into_iter().next() {
        return Err(RecordError::Addenda(format!("{place} {what}")));
    }
    if there.len() != known {
        let now = there.len();
        return Err(RecordError::Addenda(format!(
            "there were {known} addenda, and now there are {now}: look at them first"
        )));
    }
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    let fit = |name: &str| (1..=120).contains(&name.len()) && name.chars().all(plain);
    if let Some((name, _)) = new.files.iter().find(|(name, _)| !fit(name)) {
        return Err(RecordError::AttachmentName((*name).to_string()));
    }
    let number = known as u64 + 1;
    let place = folder.join(ADDENDA);
    std::fs::create_dir_all(&place).map_err(at("create", &place))?;
    let copy = |(name, source): &(&str, &Path)| copy(folder, number, name, source);
    let files = new.files.iter().map(copy).collect::<Result<_, _>>()?;
    let added = Addendum {
        number,
        record,
        utc: new.utc.to_string(),
        by: new.by.to_string(),
        why: new.why.to_string(),
        files,
        content: new.content.clone(),
    };
    let all = there.into_iter().chain([added.clone()]);
    write(folder, all).map_err(at("write", &folder.join(ADDENDA_LINES)))?;
    Ok(added)
}

fn copy(folder: &Path, number: u64, name: &str, source: &Path) -> Result<FileDigest, RecordError> {
    let path = format!("{ADDENDA}/{number}-{name}");
    // Under a hidden name until it is whole: what a crash leaves behind is no addendum.
    let hidden = folder.join(format!("{ADDENDA}/.new-{name}"));
    std::fs::copy(source, &hidden).map_err(at("copy", source))?;
    let synced = File::open(&hidden).and_then(|f| f.sync_all());
    synced.map_err(at("sync", &hidden))?;
    let (bytes, sha256) = digest::of_file(&hidden).map_err(at("read", &hidden))?;
    let to = folder.join(&path);
    std::fs::rename(&hidden, &to).map_err(at("rename", &to))?;
    Ok(FileDigest {
        path,
        bytes,
        sha256,
    })
}

/// Writes all lines and the seal beside their place, syncs, and moves them there.
fn write(folder: &Path, all: impl Iterator<Item = Addendum>) -> std::io::Result<()> {
    let (mut bytes, mut link) = (Vec::new(), Link::start());
    let mut line = |entry: &Entry| -> std::io::Result<()> {
        let (line, next) = link.write(entry)?;
        bytes.extend(line);
        link = next;
        Ok(())
    };
    let mut sealed = 0;
    for addendum in all {
        sealed += 1;
        line(&Entry::Added(Box::new(addendum)))?;
    }
    line(&Entry::Seal { sealed })?;
    let path = folder.join(ADDENDA_LINES);
    let beside = folder.join(ADDENDA).join(".addenda.jsonl.new");
    let mut file = File::create(&beside)?;
    file.write_all(&bytes)?;
    file.sync_all()?;
    std::fs::rename(&beside, &path)?;
    sync_folder(&folder.join(ADDENDA))?;
    sync_folder(folder)
}

/// The addenda of the record in `folder`, and what in them is not as it was written. A folder without
/// any has none.
pub(crate) fn read(folder: &Path) -> (Vec<Addendum>, Vec<Damage>) {
    let (mut addenda, mut damage) = (Vec::new(), Vec::new());
    let bytes = match std::fs::read(folder.join(ADDENDA_LINES)) {
        Ok(bytes) => bytes,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => {
            let left = std::fs::read_dir(folder.join(ADDENDA))
                .into_iter()
                .flatten();
            let mut left = left.filter_map(Result::ok);
            if left.any(|f| !f.file_name().to_string_lossy().starts_with('.')) {
                damage.push(of_file("is missing"));
            }
            return (addenda, damage);
        }
        Err(e) => return (addenda, vec![of_file(&format!("cannot be read: {e}"))]),
    };
    let manifest = digest::of_file(&folder.join(MANIFEST)).map(|(_, sha256)| sha256);
    let mut link = Link::start();
    let mut sealed = None;
    let whole = bytes.strip_suffix(b"\n").unwrap_or(&bytes);
    for line in whole.split(|byte| *byte == b'\n') {
        let number = link.seq + 1;
        let (entry, complaints) = link.read::<Entry>(line);
        let told = complaints.into_iter();
        damage.extend(told.map(|(n, what)| of_line(n, &what)));
        if sealed.is_some() {
            damage.push(of_line(number, "comes after the seal"));
        }
        match entry {
            Some(Entry::Added(addendum)) => {
                if manifest.as_ref().ok() != Some(&addendum.record) {
                    let what = "belongs to another record: the manifest is not the one it names";
                    damage.push(of_line(number, what));
                }
                if addendum.number != number {
                    let what = format!("says that it is addendum {}", addendum.number);
                    damage.push(of_line(number, &what));
                }
                damage.extend(addendum.files.iter().filter_map(|f| check(folder, f)));
                addenda.push(*addendum);
            }
            Some(Entry::Seal { sealed: n }) => sealed = Some(n),
            None => {}
        }
        link = link.after(line);
    }
    if sealed != Some(addenda.len() as u64) || !bytes.ends_with(b"\n") {
        damage.push(of_file(
            "has lost its end: it is not sealed as it was written",
        ));
    }
    (addenda, damage)
}

/// Whether a file of an addendum is there as it was.
fn check(folder: &Path, written: &FileDigest) -> Option<Damage> {
    let inside = Path::new(&written.path)
        .strip_prefix(ADDENDA)
        .is_ok_and(|rest| rest.components().count() == 1);
    let what = match digest::of_file(&folder.join(&written.path)) {
        _ if !inside => "is no place for a file of an addendum".to_string(),
        Err(e) => format!("cannot be read: {e}"),
        Ok((bytes, sha256)) if bytes == written.bytes && sha256 == written.sha256 => return None,
        Ok((bytes, sha256)) => format!(
            "is not the file of the addendum ({} bytes, SHA-256 {}; now {bytes} bytes, {sha256})",
            written.bytes, written.sha256
        ),
    };
    Some(damage::in_file(written.path.clone(), what))
}

fn of_file(what: &str) -> Damage {
    damage::in_file(ADDENDA_LINES.to_string(), what)
}

fn of_line(number: u64, what: &str) -> Damage {
    damage::in_file(format!("{ADDENDA_LINES} line {number}"), what)
}
