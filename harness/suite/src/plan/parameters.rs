//! Which value each parameter has in force, and who set it.

use crate::check::bench::Bench;
use crate::check::job::Job;
use crate::check::literal::unknown;
use crate::check::parameter::{Parameter, compare, show, value_like, within};
use crate::check::suite::Suite;
use crate::complaint::{Complaint, Sink, Span};
use crate::near::distance;
use crate::sources::Sources;
use crate::yaml::{At, Scalar};
use certbench_model::measure::SetBy;
use certbench_model::plan::{Parameter as Planned, Shortened};
use certbench_model::{ParamValue, Text};
use std::cmp::Ordering;
use std::collections::BTreeMap;

/// A parameter's value and where it comes from.
#[derive(Clone, Debug)]
pub(crate) struct InForce {
    pub(crate) value: ParamValue,
    /// Who set this value: the suite, unless somebody else did.
    pub(crate) by: SetBy,
    pub(crate) origin: Option<Text>,
}

/// The defaults: what a suite is checked with by itself.
pub(crate) fn defaults(suite: &Suite) -> BTreeMap<String, InForce> {
    let default = |p: &Parameter| InForce {
        value: p.default.clone(),
        by: SetBy::Suite,
        origin: p.origin.clone(),
    };
    suite
        .parameters
        .iter()
        .map(|p| (p.id.clone(), default(p)))
        .collect()
}

/// One value on offer for a parameter.
struct Offer<'a> {
    name: &'a str,
    at: Span,
    value: &'a At<Scalar>,
    by: SetBy,
    origin: Text,
}

/// `name=value` entries, each with its place in a file of their own.
pub(super) fn command_line(
    set: &[String],
    sources: &mut Sources,
    sink: &Sink,
) -> Vec<(String, Span, At<Scalar>)> {
    if set.is_empty() {
        return Vec::new();
    }
    let file = sources.add_text("--set", set.join("\n"));
    let mut entries = Vec::new();
    let mut start = 0;
    for entry in set {
        let span = |from: usize, to: usize| Span {
            file,
            start: (start + from) as u32,
            end: (start + to) as u32,
        };
        match entry.split_once('=') {
            Some((name, value)) => {
                let at = span(name.len() + 1, entry.len());
                let value = At {
                    value: Some(Scalar {
                        text: value.trim().to_string(),
                        plain: true,
                    }),
                    span: at,
                    head: at,
                };
                entries.push((name.trim().to_string(), span(0, name.len()), value));
            }
            None => {
                let message = format!("`{entry}` is not `name=value`");
                sink.push(Complaint::new("bad-setting", span(0, entry.len()), message));
            }
        }
        start += entry.len() + 1;
    }
    entries
}

/// The values in force: defaults, then the customer's (job), then the laboratory's (bench, then
/// `set`, which is an entry of the command line).
pub(crate) fn in_force(
    suite: &Suite,
    bench: &Bench,
    job: Option<&Job>,
    set: &[(String, Span, At<Scalar>)],
    sink: &Sink,
) -> BTreeMap<String, InForce> {
    let mut values = defaults(suite);
    for (name, at, value) in job.iter().flat_map(|j| j.declared.iter()) {
        let order = job.map_or("", Job::order);
        let origin = Text::new(
            format!("declared by the customer in order {order}"),
            format!("客户在合同 {order} 中声明"),
        );
        let offer = Offer {
            name,
            at,
            value,
            by: SetBy::Customer,
            origin,
        };
        match suite.parameter(name) {
            Some(parameter) => take(parameter, offer, &mut values, sink),
            None => misspelt(suite, job, &offer, sink),
        }
    }
    let of_bench = bench.parameters.get(&suite.facts.id);
    let from_bench = of_bench.into_iter().flat_map(|p| p.iter());
    let from_bench = from_bench.map(|(name, at, value)| {
        let origin = Text::new(
            format!("set by the laboratory on the bench `{}`", bench.id),
            format!("由实验室在测试台 `{}` 上设定", bench.id),
        );
        (name, at, value, origin)
    });
    let from_line = set.iter().map(|(name, at, value)| {
        let origin = Text::new(
            "set by the laboratory for this run",
            "由实验室为本次运行设定",
        );
        (name.as_str(), *at, value, origin)
    });
    for (name, at, value, origin) in from_bench.chain(from_line) {
        let offer = Offer {
            name,
            at,
            value,
            by: SetBy::Laboratory,
            origin,
        };
        match suite.parameter(name) {
            Some(parameter) => take(parameter, offer, &mut values, sink),
            None => {
                let names = suite
                    .parameters
                    .iter()
                    .filter(|p| p.set_by == SetBy::Laboratory)
                    .map(|p| p.id.as_str());
                let what = format!("parameter of `{}`", suite.facts.id);
                sink.push(unknown("unknown-parameter", &what, name, at, names));
            }
        }
    }
    values
}

