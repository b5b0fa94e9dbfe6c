//! Power meter or supply over SCPI: signals `voltage` (V), `current` (A), `power` (W).
//!
//! One query gives one line of numbers; which number is which signal, the bench says.

use std::sync::Arc;
use std::time::Duration;

use certbench_clock::Clock;
use certbench_link::ByteLink;
use certbench_model::plan::DevicePlan;
use certbench_model::vocabulary::DriverDescription;
use certbench_model::{FaultKind, Identity, Invalid, Reading};
use certbench_roles::{Device, Trouble};
use certbench_wire::scpi::{self as wire, decode_identity, decode_numbers};

use super::asked::{Asked, ask_line, device};
use super::{Said, asked_options, instrument, line, scalar};
use crate::line::{Answer, Failure, Line};
use crate::options::{Options, text};

const LINE_MOST: usize = 512;
const SIGNALS: [(&str, &str); 3] = [("voltage", "V"), ("current", "A"), ("power", "W")];

pub(super) fn description() -> DriverDescription {
    let mut description = instrument(
        "scpi-meter",
        "power-meter",
        "power meter or supply, SCPI over serial or TCP",
        "功率计或电源，串口或 TCP 的 SCPI",
        &["number forms of SCPI-1999 and IEEE 488.2", "simulator"],
    );
    description.links.push("network".into());
    description.signals = SIGNALS
        .map(|(name, unit)| scalar(name, unit, 0.1, 0.5))
        .to_vec();
    description.options = asked_options(115_200, "100 ms", "500 ms");
    description.options.extend([
        text(
            "query",
            ":NUM:NORM:VAL?",
            "what is asked for every reading, for example MEAS:POW?",
            "每次读数的查询语句，例如 MEAS:POW?",
        ),
        text(
            "values",
            "voltage current power",
            "what the numbers of the answer are, in order; any other word is passed over",
            "应答中各数的含义（依次）；其他字样忽略",
        ),
    ]);
    description
}

pub(super) fn open(
    plan: &DevicePlan,
    link: Arc<dyn ByteLink>,
    clock: &Clock,
) -> Result<Arc<dyn Device>, Trouble> {
    let options = Options::new(plan, description());
    let words = options.words("values")?;
    let place = |(signal, _): (&'static str, &str)| {
        let place = words.iter().position(|word| word == signal)?;
        Some((signal, place))
    };
    let columns: Vec<_> = SIGNALS.into_iter().filter_map(place).collect();
    if columns.is_empty() {
        return Err(options.refuse("values", "name at least one of voltage, current, power"));
    }
    let query = options.text("query")?.unwrap_or_default();
    if !query.ends_with('?') || query.contains(['\n', '\r', ';']) {
        return Err(options.refuse("query", "one query that ends with `?`: nothing is ever set"));
    }
    let meter = Meter {
        id: plan.id.clone(),
        line: line(plan, link, clock, &options, "meter", Duration::ZERO)?,
        query: wire::encode(&query),
        columns,
        numbers: words.len(),
    };
    device(&plan.id, &options, meter)
}

struct Meter {
    id: String,
    line: Line,
    query: Vec<u8>,
    /// Signals and their places in the answer.
    columns: Vec<(&'static str, usize)>,
    /// How many numbers the bench names.
    numbers: usize,
}

/// An answer of more or fewer numbers than the bench names is none: each could be another quantity.
fn said(columns: &[(&'static str, usize)], named: usize, text: &str) -> Said {
    let numbers = decode_numbers(text);
    if numbers.len() != named {
        let unreadable =
            |(signal, _): &(&'static str, usize)| (*signal, Reading::Invalid(Invalid::Unreadable));
        return Said {
            readings: columns.iter().map(unreadable).collect(),
            complaint: Some(format!(
                "answers {} numbers, and the bench names {named} under `values`; name each of them, any other \
                 word is passed over",
                numbers.len()
            )),
        };
    }
    let reading = |place: usize| match numbers.get(place) {
        Some(Ok(value)) => Reading::scalar(*value),
        Some(Err(wire::Invalid::NotANumber(_))) => Reading::Invalid(Invalid::NoSignal),
        Some(Err(wire::Invalid::OverRange(_))) => Reading::Invalid(Invalid::OverRange),
        Some(Err(wire::Invalid::Unreadable(_))) | None => Reading::Invalid(Invalid::Unreadable),
    };
    Said {
        readings: columns
            .iter()
            .map(|(signal, place)| (*signal, reading(*place)))
            .collect(),
        complaint: None,
    }
}

impl Asked for Meter {
    fn line(&self) -> &Line {
        &self.line
    }

    fn signals(&self) -> Vec<&'static str> {
        self.columns.iter().map(|(signal, _)| *signal).collect()
    }

    fn identify(&self) -> Result<Identity, Trouble> {
        let answer = ask_line(&self.line, &wire::encode(wire::IDENTIFY), LINE_MOST);
        let answer = answer.map_err(|failure| self.line.trouble(&failure))?;
        let Some(said) = decode_identity(&answer.value) else {
            let text = format!("{} answered {:?} to *IDN?", self.id, answer.value);
            return Err(Trouble::Fault(FaultKind::Instrument, text));
        };
        Ok(Identity {
            read_from_device: said.serial.is_some(),
            label_needed: said
                .serial
                .is_none()
                .then(|| "serial".to_owned())
                .into_iter()
                .collect(),
            maker: Some(said.manufacturer),
            model: Some(said.model),
            serial: said.serial,
            firmware: said.firmware,
            notes: Vec::new(),
        })
    }

    fn ask(&self) -> Result<Answer<Said>, Failure> {
        let answer = ask_line(&self.line, &self.query, LINE_MOST)?;
        Ok(answer.map(|text| said(&self.columns, self.numbers, &text)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_go_to_the_signals_that_the_bench_says() {
        let columns = [("power", 0), ("voltage", 2), ("current", 3)];
        let got = said(&columns, 4, "4.8E+01,7,NAN,2 A");
        let by = |n: usize| got.readings[n];
        assert_eq!(by(0), ("power", Reading::scalar(48.0)));
        assert_eq!(by(1), ("voltage", Reading::Invalid(Invalid::NoSignal)));
        assert_eq!(by(2), ("current", Reading::Invalid(Invalid::Unreadable)));
        assert_eq!(got.complaint, None);
    }

    /// `MEAS:POW?` with the usual `values`: the one number is a power and no voltage.
    #[test]
    fn an_answer_of_another_length_is_no_number_of_anything() {
        let columns = [("voltage", 0), ("current", 1), ("power", 2)];
        for text in ["4.8E+01", "1,2,3,4", ""] {
            let got = said(&columns, 3, text);
            let none =
                |(_, reading): &(_, Reading)| *reading == Reading::Invalid(Invalid::Unreadable);
            assert!(got.readings.iter().all(none), "{text:?} {:?}", got.readings);
            assert!(got.complaint.is_some_and(|text| text.contains("names 3")));
        }
    }
}
