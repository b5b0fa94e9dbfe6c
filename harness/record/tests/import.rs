//! What a tracker exported, taken into a record after the run: by the windows it belongs to.

mod common;

use certbench_model::addendum::Content;
use certbench_model::event::WindowEnd;
use certbench_model::plan::{Case, DevicePlan, IMPORT, Limits, OnDeviceEvent};
use certbench_model::step::{Over, Repeat, Wait, Window};
use certbench_model::{
    Context, EventBody, Invalid, Plan, Provenance, Reading, Recorded, Sample, Step, Text,
};
use certbench_record::{
    CSV_IMPORT, Corrected, Imported, Misfit, NewAddendum, Pace, Recorder, Recording, Start, append,
    import_driver, read_import,
};
use common::{Folder, START, ended, event, marked, opened, plan};
use serde_json::json;
use std::path::{Path, PathBuf};

/// Index of `tcp` in the plan.
const TCP: u16 = 1;

fn plan_with(options: serde_json::Value) -> Plan {
    let mut plan = plan();
    let serde_json::Value::Object(options) = options else {
        panic!("options are a map")
    };
    plan.bench.devices.push(DevicePlan {
        id: "tracker".to_string(),
        kind: "file".to_string(),
        driver: CSV_IMPORT.to_string(),
        port: IMPORT.to_string(),
        options: options.into_iter().collect(),
        provenance: Provenance::Physical,
        under_test: false,
        safety: None,
        limits: Limits::default(),
    });
    plan.channels[usize::from(TCP)].device = "tracker".to_string();
    let window = Step::Window(Window {
        id: "at-pose".to_string(),
        record: vec!["tcp".to_string()],
        steps: vec![],
        until: Some(Wait::For(1.0)),
        take: vec![],
    });
    plan.cases.push(Case {
        id: "poses".to_string(),
        title: Text::same("poses"),
        setup: vec![],
        steps: vec![Step::Repeat(Repeat::new("n", Over::Times(3), vec![window]))],
        finally: vec![],
        measures: vec![],
        on_device_event: OnDeviceEvent::Fail,
        shortened: None,
        seconds_max: 10.0,
        steps_max: 10,
    });
    plan
}

/// Header in line 2, semicolons, decimal commas, metres and degrees, a column that numbers.
fn numbered() -> serde_json::Value {
    json!({
        "columns": ["X", "Y", "Z", "Rx", "Ry", "Rz"],
        "units": ["m", "m", "m", "deg", "deg", "deg"],
        "separator": "semicolon",
        "decimal": "comma",
        "header": 2,
        "lost": "---",
        "cycle": "No"
    })
}

fn timed() -> serde_json::Value {
    json!({
        "columns": [2, 3, 4, 5, 6, 7],
        "units": ["mm", "mm", "mm", "deg", "deg", "deg"],
        "header": 0,
        "align": "time",
        "time": 1,
        "time_unit": "ms",
        "sync": 8
    })
}

/// Three windows of a second each, the i-th from 10 i s, between marks at 5 s and 45 s.
fn perform(folder: &Path, plan: &Plan) {
    let start = Start {
        pace: Pace::Simulated,
        ..START
    };
    let recorder = Recorder::create(folder, plan, start).unwrap();
    let s = |s: u64| s * 1_000_000_000;
    let tell = |time_ns, body| recorder.event(&event(time_ns, body)).unwrap();
    recorder.event(&opened(plan)).unwrap();
    let case = "poses".to_string();
    tell(s(1), EventBody::CaseStarted { case });
    recorder.event(&marked(s(5), "sync")).unwrap();
    for i in 1..=3 {
        let context = Context {
            case: "poses".to_string(),
            ..Context::default()
        };
        let window = "at-pose".to_string();
        let instance = i as u32;
        let end = WindowEnd::Reached;
        tell(
            s(10 * i),
            EventBody::WindowOpened {
                window: window.clone(),
                instance,
                context,
            },
        );
        tell(
            s(10 * i + 1),
            EventBody::WindowClosed {
                window,
                instance,
                end,
            },
        );
    }
    recorder.event(&marked(s(45), "sync")).unwrap();
    recorder.event(&ended(s(50))).unwrap();
    recorder.finish().unwrap();
}

