//! The CiA 402 state machine of one joint, and profile position; the other modes are next door.

use certbench_wire::canopen::cia402::{Controlword, State};

use crate::world::{DriveFault, JointView, Move, World};

use super::modes::{Homing, mode};
use super::objects::Objects;

/// Bits of the controlword that select a transition, and their patterns.
const SWITCH_ON_BIT: u16 = 1 << 0;
const ENABLE_VOLTAGE: u16 = 1 << 1;
const NO_QUICK_STOP: u16 = 1 << 2;
const ENABLE_OPERATION: u16 = 1 << 3;

/// What a ramp to rest ends in.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum After {
    SwitchOnDisabled,
    SwitchedOn,
    Fault,
    /// Torque stays on, the joint stands: "quick stop active".
    Stay,
}

#[derive(Clone, Debug)]
pub(super) struct Drive {
    pub(super) joint: usize,
    pub(super) units_per_deg: f64,
    /// Where the limit switches are, either side of the encoder's own zero, degrees.
    pub(super) switches_deg: f64,
    /// What is shown for the encoder's own zero, units: homing moves it.
    pub(super) zero: i64,
    pub(super) homing: Homing,
    pub(super) state: State,
    pub(super) controlword: u16,
    pub(super) ramp: Option<After>,
    /// Taken while another one was under way.
    next_target: Option<Move>,
    /// The target as it was told, degrees.
    target: f64,
    acknowledged: bool,
    pub(super) limited: bool,
    following_error: bool,
    /// Outside the position window until then, ms.
    outside_ms: f64,
}

impl Drive {
    pub(super) fn new(joint: usize, units_per_deg: f64, switches_deg: f64) -> Drive {
        Drive {
            joint,
            units_per_deg,
            switches_deg,
            zero: 0,
            homing: Homing::Idle,
            state: State::SwitchOnDisabled,
            controlword: 0,
            ramp: None,
            next_target: None,
            target: 0.0,
            acknowledged: false,
            limited: false,
            following_error: false,
            outside_ms: 0.0,
        }
    }

    pub(super) fn view(&self, world: &World) -> Option<JointView> {
        world.arm.as_ref()?.view(self.joint)
    }

    /// A way, a speed or an acceleration.
    pub(super) fn deg(&self, objects: &Objects, index: u16, sub: u8) -> f64 {
        objects.get(index, sub) as f64 / self.units_per_deg
    }

    /// A place.
    pub(super) fn place(&self, objects: &Objects, index: u16, sub: u8) -> f64 {
        (objects.get(index, sub) - self.zero) as f64 / self.units_per_deg
    }

    /// Whether it is enabled and does not come to rest.
    pub(super) fn obeys(&self) -> bool {
        self.state == State::OperationEnabled && self.ramp.is_none()
    }

    pub(super) fn is_halted(&self) -> bool {
        self.controlword & Controlword::HALT != 0
    }

    /// A controlword was written.
    pub(super) fn command(&mut self, word: u16, objects: &Objects, world: &mut World) {
        let before = std::mem::replace(&mut self.controlword, word);
        let rises = |bit: u16| word & bit != 0 && before & bit == 0;
        if rises(Controlword::FAULT_RESET.0) {
            self.reset_fault(world);
        }
        let was = self.state;
        self.change_state(word, objects, world);
        if !self.obeys() {
            self.acknowledged = false;
            self.interrupt_homing();
            return;
        }
        match objects.get(0x6061, 0) {
            mode::PROFILE_VELOCITY | mode::PROFILE_TORQUE
                if was != self.state || word != before =>
            {
                self.pursue(objects, world);
            }
            mode::HOMING => self.home(before, objects, world),
            mode::PROFILE_POSITION => {
                if (word ^ before) & Controlword::HALT != 0 {
                    let halted = self.is_halted();
                    self.with_arm(world, |arm, joint| arm.halt(joint, halted));
                }
                if rises(Controlword::NEW_SET_POINT) {
                    self.take_target(word, objects, world);
                }
            }
            _ => {}
        }
        if word & Controlword::NEW_SET_POINT == 0 {
            self.acknowledged = false;
        }
    }

