//! The box's own thread: everything heard on the bus, SYNC and our heartbeat.

use std::sync::atomic::Ordering;
use std::time::Duration;

use certbench_clock::Time;
use certbench_link::{CanFrame, LinkError, Stamp};
use certbench_model::{FaultKind, Invalid, Reading};
use certbench_roles::Trouble;
use certbench_wire::canopen::{
    CobFrame, Emergency, Heartbeat, NmtCommand, NmtState, SYNC, Service,
};

use super::config::Feedback;
use super::mapped::Input;
use super::{Io, lock};
use crate::canopen::cob;
use crate::sinks::Sinks;
use crate::worker::Stop;

/// How often the thread looks at what falls silent.
const LOOK: Duration = Duration::from_millis(20);

/// Listens until told to stop.
pub(super) fn run(io: &Io, stop: &Stop) {
    let (mut heartbeat, mut sync) = (io.now(), io.now());
    let mut link_told = false;
    while !stop.is_set() {
        let sinks = io.sinks();
        let now = io.now();
        let mut until = now + LOOK;
        if let Some(sinks) = &sinks {
            if now >= heartbeat {
                heartbeat = next(heartbeat, io.config.heartbeat, now);
                feed(io, sinks);
            }
            until = until.min(heartbeat);
            if io.config.feedback == Feedback::Sync && io.set_up.load(Ordering::Acquire) {
                if now >= sync {
                    sync = next(sync, io.config.interval, now);
                    lock(&io.seen).sync = Some(now);
                    let _ = io.bus.send(&SYNC); // a failed link shows where it is read
                }
                until = until.min(sync);
            }
        }
        match (io.bus.link().recv(until), &sinks) {
            (Ok(Some((frame, stamp))), _) => {
                hear(io, sinks.as_deref(), &frame, stamp, &mut link_told);
            }
            (Ok(None), _) => (),
            (Err(error), sinks) => {
                if let (false, Some(sinks)) = (std::mem::replace(&mut link_told, true), sinks) {
                    sinks.tell(io.now(), Trouble::Fault(FaultKind::Link, error.to_string()));
                }
                if !matches!(error, LinkError::Overrun { .. }) {
                    io.bus.clock().sleep(LOOK); // a bus that is gone fails at once
                }
            }
        }
        if let Some(sinks) = &sinks {
            look_for_lost(io, sinks);
        }
    }
}

/// The next time of something regular; what was missed is not made up for.
fn next(due: Time, every: Duration, now: Time) -> Time {
    let next = due + every;
    if next < now { now + every } else { next }
}

fn feed(io: &Io, sinks: &Sinks) {
    if sinks.lease.holds(io.now().as_nanos()) {
        let alive = Heartbeat {
            node: io.config.master,
            state: NmtState::Operational,
        };
        let _ = io.bus.send(&alive.encode());
    }
}

fn hear(io: &Io, sinks: Option<&Sinks>, frame: &CanFrame, stamp: Stamp, link_told: &mut bool) {
    if frame.is_error() {
        if let (false, Some(sinks)) = (std::mem::replace(link_told, true), sinks) {
            let text = format!(
                "the controller of {} reports an error on the bus, {frame}; check termination, cable and bit rate",
                io.bus.port()
            );
            sinks.tell(stamp.earliest, Trouble::Fault(FaultKind::Link, text));
        }
        return;
    }
    let Some(cob) = cob(frame) else { return };
    *link_told = false;
    let node = io.config.node;
    match (Service::of(cob.id()), sinks) {
        (Some(Service::SdoReply(_)), _) => io.bus.heard(cob),
        (Some(Service::Heartbeat(from)), sinks) if from == node => {
            alive(io, sinks, &cob, stamp);
        }
        (Some(Service::Emergency(from)), Some(sinks)) if from == node => {
            emergency(io, sinks, &cob, stamp);
        }
        (Some(Service::Tpdo(pdo, from)), Some(sinks)) if from == node => {
            inputs(io, sinks, pdo, &cob, stamp);
        }
        _ => (),
    }
}

