//! What is read is what was written.

mod common;

use certbench_model::{EventBody, Recorded, RunEnd};
use certbench_record::{Entry, Ledger, Pace, RecordError, Recorder, Recording, items};
use common::*;
use std::fs;

#[test]
fn every_event_and_sample_comes_back_as_it_was() {
    let folder = Folder::new();
    record(&folder.run(), 20_000, Pace::Real);
    let recording = Recording::open(&folder.run()).unwrap();
    let facts = recording.facts();
    assert_eq!(facts.damage, []);
    assert_eq!(facts.plan, plan());
    assert_eq!(facts.plan_sha256, plan().digest());
    assert_eq!(facts.end, Some(RunEnd::Completed));
    assert_eq!(facts.day.to_string(), "2026-11-22");
    assert_eq!(facts.events.first().unwrap().event, opened(&plan()));
    for (number, line) in facts.events.iter().enumerate() {
        assert_eq!(line.seq, number as u64 + 1);
    }
    for channel in 0..3 {
        let written: Vec<_> = (0..20_000)
            .map(sample)
            .filter(|s| s.channel == channel)
            .collect();
        let read: Result<Vec<_>, _> = recording.samples(channel, 0, u64::MAX).collect();
        assert_eq!(read.unwrap(), written);
    }
    assert_eq!(recording.samples(9, 0, u64::MAX).count(), 0);
}

/// Opening a bench may take longer than the time between two syncs.
#[test]
fn nothing_comes_before_the_first_event() {
    let folder = Folder::new();
    let plan = plan();
    let recorder = Recorder::create(&folder.run(), &plan, START).unwrap();
    assert!(recorder.sample(&sample(0)));
    std::thread::sleep(std::time::Duration::from_millis(700));
    recorder.event(&opened(&plan)).unwrap();
    recorder.event(&ended(1)).unwrap();
    recorder.finish().unwrap();
    let recording = Recording::open(&folder.run()).unwrap();
    assert_eq!(recording.facts().damage, []);
    assert_eq!(recording.samples(0, 0, u64::MAX).count(), 1);
}

#[test]
fn a_window_takes_its_first_instant_and_leaves_its_last() {
    let folder = Folder::new();
    record(&folder.run(), 20_000, Pace::Simulated);
    let recording = Recording::open(&folder.run()).unwrap();
    for (from, to) in [
        (0, 1),
        (3_000_000, 9_000_000),
        (9_999_000_000, 10_010_000_001),
    ] {
        let written: Vec<_> = (0..20_000)
            .map(sample)
            .filter(|s| s.channel == 0 && (from..to).contains(&s.time_ns))
            .collect();
        let read: Result<Vec<_>, _> = recording.samples(0, from, to).collect();
        assert_eq!(read.unwrap(), written, "{from} to {to}");
    }
    assert_eq!(recording.samples(0, 9_000_000, 3_000_000).count(), 0);
}

#[test]
fn the_same_run_on_a_simulated_clock_is_the_same_record() {
    let (one, two) = (Folder::new(), Folder::new());
    record(&one.run(), 30_000, Pace::Simulated);
    record(&two.run(), 30_000, Pace::Simulated);
    for name in ["run.jsonl", "telemetry.mcap", "manifest.json"] {
        let read = |f: &Folder| fs::read(f.run().join(name)).unwrap();
        assert!(read(&one) == read(&two), "{name}");
    }
}

#[test]
fn two_readers_see_the_same() {
    let folder = Folder::new();
    record(&folder.run(), 5_000, Pace::Real);
    let (one, two) = (
        Recording::open(&folder.run()).unwrap(),
        Recording::open(&folder.run()).unwrap(),
    );
    assert_eq!(one.facts(), two.facts());
    assert_eq!(one.files(), two.files());
    assert!(one.samples(1, 0, u64::MAX).eq(two.samples(1, 0, u64::MAX)));
}

