//! Dynamixel X-series servos: a free chain of up to six, and the LEAP hand as a joint map of sixteen.
//!
//! Angles are counted from the middle of the turn (count 2048 is 0 degrees), 4096 counts a turn (control
//! tables of the X series; the manual prints 0.088 degrees). Unless `bus_watchdog` is zero, the servos
//! stop when they have not been spoken to for that long: the poll feeds them, and it ends with the lease.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use certbench_clock::Clock;
use certbench_link::{ByteLink, LinkError, LinkInfo};
use certbench_model::Text;
use certbench_model::plan::DevicePlan;
use certbench_model::vocabulary::{DriverDescription, ParamDescription};
use certbench_roles::{Device, Trouble};
use certbench_wire::dynamixel::{Decoder, Packet, Status};

use super::chain::{Ail, Aim, Chain, Health, Miss, Nameplate, View};
use super::engine::device;
use super::{FREE, Group, chain_options, ids, servos};
use crate::line::{Answer, Failure, Heard, Line, Manners};
use crate::options::{Options, one_of, quantity};

/// LEAP hand API: four joints a finger, from the side motion of the root to the tip.
const LEAP: [Group; 4] = [
    (
        "-index",
        &["index-side", "index-root", "index-middle", "index-tip"],
    ),
    (
        "-middle",
        &["middle-side", "middle-root", "middle-middle", "middle-tip"],
    ),
    (
        "-ring",
        &["ring-side", "ring-root", "ring-middle", "ring-tip"],
    ),
    (
        "-thumb",
        &["thumb-side", "thumb-root", "thumb-middle", "thumb-tip"],
    ),
];

const VERIFIED: [&str; 4] = [
    "golden packets of dynamixel-sdk 4.1.0",
    "a servo framed by dynamixel-sdk's own CRC and stuffing, over a pty",
    "dynamixel-sdk and rustypot as hosts of the simulator",
    "simulator",
];

pub(super) fn chain() -> DriverDescription {
    let mut description = servos(
        "dynamixel",
        "arm",
        "Dynamixel X-series servos, Protocol 2.0, 1 to 6 on one line",
        "Dynamixel X 系列舵机，协议 2.0，单线 1 至 6 个",
        &FREE,
        &VERIFIED,
    );
    description.options = options(57_600, "1 2 3 4 5 6", "2.69 mA");
    description.watchdog = watchdog();
    description
}

pub(super) fn leap() -> DriverDescription {
    let mut description = servos(
        "leap-hand",
        "hand",
        "LEAP Hand (16 Dynamixel servos)",
        "LEAP 灵巧手（16 个 Dynamixel 舵机）",
        &LEAP,
        &[
            "a joint map over `dynamixel`: what that is verified against",
            "simulator",
        ],
    );
    description.options = options(4_000_000, "0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15", "1 mA");
    description.watchdog = watchdog();
    description
}

fn watchdog() -> Text {
    Text::new(
        "stops: the servos stop where they are after `bus_watchdog` without a packet, and take no goal until recovered; none with 0 ms",
        "停止：超过 `bus_watchdog` 未收到报文则舵机就地停止，恢复前不接受目标；设为 0 ms 则无",
    )
}

fn options(rate: u64, ids: &str, per_count: &str) -> Vec<ParamDescription> {
    let own = [
        one_of(
            "mode",
            &["position", "current-based-position"],
            "operating mode that they are set to when enabled",
            "使能时设定的工作模式",
        ),
        quantity(
            "current_per_count",
            per_count,
            "one count of the current register: 2.69 mA (XM, XH), 1 mA (XL330, XC330)",
            "电流寄存器每个计数：2.69 mA（XM、XH），1 mA（XL330、XC330）",
        ),
        quantity(
            "bus_watchdog",
            "500 ms",
            "they stop when they have not been spoken to for so long, up to 2540 ms; 0 ms: never",
            "超过此时间无通信则停止，最长 2540 ms；0 ms 表示不启用",
        ),
    ];
    chain_options(rate, ids, own)
}

