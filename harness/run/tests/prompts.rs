//! A person near the machine.

mod support;

use certbench_model::step::{Ask, Presence, Prompt};
use certbench_model::{CaseEnd, EventBody, FileDigest, RunEnd, Step, Text};
use certbench_roles::Answer;
use proptest::prelude::*;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use support::*;

fn answer(bench: &Bench, id: &str, answers: Vec<Answer>) {
    let mut table = bench.desk.answers.lock().unwrap();
    table.insert(id.to_string(), answers);
}

#[test]
fn a_prompt_that_nobody_answers_ends_the_case_and_the_next_one_begins() {
    for given in [Answer::None, Answer::No] {
        let bench = Bench::simulated();
        answer(&bench, "look", vec![given]);
        let plan = plan(vec![
            case("one", vec![outside("look"), go("p1")]),
            case("two", vec![go("p1")]),
        ]);
        assert_eq!(bench.perform(&plan), RunEnd::Completed);
        assert!(matches!(bench.ends()[0].1, CaseEnd::Unanswered(_)));
        assert_eq!(bench.ends()[1].1, CaseEnd::Completed);
        assert_eq!(bench.arm.begins.load(Ordering::SeqCst), 1);
    }
}

#[test]
fn a_number_is_asked_for_again_until_it_fits() {
    let weigh = || {
        prompt(
            "mass",
            Presence::Outside,
            Ask::Number {
                least: q("1 kg"),
                most: q("10 kg"),
            },
        )
    };
    let number = |text| Answer::Number(q(text));
    let bench = Bench::simulated();
    answer(
        &bench,
        "mass",
        vec![number("5 N"), number("11 kg"), number("5000 g")],
    );
    bench.perform(&plan(vec![case("one", vec![weigh()])]));
    assert!(bench.has(|e| matches!(e, EventBody::Answered { answer, .. } if answer == "5000 g")));

    let bench = Bench::simulated();
    answer(&bench, "mass", vec![number("11 kg")]);
    bench.perform(&plan(vec![case("one", vec![weigh()])]));
    assert!(matches!(bench.ends()[0].1, CaseEnd::Unanswered(_)));
    assert_eq!(bench.desk.asked.lock().unwrap().len(), 3);
}

#[test]
fn a_prompt_says_what_it_changes_with_the_row_filled_in() {
    let bench = Bench::simulated();
    let place = Step::Prompt(Prompt {
        id: "place".into(),
        text: Text::new(
            "Place {object}, {object.mass}.",
            "放置 {object}，{object.mass}。",
        ),
        ask: Ask::Instruct,
        presence: Presence::Inside,
        changes: [("mount".to_string(), "{object}".to_string())].into(),
    });
    bench.perform(&plan(vec![case(
        "one",
        vec![over_poses("object", vec![place])],
    )]));
    let asked = bench.desk.asked.lock().unwrap();
    assert_eq!(
        asked[0].text,
        Text::new("Place p2, 0.4 kg.", "放置 p2，0.4 kg。")
    );
    assert_eq!(asked[0].changes["mount"], "p2");
    assert_eq!(asked[1].changes["mount"], "p1");
}

#[test]
fn an_attached_file_goes_to_whoever_keeps_the_record() {
    let mut bench = Bench::simulated();
    let digest = FileDigest {
        path: "attachments/photo.jpg".into(),
        bytes: 3,
        sha256: "abc".into(),
    };
    let kept = digest.clone();
    bench.settings.attach = Some(Arc::new(move |path| {
        assert_eq!(path, std::path::Path::new("photo.jpg"));
        Ok(kept.clone())
    }));
    answer(&bench, "photo", vec![Answer::File("photo.jpg".into())]);
    let photo = prompt("photo", Presence::Outside, Ask::Attach);
    bench.perform(&plan(vec![case("one", vec![photo])]));
    assert!(
        bench.has(|e| matches!(e, EventBody::Answered { file: Some(file), .. } if *file == digest))
    );
}

