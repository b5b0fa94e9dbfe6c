//! A small plan, a folder of its own for every test, and a short run.
#![allow(dead_code)]

use certbench_model::identity::FileDigest;
use certbench_model::job::Party;
use certbench_model::plan::{Bench, DevicePlan, Limits, Plan, SuiteFacts};
use certbench_model::{
    CaseEnd, Channel, Component, Event, EventBody, Invalid, Provenance, Reading, RunEnd, Sample,
    Source, Text, Unit,
};
use certbench_record::{Pace, Recorder, Start};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

/// A folder that goes with the test.
pub(crate) struct Folder(pub(crate) PathBuf);

impl Folder {
    pub(crate) fn new() -> Folder {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name = format!(
            "certbench-record-{}-{}",
            std::process::id(),
            NEXT.fetch_add(1, Ordering::Relaxed)
        );
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&path).unwrap();
        Folder(path)
    }

    pub(crate) fn run(&self) -> PathBuf {
        self.0.join("run")
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

pub(crate) fn unit(symbol: &str) -> Unit {
    Unit::parse(symbol).unwrap()
}

fn channel(id: &str, components: &[(&str, &str)]) -> Channel {
    Channel {
        id: id.to_string(),
        device: "gauge".to_string(),
        signal: id.to_string(),
        components: components
            .iter()
            .map(|(name, u)| Component {
                name: name.to_string(),
                unit: unit(u),
            })
            .collect(),
        digital: false,
        source: Source::Reference,
        delay_s: [0.0, 0.002],
        interval_s: 0.01,
        calibration: None,
        registration: None,
    }
}

/// Channel 0 is a force, 1 a pose, 2 two fingers.
pub(crate) fn plan() -> Plan {
    Plan {
        format: certbench_model::plan::PLAN_FORMAT,
        suite: SuiteFacts {
            id: "hand-slip-resistance".to_string(),
            version: "0.1.0".to_string(),
            status: "draft".to_string(),
            title: Text::new("Slip resistance", "抗滑移性能"),
            area: "evaluation".to_string(),
            basis: vec![],
            files: vec![],
        },
        job: None,
        bench: Bench {
            id: "bench-1".to_string(),
            laboratory: Party::default(),
            location: None,
            file: FileDigest {
                path: "bench.yaml".to_string(),
                bytes: 0,
                sha256: String::new(),
            },
            devices: vec![DevicePlan {
                id: "hand".to_string(),
                kind: "hand".to_string(),
                driver: "inspire-rh56".to_string(),
                port: "/dev/ttyUSB0".to_string(),
                options: [("baud".to_string(), serde_json::json!(115200))].into(),
                provenance: Provenance::Simulated,
                under_test: true,
                safety: None,
                limits: Limits {
                    force_n_max: Some(0.1 + 0.2),
                    ..Limits::default()
                },
            }],
            poses: [].into(),
            cube: None,
            presets: [].into(),
            outputs: [].into(),
            programs: [].into(),
            environment: [].into(),
            simulation: Some(serde_json::json!({"seed": 7, "friction": 0.5, "whole": 1.0})),
        },
        parameters: vec![],
        channels: vec![
            channel("pull_force", &[("value", "N")]),
            channel(
                "tcp",
                &[
                    ("x", "mm"),
                    ("y", "mm"),
                    ("z", "mm"),
                    ("a", "deg"),
                    ("b", "deg"),
                    ("c", "deg"),
                ],
            ),
            channel("fingers", &[("thumb-bend", "deg"), ("index", "deg")]),
        ],
        watches: vec![],
        tables: [].into(),
        table_versions: [].into(),
        cases: vec![],
        finally: vec![],
        derived: vec![],
        restrictions: vec![],
    }
}

pub(crate) const START: Start = Start {
    unix_ns_at_zero: 1_795_000_000_123_456_789,
    pace: Pace::Real,
};

pub(crate) fn event(time_ns: u64, body: EventBody) -> Event {
    Event { time_ns, body }
}

pub(crate) fn opened(plan: &Plan) -> Event {
    event(
        0,
        EventBody::Opened {
            run: "slip-20261122T022654Z".to_string(),
            utc: "2026-11-22T02:26:54Z".to_string(),
            certbench: "0.1.0".to_string(),
            host: "bench-pc".to_string(),
            operator: "a \"quoted\" ,\"plan\":{} person 王".to_string(),
            plan_sha256: plan.digest(),
            plan: Box::new(plan.clone()),
        },
    )
}

pub(crate) fn case_ended(time_ns: u64) -> Event {
    event(
        time_ns,
        EventBody::CaseEnded {
            case: "cylinder-50".to_string(),
            end: CaseEnd::Completed,
        },
    )
}

pub(crate) fn marked(time_ns: u64, name: &str) -> Event {
    event(
        time_ns,
        EventBody::Marked {
            name: name.to_string(),
            context: Default::default(),
        },
    )
}

pub(crate) fn ended(time_ns: u64) -> Event {
    event(
        time_ns,
        EventBody::Ended {
            end: RunEnd::Completed,
            text: "done".to_string(),
        },
    )
}

/// The i-th sample of a run, each millisecond one, the channels in turn; some are invalid.
pub(crate) fn sample(i: u64) -> Sample {
    let v = (i as f64 * 0.001).sin() / 3.0;
    let channel = (i % 3) as u16;
    let reading = match channel {
        _ if i % 50 == 49 => Reading::Invalid(Invalid::OverRange),
        0 => Reading::scalar(v),
        1 => Reading::vector(&[v, 2.0 * v, -v, v + 1e-9, 1e9 * v, 0.0]),
        _ => Reading::vector(&[v, -0.0]),
    };
    Sample {
        channel,
        time_ns: 1_000_000 * i,
        reading,
    }
}

/// A run with `n` samples in two cases, closed.
pub(crate) fn record(folder: &Path, n: u64, pace: Pace) {
    let plan = plan();
    let recorder = Recorder::create(folder, &plan, Start { pace, ..START }).unwrap();
    recorder.event(&opened(&plan)).unwrap();
    for i in 0..n {
        assert!(recorder.sample(&sample(i)));
        if i == n / 2 {
            recorder.event(&case_ended(1_000_000 * i)).unwrap();
        }
    }
    recorder.event(&case_ended(1_000_000 * n)).unwrap();
    recorder.event(&ended(1_000_000 * n)).unwrap();
    recorder.finish().unwrap();
}
