//! Poses, loads and forces from samples to findings.

use crate::record::*;
use certbench_model::measure::Compare;
use certbench_model::*;

const COMMAND: [f64; 3] = [500.0, -200.0, 350.0];

/// The synthetic pose of the standards notes, 9.1.
fn scatter(j: i32) -> [f64; 3] {
    [(7 * j % 13) - 6, (11 * j % 17) - 8, (5 * j % 19) - 9].map(|i| 0.001 * f64::from(i))
}

fn stay(at: [f64; 3], readings: u32) -> Vec<(u16, f64, Reading)> {
    (0..readings)
        .map(|i| (TCP, 10.0 * f64::from(i), Reading::vector(&at)))
        .collect()
}

/// Thirty visits of p1, offset from its command; the tracker's frame is the base.
fn poses(metric: &str, limit: &str, offset: [f64; 3]) -> Record {
    let pose = Measure {
        per: Some("pose".into()),
        accept: at_most(limit),
        ..measure(metric, "visit", &[("position", "tcp")], 30)
    };
    let steps = vec![over_rows(
        "pose",
        "poses",
        &["p1"],
        vec![window("visit", &["tcp"])],
    )];
    let mut record = Record::with_case(case("pose", steps, vec![pose]));
    record.plan.tables.insert("poses".into(), rows(&["p1"]));
    record.pose("p1", [COMMAND[0], COMMAND[1], COMMAND[2], 0.0, 0.0, 0.0]);
    record.register_tracker();
    record.start("pose");
    let context = record.context(&[("pose", "p1")], 0);
    for j in 0..30 {
        let at = [0, 1, 2].map(|i| COMMAND[i] + scatter(j)[i] + offset[i]);
        record.window("visit", &context, &stay(at, 4));
    }
    record.finish(CaseEnd::Completed);
    record
}

const OFFSET: [f64; 3] = [0.012, -0.005, 0.020];

#[test]
fn accuracy_of_the_synthetic_pose_from_samples() {
    let findings = poses("iso9283-pose-accuracy", "0.1 mm", OFFSET).judge();
    let finding = only(&findings);
    let m = measured(finding);
    assert!((m.value - 0.02328652).abs() < 5e-9, "{}", m.value);
    assert_eq!((m.unit, m.n), (unit("mm"), 30));
    let x = finding.more.iter().find(|v| v.symbol == "AP_x").unwrap();
    assert!((x.value.value - 0.0117333).abs() < 5e-8);
    // Scatter, instrument (U 0.02, k 2) and registration (U 0.01, k 2).
    assert_eq!(m.budget.len(), 3);
    assert_eq!((m.budget[1].u, m.budget[2].u), (0.01, 0.005));
    assert_eq!(findings.verdict, Verdict::Pass);
    // The measuring system's U is nearly as large as the deviation: the standard's condition.
    assert_eq!(codes(&finding.reasons), ["iso9283-condition"]);
    assert_eq!(finding.subject.as_ref().unwrap().id, "p1");
    assert_eq!(finding.evidence.len(), 30);
    assert_eq!(finding.figures[0].series[0].points.len(), 30);
}

#[test]
fn a_suite_may_require_the_standards_condition() {
    let required = |offset| {
        let mut record = poses("iso9283-pose-accuracy", "1 mm", offset);
        let params = &mut record.plan.cases[0].measures[0].params;
        params.insert("condition".into(), ParamValue::Text("required".into()));
        record.judge().verdict
    };
    assert_eq!(required(OFFSET), Verdict::NotTested);
    assert_eq!(required([0.2, 0.0, 0.0]), Verdict::Pass);
}

#[test]
fn without_registration_accuracy_is_not_tested_and_repeatability_is() {
    let unregistered = |metric| {
        let mut record = poses(metric, "0.1 mm", OFFSET);
        record.plan.channels[usize::from(TCP)].registration = None;
        record.judge()
    };
    let accuracy = unregistered("iso9283-pose-accuracy");
    assert_eq!(accuracy.verdict, Verdict::NotTested);
    assert!(codes(&only(&accuracy).reasons).contains(&"no-registration"));
    let repeatability = unregistered("iso9283-pose-repeatability");
    assert_eq!(repeatability.verdict, Verdict::Pass);
}

