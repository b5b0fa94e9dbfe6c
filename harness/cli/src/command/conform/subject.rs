//! What is checked: one device, opened and sampling, simulated or on a port.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::{Context, anyhow, bail};
use certbench_clock::Clock;
use certbench_devices::Port;
use certbench_model::plan::{
    DevicePlan, FileText, JointLimit, Limits, SafeState, Safety, Watchdog,
};
use certbench_model::vocabulary::{DriverDescription, ParamKind, SignalDescription};
use certbench_model::{Provenance, Sample, sha256_hex};
use certbench_roles::{Device, Lease, News, Trouble, Wiring};
use certbench_sim::config::{FaultConfig, FaultKind, WorldConfig};
use certbench_sim::{Port as Far, Simulation, Transport};
use serde_json::{Value, json};

use super::Args;

/// The device's name in the plan.
pub(super) const NAME: &str = "device";
/// Limits under which a joint is moved here.
const DEG: f64 = 90.0;
pub(super) const DEG_PER_S: f64 = 30.0;

/// What a device delivered and told.
pub(super) type Heard = (Vec<Sample>, Vec<Trouble>);

fn lock(heard: &Mutex<Heard>) -> MutexGuard<'_, Heard> {
    heard.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A device and what was heard of it.
pub(super) struct Subject {
    pub(super) description: DriverDescription,
    pub(super) device: Arc<dyn Device>,
    pub(super) clock: Clock,
    /// The far end, where that is ours.
    pub(super) simulation: Option<Simulation>,
    /// Whether it may be moved.
    pub(super) moves: bool,
    pub(super) lease: Lease,
    heard: Arc<Mutex<Heard>>,
}

impl Subject {
    pub(super) fn open(args: &Args) -> anyhow::Result<Subject> {
        let (driver, port) = (args.driver.as_str(), args.port.as_deref());
        let known = certbench_devices::catalogue();
        let description = known.into_iter().find(|known| known.id == driver);
        let mut description = description
            .ok_or_else(|| anyhow!("there is no driver `{driver}`; see `certbench devices`"))?;
        if !args.signals.is_empty() {
            description
                .signals
                .retain(|signal| args.signals.contains(&signal.name));
        }
        if let Some(declared) = declared(&description, &args.set) {
            description.signals = declared;
        }
        let plan = plan(&description, port.unwrap_or("simulated"), &args.set)?;
        let trouble = |trouble: Trouble| anyhow!("{trouble}");
        let (clock, simulation, port) = match port {
            Some(_) => {
                let clock = Clock::real();
                let port = certbench_devices::connect(&plan, &clock, None).map_err(trouble)?;
                (clock, None, port)
            }
            None => {
                let clock = Clock::simulated();
                let (simulation, port) = simulated(driver, &clock)?;
                (clock, Some(simulation), port)
            }
        };
        let device = certbench_devices::open(&plan, port, &clock).map_err(trouble)?;
        let lease = Lease::new();
        lease.renew(u64::MAX);
        let moves = description.moves && (simulation.is_some() || args.moves);
        Ok(Subject {
            description,
            device,
            clock,
            simulation,
            moves,
            lease,
            heard: Arc::default(),
        })
    }

    /// Names of its signals, in the order of their channels.
    pub(super) fn signals(&self) -> Vec<&str> {
        self.description
            .signals
            .iter()
            .map(|signal| signal.name.as_str())
            .collect()
    }

    /// Begins sampling every signal that the device's options allow.
    pub(super) fn start(&self) -> Result<(), Trouble> {
        let (samples, news) = (self.heard.clone(), self.heard.clone());
        let wiring = self
            .signals()
            .into_iter()
            .zip(0u16..)
            .map(|(signal, n)| (signal.to_owned(), n));
        self.device.start(
            Wiring(wiring.collect()),
            Arc::new(move |sample: &Sample| lock(&samples).0.push(*sample)),
            Arc::new(move |told: News| lock(&news).1.push(told.trouble)),
            self.lease.clone(),
        )
    }

    pub(super) fn pass(&self, time: Duration) {
        self.clock.sleep(time);
    }

    /// What came since this was last asked.
    pub(super) fn take(&self) -> Heard {
        std::mem::take(&mut *lock(&self.heard))
    }

    /// Something goes wrong on the simulated line, for so long; false on a real one.
    pub(super) fn fault(&self, kind: FaultKind, lasts: Duration) -> bool {
        let Some(simulation) = &self.simulation else {
            return false;
        };
        let begun = simulation.fault(&FaultConfig::now(NAME, kind)).is_ok();
        self.pass(lasts);
        simulation.repair(NAME);
        begun
    }

    pub(super) fn close(self) {
        self.device.close();
        if let Some(simulation) = self.simulation {
            simulation.shutdown();
        }
    }
}

