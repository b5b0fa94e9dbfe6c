//! Our register-map engine against devices of pymodbus, and a pymodbus host against our simulated gripper.

use std::time::Duration;

use certbench_clock::Clock;
use certbench_model::plan::SafeState;
use certbench_roles::{GraspMove, Progress, Trouble};
use certbench_sim::config::WorldConfig;
use certbench_sim::{Port, Simulation, Transport};
use certbench_tests::bench::{Driven, plan, safe, until};
use certbench_tests::cable::Cable;
use certbench_tests::peer::{Peer, Peers};
use serde_json::json;

struct Bench {
    device: Driven,
    peer: Peer,
    _cable: Option<Cable>,
}

/// A table of registers of pymodbus's on a cable, and our driver at the other end.
fn bench(test: &str, driver: &str, unit: &str, registers: &[&str]) -> Option<Bench> {
    bench_of(test, driver, unit, registers, &["closing"])
}

/// The same with these signals.
fn bench_of(
    test: &str,
    driver: &str,
    unit: &str,
    registers: &[&str],
    signals: &[&str],
) -> Option<Bench> {
    let peers = Peers::for_test(test)?;
    let cable = Cable::new();
    let arguments = [&[cable.left(), "--id", unit], registers].concat();
    let peer = peers.start("registers.py", &arguments);
    let options = json!({ "timeout": "1 s", "slowest": "1 s", "max_response": "1 s" });
    let plan = safe(plan(driver, cable.right(), options), SafeState::Hold);
    let device = Driven::open(&plan, signals).expect("the device opens");
    Some(Bench {
        device,
        peer,
        _cable: Some(cable),
    })
}

impl Bench {
    fn begin(&self, closing: Vec<(usize, f64)>, force: f64) -> Result<(), Trouble> {
        let grasp = self.device.device.grasp().expect("it grasps");
        grasp.begin(&GraspMove {
            closing,
            force,
            speed: 1.0,
        })
    }

    fn reads(&self, percent: &[f64]) -> bool {
        let near = |(a, b): (&f64, &f64)| (a - b).abs() < 0.1;
        until(|| {
            self.device.last(0).is_some_and(|last| {
                last.len() == percent.len() && last.iter().zip(percent).all(near)
            })
        })
    }
}

#[test]
fn a_robotiq_gripper_is_commanded_in_its_own_bits() {
    let test = "a_robotiq_gripper_is_commanded_in_its_own_bits";
    // not activated: gACT and gSTA are 0
    let registers = ["1000=0,0,0", "2000=0,0,0"];
    let Some(mut bench) = bench(test, "robotiq-2f85", "9", &registers) else {
        return;
    };
    let refused = bench.begin(vec![(0, 1.0)], 1.0);
    assert!(matches!(refused, Err(Trouble::Refused(_))), "{refused:?}");
    assert_eq!(bench.peer.state()["writes"], json!([]), "nothing has left");
    bench.peer.tell("set 2000 0x3100"); // somebody activated it
    bench.peer.tell("set 2002 0x0312"); // gPO 3, gCU 18: 180 mA
    assert!(
        bench.reads(&[100.0 * 3.0 / 255.0]),
        "{:?}",
        bench.device.last(0)
    );
    bench.begin(vec![(0, 1.0)], 1.0).expect("it takes it");
    let writes = bench.peer.state()["writes"].clone();
    assert_eq!(writes, json!([[1000, [0x0900, 255, 0xFFFF]]]));
    bench.peer.tell("set 2000 0xB900"); // gOBJ 2: contact while closing
    bench.peer.tell("set 2002 0x8000");
    let progress = || bench.device.device.grasp().expect("it grasps").progress();
    assert!(
        until(|| progress() == Ok(Progress::Stopped)),
        "{:?}",
        progress()
    );
    let halt = bench.device.device.halt().expect("it can be halted");
    halt.halt().expect("the halt leaves");
    let halted = json!([1000, [0x0100]]);
    assert!(until(|| bench.peer.state()["writes"]
        .as_array()
        .is_some_and(|all| all.contains(&halted))));
    bench.peer.tell("set 2001 0x0800"); // fault 8: too hot
    assert!(
        until(|| bench.device.reported("over-temperature")),
        "{:?}",
        bench.device.news()
    );
}

