//! A panic anywhere halts first. In a program of its own: the hook is the process's.

mod support;

use certbench_model::{CaseEnd, EventBody, FaultKind, RunEnd};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use support::*;

/// One test, because a panic ends every run of the process.
#[test]
fn a_panic_halts_before_anybody_hears_of_it_and_the_record_says_so() {
    // The hook that was there before runs last: by then the halts have been sent.
    let arm: Arc<Mutex<Option<Arc<Arm>>>> = Arc::default();
    let halts_seen = Arc::new(AtomicU64::new(0));
    let (of_hook, seen) = (arm.clone(), halts_seen.clone());
    std::panic::set_hook(Box::new(move |_| {
        if let Some(arm) = &*of_hook.lock().unwrap() {
            seen.store(arm.halts.load(Ordering::SeqCst), Ordering::SeqCst);
        }
    }));

    // In another thread, while the arm moves.
    let bench = Bench::simulated();
    *arm.lock().unwrap() = Some(bench.arm.clone());
    bench.at(ms(3_300), || panic!("a reader lost its head"));
    let two = plan(vec![
        case("one", vec![go("p1"), go("p2")]),
        case("two", vec![]),
    ]);
    assert_eq!(bench.perform(&two), RunEnd::Faulted);
    assert_eq!(halts_seen.load(Ordering::SeqCst), 1);
    let told = |e: &EventBody| matches!(e, EventBody::Fault { kind: FaultKind::Harness, text, .. } if text.contains("lost its head"));
    assert!(bench.has(told));
    assert!(matches!(
        bench.ends()[0].1,
        CaseEnd::Fault(FaultKind::Harness, _)
    ));
    assert!(matches!(bench.ends()[1].1, CaseEnd::NotBegun(_)));
    assert_eq!(bench.arm.begins.load(Ordering::SeqCst), 1);
    bench.clock.end();

    // In the executor itself: a driver panics inside a call.
    let bench = Bench::simulated();
    *arm.lock().unwrap() = Some(bench.arm.clone());
    halts_seen.store(0, Ordering::SeqCst);
    *bench.arm.on_begin.lock().unwrap() = Some(Box::new(|| panic!("a driver lost its head")));
    let steps = vec![window("w", &["force"], vec![go("p1")], None)];
    let plan = plan(vec![case("one", steps), case("two", vec![])]);
    // The fake's own mutex is poisoned by this; the run must not touch it again.
    assert_eq!(bench.run(&plan).perform(), RunEnd::Faulted);
    assert_eq!(halts_seen.load(Ordering::SeqCst), 1);
    assert!(matches!(
        bench.ends()[0].1,
        CaseEnd::Fault(FaultKind::Harness, _)
    ));
    assert!(bench.has(|e| matches!(e, EventBody::Halted { device, result, .. } if device == "arm" && result == "confirmed")));
    let _ = std::panic::take_hook();
}
