//! Devices that are driven, and robots with programs of their own: what a plan holds of them, and every
//! way to be wrong about them (`tests/golden/driven.txt`; `BLESS=1` writes it anew).

mod common;

use certbench_model::plan::{Actuation, Contact};
use certbench_model::step::{Drive, Otherwise, ProgramAct, ProgramState};
use certbench_model::vocabulary::{DriverDescription, SignalDescription};
use certbench_model::{Date, Plan, Step, Text, Unit, Vocabulary};
use certbench_suite::{
    Diagnostic, Request, Severity, Sources, check_bench, check_suite, plan, render,
};

const SUITE: &str = include_str!("files/driven.suite.yaml");
const BENCH: &str = include_str!("files/driven.bench.yaml");

fn driver(id: &str, kind: &str, links: &[&str], roles: &[&str], safe: &str) -> DriverDescription {
    let texts = |list: &[&str]| list.iter().map(|t| (*t).to_string()).collect();
    DriverDescription {
        id: id.into(),
        title: Text::same(id),
        kind: kind.into(),
        links: texts(links),
        roles: texts(roles),
        joints: Vec::new(),
        signals: Vec::new(),
        options: Vec::new(),
        safe_states: vec![safe.into()],
        watchdog: Text::same("none"),
        verified_against: Vec::new(),
        moves: true,
    }
}

fn vocabulary() -> Vocabulary {
    let mut all = common::vocabulary();
    let robot = driver(
        "external-program",
        "robot",
        &[],
        &["identify", "program"],
        "decelerate-and-hold",
    );
    let roles = ["identify", "sensor", "setpoint", "halt"];
    let mut load = driver("load", "load-machine", &["serial"], &roles, "torque-off");
    load.signals = vec![SignalDescription {
        name: "torque".into(),
        components: vec![("value".into(), Unit::parse("N.m").unwrap())],
        digital: false,
        interval_s: 0.1,
        delay_s: [0.0, 0.2],
    }];
    for driver in all.drivers.iter_mut().filter(|d| d.id == "modbus-io") {
        driver.roles.push("register".into());
    }
    let mut peak = all
        .metrics
        .iter()
        .find(|m| m.id == "peak-force")
        .unwrap()
        .clone();
    peak.id = "peak-torque".into();
    peak.unit = Unit::parse("N.m").ok();
    peak.channels
        .iter_mut()
        .for_each(|c| c.unit = Unit::parse("N.m").ok());
    all.metrics.push(peak);
    all.drivers.extend([robot, load]);
    all
}

fn planned(suite: &str, bench: &str) -> (Result<Plan, Vec<Diagnostic>>, Sources) {
    let mut sources = Sources::memory([("driven.suite.yaml", suite), ("driven.bench.yaml", bench)]);
    let vocabulary = vocabulary();
    let (suite, mut all) = check_suite(&mut sources, "driven.suite.yaml", &vocabulary);
    let (bench, more) = check_bench(&mut sources, "driven.bench.yaml", &vocabulary);
    all.extend(more);
    let errors = all.iter().any(|d| d.severity == Severity::Error);
    let (Some(suite), Some(bench), false) = (suite, bench, errors) else {
        return (Err(all), sources);
    };
    let request = Request {
        suite: &suite,
        bench: &bench,
        job: None,
        vocabulary: &vocabulary,
        today: "2026-11-22".parse::<Date>().unwrap(),
        set: &[],
    };
    let plan = plan(&request, &mut sources);
    (plan, sources)
}

#[test]
fn what_is_asked_of_a_robot_and_of_a_load_machine_stands_in_the_plan() {
    let (plan, sources) = planned(SUITE, BENCH);
    let plan = plan.unwrap_or_else(|all| panic!("{}", render(&all, &sources, false)));
    let acts: Vec<&ProgramAct> = plan.cases[0]
        .steps
        .iter()
        .filter_map(|step| match step {
            Step::Program(p) if p.device == "robot" => Some(&p.act),
            _ => None,
        })
        .collect();
    let cycle = || "cycle".to_string();
    let expected = [
        ProgramAct::Select { program: cycle() },
        ProgramAct::Start,
        ProgramAct::Await {
            state: ProgramState::Busy,
            within_s: 5.0,
            otherwise: Otherwise::Fault,
        },
        ProgramAct::Await {
            state: ProgramState::Done,
            within_s: 60.0,
            otherwise: Otherwise::Fault,
        },
        ProgramAct::Run {
            program: cycle(),
            within_s: 60.0,
            otherwise: Otherwise::GoOn,
        },
        ProgramAct::Abort,
    ];
    assert_eq!(acts, expected.iter().collect::<Vec<_>>());
    let Some(Step::During(during)) = plan.cases[0].steps.get(3) else {
        panic!("{:?}", plan.cases[0].steps);
    };
    let drive = Drive {
        device: "brake".into(),
        to: "5 N.m".parse().unwrap(),
        ramp_s: 1.0,
        timeout_s: 10.0,
    };
    assert_eq!(during.beside[0].steps, [Step::Drive(drive)]);
    let wiring = &plan.bench.programs["robot"];
    let busy = Contact {
        channel: "busy".into(),
        on: true,
    };
    assert_eq!(wiring.busy, Some(busy));
    assert!(matches!(wiring.abort[0], Actuation::Pendant(_)));
    assert_eq!(plan.bench.outputs["number"].values["cycle"], 7);
    // The robot says by a contact how it stands: its channel is in the plan, though no step names it.
    assert!(plan.channel("busy").is_some());
    assert!(plan.device("io").is_some());
    let tested = |id: &str| plan.device(id).is_some_and(|d| d.under_test);
    assert!(tested("robot") && !tested("brake"));
}

