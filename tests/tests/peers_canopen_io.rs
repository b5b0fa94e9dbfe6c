//! Our CANopen box against a box of canopen's LocalNode, over SLCAN on a serial cable; our reader of EDS
//! files against canopen's.

use std::collections::BTreeMap;

use certbench_model::FaultKind;
use certbench_roles::Trouble;
use certbench_tests::bench::{Driven, plan, until};
use certbench_tests::cable::Cable;
use certbench_tests::peer::{Peer, Peers};
use certbench_tests::simulated::Folder;
use certbench_wire::canopen::{Eds, NodeId};
use serde_json::{Value, json};

struct Bench {
    io: Driven,
    peer: Peer,
    _cable: Cable,
}

/// A third-party box whose input n sees output n, and our driver, with generous time-outs: it is Python.
fn bench(test: &str, own: &Value) -> Option<Bench> {
    let peers = Peers::for_test(test)?;
    let cable = Cable::new();
    let peer = peers.start("canopen_box.py", &[cable.left(), "--node", "5"]);
    let mut options = json!({
        "node": 5, "bit_rate": 1_000_000, "analog_inputs": 2, "analog_outputs": 2, "interval": "50 ms",
        "timeout": "2 s", "heartbeat": "100 ms", "lost_after": "2 s", "slowest": "2 s",
    });
    for (name, value) in own.as_object().into_iter().flatten() {
        options[name] = value.clone();
    }
    let plan = plan("canopen-io", &format!("slcan:{}", cable.right()), options);
    let io = Driven::open(&plan, &["in0", "in3", "voltage1"]).expect("the box opens");
    Some(Bench {
        io,
        peer,
        _cable: cable,
    })
}

impl Bench {
    fn switch(&self, number: u16, on: bool) -> Result<[u64; 2], Trouble> {
        let outputs = self.io.device.outputs().expect("a box switches");
        outputs.switch(number, on)
    }

    fn comes(&self, channel: u16, value: f64) -> bool {
        until(|| self.io.last(channel) == Some(vec![value]))
    }
}

#[test]
fn a_box_says_who_it_is_and_an_output_is_seen_by_its_input() {
    for feedback in ["sync", "event"] {
        let test = "a_box_says_who_it_is_and_an_output_is_seen_by_its_input";
        let Some(mut bench) = bench(test, &json!({ "feedback": feedback })) else {
            return;
        };
        let identity = &bench.io.identity;
        assert_eq!(identity.model.as_deref(), Some("third-party box"));
        assert_eq!(identity.serial.as_deref(), Some("2005"));
        bench.switch(3, true).expect("it obeys");
        assert!(bench.comes(1, 1.0), "{feedback}");
        assert_eq!(bench.io.last(0), Some(vec![0.0]), "{feedback}");
        assert_eq!(bench.peer.state()["outputs"], 0b1000);
        let registers = bench.io.device.registers().expect("it has voltages");
        registers
            .write(1, (-16384_i16).cast_unsigned())
            .expect("it obeys");
        assert!(bench.comes(2, -5.0), "{feedback}");
        assert_eq!(bench.peer.state()["voltages"][1], -16384);
        bench.switch(3, false).expect("it obeys");
        assert!(bench.comes(1, 0.0), "{feedback}");
        assert_eq!(bench.io.news(), [], "{feedback}");
    }
}

#[test]
fn outputs_go_to_their_error_values_when_the_harness_hangs() {
    let test = "outputs_go_to_their_error_values_when_the_harness_hangs";
    let Some(mut bench) = bench(test, &json!({ "on_at_loss": "3" })) else {
        return;
    };
    bench.switch(0, true).expect("it obeys");
    assert!(bench.comes(0, 1.0));
    bench.io.stall();
    assert!(
        until(|| bench.peer.state()["outputs"] == 0b1000),
        "0 off, 3 on"
    );
    let harness = |told: &Trouble| matches!(told, Trouble::Fault(FaultKind::Harness, _));
    assert!(
        until(|| bench.io.news().iter().any(harness)),
        "{:?}",
        bench.io.news()
    );
}

#[test]
fn a_box_that_lost_its_power_is_told_of_and_not_switched() {
    let test = "a_box_that_lost_its_power_is_told_of_and_not_switched";
    let Some(mut bench) = bench(test, &json!({})) else {
        return;
    };
    bench.peer.tell("restart");
    assert!(until(|| bench.io.reported("restart")));
    let refused = bench.switch(0, true);
    assert!(matches!(refused, Err(Trouble::Refused(_))), "{refused:?}");
    assert_eq!(bench.peer.state()["outputs"], 0);
}

