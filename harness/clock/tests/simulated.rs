//! The simulated clock: order, determinism, hand-over, deadlock, speed.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use certbench_clock::{Clock, Recv, Time, TrySend};
use proptest::prelude::*;

const fn ms(n: u64) -> Duration {
    Duration::from_millis(n)
}

fn at_ms(n: u64) -> Time {
    Time::ZERO + ms(n)
}

fn message(panic: Box<dyn std::any::Any + Send>) -> String {
    match panic.downcast::<String>() {
        Ok(s) => *s,
        Err(panic) => (*panic.downcast::<&str>().expect("a text")).to_string(),
    }
}

#[test]
fn time_jumps_to_the_earliest_deadline() {
    let clock = Clock::simulated();
    assert_eq!(clock.now(), Time::ZERO);
    clock.sleep(Duration::from_secs(3600));
    assert_eq!(clock.now(), Time(3_600_000_000_000));
    let task = clock.spawn("other", {
        let clock = clock.clone();
        move || {
            clock.sleep(ms(5));
            clock.now()
        }
    });
    clock.sleep(ms(10));
    assert!(task.is_finished());
    assert_eq!(task.join().unwrap(), at_ms(3_600_005));
    let utc = clock.utc().duration_since(std::time::UNIX_EPOCH).unwrap();
    assert_eq!(
        utc,
        Duration::from_secs(1_767_225_600) + Duration::from_secs(3600) + ms(10)
    ); // 2026-01-01T01:00:00.010Z
}

#[test]
fn equal_deadlines_go_to_who_waited_first() {
    let clock = Clock::simulated();
    let order = Arc::new(Mutex::new(Vec::new()));
    let tasks: Vec<_> = [("a", 3), ("b", 2), ("c", 1)]
        .into_iter()
        .map(|(name, first)| {
            let (clock, order) = (clock.clone(), order.clone());
            clock.clone().spawn(name, move || {
                clock.sleep_until(at_ms(first));
                clock.sleep_until(at_ms(10));
                order.lock().unwrap().push(name);
            })
        })
        .collect();
    for task in tasks {
        task.join().unwrap();
    }
    assert_eq!(*order.lock().unwrap(), ["c", "b", "a"]);
}

/// Five parties that sleep pseudo-random times and talk; the log of all they do.
fn busy_world() -> Vec<String> {
    let clock = Clock::simulated();
    let log = Arc::new(Mutex::new(Vec::new()));
    let (tx, rx) = clock.channel::<(u64, u64)>(2);
    let tasks: Vec<_> = (0..5u64)
        .map(|n| {
            let (clock, log, tx) = (clock.clone(), log.clone(), tx.clone());
            clock.clone().spawn(&format!("party {n}"), move || {
                let mut x = n + 1;
                for i in 0..20 {
                    x = x
                        .wrapping_mul(6_364_136_223_846_793_005)
                        .wrapping_add(1_442_695_040_888_963_407);
                    clock.sleep(ms((x >> 33) % 4));
                    log.lock()
                        .unwrap()
                        .push(format!("{} {n} sends {i}", clock.now()));
                    tx.send((n, i)).unwrap();
                }
            })
        })
        .collect();
    drop(tx);
    while let Recv::Item((n, i)) = rx.recv_until(None) {
        log.lock()
            .unwrap()
            .push(format!("{} got {i} from {n}", clock.now()));
        clock.sleep(ms(1));
    }
    for task in tasks {
        task.join().unwrap();
    }
    let log = log.lock().unwrap();
    log.clone()
}

#[test]
fn a_hundred_runs_are_one_run() {
    let first = busy_world();
    assert_eq!(first.len(), 200);
    for _ in 0..100 {
        assert_eq!(busy_world(), first);
    }
}

#[test]
fn a_value_is_handed_over_at_the_moment_it_is_sent() {
    let clock = Clock::simulated();
    let (tx, rx) = clock.channel(1);
    let sender = clock.spawn("sender", {
        let clock = clock.clone();
        move || {
            clock.sleep(ms(7));
            tx.send("one").unwrap();
            tx.send("two").unwrap(); // waits: the channel holds one
            clock.now()
        }
    });
    assert_eq!(rx.recv_until(Some(at_ms(5))), Recv::TimedOut);
    assert_eq!(clock.now(), at_ms(5));
    assert_eq!(rx.recv_until(Some(at_ms(100))), Recv::Item("one"));
    assert_eq!(clock.now(), at_ms(7));
    clock.sleep(ms(3));
    assert_eq!(rx.recv_until(None), Recv::Item("two"));
    assert_eq!(rx.recv_until(None), Recv::Closed);
    assert_eq!(sender.join().unwrap(), at_ms(7));
    let (tx, rx) = clock.channel(1);
    tx.try_send(1).unwrap();
    assert_eq!(tx.try_send(2), Err(TrySend::Full(2)));
    drop(rx);
    assert_eq!(tx.try_send(3), Err(TrySend::Closed(3)));
    assert_eq!(tx.send(4).unwrap_err().0, 4);
}

