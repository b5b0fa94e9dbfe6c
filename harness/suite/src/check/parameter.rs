//! Parameters as declared: default, range, and who may set them.

use super::Checker;
use super::literal::{any_quantity, count, identifier, text};
use crate::complaint::{Complaint, Sink, Span};
use crate::written::suite::{Parameter as Written, SetByWord};
use crate::yaml::{At, Scalar};
use certbench_model::measure::SetBy;
use certbench_model::{ParamValue, Text};
use std::cmp::Ordering;

/// A declared parameter.
#[derive(Clone, Debug)]
pub(crate) struct Parameter {
    pub(crate) id: String,
    pub(crate) span: Span,
    pub(crate) title: Text,
    pub(crate) default: ParamValue,
    pub(crate) range: Option<[ParamValue; 2]>,
    pub(crate) full: Option<ParamValue>,
    pub(crate) set_by: SetBy,
    pub(crate) origin: Option<Text>,
}

impl Checker<'_> {
    /// A declaration; `None` when too little of it could be read to be used.
    pub(crate) fn parameter(
        &self,
        id: &str,
        span: Span,
        written: &At<Written>,
    ) -> Option<Parameter> {
        let sink = self.sink;
        let declared = written.get()?;
        let name = identifier(id, span, "a parameter", sink);
        let title = text(&declared.title, sink);
        let origin = declared.origin.as_ref().and_then(|o| text(o, sink));
        let set_by = declared.set_by.get().map(|w| match w {
            SetByWord::Suite => SetBy::Suite,
            SetByWord::Customer => SetBy::Customer,
            SetByWord::Laboratory => SetBy::Laboratory,
        });
        let default = free_value(&declared.default, sink)?;
        let range = self.range(declared, written.head, &default, set_by);
        let full = declared
            .full
            .as_ref()
            .and_then(|f| value_like(f, &default, sink));
        if let Some([least, most]) = &range {
            within(
                "the default",
                &default,
                [least, most],
                declared.default.span,
                sink,
            );
            if let (Some(full), Some(at)) = (&full, &declared.full) {
                within("`full`", full, [least, most], at.span, sink);
            }
        }
        if let (Some(full), Some(at)) = (&full, &declared.full)
            && compare(&default, full) == Some(Ordering::Less)
        {
            let message = format!("the default of `{id}` is below `full`: every run is shortened");
            let complaint = Complaint::new("default-below-full", declared.default.span, message);
            sink.push(complaint.also(at.span, "a verdict needs this").warning());
        }
        Some(Parameter {
            id: name?,
            span,
            title: title?,
            default,
            range,
            full,
            set_by: set_by?,
            origin,
        })
    }

    fn range(
        &self,
        declared: &Written,
        head: Span,
        default: &ParamValue,
        set_by: Option<SetBy>,
    ) -> Option<[ParamValue; 2]> {
        let Some(written) = &declared.range else {
            if set_by.is_some_and(|s| s != SetBy::Suite) {
                let message = "a parameter that somebody may set needs its range";
                self.sink.push(
                    Complaint::new("missing-range", head, message)
                        .help("add for example `range: [1, 100]`"),
                );
            }
            return None;
        };
        let ends = written.get()?;
        let [least, most] = ends.as_slice() else {
            let message = format!("a range has two ends, this one has {}", ends.len());
            self.sink
                .push(Complaint::new("bad-range", written.span, message));
            return None;
        };
        let ends = (
            value_like(least, default, self.sink),
            value_like(most, default, self.sink),
        );
        let (least, most) = (ends.0?, ends.1?);
        if compare(&least, &most) == Some(Ordering::Greater) {
            let message = format!(
                "the range begins at {} and ends at {}",
                show(&least),
                show(&most)
            );
            self.sink.push(
                Complaint::new("swapped-range", written.span, message).help(format!(
                    "write `[{}, {}]`",
                    show(&most),
                    show(&least)
                )),
            );
            return None;
        }
        Some([least, most])
    }
}

/// A count or a quantity, whichever is written.
fn free_value(written: &At<Scalar>, sink: &Sink) -> Option<ParamValue> {
    let scalar = written.get()?;
    if scalar.plain && scalar.text.bytes().all(|b| b.is_ascii_digit()) {
        return count(scalar, written.span, sink).map(ParamValue::Count);
    }
    any_quantity(&scalar.text, written.span, sink).map(ParamValue::Quantity)
}

/// A value of the same kind and dimension as `like`.
pub(crate) fn value_like(
    written: &At<Scalar>,
    like: &ParamValue,
    sink: &Sink,
) -> Option<ParamValue> {
    let scalar = written.get()?;
    match like {
        ParamValue::Quantity(q) => {
            super::literal::quantity(&scalar.text, written.span, &[q.unit], sink)
                .map(ParamValue::Quantity)
        }
        _ => count(scalar, written.span, sink).map(ParamValue::Count),
    }
}

/// Complains when a value is not in its range.
pub(crate) fn within(
    what: &str,
    value: &ParamValue,
    [least, most]: [&ParamValue; 2],
    at: Span,
    sink: &Sink,
) -> bool {
    let inside = compare(least, value).is_some_and(Ordering::is_le)
        && compare(value, most).is_some_and(Ordering::is_le);
    if !inside {
        let message = format!(
            "{what} {} is outside the range {} to {}",
            show(value),
            show(least),
            show(most)
        );
        sink.push(Complaint::new("out-of-range", at, message));
    }
    inside
}

/// Compares two values of one kind.
pub(crate) fn compare(a: &ParamValue, b: &ParamValue) -> Option<Ordering> {
    match (a, b) {
        (ParamValue::Count(a), ParamValue::Count(b)) => Some(a.cmp(b)),
        (ParamValue::Quantity(a), ParamValue::Quantity(b)) => {
            a.value.partial_cmp(&b.to(a.unit).ok()?)
        }
        _ => None,
    }
}

/// As a suite writes it.
pub(crate) fn show(value: &ParamValue) -> String {
    match value {
        ParamValue::Quantity(q) => q.to_string(),
        ParamValue::Count(n) => n.to_string(),
        ParamValue::Text(t) => t.clone(),
        ParamValue::Flag(b) => b.to_string(),
    }
}
