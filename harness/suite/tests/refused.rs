//! Every way to be wrong: the code of the complaint, and the text that a person reads
//! (`tests/golden/`; `BLESS=1 cargo test -p certbench-suite --test refused` writes them anew).

mod common;

use certbench_model::Date;
use certbench_suite::{
    Diagnostic, Request, Severity, Sources, check_bench, check_job, check_suite, plan, render,
};
use common::{errors, files, golden, replaced, vocabulary};
use std::collections::BTreeSet;

const SUITE: &str = "small.suite.yaml";
const BENCH: &str = "small.bench.yaml";
const JOB: &str = "small.job.yaml";
const OBJECTS: &str = "tables/objects.yaml";
const POSES: &str = "tables/poses.yaml";

/// Name, file, what is replaced, by what, codes of the errors.
type Wrong = (
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    &'static [&'static str],
);

/// File, what is replaced, by what.
type Change = (&'static str, &'static str, &'static str);

/// Complaints about the small files with one change; a plan is tried when each is in order.
fn complaints(changes: &[(&str, &str, &str)], set: &[&str]) -> (Vec<Diagnostic>, Sources) {
    let mut all = files();
    for (file, from, to) in changes {
        replaced(&mut all, file, from, to);
    }
    let mut sources = Sources::memory(all.iter().map(|(n, t)| (n.as_str(), t.as_str())));
    let vocabulary = vocabulary();
    let (suite, mut all) = check_suite(&mut sources, SUITE, &vocabulary);
    let (bench, more) = check_bench(&mut sources, BENCH, &vocabulary);
    all.extend(more);
    let (job, more) = check_job(&mut sources, JOB);
    all.extend(more);
    if let (Some(suite), Some(bench), Some(job)) = (suite, bench, job) {
        let today: Date = "2026-11-22".parse().unwrap();
        let set: Vec<String> = set.iter().map(ToString::to_string).collect();
        let request = Request {
            suite: &suite,
            bench: &bench,
            job: Some(&job),
            vocabulary: &vocabulary,
            today,
            set: &set,
        };
        if let Err(more) = plan(&request, &mut sources) {
            all.extend(more);
        }
    }
    (all, sources)
}

/// Every error stands at a place inside its file, and says something.
fn well_placed(name: &str, diagnostics: &[Diagnostic], sources: &Sources) {
    for diagnostic in diagnostics {
        assert!(!diagnostic.message.is_empty(), "{name}");
        let Some(label) = diagnostic.labels.first() else {
            panic!("{name}: `{}` has no place", diagnostic.message);
        };
        let text = sources.text(&label.file).unwrap();
        assert!(
            label.start <= label.end && label.end <= text.len(),
            "{name}"
        );
        let line = text.lines().nth(label.line - 1).unwrap_or_default();
        assert!(label.column <= line.chars().count() + 1, "{name}");
    }
}

fn sorted<'a>(codes: &[&'a str]) -> Vec<&'a str> {
    let mut codes = codes.to_vec();
    codes.sort_unstable();
    codes
}

fn check_all(group: &str, all: &[Wrong]) {
    let mut printed = String::new();
    let mut otherwise = String::new();
    let mut names = BTreeSet::new();
    for (name, file, from, to, codes) in all {
        assert!(names.insert(*name), "{name} is there twice");
        let (found, sources) = complaints(&[(file, from, to)], &[]);
        let text = render(&found, &sources, false);
        well_placed(name, &found, &sources);
        printed.push_str(&format!("== {name}\n{text}\n"));
        if sorted(&errors(&found)) != sorted(codes) {
            otherwise.push_str(&format!("== {name}: expected {codes:?}\n{text}\n"));
        }
    }
    assert!(otherwise.is_empty(), "\n{otherwise}");
    golden(group, &printed);
}

#[test]
#[rustfmt::skip] // one way to be wrong a line
fn form() {
    check_all(
        "form",
        &[
            ("unknown key", SUITE, "status: draft", "statsu: draft", &["unknown-key"]),
            ("duplicate key", SUITE, "status: draft", "status: draft\nversion: 0.2.0", &["duplicate-key"]),
            ("missing key", SUITE, "area: evaluation\n", "", &["missing-key"]),
            ("empty value", SUITE, "area: evaluation", "area:", &["empty-value"]),
            ("null", SUITE, "en: A small suite", "en: ~", &["empty-value"]),
            ("one language only", SUITE, "{ en: A small suite, zh: 小套件 }", "{ en: A small suite }", &["missing-key"]),
            ("a comma without quotes", SUITE, "en: A small suite", "en: A small, tiny suite", &["unknown-key"]),
            ("text where a mapping is due", SUITE, "title: { en: Cycles, zh: 循环次数 }", "title: 循环次数", &["wrong-form"]),
            ("unknown step", SUITE, "- zero: { channel: force }", "- zreo: { channel: force }", &["unknown-word"]),
            ("two words in a step", SUITE, "- zero: { channel: force }", "- zero: { channel: force }\n        mark: { name: x }", &["several-words"]),
            ("a list where a mapping is due", SUITE, "{ channel: force }", "[force]", &["wrong-form"]),
            ("unknown word", SUITE, "until: started", "until: begun", &["unknown-word"]),
            ("not yaml", SUITE, "basis:", "basis: [", &["yaml-syntax"]),
            ("tab", SUITE, "  devices:", "\tdevices:", &["yaml-syntax"]),
            ("anchor", SUITE, "speed: 50 %, timeout: 20 s }", "speed: &s 50 %, timeout: 20 s }", &["anchor"]),
            ("merge key", SUITE, "{ for: $hold }", "{ for: $hold, <<: { for: 1 s } }", &["merge-key"]),
            ("tag", SUITE, "status: draft", "status: !!str draft", &["tag"]),
            ("a list for a key", SUITE, "changes: { mount: \"{object}\" }", "changes: { [a, b]: c }", &["bad-key"]),
            ("not a number in data", BENCH, "parameters:\n", "simulation: { seed: .nan }\nparameters:\n", &["not-finite"]),
            ("two documents", SUITE, "\nneeds:", "\n---\nneeds:", &["several-documents"]),
            ("other version", SUITE, "certbench: 1", "certbench: 2", &["unknown-version"]),
            ("bad name", SUITE, "suite: small", "suite: small suite", &["bad-name"]),
            ("a yes that is no true", BENCH, "moves: true", "moves: yes", &["wrong-value"]),
            ("a quoted true", BENCH, "moves: true", "moves: \"true\"", &["wrong-value"]),
            ("both complaints at once", SUITE, "{ channel: force }\n      - repeat:\n          variable: object", "{ chanel: force }\n      - repeat:\n          varable: object", &["unknown-key", "unknown-key"]),
        ],
    );
}

