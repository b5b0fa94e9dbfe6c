//! Robots that do programs of their own: each is seen to begin and seen at its end, however short its
//! program is, and contacts that are stuck let none pass.

mod support;

use certbench_model::plan::{Actuation, Contact, Output, Programs, SafeState, Safety, Watchdog};
use certbench_model::step::{Otherwise, Program, ProgramAct, ProgramState, SetOutput};
use certbench_model::{CaseEnd, EventBody, FaultKind, Plan, RunEnd, Step};
use std::collections::BTreeMap;
use std::time::Duration;
use support::*;

/// The arm of the bench does a program of its own; which of its contacts are wired is the test's.
fn wired(contacts: &[&str], steps: Vec<Step>) -> Plan {
    let mut plan = plan(vec![case("one", steps)]);
    for id in ["busy", "done"] {
        let mut contact = plan.channels[0].clone();
        (contact.id, contact.signal, contact.device) = (id.into(), id.into(), "io".into());
        contact.digital = true;
        plan.channels.push(contact);
    }
    let states = [("idle".to_string(), false), ("start".to_string(), true)];
    let start = Output {
        device: "io".into(),
        number: 1,
        states: states.into(),
        values: BTreeMap::new(),
        safe: None,
        moves: true,
    };
    plan.bench.outputs = [
        ("start".to_string(), start),
        ("support".to_string(), plan.bench.outputs["support"].clone()),
    ]
    .into();
    plan.bench.devices[0].safety = Some(Safety {
        safe_state: SafeState::DecelerateAndHold,
        watchdog: Watchdog::None,
        held_by: None,
        next: Some(SetOutput {
            output: "support".into(),
            to: "raised".into(),
        }),
    });
    let contact = |id: &str| {
        contacts.contains(&id).then(|| Contact {
            channel: id.into(),
            on: true,
        })
    };
    let pulse = Actuation::Set {
        set: SetOutput {
            output: "start".into(),
            to: "start".into(),
        },
        back: Some(("idle".into(), 0.1)),
    };
    let programs = Programs {
        select: [("park".to_string(), vec![])].into(),
        ready: vec![],
        start: vec![pulse],
        abort: vec![],
        busy: contact("busy"),
        done: contact("done"),
        watched_by: None,
    };
    plan.bench.programs = [("arm".to_string(), programs)].into();
    plan
}

fn act(act: ProgramAct) -> Step {
    Step::Program(Program {
        device: "arm".into(),
        act,
    })
}

fn run() -> Step {
    act(ProgramAct::Run {
        program: "park".into(),
        within_s: 10.0,
        otherwise: Otherwise::Fault,
    })
}

fn awaited(state: ProgramState) -> Step {
    act(ProgramAct::Await {
        state,
        within_s: 10.0,
        otherwise: Otherwise::Fault,
    })
}

/// A robot whose program takes so long.
fn robot(lasts_ms: u64) -> Bench {
    let bench = Bench::simulated();
    bench.io.robot.lock().unwrap().lasts = ms(lasts_ms);
    bench
}

/// The words of the fault of nobody that ended the only case.
#[track_caller]
fn fault(bench: &Bench) -> String {
    match bench.ends().remove(0).1 {
        CaseEnd::Fault(FaultKind::Unattributable, text) => text,
        end => panic!("{end:?}"),
    }
}

/// From the first case's begin to its end.
fn took(bench: &Bench) -> Duration {
    let log = bench.log.events.lock().unwrap();
    let at = |is: fn(&EventBody) -> bool| log.iter().find(|e| is(&e.body)).unwrap().time_ns;
    let begun = at(|e| matches!(e, EventBody::CaseStarted { .. }));
    Duration::from_nanos(at(|e| matches!(e, EventBody::CaseEnded { .. })) - begun)
}

#[test]
fn a_program_that_is_over_within_its_starting_pulse_is_seen_to_begin() {
    for contacts in [&["busy", "done"][..], &["busy"], &["done"]] {
        // The pulse takes 100 ms, and the contacts are looked at every 10 ms.
        let bench = robot(40);
        assert_eq!(
            bench.perform(&wired(contacts, vec![run(), run()])),
            RunEnd::Completed
        );
        assert_eq!(bench.ends()[0].1, CaseEnd::Completed, "{contacts:?}");
    }
}

