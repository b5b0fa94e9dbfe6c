//! The arm on its bus, its tracker and its emergency stop, on the simulated clock.

mod common;

use certbench_sim::config::{FaultConfig, FaultKind, Trigger};
use certbench_sim::kinematics::Frame;
use certbench_wire::canopen::cia402::{Controlword, Goal, Mode, State};
use certbench_wire::canopen::sdo::{Abort, Failure};
use certbench_wire::canopen::{NmtCommand, Service, object, pdo};
use certbench_wire::lines::Lines;
use certbench_wire::modbus;
use common::{Bench, Bus, HOST, count, emergencies, ms, node};
use serde_json::{Value, json};

/// Position units a degree.
const DEG: i32 = 10_000;

fn block() -> Value {
    json!({ "seed": 11, "arm": { "home_deg": [0, 0, 0, 0, -90, 0] }, "tracker": { "columns": ["n", "t", "x", "y", "z", "a", "b", "c"], "separator": "semicolon" } })
}

fn bench_of(block: &Value) -> Bench {
    Bench::new(
        block,
        &[
            ("arm", "canopen-arm"),
            ("tracker", "ascii-tracker"),
            ("io", "modbus-io"),
        ],
    )
}

fn bench() -> Bench {
    bench_of(&block())
}

fn estop(bench: &Bench, open: bool) {
    let request = modbus::Request::WriteCoil {
        address: 1,
        on: open,
    };
    bench.ask("io", &request.encode(1).unwrap(), ms(20));
}

fn inputs(bench: &Bench) -> (bool, bool) {
    let request = modbus::Request::Read {
        table: modbus::Table::DiscreteInputs,
        start: 0,
        count: 2,
    };
    let answer = bench.ask("io", &request.encode(1).unwrap(), ms(20));
    let mut decoder = modbus::ReplyDecoder::new(1, request);
    decoder.push(&answer);
    match decoder.next() {
        Some(Ok(modbus::Reply::Bits(bits))) => (bits[0], bits[1]),
        other => panic!("{other:?}"),
    }
}

fn deg_per_s(bus: &Bus<'_>, n: u8) -> f64 {
    bus.get(n, 0x606C, 0) as f64 / f64::from(DEG)
}

#[test]
fn six_nodes_boot_and_beat() {
    let bench = bench();
    let frames = bench.bus().hear(ms(1010));
    for n in 1..=6 {
        let beats: Vec<u8> = frames
            .iter()
            .filter(|f| Service::of(f.id()) == Some(Service::Heartbeat(node(n))))
            .map(|f| f.data()[0])
            .collect();
        assert_eq!(beats[0], 0x00, "boot-up first");
        assert_eq!(beats[1..], [0x7F; 10], "then pre-operational, ten a second");
    }
    assert_eq!(frames.len(), 66); // and nothing else
    bench.finish();
}

#[test]
fn a_node_says_who_it_is() {
    let bench = bench();
    let bus = bench.bus();
    assert_eq!(bus.upload(3, 0x1000, 0).unwrap(), [0x92, 0x01, 0x02, 0x00]);
    assert_eq!(bus.upload(3, 0x1008, 0).unwrap(), b"SIM-6"); // segmented
    assert_eq!(bus.upload(3, 0x100A, 0).unwrap(), b"1.0.0");
    assert_eq!(bus.get(3, 0x1018, 4), 1003);
    assert_eq!(bus.get(3, 0x6502, 0), 0x3AD); // modes 1, 3, 4, 6, 8, 9, 10
    assert_eq!(bus.get(3, 0x608F, 1), i64::from(360 * DEG));
    bench.finish();
}

#[test]
fn what_cannot_be_is_refused_by_the_standard() {
    let bench = bench();
    let bus = bench.bus();
    let by_node = |code| Err::<Vec<u8>, _>(Failure::ByNode(code));
    assert_eq!(bus.upload(1, 0x5000, 0), by_node(Abort::NO_OBJECT));
    assert_eq!(bus.upload(1, 0x1018, 9), by_node(Abort::NO_SUB_INDEX));
    assert_eq!(bus.upload(1, 0x6041, 1), by_node(Abort::NO_SUB_INDEX));
    let refused = |index, sub, data: &[u8]| match bus.download(1, index, sub, data) {
        Err(Failure::ByNode(abort)) => abort,
        other => panic!("{other:?}"),
    };
    assert_eq!(refused(0x6064, 0, &[0; 4]), Abort::READ_ONLY);
    assert_eq!(refused(0x607A, 0, &[0; 2]), Abort::TOO_SHORT);
    assert_eq!(refused(0x6060, 0, &[0; 4]), Abort::TOO_LONG);
    assert_eq!(refused(0x6060, 0, &[11]), Abort::VALUE_RANGE); // there is no such mode
    assert_eq!(refused(0x1A00, 1, &[0; 4]), Abort::UNSUPPORTED_ACCESS); // while it is mapped
    bench.finish();
}

