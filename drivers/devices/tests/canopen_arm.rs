//! The arm against its simulator in every mode of operation of CiA 402.

mod bench;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bench::{Bench, plan};
use certbench_model::plan::{JointLimit, SafeState};
use certbench_model::{FaultKind, Sample};
use certbench_roles::{Device, JointMove, News, Progress, SetpointMove, Setting, Trouble, Wiring};
use certbench_sim::config::FaultKind as Broken;
use serde_json::{Value, json};

const ARM: &str = "canopen-arm";

/// An arm of these nodes, limited to ±90 deg at 60 deg/s, and to be driven to 50 N·m and 60 deg/s.
fn bench_of(world: &Value, nodes: &str, options: &Value) -> Bench {
    let mut all = json!({ "nodes": nodes, "counts_per_deg": 10_000 });
    for (name, value) in options.as_object().unwrap() {
        all[name] = value.clone();
    }
    let mut plan = plan(ARM, &all, Some(SafeState::DecelerateAndHold));
    let limit = |node: &str| JointLimit {
        joint: format!("j{node}"),
        deg_min: -90.0,
        deg_max: 90.0,
        deg_per_s_max: 60.0,
    };
    plan.limits.joints = nodes.split_whitespace().map(limit).collect();
    plan.limits.torque_nm_max = Some(50.0);
    plan.limits.deg_per_s_max = Some(60.0);
    let world = json!({ "seed": 3, "arm": world });
    Bench::new(&world, &[plan])
}

const CYCLIC: &str = r#"{ "motion": "cyclic", "acceleration": "300 deg/s2" }"#;

fn cyclic() -> Value {
    serde_json::from_str(CYCLIC).unwrap()
}

/// Said who it is, sampled and enabled.
fn ready(bench: &Bench, signals: &[&str]) {
    let arm = bench.device(ARM);
    arm.identify().unwrap();
    bench.start(ARM, signals);
    bench.pass(300);
    arm.power().unwrap().enable().unwrap();
    bench.pass(300);
}

fn go(arm: &dyn Device, targets_deg: &[(usize, f64)], deg_per_s: f64) -> Result<(), Trouble> {
    arm.joints().unwrap().begin(&JointMove {
        targets_deg: targets_deg.to_vec(),
        deg_per_s,
    })
}

fn drive(arm: &dyn Device, to: Setting, ramp_s: f64) -> Result<(), Trouble> {
    arm.setpoint().unwrap().begin(&SetpointMove {
        to,
        ramp: Duration::from_secs_f64(ramp_s),
    })
}

/// Whether it is there within so many milliseconds, and after how many.
fn settles(bench: &Bench, progress: impl Fn() -> Progress, within_ms: u64) -> Option<u64> {
    let began = bench.clock.now();
    loop {
        bench.pass(10);
        let passed = u64::try_from((bench.clock.now() - began).as_millis()).unwrap();
        match progress() {
            Progress::Settled => return Some(passed),
            Progress::Moving if passed < within_ms => (),
            _ => return None,
        }
    }
}

fn arrives(bench: &Bench, within_ms: u64) -> Option<u64> {
    let joints = bench.device(ARM).joints().unwrap();
    settles(bench, || joints.progress().unwrap(), within_ms)
}

fn is_driven(bench: &Bench, within_ms: u64) -> Option<u64> {
    let setpoint = bench.device(ARM).setpoint().unwrap();
    settles(bench, || setpoint.progress().unwrap(), within_ms)
}

