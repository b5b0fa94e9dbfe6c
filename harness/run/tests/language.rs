//! What real procedures ask of the executor: branches, schedules, matrices, what comes every so
//! many passes, endings by what was measured, preconditions, attempts, thinned recording.

mod support;

use certbench_model::expr::{Expr, Function, Op, Term};
use certbench_model::step::{
    Axis, Beside, Block, Condition, Does, During, Ending, Every, Matrix, Otherwise, Outcome,
    Repeat, Require, Schedule, Stop, Take, Taken, Wait, Window,
};
use certbench_model::{CaseEnd, Event, EventBody, Quantity, RunEnd, Step};
use certbench_roles::Answer;
use std::sync::atomic::Ordering;
use support::*;

/// `left < factor * right` of two names, as the suite room would read it.
fn below(left: &str, factor: f64, right: &str) -> Expr {
    let text = format!("{left} < {factor} * {right}");
    let at = [0, text.len() as u16];
    let term = |op| Term { at, op };
    let one = Quantity::new(factor, certbench_model::Unit::one());
    let terms = vec![
        term(Op::Name(left.into())),
        term(Op::Quantity(one)),
        term(Op::Name(right.into())),
        term(Op::Apply(Function::Mul, 2)),
        term(Op::Apply(Function::Lt, 2)),
    ];
    Expr::new(text, terms).unwrap()
}

fn take(id: &str, name: &str, value: Taken, seconds: f64) -> Step {
    Step::Window(Window {
        id: id.into(),
        record: vec!["force".into()],
        steps: vec![],
        until: Some(Wait::For(seconds)),
        take: vec![Take {
            name: name.into(),
            channel: "force".into(),
            component: String::new(),
            value,
        }],
    })
}

fn ended(bench: &Bench) -> Vec<(String, u32, bool)> {
    let one = |e: EventBody| match e {
        EventBody::RepeatEnded {
            variable,
            passes,
            ending,
            ..
        } => Some((variable, passes, ending.is_some())),
        _ => None,
    };
    bench.events().into_iter().filter_map(one).collect()
}

fn timed(bench: &Bench) -> Vec<Event> {
    bench.log.events.lock().unwrap().clone()
}

fn marks(bench: &Bench) -> Vec<String> {
    let one = |e: EventBody| match e {
        EventBody::Marked { name, .. } => Some(name),
        _ => None,
    };
    bench.events().into_iter().filter_map(one).collect()
}

fn mark(name: &str) -> Step {
    Step::Mark(certbench_model::step::Mark { name: name.into() })
}

fn beside(id: &str, steps: Vec<Step>, passes: u32, within_s: f64) -> Beside {
    Beside {
        id: id.into(),
        steps,
        passes,
        within_s,
    }
}

#[test]
fn a_branch_moves_while_the_leading_steps_wait_and_completes_its_pass() {
    let bench = Bench::simulated();
    let branch = beside("swing", vec![go("p1"), go("p2"), mark("swung")], 1000, 10.0);
    let during = Step::During(During {
        steps: vec![window("hold", &["force"], vec![], Some(Wait::For(5.0)))],
        beside: vec![branch],
    });
    let plan = plan(vec![case("one", vec![during, mark("after")])]);
    assert_eq!(bench.perform(&plan), RunEnd::Completed);
    assert_eq!(bench.ends()[0].1, CaseEnd::Completed);
    let swings = bench.arm.begins.load(Ordering::SeqCst);
    assert!(swings >= 4, "{swings} motions in five seconds");
    assert_eq!(swings % 2, 0, "the pass that was going on was completed");
    let marks = marks(&bench);
    assert_eq!(marks.last().map(String::as_str), Some("after"));
    assert!(!bench.arm.moving(), "it rests before the next step");
}

#[test]
fn a_stop_is_triggered_during_a_motion_where_the_axis_is() {
    let bench = Bench::simulated();
    let there = Wait::Until {
        condition: Condition {
            channel: "angle".into(),
            component: String::new(),
            does: Does::Above(10.0),
        },
        within_s: 5.0,
        otherwise: Otherwise::Fault,
    };
    let stop = Step::Stop(Stop::Command {
        device: "arm".into(),
    });
    // The leading steps do not command the arm: the branch that moves it is the branch that stops it.
    let during = Step::During(During {
        steps: vec![window("stopping", &["angle"], vec![], Some(Wait::For(4.0)))],
        beside: vec![beside(
            "drive",
            vec![started("p1"), Step::Wait(there), stop, mark("stopped")],
            1,
            5.0,
        )],
    });
    let recover = Step::Stop(Stop::Recover {
        device: "arm".into(),
        restore: None,
    });
    let plan = plan(vec![case("one", vec![during, recover])]);
    assert_eq!(bench.perform(&plan), RunEnd::Completed);
    assert_eq!(bench.ends()[0].1, CaseEnd::Completed);
    let deg = bench.arm.deg();
    assert!(
        (10.0..12.0).contains(&deg),
        "stopped at {deg} deg, not at 20"
    );
}