#[test]
#[rustfmt::skip] // one way to be wrong a line
fn values() {
    check_all(
        "values",
        &[
            ("wrong dimension", SUITE, "stays_below: 0.5 N", "stays_below: 25 mm", &["wrong-dimension"]),
            ("unknown unit", SUITE, "stays_below: 0.5 N", "stays_below: 0.5 Nn", &["unknown-unit"]),
            ("nonsense unit", SUITE, "stays_below: 0.5 N", "stays_below: 0.5 parsec", &["unknown-unit"]),
            ("unit of other case", SUITE, "default: 2 mm", "default: 2 MM", &["unknown-unit"]),
            ("no unit", SUITE, "stays_below: 0.5 N", "stays_below: 0.5", &["missing-unit"]),
            ("text for a number", SUITE, "stays_below: 0.5 N", "stays_below: little", &["not-a-number"]),
            ("nan", SUITE, "stays_below: 0.5 N", "stays_below: NaN N", &["not-a-number"]),
            ("infinity", SUITE, "stays_below: 0.5 N", "stays_below: .inf", &["not-a-number"]),
            ("too large for a number", SUITE, "stays_below: 0.5 N", "stays_below: 1e999 N", &["not-a-number"]),
            ("quoted count", SUITE, "invalid_at_most: 2", "invalid_at_most: \"2\"", &["not-a-count"]),
            ("fraction for a count", SUITE, "invalid_at_most: 2", "invalid_at_most: 2.5", &["not-a-count"]),
            ("negative count", SUITE, "invalid_at_most: 2", "invalid_at_most: -2", &["not-a-count"]),
            ("true for a count", SUITE, "invalid_at_most: 2", "invalid_at_most: true", &["not-a-count"]),
            ("negative time", SUITE, "until: { for: 100 ms }", "until: { for: -1 s }", &["out-of-range"]),
            ("no time", SUITE, "until: { for: 100 ms }", "until: { for: 0 s }", &["out-of-range"]),
            ("more than a week", SUITE, "until: { for: 100 ms }", "until: { for: 200 h }", &["out-of-range"]),
            ("speed over 100 %", SUITE, "speed: 50 %, timeout: 20 s", "speed: 150 %, timeout: 20 s", &["out-of-range"]),
            ("force against a length", SUITE, "force: 5 N", "force: 25 mm", &["wrong-dimension"]),
            ("impossible day", BENCH, "date: 2026-06-01\n", "date: 2026-02-30\n", &["not-a-date"]),
            ("unknown parameter", SUITE, "{ for: $hold }", "{ for: $hodl }", &["unknown-parameter"]),
            ("parameter of other dimension", SUITE, "{ for: $hold }", "{ for: $limit_max }", &["wrong-dimension"]),
            ("parameter that counts", SUITE, "{ for: $hold }", "{ for: $cycles }", &["wrong-dimension"]),
            ("unknown variable", SUITE, "en: \"Place {object}.\"", "en: \"Place {objekt}.\"", &["unknown-variable"]),
            ("unknown column", SUITE, "en: \"Place {object}.\"", "en: \"Place {object.mas}.\"", &["unknown-column"]),
            ("open placeholder", SUITE, "en: \"Place {object}.\"", "en: \"Place {object.\"", &["open-placeholder"]),
            ("column as a value of other dimension", SUITE, "speed: \"{pose.speed}\", timeout: 10 s", "speed: 50 %, timeout: \"{pose.speed}\"", &["wrong-dimension", "wrong-dimension"]),
            ("variable outside its repeat", SUITE, "{ name: done }", "{ name: \"{pose}\" }", &["unknown-variable"]),
            ("default outside its range", SUITE, "default: 2 mm", "default: 20 mm", &["out-of-range"]),
            ("full outside the range", SUITE, "full: 5", "full: 500", &["out-of-range"]),
            ("swapped range", SUITE, "range: [0.1 mm, 10 mm]", "range: [10 mm, 0.1 mm]", &["swapped-range"]),
            ("range of other dimension", SUITE, "range: [0.1 mm, 10 mm]", "range: [0.1 N, 10 N]", &["wrong-dimension", "wrong-dimension"]),
            ("a range of one", SUITE, "range: [0.1 mm, 10 mm]", "range: [0.1 mm]", &["bad-range"]),
            ("no range", SUITE, "    range: [0.1 mm, 10 mm]\n", "", &["missing-range"]),
            ("text for a default", SUITE, "default: 2 mm", "default: a lot", &["not-a-number"]),
            ("needless guard", SUITE, "{ rule: guarded, guard: U }", "{ rule: simple, guard: U }", &["needless-guard"]),
            ("no guard", SUITE, "{ rule: guarded, guard: U }", "{ rule: guarded }", &["missing-guard"]),
            ("bad guard", SUITE, "{ rule: guarded, guard: U }", "{ rule: guarded, guard: 3 mm }", &["bad-guard"]),
        ],
    );
}