/// 30 deg at 60 deg/s with 300 deg/s²: 0.7 s, halfway after 0.35 s; the other joint leaves and arrives
/// with it.
#[test]
fn set_points_at_every_sync_make_a_trapezoid_that_joints_share() {
    let bench = bench_of(&json!({ "home_deg": [0, 0, 0, 0, 0, 0] }), "1 4", &cyclic());
    ready(&bench, &["position"]);
    let arm = bench.device(ARM);
    go(arm, &[(0, 30.0), (1, -15.0)], 60.0).unwrap();
    bench.pass(350);
    let halfway = bench.last(0);
    assert!((halfway[0] - 15.0).abs() < 2.0, "{halfway:?}");
    assert!((halfway[1] + 7.5).abs() < 1.0, "{halfway:?}");
    let rest = arrives(&bench, 3000).expect("it arrives");
    assert!((300..800).contains(&rest), "{rest} ms after the middle");
    let there = arm.joints().unwrap().positions_deg().unwrap();
    assert!(
        (there[0] - 30.0).abs() < 0.01 && (there[1] + 15.0).abs() < 0.01,
        "{there:?}"
    );
    // and again, from where it was told to be
    go(arm, &[(0, 0.0)], 30.0).unwrap();
    arrives(&bench, 3000).expect("it arrives");
    assert_eq!(bench.news(), []);
    bench.close();
}

#[test]
fn a_halt_on_a_cyclic_way_stops_it_and_recovery_resumes_nothing() {
    let bench = bench_of(&json!({}), "1 2", &cyclic());
    ready(&bench, &["position"]);
    let arm = bench.device(ARM);
    let began = arm.joints().unwrap().positions_deg().unwrap();
    go(arm, &[(0, began[0] + 60.0)], 40.0).unwrap();
    bench.pass(500);
    let halt = arm.halt().unwrap();
    halt.halt().unwrap();
    bench.pass(600);
    assert_eq!(halt.confirmed().unwrap(), Some(true));
    let stood = bench.last(0);
    assert!(
        stood[0] - began[0] > 5.0 && stood[0] - began[0] < 40.0,
        "{stood:?}"
    );
    assert!(matches!(
        go(arm, &[(0, 0.0)], 40.0),
        Err(Trouble::Refused(_))
    ));
    arm.power().unwrap().recover().unwrap();
    bench.pass(1000);
    assert!(
        (bench.last(0)[0] - stood[0]).abs() < 0.1,
        "nothing is resumed"
    );
    go(arm, &[(0, began[0])], 40.0).unwrap();
    arrives(&bench, 5000).expect("it obeys again");
    assert_eq!(bench.news(), []);
    bench.close();
}

/// The executor hangs: what is on its way is halted at once, long before the drives miss a heartbeat.
#[test]
fn without_a_lease_no_set_point_leaves_and_the_arm_is_halted() {
    let bench = bench_of(&json!({}), "1", &cyclic());
    ready(&bench, &["position"]);
    let arm = bench.device(ARM);
    let began = arm.joints().unwrap().positions_deg().unwrap()[0];
    go(arm, &[(0, began + 60.0)], 30.0).unwrap();
    bench.pass(600);
    bench.lease.revoke();
    bench.pass(300); // `lost_after` is 500 ms
    let stood = bench.last(0)[0];
    bench.pass(100);
    assert!(
        (bench.last(0)[0] - stood).abs() < 0.01 && stood < began + 25.0,
        "{began} {stood}"
    );
    bench.close();
}

fn is_of_harness(told: &Trouble) -> bool {
    matches!(told, Trouble::Fault(FaultKind::Harness, _))
}

fn tells_8250(told: &Trouble) -> bool {
    matches!(told, Trouble::Fault(_, text) if text.starts_with("emcy-0x8250"))
}

/// Cyclic motion of a drive that stays operational without our heartbeat (1029h), so that it misses set-points,
/// too.
fn staying_operational() -> Bench {
    bench_of(&json!({ "stays_operational": true }), "1", &cyclic())
}

/// SYNC goes on without set-points until the drive's own deadline has passed (EMCY 8250h): it stops, that
/// is no fault of the item, and the arm comes back.
#[test]
fn a_drive_that_misses_our_set_points_is_no_faulty_drive() {
    let bench = staying_operational();
    ready(&bench, &["position"]);
    let arm = bench.device(ARM);
    bench.lease.revoke();
    bench.pass(800); // `lost_after` is 500 ms
    let news = bench.news();
    assert_eq!(
        news.iter().filter(|told| tells_8250(told)).count(),
        1,
        "{news:?}"
    );
    assert!(news.iter().all(is_of_harness), "{news:?}");
    let refused = go(arm, &[(0, 1.0)], 30.0);
    assert!(
        matches!(refused, Err(Trouble::Refused(_) | Trouble::Event { .. })),
        "{refused:?}"
    );
    bench.lease.renew(u64::MAX);
    bench.pass(200);
    arm.power().unwrap().recover().unwrap();
    go(arm, &[(0, 1.0)], 30.0).unwrap();
    arrives(&bench, 3000).expect("it obeys again");
    bench.close();
}

