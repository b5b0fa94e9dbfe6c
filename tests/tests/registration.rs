//! A tracker's frame that the run itself finds: against the simulation's truth, when a point is wrong,
//! and from data that are imported after the run.

use certbench_model::finding::{Finding, FrameFit, Value};
use certbench_model::{RunEnd, Verdict};
use certbench_tests::binary::root;
use certbench_tests::program::{Record, output};
use certbench_tests::simulated::{Papers, Played, in_a_line};
use std::fs;
use std::process::Command;

const TITLE: &str = "test cube, zh: 测试立方体的五个位姿 }\n    steps:\n";
const REGISTER: &str = "test cube, zh: 测试立方体的五个位姿 }
    steps:
      - register:
          channel: tcp
          variable: point
          points: frame-points
          window: seen
          residual_at_most: 0.5 mm
          steps:
            - move: { device: arm, to: { pose: \"{point}\" }, speed: 50 %, timeout: 15 s }
            - wait: { for: 500 ms }
            - window: { id: seen, record: [tcp], until: { for: 300 ms } }
";
const KNOWN: &str = "    registration:
      pose:
        frame: base
        method: best fit over 12 points off the judged poses
        translation: [2450 mm, -1310 mm, 820 mm]
        rotation: [1.5 deg, -2.0 deg, 147 deg]
        U_position: 0.08 mm
        U_angle: 0.01 deg
";

/// Pose accuracy of the simulated arm on a bench that does not know where its tracker stands.
fn unknown_tracker() -> Papers {
    Papers::shipped("repeatability", "arm")
        .table("cube-poses")
        .table("frame-points")
        .set("cycles=5")
        .suite_with(TITLE, REGISTER)
        .suite_with("park]", "r1, r2, r3, r4, park]")
        .suite_with(
            "  poses: tables/cube-poses.yaml",
            "  poses: tables/cube-poses.yaml\n  frame-points: tables/frame-points.yaml",
        )
        .bench_with(KNOWN, "")
}

fn findings<'a>(played: &'a Played, measure: &'a str) -> impl Iterator<Item = &'a Finding> {
    let all = played.findings.cases.iter().flat_map(|c| &c.findings);
    all.filter(move |f| f.measure == measure)
}

fn value(finding: &Finding) -> (f64, f64) {
    match &finding.result {
        Some(Value::Quantity(q)) => (q.value, q.u_expanded.unwrap_or(f64::NAN)),
        other => panic!("{}: {other:?} {:?}", finding.measure, finding.reasons),
    }
}

fn fit(played: &Played) -> &FrameFit {
    let [fitted] = played.findings.registrations.as_slice() else {
        panic!("{:?}", played.findings.registrations);
    };
    fitted
        .fit
        .as_ref()
        .unwrap_or_else(|| panic!("{:?}", fitted.reasons))
}

#[test]
fn a_tracker_that_stands_anywhere_is_found_where_it_stands() {
    let played = unknown_tracker().play();
    assert_eq!(played.end, RunEnd::Completed, "{:?}", played.faults());
    let fit = fit(&played);
    assert_eq!(fit.residuals.len(), 4);
    let u = fit.registration.u_position.value;
    assert!((0.0..1.0).contains(&u), "{u}: {fit:?}");
    // The simulated tracker stands there; the arm's own errors at the points go into the frame.
    let truth = [2450.0, -1310.0, 820.0];
    for (found, true_mm) in fit.registration.translation_mm.iter().zip(truth) {
        // The lever of some 3 m between tracker and points makes a small angle long here.
        assert!((found - true_mm).abs() < 10.0, "{found} {true_mm}");
    }
    for (found, true_deg) in fit.registration.rotation_deg.iter().zip([1.5, -2.0, 147.0]) {
        assert!((found - true_deg).abs() < 0.2, "{found} {true_deg}");
    }
    // Accuracy by the frame that was found and by the true one agree within their uncertainty, less
    // what the arm does wrong everywhere alike: that part a fit cannot see.
    let by_truth = unknown_tracker()
        .bench_with(
            "  io:\n    driver: modbus-io\n",
            &format!("{KNOWN}  io:\n    driver: modbus-io\n"),
        )
        .suite_with(REGISTER, TITLE)
        .suite_with("r1, r2, r3, r4, ", "")
        .suite_with("\n  frame-points: tables/frame-points.yaml", "")
        .play();
    let ours = findings(&played, "accuracy").map(value);
    for ((fitted, u), (known, _)) in ours.zip(findings(&by_truth, "accuracy").map(value)) {
        assert!(fitted < known + u, "{fitted} ± {u} beside {known}");
    }
    // Repeatability has nothing to do with the frame.
    for finding in findings(&played, "repeatability") {
        assert!(value(finding).0 < 0.25);
    }
}

#[test]
fn a_point_that_is_not_where_the_bench_says_leaves_the_tracker_without_a_frame() {
    let played = unknown_tracker()
        .bench_with(
            "tcp: [579.9998 mm, 99.9998 mm, 230.0002 mm",
            "tcp: [579.9998 mm, 99.9998 mm, 233.0002 mm",
        )
        .play();
    assert_eq!(played.end, RunEnd::Completed, "{:?}", played.faults());
    for finding in findings(&played, "accuracy") {
        assert_eq!(finding.verdict, Verdict::NotTested);
        assert_eq!(finding.reasons[0].code, "registration-residual");
        assert!(
            finding.reasons[0].text.en.contains("at r"),
            "{:?}",
            finding.reasons
        );
    }
    let repeatable = findings(&played, "repeatability").filter(|f| f.result.is_some());
    assert_eq!(repeatable.count(), 5);
}

/// What is replaced in the suite, by what, and the code of the complaint.
#[rustfmt::skip] // one way to be wrong a line
const WRONG: &[(&str, &str, &str)] = &[
    ("channel: tcp\n          variable", "channel: tpc\n          variable", "unknown-channel"),
    ("points: frame-points", "points: frame-point", "unknown-table"),
    ("points: frame-points", "points: poses", "judged-point"),
    ("window: seen", "window: sene", "unknown-window"),
    ("window: seen", "window: reference", "unknown-window"),
    ("id: seen, record: [tcp]", "id: seen, record: []", "not-recorded"),
    ("residual_at_most: 0.5 mm", "residual_at_most: 0.5 N", "wrong-dimension"),
    ("residual_at_most: 0.5 mm", "residual_at_most: 0 mm", "not-positive"),
    ("          residual_at_most: 0.5 mm\n", "", "missing-key"),
    ("r1, r2, r3, r4, park]", "r1, r2, r3, park]", "unknown-pose"),
];

#[test]
fn every_way_to_write_it_wrong_is_refused_by_its_code() {
    for (from, to, code) in WRONG {
        let papers = unknown_tracker().suite_with(from, to);
        let refused: Vec<String> = match papers.plan() {
            Ok(_) => Vec::new(),
            Err(complaints) => complaints.iter().map(in_a_line).collect(),
        };
        let all = refused.join("\n");
        assert!(
            all.contains(code),
            "{from} -> {to}: {code} is not in\n{all}"
        );
    }
    let twice = REGISTER
        .trim_start_matches(TITLE)
        .replace("seen", "seen-again");
    let papers = unknown_tracker().suite_with(REGISTER, &format!("{REGISTER}{twice}"));
    let complaints = papers.plan().expect_err("registered twice");
    assert!(
        complaints
            .iter()
            .map(in_a_line)
            .any(|c| c.contains("duplicate-id"))
    );
    let frameless = unknown_tracker().bench_with(
        ", tcp: [580.0000 mm, -99.9999 mm, 230.0002 mm, 160.0000 deg, 0.0000 deg, 90.0000 deg], frame: base }",
        " }",
    );
    let complaints = frameless.plan().expect_err("a point without a place");
    assert!(
        complaints
            .iter()
            .map(in_a_line)
            .any(|c| c.contains("no-commanded-pose"))
    );
}

/// Commanded positions of the frame points and the taught poses, in the order of the programs.
const POINTS: [[f64; 3]; 4] = [
    [579.9998, 99.9998, 230.0002],
    [580.0, -99.9999, 230.0002],
    [380.0001, -99.9998, 430.0002],
    [380.0, 100.0001, 430.0003],
];
const TAUGHT: [[f64; 3]; 5] = [
    [380.0001, 100.0001, 229.9998],
    [380.0, -99.9998, 229.9999],
    [580.0001, -99.9999, 429.9997],
    [580.0, 99.9999, 429.9993],
    [480.0, -0.0001, 329.9996],
];

/// What a tracker with its z axis down and its origin elsewhere writes for a robot that is off by
/// (0.03, -0.04, 0) mm at every judged pose, scattered about it by a few micrometres.
fn export(cycles: i32) -> String {
    let mut file = "No;X;Y;Z\n".replace(';', ",");
    let mut number = 0;
    let mut row = |[x, y, z]: [f64; 3]| {
        number += 1;
        // base = (-Y, -X, -Z) of the tracker + (1000, 500, 900)
        let own = [500.0 - y, 1000.0 - x, 900.0 - z];
        let cells = own.map(|v| format!("{v:.4}"));
        file += &format!("{number},{}\n", cells.join(","));
    };
    POINTS.into_iter().for_each(&mut row);
    for cycle in 0..cycles {
        for [x, y, z] in TAUGHT {
            let scatter = |a: i32, m: i32| f64::from(a * cycle % m - m / 2) * 1e-3;
            row([
                x + 0.03 + scatter(7, 13),
                y - 0.04 + scatter(11, 17),
                z + scatter(5, 19),
            ]);
        }
    }
    file
}

#[test]
fn a_robots_own_program_is_judged_from_what_a_tracker_exported() {
    let folder = certbench_tests::binary::Folder::new("pose-imported");
    let certbench = || Command::new(certbench_tests::binary::certbench());
    let suites = root().join("suites");
    let mut run = certbench();
    run.arg("run").arg(suites.join("pose-imported.suite.yaml"));
    run.arg("--bench")
        .arg(suites.join("benches/sim-external.bench.yaml"));
    run.arg("--job")
        .arg(suites.join("jobs/sim-external.job.yaml"));
    run.arg("--out").arg(folder.path());
    let done = output(run.args(["--yes", "--clock", "simulated"]));
    // Nothing is judged before the data are there.
    let said = String::from_utf8_lossy(&done.stderr).into_owned();
    assert_eq!(done.status.code(), Some(2), "{said}");
    let runs: Vec<_> = fs::read_dir(folder.path())
        .expect("runs")
        .flatten()
        .map(|e| e.path())
        .filter(|p| p.is_dir())
        .collect();
    let [record] = runs.as_slice() else {
        panic!("{runs:?}")
    };
    let file = folder.write("tracker.csv", &export(30));
    let mut import = certbench();
    import
        .arg("import")
        .arg(record)
        .arg(&file)
        .args(["--channel", "tcp_export", "--by", "Li Na"]);
    let done = output(&mut import);
    let said = [&done.stdout, &done.stderr]
        .map(|s| String::from_utf8_lossy(s).into_owned())
        .concat();
    assert_eq!(done.status.code(), Some(0), "{said}");
    let findings = Record(record.clone()).findings();
    let rows = findings["cases"][0]["findings"]
        .as_array()
        .expect("findings");
    let accuracy: Vec<f64> = rows
        .iter()
        .filter(|f| f["measure"] == "accuracy")
        .filter_map(|f| f["result"]["value"].as_f64())
        .collect();
    assert_eq!(accuracy.len(), 5);
    for ap in accuracy {
        // sqrt(0.03² + 0.04²) = 0.05 mm, give or take the mean of the scatter.
        assert!((ap - 0.05).abs() < 0.005, "{ap}");
    }
    let fit = &findings["registrations"][0]["fit"];
    assert!(
        fit["rms"]["value"].as_f64().expect("a residual") < 0.001,
        "{fit}"
    );
    let report = fs::read_to_string(record.join("report.en.html")).expect("a report");
    assert!(report.contains("best fit over 4 points of this run (r1, r2, r3, r4)"));
}