#[test]
fn accuracy_in_another_frame_is_not_tested() {
    let mut record = poses("iso9283-pose-accuracy", "0.1 mm", OFFSET);
    record.plan.bench.poses.get_mut("p1").unwrap().frame = Some("table".into());
    let findings = record.judge();
    assert!(codes(&only(&findings).reasons).contains(&"frame-mismatch"));
    assert_eq!(findings.verdict, Verdict::NotTested);
}

#[test]
fn repeatability_of_the_synthetic_pose_from_samples() {
    let findings = poses("iso9283-pose-repeatability", "0.05 mm", OFFSET).judge();
    let m = measured(only(&findings));
    assert!((m.value - 0.01524205).abs() < 5e-9, "{}", m.value);
    // The systematic part cancels; a visit averages four readings of 0.002 mm of noise.
    assert!(
        (m.budget[1].u - 3.616088 * 0.001 / 2.0).abs() < 1e-9,
        "{:?}",
        m.budget
    );
    assert_eq!(findings.verdict, Verdict::Pass);
    assert_eq!(codes(&only(&findings).reasons), Vec::<&str>::new()); // 24 % of RP
}

#[test]
fn the_sphere_of_repeatability_is_drawn_as_a_closed_outline() {
    let findings = poses("iso9283-pose-repeatability", "0.05 mm", OFFSET).judge();
    let finding = only(&findings);
    let rp = measured(finding).value;
    for figure in &finding.figures {
        let outline = &figure.series.last().unwrap().points;
        assert!(outline.len() > 12 && outline.first() == outline.last());
        assert!(
            outline
                .iter()
                .all(|p| (p[0].hypot(p[1]) - rp).abs() < 1e-12)
        );
    }
    assert_eq!(finding.figures.len(), 2);
}

#[test]
fn the_instruments_own_noise_looks_like_repeatability() {
    let mut record = poses("iso9283-pose-repeatability", "0.05 mm", OFFSET);
    let tracker = record.plan.channels[usize::from(TCP)]
        .calibration
        .as_mut()
        .unwrap();
    tracker.noise = Some(0.008); // 0.004 mm of a visit's mean: 95 % of this RP (9.4)
    let findings = record.judge();
    let share = only(&findings)
        .more
        .iter()
        .find(|v| v.symbol == "U_ms")
        .unwrap();
    assert!((share.value.value - 94.9).abs() < 0.05, "{share:?}");
    assert!(codes(&only(&findings).reasons).contains(&"iso9283-condition"));
}

#[test]
fn an_unknown_noise_is_taken_as_the_whole_uncertainty() {
    let mut record = poses("iso9283-pose-repeatability", "0.05 mm", OFFSET);
    record.plan.channels[usize::from(TCP)]
        .calibration
        .as_mut()
        .unwrap()
        .noise = None;
    let m = measured(only(&record.judge())).clone();
    assert!((m.budget[1].u - 3.616088 * 0.01 / 2.0).abs() < 1e-8);
}

#[test]
fn a_pose_that_was_visited_too_rarely_is_not_tested() {
    let mut record = poses("iso9283-pose-repeatability", "0.05 mm", OFFSET);
    record.plan.cases[0].measures[0].n_planned = 31;
    assert_eq!(record.judge().verdict, Verdict::NotTested);
}

#[test]
fn poses_are_never_pooled() {
    let mut record = poses("iso9283-pose-repeatability", "0.05 mm", OFFSET);
    record.plan.cases[0].steps = vec![over_rows(
        "pose",
        "poses",
        &["p1", "p2"],
        vec![window("visit", &["tcp"])],
    )];
    let findings = record.judge();
    assert_eq!(findings.cases[0].findings.len(), 2);
    let p2 = &findings.cases[0].findings[1];
    assert_eq!(
        (p2.verdict, p2.result.is_none()),
        (Verdict::NotTested, true)
    );
}

