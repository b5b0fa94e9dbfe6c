//! Our CANopen arm against canopen's LocalNode joints, over SLCAN on a serial cable, with python-can at
//! the other end.

use std::time::Duration;

use certbench_model::FaultKind;
use certbench_model::plan::{DevicePlan, JointLimit, SafeState};
use certbench_roles::{JointMove, Progress, SetpointMove, Setting, Trouble};
use certbench_tests::bench::{Driven, plan, safe, until};
use certbench_tests::cable::Cable;
use certbench_tests::peer::{Peer, Peers};
use certbench_tests::simulated::Folder;
use serde_json::{Value, json};

const COUNTS_PER_DEG: f64 = 1000.0;
/// The drives' own answer to a host that falls silent: EMCY 8130h, heartbeat error.
const HEARTBEAT_LOST: u64 = 0x8130;

struct Bench {
    arm: Driven,
    peer: Peer,
    _cable: Cable,
}

/// Third-party joints on a cable, and our driver at the other end, with generous time-outs: they are
/// Python.
fn bench(test: &str, joints: usize) -> Option<Bench> {
    bench_with(test, joints, &json!({}))
}

/// The same with further options.
fn bench_with(test: &str, joints: usize, more: &Value) -> Option<Bench> {
    bench_of(test, joints, more, &[])
}

/// The same of joints with more than the usual modes.
fn bench_of(test: &str, joints: usize, more: &Value, own: &[&str]) -> Option<Bench> {
    let peers = Peers::for_test(test)?;
    let cable = Cable::new();
    let nodes = joints.to_string();
    let arguments = [&[cable.left(), "--nodes", &nodes], own].concat();
    let peer = peers.start("canopen_device.py", &arguments);
    let nodes: Vec<usize> = (1..=joints).collect();
    let mut options = json!({
        "nodes": nodes, "counts_per_deg": COUNTS_PER_DEG, "interval": "50 ms", "timeout": "2 s",
        "heartbeat": "100 ms", "lost_after": "2 s",
    });
    for (name, value) in more.as_object().expect("options") {
        options[name] = value.clone();
    }
    let port = format!("slcan:{}", cable.right());
    let mut plan = limited(plan("canopen-arm", &port, options), joints);
    plan.limits.deg_per_s_max = Some(90.0);
    plan.limits.torque_nm_max = Some(1.0);
    let arm = Driven::open(&plan, &["position"]).expect("the arm opens");
    Some(Bench {
        arm,
        peer,
        _cable: cable,
    })
}

fn limited(mut plan: DevicePlan, joints: usize) -> DevicePlan {
    let limit = |n| JointLimit {
        joint: format!("j{n}"),
        deg_min: -180.0,
        deg_max: 180.0,
        deg_per_s_max: 90.0,
    };
    plan.limits.joints = (1..=joints).map(limit).collect();
    safe(plan, SafeState::DecelerateAndHold)
}

impl Bench {
    fn enable(&self) {
        let power = self.arm.device.power().expect("an arm has power");
        power.enable().expect("the drives come up");
    }

    fn recover(&self) {
        let power = self.arm.device.power().expect("an arm has power");
        power.recover().expect("the drives recover");
    }

    fn begin(&self, targets_deg: &[f64], deg_per_s: f64) -> Result<(), Trouble> {
        let targets_deg = targets_deg.iter().copied().enumerate().collect();
        let joints = self.arm.device.joints().expect("an arm has joints");
        joints.begin(&JointMove {
            targets_deg,
            deg_per_s,
        })
    }

    fn ends_as(&self, wanted: Progress) -> bool {
        let joints = self.arm.device.joints().expect("an arm has joints");
        let progress = || joints.progress().expect("the drives answer");
        until(|| progress() != Progress::Moving) && progress() == wanted
    }

    /// What the third party says of a joint.
    fn joint(&mut self, number: usize) -> Value {
        self.peer.state()[number.to_string()].clone()
    }

    fn true_deg(&mut self, number: usize) -> f64 {
        self.joint(number)["position"].as_f64().expect("a position") / COUNTS_PER_DEG
    }

    fn moves(&mut self, number: usize) -> bool {
        self.joint(number)["velocity"].as_f64().expect("a velocity") != 0.0
    }

    /// Starts a long slow move of every joint, and waits until they are under way.
    fn set_in_motion(&mut self, joints: usize) {
        self.enable();
        self.begin(&vec![150.0; joints], 20.0)
            .expect("the drives take it");
        assert!(until(|| self.true_deg(joints) > 1.0), "nothing moves");
    }
}

