//! One device of a bench: driver, options, safe state, limits, signals.

use super::Checker;
use super::calibration::Certified;
use super::literal::{any_quantity, filled, fitting, identifier, number_in, positive, unknown};
use crate::complaint::{Complaint, Span};
use crate::near::list;
use crate::written::bench::{
    Device as Written, Limits as WrittenLimits, ProvenanceWord, SafeStateWord,
    Safety as WrittenSafety, WatchdogWord,
};
use crate::yaml::{At, Entries, Scalar};
use certbench_model::plan::{DevicePlan, IMPORT, JointLimit, Limits, SafeState, Safety, Watchdog};
use certbench_model::vocabulary::{DriverDescription, ParamDescription, ParamKind};
use certbench_model::{Component, Provenance, Quantity, Registration, Unit};
use serde_json::Value;
use std::collections::BTreeMap;

/// A device with what its driver is known to have.
#[derive(Clone, Debug)]
pub(crate) struct Device {
    pub(crate) span: Span,
    pub(crate) plan: DevicePlan,
    pub(crate) roles: Vec<String>,
    /// Joint names in order; empty when unknown.
    pub(crate) joints: Vec<String>,
    pub(crate) signals: BTreeMap<String, Signal>,
}

/// A signal of a device.
#[derive(Clone, Debug)]
pub(crate) struct Signal {
    pub(crate) components: Vec<Component>,
    pub(crate) digital: bool,
    pub(crate) interval_s: f64,
    pub(crate) delay_s: [f64; 2],
    pub(crate) certified: Option<Certified>,
    pub(crate) registration: Option<Registration>,
}

impl Signal {
    /// Unit of its first component.
    pub(crate) fn unit(&self) -> Unit {
        self.components.first().map_or(Unit::one(), |c| c.unit)
    }
}

