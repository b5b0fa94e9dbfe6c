//! Steps that move or switch something.

use super::{CaseReader, Place};
use crate::check::device::Device;
use crate::check::literal::unknown;
use crate::complaint::{Complaint, Span};
use crate::plan::env::unit;
use crate::written::shared::SetOutput as WrittenSet;
use crate::written::step::{
    Grasp as WrittenGrasp, Move as WrittenMove, Prompt as WrittenPrompt, Recover,
    Release as WrittenRelease, Stop as WrittenStop, Target as WrittenTarget, Until as WrittenUntil,
};
use crate::yaml::{At, Scalar};
use certbench_model::plan::{Limits, Preset};
use certbench_model::step::{
    Ask, Grasp, Move, Presence, Prompt, Release, SetOutput, Stop, Target, Until,
};
use certbench_model::{Quantity, Unit};
use std::collections::BTreeMap;

/// The preset that `release` goes to.
const OPEN: &str = "open";

impl<'a> CaseReader<'a, '_> {
    pub(super) fn movement(&self, written: &'a WrittenMove, place: &Place<'a>) -> Option<Move> {
        let role = match written.to.get() {
            Some(WrittenTarget::Preset(_)) => "grasp",
            _ => "joints",
        };
        let device = self.device(&written.device, role);
        let to = self.target(&written.to, written.device.get(), place);
        let speed = match role {
            "grasp" => self.share(&written.speed, "a speed", place),
            _ => self.joint_speed(&written.speed, written.device.get(), place),
        };
        let until = match &written.until {
            None => Some(Until::Settled),
            Some(at) => at.get().map(|u| match u {
                WrittenUntil::Settled => Until::Settled,
                WrittenUntil::Started => Until::Started,
            }),
        };
        if let (Some(Target::Home), Some(Until::Started), Some(at)) = (&to, until, &written.until) {
            let message = "joints look for their homes one after the other, so somebody must wait";
            let complaint = Complaint::new("home-not-awaited", at.span, message);
            self.env.sink.push(
                complaint.help("leave `until` out: the step then ends when all have settled"),
            );
        }
        let timeout_s = self.env.seconds(&written.timeout, &place.scope);
        Some(Move {
            device: device?,
            to: to?,
            speed: speed?,
            until: until?,
            timeout_s: timeout_s?,
        })
    }

    fn target(
        &self,
        written: &At<WrittenTarget>,
        device: Option<&String>,
        place: &Place<'a>,
    ) -> Option<Target> {
        match written.get()? {
            WrittenTarget::Pose(name) => {
                let (text, all) = self.env.names(name, &place.scope)?;
                let known = &self.env.suite.needs.poses;
                self.each_needed("pose", "poses", name.span, &all, known.keys())?;
                let on_bench = self.env.bench.map(|b| &b.poses);
                for pose in all.iter().filter_map(|n| on_bench?.get(n)) {
                    self.same_device("pose", name.span, pose.0, &pose.1.device, device);
                }
                Some(Target::Pose(text))
            }
            WrittenTarget::Home => Some(Target::Home),
            WrittenTarget::Preset(name) => self.preset(name, device, place).map(Target::Preset),
            WrittenTarget::Joints(angles) => {
                let mut targets = BTreeMap::new();
                for (joint, span, angle) in angles.iter() {
                    let angle_value = self.env.quantity(angle, &[unit("deg")], &place.scope);
                    self.joint(joint, span, angle_value, angle.span, device);
                    targets.extend(angle_value.map(|q| (joint.to_string(), q)));
                }
                if targets.is_empty() {
                    let message = "no joint is named";
                    self.env
                        .sink
                        .push(Complaint::new("empty-target", written.head, message));
                }
                Some(Target::Joints(targets))
            }
        }
    }

    /// A joint of the bench's device, and an angle within its limits.
    fn joint(
        &self,
        joint: &str,
        span: Span,
        angle: Option<Quantity>,
        at: Span,
        device: Option<&String>,
    ) {
        let Some(device) = device.and_then(|d| self.on_bench(d)) else {
            return;
        };
        if !device.joints.is_empty() && !device.joints.iter().any(|j| j == joint) {
            let names = device.joints.iter().map(String::as_str);
            let what = format!("joint of `{}`", device.plan.id);
            self.env
                .sink
                .push(unknown("unknown-joint", &what, joint, span, names));
        }
        let limit = device.plan.limits.joints.iter().find(|l| l.joint == joint);
        let deg = angle.and_then(|q| q.in_unit("deg").ok());
        if let (Some(limit), Some(deg)) = (limit, deg)
            && !(limit.deg_min..=limit.deg_max).contains(&deg)
        {
            let message = format!(
                "{deg} deg is outside the bench's limits of `{joint}`: {} deg to {} deg",
                limit.deg_min, limit.deg_max
            );
            self.env
                .sink
                .push(Complaint::new("over-limit", at, message));
        }
    }

    pub(super) fn grasp(&self, written: &'a WrittenGrasp, place: &Place<'a>) -> Option<Grasp> {
        let device = self.device(&written.device, "grasp");
        let preset = self.preset(&written.preset, written.device.get(), place);
        let force = self.grip_force(&written.force, written.device.get(), place);
        let speed = self.share(&written.speed, "a speed", place);
        let timeout_s = self.env.seconds(&written.timeout, &place.scope);
        Some(Grasp {
            device: device?,
            preset: preset?,
            force: force?,
            speed: speed?,
            timeout_s: timeout_s?,
        })
    }

    pub(super) fn release(
        &self,
        written: &'a WrittenRelease,
        place: &Place<'a>,
    ) -> Option<Release> {
        let device = self.device(&written.device, "grasp");
        if !self.env.suite.needs.presets.contains_key(OPEN) {
            let message = "`release` goes to the preset `open`, which is not needed";
            self.env.sink.push(
                Complaint::new("unknown-preset", written.device.span, message)
                    .help("add `open` to `needs.presets`"),
            );
        }
        self.env.note("preset", OPEN);
        let speed = self.share(&written.speed, "a speed", place);
        let timeout_s = self.env.seconds(&written.timeout, &place.scope);
        Some(Release {
            device: device?,
            speed: speed?,
            timeout_s: timeout_s?,
        })
    }

    fn preset(
        &self,
        written: &At<String>,
        device: Option<&String>,
        place: &Place<'a>,
    ) -> Option<String> {
        let (text, all) = self.env.names(written, &place.scope)?;
        let known = &self.env.suite.needs.presets;
        self.each_needed("preset", "presets", written.span, &all, known.keys())?;
        let on_bench = self.env.bench.map(|b| &b.presets);
        for (span, Preset { device: of, .. }) in all.iter().filter_map(|n| on_bench?.get(n)) {
            self.same_device("preset", written.span, *span, of, device);
        }
        Some(text)
    }

    /// Every name that a placeholder can become stands under `needs`.
    fn each_needed<'k>(
        &self,
        what: &'static str,
        list: &str,
        at: Span,
        names: &[String],
        known: impl Iterator<Item = &'k String>,
    ) -> Option<()> {
        let known: Vec<&str> = known.map(String::as_str).collect();
        let mut all = Some(());
        for name in names {
            self.env.note(what, name);
            if !known.contains(&name.as_str()) {
                let code = if what == "pose" {
                    "unknown-pose"
                } else {
                    "unknown-preset"
                };
                self.env.sink.push(
                    unknown(code, what, name, at, known.iter().copied())
                        .note(format!("steps may name what stands under `needs.{list}`")),
                );
                all = None;
            }
        }
        all
    }

    fn same_device(&self, what: &str, at: Span, there: Span, of: &str, device: Option<&String>) {
        if let Some(device) = device.filter(|d| *d != of) {
            let message = format!("this {what} is one of `{of}`, not of `{device}`");
            let complaint = Complaint::new("wrong-device", at, message);
            self.env.sink.push(complaint.also(there, "on the bench"));
        }
    }

    pub(super) fn set_output(
        &self,
        written: &'a WrittenSet,
        place: &Place<'a>,
    ) -> Option<SetOutput> {
        self.switch(&written.output, &written.to, place)
    }

    fn switch(&self, output: &At<String>, to: &At<String>, place: &Place<'a>) -> Option<SetOutput> {
        let name = output.get()?;
        let needs = &self.env.suite.needs;
        self.env.note("output", name);
        let Some((_, states)) = needs.outputs.get(name) else {
            let known = needs.outputs.keys().map(String::as_str);
            self.not_needed("unknown-output", "output", "outputs", output, known);
            return None;
        };
        let (text, all) = self.env.names(to, &place.scope)?;
        for state in all {
            let names = states.iter().map(String::as_str);
            let what = format!("state of `{name}`");
            crate::check::literal::known(
                "unknown-state",
                &what,
                &state,
                to.span,
                names,
                self.env.sink,
            )?;
        }
        Some(SetOutput {
            output: name.clone(),
            to: text,
        })
    }

    pub(super) fn stop(
        &self,
        written: &'a WrittenStop,
        head: Span,
        place: &Place<'a>,
    ) -> Option<Stop> {
        let ways = [
            written.command.is_some(),
            written.output.is_some() || written.to.is_some(),
            written.heartbeat.is_some(),
            written.person.is_some(),
        ];
        if ways.iter().filter(|w| **w).count() != 1 {
            let message = "a stop is demanded in exactly one way";
            self.env
                .sink
                .push(Complaint::new("one-of", head, message).help(
                "write `{ command: arm }`, `{ output: estop, to: open }`, `{ heartbeat: arm }` or \
                 `{ person: { id, text, presence: outside } }`",
            ));
            return None;
        }
        if let Some(person) = &written.person {
            return self.stop_by_hand(person, place).map(Stop::Person);
        }
        match (
            &written.command,
            &written.output,
            &written.to,
            &written.heartbeat,
        ) {
            (Some(device), ..) => {
                let device = self.device(device, "halt")?;
                Some(Stop::Command { device })
            }
            (_, Some(output), Some(to), _) => self.switch(output, to, place).map(Stop::Output),
            (_, _, _, Some(device)) => {
                let device = self.device(device, "halt")?;
                Some(Stop::Heartbeat { device })
            }
            _ => {
                let message = "`output` and `to` belong together";
                self.env
                    .sink
                    .push(Complaint::new("missing-key", head, message));
                None
            }
        }
    }

    /// The machine moves when they are told: nobody may be inside, and all that they can answer is
    /// that they have done it.
    fn stop_by_hand(&self, written: &'a At<WrittenPrompt>, place: &Place<'a>) -> Option<Prompt> {
        let prompt = self.prompt(written.get()?, place)?;
        let complain = |message: &str, help: &str| {
            let complaint = Complaint::new("stop-by-hand", written.span, message);
            self.env.sink.push(complaint.help(help));
            None
        };
        if prompt.presence != Presence::Outside {
            let help = "write `presence: outside` beside the text";
            return complain("the machine moves while a person is told to stop it", help);
        }
        if !matches!(prompt.ask, Ask::Instruct | Ask::Confirm) {
            let help = "leave `ask` out; ask what else is to be known in a prompt of its own";
            return complain("a stop by hand is told, and asks nothing", help);
        }
        Some(prompt)
    }

    pub(super) fn recover(&self, written: &'a Recover, place: &Place<'a>) -> Option<Stop> {
        let device = self.device(&written.device, "halt");
        let restore = match &written.restore {
            None => None,
            Some(at) => Some(self.set_output(at.get()?, place)?),
        };
        Some(Stop::Recover {
            device: device?,
            restore,
        })
    }

    /// A device of `needs.devices` that has a role.
    pub(super) fn device(&self, written: &At<String>, role: &str) -> Option<String> {
        let name = written.get()?;
        let needs = &self.env.suite.needs;
        self.env.note("device", name);
        let Some(need) = needs.devices.get(name) else {
            let known = needs.devices.keys().map(String::as_str);
            self.not_needed("unknown-device", "device", "devices", written, known);
            return None;
        };
        if !need.roles.iter().any(|r| r == role) {
            let message = format!("this step needs the role `{role}` of `{name}`");
            self.env.sink.push(
                Complaint::new("missing-role", written.span, message)
                    .also(need.span, "needed here")
                    .help(format!("add `{role}` to its roles")),
            );
            return None;
        }
        Some(name.clone())
    }

    pub(super) fn on_bench(&self, device: &str) -> Option<&'a Device> {
        self.env.bench?.devices.get(device)
    }

    /// A share of 0 % to 100 %, above zero.
    fn share(&self, written: &At<Scalar>, what: &str, place: &Place<'a>) -> Option<Quantity> {
        let share = self.env.quantity(written, &[Unit::one()], &place.scope)?;
        self.in_share(share, written.span, what)
    }

    fn in_share(&self, share: Quantity, at: Span, what: &str) -> Option<Quantity> {
        let value = share.to(Unit::one()).ok()?;
        if value > 0.0 && value <= 1.0 {
            return Some(share);
        }
        let message = format!("{what} of {share} is not above 0 % and at most 100 %");
        self.env
            .sink
            .push(Complaint::new("out-of-range", at, message));
        None
    }

    /// A share of the bench's joint speed, or an angular speed within its limits.
    fn joint_speed(
        &self,
        written: &At<Scalar>,
        device: Option<&String>,
        place: &Place<'a>,
    ) -> Option<Quantity> {
        let units = [Unit::one(), unit("deg/s")];
        let speed = self.env.quantity(written, &units, &place.scope)?;
        if speed.unit.compatible(Unit::one()) {
            return self.in_share(speed, written.span, "a speed");
        }
        let deg_s = speed.in_unit("deg/s").ok()?;
        crate::check::literal::positive(deg_s, written.span, "a speed", self.env.sink)?;
        let limits = device.and_then(|d| self.on_bench(d));
        let slowest = limits.and_then(|d| slowest(&d.plan.limits).map(|s| (s, d.span)));
        if let Some((most, there)) = slowest.filter(|(most, _)| deg_s > *most) {
            let message = format!("a speed of {speed}");
            self.env.sink.push(
                Complaint::new("over-limit", written.span, message)
                    .also(there, format!("the bench allows {most} deg/s")),
            );
        }
        Some(speed)
    }

    fn grip_force(
        &self,
        written: &At<Scalar>,
        device: Option<&String>,
        place: &Place<'a>,
    ) -> Option<Quantity> {
        let units = [Unit::one(), unit("N")];
        let force = self.env.quantity(written, &units, &place.scope)?;
        if force.unit.compatible(Unit::one()) {
            return self.in_share(force, written.span, "a force");
        }
        let newton = force.in_unit("N").ok()?;
        crate::check::literal::positive(newton, written.span, "a force", self.env.sink)?;
        let on_bench = device.and_then(|d| self.on_bench(d));
        let most = on_bench.and_then(|d| d.plan.limits.force_n_max.map(|m| (m, d.span)));
        if let Some((most, there)) = most.filter(|(most, _)| newton > *most) {
            let message = format!("a force of {force}");
            self.env.sink.push(
                Complaint::new("over-limit", written.span, message)
                    .also(there, format!("the bench allows {most} N")),
            );
        }
        Some(force)
    }
}

/// The slowest joint's limit: 100 % of speed.
fn slowest(limits: &Limits) -> Option<f64> {
    let speeds = limits.joints.iter().map(|j| j.deg_per_s_max);
    speeds.reduce(f64::min)
}
