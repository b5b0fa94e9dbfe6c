//! Damiao DM joint motors, 1 to 6 on one bus, moved in their position-and-velocity mode.
//!
//! What their counts mean is read from the motor (registers 21 to 23), never assumed: a wrong range is a
//! wrong torque. Their identifier of answers is read, too. With `can_timeout` the motor leaves its enabled
//! state when it is not commanded for so long, as its manual says ("exits enable mode if no CAN command is
//! received"): it goes limp.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use certbench_clock::Clock;
use certbench_link::{CanFrame, CanLink, Stamp};
use certbench_model::plan::DevicePlan;
use certbench_model::vocabulary::DriverDescription;
use certbench_model::{FaultKind, Text};
use certbench_roles::{Device, Trouble};
use certbench_wire::damiao::{Command, Feedback, REGISTERS, Register, Request, State, register};
use certbench_wire::mit;

use super::bus::{Bus, Failure, plain, standard};
use super::group::Motors;
use super::protocol::{Goal, Protocol, Shown};
use crate::options::{Options, quantity};
use crate::servos::chain::{Ail, Nameplate, Whose};
use crate::servos::engine::device;
use crate::servos::{FREE, ids};

/// Mode 2 obeys an angle and a velocity.
const MODE: u32 = 2;
/// Counts of the time-out in a second: 50 µs each.
const COUNTS_PER_S: f64 = 20_000.0;
/// Highest number: that of a velocity command is still within 11 bits, and not that of the registers.
const NUMBER_MOST: u8 = 0xFE;

pub(super) fn description() -> DriverDescription {
    let mut description = super::motors(
        "damiao-dm",
        "Damiao DM joint motors, 1 to 6 on one bus",
        "达妙 DM 关节电机，单总线 1 至 6 个",
        ("torque", "N.m"),
        true,
        &[
            "golden frames of damiao-motor 1.0.6",
            "damiao-motor 1.0.6 as the host of the simulator, over SLCAN",
            "simulator",
        ],
    );
    description.watchdog = Text::new(
        "leaves its enabled state: the motor goes limp after `can_timeout` without a command, and what it holds falls; \
         none with 0 ms",
        "退出使能：超过 `can_timeout` 未收到指令则电机失力，所持负载会落下；设为 0 ms 则无",
    );
    description.options = super::options(
        1_000_000,
        "1 2 3 4 5 6",
        [quantity(
            "can_timeout",
            "500 ms",
            "the motor gives up when it is not commanded for so long (register 9, while enabled); 0 ms: never",
            "超过此时间无指令则电机退出使能（使能期间写入寄存器 9）；0 ms 表示不启用",
        )],
    );
    description
}

pub(super) fn open(
    plan: &DevicePlan,
    link: Arc<dyn CanLink>,
    clock: &Clock,
) -> Result<Arc<dyn Device>, Trouble> {
    let options = Options::new(plan, description());
    let timeout_counts = options.time("can_timeout")?.as_secs_f64() * COUNTS_PER_S;
    if timeout_counts > f64::from(u32::MAX) {
        return Err(options.refuse("can_timeout", "it is too long"));
    }
    let ids = ids(&options, &FREE, plan.limits.joints.len(), NUMBER_MOST)?;
    if ids.contains(&0) {
        return Err(options.refuse("ids", "0 is no motor's number"));
    }
    let damiao = Damiao {
        known: Mutex::new(vec![None; ids.len()]),
        ids: ids.into_iter().map(u16::from).collect(),
        timeout_counts: timeout_counts.round() as u32,
        port: link.describe().port.clone(),
    };
    let bus = Bus::new(link, clock, options.time("timeout")?);
    device(plan, &options, &FREE, Motors::new(damiao, bus))
}

/// What is known of a motor since its registers were read.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Known {
    /// Its answers come from this identifier.
    answers: u16,
    ranges: Ranges,
    /// Its time-out as it was found.
    timeout_counts: u32,
}

/// What the most counts mean: radian, radian per second, newton metre.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Ranges {
    position: f64,
    velocity: f64,
    torque: f64,
}

