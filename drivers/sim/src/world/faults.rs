//! What goes wrong on demand: when, and what it does to the world.

use std::collections::BTreeMap;
use std::time::Duration;

use certbench_link::faulty::{Fault, Faults};
use serde_json::json;

use crate::config::{FaultConfig, FaultKind, Trigger};

use super::World;
use super::arm::NodeTrouble;
use super::gauge::Ailment;
use super::joint::DriveFault;

/// Noise that contains headers of the protocols here, so that a receiver is led astray.
const GARBAGE: &[u8] = &[
    0x55, 0x90, 0xEB, 0x01, 0xFF, 0xEB, 0x90, 0x00, 0x0D, 0x2D, 0x74, 0x35,
];

/// What a device of the bench is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    Hand,
    Arm,
    Gauge,
    Tracker,
    Io,
    /// A meter of something that nothing else in the world touches.
    Meter,
    /// The load machine of the rig.
    Load,
    /// An instrument at the rig.
    Probe,
}

/// A fault and where it stands.
#[derive(Clone, Debug)]
struct Scheduled {
    fault: FaultConfig,
    state: State,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum State {
    Waiting,
    Due(u64),
    Acting(Option<u64>),
    Over,
}

/// All faults of a world, and the handles on its links.
#[derive(Default)]
pub(crate) struct Schedule {
    faults: Vec<Scheduled>,
    devices: BTreeMap<String, (Part, Faults)>,
}

impl Schedule {
    pub(crate) fn new(faults: &[FaultConfig]) -> Schedule {
        let scheduled = |fault: &FaultConfig| Scheduled {
            fault: fault.clone(),
            state: State::Waiting,
        };
        Schedule {
            faults: faults.iter().map(scheduled).collect(),
            devices: BTreeMap::new(),
        }
    }

    /// The next step at which something begins or ends by itself.
    pub(crate) fn next_step(&self) -> Option<u64> {
        let steps = self
            .faults
            .iter()
            .filter_map(|scheduled| match scheduled.state {
                State::Due(step) | State::Acting(Some(step)) => Some(step),
                _ => None,
            });
        steps.min()
    }
}

/// How long a fault lasts; for ever without.
fn duration_s(fault: &FaultConfig) -> Option<f64> {
    fault
        .for_s
        .or((fault.kind == FaultKind::Restart).then_some(1.0))
}

impl World {
    /// Tells the world what a device of the bench is; gives the handle to put on its link.
    pub(crate) fn register(&mut self, device: &str, part: Part) -> Faults {
        let handle = Faults::new();
        self.schedule
            .devices
            .insert(device.into(), (part, handle.clone()));
        handle
    }

    /// Whether the devices that faults name exist and can fail like that.
    pub(crate) fn check_faults(&self) -> Result<(), String> {
        self.schedule
            .faults
            .iter()
            .try_for_each(|scheduled| self.check_fault(&scheduled.fault))
    }

    pub(super) fn check_fault(&self, fault: &FaultConfig) -> Result<(), String> {
        use FaultKind::*;
        let (part, _) = self.schedule.devices.get(&fault.device).ok_or_else(|| {
            let known: Vec<_> = self.schedule.devices.keys().map(String::as_str).collect();
            format!(
                "no simulated device is called `{}`; there are {}",
                fault.device,
                known.join(", ")
            )
        })?;
        let possible = match fault.kind {
            Silence | Garbage | Truncated | Late | Deaf => true,
            Stuck if *part == Part::Io => true,
            Stuck | OverRange | Drift => {
                matches!(part, Part::Gauge | Part::Tracker | Part::Probe)
            }
            OverTemperature | DroppedLoad => matches!(part, Part::Hand | Part::Arm),
            Emcy | HeartbeatLoss | SlowBrake | EncoderSlip => *part == Part::Arm,
            Restart => *part != Part::Tracker,
        };
        if !possible {
            return Err(format!(
                "{} cannot fail like that ({:?})",
                fault.device, fault.kind
            ));
        }
        if *part == Part::Arm && fault.node.is_some_and(|node| self.joint_of(node).is_none()) {
            return Err(format!(
                "{} has no node {}",
                fault.device,
                fault.node.unwrap_or_default()
            ));
        }
        fault.check().map_err(|e| e.0)
    }

    /// A fault at its time or trigger; at once when it has neither.
    ///
    /// # Errors
    /// In words, when there is no such device or it cannot fail like that.
    pub fn fault(&mut self, fault: &FaultConfig) -> Result<(), String> {
        self.check_fault(fault)?;
        self.schedule.faults.push(Scheduled {
            fault: fault.clone(),
            state: State::Waiting,
        });
        self.watch_faults();
        Ok(())
    }