#[test]
fn a_branch_that_does_not_end_is_told_and_everything_is_halted() {
    let bench = Bench::simulated();
    bench.arm.stuck.store(true, Ordering::SeqCst);
    let during = Step::During(During {
        steps: vec![wait(0.5)],
        beside: vec![beside("swing", vec![go("p1")], 1, 1.0)],
    });
    let plan = plan(vec![case("one", vec![during])]);
    bench.perform(&plan);
    let end = bench.ends()[0].1.clone();
    assert_ne!(end, CaseEnd::Completed);
    assert!(bench.halted().iter().any(|(device, ..)| device == "arm"));
}

#[test]
fn trouble_in_a_branch_ends_the_case_as_if_the_leading_steps_had_met_it() {
    let bench = Bench::simulated();
    let gauge = bench.gauge.clone();
    bench.at(ms(8000), move || {
        gauge.body.dead.store(true, Ordering::SeqCst)
    });
    let late = Step::Wait(until("force", Does::Above(1e6), 1.5, Otherwise::Fault));
    let during = Step::During(During {
        steps: vec![wait(30.0)],
        beside: vec![beside("pull", vec![late], 1, 1.0)],
    });
    let plan = plan(vec![case("one", vec![during])]);
    bench.perform(&plan);
    let ends = bench.ends();
    assert!(matches!(ends[0].1, CaseEnd::Fault(..)), "{ends:?}");
}

#[test]
fn two_owners_of_one_device_and_a_person_inside_are_refused_at_the_rehearsal() {
    let both = |leading: Vec<Step>| {
        Step::During(During {
            steps: leading,
            beside: vec![beside("swing", vec![go("p1")], 1, 5.0)],
        })
    };
    for (leading, word) in [
        (vec![go("p2")], "commanded by more than one"),
        (vec![inside("reach-in")], "nobody may be inside"),
    ] {
        let bench = Bench::simulated();
        let plan = plan(vec![case("one", vec![both(leading)])]);
        assert_eq!(bench.perform(&plan), RunEnd::Refused);
        let reasons = bench.events().into_iter().find_map(|e| match e {
            EventBody::Refused { reasons } => Some(reasons[0].en.clone()),
            _ => None,
        });
        assert!(reasons.unwrap().contains(word));
        assert_eq!(bench.arm.begins.load(Ordering::SeqCst), 0);
    }
}

#[test]
fn a_repeat_ends_when_what_was_taken_says_so_and_tells_with_which_values() {
    let bench = Bench::simulated();
    // 20 N, and half a newton less every second.
    *bench.gauge.force.lock().unwrap() = Box::new(|ns| 20.0 - 0.5e-9 * ns as f64);
    let mut repeat = Repeat::new(
        "cycle",
        certbench_model::step::Over::Times(1000),
        vec![wait(0.1)],
    );
    repeat.every = vec![Every {
        passes: 10,
        first: true,
        steps: vec![take("check", "strength", Taken::Largest, 0.2)],
    }];
    repeat.until = Some(Ending {
        when: below("strength", 0.8, "strength.first"),
        at_least: 1,
    });
    let plan = plan(vec![case("one", vec![Step::Repeat(repeat)])]);
    assert_eq!(bench.perform(&plan), RunEnd::Completed);
    let ended = ended(&bench);
    assert_eq!(ended.len(), 1);
    let (variable, passes, early) = &ended[0];
    assert_eq!(variable, "cycle");
    assert!(
        *early && passes % 10 == 0 && *passes < 100,
        "{passes} passes"
    );
    let words = bench.events().into_iter().find_map(|e| match e {
        EventBody::RepeatEnded { ending, .. } => ending,
        _ => None,
    });
    assert!(words.unwrap().contains("strength.first = "));
    let taken = bench.events().into_iter().filter_map(|e| match e {
        EventBody::Taken { value, .. } => Some(value.value),
        _ => None,
    });
    let taken: Vec<f64> = taken.collect();
    assert_eq!(taken.len() as u32, 1 + passes / 10);
    let (first, last) = (taken[0], taken[taken.len() - 1]);
    assert!(
        last < 0.8 * first && taken[taken.len() - 2] >= 0.8 * first,
        "{taken:?}"
    );
}

