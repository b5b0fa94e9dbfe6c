//! Power: leading every drive through the states of CiA 402.

use std::time::Duration;

use certbench_model::FaultKind;
use certbench_roles::{Power, Trouble};
use certbench_wire::canopen::NmtState;
use certbench_wire::canopen::cia402::{Controlword, Goal, Next, State, next_command};
use certbench_wire::canopen::object;

use super::arm::Arm;
use super::config::Joint;

/// A drive that is not there by then (brakes included) does not get there.
const PATIENCE: Duration = Duration::from_secs(3);
/// Between two looks at a drive.
const LOOK: Duration = Duration::from_millis(5);

impl Power for Arm {
    fn at_most(&self) -> Duration {
        self.config.given_up_after(self.config.power_patience)
    }

    fn enable(&self) -> Result<(), Trouble> {
        let _call = self.within(self.config.power_patience, "switching power");
        let halts = self.halts();
        for (index, joint) in self.config.joints.iter().enumerate() {
            self.prepare(index, joint)?;
        }
        for joint in &self.config.joints {
            self.lead(joint, Goal::Enabled, halts)?;
        }
        *self.halted() = None;
        Ok(())
    }

    fn disable(&self) -> Result<(), Trouble> {
        let _call = self.within(self.config.power_patience, "switching power");
        let halts = self.halts();
        self.rest();
        for joint in &self.config.joints {
            self.lead(joint, Goal::Disabled, halts)?;
        }
        Ok(())
    }

    fn recover(&self) -> Result<(), Trouble> {
        let _call = self.within(self.config.power_patience, "switching power");
        let halts = self.halts();
        self.rest();
        for (index, joint) in self.config.joints.iter().enumerate() {
            let known = self.nodes().get(index).is_some_and(|node| {
                node.configured && matches!(node.heartbeat, Some((NmtState::Operational, _)))
            });
            if !known {
                self.configure(index)?;
            }
            if let (_, State::Fault | State::FaultReactionActive) = self.state(joint)? {
                self.lead(joint, Goal::FaultCleared, halts)?;
            }
            if let Some(node) = self.nodes().get_mut(index) {
                node.told = Default::default();
            }
        }
        self.enable()
    }
}

impl Arm {
    /// Mode, ramps, and the target where the joint stands, so that power alone moves nothing.
    fn prepare(&self, index: usize, joint: &Joint) -> Result<(), Trouble> {
        if let (_, State::Fault | State::FaultReactionActive) = self.state(joint)? {
            return Err(self.fault(joint));
        }
        if let Some(node) = self.nodes().get_mut(index) {
            node.mode = None; // it may have gone astray meanwhile
        }
        self.take_mode(index, self.config.position_mode())?;
        if let Some(deg) = self.config.acceleration {
            let rate = joint.rate(deg).to_le_bytes();
            self.write(joint, object::PROFILE_ACCELERATION, &rate)?;
            self.write(joint, object::PROFILE_DECELERATION, &rate)?;
        }
        if let Some(deg) = self.config.stop_deceleration {
            self.write(
                joint,
                object::QUICK_STOP_DECELERATION,
                &joint.rate(deg).to_le_bytes(),
            )?;
        }
        Ok(())
    }

    /// Leads a drive to a goal, step by step. A halt that comes between wins.
    fn lead(&self, joint: &Joint, goal: Goal, halts: u64) -> Result<(), Trouble> {
        let until = self.now() + PATIENCE;
        loop {
            let (_, state) = self.state(joint)?;
            match next_command(state, goal) {
                Next::Arrived => return Ok(()),
                Next::Faulted => return Err(self.fault(joint)),
                Next::Wait => (),
                Next::Write(words) => words
                    .iter()
                    .try_for_each(|word| self.control(joint, *word, goal, halts))?,
            }
            if self.now() >= until {
                return Err(Trouble::Event {
                    code: "state".into(),
                    text: format!(
                        "{} stays in `{state}`; it was to become {goal:?}",
                        joint.who()
                    ),
                });
            }
            self.bus.clock().sleep(LOOK);
        }
    }

    fn control(
        &self,
        joint: &Joint,
        word: Controlword,
        goal: Goal,
        halts: u64,
    ) -> Result<(), Trouble> {
        if goal == Goal::Enabled {
            return self.unless_halted(halts, || {
                self.write(joint, object::CONTROLWORD, &word.to_bytes())
            });
        }
        self.write(joint, object::CONTROLWORD, &word.to_bytes())
    }

    /// Does what would undo a halt, unless there was one; when one came meanwhile, halts again.
    pub(super) fn unless_halted(
        &self,
        halts: u64,
        act: impl FnOnce() -> Result<(), Trouble>,
    ) -> Result<(), Trouble> {
        let crossed = || Trouble::Refused(format!("{}: halted meanwhile", self.config.id));
        if self.halts() != halts {
            return Err(crossed());
        }
        let done = act();
        if self.halts() != halts {
            self.rest();
            self.send_stops()?;
            return Err(crossed());
        }
        done
    }

    /// The drive's own error, with its code where it tells it.
    fn fault(&self, joint: &Joint) -> Trouble {
        let code: Result<[u8; 2], _> = self.bus.read(joint.node, object::ERROR_CODE);
        match code.map(u16::from_le_bytes) {
            Ok(code) => Trouble::Event {
                code: format!("fault-0x{code:04x}"),
                text: format!("{} is in fault, error code {code:04X}", joint.who()),
            },
            Err(_) => Trouble::Event {
                code: "fault".into(),
                text: format!("{} is in fault", joint.who()),
            },
        }
    }

    /// A fault of the harness's own making.
    pub(super) fn not_sampled(&self) -> Trouble {
        let text = format!(
            "{}: nothing is sampled, so nothing is known of its motion",
            self.config.id
        );
        Trouble::Fault(FaultKind::Harness, text)
    }
}
