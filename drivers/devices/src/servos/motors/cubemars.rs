//! CubeMars AK joint motors, 1 to 6 on one bus, in servo mode or in MIT mode (set with the maker's tool).
//!
//! In servo mode a motor follows a profile of its own and shows itself by itself, as often as it was set
//! to. In MIT mode it is a spring and a damper, shows itself in its answers, and is led to its target one
//! small step a sample. Ranges, pole pairs and gear ratios cannot be read: they stand here by model, and
//! the bench names the model.

use std::sync::Arc;

use certbench_clock::Clock;
use certbench_link::{CanFrame, CanLink, LinkError, Stamp};
use certbench_model::plan::DevicePlan;
use certbench_model::vocabulary::DriverDescription;
use certbench_model::{FaultKind, Text};
use certbench_roles::{Device, Trouble};
use certbench_wire::cubemars::{Feedback, Mit, MitFeedback, Servo, fault};
use certbench_wire::mit;

use super::bus::{Bus, extended, plain, standard, wide};
use super::group::Motors;
use super::protocol::{Goal, Protocol, Shown};
use crate::options::{Options, one_of, quantity, text};
use crate::servos::chain::{Ail, Nameplate};
use crate::servos::engine::device;
use crate::servos::{FREE, ids};

/// A model in servo mode.
struct ServoModel {
    id: &'static str,
    pole_pairs: f64,
    gear: f64,
}

const fn servo_model(id: &'static str, pole_pairs: f64, gear: f64) -> ServoModel {
    ServoModel {
        id,
        pole_pairs,
        gear,
    }
}

/// Of the maker's data sheets.
const SERVO: [ServoModel; 6] = [
    servo_model("ak80-9", 21.0, 9.0),
    servo_model("ak80-6", 21.0, 6.0),
    servo_model("ak80-64", 21.0, 64.0),
    servo_model("ak70-10", 21.0, 10.0),
    servo_model("ak60-6", 14.0, 6.0),
    servo_model("ak10-9", 21.0, 9.0),
];

/// A model and firmware in MIT mode: what the most counts mean, radian, radian per second, newton metre.
struct MitModel {
    id: &'static str,
    position: f64,
    velocity: f64,
    torque: f64,
}

const fn mit_model(id: &'static str, position: f64, velocity: f64, torque: f64) -> MitModel {
    MitModel {
        id,
        position,
        velocity,
        torque,
    }
}

/// Of mini-cheetah-motor-driver-socketcan 0.4.3, by firmware.
const MIT: [MitModel; 7] = [
    mit_model("ak80-9-v2", 12.5, 25.64, 18.0),
    mit_model("ak80-9-v1.1", 12.5, 22.5, 18.0),
    mit_model("ak80-6-v2", 12.5, 76.0, 12.0),
    mit_model("ak80-6-v1.1", 12.5, 22.5, 12.0),
    mit_model("ak80-6-v1", 95.5, 45.0, 18.0),
    mit_model("ak70-10-v1.1", 12.5, 50.0, 24.0),
    mit_model("ak10-9-v1.1", 12.5, 50.0, 65.0),
];

/// Most stiffness and damping that the counts say.
const KP_MOST: f64 = 500.0;
const KD_MOST: f64 = 5.0;

pub(super) fn servo() -> DriverDescription {
    let mut description = super::motors(
        "cubemars-servo",
        "CubeMars AK joint motors in servo mode, 1 to 6 on one bus",
        "CubeMars AK 关节电机（伺服模式），单总线 1 至 6 个",
        ("current", "A"),
        false,
        &["the maker's printed layout, read twice", "simulator"],
    );
    description.watchdog = Text::new(
        "unknown: the maker's tool sets a time-out that cannot be read or set over the bus; certbench does not \
         count on it",
        "未知：超时由厂家工具设置，无法经总线读写；certbench 不依赖它",
    );
    let models: Vec<&str> = SERVO.iter().map(|model| model.id).collect();
    description.options = super::options(
        1_000_000,
        "1 2 3 4 5 6",
        [
            one_of(
                "model",
                &models,
                "model of all of them: it decides their pole pairs and gear",
                "全部电机的型号：决定极对数与减速比",
            ),
            quantity(
                "acceleration",
                "360 deg/s2",
                "acceleration and deceleration of moves",
                "运动的加减速度",
            ),
        ],
    );
    description
}

