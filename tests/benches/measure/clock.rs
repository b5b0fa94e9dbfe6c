//! The simulated clock: what a hand-over of the baton costs, and what eight hours cost.

use std::sync::mpsc::sync_channel;
use std::time::{Duration, Instant};

use certbench_clock::{Clock, Time};

use crate::paired::{median, paired};
use crate::table::Row;

const HANDOVERS: u64 = 20_000;
const TICK: Duration = Duration::from_millis(10);
const EIGHT_HOURS: Duration = Duration::from_secs(8 * 3600);

pub(crate) fn measure() -> Result<Vec<Row>, String> {
    let pairs = paired(7, || Ok(handover_s()), threads_s)?;
    let mut eight_hours = [(); 3].map(|()| eight_hours_s());
    eight_hours.sort_by(f64::total_cmp);
    let seconds = median(eight_hours.into_iter());
    Ok(vec![
        Row {
            what: "simulated clock: one hand-over between two parties".into(),
            subject: format!("{:.0} ns", pairs.subject() * 1e9),
            baseline: format!(
                "two threads and a channel: {:.0} ns",
                pairs.baseline() * 1e9
            ),
            ratio: Some(pairs.ratio()),
            target: "at most 2".into(),
            met: Some(pairs.ratio().median <= 2.0),
        },
        Row {
            what: "simulated clock: 8 hours of a party at 100 Hz".into(),
            subject: format!("{seconds:.2} s"),
            baseline: "28,800 s".into(),
            ratio: None,
            target: "below 10 s".into(),
            met: Some(seconds < 10.0),
        },
    ])
}

/// Seconds of one hand-over between two parties that wake in turn.
fn handover_s() -> f64 {
    let clock = Clock::simulated();
    let other = clock.spawn("other", {
        let clock = clock.clone();
        move || (0..HANDOVERS / 2).for_each(|n| clock.sleep_until(Time(2 * n + 1)))
    });
    let began = Instant::now();
    (0..HANDOVERS / 2).for_each(|n| clock.sleep_until(Time(2 * n)));
    let took = began.elapsed().as_secs_f64();
    let _ = other.join(); // it cannot fail
    clock.end();
    took / HANDOVERS as f64
}

/// Seconds of waking another thread of the operating system, by a channel each way.
fn threads_s() -> Result<f64, String> {
    let (there, hears) = sync_channel::<()>(1);
    let (back, answers) = sync_channel::<()>(1);
    let other = std::thread::spawn(
        move || {
            while hears.recv().is_ok() && back.send(()).is_ok() {}
        },
    );
    let began = Instant::now();
    for _ in 0..HANDOVERS / 2 {
        there.send(()).map_err(|e| e.to_string())?;
        answers.recv().map_err(|e| e.to_string())?;
    }
    let took = began.elapsed().as_secs_f64();
    drop(there);
    let _ = other.join(); // it cannot fail
    Ok(took / HANDOVERS as f64)
}

/// Seconds that eight simulated hours take: one party ticks, the maker of the clock looks around
/// twenty times a second, as an executor does.
fn eight_hours_s() -> f64 {
    let clock = Clock::simulated();
    let end = Time::ZERO + EIGHT_HOURS;
    let party = clock.spawn("100 Hz", {
        let clock = clock.clone();
        move || {
            let mut due = Time::ZERO;
            while due < end {
                due += TICK;
                clock.sleep_until(due);
            }
        }
    });
    let began = Instant::now();
    let mut due = Time::ZERO;
    while due < end {
        due += 5 * TICK;
        clock.sleep_until(due);
    }
    let took = began.elapsed().as_secs_f64();
    let _ = party.join(); // it cannot fail
    clock.end();
    took
}
