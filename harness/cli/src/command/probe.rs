//! `certbench probe PORT`: what hangs on a port, without moving anything.
//!
//! A serial port is listened to, and then asked, at the usual baud rates, only what protocols document as
//! reads; a CAN bus is listened to, and only CANopen nodes that were heard are asked, for their device
//! type. What will be asked is printed first. An answer counts only when the protocol's own decoder takes
//! it whole.

mod bus;
mod serial;
#[cfg(test)]
mod tests;

use crate::exit::Exit;
use crate::say;
use certbench_clock::Clock;
use certbench_link::{open_bytes, open_can};

/// Try to identify what hangs on a port.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// A serial port (`/dev/ttyUSB0`), or a CAN port (`can0`, `slcan:/dev/ttyACM0@1000000`)
    port: String,
    /// Only print what would be asked
    #[arg(long)]
    list: bool,
}

/// Something that answered or sends.
#[derive(Clone, Debug, PartialEq)]
struct Found {
    /// The driver that speaks so.
    driver: &'static str,
    /// Options that the bench needs, as YAML inside braces.
    options: String,
    /// What was heard, for people.
    said: String,
}

/// Probes.
pub(crate) fn probe(args: &Args) -> anyhow::Result<Exit> {
    let serial = args.port.starts_with('/');
    eprint!(
        "{}",
        if serial {
            serial::list()
        } else {
            bus::LIST.to_owned()
        }
    );
    if args.list {
        return Ok(Exit::Passed);
    }
    let clock = Clock::real();
    let found = match serial {
        false => open_can(&clock, &args.port).and_then(|bus| bus::probe(&clock, &*bus)),
        true => at_all_settings(&clock, &args.port),
    };
    let found = match found {
        Ok(found) => found,
        Err(error) => {
            eprintln!("certbench: {error}");
            return Ok(Exit::Refused);
        }
    };
    for found in &found {
        say!("{}", snippet(&args.port, found));
    }
    if found.is_empty() {
        eprintln!(
            "certbench: nothing on {} was recognised: it may be off, have another address or baud rate, or \
             speak what is not asked here",
            args.port
        );
        return Ok(Exit::Incomplete);
    }
    Ok(Exit::Passed)
}

/// Each setting opens the port anew; the first at which something is understood is the right one.
fn at_all_settings(clock: &Clock, port: &str) -> Result<Vec<Found>, certbench_link::LinkError> {
    for setting in serial::settings() {
        let (rate, even) = setting;
        let frame = if even { "8E1" } else { "8N1" };
        eprintln!("certbench: {rate} baud, {frame}");
        let line = open_bytes(clock, &format!("{port}@{rate},{frame}"))?;
        let found = serial::probe(clock, &*line, setting)?;
        if !found.is_empty() {
            return Ok(found);
        }
    }
    Ok(Vec::new())
}

/// To be pasted into a bench file.
fn snippet(port: &str, found: &Found) -> String {
    let Found {
        driver,
        options,
        said,
    } = found;
    format!(
        "  # {said}\n  item:\n    driver: {driver}\n    port: {port}\n    provenance: physical\n    options: {{ {options} }}"
    )
}
