//! Magtrol DSP7000 dynamometer controller: a brake that is set to a torque, in a loop of its own.
//!
//! The driver's thread reads speed and torque at a steady rate, walks the set point along its ramp,
//! and takes the brake off as soon as the executor's lease does not hold any more: the controller has
//! no watchdog of its own. A brake only brakes: it cannot turn a joint, and holds no torque against
//! one that stands still.

#[cfg(test)]
mod tests;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use certbench_clock::{Clock, Time};
use certbench_link::ByteLink;
use certbench_model::plan::{DevicePlan, SafeState};
use certbench_model::vocabulary::{DriverDescription, SignalDescription};
use certbench_model::{FaultKind, Identity, Invalid, LinkFacts, Reading, Text, Unit};
use certbench_roles::{
    Device, Halt, Lease, NewsSink, Progress, SampleSink, Setpoint, SetpointMove, Setting, Trouble,
    Wiring,
};
use certbench_wire::lines::Lines;
use certbench_wire::magtrol::{Command, Data, Shaft};
use certbench_wire::scpi::decode_identity;

use crate::facts::link_facts;
use crate::health::Health;
use crate::line::{Answer, Failure, Heard, Line, Manners};
use crate::options::{Options, baud, count, one_of, quantity};
use crate::sinks::Sinks;
use crate::worker::{Stop, Ticks, Worker};

const LINE_MOST: usize = 96;
/// Degrees per second of one revolution per minute.
const DEG_S_PER_RPM: f64 = 6.0;

pub(crate) fn description() -> DriverDescription {
    let signal = |name: &str, unit: &str| SignalDescription {
        name: name.into(),
        components: Unit::parse(unit)
            .map(|unit| ("value".to_owned(), unit))
            .into_iter()
            .collect(),
        digital: false,
        interval_s: 0.1,
        delay_s: [0.0, 0.2],
    };
    DriverDescription {
        id: "magtrol-dsp7000".into(),
        title: Text::new(
            "Magtrol DSP7000 dynamometer controller, ASCII",
            "Magtrol DSP7000 测功机控制器，ASCII",
        ),
        kind: "load-machine".into(),
        links: vec!["serial".into()],
        roles: ["identify", "sensor", "setpoint", "halt"]
            .map(String::from)
            .to_vec(),
        joints: Vec::new(),
        signals: vec![signal("torque", "N.m"), signal("speed", "deg/s")],
        options: vec![
            baud(19_200),
            count(
                "channel",
                1,
                "channel of the controller, 1 or 2",
                "控制器通道，1 或 2",
            ),
            one_of(
                "unit",
                &["N.m", "mN.m"],
                "unit of torque that the panel shows",
                "面板显示的转矩单位",
            ),
            quantity("interval", "100 ms", "sampling interval", "采样间隔"),
            quantity(
                "timeout",
                "200 ms",
                "how long an answer is waited for",
                "等待应答的时间",
            ),
            quantity(
                "slowest",
                "200 ms",
                "an answer that took longer gives no reading; at most the channel's declared delay",
                "应答慢于此值则读数无效；不大于通道声明的延迟",
            ),
            quantity(
                "tolerance",
                "0.2 N.m",
                "read back within this of the set point, the ramp is over",
                "读回值与设定值之差在此以内视为到达",
            ),
            quantity(
                "rest",
                "0.3 N.m",
                "below this the brake counts as off",
                "低于此转矩视为制动已解除",
            ),
        ],
        safe_states: vec!["torque-off".into()],
        watchdog: Text::new(
            "none in the controller: this driver takes the brake off when certbench hangs, not when the computer fails",
            "控制器无看门狗：certbench 挂起时由本驱动解除制动，计算机失效时不会",
        ),
        verified_against: vec![
            "forms of the DSP7000 user's manual, sections 7.2 and 7.4".into(),
            "simulator".into(),
        ],
        moves: true,
    }
}

