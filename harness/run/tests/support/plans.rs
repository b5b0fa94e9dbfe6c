//! Plans for the bench of fakes.

use certbench_model::channel::Component;
use certbench_model::job::Party;
use certbench_model::plan::{
    Bench, Case, DevicePlan, JointLimit, Limits, OnDeviceEvent, Output, Pose, Preset, Row,
    SafeState, Safety, SuiteFacts, Watch, Watchdog,
};
use certbench_model::step::{
    Ask, Choice, Condition, Does, Grasp, Mark, Move, Otherwise, Outcome, Over, Presence, Prompt,
    Release, Repeat, SetOutput, Target, Trial, Until, Wait, Window,
};
use certbench_model::{
    Channel, FileDigest, ParamValue, Plan, Provenance, Quantity, Source, Step, Text, Unit,
};
use std::collections::BTreeMap;

pub(crate) fn q(text: &str) -> Quantity {
    text.parse().unwrap()
}

pub(crate) fn plan(cases: Vec<Case>) -> Plan {
    Plan {
        format: certbench_model::plan::PLAN_FORMAT,
        suite: SuiteFacts {
            id: "fake-suite".into(),
            version: "0.1.0".into(),
            status: "draft".into(),
            title: Text::same("fake"),
            area: "evaluation".into(),
            basis: vec![],
            files: vec![],
        },
        job: None,
        bench: bench(),
        parameters: vec![],
        channels: vec![
            channel("force", "gauge", "N", Source::Reference),
            channel("angle", "arm", "deg", Source::Device),
            channel("temperature", "hand", "Cel", Source::Device),
        ],
        watches: vec![
            watch("temperature", Some(70.0), 0.2),
            watch("force", Some(50.0), 0.2),
        ],
        tables: [("poses".to_string(), vec![row("p1"), row("p2")])].into(),
        table_versions: [].into(),
        cases,
        finally: vec![],
        derived: vec![],
        restrictions: vec![],
    }
}

fn bench() -> Bench {
    let pose = |deg| Pose {
        device: "arm".into(),
        joints_deg: vec![deg],
        tcp: None,
        frame: None,
    };
    let preset = |percent: f64| Preset {
        device: "hand".into(),
        closing: [
            ("index".to_string(), percent),
            ("thumb".to_string(), percent),
        ]
        .into(),
    };
    Bench {
        id: "fake-bench".into(),
        laboratory: Party::default(),
        location: None,
        cube: None,
        file: FileDigest {
            path: "fake.bench.yaml".into(),
            bytes: 0,
            sha256: String::new(),
        },
        devices: vec![
            device("arm", true, Some(SafeState::DecelerateAndHold)),
            device("hand", true, Some(SafeState::Hold)),
            device("gauge", false, None),
            device("io", false, None),
        ],
        poses: [
            ("p0".to_string(), pose(0.0)),
            ("p1".to_string(), pose(20.0)),
            ("p2".to_string(), pose(-20.0)),
            ("far".to_string(), pose(120.0)),
        ]
        .into(),
        presets: [
            ("open".to_string(), preset(0.0)),
            ("power".to_string(), preset(100.0)),
        ]
        .into(),
        outputs: [
            (
                "support".to_string(),
                Output {
                    device: "io".into(),
                    number: 0,
                    states: [("raised".to_string(), false), ("lowered".to_string(), true)].into(),
                    values: BTreeMap::new(),
                    safe: Some("raised".into()),
                    moves: true,
                },
            ),
            (
                "estop".to_string(),
                Output {
                    device: "io".into(),
                    number: 1,
                    states: [("closed".to_string(), false), ("open".to_string(), true)].into(),
                    values: BTreeMap::new(),
                    safe: None,
                    moves: false,
                },
            ),
        ]
        .into(),
        programs: BTreeMap::new(),
        environment: BTreeMap::new(),
        simulation: None,
    }
}

fn device(id: &str, under_test: bool, safe_state: Option<SafeState>) -> DevicePlan {
    DevicePlan {
        id: id.into(),
        kind: id.into(),
        driver: format!("fake-{id}"),
        port: "simulated".into(),
        options: BTreeMap::new(),
        provenance: Provenance::Simulated,
        under_test,
        safety: safe_state.map(|safe_state| Safety {
            safe_state,
            watchdog: Watchdog::None,
            held_by: None,
            next: None,
        }),
        limits: Limits {
            joints: vec![JointLimit {
                joint: "j1".into(),
                deg_min: -90.0,
                deg_max: 90.0,
                deg_per_s_max: 40.0,
            }],
            force_n_max: Some(10.0),
            load_kg_max: Some(5.0),
            ..Limits::default()
        },
    }
}

