//! The driver against a box of a few lines that can be late, noisy or silent.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use certbench_link::{ByteLink, pair};
use certbench_model::{FaultKind, Reading};
use certbench_roles::{Device, Trouble};
use certbench_wire::modbus::{Exception, Heard, Reply, Request, RequestDecoder, silent_interval};
use proptest::prelude::*;

use super::open;
use crate::line::{Failure, Line, Manners};
use crate::modbus::{Client, Framing};
use crate::testing::{Bench, plan};

/// A box: what its inputs read, what its coils are, and how late each answer comes.
#[derive(Default)]
struct Box8 {
    inputs: u8,
    coils: u8,
    asked: usize,
    late: Vec<Duration>,
    mute: bool,
    /// The inputs count the questions, so that each answer tells which question it was for.
    counting: bool,
}

type Shared = Arc<Mutex<Box8>>;

fn answer(state: &mut Box8, heard: &Heard) -> Vec<u8> {
    let bits = |byte: u8, count: u16| (0..count).map(|bit| byte >> bit & 1 == 1).collect();
    match &heard.request {
        Ok(request @ Request::Read { count, .. }) if *count <= 8 => {
            let inputs = if state.counting {
                state.asked as u8
            } else {
                state.inputs
            };
            Reply::Bits(bits(inputs, *count)).encode(heard.unit, request)
        }
        Ok(request @ Request::WriteCoil { address, on }) if *address < 8 => {
            state.coils = state.coils & !(1 << address) | u8::from(*on) << address;
            Reply::Written.encode(heard.unit, request)
        }
        Ok(_) => Exception::IllegalDataAddress.encode(heard.unit, heard.function),
        Err(exception) => exception.encode(heard.unit, heard.function),
    }
}

fn serve(bench: &Bench, far: pair::BytePipe) -> Shared {
    let state: Shared = Arc::default();
    let (clock, shared, far) = (bench.clock.clone(), state.clone(), Arc::new(far));
    bench.peer("box", move |stop| {
        let mut decoder = RequestDecoder::default();
        let mut due: Vec<(certbench_clock::Time, Vec<u8>)> = Vec::new();
        while !stop.is_set() {
            let now = clock.now();
            due.retain(|(at, frame)| *at > now || far.write(frame).is_err());
            let next = due
                .iter()
                .map(|(at, _)| *at)
                .min()
                .unwrap_or(now + Duration::from_millis(20));
            let mut bytes = Vec::new();
            if !matches!(far.read(&mut bytes, next), Ok(Some(_))) {
                continue;
            }
            decoder.push(&bytes);
            while let Some(Ok(heard)) = decoder.next() {
                let mut state = shared.lock().unwrap();
                let frame = answer(&mut state, &heard);
                let late = state.late.get(state.asked).copied().unwrap_or_default();
                state.asked += 1;
                if !state.mute {
                    due.push((clock.now() + late, frame));
                }
            }
        }
    });
    state
}

fn cable(bench: &Bench) -> (pair::BytePipe, pair::BytePipe) {
    let wire = pair::Wire {
        latency: Duration::from_micros(300),
        bits_per_second: Some(115_200),
    };
    pair::bytes(&bench.clock, "/dev/ttyUSB1", wire)
}

fn io(bench: &Bench) -> (Arc<dyn Device>, Shared) {
    let (near, far) = cable(bench);
    let plan = plan(
        "io",
        "modbus-io",
        &[("baud", "115200"), ("interval", "10 ms")],
    );
    (
        open(&plan, Arc::new(near), &bench.clock).unwrap(),
        serve(bench, far),
    )
}

#[test]
fn inputs_become_contacts_and_an_edge_lies_between_two_polls() {
    let bench = Bench::new();
    let (device, state) = io(&bench);
    device.identify().unwrap();
    let heard = bench.start(&*device, &["in0", "in2"]);
    bench.pass(100);
    let edge = bench.clock.now().as_nanos();
    state.lock().unwrap().inputs = 0b101;
    bench.pass(100);
    let samples = heard.samples(0);
    let first = samples
        .iter()
        .position(|sample| sample.reading == Reading::scalar(1.0))
        .unwrap();
    let (without, with) = (samples[first - 1].time_ns, samples[first].time_ns);
    assert!(
        without <= edge && edge <= with && with - without < 15_000_000,
        "{without} {edge} {with}"
    );
    assert_eq!(heard.readings(1).last(), Some(&Reading::scalar(1.0)));
    device.close();
}

#[test]
fn an_output_says_between_which_moments_it_was_switched() {
    let bench = Bench::new();
    let (device, state) = io(&bench);
    let outputs = device.outputs().unwrap();
    let before = bench.clock.now().as_nanos();
    let [earliest, latest] = outputs.switch(3, true).unwrap();
    assert!(before <= earliest && earliest < latest && latest <= bench.clock.now().as_nanos());
    assert_eq!(state.lock().unwrap().coils, 0b1000);
    outputs.switch(3, false).unwrap();
    assert_eq!(state.lock().unwrap().coils, 0);
    assert!(matches!(outputs.switch(8, true), Err(Trouble::Refused(_))));
}

