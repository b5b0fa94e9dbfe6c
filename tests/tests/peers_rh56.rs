//! Our driver of the RH56 hand against a hand framed by pyrh56's own codec.

use certbench_model::FaultKind;
use certbench_model::plan::SafeState;
use certbench_roles::{GraspMove, Progress, Trouble};
use certbench_tests::bench::{Driven, plan, safe, until};
use certbench_tests::cable::Cable;
use certbench_tests::peer::{Peer, Peers};
use serde_json::json;

const CLOSING: u16 = 0;
const FORCE: u16 = 1;
const TEMPERATURE: u16 = 2;
/// Standard gravity, by definition: newton of a gram-force. Not taken from the driver.
const N_PER_GRAM: f64 = 0.00980665;

struct Bench {
    hand: Driven,
    peer: Peer,
    _cable: Cable,
}

/// A third-party hand on a cable, and our driver at the other end. The time-out is generous: the hand
/// is Python.
fn bench(test: &str, arguments: &[&str]) -> Option<Bench> {
    let peers = Peers::for_test(test)?;
    let cable = Cable::new();
    let peer = peers.start("rh56_device.py", &[&[cable.left()], arguments].concat());
    let options = json!({ "timeout": "500 ms", "slowest": "500 ms" });
    let plan = safe(
        plan("inspire-rh56", cable.right(), options),
        SafeState::Hold,
    );
    let hand = Driven::open(&plan, &["closing", "force", "temperature"]).expect("the hand opens");
    Some(Bench {
        hand,
        peer,
        _cable: cable,
    })
}

impl Bench {
    fn begin(&self, closing: f64, force: f64, speed: f64) -> Result<(), Trouble> {
        let fingers = (0..5).map(|finger| (finger, closing)).collect();
        let grasp = self.hand.device.grasp().expect("a hand grasps");
        grasp.begin(&GraspMove {
            closing: fingers,
            force,
            speed,
        })
    }

    fn progress(&self) -> Progress {
        let grasp = self.hand.device.grasp().expect("a hand grasps");
        grasp.progress().expect("the hand answers")
    }

    fn ends_as(&self, wanted: Progress) -> bool {
        until(|| self.progress() != Progress::Moving) && self.progress() == wanted
    }

    /// The third party's own angles, 1000 open to 0 bent, in the whole counts that its registers carry:
    /// it says that a finger has arrived once less than half a count is left.
    fn true_angles(&mut self) -> Vec<f64> {
        let state = self.peer.state();
        let angles = state["angle"].as_array().expect("six angles");
        angles
            .iter()
            .map(|angle| angle.as_f64().expect("a number").round())
            .collect()
    }
}

#[test]
fn an_empty_hand_closes_and_opens_and_settles() {
    let Some(mut bench) = bench("an_empty_hand_closes_and_opens_and_settles", &[]) else {
        return;
    };
    bench.begin(0.75, 0.5, 1.0).expect("the hand takes it");
    assert!(bench.ends_as(Progress::Settled), "{:?}", bench.progress());
    assert_eq!(
        bench.true_angles(),
        [250.0, 250.0, 250.0, 250.0, 250.0, 900.0]
    );
    assert!(until(|| bench
        .hand
        .last(CLOSING)
        .is_some_and(|c| c[..5] == [75.0; 5])));
    bench.begin(0.0, 0.5, 1.0).expect("the hand takes it");
    assert!(bench.ends_as(Progress::Settled), "{:?}", bench.progress());
    assert_eq!(bench.true_angles()[..5], [1000.0; 5]);
    // An unloaded sensor reads -3 g: signed, and never 65533.
    let force = bench.hand.last(FORCE).expect("forces are sampled");
    assert!(
        force.iter().all(|n| (n + 3.0 * N_PER_GRAM).abs() < 1e-9),
        "{force:?}"
    );
    let temperature = bench
        .hand
        .last(TEMPERATURE)
        .expect("temperatures are sampled");
    assert_eq!(temperature, [31.0, 32.0, 33.0, 34.0, 35.0, 36.0]);
    assert_eq!(bench.hand.news(), []);
}

