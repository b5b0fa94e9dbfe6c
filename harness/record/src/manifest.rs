//! `manifest.json`: size and SHA-256 of the files that are the record, never of derived ones.

use crate::digest;
use crate::error::{RecordError, at};
use crate::{ATTACHMENTS, EVENTS, MANIFEST, TELEMETRY, WIRE};
use certbench_model::FileDigest;
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::io::{self, Write};
use std::path::Path;

/// Version of the manifest's format.
pub const MANIFEST_FORMAT: u32 = 1;

/// What a closed record consists of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// [`MANIFEST_FORMAT`].
    pub format: u32,
    /// `run.jsonl`, `telemetry.mcap`, `wire.mcap` where there is one, then the attachments by name.
    pub files: Vec<FileDigest>,
}

impl Manifest {
    /// Reads every file of the record in `folder` and digests it.
    pub(crate) fn of(folder: &Path) -> Result<Manifest, RecordError> {
        let mut names = vec![EVENTS.to_string(), TELEMETRY.to_string()];
        if folder.join(WIRE).exists() {
            names.push(WIRE.to_string());
        }
        names.extend(attachments(folder).map_err(at("list", &folder.join(ATTACHMENTS)))?);
        let digest = |name: String| {
            let path = folder.join(&name);
            let (bytes, sha256) = digest::of_file(&path).map_err(at("read", &path))?;
            Ok(FileDigest {
                path: name,
                bytes,
                sha256,
            })
        };
        Ok(Manifest {
            format: MANIFEST_FORMAT,
            files: names.into_iter().map(digest).collect::<Result<_, _>>()?,
        })
    }

    /// Writes it beside its place, syncs, and moves it there.
    pub(crate) fn write(&self, folder: &Path) -> Result<(), RecordError> {
        let path = folder.join(MANIFEST);
        let beside = folder.join(".manifest.json.new");
        let text = serde_json::to_string_pretty(self).map_err(|e| at("write", &path)(e.into()))?;
        let put = || -> io::Result<()> {
            let mut file = File::create(&beside)?;
            file.write_all(text.as_bytes())?;
            file.write_all(b"\n")?;
            file.sync_data()?;
            std::fs::rename(&beside, &path)?;
            sync_folder(folder)
        };
        put().map_err(at("write", &path))
    }
}

/// Names of the attached files, `attachments/…`, sorted.
pub(crate) fn attachments(folder: &Path) -> io::Result<Vec<String>> {
    let mut names = Vec::new();
    match std::fs::read_dir(folder.join(ATTACHMENTS)) {
        Ok(entries) => {
            for entry in entries {
                let name = entry?.file_name();
                names.push(format!("{ATTACHMENTS}/{}", name.to_string_lossy()));
            }
        }
        Err(e) if e.kind() == io::ErrorKind::NotFound => {}
        Err(e) => return Err(e),
    }
    names.sort();
    Ok(names)
}

/// Makes new names in a folder survive a loss of power.
pub(crate) fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}