    fn reset_fault(&mut self, world: &mut World) {
        if self.state == State::Fault {
            self.with_arm(world, |arm, joint| arm.clear_fault(joint));
            (self.state, self.following_error) = (State::SwitchOnDisabled, false);
        }
    }

    /// CiA 402, "Finite state automaton" and "Command coding".
    fn change_state(&mut self, word: u16, objects: &Objects, world: &mut World) {
        use State::*;
        let Some(view) = self.view(world) else { return };
        let has = |bit: u16| word & bit != 0;
        let ready = view.supply && !view.safe_stop;
        if matches!(self.state, NotReadyToSwitchOn | FaultReactionActive | Fault) {
            return;
        }
        if !has(ENABLE_VOLTAGE) {
            return self.disable(world);
        }
        if !has(NO_QUICK_STOP) {
            return match self.state {
                OperationEnabled => self.quick_stop(objects, world),
                ReadyToSwitchOn | SwitchedOn => self.state = SwitchOnDisabled,
                _ => {}
            };
        }
        match (self.state, has(SWITCH_ON_BIT), has(ENABLE_OPERATION)) {
            (SwitchOnDisabled | SwitchedOn, false, _) => self.state = ReadyToSwitchOn,
            (OperationEnabled, false, _) => {
                self.leave(objects, world, objects.get(0x605B, 0) == 1, ReadyToSwitchOn)
            }
            (ReadyToSwitchOn, true, false) if ready => self.state = SwitchedOn,
            (OperationEnabled, true, false) => {
                self.leave(objects, world, objects.get(0x605C, 0) == 1, SwitchedOn)
            }
            (ReadyToSwitchOn | SwitchedOn, true, true) if ready => self.enable(world),
            (QuickStopActive, true, true)
                if ready && self.ramp == Some(After::Stay) && view.powered =>
            {
                self.ramp = None;
                self.state = OperationEnabled;
                self.target = view.wanted;
            }
            _ => {}
        }
    }

    fn enable(&mut self, world: &mut World) {
        let step = world.step();
        self.with_arm(world, |arm, joint| arm.power_on(joint, step));
        self.state = State::OperationEnabled;
        self.next_target = None;
        self.ramp = None;
        self.target = self.view(world).map_or(0.0, |view| view.position);
    }

    fn disable(&mut self, world: &mut World) {
        let step = world.step();
        self.with_arm(world, |arm, joint| arm.power_off(joint, step));
        (self.state, self.ramp) = (State::SwitchOnDisabled, None);
    }

    /// Out of operation, with a ramp first or at once.
    fn leave(&mut self, objects: &Objects, world: &mut World, ramp: bool, to: State) {
        if self.ramp.is_some() {
            return;
        }
        if ramp {
            self.begin_ramp(self.deg(objects, 0x6084, 0), After::SwitchedOn, world);
        } else {
            self.disable(world);
            self.state = to;
        }
    }

    /// Object 605Ah: 0 no torque; 1, 2 ramps and then no torque; 5, 6 ramps and then stands.
    pub(super) fn quick_stop(&mut self, objects: &Objects, world: &mut World) {
        let option = objects.get(0x605A, 0);
        if option == 0 {
            return self.disable(world);
        }
        let ramp = if option == 1 || option == 5 {
            0x6084
        } else {
            0x6085
        };
        let after = if option >= 5 {
            After::Stay
        } else {
            After::SwitchOnDisabled
        };
        self.state = State::QuickStopActive;
        self.begin_ramp(self.deg(objects, ramp, 0), after, world);
    }

