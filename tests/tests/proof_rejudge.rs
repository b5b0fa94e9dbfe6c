//! A share of the trials is judged again, blind, from the photos, by a second person.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use certbench_tests::binary::certbench;
use certbench_tests::program::{Record, Scene, output};
use serde_json::Value;

/// Twelve trials, each with its photo and the first judge's word; half of them are judged again.
fn scene() -> Scene {
    let steps = "      - window: { id: stand, record: [tcp], until: { for: 500 ms } }\n";
    let trials = "      - window: { id: stand, record: [tcp], until: { for: 500 ms } }\n      - repeat:\n          variable: n\n          over: { times: 12 }\n          steps:\n            - trial:\n                id: hold\n                steps:\n                  - prompt: { id: photo, text: { en: Photograph it., zh: 拍照。 }, ask: attach, presence: outside }\n                  - prompt:\n                      id: seen\n                      text: { en: How did it end?, zh: 结果如何？ }\n                      presence: outside\n                      ask:\n                        choose:\n                          - { id: held, text: { en: Held, zh: 保持 }, means: success }\n                          - { id: slipped, text: { en: Slipped, zh: 滑移 }, means: failure }\n                          - { id: dropped, text: { en: Dropped, zh: 掉落 }, means: failure }\n";
    let measure = "    measure:\n      - id: agreement\n        title: { en: Agreement of two judges, zh: 两人评判的一致性 }\n        metric: rejudged-agreement\n        over: { over: hold, photo: photo, question: seen }\n        params: { share: 50 %, seed: 3 }\n        accept: { estimate: at_least 0.5 1 }\n";
    Scene::arm()
        .with("suite", steps, trials)
        .with("suite", "    measure:\n", measure)
}

/// What the first judge says of a trial.
fn first(trial: usize) -> &'static str {
    ["held", "held", "slipped", "dropped"][trial % 4]
}

struct Bench {
    scene: Scene,
    record: Record,
}

impl Bench {
    /// The photos' names tell who was right; their contents are what a person sees.
    fn new() -> Bench {
        let scene = scene();
        let place = |name: &str| scene.file("suite").with_file_name(name);
        let mut photos = Vec::new();
        for trial in 0..12 {
            let path = place(&format!("trial-{trial}-{}.jpg", first(trial)));
            fs::write(&path, format!("{} {trial}", first(trial))).expect("a photo");
            photos.push(path.to_string_lossy().into_owned());
        }
        let seen: Vec<&str> = (0..12).map(first).collect();
        let answers = serde_json::json!({"answers": {"photo": photos, "seen": seen}});
        let path = place("answers.yaml");
        fs::write(&path, answers.to_string()).expect("the answers");
        let path = path.to_string_lossy().into_owned();
        let ran = scene.run(&["--yes", "--clock", "simulated", "--answers", &path]);
        assert_eq!(ran.code(), Some(2), "{}", ran.said());
        let record = ran.record().clone();
        Bench { scene, record }
    }

    fn place(&self, name: &str) -> PathBuf {
        self.scene.file("suite").with_file_name(name)
    }

    fn rejudge(&self, by: &str, more: &[&str]) -> (Option<i32>, String, String) {
        let mut command = Command::new(certbench());
        command
            .arg("rejudge")
            .arg(&self.record.0)
            .args(["--by", by]);
        command.arg("--photos").arg(self.place("blind")).args(more);
        command.env("USER", "somebody");
        command.stdin(std::process::Stdio::null());
        let done = output(&mut command);
        let [out, err] =
            [&done.stdout, &done.stderr].map(|s| String::from_utf8_lossy(s).into_owned());
        (done.status.code(), out, err)
    }

    /// What a person sees on the photos that are shown, in their order.
    fn shown(&self) -> Vec<String> {
        let (code, out, err) = self.rejudge("Li Na", &[]);
        assert_eq!(code, Some(2), "{err}");
        let see = |path: &str| {
            let name = PathBuf::from(path)
                .file_name()
                .expect("a name")
                .to_string_lossy()
                .into_owned();
            assert!(
                name.starts_with("stand-0"),
                "{name} says more than its order"
            );
            fs::read_to_string(path).expect("a photo")
        };
        out.lines().map(see).collect()
    }

    fn answered(&self, choices: &[&str]) -> (Option<i32>, String, String) {
        let path = self.place("second.yaml");
        let answers = serde_json::json!({"answers": {"seen": choices}});
        fs::write(&path, answers.to_string()).expect("the answers");
        self.rejudge("Li Na", &["--answers", &path.to_string_lossy()])
    }

