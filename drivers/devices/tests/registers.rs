//! Every hand and gripper against its simulator, in simulated time: what is commanded here happens there.

mod bench;

use bench::{Bench, plan};
use certbench_model::plan::SafeState;
use certbench_roles::{GraspMove, Progress, Trouble};
use certbench_sim::config::FaultKind;
use serde_json::{Value, json};

const MODELS: [(&str, usize); 19] = [
    ("robotiq-2f85", 1),
    ("robotiq-2f140", 1),
    ("robotiq-hand-e", 1),
    ("dh-pgc", 1),
    ("dh-rgi", 1),
    ("oymotion-rohand", 6),
    ("linker-o6", 6),
    ("linker-l6", 6),
    ("inspire-rh56dftp", 6),
    ("ufactory-gripper", 1),
    ("brainco-revo2", 6),
    ("inspire-rh56-can", 6),
    ("inspire-rh56f1", 6),
    ("inspire-eg5cd1", 1),
    ("psyonic-ability", 6),
    ("linker-l10-can", 10),
    ("linker-l20-can", 16),
    ("linker-o6-can", 6),
    ("linker-l6-can", 6),
];

fn activated(driver: &str) -> bool {
    driver.starts_with("robotiq") || driver.starts_with("dh")
}

fn opened(driver: &str, world: &Value) -> Bench {
    let options = match activated(driver) {
        true => json!({ "activation": "on-enable" }),
        false => json!({}),
    };
    let bench = Bench::new(world, &[plan(driver, &options, Some(SafeState::Hold))]);
    let identity = bench.device(driver).identify().unwrap();
    let asked = identity.label_needed.contains(&"serial".to_owned());
    assert!(identity.serial.is_some() != asked, "{driver}: {identity:?}");
    bench.start(driver, &["closing"]);
    bench.pass(300);
    if let Some(power) = bench.device(driver).power() {
        power.enable().unwrap();
    }
    bench.pass(1500);
    bench
}

fn grasp(fingers: usize, closing: f64, force: f64) -> GraspMove {
    GraspMove {
        closing: (0..fingers).map(|finger| (finger, closing)).collect(),
        force,
        speed: 1.0,
    }
}

/// Half of its force; all of it where it takes none.
fn force(driver: &str) -> f64 {
    match driver {
        "ufactory-gripper" => 1.0,
        _ => 0.5,
    }
}

fn ends(bench: &Bench, driver: &str) -> Progress {
    for _ in 0..600 {
        bench.pass(10);
        match bench.device(driver).grasp().unwrap().progress().unwrap() {
            Progress::Moving => (),
            over => return over,
        }
    }
    Progress::Moving
}

/// What is true of the simulated fingers.
fn truth(bench: &Bench) -> Vec<f64> {
    let truth = bench.simulation.truth();
    let closing = truth["hand"]["state"]["closing"].as_array().unwrap();
    closing
        .iter()
        .map(|value| value.as_f64().unwrap())
        .collect()
}

#[test]
fn what_is_commanded_happens_and_is_read_back() {
    for (driver, fingers) in MODELS {
        let bench = opened(driver, &json!({ "seed": 5 }));
        let hand = bench.device(driver).grasp().unwrap();
        assert_eq!(hand.fingers().len(), fingers);
        hand.begin(&grasp(fingers, 0.75, force(driver))).unwrap();
        assert_eq!(ends(&bench, driver), Progress::Settled, "{driver}");
        assert!(
            truth(&bench)
                .iter()
                .all(|closing| (closing - 0.75).abs() < 0.02),
            "{driver}: {:?}",
            truth(&bench)
        );
        bench.pass(200);
        let read = bench.last(0);
        // a sample holds six: hands with more joints have several signals
        assert_eq!(read.len() == fingers, fingers <= 6, "{driver}: {read:?}");
        assert!(
            read.iter().all(|percent| (percent - 75.0).abs() < 2.0),
            "{driver}: {read:?}"
        );
        hand.begin(&grasp(fingers, 0.0, force(driver))).unwrap();
        assert_eq!(ends(&bench, driver), Progress::Settled, "{driver}");
        assert!(
            truth(&bench).iter().all(|closing| *closing < 0.02),
            "{driver}: {:?}",
            truth(&bench)
        );
        assert_eq!(bench.news(), [], "{driver}");
        bench.close();
    }
}

