//! Proof 4: twelve bad inputs that let other harnesses pass. Here each is refused at its line, or the item
//! fails, or nothing is said of it; none passes. Where the suite's checks refuse, the plan is spoilt behind
//! their back as well: run and judge do not rely on them.

use certbench_model::measure::Accept;
use certbench_model::{CaseEnd, Quantity, RunEnd, Unit, Verdict};
use certbench_roles::Answer;
use certbench_sim::config::{FaultConfig, FaultKind as Sim};
use certbench_tests::simulated::{Papers, Played, hold, in_a_line, lift, stop};

const LIMIT: &str = "estimate: at_most 0.3 mm";

/// The suite is refused by a complaint of this code whose place is `at` in it.
#[track_caller]
fn refused(papers: &Papers, at: &str, code: &str) {
    let complaints = papers.plan().expect_err("a plan of a bad suite");
    let all: Vec<_> = complaints.iter().map(in_a_line).collect();
    let Some(complaint) = complaints.iter().find(|c| c.code == code) else {
        panic!("no {code} among {all:?}");
    };
    let label = complaint.labels.first().expect("a place");
    let before = &papers.suite()[..papers.suite().find(at).expect("the bad input")];
    let column = 1 + before.rsplit('\n').next().unwrap_or_default().len();
    let (line, column) = (1 + before.matches('\n').count(), column);
    assert_eq!((label.line, label.column), (line, column), "{all:?}");
}

/// With another limit, refused there.
#[track_caller]
fn limit_refused(limit: &str, at: &str, code: &str) {
    refused(&hold().suite_with(LIMIT, limit), at, code);
}

#[track_caller]
fn never_a_pass(played: &Played, verdict: Verdict, code: &str) {
    let case = &played.findings.cases[0];
    assert_eq!(played.findings.verdict, verdict, "{:?}", played.findings);
    assert_eq!(case.verdict, verdict);
    let of_findings = case.findings.iter().flat_map(|f| &f.reasons);
    let codes: Vec<_> = case
        .reasons
        .iter()
        .chain(of_findings)
        .map(|r| r.code.as_str())
        .collect();
    assert!(code.is_empty() || codes.contains(&code), "{codes:?}");
}

fn limits(least: Option<&str>, most: Option<&str>) -> impl FnOnce(&mut Accept) {
    let quantity = |text: &str| text.parse::<Quantity>().unwrap();
    let (least, most) = (least.map(quantity), most.map(quantity));
    move |accept| (accept.at_least, accept.at_most) = (least, most)
}

/// Plays a plan whose limit was changed after the checks.
fn with_limits(change: impl FnOnce(&mut Accept)) -> Played {
    hold().play_changed(|plan| change(plan.cases[0].measures[0].accept.as_mut().unwrap()))
}

#[test]
fn the_same_papers_without_a_bad_input_pass() {
    for papers in [lift(), hold(), stop()] {
        assert_eq!(papers.play().findings.verdict, Verdict::Pass);
    }
}

#[test]
fn a_value_out_of_limits_fails() {
    // brakes that need some 225 ms
    let played = stop().suite_with("at_most 400 ms", "at_most 50 ms").play();
    assert_eq!(played.end, RunEnd::Completed);
    never_a_pass(&played, Verdict::Fail, "");
}

#[test]
fn text_where_a_number_is_due_is_refused_with_its_line() {
    limit_refused("estimate: at_most much", "at_most much", "not-a-number");
    limit_refused("estimate: 999 mm", "999 mm", "unknown-operator");
}

#[test]
fn text_where_the_operator_owes_a_number_is_no_answer() {
    let ask = "ask: { number: { least: 0 mm, most: 5 mm } }, presence: outside";
    let papers = lift().suite_with("presence: inside", ask);
    for text in ["999 mm", "5"] {
        let played = papers.play_answered(&[("place", Answer::Choice(text.into()))]);
        assert!(
            matches!(played.case_end(), CaseEnd::Unanswered(_)),
            "{:?}",
            played.case_end()
        );
        never_a_pass(&played, Verdict::NotTested, "unanswered");
    }
}

#[test]
fn text_where_an_instrument_owes_a_number_is_no_sample() {
    let garbage = FaultConfig {
        at_s: Some(3.0),
        ..FaultConfig::now("tracker", Sim::Garbage)
    };
    never_a_pass(
        &hold().fault(&garbage).play(),
        Verdict::NotTested,
        "fault-instrument",
    );
}

#[test]
fn a_limit_that_is_not_a_number_is_refused_with_its_line() {
    limit_refused("estimate: at_most NaN mm", "at_most NaN mm", "not-a-number");
    limit_refused("estimate: at_most .nan", "at_most .nan", "not-a-number");
    limit_refused("estimate: .nan", ".nan", "unknown-operator");
    limit_refused("estimate: at_most inf mm", "at_most inf mm", "not-a-number");
}

#[test]
fn a_reading_that_is_not_a_number_is_no_sample() {
    // a tracker that prints nan for what it does not see, and nobody has told the bench
    let blind = FaultConfig {
        at_s: Some(3.0),
        ..FaultConfig::now("tracker", Sim::OverRange)
    };
    for word in ["nan", "NaN", "inf", "-1.#IND"] {
        let columns = "    columns: [t, x, y, z, a, b, c]\n";
        let prints = format!("{columns}    no_value: \"{word}\"\n");
        let played = hold().bench_with(columns, &prints).fault(&blind).play();
        never_a_pass(&played, Verdict::NotTested, "fault-instrument");
    }
}

