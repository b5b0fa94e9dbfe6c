//! A short session of every driver of joint motors and of a hand that is looked on: who it is, every
//! signal, a motion halted on its way, recovery; a second socket on the bus is the witness of the kernel's
//! time stamps.

use std::time::Duration;

use certbench_clock::{Clock, Time};
use certbench_link::CanLink;
use certbench_link::socketcan::SocketCan;
use certbench_model::plan::{JointLimit, SafeState};
use certbench_roles::{Device, Halt, JointMove, Progress};
use certbench_tests::bench::{Driven, plan, safe, until};
use serde_json::json;

use crate::{Check, Checked, ensure, vcan};

/// Every one; a check is called as its driver.
pub(crate) const CHECKS: &[Check] = &[
    ("damiao-dm", session),
    ("robstride", session),
    ("xiaomi-cybergear", session),
    ("cubemars-servo", session),
    ("cubemars-mit", session),
    ("odrive-can", session),
    ("allegro-v4", session),
    ("allegro-v5", session),
];

/// Frames of the witness that are looked at.
const WITNESSED: usize = 200;

fn session(driver: &str) -> Checked {
    let clock = Clock::real();
    let simulation = vcan::simulated(driver, &json!({ "hand": {} }))?;
    let known = certbench_devices::catalogue();
    let description = known
        .into_iter()
        .find(|known| known.id == driver)
        .ok_or("no such driver")?;
    // An emulated machine is slow, and answers late.
    let options = json!({ "interval": "50 ms", "timeout": "500 ms", "slowest": "500 ms" });
    let mut plan = plan(driver, vcan::NAME, options);
    if description.moves {
        plan = safe(plan, SafeState::Hold);
    }
    if description.roles.iter().any(|role| role == "joints") {
        plan.limits.joints = vec![JointLimit {
            joint: "j1".into(),
            deg_min: -90.0,
            deg_max: 90.0,
            deg_per_s_max: 60.0,
        }];
    }
    let signals: Vec<&str> = description
        .signals
        .iter()
        .map(|signal| signal.name.as_str())
        .collect();
    let item = Driven::open(&plan, &signals)?;
    for (signal, channel) in signals.iter().zip(0u16..) {
        let numbers = || item.last(channel).is_some();
        ensure(until(numbers), &format!("a number of {signal}"))?;
    }
    // Motors that speak unasked are heard from the moment on at which the witness listens.
    let from = clock.now();
    let witness = SocketCan::open(&clock, vcan::NAME)?;
    if description.moves {
        halted_on_its_way(&*item.device)?;
    }
    stamps_of_the_kernel(&witness, from, &clock)?;
    ensure(
        item.news().is_empty(),
        &format!("nothing went wrong, but {:?}", item.news()),
    )?;
    drop(item);
    simulation.shutdown();
    Ok(())
}

fn halted_on_its_way(device: &dyn Device) -> Checked {
    let halt = device.halt().ok_or("it moves and has no halt")?;
    if let Some(power) = device.power() {
        power.enable()?;
    }
    let joints = device.joints().ok_or("it has no joints")?;
    let to = |deg| JointMove {
        targets_deg: vec![(0, deg)],
        deg_per_s: 30.0,
    };
    joints.begin(&to(80.0))?;
    let beyond = |least| joints.positions_deg().is_ok_and(|deg| deg[0] > least);
    ensure(until(|| beyond(5.0)), "it moves")?;
    stands_after_a_halt(&*halt)?;
    ensure(!beyond(75.0), "it stands short of its target")?;
    if let Some(power) = device.power() {
        power.recover()?;
    }
    joints.begin(&to(0.0))?;
    let there = || {
        joints
            .progress()
            .is_ok_and(|progress| progress == Progress::Settled)
    };
    ensure(until(there), "it comes back")?;
    if let Some(power) = device.power() {
        power.disable()?;
    }
    Ok(())
}

fn stands_after_a_halt(halt: &dyn Halt) -> Checked {
    halt.halt()?;
    let confirmed = || halt.confirmed().is_ok_and(|safe| safe == Some(true));
    ensure(until(confirmed), "it stands after a halt")
}

/// Two processors stamp and queue the frames of two senders, which may change places by so much.
const SWAPPED: Duration = Duration::from_millis(1);

/// Every frame has a stamp of the kernel, in the order of the bus, within what the witness saw.
fn stamps_of_the_kernel(witness: &SocketCan, from: Time, clock: &Clock) -> Checked {
    let mut last = Time::ZERO;
    for _ in 0..WITNESSED {
        let until = clock.now() + Duration::from_secs(5);
        let (frame, stamp) = witness.recv(until)?.ok_or("the bus is silent")?;
        let seen = clock.now();
        let order = last <= stamp.latest + SWAPPED && stamp.earliest <= stamp.latest;
        let within = from <= stamp.latest && stamp.earliest <= seen;
        if !(stamp.kernel && order && within) {
            return Err(format!("{frame} is stamped {stamp:?}, after {last:?}").into());
        }
        last = stamp.earliest;
    }
    Ok(())
}
