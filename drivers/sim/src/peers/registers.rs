//! Grippers and hands that are tables of Modbus registers: the world's hand behind other people's maps.
//!
//! A gripper is the hand with all its fingers moving as one. What the maker says of the registers stands
//! here once more, by hand: nothing is shared with the driver's maps.

use certbench_wire::modbus::{Exception, Heard, Reply, Request, RequestDecoder, Table};

use crate::World;
use crate::world::Doing;

use super::Answering;

/// All actuators of the world's hand.
const ALL: std::ops::Range<usize> = 0..6;

/// A table of registers with something behind it.
pub(crate) trait Bank: Send {
    /// Its unit number.
    fn unit(&self) -> u8;
    /// From one register's address to the next one's.
    fn stride(&self) -> u16 {
        1
    }
    /// A register; `None` where there is none.
    fn read(&mut self, world: &World, address: u16) -> Option<u16>;
    /// Writes one; `None` where there is none to be written.
    fn write(&mut self, world: &mut World, address: u16, value: u16) -> Option<()>;
    /// Time has passed.
    fn tick(&mut self, _world: &mut World) {}
}

/// A bank on a line.
pub(crate) struct Registers<B> {
    decoder: RequestDecoder,
    bank: B,
}

impl<B: Bank> Registers<B> {
    pub(crate) fn new(bank: B) -> Registers<B> {
        Registers {
            decoder: RequestDecoder::default(),
            bank,
        }
    }

    fn obey(&mut self, world: &mut World, request: &Request) -> Result<Reply, Exception> {
        let stride = self.bank.stride();
        let bank = &mut self.bank;
        let nth =
            |start: u16, n: usize| start.checked_add(stride.checked_mul(u16::try_from(n).ok()?)?);
        let done = match request {
            Request::Read {
                table: Table::HoldingRegisters | Table::InputRegisters,
                start,
                count,
            } => {
                let words = (0..usize::from(*count)).map(|n| bank.read(world, nth(*start, n)?));
                words.collect::<Option<Vec<u16>>>().map(Reply::Registers)
            }
            Request::WriteRegister { address, value } => {
                bank.write(world, *address, *value).map(|()| Reply::Written)
            }
            Request::WriteRegisters { start, values } => {
                let written = values
                    .iter()
                    .enumerate()
                    .map(|(n, value)| bank.write(world, nth(*start, n)?, *value));
                written.collect::<Option<()>>().map(|()| Reply::Written)
            }
            _ => return Err(Exception::IllegalFunction),
        };
        done.ok_or(Exception::IllegalDataAddress)
    }
}

impl<B: Bank> Answering for Registers<B> {
    fn hear(&mut self, bytes: &[u8]) {
        self.decoder.push(bytes);
    }

    fn silence(&mut self) {
        self.decoder.silence();
    }

    fn answer(&mut self, world: &mut World) -> Option<Vec<u8>> {
        self.bank.tick(world);
        let Heard {
            unit,
            function,
            request,
        } = match self.decoder.next()? {
            Ok(heard) => heard,
            Err(_noise) => return Some(Vec::new()),
        };
        if unit != self.bank.unit() {
            return Some(Vec::new());
        }
        let done =
            request.and_then(|request| self.obey(world, &request).map(|reply| (request, reply)));
        Some(match done {
            Ok((request, reply)) => reply.encode(unit, &request),
            Err(exception) => exception.encode(unit, function),
        })
    }
}

/// What an actuator shows.
pub(super) fn view(world: &World, finger: usize) -> Option<crate::world::FingerView> {
    world.hand.as_ref()?.view(finger, world.step())
}

pub(super) fn closing(world: &World, finger: usize) -> f64 {
    view(world, finger).map_or(0.0, |finger| finger.closing)
}

fn doing(world: &World, finger: usize) -> Doing {
    view(world, finger).map_or(Doing::AtPosition, |finger| finger.doing)
}

pub(super) fn go(world: &mut World, finger: usize, closing: f64) {
    if let Some(hand) = &mut world.hand {
        hand.with_finger(finger, |f| f.go(closing));
    }
}

