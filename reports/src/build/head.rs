//! Who, what, when and where: laboratory, order, items, suite, bench.

use super::named;
use crate::document::{
    Basis, Bench, BenchDevice, Change, CommandedPose, Dates, External, IdentityRow, Item, Mark,
    Opinion, Order, Signature, Suite, TestCube, Validation,
};
use crate::extra::{Extra, Issue, Laboratory, Validated};
use crate::{build::rule, number, words::say};
use certbench_model::plan::{DevicePlan, Pose, SafeState, Safety, Watchdog};
use certbench_model::{EventBody, Facts, Identity, LinkFacts, Plan, Provenance, Text};
use std::collections::BTreeMap;

/// The first event of a run, as far as a report needs it.
#[derive(Clone, Copy)]
pub(super) struct Opened<'a> {
    pub(super) certbench: &'a str,
    pub(super) host: &'a str,
    pub(super) operator: &'a str,
}

pub(super) fn opened(facts: &Facts) -> Option<Opened<'_>> {
    facts.events.iter().find_map(|line| match &line.event.body {
        EventBody::Opened {
            certbench,
            host,
            operator,
            ..
        } => Some(Opened {
            certbench,
            host,
            operator,
        }),
        _ => None,
    })
}

/// Run and beginning of the plan's hash: unique beyond one bench, and no report number.
pub(super) fn draft_id(facts: &Facts) -> String {
    let hash: String = facts.plan_sha256.chars().take(8).collect();
    format!("{}-{hash}", facts.run)
}

pub(super) fn dates(facts: &Facts, extra: &Extra) -> Dates {
    let times = || facts.events.iter().map(|l| l.event.time_ns);
    let lasted = times().max().unwrap_or(0) - times().min().unwrap_or(0);
    Dates {
        started: facts.utc.clone(),
        lasted_s: number::seconds(lasted),
        issued: extra
            .issue
            .as_ref()
            .map(|i| i.utc.chars().take(10).collect()),
    }
}

pub(super) fn signatures(issue: &Issue) -> Vec<Signature> {
    let roles = [
        ("prepared", &issue.prepared),
        ("reviewed", &issue.reviewed),
        ("approved", &issue.approved),
    ];
    let one = |(role, name): (&str, &String)| Signature {
        role: role.to_string(),
        name: name.clone(),
        utc: issue.utc.clone(),
    };
    roles.map(one).into()
}

pub(super) fn marks(laboratory: &Laboratory) -> Vec<Mark> {
    let one = |m: &crate::extra::LaboratoryMark| Mark {
        mark: m.mark.clone(),
        number: m.number.clone(),
        scope: m.scope.clone(),
    };
    laboratory.marks.iter().map(one).collect()
}

pub(super) fn validation(validated: Option<&Validated>) -> Validation {
    let state = match validated {
        None => "none",
        Some(v) if !v.held => "failed",
        Some(v) if !v.differs.is_empty() => "differs",
        Some(_) => "holds",
    };
    let text = |part: fn(&Validated) -> &String| validated.map(|v| part(v).clone());
    let differs = validated.into_iter().flat_map(|v| &v.differs);
    let change = |[what, old, new]: &[String; 3]| Change {
        what: what.clone(),
        old: Text::same(old.clone()),
        new: Text::same(new.clone()),
    };
    Validation {
        state: state.to_string(),
        id: text(|v| &v.id),
        utc: text(|v| &v.utc),
        by: text(|v| &v.by),
        certbench: text(|v| &v.certbench),
        host: text(|v| &v.host),
        statement_sha256: text(|v| &v.statement_sha256),
        differs: differs.map(change).collect(),
    }
}

pub(super) fn external(laboratory: &Laboratory) -> Vec<External> {
    let one = |e: &crate::extra::ExternalResult| External {
        what: e.what.clone(),
        provider: e.provider.clone(),
    };
    laboratory.external.iter().map(one).collect()
}