#[test]
fn a_joint_goes_where_it_is_told_in_the_time_that_takes() {
    let bench = bench();
    let bus = bench.bus();
    assert_eq!(bus.state(1), State::SwitchOnDisabled);
    bus.enable(1, 60 * DEG);
    assert_eq!(bus.state(1), State::OperationEnabled);
    bus.hear(ms(100));
    let began = bench.clock.now();
    bus.go(1, 30 * DEG);
    assert!(!bus.status(1).target_reached());
    assert!(bus.arrives(1, ms(5000)));
    // 30 deg at 60 deg/s and 300 deg/s²: 0.7 s
    let seconds = (bench.clock.now() - began).as_secs_f64();
    assert!((0.65..0.95).contains(&seconds), "{seconds}");
    let position = bus.get(1, 0x6064, 0);
    assert!((position - i64::from(30 * DEG)).abs() < 200, "{position}");
    assert_eq!(bus.get(2, 0x6064, 0), 0);
    bench.finish();
}

#[test]
fn a_second_target_waits_or_replaces() {
    let bench = bench();
    let bus = bench.bus();
    bus.enable(1, 60 * DEG);
    bus.go(1, 30 * DEG);
    // without "change immediately" it waits for its turn
    bus.download(1, 0x607A, 0, &(-10 * DEG).to_le_bytes())
        .unwrap();
    bus.control(1, Controlword::enabled_with(Controlword::NEW_SET_POINT));
    assert!(bus.status(1).set_point_acknowledged());
    bus.control(1, Controlword::ENABLE_OPERATION);
    let mut highest = 0;
    for _ in 0..100 {
        bus.hear(ms(20));
        highest = highest.max(bus.get(1, 0x6064, 0));
    }
    assert!(highest > i64::from(29 * DEG), "{highest}");
    assert!((bus.get(1, 0x6064, 0) + i64::from(10 * DEG)).abs() < 200);
    assert!(bus.status(1).target_reached());
    // relative
    bus.download(1, 0x607A, 0, &(5 * DEG).to_le_bytes())
        .unwrap();
    bus.control(
        1,
        Controlword::enabled_with(Controlword::NEW_SET_POINT | Controlword::RELATIVE),
    );
    bus.control(1, Controlword::ENABLE_OPERATION);
    assert!(bus.arrives(1, ms(2000)));
    assert!((bus.get(1, 0x6064, 0) + i64::from(5 * DEG)).abs() < 400);
    bench.finish();
}

#[test]
fn a_halted_joint_stands_enabled_and_goes_on() {
    let bench = bench();
    let bus = bench.bus();
    bus.enable(1, 60 * DEG);
    bus.go(1, 60 * DEG);
    bus.hear(ms(300));
    bus.control(1, Controlword::enabled_with(Controlword::HALT));
    bus.hear(ms(600));
    assert_eq!(bus.get(1, 0x606C, 0), 0);
    assert_eq!(bus.state(1), State::OperationEnabled);
    assert!(bus.status(1).target_reached()); // with halt: it stands
    bus.control(1, Controlword::ENABLE_OPERATION);
    assert!(!bus.status(1).target_reached());
    assert!(bus.arrives(1, ms(3000)));
    assert!((bus.get(1, 0x6064, 0) - i64::from(60 * DEG)).abs() < 200);
    bench.finish();
}

#[test]
fn limits_of_the_drive_hold_and_are_shown() {
    let bench = bench();
    let bus = bench.bus();
    bus.enable(1, 1000 * DEG); // the nameplate says 120 deg/s
    bus.go(1, 400 * DEG);
    assert!(bus.status(1).internal_limit());
    bus.hear(ms(800));
    assert!((deg_per_s(&bus, 1) - 120.0).abs() < 1.0);
    assert!(bus.arrives(1, ms(5000)));
    assert!((bus.get(1, 0x6064, 0) - i64::from(180 * DEG)).abs() < 200);
    bench.finish();
}

