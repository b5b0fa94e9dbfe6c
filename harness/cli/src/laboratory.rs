//! The laboratory's own file: marks, persons, labels of instruments, reasons, opinions.

use anyhow::Context;
use certbench_reports::Laboratory;
use serde::Deserialize;
use std::path::Path;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    certbench: u32,
    laboratory: Laboratory,
}

/// Reads `laboratory.yaml`; without one the laboratory has said nothing.
pub(crate) fn read(path: Option<&Path>) -> anyhow::Result<Laboratory> {
    let Some(path) = path else {
        return Ok(Laboratory::default());
    };
    let text = std::fs::read_to_string(path).with_context(|| path.display().to_string())?;
    let file: File = serde_saphyr::from_str(&text).with_context(|| path.display().to_string())?;
    anyhow::ensure!(
        file.certbench == 1,
        "{}: `certbench: {}` is not known; this is version 1",
        path.display(),
        file.certbench
    );
    Ok(file.laboratory)
}
