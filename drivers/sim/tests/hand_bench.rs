//! The hand, its gauge and its relay box, through their wires, on the simulated clock.

mod common;

use certbench_sim::config::{FaultConfig, FaultKind, Trigger};
use certbench_wire::mark10;
use certbench_wire::modbus::{self, Exception, Table};
use certbench_wire::rh56::{Reply, Request, register};
use common::{Bench, ms};
use serde_json::json;

const POWER: [i16; 6] = [0; 6];
const OPEN: [i16; 6] = [1000; 6];
const NOTHING: [u8; 0] = [];

fn bench() -> Bench {
    let block = json!({
        "seed": 7,
        "hand": { "objects": {
            "cylinder-50": { "mass_kg": 0.30, "width_mm": 50, "friction": 0.45 },
            "soaped-50": { "mass_kg": 0.90, "width_mm": 50, "friction": 0.05 },
        } },
        "io": { "outputs": { "0": "support-lowered" }, "inputs": { "0": "support-raised", "2": "support-lowered" } },
    });
    Bench::new(
        &block,
        &[
            ("hand", "inspire-rh56"),
            ("gauge", "mark10-gauge"),
            ("io", "modbus-io"),
        ],
    )
}

fn newton(bench: &Bench) -> Result<f64, mark10::Invalid> {
    let answer = bench.ask("gauge", &mark10::Command::RealTime.encode(), ms(20));
    let line = String::from_utf8(answer).unwrap();
    assert!(line.ends_with("\r\n"), "{line:?}");
    mark10::decode_reply(line.trim_end()).map(|reading| reading.value)
}

fn modbus(bench: &Bench, request: modbus::Request) -> Option<modbus::Reply> {
    let answer = bench.ask("io", &request.encode(1).unwrap(), ms(30));
    let mut decoder = modbus::ReplyDecoder::new(1, request);
    decoder.push(&answer);
    decoder.next()?.ok()
}

fn lower(bench: &Bench, on: bool) {
    let request = modbus::Request::WriteCoil { address: 0, on };
    assert_eq!(modbus(bench, request), Some(modbus::Reply::Written));
    bench.wait(ms(500));
}

fn grasp(bench: &Bench, object: &str, grams: i16) {
    bench.simulation.apply("mount", object).unwrap();
    assert!(bench.write_six(&register::FORCE_SET, [grams; 6]));
    assert!(bench.write_six(&register::ANGLE_SET, POWER));
    bench.wait(ms(1500));
}

#[test]
fn a_grasp_lifts_the_weight_off_the_gauge_and_gives_it_back() {
    let bench = bench();
    let weight = 0.3 * 9.806_65;
    bench.ask("gauge", &mark10::Command::Zero.encode(), ms(20));
    bench.simulation.apply("mount", "cylinder-50").unwrap();
    bench.wait(ms(200));
    assert!((newton(&bench).unwrap() - weight).abs() < 0.06);
    grasp(&bench, "cylinder-50", 300);
    assert_eq!(bench.read(&register::STATUS).unwrap()[..4], [3; 4]); // force reached
    let grams = bench.read_six(&register::FORCE_ACT).unwrap();
    assert!(
        grams[..5].iter().all(|g| (280..400).contains(g)),
        "{grams:?}"
    );
    lower(&bench, true);
    assert!(newton(&bench).unwrap().abs() < 0.06);
    lower(&bench, false);
    assert!(bench.write_six(&register::ANGLE_SET, OPEN));
    bench.wait(ms(1500));
    assert!((newton(&bench).unwrap() - weight).abs() < 0.06);
    assert_eq!(bench.read(&register::STATUS).unwrap(), [2; 6]); // position reached
    bench.finish();
}

#[test]
fn a_soaped_cylinder_slips_out_of_the_same_grip() {
    let bench = bench();
    grasp(&bench, "soaped-50", 300);
    lower(&bench, true);
    assert!((newton(&bench).unwrap() - 0.9 * 9.806_65).abs() < 0.2);
    let log = bench.happened();
    assert!(log.contains(&"object lost".to_string()), "{log:?}");
    bench.finish();
}

