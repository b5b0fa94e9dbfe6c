//! `certbench lss PORT`: who the one CANopen device on a bus is, and, with `--confirm`, its node number and
//! bit rate (CiA 305).
//!
//! The device is taken into configuration with all others that may hang on the bus, so it must hang there
//! alone: two that answer are refused before anything is set. Devices whose answers are bit for bit the same
//! cannot be told apart on a CAN bus; the serial number, which is asked too, tells them apart.

use crate::exit::Exit;
use crate::{over, say};
use certbench_clock::Clock;
use certbench_link::{CanFrame, CanLink, LinkError, open_can};
use certbench_wire::canopen::lss::{self, Answer, Part};
use certbench_wire::canopen::{CobFrame, NodeId};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// A device answers within this (CiA 305 leaves it to the device).
const PATIENCE: Duration = Duration::from_millis(300);
/// Between two looks at whether it shall be over.
const LOOK: Duration = Duration::from_millis(50);
/// Writing to its memory may take longer.
const STORES: Duration = Duration::from_secs(3);

/// Identify or set up the one CANopen device on a bus.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// A CAN port (`can0`, `slcan:/dev/ttyACM0@1000000`), with that device and no other on the bus
    port: String,
    /// Node number to give it, 1 to 127
    #[arg(long)]
    node: Option<u8>,
    /// Bit rate to give it, bits per second: 10000 to 1000000, as CiA 305 has them
    #[arg(long, value_name = "RATE")]
    bit_rate: Option<u32>,
    /// Set it, and have the device keep it; without this it is only asked who it is
    #[arg(long)]
    confirm: bool,
}

/// What shall be set.
struct Wanted {
    node: Option<NodeId>,
    bit_rate: Option<(u32, CobFrame)>,
}

/// Who the device is.
#[derive(Debug, PartialEq)]
struct Found {
    address: lss::LssAddress,
    node: Option<NodeId>,
}

/// Why nothing was set, or not all.
#[derive(Debug)]
enum Refusal {
    Link(LinkError),
    Device(String),
    Interrupted,
}

/// The bus, and whether somebody wants it to be over.
struct Far<'a> {
    clock: &'a Clock,
    bus: &'a dyn CanLink,
    over: &'a AtomicBool,
}

impl From<LinkError> for Refusal {
    fn from(error: LinkError) -> Refusal {
        Refusal::Link(error)
    }
}

/// Asks and sets.
pub(crate) fn lss(args: &Args) -> anyhow::Result<Exit> {
    let wanted = match wanted(args) {
        Ok(wanted) => wanted,
        Err(why) => {
            eprintln!("certbench: {why}");
            return Ok(Exit::Usage);
        }
    };
    let clock = Clock::real();
    let done = open_can(&clock, &args.port)
        .map_err(Refusal::Link)
        .and_then(|bus| {
            let far = Far {
                clock: &clock,
                bus: &*bus,
                over: &over::at_signal(),
            };
            session(&far, &wanted, args.confirm)
        });
    Ok(match done {
        Ok(exit) => exit,
        Err(Refusal::Link(error)) => {
            eprintln!("certbench: {error}");
            Exit::Refused
        }
        Err(Refusal::Device(what)) => {
            eprintln!("certbench: {what}");
            Exit::Refused
        }
        Err(Refusal::Interrupted) => {
            eprintln!("certbench: interrupted; the device was taken out of configuration");
            Exit::Incomplete
        }
    })
}

fn wanted(args: &Args) -> Result<Wanted, String> {
    let node = args
        .node
        .map(|number| NodeId::new(number).ok_or(format!("--node {number}: nodes are 1 to 127")));
    let bit_rate = args.bit_rate.map(|rate| {
        let rates: Vec<String> = lss::BIT_RATES
            .iter()
            .map(|(_, rate)| rate.to_string())
            .collect();
        let frame = lss::set_bit_rate(rate);
        let frame = frame.ok_or(format!("--bit-rate {rate}: one of {}", rates.join(", ")))?;
        Ok::<_, String>((rate, frame))
    });
    Ok(Wanted {
        node: node.transpose()?,
        bit_rate: bit_rate.transpose()?,
    })
}

/// Into configuration, and out of it at every end.
fn session(far: &Far<'_>, wanted: &Wanted, confirm: bool) -> Result<Exit, Refusal> {
    send(far.bus, &lss::switch_all(true))?;
    let done = in_configuration(far, wanted, confirm);
    send(far.bus, &lss::switch_all(false))?;
    done
}

