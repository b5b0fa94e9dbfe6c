//! The drivers against the simulated bench, in simulated time: what is commanded here happens there.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use certbench_clock::Clock;
use certbench_devices::{Port, open};
use certbench_model::plan::{DevicePlan, JointLimit, Limits, SafeState, Safety, Watchdog};
use certbench_model::{FaultKind, Provenance, Sample};
use certbench_roles::{Device, GraspMove, JointMove, Lease, News, Progress, Trouble, Wiring};
use certbench_sim::config::WorldConfig;
use certbench_sim::{Port as Far, Simulation, Transport};
use serde_json::{Value, json};

/// Devices of ours, on cables to a simulated world.
struct Bench {
    clock: Clock,
    simulation: Simulation,
    devices: BTreeMap<String, Arc<dyn Device>>,
    heard: Arc<Mutex<(Vec<Sample>, Vec<Trouble>)>>,
    lease: Lease,
}

fn plan(id: &str, driver: &str, options: Value) -> DevicePlan {
    let safe_state = match driver {
        "canopen-arm" => SafeState::DecelerateAndHold,
        _ => SafeState::Hold,
    };
    let joint = |n: u8| JointLimit {
        joint: format!("j{n}"),
        deg_min: -170.0,
        deg_max: 170.0,
        deg_per_s_max: 90.0,
    };
    let joints = if driver == "canopen-arm" {
        (1..=6).map(joint).collect()
    } else {
        Vec::new()
    };
    DevicePlan {
        id: id.into(),
        kind: String::new(),
        driver: driver.into(),
        port: "simulated".into(),
        options: options
            .as_object()
            .cloned()
            .unwrap_or_default()
            .into_iter()
            .collect(),
        provenance: Provenance::Simulated,
        under_test: true,
        safety: Some(Safety {
            safe_state,
            watchdog: Watchdog::None,
            held_by: None,
            next: None,
        }),
        limits: Limits {
            joints,
            ..Limits::default()
        },
    }
}

impl Bench {
    fn new(world: Value, devices: &[(&str, &str, Value)]) -> Bench {
        let clock = Clock::simulated();
        let config = WorldConfig::from_json(&world).unwrap();
        let names: Vec<_> = devices
            .iter()
            .map(|(id, driver, _)| ((*id).to_owned(), (*driver).to_owned()))
            .collect();
        let (simulation, ports) =
            Simulation::build(&config, &names, &clock, Transport::InProcess).unwrap();
        let mut ports = ports;
        let opened = devices.iter().map(|(id, driver, options)| {
            let port = match ports.remove(*id) {
                Some(Far::Bytes(line)) => Port::Bytes(Arc::from(line)),
                Some(Far::Can(bus)) => Port::Can(Arc::from(bus)),
                _ => panic!("no cable to {id}"),
            };
            (
                (*id).to_owned(),
                open(&plan(id, driver, options.clone()), port, &clock).unwrap(),
            )
        });
        let devices = opened.collect();
        Bench {
            clock,
            simulation,
            devices,
            heard: Arc::default(),
            lease: Lease::new(),
        }
    }

    fn device(&self, id: &str) -> &dyn Device {
        &*self.devices[id]
    }

    fn start(&self, id: &str, wiring: &[(&str, u16)]) {
        self.lease.renew(u64::MAX);
        let (samples, news) = (self.heard.clone(), self.heard.clone());
        let wiring = wiring
            .iter()
            .map(|(signal, channel)| ((*signal).to_owned(), *channel))
            .collect();
        self.device(id)
            .start(
                Wiring(wiring),
                Arc::new(move |sample: &Sample| samples.lock().unwrap().0.push(*sample)),
                Arc::new(move |told: News| news.lock().unwrap().1.push(told.trouble)),
                self.lease.clone(),
            )
            .unwrap();
    }

    fn pass(&self, ms: u64) {
        self.clock.sleep(Duration::from_millis(ms));
    }

    fn samples(&self, channel: u16) -> Vec<Sample> {
        self.heard
            .lock()
            .unwrap()
            .0
            .iter()
            .filter(|sample| sample.channel == channel)
            .copied()
            .collect()
    }

    fn last(&self, channel: u16) -> Vec<f64> {
        let samples = self.samples(channel);
        let valid = samples
            .iter()
            .rev()
            .find_map(|sample| sample.reading.values());
        valid.map(<[f64]>::to_vec).unwrap_or_default()
    }

    fn news(&self) -> Vec<Trouble> {
        self.heard.lock().unwrap().1.clone()
    }

    fn close(self) {
        self.devices.values().for_each(|device| device.close());
        self.simulation.shutdown();
    }
}

