//! What a report lacks keeps it from being issued, and a draft is never mistaken for a report.

mod common;

use certbench_model::finding::Value;
use certbench_model::text::Lang;
use certbench_model::*;
use certbench_reports::{Amended, Extra, LaboratoryOpinion, Missing, document, html, json, lint};
use common::*;

const BOTH: [Lang; 2] = [Lang::En, Lang::Zh];

fn issued() -> Extra {
    Extra {
        issue: Some(issue()),
        laboratory: laboratory(),
        ..extra()
    }
}

/// The example, put in order: a certificate in force, every version known, no value without U.
fn in_order() -> (Facts, Findings) {
    let (mut facts, mut findings) = (facts(), findings());
    for channel in &mut facts.plan.channels {
        if let Some(calibration) = &mut channel.calibration {
            calibration.due = "2027-06-01".parse().unwrap();
        }
    }
    for item in &mut facts.plan.job.as_mut().unwrap().items {
        item.identity.firmware = Some("3.1".to_string());
    }
    for case in &mut findings.cases {
        case.findings
            .retain(|f| !matches!(&f.result, Some(Value::Quantity(m)) if m.u_expanded.is_none()));
    }
    (facts, findings)
}

fn missing(facts: &Facts, findings: &Findings, extra: &Extra) -> Vec<Missing> {
    lint(&document(facts, findings, extra))
}

/// Rule and object of everything that is missing.
fn told(list: &[Missing]) -> Vec<String> {
    list.iter()
        .map(|m| format!("{} {}", m.rule, m.about))
        .collect()
}

#[test]
fn a_report_in_order_lacks_nothing() {
    let (facts, findings) = in_order();
    assert_eq!(missing(&facts, &findings, &issued()), []);
}

#[test]
fn a_draft_lacks_its_number_its_date_and_its_authorisation() {
    let (facts, findings) = in_order();
    let draft = Extra {
        issue: None,
        ..issued()
    };
    let lacks = missing(&facts, &findings, &draft);
    assert_eq!(
        told(&lacks),
        ["R1 7.8.2.1 d", "R1 7.8.2.1 j", "R1 7.8.2.1 o"]
    );
}

#[test]
fn what_the_job_does_not_say_is_missing_and_says_where_it_belongs() {
    let (mut facts, findings) = in_order();
    facts.plan.job = None;
    let lacks = missing(&facts, &findings, &issued());
    let told = told(&lacks);
    for clause in ["R1 7.8.2.1 e", "R1 7.8.2.1 g", "R1 7.8.2.1 h"] {
        assert!(told.contains(&clause.to_string()), "{told:?}");
    }
    let customer = lacks.iter().find(|m| m.about == "7.8.2.1 e").unwrap();
    assert_eq!(
        (customer.file.as_str(), customer.key.as_str()),
        ("job", "customer: { name, contact }")
    );
    assert!(customer.what.en.contains("customer") && customer.what.zh.contains("客户"));
}

#[test]
fn a_recorded_reason_takes_the_place_of_what_is_left_out() {
    let (mut facts, findings) = in_order();
    facts.plan.bench.environment.clear();
    assert_eq!(
        told(&missing(&facts, &findings, &issued())),
        ["R1 7.8.3.1 a"]
    );
    let reason = Text::new("not relevant to a stop time", "与停止时间无关");
    let mut extra = issued();
    extra
        .laboratory
        .left_out
        .insert("7.8.3.1 a".to_string(), reason);
    assert_eq!(missing(&facts, &findings, &extra), []);
    let page = html(&document(&facts, &findings, &extra), Lang::Zh).unwrap();
    assert!(page.contains("与停止时间无关"));
}

#[test]
fn a_certificate_out_of_date_behind_a_result_blocks() {
    let (mut facts, findings) = in_order();
    let channel = facts
        .plan
        .channels
        .iter_mut()
        .find(|c| c.id == "pull_force")
        .unwrap();
    channel.calibration.as_mut().unwrap().due = "2026-11-21".parse().unwrap();
    assert_eq!(
        told(&missing(&facts, &findings, &issued())),
        ["R2 pull_force"]
    );
}