/// The lease holds, and the thread that sends was kept from it for 0.8 s: what the drive then says of us is
/// this computer's fault.
#[test]
fn set_points_that_came_too_late_are_this_computers_fault() {
    let bench = staying_operational();
    let arm = bench.device(ARM);
    arm.identify().unwrap();
    let (news, stalls) = (
        Arc::new(Mutex::new(Vec::new())),
        Arc::new(AtomicBool::new(false)),
    );
    let (told, stall, clock) = (news.clone(), stalls.clone(), bench.clock.clone());
    arm.start(
        Wiring(vec![("position".into(), 0)]),
        Arc::new(move |_: &Sample| {
            if stall.swap(false, Ordering::SeqCst) {
                clock.sleep(Duration::from_millis(800));
            }
        }),
        Arc::new(move |one: News| told.lock().unwrap().push(one.trouble)),
        bench.lease.clone(),
    )
    .unwrap();
    bench.pass(300);
    arm.power().unwrap().enable().unwrap();
    bench.pass(300);
    stalls.store(true, Ordering::SeqCst);
    bench.pass(1500);
    let news = news.lock().unwrap().clone();
    assert_eq!(
        news.iter().filter(|told| tells_8250(told)).count(),
        1,
        "{news:?}"
    );
    assert!(
        news.iter()
            .filter(|told| tells_8250(told))
            .all(is_of_harness),
        "{news:?}"
    );
    let item = |told: &&Trouble| matches!(told, Trouble::Event { .. });
    assert_eq!(news.iter().find(item), None, "nothing is the item's");
    bench.close();
}

#[test]
fn a_joint_turns_at_the_speed_it_is_set_by_profile_and_by_cycles() {
    for (options, most_ms) in [(json!({}), 1500), (cyclic(), 1500)] {
        let bench = bench_of(&json!({}), "1", &options);
        ready(&bench, &["position", "speed", "torque"]);
        let arm = bench.device(ARM);
        drive(arm, Setting::DegPerS(-20.0), 0.5).unwrap();
        bench.pass(250);
        let halfway = bench.last(1)[0];
        assert!((halfway + 10.0).abs() < 3.0, "{options} {halfway}");
        is_driven(&bench, most_ms).expect("it turns as set");
        bench.pass(500);
        assert!((bench.last(1)[0] + 20.0).abs() < 0.5, "{options}");
        let before = bench.last(0)[0];
        bench.pass(1000);
        let turned = bench.last(0)[0] - before;
        assert!((turned + 20.0).abs() < 1.0, "{options} {turned}");
        let moving = go(arm, &[(0, 0.0)], 30.0);
        assert!(
            matches!(&moving, Err(Trouble::Refused(text)) if text.contains("only from rest")),
            "{moving:?}"
        );
        drive(arm, Setting::DegPerS(0.0), 0.5).unwrap();
        is_driven(&bench, 2000).expect("it comes to rest");
        bench.pass(500);
        go(arm, &[(0, 0.0)], 30.0).unwrap();
        arrives(&bench, 5000).expect("it goes to a place again");
        assert_eq!(bench.news(), [], "{options}");
        bench.close();
    }
}

