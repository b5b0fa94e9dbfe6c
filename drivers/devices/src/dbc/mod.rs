//! Anything on a CAN bus that sends by itself, read as its maker's DBC file says it.
//!
//! The bench names the file, and which of its signals are wanted in which unit. What it names under `sends`
//! stands as registers, for outputs of the bench: the number of a robot's program and its start. Nothing
//! else is sent, and each value once, when a step writes it. The file's text is in the plan, so that what
//! was decoded can be decoded again from the record.

mod map;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use certbench_clock::{Clock, Time};
use certbench_link::{CanFrame, CanLink, LinkError};
use certbench_model::plan::DevicePlan;
use certbench_model::vocabulary::DriverDescription;
use certbench_model::{FaultKind, Identity, Invalid, LinkFacts, Reading, Text};
use certbench_roles::{Device, Lease, NewsSink, Registers, SampleSink, Trouble, Wiring};

use self::map::Map;
use crate::facts::link_facts;
use crate::options::{Options, count, file, one_of, quantity, signals, text};
use crate::sinks::Sinks;
use crate::worker::{Stop, Worker};

/// So long every signal may take to come for the first time, at least.
const FIRST_VALUES: Duration = Duration::from_secs(2);
/// On a silent bus the thread looks so often whether it shall end.
const LOOK_UP: Duration = Duration::from_millis(200);
/// A bus that is gone fails at once: it is asked again after so long.
const GONE_PAUSE: Duration = Duration::from_millis(100);

pub(crate) fn description() -> DriverDescription {
    DriverDescription {
        id: "dbc".into(),
        title: Text::new(
            "anything on a CAN bus that sends by itself, decoded by a DBC file",
            "CAN 总线上自行发送的任意设备，按 DBC 文件解码",
        ),
        kind: "instrument".into(),
        links: vec!["can".into()],
        roles: ["identify", "sensor", "register"]
            .map(String::from)
            .to_vec(),
        joints: Vec::new(),
        signals: Vec::new(),
        options: vec![
            count("bit_rate", 500_000, "bit rate of the bus", "总线波特率"),
            file(
                "file",
                "the DBC file, in the folder of the bench file",
                "DBC 文件，位于测试台文件所在文件夹内",
            ),
            signals(
                "signals",
                "what is wanted: `force: LoadCell.Force in N` takes the signal Force of the message LoadCell; `in contact` is on when it is not 0",
                "所需信号：`force: LoadCell.Force in N` 表示取报文 LoadCell 的信号 Force；`in contact` 表示非零为接通",
            ),
            text(
                "sends",
                "",
                "what outputs of the bench may write: `[Cell.Program, Cell.Start]` are its registers 0 and 1; raw values, sent once",
                "测试台输出可写的信号：`[Cell.Program, Cell.Start]` 为寄存器 0 与 1；写原始值，只发送一次",
            ),
            quantity(
                "max_age",
                "500 ms",
                "without a new value for so long a reading is stale",
                "超过此时间无新值则读数过期",
            ),
            one_of(
                "range",
                &["invalid", "ignored"],
                "what a value beyond the range is that the file gives the signal",
                "超出文件所给信号范围的值如何处理",
            ),
            quantity(
                "interval",
                "100 ms",
                "how often the messages come: the signals' sampling interval",
                "报文周期，即信号的采样间隔",
            ),
            quantity(
                "slowest",
                "10 ms",
                "the latest that a frame comes after what it says: the channel's delay",
                "帧最多滞后于其所述时刻的时间，即通道延迟",
            ),
        ],
        safe_states: Vec::new(),
        watchdog: Text::new(
            "none; what is written to it is sent once and stays",
            "无；写入的值只发送一次并保持",
        ),
        verified_against: vec!["cantools 45.1.0".into()],
        moves: false,
    }
}

pub(crate) fn open(
    plan: &DevicePlan,
    bus: Arc<dyn CanLink>,
    clock: &Clock,
) -> Result<Arc<dyn Device>, Trouble> {
    let options = Options::new(plan, description());
    let ear = Ear {
        id: plan.id.clone(),
        map: Map::new(plan, &options)?,
        bus,
        clock: clock.clone(),
        max_age: options.time("max_age")?.max(Duration::from_millis(1)),
        said: Mutex::default(),
    };
    Ok(Arc::new(Opened {
        ear: Arc::new(ear),
        worker: Worker::default(),
    }))
}

struct Ear {
    id: String,
    map: Map,
    bus: Arc<dyn CanLink>,
    clock: Clock,
    max_age: Duration,
    /// What was last sent in each message, by identifier: signals that share one keep their values.
    said: Mutex<BTreeMap<(u32, bool), Vec<u8>>>,
}

/// When each wanted signal came last, and whether its absence was told.
struct Seen {
    last: Time,
    told: bool,
}

impl Ear {
    fn silence(&self, missing: &[&str], within: Duration) -> Trouble {
        let text = format!(
            "nothing of {} came to `{}` on {} in {} ms; is it powered, at this bit rate, and is this its \
             DBC file? Either it is off or hung, or the bus or adapter is broken",
            missing.join(", "),
            self.id,
            self.bus.describe().port,
            within.as_millis()
        );
        Trouble::Fault(FaultKind::Unattributable, text)
    }

