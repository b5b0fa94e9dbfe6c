//! The command line's contract: exit codes, what a run leaves behind, and Ctrl-C.

use std::collections::BTreeSet;
use std::process::{Child, Command};
use std::time::Duration;

use certbench_tests::bench::until;
use certbench_tests::binary::certbench;
use certbench_tests::program::{Record, Scene, output, signal};
use serde_json::Value;

const SIMULATED: [&str; 3] = ["--yes", "--clock", "simulated"];

fn code(arguments: &[&str]) -> Option<i32> {
    output(Command::new(certbench()).args(arguments))
        .status
        .code()
}

#[test]
fn help_tells_the_exit_codes() {
    let help = output(Command::new(certbench()).arg("--help"));
    assert_eq!(help.status.code(), Some(0));
    let text = String::from_utf8_lossy(&help.stdout);
    let told: Vec<i32> = text
        .lines()
        .filter_map(|line| line.split_whitespace().next()?.parse().ok())
        .collect();
    // In order of precedence.
    assert_eq!(told, [64, 3, 1, 4, 2, 0], "{text}");
}

#[test]
fn what_cannot_be_read_is_usage() {
    let scene = Scene::arm();
    let [suite, bench] = ["suite", "bench"].map(|f| scene.file(f).to_string_lossy().into_owned());
    assert_eq!(code(&["run", &suite, "--no-such-option"]), Some(64));
    assert_eq!(code(&["no-such-command"]), Some(64));
    assert_eq!(code(&[]), Some(64));
    assert_eq!(code(&["run", &suite, "--bench", "no-such-file"]), Some(64));
    assert_eq!(code(&["plan", "no-such-file", "--bench", &bench]), Some(64));
    for command in ["check", "judge", "report", "simulate"] {
        assert_eq!(code(&[command, "no-such-file"]), Some(64), "{command}");
    }
    let run = scene.run(&["--yes", "--answers", "no-such-file"]);
    assert_eq!(run.code(), Some(64), "{}", run.said());
    assert_eq!(scene.records(), []);
}

#[test]
fn a_plan_is_read_in_words_with_units() {
    let suites = concat!(env!("CARGO_MANIFEST_DIR"), "/../suites");
    let planned = output(
        Command::new(certbench())
            .args(["plan", "stop-matrix.suite.yaml"])
            .args(["--bench", "benches/sim-arm.bench.yaml"])
            .args(["--job", "jobs/sim-arm.job.yaml"])
            .current_dir(suites),
    );
    assert_eq!(planned.status.code(), Some(0));
    let text = String::from_utf8_lossy(&planned.stdout);
    let measure = "measure stop-time: stop-time per cell, n = 3, the estimate at most 800 ms \
                   (set by the customer), guard band 1 U";
    for line in [
        measure,
        "test cube of arm: centre (480, 0, 330) mm, edge 250 mm, plane C1-C2-C7-C8, frame base",
        "move arm to park at 50 %, until it rests there",
        "wait axes.j1 at least -10 deg within 10 s, otherwise fault of the bench",
        "window stopping of tcp, axes, estop_contact, drive_power until tcp rests within 0.5 mm \
         for 0.3 s within 5 s, otherwise the trial failed",
    ] {
        assert!(text.lines().any(|l| l.trim() == line), "no `{line}`");
    }
    // The third repetition of a cell is the second again.
    let mut lines = text.lines().skip_while(|l| !l.contains("repetition = 3"));
    assert_eq!(lines.nth(1).map(str::trim), Some("as above"));
}

