//! Stopping works at every moment, the record says why, and what is attributed stays attributed.

mod support;

use certbench_model::step::{Ask, Does, Otherwise, Presence, Stop};
use certbench_model::{CaseEnd, EventBody, FaultKind, RunEnd, Step};
use certbench_roles::{Answer, Trouble};
use certbench_run::StopRequest;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use support::*;

/// Two cases; trouble comes in the first.
fn two() -> certbench_model::Plan {
    plan(vec![
        case("first", vec![go("p1"), wait(5.0), go("p2")]),
        case("second", vec![go("p1")]),
    ])
}

/// The simulation arms at some 3 s (countdown) and is in its wait from 4 s to 9 s.
const IN_FIRST: Duration = ms(6_000);

#[test]
fn a_passed_limit_halts_from_the_reading_thread_and_the_run_goes_on_when_it_can() {
    let bench = Bench::simulated();
    let (hand, arm) = (bench.hand.clone(), bench.arm.clone());
    let halts = Arc::new(std::sync::Mutex::new((0, 0)));
    let counted = halts.clone();
    let clock = bench.clock.clone();
    bench.at(IN_FIRST, move || {
        *hand.temperature.lock().unwrap() = 81.0;
        let before = arm.halts.load(Ordering::SeqCst);
        clock.sleep(ms(10));
        *counted.lock().unwrap() = (before, arm.halts.load(Ordering::SeqCst));
        clock.sleep(ms(300));
        *hand.temperature.lock().unwrap() = 40.0;
    });
    assert_eq!(bench.perform(&two()), RunEnd::Completed);
    let (before, after) = *halts.lock().unwrap();
    assert_eq!(before, 0);
    assert!(after > 0, "halted within one sampling interval");
    let ends = bench.ends();
    let CaseEnd::Tripped(text) = &ends[0].1 else {
        panic!("{ends:?}")
    };
    assert_eq!(text, "`temperature` was 81 Cel; allowed: at most 70 Cel");
    assert_eq!(ends[1].1, CaseEnd::Completed);
    let armed = |e: &EventBody| matches!(e, EventBody::Armed { .. });
    assert_eq!(bench.events().iter().filter(|e| armed(e)).count(), 2);
    assert!(bench.has(|e| matches!(e, EventBody::Tripped { missing: false, .. })));
}

#[test]
fn a_limit_that_stays_passed_leaves_the_rest_not_begun() {
    let bench = Bench::simulated();
    let hand = bench.hand.clone();
    bench.at(IN_FIRST, move || *hand.temperature.lock().unwrap() = 81.0);
    assert_eq!(bench.perform(&two()), RunEnd::Faulted);
    assert!(matches!(bench.ends()[0].1, CaseEnd::Tripped(_)));
    assert!(matches!(bench.ends()[1].1, CaseEnd::NotBegun(_)));
    assert_eq!(bench.arm.begins.load(Ordering::SeqCst), 1);
}

#[test]
fn a_silent_instrument_trips_and_is_never_the_robots_fault() {
    let bench = Bench::simulated();
    let gauge = bench.gauge.clone();
    bench.at(IN_FIRST, move || {
        gauge.body.silent.store(true, Ordering::SeqCst)
    });
    assert_eq!(bench.perform(&two()), RunEnd::Faulted);
    assert!(matches!(
        bench.ends()[0].1,
        CaseEnd::Fault(FaultKind::Unattributable, _)
    ));
    assert!(bench.has(
        |e| matches!(e, EventBody::Tripped { channel, missing: true, .. } if channel == "force")
    ));
    // Noticed by the deadline of 0.2 s and a quarter of it.
    let events = bench.log.events.lock().unwrap();
    let tripped = events
        .iter()
        .find(|e| matches!(e.body, EventBody::Tripped { .. }))
        .unwrap();
    let after_ms = tripped.time_ns / 1_000_000 - 6_000;
    assert!((190..=260).contains(&after_ms), "{after_ms} ms");
}

