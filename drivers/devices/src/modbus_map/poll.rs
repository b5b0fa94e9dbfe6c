//! The device's own thread: reads the blocks, gives samples and events.

use std::time::Duration;

use certbench_clock::Time;
use certbench_model::{Invalid, Reading};
use certbench_wire::modbus::Reply;

use super::cell_signal;
use super::device::Registers;
use super::map::{Event, Field, Patch, Position};
use crate::health::Health;
use crate::line::Failure;
use crate::sinks::Sinks;
use crate::worker::{Stop, Ticks};

/// Counts by which a position may differ from the last one and still be standing, as a share of the way.
const STILL_SHARE: f64 = 0.002;

/// Polls until told to stop.
pub(super) fn run(device: &Registers, sinks: &Sinks, stop: &Stop) {
    let mut ticks = Ticks::new(device.client.line.clock(), device.interval);
    let mut health = Health::default();
    let mut told = vec![false; device.map.event.len()];
    // A patch a round: what moves is looked at as often as before.
    let patches = device.map.patch.iter().enumerate();
    let wanted: Vec<(usize, &Patch)> = patches
        .filter(|(number, patch)| {
            let wired = |name: &str| sinks.wiring.channel(name).is_some();
            wired(&patch.name) || cells(device, *number).any(|(name, _)| wired(&name))
        })
        .collect();
    for round in 0_u64.. {
        for (name, block) in &device.map.blocks {
            if stop.is_set() {
                return;
            }
            if block.once || round % block.every.max(1) != 0 {
                continue;
            }
            match device.client.ask(&block.request()) {
                Ok(answer) => {
                    health.good();
                    let at = answer.stamp.earliest;
                    match &answer.value {
                        Reply::Registers(words) => {
                            take(device, name, words, answer.asked);
                            let late = answer.took() > device.slowest;
                            give(device, sinks, name, at, |field| match late {
                                true => Err(Invalid::Stale),
                                false => field.value(words).ok_or(Invalid::Unreadable),
                            });
                            tell(device, sinks, name, words, at, &mut told);
                        }
                        _ => give(device, sinks, name, at, |_| Err(Invalid::NoSignal)),
                    }
                }
                Err(failure) => {
                    let unreadable =
                        |now| give(device, sinks, name, now, |_| Err(Invalid::Unreadable));
                    failed(device, sinks, &mut health, &failure, unreadable);
                }
            }
        }
        let next = wanted.len().max(1);
        if let Some((number, patch)) = wanted.get(round as usize % next) {
            touch(device, sinks, *number, patch, &mut health);
        }
        ticks.wait();
    }
}

/// A question that was not answered.
fn failed(
    device: &Registers,
    sinks: &Sinks,
    health: &mut Health,
    failure: &Failure,
    unreadable: impl FnOnce(Time),
) {
    let now = device.now();
    if let Failure::Garbage { .. } = failure {
        unreadable(now);
    }
    if health.bad() {
        sinks.tell(now, device.client.line.trouble(failure));
    }
    if matches!(failure, Failure::Link(_)) {
        // a port that is gone fails at once
        device.client.line.clock().sleep(Duration::from_millis(100));
    }
}

/// The cells of a patch that the bench names: their signals, and their places in the patch.
fn cells(device: &Registers, patch: usize) -> impl Iterator<Item = (String, usize)> {
    let named = device.cells.iter().enumerate();
    named
        .filter(move |(_, cell)| cell.patch == patch)
        .map(|(nth, cell)| (cell_signal(nth), cell.place))
}

