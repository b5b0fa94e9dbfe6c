//! Chains of servos against their simulators, in simulated time.

mod bench;

use bench::{Bench, plan};
use certbench_model::plan::{DevicePlan, JointLimit, SafeState};
use certbench_roles::{JointMove, Progress, Trouble};
use certbench_sim::config::FaultKind;
use serde_json::{Value, json};

const CHAINS: [(&str, usize); 9] = [
    ("dynamixel", 3),
    ("leap-hand", 16),
    ("feetech-sts", 3),
    ("damiao-dm", 3),
    ("robstride", 3),
    ("xiaomi-cybergear", 3),
    ("cubemars-servo", 3),
    ("cubemars-mit", 3),
    ("odrive-can", 3),
];

fn limited(driver: &str, joints: usize, options: &Value, safe_state: SafeState) -> DevicePlan {
    let mut plan = plan(driver, options, Some(safe_state));
    let limit = |n: usize| JointLimit {
        joint: format!("j{n}"),
        deg_min: -100.0,
        deg_max: 100.0,
        deg_per_s_max: 120.0,
    };
    plan.limits.joints = (1..=joints).map(limit).collect();
    plan
}

fn enabled(driver: &str, joints: usize, options: &Value, safe_state: SafeState) -> Bench {
    let bench = Bench::new(&json!({}), &[limited(driver, joints, options, safe_state)]);
    let identity = bench.device(driver).identify().unwrap();
    assert!(
        identity.serial.is_some() || identity.label_needed.contains(&"serial".to_owned()),
        "{identity:?}"
    );
    let position = match driver {
        "leap-hand" => "position-index",
        _ => "position",
    };
    bench.start(driver, &[position]);
    bench.pass(200);
    bench.device(driver).power().unwrap().enable().unwrap();
    bench.pass(100);
    bench
}

fn angles(bench: &Bench, driver: &str) -> Vec<f64> {
    bench
        .device(driver)
        .joints()
        .unwrap()
        .positions_deg()
        .unwrap()
}

fn to(joint: usize, deg: f64, deg_per_s: f64) -> JointMove {
    JointMove {
        targets_deg: vec![(joint, deg)],
        deg_per_s,
    }
}

fn begin(bench: &Bench, driver: &str, motion: &JointMove) -> Result<(), Trouble> {
    bench.device(driver).joints().unwrap().begin(motion)
}

fn ends(bench: &Bench, driver: &str) -> Progress {
    for _ in 0..500 {
        bench.pass(10);
        match bench.device(driver).joints().unwrap().progress().unwrap() {
            Progress::Moving => (),
            over => return over,
        }
    }
    Progress::Moving
}

#[test]
fn joints_go_where_they_are_sent_and_the_others_stay() {
    for (driver, joints) in CHAINS {
        let bench = enabled(driver, joints, &json!({}), SafeState::Hold);
        let before = angles(&bench, driver);
        assert!(
            before.iter().all(|deg| deg.abs() < 0.1),
            "enabling moves nothing: {before:?}"
        );
        let motion = JointMove {
            targets_deg: vec![(0, 45.0), (2, -30.0)],
            deg_per_s: 90.0,
        };
        begin(&bench, driver, &motion).unwrap();
        bench.pass(250);
        let halfway = angles(&bench, driver);
        assert!((10.0..35.0).contains(&halfway[0]), "{driver}: {halfway:?}");
        assert_eq!(ends(&bench, driver), Progress::Settled, "{driver}");
        let there = angles(&bench, driver);
        assert_eq!(there.len(), joints);
        let near = |joint: usize, deg: f64| (there[joint] - deg).abs() < 0.1;
        assert!(
            near(0, 45.0) && near(1, 0.0) && near(2, -30.0),
            "{driver}: {there:?}"
        );
        assert!((bench.last(0)[0] - 45.0).abs() < 0.1, "{driver}");
        assert_eq!(bench.news(), [], "{driver}");
        bench.close();
    }
}

#[test]
fn a_halt_holds_where_it_is_or_takes_the_torque() {
    for (driver, joints) in CHAINS {
        for safe_state in [SafeState::Hold, SafeState::TorqueOff] {
            let bench = enabled(driver, joints, &json!({}), safe_state);
            begin(&bench, driver, &to(0, 90.0, 60.0)).unwrap();
            bench.pass(500);
            let halt = bench.device(driver).halt().unwrap();
            halt.halt().unwrap();
            bench.pass(400);
            assert_eq!(halt.confirmed().unwrap(), Some(true), "{driver}");
            let stood = angles(&bench, driver);
            assert!((20.0..45.0).contains(&stood[0]), "{driver}: {stood:?}");
            bench.pass(1000);
            assert_eq!(angles(&bench, driver), stood, "{driver}");
            assert_eq!(ends(&bench, driver), Progress::Stopped, "{driver}");
            bench.close();
        }
    }
}

