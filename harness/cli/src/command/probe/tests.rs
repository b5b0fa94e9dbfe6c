//! Every simulated far end that can be told, silence, garbage, and an echo; on the simulated clock.

use super::{Found, bus, serial};
use certbench_clock::Clock;
use certbench_link::pair::{self, Wire};
use certbench_link::{ByteLink, CanFrame, CanLink};
use certbench_sim::config::WorldConfig;
use certbench_sim::{Port, Simulation, Transport};
use serde_json::json;
use std::time::Duration;

/// The driver that is found at the far end of a simulated device, asked everything.
fn found(driver: &str) -> Vec<Found> {
    found_after(driver, &[])
}

/// The same at a device to which somebody has said this before.
fn found_after(driver: &str, said: &[u8]) -> Vec<Found> {
    found_by(driver, said, |_| true)
}

/// The same, a line asked only these questions; and nothing of the far end has moved by it.
fn found_by(driver: &str, said: &[u8], wanted: impl Fn(&serial::Question) -> bool) -> Vec<Found> {
    let clock = Clock::simulated();
    let config = WorldConfig::from_json(&json!({ "arm": {} })).unwrap();
    let devices = [("far".to_owned(), driver.to_owned())];
    let (simulation, mut ports) =
        Simulation::build(&config, &devices, &clock, Transport::InProcess).unwrap();
    let stands = || {
        let truth = simulation.truth();
        let arm = &truth["arm"]["state"];
        let joints = [&arm["joint_deg"], &arm["powered"], &arm["brake_closed"]].map(Clone::clone);
        (truth["hand"]["state"]["closing"].clone(), joints)
    };
    let before = stands();
    let found = match ports.remove("far") {
        Some(Port::Bytes(line)) => {
            line.write(said).unwrap();
            asked(&clock, &*line, wanted)
        }
        Some(Port::Can(bus)) => bus::probe(&clock, &*bus).unwrap(),
        _ => panic!("no cable"),
    };
    assert!(simulation.at_rest(), "{driver} moves");
    assert_eq!(stands(), before, "{driver} has moved");
    simulation.shutdown();
    found
}

fn asked(
    clock: &Clock,
    line: &dyn ByteLink,
    wanted: impl Fn(&serial::Question) -> bool,
) -> Vec<Found> {
    let questions = serial::questions();
    let questions = questions.iter().filter(|question| wanted(question));
    serial::probe_with(clock, line, 115_200, questions).unwrap()
}

#[test]
fn every_simulated_device_that_can_be_told_is_told() {
    for (driver, told) in [
        ("inspire-rh56", "inspire-rh56"),
        ("inspire-rh56f1", "inspire-rh56f1"),
        ("dynamixel", "dynamixel"),
        ("feetech-sts", "feetech-sts"),
        ("robotiq-2f85", "robotiq-2f85"),
        ("linker-o6", "linker-o6"),
        ("oymotion-rohand", "oymotion-rohand"),
        ("inspire-rh56dftp", "inspire-rh56dftp"),
        ("dh-pgc", "dh-pgc"),
        ("modbus-io", "modbus-io"),
        ("mt-sics-scale", "mt-sics-scale"),
        ("imada-gauge", "imada-gauge"),
        ("mark10-gauge", "mark10-gauge"),
        ("inspire-eg5cd1", "inspire-eg5cd1"),
        ("psyonic-ability", "psyonic-ability"),
        ("ufactory-gripper", "ufactory-gripper"),
        ("brainco-revo2", "brainco-revo2"),
        ("robotiq-ft300", "robotiq-ft300"),
        ("magtrol-dsp7000", "magtrol-dsp7000"),
        ("keyence-lkg", "keyence-lkg"),
        ("mitutoyo-gauge", "mitutoyo-gauge"),
        ("hbm-aed", "hbm-aed"),
        ("ild1420", "ild1420"),
    ] {
        is_told(driver, told);
    }
}

/// Of what it does not have, the one answers zeros and the other nothing.
#[test]
fn the_two_kinds_of_inspire_hand_are_told_apart_whichever_is_looked_for_first() {
    let hands = ["inspire-rh56", "inspire-rh56f1"];
    for (hand, other) in [(hands[0], hands[1]), (hands[1], hands[0])] {
        let said = found_by(hand, &[], |question| question.driver == other);
        assert_eq!(said, [], "{hand}, asked what {other} is asked");
    }
}

fn is_told(driver: &str, told: &str) {
    let found = found(driver);
    let drivers: Vec<&str> = found.iter().map(|found| found.driver).collect();
    assert_eq!(drivers, [told], "{driver}: {found:?}");
}

