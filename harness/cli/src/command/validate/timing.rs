//! Timing of this computer: clock, sleep, disk and pseudo-terminal, each against what certbench needs.

use super::Check;
use anyhow::{Context, anyhow};
use certbench_clock::Clock;
use certbench_link::ByteLink;
use std::io::Write;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant, SystemTime};

/// What certbench needs of a computer, and why; all in milliseconds.
const CLOCK_MS: (f64, &str) = (0.001, "samples are dated to the microsecond");
const UTC_MS: (f64, &str) = (
    50.0,
    "the calendar clock is not set while a run is dated by it",
);
const SLEEP_MS: (f64, &str) = (
    5.0,
    "99 % of the wake-ups of a loop at 100 Hz come within half its interval",
);
const SYNC_MS: (f64, &str) = (1000.0, "a record is on the disk within a second");
const PTY_MS: (f64, &str) = (
    5.0,
    "99 % of the questions of a device at 100 Hz are answered within half its interval",
);

/// Sleeps of so long, so many.
const SLEEP: (Duration, usize) = (Duration::from_millis(2), 250);
const SYNCS: usize = 20;
const QUESTIONS: usize = 200;

/// All timing checks; files are written under `folder` and taken away again.
pub(super) fn checks(folder: &Path) -> anyhow::Result<Vec<Check>> {
    let (lateness, apart_ms) = sleeps();
    let at = |id, (most, why): (f64, &str), seen: Option<f64>| {
        Check::within(("timing", id, why), [0.0, most], "ms", seen)
    };
    let mut checks = vec![
        at("smallest step of the clock", CLOCK_MS, step_ms()),
        at(
            "calendar clock against monotonic clock",
            UTC_MS,
            Some(apart_ms),
        ),
        at(
            "lateness of a sleep of 2 ms, 99 %",
            SLEEP_MS,
            share(&lateness, 0.99),
        ),
    ];
    let synced = syncs(folder)?;
    checks.push(at(
        "write and sync of 64 KiB, worst",
        SYNC_MS,
        share(&synced, 1.0),
    ));
    let answered = questions()?;
    checks.push(at(
        "round trip over a pseudo-terminal, 99 %",
        PTY_MS,
        share(&answered, 0.99),
    ));
    Ok(checks)
}

/// The value that a share of all does not exceed.
fn share(values_ms: &[f64], share: f64) -> Option<f64> {
    let mut sorted = values_ms.to_vec();
    sorted.sort_by(f64::total_cmp);
    let rank = (share * sorted.len() as f64).ceil() as usize;
    sorted.get(rank.max(1) - 1).copied()
}

fn ms(duration: Duration) -> f64 {
    1e3 * duration.as_secs_f64()
}

/// The smallest difference that two readings of the clock can have.
fn step_ms() -> Option<f64> {
    let mut before = Instant::now();
    let steps = (0..10_000).filter_map(|_| {
        let now = Instant::now();
        let step = now.duration_since(before);
        before = now;
        (!step.is_zero()).then(|| ms(step))
    });
    steps.min_by(f64::total_cmp)
}

/// How late each sleep ends, and how far both clocks come apart meanwhile.
fn sleeps() -> (Vec<f64>, f64) {
    let (began, began_utc) = (Instant::now(), SystemTime::now());
    let (length, count) = SLEEP;
    let late = |_| {
        let due = Instant::now() + length;
        std::thread::sleep(length);
        ms(Instant::now().saturating_duration_since(due))
    };
    let lateness: Vec<f64> = (0..count).map(late).collect();
    let elapsed = ms(began.elapsed());
    let utc = match SystemTime::now().duration_since(began_utc) {
        Ok(forward) => ms(forward),
        Err(back) => -ms(back.duration()),
    };
    (lateness, (elapsed - utc).abs())
}

fn syncs(folder: &Path) -> anyhow::Result<Vec<f64>> {
    let path = folder.join(".sync");
    let mut file = std::fs::File::create(&path).with_context(|| path.display().to_string())?;
    let block = [0x5a; 65_536];
    let mut times = Vec::new();
    for _ in 0..SYNCS {
        let began = Instant::now();
        file.write_all(&block).and_then(|()| file.sync_data())?;
        times.push(ms(began.elapsed()));
    }
    std::fs::remove_file(&path)?;
    Ok(times)
}

/// Question and answer over a pseudo-terminal, as to a device on a serial port.
fn questions() -> anyhow::Result<Vec<f64>> {
    let clock = Clock::real();
    let failed = |e: certbench_link::LinkError| anyhow!("pseudo-terminal: {e}");
    let device = certbench_link::pty::open(&clock).map_err(failed)?;
    let line = certbench_link::open_bytes(&clock, device.slave_path()).map_err(failed)?;
    let over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut heard = Vec::new();
            while !over.load(Ordering::Relaxed) {
                let until = clock.now() + Duration::from_millis(100);
                if matches!(device.read(&mut heard, until), Ok(Some(_))) {
                    let _ = device.write(&heard);
                    heard.clear();
                }
            }
        });
        let question = [0x55; 16];
        let times = (0..QUESTIONS).map(|_| {
            let (began, mut answer) = (Instant::now(), Vec::new());
            line.write(&question).map_err(failed)?;
            let until = clock.now() + Duration::from_secs(2);
            while answer.len() < question.len() {
                let read = line.read(&mut answer, until).map_err(failed)?;
                read.context("a pseudo-terminal did not answer within 2 s")?;
            }
            Ok(ms(began.elapsed()))
        });
        let times = times.collect();
        over.store(true, Ordering::Relaxed);
        times
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_of_all_is_the_smallest_value_that_so_many_do_not_exceed() {
        let values: Vec<f64> = (1..=100).rev().map(f64::from).collect();
        assert_eq!(share(&values, 0.99), Some(99.0));
        assert_eq!(share(&values, 1.0), Some(100.0));
        assert_eq!(share(&[3.0], 0.5), Some(3.0));
        assert_eq!(share(&[], 0.5), None);
    }
}
