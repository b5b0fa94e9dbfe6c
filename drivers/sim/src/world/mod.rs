//! One world: what stands in it, what gravity does to it, and what can be seen of it.
//!
//! Time is a grid of absolute steps; `advance_to` computes all steps up to a time. While nothing moves
//! it jumps. Noise depends on (seed, what, count) and never on who asked when, so two worlds with the
//! same configuration that are told the same things at the same times are the same world.

mod arm;
mod faults;
mod finger;
mod gauge;
mod grid;
mod hand;
mod io;
mod joint;
mod log;
mod object;
mod probes;
mod profile;
mod programs;
mod rig;
mod stand;
mod tracker;

pub(crate) use arm::{Arm, JointView, NodeTrouble};
pub(crate) use faults::Part;
pub(crate) use finger::Doing;
pub(crate) use hand::FingerView;
pub(crate) use joint::DriveFault;
pub(crate) use profile::Move;

pub use log::Happening;

use serde_json::{Value, json};

use crate::config::{BadConfig, ProbeConfig, WorldConfig};
use crate::rng::Noise;

use faults::Schedule;
use gauge::Gauge;
use grid::Grid;
use hand::Hand;
use io::{Contacts, Io};
use log::Log;
use probes::Probing;
use programs::Programs;
use rig::Rig;
use stand::{Stand, Wall};
use tracker::Tracker;

/// Instruments look back at most so far, ms.
const REMEMBER_MS: f64 = 1500.0;

/// The world of one simulated bench.
pub struct World {
    seed: u64,
    grid: Grid,
    step: u64,
    pub(crate) hand: Option<Hand>,
    pub(crate) arm: Option<Arm>,
    pub(crate) gauge: Gauge,
    pub(crate) tracker: Tracker,
    pub(crate) io: Io,
    programs: Option<Programs>,
    pub(crate) rig: Option<Rig>,
    stand: Option<Stand>,
    wall: Option<Wall>,
    /// Somebody has changed what the gauge feels.
    fresh: bool,
    probes: Vec<Probing>,
    schedule: Schedule,
    pub(crate) log: Log,
}

impl World {
    /// A world at time zero.
    ///
    /// # Errors
    /// [`BadConfig`] as [`WorldConfig::check`].
    pub fn new(config: &WorldConfig) -> Result<World, BadConfig> {
        config.check()?;
        let grid = Grid::new(config.step_us);
        let noise = Noise::new(config.seed);
        let remember = grid.steps(REMEMBER_MS);
        let hand = config
            .hand
            .as_ref()
            .map(|hand| Hand::new(hand, grid, noise));
        let force = hand.as_ref().map_or(0.0, Hand::gauge_n);
        let mut world = World {
            seed: config.seed,
            grid,
            step: 0,
            hand,
            arm: config
                .arm
                .as_ref()
                .map(|arm| Arm::new(arm, grid, noise, remember)),
            gauge: Gauge::new(&config.gauge, grid, noise, force, remember),
            tracker: Tracker::new(&config.tracker, grid, noise),
            io: Io::new(&config.io, grid),
            programs: config
                .arm
                .as_ref()
                .filter(|arm| !arm.programs.is_empty())
                .map(|arm| Programs::new(&arm.programs, grid)),
            rig: config.rig.as_ref().map(|rig| Rig::new(rig, grid, noise)),
            stand: config.stand.as_ref().map(|s| Stand::new(s, grid, noise)),
            wall: config.wall.as_ref().map(Wall::new),
            fresh: false,
            probes: probes::of(config),
            schedule: Schedule::new(&config.faults),
            log: Log::new(grid.step_s()),
        };
        let contacts = world.contacts();
        world.io.step_inputs(0, contacts);
        Ok(world)
    }

    /// Computes everything up to `time_ns` after the world began. A time in the past does nothing.
    pub fn advance_to(&mut self, time_ns: u64) {
        let goal = self.grid.at(time_ns);
        while self.step < goal {
            if self.is_quiet() {
                let own = self.programs.as_ref().and_then(Programs::next_step);
                let due = [self.schedule.next_step(), own].into_iter().flatten().min();
                self.step = due.map_or(goal, |due| due.clamp(self.step + 1, goal));
                self.watch_faults();
                self.run_programs();
            } else {
                self.step += 1;
                self.take_step();
            }
        }
        if let Some(rig) = &mut self.rig {
            rig.heat(self.step);
        }
    }

    fn run_programs(&mut self) {
        let (Some(programs), Some(arm)) = (&mut self.programs, &mut self.arm) else {
            return;
        };
        programs.step(self.step, self.io.told(), arm, &mut self.log);
        let contacts = self.contacts();
        self.io.step_inputs(self.step, contacts);
    }

