//! The driver against drives of a few lines: the tables of CiA 402, a position that moves.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use certbench_clock::Time;
use certbench_link::{CanLink, pair};
use certbench_model::FaultKind;
use certbench_model::plan::{DevicePlan, SafeState, Watchdog};
use certbench_roles::{Device, JointMove, Progress, Trouble};
use certbench_wire::canopen::cia402::State;
use certbench_wire::canopen::sdo::{Abort, Dictionary, Server};
use certbench_wire::canopen::{
    CobFrame, Emergency, Heartbeat, NmtCommand, NmtState, NodeId, Service,
};

use super::open;
use crate::canopen::{can, cob};
use crate::testing::{Bench, Heard, Overtaken, limited, plan, safe};

/// A drive: 100 counts a degree, stops and moves without ramps.
struct Drive {
    objects: BTreeMap<(u16, u8), Vec<u8>>,
    state: State,
    counts: i32,
    moving: bool,
    acknowledged: bool,
    controlword: u16,
    nmt: NmtState,
    /// What it is commanded, in order.
    words: Vec<u16>,
    master_seen: Option<Time>,
    mute: bool,
    blocked: bool,
    /// Its server has block transfer.
    blocks: bool,
    say: Vec<CobFrame>,
}

impl Drive {
    fn new(number: u8) -> Drive {
        let mut objects = BTreeMap::new();
        objects.insert((0x1000, 0), 0x0002_0192u32.to_le_bytes().to_vec());
        objects.insert((0x1008, 0), b"TEST-6 joint drive".to_vec());
        objects.insert((0x100A, 0), b"1.4".to_vec());
        objects.insert((0x1018, 1), 0x1A3u32.to_le_bytes().to_vec());
        objects.insert((0x1018, 2), 6u32.to_le_bytes().to_vec());
        objects.insert(
            (0x1018, 4),
            (1000 + u32::from(number)).to_le_bytes().to_vec(),
        );
        objects.insert((0x6502, 0), 1u32.to_le_bytes().to_vec());
        for (index, sub, bytes) in [
            (0x1017, 0, 2),
            (0x1016, 1, 4),
            (0x6007, 0, 2),
            (0x605A, 0, 2),
            (0x6060, 0, 1),
            (0x607A, 0, 4),
            (0x6081, 0, 4),
            (0x603F, 0, 2),
            (0x1800, 1, 4),
            (0x1800, 2, 1),
            (0x1800, 5, 2),
            (0x1A00, 0, 1),
            (0x1A00, 1, 4),
            (0x1A00, 2, 4),
        ] {
            objects.insert((index, sub), vec![0; bytes]);
        }
        Drive {
            objects,
            state: State::SwitchOnDisabled,
            counts: 1000,
            moving: false,
            acknowledged: false,
            controlword: 0,
            nmt: NmtState::PreOperational,
            words: Vec::new(),
            master_seen: None,
            mute: false,
            blocked: false,
            blocks: false,
            say: Vec::new(),
        }
    }

    fn number(&self, index: u16) -> i64 {
        let bytes = &self.objects[&(index, if index == 0x1016 { 1 } else { 0 })];
        bytes
            .iter()
            .rev()
            .fold(0, |n, byte| n << 8 | i64::from(*byte))
    }

    fn status(&self) -> u16 {
        let state = match self.state {
            State::NotReadyToSwitchOn => 0x0000,
            State::SwitchOnDisabled => 0x0040,
            State::ReadyToSwitchOn => 0x0021,
            State::SwitchedOn => 0x0023,
            State::OperationEnabled => 0x0027,
            State::QuickStopActive => 0x0007,
            State::FaultReactionActive => 0x000F,
            State::Fault => 0x0008,
        };
        let reached = u16::from(!self.moving) << 10;
        state | 0x0210 | reached | u16::from(self.acknowledged) << 12
    }