    fn finding(&self) -> Value {
        let findings = self.record.findings();
        let all = findings["cases"][0]["findings"]
            .as_array()
            .expect("findings")
            .clone();
        let mut of = all.into_iter().filter(|f| f["measure"] == "agreement");
        of.next().expect("the agreement")
    }
}

fn codes(finding: &Value) -> Vec<String> {
    let reasons = finding["reasons"].as_array().expect("reasons");
    reasons
        .iter()
        .map(|r| r["code"].as_str().unwrap_or_default().to_string())
        .collect()
}

#[test]
fn half_of_the_trials_are_judged_again_by_somebody_who_sees_photos_only() {
    let bench = Bench::new();
    assert_eq!(codes(&bench.finding()), ["to-be-rejudged"]);
    let before = ["run.jsonl", "telemetry.mcap", "manifest.json"].map(|f| bench.record.bytes(f));
    let shown = bench.shown();
    assert_eq!(shown.len(), 6);
    let numbers: Vec<usize> = shown
        .iter()
        .map(|s| {
            s.split(' ')
                .nth(1)
                .expect("a number")
                .parse()
                .expect("a number")
        })
        .collect();
    let mut sorted = numbers.clone();
    sorted.sort_unstable();
    assert_ne!(numbers, sorted, "the order tells which trial is which");
    // One is seen otherwise.
    let mut second: Vec<&str> = numbers.iter().map(|n| first(*n)).collect();
    second[0] = if second[0] == "held" {
        "slipped"
    } else {
        "held"
    };
    let (code, out, err) = bench.answered(&second);
    assert_eq!(code, Some(0), "{out}{err}");
    let finding = bench.finding();
    let kappa = finding["result"]["value"].as_f64().expect("kappa");
    // By hand: observed 5/6; by chance the product of the two persons' shares.
    let share = |of: &str, list: &[&str]| list.iter().filter(|c| **c == of).count() as f64 / 6.0;
    let firsts: Vec<&str> = numbers.iter().map(|n| first(*n)).collect();
    let chance: f64 = ["held", "slipped", "dropped"]
        .iter()
        .map(|c| share(c, &firsts) * share(c, &second))
        .sum();
    let wanted = (5.0 / 6.0 - chance) / (1.0 - chance);
    assert!((kappa - wanted).abs() < 1e-9, "{kappa} {wanted}");
    assert_eq!(finding["result"]["n"], 6);
    assert!(codes(&finding).contains(&"rejudged".to_string()));
    let after = ["run.jsonl", "telemetry.mcap", "manifest.json"].map(|f| bench.record.bytes(f));
    assert!(before == after);
    // Once is enough.
    let (code, _, err) = bench.answered(&second);
    assert_eq!(code, Some(64));
    assert!(err.contains("judged again already (addendum 1)"), "{err}");
}

#[test]
fn the_first_judge_and_too_few_answers_are_refused() {
    let bench = Bench::new();
    let events = bench.record.events();
    let operator = events[0]["operator"]
        .as_str()
        .expect("an operator")
        .to_string();
    if !operator.is_empty() {
        let (code, _, err) = bench.rejudge(&format!(" {} ", operator.to_uppercase()), &[]);
        assert_eq!(code, Some(64));
        assert!(err.contains("judged first"), "{err}");
    }
    let (code, _, err) = bench.answered(&["held"]);
    assert_eq!(code, Some(64));
    assert!(err.contains("1 answers to `seen` for 6 photos"), "{err}");
    let (code, _, err) = bench.answered(&["held", "held", "held", "lost", "held", "held"]);
    assert_eq!(code, Some(64));
    assert!(err.contains("nothing is kept"), "{err}");
    assert!(!bench.record.0.join("addenda").exists());
}

#[test]
fn a_trial_without_its_photo_is_not_tested() {
    let scene = scene();
    let path = scene.file("suite").with_file_name("answers.yaml");
    fs::write(&path, r#"{"answers": {"seen": ["held"]}}"#).expect("the answers");
    let path = path.to_string_lossy().into_owned();
    let ran = scene.run(&["--yes", "--clock", "simulated", "--answers", &path]);
    assert_eq!(ran.code(), Some(2), "{}", ran.said());
    let findings = ran.record().findings();
    assert_eq!(findings["cases"][0]["verdict"], "not-tested");
    assert!(
        findings["cases"][0]["reasons"]
            .to_string()
            .contains("`photo` was not answered")
    );
}
