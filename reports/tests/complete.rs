//! A report that leaves something out, or says it in one language only, is defective.

mod common;

use certbench_model::finding::{Finding, Findings, Value};
use certbench_model::measure::{Compare, DecisionRule};
use certbench_model::text::Lang;
use certbench_model::*;
use certbench_reports::{Extra, brief, document, html, json};
use common::*;
use proptest::prelude::*;

const BOTH: [Lang; 2] = [Lang::En, Lang::Zh];

fn page(facts: &Facts, findings: &Findings, lang: Lang) -> String {
    html(&document(facts, findings, &extra()), lang).unwrap()
}

fn parsed(facts: &Facts, findings: &Findings) -> serde_json::Value {
    serde_json::from_str(&json(&document(facts, findings, &extra()))).unwrap()
}

/// What a person sees: tags gone, entities read.
fn text(html: &str) -> String {
    let body = html.split_once("<body>").map_or(html, |(_, body)| body);
    let pieces = body
        .split('<')
        .map(|piece| piece.split_once('>').map_or(piece, |(_, text)| text));
    let text: String = pieces.collect::<Vec<_>>().join(" ");
    let text = text
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", "\"")
        .replace("&#x27;", "'")
        .replace("&#x2f;", "/")
        .replace("&amp;", "&");
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn words(text: &Text, lang: Lang) -> String {
    text.get(lang)
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
}

fn id(case: &str, finding: &Finding) -> String {
    match &finding.subject {
        None => format!("{case}/{}", finding.measure),
        Some(s) => format!("{case}/{}/{}", finding.measure, s.id),
    }
}

/// An id as it stands in the page's source.
fn escaped(id: &str) -> String {
    id.replace('/', "&#x2f;")
}

/// The summary's row of a finding, as HTML.
fn row<'a>(page: &'a str, id: &str) -> &'a str {
    let start = format!("<tr data-finding=\"{}\">", escaped(id));
    let (_, rest) = page
        .split_once(&start)
        .unwrap_or_else(|| panic!("no row for {id}"));
    assert!(!rest.contains(&start), "two rows for {id}");
    rest.split_once("</tr>").unwrap().0
}

fn verdict_word(verdict: Verdict, lang: Lang) -> &'static str {
    match (verdict, lang) {
        (Verdict::Pass, Lang::En) => "PASS",
        (Verdict::ConditionalPass, Lang::En) => "CONDITIONAL PASS",
        (Verdict::NotTested, Lang::En) => "NOT TESTED",
        (Verdict::ConditionalFail, Lang::En) => "CONDITIONAL FAIL",
        (Verdict::Fail, Lang::En) => "FAIL",
        (Verdict::Pass, Lang::Zh) => "合格",
        (Verdict::ConditionalPass, Lang::Zh) => "有条件合格",
        (Verdict::NotTested, Lang::Zh) => "未测试",
        (Verdict::ConditionalFail, Lang::Zh) => "有条件不合格",
        (Verdict::Fail, Lang::Zh) => "不合格",
    }
}

/// The last cell of a row.
fn last_cell(row: &str) -> String {
    text(row.rsplit_once("<td>").unwrap().1)
}

#[test]
fn the_lines_of_a_terminal_have_every_row_its_reasons_and_the_numbers_of_the_report() {
    let (facts, findings) = (facts(), findings());
    let document = parsed(&facts, &findings);
    for lang in BOTH {
        let brief = brief(&findings, lang);
        let lines: Vec<&str> = brief.lines().map(str::trim).collect();
        for (c, case) in findings.cases.iter().enumerate() {
            for (f, finding) in case.findings.iter().enumerate() {
                let subject = finding.subject.as_ref().map(|s| format!(" {}", s.id));
                let begin = format!("{}{}: ", finding.measure, subject.unwrap_or_default());
                let line = lines.iter().find(|l| l.starts_with(&begin));
                let line = line.unwrap_or_else(|| panic!("no {begin}"));
                let printed = &document["cases"][c]["findings"][f];
                for (of, name) in [("printed", "value"), ("printed", "u"), ("limit", "text")] {
                    if let Some(number) = printed[of][name].as_str() {
                        assert!(line.contains(number), "{line}: no {number}");
                    }
                }
                let verdict = verdict_word(finding.verdict, lang);
                let reported = printed["reported"] == true;
                assert!(reported || line.ends_with(verdict), "{line}: {verdict}");
                // That there is no limit is what "reported" says.
                for reason in finding.reasons.iter().filter(|_| !reported) {
                    let reason = format!("! {}", reason.text.get(lang));
                    assert!(lines.contains(&reason.as_str()), "{reason}");
                }
            }
        }
    }
}