    fn control(&mut self, word: u16) {
        use State::*;
        self.words.push(word);
        let edge = |bit: u16| word & !self.controlword & bit != 0;
        self.state = match (self.state, word & 0x8F) {
            (Fault, _) if edge(0x80) => SwitchOnDisabled,
            (Fault, _) => Fault,
            (SwitchOnDisabled, 0x06) => ReadyToSwitchOn,
            (ReadyToSwitchOn, 0x07) => SwitchedOn,
            (SwitchedOn, 0x0F) => OperationEnabled,
            (OperationEnabled, 0x02) => QuickStopActive,
            (QuickStopActive, 0x0F) => OperationEnabled, // transition 16
            (_, 0x00) => SwitchOnDisabled,
            (state, _) => state,
        };
        if self.state == OperationEnabled && edge(0x10) {
            (self.moving, self.acknowledged) = (true, true);
        }
        if word & 0x10 == 0 {
            self.acknowledged = false;
        }
        self.moving &= self.state == OperationEnabled;
        self.controlword = word;
    }

    /// A millisecond.
    fn step(&mut self, node: NodeId, now: Time) {
        if self.moving && !self.blocked {
            let target = self.number(0x607A) as u32 as i32;
            let most = (self.number(0x6081) / 1000).max(1) as i32;
            self.counts += (target - self.counts).clamp(-most, most);
            self.moving = self.counts != target;
        }
        let consumed = self.number(0x1016);
        let patience = Duration::from_millis(consumed as u64 & 0xFFFF);
        if self.master_seen.is_some_and(|seen| now - seen > patience) && !patience.is_zero() {
            self.master_seen = None;
            self.control(0x02);
            self.words.pop();
            let emergency = Emergency {
                node,
                code: 0x8130,
                register: 0x10,
                vendor: [0; 5],
            };
            self.say.push(emergency.encode());
        }
    }

    fn pdo(&self, node: NodeId) -> CobFrame {
        let mut data = self.status().to_le_bytes().to_vec();
        data.extend(self.counts.to_le_bytes());
        CobFrame::new(Service::Tpdo(1, node).id(), &data).unwrap()
    }
}

impl Dictionary for Drive {
    fn read(&mut self, index: u16, sub: u8) -> Result<Vec<u8>, Abort> {
        match (index, sub) {
            (0x6041, 0) => Ok(self.status().to_le_bytes().to_vec()),
            (0x6064, 0) => Ok(self.counts.to_le_bytes().to_vec()),
            (0x6061, 0) => self.read(0x6060, 0),
            at => self.objects.get(&at).cloned().ok_or(Abort::NO_OBJECT),
        }
    }

    fn write(&mut self, index: u16, sub: u8, data: &[u8]) -> Result<(), Abort> {
        if let (0x6040, Ok(word)) = (index, data.try_into()) {
            self.control(u16::from_le_bytes(word));
            return Ok(());
        }
        match self.objects.get_mut(&(index, sub)) {
            Some(object) if object.len() == data.len() => {
                *object = data.to_vec();
                Ok(())
            }
            Some(_) => Err(Abort::LENGTH),
            None => Err(Abort::NO_OBJECT),
        }
    }
}

/// What a server without block transfer says to the beginning of one.
fn refused_block(frame: &CobFrame, node: NodeId) -> Option<CobFrame> {
    let asked = Service::of(frame.id()) == Some(Service::SdoRequest(node));
    let [head, low, high, sub, ..] = *<&[u8; 8]>::try_from(frame.data()).ok()?;
    let abort = [0x80, low, high, sub, 0x01, 0x00, 0x04, 0x05];
    let begins = asked && head & 0xE3 == 0xA0;
    CobFrame::new(Service::SdoReply(node).id(), &abort).filter(|_| begins)
}

type Drives = Arc<Mutex<Vec<Drive>>>;