fn run_with(options: serde_json::Value) -> (Folder, PathBuf) {
    let folder = Folder::new();
    let run = folder.run();
    perform(&run, &plan_with(options));
    (folder, run)
}

fn read(run: &Path, file: &str) -> Result<Imported, Vec<Misfit>> {
    let recording = Recording::open(run).unwrap();
    assert_eq!(recording.facts().damage, []);
    read_import(recording.facts(), "tcp", file.as_bytes())
}

fn misfit(line: u64, column: u64, what: &str) -> Vec<Misfit> {
    vec![Misfit {
        at: Some((line, column)),
        what: what.to_string(),
    }]
}

/// Hands a file in, as the command does.
fn import(folder: &Folder, run: &Path, file: &str) {
    let path = folder.0.join("export.csv");
    std::fs::write(&path, file).unwrap();
    let imported = read(run, file).unwrap();
    let known = Recording::open(run).unwrap().addenda().len();
    let new = NewAddendum {
        utc: "2026-11-23T08:00:00Z",
        by: "Li Na",
        why: "exported after the run",
        content: Content::Import(imported.import),
        files: &[("tcp.csv", &path)],
    };
    append(run, known, &new).unwrap();
}

const ALL_ROWS: &str = "Tracker export 2026-11-22\n\
    No;X;Y;Z;Rx;Ry;Rz;Note\n\
    1;0,5;0,001;-0,002;0;0;90;first\n\
    2;0,501;0,001;-0,002;0;0;90;\n\
    3;0,502;0,001;-0,002;0;0;90;\"last; really\"\n";

fn samples(run: &Path) -> Vec<Sample> {
    let recording = Recording::open(run).unwrap();
    assert_eq!(recording.facts().damage, []);
    let all = recording.samples(TCP, 0, u64::MAX);
    all.collect::<Result<_, _>>().unwrap()
}

#[test]
fn each_window_gets_its_row_and_the_record_stays_as_it_was() {
    let (folder, run) = run_with(numbered());
    let files = ["run.jsonl", "telemetry.mcap", "manifest.json"];
    let bytes = || files.map(|f| std::fs::read(run.join(f)).unwrap());
    let before = bytes();
    assert_eq!(samples(&run), []);
    import(&folder, &run, ALL_ROWS);
    assert_eq!(bytes(), before);
    let samples = samples(&run);
    let values: Vec<_> = samples
        .iter()
        .map(|s| s.reading.values().unwrap().to_vec())
        .collect();
    assert_eq!(values[0], [500.0, 1.0, -2.0, 0.0, 0.0, 90.0]);
    assert_eq!(values[2], [502.0, 1.0, -2.0, 0.0, 0.0, 90.0]);
    let times: Vec<_> = samples.iter().map(|s| s.time_ns).collect();
    assert_eq!(times, [10_500_000_000, 20_500_000_000, 30_500_000_000]);
    let recording = Recording::open(&run).unwrap();
    assert_eq!(
        recording
            .samples(TCP, 20_000_000_000, 21_000_000_000)
            .count(),
        1
    );
}

#[test]
fn a_missing_row_is_named_or_refused_as_the_bench_says() {
    let two = ALL_ROWS
        .lines()
        .filter(|l| !l.starts_with('2'))
        .collect::<Vec<_>>()
        .join("\n");
    let (folder, run) = run_with(numbered());
    let imported = read(&run, &two).unwrap();
    assert_eq!(imported.import.missing, ["poses at-pose #2"]);
    assert_eq!((imported.import.rows, imported.import.matched), (2, 2));
    import(&folder, &run, &two);
    let recording = Recording::open(&run).unwrap();
    assert_eq!(
        recording
            .samples(TCP, 20_000_000_000, 21_000_000_000)
            .count(),
        0
    );

    let mut strict = numbered();
    strict["missing"] = json!("refuse");
    let (_folder, run) = run_with(strict);
    let refused = read(&run, &two).unwrap_err();
    assert_eq!(refused[0].what, "has no row for poses at-pose #2");
}

