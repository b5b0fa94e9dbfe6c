//! An instrument whose own program writes a file while it measures, read live from that file.

use std::fs;
use std::process::{Child, Command, Stdio};

use certbench_model::FaultKind;
use certbench_roles::Trouble;
use certbench_tests::bench::{Driven, plan, until};
use certbench_tests::binary::Folder;
use serde_json::json;

/// Another process that appends a row every ten milliseconds, as a German tracker program would: metres
/// with a decimal comma, its own time in the first column.
const PROGRAM: &str =
    "n=0; while :; do n=$((n+1)); echo \"$n;0,0125;-0,003;0,70025\" >> \"$0\"; sleep 0.01; done";

struct Program(Child);

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn what_a_trackers_program_writes_is_read_while_it_writes() {
    let folder = Folder::new("file-instrument");
    let file = folder.path().join("export.csv");
    fs::write(&file, "n;X;Y;Z\n0;9;9;9\n").expect("a file with a header");
    let mut program = Command::new("sh");
    let program = program
        .arg("-c")
        .arg(PROGRAM)
        .arg(&file)
        .stdin(Stdio::null());
    let program = Program(program.spawn().expect("a shell"));
    let options = json!({
        "columns": "n x y z", "separator": "semicolon", "decimal": "comma", "length_unit": "m",
        "stale_after": "20 s",
    });
    let port = format!("tail:{}", file.display());
    let tracker = Driven::open(&plan("ascii-tracker", &port, options), &["position"]);
    let tracker = tracker.expect("the tracker opens");
    assert_eq!(tracker.device.link().kind, "file");
    let read = || tracker.readings(0).len() >= 5;
    assert!(until(read), "{:?}", tracker.news());
    let near = |last: Vec<f64>| {
        let wanted = [12.5, -3.0, 700.25];
        last.iter().zip(wanted).all(|(a, b)| (a - b).abs() < 1e-9)
    };
    assert!(tracker.last(0).is_some_and(near), "{:?}", tracker.last(0));
    assert_eq!(tracker.news(), []);
    drop(program);
    fs::remove_file(&file).expect("removed");
    let gone = |told: &Trouble| matches!(told, Trouble::Fault(FaultKind::Link, text) if text.contains("removed"));
    assert!(
        until(|| tracker.news().iter().any(gone)),
        "{:?}",
        tracker.news()
    );
}