fn serve(bench: &Bench, far: pair::CanPipe, joints: u8) -> Drives {
    let drives: Drives = Arc::new(Mutex::new((1..=joints).map(Drive::new).collect()));
    let (clock, shared) = (bench.clock.clone(), drives.clone());
    bench.peer("drives", move |stop| {
        let nodes: Vec<NodeId> = (1..=joints).filter_map(NodeId::new).collect();
        let mut servers: Vec<Server> = nodes.iter().map(|node| Server::new(*node)).collect();
        let mut ms = 0u64;
        while !stop.is_set() {
            let tick = Time::ZERO + Duration::from_millis(ms + 1);
            let heard = far.recv(tick);
            let mut out = Vec::new();
            let mut drives = shared.lock().unwrap();
            if let Ok(Some((frame, stamp))) = heard {
                let Some(frame) = cob(&frame) else { continue };
                for ((drive, server), node) in drives.iter_mut().zip(&mut servers).zip(&nodes) {
                    if drive.mute {
                        continue;
                    }
                    match refused_block(&frame, *node).filter(|_| !drive.blocks) {
                        Some(abort) => out.push(abort),
                        None => out.extend(server.on(&frame, drive)),
                    }
                    match NmtCommand::decode(&frame) {
                        Some((NmtCommand::Start, Some(n))) if n == *node => {
                            drive.nmt = NmtState::Operational
                        }
                        Some((NmtCommand::EnterPreOperational, Some(n))) if n == *node => {
                            drive.nmt = NmtState::PreOperational;
                        }
                        _ => (),
                    }
                    if Heartbeat::decode(&frame).is_some() {
                        drive.master_seen = Some(stamp.latest);
                    }
                    let on_sync =
                        drive.objects[&(0x1800, 2)] == [1] && drive.nmt == NmtState::Operational;
                    if frame.id() == 0x080 && on_sync {
                        out.push(drive.pdo(*node));
                    }
                }
            }
            while clock.now() >= Time::ZERO + Duration::from_millis(ms + 1) {
                ms += 1;
                for (drive, node) in drives.iter_mut().zip(&nodes) {
                    drive.step(*node, clock.now());
                    if drive.mute {
                        drive.say.clear();
                        continue;
                    }
                    out.append(&mut drive.say);
                    let beat = drive.number(0x1017) as u64;
                    if beat > 0 && ms.is_multiple_of(beat) {
                        out.push(
                            Heartbeat {
                                node: *node,
                                state: drive.nmt,
                            }
                            .encode(),
                        );
                    }
                    let event =
                        drive.objects[&(0x1800, 2)] == [255] && drive.nmt == NmtState::Operational;
                    if event && ms.is_multiple_of(10) {
                        out.push(drive.pdo(*node));
                    }
                }
            }
            drop(drives);
            for frame in out {
                let _ = far.send(&can(&frame));
            }
        }
    });
    drives
}

fn arm_plan(options: &[(&str, &str)]) -> DevicePlan {
    let mut all = vec![("nodes", "1 2"), ("counts_per_deg", "100")];
    all.retain(|(name, _)| !options.iter().any(|(given, _)| given == name));
    all.extend(options);
    limited(
        safe(
            plan("arm", "canopen-arm", &all),
            SafeState::DecelerateAndHold,
        ),
        2,
        90.0,
        60.0,
    )
}

fn arm_of(bench: &Bench, plan: &DevicePlan) -> (Arc<dyn Device>, Drives) {
    let wire = pair::Wire {
        latency: Duration::from_micros(50),
        bits_per_second: Some(1_000_000),
    };
    let (near, far) = pair::can(&bench.clock, "can0", wire);
    (
        open(plan, Arc::new(near), &bench.clock).unwrap(),
        serve(bench, far, 2),
    )
}

fn arm(bench: &Bench) -> (Arc<dyn Device>, Drives) {
    arm_of(bench, &arm_plan(&[]))
}

/// Started, enabled, and fed for a minute.
fn ready(bench: &Bench, device: &dyn Device) -> Heard {
    let heard = bench.start(device, &["position"]);
    bench
        .lease
        .renew((bench.clock.now() + Duration::from_secs(60)).as_nanos());
    device.power().unwrap().enable().unwrap();
    bench.pass(100);
    heard
}

fn to(targets_deg: &[(usize, f64)], deg_per_s: f64) -> JointMove {
    JointMove {
        targets_deg: targets_deg.to_vec(),
        deg_per_s,
    }
}

#[test]
fn identity_is_read_and_nothing_is_enabled() {
    let bench = Bench::new();
    let (device, drives) = arm(&bench);
    let identity = device.identify().unwrap();
    assert_eq!(identity.model.as_deref(), Some("TEST-6 joint drive"));
    assert_eq!(identity.firmware.as_deref(), Some("1.4"));
    assert_eq!(
        identity.serial, None,
        "the drives differ, and none of them is the arm"
    );
    assert_eq!(identity.label_needed, ["serial"]);
    assert!(
        identity.read_from_device && identity.notes[1].contains("serial 1002"),
        "{identity:?}"
    );
    let drives = drives.lock().unwrap();
    assert!(
        drives
            .iter()
            .all(|drive| drive.words.is_empty() && drive.state == State::SwitchOnDisabled)
    );
}

