//! Simulators on pseudo-terminals, in real time: what only happens there.

mod common;

use std::io::Write;
use std::time::{Duration, Instant};

use certbench_clock::Clock;
use certbench_link::open_can;
use certbench_sim::config::WorldConfig;
use certbench_sim::{BuildError, Port, Simulation, Transport};
use certbench_wire::canopen::NmtCommand;
use common::{Bus, HOST, ms};
use serde_json::json;

fn bench(clock: &Clock, devices: &[(&str, &str)]) -> (Simulation, Vec<String>) {
    let block = json!({ "seed": 3, "arm": { "home_deg": [0, 0, 0, 0, -90, 0] } });
    let config = WorldConfig::from_json(&block).unwrap();
    let list: Vec<_> = devices
        .iter()
        .map(|(id, driver)| (id.to_string(), driver.to_string()))
        .collect();
    let (simulation, ports) = Simulation::build(&config, &list, clock, Transport::Pty).unwrap();
    let path = |(id, _): &(&str, &str)| match &ports[*id] {
        Port::Path(path) => path.clone(),
        _ => panic!("{id} is on no pseudo-terminal"),
    };
    (simulation, devices.iter().map(path).collect())
}

/// The harness is killed: nobody closes the adapter, nobody reads, nobody beats.
#[test]
fn an_arm_whose_host_was_killed_stops_by_its_heartbeat_and_the_world_comes_to_rest() {
    let clock = Clock::real();
    let (simulation, ports) = bench(&clock, &[("arm", "canopen-arm")]);
    let link = open_can(&clock, &format!("slcan:{}@1000000", ports[0])).unwrap();
    let bus = Bus::new(&clock, &*link);
    let watch = (u32::from(HOST.number()) << 16 | 800).to_le_bytes();
    bus.nmt(NmtCommand::Start);
    bus.enable(1, 400_000);
    bus.go(1, 1_700_000);
    bus.heartbeat();
    bus.download(1, 0x1016, 1, &watch).unwrap();
    bus.heartbeat();
    bus.hear(ms(300));
    assert!(!simulation.at_rest());
    std::mem::forget(link); // its destructor would close the adapter
    assert!(simulation.run_until_rest(ms(1200), Duration::from_secs(20)));
    let log = simulation.take_log();
    let at = |what: &str| {
        log.iter()
            .find(|h| h.what == what)
            .unwrap_or_else(|| panic!("{what}: {log:?}"))
    };
    assert_eq!(at("heartbeat lost").detail["was_enabled"], true);
    let end = at("end");
    assert_eq!(end.detail["at_rest"], true);
    let angle = end.detail["state"]["arm"]["joint_deg"][0].as_f64().unwrap();
    assert!((5.0..169.0).contains(&angle), "stopped on the way: {angle}");
    assert_eq!(
        end.detail["state"]["arm"]["brake_closed"],
        json!([true, true, true, true, true, true])
    );
    simulation.shutdown();
}

/// Full buffers make each write wait; the joints must not wait with it. The host hangs: it holds the
/// adapter open, reads nothing and beats no more.
#[test]
fn an_unread_bus_does_not_hold_up_the_joints() {
    let clock = Clock::real();
    let (simulation, ports) = bench(
        &clock,
        &[("arm", "canopen-arm"), ("tracker", "ascii-tracker")],
    );
    let link = open_can(&clock, &format!("slcan:{}@1000000", ports[0])).unwrap();
    let bus = Bus::new(&clock, &*link);
    (1..=6).for_each(|n| bus.download(n, 0x1800, 5, &5u16.to_le_bytes()).unwrap());
    bus.nmt(NmtCommand::Start);
    bus.enable(1, 400_000);
    bus.go(1, 1_700_000);
    let watch = (u32::from(HOST.number()) << 16 | 500).to_le_bytes();
    bus.download(1, 0x1016, 1, &watch).unwrap();
    bus.heartbeat();
    bus.hear(ms(50));
    let last_beat_s = simulation.truth()["t_s"].as_f64().unwrap();
    drop(link);
    let mut line = std::fs::File::options()
        .read(true)
        .write(true)
        .open(&ports[0])
        .unwrap();
    line.write_all(b"O\r").unwrap();
    std::thread::sleep(ms(1500));
    let log = simulation.take_log();
    let lost = log
        .iter()
        .find(|h| h.what == "heartbeat lost")
        .unwrap_or_else(|| panic!("{log:?}"));
    assert!(lost.t_s - last_beat_s < 1.0, "{} {last_beat_s}", lost.t_s);
    assert!(simulation.at_rest());
    let began = Instant::now();
    simulation.shutdown();
    assert!(began.elapsed() < Duration::from_secs(3));
}

#[test]
fn what_cannot_be_simulated_is_refused_in_words() {
    let clock = Clock::real();
    let refused = |devices: &[(&str, &str)], block| {
        let list: Vec<_> = devices
            .iter()
            .map(|(id, driver)| (id.to_string(), driver.to_string()))
            .collect();
        let config = WorldConfig::from_json(&block).unwrap();
        match Simulation::build(&config, &list, &clock, Transport::Pty) {
            Err(BuildError::Devices(text)) => text,
            Err(other) => panic!("{other}"),
            Ok(_) => panic!("was built"),
        }
    };
    assert!(refused(&[("x", "robotiq-2f")], json!({})).contains("robotiq-2f"));
    assert!(refused(&[("a", "modbus-io"), ("b", "modbus-io")], json!({})).contains("a and b"));
    let faults = json!({ "faults": [{ "device": "hand", "kind": "stuck" }] });
    assert!(refused(&[("hand", "inspire-rh56")], faults.clone()).contains("cannot"));
    assert!(refused(&[("io", "modbus-io")], faults).contains("no simulated device"));
    let simulated = Clock::simulated();
    let on_simulated = Simulation::build(
        &WorldConfig::default(),
        &[("io".into(), "modbus-io".into())],
        &simulated,
        Transport::Pty,
    );
    assert!(matches!(on_simulated, Err(BuildError::Link(_))));
    simulated.end();
}
