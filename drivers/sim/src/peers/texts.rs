//! Instruments that answer a line of text with a line of text.
//!
//! Force gauges feel what the world's gauge feels; displacement sensors look along the x axis of the
//! tracker's frame at the tracker's target; the power meter hangs on a resistor of its own.

use certbench_wire::lines::Lines;
use certbench_wire::{imada, keyence, magtrol, mitutoyo, mtsics, scpi};

use crate::World;
use crate::config::{GaugeUnit, ProbeConfig};

use super::Answering;

/// Standard gravity, m/s², exact: newton of a kilogram.
const G: f64 = 9.806_65;
/// The meter's load: 24 V on 12 ohm.
const VOLT: f64 = 24.0;
const OHM: f64 = 12.0;

/// Answers lines by a function; the terminator is any of CR, LF, CR LF.
pub(crate) struct Texts<F> {
    lines: Lines,
    answer: F,
}

impl<F> Texts<F> {
    pub(crate) fn new(answer: F) -> Texts<F> {
        Texts {
            lines: Lines::new(64),
            answer,
        }
    }
}

impl<F: FnMut(&mut World, &str) -> Vec<u8> + Send> Answering for Texts<F> {
    fn hear(&mut self, bytes: &[u8]) {
        self.lines.push(bytes);
    }

    fn answer(&mut self, world: &mut World) -> Option<Vec<u8>> {
        Some(match self.lines.next()? {
            Ok(line) => (self.answer)(world, line.trim()),
            Err(_) => (self.answer)(world, "?"),
        })
    }
}

/// What a displacement sensor sees now, mm; `None` without a target.
pub(crate) fn displacement_mm(world: &World) -> Option<f64> {
    let tracker = &world.tracker;
    let count = (world.time_s() * tracker.config.rate_hz).floor() as u64;
    let tcp = world.arm.as_ref()?.tcp(tracker.looks_at(count));
    tracker.pose(count, &tcp).map(|pose| pose[0])
}

/// An IMADA gauge: N, or kgf where the world's gauge is set to it. It has no memory of peaks.
pub(crate) fn imada(unit: GaugeUnit) -> impl FnMut(&mut World, &str) -> Vec<u8> + Send {
    use imada::{Command, DONE, NOT_DONE, Reading, State, Unit};
    let mut unit = match unit {
        GaugeUnit::KilogramForce => Unit::KilogramForce,
        _ => Unit::Newton,
    };
    move |world, line| {
        let step = world.step();
        match Command::decode(line) {
            Some(Command::Read) => {
                let newton = world.gauge.reading(step);
                let shown = newton.unwrap_or(world.gauge.config.capacity_n);
                let value = match unit {
                    Unit::Newton => shown,
                    Unit::KilogramForce => shown / G,
                };
                let state = newton.map_or(State::Overload, |_| State::Within);
                let reading = Reading {
                    value,
                    unit,
                    peak: false,
                    state,
                };
                reading.encode(world.gauge.config.decimals)
            }
            Some(Command::Zero) => {
                world.gauge.zero(step);
                DONE.to_vec()
            }
            Some(Command::Use(wanted)) => {
                unit = wanted;
                DONE.to_vec()
            }
            Some(Command::RealTime) => DONE.to_vec(),
            Some(Command::Peak) | None => NOT_DONE.to_vec(),
        }
    }
}

/// A scale that weighs in grams what the world's gauge feels.
pub(crate) fn mtsics(world: &mut World, line: &str) -> Vec<u8> {
    use mtsics::{Command, Reply, Trouble, Unit};
    let Some(asked) = Command::decode(line) else {
        return Reply::Error(Trouble::Syntax).encode(Command::Stable, 0);
    };
    let (step, stable) = (world.step(), world.gauge.is_quiet());
    let text = |text: &str| Reply::Done(Some(text.to_owned()));
    let reply = match asked {
        Command::Stable if !stable => Reply::NotNow,
        Command::Stable | Command::Immediate => match world.gauge.reading(step) {
            None => Reply::Overload,
            Some(newton) => Reply::Weight {
                stable,
                value: newton / G * 1000.0,
                unit: Unit::Gram,
            },
        },
        Command::Zero if stable => {
            world.gauge.zero(step);
            Reply::Done(None)
        }
        Command::Zero => Reply::NotNow,
        Command::Model => text("SIM"),
        Command::Software => text("1.0"),
        Command::Serial | Command::Reset => text("SIM-0001"),
    };
    reply.encode(asked, 2)
}

