//! Programs of the arm's own controller: taught poses, one after the other, when the relay box says so.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::config::{ProgramConfig, VisitConfig};

use super::arm::Arm;
use super::grid::Grid;
use super::log::Log;
use super::profile::Move;

/// Acceleration of every joint, deg/s².
const ACCEL_DEG_S2: f64 = 300.0;
/// At rest for so long is there, ms.
const THERE_MS: f64 = 60.0;

/// What the controller is told by its inputs.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Told {
    pub(crate) start: bool,
    pub(crate) stop: bool,
    pub(crate) number: u16,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Stand {
    Idle,
    /// Under way to the visit, at rest since this step.
    Moving(Option<u64>),
    /// At the visit until this step.
    Dwelling(u64),
    /// Told to stop, and not yet at rest.
    Stopping,
}

/// The controller.
pub(crate) struct Programs {
    programs: BTreeMap<u16, ProgramConfig>,
    grid: Grid,
    stand: Stand,
    number: u16,
    pass: u32,
    visit: usize,
    started: bool,
    done: bool,
    /// Selected at the pendant; added to what the inputs say.
    selected: u16,
}

impl Programs {
    pub(crate) fn new(programs: &BTreeMap<u16, ProgramConfig>, grid: Grid) -> Programs {
        Programs {
            programs: programs.clone(),
            grid,
            stand: Stand::Idle,
            number: 0,
            pass: 0,
            visit: 0,
            started: false,
            done: false,
            selected: 0,
        }
    }

    pub(crate) fn is_busy(&self) -> bool {
        self.stand != Stand::Idle
    }

    pub(crate) fn is_done(&self) -> bool {
        self.done
    }

    pub(crate) fn is_at_pose(&self) -> bool {
        matches!(self.stand, Stand::Dwelling(_))
    }

    /// Nothing happens by itself before [`Programs::next_step`].
    pub(crate) fn is_quiet(&self) -> bool {
        matches!(self.stand, Stand::Idle | Stand::Dwelling(_))
    }

    /// When it goes on by itself.
    pub(crate) fn next_step(&self) -> Option<u64> {
        match self.stand {
            Stand::Dwelling(until) => Some(until),
            _ => None,
        }
    }

    pub(crate) fn step(&mut self, step: u64, told: Told, arm: &mut Arm, log: &mut Log) {
        let edge = told.start && !self.started;
        self.started = told.start;
        let failed = |joint: usize| arm.view(joint).is_some_and(|view| view.fault.is_some());
        if told.stop || self.is_busy() && (0..6).any(failed) {
            self.stop(step, arm, log);
        }
        match self.stand {
            Stand::Idle if edge && !told.stop => {
                self.start(step, told.number + self.selected, arm, log);
            }
            Stand::Idle => {}
            Stand::Stopping => {
                if arm.is_at_rest() {
                    self.stand = Stand::Idle;
                }
            }
            Stand::Moving(since) => {
                let since = since.filter(|_| arm.is_at_rest());
                let since = since.or_else(|| arm.is_at_rest().then_some(step));
                self.stand = Stand::Moving(since);
                let there = self.grid.steps(THERE_MS);
                if since.is_some_and(|since| step >= since + there) {
                    self.arrive(step, arm, log);
                }
            }
            Stand::Dwelling(until) if step >= until => self.leave(step, arm, log),
            Stand::Dwelling(_) => {}
        }
    }

    fn stop(&mut self, step: u64, arm: &mut Arm, log: &mut Log) {
        if self.is_busy() && self.stand != Stand::Stopping {
            (0..6).for_each(|joint| arm.stop(joint, ACCEL_DEG_S2));
            self.stand = Stand::Stopping;
            log.note(step, "program stopped", json!({ "number": self.number }));
        }
    }

    /// What somebody does at the pendant: the first of `select`, `start` and `stop` that the words have,
    /// with the number of the program behind `select`.
    pub(crate) fn press(
        &mut self,
        step: u64,
        words: &str,
        arm: &mut Arm,
        log: &mut Log,
    ) -> Result<(), String> {
        let mut words_of = words.split_whitespace().map(str::to_lowercase);
        let key = words_of.find(|w| matches!(w.as_str(), "select" | "start" | "stop"));
        match key.as_deref() {
            Some("select") => {
                let number = words_of.find_map(|w| w.trim_end_matches('.').parse().ok());
                self.selected = number.ok_or_else(|| format!("`{words}` names no number"))?;
            }
            Some("start") if self.is_busy() => return Err("a program is under way".into()),
            Some("start") => self.start(step, self.selected, arm, log),
            Some(_) => self.stop(step, arm, log),
            None => return Err(format!("`{words}` says neither select, start nor stop")),
        }
        Ok(())
    }

    fn start(&mut self, step: u64, number: u16, arm: &mut Arm, log: &mut Log) {
        self.done = false;
        if !self.programs.contains_key(&number) {
            log.note(step, "no such program", json!({ "number": number }));
            return;
        }
        log.note(step, "program starts", json!({ "number": number }));
        (self.number, self.pass, self.visit) = (number, 0, 0);
        (0..6).for_each(|joint| arm.power_on(joint, step));
        self.go(arm);
    }

    fn here(&self) -> Option<(&ProgramConfig, &VisitConfig)> {
        let program = self.programs.get(&self.number)?;
        Some((program, program.visits.get(self.visit)?))
    }

    /// All joints begin and end together.
    fn go(&mut self, arm: &mut Arm) {
        self.stand = Stand::Moving(None);
        let Some((program, visit)) = self.here() else {
            return;
        };
        let way = |joint: usize| {
            let here = arm.view(joint).map_or(0.0, |view| view.position);
            (visit.joint_deg[joint] - here).abs()
        };
        let fastest = |joint: usize| program.speed * arm.config.speed_deg_s[joint];
        let longest = (0..6).map(|joint| way(joint) / fastest(joint));
        let longest_s = longest.fold(0.0, f64::max).max(1e-3);
        let moves: [Move; 6] = std::array::from_fn(|joint| Move {
            target: visit.joint_deg[joint],
            speed: (way(joint) / longest_s).max(1e-3),
            accel: ACCEL_DEG_S2,
            decel: ACCEL_DEG_S2,
        });
        for (joint, to) in moves.into_iter().enumerate() {
            arm.go(joint, to);
        }
    }

    fn arrive(&mut self, step: u64, arm: &mut Arm, log: &mut Log) {
        let dwell_s = self.here().map_or(0.0, |(_, visit)| visit.dwell_s);
        if dwell_s > 0.0 {
            self.stand = Stand::Dwelling(step + self.grid.steps(1000.0 * dwell_s).max(1));
        } else {
            self.leave(step, arm, log);
        }
    }

    fn leave(&mut self, step: u64, arm: &mut Arm, log: &mut Log) {
        let (visits, passes) = self.here().map_or((0, 0), |(program, _)| {
            (program.visits.len(), program.passes)
        });
        self.visit += 1;
        if self.visit >= visits {
            self.visit = 0;
            self.pass += 1;
        }
        if self.pass >= passes {
            self.stand = Stand::Idle;
            self.done = true;
            log.note(step, "program ends", json!({ "number": self.number }));
            return;
        }
        self.go(arm);
    }

    pub(crate) fn state(&self) -> Value {
        json!({ "busy": self.is_busy(), "done": self.done, "number": self.number, "pass": self.pass, "visit": self.visit })
    }
}
