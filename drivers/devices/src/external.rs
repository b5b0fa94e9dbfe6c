//! A robot (or joint) that does programs of its own and has no link to certbench: it is asked through
//! the bench's wiring, and everything about its motion is its own affair. What it is stands on its
//! label; whether it is physical is declared, since there is no link to tell.

use std::sync::Arc;

use certbench_clock::Clock;
use certbench_model::plan::DevicePlan;
use certbench_model::vocabulary::DriverDescription;
use certbench_model::{Identity, LinkFacts, Provenance, Text};
use certbench_roles::{Device, Lease, NewsSink, SampleSink, Trouble, Wiring};

pub(crate) fn description() -> DriverDescription {
    DriverDescription {
        id: "external-program".into(),
        title: Text::new(
            "robot that does programs of its own, without a link; `port: none`",
            "自行执行程序的机器人，无通信链路；`port: none`",
        ),
        kind: "robot".into(),
        links: Vec::new(),
        roles: ["identify", "program"].map(String::from).to_vec(),
        joints: Vec::new(),
        signals: Vec::new(),
        options: Vec::new(),
        safe_states: ["decelerate-and-hold", "hold", "torque-off"]
            .map(String::from)
            .to_vec(),
        watchdog: Text::new(
            "none towards certbench: its program goes on; only the bench's output stops it",
            "对 certbench 无看门狗：其程序将继续执行；只有测试台的输出能使其停止",
        ),
        verified_against: vec!["simulator".into()],
        moves: true,
    }
}

pub(crate) fn open(plan: &DevicePlan, _clock: &Clock) -> Result<Arc<dyn Device>, Trouble> {
    Ok(Arc::new(External {
        id: plan.id.clone(),
        declared: plan.provenance,
    }))
}

struct External {
    id: String,
    declared: Provenance,
}

impl Device for External {
    fn id(&self) -> &str {
        &self.id
    }

    fn link(&self) -> LinkFacts {
        LinkFacts {
            kind: "none".into(),
            port: "none".into(),
            settings: String::new(),
            may_be_physical: self.declared == Provenance::Physical,
        }
    }

    fn identify(&self) -> Result<Identity, Trouble> {
        let label = ["maker", "model", "serial", "firmware"];
        Ok(Identity {
            read_from_device: false,
            label_needed: label.map(String::from).to_vec(),
            notes: vec!["no link: everything is from its label".into()],
            ..Identity::default()
        })
    }

    fn start(
        &self,
        wiring: Wiring,
        _samples: SampleSink,
        _news: NewsSink,
        _lease: Lease,
    ) -> Result<(), Trouble> {
        match wiring.0.first() {
            None => Ok(()),
            Some((signal, _)) => Err(Trouble::Refused(format!(
                "{} has no link and no signal `{signal}`",
                self.id
            ))),
        }
    }

    fn close(&self) {}
}
