//! The arm's own threads: everything heard on the bus, SYNC and our heartbeat.

use std::sync::atomic::Ordering;
use std::time::Duration;

use certbench_clock::Time;
use certbench_link::{CanFrame, LinkError, Stamp};
use certbench_model::{FaultKind, Invalid, Reading};
use certbench_roles::Trouble;
use certbench_wire::canopen::cia402::{Mode, State, Statusword};
use certbench_wire::canopen::{
    CobFrame, Emergency, Heartbeat, NmtState, SYNC, Service, object, pdo,
};

use super::arm::Arm;
use super::config::{Feedback, Joint};
use crate::canopen::cob;
use crate::health::Health;
use crate::sinks::Sinks;
use crate::worker::{Stop, Ticks};

/// The objects of transmit PDO 1.
pub(super) const PDO: [object::Object; 2] = [object::STATUSWORD, object::POSITION_ACTUAL];

/// The objects of transmit PDO 2, of the driven joint.
pub(super) const TURN_PDO: [object::Object; 2] = [object::VELOCITY_ACTUAL, object::TORQUE_ACTUAL];

/// How often the thread looks at what falls silent.
const LOOK: Duration = Duration::from_millis(20);

/// Linux, can/error.h: bus off, no acknowledgement, controller problems with "passive" in byte 1.
const BUS_OFF: u32 = 0x40;
const NO_ACK: u32 = 0x20;
const CONTROLLER: u32 = 0x04;
const PASSIVE: u8 = 0x30;

/// Listens until told to stop.
pub(super) fn run(arm: &Arm, stop: &Stop) {
    let mut due = Due {
        heartbeat: arm.now(),
        sync: arm.now(),
        fed: Fed::default(),
    };
    let mut told = ToldOfBus::default();
    while !stop.is_set() {
        let until = due.act(arm).min(arm.now() + LOOK);
        match arm.bus.link().recv(until) {
            Ok(Some((frame, stamp))) => hear(arm, &frame, stamp, &mut told),
            Ok(None) => (),
            Err(error) => failed(arm, &error, &mut told),
        }
        if let Some(sinks) = arm.sinks() {
            look_for_lost(arm, &sinks);
            let leased = sinks.lease.holds(arm.now().as_nanos());
            if !leased && (arm.set_point().is_some() || arm.is_homing()) {
                let _ = arm.halt(); // nobody watches where it is driven
            }
            if let Some(why) = arm.is_out_of_sight() {
                let _ = arm.halt();
                sinks.tell(arm.now(), Trouble::Fault(FaultKind::Unattributable, why));
            }
        }
    }
}

/// When the thread has to send next.
struct Due {
    heartbeat: Time,
    sync: Time,
    fed: Fed,
}

/// When the drives last got what they watch for.
#[derive(Default)]
struct Fed {
    heartbeat: Option<Time>,
    set_points: Option<Time>,
}

/// Notes when this computer had kept silent for so long that drives may have missed it.
fn feed(arm: &Arm, last: &mut Option<Time>, now: Time) {
    let patience = arm.config.lost_after * 3 / 4;
    if last.is_some_and(|last| now - last >= patience) {
        arm.starved.store(now.as_nanos(), Ordering::Release);
    }
    *last = Some(now);
}

impl Due {
    /// Sends what is due; gives the time of what comes next.
    fn act(&mut self, arm: &Arm) -> Time {
        let (now, Some(sinks)) = (arm.now(), arm.sinks()) else {
            return Time::MAX;
        };
        if now >= self.heartbeat {
            self.heartbeat = next(self.heartbeat, arm.config.heartbeat, now);
            if arm.withheld.load(Ordering::Acquire) {
                self.fed.heartbeat = None; // it is missed on purpose
            } else if sinks.lease.holds(now.as_nanos()) {
                feed(arm, &mut self.fed.heartbeat, now);
                let alive = Heartbeat {
                    node: arm.config.master,
                    state: NmtState::Operational,
                };
                let _ = arm.bus.send(&alive.encode()); // a failed link shows where it is read
            }
        }
        if arm.config.feedback != Feedback::Sync {
            return self.heartbeat;
        }
        if now >= self.sync {
            self.sync = next(self.sync, arm.config.interval, now);
            arm.nodes().iter_mut().for_each(|node| node.fresh = false);
            let _ = arm.bus.send(&SYNC);
            if arm.config.cyclic {
                set_points(arm, &sinks, now, &mut self.fed.set_points);
            }
        }
        self.heartbeat.min(self.sync)
    }
}

