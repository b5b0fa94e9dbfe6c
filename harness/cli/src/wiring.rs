//! Small adapters between rooms that do not know each other.

use crate::unopened::Unopened;
use certbench_clock::Clock;
use certbench_devices::{Port, connect, open};
use certbench_link::{Direction, Tap};
use certbench_model::plan::DevicePlan;
use certbench_model::vocabulary::{DriverDescription, Vocabulary};
use certbench_model::{Event, Plan, Provenance, Sample};
use certbench_record::{Recorder, WireLog};
use certbench_roles::{Device, Trouble};
use certbench_run::Listener;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The word that a bench file writes for a port that the simulation opens.
pub(crate) const SIMULATED_PORT: &str = "simulated";

/// The word that a bench file writes for a device without a link.
pub(crate) const NO_PORT: &str = "none";

/// What metrics and drivers exist: the union of what the judge, the device room and, for data that
/// are imported, the record publish.
pub(crate) fn vocabulary() -> Vocabulary {
    Vocabulary {
        metrics: certbench_judge::vocabulary(),
        drivers: drivers(),
    }
}

/// All drivers, for what is connected and for what is imported after a run.
pub(crate) fn drivers() -> Vec<DriverDescription> {
    let mut drivers = certbench_devices::catalogue();
    drivers.push(certbench_record::import_driver());
    drivers
}

/// Devices that are connected: all but those whose data are imported after the run.
fn connected(plan: &Plan) -> impl Iterator<Item = &DevicePlan> {
    plan.bench.devices.iter().filter(|d| !d.imported())
}

/// Who listens to the link of a device, by its name; nobody to most.
pub(crate) type Taps<'a> = &'a dyn Fn(&str) -> Option<Tap>;

/// Taps that keep every byte in the record.
pub(crate) fn taps(plan: &Plan, wire: &WireLog) -> impl Fn(&str) -> Option<Tap> + use<> {
    let devices = plan.bench.devices.iter().enumerate();
    let all: BTreeMap<String, Tap> = devices
        .map(|(index, device)| {
            let keep = wire.tap(index);
            let tap: Tap = Arc::new(move |direction, time, bytes| {
                keep(direction == Direction::Sent, time.as_nanos(), bytes);
            });
            (device.id.clone(), tap)
        })
        .collect();
    move |device| all.get(device).cloned()
}

/// Opens every device of the plan: at its own port, or at the one that the simulation opened for it.
pub(crate) fn open_at_ports(
    plan: &Plan,
    simulated: &BTreeMap<String, String>,
    clock: &Clock,
    taps: Taps<'_>,
) -> Result<Vec<Arc<dyn Device>>, Unopened> {
    let drivers = certbench_devices::catalogue();
    let mut devices = Vec::new();
    for device in connected(plan) {
        let mut at = device.clone();
        if let Some(path) = simulated.get(&device.id) {
            let can = drivers
                .iter()
                .any(|d| d.id == device.driver && d.links.iter().any(|l| l == "can"));
            at.port = if can {
                format!("slcan:{path}")
            } else {
                path.clone()
            };
        }
        let device = connect(&at, clock, taps(&at.id)).and_then(|port| open(&at, port, clock));
        devices.push(device.map_err(|trouble| Unopened::device(&at.id, trouble))?);
    }
    Ok(devices)
}

/// Opens every device of the plan over links that exist already.
pub(crate) fn open_at_links(
    plan: &Plan,
    mut links: BTreeMap<String, Port>,
    clock: &Clock,
) -> Result<Vec<Arc<dyn Device>>, Unopened> {
    let open_one = |device: &DevicePlan| {
        let nobody = || Trouble::Refused("it has no simulated counterpart".into());
        let port = match links.remove(&device.id) {
            None if device.port == NO_PORT => Ok(Port::None),
            port => port.ok_or_else(nobody),
        };
        port.and_then(|port| open(device, port, clock))
            .map_err(|trouble| Unopened::device(&device.id, trouble))
    };
    connected(plan).map(open_one).collect()
}

/// Whether no device can be a thing on a bench.
pub(crate) fn all_non_physical(plan: &Plan) -> bool {
    plan.bench
        .devices
        .iter()
        .all(|d| d.provenance != Provenance::Physical)
}

/// The record as a listener of the run.
pub(crate) struct Recording(pub(crate) Arc<Recorder>);

impl Listener for Recording {
    fn name(&self) -> &str {
        "record"
    }

    fn event(&self, event: &Event) -> Result<(), String> {
        self.0.event(event).map_err(|e| e.to_string())
    }

    fn sample(&self, sample: &Sample) -> bool {
        self.0.sample(sample)
    }

    fn health(&self) -> Result<(), String> {
        self.0.health().map_err(|e| e.to_string())
    }
}
