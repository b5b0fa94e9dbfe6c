//! The driver against lines as an instrument would print them.

use std::sync::Arc;
use std::time::Duration;

use certbench_link::{ByteLink, pair};
use certbench_model::{FaultKind, Invalid, Reading};
use certbench_roles::{Device, Lease, Trouble, Wiring};

use super::open;
use crate::testing::{Bench, plan};

fn tracker(bench: &Bench, options: &[(&str, &str)]) -> (Arc<dyn Device>, pair::BytePipe) {
    let (near, far) = pair::bytes(&bench.clock, "/dev/ttyUSB3", pair::Wire::default());
    let plan = plan("tracker", "ascii-tracker", options);
    (open(&plan, Arc::new(near), &bench.clock).unwrap(), far)
}

#[test]
fn a_pose_line_becomes_one_sample_in_millimetres_and_degrees() {
    let bench = Bench::new();
    let options = [
        ("columns", "n t x y z a b c"),
        ("length_unit", "m"),
        ("angle_unit", "rad"),
    ];
    let (device, far) = tracker(&bench, &options);
    let heard = bench.start(&*device, &["pose", "position"]);
    far.write(b"1,0.004,1.2034,-0.088,0.0155,0,0,1.5707963267948966\r\n")
        .unwrap();
    bench.pass(10);
    let pose = heard.readings(0)[0];
    for (i, value) in [1203.4, -88.0, 15.5, 0.0, 0.0, 90.0]
        .into_iter()
        .enumerate()
    {
        assert!(
            (pose.component(i).unwrap() - value).abs() < 1e-9,
            "{pose:?}"
        );
    }
    assert_eq!(heard.readings(1)[0].values().unwrap().len(), 3);
    device.close();
}

#[test]
fn half_a_line_is_no_sample_and_the_time_is_that_of_its_end() {
    let bench = Bench::new();
    let (device, far) = tracker(&bench, &[("columns", "d")]);
    let heard = bench.start(&*device, &["displacement"]);
    bench.pass(10);
    far.write(b"12.").unwrap();
    bench.pass(10);
    assert!(heard.samples(0).is_empty());
    far.write(b"5\n").unwrap();
    bench.pass(10);
    let sample = heard.samples(0)[0];
    assert_eq!(
        (sample.reading, sample.time_ns),
        (Reading::scalar(12.5), 20_000_000)
    );
    device.close();
}

#[test]
fn a_lost_target_and_an_unreadable_line_are_invalid_each_in_its_way() {
    let bench = Bench::new();
    let (device, far) = tracker(&bench, &[("columns", "x y z"), ("separator", "blank")]);
    let heard = bench.start(&*device, &["position"]);
    far.write(b"--- --- ---\n1 2\n1 2 3x\n\xFF\xFE\n1 2 3\n")
        .unwrap();
    bench.pass(10);
    let invalid = Reading::Invalid;
    let expected = [
        invalid(Invalid::NoSignal),
        invalid(Invalid::Unreadable),
        invalid(Invalid::Unreadable),
        invalid(Invalid::Unreadable),
    ];
    assert_eq!(heard.readings(0)[..4], expected);
    assert_eq!(heard.readings(0)[4], Reading::vector(&[1.0, 2.0, 3.0]));
    device.close();
}

#[test]
fn a_counter_that_stands_still_is_a_stale_instrument() {
    let bench = Bench::new();
    let (device, far) = tracker(&bench, &[("columns", "n d")]);
    let heard = bench.start(&*device, &["displacement"]);
    for _ in 0..20 {
        far.write(b"7,12.5\n").unwrap();
        bench.pass(10);
    }
    let readings = heard.readings(0);
    assert_eq!(readings[0], Reading::scalar(12.5));
    assert!(
        readings[1..]
            .iter()
            .all(|reading| *reading == Reading::Invalid(Invalid::Stale))
    );
    assert_eq!(heard.news().len(), 1, "told once");
    device.close();
}

/// Lines that the tracker dates by its own clock, each with the time at which it comes, ms.
fn dated(lines: &[(u64, f64)]) -> (Vec<Result<u64, Invalid>>, Vec<Trouble>) {
    let bench = Bench::new();
    let options = [("columns", "t d"), ("time_unit", "ms")];
    let (device, far) = tracker(&bench, &options);
    let heard = bench.start(&*device, &["displacement"]);
    let mut now = 0;
    for (at, own_ms) in lines {
        bench.pass(at - now);
        now = *at;
        far.write(format!("{own_ms},1\n").as_bytes()).unwrap();
    }
    bench.pass(10);
    let seen = |sample: &certbench_model::Sample| match sample.reading {
        Reading::Values { .. } => Ok((sample.time_ns + 500_000) / 1_000_000),
        Reading::Invalid(why) => Err(why),
    };
    let told = (heard.samples(0).iter().map(seen).collect(), heard.news());
    device.close();
    told
}

