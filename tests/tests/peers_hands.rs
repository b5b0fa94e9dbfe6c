//! The PSYONIC Ability Hand: our driver against a hand in its maker's own words, and the maker's own client
//! against our simulated hand.

use certbench_clock::Clock;
use certbench_model::Reading;
use certbench_model::plan::SafeState;
use certbench_roles::{GraspMove, Progress, Trouble};
use certbench_sim::config::WorldConfig;
use certbench_sim::{Port, Simulation, Transport};
use certbench_tests::bench::{Driven, plan, safe, until};
use certbench_tests::cable::Cable;
use certbench_tests::peer::{Peer, Peers};
use serde_json::json;

struct Bench {
    hand: Driven,
    peer: Peer,
    _cable: Cable,
}

fn bench(test: &str, arguments: &[&str]) -> Option<Bench> {
    let peers = Peers::for_test(test)?;
    let cable = Cable::new();
    let arguments = [&[cable.left()], arguments].concat();
    let peer = peers.start("psyonic_device.py", &arguments);
    // generous: the hand is Python
    let options = json!({ "timeout": "200 ms", "slowest": "200 ms" });
    let plan = plan("psyonic-ability", cable.right(), options);
    let hand = Driven::open(&safe(plan, SafeState::Hold), &["closing", "current"]);
    Some(Bench {
        hand: hand.expect("the hand opens"),
        peer,
        _cable: cable,
    })
}

impl Bench {
    fn begin(&self, closing: f64, force: f64) -> Result<(), Trouble> {
        let grasp = self.hand.device.grasp().expect("a hand grasps");
        grasp.begin(&GraspMove {
            closing: (0..6).map(|finger| (finger, closing)).collect(),
            force,
            speed: 1.0,
        })
    }

    fn ends_as(&self, wanted: Progress) -> bool {
        let grasp = self.hand.device.grasp().expect("a hand grasps");
        let progress = || grasp.progress().expect("the hand answers");
        until(|| progress() != Progress::Moving) && progress() == wanted
    }

    /// The hand's own degrees.
    fn degrees(&mut self) -> Vec<f64> {
        let state = self.peer.state();
        let all = state["position"].as_array().expect("six joints");
        all.iter()
            .map(|deg| deg.as_f64().expect("a number"))
            .collect()
    }
}

#[test]
fn an_ability_hand_is_closed_and_opened_in_its_makers_degrees() {
    let test = "an_ability_hand_is_closed_and_opened_in_its_makers_degrees";
    let Some(mut bench) = bench(test, &[]) else {
        return;
    };
    let before = bench.peer.state();
    assert_eq!(
        before["api_mode"], false,
        "reading it does not take it over"
    );
    assert_eq!(before["positions_taken"], 0);
    bench.begin(0.6, 1.0).expect("the hand takes it");
    assert!(bench.ends_as(Progress::Settled));
    let degrees = bench.degrees();
    let near = |(deg, wanted): (&f64, f64)| (deg - wanted).abs() < 0.02;
    let wanted = [60.0, 60.0, 60.0, 60.0, 60.0, -60.0];
    assert!(degrees.iter().zip(wanted).all(near), "{degrees:?}");
    assert!(until(|| bench.hand.last(0).is_some_and(|closing| {
        closing.iter().all(|percent| (percent - 60.0).abs() < 0.1)
    })));
    bench.begin(0.0, 1.0).expect("the hand takes it");
    assert!(bench.ends_as(Progress::Settled));
    assert!(bench.degrees().iter().all(|deg| deg.abs() < 0.02));
    assert_eq!(bench.hand.news(), []);
}

#[test]
fn fingers_that_meet_something_stop_at_their_current() {
    let test = "fingers_that_meet_something_stop_at_their_current";
    let Some(mut bench) = bench(test, &["--object", "40"]) else {
        return;
    };
    bench.begin(1.0, 1.0).expect("the hand takes it");
    assert!(bench.ends_as(Progress::Stopped));
    let degrees = bench.degrees();
    let held = |deg: &f64| (deg - 40.0).abs() < 0.5;
    assert!(degrees[..5].iter().all(held), "{degrees:?}");
    assert!(
        (degrees[5] + 100.0).abs() < 0.5,
        "the rotator meets nothing"
    );
    // it is held where it stopped, not pressed on: its targets are where its fingers are
    assert!(until(|| bench.hand.last(1).is_some_and(|amperes| {
        amperes.iter().all(|ampere| *ampere < 0.2)
    })));
}

/// A harness that hangs: the hand leaves API mode by itself, and reading does not take it back.
#[test]
fn a_hand_that_is_not_fed_leaves_api_mode() {
    let Some(mut bench) = bench("a_hand_that_is_not_fed_leaves_api_mode", &[]) else {
        return;
    };
    bench.begin(0.5, 1.0).expect("the hand takes it");
    assert!(bench.ends_as(Progress::Settled));
    let taken = bench.peer.state()["positions_taken"].as_u64();
    assert!(taken.is_some_and(|taken| taken > 0), "{taken:?}");
    bench.hand.stall();
    let mut left = false;
    assert!(until(|| {
        left = bench.peer.state()["api_mode"] == false;
        left
    }));
    let before = bench.hand.readings(0).len();
    assert!(until(|| bench.hand.readings(0).len() > before + 5));
    assert_eq!(bench.peer.state()["api_mode"], false);
}

#[test]
fn damaged_answers_cost_readings_and_never_become_one() {
    let Some(mut bench) = bench("damaged_answers_cost_readings_and_never_become_one", &[]) else {
        return;
    };
    bench.peer.tell("corrupt 2");
    bench.peer.state();
    let before = bench.hand.readings(0).len();
    assert!(until(|| bench.hand.readings(0).len() > before + 5));
    for reading in bench.hand.readings(0) {
        if let Reading::Values { values, .. } = reading {
            assert!(
                values[..6].iter().all(|percent| percent.abs() < 0.1),
                "{values:?}"
            );
        }
    }
}

#[test]
fn the_makers_client_drives_our_simulated_hand() {
    let Some(peers) = Peers::for_test("the_makers_client_drives_our_simulated_hand") else {
        return;
    };
    let devices = [("hand".to_owned(), "psyonic-ability".to_owned())];
    let clock = Clock::real();
    let built = Simulation::build(&WorldConfig::default(), &devices, &clock, Transport::Pty);
    let (simulation, ports) = built.expect("a bench");
    let Some(Port::Path(port)) = ports.get("hand") else {
        panic!("the hand is on no pseudo-terminal");
    };
    let host = peers.run("psyonic_host.py", &[port]);
    assert!(
        host.status.success(),
        "{}{}",
        String::from_utf8_lossy(&host.stdout),
        String::from_utf8_lossy(&host.stderr)
    );
    simulation.shutdown();
}
