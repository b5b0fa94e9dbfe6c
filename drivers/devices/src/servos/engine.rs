//! The opened chain: sampling, power, halt.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use certbench_clock::Time;
use certbench_model::plan::{DevicePlan, JointLimit, SafeState};
use certbench_model::{FaultKind, Identity, Invalid, LinkFacts, Reading};
use certbench_roles::{Device, Halt, Joints, Lease, NewsSink, Power, SampleSink, Trouble, Wiring};

use super::Group;
use super::chain::{Ail, Chain, Health, Miss, Nameplate, View, Whose};
use crate::facts::link_facts;
use crate::health::Health as Patience;
use crate::options::Options;
use crate::sinks::Sinks;
use crate::worker::{Stop, Ticks, Worker};

/// A joint may differ by so much from the last sample and still be standing.
const STILL_DEG: f64 = 0.2;
/// For so long no joint may have moved before the chain counts as standing.
const STILL_FOR: Duration = Duration::from_millis(100);
/// Health is asked for every so many rounds.
const HEALTH_EVERY: u64 = 20;

/// Makes the device. Every joint has limits on the bench, or nothing is opened.
pub(super) fn device<C: Chain>(
    plan: &DevicePlan,
    options: &Options<'_>,
    groups: &'static [Group],
    chain: C,
) -> Result<Arc<dyn Device>, Trouble> {
    let refuse = |what: String| Trouble::Refused(format!("device `{}`: {what}", plan.id));
    let joints = chain.joints();
    let limits = plan.limits.joints.clone();
    if limits.len() != joints {
        let what = format!(
            "it has {joints} joints, and the bench limits {}; every joint needs limits",
            limits.len()
        );
        return Err(refuse(what));
    }
    let safe_state = plan
        .safety
        .as_ref()
        .map_or(SafeState::Hold, |safety| safety.safe_state);
    if !matches!(safe_state, SafeState::Hold | SafeState::TorqueOff) {
        return Err(refuse("its safe states are `hold` and `torque-off`".into()));
    }
    if plan.limits.force_n_max.is_some() {
        return Err(refuse(
            "it knows no force and cannot keep a limit of it".into(),
        ));
    }
    let servos = Servos {
        id: plan.id.clone(),
        chain,
        groups,
        limits,
        safe_state,
        interval: options.time("interval")?,
        slowest: options.time("slowest")?,
        window_deg: options.needed_quantity("window", "deg")?,
        halts: AtomicU64::new(0),
        withheld: AtomicBool::new(false),
        was_withheld: AtomicBool::new(false),
        hold: Mutex::new(None),
        seen: Mutex::new(Seen::default()),
    };
    Ok(Arc::new(Opened {
        servos: Arc::new(servos),
        worker: Worker::default(),
    }))
}

/// A chain and what is known of it.
pub(super) struct Servos<C: Chain> {
    pub(super) id: String,
    pub(super) chain: C,
    groups: &'static [Group],
    pub(super) limits: Vec<JointLimit>,
    safe_state: SafeState,
    interval: Duration,
    slowest: Duration,
    pub(super) window_deg: f64,
    halts: AtomicU64,
    /// Whether the poll that feeds a watchdog is withheld.
    pub(super) withheld: AtomicBool,
    /// The same, at any time since it was enabled.
    pub(super) was_withheld: AtomicBool,
    /// What a halt sends. Locked for a copy only.
    hold: Mutex<Option<C::Stop>>,
    seen: Mutex<Seen>,
}

/// What was seen last.
#[derive(Clone, Default)]
pub(super) struct Seen {
    pub(super) view: Option<View>,
    /// No joint has moved since.
    pub(super) still_since: Time,
    pub(super) powered: bool,
    pub(super) halted: Option<Time>,
    /// Targets under way, and when they had been taken.
    pub(super) goal: Option<(Vec<(usize, f64)>, Time)>,
    /// Limits that are set in the servos.
    pub(super) plates: Vec<Nameplate>,
}

impl<C: Chain> Servos<C> {
    pub(super) fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn halts(&self) -> u64 {
        self.halts.load(Ordering::SeqCst)
    }

    pub(super) fn now(&self) -> Time {
        self.chain.clock().now()
    }

    fn take(&self, view: View) {
        let frame = match self.safe_state {
            SafeState::TorqueOff => self.chain.limp(),
            _ => self.chain.hold(&view.deg),
        };
        *self.hold.lock().unwrap_or_else(PoisonError::into_inner) = Some(frame);
        let mut seen = self.seen();
        let still = seen.view.as_ref().is_some_and(|before| {
            before
                .deg
                .iter()
                .zip(&view.deg)
                .all(|(a, b)| (a - b).abs() <= STILL_DEG)
        });
        if !still {
            seen.still_since = view.at;
        }
        seen.view = Some(view);
    }