fn stay(world: &mut World, finger: usize) {
    let here = closing(world, finger);
    go(world, finger, here);
}

pub(super) fn set_force(world: &mut World, finger: usize, newton: f64) {
    if let Some(hand) = &mut world.hand {
        hand.with_finger(finger, |f| f.set_force(newton));
    }
}

pub(super) fn set_speed(world: &mut World, finger: usize, share: f64) {
    if let Some(hand) = &mut world.hand {
        hand.with_finger(finger, |f| f.speed = share.clamp(0.01, 1.0));
    }
}

/// Most force of an actuator, N.
pub(super) fn most_n(world: &World) -> f64 {
    world
        .hand
        .as_ref()
        .map_or(0.0, |hand| hand.config.stall_force_n)
}

/// Finds its ends: closes for a second, opens for a second.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
enum Calibration {
    #[default]
    Never,
    Closing(f64),
    Opening(f64),
    Done,
}

impl Calibration {
    fn begin(world: &mut World) -> Calibration {
        ALL.for_each(|finger| go(world, finger, 1.0));
        Calibration::Closing(world.time_s() + 1.0)
    }

    fn tick(&mut self, world: &mut World) {
        let now = world.time_s();
        *self = match *self {
            Calibration::Closing(until) if now >= until => {
                ALL.for_each(|finger| go(world, finger, 0.0));
                Calibration::Opening(now + 1.0)
            }
            Calibration::Opening(until) if now >= until => Calibration::Done,
            same => same,
        };
    }
}

/// Robotiq 2F-85, 2F-140, Hand-E.
#[derive(Default)]
pub(crate) struct Robotiq {
    /// rACT and rGTO in the high byte; rPR; rSP and rFR.
    written: [u16; 3],
    calibration: Calibration,
}

impl Robotiq {
    fn bit(&self, bit: u16) -> bool {
        self.written[0] >> 8 >> bit & 1 == 1
    }

    fn status(&self, world: &World) -> u16 {
        let gact = u16::from(self.bit(0));
        let ggto = u16::from(self.bit(3));
        let gsta = match self.calibration {
            Calibration::Never => 0,
            Calibration::Done => 3,
            _ => 1,
        };
        let gobj = match doing(world, 0) {
            Doing::Opening | Doing::Closing => 0,
            Doing::AtForce | Doing::Stalled => 2,
            Doing::AtPosition | Doing::TooHot => 3,
        };
        (gact | ggto << 3 | gsta << 4 | gobj << 6) << 8
    }

    fn act(&mut self, world: &mut World, was_active: bool) {
        if !self.bit(0) {
            self.calibration = Calibration::Never;
            ALL.for_each(|finger| stay(world, finger));
        } else if !was_active {
            self.calibration = Calibration::begin(world);
        } else if self.calibration == Calibration::Done {
            let [_, request, speed_force] = self.written;
            let most = most_n(world);
            for finger in ALL {
                set_speed(world, finger, f64::from(speed_force >> 8) / 255.0);
                set_force(world, finger, most * f64::from(speed_force & 255) / 255.0);
                match self.bit(3) {
                    true => go(world, finger, f64::from(request & 255) / 255.0),
                    false => stay(world, finger),
                }
            }
        }
    }
}

impl Bank for Robotiq {
    fn unit(&self) -> u8 {
        9
    }

    fn read(&mut self, world: &World, address: u16) -> Option<u16> {
        let hot = view(world, 0).is_some_and(|finger| finger.too_hot);
        Some(match address {
            1000..=1002 => self.written[usize::from(address - 1000)],
            2000 => self.status(world),
            2001 => (if hot { 8 } else { 0 }) << 8 | self.written[1] & 255,
            2002 => {
                let position = (255.0 * closing(world, 0)).round() as u16;
                let effort = view(world, 0).map_or(0.0, |finger| finger.effort);
                position << 8 | (60.0 * effort).round() as u16
            }
            _ => return None,
        })
    }

