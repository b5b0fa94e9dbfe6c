//! Our Modbus RTU client against pymodbus's server, with late answers and line faults on demand.

use std::time::Duration;

use certbench_clock::Clock;
use certbench_model::Reading;
use certbench_roles::Trouble;
use certbench_tests::bench::{Driven, plan, until};
use certbench_tests::cable::Cable;
use certbench_tests::peer::{Peer, Peers};
use serde_json::json;

/// Later than the client's time-out, sooner than its longest wait.
const LATE: &str = "late 0.6";

struct Bench {
    relay: Driven,
    peer: Peer,
    _cable: Cable,
}

/// A third-party box whose coil n closes input n, and our driver at the other end.
fn bench(test: &str) -> Option<Bench> {
    let peers = Peers::for_test(test)?;
    let cable = Cable::new();
    let peer = peers.start("modbus_server.py", &[cable.left()]);
    let options = json!({
        "baud": 9600, "interval": "20 ms", "timeout": "300 ms", "slowest": "300 ms", "max_response": "1 s",
    });
    let plan = plan("modbus-io", cable.right(), options);
    // The peer's first answer may take a busy machine longer than the box is given.
    let mut relay = None;
    until(|| {
        relay = Driven::open(&plan, &["in0", "in1", "in5"]).ok();
        relay.is_some()
    });
    let relay = relay.expect("the box opens");
    Some(Bench {
        relay,
        peer,
        _cable: cable,
    })
}

impl Bench {
    fn switch(&self, number: u16, on: bool) -> Result<[u64; 2], Trouble> {
        self.relay
            .device
            .outputs()
            .expect("a relay box switches")
            .switch(number, on)
    }

    /// Switches, again if the line failed, and gives the moment after which it was done.
    fn surely_switch(&self, number: u16, on: bool) -> u64 {
        let mut done = None;
        assert!(until(|| {
            done = self.switch(number, on).ok();
            done.is_some()
        }));
        done.map_or(0, |[_, latest]| latest)
    }

    /// What the input read in every sample that was taken after a moment.
    fn after(&self, channel: u16, time_ns: u64) -> Vec<Reading> {
        let later = |sample: &&certbench_model::Sample| sample.time_ns > time_ns;
        self.relay
            .samples(channel)
            .iter()
            .filter(later)
            .map(|sample| sample.reading)
            .collect()
    }
}

fn is(reading: &Reading, on: bool) -> bool {
    *reading == Reading::scalar(if on { 1.0 } else { 0.0 })
}

#[test]
fn a_coil_closes_its_input_and_no_other() {
    let Some(mut bench) = bench("a_coil_closes_its_input_and_no_other") else {
        return;
    };
    let done = bench.surely_switch(1, true);
    assert!(until(|| bench
        .after(1, done)
        .iter()
        .any(|reading| is(reading, true))));
    assert!(
        bench
            .relay
            .readings(0)
            .iter()
            .all(|reading| is(reading, false))
    );
    assert_eq!(bench.peer.state()["coils"][1], true);
    let done = bench.surely_switch(1, false);
    assert!(until(|| bench
        .after(1, done)
        .iter()
        .any(|reading| is(reading, false))));
    assert_eq!(bench.relay.news(), []);
}

/// The protocol has no transaction number. A client that takes what comes next for its answer reads the
/// input as it was, after it has changed. (With `max_response` below the lateness this test fails.)
#[test]
fn a_late_answer_is_never_taken_for_the_next() {
    let Some(mut bench) = bench("a_late_answer_is_never_taken_for_the_next") else {
        return;
    };
    for (round, value) in [true, false, true, false].into_iter().enumerate() {
        bench.peer.tell(LATE);
        bench.peer.tell("drop"); // the late answer stands alone: nothing else tells it from the next
        bench.peer.state();
        std::thread::sleep(Duration::from_millis(150)); // the answer to a poll is on its late way
        bench
            .peer
            .tell(if value { "input 5 1" } else { "input 5 0" });
        bench.peer.state();
        let changed = Clock::real().now().as_nanos();
        let now = |reading: &Reading| is(reading, value);
        let enough = until(|| bench.after(2, changed).iter().filter(|r| now(r)).count() >= 3);
        let readings = bench.after(2, changed);
        assert!(enough, "round {round}: {readings:?}");
        assert!(
            !readings.iter().any(|r| is(r, !value)),
            "round {round}: {readings:?}"
        );
    }
}

#[test]
fn a_switch_whose_answer_is_late_is_a_fault_and_can_be_tried_again() {
    let test = "a_switch_whose_answer_is_late_is_a_fault_and_can_be_tried_again";
    let Some(mut bench) = bench(test) else {
        return;
    };
    for on in [true, false] {
        bench.peer.tell(LATE);
        bench.peer.state();
        let done = bench.surely_switch(0, on);
        assert_eq!(bench.peer.state()["coils"][0], on);
        assert!(until(|| bench
            .after(0, done)
            .iter()
            .any(|reading| is(reading, on))));
        assert!(!bench.after(0, done).iter().any(|reading| is(reading, !on)));
    }
}

#[test]
fn wrong_checksums_cut_and_lost_answers_cost_readings_and_never_invent_one() {
    let test = "wrong_checksums_cut_and_lost_answers_cost_readings_and_never_invent_one";
    let Some(mut bench) = bench(test) else {
        return;
    };
    let done = bench.surely_switch(0, true);
    for fault in ["crc", "cut", "drop"] {
        bench.peer.tell(fault);
        bench.peer.state();
        let before = bench.after(0, done).len();
        assert!(until(|| bench
            .after(0, done)
            .iter()
            .filter(|r| is(r, true))
            .count()
            >= before + 3));
    }
    let invented = bench
        .after(0, done)
        .into_iter()
        .find(|reading| is(reading, false));
    assert_eq!(invented, None);
    assert_eq!(bench.relay.news(), [], "one lost answer is no news");
}

#[test]
fn a_box_that_falls_silent_is_a_fault_of_the_bench() {
    let Some(mut bench) = bench("a_box_that_falls_silent_is_a_fault_of_the_bench") else {
        return;
    };
    bench.peer.tell("drop 1000");
    assert!(until(|| !bench.relay.news().is_empty()));
    let news = bench.relay.news();
    assert!(
        news.iter().all(|told| matches!(told, Trouble::Fault(..))),
        "{news:?}"
    );
    let switched = bench.switch(0, true);
    assert!(matches!(switched, Err(Trouble::Fault(..))), "{switched:?}");
}

#[test]
fn a_busy_box_refuses_and_switches_nothing() {
    let Some(mut bench) = bench("a_busy_box_refuses_and_switches_nothing") else {
        return;
    };
    bench.peer.tell("busy 200");
    bench.peer.state();
    let switched = bench.switch(2, true);
    assert!(matches!(switched, Err(Trouble::Refused(_))), "{switched:?}");
    assert_eq!(bench.peer.state()["coils"][2], false);
}

#[test]
fn an_input_that_sticks_is_read_as_it_is() {
    let Some(mut bench) = bench("an_input_that_sticks_is_read_as_it_is") else {
        return;
    };
    bench.peer.tell("input 5 1");
    assert!(until(|| bench.relay.last(2) == Some(vec![1.0])));
    bench.peer.tell("input 5 auto");
    assert!(until(|| bench.relay.last(2) == Some(vec![0.0])));
}
