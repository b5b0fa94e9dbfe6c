//! An instrument that prints lines unasked: a tracker (poses) or a displacement sensor.
//!
//! The bench says what the columns are (`columns: "n x y z"`; any other name, such as `-`, is passed
//! over) and in which units they are printed; lengths are delivered in mm, angles in degrees. A line that
//! cannot be read is an invalid reading, a word for "no value" is *no signal*, and silence or a line
//! counter (`n`) that stands still is *stale*: the last number is never repeated.
//!
//! A reading is dated by the arrival of its line, which the channel's delay (option `slowest`) must cover:
//! nothing in the lines tells how long they waited. With the instrument's own time in a column `t` readings
//! are dated by that clock instead, and a line older than `stale_after` is stale: see `own_clock`.

mod own_clock;
mod reader;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use certbench_clock::{Clock, Time};
use certbench_link::{ByteLink, LinkError, Stamp};
use certbench_model::plan::DevicePlan;
use certbench_model::vocabulary::{DriverDescription, SignalDescription};
use certbench_model::{FaultKind, Identity, Invalid, LinkFacts, Reading, Text, Unit};
use certbench_roles::{Device, Lease, NewsSink, SampleSink, Trouble, Wiring};
use certbench_wire::lines::Lines;

use self::own_clock::OwnClock;
use self::reader::{Part, Reader, SIGNALS, natural};
use crate::columns;
use crate::facts::link_facts;
use crate::options::{Options, baud, one_of, quantity, text};
use crate::sinks::Sinks;
use crate::worker::{Stop, Worker};

/// How late a reading may be dated, unless the bench says otherwise.
const SLOWEST_S: f64 = 0.05;
/// The longest line.
const LINE_MOST: usize = 256;

pub(crate) fn description() -> DriverDescription {
    let unit = |column: &str| Unit::parse(natural(column)).unwrap_or_else(|_| Unit::one());
    let signal = |(name, columns): &(&str, &[&str])| SignalDescription {
        name: (*name).into(),
        components: match columns {
            [one] => vec![("value".into(), unit(one))],
            several => several
                .iter()
                .map(|column| ((*column).to_owned(), unit(column)))
                .collect(),
        },
        digital: false,
        interval_s: 0.01,
        delay_s: [0.0, SLOWEST_S],
    };
    DriverDescription {
        id: "ascii-tracker".into(),
        title: Text::new(
            "tracker or displacement sensor that prints lines",
            "以文本行输出的跟踪仪或位移传感器",
        ),
        kind: "tracker".into(),
        links: vec!["serial".into()],
        roles: ["identify", "sensor"].map(String::from).to_vec(),
        joints: Vec::new(),
        signals: SIGNALS.iter().map(signal).collect(),
        options: columns::options(&["comma", "semicolon", "tab", "blank"])
            .into_iter()
            .chain([
            baud(115_200),
            text(
                "columns",
                "x y z a b c",
                "columns in order: x y z, a b c (rotations), d (displacement), n (line counter), t (its own time); any other is passed over",
                "各列名称：x y z、a b c（转角）、d（位移）、n（行计数）、t（仪器自身时间）；其他列忽略",
            ),
            one_of(
                "length_unit",
                &["mm", "m", "um", "[in_i]"],
                "unit in which lengths are printed",
                "长度的打印单位",
            ),
            one_of(
                "angle_unit",
                &["deg", "rad", "mrad"],
                "unit in which angles are printed",
                "角度的打印单位",
            ),
            one_of(
                "time_unit",
                &["s", "ms", "us"],
                "unit in which its own time is printed",
                "仪器自身时间的打印单位",
            ),
            quantity(
                "slowest",
                "50 ms",
                "the latest that a line is dated after it left the instrument: the channel's delay; a few ms with a column t",
                "行的时间戳最多滞后于其发出时刻的时间，即通道延迟；有 t 列时数毫秒即可",
            ),
            text(
                "no_value",
                "NaN --- XXXXXXX",
                "words that stand for no value",
                "表示无值的字样",
            ),
            quantity(
                "stale_after",
                "100 ms",
                "without a new line for so long, or by its own time so late, a reading is stale",
                "超过此时间无新行，或按仪器自身时间滞后超过此值，则读数过期",
            ),
        ])
        .collect(),
        safe_states: Vec::new(),
        watchdog: Text::new("none; it moves nothing", "无；不驱动任何运动"),
        verified_against: vec!["simulator".into()],
        moves: false,
    }
}

