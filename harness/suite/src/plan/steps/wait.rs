//! Waits: a time, or a condition on a channel with a bound.

use super::{CaseReader, Place};
use crate::complaint::{Complaint, Span};
use crate::plan::env::Scope;
use crate::plan::view::View;
use crate::written::shared::Level;
use crate::written::step::{Keeps, Otherwise as WrittenOtherwise, Pace, Rests, Wait as Written};
use crate::yaml::{At, Scalar};
use certbench_model::step::{Condition, Does, Otherwise, Wait};
use certbench_model::{Component, Unit};

impl<'a> CaseReader<'a, '_> {
    pub(super) fn wait(&self, written: &'a Written, head: Span, place: &Place<'a>) -> Option<Wait> {
        match (&written.time, &written.channel) {
            (Some(time), None) => {
                self.nothing_else(written, time.span);
                self.env.seconds(time, &place.scope).map(Wait::For)
            }
            (None, Some(channel)) => {
                self.no_expression(written);
                self.condition(written, channel, head, place)
            }
            (None, None) if written.when.is_some() => self.when(written, head, place),
            _ => {
                let message = "a wait has either a time or a condition on a channel";
                self.env.sink.push(Complaint::new("one-of", head, message).help(
                    "write `{ for: 5 s }` or `{ channel: …, above: …, within: 5 s, otherwise: fault }`",
                ));
                None
            }
        }
    }

    /// A condition over several channels and taken values.
    fn when(&self, written: &'a Written, head: Span, place: &Place<'a>) -> Option<Wait> {
        let at = written.when.as_ref()?;
        let others = [
            written.is.is_some(),
            written.above.is_some(),
            written.below.is_some(),
            written.drops_by.is_some(),
            written.rests.is_some(),
            written.keeps.is_some(),
            written.steady.is_some(),
            written.changes.is_some(),
            written.component.is_some(),
        ];
        if others.contains(&true) {
            let message = "`when` says the whole condition; nothing else stands beside it";
            self.env
                .sink
                .push(Complaint::new("one-of", at.span, message));
        }
        let within_s = self.bound(written, head, place);
        let otherwise = self.otherwise(&written.otherwise, head, place);
        let read = crate::expr::parse(at.get()?, at.span, self.env.sink)?;
        let names = self.names_of_now();
        let when = read.condition(&names, self.env)?;
        for name in when.names() {
            let channel = name.split('.').next().unwrap_or(name);
            self.env.note("channel", channel);
        }
        Some(Wait::When {
            when,
            within_s: within_s?,
            otherwise: otherwise?,
        })
    }

    fn no_expression(&self, written: &Written) {
        if let Some(when) = &written.when {
            let message = "`when` names its channels itself; `channel` does not stand beside it";
            self.env
                .sink
                .push(Complaint::new("one-of", when.span, message));
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
            written.when.is_some(),
            written.keeps.is_some(),
            written.steady.is_some(),
            written.changes.is_some(),
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
        found.inspect(|(view, _)| self.live(view, channel));
        let resting = written.rests.is_some();
        let component = found.and_then(|(view, name)| {
            self.component(
                view,
                name,
                channel.span,
                written.component.as_ref(),
                resting,
                place,
            )
        });
        let does = component.as_ref().and_then(|(_, unit)| {
            let (view, _) = found?;
            self.does(written, head, view, *unit, place)
        });
        let within_s = self.bound(written, head, place);
        let otherwise = self.otherwise(&written.otherwise, head, place);
        if let (
            Some(within),
            Some(
                Does::Rests { for_s, .. }
                | Does::Keeps { for_s, .. }
                | Does::Steady { over_s: for_s, .. }
                | Does::Changes { over_s: for_s, .. },
            ),
        ) = (within_s, &does)
            && *for_s >= within
        {
            let at = written.within.as_ref().map_or(head, |w| w.span);
            let message = format!(
                "what takes {for_s} s can never be seen within {within} s: the time-out always comes first"
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

    pub(super) fn otherwise(
        &self,
        written: &Option<At<WrittenOtherwise>>,
        head: Span,
        place: &Place<'a>,
    ) -> Option<Otherwise> {
        let Some(at) = written else {
            if place.requiring {
                return Some(Otherwise::NotTested);
            }
            let message = "a condition says what it means when it does not come";
            self.env
                .sink
                .push(Complaint::new("missing-key", head, message).help(
                    "add `otherwise: fault`, `go-on`, or in a trial `failure` or `censored`",
                ));
            return None;
        };
        let otherwise = at.get()?;
        let of_trial = matches!(
            otherwise,
            WrittenOtherwise::Censored | WrittenOtherwise::Failure | WrittenOtherwise::Invalid(_)
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
            WrittenOtherwise::NotTested => Otherwise::NotTested,
            WrittenOtherwise::Invalid(reason) => Otherwise::Invalid(self.reason(reason, place)?),
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
            written.keeps.is_some(),
            written.steady.is_some(),
            written.changes.is_some(),
        ];
        if ways.iter().filter(|w| **w).count() != 1 {
            let message = "a condition is exactly one of `is`, `above`, `below`, `drops_by`, `rests`, `keeps`, `steady` and `changes`";
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
        if let Some(at) = &written.keeps {
            return self.keeps(at, unit, scope);
        }
        if let Some(at) = &written.steady {
            let steady = at.get()?;
            let change = self.env.difference(&steady.change, unit, scope);
            let over_s = self.env.seconds(&steady.over, scope);
            return Some(Does::Steady {
                change: change?,
                over_s: over_s?,
            });
        }
        if let Some(at) = &written.changes {
            return self.pace(at, unit, scope);
        }
        self.rests(written.rests.as_ref()?, unit, scope)
    }

    fn pace(&self, at: &At<Pace>, unit: Unit, scope: &Scope<'a>) -> Option<Does> {
        let pace = at.get()?;
        let least = self.env.difference(&pace.least, unit, scope);
        let most = self.env.difference(&pace.most, unit, scope);
        let over_s = self.env.seconds(&pace.over, scope);
        let (least, most) = (least?, most?);
        if least > most {
            let message = format!("no change lies between {least} and {most}");
            let complaint = Complaint::new("swapped-limits", at.head, message);
            self.env.sink.push(complaint);
        }
        Some(Does::Changes {
            least,
            most,
            over_s: over_s?,
        })
    }

    fn keeps(&self, at: &At<Keeps>, unit: Unit, scope: &Scope<'a>) -> Option<Does> {
        let keeps = at.get()?;
        let side = |written: &Option<At<Scalar>>, none: f64| match written {
            None => Some(none),
            Some(at) => self.env.number(at, unit, scope),
        };
        // Finite, since a plan is JSON.
        let (least, most) = (side(&keeps.least, f64::MIN), side(&keeps.most, f64::MAX));
        let for_s = match &keeps.time {
            None => Some(0.0),
            Some(at) => self.env.seconds(at, scope),
        };
        let (least, most) = (least?, most?);
        if keeps.least.is_none() && keeps.most.is_none() {
            let message = "nothing to keep to: `least`, `most` or both";
            self.env
                .sink
                .push(Complaint::new("missing-key", at.head, message));
        }
        if least > most {
            let message = format!("nothing is above {least} and below {most} at once");
            self.env
                .sink
                .push(Complaint::new("swapped-limits", at.head, message));
        }
        Some(Does::Keeps {
            least,
            most,
            for_s: for_s?,
        })
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
    pub(super) fn component(
        &self,
        view: &View,
        channel: &str,
        at: Span,
        written: Option<&At<String>>,
        all_may_rest: bool,
        place: &Place<'a>,
    ) -> Option<(String, Unit)> {
        if let Some(written) = written {
            let name = self.env.name_of_row(written, &place.scope)?;
            let found = self.named(view, &name, written.span)?;
            return Some((name, found.unit));
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

    pub(super) fn named<'v>(&self, view: &'v View, name: &str, at: Span) -> Option<&'v Component> {
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
}
