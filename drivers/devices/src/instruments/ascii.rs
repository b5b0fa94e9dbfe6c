//! A generic instrument of ASCII lines: asked with a text of the bench's, or printing by itself.
//!
//! The bench says which column is which signal and in which unit it is printed; what stands for "no
//! value" and "overload" are words of the bench's, too. Poses of a tracker are `ascii-tracker`'s.

use std::sync::Arc;
use std::time::Duration;

use certbench_clock::Clock;
use certbench_link::ByteLink;
use certbench_model::plan::DevicePlan;
use certbench_model::vocabulary::DriverDescription;
use certbench_model::{Identity, Invalid, Reading, Unit};
use certbench_roles::{Device, Trouble};
use certbench_wire::asciiline::{self, Column, Format};
use certbench_wire::lines::Lines;

use super::asked::{self, Asked, ask_line};
use super::heard::{self, Stream};
use super::{Said, asked_options, instrument, line, scalar, unknown};
use crate::columns;
use crate::line::{Answer, Failure, Line};
use crate::options::{Options, one_of, optional_text, quantity, text};

const LINE_MOST: usize = 256;
const SIGNALS: [(&str, &str); 10] = [
    ("force", "N"),
    ("torque", "N.m"),
    ("displacement", "mm"),
    ("angle", "deg"),
    ("mass", "kg"),
    ("temperature", "Cel"),
    ("voltage", "V"),
    ("current", "A"),
    ("power", "W"),
    ("resistance", "Ohm"),
];

