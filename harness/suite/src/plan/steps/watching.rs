//! Steps that look at channels: waits, conditions, zero and check; and the watches of a suite.

use super::{CaseReader, Place};
use crate::complaint::{Complaint, Span};
use crate::plan::env::Scope;
use crate::plan::view::View;
use crate::written::shared::Level;
use crate::written::step::{
    Check as WrittenCheck, Mark as WrittenMark, Otherwise as WrittenOtherwise,
    OutcomeRule as WrittenRule, Rests, Wait as Written, Zero as WrittenZero,
};
use crate::written::suite::Watch as WrittenWatch;
use crate::yaml::{At, Scalar};
use certbench_model::plan::Watch;
use certbench_model::step::{Check, Condition, Does, Mark, Otherwise, OutcomeRule, Wait, Zero};
use certbench_model::{Component, Unit};

impl<'a> CaseReader<'a, '_> {
    pub(super) fn wait(&self, written: &'a Written, head: Span, place: &Place<'a>) -> Option<Wait> {
        match (&written.time, &written.channel) {
            (Some(time), None) => {
                self.nothing_else(written, time.span);
                self.env.seconds(time, &place.scope).map(Wait::For)
            }
            (None, Some(channel)) => self.condition(written, channel, head, place),
            _ => {
                let message = "a wait has either a time or a condition on a channel";
                self.env.sink.push(Complaint::new("one-of", head, message).help(
                    "write `{ for: 5 s }` or `{ channel: …, above: …, within: 5 s, otherwise: fault }`",
                ));
                None
            }
        }
    }

    /// A plain time has no condition beside it.
    fn nothing_else(&self, written: &Written, at: Span) {
        let others = [
            written.is.is_some(),
            written.above.is_some(),
            written.below.is_some(),
            written.drops_by.is_some(),
            written.rests.is_some(),
            written.within.is_some(),
            written.otherwise.is_some(),
            written.component.is_some(),
        ];
        if others.contains(&true) {
            let message = "`for` stands alone: time passes, nothing is waited for";
            self.env.sink.push(
                Complaint::new("one-of", at, message)
                    .help("write `within:` for the bound of a condition"),
            );
        }
    }

    fn condition(
        &self,
        written: &Written,
        channel: &At<String>,
        head: Span,
        place: &Place<'a>,
    ) -> Option<Wait> {
        let found = self.channel(channel);
        let resting = written.rests.is_some();
        let component = found.and_then(|(view, name)| {
            self.component(
                view,
                name,
                channel.span,
                written.component.as_ref(),
                resting,
            )
        });
        let does = component.as_ref().and_then(|(_, unit)| {
            let (view, _) = found?;
            self.does(written, head, view, *unit, place)
        });
        let within_s = self.bound(written, head, place);
        let otherwise = self.otherwise(written, head, place);
        if let (Some(within), Some(Does::Rests { for_s, .. })) = (within_s, &does)
            && *for_s >= within
        {
            let at = written.within.as_ref().map_or(head, |w| w.span);
            let message = format!(
                "rest for {for_s} s can never be seen within {within} s: the time-out always comes first"
            );
            self.env
                .sink
                .push(Complaint::new("unreachable", at, message));
        }
        Some(Wait::Until {
            condition: Condition {
                channel: found?.1.to_string(),
                component: component?.0,
                does: does?,
            },
            within_s: within_s?,
            otherwise: otherwise?,
        })
    }

    fn bound(&self, written: &Written, head: Span, place: &Place<'a>) -> Option<f64> {
        let Some(within) = &written.within else {
            let message = "a condition needs a bound: it may never come";
            self.env.sink.push(
                Complaint::new("missing-key", head, message).help("add for example `within: 5 s`"),
            );
            return None;
        };
        self.env.seconds(within, &place.scope)
    }

    fn otherwise(&self, written: &Written, head: Span, place: &Place<'a>) -> Option<Otherwise> {
        let Some(at) = &written.otherwise else {
            let message = "a condition says what it means when it does not come";
            self.env
                .sink
                .push(Complaint::new("missing-key", head, message).help(
                    "add `otherwise: fault`, `go-on`, or in a trial `failure` or `censored`",
                ));
            return None;
        };
        let otherwise = *at.get()?;
        let of_trial = matches!(
            otherwise,
            WrittenOtherwise::Censored | WrittenOtherwise::Failure
        );
        if of_trial && place.trial.is_none() {
            let message = "only a trial can fail or be censored, and there is none around this";
            self.env
                .sink
                .push(Complaint::new("outside-trial", at.span, message));
            return None;
        }
        Some(match otherwise {
            WrittenOtherwise::GoOn => Otherwise::GoOn,
            WrittenOtherwise::Censored => Otherwise::Censored,
            WrittenOtherwise::Failure => Otherwise::Failure,
            WrittenOtherwise::Fault => Otherwise::Fault,
        })
    }

    fn does(
        &self,
        written: &Written,
        head: Span,
        view: &View,
        unit: Unit,
        place: &Place<'a>,
    ) -> Option<Does> {
        let scope = &place.scope;
        let ways = [
            written.is.is_some(),
            written.above.is_some(),
            written.below.is_some(),
            written.drops_by.is_some(),
            written.rests.is_some(),
        ];
        if ways.iter().filter(|w| **w).count() != 1 {
            let message =
                "a condition is exactly one of `is`, `above`, `below`, `drops_by` and `rests`";
            self.env.sink.push(Complaint::new("one-of", head, message));
            return None;
        }
        if let Some(at) = &written.is {
            return self.contact_is(at, view);
        }
        if let Some(at) = &written.above {
            return self.env.number(at, unit, scope).map(Does::Above);
        }
        if let Some(at) = &written.below {
            return self.env.number(at, unit, scope).map(Does::Below);
        }
        if let Some(at) = &written.drops_by {
            return self.drop(at, scope).map(Does::DropsBy);
        }
        self.rests(written.rests.as_ref()?, unit, scope)
    }

    /// Half way between off (0) and on (1).
    fn contact_is(&self, written: &At<Level>, view: &View) -> Option<Does> {
        let level = written.get()?;
        if !view.digital {
            let message = "only a contact is `on` or `off`";
            let complaint = Complaint::new("wrong-shape", written.span, message);
            self.env
                .sink
                .push(complaint.help("write `above:` or `below:` with a value"));
            return None;
        }
        Some(match level {
            Level::On => Does::Above(0.5),
            Level::Off => Does::Below(0.5),
        })
    }

    fn drop(&self, written: &At<Scalar>, scope: &Scope<'a>) -> Option<f64> {
        let share = self.env.number(written, Unit::one(), scope)?;
        if share > 0.0 && share <= 1.0 {
            return Some(share);
        }
        let message = "a drop is a share above 0 % and at most 100 %";
        self.env
            .sink
            .push(Complaint::new("out-of-range", written.span, message));
        None
    }

    fn rests(&self, written: &At<Rests>, unit: Unit, scope: &Scope<'a>) -> Option<Does> {
        let rests = written.get()?;
        let within = self.env.difference(&rests.within, unit, scope);
        let for_s = self.env.seconds(&rests.time, scope);
        Some(Does::Rests {
            within: within?,
            for_s: for_s?,
        })
    }

    /// The component that is looked at, with its unit. Left out: the only one; of a pose at rest, all
    /// that have the unit of the first.
    fn component(
        &self,
        view: &View,
        channel: &str,
        at: Span,
        written: Option<&At<String>>,
        all_may_rest: bool,
    ) -> Option<(String, Unit)> {
        if let Some(written) = written {
            let name = written.get()?;
            let found = self.named(view, name, written.span)?;
            return Some((name.clone(), found.unit));
        }
        let first = view.components.first()?;
        if view.named && view.components.len() > 1 && !all_may_rest {
            let names: Vec<&str> = view.components.iter().map(|c| c.name.as_str()).collect();
            let message = format!("`{channel}` has several components; one must be named");
            self.env.sink.push(
                Complaint::new("missing-component", at, message)
                    .help(format!("add `component: {}`", first.name))
                    .note(format!("known: {}", crate::near::list(&names))),
            );
            return None;
        }
        Some((String::new(), first.unit))
    }

    fn named<'v>(&self, view: &'v View, name: &str, at: Span) -> Option<&'v Component> {
        let found = view.components.iter().find(|c| c.name == name);
        match found {
            None if view.named => {
                let names = view.components.iter().map(|c| c.name.as_str());
                self.env.sink.push(crate::check::literal::unknown(
                    "unknown-component",
                    "component",
                    name,
                    at,
                    names,
                ));
                None
            }
            None => view.components.first(),
            found => found,
        }
    }

    pub(super) fn mark(&self, written: &WrittenMark, place: &Place<'a>) -> Option<Mark> {
        let name = crate::check::literal::filled(&written.name, self.env.sink)?;
        let name = self.env.text(&name, written.name.span, &place.scope)?;
        Some(Mark { name })
    }

    pub(super) fn zero(&self, written: &WrittenZero) -> Option<Zero> {
        let (_, name) = self.channel(&written.channel)?;
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
        let component = found.and_then(|(view, name)| {
            let at = written.channel.span;
            self.component(view, name, at, written.component.as_ref(), false)
        });
        let over_s = self.env.seconds(&written.over, &place.scope);
        let (component, unit) = component?;
        let expect = self.env.number(&written.expect, unit, &place.scope);
        let within = self.env.difference(&written.within, unit, &place.scope);
        if let (Some((view, _)), Some(over)) = (found, over_s) {
            self.long_enough(view, over, written.over.span, "the averaging time");
        }
        if let (Some((view, _)), Some(expect)) = (found, expect) {
            self.calibrated(view, expect, written.expect.span);
        }
        Some(Check {
            channel: found?.1.to_string(),
            component,
            expect: expect?,
            within: within?,
            over_s: over_s?,
        })
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
            self.component(view, name, at, rule.component.as_ref(), false)
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

/// The watches of a suite.
pub(crate) fn watches<'a>(
    reader: &CaseReader<'a, '_>,
    written: Option<&'a At<Vec<At<WrittenWatch>>>>,
) -> Vec<Watch> {
    let list = written.and_then(At::get).into_iter().flatten();
    list.filter_map(|at| watch(reader, at.get()?, at.head))
        .collect()
}

