//! Mistakes that others made in public and that this program must not make: limits of contact out of
//! nowhere, and marks of safety on robots.

use certbench_model::identity::sha256_hex;
use certbench_tests::binary::root;
use certbench_tests::simulated::Papers;
use std::fs;
use std::path::{Path, PathBuf};

/// Public code carries tables of limits "of ISO/TS 15066" that contradict each other. Here limits are a
/// file that says where it comes from, and its bytes are in the plan.
#[test]
fn limits_of_contact_are_a_file_with_an_origin_and_its_bytes_are_in_the_plan() {
    let table =
        fs::read(root().join("suites/tables/body-regions-example.yaml")).expect("the table");
    let text = String::from_utf8(table.clone()).expect("text");
    assert!(text.contains("INVENTED EXAMPLE") && text.contains("虚构示例"));
    let shipped = || Papers::shipped("contact-pfl", "contact").table("body-regions-example");
    let plan = shipped().plan().expect("a plan");
    let path = "tables/body-regions-example.yaml";
    let of_plan = |path: &str| {
        let mut files = plan.suite.files.iter();
        files.find(|f| f.path.ends_with(path)).cloned()
    };
    let digest = of_plan(path).expect("the table is among the files of the plan");
    assert_eq!(digest.sha256, sha256_hex(&table));
    // One limit written differently is another plan, and no run of the first.
    let changed = text.replacen("100 N", "110 N", 1);
    assert_ne!(changed, text);
    let other = shipped().with_file(path, &changed).plan().expect("a plan");
    assert_ne!(other.digest(), plan.digest());
    // No limit of a body region stands anywhere but in that file.
    for table in files(&root().join("suites/tables")) {
        let says = fs::read_to_string(&table).expect("a table");
        if says.contains("force_transient") || says.contains("N/cm2") {
            assert!(says.contains("INVENTED EXAMPLE"), "{}", table.display());
        }
    }
}

/// PL and SIL belong to a safety function, never to a robot; nothing is "15066 certified"; CE is a
/// declaration of the maker, no certificate.
#[test]
fn no_word_of_ours_gives_a_robot_a_mark_of_safety() {
    let metrics = certbench_judge::vocabulary();
    let level = metrics.iter().find(|m| m.id == "performance-level");
    let level = level.expect("the metric");
    assert_eq!(level.title.en, "Performance level of a safety function");
    assert_eq!(level.title.zh, "安全功能的性能等级");
    let never = [
        "15066 certified",
        "15066-certified",
        "15066 certificate",
        "certified to iso",
        "ce certified",
        "ce certificate",
        "ce-certified",
        "sil of the robot",
        "pl of the robot",
        "performance level of the robot",
        "performance level of a robot",
        "15066 认证",
        "15066认证",
        "ce 认证",
        "ce认证",
        "机器人的性能等级",
    ];
    let mut read = 0;
    for folder in [
        "suites",
        "reports/strings",
        "reports/templates",
        "harness/judge/src",
        "docs",
    ] {
        for path in files(&root().join(folder)) {
            let Ok(text) = fs::read_to_string(&path) else {
                continue;
            };
            let text = text.to_lowercase();
            read += 1;
            for words in never {
                assert!(!text.contains(words), "{}: {words}", path.display());
            }
        }
    }
    assert!(read > 100, "{read} files");
}

/// Every file below a folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
    let mut all = Vec::new();
    for path in entries.map(|entry| entry.expect("an entry").path()) {
        match path.is_dir() {
            true => all.extend(files(&path)),
            false => all.push(path),
        }
    }
    all
}