/// Friction of the joint is 12 N·m and its rated torque 220 N·m.
#[test]
fn a_joint_exerts_the_torque_it_is_set_and_is_halted_when_it_runs_away() {
    for options in [json!({}), cyclic()] {
        let bench = bench_of(&json!({}), "1", &options);
        ready(&bench, &["position", "torque"]);
        let arm = bench.device(ARM);
        let began = bench.last(0)[0];
        drive(arm, Setting::TorqueNm(10.0), 0.2).unwrap();
        is_driven(&bench, 1500).expect("it exerts what is set");
        bench.pass(500);
        assert!((bench.last(1)[0] - 10.0).abs() < 0.2, "{options}");
        assert!((bench.last(0)[0] - began).abs() < 0.01, "friction holds it");
        drive(arm, Setting::TorqueNm(-20.0), 0.0).unwrap();
        bench.pass(3000);
        let news = bench.news();
        let runs =
            |told: &&Trouble| matches!(told, Trouble::Event { code, .. } if code == "runs-away");
        assert_eq!(news.iter().filter(runs).count(), 1, "{options} {news:?}");
        let stood = bench.last(0)[0];
        bench.pass(500);
        assert!(
            (bench.last(0)[0] - stood).abs() < 0.01,
            "{options}: it was halted"
        );
        assert!(matches!(arm.halt().unwrap().confirmed(), Ok(Some(true))));
        bench.close();
    }
}

/// Whatever else moves meanwhile, a driven joint is halted when nobody watches it any more.
#[test]
fn a_move_of_another_joint_takes_no_guard_from_a_driven_one() {
    let bench = bench_of(
        &json!({ "home_deg": [0, 0, 0, 0, 0, 0] }),
        "1 4",
        &json!({ "driven": "4" }),
    );
    ready(&bench, &["position"]);
    let arm = bench.device(ARM);
    let began = arm.joints().unwrap().positions_deg().unwrap();
    drive(arm, Setting::DegPerS(10.0), 0.2).unwrap();
    bench.pass(300);
    go(arm, &[(0, began[0] + 2.0)], 20.0).unwrap();
    arrives(&bench, 3000).expect("it arrives");
    let turning = bench.last(0)[1];
    bench.pass(200);
    assert!(bench.last(0)[1] > turning + 1.0, "it goes on turning");
    bench.lease.revoke();
    bench.pass(300); // `lost_after` is 500 ms
    let stood = bench.last(0)[1];
    bench.pass(100);
    assert!((bench.last(0)[1] - stood).abs() < 0.01);
    bench.close();
}

/// One second into a ramp of ten to 60 deg/s it turns at 6: a new set point goes on from there.
#[test]
fn a_set_point_on_an_unfinished_ramp_is_no_step() {
    let bench = bench_of(&json!({}), "1", &cyclic());
    ready(&bench, &["position", "speed"]);
    let arm = bench.device(ARM);
    drive(arm, Setting::DegPerS(60.0), 10.0).unwrap();
    bench.pass(1000);
    drive(arm, Setting::DegPerS(0.0), 1.0).unwrap();
    for _ in 0..50 {
        bench.pass(10);
        assert!(bench.last(1)[0] < 8.0, "{:?}", bench.last(1));
    }
    is_driven(&bench, 2000).expect("it stands");
    assert_eq!(bench.news(), []);
    bench.close();
}

#[test]
fn nothing_begins_over_a_way_that_is_under_way() {
    let bench = bench_of(&json!({}), "1 2", &cyclic());
    ready(&bench, &["position"]);
    let arm = bench.device(ARM);
    let began = arm.joints().unwrap().positions_deg().unwrap();
    go(arm, &[(0, began[0] + 20.0)], 40.0).unwrap();
    bench.pass(100);
    let refused = go(arm, &[(1, began[1] - 1.0)], 40.0);
    assert!(
        matches!(&refused, Err(Trouble::Refused(text)) if text.contains("still on its way")),
        "{refused:?}"
    );
    arrives(&bench, 3000).expect("the first is not disturbed");
    go(arm, &[(1, began[1] - 1.0)], 40.0).unwrap();
    arrives(&bench, 3000).expect("it arrives");
    bench.close();
}

