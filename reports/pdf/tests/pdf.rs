//! A PDF says all that its page says, on pages that an assessor accepts.

mod common;
#[path = "../../tests/common/mod.rs"]
mod example;

use certbench_model::Text;
use certbench_model::finding::Finding;
use certbench_model::text::Lang;
use certbench_pdf::{Error, Fonts, pdf};
use certbench_reports::{Extra, document, html};
use common::*;
use example::{extra, facts, findings, issue, laboratory};
use std::collections::BTreeSet;

const HOSTILE: &str = "#panic() $x$ <script>";

/// Every text of a page, as it stands between its marks.
fn told(page: &str) -> Vec<String> {
    let options = roxmltree::ParsingOptions {
        allow_dtd: true,
        ..roxmltree::ParsingOptions::default()
    };
    let tree = roxmltree::Document::parse_with_options(page, options).unwrap();
    let shown = |n: &roxmltree::Node<'_, '_>| {
        !n.ancestors().any(|a| {
            ["head", "svg", "pre"].contains(&a.tag_name().name())
                || a.attribute("class")
                    .is_some_and(|c| c.contains("watermark"))
        })
    };
    let texts = tree.descendants().filter(|n| n.is_text()).filter(shown);
    let texts = texts.map(|n| dense(n.text().unwrap_or_default()));
    texts.filter(|text| !text.is_empty()).collect()
}

/// The text of all pages without what each of them says at its head and foot.
fn body(bytes: &[u8], page: &str) -> String {
    let margin = |name: &str| {
        let from = page
            .split_once(&format!("<meta name=\"certbench.{name}\" content=\""))
            .unwrap()
            .1;
        from.split('"').next().unwrap().replace("&#x2f;", "/")
    };
    let pages = texts(bytes);
    let count = pages.len();
    let one = |(i, text): (usize, &String)| {
        let mut text = dense(text);
        let number = format!(
            "{}{}{}{count}{}",
            margin("before"),
            i + 1,
            margin("between"),
            margin("after")
        );
        let marks = margin("marks");
        for said in [marks.as_str(), &margin("id")]
            .into_iter()
            .chain(marks.split(" - "))
        {
            text = text.replacen(&dense(said), "", 1);
        }
        let head = dense(&margin("kind"));
        let foot = dense(&format!("{}{number}", margin("laboratory")));
        text.replacen(&head, "", 1).replacen(&foot, "", 1)
    };
    pages.iter().enumerate().map(one).collect()
}

#[test]
fn every_word_of_the_page_is_in_the_pdf_in_every_edition() {
    let document = document(&facts(), &findings(), &extra());
    for page in pages(&document) {
        let bytes = pdf(&page, None, fonts()).unwrap();
        let (whole, body) = (dense(&texts(&bytes).concat()), body(&bytes, &page));
        for text in told(&page) {
            assert!(
                whole.contains(&text) || body.contains(&text),
                "`{text}` is left out"
            );
        }
    }
}

/// A thousand findings: every id with its value, and nothing over another or outside of the page.
#[test]
fn a_thousand_findings_are_complete_and_none_is_printed_over_another() {
    let (facts, mut findings) = (facts(), findings());
    let one = findings.cases[0].findings[0].clone();
    findings.cases[0].findings = (0..1000)
        .map(|i| {
            let mut finding = Finding {
                measure: format!("m{i:04}"),
                subject: None,
                figures: vec![],
                ..one.clone()
            };
            if let Some(certbench_model::finding::Value::Quantity(m)) = &mut finding.result {
                m.value = 26.0 + f64::from(i) / 100.0;
                m.budget.clear();
            }
            finding
        })
        .collect();
    let document = document(&facts, &findings, &extra());
    let page = html(&document, Lang::En).unwrap();
    let started = std::time::Instant::now();
    let bytes = pdf(&page, None, fonts()).unwrap();
    println!(
        "1000 findings: {} bytes in {:?}",
        bytes.len(),
        started.elapsed()
    );
    let text = dense(&texts(&bytes).concat());
    for i in 0..1000 {
        assert_eq!(
            text.matches(&format!("slip/m{i:04}")).count(),
            2,
            "slip/m{i:04}"
        );
        let value = format!("{:.2}N,n=10", 26.0 + f64::from(i) / 100.0);
        assert!(text.contains(&value), "{value}");
    }
    assert!(text.contains("Endofreport"));
    apart(&bytes);
}

