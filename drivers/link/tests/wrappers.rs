//! What may be wrapped around a link: taps, faults, echoes; and what a tap recorded, played again.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use certbench_clock::{Clock, Time};
use certbench_link::echo::Echoing;
use certbench_link::faulty::{Fault, Faults, Faulty};
use certbench_link::pair::{self, BytePipe, Wire};
use certbench_link::replay::{CanReplay, Heard, Replay};
use certbench_link::tap::Tapped;
use certbench_link::{
    ByteLink, CanFrame, CanLink, Direction, LinkError, LinkKind, Physicality, Tap,
};

use Direction::{Received, Sent};

const fn ms(n: u64) -> Duration {
    Duration::from_millis(n)
}

const fn at(ms: u64) -> Time {
    Time(ms * 1_000_000)
}

fn line(clock: &Clock) -> (BytePipe, BytePipe) {
    pair::bytes(clock, "line", Wire::default())
}

fn recorder() -> (Tap, Arc<Mutex<Vec<Heard>>>) {
    let heard = Arc::new(Mutex::new(Vec::new()));
    let tap: Tap = Arc::new({
        let heard = heard.clone();
        move |direction, time, bytes: &[u8]| {
            heard.lock().unwrap().push(Heard {
                direction,
                time,
                bytes: bytes.to_vec(),
            });
        }
    });
    (tap, heard)
}

fn read(link: &dyn ByteLink, until: Time) -> Option<Vec<u8>> {
    let mut buf = Vec::new();
    link.read(&mut buf, until).unwrap().map(|_| buf)
}

#[test]
fn a_tap_hears_both_ways_with_times() {
    let clock = Clock::simulated();
    let (host, device) = line(&clock);
    let (tap, heard) = recorder();
    let host: Box<dyn ByteLink> = Box::new(Tapped::new(host, tap));
    host.write(b"ask").unwrap();
    clock.sleep(ms(4));
    device.write(b"answer").unwrap();
    clock.sleep(ms(1));
    let mut buf = b"kept ".to_vec();
    host.read(&mut buf, at(10)).unwrap();
    assert_eq!(buf, b"kept answer");
    let expected = [
        Heard {
            direction: Sent,
            time: at(0),
            bytes: b"ask".to_vec(),
        },
        Heard {
            direction: Received,
            time: at(4),
            bytes: b"answer".to_vec(),
        },
    ];
    assert_eq!(*heard.lock().unwrap(), expected);
}

#[test]
fn a_tap_hears_what_is_thrown_away() {
    let clock = Clock::simulated();
    let (host, device) = line(&clock);
    let (tap, heard) = recorder();
    let host = Tapped::new(host, tap);
    device.write(b"late").unwrap();
    device.write(b"later").unwrap();
    host.discard();
    assert_eq!(read(&host, at(1)), None);
    let heard: Vec<_> = heard
        .lock()
        .unwrap()
        .iter()
        .map(|h| h.bytes.clone())
        .collect();
    assert_eq!(heard, [b"late".to_vec(), b"later".to_vec()]);
}

#[test]
fn a_tap_on_a_bus_hears_frames_as_text() {
    let clock = Clock::simulated();
    let (host, device) = pair::can(&clock, "bus", Wire::default());
    let (tap, heard) = recorder();
    let host = Tapped::new(host, tap);
    host.send(&"601#4000100000000000".parse().unwrap()).unwrap();
    device
        .send(&"581#4300100092010200".parse().unwrap())
        .unwrap();
    host.recv(at(1)).unwrap().unwrap();
    let texts: Vec<_> = heard
        .lock()
        .unwrap()
        .iter()
        .map(|h| String::from_utf8(h.bytes.clone()).unwrap())
        .collect();
    assert_eq!(texts, ["601#4000100000000000", "581#4300100092010200"]);
}

