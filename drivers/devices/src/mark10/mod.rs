//! Mark-10 style force gauge: one signal, `force`, in N.
//!
//! What positive means is the bench's choice (`positive: compression` or `tension`); `polarity:
//! inverted` says that the gauge's own menu turns the sign round. A reply without a unit is only
//! understood when the bench names the unit; a unit that differs from the bench's is invalid.

#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use certbench_clock::Clock;
use certbench_link::ByteLink;
use certbench_model::plan::DevicePlan;
use certbench_model::vocabulary::{DriverDescription, SignalDescription};
use certbench_model::{FaultKind, Identity, Invalid, LinkFacts, Reading, Text, Unit};
use certbench_roles::{Device, Lease, NewsSink, SampleSink, Trouble, Wiring, Zero};
use certbench_wire::lines::Lines;
use certbench_wire::mark10::{self as wire, Command, decode_reply};

use crate::facts::link_facts;
use crate::health::Health;
use crate::line::{Answer, Failure, Heard, Line, Manners};
use crate::options::{Options, baud, one_of, optional_one_of, optional_quantity, quantity};
use crate::sinks::Sinks;
use crate::worker::{Ease, Stop, Ticks, Worker};

/// A reply is a number, a blank, a unit.
const LINE_MOST: usize = 64;
/// How long a complaint about a command without answer is listened for.
const COMPLAINT: Duration = Duration::from_millis(50);

pub(crate) fn description() -> DriverDescription {
    DriverDescription {
        id: "mark10-gauge".into(),
        title: Text::new(
            "Mark-10 force gauge, ASCII (GCL)",
            "Mark-10 测力计，ASCII（GCL）",
        ),
        kind: "force-gauge".into(),
        links: vec!["serial".into()],
        roles: ["identify", "sensor", "zero"].map(String::from).to_vec(),
        joints: Vec::new(),
        signals: vec![SignalDescription {
            name: "force".into(),
            components: Unit::parse("N")
                .map(|n| ("value".to_owned(), n))
                .into_iter()
                .collect(),
            digital: false,
            interval_s: 0.01,
            delay_s: [0.0, 0.1],
        }],
        options: vec![
            baud(115_200),
            optional_one_of(
                "unit",
                &["N", "kN", "mN", "lbF", "ozF", "kgF", "gF"],
                "unit the gauge is set to; needed when its replies leave it out",
                "测力计设定的单位；应答不带单位时必填",
            ),
            one_of(
                "positive",
                &["compression", "tension"],
                "what a positive force is",
                "正值所表示的方向",
            ),
            one_of(
                "polarity",
                &["as-manual", "inverted"],
                "whether the gauge's menu inverts the sign",
                "测力计菜单是否反转符号",
            ),
            optional_quantity(
                "capacity",
                "N",
                "beyond this the gauge is overloaded",
                "超过此值即为过载",
            ),
            quantity("interval", "10 ms", "sampling interval", "采样间隔"),
            optional_quantity(
                "idle_interval",
                "s",
                "sampling interval outside of windows where a repeat is recorded thinned; shorter than any watch's max_age",
                "精简记录的重复中窗口之外的采样间隔；须小于任何监视的 max_age",
            ),
            quantity(
                "timeout",
                "100 ms",
                "how long an answer is waited for",
                "等待应答的时间",
            ),
            quantity(
                "slowest",
                "100 ms",
                "an answer that took longer gives no reading; at most the channel's declared delay",
                "应答慢于此值则读数无效；不大于通道声明的延迟",
            ),
        ],
        safe_states: Vec::new(),
        watchdog: Text::new("none; it moves nothing", "无；不驱动任何运动"),
        verified_against: vec![
            "examples of the Series 4 user's guide".into(),
            "simulator".into(),
        ],
        moves: false,
    }
}

/// Newton of one unit. Pound and ounce from 1 lb = 0.45359237 kg and 9.80665 m/s2, both exact.
fn newton(unit: wire::Unit) -> f64 {
    const LBF: f64 = 0.453_592_37 * 9.80665;
    match unit {
        wire::Unit::Newton => 1.0,
        wire::Unit::KiloNewton => 1e3,
        wire::Unit::MilliNewton => 1e-3,
        wire::Unit::KilogramForce => 9.80665,
        wire::Unit::GramForce => 9.80665e-3,
        wire::Unit::PoundForce => LBF,
        wire::Unit::OunceForce => LBF / 16.0,
    }
}

/// How the gauge is set, and what the bench wants of it.
struct Policy {
    unit: Option<wire::Unit>,
    /// +1 or -1: from the gauge's sign to the bench's.
    sign: f64,
    capacity_n: Option<f64>,
}

impl Policy {
    /// A reply as the plan's reading.
    fn reading(&self, line: &str) -> Reading {
        let said = match decode_reply(line) {
            Ok(said) => said,
            Err(wire::Invalid::Overload(_)) => return Reading::Invalid(Invalid::OverRange),
            Err(wire::Invalid::UnknownUnit(_)) => return Reading::Invalid(Invalid::WrongUnit),
            Err(_) => return Reading::Invalid(Invalid::Unreadable),
        };
        let unit = match (said.unit, self.unit) {
            (Some(unit), None) | (None, Some(unit)) => unit,
            (Some(unit), Some(declared)) if unit == declared => unit,
            _ => return Reading::Invalid(Invalid::WrongUnit),
        };
        let force = self.sign * said.value * newton(unit);
        match self.capacity_n {
            Some(most) if force.abs() > most => Reading::Invalid(Invalid::OverRange),
            _ => Reading::scalar(force),
        }
    }
}

