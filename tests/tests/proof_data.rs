//! A tracker's raw stream, judged without any run: many rows a window, by their number or by a mark.

use std::fmt::Write as _;
use std::fs;

use certbench_tests::binary::{Folder, certbench, root};
use certbench_tests::program::output;
use certbench_tests::synthetic::{OFFSET, visits};
use serde_json::Value;
use std::process::Command;

/// Rows of one visit, whose noise cancels in their mean.
const NOISE: [i32; 4] = [4, -4, 1, -1];

/// A stream of the visits of the synthetic pose: its time in milliseconds, the number of the visit (0 on
/// the way), a trigger, the position in mm.
fn stream() -> String {
    let mut file = "t,No,trigger,X,Y,Z\n".to_string();
    let mut ms = 0;
    for (number, at) in visits(OFFSET) {
        // On the way there: nobody asked for these.
        for _ in 0..3 {
            ms += 10;
            let _ = writeln!(file, "{ms},0,0,450.0,10.0,300.0");
        }
        for noise in NOISE {
            ms += 10;
            let [x, y, z] = at.map(|um| f64::from(um + noise) / 1000.0);
            let _ = writeln!(file, "{ms},{number},1,{x:.3},{y:.3},{z:.3}");
        }
    }
    file
}

/// Judges a stream on the shipped bench with other options of its file: exit code, what was said, the
/// findings.
fn judge(name: &str, options: &str, text: &str) -> (Option<i32>, String, Option<Value>) {
    let folder = Folder::new(&format!("stream-{name}"));
    let suites = root().join("suites");
    let shipped =
        fs::read_to_string(suites.join("benches/data-tracker.bench.yaml")).expect("bench");
    let before = "options: { columns: [X, Y, Z], units: [mm, mm, mm], cycle: \"No\" }";
    assert!(shipped.contains(before));
    let columns = format!("options: {{ columns: [X, Y, Z], units: [mm, mm, mm], {options} }}");
    let bench = folder.path().join("bench.yaml");
    fs::write(&bench, shipped.replace(before, &columns)).expect("a bench");
    let file = folder.path().join("stream.csv");
    fs::write(&file, text).expect("an export");
    let mut command = Command::new(certbench());
    command.args(["judge", "--by", "Li Na", "--data"]).arg(file);
    command
        .arg("--suite")
        .arg(suites.join("pose-data.suite.yaml"));
    command.arg("--bench").arg(bench);
    command
        .arg("--job")
        .arg(suites.join("jobs/sim-external.job.yaml"));
    let out = folder.path().join("runs");
    let done = output(command.arg("--out").arg(&out));
    let said = [&done.stdout, &done.stderr].map(|s| String::from_utf8_lossy(s).into_owned());
    let records = fs::read_dir(out).into_iter().flatten().flatten();
    let record = records.map(|e| e.path()).find(|path| path.is_dir());
    let findings = record.map(|r| fs::read(r.join("findings.json")).expect("findings"));
    let findings = findings.map(|bytes| serde_json::from_slice(&bytes).expect("JSON"));
    (done.status.code(), said.concat(), findings)
}

/// AP and RP of the synthetic pose, as the notes print them, at every pose.
fn as_printed(findings: &Value) {
    let all = findings["cases"][0]["findings"]
        .as_array()
        .expect("findings");
    for (measure, printed) in [("accuracy", 0.023_286_5), ("repeatability", 0.015_242_1)] {
        let own = all.iter().filter(|f| f["measure"] == measure);
        let values: Vec<f64> = own
            .map(|f| f["result"]["value"].as_f64().expect("a value"))
            .collect();
        assert_eq!(values.len(), 5);
        assert!(
            values.iter().all(|v| (v - printed).abs() < 1e-6),
            "{values:?}"
        );
    }
}

#[test]
fn a_window_is_the_mean_of_the_rows_that_carry_its_number() {
    let options = "cycle: \"No\", rows: several, time: t, time_unit: ms";
    let (code, said, findings) = judge("number", options, &stream());
    assert_eq!(code, Some(0), "{said}");
    as_printed(&findings.expect("findings"));
}

#[test]
fn a_window_is_the_mean_of_the_rows_while_the_trigger_is_set() {
    let options = "align: marks, sync: trigger";
    let (code, said, findings) = judge("marks", options, &stream());
    assert_eq!(code, Some(0), "{said}");
    as_printed(&findings.expect("findings"));
    // One stretch fewer: nobody can say which visit is missing.
    let short = stream().replace(",150,1,", ",150,0,");
    let (code, said, findings) = judge("short", options, &short);
    assert_eq!((code, findings), (Some(64), None), "{said}");
    assert!(
        said.contains("has 149 stretches of marked rows, and 150 windows wait for one"),
        "{said}"
    );
}

#[test]
fn several_rows_of_one_number_are_meant_or_refused() {
    let (code, said, findings) = judge(
        "one",
        "cycle: \"No\"",
        &stream().replace(",0,0,450", ",1,0,450"),
    );
    assert_eq!((code, findings), (Some(64), None), "{said}");
    assert!(said.contains("has its row already"), "{said}");
    let back = stream().replacen("\n60,1,1,", "\n39,1,1,", 1);
    let options = "cycle: \"No\", rows: several, time: t, time_unit: ms";
    let (code, said, _) = judge("back", options, &back);
    assert_eq!(code, Some(64), "{said}");
    assert!(said.contains("goes back in time"), "{said}");
}