fn in_configuration(far: &Far<'_>, wanted: &Wanted, confirm: bool) -> Result<Exit, Refusal> {
    let found = who(far)?;
    let [vendor, product, revision, serial] = found.address;
    let number =
        |node: Option<NodeId>| node.map_or("none yet".into(), |node| node.number().to_string());
    say!(
        "vendor {vendor:08X}, product {product:08X}, revision {revision:08X}, serial {serial}, node {}",
        number(found.node)
    );
    if wanted.node.is_none() && wanted.bit_rate.is_none() {
        return Ok(Exit::Passed);
    }
    if !confirm {
        eprintln!("certbench: nothing was set: `--confirm` sets it, in this device, for good");
        return Ok(Exit::Incomplete);
    }
    if let Some(node) = wanted.node {
        set(
            far,
            &lss::set_node(node),
            "node number",
            |answer| match answer {
                Answer::Set(code, own) => Some((code, own)),
                _ => None,
            },
        )?;
    }
    if let Some((_, frame)) = &wanted.bit_rate {
        set(far, frame, "bit rate", |answer| match answer {
            Answer::BitRate(code, own) => Some((code, own)),
            _ => None,
        })?;
    }
    set(
        far,
        &lss::store(),
        "order to keep it",
        |answer| match answer {
            Answer::Stored(code, own) => Some((code, own)),
            _ => None,
        },
    )?;
    if let Some(node) = wanted.node {
        say!("node {node} from its next power-on", node = node.number());
    }
    if let Some((rate, _)) = wanted.bit_rate {
        say!("{rate} bit/s from its next power-on");
    }
    Ok(Exit::Passed)
}

/// Asks everything of who is there; more than one answer to a question is more than one device.
fn who(far: &Far<'_>) -> Result<Found, Refusal> {
    let mut address = [0; 4];
    for (part, number) in Part::ALL.into_iter().zip(&mut address) {
        *number = the_one(ask(
            far,
            &lss::inquire(part),
            PATIENCE,
            |answer| match answer {
                Answer::Is(said, number) if said == part => Some(number),
                _ => None,
            },
        )?)?;
    }
    let node = the_one(ask(
        far,
        &lss::inquire_node(),
        PATIENCE,
        |answer| match answer {
            Answer::Node(node) => Some(node),
            _ => None,
        },
    )?)?;
    Ok(Found { address, node })
}

fn the_one<T: Copy>(answers: Vec<T>) -> Result<T, Refusal> {
    match answers[..] {
        [one] => Ok(one),
        [] => Err(Refusal::Device(
            "nobody answers to LSS: the device may be off, run at another bit rate, or have its number on switches"
                .into(),
        )),
        _ => Err(Refusal::Device(format!(
            "{} devices answer; leave only the one on the bus that is to be set",
            answers.len()
        ))),
    }
}

fn set(
    far: &Far<'_>,
    frame: &CobFrame,
    what: &str,
    answer: impl Fn(Answer) -> Option<(u8, u8)>,
) -> Result<(), Refusal> {
    match the_one(ask(far, frame, STORES, answer)?)? {
        (0, _) => Ok(()),
        (255, own) => Err(Refusal::Device(format!(
            "it refuses the {what}, with its maker's code {own}"
        ))),
        (code, _) => Err(Refusal::Device(format!(
            "it refuses the {what} (code {code}): it cannot do that, or not this value"
        ))),
    }
}

/// All answers to a question: until the first one for so long, and then a moment for others.
fn ask<T>(
    far: &Far<'_>,
    question: &CobFrame,
    patience: Duration,
    understood: impl Fn(Answer) -> Option<T>,
) -> Result<Vec<T>, Refusal> {
    let Far { clock, bus, over } = *far;
    while bus.recv(clock.now())?.is_some() {} // what came before is no answer
    send(bus, question)?;
    let (mut answers, mut until) = (Vec::new(), clock.now() + patience);
    while clock.now() < until {
        if over.load(Ordering::Relaxed) {
            return Err(Refusal::Interrupted);
        }
        let Some((frame, _)) = bus.recv(until.min(clock.now() + LOOK))? else {
            continue;
        };
        let plain = !frame.is_extended() && !frame.is_remote() && !frame.is_error();
        let frame = u16::try_from(frame.id())
            .ok()
            .and_then(|id| CobFrame::new(id, frame.data()));
        let answer = frame.filter(|_| plain).as_ref().and_then(Answer::decode);
        if let Some(answer) = answer.and_then(&understood) {
            answers.push(answer);
            until = until.min(clock.now() + PATIENCE / 3);
        }
    }
    Ok(answers)
}