#[test]
fn six_joints_come_up_say_who_they_are_and_arrive_together() {
    let Some(mut bench) = bench("six_joints_come_up_say_who_they_are_and_arrive_together", 6)
    else {
        return;
    };
    let identity = &bench.arm.identity;
    assert!(identity.read_from_device);
    assert_eq!(identity.model.as_deref(), Some("third-party joint"));
    assert_eq!(identity.label_needed, ["serial"], "each drive has its own");
    for (note, serial) in identity.notes.iter().zip(1001..=1006) {
        assert!(note.contains(&format!("serial {serial}")), "{note}");
    }
    bench.enable();
    assert_eq!(bench.joint(6)["state"], "OPERATION ENABLED");
    let targets = [10.0, -20.0, 30.0, -5.0, 0.0, 12.5];
    bench.begin(&targets, 60.0).expect("the drives take it");
    assert!(bench.ends_as(Progress::Settled));
    for (number, target) in (1..).zip(targets) {
        assert_eq!(bench.true_deg(number), target, "joint {number}");
    }
    assert!(until(|| bench
        .arm
        .last(0)
        .is_some_and(|deg| deg == targets)));
    bench.begin(&[0.0; 6], 60.0).expect("the drives take it");
    assert!(bench.ends_as(Progress::Settled));
    bench
        .arm
        .device
        .power()
        .expect("an arm has power")
        .disable()
        .expect("the drives go down");
    assert_ne!(bench.joint(1)["state"], "OPERATION ENABLED");
    assert_eq!(bench.arm.news(), []);
}

#[test]
fn a_halt_in_mid_move_is_a_quick_stop_and_the_arm_recovers() {
    let test = "a_halt_in_mid_move_is_a_quick_stop_and_the_arm_recovers";
    let Some(mut bench) = bench(test, 2) else {
        return;
    };
    bench.set_in_motion(2);
    let halt = bench.arm.device.halt().expect("an arm can be halted");
    halt.halt().expect("the halt leaves");
    assert!(until(
        || halt.confirmed().expect("the drives answer") == Some(true)
    ));
    for number in [1, 2] {
        let joint = bench.joint(number);
        assert_eq!(joint["state"], "QUICK STOP ACTIVE", "{joint}");
        assert_eq!(joint["velocity"], 0.0, "{joint}");
        assert!(bench.true_deg(number) < 100.0, "{joint}");
    }
    let refused = bench.begin(&[0.0, 0.0], 60.0);
    assert!(matches!(refused, Err(Trouble::Refused(_))), "{refused:?}");
    bench.recover();
    bench.begin(&[0.0, 0.0], 60.0).expect("the drives take it");
    assert!(bench.ends_as(Progress::Settled));
    assert_eq!(bench.true_deg(1), 0.0);
}

#[test]
fn an_emergency_is_news_of_the_joint_and_is_recovered_from() {
    let test = "an_emergency_is_news_of_the_joint_and_is_recovered_from";
    let Some(mut bench) = bench(test, 2) else {
        return;
    };
    bench.set_in_motion(2);
    bench.peer.tell("emcy 2 0x2310 2"); // continuous over-current
    assert!(
        until(|| bench.arm.reported("emcy-0x2310")),
        "{:?}",
        bench.arm.news()
    );
    let faults = bench
        .arm
        .news()
        .into_iter()
        .find(|told| matches!(told, Trouble::Fault(..)));
    assert_eq!(faults, None, "the bench is not to blame");
    assert!(until(|| bench.joint(2)["state"] == "FAULT"));
    let halt = bench.arm.device.halt().expect("an arm can be halted");
    halt.halt().expect("the halt leaves");
    assert!(until(|| !bench.moves(1) && !bench.moves(2)));
    bench.recover();
    bench.begin(&[1.0, 1.0], 60.0).expect("the drives take it");
    assert!(bench.ends_as(Progress::Settled));
}

#[test]
fn a_joint_that_falls_silent_may_be_the_cable_or_the_joint() {
    let test = "a_joint_that_falls_silent_may_be_the_cable_or_the_joint";
    let Some(mut bench) = bench(test, 2) else {
        return;
    };
    bench.set_in_motion(2);
    bench.peer.tell("silence 2");
    assert!(until(|| !bench.arm.news().is_empty()));
    let news = bench.arm.news();
    assert!(
        news.iter()
            .all(|told| matches!(told, Trouble::Fault(FaultKind::Unattributable, _))),
        "{news:?}"
    );
    // Cut off, it hears no host either, and stops on its own.
    assert!(until(
        || bench.joint(2)["error"] == HEARTBEAT_LOST && !bench.moves(2)
    ));
    assert!(bench.true_deg(2) < 150.0);
}