fn moving(bus: &Bus<'_>) {
    bus.enable(1, 60 * DEG);
    bus.go(1, 170 * DEG);
    bus.hear(ms(600));
    assert!((deg_per_s(bus, 1) - 60.0).abs() < 1.0);
}

#[test]
fn a_quick_stop_ends_without_torque_or_stands_as_605a_says() {
    for (option, end) in [(2, State::SwitchOnDisabled), (6, State::QuickStopActive)] {
        let bench = bench();
        let bus = bench.bus();
        bus.download(1, 0x605A, 0, &[option, 0]).unwrap();
        moving(&bus);
        let at = bus.get(1, 0x6064, 0);
        bus.control(1, Controlword::QUICK_STOP);
        assert_eq!(bus.state(1), State::QuickStopActive);
        bus.hear(ms(1000));
        assert_eq!((bus.state(1), bus.get(1, 0x606C, 0)), (end, 0));
        // 60²/(2·600) = 3 deg, and a little for the servo and the questions
        let ran = bus.get(1, 0x6064, 0) - at;
        assert!(
            (i64::from(3 * DEG)..i64::from(5 * DEG)).contains(&ran),
            "{ran}"
        );
        bus.bring(1, Goal::Disabled);
        bus.enable(1, 60 * DEG);
        bus.hear(ms(300));
        assert_eq!(bus.get(1, 0x606C, 0), 0, "a reset restarts nothing");
        bench.finish();
    }
}

#[test]
fn a_host_that_falls_silent_stops_the_arm() {
    let bench = bench();
    let bus = bench.bus();
    let watch = (u32::from(HOST.number()) << 16 | 200).to_le_bytes();
    (1..=6).for_each(|n| bus.download(n, 0x1016, 1, &watch).unwrap());
    bus.nmt(NmtCommand::Start);
    bus.heartbeat();
    bus.enable(1, 60 * DEG);
    bus.heartbeat();
    bus.go(1, 170 * DEG);
    for _ in 0..6 {
        bus.heartbeat();
        bus.hear(ms(100));
    }
    assert!((deg_per_s(&bus, 1) - 60.0).abs() < 1.0);
    bus.heartbeat();
    let frames = bus.hear(ms(199));
    assert_eq!(emergencies(&frames), []);
    let frames = bus.hear(ms(500));
    assert_eq!(
        emergencies(&frames),
        (1..=6).map(|n| (n, 0x8130)).collect::<Vec<_>>()
    );
    assert!(bench.simulation.at_rest());
    assert_eq!(bus.state(1), State::SwitchOnDisabled);
    let frames = bus.hear(ms(100));
    assert_eq!(
        count(&frames, Service::Tpdo(1, node(1))),
        0,
        "back to pre-operational"
    );
    let log = bench.happened();
    let at = |what: &str| {
        log.iter()
            .position(|w| w == what)
            .unwrap_or_else(|| panic!("{what}: {log:?}"))
    };
    assert!(at("heartbeat lost") < at("arm at rest"));
    bus.heartbeat();
    assert_eq!(emergencies(&bus.hear(ms(50))).len(), 6, "error reset"); // 0x0000
    bench.finish();
}

#[test]
fn drives_that_ignore_a_silent_host_go_on_and_say_nothing() {
    let mut block = block();
    block["arm"]["stop"] = json!({ "ignores_silence": true });
    let bench = bench_of(&block);
    let bus = bench.bus();
    let watch = (u32::from(HOST.number()) << 16 | 200).to_le_bytes();
    bus.download(1, 0x1016, 1, &watch).unwrap();
    bus.nmt(NmtCommand::Start);
    bus.heartbeat();
    bus.enable(1, 60 * DEG);
    bus.heartbeat();
    bus.go(1, 170 * DEG);
    let frames = bus.hear(ms(1000));
    assert_eq!(emergencies(&frames), []);
    assert!((deg_per_s(&bus, 1) - 60.0).abs() < 1.0);
    bench.finish();
}

#[test]
fn a_cut_cable_stops_the_arm_too() {
    let bench = bench();
    let bus = bench.bus();
    let watch = (u32::from(HOST.number()) << 16 | 1500).to_le_bytes();
    bus.download(1, 0x1016, 1, &watch).unwrap();
    bus.heartbeat();
    moving(&bus);
    bench
        .simulation
        .fault(&FaultConfig::now("arm", FaultKind::Deaf))
        .unwrap();
    bench
        .simulation
        .fault(&FaultConfig::now("arm", FaultKind::Silence))
        .unwrap();
    assert!(bus.hear(ms(100)).is_empty());
    assert!(bench.simulation.run_until_rest(ms(500), ms(5000)));
    let end = bench.simulation.take_log().pop().unwrap();
    assert_eq!(end.what, "end");
    assert_eq!(
        end.detail["state"]["arm"]["joint_deg_per_s"],
        json!([0.0, 0.0, 0.0, 0.0, 0.0, 0.0])
    );
    assert_eq!(end.detail["state"]["arm"]["brake_closed"][0], true);
    bench.finish();
}

