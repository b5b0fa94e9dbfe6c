//! Real SocketCAN: the link on a real kernel, in a virtual machine (proof 3 of the main job).

use std::time::Duration;

use certbench_clock::Clock;
use certbench_link::{CanFrame, open_can};
use certbench_tests::vm::Image;

#[test]
fn the_link_agrees_with_can_utils_and_survives_the_interface_going_down() {
    let test = "the_link_agrees_with_can_utils_and_survives_the_interface_going_down";
    let Some(image) = Image::for_test(test) else {
        return;
    };
    let mut machine = image.boot("link");
    machine.finish();
    for check in [
        "candump sees what the link sends",
        "the link sees what cansend sends",
        "the kernel says when a frame came",
        "down and up again",
        "two controllers",
        "a virtual interface is never physical",
        "FD on a classic interface is refused",
        "no such interface",
    ] {
        assert!(
            machine.passed(check),
            "{check}:\n{}",
            machine.console.join("\n")
        );
    }
}

#[test]
fn the_arm_driver_brings_up_simulated_joints_on_a_virtual_bus() {
    let test = "the_arm_driver_brings_up_simulated_joints_on_a_virtual_bus";
    let Some(image) = Image::for_test(test) else {
        return;
    };
    let mut machine = image.boot("joints");
    machine.finish();
    for check in ["joints on a virtual bus", "set-points on a virtual bus"] {
        let passed = machine.passed(check);
        assert!(passed, "{check}: {}", machine.console.join("\n"));
    }
}

/// Every driver of joint motors, of hands and of a box, each with its simulated device on the same bus, and
/// every frame with a time stamp of the kernel.
#[test]
fn the_drivers_of_can_families_work_over_a_kernels_bus() {
    let test = "the_drivers_of_can_families_work_over_a_kernels_bus";
    let Some(image) = Image::for_test(test) else {
        return;
    };
    let mut machine = image.boot("families");
    machine.finish();
    // The arm of CANopen drives has a scenario of its own; `dbc` stands for no device.
    let elsewhere = ["canopen-arm", "dbc"];
    let on_can = certbench_devices::catalogue().into_iter().filter(|driver| {
        let can = driver.links.iter().any(|link| link == "can");
        can && !elsewhere.contains(&driver.id.as_str())
    });
    let drivers: Vec<String> = on_can.map(|driver| driver.id).collect();
    assert!(drivers.len() >= 14, "{drivers:?}");
    for driver in drivers {
        assert!(
            machine.passed(&driver),
            "{driver}:\n{}",
            machine.console.join("\n")
        );
    }
}

/// can-utils' own SLCAN adapter, slcanpty, with our SLCAN link on this side and our SocketCAN link on
/// the bus behind it; candump on the guest's console is the witness.
#[test]
fn a_genuine_slcan_adapter_carries_frames_both_ways() {
    let Some(image) = Image::for_test("a_genuine_slcan_adapter_carries_frames_both_ways") else {
        return;
    };
    let mut machine = image.boot("slcanpty");
    let port = machine.second_serial();
    machine.wait_for("guest: ready");
    let clock = Clock::real();
    let link = open_can(&clock, &format!("slcan:{port}@1000000")).expect("the adapter opens");
    // An emulated machine answers the commands that closed the adapter late, BEL among the answers.
    while link.recv(clock.now() + Duration::from_secs(2)).is_err() {}
    // slcanpty takes a remote frame's length for a command of its own and answers BEL: lengths of 0 only.
    let sent = [
        "123#DEADBEEF",
        "000#",
        "1FFFFFF0#0011223344556677",
        "00000122#01",
        "321#R",
        "00000321#R",
    ];
    for text in sent {
        let frame: CanFrame = text.parse().expect("a frame");
        link.send(&frame).expect("the adapter takes it");
        let until = clock.now() + Duration::from_secs(20);
        let (back, _) = link
            .recv(until)
            .expect("the adapter is there")
            .expect("it came back");
        assert_eq!(back.id(), frame.id() + 1, "{text} came back as {back}");
        assert_eq!(
            (
                back.data(),
                back.len(),
                back.is_extended(),
                back.is_remote()
            ),
            (
                frame.data(),
                frame.len(),
                frame.is_extended(),
                frame.is_remote()
            ),
            "{text} came back as {back}"
        );
        let witness = machine.wait_for(&format!("vcan0 {text}"));
        assert!(witness.contains("vcan0"), "{witness}");
    }
    link.send(&"7FF#DEAD".parse().expect("a frame"))
        .expect("the adapter takes it");
    machine.finish();
}
