//! CANopen joints.

use certbench_model::plan::{JointLimit, SafeState};
use certbench_roles::{JointMove, Progress};
use certbench_tests::bench::{Driven, plan, safe, until};
use serde_json::{Value, json};

use crate::{Checked, ensure, vcan};

/// The drives plan their ways.
pub(crate) fn joints_on_a_virtual_bus(_: &str) -> Checked {
    up_and_down(&json!({ "interval": "20 ms" }))
}

/// Set-points at every SYNC, at a pace that an emulated machine holds; a late one makes the way longer.
pub(crate) fn set_points_on_a_virtual_bus(_: &str) -> Checked {
    up_and_down(&json!({
        "nodes": [1, 2], "interval": "50 ms", "motion": "cyclic", "acceleration": "120 deg/s2",
        "timeout": "5 s", "lost_after": "5 s",
    }))
}

/// The real driver on the real bus: up, a move, a halt in mid-move, recovery, a move back, down.
fn up_and_down(own: &Value) -> Checked {
    let simulation = vcan::simulated(
        "canopen-arm",
        &json!({ "arm": { "units_per_deg": 10_000 } }),
    )?;
    let mut options = json!({
        "nodes": [1, 2, 3, 4, 5, 6], "counts_per_deg": 10_000, "timeout": "2 s", "lost_after": "2 s",
    });
    for (name, value) in own.as_object().into_iter().flatten() {
        options[name] = value.clone();
    }
    let joints = options["nodes"].as_array().map_or(0, Vec::len);
    let mut plan = safe(
        plan("canopen-arm", "vcan0", options),
        SafeState::DecelerateAndHold,
    );
    let limit = |n| JointLimit {
        joint: format!("j{n}"),
        deg_min: -180.0,
        deg_max: 180.0,
        deg_per_s_max: 90.0,
    };
    plan.limits.joints = (1..=joints).map(limit).collect();
    let arm = Driven::open(&plan, &["position"])?;
    let facts = arm.device.link();
    if facts.kind != "vcan" || facts.may_be_physical {
        return Err(format!("vcan0 is taken for {facts:?}").into());
    }
    let power = arm.device.power().ok_or("no power")?;
    let joints = arm.device.joints().ok_or("no joints")?;
    let halt = arm.device.halt().ok_or("no halt")?;
    let to = |deg| JointMove {
        targets_deg: vec![(0, deg)],
        deg_per_s: 30.0,
    };
    let ended = || {
        joints
            .progress()
            .is_ok_and(|progress| progress != Progress::Moving)
    };
    let there = || {
        Ok::<_, Box<dyn std::error::Error>>(until(ended) && joints.progress()? == Progress::Settled)
    };

    power.enable()?;
    joints.begin(&to(10.0))?;
    ensure(there()?, "it arrives")?;
    joints.begin(&to(100.0))?;
    ensure(
        until(|| joints.positions_deg().is_ok_and(|deg| deg[0] > 15.0)),
        "it moves on",
    )?;
    halt.halt()?;
    ensure(
        until(|| halt.confirmed().is_ok_and(|safe| safe == Some(true))),
        "it stands after a halt",
    )?;
    ensure(
        joints.positions_deg()?[0] < 90.0,
        "it stands short of its target",
    )?;
    power.recover()?;
    joints.begin(&to(0.0))?;
    ensure(there()?, "it comes back")?;
    power.disable()?;
    ensure(
        arm.news().is_empty(),
        &format!("nothing went wrong, but {:?}", arm.news()),
    )?;
    drop(arm);
    simulation.shutdown();
    Ok(())
}