fn channel(id: &str, device: &str, unit: &str, source: Source) -> Channel {
    Channel {
        id: id.into(),
        device: device.into(),
        signal: id.into(),
        components: vec![Component {
            name: "value".into(),
            unit: Unit::parse(unit).unwrap(),
        }],
        digital: false,
        source,
        delay_s: [0.0, 0.0],
        interval_s: 0.01,
        calibration: None,
        registration: None,
    }
}

pub(crate) fn watch(channel: &str, at_most: Option<f64>, max_age_s: f64) -> Watch {
    Watch {
        channel: channel.into(),
        component: String::new(),
        at_least: None,
        at_most,
        max_age_s,
    }
}

fn row(id: &str) -> Row {
    Row {
        id: id.into(),
        title: Text::same(id),
        columns: [("mass".to_string(), ParamValue::Quantity(q("0.4 kg")))].into(),
    }
}

pub(crate) fn case(id: &str, steps: Vec<Step>) -> Case {
    Case {
        id: id.into(),
        title: Text::same(id),
        steps,
        finally: vec![],
        measures: vec![],
        on_device_event: OnDeviceEvent::Fail,
        shortened: None,
        seconds_max: 60.0,
        steps_max: 100,
        setup: Vec::new(),
    }
}

pub(crate) fn go(pose: &str) -> Step {
    Step::Move(Move {
        device: "arm".into(),
        to: Target::Pose(pose.into()),
        speed: q("100 %"),
        until: Until::Settled,
        timeout_s: 10.0,
    })
}

pub(crate) fn started(pose: &str) -> Step {
    match go(pose) {
        Step::Move(m) => Step::Move(Move {
            until: Until::Started,
            ..m
        }),
        step => step,
    }
}

pub(crate) fn grasp() -> Step {
    Step::Grasp(Grasp {
        device: "hand".into(),
        preset: "power".into(),
        force: q("40 %"),
        speed: q("100 %"),
        timeout_s: 2.0,
    })
}

pub(crate) fn release() -> Step {
    Step::Release(Release {
        device: "hand".into(),
        speed: q("50 %"),
        timeout_s: 2.0,
    })
}

pub(crate) fn output(output: &str, to: &str) -> SetOutput {
    SetOutput {
        output: output.into(),
        to: to.into(),
    }
}

pub(crate) fn wait(seconds: f64) -> Step {
    Step::Wait(Wait::For(seconds))
}

pub(crate) fn until(channel: &str, does: Does, within_s: f64, otherwise: Otherwise) -> Wait {
    Wait::Until {
        condition: Condition {
            channel: channel.into(),
            component: String::new(),
            does,
        },
        within_s,
        otherwise,
    }
}

pub(crate) fn window(id: &str, record: &[&str], steps: Vec<Step>, until: Option<Wait>) -> Step {
    Step::Window(Window {
        id: id.into(),
        record: record.iter().map(|r| (*r).to_string()).collect(),
        steps,
        until,
        take: Vec::new(),
    })
}

pub(crate) fn prompt(id: &str, presence: Presence, ask: Ask) -> Step {
    Step::Prompt(Prompt {
        id: id.into(),
        text: Text::new("Do it.", "请操作。"),
        ask,
        presence,
        changes: BTreeMap::new(),
    })
}

pub(crate) fn inside(id: &str) -> Step {
    prompt(id, Presence::Inside, Ask::Instruct)
}

pub(crate) fn outside(id: &str) -> Step {
    prompt(id, Presence::Outside, Ask::Instruct)
}

pub(crate) fn choose(id: &str, choices: &[(&str, Option<Outcome>)]) -> Step {
    let choice = |(id, means): &(&str, Option<Outcome>)| Choice {
        id: (*id).to_string(),
        text: Text::same(*id),
        means: means.clone(),
        intervention: false,
    };
    let ask = Ask::Choose(choices.iter().map(choice).collect());
    prompt(id, Presence::Outside, ask)
}

pub(crate) fn trial(id: &str, steps: Vec<Step>, invalid_if: &[&str], invalid_most: u32) -> Step {
    Step::Trial(Trial {
        id: id.into(),
        steps,
        outcome: None,
        invalid_if: invalid_if.iter().map(|r| (*r).to_string()).collect(),
        invalid_most,
        attempts: 0,
        sampling: None,
    })
}

pub(crate) fn times(variable: &str, n: u32, steps: Vec<Step>) -> Step {
    Step::Repeat(Repeat::new(variable, Over::Times(n), steps))
}

pub(crate) fn over_poses(variable: &str, steps: Vec<Step>) -> Step {
    let over = Over::Rows {
        table: "poses".into(),
        order: vec!["p2".into(), "p1".into()],
        seed: None,
    };
    Step::Repeat(Repeat::new(variable, over, steps))
}

pub(crate) fn mark(name: &str) -> Step {
    Step::Mark(Mark { name: name.into() })
}