/// Name, whether in the suite (else the bench), what is replaced, by what, codes of the errors.
type Wrong = (
    &'static str,
    bool,
    &'static str,
    &'static str,
    &'static [&'static str],
);

#[rustfmt::skip] // one way to be wrong a line
const WRONG: &[Wrong] = &[
    ("two set points", true, "torque: 5 N.m, ramp", "torque: 5 N.m, speed: 5 deg/s, ramp", &["one-of"]),
    ("no set point", true, "torque: 5 N.m, ramp", "ramp", &["one-of"]),
    ("a set point of other dimension", true, "torque: 5 N.m", "torque: 5 N", &["wrong-dimension"]),
    ("a set point beyond the bench", true, "torque: 5 N.m", "torque: 21 N.m", &["over-limit"]),
    ("a speed beyond the bench", true, "torque: 5 N.m", "speed: 61 deg/s", &["over-limit"]),
    ("a bench without that limit", false, "torque_max: 20 N.m, ", "", &["missing-limits"]),
    ("a ramp that is never over", true, "ramp: 1 s, timeout: 10 s", "ramp: 10 s, timeout: 10 s", &["unreachable"]),
    ("a device that is not driven", true, "drive: { device: brake", "drive: { device: robot", &["missing-role"]),
    ("a device without programs", true, "program: { device: robot, select", "program: { device: brake, select", &["missing-role"]),
    ("nothing asked", true, "robot, do: abort }", "robot }", &["one-of"]),
    ("two things asked", true, "robot, do: start }", "robot, do: start, select: cycle }", &["one-of"]),
    ("an unknown verb", true, "do: start", "do: begin", &["unknown-word"]),
    ("an end without a bound", true, "await: done, within: 60 s, otherwise", "await: done, otherwise", &["missing-key"]),
    ("an end without a meaning", true, "run: cycle, within: 60 s, otherwise: go-on", "run: cycle, within: 60 s", &["missing-key"]),
    ("a bound without an end", true, "do: abort", "do: abort, within: 5 s", &["one-of"]),
    ("an unknown program", true, "select: cycle", "select: cicle", &["unknown-program"]),
    ("a program in a branch", true, "drive: { device: brake, torque: 5 N.m, ramp: 1 s, timeout: 10 s }", "program: { device: robot, do: start }", &["not-beside"]),
    ("nothing that stops it", false, ", next: { output: enable, to: \"off\" }", "", &["missing-stop-path"]),
    ("no wiring", false, "programs:\n  robot:", "programs:\n  robt:", &["unknown-device"]),
    ("wiring of what has no programs", false, "programs:\n  robot:", "programs:\n  brake:", &["wrong-role"]),
    ("an unknown output of the wiring", false, "{ output: start, to: start,", "{ output: strt, to: start,", &["unknown-output"]),
    ("an unknown state of the wiring", false, "then: idle", "then: idel", &["unknown-state"]),
    ("half a pulse", false, ", then: idle", "", &["missing-key"]),
    ("an output and a pendant", false, "[{ output: enable, to: \"on\" }]", "[{ output: enable, to: \"on\", pendant: { en: a, zh: b } }]", &["one-of"]),
    ("no contact", false, "busy: { channel: busy, is: on }", "busy: { channel: torque, is: on }", &["wrong-shape"]),
    ("an unknown contact", false, "busy: { channel: busy, is: on }", "busy: { channel: bussy, is: on }", &["unknown-channel"]),
    ("nothing says its end", false, "    busy: { channel: busy, is: on }\n", "", &["missing-key"]),
    ("a register and a number", false, "register: 1, values", "register: 1, number: 0, values", &["one-of"]),
    ("a register of a device without", false, "number: { device: io, register", "number: { device: brake, register", &["wrong-role"]),
    ("a value beyond a register", false, "zero: 0", "zero: 70000", &["out-of-range"]),
];

#[test]
fn every_way_to_be_wrong_has_its_code_and_its_place() {
    let mut printed = String::new();
    let mut otherwise = Vec::new();
    for (name, in_suite, from, to, codes) in WRONG {
        let file = if *in_suite { SUITE } else { BENCH };
        assert!(file.contains(from), "{name}: there is no `{from}`");
        let changed = file.replacen(from, to, 1);
        let (suite, bench) = match in_suite {
            true => (changed.as_str(), BENCH),
            false => (SUITE, changed.as_str()),
        };
        let (plan, sources) = planned(suite, bench);
        let found = plan.err().unwrap_or_default();
        let errors = common::errors(&found);
        if errors != *codes {
            otherwise.push(format!("{name}: {errors:?}, not {codes:?}"));
        }
        for error in found.iter().filter(|d| d.severity == Severity::Error) {
            assert!(!error.labels.is_empty(), "{name}");
        }
        printed.push_str(&format!("== {name}\n{}\n", render(&found, &sources, false)));
    }
    assert!(otherwise.is_empty(), "{}", otherwise.join("\n"));
    common::golden("driven", &printed);
}