#[test]
fn what_sends_by_itself_is_told_by_its_frames() {
    let start_ft300 = [
        0x09, 0x10, 0x01, 0x9A, 0x00, 0x01, 0x02, 0x02, 0x00, 0xCD, 0xCA,
    ];
    for (driver, said, option) in [
        ("bota-serial", &b"R"[..], ""),
        ("robotiq-ft300", &start_ft300, "mode: stream"),
        ("hbm-aed", b"MSV?0;", "format: 9"),
    ] {
        let found = found_after(driver, said);
        let [one] = found.as_slice() else {
            panic!("{driver}: {found:?}")
        };
        assert_eq!(one.driver, driver, "{found:?}");
        assert!(one.options.contains(option), "{found:?}");
    }
}

#[test]
fn a_meter_says_who_it_is() {
    is_told("scpi-meter", "scpi-meter");
}

#[test]
fn a_tracker_is_heard_printing_lines() {
    is_told("ascii-tracker", "ascii-instrument");
}

#[test]
fn drives_are_told_by_their_heartbeat_and_their_device_type() {
    is_told("canopen-arm", "canopen-arm");
}

#[test]
fn motors_and_hands_on_a_silent_bus_are_asked_who_they_are() {
    for (driver, told) in [
        ("robstride", "robstride"),
        ("xiaomi-cybergear", "robstride"),
        ("damiao-dm", "damiao-dm"),
        ("inspire-rh56-can", "inspire-rh56-can"),
        ("linker-l10-can", "linker-l10-can"),
        ("allegro-v4", "allegro-v4"),
    ] {
        is_told(driver, told);
    }
    assert_eq!(found("damiao-dm")[0].options, "ids: [1, 2, 3, 4, 5, 6]");
}

#[test]
fn motors_that_speak_by_themselves_are_heard() {
    is_told("odrive-can", "odrive-can");
    is_told("cubemars-servo", "cubemars-servo");
    is_told("canopen-io", "canopen-io");
}

/// A question to one maker's motor or hand must not be a command to another's: no enable, no set point, no
/// write.
#[test]
fn no_question_of_a_silent_bus_is_a_command_to_anybody() {
    use certbench_wire::canopen::Service;
    use certbench_wire::{allegro, cubemars, damiao, linker, odrive, rh56, robstride};
    /// Torque on and off, period, torques, poses: the maker's driver for the V5.
    const ALLEGRO_COMMANDS: [u32; 11] = [
        0x40, 0x41, 0x81, 0x60, 0x61, 0x62, 0x63, 0xE0, 0xE1, 0xE2, 0xE3,
    ];
    for asked in bus::asked() {
        let (id, data) = (asked.id(), asked.data());
        if asked.is_extended() {
            let command = robstride::Command::decode(id, data).map(|(.., command)| command);
            let harmless = matches!(command, None | Some(robstride::Command::Identify));
            assert!(harmless, "{asked} is {command:?}");
            assert_eq!(cubemars::Servo::decode(id, data), None, "{asked}");
            let inspire = rh56::Request::from_can(id, data);
            let harmless = matches!(inspire, None | Some(rh56::Request::Read { .. }));
            assert!(harmless, "{asked} is {inspire:?}");
            continue;
        }
        for motor in 1..=6 {
            let command = damiao::Command::decode(motor, id as u16, data);
            assert!(command.is_none(), "{asked} is {command:?} of motor {motor}");
        }
        if asked.is_remote() {
            let ask = allegro::Ask::from_id(id); // a remote frame commands nobody
            assert!(ask.is_some() && data.is_empty(), "{asked}");
            continue;
        }
        let (_, command) = odrive::split(id as u16);
        let told = odrive::Told::decode(command, data);
        let harmless = matches!(
            told,
            None | Some(odrive::Told::SetAxisState { state: 100.. })
        );
        assert!(harmless, "{asked} is {told:?}");
        if [linker::RIGHT, linker::LEFT].contains(&id) {
            let said = linker::Message::decode(data);
            assert!(
                matches!(said, Some(linker::Message::Ask(_))),
                "{asked} is {said:?}"
            );
        }
        assert!(!ALLEGRO_COMMANDS.contains(&(id >> 2)), "{asked}");
        let service = Service::of(id as u16);
        let harmless = matches!(service, None | Some(Service::Heartbeat(_)));
        assert!(harmless, "{asked} is {service:?} of CANopen");
    }
}

