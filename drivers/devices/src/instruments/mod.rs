//! Instruments: things that only measure.
//!
//! Two shells carry what all of them share: [`asked`] for those that are asked for every reading,
//! [`heard`] for those that send by themselves. A family is what stands beside them: its table, its
//! conversions, and how a reading is got out of an answer.

mod aed;
mod ascii;
mod asked;
mod bota;
mod displacement;
mod ft300;
mod heard;
mod ild1420;
mod imada;
mod mtsics;
mod rdt;
mod scpi;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use certbench_clock::Clock;
use certbench_link::ByteLink;
use certbench_model::plan::DevicePlan;
use certbench_model::vocabulary::{DriverDescription, ParamDescription, SignalDescription};
use certbench_model::{Identity, Reading, Text, Unit};
use certbench_roles::Trouble;

use crate::family::{Family, Opener};
use crate::line::{Line, Manners};
use crate::options::{Options, baud, quantity};

/// Newton of a kilogram under standard gravity, by definition; newton of one kgf.
const STANDARD_GRAVITY: f64 = 9.80665;

/// Every family.
pub(crate) fn families() -> Vec<Family> {
    vec![
        (ascii::description(), Opener::Bytes(ascii::open)),
        (aed::description(), Opener::Bytes(aed::open)),
        (mtsics::description(), Opener::Bytes(mtsics::open)),
        (imada::description(), Opener::Bytes(imada::open)),
        (
            displacement::mitutoyo(),
            Opener::Bytes(displacement::open_mitutoyo),
        ),
        (
            displacement::keyence(),
            Opener::Bytes(displacement::open_keyence),
        ),
        (ild1420::description(), Opener::Bytes(ild1420::open)),
        (ft300::description(), Opener::Bytes(ft300::open)),
        (bota::description(), Opener::Bytes(bota::open)),
        (scpi::description(), Opener::Bytes(scpi::open)),
        (rdt::ati(), Opener::Bytes(rdt::open)),
        (rdt::onrobot(), Opener::Bytes(rdt::open)),
    ]
}

/// What was read at one moment: readings of some signals, and what else the instrument says.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Said {
    pub(crate) readings: Vec<(&'static str, Reading)>,
    /// Something that a person has to put right, told once until it is over.
    pub(crate) complaint: Option<String>,
}

impl Said {
    fn one(signal: &'static str, reading: Reading) -> Said {
        Said {
            readings: vec![(signal, reading)],
            complaint: None,
        }
    }
}

/// A catalogue entry of an instrument; the family fills in the rest.
fn instrument(id: &str, kind: &str, en: &str, zh: &str, verified: &[&str]) -> DriverDescription {
    DriverDescription {
        id: id.into(),
        title: Text::new(en, zh),
        kind: kind.into(),
        links: vec!["serial".into()],
        roles: ["identify", "sensor"].map(String::from).to_vec(),
        joints: Vec::new(),
        signals: Vec::new(),
        options: Vec::new(),
        safe_states: Vec::new(),
        watchdog: Text::new("none; it moves nothing", "无；不驱动任何运动"),
        verified_against: verified.iter().map(ToString::to_string).collect(),
        moves: false,
    }
}

/// A signal of one value.
fn scalar(name: &str, unit: &str, interval_s: f64, delay_s_max: f64) -> SignalDescription {
    SignalDescription {
        name: name.into(),
        components: vec![("value".into(), unit_of(unit))],
        digital: false,
        interval_s,
        delay_s: [0.0, delay_s_max],
    }
}

/// Force and torque in the sensor's axes.
fn wrench(interval_s: f64, delay_s_max: f64) -> SignalDescription {
    let component = |(name, unit): (&str, &str)| (name.to_owned(), unit_of(unit));
    let parts = [
        ("fx", "N"),
        ("fy", "N"),
        ("fz", "N"),
        ("mx", "N.m"),
        ("my", "N.m"),
        ("mz", "N.m"),
    ];
    SignalDescription {
        name: "wrench".into(),
        components: parts.into_iter().map(component).collect(),
        digital: false,
        interval_s,
        delay_s: [0.0, delay_s_max],
    }
}

/// The forces of a wrench alone: values of one unit.
fn forces(interval_s: f64, delay_s_max: f64) -> SignalDescription {
    let mut signal = wrench(interval_s, delay_s_max);
    signal.name = "forces".into();
    signal.components.truncate(3);
    signal
}

/// The first three of six.
fn first_three<T: Copy>([x, y, z, ..]: [T; 6]) -> [T; 3] {
    [x, y, z]
}

fn unit_of(symbol: &str) -> Unit {
    Unit::parse(symbol).unwrap_or_else(|_| Unit::one())
}

/// The options of an instrument that is asked.
fn asked_options(rate: u64, interval: &str, patience: &str) -> Vec<ParamDescription> {
    vec![
        baud(rate),
        quantity("interval", interval, "sampling interval", "采样间隔"),
        quantity(
            "timeout",
            patience,
            "how long an answer is waited for",
            "等待应答的时间",
        ),
        quantity(
            "slowest",
            patience,
            "an answer that took longer gives no reading; at most the channel's declared delay",
            "应答慢于此值则读数无效；不大于通道声明的延迟",
        ),
    ]
}

/// The options of an instrument that sends by itself.
fn heard_options(rate: u64, stale_after: &str) -> Vec<ParamDescription> {
    vec![
        baud(rate),
        quantity(
            "stale_after",
            stale_after,
            "without a new value for so long a reading is stale",
            "超过此时间无新值则读数过期",
        ),
    ]
}

/// The line to an instrument that is asked; `noun` is what messages call it.
fn line(
    plan: &DevicePlan,
    link: Arc<dyn ByteLink>,
    clock: &Clock,
    options: &Options<'_>,
    noun: &str,
    silence: Duration,
) -> Result<Line, Trouble> {
    let timeout = options.time("timeout")?;
    let manners = Manners {
        silence,
        timeout,
        longest: 2 * timeout,
    };
    let who = format!("the {noun} `{}` on {}", plan.id, link.describe().port);
    Ok(Line::new(link, clock, who, manners))
}

/// Who an instrument is that cannot say it.
fn unknown(note: String) -> Identity {
    Identity {
        read_from_device: false,
        label_needed: ["model", "serial"].map(String::from).to_vec(),
        notes: vec![note],
        ..Identity::default()
    }
}

/// From a unit named in an option to the unit of the signal.
fn factor(options: &Options<'_>, name: &str, to: &str) -> Result<f64, Trouble> {
    let printed = options.text(name)?.unwrap_or_default();
    Unit::parse(&printed)
        .and_then(|from| from.convert(1.0, Unit::parse(to)?))
        .map_err(|error| options.refuse(name, error))
}
