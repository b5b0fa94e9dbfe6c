//! A report as a tagged PDF/A-3a that conforms to PDF/UA-1, set by Typst.
//!
//! What is set is the report's own HTML page: its tree enters a fixed template as data, so that both
//! hold the same, and an issued page can be set years later. The template reads nothing but that tree
//! and the fonts; there is no clock, no network and no file behind it, and the same page with the same
//! fonts gives the same bytes.
//!
//! A program of its own: Typst takes minutes to build and nothing else needs it (decision 0018).

mod fonts;
mod page;
mod world;

pub use fonts::Fonts;

use typst::diag::{SourceDiagnostic, Warned};
use typst::foundations::{Datetime, Smart};
use typst_layout::PagedDocument;
use typst_pdf::{PdfOptions, PdfStandard, PdfStandards, Timestamp};
use world::Desk;

/// Why there is no PDF.
#[derive(Debug)]
pub enum Error {
    /// No fonts with Chinese were found, with what to do about it.
    Fonts(String),
    /// It is no page of a report.
    Page(String),
    /// The fonts lack these letters.
    Glyphs(Vec<char>),
    /// Typst refuses: what a standard asks for is missing.
    Setting(String),
}

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Error::Fonts(what) => f.write_str(what),
            Error::Page(what) => write!(f, "this is no page of a report: {what}"),
            Error::Setting(what) => write!(f, "the page cannot be set: {what}"),
            Error::Glyphs(all) => {
                f.write_str("the fonts lack ")?;
                for (i, c) in all.iter().take(20).enumerate() {
                    let comma = if i > 0 { ", " } else { "" };
                    write!(f, "{comma}`{c}` (U+{:04X})", u32::from(*c))?;
                }
                if all.len() > 20 {
                    write!(f, " and {} more", all.len() - 20)?;
                }
                f.write_str("; put a font that has them into a folder and name it in CERTBENCH_FONTS (or with --fonts of certbench-pdf)")
            }
        }
    }
}

impl std::error::Error for Error {}

/// What is set, as files that Typst alone would set as well: the template `report.typ`, the tree of the
/// page `page.json`, and its pictures.
///
/// # Errors
/// [`Error::Page`].
pub fn markup(page: &str) -> Result<Vec<(String, Vec<u8>)>, Error> {
    let mut page = page::read(page)?;
    attach(&mut page.data, false);
    let mut files = page.pictures;
    files.push((TREE.to_string(), page.data.to_string().into_bytes()));
    files.push((world::NAME.to_string(), world::TEMPLATE.as_bytes().to_vec()));
    Ok(files)
}

/// The tree of a page, as the template asks for it.
const TREE: &str = "page.json";

fn attach(data: &mut serde_json::Value, attached: bool) {
    if let Some(fields) = data.as_object_mut() {
        fields.insert("attached".into(), attached.into());
    }
}

/// Sets a page. `report` is the report as JSON, to be attached for programs.
///
/// # Errors
/// [`Error`]; never a PDF that lacks something of the page.
pub fn pdf(page: &str, report: Option<&[u8]>, fonts: Fonts) -> Result<Vec<u8>, Error> {
    let page::Page {
        mut data,
        id,
        utc,
        pictures,
    } = page::read(page)?;
    attach(&mut data, report.is_some());
    let json = data.to_string();
    let lacking = fonts.lacking(&json);
    if !lacking.is_empty() {
        return Err(Error::Glyphs(lacking));
    }
    let when = moment(&utc).ok_or_else(|| Error::Page(format!("`{utc}` is no time")))?;
    let options = PdfOptions {
        ident: Smart::Custom(id),
        timestamp: Some(Timestamp::new_utc(when)),
        standards: PdfStandards::new(&[PdfStandard::A_3a, PdfStandard::Ua_1])
            .map_err(|e| Error::Setting(e.message().to_string()))?,
        ..PdfOptions::default()
    };
    let mut files = pictures;
    files.push((TREE.to_string(), json.into_bytes()));
    if let Some(report) = report {
        files.push(("report.json".to_string(), report.to_vec()));
    }
    let desk = Desk::new(files, fonts)?;
    let Warned { output, .. } = typst::compile::<PagedDocument>(&desk);
    let document = output.map_err(|all| Error::Setting(told(&all)))?;
    typst_pdf::pdf(&document, &options).map_err(|all| Error::Setting(told(&all)))
}

/// What Typst says, without its places: they are in a template that nobody but us has.
fn told(all: &[SourceDiagnostic]) -> String {
    let mut lines: Vec<String> = Vec::new();
    for one in all {
        let hints = one.hints.iter().map(|h| h.v.to_string());
        let line = std::iter::once(one.message.to_string()).chain(hints);
        let line = line.collect::<Vec<_>>().join("; ");
        if !lines.contains(&line) {
            lines.push(line);
        }
    }
    lines.join("\n")
}

/// `2026-11-22T02:26:54Z`, fractions of a second left out; of a day alone, its beginning.
fn moment(utc: &str) -> Option<Datetime> {
    let (day, time) = utc.split_once('T').unwrap_or((utc, "00:00:00Z"));
    let part = |text: &str, at: usize, sign: char| text.split(sign).nth(at)?.parse::<u8>().ok();
    let seconds = time.get(6..8)?.parse().ok()?;
    let year = day.split('-').next()?.parse().ok()?;
    Datetime::from_ymd_hms(
        year,
        part(day, 1, '-')?,
        part(day, 2, '-')?,
        part(time, 0, ':')?,
        part(time, 1, ':')?,
        seconds,
    )
}
