//! Measured: frames of cangen at full rate, received and written to a log; our link against `candump -l`.
//!
//! Both are processes of their own, listening one at a time and in turn. The processor time is the
//! scheduler's own account of all their threads (`/proc/PID/task/*/schedstat`).

use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use certbench_clock::Clock;
use certbench_link::candump::Line;
use certbench_link::socketcan::SocketCan;
use certbench_link::{CanLink, Direction, LinkError};
use certbench_record::{Pace, Start, WireLog};

use crate::{Checked, vcan};

/// The word that makes this program a listener.
pub(crate) const LISTENER: &str = "listener";

/// Frames of one turn.
const FRAMES: usize = 60_000;
const ROUNDS: usize = 3;
/// A listener that hears nothing for so long has heard all.
const SILENT: Duration = Duration::from_secs(4);
/// So long after the last frame its account is read, and before that it has begun to listen.
const AT_REST: Duration = Duration::from_millis(2000);

/// Who listens.
const FORMS: [&str; 3] = ["candump", "log", "record"];

/// One turn of one listener.
struct Turn {
    sent_per_s: f64,
    received: usize,
    /// What the listener itself says that it lost.
    told: u64,
    cpu_us: f64,
}

pub(crate) fn measure(_: &str) -> Checked {
    for round in 0..=ROUNDS {
        for form in FORMS {
            let turn = turn(form)?;
            if round == 0 {
                continue; // warms up
            }
            println!(
                "guest: measured {form} frames={FRAMES} received={} told_lost={} sent_per_s={:.0} cpu_us={:.2}",
                turn.received,
                turn.told,
                turn.sent_per_s,
                turn.cpu_us / turn.received.max(1) as f64
            );
        }
    }
    Ok(())
}

fn turn(form: &str) -> Result<Turn, Box<dyn std::error::Error>> {
    let folder = PathBuf::from("/tmp").join(form);
    let _ = std::fs::remove_dir_all(&folder); // of the round before
    std::fs::create_dir_all(&folder)?;
    let mut listener = start(form, &folder)?;
    std::thread::sleep(AT_REST);
    let before = cpu(listener.id())?;
    let began = Instant::now();
    let frames = FRAMES.to_string();
    let sent = Command::new("cangen")
        .args([vcan::NAME, "-g", "0", "-L", "8", "-n", &frames])
        .status()?;
    let took = began.elapsed().as_secs_f64();
    if !sent.success() {
        return Err(format!("cangen: {sent}").into());
    }
    std::thread::sleep(AT_REST);
    let after = cpu(listener.id())?;
    let ended = listener.wait()?;
    if !ended.success() {
        return Err(format!("{form}: {ended}").into());
    }
    Ok(Turn {
        sent_per_s: FRAMES as f64 / took,
        received: lines(&folder)?,
        told: std::fs::read_to_string(folder.join("lost")).map_or(0, |n| n.parse().unwrap_or(0)),
        cpu_us: (after - before) as f64 / 1000.0,
    })
}

fn start(form: &str, folder: &Path) -> std::io::Result<Child> {
    let silent = SILENT.as_millis().to_string();
    match form {
        "candump" => Command::new("candump")
            .args(["-l", "-T", &silent, vcan::NAME])
            .current_dir(folder)
            .spawn(),
        form => Command::new(std::env::current_exe()?)
            .args([LISTENER, form])
            .arg(folder)
            .spawn(),
    }
}

/// Nanoseconds on a processor so far, of all threads.
fn cpu(pid: u32) -> Result<u64, Box<dyn std::error::Error>> {
    let mut ns = 0;
    for task in std::fs::read_dir(format!("/proc/{pid}/task"))? {
        let account = std::fs::read_to_string(task?.path().join("schedstat"))?;
        let on_cpu = account.split_whitespace().next().ok_or("no account")?;
        ns += on_cpu.parse::<u64>()?;
    }
    Ok(ns)
}

/// Frames in the log of a folder.
fn lines(folder: &Path) -> Result<usize, Box<dyn std::error::Error>> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "log") {
            return Ok(BufReader::new(File::open(path)?).lines().count());
        }
    }
    Err("no log".into())
}

/// Listens until the bus is silent, and writes every frame to a log as candump does; `record`: and to a
/// record's `wire.mcap`, as `certbench record` does.
pub(crate) fn listen(form: &str, folder: &str) -> Checked {
    let (clock, folder) = (Clock::real(), Path::new(folder));
    let bus = SocketCan::open(&clock, vcan::NAME)?;
    let unix = SystemTime::now().duration_since(UNIX_EPOCH)?;
    let at_zero = unix.saturating_sub(Duration::from_nanos(clock.now().as_nanos()));
    let start = Start {
        unix_ns_at_zero: u64::try_from(at_zero.as_nanos())?,
        pace: Pace::Real,
    };
    let wire = match form {
        "record" => Some(WireLog::create(folder, &[vcan::NAME.to_owned()], start)?),
        _ => None,
    };
    let tap = wire.as_ref().map(|wire| wire.tap(0));
    let mut log = BufWriter::new(File::create(folder.join("candump.log"))?);
    let mut lost = 0;
    let mut line = Line {
        unix_us: 0,
        interface: vcan::NAME.into(),
        frame: "000#".parse()?,
        direction: Direction::Received,
    };
    loop {
        match bus.recv(clock.now() + SILENT) {
            Ok(Some((frame, stamp))) => {
                line.unix_us = stamp.earliest.as_nanos() / 1000;
                line.frame = frame;
                writeln!(log, "{line}")?;
                if let Some(tap) = &tap {
                    let text = frame.to_string();
                    tap(false, stamp.earliest.as_nanos(), text.as_bytes());
                }
            }
            Ok(None) => break,
            Err(LinkError::Overrun { lost: more, .. }) => lost += more,
            Err(error) => return Err(error.into()),
        }
    }
    log.flush()?;
    if let Some(wire) = wire {
        wire.finish()?;
        lost += wire.lost();
    }
    std::fs::write(folder.join("lost"), lost.to_string())?;
    Ok(())
}
