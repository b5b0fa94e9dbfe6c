//! From the plan to an opened device.

use std::sync::Arc;

use certbench_clock::Clock;
use certbench_link::tap::Tapped;
use certbench_link::{ByteLink, CanLink, Tap, open_bytes, open_can};
use certbench_model::FaultKind;
use certbench_model::plan::DevicePlan;
use certbench_roles::{Device, Trouble};

use crate::catalogue::{catalogue, families};
use crate::family::{Family, Opener};
use crate::options::Options;

/// An open link of the kind that a driver needs.
#[derive(Clone)]
pub enum Port {
    /// A line of bytes.
    Bytes(Arc<dyn ByteLink>),
    /// A CAN bus.
    Can(Arc<dyn CanLink>),
    /// None: the device has no link.
    None,
}

/// Opens the port that the plan names for a device, with the device's own `baud` or `bit_rate`
/// where the port does not say it. `port: simulated` is not a port: give the one that the simulation
/// opened.
///
/// # Errors
/// Refused for an unknown driver or option, a fault of the link when the port does not open.
pub fn connect(plan: &DevicePlan, clock: &Clock, tap: Option<Tap>) -> Result<Port, Trouble> {
    let (driver, _) = family(plan)?;
    if driver.links.is_empty() {
        return Ok(Port::None);
    }
    let options = Options::new(plan, driver.clone());
    let link =
        |error: certbench_link::LinkError| Trouble::Fault(FaultKind::Link, error.to_string());
    if driver.links.iter().any(|kind| kind == "can") {
        let spec = match plan.port.starts_with("slcan:") {
            true => with_rate(&plan.port, options.count("bit_rate")?),
            false => plan.port.clone(),
        };
        let bus = open_can(clock, &spec).map_err(link)?;
        return Ok(Port::Can(match tap {
            Some(tap) => Arc::new(Tapped::new(bus, tap)),
            None => Arc::from(bus),
        }));
    }
    let schemes = ["tcp:", "udp:", "tail:"];
    let has_no_speed = schemes.iter().any(|scheme| plan.port.starts_with(scheme));
    let has_rate = driver.options.iter().any(|option| option.name == "baud");
    let spec = match has_rate && !has_no_speed {
        true => with_rate(&plan.port, options.count("baud")?),
        false => plan.port.clone(),
    };
    let line = open_bytes(clock, &spec).map_err(link)?;
    Ok(Port::Bytes(match tap {
        Some(tap) => Arc::new(Tapped::new(line, tap)),
        None => Arc::from(line),
    }))
}

/// Makes the device that the plan describes over an open port. Nothing is asked of it yet. On a
/// simulated clock the caller must be one of its parties.
///
/// # Errors
/// Refused when the driver is unknown, an option or limit is not understood, or the driver cannot
/// keep what the plan demands of it.
pub fn open(plan: &DevicePlan, port: Port, clock: &Clock) -> Result<Arc<dyn Device>, Trouble> {
    match (family(plan)?.1, port) {
        (Opener::Bytes(open), Port::Bytes(line)) => open(plan, line, clock),
        (Opener::Can(open), Port::Can(bus)) => open(plan, bus, clock),
        (Opener::Alone(open), Port::None) => open(plan, clock),
        _ => Err(Trouble::Refused(format!(
            "device `{}`: the driver `{}` does not go with the port {}",
            plan.id, plan.driver, plan.port
        ))),
    }
}

fn family(plan: &DevicePlan) -> Result<Family, Trouble> {
    let known = families()
        .into_iter()
        .find(|(driver, _)| driver.id == plan.driver);
    known.ok_or_else(|| {
        let ids: Vec<String> = catalogue().into_iter().map(|driver| driver.id).collect();
        Trouble::Refused(format!(
            "device `{}`: there is no driver `{}`; there are {}",
            plan.id,
            plan.driver,
            ids.join(", ")
        ))
    })
}

/// A port specification with a speed, put in where it has none.
fn with_rate(port: &str, rate: u32) -> String {
    let (place, words) = port
        .split_once(',')
        .map_or((port, ""), |(place, words)| (place, words));
    let comma = if words.is_empty() { "" } else { "," };
    match place.rsplit_once('@') {
        Some((_, speed)) if speed.bytes().all(|b| b.is_ascii_digit()) => port.to_owned(),
        _ => format!("{place}@{rate}{comma}{words}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_without_a_speed_gets_the_devices() {
        assert_eq!(with_rate("/dev/ttyUSB0", 9600), "/dev/ttyUSB0@9600");
        assert_eq!(with_rate("/dev/ttyUSB0,8E1", 9600), "/dev/ttyUSB0@9600,8E1");
        assert_eq!(
            with_rate("/dev/ttyUSB0@115200", 9600),
            "/dev/ttyUSB0@115200"
        );
        assert_eq!(
            with_rate("slcan:/dev/ttyACM0,listen", 1_000_000),
            "slcan:/dev/ttyACM0@1000000,listen"
        );
    }
}