#[test]
fn when_the_harness_hangs_the_joints_stop_by_themselves() {
    let Some(mut bench) = bench("when_the_harness_hangs_the_joints_stop_by_themselves", 2) else {
        return;
    };
    bench.set_in_motion(2);
    bench.arm.stall();
    for number in [1, 2] {
        assert!(until(
            || bench.joint(number)["error"] == HEARTBEAT_LOST && !bench.moves(number)
        ));
        assert!(
            bench.true_deg(number) < 150.0,
            "it arrived before it stopped"
        );
    }
    // The drives say that they miss our heartbeat: that is this computer's fault, not the arm's.
    let ours = |told: &Trouble| match told {
        Trouble::Fault(FaultKind::Harness, text) => text.contains("emcy-0x8130"),
        _ => false,
    };
    assert!(
        until(|| bench.arm.news().iter().any(ours)),
        "{:?}",
        bench.arm.news()
    );
}

#[test]
fn a_withheld_heartbeat_stops_the_joints() {
    let Some(mut bench) = bench("a_withheld_heartbeat_stops_the_joints", 1) else {
        return;
    };
    bench.set_in_motion(1);
    let joints = bench.arm.device.joints().expect("an arm has joints");
    joints
        .withhold_heartbeat(true)
        .expect("it is ours to withhold");
    assert!(until(
        || bench.joint(1)["error"] == HEARTBEAT_LOST && !bench.moves(1)
    ));
    let joints = bench.arm.device.joints().expect("an arm has joints");
    joints
        .withhold_heartbeat(false)
        .expect("it is ours to feed");
    bench.recover();
    bench.begin(&[0.0], 60.0).expect("the drive takes it");
    assert!(bench.ends_as(Progress::Settled));
}

#[test]
fn a_joint_that_lost_its_power_says_so_and_is_set_up_anew() {
    let Some(mut bench) = bench("a_joint_that_lost_its_power_says_so_and_is_set_up_anew", 2) else {
        return;
    };
    bench.enable();
    bench.peer.tell("restart 1");
    assert!(
        until(|| bench.arm.reported("restart")),
        "{:?}",
        bench.arm.news()
    );
    assert_eq!(bench.joint(1)["nmt"], "PRE-OPERATIONAL");
    std::thread::sleep(Duration::from_millis(200));
    bench.recover();
    assert_eq!(bench.joint(1)["nmt"], "OPERATIONAL");
    bench.begin(&[2.0, 2.0], 60.0).expect("the drives take it");
    assert!(bench.ends_as(Progress::Settled));
}

/// A set-point at every SYNC, in a receive PDO that canopen maps, takes and hands over as it was written.
#[test]
fn joints_follow_cyclic_set_points_and_a_halt_ends_them() {
    let test = "joints_follow_cyclic_set_points_and_a_halt_ends_them";
    let cyclic = json!({ "motion": "cyclic", "acceleration": "120 deg/s2" });
    let Some(mut bench) = bench_with(test, 2, &cyclic) else {
        return;
    };
    bench.enable();
    assert_eq!(bench.joint(1)["mode"], 8);
    bench
        .begin(&[30.0, -15.0], 30.0)
        .expect("the drives take it");
    assert!(bench.ends_as(Progress::Settled));
    assert!((bench.true_deg(1) - 30.0).abs() < 0.01);
    assert!((bench.true_deg(2) + 15.0).abs() < 0.01);
    let points = bench.joint(1)["points"].as_u64().expect("a count");
    assert!(
        points >= 20,
        "{points} set-points in more than a second of 50 ms"
    );
    bench
        .begin(&[150.0, 150.0], 20.0)
        .expect("the drives take it");
    assert!(until(|| bench.true_deg(2) > 0.0), "nothing moves");
    let halt = bench.arm.device.halt().expect("an arm can be halted");
    halt.halt().expect("the halt leaves");
    assert!(until(
        || halt.confirmed().expect("the drives answer") == Some(true)
    ));
    assert_eq!(bench.joint(1)["state"], "QUICK STOP ACTIVE");
    assert!(bench.true_deg(1) < 120.0);
    let stood = bench.true_deg(1);
    bench.recover();
    std::thread::sleep(Duration::from_millis(500));
    assert!(
        (bench.true_deg(1) - stood).abs() < 0.01,
        "nothing is resumed"
    );
    assert_eq!(bench.arm.news(), []);
}

