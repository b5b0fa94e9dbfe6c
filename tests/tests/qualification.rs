//! Suites tried on simulated devices of known truth, and data that were taken elsewhere. The full
//! populations stand in docs/qualification.md; here are the reduced ones.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

use certbench_sim::config::FaultKind;
use certbench_tests::binary::certbench;
use certbench_tests::program::output;
use certbench_tests::synthetic::{OFFSET, export};
use serde_json::Value;

fn suites() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../suites"))
}

/// Tries a suite: exit code, what was found, and what was said.
fn qualify(suite: &str, more: &[&str]) -> (Option<i32>, Value, String) {
    let mut command = Command::new(certbench());
    command
        .arg("qualify")
        .arg(suites().join(format!("{suite}.suite.yaml")));
    let done = output(command.args(["--reduced", "--json"]).args(more));
    let found = serde_json::from_slice(&done.stdout).unwrap_or(Value::Null);
    (
        done.status.code(),
        found,
        String::from_utf8_lossy(&done.stderr).into_owned(),
    )
}

#[track_caller]
fn says_the_right_thing_of_every_device(suite: &str) {
    let (code, found, said) = qualify(suite, &[]);
    assert_eq!(code, Some(0), "{said}");
    let rows = found["summary"]["rows"].as_array().expect("rows");
    assert!(!rows.is_empty(), "{found}");
}

#[test]
fn payload_and_stops_say_the_right_thing_of_good_and_bad_arms() {
    says_the_right_thing_of_every_device("payload");
    says_the_right_thing_of_every_device("safety-stops");
    says_the_right_thing_of_every_device("stop-devices");
}

#[test]
fn grasps_and_finger_strength_say_the_right_thing_of_good_and_bad_hands() {
    says_the_right_thing_of_every_device("grasp-success");
    says_the_right_thing_of_every_device("finger-strength");
}

#[test]
fn payloads_say_the_right_thing_of_good_and_bad_hands() {
    says_the_right_thing_of_every_device("hand-payload");
}

#[test]
fn repeatability_and_heat_say_the_right_thing_of_good_and_bad_joints() {
    says_the_right_thing_of_every_device("repeatability");
    says_the_right_thing_of_every_device("joint-thermal");
}

#[test]
fn grasps_under_pull_squeeze_and_stress_say_the_right_thing_of_good_and_bad_hands() {
    says_the_right_thing_of_every_device("hand-grasp-strength");
    says_the_right_thing_of_every_device("hand-slip-resistance");
    says_the_right_thing_of_every_device("hand-finger");
    says_the_right_thing_of_every_device("grasp-demonstration");
    says_the_right_thing_of_every_device("function-under-stress");
    says_the_right_thing_of_every_device("grasp-success-set");
}

#[test]
fn modules_and_sensors_say_the_right_thing_of_good_and_bad_ones() {
    says_the_right_thing_of_every_device("joint-module");
    says_the_right_thing_of_every_device("sensor-force-torque");
}

#[test]
fn corners_paths_contacts_and_interfaces_say_the_right_thing_of_good_and_bad_arms() {
    says_the_right_thing_of_every_device("payload-corners");
    says_the_right_thing_of_every_device("arm-iso9283-path");
    says_the_right_thing_of_every_device("contact-pfl");
    says_the_right_thing_of_every_device("interface-conformance");
}

#[test]
fn programs_of_their_own_say_the_right_thing_of_good_and_bad_robots() {
    says_the_right_thing_of_every_device("pose-external");
    says_the_right_thing_of_every_device("scenario-door-opening");
    says_the_right_thing_of_every_device("scenario-pick-place");
}

#[test]
fn hours_in_small_say_the_right_thing_of_good_and_bad_arms_and_hands() {
    says_the_right_thing_of_every_device("warm-up-drift");
    says_the_right_thing_of_every_device("hand-endurance");
}

/// Files of a folder with this ending: what stands before it, and their text, in order.
fn files(folder: PathBuf, ending: &str) -> BTreeMap<String, String> {
    let all = fs::read_dir(folder).expect("a folder").flatten();
    let of = |file: fs::DirEntry| {
        let name = file.file_name().to_string_lossy().into_owned();
        let stem = name.strip_suffix(ending)?.to_owned();
        Some((stem, fs::read_to_string(file.path()).expect("a file")))
    };
    all.filter_map(of).collect()
}

fn page() -> String {
    fs::read_to_string(suites().join("../docs/qualification.md")).expect("the page")
}

#[test]
fn every_suite_has_a_population_with_its_table_or_the_page_says_why_not() {
    let populations = files(suites().join("populations"), ".population.yaml");
    let page = page();
    for suite in files(suites(), ".suite.yaml").keys() {
        let said = match populations.contains_key(suite) {
            true => page.contains(&format!("\n## {suite} ")),
            false => page.contains(&format!("\n- `{suite}`: ")),
        };
        assert!(said, "docs/qualification.md says nothing of {suite}");
    }
}

/// The kinds of the simulation, as it names them when it is given another one.
fn kinds_of_fault() -> Vec<String> {
    let none = serde_json::from_value::<FaultKind>("none".into()).expect_err("no kind");
    let named = none.to_string();
    let quoted = named.split('`').skip(1).step_by(2);
    let kinds: Vec<String> = quoted.skip(1).map(str::to_owned).collect();
    assert!(kinds.contains(&"silence".to_owned()), "{named}");
    kinds
}

