//! Hands with a wire of their own against their simulators: what is theirs alone.

mod bench;

use bench::{Bench, plan};
use certbench_model::plan::SafeState;
use certbench_roles::{GraspMove, Progress, Trouble};
use certbench_sim::config::FaultKind;
use serde_json::{Value, json};

fn opened(driver: &str, options: &Value, world: &Value, signals: &[&str]) -> Bench {
    let bench = Bench::new(world, &[plan(driver, options, Some(SafeState::Hold))]);
    bench.device(driver).identify().unwrap();
    bench.start(driver, signals);
    bench.pass(300);
    bench
}

fn grasp(fingers: usize, closing: f64, force: f64, speed: f64) -> GraspMove {
    GraspMove {
        closing: (0..fingers).map(|finger| (finger, closing)).collect(),
        force,
        speed,
    }
}

fn truth(bench: &Bench) -> Vec<f64> {
    let truth = bench.simulation.truth();
    let closing = truth["hand"]["state"]["closing"].as_array().unwrap();
    closing.iter().map(|part| part.as_f64().unwrap()).collect()
}

const ABILITY: &str = "psyonic-ability";

/// A harness that hangs sends nothing any more: the hand leaves API mode, and is only read after that.
#[test]
fn an_ability_hand_whose_lease_ran_out_is_left_alone_and_then_read_again() {
    let bench = opened(ABILITY, &json!({}), &json!({ "seed": 5 }), &["closing"]);
    let hand = bench.device(ABILITY).grasp().unwrap();
    hand.begin(&grasp(6, 1.0, 1.0, 0.1)).unwrap(); // 20 degrees per second
    bench.pass(1000);
    bench.lease.revoke();
    bench.pass(350);
    let stood = truth(&bench);
    assert!(stood[3] > 0.1 && stood[3] < 0.4, "{stood:?}");
    bench.readings(0);
    bench.pass(40);
    assert_eq!(
        bench.readings(0),
        [],
        "nothing is sent while it still listens"
    );
    bench.pass(2000);
    assert_eq!(truth(&bench), stood, "it was commanded on");
    assert!(!bench.readings(0).is_empty(), "it is read again");
    assert_eq!(
        bench.device(ABILITY).grasp().unwrap().progress(),
        Ok(Progress::Stopped)
    );
    // an executor that lives again may grasp again
    bench.lease.renew(u64::MAX);
    hand.begin(&grasp(6, 0.0, 1.0, 1.0)).unwrap();
    bench.pass(2000);
    assert_eq!(hand.progress(), Ok(Progress::Settled));
    assert!(truth(&bench).iter().all(|closing| *closing < 0.02));
    bench.close();
}

/// Positions go where they are told at once, so the driver makes the speed.
#[test]
fn an_ability_hand_closes_at_the_speed_of_the_grasp() {
    let bench = opened(
        ABILITY,
        &json!({}),
        &json!({ "seed": 5 }),
        &["closing", "velocity", "current"],
    );
    let hand = bench.device(ABILITY).grasp().unwrap();
    hand.begin(&grasp(6, 1.0, 1.0, 0.25)).unwrap(); // 50 of 200 degrees per second
    bench.pass(1000);
    let closing = bench.last(0);
    assert!(
        closing.iter().all(|part| (part - 50.0).abs() < 6.0),
        "{closing:?}"
    );
    // between two commands a finger is faster and slower than its targets
    let velocity = bench.last(1);
    assert!(
        velocity.iter().all(|speed| (30.0..60.0).contains(speed)),
        "{velocity:?}"
    );
    assert_eq!(bench.last(2).len(), 6);
    bench.close();
}

#[test]
fn an_ability_hand_feels_what_it_holds() {
    let world = json!({ "seed": 5, "hand": { "objects": { "block": { "mass_kg": 0.2, "width_mm": 50.0, "friction": 0.8 } } } });
    let bench = opened(
        ABILITY,
        &json!({ "feedback": "touch" }),
        &world,
        &["closing", "touch", "velocity"],
    );
    bench.simulation.apply("mount", "block").unwrap();
    let hand = bench.device(ABILITY).grasp().unwrap();
    hand.begin(&grasp(6, 1.0, 0.5, 1.0)).unwrap();
    bench.pass(3000);
    assert_eq!(hand.progress(), Ok(Progress::Stopped));
    let touch = bench.last(1);
    assert!(
        touch.len() == 5 && touch.iter().all(|part| *part > 5.0),
        "{touch:?}"
    );
    assert_eq!(bench.readings(2), [], "this feedback has no velocities");
    bench.close();
}

#[test]
fn shares_of_an_unknown_force_are_no_newtons() {
    for driver in [ABILITY, "linker-l10-can"] {
        let mut limited = plan(driver, &json!({}), Some(SafeState::Hold));
        limited.limits.force_n_max = Some(5.0);
        let names = [(limited.id.clone(), driver.to_owned())];
        let clock = certbench_clock::Clock::simulated();
        let config = certbench_sim::config::WorldConfig::default();
        let transport = certbench_sim::Transport::InProcess;
        let built = certbench_sim::Simulation::build(&config, &names, &clock, transport);
        let (_simulation, mut ports) = built.unwrap();
        let port = match ports.remove(driver) {
            Some(certbench_sim::Port::Bytes(line)) => certbench_devices::Port::Bytes(line.into()),
            Some(certbench_sim::Port::Can(bus)) => certbench_devices::Port::Can(bus.into()),
            _ => panic!("no cable"),
        };
        let refused = certbench_devices::open(&limited, port, &clock).err();
        assert!(matches!(refused, Some(Trouble::Refused(_))), "{refused:?}");
    }
    let bench = opened(ABILITY, &json!({}), &json!({}), &[]);
    let hand = bench.device(ABILITY).grasp().unwrap();
    assert!(matches!(hand.force_fraction(3.0), Err(Trouble::Refused(_))));
    bench.close();
}

