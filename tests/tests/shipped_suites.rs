//! The four shipped suites on the simulated clock: what is measured, held against what is true of the
//! simulated devices.

use certbench_model::finding::{Finding, Measured, Proportion, Value};
use certbench_model::{RunEnd, Verdict};
use certbench_sim::config::{FaultConfig, FaultKind, Trigger};
use certbench_tests::simulated::{Papers, Played};

fn findings<'a>(played: &'a Played, measure: &'a str) -> impl Iterator<Item = &'a Finding> {
    let all = played.findings.cases.iter().flat_map(|c| &c.findings);
    all.filter(move |f| f.measure == measure)
}

fn quantity(finding: &Finding) -> (&Measured, f64) {
    match &finding.result {
        Some(Value::Quantity(q)) => (q, q.u_expanded.expect("an uncertainty")),
        other => panic!("{}: {other:?} {:?}", finding.measure, finding.reasons),
    }
}

fn proportion(finding: &Finding) -> &Proportion {
    match &finding.result {
        Some(Value::Proportion(p)) => p,
        other => panic!("{}: {other:?} {:?}", finding.measure, finding.reasons),
    }
}

/// The measured value is true within its own uncertainty, and the uncertainty is not a blanket.
#[track_caller]
fn agrees(finding: &Finding, truth: f64, u_most: f64) {
    let (measured, u) = quantity(finding);
    let off = measured.value - truth;
    let what = format!(
        "{} {:?}: {} ± {u}, truly {truth}",
        finding.measure,
        finding.subject.as_ref().map(|s| &s.id),
        measured.value
    );
    assert!(off.abs() <= u && u <= u_most, "{what}");
}

/// A stop is judged by the worst that it can have been: the truth lies below the value, by no more than the
/// width that its budget holds (rectangular, `width = sqrt(12) u`), and by little.
#[track_caller]
fn covers(finding: &Finding, truth: f64, most: f64) {
    let (measured, u) = quantity(finding);
    let width = 12f64.sqrt() * u / measured.k.unwrap_or(2.0);
    let row = finding.subject.as_ref().map(|s| &s.id);
    let what = format!(
        "{} {row:?}: {}, wide {width}, truly {truth}",
        finding.measure, measured.value
    );
    let over = measured.value - truth;
    assert!((0.0..=width).contains(&over) && width <= most, "{what}");
}

fn apart(a: [f64; 3], b: [f64; 3]) -> f64 {
    let squares = a.iter().zip(b).map(|(a, b)| (a - b).powi(2));
    squares.sum::<f64>().sqrt()
}

#[test]
fn payload_measures_the_true_droop_and_drift() {
    let played = Papers::shipped("payload", "arm").play();
    assert_eq!(
        (played.end, played.findings.verdict),
        (RunEnd::Completed, Verdict::Pass),
        "{:?}",
        played.findings.reasons
    );
    let at = |window: &str| {
        played
            .stays
            .iter()
            .find(|s| s.window == window)
            .unwrap()
            .tcp_mm
    };
    let droop = findings(&played, "droop").next().unwrap();
    agrees(droop, apart(at("unloaded"), at("loaded")), 0.2);
    let drift = findings(&played, "drift").next().unwrap();
    agrees(drift, apart(at("loaded"), at("hold")), 0.2);
}

#[test]
fn repeatability_measures_the_true_scatter_and_offset() {
    let papers = Papers::shipped("repeatability", "arm").set("cycles=10");
    let played = papers.play();
    assert_eq!(played.end, RunEnd::Completed, "{:?}", played.faults());
    assert_eq!(
        played.findings.verdict,
        Verdict::NotTested,
        "10 of 30 carries no verdict"
    );
    let visits = |pose: &str| -> Vec<[f64; 3]> {
        let of_pose = played
            .stays
            .iter()
            .filter(|s| s.scope.variables.get("pose").is_some_and(|p| p == pose));
        of_pose.map(|s| s.tcp_mm).collect()
    };
    for (measure, u_most) in [("accuracy", 0.2), ("repeatability", 0.2)] {
        let mut rows = 0;
        for finding in findings(&played, measure) {
            rows += 1;
            let pose = &finding.subject.as_ref().unwrap().id;
            let visits = visits(pose);
            assert_eq!(visits.len(), 10, "{pose}");
            let n = visits.len() as f64;
            let centre = [0, 1, 2].map(|axis| visits.iter().map(|v| v[axis]).sum::<f64>() / n);
            let truth = if measure == "accuracy" {
                let commanded = played.facts.plan.bench.poses[pose].tcp.unwrap();
                apart(centre, [commanded[0], commanded[1], commanded[2]])
            } else {
                let distances: Vec<f64> = visits.iter().map(|v| apart(*v, centre)).collect();
                let mean = distances.iter().sum::<f64>() / n;
                let squares = distances.iter().map(|d| (d - mean).powi(2));
                mean + 3.0 * (squares.sum::<f64>() / (n - 1.0)).sqrt()
            };
            agrees(finding, truth, u_most);
        }
        assert_eq!(rows, 5);
    }
}