#[test]
fn a_bench_may_name_the_node_that_knows_the_arms_serial_number() {
    let bench = Bench::new();
    let (device, _drives) = arm_of(&bench, &arm_plan(&[("serial_node", "2")]));
    assert_eq!(device.identify().unwrap().serial.as_deref(), Some("1002"));
    let (near, _far) = pair::can(&bench.clock, "can1", pair::Wire::default());
    let nobody = open(
        &arm_plan(&[("serial_node", "9")]),
        Arc::new(near),
        &bench.clock,
    )
    .err();
    assert!(matches!(nobody, Some(Trouble::Refused(_))));
}

#[test]
fn positions_are_sampled_together_at_each_sync() {
    for feedback in ["sync", "event", "sdo"] {
        let bench = Bench::new();
        let (device, drives) = arm_of(&bench, &arm_plan(&[("feedback", feedback)]));
        drives.lock().unwrap()[1].counts = -500;
        let heard = bench.start(&*device, &["position"]);
        bench.pass(500);
        let readings = heard.readings(0);
        assert!(
            (40..=55).contains(&readings.len()),
            "{feedback}: {}",
            readings.len()
        );
        assert_eq!(
            readings.last().unwrap().values().unwrap(),
            [10.0, -5.0],
            "{feedback}"
        );
        assert_eq!(heard.news(), [] as [Trouble; 0], "{feedback}");
        device.close();
    }
}

#[test]
fn power_moves_nothing_and_a_move_arrives_together() {
    let bench = Bench::new();
    let (device, drives) = arm(&bench);
    let heard = ready(&bench, &*device);
    assert!(
        drives
            .lock()
            .unwrap()
            .iter()
            .all(|drive| drive.state == State::OperationEnabled && drive.counts == 1000)
    );
    let joints = device.joints().unwrap();
    joints.begin(&to(&[(0, 40.0), (1, 25.0)], 60.0)).unwrap(); // 30 and 15 degrees
    assert_eq!(joints.progress().unwrap(), Progress::Moving);
    let drives_now = drives.lock().unwrap();
    assert_eq!(
        (drives_now[0].number(0x6081), drives_now[1].number(0x6081)),
        (6000, 3000)
    );
    drop(drives_now);
    bench.pass(700);
    assert_eq!(joints.progress().unwrap(), Progress::Settled);
    assert_eq!(joints.positions_deg().unwrap(), [40.0, 25.0]);
    assert_eq!(heard.news(), [] as [Trouble; 0]);
    device.close();
}

#[test]
fn what_passes_the_benchs_limits_does_not_leave() {
    let bench = Bench::new();
    let (device, drives) = arm(&bench);
    ready(&bench, &*device);
    let joints = device.joints().unwrap();
    let before = drives.lock().unwrap()[0].words.len();
    for motion in [
        to(&[(0, 90.1)], 10.0),
        to(&[(0, f64::NAN)], 10.0),
        to(&[(2, 0.0)], 10.0),
        to(&[(0, 0.0)], 60.1),
        to(&[(0, 0.0)], 0.0),
    ] {
        assert!(
            matches!(joints.accept(&motion), Err(Trouble::Refused(_))),
            "{motion:?}"
        );
        assert!(
            matches!(joints.begin(&motion), Err(Trouble::Refused(_))),
            "{motion:?}"
        );
    }
    assert_eq!(
        drives.lock().unwrap()[0].words.len(),
        before,
        "nothing was commanded"
    );
    device.close();
}