pub(super) fn mit() -> DriverDescription {
    let mut description = super::motors(
        "cubemars-mit",
        "CubeMars AK joint motors in MIT mode, 1 to 6 on one bus",
        "CubeMars AK 关节电机（MIT 模式），单总线 1 至 6 个",
        ("torque", "N.m"),
        false,
        &[
            "mini-cheetah-motor-driver-socketcan 0.4.3: ranges and packing",
            "simulator",
        ],
    );
    description.watchdog = Text::new(
        "none known: it goes on with the last command",
        "未知有看门狗：继续执行最后一条指令",
    );
    let models: Vec<&str> = MIT.iter().map(|model| model.id).collect();
    description.options = super::options(
        1_000_000,
        "1 2 3 4 5 6",
        [
            one_of(
                "model",
                &models,
                "model and firmware of all of them: it decides what their counts mean",
                "全部电机的型号与固件：决定计数的含义",
            ),
            text(
                "stiffness",
                "60",
                "stiffness, N.m/rad, up to 500: one number, or one a joint",
                "刚度，N·m/rad，不超过 500：一个数，或每关节一个",
            ),
            text(
                "damping",
                "1.5",
                "damping, N.m.s/rad, up to 5: one number, or one a joint",
                "阻尼，N·m·s/rad，不超过 5：一个数，或每关节一个",
            ),
        ],
    );
    description
}

pub(super) fn open(
    plan: &DevicePlan,
    link: Arc<dyn CanLink>,
    clock: &Clock,
) -> Result<Arc<dyn Device>, Trouble> {
    let is_mit = plan.driver == "cubemars-mit";
    let options = Options::new(plan, if is_mit { mit() } else { servo() });
    let name = options.text("model")?.unwrap_or_default();
    let ids = ids(&options, &FREE, plan.limits.joints.len(), 127)?;
    let bus = Bus::new(link, clock, options.time("timeout")?);
    let unknown = || options.refuse("model", "it is not in the table");
    if is_mit {
        let model = MIT.iter().find(|model| model.id == name);
        let gains = |name: &str, most: f64| -> Result<Vec<f64>, Trouble> {
            let given = options.numbers(name)?;
            let each = match given.as_slice() {
                [one] => vec![*one; ids.len()],
                _ => given,
            };
            let good = each.len() == ids.len() && each.iter().all(|v| (0.0..=most).contains(v));
            good.then_some(each).ok_or_else(|| {
                let what = format!("one number, or one a joint, of 0 to {most}");
                options.refuse(name, what)
            })
        };
        let motors = InMit {
            model: model.ok_or_else(unknown)?,
            kp: gains("stiffness", KP_MOST)?,
            kd: gains("damping", KD_MOST)?,
            ids,
        };
        return device(plan, &options, &FREE, Motors::new(motors, bus));
    }
    let model = SERVO.iter().find(|model| model.id == name);
    let motors = InServo {
        ids,
        model: model.ok_or_else(unknown)?,
        acceleration: options.needed_quantity("acceleration", "deg/s2")?,
    };
    device(plan, &options, &FREE, Motors::new(motors, bus))
}

fn id(ids: &[u8], motor: usize) -> u8 {
    ids.get(motor).copied().unwrap_or_default()
}

fn ails(code: u8) -> Vec<Ail> {
    let short = match code {
        1 | 6 => "over-temperature",
        2 => "over-current",
        3 => "over-voltage",
        4 => "under-voltage",
        5 => "encoder",
        7 => "stall",
        _ => "unknown-error",
    };
    let text = fault(code).map(|text| Ail::new(short, format!("{text} (fault {code})")));
    text.into_iter().collect()
}

fn link(error: LinkError) -> Trouble {
    Trouble::Fault(FaultKind::Link, error.to_string())
}

/// Cannot be read: all of it stands on the label.
fn nameless(deg_most: f64, deg_per_s: f64) -> Nameplate {
    Nameplate {
        model: String::new(),
        firmware: String::new(),
        serial: String::new(),
        deg: [-deg_most, deg_most],
        deg_per_s,
    }
}

/// Motors in servo mode.
struct InServo {
    ids: Vec<u8>,
    model: &'static ServoModel,
    /// Degrees per second squared.
    acceleration: f64,
}

/// Most that the feedback's position says, degrees.
const SERVO_DEG: f64 = 3200.0;

impl InServo {
    /// Electrical turns a minute of a degree per second of the output.
    fn erpm(&self, deg_per_s: f64) -> f64 {
        deg_per_s / 6.0 * self.model.gear * self.model.pole_pairs
    }

    fn frame(&self, motor: usize, servo: Servo) -> CanFrame {
        let (id, bytes) = servo.encode(id(&self.ids, motor));
        extended(id, &bytes)
    }
}

impl Protocol for InServo {
    const EFFORT: &'static str = "current";

    fn has_driver_sensors(&self) -> bool {
        false
    }

    fn is_fed(&self) -> bool {
        false
    }

    fn motors(&self) -> usize {
        self.ids.len()
    }

