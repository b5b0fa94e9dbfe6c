//! RobStride and Xiaomi CyberGear joint motors, 1 to 6 on one bus, moved in their position mode.
//!
//! Their ranges cannot be read: they stand here by model, and the bench names the model. RobStride motors
//! have a time-out (parameter 7028h); a CyberGear has none that can be set over its bus.

use std::sync::{Arc, Mutex, PoisonError};

use certbench_clock::Clock;
use certbench_link::{CanFrame, CanLink, Stamp};
use certbench_model::plan::DevicePlan;
use certbench_model::vocabulary::DriverDescription;
use certbench_model::{FaultKind, Text};
use certbench_roles::{Device, Trouble};
use certbench_wire::hex;
use certbench_wire::robstride::{Answer, Command, Feedback, Mode, fault, parameter};

use super::bus::{Bus, extended, wide};
use super::group::Motors;
use super::protocol::{Goal, Protocol, Shown};
use crate::options::{Options, one_of, quantity};
use crate::servos::chain::{Ail, Nameplate};
use crate::servos::engine::device;
use crate::servos::{FREE, ids};

/// Our number on the bus; larger than that of any motor.
const HOST: u8 = 0xFD;
/// Counts of the time-out in a second.
const COUNTS_PER_S: f64 = 20_000.0;

/// What the most counts mean, radian, radian per second and newton metre; and the mode of operation that
/// obeys an angle. Of robstride-dynamics 0.0.1 and cybergear 0.1.2.
struct Model {
    id: &'static str,
    position: f64,
    velocity: f64,
    torque: f64,
    mode: u32,
}

const fn model(id: &'static str, velocity: f64, torque: f64) -> Model {
    Model {
        id,
        position: 4.0 * std::f64::consts::PI,
        velocity,
        torque,
        mode: 5,
    }
}

const ROBSTRIDE: [Model; 7] = [
    model("rs-02", 44.0, 17.0),
    model("rs-00", 50.0, 17.0),
    model("rs-01", 44.0, 17.0),
    model("rs-03", 50.0, 60.0),
    model("rs-04", 15.0, 120.0),
    model("rs-05", 33.0, 17.0),
    model("rs-06", 20.0, 60.0),
];

const CYBERGEAR: Model = Model {
    id: "cybergear",
    position: 12.5,
    velocity: 30.0,
    torque: 12.0,
    mode: 1,
};

pub(super) fn robstride() -> DriverDescription {
    let mut description = super::motors(
        "robstride",
        "RobStride joint motors, 1 to 6 on one bus",
        "灵足 RobStride 关节电机，单总线 1 至 6 个",
        ("torque", "N.m"),
        false,
        &[
            "robstride-dynamics 0.0.1 as the host of the simulator, over SLCAN",
            "simulator",
            "unverified: the unit of the time-out, and what it does",
        ],
    );
    description.watchdog = Text::new(
        "leaves its running mode: the motor goes limp after `can_timeout` without a frame, and what it holds falls \
         (unverified); none with 0 ms",
        "退出运行模式：超过 `can_timeout` 未收到报文则电机失力，所持负载会落下（未验证）；设为 0 ms 则无",
    );
    let models: Vec<&str> = ROBSTRIDE.iter().map(|model| model.id).collect();
    description.options = super::options(
        1_000_000,
        "1 2 3 4 5 6",
        [
            one_of(
                "model",
                &models,
                "model of all of them: it decides what their counts mean",
                "全部电机的型号：决定计数的含义",
            ),
            quantity(
                "can_timeout",
                "500 ms",
                "the motor gives up when it hears nothing for so long (parameter 7028h, while enabled); 0 ms: never",
                "超过此时间未收到报文则电机退出运行（使能期间写入参数 7028h）；0 ms 表示不启用",
            ),
        ],
    );
    description
}

