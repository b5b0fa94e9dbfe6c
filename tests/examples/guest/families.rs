//! A short session of every driver of joint motors and hands on CAN and of an input and output box: who it
//! is, every signal, a motion halted on its way, recovery, an output switched; a second socket on the bus is
//! the witness of the kernel's time stamps.

use std::time::Duration;

use certbench_clock::{Clock, Time};
use certbench_link::CanLink;
use certbench_link::socketcan::SocketCan;
use certbench_model::plan::{JointLimit, SafeState};
use certbench_roles::{Grasp, GraspMove, JointMove, Joints, Outputs, Progress};
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
    ("linker-l10-can", session),
    ("linker-l20-can", session),
    ("linker-o6-can", session),
    ("linker-l6-can", session),
    ("inspire-rh56-can", session),
    ("canopen-io", session),
];

/// Frames of the witness that are looked at.
const WITNESSED: usize = 200;

fn session(driver: &str) -> Checked {
    let clock = Clock::real();
    // Output 0 of the box opens the chain that its contact 0 sees.
    let io = json!({ "outputs": { "0": "estop-open" }, "inputs": { "0": "estop-open" } });
    let simulation = vcan::simulated(driver, &json!({ "hand": {}, "io": io }))?;
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
    let signals: Vec<&str> = match driver {
        "canopen-io" => vec!["in0", "in1"], // as many contacts as the box has, not as the driver can
        _ => description
            .signals
            .iter()
            .map(|signal| signal.name.as_str())
            .collect(),
    };
    let item = Driven::open(&plan, &signals)?;
    for (signal, channel) in signals.iter().zip(0u16..) {
        let numbers = || item.last(channel).is_some();
        ensure(until(numbers), &format!("a number of {signal}"))?;
    }
    // Motors that speak unasked are heard from the moment on at which the witness listens.
    let from = clock.now();
    let witness = SocketCan::open(&clock, vcan::NAME)?;
    if let Some(power) = item.device.power() {
        power.enable()?;
    }
    if let Some(joints) = item.device.joints() {
        joints_are_halted_on_their_way(&item, joints)?;
    }
    if let Some(grasp) = item.device.grasp() {
        a_grasp_is_halted_on_its_way(&item, grasp)?;
    }
    if let Some(outputs) = item.device.outputs() {
        an_output_is_switched(&item, outputs)?;
    }
    if let Some(power) = item.device.power() {
        power.disable()?;
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

fn joints_are_halted_on_their_way(item: &Driven, joints: &dyn Joints) -> Checked {
    let to = |deg| JointMove {
        targets_deg: vec![(0, deg)],
        deg_per_s: 30.0,
    };
    joints.begin(&to(80.0))?;
    let beyond = |least| joints.positions_deg().is_ok_and(|deg| deg[0] > least);
    ensure(until(|| beyond(5.0)), "it moves")?;
    stands_after_a_halt(item)?;
    ensure(!beyond(75.0), "it stands short of its target")?;
    joints.begin(&to(0.0))?;
    ensure(
        until(|| joints.progress() == Ok(Progress::Settled)),
        "it comes back",
    )
}

fn a_grasp_is_halted_on_its_way(item: &Driven, grasp: &dyn Grasp) -> Checked {
    let to = |closing, speed| GraspMove {
        closing: (0..grasp.fingers().len())
            .map(|finger| (finger, closing))
            .collect(),
        force: 0.5,
        speed,
    };
    grasp.begin(&to(1.0, 0.1))?;
    // percent of the first finger: the first signal of every hand is its closing
    let beyond = |least| item.last(0).is_some_and(|closing| closing[0] > least);
    ensure(until(|| beyond(5.0)), "it closes")?;
    stands_after_a_halt(item)?;
    ensure(!beyond(90.0), "it stands short of its target")?;
    grasp.begin(&to(0.0, 1.0))?;
    ensure(
        until(|| grasp.progress() == Ok(Progress::Settled)),
        "it opens",
    )
}

fn an_output_is_switched(item: &Driven, outputs: &dyn Outputs) -> Checked {
    for (on, seen) in [(true, 1.0), (false, 0.0)] {
        outputs.switch(0, on)?;
        let is_seen = || item.last(0) == Some(vec![seen]) && item.last(1) == Some(vec![0.0]);
        ensure(
            until(is_seen),
            &format!("contact 0 and no other says {seen}"),
        )?;
    }
    Ok(())
}

fn stands_after_a_halt(item: &Driven) -> Checked {
    let halt = item.device.halt().ok_or("it moves and has no halt")?;
    halt.halt()?;
    let confirmed = || halt.confirmed() == Ok(Some(true));
    ensure(until(confirmed), "it stands after a halt")?;
    if let Some(power) = item.device.power() {
        power.recover()?;
    }
    Ok(())
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