pub(crate) fn open(
    plan: &DevicePlan,
    link: Arc<dyn ByteLink>,
    clock: &Clock,
) -> Result<Arc<dyn Device>, Trouble> {
    let options = Options::new(plan, description());
    let reader = Reader::new(&options)?;
    let tracker = Tracker {
        id: plan.id.clone(),
        link,
        clock: clock.clone(),
        reader,
        stale_after: options.time("stale_after")?.max(Duration::from_millis(1)),
    };
    Ok(Arc::new(Opened {
        tracker: Arc::new(tracker),
        worker: Worker::default(),
    }))
}

struct Tracker {
    id: String,
    link: Arc<dyn ByteLink>,
    clock: Clock,
    reader: Reader,
    stale_after: Duration,
}

impl Tracker {
    fn silence(&self, within: Duration) -> Trouble {
        let text = format!(
            "no line from `{}` on {} in {} ms; is it powered, and set to send lines by itself? Either it is \
             off or hung, or the cable or adapter is broken",
            self.id,
            self.link.describe().port,
            within.as_millis()
        );
        Trouble::Fault(FaultKind::Unattributable, text)
    }

    fn late(&self, lag: Duration) -> Trouble {
        let text = format!(
            "lines of `{}` on {} come {} ms late by its own clock. Either it is overloaded, or the link or this \
             computer is too slow for its rate of lines",
            self.id,
            self.link.describe().port,
            lag.as_millis()
        );
        Trouble::Fault(FaultKind::Unattributable, text)
    }

    fn listen(&self, sinks: &Sinks, parts: &[Part], stop: &Stop) {
        let mut ear = Ear::new(self.clock.now());
        let mut lines = Lines::new(LINE_MOST);
        let mut bytes = Vec::new();
        while !stop.is_set() {
            bytes.clear();
            match self
                .link
                .read(&mut bytes, self.clock.now() + self.stale_after)
            {
                Ok(Some(stamp)) => {
                    lines.push(&bytes);
                    while let Some(line) = lines.next() {
                        let fields = match line {
                            Ok(line) => self.reader.read(&line),
                            Err(_) => {
                                vec![Err(Invalid::Unreadable); self.reader.format.columns.len()]
                            }
                        };
                        ear.line(self, parts, sinks, stamp, &fields);
                    }
                }
                Ok(None) => (),
                Err(error) => ear.failed(sinks, &self.clock, &error),
            }
            if self.clock.now() - ear.last_line >= self.stale_after {
                ear.silent(self, parts, sinks);
            }
        }
    }
}

/// What the listening thread remembers.
struct Ear {
    last_line: Time,
    last_count: Option<f64>,
    own_clock: OwnClock,
    told_silence: bool,
    told_failure: bool,
    told_late: bool,
}

impl Ear {
    fn new(now: Time) -> Ear {
        Ear {
            last_line: now,
            last_count: None,
            own_clock: OwnClock::default(),
            told_silence: false,
            told_failure: false,
            told_late: false,
        }
    }

    fn line(
        &mut self,
        tracker: &Tracker,
        parts: &[Part],
        sinks: &Sinks,
        stamp: Stamp,
        fields: &[Result<f64, Invalid>],
    ) {
        let (dated, late) = self.dated(tracker, sinks, stamp, fields);
        let count = tracker
            .reader
            .counter
            .and_then(|place| fields.get(place))
            .and_then(|field| field.ok());
        let frozen = count.is_some() && count == self.last_count;
        if !frozen {
            // Lines that waited here while this computer did not look are no silence of the tracker's.
            (self.last_line, self.last_count, self.told_silence) = (stamp.latest, count, false);
        }
        for part in parts {
            let values: Result<Vec<f64>, Invalid> = part
                .columns
                .iter()
                .map(|place| {
                    fields
                        .get(*place)
                        .copied()
                        .unwrap_or(Err(Invalid::Unreadable))
                })
                .collect();
            let reading = match values {
                _ if frozen => Reading::Invalid(Invalid::Stale),
                Ok(values) => late.map_or_else(|| Reading::vector(&values), Reading::Invalid),
                Err(invalid) => Reading::Invalid(invalid),
            };
            sinks.give(Some(part.channel), dated, reading);
        }
    }

