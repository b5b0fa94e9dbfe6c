//! Frames over an SLCAN adapter on a pseudo-terminal, both ways: the link against python-can.
//!
//! The far end is the same for both and knows nothing of either: once the adapter was opened it
//! pours frames into the line as fast as they are taken, or counts those that come.

use std::fs::File;
use std::io::{Read, Write};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use certbench_clock::Clock;
use certbench_link::slcan::encode;
use certbench_link::{CanFrame, CanLink, open_can};

use crate::paired::{Paired, paired};
use crate::peer;
use crate::pty::Pty;
use crate::table::Row;

/// Frames of ours a round, and of python-can.
const OURS: usize = 40_000;
const THEIRS: usize = 2_000;
/// What python-can was measured at, elsewhere.
const PRINTED: f64 = 2_400.0;
/// Extended frames of eight bytes on a full bus at 1 Mbit/s: 131 bits each without stuffing.
const FULL_BUS: f64 = 7_600.0;
const SOON: Duration = Duration::from_secs(10);

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/measure/python_can.py");

#[derive(Clone, Copy)]
enum Way {
    Received,
    Sent,
}

pub(crate) fn measure() -> Result<Vec<Row>, String> {
    [Way::Received, Way::Sent].map(row).into_iter().collect()
}

fn row(way: Way) -> Result<Row, String> {
    let here = peer::python().is_some();
    let pairs = if here {
        paired(3, || ours(way), || theirs(way))?
    } else {
        let all = (0..5).map(|_| Ok((ours(way)?, PRINTED)));
        Paired::of(all.collect::<Result<_, String>>()?)
    };
    let word = match way {
        Way::Received => "received",
        Way::Sent => "sent",
    };
    let where_from = if here { "in turn" } else { "printed" };
    Ok(Row {
        what: format!("SLCAN frames {word} a second over a pty"),
        subject: format!("{:.0}", pairs.subject()),
        baseline: format!("python-can: {:.0}, {where_from}", pairs.baseline()),
        ratio: Some(pairs.ratio()),
        target: format!("a full bus, {FULL_BUS:.0}"),
        met: Some(pairs.subject() >= FULL_BUS),
    })
}

fn frame() -> Result<CanFrame, String> {
    CanFrame::extended(0x1ABC_DEF0, &[1, 2, 3, 4, 5, 6, 7, 8]).map_err(|e| e.to_string())
}

/// Frames a second of our link.
fn ours(way: Way) -> Result<f64, String> {
    let pty = Pty::open()?;
    let far = far_end(&pty, way, OURS)?;
    let clock = Clock::real();
    let link = open_can(&clock, &format!("slcan:{}@1000000", pty.path));
    let link = link.map_err(|e| e.to_string())?;
    match way {
        Way::Received => {
            receive(&*link, &clock)?; // the first one: both ends are up
            let began = Instant::now();
            for _ in 1..OURS {
                receive(&*link, &clock)?;
            }
            let took = began.elapsed().as_secs_f64();
            far.join().map_err(|_| "the far end failed")?;
            Ok((OURS - 1) as f64 / took)
        }
        Way::Sent => {
            let frame = frame()?;
            for _ in 0..OURS {
                link.send(&frame).map_err(|e| e.to_string())?;
            }
            let took = far.join().map_err(|_| "the far end failed")?;
            Ok((OURS - 1) as f64 / took)
        }
    }
}

fn receive(link: &dyn CanLink, clock: &Clock) -> Result<(), String> {
    match link.recv(clock.now() + SOON).map_err(|e| e.to_string())? {
        Some((got, _)) if got == frame()? => Ok(()),
        other => Err(format!("{other:?} came")),
    }
}

/// Frames a second of python-can.
fn theirs(way: Way) -> Result<f64, String> {
    let python = peer::python().ok_or("python-can is not set up")?;
    let pty = Pty::open()?;
    let far = far_end(&pty, way, THEIRS)?;
    let word = match way {
        Way::Received => "receive",
        Way::Sent => "send",
    };
    let output = Command::new(python)
        .args(["-B", SCRIPT, word, &pty.path, &THEIRS.to_string()])
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .map_err(|e| e.to_string())?;
    let said = String::from_utf8_lossy(&output.stdout);
    let seconds: f64 = said
        .trim()
        .parse()
        .map_err(|_| format!("python-can said {said:?}"))?;
    let counted = far.join().map_err(|_| "the far end failed")?;
    Ok(match way {
        Way::Received => (THEIRS - 1) as f64 / seconds,
        Way::Sent => (THEIRS - 1) as f64 / counted,
    })
}

/// Pours or counts on a thread of its own; gives the seconds from the first frame to the last.
fn far_end(pty: &Pty, way: Way, frames: usize) -> Result<std::thread::JoinHandle<f64>, String> {
    let mut line = pty.master.try_clone().map_err(|e| e.to_string())?;
    let frame = encode(&frame()?).ok_or("no such frame")?;
    Ok(std::thread::spawn(move || match way {
        Way::Received => pour(&mut line, &frame, frames),
        Way::Sent => count(&mut line, frames),
    }))
}

fn pour(line: &mut File, frame: &[u8], frames: usize) -> f64 {
    let mut heard = Vec::new();
    let mut chunk = [0; 256];
    while !heard.windows(2).any(|pair| pair == b"O\r") {
        let Ok(n) = line.read(&mut chunk) else {
            return f64::NAN;
        };
        heard.extend_from_slice(chunk.get(..n).unwrap_or_default());
    }
    // python-can opens once more after a pause, and throws away what came before.
    std::thread::sleep(Duration::from_millis(400));
    let began = Instant::now();
    for _ in 0..frames {
        if line.write_all(frame).is_err() {
            return f64::NAN;
        }
    }
    began.elapsed().as_secs_f64()
}

/// Counts frames: nothing but an extended frame has a `T` in it.
fn count(line: &mut File, frames: usize) -> f64 {
    let mut chunk = [0; 4096];
    let (mut seen, mut began) = (0, Instant::now());
    while seen < frames {
        let Ok(n) = line.read(&mut chunk) else {
            return f64::NAN;
        };
        for byte in chunk.get(..n).unwrap_or_default() {
            if *byte == b'T' {
                seen += 1;
                if seen == 1 {
                    began = Instant::now();
                }
            }
        }
    }
    began.elapsed().as_secs_f64()
}
