//! The driver against a gauge of a few lines.

use super::*;
use crate::testing::{Bench, Heard as Got, gauge_plan};
use certbench_link::pair;

fn policy(unit: Option<wire::Unit>, sign: f64, capacity_n: Option<f64>) -> Policy {
    Policy {
        unit,
        sign,
        capacity_n,
    }
}

/// Series 4 user's guide: negative is tension. 18.78 lbF = 18.78 * 4.4482216152605 N.
#[test]
fn the_manuals_examples_in_newton_by_the_benchs_sign() {
    let compression = policy(None, 1.0, None);
    let close = |reading: Reading, n: f64| {
        let value = reading.component(0).expect("a number");
        assert!((value - n).abs() < 1e-9, "{value} {n}");
    };
    close(compression.reading("-18.78 lbF"), -83.537_601_934_592_19);
    close(compression.reading("4.285 N"), 4.285);
    close(
        policy(None, -1.0, None).reading("-18.78 lbF"),
        83.537_601_934_592_19,
    );
}

#[test]
fn a_unit_that_is_missing_or_another_is_no_number() {
    let wrong = Reading::Invalid(Invalid::WrongUnit);
    assert_eq!(policy(None, 1.0, None).reading("4.285"), wrong);
    assert_eq!(
        policy(Some(wire::Unit::Newton), 1.0, None).reading("4.285 lbF"),
        wrong
    );
    assert_eq!(
        policy(Some(wire::Unit::Newton), 1.0, None).reading("4.285"),
        Reading::scalar(4.285)
    );
}

#[test]
fn an_overload_is_never_a_number() {
    let over = Reading::Invalid(Invalid::OverRange);
    let gauge = policy(None, 1.0, Some(50.0));
    assert_eq!(gauge.reading("OVER"), over);
    assert_eq!(gauge.reading("50.01 N"), over);
    assert_eq!(gauge.reading("-50.01 N"), over);
    assert_eq!(gauge.reading("*10"), Reading::Invalid(Invalid::Unreadable));
}

/// A gauge in a few lines: 4.285 N, zeroed by `Z`, garbled once.
fn scripted(bench: &Bench, far: pair::BytePipe) {
    let clock = bench.clock.clone();
    bench.peer("gauge", move |stop| {
        let (mut lines, mut force, mut asked) = (Lines::new(16), 4.285, 0);
        while !stop.is_set() {
            let mut bytes = Vec::new();
            if !matches!(
                far.read(&mut bytes, clock.now() + Duration::from_millis(50)),
                Ok(Some(_))
            ) {
                continue;
            }
            lines.push(&bytes);
            while let Some(Ok(line)) = lines.next() {
                asked += 1;
                let answer = match Command::decode(&line) {
                    Some(Command::RealTime) if asked == 5 => b"4.\xFF85 N\r\n".to_vec(),
                    Some(Command::RealTime) => {
                        wire::encode_reading(force, 3, Some(wire::Unit::Newton))
                    }
                    Some(Command::Zero) => {
                        force = 0.0;
                        continue;
                    }
                    _ => wire::ILLEGAL_COMMAND.to_vec(),
                };
                let _ = far.write(&answer);
            }
        }
    });
}

#[test]
fn a_gauge_is_read_zeroed_and_one_garbled_line_is_one_invalid_reading() {
    let bench = Bench::new();
    let (near, far) = pair::bytes(&bench.clock, "gauge", pair::Wire::default());
    scripted(&bench, far);
    let device = open(&gauge_plan(), Arc::new(near), &bench.clock).unwrap();
    let identity = device.identify().unwrap();
    assert!(!identity.read_from_device && identity.label_needed.contains(&"serial".to_owned()));
    let heard = bench.start(&*device, &["force"]);
    bench.pass(200);
    let readings = heard.readings(0);
    assert_eq!(readings.iter().filter(|r| r.values().is_none()).count(), 1);
    assert_eq!(readings.first().and_then(|r| r.component(0)), Some(4.285));
    device.zero().unwrap().zero("force").unwrap();
    bench.pass(200);
    assert_eq!(
        heard.readings(0).last().and_then(|r| r.component(0)),
        Some(0.0)
    );
    assert_eq!(heard.news(), [] as [Trouble; 0], "one bad line is no news");
    device.close();
}

#[test]
fn a_gauge_that_falls_silent_is_told_once_with_both_hypotheses() {
    let bench = Bench::new();
    let (near, _far) = pair::bytes(&bench.clock, "/dev/ttyUSB9", pair::Wire::default());
    let device = open(&gauge_plan(), Arc::new(near), &bench.clock).unwrap();
    let heard: Got = bench.start(&*device, &["force"]);
    bench.pass(5000);
    let news = heard.news();
    let [Trouble::Fault(FaultKind::Unattributable, text)] = news.as_slice() else {
        panic!("{news:?}");
    };
    for part in [
        "/dev/ttyUSB9",
        "100 ms",
        "\"?C\\r\"",
        "is it powered?",
        "cable or adapter",
    ] {
        assert!(text.contains(part), "{text}");
    }
    assert!(heard.readings(0).is_empty(), "silence is no number");
    device.close();
}
