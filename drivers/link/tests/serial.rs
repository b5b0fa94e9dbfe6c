//! Serial ports, over real pseudo-terminals.

use std::fs::File;
use std::io::Write;
use std::sync::Arc;
use std::time::Duration;

use certbench_clock::{Clock, Time};
use certbench_link::serial::{Flow, Parity, Serial, SerialOptions};
use certbench_link::{ByteLink, LinkError, LinkKind, Physicality, open_bytes, pty};

const fn ms(n: u64) -> Duration {
    Duration::from_millis(n)
}

fn at(baud: u32) -> SerialOptions {
    SerialOptions {
        baud,
        ..SerialOptions::default()
    }
}

/// Reads until `n` bytes are there, or five seconds are over.
fn read_n(link: &dyn ByteLink, clock: &Clock, n: usize) -> Vec<u8> {
    let (mut got, until) = (Vec::new(), clock.now() + ms(5000));
    while got.len() < n && link.read(&mut got, until).unwrap().is_some() {}
    got
}

fn pair(clock: &Clock) -> (pty::Master, Serial) {
    let master = pty::open(clock).unwrap();
    let port = Serial::open(clock, master.slave_path(), &at(115_200)).unwrap();
    (master, port)
}

#[test]
fn every_byte_passes_both_ways_unchanged() {
    let clock = Clock::real();
    let (master, port) = pair(&clock);
    let all: Vec<u8> = (0..=255).collect(); // XON, XOFF, CR, EOF, interrupt and all
    port.write(&all).unwrap();
    assert_eq!(read_n(&master, &clock, 256), all);
    master.write(&all).unwrap();
    assert_eq!(read_n(&port, &clock, 256), all);
}

#[test]
fn a_stamp_encloses_the_arrival() {
    let clock = Clock::real();
    let (master, port) = pair(&clock);
    for _ in 0..20 {
        clock.sleep(ms(3));
        let before = master.write(b"x").unwrap();
        let after = clock.now();
        let mut buf = Vec::new();
        let stamp = port
            .read(&mut buf, clock.now() + ms(5000))
            .unwrap()
            .unwrap();
        assert!(stamp.earliest <= after, "{stamp:?} {after}");
        assert!(stamp.latest >= before, "{stamp:?} {before}");
        assert!(stamp.earliest <= stamp.latest && stamp.latest <= clock.now());
        assert!(!stamp.kernel);
    }
}

#[test]
fn an_answer_cannot_have_come_before_the_question() {
    let clock = Clock::real();
    let (master, port) = pair(&clock);
    let echo = clock.spawn("echo", {
        let clock = clock.clone();
        move || {
            for _ in 0..20 {
                let mut buf = Vec::new();
                master
                    .read(&mut buf, clock.now() + ms(5000))
                    .unwrap()
                    .unwrap();
                master.write(&buf).unwrap();
            }
            master
        }
    });
    for _ in 0..20 {
        let began = clock.now();
        port.write(b"?").unwrap();
        let mut buf = Vec::new();
        let stamp = port
            .read(&mut buf, clock.now() + ms(5000))
            .unwrap()
            .unwrap();
        assert!(stamp.earliest >= began, "{stamp:?} {began}");
    }
    echo.join().unwrap();
}

#[test]
fn a_silent_line_is_waited_for_until_the_deadline() {
    let clock = Clock::real();
    let (_master, port) = pair(&clock);
    let (mut buf, until) = (Vec::new(), clock.now() + ms(30));
    assert_eq!(port.read(&mut buf, until).unwrap(), None);
    assert!(clock.now() >= until);
    assert_eq!(port.read(&mut buf, Time::ZERO).unwrap(), None);
    assert!(buf.is_empty());
}

#[test]
fn usual_and_unusual_speeds_and_settings_open() {
    let clock = Clock::real();
    let master = pty::open(&clock).unwrap();
    for baud in [
        9600, 19_200, 115_200, 250_000, 921_600, 1_000_000, 4_000_000,
    ] {
        Serial::open(&clock, master.slave_path(), &at(baud)).unwrap();
    }
    let options = SerialOptions {
        stop_bits: 2,
        flow: Flow::Software,
        parity: Parity::None,
        ..at(38_400)
    };
    let port = Serial::open(&clock, master.slave_path(), &options).unwrap();
    assert_eq!(port.describe().settings, "38400 8N2 xonxoff");
    for options in [
        SerialOptions {
            data_bits: 9,
            ..at(9600)
        },
        SerialOptions {
            stop_bits: 3,
            ..at(9600)
        },
        at(0),
    ] {
        let e = Serial::open(&clock, "/dev/null", &options).err().unwrap();
        assert!(matches!(e, LinkError::Unusable { .. }), "{e}");
    }
}

#[test]
fn a_port_in_use_is_busy_and_free_again_when_closed() {
    let clock = Clock::real();
    let (master, port) = pair(&clock);
    let again = || Serial::open(&clock, master.slave_path(), &at(9600));
    let e = again().err().unwrap();
    assert_eq!(
        e,
        LinkError::Busy {
            port: master.slave_path().into()
        }
    );
    assert!(e.to_string().contains("in use by another program"), "{e}");
    drop(port);
    again().unwrap();
}