#[test]
fn minus_one_leaves_a_finger_and_nonsense_is_rejected_as_a_whole() {
    let bench = bench();
    assert!(bench.write_six(&register::ANGLE_SET, [-1, 500, -1, 700, -1, -1]));
    bench.wait(ms(1500));
    assert_eq!(
        bench.read_six(&register::ANGLE_ACT).unwrap(),
        [1000, 500, 1000, 700, 1000, 1000]
    );
    assert!(!bench.write_six(&register::ANGLE_SET, [100, 100, 100, 100, 100, 1001]));
    bench.wait(ms(1500));
    assert_eq!(
        bench.read_six(&register::ANGLE_ACT).unwrap(),
        [1000, 500, 1000, 700, 1000, 1000]
    );
    assert_eq!(
        bench.read_six(&register::ANGLE_SET).unwrap(),
        [-1, 500, -1, 700, -1, -1]
    );
    // read-only, and the address of nobody
    let write = Request::Write {
        hand: 1,
        address: register::ANGLE_ACT.address,
        data: vec![0, 0],
    };
    assert_eq!(
        bench.hand(&write),
        Some(Reply::Written {
            hand: 1,
            address: register::ANGLE_ACT.address,
            result: 0
        })
    );
    assert_eq!(bench.hand(&register::ANGLE_ACT.read(9)), None);
    // one finger alone, by its byte address
    let one = Request::Write {
        hand: 1,
        address: register::ANGLE_SET.address + 4,
        data: vec![0xC8, 0x00],
    };
    assert!(bench.hand(&one).is_some());
    bench.wait(ms(1500));
    assert_eq!(
        bench.read_six(&register::ANGLE_ACT).unwrap(),
        [1000, 500, 200, 700, 1000, 1000]
    );
    bench.finish();
}

#[test]
fn slow_is_slow() {
    let bench = bench();
    assert!(bench.write_six(&register::SPEED_SET, [250; 6]));
    assert!(bench.write_six(&register::ANGLE_SET, POWER));
    bench.wait(ms(800)); // a quarter of the way, and two questions of 50 ms
    let angles = bench.read_six(&register::ANGLE_ACT).unwrap();
    assert!(angles.iter().all(|a| (690..760).contains(a)), "{angles:?}");
    bench.finish();
}

#[test]
fn force_sensors_are_zeroed_unloaded() {
    let block =
        json!({ "hand": { "force_sensor": { "noise_g": 0, "zero_g": [40, 0, 0, 0, 0, -25] } } });
    let bench = Bench::new(&block, &[("hand", "inspire-rh56")]);
    assert_eq!(
        bench.read_six(&register::FORCE_ACT).unwrap(),
        [40, 0, 0, 0, 0, -25]
    );
    bench
        .hand(&register::GESTURE_FORCE_CLB.write(1, &[1]).unwrap())
        .unwrap();
    bench.wait(ms(6100));
    assert_eq!(bench.read_six(&register::FORCE_ACT).unwrap(), [0; 6]);
    bench.finish();
}

#[test]
fn an_overheated_finger_says_so_and_cannot_be_talked_out_of_it() {
    let bench = bench();
    let fault = FaultConfig {
        node: Some(4),
        ..FaultConfig::now("hand", FaultKind::OverTemperature)
    };
    bench.simulation.fault(&fault).unwrap();
    bench.wait(ms(10));
    assert_eq!(bench.read(&register::ERROR).unwrap(), [0, 0, 0, 2, 0, 0]);
    assert_eq!(bench.read(&register::TEMP).unwrap()[3], 75);
    bench
        .hand(&register::CLEAR_ERROR.write(1, &[1]).unwrap())
        .unwrap();
    assert_eq!(bench.read(&register::ERROR).unwrap(), [0, 0, 0, 2, 0, 0]);
    assert!(bench.write_six(&register::ANGLE_SET, POWER));
    bench.wait(ms(1500));
    let angles = bench.read_six(&register::ANGLE_ACT).unwrap();
    assert_eq!((angles[2], angles[3]), (0, 1000));
    bench.wait(ms(300_000)); // it cools down
    assert_eq!(bench.read(&register::ERROR).unwrap(), [0; 6]);
    bench.finish();
}

#[test]
fn a_restarted_hand_is_silent_and_then_has_forgotten_its_limits() {
    let bench = bench();
    assert!(bench.write_six(&register::SPEED_SET, [100; 6]));
    bench
        .simulation
        .fault(&FaultConfig::now("hand", FaultKind::Restart))
        .unwrap();
    assert_eq!(bench.read(&register::ERROR), None);
    // A second of restart, and a line without traffic is looked at every half second.
    bench.wait(ms(1600));
    assert_eq!(bench.read_six(&register::SPEED_SET).unwrap(), [1000; 6]);
    bench.finish();
}

#[test]
fn a_restarted_relay_box_lets_go_and_a_restarted_gauge_forgets_its_zero() {
    let bench = bench();
    lower(&bench, true);
    bench
        .simulation
        .fault(&FaultConfig::now("io", FaultKind::Restart))
        .unwrap();
    let coils = modbus::Request::Read {
        table: Table::Coils,
        start: 0,
        count: 1,
    };
    assert_eq!(modbus(&bench, coils.clone()), None);
    bench.wait(ms(1600));
    assert_eq!(
        modbus(&bench, coils),
        Some(modbus::Reply::Bits(vec![false]))
    );
    let log = bench.happened();
    assert!(log.contains(&"support goes up".to_string()), "{log:?}");
    bench.simulation.apply("mount", "cylinder-50").unwrap();
    bench.wait(ms(300));
    bench.ask("gauge", &mark10::Command::Zero.encode(), ms(20));
    assert!(newton(&bench).unwrap().abs() < 0.06);
    bench
        .simulation
        .fault(&FaultConfig::now("gauge", FaultKind::Restart))
        .unwrap();
    bench.wait(ms(1100));
    assert!((newton(&bench).unwrap() - 2.94).abs() < 0.1);
    bench.finish();
}

