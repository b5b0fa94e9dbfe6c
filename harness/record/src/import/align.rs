//! Rows to stretches of the run: one a window, or by time between sync marks.

use super::mapping::{Align, Mapping};
use super::several;
use super::slot::Slot;
use super::{Imported, Misfit, Row, at, whole};
use certbench_model::addendum::{Import, Times};
use certbench_model::recorded::Line;
use certbench_model::{EventBody, Sample};

/// Largest difference of the two clocks' rates that may still be two clocks of seconds.
const RATE_DIFFERENCE: f64 = 0.01;

/// What became of the rows.
pub(super) struct Sorted {
    pub(super) samples: Vec<Sample>,
    /// Names of the windows without a row.
    pub(super) missing: Vec<String>,
    /// Lines of the rows without a window.
    pub(super) extra: Vec<u64>,
    pub(super) matched: u64,
}

/// The samples, or why the rows and the run do not fit together.
pub(super) fn aligned(
    mapping: &Mapping,
    channel: &str,
    index: u16,
    rows: &[Row],
    slots: &[Slot],
    events: &[Line],
) -> Result<Imported, Vec<Misfit>> {
    let sorted = match &mapping.align {
        Align::Cycles(None) => in_order(index, rows, slots)?,
        Align::Cycles(Some(_)) => by_number(index, rows, slots)?,
        Align::Several { by, time } => {
            let unit = time.as_ref().map(|(_, unit)| *unit);
            several::aligned(index, rows, slots, by, unit)?
        }
        Align::Time { unit, mark, .. } => {
            let second =
                certbench_model::Unit::parse("s").map_err(|e| vec![whole(e.to_string())])?;
            let scale = unit.convert_difference(1.0, second);
            let scale = scale.map_err(|e| vec![whole(format!("`time_unit`: {e}"))])?;
            let marks = marks(events, mark);
            by_time(index, rows, slots, &marks, mark, scale)?
        }
    };
    let mut misfits = Vec::new();
    if mapping.refuse_missing {
        let missing = sorted.missing.iter();
        misfits.extend(missing.map(|slot| whole(format!("has no row for {slot}"))));
    }
    if mapping.refuse_extra {
        let extra = sorted.extra.iter();
        misfits.extend(extra.map(|line| at(*line, 1, "belongs to no window that waits for a row")));
    }
    if !misfits.is_empty() {
        misfits.truncate(super::MISFITS_MAX);
        return Err(misfits);
    }
    Ok(Imported {
        import: Import {
            channel: channel.to_string(),
            rows: rows.len() as u64,
            matched: sorted.matched,
            missing: sorted.missing,
            extra: sorted.extra,
            supersedes: None,
            times: Some(match &mapping.align {
                Align::Cycles(_) | Align::Several { time: None, .. } => Times::Nothing,
                Align::Several { time: Some(_), .. } => Times::Window,
                Align::Time { .. } => Times::Run,
            }),
        },
        samples: sorted.samples,
    })
}

/// A row stands for its whole window: its sample lies in the middle.
fn sample(index: u16, slot: &Slot, row: &Row) -> Sample {
    Sample {
        channel: index,
        time_ns: slot.from_ns + (slot.to_ns - slot.from_ns) / 2,
        reading: row.reading,
    }
}

/// Without numbers nobody can say which row is missing: as many rows as windows, or none at all.
fn in_order(index: u16, rows: &[Row], slots: &[Slot]) -> Result<Sorted, Vec<Misfit>> {
    if rows.len() != slots.len() {
        return Err(vec![whole(format!(
            "has {} rows, and {} windows wait for one; without a column that numbers them (`cycle`) nobody can say which belong together",
            rows.len(),
            slots.len()
        ))]);
    }
    Ok(Sorted {
        samples: slots
            .iter()
            .zip(rows)
            .map(|(slot, row)| sample(index, slot, row))
            .collect(),
        missing: Vec::new(),
        extra: Vec::new(),
        matched: rows.len() as u64,
    })
}