#[test]
fn no_row_of_the_findings_is_left_out_of_either_language() {
    let (facts, findings) = (facts(), findings());
    for lang in BOTH {
        let page = page(&facts, &findings, lang);
        for (case, finding) in findings.all() {
            let row = row(&page, &id(&case.case, finding));
            assert_eq!(last_cell(row), verdict_word(finding.verdict, lang));
            let seen = text(row);
            assert!(seen.contains(&words(&finding.title, lang)), "{seen}");
            if let Some(subject) = &finding.subject {
                assert!(seen.contains(&words(&subject.title, lang)), "{seen}");
            }
            let cell = text(row.split("<td>").nth(2).unwrap());
            match &finding.result {
                Some(Value::Quantity(m)) => {
                    let number = cell.split(' ').next().unwrap();
                    let places = number.split_once('.').map_or(0, |(_, f)| f.len());
                    let printed: f64 = number.parse().unwrap();
                    let half = 0.5 * 10f64.powi(-(places as i32));
                    assert!((printed - m.value).abs() <= half * 1.000_001, "{cell}");
                    assert!(cell.contains(m.unit.print()));
                    assert!(seen.contains(&m.n.to_string()));
                }
                Some(Value::Proportion(p)) => {
                    // Never a rate without n and interval.
                    assert!(cell.starts_with(&format!("{}/{} =", p.k, p.n)), "{cell}");
                    assert!(cell.contains("[61.5 %, 89.2 %]"), "{cell}");
                }
                Some(Value::Attribute { .. }) => {
                    assert_eq!(cell, if lang == Lang::En { "yes" } else { "是" });
                }
                Some(Value::Inspection { statement, .. }) => {
                    assert_eq!(cell, words(statement, lang));
                }
                None => assert_eq!(
                    cell,
                    if lang == Lang::En {
                        "no result"
                    } else {
                        "无结果"
                    }
                ),
            }
            // And once more in full.
            assert!(
                page.matches(&format!(
                    "<code>{}</code>",
                    escaped(&id(&case.case, finding))
                ))
                .count()
                    >= 2
            );
        }
        for case in &findings.cases {
            assert!(page.contains(&format!("<tr class=\"case\" data-case=\"{}\">", case.case)));
        }
    }
}

#[test]
fn the_json_holds_every_row_unrounded() {
    let (facts, findings) = (facts(), findings());
    let document = parsed(&facts, &findings);
    let cases = document["cases"].as_array().unwrap();
    assert_eq!(cases.len(), findings.cases.len());
    for (case, written) in findings.cases.iter().zip(cases) {
        let rows = written["findings"].as_array().unwrap();
        assert_eq!(rows.len(), case.findings.len());
        assert_eq!(written["verdict"], serde_json::json!(case.verdict));
        for (finding, row) in case.findings.iter().zip(rows) {
            assert_eq!(row["id"], id(&case.case, finding));
            assert_eq!(row["verdict"], serde_json::json!(finding.verdict));
            let result: Option<Value> = serde_json::from_value(row["result"].clone()).unwrap();
            assert_eq!(result, finding.result);
            assert_eq!(row["reasons"], serde_json::json!(finding.reasons));
        }
    }
    assert_eq!(document["verdict"], "fail");
    assert_eq!(document["simulated"], true);
}

#[test]
fn every_reason_and_everything_that_happened_is_printed() {
    let (mut facts, findings) = (facts(), findings());
    facts.damage.push(Damage {
        place: "run.jsonl line 17".to_string(),
        what: "its SHA-256 is not the one that line 18 names".to_string(),
    });
    for lang in BOTH {
        let seen = text(&page(&facts, &findings, lang));
        let of_cases = findings.cases.iter().flat_map(|c| {
            let of_findings = c.findings.iter().flat_map(|f| &f.reasons);
            c.reasons.iter().chain(&c.invalid_trials).chain(of_findings)
        });
        for reason in findings.reasons.iter().chain(of_cases) {
            assert!(seen.contains(&words(&reason.text, lang)), "{reason:?}");
            assert!(seen.contains(&reason.code), "{reason:?}");
        }
        for finding in findings.all().map(|(_, f)| f) {
            for text in [&finding.formula, &finding.estimand] {
                assert!(seen.contains(&words(text, lang)));
            }
            for figure in &finding.figures {
                assert!(seen.contains(&words(&figure.title, lang)));
            }
        }
        for restriction in &facts.plan.restrictions {
            assert!(seen.contains(&words(&restriction.text, lang)));
        }
        for line in [
            "over-temperature: finger 3 reports 71 °C",
            "no answer from hand 1 on /dev/pts/3 in 20 ms",
            "71.0 °C above 70 °C",
            "a watch tripped; all fingers hold",
            "aborted 2026-11-20T10:21:00Z",
            "run.jsonl line 17",
            "its SHA-256 is not the one that line 18 names",
            "CNAS L1234-2026-0815",
            "Institute of Metrology, Force Laboratory",
            "2026-10-31",
            "Handmakers Ltd.",
            "RH-0042",
            "A-2026-117",
            "GB/T 38834.3",
            "Robot Test Laboratory",
            "A. Tester",
            "22.5 °C",
            "certbench-judge 0.1.0",
            &facts.plan_sha256,
        ] {
            assert!(seen.contains(line), "{line}");
        }
        for file in &extra().files {
            assert!(seen.contains(&file.sha256));
        }
    }
}

