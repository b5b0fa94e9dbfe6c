//! Arming: what will move is shown, somebody confirms it, people leave, power comes on. Nothing
//! moves unarmed.

use crate::executor::{Cut, Executor};
use crate::rehearse::Extents;
use crate::resolve::seconds;
use crate::settings::Consent;
use crate::shown;
use crate::steps::SILENT_INTERVALS;
use crate::trouble;
use crate::watch::Unfit;
use certbench_model::step::{Ask, Presence};
use certbench_model::{CaseEnd, EventBody, FaultKind, RunEnd, Text};
use certbench_roles::{Answer, Device, Question};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// Prompt id under which arming is confirmed.
pub const ARM_PROMPT: &str = "arm";
/// How long a watched channel may take to deliver its first sample.
const FIRST_SAMPLE: Duration = Duration::from_secs(2);
/// How long a watched value may take to come back inside its limits.
const BACK_INSIDE: Duration = Duration::from_secs(10);

impl Executor {
    /// Motion is allowed after this; arms anew when somebody has been inside since, or a stop came
    /// between.
    pub(crate) fn ensure_armed(&mut self) -> Result<(), Cut> {
        if self.cleared { Ok(()) } else { self.arm() }
    }

    fn arm(&mut self) -> Result<(), Cut> {
        self.control.note(|p| p.step = "arming".to_string());
        let shown = shown::all(&self.bench, &self.extents, self.settings.lease);
        let by = self.confirm_arming(&shown)?;
        self.await_guard()?;
        self.await_watched_channels()?;
        if !self.shared.watches.armed() {
            self.shared.watches.arm(self.shared.now_ns());
        }
        self.armed = true;
        self.tell(EventBody::Armed { shown, by });
        self.control.note(|p| p.step = "countdown".to_string());
        self.wait_until(self.now() + self.settings.countdown)?;
        self.power_on()?;
        self.cleared = true;
        Ok(())
    }

    /// Who confirms: given beforehand, or asked for now.
    fn confirm_arming(&mut self, shown: &[Text]) -> Result<String, Cut> {
        let physical = self.bench.any_physical();
        let given = match self.settings.consent {
            Consent::Ask => false,
            Consent::Given => !physical,
            Consent::GivenForPhysical => true,
        };
        if given {
            return Ok("--yes".to_string());
        }
        let powered = |(_, d): (_, &Arc<dyn Device>)| d.power().is_some();
        if self.extents == Extents::default() && !self.bench.devices().any(powered) {
            return Ok("nothing moves".to_string());
        }
        let lines = |pick: fn(&Text) -> &String| -> String {
            let lines: Vec<_> = shown.iter().map(|t| pick(t).as_str()).collect();
            lines.join("\n")
        };
        let question = Question {
            id: ARM_PROMPT.to_string(),
            text: Text::new(
                format!("{}\nIs everybody out? Arm?", lines(|t| &t.en)),
                format!("{}\n人员是否均已撤离？是否允许运动？", lines(|t| &t.zh)),
            ),
            ask: Ask::Confirm,
            presence: Presence::Outside,
            changes: BTreeMap::new(),
        };
        let (answer, by) = self.ask_operator(question)?;
        match answer {
            Answer::Yes if !physical || by == "operator" => Ok(by),
            Answer::Yes => Err(self.aborted(&format!(
                "a physical bench is armed by a person, not by `{by}`"
            ))),
            Answer::None => Err(self.aborted("nobody confirmed arming")),
            _ => Err(self.aborted("arming was declined")),
        }
    }

    /// What the guard still switches for an earlier trip must not come after what the plan sets.
    fn await_guard(&mut self) -> Result<(), Cut> {
        while !self.shared.bell.is_quiet() {
            self.wait_until(self.now() + Duration::from_millis(10))?;
        }
        Ok(())
    }

    /// Every watched channel must live and read inside its limits before anything moves.
    fn await_watched_channels(&mut self) -> Result<(), Cut> {
        let began = self.now();
        let plan = self.bench.plan.clone();
        let shared = self.shared.clone();
        while let Some(unfit) = shared.watches.unfit(&plan, &shared.board, shared.now_ns()) {
            let waited = self.now() - began;
            match unfit {
                Unfit::Stale(channel, max_age) if waited > FIRST_SAMPLE.max(max_age * 2) => {
                    return Err(self.silent(channel, waited.as_secs_f64()));
                }
                Unfit::Outside(channel, text) if waited > BACK_INSIDE => {
                    let text = format!("not armed: {text}");
                    return Err(self.cut(trouble::tripped(&channel, text)));
                }
                _ => self.wait_until(self.now() + Duration::from_millis(10))?,
            }
        }
        Ok(())
    }

