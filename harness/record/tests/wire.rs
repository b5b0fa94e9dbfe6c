//! Every byte of the links: as it went, readable, in the manifest, and never waited for.

mod common;

use certbench_record::{Pace, Recorder, Recording, Start, WIRE, WireLog};
use mcap::MessageStream;
use prost::Message;

#[derive(Clone, PartialEq, Message)]
struct Piece {
    #[prost(bool, tag = "1")]
    sent: bool,
    #[prost(bytes = "vec", tag = "2")]
    data: Vec<u8>,
}

fn start(pace: Pace) -> Start {
    Start {
        unix_ns_at_zero: 1_000_000,
        pace,
    }
}

fn pieces(folder: &std::path::Path) -> Vec<(String, u64, Piece)> {
    let file = std::fs::read(folder.join(WIRE)).unwrap();
    let messages = MessageStream::new(&file).unwrap();
    let piece = |message: mcap::Message<'_>| {
        let piece = Piece::decode(&*message.data).unwrap();
        (message.channel.topic.clone(), message.log_time, piece)
    };
    messages.map(|m| piece(m.unwrap())).collect()
}

#[test]
fn what_went_over_a_link_is_there_with_its_direction_and_time() {
    let folder = common::Folder::new();
    std::fs::create_dir_all(folder.run()).unwrap();
    let devices = ["hand", "gauge"].map(String::from);
    let log = WireLog::create(&folder.run(), &devices, start(Pace::Real)).unwrap();
    let (hand, gauge) = (log.tap(0), log.tap(1));
    hand(true, 10, b"\xEB\x90");
    gauge(false, 20, b"12.5 N\r\n");
    hand(false, 30, &[7; 2500]);
    log.finish().unwrap();
    hand(true, 40, b"too late");
    assert_eq!(log.lost(), 0);
    let pieces = pieces(&folder.run());
    let seen = |topic: &str, at: u64, sent: bool, data: &[u8]| {
        let data = data.to_vec();
        (topic.to_string(), at + 1_000_000, Piece { sent, data })
    };
    let expected = [
        seen("wire/hand", 10, true, b"\xEB\x90"),
        seen("wire/gauge", 20, false, b"12.5 N\r\n"),
        seen("wire/hand", 30, false, &[7; 1024]),
        seen("wire/hand", 30, false, &[7; 1024]),
        seen("wire/hand", 30, false, &[7; 452]),
    ];
    assert_eq!(pieces, expected);
}

#[test]
fn who_taps_a_line_never_waits_and_what_is_lost_is_counted() {
    const PIECES: u64 = 200_000;
    let folder = common::Folder::new();
    std::fs::create_dir_all(folder.run()).unwrap();
    let log = WireLog::create(&folder.run(), &["arm".into()], start(Pace::Real)).unwrap();
    let tap = log.tap(0);
    for at in 0..PIECES {
        tap(false, at, b"181#37020000");
    }
    log.finish().unwrap();
    let kept = pieces(&folder.run()).len() as u64;
    assert!(kept > 0);
    assert_eq!(kept + log.lost(), PIECES);
}

#[test]
fn the_manifest_has_it_and_a_changed_byte_is_seen() {
    let folder = common::Folder::new();
    let plan = common::plan();
    let start = start(Pace::Simulated);
    let recorder = Recorder::create(&folder.run(), &plan, start).unwrap();
    let log = WireLog::create(&folder.run(), &["gauge".into()], start).unwrap();
    recorder.event(&common::opened(&plan)).unwrap();
    recorder.event(&common::ended(9)).unwrap();
    log.tap(0)(false, 5, b"12.5 N\r\n");
    log.finish().unwrap();
    recorder.finish().unwrap();
    let damage = || {
        let recording = Recording::open(&folder.run()).unwrap();
        certbench_model::Recorded::facts(&recording).damage.clone()
    };
    assert_eq!(damage(), []);
    let path = folder.run().join(WIRE);
    let mut bytes = std::fs::read(&path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&path, bytes).unwrap();
    assert!(damage().iter().any(|d| format!("{d:?}").contains(WIRE)));
}