#[test]
fn an_inside_prompt_halts_first_and_the_next_motion_waits_for_arming_and_countdown() {
    let bench = Bench::simulated();
    let plan = plan(vec![case(
        "one",
        vec![started("p1"), inside("look"), go("p2")],
    )]);
    assert_eq!(bench.perform(&plan), RunEnd::Completed);
    let events = bench.log.events.lock().unwrap();
    let at = |wanted: &dyn Fn(&EventBody) -> bool| {
        let found = events.iter().rev().find(|e| wanted(&e.body)).unwrap();
        (
            found.time_ns / 1_000_000,
            events.iter().position(|e| e == found).unwrap(),
        )
    };
    let prompted = at(&|e| matches!(e, EventBody::Prompted { .. }));
    let armed = at(&|e| matches!(e, EventBody::Armed { .. }));
    let moved = at(&|e| matches!(e, EventBody::Commanded { what, .. } if what.contains("p2")));
    assert!(prompted.1 < armed.1 && armed.1 < moved.1);
    assert!(moved.0 - armed.0 >= 3_000, "the countdown");
    assert!(
        matches!(&events[prompted.1 - 1].body, EventBody::Halted { planned: true, result, .. } if result == "confirmed")
    );
}

#[test]
fn outside_prompts_leave_the_motion_alone() {
    let bench = Bench::simulated();
    let plan = plan(vec![case(
        "one",
        vec![started("p1"), outside("look"), go("p2")],
    )]);
    assert_eq!(bench.perform(&plan), RunEnd::Completed);
    let armed = bench
        .events()
        .iter()
        .filter(|e| matches!(e, EventBody::Armed { .. }))
        .count();
    assert_eq!(armed, 1);
}

#[test]
fn arming_that_is_declined_ends_the_run_before_power() {
    let mut bench = Bench::simulated();
    bench.settings.consent = certbench_run::Consent::Ask;
    answer(&bench, certbench_run::ARM_PROMPT, vec![Answer::No]);
    let plan = plan(vec![case("one", vec![go("p1")]), case("two", vec![])]);
    assert_eq!(bench.perform(&plan), RunEnd::Aborted);
    assert!(!bench.arm.enabled.load(Ordering::SeqCst));
    assert!(
        bench
            .ends()
            .iter()
            .all(|(_, end)| matches!(end, CaseEnd::Aborted(_)))
    );
}

/// Any step of a case in which a person comes and goes while things move.
fn any_step() -> impl Strategy<Value = Step> {
    let leaf = prop_oneof![
        Just(inside("inside")),
        Just(outside("outside")),
        Just(go("p1")),
        Just(started("p2")),
        Just(grasp()),
        Just(release()),
        Just(Step::Set(output("support", "lowered"))),
        Just(Step::Set(output("support", "raised"))),
        Just(wait(0.1)),
    ];
    leaf.prop_recursive(2, 16, 4, |inner| {
        let steps = proptest::collection::vec(inner, 1..4);
        prop_oneof![
            steps.clone().prop_map(|s| times("n", 2, s)),
            steps.clone().prop_map(|s| window("w", &["force"], s, None)),
            steps.prop_map(|s| trial("t", s, &["own-stop"], 1)),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Whatever a case does and whatever goes wrong in it: no motion without arming, no person
    /// inside a moving machine, every case accounted for (`Bench::perform` checks all of it).
    #[test]
    fn nothing_moves_between_a_person_inside_and_the_next_arming(
        first in proptest::collection::vec(any_step(), 1..6),
        second in proptest::collection::vec(any_step(), 1..4),
        trouble_ms in 2_000u64..30_000,
        kind in 0..4,
    ) {
        let bench = Bench::simulated();
        let (arm, hand, gauge) = (bench.arm.clone(), bench.hand.clone(), bench.gauge.clone());
        let clock = bench.clock.clone();
        bench.at(ms(trouble_ms), move || match kind {
            0 => arm.body.event("emcy-0x2310"),
            1 => {
                *hand.temperature.lock().unwrap() = 90.0;
                clock.sleep(ms(500));
                *hand.temperature.lock().unwrap() = 30.0;
            }
            2 => gauge.body.silent.store(true, Ordering::SeqCst),
            _ => {}
        });
        bench.perform(&plan(vec![case("one", first), case("two", second)]));
        let raised_for_people = support::outputs_are_safe_for_people(&bench.events());
        bench.clock.end();
        prop_assert!(raised_for_people);
    }
}
