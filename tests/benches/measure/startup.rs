//! How long the program takes to say who it is, against a program that does nothing.

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Instant;

use crate::paired::paired;
use crate::table::Row;

/// Starts a round: one start alone is shorter than the machine's noise.
const STARTS: usize = 50;

pub(crate) fn measure() -> Result<Vec<Row>, String> {
    let program = program()?;
    let pairs = paired(
        9,
        || starts(Command::new(&program).arg("--version")),
        || starts(&mut Command::new("/bin/true")),
    )?;
    Ok(vec![Row {
        what: "start-up: `certbench --version`".into(),
        subject: format!("{:.2} ms", pairs.subject() * 1e3),
        baseline: format!("/bin/true: {:.2} ms", pairs.baseline() * 1e3),
        ratio: Some(pairs.ratio()),
        target: "below 10 ms".into(),
        met: Some(pairs.subject() < 0.010),
    }])
}

/// The released binary beside this one: `target/release/certbench`.
fn program() -> Result<PathBuf, String> {
    let this = std::env::current_exe().map_err(|e| e.to_string())?;
    let beside = this.ancestors().nth(2).map(|dir| dir.join("certbench"));
    beside
        .filter(|path| path.exists())
        .ok_or_else(|| "no binary; first `cargo build --release -p certbench`".to_owned())
}

/// Mean seconds of a start.
fn starts(command: &mut Command) -> Result<f64, String> {
    command.stdin(Stdio::null()).stdout(Stdio::null());
    let began = Instant::now();
    for _ in 0..STARTS {
        let status = command.status().map_err(|e| format!("{command:?}: {e}"))?;
        if !status.success() {
            return Err(format!("{command:?} ended with {status}"));
        }
    }
    Ok(began.elapsed().as_secs_f64() / STARTS as f64)
}
