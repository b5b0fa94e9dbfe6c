//! The opened arm: what is known of its nodes, and its face to the harness.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use certbench_clock::{Clock, Time};
use certbench_link::{CanFrame, CanLink};
use certbench_model::plan::DevicePlan;
use certbench_model::{FaultKind, Identity, LinkFacts};
use certbench_roles::{
    Device, Halt, Joints, Lease, NewsSink, Power, SampleSink, Setpoint, Trouble, Wiring,
};
use certbench_wire::canopen::NmtState;
use certbench_wire::canopen::cia402::{Mode, State, Statusword};
use certbench_wire::canopen::object::Object;

use super::config::{Config, Feedback, Joint};
use super::cyclic::Cyclic;
use super::driven::SetPoint;
use super::homing::Homing;
use super::modes::Plate;
use super::{halt, listen};
use crate::canopen::{Bus, Failure};
use crate::facts::link_facts;
use crate::sinks::Sinks;
use crate::worker::Worker;

/// Makes an arm of a bus; its listening thread begins here, because SDO answers are heard by it.
pub(crate) fn open(
    plan: &DevicePlan,
    link: Arc<dyn CanLink>,
    clock: &Clock,
) -> Result<Arc<dyn Device>, Trouble> {
    let config = Config::new(plan)?;
    let bus = Bus::new(link, clock, config.timeout);
    let nodes = vec![Node::default(); config.joints.len()];
    let arm = Arc::new(Arm {
        stops: halt::frames(&config),
        config,
        bus,
        nodes: Mutex::new(nodes),
        sinks: Mutex::new(None),
        goal: Mutex::new(None),
        cyclic: Mutex::default(),
        set_point: Mutex::new(None),
        homing: Mutex::new(None),
        halted: Mutex::new(None),
        halts: AtomicU64::new(0),
        withheld: AtomicBool::new(false),
        starved: AtomicU64::new(0),
        call: Mutex::new(None),
    });
    let opened = Opened {
        arm: arm.clone(),
        listener: Worker::default(),
        poller: Worker::default(),
    };
    let name = format!("{} bus", arm.config.id);
    opened
        .listener
        .start(clock, &name, move |stop| listen::run(&arm, &stop));
    Ok(Arc::new(opened))
}

pub(super) struct Arm {
    pub(super) config: Config,
    pub(super) bus: Bus,
    nodes: Mutex<Vec<Node>>,
    sinks: Mutex<Option<Arc<Sinks>>>,
    /// The motion under way.
    pub(super) goal: Mutex<Option<Goal>>,
    /// What is sent at every SYNC.
    pub(super) cyclic: Mutex<Cyclic>,
    /// What the driven joint was last told.
    pub(super) set_point: Mutex<Option<SetPoint>>,
    pub(super) homing: Mutex<Option<Homing>>,
    /// When it was halted, until it is enabled again.
    pub(super) halted: Mutex<Option<Time>>,
    /// How often it was halted.
    pub(super) halts: AtomicU64,
    /// Our heartbeat is withheld on purpose.
    pub(super) withheld: AtomicBool,
    /// When what the drives watch for was last sent after too long a silence, ns; 0 for never.
    pub(super) starved: AtomicU64,
    /// The call of a role that is under way: the executor makes one at a time.
    call: Mutex<Option<Call>>,
    /// The frames of a halt, one a node.
    pub(super) stops: Vec<CanFrame>,
}

/// A motion under way.
#[derive(Clone, Debug)]
pub(super) struct Goal {
    pub(super) targets_deg: Vec<(usize, f64)>,
    /// When every drive had taken its set-point.
    pub(super) taken: Time,
}

/// What is known of a node.
#[derive(Clone, Debug, Default)]
pub(super) struct Node {
    /// Position as it was when the node was last seen to move.
    pub(super) moved_from: Option<i32>,
    /// Position now.
    pub(super) counts: i32,
    pub(super) status: Option<Statusword>,
    /// When position and status arrived.
    pub(super) seen: Time,
    /// The position has not changed since.
    pub(super) still_since: Time,
    /// Heard since the last sample was put together.
    pub(super) fresh: bool,
    pub(super) heartbeat: Option<(NmtState, Time)>,
    pub(super) configured: bool,
    /// The mode that it acknowledged.
    pub(super) mode: Option<Mode>,
    pub(super) plate: Plate,
    /// Where a driven joint was a moment ago, degrees, and when.
    pub(super) paced: Option<(f64, Time)>,
    pub(super) told: Told,
}