#[test]
fn a_silent_item_is_unattributable_and_a_garbled_line_is_the_links() {
    let bench = Bench::simulated();
    let hand = bench.hand.clone();
    bench.at(IN_FIRST, move || {
        hand.body.silent.store(true, Ordering::SeqCst)
    });
    bench.perform(&two());
    assert!(matches!(
        bench.ends()[0].1,
        CaseEnd::Fault(FaultKind::Unattributable, _)
    ));

    let bench = Bench::simulated();
    let hand = bench.hand.clone();
    bench.at(IN_FIRST, move || hand.invalid.store(true, Ordering::SeqCst));
    bench.perform(&two());
    assert!(matches!(
        bench.ends()[0].1,
        CaseEnd::Fault(FaultKind::Link, _)
    ));

    let bench = Bench::simulated();
    let gauge = bench.gauge.clone();
    bench.at(IN_FIRST, move || {
        gauge.over_range.store(true, Ordering::SeqCst)
    });
    bench.perform(&two());
    assert!(matches!(
        bench.ends()[0].1,
        CaseEnd::Fault(FaultKind::Instrument, _)
    ));
}

#[test]
fn watches_hold_while_a_person_thinks() {
    let bench = Bench::simulated();
    bench
        .desk
        .thinks
        .lock()
        .unwrap()
        .insert("look".to_string(), Duration::from_secs(3600));
    let gauge = bench.gauge.clone();
    bench.at(ms(60_000), move || {
        gauge.body.silent.store(true, Ordering::SeqCst)
    });
    let plan = plan(vec![case("one", vec![go("p1"), inside("look"), go("p2")])]);
    assert_eq!(bench.perform(&plan), RunEnd::Completed);
    assert!(matches!(
        bench.ends()[0].1,
        CaseEnd::Fault(FaultKind::Unattributable, _)
    ));
    assert_eq!(bench.arm.begins.load(Ordering::SeqCst), 1);
    assert!(bench.clock.now().as_secs_f64() < 70.0);
}

#[test]
fn trouble_of_the_item_ends_the_case_as_its_event_and_the_next_case_is_armed_anew() {
    let bench = Bench::simulated();
    let arm = bench.arm.clone();
    bench.at(IN_FIRST, move || arm.body.event("emcy-0x2310"));
    assert_eq!(bench.perform(&two()), RunEnd::Completed);
    let ends = bench.ends();
    assert!(matches!(&ends[0].1, CaseEnd::DeviceEvent(text) if text.contains("emcy-0x2310")));
    assert_eq!(ends[1].1, CaseEnd::Completed);
    assert!(bench.commands().contains(&"arm: recover".to_string()));
}

#[test]
fn trouble_of_an_instrument_is_a_fault_of_the_bench() {
    let bench = Bench::simulated();
    let gauge = bench.gauge.clone();
    bench.at(IN_FIRST, move || gauge.body.event("overload"));
    bench.perform(&two());
    assert!(matches!(
        bench.ends()[0].1,
        CaseEnd::Fault(FaultKind::Instrument, _)
    ));
}

#[test]
fn a_cut_cable_is_a_fault_and_the_run_does_not_go_on_blind() {
    let bench = Bench::simulated();
    let arm = bench.arm.clone();
    bench.at(IN_FIRST, move || {
        // The arm's own watchdog stops it; nobody hears of it.
        arm.stand();
        arm.body.dead.store(true, Ordering::SeqCst);
        arm.body.tell(Trouble::Fault(
            FaultKind::Link,
            "no bytes for 200 ms".into(),
        ));
    });
    assert_eq!(bench.perform(&two()), RunEnd::Faulted);
    let ends = bench.ends();
    assert!(
        matches!(ends[0].1, CaseEnd::Fault(FaultKind::Link, _)),
        "{ends:?}"
    );
    assert!(matches!(ends[1].1, CaseEnd::NotBegun(_)), "{ends:?}");
    assert!(
        bench
            .halted()
            .contains(&("arm".to_string(), false, "failed".to_string()))
    );
}

