//! Every rendering tells the same: no row of the findings is left out of any of them.

mod common;

use certbench_model::finding::{Finding, Value};
use certbench_model::text::Lang;
use certbench_model::*;
use certbench_reports::{csv, document, html, html_both, json, junit, schema, statement};
use common::*;
use serde_json::Value as Json;
use std::collections::BTreeMap;

const HOSTILE: &str = "#panic() $x$ <script>";

fn ids(findings: &Findings) -> Vec<String> {
    let id = |(case, f): (&finding::CaseFindings, &Finding)| match &f.subject {
        None => format!("{}/{}", case.case, f.measure),
        Some(s) => format!("{}/{}/{}", case.case, f.measure, s.id),
    };
    findings.all().map(id).collect()
}

/// The cells of a CSV, read by the rules of RFC 4180.
fn cells(csv: &str) -> Vec<Vec<String>> {
    let (mut rows, mut row, mut cell, mut quoted) = (vec![], vec![], String::new(), false);
    let mut chars = csv.chars().peekable();
    while let Some(c) = chars.next() {
        match (c, quoted) {
            ('"', true) if chars.peek() == Some(&'"') => cell.extend(chars.next()),
            ('"', _) => quoted = !quoted,
            (',', false) => row.push(std::mem::take(&mut cell)),
            ('\r', false) => {}
            ('\n', false) => {
                row.push(std::mem::take(&mut cell));
                rows.push(std::mem::take(&mut row));
            }
            (c, _) => cell.push(c),
        }
    }
    assert!(
        row.is_empty() && cell.is_empty(),
        "the last line has its end"
    );
    rows
}

/// A CSV's lines by column name.
fn table(csv: &str) -> Vec<BTreeMap<String, String>> {
    let mut rows = cells(csv).into_iter();
    let head = rows.next().unwrap();
    rows.map(|row| {
        assert_eq!(row.len(), head.len());
        head.iter().cloned().zip(row).collect()
    })
    .collect()
}

/// JUnit's test cases: name, and the element that says that it did not pass.
fn test_cases(xml: &str) -> Vec<(String, &'static str)> {
    let read = |text: &str| {
        text.replace("&lt;", "<")
            .replace("&gt;", ">")
            .replace("&quot;", "\"")
            .replace("&amp;", "&")
    };
    xml.split("<testcase ")
        .skip(1)
        .map(|piece| {
            let name = piece
                .split("name=\"")
                .nth(2)
                .unwrap()
                .split('"')
                .next()
                .unwrap();
            let body = piece.split("</testcase>").next().unwrap();
            let bad = ["<failure ", "<error ", "<skipped "]
                .into_iter()
                .find(|b| body.contains(b));
            (read(name), bad.unwrap_or("passed"))
        })
        .collect()
}

#[test]
fn no_row_is_left_out_of_any_rendering() {
    let (facts, findings) = (facts(), findings());
    let document = document(&facts, &findings, &extra());
    let ids = ids(&findings);
    let told: Json = serde_json::from_str(&json(&document)).unwrap();
    let of_cases = told["cases"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|c| c["findings"].as_array().unwrap());
    let in_json: Vec<String> = of_cases
        .map(|f| f["id"].as_str().unwrap().to_string())
        .collect();
    assert_eq!(in_json, ids);
    let names: Vec<String> = test_cases(&junit(&document))
        .into_iter()
        .map(|t| t.0)
        .collect();
    let lines: Vec<String> = table(&csv(&document))
        .iter()
        .map(|r| r["id"].clone())
        .collect();
    assert_eq!(names, lines, "JUnit and CSV have the same rows");
    for id in &ids {
        assert_eq!(names.iter().filter(|n| *n == id).count(), 1, "{id}");
    }
    for lang in [Lang::En, Lang::Zh] {
        let page = html(&document, lang).unwrap();
        for id in &ids {
            let row = format!("<tr data-finding=\"{}\">", id.replace('/', "&#x2f;"));
            assert_eq!(page.matches(&row).count(), 1, "{id}");
        }
    }
}

