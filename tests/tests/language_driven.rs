//! Robots that do programs of their own, and a joint held against a load machine, on the simulated
//! clock: what is measured, held against what is true.

use certbench_model::EventBody;
use certbench_model::finding::{Finding, Value};
use certbench_model::step::Step;
use certbench_model::{RunEnd, Verdict};
use certbench_tests::simulated::{Papers, Played, in_a_line};

fn external() -> Papers {
    Papers::shipped("pose-external", "external").table("taught-poses")
}

fn joint() -> Papers {
    Papers::shipped("joint-thermal", "joint")
}

fn findings<'a>(played: &'a Played, measure: &'a str) -> impl Iterator<Item = &'a Finding> {
    let all = played.findings.cases.iter().flat_map(|c| &c.findings);
    all.filter(move |f| f.measure == measure)
}

/// How often a pose was looked at.
fn visits(played: &Played) -> usize {
    let stays = played.stays.iter();
    stays.filter(|stay| stay.window == "visit").count()
}

fn value(finding: &Finding) -> (f64, f64) {
    match &finding.result {
        Some(Value::Quantity(q)) => (q.value, q.u_expanded.unwrap_or(f64::NAN)),
        other => panic!("{}: {other:?} {:?}", finding.measure, finding.reasons),
    }
}

fn refused(papers: &Papers) -> Vec<String> {
    match papers.plan() {
        Ok(_) => Vec::new(),
        Err(complaints) => complaints.iter().map(in_a_line).collect(),
    }
}

fn shown(played: &Played) -> String {
    let armed = |body: &EventBody| match body {
        EventBody::Armed { shown, .. } => shown.iter().map(|t| t.en.clone()).collect(),
        _ => Vec::new(),
    };
    let lines: Vec<String> = played.events().flat_map(armed).collect();
    lines.join("\n")
}

#[test]
fn a_robot_that_nobody_commands_is_observed_by_its_own_program() {
    let played = external().set("cycles=4").play();
    assert_eq!(played.end, RunEnd::Completed, "{:?}", played.faults());
    let found: Vec<_> = findings(&played, "repeatability").map(value).collect();
    assert_eq!(found.len(), 5);
    for (rp, u) in &found {
        assert!((0.001..0.25).contains(rp) && *u < 0.2, "{rp} {u}");
    }
    // Five visits a cycle, each with a window, in the order of the robot's program.
    assert_eq!(visits(&played), 20);
    let starts = played.log.iter().filter(|h| h.what == "program starts");
    assert_eq!(starts.count(), 6); // one before the reference is seen, four cycles and the way to park
    let armed = shown(&played);
    assert!(armed.contains("moves by programs of its own"), "{armed}");
    assert!(armed.contains("`program-stop` to `stop`"), "{armed}");
    assert!(played.at_rest);
    let halts = played.halts("robot");
    assert!(halts.iter().all(|h| h == "confirmed"), "{halts:?}");
}

#[test]
fn a_robot_is_started_and_stopped_by_signals_on_a_can_bus() {
    let io = "    driver: modbus-io\n    port: simulated\n    provenance: simulated\n    options: { baud: 115200, id: 1, interval: 20 ms, timeout: 300 ms, registers: 1 }\n    safety: { safe_state: hold, watchdog: none }\n";
    let cell = "    driver: dbc\n    port: simulated\n    provenance: simulated\n    options:\n      file: benches/sim-cell.dbc\n      signals: { busy: Standing.Busy in contact, done: Standing.Done in contact, at_pose: Standing.AtPose in contact }\n      sends: [Cell.Program, Cell.Start, Cell.Stop]\n      interval: 20 ms\n";
    let over_can = || {
        external()
            .file("benches/sim-cell.dbc")
            .bench_with(io, cell)
            .bench_with(
                "{ device: io, signal: in0 }",
                "{ device: io, signal: busy }",
            )
            .bench_with(
                "{ device: io, signal: in1 }",
                "{ device: io, signal: done }",
            )
            .bench_with(
                "{ device: io, signal: in2 }",
                "{ device: io, signal: at_pose }",
            )
            .bench_with(
                "number: 0, states: { idle: off, start: on }",
                "register: 1, values: { idle: 0, start: 1 }",
            )
            .bench_with(
                "number: 1, states: { released: off, stop: on }",
                "register: 2, values: { released: 0, stop: 1 }",
            )
            .set("cycles=3")
    };
    let played = over_can().play();
    assert_eq!(played.end, RunEnd::Completed, "{:?}", played.faults());
    assert_eq!(findings(&played, "repeatability").count(), 5);
    assert_eq!(visits(&played), 15);
    let starts = played.log.iter().filter(|h| h.what == "program starts");
    assert_eq!(starts.count(), 5); // one before the reference is seen, three cycles and the way to park
    let blind = serde_json::json!({ "device": "tracker", "kind": "silence", "at_s": 4.0 });
    let fault = serde_json::from_value(blind).expect("a fault");
    let stopped = over_can().fault(&fault).play();
    assert!(stopped.happened("program stopped", 4.0).is_some());
    assert!(stopped.at_rest);
}