#[test]
fn what_is_no_serial_port_says_so() {
    let clock = Clock::real();
    let e = Serial::open(&clock, "/dev/ttyUSB999", &at(9600))
        .err()
        .unwrap();
    assert!(matches!(e, LinkError::NotFound { .. }), "{e}");
    assert!(e.to_string().contains("is it plugged in"), "{e}");
    let e = Serial::open(&clock, "/dev/null", &at(9600)).err().unwrap();
    assert!(matches!(e, LinkError::Unusable { .. }), "{e}");
    let e = Serial::open(&Clock::simulated(), "/dev/null", &at(9600))
        .err()
        .unwrap();
    assert!(e.to_string().contains("simulated time"), "{e}");
}

#[test]
fn a_pseudo_terminal_is_one_under_any_name() {
    let clock = Clock::real();
    let (master, port) = pair(&clock);
    assert_eq!(port.describe().kind, LinkKind::Pty);
    assert_eq!(port.describe().provenance_hint, Physicality::NotPhysical);
    drop(port);
    let alias = std::env::temp_dir().join(format!("certbench-link-ttyUSB0-{}", std::process::id()));
    std::os::unix::fs::symlink(master.slave_path(), &alias).unwrap();
    let port = open_bytes(&clock, &format!("{}@9600", alias.display()));
    std::fs::remove_file(&alias).unwrap();
    let port = port.unwrap();
    assert_eq!(port.describe().provenance_hint, Physicality::NotPhysical);
    assert_eq!(port.describe().kind, LinkKind::Pty);
    assert!(
        port.describe().port.contains("ttyUSB0"),
        "the record keeps the name that was asked for"
    );
}

#[test]
fn what_arrived_before_the_line_went_is_still_delivered() {
    let clock = Clock::real();
    let (master, port) = pair(&clock);
    master.write(b"last words").unwrap();
    let mut got = Vec::new();
    port.read(&mut got, clock.now() + ms(5000))
        .unwrap()
        .unwrap();
    assert_eq!(got, b"last words");
    drop(master);
    let e = loop {
        match port.read(&mut got, clock.now() + ms(5000)) {
            Ok(Some(_)) => {}
            Ok(None) => panic!("the hang-up was not noticed"),
            Err(e) => break e,
        }
    };
    assert!(
        matches!(&e, LinkError::Gone { port: p, .. } if *p == port.describe().port),
        "{e}"
    );
    assert!(e.to_string().contains("check the cable"), "{e}");
    assert!(matches!(port.write(b"hello?"), Err(LinkError::Gone { .. })));
    assert!(
        matches!(port.read(&mut got, Time::ZERO), Err(LinkError::Gone { .. })),
        "it stays gone"
    );
}

#[test]
fn a_line_that_takes_nothing_times_out_in_bounded_time() {
    let clock = Clock::real();
    // A master whose slave nobody reads: the kernel keeps some 4 KiB and then takes no more.
    let (port, _nobody_reads) = {
        let master = pty::open(&clock).unwrap();
        let slave = File::options()
            .read(true)
            .write(true)
            .open(master.slave_path())
            .unwrap();
        (master, slave)
    };
    let began = clock.now();
    let e = loop {
        if let Err(e) = port.write(&[0x55; 1024]) {
            break e;
        }
        assert!(clock.now() - began < ms(5000), "it took everything");
    };
    assert!(matches!(e, LinkError::Timeout { of: 1024, .. }), "{e}");
    assert!(clock.now() - began < ms(5000));
}

#[test]
fn frames_of_two_writers_are_never_torn() {
    let clock = Clock::real();
    let (master, port) = pair(&clock);
    let port = Arc::new(port);
    let writers: Vec<_> = [b'a', b'b']
        .into_iter()
        .map(|letter| {
            let port = port.clone();
            clock.spawn("writer", move || {
                for _ in 0..50 {
                    port.write(&[letter; 100]).unwrap();
                }
            })
        })
        .collect();
    let got = read_n(&master, &clock, 10_000);
    for writer in writers {
        writer.join().unwrap();
    }
    assert_eq!(got.len(), 10_000);
    assert!(
        got.chunks(100)
            .all(|frame| frame.iter().all(|b| *b == frame[0]))
    );
}

#[test]
fn discarding_throws_away_what_came_and_keeps_what_comes() {
    let clock = Clock::real();
    let (master, port) = pair(&clock);
    master.write(b"old").unwrap();
    clock.sleep(ms(20));
    port.discard();
    master.write(b"new").unwrap();
    assert_eq!(read_n(&port, &clock, 3), b"new");
}

#[test]
fn bytes_from_before_the_port_was_opened_are_not_delivered() {
    let clock = Clock::real();
    let master = pty::open(&clock).unwrap();
    master.write(b"stale").unwrap();
    let port = Serial::open(&clock, master.slave_path(), &at(9600)).unwrap();
    assert_eq!(
        port.read(&mut Vec::new(), clock.now() + ms(30)).unwrap(),
        None
    );
}

#[test]
fn peers_may_come_and_go_at_a_pseudo_terminal() {
    let clock = Clock::real();
    let master = pty::open(&clock).unwrap();
    for word in [&b"one"[..], b"two"] {
        let mut slave = File::options()
            .read(true)
            .write(true)
            .open(master.slave_path())
            .unwrap();
        slave.write_all(word).unwrap();
        drop(slave);
        assert_eq!(read_n(&master, &clock, 3), word);
    }
}