#[test]
fn the_end_of_a_case_is_anchored_with_every_sample_before_it() {
    let folder = Folder::new();
    let plan = plan();
    let recorder = Recorder::create(&folder.run(), &plan, START).unwrap();
    recorder.event(&opened(&plan)).unwrap();
    for i in 0..100 {
        assert!(recorder.sample(&sample(i)));
    }
    recorder.event(&case_ended(100_000_000)).unwrap();
    // The folder as a power loss at this moment would leave it.
    let seen = Recording::open(&folder.run()).unwrap();
    let last_two: Vec<_> = seen.facts().events.iter().rev().take(2).collect();
    assert!(matches!(
        last_two[0].event.body,
        EventBody::CaseEnded { .. }
    ));
    let EventBody::Anchor { bytes, .. } = &last_two[1].event.body else {
        panic!("no anchor before the end of the case");
    };
    let length = fs::metadata(folder.run().join("telemetry.mcap"))
        .unwrap()
        .len();
    assert_eq!(*bytes, length);
    assert_eq!(seen.facts().damage, []);
    assert_eq!(seen.facts().end, None);
    let count: usize = (0..3).map(|c| seen.samples(c, 0, u64::MAX).count()).sum();
    assert_eq!(count, 100);
}

#[test]
fn a_recorder_that_is_dropped_leaves_an_interrupted_record_with_everything_in_it() {
    let folder = Folder::new();
    let plan = plan();
    let recorder = Recorder::create(&folder.run(), &plan, START).unwrap();
    recorder.event(&opened(&plan)).unwrap();
    assert!(recorder.sample(&sample(0)));
    drop(recorder);
    let recording = Recording::open(&folder.run()).unwrap();
    assert_eq!(recording.facts().end, None);
    assert_eq!(recording.facts().damage, []);
    assert_eq!(recording.samples(0, 0, u64::MAX).count(), 1);
}

#[test]
fn a_lost_sample_is_counted_on_the_record() {
    let folder = Folder::new();
    let plan = plan();
    let recorder = Recorder::create(&folder.run(), &plan, START).unwrap();
    recorder.event(&opened(&plan)).unwrap();
    let mut foreign = sample(0);
    foreign.channel = 3;
    assert!(!recorder.sample(&foreign));
    let mut taken = 0;
    for i in 0..400_000 {
        taken += u64::from(recorder.sample(&sample(i)));
    }
    assert_eq!(recorder.lost(), 400_001 - taken);
    recorder.event(&case_ended(1)).unwrap();
    recorder.event(&ended(2)).unwrap();
    assert!(!recorder.sample(&sample(0)));
    recorder.finish().unwrap();
    let recording = Recording::open(&folder.run()).unwrap();
    let told = recording
        .facts()
        .events
        .iter()
        .rev()
        .find_map(|l| match &l.event.body {
            EventBody::Lost { count, .. } => Some(*count),
            _ => None,
        });
    assert_eq!(told, Some(recorder.lost()));
    let count: usize = (0..3)
        .map(|c| recording.samples(c, 0, u64::MAX).count())
        .sum();
    assert_eq!(count as u64, taken);
}

#[test]
fn nothing_comes_after_the_end_and_no_record_is_written_over() {
    let folder = Folder::new();
    let plan = plan();
    let recorder = Recorder::create(&folder.run(), &plan, START).unwrap();
    recorder.event(&opened(&plan)).unwrap();
    recorder.event(&ended(1)).unwrap();
    assert!(matches!(
        recorder.event(&marked(2, "late")),
        Err(RecordError::Ended)
    ));
    recorder.finish().unwrap();
    assert!(matches!(
        Recorder::create(&folder.run(), &plan, START),
        Err(RecordError::Exists(_))
    ));
    assert_eq!(Recording::open(&folder.run()).unwrap().facts().damage, []);
}

#[test]
fn a_plan_with_a_number_that_json_does_not_have_is_refused() {
    let folder = Folder::new();
    let mut plan = plan();
    plan.bench.devices[0].limits.load_kg_max = Some(f64::INFINITY);
    assert!(matches!(
        Recorder::create(&folder.run(), &plan, START),
        Err(RecordError::Plan(_))
    ));
}