    /// Sends a halt.
    pub(super) fn send_halt(&self) -> Result<(), Trouble> {
        let frame = self
            .hold
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        let frame = match (frame, self.safe_state) {
            (Some(frame), _) => frame,
            (None, SafeState::TorqueOff) => self.chain.limp(),
            (None, _) => {
                let text = format!(
                    "{}: no angle was ever read, so there is none to hold",
                    self.id
                );
                return Err(Trouble::Fault(FaultKind::Harness, text));
            }
        };
        let sent = self.chain.stop(&frame);
        sent.map_err(|error| Trouble::Fault(FaultKind::Link, error.to_string()))
    }

    fn poll(&self, sinks: &Sinks, stop: &Stop) {
        let clock = self.chain.clock();
        let (mut ticks, mut patience) = (Ticks::new(clock, self.interval), Patience::default());
        let mut told = Told::default();
        for round in 0.. {
            if stop.is_set() {
                return;
            }
            ticks.wait();
            if !self.may_feed(sinks) {
                told.unfed = true;
                continue;
            }
            match self.chain.view() {
                Ok(view) => {
                    patience.good();
                    let late = view.at - view.asked > self.slowest;
                    let give =
                        |name: &str, values: &[f64]| self.give(sinks, name, view.at, values, late);
                    give("position", &view.deg);
                    give("velocity", &view.deg_per_s);
                    give(C::EFFORT, &view.effort);
                    self.take(view);
                }
                Err(miss) => self.missed(sinks, miss, &mut patience),
            }
            if round % HEALTH_EVERY == 0 {
                match self.chain.health() {
                    Ok(health) => self.tell(sinks, &health, &mut told),
                    Err(miss) => self.missed(sinks, miss, &mut patience),
                }
            }
        }
    }

    /// A poll is what feeds the watchdog of a powered chain: none without a lease.
    fn may_feed(&self, sinks: &Sinks) -> bool {
        let feeds = self.chain.is_fed_by_polling() && self.seen().powered;
        let leased = sinks.lease.holds(self.now().as_nanos());
        !feeds || leased && !self.withheld.load(Ordering::SeqCst)
    }

    fn give(&self, sinks: &Sinks, name: &str, at: Time, values: &[f64], late: bool) {
        let mut rest = values;
        for (suffix, joints) in self.groups {
            let (these, others) = rest.split_at(joints.len().min(rest.len()));
            rest = others;
            let reading = match late {
                true => Reading::Invalid(Invalid::Stale),
                false if these.iter().any(|v| v.is_infinite()) => {
                    Reading::Invalid(Invalid::OverRange) // the end of what its counts can say
                }
                false => Reading::vector(these),
            };
            sinks.signal(&format!("{name}{suffix}"), at, reading);
        }
    }

    fn missed(&self, sinks: &Sinks, miss: Miss, patience: &mut Patience) {
        let now = self.now();
        if let Some(why) = miss.invalid {
            for (suffix, _) in self.groups {
                let bad = Reading::Invalid(why);
                sinks.signal(&format!("position{suffix}"), now, bad);
            }
        }
        if patience.bad() {
            sinks.tell(now, miss.trouble);
        }
        if miss.broken {
            self.chain.clock().sleep(Duration::from_millis(100)); // a port that is gone fails at once
        }
    }

    /// Tells trouble when it begins and not while it lasts.
    fn tell(&self, sinks: &Sinks, health: &Health, told: &mut Told) {
        self.give(sinks, "temperature", health.at, &health.celsius, false);
        if let Some(celsius) = &health.driver_celsius {
            self.give(sinks, "driver-temperature", health.at, celsius, false);
        }
        for (joint, ail) in &health.trouble {
            if told.ails.contains(&(*joint, ail.code)) {
                continue;
            }
            let name = self.limits.get(*joint);
            let name = name.map_or("", |limit| limit.joint.as_str());
            let text = format!("{name}: {}", ail.text);
            match self.unheard(ail, told.unfed) {
                None => sinks.event(health.at, ail.code, text),
                Some((kind, why)) => {
                    sinks.tell(health.at, Trouble::Fault(kind, format!("{text}: {why}")));
                }
            }
        }
        let ails = health.trouble.iter();
        told.ails = ails.map(|(joint, ail)| (*joint, ail.code)).collect();
        told.unfed &= told.ails.is_empty();
    }

    /// A motor that misses what we send says nothing about itself. `None` for every other trouble, and
    /// for what was to be expected of a heartbeat withheld on purpose.
    fn unheard(&self, ail: &Ail, unfed: bool) -> Option<(FaultKind, &'static str)> {
        match (ail.whose, unfed) {
            (Whose::Its, _) | (Whose::ItsIfFed, false) => None,
            _ if self.was_withheld.load(Ordering::SeqCst) => None,
            (_, true) => Some((
                FaultKind::Harness,
                "this computer had stopped feeding its watchdog",
            )),
            (Whose::Unheard, false) => Some((
                FaultKind::Unattributable,
                "it does not hear this computer; either its receiver or the bus (cable, termination, adapter) is \
                 broken",
            )),
        }
    }