#[test]
#[rustfmt::skip] // one way to be wrong a line
fn names() {
    check_all(
        "names",
        &[
            ("unknown metric", SUITE, "iso9283-pose-accuracy", "iso9283-pose-acuracy", &["unknown-metric"]),
            ("unknown driver", BENCH, "driver: mark10-gauge", "driver: mark10", &["unknown-driver"]),
            ("unknown channel", SUITE, "- zero: { channel: force }", "- zero: { channel: forse }", &["unknown-channel"]),
            ("unknown pose", SUITE, "to: { pose: park }", "to: { pose: parc }", &["unknown-pose"]),
            ("unknown pose in a row", SUITE, "poses: [p1, p2, park]", "poses: [p1, park]", &["unknown-pose", "unknown-pose"]),
            ("unknown preset", SUITE, "preset: power", "preset: pover", &["unknown-preset"]),
            ("no preset to release to", SUITE, "presets: [open, power]", "presets: [power]", &["unknown-preset"]),
            ("unknown output", SUITE, "{ output: support, to: raised }", "{ output: suport, to: raised }", &["unknown-output"]),
            ("unknown state", SUITE, "{ output: support, to: raised }", "{ output: support, to: up }", &["unknown-state"]),
            ("unknown device", SUITE, "grasp: { device: hand", "grasp: { device: hnad", &["unknown-device"]),
            ("unknown table", SUITE, "over: { table: poses }", "over: { table: pose }", &["unknown-table"]),
            ("unknown window", SUITE, "over: visit", "over: vist", &["unknown-window"]),
            ("unknown trial", SUITE, "over: attempt", "over: atempt", &["unknown-trial"]),
            ("a window for a trial", SUITE, "over: attempt", "over: held", &["wrong-over"]),
            ("unknown component", SUITE, "channel: tcp, rests:", "channel: tcp, component: w, rests:", &["unknown-component"]),
            ("which component", SUITE, "rests: { within: 0.5 mm, for: 300 ms }", "above: 3 mm", &["missing-component"]),
            ("unknown window of an outcome", SUITE, "{ window: held, channel: force", "{ window: hold, channel: force", &["unknown-window"]),
            ("unknown metric parameter", SUITE, "cutoff: 10 Hz", "cuttoff: 10 Hz", &["unknown-parameter"]),
            ("metric parameter of other dimension", SUITE, "cutoff: 10 Hz", "cutoff: 10 N", &["wrong-dimension"]),
            ("metric parameter of other words", SUITE, "filter: butterworth", "filter: bessel", &["wrong-parameter"]),
            ("metric parameter left out", SUITE, "params: { filter: butterworth, cutoff: 10 Hz }", "params: { cutoff: 10 Hz }", &["missing-parameter"]),
            ("unknown input", SUITE, "channels: { position: tcp,", "channels: { positon: tcp,", &["unknown-input", "missing-channel"]),
            ("one channel for three inputs", SUITE, "channels: { position: tcp, trigger: contact, power: contact }", "channels: tcp", &["wrong-form", "missing-channel", "missing-channel", "missing-channel"]),
            ("unknown kind", SUITE, "{ kind: hand,", "{ kind: hant,", &["unknown-kind"]),
            ("unknown role", SUITE, "[identify, grasp, halt]", "[identify, grip, halt]", &["unknown-role", "missing-role", "missing-role"]),
            ("role not needed", SUITE, "roles: [identify, joints, halt]", "roles: [identify, joints]", &["missing-role", "missing-role"]),
            ("unknown option", BENCH, "options: { unit: N }", "options: { units: N }", &["unknown-option"]),
            ("option of other kind", BENCH, "options: { unit: N }", "options: { unit: pounds }", &["wrong-option"]),
            ("option without unit", BENCH, "interval: 20 ms", "interval: 20", &["wrong-option"]),
            ("option left out", BENCH, "options: { nodes: [1, 2, 3], counts_per_deg: 10000 }", "options: { nodes: [1, 2, 3] }", &["missing-option"]),
            ("unknown signal", BENCH, "force: { device: gauge, signal: force }", "force: { device: gauge, signal: forces }", &["unknown-signal"]),
            ("unknown device of a channel", BENCH, "force: { device: gauge, signal: force }", "force: { device: guage, signal: force }", &["unknown-device"]),
            ("unknown joint", BENCH, "closing: { index: 0 % }", "closing: { indx: 0 % }", &["unknown-joint"]),
            ("unknown safe state", BENCH, "safe: raised", "safe: up", &["unknown-state"]),
            ("unknown next output", BENCH, "next: { output: estop,", "next: { output: e-stop,", &["unknown-output"]),
            ("unknown reason", SUITE, "changes: { mount: \"{object}\" }", "ask: { choose: [{ id: a, text: { en: A, zh: 甲 }, means: success }, { id: b, text: { en: B, zh: 乙 } }] }", &["outside-trial"]),
        ],
    );
}