#[test]
fn a_cable_that_comes_back_lets_the_next_case_begin() {
    let bench = Bench::simulated();
    let arm = bench.arm.clone();
    let clock = bench.clock.clone();
    bench.at(IN_FIRST, move || {
        arm.body.dead.store(true, Ordering::SeqCst);
        arm.body
            .tell(Trouble::Fault(FaultKind::Link, "no bytes".into()));
        clock.sleep(ms(2_500));
        arm.body.dead.store(false, Ordering::SeqCst);
    });
    assert_eq!(bench.perform(&two()), RunEnd::Completed);
    assert!(matches!(
        bench.ends()[0].1,
        CaseEnd::Fault(FaultKind::Link, _)
    ));
    assert_eq!(bench.ends()[1].1, CaseEnd::Completed);
}

#[test]
fn ctrl_c_once_takes_everything_to_its_safe_state_and_finishes_the_record() {
    let bench = Bench::simulated();
    let control = bench.control.clone();
    let arm = bench.arm.clone();
    // In the middle of the way to p1.
    bench.at(ms(3_300), move || {
        assert!(arm.moving());
        assert_eq!(control.stop(), StopRequest::SafeState);
        assert!(!arm.moving(), "halted from the thread that asked");
        assert!(control.stop_requested());
    });
    assert_eq!(bench.perform(&two()), RunEnd::Aborted);
    assert!(
        bench
            .ends()
            .iter()
            .all(|(_, end)| matches!(end, CaseEnd::Aborted(_)))
    );
    assert!(
        bench
            .halted()
            .contains(&("arm".to_string(), false, "confirmed".to_string()))
    );
    assert!(!bench.arm.enabled.load(Ordering::SeqCst));
    assert!(
        !bench.io.levels.lock().unwrap()[0],
        "outputs are in their safe state"
    );
}

#[test]
fn ctrl_c_twice_leaves_now_and_the_halt_is_still_sent() {
    let bench = Bench::simulated();
    // Something keeps the halt from being confirmed, so that the first Ctrl-C would take its time.
    let (control, arm) = (bench.control.clone(), bench.arm.clone());
    arm.creeps.store(true, Ordering::SeqCst);
    let clock = bench.clock.clone();
    let sent = Arc::new(std::sync::atomic::AtomicU64::new(0));
    let counted = sent.clone();
    bench.at(ms(3_300), move || {
        control.stop();
        clock.sleep(ms(50));
        let before = arm.halts.load(Ordering::SeqCst);
        assert_eq!(control.stop(), StopRequest::Leave);
        counted.store(arm.halts.load(Ordering::SeqCst) - before, Ordering::SeqCst);
    });
    let end = bench.run(&two()).perform();
    assert_eq!(end, RunEnd::Aborted);
    assert_eq!(sent.load(Ordering::SeqCst), 1);
    assert!(
        bench.clock.now().as_secs_f64() < 3.5,
        "{}",
        bench.clock.now()
    );
    assert!(matches!(
        bench.events().last(),
        Some(EventBody::Ended {
            end: RunEnd::Aborted,
            ..
        })
    ));
}

#[test]
fn ctrl_c_works_while_a_person_thinks() {
    let bench = Bench::simulated();
    bench
        .desk
        .thinks
        .lock()
        .unwrap()
        .insert("look".to_string(), Duration::from_secs(3600));
    let control = bench.control.clone();
    bench.at(IN_FIRST, move || {
        control.stop();
    });
    let plan = plan(vec![case("one", vec![outside("look")])]);
    assert_eq!(bench.perform(&plan), RunEnd::Aborted);
    assert!(bench.clock.now().as_secs_f64() < 7.0);
}

/// Twenty seconds on the way.
fn crawl() -> Step {
    match started("p1") {
        Step::Move(m) => Step::Move(certbench_model::step::Move {
            speed: q("1 deg/s"),
            ..m
        }),
        step => step,
    }
}