#[test]
fn a_hand_that_meets_an_object_holds_it_with_the_force_asked_for() {
    let test = "a_hand_that_meets_an_object_holds_it_with_the_force_asked_for";
    let Some(mut bench) = bench(test, &["--object", "400"]) else {
        return;
    };
    bench.begin(1.0, 0.3, 1.0).expect("the hand takes it");
    assert!(bench.ends_as(Progress::Stopped), "{:?}", bench.progress());
    assert_eq!(bench.true_angles()[..5], [400.0; 5]);
    let pressed = 300.0 * N_PER_GRAM;
    let presses = |n: &f64| (n - pressed).abs() < 1e-9;
    assert!(until(|| bench
        .hand
        .last(FORCE)
        .is_some_and(|f| f[..5].iter().all(presses))));
    bench.peer.tell("object none"); // it slips out: the fingers close on
    assert!(until(|| bench.true_angles()[..5] == [0.0; 5]));
    assert!(until(|| bench
        .hand
        .last(CLOSING)
        .is_some_and(|c| c[..5] == [100.0; 5])));
}

#[test]
fn a_halt_holds_the_hand_where_it_is() {
    let Some(mut bench) = bench("a_halt_holds_the_hand_where_it_is", &[]) else {
        return;
    };
    bench.begin(1.0, 0.5, 0.1).expect("the hand takes it");
    assert!(until(|| bench
        .hand
        .last(CLOSING)
        .is_some_and(|c| c[0] > 10.0)));
    let halt = bench.hand.device.halt().expect("a hand can be halted");
    halt.halt().expect("the halt leaves");
    assert!(until(
        || halt.confirmed().expect("the hand answers") == Some(true)
    ));
    let angles = bench.true_angles();
    assert!(angles[0] > 500.0, "it went on closing: {angles:?}");
    std::thread::sleep(std::time::Duration::from_millis(300));
    assert_eq!(bench.true_angles(), angles);
}

#[test]
fn a_rejected_command_is_refused_and_the_hand_stays() {
    let Some(mut bench) = bench("a_rejected_command_is_refused_and_the_hand_stays", &[]) else {
        return;
    };
    bench.peer.tell("reject 1");
    let before = bench.true_angles();
    let refused = bench.begin(1.0, 0.5, 1.0);
    assert!(matches!(refused, Err(Trouble::Refused(_))), "{refused:?}");
    assert_eq!(bench.true_angles(), before);
}

#[test]
fn an_overheated_finger_is_news_of_the_hand_and_no_fault_of_the_bench() {
    let test = "an_overheated_finger_is_news_of_the_hand_and_no_fault_of_the_bench";
    let Some(mut bench) = bench(test, &[]) else {
        return;
    };
    bench.peer.tell("hot 2");
    assert!(until(|| bench
        .hand
        .last(TEMPERATURE)
        .is_some_and(|t| t[2] == 75.0)));
    assert!(
        until(|| bench.hand.reported("over-temperature")),
        "{:?}",
        bench.hand.news()
    );
    let faults = bench
        .hand
        .news()
        .into_iter()
        .find(|t| matches!(t, Trouble::Fault(..)));
    assert_eq!(faults, None);
}

#[test]
fn a_silent_hand_may_be_the_cable_or_the_hand_and_neither_is_blamed() {
    let test = "a_silent_hand_may_be_the_cable_or_the_hand_and_neither_is_blamed";
    let Some(mut bench) = bench(test, &[]) else {
        return;
    };
    bench.peer.tell("silence 60");
    assert!(until(|| !bench.hand.news().is_empty()));
    let news = bench.hand.news();
    assert!(
        news.iter()
            .all(|told| matches!(told, Trouble::Fault(FaultKind::Unattributable, _))),
        "{news:?}"
    );
    let refused = bench.begin(1.0, 0.5, 1.0);
    assert!(matches!(refused, Err(Trouble::Fault(..))), "{refused:?}");
}

#[test]
fn noise_and_wrong_checksums_cost_a_reading_and_never_become_one() {
    let test = "noise_and_wrong_checksums_cost_a_reading_and_never_become_one";
    let Some(mut bench) = bench(test, &[]) else {
        return;
    };
    for _ in 0..2 {
        bench.peer.tell("corrupt 2");
        bench.peer.tell("noise");
        bench.peer.state();
        let before = bench.hand.readings(CLOSING).len();
        assert!(until(|| bench.hand.readings(CLOSING).len() > before + 5));
    }
    let open = [0.0, 0.0, 0.0, 0.0, 0.0, 10.0];
    for reading in bench.hand.readings(CLOSING) {
        if let certbench_model::Reading::Values { values, .. } = reading {
            assert_eq!(values[..6], open);
        }
    }
    assert!(bench.hand.last(CLOSING).is_some() || until(|| bench.hand.last(CLOSING).is_some()));
}