#[test]
fn a_deadlock_is_found_and_names_everyone() {
    let clock = Clock::simulated();
    let (to_main, from_reader) = clock.channel::<u8>(1);
    let (to_reader, at_reader) = clock.channel::<u8>(1);
    let reader = clock.spawn("reader", move || {
        let _keep = to_main;
        at_reader.recv_until(None)
    });
    clock.sleep(ms(250));
    let panic = catch_unwind(AssertUnwindSafe(|| from_reader.recv_until(None))).unwrap_err();
    let message = message(panic);
    assert!(
        message.starts_with("deadlock at 0.250000000 s"),
        "{message}"
    );
    assert!(
        message.contains("`main` waits to receive on channel"),
        "{message}"
    );
    assert!(
        message.contains("`reader` waits to receive on channel"),
        "{message}"
    );
    drop(to_reader);
    // The clock stays dead: whoever tries to wait on it again is told the same.
    assert!(catch_unwind(AssertUnwindSafe(|| clock.sleep(ms(1)))).is_err());
    // The reader panicked as well; joining it finds that out, unless it is still unwinding.
    assert!(!matches!(
        catch_unwind(AssertUnwindSafe(|| reader.join())),
        Ok(Ok(_))
    ));
}

#[test]
fn a_deadlock_while_unwinding_does_not_abort() {
    struct ParksOnDrop(Clock);
    impl Drop for ParksOnDrop {
        fn drop(&mut self) {
            self.0.sleep(ms(1));
            let (_tx, rx) = self.0.channel::<u8>(1);
            rx.recv_until(None);
            drop(self.0.lock(()).lock());
        }
    }
    let clock = Clock::simulated();
    let parks = ParksOnDrop(clock.clone());
    let (_tx, rx) = clock.channel::<u8>(1);
    let panic = catch_unwind(AssertUnwindSafe(move || {
        let _parks = parks;
        rx.recv_until(None)
    }));
    assert!(message(panic.unwrap_err()).contains("deadlock"));
}

#[test]
fn a_panicking_party_hands_the_baton_on() {
    let clock = Clock::simulated();
    let (tx, rx) = clock.channel::<u8>(1);
    let task = clock.spawn("clumsy", {
        let clock = clock.clone();
        move || {
            let _tx = tx;
            clock.sleep(ms(1));
            panic!("oops");
        }
    });
    assert_eq!(rx.recv_until(None), Recv::Closed);
    assert_eq!(clock.now(), at_ms(1));
    assert_eq!(message(task.join().unwrap_err()), "oops");
    clock.sleep(ms(1));
}

#[test]
fn a_stranger_cannot_wait_but_may_look_and_try() {
    let clock = Clock::simulated();
    let (tx, rx) = clock.channel(1);
    let panic = std::thread::Builder::new()
        .name("stranger".into())
        .spawn({
            let clock = clock.clone();
            move || {
                tx.try_send(clock.now()).unwrap();
                clock.sleep(ms(1));
            }
        })
        .unwrap()
        .join()
        .unwrap_err();
    let message = message(panic);
    assert!(
        message.contains("thread `stranger` is not a party"),
        "{message}"
    );
    assert!(message.contains("Clock::spawn"), "{message}");
    assert_eq!(rx.recv_until(None), Recv::Item(Time::ZERO));
}

#[test]
fn the_end_of_the_simulation_unwinds_the_parties_left() {
    struct Gone(std::sync::mpsc::Sender<()>);
    impl Drop for Gone {
        fn drop(&mut self) {
            let _ = self.0.send(());
        }
    }
    let (tx, rx) = std::sync::mpsc::channel();
    let test = std::thread::spawn(move || {
        let clock = Clock::simulated();
        clock.spawn("for ever", {
            let (clock, gone) = (clock.clone(), Gone(tx));
            move || {
                let _gone = gone;
                loop {
                    clock.sleep(ms(10));
                }
            }
        });
        clock.sleep(Duration::from_secs(1));
    });
    test.join().unwrap();
    rx.recv_timeout(Duration::from_secs(10))
        .expect("the party was unwound");
}

