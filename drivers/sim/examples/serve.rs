//! Two simulated benches on pseudo-terminals, for other programs to talk to: prints one line of JSON
//! with the port of each device, then what happens, until its standard input ends.

use std::error::Error;
use std::time::Duration;

use certbench_clock::Clock;
use certbench_sim::config::{ObjectConfig, WorldConfig};
use certbench_sim::{Port, Simulation, Transport};

fn main() -> Result<(), Box<dyn Error>> {
    let clock = Clock::real();
    let devices = |list: &[(&str, &str)]| {
        list.iter()
            .map(|(id, driver)| (id.to_string(), driver.to_string()))
            .collect::<Vec<_>>()
    };
    let mut hand_world = WorldConfig {
        hand: Some(Default::default()),
        ..WorldConfig::default()
    };
    let object = ObjectConfig {
        mass_kg: 0.3,
        width_mm: 50.0,
        friction: 0.5,
        stiffness_n_per_mm: 8.0,
    };
    hand_world.hand.iter_mut().for_each(|hand| {
        hand.objects.insert("cylinder-50".into(), object.clone());
    });
    let hand = devices(&[
        ("hand", "inspire-rh56"),
        ("gauge", "mark10-gauge"),
        ("hand-io", "modbus-io"),
    ]);
    let arm = devices(&[
        ("arm", "canopen-arm"),
        ("tracker", "ascii-tracker"),
        ("arm-io", "modbus-io"),
    ]);
    let (hand, hand_ports) = Simulation::build(&hand_world, &hand, &clock, Transport::Pty)?;
    let (arm, arm_ports) =
        Simulation::build(&WorldConfig::default(), &arm, &clock, Transport::Pty)?;

    let path = |port: &Port| match port {
        Port::Path(path) => path.clone(),
        Port::Bytes(_) | Port::Can(_) => String::new(),
    };
    let ports: serde_json::Map<_, _> = hand_ports
        .iter()
        .chain(&arm_ports)
        .map(|(id, port)| (id.clone(), path(port).into()))
        .collect();
    println!("{}", serde_json::Value::from(ports));
    for simulation in [&hand, &arm] {
        simulation.log_to(|happening| println!("{}", serde_json::json!(happening)));
    }
    std::io::copy(&mut std::io::stdin(), &mut std::io::sink())?;
    arm.run_until_rest(Duration::from_secs(1), Duration::from_secs(10));
    hand.shutdown();
    arm.shutdown();
    Ok(())
}