/// No word stands over another one or outside of the margins.
fn apart(bytes: &[u8]) {
    for (number, words) in words(bytes).iter().enumerate() {
        // The marks in the background are larger than anything else, and slant.
        let flat = |w: &&Word| w.at[3] - w.at[1] < 30.0;
        let mut words: Vec<&Word> = words.iter().filter(flat).collect();
        words.sort_by(|a, b| a.at[1].total_cmp(&b.at[1]));
        for (i, a) in words.iter().enumerate() {
            let [left, top, right, bottom] = a.at;
            let inside = left > 40.0 && right < 556.0 && top > 20.0 && bottom < 830.0;
            assert!(inside, "page {}: `{}` at {:?}", number + 1, a.text, a.at);
            for b in words[i + 1..].iter().take_while(|b| b.at[1] < bottom) {
                let across = right.min(b.at[2]) - left.max(b.at[0]);
                let down = bottom.min(b.at[3]) - top.max(b.at[1]);
                let height = (bottom - top).min(b.at[3] - b.at[1]);
                let over = across > 1.5 && down > 0.6 * height;
                assert!(!over, "page {}: `{}` over `{}`", number + 1, a.text, b.text);
            }
        }
    }
}

#[test]
fn nothing_of_the_example_is_printed_over_another_thing() {
    for page in pages(&document(&facts(), &findings(), &extra())) {
        apart(&pdf(&page, None, fonts()).unwrap());
    }
}

/// An evidence of a hundred windows and a reason of a thousand words fill more than a page.
#[test]
fn a_row_that_is_higher_than_a_page_goes_on_over_the_next() {
    let (facts, mut findings) = (facts(), findings());
    let words: Vec<String> = (0..2500).map(|i| format!("word{i:04}")).collect();
    findings.cases[0].findings[0].formula = Text::same(words.join(" "));
    let bytes = set(&document(&facts, &findings, &extra()), Lang::En).unwrap();
    let text = dense(&texts(&bytes).concat());
    assert!(words.iter().all(|word| text.contains(word)));
    apart(&bytes);
}

#[test]
fn a_customer_whose_name_is_markup_is_printed_as_just_that() {
    let (mut facts, mut findings) = (facts(), findings());
    facts.plan.job.as_mut().unwrap().customer.name = HOSTILE.to_string();
    findings.cases[0].findings[0].title = Text::same("*bold* _x_ @ref `raw` \\ // = [a](b) ${1}");
    findings.cases[0].case = HOSTILE.to_string();
    for lang in [Lang::En, Lang::Zh] {
        let text =
            dense(&texts(&set(&document(&facts, &findings, &extra()), lang).unwrap()).concat());
        assert!(text.contains(&dense(HOSTILE)));
        assert!(text.contains("*bold*_x_@ref`raw`\\//=[a](b)${1}"));
    }
}