#[test]
fn process_data_come_by_timer_by_change_and_by_sync_as_mapped() {
    let bench = bench();
    let bus = bench.bus();
    for write in pdo::configure_tpdo(
        1,
        node(1),
        255,
        5,
        &[object::POSITION_ACTUAL, object::VELOCITY_ACTUAL],
    ) {
        bus.download(1, write.index, write.sub, &write.data)
            .unwrap();
    }
    for write in pdo::configure_tpdo(2, node(1), 1, 0, &[object::STATUSWORD]) {
        bus.download(1, write.index, write.sub, &write.data)
            .unwrap();
    }
    for n in 2..=6 {
        bus.download(n, 0x1800, 5, &[0, 0]).unwrap();
    }
    bus.nmt(NmtCommand::Start);
    let frames = bus.hear(ms(1000));
    let timed = count(&frames, Service::Tpdo(1, node(1)));
    assert!((199..=201).contains(&timed), "{timed}");
    assert!(
        frames
            .iter()
            .filter(|f| f.id() == 0x181)
            .all(|f| f.len() == 8)
    );
    assert_eq!(count(&frames, Service::Tpdo(2, node(1))), 0);
    assert_eq!(count(&frames, Service::Tpdo(1, node(2))), 1); // once, and then on change
    bus.send(certbench_wire::canopen::SYNC);
    assert_eq!(count(&bus.hear(ms(3)), Service::Tpdo(2, node(1))), 1);
    bus.control(2, Controlword::SHUTDOWN);
    assert_eq!(count(&bus.hear(ms(50)), Service::Tpdo(1, node(2))), 1);
    // mapping what does not exist, or too much
    bus.download(1, 0x1A02, 1, &0x5000_0010u32.to_le_bytes())
        .unwrap();
    let refused = bus.download(1, 0x1A02, 0, &[1]);
    assert_eq!(refused, Err(Failure::ByNode(Abort::NOT_MAPPABLE)));
    (1..=3).for_each(|sub| {
        bus.download(1, 0x1A02, sub, &0x6064_0020u32.to_le_bytes())
            .unwrap()
    });
    assert_eq!(
        bus.download(1, 0x1A02, 0, &[3]),
        Err(Failure::ByNode(Abort::PDO_LENGTH))
    );
    bench.finish();
}

#[test]
fn a_received_pdo_controls_the_drive() {
    let bench = bench();
    let bus = bench.bus();
    bus.nmt(NmtCommand::Start);
    bus.download(4, 0x6060, 0, &[1]).unwrap();
    let send = |word: u16, target: i32| {
        let mut data = word.to_le_bytes().to_vec();
        data.extend(target.to_le_bytes());
        bus.send(certbench_wire::canopen::CobFrame::new(0x304, &data).unwrap());
        bus.hear(ms(10));
    };
    [0x06, 0x07, 0x0F].iter().for_each(|word| send(*word, 0));
    assert_eq!(bus.state(4), State::OperationEnabled);
    bus.hear(ms(50));
    send(0x3F, 10 * DEG);
    send(0x0F, 10 * DEG);
    assert!(bus.arrives(4, ms(3000)));
    assert!((bus.get(4, 0x6064, 0) - i64::from(10 * DEG)).abs() < 200);
    bench.finish();
}

#[test]
fn a_reported_error_stops_its_joint_and_only_an_edge_clears_it() {
    let bench = bench();
    let bus = bench.bus();
    let fault = FaultConfig {
        node: Some(1),
        code: Some(0x2310),
        on: Some(Trigger::Moving),
        after_ms: 300.0,
        ..FaultConfig::now("arm", FaultKind::Emcy)
    };
    bench.simulation.fault(&fault).unwrap();
    bus.enable(1, 60 * DEG);
    bus.go(1, 170 * DEG);
    let frames = bus.hear(ms(1500));
    assert_eq!(emergencies(&frames), [(1, 0x2310)]);
    assert_eq!(
        (bus.state(1), bus.get(1, 0x606C, 0), bus.get(1, 0x603F, 0)),
        (State::Fault, 0, 0x2310)
    );
    assert_eq!(bus.get(1, 0x1003, 1), 0x2310);
    bus.control(1, Controlword::ENABLE_OPERATION);
    assert_eq!(bus.state(1), State::Fault);
    bus.bring(1, Goal::FaultCleared);
    assert_eq!((bus.get(1, 0x603F, 0), bus.get(1, 0x1001, 0)), (0, 0));
    bus.enable(1, 60 * DEG);
    bench.finish();
}