#[test]
fn a_late_line_is_dated_by_the_trackers_own_clock() {
    let (seen, news) = dated(&[
        (20, 7_000.0),
        // the fastest so far: the clocks are 6985 ms apart at most
        (25, 7_010.0),
        (35, 7_020.0),
        // three lines are read at once
        (95, 7_030.0),
        (95, 7_060.0),
        (95, 7_080.0),
        (105, 7_090.0),
    ]);
    assert_eq!(
        seen,
        [Ok(20), Ok(25), Ok(35), Ok(45), Ok(75), Ok(95), Ok(105)]
    );
    assert_eq!(news, []);
}

#[test]
fn lines_that_fall_behind_the_trackers_own_clock_become_stale() {
    let late = Invalid::Stale;
    let (seen, news) = dated(&[
        (10, 0.0),
        (20, 10.0),
        (90, 20.0),
        (180, 30.0),
        (190, 40.0),
        (195, 190.0),
        (200, 0.0), // it began anew
        (210, 10.0),
    ]);
    assert_eq!(
        seen,
        [
            Ok(10),
            Ok(20),
            Ok(30),
            Err(late),
            Err(late),
            Ok(195),
            Err(late),
            Ok(210)
        ]
    );
    let [Trouble::Fault(FaultKind::Unattributable, text)] = news.as_slice() else {
        panic!("{news:?}")
    };
    assert!(text.contains("139 ms late by its own clock"), "{text}");
}

#[test]
fn two_clocks_may_drift_apart_a_little() {
    // 50 ppm slower than ours for three hours: 540 ms in all
    let lines: Vec<_> = (0..=180)
        .map(|minute| (minute * 60_000, minute as f64 * 59_997.0))
        .collect();
    let (seen, _) = dated(&lines);
    let numbers: Vec<_> = seen.iter().filter_map(|s| s.ok()).collect();
    let expected: Vec<_> = lines.iter().map(|(at, _)| *at).collect();
    assert_eq!(numbers, expected);
}

#[test]
fn silence_is_stale_once_and_told_once_with_both_hypotheses() {
    let bench = Bench::new();
    let (device, far) = tracker(&bench, &[("columns", "d")]);
    let heard = bench.start(&*device, &["displacement"]);
    far.write(b"1\n").unwrap();
    bench.pass(2000);
    assert_eq!(
        heard.readings(0),
        [Reading::scalar(1.0), Reading::Invalid(Invalid::Stale)]
    );
    let news = heard.news();
    let [Trouble::Fault(FaultKind::Unattributable, text)] = news.as_slice() else {
        panic!("{news:?}")
    };
    assert!(
        text.contains("/dev/ttyUSB3") && text.contains("is it powered") && text.contains("cable"),
        "{text}"
    );
    far.write(b"2\n").unwrap();
    bench.pass(10);
    assert_eq!(
        heard.readings(0).last(),
        Some(&Reading::scalar(2.0)),
        "it is heard again"
    );
    device.close();
}

#[test]
fn a_signal_whose_columns_are_missing_is_refused_before_anything_starts() {
    let bench = Bench::new();
    let (device, _far) = tracker(&bench, &[("columns", "x y z")]);
    let nothing = Arc::new(|_: &certbench_model::Sample| ());
    let wiring = Wiring(vec![("pose".into(), 0)]);
    let refused = device.start(wiring, nothing, Arc::new(|_| ()), Lease::new());
    assert!(
        matches!(&refused, Err(Trouble::Refused(text)) if text.contains("x y z a b c")),
        "{refused:?}"
    );
}

#[test]
fn identification_needs_a_whole_line() {
    let bench = Bench::new();
    let (device, far) = tracker(&bench, &[]);
    assert!(matches!(
        device.identify(),
        Err(Trouble::Fault(FaultKind::Unattributable, _))
    ));
    let clock = bench.clock.clone();
    bench.peer("tracker", move |stop| {
        while !stop.is_set() && far.write(b"1,2,3,0,0,0\r\n").is_ok() {
            clock.sleep(Duration::from_millis(4));
        }
    });
    assert_eq!(
        device.identify().unwrap().notes,
        ["prints lines such as \"1,2,3,0,0,0\""]
    );
}
