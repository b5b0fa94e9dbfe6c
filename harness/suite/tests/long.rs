//! Long and complicated procedures: what they become, and every way to write them wrongly
//! (`tests/golden/long.txt`, `tests/golden/long-plan.txt`; `BLESS=1 cargo test -p certbench-suite
//! --test long` writes them anew).

mod common;

use certbench_model::step::Over;
use certbench_model::{Plan, Step};
use certbench_suite::{Diagnostic, Request, Sources, check_bench, check_suite, plan, render};
use common::{errors, files, golden, replaced, vocabulary};

const SUITE: &str = "long.suite.yaml";
const TEMPLATE: &str = "templates/squeeze.template.yaml";

fn planned(changes: &[(&str, &str, &str)]) -> (Result<Plan, Vec<Diagnostic>>, Sources) {
    let mut all = files();
    for (file, from, to) in changes {
        replaced(&mut all, file, from, to);
    }
    let mut sources = Sources::memory(all.iter().map(|(n, t)| (n.as_str(), t.as_str())));
    let vocabulary = vocabulary();
    let (suite, complaints) = check_suite(&mut sources, SUITE, &vocabulary);
    let (bench, _) = check_bench(&mut sources, "small.bench.yaml", &vocabulary);
    let (Some(suite), Some(bench)) = (suite, bench) else {
        return (Err(complaints), sources);
    };
    let request = Request {
        suite: &suite,
        bench: &bench,
        job: None,
        vocabulary: &vocabulary,
        today: "2026-11-22".parse().unwrap(),
        set: &[],
    };
    (plan(&request, &mut sources), sources)
}

fn long() -> Plan {
    let (plan, sources) = planned(&[]);
    plan.unwrap_or_else(|d| panic!("{}", render(&d, &sources, false)))
}

fn steps_of(plan: &Plan, case: usize) -> &[Step] {
    &plan.cases[case].steps
}

#[test]
fn the_plan_stays_small_whatever_the_number_of_cycles() {
    let plan = long();
    let json = serde_json::to_string(&plan).unwrap();
    assert!(json.len() < 100_000, "{} bytes", json.len());
    assert_eq!(serde_json::from_str::<Plan>(&json).unwrap(), plan);
    let Step::Repeat(cycles) = &steps_of(&plan, 0)[0] else {
        panic!()
    };
    assert_eq!(cycles.over, Over::Times(100_000));
    assert_eq!(cycles.thinned_s, Some(60.0));
    let every: Vec<_> = cycles.every.iter().map(|e| (e.passes, e.first)).collect();
    assert_eq!(every, [(5000, true), (20_000, false)]);
    let until = cycles.until.as_ref().unwrap();
    assert_eq!(until.at_least, 5000);
    assert_eq!(until.when.names(), ["check-peak", "check-peak.first"]);
    assert!(
        until.when.printed().contains("20 %"),
        "{}",
        until.when.printed()
    );
}

#[test]
fn a_checks_windows_are_counted_by_how_often_they_come() {
    let plan = long();
    // Before the first cycle and after each 5000th; a repeat that may end early owes the first only.
    assert_eq!(plan.cases[0].measures[0].n_planned, 2);
    // 8 h of 10 min: 49 groups, of which six are owed.
    assert_eq!(plan.cases[1].measures[0].n_planned, 6);
    let Step::Schedule(groups) = &steps_of(&plan, 1)[0] else {
        panic!()
    };
    assert_eq!((groups.times, groups.every_s), (49, 600.0));
}

