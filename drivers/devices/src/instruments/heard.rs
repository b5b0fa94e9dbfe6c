//! The shell of an instrument that sends by itself.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use certbench_clock::Clock;
use certbench_link::ByteLink;
use certbench_model::plan::DevicePlan;
use certbench_model::{FaultKind, Identity, Invalid, LinkFacts, Reading};
use certbench_roles::{Device, Lease, NewsSink, SampleSink, Trouble, Wiring};

use super::{Said, unknown};
use crate::facts::link_facts;
use crate::line::{Line, Manners};
use crate::options::Options;
use crate::sinks::Sinks;
use crate::worker::{Stop, Worker};

/// So long an instrument may need for its first value.
const FIRST_VALUE: Duration = Duration::from_secs(2);

/// What was being sent when the sending was ended has arrived after this.
const QUIET: Duration = Duration::from_millis(50);
/// So long an answer to the question who it is may take.
const ANSWERS_WITHIN: Duration = Duration::from_secs(1);

/// What a family says of itself: a decoder and its conversions.
pub(super) trait Stream: Send + 'static {
    /// Bytes came.
    fn push(&mut self, bytes: &[u8]);
    /// What they say; `None` until more come.
    fn next(&mut self) -> Option<Said>;
    /// The signals that it delivers.
    fn signals(&self) -> Vec<&'static str>;
    /// What makes it send, if it has to be told; sent when nothing is heard.
    fn wake(&self) -> &'static [u8] {
        &[]
    }
    /// What ends its sending, if it has to be told.
    fn rest(&self) -> &'static [u8] {
        &[]
    }
    /// Who it is, where it can be asked while it does not send.
    fn identify(&self, _line: &Line) -> Option<Result<Identity, Trouble>> {
        None
    }
}

/// Makes the device; `noun` is what messages call it.
pub(super) fn device<S: Stream>(
    plan: &DevicePlan,
    link: Arc<dyn ByteLink>,
    clock: &Clock,
    options: &Options<'_>,
    noun: &str,
    stream: S,
) -> Result<Arc<dyn Device>, Trouble> {
    let ear = Ear {
        id: plan.id.clone(),
        who: format!("the {noun} `{}` on {}", plan.id, link.describe().port),
        rest: stream.rest(),
        link,
        clock: clock.clone(),
        stream: Mutex::new(stream),
        stale_after: options.time("stale_after")?.max(Duration::from_millis(1)),
    };
    Ok(Arc::new(Opened {
        ear: Arc::new(ear),
        worker: Worker::default(),
    }))
}

struct Ear<S> {
    id: String,
    who: String,
    rest: &'static [u8],
    link: Arc<dyn ByteLink>,
    clock: Clock,
    /// Held by whoever listens: the identification first, then the thread.
    stream: Mutex<S>,
    stale_after: Duration,
}

impl<S: Stream> Ear<S> {
    fn silence(&self, within: Duration) -> Trouble {
        let text = format!(
            "nothing readable from {} in {} ms; is it powered, and set to send by itself at this baud \
             rate? Either it is off or hung, or the cable or adapter is broken",
            self.who,
            within.as_millis()
        );
        Trouble::Fault(FaultKind::Unattributable, text)
    }

    /// Who it is, asked after its sending was ended.
    fn asked(&self) -> Option<Result<Identity, Trouble>> {
        let stream = self.stream.lock().unwrap_or_else(PoisonError::into_inner);
        let manners = Manners {
            silence: QUIET,
            timeout: ANSWERS_WITHIN,
            longest: 2 * ANSWERS_WITHIN,
        };
        if !self.rest.is_empty() {
            let _ = self.link.write(self.rest); // a port that is gone shows at the question
            self.clock.sleep(QUIET);
        }
        let line = Line::new(self.link.clone(), &self.clock, self.who.clone(), manners);
        stream.identify(&line)
    }

