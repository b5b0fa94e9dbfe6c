//! Sampling plans of trials on the simulated clock: the run ends when the plan decides, and the judge
//! decides the same from the record.

use certbench_model::finding::{Finding, Value};
use certbench_model::{EventBody, RunEnd, Verdict};
use certbench_tests::simulated::{Papers, Played, shipped};

fn decision<'a>(played: &'a Played, case: &str) -> (&'a Finding, bool, &'a str) {
    let case = played.findings.cases.iter().find(|c| c.case == case);
    let finding = &case.expect("a case").findings[0];
    match &finding.result {
        Some(Value::Attribute { yes, evidence }) => (finding, *yes, &evidence.en),
        other => panic!("{other:?} {:?}", finding.reasons),
    }
}

/// Passes of the repeats, and how each ended.
fn endings(played: &Played) -> Vec<(u32, &str)> {
    let ended = played.events().filter_map(|body| match body {
        EventBody::RepeatEnded { passes, ending, .. } => {
            Some((*passes, ending.as_deref().unwrap_or("")))
        }
        _ => None,
    });
    ended.collect()
}

fn papers(friction: &str) -> Papers {
    Papers::shipped("grasp-demonstration", "hand")
        .bench_with("friction: 0.45", &format!("friction: {friction}"))
}

#[test]
fn a_hand_that_holds_is_accepted_as_soon_as_the_plans_say_so() {
    let played = papers("0.45").play();
    assert_eq!(played.end, RunEnd::Completed, "{:?}", played.faults());
    let (finding, yes, words) = decision(&played, "sequential");
    assert!(yes, "{words}");
    // ln(0.1 / 0.95) / ln(0.70 / 0.95) = 7.4: eight successes in a row.
    assert!(
        words.starts_with("accepted after trial 8: 8 successes, 0 failures"),
        "{words}"
    );
    assert_eq!(finding.verdict, Verdict::Pass, "{:?}", finding.reasons);
    let (finding, yes, words) = decision(&played, "demonstration");
    assert!(
        yes && words.starts_with("accepted after trial 22: 22 successes"),
        "{words}"
    );
    let shown = finding.more.iter().find(|m| m.symbol == "R_C").unwrap();
    assert!((shown.value.value - 0.1f64.powf(1.0 / 22.0)).abs() < 1e-9);
    let endings = endings(&played);
    assert_eq!(endings.iter().map(|e| e.0).collect::<Vec<_>>(), [8, 22]);
    assert!(endings[1].1.contains("hold.successes >= 22"), "{endings:?}");
    assert_eq!(played.findings.verdict, Verdict::Pass);
}

#[test]
fn a_hand_that_lets_go_is_rejected_without_testing_on() {
    let played = papers("0.02").play();
    assert_eq!(played.end, RunEnd::Completed, "{:?}", played.faults());
    // ln(0.9 / 0.05) / ln(0.30 / 0.05) = 1.6: two failures; of the demonstration one.
    let passes: Vec<u32> = endings(&played).iter().map(|e| e.0).collect();
    assert_eq!(passes, [2, 1]);
    assert!(!decision(&played, "sequential").1 && !decision(&played, "demonstration").1);
    assert_eq!(played.findings.verdict, Verdict::Fail);
}

#[test]
fn a_person_who_decides_the_trials_ends_the_repeat_too() {
    let suite = include_str!("../suites/told.suite.yaml");
    let bench = shipped("benches/sim-hand.bench.yaml");
    let told = |choice: &str| {
        let answer = certbench_roles::Answer::Choice(choice.into());
        Papers::new(suite, &bench).play_answered(&[("seen", answer)])
    };
    let held = told("held");
    assert_eq!(endings(&held).iter().map(|e| e.0).collect::<Vec<_>>(), [5]);
    assert_eq!(held.findings.verdict, Verdict::Pass);
    let lost = told("lost");
    assert_eq!(endings(&lost).iter().map(|e| e.0).collect::<Vec<_>>(), [2]);
    assert_eq!(lost.findings.verdict, Verdict::Fail);
}

fn exposed(answer: &str) -> Played {
    let papers = Papers::shipped("function-under-stress", "hand");
    let answer = certbench_roles::Answer::Choice(answer.into());
    papers.play_answered(&[("state", answer)])
}

#[test]
fn a_grip_keeps_its_force_in_the_field_or_needs_somebody() {
    let alone = exposed("by-itself");
    assert_eq!(alone.end, RunEnd::Completed, "{:?}", alone.faults());
    let (finding, yes, words) = decision(&alone, "grip");
    assert!(yes, "{words}");
    assert_eq!(words, "criterion A was reached; B is claimed");
    assert_eq!(finding.verdict, Verdict::Pass, "{:?}", finding.reasons);
    // Whoever had to help took the claim away.
    let helped = exposed("restored");
    let (finding, yes, words) = decision(&helped, "grip");
    assert!(!yes, "{words}");
    assert_eq!(words, "criterion C was reached; B is claimed");
    assert_eq!(finding.verdict, Verdict::Fail);
}

#[test]
fn an_arm_holds_the_corners_of_its_diagram_and_its_brakes_hold_the_load() {
    let papers = Papers::shipped("payload-corners", "arm").table("load-corners");
    all_pass(&papers, 3 + 3 + 2);
}

#[test]
fn a_finger_feels_what_the_load_cell_feels_and_closes_with_the_others() {
    let papers = Papers::shipped("hand-finger", "hand").table("finger-forces");
    all_pass(&papers, 3 + 4 + 1);
}

/// A run to its end, with so many results, all of them passed.
fn all_pass(papers: &Papers, results: usize) {
    let played = papers.play();
    assert_eq!(played.end, RunEnd::Completed, "{:?}", played.faults());
    let all = played.findings.cases.iter().flat_map(|c| &c.findings);
    let said: Vec<_> = all
        .map(|f| (f.measure.as_str(), f.verdict, &f.result, &f.reasons))
        .collect();
    assert_eq!(said.len(), results);
    assert!(said.iter().all(|s| s.1 == Verdict::Pass), "{said:#?}");
}