    fn take_step(&mut self) {
        let step = self.step;
        self.watch_faults();
        if let Some(up) = self.io.step_contacts(step) {
            self.send_support(up);
        }
        if let Some(arm) = &mut self.arm {
            if let Some(programs) = &mut self.programs {
                programs.step(step, self.io.told(), arm, &mut self.log);
            }
            arm.step(
                step,
                self.io.chain_is_open(),
                self.io.power_is_cut(),
                &mut self.log,
            );
        }
        if let Some(rig) = &mut self.rig {
            rig.step(step, self.io.joint_runs(), &mut self.log);
        }
        if let Some(hand) = &mut self.hand {
            hand.pull(self.io.pulls());
            hand.step(step, &mut self.log);
        }
        if let (Some(wall), Some(arm)) = (&mut self.wall, &self.arm) {
            wall.step(arm.tcp(step).origin_mm, self.grid.step_s());
        }
        self.fresh = false;
        self.gauge.step(step, self.felt_n());
        let contacts = self.contacts();
        self.io.step_inputs(step, contacts);
    }

    fn send_support(&mut self, up: bool) {
        if let Some(hand) = &mut self.hand {
            hand.set_support(up);
            self.log.note(
                self.step,
                if up {
                    "support goes up"
                } else {
                    "support goes down"
                },
                Value::Null,
            );
        }
    }

    fn contacts(&self) -> Contacts {
        Contacts {
            drive_power: self.arm.as_ref().is_some_and(Arm::has_supply),
            stop_pressed: self.arm.as_ref().is_some_and(Arm::has_stop_pressed),
            support_up: self.hand.as_ref().is_some_and(Hand::support_is_up),
            support_down: self.hand.as_ref().is_some_and(Hand::support_is_down),
            program_busy: self.programs.as_ref().is_some_and(Programs::is_busy),
            program_done: self.programs.as_ref().is_some_and(Programs::is_done),
            program_at_pose: self.programs.as_ref().is_some_and(Programs::is_at_pose),
            joint_runs: self.rig.as_ref().is_some_and(Rig::runs),
        }
    }

    fn is_quiet(&self) -> bool {
        let scenes = self.arm.as_ref().is_none_or(Arm::is_quiet)
            && self.hand.as_ref().is_none_or(Hand::is_quiet)
            && self.programs.as_ref().is_none_or(Programs::is_quiet)
            && self.rig.as_ref().is_none_or(Rig::is_quiet);
        scenes && self.io.is_quiet() && self.gauge.is_quiet() && !self.fresh
    }

    /// What the gauge feels.
    fn felt_n(&self) -> f64 {
        let of_hand = self.hand.as_ref().map(Hand::gauge_n);
        let of_stand = self.stand.as_ref().map(Stand::reference_n);
        let of_wall = self.wall.as_ref().map(Wall::force_n);
        of_hand.or(of_stand).or(of_wall).unwrap_or(0.0)
    }

    /// What a sensor of six components shows, N and N·m; `None` beyond its range. On a stand it is the
    /// one under test, elsewhere the gauge along z.
    pub(crate) fn wrench(&self) -> Option<[f64; 6]> {
        if let Some(stand) = &self.stand {
            let [x, y, z] = stand.shown(self.step);
            return Some([x, y, z, 0.0, 0.0, 0.0]);
        }
        let z = self.gauge.reading(self.step)?;
        Some([z * self.off_axis(), 0.0, z, 0.0, 0.0, 0.0])
    }

    /// Which joint a node of the arm drives.
    fn joint_of(&self, node: u8) -> Option<usize> {
        self.arm
            .as_ref()?
            .config
            .nodes
            .iter()
            .position(|n| *n == node)
    }

    /// The step that ended last.
    pub(crate) fn step(&self) -> u64 {
        self.step
    }

    /// Simulated seconds since the world began.
    pub fn time_s(&self) -> f64 {
        self.step as f64 * self.grid.step_s()
    }