#[test]
fn halt_stops_every_joint_and_recovery_moves_nothing() {
    let bench = Bench::new();
    let (device, drives) = arm(&bench);
    ready(&bench, &*device);
    let (joints, halt) = (device.joints().unwrap(), device.halt().unwrap());
    joints.begin(&to(&[(0, 80.0), (1, -80.0)], 20.0)).unwrap();
    bench.pass(200);
    halt.halt().unwrap();
    assert_eq!(halt.confirmed().unwrap(), None, "not known yet");
    bench.pass(300);
    assert_eq!(halt.confirmed().unwrap(), Some(true));
    let stood = joints.positions_deg().unwrap();
    assert!(stood[0] > 11.0 && stood[0] < 20.0, "{stood:?}");
    assert!(
        drives
            .lock()
            .unwrap()
            .iter()
            .all(|drive| drive.state == State::QuickStopActive)
    );
    assert!(
        matches!(
            joints.begin(&to(&[(0, 0.0)], 10.0)),
            Err(Trouble::Refused(_))
        ),
        "not before it is recovered"
    );
    device.power().unwrap().recover().unwrap();
    bench.pass(300);
    assert_eq!(
        joints.positions_deg().unwrap(),
        stood,
        "recovered up to but not including motion"
    );
    assert!(
        drives
            .lock()
            .unwrap()
            .iter()
            .all(|drive| drive.state == State::OperationEnabled)
    );
    device.close();
}

#[test]
fn a_joint_that_did_not_hear_the_halt_is_not_confirmed() {
    let bench = Bench::new();
    let (device, drives) = arm(&bench);
    ready(&bench, &*device);
    let halt = device.halt().unwrap();
    drives.lock().unwrap()[1].mute = true; // the frame to node 2 is lost
    halt.halt().unwrap();
    bench.pass(5);
    drives.lock().unwrap()[1].mute = false;
    bench.pass(300);
    assert_eq!(halt.confirmed().unwrap(), Some(false));
    halt.halt().unwrap();
    bench.pass(300);
    assert_eq!(
        halt.confirmed().unwrap(),
        Some(true),
        "repeated until confirmed"
    );
    device.close();
}

#[test]
fn without_the_executors_lease_the_drives_stop() {
    let bench = Bench::new();
    let (device, drives) = arm(&bench);
    let heard = ready(&bench, &*device);
    device
        .joints()
        .unwrap()
        .begin(&to(&[(0, 80.0)], 5.0))
        .unwrap();
    bench.pass(300);
    assert_eq!(drives.lock().unwrap()[0].state, State::OperationEnabled);
    bench.lease.revoke(); // the executor hangs
    bench.pass(1000);
    assert!(
        drives
            .lock()
            .unwrap()
            .iter()
            .all(|drive| drive.state == State::QuickStopActive)
    );
    let news = heard.news();
    assert!(
        matches!(news.first(), Some(Trouble::Fault(FaultKind::Harness, text)) if text.contains("emcy-0x8130")),
        "{news:?}"
    );
    device.close();
}

#[test]
fn a_heartbeat_withheld_on_purpose_stops_the_drives_too() {
    let bench = Bench::new();
    let (device, drives) = arm(&bench);
    ready(&bench, &*device);
    device.joints().unwrap().withhold_heartbeat(true).unwrap();
    bench.pass(1000);
    assert!(
        drives
            .lock()
            .unwrap()
            .iter()
            .all(|drive| drive.state == State::QuickStopActive)
    );
    device.close();
}

#[test]
fn a_node_that_falls_silent_is_unattributable_with_both_hypotheses() {
    let bench = Bench::new();
    let (device, drives) = arm(&bench);
    let heard = ready(&bench, &*device);
    drives.lock().unwrap()[1].mute = true;
    bench.pass(2000);
    let news = heard.news();
    let [Trouble::Fault(FaultKind::Unattributable, text)] = news.as_slice() else {
        panic!("{news:?}")
    };
    for part in [
        "node 2 (j2)",
        "can0",
        "500 ms",
        "is it powered?",
        "bus is broken",
    ] {
        assert!(text.contains(part), "{text}");
    }
    device.close();
}

#[test]
fn an_emergency_is_the_devices_own_news() {
    let bench = Bench::new();
    let (device, drives) = arm(&bench);
    let heard = ready(&bench, &*device);
    let node = NodeId::new(2).unwrap();
    let emergency = Emergency {
        node,
        code: 0x2310,
        register: 0x02,
        vendor: [1, 2, 3, 4, 5],
    };
    drives.lock().unwrap()[1].say.push(emergency.encode());
    bench.pass(100);
    let news = heard.news();
    let [Trouble::Event { code, text }] = news.as_slice() else {
        panic!("{news:?}")
    };
    assert_eq!(code, "emcy-0x2310");
    assert!(
        text.contains("node 2 (j2)") && text.contains("over-current, output side"),
        "{text}"
    );
    device.close();
}

