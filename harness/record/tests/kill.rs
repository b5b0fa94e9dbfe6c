//! A process that is killed leaves everything that was promised.

mod common;

use certbench_model::{EventBody, Recorded};
use certbench_record::{Recorder, Recording};
use common::*;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const FOLDER: &str = "CERTBENCH_TEST_RECORD_HERE";

#[test]
fn after_a_kill_the_chain_holds_and_ended_cases_have_their_samples() {
    if let Ok(folder) = std::env::var(FOLDER) {
        return write_until_killed(Path::new(&folder));
    }
    for round in 0..6 {
        let folder = Folder::new();
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args([
                "--exact",
                "after_a_kill_the_chain_holds_and_ended_cases_have_their_samples",
            ])
            .env(FOLDER, folder.run())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let events = folder.run().join("run.jsonl");
        let enough = |text: String| text.matches("case-ended").count() > round;
        let patience = Instant::now() + Duration::from_secs(20);
        while !std::fs::read_to_string(&events).is_ok_and(enough) {
            assert!(Instant::now() < patience, "the child writes nothing");
            std::thread::sleep(Duration::from_millis(1));
        }
        std::thread::sleep(Duration::from_micros(700 * round as u64));
        child.kill().unwrap();
        child.wait().unwrap();

        let recording = Recording::open(&folder.run()).unwrap();
        let facts = recording.facts();
        assert_eq!(facts.end, None);
        assert!(
            facts.damage.iter().all(|d| d.what.contains("torn")),
            "{:?}",
            facts.damage
        );
        let ended = facts.events.iter().rev().find_map(|l| match l.event.body {
            EventBody::CaseEnded { .. } => Some(l.event.time_ns),
            _ => None,
        });
        let until = ended.expect("at least one case had ended");
        let mut read: Vec<_> = (0..3)
            .flat_map(|c| recording.samples(c, 0, until))
            .collect::<Result<_, _>>()
            .unwrap();
        read.sort_by_key(|s| s.time_ns);
        let written: Vec<_> = (0..until / 1_000_000).map(sample).collect();
        assert_eq!(read, written);
    }
}

fn write_until_killed(folder: &Path) {
    let plan = plan();
    let recorder = Recorder::create(folder, &plan, START).unwrap();
    recorder.event(&opened(&plan)).unwrap();
    for i in 0..1_000_000 {
        assert!(recorder.sample(&sample(i)));
        if i % 100 == 0 {
            recorder.event(&marked(1_000_000 * i, "mark")).unwrap();
        }
        if i % 1000 == 999 {
            recorder.event(&case_ended(1_000_000 * (i + 1))).unwrap();
        }
    }
}
