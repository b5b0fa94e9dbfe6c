//! What the judge publishes, a suite can name: one page with the metrics stays free of complaints.

use certbench_model::Vocabulary;
use certbench_suite::{Sources, check_suite, render};

#[test]
fn the_metrics_of_the_judge_can_be_named_in_a_suite() {
    let vocabulary = Vocabulary {
        metrics: certbench_judge::vocabulary(),
        drivers: certbench_devices::catalogue(),
    };
    let path = format!(
        "{}/suites/every-metric.suite.yaml",
        env!("CARGO_MANIFEST_DIR")
    );
    let mut sources = Sources::disk();
    let (suite, complaints) = check_suite(&mut sources, &path, &vocabulary);
    let said = render(&complaints, &sources, false);
    assert!(complaints.is_empty() && suite.is_some(), "\n{said}");
    let text = std::fs::read_to_string(&path).expect("the suite");
    let named = vocabulary.metrics.iter().filter(|m| {
        let id = &m.id;
        text.contains(&format!("metric: {id}\n")) || text.contains(&format!("metric: {id},"))
    });
    // Those over a table (poses, regions, targets), of joints, of sensors and of entered numbers stand in
    // the shipped suites and in the tests' own.
    assert!(named.count() >= 55);
}

/// The codes of the complaints about the page with one change.
fn complaints(from: &str, to: &str) -> Vec<String> {
    let vocabulary = Vocabulary {
        metrics: certbench_judge::vocabulary(),
        drivers: certbench_devices::catalogue(),
    };
    let text = include_str!("../suites/every-metric.suite.yaml");
    assert!(text.contains(from), "{from}");
    let text = text.replacen(from, to, 1);
    let mut sources = Sources::memory([("page.suite.yaml", text.as_str())]);
    let (_, complaints) = check_suite(&mut sources, "page.suite.yaml", &vocabulary);
    complaints.iter().map(|c| c.code.clone()).collect()
}

#[test]
fn a_plan_that_decides_nothing_or_not_here_is_refused() {
    let plan = "plan: { good: 95 %, bad: 70 %, alpha: 5 %, beta: 10 %, trials: 60 }";
    let with = |to: &str| complaints(plan, to);
    assert_eq!(
        complaints("decided: go ", "decided: gone "),
        ["unknown-trial"]
    );
    assert_eq!(with("plan: { trials: 60, failures: 2 }"), [""; 0]);
    assert_eq!(with("plan: { trials: 50, failures: 2 }"), ["plan-mismatch"]);
    assert_eq!(with("plan: { trials: 60, failures: 60 }"), ["out-of-range"]);
    assert_eq!(with("plan: { trials: 60 }"), ["one-of"]);
    assert_eq!(with(&plan.replace("70 %", "96 %")), ["out-of-range"]);
    let without = with("invalid_if: [cold]\n                invalid_at_most: 1");
    assert_eq!(without, ["unknown-trial", "no-plan"]);
    // A height in newtons.
    assert_eq!(
        complaints("least: 70 cm", "least: 70 N"),
        ["wrong-dimension"]
    );
}

#[test]
fn an_inspection_of_a_prompt_that_is_not_there_or_asks_for_nothing_is_refused() {
    let misspelt = complaints("statement: label,", "statement: lable,");
    assert_eq!(misspelt, ["unknown-prompt"]);
    let told = complaints(
        ", presence: outside, ask: attach }",
        ", presence: outside }",
    );
    assert_eq!(told, ["wrong-over", "wrong-over"]);
}