#[test]
fn a_program_that_is_over_before_it_is_awaited_has_begun() {
    for state in [ProgramState::Busy, ProgramState::Done] {
        let bench = robot(40);
        let steps = vec![act(ProgramAct::Start), wait(2.0), awaited(state)];
        bench.perform(&wired(&["busy", "done"], steps));
        assert_eq!(bench.ends()[0].1, CaseEnd::Completed);
    }
}

#[test]
fn an_end_that_was_said_by_a_pulse_before_it_is_awaited_is_an_end() {
    for wait_s in [0.0, 2.0] {
        let bench = robot(200);
        bench.io.robot.lock().unwrap().pulses = Some(ms(100));
        let steps = vec![
            act(ProgramAct::Start),
            awaited(ProgramState::Busy),
            wait(wait_s),
            awaited(ProgramState::Done),
        ];
        bench.perform(&wired(&["busy", "done"], steps));
        assert_eq!(bench.ends()[0].1, CaseEnd::Completed, "{wait_s}");
    }
}

#[test]
fn a_contact_stuck_at_done_is_no_end_while_the_robot_is_under_way() {
    let bench = robot(3000);
    bench.io.robot.lock().unwrap().stuck = [None, Some(true)];
    let steps = vec![
        wait(0.5),
        act(ProgramAct::Start),
        awaited(ProgramState::Busy),
        awaited(ProgramState::Done),
    ];
    bench.perform(&wired(&["busy", "done"], steps));
    assert_eq!(bench.ends()[0].1, CaseEnd::Completed);
    assert!(took(&bench) > Duration::from_secs(3));
}

#[test]
fn a_program_that_no_sample_saw_is_no_end_and_the_fault_says_what_helps() {
    let bench = robot(2);
    bench.perform(&wired(&["busy", "done"], vec![wait(0.5), run()]));
    let text = fault(&bench);
    assert!(
        text.contains("over between two samples, 0.01 s apart"),
        "{text}"
    );
    assert!(text.contains("dwell"), "{text}");
}

#[test]
fn a_start_that_does_not_reach_the_robot_is_not_its_end() {
    for contacts in [&["busy", "done"][..], &["busy"], &["done"]] {
        let bench = robot(2000);
        bench.io.robot.lock().unwrap().hears = false;
        bench.perform(&wired(contacts, vec![wait(0.5), run()]));
        assert!(fault(&bench).contains("did not say that it had begun"));
    }
}

#[test]
fn contacts_that_are_stuck_let_no_robot_pass() {
    let end = [Some(false), Some(true)];
    for steps in [
        vec![wait(0.5), run()],
        vec![
            wait(0.5),
            act(ProgramAct::Start),
            wait(3.0),
            awaited(ProgramState::Done),
        ],
    ] {
        for contacts in [&["busy", "done"][..], &["busy"], &["done"]] {
            let bench = robot(2000);
            bench.io.robot.lock().unwrap().stuck = end;
            bench.perform(&wired(contacts, steps.clone()));
            assert!(fault(&bench).contains("they are stuck"), "{contacts:?}");
        }
    }
}

#[test]
fn a_robot_is_at_its_end_only_when_it_is_no_longer_under_way() {
    let bench = robot(2000);
    bench.io.robot.lock().unwrap().stuck = [None, Some(true)];
    bench.perform(&wired(&["busy", "done"], vec![run()]));
    assert_eq!(bench.ends()[0].1, CaseEnd::Completed);
    assert!(took(&bench) >= ms(2000), "{:?}", took(&bench));
}

#[test]
fn a_robot_that_no_longer_says_that_it_is_at_its_end_has_begun() {
    let bench = robot(2000);
    bench.io.robot.lock().unwrap().stuck = [Some(false), None];
    bench.perform(&wired(&["busy", "done"], vec![wait(0.5), run()]));
    assert_eq!(bench.ends()[0].1, CaseEnd::Completed);
    assert!(took(&bench) >= ms(2000), "{:?}", took(&bench));
}

#[test]
fn a_robot_that_is_under_way_is_not_started_again() {
    // It is over within the time that it is given...
    let twice = vec![act(ProgramAct::Start), run()];
    let bench = robot(2000);
    bench.perform(&wired(&["busy", "done"], twice.clone()));
    assert_eq!(bench.ends()[0].1, CaseEnd::Completed);
    assert!(took(&bench) >= ms(4000), "{:?}", took(&bench));
    // ... or it is not, or its contact is stuck.
    let bench = robot(60_000);
    bench.perform(&wired(&["busy", "done"], twice));
    assert!(fault(&bench).contains("to be awaited or aborted first"));
}