#[test]
fn every_kind_of_fault_is_tried_by_a_population_and_the_page_says_by_which() {
    let populations = files(suites().join("populations"), ".population.yaml");
    let page = page();
    for kind in kinds_of_fault() {
        let tries = |text: &str| {
            text.contains(&format!("kind: {kind},")) || text.contains(&format!("kind: {kind} }}"))
        };
        let by = populations.iter().filter(|(_, text)| tries(text));
        let by: Vec<String> = by.map(|(id, _)| format!("`{id}`")).collect();
        assert!(!by.is_empty(), "no population tries `{kind}`");
        let row = format!("| `{kind}` | {} |", by.join(", "));
        assert!(page.contains(&row), "docs/qualification.md lacks: {row}");
    }
}

#[test]
fn the_same_seed_gives_the_same_devices_and_verdicts() {
    let soft = |seed| {
        qualify(
            "payload",
            &["--only", "soft", "--seed", seed, "--jobs", "1"],
        )
        .1
    };
    let (once, again) = (soft("5"), soft("5"));
    assert!(once["devices"][0]["measures"][0] == "droop", "{once}");
    assert_eq!(once, again);
}

#[test]
fn a_population_that_cannot_be_is_refused_with_its_line() {
    let folder = std::env::temp_dir().join(format!("certbench-population-{}", std::process::id()));
    fs::create_dir_all(&folder).expect("a folder");
    let good =
        fs::read_to_string(suites().join("populations/payload.population.yaml")).expect("it");
    let shipped = suites().canonicalize().expect("the suites");
    let good = good.replace(": ../", &format!(": {}/", shipped.display()));
    let file = folder.join("bad.population.yaml");
    fs::write(
        &file,
        good.replace("compliance_deg_per_nm", "compliance_deg_per_lb"),
    )
    .expect("written");
    let named = file.display().to_string();
    let (code, _, said) = qualify("payload", &["--population", &named]);
    assert_eq!(code, Some(3), "{said}");
    assert!(
        said.contains("group `good`") && said.contains("compliance_deg_per_lb"),
        "{said}"
    );
    let (code, _, said) = qualify("safety-stops", &["--population", &named]);
    assert_eq!(code, Some(3), "{said}");
    assert!(said.contains("a population for"), "{said}");
    let _ = fs::remove_dir_all(folder);
}

struct Data {
    folder: PathBuf,
}

impl Data {
    fn new(name: &str) -> Data {
        let folder =
            std::env::temp_dir().join(format!("certbench-data-{name}-{}", std::process::id()));
        fs::create_dir_all(&folder).expect("a folder");
        Data { folder }
    }

    /// Judges a file: exit code and all that was said.
    fn judge(&self, text: &str) -> (Option<i32>, String) {
        let file = self.folder.join("visits.csv");
        fs::write(&file, text).expect("an export");
        let mut command = Command::new(certbench());
        command.args(["judge", "--by", "Li Na", "--data"]).arg(file);
        command
            .arg("--suite")
            .arg(suites().join("pose-data.suite.yaml"));
        command
            .arg("--bench")
            .arg(suites().join("benches/data-tracker.bench.yaml"));
        command
            .arg("--job")
            .arg(suites().join("jobs/sim-external.job.yaml"));
        let done = output(command.arg("--out").arg(self.folder.join("runs")));
        let said = [&done.stdout, &done.stderr].map(|s| String::from_utf8_lossy(s).into_owned());
        (done.status.code(), said.concat())
    }

    fn records(&self) -> Vec<PathBuf> {
        let Ok(runs) = fs::read_dir(self.folder.join("runs")) else {
            return Vec::new();
        };
        let all = runs.filter_map(|entry| entry.ok().map(|entry| entry.path()));
        all.filter(|path| path.is_dir()).collect()
    }
}

impl Drop for Data {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}

#[test]
fn data_taken_elsewhere_are_judged_and_every_page_says_so() {
    let data = Data::new("good");
    let (code, said) = data.judge(&export(OFFSET));
    assert_eq!(code, Some(0), "{said}");
    let record = data.records().pop().expect("a record");
    let read = |name: &str| fs::read_to_string(record.join(name)).expect(name);
    let findings: Value = serde_json::from_str(&read("findings.json")).expect("JSON");
    let case = &findings["cases"][0];
    assert_eq!(case["reasons"][0]["code"], "external-data");
    let all = case["findings"].as_array().expect("findings");
    let values = |measure: &str| -> Vec<f64> {
        let own = all.iter().filter(|f| f["measure"] == measure);
        own.map(|f| f["result"]["value"].as_f64().expect("a value"))
            .collect()
    };
    // AP and RP of the synthetic pose, as the notes print them
    for (measure, expected) in [("accuracy", 0.023_286_5), ("repeatability", 0.015_242_1)] {
        assert_eq!(values(measure).len(), 5);
        assert!(
            values(measure).iter().all(|v| (v - expected).abs() < 1e-6),
            "{said}"
        );
    }
    assert!(read("report.en.html").contains("certbench did not drive or observe this test"));
    assert!(read("report.zh.html").contains("certbench 未驱动也未观察本次试验"));
    // the same bytes from the record alone
    let again = output(
        Command::new(certbench())
            .arg("judge")
            .arg(&record)
            .arg("--json"),
    );
    assert_eq!(
        serde_json::from_slice::<Value>(&again.stdout).expect("JSON"),
        findings
    );
}

#[test]
fn a_file_that_does_not_fit_leaves_nothing_behind_and_says_where() {
    let data = Data::new("bad");
    let (code, said) = data.judge(&export(OFFSET).replace("17,", "17,x"));
    assert_eq!(code, Some(64), "{said}");
    assert!(
        said.contains("visits.csv:") && said.contains("is no number"),
        "{said}"
    );
    assert!(data.records().is_empty());
    let short: String = export(OFFSET)
        .lines()
        .take(100)
        .map(|l| format!("{l}\n"))
        .collect();
    let (code, said) = data.judge(&short);
    assert_eq!(code, Some(2), "{said}"); // windows without a row are not tested
}
