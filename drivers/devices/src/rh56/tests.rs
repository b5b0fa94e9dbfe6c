//! The driver against a hand of a few lines: registers, fingers that move, one that meets something.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use certbench_link::{ByteLink, pair};
use certbench_model::plan::{DevicePlan, SafeState};
use certbench_model::{FaultKind, Invalid, Reading};
use certbench_roles::{Device, GraspMove, Progress, Trouble};
use certbench_wire::rh56::{Reply, Request, RequestDecoder, register};

use super::hand::open;
use crate::testing::{Bench, Overtaken, plan, safe};

/// A hand as its registers show it.
struct Fingers {
    memory: Vec<u8>,
    /// How far each finger can close before something is in its way, in counts.
    blocked_at: [i16; 6],
    moving: bool,
    mute: bool,
    garble: bool,
}

const LOWEST: usize = 1000;
const STEP: i16 = 40;

impl Fingers {
    fn new() -> Fingers {
        let mut fingers = Fingers {
            memory: vec![0; 700],
            blocked_at: [0; 6],
            moving: true,
            mute: false,
            garble: false,
        };
        for finger in 0..6 {
            fingers.put(1486, finger, 1000);
            fingers.put(1546, finger, 1000);
            fingers.put(1582, finger, 12);
            fingers.memory[1612 - LOWEST + finger] = 2;
            fingers.memory[1618 - LOWEST + finger] = 31;
        }
        fingers
    }

    fn at(&self, address: usize, finger: usize) -> i16 {
        let at = address - LOWEST + 2 * finger;
        i16::from_le_bytes([self.memory[at], self.memory[at + 1]])
    }

    fn put(&mut self, address: usize, finger: usize, value: i16) {
        let at = address - LOWEST + 2 * finger;
        self.memory[at..at + 2].copy_from_slice(&value.to_le_bytes());
    }

    /// One step of every finger towards its command.
    fn step(&mut self) {
        for finger in 0..6 {
            let (now, goal) = (self.at(1546, finger), self.at(1486, finger));
            let next = (goal - now).clamp(-STEP, STEP) + now;
            let (next, status) = match next {
                _ if now == goal => (now, 2),
                next if next < self.blocked_at[finger] => (self.blocked_at[finger], 3),
                next => (next, u8::from(goal < now)),
            };
            if self.moving {
                self.put(1546, finger, next);
                self.memory[1612 - LOWEST + finger] = status;
            }
        }
    }

    fn answer(&mut self, request: &Request) -> Reply {
        match request {
            Request::Read {
                hand,
                address,
                count,
            } => {
                if *address == register::ANGLE_ACT.address {
                    self.step();
                }
                let at = usize::from(*address) - LOWEST;
                let data = self.memory[at..at + usize::from(*count)].to_vec();
                Reply::Data {
                    hand: *hand,
                    address: *address,
                    data,
                }
            }
            Request::Write {
                hand,
                address,
                data,
            } => {
                for (i, pair) in data.chunks(2).enumerate() {
                    if pair != [0xFF, 0xFF] {
                        self.put(
                            usize::from(*address),
                            i,
                            i16::from_le_bytes([pair[0], pair[1]]),
                        );
                    }
                }
                Reply::Written {
                    hand: *hand,
                    address: *address,
                    result: 1,
                }
            }
        }
    }
}

type Shared = Arc<Mutex<Fingers>>;

fn hand(bench: &Bench, plan: &DevicePlan) -> (Arc<dyn Device>, Shared) {
    let (near, far) = cable(bench);
    (
        open(plan, Arc::new(near), &bench.clock).unwrap(),
        serve(bench, far),
    )
}

fn cable(bench: &Bench) -> (pair::BytePipe, pair::BytePipe) {
    let wire = pair::Wire {
        latency: Duration::from_micros(300),
        bits_per_second: Some(115_200),
    };
    pair::bytes(&bench.clock, "/dev/ttyUSB0", wire)
}

