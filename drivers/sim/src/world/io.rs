//! The relay and input box: coils, their contacts, and what is wired to them.

use std::collections::BTreeMap;

use crate::config::{InputWire, IoConfig, OutputWire};
use crate::dynamics::Delayed;

use super::grid::Grid;
use super::programs::Told;

/// What inputs can see.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Contacts {
    pub(crate) drive_power: bool,
    pub(crate) stop_pressed: bool,
    pub(crate) support_up: bool,
    pub(crate) support_down: bool,
    pub(crate) program_busy: bool,
    pub(crate) program_done: bool,
    pub(crate) program_at_pose: bool,
    pub(crate) joint_runs: bool,
}

pub(crate) struct Io {
    pub(crate) config: IoConfig,
    grid: Grid,
    contacts: Vec<Delayed<bool>>,
    inputs: Vec<(Option<InputWire>, Delayed<bool>)>,
    registers: BTreeMap<u16, u16>,
    /// Its inputs stay as they are, whatever they see.
    pub(crate) stuck: bool,
}

impl Io {
    pub(crate) fn new(config: &IoConfig, grid: Grid) -> Io {
        let input = |number| (config.inputs.get(&number).copied(), Delayed::new(false));
        Io {
            contacts: (0..config.channels).map(|_| Delayed::new(false)).collect(),
            inputs: (0..config.channels).map(input).collect(),
            registers: config.registers.keys().map(|number| (*number, 0)).collect(),
            stuck: false,
            config: config.clone(),
            grid,
        }
    }

    /// Switches a coil; `None` when there is no such coil.
    pub(crate) fn switch(&mut self, step: u64, coil: u16, on: bool) -> Option<()> {
        let due = step + self.grid.steps(self.config.relay_ms);
        self.contacts.get_mut(usize::from(coil))?.set(due, on);
        Some(())
    }

    /// Whether it has registers at all: a box of relays has none.
    pub(crate) fn has_registers(&self) -> bool {
        !self.registers.is_empty()
    }

    /// Writes a register; `None` when nobody reads it.
    pub(crate) fn write(&mut self, number: u16, value: u16) -> Option<()> {
        *self.registers.get_mut(&number)? = value;
        Some(())
    }

    /// What the arm's own controller is told.
    pub(crate) fn told(&self) -> Told {
        let mut told = Told::default();
        for (wire, on) in self.wired().filter(|(_, on)| *on) {
            match wire {
                OutputWire::ProgramStart => told.start = on,
                OutputWire::ProgramStop => told.stop = on,
                OutputWire::ProgramBit0 => told.number += 1,
                OutputWire::ProgramBit1 => told.number += 2,
                OutputWire::ProgramBit2 => told.number += 4,
                _ => {}
            }
        }
        let sum: u16 = self.registers.values().fold(0, |a, b| a.saturating_add(*b));
        told.number = told.number.saturating_add(sum);
        told
    }

    /// Whether the joint on the load machine is to run.
    pub(crate) fn joint_runs(&self) -> bool {
        self.wired()
            .any(|(wire, on)| wire == OutputWire::JointRun && on)
    }

    /// Whether the pulling device pulls.
    pub(crate) fn pulls(&self) -> bool {
        self.wired()
            .any(|(wire, on)| wire == OutputWire::Pull && on)
    }

    /// What a coil was last told.
    pub(crate) fn coil(&self, coil: u16) -> Option<bool> {
        self.contacts.get(usize::from(coil)).map(Delayed::last)
    }

    pub(crate) fn input(&self, input: u16) -> Option<bool> {
        self.inputs
            .get(usize::from(input))
            .map(|(_, state)| state.get())
    }

    /// All coils off, as after power-on.
    pub(crate) fn restart(&mut self, step: u64) {
        self.contacts
            .iter_mut()
            .for_each(|contact| contact.replace(step, false));
    }

    /// Whether the emergency-stop chain is open.
    pub(crate) fn chain_is_open(&self) -> bool {
        self.wired().any(|(wire, on)| {
            matches!(
                (wire, on),
                (OutputWire::EstopOpen, true) | (OutputWire::EstopClosed, false)
            )
        })
    }

    /// Whether a coil takes the drives' supply away.
    pub(crate) fn power_is_cut(&self) -> bool {
        self.wired()
            .any(|(wire, on)| wire == OutputWire::PowerCut && on)
    }

    fn wired(&self) -> impl Iterator<Item = (OutputWire, bool)> + '_ {
        self.config
            .outputs
            .iter()
            .filter_map(|(coil, wire)| Some((*wire, self.contacts.get(usize::from(*coil))?.get())))
    }

    /// Lets contacts act; where the support is sent by them (up is true), if one changed.
    pub(crate) fn step_contacts(&mut self, step: u64) -> Option<bool> {
        let mut sent = None;
        for (number, contact) in (0u16..).zip(&mut self.contacts) {
            if !contact.advance(step) {
                continue;
            }
            sent = match self.config.outputs.get(&number) {
                Some(OutputWire::SupportLowered) => Some(!contact.get()),
                Some(OutputWire::SupportRaised) => Some(contact.get()),
                _ => sent,
            };
        }
        sent
    }

    pub(crate) fn step_inputs(&mut self, step: u64, seen: Contacts) {
        if self.stuck {
            return;
        }
        let open = self.chain_is_open();
        let cut = self.power_is_cut();
        let due = step + self.grid.steps(self.config.input_ms);
        for (wire, state) in &mut self.inputs {
            let level = match wire {
                Some(InputWire::EstopOpen) => open,
                Some(InputWire::EstopClosed) => !open,
                Some(InputWire::PowerCut) => cut,
                Some(InputWire::DrivePower) => seen.drive_power,
                Some(InputWire::StopPressed) => seen.stop_pressed,
                Some(InputWire::SupportRaised) => seen.support_up,
                Some(InputWire::SupportLowered) => seen.support_down,
                Some(InputWire::ProgramBusy) => seen.program_busy,
                Some(InputWire::ProgramDone) => seen.program_done,
                Some(InputWire::ProgramAtPose) => seen.program_at_pose,
                Some(InputWire::JointRuns) => seen.joint_runs,
                None => false,
            };
            state.set(due, level);
            state.advance(step);
        }
    }

    pub(crate) fn is_quiet(&self) -> bool {
        self.contacts.iter().all(Delayed::is_settled)
            && self.inputs.iter().all(|(_, state)| state.is_settled())
    }
}