#[test]
#[rustfmt::skip] // one way to be wrong a line
fn sense() {
    check_all(
        "sense",
        &[
            ("a home that nobody waits for", SUITE, "to: { joints: { j1: 30 deg } }", "to: home", &["home-not-awaited"]),
            ("duplicate case", SUITE, "- id: posing", "- id: grasping", &["duplicate-id"]),
            ("duplicate measure", SUITE, "- id: peak", "- id: rate", &["duplicate-id"]),
            ("duplicate window", SUITE, "- mark: { name: done }", "- window: { id: stop, record: [tcp], until: { for: 1 s } }", &["duplicate-id"]),
            ("duplicate row", OBJECTS, "id: box", "id: cylinder", &["duplicate-id"]),
            ("no acceptance", SUITE, "        accept: { estimate: at_most $limit_max }\n", "", &["no-acceptance"]),
            ("no measure", SUITE, "    measure:\n      - id: accuracy\n        title: { en: Accuracy, zh: 准确度 }\n        metric: iso9283-pose-accuracy\n        over: visit\n        per: pose\n        channels: tcp\n        accept: { estimate: at_most $limit_max }\n", "", &["no-acceptance"]),
            ("no limit in accept", SUITE, "accept: { estimate: at_most $limit_max }", "accept: { origin: { en: x, zh: x } }", &["one-of"]),
            ("unknown operator", SUITE, "{ estimate: at_most $limit_max }", "{ estimate: \"=< $limit_max\" }", &["unknown-operator"]),
            ("mistyped operator", SUITE, "{ bound: at_least 20 % }", "{ bound: at_laest 20 % }", &["unknown-operator"]),
            ("a rate above all", SUITE, "{ bound: at_least 20 % }", "{ bound: at_least 120 % }", &["outside-share"]),
            ("a rate below nothing", SUITE, "{ bound: at_least 20 % }", "{ bound: at_least -1 % }", &["outside-share"]),
            ("swapped limits", SUITE, "[at_least 0.1 N, at_most 9 N]", "[at_least 9 N, at_most 0.1 N]", &["swapped-limits"]),
            ("one side twice", SUITE, "[at_least 0.1 N, at_most 9 N]", "[at_least 0.1 N, at_least 9 N]", &["duplicate-key"]),
            ("limit of other dimension", SUITE, "[at_least 0.1 N, at_most 9 N]", "at_most 25 mm", &["wrong-dimension"]),
            ("no bound", SUITE, "{ estimate: at_most $limit_max }", "{ bound: at_most $limit_max }", &["no-bound"]),
            ("estimate and bound", SUITE, "{ bound: at_least 20 % }", "{ bound: at_least 20 %, estimate: at_least 30 % }", &["one-of"]),
            ("channel without unit", SUITE, "force: { unit: N, source", "force: { source", &["missing-unit"]),
            ("contact with unit", SUITE, "contact: { shape: digital,", "contact: { shape: digital, unit: V,", &["needless-unit"]),
            ("not recorded", SUITE, "record: [force]", "record: [tcp]", &["not-recorded", "not-recorded"]),
            ("wrong shape", SUITE, "channels: tcp", "channels: force", &["wrong-shape", "not-recorded"]),
            ("a contact for a curve", SUITE, "channels: { position: tcp,", "channels: { position: contact,", &["wrong-shape"]),
            ("empty cases", SUITE, "cases:\n", "cases: []\nx:\n", &["empty-suite", "unknown-key"]),
            ("empty steps", SUITE, "          steps:\n            - stop: { command: arm }\n            - wait: { channel: contact, is: on, within: 2 s, otherwise: go-on }\n          until: { channel: tcp, rests: { within: 0.5 mm, for: 300 ms }, within: 5 s, otherwise: fault }\n", "", &["empty-window"]),
            ("empty record", SUITE, "record: [tcp, contact]", "record: []", &["empty-record", "not-recorded", "not-recorded", "not-recorded"]),
            ("unreachable rest", SUITE, "for: 300 ms }, within: 5 s", "for: 6 s }, within: 5 s", &["unreachable"]),
            ("a condition without bound", SUITE, "within: 2 s, otherwise: go-on", "otherwise: go-on", &["missing-key"]),
            ("a condition without meaning", SUITE, "within: 2 s, otherwise: go-on", "within: 2 s", &["missing-key"]),
            ("censored outside a trial", SUITE, "within: 5 s, otherwise: fault", "within: 5 s, otherwise: censored", &["outside-trial"]),
            ("time and condition", SUITE, "{ channel: contact, is: on, within: 2 s, otherwise: go-on }", "{ for: 2 s, channel: contact }", &["one-of"]),
            ("above and below", SUITE, "is: on, within", "is: on, below: 0 1, within", &["one-of"]),
            ("a choice of one", SUITE, "- mark: { name: done }", "- prompt: { id: p, text: { en: A, zh: 甲 }, ask: { choose: [{ id: a, text: { en: A, zh: 甲 } }] } }", &["empty-choice"]),
            ("a move of nothing", SUITE, "{ joints: { j1: 30 deg } }", "{ joints: {} }", &["empty-target"]),
            ("a trial in a trial", SUITE, "- set: { output: support, to: raised }", "- trial: { id: inner, steps: [{ mark: { name: x } }] }", &["nested-trial"]),
            ("two stops in one", SUITE, "- stop: { command: arm }", "- stop: { command: arm, heartbeat: arm }", &["one-of"]),
            ("a stop by a hand inside", SUITE, "- stop: { command: arm }", "- stop: { person: { id: press, text: { en: Press it., zh: 请按下。 } } }", &["stop-by-hand"]),
            ("a stop by hand that asks", SUITE, "- stop: { command: arm }", "- stop: { person: { id: press, text: { en: Press it., zh: 请按下。 }, presence: outside, ask: attach } }", &["stop-by-hand"]),
            ("half a stop", SUITE, "- stop: { command: arm }", "- stop: { output: support }", &["missing-key"]),
            ("times and table", SUITE, "over: { times: $cycles }", "over: { times: $cycles, table: poses }", &["one-of"]),
            ("no pass", SUITE, "over: { times: $cycles }", "over: { times: 0 }", &["out-of-range"]),
            ("shuffle without seed", SUITE, "order: shuffled, seed: 7", "order: shuffled", &["missing-seed"]),
            ("seed without shuffle", SUITE, "order: shuffled, seed: 7", "seed: 7", &["needless-key"]),
            ("a variable twice", SUITE, "variable: pose", "variable: cycle", &["duplicate-id", "unknown-variable", "unknown-variable", "wrong-per"]),
            ("reasons without cap", SUITE, "                invalid_at_most: 2\n", "", &["missing-cap"]),
            ("cap without reasons", SUITE, "                invalid_if: [misplaced]\n", "", &["missing-reason"]),
            ("undecided trial", SUITE, "                outcome: { window: held, channel: force, stays_below: 0.5 N }\n", "", &["undecided-trial"]),
            ("an outcome without value", SUITE, ", stays_below: 0.5 N", "", &["missing-key"]),
            ("swapped outcome", SUITE, "stays_below: 0.5 N", "stays_below: 0.5 N, stays_above: 1 N", &["swapped-limits"]),
            ("per of nothing", SUITE, "per: pose", "per: object", &["wrong-per"]),
            ("per of a count", SUITE, "per: pose", "per: cycle", &["wrong-per"]),
            ("per left out", SUITE, "        per: pose\n", "", &["missing-per"]),
            ("too few", SUITE, "over: { times: $cycles }", "over: { times: 1 }", &["too-few"]),
            ("measured in finally", SUITE, "finally:\n", "finally:\n  - window: { id: w, record: [tcp], until: { for: 1 s } }\n", &["not-in-finally"]),
            ("bomb of repeats", SUITE, "- mark: { name: done }", "- repeat: { variable: a, over: { times: 100000 }, steps: [{ repeat: { variable: b, over: { times: 100000 }, steps: [{ mark: { name: x } }] } }] }", &["too-long"]),
            ("swapped watch", SUITE, "at_most: 70 Cel", "at_most: 10 Cel, at_least: 70 Cel", &["swapped-limits"]),
            ("watch of other dimension", SUITE, "at_most: 70 Cel", "at_most: 70 N", &["wrong-dimension"]),
            ("planned without stage", SUITE, "stage: draft for comments, ", "", &["missing-key"]),
            ("planned with edition", SUITE, "stage: draft for comments,", "stage: draft for comments, edition: \"2026\",", &["needless-key"]),
            ("published without edition", SUITE, "edition: \"1998\", ", "", &["missing-key"]),
            ("table outside", SUITE, "tables/objects.yaml", "../objects.yaml", &["path-escapes"]),
            ("absolute table", SUITE, "tables/objects.yaml", "/etc/passwd", &["path-escapes"]),
            ("no such table", SUITE, "tables/objects.yaml", "tables/object.yaml", &["unreadable-file"]),
            ("missing column", OBJECTS, "mass: 120 g, ", "", &["missing-key"]),
            ("unknown column of a row", OBJECTS, "mass: 120 g", "weight: 120 g", &["unknown-key", "missing-key"]),
            ("column of other dimension", OBJECTS, "mass: 120 g", "mass: 120 mm", &["wrong-dimension"]),
            ("empty table", POSES, "rows:", "rows: []\nx:", &["empty-table", "unknown-key"]),
        ],
    );
}