/// What a process data object says. One that was sent at a SYNC long ago is no reading.
fn inputs(io: &Io, sinks: &Sinks, pdo: u8, frame: &CobFrame, stamp: Stamp) {
    let sync = lock(&io.seen).sync;
    let late = sync.is_some_and(|sync| stamp.latest - sync > io.config.slowest);
    let heard = lock(&io.mapped).inputs(pdo, frame.data());
    for (input, value) in heard {
        let (name, value) = match input {
            Input::Contact(number) => (format!("in{number}"), f64::from(value)),
            Input::Voltage(number) => {
                let volts = f64::from(value) * io.config.volts_per_count;
                (format!("voltage{number}"), volts)
            }
        };
        let reading = match late {
            true => Reading::Invalid(Invalid::Stale),
            false => Reading::scalar(value),
        };
        sinks.signal(&name, stamp.earliest, reading);
    }
}

/// A sign of life. A box that left operation because it did not hear us is taken back into it; one that
/// booted has forgotten its error values, and is left alone.
fn alive(io: &Io, sinks: Option<&Sinks>, frame: &CobFrame, stamp: Stamp) {
    let Some(Heartbeat { state, .. }) = Heartbeat::decode(frame) else {
        return;
    };
    let before = {
        let mut seen = lock(&io.seen);
        seen.told_lost = false;
        seen.heartbeat.replace((state, stamp.latest))
    };
    if state == NmtState::BootUp && io.set_up.swap(false, Ordering::AcqRel) {
        if let Some(sinks) = sinks {
            let text = format!("{} booted: it was reset or lost its power", io.who());
            sinks.event(stamp.earliest, "restart", text);
        }
    } else if state == NmtState::PreOperational && io.set_up.load(Ordering::Acquire) {
        let left = matches!(before, Some((NmtState::Operational, _)));
        if let (true, Some(sinks)) = (left, sinks) {
            let (kind, why) = match sinks.lease.holds(io.now().as_nanos()) {
                true => (
                    FaultKind::Unattributable,
                    "either it does not hear this computer (its receiver, the bus), or it was told so by another \
                     master",
                ),
                false => (
                    FaultKind::Harness,
                    "this computer had stopped sending its heartbeat",
                ),
            };
            let text = format!(
                "{} left operation, and its outputs may have taken their error values: {why}",
                io.who()
            );
            sinks.tell(stamp.earliest, Trouble::Fault(kind, text));
        }
        let _ = io.command(NmtCommand::Start);
    }
}

fn emergency(io: &Io, sinks: &Sinks, frame: &CobFrame, stamp: Stamp) {
    let Some(emergency) = Emergency::decode(frame).filter(|emergency| !emergency.is_reset()) else {
        return;
    };
    let text = format!(
        "{}: {} (error register {:02X}, vendor {})",
        io.who(),
        emergency.meaning(),
        emergency.register,
        certbench_wire::hex(&emergency.vendor)
    );
    let code = format!("emcy-0x{:04x}", emergency.code);
    // 81xxh: it misses what we send, which says nothing about itself
    match emergency.code & 0xFF00 {
        0x8100 => sinks.tell(
            stamp.earliest,
            Trouble::Fault(FaultKind::Unattributable, format!("{code}: {text}")),
        ),
        _ => sinks.event(stamp.earliest, code, text),
    }
}

/// Tells of a box that has fallen silent, once.
fn look_for_lost(io: &Io, sinks: &Sinks) {
    let now = io.now();
    let lost = {
        let mut seen = lock(&io.seen);
        let silent = seen
            .heartbeat
            .is_some_and(|(_, last)| now - last >= io.config.lost_after);
        let set_up = io.set_up.load(Ordering::Acquire);
        silent && set_up && !std::mem::replace(&mut seen.told_lost, true)
    };
    if lost {
        let text = format!(
            "no heartbeat from {} on {} in {} ms; is it powered? Either it is off or hung, or the bus is broken",
            io.who(),
            io.bus.port(),
            io.config.lost_after.as_millis()
        );
        sinks.tell(now, Trouble::Fault(FaultKind::Unattributable, text));
    }
}