    /// The host is gone (object 6007h): 2 no torque, 3 quick stop; then no torque in any case.
    pub(super) fn connection_lost(&mut self, objects: &Objects, world: &mut World) {
        match (self.state, objects.get(0x6007, 0)) {
            (State::OperationEnabled | State::QuickStopActive, 3) => {
                self.state = State::QuickStopActive;
                self.begin_ramp(self.deg(objects, 0x6085, 0), After::SwitchOnDisabled, world);
            }
            (State::OperationEnabled | State::QuickStopActive, 1 | 2) => self.disable(world),
            _ => {}
        }
    }

    fn begin_ramp(&mut self, decel: f64, after: After, world: &mut World) {
        self.ramp = Some(after);
        self.next_target = None;
        self.acknowledged = false;
        self.with_arm(world, |arm, joint| arm.stop(joint, decel));
    }

    /// The rising edge of "new set-point".
    fn take_target(&mut self, word: u16, objects: &Objects, world: &mut World) {
        let Some(view) = self.view(world) else { return };
        let wanted = match word & Controlword::RELATIVE {
            0 => self.place(objects, 0x607A, 0),
            _ => self.deg(objects, 0x607A, 0) + self.target,
        };
        let (least, most) = (
            self.place(objects, 0x607D, 1),
            self.place(objects, 0x607D, 2),
        );
        let target = wanted.max(least).min(most);
        let (asked, fastest) = (self.deg(objects, 0x6081, 0), self.deg(objects, 0x607F, 0));
        self.limited = target != wanted || asked > fastest;
        let to = Move {
            target,
            speed: asked.min(fastest),
            accel: self.deg(objects, 0x6083, 0),
            decel: self.deg(objects, 0x6084, 0),
        };
        if view.busy && word & Controlword::CHANGE_IMMEDIATELY == 0 {
            if self.next_target.is_some() {
                return; // no room: not acknowledged
            }
            self.next_target = Some(to);
        } else {
            self.go(to, world);
        }
        self.acknowledged = true;
    }

    fn go(&mut self, to: Move, world: &mut World) {
        self.target = to.target;
        self.with_arm(world, |arm, joint| arm.go(joint, to));
    }

    /// What happened to the joint by itself. Gives the code of a fault that is new.
    pub(super) fn watch(&mut self, objects: &Objects, world: &mut World) -> Option<u16> {
        let view = self.view(world)?;
        let reacted = matches!(self.state, State::FaultReactionActive | State::Fault);
        if let Some(fault) = view.fault.filter(|_| !reacted) {
            return Some(self.begin_fault(fault, &view, objects, world));
        }
        self.follow_supply(&view);
        if self.ramp.is_some_and(|_| view.at_rest || !view.powered) {
            self.end_ramp(&view, world);
        }
        self.seek(objects, world);
        if let (Some(to), false, State::OperationEnabled) =
            (self.next_target, view.busy, self.state)
        {
            self.next_target = None;
            self.go(to, world);
        }
        None
    }

    fn begin_fault(
        &mut self,
        fault: DriveFault,
        view: &JointView,
        objects: &Objects,
        world: &mut World,
    ) -> u16 {
        self.following_error = fault == DriveFault::FollowingError;
        if view.powered && objects.get(0x605E, 0) != 0 {
            self.state = State::FaultReactionActive;
            let ramp = if objects.get(0x605E, 0) == 1 {
                0x6084
            } else {
                0x6085
            };
            self.begin_ramp(self.deg(objects, ramp, 0), After::Fault, world);
        } else {
            self.disable(world);
            self.state = State::Fault;
        }
        fault.code()
    }

    /// An emergency stop shows as a quick stop; without supply there is no way on.
    fn follow_supply(&mut self, view: &JointView) {
        use State::*;
        match self.state {
            OperationEnabled | QuickStopActive if view.safe_stop && view.powered => {
                (self.state, self.ramp, self.next_target) = (QuickStopActive, None, None);
            }
            OperationEnabled | QuickStopActive if !view.powered => {
                (self.state, self.ramp) = (SwitchOnDisabled, None);
            }
            ReadyToSwitchOn | SwitchedOn if !view.supply => self.state = SwitchOnDisabled,
            _ => {}
        }
    }