#[test]
fn a_dropped_object_is_a_weight_on_the_gauge_again() {
    let bench = bench();
    grasp(&bench, "cylinder-50", 500);
    let fault = FaultConfig {
        on: Some(Trigger::SupportLowered),
        after_ms: 600.0,
        ..FaultConfig::now("hand", FaultKind::DroppedLoad)
    };
    bench.simulation.fault(&fault).unwrap();
    lower(&bench, true);
    assert!(newton(&bench).unwrap().abs() < 0.06);
    bench.wait(ms(1000));
    assert!((newton(&bench).unwrap() - 2.94).abs() < 0.1);
    bench.finish();
}

#[test]
fn each_link_fault_damages_what_is_sent_and_is_repaired() {
    let bench = bench();
    let question = register::ANGLE_ACT.read(1).encode().unwrap();
    let sound = bench.ask("hand", &question, ms(50));
    assert_eq!(sound.len(), 20);
    let with = |kind, by_ms| {
        bench
            .simulation
            .fault(&FaultConfig {
                by_ms,
                ..FaultConfig::now("hand", kind)
            })
            .unwrap();
        let heard = bench.ask("hand", &question, ms(50));
        bench.simulation.repair("hand");
        heard
    };
    assert_eq!(with(FaultKind::Silence, None), NOTHING);
    assert_eq!(with(FaultKind::Deaf, None), NOTHING);
    assert_eq!(with(FaultKind::Truncated, None), sound[..5]);
    let noisy = with(FaultKind::Garbage, None);
    assert!(noisy.len() > sound.len() && noisy.ends_with(&sound));
    assert_eq!(with(FaultKind::Late, Some(120.0)), NOTHING);
    assert_eq!(bench.hear("hand", ms(100)), sound); // when nobody waits for it any more
    assert_eq!(bench.ask("hand", &question, ms(50)), sound);
    bench.finish();
}

#[test]
fn an_instrument_sticks_drifts_and_overloads_on_demand() {
    let bench = bench();
    bench.simulation.apply("mount", "cylinder-50").unwrap();
    bench.wait(ms(500));
    let begin = |kind, rate_per_s| {
        bench.simulation.repair("gauge");
        bench
            .simulation
            .fault(&FaultConfig {
                rate_per_s,
                ..FaultConfig::now("gauge", kind)
            })
            .unwrap();
    };
    begin(FaultKind::Stuck, None);
    let one = newton(&bench).unwrap();
    bench.simulation.apply("mount", "nothing").unwrap();
    bench.wait(ms(1000));
    assert_eq!(newton(&bench).unwrap(), one);
    begin(FaultKind::OverRange, None);
    assert!(matches!(newton(&bench), Err(mark10::Invalid::Overload(_))));
    begin(FaultKind::Drift, Some(0.5));
    bench.wait(ms(4000));
    assert!((newton(&bench).unwrap() - 2.03).abs() < 0.1);
    bench.finish();
}

#[test]
fn the_gauge_speaks_its_units_and_refuses_what_it_does_not_know() {
    let bench = bench();
    bench.simulation.apply("mount", "cylinder-50").unwrap();
    bench.wait(ms(500));
    for (unit, per_newton) in [
        (mark10::Unit::KilogramForce, 1.0 / 9.806_65),
        (mark10::Unit::PoundForce, 0.224_808_9),
        (mark10::Unit::MilliNewton, 1000.0),
    ] {
        bench.ask("gauge", &mark10::Command::Use(unit).encode(), ms(20));
        let line = String::from_utf8(bench.ask("gauge", b"?\r", ms(20))).unwrap();
        let reading = mark10::decode_reply(line.trim_end()).unwrap();
        assert_eq!(reading.unit, Some(unit));
        assert!((reading.value / per_newton - 2.96).abs() < 0.06, "{line}");
    }
    assert_eq!(bench.ask("gauge", b"PLEASE\r\n", ms(20)), b"*10\r\n");
    bench.finish();
}

