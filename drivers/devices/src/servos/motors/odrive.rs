//! ODrive axes over CANSimple, firmware 0.6, 1 to 6 on one bus, moved by their own trapezoidal trajectory.
//!
//! What an axis shows is asked by remote frames, whatever it was set to send by itself; its heartbeat says
//! its state and errors. Its watchdog is set in the drive and cannot be set over CANSimple: the bench says
//! whether it is. A set-point feeds it.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use certbench_clock::{Clock, Time};
use certbench_link::{CanFrame, CanLink, Stamp};
use certbench_model::plan::DevicePlan;
use certbench_model::vocabulary::DriverDescription;
use certbench_model::{FaultKind, Text};
use certbench_roles::{Device, Trouble};
use certbench_wire::odrive::{self, ERRORS, Said, Told, WATCHDOG, command, state};

use super::bus::{Bus, plain, remote, standard};
use super::group::Motors;
use super::protocol::{Goal, Protocol, Shown};
use crate::options::{Options, one_of, quantity, text};
use crate::servos::chain::{Ail, Nameplate, Whose};
use crate::servos::engine::device;
use crate::servos::{FREE, ids};

/// Temperatures are asked for every so many samples.
const WARMTH_EVERY: u32 = 10;
/// What was said of currents and temperatures longer ago is no reading of now.
const OLD: Duration = Duration::from_secs(2);
/// So long an axis takes at most into closed loop, and a heartbeat comes at least.
const TAKES: Duration = Duration::from_secs(1);
/// Degrees of a turn.
const TURN: f64 = 360.0;

pub(super) fn description() -> DriverDescription {
    let mut description = super::motors(
        "odrive-can",
        "ODrive axes over CANSimple (firmware 0.6), 1 to 6 on one bus",
        "ODrive 轴（CANSimple，固件 0.6），单总线 1 至 6 个",
        ("current", "A"),
        true,
        &[
            "the maker's DBC file for firmware 0.6.10 through cantools 45.1.0, as golden frames",
            "cantools with that file as the host of the simulator, over SLCAN",
            "simulator",
        ],
    );
    description.watchdog = Text::new(
        "disarms: with `watchdog: set` (as configured in the drive) the axis goes idle and coasts when no set-point \
         comes for its `watchdog_timeout`, and what it holds falls; none otherwise",
        "解除：若驱动器中已配置（`watchdog: set`），超过其 `watchdog_timeout` 无设定值则轴进入空闲并自由滑行，\
         所持负载会落下；否则无",
    );
    let mut options = super::options(
        250_000,
        "0 1 2 3 4 5",
        [
            text(
                "gear",
                "1",
                "turns of the motor a turn of the joint; negative turns round: one number, or one a joint",
                "关节每转的电机转数；负值反向：一个数，或每关节一个",
            ),
            quantity(
                "speed_most",
                "1800 deg/s",
                "highest speed of a joint that its drive allows (`vel_limit` through the gear)",
                "驱动器允许的最高关节速度（按减速比折算的 `vel_limit`）",
            ),
            quantity(
                "acceleration",
                "360 deg/s2",
                "acceleration and deceleration of moves",
                "运动的加减速度",
            ),
            one_of(
                "watchdog",
                &["none", "set"],
                "whether the drive's watchdog is enabled in its configuration",
                "驱动器配置中是否启用看门狗",
            ),
        ],
    );
    for option in &mut options {
        if option.name == "interval" {
            *option = quantity("interval", "20 ms", "sampling interval", "采样间隔");
        }
    }
    description.options = options;
    description
}

pub(super) fn open(
    plan: &DevicePlan,
    link: Arc<dyn CanLink>,
    clock: &Clock,
) -> Result<Arc<dyn Device>, Trouble> {
    let options = Options::new(plan, description());
    let most = odrive::NODE_MOST;
    let ids = ids(&options, &FREE, plan.limits.joints.len(), most)?;
    let given = options.numbers("gear")?;
    let gear = match given.as_slice() {
        [one] => vec![*one; ids.len()],
        _ => given,
    };
    if gear.len() != ids.len() || gear.contains(&0.0) {
        return Err(options.refuse("gear", "one number, or one a joint, and not zero"));
    }
    let axes = Axes {
        parts: Mutex::new(vec![Parts::default(); ids.len()]),
        ids,
        gear,
        speed_most: options.needed_quantity("speed_most", "deg/s")?,
        acceleration: options.needed_quantity("acceleration", "deg/s2")?,
        is_fed: options.text("watchdog")?.as_deref() == Some("set"),
        samples: AtomicU32::new(0),
        port: link.describe().port.clone(),
    };
    let bus = Bus::new(link, clock, options.time("timeout")?);
    device(plan, &options, &FREE, Motors::new(axes, bus))
}

/// What an axis said in parts, and when.
#[derive(Clone, Copy, Debug, Default)]
struct Parts {
    amperes: Option<(f64, Time)>,
    celsius: Option<([f64; 2], Time)>,
    /// Errors and state, of its heartbeat.
    heartbeat: Option<(u32, u8, Time)>,
}