fn watch<'a>(reader: &CaseReader<'a, '_>, written: &'a WrittenWatch, head: Span) -> Option<Watch> {
    let env = reader.env;
    let scope = Scope::default();
    let found = reader.channel(&written.channel);
    let max_age_s = env.seconds(&written.max_age, &scope);
    let (view, channel) = found?;
    let component = match &written.component {
        None => String::new(),
        Some(at) => {
            let name = at.get()?;
            reader.named(view, name, at.span)?;
            name.clone()
        }
    };
    let looked_at: Vec<&Component> = view
        .components
        .iter()
        .filter(|c| component.is_empty() || !view.named || c.name == component)
        .collect();
    let limit = |at: &Option<At<Scalar>>| match at {
        None => Some(None),
        Some(at) => {
            let mut number = None;
            for component in &looked_at {
                number = Some(env.number(at, component.unit, &scope)?);
            }
            Some(number)
        }
    };
    let (at_least, at_most) = (limit(&written.at_least), limit(&written.at_most));
    let (at_least, at_most, max_age_s) = (at_least?, at_most?, max_age_s?);
    if let (Some(least), Some(most)) = (at_least, at_most)
        && least > most
    {
        let message = format!("at least {least} and at most {most}: every value trips it");
        env.sink
            .push(Complaint::new("swapped-limits", head, message));
    }
    if let Some(interval) = view.interval_s.filter(|i| max_age_s < 2.0 * i) {
        let message = format!(
            "`max_age` is {max_age_s} s, and a sample comes every {interval} s only: it trips by itself"
        );
        let help = format!(
            "allow two samples at least: `max_age: {} s`",
            2.0 * interval
        );
        env.sink
            .push(Complaint::new("unreachable", written.max_age.span, message).help(help));
    }
    Some(Watch {
        channel: channel.to_string(),
        component,
        at_least,
        at_most,
        max_age_s,
    })
}
