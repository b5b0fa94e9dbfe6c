//! Grippers and hands whose whole interface is a table of Modbus registers.
//!
//! A family is a TOML file in `maps/`: registers, counts of open and closed, what a grasp and a halt
//! write, what makes the device ready, how its status is read. [`map`] reads and checks the files; the
//! rest of this folder is one engine for all of them.

mod device;
mod grasp;
mod map;
mod poll;
#[cfg(test)]
mod tests;

use certbench_model::vocabulary::{DriverDescription, SignalDescription};
use certbench_model::{Text, Unit};

use self::map::{Map, Model};
use crate::family::{Family, Opener};
use crate::options::{baud, count, one_of, quantity, text};

/// Cells of a skin that a bench can name.
const CELLS_MOST: usize = 16;

/// The signal of a cell, by its place in the bench's list.
fn cell_signal(nth: usize) -> String {
    format!("cell{}", nth + 1)
}

/// Every model of every map.
pub(crate) fn families() -> Vec<Family> {
    let models = map::all()
        .iter()
        .flat_map(|map| map.model.iter().map(move |model| (map, model)));
    models
        .map(|(map, model)| (description(map, model), Opener::Bytes(device::open)))
        .collect()
}

/// The map and the model of a driver.
fn of_driver(driver: &str) -> Option<(&'static Map, &'static Model)> {
    map::all().iter().find_map(|map| {
        let model = map.model.iter().find(|model| model.id == driver)?;
        Some((map, model))
    })
}

fn description(map: &Map, model: &Model) -> DriverDescription {
    let interval_s = if map.gap_ms < 10 { 0.02 } else { 0.1 };
    let signal = |name: &str, unit: &str, parts: usize| {
        let unit = Unit::parse(unit).unwrap_or_else(|_| Unit::one());
        let named = |finger: &String| (finger.clone(), unit);
        SignalDescription {
            name: name.to_owned(),
            components: match (map.fingers.as_slice(), parts) {
                ([_], _) | (_, 1) => vec![("value".to_owned(), unit)],
                (fingers, _) => fingers.iter().map(named).collect(),
            },
            digital: false,
            interval_s,
            delay_s: [0.0, 0.1],
        }
    };
    let mut signals = vec![signal("closing", "%", map.fingers.len())];
    let more = map.signal.iter();
    signals.extend(more.map(|s| signal(&s.name, &s.unit, s.fields.len())));
    signals.extend(map.patch.iter().map(|patch| {
        SignalDescription {
            name: patch.name.clone(),
            components: ["max", "mean"]
                .map(|part| (part.to_owned(), Unit::one()))
                .to_vec(),
            digital: false,
            interval_s: interval_s * map.patch.len() as f64,
            delay_s: [0.0, 0.1],
        }
    }));
    if !map.patch.is_empty() {
        let cell = |nth| SignalDescription {
            interval_s: interval_s * map.patch.len() as f64,
            ..signal(&cell_signal(nth), "1", 1)
        };
        signals.extend((0..CELLS_MOST).map(cell));
    }
    let mut roles = ["identify", "grasp", "sensor", "halt"]
        .map(String::from)
        .to_vec();
    let mut options = vec![
        baud(map.baud),
        count(
            "id",
            u64::from(map.unit),
            "unit number, 1 to 247",
            "站号，1 至 247",
        ),
        quantity(
            "interval",
            if map.gap_ms < 10 { "20 ms" } else { "100 ms" },
            "sampling interval",
            "采样间隔",
        ),
        quantity(
            "timeout",
            "100 ms",
            "how long an answer is waited for",
            "等待应答的时间",
        ),
        quantity(
            "max_response",
            "300 ms",
            "after a time-out nothing is asked for so long: the latest moment at which the device may still answer",
            "超时后静默的时间：设备最迟仍可能应答的时刻",
        ),
        quantity(
            "slowest",
            "100 ms",
            "an answer that took longer gives no reading; at most the channel's declared delay",
            "应答慢于此值则读数无效；不大于通道声明的延迟",
        ),
    ];
    if !map.patch.is_empty() {
        options.push(text(
            "cells",
            "",
            "cells of its skin that are signals by themselves, `cell1` to `cell16`: tactile-palm:3:14 is row 3, column 14",
            "单独作为信号（`cell1` 至 `cell16`）的触觉单元：tactile-palm:3:14 为第 3 行第 14 列",
        ));
    }
    if map.tcp {
        options.push(one_of(
            "framing",
            &["rtu", "tcp"],
            "`tcp` for its network port; `rtu` on a line, and over a converter that only passes bytes on",
            "网口用 `tcp`；串口或透传转换器用 `rtu`",
        ));
    }
    if map.activation.is_some() {
        roles.push("power".into());
        options.push(one_of(
            "activation",
            &["manual", "on-enable"],
            "whether certbench activates the device when it is armed: it moves by that",
            "布防时是否由 certbench 激活设备：激活时设备会运动",
        ));
    }
    DriverDescription {
        id: model.id.clone(),
        title: Text::new(&model.en, &model.zh),
        kind: if map.fingers.len() == 1 {
            "gripper"
        } else {
            "hand"
        }
        .into(),
        links: vec!["serial".into()],
        roles,
        joints: map.fingers.clone(),
        signals,
        options,
        safe_states: vec!["hold".into()],
        watchdog: Text::new(&map.about.watchdog_en, &map.about.watchdog_zh),
        verified_against: map.about.verified.clone(),
        moves: true,
    }
}