#[test]
fn forces_and_temperatures_of_the_inspire_dialects_are_units() {
    let world = json!({ "seed": 5, "hand": { "objects": { "block": { "mass_kg": 0.2, "width_mm": 50.0, "friction": 0.8 } } } });
    for (driver, fingers) in [
        ("inspire-rh56-can", 6),
        ("inspire-rh56f1", 6),
        ("inspire-eg5cd1", 1),
    ] {
        let bench = opened(driver, &json!({}), &world, &["force", "temperature"]);
        bench.simulation.apply("mount", "block").unwrap();
        let hand = bench.device(driver).grasp().unwrap();
        let force = hand.force_fraction(4.0).unwrap();
        hand.begin(&grasp(fingers, 1.0, force, 1.0)).unwrap();
        bench.pass(3000);
        assert_eq!(hand.progress(), Ok(Progress::Stopped), "{driver}");
        let newton = bench.last(0)[0];
        assert!((3.0..6.0).contains(&newton), "{driver}: {newton} N");
        let celsius = bench.last(1);
        assert_eq!(celsius.len(), fingers);
        assert!((20.0..60.0).contains(&celsius[0]), "{driver}: {celsius:?}");
        bench.close();
    }
}

/// The guide says big-endian, somebody else's driver little: the wrong one of the two is seen and not believed.
#[test]
fn a_gripper_read_in_the_wrong_order_of_bytes_is_not_commanded_far() {
    let bench = opened(
        "inspire-eg5cd1",
        &json!({ "byte_order": "little" }),
        &json!({ "seed": 5 }),
        &["closing"],
    );
    let hand = bench.device("inspire-eg5cd1").grasp().unwrap();
    // 500 is F4 01 there and 01 F4 here: beyond the range, and rejected by the gripper
    let begun = hand.begin(&grasp(1, 0.5, 0.5, 0.5));
    assert!(matches!(begun, Err(Trouble::Refused(_))), "{begun:?}");
    assert!(truth(&bench).iter().all(|closing| *closing == 0.0));
    bench.close();
}

#[test]
fn heat_is_the_hands_news() {
    for (driver, code) in [
        ("inspire-rh56-can", "over-temperature"),
        ("inspire-rh56f1", "over-temperature"),
        ("inspire-eg5cd1", "over-temperature"),
        ("linker-l10-can", "motor-fault"),
        ("linker-l20-can", "motor-fault"),
        ("linker-o6-can", "motor-fault"),
    ] {
        let bench = opened(driver, &json!({}), &json!({ "seed": 5 }), &[]);
        bench.fault(driver, FaultKind::OverTemperature);
        bench.pass(1500);
        let told = bench.news();
        let named =
            |told: &Trouble| matches!(told, Trouble::Event { code: said, .. } if said == code);
        assert!(told.iter().any(named), "{driver}: {told:?}");
        assert!(
            told.iter()
                .all(|told| matches!(told, Trouble::Event { .. })),
            "{driver}: {told:?}"
        );
        bench.close();
    }
}

#[test]
fn a_linker_hand_says_who_it_is_and_how_warm() {
    let bench = opened(
        "linker-l10-can",
        &json!({}),
        &json!({ "seed": 5 }),
        &["closing", "closing2", "temperature", "temperature2"],
    );
    let identity = bench.device("linker-l10-can").identify().unwrap();
    assert_eq!(identity.serial.as_deref(), Some("LHSIM-000-R-00-Z-0001"));
    assert_eq!(identity.firmware.as_deref(), Some("1.2.3.4.40"));
    assert_eq!(identity.label_needed, ["model"]);
    bench.pass(500);
    let lengths = [0, 1, 2, 3].map(|channel| bench.last(channel).len());
    assert_eq!(lengths, [6, 4, 5, 5]);
    bench.close();
}

/// A left hand has another identifier: nothing is heard, and nobody is blamed.
#[test]
fn the_other_hand_does_not_answer() {
    let left = json!({ "hand": "left" });
    let bench = Bench::new(
        &json!({ "seed": 5 }),
        &[plan("linker-o6-can", &left, Some(SafeState::Hold))],
    );
    let asked = bench.device("linker-o6-can").identify();
    let Err(Trouble::Fault(certbench_model::FaultKind::Unattributable, text)) = &asked else {
        panic!("{asked:?}")
    };
    assert!(
        text.contains("hand 28h") && text.contains("028#01"),
        "{text}"
    );
    bench.close();
}

/// The same counts are degrees of another size in the two versions: 333.3/65536 and 0.088 of one.
#[test]
fn an_allegro_hand_is_looked_on_in_degrees_of_its_version() {
    for driver in ["allegro-v4", "allegro-v5"] {
        let bench = Bench::new(&json!({ "seed": 5 }), &[plan(driver, &json!({}), None)]);
        let identity = bench.device(driver).identify().unwrap();
        assert_eq!(identity.serial.as_deref(), Some("01BR0007"));
        assert_eq!(identity.firmware.as_deref(), Some("0102"));
        bench.start(driver, &["index", "thumb", "temperature"]);
        bench.pass(300);
        assert!(bench.last(0).iter().all(|deg| deg.abs() < 0.1));
        assert_eq!(bench.last(2).len(), 4);
        assert!(bench.device(driver).grasp().is_none() && bench.device(driver).halt().is_none());
        bench.fault(driver, FaultKind::OverTemperature);
        bench.pass(1000);
        let hot = |told: &Trouble| matches!(told, Trouble::Event { code, .. } if code == "over-temperature");
        assert!(bench.news().iter().any(hot), "{:?}", bench.news());
        bench.close();
    }
}