/// A server of block transfer that somebody else wrote takes and gives each object as it is in the file:
/// the last segment full or not, the last block full or not. Durand says of a full last segment that it is
/// empty, so that such an object is read again by segments.
#[test]
fn a_box_of_durand_is_configured_in_blocks_and_read_back() {
    let test = "a_box_of_durand_is_configured_in_blocks_and_read_back";
    let Some(peers) = Peers::for_test(test) else {
        return;
    };
    let cable = Cable::new();
    let mut peer = peers.start("canopen_node.py", &[cable.left(), "--node", "5"]);
    let sizes = [100, 889, 890, 5000];
    let content =
        |size: usize| -> String { (0..size).map(|n| format!("{:02X}", n % 251)).collect() };
    let objects = sizes.iter().zip(0x2000..).map(|(size, index)| {
        format!(
            "[{index:04X}]\nParameterName=Object of {size}\nDataType=15\nAccessType=rw\nParameterValue={}\n",
            content(*size)
        )
    });
    let text: String = objects.collect();
    let text = format!("[DeviceInfo]\nVendorNumber=0x4E\nProductNumber=401\n{text}");
    let options = json!({
        "node": 5, "bit_rate": 1_000_000, "outputs": 0, "interval": "50 ms", "timeout": "2 s", "slowest": "2 s",
        "lost_after": "2 s", "eds": { "path": "box.dcf", "sha256": "0", "text": text },
    });
    let plan = plan("canopen-io", &format!("slcan:{}", cable.right()), options);
    let io = Driven::open(&plan, &["in0", "in1"]).expect("the box opens");
    assert_eq!(io.identity.model.as_deref(), Some("box of durand"));
    let told =
        |note: &String| note.contains("2003:00 (Object of 5000) = 5000 bytes instead of 0 bytes");
    assert!(
        io.identity.notes.iter().any(told),
        "{:?}",
        io.identity.notes
    );
    let state = peer.state();
    for (size, index) in sizes.into_iter().zip(0x2000..) {
        let object = &state[format!("{index:04X}")];
        assert_eq!(object["content"], content(size), "{size}");
        assert_eq!(object["blocks"], 1, "{size}: written once, in blocks");
    }
    let again = io.device.identify().expect("it answers").notes;
    assert!(
        again
            .iter()
            .any(|note| note.contains("is as box.dcf configures it")),
        "{again:?}"
    );
    assert_eq!((io.last(0), io.last(1)), (Some(vec![1.0]), Some(vec![0.0])));
    assert_eq!(io.news(), []);
}

/// Names, types, access and values, of every entry that both have.
#[test]
fn an_eds_file_says_to_us_what_it_says_to_canopen() {
    let Some(peers) = Peers::for_test("an_eds_file_says_to_us_what_it_says_to_canopen") else {
        return;
    };
    let text = include_str!("../../drivers/wire/fuzz/corpus/eds/box");
    let folder = Folder::new();
    let path = folder.0.join("box.eds");
    std::fs::write(&path, text).expect("a file");
    let read = peers.run("eds_values.py", &[&path.to_string_lossy(), "5"]);
    assert!(read.status.success());
    let theirs: BTreeMap<String, Value> =
        serde_json::from_slice(&read.stdout).expect("one line of JSON");
    let ours = Eds::read(text).expect("it is right");
    let node = NodeId::new(5).expect("a node");
    let mut compared = 0;
    for ((index, sub), entry) in &ours.entries {
        let Some(theirs) = theirs.get(&format!("{index:04X}:{sub:02X}")) else {
            assert_eq!(
                (*index, *sub),
                (0x6000, 2),
                "canopen makes one entry of a compact array"
            );
            continue;
        };
        if (*index, *sub) == (0x6000, 0) {
            continue; // canopen gives it no value, and lets it be written
        }
        compared += 1;
        let at = format!("{index:04X}:{sub:02X}");
        assert_eq!(
            theirs["name"].as_str(),
            Some(entry.name.trim_end_matches(" 1")),
            "{at}"
        );
        assert_eq!(theirs["writable"], entry.writable, "{at}");
        assert_eq!(theirs["mappable"], entry.mappable, "{at}");
        let default = entry.default.map(|value| value.of(node));
        assert_eq!(theirs["default"].as_i64(), default, "{at}");
    }
    assert_eq!(compared, 8);
}
