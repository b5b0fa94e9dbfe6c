//! An RH56 hand: its registers by byte address (user manual V1.09).

use certbench_wire::rh56::register::{self, Register};
use certbench_wire::rh56::{Reply, Request, RequestDecoder};

use crate::World;
use crate::world::Doing;

use super::Answering;

/// Registers live below this address.
const MEMORY: usize = 2048;
/// 9.80665 mN are a gram-force.
const N_PER_G: f64 = 0.009_806_65;
/// Motor current at the most that a finger can push.
const MOST_MA: f64 = 800.0;
/// Supply, mV.
const SUPPLY_MV: u16 = 24_000;

pub(crate) struct Hand {
    decoder: RequestDecoder,
    memory: Vec<u8>,
    /// How often it was off and on again.
    restarts: u64,
}

impl Hand {
    /// A hand after power-on, with this address.
    pub(crate) fn new(id: u8, world: &mut World) -> Hand {
        let mut hand = Hand {
            decoder: RequestDecoder::default(),
            memory: vec![0; MEMORY],
            restarts: 0,
        };
        hand.factory(id);
        hand.power_on(world);
        hand
    }

    fn factory(&mut self, id: u8) {
        self.put(&register::HAND_ID, 0, &[id]);
        for i in 0..6 {
            self.put_i16(&register::CURRENT_LIMIT, i, 1000);
            self.put_i16(&register::DEFAULT_SPEED, i, 1000);
            self.put_i16(&register::DEFAULT_FORCE, i, 500);
        }
    }

    /// What is kept in flash becomes what holds; the fingers stay where they are.
    fn power_on(&mut self, world: &mut World) {
        self.put(&register::VOLTAGE, 0, &SUPPLY_MV.to_le_bytes());
        for i in 0..6 {
            let (speed, force) = (
                self.i16_at(&register::DEFAULT_SPEED, i),
                self.i16_at(&register::DEFAULT_FORCE, i),
            );
            self.put_i16(&register::SPEED_SET, i, speed);
            self.put_i16(&register::FORCE_SET, i, force);
            self.put_i16(&register::POS_SET, i, -1);
            let here = world
                .hand
                .as_ref()
                .and_then(|hand| hand.view(i, 0))
                .map_or(0.0, |finger| finger.closing);
            self.put_i16(
                &register::ANGLE_SET,
                i,
                (1000.0 * (1.0 - here)).round() as i16,
            );
            limits_to_world(world, i, speed, force);
        }
    }

    fn id(&self) -> u8 {
        self.memory
            .get(usize::from(register::HAND_ID.address))
            .copied()
            .unwrap_or(1)
    }

    fn put(&mut self, register: &Register, offset: usize, bytes: &[u8]) {
        let start = usize::from(register.address) + offset;
        if let Some(to) = self.memory.get_mut(start..start + bytes.len()) {
            to.copy_from_slice(bytes);
        }
    }

    fn put_i16(&mut self, register: &Register, dof: usize, value: i16) {
        self.put(register, 2 * dof, &value.to_le_bytes());
    }

    fn i16_at(&self, register: &Register, dof: usize) -> i16 {
        let start = usize::from(register.address) + 2 * dof;
        match self.memory.get(start..start + 2) {
            Some(&[low, high]) => i16::from_le_bytes([low, high]),
            _ => 0,
        }
    }

    /// What the sensors show, into the registers that say so.
    fn refresh(&mut self, world: &World) {
        let Some(hand) = &world.hand else { return };
        for i in 0..6 {
            let Some(finger) = hand.view(i, world.step()) else {
                continue;
            };
            self.put_i16(
                &register::ANGLE_ACT,
                i,
                (1000.0 * (1.0 - finger.closing)).round() as i16,
            );
            self.put_i16(
                &register::POS_ACT,
                i,
                (2000.0 * finger.closing).round() as i16,
            );
            self.put_i16(
                &register::FORCE_ACT,
                i,
                (finger.force_n / N_PER_G).round() as i16,
            );
            self.put_i16(
                &register::CURRENT,
                i,
                (finger.effort * MOST_MA).round() as i16,
            );
            let errors = u8::from(finger.stalled) | u8::from(finger.too_hot) << 1;
            let status = match finger.doing {
                Doing::Opening => 0,
                Doing::Closing => 1,
                Doing::AtPosition => 2,
                Doing::AtForce => 3,
                Doing::Stalled => 6,
                Doing::TooHot => 7,
            };
            self.put(&register::ERROR, i, &[errors]);
            self.put(&register::STATUS, i, &[status]);
            self.put(
                &register::TEMP,
                i,
                &[finger.celsius.round().clamp(0.0, 255.0) as u8],
            );
        }
    }

    fn read(&self, address: u16, count: u8) -> Option<Vec<u8>> {
        let start = usize::from(address);
        self.memory
            .get(start..start + usize::from(count))
            .filter(|bytes| !bytes.is_empty())
            .map(<[u8]>::to_vec)
    }

