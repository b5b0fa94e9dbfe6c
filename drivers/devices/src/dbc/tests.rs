use certbench_link::pair::{self, Wire};
use serde_json::{Value, json};

use super::*;
use crate::testing::{Bench, plan};

const FILE: &str = "VERSION \"\"\n\
    BO_ 416 LoadCell: 8 Cell\n \
    SG_ Force : 0|32@1- (0.001,0) [-2|2] \"kN\" X\n \
    SG_ Speed : 32|16@1- (1,0) [0|0] \"rpm\" X\n\
    BO_ 418 Robot: 2 X\n \
    SG_ Program : 0|8@1+ (1,0) [0|0] \"\" X\n \
    SG_ Start : 15|1@0+ (1,0) [0|0] \"\" X\n \
    SG_ Offset : 8|4@1- (1,0) [0|0] \"\" X\n\
    BO_ 417 Slow: 8 Cell\n \
    SG_ Temperature : 0|8@1+ (1,-40) [0|0] \"degC\" X\n";

fn cell(signals: Value) -> DevicePlan {
    let mut cell = plan("cell", "dbc", &[("max_age", "100 ms")]);
    let file = json!({ "path": "cell.dbc", "sha256": "0011", "text": FILE });
    cell.options.insert("file".into(), file);
    cell.options.insert("signals".into(), signals);
    cell
}

fn refused(signals: Value) -> String {
    let (bus, _far) = pair::can(&Clock::simulated(), "cell", Wire::default());
    let opened = open(&cell(signals), Arc::new(bus), &Clock::simulated());
    opened.err().expect("a refusal").to_string()
}

#[test]
fn signals_come_in_the_benchs_unit_with_what_the_file_cannot_give_as_invalid() {
    let bench = Bench::new();
    let (bus, far) = pair::can(&bench.clock, "cell", Wire::default());
    let cell = cell(json!({ "force": "LoadCell.Force in N" }));
    let device = open(&cell, Arc::new(bus), &bench.clock).expect("it opens");
    let heard = bench.start(&*device, &["force"]);
    for data in [
        &[0xDC, 5, 0, 0, 0, 0, 0, 0][..], // 1.5 kN
        &[0xB9, 0x0B, 0, 0, 0, 0, 0, 0],  // 3.001 kN: beyond the file's range
        &[0xDC, 5],                       // cut short
    ] {
        far.send(&CanFrame::standard(416, data).unwrap()).unwrap();
        bench.pass(10);
    }
    far.send(&CanFrame::extended(416, &[1; 8]).unwrap())
        .unwrap(); // somebody else's
    bench.pass(300);
    device.close();
    let invalid = Reading::Invalid;
    assert_eq!(
        heard.readings(0),
        [
            Reading::scalar(1500.0),
            invalid(Invalid::OverRange),
            invalid(Invalid::Unreadable),
            invalid(Invalid::Stale),
        ]
    );
    let [Trouble::Fault(FaultKind::Unattributable, told)] = &heard.news()[..] else {
        panic!("{:?}", heard.news());
    };
    assert!(
        told.contains("LoadCell.Force") && told.contains("off or hung"),
        "{told}"
    );
}

#[test]
fn each_signal_is_stale_by_itself_and_comes_back() {
    let bench = Bench::new();
    let (bus, far) = pair::can(&bench.clock, "cell", Wire::default());
    let both = json!({ "force": "LoadCell.Force in kN", "heat": "Slow.Temperature in Cel" });
    let device = open(&cell(both), Arc::new(bus), &bench.clock).expect("it opens");
    let heard = bench.start(&*device, &["force", "heat"]);
    let (force, heat) = (
        CanFrame::standard(416, &[0; 8]),
        CanFrame::standard(417, &[65; 8]),
    );
    far.send(heat.as_ref().unwrap()).unwrap();
    for _ in 0..6 {
        far.send(force.as_ref().unwrap()).unwrap();
        bench.pass(50);
    }
    far.send(heat.as_ref().unwrap()).unwrap();
    bench.pass(10);
    device.close();
    assert_eq!(heard.readings(0), [Reading::scalar(0.0); 6]);
    let warm = Reading::scalar(25.0);
    assert_eq!(
        heard.readings(1),
        [warm, Reading::Invalid(Invalid::Stale), warm]
    );
    assert_eq!(heard.news().len(), 1);
}