    /// When the reading of a line was, and why it is none if its own time says so.
    fn dated(
        &mut self,
        tracker: &Tracker,
        sinks: &Sinks,
        stamp: Stamp,
        fields: &[Result<f64, Invalid>],
    ) -> (Time, Option<Invalid>) {
        let Some(place) = tracker.reader.time else {
            return (stamp.earliest, None);
        };
        let Some(Ok(t_s)) = fields.get(place) else {
            return (stamp.latest, Some(Invalid::Unreadable));
        };
        // The fastest line had arrived at `latest`: no reading is dated before it was there.
        let Some(lag) = self.own_clock.lag(*t_s, stamp.latest) else {
            return (stamp.latest, Some(Invalid::Stale));
        };
        let late = lag > tracker.stale_after;
        if late && !self.told_late {
            sinks.tell(stamp.latest, tracker.late(lag));
        }
        self.told_late = late;
        (stamp.latest.earlier_by(lag), late.then_some(Invalid::Stale))
    }

    /// Nothing new for the time after which readings are stale.
    fn silent(&mut self, tracker: &Tracker, parts: &[Part], sinks: &Sinks) {
        if self.told_silence {
            return;
        }
        self.told_silence = true;
        let now = tracker.clock.now();
        for part in parts {
            sinks.give(Some(part.channel), now, Reading::Invalid(Invalid::Stale));
        }
        sinks.tell(now, tracker.silence(tracker.stale_after));
    }

    fn failed(&mut self, sinks: &Sinks, clock: &Clock, error: &LinkError) {
        if !self.told_failure {
            sinks.tell(
                clock.now(),
                Trouble::Fault(FaultKind::Link, error.to_string()),
            );
        }
        self.told_failure = true;
        clock.sleep(Duration::from_millis(100)); // a port that is gone fails at once
    }
}

struct Opened {
    tracker: Arc<Tracker>,
    worker: Worker,
}

/// So long a tracker may need to print its first line.
const FIRST_LINE: Duration = Duration::from_secs(2);

impl Device for Opened {
    fn id(&self) -> &str {
        &self.tracker.id
    }

    fn link(&self) -> LinkFacts {
        link_facts(self.tracker.link.describe())
    }

    fn identify(&self) -> Result<Identity, Trouble> {
        let tracker = &self.tracker;
        let (mut lines, mut bytes) = (Lines::new(LINE_MOST), Vec::new());
        let until = tracker.clock.now() + FIRST_LINE;
        let (mut first, mut begun) = (None, false);
        tracker.link.discard();
        while first.is_none() && tracker.clock.now() < until {
            let heard = tracker.link.read(&mut bytes, until);
            heard.map_err(|error| Trouble::Fault(FaultKind::Link, error.to_string()))?;
            lines.push(&bytes);
            bytes.clear();
            // the very first line may have begun before we listened
            let mut whole = std::iter::from_fn(|| lines.next());
            begun = begun || whole.next().is_some();
            first = if begun { whole.next() } else { None };
        }
        match first {
            None => Err(tracker.silence(FIRST_LINE)),
            Some(Err(bad)) => {
                let text = format!(
                    "what `{}` prints is no text ({bad}); check its baud rate",
                    tracker.id
                );
                Err(Trouble::Fault(FaultKind::Link, text))
            }
            Some(Ok(line)) => Ok(Identity {
                read_from_device: false,
                label_needed: ["model", "serial"].map(String::from).to_vec(),
                notes: vec![format!("prints lines such as {line:?}")],
                ..Identity::default()
            }),
        }
    }

    fn start(
        &self,
        wiring: Wiring,
        samples: SampleSink,
        news: NewsSink,
        lease: Lease,
    ) -> Result<(), Trouble> {
        let tracker = self.tracker.clone();
        let parts = tracker.reader.parts(&wiring);
        let parts =
            parts.map_err(|what| Trouble::Refused(format!("device `{}`: {what}", tracker.id)))?;
        let sinks = Sinks::new(&tracker.id, wiring, samples, news, lease);
        let clock = tracker.clock.clone();
        self.worker
            .deliver(&clock, "lines", sinks, move |sinks, stop| {
                tracker.listen(sinks, &parts, stop)
            });
        Ok(())
    }

    fn close(&self) {
        self.worker.end();
    }
}