#[test]
fn an_extra_row_is_refused_or_reported_as_the_bench_says() {
    let four = format!("{ALL_ROWS}4;0,503;0;0;0;0;0;\n");
    let (_folder, run) = run_with(numbered());
    assert_eq!(
        read(&run, &four).unwrap_err(),
        misfit(6, 1, "belongs to no window that waits for a row")
    );
    let mut loose = numbered();
    loose["extra"] = json!("ignore");
    let (_folder, run) = run_with(loose);
    let imported = read(&run, &four).unwrap();
    assert_eq!(
        (imported.import.extra, imported.samples.len()),
        (vec![6], 3)
    );
}

#[test]
fn without_numbers_one_row_less_says_nothing_of_any() {
    let mut options = numbered();
    options.as_object_mut().unwrap().remove("cycle");
    let (_folder, run) = run_with(options);
    assert_eq!(read(&run, ALL_ROWS).unwrap().samples.len(), 3);
    let two: Vec<&str> = ALL_ROWS.lines().take(4).collect();
    let why = read(&run, &two.join("\n")).unwrap_err();
    assert!(
        why[0].what.starts_with("has 2 rows, and 3 windows wait"),
        "{why:?}"
    );
}

#[test]
fn every_complaint_points_at_its_cell() {
    let (_folder, run) = run_with(numbered());
    let broken = |from: &str, to: &str| read(&run, &ALL_ROWS.replacen(from, to, 1)).unwrap_err();
    let no_number = "is no number with `,` as decimal sign";
    assert_eq!(
        broken("2;0,501", "2;0.501"),
        misfit(4, 3, &format!("`0.501` {no_number}"))
    );
    assert_eq!(
        broken("3;0,502", "3;"),
        misfit(5, 3, &format!("`` {no_number}"))
    );
    assert_eq!(
        broken("1;0,5", "2;0,5"),
        misfit(4, 1, "window 2 has its row already, in line 3")
    );
    assert_eq!(
        broken("1;0,5", "1,5;0,5"),
        misfit(3, 1, "1.5 is no number of a window")
    );
    assert_eq!(
        broken("No;X;", "No;x;"),
        misfit(
            2,
            1,
            "there is no column `X`; there are No, x, Y, Z, Rx, Ry, Rz, Note"
        )
    );
    assert_eq!(
        broken("\"last; really\"", "\"last"),
        misfit(5, 29, "a quote that does not end")
    );
    assert_eq!(
        broken("2;0,501;0,001;-0,002;0;0;90;", "2;0,501;0,001"),
        misfit(4, 9, "has 3 columns; column 4 is missing")
    );
    // Two at once, both told.
    let twice = ALL_ROWS.replace("0,001", "0.001");
    assert_eq!(read(&run, &twice).unwrap_err().len(), 3);
    let mut bytes = ALL_ROWS.as_bytes().to_vec();
    bytes[40] = 0xff;
    let recording = Recording::open(&run).unwrap();
    let why = read_import(recording.facts(), "tcp", &bytes).unwrap_err();
    assert_eq!(why[0].at, Some((2, 1)));
    let live = read_import(recording.facts(), "pull_force", b"").unwrap_err();
    assert!(live[0].what.contains("read live"));
}

#[test]
fn a_cell_without_a_target_is_an_invalid_reading() {
    let (_folder, run) = run_with(numbered());
    let lost = ALL_ROWS.replace("2;0,501;0,001;-0,002;0;0;90", "2;---;---;---;---;---;---");
    let imported = read(&run, &lost).unwrap();
    assert_eq!(
        imported.samples[1].reading,
        Reading::Invalid(Invalid::NoSignal)
    );
}

#[test]
fn columns_or_units_that_are_not_the_channels_are_refused() {
    for (name, value, why) in [
        ("units", json!(["m", "m"]), "6 columns and 2 units"),
        ("columns", json!(["X"]), "1 columns and 6 units"),
        (
            "units",
            json!(["m", "m", "N", "deg", "deg", "deg"]),
            "column unit",
        ),
        (
            "units",
            json!(["m", "m", "ell", "deg", "deg", "deg"]),
            "ell",
        ),
    ] {
        let mut options = numbered();
        options[name] = value;
        let (_folder, run) = run_with(options);
        let refused = read(&run, ALL_ROWS).unwrap_err();
        assert!(refused[0].what.contains(why), "{refused:?}");
    }
}