#[test]
#[rustfmt::skip] // one way to be wrong a line
fn benches_and_jobs() {
    check_all(
        "bench",
        &[
            ("moves without safe state", BENCH, "    safety: { safe_state: hold, watchdog: none, held_by: nothing above }\n", "", &["missing-safe-state"]),
            ("safe state of another driver", BENCH, "safe_state: hold", "safe_state: torque-off", &["wrong-safe-state"]),
            ("torque off without a catch", BENCH, "      held_by: brakes\n", "", &["missing-held-by"]),
            ("output without safe state", BENCH, "safe: raised, moves: true", "moves: true", &["missing-safe-state"]),
            ("no watchdog truth", BENCH, "watchdog: none, ", "", &["missing-key"]),
            ("due before date", BENCH, "due: 2027-05-31\n", "due: 2025-05-31\n", &["due-before-date"]),
            ("swapped calibrated range", BENCH, "from: 0 N, to: 50 N", "from: 50 N, to: 0 N", &["swapped-range"]),
            ("overlapping ranges", BENCH, "from: 0 N, to: 50 N", "from: -10 N, to: 50 N", &["overlapping-range"]),
            ("a contact with ranges", BENCH, "    port: /dev/ttyUSB3\n", "    port: /dev/ttyUSB3\n    calibration: { in0: { certificate: D, body: B, date: 2026-01-01, due: 2027-01-01, ranges: [{ from: 0 1, to: 1 1, U: 0 1, k: 2 }] } }\n", &["needless-range"]),
            ("a pose of another device", BENCH, "park: { device: arm, joints: [0 deg, 0 deg, 0 deg] }", "park: { device: hand, joints: [0 deg, 0 deg, 0 deg, 0 deg, 0 deg, 0 deg] }", &["wrong-device"]),
            ("no calibrated range", BENCH, "ranges: [{ from: -5 m, to: 5 m, U: 50 um, k: 2 }] ", "ranges: [] ", &["missing-range"]),
            ("calibrated in another unit", BENCH, "U: 0.05 N, k: 2", "U: 0.05 mm, k: 2", &["wrong-dimension"]),
            ("negative uncertainty", BENCH, "U: 0.05 N, k: 2", "U: -0.05 N, k: 2", &["out-of-range"]),
            ("no coverage factor", BENCH, "U: 0.05 N, k: 2", "U: 0.05 N, k: 0", &["not-a-number"]),
            ("swapped delay", BENCH, "delay: [0 ms, 10 ms]", "delay: [10 ms, 0 ms]", &["swapped-range"]),
            ("a resolution of nothing", BENCH, "delay: [0 ms, 10 ms]", "delay: [0 ms, 10 ms]\n        in_use: { resolution: { step: 0 N, from: display } }", &["out-of-range"]),
            ("a resolution of another dimension", BENCH, "delay: [0 ms, 10 ms]", "delay: [0 ms, 10 ms]\n        in_use: { resolution: { step: 1 mm, from: display } }", &["wrong-dimension"]),
            ("a resolution from nowhere", BENCH, "delay: [0 ms, 10 ms]", "delay: [0 ms, 10 ms]\n        in_use: { resolution: { step: 0.01 N } }", &["missing-key"]),
            ("an axis that looks elsewhere", BENCH, "delay: [0 ms, 10 ms]", "delay: [0 ms, 10 ms]\n        in_use: { alignment: { angle: 60 deg, from: fixture } }", &["out-of-range"]),
            ("an alignment that says nothing", BENCH, "delay: [0 ms, 10 ms]", "delay: [0 ms, 10 ms]\n        in_use: { alignment: { from: fixture } }", &["missing-key"]),
            ("an alignment said twice", BENCH, "delay: [0 ms, 10 ms]", "delay: [0 ms, 10 ms]\n        in_use: { alignment: { angle: 2 deg, half_width: 0.1 N, from: fixture } }", &["missing-key"]),
            ("no effect of a kelvin", BENCH, "delay: [0 ms, 10 ms]", "delay: [0 ms, 10 ms]\n        in_use: { temperature: { within: 3 K, from: data sheet } }", &["missing-key"]),
            ("a temperature that is counted twice", BENCH, "delay: [0 ms, 10 ms]", "delay: [0 ms, 10 ms]\n        in_use: { temperature: { per_kelvin_relative: 0.02 %, within: 3 K, from: data sheet }, in_certificate: [temperature] }", &["counted-twice"]),
            ("an unknown part", BENCH, "delay: [0 ms, 10 ms]", "delay: [0 ms, 10 ms]\n        in_use: { in_certificate: [drift] }", &["unknown-word"]),
            ("a use without a part", BENCH, "delay: [0 ms, 10 ms]", "delay: [0 ms, 10 ms]\n        in_use: { }", &["missing-key"]),
            ("a contact in use", BENCH, "    port: /dev/ttyUSB3\n", "    port: /dev/ttyUSB3\n    calibration: { in0: { certificate: D, body: B, date: 2026-01-01, due: 2027-01-01, in_use: { in_certificate: [resolution] } } }\n", &["needless-use"]),
            ("angles of a force", BENCH, "delay: [0 ms, 10 ms]", "delay: [0 ms, 10 ms]\n        angles: { U: 0.1 deg, k: 2 }", &["no-angles"]),
            ("an axis of a pose", BENCH, "ranges: [{ from: -5 m, to: 5 m, U: 50 um, k: 2 }] ", "ranges: [{ from: -5 m, to: 5 m, U: 50 um, k: 2 }], in_use: { alignment: { angle: 1 deg, from: fixture } } ", &["no-axis"]),
            ("certificate outside", BENCH, "certificate: F-1", "certificate: F-1\n        file: ../f.pdf", &["path-escapes"]),
            ("limit outside the calibrated range", SUITE, "[at_least 0.1 N, at_most 9 N]", "at_least 60 N", &["outside-calibration"]),
            ("outcome outside the calibrated range", SUITE, "stays_below: 0.5 N", "stays_below: 500 N", &["outside-calibration"]),
            ("wrong hash", BENCH, "certificate: F-1", "certificate: F-1\n        file: small.job.yaml\n        sha256: \"00\"", &["wrong-hash"]),
            ("uncertainty too large", SUITE, "U_at_most: 0.2 N", "U_at_most: 0.02 N", &["uncertainty-too-large"]),
            ("bandwidth too low", SUITE, "bandwidth: 10 Hz", "bandwidth: 100 Hz", &["bandwidth-too-low"]),
            ("bandwidth not stated", BENCH, "        bandwidth: 50 Hz\n", "", &["bandwidth-too-low"]),
            ("wrong source", BENCH, "force: { device: gauge, signal: force }", "force: { device: hand, signal: force }", &["wrong-shape", "wrong-source", "missing-component", "missing-component", "missing-role"]),
            ("device for reference", SUITE, "heat: { shape: vector, unit: Cel, source: device }", "heat: { shape: vector, unit: Cel, source: reference }", &["wrong-source"]),
            ("missing channel", BENCH, "  contact: { device: io, signal: in0 }\n", "", &["missing-channel"]),
            ("missing pose", BENCH, "  park: { device: arm, joints: [0 deg, 0 deg, 0 deg] }\n", "", &["missing-pose"]),
            ("missing preset", BENCH, "  open: { device: hand, closing: { index: 0 % } }\n", "", &["missing-preset"]),
            ("missing output", BENCH, "  support: { device: io, number: 0", "  suport: { device: io, number: 0", &["missing-output"]),
            ("missing device", SUITE, "    hand: { kind: hand", "    hand2: { kind: hand", &["unknown-device", "unknown-device"]),
            ("output without state", BENCH, "states: { raised: off, lowered: on }", "states: { raised: off, down: on }", &["unknown-state"]),
            ("wrong kind", SUITE, "{ kind: hand, roles", "{ kind: arm, roles", &["wrong-kind"]),
            ("pose outside the limits", BENCH, "joints: [10 deg, 10 deg, 20 deg]", "joints: [10 deg, 100 deg, 20 deg]", &["over-limit"]),
            ("pose with too few joints", BENCH, "joints: [10 deg, 10 deg, 20 deg]", "joints: [10 deg, 10 deg]", &["wrong-length"]),
            ("position without frame", BENCH, "tcp: [500 mm, 90 mm, 300 mm, 0 deg, 0 deg, 0 deg], frame: base", "tcp: [500 mm, 90 mm, 300 mm, 0 deg, 0 deg, 0 deg]", &["missing-frame"]),
            ("a cube without size", BENCH, "poses:\n", "cube: { device: arm, centre: [500 mm, 0 mm, 300 mm], edge: 0 mm, orientation: [0 deg, 0 deg, 0 deg], frame: base }\nposes:\n", &["out-of-range"]),
            ("a cube with a centre in a plane", BENCH, "poses:\n", "cube: { device: arm, centre: [500 mm, 0 mm], edge: 100 mm, orientation: [0 deg, 0 deg, 0 deg], frame: base }\nposes:\n", &["wrong-length"]),
            ("a cube with a plane that is no diagonal", BENCH, "poses:\n", "cube: { device: arm, centre: [500 mm, 0 mm, 300 mm], edge: 100 mm, plane: c1-c2-c3-c4, orientation: [0 deg, 0 deg, 0 deg], frame: base }\nposes:\n", &["unknown-word"]),
            ("a pose off its cube", BENCH, "poses:\n", "cube: { device: arm, centre: [500 mm, 0 mm, 300 mm], edge: 100 mm, orientation: [0 deg, 0 deg, 0 deg], frame: base }\nposes:\n", &["off-the-cube"]),
            ("a cube in another frame", BENCH, "poses:\n", "cube: { device: arm, centre: [400 mm, -10 mm, 200 mm], edge: 250 mm, orientation: [0 deg, 0 deg, 0 deg], frame: table }\nposes:\n", &["off-the-cube", "off-the-cube"]),
            ("a cube of nobody", BENCH, "poses:\n", "cube: { device: robot, centre: [500 mm, 0 mm, 300 mm], edge: 100 mm, orientation: [0 deg, 0 deg, 0 deg], frame: base }\nposes:\n", &["unknown-device"]),
            ("preset over 100 %", BENCH, "thumb-bend: 80 %", "thumb-bend: 180 %", &["out-of-range"]),
            ("joints without limits", BENCH, "    limits:\n      joints:\n        j1: { range: [-170 deg, 170 deg], speed_max: 90 deg/s }\n        j2: { range: [-90 deg, 90 deg], speed_max: 90 deg/s }\n        j3: { range: [-150 deg, 150 deg], speed_max: 120 deg/s }\n      load_max: 5 kg\n", "", &["missing-limits"]),
            ("move outside the limits", SUITE, "{ j1: 30 deg }", "{ j1: 175 deg }", &["over-limit"]),
            ("move of no joint", SUITE, "{ j1: 30 deg }", "{ j9: 30 deg }", &["unknown-joint"]),
            ("faster than allowed", SUITE, "speed: 20 deg/s", "speed: 200 deg/s", &["over-limit"]),
            ("stronger than allowed", SUITE, "force: 5 N", "force: 15 N", &["over-limit"]),
            ("heavier than allowed", SUITE, "changes: { mount: \"{object}\" }", "changes: { load: 50 kg }", &["over-limit"]),
            ("a load that is no mass", SUITE, "changes: { mount: \"{object}\" }", "changes: { load: 50 N }", &["wrong-dimension"]),
            ("watch that trips by itself", SUITE, "max_age: 2 s", "max_age: 100 ms", &["unreachable"]),
            ("window shorter than a sample", SUITE, "until: { for: 100 ms }", "until: { for: 1 ms }", &["unreachable"]),
            ("a pose that is no row", POSES, "id: p2", "id: park2", &["unknown-pose", "unknown-pose"]),
            ("two devices at one port", BENCH, "port: /dev/ttyUSB1", "port: /dev/ttyUSB0", &["shared-port"]),
            ("simulated and physical", BENCH, "port: /dev/ttyUSB1", "port: simulated", &["wrong-provenance", "missing-simulation"]),
            ("next path is itself", BENCH, "{ device: io, number: 1, states", "{ device: arm, number: 1, states", &["wrong-role", "same-stop-path"]),
            ("outputs of a gauge", BENCH, "support: { device: io, number: 0", "support: { device: gauge, number: 0", &["wrong-role"]),
            ("laboratory sets the customer's", BENCH, "small: { cycles: 10 }", "small: { limit_max: 1 mm }", &["not-settable"]),
            ("laboratory sets the suite's", BENCH, "small: { cycles: 10 }", "small: { hold: 2 s }", &["not-settable"]),
            ("laboratory outside the range", BENCH, "small: { cycles: 10 }", "small: { cycles: 100 }", &["out-of-range"]),
            ("laboratory misspells", BENCH, "small: { cycles: 10 }", "small: { cycle: 10 }", &["unknown-parameter"]),
            ("customer outside the range", JOB, "limit_max: 1.5 mm", "limit_max: 15 mm", &["out-of-range"]),
            ("customer declares another dimension", JOB, "limit_max: 1.5 mm", "limit_max: 1.5 N", &["wrong-dimension"]),
            ("customer misspells", JOB, "limit_max: 1.5 mm", "limt_max: 1.5 mm", &["unknown-parameter"]),
            ("customer sets the laboratory's", JOB, "limit_max: 1.5 mm", "cycles: 3", &["not-settable"]),
            ("no such item", JOB, "  hand: { maker", "  hnad: { maker", &["missing-item"]),
            ("received in the future", JOB, "received: 2026-11-20, condition: { en: New", "received: 2026-12-20, condition: { en: New", &["not-received"]),
            ("no serial", JOB, "serial: A-1, ", "", &["missing-key"]),
            ("no item at all", JOB, "items:\n", "items: {}\nx:\n", &["empty-job", "unknown-key"]),
        ],
    );
}