    /// Repairs everything that acts on a device, and forgets what is to come.
    pub fn repair(&mut self, device: &str) {
        for i in 0..self.schedule.faults.len() {
            let Scheduled { fault, state } = &self.schedule.faults[i];
            if fault.device == device && *state != State::Over {
                let (fault, acting) = (fault.clone(), matches!(state, State::Acting(_)));
                self.schedule.faults[i].state = State::Over;
                if acting {
                    self.end_fault(&fault);
                }
            }
        }
    }

    /// Begins and ends what is due; called at every step that the physics takes.
    pub(crate) fn watch_faults(&mut self) {
        for i in 0..self.schedule.faults.len() {
            loop {
                let Scheduled { fault, state } = &self.schedule.faults[i];
                let next = match *state {
                    State::Waiting => self.begins(fault).map(State::Due),
                    State::Due(step) if step <= self.step => {
                        let fault = fault.clone();
                        self.begin_fault(&fault);
                        let lasts =
                            duration_s(&fault).map(|s| self.step + self.grid.steps(1000.0 * s));
                        Some(State::Acting(lasts))
                    }
                    State::Acting(Some(step)) if step <= self.step => {
                        let fault = fault.clone();
                        self.end_fault(&fault);
                        Some(State::Over)
                    }
                    _ => None,
                };
                match next {
                    Some(next) => self.schedule.faults[i].state = next,
                    None => break,
                }
            }
        }
    }

    /// At which step a waiting fault begins, once that is known.
    fn begins(&self, fault: &FaultConfig) -> Option<u64> {
        let after = self.grid.steps(fault.after_ms);
        let happened = match fault.on {
            None => return Some(self.grid.steps(1000.0 * fault.at_s.unwrap_or(0.0)) + after),
            Some(Trigger::Moving) => self.arm.as_ref().is_some_and(|arm| arm.is_moving_fast()),
            Some(Trigger::Grasped) => self.hand.as_ref().is_some_and(|hand| hand.has_grasped()),
            Some(Trigger::SupportLowered) => {
                self.hand.as_ref().is_some_and(|hand| !hand.support_is_up())
            }
            Some(Trigger::EstopOpen) => self.io.chain_is_open(),
        };
        let in_time = fault
            .at_s
            .is_none_or(|s| self.step >= self.grid.steps(1000.0 * s));
        (happened && in_time).then_some(self.step + after)
    }

    fn begin_fault(&mut self, fault: &FaultConfig) {
        self.log.note(self.step, "fault begins", json!(fault));
        let step = self.step;
        let joint = fault.node.and_then(|node| self.joint_of(node));
        let link = self.schedule.devices.get(&fault.device).cloned();
        let Some((part, link)) = link else { return };
        match fault.kind {
            FaultKind::Silence => link.always(Some(Fault::Silence)),
            FaultKind::Garbage => link.always(Some(Fault::Garbage(GARBAGE.to_vec()))),
            FaultKind::Truncated => link.always(Some(Fault::Truncated(5))),
            FaultKind::Late => link.always(Some(Fault::Late(Duration::from_secs_f64(
                fault.by_ms.unwrap_or(0.0) / 1000.0,
            )))),
            FaultKind::Deaf => link.deaf(true),
            FaultKind::Stuck if part == Part::Io => self.io.stuck = true,
            FaultKind::Stuck => self.ail(fault, part, |ailment| ailment.stuck_since = Some(step)),
            FaultKind::OverRange => self.ail(fault, part, |ailment| ailment.over_range = true),
            FaultKind::Drift => self.ail(fault, part, |ailment| {
                ailment.drift = Some((fault.rate_per_s.unwrap_or(0.0), step))
            }),
            FaultKind::EncoderSlip => {
                if let (Some(arm), Some(joint)) = (&mut self.arm, joint) {
                    arm.slip(joint, fault.by_deg.unwrap_or(0.0));
                }
            }
            FaultKind::OverTemperature => self.overheat(part, fault.node, joint),
            FaultKind::Emcy => {
                if let (Some(arm), Some(joint)) = (&mut self.arm, joint) {
                    arm.fail(joint, DriveFault::Reported(fault.code.unwrap_or(0x1000)));
                }
            }
            FaultKind::HeartbeatLoss => self.trouble(joint, NodeTrouble::Mute(true)),
            FaultKind::DroppedLoad => self.drop_load(part),
            FaultKind::SlowBrake => {
                if let Some(arm) = &mut self.arm {
                    arm.brake_wear = fault.factor.unwrap_or(1.0);
                }
            }
            FaultKind::Restart => self.restart(part, joint, duration_s(fault), &link),
        }
    }

