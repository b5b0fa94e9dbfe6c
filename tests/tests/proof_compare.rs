//! Runs held against each other: the trials of two hands in pairs, and robots that are exchanged.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use certbench_tests::binary::{Folder, certbench, root};
use certbench_tests::program::{Record, Scene, output};
use certbench_tests::synthetic::export;
use serde_json::{Value, json};

/// Exit code, and the JSON that was said.
fn compare(runs: &[&Path], more: &[&str]) -> (Option<i32>, Value) {
    let mut command = Command::new(certbench());
    command.arg("compare").args(runs).args(more).arg("--json");
    let done = output(&mut command);
    let said = String::from_utf8_lossy(&done.stdout);
    let told = serde_json::from_str(&said)
        .unwrap_or_else(|e| panic!("{e}: {said}{}", String::from_utf8_lossy(&done.stderr)));
    (done.status.code(), told)
}

/// Twenty trials that a person judges, at least one of which must succeed.
fn trials() -> Scene {
    let steps = "      - window: { id: stand, record: [tcp], until: { for: 500 ms } }\n";
    let trials = "      - window: { id: stand, record: [tcp], until: { for: 500 ms } }\n      - repeat:\n          variable: object\n          over: { times: 20 }\n          steps:\n            - trial:\n                id: hold\n                invalid_if: [misplaced]\n                invalid_at_most: 2\n                steps:\n                  - prompt:\n                      id: seen\n                      text: { en: How did it end?, zh: 结果如何？ }\n                      presence: outside\n                      ask:\n                        choose:\n                          - { id: held, text: { en: Held, zh: 保持 }, means: success }\n                          - { id: slipped, text: { en: Slipped, zh: 滑移 }, means: failure }\n                          - { id: misplaced, text: { en: Misplaced, zh: 放错 }, means: { invalid: misplaced } }\n";
    let measure = "    measure:\n      - id: held\n        title: { en: Objects held, zh: 保持的物体 }\n        metric: success-rate\n        over: hold\n        accept: { estimate: at_least 1 % }\n";
    Scene::arm()
        .with("suite", steps, trials)
        .with("suite", "    measure:\n", measure)
}

/// A run of them, an answer a trial.
fn judged(scene: &Scene, answers: &[&str]) -> Record {
    let path = scene.file("suite").with_file_name("answers.yaml");
    let text = json!({ "answers": { "seen": answers } }).to_string();
    fs::write(&path, text).expect("the answers");
    let path = path.to_string_lossy().into_owned();
    let ran = scene.run(&["--yes", "--clock", "simulated", "--answers", &path]);
    assert_eq!(ran.code(), Some(0), "{}", ran.said());
    ran.record().clone()
}

#[test]
fn what_two_hands_did_with_the_same_objects_is_told_pair_by_pair() {
    let scene = trials();
    // Of 20 pairs the second hand fails in 6 in which the first one held, and never the other way.
    let first: Vec<&str> = (0..20)
        .map(|i| if i < 15 { "held" } else { "slipped" })
        .collect();
    let mut second: Vec<&str> = (0..20)
        .map(|i| if i < 9 { "held" } else { "slipped" })
        .collect();
    // An invalid trial is done again, and the second one is its pair.
    second.insert(19, "misplaced");
    let (first, second) = (judged(&scene, &first), judged(&scene, &second));
    let runs = [first.0.as_path(), second.0.as_path()];
    let of = |told: &Value| {
        let changes = told[0]["changes"].as_array().expect("changes").clone();
        let held = changes.into_iter().find(|c| c["id"] == "stand/held");
        held.expect("the rate")
    };
    // 15 and 9 of 20: unpaired, nothing can be said at 5 %.
    let (code, told) = compare(&runs, &["--rates", "fisher"]);
    let change = of(&told);
    assert_eq!(
        (code, &change["outcome"]),
        (Some(0), &json!("same")),
        "{change:#}"
    );
    assert_eq!(change["difference"].get("paired"), None);
    let (code, told) = compare(&runs, &["--rates", "mcnemar"]);
    let change = of(&told);
    assert_eq!(
        (code, &change["outcome"]),
        (Some(1), &json!("worse")),
        "{change:#}"
    );
    let paired = &change["difference"]["paired"];
    let counts = ["both", "only_first", "only_second", "neither", "left_out"];
    let counts = counts.map(|name| paired[name].as_u64().expect(name));
    assert_eq!(counts, [9, 6, 0, 5, 1]);
    // Six tosses of a coin that fall alike, two-sided; the mid-p is half of it.
    assert_eq!(
        paired["exact_p"]
            .as_f64()
            .map(|p| (p - 0.03125).abs() < 1e-12),
        Some(true)
    );
    assert_eq!(
        paired["mid_p"]
            .as_f64()
            .map(|p| (p - 0.015625).abs() < 1e-12),
        Some(true)
    );
    let (code, _) = compare(&[runs[1], runs[0]], &["--rates", "mcnemar-mid-p"]);
    assert_eq!(code, Some(0), "better is not worse");
}

