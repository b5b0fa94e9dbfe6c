//! The battery of `certbench conform` against every simulated device: the same that a person runs against
//! a real one.

use certbench_tests::binary::run;

/// Drivers, and the options and signals without which they cannot be tried.
const DEVICES: &[(&str, &[&str])] = &[
    ("inspire-rh56", &[]),
    ("inspire-rh56-can", &[]),
    ("inspire-rh56f1", &[]),
    ("inspire-eg5cd1", &[]),
    ("psyonic-ability", &[]),
    ("allegro-v4", &[]),
    ("allegro-v5", &[]),
    ("linker-l10-can", &[]),
    ("linker-l20-can", &[]),
    ("linker-o6-can", &[]),
    ("linker-l6-can", &[]),
    ("mark10-gauge", &[]),
    ("modbus-io", &["--signals", "in0,in1"]),
    (
        "ascii-tracker",
        &["--signals", "pose", "--set", "baud=921600"],
    ),
    ("ascii-instrument", &["--set", "ask=READ?"]),
    ("mt-sics-scale", &[]),
    ("imada-gauge", &[]),
    ("mitutoyo-gauge", &[]),
    ("keyence-lkg", &[]),
    ("ild1420", &["--set", "range=100 mm"]),
    ("robotiq-ft300", &[]),
    ("bota-serial", &[]),
    ("hbm-aed", &[]),
    ("scpi-meter", &[]),
    ("ati-rdt", &[]),
    ("onrobot-hex", &[]),
    ("robotiq-2f85", &["--set", "activation=on-enable"]),
    ("robotiq-2f140", &["--set", "activation=on-enable"]),
    ("robotiq-hand-e", &["--set", "activation=on-enable"]),
    ("dh-pgc", &["--set", "activation=on-enable"]),
    ("dh-rgi", &["--set", "activation=on-enable"]),
    ("oymotion-rohand", &[]),
    ("linker-o6", &[]),
    ("linker-l6", &[]),
    (
        "inspire-rh56dftp",
        &["--signals", "closing,force,tactile-palm"],
    ),
    ("ufactory-gripper", &[]),
    ("brainco-revo2", &[]),
    ("dynamixel", &[]),
    ("leap-hand", &[]),
    ("feetech-sts", &[]),
    ("damiao-dm", &[]),
    ("robstride", &[]),
    ("xiaomi-cybergear", &[]),
    ("cubemars-servo", &[]),
    ("cubemars-mit", &[]),
    ("odrive-can", &[]),
    (
        "canopen-arm",
        &["--signals", "position", "--set", "counts_per_deg=10000"],
    ),
    ("canopen-io", &["--signals", "in0,in1"]),
    (
        "dbc",
        &[
            "--set",
            concat!(
                "file=",
                env!("CARGO_MANIFEST_DIR"),
                "/../suites/benches/sim-cell.dbc"
            ),
            "--set",
            "signals=busy: Standing.Busy in contact",
        ],
    ),
    ("magtrol-dsp7000", &[]),
];

#[test]
fn every_simulated_device_passes_the_battery() {
    for (driver, arguments) in DEVICES {
        let output = run(&[&["conform", driver], *arguments].concat());
        let said = String::from_utf8_lossy(&output.stdout);
        let complained = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{driver}:\n{said}{complained}");
        let checks = said.lines().filter(|line| line.contains(" held ")).count();
        assert_eq!(checks, 8, "{driver}:\n{said}");
    }
}

#[test]
fn a_watchdog_that_is_claimed_is_seen_to_stop_the_servos() {
    let fed: [&[&str]; 4] = [
        &["dynamixel"],
        &["damiao-dm"],
        &["robstride"],
        &["odrive-can", "--set", "watchdog=set"],
    ];
    for arguments in fed {
        let output = run(&[&["conform"], arguments].concat());
        let said = String::from_utf8_lossy(&output.stdout);
        let watchdog = said.lines().find(|line| line.starts_with("watchdog"));
        assert!(
            watchdog.is_some_and(|line| line.contains("stopped at")),
            "{arguments:?}: {said}"
        );
    }
    // without one they go on, and the check says so
    let output = run(&["conform", "dynamixel", "--set", "bus_watchdog=0 ms"]);
    let said = String::from_utf8_lossy(&output.stdout);
    let watchdog = said.lines().find(|line| line.starts_with("watchdog"));
    assert!(
        watchdog.is_some_and(|line| line.contains("claims")),
        "{said}"
    );
}

#[test]
fn an_unknown_driver_and_a_port_that_is_not_there_are_refused() {
    assert_eq!(run(&["conform", "no-such-driver"]).status.code(), Some(3));
    let missing = ["conform", "mark10-gauge", "--port", "/dev/no-such-port"];
    assert_eq!(run(&missing).status.code(), Some(3));
}