#[test]
fn a_repeat_that_never_ends_early_is_censored_at_its_last_pass() {
    let bench = Bench::simulated();
    let mut repeat = Repeat::new(
        "cycle",
        certbench_model::step::Over::Times(5),
        vec![take("check", "strength", Taken::Mean, 0.1)],
    );
    repeat.until = Some(Ending {
        when: below("strength", 0.0, "strength.first"),
        at_least: 1,
    });
    let plan = plan(vec![case("one", vec![Step::Repeat(repeat)])]);
    assert_eq!(bench.perform(&plan), RunEnd::Completed);
    assert_eq!(ended(&bench), [("cycle".to_string(), 5, false)]);
}

#[test]
fn a_schedule_keeps_its_times_and_fills_the_gaps() {
    let bench = Bench::simulated();
    let schedule = Step::Schedule(Schedule {
        variable: "group".into(),
        every_s: 60.0,
        times: 4,
        late_s: 0.5,
        steps: vec![mark("group {group}"), wait(1.0)],
        between: vec![go("p1"), go("p2"), mark("swung")],
        between_most: 1000,
        until: None,
        thinned_s: None,
    });
    let plan = plan(vec![case("one", vec![schedule])]);
    let end = bench.perform(&plan);
    assert_eq!(end, RunEnd::Completed, "{:?}", bench.ends());
    let groups = timed(&bench).into_iter().filter_map(|e| match e.body {
        EventBody::Marked { name, .. } if name.starts_with("group") => Some((e.time_ns, name)),
        _ => None,
    });
    let groups: Vec<(u64, String)> = groups.collect();
    assert_eq!(groups.len(), 4);
    for (i, (time, name)) in groups.iter().enumerate() {
        assert_eq!(*name, format!("group {}", i + 1));
        let after = (time - groups[0].0) as f64 * 1e-9;
        assert!(
            (after - 60.0 * i as f64).abs() < 0.1,
            "{name} after {after} s"
        );
    }
    let swings = marks(&bench).iter().filter(|m| *m == "swung").count();
    assert!(swings > 20, "{swings} swings in three minutes");
}

#[test]
fn a_pass_that_comes_late_is_a_fault_and_no_result() {
    let bench = Bench::simulated();
    let schedule = Step::Schedule(Schedule {
        variable: "group".into(),
        every_s: 1.0,
        times: 3,
        late_s: 0.2,
        steps: vec![wait(1.5)],
        between: vec![],
        between_most: 0,
        until: None,
        thinned_s: None,
    });
    let plan = plan(vec![case("one", vec![schedule])]);
    bench.perform(&plan);
    assert!(
        matches!(&bench.ends()[0].1, CaseEnd::Fault(_, text) if text.contains("began")),
        "{:?}",
        bench.ends()
    );
}

#[test]
fn a_matrix_goes_over_its_combinations_in_their_order() {
    let bench = Bench::simulated();
    let axis = |variable: &str, table: Option<&str>| Axis {
        variable: variable.into(),
        table: table.map(str::to_string),
    };
    let cell = |pose: &str, n: &str| vec![pose.to_string(), n.to_string()];
    let matrix = Step::Matrix(Matrix {
        axes: vec![axis("pose", Some("poses")), axis("n", None)],
        cells: vec![cell("p2", "1"), cell("p1", "2"), cell("p1", "1")],
        seed: Some(1),
        excluded: 1,
        steps: vec![go("{pose}"), mark("{pose} {n} {pose.mass}")],
    });
    let plan = plan(vec![case("one", vec![matrix])]);
    assert_eq!(bench.perform(&plan), RunEnd::Completed);
    assert_eq!(marks(&bench), ["p2 1 0.4 kg", "p1 2 0.4 kg", "p1 1 0.4 kg"]);
}

