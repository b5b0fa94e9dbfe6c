//! Hands on a CAN bus: the world's hand behind their makers' frames.

use std::time::Duration;

use certbench_clock::Time;
use certbench_link::{CanFrame, CanLink, LinkError};
use certbench_wire::allegro::{Ask, Info, Reply};
use certbench_wire::linker::{Message, RIGHT};
use certbench_wire::rh56::Request;

use crate::World;
use crate::world::FingerView;

use super::registers::{closing, go, most_n, set_force, set_speed, view};
use super::{KEEP_STILL, Stage, rh56};

/// A device on a bus that answers, and may send by itself.
pub(crate) trait Node {
    /// A frame came: what it answers.
    fn hear(&mut self, frame: &CanFrame, world: &mut World) -> Vec<CanFrame>;
    /// How often it sends by itself, while it does.
    fn every(&self) -> Option<Duration> {
        None
    }
    /// What it sends by itself now.
    fn send(&mut self, _world: &mut World) -> Vec<CanFrame> {
        Vec::new()
    }
}

/// From a question to its answer.
const THINKS: Duration = Duration::from_micros(300);

/// Plays it until the show is over or the bus is gone.
pub(crate) fn play(stage: &Stage, link: &dyn CanLink, mut node: impl Node) {
    let mut next = stage.clock.now();
    while !stage.is_over() {
        let now = stage.clock.now();
        let until = match node.every() {
            Some(_) => next.min(now + stage.look_up()),
            None => now + stage.look_up(),
        };
        let mut out = match link.recv(until) {
            Ok(Some((frame, _))) => {
                let answers = node.hear(&frame, &mut stage.world());
                if !answers.is_empty() {
                    stage.clock.sleep(THINKS);
                }
                answers
            }
            Ok(None) => {
                drop(stage.world());
                Vec::new()
            }
            Err(LinkError::Gone { .. }) => return,
            Err(_) => {
                stage.clock.sleep(stage.look_up());
                Vec::new()
            }
        };
        if let Some(every) = node.every()
            && stage.clock.now() >= next
        {
            next = (next + every).max(stage.clock.now());
            out.extend(node.send(&mut stage.world()));
        }
        for frame in out {
            match link.send(&frame) {
                Ok(_) => (),
                Err(LinkError::Gone { .. }) => return,
                Err(_) => {
                    stage
                        .clock
                        .sleep_until(stage.clock.now().max(Time::ZERO) + KEEP_STILL);
                    break; // nobody takes it
                }
            }
        }
    }
}

/// An RH56 on CAN: the registers of the one on a line.
impl Node for rh56::Hand {
    fn hear(&mut self, frame: &CanFrame, world: &mut World) -> Vec<CanFrame> {
        if !frame.is_extended() || frame.is_remote() {
            return Vec::new();
        }
        let request = Request::from_can(frame.id(), frame.data());
        let reply = request.and_then(|request| self.obey(request, world));
        let answer = reply.and_then(|reply| {
            let (id, data) = reply.to_can()?;
            CanFrame::extended(id, &data).ok()
        });
        answer.into_iter().collect()
    }
}

/// A right Linker Hand. Joints beyond the world's six have a place of their own and touch nothing.
pub(crate) struct LinkerHand {
    /// Property of a frame, and which joints it carries.
    groups: &'static [(u8, &'static [usize])],
    /// Added to the property of a command.
    commands: u8,
    force: &'static [u8],
    speed: &'static [u8],
    temperature: &'static [u8],
    fault: &'static [u8],
    /// Motors in a frame that is not about joints.
    motors: usize,
    /// Of the joints that are not the world's, 255 open.
    others: [u8; 20],
}

/// At full torque a motor of a Linker Hand stays so far below its stall.
const FULL_TORQUE: f64 = 0.9;

/// Joints of the world: little, ring, middle, index, thumb bend, thumb rotation.
const WORLDS: usize = 6;

impl LinkerHand {
    /// O6 or L6.
    pub(crate) fn six() -> LinkerHand {
        LinkerHand {
            groups: &[(0x01, &[4, 5, 3, 2, 1, 0])],
            commands: 0,
            force: &[0x02],
            speed: &[0x05],
            temperature: &[0x33],
            fault: &[0x35],
            motors: 6,
            others: [255; 20],
        }
    }

    pub(crate) fn l10() -> LinkerHand {
        LinkerHand {
            groups: &[(0x01, &[4, 5, 3, 2, 1, 0]), (0x04, &[6, 7, 8, 9])],
            commands: 0,
            force: &[0x02, 0x03],
            speed: &[0x05, 0x06],
            temperature: &[0x33, 0x34],
            fault: &[0x35, 0x36],
            motors: 5,
            others: [255; 20],
        }
    }

    pub(crate) fn l20() -> LinkerHand {
        LinkerHand {
            groups: &[
                (0x01, &[4, 3, 2, 1, 0]),
                (0x02, &[6, 7, 8, 9, 10]),
                (0x03, &[5, 11, 12, 13, 14]),
                (0x04, &[15, 16, 17, 18, 19]),
            ],
            commands: 0x10,
            force: &[0x06],
            speed: &[0x05],
            temperature: &[],
            fault: &[0x07],
            motors: 5,
            others: [255; 20],
        }
    }

    fn joint(&self, world: &World, joint: usize) -> u8 {
        match joint < WORLDS {
            true => (255.0 * (1.0 - closing(world, joint))).round() as u8,
            false => self.others.get(joint).copied().unwrap_or(255),
        }
    }

