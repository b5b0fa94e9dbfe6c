//! The parts of suite and bench that a plan uses.

use super::Request;
use crate::check::suite::Suite;
use crate::check::table::Table;
use crate::complaint::Span;
use crate::sources::Sources;
use certbench_model::plan::{DevicePlan, Row};
use certbench_model::{Channel, plan as model};
use std::collections::{BTreeMap, BTreeSet};

fn used_tables<'s>(
    suite: &'s Suite,
    names: &BTreeSet<(&'static str, String)>,
) -> impl Iterator<Item = (&'s String, &'s Table)> {
    let used = |name: &String| names.contains(&("table", name.clone()));
    suite.tables.iter().filter(move |(name, _)| used(name))
}

/// Versions of tables that steps go over, of those that state one.
pub(super) fn table_versions(
    suite: &Suite,
    names: &BTreeSet<(&'static str, String)>,
) -> BTreeMap<String, String> {
    let version = |(name, table): (&String, &Table)| Some((name.clone(), table.version.0.clone()?));
    used_tables(suite, names).filter_map(version).collect()
}

/// Tables that steps go over.
pub(super) fn tables(
    suite: &Suite,
    names: &BTreeSet<(&'static str, String)>,
) -> BTreeMap<String, Vec<Row>> {
    used_tables(suite, names)
        .map(|(name, table)| {
            let rows = table.rows.iter().map(|(_, row)| row.clone()).collect();
            (name.clone(), rows)
        })
        .collect()
}

/// The bench as far as the plan uses it: the items, the instruments of its channels, the devices of
/// its outputs and of the stop paths.
pub(super) fn bench_of_plan(
    request: &Request<'_>,
    sources: &Sources,
    channels: &[Channel],
    under_test: &[String],
) -> model::Bench {
    let Request { suite, bench, .. } = *request;
    let mut used: BTreeSet<&str> = suite.needs.devices.keys().map(String::as_str).collect();
    used.extend(channels.iter().map(|c| c.device.as_str()));
    let outputs = suite.needs.outputs.keys();
    let outputs = outputs.filter_map(|name| bench.outputs.get(name));
    used.extend(outputs.map(|(_, o)| o.device.as_str()));
    let robots = suite.needs.devices.keys();
    let robots = robots.filter_map(|name| bench.programs.get(name));
    let switched = robots.flat_map(|(_, programs)| programs.outputs());
    let switched = switched.filter_map(|set| bench.outputs.get(&set.output));
    used.extend(switched.map(|(_, o)| o.device.as_str()));
    let next = |device: &str| {
        let safety = bench.devices.get(device)?.plan.safety.as_ref()?;
        let output = bench.outputs.get(&safety.next.as_ref()?.output)?;
        Some(output.1.device.as_str())
    };
    while let Some(more) = used
        .iter()
        .filter_map(|d| next(d))
        .find(|d| !used.contains(d))
    {
        used.insert(more);
    }
    let devices = bench.devices.values().map(|d| &d.plan);
    let devices = devices.filter(|d| used.contains(d.id.as_str()));
    let devices = devices.map(|d| DevicePlan {
        under_test: under_test.contains(&d.id),
        ..d.clone()
    });
    let here = |device: &str| used.contains(device);
    model::Bench {
        id: bench.id.clone(),
        laboratory: bench.laboratory.clone(),
        location: bench.location.clone(),
        file: sources.digest(bench.file),
        devices: devices.collect(),
        poses: of_devices(&bench.poses, |p| here(&p.device)),
        cube: bench.cube.clone().filter(|c| here(&c.device)),
        presets: of_devices(&bench.presets, |p| here(&p.device)),
        outputs: of_devices(&bench.outputs, |o| here(&o.device)),
        programs: of_needed(&bench.programs, |device| here(device)),
        environment: bench.environment.clone(),
        simulation: bench.simulation.clone(),
    }
}

fn of_needed<T: Clone>(
    all: &BTreeMap<String, (Span, T)>,
    here: impl Fn(&str) -> bool,
) -> BTreeMap<String, T> {
    let here = all.iter().filter(|(name, _)| here(name));
    here.map(|(name, (_, thing))| (name.clone(), thing.clone()))
        .collect()
}

fn of_devices<T: Clone>(
    all: &BTreeMap<String, (Span, T)>,
    here: impl Fn(&T) -> bool,
) -> BTreeMap<String, T> {
    let here = all.iter().filter(|(_, (_, thing))| here(thing));
    here.map(|(name, (_, thing))| (name.clone(), thing.clone()))
        .collect()
}
