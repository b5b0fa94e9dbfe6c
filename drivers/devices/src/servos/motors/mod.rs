//! Joint motors with a drive of their own on one CAN bus.
//!
//! [`group`] is what they share: goals told over and over, the watchdog fed by them, halts. A family is a
//! [`protocol::Protocol`]: its frames, and what its counts mean.

mod bus;
mod cubemars;
mod damiao;
mod group;
mod odrive;
mod protocol;
mod robstride;

use certbench_model::Unit;
use certbench_model::vocabulary::{DriverDescription, ParamDescription};

use super::{FREE, servos};
use crate::family::{Family, Opener};
use crate::options::{count, quantity, text};

/// Every family.
pub(super) fn families() -> Vec<Family> {
    vec![
        (damiao::description(), Opener::Can(damiao::open)),
        (robstride::robstride(), Opener::Can(robstride::open)),
        (robstride::cybergear(), Opener::Can(robstride::open)),
        (cubemars::servo(), Opener::Can(cubemars::open)),
        (cubemars::mit(), Opener::Can(cubemars::open)),
        (odrive::description(), Opener::Can(odrive::open)),
    ]
}

/// A catalogue entry; the family fills in options and watchdog. `effort` is the name and unit of the
/// signal of torques or currents.
fn motors(
    id: &str,
    en: &str,
    zh: &str,
    effort: (&str, &str),
    driver_sensors: bool,
    verified: &[&str],
) -> DriverDescription {
    let mut description = servos(id, "arm", en, zh, &FREE, verified);
    description.links = vec!["can".into()];
    let unit = Unit::parse(effort.1).unwrap_or_else(|_| Unit::one());
    for signal in &mut description.signals {
        if signal.name == "current" {
            signal.name = effort.0.into();
            let components = signal.components.iter_mut();
            components.for_each(|(_, component)| *component = unit);
        }
    }
    let warmth = description.signals.last().cloned();
    if let (true, Some(mut warmth)) = (driver_sensors, warmth) {
        warmth.name = "driver-temperature".into();
        description.signals.push(warmth);
    }
    description
}

/// Options of every family, with what it has of its own.
fn options<const N: usize>(
    bit_rate: u64,
    ids: &str,
    own: [ParamDescription; N],
) -> Vec<ParamDescription> {
    let mut options = vec![
        count(
            "bit_rate",
            bit_rate,
            "bit rate of the bus, for an SLCAN adapter",
            "总线位速率（SLCAN 适配器）",
        ),
        text(
            "ids",
            ids,
            "numbers of the motors, in the order of the joints",
            "电机编号，按关节顺序",
        ),
    ];
    options.extend(own);
    options.extend([
        quantity(
            "window",
            "1 deg",
            "a target is reached within this",
            "到位容差",
        ),
        quantity("interval", "10 ms", "sampling interval", "采样间隔"),
        quantity(
            "timeout",
            "30 ms",
            "how long the answers are waited for",
            "等待应答的时间",
        ),
        quantity(
            "slowest",
            "30 ms",
            "answers that took longer give no reading; at most the channel's declared delay",
            "应答慢于此值则读数无效；不大于通道声明的延迟",
        ),
    ]);
    options
}
