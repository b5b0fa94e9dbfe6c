//! A device of ours on a real port, driven by a test: opened as a plan says, sampling, its news kept.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use certbench_clock::Clock;
use certbench_model::plan::{DevicePlan, Limits, SafeState, Safety, Watchdog};
use certbench_model::{Identity, Provenance, Reading, Sample};
use certbench_roles::{Device, Lease, News, Trouble, Wiring};
use serde_json::Value;

/// How long a renewal of the lease holds; the executor of a run renews it more often than that.
const LEASE: Duration = Duration::from_millis(1000);

/// A device of a plan: its driver, port and options, and no limits.
pub fn plan(driver: &str, port: &str, options: Value) -> DevicePlan {
    DevicePlan {
        id: "item".into(),
        kind: String::new(),
        driver: driver.into(),
        port: port.into(),
        options: options
            .as_object()
            .cloned()
            .unwrap_or_default()
            .into_iter()
            .collect(),
        provenance: Provenance::Simulated,
        under_test: true,
        safety: None,
        limits: Limits::default(),
    }
}

/// The plan with a safe state.
pub fn safe(plan: DevicePlan, safe_state: SafeState) -> DevicePlan {
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

/// An opened device that samples, and what was heard of it. Closed when dropped.
pub struct Driven {
    /// The device.
    pub device: Arc<dyn Device>,
    /// What it said of itself before it was started.
    pub identity: Identity,
    heard: Arc<Mutex<Heard>>,
    lease: Lease,
    renewing: Arc<AtomicBool>,
    renewer: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct Heard {
    samples: Vec<Sample>,
    news: Vec<Trouble>,
}

impl Driven {
    /// Opens the port and the device, reads its identity, starts sampling these signals as the channels
    /// 0, 1, ..., and waits for the first sample of each.
    ///
    /// # Errors
    /// What the device or its port said.
    pub fn open(plan: &DevicePlan, signals: &[&str]) -> Result<Self, Trouble> {
        let clock = Clock::real();
        let port = certbench_devices::connect(plan, &clock, None)?;
        let device = certbench_devices::open(plan, port, &clock)?;
        let identity = device.identify()?;
        let (heard, lease) = (Arc::new(Mutex::new(Heard::default())), Lease::new());
        let renewing = Arc::new(AtomicBool::new(true));
        let renewer = std::thread::spawn({
            let (clock, lease, renewing) = (clock.clone(), lease.clone(), renewing.clone());
            move || {
                while renewing.load(Ordering::Relaxed) {
                    lease.renew((clock.now() + LEASE).as_nanos());
                    std::thread::sleep(LEASE / 10);
                }
            }
        });
        let (samples, news) = (heard.clone(), heard.clone());
        let wiring = signals
            .iter()
            .zip(0u16..)
            .map(|(signal, n)| ((*signal).to_owned(), n));
        device.start(
            Wiring(wiring.collect()),
            Arc::new(move |sample: &Sample| lock(&samples).samples.push(*sample)),
            Arc::new(move |told: News| lock(&news).news.push(told.trouble)),
            lease.clone(),
        )?;
        let driven = Self {
            device,
            identity,
            heard,
            lease,
            renewing,
            renewer: Some(renewer),
        };
        let channels = 0..u16::try_from(signals.len()).unwrap_or(u16::MAX);
        until(|| {
            channels
                .clone()
                .all(|channel| !driven.readings(channel).is_empty())
        });
        Ok(driven)
    }

    /// Every sample of a channel so far.
    pub fn samples(&self, channel: u16) -> Vec<Sample> {
        let heard = lock(&self.heard);
        heard
            .samples
            .iter()
            .filter(|s| s.channel == channel)
            .copied()
            .collect()
    }

    /// Every reading of a channel so far.
    pub fn readings(&self, channel: u16) -> Vec<Reading> {
        self.samples(channel)
            .iter()
            .map(|sample| sample.reading)
            .collect()
    }

    /// The numbers of the channel's last reading, if it has any.
    pub fn last(&self, channel: u16) -> Option<Vec<f64>> {
        match self.readings(channel).last()? {
            Reading::Values { len, values } => values.get(..usize::from(*len)).map(<[f64]>::to_vec),
            Reading::Invalid(_) => None,
        }
    }

    /// What the device told unasked so far.
    pub fn news(&self) -> Vec<Trouble> {
        lock(&self.heard).news.clone()
    }

    /// Whether the device reported trouble of its own with this code.
    pub fn reported(&self, wanted: &str) -> bool {
        self.news()
            .iter()
            .any(|t| matches!(t, Trouble::Event { code, .. } if code == wanted))
    }

    /// The executor hangs: nobody renews the lease any more.
    pub fn stall(&self) {
        self.renewing.store(false, Ordering::Relaxed);
        self.lease.revoke();
    }

    /// Waits until the condition holds, and says whether it did: generous, for loaded machines.
    pub fn until(&self, condition: impl FnMut() -> bool) -> bool {
        until(condition)
    }
}

impl Drop for Driven {
    fn drop(&mut self) {
        self.device.close();
        self.renewing.store(false, Ordering::Relaxed);
        if let Some(renewer) = self.renewer.take() {
            let _ = renewer.join(); // it cannot fail
        }
    }
}

/// Waits until the condition holds, for at most 30 seconds, and says whether it did.
pub fn until(mut condition: impl FnMut() -> bool) -> bool {
    let deadline = Instant::now() + Duration::from_secs(30);
    while Instant::now() < deadline {
        if condition() {
            return true;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    false
}

fn lock(heard: &Mutex<Heard>) -> MutexGuard<'_, Heard> {
    heard.lock().unwrap_or_else(PoisonError::into_inner)
}
