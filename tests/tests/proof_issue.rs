//! A report that was issued holds against the raw record, and whatever is changed afterwards is found.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use certbench_tests::binary::certbench;
use certbench_tests::program::{Record, Scene, output};
use serde_json::Value;

/// A small run on the simulated clock, the laboratory's key and its file.
struct Bench {
    scene: Scene,
    record: Record,
}

impl Bench {
    fn new() -> Bench {
        Bench::of(Scene::arm())
    }

    fn of(scene: Scene) -> Bench {
        let ran = scene.run(&["--yes", "--clock", "simulated"]);
        let record = ran.record().clone();
        let bench = Bench { scene, record };
        let laboratory =
            "certbench: 1\nlaboratory: { instruments: { tracker: { firmware: '3.0' } } }\n";
        fs::write(bench.file("lab.yaml"), laboratory).expect("the laboratory's file");
        let made = bench.certbench(&["keygen", &bench.path("key.pem")]);
        assert_eq!(made.0, Some(0), "{}", made.1);
        bench
    }

    fn file(&self, name: &str) -> PathBuf {
        self.scene.file("suite").with_file_name(name)
    }

    fn path(&self, name: &str) -> String {
        self.file(name).to_string_lossy().into_owned()
    }

    fn run(&self) -> String {
        self.record.0.to_string_lossy().into_owned()
    }

    /// Exit code, and all that was said.
    fn certbench(&self, arguments: &[&str]) -> (Option<i32>, String) {
        let done = output(Command::new(certbench()).args(arguments));
        let said = [&done.stdout, &done.stderr].map(|s| String::from_utf8_lossy(s).into_owned());
        (done.status.code(), said.concat())
    }

    /// `command` with key, laboratory and three names.
    fn desk(&self, command: &[&str], more: &[&str]) -> (Option<i32>, String) {
        let (key, laboratory) = (self.path("key.pem"), self.path("lab.yaml"));
        let names = [
            "--prepared",
            "A",
            "--reviewed",
            "B",
            "--by",
            "C",
            "--key",
            &key,
        ];
        self.certbench(&[command, &names, &["--laboratory", &laboratory], more].concat())
    }

    /// Issues, and gives the report's folder.
    fn issued(&self, number: &str) -> PathBuf {
        let (code, said) = self.desk(&["issue", &self.run()], &["--number", number]);
        assert_eq!(code, Some(0), "{said}");
        self.record.0.join("reports").join(number)
    }

    fn verify(&self) -> (Option<i32>, String) {
        self.certbench(&["verify", &self.run(), "--key", &self.path("key.pub.pem")])
    }
}

fn json(path: &Path) -> Value {
    serde_json::from_slice(&fs::read(path).expect("a file")).expect("JSON")
}

#[test]
fn an_issued_report_holds_against_the_raw_record() {
    let bench = Bench::new();
    let report = bench.issued("RTL-1");
    let (code, said) = bench.verify();
    assert_eq!(code, Some(0), "{said}");
    let (code, said) = bench.certbench(&["verify", &report.to_string_lossy()]);
    assert_eq!(
        code,
        Some(2),
        "without a key nobody has said who signed: {said}"
    );
    let told = json(&report.join("report.json"));
    assert_eq!(
        (&told["id"], &told["draft"]),
        (&"RTL-1".into(), &false.into())
    );
    assert_eq!(told["simulated"], true, "a simulated run stays marked");
    let page = fs::read_to_string(report.join("report.zh.html")).expect("a page");
    assert!(!page.contains("草稿") && page.contains("仿真"));
    assert_eq!(bench.record.findings(), json(&report.join("findings.json")));
}

#[test]
fn a_number_is_given_once_and_never_written_over() {
    let bench = Bench::new();
    let report = bench.issued("RTL-1");
    let before = fs::read(report.join("report.json")).expect("a report");
    let (code, said) = bench.desk(&["issue", &bench.run()], &["--number", "RTL-1"]);
    assert_eq!(code, Some(64), "{said}");
    assert_eq!(
        fs::read(report.join("report.json")).expect("a report"),
        before
    );
    // Also after the folder is gone: the bench's ledger remembers.
    fs::remove_dir_all(report).expect("a folder");
    assert_eq!(
        bench
            .desk(&["issue", &bench.run()], &["--number", "RTL-1"])
            .0,
        Some(64)
    );
    assert_eq!(
        bench
            .desk(&["issue", &bench.run()], &["--number", "../x"])
            .0,
        Some(64)
    );
}