#[test]
fn a_lock_may_be_held_across_a_wait() {
    let clock = Clock::simulated();
    let bus = Arc::new(clock.lock(Vec::new()));
    let tasks: Vec<_> = (0..3)
        .map(|n| {
            let (clock, bus) = (clock.clone(), bus.clone());
            clock.clone().spawn(&format!("user {n}"), move || {
                let mut bus = bus.lock();
                clock.sleep(ms(10));
                bus.push((n, clock.now()));
            })
        })
        .collect();
    for task in tasks {
        task.join().unwrap();
    }
    assert_eq!(
        *bus.lock(),
        [(0, at_ms(10)), (1, at_ms(20)), (2, at_ms(30))]
    );
    assert!(bus.try_lock().is_some());
}

#[test]
fn eight_hours_at_100_hz_take_seconds() {
    const TICKS: u64 = 8 * 3600 * 100;
    let began = Instant::now();
    let clock = Clock::simulated();
    let (tx, rx) = clock.channel(256);
    let sampler = clock.spawn("sampler", {
        let clock = clock.clone();
        move || {
            for n in 1..=TICKS {
                clock.sleep_until(at_ms(10 * n));
                tx.send(n).unwrap();
            }
        }
    });
    let mut sum = 0;
    let mut due = Time::ZERO;
    loop {
        due += Duration::from_secs(1);
        clock.sleep_until(due);
        match rx.try_recv() {
            Recv::Item(n) => sum += n,
            Recv::TimedOut => continue,
            Recv::Closed => break,
        }
        while let Recv::Item(n) = rx.try_recv() {
            sum += n;
        }
    }
    sampler.join().unwrap();
    assert_eq!(sum, TICKS * (TICKS + 1) / 2);
    assert!(clock.now() >= at_ms(10 * TICKS));
    let took = began.elapsed();
    assert!(took < Duration::from_secs(60), "{took:?}");
    println!("eight hours took {took:?}");
}

#[test]
fn a_baton_that_goes_round_every_tick_is_still_cheap() {
    const ROUNDS: u64 = 20_000;
    let began = Instant::now();
    let clock = Clock::simulated();
    let (to, at) = clock.channel(1);
    let (back, home) = clock.channel(1);
    let echo = clock.spawn("echo", move || {
        while let Recv::Item(n) = at.recv_until(None) {
            back.send(n).unwrap();
        }
    });
    for n in 0..ROUNDS {
        clock.sleep(ms(1));
        to.send(n).unwrap();
        assert_eq!(home.recv_until(None), Recv::Item(n));
    }
    drop(to);
    echo.join().unwrap();
    assert_eq!(clock.now(), at_ms(ROUNDS));
    println!("{ROUNDS} round trips took {:?}", began.elapsed());
}

#[test]
fn ending_a_simulation_is_felt_by_the_others_alone() {
    let clock = Clock::simulated();
    let waiter = clock.spawn("waiter", {
        let clock = clock.clone();
        move || clock.sleep(ms(1000))
    });
    clock.sleep(ms(1));
    clock.end();
    assert!(!matches!(
        catch_unwind(AssertUnwindSafe(|| waiter.join())),
        Ok(Ok(()))
    ));
    assert_eq!(clock.now(), at_ms(1));
    Clock::simulated().sleep(ms(5)); // and the thread may start another
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn everybody_wakes_exactly_when_due_and_time_never_goes_back(
        naps in proptest::collection::vec(proptest::collection::vec(0u64..20, 1..8), 1..6),
    ) {
        let clock = Clock::simulated();
        let log = Arc::new(Mutex::new(Vec::new()));
        let tasks: Vec<_> = naps.iter().cloned().enumerate().map(|(n, naps)| {
            let (clock, log) = (clock.clone(), log.clone());
            clock.clone().spawn("napper", move || {
                let mut due = Time::ZERO;
                for nap in naps {
                    due += ms(nap);
                    clock.sleep_until(due);
                    log.lock().unwrap().push((clock.now(), due, n));
                }
            })
        }).collect();
        for task in tasks {
            task.join().unwrap();
        }
        let log = log.lock().unwrap();
        prop_assert!(log.iter().all(|(now, due, _)| now == due));
        prop_assert!(log.is_sorted_by_key(|(now, _, _)| *now));
        prop_assert_eq!(log.len(), naps.iter().map(Vec::len).sum::<usize>());
    }
}
