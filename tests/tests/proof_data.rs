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
    judge_more(name, options, text, "")
}

/// As [`judge`], with measures beside those of the suite.
fn judge_more(
    name: &str,
    options: &str,
    text: &str,
    measures: &str,
) -> (Option<i32>, String, Option<Value>) {
    let folder = Folder::new(&format!("stream-{name}"));
    let suites = root().join("suites");
    let shipped =
        fs::read_to_string(suites.join("benches/data-tracker.bench.yaml")).expect("bench");
    let before = "options: { columns: [X, Y, Z], units: [mm, mm, mm], cycle: \"No\" }";
    assert!(shipped.contains(before));
    let columns = format!("options: {{ columns: [X, Y, Z], units: [mm, mm, mm], {options} }}");
    let bench = folder.path().join("bench.yaml");
    fs::write(&bench, shipped.replace(before, &columns)).expect("a bench");
    let suite = fs::read_to_string(suites.join("pose-data.suite.yaml")).expect("suite");
    let by = folder.path().join("more.suite.yaml");
    fs::write(&by, suite + measures).expect("a suite");
    let table = "tables/cube-poses.yaml";
    fs::create_dir_all(folder.path().join("tables")).expect("a folder");
    fs::copy(suites.join(table), folder.path().join(table)).expect("the table");
    let file = folder.path().join("stream.csv");
    fs::write(&file, text).expect("an export");
    let mut command = Command::new(certbench());
    command.args(["judge", "--by", "Li Na", "--data"]).arg(file);
    command.arg("--suite").arg(by);
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

/// What reads when a row was, beside accuracy and repeatability, which do not.
const TIMED: &str = "
      - { id: drift, title: { en: Drift, zh: 漂移 }, metric: hold-drift, over: visit, per: pose, channels: tcp, params: { edge: 40 % } }
      - id: warming
        title: { en: Drift over the cycles, zh: 各循环间的漂移 }
        metric: iso9283-pose-drift
        over: visit
        channels: tcp
        params: { pose: p1, group: cycle }
";

fn findings_of<'f>(findings: &'f Value, measure: &str) -> Vec<&'f Value> {
    let all = findings["cases"][0]["findings"].as_array();
    let all = all.expect("findings").iter();
    all.filter(|f| f["measure"] == measure).collect()
}

fn has(finding: &Value, code: &str) -> bool {
    let mut reasons = finding["reasons"].as_array().expect("reasons").iter();
    reasons.any(|r| r["code"] == code)
}

#[test]
fn without_a_time_places_are_judged_and_drifts_are_not() {
    let options = "cycle: \"No\", rows: several, interval: 10 ms";
    let (code, said, findings) = judge_more("no-time", options, &stream(), TIMED);
    assert_eq!(code, Some(2), "{said}");
    let findings = findings.expect("findings");
    as_printed(&findings);
    for place in findings_of(&findings, "accuracy") {
        assert_eq!(place["verdict"], "pass");
        assert!(!has(place, "gap") && !has(place, "without-times"));
    }
    for timed in ["drift", "warming"] {
        for finding in findings_of(&findings, timed) {
            assert_eq!(finding["verdict"], "not-tested");
            assert!(finding["result"].is_null() && has(finding, "without-times"));
        }
    }
}

#[test]
fn with_a_time_a_window_ends_with_its_last_row() {
    let options = "cycle: \"No\", rows: several, time: t, time_unit: ms, interval: 10 ms";
    let (_, said, findings) = judge_more("timed", options, &stream(), TIMED);
    let findings = findings.expect(&said);
    as_printed(&findings);
    for drift in findings_of(&findings, "drift") {
        assert!(
            drift["result"]["value"].is_number() && !has(drift, "gap"),
            "{drift}"
        );
    }
    // When the windows were beside each other is on no record.
    assert!(has(findings_of(&findings, "warming")[0], "without-times"));
    // A hole within one is a gap.
    let cut =
        stream()
            .replacen("\n60,1,1,", "\n960,1,1,", 1)
            .replacen("\n70,1,1,", "\n970,1,1,", 1);
    let (_, said, findings) = judge_more("hole", options, &cut, "");
    let findings = findings.expect(&said);
    assert!(has(findings_of(&findings, "accuracy")[0], "gap"));
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
