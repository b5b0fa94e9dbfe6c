//! Other people's hosts of joint motors against our simulated ones, over an SLCAN adapter.

use certbench_clock::Clock;
use certbench_sim::config::WorldConfig;
use certbench_sim::{Port, Simulation, Transport};
use certbench_tests::peer::Peers;

/// Runs a host against the simulated motors of a driver; its exit code is its verdict.
fn drives(test: &str, driver: &str, program: &str, arguments: &[&str]) {
    let Some(peers) = Peers::for_test(test) else {
        return;
    };
    let devices = [("motors".to_owned(), driver.to_owned())];
    let clock = Clock::real();
    let built = Simulation::build(&WorldConfig::default(), &devices, &clock, Transport::Pty);
    let (simulation, ports) = built.expect("a bench");
    let Some(Port::Path(port)) = ports.get("motors") else {
        panic!("the motors are on no pseudo-terminal");
    };
    let host = peers.run(program, &[&[port.as_str()], arguments].concat());
    let said = String::from_utf8_lossy(&host.stdout);
    assert!(
        host.status.success(),
        "{said}{}",
        String::from_utf8_lossy(&host.stderr)
    );
    simulation.shutdown();
}

#[test]
fn damiao_motor_drives_our_simulated_damiao() {
    let test = "damiao_motor_drives_our_simulated_damiao";
    drives(test, "damiao-dm", "damiao_host.py", &[]);
}

#[test]
fn robstride_dynamics_drives_our_simulated_robstride() {
    let test = "robstride_dynamics_drives_our_simulated_robstride";
    drives(test, "robstride", "robstride_host.py", &[]);
}

#[test]
fn cybergears_own_host_drives_our_simulated_cybergear() {
    let test = "cybergears_own_host_drives_our_simulated_cybergear";
    drives(test, "xiaomi-cybergear", "cybergear_host.py", &[]);
}

#[test]
fn a_mini_cheetah_driver_drives_our_simulated_cubemars() {
    let test = "a_mini_cheetah_driver_drives_our_simulated_cubemars";
    drives(test, "cubemars-mit", "cubemars_host.py", &[]);
}

#[test]
fn the_makers_dbc_file_drives_our_simulated_odrive() {
    let test = "the_makers_dbc_file_drives_our_simulated_odrive";
    drives(test, "odrive-can", "odrive_host.py", &[]);
}
