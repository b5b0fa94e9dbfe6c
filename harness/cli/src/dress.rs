//! The folder in which a laboratory keeps what its reports look like.

use anyhow::{Context, anyhow, ensure};
use certbench_reports::Dress;
use std::path::Path;

/// Reads a laboratory's folder: its files, and nothing that they or a link in it point at.
pub(crate) fn read(folder: Option<&Path>) -> anyhow::Result<Dress> {
    let Some(folder) = folder else {
        return Ok(Dress::default());
    };
    let mut files = Vec::new();
    let entries = std::fs::read_dir(folder).with_context(|| folder.display().to_string())?;
    for entry in entries {
        let entry = entry.with_context(|| folder.display().to_string())?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let about = entry.metadata().with_context(|| name.clone())?;
        ensure!(
            about.is_file() && about.len() < 10_000_000,
            "{}: {name} is no file, or too large",
            folder.display()
        );
        files.push((name, std::fs::read(entry.path())?));
    }
    files.sort();
    Dress::of(&files).map_err(|e| anyhow!("{}: {e}", folder.display()))
}
