//! A record that was cut or changed says where.

mod common;

use certbench_model::{Recorded, RunEnd};
use certbench_record::{Pace, RecordError, Recording};
use common::*;
use proptest::prelude::*;
use std::fs;
use std::path::Path;
use std::sync::OnceLock;

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for name in ["run.jsonl", "telemetry.mcap", "manifest.json"] {
        fs::copy(from.join(name), to.join(name)).unwrap();
    }
}

/// One finished record for all tests of this file.
fn finished() -> &'static Path {
    static RECORD: OnceLock<Folder> = OnceLock::new();
    let make = || {
        let folder = Folder::new();
        record(&folder.run(), 900, Pace::Simulated);
        folder
    };
    static PATH: OnceLock<std::path::PathBuf> = OnceLock::new();
    PATH.get_or_init(|| RECORD.get_or_init(make).run())
}

fn line_starts(bytes: &[u8]) -> Vec<usize> {
    let after = |(i, b): (usize, &u8)| (*b == b'\n').then_some(i + 1);
    [0].into_iter()
        .chain(bytes.iter().enumerate().filter_map(after))
        .collect()
}

#[test]
fn cut_at_any_byte_of_the_last_lines_all_whole_lines_are_intact() {
    let folder = Folder::new();
    copy(finished(), &folder.run());
    fs::remove_file(folder.run().join("manifest.json")).unwrap();
    let path = folder.run().join("run.jsonl");
    let whole = fs::read(&path).unwrap();
    let starts = line_starts(&whole);
    let total = starts.len() - 1;
    assert!(total >= 6);
    let from = starts[total - 3];
    for cut in from..whole.len() {
        fs::write(&path, &whole[..cut]).unwrap();
        let recording = Recording::open(&folder.run()).unwrap();
        let facts = recording.facts();
        let lines = starts.iter().filter(|s| **s > 0 && **s <= cut).count();
        assert_eq!(facts.events.len(), lines, "cut at {cut}");
        assert_eq!(facts.end, None, "an interrupted run has no end");
        let torn = !starts.contains(&cut);
        assert_eq!(facts.damage.len(), usize::from(torn), "{:?}", facts.damage);
        if torn {
            assert_eq!(
                facts.damage[0].place,
                format!("run.jsonl line {}", lines + 1)
            );
        }
        assert_eq!(
            recording
                .samples(0, 0, u64::MAX)
                .filter(Result::is_ok)
                .count(),
            300
        );
    }
}

#[test]
fn telemetry_cut_after_its_last_anchor_loses_only_what_follows() {
    let folder = Folder::new();
    copy(finished(), &folder.run());
    fs::remove_file(folder.run().join("manifest.json")).unwrap();
    // As a kill in the second case leaves it: no line after the first case's end.
    let events = fs::read(folder.run().join("run.jsonl")).unwrap();
    let starts = line_starts(&events);
    let text = String::from_utf8(events.clone()).unwrap();
    let first_case = text.lines().position(|l| l.contains("case-ended")).unwrap();
    fs::write(
        folder.run().join("run.jsonl"),
        &events[..starts[first_case + 1]],
    )
    .unwrap();
    let anchor: serde_json::Value =
        serde_json::from_str(text.lines().nth(first_case - 1).unwrap()).unwrap();
    let anchored = anchor["bytes"].as_u64().unwrap() as usize;
    let path = folder.run().join("telemetry.mcap");
    let whole = fs::read(&path).unwrap();
    for cut in (anchored..whole.len()).step_by(97) {
        fs::write(&path, &whole[..cut]).unwrap();
        let recording = Recording::open(&folder.run()).unwrap();
        let read: Result<Vec<_>, _> = recording.samples(0, 0, 450_000_000).collect();
        assert_eq!(read.unwrap().len(), 150, "cut at {cut}");
        assert!(recording.facts().damage.len() <= 1);
        assert_eq!(recording.facts().end, None);
    }
    // Cut before it, something promised is gone.
    fs::write(&path, &whole[..anchored / 2]).unwrap();
    let recording = Recording::open(&folder.run()).unwrap();
    assert!(!recording.facts().damage.is_empty());
    assert!(recording.samples(0, 0, 450_000_000).any(|s| s.is_err()));
}

#[test]
fn a_line_taken_out_or_changed_is_named() {
    let folder = Folder::new();
    copy(finished(), &folder.run());
    let path = folder.run().join("run.jsonl");
    let text = fs::read_to_string(&path).unwrap();
    let place = |text: String| {
        fs::write(&path, text).unwrap();
        let recording = Recording::open(&folder.run()).unwrap();
        let places: Vec<_> = recording
            .facts()
            .damage
            .iter()
            .map(|d| d.place.clone())
            .collect();
        places
    };
    let changed = text.replacen("\"case\":\"cylinder-50\"", "\"case\":\"cylinder-51\"", 1);
    let line = 1 + text
        .lines()
        .position(|l| l.contains("cylinder-50"))
        .unwrap();
    assert_eq!(place(changed)[0], format!("run.jsonl line {line}"));
    let without: String = text
        .lines()
        .enumerate()
        .filter(|(i, _)| i + 1 != line)
        .map(|(_, l)| format!("{l}\n"))
        .collect();
    assert!(place(without).contains(&format!("run.jsonl line {line}")));
    let swapped = text.replacen("\"operator\":\"a ", "\"operator\":\"b ", 1);
    assert!(place(swapped).contains(&"run.jsonl line 1".to_string()));
}

