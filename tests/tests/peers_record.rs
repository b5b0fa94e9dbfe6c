//! Our record, read with the public Python `mcap` library and Python's own SHA-256.

use std::fs;
use std::path::Path;

use certbench_record::Pace;
use certbench_tests::peer::Peers;
use certbench_tests::program::Scene;
use serde_json::Value;

#[path = "../../harness/record/tests/common/mod.rs"]
mod common;

const SAMPLES: u64 = 3000;

/// What the third party says of a record, and whether it is content.
fn judged(peers: &Peers, folder: &Path, arguments: &[&str]) -> (bool, Value) {
    let folder = folder.to_string_lossy();
    let check = peers.run("mcap_check.py", &[&[&*folder], arguments].concat());
    let seen = serde_json::from_slice(&check.stdout);
    (check.status.success(), seen.expect("one JSON object"))
}

#[test]
fn a_finished_record_is_whole_in_the_eyes_of_others() {
    let Some(peers) = Peers::for_test("a_finished_record_is_whole_in_the_eyes_of_others") else {
        return;
    };
    let folder = common::Folder::new();
    common::record(&folder.run(), SAMPLES, Pace::Simulated);
    let (ok, seen) = judged(&peers, &folder.run(), &["--complete"]);
    assert!(ok, "{seen:#}");
    assert_eq!(seen["chain"]["plan"], true);
    assert!(seen["anchors"]["anchors"].as_u64() > Some(0), "{seen:#}");
    let channels = seen["telemetry"]["channels"].as_array().expect("channels");
    let count: u64 = channels
        .iter()
        .filter_map(|channel| channel["count"].as_u64())
        .sum();
    assert_eq!(count, SAMPLES, "{channels:#?}");
    assert_eq!(channels.len(), common::plan().channels.len());
    assert!(
        channels
            .iter()
            .all(|channel| channel["encoding"] == "protobuf")
    );
}

#[test]
fn a_torn_record_reads_up_to_the_tear() {
    let Some(peers) = Peers::for_test("a_torn_record_reads_up_to_the_tear") else {
        return;
    };
    let folder = common::Folder::new();
    common::record(&folder.run(), SAMPLES, Pace::Simulated);
    let events = folder.run().join("run.jsonl");
    let written = fs::read(&events).expect("run.jsonl");
    fs::write(&events, &written[..written.len() - 10]).expect("a torn line");
    fs::remove_file(folder.run().join("manifest.json")).expect("no manifest yet");
    let (ok, seen) = judged(&peers, &folder.run(), &[]);
    assert!(ok, "{seen:#}");
    assert!(seen["chain"]["torn_bytes"].as_u64() > Some(0));
    assert!(!judged(&peers, &folder.run(), &["--complete"]).0);
}

#[test]
fn a_changed_byte_is_seen_by_others_too() {
    let Some(peers) = Peers::for_test("a_changed_byte_is_seen_by_others_too") else {
        return;
    };
    for name in ["run.jsonl", "telemetry.mcap"] {
        let folder = common::Folder::new();
        common::record(&folder.run(), SAMPLES, Pace::Simulated);
        fs::remove_file(folder.run().join("manifest.json")).expect("a manifest");
        let path = folder.run().join(name);
        let mut bytes = fs::read(&path).expect("a file of the record");
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        fs::write(&path, &bytes).expect("a file of the record");
        let (ok, seen) = judged(&peers, &folder.run(), &[]);
        assert!(!ok, "{name}: {seen:#}");
    }
}

/// `run --wire`: others read what the arm was told and said, byte for byte.
#[test]
fn the_bytes_of_the_links_are_read_by_others() {
    let Some(peers) = Peers::for_test("the_bytes_of_the_links_are_read_by_others") else {
        return;
    };
    let scene = Scene::arm();
    let ran = scene.run(&["--yes", "--clock", "simulated", "--wire"]);
    assert_eq!(ran.code(), Some(0), "{}", ran.said());
    let (ok, seen) = judged(&peers, &ran.record().0, &["--complete"]);
    assert!(ok, "{seen:#}");
    let channels = seen["wire"]["channels"].as_array().expect("channels");
    let arm = channels
        .iter()
        .find(|c| c["topic"] == "wire/arm")
        .expect("the arm");
    assert_eq!(arm["schema"], "certbench.Wire");
    assert!(arm["count"].as_u64() > Some(1000), "{arm}");
    // the last that was heard of the bus: a frame as text, `701#05`
    let data = arm["sample"]["data"].as_str().expect("bytes");
    assert!(data.contains("23"), "no `#` in {data}");
    assert!(!ran.said().contains("lost"), "{}", ran.said());
}