#[test]
fn a_precondition_that_is_not_met_is_not_tested_and_halts() {
    let require = |least: f64, otherwise| {
        Step::Require(Require {
            condition: Condition {
                channel: "angle".into(),
                component: String::new(),
                does: Does::Keeps {
                    least,
                    most: 90.0,
                    for_s: 0.1,
                },
            },
            within_s: 1.0,
            otherwise,
        })
    };
    let bench = Bench::simulated();
    let plan_met = plan(vec![case(
        "one",
        vec![require(-1.0, Otherwise::NotTested), mark("on")],
    )]);
    let end = bench.perform(&plan_met);
    assert_eq!(end, RunEnd::Completed, "{:?}", bench.ends());
    assert_eq!(bench.ends()[0].1, CaseEnd::Completed);

    let bench = Bench::simulated();
    let plan = plan(vec![case(
        "one",
        vec![require(45.0, Otherwise::NotTested), mark("on")],
    )]);
    bench.perform(&plan);
    assert!(
        matches!(&bench.ends()[0].1, CaseEnd::Precondition(text) if text.contains("angle")),
        "{:?}",
        bench.ends()
    );
    assert!(marks(&bench).is_empty());
}

#[test]
fn a_precondition_inside_a_trial_makes_it_invalid_and_it_is_done_again() {
    let bench = Bench::simulated();
    let gauge = bench.gauge.clone();
    *gauge.force.lock().unwrap() = Box::new(|_| 1.0);
    bench.at(ms(7000), move || {
        *gauge.force.lock().unwrap() = Box::new(|_| 5.0);
    });
    let steady = Step::Require(Require {
        condition: Condition {
            channel: "force".into(),
            component: String::new(),
            does: Does::Above(4.0),
        },
        within_s: 0.5,
        otherwise: Otherwise::Invalid("not-loaded".into()),
    });
    let steps = vec![steady, choose("how", &[("held", Some(Outcome::Success))])];
    let trial = trial("hold", steps, &["not-loaded"], 20);
    *bench.desk.answers.lock().unwrap() =
        [("how".to_string(), vec![Answer::Choice("held".into())])].into();
    let plan = plan(vec![case("one", vec![trial])]);
    assert_eq!(bench.perform(&plan), RunEnd::Completed);
    let outcomes = bench.events().into_iter().filter_map(|e| match e {
        EventBody::TrialEnded { outcome, .. } => outcome,
        _ => None,
    });
    let outcomes: Vec<Outcome> = outcomes.collect();
    assert_eq!(outcomes.last(), Some(&Outcome::Success));
    assert_eq!(outcomes[0], Outcome::Invalid("not-loaded".into()));
}

#[test]
fn a_failure_is_tried_again_and_every_attempt_is_on_the_record() {
    let bench = Bench::simulated();
    let choices = ["dropped", "dropped", "held"].map(|c| Answer::Choice(c.to_string()));
    *bench.desk.answers.lock().unwrap() = [("how".to_string(), choices.to_vec())].into();
    let words = [
        ("held", Some(Outcome::Success)),
        ("dropped", Some(Outcome::Failure)),
    ];
    let tried = |attempts| match trial("hold", vec![choose("how", &words)], &[], 0) {
        Step::Trial(t) => Step::Trial(certbench_model::step::Trial { attempts, ..t }),
        step => step,
    };
    let plan = plan(vec![case("one", vec![tried(3)])]);
    assert_eq!(bench.perform(&plan), RunEnd::Completed);
    let retried = bench.events().into_iter().filter_map(|e| match e {
        EventBody::Retried { attempt, .. } => Some(attempt),
        _ => None,
    });
    assert_eq!(retried.collect::<Vec<_>>(), [1, 2]);
    let ended = bench.events().into_iter().find_map(|e| match e {
        EventBody::TrialEnded {
            outcome, number, ..
        } => Some((number, outcome)),
        _ => None,
    });
    assert_eq!(ended, Some((1, Some(Outcome::Success))));
}

#[test]
fn a_block_has_its_set_up_and_its_closing_in_the_order_of_their_places() {
    let bench = Bench::simulated();
    let block = Step::Block(Block {
        id: "grip".into(),
        template: Some("grip 0.1.0".into()),
        setup: vec![mark("set-up")],
        steps: vec![mark("steps")],
        finally: vec![mark("closing")],
    });
    let mut one = case("one", vec![block]);
    one.setup = vec![mark("of the case")];
    assert_eq!(bench.perform(&plan(vec![one])), RunEnd::Completed);
    assert_eq!(marks(&bench), ["of the case", "set-up", "steps", "closing"]);
    let paths = bench.events().into_iter().filter_map(|e| match e {
        EventBody::StepEnded { path } => Some(path),
        _ => None,
    });
    assert_eq!(
        paths.collect::<Vec<_>>(),
        ["one/setup/0", "one/0/0", "one/0/1", "one/0/2", "one/0"]
    );
}