    fn end_fault(&mut self, fault: &FaultConfig) {
        self.log.note(self.step, "fault ends", json!(fault));
        let joint = fault.node.and_then(|node| self.joint_of(node));
        let link = self.schedule.devices.get(&fault.device).cloned();
        let Some((part, link)) = link else { return };
        match fault.kind {
            FaultKind::Silence | FaultKind::Garbage | FaultKind::Truncated | FaultKind::Late => {
                link.always(None)
            }
            FaultKind::Deaf => link.deaf(false),
            FaultKind::Stuck if part == Part::Io => self.io.stuck = false,
            FaultKind::Stuck => self.ail(fault, part, |ailment| ailment.stuck_since = None),
            FaultKind::OverRange => self.ail(fault, part, |ailment| ailment.over_range = false),
            FaultKind::Drift => self.ail(fault, part, |ailment| ailment.drift = None),
            FaultKind::HeartbeatLoss => self.trouble(joint, NodeTrouble::Mute(false)),
            FaultKind::SlowBrake => {
                if let Some(arm) = &mut self.arm {
                    arm.brake_wear = 1.0;
                }
            }
            FaultKind::Restart if part == Part::Arm => self.trouble(joint, NodeTrouble::Off(false)),
            FaultKind::Restart => {
                link.always(None);
                link.deaf(false);
            }
            // what heat, a report, a fall or lost counts have done stays
            FaultKind::OverTemperature
            | FaultKind::Emcy
            | FaultKind::DroppedLoad
            | FaultKind::EncoderSlip => {}
        }
    }

    fn ail(&mut self, fault: &FaultConfig, part: Part, change: impl FnOnce(&mut Ailment)) {
        match part {
            Part::Gauge => change(&mut self.gauge.ailment),
            Part::Tracker => change(&mut self.tracker.ailment),
            Part::Probe => {
                let mut all = self.probes.iter_mut();
                if let Some(probe) = all.find(|probe| probe.device == fault.device) {
                    change(&mut probe.ailment);
                }
            }
            Part::Hand | Part::Arm | Part::Io | Part::Meter | Part::Load => {}
        }
    }

    fn overheat(&mut self, part: Part, number: Option<u8>, joint: Option<usize>) {
        let step = self.step;
        match (part, &mut self.hand, &mut self.arm) {
            (Part::Hand, Some(hand), _) => {
                let limit = hand.config.heat.limit_c;
                for finger in (0..6).filter(|i| number.is_none_or(|n| usize::from(n) == i + 1)) {
                    hand.with_finger(finger, |f| f.heat_to(step, limit + 5.0));
                }
            }
            (Part::Arm, _, Some(arm)) => {
                (0..6)
                    .filter(|i| joint.is_none_or(|j| j == *i))
                    .for_each(|i| arm.fail(i, DriveFault::OverTemperature));
            }
            _ => {}
        }
    }

    fn drop_load(&mut self, part: Part) {
        let step = self.step;
        match (part, &mut self.hand, &mut self.arm) {
            (Part::Hand, Some(hand), _) => {
                hand.knock_out();
            }
            (Part::Arm, _, Some(arm)) => arm.set_load(step, 0.0),
            _ => {}
        }
    }

    fn trouble(&mut self, joint: Option<usize>, trouble: NodeTrouble) {
        if let Some(arm) = &mut self.arm {
            arm.trouble.extend(
                (0..6)
                    .filter(|i| joint.is_none_or(|j| j == *i))
                    .map(|i| (i, trouble)),
            );
        }
    }

    fn restart(&mut self, part: Part, joint: Option<usize>, off_s: Option<f64>, link: &Faults) {
        let step = self.step;
        if part == Part::Arm {
            for i in (0..6).filter(|i| joint.is_none_or(|j| j == *i)) {
                if let Some(arm) = &mut self.arm {
                    arm.power_off(i, step);
                    arm.clear_fault(i);
                }
            }
            self.trouble(joint, NodeTrouble::Off(true));
            return;
        }
        link.always(Some(Fault::Silence));
        link.deaf(true);
        match part {
            Part::Hand => {
                let steps = self.grid.steps(1000.0 * off_s.unwrap_or(1.0));
                if let Some(hand) = &mut self.hand {
                    hand.restart(step, steps);
                }
            }
            Part::Gauge => self.gauge.restart(),
            Part::Io => self.io.restart(step),
            Part::Load => {
                if let Some(rig) = &mut self.rig {
                    rig.set_torque(None);
                }
            }
            Part::Arm | Part::Tracker | Part::Meter | Part::Probe => {}
        }
    }
}
