//! Limits and what is held against them.

use super::Measures;
use crate::check::literal::{text, unknown};
use crate::complaint::{Complaint, Span};
use crate::plan::env::Scope;
use crate::written::shared::OneOrMany;
use crate::written::suite::Accept as WrittenAccept;
use crate::yaml::{At, Scalar};
use certbench_model::measure::SetBy;
use certbench_model::vocabulary::MetricDescription;
use certbench_model::{Accept, Compare, Quantity, Text, Unit};
use std::collections::BTreeMap;

impl Measures<'_, '_, '_> {
    pub(super) fn accept(
        &self,
        written: &WrittenAccept,
        head: Span,
        metric: &MetricDescription,
        unit: Unit,
    ) -> Option<Accept> {
        let origin = match &written.origin {
            None => None,
            Some(at) => text(at, self.env().sink),
        };
        let (compare, limits) = match (&written.estimate, &written.bound) {
            (Some(limits), None) => (Compare::Estimate, limits),
            (None, Some(limits)) => (Compare::Bound, limits),
            _ => {
                let message = "a limit holds for exactly one of `estimate` and `bound`";
                self.complain(
                    Complaint::new("one-of", head, message)
                        .help("write for example `accept: { estimate: at_most 5 mm }`"),
                );
                return None;
            }
        };
        if compare == Compare::Bound && !metric.has_bound {
            let message = format!("`{}` has no confidence bound", metric.id);
            self.complain(
                Complaint::new("no-bound", head, message)
                    .help("compare the `estimate`; the guard band covers its uncertainty"),
            );
        }
        let written = limits;
        let limits = self.limits(written, unit)?;
        if metric.is_share() {
            self.is_within_a_share(&limits, written.span);
        }
        Some(Accept {
            compare,
            at_least: limits.at_least,
            at_most: limits.at_most,
            set_by: limits.set_by,
            origin: origin.or(limits.origin),
        })
    }

    /// No share of trials is below 0 or above 100 %: such a limit decides before the test.
    fn is_within_a_share(&self, limits: &Limits, at: Span) {
        let all = [limits.at_least, limits.at_most];
        let beyond = |limit: &Quantity| {
            let share = limit.to(Unit::one());
            share.is_ok_and(|share| !(0.0..=1.0).contains(&share))
        };
        if let Some(limit) = all.into_iter().flatten().find(beyond) {
            let message = format!("{limit} is no share of trials, which lies between 0 and 100 %");
            self.complain(Complaint::new("outside-share", at, message));
        }
    }

    /// A result that is itself a reading (a peak, not a distance between two) has its limit where
    /// the instrument is calibrated.
    pub(super) fn limit_is_calibrated(
        &self,
        accept: &Accept,
        at: Span,
        metric: &MetricDescription,
        channels: &BTreeMap<String, (String, Span)>,
    ) {
        let ([input], None) = (metric.channels.as_slice(), metric.unit) else {
            return;
        };
        let named = channels.get(&input.name);
        let view = named.and_then(|(name, _)| self.env().channels.get(name));
        let Some((view, unit)) = view.and_then(|v| Some((v, v.components.first()?.unit))) else {
            return;
        };
        for limit in [accept.at_least, accept.at_most].into_iter().flatten() {
            if let Ok(value) = limit.to(unit) {
                self.reader.calibrated(view, value, at);
            }
        }
    }

    fn limits(&self, written: &At<OneOrMany>, unit: Unit) -> Option<Limits> {
        let mut limits = Limits::default();
        let list = &written.get()?.0;
        if list.is_empty() || list.len() > 2 {
            let message = "one limit is expected, or two: at_least and at_most";
            self.complain(Complaint::new("wrong-length", written.head, message));
            return None;
        }
        let mut all = Some(());
        for at in list {
            if self.limit(at, unit, &mut limits).is_none() {
                all = None;
            }
        }
        all?;
        if let (Some(least), Some(most)) = (limits.at_least, limits.at_most)
            && most.to(least.unit).is_ok_and(|most| least.value > most)
        {
            let message = format!("at least {least} and at most {most}: nothing is accepted");
            self.complain(Complaint::new("swapped-limits", written.span, message));
        }
        Some(limits)
    }

    fn limit(&self, at: &At<Scalar>, unit: Unit, limits: &mut Limits) -> Option<()> {
        let scalar = at.get()?;
        let text = scalar.text.trim();
        let (word, value) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
        let side = match word {
            "at_least" => &mut limits.at_least,
            "at_most" => &mut limits.at_most,
            _ => {
                let known = ["at_least", "at_most"];
                let complaint = unknown("unknown-operator", "operator", word, at.span, known);
                self.complain(complaint.note("a limit reads `at_least 10 N` or `at_most 5 mm`"));
                return None;
            }
        };
        if side.is_some() {
            let message = format!("`{word}` is there twice");
            self.complain(Complaint::new("duplicate-key", at.span, message));
            return None;
        }
        let value = At {
            value: Some(Scalar {
                text: value.trim().to_string(),
                plain: scalar.plain,
            }),
            span: at.span,
            head: at.head,
        };
        *side = Some(self.env().quantity(&value, &[unit], &Scope::default())?);
        if let Some(parameter) = self.env().parameter_of(&value) {
            limits.set_by = limits.set_by.max(parameter.by);
            limits.origin = limits.origin.take().or_else(|| parameter.origin.clone());
        }
        Some(())
    }
}

/// Both sides of a limit and where they come from.
struct Limits {
    at_least: Option<Quantity>,
    at_most: Option<Quantity>,
    set_by: SetBy,
    origin: Option<Text>,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            at_least: None,
            at_most: None,
            set_by: SetBy::Suite,
            origin: None,
        }
    }
}
