//! A bench for the tests of this crate: simulated time, scripted peers, and what was heard.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use certbench_clock::{Clock, Task, Time};
use certbench_link::{ByteLink, CanFrame, CanLink, LinkError, LinkInfo, Stamp};
use certbench_model::plan::{DevicePlan, JointLimit, Limits, SafeState, Safety, Watchdog};
use certbench_model::{Provenance, Reading, Sample};
use certbench_roles::{Device, Halt, Lease, News, Trouble, Wiring};

/// Simulated time and its peers.
pub(crate) struct Bench {
    pub(crate) clock: Clock,
    pub(crate) lease: Lease,
    stop: Flag,
    peers: Mutex<Vec<Task<()>>>,
}

/// Whether a peer shall end.
#[derive(Clone, Default)]
pub(crate) struct Flag(Arc<AtomicBool>);

impl Flag {
    pub(crate) fn is_set(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}

impl Bench {
    pub(crate) fn new() -> Bench {
        let clock = Clock::simulated();
        Bench {
            clock,
            lease: Lease::new(),
            stop: Flag::default(),
            peers: Mutex::default(),
        }
    }

    /// Starts a peer at the far end of a cable.
    pub(crate) fn peer(&self, name: &str, body: impl FnOnce(Flag) + Send + 'static) {
        let stop = self.stop.clone();
        let task = self.clock.spawn(name, move || body(stop));
        self.peers
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(task);
    }

    /// Lets milliseconds pass.
    pub(crate) fn pass(&self, ms: u64) {
        self.clock.sleep(Duration::from_millis(ms));
    }

    /// Starts a device with these signals wired to channels 0, 1, ...
    pub(crate) fn start(&self, device: &dyn Device, signals: &[&str]) -> Heard {
        let heard = Heard::default();
        let (samples, news) = (heard.clone(), heard.clone());
        let wiring = signals
            .iter()
            .zip(0u16..)
            .map(|(signal, channel)| ((*signal).to_owned(), channel));
        device
            .start(
                Wiring(wiring.collect()),
                Arc::new(move |sample: &Sample| samples.lock().0.push(*sample)),
                Arc::new(move |told: News| news.lock().1.push(told)),
                self.lease.clone(),
            )
            .expect("the device starts");
        heard
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        self.stop.0.store(true, Ordering::Release);
        self.clock.end();
    }
}

/// What a device delivered.
#[derive(Clone, Default)]
pub(crate) struct Heard(Arc<Mutex<(Vec<Sample>, Vec<News>)>>);

impl Heard {
    fn lock(&self) -> std::sync::MutexGuard<'_, (Vec<Sample>, Vec<News>)> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn samples(&self, channel: u16) -> Vec<Sample> {
        self.lock()
            .0
            .iter()
            .filter(|sample| sample.channel == channel)
            .copied()
            .collect()
    }

    pub(crate) fn readings(&self, channel: u16) -> Vec<Reading> {
        self.samples(channel)
            .iter()
            .map(|sample| sample.reading)
            .collect()
    }

    pub(crate) fn news(&self) -> Vec<Trouble> {
        self.lock()
            .1
            .iter()
            .map(|news| news.trouble.clone())
            .collect()
    }
}

/// A device of a plan.
pub(crate) fn plan(id: &str, driver: &str, options: &[(&str, &str)]) -> DevicePlan {
    let option = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).into());
    DevicePlan {
        id: id.into(),
        kind: String::new(),
        driver: driver.into(),
        port: "in-process".into(),
        options: options
            .iter()
            .map(option)
            .collect::<BTreeMap<_, serde_json::Value>>(),
        provenance: Provenance::Simulated,
        under_test: false,
        safety: None,
        limits: Limits::default(),
    }
}

pub(crate) fn gauge_plan() -> DevicePlan {
    plan("gauge", "mark10-gauge", &[("unit", "N")])
}

/// With a safe state.
pub(crate) fn safe(plan: DevicePlan, safe_state: SafeState) -> DevicePlan {
    let safety = Safety {
        safe_state,
        watchdog: Watchdog::None,
        held_by: Some("brakes".into()),
        next: None,
    };
    DevicePlan {
        safety: Some(safety),
        ..plan
    }
}

/// With limits for joints `j1`, `j2`, ...: these angles either way, this speed.
pub(crate) fn limited(
    mut plan: DevicePlan,
    joints: usize,
    deg: f64,
    deg_per_s_max: f64,
) -> DevicePlan {
    plan.limits.joints = (1..=joints)
        .map(|n| JointLimit {
            joint: format!("j{n}"),
            deg_min: -deg,
            deg_max: deg,
            deg_per_s_max,
        })
        .collect();
    plan
}

/// A link on which somebody halts just before a certain frame leaves: the halt overtakes it, once.
pub(crate) struct Overtaken<L> {
    link: L,
    /// Which frame.
    frame: fn(&[u8]) -> bool,
    halt: Arc<OnceLock<Arc<dyn Halt>>>,
    done: AtomicBool,
}

impl<L> Overtaken<L> {
    /// The link, and the place for the halt.
    pub(crate) fn new(
        link: L,
        frame: fn(&[u8]) -> bool,
    ) -> (Overtaken<L>, Arc<OnceLock<Arc<dyn Halt>>>) {
        let halt = Arc::new(OnceLock::new());
        (
            Overtaken {
                link,
                frame,
                halt: halt.clone(),
                done: AtomicBool::new(false),
            },
            halt,
        )
    }

    fn overtake(&self, bytes: &[u8]) {
        let Some(halt) = self.halt.get().filter(|_| (self.frame)(bytes)) else {
            return;
        };
        if !self.done.swap(true, Ordering::AcqRel) {
            halt.halt().expect("the halt leaves");
        }
    }
}

impl<L: ByteLink> ByteLink for Overtaken<L> {
    fn write(&self, bytes: &[u8]) -> Result<Time, LinkError> {
        self.overtake(bytes);
        self.link.write(bytes)
    }

    fn read(&self, buf: &mut Vec<u8>, until: Time) -> Result<Option<Stamp>, LinkError> {
        self.link.read(buf, until)
    }

    fn discard(&self) {
        self.link.discard();
    }

    fn describe(&self) -> &LinkInfo {
        self.link.describe()
    }
}

impl<L: CanLink> CanLink for Overtaken<L> {
    fn send(&self, frame: &CanFrame) -> Result<Time, LinkError> {
        self.overtake(frame.data());
        self.link.send(frame)
    }

    fn recv(&self, until: Time) -> Result<Option<(CanFrame, Stamp)>, LinkError> {
        self.link.recv(until)
    }

    fn describe(&self) -> &LinkInfo {
        self.link.describe()
    }
}