    fn look(&self) -> Result<View, Trouble> {
        let view = self.chain.view().map_err(|miss| miss.trouble)?;
        self.take(view.clone());
        Ok(view)
    }
}

impl<C: Chain> Power for Servos<C> {
    fn enable(&self) -> Result<(), Trouble> {
        let halts = self.halts();
        let view = self.look()?;
        self.chain.power_on(&view.deg)?;
        if self.halts() != halts {
            self.send_halt()?; // the halt may have left before the power came on
            return Err(Trouble::Refused(format!(
                "{}: halted while it was enabled",
                self.id
            )));
        }
        self.was_withheld.store(false, Ordering::SeqCst);
        self.seen().powered = true;
        Ok(())
    }

    fn disable(&self) -> Result<(), Trouble> {
        let off = self.chain.power_off();
        if off.is_ok() {
            self.seen().powered = false;
        }
        off
    }

    fn recover(&self) -> Result<(), Trouble> {
        self.seen().halted = None;
        self.enable()
    }
}

/// What was told already.
#[derive(Default)]
struct Told {
    /// Trouble that lasts: joint and code.
    ails: Vec<(usize, &'static str)>,
    /// A watchdog was not fed, and nothing was told of what came of it.
    unfed: bool,
}

/// The chain with its thread.
struct Opened<C: Chain> {
    servos: Arc<Servos<C>>,
    worker: Worker,
}

impl<C: Chain> Device for Opened<C> {
    fn id(&self) -> &str {
        &self.servos.id
    }

    fn link(&self) -> LinkFacts {
        link_facts(self.servos.chain.describe())
    }

    fn identify(&self) -> Result<Identity, Trouble> {
        let plates = self.servos.chain.nameplates()?;
        self.servos.look()?;
        let all = |of: fn(&Nameplate) -> &str| -> Option<String> {
            let mut said: Vec<&str> = plates.iter().map(of).collect();
            said.dedup();
            let said = said.join(", ");
            (!said.is_empty()).then_some(said)
        };
        let [model, firmware, serial] = [
            all(|plate| &plate.model),
            all(|plate| &plate.firmware),
            all(|plate| &plate.serial),
        ];
        let named = [
            ("model", &model),
            ("firmware", &firmware),
            ("serial", &serial),
        ];
        let unsaid = named.iter().filter(|(_, said)| said.is_none());
        let identity = Identity {
            label_needed: unsaid.map(|(field, _)| (*field).to_owned()).collect(),
            model,
            firmware,
            serial,
            notes: vec![format!("{} servos answer", plates.len())],
            ..Identity::default()
        };
        self.servos.seen().plates = plates;
        Ok(identity)
    }

    fn start(
        &self,
        wiring: Wiring,
        samples: SampleSink,
        news: NewsSink,
        lease: Lease,
    ) -> Result<(), Trouble> {
        let sinks = Sinks::new(&self.servos.id, wiring, samples, news, lease);
        let (servos, clock) = (self.servos.clone(), self.servos.chain.clock().clone());
        self.worker
            .deliver(&clock, "poll", sinks, move |sinks, stop| {
                servos.poll(sinks, stop)
            });
        Ok(())
    }

    fn close(&self) {
        self.worker.end();
    }

    fn halt(&self) -> Option<Arc<dyn Halt>> {
        Some(Arc::new(Stand(self.servos.clone())))
    }

    fn power(&self) -> Option<&dyn Power> {
        Some(&*self.servos)
    }

    fn joints(&self) -> Option<&dyn Joints> {
        Some(&*self.servos)
    }
}

/// The way to the safe state.
struct Stand<C: Chain>(Arc<Servos<C>>);

impl<C: Chain> Halt for Stand<C> {
    fn device(&self) -> &str {
        &self.0.id
    }

    fn halt(&self) -> Result<(), Trouble> {
        self.0.halts.fetch_add(1, Ordering::SeqCst);
        let sent = self.0.send_halt();
        let now = self.0.now();
        let mut seen = self.0.seen();
        seen.halted.get_or_insert(now);
        seen.goal = None;
        sent
    }

    fn confirmed(&self) -> Result<Option<bool>, Trouble> {
        let seen = self.0.seen().clone();
        let (Some(halted), Some(view)) = (seen.halted, seen.view) else {
            return Ok(None);
        };
        if view.asked < halted + STILL_FOR {
            return Ok(None);
        }
        Ok(Some(view.asked >= seen.still_since.max(halted) + STILL_FOR))
    }
}