#[test]
fn droop_is_the_difference_of_two_stays() {
    let mut droop = measure("payload-droop", "unloaded", &[("position", "tcp")], 1);
    droop.over = [
        ("unloaded".to_string(), "unloaded".to_string()),
        ("loaded".to_string(), "loaded".to_string()),
    ]
    .into();
    droop.accept = at_most("3 mm");
    let steps = vec![window("unloaded", &["tcp"]), window("loaded", &["tcp"])];
    let mut record = Record::with_case(case("load", steps, vec![droop]));
    record.start("load");
    let context = record.context(&[], 0);
    record.window("unloaded", &context, &stay([900.0, 0.0, 400.0], 50));
    record.window("loaded", &context, &stay([900.3, 0.4, 398.8], 50));
    record.finish(CaseEnd::Completed);
    let findings = record.judge();
    let m = measured(only(&findings));
    assert!((m.value - 1.3).abs() < 1e-9, "{}", m.value);
    assert!((m.budget[1].u - 0.01 * 2f64.sqrt()).abs() < 1e-12);
    assert_eq!(findings.verdict, Verdict::Pass);
    let z = only(&findings)
        .more
        .iter()
        .find(|v| v.symbol == "d_z")
        .unwrap();
    assert!((z.value.value + 1.2).abs() < 1e-9);
}

fn hold(creep_mm_per_s: f64, limit: &str) -> Findings {
    let mut drift = measure("hold-drift", "hold", &[("position", "tcp")], 1);
    drift.accept = at_most(limit);
    let steps = vec![window("hold", &["tcp"])];
    let mut record = Record::with_case(case("hold", steps, vec![drift]));
    record.start("hold");
    let context = record.context(&[], 0);
    let samples: Vec<_> = (0..=500)
        .map(|i| {
            let t = 0.01 * f64::from(i);
            (
                TCP,
                1_000.0 * t,
                Reading::vector(&[900.0, 0.0, 400.0 - creep_mm_per_s * t]),
            )
        })
        .collect();
    record.window("hold", &context, &samples);
    record.finish(CaseEnd::Completed);
    record.judge()
}

#[test]
fn a_creeping_arm_drifts_by_what_lies_between_the_means_of_its_ends() {
    let findings = hold(0.1, "0.5 mm");
    let m = measured(only(&findings));
    // 5 s at 0.1 mm/s; means over half a second lie 4.5 s apart.
    assert!((m.value - 0.45).abs() < 1e-9, "{}", m.value);
    let more = |symbol: &str| {
        only(&findings)
            .more
            .iter()
            .find(|v| v.symbol == symbol)
            .unwrap()
            .value
    };
    assert!((more("v").value - 6.0).abs() < 1e-9);
    assert_eq!(more("v").unit, unit("mm/min"));
    assert!((more("t").value - 5.0).abs() < 1e-9);
    assert_eq!(hold(0.3, "0.5 mm").verdict, Verdict::Fail);
    assert_eq!(hold(0.05, "0.5 mm").verdict, Verdict::Pass);
}

/// A rise to `peak` within half a second, at 100 Hz.
fn push(peak: f64) -> Vec<(u16, f64, Reading)> {
    (0..100)
        .map(|i| {
            let t = f64::from(i) / 100.0;
            (
                FORCE,
                1_000.0 * t,
                Reading::scalar(peak * (t / 0.5).min(1.0)),
            )
        })
        .collect()
}

fn pushes(peaks: &[f64], params: &[(&str, ParamValue)], accept: Option<Accept>) -> Findings {
    let mut force = measure(
        "peak-force",
        "push",
        &[("channel", "force")],
        peaks.len() as u32,
    );
    force.params = params
        .iter()
        .map(|(k, v)| (k.to_string(), v.clone()))
        .collect();
    force.accept = accept;
    let mut record = Record::with_case(case("push", vec![window("push", &["force"])], vec![force]));
    record.start("push");
    let context = record.context(&[], 0);
    for peak in peaks {
        record.window("push", &context, &push(*peak));
    }
    record.finish(CaseEnd::Completed);
    record.judge()
}

