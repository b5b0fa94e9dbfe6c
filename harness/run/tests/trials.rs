//! Trials: invalid ones are repeated, only so often, and never for reasons that nobody named.

mod support;

use certbench_model::step::{Does, Otherwise, Outcome};
use certbench_model::{CaseEnd, EventBody, RunEnd, Step};
use certbench_roles::Answer;
use std::sync::atomic::Ordering;
use support::*;

fn outcomes(bench: &Bench) -> Vec<(u32, Option<Outcome>)> {
    let outcome = |e: EventBody| match e {
        EventBody::TrialEnded {
            number, outcome, ..
        } => Some((number, outcome)),
        _ => None,
    };
    bench.events().into_iter().filter_map(outcome).collect()
}

fn slipped() -> Outcome {
    Outcome::Invalid("fixture-slipped".into())
}

/// A trial whose outcome a person says.
fn told(invalid_most: u32) -> Step {
    let choices = [
        ("held", Some(Outcome::Success)),
        ("dropped", Some(Outcome::Failure)),
        ("slipped", Some(slipped())),
    ];
    trial(
        "hold",
        vec![grasp(), choose("how", &choices), release()],
        &["fixture-slipped"],
        invalid_most,
    )
}

fn answers(bench: &Bench, choices: &[&str]) {
    let list = choices.iter().map(|c| Answer::Choice((*c).to_string()));
    let answers = [("how".to_string(), list.collect())].into();
    *bench.desk.answers.lock().unwrap() = answers;
}

#[test]
fn an_invalid_trial_is_repeated_in_the_same_row_and_keeps_its_number() {
    let bench = Bench::simulated();
    answers(&bench, &["held", "slipped", "dropped"]);
    let plan = plan(vec![case("one", vec![over_poses("object", vec![told(1)])])]);
    assert_eq!(bench.perform(&plan), RunEnd::Completed);
    assert_eq!(
        outcomes(&bench),
        [
            (1, Some(Outcome::Success)),
            (2, Some(slipped())),
            (3, Some(Outcome::Failure))
        ]
    );
    let rows = |e: EventBody| match e {
        EventBody::TrialStarted { context, .. } => {
            Some((context.trial, context.scope.variables["object"].clone()))
        }
        _ => None,
    };
    let rows: Vec<_> = bench.events().into_iter().filter_map(rows).collect();
    let expected = [(1, "p2"), (2, "p1"), (3, "p1")];
    assert_eq!(rows, expected.map(|(n, row)| (n, row.to_string())));
}

#[test]
fn one_invalid_trial_too_many_ends_the_case() {
    let bench = Bench::simulated();
    answers(&bench, &["slipped"]);
    let plan = plan(vec![
        case("one", vec![told(2)]),
        case("two", vec![wait(0.1)]),
    ]);
    assert_eq!(bench.perform(&plan), RunEnd::Completed);
    assert_eq!(outcomes(&bench).len(), 3);
    let ends = bench.ends();
    assert!(
        matches!(&ends[0].1, CaseEnd::TooManyInvalid(text) if text.starts_with("3 invalid trials of `hold`"))
    );
    assert_eq!(ends[1].1, CaseEnd::Completed);
}

#[test]
fn the_first_word_counts_but_invalid_is_invalid() {
    let late = until("force", Does::Above(30.0), 1.0, Otherwise::Failure);
    let steps = |choices: &[(&str, Option<Outcome>)]| {
        vec![Step::Wait(late.clone()), choose("how", choices)]
    };
    for (answer, expected) in [("held", Outcome::Failure), ("slipped", slipped())] {
        let bench = Bench::simulated();
        answers(&bench, &[answer, "held"]);
        let choices = [
            ("held", Some(Outcome::Success)),
            ("slipped", Some(slipped())),
        ];
        let trial = trial("t", steps(&choices), &["fixture-slipped"], 1);
        bench.perform(&plan(vec![case("one", vec![trial])]));
        assert_eq!(outcomes(&bench)[0], (1, Some(expected)));
    }
}

/// A trial in whose first pass the gauge falls silent for a while.
fn spoilt(invalid_if: &[&str]) -> (Bench, RunEnd) {
    let bench = Bench::simulated();
    let (gauge, clock) = (bench.gauge.clone(), bench.clock.clone());
    bench.at(ms(6_000), move || {
        gauge.body.silent.store(true, Ordering::SeqCst);
        clock.sleep(ms(400));
        gauge.body.silent.store(false, Ordering::SeqCst);
    });
    let steps = vec![window(
        "pull",
        &["force"],
        vec![go("p1"), wait(5.0), go("p2")],
        None,
    )];
    let plan = plan(vec![case("one", vec![trial("pull", steps, invalid_if, 1)])]);
    let end = bench.perform(&plan);
    (bench, end)
}

#[test]
fn a_stop_of_certbenchs_own_makes_a_trial_invalid_when_the_plan_names_it() {
    let (bench, end) = spoilt(&["own-stop"]);
    assert_eq!(end, RunEnd::Completed);
    assert_eq!(bench.ends()[0].1, CaseEnd::Completed);
    let own_stop = Some(Outcome::Invalid("own-stop".into()));
    assert_eq!(outcomes(&bench), [(1, own_stop), (2, None)]);
    // Halted inside the trial, armed anew before the next.
    let words: Vec<_> = bench
        .events()
        .into_iter()
        .filter_map(|e| match e {
            EventBody::Tripped { .. } => Some("tripped"),
            EventBody::WindowClosed { .. } => Some("window closed"),
            EventBody::Halted {
                device,
                planned: false,
                ..
            } if device == "arm" => Some("halted"),
            EventBody::Disarmed => Some("disarmed"),
            EventBody::TrialStarted { .. } => Some("trial"),
            EventBody::TrialEnded { .. } => Some("trial ended"),
            EventBody::Armed { .. } => Some("armed"),
            _ => None,
        })
        .collect();
    assert_eq!(
        words,
        [
            "armed",
            "trial",
            "tripped",
            "window closed",
            "halted",
            "disarmed",
            "trial ended",
            "armed",
            "trial",
            "window closed",
            "trial ended",
            "halted",
            "disarmed"
        ]
    );
}

#[test]
fn without_the_name_it_ends_the_case() {
    let (bench, _) = spoilt(&["fixture-slipped"]);
    assert!(matches!(bench.ends()[0].1, CaseEnd::Fault(..)));
    assert_eq!(outcomes(&bench), []);
}

#[test]
fn trouble_of_the_item_is_never_an_invalid_trial() {
    let bench = Bench::simulated();
    let arm = bench.arm.clone();
    bench.at(ms(6_000), move || arm.body.event("over-temperature"));
    let steps = vec![go("p1"), wait(5.0)];
    let plan = plan(vec![case("one", vec![trial("t", steps, &["own-stop"], 5)])]);
    bench.perform(&plan);
    assert!(matches!(bench.ends()[0].1, CaseEnd::DeviceEvent(_)));
    assert_eq!(outcomes(&bench), []);
}
