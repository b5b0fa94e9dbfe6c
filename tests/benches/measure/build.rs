//! A cold build of the program in release, as the README's first command does it, once. What cargo
//! has to download is there already.

use std::process::{Command, Stdio};
use std::time::Instant;

use crate::scratch::Scratch;
use crate::table::Row;

const MIB: f64 = 1024.0 * 1024.0;

pub(crate) fn measure() -> Result<Vec<Row>, String> {
    let scratch = Scratch::new()?;
    let began = Instant::now();
    let status = Command::new(env!("CARGO"))
        .args(["build", "--release", "--package", "certbench"])
        .env("CARGO_TARGET_DIR", scratch.path())
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
        .stdin(Stdio::null())
        .status()
        .map_err(|e| e.to_string())?;
    let seconds = began.elapsed().as_secs_f64();
    if !status.success() {
        return Err(format!("cargo build ended with {status}"));
    }
    let binary = std::fs::metadata(scratch.path().join("release/certbench"));
    let mib = binary.map_err(|e| e.to_string())?.len() as f64 / MIB;
    Ok(vec![
        Row {
            what: "cold release build of the program".into(),
            subject: format!("{seconds:.0} s"),
            baseline: "-".into(),
            ratio: None,
            target: "below 300 s on 2 cores".into(),
            met: Some(seconds < 300.0),
        },
        Row {
            what: "the binary".into(),
            subject: format!("{mib:.1} MiB"),
            baseline: "-".into(),
            ratio: None,
            target: "-".into(),
            met: None,
        },
    ])
}
