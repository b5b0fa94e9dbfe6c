//! A tracker that is not connected: what it exported is taken in after the run, by the windows it
//! belongs to, and the record stays as it was.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use certbench_tests::binary::certbench;
use certbench_tests::program::{Record, Scene, output};
use serde_json::Value;

const SIMULATED: [&str; 3] = ["--yes", "--clock", "simulated"];

/// Thirty visits of one pose; the tracker's frame is the base.
fn scene() -> Scene {
    let live = "    driver: ascii-tracker\n    port: simulated\n    provenance: simulated\n    options: { columns: x y z a b c, separator: comma, length_unit: mm, angle_unit: deg, stale_after: 2 s }\n";
    let file = "    driver: csv-import\n    port: import\n    provenance: simulated\n    options: { columns: [X, Y, Z], units: [m, m, m], separator: semicolon, decimal: comma, header: 2, cycle: No }\n    registration:\n      position: { frame: base, method: set up in the base, translation: [0 mm, 0 mm, 0 mm], rotation: [0 deg, 0 deg, 0 deg], U_position: 0.01 mm }\n";
    let steps = "      - window: { id: stand, record: [tcp], until: { for: 500 ms } }\n      - move: { device: arm, to: { pose: park }, speed: 50 %, timeout: 20 s }\n";
    let visits = "      - repeat:\n          variable: cycle\n          over: { times: 30 }\n          steps:\n            - repeat:\n                variable: pose\n                over: { table: poses }\n                steps:\n                  - window: { id: visit, record: [tcp], until: { for: 500 ms } }\n      - move: { device: arm, to: { pose: park }, speed: 50 %, timeout: 20 s }\n";
    let drift = "      - id: drift\n        title: { en: Drift while standing, zh: 静止时的漂移 }\n        metric: hold-drift\n        over: stand\n        channels: tcp\n        accept: { estimate: at_most 0.5 mm }\n";
    let accuracy = "      - id: accuracy\n        title: { en: Accuracy, zh: 准确度 }\n        metric: iso9283-pose-accuracy\n        over: visit\n        per: pose\n        channels: tcp\n        accept: { estimate: at_most 0.5 mm }\n";
    let scene = Scene::arm()
        .with(
            "suite",
            "source: reference,",
            "source: reference, from: import,",
        )
        .with(
            "suite",
            "watch:\n  - { channel: tcp, max_age: 1 s }\n\n",
            "",
        )
        .with(
            "suite",
            "decision:",
            "tables:\n  poses: poses.yaml\n\ndecision:",
        )
        .with("suite", steps, visits)
        .with("suite", drift, accuracy)
        .with("bench", live, file)
        .with(
            "bench",
            "      pose:\n        certificate",
            "      position:\n        certificate",
        )
        .with(
            "bench",
            "{ device: tracker, signal: pose, interval: 4 ms }",
            "{ device: tracker, signal: position }",
        )
        .with(
            "bench",
            "tcp: [1004.4673 mm, -112 mm, 128.6687 mm,",
            "tcp: [500 mm, -200 mm, 350 mm,",
        );
    let table = "certbench: 1\ntable: poses\nrows:\n  - { id: far, title: { en: Far, zh: 远 } }\n";
    fs::write(scene.file("suite").with_file_name("poses.yaml"), table).expect("the table");
    scene
}

/// The visits of the synthetic pose (standards notes, 9.1) at (500, -200, 350) mm, off by
/// (0.012, -0.005, 0.020) mm, as a tracker writes them: metres with a decimal comma.
fn export(cycles: impl Iterator<Item = i32>) -> String {
    let mut file = "Laser tracker, export\nNo;X;Y;Z\n".to_string();
    for j in cycles {
        let scatter = [(7 * j % 13) - 6, (11 * j % 17) - 8, (5 * j % 19) - 9];
        let offset = [12, -5, 20];
        let at = [500_000, -200_000, 350_000];
        let micrometres = [0, 1, 2].map(|i: usize| at[i] + offset[i] + scatter[i]);
        let metres = micrometres.map(|um| format!("{:.6}", f64::from(um) * 1e-6).replace('.', ","));
        file += &format!("{};{}\n", j + 1, metres.join(";"));
    }
    file
}

struct Bench {
    scene: Scene,
    record: Record,
}

impl Bench {
    fn new() -> Bench {
        let scene = scene();
        let ran = scene.run(&SIMULATED);
        assert_eq!(ran.code(), Some(2), "{}", ran.said());
        let record = ran.record().clone();
        Bench { scene, record }
    }

    fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.scene.file("suite").with_file_name(name);
        fs::write(&path, text).expect("an export");
        path
    }

    /// Hands an export in: exit code, and all that was said.
    fn import(&self, text: &str, more: &[&str]) -> (Option<i32>, String) {
        let file = self.file("export.csv", text);
        let mut command = Command::new(certbench());
        command.arg("import").arg(&self.record.0).arg(file);
        command
            .args(["--channel", "tcp", "--by", "Li Na"])
            .args(more);
        let done = output(&mut command);
        let said = [&done.stdout, &done.stderr].map(|s| String::from_utf8_lossy(s).into_owned());
        (done.status.code(), said.concat())
    }

    fn original(&self) -> [Vec<u8>; 3] {
        ["run.jsonl", "telemetry.mcap", "manifest.json"].map(|name| self.record.bytes(name))
    }

    fn finding(&self) -> Value {
        self.record.findings()["cases"][0]["findings"][0].clone()
    }
}

fn codes(finding: &Value) -> Vec<&str> {
    let reasons = finding["reasons"].as_array().expect("reasons");
    reasons.iter().filter_map(|r| r["code"].as_str()).collect()
}

#[test]
fn what_a_tracker_exported_is_judged_after_the_run_and_nothing_before() {
    let bench = Bench::new();
    let before = bench.original();
    assert_eq!(bench.finding()["verdict"], "not-tested");
    assert_eq!(codes(&bench.finding()), ["to-be-imported"]);
    let (code, said) = bench.import(&export(0..30), &[]);
    assert_eq!(code, Some(0), "{said}");
    let finding = bench.finding();
    assert_eq!(finding["verdict"], "pass");
    let ap = finding["result"]["value"].as_f64().expect("AP");
    assert!((ap - 0.02328652).abs() < 5e-7, "{ap}");
    assert!(codes(&finding).contains(&"imported"));
    assert_eq!(bench.original(), before);
    // The same folder gives the same bytes.
    let first = bench.record.bytes("findings.json");
    let (code, _) = bench.record.judge();
    assert_eq!(code, Some(0));
    assert!(first == bench.record.bytes("findings.json"));
}

#[test]
fn a_file_that_does_not_fit_is_refused_at_its_cell_and_nothing_is_added() {
    let bench = Bench::new();
    let points = export(0..30).replacen("0,500006;", "0.500006;", 1);
    let (code, said) = bench.import(&points, &[]);
    assert_eq!(code, Some(64));
    assert!(
        said.contains("export.csv:3:3: `0.500006` is no number"),
        "{said}"
    );
    let (code, said) = bench.import(&export(0..31), &[]);
    assert_eq!(code, Some(64));
    assert!(
        said.contains("export.csv:33:1: belongs to no window"),
        "{said}"
    );
    assert!(!bench.record.0.join("addenda").exists());
}

#[test]
fn a_visit_without_a_row_is_not_tested() {
    let bench = Bench::new();
    let (code, said) = bench.import(&export((0..30).filter(|j| *j != 7)), &[]);
    assert_eq!(code, Some(2), "{said}");
    assert!(
        said.contains("no row for stand visit #8: not tested"),
        "{said}"
    );
    let finding = bench.finding();
    assert_eq!(finding["verdict"], "not-tested");
    assert!(codes(&finding).contains(&"no-row"), "{:?}", codes(&finding));
}

#[test]
fn a_second_import_says_why_and_both_are_kept() {
    let bench = Bench::new();
    let (code, said) = bench.import(&export((0..30).filter(|j| *j != 7)), &[]);
    assert_eq!(code, Some(2), "{said}");
    let (code, said) = bench.import(&export(0..30), &[]);
    assert_eq!(code, Some(64));
    assert!(said.contains("imported already (addendum 1)"), "{said}");
    let (code, said) = bench.import(&export(0..30), &["--reason", "row 8 was not exported"]);
    assert_eq!(code, Some(0), "{said}");
    for name in ["addenda/1-tcp.csv", "addenda/2-tcp.csv"] {
        assert!(!bench.record.bytes(name).is_empty());
    }
}

#[test]
fn an_import_that_was_changed_afterwards_carries_no_verdict() {
    let bench = Bench::new();
    let (code, said) = bench.import(&export(0..30), &[]);
    assert_eq!(code, Some(0), "{said}");
    let path = bench.record.0.join("addenda/1-tcp.csv");
    let text = fs::read_to_string(&path).expect("the file");
    fs::write(&path, text.replacen("0,500006", "0,500005", 1)).expect("written");
    let (_, findings) = bench.record.judge();
    assert_eq!(findings["verdict"], "not-tested");
    let reason = findings["reasons"].to_string();
    assert!(reason.contains("addenda/1-tcp.csv"), "{reason}");
    let (code, said) = bench.import(&export(0..30), &["--reason", "again"]);
    assert_eq!(code, Some(64));
    assert!(said.contains("nothing is added"), "{said}");
}
