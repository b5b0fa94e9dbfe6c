//! Relay and digital-input box over Modbus RTU.
//!
//! Inputs are polled: signal `in0` is discrete input 0, delivered at every poll as 0 or 1 with the time
//! at which it was asked for. The box looked at its input at some moment from then on, at most `slowest`
//! later and not after the next question: the channel's delay is negative. An edge therefore lies between
//! the last poll without it and the end of the first poll with it, however long an answer takes.
//!
//! Outputs are coils; a switch says between which moments it took effect. Holding registers are written
//! one by one (function 06), for a robot that reads the number of its program there. A late answer is never
//! taken for the next one: see [`crate::modbus`].

#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use certbench_clock::{Clock, Time};
use certbench_link::ByteLink;
use certbench_model::plan::DevicePlan;
use certbench_model::vocabulary::{DriverDescription, SignalDescription};
use certbench_model::{FaultKind, Identity, Invalid, LinkFacts, Reading, Text, Unit};
use certbench_roles::{Device, Lease, NewsSink, Outputs, Registers, SampleSink, Trouble, Wiring};
use certbench_wire::modbus::{Reply, Request, Table, silent_interval};

use crate::facts::link_facts;
use crate::health::Health;
use crate::line::{Answer, Failure, Line, Manners};
use crate::modbus::{Client, Framing};
use crate::options::{Options, baud, count, quantity};
use crate::sinks::Sinks;
use crate::worker::{Stop, Ticks, Worker};

/// An answer that took longer is no reading, unless the bench says otherwise.
const SLOWEST_S: f64 = 0.1;
/// Inputs that can be wired to channels.
const INPUTS_MOST: u16 = 16;
/// Outputs that can be switched.
const OUTPUTS_MOST: u16 = 64;

pub(crate) fn description() -> DriverDescription {
    let input = |number| SignalDescription {
        name: format!("in{number}"),
        components: vec![("value".into(), Unit::one())],
        digital: true,
        interval_s: 0.02,
        delay_s: [-SLOWEST_S, 0.0],
    };
    DriverDescription {
        id: "modbus-io".into(),
        title: Text::new(
            "relay and digital-input box, Modbus RTU",
            "继电器与数字输入盒，Modbus RTU",
        ),
        kind: "io".into(),
        links: vec!["serial".into()],
        roles: ["identify", "sensor", "output", "register"]
            .map(String::from)
            .to_vec(),
        joints: Vec::new(),
        signals: (0..INPUTS_MOST).map(input).collect(),
        options: vec![
            baud(9600),
            count("id", 1, "unit number, 1 to 247", "站号，1 至 247"),
            count("inputs", 8, "how many inputs, 1 to 16", "输入路数，1 至 16"),
            count(
                "outputs",
                8,
                "how many outputs, up to 64",
                "输出路数，最多 64",
            ),
            count(
                "registers",
                0,
                "how many holding registers may be written",
                "可写的保持寄存器数",
            ),
            quantity(
                "interval",
                "20 ms",
                "polling interval of the inputs",
                "输入的轮询间隔",
            ),
            quantity(
                "timeout",
                "100 ms",
                "how long an answer is waited for",
                "等待应答的时间",
            ),
            quantity(
                "max_response",
                "300 ms",
                "after a time-out nothing is asked for so long: the latest moment at which the box may still answer",
                "超时后静默的时间：设备最迟仍可能应答的时刻",
            ),
            quantity(
                "slowest",
                "100 ms",
                "an answer that took longer gives no reading: so long after its time stamp an input may have been looked at",
                "应答慢于此值则读数无效：输入最迟可能在时间戳之后此时间被采样",
            ),
        ],
        safe_states: vec!["hold".into()],
        watchdog: Text::new(
            "none: outputs stay as they were switched last",
            "无：输出保持最后一次设定的状态",
        ),
        verified_against: vec![
            "a pymodbus 3.16.1 server, over a pty".into(),
            "simulator".into(),
        ],
        moves: false,
    }
}

pub(crate) fn open(
    plan: &DevicePlan,
    link: Arc<dyn ByteLink>,
    clock: &Clock,
) -> Result<Arc<dyn Device>, Trouble> {
    let options = Options::new(plan, description());
    let within = |name: &str, least: u16, most: u16| match options.count::<u16>(name)? {
        n if (least..=most).contains(&n) => Ok(n),
        n => Err(options.refuse(name, format_args!("{n} is not within {least} to {most}"))),
    };
    let unit = u8::try_from(within("id", 1, 247)?).unwrap_or(1);
    let manners = Manners {
        silence: silent_interval(options.count("baud")?),
        timeout: options.time("timeout")?,
        longest: options.time("max_response")?,
    };
    let who = format!("unit {unit} (`{}`) on {}", plan.id, link.describe().port);
    let io = Io {
        id: plan.id.clone(),
        client: Client::new(Line::new(link, clock, who, manners), unit, Framing::Rtu),
        inputs: within("inputs", 1, INPUTS_MOST)?,
        outputs: within("outputs", 0, OUTPUTS_MOST)?,
        registers: options.count("registers")?,
        interval: options.time("interval")?,
        slowest: options.time("slowest")?,
    };
    Ok(Arc::new(Opened {
        io: Arc::new(io),
        worker: Worker::default(),
    }))
}

struct Io {
    id: String,
    client: Client,
    inputs: u16,
    outputs: u16,
    registers: u16,
    interval: Duration,
    slowest: Duration,
}

impl Io {
    fn read_inputs(&self) -> Result<Answer<Reply>, Failure> {
        self.client.ask(&Request::Read {
            table: Table::DiscreteInputs,
            start: 0,
            count: self.inputs,
        })
    }

