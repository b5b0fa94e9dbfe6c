//! Bota serial six-axis sensor (gen 0): signals `wrench` (N, N·m), `forces` (N) and `temperature` (°C).
//!
//! The sensor streams with the settings stored in it. When it is silent it is told to run (`R`), which is
//! what it waits for after its boot banner.

use std::sync::Arc;

use certbench_clock::Clock;
use certbench_link::ByteLink;
use certbench_model::plan::DevicePlan;
use certbench_model::vocabulary::DriverDescription;
use certbench_model::{Invalid, Reading};
use certbench_roles::{Device, Trouble};
use certbench_wire::forcetorque::bota::{Decoder, Frame};

use super::heard::{Stream, device};
use super::{Said, first_three, forces, heard_options, instrument, scalar, wrench};
use crate::options::Options;

pub(super) fn description() -> DriverDescription {
    let mut description = instrument(
        "bota-serial",
        "force-torque",
        "Bota six-axis force torque sensor, serial (gen 0)",
        "Bota 六维力传感器，串口（gen 0）",
        &[
            "a golden vector with the checksum of crccheck 1.3",
            "simulator",
        ],
    );
    description.signals = vec![
        wrench(0.01, 0.05),
        forces(0.01, 0.05),
        scalar("temperature", "Cel", 0.01, 0.05),
    ];
    description.options = heard_options(460_800, "100 ms");
    description
}

pub(super) fn open(
    plan: &DevicePlan,
    link: Arc<dyn ByteLink>,
    clock: &Clock,
) -> Result<Arc<dyn Device>, Trouble> {
    let options = Options::new(plan, description());
    device(
        plan,
        link,
        clock,
        &options,
        "sensor",
        Sensor(Decoder::default()),
    )
}

struct Sensor(Decoder);

/// A frame whose status is not zero is no measurement.
fn said(frame: &Frame) -> Said {
    if frame.status != 0 {
        let bad = Reading::Invalid(Invalid::NoSignal);
        return Said {
            readings: vec![("wrench", bad), ("forces", bad), ("temperature", bad)],
            complaint: Some(format!(
                "says that something is wrong (status {:04X})",
                frame.status
            )),
        };
    }
    let wrench = frame.wrench.map(f64::from);
    Said {
        readings: vec![
            ("wrench", Reading::vector(&wrench)),
            ("forces", Reading::vector(&first_three(wrench))),
            ("temperature", Reading::scalar(f64::from(frame.celsius))),
        ],
        complaint: None,
    }
}

impl Stream for Sensor {
    fn push(&mut self, bytes: &[u8]) {
        self.0.push(bytes);
    }

    fn next(&mut self) -> Option<Said> {
        Some(match self.0.next()? {
            Ok(frame) => said(&frame),
            Err(_) => Said::one("wrench", Reading::Invalid(Invalid::Unreadable)),
        })
    }

    fn signals(&self) -> Vec<&'static str> {
        vec!["wrench", "forces", "temperature"]
    }

    fn wake(&self) -> &'static [u8] {
        b"R"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sensor_that_says_it_is_wrong_gives_no_number() {
        let frame = Frame {
            status: 0,
            wrench: [1.5, 0.0, 0.0, 0.0, 0.0, f32::NAN],
            time_us: 0,
            celsius: 31.5,
        };
        let first = |frame: &Frame| said(frame).readings[0].1;
        assert_eq!(first(&frame), Reading::Invalid(Invalid::NotFinite));
        let good = Frame {
            wrench: [1.5; 6],
            ..frame
        };
        assert_eq!(first(&good).component(0), Some(1.5));
        let wrong = Frame { status: 4, ..good };
        assert_eq!(first(&wrong), Reading::Invalid(Invalid::NoSignal));
        assert!(said(&wrong).complaint.is_some());
    }
}