pub(crate) fn open(
    plan: &DevicePlan,
    link: Arc<dyn ByteLink>,
    clock: &Clock,
) -> Result<Arc<dyn Device>, Trouble> {
    let options = Options::new(plan, description());
    let channel = match options.count::<u8>("channel")? {
        channel @ (1 | 2) => channel,
        _ => return Err(options.refuse("channel", "a controller has channels 1 and 2")),
    };
    let safe = plan.safety.as_ref().map(|s| s.safe_state);
    if safe.is_some_and(|s| s != SafeState::TorqueOff) {
        let text = format!(
            "device `{}`: a brake's only safe state is `torque-off`",
            plan.id
        );
        return Err(Trouble::Refused(text));
    }
    let timeout = options.time("timeout")?;
    let manners = Manners {
        silence: Duration::ZERO,
        timeout,
        longest: 2 * timeout,
    };
    let newton_metre = match options.text("unit")?.as_deref() {
        Some("mN.m") => 1e-3,
        _ => 1.0,
    };
    let who = format!("the dynamometer `{}` on {}", plan.id, link.describe().port);
    let brake = Brake {
        id: plan.id.clone(),
        line: Line::new(link, clock, who, manners),
        channel,
        newton_metre,
        off: Command::TorqueOff(channel).encode(),
        most_nm: plan.limits.torque_nm_max,
        tolerance_nm: options.needed_quantity("tolerance", "N.m")?,
        rest_nm: options.needed_quantity("rest", "N.m")?,
        interval: options.time("interval")?,
        slowest: options.time("slowest")?,
        halts: AtomicU64::new(0),
        state: Mutex::default(),
    };
    Ok(Arc::new(Opened {
        brake: Arc::new(brake),
        worker: Worker::default(),
    }))
}

/// A ramp that goes on or is over.
#[derive(Clone, Copy, Debug)]
struct Ramp {
    from_nm: f64,
    to_nm: f64,
    began: Time,
    lasts: Duration,
    /// Of this many halts: one more ends it.
    halts: u64,
}

impl Ramp {
    fn at(&self, now: Time) -> f64 {
        let passed = (now - self.began).as_secs_f64();
        let lasts = self.lasts.as_secs_f64();
        if passed >= lasts {
            return self.to_nm;
        }
        self.from_nm + passed / lasts * (self.to_nm - self.from_nm)
    }

    fn over(&self) -> Time {
        self.began + self.lasts
    }
}

#[derive(Default)]
struct State {
    ramp: Option<Ramp>,
    /// What was sent last, N·m; `None`: the brake is off.
    sent_nm: Option<f64>,
    /// Torque read last, and when.
    read: Option<(f64, Time)>,
    halted: Option<Time>,
}

struct Brake {
    id: String,
    line: Line,
    channel: u8,
    /// N·m of the panel's unit.
    newton_metre: f64,
    /// What takes the brake off, ready to be sent.
    off: Vec<u8>,
    most_nm: Option<f64>,
    tolerance_nm: f64,
    rest_nm: f64,
    interval: Duration,
    slowest: Duration,
    halts: AtomicU64,
    /// Locked for a copy only, never across a wait.
    state: Mutex<State>,
}

impl Brake {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn now(&self) -> Time {
        self.line.clock().now()
    }

    fn ask(&self, command: Command) -> Result<Answer<String>, Failure> {
        let mut lines = Lines::new(LINE_MOST);
        self.line.ask(&command.encode(), |bytes| {
            lines.push(bytes);
            match lines.next() {
                None => Heard::More,
                Some(Ok(line)) => Heard::Answer(line),
                Some(Err(bad)) => Heard::Garbage(bad.to_string()),
            }
        })
    }