#[test]
fn nothing_where_a_limit_is_due_is_refused_with_its_line() {
    limit_refused("estimate:", "estimate:", "empty-value");
    limit_refused("estimate: ~", "estimate: ~", "empty-value");
}

#[test]
fn a_limit_of_neither_side_is_not_tested() {
    never_a_pass(&with_limits(limits(None, None)), Verdict::NotTested, "");
}

#[test]
fn no_reading_at_all_is_not_tested() {
    // from before the first move until the end
    let silent = FaultConfig {
        at_s: Some(0.1),
        ..FaultConfig::now("gauge", Sim::Silence)
    };
    never_a_pass(&lift().fault(&silent).play(), Verdict::NotTested, "");
}

#[test]
fn a_measure_of_what_is_never_recorded_is_refused_with_its_line() {
    refused(
        &hold().suite_with("over: hold\n", "over: held\n"),
        "held\n",
        "unknown-window",
    );
}

#[test]
fn a_window_that_never_opens_is_not_tested() {
    let played = hold().play_changed(|plan| {
        plan.cases[0].steps.retain(|step| step.word() != "window");
    });
    never_a_pass(&played, Verdict::NotTested, "");
}

#[test]
fn true_as_a_limit_is_refused_with_its_line() {
    limit_refused("estimate: true", "true", "unknown-operator");
    limit_refused("estimate: at_most true", "at_most true", "not-a-number");
}

#[test]
fn a_contact_under_a_numeric_limit_is_refused_with_its_line() {
    let papers = hold()
        .suite_with("channels: tcp\n", "channels: estop_contact\n")
        .suite_with("record: [tcp]", "record: [tcp, estop_contact]");
    refused(&papers, "estop_contact\n        accept", "wrong-shape");
}

#[test]
fn a_contact_under_a_numeric_limit_is_not_tested() {
    let played = hold().play_changed(|plan| {
        let channels = &mut plan.cases[0].measures[0].channels;
        channels
            .values_mut()
            .for_each(|channel| *channel = "estop_contact".into());
    });
    never_a_pass(&played, Verdict::NotTested, "");
}

#[test]
fn a_mistyped_operator_is_refused_with_its_line() {
    limit_refused("estimate: =< 0.3 mm", "=< 0.3 mm", "unknown-operator");
    limit_refused(
        "estimate: at_mots 0.3 mm",
        "at_mots 0.3 mm",
        "unknown-operator",
    );
}

/// There is no regular expression in the language: one that does not compile cannot be believed.
#[test]
fn a_key_that_the_language_lacks_is_refused_with_its_line() {
    limit_refused(
        "estimate: at_most 0.3 mm, matches: \"[unclosed\"",
        "matches",
        "unknown-key",
    );
}

#[test]
fn a_lower_limit_above_the_upper_is_refused_with_its_line() {
    let limits = "[at_least 0.5 mm, at_most 0.3 mm]";
    limit_refused(&format!("estimate: {limits}"), limits, "swapped-limits");
}

#[test]
fn a_lower_limit_above_the_upper_passes_nothing() {
    let swapped = limits(Some("0.5 mm"), Some("0.3 mm"));
    let played = with_limits(swapped);
    assert!(
        played.findings.verdict > Verdict::ConditionalPass,
        "{:?}",
        played.findings.verdict
    );
}

#[test]
fn a_nonsense_unit_is_refused_with_its_line() {
    limit_refused(
        "estimate: at_most 0.3 flurb",
        "at_most 0.3 flurb",
        "unknown-unit",
    );
    limit_refused("estimate: at_most 0.3", "at_most 0.3", "missing-unit");
    limit_refused(
        "estimate: at_most 0.3 N",
        "at_most 0.3 N",
        "wrong-dimension",
    );
}

#[test]
fn a_limit_in_another_dimension_is_not_tested() {
    let force = |accept: &mut Accept| {
        accept.at_most = Some(Quantity {
            value: 0.3,
            unit: Unit::parse("N").unwrap(),
        });
    };
    never_a_pass(&with_limits(force), Verdict::NotTested, "");
}

#[test]
fn a_prompt_that_nobody_answers_is_not_tested() {
    for answer in [Answer::None, Answer::No] {
        let played = lift().play_answered(&[("place", answer)]);
        assert!(
            matches!(played.case_end(), CaseEnd::Unanswered(_)),
            "{:?}",
            played.case_end()
        );
        never_a_pass(&played, Verdict::NotTested, "unanswered");
        assert!(played.at_rest);
    }
}

#[test]
fn no_steps_at_all_are_refused_with_their_line() {
    let papers = hold();
    let (steps, measures) = ("    steps:\n", "    measure:\n");
    let of_case = &papers.suite()[papers.suite().find(steps).unwrap()..];
    let of_case = of_case[..of_case.find(measures).unwrap()].to_string();
    refused(
        &hold().suite_with(&of_case, "    steps: []\n"),
        "steps: []",
        "empty-steps",
    );
    let cases = papers.suite()[papers.suite().find("cases:\n").unwrap()..].to_string();
    refused(
        &hold().suite_with(&cases, "cases: []\n"),
        "cases: []",
        "empty-suite",
    );
}

#[test]
fn a_plan_without_steps_or_cases_is_not_tested() {
    let no_steps = hold().play_changed(|plan| plan.cases[0].steps.clear());
    never_a_pass(&no_steps, Verdict::NotTested, "");
    let no_cases = hold().play_changed(|plan| plan.cases.clear());
    assert_eq!(no_cases.findings.verdict, Verdict::NotTested);
}
