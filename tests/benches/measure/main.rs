//! The measurements: each a ratio between this project and a baseline, from rounds that alternate
//! between the two in one run, because machines are noisy and drift.
//!
//! `cargo xtask bench [NAME...]` runs them and prints one table; `docs/measurements.md` keeps the
//! last one with its machine. Every measurement takes a few seconds; `judge` (a gigabyte of disk),
//! `build` and `pdf` take minutes, `can` takes a virtual machine, and these run only when they are named.

mod bench;
mod build;
mod can;
mod clock;
mod cycles;
mod judge;
mod language;
mod paired;
mod pdf;
mod peer;
mod pty;
mod scratch;
mod slcan;
mod startup;
mod steps;
mod stop;
mod sync;
mod table;
mod telemetry;

use std::process::ExitCode;

use table::{Row, Table};

/// A measurement: its rows, or why there are none.
type Measure = fn() -> Result<Vec<Row>, String>;

/// Name, measurement, and whether it runs without being named.
const MEASUREMENTS: &[(&str, Measure, bool)] = &[
    ("steps", steps::measure, true),
    ("sync", sync::measure, true),
    ("startup", startup::measure, true),
    ("slcan", slcan::measure, true),
    ("cycles", cycles::measure, true),
    ("stop", stop::measure, true),
    ("telemetry", telemetry::measure, true),
    ("clock", clock::measure, true),
    ("language", language::measure, true),
    ("judge", judge::measure, false),
    ("pdf", pdf::measure, false),
    ("build", build::measure, false),
    ("can", can::measure, false),
];

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [word, rest @ ..] = &arguments[..]
        && word == steps::CHILD
    {
        return told(steps::child(rest));
    }
    if let [word, rest @ ..] = &arguments[..]
        && word == judge::CHILD
    {
        return told(judge::child(rest));
    }
    if !arguments.iter().any(|argument| argument == "--bench") {
        println!("nothing measured: `cargo xtask bench` measures");
        return ExitCode::SUCCESS;
    }
    let named: Vec<&String> = arguments.iter().filter(|a| !a.starts_with("--")).collect();
    let known = |name: &&&String| MEASUREMENTS.iter().any(|(known, ..)| known == **name);
    if let Some(unknown) = named.iter().find(|name| !known(name)) {
        let names: Vec<&str> = MEASUREMENTS.iter().map(|(name, ..)| *name).collect();
        let names = names.join(", ");
        eprintln!("no measurement is called {unknown}; there are {names}");
        return ExitCode::from(64);
    }
    let mut table = Table::default();
    for (name, measure, by_default) in MEASUREMENTS {
        let wanted = match named.is_empty() {
            true => *by_default,
            false => named.iter().any(|wanted| wanted == name),
        };
        if wanted {
            eprintln!("measuring {name}");
            table.add(name, measure());
        }
    }
    print!("{}", table.text());
    if table.failed() {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    }
}

/// What a process of a measurement says to the one that started it: a line, good or bad.
fn told(done: Result<String, String>) -> ExitCode {
    let code = match &done {
        Ok(_) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    };
    println!("{}", done.unwrap_or_else(|why| why));
    code
}
