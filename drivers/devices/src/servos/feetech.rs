//! Feetech STS and SMS servos, 1 to 6 on one line (STS3215 memory table).
//!
//! Angles are counted from the middle of the turn (count 2048 is 0 degrees), 4096 counts a turn. **A goal
//! switches the torque on by itself**: holding a limp servo powers it. There is no watchdog.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use certbench_clock::Clock;
use certbench_link::{ByteLink, LinkError, LinkInfo};
use certbench_model::plan::DevicePlan;
use certbench_model::vocabulary::DriverDescription;
use certbench_model::{FaultKind, Text};
use certbench_roles::{Device, Trouble};
use certbench_wire::feetech::{Decoder, Packet, signed};

use super::chain::{Ail, Aim, Chain, Health, Miss, Nameplate, View};
use super::engine::device;
use super::{FREE, chain_options, ids, servos};
use crate::line::{Answer, Failure, Heard, Line, Manners};
use crate::options::Options;

pub(super) fn description() -> DriverDescription {
    let mut description = servos(
        "feetech-sts",
        "arm",
        "Feetech STS/SMS servos, 1 to 6 on one line",
        "飞特 STS/SMS 舵机，单线 1 至 6 个",
        &FREE,
        &[
            "golden packets of ftservo-python-sdk 2.0.1",
            "feetech-cli 0.1.8 `SimulatedBus`, over a pty",
            "simulator",
        ],
    );
    description.watchdog = Text::new(
        "none: they go on with the last command",
        "无：继续执行最后一条指令",
    );
    description.options = chain_options(1_000_000, "1 2 3 4 5 6", []);
    description
}

pub(super) fn open(
    plan: &DevicePlan,
    link: Arc<dyn ByteLink>,
    clock: &Clock,
) -> Result<Arc<dyn Device>, Trouble> {
    let options = Options::new(plan, description());
    let timeout = options.time("timeout")?;
    let manners = Manners {
        silence: Duration::ZERO,
        timeout,
        longest: 2 * timeout,
    };
    let who = format!("the servos of `{}` on {}", plan.id, link.describe().port);
    let chain = Feetech {
        id: plan.id.clone(),
        line: Line::new(link, clock, who, manners),
        ids: ids(&options, &FREE, plan.limits.joints.len(), 253)?,
    };
    device(plan, &options, &FREE, chain)
}

/// Addresses of the memory table.
mod register {
    pub(super) const FIRMWARE: u8 = 0; // two bytes, then the model's two
    pub(super) const LIMITS: u8 = 9; // least, most
    pub(super) const TORQUE: u8 = 40;
    pub(super) const ACCELERATION: u8 = 41; // then goal, time, speed
    pub(super) const PRESENT: u8 = 56; // position, velocity, load, voltage, temperature, -, status, moving, -, -, current
    pub(super) const PRESENT_BYTES: u8 = 15;
}

const TURN: f64 = 4096.0;
const MIDDLE: f64 = 2048.0;
/// Sign bits of the present position, velocity and current.
const SIGN: u32 = 15;
/// One count of the current register, mA.
const MA: f64 = 6.5;
/// Acceleration that goals are given, in 100 counts per second squared: 5000 counts/s2.
const ACCELERATION: u8 = 50;

fn degrees(counts: i32) -> f64 {
    (f64::from(counts) - MIDDLE) * 360.0 / TURN
}

/// Counts of an angle; clamped to the turn, for a goal beyond it would be another angle.
fn counts(deg: f64) -> u16 {
    (deg * TURN / 360.0 + MIDDLE).round().clamp(0.0, TURN - 1.0) as u16
}

/// Counts per second; at least one, for zero means "as fast as it can".
fn speed(deg_per_s: f64) -> u16 {
    (deg_per_s * TURN / 360.0).floor().clamp(1.0, 32_767.0) as u16
}

/// Status (address 65) in words.
const ERRORS: [(u8, &str, &str); 5] = [
    (0x01, "input-voltage", "voltage beyond its limits"),
    (0x02, "encoder", "encoder error"),
    (0x04, "over-temperature", "over-temperature"),
    (0x08, "over-current", "over-current"),
    (0x20, "overload", "overload"),
];

struct Feetech {
    id: String,
    line: Line,
    ids: Vec<u8>,
}