#[test]
fn a_value_against_a_limit_without_uncertainty_blocks() {
    let (facts, mut findings) = in_order();
    let of_slip = &mut findings.cases[0].findings;
    let found = of_slip
        .iter_mut()
        .find(|f| matches!(f.result, Some(Value::Quantity(_))) && f.accept.is_some());
    let Some(Value::Quantity(measured)) = found.and_then(|f| f.result.as_mut()) else {
        panic!("the example has a quantity with a limit");
    };
    measured.u_expanded = None;
    let lacks = missing(&facts, &findings, &issued());
    assert_eq!(lacks.len(), 1, "{lacks:?}");
    assert_eq!(lacks[0].rule, "R4");
}

#[test]
fn a_verdict_without_its_rule_blocks() {
    let (facts, mut findings) = in_order();
    let judged = findings.cases[0]
        .findings
        .iter_mut()
        .find(|f| f.accept.is_some() && f.decision.is_some());
    judged.unwrap().decision = None;
    assert_eq!(missing(&facts, &findings, &issued())[0].rule, "R3");
}

#[test]
fn a_standard_without_its_edition_blocks() {
    let (mut facts, findings) = in_order();
    facts.plan.suite.basis[0].edition = "latest".to_string();
    assert_eq!(
        told(&missing(&facts, &findings, &issued())),
        ["R6 GB/T 38834.3"]
    );
}

#[test]
fn an_instrument_of_unknown_firmware_blocks() {
    let (facts, findings) = in_order();
    let mut extra = issued();
    extra.laboratory.instruments.clear();
    let mut facts = facts;
    for line in &mut facts.events {
        if let EventBody::Identified {
            device, identity, ..
        } = &mut line.event.body
            && device == "gauge"
        {
            identity.firmware = None;
        }
    }
    let lacks = missing(&facts, &findings, &extra);
    let gauge = lacks.iter().find(|m| m.about == "gauge").unwrap();
    assert_eq!(
        (gauge.rule.as_str(), gauge.key.as_str()),
        ("R7", "instruments.gauge.firmware")
    );
}

#[test]
fn only_persons_who_may_give_opinions() {
    let (facts, findings) = in_order();
    let mut extra = issued();
    let by = |by: &str| LaboratoryOpinion {
        text: Text::new("the grip is worn", "夹持面已磨损"),
        basis: Text::new("falling force", "力值下降"),
        by: by.to_string(),
    };
    extra.laboratory.opinions = vec![by("C. Head")];
    assert_eq!(missing(&facts, &findings, &extra), []);
    extra.laboratory.opinions.push(by("a visitor"));
    assert_eq!(told(&missing(&facts, &findings, &extra)), ["R1 7.8.3.1 d"]);
}

#[test]
fn an_issued_report_carries_number_names_and_marks_and_is_no_draft() {
    let (facts, findings) = in_order();
    for lang in BOTH {
        let page = html(&document(&facts, &findings, &issued()), lang).unwrap();
        assert!(!page.contains("DRAFT") && !page.contains("草稿"));
        assert!(page.contains("@top-left { content: \"RTL-2026-0117\"; }"));
        for said in [
            "RTL-2026-0117",
            "A. Tester",
            "B. Reviewer",
            "C. Head",
            "CNAS",
            "L1234",
        ] {
            assert!(page.contains(said), "{said}");
        }
        let draft = html(&document(&facts, &findings, &extra()), lang).unwrap();
        assert!(
            draft.contains("<div class=\"watermark draft\" aria-hidden=\"true\">DRAFT 草稿</div>")
        );
        assert!(draft.contains("@top-center { content: \"DRAFT 草稿"));
    }
}

#[test]
fn a_simulated_run_stays_marked_when_it_is_issued() {
    let (facts, findings) = in_order();
    for lang in BOTH {
        let page = html(&document(&facts, &findings, &issued()), lang).unwrap();
        assert!(page.contains("@top-center { content: \"SIMULATED 仿真\"; }"));
    }
}

