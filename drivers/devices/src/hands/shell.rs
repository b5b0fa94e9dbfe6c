//! What all hands share: what was seen last, whether a grasp may be, how far it is, the halt.
//!
//! A kind of hand ([`Kind`]) knows its wire: how it is sampled, commanded and held. Closings are fractions
//! here, 0 open to 1 closed; counts stay with the kind.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use certbench_clock::{Clock, Time};
use certbench_model::plan::{DevicePlan, SafeState};
use certbench_model::{FaultKind, Identity, LinkFacts};
use certbench_roles::{
    Device, Grasp, GraspMove, Halt, Lease, NewsSink, Power, Progress, SampleSink, Trouble, Wiring,
};

use crate::options::Options;
use crate::sinks::Sinks;
use crate::worker::{Stop, Worker};

/// Closings older than this say nothing of now.
const OLD: Duration = Duration::from_millis(1000);
/// What a hand says of itself lags behind a command by this much at most.
const SETTLING: Duration = Duration::from_millis(100);
/// A finger that stands for so long short of its target is held by something.
const HELD_FOR: Duration = Duration::from_millis(400);
/// For so long no finger may have moved before the hand counts as holding.
const STILL_FOR: Duration = Duration::from_millis(100);
/// Closings that differ by rounding are the same.
const ROUNDING: f64 = 1e-9;

/// What one kind of hand knows and does.
pub(crate) trait Kind: Send + Sync + 'static {
    /// What it shares with the others.
    fn core(&self) -> &Core;

    /// What is known of its link.
    fn link(&self) -> LinkFacts;

    /// See [`Device::identify`].
    fn identify(&self) -> Result<Identity, Trouble>;

    /// Samples until told to stop.
    fn run(&self, sinks: &Sinks, stop: &Stop);

    /// Whether this hand could do that, beyond what the shell has checked.
    fn check(&self, _grasp: &Resolved) -> Result<(), Trouble> {
        Ok(())
    }

    /// Sends a grasp. One that was halted meanwhile ([`Core::halts`]) goes no further.
    fn command(&self, grasp: &Resolved) -> Result<(), Trouble>;

    /// Sends what holds the hand where it was seen last: made before it is needed.
    fn hold(&self) -> Result<(), Trouble>;

    /// Power to move, where the hand has one of its own.
    fn power(&self) -> Option<&dyn Power> {
        None
    }

    /// See [`Device::call_at_most`].
    fn call_at_most(&self) -> Duration {
        Duration::from_secs(2)
    }
}

/// What a hand can, as its family knows it.
pub(crate) struct Nature {
    /// Names of its fingers or joints.
    pub(crate) fingers: Vec<String>,
    /// Closing by which a target may be missed.
    pub(crate) near: f64,
    /// Closing by which a sample may differ from the last one and still be standing.
    pub(crate) still: f64,
    /// Force of one finger at full force, N; `None`: a share of an unknown maximum.
    pub(crate) force_n: Option<f64>,
    /// It says of each finger what it does ([`Core::said`]).
    pub(crate) says: bool,
}

/// A grasp in closings, found possible.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Resolved {
    /// Of every finger; those not named stay.
    pub(crate) closing: Vec<Option<f64>>,
    /// Fraction of the range.
    pub(crate) force: f64,
    /// Fraction of the range.
    pub(crate) speed: f64,
}

/// What a finger says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Doing {
    Moving,
    Reached,
    /// Neither: it is held, or something is wrong with it.
    Other,
}

/// What was sampled last.
#[derive(Clone, Default)]
struct Seen {
    closing: Option<(Vec<f64>, Time)>,
    doing: Option<(Vec<Doing>, Time)>,
    /// No finger has moved since.
    still_since: Time,
    /// When it was last halted.
    halted: Option<Time>,
    /// The grasp under way: finger, target, and when the hand had taken it.
    goal: Option<(Vec<(usize, f64)>, Time)>,
}

/// What hands share.
pub(crate) struct Core {
    pub(crate) id: String,
    pub(crate) clock: Clock,
    pub(crate) nature: Nature,
    /// Of its samples.
    pub(crate) interval: Duration,
    /// An answer that took longer gives no reading.
    pub(crate) slowest: Duration,
    force_n_max: Option<f64>,
    /// How often it was halted.
    halts: AtomicU64,
    seen: Mutex<Seen>,
}

impl Core {
    /// Of a plan; refused when the hand could not keep what the plan demands of it.
    pub(crate) fn new(
        plan: &DevicePlan,
        options: &Options<'_>,
        clock: &Clock,
        nature: Nature,
    ) -> Result<Core, Trouble> {
        let refuse = |what: &str| Err(Trouble::Refused(format!("device `{}`: {what}", plan.id)));
        if !plan.limits.joints.is_empty() {
            return refuse(
                "this hand knows no angles in degrees and cannot keep joint limits; limit its force",
            );
        }
        if plan.limits.force_n_max.is_some() && nature.force_n.is_none() {
            return refuse(
                "its force is a share of an unknown maximum: a limit in N cannot be kept",
            );
        }
        match &plan.safety {
            Some(safety) if safety.safe_state != SafeState::Hold => {
                return refuse("the only safe state of this hand is `hold`");
            }
            _ => (),
        }
        Ok(Core {
            id: plan.id.clone(),
            clock: clock.clone(),
            nature,
            interval: options.time("interval")?,
            slowest: options.time("slowest")?,
            force_n_max: plan.limits.force_n_max,
            halts: AtomicU64::new(0),
            seen: Mutex::default(),
        })
    }