    fn poll(&self, sinks: &Sinks, stop: &Stop) {
        let (mut ticks, mut health) = (
            Ticks::new(self.line.clock(), self.interval),
            Health::default(),
        );
        let mut alarmed = false;
        while !stop.is_set() {
            match self.ask(Command::Data(self.channel)) {
                Ok(answer) => {
                    health.good();
                    let alarm = self.give(sinks, &answer);
                    if alarm && !alarmed {
                        let text = "the dynamometer controller is in an alarm condition";
                        sinks.event(answer.stamp.earliest, "alarm", text);
                    }
                    alarmed = alarm;
                }
                Err(failure) => {
                    let now = self.now();
                    if let Failure::Garbage { .. } = failure {
                        self.invalid(sinks, now, Invalid::Unreadable);
                    }
                    if health.bad() {
                        sinks.tell(now, self.line.trouble(&failure));
                    }
                }
            }
            self.follow(sinks);
            ticks.wait();
        }
    }

    /// Delivers an answer; whether it was an alarm.
    fn give(&self, sinks: &Sinks, answer: &Answer<String>) -> bool {
        let at = answer.stamp.earliest;
        let Some(data) = Data::decode(&answer.value) else {
            self.invalid(sinks, at, Invalid::Unreadable);
            return false;
        };
        if answer.took() > self.slowest {
            self.invalid(sinks, at, Invalid::Stale);
            return data.shaft == Shaft::Alarm;
        }
        let nm = data.torque * self.newton_metre;
        self.state().read = Some((nm, at));
        let sign = match data.shaft {
            Shaft::CounterClockwise => -1.0,
            Shaft::Clockwise | Shaft::Alarm => 1.0,
        };
        sinks.signal("torque", at, Reading::scalar(nm));
        let speed = match data.shaft {
            Shaft::Alarm => Reading::Invalid(Invalid::NoSignal),
            _ => Reading::scalar(sign * data.rpm * DEG_S_PER_RPM),
        };
        sinks.signal("speed", at, speed);
        data.shaft == Shaft::Alarm
    }

    fn invalid(&self, sinks: &Sinks, at: Time, why: Invalid) {
        for signal in ["torque", "speed"] {
            sinks.signal(signal, at, Reading::Invalid(why));
        }
    }

    /// Walks along the ramp; without a lease takes the brake off.
    fn follow(&self, sinks: &Sinks) {
        let now = self.now();
        let (ramp, sent) = {
            let state = self.state();
            (state.ramp, state.sent_nm)
        };
        if !sinks.lease.holds(now.as_nanos()) {
            if sent.is_some() {
                let _ = self.take_off(); // sent again as long as it is on
            }
            return;
        }
        let Some(ramp) = ramp else { return };
        if sent == Some(ramp.to_nm) {
            return;
        }
        if let Err(trouble) = self.send(&ramp, ramp.at(now)) {
            sinks.tell(now, trouble);
        }
    }

    /// Sends a set point of a ramp. A halt that comes meanwhile has the last word.
    fn send(&self, ramp: &Ramp, nm: f64) -> Result<(), Trouble> {
        if self.halts.load(Ordering::SeqCst) != ramp.halts {
            return Ok(());
        }
        let command = Command::Torque(self.channel, nm / self.newton_metre);
        self.write(&command.encode())?;
        self.state().sent_nm = Some(nm);
        if self.halts.load(Ordering::SeqCst) != ramp.halts {
            return self.take_off();
        }
        Ok(())
    }

    fn take_off(&self) -> Result<(), Trouble> {
        self.write(&self.off)?;
        let mut state = self.state();
        state.ramp = None;
        state.sent_nm = None;
        Ok(())
    }

    fn write(&self, bytes: &[u8]) -> Result<(), Trouble> {
        let sent = self.line.link().write(bytes);
        sent.map(|_| ())
            .map_err(|error| Trouble::Fault(FaultKind::Link, error.to_string()))
    }
}

impl Setpoint for Brake {
    fn accept(&self, motion: &SetpointMove) -> Result<(), Trouble> {
        let refuse = |text: String| Err(Trouble::Refused(format!("{}: {text}", self.id)));
        match motion.to {
            Setting::DegPerS(_) => refuse("only a torque can be set from here".into()),
            Setting::TorqueNm(nm) if nm.is_nan() || nm < 0.0 => {
                refuse("a brake takes torque up; it has no negative one".into())
            }
            Setting::TorqueNm(nm) if self.most_nm.is_none_or(|most| nm > most) => {
                refuse(format!("{nm} N·m is beyond the bench's limit"))
            }
            Setting::TorqueNm(_) => Ok(()),
        }
    }