pub(super) fn cybergear() -> DriverDescription {
    let mut description = super::motors(
        "xiaomi-cybergear",
        "Xiaomi CyberGear joint motors, 1 to 6 on one bus",
        "小米 CyberGear 关节电机，单总线 1 至 6 个",
        ("torque", "N.m"),
        false,
        &[
            "cybergear 0.1.2 as the host of the simulator, over SLCAN",
            "simulator",
        ],
    );
    description.watchdog = Text::new(
        "none that can be set over its bus: it goes on with the last command",
        "无可经总线设置的看门狗：继续执行最后一条指令",
    );
    description.options = super::options(1_000_000, "1 2 3 4 5 6", []);
    description
}

pub(super) fn open(
    plan: &DevicePlan,
    link: Arc<dyn CanLink>,
    clock: &Clock,
) -> Result<Arc<dyn Device>, Trouble> {
    let is_cybergear = plan.driver == "xiaomi-cybergear";
    let description = if is_cybergear {
        cybergear()
    } else {
        robstride()
    };
    let options = Options::new(plan, description);
    let (model, timeout_counts) = match is_cybergear {
        true => (&CYBERGEAR, None),
        false => {
            let name = options.text("model")?.unwrap_or_default();
            let model = ROBSTRIDE.iter().find(|model| model.id == name);
            let counts = options.time("can_timeout")?.as_secs_f64() * COUNTS_PER_S;
            if counts > f64::from(u32::MAX) {
                return Err(options.refuse("can_timeout", "it is too long"));
            }
            let model = model.ok_or_else(|| options.refuse("model", "it is not in the table"))?;
            (model, Some(counts.round() as u32))
        }
    };
    let ids = ids(&options, &FREE, plan.limits.joints.len(), 127)?;
    if ids.contains(&0) {
        return Err(options.refuse("ids", "0 is no motor's number"));
    }
    let robstride = RobStride {
        found: Mutex::new(vec![None; ids.len()]),
        ids,
        model,
        timeout_counts,
        port: link.describe().port.clone(),
    };
    let bus = Bus::new(link, clock, options.time("timeout")?);
    device(plan, &options, &FREE, Motors::new(robstride, bus))
}

/// A count about the middle 7FFFh; infinite at its ends, which say "at least".
fn value(counts: u16, range: f64) -> f64 {
    match counts {
        0 => f64::NEG_INFINITY,
        u16::MAX => f64::INFINITY,
        counts => (f64::from(counts) / f64::from(0x7FFF) - 1.0) * range,
    }
}

struct RobStride {
    ids: Vec<u8>,
    model: &'static Model,
    /// For messages.
    port: String,
    /// Nothing where there is no such parameter.
    timeout_counts: Option<u32>,
    /// Time-outs as they were found.
    found: Mutex<Vec<Option<u32>>>,
}

impl RobStride {
    fn id(&self, motor: usize) -> u8 {
        self.ids.get(motor).copied().unwrap_or_default()
    }

    fn frame(&self, motor: usize, command: Command) -> CanFrame {
        let (id, bytes) = command.encode(HOST, self.id(motor));
        extended(id, &bytes)
    }

    /// A parameter of four bytes at most.
    fn write_frame(&self, motor: usize, index: u16, value: [u8; 4]) -> CanFrame {
        self.frame(motor, Command::Write { index, value })
    }

    fn answer(&self, frame: &CanFrame) -> Option<(usize, Answer)> {
        let (id, bytes) = wide(frame)?;
        let (number, answer) = Answer::decode(id, bytes)?;
        let motor = self.ids.iter().position(|id| *id == number)?;
        Some((motor, answer))
    }

    /// One question to a motor, and what of its answers is one.
    fn ask<T>(
        &self,
        bus: &Bus,
        motor: usize,
        command: Command,
        pick: impl Fn(Answer) -> Option<T>,
    ) -> Result<T, Trouble> {
        let answer = bus.ask(&self.frame(motor, command), |frame| {
            let (who, answer) = self.answer(frame)?;
            pick(answer).filter(|_| who == motor)
        });
        answer.map_err(|failure| bus.trouble(&failure, &self.name(motor), &format!("{command:?}")))
    }

