//! `certbench report RUN`: write or print a run's report.

use crate::command::run::Language;
use crate::dress;
use crate::exit::Exit;
use crate::inputs::readable;
use crate::issued;
use crate::pdf::{self, EDITIONS, Edition};
use crate::session;
use crate::{say, say_on};
use anyhow::Context;
use certbench_model::text::Lang;
use std::io::Write;
use std::path::PathBuf;

/// Write a run's report.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The run folder
    run: PathBuf,
    /// Print only this language to stdout; without it, all reports are written into the folder
    #[arg(long, value_enum)]
    lang: Option<Language>,
    /// What is printed
    #[arg(long, value_enum, default_value_t = Format::Html)]
    format: Format,
    /// A laboratory's folder: logo, text at head and foot, style
    #[arg(long, value_name = "FOLDER")]
    template: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    Html,
    /// HTML with both languages beside each other
    Both,
    Json,
    Junit,
    Csv,
    /// PDF/A-3a, set by certbench-pdf
    Pdf,
}

/// Judges the record and renders the report.
pub(crate) fn report(args: &Args) -> anyhow::Result<Exit> {
    if let Err(exit) = readable([&*args.run]) {
        return Ok(exit);
    }
    let findings = session::judge(&args.run)?;
    let document = issued::with(&args.run, &findings)?.draft();
    let dress = dress::read(args.template.as_deref())?;
    let page = |edition: Edition| pdf::page(&document, edition, &dress);
    match (args.lang, args.format) {
        (Some(lang), Format::Pdf) => {
            let bytes = pdf::set(&document, Edition::One(lang.into()), &dress)?;
            let mut out = std::io::stdout().lock();
            out.write_all(&bytes).and_then(|()| out.flush())?;
        }
        (None, Format::Pdf) => {
            for (name, edition) in EDITIONS {
                let path = args.run.join(name);
                std::fs::write(&path, pdf::set(&document, edition, &dress)?)
                    .with_context(|| format!("cannot write {}", path.display()))?;
                say!("{}", path.display());
            }
        }
        (_, Format::Json) => say!("{}", certbench_reports::json(&document)),
        (_, Format::Junit) => say_on!("{}", certbench_reports::junit(&document)),
        (_, Format::Csv) => say_on!("{}", certbench_reports::csv(&document)),
        (_, Format::Both) => say!("{}", page(Edition::Both)?),
        (Some(lang), Format::Html) => say!("{}", page(Edition::One(lang.into()))?),
        (None, Format::Html) => {
            session::write_reports(&args.run, &findings)?;
            if args.template.is_some() {
                for (name, lang) in [("report.en.html", Lang::En), ("report.zh.html", Lang::Zh)] {
                    std::fs::write(args.run.join(name), page(Edition::One(lang))?)?;
                }
            }
            for name in ["report.en.html", "report.zh.html", "report.json"] {
                say!("{}", args.run.join(name).display());
            }
        }
    }
    Ok(Exit::of(&findings))
}