    fn write(&mut self, world: &mut World, address: u16, value: u16) -> Option<()> {
        let was_active = self.bit(0);
        let place = usize::from(address.checked_sub(1000)?);
        *self.written.get_mut(place)? = value;
        if place == 0 || self.bit(3) {
            self.act(world, was_active);
        }
        Some(())
    }

    fn tick(&mut self, world: &mut World) {
        self.calibration.tick(world);
    }
}

/// DH-Robotics PGC and RGI.
#[derive(Default)]
pub(crate) struct Dh {
    calibration: Calibration,
    force: u16,
    position: u16,
    speed: u16,
}

impl Bank for Dh {
    fn unit(&self) -> u8 {
        1
    }

    fn read(&mut self, world: &World, address: u16) -> Option<u16> {
        Some(match address {
            0x0101 => self.force,
            0x0103 => self.position,
            0x0104 => self.speed,
            0x0200 => u16::from(self.calibration == Calibration::Done),
            0x0201 => match doing(world, 0) {
                Doing::Opening | Doing::Closing => 0,
                Doing::AtForce | Doing::Stalled => 2,
                Doing::AtPosition | Doing::TooHot => 1,
            },
            0x0202 => (1000.0 * (1.0 - closing(world, 0))).round() as u16,
            _ => return None,
        })
    }

    fn write(&mut self, world: &mut World, address: u16, value: u16) -> Option<()> {
        let most = most_n(world);
        match address {
            0x0100 => self.calibration = Calibration::begin(world),
            0x0101 if (20..=100).contains(&value) => {
                self.force = value;
                ALL.for_each(|finger| set_force(world, finger, most * f64::from(value) / 100.0));
            }
            0x0103 if value <= 1000 && self.calibration == Calibration::Done => {
                self.position = value;
                ALL.for_each(|finger| go(world, finger, 1.0 - f64::from(value) / 1000.0));
            }
            0x0104 if (1..=100).contains(&value) => {
                self.speed = value;
                ALL.for_each(|finger| set_speed(world, finger, f64::from(value) / 100.0));
            }
            _ => return None,
        }
        Some(())
    }

    fn tick(&mut self, world: &mut World) {
        self.calibration.tick(world);
    }
}

/// OYMotion ROHand: thumb bend, index, middle, ring, little, thumb rotation.
pub(crate) struct RoHand;

/// Which actuator of the world a DOF of the ROHand is.
const RO_ORDER: [usize; 6] = [4, 3, 2, 1, 0, 5];

impl Bank for RoHand {
    fn unit(&self) -> u8 {
        2
    }

    fn read(&mut self, world: &World, address: u16) -> Option<u16> {
        let finger = |first: u16| RO_ORDER.get(usize::from(address - first)).copied();
        Some(match address {
            1000 => 2,
            1001 => 0x0103,
            1002 => 0,
            1003 => 1,
            1085..=1090 => match doing(world, finger(1085)?) {
                Doing::Opening => 0,
                Doing::Closing => 1,
                Doing::AtPosition => 2,
                Doing::TooHot => 3,
                Doing::AtForce => 4,
                Doing::Stalled => 5,
            },
            1105..=1110 => {
                let effort = view(world, finger(1105)?)?.effort;
                (500.0 * effort).round() as u16
            }
            1145..=1150 => (65_535.0 * closing(world, finger(1145)?)).round() as u16,
            _ => return None,
        })
    }

    fn write(&mut self, world: &mut World, address: u16, value: u16) -> Option<()> {
        let finger = |first: u16| RO_ORDER.get(usize::from(address - first)).copied();
        match address {
            1115..=1119 => set_force(world, finger(1115)?, f64::from(value) / 1000.0),
            1125..=1130 => set_speed(world, finger(1125)?, f64::from(value) / 65_535.0),
            1135..=1140 => go(world, finger(1135)?, f64::from(value) / 65_535.0),
            _ => return None,
        }
        Some(())
    }
}

