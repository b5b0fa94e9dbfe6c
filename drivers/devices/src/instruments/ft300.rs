//! Robotiq FT 300: signal `wrench` (N, N·m), polled over Modbus RTU or streamed at 100 Hz.

use std::sync::Arc;

use certbench_clock::Clock;
use certbench_link::ByteLink;
use certbench_model::plan::DevicePlan;
use certbench_model::vocabulary::DriverDescription;
use certbench_model::{Identity, Invalid, Reading};
use certbench_roles::{Device, Trouble};
use certbench_wire::forcetorque::ft300::{Decoder, RawWrench, STOP};
use certbench_wire::modbus::{Reply, Request, Table, silent_interval};

use super::asked::{self, Asked};
use super::heard::{self, Stream};
use super::{Said, asked_options, instrument, line, unknown, wrench};
use crate::line::{Answer, Failure, Line};
use crate::modbus::{Client, Framing};
use crate::options::{Options, count, one_of, quantity};

/// Force x, y, z, torque x, y, z.
const WRENCH: u16 = 180;
/// Register 410 := 0x0200 at unit 9 begins the stream; the whole frame, for the maker ships no other unit.
const START: &[u8] = &[
    0x09, 0x10, 0x01, 0x9A, 0x00, 0x01, 0x02, 0x02, 0x00, 0xCD, 0xCA,
];

pub(super) fn description() -> DriverDescription {
    let mut description = instrument(
        "robotiq-ft300",
        "force-torque",
        "Robotiq FT 300 six-axis force torque sensor",
        "Robotiq FT 300 六维力传感器",
        &[
            "a pymodbus 3.16.1 server (poll), over a pty",
            "simulator (poll, stream)",
        ],
    );
    description.signals = vec![wrench(0.01, 0.1)];
    description.options = asked_options(19_200, "20 ms", "100 ms");
    description.options.extend([
        one_of(
            "mode",
            &["poll", "stream"],
            "asked for each reading, or streaming 100 times a second",
            "逐次查询，或以 100 Hz 连续发送",
        ),
        count("id", 9, "unit number for polling", "查询时的站号"),
        quantity(
            "stale_after",
            "100 ms",
            "in a stream: without a new value for so long a reading is stale",
            "连续发送时：超过此时间无新值则读数过期",
        ),
    ]);
    description
}

pub(super) fn open(
    plan: &DevicePlan,
    link: Arc<dyn ByteLink>,
    clock: &Clock,
) -> Result<Arc<dyn Device>, Trouble> {
    let options = Options::new(plan, description());
    if options.text("mode")?.as_deref() == Some("stream") {
        let stream = Streamed(Decoder::default());
        return heard::device(plan, link, clock, &options, "sensor", stream);
    }
    let silence = silent_interval(options.count("baud")?);
    let unit: u8 = options.count("id")?;
    if !(1..=247).contains(&unit) {
        return Err(options.refuse("id", "a unit has a number of 1 to 247"));
    }
    let line = line(plan, link, clock, &options, "sensor", silence)?;
    let client = Client::new(line, unit, Framing::Rtu);
    asked::device(&plan.id, &options, Polled(client))
}

/// Hundredths of a newton and thousandths of a newton metre.
fn reading(raw: RawWrench) -> Reading {
    let scale = [100.0, 100.0, 100.0, 1000.0, 1000.0, 1000.0];
    let values: [f64; 6] = std::array::from_fn(|n| f64::from(raw.0[n]) / scale[n]);
    Reading::vector(&values)
}

struct Polled(Client);

impl Polled {
    fn read(&self) -> Result<Answer<Reply>, Failure> {
        self.0.ask(&Request::Read {
            table: Table::HoldingRegisters,
            start: WRENCH,
            count: 6,
        })
    }
}

fn said(reply: &Reply) -> Said {
    let raw = match reply {
        Reply::Registers(words) => <[u16; 6]>::try_from(words.as_slice()).ok(),
        _ => None,
    };
    match (raw, reply) {
        (Some(words), _) => Said::one("wrench", reading(RawWrench(words.map(u16::cast_signed)))),
        (None, Reply::Exception(exception)) => Said {
            complaint: Some(format!("does not give its wrench: {exception}")),
            ..Said::one("wrench", Reading::Invalid(Invalid::NoSignal))
        },
        (None, _) => Said::one("wrench", Reading::Invalid(Invalid::Unreadable)),
    }
}

impl Asked for Polled {
    fn line(&self) -> &Line {
        &self.0.line
    }

    fn signals(&self) -> Vec<&'static str> {
        vec!["wrench"]
    }

    fn identify(&self) -> Result<Identity, Trouble> {
        let answer = self.read();
        let answer = answer.map_err(|failure| self.0.line.trouble(&failure))?;
        if let Some(complaint) = said(&answer.value).complaint {
            return Err(Trouble::Refused(complaint));
        }
        Ok(unknown(format!("answers as unit {}", self.0.unit)))
    }

    fn ask(&self) -> Result<Answer<Said>, Failure> {
        Ok(self.read()?.map(|reply| said(&reply)))
    }
}

struct Streamed(Decoder);

impl Stream for Streamed {
    fn push(&mut self, bytes: &[u8]) {
        self.0.push(bytes);
    }

    fn next(&mut self) -> Option<Said> {
        Some(match self.0.next()? {
            Ok(raw) => Said::one("wrench", reading(raw)),
            Err(_) => Said::one("wrench", Reading::Invalid(Invalid::Unreadable)),
        })
    }

    fn signals(&self) -> Vec<&'static str> {
        vec!["wrench"]
    }

    fn wake(&self) -> &'static [u8] {
        START
    }

    fn rest(&self) -> &'static [u8] {
        &STOP
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_hundredths_of_a_newton_and_thousandths_of_a_newton_metre() {
        let words = vec![1234, 0xFF9C, 0, 500, 0, 0xFFFF];
        let Reading::Values { values, .. } = said(&Reply::Registers(words)).readings[0].1 else {
            panic!("no values");
        };
        assert_eq!(values[..6], [12.34, -1.0, 0.0, 0.5, 0.0, -0.001]);
    }

    /// golden_vectors.json "modbus-rtu FT300 start stream", checksum by pymodbus 3.16.1.
    #[test]
    fn the_start_of_the_stream_is_a_modbus_write() {
        let write = Request::WriteRegisters {
            start: 410,
            values: vec![0x0200],
        };
        assert_eq!(write.encode(9).unwrap(), START);
    }
}