impl Node {
    /// Its statusword and position as they were at a time; `play` counts are no motion.
    pub(super) fn see(&mut self, status: Statusword, counts: i32, at: Time, play: u32) {
        let moved = |before: i32| before.abs_diff(counts) > play;
        if self.moved_from.is_none_or(moved) {
            (self.moved_from, self.still_since) = (Some(counts), at);
        }
        (self.counts, self.status, self.seen) = (counts, Some(status), at);
    }
}

/// What was already reported of a node.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Told {
    pub(super) lost: bool,
    pub(super) fault: bool,
    pub(super) following: bool,
}

impl Arm {
    pub(super) fn nodes(&self) -> MutexGuard<'_, Vec<Node>> {
        self.nodes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn sinks(&self) -> Option<Arc<Sinks>> {
        self.sinks
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Whether a node's transmit PDO 1 is mapped as we want it; before that it means something else.
    pub(super) fn expects_pdo(&self, index: usize) -> bool {
        let configured = self.nodes().get(index).is_some_and(|node| node.configured);
        configured && self.config.feedback != Feedback::Sdo
    }

    /// Whether the plan has a channel of this joint's speed or torque.
    pub(super) fn wants_turn(&self, index: usize) -> bool {
        let driven = self.config.driven.as_ref();
        driven.is_some_and(|driven| driven.index == index)
            && self.sinks().is_some_and(|sinks| {
                ["speed", "torque"].map(|signal| sinks.wiring.channel(signal)) != [None; 2]
            })
    }

    pub(super) fn halts(&self) -> u64 {
        self.halts.load(Ordering::SeqCst)
    }

    pub(super) fn now(&self) -> Time {
        self.bus.clock().now()
    }

    /// Whether this computer itself kept silent so long, a moment ago, that the drives may complain.
    pub(super) fn was_starved(&self) -> bool {
        let starved = self.starved.load(Ordering::Acquire);
        let forgotten = u64::try_from(self.config.lost_after.as_nanos()).unwrap_or(u64::MAX);
        starved != 0 && self.now().as_nanos() - starved <= forgotten
    }

    pub(super) fn trouble(
        &self,
        joint: &Joint,
        doing: &str,
        object: Object,
        failure: &Failure,
    ) -> Trouble {
        failure.trouble(self.bus.port(), &joint.who(), doing, object)
    }

    /// Reads an object of exactly `N` bytes.
    pub(super) fn read<const N: usize>(
        &self,
        joint: &Joint,
        object: Object,
    ) -> Result<[u8; N], Trouble> {
        self.may_go_on()?;
        let read = self.bus.read(joint.node, object);
        read.map_err(|failure| self.trouble(joint, "reading", object, &failure))
    }

    /// Writes an object.
    pub(super) fn write(&self, joint: &Joint, object: Object, data: &[u8]) -> Result<(), Trouble> {
        self.may_go_on()?;
        let written = self
            .bus
            .download(joint.node, object.index, object.sub, data);
        written.map_err(|failure| self.trouble(joint, "writing", object, &failure))
    }

    /// The bytes of an object that a drive need not have.
    pub(super) fn bytes_if_there(
        &self,
        joint: &Joint,
        object: Object,
    ) -> Result<Option<Vec<u8>>, Trouble> {
        self.may_go_on()?;
        match self.bus.upload(joint.node, object) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(Failure::Refused(_)) => Ok(None),
            Err(failure) => Err(self.trouble(joint, "reading", object, &failure)),
        }
    }

    /// Writes an object that a drive need not have; whether it was written.
    pub(super) fn write_if_there(
        &self,
        joint: &Joint,
        object: Object,
        data: &[u8],
    ) -> Result<bool, Trouble> {
        self.may_go_on()?;
        let written = self.bus.download_if_there(joint.node, object, data);
        written.map_err(|failure| self.trouble(joint, "writing", object, &failure))
    }

