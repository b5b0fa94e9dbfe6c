//! The whole program against other people's devices: the grasp-success suite on a hand framed by
//! pyrh56's codec and a relay box of pymodbus, from the suite file to the reports (proof 1 of the main
//! job). The gauge is a simulated one with nothing on it.

use std::fs;

use certbench_clock::Clock;
use certbench_sim::config::WorldConfig;
use certbench_sim::{Port, Simulation, Transport};
use certbench_tests::binary::{self, Folder};
use certbench_tests::cable::Cable;
use certbench_tests::peer::Peers;
use serde_json::{Value, json};

/// What a person would say: the label is as ordered, things are where they were asked for.
const ANSWERS: &str = "answers:
  label.hand.maker: [yes]
  label.hand.model: [yes]
  label.hand.serial: [yes]
  label.hand.firmware: [yes]
  place: [yes]
  mount-gauge: [yes]
";

/// The example bench, with these ports instead of simulated ones, and no simulation block.
fn bench_at(ports: [(&str, &str); 3]) -> String {
    let path = binary::root().join("suites/benches/sim-hand.bench.yaml");
    let example = fs::read_to_string(path).expect("the example bench");
    let (mut bench, _simulation) = example
        .split_once("\nsimulation:")
        .expect("a simulation block");
    let mut text = String::new();
    for (device, port) in ports {
        let head = format!("\n  {device}:\n");
        let (before, after) = bench
            .split_once(&head)
            .expect("the example bench has the device");
        text.push_str(before);
        text.push_str(&head);
        let (upto, rest) = after.split_once("port: simulated").expect("its port");
        text.push_str(&format!("{upto}port: {port}"));
        bench = rest;
    }
    text + bench + "\n"
}

/// A simulated force gauge on a pseudo-terminal, in a world with nothing else.
fn gauge() -> (Simulation, String) {
    let world = WorldConfig::from_json(&json!({ "seed": 7 })).expect("a world");
    let devices = [("gauge".to_owned(), "mark10-gauge".to_owned())];
    let (simulation, mut ports) =
        Simulation::build(&world, &devices, &Clock::real(), Transport::Pty).expect("a gauge");
    match ports.remove("gauge") {
        Some(Port::Path(path)) => (simulation, path),
        _ => panic!("the gauge is not on a pseudo-terminal"),
    }
}

#[test]
fn the_grasp_suite_runs_on_third_party_devices_to_a_report() {
    let test = "the_grasp_suite_runs_on_third_party_devices_to_a_report";
    let Some(peers) = Peers::for_test(test) else {
        return;
    };
    let (to_hand, to_relay) = (Cable::new(), Cable::new());
    let _hand = peers.start("rh56_device.py", &[to_hand.left(), "--object", "400"]);
    let mut relay = peers.start("modbus_server.py", &[to_relay.left(), "--baud", "115200"]);
    let (_gauge, gauge) = gauge();
    let ports = [
        ("hand", to_hand.right()),
        ("gauge", &gauge),
        ("io", to_relay.right()),
    ];

    let folder = Folder::new("grasp-suite");
    let bench = folder.write("third-party.bench.yaml", &bench_at(ports));
    let answers = folder.write("answers.yaml", ANSWERS);
    let out = folder.path().join("runs");
    let ran = binary::run(&[
        "run",
        "suites/grasp-success.suite.yaml",
        "--bench",
        &bench,
        "--job",
        "suites/jobs/sim-hand.job.yaml",
        "--out",
        &out.to_string_lossy(),
        "--yes",
        "--answers",
        &answers,
        "--set",
        "trials_per_object=1",
    ]);
    let said = format!(
        "{}\n{}",
        String::from_utf8_lossy(&ran.stdout),
        String::from_utf8_lossy(&ran.stderr)
    );

    let mut runs = fs::read_dir(&out)
        .expect(&said)
        .filter_map(|entry| entry.ok().map(|e| e.path()));
    let run = runs
        .find(|path| path.join("findings.json").exists())
        .expect(&said);
    let findings = fs::read_to_string(run.join("findings.json")).expect(&said);
    let findings: Value = serde_json::from_str(&findings).expect("JSON");
    // One trial an object is a shortened case, and a gauge that nobody squeezes never shows a grip. On a
    // machine too busy to sample, a window is not tested; it never counts as a failure of the hand.
    assert_eq!(findings["end"], "completed", "{said}");
    assert!(matches!(ran.status.code(), Some(1 | 2)), "{said}");
    assert_eq!(findings["cases"][0]["verdict"], "not-tested", "{said}");
    assert_ne!(findings["cases"][1]["verdict"], "pass", "{said}");
    let rate = &findings["cases"][0]["findings"][0]["result"];
    assert!(rate["n"].as_u64() >= Some(3), "{said}");
    assert_eq!(rate["k"], rate["n"], "{said}");
    for report in ["report.en.html", "report.zh.html", "report.json"] {
        assert!(run.join(report).exists(), "no {report}: {said}");
    }
    // Two switches a trial and two at the end, apart from the polls of the inputs.
    assert!(relay.state()["requests"].as_u64() > Some(20));

    let check = peers.run("mcap_check.py", &[&run.to_string_lossy(), "--complete"]);
    assert!(
        check.status.success(),
        "{}",
        String::from_utf8_lossy(&check.stdout)
    );
}