    fn name(&self, motor: usize) -> String {
        format!("motor {}", id(&self.ids, motor))
    }

    /// It says nothing of itself but that it is there.
    fn nameplate(&self, bus: &Bus, motor: usize) -> Result<Nameplate, Trouble> {
        let there = bus.wait(|frame| {
            let (from, bytes) = wide(frame)?;
            let (number, _) = Feedback::decode(from, bytes)?;
            Some(number == id(&self.ids, motor))
        });
        there.map_err(|failure| {
            let doing = "its feedback: is it in servo mode, and set to send by itself?";
            bus.trouble(&failure, &self.name(motor), doing)
        })?;
        let fastest = 327_670.0 / self.erpm(1.0);
        Ok(nameless(SERVO_DEG, fastest))
    }

    fn power_on(&self, bus: &Bus, motor: usize, deg: f64) -> Result<(), Trouble> {
        let stand = Goal {
            deg,
            deg_per_s: 5.0,
        };
        let sent = bus.send(&self.go(motor, stand));
        sent.map_err(link)
    }

    fn power_off(&self, bus: &Bus, motor: usize) -> Result<(), Trouble> {
        let sent = bus.send(&self.limp(motor));
        sent.map_err(link)
    }

    /// It shows itself by itself.
    fn look(&self, _motor: usize) -> Vec<CanFrame> {
        Vec::new()
    }

    fn go(&self, motor: usize, goal: Goal) -> Vec<CanFrame> {
        let tens = |deg: f64| (self.erpm(deg) / 10.0).clamp(1.0, 32_767.0) as i16;
        let servo = Servo::PositionVelocity {
            position: (goal.deg * 10_000.0).round() as i32,
            velocity: tens(goal.deg_per_s),
            acceleration: tens(self.acceleration),
        };
        vec![self.frame(motor, servo)]
    }

    /// No current is no torque.
    fn limp(&self, motor: usize) -> Vec<CanFrame> {
        vec![self.frame(motor, Servo::Current { ma: 0 })]
    }

    fn hear(&self, frame: &CanFrame, _stamp: Stamp) -> Option<(usize, Shown)> {
        let (id, bytes) = wide(frame)?;
        let (number, feedback) = Feedback::decode(id, bytes)?;
        let motor = self.ids.iter().position(|id| *id == number)?;
        let celsius = f64::from(feedback.celsius);
        let deg = match feedback.position.unsigned_abs() {
            32_000.. => f64::INFINITY,
            _ => f64::from(feedback.position) * 0.1,
        };
        let shown = Shown {
            deg,
            deg_per_s: f64::from(feedback.velocity) * 10.0 / self.erpm(1.0),
            effort: f64::from(feedback.current) * 0.01,
            celsius,
            driver_celsius: celsius,
            powered: None,
            ails: ails(feedback.fault),
        };
        Some((motor, shown))
    }
}

/// Motors in MIT mode.
struct InMit {
    ids: Vec<u8>,
    model: &'static MitModel,
    kp: Vec<f64>,
    kd: Vec<f64>,
}

/// A count of `most` in a range of `±range`; infinite at its ends, which say "at least".
fn value(counts: u16, most: u16, range: f64) -> f64 {
    match counts {
        0 => f64::NEG_INFINITY,
        counts if counts >= most => f64::INFINITY,
        counts => (2.0 * f64::from(counts) / f64::from(most) - 1.0) * range,
    }
}

/// The other way; what is beyond the range is its end.
fn counts(value: f64, most: u16, range: f64) -> u16 {
    ((value / range + 1.0) / 2.0 * f64::from(most)).round() as u16
}

impl InMit {
    fn frame(&self, motor: usize, told: Mit) -> CanFrame {
        standard(u16::from(id(&self.ids, motor)), &told.encode())
    }

    /// A spring at an angle; without stiffness it is limp.
    fn spring(&self, motor: usize, deg: f64, stiff: bool) -> CanFrame {
        let model = self.model;
        let gain = |gains: &[f64], most: f64| {
            let gain = gains.get(motor).copied().filter(|_| stiff);
            (gain.unwrap_or_default() / most * f64::from(mit::OTHER_MOST)).round() as u16
        };
        let setpoint = mit::Setpoint {
            position: counts(deg.to_radians(), mit::POSITION_MOST, model.position),
            velocity: counts(0.0, mit::OTHER_MOST, model.velocity),
            kp: gain(&self.kp, KP_MOST),
            kd: gain(&self.kd, KD_MOST),
            torque: counts(0.0, mit::OTHER_MOST, model.torque),
        };
        self.frame(motor, Mit::Operate(setpoint))
    }

