//! The whole program against other people's devices: the grasp-success suite on a hand framed by
//! pyrh56's codec and a relay box of pymodbus, from the suite file to the reports (proof 1 of the main
//! job). The gauge is a simulated one with nothing on it.

use std::fs;
use std::path::PathBuf;
use std::process::Child;

use certbench_clock::Clock;
use certbench_sim::config::WorldConfig;
use certbench_sim::{Port, Simulation, Transport};
use certbench_tests::bench::until;
use certbench_tests::binary::{self, Folder};
use certbench_tests::cable::Cable;
use certbench_tests::peer::{Peer, Peers};
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

/// Third-party hand and relay box, our gauge, and the files that name them.
struct Bench {
    peers: Peers,
    hand: Peer,
    relay: Peer,
    folder: Folder,
    bench: String,
    answers: String,
    _cables: [Cable; 2],
    _gauge: Simulation,
}

/// A run that has ended.
struct Ran {
    exit: Option<i32>,
    findings: Value,
    folder: PathBuf,
    /// All that was printed.
    said: String,
}

impl Bench {
    fn for_test(test: &str) -> Option<Self> {
        let peers = Peers::for_test(test)?;
        let cables = [Cable::new(), Cable::new()];
        let [to_hand, to_relay] = &cables;
        let hand = peers.start("rh56_device.py", &[to_hand.left(), "--object", "400"]);
        let relay = peers.start("modbus_server.py", &[to_relay.left(), "--baud", "115200"]);
        let (simulation, gauge) = gauge();
        let ports = [
            ("hand", to_hand.right()),
            ("gauge", &gauge),
            ("io", to_relay.right()),
        ];
        let folder = Folder::new(test);
        let bench = folder.write("third-party.bench.yaml", &bench_at(ports));
        let answers = folder.write("answers.yaml", ANSWERS);
        Some(Self {
            peers,
            hand,
            relay,
            folder,
            bench,
            answers,
            _cables: cables,
            _gauge: simulation,
        })
    }

    fn out(&self) -> PathBuf {
        self.folder.path().join("runs")
    }

    /// Starts the suite, one trial an object.
    fn start(&self) -> Child {
        let out = self.out();
        binary::start(&[
            "run",
            "suites/grasp-success.suite.yaml",
            "--bench",
            &self.bench,
            "--job",
            "suites/jobs/sim-hand.job.yaml",
            "--out",
            &out.to_string_lossy(),
            "--yes",
            "--answers",
            &self.answers,
            "--set",
            "trials_per_object=1",
        ])
    }

    /// Waits until the hand holds something.
    fn wait_for_a_grasp(&mut self) {
        assert!(
            until(|| self.hand.state()["force"][0].as_f64() > Some(0.0)),
            "no grasp began"
        );
    }

    fn end(&self, running: Child) -> Ran {
        let ended = running.wait_with_output().expect("the program ends");
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let said = format!("{}\n{}", text(&ended.stdout), text(&ended.stderr));
        let runs = fs::read_dir(self.out()).expect(&said);
        let mut runs = runs.filter_map(|entry| entry.ok().map(|entry| entry.path()));
        let folder = runs
            .find(|path| path.join("findings.json").exists())
            .expect(&said);
        let findings = fs::read_to_string(folder.join("findings.json")).expect(&said);
        let findings = serde_json::from_str(&findings).expect("JSON");
        Ran {
            exit: ended.status.code(),
            findings,
            folder,
            said,
        }
    }

    /// The record, in the eyes of the public mcap reader.
    fn record_is_whole(&self, ran: &Ran) {
        let check = self.peers.run(
            "mcap_check.py",
            &[&ran.folder.to_string_lossy(), "--complete"],
        );
        assert!(
            check.status.success(),
            "{}",
            String::from_utf8_lossy(&check.stdout)
        );
    }
}

#[test]
fn the_grasp_suite_runs_on_third_party_devices_to_a_report() {
    let test = "the_grasp_suite_runs_on_third_party_devices_to_a_report";
    let Some(mut bench) = Bench::for_test(test) else {
        return;
    };
    let ran = bench.end(bench.start());
    let (findings, said) = (&ran.findings, &ran.said);
    // One trial an object is a shortened case, and a gauge that nobody squeezes never shows a grip. On a
    // machine too busy to sample, a window is not tested; it never counts as a failure of the hand.
    assert_eq!(findings["end"], "completed", "{said}");
    assert!(matches!(ran.exit, Some(1 | 2)), "{said}");
    assert_eq!(findings["cases"][0]["verdict"], "not-tested", "{said}");
    assert_ne!(findings["cases"][1]["verdict"], "pass", "{said}");
    let rate = &findings["cases"][0]["findings"][0]["result"];
    assert!(rate["n"].as_u64() >= Some(1), "{said}");
    assert_eq!(rate["k"], rate["n"], "{said}");
    for report in ["report.en.html", "report.zh.html", "report.json"] {
        assert!(ran.folder.join(report).exists(), "no {report}: {said}");
    }
    // Two switches a trial and two at the end, apart from the polls of the inputs.
    assert!(bench.relay.state()["requests"].as_u64() > Some(20));
    bench.record_is_whole(&ran);
}

#[test]
fn a_hand_that_falls_silent_in_mid_run_is_not_tested_and_not_failed() {
    let test = "a_hand_that_falls_silent_in_mid_run_is_not_tested_and_not_failed";
    let Some(mut bench) = Bench::for_test(test) else {
        return;
    };
    let running = bench.start();
    bench.wait_for_a_grasp();
    bench.hand.tell("silence 3600");
    let ran = bench.end(running);
    let (verdict, said) = (&ran.findings["verdict"], &ran.said);
    assert_eq!(
        (verdict, ran.exit),
        (&json!("not-tested"), Some(4)),
        "{said}"
    );
    // Both hypotheses are told: the hand, or the line.
    assert!(said.to_lowercase().contains("either it is off"), "{said}");
    bench.record_is_whole(&ran);
}

#[test]
fn a_hand_that_overheats_in_mid_run_fails_the_case() {
    let test = "a_hand_that_overheats_in_mid_run_fails_the_case";
    let Some(mut bench) = Bench::for_test(test) else {
        return;
    };
    let running = bench.start();
    bench.wait_for_a_grasp();
    bench.hand.tell("hot 2");
    let ran = bench.end(running);
    let said = &ran.said;
    assert_eq!(ran.exit, Some(1), "{said}");
    assert_eq!(ran.findings["cases"][0]["verdict"], "fail", "{said}");
    bench.record_is_whole(&ran);
}
