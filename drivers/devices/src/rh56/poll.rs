//! The hand's own thread: asks for registers, gives samples and events.

use std::time::Duration;

use certbench_clock::Time;
use certbench_model::{Invalid, Reading};
use certbench_wire::rh56::{ErrorBits, Register};

use super::hand::Hand;
use super::table::{closing, closing_percent, newton};
use crate::health::Health;
use crate::line::{Answer, Failure};
use crate::sinks::Sinks;
use crate::worker::{Stop, Ticks};

/// What is asked of a register.
#[derive(Clone, Copy, PartialEq, Eq)]
enum What {
    Angles,
    Forces,
    Errors,
    Statuses,
    Temperatures,
    Currents,
}

impl What {
    fn signal(self) -> Option<&'static str> {
        match self {
            What::Angles => Some("closing"),
            What::Forces => Some("force"),
            What::Temperatures => Some("temperature"),
            What::Currents => Some("current"),
            What::Errors | What::Statuses => None,
        }
    }
}

/// Polls until told to stop.
pub(super) fn run(hand: &Hand, sinks: &Sinks, stop: &Stop) {
    let mut ticks = Ticks::new(&hand.core.clock, hand.core.interval);
    let mut health = Health::default();
    let mut told = Told::new(hand.dialect.dofs.len());
    let dialect = hand.dialect;
    // in this order; the slow ones every so many rounds
    let all = [
        (What::Angles, Some(dialect.angle_act), 1),
        (What::Forces, Some(dialect.force_act), 1),
        (What::Errors, Some(dialect.error), 1),
        (What::Statuses, Some(dialect.status), 1),
        (What::Temperatures, Some(dialect.temp), 5),
        (What::Currents, dialect.current, 5),
    ];
    for round in 0u64.. {
        for (what, register, every) in all {
            if stop.is_set() {
                return;
            }
            if let (Some(register), 0) = (register, round % every) {
                ask(hand, sinks, what, register, &mut health, &mut told);
            }
        }
        ticks.wait();
    }
}

/// What was already reported, so that news is told when it comes and not while it lasts.
struct Told {
    errors: Vec<u8>,
    fault: Vec<bool>,
}

impl Told {
    fn new(fingers: usize) -> Told {
        Told {
            errors: vec![0; fingers],
            fault: vec![false; fingers],
        }
    }
}

fn ask(
    hand: &Hand,
    sinks: &Sinks,
    what: What,
    register: Register,
    health: &mut Health,
    told: &mut Told,
) {
    match hand.wire.read(register) {
        Ok(answer) => {
            health.good();
            take(hand, sinks, what, &answer, told);
        }
        Err(failure) => {
            let now = hand.core.now();
            if let (Failure::Garbage { .. }, Some(signal)) = (&failure, what.signal()) {
                sinks.signal(signal, now, Reading::Invalid(Invalid::Unreadable));
            }
            if health.bad() {
                sinks.tell(now, hand.wire.trouble(&failure));
            }
            if matches!(failure, Failure::Link(_)) {
                hand.core.clock.sleep(Duration::from_millis(100)); // a port that is gone fails at once
            }
        }
    }
}

fn take(hand: &Hand, sinks: &Sinks, what: What, answer: &Answer<Vec<u8>>, told: &mut Told) {
    let at = answer.stamp.earliest;
    let counts = hand.counts(&answer.value);
    match (what, &counts) {
        (What::Angles, _) => take_angles(hand, answer),
        (What::Errors, Some(errors)) => tell_errors(hand, sinks, at, errors, &mut told.errors),
        (What::Statuses, Some(statuses)) => {
            let asked = answer.asked;
            take_statuses(hand, sinks, (at, asked), statuses, &mut told.fault);
        }
        _ => (),
    }
    let Some(signal) = what.signal() else {
        return;
    };
    let value = |count: &i16| match what {
        What::Angles => closing_percent(*count),
        What::Forces => newton(*count),
        _ => f64::from(*count),
    };
    let reading = match counts {
        _ if answer.took() > hand.core.slowest => Reading::Invalid(Invalid::Stale),
        Some(counts) => Reading::vector(&counts.iter().map(value).collect::<Vec<f64>>()),
        None => Reading::Invalid(Invalid::Unreadable),
    };
    sinks.signal(signal, at, reading);
}

/// Notes the angles: what a halt would hold, and whether the hand moves.
pub(super) fn take_angles(hand: &Hand, answer: &Answer<Vec<u8>>) {
    let Some(angles) = hand.counts(&answer.value) else {
        return;
    };
    hand.remember(&angles);
    let closings = angles.iter().map(|count| closing(*count)).collect();
    hand.core
        .stands(closings, answer.asked, answer.stamp.latest);
}

fn take_statuses(
    hand: &Hand,
    sinks: &Sinks,
    (at, asked): (Time, Time),
    statuses: &[i16],
    told: &mut [bool],
) {
    let dialect = hand.dialect;
    for ((status, told), finger) in statuses.iter().zip(told).zip(dialect.dofs) {
        let fault = dialect.fault == Some(*status);
        if fault && !*told {
            sinks.event(at, "fault", format!("{finger}: status says fault"));
        }
        *told = fault;
    }
    let doing = statuses.iter().map(|status| (dialect.doing)(*status));
    hand.core.said(doing.collect(), asked);
}

fn tell_errors(hand: &Hand, sinks: &Sinks, at: Time, errors: &[i16], told: &mut [u8]) {
    for ((error, told), finger) in errors.iter().zip(told).zip(hand.dialect.dofs) {
        let bits = *error as u8; // the bits that the manuals name are in the low byte
        for name in ErrorBits(bits & !*told).names() {
            let code = name.replace(' ', "-");
            sinks.event(
                at,
                code,
                format!("{finger}: {name} (error byte {bits:02X})"),
            );
        }
        *told = bits;
    }
}