fn serve(bench: &Bench, far: pair::BytePipe) -> Shared {
    let fingers: Shared = Arc::new(Mutex::new(Fingers::new()));
    let (clock, shared) = (bench.clock.clone(), fingers.clone());
    bench.peer("hand", move |stop| {
        let mut decoder = RequestDecoder::default();
        while !stop.is_set() {
            let mut bytes = Vec::new();
            if !matches!(
                far.read(&mut bytes, clock.now() + Duration::from_millis(50)),
                Ok(Some(_))
            ) {
                continue;
            }
            decoder.push(&bytes);
            while let Some(Ok(request)) = decoder.next() {
                let mut fingers = shared.lock().unwrap();
                let mut frame = fingers.answer(&request).encode().unwrap();
                if fingers.garble {
                    frame[5] ^= 0x10;
                }
                if !fingers.mute {
                    let _ = far.write(&frame);
                }
            }
        }
    });
    fingers
}

fn default_plan() -> DevicePlan {
    safe(plan("hand", "inspire-rh56", &[]), SafeState::Hold)
}

fn grasp(closing: f64, fingers: &[usize]) -> GraspMove {
    GraspMove {
        closing: fingers.iter().map(|f| (*f, closing)).collect(),
        force: 0.5,
        speed: 1.0,
    }
}

#[test]
fn who_it_is_must_be_read_from_its_label() {
    let bench = Bench::new();
    let (device, _) = hand(&bench, &default_plan());
    let identity = device.identify().unwrap();
    assert_eq!(identity.serial, None);
    assert_eq!(identity.label_needed, ["model", "serial", "firmware"]);
    assert!(!device.link().may_be_physical);
}

#[test]
fn its_registers_become_samples_in_units() {
    let bench = Bench::new();
    let (device, _) = hand(&bench, &default_plan());
    let heard = bench.start(&*device, &["closing", "force", "temperature"]);
    bench.pass(500);
    assert_eq!(
        heard.readings(0).last().unwrap().values().unwrap(),
        [0.0; 6]
    );
    let force = heard.readings(1).last().unwrap().component(3).unwrap();
    assert!(
        (force - 0.117_679_8).abs() < 1e-12,
        "12 grams-force are 12 * 9.80665 mN, not {force} N"
    );
    assert_eq!(
        heard.readings(2).last().unwrap().values().unwrap(),
        [31.0; 6]
    );
    let times: Vec<u64> = heard
        .samples(0)
        .iter()
        .map(|sample| sample.time_ns)
        .collect();
    assert!(times.len() > 20 && times.windows(2).all(|pair| pair[0] < pair[1]));
    device.close();
}

#[test]
fn fingers_that_are_not_named_stay_and_a_finger_that_meets_something_holds_it() {
    let bench = Bench::new();
    let (device, fingers) = hand(&bench, &default_plan());
    fingers.lock().unwrap().blocked_at[3] = 400;
    let _heard = bench.start(&*device, &[]);
    bench.pass(100);
    let role = device.grasp().unwrap();
    role.begin(&grasp(1.0, &[2])).unwrap();
    assert_eq!(role.progress().unwrap(), Progress::Moving);
    bench.pass(1500);
    assert_eq!(role.progress().unwrap(), Progress::Settled);
    role.begin(&grasp(1.0, &[3])).unwrap();
    bench.pass(1500);
    assert_eq!(
        role.progress().unwrap(),
        Progress::Stopped,
        "it holds something"
    );
    let fingers = fingers.lock().unwrap();
    assert_eq!(
        (
            fingers.at(1546, 2),
            fingers.at(1546, 3),
            fingers.at(1546, 0)
        ),
        (0, 400, 1000)
    );
    assert_eq!(fingers.at(1498, 0), 500, "half of 1000 grams-force");
    drop(fingers);
    device.close();
}