fn word(bytes: &[u8], at: usize) -> u16 {
    match bytes.get(at..at + 2) {
        Some(&[low, high]) => u16::from_le_bytes([low, high]),
        _ => 0,
    }
}

impl Feetech {
    fn present(&self) -> Result<Answer<Vec<Packet>>, Failure> {
        let count = register::PRESENT_BYTES;
        let question = Packet::sync_read(&self.ids, register::PRESENT, count);
        let mut decoder = Decoder::default();
        let mut heard: BTreeMap<u8, Packet> = BTreeMap::new();
        self.line.ask(&question.encode(), |bytes| {
            decoder.push(bytes);
            let mut garbage = None;
            while let Some(packet) = decoder.next() {
                match packet {
                    Ok(packet)
                        if self.ids.contains(&packet.id)
                            && packet.params.len() == usize::from(count) =>
                    {
                        heard.insert(packet.id, packet);
                    }
                    Ok(packet) if packet == question => (), // a line that echoes
                    Ok(packet) => {
                        garbage = Some(format!("an answer to something else: {packet:?}"))
                    }
                    Err(noise) => garbage = Some(noise.to_string()),
                }
            }
            let all: Option<Vec<Packet>> =
                self.ids.iter().map(|id| heard.get(id).cloned()).collect();
            match (all, garbage) {
                (Some(all), _) => Heard::Answer(all),
                (None, Some(garbage)) => Heard::Garbage(garbage),
                (None, None) if heard.is_empty() => Heard::More,
                (None, None) => Heard::Garbage(format!(
                    "only {:?} of {:?} answered",
                    heard.keys(),
                    self.ids
                )),
            }
        })
    }

    /// A read of one servo.
    fn read(&self, id: u8, address: u8, count: u8) -> Result<Vec<u8>, Trouble> {
        let question = Packet::read(id, address, count);
        let mut decoder = Decoder::default();
        let answer = self.line.ask(&question.encode(), |bytes| {
            decoder.push(bytes);
            let mut garbage = None;
            while let Some(packet) = decoder.next() {
                match packet {
                    Ok(packet)
                        if packet.id == id
                            && packet.params.len() == usize::from(count)
                            && packet != question =>
                    {
                        return Heard::Answer(packet.params);
                    }
                    Ok(_) => (),
                    Err(noise) => garbage = Some(noise.to_string()),
                }
            }
            garbage.map_or(Heard::More, Heard::Garbage)
        });
        answer
            .map(|answer| answer.value)
            .map_err(|failure| self.line.trouble(&failure))
    }

    fn goals(&self, aims: &[Aim]) -> Packet {
        let aim = |aim: &Aim| {
            let id = *self.ids.get(aim.joint)?;
            let ([a, b], [c, d]) = (
                counts(aim.deg).to_le_bytes(),
                speed(aim.deg_per_s).to_le_bytes(),
            );
            Some((id, vec![ACCELERATION, a, b, 0, 0, c, d]))
        };
        let goals: Vec<_> = aims.iter().filter_map(aim).collect();
        Packet::sync_write(register::ACCELERATION, &goals)
    }

    fn stand(&self, deg: &[f64]) -> Packet {
        let aim = |(joint, deg): (usize, &f64)| Aim {
            joint,
            deg: *deg,
            deg_per_s: 360.0,
        };
        let aims: Vec<Aim> = deg.iter().enumerate().map(aim).collect();
        self.goals(&aims)
    }

    fn torque(&self, on: bool) -> Packet {
        let each: Vec<_> = self
            .ids
            .iter()
            .map(|id| (*id, vec![u8::from(on)]))
            .collect();
        Packet::sync_write(register::TORQUE, &each)
    }

    /// Nobody answers a sync write: what has become of it is read.
    fn send(&self, packet: &Packet) -> Result<(), Trouble> {
        let told = self.line.tell(&packet.encode(), Duration::ZERO);
        told.map(|_| ())
            .map_err(|failure| self.line.trouble(&failure))
    }

    fn torque_is(&self, on: bool) -> Result<(), Trouble> {
        for id in &self.ids {
            if self.read(*id, register::TORQUE, 1)?.first() != Some(&u8::from(on)) {
                let text = format!(
                    "{}: servo {id} did not take its torque {}",
                    self.id,
                    if on { "on" } else { "off" }
                );
                return Err(Trouble::Fault(FaultKind::Link, text));
            }
        }
        Ok(())
    }
}

