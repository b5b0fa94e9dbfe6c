//! What is added after a run: beside the record, sealed, and never into it.

mod common;

use certbench_model::addendum::{Content, Rejudged, Rejudgement};
use certbench_model::{Correction, Place, Recorded};
use certbench_record::{ADDENDA_LINES, NewAddendum, Pace, RecordError, Recording, append};
use common::{Folder, record};
use std::path::Path;

fn mass(new: &str) -> Content {
    Content::Correction(Correction {
        utc: "2026-11-22T10:00:00Z".to_string(),
        by: "Li Na".to_string(),
        why: "typed wrong".to_string(),
        place: Place::Line(7),
        old: "5 kg".to_string(),
        new: new.to_string(),
    })
}

fn again() -> Content {
    Content::Rejudgement(Rejudgement {
        case: "grasp".to_string(),
        trial: "grasp".to_string(),
        question: "held".to_string(),
        judged: vec![Rejudged {
            number: 3,
            photo: "ab".to_string(),
            choice: "held".to_string(),
        }],
    })
}

fn add(
    run: &Path,
    known: usize,
    content: Content,
    files: &[(&str, &Path)],
) -> Result<(), RecordError> {
    let new = NewAddendum {
        utc: "2026-11-22T10:00:00Z",
        by: "Li Na",
        why: "typed wrong",
        content,
        files,
    };
    append(run, known, &new).map(|_| ())
}

/// All files of a run but its addenda.
fn original(run: &Path) -> Vec<(String, Vec<u8>)> {
    let mut files: Vec<_> = ["run.jsonl", "telemetry.mcap", "manifest.json"]
        .map(|name| (name.to_string(), std::fs::read(run.join(name)).unwrap()))
        .into();
    files.sort();
    files
}

#[test]
fn addenda_stand_beside_a_record_that_stays_as_it_was() {
    let folder = Folder::new();
    let run = folder.run();
    record(&run, 30, Pace::Simulated);
    let before = original(&run);
    let photo = folder.0.join("photo.jpg");
    std::fs::write(&photo, b"what the camera saw").unwrap();
    add(&run, 0, mass("6 kg"), &[("photo.jpg", &photo)]).unwrap();
    add(&run, 1, again(), &[]).unwrap();
    assert_eq!(original(&run), before);
    let recording = Recording::open(&run).unwrap();
    assert_eq!(recording.facts().damage, []);
    let [first, second] = recording.addenda() else {
        panic!("{:?}", recording.addenda())
    };
    assert_eq!((first.number, &first.content), (1, &mass("6 kg")));
    assert_eq!((second.number, &second.content), (2, &again()));
    assert_eq!(first.files[0].path, "addenda/1-photo.jpg");
    assert_eq!(
        std::fs::read(run.join("addenda/1-photo.jpg")).unwrap(),
        b"what the camera saw"
    );
}

#[test]
fn every_flipped_byte_of_an_addendum_is_found() {
    let folder = Folder::new();
    let run = folder.run();
    record(&run, 30, Pace::Simulated);
    let photo = folder.0.join("photo.jpg");
    std::fs::write(&photo, b"what the camera saw").unwrap();
    add(&run, 0, mass("6 kg"), &[("photo.jpg", &photo)]).unwrap();
    add(&run, 1, again(), &[]).unwrap();
    for name in [ADDENDA_LINES, "addenda/1-photo.jpg"] {
        let path = run.join(name);
        let whole = std::fs::read(&path).unwrap();
        for place in (0..whole.len()).step_by(7) {
            let mut bytes = whole.clone();
            bytes[place] ^= 1;
            std::fs::write(&path, &bytes).unwrap();
            let damage = Recording::open(&run).unwrap().facts().damage.clone();
            assert!(
                damage.iter().any(|d| d.place.starts_with("addenda/")),
                "{name} byte {place}: {damage:?}"
            );
            assert!(matches!(
                add(&run, 2, mass("7 kg"), &[]),
                Err(RecordError::Addenda(_))
            ));
        }
        std::fs::write(&path, &whole).unwrap();
    }
}

#[test]
fn lines_that_were_cut_off_are_missed() {
    let folder = Folder::new();
    let run = folder.run();
    record(&run, 30, Pace::Simulated);
    add(&run, 0, mass("6 kg"), &[]).unwrap();
    add(&run, 1, again(), &[]).unwrap();
    let path = run.join(ADDENDA_LINES);
    let whole = std::fs::read_to_string(&path).unwrap();
    let lines: Vec<&str> = whole.lines().collect();
    assert_eq!(lines.len(), 3);
    for keep in 0..3 {
        std::fs::write(&path, lines[..keep].join("\n")).unwrap();
        assert!(!Recording::open(&run).unwrap().facts().damage.is_empty());
    }
    std::fs::write(run.join("addenda/1-photo.jpg"), b"x").unwrap();
    std::fs::remove_file(&path).unwrap();
    assert!(!Recording::open(&run).unwrap().facts().damage.is_empty());
}

#[test]
fn an_addendum_is_of_one_record_only() {
    let folder = Folder::new();
    let run = folder.run();
    record(&run, 30, Pace::Simulated);
    add(&run, 0, mass("6 kg"), &[]).unwrap();
    let manifest = run.join("manifest.json");
    let text = std::fs::read_to_string(&manifest).unwrap();
    std::fs::write(&manifest, text + "\n").unwrap();
    let damage = Recording::open(&run).unwrap().facts().damage.clone();
    assert!(damage.iter().any(|d| d.what.contains("another record")));
}

#[test]
fn nothing_is_added_to_an_open_record_behind_ones_back_or_under_a_name_with_a_path() {
    let folder = Folder::new();
    let run = folder.run();
    record(&run, 30, Pace::Simulated);
    let photo = folder.0.join("photo.jpg");
    std::fs::write(&photo, b"x").unwrap();
    assert!(matches!(
        add(&run, 0, mass("6 kg"), &[("../photo.jpg", &photo)]),
        Err(RecordError::AttachmentName(_))
    ));
    add(&run, 0, mass("6 kg"), &[]).unwrap();
    assert!(matches!(
        add(&run, 0, mass("7 kg"), &[]),
        Err(RecordError::Addenda(_))
    ));
    std::fs::remove_file(run.join("manifest.json")).unwrap();
    assert!(matches!(
        add(&run, 1, mass("7 kg"), &[]),
        Err(RecordError::NotClosed(_))
    ));
}