#[test]
fn both_languages_show_the_same_digits() {
    let (facts, findings) = (facts(), findings());
    let [en, zh] = BOTH.map(|lang| page(&facts, &findings, lang));
    let numbers = |html: &str| -> Vec<String> {
        let seen = text(html);
        let digit = |c: char| c.is_ascii_digit() || c == '.';
        seen.split(|c| !digit(c))
            .map(|n| n.trim_matches('.').to_string())
            .filter(|n| !n.is_empty())
            .collect()
    };
    for (case, finding) in findings.all() {
        let id = id(&case.case, finding);
        assert_eq!(numbers(row(&en, &id)), numbers(row(&zh, &id)), "{id}");
    }
}

#[test]
fn a_row_of_the_summary_looks_like_this() {
    let page = page(&facts(), &findings(), Lang::En);
    let row = row(&page, "slip/peak/ball");
    let without_icon = format!(
        "{}{}",
        row.split_once("<svg").unwrap().0,
        row.split_once("</svg>").unwrap().1
    );
    assert_eq!(
        without_icon,
        "<td>Peak pull force: Ball<br/><code>slip&#x2f;peak&#x2f;ball</code> <small>reference instrument</small></td>\
         <td><a href=\"#r3\"><span class=\"n\">24.9996 N</span></a></td>\
         <td><a href=\"#r3-u\"><span class=\"n\">± <span class=\"n\">0.62 N</span></span><br/><small class=\"n\">k = 2.26</small></a></td>\
         <td class=\"n\"><a href=\"#r3-e\">10</a></td>\
         <td>≥ 25 N<br/><small>the estimate is compared</small></td>\
         <td><small>four verdicts, w\u{a0}=\u{a0}U</small></td>\
         <td><span class=\"verdict conditional-fail\">CONDITIONAL FAIL</span></td>"
    );
}

#[test]
fn names_that_are_markup_print_as_just_that() {
    let hostile = "<script>alert(1)</script>\"'&</style>{{ d }}{% if %}";
    let (mut facts, mut findings) = (facts(), findings());
    facts.run = hostile.to_string();
    facts.plan.bench.laboratory.name = hostile.to_string();
    facts.plan.suite.title = Text::same(hostile);
    let job = facts.plan.job.as_mut().unwrap();
    job.customer.name = hostile.to_string();
    job.items[0].identity.serial = Some(hostile.to_string());
    findings.cases[0].title = Text::same(hostile);
    findings.cases[0].case = hostile.to_string();
    findings.cases[0].findings[0].title = Text::same(hostile);
    findings.cases[0].findings[0].figures[0].title = Text::same(hostile);
    findings.cases[0].findings[0].figures[0].series[0].name = Text::same(hostile);
    findings.cases[0].findings[0].figures[0].x.label = Text::same(hostile);
    findings.reasons[0].code = hostile.to_string();
    for lang in BOTH {
        let page = page(&facts, &findings, lang);
        assert!(!page.contains("<script"), "markup came through");
        assert_eq!(page.matches("</style>").count(), 1);
        assert!(text(&page).matches(hostile).count() >= 8);
    }
}

#[test]
fn a_page_stands_alone_and_runs_nothing() {
    for lang in BOTH {
        let page = page(&facts(), &findings(), lang).replace("http://www.w3.org/2000/svg", "");
        for foreign in [
            "http:", "https:", "src=", "href=\"h", "href=\"/", "url(", "@import", "<script", " on",
        ] {
            let found = match foreign {
                " on" => page.contains(" onload") || page.contains(" onclick"),
                other => page.contains(other),
            };
            assert!(!found, "{foreign}");
        }
    }
}

#[test]
fn simulation_is_marked_and_real_runs_are_not() {
    let (mut facts, findings) = (facts(), findings());
    for lang in BOTH {
        let page = page(&facts, &findings, lang);
        // In the margin of every page, as a watermark on every page, at the top and in the title.
        assert!(page.contains("@top-center { content: \"DRAFT 草稿 - SIMULATED 仿真\"; }"));
        assert!(
            page.contains("<div class=\"watermark\" aria-hidden=\"true\">SIMULATED 仿真</div>")
        );
        assert!(page.matches("SIMULATED 仿真").count() >= 4);
    }
    for device in &mut facts.plan.bench.devices {
        device.provenance = Provenance::Physical;
    }
    for lang in BOTH {
        assert!(!page(&facts, &findings, lang).contains("SIMULATED"));
    }
    facts.plan.bench.devices[2].provenance = Provenance::Replayed;
    assert!(page(&facts, &findings, Lang::En).contains("SIMULATED"));
}

