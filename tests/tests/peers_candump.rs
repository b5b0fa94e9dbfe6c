//! `certbench record`: a bus to MCAP and to a candump log, whole after Ctrl-C, and both read back; the
//! logs held against python-can.

use std::process::Child;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use certbench_clock::Clock;
use certbench_link::candump::{self, Line};
use certbench_link::slcan::SlcanAdapter;
use certbench_link::{CanFrame, CanLink, Direction, open_bytes, open_can};
use certbench_tests::bench::until;
use certbench_tests::binary::{Folder, run, start};
use certbench_tests::cable::Cable;
use certbench_tests::peer::Peers;
use certbench_tests::program::signal;
use serde_json::Value;

/// The far end of an adapter, with a bus behind it on which numbered frames go.
struct Bus {
    cable: Cable,
    over: Arc<AtomicBool>,
    sender: Option<JoinHandle<()>>,
}

impl Bus {
    fn with_traffic() -> Bus {
        let (cable, over) = (Cable::new(), Arc::new(AtomicBool::new(false)));
        let clock = Clock::real();
        let line = open_bytes(&clock, cable.left()).expect("the port opens");
        let adapter = SlcanAdapter::new(&clock, line);
        let done = over.clone();
        let sender = std::thread::spawn(move || {
            let mut number = 0;
            while !done.load(Ordering::Relaxed) {
                // what is sent to a closed adapter goes nowhere, and is not counted
                let _ = adapter.recv(clock.now() + Duration::from_millis(2));
                clock.sleep(Duration::from_millis(2));
                if adapter.send(&numbered(number)).is_ok() {
                    number += 1;
                }
            }
        });
        Bus {
            cable,
            over,
            sender: Some(sender),
        }
    }
}

impl Drop for Bus {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
        if let Some(sender) = self.sender.take() {
            let _ = sender.join(); // it cannot fail
        }
    }
}

fn numbered(number: u32) -> CanFrame {
    match number % 3 {
        0 => CanFrame::standard(0x123, &number.to_be_bytes()),
        1 => CanFrame::extended(0x18FE_CA15, &number.to_be_bytes()),
        _ => CanFrame::remote(0x321, false, 0),
    }
    .expect("a frame")
}

fn lines(log: &str) -> Vec<Line> {
    let text = std::fs::read_to_string(log).unwrap_or_default();
    candump::read(&text).unwrap_or_else(|(line, why)| panic!("{log}, line {line}: {why}"))
}

/// Records the bus until it has frames, then Ctrl-C.
fn recorded(bus: &Bus, folder: &str) -> (Option<i32>, String) {
    let port = format!("slcan:{}@1000000", bus.cable.right());
    let recorder: Child = start(&["record", &port, "--out", folder]);
    let log = format!("{folder}/candump.log");
    let came = until(|| std::fs::read(&log).is_ok_and(|bytes| bytes.len() > 3000));
    signal(&recorder, "INT");
    let output = recorder.wait_with_output().expect("it ends");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let complained = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(came, "{said}{complained}");
    (output.status.code(), said)
}

#[test]
fn ctrl_c_leaves_whole_files_and_each_is_read_back_as_the_other() {
    let scratch = Folder::new("record");
    let folder = |name: &str| scratch.path().join(name).to_string_lossy().into_owned();
    let bus = Bus::with_traffic();
    let (code, said) = recorded(&bus, &folder("first"));
    assert_eq!(code, Some(0), "{said}");
    drop(bus);
    let seen = lines(&folder("first/candump.log"));
    assert!(said.contains(&format!("{} frames", seen.len())), "{said}");
    // one after the other, from wherever the adapter was opened
    let numbers: Vec<u32> = seen
        .iter()
        .filter_map(|line| line.frame.data().try_into().ok().map(u32::from_be_bytes))
        .collect();
    assert!(numbers.len() > 30, "{}", numbers.len());
    let first = numbers[0];
    let expected = (first..).filter(|n| n % 3 != 2).take(numbers.len());
    assert!(numbers.iter().copied().eq(expected), "{numbers:?}");
    assert!(seen.windows(2).all(|w| w[0].unix_us <= w[1].unix_us));
    assert!(
        seen.iter()
            .all(|line| line.direction == Direction::Received)
    );

    // the MCAP gives the same log, and the log the same again
    for (source, to) in [
        ("first/wire.mcap", "second"),
        ("second/candump.log", "third"),
    ] {
        let output = run(&["record", &folder(source), "--out", &folder(to)]);
        assert!(output.status.success(), "{output:?}");
        assert_eq!(
            lines(&folder(&format!("{to}/candump.log"))),
            seen,
            "{source}"
        );
    }
    let again = run(&[
        "record",
        &folder("first/wire.mcap"),
        "--out",
        &folder("second"),
    ]);
    assert!(!again.status.success(), "a recording is never written over");

    // a torn MCAP gives what it has, and says so
    let mcap = std::fs::read(folder("first/wire.mcap")).expect("a file");
    std::fs::write(folder("torn.mcap"), &mcap[..mcap.len() * 3 / 4]).expect("a torn file");
    let output = run(&["record", &folder("torn.mcap"), "--out", &folder("fourth")]);
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    let some = lines(&folder("fourth/candump.log"));
    assert_eq!(some, seen[..some.len()]);

    // and the log plays as a bus
    let clock = Clock::real();
    let spec = format!("replay:{}", folder("first/candump.log"));
    let link = open_can(&clock, &spec).expect("a link");
    let played = link
        .recv(clock.now() + Duration::from_secs(5))
        .expect("it plays");
    assert_eq!(played.map(|(frame, _)| frame), Some(seen[0].frame));
}

