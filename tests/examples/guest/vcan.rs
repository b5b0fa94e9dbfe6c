//! Simulated devices as nodes of vcan0.

use std::sync::Arc;
use std::time::Duration;

use certbench_clock::Clock;
use certbench_link::CanLink;
use certbench_link::socketcan::SocketCan;
use certbench_sim::config::WorldConfig;
use certbench_sim::{Port, Simulation, Transport};
use serde_json::Value;

/// The interface.
pub(crate) const NAME: &str = "vcan0";

/// What a driver of this name drives: its in-process bus, joined to the interface.
pub(crate) fn simulated(
    driver: &str,
    world: &Value,
) -> Result<Simulation, Box<dyn std::error::Error>> {
    let clock = Clock::real();
    let devices = [("item".to_owned(), driver.to_owned())];
    let world = WorldConfig::from_json(world)?;
    let (simulation, mut ports) =
        Simulation::build(&world, &devices, &clock, Transport::InProcess)?;
    let Some(Port::Can(bus)) = ports.remove("item") else {
        return Err(format!("the simulated {driver} is not on a bus").into());
    };
    let bus: Arc<dyn CanLink> = Arc::from(bus);
    let interface: Arc<dyn CanLink> = Arc::new(SocketCan::open(&clock, NAME)?);
    for (from, to) in [(bus.clone(), interface.clone()), (interface, bus)] {
        std::thread::spawn(move || {
            while let Ok(heard) = from.recv(Clock::real().now() + Duration::from_secs(1)) {
                if heard.is_some_and(|(frame, _)| to.send(&frame).is_err()) {
                    return; // the far end is gone
                }
            }
        });
    }
    Ok(simulation)
}