    /// The flow is cut by a channel that delivers nothing.
    pub(crate) fn silent(&mut self, channel: u16, seconds: f64) -> Cut {
        match self.bench.plan.channels.get(usize::from(channel)) {
            Some(channel) => {
                self.suspects.insert(channel.device.clone());
                let attributed = match self.shared.link_error(&channel.device) {
                    Some(error) => trouble::fault(FaultKind::Link, &channel.device, error),
                    None => trouble::silence(channel, seconds),
                };
                self.cut(attributed)
            }
            None => self.harness("plan", format!("no channel {channel}")),
        }
    }

    fn power_on(&mut self) -> Result<(), Cut> {
        let devices: Vec<_> = self.bench.devices().map(|(_, d)| d.clone()).collect();
        for device in devices {
            let Some(power) = device.power() else {
                continue;
            };
            if self.powered {
                self.command(device.id(), "recover", power.at_most(), || power.recover())?;
            } else {
                self.command(device.id(), "power on", power.at_most(), || power.enable())?;
            }
        }
        self.powered = true;
        Ok(())
    }

    /// Before a prompt with a person inside: everything in its safe state, by its own feedback, and
    /// no motion until the next arming.
    pub(crate) fn make_safe(&mut self, why: &str) -> Result<(), Cut> {
        self.cleared = false;
        let left = self.settle(true, why);
        self.pulse()?;
        match left.first() {
            None => Ok(()),
            Some((device, trouble)) => {
                let cut = self.trouble(device, trouble);
                Err(cut)
            }
        }
    }

    /// After a case that did not end as it should, or before the first: whether the bench can go
    /// on. Links and instruments that failed must have come back; motion is armed anew.
    pub(crate) fn make_ready(&mut self) -> Result<(), Cut> {
        if self.armed {
            return Ok(());
        }
        if self.powered {
            self.hear_what_followed();
        }
        // A stop that the plan demanded before is over with what it was part of.
        self.stopped_by_plan = false;
        self.feed_heartbeats()?;
        self.await_suspects()?;
        self.await_safe()?;
        self.ensure_armed()
    }

    /// Devices whose halt was not confirmed are looked at again: with one that still is not in its
    /// safe state nothing goes on.
    pub(crate) fn await_safe(&mut self) -> Result<(), Cut> {
        if !self.unsafe_devices.is_empty() {
            self.settle(false, "looked at again before going on");
        }
        match self.unsafe_devices.first() {
            None => Ok(()),
            Some(device) => Err(Cut {
                end: CaseEnd::NotBegun(format!("`{device}` could not be taken to its safe state")),
                run: Some(RunEnd::Faulted),
                own_stop: false,
            }),
        }
    }

    /// What devices told after the stop belongs to the case that is over.
    pub(crate) fn hear_what_followed(&mut self) {
        while let Some(news) = self.shared.next_news() {
            let under_test = self.bench.under_test(&news.device);
            self.tell(trouble::attribute(&news.device, under_test, &news.trouble).told);
        }
    }

    /// Heartbeats that the plan withheld are fed again.
    pub(crate) fn feed_heartbeats(&mut self) -> Result<(), Cut> {
        for id in std::mem::take(&mut self.withheld) {
            let Ok(device) = self.bench.device(&id).cloned() else {
                continue;
            };
            if let Some(joints) = device.joints() {
                self.ask(&id, device.call_at_most(), || {
                    joints.withhold_heartbeat(false)
                })?;
            }
        }
        Ok(())
    }

    /// Channels of devices whose link or instrument failed must deliver again.
    fn await_suspects(&mut self) -> Result<(), Cut> {
        let suspects = std::mem::take(&mut self.suspects);
        let plan = self.bench.plan.clone();
        let began = self.now();
        for (index, channel) in plan.channels.iter().enumerate() {
            let index = index as u16;
            if !suspects.contains(&channel.device) {
                continue;
            }
            let bound = Duration::from_secs(1).max(seconds(SILENT_INTERVALS * channel.interval_s));
            while self
                .shared
                .board
                .any_ns(index)
                .is_none_or(|t| t < began.as_nanos())
            {
                if self.now() - began > bound {
                    return Err(self.silent(index, bound.as_secs_f64()));
                }
                self.wait_until(self.now() + Duration::from_millis(10))?;
            }
        }
        Ok(())
    }
}