#[test]
fn the_command_line_is_held_to_the_same_rules() {
    let mut printed = String::new();
    for (entry, code) in [
        ("cycles=500", "out-of-range"),
        ("cycles=five", "not-a-count"),
        ("cycels=5", "unknown-parameter"),
        ("limit_max=1 mm", "not-settable"),
        ("cycles", "bad-setting"),
    ] {
        let (found, sources) = complaints(&[], &[entry]);
        assert_eq!(errors(&found), [code], "{entry}");
        printed.push_str(&render(&found, &sources, false));
    }
    golden("command-line", &printed);
}

#[test]
fn all_complaints_of_all_files_come_at_once() {
    let (found, sources) = complaints(
        &[
            (SUITE, "stays_below: 0.5 N", "stays_below: 25 mm"),
            (SUITE, "iso9283-pose-accuracy", "iso9283-pose-acuracy"),
            (SUITE, "default: 2 mm", "default: 20 mm"),
            (OBJECTS, "mass: 120 g", "mass: 120 mm"),
            (BENCH, "driver: mark10-gauge", "driver: mark10"),
            (JOB, "received: 2026-11-20", "received: 20.11.2026"),
        ],
        &[],
    );
    let mut codes = errors(&found);
    codes.sort_unstable();
    let expected = [
        "not-a-date",
        "out-of-range",
        "unknown-driver",
        "unknown-metric",
        "wrong-dimension",
        "wrong-dimension",
    ];
    assert_eq!(codes, expected);
    golden("at-once", &render(&found, &sources, false));
}

