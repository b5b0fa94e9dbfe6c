//! `certbench-pdf`: a report's page to a PDF. `certbench report RUN --format pdf` starts it.

use certbench_pdf::{Fonts, markup, pdf};
use std::ffi::OsString;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

const USAGE: &str = "\
usage: certbench-pdf [PAGE.html [REPORT.json]] [--out FILE.pdf] [--fonts FOLDER]...

  Sets the page of a report (report.en.html, report.zh.html, report.both.html) as a tagged PDF/A-3a
  with PDF/UA-1. REPORT.json is attached to it. Without PAGE the page is read from standard input, and
  what follows a zero byte there is attached; without --out the PDF goes to standard output.
  Fonts are those of the Debian package fonts-noto-cjk; --fonts adds all of a folder, and so do the
  folders of CERTBENCH_FONTS (with `:` between them), also when certbench starts this program.
  --markup FOLDER sets nothing and writes what would be set: report.typ and page.json, for Typst alone.
";

/// Names folders with fonts.
const FONTS: &str = "CERTBENCH_FONTS";

#[derive(Default)]
struct Arguments {
    page: Option<PathBuf>,
    report: Option<PathBuf>,
    out: Option<PathBuf>,
    fonts: Vec<PathBuf>,
    markup: Option<PathBuf>,
}

fn main() -> ExitCode {
    let first = std::env::args_os().nth(1);
    if first.as_ref().is_some_and(|first| first == "--version") {
        println!("certbench-pdf {}", env!("CARGO_PKG_VERSION"));
        return ExitCode::SUCCESS;
    }
    let Some(arguments) = read(std::env::args_os().skip(1)) else {
        eprint!("{USAGE}");
        return ExitCode::from(64);
    };
    match set(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(what) => {
            eprintln!("certbench-pdf: {what}");
            ExitCode::FAILURE
        }
    }
}

/// `None` for what is no use of it.
fn read(mut given: impl Iterator<Item = OsString>) -> Option<Arguments> {
    let mut arguments = Arguments::default();
    while let Some(argument) = given.next() {
        match argument.to_str() {
            Some("--out") => arguments.out = Some(given.next()?.into()),
            Some("--markup") => arguments.markup = Some(given.next()?.into()),
            Some("--fonts") => arguments.fonts.push(given.next()?.into()),
            Some(flag) if flag.starts_with('-') => return None,
            _ if arguments.page.is_none() => arguments.page = Some(argument.into()),
            _ if arguments.report.is_none() => arguments.report = Some(argument.into()),
            _ => return None,
        }
    }
    Some(arguments)
}

fn set(arguments: &Arguments) -> Result<(), String> {
    let file = |path: &PathBuf| std::fs::read(path).map_err(|e| format!("{}: {e}", path.display()));
    let mut report = arguments.report.as_ref().map(file).transpose()?;
    let mut page = Vec::new();
    match &arguments.page {
        Some(path) => page = file(path)?,
        None => {
            let read = std::io::stdin().lock().read_to_end(&mut page);
            read.map_err(|e| format!("standard input: {e}"))?;
            if let Some(end) = page.iter().position(|byte| *byte == 0) {
                report = page.get(end + 1..).map(<[u8]>::to_vec);
                page.truncate(end);
            }
        }
    }
    let page = String::from_utf8(page).map_err(|_| "the page is no UTF-8".to_string())?;
    if let Some(folder) = &arguments.markup {
        return lay_out(folder, markup(&page).map_err(|e| e.to_string())?);
    }
    let named = std::env::var_os(FONTS).unwrap_or_default();
    let named = std::env::split_paths(&named).filter(|path| !path.as_os_str().is_empty());
    let folders: Vec<PathBuf> = arguments.fonts.iter().cloned().chain(named).collect();
    let fonts = Fonts::find(&folders).map_err(|e| e.to_string())?;
    let bytes = pdf(&page, report.as_deref(), fonts).map_err(|e| e.to_string())?;
    match &arguments.out {
        Some(path) => std::fs::write(path, bytes).map_err(|e| format!("{}: {e}", path.display())),
        None => {
            let mut out = std::io::stdout().lock();
            let written = out.write_all(&bytes).and_then(|()| out.flush());
            written.map_err(|e| format!("standard output: {e}"))
        }
    }
}

/// Files into a folder, which is made when it is not there.
fn lay_out(folder: &Path, files: Vec<(String, Vec<u8>)>) -> Result<(), String> {
    std::fs::create_dir_all(folder).map_err(|e| format!("{}: {e}", folder.display()))?;
    for (name, bytes) in files {
        let path = folder.join(name);
        std::fs::write(&path, bytes).map_err(|e| format!("{}: {e}", path.display()))?;
    }
    Ok(())
}
