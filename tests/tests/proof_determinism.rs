//! The same record gives the same bytes, and on the simulated clock the same seed gives the same record.

use certbench_tests::program::{Ran, Scene};

const SIMULATED: [&str; 3] = ["--yes", "--clock", "simulated"];

/// The simulated clock begins with today: over midnight the two runs would have two dates.
fn two_runs(one: &Scene, other: &Scene) -> (Ran, Ran) {
    loop {
        let (first, second) = (one.run(&SIMULATED), other.run(&SIMULATED));
        assert_eq!(first.code(), Some(0), "{}", first.said());
        assert_eq!(second.code(), Some(0), "{}", second.said());
        if first.record().0.file_name() == second.record().0.file_name() {
            return (first, second);
        }
    }
}

#[test]
fn judging_a_record_again_gives_the_same_bytes() {
    let scene = Scene::arm();
    for clock in ["simulated", "real"] {
        let ran = scene.run(&["--yes", "--clock", clock]);
        assert_eq!(ran.code(), Some(0), "{}", ran.said());
        let record = ran.record();
        let first = record.bytes("findings.json");
        for _ in 0..2 {
            let (code, _) = record.judge();
            assert_eq!(code, Some(0));
            assert!(!first.is_empty() && first == record.bytes("findings.json"));
        }
    }
}

#[test]
fn the_same_seed_gives_the_same_findings_and_the_same_record() {
    let (one, other) = (Scene::arm(), Scene::arm());
    let (first, second) = two_runs(&one, &other);
    for file in [
        "findings.json",
        "run.jsonl",
        "telemetry.mcap",
        "manifest.json",
        "simulation.jsonl",
        "report.json",
        "report.en.html",
        "report.zh.html",
    ] {
        let [one, other] = [&first, &second].map(|ran| ran.record().bytes(file));
        assert!(!one.is_empty(), "{file} is missing or empty");
        assert!(one == other, "{file} differs");
    }
}

#[test]
fn another_seed_gives_other_numbers_and_the_same_verdict() {
    let one = Scene::arm();
    let other = Scene::arm().with("bench", "seed: 11", "seed: 12");
    let (first, second) = two_runs(&one, &other);
    let value = |ran: &Ran| {
        let findings = ran.record().findings();
        let finding = &findings["cases"][0]["findings"][0];
        assert_eq!(finding["verdict"], "pass");
        finding["result"]["value"].as_f64().expect("a number")
    };
    assert_ne!(value(&first), value(&second));
}
