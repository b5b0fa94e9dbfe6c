//! Several rows a window: what an instrument streamed while the window lasted.

use super::align::{Sorted, place};
use super::mapping::Grouping;
use super::slot::Slot;
use super::{MISFITS_MAX, Misfit, Row, at, whole};
use certbench_model::{Sample, Unit};

/// The samples of all windows, or why rows and windows do not fit together.
pub(super) fn aligned(
    index: u16,
    rows: &[Row],
    slots: &[Slot],
    by: &Grouping,
    time: Option<Unit>,
) -> Result<Sorted, Vec<Misfit>> {
    let mut extra = Vec::new();
    let of_slots = match by {
        Grouping::Number(_) => numbered(rows, slots.len(), &mut extra)?,
        Grouping::Marked(_) => stretches(rows, slots.len())?,
    };
    let scale = match time.map(|unit| unit.convert_difference(1.0, second()?).ok()) {
        None => None,
        Some(Some(scale)) => Some(scale),
        Some(None) => return Err(vec![whole("`time_unit` is no unit of time")]),
    };
    let mut sorted = Sorted {
        samples: Vec::new(),
        missing: Vec::new(),
        extra,
        matched: 0,
    };
    let mut misfits = Vec::new();
    for (slot, rows) in slots.iter().zip(&of_slots) {
        if rows.is_empty() {
            sorted.missing.push(slot.name.clone());
        }
        for (place, row) in rows.iter().enumerate() {
            match within(slot, rows, place, scale) {
                Ok(time_ns) => sorted.samples.push(Sample {
                    channel: index,
                    time_ns,
                    reading: row.reading,
                }),
                Err(misfit) => misfits.push(misfit),
            }
        }
    }
    sorted.matched = sorted.samples.len() as u64;
    misfits.truncate(MISFITS_MAX);
    match misfits.is_empty() {
        true => Ok(sorted),
        false => Err(misfits),
    }
}

fn second() -> Option<Unit> {
    Unit::parse("s").ok()
}

/// By the number of the window, from 1; rows with the number 0 lie between the windows.
fn numbered<'r>(
    rows: &'r [Row],
    slots: usize,
    extra: &mut Vec<u64>,
) -> Result<Vec<Vec<&'r Row>>, Vec<Misfit>> {
    let mut of_slots: Vec<Vec<&Row>> = vec![Vec::new(); slots];
    let mut current = None;
    for row in rows {
        let Some(key) = row.key else { continue };
        let Some(place) = place(row.line, key).map_err(|misfit| vec![misfit])? else {
            continue;
        };
        match of_slots.get_mut(place) {
            Some(of_slot) if !of_slot.is_empty() && current != Some(place) => {
                let what = format!("window {} comes back after another one", place + 1);
                return Err(vec![at(row.line, key.1, what)]);
            }
            Some(of_slot) => {
                of_slot.push(row);
                current = Some(place);
            }
            None => extra.push(row.line),
        }
    }
    Ok(of_slots)
}

/// A window for each stretch of marked rows, in their order. Without numbers nobody can say which one is
/// missing: as many stretches as windows, or none at all.
fn stretches(rows: &[Row], slots: usize) -> Result<Vec<Vec<&Row>>, Vec<Misfit>> {
    let together = rows.chunk_by(|a, b| a.sync == b.sync);
    let marked: Vec<Vec<&Row>> = together
        .filter(|rows| rows.first().is_some_and(|row| row.sync))
        .map(|rows| rows.iter().collect())
        .collect();
    if marked.len() != slots {
        return Err(vec![whole(format!(
            "has {} stretches of marked rows, and {slots} windows wait for one",
            marked.len()
        ))]);
    }
    Ok(marked)
}

/// When a row was: by the file's own time since the first row of its window, or else spread evenly, which
/// says nothing of when.
fn within(slot: &Slot, rows: &[&Row], place: usize, scale: Option<f64>) -> Result<u64, Misfit> {
    let length = slot.to_ns - slot.from_ns;
    let (Some(scale), Some(row)) = (scale, rows.get(place)) else {
        let share = (place as f64 + 0.5) / rows.len() as f64;
        return Ok(slot.from_ns + (share * length as f64) as u64);
    };
    let of = |row: &Row| row.time.map(|(time, column)| (time * scale, column));
    let (time, column) = of(row).unwrap_or((0.0, 1));
    let first = rows.first().and_then(|row| of(row)).map_or(time, |f| f.0);
    let before = rows.get(place.wrapping_sub(1)).and_then(|row| of(row));
    if before.is_some_and(|(before, _)| time < before) {
        return Err(at(row.line, column, "goes back in time"));
    }
    let since_ns = ((time - first) * 1e9).round();
    if since_ns >= length as f64 {
        let what = format!(
            "lies {} s after the first row of {}, which lasted {} s",
            time - first,
            slot.name,
            length as f64 * 1e-9
        );
        return Err(at(row.line, column, what));
    }
    Ok(slot.from_ns + since_ns as u64)
}