#[test]
fn a_halt_that_is_refused_goes_to_the_next_stop_path() {
    let bench = Bench::simulated();
    bench.arm.refuses_halt.store(true, Ordering::SeqCst);
    let (arm, clock) = (bench.arm.clone(), bench.clock.clone());
    bench.at(ms(4_000), move || {
        arm.body.event("over-temperature");
        clock.sleep(ms(2_500));
        arm.stand(); // the emergency stop takes its time
    });
    let mut plan = plan(vec![case("one", vec![crawl(), wait(10.0)])]);
    let safety = plan.bench.devices[0].safety.as_mut().unwrap();
    safety.next = Some(output("estop", "open"));
    assert_eq!(bench.run(&plan).perform(), RunEnd::Completed);
    assert!(
        bench.io.levels.lock().unwrap()[1],
        "the emergency stop was opened"
    );
    assert!(bench.has(|e| matches!(
        e,
        EventBody::Halted { device, result, text, .. }
            if device == "arm" && result == "refused"
                && text.contains("next stop path: `estop` set to `open`; then confirmed")
    )));
}

#[test]
fn a_halt_that_is_not_confirmed_in_time_is_late_and_nobody_is_let_in() {
    let bench = Bench::simulated();
    bench.arm.creeps.store(true, Ordering::SeqCst);
    let plan = plan(vec![
        case("one", vec![crawl(), inside("look")]),
        case("two", vec![]),
    ]);
    assert_eq!(bench.run(&plan).perform(), RunEnd::Faulted);
    assert_eq!(
        bench.halted()[0],
        ("arm".to_string(), true, "late".to_string())
    );
    assert!(!bench.has(|e| matches!(e, EventBody::Prompted { .. })));
    assert!(
        bench.arm.halts.load(Ordering::SeqCst) > 10,
        "sent again and again"
    );
    assert!(matches!(&bench.ends()[0].1, CaseEnd::DeviceEvent(text) if text.contains("halt-late")));
    assert!(matches!(bench.ends()[1].1, CaseEnd::NotBegun(_)));
}

/// Trouble in the midst of a command that keeps the executor busy for half a second: how many
/// halts the arm had got by its end, before the motion began.
fn halts_before_the_executor_looks(trouble: impl Fn(&Gauge, &Hand) + Send + 'static) -> u64 {
    let bench = Bench::simulated();
    let (hand, gauge) = (bench.hand.clone(), bench.gauge.clone());
    let (arm, clock) = (Arc::downgrade(&bench.arm), bench.clock.clone());
    let halts = Arc::new(std::sync::atomic::AtomicU64::new(0));
    let counted = halts.clone();
    *bench.arm.on_begin.lock().unwrap() = Some(Box::new(move || {
        trouble(&gauge, &hand);
        clock.sleep(ms(500));
        let halts = arm.upgrade().map_or(0, |a| a.halts.load(Ordering::SeqCst));
        counted.store(halts, Ordering::SeqCst);
    }));
    bench.perform(&plan(vec![case("one", vec![started("p1"), wait(5.0)])]));
    assert!(!matches!(bench.ends()[0].1, CaseEnd::Completed));
    // The command left after the halt; the arm was halted again at once.
    assert!(bench.arm.deg() < 2.0, "{}", bench.arm.deg());
    halts.load(Ordering::SeqCst)
}

#[test]
fn a_trip_halts_while_the_executor_is_busy_and_again_after_its_command_has_left() {
    let too_hot = |_: &Gauge, hand: &Hand| *hand.temperature.lock().unwrap() = 81.0;
    assert_eq!(
        halts_before_the_executor_looks(too_hot),
        1,
        "by the reading thread"
    );
    let silent = |gauge: &Gauge, _: &Hand| gauge.body.silent.store(true, Ordering::SeqCst);
    assert_eq!(halts_before_the_executor_looks(silent), 1, "by the guard");
}

