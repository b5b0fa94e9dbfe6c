//! What a drive does in every mode but profile position (CiA 402, "Modes of operation").

use certbench_wire::canopen::cia402::{Controlword, State};

use crate::world::{JointView, World};

use super::drive::Drive;
use super::objects::Objects;

/// Numbers of object 6060h.
pub(super) mod mode {
    pub(in super::super) const PROFILE_POSITION: i64 = 1;
    pub(in super::super) const PROFILE_VELOCITY: i64 = 3;
    pub(in super::super) const PROFILE_TORQUE: i64 = 4;
    pub(in super::super) const HOMING: i64 = 6;
    pub(in super::super) const CYCLIC_POSITION: i64 = 8;
    pub(in super::super) const CYCLIC_VELOCITY: i64 = 9;
    pub(in super::super) const CYCLIC_TORQUE: i64 = 10;
}

/// Homing methods that there are: at the lower or upper limit switch without an index pulse, and where it
/// stands (37, and its old number 35).
const LOWER_SWITCH: i64 = 17;
const UPPER_SWITCH: i64 = 18;
const HERE: [i64; 2] = [35, 37];
pub(super) const METHODS: [i64; 4] = [LOWER_SWITCH, UPPER_SWITCH, HERE[0], HERE[1]];

/// How far homing is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Homing {
    Idle,
    /// On the way to the switch, -1 or 1.
    Towards(f64),
    /// Off it again, slowly.
    Off(f64),
    Attained,
    Failed,
}

/// Speeds this near to their target have reached it; slower ones are none. deg/s
const SPEED_WINDOW: f64 = 0.5;
/// The same of torques, shares of the rated one.
const TORQUE_WINDOW: f64 = 0.005;

impl Drive {
    /// Profile velocity and profile torque: takes up what the objects say now.
    pub(super) fn pursue(&mut self, objects: &Objects, world: &mut World) {
        let (Some(view), true) = (self.view(world), self.obeys()) else {
            return;
        };
        match objects.get(0x6061, 0) {
            mode::PROFILE_VELOCITY => {
                let speed = self.speed(objects);
                let grows = speed * view.velocity >= 0.0 && speed.abs() > view.velocity.abs();
                let rate = self.deg(objects, if grows { 0x6083 } else { 0x6084 }, 0);
                self.with_arm(world, |arm, joint| arm.run(joint, speed, rate));
            }
            mode::PROFILE_TORQUE => {
                let (share, per_s) = (self.torque(objects), objects.get(0x6087, 0) as f64 / 1000.0);
                self.with_arm(world, |arm, joint| arm.exert(joint, share, per_s));
            }
            _ => {}
        }
    }

    /// Target velocity within the highest one, deg/s; none while halted.
    fn speed(&mut self, objects: &Objects) -> f64 {
        let (asked, most) = (self.deg(objects, 0x60FF, 0), self.deg(objects, 0x607F, 0));
        self.limited = asked.abs() > most;
        if self.is_halted() {
            return 0.0;
        }
        asked.clamp(-most, most)
    }

    /// Target torque within the highest one, as a share of the rated; none while halted.
    fn torque(&mut self, objects: &Objects) -> f64 {
        let (asked, most) = (objects.get(0x6071, 0), objects.get(0x6072, 0));
        self.limited = asked.abs() > most;
        if self.is_halted() {
            return 0.0;
        }
        asked.clamp(-most, most) as f64 / 1000.0
    }

    /// SYNC: in a cyclic mode, the next set-point.
    pub(super) fn sync(&mut self, objects: &Objects, world: &mut World) {
        let (Some(view), true) = (self.view(world), self.obeys()) else {
            return;
        };
        let exponent = objects.get(0x60C2, 2).clamp(-6, 0) as i32;
        let period = (objects.get(0x60C2, 1).max(1) as f64) * 10f64.powi(exponent);
        match objects.get(0x6061, 0) {
            mode::CYCLIC_POSITION => {
                let (least, most) = (
                    self.place(objects, 0x607D, 1),
                    self.place(objects, 0x607D, 2),
                );
                let wanted = self.place(objects, 0x607A, 0);
                let target = wanted.max(least).min(most);
                self.limited = target != wanted;
                self.with_arm(world, |arm, joint| arm.track(joint, target, period));
            }
            mode::CYCLIC_VELOCITY => {
                let speed = self.speed(objects);
                let rate = (speed - view.velocity).abs().max(1e-3) / period;
                self.with_arm(world, |arm, joint| arm.run(joint, speed, rate));
            }
            mode::CYCLIC_TORQUE => {
                let share = self.torque(objects);
                let per_s = 2.0 / period; // from one end to the other
                self.with_arm(world, |arm, joint| arm.exert(joint, share, per_s));
            }
            _ => {}
        }
    }

