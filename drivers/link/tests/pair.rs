//! In-process links, on the simulated clock (where times are exact) and the real one.

use std::time::Duration;

use certbench_clock::{Clock, Time};
use certbench_link::pair::{self, Wire};
use certbench_link::{ByteLink, CanFrame, CanLink, LinkError, LinkKind, Physicality, Stamp};

const fn ms(n: u64) -> Duration {
    Duration::from_millis(n)
}

const fn at_us(us: u64) -> Time {
    Time(us * 1000)
}

fn exactly(t: Time) -> Option<Stamp> {
    Some(Stamp {
        earliest: t,
        latest: t,
        kernel: false,
    })
}

#[test]
fn bytes_take_their_time_on_the_wire() {
    let clock = Clock::simulated();
    // 100,000 bit/s: 100 us a byte.
    let (a, b) = pair::bytes(
        &clock,
        "line",
        Wire {
            latency: ms(1),
            bits_per_second: Some(100_000),
        },
    );
    assert_eq!(a.write(b"0123456789").unwrap(), Time::ZERO);
    assert_eq!(a.write(b"abcde").unwrap(), Time::ZERO); // waits for the wire, not for us
    let mut buf = Vec::new();
    assert_eq!(b.read(&mut buf, at_us(1999)).unwrap(), None);
    assert_eq!(clock.now(), at_us(1999));
    assert_eq!(b.read(&mut buf, at_us(9000)).unwrap(), exactly(at_us(2000)));
    assert_eq!(clock.now(), at_us(2000));
    assert_eq!(b.read(&mut buf, at_us(9000)).unwrap(), exactly(at_us(2500)));
    assert_eq!(buf, b"0123456789abcde");
    assert_eq!(b.read(&mut buf, at_us(9000)).unwrap(), None);
    assert_eq!(clock.now(), at_us(9000));
}

#[test]
fn a_question_and_its_answer_between_two_parties() {
    let clock = Clock::simulated();
    let (host, device) = pair::bytes(
        &clock,
        "line",
        Wire {
            latency: ms(2),
            ..Wire::default()
        },
    );
    let answering = clock.spawn("device", {
        let clock = clock.clone();
        move || {
            let mut buf = Vec::new();
            while device.read(&mut buf, Time::MAX).is_ok() {
                clock.sleep(ms(5));
                let _ = device.write(&std::mem::take(&mut buf));
            }
        }
    });
    let mut buf = Vec::new();
    host.write(b"?").unwrap();
    assert_eq!(
        host.read(&mut buf, at_us(100_000)).unwrap(),
        exactly(at_us(9000))
    );
    assert_eq!(buf, b"?");
    drop(host);
    answering.join().unwrap();
}

#[test]
fn discarding_leaves_what_is_still_under_way() {
    let clock = Clock::simulated();
    let (a, b) = pair::bytes(
        &clock,
        "line",
        Wire {
            latency: ms(10),
            ..Wire::default()
        },
    );
    a.write(b"old").unwrap();
    clock.sleep(ms(5));
    a.write(b"new").unwrap();
    clock.sleep(ms(6));
    b.discard();
    let mut buf = Vec::new();
    assert_eq!(
        b.read(&mut buf, at_us(100_000)).unwrap(),
        exactly(at_us(15_000))
    );
    assert_eq!(buf, b"new");
}

#[test]
fn the_other_end_closed_is_gone() {
    let clock = Clock::simulated();
    let (a, b) = pair::bytes(&clock, "line", Wire::default());
    a.write(b"bye").unwrap();
    drop(a);
    let mut buf = Vec::new();
    assert!(
        b.read(&mut buf, at_us(1)).unwrap().is_some(),
        "what was sent arrives first"
    );
    assert!(matches!(
        b.read(&mut buf, at_us(1)),
        Err(LinkError::Gone { .. })
    ));
    assert!(matches!(b.write(b"hello?"), Err(LinkError::Gone { .. })));
}

#[test]
fn a_write_needs_no_party_so_a_halt_can_come_from_anywhere() {
    let clock = Clock::simulated();
    let (a, b) = pair::bytes(&clock, "line", Wire::default());
    std::thread::scope(|s| {
        s.spawn(|| a.write(b"halt").unwrap());
    });
    let mut buf = Vec::new();
    b.read(&mut buf, Time::ZERO).unwrap().unwrap();
    assert_eq!(buf, b"halt");
}

#[test]
fn can_frames_cross_a_bus_on_either_clock() {
    for clock in [Clock::simulated(), Clock::real()] {
        let (a, b) = pair::can(
            &clock,
            "bus",
            Wire {
                bits_per_second: Some(1_000_000),
                ..Wire::default()
            },
        );
        let frame = CanFrame::standard(0x601, &[0x40, 0x00, 0x10, 0x00, 0, 0, 0, 0]).unwrap();
        let sent = a.send(&frame).unwrap();
        let (heard, stamp) = b.recv(clock.now() + ms(5000)).unwrap().unwrap();
        assert_eq!(heard, frame);
        // 47 bits and 64 of data, a quarter of stuffing at most: 138 us.
        assert_eq!(stamp.earliest - sent, Duration::from_micros(138));
        assert_eq!(
            (a.describe().kind, a.describe().provenance_hint),
            (LinkKind::InProcess, Physicality::NotPhysical)
        );
        b.send(&frame).unwrap();
        assert!(a.recv(clock.now() + ms(5000)).unwrap().is_some());
    }
}
