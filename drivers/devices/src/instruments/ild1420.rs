//! Micro-Epsilon optoNCDT 1420: signal `displacement` (mm), streamed.

use std::sync::Arc;

use certbench_clock::Clock;
use certbench_link::ByteLink;
use certbench_model::plan::DevicePlan;
use certbench_model::vocabulary::DriverDescription;
use certbench_model::{Invalid, Reading};
use certbench_roles::{Device, Trouble};
use certbench_wire::ild1420::{Decoder, NoDistance, RawDistance};

use super::heard::{Stream, device};
use super::{Said, heard_options, instrument, scalar};
use crate::options::{Options, optional_quantity};

pub(super) fn description() -> DriverDescription {
    let mut description = instrument(
        "ild1420",
        "displacement",
        "Micro-Epsilon optoNCDT 1420, binary over RS-422",
        "米铱 optoNCDT 1420 激光位移传感器，RS-422 二进制输出",
        &[
            "formula and codes of the operating instructions",
            "simulator",
        ],
    );
    description.signals = vec![scalar("displacement", "mm", 0.001, 0.02)];
    description.options = heard_options(921_600, "50 ms");
    description.options.push(optional_quantity(
        "range",
        "mm",
        "measuring range of the sensor: 10, 25, 50, 100, 200 or 500 mm; it must be given",
        "传感器量程：10、25、50、100、200 或 500 mm；必填",
    ));
    description
}

pub(super) fn open(
    plan: &DevicePlan,
    link: Arc<dyn ByteLink>,
    clock: &Clock,
) -> Result<Arc<dyn Device>, Trouble> {
    let options = Options::new(plan, description());
    let range_mm = options.needed_quantity("range", "mm")?;
    if range_mm <= 0.0 {
        return Err(options.refuse("range", "a range is more than 0 mm"));
    }
    let sensor = Sensor {
        decoder: Decoder::default(),
        range_mm,
    };
    device(plan, link, clock, &options, "sensor", sensor)
}

struct Sensor {
    decoder: Decoder,
    range_mm: f64,
}

/// Operating instructions, 7.5.2.1: d = (x · 102 / 65520 - 1) · MR / 100. Counts below 643 and above 64877
/// are reserve beyond the ends of the range: the sensor gives them, and they are kept.
fn millimetres(raw: RawDistance, range_mm: f64) -> Reading {
    match raw.distance() {
        Ok(RawDistance(x)) => {
            Reading::scalar((f64::from(x) * 102.0 / 65_520.0 - 1.0) * range_mm / 100.0)
        }
        Err(NoDistance::BeforeRange | NoDistance::BehindRange) => {
            Reading::Invalid(Invalid::OverRange)
        }
        Err(NoDistance::Unlisted(_)) => Reading::Invalid(Invalid::Unreadable),
        Err(_) => Reading::Invalid(Invalid::NoSignal),
    }
}

impl Stream for Sensor {
    fn push(&mut self, bytes: &[u8]) {
        self.decoder.push(bytes);
    }

    fn next(&mut self) -> Option<Said> {
        loop {
            let reading = match self.decoder.next()? {
                Ok(value) if !value.first => continue, // intensity, exposure and the like
                Ok(value) => millimetres(value.raw, self.range_mm),
                Err(_) => Reading::Invalid(Invalid::Unreadable),
            };
            return Some(Said::one("displacement", reading));
        }
    }

    fn signals(&self) -> Vec<&'static str> {
        vec!["displacement"]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The manual: 643 is the start of the range, 64877 its end, 0 and 65520 are 1 % beyond.
    #[test]
    fn the_manuals_corners() {
        let mm = |x| millimetres(RawDistance(x), 100.0).component(0).unwrap();
        assert!(mm(643).abs() < 0.002, "{}", mm(643));
        assert!((mm(64_877) - 100.0).abs() < 0.002, "{}", mm(64_877));
        assert!((mm(0) + 1.0).abs() < 1e-12);
        assert!((mm(65_520) - 101.0).abs() < 1e-12);
    }

    #[test]
    fn a_code_is_never_a_distance() {
        let invalid = |x| millimetres(RawDistance(x), 100.0);
        assert_eq!(invalid(262_076), Reading::Invalid(Invalid::NoSignal));
        assert_eq!(invalid(262_077), Reading::Invalid(Invalid::OverRange));
        assert_eq!(invalid(262_082), Reading::Invalid(Invalid::NoSignal));
        assert_eq!(invalid(70_000), Reading::Invalid(Invalid::Unreadable));
    }
}
