//! The software shown to be valid on this computer; what a scheme's rule gives; scores between
//! laboratories; trends: as a person runs them.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use certbench_tests::binary::certbench;
use certbench_tests::program::{Record, Scene, output};
use serde_json::Value;

/// Exit code, and all that was said.
fn told(arguments: &[&str]) -> (Option<i32>, String) {
    let done = output(Command::new(certbench()).args(arguments));
    let said = [&done.stdout, &done.stderr].map(|s| String::from_utf8_lossy(s).into_owned());
    (done.status.code(), said.concat())
}

fn json(path: &Path) -> Value {
    serde_json::from_slice(&fs::read(path).expect("a file")).expect("JSON")
}

/// What a command prints as JSON, and its exit code.
fn told_json(arguments: &[&str]) -> (Option<i32>, Value) {
    let done = output(Command::new(certbench()).args(arguments));
    let said = serde_json::from_slice(&done.stdout);
    let said = said.unwrap_or_else(|e| panic!("{e}: {}", String::from_utf8_lossy(&done.stderr)));
    (done.status.code(), said)
}

fn played(scene: &Scene) -> Record {
    scene
        .run(&["--yes", "--clock", "simulated"])
        .record()
        .clone()
}

fn path(record: &Record) -> String {
    record.0.to_string_lossy().into_owned()
}

fn beside(scene: &Scene, name: &str) -> String {
    scene
        .file("suite")
        .with_file_name(name)
        .to_string_lossy()
        .into_owned()
}

/// Validates, and gives the validation's folder. The timing of a loaded computer may not hold: that is said
/// and signed too.
fn validated(scene: &Scene) -> (PathBuf, Value) {
    let key = beside(scene, "key.pem");
    let made = told(&["keygen", &key]);
    assert_eq!(made.0, Some(0), "{}", made.1);
    let out = scene.out().to_string_lossy().into_owned();
    let (code, said) = told(&[
        "validate",
        "--by",
        "Wang Ming",
        "--key",
        &key,
        "--out",
        &out,
    ]);
    let all = fs::read_dir(scene.out().join("validations")).expect("validations");
    let folder = all.flatten().next().expect("a validation").path();
    let validation = json(&folder.join("validation.json"));
    let expected = if validation["held"] == true { 0 } else { 1 };
    assert_eq!(code, Some(expected), "{said}");
    (folder, validation)
}

#[test]
fn the_software_is_shown_to_be_valid_and_reports_cite_it() {
    let scene = Scene::arm();
    let before = json(&played(&scene).0.join("report.json"));
    assert_eq!(before["validation"]["state"], "none");
    let (folder, validation) = validated(&scene);
    let checks = validation["checks"].as_array().expect("checks");
    let of = |group: &str| {
        checks
            .iter()
            .filter(|c| c["group"] == group)
            .collect::<Vec<_>>()
    };
    for (group, least) in [("oracle", 150), ("known-truth", 6), ("record", 3)] {
        let all = of(group);
        assert!(all.len() >= least, "{group}: {}", all.len());
        let wrong: Vec<_> = all.iter().filter(|c| c["held"] != true).collect();
        assert!(wrong.is_empty(), "{wrong:?}");
    }
    assert_eq!(of("timing").len(), 5);
    assert!(of("timing").iter().all(|c| c["seen"].is_number()));

    let (key, at) = (
        beside(&scene, "key.pub.pem"),
        folder.to_string_lossy().into_owned(),
    );
    let (code, said) = told(&["verify", &at, "--key", &key]);
    assert_eq!(code, Some(0), "{said}");
    assert_eq!(
        told(&["verify", &at]).0,
        Some(2),
        "whose key, nobody has said"
    );

    let record = played(&scene);
    let report = json(&record.0.join("report.json"));
    let cited = &report["validation"];
    let state = if validation["held"] == true {
        "holds"
    } else {
        "failed"
    };
    assert_eq!(
        (&cited["state"], &cited["id"]),
        (&state.into(), &validation["id"])
    );
    let page = fs::read_to_string(record.0.join("report.en.html")).expect("a page");
    assert!(page.contains(validation["id"].as_str().expect("an id")));

    // Any byte of it that is changed is found, and no report says any more that it holds.
    let truth = folder.join("known-truth/findings.json");
    let text = fs::read_to_string(&truth).expect("findings");
    fs::write(&truth, text.replacen("pass", "fail", 1)).expect("findings");
    let (code, said) = told(&["verify", &at, "--key", &key]);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("known-truth/findings.json"), "{said}");
    assert_eq!(
        json(&played(&scene).0.join("report.json"))["validation"]["state"],
        "failed"
    );
}

