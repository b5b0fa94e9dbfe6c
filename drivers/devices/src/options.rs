//! A driver's options: what the bench gives, else what the catalogue has as default.

use std::time::Duration;

use certbench_model::plan::DevicePlan;
use certbench_model::vocabulary::{DriverDescription, ParamDescription, ParamKind};
use certbench_model::{ParamValue, Quantity, Text, Unit};
use certbench_roles::Trouble;
use serde_json::Value;

/// The options of one device.
pub(crate) struct Options<'a> {
    device: &'a DevicePlan,
    known: Vec<ParamDescription>,
}

impl<'a> Options<'a> {
    pub(crate) fn new(device: &'a DevicePlan, driver: DriverDescription) -> Options<'a> {
        Options {
            device,
            known: driver.options,
        }
    }

    /// A refusal that names the option.
    pub(crate) fn refuse(&self, name: &str, what: impl std::fmt::Display) -> Trouble {
        Trouble::Refused(format!(
            "device `{}`, option `{name}`: {what}",
            self.device.id
        ))
    }

    /// A quantity in `unit`, if given or defaulted.
    pub(crate) fn quantity(&self, name: &str, unit: &str) -> Result<Option<f64>, Trouble> {
        let quantity = match self.value(name)? {
            None => return Ok(None),
            Some(ParamValue::Quantity(quantity)) => quantity,
            Some(ParamValue::Text(text)) => text.parse().map_err(|e| self.refuse(name, e))?,
            Some(_) => {
                return Err(self.refuse(
                    name,
                    format_args!("write a value with a unit, such as `1 {unit}`"),
                ));
            }
        };
        quantity
            .in_unit(unit)
            .map(Some)
            .map_err(|e| self.refuse(name, e))
    }

    /// A quantity that has a default.
    pub(crate) fn needed_quantity(&self, name: &str, unit: &str) -> Result<f64, Trouble> {
        self.quantity(name, unit)?
            .ok_or_else(|| self.refuse(name, "it must be given"))
    }

    /// A time that has a default.
    pub(crate) fn time(&self, name: &str) -> Result<Duration, Trouble> {
        let seconds = self.needed_quantity(name, "s")?;
        Duration::try_from_secs_f64(seconds).map_err(|e| self.refuse(name, e))
    }

    /// A count that has a default, within what `T` holds.
    pub(crate) fn count<T: TryFrom<u64>>(&self, name: &str) -> Result<T, Trouble> {
        let count = match self.value(name)? {
            Some(ParamValue::Count(count)) => T::try_from(count).ok(),
            Some(ParamValue::Text(text)) => {
                text.trim().parse().ok().and_then(|n| T::try_from(n).ok())
            }
            _ => None,
        };
        count.ok_or_else(|| self.refuse(name, "write a whole number in range"))
    }

    /// A text, if given or defaulted.
    pub(crate) fn text(&self, name: &str) -> Result<Option<String>, Trouble> {
        match self.value(name)? {
            None => Ok(None),
            Some(ParamValue::Text(text)) => Ok(Some(text)),
            Some(ParamValue::Count(count)) => Ok(Some(count.to_string())),
            Some(_) => Err(self.refuse(name, "write a text")),
        }
    }

    /// A list of words, separated by blanks or commas; a list in the file is one too.
    pub(crate) fn words(&self, name: &str) -> Result<Vec<String>, Trouble> {
        if let Some(Value::Array(items)) = self.device.options.get(name) {
            let word = |item: &Value| {
                item.as_str()
                    .map_or_else(|| item.to_string(), str::to_owned)
            };
            return Ok(items.iter().map(word).collect());
        }
        let text = self.text(name)?.unwrap_or_default();
        let words = text.split([' ', ',', '\t']).filter(|word| !word.is_empty());
        Ok(words.map(str::to_owned).collect())
    }

    /// A list of numbers.
    pub(crate) fn numbers(&self, name: &str) -> Result<Vec<f64>, Trouble> {
        let number = |word: &String| word.parse().ok().filter(|n: &f64| n.is_finite());
        let words = self.words(name)?;
        let numbers: Option<Vec<f64>> = words.iter().map(number).collect();
        numbers.ok_or_else(|| self.refuse(name, "write numbers, separated by blanks"))
    }

    fn value(&self, name: &str) -> Result<Option<ParamValue>, Trouble> {
        let Some(known) = self.known.iter().find(|known| known.name == name) else {
            return Ok(None);
        };
        match self.device.options.get(name) {
            None | Some(Value::Null) => Ok(known.default.clone()),
            Some(given) => read(given)
                .map(Some)
                .ok_or_else(|| self.refuse(name, format_args!("`{given}` is not understood"))),
        }
    }
}

/// A value as a bench file has it: `20 ms`, `8`, `true`, or a quantity as the plan serialises it.
fn read(given: &Value) -> Option<ParamValue> {
    match given {
        Value::String(text) => Some(ParamValue::Text(text.clone())),
        Value::Bool(flag) => Some(ParamValue::Flag(*flag)),
        Value::Number(number) => match number.as_u64() {
            Some(count) => Some(ParamValue::Count(count)),
            None => Some(ParamValue::Text(number.to_string())),
        },
        Value::Object(_) => serde_json::from_value::<Quantity>(given.clone())
            .map(ParamValue::Quantity)
            .or_else(|_| serde_json::from_value::<ParamValue>(given.clone()))
            .ok(),
        _ => None,
    }
}

/// A quantity with a default, as `20 ms`. Only for spellings of the unit table.
pub(crate) fn quantity(name: &str, default: &str, en: &str, zh: &str) -> ParamDescription {
    let default: Option<Quantity> = default.parse().ok();
    let unit = default.map_or_else(Unit::one, |quantity| quantity.unit);
    option(
        name,
        ParamKind::Quantity(unit),
        default.map(ParamValue::Quantity),
        en,
        zh,
    )
}

/// A quantity that may be left out.
pub(crate) fn optional_quantity(name: &str, unit: &str, en: &str, zh: &str) -> ParamDescription {
    let unit = Unit::parse(unit).unwrap_or_else(|_| Unit::one());
    option(name, ParamKind::Quantity(unit), None, en, zh)
}

/// A count with a default.
pub(crate) fn count(name: &str, default: u64, en: &str, zh: &str) -> ParamDescription {
    option(
        name,
        ParamKind::Count,
        Some(ParamValue::Count(default)),
        en,
        zh,
    )
}

/// A text with a default.
pub(crate) fn text(name: &str, default: &str, en: &str, zh: &str) -> ParamDescription {
    option(
        name,
        ParamKind::Text,
        Some(ParamValue::Text(default.into())),
        en,
        zh,
    )
}

/// A text that must be given.
pub(crate) fn needed_text(name: &str, en: &str, zh: &str) -> ParamDescription {
    ParamDescription {
        optional: false,
        ..optional_text(name, en, zh)
    }
}

/// A text that may be left out.
pub(crate) fn optional_text(name: &str, en: &str, zh: &str) -> ParamDescription {
    option(name, ParamKind::Text, None, en, zh)
}

/// One of several words; the first is the default.
pub(crate) fn one_of(name: &str, words: &[&str], en: &str, zh: &str) -> ParamDescription {
    let kind = ParamKind::OneOf(words.iter().map(ToString::to_string).collect());
    let default = words.first().map(|word| ParamValue::Text((*word).into()));
    option(name, kind, default, en, zh)
}

/// One of several words, which may be left out.
pub(crate) fn optional_one_of(name: &str, words: &[&str], en: &str, zh: &str) -> ParamDescription {
    ParamDescription {
        default: None,
        optional: true,
        ..one_of(name, words, en, zh)
    }
}

/// A file that must be given.
pub(crate) fn file(name: &str, en: &str, zh: &str) -> ParamDescription {
    ParamDescription {
        kind: ParamKind::File,
        ..needed_text(name, en, zh)
    }
}

/// A file that may be left out.
pub(crate) fn optional_file(name: &str, en: &str, zh: &str) -> ParamDescription {
    ParamDescription {
        kind: ParamKind::File,
        ..optional_text(name, en, zh)
    }
}

/// Signals that the bench must declare.
pub(crate) fn signals(name: &str, en: &str, zh: &str) -> ParamDescription {
    ParamDescription {
        kind: ParamKind::Signals,
        ..needed_text(name, en, zh)
    }
}

/// The option of every serial driver.
pub(crate) fn baud(default: u64) -> ParamDescription {
    count("baud", default, "baud rate", "波特率")
}

fn option(
    name: &str,
    kind: ParamKind,
    default: Option<ParamValue>,
    en: &str,
    zh: &str,
) -> ParamDescription {
    let optional = default.is_none();
    ParamDescription {
        name: name.into(),
        title: Text::new(en, zh),
        kind,
        default,
        optional,
    }
}