struct Axes {
    ids: Vec<u8>,
    gear: Vec<f64>,
    /// Degrees per second.
    speed_most: f64,
    /// Degrees per second squared.
    acceleration: f64,
    is_fed: bool,
    /// For messages.
    port: String,
    samples: AtomicU32,
    parts: Mutex<Vec<Parts>>,
}

impl Axes {
    fn id(&self, motor: usize) -> u8 {
        self.ids.get(motor).copied().unwrap_or_default()
    }

    /// Turns of the motor a degree of the joint.
    fn turns(&self, motor: usize) -> f64 {
        self.gear.get(motor).copied().unwrap_or(1.0) / TURN
    }

    fn parts(&self) -> MutexGuard<'_, Vec<Parts>> {
        self.parts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn frame(&self, motor: usize, told: Told) -> CanFrame {
        let (id, bytes) = told.encode(self.id(motor));
        standard(id, &bytes)
    }

    fn question(&self, motor: usize, asked: u8) -> CanFrame {
        remote(odrive::id(self.id(motor), asked))
    }

    fn said(&self, frame: &CanFrame) -> Option<(usize, Said)> {
        let (id, bytes) = plain(frame)?;
        let (node, asked) = odrive::split(id);
        let motor = self.ids.iter().position(|id| *id == node)?;
        Some((motor, Said::decode(asked, bytes)?))
    }

    /// Notes what a frame says; what an encoder says is a view of its axis.
    fn note(&self, frame: &CanFrame, at: Time) -> Option<(usize, Parts, [f32; 2])> {
        let (motor, said) = self.said(frame)?;
        let mut all = self.parts();
        let parts = all.get_mut(motor)?;
        match said {
            Said::Encoder { turns, turns_per_s } => {
                return Some((motor, *parts, [turns, turns_per_s]));
            }
            Said::Current { amperes, .. } => parts.amperes = Some((f64::from(amperes), at)),
            Said::Temperature { driver, motor } => {
                parts.celsius = Some(([f64::from(motor), f64::from(driver)], at));
            }
            Said::Heartbeat { errors, state, .. } => parts.heartbeat = Some((errors, state, at)),
            _ => {}
        }
        None
    }

    /// Waits for a heartbeat, whoever hears it, that says that it is in this state, or is not.
    fn beats(&self, bus: &Bus, motor: usize, wanted: impl Fn(u8) -> bool) -> bool {
        let began = bus.clock().now();
        let has = || {
            let said = self.parts().get(motor).and_then(|parts| parts.heartbeat);
            said.is_some_and(|(_, state, at)| at > began && wanted(state))
        };
        while !has() && bus.clock().now() < began + TAKES {
            let _ = bus.wait(|frame| {
                self.note(frame, bus.clock().now());
                Some(has())
            });
        }
        has()
    }

    fn send(&self, bus: &Bus, frames: &[CanFrame]) -> Result<(), Trouble> {
        let sent = bus.send(frames);
        sent.map_err(|error| Trouble::Fault(FaultKind::Link, error.to_string()))
    }
}

fn ails(errors: u32) -> Vec<Ail> {
    let said = ERRORS.iter().filter(|(bits, ..)| errors & bits != 0);
    let ail = said.map(|(_, code, text)| {
        let mut ail = Ail::new(code, format!("{text} (axis error {errors:08X})"));
        if *code == WATCHDOG {
            ail.whose = Whose::Unheard;
        }
        ail
    });
    ail.collect()
}

impl Protocol for Axes {
    const EFFORT: &'static str = "current";

    fn has_driver_sensors(&self) -> bool {
        true
    }

    fn is_fed(&self) -> bool {
        self.is_fed
    }

    fn motors(&self) -> usize {
        self.ids.len()
    }

    fn name(&self, motor: usize) -> String {
        format!("axis {}", self.id(motor))
    }

    fn nameplate(&self, bus: &Bus, motor: usize) -> Result<Nameplate, Trouble> {
        let version = bus.ask(&self.question(motor, command::VERSION), |frame| match self
            .said(frame)?
        {
            (n, Said::Version { hardware, firmware }) if n == motor => Some((hardware, firmware)),
            _ => None,
        });
        let (hardware, firmware) = version.map_err(|failure| {
            let doing = "its version, which firmware before 0.6 does not say";
            bus.trouble(&failure, &self.name(motor), doing)
        })?;
        let dotted = |numbers: [u8; 3]| numbers.map(|n| n.to_string()).join(".");
        Ok(Nameplate {
            model: format!("ODrive {}", dotted(hardware)),
            firmware: dotted(firmware),
            serial: String::new(),
            deg: [f64::NEG_INFINITY, f64::INFINITY],
            deg_per_s: self.speed_most,
        })
    }