#[test]
fn all_passed_is_0_and_leaves_the_files_of_the_contract() {
    let scene = Scene::arm();
    let ran = scene.run(&SIMULATED);
    assert_eq!(ran.code(), Some(0), "{}", ran.said());
    let files = std::fs::read_dir(&ran.record().0).expect("the run folder");
    let names: BTreeSet<_> = files
        .flatten()
        .map(|e| e.file_name().to_string_lossy().into_owned())
        .collect();
    let contract = [
        "attachments",
        "findings.json",
        "manifest.json",
        "report.en.html",
        "report.json",
        "report.zh.html",
        "run.jsonl",
        "simulation.jsonl",
        "telemetry.mcap",
    ];
    assert_eq!(names, contract.map(String::from).into());
    let name = ran.record().0.file_name().unwrap_or_default();
    let name = name.to_string_lossy();
    let stamp = name.strip_prefix("there-and-back-").unwrap_or_default();
    assert!(stamp.ends_with('Z') && stamp.len() == 16, "{name}");
}

#[test]
fn a_value_over_its_limit_is_1() {
    let scene = Scene::arm().with("suite", "at_most 0.5 mm", "at_most 0.0001 mm");
    let ran = scene.run(&SIMULATED);
    assert_eq!(ran.code(), Some(1), "{}", ran.said());
    assert_eq!(ran.record().findings()["verdict"], "fail");
    assert_eq!(ran.record().judge().0, Some(1));
}

#[test]
fn a_fail_outweighs_a_fault() {
    // The first case fails; in the second the tracker falls silent.
    let suite = include_str!("../src/small/arm.suite.yaml");
    let cases = suite.split_once("cases:\n").map(|(_, cases)| cases);
    let second = cases
        .expect("cases")
        .replacen("id: stand\n", "id: again\n", 1);
    let scene = Scene::arm()
        .with("suite", "at_most 0.5 mm", "at_most 0.0001 mm")
        .with(
            "bench",
            "faults: []",
            "faults: [{ device: tracker, kind: silence, at_s: 6 }]",
        );
    let path = scene.file("suite");
    let first = std::fs::read_to_string(&path).expect("the suite");
    std::fs::write(&path, first + &second).expect("two cases");
    let ran = scene.run(&SIMULATED);
    assert_eq!(ran.code(), Some(1), "{}", ran.said());
    let findings = ran.record().findings();
    assert_eq!(
        findings["cases"][1]["verdict"], "not-tested",
        "{findings:#}"
    );
    assert!(!ran.record().of(&["fault", "tripped"]).is_empty());
}

#[test]
fn a_certificate_out_of_date_is_2() {
    let scene = Scene::arm().with("bench", "due: 2126-05-31", "due: 2026-06-02");
    let ran = scene.run(&SIMULATED);
    assert_eq!(ran.code(), Some(2), "{}", ran.said());
    assert_eq!(ran.record().findings()["verdict"], "not-tested");
}

#[test]
fn a_question_that_nobody_answers_is_2() {
    let scene = Scene::arm().first(
        "- prompt: { id: look, text: { en: Is it clean?, zh: 干净吗？ }, ask: confirm, presence: outside }",
    );
    // The simulated operator does what a prompt asks; a file may answer otherwise.
    let answers = scene.file("answers");
    std::fs::write(&answers, "answers: { look: [no] }\n").expect("answers");
    let ran = scene.run(&[
        "--yes",
        "--clock",
        "simulated",
        "--answers",
        &answers.to_string_lossy(),
    ]);
    assert_eq!(ran.code(), Some(2), "{}", ran.said());
}

#[test]
fn a_refused_plan_is_3() {
    let broken = Scene::arm().with("suite", "metric: hold-drift", "metric: hold-drfit");
    let ran = broken.run(&SIMULATED);
    assert_eq!(ran.code(), Some(3));
    assert!(ran.said().contains("hold-drift"), "{}", ran.said());
    assert_eq!(ran.folder(), None);
    let suite = broken.file("suite").to_string_lossy().into_owned();
    assert_eq!(code(&["check", &suite]), Some(3));
}