/// What the drives take up at the next SYNC. Without a lease nothing is told to move, and nothing goes on.
fn set_points(arm: &Arm, sinks: &Sinks, now: Time, fed: &mut Option<Time>) {
    if !sinks.lease.holds(now.as_nanos()) {
        if arm.is_on_course() {
            let _ = arm.halt();
        }
        return;
    }
    match arm.next_set_points() {
        Ok(frames) => {
            feed(arm, fed, now);
            frames.iter().for_each(|frame| {
                let _ = arm.bus.send(frame); // a failed link shows where it is read
            });
        }
        Err(why) => {
            let _ = arm.halt();
            sinks.tell(now, Trouble::Fault(FaultKind::Harness, why));
        }
    }
}

/// The next time of something regular; what was missed is not made up for.
fn next(due: Time, every: Duration, now: Time) -> Time {
    let next = due + every;
    if next < now { now + every } else { next }
}

/// What was reported of the bus itself.
#[derive(Default)]
struct ToldOfBus {
    failed: bool,
    error_frames: bool,
}

fn hear(arm: &Arm, frame: &CanFrame, stamp: Stamp, told: &mut ToldOfBus) {
    if frame.is_error() {
        return error_frame(arm, frame, stamp, told);
    }
    let Some(cob) = cob(frame) else {
        return;
    };
    *told = ToldOfBus::default();
    match Service::of(cob.id()) {
        Some(Service::SdoReply(_)) => arm.bus.heard(cob),
        Some(Service::Heartbeat(_)) => heartbeat(arm, &cob, stamp),
        Some(Service::Emergency(_)) => emergency(arm, &cob, stamp),
        Some(Service::Tpdo(number @ (1 | 2), node)) => {
            let index = arm
                .config
                .joints
                .iter()
                .position(|joint| joint.node == node);
            match index.filter(|index| arm.expects_pdo(*index)) {
                Some(index) if number == 1 => position(arm, index, &cob, stamp.earliest),
                Some(index) => turn(arm, index, &cob, stamp.earliest),
                None => (),
            }
        }
        _ => (),
    }
}

/// A transmit PDO 1 as it was mapped.
fn position(arm: &Arm, index: usize, frame: &CobFrame, at: Time) {
    let Some([status, counts]) =
        pdo::split(frame.data(), &PDO).and_then(|parts| <[&[u8]; 2]>::try_from(parts).ok())
    else {
        return;
    };
    let (Ok(status), Ok(counts)) = (<[u8; 2]>::try_from(status), <[u8; 4]>::try_from(counts))
    else {
        return;
    };
    take(
        arm,
        index,
        Statusword(u16::from_le_bytes(status)),
        i32::from_le_bytes(counts),
        at,
    );
}

/// A transmit PDO 2 as it was mapped.
fn turn(arm: &Arm, index: usize, frame: &CobFrame, at: Time) {
    let parts = pdo::split(frame.data(), &TURN_PDO);
    let Some([speed, torque]) = parts.and_then(|parts| <[&[u8]; 2]>::try_from(parts).ok()) else {
        return;
    };
    if let (Ok(speed), Ok(torque)) = (speed.try_into(), torque.try_into()) {
        let (speed, torque) = (i32::from_le_bytes(speed), i16::from_le_bytes(torque));
        give_turn(arm, index, speed, torque, at);
    }
}

/// Speed and torque of the driven joint, as its drive has them.
fn give_turn(arm: &Arm, index: usize, speed: i32, torque: i16, at: Time) {
    let driven = arm.config.driven.as_ref();
    let (Some(sinks), Some(driven)) = (arm.sinks(), driven.filter(|driven| driven.index == index))
    else {
        return;
    };
    let Some(joint) = arm.config.joints.get(index) else {
        return;
    };
    sinks.signal("speed", at, Reading::scalar(joint.deg_per_s(speed)));
    let nm = arm.nm(driven, torque);
    let torque = match nm.is_finite() {
        true => Reading::scalar(nm),
        false => Reading::Invalid(Invalid::NoSignal), // its rated torque is not known
    };
    sinks.signal("torque", at, torque);
}

