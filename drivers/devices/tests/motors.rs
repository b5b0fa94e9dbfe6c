//! What joint motors have of their own, against their simulators, in simulated time.

mod bench;

use bench::{Bench, plan};
use certbench_model::FaultKind;
use certbench_model::plan::{JointLimit, SafeState};
use certbench_roles::{JointMove, Trouble};
use serde_json::{Value, json};

fn enabled(driver: &str, options: &Value, deg: f64, deg_per_s: f64) -> Bench {
    let mut plan = plan(driver, options, Some(SafeState::Hold));
    plan.limits.joints = vec![JointLimit {
        joint: "j1".into(),
        deg_min: -deg,
        deg_max: deg,
        deg_per_s_max: deg_per_s,
    }];
    let bench = Bench::new(&json!({}), &[plan]);
    bench.device(driver).identify().unwrap();
    bench.start(driver, &["position", "temperature", "driver-temperature"]);
    bench.pass(300);
    bench.device(driver).power().unwrap().enable().unwrap();
    bench.pass(300);
    bench
}

fn begin(bench: &Bench, driver: &str, deg: f64, deg_per_s: f64) -> Result<(), Trouble> {
    let motion = JointMove {
        targets_deg: vec![(0, deg)],
        deg_per_s,
    };
    bench.device(driver).joints().unwrap().begin(&motion)
}

/// Options under which each gives up by itself, and what it is called.
fn watched() -> [(&'static str, Value, &'static str); 3] {
    [
        ("damiao-dm", json!({}), "lost-communication"),
        ("robstride", json!({}), "lost-power"),
        ("odrive-can", json!({ "watchdog": "set" }), "watchdog"),
    ]
}

#[test]
fn a_motor_that_this_computer_forgot_is_not_to_blame() {
    for (driver, options, _) in watched() {
        let bench = enabled(driver, &options, 90.0, 60.0);
        bench.lease.revoke();
        bench.pass(2000);
        bench.lease.renew(u64::MAX);
        bench.pass(1000);
        let news = bench.news();
        assert!(
            matches!(news.as_slice(), [Trouble::Fault(FaultKind::Harness, _)]),
            "{driver}: {news:?}"
        );
        bench.close();
    }
}

#[test]
fn a_watchdog_that_was_tried_on_purpose_is_the_motors_event() {
    for (driver, options, code) in watched() {
        let bench = enabled(driver, &options, 90.0, 60.0);
        let joints = bench.device(driver).joints().unwrap();
        joints.withhold_heartbeat(true).unwrap();
        bench.pass(2000);
        joints.withhold_heartbeat(false).unwrap();
        bench.pass(1000);
        let news = bench.news();
        let told = matches!(news.as_slice(), [Trouble::Event { code: told, .. }] if told == code);
        assert!(told, "{driver}: {news:?}");
        bench.close();
    }
}

/// DM4310: 12.5 rad are 716 degrees, 30 rad/s are 1719 degrees per second; both read from the motor.
#[test]
fn what_the_motor_says_of_its_ranges_is_a_limit_too() {
    let bench = enabled("damiao-dm", &json!({}), 1000.0, 5000.0);
    for (deg, deg_per_s) in [(717.0, 60.0), (-717.0, 60.0), (10.0, 1720.0)] {
        let refused = begin(&bench, "damiao-dm", deg, deg_per_s);
        assert!(
            matches!(refused, Err(Trouble::Refused(_))),
            "{deg} deg, {deg_per_s} deg/s: {refused:?}"
        );
    }
    begin(&bench, "damiao-dm", 10.0, 1700.0).unwrap();
    bench.close();
}

#[test]
fn motor_and_power_stage_have_a_temperature_each() {
    for driver in ["damiao-dm", "odrive-can"] {
        let bench = enabled(driver, &json!({}), 90.0, 60.0);
        let (motor, driver_stage) = (bench.last(1), bench.last(2));
        assert!((20.0..30.0).contains(&motor[0]), "{driver}: {motor:?}");
        assert!(driver_stage[0] > motor[0], "{driver}: {driver_stage:?}");
        bench.close();
    }
}

#[test]
fn motors_that_do_not_answer_are_named_and_nothing_is_made_up() {
    for (driver, name) in [("damiao-dm", "motor 1"), ("odrive-can", "axis 0")] {
        let bench = enabled(driver, &json!({}), 90.0, 60.0);
        bench.fault(driver, certbench_sim::config::FaultKind::Silence);
        bench.pass(200);
        bench.readings(0);
        bench.pass(500);
        assert_eq!(bench.readings(0), [], "{driver}");
        let news = bench.news();
        let told = |told: &Trouble| matches!(told, Trouble::Fault(FaultKind::Unattributable, text) if text.contains(name));
        assert!(news.iter().any(told), "{driver}: {news:?}");
        bench.close();
    }
}