#[test]
fn a_template_is_written_out_as_a_block_that_says_where_it_is_from() {
    let plan = long();
    let Step::Block(both) = &steps_of(&plan, 3)[0] else {
        panic!()
    };
    let from: Vec<_> = both
        .steps
        .iter()
        .map(|s| match s {
            Step::Block(b) => (b.template.clone().unwrap(), b.steps.len()),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(
        from,
        [
            ("squeeze 0.2.0".to_string(), 3),
            ("squeeze 0.2.0".to_string(), 3)
        ]
    );
    let Step::Block(second) = &both.steps[1] else {
        panic!()
    };
    let Step::Window(window) = &second.steps[0] else {
        panic!()
    };
    assert_eq!(
        (window.id.as_str(), window.take[0].name.as_str()),
        ("second", "second-peak")
    );
    let Step::Grasp(grasp) = &window.steps[0] else {
        panic!()
    };
    assert_eq!(
        (grasp.device.as_str(), grasp.force.to_string().as_str()),
        ("hand", "8 N")
    );
    let files: Vec<_> = plan.suite.files.iter().map(|f| f.path.as_str()).collect();
    assert!(files.contains(&TEMPLATE), "{files:?}");
}

#[test]
fn a_matrix_keeps_objects_apart_and_asks_for_each_change_once() {
    let plan = long();
    let cells: Vec<&Vec<String>> = steps_of(&plan, 2)
        .iter()
        .map(|s| match s {
            // The speed comes from a row: each combination is written out.
            Step::Matrix(m) => &m.cells[0],
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(cells.len(), 2 * 2 * 3 - 1);
    assert!(cells.iter().all(|c| **c != ["box", "p2", "3"]));
    let twice = cells.windows(2).filter(|w| w[0][0] == w[1][0]).count();
    assert_eq!(twice, 0);
}

#[test]
fn the_plan_of_the_long_suite() {
    let plan = long();
    let mut text = String::new();
    for case in &plan.cases {
        text += &format!(
            "== case {} at most {} steps, {:.0} s\n",
            case.id, case.steps_max, case.seconds_max
        );
        for (list, steps) in [("setup", &case.setup), ("steps", &case.steps)] {
            text += &format!("{list} {}\n", serde_json::to_string_pretty(steps).unwrap());
        }
    }
    golden("long-plan", &text);
}

#[test]
#[rustfmt::skip] // one way to be wrong a line
fn every_way_to_be_wrong() {
    let all: &[(&str, &str, &str, &str, &[&str])] = &[
        ("ending names what nobody takes", SUITE, "check-peak < (1 - $drop)", "chek-peak < (1 - $drop)", &["unknown-name"]),
        ("ending compares a force with a length", SUITE, "abs(height - height.previous) < 0.01 mm", "abs(height - height.previous) < 0.01 N", &["wrong-dimension"]),
        ("ending is a number", SUITE, "\"abs(height - height.previous) < 0.01 mm and passes > 6\"", "height - height.previous", &["no-condition"]),
        ("ending with a series function", SUITE, "abs(height - height.previous)", "mean(height)", &["unknown-function"]),
        ("ending before the first pass", SUITE, "at_least: 6 }", "at_least: 0 }", &["out-of-range"]),
        ("ending without a condition", SUITE, "until: { when: \"abs(height - height.previous) < 0.01 mm and passes > 6\", at_least: 6 }", "until: { at_least: 6 }", &["one-of"]),
        ("every without a number", SUITE, "- passes: 5000", "- passes: often", &["not-a-count"]),
        ("every that never comes", SUITE, "- passes: 20000", "- passes: 200000", &["unreachable"]),
        ("every nothing", SUITE, "- prompt: { id: maintain, text: { en: Lubricate., zh: 润滑。 } }", "[]", &["empty-steps"]),
        ("more passes than can be", SUITE, "over: { times: 100000 }", "over: { times: 100001 }", &["out-of-range"]),
        ("thinned by a length", SUITE, "thinned: 60 s", "thinned: 60 mm", &["wrong-dimension"]),
        ("every on rows", SUITE, "over: { times: 100000 }", "over: { table: objects }", &["needless-key", "needless-key", "needless-key"]),
        ("take of a channel that is not recorded", SUITE, "take: { height: { channel: tcp, component: z, value: mean } }", "take: { height: { channel: force, value: mean } }", &["not-recorded", "wrong-dimension"]),
        ("take without its component", SUITE, "channel: tcp, component: z, value: mean", "channel: tcp, value: mean", &["missing-component", "unknown-name", "unknown-name"]),
        ("take of an unknown value", SUITE, "component: z, value: mean", "component: z, value: median", &["unknown-word"]),
        ("take under a channel's name", SUITE, "take: { height:", "take: { force:", &["duplicate-id", "unknown-name", "unknown-name"]),
        ("schedule with both lengths", SUITE, "for: 8 h", "for: 8 h\n          times: 49", &["one-of"]),
        ("schedule with neither", SUITE, "          for: 8 h\n", "", &["one-of"]),
        ("schedule later than its interval", SUITE, "late: 30 s", "late: 11 min", &["unreachable"]),
        ("schedule without lateness", SUITE, "          late: 30 s\n", "", &["missing-key"]),
        ("schedule of zero", SUITE, "for: 8 h", "times: 0", &["out-of-range"]),
        ("matrix over nothing", SUITE, "            object: { table: objects }\n            pose: { table: poses }\n            attempt: { times: 3 }\n", "            {}\n", &["empty-matrix"]),
        ("matrix over two things at once", SUITE, "attempt: { times: 3 }", "attempt: { times: 3, table: poses }", &["one-of"]),
        ("matrix over an unknown table", SUITE, "object: { table: objects }", "object: { table: objcts }", &["unknown-table"]),
        ("matrix excludes an unknown variable", SUITE, "{ object: box, pose: [p2], attempt: 3 }", "{ objekt: box, pose: [p2], attempt: 3 }", &["unknown-variable"]),
        ("matrix excludes an unknown value", SUITE, "{ object: box, pose: [p2], attempt: 3 }", "{ object: bok, pose: [p2] }", &["excludes-nothing", "unknown-value"]),
        ("matrix excludes everything", SUITE, "{ object: box, pose: [p2], attempt: 3 }", "{ attempt: [1, 2, 3] }", &["empty-matrix"]),
        ("matrix that cannot be kept apart", SUITE, "{ object: box, pose: [p2], attempt: 3 }", "{ object: box, attempt: [1, 2] }", &["cannot-keep-apart"]),
        ("matrix apart by an unknown variable", SUITE, "apart: object", "apart: objects", &["unknown-variable"]),
        ("matrix apart without a shuffle", SUITE, "          order: shuffled\n          seed: 7\n", "", &["needless-key"]),
        ("matrix shuffled without a seed", SUITE, "          seed: 7\n          apart", "          apart", &["missing-seed"]),
        ("matrix too large", SUITE, "attempt: { times: 3 }", "attempt: { times: 90000 }", &["too-long"]),
        ("change of an unknown variable", SUITE, "- of: object", "- of: load", &["unknown-variable"]),
        ("precondition that is a time", SUITE, "require: { channel: force, keeps: { least: -1 N, most: 1 N, for: 200 ms }, within: 5 s }", "require: { for: 5 s }", &["one-of"]),
        ("precondition that goes on", SUITE, "within: 5 s }\n      - zero", "within: 5 s, otherwise: go-on }\n      - zero", &["out-of-range"]),
        ("precondition with swapped bounds", SUITE, "keeps: { least: -1 N, most: 1 N", "keeps: { least: 1 N, most: -1 N", &["swapped-limits"]),
        ("precondition with no bounds", SUITE, "keeps: { least: -1 N, most: 1 N, for: 200 ms }", "keeps: { for: 200 ms }", &["missing-key"]),
        ("precondition longer than its wait", SUITE, "for: 200 ms }, within: 5 s", "for: 20 s }, within: 5 s", &["unreachable"]),
        ("invalid for a reason that nobody names", SUITE, "otherwise: { invalid: cold }", "otherwise: { invalid: clod }", &["unknown-reason"]),
        ("invalid outside a trial", SUITE, "within: 5 s }\n      - zero", "within: 5 s, otherwise: { invalid: cold } }\n      - zero", &["outside-trial"]),
        ("steady by a force of other dimension", SUITE, "steady: { change: 0.5 N, over: 2 s }", "steady: { change: 0.5 mm, over: 2 s }", &["wrong-dimension"]),
        ("steady longer than its wait", SUITE, "over: 2 s }, within: 30 s", "over: 60 s }, within: 30 s", &["unreachable"]),
        ("two conditions in one", SUITE, "steady: { change: 0.5 N, over: 2 s }", "above: 1 N, steady: { change: 0.5 N, over: 2 s }", &["one-of"]),
        ("when and a channel", SUITE, "when: \"force > 1 N or contact > 0.5 1\"", "channel: force, when: \"force > 1 N\", above: 1 N", &["one-of"]),
        ("when without a bound", SUITE, "contact > 0.5 1\", within: 5 s, ", "contact > 0.5 1\", ", &["missing-key"]),
        ("when names an unknown channel", SUITE, "\"force > 1 N or", "\"farce > 1 N or", &["unknown-name"]),
        ("a branch without its time", SUITE, "                          within: 20 s\n", "", &["missing-key"]),
        ("two owners of one device", SUITE, "- move: { device: arm, to: { pose: \"{pose}\" }, speed: \"{pose.speed}\", timeout: 10 s }", "- grasp: { device: hand, preset: power, force: 5 N, speed: 100 %, timeout: 4 s }\n                            - stop: { command: arm }\n                        - id: other\n                          within: 1 s\n                          steps:\n                            - stop: { command: arm }", &["two-owners"]),
        ("a window in a branch", SUITE, "- wait: { when: \"force > 1 N or contact > 0.5 1\", within: 5 s, otherwise: go-on }", "- window: { id: seen, record: [force], until: { for: 1 s } }", &["not-beside"]),
        ("a during in a during", SUITE, "- window: { id: held, record: [force], until: { channel: force, steady: { change: 0.5 N, over: 2 s }, within: 30 s, otherwise: failure } }", "- during: { steps: [{ wait: { for: 1 s } }], beside: [{ id: x, within: 1 s, steps: [{ wait: { for: 1 s } }] }] }", &["nested-during"]),
        ("a person inside beside a branch", SUITE, "- window: { id: held, record: [force], until: { channel: force, steady: { change: 0.5 N, over: 2 s }, within: 30 s, otherwise: failure } }", "- prompt: { id: reach, text: { en: Reach in., zh: 伸入。 } }", &["inside-beside"]),
        ("attempts by the record", SUITE, "attempts: 2\n", "attempts: 2\n                outcome: { window: held, channel: force, stays_below: 1 N }\n", &["needless-key"]),
        ("no attempts", SUITE, "attempts: 2", "attempts: 0", &["out-of-range"]),
        ("a schedule in finally", SUITE, "- move: { device: arm, to: { pose: park }, speed: 50 %, timeout: 20 s }\n", "- schedule: { variable: g, every: 1 s, times: 2, late: 500 ms, steps: [{ wait: { for: 100 ms } }] }\n", &["not-in-finally"]),
        ("an unknown template", SUITE, "- use: { template: squeeze, version: 0.2.0, with: { id: first", "- use: { template: squeze, version: 0.2.0, with: { id: first", &["unknown-template"]),
        ("another version of a template", SUITE, "version: 0.2.0, with: { id: first", "version: 0.1.0, with: { id: first", &["other-version"]),
        ("a template without its parameter", SUITE, "with: { id: first, device: hand }", "with: { id: first }", &["missing-key"]),
        ("a template with an unknown parameter", SUITE, "with: { id: first, device: hand }", "with: { id: first, device: hand, farce: 1 N }", &["unknown-parameter"]),
        ("a template twice under one name", SUITE, "with: { id: first, device: hand }", "with: { id: second, device: hand }", &["duplicate-id"]),
        ("a wrong value for a template", SUITE, "with: { id: second, device: hand, force: 8 N }", "with: { id: second, device: hand, force: 8 mm }", &["wrong-dimension"]),
        ("a template that names what it has not", TEMPLATE, "force: $force, speed", "force: $farce, speed", &["unknown-parameter"]),
        ("a mistake inside a template", TEMPLATE, "timeout: 4 s }\n      until", "timeout: 4 N }\n      until", &["wrong-dimension"]),
        ("a template in a template", TEMPLATE, "- mark: { name: \"squeezed with $force\" }", "- use: { template: squeeze, version: 0.2.0 }", &["nested-template"]),
        ("a template's file outside the folder", SUITE, "squeeze: templates/squeeze.template.yaml", "squeeze: ../squeeze.template.yaml", &["path-escapes", "unknown-template", "unknown-template", "unknown-template"]),
    ];
    let (mut printed, mut otherwise) = (String::new(), String::new());
    for (name, file, from, to, codes) in all {
        let (found, sources) = planned(&[(file, from, to)]);
        let found = found.err().unwrap_or_default();
        let text = render(&found, &sources, false);
        printed += &format!("== {name}\n{text}\n");
        let mut now = errors(&found);
        let mut wanted = codes.to_vec();
        now.sort_unstable();
        wanted.sort_unstable();
        if now != wanted {
            otherwise += &format!("== {name}: expected {codes:?}, got {now:?}\n{text}\n");
        }
        for diagnostic in &found {
            let label = diagnostic.labels.first();
            assert!(label.is_some_and(|l| l.start <= l.end), "{name} has no place");
        }
    }
    assert!(all.len() >= 40);
    assert!(otherwise.is_empty(), "\n{otherwise}");
    golden("long", &printed);
}

#[test]
fn an_object_set_is_the_one_of_the_version_that_is_meant() {
    let table = "tables/objects.yaml";
    let meant = (
        SUITE,
        "objects: tables/objects.yaml",
        "objects: { file: tables/objects.yaml, version: 1.2.0 }",
    );
    let of = |version: &'static str| (table, "table: objects\n", version);
    let (plan, sources) = planned(&[meant, of("table: objects\nversion: 1.2.0\n")]);
    let plan = plan.unwrap_or_else(|d| panic!("{}", render(&d, &sources, false)));
    assert_eq!(plan.table_versions["objects"], "1.2.0");
    assert!(!plan.table_versions.contains_key("poses"));
    for (version, said) in [
        ("table: objects\nversion: 1.3.0\n", "is of 1.3.0"),
        ("table: objects\n", "is of no version"),
    ] {
        let (plan, sources) = planned(&[meant, of(version)]);
        let complaints = plan.expect_err("another version");
        assert_eq!(complaints[0].code, "wrong-version");
        assert!(render(&complaints, &sources, false).contains(said));
    }
}
