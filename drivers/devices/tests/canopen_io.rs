//! The CANopen box against its simulator: contacts, voltages, error values, a maker's file.

mod bench;

use bench::{Bench, plan};
use certbench_model::{FaultKind, Reading};
use certbench_roles::Trouble;
use certbench_sim::config::FaultKind as Broken;
use serde_json::{Value, json};

const BOX: &str = "canopen-io";

/// Coil 0 opens the emergency-stop chain, and input 0 sees it.
fn bench(options: &Value) -> Bench {
    let world = json!({
        "io": { "outputs": { "0": "estop-open", "1": "estop-open" }, "inputs": { "0": "estop-open" } }
    });
    Bench::new(&world, &[plan(BOX, options, None)])
}

fn started(options: &Value, signals: &[&str]) -> Bench {
    let bench = bench(options);
    bench.device(BOX).identify().unwrap();
    bench.start(BOX, signals);
    bench.pass(200);
    bench
}

fn switch(bench: &Bench, number: u16, on: bool) -> Result<[u64; 2], Trouble> {
    bench.device(BOX).outputs().unwrap().switch(number, on)
}

#[test]
fn a_box_says_who_it_is() {
    let bench = bench(&json!({}));
    let identity = bench.device(BOX).identify().unwrap();
    assert_eq!(identity.model.as_deref(), Some("SIM-IO8"));
    assert_eq!(identity.serial.as_deref(), Some("4001"));
    assert!(identity.read_from_device && identity.label_needed.is_empty());
    bench.close();
}

#[test]
fn a_switched_coil_is_seen_by_its_contact_and_no_other() {
    for feedback in ["sync", "event"] {
        let bench = started(&json!({ "feedback": feedback }), &["in0", "in1"]);
        assert_eq!((bench.last(0), bench.last(1)), (vec![0.0], vec![0.0]));
        let [asked, done] = switch(&bench, 0, true).unwrap();
        assert!(asked < done, "{feedback}");
        bench.pass(100);
        assert_eq!((bench.last(0), bench.last(1)), (vec![1.0], vec![0.0]));
        switch(&bench, 0, false).unwrap();
        bench.pass(100);
        assert_eq!(bench.last(0), [0.0], "{feedback}");
        assert_eq!(bench.news(), []);
        bench.close();
    }
}

/// 10 V are 32768 counts; each output is wired to the input of its number.
#[test]
fn a_voltage_is_counts_by_the_benchs_scale() {
    let options = json!({ "analog_inputs": 2, "analog_outputs": 2 });
    let bench = started(&options, &["voltage0", "voltage1"]);
    let registers = bench.device(BOX).registers().unwrap();
    registers.write(1, 16384).unwrap();
    bench.pass(100);
    assert_eq!((bench.last(0), bench.last(1)), (vec![0.0], vec![5.0]));
    registers.write(1, (-8192_i16).cast_unsigned()).unwrap();
    bench.pass(100);
    assert_eq!(bench.last(1), [-2.5]);
    assert!(matches!(registers.write(2, 0), Err(Trouble::Refused(_))));
    bench.close();
}

/// Output 1 goes on, output 0 off, as the bench says; the box comes back and is heard again.
#[test]
fn outputs_take_their_error_values_when_this_computer_hangs() {
    let bench = started(&json!({ "on_at_loss": "1", "outputs": 2 }), &["in0"]);
    let closed = |bench: &Bench| bench.last(0) == [0.0];
    assert!(closed(&bench));
    bench.lease.revoke();
    bench.pass(1000);
    bench.lease.renew(u64::MAX);
    bench.pass(300);
    assert!(!closed(&bench), "output 1 has opened the chain");
    let news = bench.news();
    let harness = |told: &Trouble| matches!(told, Trouble::Fault(FaultKind::Harness, _));
    assert!(news.iter().any(harness), "{news:?}");
    switch(&bench, 1, false).unwrap();
    bench.pass(100);
    assert!(closed(&bench), "it obeys again");
    bench.close();
}

#[test]
fn held_outputs_stay_as_they_are() {
    let bench = started(&json!({ "on_loss": "hold" }), &["in0"]);
    switch(&bench, 0, true).unwrap();
    bench.lease.revoke();
    bench.pass(1000);
    bench.lease.renew(u64::MAX);
    bench.pass(300);
    assert_eq!(bench.last(0), [1.0]);
    bench.close();
}

