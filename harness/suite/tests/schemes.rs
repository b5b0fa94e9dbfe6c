//! Scheme files: the shipped ones mean what they say, and every way to be wrong is told with its place.

use certbench_model::Scheme;
use certbench_suite::{Diagnostic, Sources, check_scheme};

const GOOD: &str = r#"certbench: 1
scheme: hand-grades
version: 1.2.0
status: draft
title: { en: Grades, zh: 分级 }
type: "3"
sample: { items: 3, chosen: { en: by the body, zh: 由机构 } }
surveillance: { every_months: 12, what: { en: one hand again, zh: 再测一只手 } }
levels:
  - id: G1
    title: { en: Low, zh: 低 }
    requires:
      - suite: grasp-success
        from: 1.0.0
        below: 2.0.0
        results:
          - { result: power-grasp/success-rate, at_least: 70 % }
"#;

fn read(text: &str) -> (Option<Scheme>, Vec<Diagnostic>) {
    let mut sources = Sources::memory([("s.scheme.yaml", text)]);
    check_scheme(&mut sources, "s.scheme.yaml")
}

#[test]
fn a_scheme_means_what_it_says() {
    let (scheme, complaints) = read(GOOD);
    assert!(complaints.is_empty(), "{complaints:?}");
    let scheme = scheme.unwrap();
    assert_eq!((scheme.kind.as_str(), scheme.sample.items), ("3", 3));
    assert!(
        !scheme.conditional_pass_counts && !scheme.simulated_counts,
        "unless it says so"
    );
    let requirement = &scheme.levels[0].requires[0];
    assert_eq!(requirement.named(), "grasp-success 1.0.0 … < 2.0.0");
    assert_eq!(
        requirement.results[0].at_least,
        Some("70 %".parse().unwrap())
    );
    let says = GOOD.replace("levels:", "conditional_pass: met\nlevels:");
    assert!(read(&says).0.unwrap().conditional_pass_counts);
}

#[test]
fn every_way_to_be_wrong_is_told_with_its_place() {
    let wrong = [
        ("type: \"3\"", "type: 7", "unknown-type", 6),
        ("type: \"3\"", "type: 1a", "needless-surveillance", 8),
        ("version: 1.2.0", "version: two", "not-a-version", 3),
        ("below: 2.0.0", "below: 0.9.0", "out-of-range", 15),
        ("items: 3", "items: 0", "out-of-range", 7),
        ("items: 3", "items: some", "not-a-count", 7),
        ("power-grasp/success-rate", "success-rate", "bad-name", 17),
        ("70 %", "70 prozent", "unknown-unit", 17),
        (
            "at_least: 70 %",
            "at_least: 70 %, at_most: 60 %",
            "limits-swapped",
            17,
        ),
        (
            "at_least: 70 %",
            "at_least: 70 %, at_most: 60 mm",
            "wrong-dimension",
            17,
        ),
        ("at_least:", "atleast:", "unknown-key", 17),
        ("status: draft", "status: final", "unknown-word", 4),
        ("zh: 分级", "zh: \"\"", "empty-value", 5),
        ("    title: { en: Low, zh: 低 }\n", "", "missing-key", 10),
    ];
    for (from, to, code, line) in wrong {
        assert!(GOOD.contains(from), "{from}");
        let (scheme, complaints) = read(&GOOD.replacen(from, to, 1));
        assert!(scheme.is_none(), "{to}");
        let told = complaints.iter().find(|c| c.code == code);
        let told = told.unwrap_or_else(|| panic!("{to}: {complaints:?}"));
        assert_eq!(told.labels[0].line, line, "{to}: {told:?}");
    }
    // Types with surveillance must say theirs.
    let without: String = GOOD
        .lines()
        .filter(|l| !l.starts_with("surv"))
        .collect::<Vec<_>>()
        .join("\n");
    let (_, complaints) = read(&without);
    assert_eq!(complaints[0].code, "missing-key", "{complaints:?}");
    // A level twice.
    let level = &GOOD[GOOD.find("  - id: G1").unwrap()..];
    let (_, complaints) = read(&format!("{GOOD}{level}"));
    assert_eq!(complaints[0].code, "duplicate-id", "{complaints:?}");
}
