//! SLCAN: lines, a host, an adapter, and what comes between.

use std::time::Duration;

use certbench_clock::{Clock, Time};
use certbench_link::pair::{self, Wire};
use certbench_link::serial::{Serial, SerialOptions};
use certbench_link::slcan::{Line, Lines, Slcan, SlcanAdapter, SlcanOptions, encode};
use certbench_link::{
    ByteLink, CanFrame, CanLink, LinkError, LinkKind, Physicality, open_can, pty,
};
use proptest::prelude::*;

/// A line and the frame it is, in the notation of can-utils.
const VECTORS: [(&str, &str); 16] = [
    // Lawicel CAN232 and CANUSB manuals, commands t, T, r and R.
    ("t10021133\r", "100#1133"),
    ("t0200\r", "020#"),
    ("T0000010021133\r", "00000100#1133"),
    ("r1002\r", "100#R2"),
    ("R000001002\r", "00000100#R2"),
    // slcanpty of can-utils for `cansend vcan0 555#01`.
    ("t555101\r", "555#01"),
    // python-can 4.6.1, slcanBus.send.
    ("t1234DEADBEEF\r", "123#DEADBEEF"),
    ("T18DAF11080102030405060708\r", "18DAF110#0102030405060708"),
    ("r7018\r", "701#R8"),
    ("R1FFFFFFF0\r", "1FFFFFFF#R"),
    ("d1230\r", "123##0"),
    (
        "d123900112233445566778899AABB\r",
        "123##000112233445566778899AABB",
    ),
    (
        "D1234567880102030405060708\r",
        "12345678##00102030405060708",
    ),
    (
        "b321A000102030405060708090A0B0C0D0E0F\r",
        "321##1000102030405060708090A0B0C0D0E0F",
    ),
    (
        "B00000001D0000000000000000000000000000000000000000000000000000000000000000\r",
        "00000001##10000000000000000000000000000000000000000000000000000000000000000",
    ),
    (
        "b7FFE555555555555555555555555555555555555555555555555555555555555555555555555555555555555555555555555\r",
        "7FF##1555555555555555555555555555555555555555555555555555555555555555555555555555555555555555555555555",
    ),
];

fn options() -> SlcanOptions {
    SlcanOptions {
        bit_rate: 1_000_000,
        data_bit_rate: Some(5_000_000),
        listen_only: false,
    }
}

fn lines(bytes: &[u8]) -> Vec<Line> {
    let mut lines = Lines::default();
    bytes.iter().filter_map(|&byte| lines.push(byte)).collect()
}

fn frames(bytes: &[u8]) -> Vec<String> {
    let frames = lines(bytes).into_iter().filter_map(|line| match line {
        Line::Frame { frame, .. } => Some(frame.to_string()),
        _ => None,
    });
    frames.collect()
}

#[test]
fn lines_of_other_peoples_encoders_are_understood_and_written_alike() {
    for (line, frame) in VECTORS {
        assert_eq!(frames(line.as_bytes()), [frame], "{line}");
        assert_eq!(
            encode(&frame.parse().unwrap()).unwrap(),
            line.as_bytes(),
            "{frame}"
        );
    }
}

#[test]
fn an_incomplete_line_is_no_frame_yet() {
    for (line, _) in VECTORS {
        let whole = line.as_bytes();
        assert_eq!(lines(&whole[..whole.len() - 1]), [], "{line}");
    }
}

#[test]
fn lines_that_are_no_frames_are_not_taken_for_frames() {
    for line in [
        "t12",
        "t1239",
        "t12390011223344556677889",
        "t1232AA",
        "t1232AABBC",
        "t1232AABBCCDDEE",
        "tGGG0",
        "t12+0",
        "r1239",
        "x1230",
        "d123F00",
        "T1230",
        "t8001AA",
    ] {
        assert_eq!(
            lines(format!("{line}\r").as_bytes()),
            [Line::Other(line.into())]
        );
    }
}

