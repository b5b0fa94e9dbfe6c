//! The order of events in runs that go well, and that the same run is the same story twice.

mod support;

use certbench_model::event::WindowEnd;
use certbench_model::step::{Does, Otherwise, Outcome, Scope, Stop};
use certbench_model::{CaseEnd, EventBody, RunEnd, Step};
use std::sync::atomic::Ordering;
use support::*;

/// The word of each event, for reading a whole story at a glance.
fn words(bench: &Bench) -> Vec<String> {
    let word = |e: EventBody| match e {
        EventBody::Opened { .. } => "opened".into(),
        EventBody::Ledger { .. } => "ledger".into(),
        EventBody::Identified { device, .. } => format!("identified {device}"),
        EventBody::Armed { .. } => "armed".into(),
        EventBody::Disarmed => "disarmed".into(),
        EventBody::CaseStarted { case } => format!("case {case}"),
        EventBody::CaseEnded { case, end } => format!("case {case}: {end:?}"),
        EventBody::StepStarted { path, what, .. } => format!("{path} {what}"),
        EventBody::StepEnded { path } => format!("{path} done"),
        EventBody::Commanded { device, what } => format!("{device}: {what}"),
        EventBody::Switched { output, to, .. } => format!("{output} {to}"),
        EventBody::Halted {
            device,
            planned,
            result,
            ..
        } => {
            format!("halted {device} {planned} {result}")
        }
        EventBody::Lateness { .. } => "lateness".into(),
        EventBody::Ended { end, .. } => format!("ended {end:?}"),
        other => format!("{other:?}"),
    };
    bench.events().into_iter().map(word).collect()
}

#[test]
fn a_run_that_goes_well_tells_its_whole_story_in_order() {
    let bench = Bench::simulated();
    let mut plan = plan(vec![case("one", vec![go("p1"), grasp()])]);
    plan.cases[0].finally = vec![release()];
    plan.finally = vec![go("p0")];
    assert_eq!(bench.perform(&plan), RunEnd::Completed);
    assert_eq!(
        words(&bench),
        [
            "opened",
            "ledger",
            "identified arm",
            "identified hand",
            "identified gauge",
            "identified io",
            "armed",
            "arm: power on",
            "case one",
            "one/0 move arm to p1",
            "arm: move to pose `p1` at 40 deg/s",
            "one/0 done",
            "one/1 grasp hand power",
            "hand: grasp `power`, force 40 %, speed 100 %",
            "one/1 done",
            "one/finally/0 release hand",
            "hand: release, speed 50 %",
            "one/finally/0 done",
            "case one: Completed",
            "finally/0 move arm to p0",
            "arm: move to pose `p0` at 40 deg/s",
            "finally/0 done",
            "support raised",
            "halted arm false confirmed",
            "halted hand false confirmed",
            "disarmed",
            "lateness",
            "ended Completed",
        ]
    );
    assert!(
        !bench.arm.enabled.load(Ordering::SeqCst),
        "power is off at the end"
    );
    assert_eq!(bench.arm.body.closes.load(Ordering::SeqCst), 1);
    assert!(bench.log.samples.load(Ordering::Relaxed) > 100);
}

#[test]
fn the_same_run_is_the_same_story_twice() {
    let plan = plan(vec![case(
        "one",
        vec![over_poses(
            "pose",
            vec![trial(
                "visit",
                vec![
                    inside("look"),
                    go("{pose}"),
                    window("stay", &["angle", "force"], vec![wait(0.3)], None),
                ],
                &[],
                0,
            )],
        )],
    )]);
    let story = || {
        let bench = Bench::simulated();
        assert_eq!(bench.perform(&plan), RunEnd::Completed);
        bench.log.events.lock().unwrap().clone()
    };
    let first = story();
    assert!(first.len() > 50);
    for _ in 0..3 {
        assert_eq!(story(), first);
    }
}

#[test]
fn windows_and_trials_carry_their_numbers_and_their_row() {
    let bench = Bench::simulated();
    let drops = until("force", Does::DropsBy(0.2), 20.0, Otherwise::Censored);
    *bench.gauge.force.lock().unwrap() = Box::new(|ns| {
        let phase = ns % 2_000_000_000;
        if phase < 1_000_000_000 { 10.0 } else { 2.0 }
    });
    let pull = window("pull", &["force"], vec![mark("begun")], Some(drops));
    let plan = plan(vec![case(
        "one",
        vec![over_poses(
            "object",
            vec![trial("hold", vec![pull], &[], 0)],
        )],
    )]);
    assert_eq!(bench.perform(&plan), RunEnd::Completed);
    let opened: Vec<_> = bench
        .events()
        .into_iter()
        .filter_map(|e| match e {
            EventBody::WindowOpened {
                window,
                instance,
                context,
            } => Some((window, instance, context)),
            _ => None,
        })
        .collect();
    assert_eq!(opened.len(), 2);
    assert_eq!(
        (opened[1].0.as_str(), opened[1].1, opened[1].2.trial),
        ("pull", 2, 2)
    );
    assert_eq!(
        opened[0].2.scope,
        Scope {
            variables: [("object".to_string(), "p2".to_string())].into(),
            columns: [("object.mass".to_string(), "0.4 kg".to_string())].into(),
        }
    );
    let reached = |e: &EventBody| {
        matches!(
            e,
            EventBody::WindowClosed {
                end: WindowEnd::Reached,
                ..
            }
        )
    };
    assert_eq!(bench.events().iter().filter(|e| reached(e)).count(), 2);
    assert!(bench.has(|e| matches!(
        e,
        EventBody::TrialEnded {
            number: 2,
            outcome: None,
            ..
        }
    )));
    assert!(bench.has(|e| matches!(e, EventBody::Marked { name, .. } if name == "begun")));
}

