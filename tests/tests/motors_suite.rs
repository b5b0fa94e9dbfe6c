//! Joint motors and a CANopen box on CAN buses, a whole run on the shipped bench.

use certbench_model::finding::Value;
use certbench_model::{EventBody, RunEnd};
use certbench_sim::config::{FaultConfig, FaultKind};
use certbench_tests::simulated::{Papers, shipped};

/// The shipped bench under a suite of one joint.
fn papers() -> Papers {
    let targets = include_str!("../suites/tables/targets.yaml");
    let bench = shipped("benches/sim-motors.bench.yaml");
    Papers::new(include_str!("../suites/motors.suite.yaml"), &bench)
        .with_file("tables/targets.yaml", targets)
        .file("jobs/sim-motors.job.yaml")
}

#[test]
fn a_joint_motor_goes_where_it_is_sent_under_a_watch_on_a_canopen_box() {
    let played = papers().play();
    assert_eq!(played.end, RunEnd::Completed, "{:?}", played.faults());
    let findings = played.findings.cases.iter().flat_map(|case| &case.findings);
    let accuracy = findings
        .into_iter()
        .find(|finding| finding.measure == "accuracy")
        .and_then(|finding| finding.result.as_ref());
    let Some(Value::Quantity(accuracy)) = accuracy else {
        panic!("{:?}", played.findings.reasons)
    };
    assert!((0.0..1.0).contains(&accuracy.value), "{}", accuracy.value);
    assert_eq!(played.device_events(), [] as [String; 0]);
    assert!(played.at_rest);
}

#[test]
fn a_box_that_falls_silent_stops_the_motors_and_is_blamed_on_nobody() {
    let silent = FaultConfig {
        at_s: Some(6.0),
        ..FaultConfig::now("io", FaultKind::Silence)
    };
    let played = papers().fault(&silent).play();
    assert_ne!(played.end, RunEnd::Completed);
    let halted = |event: &&EventBody| matches!(event, EventBody::Halted { .. });
    assert!(
        played.events().find(halted).is_some(),
        "the motors are halted"
    );
    assert!(!played.faults().is_empty());
    assert_eq!(
        played.device_events(),
        [] as [String; 0],
        "nobody is blamed"
    );
    assert!(played.at_rest);
}
