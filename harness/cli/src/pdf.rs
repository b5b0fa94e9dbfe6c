//! PDFs, set by a program of its own: `certbench-pdf`, which takes minutes to build and is looked for
//! when it is asked for.

use anyhow::{Context, anyhow, bail};
use certbench_model::text::Lang;
use certbench_reports::{Document, Dress};
use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};

/// Names the program; empty: there is none.
const NAMED: &str = "CERTBENCH_PDF";
const PROGRAM: &str = "certbench-pdf";

/// How to get it.
pub(crate) const MISSING: &str = "the program certbench-pdf, which sets PDFs, is not there; build it \
    once: cargo build --profile pdf --package certbench-pdf (or name it in CERTBENCH_PDF)";

/// The program: the one that the environment names; beside this one, or where its own profile puts
/// it; on the path.
pub(crate) fn program() -> Option<PathBuf> {
    if let Some(named) = std::env::var_os(NAMED) {
        return (!named.is_empty()).then(|| named.into());
    }
    let beside = std::env::current_exe().ok();
    let beside = beside.as_deref().and_then(|exe| exe.parent());
    let built = beside.map(|dir| vec![dir.join(PROGRAM), dir.join("../pdf").join(PROGRAM)]);
    let path = std::env::var_os("PATH").unwrap_or_default();
    let on_path = std::env::split_paths(&path).map(|dir| dir.join(PROGRAM));
    built
        .into_iter()
        .flatten()
        .chain(on_path)
        .find(|p| p.is_file())
}

/// Which words a PDF has.
#[derive(Clone, Copy)]
pub(crate) enum Edition {
    One(Lang),
    /// English with Chinese beside it.
    Both,
}

/// All editions, by file name.
pub(crate) const EDITIONS: [(&str, Edition); 3] = [
    ("report.en.pdf", Edition::One(Lang::En)),
    ("report.zh.pdf", Edition::One(Lang::Zh)),
    ("report.both.pdf", Edition::Both),
];

/// The edition of a page by its file's name; `None` for what is no page.
pub(crate) fn edition(name: &str) -> Option<Edition> {
    let stem = name.strip_suffix(".html")?;
    let mut all = EDITIONS.into_iter();
    all.find(|(pdf, _)| pdf.strip_suffix(".pdf") == Some(stem))
        .map(|(_, edition)| edition)
}

/// The page of an edition as HTML, with what the laboratory adds.
pub(crate) fn page(document: &Document, edition: Edition, dress: &Dress) -> anyhow::Result<String> {
    let (page, lang) = match edition {
        Edition::One(lang) => (certbench_reports::html(document, lang), Some(lang)),
        Edition::Both => (certbench_reports::html_both(document), None),
    };
    let page = page.map_err(|e| anyhow!("{e}"))?;
    Ok(dress.on(page, document.laboratory(), lang))
}

/// Sets one edition: the same page that is the HTML report, with the report as JSON attached.
pub(crate) fn set(document: &Document, edition: Edition, dress: &Dress) -> anyhow::Result<Vec<u8>> {
    let page = page(document, edition, dress)?;
    let program = program().context(MISSING)?;
    let mut input = page.into_bytes();
    input.push(0);
    input.extend_from_slice(certbench_reports::json(document).as_bytes());
    let mut child = Command::new(&program)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .with_context(|| format!("cannot start {}", program.display()))?;
    // It reads all before it writes; an end before that shows in how it ended.
    if let Some(mut stdin) = child.stdin.take() {
        let _ = stdin.write_all(&input);
    }
    let output = child.wait_with_output().context("certbench-pdf")?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        bail!("no PDF: {}", said.trim());
    }
    Ok(output.stdout)
}