#[test]
fn what_passes_the_benchs_limits_does_not_leave() {
    let bench = Bench::new();
    let mut plan = default_plan();
    plan.limits.force_n_max = Some(2.0);
    let (device, fingers) = hand(&bench, &plan);
    let role = device.grasp().unwrap();
    let too_hard = GraspMove {
        force: role.force_fraction(3.0).unwrap(),
        ..grasp(1.0, &[0])
    };
    for motion in [
        too_hard,
        grasp(1.5, &[0]),
        grasp(0.5, &[6]),
        GraspMove {
            speed: -0.1,
            force: 0.1,
            ..grasp(0.5, &[0])
        },
    ] {
        assert!(
            matches!(role.accept(&motion), Err(Trouble::Refused(_))),
            "{motion:?}"
        );
        assert!(
            matches!(role.begin(&motion), Err(Trouble::Refused(_))),
            "{motion:?}"
        );
    }
    assert!(matches!(
        role.force_fraction(30.0),
        Err(Trouble::Refused(_))
    ));
    assert_eq!(
        fingers.lock().unwrap().at(1486, 0),
        1000,
        "nothing was commanded"
    );
    let soft = GraspMove {
        force: role.force_fraction(2.0).unwrap(),
        ..grasp(1.0, &[0])
    };
    assert_eq!(role.accept(&soft), Ok(()));
}

#[test]
fn halt_holds_the_hand_where_it_is() {
    let bench = Bench::new();
    let (device, fingers) = hand(&bench, &default_plan());
    device.identify().unwrap();
    let halt = device.halt().unwrap();
    let _heard = bench.start(&*device, &[]);
    bench.pass(50);
    device
        .grasp()
        .unwrap()
        .begin(&grasp(1.0, &[0, 1, 2, 3]))
        .unwrap();
    bench.pass(150);
    halt.halt().unwrap();
    assert_eq!(halt.confirmed().unwrap(), None, "not known yet");
    let before = fingers.lock().unwrap().at(1546, 0);
    bench.pass(600);
    let after = fingers.lock().unwrap().at(1546, 0);
    assert!(
        before > 100 && before.abs_diff(after) <= 2 * STEP.unsigned_abs(),
        "{before} {after}"
    );
    assert_eq!(halt.confirmed().unwrap(), Some(true));
    device.close();
}

#[test]
fn a_grasp_that_a_halt_overtook_on_its_way_out_is_followed_by_another_halt() {
    let bench = Bench::new();
    let (near, far) = cable(&bench);
    let commands_a_grasp = |frame: &[u8]| frame.get(4..9) == Some(&[0x12, 0xCE, 0x05, 0x00, 0x00]);
    let (near, halt) = Overtaken::new(near, commands_a_grasp);
    let device = open(&default_plan(), Arc::new(near), &bench.clock).unwrap();
    let fingers = serve(&bench, far);
    device.identify().unwrap();
    assert!(halt.set(device.halt().unwrap()).is_ok());
    let begun = device.grasp().unwrap().begin(&grasp(1.0, &[0]));
    assert!(matches!(begun, Err(Trouble::Refused(_))), "{begun:?}");
    bench.pass(50);
    assert_eq!(
        fingers.lock().unwrap().at(1486, 0),
        1000,
        "held where it was, not closed"
    );
}

#[test]
fn a_hand_that_goes_on_moving_is_not_confirmed_to_hold() {
    let bench = Bench::new();
    let (device, fingers) = hand(&bench, &default_plan());
    device.identify().unwrap();
    let _heard = bench.start(&*device, &[]);
    let halt = device.halt().unwrap();
    bench.pass(50);
    fingers.lock().unwrap().mute = true; // the halt is lost, and the hand creeps
    halt.halt().unwrap();
    bench.pass(10);
    let mut creeping = fingers.lock().unwrap();
    creeping.mute = false;
    (0..6).for_each(|finger| creeping.put(1486, finger, -30_000));
    creeping.blocked_at = [-30_000; 6];
    drop(creeping);
    bench.pass(600);
    assert_eq!(halt.confirmed().unwrap(), Some(false));
    device.close();
}