#[test]
fn a_rohand_says_its_firmware_and_takes_six_targets() {
    let test = "a_rohand_says_its_firmware_and_takes_six_targets";
    let registers = [
        "1000=2,259,0,1",
        "1085=2,2,2,2,2,2",
        "1105=0,0,0,0,0,0",
        "1115=0",
        "1145=0,0,0,0,0,65535",
    ];
    let Some(mut bench) = bench(test, "oymotion-rohand", "2", &registers) else {
        return;
    };
    assert_eq!(bench.device.identity.firmware.as_deref(), Some("259"));
    assert!(
        bench.reads(&[0.0, 0.0, 0.0, 0.0, 0.0, 100.0]),
        "{:?}",
        bench.device.last(0)
    );
    bench
        .begin(vec![(1, 1.0), (2, 0.5)], 0.4)
        .expect("the hand takes it");
    let writes = bench.peer.state()["writes"].clone();
    // force in mN; those not named are told to stay where they were read
    assert_eq!(
        writes,
        json!([
            [1115, [6000, 6000, 6000, 6000, 6000]],
            [1125, [65535, 65535, 65535, 65535, 65535, 65535]],
            [1135, [0, 65535, 32768, 0, 0, 65535]]
        ])
    );
}

/// Addresses count bytes, lengths count registers: the frames are these; what stands behind address 1547
/// is nobody's business.
#[test]
fn a_dftp_hand_is_read_by_byte_addresses() {
    let test = "a_dftp_hand_is_read_by_byte_addresses";
    let registers = [
        "1486=0",
        "1546=1000,750,500,250,0,1000",
        "1582=0,0,0,0,0,65436",
        "1606=0,0,0",
    ];
    let Some(mut bench) = bench(test, "inspire-rh56dftp", "1", &registers) else {
        return;
    };
    assert!(
        bench.reads(&[0.0, 25.0, 50.0, 75.0, 100.0, 0.0]),
        "{:?}",
        bench.device.last(0)
    );
    bench.begin(vec![(3, 1.0)], 0.5).expect("the hand takes it");
    let writes = bench.peer.state()["writes"].clone();
    let leave = 0xFFFF;
    assert_eq!(
        writes[2],
        json!([1486, [leave, leave, leave, 0, leave, leave]])
    );
    bench.peer.tell("set 1608 0x0002");
    assert!(
        until(|| bench.device.reported("over-temperature")),
        "{:?}",
        bench.device.news()
    );
}

/// Two of the 17 patches of its skin; a count above 4095 is what no cell can have.
#[test]
fn the_skin_of_a_dftp_hand_is_read_patch_by_patch() {
    let test = "the_skin_of_a_dftp_hand_is_read_patch_by_patch";
    let registers = [
        "1486=0",
        "1546=1000,1000,1000,1000,1000,1000",
        "1582=0,0,0,0,0,0",
        "1606=0,0,0",
        "3000=0,0,0,0,900,0,0,0,0",
        "4900=7",
        "5011=0",
    ];
    let signals = ["closing", "tactile-little-tip", "tactile-palm"];
    let Some(mut bench) = bench_of(test, "inspire-rh56dftp", "1", &registers, &signals) else {
        return;
    };
    let shows = |bench: &Bench, channel, counts: [f64; 2]| {
        until(|| {
            bench
                .device
                .last(channel)
                .is_some_and(|last| last == counts)
        })
    };
    assert!(
        shows(&bench, 1, [900.0, 100.0]),
        "{:?}",
        bench.device.last(1)
    );
    assert!(
        shows(&bench, 2, [7.0, 7.0 / 112.0]),
        "{:?}",
        bench.device.last(2)
    );
    bench.peer.tell("set 3002 4096");
    assert!(
        until(|| bench.device.last(1).is_none()),
        "{:?}",
        bench.device.last(1)
    );
}