fn settled(bench: &Bench, progress: impl Fn() -> Progress) -> Progress {
    for _ in 0..1000 {
        bench.pass(10);
        match progress() {
            Progress::Moving => (),
            over => return over,
        }
    }
    Progress::Moving
}

#[test]
fn an_arm_goes_where_it_is_sent_and_the_tracker_sees_it() {
    let bench = Bench::new(
        json!({ "seed": 11 }),
        &[
            (
                "arm",
                "canopen-arm",
                json!({ "counts_per_deg": 10_000, "serial_node": 1 }),
            ),
            ("tracker", "ascii-tracker", json!({ "baud": 921_600 })),
        ],
    );
    let identity = bench.device("arm").identify().unwrap();
    assert!(
        identity.read_from_device && identity.serial.as_deref() == Some("1001"),
        "{identity:?}"
    );
    bench.device("tracker").identify().unwrap();
    bench.start("arm", &[("position", 0)]);
    bench.start("tracker", &[("pose", 1)]);
    bench.device("arm").power().unwrap().enable().unwrap();
    bench.pass(300);
    let (home, seen) = (bench.last(0), bench.last(1));
    let joints = bench.device("arm").joints().unwrap();
    let target = JointMove {
        targets_deg: vec![(0, 20.0), (2, -100.0)],
        deg_per_s: 60.0,
    };
    joints.begin(&target).unwrap();
    assert_eq!(
        settled(&bench, || joints.progress().unwrap()),
        Progress::Settled
    );
    bench.pass(300);
    let (there, now) = (bench.last(0), bench.last(1));
    assert!(
        (there[0] - 20.0).abs() < 0.05 && (there[2] + 100.0).abs() < 0.05,
        "{home:?} {there:?}"
    );
    assert!(
        (there[1] - home[1]).abs() < 0.05,
        "a joint that is not named stays"
    );
    let moved = (0..3)
        .map(|i| (now[i] - seen[i]).powi(2))
        .sum::<f64>()
        .sqrt();
    assert!(moved > 100.0, "{moved} mm");
    assert_eq!(bench.news(), []);
    bench.close();
}

#[test]
fn an_emergency_stop_by_relay_stops_the_arm_and_it_can_be_recovered() {
    let bench = Bench::new(
        json!({ "seed": 11 }),
        &[
            ("arm", "canopen-arm", json!({ "counts_per_deg": 10_000 })),
            (
                "io",
                "modbus-io",
                json!({ "baud": 115_200, "interval": "5 ms" }),
            ),
        ],
    );
    bench.start("arm", &[("position", 0)]);
    bench.start("io", &[("in0", 1), ("in1", 2)]);
    let (arm, io) = (bench.device("arm"), bench.device("io"));
    arm.power().unwrap().enable().unwrap();
    bench.pass(300);
    let joints = arm.joints().unwrap();
    joints
        .begin(&JointMove {
            targets_deg: vec![(0, 120.0)],
            deg_per_s: 60.0,
        })
        .unwrap();
    bench.pass(700);
    assert_eq!(
        (bench.last(1), bench.last(2)),
        (vec![0.0], vec![1.0]),
        "chain closed, drives powered"
    );
    let [earliest, latest] = io.outputs().unwrap().switch(1, true).unwrap();
    bench.pass(1500);
    assert_eq!(
        (bench.last(1), bench.last(2)),
        (vec![1.0], vec![0.0]),
        "chain open, no power"
    );
    let edge = bench
        .samples(1)
        .into_iter()
        .find(|sample| sample.reading.component(0) == Some(1.0))
        .unwrap();
    assert!(edge.time_ns > earliest && edge.time_ns < latest + 60_000_000);
    let stood = bench.last(0);
    bench.pass(500);
    assert_eq!(bench.last(0), stood, "it stands");
    assert!(stood[0] < 119.0, "{stood:?}");
    assert_eq!(
        settled(&bench, || joints.progress().unwrap()),
        Progress::Stopped
    );

    io.outputs().unwrap().switch(1, false).unwrap();
    bench.pass(300);
    arm.power().unwrap().recover().unwrap();
    bench.pass(300);
    assert!(
        (bench.last(0)[0] - stood[0]).abs() < 0.1,
        "recovered without motion"
    );
    joints
        .begin(&JointMove {
            targets_deg: vec![(0, 0.0)],
            deg_per_s: 60.0,
        })
        .unwrap();
    assert_eq!(
        settled(&bench, || joints.progress().unwrap()),
        Progress::Settled
    );
    bench.close();
}