#[test]
fn a_time_stamp_may_follow() {
    let stamped = lines(b"t1001AAEA5F\r"); // 59,999 ms, the last before it wraps (Lawicel, command Z)
    let [
        Line::Frame {
            frame,
            device_ms: Some(59_999),
        },
    ] = stamped[..]
    else {
        panic!("{stamped:?}")
    };
    assert_eq!(frame.to_string(), "100#AA");
}

#[test]
fn acknowledgements_come_between_frames_at_any_time() {
    // As observed from slcanpty: acknowledgements of what was sent, among what was received.
    let heard = lines(b"\rt555101\r\rz\rt1230\r\x07Z\rT000001001AA\r");
    let kinds: Vec<_> = heard
        .iter()
        .map(|line| match line {
            Line::Frame { .. } => 'f',
            Line::Done => '.',
            Line::Sent => 'z',
            Line::Bell => '!',
            Line::Other(_) => '?',
        })
        .collect();
    assert_eq!(kinds.iter().collect::<String>(), ".f.zf!zf");
}

#[test]
fn after_noise_the_next_line_is_understood() {
    assert_eq!(frames(b"\xff\x00t12\x80\rt1001AA\r"), ["100#AA"]);
    assert_eq!(frames(b"t1232A\x07t1001AA\r"), ["100#AA"]);
    let mut endless = vec![b't'; 10_000];
    endless.extend_from_slice(b"\rt1001AA\r");
    assert_eq!(frames(&endless), ["100#AA"]);
    assert!(
        lines(&endless)
            .iter()
            .all(|line| !matches!(line, Line::Other(bytes) if bytes.len() > 150))
    );
}

#[test]
fn the_adapter_is_closed_set_up_and_opened_without_waiting_for_answers() {
    let clock = Clock::simulated();
    let (host, adapter) = pair::bytes(&clock, "line", Wire::default());
    let bus = Slcan::open(&clock, host, &options()).unwrap(); // nobody answers
    bus.send(&"123#DEADBEEF".parse().unwrap()).unwrap();
    drop(bus);
    let mut said = Vec::new();
    while adapter.read(&mut said, clock.now()).is_ok() {}
    assert_eq!(
        String::from_utf8(said).unwrap(),
        "\r\r\rC\rS8\rY5\rO\rt1234DEADBEEF\rC\r"
    );
}

#[test]
fn a_rate_without_a_command_is_refused() {
    let clock = Clock::simulated();
    // S7 is 800 kbit/s in the Lawicel manual and 750 in python-can: neither may be guessed.
    for (bit_rate, data_bit_rate) in [(750_000, None), (0, None), (1_000_000, Some(4_000_000))] {
        let (host, _adapter) = pair::bytes(&clock, "line", Wire::default());
        let e = Slcan::open(
            &clock,
            host,
            &SlcanOptions {
                bit_rate,
                data_bit_rate,
                listen_only: false,
            },
        )
        .err()
        .unwrap();
        assert!(matches!(e, LinkError::Unusable { .. }), "{e}");
    }
}

#[test]
fn what_python_can_says_at_opening_is_tolerated() {
    let clock = Clock::simulated();
    let (host, far) = pair::bytes(&clock, "line", Wire::default());
    let adapter = SlcanAdapter::new(&clock, far);
    host.write(b"C\rS8\r\rO\rO\rt1232AABB\r").unwrap(); // close, speed, an empty command, open twice
    let (frame, _) = adapter.recv(clock.now()).unwrap().unwrap();
    assert_eq!(frame.to_string(), "123#AABB");
    assert!(adapter.is_open());
    let mut answers = Vec::new();
    host.read(&mut answers, clock.now()).unwrap();
    assert_eq!(answers, b"\r\r\r\r\rz\r");
}

