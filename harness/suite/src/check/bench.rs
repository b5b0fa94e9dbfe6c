//! A bench: what it means.

use super::Checker;
use super::device::Device;
use super::literal::{any_quantity, filled, identifier, unknown};
use super::place::Wire;
use super::shared::{any_entry, party, version};
use crate::complaint::{Complaint, Span};
use crate::written::bench::Bench as Written;
use crate::yaml::{At, Entries, Scalar};
use certbench_model::Quantity;
use certbench_model::job::Party;
use certbench_model::plan::{Output, Pose, Preset, Programs, TestCube};
use serde_json::Value;
use std::collections::BTreeMap;

/// A bench file that was read and found in order.
#[derive(Clone, Debug, Default)]
pub struct Bench {
    pub(crate) file: u16,
    pub(crate) id: String,
    pub(crate) laboratory: Party,
    pub(crate) location: Option<String>,
    pub(crate) environment: BTreeMap<String, Quantity>,
    pub(crate) devices: BTreeMap<String, Device>,
    /// Devices that were written and could not be read.
    pub(crate) unreadable: Vec<String>,
    pub(crate) channels: BTreeMap<String, Wire>,
    pub(crate) poses: BTreeMap<String, (Span, Pose)>,
    pub(crate) cube: Option<TestCube>,
    pub(crate) presets: BTreeMap<String, (Span, Preset)>,
    pub(crate) outputs: BTreeMap<String, (Span, Output)>,
    pub(crate) programs: BTreeMap<String, (Span, Programs)>,
    /// Suite to its parameters.
    pub(crate) parameters: BTreeMap<String, Entries<At<Scalar>>>,
    pub(crate) simulation: Option<Value>,
}

impl Bench {
    /// Identifier.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Every device with its driver and port, in the order of their names.
    pub fn ports(&self) -> impl Iterator<Item = (&str, &str, &str)> {
        self.devices.iter().map(|(id, device)| {
            let plan = &device.plan;
            (id.as_str(), plan.driver.as_str(), plan.port.as_str())
        })
    }

    /// The `simulation:` block as written.
    pub fn simulation(&self) -> Option<&Value> {
        self.simulation.as_ref()
    }
}