/// BrainCo Revo 2, a left hand: thumb bend and rotation, index, middle, ring, little; 1000 is bent.
#[derive(Default)]
pub(crate) struct Revo2 {
    /// Degrees instead of shares of the way.
    in_degrees: bool,
    /// Written, and its time not yet.
    target: f64,
}

/// Which actuator of the world a motor of the Revo 2 is.
const REVO2_ORDER: [usize; 6] = [4, 5, 3, 2, 1, 0];
/// What the registers say who it is.
const REVO2_IDENTITY: [&[u8; 20]; 2] = [b"1.0.22.U            ", b"BCXRL00SIM0007      "];

impl Bank for Revo2 {
    fn unit(&self) -> u8 {
        126
    }

    fn read(&mut self, world: &World, address: u16) -> Option<u16> {
        let motor = |first: u16| REVO2_ORDER.get(usize::from(address - first)).copied();
        Some(match address {
            901 => 2,
            937 => u16::from(self.in_degrees),
            2000..=2005 => {
                // 81 degrees, in tenths of one
                let all = if self.in_degrees { 810.0 } else { 1000.0 };
                (all * closing(world, motor(2000)?)).round() as u16
            }
            2006..=2011 => 0,
            2012..=2017 => (1000.0 * view(world, motor(2012)?)?.effort).round() as u16,
            2018..=2023 => match doing(world, motor(2018)?) {
                Doing::Opening | Doing::Closing => 1,
                Doing::AtPosition => 0,
                Doing::AtForce | Doing::Stalled | Doing::TooHot => 2,
            },
            3000..=3019 => {
                let text = REVO2_IDENTITY[usize::from(address >= 3010)];
                let place = 2 * usize::from(address % 10);
                u16::from_be_bytes([text[place], text[place + 1]])
            }
            _ => return None,
        })
    }

    fn write(&mut self, world: &mut World, address: u16, value: u16) -> Option<()> {
        let most = most_n(world);
        match address {
            937 if value <= 1 => self.in_degrees = value == 1,
            930..=935 if (100..=1500).contains(&value) => {
                let finger = *REVO2_ORDER.get(usize::from(address - 930))?;
                set_force(world, finger, most * f64::from(value.min(500)) / 500.0);
            }
            1010..=1020 if address.is_multiple_of(2) && value <= 1000 => {
                self.target = f64::from(value) / 1000.0;
            }
            1011..=1021 if !address.is_multiple_of(2) && (1..=2000).contains(&value) => {
                let finger = *REVO2_ORDER.get(usize::from(address - 1010) / 2)?;
                let way = (self.target - closing(world, finger)).abs();
                let full_s = world.hand.as_ref()?.config.full_stroke_s;
                set_speed(world, finger, way * full_s / (f64::from(value) / 1000.0));
                go(world, finger, self.target);
            }
            _ => return None,
        }
        Some(())
    }
}

/// Linker Hand O6 or L6 on RS-485, a right hand. 255 is open.
pub(crate) struct Linker;

impl Bank for Linker {
    fn unit(&self) -> u8 {
        0x27
    }

    fn read(&mut self, world: &World, address: u16) -> Option<u16> {
        let finger = usize::from(address % 6);
        Some(match address {
            0..=5 => (255.0 * (1.0 - closing(world, finger))).round() as u16,
            18..=23 => view(world, finger)?.celsius.round() as u16,
            24..=29 => u16::from(view(world, finger)?.too_hot),
            6..=17 | 30..=35 => 1,
            _ => return None,
        })
    }

    fn write(&mut self, world: &mut World, address: u16, value: u16) -> Option<()> {
        let (finger, share) = (usize::from(address % 6), f64::from(value.min(255)) / 255.0);
        let most = most_n(world);
        match address {
            0..=5 => go(world, finger, 1.0 - share),
            6..=11 => set_force(world, finger, most * share),
            12..=17 => set_speed(world, finger, share),
            _ => return None,
        }
        Some(())
    }
}

