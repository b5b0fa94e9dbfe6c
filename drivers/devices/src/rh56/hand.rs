//! The opened hand: who it is, how it is asked, how it is halted.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use certbench_clock::{Clock, Time};
use certbench_link::ByteLink;
use certbench_model::plan::{DevicePlan, SafeState};
use certbench_model::{FaultKind, Identity, LinkFacts};
use certbench_roles::{Device, Grasp, Halt, Lease, NewsSink, SampleSink, Trouble, Wiring};
use certbench_wire::rh56::{
    RawAngle, Register, Reply, ReplyDecoder, Request, Status, encode_six, register,
};

use super::poll;
use super::table::description;
use crate::line::{Answer, Failure, Heard, Line, Manners};
use crate::open::link_facts;
use crate::options::Options;
use crate::sinks::Sinks;
use crate::worker::Worker;

/// Makes a hand of a line.
pub(crate) fn open(
    plan: &DevicePlan,
    link: Arc<dyn ByteLink>,
    clock: &Clock,
) -> Result<Arc<dyn Device>, Trouble> {
    let options = Options::new(plan, description());
    let address: u8 = options.count("id")?;
    if !(1..=254).contains(&address) {
        return Err(options.refuse("id", "a hand has an address of 1 to 254"));
    }
    refuse_what_cannot_be_kept(plan)?;
    let timeout = options.time("timeout")?;
    let manners = Manners {
        silence: Duration::ZERO,
        timeout,
        longest: 2 * timeout,
    };
    let who = format!("hand {address} on {}", link.describe().port);
    let hand = Hand {
        id: plan.id.clone(),
        address,
        line: Line::new(link, clock, who, manners),
        interval: options.time("interval")?,
        slowest: options.time("slowest")?,
        force_n_max: plan.limits.force_n_max,
        hold: Mutex::new(None),
        halts: AtomicU64::new(0),
        seen: Mutex::new(Seen::default()),
    };
    Ok(Arc::new(Opened {
        hand: Arc::new(hand),
        worker: Worker::default(),
    }))
}

fn refuse_what_cannot_be_kept(plan: &DevicePlan) -> Result<(), Trouble> {
    let refuse = |what: &str| Err(Trouble::Refused(format!("device `{}`: {what}", plan.id)));
    if !plan.limits.joints.is_empty() {
        return refuse(
            "this hand knows no angles in degrees and cannot keep joint limits; limit its force",
        );
    }
    match &plan.safety {
        Some(safety) if safety.safe_state != SafeState::Hold => {
            refuse("the only safe state of this hand is `hold`")
        }
        _ => Ok(()),
    }
}

pub(super) struct Hand {
    pub(super) id: String,
    address: u8,
    pub(super) line: Line,
    pub(super) interval: Duration,
    pub(super) slowest: Duration,
    pub(super) force_n_max: Option<f64>,
    /// The frame that commands the angles sampled last. Locked for a copy only.
    hold: Mutex<Option<Vec<u8>>>,
    /// How often it was halted.
    halts: AtomicU64,
    seen: Mutex<Seen>,
}

/// What was sampled last.
#[derive(Clone, Default)]
pub(super) struct Seen {
    pub(super) angles: Option<([RawAngle; 6], Time)>,
    pub(super) statuses: Option<([Status; 6], Time)>,
    /// No finger has moved since.
    pub(super) still_since: Time,
    /// When it was last halted.
    pub(super) halted: Option<Time>,
    /// The grasp under way: finger, target, and when the hand had taken it.
    pub(super) goal: Option<(Vec<(usize, RawAngle)>, Time)>,
}

impl Hand {
    pub(super) fn seen(&self) -> std::sync::MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn halts(&self) -> u64 {
        self.halts.load(Ordering::SeqCst)
    }

    /// Asks for a whole register.
    pub(super) fn read(&self, register: Register) -> Result<Answer<Vec<u8>>, Failure> {
        let answer = self.exchange(&register.read(self.address))?;
        match answer.value {
            Reply::Data { data, .. } => Ok(Answer {
                value: data,
                asked: answer.asked,
                stamp: answer.stamp,
            }),
            Reply::Written { .. } => Err(self.not_asked_for(register)),
        }
    }

    /// Writes a register and waits until the hand has taken it.
    pub(super) fn write(&self, register: Register, data: &[u8]) -> Result<(), Trouble> {
        let refused = |what: &dyn std::fmt::Display| {
            Trouble::Refused(format!("{}: {} {what}", self.id, register.name))
        };
        let request = register
            .write(self.address, data)
            .map_err(|e| refused(&e))?;
        let answer = self
            .exchange(&request)
            .map_err(|failure| self.line.trouble(&failure))?;
        match answer.value {
            Reply::Written { result: 1, .. } => Ok(()),
            Reply::Written { result, .. } => Err(refused(&format_args!(
                "was rejected by the hand (result {result})"
            ))),
            Reply::Data { .. } => Err(self.line.trouble(&self.not_asked_for(register))),
        }
    }