/// A Keyence sensor; both outputs show the same.
pub(crate) fn keyence(world: &mut World, line: &str) -> Vec<u8> {
    use keyence::{Measure, Reply};
    let Some(asked) = Measure::decode(line) else {
        return format!("ER,{},00\r", line.get(..2).unwrap_or("")).into_bytes();
    };
    let reply = match displacement_mm(world) {
        Some(mm) => Reply::Value(mm),
        None if world.arm.is_some() => Reply::OutOfRange,
        None => Reply::NotReady,
    };
    reply.encode(asked, 3)
}

/// A Mitutoyo gauge set to mm: a value for whatever it is sent.
pub(crate) fn mitutoyo(world: &mut World, _line: &str) -> Vec<u8> {
    match displacement_mm(world) {
        Some(mm) => mitutoyo::encode(1, mm, 3),
        None => mitutoyo::encode_error(1),
    }
}

/// An indicator that prints the force in newton for whatever it is sent.
pub(crate) fn indicator(world: &mut World, _line: &str) -> Vec<u8> {
    match world.gauge.reading(world.step()) {
        Some(newton) => format!("{newton:.3}\r\n").into_bytes(),
        None => b"OVER\r\n".to_vec(),
    }
}

/// An instrument at the rig: prints what it sees for whatever it is sent.
pub(crate) fn probe(
    probe: ProbeConfig,
    number: u8,
) -> impl FnMut(&mut World, &str) -> Vec<u8> + Send {
    move |world, _line| {
        let print = |value: Option<f64>, decimals: usize| match value {
            Some(value) => format!("{value:.decimals$}"),
            None => "OL".to_string(),
        };
        let mut line = print(world.probe(&probe, number), probe.decimals);
        for (column, i) in probe.beside.iter().zip(1u8..) {
            // every column has noise of its own
            let stream = number.wrapping_add(i.wrapping_mul(64));
            let value = print(world.beside(column, stream), column.decimals);
            line.push(' ');
            line.push_str(&value);
        }
        format!("{line}\r\n").into_bytes()
    }
}

/// A dynamometer controller whose panel shows N·m; it answers questions only.
pub(crate) fn dynamometer(world: &mut World, line: &str) -> Vec<u8> {
    use magtrol::{Command, Data, Shaft};
    let step = world.step();
    let Some(rig) = &mut world.rig else {
        return Vec::new();
    };
    match Command::decode(line) {
        Some(Command::Identify) => b"Magtrol,DSP7000 (simulated),0,1.0\r\n".to_vec(),
        Some(Command::Data(1)) => {
            let (rpm, torque) = rig.shown(step);
            let shaft = Shaft::Clockwise;
            Data { rpm, torque, shaft }.encode(3)
        }
        Some(Command::Torque(1, nm)) => {
            rig.set_torque(Some(nm));
            Vec::new()
        }
        Some(Command::TorqueOff(1)) => {
            rig.set_torque(None);
            Vec::new()
        }
        _ => Vec::new(),
    }
}

/// A power meter with an error queue.
pub(crate) fn scpi() -> impl FnMut(&mut World, &str) -> Vec<u8> + Send {
    let mut errors = 0;
    move |_world, line| {
        let (volt, ampere) = (Some(VOLT), Some(VOLT / OHM));
        let watt = Some(VOLT * VOLT / OHM);
        match line.to_ascii_uppercase().as_str() {
            "*IDN?" => b"certbench,simulated meter,SIM-0002,1.0\n".to_vec(),
            ":NUM:NORM:VAL?" => scpi::encode_numbers(&[volt, ampere, watt]),
            "MEAS:VOLT?" => scpi::encode_numbers(&[volt]),
            "MEAS:CURR?" => scpi::encode_numbers(&[ampere]),
            "MEAS:POW?" => scpi::encode_numbers(&[watt]),
            "SYST:ERR?" if errors > 0 => {
                errors -= 1;
                b"-113,\"Undefined header\"\n".to_vec()
            }
            "SYST:ERR?" => b"0,\"No error\"\n".to_vec(),
            _ => {
                errors += 1;
                Vec::new()
            }
        }
    }
}
