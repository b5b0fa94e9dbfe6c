//! SLCAN over a serial cable, with python-can at one end and this project at the other.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use certbench_clock::Clock;
use certbench_link::slcan::SlcanAdapter;
use certbench_link::{CanFrame, CanLink, open_bytes, open_can};
use certbench_tests::cable::Cable;
use certbench_tests::peer::Peers;

/// Generous: the far end is Python on a loaded machine.
const SOON: Duration = Duration::from_secs(20);

#[test]
fn python_can_takes_every_kind_of_frame_and_sends_it_back_unchanged() {
    let test = "python_can_takes_every_kind_of_frame_and_sends_it_back_unchanged";
    let Some(peers) = Peers::for_test(test) else {
        return;
    };
    let cable = Cable::new();
    let _echo = peers.start("can_echo.py", &[cable.left()]);
    let clock = Clock::real();
    let port = format!("slcan:{}@1000000,data=2000000", cable.right());
    let link = open_can(&clock, &port).expect("the adapter opens");
    for text in [
        "123#DEADBEEF",
        "000#",
        "7FF#1122334455667788",
        "1FFFFFFF#00",
        "321#R",
        "321#R8",
        "00000321#R4",
        "124##0AABBCC",
        "1ABCDEF0##1000102030405060708090A0B",
    ] {
        let frame: CanFrame = text.parse().expect("a frame");
        link.send(&frame).expect("the adapter takes it");
        let back = link.recv(clock.now() + SOON).expect("the cable is whole");
        assert_eq!(back.map(|(frame, _)| frame), Some(frame), "{text}");
    }
}

#[test]
fn a_burst_of_frames_comes_back_whole_and_in_order() {
    let Some(peers) = Peers::for_test("a_burst_of_frames_comes_back_whole_and_in_order") else {
        return;
    };
    let cable = Cable::new();
    let _echo = peers.start("can_echo.py", &[cable.left()]);
    let clock = Clock::real();
    let port = format!("slcan:{}@1000000", cable.right());
    let link = open_can(&clock, &port).expect("the adapter opens");
    // Some 100 frames of 26 bytes are less than what a pseudo-terminal keeps.
    for number in 0..100u32 {
        let frame = CanFrame::extended(number, &number.to_be_bytes().repeat(2)).expect("a frame");
        link.send(&frame).expect("the adapter takes it");
    }
    for number in 0..100u32 {
        let back = link.recv(clock.now() + SOON).expect("the cable is whole");
        assert_eq!(back.map(|(frame, _)| frame.id()), Some(number));
    }
}

#[test]
fn python_can_drives_our_far_end_of_an_adapter() {
    let Some(peers) = Peers::for_test("python_can_drives_our_far_end_of_an_adapter") else {
        return;
    };
    let cable = Cable::new();
    let clock = Clock::real();
    let line = open_bytes(&clock, cable.left()).expect("the port opens");
    let adapter = SlcanAdapter::new(&clock, line);
    let done = Arc::new(AtomicBool::new(false));
    let echo = std::thread::spawn({
        let done = done.clone();
        move || {
            while !done.load(Ordering::Relaxed) {
                let until = clock.now() + Duration::from_millis(50);
                if let Some((frame, _)) = adapter.recv(until).expect("the cable is whole") {
                    adapter.send(&frame).expect("the cable is whole");
                }
            }
        }
    });
    let host = peers.run("can_host.py", &[cable.right(), "--fd"]);
    done.store(true, Ordering::Relaxed);
    echo.join().expect("the far end did not fail");
    let said = String::from_utf8_lossy(&host.stdout);
    assert!(host.status.success(), "{said}");
    assert!(said.contains(r#""step": "all", "ok": true"#), "{said}");
}