fn recording() -> Vec<Heard> {
    let heard = |direction, t, bytes: &[u8]| Heard {
        direction,
        time: at(t),
        bytes: bytes.to_vec(),
    };
    vec![
        heard(Received, 1000, b"hello"),
        heard(Received, 1020, b"still here"),
        heard(Sent, 1100, b"a?"),
        heard(Received, 1107, b"a1"),
        heard(Sent, 1200, b"b?"),
        heard(Received, 1203, b"b1"),
        heard(Received, 1250, b"unasked"),
        heard(Sent, 1300, b"a?"),
        heard(Received, 1309, b"a2"),
    ]
}

#[test]
fn a_recording_answers_requests_in_order_and_speaks_up_at_its_times() {
    let clock = Clock::simulated();
    clock.sleep(ms(5));
    let link = Replay::new(&clock, "run 7", recording());
    assert_eq!(
        (link.describe().kind, link.describe().provenance_hint),
        (LinkKind::Replay, Physicality::NotPhysical)
    );
    assert_eq!(read(&link, at(5)), Some(b"hello".to_vec()));
    assert_eq!(read(&link, at(24)), None);
    assert_eq!(clock.now(), at(24));
    assert_eq!(read(&link, at(100)), Some(b"still here".to_vec()));
    assert_eq!(clock.now(), at(25));
    assert_eq!(read(&link, at(100)), None, "nobody asked");
    link.write(b"a?").unwrap();
    assert_eq!(
        (read(&link, at(200)), clock.now()),
        (Some(b"a1".to_vec()), at(107))
    );
    link.write(b"b?").unwrap();
    assert_eq!(
        (read(&link, at(200)), clock.now()),
        (Some(b"b1".to_vec()), at(110))
    );
    assert_eq!(
        (read(&link, at(200)), clock.now()),
        (Some(b"unasked".to_vec()), at(157))
    );
    link.write(b"a?").unwrap();
    assert_eq!(read(&link, at(200)), Some(b"a2".to_vec()));
}

#[test]
fn a_question_that_was_never_asked_is_not_answered() {
    let clock = Clock::simulated();
    let link = Replay::new(&clock, "run 7", recording());
    let e = link.write(b"c?").unwrap_err();
    assert!(matches!(e, LinkError::Refused { .. }), "{e}");
    for question in [b"a?", b"a?", b"b?"] {
        link.write(question).unwrap();
    }
    let e = link.write(b"a?").unwrap_err();
    assert!(
        e.to_string().contains("after the end of the recording"),
        "{e}"
    );
}

#[test]
fn what_a_tap_recorded_plays_the_same() {
    let clock = Clock::simulated();
    let (tap, heard) = recorder();
    let session = |bus: &dyn CanLink| {
        let mut got = Vec::new();
        for n in 0..5 {
            let began = clock.now();
            bus.send(&CanFrame::standard(0x600 + n, &[1, 2]).unwrap())
                .unwrap();
            let (frame, stamp) = bus.recv(began + ms(100)).unwrap().unwrap();
            got.push((frame, stamp.earliest - began));
        }
        got
    };
    let (host, device) = pair::can(
        &clock,
        "bus",
        Wire {
            latency: ms(3),
            ..Wire::default()
        },
    );
    let far = clock.spawn("device", move || {
        while let Ok(Some((frame, _))) = device.recv(Time::MAX) {
            let _ = device.send(&CanFrame::standard(frame.id() - 0x80, frame.data()).unwrap());
        }
    });
    let live = session(&Tapped::new(host, tap));
    far.join().unwrap();
    let recording = heard.lock().unwrap().clone();
    assert_eq!(recording.len(), 10);
    assert_eq!(session(&CanReplay::new(&clock, "bus", recording)), live);
    assert_eq!(live[0].1, ms(6));
}