#[test]
fn relays_take_their_time_and_inputs_see_it() {
    let bench = bench();
    let inputs = || match modbus(
        &bench,
        modbus::Request::Read {
            table: Table::DiscreteInputs,
            start: 0,
            count: 8,
        },
    ) {
        Some(modbus::Reply::Bits(bits)) => bits,
        other => panic!("{other:?}"),
    };
    bench.wait(ms(20));
    assert_eq!(
        inputs(),
        [true, false, false, false, false, false, false, false]
    );
    let all = modbus::Request::WriteCoils {
        start: 0,
        values: vec![true, false, true],
    };
    assert_eq!(modbus(&bench, all), Some(modbus::Reply::Written));
    assert_eq!(inputs(), [false; 8]); // on its way
    bench.wait(ms(400));
    assert!(inputs()[2]);
    let coils = modbus::Request::Read {
        table: Table::Coils,
        start: 0,
        count: 3,
    };
    assert_eq!(
        modbus(&bench, coils),
        Some(modbus::Reply::Bits(vec![true, false, true]))
    );
    bench.finish();
}

#[test]
fn the_box_refuses_by_the_standard_and_ignores_what_is_not_for_it() {
    let bench = bench();
    let refused = |request| match modbus(&bench, request) {
        Some(modbus::Reply::Exception(exception)) => exception,
        other => panic!("{other:?}"),
    };
    let beyond = modbus::Request::Read {
        table: Table::Coils,
        start: 6,
        count: 3,
    };
    assert_eq!(refused(beyond), Exception::IllegalDataAddress);
    assert_eq!(
        refused(modbus::Request::WriteCoil {
            address: 8,
            on: true
        }),
        Exception::IllegalDataAddress
    );
    assert_eq!(
        refused(modbus::Request::WriteRegister {
            address: 0,
            value: 1
        }),
        Exception::IllegalFunction
    );
    let other_unit = modbus::Request::WriteCoil {
        address: 0,
        on: true,
    }
    .encode(9)
    .unwrap();
    assert_eq!(bench.ask("io", &other_unit, ms(30)), NOTHING);
    let broadcast = modbus::Request::WriteCoil {
        address: 0,
        on: true,
    }
    .encode(0)
    .unwrap();
    assert_eq!(bench.ask("io", &broadcast, ms(30)), NOTHING);
    bench.wait(ms(400));
    assert!(bench.happened().contains(&"support goes down".to_string()));
    // half a frame, then silence, then a whole one
    bench.ask("io", &[1, 2, 0, 0], ms(30));
    assert!(
        modbus(
            &bench,
            modbus::Request::Read {
                table: Table::Coils,
                start: 0,
                count: 1
            }
        )
        .is_some()
    );
    bench.finish();
}

/// Golden frame of a vendor manual (protocols.md 1.1): coil 0 of unit 1 on, echoed.
#[test]
fn the_printed_relay_frame_works() {
    let bench = bench();
    let frame = [0x01, 0x05, 0x00, 0x00, 0xFF, 0x00, 0x8C, 0x3A];
    assert_eq!(bench.ask("io", &frame, ms(30)), frame);
    bench.finish();
}

/// Golden frame of the manual by way of pyrh56: six angles of 100 to 600.
#[test]
fn the_printed_hand_frame_works() {
    let bench = bench();
    let frame = [
        0xEB, 0x90, 0x01, 0x0F, 0x12, 0xCE, 0x05, 0x64, 0x00, 0xC8, 0x00, 0x2C, 0x01, 0x90, 0x01,
        0xF4, 0x01, 0x58, 0x02, 0x2E,
    ];
    assert_eq!(
        bench.ask("hand", &frame, ms(30)),
        [0x90, 0xEB, 0x01, 0x04, 0x12, 0xCE, 0x05, 0x01, 0xEB]
    );
    bench.wait(ms(1500));
    assert_eq!(
        bench.read_six(&register::ANGLE_ACT).unwrap(),
        [100, 200, 300, 400, 500, 600]
    );
    bench.finish();
}

#[test]
fn the_same_seed_gives_the_same_bytes_and_another_seed_others() {
    let run = |seed: u64| {
        let bench = Bench::new(
            &json!({ "seed": seed, "hand": { "objects": { "it": { "mass_kg": 0.3, "width_mm": 50, "friction": 0.45 } } } }),
            &[
                ("hand", "inspire-rh56"),
                ("gauge", "mark10-gauge"),
                ("io", "modbus-io"),
            ],
        );
        bench.simulation.apply("mount", "it").unwrap();
        bench.write_six(&register::ANGLE_SET, POWER);
        let mut bytes = Vec::new();
        for _ in 0..40 {
            bytes.extend(bench.ask("gauge", b"?\r", ms(13)));
            bytes.extend(bench.ask(
                "hand",
                &register::FORCE_ACT.read(1).encode().unwrap(),
                ms(17),
            ));
        }
        bytes.extend(bench.simulation.truth().to_string().bytes());
        bench.finish();
        bytes
    };
    assert_eq!(run(7), run(7));
    assert_ne!(run(7), run(8));
}
