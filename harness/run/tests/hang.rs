//! A hung executor stops feeding the devices' watchdogs. On the real clock, because that is where
//! executors hang.

mod support;

use certbench_clock::Clock;
use certbench_model::{EventBody, RunEnd, Step};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use support::*;

fn crawl() -> Step {
    match started("p1") {
        Step::Move(m) => Step::Move(certbench_model::step::Move {
            speed: q("1 deg/s"),
            ..m
        }),
        step => step,
    }
}

#[test]
fn a_hung_executor_stops_the_arm_by_its_own_watchdog_and_then_by_the_guard() {
    let mut bench = Bench::on(Clock::real());
    bench.settings.countdown = Duration::ZERO;
    bench.settings.lease = ms(200);
    // The executor hangs in its listeners: a disk that does not come back for 4 s.
    let arm = bench.arm.clone();
    let stopped = Arc::new(std::sync::Mutex::new(None));
    let seen = stopped.clone();
    let hang = Hangs(move || {
        assert!(arm.moving(), "it moves, and nobody is there");
        let began = std::time::Instant::now();
        while arm.moving() && began.elapsed() < Duration::from_secs(8) {
            std::thread::sleep(ms(5));
        }
        let by_watchdog = arm.halts.load(Ordering::SeqCst) == 0;
        *seen.lock().unwrap() = Some((began.elapsed(), by_watchdog));
        std::thread::sleep(ms(3_500).saturating_sub(began.elapsed()));
    });
    let plan = plan(vec![case("one", vec![crawl(), mark("hang"), wait(5.0)])]);
    let mut run = bench.run(&plan);
    run.listeners.push(Arc::new(hang));
    assert_eq!(run.perform(), RunEnd::Faulted);
    let (after, by_watchdog) = stopped.lock().unwrap().unwrap();
    assert!(by_watchdog, "its own watchdog was first");
    assert!(after < Duration::from_secs(3), "{after:?}");
    assert!(
        bench.arm.halts.load(Ordering::SeqCst) > 0,
        "then the guard halted it"
    );
    assert!(bench.has(|e| matches!(e, EventBody::Fault { text, .. } if text.contains("hung"))));
}

struct Hangs<F>(F);

impl<F: Fn() + Send + Sync> certbench_run::Listener for Hangs<F> {
    fn name(&self) -> &str {
        "slow disk"
    }
    fn event(&self, event: &certbench_model::Event) -> Result<(), String> {
        if let EventBody::Marked { .. } = event.body {
            (self.0)();
        }
        Ok(())
    }
    fn sample(&self, _: &certbench_model::Sample) -> bool {
        true
    }
}