    fn poll(&self, sinks: &Sinks, channels: &[Option<u16>], stop: &Stop) {
        let clock = self.client.line.clock();
        let (mut ticks, mut health) = (Ticks::new(clock, self.interval), Health::default());
        let give = |at: Time, reading: &dyn Fn(usize) -> Reading| {
            for (number, channel) in channels.iter().enumerate() {
                sinks.give(*channel, at, reading(number));
            }
        };
        while !stop.is_set() {
            match self.read_inputs() {
                Ok(answer) => {
                    let late = answer.took() > self.slowest;
                    give(answer.asked, &|number| {
                        self.reading(&answer.value, late, number)
                    });
                    match &answer.value {
                        Reply::Exception(exception) if health.bad() => {
                            let text = format!("{} does not give its inputs: {exception}", self.id);
                            sinks.tell(
                                answer.stamp.earliest,
                                Trouble::Fault(FaultKind::Instrument, text),
                            );
                        }
                        Reply::Exception(_) => (),
                        _ => health.good(),
                    }
                }
                Err(failure) => {
                    let now = clock.now();
                    if let Failure::Garbage { .. } = failure {
                        give(now, &|_| Reading::Invalid(Invalid::Unreadable));
                    }
                    if health.bad() {
                        sinks.tell(now, self.client.line.trouble(&failure));
                    }
                }
            }
            ticks.wait();
        }
    }

    fn reading(&self, reply: &Reply, late: bool, number: usize) -> Reading {
        match reply {
            _ if late => Reading::Invalid(Invalid::Stale),
            Reply::Bits(bits) => match bits.get(number) {
                Some(on) => Reading::scalar(f64::from(u8::from(*on))),
                None => Reading::Invalid(Invalid::NoSignal),
            },
            _ => Reading::Invalid(Invalid::Unreadable),
        }
    }
}

impl Outputs for Io {
    fn count(&self) -> u16 {
        self.outputs
    }

    fn switch(&self, number: u16, on: bool) -> Result<[u64; 2], Trouble> {
        if number >= self.outputs {
            let text = format!(
                "{} has no output {number}; it has {}",
                self.id, self.outputs
            );
            return Err(Trouble::Refused(text));
        }
        let request = Request::WriteCoil {
            address: number,
            on,
        };
        self.written(&request, &format!("to switch output {number}"))
    }
}

impl Registers for Io {
    fn count(&self) -> u16 {
        self.registers
    }

    fn write(&self, number: u16, value: u16) -> Result<[u64; 2], Trouble> {
        if number >= self.registers {
            let text = format!(
                "{} has no register {number}; it has {}",
                self.id, self.registers
            );
            return Err(Trouble::Refused(text));
        }
        let request = Request::WriteRegister {
            address: number,
            value,
        };
        self.written(&request, &format!("to write register {number}"))
    }
}

impl Io {
    /// Writes, and says between which moments it took effect.
    fn written(&self, request: &Request, what: &str) -> Result<[u64; 2], Trouble> {
        let answer = self.client.ask(request);
        let answer = answer.map_err(|failure| self.client.line.trouble(&failure))?;
        match answer.value {
            Reply::Written => Ok([answer.asked.as_nanos(), answer.stamp.latest.as_nanos()]),
            Reply::Exception(exception) => Err(Trouble::Refused(format!(
                "{} refused {what}: {exception}",
                self.id
            ))),
            other => {
                let text = format!("{} answered, asked {what}, with {other:?}", self.id);
                Err(Trouble::Fault(FaultKind::Link, text))
            }
        }
    }
}

struct Opened {
    io: Arc<Io>,
    worker: Worker,
}

impl Device for Opened {
    fn id(&self) -> &str {
        &self.io.id
    }

    fn link(&self) -> LinkFacts {
        link_facts(self.io.client.line.link().describe())
    }

    fn call_at_most(&self) -> Duration {
        self.io.client.line.call_at_most()
    }

    fn identify(&self) -> Result<Identity, Trouble> {
        let io = &self.io;
        let answer = io
            .read_inputs()
            .map_err(|failure| io.client.line.trouble(&failure))?;
        if let Reply::Exception(exception) = answer.value {
            let text = format!("{} does not give {} inputs: {exception}", io.id, io.inputs);
            return Err(Trouble::Refused(text));
        }
        Ok(Identity {
            read_from_device: false,
            label_needed: ["model", "serial"].map(String::from).to_vec(),
            notes: vec![format!("answers as unit {}", io.client.unit)],
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
        let io = self.io.clone();
        let channels: Vec<_> = (0..INPUTS_MOST)
            .map(|number| wiring.channel(&format!("in{number}")))
            .collect();
        let beyond = channels
            .iter()
            .skip(usize::from(io.inputs))
            .any(Option::is_some);
        if beyond {
            let text = format!(
                "device `{}` has {} inputs; a channel is wired to one beyond",
                io.id, io.inputs
            );
            return Err(Trouble::Refused(text));
        }
        let sinks = Sinks::new(&io.id, wiring, samples, news, lease);
        let clock = io.client.line.clock().clone();
        self.worker
            .deliver(&clock, "poll", sinks, move |sinks, stop| {
                io.poll(sinks, &channels, stop)
            });
        Ok(())
    }

    fn close(&self) {
        self.worker.end();
    }

    fn outputs(&self) -> Option<&dyn Outputs> {
        Some(&*self.io)
    }

    fn registers(&self) -> Option<&dyn Registers> {
        Some(&*self.io)
    }
}