/// Takes an offer if whoever makes it may, and the value is in its range.
fn take(
    parameter: &Parameter,
    offer: Offer<'_>,
    values: &mut BTreeMap<String, InForce>,
    sink: &Sink,
) {
    if parameter.set_by != offer.by {
        let who = match parameter.set_by {
            SetBy::Suite => "nobody may set it: it belongs to the suite",
            SetBy::Customer => "the customer sets it, in the job's `declared:`",
            SetBy::Laboratory => "the laboratory sets it, in the bench's `parameters:`",
        };
        let message = format!("`{}` cannot be set here", parameter.id);
        sink.push(
            Complaint::new("not-settable", offer.at, message)
                .also(parameter.span, "declared here")
                .note(who),
        );
        return;
    }
    let Some(value) = value_like(offer.value, &parameter.default, sink) else {
        return;
    };
    if let Some([least, most]) = &parameter.range {
        let what = format!("`{}` =", parameter.id);
        if !within(&what, &value, [least, most], offer.value.span, sink) {
            return;
        }
    }
    let value = InForce {
        value,
        by: offer.by,
        origin: Some(offer.origin),
    };
    values.insert(parameter.id.clone(), value);
}

/// A job may declare more than one suite asks for; a slip of the pen must not pass as that.
fn misspelt(suite: &Suite, job: Option<&Job>, offer: &Offer<'_>, sink: &Sink) {
    let declared = |id: &str| job.is_some_and(|j| j.declared.find(id).is_some());
    let meant = suite
        .parameters
        .iter()
        .filter(|p| p.set_by == SetBy::Customer && !declared(&p.id))
        .find(|p| {
            let most = if offer.name.len() < 8 { 1 } else { 2 };
            distance(offer.name, &p.id) <= most && !opposite(offer.name, &p.id)
        });
    if let Some(meant) = meant {
        let message = format!("unknown parameter `{}`", offer.name);
        sink.push(
            Complaint::new("unknown-parameter", offer.at, message)
                .also(meant.span, "nothing is declared for this one")
                .help(format!("did you mean `{}`?", meant.id)),
        );
    }
}

/// `x_min` is no slip for `x_max`.
fn opposite(a: &str, b: &str) -> bool {
    let ends = |x: &str, y: &str| a.ends_with(x) && b.ends_with(y);
    ends("_min", "_max") || ends("_max", "_min")
}

/// All parameters as a plan prints them.
pub(crate) fn planned(suite: &Suite, values: &BTreeMap<String, InForce>) -> Vec<Planned> {
    let planned = |p: &Parameter| {
        let value = values.get(&p.id)?;
        Some(Planned {
            id: p.id.clone(),
            title: p.title.clone(),
            value: value.value.clone(),
            set_by: p.set_by,
            default: p.default.clone(),
            origin: value.origin.clone(),
        })
    };
    suite.parameters.iter().filter_map(planned).collect()
}

/// n of N when the value in force is below what a verdict needs.
pub(crate) fn shortened(parameter: &Parameter, value: &ParamValue) -> Option<Shortened> {
    let full = parameter.full.as_ref()?;
    if compare(value, full) != Some(Ordering::Less) {
        return None;
    }
    let (n, of) = counts(value, full);
    Some(Shortened {
        parameter: parameter.id.clone(),
        n,
        of,
    })
}

/// Both as whole numbers: counts as they are, quantities in the unit of `full` or thousandths of it.
fn counts(value: &ParamValue, full: &ParamValue) -> (u64, u64) {
    match (value, full) {
        (ParamValue::Quantity(value), ParamValue::Quantity(full)) => {
            let n = value.to(full.unit).unwrap_or(0.0);
            let whole = n.fract() == 0.0 && full.value.fract() == 0.0;
            let scale = if whole { 1.0 } else { 1000.0 };
            ((n * scale) as u64, (full.value * scale).round() as u64)
        }
        (ParamValue::Count(value), ParamValue::Count(full)) => (*value, *full),
        _ => (0, 0),
    }
}

/// The words for a shortened case.
pub(crate) fn shortened_text(parameter: &Parameter, value: &ParamValue) -> Text {
    let full = parameter.full.as_ref().map(show).unwrap_or_default();
    let value = show(value);
    Text::new(
        format!(
            "shortened: {} is {value}, a verdict needs {full}; no verdict",
            parameter.title.en
        ),
        format!(
            "缩减：{}为 {value}，判定需要 {full}；不作判定",
            parameter.title.zh
        ),
    )
}
