//! Tools that look into a PDF: poppler's and qpdf.

// One of the two test files that share it uses a part of it.
#![allow(dead_code)]

use certbench_model::text::Lang;
use certbench_pdf::{Error, Fonts, pdf};
use certbench_reports::{Document, html, html_both, json};
use std::io::Write;
use std::process::{Command, Stdio};
use std::sync::OnceLock;

pub(crate) fn fonts() -> Fonts {
    static FONTS: OnceLock<Fonts> = OnceLock::new();
    FONTS
        .get_or_init(|| Fonts::find(&[]).expect("the fonts of a report"))
        .clone()
}

/// The pages of all three editions.
pub(crate) fn pages(document: &Document) -> [String; 3] {
    [
        html(document, Lang::En).unwrap(),
        html(document, Lang::Zh).unwrap(),
        html_both(document).unwrap(),
    ]
}

pub(crate) fn set(document: &Document, lang: Lang) -> Result<Vec<u8>, Error> {
    let page = html(document, lang).unwrap();
    pdf(&page, Some(json(document).as_bytes()), fonts())
}

/// What a program says about a PDF that it gets as a file.
pub(crate) fn tool(program: &str, before: &[&str], bytes: &[u8], after: &[&str]) -> String {
    static NUMBER: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
    let number = NUMBER.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    let name = format!("{}-{number}.pdf", std::process::id());
    let path = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::File::create(&path)
        .and_then(|mut file| file.write_all(bytes))
        .unwrap();
    let mut command = Command::new(program);
    command.args(before).arg(&path).args(after);
    let output = command.stderr(Stdio::null()).output();
    let output = output.unwrap_or_else(|e| {
        panic!("{program}: {e}; apt-get install poppler-utils qpdf fonts-noto-cjk")
    });
    std::fs::remove_file(&path).unwrap();
    assert!(output.status.success(), "{program}: {output:?}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// The text of each page, in the order in which it was set.
pub(crate) fn texts(bytes: &[u8]) -> Vec<String> {
    let text = tool("pdftotext", &["-raw"], bytes, &["-"]);
    let pages = text.split('\u{c}').map(str::to_string);
    pages.filter(|page| !page.trim().is_empty()).collect()
}

/// Without white space, and without what marks where a line may end.
pub(crate) fn dense(text: &str) -> String {
    let seen = |c: &char| {
        !c.is_whitespace() && !matches!(c, '\u{200B}' | '\u{AD}' | '\u{A0}' | '\u{202F}')
    };
    text.chars().filter(seen).collect()
}

/// A word and where it stands: left, top, right, bottom in points.
pub(crate) struct Word {
    pub(crate) text: String,
    pub(crate) at: [f64; 4],
}

/// The words of each page with their places.
pub(crate) fn words(bytes: &[u8]) -> Vec<Vec<Word>> {
    let text = tool("pdftotext", &["-bbox"], bytes, &["-"]);
    let number = |line: &str, name: &str| -> f64 {
        let from = line.split_once(&format!("{name}=\"")).expect("a place").1;
        from.split('"').next().unwrap().parse().unwrap()
    };
    let word = |line: &str| Word {
        at: ["xMin", "yMin", "xMax", "yMax"].map(|name| number(line, name)),
        text: line.split_once('>').unwrap().1.replace("</word>", ""),
    };
    let page = |page: &str| {
        let lines = page.lines().filter(|line| line.contains("<word "));
        lines.map(word).collect()
    };
    text.split("<page ").skip(1).map(page).collect()
}