#[test]
fn a_command_that_a_halt_crossed_does_not_hide_the_reason_for_the_halt() {
    let bench = Bench::simulated();
    bench.arm.notices_halts.store(true, Ordering::SeqCst);
    let (hand, clock) = (bench.hand.clone(), bench.clock.clone());
    *bench.arm.on_begin.lock().unwrap() = Some(Box::new(move || {
        *hand.temperature.lock().unwrap() = 81.0;
        clock.sleep(ms(50));
    }));
    bench.perform(&plan(vec![case("one", vec![go("p1")])]));
    let ends = bench.ends();
    assert!(matches!(ends[0].1, CaseEnd::Tripped(_)), "{ends:?}");
}

#[test]
fn a_motion_that_never_settles_is_the_items_own_trouble() {
    let bench = Bench::simulated();
    bench.arm.stuck.store(true, Ordering::SeqCst);
    bench.perform(&plan(vec![case("one", vec![go("p1")])]));
    assert!(
        matches!(&bench.ends()[0].1, CaseEnd::DeviceEvent(text) if text.contains("not-settled"))
    );
}

#[test]
fn motion_after_the_reset_of_a_stop_is_a_device_event() {
    let bench = Bench::simulated();
    bench.arm.restarts.store(true, Ordering::SeqCst);
    let steps = vec![
        started("p1"),
        wait(0.1),
        Step::Stop(Stop::Output(output("estop", "open"))),
        Step::Stop(Stop::Command {
            device: "arm".into(),
        }),
        Step::Stop(Stop::Recover {
            device: "arm".into(),
            restore: Some(output("estop", "closed")),
        }),
    ];
    bench.perform(&plan(vec![case("one", steps)]));
    let ends = bench.ends();
    assert!(
        matches!(&ends[0].1, CaseEnd::DeviceEvent(text) if text.contains("restart-after-reset")),
        "{ends:?}"
    );
}

/// A stop that a person demands a while after they were told to; the arm reports the stop when it comes.
fn stop_by_hand(bench: &Bench) -> Vec<Step> {
    let thinks = [("press".to_string(), Duration::from_secs(5))];
    bench.desk.thinks.lock().unwrap().extend(thinks);
    let arm = bench.arm.clone();
    bench.at(IN_FIRST, move || arm.body.event("stopped-from-outside"));
    let Step::Prompt(told) = prompt("press", Presence::Outside, Ask::Instruct) else {
        unreachable!("a prompt")
    };
    vec![started("p1"), Step::Stop(Stop::Person(told)), wait(0.1)]
}

#[test]
fn what_the_arm_tells_after_a_stop_by_hand_ends_nothing_and_is_on_the_record() {
    let bench = Bench::simulated();
    let steps = stop_by_hand(&bench);
    bench.perform(&plan(vec![case("one", steps)]));
    assert_eq!(bench.ends(), [("one".to_string(), CaseEnd::Completed)]);
    let by_whom =
        |e: &EventBody| matches!(e, EventBody::Answered { prompt, .. } if prompt == "press");
    assert!(bench.has(by_whom));
    assert!(bench.has(
        |e| matches!(e, EventBody::DeviceEvent { code, .. } if code == "stopped-from-outside")
    ));
}

#[test]
fn the_same_without_a_stop_in_the_plan_is_a_device_event() {
    let bench = Bench::simulated();
    let mut steps = stop_by_hand(&bench);
    steps[1] = prompt("press", Presence::Outside, Ask::Instruct);
    bench.perform(&plan(vec![case("one", steps)]));
    let ends = bench.ends();
    assert!(matches!(&ends[0].1, CaseEnd::DeviceEvent(_)), "{ends:?}");
}

#[test]
fn a_person_who_does_not_press_leaves_the_case_unanswered_and_halts_the_arm() {
    let bench = Bench::simulated();
    let steps = stop_by_hand(&bench);
    let no = [("press".to_string(), vec![Answer::No])];
    bench.desk.answers.lock().unwrap().extend(no);
    bench.perform(&plan(vec![case("one", steps)]));
    let ends = bench.ends();
    assert!(matches!(&ends[0].1, CaseEnd::Unanswered(_)), "{ends:?}");
    assert!(bench.has(|e| matches!(e, EventBody::Halted { device, .. } if device == "arm")));
}

