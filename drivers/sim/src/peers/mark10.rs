//! A Mark-10 gauge: what it answers (Series 4, 5 and 7 user's guides).

use certbench_wire::lines::Lines;
use certbench_wire::mark10::{Command, ILLEGAL_COMMAND, Unit, encode_reading};

use crate::World;
use crate::config::GaugeUnit;

use super::Answering;

/// What it prints instead of a number beyond its capacity.
const OVERLOAD: &[u8] = b"OVER\r\n";

pub(crate) struct Gauge {
    lines: Lines,
    unit: Unit,
}

impl Gauge {
    pub(crate) fn new(unit: GaugeUnit) -> Gauge {
        let unit = match unit {
            GaugeUnit::N => Unit::Newton,
            GaugeUnit::KiloNewton => Unit::KiloNewton,
            GaugeUnit::MilliNewton => Unit::MilliNewton,
            GaugeUnit::PoundForce => Unit::PoundForce,
            GaugeUnit::KilogramForce => Unit::KilogramForce,
            GaugeUnit::GramForce => Unit::GramForce,
            GaugeUnit::OunceForce => Unit::OunceForce,
        };
        Gauge {
            lines: Lines::new(32),
            unit,
        }
    }
}

impl Answering for Gauge {
    fn hear(&mut self, bytes: &[u8]) {
        self.lines.push(bytes);
    }

    fn answer(&mut self, world: &mut World) -> Option<Vec<u8>> {
        let command = self
            .lines
            .next()?
            .ok()
            .and_then(|line| Command::decode(line.trim()));
        let step = world.step();
        let answer = match command {
            None => ILLEGAL_COMMAND.to_vec(),
            Some(Command::Displayed | Command::RealTime) => match world.gauge.reading(step) {
                Some(newton) => encode_reading(
                    newton / newton_per(self.unit),
                    world.gauge.config.decimals,
                    Some(self.unit),
                ),
                None => OVERLOAD.to_vec(),
            },
            Some(Command::Zero) => {
                world.gauge.zero(step);
                Vec::new()
            }
            Some(Command::Use(unit)) => {
                self.unit = unit;
                Vec::new()
            }
        };
        Some(answer)
    }
}

/// International pound 0.453 592 37 kg and standard gravity 9.806 65 m/s², both exact.
fn newton_per(unit: Unit) -> f64 {
    const POUND: f64 = 0.453_592_37 * 9.806_65;
    match unit {
        Unit::Newton => 1.0,
        Unit::KiloNewton => 1000.0,
        Unit::MilliNewton => 0.001,
        Unit::PoundForce => POUND,
        Unit::OunceForce => POUND / 16.0,
        Unit::KilogramForce => 9.806_65,
        Unit::GramForce => 0.009_806_65,
    }
}
