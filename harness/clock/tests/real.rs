//! The real clock: never early, one epoch, the same channel.

use std::time::{Duration, SystemTime};

use certbench_clock::{Clock, Recv, Time};

const fn ms(n: u64) -> Duration {
    Duration::from_millis(n)
}

#[test]
fn all_real_clocks_agree() {
    let (a, b) = (Clock::real(), Clock::real());
    let (t0, t1, t2) = (a.now(), b.now(), a.now());
    assert!(t0 <= t1 && t1 <= t2);
    assert!(!a.is_simulated());
}

#[test]
fn a_sleep_is_never_short_and_does_not_drift() {
    let clock = Clock::real();
    let start = clock.now();
    for n in 1..=20 {
        let due = start + ms(5) * n;
        clock.sleep_until(due);
        assert!(clock.now() >= due);
    }
    clock.sleep_until(start); // the past
    clock.sleep(Duration::ZERO);
}

#[test]
fn a_channel_times_out_delivers_and_closes() {
    let clock = Clock::real();
    let (tx, rx) = clock.channel(1);
    let deadline = clock.now() + ms(10);
    assert_eq!(rx.recv_until(Some(deadline)), Recv::TimedOut);
    assert!(clock.now() >= deadline);
    let task = clock.spawn("sender", move || {
        for n in 0..100 {
            tx.send(n).unwrap();
        }
    });
    for n in 0..100 {
        assert_eq!(rx.recv_until(None), Recv::Item(n));
    }
    assert_eq!(rx.recv_until(None), Recv::Closed);
    task.join().unwrap();
    assert!(clock.spawn("clumsy", || panic!("oops")).join().is_err());
}

#[test]
fn the_wall_clock_of_a_moment_is_near_the_wall_clock() {
    let clock = Clock::real();
    let t = clock.now() + Duration::from_secs(3600);
    let later = clock.utc_of(t).duration_since(SystemTime::now()).unwrap();
    assert!(
        later > Duration::from_secs(3590) && later < Duration::from_secs(3610),
        "{later:?}"
    );
    let earlier = clock.utc_of(Time::ZERO);
    assert!(earlier <= SystemTime::now());
}

#[test]
fn times_saturate() {
    assert_eq!(Time(5) - Time(7), Duration::ZERO);
    assert_eq!(Time::MAX + ms(1), Time::MAX);
    assert_eq!(Time(5).earlier_by(ms(1)), Time::ZERO);
    assert_eq!(Time(1_234_567_890).to_string(), "1.234567890 s");
}
