//! Outputs, and the stops that a plan demands: by command, by output, by a person's hand, by silence of
//! the heartbeat; and the way back, which must not restart the motion.

use crate::bench::Switch;
use crate::executor::{Cut, Executor};
use certbench_model::EventBody;
use certbench_model::step::{SetOutput, Stop};
use certbench_roles::{Device, Progress, Trouble};
use std::sync::Arc;
use std::time::Duration;

/// How long a recovered device is watched for motion of its own.
const STILL_FOR: Duration = Duration::from_millis(500);
/// Peak-to-peak that counts as standing still: a brake that takes up its play moves less.
const STILL_WITHIN_DEG: f64 = 1.0;

impl Executor {
    pub(super) fn set(&mut self, set: &SetOutput) -> Result<(), Cut> {
        let switch = self.bench.switch(set, &self.scope);
        let switch = switch.map_err(|why| self.impossible(why))?;
        if switch.moves {
            self.ensure_armed()?;
        }
        self.switch(&switch)
    }

    fn switch(&mut self, switch: &Switch) -> Result<(), Cut> {
        self.pulse()?;
        let term = switch.device.call_at_most();
        let between_ns = self.ask(switch.device.id(), term, || switch.set())?;
        self.tell(EventBody::Switched {
            output: switch.output.clone(),
            to: switch.state.clone(),
            between_ns,
        });
        // What tripped during the call set the safe state before this did: the cut sets it again.
        self.pulse()
    }

    pub(super) fn stop(&mut self, stop: &Stop) -> Result<(), Cut> {
        match stop {
            Stop::Command { device } => self.stop_by_command(device),
            Stop::Output(set) => {
                self.stopped_by_plan = true;
                self.set(set)
            }
            // What the item tells from here on is what was to be expected.
            Stop::Person(prompt) => {
                self.stopped_by_plan = true;
                self.prompt(prompt)
            }
            Stop::Heartbeat { device } => {
                let joints = self.opened(device)?;
                self.stopped_by_plan = true;
                self.withheld.insert(device.clone());
                self.command(device, "heartbeat withheld", joints.call_at_most(), || {
                    joints
                        .joints()
                        .map_or(Ok(()), |j| j.withhold_heartbeat(true))
                })
            }
            Stop::Recover { device, restore } => self.recover(device, restore.as_ref()),
        }
    }

    /// The device's own stop command: sent, not awaited; what it does is what the case measures.
    fn stop_by_command(&mut self, id: &str) -> Result<(), Cut> {
        let device = self.opened(id)?;
        let Some(halt) = device.halt() else {
            return Err(self.trouble(id, &Trouble::Refused("it has no stop command".into())));
        };
        self.stopped_by_plan = true;
        let sent = halt.halt();
        let (result, text) = match &sent {
            Ok(()) => ("sent", "demanded by the plan".to_string()),
            Err(Trouble::Refused(why)) => ("refused", why.clone()),
            Err(trouble) => ("failed", trouble.to_string()),
        };
        self.tell(EventBody::Halted {
            device: id.to_string(),
            planned: true,
            result: result.to_string(),
            text,
        });
        sent.map_err(|trouble| self.trouble(id, &trouble))
    }

    fn recover(&mut self, id: &str, restore: Option<&SetOutput>) -> Result<(), Cut> {
        self.ensure_armed()?;
        if let Some(set) = restore {
            self.set(set)?;
        }
        self.feed_heartbeats()?;
        let device = self.opened(id)?;
        let Some(power) = device.power() else {
            return Err(self.trouble(id, &Trouble::Refused("it cannot be recovered".into())));
        };
        self.command(id, "recover", power.at_most(), || power.recover())?;
        self.stands_still(id, &device)?;
        self.stopped_by_plan = false;
        Ok(())
    }

    /// A stop that was reset must not restart the motion.
    fn stands_still(&mut self, id: &str, device: &Arc<dyn Device>) -> Result<(), Cut> {
        let until = self.now() + STILL_FOR;
        let mut ranges: Vec<(f64, f64)> = Vec::new();
        while self.now() < until {
            if let Some(joints) = device.joints() {
                let angles = self.ask(id, device.call_at_most(), || joints.positions_deg())?;
                ranges.resize(angles.len(), (f64::INFINITY, f64::NEG_INFINITY));
                for (range, deg) in ranges.iter_mut().zip(angles) {
                    *range = (range.0.min(deg), range.1.max(deg));
                }
                let wandered = |(least, most): &(f64, f64)| most - least > STILL_WITHIN_DEG;
                if let Some(joint) = ranges.iter().position(wandered) {
                    return Err(self.restarted(id, format!("joint {} moves", joint + 1)));
                }
            } else if let Some(hand) = device.grasp() {
                let progress = self.ask(id, device.call_at_most(), || hand.progress())?;
                if progress == Progress::Moving {
                    return Err(self.restarted(id, "its fingers move".to_string()));
                }
            }
            self.wait_until(self.now() + STILL_FOR / 10)?;
        }
        Ok(())
    }

    fn restarted(&mut self, id: &str, what: String) -> Cut {
        let text = format!("{what} after the reset of a stop, without a command");
        let code = "restart-after-reset".to_string();
        self.trouble(id, &Trouble::Event { code, text })
    }

    pub(super) fn opened(&mut self, id: &str) -> Result<Arc<dyn Device>, Cut> {
        let device = self.bench.device(id).cloned();
        device.map_err(|why| self.impossible(why))
    }
}