    /// Does what a prompt asked a person to do. Keys and values: see [`crate::config`].
    ///
    /// # Errors
    /// In words: an unknown key or value, or something that a person could not do now.
    pub fn apply(&mut self, key: &str, value: &str) -> Result<(), String> {
        match key {
            "mount" => self
                .hand
                .as_mut()
                .ok_or("there is no hand to mount anything in")?
                .mount(value)?,
            "support" => match value {
                "raised" | "lowered" if self.hand.is_some() => self.send_support(value == "raised"),
                "raised" | "lowered" => return Err("there is no support".into()),
                _ => {
                    return Err(format!(
                        "the support can be raised or lowered, not `{value}`"
                    ));
                }
            },
            "load" => {
                let kg = mass_kg(value)?;
                let step = self.step;
                let arm = self
                    .arm
                    .as_mut()
                    .ok_or("there is no arm to put a load on")?;
                if !arm.is_at_rest() {
                    return Err("nobody can change the load of an arm that moves".into());
                }
                arm.set_load(step, kg);
            }
            "target" => {
                if !self
                    .arm
                    .as_ref()
                    .ok_or("there is no arm with a target")?
                    .is_at_rest()
                {
                    return Err("nobody can reach the target of an arm that moves".into());
                }
                self.tracker.put(self.step, value)?;
            }
            "press" | "release" => {
                let arm = self.arm.as_mut();
                arm.ok_or("there is no machine with stop devices")?
                    .press(value, key == "press")?;
                self.fresh = true;
            }
            "mode" => {
                let arm = self.arm.as_mut();
                let arm = arm.ok_or("there is no machine with operating modes")?;
                self.fresh = true;
                arm.manual = match value {
                    "automatic" => false,
                    "manual" => true,
                    _ => return Err(format!("the mode is automatic or manual, not `{value}`")),
                };
            }
            "pendant" => {
                let step = self.step;
                let (Some(programs), Some(arm)) = (&mut self.programs, &mut self.arm) else {
                    return Err("there is no robot with programs of its own".into());
                };
                programs.press(step, value, arm, &mut self.log)?;
            }
            "lever" => self.rig_mut()?.hang(number(value, "N.m")?)?,
            "joint-speed" => self.rig_mut()?.set_speed(number(value, "deg/s")? / 6.0)?,
            "stand" => {
                let stand = self.stand.as_mut();
                stand
                    .ok_or("there is no stand to hang weights on")?
                    .hang(value)?;
                self.fresh = true;
            }
            "spring" => {
                let wall = self.wall.as_mut();
                wall.ok_or("there is no contact device")?.spring(value)?;
            }
            _ => {
                return Err(format!(
                    "nothing here is called `{key}`; a prompt can change load, mount, support, press, release, mode, target, pendant, stand, spring, lever and joint-speed"
                ));
            }
        }
        self.log.note(self.step, "operator", json!({ key: value }));
        Ok(())
    }

    fn rig_mut(&mut self) -> Result<&mut Rig, String> {
        self.rig
            .as_mut()
            .ok_or_else(|| "there is no joint on a load machine".into())
    }

    /// What a further column of an instrument shows.
    pub(crate) fn beside(&self, column: &ProbeConfig, number: u8) -> Option<f64> {
        self.rig.as_ref()?.probe(column, number, self.step)
    }

    /// Whether nothing moves: no joint, finger, object or support.
    pub fn is_at_rest(&self) -> bool {
        self.arm.as_ref().is_none_or(Arm::is_at_rest)
            && self.hand.as_ref().is_none_or(Hand::is_at_rest)
            && self.rig.as_ref().is_none_or(Rig::is_at_rest)
    }

    /// Across the gauge's axis, per newton along it.
    pub(crate) fn off_axis(&self) -> f64 {
        self.hand.as_ref().map_or(0.0, Hand::off_axis)
    }

    /// What is true: every parameter, drawn errors included, and the present state.
    pub fn truth(&self) -> Value {
        let mut truth =
            json!({ "seed": self.seed, "t_s": self.time_s(), "at_rest": self.is_at_rest() });
        if let Some(hand) = &self.hand {
            truth["hand"] = hand.truth(self.step);
            truth["gauge"] = self.gauge.truth();
        }
        if let Some(arm) = &self.arm {
            truth["arm"] = arm.truth(self.step);
            truth["tracker"] = self.tracker.truth();
        }
        if let Some(rig) = &self.rig {
            truth["rig"] = rig.truth();
        }
        if let Some(stand) = &self.stand {
            truth["stand"] = stand.truth();
        }
        if let Some(wall) = &self.wall {
            truth["wall"] = wall.truth();
        }
        if let Some(programs) = &self.programs {
            truth["program"] = programs.state();
        }
        truth["io"] = json!({ "parameters": self.io.config });
        truth
    }

    /// What moves, and where everything is.
    pub(crate) fn state(&self) -> Value {
        json!({ "hand": self.hand.as_ref().map(Hand::state), "arm": self.arm.as_ref().map(Arm::state) })
    }

    pub(crate) fn log_to(&mut self, sink: impl Fn(&Happening) + Send + 'static) {
        self.log.send_to(Box::new(sink));
    }

    /// What happened since this was last asked.
    pub fn take_log(&mut self) -> Vec<Happening> {
        self.log.take()
    }
}

/// A number with that unit.
fn number(text: &str, unit: &str) -> Result<f64, String> {
    let number = text.trim().strip_suffix(unit).map(str::trim);
    let number = number
        .and_then(|n| n.parse().ok())
        .filter(|n: &f64| n.is_finite());
    number.ok_or_else(|| format!("`{text}` is no number of `{unit}`"))
}

/// `5 kg` or `500 g`.
fn mass_kg(text: &str) -> Result<f64, String> {
    let bad = || format!("`{text}` is no mass; write for example `5 kg` or `500 g`");
    let (number, unit) = text.trim().split_at(
        text.trim()
            .find(|c: char| c.is_alphabetic())
            .ok_or_else(bad)?,
    );
    let number: f64 = number.trim().parse().map_err(|_| bad())?;
    let kg = match unit {
        "kg" => number,
        "g" => number / 1000.0,
        _ => return Err(bad()),
    };
    if (0.0..=100.0).contains(&kg) {
        Ok(kg)
    } else {
        Err(format!("{text} cannot be put on the flange: 0 to 100 kg"))
    }
}

#[cfg(test)]
mod tests;