/// Reads a patch of tactile cells.
fn touch(device: &Registers, sinks: &Sinks, number: usize, patch: &Patch, health: &mut Health) {
    let give = |at: Time, counts: Result<&[u16], Invalid>| {
        let shown = counts.and_then(|counts| patch.shown(counts).ok_or(Invalid::Unreadable));
        let reading = shown.map_or_else(Reading::Invalid, |shown| Reading::vector(&shown));
        sinks.signal(&patch.name, at, reading);
        for (name, place) in cells(device, number) {
            let count =
                counts.and_then(|counts| patch.count(counts, place).ok_or(Invalid::Unreadable));
            let reading = count.map_or_else(Reading::Invalid, |n| Reading::scalar(f64::from(n)));
            sinks.signal(&name, at, reading);
        }
    };
    let answer = match device.client.ask(&patch.request()) {
        Ok(answer) => answer,
        Err(failure) => {
            let unreadable = |now| give(now, Err(Invalid::Unreadable));
            return failed(device, sinks, health, &failure, unreadable);
        }
    };
    health.good();
    let at = answer.stamp.earliest;
    match &answer.value {
        _ if answer.took() > device.slowest => give(at, Err(Invalid::Stale)),
        Reply::Registers(counts) => give(at, Ok(counts)),
        _ => give(at, Err(Invalid::NoSignal)),
    }
}

/// Notes what was read: what a halt would hold, and whether the device moves.
pub(super) fn take(device: &Registers, block: &'static str, words: &[u16], asked: Time) {
    let fields = &device.map.feedback.position;
    let mut seen = device.seen();
    seen.blocks.insert(block, (words.to_vec(), asked));
    if fields.first().is_none_or(|field| field.block != block) {
        return;
    }
    let counts = |field: &Field| {
        field
            .value(words)
            .and_then(|count| u16::try_from(count.max(0)).ok()) // a little beyond its end is the end
    };
    let Some(positions) = fields.iter().map(counts).collect::<Option<Vec<u16>>>() else {
        return;
    };
    let way = device
        .map
        .position
        .open
        .abs_diff(device.map.position.closed);
    let still = (f64::from(way) * STILL_SHARE).ceil() as u16;
    let stands = seen.positions.as_ref().is_some_and(|(before, _)| {
        before
            .iter()
            .zip(&positions)
            .all(|(a, b)| a.abs_diff(*b) <= still)
    });
    if !stands {
        seen.still_since = device.now();
    }
    seen.positions = Some((positions, asked));
    drop(seen);
    device.remember();
}

/// Delivers the signals of a block.
fn give(
    device: &Registers,
    sinks: &Sinks,
    block: &str,
    at: Time,
    value: impl Fn(&Field) -> Result<i32, Invalid>,
) {
    let deliver = |name: &str, fields: &[Field], convert: &dyn Fn(f64) -> f64| {
        if fields.first().is_none_or(|field| field.block != block) {
            return;
        }
        let values: Result<Vec<f64>, Invalid> = fields
            .iter()
            .map(|field| value(field).map(|count| convert(f64::from(count))))
            .collect();
        let reading = match values {
            Ok(values) => Reading::vector(&values),
            Err(why) => Reading::Invalid(why),
        };
        sinks.signal(name, at, reading);
    };
    let position = device.map.position;
    deliver("closing", &device.map.feedback.position, &|count| {
        percent(position, count)
    });
    for signal in &device.map.signal {
        deliver(&signal.name, &signal.fields, &|count| count * signal.scale);
    }
}

/// Percent of closing: 0 is open, 100 is closed.
pub(super) fn percent(position: Position, count: f64) -> f64 {
    let (open, closed) = (f64::from(position.open), f64::from(position.closed));
    100.0 * (count - open) / (closed - open)
}

/// Tells what the device reports, when it begins and not while it lasts.
fn tell(
    device: &Registers,
    sinks: &Sinks,
    block: &str,
    words: &[u16],
    at: Time,
    told: &mut [bool],
) {
    let said = |event: &Event| {
        event
            .field
            .value(words)
            .is_some_and(|value| event.is_said_by(value))
    };
    for (event, told) in device.map.event.iter().zip(told) {
        if event.field.block != block {
            continue;
        }
        let now = said(event);
        if now && !*told {
            sinks.event(at, event.code.clone(), event.text.clone());
        }
        *told = now;
    }
}