#[test]
fn an_amendment_names_the_report_that_it_replaces_and_every_change() {
    let (facts, findings) = in_order();
    let old = document(&facts, &findings, &issued());
    let mut facts = facts;
    facts.plan.job.as_mut().unwrap().customer.contact = Some("new@example.org".to_string());
    let mut extra = issued();
    let issue = extra.issue.as_mut().unwrap();
    issue.number = "RTL-2026-0118".to_string();
    issue.amends = Some(Amended {
        reason: "the customer's address was wrong".to_string(),
        statement_sha256: "ab".repeat(32),
        report: serde_json::from_str(&json(&old)).unwrap(),
    });
    let new = document(&facts, &findings, &extra);
    assert_eq!(lint(&new), []);
    let told: serde_json::Value = serde_json::from_str(&json(&new)).unwrap();
    let changes = told["amends"]["changes"].as_array().unwrap();
    assert_eq!(changes.len(), 1, "{changes:#?}");
    assert_eq!(changes[0]["what"], "order.customer.contact");
    assert_eq!(changes[0]["old"]["en"], "lab@example.org");
    assert_eq!(changes[0]["new"]["en"], "new@example.org");
    for lang in BOTH {
        let page = html(&new, lang).unwrap();
        assert!(
            page.contains("RTL-2026-0117")
                && page.contains("the customer&#x27;s address was wrong")
        );
    }
    extra
        .issue
        .as_mut()
        .unwrap()
        .amends
        .as_mut()
        .unwrap()
        .reason
        .clear();
    assert_eq!(told_rules(&missing(&facts, &findings, &extra)), ["R5"]);
}

fn told_rules(list: &[Missing]) -> Vec<&str> {
    list.iter().map(|m| m.rule.as_str()).collect()
}

#[test]
fn a_correction_stands_beside_what_it_corrects() {
    let (facts, before) = in_order();
    let mut after = before.clone();
    after.cases[0].findings[0].verdict = Verdict::Fail;
    let mut extra = issued();
    extra.corrections = vec![Correction {
        utc: "2026-11-22T09:00:00Z".to_string(),
        by: "A. Tester".to_string(),
        why: "typed the wrong mass".to_string(),
        place: Place::Line(17),
        old: "5 kg".to_string(),
        new: "3 kg".to_string(),
    }];
    extra.uncorrected = Some(before);
    let document = document(&facts, &after, &extra);
    assert_eq!(lint(&document), []);
    for lang in BOTH {
        let page = html(&document, lang).unwrap();
        for said in [
            "run.jsonl line 17",
            "5 kg",
            "3 kg",
            "typed the wrong mass",
            "id=\"corrections\"",
        ] {
            assert!(page.contains(said), "{said}");
        }
    }
    extra.corrections[0].why.clear();
    assert_eq!(told_rules(&missing(&facts, &after, &extra)), ["R5"]);
}

#[test]
fn arming_again_is_told_in_one_line_with_its_differences() {
    let (mut facts, findings) = in_order();
    let armed = facts
        .events
        .iter()
        .find(|l| matches!(l.event.body, EventBody::Armed { .. }))
        .unwrap()
        .clone();
    let mut again = armed.clone();
    let mut other = armed.clone();
    if let EventBody::Armed { shown, .. } = &mut other.event.body {
        shown[0] = Text::new("hand: with a load of 9 kg", "手：负载 9 kg");
    }
    again.seq = 101;
    other.seq = 102;
    facts.events.extend([again, other]);
    let told: serde_json::Value =
        serde_json::from_str(&json(&document(&facts, &findings, &issued()))).unwrap();
    let lines: Vec<_> = told["occurrences"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|o| o["kind"] == "armed")
        .collect();
    assert_eq!(
        lines.len(),
        3,
        "one for the first text, one for each arming after it"
    );
    assert_eq!(
        lines[1]["text"]["en"],
        format!("armed again, as in line {}", armed.seq)
    );
    let difference = lines[2]["text"]["en"].as_str().unwrap();
    assert!(
        difference.contains("9 kg") && difference.contains("no longer: hand: six fingers"),
        "{difference}"
    );
}

#[test]
fn every_link_of_a_page_leads_somewhere() {
    let (facts, findings) = in_order();
    for lang in BOTH {
        let page = html(&document(&facts, &findings, &issued()), lang).unwrap();
        let targets: Vec<&str> = page
            .split("href=\"#")
            .skip(1)
            .filter_map(|p| p.split('"').next())
            .collect();
        assert!(targets.len() > 3 * findings.all().count());
        for target in targets {
            assert_eq!(
                page.matches(&format!("id=\"{target}\"")).count(),
                1,
                "{target}"
            );
        }
    }
}