/// protocols.md 1.1: another client read register 1500 in vain, then 2001, and took the answer of 1500.
#[test]
fn a_late_answer_is_never_taken_for_the_next() {
    let bench = Bench::new();
    let (device, state) = io(&bench);
    state.lock().unwrap().inputs = 0xFF;
    state.lock().unwrap().late = vec![Duration::from_millis(150)];
    let late = device.identify();
    assert!(
        matches!(late, Err(Trouble::Fault(FaultKind::Unattributable, _))),
        "{late:?}"
    );
    state.lock().unwrap().inputs = 0x00; // what the inputs read from here on
    let heard = bench.start(&*device, &["in0"]);
    bench.pass(1000);
    assert!(
        heard
            .readings(0)
            .iter()
            .all(|reading| *reading == Reading::scalar(0.0)),
        "the old value is gone"
    );
    assert!(
        heard.samples(0)[0].time_ns >= 400_000_000,
        "quarantined for 300 ms after the time-out"
    );
    device.close();
}

#[test]
fn an_answer_with_a_byte_before_it_is_not_trusted() {
    let bench = Bench::new();
    let (near, far) = cable(&bench);
    let plan = plan("io", "modbus-io", &[("baud", "115200")]);
    let device = open(&plan, Arc::new(near), &bench.clock).unwrap();
    let clock = bench.clock.clone();
    bench.peer("noisy box", move |stop| {
        let inputs = Request::Read {
            table: certbench_wire::modbus::Table::DiscreteInputs,
            start: 0,
            count: 8,
        };
        while !stop.is_set() {
            let mut bytes = Vec::new();
            if matches!(
                far.read(&mut bytes, clock.now() + Duration::from_millis(20)),
                Ok(Some(_))
            ) {
                let mut frame = vec![0x00];
                frame.extend(Reply::Bits(vec![true; 8]).encode(1, &inputs));
                let _ = far.write(&frame);
            }
        }
    });
    let noisy = device.identify();
    assert!(
        matches!(noisy, Err(Trouble::Fault(FaultKind::Link, _))),
        "{noisy:?}"
    );
}

#[test]
fn a_box_that_refuses_says_why() {
    let bench = Bench::new();
    let (near, far) = cable(&bench);
    let _state = serve(&bench, far);
    let plan = plan("io", "modbus-io", &[("inputs", "16"), ("baud", "115200")]);
    let device = open(&plan, Arc::new(near), &bench.clock).unwrap();
    let refused = device.identify();
    assert!(
        matches!(&refused, Err(Trouble::Refused(text)) if text.contains("exception 02")),
        "{refused:?}"
    );
}

#[test]
fn a_silent_box_is_told_once_and_heard_again() {
    let bench = Bench::new();
    let (device, state) = io(&bench);
    let heard = bench.start(&*device, &["in0"]);
    bench.pass(100);
    state.lock().unwrap().mute = true;
    bench.pass(5000);
    let count = heard.samples(0).len();
    let news = heard.news();
    assert!(
        matches!(
            news.as_slice(),
            [Trouble::Fault(FaultKind::Unattributable, _)]
        ),
        "{news:?}"
    );
    state.lock().unwrap().mute = false;
    bench.pass(1000);
    assert!(heard.samples(0).len() > count + 10);
    device.close();
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    /// However late each answer is (within the longest time), it is the answer to its own question or none.
    #[test]
    fn every_answer_belongs_to_its_question(late_ms in prop::collection::vec(0u64..390, 12)) {
        let bench = Bench::new();
        let (near, far) = cable(&bench);
        let state = serve(&bench, far);
        state.lock().unwrap().counting = true;
        state.lock().unwrap().late = late_ms.iter().map(|ms| Duration::from_millis(*ms)).collect();
        let manners = Manners {
            silence: silent_interval(115_200),
            timeout: Duration::from_millis(100),
            longest: Duration::from_millis(300),
        };
        let line = Line::new(Arc::new(near), &bench.clock, "the box".into(), manners);
        let client = Client::new(line, 1, Framing::Rtu);
        let inputs = Request::Read { table: certbench_wire::modbus::Table::DiscreteInputs, start: 0, count: 8 };
        for (number, ms) in late_ms.iter().enumerate() {
            match client.ask(&inputs) {
                Ok(answer) => {
                    let expected = (0..8).map(|bit| number >> bit & 1 == 1).collect();
                    prop_assert_eq!(answer.value, Reply::Bits(expected));
                }
                Err(Failure::Silence { .. }) => prop_assert!(*ms > 90, "{} ms is in time", ms),
                Err(other) => prop_assert!(false, "{:?}", other),
            }
        }
    }
}
