//! The words of the example report, as a person reads them: a change of any shows as a change of these
//! files. `CERTBENCH_GOLDEN=write cargo test -p certbench-reports --test golden` writes them again.

mod common;

use certbench_model::text::Lang;
use certbench_reports::{document, html, html_both};
use common::*;
use std::path::Path;

/// What ends a line on paper.
const ENDS: [&str; 10] = [
    "p",
    "li",
    "tr",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "figcaption",
    "div",
];

/// The page's text, a line a paragraph, item, heading or row; ` | ` between cells. Drawings say their
/// words for who does not see them.
fn read(page: &str) -> String {
    let body = page.split_once("<body>").map_or(page, |(_, body)| body);
    let mut out = String::new();
    let mut drawing = false;
    for piece in body.split('<').skip(1) {
        let (tag, text) = piece.split_once('>').unwrap_or((piece, ""));
        let name = tag
            .trim_start_matches('/')
            .split([' ', '/'])
            .next()
            .unwrap_or("");
        match name {
            "svg" => drawing = !tag.starts_with('/'),
            "td" | "th" if tag.starts_with('/') => out.push_str(" | "),
            _ if tag.starts_with('/') && ENDS.contains(&name) => out.push('\n'),
            "br" => out.push(' '),
            "ul" => out.push('\n'),
            _ => {}
        }
        if let Some((_, says)) = tag.split_once("aria-label=\"") {
            out.push_str(&format!("[{}]", says.split('"').next().unwrap_or("")));
        }
        if !drawing {
            out.push_str(text);
        }
    }
    let entities = [
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", "\""),
        ("&#x27;", "'"),
        ("&#x2f;", "/"),
        ("&amp;", "&"),
    ];
    let plain = entities
        .iter()
        .fold(out, |text, (from, to)| text.replace(from, to));
    let lines = plain
        .lines()
        .map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "));
    let lines = lines.map(|line| line.trim_matches([' ', '|']).to_string());
    lines
        .filter(|line| !line.is_empty())
        .map(|line| line + "\n")
        .collect()
}

#[test]
fn the_words_of_a_report_are_these() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let document = document(&facts(), &findings(), &extra());
    let pages = [
        ("report.en.txt", html(&document, Lang::En)),
        ("report.zh.txt", html(&document, Lang::Zh)),
        ("report.both.txt", html_both(&document)),
    ];
    for (name, page) in pages {
        let words = read(&page.unwrap());
        let path = folder.join(name);
        if std::env::var_os("CERTBENCH_GOLDEN").is_some() {
            std::fs::create_dir_all(&folder).unwrap();
            std::fs::write(&path, &words).unwrap();
        }
        let golden = std::fs::read_to_string(&path).unwrap_or_default();
        for (number, (is, was)) in words.lines().zip(golden.lines()).enumerate() {
            assert_eq!(is, was, "{name}, line {}", number + 1);
        }
        assert_eq!(
            words.lines().count(),
            golden.lines().count(),
            "lines of {name}"
        );
    }
}
