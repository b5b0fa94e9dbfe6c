//! Data of an instrument that was not read live: a file to samples of a channel, row by row. What it
//! says is decided by the frozen plan and the recorded windows and marks alone, so that the same file
//! always gives the same samples.

mod align;
mod csv;
mod mapping;
mod several;
mod slot;

pub use mapping::{CSV_IMPORT, import_driver};

use align::aligned;
use certbench_model::addendum::Import;
use certbench_model::{Channel, Facts, Invalid, Reading, Sample};
use csv::{Cell, cells};
use mapping::{Align, Grouping, Mapping};
use slot::slots;

/// Most complaints about one file.
const MISFITS_MAX: usize = 20;

/// Why a file cannot be imported.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Misfit {
    /// Line and character in the file, both from 1; `None` when it is about the whole file.
    pub at: Option<(u64, u64)>,
    /// What is wrong.
    pub what: String,
}

/// A file that was read.
#[derive(Clone, Debug, PartialEq)]
pub struct Imported {
    /// What the addendum says of it.
    pub import: Import,
    /// The samples in order of time.
    pub samples: Vec<Sample>,
}

/// Reads what an instrument exported for a channel that the plan says is imported.
///
/// # Errors
/// Every complaint, up to twenty, with its place.
pub fn read_import(facts: &Facts, channel: &str, file: &[u8]) -> Result<Imported, Vec<Misfit>> {
    let plan = &facts.plan;
    let (index, declared) = plan
        .channel(channel)
        .ok_or_else(|| vec![whole(format!("the plan has no channel `{channel}`"))])?;
    let device = plan.device(&declared.device).filter(|d| d.imported());
    let Some(device) = device else {
        let what = format!("`{channel}` is not imported: it was read live");
        return Err(vec![whole(what)]);
    };
    let mapping = Mapping::of(&device.options).map_err(|what| vec![whole(what)])?;
    let rows = rows(&mapping, declared, file)?;
    let slots = slots(facts, channel);
    aligned(&mapping, channel, index, &rows, &slots, &facts.events)
}

/// A row of data.
#[derive(Clone, Debug, PartialEq)]
struct Row {
    line: u64,
    reading: Reading,
    /// Number of the window (cycles) or the file's own time.
    key: Option<(f64, u64)>,
    /// The file's own time where the key is something else.
    time: Option<(f64, u64)>,
    /// Whether it carries a sync mark.
    sync: bool,
}

fn whole(what: impl Into<String>) -> Misfit {
    Misfit {
        at: None,
        what: what.into(),
    }
}

fn at(line: u64, column: u64, what: impl Into<String>) -> Misfit {
    Misfit {
        at: Some((line, column)),
        what: what.into(),
    }
}

/// Where the columns are that the mapping names.
struct Columns {
    values: Vec<usize>,
    key: Option<usize>,
    time: Option<usize>,
    sync: Option<usize>,
}

/// All rows, or every complaint.
fn rows(mapping: &Mapping, channel: &Channel, file: &[u8]) -> Result<Vec<Row>, Vec<Misfit>> {
    let (columns, units) = (mapping.columns.len(), mapping.units.len());
    let wanted = channel.components.len();
    if columns != wanted || units != wanted {
        return Err(vec![whole(format!(
            "`{}` has {wanted} components; the bench names {columns} columns and {units} units",
            channel.id
        ))]);
    }
    let text = std::str::from_utf8(file).map_err(|e| {
        let before = file.get(..e.valid_up_to()).unwrap_or_default();
        let line = 1 + before.iter().filter(|b| **b == b'\n').count() as u64;
        vec![at(
            line,
            1,
            "is not UTF-8; export it as UTF-8 or plain text",
        )]
    })?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut misfits = Vec::new();
    let mut found: Option<Columns> = None;
    let mut rows = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        if misfits.len() >= MISFITS_MAX {
            break;
        }
        if number < mapping.header || line.trim().is_empty() {
            continue;
        }
        let cells = match cells(line, mapping.separator) {
            Ok(cells) => cells,
            Err(column) => {
                misfits.push(at(number, column, "a quote that does not end"));
                continue;
            }
        };
        if found.is_none() {
            let names = (mapping.header > 0).then_some(cells.as_slice());
            found = Some(locate(mapping, names).map_err(|what| vec![at(number, 1, what)])?);
            if mapping.header > 0 {
                continue;
            }
        }
        if let Some(columns) = &found {
            match row(mapping, channel, columns, &cells, number) {
                Ok(row) => rows.push(row),
                Err(misfit) => misfits.push(misfit),
            }
        }
    }
    if found.is_none() {
        let line = mapping.header;
        misfits.push(whole(format!(
            "has no line {line}, where the headers should be"
        )));
    }
    match misfits.is_empty() {
        true => Ok(rows),
        false => Err(misfits),
    }
}

