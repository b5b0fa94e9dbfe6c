//! Literals: numbers with units, counts, dates, names. Every function makes its complaint itself and
//! gives nothing when there is nothing to give.

use crate::complaint::{Complaint, Sink, Span};
use crate::near::{distance, suggestion};
use crate::written::shared::Bilingual;
use crate::yaml::{At, Scalar};
use certbench_model::unit::UnitError;
use certbench_model::{Date, Quantity, Text, Unit};

/// Largest count that may be written.
const COUNT_MAX: u64 = 1_000_000;

/// A number with a unit, of whatever dimension.
pub(crate) fn any_quantity(text: &str, at: Span, sink: &Sink) -> Option<Quantity> {
    match text.parse::<Quantity>() {
        Ok(quantity) => Some(quantity),
        Err(error) => {
            sink.push(unit_complaint(error, at));
            None
        }
    }
}

/// A number with a unit that is compatible with one of `units`.
pub(crate) fn quantity(text: &str, at: Span, units: &[Unit], sink: &Sink) -> Option<Quantity> {
    let quantity = any_quantity(text, at, sink)?;
    fitting(quantity, at, units, sink)
}

/// The quantity, if its dimension is one of those expected.
pub(crate) fn fitting(
    quantity: Quantity,
    at: Span,
    units: &[Unit],
    sink: &Sink,
) -> Option<Quantity> {
    if units.is_empty() || units.iter().any(|u| quantity.unit.compatible(*u)) {
        return Some(quantity);
    }
    let name = |u: &Unit| match *u == Unit::one() {
        true => "`%`".to_string(),
        false => format!("`{u}`"),
    };
    let wanted: Vec<String> = units.iter().map(name).collect();
    let message = format!(
        "`{quantity}` cannot stand where a value in {} is expected",
        wanted.join(" or ")
    );
    sink.push(
        Complaint::new("wrong-dimension", at, message)
            .here(format!("a value in `{}`", quantity.unit)),
    );
    None
}

pub(crate) fn unit_complaint(error: UnitError, at: Span) -> Complaint {
    match error {
        UnitError::Unknown { text, near } => {
            let near = near.or_else(|| {
                Unit::all()
                    .map(Unit::symbol)
                    .find(|symbol| text.len() > 1 && distance(&text, symbol) == 1)
            });
            let complaint = Complaint::new("unknown-unit", at, format!("unknown unit `{text}`"));
            match near {
                Some(near) => complaint.help(format!("did you mean `{near}`?")),
                None => complaint.note(
                    "units are spelled as in UCUM, for example `mm`, `N`, `N.m`, `deg/s`, `Cel`",
                ),
            }
        }
        UnitError::NoNumber(text) => Complaint::new(
            "not-a-number",
            at,
            format!("`{text}` is text; a finite number with a unit is expected"),
        )
        .help("write for example `25 mm`"),
        UnitError::NoUnit(text) => {
            Complaint::new("missing-unit", at, format!("`{text}` has no unit")).help(format!(
                "write for example `{text} mm`; a pure number is `{text} 1`"
            ))
        }
        mismatch @ UnitError::Mismatch { .. } => {
            Complaint::new("wrong-dimension", at, mismatch.to_string())
        }
    }
}

/// A count, written as a plain decimal number.
pub(crate) fn count(scalar: &Scalar, at: Span, sink: &Sink) -> Option<u64> {
    let digits = !scalar.text.is_empty() && scalar.text.bytes().all(|b| b.is_ascii_digit());
    let complaint = match (scalar.plain, digits) {
        (true, true) => match scalar.text.parse::<u64>() {
            Ok(n) if n <= COUNT_MAX => return Some(n),
            _ => Complaint::new(
                "not-a-count",
                at,
                format!("`{}` is more than {COUNT_MAX}", scalar.text),
            ),
        },
        (false, true) => Complaint::new(
            "not-a-count",
            at,
            format!("\"{}\" in quotes is text; a count is expected", scalar.text),
        )
        .help(format!("write {} without quotes", scalar.text)),
        _ => Complaint::new(
            "not-a-count",
            at,
            format!("`{}` is no count; a whole number is expected", scalar.text),
        ),
    };
    sink.push(complaint);
    None
}

/// A literal quantity of one dimension.
pub(crate) fn quantity_at(written: &At<Scalar>, unit: Unit, sink: &Sink) -> Option<Quantity> {
    quantity(&written.get()?.text, written.span, &[unit], sink)
}