    fn command(&self, bus: &Bus, motor: usize, command: Command) -> Result<Feedback, Trouble> {
        self.ask(bus, motor, command, |answer| match answer {
            Answer::Feedback(feedback) => Some(feedback),
            _ => None,
        })
    }

    fn read(&self, bus: &Bus, motor: usize, index: u16) -> Result<[u8; 4], Trouble> {
        let asked = index;
        let (value, known) =
            self.ask(bus, motor, Command::Read { index }, |answer| match answer {
                Answer::Parameter {
                    index,
                    value,
                    known,
                } if index == asked => Some((value, known)),
                _ => None,
            })?;
        match known {
            true => Ok(value),
            false => Err(Trouble::Refused(format!(
                "{} on {} has no parameter {index:04X}; is it another model or firmware?",
                self.name(motor),
                self.port
            ))),
        }
    }

    /// Writes a parameter and reads it back; `bytes` of it count.
    fn write(
        &self,
        bus: &Bus,
        motor: usize,
        index: u16,
        value: [u8; 4],
        bytes: usize,
    ) -> Result<(), Trouble> {
        self.command(bus, motor, Command::Write { index, value })?;
        let back = self.read(bus, motor, index)?;
        match back.get(..bytes) == value.get(..bytes) {
            true => Ok(()),
            false => Err(Trouble::Refused(format!(
                "{} on {} did not take {} as its parameter {index:04X}; it has {}",
                self.name(motor),
                self.port,
                hex(&value),
                hex(&back)
            ))),
        }
    }

    fn ails(&self, faults: u8) -> Vec<Ail> {
        let stall = match self.model.mode {
            5 => "stall overload",
            _ => "Hall sensor fault",
        };
        let known = [
            (fault::UNDER_VOLTAGE, "under-voltage", "under-voltage"),
            (fault::OVER_CURRENT, "over-current", "over-current"),
            (
                fault::OVER_TEMPERATURE,
                "over-temperature",
                "over-temperature",
            ),
            (fault::ENCODER, "encoder", "magnetic encoder fault"),
            (fault::STALL, "stall", stall),
            (fault::UNCALIBRATED, "uncalibrated", "not calibrated"),
        ];
        let said = known.iter().filter(|(bit, ..)| faults & bit != 0);
        said.map(|(_, code, text)| Ail::new(code, format!("{text} (faults {faults:02X})")))
            .collect()
    }
}

impl Protocol for RobStride {
    const EFFORT: &'static str = "torque";

    fn has_driver_sensors(&self) -> bool {
        false
    }

    fn is_fed(&self) -> bool {
        self.timeout_counts.is_some_and(|counts| counts > 0)
    }

    fn motors(&self) -> usize {
        self.ids.len()
    }

    fn name(&self, motor: usize) -> String {
        format!("motor {}", self.id(motor))
    }

    fn nameplate(&self, bus: &Bus, motor: usize) -> Result<Nameplate, Trouble> {
        let chip = self.ask(bus, motor, Command::Identify, |answer| match answer {
            Answer::Identity { chip } => Some(chip),
            _ => None,
        })?;
        if self.timeout_counts.is_some() {
            let found = u32::from_le_bytes(self.read(bus, motor, parameter::TIMEOUT)?);
            let mut all = self.found.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(place) = all.get_mut(motor) {
                *place = Some(found);
            }
        }
        let most = self.model.position.to_degrees();
        Ok(Nameplate {
            model: String::new(), // the bench says it
            firmware: String::new(),
            serial: format!("chip {}", hex(&chip).replace(' ', "")),
            deg: [-most, most],
            deg_per_s: self.model.velocity.to_degrees(),
        })
    }