#[test]
fn grasp_success_counts_what_the_hand_truly_held() {
    // wet skin: what is heavy for its friction slips out
    for friction in ["0.45", "0.06"] {
        let papers = Papers::shipped("grasp-success", "hand")
            .set("trials_per_object=2")
            .bench_with("friction: 0.45", &format!("friction: {friction}"));
        let played = papers.play();
        assert_eq!(played.end, RunEnd::Completed);
        let total = proportion(findings(&played, "success-rate").next().unwrap());
        let lost = played
            .log
            .iter()
            .filter(|h| h.what == "object lost")
            .count();
        assert_eq!(
            (total.n, total.n as usize - total.k as usize),
            (12, lost),
            "friction {friction}"
        );
        let by_object: Vec<_> = findings(&played, "success-by-object")
            .map(proportion)
            .collect();
        assert_eq!(by_object.len(), 6);
        assert_eq!(by_object.iter().map(|p| p.k).sum::<u32>(), total.k);
    }
}

#[test]
fn safety_stops_measure_the_true_stopping_time_and_distance() {
    let played = Papers::shipped("safety-stops", "arm")
        .set("repeats=1")
        .play();
    assert_eq!(played.end, RunEnd::Completed);
    let stop = &played.truth["arm"]["parameters"]["stop"];
    let (reaction_s, decel) = (
        stop["reaction_ms"].as_f64().unwrap() / 1000.0,
        stop["decel_deg_s2"].as_f64().unwrap(),
    );
    let stops: Vec<_> = played
        .log
        .iter()
        .filter(|h| h.what == "emergency stop")
        .collect();
    assert_eq!(stops.len(), 3);
    let (times, distances) = (
        findings(&played, "stop-time"),
        findings(&played, "stop-distance"),
    );
    for ((time, distance), stop) in times.zip(distances).zip(stops) {
        // the controller sees the contact so much later
        let contact_s = stop.t_s - reaction_s;
        // It stands, the brakes take the load over, and the arm sinks into their play: that is motion too.
        let around = stop.t_s..stop.t_s + 0.5;
        let mut rests = played.log.iter().filter(|h| h.what == "arm at rest");
        let last = rests.rfind(|h| around.contains(&h.t_s)).unwrap();
        covers(time, 1000.0 * (last.t_s - contact_s), 40.0);
        // the arc at constant speed, then at constant deceleration, about axis 1
        let deg_per_s = stop.detail["joint_deg_per_s"][0].as_f64().unwrap();
        let deg = deg_per_s * reaction_s + deg_per_s.powi(2) / (2.0 * decel);
        let stay = played
            .stays
            .iter()
            .find(|s| s.window == "stopping")
            .unwrap()
            .tcp_mm;
        let radius = stay[0].hypot(stay[1]);
        let travelled = 2.0 * radius * (deg / 2.0).to_radians().sin();
        // as long as the contact's instant is in doubt, the arm goes on at its speed
        let mm_per_s = radius * deg_per_s.to_radians();
        covers(distance, travelled, 0.04 * mm_per_s);
    }
    for category in findings(&played, "stop-category") {
        let result = &category.result;
        let first = matches!(result, Some(Value::Attribute { yes: true, .. }));
        assert!(first, "{result:?} {:?}", category.reasons);
    }
}

/// An instrument that drifts while the item is good: the check at the end of each case takes the item's part.
#[test]
fn a_drifting_instrument_fails_no_item() {
    let drift = |device, rate| FaultConfig {
        on: Some(if device == "gauge" {
            Trigger::Grasped
        } else {
            Trigger::Moving
        }),
        rate_per_s: Some(rate),
        ..FaultConfig::now(device, FaultKind::Drift)
    };
    let tracker = drift("tracker", 0.1);
    let gauge = drift("gauge", 0.05);
    for (suite, item, set, fault) in [
        ("payload", "arm", "hold_time=10 s", &tracker),
        ("repeatability", "arm", "cycles=10", &tracker),
        ("safety-stops", "arm", "repeats=1", &tracker),
        ("grasp-success", "hand", "trials_per_object=1", &gauge),
    ] {
        let played = Papers::shipped(suite, item).set(set).fault(fault).play();
        assert_eq!(played.findings.verdict, Verdict::NotTested, "{suite}");
        assert_eq!(played.device_events(), [""; 0], "{suite}");
        let faults = played.faults();
        let checked = |(_, text): &(_, String)| text.contains("check: the mean of");
        assert!(
            faults.iter().all(checked) && !faults.is_empty(),
            "{suite}: {faults:?}"
        );
    }
}
