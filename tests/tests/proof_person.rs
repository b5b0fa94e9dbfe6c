//! A person near the machine: after a prompt that lets somebody in nothing moves without a new arming, and
//! a watched channel that falls silent stops everything.

use std::collections::BTreeSet;
use std::fs;

use certbench_tests::binary::root;
use certbench_tests::program::{Record, Scene};
use serde_json::Value;

const SIMULATED: [&str; 3] = ["--yes", "--clock", "simulated"];

fn word<'a>(event: &'a Value, key: &str) -> &'a str {
    event[key].as_str().unwrap_or_default()
}

/// Ids of the prompts, anywhere in the plan's steps, that let a person in.
fn inside(step: &Value, found: &mut BTreeSet<String>) {
    match step {
        Value::Object(fields) => {
            if fields.get("presence").is_some_and(|p| p == "inside") {
                let id = fields.get("id").and_then(Value::as_str);
                found.extend(id.map(str::to_owned));
            }
            fields.values().for_each(|value| inside(value, found));
        }
        Value::Array(list) => list.iter().for_each(|value| inside(value, found)),
        _ => {}
    }
}

/// Walks the record: from each prompt that lets a person in to the next arming nothing is commanded, and
/// what moved before was taken to its safe state first. How many such prompts there were.
fn nothing_moves_while_somebody_is_in(record: &Record, device: &str) -> usize {
    let events = record.events();
    let mut ids = BTreeSet::new();
    inside(&events[0]["plan"]["cases"], &mut ids);
    assert!(!ids.is_empty(), "the plan lets nobody in");
    let (mut somebody_in, mut moved, mut prompts) = (false, false, 0);
    for event in &events {
        match word(event, "event") {
            "armed" => somebody_in = false,
            // An instrument that is zeroed does not move.
            "commanded" if word(event, "what").starts_with("zero") => {}
            "commanded" | "switched" => {
                assert!(!somebody_in, "{event}");
                moved = true;
            }
            "halted" if word(event, "device") == device && word(event, "result") == "confirmed" => {
                moved = false;
            }
            // From the moment when it is shown, answered or not.
            "prompted" if ids.contains(word(event, "prompt")) => {
                assert!(
                    !moved,
                    "let in while {device} was not in its safe state: {event}"
                );
                somebody_in = true;
                prompts += 1;
            }
            _ => {}
        }
    }
    prompts
}

fn shipped(suite: &str, bench: &str) -> Vec<String> {
    let suites = root().join("suites");
    let path = |name: String| suites.join(name).to_string_lossy().into_owned();
    vec![
        path(format!("{suite}.suite.yaml")),
        "--bench".into(),
        path(format!("benches/{bench}.bench.yaml")),
        "--job".into(),
        path(format!("jobs/{bench}.job.yaml")),
    ]
}

#[test]
fn nothing_moves_after_somebody_was_in_without_a_new_arming() {
    for (suite, bench, device, least) in [
        ("payload", "sim-arm", "arm", 3),
        ("grasp-success", "sim-hand", "hand", 7),
    ] {
        let folder = certbench_tests::binary::Folder::new(suite);
        let out = folder.path().join("runs");
        let out_text = out.to_string_lossy().into_owned();
        let mut arguments = vec!["run".to_string()];
        arguments.extend(shipped(suite, bench));
        arguments.extend(["--out".into(), out_text]);
        arguments.extend(SIMULATED.map(String::from));
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let ran = certbench_tests::binary::run(&arguments);
        let said = String::from_utf8_lossy(&ran.stderr);
        assert_eq!(ran.status.code(), Some(0), "{said}");
        let runs = fs::read_dir(&out).expect("runs").flatten();
        let run = runs.map(|e| e.path()).find(|p| p.is_dir()).expect("a run");
        let record = Record(run);
        let prompts = nothing_moves_while_somebody_is_in(&record, device);
        assert!(prompts >= least, "{suite}: only {prompts} prompts");
        let armings = record.of(&["armed"]).len();
        assert!(armings > 1, "{suite}: armed {armings} time(s)");
    }
}

#[test]
fn a_watched_channel_that_falls_silent_stops_everything() {
    let silent = "faults: [{ device: tracker, kind: silence, on: moving, after_ms: 500 }]";
    for clock in ["simulated", "real"] {
        let scene = Scene::arm().with("bench", "faults: []", silent);
        let ran = scene.run(&["--yes", "--clock", clock]);
        assert_eq!(ran.code(), Some(4), "{}", ran.said());
        let record = ran.record();
        let story = record.of(&["commanded", "tripped", "halted"]);
        let trip = story.iter().position(|e| e["event"] == "tripped");
        let trip = trip.expect("the watch trips");
        assert_eq!(story[trip]["channel"], "tcp");
        assert_eq!(story[trip]["missing"], true);
        let (before, after) = story.split_at(trip);
        assert!(before.iter().any(|e| word(e, "what").starts_with("move")));
        assert!(
            after.iter().all(|e| e["event"] != "commanded"),
            "{after:#?}"
        );
        let halted = |e: &Value| {
            e["event"] == "halted" && e["device"] == "arm" && e["result"] == "confirmed"
        };
        assert!(after.iter().any(halted), "{after:#?}");
        // It stood before it was where it had been sent.
        assert_eq!(record.came_to_rest(), Some(true));
        let log = record.simulation();
        let end = log.last().expect("the end");
        let joint = &end["detail"]["state"]["arm"]["joint_deg"][1];
        assert!(joint.as_f64().expect("degrees") > 20.0, "{end:#}");
        assert_eq!(record.findings()["verdict"], "not-tested");
    }
}
