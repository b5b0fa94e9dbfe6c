//! A disk that is full: the run can still say so, halt and end.

mod common;

use certbench_model::{Event, EventBody, FaultKind, Recorded, RunEnd};
use certbench_record::{RecordError, Recorder, Recording};
use common::*;
use std::path::Path;
use std::process::Command;

const DISK: &str = "CERTBENCH_TEST_SMALL_DISK";

/// Runs this same test again in a mount namespace of its own, with a file system of 3 MiB.
#[test]
fn on_a_full_disk_fault_halt_and_end_are_still_written() {
    if let Ok(disk) = std::env::var(DISK) {
        return fill(Path::new(&disk));
    }
    let folder = Folder::new();
    let script = "mount -t tmpfs -o size=3m tmpfs \"$1\" && exec \"$2\" --exact \
                  on_a_full_disk_fault_halt_and_end_are_still_written";
    let myself = std::env::current_exe().unwrap();
    for namespace in ["-m", "-Urm"] {
        let may = Command::new("unshare")
            .args([namespace, "mount", "-t", "tmpfs", "tmpfs"])
            .arg(&folder.0)
            .output();
        if may.is_ok_and(|o| o.status.success()) {
            let run = Command::new("unshare")
                .args([namespace, "sh", "-c", script, "sh"])
                .arg(&folder.0)
                .arg(myself)
                .env(DISK, &folder.0)
                .output()
                .unwrap();
            let said = String::from_utf8_lossy(&run.stdout);
            assert!(run.status.success() && said.contains("1 passed"), "{said}");
            return;
        }
    }
    eprintln!("NOT RUN: no small file system can be mounted here (unshare and mount are needed)");
}

fn fill(disk: &Path) {
    let folder = disk.join("run");
    let plan = plan();
    let recorder = Recorder::create(&folder, &plan, START).unwrap();
    recorder.event(&opened(&plan)).unwrap();
    assert!(recorder.sample(&sample(0)));
    recorder.event(&case_ended(1)).unwrap();
    assert!(recorder.sample(&sample(3)));
    let mut taken = 0;
    let full = loop {
        match recorder.event(&marked(2, &"long ".repeat(200))) {
            Ok(()) => taken += 1,
            Err(error) => break error,
        }
    };
    assert!(taken > 500, "{taken}");
    assert!(matches!(full, RecordError::Full { .. }), "{full}");
    let last_words = [
        EventBody::Fault {
            kind: FaultKind::Harness,
            subject: "record".to_string(),
            text: full.to_string(),
        },
        EventBody::Halted {
            device: "hand".to_string(),
            planned: false,
            result: "confirmed".to_string(),
            text: "the disk is full".to_string(),
        },
        EventBody::Ended {
            end: RunEnd::Faulted,
            text: "the disk is full".to_string(),
        },
    ];
    for body in &last_words {
        let event = Event {
            time_ns: 3,
            body: body.clone(),
        };
        assert!(matches!(
            recorder.event(&event),
            Err(RecordError::Full { .. })
        ));
    }
    assert!(recorder.finish().is_err());
    let recording = Recording::open(&folder).unwrap();
    let facts = recording.facts();
    assert_eq!(facts.damage, []);
    assert_eq!(facts.end, Some(RunEnd::Faulted));
    let bodies: Vec<_> = facts.events.iter().map(|l| &l.event.body).collect();
    for body in &last_words {
        assert!(bodies.contains(&body));
    }
    let marks = bodies
        .iter()
        .filter(|b| matches!(b, EventBody::Marked { .. }));
    assert_eq!(
        marks.count(),
        taken + 1,
        "the line that met the full disk is there too"
    );
    // The case that had ended before is untouched.
    assert_eq!(
        recording.samples(0, 0, 1_000_000).collect::<Vec<_>>(),
        [Ok(sample(0))]
    );
}