#[test]
fn who_it_is_must_be_read_from_its_label_and_the_file_is_named() {
    let bench = Bench::new();
    let (bus, far) = pair::can(&bench.clock, "cell", Wire::default());
    let turning = cell(json!({ "speed": "LoadCell.Speed in deg/s" }));
    let device = open(&turning, Arc::new(bus), &bench.clock).expect("it opens");
    let silent = device.identify().unwrap_err().to_string();
    assert!(silent.contains("LoadCell.Speed"), "{silent}");
    far.send(&CanFrame::standard(416, &[0; 8]).unwrap())
        .unwrap();
    let identity = device.identify().expect("it sends");
    assert_eq!(identity.label_needed, ["model", "serial"]);
    let notes = identity.notes.join("; ");
    assert!(notes.contains("cell.dbc, SHA-256 0011"), "{notes}");
}

#[test]
fn what_the_file_does_not_say_so_is_refused() {
    for (words, says) in [
        ("LoadCell.Froce in N", "it has Force, Speed"),
        ("LoadCell.Force in Cel", "by the file"),
        ("LoadCell.Force in fathom", "fathom"),
        ("LoadCell.Force", "Message.Signal in UNIT"),
    ] {
        let why = refused(json!({ "force": words }));
        assert!(why.contains(says), "{why}");
    }
    assert!(refused(json!({})).contains("none is named"));
}

#[test]
fn what_is_written_is_sent_once_and_signals_of_one_message_keep_their_values() {
    let bench = Bench::new();
    let (bus, far) = pair::can(&bench.clock, "cell", Wire::default());
    let mut plan = cell(json!({ "busy": "Slow.Temperature in contact" }));
    let sends = json!(["Robot.Program", "Robot.Start"]);
    plan.options.insert("sends".into(), sends);
    let device = open(&plan, Arc::new(bus), &bench.clock).expect("it opens");
    let registers = device.registers().expect("it is written to");
    assert_eq!(registers.count(), 2);
    let sent = || {
        let heard = far.recv(bench.clock.now() + Duration::from_millis(50));
        heard
            .expect("a bus")
            .map(|(frame, _)| (frame.id(), frame.data().to_vec()))
    };
    for (register, value, data) in [
        (0, 7, [7, 0]),
        (1, 1, [7, 0x80]),
        (0, 2, [2, 0x80]),
        (1, 0, [2, 0]),
    ] {
        let [earliest, latest] = registers.write(register, value).expect("sent");
        assert!(earliest <= latest);
        assert_eq!(sent(), Some((418, data.to_vec())));
    }
    assert_eq!(sent(), None);
    for (register, value, says) in [
        (0, 256, "8 bits"),
        (1, 2, "1 bits"),
        (2, 0, "no register 2"),
    ] {
        let why = registers.write(register, value).unwrap_err().to_string();
        assert!(why.contains(says), "{why}");
        assert_eq!(sent(), None);
    }
}

#[test]
fn a_signal_in_contact_is_on_when_it_is_not_zero() {
    let bench = Bench::new();
    let (bus, far) = pair::can(&bench.clock, "cell", Wire::default());
    let busy = cell(json!({ "busy": "Robot.Start in contact" }));
    let device = open(&busy, Arc::new(bus), &bench.clock).expect("it opens");
    let heard = bench.start(&*device, &["busy"]);
    for bits in [0x80, 0x00] {
        far.send(&CanFrame::standard(418, &[3, bits]).unwrap())
            .unwrap();
        bench.pass(10);
    }
    device.close();
    assert_eq!(
        heard.readings(0),
        [Reading::scalar(1.0), Reading::scalar(0.0)]
    );
}

#[test]
fn only_a_plain_number_of_a_message_can_be_sent() {
    for (name, says) in [
        ("Robot.Offset", "unsigned"),
        ("Robot.Stop", "it has Program"),
    ] {
        let mut plan = cell(json!({ "force": "LoadCell.Force in N" }));
        plan.options.insert("sends".into(), json!([name]));
        let (bus, _far) = pair::can(&Clock::simulated(), "cell", Wire::default());
        let opened = open(&plan, Arc::new(bus), &Clock::simulated());
        let why = opened.err().expect("a refusal").to_string();
        assert!(why.contains(says), "{why}");
    }
}