fn text(word: &str) -> ParamValue {
    ParamValue::Text(word.into())
}

/// f1 of the standards notes, 9.6.
const F1: [f64; 10] = [12.1, 12.4, 11.9, 12.3, 12.0, 12.2, 12.5, 11.8, 12.1, 12.3];

#[test]
fn ten_pushes_have_their_mean_and_a_tolerance_bound() {
    let findings = pushes(
        &F1,
        &[("filter", text("none"))],
        at_least(Compare::Bound, "11 N"),
    );
    let m = measured(only(&findings));
    assert!((m.value - 12.16).abs() < 1e-9);
    // 95 / 95 bound of ten values: mean - 2.9110 s.
    assert!(
        (m.bound.unwrap() - (12.16 - 2.9110 * 0.222111)).abs() < 2e-5,
        "{:?}",
        m.bound
    );
    // The bound lacks what the instrument adds: the guard holds that and nothing else.
    let decision = only(&findings).decision.as_ref().unwrap();
    assert!((0.2..0.21).contains(&decision.guard), "{decision:?}");
    assert_eq!(findings.verdict, Verdict::Pass);
    assert_eq!(only(&findings).figures[0].events[0].name.en, "peak");
}

#[test]
fn least_and_largest_are_of_these_pushes_only() {
    for (word, value) in [("least", 11.8), ("largest", 12.5)] {
        let params = [("filter", text("none")), ("summary", text(word))];
        let findings = pushes(&F1, &params, at_least(Compare::Estimate, "5 N"));
        assert!((measured(only(&findings)).value - value).abs() < 1e-9);
        assert!(only(&findings).estimand.en.contains("of these 10 peaks"));
        assert!(
            measured(only(&findings))
                .budget
                .iter()
                .all(|l| l.type_ab == "B")
        );
    }
}

#[test]
fn a_filter_belongs_to_the_number() {
    let mut record_params = vec![
        ("filter", text("butterworth")),
        ("cutoff", ParamValue::Quantity(quantity("10 Hz"))),
    ];
    let filtered = pushes(
        &[20.0, 20.0],
        &record_params,
        at_least(Compare::Estimate, "10 N"),
    );
    let m = measured(only(&filtered));
    assert!((m.value - 20.0).abs() < 1.0, "{}", m.value);
    assert_eq!(filtered.verdict, Verdict::Pass);
    record_params[1].1 = ParamValue::Quantity(quantity("80 Hz")); // above half the rate
    let refused = pushes(
        &[20.0, 20.0],
        &record_params,
        at_least(Compare::Estimate, "10 N"),
    );
    assert_eq!(refused.verdict, Verdict::NotTested);
    assert!(codes(&only(&refused).reasons).contains(&"parameter"));
}

#[test]
fn a_single_push_has_no_scatter_and_so_no_verdict_on_a_mean() {
    let one = pushes(
        &[20.0],
        &[("filter", text("none"))],
        at_least(Compare::Estimate, "10 N"),
    );
    assert_eq!(one.verdict, Verdict::NotTested);
    assert!(codes(&only(&one).reasons).contains(&"uncertainty-unknown"));
}

#[test]
fn rows_that_a_plan_writes_out_one_by_one_are_all_judged() {
    let measure = Measure {
        per: Some("pose".into()),
        ..measure("hold-drift", "visit", &[("position", "tcp")], 1)
    };
    let each = ["p1", "p2"];
    let row = |id| over_rows("pose", "poses", &[id], vec![window("visit", &["tcp"])]);
    let steps = each.map(row).to_vec();
    let mut record = Record::with_case(case("pose", steps, vec![measure]));
    record.plan.tables.insert("poses".into(), rows(&each));
    record.start("pose");
    record.finish(CaseEnd::Completed);
    let findings = record.judge();
    let subjects = findings.cases[0].findings.iter().map(|f| &f.subject);
    let ids: Vec<_> = subjects.map(|s| s.as_ref().unwrap().id.as_str()).collect();
    assert_eq!(ids, each);
}