#[test]
fn what_passes_a_limit_of_bench_or_drive_is_refused_before_it_leaves() {
    let bench = bench_of(
        &json!({ "speed_deg_s": [45, 45, 45, 45, 45, 45] }),
        "6",
        &json!({}),
    );
    ready(&bench, &["position"]);
    let arm = bench.device(ARM);
    let refused = |to, part: &str| {
        let motion = SetpointMove {
            to,
            ramp: Duration::ZERO,
        };
        let said = arm.setpoint().unwrap().accept(&motion);
        assert!(
            matches!(&said, Err(Trouble::Refused(text)) if text.contains(part)),
            "{to:?} {said:?}"
        );
    };
    refused(Setting::DegPerS(61.0), "at up to 60 deg/s");
    refused(Setting::DegPerS(f64::NAN), "at up to 60 deg/s");
    refused(Setting::DegPerS(50.0), "607Fh");
    refused(Setting::TorqueNm(51.0), "the bench allows 50 N.m");
    refused(Setting::TorqueNm(-25.0), "exerts at most 20 N.m");
    let fast = go(arm, &[(0, 10.0)], 50.0);
    assert!(
        matches!(&fast, Err(Trouble::Refused(text)) if text.contains("607Fh")),
        "{fast:?}"
    );
    bench.close();
}

#[test]
fn a_mode_that_the_drive_does_not_have_is_refused() {
    let bench = bench_of(&json!({ "modes": [1] }), "1", &json!({ "homing": "37" }));
    ready(&bench, &["position"]);
    let arm = bench.device(ARM);
    for to in [Setting::DegPerS(1.0), Setting::TorqueNm(1.0)] {
        let said = drive(arm, to, 0.0);
        assert!(
            matches!(&said, Err(Trouble::Refused(text)) if text.contains("has no profile")),
            "{said:?}"
        );
    }
    let said = arm.joints().unwrap().home(10.0);
    assert!(
        matches!(&said, Err(Trouble::Refused(text)) if text.contains("no homing mode")),
        "{said:?}"
    );
    go(arm, &[(0, 0.0)], 30.0).expect("it has this one");
    bench.close();
    let bench = bench_of(&json!({ "modes": [1] }), "1", &cyclic());
    let said = bench.device(ARM).identify();
    assert!(
        matches!(&said, Err(Trouble::Refused(text)) if text.contains("no cyclic synchronous position")),
        "{said:?}"
    );
    bench.close();
}

/// The switch of joint 1 stands at -30 deg of its encoder; there is now 0, which the bench calls -30 deg.
#[test]
fn joints_look_for_their_homes_one_after_the_other() {
    for options in [json!({}), cyclic()] {
        let mut options = options;
        options["homing"] = json!("17 37 0");
        options["zero_counts"] = json!("300000 0 0");
        let world =
            json!({ "home_deg": [10, 20, 0, 0, 0, 0], "limit_deg": [30, 90, 90, 90, 90, 90] });
        let bench = bench_of(&world, "1 2 3", &options);
        ready(&bench, &["position"]);
        let arm = bench.device(ARM);
        let joints = arm.joints().unwrap();
        assert!(joints.accept_home(61.0).is_err(), "not so fast");
        joints.home(20.0).unwrap();
        bench.pass(1000);
        let under_way = bench.last(0);
        assert!(
            (under_way[1] - 20.0).abs() < 0.1,
            "the second waits: {under_way:?}"
        );
        arrives(&bench, 10_000).expect("they find their homes");
        let home = joints.positions_deg().unwrap();
        assert!((home[0] + 30.0).abs() < 0.2, "{home:?}");
        assert!(home[1].abs() < 0.2, "this is home: {home:?}");
        go(arm, &[(0, -20.0), (1, 10.0)], 30.0).unwrap();
        arrives(&bench, 5000).expect("it goes by its new zero");
        assert_eq!(bench.news(), []);
        bench.close();
    }
}