#[test]
fn what_only_two_places_together_make_wrong() {
    let mut printed = String::new();
    let inside = "            - repeat: { variable: k, over: { times: \"{object.pieces}\" }, steps: [{ window: { id: extra, record: [force], until: { for: 1 s } } }] }\n            - trial:\n";
    let all: [(&[Change], &str); 2] = [
        (
            &[
                (SUITE, "area: evaluation", "area: safety"),
                (
                    SUITE,
                    "{ rule: guarded, guard: U }",
                    "{ rule: four-valued, guard: U }",
                ),
            ],
            "safety-rule",
        ),
        (
            &[
                (SUITE, "            - trial:\n", inside),
                (
                    SUITE,
                    "        over: held\n",
                    "        over: extra\n        per: object\n",
                ),
            ],
            "uneven-rows",
        ),
    ];
    for (changes, code) in all {
        let (found, sources) = complaints(changes, &[]);
        let text = render(&found, &sources, false);
        assert_eq!(errors(&found), [code], "\n{text}");
        printed.push_str(&text);
    }
    golden("together", &printed);
}

#[test]
fn what_is_never_used_is_a_warning() {
    let (found, sources) = complaints(
        &[
            (SUITE, "poses: [p1, p2, park]", "poses: [p1, p2, park, far]"),
            (
                BENCH,
                "poses:\n",
                "poses:\n  far: { device: arm, joints: [0 deg, 0 deg, 0 deg] }\n",
            ),
        ],
        &[],
    );
    assert!(errors(&found).is_empty());
    assert_eq!(found[0].code, "unused");
    assert_eq!(found[0].severity, Severity::Warning);
    golden("unused", &render(&found, &sources, false));
}