#[test]
fn what_is_missing_blocks_issue_and_says_where_it_belongs() {
    let bench = Bench::new();
    fs::write(bench.file("lab.yaml"), "certbench: 1\nlaboratory: {}\n").expect("a file");
    let (code, said) = bench.desk(&["issue", &bench.run()], &[]);
    assert_eq!(code, Some(3), "{said}");
    assert!(
        said.contains("R7 tracker") && said.contains("laboratory: instruments.tracker.firmware"),
        "{said}"
    );
    assert!(!bench.record.0.join("reports").exists());
    let draft = fs::read_to_string(bench.record.0.join("report.en.html")).expect("a draft");
    assert!(draft.contains("DRAFT 草稿"));
}

#[test]
fn one_person_in_two_roles_is_a_setting() {
    let bench = Bench::new();
    let key = bench.path("key.pem");
    let laboratory = bench.path("lab.yaml");
    let run = bench.run();
    let same = [
        "issue",
        &run,
        "--prepared",
        "C",
        "--reviewed",
        "B",
        "--by",
        "C",
        "--key",
        &key,
        "--laboratory",
        &laboratory,
    ];
    let (code, said) = bench.certbench(&same);
    assert_eq!(code, Some(64), "{said}");
    assert!(said.contains("one person"), "{said}");
    assert_eq!(
        bench.certbench(&[&same[..], &["--same-person"]].concat()).0,
        Some(0)
    );
}

/// Numbers that are the same in every run of the test (xorshift).
struct Dice(u64);

impl Dice {
    fn below(&mut self, most: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % most as u64).unwrap_or(0)
    }
}

#[test]
fn one_flipped_bit_anywhere_is_found_and_located() {
    let bench = Bench::new();
    let report = bench.issued("RTL-1");
    let mut files: Vec<PathBuf> = fs::read_dir(&report)
        .expect("a report")
        .flatten()
        .map(|e| e.path())
        .collect();
    files.extend(["run.jsonl", "telemetry.mcap", "manifest.json"].map(|f| bench.record.0.join(f)));
    files.sort();
    let mut dice = Dice(0x2026_1122);
    for path in files {
        let name = path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let written = fs::read(&path).expect("a file");
        for _ in 0..3 {
            let (at, bit) = (dice.below(written.len()), dice.below(8));
            let mut bytes = written.clone();
            bytes[at] ^= 1 << bit;
            fs::write(&path, &bytes).expect("a file");
            let (code, said) = bench.verify();
            assert_eq!(code, Some(1), "{name} byte {at} bit {bit}: {said}");
            let place = match name.as_str() {
                // A line, and a stretch of bytes between two anchors or a chunk.
                "run.jsonl" => {
                    let line = 1 + written[..at].iter().filter(|b| **b == b'\n').count();
                    let near = [line.saturating_sub(1), line, line + 1];
                    let told = near
                        .iter()
                        .any(|l| said.contains(&format!("run.jsonl line {l}:")));
                    assert!(told, "byte {at} is in line {line}: {said}");
                    "run.jsonl"
                }
                "telemetry.mcap" => "telemetry.mcap byte",
                other => other,
            };
            assert!(said.contains(place), "{name} byte {at}: {said}");
        }
        fs::write(&path, &written).expect("a file");
    }
    assert_eq!(bench.verify().0, Some(0), "everything is as it was");
}

#[test]
fn what_somebody_else_signs_is_not_the_laboratorys() {
    let bench = Bench::new();
    let report = bench.issued("RTL-1");
    let other = bench.path("other.pem");
    assert_eq!(bench.certbench(&["keygen", &other]).0, Some(0));
    let (code, said) = bench.certbench(&[
        "verify",
        &bench.run(),
        "--key",
        &bench.path("other.pub.pem"),
    ]);
    assert_eq!(code, Some(1), "{said}");
    // A file that nobody signed does not belong to the report.
    fs::write(report.join("note.txt"), "this passed").expect("a file");
    let (code, said) = bench.verify();
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("note.txt"), "{said}");
}