/// By the number of the window, from 1.
fn by_number(index: u16, rows: &[Row], slots: &[Slot]) -> Result<Sorted, Vec<Misfit>> {
    let mut taken: Vec<Option<&Row>> = vec![None; slots.len()];
    let (mut misfits, mut extra) = (Vec::new(), Vec::new());
    for row in rows {
        let Some((number, column)) = row.key else {
            continue;
        };
        let place = match place(row.line, (number, column)) {
            Ok(place) => place,
            Err(misfit) => {
                misfits.push(misfit);
                continue;
            }
        };
        match place.and_then(|place| taken.get_mut(place)) {
            None => extra.push(row.line),
            Some(Some(first)) => {
                let what = format!(
                    "window {number} has its row already, in line {}",
                    first.line
                );
                misfits.push(at(row.line, column, what));
            }
            Some(free) => *free = Some(row),
        }
    }
    if !misfits.is_empty() {
        misfits.truncate(super::MISFITS_MAX);
        return Err(misfits);
    }
    let pairs = || slots.iter().zip(&taken);
    let samples: Vec<Sample> = pairs()
        .filter_map(|(slot, row)| Some(sample(index, slot, (*row)?)))
        .collect();
    let missing = pairs().filter(|(_, row)| row.is_none());
    Ok(Sorted {
        missing: missing.map(|(slot, _)| slot.name.clone()).collect(),
        matched: samples.len() as u64,
        samples,
        extra,
    })
}

/// The place of a window by its number, from 1; `None` for 0.
pub(super) fn place(line: u64, (number, column): (f64, u64)) -> Result<Option<usize>, Misfit> {
    if number < 0.0 || number.fract() != 0.0 || number > f64::from(u32::MAX) {
        let what = format!("{number} is no number of a window");
        return Err(at(line, column, what));
    }
    Ok((number as usize).checked_sub(1))
}

/// Times of the run's marks of that name, ns.
fn marks(events: &[Line], name: &str) -> Vec<u64> {
    let mark = |line: &Line| match &line.event.body {
        EventBody::Marked { name: n, .. } if n == name => Some(line.event.time_ns),
        _ => None,
    };
    events.iter().filter_map(mark).collect()
}

/// By the file's own time, stretched between its sync rows and the run's marks.
fn by_time(
    index: u16,
    rows: &[Row],
    slots: &[Slot],
    marks: &[u64],
    name: &str,
    scale: f64,
) -> Result<Sorted, Vec<Misfit>> {
    let mut times: Vec<(f64, &Row)> = Vec::new();
    for row in rows {
        let Some((time, column)) = row.key else {
            continue;
        };
        let time = time * scale;
        if times.last().is_some_and(|(before, _)| time < *before) {
            return Err(vec![at(row.line, column, "goes back in time")]);
        }
        times.push((time, row));
    }
    let synced: Vec<f64> = times
        .iter()
        .filter(|(_, r)| r.sync)
        .map(|(t, _)| *t)
        .collect();
    if synced.len() != marks.len() || marks.len() < 2 {
        return Err(vec![whole(format!(
            "has {} rows with a sync mark, and the run has {} marks `{name}`; both need the same number, two at least",
            synced.len(),
            marks.len()
        ))]);
    }
    let knots: Vec<(f64, u64)> = synced.into_iter().zip(marks.iter().copied()).collect();
    for pair in knots.windows(2) {
        let [(t0, run0), (t1, run1)] = pair else {
            continue;
        };
        let rate = (run1 - run0) as f64 * 1e-9 / (t1 - t0);
        let alike = (rate - 1.0).abs() <= RATE_DIFFERENCE;
        if !alike {
            return Err(vec![whole(format!(
                "{} s of its time between two sync marks are {} s of the run: another unit of time, or marks that do not belong together",
                t1 - t0,
                (run1 - run0) as f64 * 1e-9
            ))]);
        }
    }
    let mut sorted = Sorted {
        samples: Vec::new(),
        missing: Vec::new(),
        extra: Vec::new(),
        matched: 0,
    };
    for (time, row) in times {
        match run_time(&knots, time) {
            None => sorted.extra.push(row.line),
            Some(time_ns) => {
                let inside = |s: &&Slot| s.from_ns <= time_ns && time_ns < s.to_ns;
                sorted.matched += u64::from(slots.iter().any(|s| inside(&s)));
                sorted.samples.push(Sample {
                    channel: index,
                    time_ns,
                    reading: row.reading,
                });
            }
        }
    }
    for slot in slots {
        let from = sorted.samples.partition_point(|s| s.time_ns < slot.from_ns);
        if sorted
            .samples
            .get(from)
            .is_none_or(|s| s.time_ns >= slot.to_ns)
        {
            sorted.missing.push(slot.name.clone());
        }
    }
    Ok(sorted)
}

/// The time of the run, `None` before the first and after the last sync mark.
fn run_time(knots: &[(f64, u64)], time: f64) -> Option<u64> {
    let pair = knots.windows(2).find(|pair| match pair {
        [(from, _), (to, _)] => *from <= time && time <= *to,
        _ => false,
    })?;
    let [(t0, run0), (t1, run1)] = pair else {
        return None;
    };
    let share = if t1 > t0 {
        (time - t0) / (t1 - t0)
    } else {
        0.0
    };
    Some(run0 + (share * (run1 - run0) as f64) as u64)
}