#[test]
fn a_robot_is_asked_at_its_pendant_and_its_program_awaited_there() {
    let pressed = |en: &str| format!("{{ pendant: {{ en: {en}, zh: 请在示教器上操作 }} }}");
    let select = "[{ output: program-number, to: taught-cycle }]";
    let start = "start: [{ output: program-start, to: start, for: 100 ms, then: idle }]";
    let papers = external()
        .set("cycles=3")
        .bench_with(
            select,
            &format!("[{}]", pressed("Select program 1 at the pendant.")),
        )
        .bench_with(
            "[{ output: program-number, to: to-park }]",
            &format!("[{}]", pressed("Select program 2.")),
        )
        .bench_with(
            start,
            &format!("start: [{}]", pressed("Start it at the pendant.")),
        );
    let played = papers.play();
    assert_eq!(played.end, RunEnd::Completed, "{:?}", played.faults());
    assert_eq!(findings(&played, "repeatability").count(), 5);
    assert_eq!(visits(&played), 15);
    let asked = played
        .events()
        .filter(|e| matches!(e, EventBody::Prompted { prompt, .. } if prompt == "pendant.robot"));
    // The cycle before the reference is seen, selected once and started three times, the way to park.
    assert_eq!(asked.count(), 2 + 1 + 3 + 2);
    assert!(played.at_rest);
}

#[test]
fn a_tracker_that_goes_blind_stops_the_robot_by_the_benchs_output() {
    let blind = serde_json::json!({ "device": "tracker", "kind": "silence", "at_s": 4.0 });
    let fault = serde_json::from_value(blind).expect("a fault");
    let played = external().set("cycles=3").fault(&fault).play();
    assert!(played.happened("program stopped", 4.0).is_some());
    assert!(played.at_rest);
    assert_ne!(played.findings.verdict, Verdict::Pass);
}

#[test]
fn without_an_output_that_stops_it_such_a_robot_is_refused() {
    let papers = external().bench_with(", next: { output: program-stop, to: stop }", "");
    let complaints = refused(&papers).join("\n");
    assert!(complaints.contains("missing-stop-path"), "{complaints}");
}

#[test]
fn a_program_that_the_bench_does_not_know_is_refused() {
    let papers = external().suite_with("run: to-park", "run: to-pork");
    let complaints = refused(&papers).join("\n");
    assert!(complaints.contains("unknown-program"), "{complaints}");
}