#[test]
fn a_halt_ends_homing() {
    let bench = bench_of(&json!({}), "1", &json!({ "homing": 18 }));
    ready(&bench, &["position"]);
    let arm = bench.device(ARM);
    arm.joints().unwrap().home(10.0).unwrap();
    bench.pass(500);
    assert_eq!(arm.joints().unwrap().progress().unwrap(), Progress::Moving);
    let halt = arm.halt().unwrap();
    halt.halt().unwrap();
    bench.pass(600);
    assert_eq!(halt.confirmed().unwrap(), Some(true));
    assert_eq!(arm.joints().unwrap().progress().unwrap(), Progress::Stopped);
    bench.close();
}

#[test]
fn a_cut_cable_under_cyclic_motion_is_blamed_on_nobody() {
    let bench = bench_of(&json!({}), "1", &cyclic());
    ready(&bench, &["position"]);
    assert!(bench.readings(0).len() > 40, "a sample at every SYNC");
    go(bench.device(ARM), &[(0, 60.0)], 10.0).unwrap();
    bench.fault(ARM, Broken::Silence);
    bench.pass(2000);
    let news = bench.news();
    let nobodys = |told: &Trouble| matches!(told, Trouble::Fault(FaultKind::Unattributable, _));
    assert!(!news.is_empty() && news.iter().all(nobodys), "{news:?}");
    bench.close();
}

#[test]
fn an_arm_of_several_joints_names_the_one_that_is_driven() {
    let bench = bench_of(&json!({}), "1 2", &json!({}));
    ready(&bench, &["position"]);
    let said = drive(bench.device(ARM), Setting::DegPerS(1.0), 0.0);
    assert!(
        matches!(&said, Err(Trouble::Refused(text)) if text.contains("`driven`")),
        "{said:?}"
    );
    bench.close();
    let bench = bench_of(&json!({}), "1 4", &json!({ "driven": "4" }));
    ready(&bench, &["position"]);
    drive(bench.device(ARM), Setting::DegPerS(10.0), 0.1).unwrap();
    is_driven(&bench, 2000).expect("joint 4 turns");
    bench.close();
}

/// The file of a drive as the simulator has it, with one entry changed.
fn eds(index: &str, key: &str, value: &str) -> String {
    let mut text = String::from("[DeviceInfo]\nVendorNumber=0x53494D\nProductNumber=6\n");
    for (at, kind, access, mappable, default) in [
        ("6040", 6, "rww", 1, ""),
        ("6041", 6, "ro", 1, ""),
        ("6060", 2, "rww", 1, ""),
        ("6064", 4, "ro", 1, ""),
        ("607A", 4, "rww", 1, ""),
        ("6081", 7, "rww", 1, ""),
        ("6502", 7, "ro", 0, "0x3AD"),
    ] {
        text += &format!("[{at}]\nParameterName=object {at}\nObjectType=7\n");
        let keys = [
            ("DataType", kind.to_string()),
            ("AccessType", access.to_owned()),
            ("PDOMapping", mappable.to_string()),
            ("DefaultValue", default.to_owned()),
        ];
        for (name, own) in keys {
            let other = at == index && name == key;
            text += &format!("{name}={}\n", if other { value } else { &own });
        }
    }
    text
}

fn with_file(text: &str) -> Value {
    json!({ "eds": { "path": "drive.eds", "sha256": "0", "text": text } })
}

#[test]
fn the_drives_must_be_those_of_their_file_and_have_in_it_what_is_used() {
    let said = |text: &str| {
        let bench = bench_of(&json!({}), "1 2", &with_file(text));
        let said = bench.device(ARM).identify();
        bench.close();
        said
    };
    let identity = said(&eds("", "", "")).unwrap();
    let last = identity.notes.last().unwrap();
    assert!(last.contains("checked by drive.eds"), "{last}");
    for (index, key, value, part) in [
        (
            "6081",
            "AccessType",
            "ro",
            "6081:00 (profile velocity) cannot be written",
        ),
        ("6064", "PDOMapping", "0", "cannot be mapped"),
        ("607A", "DataType", "3", "has not 4 bytes"),
    ] {
        let refused = said(&eds(index, key, value));
        assert!(
            matches!(&refused, Err(Trouble::Refused(text)) if text.contains(part)),
            "{refused:?}"
        );
    }
    let other = said(&eds("", "", "").replace("0x53494D", "0x53494E"));
    assert!(matches!(&other, Err(Trouble::Refused(text)) if text.contains("another device")));
    let without = said(&eds("", "", "").replace("[6060]", "[2060]"));
    assert!(matches!(&without, Err(Trouble::Refused(text)) if text.contains("6060:00")));
}