    /// Keeps the frame that a halt would send now.
    pub(super) fn remember(&self, angles: [RawAngle; 6]) {
        let request = register::ANGLE_SET.write(self.address, &encode_six(angles));
        let frame = request.and_then(|request| request.encode()).ok();
        *self.hold.lock().unwrap_or_else(PoisonError::into_inner) = frame;
    }

    /// Sends the hold frame.
    pub(super) fn send_hold(&self) -> Result<(), Trouble> {
        let frame = self
            .hold
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        let Some(frame) = frame else {
            let text = format!(
                "{}: no angle was ever read, so there is none to hold",
                self.id
            );
            return Err(Trouble::Fault(FaultKind::Harness, text));
        };
        let sent = self.line.link().write(&frame);
        sent.map(|_| ())
            .map_err(|error| Trouble::Fault(FaultKind::Link, error.to_string()))
    }

    fn exchange(&self, request: &Request) -> Result<Answer<Reply>, Failure> {
        let frame = request.encode().map_err(|error| Failure::Garbage {
            what: error.to_string(),
            asked: Vec::new(),
        })?;
        let mut decoder = ReplyDecoder::default();
        self.line.ask(&frame, |bytes| {
            decoder.push(bytes);
            let mut garbage = None;
            while let Some(heard) = decoder.next() {
                match heard {
                    Ok(reply) if request.is_answered_by(&reply) => return Heard::Answer(reply),
                    // the answer to a halt that came between
                    Ok(Reply::Written { address, .. })
                        if address == register::ANGLE_SET.address => {}
                    Ok(reply) => garbage = Some(format!("an answer to something else: {reply:?}")),
                    Err(noise) => garbage = Some(noise.to_string()),
                }
            }
            garbage.map_or(Heard::More, Heard::Garbage)
        })
    }

    fn not_asked_for(&self, register: Register) -> Failure {
        let what = format!("another kind of answer than {} has", register.name);
        Failure::Garbage {
            what,
            asked: Vec::new(),
        }
    }
}

/// The hand with its thread.
struct Opened {
    hand: Arc<Hand>,
    worker: Worker,
}

impl Device for Opened {
    fn id(&self) -> &str {
        &self.hand.id
    }

    fn link(&self) -> LinkFacts {
        link_facts(self.hand.line.link().describe())
    }

    fn learns_every(&self) -> Duration {
        self.hand.interval
    }

    fn identify(&self) -> Result<Identity, Trouble> {
        let hand = &self.hand;
        let read = |register| {
            hand.read(register)
                .map_err(|failure| hand.line.trouble(&failure))
        };
        let angles = read(register::ANGLE_ACT)?;
        poll::take_angles(hand, &angles);
        let voltage = read(register::VOLTAGE)?.value;
        Ok(Identity {
            read_from_device: false,
            label_needed: ["model", "serial", "firmware"].map(String::from).to_vec(),
            notes: vec![
                format!("answers at address {}", hand.address),
                format!("supply voltage register: {}", certbench_wire::hex(&voltage)),
            ],
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
        let sinks = Sinks {
            device: self.hand.id.clone(),
            wiring,
            samples,
            news,
            lease,
        };
        let (hand, clock) = (self.hand.clone(), self.hand.line.clock().clone());
        let name = format!("{} poll", hand.id);
        self.worker
            .start(&clock, &name, move |stop| poll::run(&hand, &sinks, &stop));
        Ok(())
    }

    fn close(&self) {
        self.worker.end();
    }

    fn halt(&self) -> Option<Arc<dyn Halt>> {
        Some(Arc::new(Hold(self.hand.clone())))
    }

    fn grasp(&self) -> Option<&dyn Grasp> {
        Some(&*self.hand)
    }
}

/// Holds the hand where it is.
struct Hold(Arc<Hand>);

/// For so long no finger may have moved before the hand counts as holding.
const STILL_FOR: Duration = Duration::from_millis(100);

impl Halt for Hold {
    fn device(&self) -> &str {
        &self.0.id
    }

    fn halt(&self) -> Result<(), Trouble> {
        self.0.halts.fetch_add(1, Ordering::SeqCst);
        let sent = self.0.send_hold();
        let now = self.0.line.clock().now();
        let mut seen = self.0.seen();
        seen.halted.get_or_insert(now);
        seen.goal = None;
        sent
    }

    fn confirmed(&self) -> Result<Option<bool>, Trouble> {
        let seen = self.0.seen().clone();
        let (Some(halted), Some((_, sampled))) = (seen.halted, seen.angles) else {
            return Ok(None);
        };
        if sampled < halted + STILL_FOR {
            return Ok(None);
        }
        Ok(Some(sampled >= seen.still_since.max(halted) + STILL_FOR))
    }
}