#[test]
fn what_is_no_pass_is_not_passed_in_junit() {
    let (facts, findings) = (facts(), findings());
    let cases = test_cases(&junit(&document(&facts, &findings, &extra())));
    let said = |id: &str| cases.iter().find(|c| c.0 == id).unwrap().1;
    let mut seen = Vec::new();
    for (id, (_, finding)) in ids(&findings).iter().zip(findings.all()) {
        let expected = match finding.verdict {
            Verdict::Pass | Verdict::ConditionalPass => "passed",
            Verdict::ConditionalFail | Verdict::Fail => "<failure ",
            Verdict::NotTested if said(id) == "<skipped " => {
                assert!(finding.accept.is_none() && finding.result.is_some(), "{id}");
                "<skipped "
            }
            Verdict::NotTested => "<error ",
        };
        assert_eq!(said(id), expected, "{id}");
        seen.push(finding.verdict);
    }
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), 5, "the example has every verdict");
}

#[test]
fn a_run_that_was_interrupted_is_an_error_even_when_every_row_passed() {
    let (mut facts, mut findings) = (facts(), findings());
    for case in &mut findings.cases {
        case.findings.retain(|f| f.verdict == Verdict::Pass);
        case.verdict = Verdict::Pass;
        case.reasons.clear();
    }
    facts.end = None;
    findings.end = "interrupted".to_string();
    findings.verdict = Verdict::NotTested;
    findings.reasons = vec![reason("interrupted", "no end", "没有结尾")];
    let document = document(&facts, &findings, &extra());
    let cases = test_cases(&junit(&document));
    assert_eq!(cases.last().unwrap(), &("run".to_string(), "<error "));
    assert_eq!(
        table(&csv(&document)).last().unwrap()["verdict"],
        "not-tested"
    );
}

#[test]
fn a_case_without_rows_is_not_passed() {
    let (facts, mut findings) = (facts(), findings());
    findings.cases[0].findings.clear();
    findings.cases[0].verdict = Verdict::NotTested;
    let id = findings.cases[0].case.clone();
    let cases = test_cases(&junit(&document(&facts, &findings, &extra())));
    assert!(cases.contains(&(id, "<error ")));
}

#[test]
fn a_customer_whose_name_is_markup_is_printed_as_just_that() {
    let (mut facts, mut findings) = (facts(), findings());
    facts.plan.job.as_mut().unwrap().customer.name = HOSTILE.to_string();
    findings.cases[0].findings[0].title = Text::same(HOSTILE);
    findings.cases[0].case = HOSTILE.to_string();
    let document = document(&facts, &findings, &extra());
    for lang in [Lang::En, Lang::Zh] {
        let page = html(&document, lang).unwrap();
        assert!(page.contains("#panic() $x$ &lt;script&gt;") && !page.contains("<script"));
    }
    let told: Json = serde_json::from_str(&json(&document)).unwrap();
    assert_eq!(told["order"]["customer"]["name"], HOSTILE);
    let xml = junit(&document);
    assert!(xml.contains("#panic() $x$ &lt;script&gt;") && !xml.contains("<script"));
    let table = table(&csv(&document));
    assert!(
        table
            .iter()
            .any(|row| row["title_en"] == HOSTILE && row["case"] == HOSTILE)
    );
}

#[test]
fn a_spreadsheet_does_not_take_a_title_for_a_formula() {
    let (facts, mut findings) = (facts(), findings());
    findings.cases[0].findings[0].title = Text::same("=HYPERLINK(\"x\")");
    let table = table(&csv(&document(&facts, &findings, &extra())));
    assert_eq!(table[0]["title_en"], "'=HYPERLINK(\"x\")");
}

#[test]
fn characters_that_xml_cannot_hold_do_not_break_it() {
    let (facts, mut findings) = (facts(), findings());
    findings.cases[0].findings[0].title = Text::same("a\u{0}b\u{1b}[31m\n\"&");
    let xml = junit(&document(&facts, &findings, &extra()));
    assert!(!xml.contains('\u{0}') && !xml.contains('\u{1b}'));
    assert!(xml.contains("a\u{FFFD}b\u{FFFD}[31m&#10;&quot;&amp;"));
}