pub(super) fn opinions(laboratory: &Laboratory) -> Vec<Opinion> {
    let one = |o: &crate::extra::LaboratoryOpinion| Opinion {
        text: o.text.clone(),
        basis: o.basis.clone(),
        by: o.by.clone(),
        authorized: laboratory.may_give_opinions.contains(&o.by),
    };
    laboratory.opinions.iter().map(one).collect()
}

/// What an instrument says of itself, and where it says nothing, what the laboratory read from its
/// label.
pub(super) fn instrument_identity(
    facts: &Facts,
    laboratory: &Laboratory,
    device: &str,
) -> Option<Identity> {
    let told = identified(facts, device).map(|(identity, _)| identity.clone());
    let Some(label) = laboratory.instruments.get(device) else {
        return told;
    };
    let mut identity = told.unwrap_or_default();
    for (field, written) in [
        (&mut identity.maker, &label.maker),
        (&mut identity.model, &label.model),
        (&mut identity.serial, &label.serial),
        (&mut identity.firmware, &label.firmware),
    ] {
        if field.is_none() {
            field.clone_from(written);
        }
    }
    Some(identity)
}

pub(super) fn order(plan: &Plan) -> Option<Order> {
    let job = plan.job.as_ref()?;
    Some(Order {
        number: job.order.clone(),
        customer: job.customer.clone(),
        scope: job.scope.clone(),
        declared: named(&job.declared),
        rule: job.rule.map(rule::name),
    })
}

pub(super) fn suite(plan: &Plan) -> Suite {
    let suite = plan.suite.clone();
    Suite {
        id: suite.id,
        version: suite.version,
        status: suite.status,
        title: suite.title,
        area: suite.area,
        basis: suite.basis.into_iter().map(basis).collect(),
        files: suite.files,
    }
}

fn basis(basis: certbench_model::plan::Basis) -> Basis {
    Basis {
        standard: basis.standard,
        edition: basis.edition,
        part: basis.part,
        relation: basis.relation,
        note: basis.note,
    }
}

pub(super) fn bench(facts: &Facts, laboratory: &Laboratory) -> Bench {
    let bench = &facts.plan.bench;
    let device = |d: &DevicePlan| BenchDevice {
        id: d.id.clone(),
        kind: d.kind.clone(),
        driver: d.driver.clone(),
        port: d.port.clone(),
        provenance: provenance(d.provenance).to_string(),
        identity: instrument_identity(facts, laboratory, &d.id),
    };
    let others = bench.devices.iter().filter(|d| !d.under_test);
    Bench {
        id: bench.id.clone(),
        file: bench.file.clone(),
        devices: others.map(device).collect(),
        cube: bench.cube.as_ref().map(|of| TestCube {
            device: of.device.clone(),
            frame: of.frame.clone(),
            centre: format!("({}) mm", coordinates(&of.cube.centre)),
            edge: format!("{} mm", of.cube.edge),
            plane: of.plane.corners().to_string(),
        }),
        poses: commanded(&bench.poses),
    }
}

fn commanded(poses: &BTreeMap<String, Pose>) -> Vec<CommandedPose> {
    let one = |(name, pose): (&String, &Pose)| {
        let [x, y, z, a, b, c] = pose.tcp?;
        Some(CommandedPose {
            name: name.clone(),
            device: pose.device.clone(),
            frame: pose.frame.clone(),
            position_mm: coordinates(&[x, y, z]),
            orientation_deg: coordinates(&[a, b, c]),
        })
    };
    poses.iter().filter_map(one).collect()
}

/// To a thousandth, without zeros at the end.
fn coordinates(all: &[f64; 3]) -> String {
    // A zero of its own takes the sign from what was rounded to one.
    let one = |x: &f64| ((x * 1e3).round() / 1e3 + 0.0).to_string();
    all.iter().map(one).collect::<Vec<_>>().join(", ")
}