#[test]
fn an_arm_is_halted_and_says_so_itself() {
    let bench = Bench::new(
        json!({ "seed": 3 }),
        &[("arm", "canopen-arm", json!({ "counts_per_deg": 10_000 }))],
    );
    bench.start("arm", &[("position", 0)]);
    let arm = bench.device("arm");
    arm.power().unwrap().enable().unwrap();
    let joints = arm.joints().unwrap();
    joints
        .begin(&JointMove {
            targets_deg: vec![(0, 120.0)],
            deg_per_s: 60.0,
        })
        .unwrap();
    bench.pass(700);
    let halt = arm.halt().unwrap();
    halt.halt().unwrap();
    bench.pass(1000);
    assert_eq!(halt.confirmed().unwrap(), Some(true));
    assert!(bench.last(0)[0] < 100.0, "{:?}", bench.last(0));
    bench.lease.revoke();
    bench.close();
}

#[test]
fn an_arm_stops_by_itself_when_the_executor_hangs() {
    let bench = Bench::new(
        json!({ "seed": 3 }),
        &[("arm", "canopen-arm", json!({ "counts_per_deg": 10_000 }))],
    );
    bench.start("arm", &[("position", 0)]);
    let arm = bench.device("arm");
    arm.power().unwrap().enable().unwrap();
    bench.pass(300);
    let joints = arm.joints().unwrap();
    joints
        .begin(&JointMove {
            targets_deg: vec![(0, 160.0)],
            deg_per_s: 20.0,
        })
        .unwrap();
    bench.pass(1000);
    bench.lease.revoke();
    bench.pass(2000);
    let stood = bench.last(0);
    bench.pass(1000);
    assert_eq!(bench.last(0), stood);
    assert!(stood[0] < 100.0, "{stood:?}");
    let news = bench.news();
    assert!(
        matches!(news.first(), Some(Trouble::Fault(FaultKind::Harness, text)) if text.contains("emcy-0x8130")),
        "{news:?}"
    );

    // It is pre-operational by now and sends no PDO: whether it stands is asked for.
    let last_sample = bench.samples(0).last().map(|s| s.time_ns);
    let halt = arm.halt().unwrap();
    halt.halt().unwrap();
    let confirmed = (0..50).find(|_| {
        bench.pass(10);
        halt.confirmed().unwrap() == Some(true)
    });
    assert!(confirmed.is_some_and(|tries| tries < 30), "{confirmed:?}");
    assert_eq!(bench.samples(0).last().map(|s| s.time_ns), last_sample);
    bench.close();
}

#[test]
fn a_hand_grips_the_gauge_and_the_gauge_feels_it() {
    let bench = Bench::new(
        json!({ "seed": 7 }),
        &[
            ("hand", "inspire-rh56", json!({})),
            ("gauge", "mark10-gauge", json!({ "unit": "N" })),
        ],
    );
    bench.start("hand", &[("closing", 0), ("force", 1), ("temperature", 2)]);
    bench.start("gauge", &[("force", 3)]);
    bench.device("gauge").zero().unwrap().zero("force").unwrap();
    bench.simulation.apply("mount", "grip-gauge").unwrap();
    bench.pass(300);
    let hand = bench.device("hand").grasp().unwrap();
    let force = hand.force_fraction(5.0).unwrap();
    hand.begin(&GraspMove {
        closing: (0..6).map(|finger| (finger, 1.0)).collect(),
        force,
        speed: 0.5,
    })
    .unwrap();
    assert_eq!(
        settled(&bench, || hand.progress().unwrap()),
        Progress::Stopped,
        "it holds something"
    );
    bench.pass(500);
    let (felt, said) = (bench.last(3)[0], bench.last(1));
    assert!(felt > 1.0 && felt < 40.0, "{felt} N");
    assert!(said.iter().any(|force| *force > 1.0), "{said:?}");
    assert!(bench.last(2).iter().all(|deg| (10.0..60.0).contains(deg)));
    hand.begin(&GraspMove {
        closing: (0..6).map(|finger| (finger, 0.0)).collect(),
        force,
        speed: 1.0,
    })
    .unwrap();
    assert_eq!(
        settled(&bench, || hand.progress().unwrap()),
        Progress::Settled
    );
    bench.pass(500);
    assert!(bench.last(3)[0].abs() < 0.3, "{:?}", bench.last(3));
    assert_eq!(bench.news(), []);
    bench.close();
}

#[test]
fn a_hand_that_is_too_hot_says_so_itself() {
    let bench = Bench::new(json!({ "seed": 7 }), &[("hand", "inspire-rh56", json!({}))]);
    bench.start("hand", &[("temperature", 0)]);
    bench.pass(200);
    let fault =
        serde_json::from_value(json!({ "device": "hand", "kind": "over-temperature" })).unwrap();
    bench.simulation.fault(&fault).unwrap();
    bench.pass(2000);
    let news = bench.news();
    assert!(
        matches!(news.first(), Some(Trouble::Event { code, .. }) if code == "over-temperature"),
        "{news:?}"
    );
    bench.close();
}
