//! What does not fit is refused before anything is enabled, all of it together.

mod support;

use certbench_model::plan::SafeState;
use certbench_model::step::{Outcome, Presence, SetOutput};
use certbench_model::{
    CaseEnd, Date, EventBody, FaultKind, Identity, Item, Job, Plan, Provenance, RunEnd, Step, Text,
};
use certbench_roles::Answer;
use certbench_run::Consent;
use std::sync::atomic::Ordering;
use support::*;

fn reasons(bench: &Bench) -> Vec<String> {
    let reasons = |e: EventBody| match e {
        EventBody::Refused { reasons } => Some(reasons),
        _ => None,
    };
    let all = bench.events().into_iter().filter_map(reasons).flatten();
    all.map(|t| t.en).collect()
}

fn refused(bench: &Bench, plan: &Plan) -> Vec<String> {
    assert_eq!(bench.perform(plan), RunEnd::Refused);
    assert!(!bench.has(|e| matches!(e, EventBody::Armed { .. })));
    assert!(!bench.arm.enabled.load(Ordering::SeqCst));
    assert!(bench.commands().is_empty());
    assert_eq!(bench.arm.begins.load(Ordering::SeqCst), 0);
    reasons(bench)
}

#[test]
fn a_pty_declared_physical_is_refused_and_so_is_a_port_declared_simulated() {
    let bench = Bench::simulated();
    let mut plan = plan(vec![case("one", vec![go("p1")])]);
    plan.bench.devices[0].provenance = Provenance::Physical;
    bench
        .gauge
        .body
        .may_be_physical
        .store(true, Ordering::SeqCst);
    let reasons = refused(&bench, &plan);
    assert_eq!(reasons.len(), 2);
    assert!(
        reasons[0].starts_with("arm: declared physical"),
        "{reasons:?}"
    );
    assert!(
        reasons[1].starts_with("gauge: declared Simulated"),
        "{reasons:?}"
    );
    // Nobody knows what is at that port: not even a halt goes there.
    assert_eq!(bench.arm.halts.load(Ordering::SeqCst), 0);
    assert_eq!(bench.gauge.body.starts.load(Ordering::SeqCst), 0);
}

fn ordered(plan: Plan, declared: Identity) -> Plan {
    let item = Item {
        device: "hand".into(),
        identity: declared,
        received: Date::new(2026, 11, 20).unwrap(),
        condition: Text::same("new"),
    };
    Plan {
        job: Some(Job {
            order: "O-1".into(),
            customer: Default::default(),
            items: vec![item],
            declared: Default::default(),
            rule: None,
            scope: None,
        }),
        ..plan
    }
}

fn serial(serial: &str) -> Identity {
    Identity {
        serial: Some(serial.into()),
        ..Identity::default()
    }
}

#[test]
fn another_serial_number_than_the_orders_is_refused() {
    let bench = Bench::simulated();
    *bench.hand.body.identity.lock().unwrap() = serial("B3");
    let plan = ordered(plan(vec![case("one", vec![grasp()])]), serial("A17"));
    let reasons = refused(&bench, &plan);
    assert_eq!(
        reasons,
        ["hand: its serial is `B3`, the order declares `A17`"]
    );
}

#[test]
fn what_the_device_cannot_say_is_read_from_its_label() {
    let bench = Bench::simulated();
    let plan = ordered(plan(vec![case("one", vec![grasp()])]), serial("A17"));
    assert_eq!(bench.perform(&plan), RunEnd::Completed);
    assert!(bench.has(|e| matches!(
        e,
        EventBody::LabelConfirmed { device, field, value }
            if device == "hand" && field == "serial" && value == "A17"
    )));
    let bench = Bench::simulated();
    let answers = [("label.hand.serial".to_string(), vec![Answer::No])].into();
    *bench.desk.answers.lock().unwrap() = answers;
    let reasons = refused(&bench, &plan);
    assert!(
        reasons[0].contains("the label does not say serial `A17`"),
        "{reasons:?}"
    );
}