/// Object 1021h: some thousand bytes, in blocks.
#[test]
fn a_drive_that_carries_its_own_file_is_checked_by_it() {
    let padded = |text: String| format!("{text};{}\n", "-".repeat(3000));
    for (text, part) in [
        (padded(eds("", "", "")), "j1): checked by its own EDS of 3"),
        ("nonsense".to_owned(), "cannot be read"),
    ] {
        let bench = bench_of(&json!({ "eds": text }), "1", &json!({}));
        let identity = bench.device(ARM).identify().unwrap();
        let told = identity.notes.iter().any(|note| note.contains(part));
        assert!(told, "{:?}", identity.notes);
        bench.close();
    }
    let wrong = padded(eds("6081", "AccessType", "ro"));
    let bench = bench_of(&json!({ "eds": wrong }), "1", &json!({}));
    let refused = bench.device(ARM).identify();
    assert!(matches!(&refused, Err(Trouble::Refused(text)) if text.contains("cannot be written")));
    bench.close();
}

/// A configuration file of node 1 as the simulator has it: what it changes, what the drive has already, a
/// command, and 600 bytes.
fn dcf(more: &str) -> String {
    let domain = "5A".repeat(600);
    format!(
        "{}[DeviceComissioning]\nNodeID=1\n\
         [2000]\nParameterName=Notes\nDataType=15\nAccessType=rw\nParameterValue={domain}\n\
         [6068]\nParameterName=Window time\nDataType=6\nAccessType=rw\nParameterValue=0\n\
         [6072]\nParameterName=Max torque\nDataType=6\nAccessType=rw\nParameterValue=100\n{more}",
        eds("", "", "").replacen("DefaultValue=\n", "ParameterValue=15\n", 1)
    )
}

/// Highest torque 10 % of 220 N.m by the file, and never the simulator's own: what it limits is refused.
#[test]
fn a_configuration_file_is_written_to_its_disabled_drive_and_said_before() {
    let bench = bench_of(&json!({}), "1 2", &with_file(&dcf("")));
    let arm = bench.device(ARM);
    let said = arm.identify().unwrap().notes;
    let written = "node 1 (j1): by drive.eds, written at the start: 2000:00 (Notes) = 600 bytes instead of 0 bytes; \
                   6072:00 (Max torque) = 100 instead of 1000";
    assert!(said.iter().any(|note| note == written), "{said:#?}");
    let own = "node 1 (j1): by drive.eds, not written, because it is communication, the driver's to set, a \
               command or protected by the file: 6040:00";
    assert!(said.iter().any(|note| note == own), "{said:#?}");
    let second = |note: &&String| note.starts_with("node 2") && note.contains("drive.eds");
    assert_eq!(said.iter().find(second), None, "it configures node 1 alone");

    bench.start(ARM, &["position"]);
    let said = arm.identify().unwrap().notes;
    let same = "node 1 (j1) is as drive.eds configures it";
    assert!(said.iter().any(|note| note == same), "{said:#?}");
    bench.pass(300);
    arm.power().unwrap().enable().unwrap();
    go(arm, &[(0, 1.0), (1, 1.0)], 30.0).unwrap();
    arrives(&bench, 5000).expect("it obeys as before");
    assert_eq!(bench.news(), []);
    bench.close();

    let bench = bench_of(&json!({}), "1", &with_file(&dcf("")));
    ready(&bench, &["position"]);
    let torque = SetpointMove {
        to: Setting::TorqueNm(25.0),
        ramp: Duration::ZERO,
    };
    let refused = bench.device(ARM).setpoint().unwrap().accept(&torque);
    assert!(
        matches!(&refused, Err(Trouble::Refused(text)) if text.contains("exerts at most 22 N.m")),
        "{refused:?}"
    );
    bench.close();
}

