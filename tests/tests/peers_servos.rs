//! Our servo drivers against other people's servos, and the maker's host against our simulated ones.

use certbench_clock::Clock;
use certbench_model::plan::{DevicePlan, JointLimit, SafeState};
use certbench_roles::{JointMove, Progress, Trouble};
use certbench_sim::config::WorldConfig;
use certbench_sim::{Port, Simulation, Transport};
use certbench_tests::bench::{Driven, plan, safe, until};
use certbench_tests::cable::Cable;
use certbench_tests::peer::{Peer, Peers};
use serde_json::{Value, json};

struct Bench {
    chain: Driven,
    peer: Peer,
    _cable: Cable,
}

fn limited(mut plan: DevicePlan) -> DevicePlan {
    let limit = |n: usize| JointLimit {
        joint: format!("j{n}"),
        deg_min: -120.0,
        deg_max: 120.0,
        deg_per_s_max: 180.0,
    };
    plan.limits.joints = (1..=3).map(limit).collect();
    plan
}

/// Three third-party servos on a cable, and our driver at the other end.
fn bench(test: &str, driver: &str, program: &str, arguments: &[&str]) -> Option<Bench> {
    let peers = Peers::for_test(test)?;
    let cable = Cable::new();
    let peer = peers.start(program, &[&[cable.left()], arguments].concat());
    let mut options = json!({ "timeout": "1 s", "slowest": "1 s" });
    if driver == "dynamixel" {
        // the other end is Python on a busy machine: its watchdog is tried in simulated time
        options["bus_watchdog"] = json!("0 ms");
    }
    let plan = limited(safe(plan(driver, cable.right(), options), SafeState::Hold));
    let signals = ["position", "velocity", "current", "temperature"];
    let chain = Driven::open(&plan, &signals).expect("the servos open");
    Some(Bench {
        chain,
        peer,
        _cable: cable,
    })
}

impl Bench {
    fn begin(&self, targets_deg: Vec<(usize, f64)>) -> Result<(), Trouble> {
        let joints = self.chain.device.joints().expect("it has joints");
        joints.begin(&JointMove {
            targets_deg,
            deg_per_s: 90.0,
        })
    }

    fn enable(&self) {
        let power = self.chain.device.power().expect("it has power");
        power.enable().expect("it is enabled");
    }

    fn ends_as(&self, wanted: Progress) -> bool {
        let joints = self.chain.device.joints().expect("it has joints");
        let now = || joints.progress().expect("the servos answer");
        until(|| now() != Progress::Moving) && now() == wanted
    }

    fn of(&mut self, id: &str, what: &str) -> Value {
        self.peer.state()[id][what].clone()
    }

    fn shows(&self, channel: u16, wanted: &[f64]) -> bool {
        let near = |(a, b): (&f64, &f64)| (a - b).abs() < 0.1;
        until(|| {
            let last = self.chain.last(channel);
            last.is_some_and(|last| last.len() == wanted.len() && last.iter().zip(wanted).all(near))
        })
    }
}

#[test]
fn servos_framed_by_the_makers_sdk_are_enabled_and_moved() {
    let test = "servos_framed_by_the_makers_sdk_are_enabled_and_moved";
    let Some(mut bench) = bench(test, "dynamixel", "dynamixel_device.py", &[]) else {
        return;
    };
    assert_eq!(bench.chain.identity.firmware.as_deref(), Some("48"));
    assert!(bench.begin(vec![(0, 10.0)]).is_err(), "not powered yet");
    bench.enable();
    assert_eq!(
        (bench.of("1", "torque"), bench.of("1", "goal")),
        (json!(1), json!(2048))
    );
    bench
        .begin(vec![(0, 45.0), (2, -90.0)])
        .expect("they take it");
    // 45 deg are 512 counts; the longer way at 90 deg/s: 65 velocity counts of 1.374 deg/s, the other half
    assert!(until(|| bench.of("1", "goal") == json!(2560)));
    assert_eq!(bench.of("3", "goal"), json!(1024));
    assert_eq!(
        (bench.of("1", "profile"), bench.of("3", "profile")),
        (json!(32), json!(65))
    );
    assert!(bench.ends_as(Progress::Settled));
    assert!(
        bench.shows(0, &[45.0, 0.0, -90.0]),
        "{:?}",
        bench.chain.last(0)
    );
    assert_eq!(bench.chain.news(), []);
}

/// A current of -1 and a velocity of 253 are `FF FF FD 00` on the wire: a header, were it not stuffed.
#[test]
fn what_looks_like_a_header_in_an_answer_is_a_measurement() {
    let test = "what_looks_like_a_header_in_an_answer_is_a_measurement";
    let Some(mut bench) = bench(test, "dynamixel", "dynamixel_device.py", &[]) else {
        return;
    };
    for id in ["1", "2", "3"] {
        bench.peer.tell(&format!("sense {id} -1 253"));
    }
    bench.peer.state();
    assert!(bench.shows(2, &[-2.69; 3]), "{:?}", bench.chain.last(2));
    assert!(
        bench.shows(1, &[253.0 * 0.229 * 6.0; 3]),
        "{:?}",
        bench.chain.last(1)
    );
    assert!(bench.shows(0, &[0.0; 3]), "{:?}", bench.chain.last(0));
    assert_eq!(bench.chain.news(), []);
}