#[test]
fn a_bound_that_comes_first_censors_the_trial_and_the_rest_of_it_is_still_done() {
    let bench = Bench::simulated();
    let drops = until("force", Does::DropsBy(0.2), 2.0, Otherwise::Censored);
    let steps = vec![
        grasp(),
        window("pull", &["force"], vec![], Some(drops)),
        release(),
    ];
    let plan = plan(vec![case(
        "one",
        vec![times("n", 2, vec![trial("hold", steps, &[], 0)])],
    )]);
    assert_eq!(bench.perform(&plan), RunEnd::Completed);
    let outcomes: Vec<_> = bench
        .events()
        .into_iter()
        .filter_map(|e| match e {
            EventBody::TrialEnded { outcome, .. } => Some(outcome),
            _ => None,
        })
        .collect();
    assert_eq!(outcomes, [Some(Outcome::Censored), Some(Outcome::Censored)]);
    assert!(bench.has(|e| matches!(
        e,
        EventBody::WindowClosed {
            end: WindowEnd::TimedOut,
            ..
        }
    )));
    let releases = bench
        .commands()
        .iter()
        .filter(|c| c.contains("release"))
        .count();
    assert_eq!(releases, 2);
}

#[test]
fn a_stop_by_output_in_motion_is_measured_and_recovered_from() {
    let bench = Bench::simulated();
    bench.arm.tells_of_heartbeat.store(true, Ordering::SeqCst);
    let rest = until(
        "angle",
        Does::Rests {
            within: 0.1,
            for_s: 0.2,
        },
        3.0,
        Otherwise::Failure,
    );
    let stopping = window(
        "stopping",
        &["angle"],
        vec![
            started("p1"),
            wait(0.2),
            Step::Stop(Stop::Output(output("estop", "open"))),
            Step::Stop(Stop::Heartbeat {
                device: "arm".into(),
            }),
        ],
        Some(rest),
    );
    let recover = Step::Stop(Stop::Recover {
        device: "arm".into(),
        restore: Some(output("estop", "closed")),
    });
    let plan = plan(vec![case(
        "stop",
        vec![trial("stop", vec![stopping, recover], &["own-stop"], 1)],
    )]);
    assert_eq!(bench.perform(&plan), RunEnd::Completed);
    // The arm told of the missing heartbeat, as it should; that is on the record and ends nothing.
    assert!(
        bench.has(|e| matches!(e, EventBody::DeviceEvent { code, .. } if code == "emcy-0x8130"))
    );
    assert_eq!(bench.ends(), [("stop".to_string(), CaseEnd::Completed)]);
    assert!(!bench.arm.heartbeat_withheld.load(Ordering::SeqCst));
    let unplanned_inside = bench
        .events()
        .into_iter()
        .take_while(|e| !matches!(e, EventBody::TrialEnded { .. }))
        .any(|e| matches!(e, EventBody::Halted { planned: false, .. }));
    assert!(!unplanned_inside);
}

#[test]
fn a_commanded_stop_is_on_the_record_as_planned() {
    let bench = Bench::simulated();
    let steps = vec![
        started("p1"),
        wait(0.1),
        Step::Stop(Stop::Command {
            device: "arm".into(),
        }),
        wait(0.1),
    ];
    assert_eq!(
        bench.perform(&plan(vec![case("stop", steps)])),
        RunEnd::Completed
    );
    assert_eq!(
        bench.halted()[0],
        ("arm".to_string(), true, "sent".to_string())
    );
    assert!(
        (2.0..18.0).contains(&bench.arm.deg()),
        "stopped on the way: {}",
        bench.arm.deg()
    );
}

#[test]
fn progress_says_where_the_run_is_and_what_the_channels_read() {
    let bench = Bench::simulated();
    let control = bench.control.clone();
    let seen = std::sync::Arc::new(std::sync::Mutex::new(None));
    let slot = seen.clone();
    bench.at(ms(5_000), move || {
        *slot.lock().unwrap() = Some(control.progress())
    });
    let steps = vec![times("n", 3, vec![trial("t", vec![wait(1.0)], &[], 0)])];
    let plan = plan(vec![case("first", vec![mark("m")]), case("second", steps)]);
    assert_eq!(bench.perform(&plan), RunEnd::Completed);
    let progress = seen.lock().unwrap().clone().unwrap();
    assert_eq!(
        (progress.case.as_str(), progress.case_number, progress.cases),
        ("second", 2, 2)
    );
    assert_eq!((progress.trial, progress.trials), (2, 3));
    assert_eq!(progress.step, "wait 1 s");
    assert!(progress.percent > 0.0 && progress.percent < 100.0);
    assert_eq!(progress.values[0], ("force".to_string(), Some(1.0)));
}