#[test]
fn a_cut_cable_is_blamed_on_nobody_and_the_box_is_heard_again() {
    let bench = started(&json!({}), &["in0"]);
    bench.fault(BOX, Broken::Silence);
    bench.pass(2000);
    let news = bench.news();
    let nobody = |told: &Trouble| matches!(told, Trouble::Fault(FaultKind::Unattributable, _));
    assert!(!news.is_empty() && news.iter().all(nobody), "{news:?}");
    bench.simulation.repair(BOX);
    bench.pass(500);
    bench.readings(0);
    bench.pass(200);
    let readings = bench.readings(0);
    let number = |reading: &Reading| reading.values().is_some();
    assert!(
        readings.len() > 10 && readings.iter().all(number),
        "{readings:?}"
    );
    bench.close();
}

#[test]
fn what_the_box_does_not_have_is_refused() {
    for options in [json!({ "inputs": 9 }), json!({ "outputs": 9 })] {
        let bench = bench(&options);
        let refused = bench.device(BOX).identify();
        assert!(
            matches!(refused, Err(Trouble::Refused(_))),
            "{options}: {refused:?}"
        );
        bench.close();
    }
    let bench = started(&json!({}), &["in0"]);
    assert!(matches!(switch(&bench, 8, true), Err(Trouble::Refused(_))));
    bench.close();
}

/// A file as a plan has it.
fn file(text: &str) -> Value {
    json!({ "eds": { "path": "box.dcf", "sha256": "00", "text": text } })
}

#[test]
fn the_makers_file_must_be_of_this_box_and_configures_it() {
    let of = |product: u32| {
        format!(
            "[DeviceInfo]\nVendorNumber=0x53494D\nProductNumber={product}\n[2000]\nParameterName=Notes\n\
             DataType=15\nAccessType=rw\nParameterValue=0102\n"
        )
    };
    let bench = bench(&file(&of(402)));
    let refused = bench.device(BOX).identify();
    assert!(matches!(&refused, Err(Trouble::Refused(text)) if text.contains("another device")));
    bench.close();
    let bench = started(&file(&of(401)), &["in0"]);
    let identity = bench.device(BOX).identify().unwrap();
    let has = |part: &str| identity.notes.iter().any(|note| note.contains(part));
    assert!(has("checked by box.dcf"), "{:?}", identity.notes);
    assert!(has("is as box.dcf configures it"), "{:?}", identity.notes);
    bench.close();
    let wrong = plan(BOX, &file("[1000]\nDataType=x\n"), None);
    let clock = certbench_clock::Clock::simulated();
    let (near, _far) =
        certbench_link::pair::can(&clock, "bus", certbench_link::pair::Wire::default());
    let port = certbench_devices::Port::Can(std::sync::Arc::new(near));
    let refused = certbench_devices::open(&wrong, port, &clock).err();
    assert!(
        matches!(&refused, Some(Trouble::Refused(text)) if text.contains("box.dcf, line 2: DataType=x is no number")),
        "{refused:?}"
    );
    clock.end();
}

/// A file that would close a relay, or turn round what an output means, is said so and does not.
#[test]
fn no_file_switches_an_output() {
    let object = |index: &str| format!("[{index}]\nDataType=5\nAccessType=rww\nParameterValue=1\n");
    let indices = [
        "1017", "1800sub2", "6002sub1", "6102sub1", "6200sub1", "6202sub1", "6208sub1", "6240sub1",
        "6302sub1", "6328sub1", "6411sub1", "6443sub1", "6446sub1", "6447sub1", "6A00sub1",
    ];
    let bench = started(&file(&indices.map(object).concat()), &["in0"]);
    let identity = bench.device(BOX).identify().unwrap();
    let all = indices.map(|index| match index.split_once("sub") {
        Some((index, sub)) => format!("{index}:0{sub}"),
        None => format!("{index}:00"),
    });
    let told = |note: &String| note.ends_with(&format!("by the file: {}", all.join(", ")));
    assert!(identity.notes.iter().any(told), "{:?}", identity.notes);
    assert_eq!(bench.last(0), [0.0]);
    bench.close();
}