#[test]
fn limits_of_bench_and_servo_hold_before_a_command_leaves() {
    for (driver, joints) in CHAINS {
        let bench = enabled(driver, joints, &json!({}), SafeState::Hold);
        for refused in [
            to(0, 100.5, 30.0),
            to(0, 10.0, 121.0),
            to(99, 0.0, 30.0),
            to(0, f64::NAN, 30.0),
            to(0, 10.0, 0.0),
            to(0, 10.0, f64::NAN),
        ] {
            let begun = begin(&bench, driver, &refused);
            assert!(
                matches!(begun, Err(Trouble::Refused(_))),
                "{driver}: {refused:?}"
            );
        }
        bench.pass(300);
        assert!(angles(&bench, driver)[0].abs() < 0.1, "{driver}");
        bench.close();
    }
}

#[test]
fn a_chain_that_is_not_powered_is_not_moved() {
    for (driver, joints) in CHAINS {
        let plan = limited(driver, joints, &json!({}), SafeState::Hold);
        let bench = Bench::new(&json!({}), &[plan]);
        bench.device(driver).identify().unwrap();
        bench.start(driver, &[]);
        bench.pass(100);
        let begun = begin(&bench, driver, &to(0, 10.0, 30.0));
        assert!(
            matches!(begun, Err(Trouble::Refused(_))),
            "{driver}: {begun:?}"
        );
        bench.close();
    }
}

/// The simulated servos stop by their own watchdog, and take no goal until they are recovered.
#[test]
fn a_bus_that_is_not_fed_stops_by_itself() {
    for (driver, joints, watchdog) in [
        ("dynamixel", 3, "bus_watchdog"),
        ("leap-hand", 16, "bus_watchdog"),
        ("damiao-dm", 3, "can_timeout"),
        ("robstride", 3, "can_timeout"),
    ] {
        let options = json!({ watchdog: "200 ms" });
        for by_lease in [true, false] {
            let bench = enabled(driver, joints, &options, SafeState::Hold);
            begin(&bench, driver, &to(0, 90.0, 60.0)).unwrap();
            bench.pass(300);
            let withhold = |yes| {
                bench
                    .device(driver)
                    .joints()
                    .unwrap()
                    .withhold_heartbeat(yes)
            };
            match by_lease {
                true => bench.lease.revoke(),
                false => withhold(true).unwrap(),
            }
            bench.pass(2000);
            bench.lease.renew(u64::MAX);
            withhold(false).unwrap();
            bench.pass(100);
            let stood = angles(&bench, driver);
            // 300 ms at 60 deg/s, and at most 200 ms more
            assert!((15.0..33.0).contains(&stood[0]), "{driver}: {stood:?}");
            bench.device(driver).power().unwrap().recover().unwrap();
            begin(&bench, driver, &to(0, 0.0, 60.0)).unwrap();
            assert_eq!(ends(&bench, driver), Progress::Settled, "{driver}");
            bench.close();
        }
    }
}

#[test]
fn a_chain_without_a_watchdog_says_so() {
    let bench = enabled("feetech-sts", 3, &json!({}), SafeState::Hold);
    let joints = bench.device("feetech-sts").joints().unwrap();
    assert!(matches!(
        joints.withhold_heartbeat(true),
        Err(Trouble::Refused(_))
    ));
    bench.close();
}

#[test]
fn a_silent_line_is_nobodys_fault_and_noise_is_no_angle() {
    for (driver, joints) in CHAINS {
        let bench = enabled(driver, joints, &json!({}), SafeState::Hold);
        bench.fault(driver, FaultKind::Truncated);
        bench.pass(500);
        bench.simulation.repair(driver);
        bench.pass(300);
        let seen: Vec<f64> = bench
            .readings(0)
            .iter()
            .filter_map(|r| r.component(0))
            .collect();
        assert!(
            !seen.is_empty() && seen.iter().all(|deg| deg.abs() < 0.1),
            "{driver}: {seen:?}"
        );
        bench.fault(driver, FaultKind::Silence);
        bench.pass(2000);
        let nobodys = |told: &Trouble| {
            matches!(
                told,
                Trouble::Fault(certbench_model::FaultKind::Unattributable, _)
            )
        };
        assert!(
            bench.news().iter().any(nobodys),
            "{driver}: {:?}",
            bench.news()
        );
        let known = bench.device(driver).joints().unwrap().positions_deg();
        assert!(known.is_err(), "{driver}: {known:?}");
        bench.close();
    }
}