#[test]
fn values_in_csv_are_the_unrounded_ones() {
    let (facts, findings) = (facts(), findings());
    let table = table(&csv(&document(&facts, &findings, &extra())));
    for (id, (_, finding)) in ids(&findings).iter().zip(findings.all()) {
        let row = table.iter().find(|r| &r["id"] == id).unwrap();
        match &finding.result {
            Some(Value::Quantity(m)) => {
                assert_eq!(
                    row["value"].parse::<f64>().unwrap().to_bits(),
                    m.value.to_bits()
                );
                assert_eq!(row["U"].parse().ok(), m.u_expanded);
                assert_eq!(row["unit"], m.unit.to_string());
            }
            Some(Value::Proportion(p)) => {
                assert_eq!(
                    (&row["successes"], &row["n"]),
                    (&p.k.to_string(), &p.n.to_string())
                );
                assert_eq!(
                    row["low"].parse::<f64>().unwrap().to_bits(),
                    p.interval[0].to_bits()
                );
            }
            _ => {}
        }
    }
}

#[test]
fn a_report_of_a_thousand_findings_is_complete() {
    let (facts, mut findings) = (facts(), findings());
    let one = findings.cases[0].findings[0].clone();
    findings.cases[0].findings = (0..1000)
        .map(|i| Finding {
            measure: format!("m{i}"),
            subject: None,
            figures: if i % 100 == 0 {
                one.figures.clone()
            } else {
                vec![]
            },
            ..one.clone()
        })
        .collect();
    let ids = ids(&findings);
    assert!(ids.len() >= 1000);
    let document = document(&facts, &findings, &extra());
    let page = html(&document, Lang::Zh).unwrap();
    assert_eq!(page.matches("<tr data-finding=").count(), ids.len());
    assert_eq!(
        page.matches("<div class=\"finding\" id=").count(),
        ids.len()
    );
    assert!(test_cases(&junit(&document)).len() >= ids.len());
    assert!(table(&csv(&document)).len() >= ids.len());
    assert!(page.trim_end().ends_with("</html>") && page.contains("报告结束"));
}

#[test]
fn report_json_is_as_its_published_schema_says() {
    let schema = schema();
    let (facts, findings) = (facts(), findings());
    let mut told: Json =
        serde_json::from_str(&json(&document(&facts, &findings, &extra()))).unwrap();
    fits(&told, &schema, &schema, "").unwrap();
    told["cases"][0]["verdict"] = "excellent".into();
    assert!(fits(&told, &schema, &schema, "").is_err());
    told["cases"][0]["verdict"] = "pass".into();
    told.as_object_mut().unwrap().remove("simulated");
    assert!(fits(&told, &schema, &schema, "").is_err());
}

/// The part of JSON Schema that ours uses. `Err` says where a value does not fit.
fn fits(value: &Json, schema: &Json, root: &Json, at: &str) -> Result<(), String> {
    let Some(rules) = schema.as_object() else {
        return Ok(());
    };
    let choices = |key: &str| rules.get(key).and_then(Json::as_array);
    let wrong = |why: &str| Err(format!("{at}: {why}: {value}"));
    if let Some(name) = rules.get("$ref").and_then(Json::as_str) {
        fits(
            value,
            root.pointer(name.trim_start_matches('#'))
                .ok_or("no such part")?,
            root,
            at,
        )?;
    }
    let is = |kind: &str| match kind {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_u64() || value.is_i64(),
        "number" => value.is_number(),
        "string" => value.is_string(),
        "array" => value.is_array(),
        _ => value.is_object(),
    };
    match rules.get("type") {
        Some(Json::String(kind)) if !is(kind) => return wrong("wrong type"),
        Some(Json::Array(kinds)) if !kinds.iter().filter_map(Json::as_str).any(is) => {
            return wrong("wrong type");
        }
        _ => {}
    }
    if choices("enum").is_some_and(|e| !e.contains(value))
        || rules.get("const").is_some_and(|c| c != value)
    {
        return wrong("no such value");
    }
    for key in ["anyOf", "oneOf"] {
        if choices(key).is_some_and(|c| !c.iter().any(|s| fits(value, s, root, at).is_ok())) {
            return wrong("fits none");
        }
    }
    for part in choices("allOf").into_iter().flatten() {
        fits(value, part, root, at)?;
    }
    for key in choices("required")
        .into_iter()
        .flatten()
        .filter_map(Json::as_str)
    {
        if value.get(key).is_none() {
            return wrong(&format!("lacks {key}"));
        }
    }
    for (key, rule) in rules
        .get("properties")
        .and_then(Json::as_object)
        .into_iter()
        .flatten()
    {
        if let Some(inner) = value.get(key) {
            fits(inner, rule, root, &format!("{at}/{key}"))?;
        }
    }
    for (i, inner) in value.as_array().into_iter().flatten().enumerate() {
        if let Some(rule) = rules.get("items") {
            fits(inner, rule, root, &format!("{at}/{i}"))?;
        }
    }
    Ok(())
}