#[test]
fn a_hot_joint_is_a_hot_joint_and_a_mute_one_works_on() {
    let bench = bench();
    let bus = bench.bus();
    bus.hear(ms(500));
    let hot = FaultConfig {
        node: Some(2),
        ..FaultConfig::now("arm", FaultKind::OverTemperature)
    };
    bench.simulation.fault(&hot).unwrap();
    let mute = FaultConfig {
        node: Some(5),
        for_s: Some(1.0),
        ..FaultConfig::now("arm", FaultKind::HeartbeatLoss)
    };
    bench.simulation.fault(&mute).unwrap();
    let frames = bus.hear(ms(900));
    assert_eq!(emergencies(&frames), [(2, 0x4310)]);
    assert_eq!(bus.state(2), State::Fault);
    assert_eq!(count(&frames, Service::Heartbeat(node(5))), 0);
    assert_eq!(count(&frames, Service::Heartbeat(node(6))), 9);
    assert_eq!(bus.get(5, 0x1018, 4), 1005);
    assert!(count(&bus.hear(ms(500)), Service::Heartbeat(node(5))) >= 3);
    bench.finish();
}

#[test]
fn a_restarted_node_boots_and_has_forgotten() {
    let bench = bench();
    let bus = bench.bus();
    moving(&bus);
    let restart = FaultConfig {
        node: Some(1),
        for_s: Some(0.5),
        ..FaultConfig::now("arm", FaultKind::Restart)
    };
    bench.simulation.fault(&restart).unwrap();
    let frames = bus.hear(ms(400));
    assert_eq!(count(&frames, Service::Heartbeat(node(1))), 0);
    let frames = bus.hear(ms(300));
    let first = frames
        .iter()
        .find(|f| Service::of(f.id()) == Some(Service::Heartbeat(node(1))))
        .unwrap();
    assert_eq!(first.data(), [0]);
    assert_eq!(bus.state(1), State::SwitchOnDisabled);
    assert_eq!(bus.get(1, 0x6081, 0), i64::from(30 * DEG));
    assert!(bench.simulation.at_rest()); // the brake has it
    bench.finish();
}

#[test]
fn an_overloaded_joint_reports_a_following_error() {
    let mut block = block();
    block["arm"]["load_kg"] = json!(60);
    let bench = bench_of(&block);
    let bus = bench.bus();
    bus.enable(2, 60 * DEG);
    assert_eq!(emergencies(&bus.hear(ms(1500))), [(2, 0x8611)]);
    assert!(bus.status(2).following_error(Mode::ProfilePosition));
    bench.finish();
}

/// Opens the chain at 60 deg/s: contact, then rest, then (category 1) power.
#[test]
fn an_emergency_stop_by_relay_stops_the_arm_and_takes_its_power() {
    for category in [0, 1] {
        let mut block = block();
        block["arm"]["stop"] = json!({ "category": category });
        let bench = bench_of(&block);
        let bus = bench.bus();
        moving(&bus);
        assert_eq!(inputs(&bench), (false, true));
        estop(&bench, true);
        bus.hear(ms(30));
        let (open, power) = inputs(&bench);
        assert_eq!((open, power), (true, category == 1), "category {category}");
        bus.hear(ms(600));
        assert_eq!(inputs(&bench), (true, false));
        assert_eq!(
            (bus.state(1), bus.status(1).voltage_enabled()),
            (State::SwitchOnDisabled, false)
        );
        assert!(bench.simulation.at_rest());
        // it cannot be enabled without power, and power alone moves nothing
        bus.control(1, Controlword::SHUTDOWN);
        bus.control(1, Controlword::SWITCH_ON);
        assert_ne!(bus.state(1), State::SwitchedOn);
        estop(&bench, false);
        bus.hear(ms(300));
        assert_eq!(inputs(&bench), (false, true));
        bus.enable(1, 60 * DEG);
        bus.hear(ms(500));
        assert_eq!(bus.get(1, 0x606C, 0), 0);
        assert_eq!(
            emergencies(&bus.hear(ms(100))),
            [],
            "a demanded stop is no error of the arm"
        );
        bench.finish();
    }
}