#[test]
fn thinned_recording_keeps_windows_whole_and_counts_what_it_leaves_out() {
    let samples = |thinned_s| {
        let bench = Bench::simulated();
        let window = window("seen", &["force"], vec![], Some(Wait::For(1.0)));
        let mut repeat = Repeat::new(
            "cycle",
            certbench_model::step::Over::Times(3),
            vec![wait(9.0), window],
        );
        repeat.thinned_s = thinned_s;
        let plan = plan(vec![case("one", vec![Step::Repeat(repeat)])]);
        assert_eq!(bench.perform(&plan), RunEnd::Completed);
        let left_out = bench.events().into_iter().rev().find_map(|e| match e {
            EventBody::Thinned { left_out, .. } => Some(left_out),
            _ => None,
        });
        (bench.log.samples.load(Ordering::SeqCst), left_out)
    };
    let (whole, none) = samples(None);
    let (thinned, left_out) = samples(Some(3.0));
    assert_eq!(none, None);
    let left_out = left_out.unwrap();
    assert!(thinned + left_out <= whole + 30 && thinned + left_out + 30 >= whole);
    // Three channels at 100 Hz for 30 s and the time of arming; the windows are 3 s of it.
    assert!((900..2000).contains(&thinned), "{thinned} of {whole}");
}

/// Cycles of the fake hand, with a check of strength every five thousand.
fn endurance(cycles: u32) -> Step {
    let mut repeat = Repeat::new(
        "cycle",
        certbench_model::step::Over::Times(cycles),
        vec![grasp(), release()],
    );
    repeat.thinned_s = Some(60.0);
    repeat.every = vec![Every {
        passes: 5000,
        first: true,
        steps: vec![take("check", "strength", Taken::Largest, 5.0)],
    }];
    repeat.until = Some(Ending {
        when: below("strength", 0.8, "strength.first"),
        at_least: 1,
    });
    Step::Repeat(repeat)
}

#[test]
fn a_hundred_thousand_cycles_are_counted_and_the_record_stays_small() {
    let bench = Bench::simulated();
    // The strength falls by a fifth after some 62,000 cycles of a second and a bit.
    *bench.gauge.force.lock().unwrap() = Box::new(|ns| 20.0 * (1.0 - ns as f64 * 1e-9 / 4.0e5));
    for body in [&bench.arm.body, &bench.hand.body, &bench.gauge.body] {
        body.every_ms.store(2000, Ordering::SeqCst);
    }
    let mut one = case("one", vec![endurance(100_000)]);
    one.seconds_max = 1e6;
    let mut plan = plan(vec![one]);
    for watch in &mut plan.watches {
        watch.max_age_s = 20.0;
    }
    for channel in &mut plan.channels {
        channel.interval_s = 2.0;
    }
    let begun = std::time::Instant::now();
    assert_eq!(bench.perform(&plan), RunEnd::Completed);
    let ended = ended(&bench);
    let (_, passes, early) = &ended[0];
    assert!(*early && passes % 5000 == 0, "{ended:?}");
    let events = timed(&bench);
    let simulated_s = events.last().unwrap().time_ns as f64 * 1e-9;
    println!(
        "{passes} cycles, {simulated_s:.0} s, {} events, {} samples, {:.1} s of this machine",
        events.len(),
        bench.log.samples.load(Ordering::SeqCst),
        begun.elapsed().as_secs_f64()
    );
    // One pass a minute is told whole (six lines), and each check.
    let most = simulated_s / 60.0 * 8.0 + 200.0;
    assert!((events.len() as f64) < most, "{} events", events.len());
}

#[test]
fn what_happens_in_a_pass_that_is_not_told_is_told_with_its_step() {
    let bench = Bench::simulated();
    let hand = bench.hand.clone();
    bench.at(ms(30_000), move || hand.body.event("stall"));
    let mut one = case("one", vec![endurance(1000)]);
    one.seconds_max = 1e6;
    bench.perform(&plan(vec![one]));
    let events = bench.events();
    let trouble = events
        .iter()
        .position(|e| matches!(e, EventBody::DeviceEvent { .. }));
    let before = &events[..trouble.unwrap()];
    let step = before.iter().rev().find_map(|e| match e {
        EventBody::StepStarted { context, .. } => context.scope.variables.get("cycle").cloned(),
        _ => None,
    });
    let cycle: u32 = step.unwrap().parse().unwrap();
    assert!(
        cycle > 3,
        "the step of cycle {cycle} is told, not only the first"
    );
}

