//! Where a started device's samples and news go.

use certbench_clock::Time;
use certbench_model::{Reading, Sample};
use certbench_roles::{Lease, News, NewsSink, SampleSink, Trouble, Wiring};

/// What [`Device::start`](certbench_roles::Device::start) was given.
pub(crate) struct Sinks {
    pub(crate) device: String,
    pub(crate) wiring: Wiring,
    pub(crate) samples: SampleSink,
    pub(crate) news: NewsSink,
    pub(crate) lease: Lease,
}

impl Sinks {
    /// Of a device, by its id in the plan.
    pub(crate) fn new(
        device: &str,
        wiring: Wiring,
        samples: SampleSink,
        news: NewsSink,
        lease: Lease,
    ) -> Sinks {
        Sinks {
            device: device.to_owned(),
            wiring,
            samples,
            news,
            lease,
        }
    }

    /// Delivers a reading, if the plan has a channel for it.
    pub(crate) fn give(&self, channel: Option<u16>, time: Time, reading: Reading) {
        if let Some(channel) = channel {
            (self.samples)(&Sample {
                channel,
                time_ns: time.as_nanos(),
                reading,
            });
        }
    }

    /// Delivers a reading of a signal by its name.
    pub(crate) fn signal(&self, signal: &str, time: Time, reading: Reading) {
        self.give(self.wiring.channel(signal), time, reading);
    }

    /// Tells news.
    pub(crate) fn tell(&self, time: Time, trouble: Trouble) {
        (self.news)(News {
            time_ns: time.as_nanos(),
            device: self.device.clone(),
            trouble,
        });
    }

    /// Tells that the device itself reports trouble.
    pub(crate) fn event(&self, time: Time, code: impl Into<String>, text: impl Into<String>) {
        self.tell(
            time,
            Trouble::Event {
                code: code.into(),
                text: text.into(),
            },
        );
    }
}