pub(super) fn description() -> DriverDescription {
    let mut description = instrument(
        "ascii-instrument",
        "instrument",
        "any instrument that sends a line of text for a reading",
        "每个读数以一行文本输出的通用仪器",
        &["simulator"],
    );
    description.signals = SIGNALS
        .map(|(name, unit)| scalar(name, unit, 0.1, 0.5))
        .to_vec();
    description.options = asked_options(9600, "100 ms", "500 ms");
    let columns = columns::options(&["blank", "comma", "semicolon", "tab"]);
    description.options.extend(columns);
    description.options.extend([
        optional_text(
            "ask",
            "text that is sent for a reading; left out: the instrument prints by itself",
            "索取读数的文本；省略则仪器自行输出",
        ),
        one_of("end", &["cr-lf", "cr", "lf", "none"], "what ends that text", "该文本的结束符"),
        text(
            "columns",
            "force",
            "columns in order: force torque displacement angle mass temperature voltage current power resistance; any other is passed over",
            "各列依次的名称：force torque displacement angle mass temperature voltage current power resistance；其他列忽略",
        ),
        text(
            "units",
            "N",
            "unit of each of these columns as it is printed, in the same order; `-` for a column that is passed over",
            "上述各列打印所用的单位，顺序相同；忽略的列写 `-`",
        ),
        text("no_value", "NaN ---", "words that stand for no value", "表示无值的字样"),
        text("overload", "OVER OL", "words that stand for an overload", "表示过载的字样"),
        quantity(
            "stale_after",
            "1 s",
            "where it prints by itself: without a new line for so long a reading is stale",
            "自行输出时：超过此时间无新行则读数过期",
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
    let reader = Reader::new(&options)?;
    let Some(ask) = options.text("ask")? else {
        let stream = Printed {
            reader,
            lines: Lines::new(LINE_MOST),
        };
        return heard::device(plan, link, clock, &options, "instrument", stream);
    };
    let end = match options.text("end")?.as_deref() {
        Some("cr") => "\r",
        Some("lf") => "\n",
        Some("none") => "",
        _ => "\r\n",
    };
    let questioned = Questioned {
        reader,
        question: format!("{ask}{end}").into_bytes(),
        line: line(plan, link, clock, &options, "instrument", Duration::ZERO)?,
    };
    asked::device(&plan.id, &options, questioned)
}

/// From a line to readings.
struct Reader {
    format: Format,
    /// The signal of each wanted column, the unit it is printed in and the one it is delivered in.
    signals: Vec<(&'static str, Unit, Unit)>,
    overload: Vec<String>,
}

impl Reader {
    fn new(options: &Options<'_>) -> Result<Reader, Trouble> {
        let (names, units) = (options.words("columns")?, options.words("units")?);
        if names.len() != units.len() {
            let what = format!("{} columns and {} units", names.len(), units.len());
            return Err(options.refuse("units", what));
        }
        let (mut columns, mut signals) = (Vec::new(), Vec::new());
        for (index, (name, unit)) in names.iter().zip(&units).enumerate() {
            let Some((signal, natural)) = SIGNALS.iter().find(|(signal, _)| signal == name) else {
                continue;
            };
            let refuse = |error: certbench_model::unit::UnitError| options.refuse("units", error);
            let (printed, natural) = (
                Unit::parse(unit).map_err(refuse)?,
                Unit::parse(natural).map_err(refuse)?,
            );
            printed.convert(1.0, natural).map_err(refuse)?;
            if signals.iter().any(|(known, _, _)| known == signal) {
                return Err(options.refuse("columns", format_args!("`{name}` stands there twice")));
            }
            columns.push(Column {
                name: name.clone(),
                index,
            });
            signals.push((*signal, printed, natural));
        }
        if signals.is_empty() {
            return Err(options.refuse("columns", "none of them is a signal"));
        }
        let overload = options.words("overload")?;
        let no_value = [options.words("no_value")?, overload.clone()].concat();
        Ok(Reader {
            format: columns::format(options, columns, no_value)?,
            signals,
            overload,
        })
    }

    fn names(&self) -> Vec<&'static str> {
        self.signals.iter().map(|(name, _, _)| *name).collect()
    }

    fn said(&self, line: &str) -> Said {
        let fields = self.format.decode(line);
        let readings =
            fields
                .into_iter()
                .zip(&self.signals)
                .map(|(field, (signal, printed, natural))| {
                    let reading = match field {
                        Ok(value) => printed
                            .convert(value, *natural)
                            .map_or(Reading::Invalid(Invalid::WrongUnit), Reading::scalar),
                        Err(asciiline::Invalid::NoValue(word)) if self.overload.contains(&word) => {
                            Reading::Invalid(Invalid::OverRange)
                        }
                        Err(asciiline::Invalid::NoValue(_)) => Reading::Invalid(Invalid::NoSignal),
                        Err(_) => Reading::Invalid(Invalid::Unreadable),
                    };
                    (*signal, reading)
                });
        Said {
            readings: readings.collect(),
            complaint: None,
        }
    }

    fn unreadable(&self) -> Said {
        let bad = |signal| (signal, Reading::Invalid(Invalid::Unreadable));
        Said {
            readings: self.names().into_iter().map(bad).collect(),
            complaint: None,
        }
    }
}

struct Questioned {
    reader: Reader,
    question: Vec<u8>,
    line: Line,
}

impl Asked for Questioned {
    fn line(&self) -> &Line {
        &self.line
    }

    fn signals(&self) -> Vec<&'static str> {
        self.reader.names()
    }

    fn identify(&self) -> Result<Identity, Trouble> {
        let answer = ask_line(&self.line, &self.question, LINE_MOST);
        let answer = answer.map_err(|failure| self.line.trouble(&failure))?;
        Ok(unknown(format!("first reply: {:?}", answer.value)))
    }

    fn ask(&self) -> Result<Answer<Said>, Failure> {
        let answer = ask_line(&self.line, &self.question, LINE_MOST)?;
        Ok(answer.map(|text| self.reader.said(&text)))
    }
}

struct Printed {
    reader: Reader,
    lines: Lines,
}

impl Stream for Printed {
    fn push(&mut self, bytes: &[u8]) {
        self.lines.push(bytes);
    }

    fn next(&mut self) -> Option<Said> {
        Some(match self.lines.next()? {
            Ok(text) => self.reader.said(&text),
            Err(_) => self.reader.unreadable(),
        })
    }

    fn signals(&self) -> Vec<&'static str> {
        self.reader.names()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::plan;

    fn reader(options: &[(&str, &str)]) -> Result<Reader, Trouble> {
        let plan = plan("any", "ascii-instrument", options);
        Reader::new(&Options::new(&plan, description()))
    }

    #[test]
    fn columns_become_signals_in_their_natural_units() {
        let reader = reader(&[
            ("columns", "- displacement force"),
            ("units", "- [in_i] kgf"),
            ("separator", "comma"),
        ])
        .unwrap();
        let said = reader.said("17, 0.5, OVER");
        assert_eq!(said.readings[0].0, "displacement");
        assert!((said.readings[0].1.component(0).unwrap() - 12.7).abs() < 1e-9);
        assert_eq!(
            said.readings[1],
            ("force", Reading::Invalid(Invalid::OverRange))
        );
        let said = reader.said("17, ---, 2");
        assert_eq!(said.readings[0].1, Reading::Invalid(Invalid::NoSignal));
        assert!((said.readings[1].1.component(0).unwrap() - 19.6133).abs() < 1e-9);
    }

    #[test]
    fn a_map_that_does_not_fit_is_refused() {
        assert!(reader(&[("columns", "force torque"), ("units", "N")]).is_err());
        assert!(reader(&[("columns", "force"), ("units", "mm")]).is_err());
        assert!(reader(&[("columns", "force force"), ("units", "N N")]).is_err());
        assert!(reader(&[("columns", "x"), ("units", "-")]).is_err());
    }
}
