//! Steps and rules about instruments: mark, zero, check, and how the record decides a trial.

use super::{CaseReader, Place};
use crate::check::literal::known;
use crate::complaint::{Complaint, Span};
use crate::plan::view::View;
use crate::written::step::{
    Check as WrittenCheck, Mark as WrittenMark, OutcomeRule as WrittenRule, Zero as WrittenZero,
};
use crate::yaml::{At, Scalar};
use certbench_model::Unit;
use certbench_model::step::{Check, Mark, OutcomeRule, Zero};

impl<'a> CaseReader<'a, '_> {
    pub(super) fn mark(&self, written: &WrittenMark, place: &Place<'a>) -> Option<Mark> {
        let name = crate::check::literal::filled(&written.name, self.env.sink)?;
        let name = self.env.text(&name, written.name.span, &place.scope)?;
        Some(Mark { name })
    }

    pub(super) fn zero(&self, written: &WrittenZero) -> Option<Zero> {
        let (view, name) = self.channel(&written.channel)?;
        self.live(view, &written.channel);
        self.can_be_zeroed(name, written.channel.span);
        Some(Zero {
            channel: name.to_string(),
        })
    }

    fn can_be_zeroed(&self, channel: &str, at: Span) {
        let wire = self.env.bench.and_then(|b| b.channels.get(channel));
        let device = wire.and_then(|w| self.env.bench?.devices.get(&w.device));
        if let Some(device) = device.filter(|d| !d.roles.iter().any(|r| r == "zero")) {
            let message = format!(
                "`{}` ({}) cannot be zeroed over its link",
                device.plan.id, device.plan.driver
            );
            self.env.sink.push(
                Complaint::new("missing-role", at, message).also(device.span, "on the bench"),
            );
        }
    }

    pub(super) fn check(&self, written: &WrittenCheck, place: &Place<'a>) -> Option<Check> {
        let found = self.channel(&written.channel);
        found.inspect(|(view, _)| self.live(view, &written.channel));
        let component = found.and_then(|(view, name)| {
            let at = written.channel.span;
            self.component(view, name, at, written.component.as_ref(), false, place)
        });
        let over_s = self.env.seconds(&written.over, &place.scope);
        let (component, unit) = component?;
        let (expect, returns_to) = match (&written.expect, &written.returns_to) {
            (Some(expect), None) => {
                let value = self.env.number(expect, unit, &place.scope);
                if let (Some((view, _)), Some(value)) = (found, value) {
                    self.calibrated(view, value, expect.span);
                }
                (value, None)
            }
            (None, Some(name)) => (Some(0.0), Some(self.taken_before(name, unit)?)),
            _ => {
                let message = "a check has exactly one of `expect` and `returns_to`";
                let at = written.channel.span;
                self.env.sink.push(Complaint::new("one-of", at, message));
                (None, None)
            }
        };
        let within = self.env.difference(&written.within, unit, &place.scope);
        if let (Some((view, _)), Some(over)) = (found, over_s) {
            self.long_enough(view, over, written.over.span, "the averaging time");
        }
        Some(Check {
            channel: found?.1.to_string(),
            component,
            expect: expect?,
            returns_to,
            within: within?,
            over_s: over_s?,
        })
    }

    /// A value of this unit's kind that a window before this step takes.
    fn taken_before(&self, name: &At<String>, unit: Unit) -> Option<String> {
        let taken = self.taken.borrow();
        let (text, names) = (name.get()?, taken.keys().map(String::as_str));
        let sink = self.env.sink;
        known("unknown-name", "taken value", text, name.span, names, sink)?;
        let (_, of) = taken.get(text)?;
        if !of.compatible(unit) {
            let message = format!("`{text}` is taken in {of}, the channel is in {unit}");
            sink.push(Complaint::new("wrong-dimension", name.span, message));
        }
        Some(text.clone())
    }

    /// Complains when a step looks at a channel whose data may come after the run only.
    pub(crate) fn live(&self, view: &View, at: &At<String>) {
        if view.imported {
            let name = at.get().map_or("", String::as_str);
            let message = format!("`{name}` is imported after the run: nothing can wait for it");
            self.env.sink.push(
                Complaint::new("not-live", at.span, message)
                    .note("windows may record it, and measures may use it"),
            );
        }
    }

    /// A time in which at least one sample can arrive.
    pub(super) fn long_enough(&self, view: &View, seconds: f64, at: Span, what: &str) {
        if let Some(interval) = view.interval_s.filter(|i| seconds < *i) {
            let message =
                format!("{what} is {seconds} s, and a sample comes every {interval} s only");
            self.env
                .sink
                .push(Complaint::new("unreachable", at, message));
        }
    }

    /// A value that readings are held against lies where the instrument is calibrated: readings
    /// beside it could not be used.
    pub(crate) fn calibrated(&self, view: &View, value: f64, at: Span) {
        if view.calibrated_at(value) {
            return;
        }
        let unit = view.components.first().map_or(Unit::one(), |c| c.unit);
        let ranges: Vec<String> = view
            .ranges
            .iter()
            .map(|[from, to]| format!("{from} {unit} to {to} {unit}"))
            .collect();
        let message = format!("{value} {unit} is outside the calibrated range of the instrument");
        self.env.sink.push(
            Complaint::new("outside-calibration", at, message)
                .note(format!("calibrated: {}", ranges.join(", "))),
        );
    }

    pub(super) fn outcome(
        &self,
        written: &At<WrittenRule>,
        inside: &[String],
        place: &Place<'a>,
    ) -> Option<OutcomeRule> {
        let rule = written.get()?;
        let found = self.channel(&rule.channel);
        let component = found.and_then(|(view, name)| {
            let at = rule.channel.span;
            self.component(view, name, at, rule.component.as_ref(), false, place)
        });
        let window = rule.window.get()?;
        let names = inside.iter().map(String::as_str);
        crate::check::literal::known(
            "unknown-window",
            "window of this trial",
            window,
            rule.window.span,
            names,
            self.env.sink,
        )?;
        let (_, channel) = found?;
        self.recorded(window, channel, rule.channel.span);
        let (component, unit) = component?;
        let side = |at: &Option<At<Scalar>>| match at {
            None => Some(None),
            Some(at) => {
                let value = self.env.number(at, unit, &place.scope)?;
                self.calibrated(found?.0, value, at.span);
                Some(Some(value))
            }
        };
        let (below, above) = (side(&rule.stays_below), side(&rule.stays_above));
        if rule.stays_below.is_none() && rule.stays_above.is_none() {
            let message = "the rule has no value to hold against";
            self.env.sink.push(
                Complaint::new("missing-key", written.head, message)
                    .help("add `stays_below:` or `stays_above:`"),
            );
        }
        let (stays_below, stays_above) = (below?, above?);
        if let (Some(below), Some(above)) = (stays_below, stays_above)
            && above > below
        {
            let message = format!("nothing is above {above} and below {below} at once");
            self.env
                .sink
                .push(Complaint::new("swapped-limits", written.head, message));
        }
        Some(OutcomeRule {
            window: window.clone(),
            channel: channel.to_string(),
            component,
            stays_below,
            stays_above,
        })
    }

    /// Complains when a window does not record a channel.
    pub(crate) fn recorded(&self, window: &str, channel: &str, at: Span) {
        let windows = self.windows.borrow();
        let Some(seen) = windows.get(window) else {
            return;
        };
        if !seen.record.iter().any(|c| c == channel) {
            let message = format!("the window `{window}` does not record `{channel}`");
            self.env.sink.push(
                Complaint::new("not-recorded", at, message)
                    .also(seen.span, "this window")
                    .help(format!("add `{channel}` to its `record`")),
            );
        }
    }
}