    /// Takes a write as a whole or not at all: every byte must be in a register that may be written, and
    /// every value that it completes in range.
    fn write(&mut self, address: u16, data: &[u8], world: &mut World) -> bool {
        let start = usize::from(address);
        let range = start..start + data.len();
        let writable = |at: usize| {
            register::ALL
                .iter()
                .any(|r| r.writable && bytes_of(r).contains(&at))
        };
        if !range.clone().all(writable) {
            return false;
        }
        let before = self.memory.clone();
        if let Some(to) = self.memory.get_mut(range.clone()) {
            to.copy_from_slice(data);
        }
        let touched = |r: &Register, i: usize| {
            let at = usize::from(r.address) + 2 * i;
            range.contains(&at) || range.contains(&(at + 1))
        };
        let sixes = [
            (&register::POS_SET, -1, 2000),
            (&register::ANGLE_SET, -1, 1000),
            (&register::FORCE_SET, 0, 1000),
            (&register::SPEED_SET, 0, 1000),
            (&register::DEFAULT_FORCE, 0, 1000),
            (&register::DEFAULT_SPEED, 0, 1000),
        ];
        for (register, least, most) in sixes {
            if (0..6).any(|i| {
                touched(register, i) && !(least..=most).contains(&self.i16_at(register, i))
            }) {
                self.memory = before;
                return false;
            }
        }
        for i in 0..6 {
            if touched(&register::POS_SET, i) {
                go(
                    world,
                    i,
                    f64::from(self.i16_at(&register::POS_SET, i)) / 2000.0,
                );
            }
            if touched(&register::ANGLE_SET, i) {
                let angle = self.i16_at(&register::ANGLE_SET, i);
                go(
                    world,
                    i,
                    if angle < 0 {
                        -1.0
                    } else {
                        1.0 - f64::from(angle) / 1000.0
                    },
                );
            }
            if touched(&register::SPEED_SET, i) || touched(&register::FORCE_SET, i) {
                limits_to_world(
                    world,
                    i,
                    self.i16_at(&register::SPEED_SET, i),
                    self.i16_at(&register::FORCE_SET, i),
                );
            }
        }
        self.act(&range, world);
        true
    }

    /// Registers that do something when 1 is written.
    fn act(&mut self, range: &std::ops::Range<usize>, world: &mut World) {
        let mut wanted = |r: &Register| {
            let at = usize::from(r.address);
            range.contains(&at)
                && self
                    .memory
                    .get_mut(at)
                    .is_some_and(|byte| std::mem::take(byte) == 1)
        };
        let (clear, _save, reset, calibrate) = (
            wanted(&register::CLEAR_ERROR),
            wanted(&register::SAVE),
            wanted(&register::RESET),
            wanted(&register::GESTURE_FORCE_CLB),
        );
        if reset {
            let id = self.id();
            self.factory(id);
        }
        let step = world.step();
        let Some(hand) = &mut world.hand else { return };
        if clear {
            (0..6).for_each(|i| hand.with_finger(i, |f| f.clear_stall()));
        }
        if calibrate {
            hand.calibrate(step);
        }
    }
}

impl Answering for Hand {
    fn hear(&mut self, bytes: &[u8]) {
        self.decoder.push(bytes);
    }

    fn silence(&mut self) {
        self.decoder.silence();
    }

    fn answer(&mut self, world: &mut World) -> Option<Vec<u8>> {
        let reply = match self.decoder.next()? {
            Ok(request) => self.obey(request, world),
            Err(_noise) => None,
        };
        Some(
            reply
                .and_then(|reply| reply.encode().ok())
                .unwrap_or_default(),
        )
    }
}

impl Hand {
    /// Does what is asked; `None` when it says nothing to it.
    pub(crate) fn obey(&mut self, request: Request, world: &mut World) -> Option<Reply> {
        let restarts = world.hand.as_ref().map_or(0, |hand| hand.restarts);
        if restarts != self.restarts {
            self.restarts = restarts;
            self.power_on(world);
        }
        let id = self.id();
        match request {
            Request::Read {
                hand,
                address,
                count,
            } if hand == id => {
                self.refresh(world);
                let data = self.read(address, count)?;
                Some(Reply::Data {
                    hand,
                    address,
                    data,
                })
            }
            Request::Write {
                hand,
                address,
                data,
            } if hand == id => {
                let result = u8::from(self.write(address, &data, world));
                Some(Reply::Written {
                    hand,
                    address,
                    result,
                })
            }
            _ => None,
        }
    }
}

fn bytes_of(register: &Register) -> std::ops::Range<usize> {
    let start = usize::from(register.address);
    start..start + usize::from(register.bytes)
}

/// A negative closing leaves the finger as it is.
fn go(world: &mut World, finger: usize, closing: f64) {
    if let Some(hand) = world.hand.as_mut().filter(|_| closing >= 0.0) {
        hand.with_finger(finger, |f| f.go(closing));
    }
}

/// Speed in thousandths of the highest, force in grams-force.
fn limits_to_world(world: &mut World, finger: usize, speed: i16, force: i16) {
    if let Some(hand) = &mut world.hand {
        hand.with_finger(finger, |f| {
            f.speed = f64::from(speed) / 1000.0;
            f.set_force(f64::from(force) * N_PER_G);
        });
    }
}
