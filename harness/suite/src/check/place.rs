//! Named things of a bench: channels, poses, presets, outputs.

use super::Checker;
use super::bench::Bench;
use super::literal::{count, filled, identifier, number_in, positive, unknown};
use super::shared::any_entry;
use crate::complaint::{Complaint, Span};
use crate::written::bench::{
    Output as WrittenOutput, Pose as WrittenPose, Preset as WrittenPreset, Wiring,
};
use crate::written::shared::Level;
use crate::yaml::{At, Entries, Scalar};
use certbench_model::plan::{Output, Pose, Preset};
use std::collections::BTreeMap;

/// Which signal a channel is.
#[derive(Clone, Debug)]
pub(crate) struct Wire {
    pub(crate) span: Span,
    pub(crate) device: String,
    pub(crate) signal: String,
    /// The instrument's own interval, if other than the driver's nominal one.
    pub(crate) interval_s: Option<f64>,
}

impl Checker<'_> {
    pub(crate) fn wire(&self, bench: &Bench, span: Span, written: &At<Wiring>) -> Option<Wire> {
        let wiring = written.get()?;
        let (id, signal) = (wiring.device.get()?, wiring.signal.get()?);
        let device = self.bench_device(bench, id, wiring.device.span)?;
        let Some(described) = device.signals.get(signal) else {
            let names = device.signals.keys().map(String::as_str);
            let what = format!("signal of `{id}`");
            self.sink.push(unknown(
                "unknown-signal",
                &what,
                signal,
                wiring.signal.span,
                names,
            ));
            return None;
        };
        if described.components.is_empty() {
            let message = format!("nothing is known of the units of `{signal}`");
            self.sink
                .push(Complaint::new("missing-unit", wiring.signal.span, message));
            return None;
        }
        let interval_s = wiring.interval.as_ref().and_then(|i| {
            positive(
                number_in(i, "s", self.sink)?,
                i.span,
                "an interval",
                self.sink,
            )
        });
        Some(Wire {
            span,
            device: id.clone(),
            signal: signal.clone(),
            interval_s,
        })
    }

    pub(crate) fn bench_device<'b>(
        &self,
        bench: &'b Bench,
        id: &str,
        at: Span,
    ) -> Option<&'b super::device::Device> {
        let device = bench.devices.get(id);
        // A device that could not be read has had its complaint.
        if device.is_none() && !bench.unreadable.iter().any(|d| d == id) {
            let names = bench.devices.keys().map(String::as_str);
            self.sink
                .push(unknown("unknown-device", "device", id, at, names));
        }
        device
    }

    pub(crate) fn pose(&self, bench: &Bench, written: &At<WrittenPose>) -> Option<Pose> {
        let pose = written.get()?;
        let tcp = pose.tcp.as_ref().and_then(|t| self.tcp(t));
        let frame = pose.frame.as_ref().and_then(|f| filled(f, self.sink));
        if let (Some(tcp), None) = (&pose.tcp, &pose.frame) {
            let message = "a commanded position needs the frame that it is in";
            self.sink
                .push(Complaint::new("missing-frame", tcp.head, message).help("add `frame: base`"));
        }
        let id = pose.device.get()?;
        let device = self.bench_device(bench, id, pose.device.span)?;
        let Some(joints) = &pose.joints else {
            if !device.joints.is_empty() {
                let message = format!("the pose has no angles for the joints of `{id}`");
                let complaint = Complaint::new("missing-key", written.head, message);
                self.sink.push(complaint.help("add `joints: [ … ]`"));
            }
            return Some(Pose {
                device: id.clone(),
                joints_deg: Vec::new(),
                tcp,
                frame,
            });
        };
        let angles = joints.get()?;
        if !device.joints.is_empty() && angles.len() != device.joints.len() {
            let message = format!(
                "{} angles for the {} joints of `{id}`",
                angles.len(),
                device.joints.len()
            );
            self.sink
                .push(Complaint::new("wrong-length", joints.head, message));
        }
        let mut joints_deg = Vec::new();
        for (i, angle) in angles.iter().enumerate() {
            let deg = number_in(angle, "deg", self.sink)?;
            if let Some(limit) = device.plan.limits.joints.get(i)
                && !(limit.deg_min..=limit.deg_max).contains(&deg)
            {
                let message = format!(
                    "{deg} deg is outside the limits of `{}`: {} deg to {} deg",
                    limit.joint, limit.deg_min, limit.deg_max
                );
                self.sink
                    .push(Complaint::new("over-limit", angle.span, message));
            }
            joints_deg.push(deg);
        }
        Some(Pose {
            device: id.clone(),
            joints_deg,
            tcp,
            frame,
        })
    }

    fn tcp(&self, written: &At<Vec<At<Scalar>>>) -> Option<[f64; 6]> {
        let list = written.get()?;
        if list.len() != 6 {
            let message = format!(
                "six values are expected (x, y, z and a, b, c), found {}",
                list.len()
            );
            self.sink
                .push(Complaint::new("wrong-length", written.head, message));
        }
        let units = ["mm", "mm", "mm", "deg", "deg", "deg"];
        let read: Vec<f64> = list
            .iter()
            .zip(units)
            .filter_map(|(at, unit)| number_in(at, unit, self.sink))
            .collect();
        read.try_into().ok()
    }

    pub(crate) fn preset(&self, bench: &Bench, written: &At<WrittenPreset>) -> Option<Preset> {
        let preset = written.get()?;
        let id = preset.device.get()?;
        let device = self.bench_device(bench, id, preset.device.span)?;
        any_entry(
            "empty-preset",
            "joints of a preset",
            &preset.closing,
            self.sink,
        );
        let mut closing = BTreeMap::new();
        for (joint, span, value) in preset.closing.get()?.iter() {
            if !device.joints.is_empty() && !device.joints.iter().any(|j| j == joint) {
                let names = device.joints.iter().map(String::as_str);
                let what = format!("joint of `{id}`");
                self.sink
                    .push(unknown("unknown-joint", &what, joint, span, names));
                continue;
            }
            let Some(percent) = number_in(value, "%", self.sink) else {
                continue;
            };
            if !(0.0..=100.0).contains(&percent) {
                let message = format!("{percent} % is not between 0 % (open) and 100 % (closed)");
                self.sink
                    .push(Complaint::new("out-of-range", value.span, message));
            }
            closing.insert(joint.to_string(), percent);
        }
        Some(Preset {
            device: id.clone(),
            closing,
        })
    }

    pub(crate) fn output(
        &self,
        bench: &Bench,
        name: &str,
        written: &At<WrittenOutput>,
    ) -> Option<Output> {
        let output = written.get()?;
        let moves = output.moves.as_ref().is_some_and(|m| m.value == Some(true));
        let states = output.states.as_ref().map(|s| self.states(s));
        let values = output.values.as_ref().map(|v| self.register_values(v));
        let (states, values) = (states.unwrap_or_default(), values.unwrap_or_default());
        let names = || states.keys().chain(values.keys()).map(String::as_str);
        let safe = output.safe.as_ref().and_then(|s| {
            let state = s.get()?;
            if !names().any(|known| known == state) {
                self.sink
                    .push(unknown("unknown-state", "state", state, s.span, names()));
            }
            Some(state.clone())
        });
        if moves && output.safe.is_none() {
            let message = format!("`{name}` can move something, and no safe state is named");
            let states: Vec<&str> = names().collect();
            let complaint = Complaint::new("missing-safe-state", written.head, message);
            self.sink.push(complaint.help(format!(
                "add `safe: {}`, the state that a halt sets",
                states.first().unwrap_or(&"…")
            )));
        }
        let id = output.device.get()?;
        let device = self.bench_device(bench, id, output.device.span)?;
        let (role, noun, number) = match (
            &output.number,
            &output.states,
            &output.register,
            &output.values,
        ) {
            (Some(number), Some(_), None, None) => ("output", "outputs", number),
            (None, None, Some(register), Some(_)) => ("register", "registers", register),
            _ => {
                let message = "an output is a contact (`number`, `states`) or a register (`register`, `values`)";
                self.sink
                    .push(Complaint::new("one-of", written.head, message));
                return None;
            }
        };
        if !device.roles.iter().any(|r| r == role) {
            let message = format!("`{id}` ({}) has no {noun}", device.plan.driver);
            self.sink
                .push(Complaint::new("wrong-role", output.device.span, message));
        }
        let counted = count(number.get()?, number.span, self.sink)?;
        let Ok(number) = u16::try_from(counted) else {
            let message = format!("{counted} is no output number");
            self.sink
                .push(Complaint::new("out-of-range", number.span, message));
            return None;
        };
        Some(Output {
            device: id.clone(),
            number,
            states,
            values,
            safe,
            moves,
        })
    }

    fn register_values(&self, written: &At<Entries<At<Scalar>>>) -> BTreeMap<String, u16> {
        any_entry("empty-states", "states of an output", written, self.sink);
        let entries = written.get().into_iter().flat_map(Entries::iter);
        entries
            .filter_map(|(name, span, value)| {
                let name = identifier(name, span, "a state", self.sink)?;
                let counted = count(value.get()?, value.span, self.sink)?;
                let Ok(value) = u16::try_from(counted) else {
                    let message = format!("{counted} does not fit into a register");
                    self.sink
                        .push(Complaint::new("out-of-range", value.span, message));
                    return None;
                };
                Some((name, value))
            })
            .collect()
    }

    fn states(&self, written: &At<Entries<At<Level>>>) -> BTreeMap<String, bool> {
        any_entry("empty-states", "states of an output", written, self.sink);
        let entries = written.get().into_iter().flat_map(Entries::iter);
        entries
            .filter_map(|(name, span, level)| {
                let name = identifier(name, span, "a state", self.sink)?;
                Some((name, *level.get()? == Level::On))
            })
            .collect()
    }
}