#[test]
fn a_window_without_samples_is_not_tested() {
    let bench = Bench::simulated();
    let mut plan = plan(vec![case(
        "one",
        vec![window("pull", &["force"], vec![wait(10.0)], None)],
    )]);
    plan.watches.clear();
    let gauge = bench.gauge.clone();
    bench.at(IN_FIRST, move || {
        gauge.body.silent.store(true, Ordering::SeqCst)
    });
    bench.perform(&plan);
    let CaseEnd::Fault(FaultKind::Unattributable, text) = bench.ends()[0].1.clone() else {
        panic!("{:?}", bench.ends())
    };
    assert!(text.contains("no sample from `gauge`"), "{text}");
    assert!(bench.has(|e| matches!(
        e,
        EventBody::WindowClosed {
            end: certbench_model::event::WindowEnd::Cut,
            ..
        }
    )));
    assert!(bench.clock.now().as_secs_f64() < 8.0);
}

#[test]
fn a_window_of_readings_over_the_range_says_so() {
    let bench = Bench::simulated();
    let mut plan = plan(vec![case(
        "one",
        vec![window("pull", &["force"], vec![wait(3.0)], None)],
    )]);
    plan.watches.clear();
    bench.gauge.over_range.store(true, Ordering::SeqCst);
    bench.perform(&plan);
    let CaseEnd::Fault(FaultKind::Instrument, text) = bench.ends()[0].1.clone() else {
        panic!("{:?}", bench.ends())
    };
    assert!(text.contains("over its range; take the load off"), "{text}");
}

#[test]
fn silence_is_the_links_when_the_link_itself_says_so() {
    let bench = Bench::simulated();
    let (gauge, clock) = (bench.gauge.clone(), bench.clock.clone());
    // When the executor looks, the watch has tripped and the link's own word waits.
    *bench.arm.on_begin.lock().unwrap() = Some(Box::new(move || {
        gauge.body.silent.store(true, Ordering::SeqCst);
        clock.sleep(ms(400));
        let text = "the port is gone".to_string();
        gauge
            .body
            .tell(certbench_roles::Trouble::Fault(FaultKind::Link, text));
    }));
    bench.perform(&two());
    let CaseEnd::Fault(FaultKind::Link, text) = bench.ends()[0].1.clone() else {
        panic!("{:?}", bench.ends())
    };
    assert!(text.contains("the port is gone"), "{text}");
    assert!(bench.has(|e| matches!(e, EventBody::Tripped { missing: true, .. })));
}

#[test]
fn a_condition_that_does_not_come_ends_the_case_as_not_tested_when_the_plan_says_so() {
    let bench = Bench::simulated();
    let never = until("force", Does::Above(30.0), 2.0, Otherwise::Fault);
    bench.perform(&plan(vec![case("one", vec![Step::Wait(never)])]));
    assert!(matches!(
        bench.ends()[0].1,
        CaseEnd::Fault(FaultKind::Unattributable, _)
    ));
}

#[test]
fn an_instrument_that_reads_wrong_is_caught_by_its_check() {
    let check = |expect| {
        Step::Check(certbench_model::step::Check {
            channel: "force".into(),
            component: String::new(),
            expect,
            returns_to: None,
            within: 0.1,
            over_s: 0.5,
        })
    };
    let zero = Step::Zero(certbench_model::step::Zero {
        channel: "force".into(),
    });
    let bench = Bench::simulated();
    bench.perform(&plan(vec![
        case("one", vec![zero, check(1.0)]),
        case("two", vec![check(0.0)]),
    ]));
    assert_eq!(bench.gauge.zeroed.load(Ordering::SeqCst), 1);
    assert_eq!(bench.ends()[0].1, CaseEnd::Completed);
    assert!(matches!(
        bench.ends()[1].1,
        CaseEnd::Fault(FaultKind::Instrument, _)
    ));
}