pub(super) fn open(
    plan: &DevicePlan,
    link: Arc<dyn ByteLink>,
    clock: &Clock,
) -> Result<Arc<dyn Device>, Trouble> {
    let (description, groups): (_, &'static [Group]) = match plan.driver.as_str() {
        "leap-hand" => (leap(), &LEAP),
        _ => (chain(), &FREE),
    };
    let options = Options::new(plan, description);
    let ids = ids(&options, groups, plan.limits.joints.len(), 252)?;
    let timeout = options.time("timeout")?;
    let manners = Manners {
        silence: Duration::ZERO,
        timeout,
        longest: 2 * timeout,
    };
    let watchdog = options.time("bus_watchdog")?.as_millis() / 20;
    let Ok(watchdog @ 0..=127) = u8::try_from(watchdog) else {
        return Err(options.refuse("bus_watchdog", "at most 2540 ms"));
    };
    let who = format!("the servos of `{}` on {}", plan.id, link.describe().port);
    let chain = Dynamixel {
        id: plan.id.clone(),
        line: Line::new(link, clock, who, manners),
        ids,
        mode: match options.text("mode")?.as_deref() {
            Some("current-based-position") => 5,
            _ => 3,
        },
        ma_per_count: 1000.0 * options.needed_quantity("current_per_count", "A")?,
        watchdog,
    };
    device(plan, &options, groups, chain)
}

/// Addresses of the control table.
mod register {
    pub(super) const MODEL: u16 = 0;
    pub(super) const MODE: u16 = 11;
    pub(super) const POSITION_LIMITS: u16 = 48; // most, least
    pub(super) const TORQUE: u16 = 64;
    pub(super) const HARDWARE_ERROR: u16 = 70;
    pub(super) const BUS_WATCHDOG: u16 = 98;
    pub(super) const PROFILE_VELOCITY: u16 = 112; // then the goal position
    pub(super) const GOAL: u16 = 116;
    pub(super) const PRESENT: u16 = 126; // current, velocity, position
    pub(super) const VOLTAGE: u16 = 144; // then the temperature
}

/// Counts of a turn, and of its middle.
const TURN: f64 = 4096.0;
const MIDDLE: f64 = 2048.0;
/// Degrees per second of a velocity count: 0.229 rpm.
const DEG_PER_S: f64 = 0.229 * 6.0;

fn degrees(counts: i32) -> f64 {
    (f64::from(counts) - MIDDLE) * 360.0 / TURN
}

fn counts(deg: f64) -> i32 {
    (deg * TURN / 360.0 + MIDDLE).round() as i32
}

/// A velocity of the profile: at least one count, for zero means "as fast as it can".
fn profile(deg_per_s: f64) -> u32 {
    (deg_per_s / DEG_PER_S).floor().max(1.0) as u32
}

/// Hardware error status (address 70) in words.
const ERRORS: [(u8, &str, &str); 5] = [
    (0x01, "input-voltage", "input voltage beyond its limits"),
    (0x04, "over-temperature", "over-temperature"),
    (0x08, "encoder", "encoder error"),
    (0x10, "electrical-shock", "electrical shock"),
    (0x20, "overload", "overload"),
];

struct Dynamixel {
    id: String,
    line: Line,
    ids: Vec<u8>,
    mode: u8,
    ma_per_count: f64,
    /// In 20 ms; zero is none.
    watchdog: u8,
}