    /// Waits for the first value; wakes the instrument when it is silent.
    fn first(&self) -> Result<Said, Trouble> {
        let link =
            |error: certbench_link::LinkError| Trouble::Fault(FaultKind::Link, error.to_string());
        let mut stream = self.stream.lock().unwrap_or_else(PoisonError::into_inner);
        self.link.discard();
        let began = self.clock.now();
        let (mut bytes, mut woken) = (Vec::new(), stream.wake().is_empty());
        while self.clock.now() < began + FIRST_VALUE {
            let until = match woken {
                true => began + FIRST_VALUE,
                false => began + self.stale_after,
            };
            let heard = self.link.read(&mut bytes, until).map_err(link)?;
            if heard.is_none() && !woken {
                self.link.write(stream.wake()).map_err(link)?;
                woken = true;
            }
            stream.push(&bytes);
            bytes.clear();
            while let Some(said) = stream.next() {
                // what begins in the middle is unreadable
                let whole = said
                    .readings
                    .iter()
                    .any(|(_, reading)| *reading != Reading::Invalid(Invalid::Unreadable));
                if whole {
                    return Ok(said);
                }
            }
        }
        Err(self.silence(FIRST_VALUE))
    }

    fn listen(&self, sinks: &Sinks, stop: &Stop) {
        let mut stream = self.stream.lock().unwrap_or_else(PoisonError::into_inner);
        let (mut bytes, mut last) = (Vec::new(), self.clock.now());
        let (mut told, mut complained) = (false, false);
        while !stop.is_set() {
            bytes.clear();
            match self
                .link
                .read(&mut bytes, self.clock.now() + self.stale_after)
            {
                Ok(Some(stamp)) => {
                    stream.push(&bytes);
                    while let Some(said) = stream.next() {
                        (last, told) = (stamp.latest, false);
                        for (signal, reading) in said.readings {
                            sinks.signal(signal, stamp.earliest, reading);
                        }
                        if let (Some(text), false) = (&said.complaint, complained) {
                            let text = format!("{}: {text}", self.id);
                            sinks.tell(stamp.earliest, Trouble::Fault(FaultKind::Instrument, text));
                        }
                        complained = said.complaint.is_some();
                    }
                }
                Ok(None) => (),
                Err(error) => {
                    if !told {
                        let fault = Trouble::Fault(FaultKind::Link, error.to_string());
                        sinks.tell(self.clock.now(), fault);
                    }
                    told = true;
                    self.clock.sleep(Duration::from_millis(100)); // a port that is gone fails at once
                }
            }
            if !told && self.clock.now() - last >= self.stale_after {
                told = true;
                let now = self.clock.now();
                for signal in stream.signals() {
                    sinks.signal(signal, now, Reading::Invalid(Invalid::Stale));
                }
                sinks.tell(now, self.silence(self.stale_after));
                let _ = self.link.write(stream.wake()); // it may have been off: a failure shows as silence
            }
        }
    }
}

struct Opened<S> {
    ear: Arc<Ear<S>>,
    worker: Worker,
}

impl<S: Stream> Device for Opened<S> {
    fn id(&self) -> &str {
        &self.ear.id
    }

    fn link(&self) -> LinkFacts {
        link_facts(self.ear.link.describe())
    }

    fn identify(&self) -> Result<Identity, Trouble> {
        let asked = self.ear.asked().transpose()?;
        let said = self.ear.first()?;
        let first = said.readings.first();
        let note = match first {
            Some((signal, reading)) => format!("first {signal}: {reading:?}"),
            None => "sends values".to_owned(),
        };
        Ok(match asked {
            None => unknown(note),
            Some(mut identity) => {
                identity.notes.push(note);
                identity
            }
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
        let sinks = Sinks::new(&ear.id, wiring, samples, news, lease);
        let clock = ear.clock.clone();
        self.worker
            .deliver(&clock, "stream", sinks, move |sinks, stop| {
                ear.listen(sinks, stop)
            });
        Ok(())
    }

    fn close(&self) {
        self.worker.end();
        if !self.ear.rest.is_empty() {
            let _ = self.ear.link.write(self.ear.rest); // the port may be gone: nothing is lost by it
        }
    }
}
