//! Our drivers of instruments against other people's devices, and other people's hosts against our
//! simulators.

use std::time::Duration;

use certbench_clock::Clock;
use certbench_model::Invalid;
use certbench_roles::Trouble;
use certbench_sim::config::WorldConfig;
use certbench_sim::{Port, Simulation, Transport};
use certbench_tests::bench::{Driven, plan, until};
use certbench_tests::cable::Cable;
use certbench_tests::peer::Peers;
use serde_json::json;

/// mt-sics-emulator contradicts the manual (it answers `SI` with `SI`); the manual's header is what our
/// own simulator sends. Both are understood.
#[test]
fn a_scale_of_another_program_is_weighed_on_and_zeroed() {
    let test = "a_scale_of_another_program_is_weighed_on_and_zeroed";
    let Some(peers) = Peers::for_test(test) else {
        return;
    };
    let cable = Cable::new();
    let mut peer = peers.start("mtsics_device.py", &[cable.left()]);
    peer.tell("weight 1234.56");
    peer.state();
    let options = json!({ "timeout": "1 s", "slowest": "1 s", "gravity": "9.81 m/s2" });
    let plan = plan("mt-sics-scale", cable.right(), options);
    let scale = Driven::open(&plan, &["mass", "force"]).expect("the scale opens");
    assert_eq!(scale.identity.serial.as_deref(), Some("B135792468"));
    // grams to 0.01 g: 1.23456 kg, and N by the local gravity
    let shows = |channel: u16, wanted: f64| {
        until(|| {
            let last = scale.last(channel);
            last.is_some_and(|values| (values[0] - wanted).abs() < 1e-9)
        })
    };
    assert!(shows(0, 1.23456), "{:?}", scale.last(0));
    assert!(shows(1, 1.23456 * 9.81), "{:?}", scale.last(1));
    let zero = scale.device.zero().expect("a scale can be zeroed");
    // more than 2 % of its capacity lies on it
    assert!(matches!(zero.zero("mass"), Err(Trouble::Refused(_))));
    peer.tell("weight 5.00");
    peer.state();
    zero.zero("mass").expect("it is zeroed");
    assert!(shows(0, 0.0), "{:?}", scale.last(0));
    peer.tell("weight 99999");
    let over = certbench_model::Reading::Invalid(Invalid::OverRange);
    assert!(until(|| scale.readings(0).last() == Some(&over)));
    assert_eq!(scale.news(), []);
}

#[test]
fn an_ft300_of_pymodbus_is_read_with_its_signs_and_scales() {
    let test = "an_ft300_of_pymodbus_is_read_with_its_signs_and_scales";
    let Some(peers) = Peers::for_test(test) else {
        return;
    };
    let cable = Cable::new();
    let table = "180=1234,65436,0,500,0,65535";
    let arguments = [cable.left(), "--id", "9", "--baud", "19200", table];
    let mut peer = peers.start("registers.py", &arguments);
    let options = json!({ "timeout": "1 s", "slowest": "1 s" });
    let plan = plan("robotiq-ft300", cable.right(), options);
    let sensor = Driven::open(&plan, &["wrench"]).expect("the sensor opens");
    // hundredths of N, thousandths of N m
    assert!(until(
        || sensor.last(0) == Some(vec![12.34, -1.0, 0.0, 0.5, 0.0, -0.001])
    ));
    peer.tell("set 180 0");
    assert!(until(|| sensor
        .last(0)
        .is_some_and(|wrench| wrench[0] == 0.0)));
    assert_eq!(peer.state()["writes"], json!([]), "polling writes nothing");
    assert_eq!(sensor.news(), []);
}

#[test]
fn dstdsv_reads_and_zeroes_our_simulated_imada_gauge() {
    let test = "dstdsv_reads_and_zeroes_our_simulated_imada_gauge";
    let Some(peers) = Peers::for_test(test) else {
        return;
    };
    let world = json!({
        "hand": { "mount": "block", "objects": { "block": { "mass_kg": 2.0, "width_mm": 40.0, "friction": 0.5 } } },
        "gauge": { "noise_n": 0.0, "decimals": 2 },
    });
    let config = WorldConfig::from_json(&world).expect("a world");
    let devices = [("gauge".to_owned(), "imada-gauge".to_owned())];
    let clock = Clock::real();
    let built = Simulation::build(&config, &devices, &clock, Transport::Pty);
    let (simulation, ports) = built.expect("a bench");
    let Some(Port::Path(port)) = ports.get("gauge") else {
        panic!("the gauge is on no pseudo-terminal");
    };
    // the block has to come to rest on the support first
    assert!(simulation.run_until_rest(Duration::from_millis(500), Duration::from_secs(20)));
    let host = peers.run("imada_host.py", &[port]);
    let said = String::from_utf8_lossy(&host.stdout);
    assert!(host.status.success(), "{said}");
    simulation.shutdown();
}
