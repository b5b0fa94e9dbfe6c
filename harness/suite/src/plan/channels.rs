//! The bench held against what the suite needs.

use crate::check::bench::Bench;
use crate::check::device::{Device, Signal};
use crate::check::literal::unknown;
use crate::check::need::{ChannelNeed, DeviceNeed, Needs};
use crate::check::place::Wire;
use crate::complaint::{Complaint, Sink, Span};
use crate::near::list;
use crate::plan::view::is_pose;
use crate::written::suite::ShapeWord;
use certbench_model::{Channel, Source};

/// Holds a bench against needs; every lack is a complaint.
pub(crate) struct Matching<'a> {
    pub(crate) needs: &'a Needs,
    pub(crate) bench: &'a Bench,
    /// Devices that are items under test.
    pub(crate) under_test: &'a [String],
    pub(crate) sink: &'a Sink,
}

impl Matching<'_> {
    fn on(&self, complaint: Complaint) {
        let start = Span {
            file: self.bench.file,
            ..Span::default()
        };
        let words = format!("the bench `{}`", self.bench.id);
        self.sink.push(complaint.also(start, words));
    }

    /// Devices, poses, presets and outputs.
    pub(crate) fn things(&self) {
        for (name, need) in &self.needs.devices {
            match self.bench.devices.get(name) {
                Some(device) => self.device(name, need, device),
                None => {
                    let names = self.bench.devices.keys().map(String::as_str);
                    self.on(lacks("device", name, need.span, names));
                }
            }
        }
        for (name, span) in &self.needs.poses {
            if !self.bench.poses.contains_key(name) {
                let names = self.bench.poses.keys().map(String::as_str);
                self.on(lacks("pose", name, *span, names));
            }
        }
        for (name, span) in &self.needs.presets {
            if !self.bench.presets.contains_key(name) {
                let names = self.bench.presets.keys().map(String::as_str);
                self.on(lacks("preset", name, *span, names));
            }
        }
        for (name, (span, states)) in &self.needs.outputs {
            let Some((there, output)) = self.bench.outputs.get(name) else {
                let names = self.bench.outputs.keys().map(String::as_str);
                self.on(lacks("output", name, *span, names));
                continue;
            };
            let known: Vec<&str> = output.state_names().map(String::as_str).collect();
            for state in states.iter().filter(|s| !known.contains(&s.as_str())) {
                let message = format!("the output `{name}` of the bench has no state `{state}`");
                self.sink.push(
                    Complaint::new("unknown-state", *there, message)
                        .also(*span, "needed here")
                        .note(format!("known: {}", list(&known))),
                );
            }
        }
    }

    fn device(&self, name: &str, need: &DeviceNeed, device: &Device) {
        if device.plan.kind != need.kind {
            let message = format!(
                "`{name}` must be a {}, and the bench has a {}",
                need.kind, device.plan.kind
            );
            let complaint = Complaint::new("wrong-kind", need.span, message);
            self.sink
                .push(complaint.also(device.span, format!("driven by `{}`", device.plan.driver)));
        }
        for role in need.roles.iter().filter(|r| !device.roles.contains(r)) {
            let roles: Vec<&str> = device.roles.iter().map(String::as_str).collect();
            let message = format!("`{}` does not have the role `{role}`", device.plan.driver);
            self.sink.push(
                Complaint::new("missing-role", need.span, message)
                    .also(device.span, "on the bench")
                    .note(format!("it has {}", list(&roles))),
            );
        }
    }

    /// The channels of a plan: those needed, in the order of their names.
    pub(crate) fn channels(&self) -> Vec<Channel> {
        let one = |(name, need): (&String, &ChannelNeed)| {
            let Some(wire) = self.bench.channels.get(name) else {
                let names = self.bench.channels.keys().map(String::as_str);
                self.on(lacks("channel", name, need.span, names));
                return None;
            };
            let device = self.bench.devices.get(&wire.device)?;
            let signal = device.signals.get(&wire.signal)?;
            self.fits(name, need, wire, signal);
            let channel = self.channel(name, wire, signal);
            self.good_enough(need, wire, device, signal, &channel);
            self.import(need, wire, device, &channel);
            Some(channel)
        };
        let mut channels: Vec<Channel> = self.needs.channels.iter().filter_map(one).collect();
        for name in self.contacts() {
            let known = channels.iter().any(|c| c.id == name);
            let wire = self.bench.channels.get(name).filter(|_| !known);
            channels.extend(wire.and_then(|wire| {
                let device = self.bench.devices.get(&wire.device)?;
                Some(self.channel(name, wire, device.signals.get(&wire.signal)?))
            }));
        }
        channels
    }

    /// Contacts by which needed robots say how their programs stand.
    fn contacts(&self) -> impl Iterator<Item = &str> {
        let robots = self.needs.devices.keys();
        let robots = robots.filter_map(|id| self.bench.programs.get(id));
        let contacts = robots.flat_map(|(_, p)| p.busy.iter().chain(&p.done));
        contacts.map(|c| c.channel.as_str())
    }

    fn channel(&self, name: &str, wire: &Wire, signal: &Signal) -> Channel {
        let certified = signal.certified.as_ref();
        let own = certified.map_or([0.0, 0.0], |c| c.delay_s);
        // A contact is independent without a certificate; a number is not worth the name.
        let good = certified.is_some() || signal.digital;
        let reference = good && !self.under_test.contains(&wire.device);
        Channel {
            id: name.to_string(),
            device: wire.device.clone(),
            signal: wire.signal.clone(),
            components: signal.components.clone(),
            digital: signal.digital,
            source: match reference {
                true => Source::Reference,
                false => Source::Device,
            },
            delay_s: [signal.delay_s[0] + own[0], signal.delay_s[1] + own[1]],
            interval_s: wire.interval_s.unwrap_or(signal.interval_s),
            calibration: certified.map(|c| c.calibration.clone()),
            registration: signal.registration.clone(),
        }
    }

    /// Shape and unit.
    fn fits(&self, name: &str, need: &ChannelNeed, wire: &Wire, signal: &Signal) {
        let components = signal.components.as_slice();
        let (good, wanted) = match need.shape {
            ShapeWord::Scalar => (components.len() == 1 && !signal.digital, "one value"),
            ShapeWord::Vector => (!signal.digital, "values of one unit"),
            ShapeWord::Pose => (is_pose(components), "a pose"),
            ShapeWord::Digital => (signal.digital, "a contact"),
        };
        if !good {
            let message = format!("`{name}` must be {wanted}");
            let words = match signal.digital {
                true => "this is a contact".to_string(),
                false => {
                    let names: Vec<&str> = components.iter().map(|c| c.name.as_str()).collect();
                    format!("this has {}", list(&names))
                }
            };
            let complaint = Complaint::new("wrong-shape", need.span, message);
            self.sink.push(complaint.also(wire.span, words));
            return;
        }
        let looked_at = match need.shape {
            ShapeWord::Pose => 3,
            _ => components.len(),
        };
        let units = components.iter().take(looked_at).map(|c| c.unit);
        if let Some(wrong) = units
            .into_iter()
            .find(|u| !signal.digital && !u.compatible(need.unit))
        {
            let message = format!("`{name}` must be in `{}`", need.unit);
            let complaint = Complaint::new("wrong-dimension", need.span, message);
            self.sink
                .push(complaint.also(wire.span, format!("this is in `{wrong}`")));
        }
    }

    /// A channel that comes from a file after the run: whether the suite can wait so long, and
    /// whether every component has its column.
    fn import(&self, need: &ChannelNeed, wire: &Wire, device: &Device, channel: &Channel) {
        if !device.plan.imported() {
            return;
        }
        if !need.import {
            let message = format!(
                "`{}` must be read live, and the bench imports it",
                channel.id
            );
            self.sink.push(
                Complaint::new("not-live", need.span, message)
                    .also(wire.span, "wired to a file")
                    .help("connect the instrument, or let the suite say `from: import`"),
            );
        }
        for option in ["columns", "units"] {
            let given = match device.plan.options.get(option) {
                Some(serde_json::Value::Array(all)) => all.len(),
                Some(_) => 1,
                None => 0,
            };
            let wanted = channel.components.len();
            if given != wanted {
                let message = format!(
                    "`{}` has {wanted} components, and the option `{option}` names {given}",
                    channel.id
                );
                let complaint = Complaint::new("wrong-columns", device.span, message);
                self.sink.push(complaint.also(wire.span, "wired here"));
            }
        }
    }

    /// Source, uncertainty, bandwidth.
    fn good_enough(
        &self,
        need: &ChannelNeed,
        wire: &Wire,
        device: &Device,
        signal: &Signal,
        channel: &Channel,
    ) {
        let of_item = self.under_test.contains(&wire.device);
        match need.source {
            Some(Source::Reference) if of_item => {
                let message = format!(
                    "`{}` must come from a reference instrument, not from the item itself",
                    channel.id
                );
                self.sink.push(
                    Complaint::new("wrong-source", need.span, message)
                        .also(wire.span, "wired to the item under test")
                        .note(format!("`{}` is an item under test", device.plan.id)),
                );
            }
            Some(Source::Device) if !of_item => {
                let message = format!("`{}` must come from the item under test", channel.id);
                let complaint = Complaint::new("wrong-source", need.span, message);
                self.sink
                    .push(complaint.also(wire.span, "wired to another device"));
            }
            _ => {}
        }
        let Some(certified) = &signal.certified else {
            return;
        };
        let calibration = &certified.calibration;
        if let Some((most, at)) = need.u_at_most {
            let unit = channel.components.first().map_or(need.unit, |c| c.unit);
            let worst = calibration.worst_expanded_uncertainty();
            let worst = unit.convert_difference(worst, need.unit).unwrap_or(worst);
            // A sum of decimals may lie a rounding above the same decimal.
            if worst > most * (1.0 + 1e-9) {
                let message = format!(
                    "U of `{}` is up to {worst} {} (k = 2), above the {most} {} allowed",
                    channel.id, need.unit, need.unit
                );
                let complaint = Complaint::new("uncertainty-too-large", at, message);
                self.sink.push(complaint.also(
                    certified.span,
                    format!("certificate {}", calibration.certificate),
                ));
            }
        }
        if let Some((least, at)) = need.bandwidth_hz {
            let (good, has) = match calibration.bandwidth_hz {
                Some(hz) => (hz >= least, format!("holds up to {hz} Hz")),
                None => (false, "states no bandwidth".to_string()),
            };
            if !good {
                let message = format!("`{}` needs a bandwidth of {least} Hz", channel.id);
                let words = format!("certificate {} {has}", calibration.certificate);
                let complaint = Complaint::new("bandwidth-too-low", at, message);
                self.sink.push(complaint.also(certified.span, words));
            }
        }
    }
}

/// The bench has no thing of this name.
fn lacks<'k>(
    what: &str,
    name: &str,
    at: Span,
    known: impl IntoIterator<Item = &'k str>,
) -> Complaint {
    let code = match what {
        "device" => "missing-device",
        "pose" => "missing-pose",
        "preset" => "missing-preset",
        "output" => "missing-output",
        _ => "missing-channel",
    };
    let mut complaint = unknown(code, what, name, at, known);
    complaint.message = format!("the bench has no {what} `{name}`");
    complaint
}