/// A count of `most` about the middle, in a range of `±range`; infinite at its ends, which say "at least".
fn value(counts: u16, most: u16, range: f64) -> f64 {
    match counts {
        0 => f64::NEG_INFINITY,
        counts if counts >= most => f64::INFINITY,
        counts => (2.0 * f64::from(counts) / f64::from(most) - 1.0) * range,
    }
}

struct Damiao {
    ids: Vec<u16>,
    /// For messages.
    port: String,
    timeout_counts: u32,
    known: Mutex<Vec<Option<Known>>>,
}

impl Damiao {
    fn id(&self, motor: usize) -> u16 {
        self.ids.get(motor).copied().unwrap_or_default()
    }

    fn known(&self) -> MutexGuard<'_, Vec<Option<Known>>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The motor's register, as it answers.
    fn register(
        &self,
        bus: &Bus,
        motor: usize,
        request: Request,
        number: u8,
    ) -> Result<[u8; 4], Trouble> {
        let id = self.id(motor);
        let written = matches!(request, Request::Write { .. });
        let question = standard(REGISTERS, &request.encode(id));
        let answer = bus.ask(&question, |frame| {
            let (_, bytes) = plain(frame)?;
            let answer = Register::decode(bytes)?;
            let due = (id, written, number);
            ((answer.motor, answer.written, answer.register) == due).then_some(answer.value)
        });
        answer.map_err(|failure| {
            bus.trouble(
                &failure,
                &self.name(motor),
                &format!("its register {number}"),
            )
        })
    }

    fn read(&self, bus: &Bus, motor: usize, register: u8) -> Result<[u8; 4], Trouble> {
        self.register(bus, motor, Request::Read { register }, register)
    }

    /// Writes a register and reads it back.
    fn write(&self, bus: &Bus, motor: usize, register: u8, value: u32) -> Result<(), Trouble> {
        let value = value.to_le_bytes();
        self.register(bus, motor, Request::Write { register, value }, register)?;
        let back = self.read(bus, motor, register)?;
        if back != value {
            let text = format!(
                "{} on {} did not take {} as its register {register}; it has {}",
                self.name(motor),
                self.port,
                u32::from_le_bytes(value),
                u32::from_le_bytes(back)
            );
            return Err(Trouble::Refused(text));
        }
        Ok(())
    }

    /// A command; the state that the motor answers with.
    fn command(&self, bus: &Bus, motor: usize, command: Command) -> Result<State, Trouble> {
        let (id, bytes) = command.encode(self.id(motor));
        let answer = bus.ask(&standard(id, &bytes), |frame| {
            self.feedback(frame)
                .filter(|(n, ..)| *n == motor)
                .map(|(_, feedback, _)| feedback.state)
        });
        answer.map_err(|failure: Failure| {
            bus.trouble(&failure, &self.name(motor), &format!("{command:?}"))
        })
    }

    /// The feedback of a motor whose ranges are known.
    fn feedback(&self, frame: &CanFrame) -> Option<(usize, Feedback, Known)> {
        let (id, bytes) = plain(frame)?;
        let feedback = Feedback::decode(bytes)?;
        let known = self.known();
        let of_it = |(motor, known): (usize, &Option<Known>)| {
            let known = (*known)?;
            let it = known.answers == id && self.id(motor) & 0x0F == u16::from(feedback.motor);
            it.then_some((motor, feedback, known))
        };
        known.iter().enumerate().find_map(of_it)
    }

    fn frame(&self, motor: usize, command: Command) -> Vec<CanFrame> {
        let (id, bytes) = command.encode(self.id(motor));
        vec![standard(id, &bytes)]
    }
}

fn ail(state: State) -> Option<Ail> {
    let (code, text) = match state {
        State::Disabled | State::Enabled => return None,
        State::OverVoltage => ("over-voltage", "over-voltage"),
        State::UnderVoltage => ("under-voltage", "under-voltage"),
        State::OverCurrent => ("over-current", "over-current"),
        State::DriverTooHot => ("over-temperature", "over-temperature of its power stage"),
        State::WindingTooHot => ("over-temperature", "over-temperature of its winding"),
        State::LostCommunication => ("lost-communication", "not commanded within its time-out"),
        State::Overload => ("overload", "overload"),
        State::Other(_) => ("unknown-error", "an error that is not in its manual"),
    };
    let mut ail = Ail::new(code, format!("{text} (error {:X})", state.code()));
    if state == State::LostCommunication {
        ail.whose = Whose::Unheard;
    }
    Some(ail)
}

