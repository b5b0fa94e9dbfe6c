//! Every instrument against its simulator, in simulated time: the same force, the same target.

mod bench;

use bench::{Bench, plan};
use certbench_model::{Invalid, Reading};
use certbench_roles::Trouble;
use certbench_sim::config::FaultKind;
use serde_json::{Value, json};

/// A block of 2 kg on the support under which the gauges are: 19.6133 N by standard gravity. The
/// instruments of the world are without error here, so that only the wire and the units are tried.
fn block() -> Value {
    json!({
        "hand": { "mount": "block", "objects": { "block": { "mass_kg": 2.0, "width_mm": 40.0, "friction": 0.5 } } },
        "gauge": { "noise_n": 0.0, "zero_n": 0.0, "gain_error": 0.0, "capacity_n": 250.0, "decimals": 3 },
    })
}

const WEIGHT_N: f64 = 2.0 * 9.80665;

/// Component of the signal that shows the block, its driver and options, and the least count in N.
const FORCES: [(&str, &str, usize, f64); 6] = [
    ("mt-sics-scale", "force", 0, 1e-4),
    ("imada-gauge", "force", 0, 1e-3),
    ("ascii-instrument", "force", 0, 1e-3),
    ("hbm-aed", "force", 0, 1e-3),
    ("robotiq-ft300", "wrench", 2, 1e-2),
    ("bota-serial", "wrench", 2, 1e-4),
];

fn options(driver: &str) -> Value {
    match driver {
        "ascii-instrument" => json!({ "ask": "READ?", "overload": "OVER" }),
        "ild1420" => json!({ "range": "100 mm" }),
        "imada-gauge" | "robotiq-ft300" => json!({ "baud": 115_200 }),
        _ => json!({}),
    }
}

#[test]
fn every_force_instrument_weighs_the_same_block() {
    for (driver, signal, component, count_n) in FORCES {
        let bench = Bench::new(&block(), &[plan(driver, &options(driver), None)]);
        bench.pass(500);
        let identity = bench.device(driver).identify().unwrap();
        assert!(identity.read_from_device || identity.label_needed.contains(&"serial".into()));
        bench.start(driver, &[signal]);
        bench.pass(1000);
        let seen = bench.last(0).get(component).copied().unwrap();
        assert!((seen - WEIGHT_N).abs() <= count_n, "{driver}: {seen} N");
        assert_eq!(bench.news(), [], "{driver}");
        bench.close();
    }
}

#[test]
fn a_scale_says_its_mass_as_well_and_zeroes_it_away() {
    let scale = plan("mt-sics-scale", &json!({ "gravity": "9.81 m/s2" }), None);
    let bench = Bench::new(&block(), &[scale]);
    bench.pass(500);
    let identity = bench.device("mt-sics-scale").identify().unwrap();
    assert_eq!(identity.serial.as_deref(), Some("SIM-0001"));
    bench.start("mt-sics-scale", &["force", "mass"]);
    bench.pass(1000);
    let (force, mass) = (bench.last(0)[0], bench.last(1)[0]);
    assert!((mass - 2.0).abs() < 1e-5, "{mass} kg");
    assert!((force - 19.62).abs() < 1e-4, "{force} N");
    bench
        .device("mt-sics-scale")
        .zero()
        .unwrap()
        .zero("force")
        .unwrap();
    bench.pass(500);
    assert!(bench.last(1)[0].abs() < 1e-6);
    bench.close();
}

#[test]
fn an_ft300_that_streams_shows_what_one_that_is_asked_shows() {
    let options = json!({ "baud": 115_200, "mode": "stream" });
    let bench = Bench::new(&block(), &[plan("robotiq-ft300", &options, None)]);
    bench.pass(500);
    bench.device("robotiq-ft300").identify().unwrap();
    bench.start("robotiq-ft300", &["wrench"]);
    bench.pass(1000);
    assert!(
        (bench.last(0)[2] - 19.61).abs() < 1e-9,
        "{:?}",
        bench.last(0)
    );
    let readings = bench.readings(0);
    assert!(
        (90..=110).contains(&readings.len()),
        "100 a second: {}",
        readings.len()
    );
    bench.close();
}

#[test]
fn an_aed_that_streams_says_who_it_is_first_and_an_unforeseen_format_is_refused() {
    let options = json!({ "mode": "stream" });
    let bench = Bench::new(&block(), &[plan("hbm-aed", &options, None)]);
    bench.pass(500);
    let identity = bench.device("hbm-aed").identify().unwrap();
    assert_eq!(identity.serial.as_deref(), Some("0003"));
    bench.start("hbm-aed", &["force"]);
    bench.pass(1000);
    assert!((bench.last(0)[0] - WEIGHT_N).abs() < 1e-3);
    let readings = bench.readings(0);
    assert!((45..=55).contains(&readings.len()), "{}", readings.len());
    bench.close();
    let binary = Bench::new(&block(), &[plan("hbm-aed", &json!({ "format": 8 }), None)]);
    let refused = binary.device("hbm-aed").identify();
    assert!(
        matches!(&refused, Err(Trouble::Refused(text)) if text.contains("COF9")),
        "{refused:?}"
    );
    binary.close();
}