    pub(crate) fn halts(&self) -> u64 {
        self.halts.load(Ordering::SeqCst)
    }

    pub(crate) fn now(&self) -> Time {
        self.clock.now()
    }

    /// Where its fingers are, as asked for and heard at these times.
    pub(crate) fn stands(&self, closing: Vec<f64>, asked: Time, heard: Time) {
        let limit = self.nature.still + ROUNDING;
        let mut seen = self.seen();
        let still = seen.closing.as_ref().is_some_and(|(before, _)| {
            let mut pairs = before.iter().zip(&closing);
            pairs.all(|(a, b)| (a - b).abs() <= limit)
        });
        if !still {
            seen.still_since = heard;
        }
        seen.closing = Some((closing, asked));
    }

    /// What each finger says that it does, as asked for at this time.
    pub(crate) fn said(&self, doing: Vec<Doing>, asked: Time) {
        self.seen().doing = Some((doing, asked));
    }

    /// Where the fingers were seen last.
    pub(crate) fn closing(&self) -> Option<Vec<f64>> {
        self.seen()
            .closing
            .as_ref()
            .map(|(closing, _)| closing.clone())
    }

    pub(crate) fn refuse(&self, what: impl std::fmt::Display) -> Trouble {
        Trouble::Refused(format!("{}: {what}", self.id))
    }

    /// Nothing was seen that a halt could hold.
    pub(crate) fn nothing_to_hold(&self) -> Trouble {
        let text = format!(
            "{}: no angle was ever read, so there is none to hold",
            self.id
        );
        Trouble::Fault(FaultKind::Harness, text)
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn resolve(&self, grasp: &GraspMove) -> Result<Resolved, Trouble> {
        let fingers = &self.nature.fingers;
        let mut closing = vec![None; fingers.len()];
        for &(finger, target) in &grasp.closing {
            let (Some(place), Some(name)) = (closing.get_mut(finger), fingers.get(finger)) else {
                return Err(self.refuse(format_args!(
                    "it has no finger number {finger}; it has 0 to {}",
                    fingers.len().saturating_sub(1)
                )));
            };
            if !(0.0..=1.0).contains(&target) {
                return Err(self.refuse(format_args!(
                    "{name} cannot close by {target}; 0 is open, 1 closed"
                )));
            }
            *place = Some(target);
        }
        for (name, share) in [("force", grasp.force), ("speed", grasp.speed)] {
            if !(0.0..=1.0).contains(&share) {
                return Err(self.refuse(format_args!("{name} {share} is not within 0 to 1")));
            }
        }
        if let (Some(most), Some(full)) = (self.force_n_max, self.nature.force_n) {
            let newton = grasp.force * full;
            if newton > most * (1.0 + 1e-9) {
                return Err(self.refuse(format_args!(
                    "a force of {newton:.2} N per finger passes the bench's limit of {most} N"
                )));
            }
        }
        Ok(Resolved {
            closing,
            force: grasp.force,
            speed: grasp.speed,
        })
    }

    fn progress(&self) -> Result<Progress, Trouble> {
        let seen = self.seen().clone();
        let now = self.now();
        let Some((targets, taken)) = seen.goal else {
            return Ok(Progress::Stopped);
        };
        let doing = match (seen.doing, self.nature.says) {
            (None, true) => return self.not_sampled(),
            (doing, _) => doing,
        };
        let Some((closing, mut sampled)) = seen.closing else {
            return self.not_sampled();
        };
        if let Some((_, said)) = &doing {
            sampled = sampled.min(*said);
        }
        if now - sampled.max(taken) > OLD.max(3 * self.interval) {
            return Err(self.silent());
        }
        if sampled < taken + SETTLING {
            return Ok(Progress::Moving);
        }
        let near = self.nature.near + ROUNDING;
        let reached = targets.iter().all(|(finger, target)| {
            let here = closing.get(*finger);
            here.is_some_and(|here| (here - target).abs() <= near)
        });
        let says = |wanted: Doing, finger: usize| match &doing {
            Some((doing, _)) => doing.get(finger) == Some(&wanted),
            None => wanted == Doing::Moving, // what says nothing moves until it stands
        };
        if reached
            && targets
                .iter()
                .all(|(finger, _)| says(Doing::Reached, *finger))
        {
            return Ok(Progress::Settled);
        }
        let moving = targets
            .iter()
            .any(|(finger, _)| says(Doing::Moving, *finger));
        let stands = now - seen.still_since.max(taken) >= HELD_FOR;
        Ok(match (stands || !moving, stands && reached) {
            (true, true) => Progress::Settled,
            (true, false) => Progress::Stopped,
            (false, _) => Progress::Moving,
        })
    }

    fn silent(&self) -> Trouble {
        let text = format!(
            "no angle or status from {} for {} ms; is the hand powered? Either it is off or hung, or the cable or \
             adapter is broken",
            self.id,
            OLD.as_millis()
        );
        Trouble::Fault(FaultKind::Unattributable, text)
    }

    fn not_sampled(&self) -> Result<Progress, Trouble> {
        let text = format!(
            "{}: nothing is sampled, so nothing is known of its motion",
            self.id
        );
        Err(Trouble::Fault(FaultKind::Harness, text))
    }
}

/// Makes the device.
pub(crate) fn device(kind: impl Kind) -> Arc<dyn Device> {
    Arc::new(Opened {
        hand: Arc::new(kind),
        worker: Worker::default(),
    })
}

/// The hand with its thread.
struct Opened {
    hand: Arc<dyn Kind>,
    worker: Worker,
}

impl Device for Opened {
    fn id(&self) -> &str {
        &self.hand.core().id
    }

