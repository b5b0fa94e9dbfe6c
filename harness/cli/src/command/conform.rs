//! `certbench conform DRIVER`: a battery of checks of a driver and a device, and a table of what held.
//!
//! Without `--port` the device is this project's simulator, in simulated time; with it, whatever hangs on
//! the port. Nothing is moved on a real port without `--moves`.

mod battery;
mod subject;

use crate::exit::Exit;
use crate::say;
use serde_json::json;

use self::battery::{Outcome, Row};
use self::subject::Subject;

/// Check a driver against a device: identity, signals, limits, noise, silence, halt, watchdog.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The driver, as `certbench devices` names it
    driver: String,
    /// The port of a real device; without it, the simulated one
    #[arg(long)]
    port: Option<String>,
    /// Set an option of the driver: `id=2`, `file=cell.dbc`, `signals=busy: Standing.Busy in contact`
    #[arg(long, value_name = "NAME=VALUE")]
    set: Vec<String>,
    /// The signals to sample; all of them without it
    #[arg(long, value_name = "NAME,NAME", value_delimiter = ',')]
    signals: Vec<String>,
    /// Let a device on a real port move: its workspace is empty, and somebody has a hand on the stop
    #[arg(long)]
    moves: bool,
    /// As JSON
    #[arg(long)]
    json: bool,
}

/// Runs the battery.
pub(crate) fn conform(args: &Args) -> anyhow::Result<Exit> {
    let subject = match Subject::open(args) {
        Ok(subject) => subject,
        Err(what) => {
            eprintln!("certbench: {what:#}");
            return Ok(Exit::Refused);
        }
    };
    let rows = battery::run(&subject);
    subject.close();
    match args.json {
        true => say!(
            "{}",
            serde_json::to_string_pretty(&json(&args.driver, &rows))?
        ),
        false => print(&rows),
    }
    Ok(exit(&rows))
}

fn exit(rows: &[Row]) -> Exit {
    let any = |outcome| rows.iter().any(|row| row.outcome == outcome);
    match (any(Outcome::Failed), any(Outcome::NotTried)) {
        (true, _) => Exit::Failed,
        (false, true) => Exit::Incomplete,
        (false, false) => Exit::Passed,
    }
}

fn print(rows: &[Row]) {
    for row in rows {
        say!("{:<10} {:<10} {}", row.check, row.outcome.word(), row.seen);
    }
}

fn json(driver: &str, rows: &[Row]) -> serde_json::Value {
    let rows: Vec<_> = rows
        .iter()
        .map(|row| json!({ "check": row.check, "outcome": row.outcome.word(), "seen": row.seen }))
        .collect();
    json!({ "driver": driver, "checks": rows })
}