#[test]
fn it_is_a_tagged_pdf_a_3a_with_ua_1_and_its_fonts_are_in_it() {
    let bytes = set(&document(&facts(), &findings(), &extra()), Lang::Zh).unwrap();
    let meta = tool("pdfinfo", &["-meta"], &bytes, &[]);
    for part in [
        "<pdfaid:part>3</pdfaid:part>",
        "<pdfaid:conformance>A</pdfaid:conformance>",
        "<pdfuaid:part>1</pdfuaid:part>",
    ] {
        assert!(meta.contains(part), "{part} in {meta}");
    }
    let info = tool("pdfinfo", &[], &bytes, &[]);
    assert!(
        info.contains("Tagged:          yes") && info.contains("A4"),
        "{info}"
    );
    let structure = tool("pdfinfo", &["-struct"], &bytes, &[]);
    for tag in ["H1", "H2", "Table", "TH", "TD", "Figure", "L", "Link"] {
        assert!(
            structure.lines().any(|line| line.trim().starts_with(tag)),
            "{tag}"
        );
    }
    let fonts = tool("pdffonts", &[], &bytes, &[]);
    let rows: Vec<&str> = fonts.lines().skip(2).collect();
    assert!(
        !rows.is_empty() && rows.iter().all(|r| r.contains(" yes yes yes ")),
        "{fonts}"
    );
    let checked = tool("qpdf", &["--check"], &bytes, &[]);
    assert!(
        checked.contains("No syntax or stream encoding errors found"),
        "{checked}"
    );
    assert!(tool("pdfdetach", &["-list"], &bytes, &[]).contains("report.json"));
}

#[test]
fn every_page_has_the_id_and_its_number_and_the_last_says_that_it_is_the_last() {
    let document = document(&facts(), &findings(), &extra());
    for (lang, page_of, end) in [
        (Lang::En, "Page{}of{}", "Endofreport"),
        (Lang::Zh, "第{}页，共{}页", "报告结束"),
    ] {
        let pages = texts(&set(&document, lang).unwrap());
        let count = pages.len().to_string();
        for (i, page) in pages.iter().map(|p| dense(p)).enumerate() {
            let number = page_of
                .replacen("{}", &(i + 1).to_string(), 1)
                .replacen("{}", &count, 1);
            assert!(
                page.contains(&number) && page.contains(document.id()),
                "{page}"
            );
            assert_eq!(page.contains(end), i + 1 == pages.len());
        }
    }
}

#[test]
fn a_draft_says_so_on_every_page_and_an_issued_report_on_none() {
    let draft = document(&facts(), &findings(), &extra());
    for page in texts(&set(&draft, Lang::Zh).unwrap()) {
        // At the head of the page, and behind it.
        assert!(dense(&page).matches("DRAFT草稿").count() >= 2);
    }
    let issued = Extra {
        issue: Some(issue()),
        laboratory: laboratory(),
        ..extra()
    };
    let pages = texts(&set(&document(&facts(), &findings(), &issued), Lang::Zh).unwrap());
    for page in &pages {
        // It was made on a simulated bench, and cannot lose that.
        assert!(!page.contains("DRAFT") && dense(page).matches("SIMULATED仿真").count() >= 2);
    }
    assert!(dense(&pages[0]).contains("CNAS"));
}

#[test]
fn rare_names_are_there_and_a_letter_outside_the_fonts_is_named() {
    let mut facts = facts();
    let name = |facts: &mut certbench_model::Facts, name: &str| {
        facts.plan.job.as_mut().unwrap().customer.name = name.to_string();
    };
    name(&mut facts, "堃喆㛃䶮 Łódź Ωμ Ж");
    let bytes = set(&document(&facts, &findings(), &extra()), Lang::Zh).unwrap();
    assert!(dense(&texts(&bytes).concat()).contains("堃喆㛃䶮ŁódźΩμЖ"));
    name(&mut facts, "𓀀 Ltd. ✈︎ 𞤀");
    match set(&document(&facts, &findings(), &extra()), Lang::Zh) {
        Err(e @ Error::Glyphs(_)) => {
            let said = e.to_string();
            assert!(
                said.contains("`𓀀` (U+13000)") && said.contains("--fonts"),
                "{said}"
            );
        }
        other => panic!("{:?}", other.map(|bytes| bytes.len())),
    }
}

#[test]
fn the_same_page_gives_the_same_bytes() {
    let document = document(&facts(), &findings(), &extra());
    assert_eq!(
        set(&document, Lang::Zh).unwrap(),
        set(&document, Lang::Zh).unwrap()
    );
}