/// The same on a line, where every device hears the questions to all others.
#[test]
fn no_question_of_a_line_is_a_command_to_anybody() {
    use certbench_wire::modbus::{Heard, Request, RequestDecoder};
    use certbench_wire::{ability, aed, dynamixel, feetech, imada, magtrol, mark10, mtsics, rh56};
    for question in serial::questions() {
        let (who, bytes) = (question.driver, &question.bytes[..]);
        for framing in [rh56::Framing::HAND, rh56::Framing::GRIPPER] {
            let mut hand = rh56::RequestDecoder::speaking(framing);
            hand.push(bytes);
            hand.silence();
            for heard in std::iter::from_fn(|| hand.next()).flatten() {
                assert!(
                    matches!(heard, rh56::Request::Read { .. }),
                    "{who}: {heard:?}"
                );
            }
        }
        let mut servo = dynamixel::Decoder::default();
        servo.push(bytes);
        servo.silence();
        for heard in std::iter::from_fn(|| servo.next()).flatten() {
            assert_eq!(heard.instruction, dynamixel::Instruction::Ping, "{who}");
        }
        let mut servo = feetech::Decoder::default();
        servo.push(bytes);
        servo.silence();
        for heard in std::iter::from_fn(|| servo.next()).flatten() {
            assert_eq!(heard, feetech::Packet::ping(1), "{who}");
        }
        let mut unit = RequestDecoder::default();
        unit.push(bytes);
        unit.silence();
        for heard in std::iter::from_fn(|| unit.next()).flatten() {
            let reads = matches!(
                &heard,
                Heard {
                    request: Ok(Request::Read { .. }) | Err(_),
                    ..
                }
            );
            assert!(reads, "{who}: {heard:?}");
        }
        let mut hand = ability::Unstuffer::default();
        for frame in bytes.iter().filter_map(|byte| hand.push(*byte)).flatten() {
            let heard = ability::Request::decode(&frame);
            let reads = matches!(heard, Err(_) | Ok((_, ability::Request::Read(_))));
            assert!(reads, "{who}: {heard:?}");
        }
        let text = String::from_utf8_lossy(bytes);
        for line in text.split(['\r', '\n', ';']) {
            let force = mark10::Command::decode(line);
            let read = matches!(force, None | Some(mark10::Command::RealTime));
            assert!(read, "{who}: {line:?} is {force:?}");
            let force = imada::Command::decode(line);
            let read = matches!(force, None | Some(imada::Command::Read));
            assert!(read, "{who}: {line:?} is {force:?}");
            let scale = mtsics::Command::decode(line);
            let read = matches!(scale, None | Some(mtsics::Command::Serial));
            assert!(read, "{who}: {line:?} is {scale:?}");
            let brake = magtrol::Command::decode(line);
            let read = matches!(brake, None | Some(magtrol::Command::Identify));
            assert!(read, "{who}: {line:?} is {brake:?}");
            let cell = aed::Command::decode(line);
            let read = matches!(cell, None | Some(aed::Command::Identify));
            assert!(read, "{who}: {line:?} is {cell:?}");
        }
    }
}

#[test]
fn silence_garbage_and_an_echo_are_nobody() {
    let clock = Clock::simulated();
    for answer in [
        None,
        Some(&b""[..]),
        Some(b"\x00\xFF\xA5garbage\r\n"),
        Some(b"ERR 12\r\n"),
        Some(b"\xFF\xFF\x01"),
    ] {
        let (near, far) = pair::bytes(&clock, "far", Wire::default());
        let answer = answer.map(<[u8]>::to_vec);
        let end = clock.now() + Duration::from_secs(20);
        let task = clock.spawn("far", {
            let clock = clock.clone();
            move || {
                let mut heard = Vec::new();
                while clock.now() < end {
                    heard.clear();
                    if let Ok(Some(_)) = far.read(&mut heard, end) {
                        // an empty answer stands for an adapter that hears itself
                        let back = answer
                            .as_ref()
                            .map(|a| if a.is_empty() { &heard } else { a });
                        let _ = back.map(|back| far.write(back));
                    }
                }
            }
        });
        assert_eq!(
            asked(&clock, &near, |_| true),
            [],
            "a far end that is nobody"
        );
        let _ = task.join();
    }
    clock.end();
}

#[test]
fn a_bus_with_other_traffic_is_shown_and_nothing_is_sent_to_it() {
    let clock = Clock::simulated();
    let (near, far) = pair::can(&clock, "far", Wire::default());
    for _ in 0..3 {
        far.send(&CanFrame::standard(0x1A0, &[1, 2]).unwrap())
            .unwrap();
    }
    let found = bus::probe(&clock, &near).unwrap();
    assert_eq!(found[0].driver, "dbc");
    assert!(found[0].said.contains("1A0 x3"), "{found:?}");
    assert!(
        far.recv(clock.now()).unwrap().is_none(),
        "nothing was asked"
    );
    let silent = bus::probe(&clock, &near).unwrap();
    assert_eq!(silent, []);
    clock.end();
}

#[test]
fn what_is_found_can_be_pasted_into_a_bench() {
    let found = Found {
        driver: "inspire-rh56",
        options: "baud: 115200, id: 1".into(),
        said: "answers".into(),
    };
    let text = super::snippet("/dev/ttyUSB0", &found);
    let yaml: serde_json::Value = serde_saphyr::from_str(&format!("devices:\n{text}\n")).unwrap();
    assert_eq!(yaml["devices"]["item"]["options"]["id"], 1);
    assert!(serial::list().contains("ping servo 1"));
}