#[test]
fn another_arm_than_the_orders_is_3() {
    let as_read =
        |scene: Scene| scene.with("bench", "timeout: 2 s", "timeout: 2 s, serial_node: 1");
    let whole = as_read(Scene::arm()).run(&SIMULATED);
    assert_eq!(whole.code(), Some(0), "{}", whole.said());
    for (file, from, to) in [
        ("job", "model: SIM-6", "model: SIM-7"),
        ("job", "serial: \"1001\"", "serial: \"1002\""),
    ] {
        let scene = as_read(Scene::arm()).with(file, from, to);
        let ran = scene.run(&SIMULATED);
        assert_eq!(ran.code(), Some(3), "{}", ran.said());
        assert!(ran.record().of(&["armed", "commanded"]).is_empty());
        assert_eq!(ran.record().findings()["end"], "refused");
    }
}

#[test]
fn a_port_that_does_not_open_is_4_and_on_the_record() {
    let scene = Scene::arm().with(
        "bench",
        "driver: ascii-tracker\n    port: simulated",
        "driver: ascii-tracker\n    port: /dev/no-such-port",
    );
    let ran = scene.run(&["--yes"]);
    assert_eq!(ran.code(), Some(4), "{}", ran.said());
    let findings = ran.record().findings();
    assert_eq!(findings["end"], "faulted");
    let faults = ran.record().of(&["fault"]);
    assert_eq!(faults[0]["subject"], "tracker");
    assert_eq!(faults[0]["kind"], "link");
}

/// A new run whose arm is on its way, and its record.
fn on_its_way(scene: &Scene) -> (Child, Record) {
    let before = scene.records();
    let child = scene.begin(&["--yes"]);
    let moves = |r: &Record| r.simulation().iter().any(|l| l["what"] == "arm moves");
    let mut record = None;
    let moving = until(|| {
        let mut records = scene.records().into_iter();
        record = records.find(|r| !before.contains(r) && moves(r));
        record.is_some()
    });
    assert!(moving, "no motion");
    std::thread::sleep(Duration::from_millis(300));
    (child, record.expect("just seen"))
}

/// The simulated arm's second joint at the end: it was sent to 10 degrees.
fn stopped_half_way(record: &Record) {
    assert!(until(|| record.came_to_rest().is_some()));
    assert_eq!(record.came_to_rest(), Some(true));
    let log = record.simulation();
    let end = log.iter().find(|l| l["what"] == "end").expect("the end");
    let joint = end["detail"]["state"]["arm"]["joint_deg"][1].as_f64();
    assert!(joint > Some(12.0), "{end:#}");
}

/// Ctrl-C in mid-motion, and the record of that run. A machine so busy that the bench failed by itself
/// is asked again, twice.
fn interrupted(scene: &Scene) -> Record {
    let mut attempts = 0;
    loop {
        let (mut child, record) = on_its_way(scene);
        signal(&child, "INT");
        assert_eq!(child.wait().expect("it ends").code(), Some(4));
        stopped_half_way(&record);
        attempts += 1;
        if attempts == 3 || record.of(&["fault", "tripped"]).is_empty() {
            return record;
        }
    }
}

#[test]
fn control_c_stops_and_the_record_ends_as_aborted() {
    let scene = Scene::arm();
    let record = interrupted(&scene);
    let last = record.events().pop().expect("a last line");
    let story = record.of(&["fault", "tripped", "halted"]);
    assert_eq!(last["event"], "ended");
    assert_eq!(last["end"], "aborted", "{story:#?}");
    assert_eq!(record.findings()["end"], "aborted");
    let confirmed = |h: &Value| h["device"] == "arm" && h["result"] == "confirmed";
    assert!(story.iter().any(confirmed), "{story:#?}");
    assert!(!record.bytes("manifest.json").is_empty());
}

#[test]
fn control_c_twice_leaves_and_the_arm_stops_all_the_same() {
    let scene = Scene::arm();
    let (mut child, record) = on_its_way(&scene);
    signal(&child, "INT");
    signal(&child, "INT");
    assert_eq!(child.wait().expect("it ends").code(), Some(4));
    stopped_half_way(&record);
    assert_eq!(record.judge().0, Some(4));
}