impl Checker<'_> {
    /// A bench file. What could not be read is left out; the complaints say so.
    pub(crate) fn bench(&self, file: u16, written: &Written) -> Bench {
        version(&written.certbench, self.sink);
        let id = written
            .bench
            .get()
            .and_then(|id| identifier(id, written.bench.span, "a bench", self.sink));
        let mut bench = Bench {
            file,
            id: id.unwrap_or_default(),
            laboratory: party(&written.laboratory, self.sink).unwrap_or_default(),
            location: written.location.as_ref().and_then(|l| filled(l, self.sink)),
            simulation: written.simulation.as_ref().and_then(|s| s.value.clone()),
            ..Bench::default()
        };
        bench.environment = self.environment(written);
        any_entry(
            "empty-bench",
            "devices of the bench",
            &written.devices,
            self.sink,
        );
        for (id, span, device) in entries(Some(&written.devices)) {
            match self.device(id, span, device) {
                Some(device) => {
                    bench.devices.insert(id.to_string(), device);
                }
                None => bench.unreadable.push(id.to_string()),
            }
        }
        self.shared_ports(written);
        self.named_things(written, &mut bench);
        self.next_stop_paths(written, &bench);
        self.stops_of_programs(&bench, &written.devices);
        self.simulated_devices(written);
        let parameters = entries(written.parameters.as_ref());
        bench.parameters = parameters
            .filter_map(|(suite, _, values)| Some((suite.to_string(), values.get()?.clone())))
            .collect();
        bench
    }

    fn environment(&self, written: &Written) -> BTreeMap<String, Quantity> {
        entries(written.environment.as_ref())
            .filter_map(|(name, span, value)| {
                let name = identifier(name, span, "a condition", self.sink)?;
                let quantity = any_quantity(&value.get()?.text, value.span, self.sink)?;
                Some((name, quantity))
            })
            .collect()
    }

    fn named_things(&self, written: &Written, bench: &mut Bench) {
        for (name, span, wiring) in entries(written.channels.as_ref()) {
            let name = identifier(name, span, "a channel", self.sink);
            let wire = self.wire(bench, span, wiring);
            bench.channels.extend(name.zip(wire));
        }
        for (name, span, pose) in entries(written.poses.as_ref()) {
            let name = identifier(name, span, "a pose", self.sink);
            let pose = self.pose(bench, pose).map(|p| (span, p));
            bench.poses.extend(name.zip(pose));
        }
        self.cube(written, bench);
        for (name, span, preset) in entries(written.presets.as_ref()) {
            let name = identifier(name, span, "a preset", self.sink);
            let preset = self.preset(bench, preset).map(|p| (span, p));
            bench.presets.extend(name.zip(preset));
        }
        for (name, span, output) in entries(written.outputs.as_ref()) {
            let id = identifier(name, span, "an output", self.sink);
            let output = self.output(bench, name, output).map(|o| (span, o));
            bench.outputs.extend(id.zip(output));
        }
        for (name, span, programs) in entries(written.programs.as_ref()) {
            let programs = self.programs(bench, name, span, programs);
            let programs = programs.map(|p| (name.to_string(), (span, p)));
            bench.programs.extend(programs);
        }
    }

    /// A serial port or a socket has one device; a CAN bus may have several.
    fn shared_ports(&self, written: &Written) {
        let mut seen: Vec<(&str, Span)> = Vec::new();
        for (_, _, device) in entries(Some(&written.devices)) {
            let Some(device) = device.get() else { continue };
            let driver = device.driver.get().and_then(|d| self.vocabulary.driver(d));
            let alone = driver.is_some_and(|d| d.links.iter().all(|l| l != "can"));
            let port = device.port.get().map_or("", String::as_str);
            if !alone || ["simulated", "none", "import", ""].contains(&port) {
                continue;
            }
            match seen.iter().find(|(p, _)| *p == port) {
                Some((_, first)) => {
                    let message = format!("two devices at the port `{port}`");
                    let complaint = Complaint::new("shared-port", device.port.span, message);
                    self.sink.push(complaint.also(*first, "the other one"));
                }
                None => seen.push((port, device.port.span)),
            }
        }
    }

    fn next_stop_paths(&self, written: &Written, bench: &Bench) {
        for (id, _, device) in entries(Some(&written.devices)) {
            let safety = device.get().and_then(|d| d.safety.as_ref()?.get());
            let Some(next) = safety.and_then(|s| s.next.as_ref()?.get()) else {
                continue;
            };
            let (Some(name), Some(state)) = (next.output.get(), next.to.get()) else {
                continue;
            };
            let Some((_, output)) = bench.outputs.get(name) else {
                let names = bench.outputs.keys().map(String::as_str);
                self.sink.push(unknown(
                    "unknown-output",
                    "output",
                    name,
                    next.output.span,
                    names,
                ));
                continue;
            };
            if !output.state_names().any(|s| s == state) {
                let names = output.state_names().map(String::as_str);
                self.sink.push(unknown(
                    "unknown-state",
                    "state",
                    state,
                    next.to.span,
                    names,
                ));
            }
            if output.device == id {
                let message = "the next stop path of a device cannot be the device itself";
                self.sink
                    .push(Complaint::new("same-stop-path", next.output.span, message));
            }
        }
    }

    fn simulated_devices(&self, written: &Written) {
        let ports = entries(Some(&written.devices)).filter_map(|(_, _, d)| {
            let port = &d.get()?.port;
            (port.get()? == "simulated").then_some(port.span)
        });
        let mut ports = ports.peekable();
        match (ports.peek(), &written.simulation) {
            (Some(port), None) => {
                let message = "a simulated port, and no `simulation:` block";
                self.sink.push(
                    Complaint::new("missing-simulation", *port, message)
                        .help("add `simulation: { seed: 1 }`"),
                );
            }
            (_, Some(block)) if block.get().is_some_and(|b| !b.is_object()) => {
                let message = "`simulation:` is a mapping, such as `{ seed: 1 }`";
                self.sink
                    .push(Complaint::new("wrong-form", block.head, message));
            }
            _ => {}
        }
    }
}

/// The entries of a mapping that may be left out.
pub(crate) fn entries<T>(
    written: Option<&At<Entries<T>>>,
) -> impl Iterator<Item = (&str, Span, &T)> {
    written
        .and_then(At::get)
        .into_iter()
        .flat_map(Entries::iter)
}