#[test]
fn a_run_without_order_says_so_and_nothing_is_made_up() {
    let (mut facts, findings) = (facts(), findings());
    facts.plan.job = None;
    let [en, zh] = BOTH.map(|lang| text(&page(&facts, &findings, lang)));
    assert!(en.contains("no order: internal run"));
    assert!(zh.contains("无委托：内部运行"));
    assert!(!en.contains("Handmakers"));
    assert!(en.contains("not authorised") && en.contains("not issued"));
    assert!(en.contains("This test report is not a certificate."));
    assert!(en.contains("The results relate only to the items tested."));
    assert!(en.contains("shall not be reproduced except in full"));
    assert!(en.contains("End of report grasp-success-20261122T022654Z-"));
}

#[test]
fn an_interrupted_or_refused_run_is_printed_too() {
    let (mut facts, mut findings) = (facts(), findings());
    facts.events.truncate(1);
    facts.end = None;
    findings.end = "interrupted".to_string();
    findings.verdict = Verdict::NotTested;
    for case in &mut findings.cases {
        case.findings.clear();
        case.verdict = Verdict::NotTested;
        case.reasons = vec![reason(
            "interrupted",
            "the run was interrupted",
            "运行被中断",
        )];
    }
    for (end, words) in [
        ("interrupted", "interrupted"),
        ("refused", "refused"),
        ("faulted", "faulted"),
    ] {
        findings.end = end.to_string();
        let seen = text(&page(&facts, &findings, Lang::En));
        assert!(seen.contains(words));
        assert!(seen.matches("the run was interrupted").count() >= 4);
        assert!(seen.contains("NOT TESTED") && !seen.contains(" PASS "));
    }
    facts.events.clear();
    facts.plan = Plan {
        cases: vec![],
        channels: vec![],
        parameters: vec![],
        watches: vec![],
        derived: vec![],
        restrictions: vec![],
        ..facts.plan
    };
    findings.cases.clear();
    for lang in BOTH {
        html(&document(&facts, &findings, &Extra::default()), lang).unwrap();
    }
}

#[test]
fn the_same_facts_give_the_same_bytes() {
    let one = document(&facts(), &findings(), &extra());
    let two = document(&facts(), &findings(), &extra());
    assert_eq!(json(&one), json(&two));
    assert_eq!(html(&one, Lang::Zh).unwrap(), html(&two, Lang::Zh).unwrap());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// From the finding to the printed page: a value that fails never looks like one that passes.
    #[test]
    fn the_printed_row_agrees_with_its_verdict(
        limit in 1i32..100_000,
        off in prop_oneof![Just(0.0), -5.0..5.0f64, -1e-5..1e-5f64],
        u in 1e-4..10.0f64,
        r in prop_oneof![Just(0.0), Just(1.0), 0.1..2.0f64],
    ) {
        let limit = f64::from(limit) / 100.0;
        let accept_high = limit - r * u;
        let value = accept_high + off;
        let pass = value <= accept_high;
        let verdict = if pass { Verdict::Pass } else { Verdict::Fail };
        let mut findings = findings();
        findings.cases.truncate(1);
        let result = Some(Value::Quantity(measured(value, u, "mm")));
        findings.cases[0].findings = vec![Finding {
            accept: Some(certbench_model::Accept {
                at_most: Some(Quantity::new(limit, unit("mm"))),
                ..accept(Compare::Estimate, None, None)
            }),
            rule: DecisionRule::Guarded { r },
            decision: Some(finding::Decision {
                compared: value,
                guard: r * u,
                accept_low: None,
                accept_high: Some(accept_high),
                unit: unit("mm"),
                risk: None,
            }),
            ..common::finding("m", Text::same("m"), result, verdict)
        }];
        let document = parsed(&facts(), &findings);
        let row = &document["cases"][0]["findings"][0];
        let number = |v: &serde_json::Value| v.as_str().unwrap().parse::<f64>().unwrap();
        let printed = number(&row["printed"]["value"]);
        let printed_accept = number(&row["decision"]["accept_high"]);
        prop_assert_eq!(number(&row["decision"]["compared"]) <= printed_accept, pass);
        if value > limit {
            prop_assert!(printed > limit);
        }
        if value < limit {
            prop_assert!(printed < limit || (limit - value) < 1e-9);
        }
    }
}
