//! Third-party hosts drive our simulators, each over a serial port like a person's own program would
//! (proof 2 of the main job).

use std::collections::BTreeMap;

use certbench_clock::Clock;
use certbench_sim::config::WorldConfig;
use certbench_sim::{Port, Simulation, Transport};
use certbench_tests::peer::Peers;
use serde_json::{Value, json};

/// A simulated bench on pseudo-terminals: the simulation, and each device's port.
fn simulated(world: &Value, devices: &[(&str, &str)]) -> (Simulation, BTreeMap<String, String>) {
    let config = WorldConfig::from_json(world).expect("a world");
    let devices: Vec<_> = devices
        .iter()
        .map(|(id, driver)| ((*id).to_owned(), (*driver).to_owned()))
        .collect();
    let (simulation, ports) =
        Simulation::build(&config, &devices, &Clock::real(), Transport::Pty).expect("a bench");
    let paths = ports.into_iter().map(|(id, port)| match port {
        Port::Path(path) => (id, path),
        _ => panic!("{id} is not on a pseudo-terminal"),
    });
    (simulation, paths.collect())
}

/// Runs a third-party host to its end; its exit code is its verdict.
fn satisfies(peers: &Peers, program: &str, arguments: &[&str]) {
    let host = peers.run(program, arguments);
    assert!(
        host.status.success(),
        "{}",
        String::from_utf8_lossy(&host.stdout)
    );
}

#[test]
fn pyrh56_drives_our_simulated_hand() {
    let Some(peers) = Peers::for_test("pyrh56_drives_our_simulated_hand") else {
        return;
    };
    let (simulation, ports) = simulated(&json!({ "seed": 7 }), &[("hand", "inspire-rh56")]);
    satisfies(&peers, "rh56_host.py", &[&ports["hand"]]);
    simulation.shutdown();
}

#[test]
fn canopens_cia_402_host_drives_our_simulated_joint() {
    let Some(peers) = Peers::for_test("canopens_cia_402_host_drives_our_simulated_joint") else {
        return;
    };
    let world = json!({ "seed": 11, "arm": { "units_per_deg": 10000 } });
    let (simulation, ports) = simulated(&world, &[("arm", "canopen-arm")]);
    // 20 degrees, then a quick stop on the way 100 degrees further, at 60 degrees a second.
    let [travel, far, speed] = ["200000", "1000000", "600000"];
    let port = ports["arm"].as_str();
    for (node, pdos) in [("1", "1"), ("6", "2")] {
        let arguments = [
            port, "--node", node, "--pdos", pdos, "--move", travel, "--far", far, "--speed", speed,
            "--window", "1000",
        ];
        satisfies(&peers, "canopen_host.py", &arguments);
    }
    assert!(simulation.at_rest());
    simulation.shutdown();
}

/// Friction is more than 40 thousandths of the torque, so that the joint stands while it exerts them.
#[test]
fn canopens_cia_402_host_takes_our_simulated_joint_through_its_modes() {
    let test = "canopens_cia_402_host_takes_our_simulated_joint_through_its_modes";
    let Some(peers) = Peers::for_test(test) else {
        return;
    };
    let world = json!({ "seed": 12, "arm": { "units_per_deg": 10000, "limit_deg": [40, 90, 90, 90, 90, 90] } });
    let (simulation, ports) = simulated(&world, &[("arm", "canopen-arm")]);
    satisfies(&peers, "canopen_modes.py", &[&ports["arm"]]);
    simulation.shutdown();
}

/// With and without checksum, 1 to 10,000 bytes, and a segment lost each way.
#[test]
fn canopens_sdo_client_moves_long_objects_of_our_simulated_joint_in_blocks() {
    let test = "canopens_sdo_client_moves_long_objects_of_our_simulated_joint_in_blocks";
    let Some(peers) = Peers::for_test(test) else {
        return;
    };
    let (simulation, ports) = simulated(&json!({ "arm": {} }), &[("arm", "canopen-arm")]);
    satisfies(&peers, "canopen_blocks.py", &[&ports["arm"]]);
    simulation.shutdown();
}

#[test]
fn canopens_lss_master_gives_our_simulated_box_a_number() {
    let test = "canopens_lss_master_gives_our_simulated_box_a_number";
    let Some(peers) = Peers::for_test(test) else {
        return;
    };
    let (simulation, ports) = simulated(&json!({}), &[("io", "canopen-io")]);
    let port = ports["io"].as_str();
    let host = peers.run("canopen_lss.py", &[port, "9"]);
    let said = String::from_utf8_lossy(&host.stdout);
    assert!(host.status.success(), "{said}");
    let said: Value = serde_json::from_str(said.trim()).expect("one line");
    assert_eq!(said["address"][3], 4001, "{said}");
    assert_eq!(said["before"], 1, "{said}");
    simulation.shutdown();
}

/// The hand on its network port: numbered transactions, several questions before an answer, the next host
/// after the first has gone.
#[test]
fn pymodbus_drives_our_simulated_dftp_hand_over_tcp() {
    let test = "pymodbus_drives_our_simulated_dftp_hand_over_tcp";
    let Some(peers) = Peers::for_test(test) else {
        return;
    };
    let world = json!({ "seed": 5, "modbus_tcp": ["hand"] });
    let (simulation, ports) = simulated(&world, &[("hand", "inspire-rh56dftp")]);
    assert!(ports["hand"].starts_with("tcp:127.0.0.1:"), "{ports:?}");
    for _ in 0..2 {
        satisfies(&peers, "dftp_host.py", &[&ports["hand"]]);
    }
    simulation.shutdown();
}

#[test]
fn pymodbus_switches_our_simulated_relays_and_sees_the_stop_chain_open() {
    let test = "pymodbus_switches_our_simulated_relays_and_sees_the_stop_chain_open";
    let Some(peers) = Peers::for_test(test) else {
        return;
    };
    let world = json!({
        "io": { "outputs": { "1": "estop-open" }, "inputs": { "0": "estop-open" } },
    });
    let devices = [("arm", "canopen-arm"), ("io", "modbus-io")];
    let (simulation, ports) = simulated(&world, &devices);
    satisfies(&peers, "modbus_host.py", &[&ports["io"], "--wired", "1:0"]);
    simulation.shutdown();
}