/// A node's statusword and position. When every node has been heard there is a sample.
fn take(arm: &Arm, index: usize, status: Statusword, counts: i32, at: Time) {
    let Some(joint) = arm.config.joints.get(index) else {
        return;
    };
    let mut nodes = arm.nodes();
    let Some(node) = nodes.get_mut(index) else {
        return;
    };
    node.see(status, counts, at, joint.play());
    node.fresh = true;
    let fault = matches!(
        status.state(),
        Some(State::Fault | State::FaultReactionActive)
    );
    let news_fault = fault && !node.told.fault;
    let following = node.mode.is_some_and(|mode| status.following_error(mode))
        && status.state() == Some(State::OperationEnabled);
    let news_following = following && !node.told.following;
    (node.told.fault, node.told.following) = (fault, following);
    let stopped = arm.runs_away(index, node);
    let dropped = arm.config.cyclic
        && node.mode == Some(Mode::CyclicPosition)
        && status.state() != Some(State::OperationEnabled);
    let whole = nodes.iter().all(|node| node.fresh);
    let mut degrees = [0.0; certbench_model::sample::COMPONENTS_MAX];
    if whole {
        for ((deg, node), joint) in degrees
            .iter_mut()
            .zip(nodes.iter_mut())
            .zip(&arm.config.joints)
        {
            *deg = joint.deg(node.counts);
            node.fresh = false;
        }
    }
    drop(nodes);
    if stopped.is_some() || dropped && arm.is_on_course() {
        let _ = arm.halt(); // a joint that left its way takes the others with it
    }
    let Some(sinks) = arm.sinks() else {
        return;
    };
    if let Some(why) = stopped {
        sinks.event(at, "runs-away", why);
    }
    if let (true, Some(degrees)) = (whole, degrees.get(..arm.config.joints.len())) {
        sinks.signal("position", at, Reading::vector(degrees));
    }
    if news_fault {
        sinks.event(
            at,
            "drive-fault",
            format!("{}: statusword {:04X} says fault", joint.who(), status.0),
        );
    }
    if news_following {
        sinks.event(
            at,
            "following-error",
            format!("{} does not follow its command", joint.who()),
        );
    }
}

fn heartbeat(arm: &Arm, frame: &CobFrame, stamp: Stamp) {
    let Some(beat) = Heartbeat::decode(frame) else {
        return;
    };
    let Some(index) = arm
        .config
        .joints
        .iter()
        .position(|joint| joint.node == beat.node)
    else {
        return;
    };
    let mut restarted = false;
    if let Some(node) = arm.nodes().get_mut(index) {
        node.heartbeat = Some((beat.state, stamp.latest));
        node.told.lost = false;
        restarted = beat.state == NmtState::BootUp && std::mem::take(&mut node.configured);
    }
    if let (true, Some(sinks), Some(joint)) = (restarted, arm.sinks(), arm.config.joints.get(index))
    {
        let text = format!("{} booted: it was reset or lost its power", joint.who());
        sinks.event(stamp.earliest, "restart", text);
    }
}

fn emergency(arm: &Arm, frame: &CobFrame, stamp: Stamp) {
    let (Some(emergency), Some(sinks)) = (Emergency::decode(frame), arm.sinks()) else {
        return;
    };
    let joint = arm
        .config
        .joints
        .iter()
        .find(|joint| joint.node == emergency.node);
    let (false, Some(joint)) = (emergency.is_reset(), joint) else {
        return;
    };
    let text = format!(
        "{}: {} (error register {:02X}, vendor {})",
        joint.who(),
        emergency.meaning(),
        emergency.register,
        certbench_wire::hex(&emergency.vendor)
    );
    let code = format!("emcy-0x{:04x}", emergency.code);
    match unheard(arm, &sinks, &emergency) {
        None => sinks.event(stamp.earliest, code, text),
        Some((kind, why)) => {
            let trouble = Trouble::Fault(kind, format!("{code}: {text}: {why}"));
            sinks.tell(stamp.earliest, trouble);
        }
    }
}

/// Emergency: a receive PDO did not come in time.
const NO_SET_POINTS: u16 = 0x8250;