/// A plan with every kind of step that the language knows and these fakes can do.
fn every_kind() -> certbench_model::Plan {
    let calm = Condition {
        channel: "force".into(),
        component: String::new(),
        does: Does::Rests {
            within: 5.0,
            for_s: 0.05,
        },
    };
    let mut cycles = Repeat::new(
        "cycle",
        certbench_model::step::Over::Times(3),
        vec![grasp(), release()],
    );
    cycles.every = vec![Every {
        passes: 2,
        first: true,
        steps: vec![take("check", "strength", Taken::Last, 0.2)],
    }];
    cycles.until = Some(Ending {
        when: below("strength", 0.0, "strength.first"),
        at_least: 1,
    });
    let steps = vec![
        outside("look"),
        inside("mount"),
        Step::Zero(certbench_model::step::Zero {
            channel: "force".into(),
        }),
        Step::Require(Require {
            condition: calm,
            within_s: 2.0,
            otherwise: Otherwise::NotTested,
        }),
        go("p1"),
        Step::Set(output("support", "lowered")),
        Step::Repeat(cycles),
        trial(
            "hold",
            vec![window("held", &["force"], vec![wait(0.2)], None)],
            &[],
            0,
        ),
        Step::During(During {
            steps: vec![wait(0.5)],
            beside: vec![beside("swing", vec![go("p2"), mark("swung")], 5, 10.0)],
        }),
        Step::Schedule(Schedule {
            variable: "group".into(),
            every_s: 2.0,
            times: 2,
            late_s: 0.5,
            steps: vec![mark("group")],
            between: vec![wait(0.1)],
            between_most: 3,
            until: None,
            thinned_s: Some(1.0),
        }),
        Step::Matrix(Matrix {
            axes: vec![Axis {
                variable: "pose".into(),
                table: Some("poses".into()),
            }],
            cells: vec![vec!["p1".into()], vec!["p2".into()]],
            seed: None,
            excluded: 0,
            steps: vec![go("{pose}")],
        }),
        Step::Block(Block {
            id: "block".into(),
            template: None,
            setup: vec![mark("before")],
            steps: vec![started("p1")],
            finally: vec![],
        }),
        Step::Stop(Stop::Command {
            device: "arm".into(),
        }),
        Step::Stop(Stop::Recover {
            device: "arm".into(),
            restore: None,
        }),
    ];
    let mut one = case("one", steps);
    one.setup = vec![mark("set-up")];
    one.finally = vec![Step::Set(output("support", "raised")), release()];
    plan(vec![one])
}

#[test]
fn interrupted_at_every_kind_of_step_the_story_is_whole_and_everything_stands() {
    let bench = Bench::simulated();
    assert_eq!(
        bench.perform(&every_kind()),
        RunEnd::Completed,
        "{:?}",
        bench.ends()
    );
    let events = timed(&bench);
    // One instant for each step of the plan, just after it began.
    let mut instants = std::collections::BTreeMap::new();
    for event in &events {
        if let EventBody::StepStarted { path, .. } = &event.body {
            instants.entry(path.clone()).or_insert(event.time_ns);
        }
    }
    assert!(instants.len() >= 30, "{}", instants.len());
    for (path, ns) in instants {
        let bench = Bench::simulated();
        let control = bench.control.clone();
        bench.at(std::time::Duration::from_nanos(ns + 1_000_000), move || {
            control.stop();
        });
        // `perform` checks that the story is whole: begun and ended once, halted, last of all the end.
        let end = bench.perform(&every_kind());
        assert_eq!(end, RunEnd::Aborted, "{path}: {:?}", bench.ends());
        assert!(!bench.arm.moving() && !bench.hand.moving(), "{path}");
        for device in ["arm", "hand"] {
            let halted = bench.halted();
            let last = halted.iter().rev().find(|(d, ..)| d == device);
            assert_eq!(
                last.map(|(.., r)| r.as_str()),
                Some("confirmed"),
                "{path} {device}"
            );
        }
    }
}