impl Chain for Feetech {
    type Stop = Vec<u8>;

    fn clock(&self) -> &Clock {
        self.line.clock()
    }

    fn describe(&self) -> &LinkInfo {
        self.line.link().describe()
    }

    fn joints(&self) -> usize {
        self.ids.len()
    }

    fn nameplates(&self) -> Result<Vec<Nameplate>, Trouble> {
        let plate = |id: &u8| {
            let who = self.read(*id, register::FIRMWARE, 5)?;
            let limits = self.read(*id, register::LIMITS, 4)?;
            let (least, most) = (word(&limits, 0), word(&limits, 2));
            Ok(Nameplate {
                model: format!("model {}", word(&who, 3)),
                firmware: who
                    .iter()
                    .take(2)
                    .map(u8::to_string)
                    .collect::<Vec<_>>()
                    .join("."),
                serial: String::new(),
                deg_per_s: f64::INFINITY,
                deg: match (least, most) {
                    (0, 0) => [f64::NEG_INFINITY, f64::INFINITY], // many turns
                    _ => [degrees(i32::from(least)), degrees(i32::from(most))],
                },
            })
        };
        self.ids.iter().map(plate).collect()
    }

    fn view(&self) -> Result<View, Miss> {
        let present = self.present();
        let answer = present.map_err(|failure| Miss::on(&self.line, &failure))?;
        let each = |convert: &dyn Fn(&[u8]) -> f64| {
            answer.value.iter().map(|p| convert(&p.params)).collect()
        };
        Ok(View {
            at: answer.stamp.earliest,
            asked: answer.asked,
            deg: each(&|bytes| degrees(signed(word(bytes, 0), SIGN))),
            deg_per_s: each(&|bytes| f64::from(signed(word(bytes, 2), SIGN)) * 360.0 / TURN),
            effort: each(&|bytes| f64::from(signed(word(bytes, 13), SIGN)) * MA),
        })
    }

    fn health(&self) -> Result<Health, Miss> {
        let present = self.present();
        let answer = present.map_err(|failure| Miss::on(&self.line, &failure))?;
        let byte = |packet: &Packet, at: usize| packet.params.get(at).copied().unwrap_or(0);
        let said = answer.value.iter().map(|packet| byte(packet, 9));
        let trouble = said.enumerate().flat_map(|(joint, bits)| {
            let rows = ERRORS.iter().filter(move |(bit, _, _)| bits & bit != 0);
            rows.map(move |(_, code, text)| {
                let text = format!("{text} (status {bits:02X})");
                (joint, Ail::new(code, text))
            })
        });
        Ok(Health {
            at: answer.stamp.earliest,
            celsius: answer
                .value
                .iter()
                .map(|packet| f64::from(byte(packet, 7)))
                .collect(),
            driver_celsius: None,
            trouble: trouble.collect(),
        })
    }

    /// The goal of where it stands is what powers it.
    fn power_on(&self, deg: &[f64]) -> Result<(), Trouble> {
        self.send(&self.stand(deg))?;
        self.send(&self.torque(true))?;
        self.torque_is(true)
    }

    fn power_off(&self) -> Result<(), Trouble> {
        self.send(&self.torque(false))?;
        self.torque_is(false)
    }

    fn go(&self, aims: &[Aim]) -> Result<(), Trouble> {
        self.send(&self.goals(aims))
    }

    fn hold(&self, deg: &[f64]) -> Vec<u8> {
        self.stand(deg).encode()
    }

    fn limp(&self) -> Vec<u8> {
        self.torque(false).encode()
    }

    fn stop(&self, stop: &Vec<u8>) -> Result<(), LinkError> {
        self.line.link().write(stop).map(|_| ())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// STS3215: 4096 counts a turn; speed in counts per second.
    #[test]
    fn counts_are_the_memory_tables() {
        assert_eq!(
            (degrees(2048), degrees(3072), degrees(0)),
            (0.0, 90.0, -180.0)
        );
        assert_eq!((counts(0.0), counts(90.0), counts(1e9)), (2048, 3072, 4095));
        assert_eq!((speed(90.0), speed(0.0)), (1024, 1));
    }
}