/// The same hand on its network port, and one that numbers its answers beside their questions: two cells of its
/// skin, a grasp, and a halt whose answer nobody waits for.
#[test]
fn a_dftp_hand_is_spoken_to_over_tcp() {
    let test = "a_dftp_hand_is_spoken_to_over_tcp";
    let Some(peers) = Peers::for_test(test) else {
        return;
    };
    for numbered in [None, Some("--beside")] {
        let free = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = format!("tcp:{}", free.local_addr().expect("an address"));
        drop(free);
        let mut arguments = vec![
            port.as_str(),
            "--id",
            "1",
            "1486=0",
            "1546=1000,750,500,250,0,1000",
            "1582=0,0,0,0,0,0",
            "1606=0,0,0",
            "3000=0,0,0,0,900,0,0,0,0",
            "4900=7",
            "5011=0",
        ];
        arguments.extend(numbered);
        let peer = peers.start("registers.py", &arguments);
        let options = json!({
            "framing": "tcp", "cells": "tactile-little-tip:2:2 tactile-palm:1:1",
            "timeout": "1 s", "slowest": "1 s", "max_response": "1 s"
        });
        let plan = safe(plan("inspire-rh56dftp", &port, options), SafeState::Hold);
        let device = Driven::open(&plan, &["closing", "cell1", "cell2"]).expect("it opens");
        let mut bench = Bench {
            device,
            peer,
            _cable: None,
        };
        let closings = [0.0, 25.0, 50.0, 75.0, 100.0, 0.0];
        assert!(bench.reads(&closings), "{:?}", bench.device.last(0));
        let cells = || (bench.device.last(1), bench.device.last(2));
        assert!(
            until(|| cells() == (Some(vec![900.0]), Some(vec![7.0]))),
            "{:?}",
            cells()
        );
        bench.begin(vec![(3, 1.0)], 0.5).expect("the hand takes it");
        let halt = bench.device.device.halt().expect("it can be halted");
        halt.halt().expect("the halt leaves");
        let held = json!([1486, [1000, 750, 500, 250, 0, 1000]]);
        let is_held = |bench: &mut Bench| {
            let state = bench.peer.state();
            state["writes"]
                .as_array()
                .is_some_and(|all| all.contains(&held))
        };
        assert!(until(|| is_held(&mut bench)));
        bench.peer.tell("set 1546 500");
        assert!(
            bench.reads(&[50.0, 25.0, 50.0, 75.0, 100.0, 0.0]),
            "it is read on"
        );
        assert_eq!(bench.device.news(), []);
    }
}

/// A position and a time of each motor in turn; degrees, which somebody has set, are ended when it is armed.
#[test]
fn a_revo2_hand_takes_positions_and_times_in_turn() {
    let test = "a_revo2_hand_takes_positions_and_times_in_turn";
    let Some(peers) = Peers::for_test(test) else {
        return;
    };
    let cable = Cable::new();
    let registers = [
        "930=0",
        "937=1",
        "1010=0",
        "2000=0,1000,500,0,0,0",
        "3000=0x312E,0x302E,0x3232,0x2E55,0x2020",
        "3010=0x5345,0x5231",
        "3019=0",
    ];
    let arguments = [&[cable.left(), "--id", "126"], &registers[..]].concat();
    let peer = peers.start("registers.py", &arguments);
    let options = json!({ "timeout": "1 s", "slowest": "1 s", "max_response": "1 s", "activation": "on-enable" });
    let plan = safe(
        plan("brainco-revo2", cable.right(), options),
        SafeState::Hold,
    );
    let device = Driven::open(&plan, &["closing"]).expect("it opens");
    let mut bench = Bench {
        device,
        peer,
        _cable: Some(cable),
    };
    let identity = &bench.device.identity;
    assert_eq!(identity.firmware.as_deref(), Some("1.0.22.U"));
    assert_eq!(identity.serial.as_deref(), Some("SER1"));
    assert!(
        bench.reads(&[0.0, 100.0, 50.0, 0.0, 0.0, 0.0]),
        "{:?}",
        bench.device.last(0)
    );
    let refused = bench.begin(vec![(2, 1.0)], 0.5);
    assert!(matches!(refused, Err(Trouble::Refused(_))), "{refused:?}");
    let power = bench.device.device.power().expect("it is armed");
    power.enable().expect("shares of the way");
    let begun = || bench.begin(vec![(2, 1.0)], 0.5).is_ok();
    assert!(until(begun), "the unit mode is looked at every ten rounds");
    let writes = bench.peer.state()["writes"].clone();
    assert_eq!(
        writes,
        json!([
            [937, [0]],
            [930, [300, 300, 300, 300, 300, 300]],
            [1010, [0, 1, 1000, 1, 1000, 1, 0, 1, 0, 1, 0, 1]]
        ])
    );
}