/// SYNC and EMCY, heartbeats, the second axis (CiA 402: 800h further on), what the driver sets, what the file
/// itself protects: the drive has everything else than the file's, and none of it is written.
#[test]
fn no_file_changes_the_communication_another_axis_or_what_the_driver_sets() {
    let object = |index: &str, kind: u8, more: &str| {
        format!("[{index}]\nDataType={kind}\nAccessType=rw\nParameterValue=1\n{more}")
    };
    let left = [
        ("1005", 7),
        ("1014", 7),
        ("1017", 6),
        ("605A", 3),
        ("6083", 7),
        ("6085", 7),
        ("609A", 7),
        ("6840", 6),
        ("7000", 7),
    ];
    let mut text: String = left.map(|(index, kind)| object(index, kind, "")).concat();
    text += &object("6065", 7, "ObjFlags=1\n");
    let bench = bench_of(&json!({}), "1", &with_file(&dcf(&text)));
    bench.start(ARM, &["position"]);
    let said = bench.device(ARM).identify().unwrap().notes;
    let same = "node 1 (j1) is as drive.eds configures it";
    assert!(said.iter().any(|note| note == same), "{said:#?}");
    let all = "file: 1005:00, 1014:00, 1017:00, 6040:00, 605A:00, 6065:00, 6083:00, 6085:00, 609A:00, 6840:00, 7000:00";
    assert!(said.iter().any(|note| note.ends_with(all)), "{said:#?}");
    bench.close();
}

/// A file without a vendor checks nothing; nor may it write.
#[test]
fn a_file_that_does_not_say_whose_it_is_is_not_written() {
    let text = dcf("").replacen("VendorNumber=0x53494D\n", "", 1);
    let bench = bench_of(&json!({}), "1", &with_file(&text));
    for refused in [
        bench.device(ARM).identify().map(|_| ()),
        bench.try_start(ARM, &["position"]).map(|_| ()),
    ] {
        assert!(
            matches!(&refused, Err(Trouble::Refused(text)) if text.contains("drive.eds does not say its vendor")),
            "{refused:?}"
        );
    }
    bench.close();
}

#[test]
fn a_value_that_the_drive_refuses_is_located_in_its_file() {
    let slow = "[605D]\nParameterName=Halt option\nDataType=3\nAccessType=rw\nParameterValue=0\n";
    let text = dcf(slow);
    let line = text.lines().count();
    let bench = bench_of(&json!({}), "1", &with_file(&text));
    bench.device(ARM).identify().unwrap();
    let refused = bench.try_start(ARM, &["position"]);
    let Err(Trouble::Refused(said)) = &refused else {
        panic!("{refused:?}");
    };
    assert!(
        said.starts_with(&format!("drive.eds, line {line}: node 1 (j1)")),
        "{said}"
    );
    assert!(said.contains("605D:00") && said.contains("value"), "{said}");
    bench.close();

    let clock = certbench_clock::Clock::simulated();
    let (near, _far) =
        certbench_link::pair::can(&clock, "bus", certbench_link::pair::Wire::default());
    let mut plan = plan(
        ARM,
        &json!({ "nodes": "2", "counts_per_deg": 10_000 }),
        Some(SafeState::DecelerateAndHold),
    );
    plan.limits.joints = vec![JointLimit {
        joint: "j2".into(),
        deg_min: -90.0,
        deg_max: 90.0,
        deg_per_s_max: 60.0,
    }];
    for (name, value) in with_file(&dcf("")).as_object().unwrap() {
        plan.options.insert(name.clone(), value.clone());
    }
    let port = certbench_devices::Port::Can(std::sync::Arc::new(near));
    let refused = certbench_devices::open(&plan, port, &clock).err();
    assert!(
        matches!(&refused, Some(Trouble::Refused(text)) if text.contains("it configures node 1, which is none")),
        "{refused:?}"
    );
    clock.end();
}