fn lines(bench: &Bench, seconds: u64) -> Vec<Vec<Option<f64>>> {
    let mut splitter = Lines::new(200);
    splitter.push(&bench.hear("tracker", ms(1000 * seconds)));
    let parse = |line: String| {
        line.split(';')
            .map(|field| field.trim().parse().ok())
            .collect()
    };
    std::iter::from_fn(|| splitter.next())
        .map(|line| parse(line.unwrap()))
        .collect()
}

#[test]
fn the_tracker_sends_what_is_true_in_a_frame_of_its_own() {
    let bench = bench();
    let lines = lines(&bench, 2);
    assert!((499..=501).contains(&lines.len()), "{}", lines.len());
    assert!(
        lines
            .windows(2)
            .all(|two| two[1][0].unwrap() - two[0][0].unwrap() == 1.0)
    );
    let mean = |column: usize| {
        lines.iter().map(|line| line[column].unwrap()).sum::<f64>() / lines.len() as f64
    };
    let truth = bench.simulation.truth();
    let stand = &truth["tracker"]["parameters"];
    let three = |value: &Value| -> [f64; 3] { std::array::from_fn(|i| value[i].as_f64().unwrap()) };
    let stand = Frame::from_pose(three(&stand["origin_mm"]), three(&stand["rotation_deg"]));
    let seen = stand.point([mean(2), mean(3), mean(4)]);
    let tcp = three(&truth["arm"]["tcp"]);
    let apart = seen
        .iter()
        .zip(tcp)
        .map(|(a, b)| (a - b).abs())
        .fold(0.0, f64::max);
    assert!(apart < 0.005, "{seen:?} {tcp:?}"); // 10 µm of noise in the mean of 500
    let spread = (lines
        .iter()
        .map(|line| (line[2].unwrap() - mean(2)).powi(2))
        .sum::<f64>()
        / 499.0)
        .sqrt();
    assert!((0.008..0.012).contains(&spread), "{spread}");
    bench.finish();
}

#[test]
fn a_tracker_out_of_sight_says_so_a_stuck_one_does_not() {
    let bench = bench();
    bench
        .simulation
        .fault(&FaultConfig::now("tracker", FaultKind::OverRange))
        .unwrap();
    bench.hear("tracker", ms(50));
    assert!(
        lines(&bench, 1)
            .iter()
            .all(|line| line[2..].iter().all(Option::is_none) && line[0].is_some())
    );
    bench.simulation.repair("tracker");
    bench
        .simulation
        .fault(&FaultConfig::now("tracker", FaultKind::Stuck))
        .unwrap();
    bench.hear("tracker", ms(50));
    let stuck = lines(&bench, 1);
    assert!(stuck.windows(2).all(|two| two[0][2..] == two[1][2..]));
    bench.simulation.repair("tracker");
    let drift = FaultConfig {
        rate_per_s: Some(1.0),
        ..FaultConfig::now("tracker", FaultKind::Drift)
    };
    bench.simulation.fault(&drift).unwrap();
    bench.hear("tracker", ms(50));
    let drifting = lines(&bench, 2);
    let (first, last) = (
        drifting[0][2].unwrap(),
        drifting.last().unwrap()[2].unwrap(),
    );
    assert!((last - first - 2.0).abs() < 0.1, "{first} {last}");
    bench.finish();
}

#[test]
fn a_load_needs_an_arm_at_rest() {
    let bench = bench();
    let bus = bench.bus();
    bench.simulation.apply("load", "5 kg").unwrap();
    moving(&bus);
    assert!(
        bench
            .simulation
            .apply("load", "0 kg")
            .unwrap_err()
            .contains("moves")
    );
    bench.finish();
}

#[test]
fn the_same_seed_gives_the_same_frames() {
    let run = || {
        let bench = bench();
        let bus = bench.bus();
        bus.nmt(NmtCommand::Start);
        moving(&bus);
        estop(&bench, true);
        let mut all: Vec<String> = bus.hear(ms(1500)).iter().map(ToString::to_string).collect();
        all.push(String::from_utf8(bench.hear("tracker", ms(500))).unwrap());
        all.push(bench.simulation.truth().to_string());
        bench.finish();
        all
    };
    assert_eq!(run(), run());
}
