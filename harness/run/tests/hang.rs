//! A hung executor stops feeding the devices' watchdogs: on the real clock, because that is where
//! executors hang, and on the simulated one, because there the time that arming states is exact.

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

/// What arming says about certbench hanging, seconds.
fn stated_s(bench: &Bench) -> f64 {
    let said = bench.events().into_iter().find_map(|event| match event {
        EventBody::Armed { shown, .. } => shown.into_iter().find(|t| t.en.contains("hangs")),
        _ => None,
    });
    let said = said.expect("a line about it").en;
    let number = said.split_whitespace().rev().nth(2).unwrap();
    number.parse().unwrap_or_else(|_| panic!("{said}"))
}

#[test]
fn a_call_that_never_returns_is_found_out_within_the_time_that_arming_states() {
    for watchdog in [true, false] {
        let bench = Bench::simulated();
        let (arm, clock) = (bench.arm.clone(), bench.clock.clone());
        arm.ignores_lease.store(!watchdog, Ordering::SeqCst);
        let stood = Arc::new(std::sync::Mutex::new(None));
        let seen = stood.clone();
        *bench.arm.on_begin.lock().unwrap() = Some(Box::new(move || {
            if arm.begins.load(Ordering::SeqCst) == 0 {
                return;
            }
            let began = clock.now();
            while arm.moving() && clock.now() - began < Duration::from_secs(30) {
                clock.sleep(ms(5));
            }
            let by_watchdog = arm.halts.load(Ordering::SeqCst) == 0;
            *seen.lock().unwrap() = Some((clock.now() - began, by_watchdog));
            clock.sleep(Duration::from_secs(5));
        }));
        let plan = plan(vec![case("one", vec![crawl(), go("p2")])]);
        assert_eq!(bench.perform(&plan), RunEnd::Faulted);
        let (after, by_watchdog) = stood.lock().unwrap().unwrap();
        assert_eq!(by_watchdog, watchdog);
        let stated = stated_s(&bench);
        assert!(
            after.as_secs_f64() <= stated,
            "{after:?}, stated {stated} s"
        );
        assert!(
            stated < 4.0,
            "declared by the arm: 2 s a call, and what comes after it"
        );
        assert!(bench.has(|e| matches!(e, EventBody::Fault { text, .. } if text.contains("hung"))));
    }
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
