//! What a suite needs of a bench.

use super::Checker;
use super::bench::entries;
use super::literal::{difference_in, identifier, number_in, positive, unit};
use super::shared::{all_known, any_entry, not_empty};
use crate::complaint::{Complaint, Span};
use crate::written::suite::{
    ChannelNeed as WrittenChannel, DeviceNeed as WrittenDevice, FromWord, Needs as Written,
    ShapeWord, SourceWord,
};
use crate::yaml::At;
use certbench_model::{Component, Source, Unit};
use std::collections::BTreeMap;

/// Needs, by name, each with its place.
#[derive(Clone, Debug, Default)]
pub(crate) struct Needs {
    pub(crate) devices: BTreeMap<String, DeviceNeed>,
    pub(crate) channels: BTreeMap<String, ChannelNeed>,
    pub(crate) outputs: BTreeMap<String, (Span, Vec<String>)>,
    pub(crate) poses: BTreeMap<String, Span>,
    pub(crate) presets: BTreeMap<String, Span>,
    /// Names that were written and could not be read: they have had their complaint.
    pub(crate) unreadable: Vec<String>,
}

/// A needed device.
#[derive(Clone, Debug)]
pub(crate) struct DeviceNeed {
    pub(crate) span: Span,
    pub(crate) kind: String,
    pub(crate) roles: Vec<String>,
    /// Commanded, and no item under test.
    pub(crate) equipment: bool,
}

/// A needed channel.
#[derive(Clone, Debug)]
pub(crate) struct ChannelNeed {
    pub(crate) span: Span,
    pub(crate) shape: ShapeWord,
    pub(crate) unit: Unit,
    pub(crate) source: Option<Source>,
    /// Whether its data may come from a file after the run.
    pub(crate) import: bool,
    /// In `unit`, with its place.
    pub(crate) u_at_most: Option<(f64, Span)>,
    pub(crate) bandwidth_hz: Option<(f64, Span)>,
}

impl ChannelNeed {
    /// Components as far as the suite fixes them; the bench has the last word.
    pub(crate) fn components(&self) -> Vec<Component> {
        let component = |name: &str, unit| Component {
            name: name.to_string(),
            unit,
        };
        match self.shape {
            ShapeWord::Scalar | ShapeWord::Digital | ShapeWord::Vector => {
                vec![component("value", self.unit)]
            }
            ShapeWord::Pose => {
                let deg = Unit::parse("deg").unwrap_or(Unit::one());
                let lengths = ["x", "y", "z"].map(|n| component(n, self.unit));
                let angles = ["a", "b", "c"].map(|n| component(n, deg));
                lengths.into_iter().chain(angles).collect()
            }
        }
    }
}