#[test]
fn a_statement_never_says_passed_of_what_is_no_pass() {
    let (facts, findings) = (facts(), findings());
    let document = document(&facts, &findings, &extra());
    let statement = statement(&document, &extra().files, (0, ""));
    let predicate = &statement["predicate"];
    let list = |key: &str| -> Vec<&str> {
        predicate[key]
            .as_array()
            .unwrap()
            .iter()
            .filter_map(Json::as_str)
            .collect()
    };
    let told: BTreeMap<&str, &str> = predicate["certbench"]["verdicts"]
        .as_array()
        .unwrap()
        .iter()
        .map(|v| (v["id"].as_str().unwrap(), v["verdict"].as_str().unwrap()))
        .collect();
    for id in ids(&findings) {
        let expected = match told[id.as_str()] {
            "pass" => "passedTests",
            "conditional-pass" => "warnedTests",
            "reported" => "none",
            _ => "failedTests",
        };
        for key in ["passedTests", "warnedTests", "failedTests"] {
            assert_eq!(
                list(key).contains(&id.as_str()),
                key == expected,
                "{id} in {key}"
            );
        }
    }
    assert_eq!(predicate["result"], "FAILED");
    assert_eq!(
        statement["subject"][0]["digest"]["sha256"],
        extra().files[0].sha256
    );
    for (verdict, result) in [
        (Verdict::Pass, "PASSED"),
        (Verdict::ConditionalPass, "WARNED"),
        (Verdict::NotTested, "FAILED"),
        (Verdict::ConditionalFail, "FAILED"),
    ] {
        let findings = Findings {
            verdict,
            ..findings.clone()
        };
        let document = certbench_reports::document(&facts, &findings, &extra());
        let statement = certbench_reports::statement(&document, &[], (0, ""));
        assert_eq!(statement["predicate"]["result"], result);
    }
}

#[test]
fn side_by_side_a_page_says_all_that_both_languages_say() {
    let (facts, mut findings) = (facts(), findings());
    findings.cases[0].findings[0].title = Text::new(HOSTILE, "<b>标题</b>");
    let document = document(&facts, &findings, &extra());
    let page = html_both(&document).unwrap();
    for id in ids(&findings) {
        let row = format!("<tr data-finding=\"{}\">", id.replace('/', "&#x2f;"));
        assert_eq!(page.matches(&row).count(), 1, "{id}");
    }
    assert!(!page.contains("<script") && !page.contains("<b>标题"));
    assert!(
        page.contains("&lt;b&gt;标题&lt;/b&gt;") && page.contains("#panic() $x$ &lt;script&gt;")
    );
    assert!(page.contains("<title>Test report 测试报告 "));
    for (_, finding) in findings.all() {
        for text in [&finding.formula, &finding.estimand] {
            let plain = |t: &str| {
                t.replace('&', "&amp;")
                    .replace('<', "&lt;")
                    .replace('>', "&gt;")
                    .replace('\'', "&#x27;")
            };
            assert!(
                page.contains(&plain(&text.en)) && page.contains(&plain(&text.zh)),
                "{text:?}"
            );
        }
    }
}