/// A cell of the skin of an RH56DFTP: 370 bytes a finger, little to index, each tip, nail, pad; 420 of the
/// thumb, 224 of the palm. What a finger touches presses on the middle of its pad, 10 N being full scale.
fn cell(world: &World, address: u16) -> Option<u16> {
    let (finger, pad) = match address {
        3000..=4479 => (usize::from((address - 3000) / 370), (address - 3000) % 370),
        4480..=4899 => (4, address - 4480),
        4900..=5123 => return Some(0),
        _ => return None,
    };
    let before_pad = if finger == 4 { 228 } else { 210 };
    let Some(pad) = pad.checked_sub(before_pad) else {
        return Some(0);
    };
    let (row, column) = (pad / 2 / 8, pad / 2 % 8);
    let pressed = (2..8).contains(&row) && (2..6).contains(&column);
    let share = view(world, finger)?.force_n / 10.0;
    Some(if pressed {
        (4095.0 * share.clamp(0.0, 1.0)).round() as u16
    } else {
        0
    })
}

/// UFACTORY xArm gripper. 800 is open; a target counts when its low word is written.
#[derive(Default)]
pub(crate) struct Ufactory {
    enabled: bool,
}

impl Bank for Ufactory {
    fn unit(&self) -> u8 {
        8
    }

    fn read(&mut self, world: &World, address: u16) -> Option<u16> {
        Some(match address {
            0x0000 => match doing(world, 0) {
                Doing::Opening | Doing::Closing => 1,
                Doing::AtForce | Doing::Stalled => 2,
                Doing::AtPosition | Doing::TooHot => 0,
            },
            0x000F => u16::from(view(world, 0).is_some_and(|finger| finger.too_hot)),
            0x0100 => u16::from(self.enabled),
            0x0101 | 0x0700 | 0x0702 => 0,
            0x0703 => (800.0 * (1.0 - closing(world, 0))).round() as u16,
            _ => return None,
        })
    }

    fn write(&mut self, world: &mut World, address: u16, value: u16) -> Option<()> {
        match address {
            0x0100 => self.enabled = value == 1,
            0x0101 | 0x0700 if value == 0 => {}
            0x0303 if (0x0100..=0x0400).contains(&value) => {
                ALL.for_each(|finger| set_speed(world, finger, f64::from(value) / 1024.0));
            }
            0x0701 if value <= 800 && self.enabled => {
                ALL.for_each(|finger| go(world, finger, 1.0 - f64::from(value) / 800.0));
            }
            _ => return None,
        }
        Some(())
    }
}

/// Inspire RH56DFTP: addresses counted in bytes, lengths in registers.
pub(crate) struct Dftp;

impl Bank for Dftp {
    fn unit(&self) -> u8 {
        1
    }

    fn stride(&self) -> u16 {
        2
    }

    fn read(&mut self, world: &World, address: u16) -> Option<u16> {
        let finger = |first: u16| usize::from((address - first) / 2);
        let hot = |finger: usize| u16::from(view(world, finger).is_some_and(|f| f.too_hot)) << 1;
        Some(match address {
            1546..=1557 => (1000.0 * (1.0 - closing(world, finger(1546)))).round() as u16,
            1582..=1593 => {
                let newton = view(world, finger(1582))?.force_n;
                ((newton / 0.009_806_65).round() as i16).cast_unsigned()
            }
            1606..=1611 => {
                let first = 2 * finger(1606);
                hot(first) | hot(first + 1) << 8
            }
            3000.. => cell(world, address)?,
            _ => return None,
        })
    }

    fn write(&mut self, world: &mut World, address: u16, value: u16) -> Option<()> {
        let finger = |first: u16| usize::from((address - first) / 2);
        match address {
            1486..=1497 if value == 0xFFFF => {}
            1486..=1497 if value <= 1000 => {
                go(world, finger(1486), 1.0 - f64::from(value) / 1000.0)
            }
            1498..=1509 if value <= 1000 => {
                set_force(world, finger(1498), f64::from(value) * 0.009_806_65)
            }
            1522..=1533 if value <= 1000 => {
                set_speed(world, finger(1522), f64::from(value) / 1000.0)
            }
            _ => return None,
        }
        Some(())
    }
}
