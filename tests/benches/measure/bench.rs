//! The smallest bench that a run can be performed on: one instrument that costs no time of its own.

use std::collections::BTreeMap;
use std::sync::Arc;

use certbench_clock::Clock;
use certbench_model::plan::{
    Bench, Case, DevicePlan, Limits, OnDeviceEvent, PLAN_FORMAT, SuiteFacts,
};
use certbench_model::{
    Calibration, CalibrationRange, Channel, Component, Date, Event, Measure, Plan, Provenance,
    Sample, Source, Step, Text, Unit, identity::FileDigest, job::Party,
};
use certbench_record::{Pace, Recorder, Start};
use certbench_roles::{Answer, Device, Operator, Question};
use certbench_run::{Consent, Control, Listener, Run, Settings};

/// 2026-11-22T00:00:00Z: the day of every measured run.
pub(crate) const UTC: &str = "2026-11-22T00:00:00Z";
const UNIX_S: u64 = 1_795_305_600;

pub(crate) fn newton() -> Unit {
    Unit::parse("N").unwrap_or(Unit::one())
}

/// A reference channel of the bench's only device, calibrated from 0 N to 100 N.
pub(crate) fn channel(id: &str, names: &[&str]) -> Channel {
    Channel {
        id: id.into(),
        device: "gauge".into(),
        signal: id.into(),
        components: names
            .iter()
            .map(|name| Component {
                name: (*name).into(),
                unit: newton(),
            })
            .collect(),
        digital: false,
        source: Source::Reference,
        delay_s: [0.0, 0.001],
        interval_s: 0.001,
        calibration: Date::new(2026, 1, 1)
            .zip(Date::new(2027, 1, 1))
            .map(|(date, due)| Calibration {
                certificate: "C-1".into(),
                body: "a laboratory".into(),
                file: None,
                date,
                due,
                ranges: vec![CalibrationRange {
                    from: 0.0,
                    to: 100.0,
                    u_abs: 0.1,
                    u_rel: 0.001,
                    k: 2.0,
                }],
                direction: None,
                bandwidth_hz: None,
                noise: None,
                angles: None,
                in_use: None,
            }),
        registration: None,
    }
}

/// The bench's only device, with these limits of its safety.
pub(crate) fn gauge() -> DevicePlan {
    DevicePlan {
        id: "gauge".into(),
        kind: "force-gauge".into(),
        driver: "in-process".into(),
        port: "in-process".into(),
        options: BTreeMap::new(),
        provenance: Provenance::Simulated,
        under_test: false,
        safety: None,
        limits: Limits::default(),
    }
}

pub(crate) fn case(id: &str, steps: Vec<Step>, measures: Vec<Measure>) -> Case {
    Case {
        id: id.into(),
        title: Text::same(id),
        steps,
        finally: Vec::new(),
        measures,
        on_device_event: OnDeviceEvent::Fail,
        shortened: None,
        seconds_max: 60.0,
        steps_max: 1_000_000,
        setup: Vec::new(),
    }
}

/// A plan for the gauge.
pub(crate) fn plan(device: DevicePlan, channels: Vec<Channel>, cases: Vec<Case>) -> Plan {
    let nothing = FileDigest {
        path: "bench.yaml".into(),
        bytes: 0,
        sha256: String::new(),
    };
    Plan {
        format: PLAN_FORMAT,
        suite: SuiteFacts {
            id: "measured".into(),
            version: "0.1.0".into(),
            status: "draft".into(),
            title: Text::same("measured"),
            area: "evaluation".into(),
            basis: Vec::new(),
            files: Vec::new(),
        },
        job: None,
        bench: Bench {
            id: "bench".into(),
            laboratory: Party::default(),
            location: None,
            file: nothing,
            devices: vec![device],
            poses: BTreeMap::new(),
            cube: None,
            presets: BTreeMap::new(),
            outputs: BTreeMap::new(),
            programs: BTreeMap::new(),
            environment: BTreeMap::new(),
            simulation: None,
        },
        parameters: Vec::new(),
        channels,
        watches: Vec::new(),
        tables: BTreeMap::new(),
        table_versions: [].into(),
        cases,
        finally: Vec::new(),
        derived: Vec::new(),
        restrictions: Vec::new(),
    }
}

/// The beginning of a record on this clock.
pub(crate) fn start(pace: Pace) -> Start {
    Start {
        unix_ns_at_zero: UNIX_S * 1_000_000_000,
        pace,
    }
}

/// A run of the plan on the device, in consent, with these listeners.
pub(crate) fn run(
    plan: Arc<Plan>,
    device: Arc<dyn Device>,
    listeners: Vec<Arc<dyn Listener>>,
    clock: Clock,
) -> Run {
    let mut settings = Settings::new("measured", UTC);
    settings.consent = Consent::Given;
    settings.countdown = std::time::Duration::ZERO;
    Run {
        plan,
        devices: vec![device],
        operator: Arc::new(Nobody),
        listeners,
        clock,
        control: Control::new(),
        settings,
    }
}

/// The record as a listener, as the program wires it.
pub(crate) struct Record(pub(crate) Arc<Recorder>);

impl Listener for Record {
    fn name(&self) -> &str {
        "record"
    }

    fn event(&self, event: &Event) -> Result<(), String> {
        self.0.event(event).map_err(|e| e.to_string())
    }

    fn sample(&self, sample: &Sample) -> bool {
        self.0.sample(sample)
    }
}

struct Nobody;

impl Operator for Nobody {
    fn ask(&self, _: &Question) -> (Answer, String) {
        (Answer::None, "nobody".into())
    }
}