impl Dynamixel {
    /// Asks all servos for the same bytes; the answers in the order of the joints.
    fn sync_read(&self, address: u16, count: u16) -> Result<Answer<Vec<Status>>, Failure> {
        let question = Packet::sync_read(&self.ids, address, count);
        let mut decoder = Decoder::default();
        let mut heard: BTreeMap<u8, Status> = BTreeMap::new();
        self.line.ask(&question.encode(), |bytes| {
            decoder.push(bytes);
            let mut garbage = None;
            while let Some(packet) = decoder.next() {
                match packet.map(Packet::status) {
                    Ok(Some(status))
                        if self.ids.contains(&status.id)
                            && status.params.len() == usize::from(count) =>
                    {
                        heard.insert(status.id, status);
                    }
                    Ok(Some(status)) => {
                        garbage = Some(format!("an answer to something else: {status:?}"))
                    }
                    Ok(None) => (), // our own question, on a line that echoes
                    Err(noise) => garbage = Some(noise.to_string()),
                }
            }
            let all: Option<Vec<Status>> =
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

    /// One servo: a write, or a read.
    fn ask(&self, question: &Packet) -> Result<Status, Trouble> {
        let mut decoder = Decoder::default();
        let answer = self.line.ask(&question.encode(), |bytes| {
            decoder.push(bytes);
            let mut garbage = None;
            while let Some(packet) = decoder.next() {
                match packet.map(Packet::status) {
                    Ok(Some(status)) if status.id == question.id => return Heard::Answer(status),
                    Ok(_) => (),
                    Err(noise) => garbage = Some(noise.to_string()),
                }
            }
            garbage.map_or(Heard::More, Heard::Garbage)
        });
        let status = answer.map_err(|failure| self.line.trouble(&failure))?.value;
        match status.error {
            None => Ok(status),
            Some(error) => Err(Trouble::Refused(format!(
                "{}: servo {} says: {error}",
                self.id, question.id
            ))),
        }
    }

    fn write_all(&self, address: u16, data: &[u8]) -> Result<(), Trouble> {
        self.ids
            .iter()
            .try_for_each(|id| self.ask(&Packet::write(*id, address, data)).map(|_| ()))
    }

    fn goals(&self, deg: &[f64]) -> Packet {
        let goal = |(id, deg): (&u8, &f64)| (*id, counts(*deg).to_le_bytes().to_vec());
        let goals: Vec<_> = self.ids.iter().zip(deg).map(goal).collect();
        Packet::sync_write(register::GOAL, &goals)
    }

    /// Nobody answers a sync write; it waits for the answers under way, for the line has one pair.
    fn send(&self, packet: &Packet) -> Result<(), Trouble> {
        let told = self.line.tell(&packet.encode(), Duration::ZERO);
        told.map(|_| ())
            .map_err(|failure| self.line.trouble(&failure))
    }
}

fn i32_at(bytes: &[u8], at: usize) -> i32 {
    match bytes.get(at..at + 4) {
        Some(&[a, b, c, d]) => i32::from_le_bytes([a, b, c, d]),
        _ => 0,
    }
}

fn i16_at(bytes: &[u8], at: usize) -> i16 {
    match bytes.get(at..at + 2) {
        Some(&[a, b]) => i16::from_le_bytes([a, b]),
        _ => 0,
    }
}

impl Chain for Dynamixel {
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
            let who = self.ask(&Packet::read(*id, register::MODEL, 7))?.params;
            let limits = self
                .ask(&Packet::read(*id, register::POSITION_LIMITS, 8))?
                .params;
            let (most, least) = (degrees(i32_at(&limits, 0)), degrees(i32_at(&limits, 4)));
            Ok(Nameplate {
                model: format!("model {}", i16_at(&who, 0).cast_unsigned()),
                firmware: who.get(6).map_or_else(String::new, u8::to_string),
                deg: [least, most],
                serial: String::new(),
                deg_per_s: f64::INFINITY,
            })
        };
        self.ids.iter().map(plate).collect()
    }

    fn view(&self) -> Result<View, Miss> {
        let read = self.sync_read(register::PRESENT, 10);
        let answer = read.map_err(|failure| Miss::on(&self.line, &failure))?;
        let each = |convert: &dyn Fn(&[u8]) -> f64| {
            answer.value.iter().map(|s| convert(&s.params)).collect()
        };
        Ok(View {
            at: answer.stamp.earliest,
            asked: answer.asked,
            effort: each(&|bytes| f64::from(i16_at(bytes, 0)) * self.ma_per_count),
            deg_per_s: each(&|bytes| f64::from(i32_at(bytes, 2)) * DEG_PER_S),
            deg: each(&|bytes| degrees(i32_at(bytes, 6))),
        })
    }

    fn health(&self) -> Result<Health, Miss> {
        let read = |address, count| {
            let read = self.sync_read(address, count);
            read.map_err(|failure| Miss::on(&self.line, &failure))
        };
        let warmth = read(register::VOLTAGE, 3)?;
        let errors = read(register::HARDWARE_ERROR, 1)?;
        let said = errors
            .value
            .iter()
            .map(|status| status.params.first().copied().unwrap_or(0));
        let trouble = said.enumerate().flat_map(|(joint, bits)| {
            let rows = ERRORS.iter().filter(move |(bit, _, _)| bits & bit != 0);
            rows.map(move |(_, code, text)| {
                let text = format!("{text} (hardware error {bits:02X})");
                (joint, Ail::new(code, text))
            })
        });
        Ok(Health {
            at: warmth.stamp.earliest,
            celsius: warmth
                .value
                .iter()
                .map(|s| f64::from(s.params.get(2).copied().unwrap_or(0)))
                .collect(),
            driver_celsius: None,
            trouble: trouble.collect(),
        })
    }

    /// Torque off, mode, goal, torque on: the mode can only be written without torque, and a goal of
    /// before would be run to.
    fn power_on(&self, deg: &[f64]) -> Result<(), Trouble> {
        self.write_all(register::BUS_WATCHDOG, &[0])?;
        self.write_all(register::TORQUE, &[0])?;
        self.write_all(register::MODE, &[self.mode])?;
        for (id, deg) in self.ids.iter().zip(deg) {
            self.ask(&Packet::write(
                *id,
                register::GOAL,
                &counts(*deg).to_le_bytes(),
            ))?;
        }
        self.write_all(register::TORQUE, &[1])?;
        self.write_all(register::BUS_WATCHDOG, &[self.watchdog])
    }

    fn power_off(&self) -> Result<(), Trouble> {
        self.write_all(register::BUS_WATCHDOG, &[0])?;
        self.write_all(register::TORQUE, &[0])
    }

    fn go(&self, aims: &[Aim]) -> Result<(), Trouble> {
        let aim = |aim: &Aim| {
            let id = *self.ids.get(aim.joint)?;
            let bytes = [
                profile(aim.deg_per_s).to_le_bytes(),
                counts(aim.deg).to_le_bytes(),
            ]
            .concat();
            Some((id, bytes))
        };
        let goals: Vec<_> = aims.iter().filter_map(aim).collect();
        self.send(&Packet::sync_write(register::PROFILE_VELOCITY, &goals))
    }

    fn hold(&self, deg: &[f64]) -> Vec<u8> {
        self.goals(deg).encode()
    }

    fn limp(&self) -> Vec<u8> {
        let off: Vec<_> = self.ids.iter().map(|id| (*id, vec![0])).collect();
        Packet::sync_write(register::TORQUE, &off).encode()
    }

    fn stop(&self, stop: &Vec<u8>) -> Result<(), LinkError> {
        self.line.link().write(stop).map(|_| ())
    }

    fn is_fed_by_polling(&self) -> bool {
        self.watchdog > 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// X series: 4096 counts a turn, 2048 in the middle; 0.229 rpm a velocity count.
    #[test]
    fn counts_are_the_control_tables() {
        assert_eq!(
            (degrees(2048), degrees(3072), degrees(0)),
            (0.0, 90.0, -180.0)
        );
        assert_eq!(
            (counts(0.0), counts(-45.0), counts(90.0)),
            (2048, 1536, 3072)
        );
        assert_eq!(profile(60.0), 43);
        assert_eq!(profile(0.0), 1, "zero would be as fast as it can");
    }
}