fn send(bus: &dyn CanLink, frame: &CobFrame) -> Result<(), LinkError> {
    let frame = CanFrame::standard(frame.id().into(), frame.data());
    let frame = frame.unwrap_or_else(|never| unreachable!("{never}"));
    bus.send(&frame).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;
    use certbench_link::pair::{self, Wire};
    use certbench_sim::config::WorldConfig;
    use certbench_sim::{Port, Simulation, Transport};
    use serde_json::json;

    /// The simulated box, alone on its bus.
    fn on_a_bus(over: bool, test: impl FnOnce(&Far<'_>)) {
        let clock = Clock::simulated();
        let config = WorldConfig::from_json(&json!({ "arm": {} })).unwrap();
        let devices = [("far".to_owned(), "canopen-io".to_owned())];
        let (simulation, mut ports) =
            Simulation::build(&config, &devices, &clock, Transport::InProcess).unwrap();
        let Some(Port::Can(bus)) = ports.remove("far") else {
            panic!("no bus")
        };
        test(&Far {
            clock: &clock,
            bus: &*bus,
            over: &AtomicBool::new(over),
        });
        simulation.shutdown();
    }

    fn to(node: u8, rate: Option<u32>) -> Wanted {
        let args = Args {
            port: String::new(),
            node: Some(node),
            bit_rate: rate,
            confirm: true,
        };
        wanted(&args).unwrap()
    }

    #[test]
    fn a_number_is_set_only_when_confirmed_and_holds_after_a_reset() {
        on_a_bus(false, |far| {
            let numbers = || {
                send(far.bus, &lss::switch_all(true)).unwrap();
                let found = who(far).unwrap();
                send(far.bus, &lss::switch_all(false)).unwrap();
                (found.address[3], found.node.unwrap().number())
            };
            let exit = session(far, &to(7, None), false).unwrap();
            assert_eq!((exit, numbers()), (Exit::Incomplete, (4001, 1)));
            let exit = session(far, &to(7, Some(500_000)), true).unwrap();
            assert_eq!((exit, numbers()), (Exit::Passed, (4001, 1)), "not yet");
            let reset = certbench_wire::canopen::NmtCommand::ResetNode.encode(None);
            send(far.bus, &reset).unwrap();
            far.clock.sleep(Duration::from_millis(100));
            assert_eq!(numbers(), (4001, 7));
        });
    }

    /// It answers nothing any more: it waits, as before.
    #[test]
    fn an_interrupted_session_leaves_no_device_in_configuration() {
        on_a_bus(true, |far| {
            let ended = session(far, &to(7, None), true);
            assert!(matches!(ended, Err(Refusal::Interrupted)), "{ended:?}");
            far.clock.sleep(PATIENCE); // what was asked before is still answered
            let far = Far {
                over: &AtomicBool::new(false),
                ..*far
            };
            let answers = ask(&far, &lss::inquire_node(), PATIENCE, Some).unwrap();
            assert!(answers.is_empty(), "{answers:?}");
        });
    }

    #[test]
    fn what_the_standard_does_not_have_is_refused_here() {
        for (node, bit_rate) in [(Some(0), None), (Some(128), None), (None, Some(100_000))] {
            let args = Args {
                port: String::new(),
                node,
                bit_rate,
                confirm: true,
            };
            assert!(wanted(&args).is_err());
        }
    }

    /// Two devices that answer, and none: nothing is set.
    #[test]
    fn two_devices_and_none_are_refused() {
        for answers in [0, 2] {
            let clock = Clock::simulated();
            let (near, far) = pair::can(&clock, "far", Wire::default());
            let end = clock.now() + Duration::from_secs(3);
            let task = clock.spawn("far", {
                let clock = clock.clone();
                move || {
                    let mut set = false;
                    while clock.now() < end {
                        let Ok(Some((frame, _))) = far.recv(end) else {
                            continue;
                        };
                        set |= frame.data().first() == Some(&0x11);
                        if frame.data().first() == Some(&0x5A) {
                            for serial in 0..answers {
                                let data = [0x5A, serial, 0, 0, 0, 0, 0, 0];
                                far.send(&CanFrame::standard(0x7E4, &data).unwrap())
                                    .unwrap();
                            }
                        }
                    }
                    set
                }
            });
            let far = Far {
                clock: &clock,
                bus: &near,
                over: &AtomicBool::new(false),
            };
            let refused = session(&far, &to(7, None), true);
            assert!(matches!(refused, Err(Refusal::Device(_))), "{answers}");
            assert!(!task.join().unwrap(), "nothing was set");
            clock.end();
        }
    }
}