#[test]
fn a_finger_that_is_not_named_stays() {
    for (driver, fingers) in MODELS.into_iter().filter(|(_, fingers)| *fingers > 1) {
        let bench = opened(driver, &json!({ "seed": 5 }));
        let hand = bench.device(driver).grasp().unwrap();
        hand.begin(&grasp(fingers, 0.5, 0.5)).unwrap();
        assert_eq!(ends(&bench, driver), Progress::Settled, "{driver}");
        bench.pass(300);
        let one = GraspMove {
            closing: vec![(1, 0.25)],
            ..grasp(0, 0.0, 0.5)
        };
        hand.begin(&one).unwrap();
        assert_eq!(ends(&bench, driver), Progress::Settled, "{driver}");
        let moved = truth(&bench)
            .iter()
            .filter(|closing| (*closing - 0.25).abs() < 0.02)
            .count();
        let stayed = truth(&bench)
            .iter()
            .filter(|closing| (*closing - 0.5).abs() < 0.02)
            .count();
        assert_eq!((moved, stayed), (1, 5), "{driver}: {:?}", truth(&bench));
        bench.close();
    }
}

#[test]
fn something_gripped_is_held_and_not_reached_through() {
    for (driver, fingers) in MODELS {
        let world = json!({ "seed": 5, "hand": { "mount": "nothing", "objects": { "block": { "mass_kg": 0.2, "width_mm": 50.0, "friction": 0.8 } } } });
        let bench = opened(driver, &world);
        bench.simulation.apply("mount", "block").unwrap();
        bench
            .device(driver)
            .grasp()
            .unwrap()
            .begin(&grasp(fingers, 1.0, force(driver)))
            .unwrap();
        assert_eq!(ends(&bench, driver), Progress::Stopped, "{driver}");
        // an aperture of 110 mm, 50 mm wide: contact at 0.545
        let closing = truth(&bench)[0];
        assert!((0.5..0.65).contains(&closing), "{driver}: {closing}");
        bench.close();
    }
}

#[test]
fn a_halt_holds_it_where_it_is() {
    for (driver, fingers) in MODELS {
        let bench = opened(
            driver,
            &json!({ "seed": 5, "hand": { "full_stroke_s": 4.0 } }),
        );
        bench.pass(4000);
        bench
            .device(driver)
            .grasp()
            .unwrap()
            .begin(&grasp(fingers, 1.0, force(driver)))
            .unwrap();
        bench.pass(1000);
        let halt = bench.device(driver).halt().unwrap();
        halt.halt().unwrap();
        bench.pass(700);
        assert_eq!(halt.confirmed().unwrap(), Some(true), "{driver}");
        let stood = truth(&bench);
        assert!(stood[0] > 0.05 && stood[0] < 0.7, "{driver}: {stood:?}");
        bench.pass(500);
        assert_eq!(truth(&bench), stood, "{driver}");
        bench.close();
    }
}

#[test]
fn what_moves_by_its_activation_is_not_activated_unasked() {
    for driver in ["robotiq-2f85", "dh-pgc"] {
        let bench = Bench::new(
            &json!({ "seed": 5 }),
            &[plan(driver, &json!({}), Some(SafeState::Hold))],
        );
        bench.device(driver).identify().unwrap();
        bench.start(driver, &["closing"]);
        bench.pass(300);
        let power = bench.device(driver).power().unwrap();
        let Err(Trouble::Refused(text)) = power.enable() else {
            panic!("{driver} was activated")
        };
        assert!(text.contains("on-enable"), "{text}");
        let begun = bench
            .device(driver)
            .grasp()
            .unwrap()
            .begin(&grasp(1, 0.5, 0.5));
        assert!(matches!(begun, Err(Trouble::Refused(_))), "{begun:?}");
        bench.pass(500);
        assert!(
            truth(&bench).iter().all(|closing| *closing == 0.0),
            "{driver} moved"
        );
        bench.close();
    }
}

#[test]
fn limits_hold_before_a_command_leaves() {
    let mut limited = plan("oymotion-rohand", &json!({}), Some(SafeState::Hold));
    limited.limits.force_n_max = Some(6.0);
    let bench = Bench::new(&json!({ "seed": 5 }), &[limited]);
    bench.device("oymotion-rohand").identify().unwrap();
    bench.start("oymotion-rohand", &["closing"]);
    bench.pass(300);
    let hand = bench.device("oymotion-rohand").grasp().unwrap();
    let refused = hand.begin(&grasp(6, 1.0, 0.5)); // 7.5 of 15 N
    assert!(
        matches!(&refused, Err(Trouble::Refused(text)) if text.contains("6 N")),
        "{refused:?}"
    );
    assert!(hand.accept(&grasp(6, 1.5, 0.1)).is_err());
    assert!(hand.accept(&grasp(7, 0.5, 0.1)).is_err());
    assert!(hand.accept(&grasp(6, 0.5, f64::NAN)).is_err());
    assert!((hand.force_fraction(6.0).unwrap() - 0.4).abs() < 1e-12);
    bench.pass(500);
    assert!(truth(&bench).iter().all(|closing| *closing == 0.0));
    bench.close();
}