pub(crate) fn open(
    plan: &DevicePlan,
    link: Arc<dyn ByteLink>,
    clock: &Clock,
) -> Result<Arc<dyn Device>, Trouble> {
    let options = Options::new(plan, description());
    let word = |name: &str| options.text(name).map(Option::unwrap_or_default);
    let unit =
        match options.text("unit")? {
            None => None,
            Some(text) => Some(wire::Unit::from_reply(&text).ok_or_else(|| {
                options.refuse("unit", format_args!("the gauge knows no `{text}`"))
            })?),
        };
    let flip = |yes: bool| if yes { -1.0 } else { 1.0 };
    let sign = flip(word("positive")? == "tension") * flip(word("polarity")? == "inverted");
    let timeout = options.time("timeout")?;
    let manners = Manners {
        silence: Duration::ZERO,
        timeout,
        longest: 2 * timeout,
    };
    let idle = options.quantity("idle_interval", "s")?;
    let idle = idle.and_then(|s| Duration::try_from_secs_f64(s).ok());
    let who = format!("the gauge `{}` on {}", plan.id, link.describe().port);
    let gauge = Gauge {
        id: plan.id.clone(),
        line: Line::new(link, clock, who, manners),
        policy: Policy {
            unit,
            sign,
            capacity_n: options.quantity("capacity", "N")?,
        },
        interval: options.time("interval")?,
        ease: Ease::new(clock, idle),
        slowest: options.time("slowest")?,
    };
    Ok(Arc::new(Opened {
        gauge: Arc::new(gauge),
        worker: Worker::default(),
    }))
}

struct Gauge {
    id: String,
    line: Line,
    policy: Policy,
    interval: Duration,
    ease: Ease,
    slowest: Duration,
}

impl Gauge {
    /// The reply to `?C`, as a line.
    fn ask(&self) -> Result<Answer<String>, Failure> {
        let mut lines = Lines::new(LINE_MOST);
        self.line.ask(&Command::RealTime.encode(), |bytes| {
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
        let mut complained = false;
        while !stop.is_set() {
            match self.ask() {
                Ok(answer) => {
                    health.good();
                    let illegal = self.give(sinks, &answer);
                    if illegal && !complained {
                        let text = format!(
                            "{} does not know `?C` (*10); is it a Series 4, 5 or 7?",
                            self.id
                        );
                        sinks.tell(
                            answer.stamp.earliest,
                            Trouble::Fault(FaultKind::Instrument, text),
                        );
                    }
                    complained = illegal;
                }
                Err(failure) => {
                    let now = self.line.clock().now();
                    if let Failure::Garbage { .. } = failure {
                        sinks.signal("force", now, Reading::Invalid(Invalid::Unreadable));
                    }
                    if health.bad() {
                        sinks.tell(now, self.line.trouble(&failure));
                    }
                }
            }
            self.ease.wait(&mut ticks);
        }
    }

    /// Delivers a reply; whether it was a complaint about the command.
    fn give(&self, sinks: &Sinks, answer: &Answer<String>) -> bool {
        let reading = match answer.took() > self.slowest {
            true => Reading::Invalid(Invalid::Stale),
            false => self.policy.reading(&answer.value),
        };
        sinks.signal("force", answer.stamp.earliest, reading);
        decode_reply(&answer.value) == Err(wire::Invalid::IllegalCommand)
    }
}

impl Zero for Gauge {
    fn zero(&self, signal: &str) -> Result<(), Trouble> {
        if signal != "force" {
            return Err(Trouble::Refused(format!(
                "{} has no signal `{signal}`",
                self.id
            )));
        }
        let heard = self.line.tell(&Command::Zero.encode(), COMPLAINT);
        let heard = heard.map_err(|failure| self.line.trouble(&failure))?;
        if heard.is_empty() {
            return Ok(());
        }
        let answer = String::from_utf8_lossy(&heard).trim().to_owned();
        Err(Trouble::Refused(format!(
            "{} answered {answer:?} to the command to zero",
            self.id
        )))
    }
}

struct Opened {
    gauge: Arc<Gauge>,
    worker: Worker,
}

impl Device for Opened {
    fn id(&self) -> &str {
        &self.gauge.id
    }

    fn link(&self) -> LinkFacts {
        link_facts(self.gauge.line.link().describe())
    }

    fn call_at_most(&self) -> Duration {
        self.gauge.line.call_at_most()
    }

    fn identify(&self) -> Result<Identity, Trouble> {
        let answer = self
            .gauge
            .ask()
            .map_err(|failure| self.gauge.line.trouble(&failure))?;
        Ok(Identity {
            read_from_device: false,
            label_needed: ["model", "serial"].map(String::from).to_vec(),
            notes: vec![format!("first reply: {:?}", answer.value)],
            ..Identity::default()
        })
    }

    fn start(
        &self,
        wiring: Wiring,
        samples: SampleSink,
        news: NewsSink,
        lease: Lease,
    ) -> Result<(), Trouble> {
        let gauge = self.gauge.clone();
        let sinks = Sinks::new(&gauge.id, wiring, samples, news, lease);
        let clock = gauge.line.clock().clone();
        self.worker
            .deliver(&clock, "poll", sinks, move |sinks, stop| {
                gauge.poll(sinks, stop)
            });
        Ok(())
    }

    fn attend(&self, every_sample: bool) {
        self.gauge.ease.attend(every_sample);
    }

    fn close(&self) {
        self.gauge.ease.attend(true);
        self.worker.end();
    }

    fn zero(&self) -> Option<&dyn Zero> {
        Some(&*self.gauge)
    }
}