impl Checker<'_> {
    /// The needs of a suite.
    pub(crate) fn needs(&self, written: &At<Written>) -> Needs {
        let mut needs = Needs::default();
        let Some(written) = written.get() else {
            return needs;
        };
        any_entry(
            "empty-needs",
            "devices under test",
            &written.devices,
            self.sink,
        );
        for (name, span, device) in entries(Some(&written.devices)) {
            match self.device_need(name, span, device) {
                Some((name, need)) => {
                    needs.devices.insert(name, need);
                }
                None => needs.unreadable.push(name.to_string()),
            }
        }
        for (name, span, channel) in entries(written.channels.as_ref()) {
            match self.channel_need(name, span, channel) {
                Some((name, need)) => {
                    needs.channels.insert(name, need);
                }
                None => needs.unreadable.push(name.to_string()),
            }
        }
        for (name, span, output) in entries(written.outputs.as_ref()) {
            let name = identifier(name, span, "an output", self.sink);
            let states = output.get().map(|o| &o.states);
            let states =
                states.filter(|s| not_empty("empty-states", "states of an output", s, self.sink));
            let states = states.and_then(At::get).into_iter().flatten();
            let states = states.filter_map(|s| s.value.clone()).collect();
            needs.outputs.extend(name.map(|n| (n, (span, states))));
        }
        needs.poses = self.names("a pose", written.poses.as_ref());
        needs.presets = self.names("a preset", written.presets.as_ref());
        needs
    }

    fn names(&self, what: &str, written: Option<&At<Vec<At<String>>>>) -> BTreeMap<String, Span> {
        let mut names = BTreeMap::new();
        for at in written.and_then(At::get).into_iter().flatten() {
            let Some(name) = at
                .get()
                .and_then(|n| identifier(n, at.span, what, self.sink))
            else {
                continue;
            };
            if let Some(first) = names.insert(name.clone(), at.span) {
                let message = format!("`{name}` is there twice");
                let complaint = Complaint::new("duplicate-id", at.span, message);
                self.sink.push(complaint.also(first, "first here"));
            }
        }
        names
    }

    fn device_need(
        &self,
        name: &str,
        span: Span,
        written: &At<WrittenDevice>,
    ) -> Option<(String, DeviceNeed)> {
        let need = written.get()?;
        let drivers = &self.vocabulary.drivers;
        let kinds: Vec<&str> = drivers.iter().map(|d| d.kind.as_str()).collect();
        let roles: Vec<&str> = drivers
            .iter()
            .flat_map(|d| &d.roles)
            .map(String::as_str)
            .collect();
        all_known(
            "unknown-kind",
            "kind of device",
            std::slice::from_ref(&need.kind),
            &distinct(kinds),
            self.sink,
        );
        let wanted = need.roles.get()?;
        all_known("unknown-role", "role", wanted, &distinct(roles), self.sink);
        let name = identifier(name, span, "a device", self.sink)?;
        let equipment = need.equipment.as_ref().and_then(At::get);
        let need = DeviceNeed {
            equipment: equipment.is_some_and(|e| *e),
            span,
            kind: need.kind.get()?.clone(),
            roles: wanted.iter().filter_map(|r| r.value.clone()).collect(),
        };
        Some((name, need))
    }

    fn channel_need(
        &self,
        name: &str,
        span: Span,
        written: &At<WrittenChannel>,
    ) -> Option<(String, ChannelNeed)> {
        let need = written.get()?;
        let name = identifier(name, span, "a channel", self.sink);
        let shape = match &need.shape {
            None => ShapeWord::Scalar,
            Some(shape) => *shape.get()?,
        };
        let unit = match (&need.unit, shape) {
            (Some(at), ShapeWord::Digital) => {
                let message = "a digital channel has no unit";
                self.sink
                    .push(Complaint::new("needless-unit", at.span, message));
                Unit::one()
            }
            (None, ShapeWord::Digital) => Unit::one(),
            (Some(at), _) => unit(at, self.sink)?,
            (None, _) => {
                let message = "a channel without unit";
                self.sink.push(
                    Complaint::new("missing-unit", span, message)
                        .help("add for example `unit: N`, or `shape: digital` if it is a contact"),
                );
                return None;
            }
        };
        let source = need.source.as_ref().and_then(At::get).map(|s| match s {
            SourceWord::Reference => Source::Reference,
            SourceWord::Device => Source::Device,
        });
        let u_at_most = need.u_at_most.as_ref().and_then(|at| {
            let u = difference_in(at, unit, self.sink)?;
            Some((positive(u, at.span, "an uncertainty", self.sink)?, at.span))
        });
        let bandwidth_hz = need.bandwidth.as_ref().and_then(|at| {
            let hz = number_in(at, "Hz", self.sink)?;
            Some((positive(hz, at.span, "a bandwidth", self.sink)?, at.span))
        });
        let need = ChannelNeed {
            span,
            shape,
            unit,
            source,
            import: need.from.as_ref().and_then(At::get) == Some(&FromWord::Import),
            u_at_most,
            bandwidth_hz,
        };
        Some((name?, need))
    }
}

fn distinct(mut names: Vec<&str>) -> Vec<&str> {
    names.sort_unstable();
    names.dedup();
    names
}