#[test]
fn attachments_are_under_the_manifest_and_keep_their_folder() {
    let folder = Folder::new();
    let plan = plan();
    let recorder = Recorder::create(&folder.run(), &plan, START).unwrap();
    recorder.event(&opened(&plan)).unwrap();
    let photo = folder.0.join("photo.jpg");
    fs::write(&photo, b"a photo").unwrap();
    let digest = recorder.attach("photo.jpg", &photo).unwrap();
    assert_eq!(digest.path, "attachments/photo.jpg");
    // printf 'a photo' | sha256sum
    assert_eq!(
        digest.sha256,
        "d4e24d749a4fe2f161af2de913c0402b04e3ae287dafd0f9dbfa4a5c56c69285"
    );
    let second = recorder.attach("photo.jpg", &photo).unwrap();
    assert_eq!(second.path, "attachments/photo-2.jpg");
    for name in ["../photo.jpg", "a/b", "", ".hidden", "a b"] {
        assert!(matches!(
            recorder.attach(name, &photo),
            Err(RecordError::AttachmentName(_))
        ));
    }
    let answered = EventBody::Answered {
        prompt: "photo".to_string(),
        answer: "photo.jpg".to_string(),
        by: "operator".to_string(),
        file: Some(digest),
    };
    recorder.event(&event(1, answered)).unwrap();
    recorder.event(&ended(2)).unwrap();
    let manifest = recorder.finish().unwrap();
    assert_eq!(manifest.files.len(), 4);
    let recording = Recording::open(&folder.run()).unwrap();
    assert_eq!(recording.facts().damage, []);
    assert_eq!(recording.files(), manifest.files);
    fs::write(folder.run().join("attachments/photo.jpg"), b"another").unwrap();
    let damage = Recording::open(&folder.run())
        .unwrap()
        .facts()
        .damage
        .clone();
    assert_eq!(damage.len(), 2);
    assert!(damage.iter().all(|d| d.place == "attachments/photo.jpg"));
}

#[test]
fn the_ledger_remembers_every_start_even_without_an_end() {
    let folder = Folder::new();
    let ledger = Ledger::open(&folder.0).unwrap();
    let its = items(&plan());
    assert_eq!(its, ["bench bench-1 device hand"]);
    assert_eq!(ledger.earlier(&its, "s").unwrap(), [] as [String; 0]);
    let start = |run: &str, suite: &str, items: &[String]| Entry::Started {
        run: run.to_string(),
        utc: "2026-11-22T02:26:54Z".to_string(),
        suite: suite.to_string(),
        version: "0.1.0".to_string(),
        items: items.to_vec(),
        plan_sha256: String::new(),
    };
    ledger.add(&start("r1", "s", &its)).unwrap();
    ledger.add(&start("r2", "s", &its)).unwrap();
    ledger.add(&start("r3", "other", &its)).unwrap();
    ledger
        .add(&start("r4", "s", &["another".to_string()]))
        .unwrap();
    ledger
        .add(&Entry::Ended {
            run: "r1".to_string(),
            utc: "2026-11-22T03:00:00Z".to_string(),
            end: "completed".to_string(),
        })
        .unwrap();
    assert_eq!(
        ledger.earlier(&its, "s").unwrap(),
        [
            "r1, s 0.1.0, started 2026-11-22T02:26:54Z, completed 2026-11-22T03:00:00Z",
            "r2, s 0.1.0, started 2026-11-22T02:26:54Z, no end on the ledger",
        ]
    );
    // A process is killed while it writes; the next one goes on, and the torn line stays.
    let path = folder.0.join("ledger.jsonl");
    let mut bytes = fs::read(&path).unwrap();
    bytes.extend(b"{\"seq\":6,\"prev\":\"12");
    fs::write(&path, &bytes).unwrap();
    ledger.add(&start("r5", "s", &its)).unwrap();
    let told = ledger.earlier(&its, "s").unwrap();
    assert_eq!(told.len(), 4);
    assert!(told[2].starts_with("r5, "));
    assert!(told[3].starts_with("ledger.jsonl line 6: "), "{}", told[3]);
    // A line that somebody takes out is missed.
    let text = fs::read_to_string(&path).unwrap();
    let without: String = text.lines().skip(1).map(|l| format!("{l}\n")).collect();
    fs::write(&path, without).unwrap();
    assert!(!ledger.lines().unwrap().1.is_empty());
}