#[test]
fn an_amendment_has_its_own_number_and_the_old_report_stays() {
    let bench = Bench::new();
    let old = bench.issued("RTL-1");
    let before = fs::read(old.join("report.json")).expect("a report");
    let old_path = old.to_string_lossy().into_owned();
    let lab = fs::read_to_string(bench.file("lab.yaml")).expect("a file");
    fs::write(bench.file("lab.yaml"), lab.replace("3.0", "3.1")).expect("a file");
    let (code, said) = bench.desk(
        &["amend", &old_path],
        &[
            "--reason",
            "wrong firmware of the tracker",
            "--number",
            "RTL-2",
        ],
    );
    assert_eq!(code, Some(0), "{said}");
    let told = json(&bench.record.0.join("reports/RTL-2/report.json"));
    assert_eq!(told["amends"]["report"], "RTL-1");
    assert_eq!(told["amends"]["reason"], "wrong firmware of the tracker");
    let changes = told["amends"]["changes"].to_string();
    assert!(
        changes.contains("3.0") && changes.contains("3.1"),
        "{changes}"
    );
    assert_eq!(fs::read(old.join("report.json")).expect("a report"), before);
    let (code, said) = bench.verify();
    assert_eq!(code, Some(0), "{said}");
    assert!(
        said.contains("report RTL-1: holds") && said.contains("report RTL-2: holds"),
        "{said}"
    );
}

#[test]
fn a_correction_stands_beside_the_record_and_the_report_shows_both() {
    let bench = Bench::new();
    bench.issued("RTL-1");
    let untouched = ["run.jsonl", "telemetry.mcap", "manifest.json"].map(|f| bench.record.bytes(f));
    let run = bench.run();
    let correct = |field: &str, new: &str| {
        bench.certbench(&[
            "correct",
            &run,
            "--field",
            field,
            "--new",
            new,
            "--by",
            "A",
            "--why",
            "read the wrong line",
        ])
    };
    let (code, said) = correct("bench.environment.temperature", "24 Cel");
    assert_eq!(code, Some(0), "{said}");
    assert_eq!(
        ["run.jsonl", "telemetry.mcap", "manifest.json"].map(|f| bench.record.bytes(f)),
        untouched
    );
    let draft = json(&bench.record.0.join("report.json"));
    assert_eq!(draft["corrections"][0]["old"], "21.5 Cel");
    assert_eq!(draft["corrections"][0]["new"], "24 Cel");
    assert!(
        draft["environment"].to_string().contains("24 °C"),
        "{}",
        draft["environment"]
    );
    // What decides a verdict is not corrected this way.
    for field in [
        "job.rule",
        "bench.devices.arm",
        "parameters.cycles",
        "job.declared.load",
    ] {
        assert_eq!(correct(field, "1").0, Some(64), "{field}");
    }
    // The report that was issued before holds as it was signed; the next one has the correction.
    bench.issued("RTL-2");
    let (code, said) = bench.verify();
    assert_eq!(code, Some(0), "{said}");
    let later = json(&bench.record.0.join("reports/RTL-2/report.json"));
    assert_eq!(later["corrections"], draft["corrections"]);
    // The addenda are under the signature too.
    let path = bench.record.0.join("addenda/addenda.jsonl");
    let text = fs::read_to_string(&path).expect("addenda");
    fs::write(&path, text.replace("24 Cel", "25 Cel")).expect("addenda");
    assert_eq!(bench.verify().0, Some(1));
}

#[test]
fn a_record_that_is_not_as_it_was_written_is_never_issued() {
    let bench = Bench::new();
    let path = bench.record.0.join("run.jsonl");
    let mut bytes = fs::read(&path).expect("a record");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 4;
    fs::write(&path, bytes).expect("a record");
    let (code, said) = bench.desk(&["issue", &bench.run()], &[]);
    assert_eq!(code, Some(3), "{said}");
    assert!(said.contains("run.jsonl line"), "{said}");
}

#[test]
fn a_run_compared_with_itself_is_the_same_and_a_worse_verdict_is_worse() {
    let bench = Bench::new();
    let strict = Bench::of(Scene::arm().with("suite", "at_most 0.5 mm", "at_most 0.0001 mm"));
    let (code, said) = bench.certbench(&["compare", &bench.run(), &bench.run()]);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("stand/drift: same"), "{said}");
    let (code, said) = bench.certbench(&["compare", &bench.run(), &strict.run()]);
    assert_eq!(code, Some(1), "{said}");
    assert!(
        said.contains("stand/drift: WORSE") && said.contains("verdict Pass -> Fail"),
        "{said}"
    );
    assert_eq!(
        bench.certbench(&["compare", &strict.run(), &bench.run()]).0,
        Some(0)
    );
}
