//! What all instruments share, on scripted lines in simulated time.

use certbench_link::ByteLink;
use certbench_link::pair::{self, BytePipe};
use certbench_model::{FaultKind, Invalid, Reading};
use certbench_roles::{Device, Trouble};
use certbench_wire::lines::Lines;
use std::sync::Arc;

use std::time::Duration;

use crate::Port;
use crate::testing::{Bench, plan};

fn opened(bench: &Bench, driver: &str, options: &[(&str, &str)]) -> (Arc<dyn Device>, BytePipe) {
    let (near, far) = pair::bytes(&bench.clock, driver, pair::Wire::default());
    let device = crate::open(
        &plan("item", driver, options),
        Port::Bytes(Arc::new(near)),
        &bench.clock,
    );
    (device.expect("it opens"), far)
}

/// Answers every line it hears.
fn answering(bench: &Bench, far: BytePipe, answer: impl Fn(&str, u32) -> Vec<u8> + Send + 'static) {
    let clock = bench.clock.clone();
    bench.peer("far end", move |stop| {
        let (mut lines, mut count) = (Lines::new(64), 0);
        while !stop.is_set() {
            let mut bytes = Vec::new();
            let until = clock.now() + Duration::from_millis(50);
            if let Ok(Some(_)) = far.read(&mut bytes, until) {
                lines.push(&bytes);
            }
            while let Some(Ok(line)) = lines.next() {
                count += 1;
                let _ = far.write(&answer(&line, count));
            }
        }
    });
}

/// Sends a value every 10 ms, for so many values.
fn sending(
    bench: &Bench,
    far: BytePipe,
    values: u32,
    value: impl Fn(u32) -> Vec<u8> + Send + 'static,
) {
    let clock = bench.clock.clone();
    bench.peer("far end", move |stop| {
        for n in 0..values {
            if stop.is_set() {
                return;
            }
            let _ = far.write(&value(n));
            clock.sleep(Duration::from_millis(10));
        }
        while !stop.is_set() {
            clock.sleep(Duration::from_millis(50));
        }
    });
}

#[test]
fn a_scale_says_who_it_is_and_one_garbled_answer_is_one_invalid_reading() {
    let bench = Bench::new();
    let (device, far) = opened(&bench, "mt-sics-scale", &[]);
    answering(&bench, far, |line, count| match line {
        "I2" => b"I2 A \"XS204\"\r\n".to_vec(),
        "I3" => b"I3 A \"2.30\"\r\n".to_vec(),
        "I4" => b"I4 A \"B246813579\"\r\n".to_vec(),
        "SI" if count == 6 => b"S S 1\xFF0.0 g\r\n".to_vec(),
        "SI" => b"S S     100.00 g\r\n".to_vec(),
        "Z" => b"Z I\r\n".to_vec(),
        _ => b"ES\r\n".to_vec(),
    });
    let identity = device.identify().unwrap();
    assert!(identity.read_from_device && identity.label_needed.is_empty());
    assert_eq!(identity.serial.as_deref(), Some("B246813579"));
    let heard = bench.start(&*device, &["mass"]);
    bench.pass(3000);
    let readings = heard.readings(0);
    let bad: Vec<_> = readings.iter().filter(|r| r.values().is_none()).collect();
    assert_eq!(bad, [&Reading::Invalid(Invalid::Unreadable)]);
    assert_eq!(readings.first().and_then(|r| r.component(0)), Some(0.1));
    assert_eq!(heard.news(), [] as [Trouble; 0]);
    let zero = device.zero().expect("a scale can be zeroed");
    assert!(matches!(zero.zero("force"), Err(Trouble::Refused(_))));
    assert!(matches!(zero.zero("noise"), Err(Trouble::Refused(_))));
    device.close();
}

#[test]
fn an_instrument_that_complains_is_told_of_once_and_gives_no_number() {
    let bench = Bench::new();
    let (device, far) = opened(&bench, "imada-gauge", &[]);
    answering(&bench, far, |_, _| b"+012.34NPO\r".to_vec());
    let heard = bench.start(&*device, &["force"]);
    bench.pass(300);
    let news = heard.news();
    assert!(
        matches!(news.as_slice(), [Trouble::Fault(FaultKind::Instrument, text)] if text.contains("peaks")),
        "{news:?}"
    );
    assert!(heard.readings(0).iter().all(|r| r.values().is_none()));
    device.close();
}

#[test]
fn a_stream_that_ends_is_stale_and_the_last_number_is_not_repeated() {
    let bench = Bench::new();
    let (device, far) = opened(&bench, "ild1420", &[("range", "100 mm")]);
    sending(&bench, far, 30, |_| vec![0x03, 0x4A, 0x80]); // 643: start of range
    device.identify().unwrap();
    let heard = bench.start(&*device, &["displacement"]);
    bench.pass(1000);
    let readings = heard.readings(0);
    assert!(readings.len() > 10, "{}", readings.len());
    assert_eq!(readings.last(), Some(&Reading::Invalid(Invalid::Stale)));
    let numbers = readings.iter().filter(|r| r.values().is_some()).count();
    assert_eq!(numbers, readings.len() - 1);
    assert!(matches!(
        heard.news().as_slice(),
        [Trouble::Fault(FaultKind::Unattributable, _)]
    ));
    device.close();
}

#[test]
fn a_silent_sensor_is_told_to_run_and_nobody_is_blamed() {
    let bench = Bench::new();
    let (device, far) = opened(&bench, "bota-serial", &[]);
    let Err(Trouble::Fault(FaultKind::Unattributable, text)) = device.identify() else {
        panic!("it said something");
    };
    assert!(
        text.contains("bota-serial") || text.contains("item"),
        "{text}"
    );
    let mut bytes = Vec::new();
    far.read(&mut bytes, bench.clock.now()).unwrap();
    assert_eq!(bytes, b"R");
}

#[test]
fn a_map_is_checked_before_the_device_opens() {
    let bench = Bench::new();
    let (near, _far) = pair::bytes(&bench.clock, "x", pair::Wire::default());
    let sets = plan("meter", "scpi-meter", &[("query", "OUTP OFF")]);
    let Err(Trouble::Refused(text)) = crate::open(&sets, Port::Bytes(Arc::new(near)), &bench.clock)
    else {
        panic!("a command that sets something was taken");
    };
    assert!(text.contains("query"), "{text}");
}
