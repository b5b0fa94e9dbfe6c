//! Event lines of a record, each on the disk before the next: against writing the same bytes and
//! syncing them, with nothing else.

use std::fs::OpenOptions;
use std::io::Write;
use std::time::Instant;

use certbench_model::{CaseEnd, Event, EventBody};
use certbench_record::{EVENTS, Pace, Recorder};

use crate::bench;
use crate::paired::paired;
use crate::scratch::Scratch;
use crate::table::Row;

const LINES: usize = 1000;

pub(crate) fn measure() -> Result<Vec<Row>, String> {
    let lines = lines()?;
    let pairs = paired(5, record, || bare(&lines))?;
    let ratio = pairs.ratio();
    Ok(vec![Row {
        what: format!("{LINES} event lines, each synced before the next"),
        subject: format!("{:.0} ms", pairs.subject() * 1e3),
        baseline: format!(
            "write + fdatasync of the same bytes: {:.0} ms",
            pairs.baseline() * 1e3
        ),
        ratio: Some(ratio),
        target: "at most 1.5".into(),
        met: Some(ratio.median <= 1.5),
    }])
}

/// The end of a case is synced before the call returns.
fn ended(number: usize) -> Event {
    Event {
        time_ns: number as u64,
        body: EventBody::CaseEnded {
            case: format!("case-{number:04}"),
            end: CaseEnd::Completed,
        },
    }
}

fn record() -> Result<f64, String> {
    let scratch = Scratch::new()?;
    record_into(&scratch)
}

fn record_into(scratch: &Scratch) -> Result<f64, String> {
    let plan = bench::plan(bench::gauge(), vec![], vec![]);
    let recorder = Recorder::create(&scratch.path().join("run"), &plan, bench::start(Pace::Real));
    let recorder = recorder.map_err(|e| e.to_string())?;
    recorder.event(&ended(0)).map_err(|e| e.to_string())?;
    let began = Instant::now();
    for number in 1..=LINES {
        recorder.event(&ended(number)).map_err(|e| e.to_string())?;
    }
    Ok(began.elapsed().as_secs_f64())
}

/// The lines that the record writes.
fn lines() -> Result<Vec<Vec<u8>>, String> {
    let scratch = Scratch::new()?;
    record_into(&scratch)?;
    let text = std::fs::read(scratch.path().join("run").join(EVENTS)).map_err(|e| e.to_string())?;
    let lines = text.split_inclusive(|byte| *byte == b'\n');
    let ends = lines.filter(|line| line.windows(10).any(|w| w == b"case-ended"));
    let ends: Vec<Vec<u8>> = ends.skip(1).map(<[u8]>::to_vec).collect();
    match ends.len() {
        LINES => Ok(ends),
        n => Err(format!("{n} lines were written")),
    }
}

fn bare(lines: &[Vec<u8>]) -> Result<f64, String> {
    let scratch = Scratch::new()?;
    let path = scratch.path().join("lines");
    let file = OpenOptions::new().append(true).create_new(true).open(path);
    let mut file = file.map_err(|e| e.to_string())?;
    file.write_all(b"\n").map_err(|e| e.to_string())?;
    file.sync_all().map_err(|e| e.to_string())?;
    let began = Instant::now();
    for line in lines {
        let written = file.write_all(line).and_then(|()| file.sync_data());
        written.map_err(|e| e.to_string())?;
    }
    Ok(began.elapsed().as_secs_f64())
}