impl Protocol for Damiao {
    const EFFORT: &'static str = "torque";

    fn has_driver_sensors(&self) -> bool {
        true
    }

    fn is_fed(&self) -> bool {
        self.timeout_counts > 0
    }

    fn motors(&self) -> usize {
        self.ids.len()
    }

    fn name(&self, motor: usize) -> String {
        format!("motor {}", self.id(motor))
    }

    fn nameplate(&self, bus: &Bus, motor: usize) -> Result<Nameplate, Trouble> {
        let number = |register| Ok(u32::from_le_bytes(self.read(bus, motor, register)?));
        let range = |register: u8, what: &str| {
            let range = f32::from_le_bytes(self.read(bus, motor, register)?);
            match range.is_finite() && range > 0.0 {
                true => Ok(f64::from(range)),
                false => Err(Trouble::Refused(format!(
                    "{} on {} says that its range of {what} is {range}",
                    self.name(motor),
                    self.port
                ))),
            }
        };
        let ranges = Ranges {
            position: range(register::POSITION_RANGE, "position")?,
            velocity: range(register::VELOCITY_RANGE, "velocity")?,
            torque: range(register::TORQUE_RANGE, "torque")?,
        };
        let known = Known {
            answers: number(register::MST_ID)? as u16,
            ranges,
            timeout_counts: number(register::TIMEOUT)?,
        };
        let software = number(register::SOFTWARE)?;
        if let Some(place) = self.known().get_mut(motor) {
            *place = Some(known);
        }
        let most = ranges.position.to_degrees();
        Ok(Nameplate {
            model: String::new(), // no register says it
            firmware: software.to_string(),
            serial: String::new(),
            deg: [-most, most],
            deg_per_s: ranges.velocity.to_degrees(),
        })
    }

    /// The mode can be changed while disabled; errors are forgotten first. A motor that was enabled
    /// is disabled for that moment.
    fn power_on(&self, bus: &Bus, motor: usize, deg: f64) -> Result<(), Trouble> {
        self.command(bus, motor, Command::Disable)?;
        self.command(bus, motor, Command::ClearError)?;
        self.write(bus, motor, register::MODE, MODE)?;
        self.write(bus, motor, register::TIMEOUT, self.timeout_counts)?;
        self.command(bus, motor, Command::Enable)?;
        let stand = Command::PositionVelocity {
            rad: deg.to_radians() as f32,
            rad_per_s: 0.1,
        };
        match self.command(bus, motor, stand)? {
            State::Enabled => Ok(()),
            state => {
                let why = ail(state).map_or("it stays disabled".into(), |ail| ail.text);
                Err(Trouble::Event {
                    code: "not-enabled".into(),
                    text: format!("{} on {}: {why}", self.name(motor), self.port),
                })
            }
        }
    }

    fn power_off(&self, bus: &Bus, motor: usize) -> Result<(), Trouble> {
        let found = self.known().get(motor).copied().flatten();
        let state = self.command(bus, motor, Command::Disable)?;
        if state == State::Enabled {
            let text = format!("{} on {} stays enabled", self.name(motor), self.port);
            return Err(Trouble::Fault(FaultKind::Unattributable, text));
        }
        found.map_or(Ok(()), |found| {
            self.write(bus, motor, register::TIMEOUT, found.timeout_counts)
        })
    }

    fn look(&self, motor: usize) -> Vec<CanFrame> {
        let refresh = Request::Refresh.encode(self.id(motor));
        vec![standard(REGISTERS, &refresh)]
    }

    fn go(&self, motor: usize, goal: Goal) -> Vec<CanFrame> {
        let command = Command::PositionVelocity {
            rad: goal.deg.to_radians() as f32,
            rad_per_s: goal.deg_per_s.to_radians() as f32,
        };
        self.frame(motor, command)
    }

    fn limp(&self, motor: usize) -> Vec<CanFrame> {
        self.frame(motor, Command::Disable)
    }