    /// Homing mode: a controlword came, and this is the one before.
    pub(super) fn home(&mut self, before: u16, objects: &Objects, world: &mut World) {
        let starts = |word: u16| word & Controlword::START_HOMING != 0;
        if !starts(self.controlword) || self.is_halted() {
            if self.is_seeking() {
                let decel = self.deg(objects, 0x609A, 0);
                self.with_arm(world, |arm, joint| arm.stop(joint, decel));
            }
            return self.interrupt_homing();
        }
        if starts(before) {
            return;
        }
        let direction = match objects.get(0x6098, 0) {
            method if HERE.contains(&method) => return self.attain(objects, world),
            LOWER_SWITCH => -1.0,
            UPPER_SWITCH => 1.0,
            _ => {
                self.homing = Homing::Failed;
                return;
            }
        };
        self.homing = Homing::Towards(direction);
        self.run_homing(direction, 1, objects, world);
    }

    fn run_homing(&mut self, direction: f64, sub: u8, objects: &Objects, world: &mut World) {
        let speed = direction * self.deg(objects, 0x6099, sub);
        let rate = self.deg(objects, 0x609A, 0);
        self.with_arm(world, |arm, joint| arm.run(joint, speed, rate));
    }

    /// Time passed while it looks for its switch.
    pub(super) fn seek(&mut self, objects: &Objects, world: &mut World) {
        let (Some(view), true) = (self.view(world), self.obeys()) else {
            return;
        };
        let on_switch = |direction: f64| view.position * direction >= self.switches_deg;
        match self.homing {
            Homing::Towards(direction) if on_switch(direction) => {
                self.homing = Homing::Off(direction);
                self.run_homing(-direction, 2, objects, world);
            }
            Homing::Off(direction) if !on_switch(direction) => self.attain(objects, world),
            _ => {}
        }
    }

    /// Here is home: from now on this place has the number that "home offset" says.
    fn attain(&mut self, objects: &Objects, world: &mut World) {
        let Some(view) = self.view(world) else { return };
        self.zero = objects.get(0x607C, 0) - (view.position * self.units_per_deg).round() as i64;
        self.homing = Homing::Attained;
        let decel = self.deg(objects, 0x609A, 0);
        self.with_arm(world, |arm, joint| arm.stop(joint, decel));
    }

    fn is_seeking(&self) -> bool {
        matches!(self.homing, Homing::Towards(_) | Homing::Off(_))
    }

    pub(super) fn interrupt_homing(&mut self) {
        if self.is_seeking() {
            self.homing = Homing::Idle;
        }
    }

    /// Bits 10, 12 and 13 of the statusword; `None` in profile position.
    pub(super) fn of_mode(&self, view: &JointView, objects: &Objects) -> Option<[bool; 3]> {
        let stands = view.velocity.abs() <= SPEED_WINDOW && !view.busy;
        let stopping = self.state == State::QuickStopActive || self.is_halted();
        let there = |near: bool| if stopping { view.at_rest } else { near };
        match objects.get(0x6061, 0) {
            mode::PROFILE_VELOCITY => {
                let off = view.velocity - self.deg(objects, 0x60FF, 0);
                let zero = view.velocity.abs() <= SPEED_WINDOW;
                Some([there(off.abs() <= SPEED_WINDOW), zero, false])
            }
            mode::PROFILE_TORQUE => {
                let off = view.torque - objects.get(0x6071, 0) as f64 / 1000.0;
                Some([there(off.abs() <= TORQUE_WINDOW), false, false])
            }
            mode::HOMING => Some(match self.homing {
                Homing::Towards(_) | Homing::Off(_) => [false, false, false],
                Homing::Idle => [stands, false, false],
                Homing::Attained => [stands, true, false],
                Homing::Failed => [stands, false, true],
            }),
            mode::CYCLIC_POSITION => Some([false, self.obeys(), self.is_behind()]),
            mode::CYCLIC_VELOCITY | mode::CYCLIC_TORQUE => Some([false, self.obeys(), false]),
            _ => None,
        }
    }
}