impl Checker<'_> {
    /// A device; `None` when its driver is not known.
    pub(crate) fn device(&self, id: &str, span: Span, written: &At<Written>) -> Option<Device> {
        let device = written.get()?;
        let name = identifier(id, span, "a device", self.sink);
        let driver = self.driver(&device.driver)?;
        let options = self.options(device.options.as_ref(), written.head, driver);
        let safety = self.safety(device, written.head, driver);
        let limits = self.limits(device.limits.as_ref(), driver);
        let joints = match driver.joints.as_slice() {
            [] => limits.joints.iter().map(|j| j.joint.clone()).collect(),
            fixed => fixed.to_vec(),
        };
        if driver.roles.iter().any(|r| r == "joints") && limits.joints.is_empty() {
            let message = format!("`{id}` has joints, and no limits of them");
            self.sink.push(
                Complaint::new("missing-limits", written.head, message)
                    .help("add `limits: { joints: { j1: { range: [-170 deg, 170 deg], speed_max: 90 deg/s } } }`")
                    .note("100 % of speed is the slowest joint's `speed_max`"),
            );
        }
        let provenance = self.provenance(device);
        self.import_port(device, driver);
        let signals = self.signals(device, driver, &options, &joints);
        let plan = DevicePlan {
            id: name?,
            kind: driver.kind.clone(),
            driver: driver.id.clone(),
            port: filled(&device.port, self.sink)?,
            options,
            provenance: provenance?,
            under_test: false,
            safety,
            limits,
        };
        Some(Device {
            span,
            plan,
            roles: driver.roles.clone(),
            joints,
            signals,
        })
    }

    fn driver(&self, written: &At<String>) -> Option<&DriverDescription> {
        let name = written.get()?;
        let driver = self.vocabulary.driver(name);
        if driver.is_none() {
            let names = self.vocabulary.drivers.iter().map(|d| d.id.as_str());
            let complaint = unknown("unknown-driver", "driver", name, written.span, names);
            self.sink
                .push(complaint.note("`certbench devices` lists all drivers"));
        }
        driver
    }

    fn provenance(&self, device: &Written) -> Option<Provenance> {
        let provenance = match device.provenance.get()? {
            ProvenanceWord::Physical => Provenance::Physical,
            ProvenanceWord::Simulated => Provenance::Simulated,
            ProvenanceWord::Replayed => Provenance::Replayed,
        };
        let port = device.port.get().map_or("", String::as_str);
        if port == "simulated" && provenance != Provenance::Simulated {
            let message = "the port is simulated, the device is declared as something else";
            let complaint = Complaint::new("wrong-provenance", device.provenance.span, message);
            self.sink.push(
                complaint
                    .also(device.port.span, "simulated here")
                    .help("write `provenance: simulated`"),
            );
            return None;
        }
        Some(provenance)
    }

    /// What is imported has no port, and what has a port is not imported.
    fn import_port(&self, device: &Written, driver: &DriverDescription) {
        let port = device.port.get().map_or("", String::as_str);
        let by_file = driver.links.iter().any(|l| l == IMPORT);
        if by_file == (port == IMPORT) {
            return;
        }
        let message = match by_file {
            true => format!(
                "`{}` is no device on a port: its data come from a file",
                driver.id
            ),
            false => format!(
                "`{}` is read over its link and cannot be imported",
                driver.id
            ),
        };
        self.sink.push(
            Complaint::new("wrong-port", device.port.span, message)
                .help("write `driver: csv-import` together with `port: import`"),
        );
    }

    /// Options as they are written, each checked against what the driver takes.
    fn options(
        &self,
        written: Option<&At<Entries<At<Value>>>>,
        head: Span,
        driver: &DriverDescription,
    ) -> BTreeMap<String, Value> {
        let mut options = BTreeMap::new();
        let entries = written.and_then(At::get);
        for (name, span, value) in entries.into_iter().flat_map(Entries::iter) {
            let Some(known) = driver.options.iter().find(|o| o.name == name) else {
                let names = driver.options.iter().map(|o| o.name.as_str());
                let what = format!("option of `{}`", driver.id);
                self.sink
                    .push(unknown("unknown-option", &what, name, span, names));
                continue;
            };
            let Some(json) = value.get() else { continue };
            let frozen = match (&known.kind, json) {
                (ParamKind::File, Value::String(path)) => self.file(path, value.span),
                (ParamKind::Signals, Value::Object(_)) => Some(json.clone()),
                _ => self.option(known, json, value.span).then(|| json.clone()),
            };
            options.extend(frozen.map(|frozen| (name.to_string(), frozen)));
        }
        for known in &driver.options {
            let given = entries.is_some_and(|e| e.find(&known.name).is_some());
            if !given && known.default.is_none() && !known.optional {
                let message = format!("`{}` needs the option `{}`", driver.id, known.name);
                let complaint = Complaint::new("missing-option", head, message);
                self.sink.push(complaint.note(known.title.en.clone()));
            }
        }
        options
    }

    fn option(&self, known: &ParamDescription, value: &Value, at: Span) -> bool {
        let scalar = |v: &Value| !v.is_object() && !v.is_array();
        let wanted = match (&known.kind, value) {
            (ParamKind::Quantity(unit), Value::String(text)) => {
                return any_quantity(text, at, self.sink)
                    .and_then(|q| fitting(q, at, &[*unit], self.sink))
                    .is_some();
            }
            (ParamKind::OfChannel, Value::String(text)) if text.parse::<Quantity>().is_ok() => {
                return true;
            }
            (ParamKind::OfChannel, _) => "a value with a unit".to_string(),
            (ParamKind::Quantity(unit), _) => format!("a value with a unit, such as `1 {unit}`"),
            (ParamKind::Count, Value::Number(n)) if n.is_u64() => return true,
            (ParamKind::Count, _) => "a whole number".to_string(),
            (ParamKind::OneOf(words), Value::String(text)) if words.contains(text) => return true,
            (ParamKind::OneOf(words), _) => {
                let words: Vec<&str> = words.iter().map(String::as_str).collect();
                format!("one of {}", list(&words))
            }
            (ParamKind::Text, Value::Array(items)) if items.iter().all(scalar) => return true,
            (ParamKind::Text, value) if scalar(value) => return true,
            (ParamKind::Text, _) => "a text".to_string(),
            (ParamKind::Flag, Value::Bool(_)) => return true,
            (ParamKind::Flag, _) => "`true` or `false`".to_string(),
            (ParamKind::File, _) => "the name of a file in the bench's folder".to_string(),
            (ParamKind::Signals, _) => "a mapping of names to `SOURCE in UNIT`".to_string(),
        };
        let message = format!("the option `{}` takes {wanted}", known.name);
        self.sink
            .push(Complaint::new("wrong-option", at, message).note(known.title.en.clone()));
        false
    }

    fn safety(&self, device: &Written, head: Span, driver: &DriverDescription) -> Option<Safety> {
        let Some(written) = &device.safety else {
            if driver.moves {
                let message = format!("`{}` can move, and no safe state is named", driver.id);
                let states: Vec<&str> = driver.safe_states.iter().map(String::as_str).collect();
                self.sink.push(
                    Complaint::new("missing-safe-state", head, message)
                        .help(format!(
                            "add `safety: {{ safe_state: {}, watchdog: … }}`",
                            states.first().unwrap_or(&"hold")
                        ))
                        .note(format!("`{}` can reach {}", driver.id, list(&states))),
                );
            }
            return None;
        };
        let safety = written.get()?;
        let safe_state = self.safe_state(safety, driver);
        let watchdog = self.watchdog(&safety.watchdog);
        let held_by = safety.held_by.as_ref().and_then(|h| filled(h, self.sink));
        if safe_state == Some(SafeState::TorqueOff) && held_by.is_none() {
            let message = "torque goes off, and nothing is named that then holds joints and load";
            self.sink.push(
                Complaint::new("missing-held-by", safety.safe_state.span, message)
                    .help("add `held_by: brakes`, if there are brakes or a catch"),
            );
        }
        Some(Safety {
            safe_state: safe_state?,
            watchdog: watchdog?,
            held_by,
            next: safety.next.as_ref().and_then(|n| {
                let next = n.get()?;
                Some(certbench_model::step::SetOutput {
                    output: next.output.get()?.clone(),
                    to: next.to.get()?.clone(),
                })
            }),
        })
    }

    fn safe_state(&self, safety: &WrittenSafety, driver: &DriverDescription) -> Option<SafeState> {
        let (state, word) = match safety.safe_state.get()? {
            SafeStateWord::Hold => (SafeState::Hold, "hold"),
            SafeStateWord::DecelerateAndHold => {
                (SafeState::DecelerateAndHold, "decelerate-and-hold")
            }
            SafeStateWord::TorqueOff => (SafeState::TorqueOff, "torque-off"),
            SafeStateWord::Open => (SafeState::Open, "open"),
        };
        if driver.safe_states.iter().any(|s| s == word) {
            return Some(state);
        }
        let states: Vec<&str> = driver.safe_states.iter().map(String::as_str).collect();
        let message = format!("`{}` cannot be taken to the safe state `{word}`", driver.id);
        let note = match states.as_slice() {
            [] => format!("`{}` has none: leave `safety` out", driver.id),
            some => format!("it can reach {}", list(some)),
        };
        self.sink
            .push(Complaint::new("wrong-safe-state", safety.safe_state.span, message).note(note));
        None
    }

    fn watchdog(&self, written: &At<WatchdogWord>) -> Option<Watchdog> {
        let after = |at: &At<Scalar>| {
            positive(number_in(at, "s", self.sink)?, at.span, "a time", self.sink)
        };
        Some(match written.get()? {
            WatchdogWord::None => Watchdog::None,
            WatchdogWord::Stops(at) => Watchdog::Stops {
                after_s: after(at)?,
            },
            WatchdogWord::Reports(at) => Watchdog::Reports {
                after_s: after(at)?,
            },
        })
    }

    fn limits(&self, written: Option<&At<WrittenLimits>>, driver: &DriverDescription) -> Limits {
        let mut limits = Limits::default();
        let Some(written) = written.and_then(At::get) else {
            return limits;
        };
        let most = |at: &Option<At<Scalar>>, symbol: &str| {
            let at = at.as_ref()?;
            let value = number_in(at, symbol, self.sink)?;
            positive(value, at.span, "a limit", self.sink)
        };
        limits.force_n_max = most(&written.force_max, "N");
        limits.load_kg_max = most(&written.load_max, "kg");
        limits.torque_nm_max = most(&written.torque_max, "N.m");
        limits.deg_per_s_max = most(&written.speed_max, "deg/s");
        let joints = written.joints.as_ref().and_then(At::get);
        for (joint, span, limit) in joints.into_iter().flat_map(Entries::iter) {
            if !driver.joints.is_empty() && !driver.joints.iter().any(|j| j == joint) {
                let names = driver.joints.iter().map(String::as_str);
                self.sink
                    .push(unknown("unknown-joint", "joint", joint, span, names));
                continue;
            }
            let name = identifier(joint, span, "a joint", self.sink);
            limits
                .joints
                .extend(name.and_then(|n| self.joint_limit(n, limit)));
        }
        limits
    }

    fn joint_limit(
        &self,
        joint: String,
        written: &At<crate::written::bench::JointLimit>,
    ) -> Option<JointLimit> {
        let limit = written.get()?;
        let speed = number_in(&limit.speed_max, "deg/s", self.sink)
            .and_then(|v| positive(v, limit.speed_max.span, "a speed", self.sink));
        let [least, most] = limit.range.get()?.as_slice() else {
            let message = "a range has two ends: least and most";
            self.sink
                .push(Complaint::new("bad-range", limit.range.span, message));
            return None;
        };
        let least = number_in(least, "deg", self.sink);
        let most = number_in(most, "deg", self.sink);
        let (deg_min, deg_max) = (least?, most?);
        if deg_min >= deg_max {
            let message = format!("the range begins at {deg_min} deg and ends at {deg_max} deg");
            self.sink
                .push(Complaint::new("swapped-range", limit.range.span, message));
            return None;
        }
        Some(JointLimit {
            joint,
            deg_min,
            deg_max,
            deg_per_s_max: speed?,
        })
    }

    /// The driver's signals with what the bench knows about each. A signal of which the driver leaves
    /// the components to the bench has one a joint, in degrees.
    fn signals(
        &self,
        device: &Written,
        driver: &DriverDescription,
        options: &BTreeMap<String, Value>,
        joints: &[String],
    ) -> BTreeMap<String, Signal> {
        let mut signals: BTreeMap<String, Signal> = BTreeMap::new();
        for described in &driver.signals {
            let component = |name: &String, unit: Unit| Component {
                name: name.clone(),
                unit,
            };
            let deg = Unit::parse("deg").unwrap_or(Unit::one());
            let components = match described.components.as_slice() {
                [] => joints.iter().map(|j| component(j, deg)).collect(),
                fixed => fixed.iter().map(|(n, u)| component(n, *u)).collect(),
            };
            signals.insert(
                described.name.clone(),
                Signal {
                    components,
                    digital: described.digital,
                    interval_s: by_option(described.interval_s, "interval", driver, options),
                    delay_s: [
                        // negative: a reading is dated when it was asked for
                        -by_option(-described.delay_s[0], "slowest", driver, options),
                        by_option(described.delay_s[1], "slowest", driver, options),
                    ],
                    certified: None,
                    registration: None,
                },
            );
        }
        for (name, unit, digital) in self.own_signals(device, driver) {
            let value = Component {
                name: "value".to_string(),
                unit,
            };
            let signal = Signal {
                components: vec![value],
                digital,
                interval_s: option_s("interval", driver, options),
                delay_s: [0.0, option_s("slowest", driver, options)],
                certified: None,
                registration: None,
            };
            signals.insert(name, signal);
        }
        self.certify(device, &mut signals);
        signals
    }

    /// A file that an option names: its text goes into the plan.
    fn file(&self, path: &str, at: Span) -> Option<Value> {
        match self.sources.text_inside(at, path) {
            Ok(file) => serde_json::to_value(file).ok(),
            Err(complaint) => {
                self.sink.push(complaint);
                None
            }
        }
    }

    /// The signals that the bench declares in the driver's option for it: names, units, and whether
    /// they are contacts.
    fn own_signals(
        &self,
        device: &Written,
        driver: &DriverDescription,
    ) -> Vec<(String, Unit, bool)> {
        let options = device.options.as_ref().and_then(At::get);
        let known = driver
            .options
            .iter()
            .filter(|o| o.kind == ParamKind::Signals);
        let given = known.filter_map(|known| options?.find(&known.name));
        let mut declared = Vec::new();
        for (_, written) in given {
            let entries = written.get().and_then(Value::as_object);
            for (name, source) in entries.into_iter().flatten() {
                let unit = source.as_str().and_then(|s| s.rsplit_once(" in "));
                let unit = unit.map(|(_, symbol)| match symbol.trim() {
                    "contact" => Ok((Unit::one(), true)),
                    symbol => Unit::parse(symbol).map(|unit| (unit, false)),
                });
                let wrong = match unit {
                    Some(Ok((unit, digital))) => {
                        let name = identifier(name, written.span, "a signal", self.sink);
                        declared.extend(name.map(|name| (name, unit, digital)));
                        continue;
                    }
                    Some(Err(error)) => error.to_string(),
                    None => format!("{source} is not in the form `SOURCE in UNIT`"),
                };
                let message = format!("the signal `{name}`: {wrong}");
                self.sink
                    .push(Complaint::new("wrong-option", written.span, message));
            }
        }
        declared
    }

    fn certify(&self, device: &Written, signals: &mut BTreeMap<String, Signal>) {
        let names: Vec<String> = signals.keys().cloned().collect();
        let names = || names.iter().map(String::as_str);
        let certificates = device.calibration.as_ref().and_then(At::get);
        for (name, span, written) in certificates.into_iter().flat_map(Entries::iter) {
            let Some(signal) = signals.get_mut(name) else {
                self.sink
                    .push(unknown("unknown-signal", "signal", name, span, names()));
                continue;
            };
            signal.certified = self.calibration(span, written, signal);
        }
        let registrations = device.registration.as_ref().and_then(At::get);
        for (name, span, written) in registrations.into_iter().flat_map(Entries::iter) {
            let Some(signal) = signals.get_mut(name) else {
                self.sink
                    .push(unknown("unknown-signal", "signal", name, span, names()));
                continue;
            };
            signal.registration = self.registration(written);
        }
    }
}

/// A time that the driver's option says, in seconds; 0 where it has none.
fn option_s(name: &str, driver: &DriverDescription, options: &BTreeMap<String, Value>) -> f64 {
    let described = driver.options.iter().find(|o| o.name == name);
    let default = described.and_then(|o| o.default.as_ref()?.quantity()?.in_unit("s").ok());
    by_option(default.unwrap_or(0.0), name, driver, options)
}

/// A time of the driver, replaced by the option that is about it: the one whose default it is. So
/// `interval: 5 ms` is the interval of the signals that have the driver's own, and `slowest: 20 ms`
/// bounds their delay.
fn by_option(
    nominal_s: f64,
    option: &str,
    driver: &DriverDescription,
    options: &BTreeMap<String, Value>,
) -> f64 {
    let described = driver.options.iter().find(|o| o.name == option);
    let default = described.and_then(|o| o.default.as_ref()?.quantity()?.in_unit("s").ok());
    let given = options.get(option).and_then(Value::as_str);
    let given = given.and_then(|t| t.parse::<Quantity>().ok()?.in_unit("s").ok());
    match (default, given) {
        (Some(default), Some(given)) if (default - nominal_s).abs() < 1e-9 => given,
        _ => nominal_s,
    }
}
