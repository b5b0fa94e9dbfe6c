//! Parameters of a metric, with its defaults filled in.

use super::Measures;
use crate::check::literal::unknown;
use crate::complaint::{Complaint, Span};
use crate::near::list;
use crate::plan::env::Scope;
use crate::yaml::{At, Entries, Scalar};
use certbench_model::vocabulary::{MetricDescription, ParamDescription, ParamKind};
use certbench_model::{ParamValue, Unit};
use std::collections::BTreeMap;

impl Measures<'_, '_, '_> {
    pub(super) fn params(
        &self,
        written: Option<&At<Entries<At<Scalar>>>>,
        metric: &MetricDescription,
        of_channel: Option<Unit>,
        head: Span,
    ) -> Option<BTreeMap<String, ParamValue>> {
        let entries = written.and_then(At::get);
        let mut params = BTreeMap::new();
        for (name, span, value) in entries.into_iter().flat_map(Entries::iter) {
            let Some(known) = metric.params.iter().find(|p| p.name == name) else {
                let names = metric.params.iter().map(|p| p.name.as_str());
                let what = format!("parameter of `{}`", metric.id);
                self.complain(unknown("unknown-parameter", &what, name, span, names));
                continue;
            };
            params.extend(
                self.param(known, of_channel, value)
                    .map(|v| (name.to_string(), v)),
            );
        }
        for known in &metric.params {
            let given = entries.is_some_and(|e| e.find(&known.name).is_some());
            match (&known.default, given) {
                (Some(default), false) => {
                    params.insert(known.name.clone(), default.clone());
                }
                (None, false) if !known.optional => {
                    let message = format!("`{}` needs the parameter `{}`", metric.id, known.name);
                    let at = written.map_or(head, |w| w.head);
                    self.complain(
                        Complaint::new("missing-parameter", at, message)
                            .help(format!(
                                "add `params: {{ {}: {} }}`",
                                known.name,
                                example(known)
                            ))
                            .note(known.title.en.clone()),
                    );
                }
                _ => {}
            }
        }
        Some(params)
    }

    fn param(
        &self,
        known: &ParamDescription,
        of_channel: Option<Unit>,
        written: &At<Scalar>,
    ) -> Option<ParamValue> {
        let env = self.env();
        let scope = Scope::default();
        let scalar = written.get()?;
        let wrong = |wanted: String| {
            let message = format!("`{}` takes {wanted}, found `{}`", known.name, scalar.text);
            let complaint = Complaint::new("wrong-parameter", written.span, message);
            self.complain(complaint.note(known.title.en.clone()));
            None
        };
        match &known.kind {
            ParamKind::Quantity(unit) => env
                .quantity(written, &[*unit], &scope)
                .map(ParamValue::Quantity),
            ParamKind::OfChannel => env
                .quantity(written, of_channel.as_slice(), &scope)
                .map(ParamValue::Quantity),
            ParamKind::Count => env.count(written, &scope).map(ParamValue::Count),
            ParamKind::OneOf(words) if words.contains(&scalar.text) => {
                Some(ParamValue::Text(scalar.text.clone()))
            }
            ParamKind::OneOf(words) => {
                let words: Vec<&str> = words.iter().map(String::as_str).collect();
                wrong(format!("one of {}", list(&words)))
            }
            ParamKind::Text | ParamKind::File | ParamKind::Signals => {
                Some(ParamValue::Text(scalar.text.clone()))
            }
            ParamKind::Flag => match (scalar.text.as_str(), scalar.plain) {
                ("true", true) => Some(ParamValue::Flag(true)),
                ("false", true) => Some(ParamValue::Flag(false)),
                _ => wrong("`true` or `false`".to_string()),
            },
        }
    }
}

/// A value that a parameter could have, for a suggestion.
fn example(known: &ParamDescription) -> String {
    match &known.kind {
        ParamKind::Quantity(unit) => format!("1 {unit}"),
        ParamKind::OfChannel | ParamKind::Count => "1".to_string(),
        ParamKind::OneOf(words) => words.first().cloned().unwrap_or_default(),
        ParamKind::Text | ParamKind::File | ParamKind::Signals => "…".to_string(),
        ParamKind::Flag => "true".to_string(),
    }
}