#[test]
fn a_hot_servo_is_news_and_a_mute_one_is_not_made_up() {
    let test = "a_hot_servo_is_news_and_a_mute_one_is_not_made_up";
    let Some(mut bench) = bench(test, "dynamixel", "dynamixel_device.py", &[]) else {
        return;
    };
    bench.peer.tell("heat 2 4 81");
    assert!(
        until(|| bench.chain.reported("over-temperature")),
        "{:?}",
        bench.chain.news()
    );
    assert!(
        bench.shows(3, &[33.0, 81.0, 33.0]),
        "{:?}",
        bench.chain.last(3)
    );
    bench.peer.tell("mute 2");
    let fault = |told: &Trouble| matches!(told, Trouble::Fault(..));
    assert!(
        until(|| bench.chain.news().iter().any(fault)),
        "{:?}",
        bench.chain.news()
    );
    let joints = bench.chain.device.joints().expect("it has joints");
    assert!(until(|| joints.positions_deg().is_err()));
    bench.peer.tell("speak 2");
    assert!(bench.shows(0, &[0.0; 3]));
}

#[test]
fn a_halt_of_the_servos_holds_them_where_they_are() {
    let test = "a_halt_of_the_servos_holds_them_where_they_are";
    let Some(mut bench) = bench(test, "dynamixel", "dynamixel_device.py", &[]) else {
        return;
    };
    bench.enable();
    bench.begin(vec![(0, 110.0)]).expect("they take it");
    assert!(until(|| bench
        .chain
        .last(0)
        .is_some_and(|deg| deg[0] > 10.0)));
    let halt = bench.chain.device.halt().expect("it can be halted");
    halt.halt().expect("the halt leaves");
    assert!(until(|| halt.confirmed() == Ok(Some(true))));
    let goal = bench.of("1", "goal").as_i64().expect("a goal");
    assert!((2150..3290).contains(&goal), "{goal}");
    assert_eq!(bench.of("1", "goal"), bench.of("1", "position"));
}

#[test]
fn feetech_clis_servos_are_moved_and_their_echo_is_no_answer() {
    let test = "feetech_clis_servos_are_moved_and_their_echo_is_no_answer";
    for arguments in [&[][..], &["--echo"]] {
        let Some(mut bench) = bench(test, "feetech-sts", "feetech_device.py", arguments) else {
            return;
        };
        bench.enable();
        assert_eq!(bench.of("1", "torque_enable"), json!(1));
        bench
            .begin(vec![(0, 45.0), (2, -90.0)])
            .expect("they take it");
        assert!(bench.ends_as(Progress::Settled));
        assert_eq!(bench.of("1", "goal_position"), json!(2560));
        assert!(
            bench.shows(0, &[45.0, 0.0, -90.0]),
            "{:?}",
            bench.chain.last(0)
        );
        // sign and magnitude: 0x8064 is -100 counts per second
        bench.peer.tell("set 2 present_velocity 32868");
        assert!(
            bench.shows(1, &[0.0, -8.789, 0.0]),
            "{:?}",
            bench.chain.last(1)
        );
        bench.peer.tell("set 3 present_temperature 72");
        assert!(
            bench.shows(3, &[35.0, 35.0, 72.0]),
            "{:?}",
            bench.chain.last(3)
        );
        let power = bench.chain.device.power().expect("it has power");
        power.disable().expect("they take it");
        assert_eq!(bench.of("3", "torque_enable"), json!(0));
        assert_eq!(bench.chain.news(), []);
    }
}

/// Another person's host, and none of its code the maker's: it moves both families that we simulate.
#[test]
fn rustypot_drives_our_simulated_servos() {
    for (driver, family) in [("dynamixel", "dynamixel"), ("feetech-sts", "feetech")] {
        host_drives(
            "rustypot_drives_our_simulated_servos",
            driver,
            "rustypot_host.py",
            &[family],
        );
    }
}

#[test]
fn the_makers_sdk_drives_our_simulated_servos() {
    let test = "the_makers_sdk_drives_our_simulated_servos";
    host_drives(test, "dynamixel", "dynamixel_host.py", &[]);
}

/// Runs a host against a simulated chain.
fn host_drives(test: &str, driver: &str, program: &str, arguments: &[&str]) {
    let Some(peers) = Peers::for_test(test) else {
        return;
    };
    let devices = [("servos".to_owned(), driver.to_owned())];
    let clock = Clock::real();
    let built = Simulation::build(&WorldConfig::default(), &devices, &clock, Transport::Pty);
    let (simulation, ports) = built.expect("a bench");
    let Some(Port::Path(port)) = ports.get("servos") else {
        panic!("the servos are on no pseudo-terminal");
    };
    let host = peers.run(program, &[&[port.as_str()], arguments].concat());
    let said = String::from_utf8_lossy(&host.stdout);
    assert!(
        host.status.success(),
        "{driver}: {said}{}",
        String::from_utf8_lossy(&host.stderr)
    );
    simulation.shutdown();
}