#[test]
fn what_is_no_page_of_a_report_is_refused_and_says_why() {
    let page = html(&document(&facts(), &findings(), &extra()), Lang::En).unwrap();
    let broken: [(&str, String, &str); 6] = [
        ("nothing", String::new(), "well-formed"),
        ("no end", page.replace("</html>", ""), "well-formed"),
        (
            "foreign element",
            page.replace("<h2>", "<marquee>")
                .replace("</h2>", "</marquee>"),
            "`marquee`",
        ),
        (
            "no id",
            page.replace("certbench.id", "other.id"),
            "certbench.id",
        ),
        (
            "no time",
            page.replace("2026-11-22T02:26:54Z\"", "yesterday\""),
            "yesterday",
        ),
        (
            "figure without words",
            page.replace("aria-label=", "data-label="),
            "no words",
        ),
    ];
    for (what, page, says) in broken {
        match pdf(&page, None, fonts()) {
            Err(e @ Error::Page(_)) => assert!(e.to_string().contains(says), "{what}: {e}"),
            other => panic!("{what}: {:?}", other.map(|bytes| bytes.len())),
        }
    }
}

/// What a laboratory adds is there, and all else is still there.
#[test]
fn a_laboratorys_logo_and_text_are_added_and_nothing_is_lost() {
    let logo = "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"90\" height=\"30\"><rect width=\"90\" height=\"30\" fill=\"#0a5a9c\"/></svg>";
    let files = [
        ("logo.svg", logo),
        ("head.en.txt", "1 Measurement Street\n#panic() $x$"),
        ("foot.en.txt", "Samples are kept for 90 days."),
        ("style.css", "h1 { color: #0a5a9c }"),
    ];
    let files = files.map(|(name, text)| (name.to_string(), text.as_bytes().to_vec()));
    let dress = certbench_reports::Dress::of(&files).unwrap();
    let document = document(&facts(), &findings(), &extra());
    let plain = html(&document, Lang::En).unwrap();
    let dressed = dress.on(plain.clone(), document.laboratory(), Some(Lang::En));
    let bytes = pdf(&dressed, None, fonts()).unwrap();
    let text = body(&bytes, &dressed);
    for said in told(&plain)
        .into_iter()
        .chain(["#panic()$x$".into(), dense("Samples are kept for 90 days.")])
    {
        assert!(text.contains(&said), "{said}");
    }
    // Its figures have words, and so has the logo.
    let structure = tool("pdfinfo", &["-struct"], &bytes, &[]);
    let before = tool(
        "pdfinfo",
        &["-struct"],
        &pdf(&plain, None, fonts()).unwrap(),
        &[],
    );
    assert_eq!(
        structure.matches("Figure").count(),
        before.matches("Figure").count() + 1
    );
    // A picture elsewhere is never read.
    let outside = dressed.replace("data:image/svg+xml;base64,", "file:///etc/passwd#");
    assert!(matches!(pdf(&outside, None, fonts()), Err(Error::Page(_))));
}

#[test]
fn a_folder_without_fonts_is_named() {
    let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("no-fonts");
    std::fs::create_dir_all(&folder).unwrap();
    match Fonts::find(&[folder]).map(|_| ()) {
        Err(Error::Fonts(said)) => assert!(said.contains("no-fonts"), "{said}"),
        other => panic!("{other:?}"),
    }
}

/// Bytes of any kind in texts of the record: what no page can show is replaced, never a crash.
#[test]
fn letters_that_no_page_can_show_are_replaced() {
    let mut facts = facts();
    facts.plan.job.as_mut().unwrap().customer.name = "a\u{0}b\u{7}c\u{1b}[31md".to_string();
    let bytes = set(&document(&facts, &findings(), &extra()), Lang::En).unwrap();
    let seen: BTreeSet<char> = texts(&bytes).concat().chars().collect();
    assert!(!seen.contains(&'\u{7}') && seen.contains(&'\u{FFFD}'));
}
