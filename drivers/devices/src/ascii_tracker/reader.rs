//! From a line to readings, by the bench's column map.

use certbench_model::{Invalid, Unit};
use certbench_roles::{Trouble, Wiring};
use certbench_wire::asciiline::{self, Column, Format};

use crate::columns;
use crate::options::Options;

/// Signals and the columns that they are made of.
pub(super) const SIGNALS: [(&str, &[&str]); 3] = [
    ("pose", &["x", "y", "z", "a", "b", "c"]),
    ("position", &["x", "y", "z"]),
    ("displacement", &["d"]),
];
/// The line counter.
const COUNTER: &str = "n";
/// The instrument's own time.
const TIME: &str = "t";
/// The last column that is looked at.
const COLUMNS_MOST: usize = 64;

/// The unit of a column as it is delivered.
pub(super) fn natural(column: &str) -> &'static str {
    match column {
        "a" | "b" | "c" => "deg",
        TIME => "s",
        _ => "mm",
    }
}

/// From a line to the readings of the signals.
pub(super) struct Reader {
    pub(super) format: Format,
    /// From the printed unit of each column to the delivered one.
    scale: Vec<f64>,
    pub(super) counter: Option<usize>,
    pub(super) time: Option<usize>,
}

/// One signal's part of the columns.
pub(super) struct Part {
    pub(super) channel: u16,
    pub(super) columns: Vec<usize>,
}

impl Reader {
    pub(super) fn new(options: &Options<'_>) -> Result<Reader, Trouble> {
        let known = |name: &str| {
            name == COUNTER
                || name == TIME
                || SIGNALS.iter().any(|(_, columns)| columns.contains(&name))
        };
        let names = options.words("columns")?;
        if names.len() > COLUMNS_MOST {
            return Err(options.refuse("columns", format_args!("at most {COLUMNS_MOST}")));
        }
        let columns: Vec<Column> = names
            .iter()
            .enumerate()
            .filter(|(_, name)| known(name))
            .map(|(index, name)| Column {
                name: name.clone(),
                index,
            })
            .collect();
        if let Some(twice) = columns
            .iter()
            .find(|c| names.iter().filter(|name| **name == c.name).count() > 1)
        {
            return Err(options.refuse(
                "columns",
                format_args!("`{}` stands there twice", twice.name),
            ));
        }
        let scale = columns
            .iter()
            .map(|column| scale(options, &column.name))
            .collect::<Result<_, _>>()?;
        let place = |name: &str| columns.iter().position(|column| column.name == name);
        let (counter, time) = (place(COUNTER), place(TIME));
        let no_value = options.words("no_value")?;
        Ok(Reader {
            format: columns::format(options, columns, no_value)?,
            scale,
            counter,
            time,
        })
    }

    /// The signals that the plan wants and the columns have.
    pub(super) fn parts(&self, wiring: &Wiring) -> Result<Vec<Part>, String> {
        let place = |name: &&str| {
            self.format
                .columns
                .iter()
                .position(|column| column.name == **name)
        };
        let wanted = SIGNALS
            .iter()
            .filter_map(|(signal, columns)| Some((*signal, *columns, wiring.channel(signal)?)));
        wanted
            .map(
                |(signal, columns, channel)| match columns.iter().map(place).collect() {
                    Some(columns) => Ok(Part { channel, columns }),
                    None => Err(format!(
                        "signal `{signal}` needs the columns {}",
                        columns.join(" ")
                    )),
                },
            )
            .collect()
    }

    /// All wanted columns of a line, converted.
    pub(super) fn read(&self, line: &str) -> Vec<Result<f64, Invalid>> {
        let fields = self.format.decode(line).into_iter().zip(&self.scale);
        fields
            .map(|(field, scale)| field.map(|value| value * scale).map_err(why))
            .collect()
    }
}

/// From a column's printed unit to its delivered one.
fn scale(options: &Options<'_>, column: &str) -> Result<f64, Trouble> {
    let name = match column {
        COUNTER => return Ok(1.0),
        "a" | "b" | "c" => "angle_unit",
        TIME => "time_unit",
        _ => "length_unit",
    };
    let printed = options.text(name)?.unwrap_or_default();
    let units = Unit::parse(&printed).and_then(|from| Ok((from, Unit::parse(natural(column))?)));
    units
        .and_then(|(from, to)| from.convert(1.0, to))
        .map_err(|e| options.refuse(name, e))
}

fn why(invalid: asciiline::Invalid) -> Invalid {
    match invalid {
        asciiline::Invalid::NoValue(_) => Invalid::NoSignal,
        asciiline::Invalid::Missing(_) | asciiline::Invalid::NotANumber(_) => Invalid::Unreadable,
    }
}