#[test]
fn what_moves_must_tell_the_truth_about_stopping() {
    let bench = Bench::simulated();
    let mut plan = plan(vec![case("one", vec![go("p1")])]);
    plan.bench.devices[0].safety = None;
    let safety = plan.bench.devices[1].safety.as_mut().unwrap();
    safety.safe_state = SafeState::TorqueOff;
    safety.next = Some(output("no-such-output", "open"));
    let reasons = refused(&bench, &plan);
    assert!(reasons[0].starts_with("arm: it can move, and the bench names no safe state"));
    assert!(reasons[1].starts_with("hand: its safe state is torque off"));
    assert!(reasons[2].contains("no output `no-such-output`"));
}

#[test]
fn every_refusal_of_every_case_comes_out_together() {
    let bench = Bench::simulated();
    let too_fast = match go("p1") {
        Step::Move(m) => Step::Move(certbench_model::step::Move {
            speed: q("41 deg/s"),
            ..m
        }),
        step => step,
    };
    let too_strong = match grasp() {
        Step::Grasp(g) => Step::Grasp(certbench_model::step::Grasp {
            force: q("60 %"),
            ..g
        }),
        step => step,
    };
    let plan = plan(vec![
        case(
            "one",
            vec![
                go("far"),
                go("nowhere"),
                over_poses("pose", vec![go("{pose}"), go("{poze}")]),
            ],
        ),
        case(
            "two",
            vec![
                too_fast,
                too_strong,
                Step::Set(output("support", "sideways")),
            ],
        ),
        case(
            "three",
            vec![trial(
                "t",
                vec![choose(
                    "how",
                    &[("slipped", Some(Outcome::Invalid("slipped".into())))],
                )],
                &[],
                0,
            )],
        ),
    ]);
    let reasons = refused(&bench, &plan);
    for (reason, expected) in reasons.iter().zip([
        "one/0: pose `far`: joint `j1` of `arm` would go to 120°; the bench allows -90° to 90°",
        "one/1: the bench has no pose `nowhere` of `arm`",
        "one/2/1: `{poze}`: the placeholder `poze` has no value here",
        "two/0: pose `p1`: 41°/s is not above 0 and at most the bench's 40°/s",
        "two/1: a force of 60 % is above the bench's limit of 10 N a finger",
        "two/2: output `support` has no state `sideways`; it has: lowered, raised",
        "three/0/0: choice `slipped` makes a trial invalid for `slipped`, a reason that no trial around it names",
    ]) {
        assert_eq!(reason, expected);
    }
    assert_eq!(reasons.len(), 7);
    assert_eq!(
        bench.halted().len(),
        2,
        "devices were started, so every end halts"
    );
}

#[test]
fn a_device_refuses_in_the_rehearsal_what_it_would_not_do() {
    let bench = Bench::simulated();
    bench.arm.refuses_moves.store(true, Ordering::SeqCst);
    let plan = plan(vec![case(
        "one",
        vec![times("n", 5, vec![go("p1"), go("p2")])],
    )]);
    let reasons = refused(&bench, &plan);
    assert_eq!(reasons.len(), 2, "each motion is offered once: {reasons:?}");
    assert!(reasons[0].contains("would not move to pose `p1`"));
}

#[test]
fn a_rehearsal_alone_enables_nothing_and_leaves_everything_closed() {
    let bench = Bench::simulated();
    let good = plan(vec![case("one", vec![go("p1"), grasp(), inside("look")])]);
    let rehearsal = bench.run(&good).rehearse();
    assert!(rehearsal.refusals.is_empty() && rehearsal.troubles.is_empty());
    assert!(!bench.arm.enabled.load(Ordering::SeqCst));
    assert_eq!(bench.arm.begins.load(Ordering::SeqCst), 0);
    assert_eq!(bench.arm.body.closes.load(Ordering::SeqCst), 1);
    assert!(bench.desk.asked.lock().unwrap().is_empty());

    let mut bench = Bench::simulated();
    let bad = plan(vec![case("one", vec![go("far")])]);
    let rehearsal = bench.run(&bad).rehearse();
    assert_eq!(rehearsal.refusals.len(), 1);
    assert_eq!(rehearsal.refusals[0].place, "one/0");

    bench = Bench::simulated();
    bench.gauge.body.dead.store(true, Ordering::SeqCst);
    let rehearsal = bench.run(&good).rehearse();
    assert!(matches!(
        rehearsal.troubles[..],
        [EventBody::Fault {
            kind: FaultKind::Link,
            ..
        }]
    ));
}