/// The devices under test, then items of the order that are no device of this plan.
pub(super) fn items(facts: &Facts) -> Vec<Item> {
    let plan = &facts.plan;
    let of_job = |id: &str| plan.job.as_ref()?.items.iter().find(|i| i.device == id);
    let under_test = plan.bench.devices.iter().filter(|d| d.under_test);
    let mut items: Vec<Item> = under_test
        .map(|d| item(facts, &d.id, Some(d), of_job(&d.id)))
        .collect();
    for declared in plan.job.iter().flat_map(|job| &job.items) {
        if !items.iter().any(|i| i.device == declared.device) {
            let device = plan.device(&declared.device);
            items.push(item(facts, &declared.device, device, Some(declared)));
        }
    }
    items
}

fn item(
    facts: &Facts,
    id: &str,
    device: Option<&DevicePlan>,
    declared: Option<&certbench_model::Item>,
) -> Item {
    let told = identified(facts, id);
    let safety = device.and_then(|d| d.safety.as_ref());
    Item {
        device: id.to_string(),
        kind: device.map(|d| d.kind.clone()).unwrap_or_default(),
        driver: device.map(|d| d.driver.clone()).unwrap_or_default(),
        provenance: device
            .map(|d| provenance(d.provenance))
            .unwrap_or("physical")
            .to_string(),
        identity: identity_rows(facts, id, told.map(|t| t.0), declared.map(|d| &d.identity)),
        notes: told.map(|t| t.0.notes.clone()).unwrap_or_default(),
        received: declared.map(|d| d.received.to_string()),
        condition: declared.map(|d| d.condition.clone()),
        link: told.map(|t| t.1.clone()),
        safe_state: safety.map(safe_state),
        watchdog: safety.map(watchdog),
    }
}

type Field = (&'static str, fn(&Identity) -> &Option<String>);

const FIELDS: [Field; 4] = [
    ("maker", |i| &i.maker),
    ("model", |i| &i.model),
    ("serial", |i| &i.serial),
    ("firmware", |i| &i.firmware),
];

fn identity_rows(
    facts: &Facts,
    device: &str,
    told: Option<&Identity>,
    declared: Option<&Identity>,
) -> Vec<IdentityRow> {
    let row = |(field, get): Field| {
        let over_link =
            |i: &&Identity| i.read_from_device && !i.label_needed.iter().any(|f| f == field);
        let confirmed = facts.events.iter().rev().find_map(|l| match &l.event.body {
            EventBody::LabelConfirmed {
                device: d,
                field: f,
                value,
            } if d == device && f == field => Some(value.clone()),
            _ => None,
        });
        IdentityRow {
            field: field.to_string(),
            declared: declared.and_then(|i| get(i).clone()),
            read: told.filter(over_link).and_then(|i| get(i).clone()),
            confirmed,
        }
    };
    FIELDS.map(row).into()
}

/// What a device said when it was opened last.
pub(super) fn identified<'a>(facts: &'a Facts, id: &str) -> Option<(&'a Identity, &'a LinkFacts)> {
    facts.events.iter().rev().find_map(|l| match &l.event.body {
        EventBody::Identified {
            device,
            identity,
            link,
        } if device == id => Some((identity, link)),
        _ => None,
    })
}

pub(super) fn provenance(provenance: Provenance) -> &'static str {
    match provenance {
        Provenance::Physical => "physical",
        Provenance::Simulated => "simulated",
        Provenance::Replayed => "replayed",
    }
}

fn safe_state(safety: &Safety) -> Text {
    match safety.safe_state {
        SafeState::Hold => say("safe-state.hold", &[]),
        SafeState::DecelerateAndHold => say("safe-state.decelerate-and-hold", &[]),
        SafeState::TorqueOff => say("safe-state.torque-off", &[]),
        SafeState::Open => say("safe-state.open", &[]),
    }
}

fn watchdog(safety: &Safety) -> Text {
    let after = |s: f64| [("s", number::exact(s))];
    match safety.watchdog {
        Watchdog::None => say("watchdog.none", &[]),
        Watchdog::Stops { after_s } => say("watchdog.stops", &after(after_s)),
        Watchdog::Reports { after_s } => say("watchdog.reports", &after(after_s)),
    }
}