    fn begin(&self, motion: &SetpointMove) -> Result<(), Trouble> {
        self.accept(motion)?;
        let Setting::TorqueNm(to_nm) = motion.to else {
            return Ok(());
        };
        let now = self.now();
        let ramp = {
            let mut state = self.state();
            let ramp = Ramp {
                from_nm: state.sent_nm.unwrap_or(0.0),
                to_nm,
                began: now,
                lasts: motion.ramp,
                halts: self.halts.load(Ordering::SeqCst),
            };
            state.ramp = Some(ramp);
            state.halted = None;
            ramp
        };
        self.send(&ramp, ramp.at(now))
    }

    fn progress(&self) -> Result<Progress, Trouble> {
        let state = self.state();
        let Some(ramp) = state.ramp else {
            return Ok(Progress::Stopped);
        };
        let there = |(nm, at): (f64, Time)| {
            at > ramp.over() && (nm - ramp.to_nm).abs() <= self.tolerance_nm
        };
        Ok(if state.read.is_some_and(there) {
            Progress::Settled
        } else {
            Progress::Moving
        })
    }
}

/// Takes the brake off.
struct Off(Arc<Brake>);

impl Halt for Off {
    fn device(&self) -> &str {
        &self.0.id
    }

    fn halt(&self) -> Result<(), Trouble> {
        self.0.halts.fetch_add(1, Ordering::SeqCst);
        let now = self.0.now();
        self.0.state().halted.get_or_insert(now);
        self.0.take_off()
    }

    fn confirmed(&self) -> Result<Option<bool>, Trouble> {
        let state = self.0.state();
        let (Some(halted), Some((nm, at))) = (state.halted, state.read) else {
            return Ok(None);
        };
        Ok((at > halted).then_some(nm.abs() <= self.0.rest_nm))
    }
}

struct Opened {
    brake: Arc<Brake>,
    worker: Worker,
}

impl Device for Opened {
    fn id(&self) -> &str {
        &self.brake.id
    }

    fn link(&self) -> LinkFacts {
        link_facts(self.brake.line.link().describe())
    }

    fn learns_every(&self) -> Duration {
        self.brake.interval
    }

    fn identify(&self) -> Result<Identity, Trouble> {
        let brake = &self.brake;
        let answer = brake
            .ask(Command::Identify)
            .map_err(|failure| brake.line.trouble(&failure))?;
        let label = vec!["serial".to_owned()];
        let notes = vec![format!("*IDN?: {:?}", answer.value)];
        let Some(said) = decode_identity(&answer.value) else {
            return Ok(Identity {
                read_from_device: false,
                label_needed: ["maker", "model", "serial"].map(String::from).to_vec(),
                notes,
                ..Identity::default()
            });
        };
        Ok(Identity {
            read_from_device: said.serial.is_some(),
            label_needed: if said.serial.is_some() {
                Vec::new()
            } else {
                label
            },
            maker: Some(said.manufacturer),
            model: Some(said.model),
            serial: said.serial,
            firmware: said.firmware,
            notes,
        })
    }

    fn start(
        &self,
        wiring: Wiring,
        samples: SampleSink,
        news: NewsSink,
        lease: Lease,
    ) -> Result<(), Trouble> {
        let brake = self.brake.clone();
        let sinks = Sinks::new(&brake.id, wiring, samples, news, lease);
        let clock = brake.line.clock().clone();
        self.worker
            .deliver(&clock, "poll", sinks, move |sinks, stop| {
                brake.poll(sinks, stop)
            });
        Ok(())
    }

    fn close(&self) {
        self.worker.end();
    }

    fn halt(&self) -> Option<Arc<dyn Halt>> {
        Some(Arc::new(Off(self.brake.clone())))
    }

    fn setpoint(&self) -> Option<&dyn Setpoint> {
        Some(&*self.brake)
    }
}