/// Finds the columns by their headers, or by number.
fn locate(mapping: &Mapping, header: Option<&[Cell<'_>]>) -> Result<Columns, String> {
    let find = |name: &String| {
        let Some(header) = header else {
            let number = name.parse::<usize>().ok().and_then(|n| n.checked_sub(1));
            return number.ok_or_else(|| {
                format!("column `{name}`: without headers a column is a number from 1")
            });
        };
        let mut named = header.iter().enumerate().filter(|(_, c)| c.text == *name);
        match (named.next(), named.next()) {
            (Some((index, _)), None) => Ok(index),
            (Some(_), Some((_, second))) => Err(format!(
                "there are two columns `{name}` (again at character {})",
                second.column
            )),
            (None, _) => {
                let there: Vec<&str> = header.iter().map(|c| c.text.as_ref()).collect();
                Err(format!(
                    "there is no column `{name}`; there are {}",
                    there.join(", ")
                ))
            }
        }
    };
    let (key, time, sync) = match &mapping.align {
        Align::Cycles(column) => (column.as_ref(), None, None),
        Align::Time { time, sync, .. } => (Some(time), None, Some(sync)),
        Align::Several { by, time } => {
            let time = time.as_ref().map(|(column, _)| column);
            match by {
                Grouping::Number(column) => (Some(column), time, None),
                Grouping::Marked(column) => (None, time, Some(column)),
            }
        }
    };
    Ok(Columns {
        values: mapping.columns.iter().map(find).collect::<Result<_, _>>()?,
        key: key.map(find).transpose()?,
        time: time.map(find).transpose()?,
        sync: sync.map(find).transpose()?,
    })
}

fn row(
    mapping: &Mapping,
    channel: &Channel,
    columns: &Columns,
    cells: &[Cell<'_>],
    line: u64,
) -> Result<Row, Misfit> {
    let cell = |index: usize| {
        cells.get(index).ok_or_else(|| {
            let end = cells.last().map_or(1, |c| c.column);
            let (has, wanted) = (cells.len(), index + 1);
            at(
                line,
                end,
                format!("has {has} columns; column {wanted} is missing"),
            )
        })
    };
    let mut numbers = Vec::new();
    let mut lost = false;
    let parts = mapping.units.iter().zip(&channel.components);
    for (index, (unit, component)) in columns.values.iter().zip(parts) {
        let cell = cell(*index)?;
        if mapping.lost.as_deref() == Some(cell.text.as_ref()) {
            lost = true;
            continue;
        }
        let number = number(mapping, cell, line)?;
        let value = unit.convert(number, component.unit);
        numbers.push(value.map_err(|e| at(line, cell.column, format!("column unit: {e}")))?);
    }
    let number_in = |index: usize| {
        let cell = cell(index)?;
        Ok((number(mapping, cell, line)?, cell.column))
    };
    let (key, time) = (columns.key.map(number_in), columns.time.map(number_in));
    let sync = columns
        .sync
        .map(|index| cell(index).map(|c| !["", "0"].contains(&c.text.as_ref())));
    Ok(Row {
        line,
        reading: match lost {
            true => Reading::Invalid(Invalid::NoSignal),
            false => Reading::vector(&numbers),
        },
        key: key.transpose()?,
        time: time.transpose()?,
        sync: sync.transpose()?.unwrap_or(false),
    })
}

/// A plain decimal number with the decimal sign of the bench and no other.
fn number(mapping: &Mapping, cell: &Cell<'_>, line: u64) -> Result<f64, Misfit> {
    let allowed = |c: char| c.is_ascii_digit() || "+-eE".contains(c) || c == mapping.decimal;
    let plain = cell.text.chars().all(allowed);
    let number = cell.text.replace(mapping.decimal, ".").parse::<f64>().ok();
    number.filter(|n| plain && n.is_finite()).ok_or_else(|| {
        let sign = mapping.decimal;
        let what = format!("`{}` is no number with `{sign}` as decimal sign", cell.text);
        at(line, cell.column, what)
    })
}