    /// The mode can be changed while stopped; faults are forgotten first. The place to stand at is set
    /// before and after the torque comes on.
    fn power_on(&self, bus: &Bus, motor: usize, deg: f64) -> Result<(), Trouble> {
        self.command(bus, motor, Command::Stop { clear: true })?;
        let mode = self.model.mode.to_le_bytes();
        self.write(bus, motor, parameter::RUN_MODE, mode, 1)?;
        if let Some(counts) = self.timeout_counts {
            self.write(bus, motor, parameter::TIMEOUT, counts.to_le_bytes(), 4)?;
        }
        let here = Command::Write {
            index: parameter::POSITION,
            value: (deg.to_radians() as f32).to_le_bytes(),
        };
        let slow = Command::Write {
            index: parameter::SPEED_MOST,
            value: 0.2f32.to_le_bytes(),
        };
        self.command(bus, motor, slow)?;
        self.command(bus, motor, here)?;
        self.command(bus, motor, Command::Enable)?;
        let feedback = self.command(bus, motor, here)?;
        if feedback.mode == Mode::Running {
            return Ok(());
        }
        let ails = self.ails(feedback.faults);
        let why = ails.first().map_or("it says no fault", |ail| &ail.text);
        Err(Trouble::Event {
            code: "not-enabled".into(),
            text: format!("{} on {} does not run: {why}", self.name(motor), self.port),
        })
    }

    fn power_off(&self, bus: &Bus, motor: usize) -> Result<(), Trouble> {
        let feedback = self.command(bus, motor, Command::Stop { clear: false })?;
        if feedback.mode == Mode::Running {
            let text = format!("{} on {} goes on running", self.name(motor), self.port);
            return Err(Trouble::Fault(FaultKind::Unattributable, text));
        }
        let all = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        let found = all.get(motor).copied().flatten();
        drop(all);
        found.map_or(Ok(()), |found| {
            self.write(bus, motor, parameter::TIMEOUT, found.to_le_bytes(), 4)
        })
    }

    /// A limit of speed is a frame that is answered and moves nothing.
    fn look(&self, motor: usize) -> Vec<CanFrame> {
        vec![self.write_frame(motor, parameter::SPEED_MOST, 0.2f32.to_le_bytes())]
    }

    fn begin(&self, motor: usize, goal: Goal) -> Vec<CanFrame> {
        let speed = goal.deg_per_s.to_radians() as f32;
        let mut frames = vec![self.write_frame(motor, parameter::SPEED_MOST, speed.to_le_bytes())];
        frames.extend(self.go(motor, goal));
        frames
    }

    fn go(&self, motor: usize, goal: Goal) -> Vec<CanFrame> {
        let rad = goal.deg.to_radians() as f32;
        vec![self.write_frame(motor, parameter::POSITION, rad.to_le_bytes())]
    }

    fn limp(&self, motor: usize) -> Vec<CanFrame> {
        vec![self.frame(motor, Command::Stop { clear: false })]
    }

    fn hear(&self, frame: &CanFrame, _stamp: Stamp) -> Option<(usize, Shown)> {
        let (motor, answer) = self.answer(frame)?;
        let Answer::Feedback(feedback) = answer else {
            return None;
        };
        let celsius = f64::from(feedback.temperature) * 0.1;
        let shown = Shown {
            deg: value(feedback.position, self.model.position).to_degrees(),
            deg_per_s: value(feedback.velocity, self.model.velocity).to_degrees(),
            effort: value(feedback.torque, self.model.torque),
            celsius,
            driver_celsius: celsius,
            powered: Some(feedback.mode == Mode::Running),
            ails: self.ails(feedback.faults),
        };
        Some((motor, shown))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// robstride-dynamics 0.0.1: `(count / 7FFFh - 1) * range`.
    #[test]
    fn counts_are_shares_of_the_models_range() {
        assert_eq!(value(0x7FFF, 44.0), 0.0);
        assert!((value(0xBFFF, 17.0) - 8.5).abs() < 1e-3);
        assert_eq!(value(0xFFFF, 17.0), f64::INFINITY);
        assert_eq!(value(0, 17.0), f64::NEG_INFINITY);
    }
}