    fn ask(&self, bus: &Bus, motor: usize, told: Mit) -> Result<(), Trouble> {
        let answer = bus.ask(&self.frame(motor, told), |frame| {
            self.feedback(frame)
                .filter(|(n, _)| *n == motor)
                .map(|_| ())
        });
        answer.map_err(|failure| bus.trouble(&failure, &self.name(motor), &format!("{told:?}")))
    }

    fn feedback(&self, frame: &CanFrame) -> Option<(usize, MitFeedback)> {
        let (_, bytes) = plain(frame)?;
        let feedback = MitFeedback::decode(bytes)?;
        let motor = self.ids.iter().position(|id| *id == feedback.motor)?;
        Some((motor, feedback))
    }
}

impl Protocol for InMit {
    const EFFORT: &'static str = "torque";

    fn is_led(&self) -> bool {
        true
    }

    fn has_driver_sensors(&self) -> bool {
        false
    }

    fn is_fed(&self) -> bool {
        false
    }

    fn motors(&self) -> usize {
        self.ids.len()
    }

    fn name(&self, motor: usize) -> String {
        format!("motor {}", id(&self.ids, motor))
    }

    fn nameplate(&self, bus: &Bus, motor: usize) -> Result<Nameplate, Trouble> {
        let question = self.spring(motor, 0.0, false);
        let answer = bus.ask(&question, |frame| {
            self.feedback(frame)
                .filter(|(n, _)| *n == motor)
                .map(|_| ())
        });
        answer.map_err(|failure| bus.trouble(&failure, &self.name(motor), "what it shows"))?;
        let model = self.model;
        Ok(nameless(
            model.position.to_degrees(),
            model.velocity.to_degrees(),
        ))
    }

    /// A motor goes on with the command that it got last, be it before it was enabled.
    fn power_on(&self, bus: &Bus, motor: usize, deg: f64) -> Result<(), Trouble> {
        let limp = bus.send(&[self.spring(motor, deg, false)]);
        limp.map_err(link)?;
        self.ask(bus, motor, Mit::Enter)?;
        let stand = bus.send(&[self.spring(motor, deg, true)]);
        stand.map_err(link)
    }

    fn power_off(&self, bus: &Bus, motor: usize) -> Result<(), Trouble> {
        self.ask(bus, motor, Mit::Exit)
    }

    /// A spring without stiffness is answered and moves nothing.
    fn look(&self, motor: usize) -> Vec<CanFrame> {
        vec![self.spring(motor, 0.0, false)]
    }

    fn go(&self, motor: usize, goal: Goal) -> Vec<CanFrame> {
        vec![self.spring(motor, goal.deg, true)]
    }

    fn limp(&self, motor: usize) -> Vec<CanFrame> {
        vec![self.frame(motor, Mit::Exit)]
    }

    fn hear(&self, frame: &CanFrame, _stamp: Stamp) -> Option<(usize, Shown)> {
        let (motor, feedback) = self.feedback(frame)?;
        let (shown, model) = (feedback.shown, self.model);
        let other = |counts, range| value(counts, mit::OTHER_MOST, range);
        let celsius = feedback
            .more
            .map_or(f64::NAN, |(warm, _)| f64::from(warm) - 40.0);
        let shown = Shown {
            deg: value(shown.position, mit::POSITION_MOST, model.position).to_degrees(),
            deg_per_s: other(shown.velocity, model.velocity).to_degrees(),
            effort: other(shown.torque, model.torque),
            celsius,
            driver_celsius: celsius,
            powered: None,
            ails: feedback
                .more
                .map_or_else(Vec::new, |(_, fault)| ails(fault)),
        };
        Some((motor, shown))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// AK80-9: 21 pole pairs, 9 to 1: 60 deg/s are 10 rpm of the output, 90 of the motor, 1890 electrical.
    #[test]
    fn electrical_turns_are_the_motors_times_its_pole_pairs() {
        let motors = InServo {
            ids: vec![1],
            model: &SERVO[0],
            acceleration: 360.0,
        };
        assert!((motors.erpm(60.0) - 1890.0).abs() < 1e-9);
    }

    /// mini-cheetah-motor-driver-socketcan: 12.5 rad are the most counts, zero the middle.
    #[test]
    fn counts_are_shares_of_the_models_range() {
        assert_eq!(counts(12.5, mit::POSITION_MOST, 12.5), 0xFFFF);
        assert_eq!(counts(-99.0, mit::POSITION_MOST, 12.5), 0);
        assert_eq!(counts(0.0, mit::OTHER_MOST, 18.0), 2048);
        assert!((value(0xC000, mit::POSITION_MOST, 12.5) - 6.25).abs() < 1e-3);
    }
}