/// A node that misses what we send says nothing about itself: a broken cable is no failed robot. `None`
/// for every other emergency, and for what was to be expected of a heartbeat withheld on purpose.
fn unheard(arm: &Arm, sinks: &Sinks, emergency: &Emergency) -> Option<(FaultKind, &'static str)> {
    let of_communication = emergency.code & 0xFF00 == 0x8100 || emergency.code == NO_SET_POINTS;
    if !of_communication || arm.withheld.load(Ordering::Acquire) {
        None
    } else if sinks.lease.holds(arm.now().as_nanos()) && !arm.was_starved() {
        Some((
            FaultKind::Unattributable,
            "it does not hear this computer; either its receiver or the bus (cable, termination, adapter) \
             is broken",
        ))
    } else {
        Some((
            FaultKind::Harness,
            "this computer had stopped sending what it watches for",
        ))
    }
}

fn error_frame(arm: &Arm, frame: &CanFrame, stamp: Stamp, told: &mut ToldOfBus) {
    let passive = frame.data().get(1).is_some_and(|byte| byte & PASSIVE != 0);
    let what = match frame.id() {
        class if class & BUS_OFF != 0 => "the controller is bus-off",
        class if class & NO_ACK != 0 => "nobody acknowledges our frames",
        class if class & CONTROLLER != 0 && passive => "the controller is error-passive",
        _ => return,
    };
    if let (false, Some(sinks)) = (std::mem::replace(&mut told.error_frames, true), arm.sinks()) {
        let text = format!(
            "{}: {what}; check termination, cable and bit rate",
            arm.bus.port()
        );
        sinks.tell(stamp.earliest, Trouble::Fault(FaultKind::Link, text));
    }
}

fn failed(arm: &Arm, error: &LinkError, told: &mut ToldOfBus) {
    if let (false, Some(sinks)) = (std::mem::replace(&mut told.failed, true), arm.sinks()) {
        sinks.tell(
            arm.now(),
            Trouble::Fault(FaultKind::Link, error.to_string()),
        );
    }
    if !matches!(error, LinkError::Overrun { .. }) {
        arm.bus.clock().sleep(LOOK); // a bus that is gone fails at once
    }
}

/// Tells of nodes that have fallen silent, once each.
fn look_for_lost(arm: &Arm, sinks: &Sinks) {
    let now = arm.now();
    let patience = arm.config.lost_after;
    for (index, joint) in arm.config.joints.iter().enumerate() {
        let lost = arm.nodes().get_mut(index).is_some_and(|node| {
            let silent = node
                .heartbeat
                .is_some_and(|(_, last)| now - last >= patience);
            silent && node.configured && !std::mem::replace(&mut node.told.lost, true)
        });
        if lost {
            let text = format!(
                "no heartbeat from {} on {} in {} ms; is it powered? Either it is off or hung, or the bus is broken",
                joint.who(),
                arm.bus.port(),
                patience.as_millis()
            );
            sinks.tell(now, Trouble::Fault(FaultKind::Unattributable, text));
        }
    }
}

/// For nodes without PDOs: asks each for status and position.
pub(super) fn poll(arm: &Arm, stop: &Stop) {
    let mut ticks = Ticks::new(arm.bus.clock(), arm.config.interval);
    let mut health = Health::default();
    while !stop.is_set() {
        for (index, joint) in arm.config.joints.iter().enumerate() {
            let asked = arm
                .bus
                .read(joint.node, object::STATUSWORD)
                .and_then(|status| {
                    let counts = arm.bus.read(joint.node, object::POSITION_ACTUAL)?;
                    Ok((
                        Statusword(u16::from_le_bytes(status)),
                        i32::from_le_bytes(counts),
                    ))
                });
            match asked {
                Ok((status, counts)) => {
                    health.good();
                    take(arm, index, status, counts, arm.now());
                    poll_turn(arm, index, joint);
                }
                Err(failure) => {
                    if let (true, Some(sinks)) = (health.bad(), arm.sinks()) {
                        sinks.tell(
                            arm.now(),
                            arm.trouble(joint, "reading", object::POSITION_ACTUAL, &failure),
                        );
                    }
                }
            }
        }
        ticks.wait();
    }
}

/// The same of speed and torque, where the plan wants them.
fn poll_turn(arm: &Arm, index: usize, joint: &Joint) {
    if !arm.wants_turn(index) {
        return;
    }
    let speed = arm.bus.read(joint.node, object::VELOCITY_ACTUAL);
    let torque = arm.bus.read(joint.node, object::TORQUE_ACTUAL);
    if let (Ok(speed), Ok(torque)) = (speed, torque) {
        let (speed, torque) = (i32::from_le_bytes(speed), i16::from_le_bytes(torque));
        give_turn(arm, index, speed, torque, arm.now());
    }
}