#[test]
fn a_full_disk_halts_and_ends_the_run_as_a_fault_of_the_harness() {
    let bench = Bench::simulated();
    *bench.log.full_at.lock().unwrap() = Some(12);
    assert_eq!(bench.perform(&two()), RunEnd::Faulted);
    assert!(bench.has(|e| matches!(
        e,
        EventBody::Fault { kind: FaultKind::Harness, text, .. } if text.contains("no space left")
    )));
    assert_eq!(bench.arm.begins.load(Ordering::SeqCst), 1);
    assert!(bench.clock.now().as_secs_f64() < 6.0);
}

#[test]
fn a_disk_that_is_full_in_the_middle_of_a_long_motion_halts_it_there() {
    let bench = Bench::simulated();
    let (arm, log) = (bench.arm.clone(), bench.log.clone());
    bench.at(ms(3_300), move || {
        assert!(arm.moving());
        log.sick.store(true, Ordering::SeqCst);
    });
    let arm = bench.arm.clone();
    bench.at(ms(3_500), move || assert!(!arm.moving()));
    assert_eq!(bench.perform(&two()), RunEnd::Faulted);
    assert!(bench.has(|e| matches!(
        e,
        EventBody::Fault { kind: FaultKind::Harness, text, .. } if text.contains("no space left")
    )));
}

#[test]
fn lost_samples_are_counted_and_told() {
    let bench = Bench::simulated();
    bench.log.deaf.store(true, Ordering::SeqCst);
    assert_eq!(bench.perform(&two()), RunEnd::Completed);
    let total = bench.log.samples.load(Ordering::Relaxed);
    let told = |e: EventBody| match e {
        EventBody::Lost { listener, count } if listener == "log" => Some(count),
        _ => None,
    };
    let told: Vec<_> = bench.events().into_iter().filter_map(told).collect();
    assert!(
        told.is_sorted() && told.last() == Some(&total),
        "{told:?} of {total}"
    );
}

#[test]
fn a_control_serves_one_run() {
    let mut bench = Bench::simulated();
    assert_eq!(bench.perform(&two()), RunEnd::Completed);
    bench.log.events.lock().unwrap().clear();
    bench.settings.run = "another".into();
    assert_eq!(bench.perform(&two()), RunEnd::Faulted);
}

/// However a run ends once devices are started, the last thing before disarming is a halt.
#[test]
fn every_end_halts() {
    type Fault = Box<dyn FnOnce(&Bench)>;
    let faults: Vec<(&str, Fault)> = vec![
        ("a normal end", Box::new(|_| {})),
        (
            "trouble of the item",
            Box::new(|b| {
                let arm = b.arm.clone();
                b.at(IN_FIRST, move || arm.body.event("stall"));
            }),
        ),
        (
            "a stop",
            Box::new(|b| {
                let control = b.control.clone();
                b.at(IN_FIRST, move || {
                    control.stop();
                });
            }),
        ),
        (
            "an unanswered prompt",
            Box::new(|b| {
                b.desk
                    .answers
                    .lock()
                    .unwrap()
                    .insert("ready".into(), vec![Answer::None]);
            }),
        ),
        (
            "a dead instrument",
            Box::new(|b| {
                let gauge = b.gauge.clone();
                b.at(IN_FIRST, move || {
                    gauge.body.dead.store(true, Ordering::SeqCst)
                });
            }),
        ),
        (
            "a full disk",
            Box::new(|b| *b.log.full_at.lock().unwrap() = Some(12)),
        ),
    ];
    for (name, fault) in faults {
        let bench = Bench::simulated();
        fault(&bench);
        let plan = plan(vec![case(
            "one",
            vec![outside("ready"), go("p1"), wait(5.0), go("p2")],
        )]);
        bench.perform(&plan);
        let events = bench.events();
        let disarmed = events
            .iter()
            .rposition(|e| matches!(e, EventBody::Disarmed))
            .unwrap();
        let halted =
            |e: &EventBody| matches!(e, EventBody::Halted { result, .. } if result == "confirmed");
        assert!(halted(&events[disarmed - 1]), "{name}");
        assert!(bench.arm.halts.load(Ordering::SeqCst) > 0, "{name}");
        bench.clock.end();
    }
}
