//! ATI Net F/T, ATI Axia and OnRobot HEX over UDP: signal `wrench` (N, N·m).
//!
//! The sensor is told to stream and sends records until it is told to stop. What a count is, the sensor's own
//! page says (`netftapi2.xml`), and the bench copies it here.

use std::sync::Arc;

use certbench_clock::Clock;
use certbench_link::ByteLink;
use certbench_model::plan::DevicePlan;
use certbench_model::vocabulary::DriverDescription;
use certbench_model::{Invalid, Reading};
use certbench_roles::{Device, Trouble};
use certbench_wire::rdt::{Command, Decoder, Heard, Record, Request};

use super::heard::{Stream, device};
use super::{Said, instrument, wrench};
use crate::options::{Options, count, one_of, quantity};

const REAL_TIME: [u8; 8] = request(Command::RealTime);
const SINGLE_BLOCK: [u8; 8] = request(Command::SingleBlock);
const STOP: [u8; 8] = request(Command::Stop);

const fn request(command: Command) -> [u8; 8] {
    Request { command, count: 0 }.encode()
}

pub(super) fn ati() -> DriverDescription {
    described(
        "ati-rdt",
        "ATI Net F/T or Axia six-axis sensor, RDT over UDP",
        "ATI Net F/T 或 Axia 六维力传感器，UDP RDT",
        (1_000_000, 1_000_000),
        &[
            "request and record of the Net F/T manual",
            "pynetft 2.1.3 against the simulator, over UDP",
            "simulator",
        ],
    )
}

pub(super) fn onrobot() -> DriverDescription {
    described(
        "onrobot-hex",
        "OnRobot HEX six-axis sensor, RDT over UDP",
        "OnRobot HEX 六维力传感器，UDP RDT",
        (10_000, 100_000),
        &[
            "request and record of the Net F/T manual",
            "simulator",
            "unverified: counts per unit",
        ],
    )
}

fn described(
    id: &str,
    en: &str,
    zh: &str,
    (force, torque): (u64, u64),
    verified: &[&str],
) -> DriverDescription {
    let mut description = instrument(id, "force-torque", en, zh, verified);
    description.links = vec!["network".into()];
    description.signals = vec![wrench(0.002, 0.01)];
    description.options = vec![
        count(
            "counts_per_newton",
            force,
            "force counts of a newton, as the sensor's page says",
            "每牛顿的计数，见传感器网页",
        ),
        count(
            "counts_per_newton_metre",
            torque,
            "torque counts of a newton metre, as the sensor's page says",
            "每牛米的计数，见传感器网页",
        ),
        one_of(
            "start",
            &["real-time", "single-block"],
            "what makes it stream: Net F/T and HEX take real-time, Axia takes single-block",
            "启动数据流的命令：Net F/T 与 HEX 用 real-time，Axia 用 single-block",
        ),
        quantity(
            "stale_after",
            "50 ms",
            "without a new value for so long a reading is stale",
            "超过此时间无新值则读数过期",
        ),
    ];
    description
}

pub(super) fn open(
    plan: &DevicePlan,
    link: Arc<dyn ByteLink>,
    clock: &Clock,
) -> Result<Arc<dyn Device>, Trouble> {
    let description = match plan.driver.as_str() {
        "onrobot-hex" => onrobot(),
        _ => ati(),
    };
    let options = Options::new(plan, description);
    let counts = |name: &str| match options.count::<u32>(name)? {
        0 => Err(options.refuse(name, "more than nothing")),
        counts => Ok(f64::from(counts)),
    };
    let sensor = Sensor {
        decoder: Decoder::default(),
        per_n: counts("counts_per_newton")?,
        per_nm: counts("counts_per_newton_metre")?,
        start: match options.text("start")?.as_deref() {
            Some("single-block") => &SINGLE_BLOCK,
            _ => &REAL_TIME,
        },
        waiting: None,
    };
    device(plan, link, clock, &options, "sensor", sensor)
}

struct Sensor {
    decoder: Decoder,
    per_n: f64,
    per_nm: f64,
    start: &'static [u8],
    /// A record that comes after the word that some before it are lost.
    waiting: Option<Record>,
}

impl Sensor {
    fn said(&self, record: &Record) -> Said {
        if record.status != 0 {
            return Said {
                readings: vec![("wrench", Reading::Invalid(Invalid::NoSignal))],
                complaint: Some(format!(
                    "says that something is wrong (status {:08X})",
                    record.status
                )),
            };
        }
        let mut values = record.counts.map(f64::from);
        let (force, torque) = values.split_at_mut(3);
        force.iter_mut().for_each(|value| *value /= self.per_n);
        torque.iter_mut().for_each(|value| *value /= self.per_nm);
        Said::one("wrench", Reading::vector(&values))
    }
}

impl Stream for Sensor {
    fn push(&mut self, bytes: &[u8]) {
        self.decoder.push(bytes);
    }

    fn next(&mut self) -> Option<Said> {
        if let Some(record) = self.waiting.take() {
            return Some(self.said(&record));
        }
        let unreadable = Said::one("wrench", Reading::Invalid(Invalid::Unreadable));
        Some(match self.decoder.next()? {
            Heard::Record(record, 0) => self.said(&record),
            Heard::Record(record, _lost) => {
                self.waiting = Some(record);
                unreadable
            }
            Heard::Noise(_) => unreadable,
        })
    }

    fn signals(&self) -> Vec<&'static str> {
        vec!["wrench"]
    }

    fn wake(&self) -> &'static [u8] {
        self.start
    }

    fn rest(&self) -> &'static [u8] {
        &STOP
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sensor() -> Sensor {
        Sensor {
            decoder: Decoder::default(),
            per_n: 10_000.0,
            per_nm: 100_000.0,
            start: &REAL_TIME,
            waiting: None,
        }
    }

    fn record(rdt_sequence: u32) -> Record {
        Record {
            rdt_sequence,
            ft_sequence: 0,
            status: 0,
            counts: [15_000, 0, -98_100, 1000, 0, 0],
        }
    }

    #[test]
    fn counts_become_newton_and_a_status_is_no_number() {
        let good = sensor().said(&record(1)).readings[0].1;
        assert_eq!(good.values(), Some(&[1.5, 0.0, -9.81, 0.01, 0.0, 0.0][..]));
        let bad = Record {
            status: 0x8000_0000,
            ..record(1)
        };
        let said = sensor().said(&bad);
        assert_eq!(said.readings[0].1, Reading::Invalid(Invalid::NoSignal));
        assert!(said.complaint.is_some());
    }

    #[test]
    fn lost_records_are_told_before_the_next_one() {
        let mut sensor = sensor();
        for sequence in [1, 5] {
            sensor.push(&record(sequence).encode());
        }
        let readings: Vec<Reading> = std::iter::from_fn(|| sensor.next())
            .map(|said| said.readings[0].1)
            .collect();
        let lost = Reading::Invalid(Invalid::Unreadable);
        assert_eq!(readings.len(), 3);
        assert_eq!(readings[1], lost);
        assert!(readings[0].values().is_some() && readings[2].values().is_some());
    }
}
