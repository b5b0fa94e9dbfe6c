//! Check-list items: a person's statement with its evidence.

use crate::record::*;
use certbench_model::step::{Ask, Choice, Presence, Prompt};
use certbench_model::*;

fn ask(id: &str, ask: Ask) -> Step {
    Step::Prompt(Prompt {
        id: id.into(),
        text: Text::same(id),
        ask,
        presence: Presence::Outside,
        changes: Default::default(),
    })
}

fn choice(id: &str) -> Choice {
    Choice {
        id: id.into(),
        text: Text::same(id),
        means: None,
        intervention: false,
    }
}

fn label(expected: Option<&str>) -> Record {
    let mut item = measure("inspection-with-evidence", "", &[], 1);
    item.over = [("statement", "label"), ("evidence", "photo")]
        .map(|(a, b)| (a.to_string(), b.to_string()))
        .into();
    if let Some(expected) = expected {
        let expected = ParamValue::Text(expected.into());
        item.params.insert("expected".into(), expected);
    }
    let choices = vec![choice("legible"), choice("missing")];
    let steps = vec![
        ask("label", Ask::Choose(choices)),
        ask("photo", Ask::Attach),
    ];
    let mut record = Record::with_case(case("label", steps, vec![item]));
    record.start("label");
    record
}

fn answer(record: &mut Record, prompt: &str, words: &str, file: bool) {
    let context = record.context(&[], 0);
    record.event(EventBody::Prompted {
        prompt: prompt.into(),
        text: Text::same(prompt),
        context,
    });
    record.event(EventBody::Answered {
        prompt: prompt.into(),
        answer: words.into(),
        by: "operator".into(),
        file: file.then(|| FileDigest {
            path: "attachments/label.jpg".into(),
            bytes: 1_000,
            sha256: "ab".repeat(32),
        }),
    });
}

fn inspected(expected: Option<&str>, words: &str, file: bool) -> Findings {
    let mut record = label(expected);
    answer(&mut record, "label", words, false);
    answer(&mut record, "photo", "label.jpg", file);
    record.finish(CaseEnd::Completed);
    record.judge()
}

#[test]
fn a_statement_as_expected_with_its_photo_passes() {
    let findings = inspected(Some("legible"), "legible", true);
    assert_eq!(findings.verdict, Verdict::Pass);
    let finding = only(&findings);
    assert_eq!(
        finding.result,
        Some(finding::Value::Inspection {
            statement: Text::same("legible"),
            by: "operator".into()
        })
    );
    assert!(finding.evidence[1].what.contains("label.jpg (SHA-256 ab"));
}

#[test]
fn another_statement_fails() {
    let findings = inspected(Some("legible"), "missing", true);
    assert_eq!(findings.verdict, Verdict::Fail);
}

#[test]
fn a_statement_without_its_photo_is_not_tested() {
    let findings = inspected(Some("legible"), "legible", false);
    assert_eq!(findings.verdict, Verdict::NotTested);
    assert!(codes(&only(&findings).reasons).contains(&"no-evidence"));
}

#[test]
fn without_an_expected_answer_the_statement_is_only_reported() {
    let findings = inspected(None, "legible", true);
    assert_eq!(only(&findings).verdict, Verdict::NotTested);
    assert!(codes(&only(&findings).reasons).contains(&"no-limit"));
}

#[test]
fn an_item_that_was_never_answered_is_not_tested() {
    let mut record = label(Some("legible"));
    record.finish(CaseEnd::Unanswered(
        "prompt `label` was not answered".into(),
    ));
    let findings = record.judge();
    assert_eq!(findings.verdict, Verdict::NotTested);
    assert!(only(&findings).result.is_none());
}