    fn end_ramp(&mut self, view: &JointView, world: &mut World) {
        match self.ramp {
            Some(After::Stay) if view.powered => {}
            Some(After::Fault) => {
                self.disable(world);
                self.state = State::Fault;
            }
            Some(After::SwitchedOn) => {
                self.disable(world);
                self.state = if view.supply {
                    State::SwitchedOn
                } else {
                    State::SwitchOnDisabled
                };
            }
            Some(After::SwitchOnDisabled | After::Stay) => self.disable(world),
            None => {}
        }
    }

    /// What the joint says of itself, into its dictionary.
    pub(super) fn show(&mut self, objects: &mut Objects, world: &World) {
        let Some(view) = self.view(world) else { return };
        let units = |deg: f64| (deg * self.units_per_deg).round() as i64;
        objects.set(0x6062, 0, units(view.wanted) + self.zero);
        objects.set(0x6064, 0, units(view.position) + self.zero);
        objects.set(0x606C, 0, units(view.velocity));
        objects.set(0x60F4, 0, units(view.wanted - view.position));
        objects.set(0x6077, 0, (1000.0 * view.torque).round() as i64);
        objects.set(0x6078, 0, (1000.0 * view.torque.abs()).round() as i64);
        let word = self.statusword(&view, objects, world.time_s() * 1000.0);
        objects.set(0x6041, 0, i64::from(word));
    }

    fn statusword(&mut self, view: &JointView, objects: &Objects, now_ms: f64) -> u16 {
        let bit = |number: u16, on: bool| u16::from(on) << number;
        let [bit_10, bit_12, bit_13] = match self.of_mode(view, objects) {
            Some(bits) => bits,
            None => [
                self.reached(view, objects, now_ms),
                self.acknowledged,
                self.following_error,
            ],
        };
        self.state_bits()
            | bit(4, view.supply)
            | bit(9, true)
            | bit(10, bit_10)
            | bit(11, self.limited)
            | bit(12, bit_12)
            | bit(13, bit_13)
    }

    pub(super) fn is_behind(&self) -> bool {
        self.following_error
    }

    fn state_bits(&self) -> u16 {
        match self.state {
            State::NotReadyToSwitchOn => 0x00,
            State::SwitchOnDisabled => 0x40,
            State::ReadyToSwitchOn => 0x21,
            State::SwitchedOn => 0x23,
            State::OperationEnabled => 0x27,
            State::QuickStopActive => 0x07,
            State::FaultReactionActive => 0x0F,
            State::Fault => 0x08,
        }
    }

    /// Bit 10: inside the window for the window's time; while stopping or halted: at rest.
    fn reached(&mut self, view: &JointView, objects: &Objects, now_ms: f64) -> bool {
        if self.state == State::QuickStopActive || self.is_halted() {
            return view.at_rest;
        }
        let inside = (view.position - self.target).abs() <= self.deg(objects, 0x6067, 0);
        if self.state != State::OperationEnabled
            || view.busy
            || self.next_target.is_some()
            || !inside
        {
            self.outside_ms = now_ms;
            return false;
        }
        now_ms - self.outside_ms >= objects.get(0x6068, 0) as f64
    }

    /// The mode was changed: what was under way comes to rest, and nothing of before is resumed.
    pub(super) fn change_mode(&mut self, objects: &Objects, world: &mut World) {
        (self.next_target, self.acknowledged, self.limited) = (None, false, false);
        self.homing = Homing::Idle;
        if let (true, Some(view)) = (self.obeys(), self.view(world)) {
            if view.busy || view.exerts {
                let decel = self.deg(objects, 0x6084, 0);
                self.with_arm(world, |arm, joint| arm.stop(joint, decel));
            }
            self.target = view.position;
            self.pursue(objects, world);
        }
    }

    pub(super) fn with_arm(
        &self,
        world: &mut World,
        act: impl FnOnce(&mut crate::world::Arm, usize),
    ) {
        if let Some(arm) = &mut world.arm {
            act(arm, self.joint);
        }
    }
}
