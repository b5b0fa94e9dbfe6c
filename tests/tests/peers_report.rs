//! An issued report in the eyes of others: Python's `cryptography` and `mcap`, and none of our code.

use std::path::Path;
use std::process::Command;

use certbench_tests::binary::certbench;
use certbench_tests::peer::Peers;
use certbench_tests::program::{Scene, output};
use serde_json::Value;

fn done(arguments: &[&str]) {
    let done = output(Command::new(certbench()).args(arguments));
    let said = String::from_utf8_lossy(&done.stderr);
    assert_eq!(done.status.code(), Some(0), "{arguments:?}: {said}");
}

#[test]
fn others_verify_the_envelope_and_find_the_same_verdict_and_value() {
    let test = "others_verify_the_envelope_and_find_the_same_verdict_and_value";
    let Some(peers) = Peers::for_test(test) else {
        return;
    };
    let scene = Scene::arm();
    let ran = scene.run(&["--yes", "--clock", "simulated"]);
    let run = ran.record().0.to_string_lossy().into_owned();
    let beside = |name: &str| {
        scene
            .file("suite")
            .with_file_name(name)
            .to_string_lossy()
            .into_owned()
    };
    let laboratory =
        "certbench: 1\nlaboratory: { instruments: { tracker: { firmware: '3.0' } } }\n";
    std::fs::write(beside("lab.yaml"), laboratory).expect("a file");
    let (key, public, lab) = (beside("key.pem"), beside("key.pub.pem"), beside("lab.yaml"));
    done(&["keygen", &key]);
    let names = [
        "--prepared",
        "A",
        "--reviewed",
        "B",
        "--by",
        "C",
        "--number",
        "RTL-1",
    ];
    done(
        &[
            &["issue", &run, "--key", &key, "--laboratory", &lab][..],
            &names,
        ]
        .concat(),
    );

    let judged = |public: &str| -> (bool, Value) {
        let check = peers.run("report_check.py", &[&run, "RTL-1", public]);
        let seen = serde_json::from_slice(&check.stdout);
        (check.status.success(), seen.expect("one JSON object"))
    };
    let (ok, seen) = judged(&public);
    assert!(ok, "{seen:#}");
    assert_eq!(seen["result"], "PASSED");
    assert_eq!(seen["passed"][0], "stand/drift");
    assert_eq!(
        seen["verdicts"]["drift"],
        serde_json::json!(["pass", "pass"])
    );
    assert_eq!(seen["values"][0]["id"], "stand/drift");

    let other = beside("other.pem");
    done(&["keygen", &other]);
    assert!(
        !judged(&beside("other.pub.pem")).0,
        "another key has not signed it"
    );
    let telemetry = Path::new(&run).join("telemetry.mcap");
    let mut bytes = std::fs::read(&telemetry).expect("samples");
    let last = bytes.len() - 20;
    bytes[last] ^= 1;
    std::fs::write(&telemetry, bytes).expect("samples");
    let (ok, seen) = judged(&public);
    assert!(!ok);
    assert_eq!(seen["wrong"], serde_json::json!(["telemetry.mcap"]));
}