#[test]
fn nothing_to_hold_is_said_and_not_made_up() {
    let bench = Bench::new();
    let (device, _) = hand(&bench, &default_plan());
    assert!(matches!(
        device.halt().unwrap().halt(),
        Err(Trouble::Fault(FaultKind::Harness, _))
    ));
}

#[test]
fn an_error_bit_is_news_of_the_device_once() {
    let bench = Bench::new();
    let (device, fingers) = hand(&bench, &default_plan());
    let heard = bench.start(&*device, &[]);
    bench.pass(100);
    fingers.lock().unwrap().memory[1606 - LOWEST + 4] = 0b10; // thumb bend: over-temperature
    bench.pass(500);
    let news = heard.news();
    let [Trouble::Event { code, text }] = news.as_slice() else {
        panic!("{news:?}")
    };
    assert_eq!(code, "over-temperature");
    assert!(text.starts_with("thumb-bend"), "{text}");
    device.close();
}

#[test]
fn a_dead_cable_says_nothing_about_the_hand() {
    let bench = Bench::new();
    let (device, fingers) = hand(&bench, &default_plan());
    let heard = bench.start(&*device, &["closing"]);
    bench.pass(100);
    fingers.lock().unwrap().mute = true;
    let before = heard.samples(0).len();
    bench.pass(3000);
    let news = heard.news();
    let [Trouble::Fault(FaultKind::Unattributable, text)] = news.as_slice() else {
        panic!("{news:?}");
    };
    for part in [
        "no answer from hand 1 on /dev/ttyUSB0 in 100 ms",
        "sent EB 90 01 04 11",
        "is it powered?",
        "cable",
    ] {
        assert!(text.contains(part), "{text}");
    }
    assert!(heard.samples(0).len() <= before + 1);
    let progress = device.grasp().unwrap().progress();
    assert_eq!(
        progress,
        Ok(Progress::Stopped),
        "without a grasp nothing is awaited"
    );
    device.close();
}

#[test]
fn a_grasp_that_cannot_be_watched_is_no_endless_motion() {
    let bench = Bench::new();
    let (device, fingers) = hand(&bench, &default_plan());
    let _heard = bench.start(&*device, &[]);
    bench.pass(100);
    device.grasp().unwrap().begin(&grasp(1.0, &[0])).unwrap();
    fingers.lock().unwrap().mute = true;
    bench.pass(2000);
    let progress = device.grasp().unwrap().progress();
    assert!(
        matches!(progress, Err(Trouble::Fault(FaultKind::Unattributable, _))),
        "{progress:?}"
    );
    device.close();
}

#[test]
fn a_noisy_line_gives_invalid_readings_and_blames_the_link() {
    let bench = Bench::new();
    let (device, fingers) = hand(&bench, &default_plan());
    let heard = bench.start(&*device, &["closing"]);
    fingers.lock().unwrap().garble = true;
    bench.pass(3000);
    assert!(
        heard
            .readings(0)
            .iter()
            .all(|reading| *reading == Reading::Invalid(Invalid::Unreadable))
    );
    let news = heard.news();
    assert!(
        matches!(news.as_slice(), [Trouble::Fault(FaultKind::Link, _)]),
        "{news:?}"
    );
    device.close();
}

#[test]
fn a_safe_state_that_the_hand_does_not_have_is_refused() {
    let bench = Bench::new();
    let (near, _far) = pair::bytes(&bench.clock, "hand", pair::Wire::default());
    let limp = safe(plan("hand", "inspire-rh56", &[]), SafeState::TorqueOff);
    let refused = open(&limp, Arc::new(near), &bench.clock).err();
    assert!(matches!(refused, Some(Trouble::Refused(_))));
}
