//! Writes the example report where people can look at it: `tmp/` in the target folder.

mod common;

use certbench_model::text::Lang;
use certbench_reports::{document, html, html_both, json};
use common::*;

#[test]
fn the_example_report_is_written_for_people_to_look_at() {
    let document = document(&facts(), &findings(), &extra());
    let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR"));
    for (lang, name) in [(Lang::En, "report.en.html"), (Lang::Zh, "report.zh.html")] {
        std::fs::write(folder.join(name), html(&document, lang).unwrap()).unwrap();
    }
    let both = html_both(&document).unwrap();
    std::fs::write(folder.join("report.both.html"), both).unwrap();
    std::fs::write(folder.join("report.json"), json(&document)).unwrap();
}