/// Signals that a bench declares by an option: `signals=busy: Standing.Busy in contact; heat: …`.
fn declared(description: &DriverDescription, set: &[String]) -> Option<Vec<SignalDescription>> {
    let option = description
        .options
        .iter()
        .find(|option| option.kind == ParamKind::Signals)?;
    let given = set.iter().filter_map(|given| given.split_once('='));
    let (_, entries) = given.into_iter().find(|(name, _)| *name == option.name)?;
    let signal = |(name, _): (&str, &str)| SignalDescription {
        name: name.trim().into(),
        components: Vec::new(),
        digital: false,
        interval_s: 0.1,
        delay_s: [0.0, 0.1],
    };
    Some(pairs(entries).map(signal).collect())
}

/// `name: source; name: source`.
fn pairs(entries: &str) -> impl Iterator<Item = (&str, &str)> {
    entries.split(';').filter_map(|entry| entry.split_once(':'))
}

/// An option as the plan of a bench would have it.
fn value(kind: &ParamKind, given: &str) -> anyhow::Result<Value> {
    Ok(match kind {
        ParamKind::File => {
            let bytes = std::fs::read(given).with_context(|| format!("cannot read {given}"))?;
            let text = String::from_utf8(bytes.clone()).with_context(|| given.to_owned())?;
            let (path, sha256) = (given.to_owned(), sha256_hex(&bytes));
            serde_json::to_value(FileText { path, sha256, text })?
        }
        ParamKind::Signals => pairs(given)
            .map(|(name, source)| (name.trim().to_owned(), Value::from(source.trim())))
            .collect::<serde_json::Map<_, _>>()
            .into(),
        _ => Value::from(given),
    })
}

/// A plan with the safe state and limits that a battery needs.
fn plan(description: &DriverDescription, port: &str, set: &[String]) -> anyhow::Result<DevicePlan> {
    let mut options = std::collections::BTreeMap::new();
    for given in set {
        let Some((name, text)) = given.split_once('=') else {
            bail!("`{given}` is no NAME=VALUE");
        };
        let known = description
            .options
            .iter()
            .find(|option| option.name == name);
        let Some(known) = known else {
            bail!("the driver `{}` has no option `{name}`", description.id);
        };
        options.insert(name.to_owned(), value(&known.kind, text)?);
    }
    let states = [
        ("hold", SafeState::Hold),
        ("decelerate-and-hold", SafeState::DecelerateAndHold),
        ("torque-off", SafeState::TorqueOff),
        ("open", SafeState::Open),
    ];
    let named = |state: &str| description.safe_states.iter().any(|known| known == state);
    let safe_state = states
        .into_iter()
        .find(|(word, _)| description.moves && named(word));
    let free = || (1..=6).map(|n| format!("j{n}")).collect();
    let joints: Vec<String> = match description.roles.iter().any(|role| role == "joints") {
        false => Vec::new(),
        true if description.joints.is_empty() => free(),
        true => description.joints.clone(),
    };
    let limit = |joint: &String| JointLimit {
        joint: joint.clone(),
        deg_min: -DEG,
        deg_max: DEG,
        deg_per_s_max: DEG_PER_S,
    };
    Ok(DevicePlan {
        id: NAME.into(),
        kind: description.kind.clone(),
        driver: description.id.clone(),
        port: port.into(),
        options,
        provenance: Provenance::Simulated,
        under_test: true,
        safety: safe_state.map(|(_, safe_state)| Safety {
            safe_state,
            watchdog: Watchdog::None,
            held_by: Some("nothing is held".into()),
            next: None,
        }),
        limits: Limits {
            joints: joints.iter().map(limit).collect(),
            ..Limits::default()
        },
    })
}

/// The simulated device; instruments have something to look at.
fn simulated(driver: &str, clock: &Clock) -> anyhow::Result<(Simulation, Port)> {
    let world = match driver {
        "canopen-arm" => json!({ "arm": { "home_deg": [0, 0, 0, 0, 0, 0] } }),
        _ => json!({ "arm": {} }),
    };
    let config = WorldConfig::from_json(&world).map_err(|error| anyhow!("{error}"))?;
    let devices = [(NAME.to_owned(), driver.to_owned())];
    let built = Simulation::build(&config, &devices, clock, Transport::InProcess);
    let (simulation, mut ports) = built.map_err(|error| anyhow!("{error}"))?;
    let port = match ports.remove(NAME) {
        Some(Far::Bytes(line)) => Port::Bytes(Arc::from(line)),
        Some(Far::Can(bus)) => Port::Can(Arc::from(bus)),
        _ => bail!("the simulated device has no cable"),
    };
    Ok((simulation, port))
}