#[test]
fn another_plan_under_the_same_hash_is_seen() {
    let folder = Folder::new();
    copy(finished(), &folder.run());
    let path = folder.run().join("run.jsonl");
    let text = fs::read_to_string(&path).unwrap();
    fs::write(
        &path,
        text.replacen("\"friction\":0.5", "\"friction\":0.6", 1),
    )
    .unwrap();
    let recording = Recording::open(&folder.run()).unwrap();
    let plan = recording
        .facts()
        .damage
        .iter()
        .find(|d| d.what.contains("plan"));
    assert_eq!(plan.unwrap().place, "run.jsonl line 1");
}

#[test]
fn a_folder_without_a_first_line_is_no_record() {
    let folder = Folder::new();
    fs::create_dir_all(folder.run()).unwrap();
    let said = |path: &Path| Recording::open(path).err().unwrap().to_string();
    assert!(said(&folder.run()).ends_with("it has no run.jsonl"));
    assert!(matches!(
        Recording::open(&folder.run().join("nowhere")),
        Err(RecordError::Io { .. })
    ));
    // The folder of the runs in the place of a run's: it says which there is.
    let inner = folder.run().join("payload-1");
    copy(finished(), &inner);
    assert!(said(&folder.run()).ends_with(&format!("did you mean {}?", inner.display())));
    for text in ["", "\n", "{}\n", "{\"seq\":1}", "not json\n"] {
        fs::write(folder.run().join("run.jsonl"), text).unwrap();
        assert!(matches!(
            Recording::open(&folder.run()),
            Err(RecordError::NotARecord { .. })
        ));
    }
}

#[test]
fn a_record_that_was_not_closed_says_so() {
    let folder = Folder::new();
    copy(finished(), &folder.run());
    fs::remove_file(folder.run().join("manifest.json")).unwrap();
    let recording = Recording::open(&folder.run()).unwrap();
    assert_eq!(recording.facts().end, Some(RunEnd::Completed));
    let places: Vec<_> = recording.facts().damage.iter().map(|d| &d.place).collect();
    assert_eq!(places, ["manifest.json"]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// In either file, anywhere, with the manifest and without it (where only what the anchors and
    /// the chain cover can be found), and no sample that was changed is ever given as good.
    #[test]
    fn a_flipped_bit_is_found(place in 0.0..1.0f64, bit in 0..8u32, events in any::<bool>(), manifest in any::<bool>()) {
        let folder = Folder::new();
        copy(finished(), &folder.run());
        if !manifest {
            fs::remove_file(folder.run().join("manifest.json")).unwrap();
        }
        let name = if events { "run.jsonl" } else { "telemetry.mcap" };
        let path = folder.run().join(name);
        let mut bytes = fs::read(&path).unwrap();
        let text = fs::read_to_string(finished().join("run.jsonl")).unwrap();
        let covered = if manifest {
            bytes.len()
        } else if events {
            // the last line is named by no other
            bytes.len() - text.lines().last().unwrap().len() - 1
        } else {
            let last = text.lines().rev().find(|l| l.contains("\"anchor\"")).unwrap();
            let anchor: serde_json::Value = serde_json::from_str(last).unwrap();
            anchor["bytes"].as_u64().unwrap() as usize
        };
        let at = (place * covered as f64) as usize;
        bytes[at] ^= 1 << bit;
        fs::write(&path, &bytes).unwrap();
        match Recording::open(&folder.run()) {
            Err(RecordError::NotARecord { .. }) => prop_assert!(events),
            Err(other) => prop_assert!(false, "{other}"),
            Ok(recording) => {
                let damage = &recording.facts().damage;
                let found = damage.iter().any(|d| !d.place.starts_with("manifest"));
                prop_assert!(found, "bit {bit} of byte {at} of {name}: {damage:?}");
                if !events {
                    for channel in 0..3 {
                        for read in recording.samples(channel, 0, u64::MAX).flatten() {
                            prop_assert_eq!(read, sample(read.time_ns / 1_000_000));
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn no_telemetry_panics(junk in proptest::collection::vec(any::<u8>(), 0..400), keep in 0..2_000usize) {
        let folder = Folder::new();
        copy(finished(), &folder.run());
        let path = folder.run().join("telemetry.mcap");
        let mut bytes = fs::read(&path).unwrap();
        bytes.truncate(keep);
        bytes.extend(junk);
        fs::write(&path, &bytes).unwrap();
        let recording = Recording::open(&folder.run()).unwrap();
        prop_assert!(!recording.facts().damage.is_empty());
        let _ = recording.samples(0, 0, u64::MAX).count();
    }
}