#[test]
fn a_drive_that_restarts_is_news_and_recovery_sets_it_up_again() {
    let bench = Bench::new();
    let (device, drives) = arm(&bench);
    let heard = ready(&bench, &*device);
    let mut reset = Drive::new(1);
    reset.nmt = NmtState::BootUp;
    reset.say.push(
        Heartbeat {
            node: NodeId::new(1).unwrap(),
            state: NmtState::BootUp,
        }
        .encode(),
    );
    drives.lock().unwrap()[0] = reset;
    bench.pass(100);
    let news = heard.news();
    assert!(
        matches!(news.first(), Some(Trouble::Event { code, .. }) if code == "restart"),
        "{news:?}"
    );
    device.power().unwrap().recover().unwrap();
    bench.pass(200);
    let before = heard.samples(0).len();
    bench.pass(200);
    assert!(heard.samples(0).len() > before + 10, "it is sampled again");
    assert_eq!(drives.lock().unwrap()[0].state, State::OperationEnabled);
    device.close();
}

#[test]
fn a_fault_is_told_and_never_cleared_by_enabling() {
    let bench = Bench::new();
    let (device, drives) = arm(&bench);
    let heard = bench.start(&*device, &["position"]);
    drives.lock().unwrap()[0].state = State::Fault;
    bench.pass(100);
    assert!(
        matches!(heard.news().as_slice(), [Trouble::Event { code, .. }] if code == "drive-fault")
    );
    let enabled = device.power().unwrap().enable();
    assert!(
        matches!(&enabled, Err(Trouble::Event { code, .. }) if code == "fault-0x0000"),
        "{enabled:?}"
    );
    assert_eq!(drives.lock().unwrap()[0].state, State::Fault);
    device.power().unwrap().recover().unwrap();
    assert_eq!(drives.lock().unwrap()[0].state, State::OperationEnabled);
    device.close();
}

#[test]
fn a_halt_that_crosses_with_a_command_wins() {
    for tenths in 0..40u64 {
        let bench = Bench::new();
        let (device, drives) = arm(&bench);
        ready(&bench, &*device);
        let (halt, clock) = (device.halt().unwrap(), bench.clock.clone());
        let crossing = clock.now() + Duration::from_micros(100 * tenths);
        bench.peer("somebody who halts", move |_| {
            clock.sleep_until(crossing);
            halt.halt().unwrap();
        });
        let _ = device
            .joints()
            .unwrap()
            .begin(&to(&[(0, 80.0), (1, -80.0)], 60.0));
        bench.pass(50);
        let states: Vec<State> = drives
            .lock()
            .unwrap()
            .iter()
            .map(|drive| drive.state)
            .collect();
        assert_eq!(
            states,
            [State::QuickStopActive; 2],
            "halted after {tenths} tenths of a millisecond"
        );
        device.close();
    }
}

#[test]
fn a_command_that_a_halt_overtook_on_its_way_out_is_followed_by_another_halt() {
    for word in [[0x3F, 0x00], [0x0F, 0x00]] {
        let bench = Bench::new();
        let (near, far) = pair::can(&bench.clock, "can0", pair::Wire::default());
        let frame: fn(&[u8]) -> bool = match word {
            [0x3F, _] => |data| data.starts_with(&[0x2B, 0x40, 0x60, 0x00, 0x3F]),
            _ => |data| data.starts_with(&[0x2B, 0x40, 0x60, 0x00, 0x0F]),
        };
        let (near, halt) = Overtaken::new(near, frame);
        let device = open(&arm_plan(&[]), Arc::new(near), &bench.clock).unwrap();
        let drives = serve(&bench, far, 2);
        ready(&bench, &*device);
        assert!(halt.set(device.halt().unwrap()).is_ok());
        let begun = device
            .joints()
            .unwrap()
            .begin(&to(&[(0, 80.0), (1, -80.0)], 60.0));
        assert!(matches!(begun, Err(Trouble::Refused(_))), "{begun:?}");
        bench.pass(50);
        let states: Vec<State> = drives
            .lock()
            .unwrap()
            .iter()
            .map(|drive| drive.state)
            .collect();
        assert_eq!(states, [State::QuickStopActive; 2], "{word:?}");
        device.close();
    }
}