    /// Errors are forgotten, where it stands becomes the target, then closed loop.
    fn power_on(&self, bus: &Bus, motor: usize, deg: f64) -> Result<(), Trouble> {
        let ramp = (self.acceleration * self.turns(motor).abs()) as f32;
        let stand = Goal {
            deg,
            deg_per_s: 5.0,
        };
        let tell = |told| self.frame(motor, told);
        let mut frames = vec![
            tell(Told::SetAxisState {
                state: u32::from(state::IDLE),
            }),
            tell(Told::ClearErrors),
            tell(Told::SetControllerMode {
                control: 3,
                input: 5,
            }),
            tell(Told::SetTrajectoryAcceleration {
                acceleration: ramp,
                deceleration: ramp,
            }),
        ];
        frames.extend(self.begin(motor, stand));
        frames.push(tell(Told::SetAxisState {
            state: u32::from(state::CLOSED_LOOP),
        }));
        frames.extend(self.go(motor, stand));
        self.send(bus, &frames)?;
        if self.beats(bus, motor, |now| now == state::CLOSED_LOOP) {
            return self.send(bus, &self.go(motor, stand));
        }
        let heartbeat = self.parts().get(motor).and_then(|parts| parts.heartbeat);
        let why = heartbeat.map_or("it sends no heartbeat".into(), |(errors, state, _)| {
            format!("its state is {state}, axis error {errors:08X}")
        });
        Err(Trouble::Event {
            code: "not-enabled".into(),
            text: format!(
                "{} on {} did not come into closed loop: {why}",
                self.name(motor),
                self.port
            ),
        })
    }

    fn power_off(&self, bus: &Bus, motor: usize) -> Result<(), Trouble> {
        self.send(bus, &self.limp(motor))?;
        match self.beats(bus, motor, |now| now != state::CLOSED_LOOP) {
            true => Ok(()),
            false => {
                let text = format!("{} on {} stays in closed loop", self.name(motor), self.port);
                Err(Trouble::Fault(FaultKind::Unattributable, text))
            }
        }
    }

    fn look(&self, motor: usize) -> Vec<CanFrame> {
        let mut frames = Vec::new();
        if self
            .samples
            .load(Ordering::Relaxed)
            .is_multiple_of(WARMTH_EVERY)
        {
            frames.push(self.question(motor, command::TEMPERATURE));
        }
        if motor + 1 == self.ids.len() {
            self.samples.fetch_add(1, Ordering::Relaxed);
        }
        frames.push(self.question(motor, command::CURRENT));
        frames.push(self.question(motor, command::ENCODER));
        frames
    }

    fn begin(&self, motor: usize, goal: Goal) -> Vec<CanFrame> {
        let speed = (goal.deg_per_s * self.turns(motor)).abs() as f32;
        let fast = Told::SetTrajectoryVelocity { turns_per_s: speed };
        vec![self.frame(motor, fast), self.target(motor, goal.deg)]
    }

    /// The same target again feeds its watchdog.
    fn go(&self, motor: usize, goal: Goal) -> Vec<CanFrame> {
        let mut frames = vec![self.target(motor, goal.deg)];
        frames.extend(self.look(motor));
        frames
    }

    fn limp(&self, motor: usize) -> Vec<CanFrame> {
        let idle = u32::from(state::IDLE);
        vec![self.frame(motor, Told::SetAxisState { state: idle })]
    }

    fn hear(&self, frame: &CanFrame, stamp: Stamp) -> Option<(usize, Shown)> {
        let at = stamp.latest;
        let (motor, parts, [turns, turns_per_s]) = self.note(frame, at)?;
        let per_deg = self.turns(motor);
        let amperes = parts.amperes.filter(|(_, then)| at - *then <= OLD);
        let celsius = parts.celsius.filter(|(_, then)| at - *then <= OLD);
        let [celsius, driver_celsius] = celsius.map_or([f64::NAN; 2], |(both, _)| both);
        let shown = Shown {
            deg: f64::from(turns) / per_deg,
            deg_per_s: f64::from(turns_per_s) / per_deg,
            effort: amperes.map_or(f64::NAN, |(amperes, _)| amperes),
            celsius,
            driver_celsius,
            powered: parts.heartbeat.map(|(_, now, _)| now == state::CLOSED_LOOP),
            ails: parts
                .heartbeat
                .map_or_else(Vec::new, |(errors, ..)| ails(errors)),
        };
        Some((motor, shown))
    }
}

impl Axes {
    fn target(&self, motor: usize, deg: f64) -> CanFrame {
        let told = Told::SetInputPosition {
            turns: (deg * self.turns(motor)) as f32,
            velocity: 0,
            torque: 0,
        };
        self.frame(motor, told)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Bits of the DBC file for firmware 0.6.10.
    #[test]
    fn an_expired_watchdog_is_not_about_the_axis() {
        let said = ails(0x0100_2000);
        let codes: Vec<_> = said.iter().map(|ail| (ail.code, ail.whose)).collect();
        assert_eq!(
            codes,
            [
                ("over-temperature", Whose::Its),
                ("watchdog", Whose::Unheard)
            ]
        );
        assert!(ails(0).is_empty());
    }
}