#[test]
fn a_ufactory_gripper_is_enabled_and_sent_to_32_bit_positions() {
    let test = "a_ufactory_gripper_is_enabled_and_sent_to_32_bit_positions";
    let registers = [
        "0x0000=0",
        "0x000F=0",
        "0x0100=0,0",
        "0x0303=0",
        "0x0700=0,800,0,800",
    ];
    let Some(mut bench) = bench(test, "ufactory-gripper", "8", &registers) else {
        return;
    };
    assert!(bench.reads(&[0.0]), "{:?}", bench.device.last(0));
    let refused = bench.begin(vec![(0, 0.5)], 0.5);
    assert!(
        matches!(refused, Err(Trouble::Refused(_))),
        "its force cannot be set: {refused:?}"
    );
    bench.begin(vec![(0, 0.5)], 1.0).expect("it takes it");
    let writes = bench.peer.state()["writes"].clone();
    assert_eq!(
        writes,
        json!([
            [0x0101, [0]],
            [0x0100, [1]],
            [0x0303, [1024]],
            [0x0700, [0, 400]]
        ])
    );
    bench.peer.tell("set 0x0702 0xFFFF"); // -5: a little beyond its end
    bench.peer.tell("set 0x0703 0xFFFB");
    assert!(bench.reads(&[100.625]), "{:?}", bench.device.last(0));
    bench.peer.tell("set 0x000F 19");
    assert!(
        until(|| bench.device.reported("fault")),
        "{:?}",
        bench.device.news()
    );
}

#[test]
fn a_linker_hand_and_a_dh_gripper_are_written_as_their_makers_say() {
    let test = "a_linker_hand_and_a_dh_gripper_are_written_as_their_makers_say";
    if let Some(mut linker) = bench(
        test,
        "linker-l6",
        "39",
        &["0=255,255,255,255,255,0", "35=1"],
    ) {
        assert!(linker.reads(&[0.0, 0.0, 0.0, 0.0, 0.0, 100.0]));
        linker
            .begin(vec![(0, 1.0)], 1.0)
            .expect("the hand takes it");
        let writes = linker.peer.state()["writes"].clone();
        assert_eq!(writes[1], json!([0, [0, 255, 255, 255, 255, 0]]));
    }
    let registers = ["0x0100=0,20,0,1000,100", "0x0200=1,1,1000"];
    if let Some(mut dh) = bench(test, "dh-pgc", "1", &registers) {
        assert!(dh.reads(&[0.0]));
        dh.begin(vec![(0, 0.25)], 0.5)
            .expect("the gripper takes it");
        let writes = dh.peer.state()["writes"].clone();
        assert_eq!(
            writes,
            json!([[0x0101, [60]], [0x0104, [100]], [0x0103, [750]]])
        );
        let unknown = dh
            .device
            .device
            .grasp()
            .expect("it grasps")
            .force_fraction(30.0);
        assert!(
            matches!(unknown, Err(Trouble::Refused(_))),
            "its newtons are not known"
        );
    }
}

#[test]
fn pymodbus_drives_our_simulated_robotiq_gripper() {
    let test = "pymodbus_drives_our_simulated_robotiq_gripper";
    let Some(peers) = Peers::for_test(test) else {
        return;
    };
    let devices = [("gripper".to_owned(), "robotiq-2f85".to_owned())];
    let clock = Clock::real();
    let built = Simulation::build(&WorldConfig::default(), &devices, &clock, Transport::Pty);
    let (simulation, ports) = built.expect("a bench");
    let Some(Port::Path(port)) = ports.get("gripper") else {
        panic!("the gripper is on no pseudo-terminal");
    };
    let host = peers.run("gripper_host.py", &[port]);
    let said = String::from_utf8_lossy(&host.stdout);
    assert!(host.status.success(), "{said}");
    assert!(simulation.run_until_rest(Duration::from_millis(200), Duration::from_secs(10)));
    simulation.shutdown();
}