#[test]
fn a_link_does_what_its_faults_say() {
    let clock = Clock::simulated();
    let (far, host) = line(&clock);
    let faults = Faults::new();
    let device = Faulty::new(&clock, far, faults.clone());
    let cases = [
        (None, vec![&b"frame"[..]]),
        (Some(Fault::Silence), vec![]),
        (
            Some(Fault::Garbage(vec![0xEB, 0x90])),
            vec![b"\xEB\x90frame"],
        ),
        (Some(Fault::Truncated(2)), vec![b"fr"]),
        (Some(Fault::Duplicated), vec![b"frame", b"frame"]),
        (Some(Fault::BitFlipped(8)), vec![b"fsame"]),
    ];
    for (fault, arrives) in cases {
        if let Some(fault) = fault {
            faults.next(fault);
        }
        device.write(b"frame").unwrap();
        let mut got = Vec::new();
        while let Some(chunk) = read(&host, clock.now()) {
            got.push(chunk);
        }
        assert_eq!(got, arrives);
    }
    faults.always(Some(Fault::Silence));
    for _ in 0..3 {
        device.write(b"frame").unwrap();
    }
    assert_eq!(read(&host, clock.now() + ms(50)), None);
    faults.clear();
    device.write(b"back").unwrap();
    assert_eq!(read(&host, clock.now()), Some(b"back".to_vec()));
}

#[test]
fn a_late_answer_is_overtaken_by_the_next() {
    let clock = Clock::simulated();
    let (far, host) = line(&clock);
    let faults = Faults::new();
    let device = Faulty::new(&clock, far, faults.clone());
    faults.next(Fault::Late(ms(80)));
    device.write(b"first").unwrap();
    assert_eq!(read(&host, at(50)), None);
    device.write(b"second").unwrap();
    assert_eq!(read(&host, at(60)), Some(b"second".to_vec()));
    assert_eq!(read(&host, at(200)), Some(b"first".to_vec()));
    assert_eq!(clock.now(), at(80));
}

#[test]
fn a_deaf_device_hears_nothing_until_repaired() {
    let clock = Clock::simulated();
    let (far, host) = line(&clock);
    let faults = Faults::new();
    let device = Faulty::new(&clock, far, faults.clone());
    faults.deaf(true);
    host.write(b"lost").unwrap();
    assert_eq!(read(&device, at(10)), None);
    faults.deaf(false);
    host.write(b"heard").unwrap();
    assert_eq!(read(&device, at(20)), Some(b"heard".to_vec()));
}

#[test]
fn on_a_bus_a_damaged_frame_is_no_frame() {
    let clock = Clock::simulated();
    let (far, host) = pair::can(&clock, "bus", Wire::default());
    let faults = Faults::new();
    let device = Faulty::new(&clock, far, faults.clone());
    let frame: CanFrame = "701#05".parse().unwrap();
    for (fault, arrive) in [
        (Fault::Silence, 0),
        (Fault::Truncated(1), 0),
        (Fault::BitFlipped(3), 0),
        (Fault::Garbage(vec![1]), 1),
        (Fault::Duplicated, 2),
    ] {
        faults.next(fault);
        device.send(&frame).unwrap();
        let mut n = 0;
        while host.recv(clock.now()).unwrap().is_some() {
            n += 1;
        }
        assert_eq!(n, arrive);
    }
    faults.next(Fault::Late(ms(30)));
    device.send(&frame).unwrap();
    assert!(host.recv(at(29)).unwrap().is_none());
    assert!(host.recv(at(31)).unwrap().is_some());
}

#[test]
fn an_adapter_that_hears_itself_is_not_answered_by_itself() {
    let clock = Clock::simulated();
    let (host, far) = line(&clock);
    let host = Echoing::new(host);
    host.write(b"question").unwrap();
    far.write(b"ques").unwrap(); // the echo, in pieces
    far.write(b"tionans").unwrap(); // and the answer behind it
    far.write(b"wer").unwrap();
    assert_eq!(read(&host, at(1)), Some(b"ans".to_vec()));
    assert_eq!(read(&host, at(1)), Some(b"wer".to_vec()));
    host.write(b"again").unwrap();
    far.write(b"aXain").unwrap(); // somebody spoke at the same time
    assert_eq!(read(&host, at(2)), Some(b"Xain".to_vec()));
    far.write(b"again").unwrap();
    assert_eq!(read(&host, at(3)), Some(b"again".to_vec()));
    host.write(b"lost").unwrap();
    host.discard();
    far.write(b"fresh").unwrap();
    assert_eq!(read(&host, at(4)), Some(b"fresh".to_vec()));
}