#[test]
fn an_overload_is_no_number_on_any_of_them() {
    for (driver, signal, _, _) in FORCES {
        if driver == "robotiq-ft300" {
            continue; // its registers have no word for it
        }
        let bench = Bench::new(&block(), &[plan(driver, &options(driver), None)]);
        bench.start(driver, &[signal]);
        bench.pass(500);
        bench.fault(driver, FaultKind::OverRange);
        bench.pass(700);
        bench.readings(0);
        bench.pass(500);
        let readings = bench.readings(0);
        assert!(
            !readings.is_empty() && readings.iter().all(|r| r.values().is_none()),
            "{driver}: {readings:?}"
        );
        bench.close();
    }
}

#[test]
fn every_displacement_sensor_sees_the_same_target() {
    let mut seen = Vec::new();
    for (driver, count_mm) in [
        ("mitutoyo-gauge", 1e-3),
        ("keyence-lkg", 1e-3),
        ("ild1420", 0.0017),
    ] {
        let from = |x_mm: f64| {
            let stand = json!({ "noise_mm": 0.0, "noise_deg": 0.0, "origin_mm": [x_mm, 0.0, 0.0], "rotation_deg": [0.0, 0.0, 0.0] });
            json!({ "seed": 3, "arm": {}, "tracker": stand })
        };
        let far = Bench::new(&from(0.0), &[plan("keyence-lkg", &json!({}), None)]);
        far.start("keyence-lkg", &["displacement"]);
        far.pass(200);
        let x_mm = far.last(0)[0];
        far.close();
        let world = from(x_mm.round() - 30.0); // some 30 mm into the range
        let bench = Bench::new(&world, &[plan(driver, &options(driver), None)]);
        bench.device(driver).identify().unwrap();
        bench.start(driver, &["displacement"]);
        bench.pass(600);
        seen.push((driver, bench.last(0).first().copied(), count_mm));
        assert_eq!(bench.news(), [], "{driver}");
        bench.close();
    }
    let [(_, Some(reference), _), ..] = seen[..] else {
        panic!("{seen:?}")
    };
    for (driver, mm, count_mm) in &seen {
        let mm = mm.unwrap_or_else(|| panic!("{driver} sees nothing: {seen:?}"));
        assert!(
            (mm - reference).abs() <= count_mm + 1e-3,
            "{driver}: {mm} mm, not {reference} mm"
        );
    }
}

#[test]
fn a_sensor_without_a_target_gives_no_number() {
    for driver in ["mitutoyo-gauge", "keyence-lkg", "ild1420"] {
        let bench = Bench::new(&json!({}), &[plan(driver, &options(driver), None)]);
        bench.start(driver, &["displacement"]);
        bench.pass(600);
        let readings = bench.readings(0);
        assert!(!readings.is_empty(), "{driver}");
        let none = Reading::Invalid(Invalid::NoSignal);
        assert!(
            readings.iter().all(|reading| *reading == none),
            "{driver}: {readings:?}"
        );
        bench.close();
    }
}

#[test]
fn a_power_meter_measures_its_resistor_and_says_who_it_is() {
    let bench = Bench::new(&json!({}), &[plan("scpi-meter", &json!({}), None)]);
    let identity = bench.device("scpi-meter").identify().unwrap();
    assert_eq!(identity.model.as_deref(), Some("simulated meter"));
    bench.start("scpi-meter", &["voltage", "current", "power"]);
    bench.pass(500);
    // 24 V on 12 ohm
    assert_eq!(
        (bench.last(0), bench.last(1), bench.last(2)),
        (vec![24.0], vec![2.0], vec![48.0])
    );
    bench.close();
}

#[test]
fn a_line_full_of_garbage_never_becomes_a_number() {
    let devices = FORCES.map(|(driver, signal, _, _)| (driver, signal));
    let others = [
        ("keyence-lkg", "displacement"),
        ("ild1420", "displacement"),
        ("scpi-meter", "power"),
    ];
    for (driver, signal) in devices.into_iter().chain(others) {
        let world = json!({ "hand": block()["hand"], "arm": {}, "gauge": block()["gauge"] });
        let bench = Bench::new(&world, &[plan(driver, &options(driver), None)]);
        bench.pass(300);
        bench.start(driver, &[signal]);
        bench.pass(700);
        let good = bench.last(0);
        bench.fault(driver, FaultKind::Truncated);
        bench.pass(1500);
        bench.simulation.repair(driver);
        bench.pass(2500);
        for reading in bench.readings(0) {
            let same = reading
                .values()
                .is_none_or(|values| values.iter().zip(&good).all(|(a, b)| (a - b).abs() < 1.0));
            assert!(same, "{driver}: {reading:?} where {good:?} is");
        }
        bench.pass(500);
        assert!(
            !bench.last(0).is_empty() || driver == "ild1420",
            "{driver} is heard again"
        );
        bench.close();
    }
}