/// Forces of two hands (standards notes, 9.6), of which a file has one a grasp.
const HANDS: [[f64; 10]; 2] = [
    [12.1, 12.4, 11.9, 12.3, 12.0, 12.2, 12.5, 11.8, 12.1, 12.3],
    [11.6, 11.9, 11.5, 12.0, 11.7, 11.4, 11.8, 11.9, 11.6, 11.7],
];

/// Ten grasps of a hand, their forces in a file; gives the record.
fn hand(folder: &Folder, name: &str, forces: &[f64], version: &str, grasps: &str) -> PathBuf {
    let suite = format!(
        "certbench: 1
suite: hand-forces
version: {version}
status: draft
title: {{ en: Forces of a hand, zh: 灵巧手的力 }}
area: evaluation
basis:
  - {{ standard: NIST SP 1227, edition: draft 2018, part: comparison of two hands, relation: modelled-on }}
needs:
  devices:
    robot: {{ kind: robot, roles: [identify] }}
  channels:
    force: {{ unit: N, source: reference, from: import }}
decision: {{ rule: guarded, guard: U }}
cases:
  - id: grasp
    title: {{ en: Grasps, zh: 抓握 }}
    steps:
      - repeat:
          variable: pass
          over: {{ times: {grasps} }}
          steps:
            - window: {{ id: squeeze, record: [force], until: {{ for: 1 s }} }}
    measure:
      - id: strength
        title: {{ en: Strength, zh: 握力 }}
        metric: channel-mean
        over: squeeze
        channels: force
        accept: {{ estimate: at_least 5 N }}
"
    );
    let suites = root().join("suites");
    let shipped = fs::read_to_string(suites.join("benches/data-tracker.bench.yaml"));
    let mut bench = shipped.expect("bench");
    let (head, tail) = bench.split_once("  tracker:\n").expect("the tracker");
    let tail = tail.split_once("\nchannels:\n").expect("channels").1;
    let tail = tail.split_once("# The test cube").expect("the cube").0;
    let gauge = "  gauge:
    driver: csv-import
    port: import
    provenance: physical
    options: { columns: [F], units: [N], cycle: \"No\" }
    calibration:
      force: { certificate: C-1, body: A laboratory, date: 2026-06-01, due: 2027-05-31, ranges: [{ from: 0 N, to: 50 N, U: 0.1 N, k: 2 }] }
";
    let tail = tail.replace(
        "tcp: { device: tracker, signal: position }",
        "force: { device: gauge, signal: force }",
    );
    bench = format!("{head}{gauge}\nchannels:\n{tail}");
    let rows: Vec<String> = (1..)
        .zip(forces)
        .map(|(i, f)| format!("{i},{f}\n"))
        .collect();
    let file = |end: &str, text: &str| {
        let path = folder.path().join(format!("{name}{end}"));
        fs::write(&path, text).expect("a file");
        path
    };
    let mut command = Command::new(certbench());
    command.args(["judge", "--by", "Li Na", "--data"]);
    command.arg(file(".csv", &format!("No,F\n{}", rows.concat())));
    command.arg("--suite").arg(file(".suite.yaml", &suite));
    command.arg("--bench").arg(file(".bench.yaml", &bench));
    command
        .arg("--job")
        .arg(suites.join("jobs/sim-external.job.yaml"));
    let out = folder.path().join(format!("runs-{name}"));
    let done = output(command.arg("--out").arg(&out));
    let said = [&done.stdout, &done.stderr].map(|s| String::from_utf8_lossy(s).into_owned());
    assert_eq!(done.status.code(), Some(0), "{}", said.concat());
    let records = fs::read_dir(out).expect("runs").flatten().map(|e| e.path());
    let mut records = records.filter(|path| path.is_dir());
    records.next().expect("a record")
}

#[test]
fn two_hands_in_two_runs_differ_as_the_notes_print() {
    let folder = Folder::new("hands");
    let of = |name: &str, forces: &[f64]| hand(&folder, name, forces, "0.1.0", "10");
    let (first, second) = (of("first", &HANDS[0]), of("second", &HANDS[1]));
    let runs = [first.as_path(), second.as_path()];
    let (code, told) = compare(&runs, &["--values", "ks"]);
    assert_eq!(code, Some(1), "{told:#}");
    let told = &told[0]["results"][0];
    assert_eq!(
        (&told["result"]["id"], &told["differs"]),
        (&json!("grasp/strength"), &json!(true))
    );
    let series = &told["result"]["series"];
    assert_eq!((&series[0]["n"], &series[1]["n"]), (&json!(10), &json!(10)));
    let printed = [
        ("kolmogorov-smirnov", 0.0123406, 5e-8),
        ("welch", 0.000134787, 5e-10),
        ("mann-whitney", 0.00096436, 5e-9),
    ];
    for (told, (name, p, digits)) in told["result"]["tests"]
        .as_array()
        .unwrap()
        .iter()
        .zip(printed)
    {
        assert_eq!(told["test"], name);
        let seen = told["p"].as_f64().expect("p");
        assert!((seen - p).abs() < digits, "{name}: {seen}");
    }
    // A hand is held against itself, and the words are there in both languages.
    let again = of("again", &HANDS[0]);
    let words = |lang: &str| {
        let mut command = Command::new(certbench());
        command.arg("compare").arg(&first).arg(&again);
        let done = output(command.args(["--values", "welch", "--lang", lang]));
        assert_eq!(done.status.code(), Some(0));
        String::from_utf8_lossy(&done.stdout).into_owned()
    };
    let (en, zh) = (words("en"), words("zh"));
    for part in [
        "n 10 | 10",
        "Kolmogorov-Smirnov, exact: D 0, p 1",
        "independent",
        "tolerance bound",
        "no difference shown",
    ] {
        assert!(en.contains(part), "{part} in {en}");
    }
    for part in ["均值", "容许限", "相互独立", "未显示差异"] {
        assert!(zh.contains(part), "{part} in {zh}");
    }
}

#[test]
fn values_of_another_version_or_measure_are_not_compared() {
    let folder = Folder::new("hands-unlike");
    let first = hand(&folder, "first", &HANDS[0], "0.1.0", "10");
    let newer = hand(&folder, "newer", &HANDS[1], "0.2.0", "10");
    let mut command = Command::new(certbench());
    command.arg("compare").arg(&first).arg(&newer);
    let done = output(command.args(["--values", "ks"]));
    assert_eq!(done.status.code(), Some(64));
    let said = String::from_utf8_lossy(&done.stderr).into_owned();
    assert!(
        said.contains("0.1.0") && said.contains("two methods"),
        "{said}"
    );
    // Fewer grasps are another measure.
    let fewer = hand(&folder, "fewer", &HANDS[1][..8], "0.1.0", "8");
    let (code, told) = compare(&[&first, &fewer], &["--values", "ks"]);
    assert_eq!(code, Some(2), "{told:#}");
    let result = &told[0]["results"][0]["result"];
    assert_eq!(result["reasons"][0]["code"], "other-measure");
    assert!(result["series"].is_null() && told[0]["results"][0]["differs"].is_null());
}

#[test]
fn of_three_grasps_a_hand_no_test_of_ranks_can_tell_anything() {
    let folder = Folder::new("hands-few");
    let of = |name: &str, forces: &[f64]| hand(&folder, name, forces, "0.1.0", "3");
    let (first, second) = (of("first", &HANDS[0][..3]), of("second", &HANDS[1][..3]));
    for by in ["ks", "mann-whitney"] {
        let (code, told) = compare(&[&first, &second], &["--values", by]);
        assert_eq!(code, Some(2), "{told:#}");
        assert!(told[0]["results"][0]["differs"].is_null(), "{told:#}");
    }
    let mut command = Command::new(certbench());
    command.arg("compare").arg(&first).arg(&second);
    let done = output(command.args(["--values", "ks"]));
    let said = String::from_utf8_lossy(&done.stdout).into_owned();
    // Two of C(6, 3) interleavings.
    let least = "cannot be told: so few values have no p below 0.100000";
    assert!(said.contains(least), "{said}");
    let (code, told) = compare(&[&first, &second], &["--values", "welch"]);
    assert_eq!(code, Some(0), "{told:#}");
}

/// Judges what a tracker saw of one robot; gives the record.
fn robot(folder: &Folder, number: usize, offset: [i32; 3]) -> PathBuf {
    let file = folder.path().join(format!("robot-{number}.csv"));
    fs::write(&file, export(offset)).expect("an export");
    let suites = root().join("suites");
    let mut command = Command::new(certbench());
    command.args(["judge", "--by", "Li Na", "--data"]).arg(file);
    command
        .arg("--suite")
        .arg(suites.join("pose-data.suite.yaml"));
    command
        .arg("--bench")
        .arg(suites.join("benches/data-tracker.bench.yaml"));
    command
        .arg("--job")
        .arg(suites.join("jobs/sim-external.job.yaml"));
    let out = folder.path().join(format!("runs-{number}"));
    let done = output(command.arg("--out").arg(&out));
    assert_eq!(
        done.status.code(),
        Some(0),
        "{}",
        String::from_utf8_lossy(&done.stderr)
    );
    let records = fs::read_dir(out).expect("runs").flatten().map(|e| e.path());
    let mut records = records.filter(|path| path.is_dir());
    records.next().expect("a record")
}

#[test]
fn robots_that_are_exchanged_stand_apart_by_the_printed_e() {
    let folder = Folder::new("exchanged");
    let offsets = [
        [0, 0, 0],
        [100, -50, 20],
        [-40, 80, 10],
        [60, 30, -70],
        [-90, -20, 50],
    ];
    let runs = offsets.iter().enumerate();
    let runs: Vec<PathBuf> = runs.map(|(i, offset)| robot(&folder, i, *offset)).collect();
    let runs: Vec<&Path> = runs.iter().map(PathBuf::as_path).collect();
    let (code, told) = compare(&runs, &["--exchangeability", "--at-most", "0.5 mm"]);
    assert_eq!(code, Some(0), "{told:#}");
    let poses = told["poses"].as_array().expect("poses");
    assert_eq!(poses.len(), 5);
    for pose in poses {
        let e = &pose["pose"]["e"];
        let value = e["value"].as_f64().expect("E");
        assert!((value - 0.198_494_33).abs() < 1e-6, "{pose:#}");
        // The second and the fifth robot, the third and the fourth lie nearer.
        assert_eq!(pose["within"], json!(true));
        assert!(
            e["u_expanded"].as_f64().is_some_and(|u| u > 0.0),
            "{pose:#}"
        );
    }
    // Inside the limit by less than U is not within it.
    let (code, _) = compare(&runs, &["--exchangeability", "--at-most", "0.2 mm"]);
    assert_eq!(code, Some(1));
    let (code, told) = compare(
        &runs[..1].repeat(2),
        &["--exchangeability", "--at-most", "1 mm"],
    );
    assert_eq!(code, Some(0));
    assert_eq!(
        told["poses"][0]["pose"]["e"]["value"],
        json!(0.0),
        "{told:#}"
    );
}
