//! Parameters of a measure, with the defaults of its metric.

use crate::reason::because;
use crate::stats::Confidence;
use certbench_model::finding::Reason;
use certbench_model::vocabulary::MetricDescription;
use certbench_model::{Measure, ParamValue, Quantity, Unit};

/// The parameters in force.
#[derive(Clone, Copy)]
pub(crate) struct Params<'a> {
    pub(crate) measure: &'a Measure,
    pub(crate) metric: &'a MetricDescription,
}

impl<'a> Params<'a> {
    fn get(self, name: &str) -> Option<&'a ParamValue> {
        let default = || {
            let described = self.metric.params.iter().find(|p| p.name == name);
            described.and_then(|p| p.default.as_ref())
        };
        self.measure.params.get(name).or_else(default)
    }

    /// A number in the given unit.
    pub(crate) fn number(self, name: &str, unit: Unit) -> Result<f64, Reason> {
        let quantity = self.get(name).and_then(ParamValue::quantity);
        quantity
            .and_then(|q| q.to(unit).ok())
            .filter(|v| v.is_finite())
            .ok_or_else(|| missing(name))
    }

    /// A quantity that may be left out.
    pub(crate) fn optional(self, name: &str) -> Option<Quantity> {
        self.get(name).and_then(ParamValue::quantity)
    }

    /// A number above zero.
    pub(crate) fn positive(self, name: &str, unit: Unit) -> Result<f64, Reason> {
        let number = self.number(name, unit)?;
        (number > 0.0)
            .then_some(number)
            .ok_or_else(|| missing(name))
    }

    /// A number above zero that may be left out.
    pub(crate) fn optional_positive(self, name: &str, unit: Unit) -> Result<Option<f64>, Reason> {
        self.get(name)
            .map(|_| self.positive(name, unit))
            .transpose()
    }

    /// A level such as 95 %.
    pub(crate) fn level(self, name: &str) -> Result<Confidence, Reason> {
        Confidence::new(self.number(name, Unit::one())?).ok_or_else(|| missing(name))
    }

    /// One of several words.
    pub(crate) fn word(self, name: &str) -> Result<&'a str, Reason> {
        let word = self.get(name).and_then(ParamValue::text);
        word.ok_or_else(|| missing(name))
    }

    /// A word or text that may be left out.
    pub(crate) fn optional_word(self, name: &str) -> Option<&'a str> {
        self.get(name).and_then(ParamValue::text)
    }

    /// A count.
    pub(crate) fn count(self, name: &str) -> Result<u64, Reason> {
        let count = self.get(name).and_then(ParamValue::count);
        count.ok_or_else(|| missing(name))
    }

    /// Yes or no.
    pub(crate) fn flag(self, name: &str) -> Result<bool, Reason> {
        match self.get(name) {
            Some(ParamValue::Flag(flag)) => Ok(*flag),
            _ => Err(missing(name)),
        }
    }
}

fn missing(name: &str) -> Reason {
    because(
        "parameter",
        format!("The parameter {name} is missing or of the wrong kind"),
        format!("参数 {name} 缺失或类型不符"),
    )
}