/// A literal in a unit that the code names.
pub(crate) fn number_in(written: &At<Scalar>, symbol: &str, sink: &Sink) -> Option<f64> {
    let unit = Unit::parse(symbol).ok()?;
    quantity_at(written, unit, sink)?.to(unit).ok()
}

/// A difference or uncertainty in a unit: no offset between Celsius and kelvin.
pub(crate) fn difference_in(written: &At<Scalar>, unit: Unit, sink: &Sink) -> Option<f64> {
    let quantity = quantity_at(written, unit, sink)?;
    quantity.unit.convert_difference(quantity.value, unit).ok()
}

/// A literal that may not be negative.
pub(crate) fn not_negative(value: f64, at: Span, what: &str, sink: &Sink) -> Option<f64> {
    if value >= 0.0 {
        return Some(value);
    }
    let message = format!("{what} cannot be negative");
    sink.push(Complaint::new("out-of-range", at, message));
    None
}

/// A literal that must be above zero.
pub(crate) fn positive(value: f64, at: Span, what: &str, sink: &Sink) -> Option<f64> {
    if value > 0.0 {
        return Some(value);
    }
    let message = format!("{what} must be above zero");
    sink.push(Complaint::new("out-of-range", at, message));
    None
}

/// A day.
pub(crate) fn date(written: &At<String>, sink: &Sink) -> Option<Date> {
    let text = written.get()?;
    match text.parse() {
        Ok(date) => Some(date),
        Err(error) => {
            let error: certbench_model::date::NotADate = error;
            sink.push(Complaint::new(
                "not-a-date",
                written.span,
                error.to_string(),
            ));
            None
        }
    }
}

/// A unit by itself.
pub(crate) fn unit(written: &At<Scalar>, sink: &Sink) -> Option<Unit> {
    match Unit::parse(&written.get()?.text) {
        Ok(unit) => Some(unit),
        Err(error) => {
            sink.push(unit_complaint(error, written.span));
            None
        }
    }
}

/// A text in both languages, neither empty.
pub(crate) fn text(written: &At<Bilingual>, sink: &Sink) -> Option<Text> {
    let both = written.get()?;
    let (en, zh) = (filled(&both.en, sink), filled(&both.zh, sink));
    Some(Text::new(en?, zh?))
}

/// A text that is not empty.
pub(crate) fn filled(written: &At<String>, sink: &Sink) -> Option<String> {
    let text = written.get()?;
    if text.trim().is_empty() {
        let message = "a text is expected here, found an empty one";
        sink.push(Complaint::new("empty-value", written.span, message));
        return None;
    }
    Some(text.clone())
}

/// An identifier: letters, digits, `-` and `_`, at most 64; the first is a letter or digit.
pub(crate) fn identifier(text: &str, at: Span, what: &str, sink: &Sink) -> Option<String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    let good = text.starts_with(|c: char| c.is_ascii_alphanumeric())
        && text.chars().all(plain)
        && text.len() <= 64;
    if good {
        return Some(text.to_string());
    }
    let message = format!("`{text}` is no name for {what}");
    sink.push(Complaint::new("bad-name", at, message).help(
        "use letters, digits, `-` and `_`, 1 to 64 of them, beginning with a letter or digit",
    ));
    None
}

/// A name that must be one of those known; the complaint suggests the nearest.
pub(crate) fn known<'k>(
    code: &'static str,
    what: &str,
    name: &str,
    at: Span,
    names: impl IntoIterator<Item = &'k str>,
    sink: &Sink,
) -> Option<()> {
    let names: Vec<&str> = names.into_iter().collect();
    if names.contains(&name) {
        return Some(());
    }
    sink.push(unknown(code, what, name, at, names));
    None
}

/// The complaint about a name that is not known.
pub(crate) fn unknown<'k>(
    code: &'static str,
    what: &str,
    name: &str,
    at: Span,
    names: impl IntoIterator<Item = &'k str>,
) -> Complaint {
    let message = match what.split_once(" of ") {
        Some((thing, whole)) => format!("unknown {thing} `{name}` of {whole}"),
        None => format!("unknown {what} `{name}`"),
    };
    let mut complaint = Complaint::new(code, at, message);
    let (help, note) = suggestion(name, names);
    complaint.help = help;
    complaint.notes.extend(note);
    complaint
}
