//! What comes after a run: data that are imported, trials that are judged again.

mod common;

use certbench_model::plan::IMPORT;
use certbench_model::{Date, Plan, Vocabulary};
use certbench_suite::{Diagnostic, Request, check_bench, check_job, check_suite, plan, render};
use common::{errors, files, golden, replaced, vocabulary};

const SUITE: &str = "small.suite.yaml";
const BENCH: &str = "small.bench.yaml";

type Change = (&'static str, &'static str, &'static str);

/// The small suite with a tracker that is imported, and no step that waits for it.
const IMPORTED: [Change; 4] = [
    (
        SUITE,
        "tcp: { shape: pose, unit: mm, source: reference, U_at_most: 0.1 mm }",
        "tcp: { shape: pose, unit: mm, source: reference, from: import, U_at_most: 0.1 mm }",
    ),
    (
        SUITE,
        "until: { channel: tcp, rests: { within: 0.5 mm, for: 300 ms }, within: 5 s, otherwise: fault }",
        "until: { for: 2 s }",
    ),
    (
        BENCH,
        "driver: ascii-tracker\n    port: /dev/ttyUSB2\n    provenance: physical",
        "driver: csv-import\n    port: import\n    provenance: physical\n    options: { columns: [X, Y, Z, A, B, C], units: [mm, mm, mm, deg, deg, deg], cycle: No }",
    ),
    (BENCH, "signal: pose, interval: 4 ms", "signal: pose"),
];

fn with_import() -> Vocabulary {
    let mut vocabulary = vocabulary();
    vocabulary.drivers.push(certbench_record::import_driver());
    vocabulary
}

/// The plan of the small files with changes, or the complaints and how they read.
fn planned(changes: &[Change]) -> Result<Plan, (Vec<Diagnostic>, String)> {
    let mut all = files();
    for (file, from, to) in changes {
        replaced(&mut all, file, from, to);
    }
    let files: Vec<(&str, &str)> = all.iter().map(|(n, t)| (n.as_str(), t.as_str())).collect();
    let mut sources = common::sources(&files);
    let vocabulary = with_import();
    let (suite, mut complaints) = check_suite(&mut sources, SUITE, &vocabulary);
    let (bench, more) = check_bench(&mut sources, BENCH, &vocabulary);
    complaints.extend(more);
    let (job, more) = check_job(&mut sources, "small.job.yaml");
    complaints.extend(more);
    if let (Some(suite), Some(bench), Some(job)) = (&suite, &bench, &job) {
        let today: Date = "2026-11-22".parse().unwrap();
        let request = Request {
            suite,
            bench,
            job: Some(job),
            vocabulary: &vocabulary,
            today,
            set: &[],
        };
        match plan(&request, &mut sources) {
            Ok(plan) => return Ok(plan),
            Err(more) => complaints.extend(more),
        }
    }
    let text = render(&complaints, &sources, false);
    Err((complaints, text))
}

#[test]
fn a_channel_may_be_imported_where_the_suite_says_so() {
    let plan = planned(&IMPORTED).map_err(|(_, text)| text).unwrap();
    let (_, tcp) = plan.channel("tcp").unwrap();
    assert!(plan.imported(tcp));
    let tracker = plan.device("tracker").unwrap();
    assert_eq!(
        (tracker.port.as_str(), tracker.driver.as_str()),
        (IMPORT, "csv-import")
    );
    let (_, force) = plan.channel("force").unwrap();
    assert!(!plan.imported(force));
}

#[test]
fn an_instrument_that_is_read_live_does_for_a_channel_that_may_be_imported() {
    let plan = planned(&IMPORTED[..2]).map_err(|(_, text)| text).unwrap();
    let (_, tcp) = plan.channel("tcp").unwrap();
    assert!(!plan.imported(tcp));
}

/// What is changed beside [`IMPORTED`], and the codes of the complaints.
const WRONG: [(&str, &[usize], Change, &[&str]); 9] = [
    (
        "a suite that wants it live",
        &[0],
        (SUITE, "zzz", "zzz"),
        &["not-live"],
    ),
    (
        "a step that waits for it",
        &[1],
        (SUITE, "zzz", "zzz"),
        &["not-live"],
    ),
    (
        "a check of it",
        &[],
        (
            SUITE,
            "check: { channel: force, expect: 0 N, within: 0.1 N, over: 500 ms }",
            "check: { channel: tcp, component: x, expect: 0 mm, within: 0.1 mm, over: 500 ms }",
        ),
        &["not-live"],
    ),
    (
        "a value taken from it",
        &[],
        (
            SUITE,
            "record: [tcp], until: { for: 100 ms } }",
            "record: [tcp], until: { for: 100 ms }, take: { height: { channel: tcp, component: z, value: mean } } }",
        ),
        &["not-live"],
    ),
    (
        "a watch of it",
        &[],
        (
            SUITE,
            "watch:\n",
            "watch:\n  - { channel: tcp, component: x, at_most: 1 m, max_age: 2 s }\n",
        ),
        &["not-live"],
    ),
    (
        "a column too few",
        &[],
        (BENCH, "columns: [X, Y, Z, A, B, C]", "columns: [X, Y, Z]"),
        &["wrong-columns"],
    ),
    (
        "a unit too many",
        &[],
        (BENCH, "units: [mm,", "units: [mm, mm,"),
        &["wrong-columns"],
    ),
    (
        "a port where there is none",
        &[],
        (BENCH, "port: import", "port: /dev/ttyUSB2"),
        &["wrong-port"],
    ),
    (
        "a live instrument without a port",
        &[],
        (BENCH, "port: /dev/ttyUSB1", "port: import"),
        &["wrong-port"],
    ),
];

#[test]
fn what_is_imported_can_be_misused_in_these_ways() {
    let mut all = String::new();
    for (name, without, change, codes) in WRONG {
        let kept = IMPORTED.iter().enumerate();
        let kept = kept.filter(|(i, _)| !without.contains(i));
        let mut changes: Vec<Change> = kept.map(|(_, c)| *c).collect();
        if change.1 != "zzz" {
            changes.push(change);
        }
        let (complaints, text) = planned(&changes).map(|_| name).unwrap_err();
        assert_eq!(errors(&complaints), codes, "{name}:\n{text}");
        all += &format!("== {name}\n{text}\n");
    }
    golden("import", &all);
}