/// The tracker's clock runs 0.1 % fast and began elsewhere: 5 s of the run are 100 000 ms there, and
/// 45 s are 140 040 ms.
#[test]
fn rows_by_time_are_stretched_between_the_sync_marks() {
    let (folder, run) = run_with(timed());
    let row = |ms: u64, sync: &str| format!("{ms},1,2,3,0,0,{ms},{sync}\n");
    let mut file = row(99_000, "");
    file += &row(100_000, "1");
    let ms = |run_s: f64| (100_000.0 + (run_s - 5.0) * 1001.0) as u64;
    for s in [10.5, 20.25, 20.75, 25.0, 30.5] {
        file += &row(ms(s), "0");
    }
    file += &row(140_040, "1");
    let refused = read(&run, &file).unwrap_err();
    assert_eq!(
        refused,
        misfit(1, 1, "belongs to no window that waits for a row")
    );
    let (_, file) = file.split_once('\n').unwrap();
    let imported = read(&run, file).unwrap();
    assert_eq!((imported.import.rows, imported.import.matched), (7, 4));
    import(&folder, &run, file);
    let at: Vec<u64> = samples(&run)
        .iter()
        .map(|s| s.time_ns / 1_000_000)
        .collect();
    assert_eq!(at.len(), 7);
    for (at, wanted) in at
        .iter()
        .zip([5_000, 10_500, 20_250, 20_750, 25_000, 30_500, 45_000])
    {
        assert!(at.abs_diff(wanted) <= 1, "{at} {wanted}");
    }
    let one_mark = file.replacen(",1\n", ",0\n", 1);
    assert!(
        read(&run, &one_mark).unwrap_err()[0]
            .what
            .contains("1 rows with a sync mark")
    );
    let back = file.replacen("110115", "10", 1);
    let back = back.replacen(&ms(10.5).to_string(), "10", 1);
    assert_eq!(read(&run, &back).unwrap_err()[0].what, "goes back in time");
    let seconds = json!({"time_unit": "s"});
    let mut options = timed();
    options["time_unit"] = seconds["time_unit"].clone();
    let (_folder, run) = run_with(options);
    assert!(
        read(&run, file).unwrap_err()[0]
            .what
            .contains("another unit of time")
    );
}

#[test]
fn an_import_that_was_changed_is_found() {
    let (folder, run) = run_with(numbered());
    import(&folder, &run, ALL_ROWS);
    let path = run.join("addenda/1-tcp.csv");
    std::fs::write(&path, ALL_ROWS.replace("0,501", "0,500")).unwrap();
    let recording = Recording::open(&run).unwrap();
    let damage = &recording.facts().damage;
    assert!(
        damage.iter().any(|d| d.place == "addenda/1-tcp.csv"),
        "{damage:?}"
    );
}

#[test]
fn the_newest_import_of_a_channel_holds() {
    let (folder, run) = run_with(numbered());
    import(&folder, &run, ALL_ROWS);
    import(&folder, &run, &ALL_ROWS.replace("0,501", "0,511"));
    let recording = Recording::open(&run).unwrap();
    assert_eq!(recording.addenda().len(), 2);
    assert_eq!(samples(&run)[1].reading.component(0), Some(511.0));
    // What was issued before the second came is verified without it.
    let first = Corrected::of(recording, Some(1));
    let then = first.samples(TCP, 0, u64::MAX).nth(1).unwrap().unwrap();
    assert_eq!(then.reading.component(0), Some(501.0));
}

#[test]
fn the_driver_knows_every_option_that_the_import_reads() {
    let driver = import_driver();
    for options in [numbered(), timed()] {
        for name in options.as_object().unwrap().keys() {
            assert!(driver.options.iter().any(|o| o.name == *name), "{name}");
        }
    }
}
