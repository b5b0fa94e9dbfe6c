//! A report in a real browser: what axe knows of barriers (WCAG 2 A and AA, and its best practices), on
//! the example that has every kind of result and every verdict.

#[path = "../../reports/tests/common/mod.rs"]
mod example;

use certbench_model::text::Lang;
use certbench_reports::{Document, Extra, document, html, html_both};
use certbench_tests::browser::Browser;
use example::{extra, facts, findings, issue, laboratory};

/// As wide as a page of paper, and as narrow as a telephone; in pixels.
const PAPER: u32 = 1000;
const TELEPHONE: u32 = 400;

fn without_barriers(browser: &Browser, page: &str, what: &str, widths: &[u32]) {
    for &width in widths {
        let told = browser.look(page, width);
        let violations = told["violations"].as_array().expect("a list");
        assert!(violations.is_empty(), "{what}: {violations:#?}");
        // What it looked at is what it should have looked at.
        for rule in [
            "color-contrast",
            "document-title",
            "heading-order",
            "html-has-lang",
            "region",
        ] {
            let passes = told["passes"].as_array().expect("a list");
            assert!(passes.iter().any(|p| p == rule), "{what}: no {rule}");
        }
        assert_eq!(told["wider"], 0, "{what} in {width} pixels");
        assert_eq!(told["loaded"], 0, "{what} stands alone");
    }
}

#[test]
fn axe_finds_no_barrier_in_any_edition_of_a_draft() {
    let Some(browser) = Browser::for_test("axe_finds_no_barrier_in_any_edition_of_a_draft") else {
        return;
    };
    let draft: Document = document(&facts(), &findings(), &extra());
    let pages = [
        ("English", html(&draft, Lang::En), &[PAPER][..]),
        ("Chinese", html(&draft, Lang::Zh), &[PAPER]),
        ("both", html_both(&draft), &[PAPER, TELEPHONE]),
    ];
    for (what, page, widths) in pages {
        without_barriers(&browser, &page.expect("a page"), what, widths);
    }
}

#[test]
fn axe_finds_no_barrier_in_an_issued_report() {
    let Some(browser) = Browser::for_test("axe_finds_no_barrier_in_an_issued_report") else {
        return;
    };
    let issued = Extra {
        issue: Some(issue()),
        laboratory: laboratory(),
        ..extra()
    };
    let page = html(&document(&facts(), &findings(), &issued), Lang::Zh);
    without_barriers(&browser, &page.expect("a page"), "issued", &[PAPER]);
}

/// The check can fail: without its language, its headings and its words the page has barriers.
#[test]
fn axe_finds_the_barriers_that_are_there() {
    let Some(browser) = Browser::for_test("axe_finds_the_barriers_that_are_there") else {
        return;
    };
    let page = html(&document(&facts(), &findings(), &extra()), Lang::En).expect("a page");
    let broken = page
        .replace("<html lang=\"en\">", "<html>")
        .replace("--soft: #5a636e", "--soft: #c0c4c8")
        .replace("aria-label=", "data-label=");
    let told = browser.look(&broken, PAPER);
    let found = told["violations"].to_string();
    for rule in ["html-has-lang", "color-contrast", "role-img-alt"] {
        assert!(found.contains(rule), "{rule} in {found}");
    }
}
