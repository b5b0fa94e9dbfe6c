//! A tracker that sends a line of numbers at a steady rate, unasked.

use certbench_link::{ByteLink, LinkError};
use certbench_wire::asciiline::{Column, Format, Separator};

use crate::World;
use crate::config::{Separator as Written, TrackerConfig};

use super::{KEEP_STILL, Stage};

/// Lines that are older than this are not sent any more, ns.
const TOO_OLD_NS: u64 = 1_000_000_000;

/// Plays the tracker until the show is over or the line is gone.
pub(crate) fn play(stage: &Stage, link: &dyn ByteLink, config: &TrackerConfig) {
    let format = format(config);
    let mut count = 0;
    while !stage.is_over() {
        let (due, lines_late) = {
            let world = stage.world();
            let due = stage.time_at(world.tracker.sent_ns(count));
            let late_ns = (stage.clock.now() - due).as_nanos() as u64;
            let lines_late = if late_ns > TOO_OLD_NS {
                late_ns as f64 * 1e-9 * config.rate_hz
            } else {
                0.0
            };
            (due, lines_late as u64)
        };
        if lines_late > 0 {
            count += lines_late;
            continue;
        }
        if due > stage.clock.now() + stage.look_up() {
            stage.clock.sleep(stage.look_up());
            continue;
        }
        stage.clock.sleep_until(due);
        let line = line(&stage.world(), config, &format, count);
        count += 1;
        match link.write(&line) {
            Ok(_) => {}
            Err(LinkError::Gone { .. }) => return,
            Err(_) => stage.clock.sleep(KEEP_STILL), // nobody reads
        }
    }
}

fn format(config: &TrackerConfig) -> Format {
    let column = |(index, name): (usize, &String)| Column {
        name: name.clone(),
        index,
    };
    Format {
        separator: match config.separator {
            Written::Comma => Separator::Char(','),
            Written::Semicolon => Separator::Char(';'),
            Written::Blank => Separator::Blanks,
        },
        decimal_comma: false,
        columns: config.columns.iter().enumerate().map(column).collect(),
        no_value: vec![config.no_value.clone()],
    }
}

fn line(world: &World, config: &TrackerConfig, format: &Format, count: u64) -> Vec<u8> {
    let tracker = &world.tracker;
    let tcp = world
        .arm
        .as_ref()
        .map(|arm| arm.tcp(tracker.looks_at(count)));
    let pose = tcp.and_then(|tcp| tracker.pose(count, &tcp));
    let value = |name: &String| match name.as_str() {
        "n" => Some(count as f64),
        "t" => Some(tracker.measured_ns(count) as f64 * 1e-9),
        axis => {
            let at = ["x", "y", "z", "a", "b", "c"]
                .iter()
                .position(|known| *known == axis)?;
            pose?.get(at).copied()
        }
    };
    let values: Vec<Option<f64>> = config.columns.iter().map(value).collect();
    format.encode(&values, config.decimals)
}