    fn tell(&self, world: &World, property: u8) -> Vec<Vec<u8>> {
        if let Some((_, joints)) = self.groups.iter().find(|(about, _)| *about == property) {
            return vec![
                joints
                    .iter()
                    .map(|joint| self.joint(world, *joint))
                    .collect(),
            ];
        }
        let of_motors = |value: &dyn Fn(FingerView) -> u8, first: usize| -> Vec<u8> {
            let motors = first..first + self.motors;
            motors.map(|m| view(world, m).map_or(0, value)).collect()
        };
        let place = |table: &[u8]| table.iter().position(|about| *about == property);
        if let Some(n) = place(self.temperature) {
            let celsius = |finger: FingerView| finger.celsius.round() as u8;
            let mut all = of_motors(&celsius, n * self.motors);
            // motors that are not the world's are as warm as the room
            all.iter_mut().filter(|c| **c == 0).for_each(|c| *c = 22);
            return vec![all];
        }
        if let Some(n) = place(self.fault) {
            let hot = |finger: FingerView| u8::from(finger.too_hot);
            return vec![of_motors(&hot, n * self.motors)];
        }
        match property {
            0x64 => vec![vec![1, 2, 3, 4, 40]],
            0xC0 => b"LHSIM-000-R-00-Z-0001\0\0\0"
                .chunks(6)
                .zip(0u8..)
                .map(|(text, n)| [&[n], text].concat())
                .collect(),
            _ => Vec::new(),
        }
    }

    fn take(&mut self, world: &mut World, property: u8, counts: &[u8]) {
        let commanded = |about: u8| about + self.commands == property;
        if let Some((_, joints)) = self.groups.iter().find(|(about, _)| commanded(*about)) {
            for (joint, count) in joints.iter().zip(counts) {
                match *joint < WORLDS {
                    true => go(world, *joint, 1.0 - f64::from(*count) / 255.0),
                    false => self.others[*joint] = *count,
                }
            }
        }
        let first = |table: &[u8]| table.iter().position(|about| *about == property);
        let most = most_n(world);
        if let Some(n) = first(self.force) {
            for (motor, count) in (n * self.motors..).zip(counts) {
                let newton = FULL_TORQUE * most * f64::from(*count) / 255.0;
                set_force(world, motor, newton);
            }
        }
        if let Some(n) = first(self.speed) {
            for (motor, count) in (n * self.motors..).zip(counts) {
                let share = f64::from(*count) / 255.0;
                set_speed(world, motor, share);
            }
        }
    }
}

impl Node for LinkerHand {
    fn hear(&mut self, frame: &CanFrame, world: &mut World) -> Vec<CanFrame> {
        if frame.id() != RIGHT || frame.is_extended() || frame.is_remote() {
            return Vec::new();
        }
        let property = match Message::decode(frame.data()) {
            Some(Message::Counts(property, counts)) => {
                self.take(world, property, &counts);
                return Vec::new();
            }
            Some(Message::Ask(property)) => property,
            None => return Vec::new(),
        };
        let said = self.tell(world, property).into_iter();
        said.filter_map(|counts| {
            let data = Message::Counts(property, counts).encode()?;
            CanFrame::standard(RIGHT, &data).ok()
        })
        .collect()
    }
}

/// An Allegro Hand that somebody else moves: index, middle, ring and thumb of the world's hand, each with three
/// joints that bend together to 90 degrees.
pub(crate) struct AllegroHand {
    /// Counts of a degree.
    per_deg: f64,
    hardware: u8,
}

impl AllegroHand {
    pub(crate) fn v4() -> AllegroHand {
        AllegroHand {
            per_deg: 65_536.0 / 333.3,
            hardware: 4,
        }
    }

    pub(crate) fn v5() -> AllegroHand {
        AllegroHand {
            per_deg: 1.0 / 0.088,
            hardware: 5,
        }
    }

    fn tell(&self, world: &World, ask: Ask) -> Reply {
        // index, middle, ring, thumb
        let finger = |n: u8| [3, 2, 1, 4].get(usize::from(n)).copied().unwrap_or(0);
        match ask {
            Ask::Info => Reply::Info(Info {
                hardware: [self.hardware, 0],
                firmware: [1, 2],
                servo_on: false,
                over_temperature: (0..6).any(|n| view(world, n).is_some_and(|f| f.too_hot)),
                communication_fault: false,
            }),
            Ask::Serial => Reply::Serial(*b"01BR0007"),
            Ask::Pose(n) => {
                let bent = 90.0 * closing(world, finger(n)) * self.per_deg;
                Reply::Pose(
                    n,
                    [0.0, bent, bent, bent].map(|counts| counts.round() as i16),
                )
            }
            Ask::Temperature(n) => {
                let celsius = view(world, finger(n)).map_or(0.0, |finger| finger.celsius);
                Reply::Temperature(n, celsius.round() as i32)
            }
        }
    }
}

impl Node for AllegroHand {
    fn hear(&mut self, frame: &CanFrame, world: &mut World) -> Vec<CanFrame> {
        let asked = Ask::from_id(frame.id()).filter(|_| frame.is_remote() && !frame.is_extended());
        let answer = match asked {
            Some((ask, 0)) => CanFrame::standard(frame.id(), &self.tell(world, ask).encode()).ok(),
            _ => None,
        };
        answer.into_iter().collect()
    }
}