#[test]
fn a_joint_is_held_until_steady_and_its_winding_rise_is_true() {
    let began = std::time::Instant::now();
    let played = joint().play();
    assert_eq!(played.end, RunEnd::Completed, "{:?}", played.faults());
    let simulated_s = played.facts.events.last().expect("an end").event.time_ns as f64 * 1e-9;
    assert!(simulated_s > 2.0 * 3600.0, "{simulated_s}");
    eprintln!(
        "{simulated_s} s of the joint bench took {:?}",
        began.elapsed()
    );
    let (change, _) = value(findings(&played, "steady").next().expect("a finding"));
    assert!(change <= 1.0, "{change}");
    // The winding when the power went off, above the room.
    let truth = &played.truth["rig"];
    let end_c = truth["parameters"]["ambient_c"].as_f64().expect("a room");
    let switched = played.log.iter().rfind(|h| h.what == "joint power off");
    let off = switched.expect("the power went off").detail["winding_c"].as_f64();
    let rise = off.expect("a temperature") - end_c;
    let (measured, u) = value(findings(&played, "rise").next().expect("a finding"));
    assert!(
        (measured - rise).abs() <= u.max(1.0),
        "{measured} ± {u}, truly {rise}"
    );
    assert_eq!(
        played.findings.verdict,
        Verdict::Pass,
        "{:?}",
        played.findings.reasons
    );
    assert!(shown(&played).contains("driven to up to 16 N·m"));
    assert!(played.at_rest);
}

#[test]
fn a_load_machine_is_no_item_and_its_limit_holds_before_anything_moves() {
    let plan = joint().plan().expect("a plan");
    let load = plan.device("load").expect("a load machine");
    assert!(!load.under_test && plan.device("joint").is_some_and(|d| d.under_test));
    let text = serde_json::to_string(&plan.cases).expect("JSON");
    assert!(text.contains("\"drive\""));
    let beyond = joint().bench_with("torque_max: 30 N.m", "torque_max: 10 N.m");
    let complaints = refused(&beyond).join("\n");
    assert!(complaints.contains("over-limit"), "{complaints}");
    let walked = plan.cases.iter().flat_map(|c| &c.steps);
    assert!(walked.into_iter().any(|s| matches!(s, Step::During(_))));
}

/// The last joint of the arm homes where it stands, turns at 20 deg/s, and goes to its place again: what a
/// suite asks of a CiA 402 drive, in profile modes and with a set-point at every SYNC.
#[test]
fn a_joint_of_an_arm_homes_and_is_driven_between_its_poses() {
    let bench = include_str!("../src/small/arm.bench.yaml");
    let suite = include_str!("../src/small/arm.suite.yaml");
    let way_back = "      - move: { device: arm, to: { pose: park }, speed: 50 %, timeout: 20 s }\n    measure:";
    let steps = "      - move: { device: arm, to: home, speed: 5 deg/s, timeout: 10 s }\n\
                 \x20     - drive: { device: arm, speed: 20 deg/s, ramp: 500 ms, timeout: 5 s }\n\
                 \x20     - require: { channel: j6_speed, keeps: { least: 19 deg/s, most: 21 deg/s, for: 500 ms }, within: 3 s }\n\
                 \x20     - drive: { device: arm, speed: 0 deg/s, ramp: 500 ms, timeout: 5 s }\n";
    for motion in ["profile", "cyclic"] {
        let options = format!(
            "timeout: 2 s, driven: 6, homing: 0 0 0 0 0 37, motion: {motion}, acceleration: 300 deg/s2 }}"
        );
        let played = Papers::new(suite, bench)
            .suite_with(
                "[identify, joints, halt]",
                "[identify, joints, setpoint, halt]",
            )
            .suite_with(
                "  poses: [far, park]",
                "    j6_speed: { unit: deg/s, source: device }\n  poses: [far, park]",
            )
            .suite_with(way_back, &format!("{steps}{way_back}"))
            .bench_with("timeout: 2 s }", &options)
            .bench_with(
                "load_max: 7 kg",
                "load_max: 7 kg\n      speed_max: 30 deg/s",
            )
            .bench_with(
                "channels:\n",
                "channels:\n  j6_speed: { device: arm, signal: speed }\n",
            )
            .play();
        assert_eq!(
            played.end,
            RunEnd::Completed,
            "{motion} {:?}",
            played.faults()
        );
        assert_eq!(played.device_events(), [] as [String; 0], "{motion}");
        let armed = shown(&played);
        assert!(
            armed.contains("to wherever they find their home"),
            "{armed}"
        );
        assert!(armed.contains("driven to up to 20 deg/s"), "{armed}");
        assert_eq!(played.findings.verdict, Verdict::Pass, "{motion}");
        assert!(played.at_rest);
    }
}