    fn hear(&self, frame: &CanFrame, _stamp: Stamp) -> Option<(usize, Shown)> {
        let (motor, feedback, Known { ranges, .. }) = self.feedback(frame)?;
        let shown = feedback.shown;
        let other = |counts, range| value(counts, mit::OTHER_MOST, range);
        let position = value(shown.position, mit::POSITION_MOST, ranges.position);
        Some((
            motor,
            Shown {
                deg: position.to_degrees(),
                deg_per_s: other(shown.velocity, ranges.velocity).to_degrees(),
                effort: other(shown.torque, ranges.torque),
                celsius: f64::from(feedback.winding_celsius),
                driver_celsius: f64::from(feedback.driver_celsius),
                powered: Some(feedback.state == State::Enabled),
                ails: ail(feedback.state).into_iter().collect(),
            },
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known() -> Damiao {
        let ranges = Ranges {
            position: 12.5,
            velocity: 30.0,
            torque: 10.0,
        };
        let known = Known {
            answers: 0x12,
            ranges,
            timeout_counts: 0,
        };
        Damiao {
            ids: vec![2],
            port: String::new(),
            timeout_counts: 10_000,
            known: Mutex::new(vec![Some(known)]),
        }
    }

    fn shown(id: u16, bytes: &[u8]) -> Option<Shown> {
        let at = certbench_clock::Time::ZERO;
        let stamp = Stamp {
            earliest: at,
            latest: at,
            kernel: false,
        };
        known()
            .hear(&standard(id, bytes), stamp)
            .map(|(_, shown)| shown)
    }

    /// The manual's error codes in the high four bits of the first byte.
    #[test]
    fn an_error_is_told_by_its_name_and_a_motor_that_nobody_commanded_is_not_to_blame() {
        let ails = |first: u8| {
            let shown = shown(0x12, &[first, 0x80, 0x00, 0x80, 0x08, 0x00, 40, 35]).unwrap();
            let ails = shown.ails.iter().map(|ail| (ail.code, ail.whose));
            (shown.powered, ails.collect::<Vec<_>>())
        };
        assert_eq!(ails(0x12), (Some(true), vec![]));
        assert_eq!(ails(0x02), (Some(false), vec![]));
        let hot = vec![("over-temperature", Whose::Its)];
        assert_eq!(ails(0xB2), (Some(false), hot));
        let unheard = vec![("lost-communication", Whose::Unheard)];
        assert_eq!(ails(0xD2), (Some(false), unheard));
    }

    #[test]
    fn the_end_of_a_range_is_no_number_and_another_motors_answer_no_view() {
        let ends = shown(0x12, &[0x12, 0xFF, 0xFF, 0x80, 0x0F, 0xFF, 40, 35]).unwrap();
        assert_eq!((ends.deg, ends.effort), (f64::INFINITY, f64::INFINITY));
        assert!(ends.deg_per_s.is_finite());
        assert_eq!(shown(0x12, &[0x13, 0x80, 0, 0x80, 0x08, 0, 40, 35]), None);
        assert_eq!(shown(0x13, &[0x12, 0x80, 0, 0x80, 0x08, 0, 40, 35]), None);
        assert_eq!(shown(0x12, &[0x12, 0x80, 0, 0x80]), None);
    }

    /// DM4310: ±12.5 rad in 16 bits, ±30 rad/s and ±10 N.m in 12. The frame is damiao-motor's for 1.5 rad,
    /// -2 rad/s and 3 N.m, which it cuts to whole counts.
    #[test]
    fn counts_are_shares_of_the_ranges_that_the_motor_says() {
        let near = |a: f64, b: f64, count: f64| assert!((a - b).abs() <= count, "{a} {b}");
        near(
            value(0x8F5B, mit::POSITION_MOST, 12.5),
            1.5,
            25.0 / 65_535.0,
        );
        near(value(0x777, mit::OTHER_MOST, 30.0), -2.0, 60.0 / 4095.0);
        near(value(0xA65, mit::OTHER_MOST, 10.0), 3.0, 20.0 / 4095.0);
        // the ends say no more than "at least"
        assert_eq!(value(0xFFFF, mit::POSITION_MOST, 12.5), f64::INFINITY);
        assert_eq!(value(0, mit::OTHER_MOST, 10.0), f64::NEG_INFINITY);
    }
}