fn refused_fast(name: &str, text: &str) -> Vec<Diagnostic> {
    let start = std::time::Instant::now();
    let mut sources = Sources::memory([("x.suite.yaml", text)]);
    let (suite, found) = check_suite(&mut sources, "x.suite.yaml", &vocabulary());
    assert!(suite.is_none(), "{name}");
    assert!(!render(&found, &sources, false).is_empty());
    assert!(
        start.elapsed().as_secs() < 5,
        "{name} took {:?}",
        start.elapsed()
    );
    found
}

#[test]
fn bombs_are_refused_fast() {
    let code = |found: Vec<Diagnostic>| found[0].code.clone();
    let large = format!("suite: {}", "x".repeat(1 << 20));
    assert_eq!(code(refused_fast("size", &large)), "unreadable-file");
    let deep = "[".repeat(100_000);
    assert_eq!(code(refused_fast("depth", &deep)), "yaml-syntax");
    let block: String = (0..400).map(|i| format!("{}a:\n", " ".repeat(i))).collect();
    assert_eq!(code(refused_fast("block depth", &block)), "yaml-syntax");
    let mut aliases = "a: &a [x, x, x, x, x, x, x, x, x]\n".to_string();
    for (name, of) in ["b", "c", "d", "e", "f", "g", "h", "i"]
        .iter()
        .zip(["a", "b", "c", "d", "e", "f", "g", "h"])
    {
        aliases.push_str(&format!(
            "{name}: &{name} [{}]\n",
            vec![format!("*{of}"); 9].join(", ")
        ));
    }
    let found = refused_fast("aliases", &aliases);
    assert!(found.iter().any(|d| d.code == "anchor"));
    let wide = format!("suite: [{}]", "1, ".repeat(100_000));
    assert!(
        refused_fast("nodes", &wide)
            .iter()
            .any(|d| d.code == "too-large")
    );
    // Blocks and lists in brackets have limits of their own; together they have ours.
    let blocks: String = (0..40).map(|i| format!("{}a:\n", " ".repeat(i))).collect();
    let both = format!(
        "{blocks}{}{}{}",
        " ".repeat(40),
        "[".repeat(40),
        "]".repeat(40)
    );
    assert_eq!(code(refused_fast("both", &both)), "too-deep");
    let keys: String = (0..18_000).map(|i| format!("k{i}: 1\n")).collect();
    refused_fast("keys", &keys);
    assert_eq!(code(refused_fast("nothing", "")), "empty-file");
    assert_eq!(code(refused_fast("comment", "# nothing\n")), "empty-file");
}

#[test]
fn a_file_that_is_no_text_is_refused() {
    let mut memory = certbench_suite::Memory::default();
    memory
        .0
        .insert("x.suite.yaml".into(), vec![0xff, 0xfe, 0x00]);
    let mut sources = Sources::new(memory);
    let (suite, found) = check_suite(&mut sources, "x.suite.yaml", &vocabulary());
    assert!(suite.is_none());
    assert_eq!(found[0].code, "not-utf8");
    let (_, found) = check_suite(&mut sources, "none.suite.yaml", &vocabulary());
    assert_eq!(found[0].code, "unreadable-file");
}

#[test]
fn a_file_says_what_it_is() {
    let kind = |text: &str| {
        let mut sources = Sources::memory([("x.yaml", text)]);
        let (kind, found) = certbench_suite::check_file(&mut sources, "x.yaml", &vocabulary());
        (kind, found[0].code.clone())
    };
    use certbench_suite::Kind;
    let missing = || "missing-key".to_string();
    assert_eq!(kind("suite: x\n"), (Some(Kind::Suite), missing()));
    assert_eq!(kind("bench: x\n"), (Some(Kind::Bench), missing()));
    assert_eq!(kind("job: x\n"), (Some(Kind::Job), missing()));
    assert_eq!(kind("table: x\n"), (Some(Kind::Table), missing()));
    assert_eq!(
        kind("sweet: x\n"),
        (None, "unknown-kind-of-file".to_string())
    );
}

#[test]
fn a_suite_opens_so_many_files_and_no_more() {
    let names: Vec<String> = (0..70).map(|i| format!("t/{i}.yaml")).collect();
    let table = "certbench: 1\ntable: t\nrows: [{ id: a, title: { en: A, zh: 甲 } }]\n";
    let list: String = names
        .iter()
        .enumerate()
        .map(|(i, n)| format!("  t{i}: {n}\n"))
        .collect();
    let suite = format!("tables:\n{list}");
    let files = names.iter().map(|n| (n.as_str(), table));
    let mut sources = Sources::memory(files.chain([("x.suite.yaml", suite.as_str())]));
    let (_, found) = check_suite(&mut sources, "x.suite.yaml", &vocabulary());
    assert!(errors(&found).contains(&"too-many-files"));
}