    fn link(&self) -> LinkFacts {
        self.hand.link()
    }

    fn call_at_most(&self) -> Duration {
        self.hand.call_at_most()
    }

    fn learns_every(&self) -> Duration {
        self.hand.core().interval
    }

    fn identify(&self) -> Result<Identity, Trouble> {
        self.hand.identify()
    }

    fn start(
        &self,
        wiring: Wiring,
        samples: SampleSink,
        news: NewsSink,
        lease: Lease,
    ) -> Result<(), Trouble> {
        let core = self.hand.core();
        let sinks = Sinks::new(&core.id, wiring, samples, news, lease);
        let hand = self.hand.clone();
        self.worker
            .deliver(&core.clock, "poll", sinks, move |sinks, stop| {
                hand.run(sinks, stop)
            });
        Ok(())
    }

    fn close(&self) {
        self.worker.end();
    }

    fn halt(&self) -> Option<Arc<dyn Halt>> {
        Some(Arc::new(Hold(self.hand.clone())))
    }

    fn power(&self) -> Option<&dyn Power> {
        self.hand.power()
    }

    fn grasp(&self) -> Option<&dyn Grasp> {
        Some(self)
    }
}

impl Grasp for Opened {
    fn fingers(&self) -> Vec<String> {
        self.hand.core().nature.fingers.clone()
    }

    fn force_fraction(&self, newton: f64) -> Result<f64, Trouble> {
        let core = self.hand.core();
        let Some(full) = core.nature.force_n else {
            return Err(core.refuse("its force is a share of an unknown maximum; give it in %"));
        };
        let fraction = newton / full;
        if (0.0..=1.0).contains(&fraction) {
            return Ok(fraction);
        }
        Err(core.refuse(format_args!(
            "a force of {newton} N is not within 0 to {full} N"
        )))
    }

    fn accept(&self, grasp: &GraspMove) -> Result<(), Trouble> {
        let resolved = self.hand.core().resolve(grasp)?;
        self.hand.check(&resolved)
    }

    fn begin(&self, grasp: &GraspMove) -> Result<(), Trouble> {
        let core = self.hand.core();
        let resolved = core.resolve(grasp)?;
        self.hand.check(&resolved)?;
        let halts = core.halts();
        self.hand.command(&resolved)?;
        if core.halts() != halts {
            self.hand.hold()?; // the halt may have left before the command
            return Err(core.refuse("halted while the grasp began"));
        }
        let targets = resolved.closing.iter().enumerate();
        let targets = targets
            .filter_map(|(finger, target)| Some((finger, (*target)?)))
            .collect();
        let now = core.now();
        let mut seen = core.seen();
        seen.goal = Some((targets, now));
        seen.halted = None;
        Ok(())
    }

    fn progress(&self) -> Result<Progress, Trouble> {
        self.hand.core().progress()
    }
}

/// Holds the hand where it is.
struct Hold(Arc<dyn Kind>);

impl Halt for Hold {
    fn device(&self) -> &str {
        &self.0.core().id
    }

    fn halt(&self) -> Result<(), Trouble> {
        let core = self.0.core();
        core.halts.fetch_add(1, Ordering::SeqCst);
        let sent = self.0.hold();
        let now = core.now();
        let mut seen = core.seen();
        seen.halted.get_or_insert(now);
        seen.goal = None;
        sent
    }

    fn confirmed(&self) -> Result<Option<bool>, Trouble> {
        let seen = self.0.core().seen().clone();
        let (Some(halted), Some((_, sampled))) = (seen.halted, seen.closing) else {
            return Ok(None);
        };
        if sampled < halted + STILL_FOR {
            return Ok(None);
        }
        Ok(Some(sampled >= seen.still_since.max(halted) + STILL_FOR))
    }
}
