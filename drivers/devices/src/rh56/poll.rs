//! The hand's own thread: asks for registers, gives samples and events.

use std::time::Duration;

use certbench_clock::Time;
use certbench_model::{Invalid, Reading};
use certbench_wire::rh56::{
    Dof, ErrorBits, RawAngle, RawCurrent, RawForce, Register, Status, decode_six, register,
};

use super::hand::Hand;
use super::table::{closing_percent, newton};
use crate::health::Health;
use crate::line::{Answer, Failure};
use crate::sinks::Sinks;
use crate::worker::{Stop, Ticks};

/// What is asked, in this order; the slow ones every so many rounds.
const ROUND: [(Register, u64); 6] = [
    (register::ANGLE_ACT, 1),
    (register::FORCE_ACT, 1),
    (register::ERROR, 1),
    (register::STATUS, 1),
    (register::TEMP, 5),
    (register::CURRENT, 5),
];

/// Counts by which an angle may differ from the last one and still be standing.
const STILL_COUNTS: u16 = 3;

/// Polls until told to stop.
pub(super) fn run(hand: &Hand, sinks: &Sinks, stop: &Stop) {
    let mut ticks = Ticks::new(hand.line.clock(), hand.interval);
    let mut health = Health::default();
    let mut told = Told::default();
    for round in 0.. {
        for (register, every) in ROUND {
            if stop.is_set() {
                return;
            }
            if round % every == 0 {
                ask(hand, sinks, register, &mut health, &mut told);
            }
        }
        ticks.wait();
    }
}

/// What was already reported, so that news is told when it comes and not while it lasts.
#[derive(Default)]
struct Told {
    errors: [u8; 6],
    fault: [bool; 6],
}

fn ask(hand: &Hand, sinks: &Sinks, register: Register, health: &mut Health, told: &mut Told) {
    match hand.read(register) {
        Ok(answer) => {
            health.good();
            take(hand, sinks, register, &answer, told);
        }
        Err(failure) => {
            let now = hand.line.clock().now();
            if let (Failure::Garbage { .. }, Some(signal)) = (&failure, signal_of(register)) {
                sinks.signal(signal, now, Reading::Invalid(Invalid::Unreadable));
            }
            if health.bad() {
                sinks.tell(now, hand.line.trouble(&failure));
            }
            if matches!(failure, Failure::Link(_)) {
                hand.line.clock().sleep(Duration::from_millis(100)); // a port that is gone fails at once
            }
        }
    }
}

fn signal_of(register: Register) -> Option<&'static str> {
    match register {
        register::ANGLE_ACT => Some("closing"),
        register::FORCE_ACT => Some("force"),
        register::TEMP => Some("temperature"),
        register::CURRENT => Some("current"),
        _ => None,
    }
}

fn take(hand: &Hand, sinks: &Sinks, register: Register, answer: &Answer<Vec<u8>>, told: &mut Told) {
    let at = answer.stamp.earliest;
    match register {
        register::ANGLE_ACT => take_angles(hand, answer),
        register::ERROR => tell_errors(sinks, at, &answer.value, &mut told.errors),
        register::STATUS => take_statuses(hand, sinks, answer, &mut told.fault),
        _ => (),
    }
    let Some(signal) = signal_of(register) else {
        return;
    };
    let reading = match values(register, &answer.value) {
        _ if answer.took() > hand.slowest => Reading::Invalid(Invalid::Stale),
        Some(values) => Reading::vector(&values),
        None => Reading::Invalid(Invalid::Unreadable),
    };
    sinks.signal(signal, at, reading);
}

fn values(register: Register, data: &[u8]) -> Option<[f64; 6]> {
    match register {
        register::ANGLE_ACT => decode_six(data).map(|six: [RawAngle; 6]| six.map(closing_percent)),
        register::FORCE_ACT => decode_six(data).map(|six: [RawForce; 6]| six.map(newton)),
        register::CURRENT => {
            decode_six(data).map(|six: [RawCurrent; 6]| six.map(|current| f64::from(current.0)))
        }
        register::TEMP => <[u8; 6]>::try_from(data).ok().map(|six| six.map(f64::from)),
        _ => None,
    }
}

/// Notes the angles: what a halt would hold, and whether the hand moves.
pub(super) fn take_angles(hand: &Hand, answer: &Answer<Vec<u8>>) {
    let Some(angles) = decode_six::<RawAngle>(&answer.value) else {
        return;
    };
    hand.remember(angles);
    let mut seen = hand.seen();
    let near = |(a, b): (&RawAngle, &RawAngle)| a.0.abs_diff(b.0) <= STILL_COUNTS;
    let still = seen
        .angles
        .is_some_and(|(before, _)| before.iter().zip(&angles).all(near));
    if !still {
        seen.still_since = answer.stamp.latest;
    }
    seen.angles = Some((angles, answer.asked));
}

fn take_statuses(hand: &Hand, sinks: &Sinks, answer: &Answer<Vec<u8>>, told: &mut [bool; 6]) {
    let Ok(bytes) = <[u8; 6]>::try_from(answer.value.as_slice()) else {
        return;
    };
    let statuses = bytes.map(Status::from);
    for ((status, told), dof) in statuses.iter().zip(told).zip(Dof::ALL) {
        let fault = *status == Status::Fault;
        if fault && !*told {
            sinks.event(
                answer.stamp.earliest,
                "fault",
                format!("{}: status says fault", dof.name()),
            );
        }
        *told = fault;
    }
    hand.seen().statuses = Some((statuses, answer.asked));
}

fn tell_errors(sinks: &Sinks, at: Time, data: &[u8], told: &mut [u8; 6]) {
    let Ok(errors) = <[u8; 6]>::try_from(data) else {
        return;
    };
    for ((bits, told), dof) in errors.into_iter().zip(told).zip(Dof::ALL) {
        for name in ErrorBits(bits & !*told).names() {
            let code = name.replace(' ', "-");
            sinks.event(
                at,
                code,
                format!("{}: {name} (error byte {bits:02X})", dof.name()),
            );
        }
        *told = bits;
    }
}