#[test]
fn a_halt_that_crosses_with_enabling_wins() {
    for tenths in 0..60u64 {
        let bench = Bench::new();
        let (device, drives) = arm(&bench);
        let _heard = bench.start(&*device, &[]);
        let (halt, clock) = (device.halt().unwrap(), bench.clock.clone());
        let crossing = clock.now() + Duration::from_micros(900 * tenths);
        bench.peer("somebody who halts", move |_| {
            clock.sleep_until(crossing);
            halt.halt().unwrap();
        });
        let enabled = device.power().unwrap().enable();
        bench.pass(100);
        let drives = drives.lock().unwrap();
        let powered = drives
            .iter()
            .any(|drive| drive.state == State::OperationEnabled);
        assert!(
            !powered,
            "halted after {tenths} steps of 0.9 ms: {enabled:?}"
        );
        drop(drives);
        device.close();
    }
}

#[test]
fn a_joint_held_by_something_has_stopped_and_not_settled() {
    let bench = Bench::new();
    let (device, drives) = arm(&bench);
    ready(&bench, &*device);
    drives.lock().unwrap()[0].blocked = true;
    let joints = device.joints().unwrap();
    joints.begin(&to(&[(0, 40.0)], 60.0)).unwrap();
    bench.pass(200);
    assert_eq!(joints.progress().unwrap(), Progress::Moving);
    bench.pass(800);
    assert_eq!(joints.progress().unwrap(), Progress::Stopped);
    device.close();
}

#[test]
fn a_watchdog_that_the_drive_lacks_is_refused_when_the_bench_counts_on_it() {
    let bench = Bench::new();
    let mut plan = arm_plan(&[]);
    if let Some(safety) = &mut plan.safety {
        safety.watchdog = Watchdog::Stops { after_s: 0.5 };
    }
    let (device, drives) = arm_of(&bench, &plan);
    drives.lock().unwrap()[1].objects.remove(&(0x1016, 1));
    // the drive's own model needs the object; nothing of it is stepped in this test
    drives.lock().unwrap()[1]
        .objects
        .insert((0x1016, 1), vec![0; 1]);
    let nothing = Arc::new(|_: &certbench_model::Sample| ());
    let started = device.start(
        Default::default(),
        nothing,
        Arc::new(|_| ()),
        bench.lease.clone(),
    );
    assert!(
        matches!(&started, Err(Trouble::Refused(text)) if text.contains("1016h")),
        "{started:?}"
    );
    device.close();
}

#[test]
fn a_bench_that_cannot_limit_a_joint_is_refused() {
    let bench = Bench::new();
    for plan in [
        limited(arm_plan(&[]), 1, 90.0, 60.0),
        arm_plan(&[("counts_per_deg", "")]),
        arm_plan(&[("counts_per_deg", "0")]),
        arm_plan(&[("nodes", "1 1")]),
        arm_plan(&[("nodes", "1 128")]),
        safe(arm_plan(&[]), SafeState::Open),
    ] {
        let (near, _far) = pair::can(&bench.clock, "can0", pair::Wire::default());
        let opened = open(&plan, Arc::new(near), &bench.clock).err();
        assert!(
            matches!(opened, Some(Trouble::Refused(_))),
            "{:?}",
            plan.options
        );
    }
}

/// A drive's own file is long; a server without blocks gives it by segments.
#[test]
fn a_long_object_comes_in_blocks_or_by_segments() {
    for blocks in [true, false] {
        let bench = Bench::new();
        let (device, drives) = arm(&bench);
        for drive in drives.lock().unwrap().iter_mut() {
            drive.blocks = blocks;
            let text = format!("; {}\n[nothing]\n", "-".repeat(1500));
            drive.objects.insert((0x1021, 0), text.into_bytes());
            drive.objects.insert((0x1022, 0), vec![0]);
        }
        let refused = device.identify();
        assert!(
            matches!(&refused, Err(Trouble::Refused(text)) if text.contains("by its file, 6040:00")),
            "it came whole, and has no object: {refused:?}"
        );
        device.close();
    }
}