#[test]
fn rows_of_a_measure_stand_beside_each_other_and_budgets_have_bars() {
    let (facts, findings) = in_order();
    let told: serde_json::Value =
        serde_json::from_str(&json(&document(&facts, &findings, &issued()))).unwrap();
    let figure = &told["cases"][0]["figures"][0];
    assert_eq!(figure["kind"], "intervals");
    let rows = findings.cases[0]
        .findings
        .iter()
        .filter(|f| f.measure == "peak" && f.result.is_some())
        .count();
    assert_eq!(
        figure["series"][0]["points"].as_array().unwrap().len(),
        rows
    );
    let page = html(&document(&facts, &findings, &issued()), Lang::Zh).unwrap();
    assert!(page.contains("不确定度的各分量"));
}

/// One thing after the other taken away from a report in order: each blocks, and only it, and says in
/// which file and under which key it belongs.
#[test]
fn whatever_is_taken_away_blocks_and_says_where_it_belongs() {
    type Taken = fn(&mut Facts, &mut Findings, &mut Extra);
    fn opened(facts: &mut Facts, to: &str) {
        for line in &mut facts.events {
            if let EventBody::Opened { certbench, .. } = &mut line.event.body {
                *certbench = to.to_string();
            }
        }
    }
    let taken: [(Taken, &str, &str, &str); 13] = [
        (
            |f, _, _| f.plan.suite.title = Text::same(" "),
            "R1 7.8.2.1 a",
            "suite",
            "title",
        ),
        (
            |f, _, _| f.plan.bench.laboratory.address = None,
            "R1 7.8.2.1 b",
            "bench",
            "laboratory: { name, address }",
        ),
        (
            |f, _, _| f.plan.bench.location = None,
            "R1 7.8.2.1 c",
            "bench",
            "location",
        ),
        (
            |f, _, _| f.plan.job.as_mut().unwrap().customer.name.clear(),
            "R1 7.8.2.1 e",
            "job",
            "customer: { name, contact }",
        ),
        (
            |f, _, _| f.plan.suite.version.clear(),
            "R1 7.8.2.1 f",
            "suite",
            "version",
        ),
        (
            |f, _, _| drop(f.plan.cases.remove(0)),
            "R1 7.8.2.1 k",
            "suite",
            "cases",
        ),
        (
            |_, all, _| all.cases.iter_mut().for_each(|c| c.findings.clear()),
            "R1 7.8.2.1 m",
            "suite",
            "cases",
        ),
        (
            |_, _, e| e.issue.as_mut().unwrap().approved.clear(),
            "R1 7.8.2.1 o",
            "command line",
            "certbench issue --by",
        ),
        (
            |_, _, e| e.issue.as_mut().unwrap().number.clear(),
            "R1 7.8.2.1 d",
            "command line",
            "certbench issue --by",
        ),
        (
            |f, _, _| f.plan.bench.environment.clear(),
            "R1 7.8.3.1 a",
            "bench",
            "environment",
        ),
        (
            |f, _, _| f.plan.suite.basis[0].edition.clear(),
            "R6 GB/T 38834.3",
            "suite",
            "basis: { edition }",
        ),
        (
            |f, _, _| opened(f, ""),
            "R7 certbench",
            "run.jsonl",
            "opened",
        ),
        (
            |f, _, _| {
                f.plan
                    .channels
                    .iter_mut()
                    .filter(|c| c.id == "pull_force")
                    .for_each(|c| {
                        c.calibration.as_mut().unwrap().due = "2026-11-21".parse().unwrap();
                    })
            },
            "R2 pull_force",
            "bench",
            "devices.gauge.calibration.force",
        ),
    ];
    for (take, what, file, key) in taken {
        let (mut facts, mut findings) = in_order();
        let mut extra = issued();
        take(&mut facts, &mut findings, &mut extra);
        let lacks = missing(&facts, &findings, &extra);
        assert_eq!(told(&lacks), [what]);
        assert_eq!(
            (lacks[0].file.as_str(), lacks[0].key.as_str()),
            (file, key),
            "{what}"
        );
        let words = &lacks[0].what;
        assert!(
            !words.en.is_empty() && !words.zh.is_ascii(),
            "{what}: {words:?}"
        );
    }
}
