//! A PSYONIC Ability Hand on its stuffed serial line: index, middle, ring, pinky, thumb flexor and rotator.
//!
//! It obeys positions; other modes it answers and does not obey. 300 ms without a frame and it leaves API mode:
//! this one then stands still, which is the least that a real one's normal mode may do.

use certbench_wire::ability::{Feedback, Mode, Reply, Request, UNIQUE_ID, Unstuffer, Variant};

use crate::World;
use crate::world::{Doing, FingerView};

use super::{Answering, registers};

/// Which actuator of the world each of its motors is.
const ORDER: [usize; 6] = [3, 2, 1, 0, 4, 5];
const ADDRESS: u8 = 0x50;
/// Motor current at the most that a finger can push.
const MOST_A: f64 = 1.2;
/// The document: A * C.
const COUNTS_PER_A: f64 = 620.6;
/// Force at which a touch sensor is full.
const TOUCH_FULL_N: f64 = 20.0;

#[derive(Default)]
pub(crate) struct AbilityHand {
    unstuffer: Unstuffer,
    heard: std::collections::VecDeque<u8>,
    in_api_mode: bool,
    silent: bool,
}

/// Degrees of a joint as it counts them: 0 to 100, the rotator to -100.
fn counts(motor: usize, closing: f64) -> i16 {
    let sign = if motor == 5 { -1.0 } else { 1.0 };
    (sign * closing * 100.0 * 32_767.0 / 150.0).round() as i16
}

fn closing(motor: usize, counts: i16) -> f64 {
    let sign = if motor == 5 { -1.0 } else { 1.0 };
    (sign * f64::from(counts) * 150.0 / 32_767.0 / 100.0).clamp(0.0, 1.0)
}

impl AbilityHand {
    fn obey(&mut self, world: &mut World, request: &Request) -> Option<Reply> {
        let header = match request {
            Request::Read(variant) => 0xA0 | nibble(*variant),
            Request::Command(mode, variant, counts) => {
                self.in_api_mode = true;
                if *mode == Mode::Position {
                    (0..6).for_each(|motor| go(world, motor, closing(motor, counts[motor])));
                    0x10 | nibble(*variant)
                } else {
                    0x20 | nibble(*variant)
                }
            }
            Request::Exit => {
                self.leave(world);
                return None;
            }
            Request::ReadRegister(register) => {
                let place = UNIQUE_ID.iter().position(|id| id == register);
                return Some(Reply::Register(place.map(|n| 0x5EED_0001 + n as u32)));
            }
        };
        Some(Reply::Feedback(feedback(world, header)))
    }

    /// Its normal mode: nobody commands it, and it stands.
    fn leave(&mut self, world: &mut World) {
        if std::mem::take(&mut self.in_api_mode) {
            for motor in 0..6 {
                let here = view(world, motor).map_or(0.0, |finger| finger.closing);
                go(world, motor, here);
            }
        }
    }
}

fn nibble(variant: Variant) -> u8 {
    match variant {
        Variant::Touch => 0,
        Variant::TouchVelocity => 1,
        Variant::Velocity => 2,
    }
}

fn feedback(world: &World, header: u8) -> Feedback {
    let of = |motor: usize| view(world, motor);
    let currents = std::array::from_fn(|motor| {
        of(motor).map_or(0, |f| (f.effort * MOST_A * COUNTS_PER_A).round() as i16)
    });
    // rotor rad/s * 4: a closing of 100 degrees, geared 649:1
    let velocities = std::array::from_fn(|motor| {
        let gear = if motor == 5 { -162.45 } else { 649.0 };
        of(motor).map_or(0, |f| {
            (f.velocity * 100f64.to_radians() * gear * 4.0).round() as i16
        })
    });
    let touch = std::array::from_fn(|motor| {
        let full = of(motor).map_or(0.0, |f| 4095.0 * f.force_n / TOUCH_FULL_N);
        let site = full.round().clamp(0.0, 4095.0) as u16;
        [site, site / 2, 0, 0, 0, site / 4]
    });
    let limited = (0..6).filter(|motor| {
        of(*motor).is_some_and(|f| matches!(f.doing, Doing::TooHot | Doing::Stalled))
    });
    let (with_currents, with_velocities, with_touch) = match header & 0x0F {
        0 => (true, false, true),
        1 => (false, true, true),
        _ => (true, true, false),
    };
    Feedback {
        header,
        positions: std::array::from_fn(|motor| of(motor).map_or(0, |f| counts(motor, f.closing))),
        currents: with_currents.then_some(currents),
        velocities: with_velocities.then_some(velocities),
        touch: with_touch.then_some(touch),
        limited: limited.fold(0, |bits, motor| bits | 1 << motor),
    }
}

fn view(world: &World, motor: usize) -> Option<FingerView> {
    registers::view(world, *ORDER.get(motor)?)
}

fn go(world: &mut World, motor: usize, closing: f64) {
    if let Some(finger) = ORDER.get(motor) {
        registers::go(world, *finger, closing);
    }
}

impl Answering for AbilityHand {
    fn hear(&mut self, bytes: &[u8]) {
        self.silent = false;
        self.heard.extend(bytes);
    }

    /// After 300 ms ([`super::Manners`]).
    fn silence(&mut self) {
        self.silent = true;
    }

    fn answer(&mut self, world: &mut World) -> Option<Vec<u8>> {
        if self.silent {
            self.leave(world);
        }
        while let Some(byte) = self.heard.pop_front() {
            let Some(Ok(frame)) = self.unstuffer.push(byte) else {
                continue;
            };
            let reply = match Request::decode(&frame) {
                Ok((ADDRESS, request)) => self.obey(world, &request),
                _ => None,
            };
            return Some(reply.and_then(|reply| reply.encode()).unwrap_or_default());
        }
        None
    }
}