#[test]
fn a_joint_homes_is_driven_and_refuses_the_mode_it_does_not_have() {
    let test = "a_joint_homes_is_driven_and_refuses_the_mode_it_does_not_have";
    let Some(mut bench) = bench_with(test, 1, &json!({ "homing": 37 })) else {
        return;
    };
    bench.enable();
    bench.begin(&[12.0], 60.0).expect("the drive takes it");
    assert!(bench.ends_as(Progress::Settled));
    let joints = bench.arm.device.joints().expect("an arm has joints");
    joints.home(20.0).expect("the drive takes it");
    assert!(bench.ends_as(Progress::Settled));
    assert_eq!(
        (bench.true_deg(1), bench.joint(1)["mode"].clone()),
        (0.0, json!(1))
    );

    let drive = |bench: &Bench, deg_per_s| {
        let setpoint = bench.arm.device.setpoint().expect("a joint can be driven");
        setpoint
            .begin(&SetpointMove {
                to: Setting::DegPerS(deg_per_s),
                ramp: Duration::from_millis(500),
            })
            .expect("the drive takes it");
        let progress = || setpoint.progress().expect("the drive answers");
        assert!(until(|| progress() == Progress::Settled), "{deg_per_s}");
    };
    drive(&bench, 15.0);
    let joint = bench.joint(1);
    assert_eq!(
        (&joint["mode"], &joint["velocity"]),
        (&json!(3), &json!(15_000.0))
    );
    drive(&bench, 0.0);
    let setpoint = bench.arm.device.setpoint().expect("a joint can be driven");
    let torque = SetpointMove {
        to: Setting::TorqueNm(0.0),
        ramp: Duration::ZERO,
    };
    let refused = setpoint.accept(&torque);
    assert!(
        matches!(&refused, Err(Trouble::Refused(text)) if text.contains("no profile torque mode")),
        "{refused:?}"
    );
    assert_eq!(bench.arm.news(), []);
}

/// Rated torque 1.27 N.m, friction 200 thousandths of it: 0.2 N.m stand, 0.4 N.m turn the joint, and none
/// lets it come to rest.
#[test]
fn a_joint_exerts_the_torque_it_is_told_by_profile_and_by_cycles() {
    let test = "a_joint_exerts_the_torque_it_is_told_by_profile_and_by_cycles";
    let cyclic =
        json!({ "motion": "cyclic", "acceleration": "120 deg/s2", "torque_tolerance": "0.02 N.m" });
    let profile = json!({ "torque_tolerance": "0.02 N.m" });
    for (options, mode) in [(profile, 4), (cyclic, 10)] {
        let Some(mut bench) = bench_of(test, 1, &options, &["--torque"]) else {
            return;
        };
        bench.enable();
        let drive = |bench: &Bench, newton_metre| {
            let setpoint = bench.arm.device.setpoint().expect("a joint can be driven");
            setpoint
                .begin(&SetpointMove {
                    to: Setting::TorqueNm(newton_metre),
                    ramp: Duration::from_millis(500),
                })
                .expect("the drive takes it");
            let progress = || setpoint.progress().expect("the drive answers");
            assert!(until(|| progress() == Progress::Settled), "{newton_metre}");
        };
        drive(&bench, 0.2);
        let joint = bench.joint(1);
        assert_eq!(
            (&joint["mode"], &joint["velocity"]),
            (&json!(mode), &json!(0.0))
        );
        let permille = joint["torque"].as_f64().expect("a torque");
        assert!((permille - 157.0).abs() < 16.0, "{permille}");
        drive(&bench, 0.4);
        assert!(until(|| bench.moves(1)), "more than friction");
        drive(&bench, 0.0);
        assert!(until(|| !bench.moves(1)), "friction brakes it");
        assert_eq!(bench.arm.news(), [], "{mode}");
    }
}

/// Canopen writes the file of the joint that it serves; ours must find in it what it uses.
#[test]
fn joints_are_checked_by_the_file_that_canopen_writes_of_them() {
    let test = "joints_are_checked_by_the_file_that_canopen_writes_of_them";
    let Some(peers) = Peers::for_test(test) else {
        return;
    };
    let folder = Folder::new();
    let path = folder.0.join("joint.eds");
    let written = peers.run("canopen_eds.py", &[&path.to_string_lossy()]);
    assert!(written.status.success());
    let text = std::fs::read_to_string(&path).expect("a file");
    let with = |text: &str| {
        json!({
            "motion": "cyclic", "acceleration": "120 deg/s2",
            "eds": { "path": "joint.eds", "sha256": "0", "text": text },
        })
    };
    let Some(bench) = bench_with(test, 1, &with(&text)) else {
        return;
    };
    let notes = &bench.arm.identity.notes;
    assert!(
        notes
            .iter()
            .any(|note| note.contains("checked by joint.eds")),
        "{notes:?}"
    );
    bench.enable();
    assert_eq!(bench.arm.news(), []);
}