#[test]
fn another_version_or_computer_asks_for_another_validation() {
    let scene = Scene::arm();
    let (folder, validation) = validated(&scene);
    // As a validation made elsewhere, signed by who made it: only what it says of itself is another.
    let text = fs::read_to_string(folder.join("validation.json")).expect("a validation");
    let host = validation["machine"]["host"].as_str().expect("a host");
    let other = text.replace(host, "another (Linux 1.0)");
    fs::write(folder.join("validation.json"), other).expect("a validation");
    let cited = &json(&played(&scene).0.join("report.json"))["validation"];
    assert_ne!(cited["state"], "holds");
    assert_eq!(cited["differs"][0]["what"], "host");
    assert_eq!(cited["differs"][0]["new"]["en"], host);
}

const SCHEME: &str = "certbench: 1
scheme: invented
version: 0.1.0
status: example
title: { en: Invented, zh: 虚构 }
type: 1a
sample: { items: 1, chosen: { en: by nobody, zh: 无人 } }
simulated: met
levels:
  - id: L1
    title: { en: Low, zh: 低 }
    requires: [{ suite: SUITE, from: 0.0.1 }]
  - id: L2
    title: { en: High, zh: 高 }
    requires:
      - { suite: SUITE, from: 0.0.1, results: [{ result: stand/drift, at_most: 0.000001 mm }] }
";

#[test]
fn a_scheme_gives_a_level_and_what_the_next_one_lacks() {
    let scene = Scene::arm();
    let record = played(&scene);
    let suite = record.events()[0]["plan"]["suite"]["id"].clone();
    let scheme = SCHEME.replace("SUITE", suite.as_str().expect("a suite"));
    let file = beside(&scene, "invented.scheme.yaml");
    fs::write(&file, &scheme).expect("a scheme");
    let run = path(&record);
    let (code, said) = told(&["assess", &file, &run]);
    assert_eq!(code, Some(0), "{said}");
    for part in [
        "level supported: L1",
        "neither a certificate",
        "SIMULATED",
        "stand/drift",
        "≤ 0.000001 mm",
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }
    let (code, said) = told(&["assess", &file, &run, "--level", "L2", "--lang", "zh"]);
    assert_eq!(code, Some(1), "{said}");
    assert!(
        said.contains("支持的等级: L1") && said.contains("既非证书"),
        "{said}"
    );
    assert_eq!(told(&["assess", &file, &run, "--level", "L9"]).0, Some(64));

    let (_, assessed) = told_json(&["assess", &file, &run, "--json"]);
    assert_eq!(assessed["assessment"]["level"], "L1");
    assert_eq!(assessed["assessment"]["next"], "L2");
    assert!(assessed["notice"]["zh"].is_string());

    // Without its leave no simulated run counts for anything.
    fs::write(&file, scheme.replace("simulated: met\n", "")).expect("a scheme");
    let (code, said) = told(&["assess", &file, &run]);
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains("level supported: none"), "{said}");
    // Errors point at the line.
    fs::write(&file, scheme.replace("type: 1a", "type: 7")).expect("a scheme");
    let (code, said) = told(&["assess", &file, &run]);
    assert_eq!(code, Some(3), "{said}");
    assert!(said.contains("invented.scheme.yaml:6:7"), "{said}");
}

#[test]
fn laboratories_are_scored_and_a_value_that_creeps_is_seen() {
    let scene = Scene::arm();
    let first = path(&played(&scene));
    let again = path(&played(&scene));
    let (code, said) = told(&["compare", "--laboratories", &first, &again]);
    assert_eq!(code, Some(64), "one laboratory is none to compare: {said}");
    let other = Scene::arm().with(
        "bench",
        "laboratory: { name: ",
        "laboratory: { name: Another ",
    );
    let second = path(&played(&other));
    let (code, scored) = told_json(&["compare", "--laboratories", &first, &second, "--json"]);
    assert_eq!(code, Some(0), "{scored}");
    let round = &scored["rounds"][0];
    assert_eq!(round["assigned"]["from"], "reference");
    assert_eq!(round["scores"][0]["grade"], "reference");
    // The same simulated arm: the same value, whose E_n is zero.
    assert_eq!(round["scores"][1]["e_n"], 0.0);
    let sigma = [
        "compare",
        "--laboratories",
        &first,
        &second,
        "--sigma",
        "stand/nothing=1 mm",
    ];
    assert_eq!(told(&sigma).0, Some(64));

    let (code, said) = told(&["compare", "--trend", "--order", &first, &again, &second]);
    assert_eq!(code, Some(0), "three times the same value: {said}");
    assert_eq!(
        told(&["compare", "--trend", "--order", &first, &again]).0,
        Some(2)
    );
}