#[test]
fn an_adapter_answers_as_the_manual_says() {
    let clock = Clock::simulated();
    let (host, far) = pair::bytes(&clock, "line", Wire::default());
    let adapter = SlcanAdapter::new(&clock, far);
    for (said, answered) in [
        (&b"t1000\r"[..], &b"\x07"[..]), // closed: nothing can be sent
        (b"F\r", b"\x07"),
        (b"S9\r", b"\x07"),
        (b"V\r", b"V1013\r"),
        (b"Q\r", b"\x07"),
        (b"Z1\r", b"\r"),
        (b"L\r", b"\r"),
        (b"t1000\r", b"\x07"), // listening only
        (b"O\r", b"\r"),
        (b"S6\r", b"\x07"), // open: the speed stays
        (b"T000001000\r", b"Z\r"),
        (b"F\r", b"F00\r"),
    ] {
        host.write(said).unwrap();
        let _ = adapter.recv(clock.now()).unwrap();
        let mut answer = Vec::new();
        host.read(&mut answer, clock.now()).unwrap();
        assert_eq!(answer, answered, "{}", String::from_utf8_lossy(said));
    }
    clock.sleep_until(Time(61_234_000_000)); // 61.234 s: the stamp has wrapped at 60
    adapter.send(&"100#AA".parse().unwrap()).unwrap();
    let mut line = Vec::new();
    host.read(&mut line, clock.now()).unwrap();
    assert_eq!(line, b"t1001AA04D2\r"); // 1234 ms
}

#[test]
fn a_refusal_is_reported_and_the_bus_goes_on() {
    let clock = Clock::simulated();
    let (host, adapter) = pair::bytes(&clock, "line", Wire::default());
    let bus = Slcan::open(&clock, host, &options()).unwrap();
    adapter.write(b"\r\r\rt1001AA\r\x07t1001BB\r").unwrap();
    let next = || {
        bus.recv(clock.now())
            .map(|heard| heard.map(|(frame, _)| frame.to_string()))
    };
    assert_eq!(next().unwrap().unwrap(), "100#AA");
    assert!(matches!(next(), Err(LinkError::Refused { .. })));
    assert_eq!(next().unwrap().unwrap(), "100#BB");
    assert_eq!(next().unwrap(), None);
}

#[test]
fn fd_frames_need_a_data_rate() {
    let clock = Clock::simulated();
    let (host, _adapter) = pair::bytes(&clock, "line", Wire::default());
    let bus = Slcan::open(
        &clock,
        host,
        &SlcanOptions {
            data_bit_rate: None,
            ..options()
        },
    )
    .unwrap();
    let e = bus.send(&"123##1AABB".parse().unwrap()).unwrap_err();
    assert!(matches!(e, LinkError::Refused { .. }), "{e}");
}

#[test]
fn a_frame_is_stamped_from_its_first_byte_to_its_last() {
    let clock = Clock::simulated();
    let (host, adapter) = pair::bytes(&clock, "line", Wire::default());
    let bus = Slcan::open(&clock, host, &options()).unwrap();
    adapter.write(b"\rt10").unwrap();
    let first = clock.now();
    assert_eq!(
        bus.recv(clock.now() + Duration::from_millis(2)).unwrap(),
        None
    );
    adapter.write(b"01AA\rt2").unwrap();
    let last = clock.now();
    let (_, stamp) = bus.recv(clock.now()).unwrap().unwrap();
    assert_eq!((stamp.earliest, stamp.latest), (first, last));
    assert_eq!(
        bus.recv(clock.now() + Duration::from_millis(4)).unwrap(),
        None
    );
    adapter.write(b"000\r").unwrap();
    let (_, stamp) = bus.recv(clock.now()).unwrap().unwrap();
    assert_eq!((stamp.earliest, stamp.latest), (last, clock.now()));
}