/// Fed all the time, a drive that says it misses set-points does not hear this computer: nobody is blamed.
#[test]
fn missed_set_points_that_were_sent_are_blamed_on_nobody() {
    let bench = Bench::new();
    let (device, drives) = arm(&bench);
    let heard = ready(&bench, &*device);
    let emergency = Emergency {
        node: NodeId::new(1).unwrap(),
        code: 0x8250,
        register: 0x11,
        vendor: [0; 5],
    };
    drives.lock().unwrap()[0].say.push(emergency.encode());
    bench.pass(100);
    let news = heard.news();
    assert!(
        matches!(&news[..], [Trouble::Fault(FaultKind::Unattributable, text)] if text.contains("emcy-0x8250")),
        "{news:?}"
    );
    device.close();
}

/// Whoever enabled it: what a file says of a drive with power is not written.
#[test]
fn a_drive_with_power_is_not_configured() {
    let bench = Bench::new();
    let mut plan = arm_plan(&[]);
    let text = "[DeviceInfo]\nVendorNumber=0x1A3\nProductNumber=6\n[607C]\nParameterName=Home offset\nDataType=4\nAccessType=rw\nParameterValue=77\n";
    let used: String = ["6040", "6060", "607A", "6081", "6041", "6064"]
        .into_iter()
        .zip([6, 2, 4, 7, 6, 4])
        .map(|(at, kind)| format!("[{at}]\nDataType={kind}\nAccessType=rw\nPDOMapping=1\n"))
        .collect();
    plan.options.insert(
        "eds".into(),
        serde_json::json!({ "path": "drive.dcf", "sha256": "0", "text": format!("{used}{text}") }),
    );
    let (device, drives) = arm_of(&bench, &plan);
    for drive in drives.lock().unwrap().iter_mut() {
        drive.objects.insert((0x607C, 0), vec![0; 4]);
        drive.state = State::OperationEnabled;
    }
    let start = || {
        let nothing = Arc::new(|_: &certbench_model::Sample| ());
        device.start(
            Default::default(),
            nothing,
            Arc::new(|_| ()),
            bench.lease.clone(),
        )
    };
    let refused = start();
    assert!(
        matches!(&refused, Err(Trouble::Refused(text)) if text.contains("only a disabled drive")),
        "{refused:?}"
    );
    assert_eq!(drives.lock().unwrap()[0].objects[&(0x607C, 0)], [0; 4]);
    for drive in drives.lock().unwrap().iter_mut() {
        drive.state = State::SwitchOnDisabled;
    }
    start().unwrap();
    for drive in drives.lock().unwrap().iter() {
        assert_eq!(drive.objects[&(0x607C, 0)], [77, 0, 0, 0]);
    }

    // our heartbeat was lost: they rest after a quick stop, and one has another value meanwhile
    for drive in drives.lock().unwrap().iter_mut() {
        drive.objects.insert((0x607C, 0), vec![78, 0, 0, 0]);
        drive.state = State::QuickStopActive;
        drive.nmt = NmtState::PreOperational;
    }
    bench.pass(300);
    device.power().unwrap().recover().unwrap();
    for drive in drives.lock().unwrap().iter() {
        assert_eq!(drive.state, State::OperationEnabled);
        assert_eq!(drive.objects[&(0x607C, 0)], [78, 0, 0, 0], "it has power");
    }
    device.close();
}

/// One late beat would be a lost one, and each regular one this computer's fault.
#[test]
fn a_heartbeat_that_is_missed_at_once_is_refused() {
    let bench = Bench::new();
    for (options, named) in [
        (vec![("heartbeat", "400 ms")], "heartbeat"),
        (
            vec![
                ("motion", "cyclic"),
                ("acceleration", "100 deg/s2"),
                ("interval", "100 ms"),
                ("heartbeat", "50 ms"),
                ("lost_after", "150 ms"),
            ],
            "interval",
        ),
    ] {
        let (near, _far) = pair::can(&bench.clock, "can0", pair::Wire::default());
        let opened = super::arm::open(&arm_plan(&options), Arc::new(near), &bench.clock);
        let refused = opened.err();
        assert!(
            matches!(&refused, Some(Trouble::Refused(text)) if text.contains(named) && text.contains("half of `lost_after`")),
            "{refused:?}"
        );
    }
}