    /// Asks a drive for its state.
    pub(super) fn state(&self, joint: &Joint) -> Result<(Statusword, State), Trouble> {
        let word = Statusword(u16::from_le_bytes(
            self.read(joint, certbench_wire::canopen::object::STATUSWORD)?,
        ));
        match word.state() {
            Some(state) => Ok((word, state)),
            None => Err(Trouble::Event {
                code: "statusword".into(),
                text: format!(
                    "{}: statusword {:04X} is no state of CiA 402",
                    joint.who(),
                    word.0
                ),
            }),
        }
    }
}

/// A call of a role that must end.
struct Call {
    began: Time,
    patience: Duration,
    doing: &'static str,
}

/// The call is over when this goes.
pub(super) struct InTime<'a>(&'a Arm);

impl Drop for InTime<'_> {
    fn drop(&mut self) {
        *self.0.call() = None;
    }
}

impl Arm {
    /// A call of a role begins: drives that answer, but each so slowly that together they never
    /// end, must not keep the caller. Within another call the other's patience holds.
    #[must_use]
    pub(super) fn within(&self, patience: Duration, doing: &'static str) -> Option<InTime<'_>> {
        let mut call = self.call();
        if call.is_some() {
            return None;
        }
        let began = self.now();
        *call = Some(Call {
            began,
            patience,
            doing,
        });
        Some(InTime(self))
    }

    /// Whether the call may ask the next question.
    pub(super) fn may_go_on(&self) -> Result<(), Trouble> {
        let now = self.now();
        match &*self.call() {
            Some(call) if now - call.began >= call.patience => Err(Trouble::Fault(
                FaultKind::Unattributable,
                format!(
                    "{} on {} took more than {} ms, answer by answer. Either the drives or this computer are \
                     overloaded, or the bus is; lower its load, or raise the option `timeout`",
                    call.doing,
                    self.bus.port(),
                    call.patience.as_millis()
                ),
            )),
            _ => Ok(()),
        }
    }

    fn call(&self) -> MutexGuard<'_, Option<Call>> {
        self.call.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The arm with its threads.
struct Opened {
    arm: Arc<Arm>,
    listener: Worker,
    poller: Worker,
}

impl Device for Opened {
    fn id(&self) -> &str {
        &self.arm.config.id
    }

    fn link(&self) -> LinkFacts {
        link_facts(self.arm.bus.link().describe())
    }

    fn call_at_most(&self) -> Duration {
        let config = &self.arm.config;
        config.given_up_after(config.patience)
    }

    fn learns_every(&self) -> Duration {
        self.arm.config.interval
    }

    fn identify(&self) -> Result<Identity, Trouble> {
        self.arm.identify()
    }

    fn start(
        &self,
        wiring: Wiring,
        samples: SampleSink,
        news: NewsSink,
        lease: Lease,
    ) -> Result<(), Trouble> {
        let arm = &self.arm;
        let of_driven = ["speed", "torque"].into_iter();
        let wanted = of_driven
            .filter(|_| arm.config.driven.is_none())
            .find(|signal| wiring.channel(signal).is_some());
        if let Some(signal) = wanted {
            return Err(Trouble::Refused(format!(
                "{}: a channel wants `{signal}`; name the node of its joint by the option `driven`",
                arm.config.id
            )));
        }
        let sinks = Sinks {
            device: arm.config.id.clone(),
            wiring,
            samples,
            news,
            lease,
        };
        *arm.sinks.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(sinks));
        {
            let _call = arm.within(arm.config.power_patience, "setting up");
            for index in 0..arm.config.joints.len() {
                arm.configure(index)?;
            }
        }
        if arm.config.feedback == Feedback::Sdo {
            let (arm, clock) = (arm.clone(), arm.bus.clock().clone());
            let name = format!("{} poll", arm.config.id);
            self.poller
                .start(&clock, &name, move |stop| listen::poll(&arm, &stop));
        }
        Ok(())
    }

    fn close(&self) {
        self.poller.end();
        self.listener.end();
    }

    fn halt(&self) -> Option<Arc<dyn Halt>> {
        Some(Arc::new(halt::QuickStop(self.arm.clone())))
    }

    fn power(&self) -> Option<&dyn Power> {
        Some(&*self.arm)
    }

    fn joints(&self) -> Option<&dyn Joints> {
        Some(&*self.arm)
    }

    fn setpoint(&self) -> Option<&dyn Setpoint> {
        Some(&*self.arm)
    }
}