#[test]
fn host_and_adapter_meet_over_a_pseudo_terminal() {
    let clock = Clock::real();
    let master = pty::open(&clock).unwrap();
    let spec = format!("slcan:{}@1000000,data=5000000", master.slave_path());
    let adapter = SlcanAdapter::new(&clock, master);
    let far = clock.spawn("echo", {
        let clock = clock.clone();
        move || {
            let mut heard = 0;
            while heard < 200 {
                match adapter.recv(clock.now() + Duration::from_secs(5)).unwrap() {
                    Some((frame, _)) => adapter.send(&frame).unwrap(),
                    None => break,
                };
                heard += 1;
            }
            adapter
        }
    });
    let bus = open_can(&clock, &spec).unwrap();
    assert_eq!(
        (bus.describe().kind, bus.describe().provenance_hint),
        (LinkKind::Slcan, Physicality::NotPhysical)
    );
    assert_eq!(
        bus.describe().settings,
        "1000000 and 5000000 bit/s over 115200 8N1"
    );
    for n in 0..200u32 {
        let frame = match n % 4 {
            0 => CanFrame::standard(n, &n.to_le_bytes()),
            1 => CanFrame::extended(n, &[]),
            2 => CanFrame::remote(n, false, 8),
            _ => CanFrame::fd(n, true, true, &[n as u8; 64]),
        };
        let frame = frame.unwrap();
        bus.send(&frame).unwrap();
        let (echo, _) = bus
            .recv(clock.now() + Duration::from_secs(5))
            .unwrap()
            .expect("an echo");
        assert_eq!(echo, frame);
    }
    far.join().unwrap();
}

#[test]
fn a_serial_adapter_that_is_unplugged_is_gone() {
    let clock = Clock::real();
    let master = pty::open(&clock).unwrap();
    let port = Serial::open(&clock, master.slave_path(), &SerialOptions::default()).unwrap();
    let bus = Slcan::open(&clock, port, &options()).unwrap();
    drop(master);
    let e = bus.recv(clock.now() + Duration::from_secs(5)).unwrap_err();
    assert!(matches!(e, LinkError::Gone { .. }), "{e}");
}

fn any_frame() -> impl Strategy<Value = CanFrame> {
    let id = (any::<bool>(), 0u32..0x2000_0000)
        .prop_map(|(ext, id)| (if ext { id } else { id & 0x7FF }, ext));
    (
        id,
        0u8..4,
        0u8..16,
        proptest::collection::vec(any::<u8>(), 64),
    )
        .prop_map(|((id, ext), kind, dlc, data)| {
            let len = CanFrame::length_of(dlc, kind >= 2).unwrap();
            match kind {
                0 => CanFrame::classic(id, ext, &data[..len]),
                1 => CanFrame::remote(id, ext, len),
                n => CanFrame::fd(id, ext, n == 3, &data[..len]),
            }
            .unwrap()
        })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn every_frame_survives_its_line(frame in any_frame()) {
        prop_assert_eq!(frames(&encode(&frame).unwrap()), [frame.to_string()]);
        prop_assert_eq!(frame.to_string().parse::<CanFrame>().unwrap(), frame);
    }

    #[test]
    fn any_bytes_do_no_harm_and_the_line_after_is_understood(
        noise in proptest::collection::vec(any::<u8>(), 0..400),
        frame in any_frame(),
    ) {
        let mut bytes = noise;
        bytes.push(b'\r');
        bytes.extend(encode(&frame).unwrap());
        let all = lines(&bytes);
        prop_assert_eq!(all.last(), Some(&Line::Frame { frame, device_ms: None }));
    }

    #[test]
    fn acknowledgements_anywhere_between_lines_lose_nothing(
        list in proptest::collection::vec(any_frame(), 1..10),
        acks in proptest::collection::vec(0usize..4, 10),
    ) {
        let mut bytes = Vec::new();
        for (frame, ack) in list.iter().zip(acks) {
            bytes.extend_from_slice([&b""[..], b"\r", b"z\r\x07", b"Z\r\r"][ack]);
            bytes.extend(encode(frame).unwrap());
        }
        prop_assert_eq!(frames(&bytes), list.iter().map(ToString::to_string).collect::<Vec<_>>());
    }
}
