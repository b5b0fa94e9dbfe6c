//! Devices of ours on cables to a simulated world, in simulated time.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use certbench_clock::Clock;
use certbench_devices::{Port, open};
use certbench_model::plan::{DevicePlan, Limits, SafeState, Safety, Watchdog};
use certbench_model::{Provenance, Reading, Sample};
use certbench_roles::{Device, Lease, News, Trouble, Wiring};
use certbench_sim::config::{FaultConfig, FaultKind, WorldConfig};
use certbench_sim::{Port as Far, Simulation, Transport};
use serde_json::Value;

/// A bench.
pub(crate) struct Bench {
    pub(crate) clock: Clock,
    pub(crate) simulation: Simulation,
    devices: BTreeMap<String, Arc<dyn Device>>,
    heard: Arc<Mutex<(Vec<Sample>, Vec<Trouble>)>>,
    pub(crate) lease: Lease,
}

/// A device of a plan, with this safe state where it moves.
pub(crate) fn plan(driver: &str, options: &Value, safe_state: Option<SafeState>) -> DevicePlan {
    DevicePlan {
        id: driver.into(),
        kind: String::new(),
        driver: driver.into(),
        port: "simulated".into(),
        options: options
            .as_object()
            .cloned()
            .unwrap_or_default()
            .into_iter()
            .collect(),
        provenance: Provenance::Simulated,
        under_test: true,
        safety: safe_state.map(|safe_state| Safety {
            safe_state,
            watchdog: Watchdog::None,
            held_by: Some("nothing is held".into()),
            next: None,
        }),
        limits: Limits::default(),
    }
}

impl Bench {
    /// Devices by their plans; each is called by its driver's name.
    pub(crate) fn new(world: &Value, plans: &[DevicePlan]) -> Bench {
        let clock = Clock::simulated();
        let config = WorldConfig::from_json(world).unwrap();
        let names: Vec<_> = plans
            .iter()
            .map(|plan| (plan.id.clone(), plan.driver.clone()))
            .collect();
        let built = Simulation::build(&config, &names, &clock, Transport::InProcess);
        let (simulation, mut ports) = built.unwrap();
        let opened = plans.iter().map(|plan| {
            let port = match ports.remove(&plan.id) {
                Some(Far::Bytes(line)) => Port::Bytes(Arc::from(line)),
                Some(Far::Can(bus)) => Port::Can(Arc::from(bus)),
                _ => panic!("no cable to {}", plan.id),
            };
            (plan.id.clone(), open(plan, port, &clock).unwrap())
        });
        let devices = opened.collect();
        let lease = Lease::new();
        lease.renew(u64::MAX);
        Bench {
            clock,
            simulation,
            devices,
            heard: Arc::default(),
            lease,
        }
    }

    pub(crate) fn device(&self, id: &str) -> &dyn Device {
        &*self.devices[id]
    }

    /// Starts a device with these signals as the channels 0, 1, ...
    pub(crate) fn start(&self, id: &str, signals: &[&str]) {
        self.try_start(id, signals).unwrap();
    }

    /// The same of a device that may refuse.
    pub(crate) fn try_start(&self, id: &str, signals: &[&str]) -> Result<(), Trouble> {
        let (samples, news) = (self.heard.clone(), self.heard.clone());
        let wiring = signals
            .iter()
            .zip(0u16..)
            .map(|(signal, n)| ((*signal).to_owned(), n));
        self.device(id).start(
            Wiring(wiring.collect()),
            Arc::new(move |sample: &Sample| samples.lock().unwrap().0.push(*sample)),
            Arc::new(move |told: News| news.lock().unwrap().1.push(told.trouble)),
            self.lease.clone(),
        )
    }

    pub(crate) fn pass(&self, ms: u64) {
        self.clock.sleep(Duration::from_millis(ms));
    }

    /// All readings of a channel so far; those are forgotten then.
    pub(crate) fn readings(&self, channel: u16) -> Vec<Reading> {
        let mut heard = self.heard.lock().unwrap();
        let (wanted, rest): (Vec<_>, Vec<_>) =
            heard.0.drain(..).partition(|s| s.channel == channel);
        heard.0 = rest;
        wanted.iter().map(|sample| sample.reading).collect()
    }

    /// The numbers of the last valid reading of a channel.
    pub(crate) fn last(&self, channel: u16) -> Vec<f64> {
        let heard = self.heard.lock().unwrap();
        let mut of_channel = heard
            .0
            .iter()
            .rev()
            .filter(|sample| sample.channel == channel);
        let valid = of_channel.find_map(|sample| sample.reading.values().map(<[f64]>::to_vec));
        valid.unwrap_or_default()
    }

    pub(crate) fn news(&self) -> Vec<Trouble> {
        self.heard.lock().unwrap().1.clone()
    }

    pub(crate) fn fault(&self, device: &str, kind: FaultKind) {
        self.simulation
            .fault(&FaultConfig::now(device, kind))
            .unwrap();
    }

    pub(crate) fn close(self) {
        self.devices.values().for_each(|device| device.close());
        self.simulation.shutdown();
    }
}