#[test]
fn a_cable_that_is_out_at_the_start_is_a_fault_and_no_refusal() {
    let bench = Bench::simulated();
    bench.gauge.body.dead.store(true, Ordering::SeqCst);
    let plan = plan(vec![case("one", vec![go("p1")]), case("two", vec![])]);
    assert_eq!(bench.perform(&plan), RunEnd::Faulted);
    let ends = bench.ends();
    assert!(
        ends.iter()
            .all(|(_, end)| matches!(end, CaseEnd::NotBegun(_))),
        "{ends:?}"
    );
    assert!(!bench.arm.enabled.load(Ordering::SeqCst));
}

fn physical(bench: &Bench, mut plan: Plan) -> Plan {
    for device in &mut plan.bench.devices {
        device.provenance = Provenance::Physical;
    }
    for body in [
        &bench.arm.body,
        &bench.hand.body,
        &bench.gauge.body,
        &bench.io.body,
    ] {
        body.may_be_physical.store(true, Ordering::SeqCst);
    }
    plan
}

#[test]
fn a_file_does_not_answer_for_a_person_inside_a_physical_machine() {
    let mut bench = Bench::simulated();
    bench.settings.unattended = true;
    let plan = physical(
        &bench,
        plan(vec![case("one", vec![inside("mount"), outside("ready")])]),
    );
    let reasons = refused(&bench, &plan);
    assert_eq!(reasons.len(), 1);
    assert!(
        reasons[0].contains("prompt `mount` is answered by a person"),
        "{reasons:?}"
    );
}

#[test]
fn a_physical_bench_is_armed_by_a_person() {
    // `--yes` is not enough, and neither is an answer that no person gave.
    let bench = Bench::simulated();
    let moving = plan(vec![case("one", vec![go("p1")])]);
    let plan = physical(&bench, moving.clone());
    assert_eq!(bench.perform(&plan), RunEnd::Aborted);
    assert!(!bench.arm.enabled.load(Ordering::SeqCst));
    assert!(matches!(&bench.ends()[0].1, CaseEnd::Aborted(why) if why.contains("by a person")));

    let bench = Bench::simulated();
    physical(&bench, moving.clone());
    *bench.desk.by.lock().unwrap() = Some("operator".to_string());
    assert_eq!(bench.perform(&plan), RunEnd::Completed);
    assert!(bench.has(|e| matches!(e, EventBody::Armed { by, .. } if by == "operator")));
    let asked = bench.desk.asked.lock().unwrap();
    assert_eq!(asked[0].id, certbench_run::ARM_PROMPT);
    assert_eq!(asked[0].presence, Presence::Outside);
    for line in [
        "joints at up to 40°/s to j1 20…20°",
        "no watchdog",
        "load of at most 5 kg",
    ] {
        assert!(asked[0].text.en.contains(line), "{}", asked[0].text.en);
    }
    assert!(asked[0].text.zh.contains("无看门狗"));

    let mut bench = Bench::simulated();
    physical(&bench, moving);
    bench.settings.consent = Consent::GivenForPhysical;
    assert_eq!(bench.perform(&plan), RunEnd::Completed);
}

#[test]
fn a_watch_on_nothing_is_refused() {
    let bench = Bench::simulated();
    let mut plan = plan(vec![case("one", vec![go("p1")])]);
    plan.watches.push(watch("no-such-channel", None, 1.0));
    assert!(refused(&bench, &plan)[0].contains("no-such-channel"));
}

#[test]
fn an_output_beyond_the_box_is_refused() {
    let bench = Bench::simulated();
    let mut plan = plan(vec![case(
        "one",
        vec![Step::Set(SetOutput {
            output: "estop".into(),
            to: "open".into(),
        })],
    )]);
    plan.bench.outputs.get_mut("estop").unwrap().number = 7;
    assert!(refused(&bench, &plan)[0].contains("number 7 of `io`, which has 2"));
}
