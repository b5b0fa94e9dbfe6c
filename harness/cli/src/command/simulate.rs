//! `certbench simulate BENCH`: the simulated devices of a bench on ptys, as a process of its own.
//!
//! It prints the ports first, then answers requests line by line (see `bench.rs`). When its standard
//! input closes it goes on until the simulated machine is at rest, logs the true end state and
//! leaves: it outlives a harness that was killed.

use crate::exit::Exit;
use crate::inputs::{colour, readable};
use crate::wiring::{SIMULATED_PORT, vocabulary};
use anyhow::{Context, anyhow};
use certbench_clock::Clock;
use certbench_sim::config::{FaultConfig, WorldConfig};
use certbench_sim::{Port, Simulation, Transport};
use certbench_suite::Sources;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::{BufRead, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// Open the simulated devices of a bench.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The bench file
    bench: PathBuf,
    /// Where the simulation logs what happens, a line of JSON each; stderr without it
    #[arg(long)]
    log: Option<PathBuf>,
}

/// Longer than any heartbeat that a simulated arm watches.
pub(crate) const RESTS: Duration = Duration::from_secs(2);
/// A machine that has not come to rest by then is left moving, and the log says so.
pub(crate) const REST_AT_MOST: Duration = Duration::from_secs(60);

/// Builds the simulation of a bench's simulated devices: `(id, driver)` each.
pub(crate) fn build(
    block: Option<&Value>,
    devices: &[(String, String)],
    clock: &Clock,
    transport: Transport,
) -> anyhow::Result<(Simulation, BTreeMap<String, Port>)> {
    let config =
        WorldConfig::from_json(block.unwrap_or(&Value::Null)).map_err(|e| anyhow!("{e}"))?;
    Simulation::build(&config, devices, clock, transport).map_err(|e| anyhow!("{e}"))
}

/// From now on what happens goes to this file, a line of JSON each; to stderr without one.
pub(crate) fn log_to(simulation: &Simulation, path: Option<&Path>) -> anyhow::Result<()> {
    let log: Box<dyn Write + Send> = match path {
        Some(path) => Box::new(
            std::fs::File::create(path)
                .with_context(|| format!("cannot write {}", path.display()))?,
        ),
        None => Box::new(std::io::stderr()),
    };
    let log = Mutex::new(log);
    simulation.log_to(move |happening| {
        let mut log = log.lock().unwrap_or_else(PoisonError::into_inner);
        let _ = writeln!(
            log,
            "{}",
            json!({ "t_s": happening.t_s, "what": happening.what, "detail": happening.detail })
        )
        .and_then(|()| log.flush());
    });
    Ok(())
}

/// Serves until told to stop, or until at rest after the harness is gone.
pub(crate) fn simulate(args: &Args) -> anyhow::Result<Exit> {
    if let Err(exit) = readable([&*args.bench]) {
        return Ok(exit);
    }
    let mut sources = Sources::disk();
    let (bench, complaints) =
        certbench_suite::check_bench(&mut sources, &args.bench.to_string_lossy(), &vocabulary());
    eprint!(
        "{}",
        certbench_suite::render(&complaints, &sources, colour())
    );
    let Some(bench) = bench else {
        return Ok(Exit::Refused);
    };
    let devices: Vec<_> = bench
        .ports()
        .filter(|(_, _, port)| *port == SIMULATED_PORT)
        .map(|(id, driver, _)| (id.to_string(), driver.to_string()))
        .collect();
    if devices.is_empty() {
        eprintln!(
            "certbench: {} has no device with `port: {SIMULATED_PORT}`",
            args.bench.display()
        );
        return Ok(Exit::Refused);
    }
    let (simulation, ports) = build(bench.simulation(), &devices, &Clock::real(), Transport::Pty)?;

    log_to(&simulation, args.log.as_deref())?;

    let paths: BTreeMap<&str, &str> = ports
        .iter()
        .filter_map(|(id, port)| {
            if let Port::Path(path) = port {
                Some((id.as_str(), path.as_str()))
            } else {
                None
            }
        })
        .collect();
    say(&json!({ "ports": paths }));
    if std::io::stdin().is_terminal() {
        eprintln!("certbench: open these ports with any program; Ctrl-D ends the simulation");
    }
    for line in std::io::stdin().lock().lines() {
        let Ok(line) = line else { break };
        let request: Result<Value, _> = serde_json::from_str(&line);
        let shutdown = request.as_ref().is_ok_and(|r| r.get("shutdown").is_some());
        let answer = match request {
            Ok(request) => answer(&simulation, &request),
            Err(error) => Err(format!("not JSON: {error}")),
        };
        say(&match answer {
            Ok(ok) => json!({ "ok": ok }),
            Err(error) => json!({ "error": error }),
        });
        if shutdown {
            break;
        }
    }
    simulation.run_until_rest(RESTS, REST_AT_MOST);
    simulation.shutdown();
    Ok(Exit::Passed)
}

fn say(line: &Value) {
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "{line}").and_then(|()| out.flush()); // nobody may be left to read it
}

fn answer(simulation: &Simulation, request: &Value) -> Result<Value, String> {
    if let Some([Value::String(key), Value::String(value)]) = request
        .get("apply")
        .and_then(Value::as_array)
        .map(Vec::as_slice)
    {
        return simulation.apply(key, value).map(|()| Value::Bool(true));
    }
    if let Some([Value::String(device), Value::String(field)]) = request
        .get("label")
        .and_then(Value::as_array)
        .map(Vec::as_slice)
    {
        return Ok(json!(simulation.label(device, field)));
    }
    if let Some(fault) = request.get("fault") {
        let fault: FaultConfig =
            serde_json::from_value(fault.clone()).map_err(|e| e.to_string())?;
        return simulation.fault(&fault).map(|()| Value::Bool(true));
    }
    if let Some(Value::String(device)) = request.get("repair") {
        simulation.repair(device);
        return Ok(Value::Bool(true));
    }
    if request.get("truth").is_some() {
        return Ok(simulation.truth());
    }
    if request.get("shutdown").is_some() {
        return Ok(Value::Bool(true));
    }
    Err(r#"understood are {"apply": ["key", "value"]}, {"label": ["device", "field"]}, {"fault": {…}}, {"repair": "device"}, {"truth": true}, {"shutdown": true}"#.into())
}