#[test]
fn a_port_that_is_not_there_and_a_file_that_is_none_are_refused() {
    let scratch = Folder::new("record-refused");
    let out = scratch.path().join("out").to_string_lossy().into_owned();
    let refused = |source: &str| run(&["record", source, "--out", &out]).status.code();
    assert_eq!(refused("slcan:/dev/no-such-port@1000000"), Some(3));
    let text = scratch.write("notes.log", "no candump log\n");
    assert_eq!(refused(&text), Some(3));
    let usage = run(&["record", "can9", "--out", &out, "--for", "soon"]);
    assert_eq!(usage.status.code(), Some(64));
}

fn row(line: &Line) -> Value {
    let (frame, hex) = (&line.frame, |bytes: &[u8]| {
        bytes.iter().map(|b| format!("{b:02x}")).collect::<String>()
    });
    serde_json::json!({
        "us": line.unix_us, "channel": line.interface, "id": frame.id(),
        "extended": frame.is_extended(), "remote": frame.is_remote(), "error": frame.is_error(),
        "fd": frame.is_fd(), "brs": frame.is_brs(), "sent": line.direction == Direction::Sent,
        "len": frame.len(), "data": hex(frame.data()),
    })
}

fn rows(lines: &[Line]) -> Value {
    Value::Array(lines.iter().map(row).collect())
}

fn read_by(peers: &Peers, log: &str) -> Value {
    let output = peers.run("can_log.py", &["read", log]);
    assert!(output.status.success(), "{output:?}");
    serde_json::from_slice(&output.stdout).expect("one JSON array")
}

#[test]
fn python_can_reads_our_log_as_it_was_recorded() {
    let Some(peers) = Peers::for_test("python_can_reads_our_log_as_it_was_recorded") else {
        return;
    };
    let scratch = Folder::new("record-python-can");
    let folder = scratch.path().join("bus").to_string_lossy().into_owned();
    let bus = Bus::with_traffic();
    recorded(&bus, &folder);
    drop(bus);
    let log = format!("{folder}/candump.log");
    let theirs = read_by(&peers, &log);
    assert_eq!(theirs, rows(&lines(&log)));
}

#[test]
fn we_read_and_write_again_what_python_can_writes() {
    let Some(peers) = Peers::for_test("we_read_and_write_again_what_python_can_writes") else {
        return;
    };
    let scratch = Folder::new("record-import");
    let file = |name: &str| scratch.path().join(name).to_string_lossy().into_owned();
    for seed in ["1", "2"] {
        let log = file(&format!("{seed}.log"));
        let written = peers.run("can_log.py", &["write", &log, seed]);
        assert!(written.status.success(), "{written:?}");
        let theirs = read_by(&peers, &log);
        assert_eq!(theirs.as_array().map(Vec::len), Some(300));
        assert_eq!(rows(&lines(&log)), theirs);
        // through our MCAP and back into a log that python-can reads
        let (once, twice) = (file(&format!("{seed}a")), file(&format!("{seed}b")));
        assert!(run(&["record", &log, "--out", &once]).status.success());
        let mcap = format!("{once}/wire.mcap");
        assert!(run(&["record", &mcap, "--out", &twice]).status.success());
        let again = read_by(&peers, &format!("{twice}/candump.log"));
        assert_eq!(again, theirs);
    }
}