#[test]
fn heat_is_the_devices_news_and_silence_is_nobodys() {
    for driver in [
        "robotiq-2f85",
        "linker-l6",
        "inspire-rh56dftp",
        "ufactory-gripper",
    ] {
        let bench = opened(driver, &json!({ "seed": 5 }));
        bench.fault(driver, FaultKind::OverTemperature);
        bench.pass(1500);
        let event = |told: &Trouble| matches!(told, Trouble::Event { .. });
        assert!(
            bench.news().iter().any(event),
            "{driver}: {:?}",
            bench.news()
        );
        assert!(
            bench.news().iter().all(event),
            "{driver}: {:?}",
            bench.news()
        );
        bench.fault(driver, FaultKind::Silence);
        bench.pass(3000);
        let faults: Vec<_> = bench
            .news()
            .into_iter()
            .filter(|told| !event(told))
            .collect();
        assert!(
            matches!(
                faults.as_slice(),
                [Trouble::Fault(
                    certbench_model::FaultKind::Unattributable,
                    _
                )]
            ),
            "{driver}: {faults:?}"
        );
        bench.readings(0);
        bench.pass(500);
        assert_eq!(bench.readings(0), [], "{driver}: silence is no number");
        bench.close();
    }
}

/// Ten newtons are full scale of the simulated skin: what the finger presses with is what the middle of its
/// pad shows; its tip, its nail and the palm touch nothing.
#[test]
fn the_skin_of_a_hand_shows_where_it_is_pressed() {
    let driver = "inspire-rh56dftp";
    let world = json!({ "seed": 5, "hand": { "mount": "block", "objects": { "block": { "mass_kg": 0.2, "width_mm": 50.0, "friction": 0.8 } } } });
    let bench = Bench::new(&world, &[plan(driver, &json!({}), Some(SafeState::Hold))]);
    bench.device(driver).identify().unwrap();
    let signals = [
        "closing",
        "force",
        "tactile-index-pad",
        "tactile-index-tip",
        "tactile-palm",
    ];
    bench.start(driver, &signals);
    bench.pass(500);
    let hand = bench.device(driver).grasp().unwrap();
    hand.begin(&grasp(6, 1.0, 0.5)).unwrap();
    assert_eq!(ends(&bench, driver), Progress::Stopped);
    bench.pass(1000);
    let [most, mean] = [0, 1].map(|part| bench.last(2)[part]);
    let newton = bench.last(1)[3] * 0.009_806_65;
    assert!(newton > 1.0, "{newton} N");
    assert!(
        (most - 409.5 * newton).abs() < 0.02 * most + 3.0,
        "{most}, {newton} N"
    );
    assert!(
        (mean - most * 24.0 / 80.0).abs() < 1e-9,
        "24 of 80 cells: {mean} of {most}"
    );
    assert_eq!((bench.last(3), bench.last(4)), (vec![0.0; 2], vec![0.0; 2]));
    assert_eq!(bench.news(), []);
    bench.close();
}

/// The hand on its network port, numbered transactions and all; and what has no such port is refused.
#[test]
fn a_dftp_hand_obeys_over_modbus_tcp() {
    let driver = "inspire-rh56dftp";
    let world = json!({ "seed": 5, "modbus_tcp": [driver] });
    let options = json!({ "framing": "tcp" });
    let bench = Bench::new(&world, &[plan(driver, &options, Some(SafeState::Hold))]);
    bench.device(driver).identify().unwrap();
    bench.start(driver, &["closing"]);
    bench.pass(300);
    if let Some(power) = bench.device(driver).power() {
        power.enable().unwrap();
    }
    let hand = bench.device(driver).grasp().unwrap();
    hand.begin(&grasp(6, 0.75, 0.5)).unwrap();
    assert_eq!(ends(&bench, driver), Progress::Settled);
    assert!(
        truth(&bench)
            .iter()
            .all(|closing| (closing - 0.75).abs() < 0.02)
    );
    bench.fault(driver, FaultKind::Silence);
    bench.pass(1500);
    let news = bench.news();
    let nobodys = |told: &Trouble| {
        matches!(
            told,
            Trouble::Fault(certbench_model::FaultKind::Unattributable, _)
        )
    };
    assert!(!news.is_empty() && news.iter().all(nobodys), "{news:?}");
    bench.close();

    let config = |named: &str| {
        let world = json!({ "modbus_tcp": [named] });
        let world = certbench_sim::config::WorldConfig::from_json(&world).unwrap();
        let devices = ["mark10-gauge", driver].map(|driver| (driver.to_owned(), driver.to_owned()));
        let clock = certbench_clock::Clock::simulated();
        let transport = certbench_sim::Transport::InProcess;
        certbench_sim::Simulation::build(&world, &devices, &clock, transport).err()
    };
    for named in ["mark10-gauge", "nobody"] {
        let refused = config(named).map(|error| error.to_string());
        assert!(
            refused.is_some_and(|text| text.contains(named) && text.contains("modbus_tcp")),
            "{named}"
        );
    }
}