    /// Hears every signal once.
    fn first(&self) -> Result<(), Trouble> {
        let within = FIRST_VALUES.max(2 * self.max_age);
        let until = self.clock.now() + within;
        let mut missing: Vec<usize> = (0..self.map.wanted.len()).collect();
        while !missing.is_empty() {
            let heard = self.bus.recv(until).map_err(link)?;
            let Some((frame, _)) = heard else {
                let names = self.map.wanted.iter().enumerate();
                let names = names.filter(|(at, _)| missing.contains(at));
                let names: Vec<&str> = names.map(|(_, w)| w.source.as_str()).collect();
                return Err(self.silence(&names, within));
            };
            if frame.is_error() {
                return Err(controller(&self.id, &frame));
            }
            for (at, _) in self.map.readings(&frame) {
                missing.retain(|waiting| *waiting != at);
            }
        }
        Ok(())
    }

    fn listen(&self, sinks: &Sinks, stop: &Stop) {
        let fresh = |_: &_| Seen {
            last: self.clock.now(),
            told: false,
        };
        let mut seen: Vec<Seen> = self.map.wanted.iter().map(fresh).collect();
        let mut link_told = false;
        while !stop.is_set() {
            let oldest = seen.iter().filter(|s| !s.told).map(|s| s.last).min();
            let now = self.clock.now();
            let until = oldest.unwrap_or(now) + self.max_age;
            match self.bus.recv(until.min(now + LOOK_UP)) {
                Ok(Some((frame, _))) if frame.is_error() => {
                    if !link_told {
                        sinks.tell(self.clock.now(), controller(&self.id, &frame));
                    }
                    link_told = true;
                }
                Ok(Some((frame, stamp))) => {
                    link_told = false;
                    for (at, reading) in self.map.readings(&frame) {
                        let Some(wanted) = self.map.wanted.get(at) else {
                            continue;
                        };
                        sinks.signal(&wanted.name, stamp.earliest, reading);
                        if let Some(seen) = seen.get_mut(at) {
                            (seen.last, seen.told) = (stamp.latest, false);
                        }
                    }
                }
                Ok(None) => (),
                // frames were lost: told each time, and read on at once
                Err(error @ LinkError::Overrun { .. }) => {
                    sinks.tell(self.clock.now(), link(error));
                }
                Err(error) => {
                    if !link_told {
                        sinks.tell(self.clock.now(), link(error));
                    }
                    link_told = true;
                    self.clock.sleep(GONE_PAUSE);
                }
            }
            if !stop.is_set() {
                self.stale(sinks, &mut seen);
            }
        }
    }

    /// What has not come for too long is stale, told once until it comes again.
    fn stale(&self, sinks: &Sinks, seen: &mut [Seen]) {
        let now = self.clock.now();
        let mut missing = Vec::new();
        for (wanted, seen) in self.map.wanted.iter().zip(seen) {
            if !seen.told && now - seen.last >= self.max_age {
                seen.told = true;
                sinks.signal(&wanted.name, now, Reading::Invalid(Invalid::Stale));
                missing.push(wanted.source.as_str());
            }
        }
        if !missing.is_empty() {
            sinks.tell(now, self.silence(&missing, self.max_age));
        }
    }
}

impl Registers for Opened {
    fn count(&self) -> u16 {
        u16::try_from(self.ear.map.sends.len()).unwrap_or(u16::MAX)
    }

    fn write(&self, number: u16, value: u16) -> Result<[u64; 2], Trouble> {
        let ear = &self.ear;
        let sent = ear.map.sends.get(usize::from(number)).ok_or_else(|| {
            let names: Vec<&str> = ear.map.sends.iter().map(|s| s.source.as_str()).collect();
            let text = format!(
                "{} has no register {number}; its `sends` are [{}]",
                ear.id,
                names.join(", ")
            );
            Trouble::Refused(text)
        })?;
        let refused = |what: String| Trouble::Refused(format!("{}: {what}", sent.source));
        let message = &sent.message;
        let mut said = ear.said.lock().unwrap_or_else(PoisonError::into_inner);
        let data = said
            .entry((message.id, message.extended))
            .or_insert_with(|| vec![0; message.len]);
        let mut next = data.clone();
        let written = sent.signal.encode(value.into(), &mut next);
        written.map_err(|e| refused(e.to_string()))?;
        let frame = CanFrame::classic(message.id, message.extended, &next);
        let frame = frame.map_err(|e| refused(e.to_string()))?;
        let earliest = ear.bus.send(&frame).map_err(link)?;
        *data = next;
        Ok([earliest.as_nanos(), ear.clock.now().as_nanos()])
    }
}

fn link(error: LinkError) -> Trouble {
    Trouble::Fault(FaultKind::Link, error.to_string())
}

/// The controller reports an error of the bus.
fn controller(id: &str, frame: &CanFrame) -> Trouble {
    let text = format!("{id}: the CAN controller reports an error of the bus ({frame})");
    Trouble::Fault(FaultKind::Link, text)
}

struct Opened {
    ear: Arc<Ear>,
    worker: Worker,
}

impl Device for Opened {
    fn id(&self) -> &str {
        &self.ear.id
    }

    fn link(&self) -> LinkFacts {
        link_facts(self.ear.bus.describe())
    }

    fn registers(&self) -> Option<&dyn Registers> {
        Some(self)
    }

    fn identify(&self) -> Result<Identity, Trouble> {
        self.ear.first()?;
        Ok(Identity {
            read_from_device: false,
            label_needed: ["model", "serial"].map(String::from).to_vec(),
            notes: self.ear.map.notes.clone(),
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
        let ear = self.ear.clone();
        let sinks = Sinks {
            device: ear.id.clone(),
            wiring,
            samples,
            news,
            lease,
        };
        let (clock, name) = (ear.clock.clone(), format!("{} bus", ear.id));
        self.worker
            .start(&clock, &name, move |stop| ear.listen(&sinks, &stop));
        Ok(())
    }

    fn close(&self) {
        self.worker.end();
    }
}
