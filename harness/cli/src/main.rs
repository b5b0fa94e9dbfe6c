//! The binary `certbench`: one file a command, under `command/`.
//!
//! A command returns a value ([`Exit`]); results go to stdout, progress and warnings to stderr.
//! This is the only room that sees all others; it wires them with closures and small adapters.

mod bench;
mod command;
mod dress;
mod exit;
mod inputs;
mod issued;
mod laboratory;
mod live;
mod operator;
mod over;
mod pdf;
mod session;
mod unopened;
mod wiring;

/// Prints a line of a result. A reader that has gone away (`| head`) is no error and no panic.
macro_rules! say {
    ($($arg:tt)*) => {{
        use std::io::Write as _;
        let _ = writeln!(std::io::stdout(), $($arg)*);
    }};
}

/// As `say!`, without the end of the line.
macro_rules! say_on {
    ($($arg:tt)*) => {{
        use std::io::Write as _;
        let _ = write!(std::io::stdout(), $($arg)*);
    }};
}
pub(crate) use {say, say_on};

use clap::{Parser, Subcommand};
use command::{
    amend, assess, check, compare, conform, correct, demo, devices, evidence, import, issue, judge,
    keygen, lss, plan, probe, qualify, record, rejudge, report, run, schema, simulate, validate,
    verify,
};
use exit::Exit;

/// Drives robots and dexterous hands through standardized test suites, keeps the record, judges
/// it and writes the report.
#[derive(Parser)]
#[command(name = "certbench", version, about, after_help = exit::HELP, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run the four shipped suites on simulated benches, over real ptys and the real drivers
    Demo(demo::Args),
    /// Check suite, bench and job files; every complaint with its line and column
    Check(check::Args),
    /// Print the JSON Schema of a kind of file, for editors
    Schema(schema::Args),
    /// Show what a run would do, without opening a port
    Plan(plan::Args),
    /// Run a suite on a bench: resolve, rehearse, arm, perform, judge, report
    Run(run::Args),
    /// Judge a recorded run again, from its folder alone
    Judge(judge::Args),
    /// Write a run's report
    Report(report::Args),
    /// Make a key to sign reports with
    Keygen(keygen::Args),
    /// Release a report: number, names, frozen findings, signature
    Issue(issue::Args),
    /// Show that this program is valid on this computer, and sign what was seen
    Validate(validate::Args),
    /// Verify a run and its issued reports, or a validation, offline
    Verify(verify::Args),
    /// Issue a new report in the place of an issued one, which is kept
    Amend(amend::Args),
    /// Which level of a scheme the findings support, and what the next one lacks; no certificate
    Assess(assess::Args),
    /// What has changed between runs of one suite, with its uncertainty
    Compare(compare::Args),
    /// Put an entry of a record right; the original is never touched
    Correct(correct::Args),
    /// Take in what an instrument exported that was not read live; the record is never touched
    Import(import::Args),
    /// Take in a photo or video of the run as evidence; the record is never touched
    Evidence(evidence::Args),
    /// Judge trials again, blind, from their photos, by a second person
    Rejudge(rejudge::Args),
    /// Try a suite on simulated devices of known truth: is each caught, and for the right reason?
    Qualify(qualify::Args),
    /// Open the simulated devices of a bench on ptys, for this or any other program
    Simulate(simulate::Args),
    /// Check a driver against a device: identity, signals, limits, noise, silence, halt, watchdog
    Conform(conform::Args),
    /// Try to identify what hangs on a port, without moving anything
    Probe(probe::Args),
    /// Who the one CANopen device on a bus is; set its node number and bit rate (LSS)
    Lss(lss::Args),
    /// Record every frame of a CAN bus as MCAP and as a candump log; write a recording anew
    Record(record::Args),
    /// List the drivers: links, roles, safe states, watchdogs, verified against what
    Devices(devices::Args),
}

fn main() -> std::process::ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version are results; everything else is a usage error.
            let _ = error.print();
            return if error.use_stderr() {
                Exit::Usage.into()
            } else {
                Exit::Passed.into()
            };
        }
    };
    let done = match cli.command {
        Command::Demo(args) => demo::demo(&args),
        Command::Check(args) => check::check(&args),
        Command::Schema(args) => schema::schema(&args),
        Command::Plan(args) => plan::plan(&args),
        Command::Run(args) => run::run(&args),
        Command::Judge(args) => judge::judge(&args),
        Command::Report(args) => report::report(&args),
        Command::Keygen(args) => keygen::keygen(&args),
        Command::Issue(args) => issue::issue(&args),
        Command::Validate(args) => validate::validate(&args),
        Command::Verify(args) => verify::verify(&args),
        Command::Amend(args) => amend::amend(&args),
        Command::Assess(args) => assess::assess(&args),
        Command::Compare(args) => compare::compare(&args),
        Command::Correct(args) => correct::correct(&args),
        Command::Import(args) => import::import(&args),
        Command::Evidence(args) => evidence::evidence(&args),
        Command::Qualify(args) => qualify::qualify(&args),
        Command::Rejudge(args) => rejudge::rejudge(&args),
        Command::Simulate(args) => simulate::simulate(&args),
        Command::Conform(args) => conform::conform(&args),
        Command::Probe(args) => probe::probe(&args),
        Command::Lss(args) => lss::lss(&args),
        Command::Record(args) => record::record(&args),
        Command::Devices(args) => devices::devices(&args),
    };
    match done {
        Ok(exit) => exit.into(),
        Err(error) => {
            eprintln!("certbench: {error:#}");
            Exit::Fault.into()
        }
    }
}
