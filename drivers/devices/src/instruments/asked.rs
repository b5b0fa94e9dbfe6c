//! The shell of an instrument that is asked for every reading.

use std::sync::Arc;
use std::time::Duration;

use certbench_model::{FaultKind, Identity, Invalid, LinkFacts, Reading};
use certbench_roles::{Device, Lease, NewsSink, SampleSink, Trouble, Wiring, Zero};
use certbench_wire::lines::Lines;

use super::Said;
use crate::facts::link_facts;
use crate::health::Health;
use crate::line::{Answer, Failure, Heard, Line};
use crate::options::Options;
use crate::sinks::Sinks;
use crate::worker::{Stop, Ticks, Worker};

/// What a family says of itself.
pub(super) trait Asked: Send + Sync + 'static {
    fn line(&self) -> &Line;
    /// Who it is; moves nothing, changes nothing.
    fn identify(&self) -> Result<Identity, Trouble>;
    /// The signals of an answer.
    fn signals(&self) -> Vec<&'static str>;
    /// One reading.
    fn ask(&self) -> Result<Answer<Said>, Failure>;
    /// Whether it can be zeroed over the line.
    fn can_zero(&self) -> bool {
        false
    }
    /// Zeroes a signal that it has.
    fn zero(&self, _signal: &str) -> Result<(), Trouble> {
        Ok(())
    }
}

/// Makes the device.
pub(super) fn device<A: Asked>(
    id: &str,
    options: &Options<'_>,
    asked: A,
) -> Result<Arc<dyn Device>, Trouble> {
    let instrument = Instrument {
        id: id.to_owned(),
        asked,
        interval: options.time("interval")?,
        slowest: options.time("slowest")?,
    };
    Ok(Arc::new(Opened {
        instrument: Arc::new(instrument),
        worker: Worker::default(),
    }))
}

/// One question that is answered with one line of text.
pub(super) fn ask_line(
    line: &Line,
    question: &[u8],
    most: usize,
) -> Result<Answer<String>, Failure> {
    let mut lines = Lines::new(most);
    line.ask(question, |bytes| {
        lines.push(bytes);
        match lines.next() {
            None => Heard::More,
            Some(Ok(text)) => Heard::Answer(text),
            Some(Err(bad)) => Heard::Garbage(bad.to_string()),
        }
    })
}

struct Instrument<A> {
    id: String,
    asked: A,
    interval: Duration,
    slowest: Duration,
}

impl<A: Asked> Instrument<A> {
    fn poll(&self, sinks: &Sinks, stop: &Stop) {
        let clock = self.asked.line().clock();
        let (mut ticks, mut health) = (Ticks::new(clock, self.interval), Health::default());
        let mut complained = false;
        while !stop.is_set() {
            match self.asked.ask() {
                Ok(answer) => {
                    health.good();
                    self.give(sinks, &answer, &mut complained);
                }
                Err(failure) => {
                    let now = clock.now();
                    if let Failure::Garbage { .. } = failure {
                        for signal in self.asked.signals() {
                            sinks.signal(signal, now, Reading::Invalid(Invalid::Unreadable));
                        }
                    }
                    if health.bad() {
                        sinks.tell(now, self.asked.line().trouble(&failure));
                    }
                }
            }
            ticks.wait();
        }
    }

    fn give(&self, sinks: &Sinks, answer: &Answer<Said>, complained: &mut bool) {
        let (at, late) = (answer.stamp.earliest, answer.took() > self.slowest);
        for (signal, reading) in &answer.value.readings {
            let reading = match late {
                true => Reading::Invalid(Invalid::Stale),
                false => *reading,
            };
            sinks.signal(signal, at, reading);
        }
        if let (Some(complaint), false) = (&answer.value.complaint, *complained) {
            let text = format!("{}: {complaint}", self.id);
            sinks.tell(at, Trouble::Fault(FaultKind::Instrument, text));
        }
        *complained = answer.value.complaint.is_some();
    }
}

impl<A: Asked> Zero for Instrument<A> {
    fn zero(&self, signal: &str) -> Result<(), Trouble> {
        if !self.asked.signals().contains(&signal) {
            let text = format!("{} has no signal `{signal}`", self.id);
            return Err(Trouble::Refused(text));
        }
        self.asked.zero(signal)
    }
}

struct Opened<A> {
    instrument: Arc<Instrument<A>>,
    worker: Worker,
}

impl<A: Asked> Device for Opened<A> {
    fn id(&self) -> &str {
        &self.instrument.id
    }

    fn link(&self) -> LinkFacts {
        link_facts(self.instrument.asked.line().link().describe())
    }

    fn identify(&self) -> Result<Identity, Trouble> {
        self.instrument.asked.identify()
    }

    fn start(
        &self,
        wiring: Wiring,
        samples: SampleSink,
        news: NewsSink,
        lease: Lease,
    ) -> Result<(), Trouble> {
        let instrument = self.instrument.clone();
        let sinks = Sinks::new(&instrument.id, wiring, samples, news, lease);
        let clock = instrument.asked.line().clock().clone();
        self.worker
            .deliver(&clock, "poll", sinks, move |sinks, stop| {
                instrument.poll(sinks, stop)
            });
        Ok(())
    }

    fn close(&self) {
        self.worker.end();
    }

    fn zero(&self) -> Option<&dyn Zero> {
        self.instrument
            .asked
            .can_zero()
            .then_some(&*self.instrument as &dyn Zero)
    }
}
