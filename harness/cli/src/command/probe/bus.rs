//! A CAN bus: listened to; CANopen nodes and ODrives that were heard are asked who they are, and a silent
//! bus is asked what the makers of motors and hands document as reads of an identity or a register.
//!
//! Nobody is asked anything but that on a bus where others talk: an identifier has another meaning for each
//! of them. For the same reason the questions of a silent bus are chosen so that none is a command to a
//! motor or hand of another maker.

use super::Found;
use certbench_clock::{Clock, Time};
use certbench_link::{CanFrame, CanLink, LinkError};
use certbench_wire::canopen::{CobFrame, Heartbeat, NodeId, sdo};
use certbench_wire::{allegro, cubemars, damiao, linker, odrive, rh56, robstride};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// What will be done, for people.
pub(super) const LIST: &str = "\
certbench: listening for two seconds. CANopen nodes whose heartbeat is heard are then asked for object 1000h,
ODrives whose heartbeat is heard for their version. A bus on which nothing was heard is asked, with nothing
that moves or sets anything:
  robstride          who are you? (private protocol, kind 0; numbers 1 to 6 and 127)
  damiao-dm          read register 8, its number (identifier 7FF; numbers 1 to 6)
  inspire-rh56-can   read register 1000, its number (hand 1)
  linker-…-can       version (identifiers 27 and 28)
  allegro-v4, -v5    remote frame of its versions (hand 0)
CubeMars motors are heard in servo mode and never asked.
";

const LISTEN: Duration = Duration::from_secs(2);
const PATIENCE: Duration = Duration::from_millis(300);
/// An answer to one of many questions comes within this.
const SHORT: Duration = Duration::from_millis(60);
/// Heartbeats in the time of listening, of which one a node might be anything.
const BEATS: u32 = 3;
/// Our number towards RobStride motors, as their maker's tool has it.
const HOST: u8 = 0xFD;

/// What was heard of a bus in the time of listening.
#[derive(Default)]
struct Heard {
    nodes: BTreeSet<NodeId>,
    odrives: BTreeMap<u8, u32>,
    cubemars: BTreeSet<u8>,
    others: BTreeMap<String, u32>,
}

impl Heard {
    fn take(&mut self, frame: &CanFrame) {
        if frame.is_error() {
            return;
        }
        let plain = !frame.is_remote() && !frame.is_fd();
        if let Some(beat) = cob(frame).as_ref().and_then(Heartbeat::decode) {
            self.nodes.insert(beat.node);
        } else if let Some(node) = odrive_beat(frame).filter(|_| plain) {
            *self.odrives.entry(node).or_default() += 1;
        } else if let Some((motor, _)) = servo(frame).filter(|_| plain) {
            self.cubemars.insert(motor);
        } else {
            let text = frame.to_string();
            let id = text.split('#').next().unwrap_or_default().to_owned();
            *self.others.entry(id).or_default() += 1;
        }
    }

    fn nothing(&self) -> bool {
        let known = self.nodes.is_empty() && self.odrives.is_empty() && self.cubemars.is_empty();
        known && self.others.is_empty()
    }
}

fn odrive_beat(frame: &CanFrame) -> Option<u8> {
    let id = u16::try_from(frame.id())
        .ok()
        .filter(|_| !frame.is_extended())?;
    let (node, command) = odrive::split(id);
    let beat = odrive::Said::decode(command, frame.data());
    let heartbeat = command == odrive::command::HEARTBEAT && frame.len() == 8;
    matches!(beat, Some(odrive::Said::Heartbeat { .. }) if heartbeat).then_some(node)
}

fn servo(frame: &CanFrame) -> Option<(u8, cubemars::Feedback)> {
    frame
        .is_extended()
        .then(|| cubemars::Feedback::decode(frame.id(), frame.data()))?
}

/// Listens and asks.
pub(super) fn probe(clock: &Clock, bus: &dyn CanLink) -> Result<Vec<Found>, LinkError> {
    let mut heard = Heard::default();
    let until = clock.now() + LISTEN;
    while let Some((frame, _)) = bus.recv(until)? {
        heard.take(&frame);
    }
    if heard.nothing() {
        return silent(clock, bus);
    }
    let mut found = Vec::new();
    let mut profiles = BTreeMap::<u32, Vec<String>>::new();
    for node in heard.nodes {
        // the low word of the device type is the profile
        match device_type(clock, bus, node)? {
            Some(kind) => {
                let same = profiles.entry(kind & 0xFFFF).or_default();
                same.push(node.number().to_string());
            }
            None => eprintln!("certbench: CANopen {node} does not say its device type"),
        }
    }
    for (profile, nodes) in profiles {
        let list = nodes.join(", ");
        match profile {
            402 => found.push(Found {
                driver: "canopen-arm",
                options: format!("nodes: [{list}], counts_per_deg: …"),
                said: format!("CANopen drives (CiA 402): nodes {list}"),
            }),
            401 => found.extend(nodes.into_iter().map(|node| Found {
                driver: "canopen-io",
                said: format!("CANopen input and output box (CiA 401): node {node}"),
                options: format!("node: {node}"),
            })),
            other => eprintln!("certbench: CANopen nodes {list}, profile {other}"),
        }
    }
    let mut axes = Vec::new();
    for (node, _) in heard.odrives.iter().filter(|(_, beats)| **beats >= BEATS) {
        axes.extend(version(clock, bus, *node)?.map(|said| (node.to_string(), said)));
    }
    if let Some((_, said)) = axes.first() {
        let ids: Vec<&str> = axes.iter().map(|(node, _)| node.as_str()).collect();
        found.push(Found {
            driver: "odrive-can",
            options: format!("ids: {ids:?}"),
            said: format!("ODrive axes {}: {said}", ids.join(", ")),
        });
    }
    if !heard.cubemars.is_empty() {
        let ids: Vec<String> = heard.cubemars.iter().map(u8::to_string).collect();
        found.push(Found {
            driver: "cubemars-servo",
            options: format!("ids: [{}], model: …", ids.join(", ")),
            said: format!("CubeMars motors in servo mode: {}", ids.join(", ")),
        });
    }
    if found.is_empty() && !heard.others.is_empty() {
        let seen: Vec<String> = heard
            .others
            .iter()
            .map(|(id, n)| format!("{id} x{n}"))
            .collect();
        found.push(Found {
            driver: "dbc",
            options: "file: …, signals: …".into(),
            said: format!(
                "frames come by themselves: {}; with the maker's DBC file:",
                seen.join(", ")
            ),
        });
    }
    Ok(found)
}

/// Options of the bench, and words for people; `None` when a frame is no answer.
type Reading = Box<dyn Fn(&CanFrame) -> Option<(String, String)>>;

/// A question to a silent bus, and what its answer says.
struct Question {
    driver: &'static str,
    /// Number of a motor, where motors are asked one by one.
    motor: Option<u8>,
    frame: CanFrame,
    understood: Reading,
}

/// The numbers that motors have from the factory, and those that a bench gives them.
const MOTORS: [u8; 6] = [1, 2, 3, 4, 5, 6];

fn questions() -> Vec<Question> {
    let mut questions = Vec::new();
    for motor in MOTORS.into_iter().chain([127]) {
        let (id, _) = robstride::Command::Identify.encode(HOST, motor);
        questions.push(Question {
            driver: "robstride",
            motor: Some(motor),
            // without the eight bytes that the maker's tool sends, they are zero
            frame: extended(id, &[0; 8]),
            understood: Box::new(move |frame| {
                let answer = robstride::Answer::decode(frame.id(), frame.data())?;
                let (true, (from, robstride::Answer::Identity { chip })) =
                    (frame.is_extended(), answer)
                else {
                    return None;
                };
                let chip = certbench_wire::hex(&chip);
                let said = format!("RobStride or CyberGear motor {from}, processor {chip}");
                (from == motor).then(|| (String::new(), said))
            }),
        });
    }
    for motor in MOTORS {
        let asked = damiao::Request::Read {
            register: damiao::register::ESC_ID,
        };
        questions.push(Question {
            driver: "damiao-dm",
            motor: Some(motor),
            frame: standard(damiao::REGISTERS.into(), &asked.encode(motor.into())),
            understood: Box::new(move |frame| {
                let register = damiao::Register::decode(frame.data())?;
                let own = u32::from_le_bytes(register.value) == u32::from(motor);
                let answer =
                    !frame.is_extended() && frame.id() != u32::from(damiao::REGISTERS) && own;
                let that = register.register == damiao::register::ESC_ID && !register.written;
                let said = format!("Damiao motor {motor}, answers from {:X}", frame.id());
                (answer && that).then(|| (String::new(), said))
            }),
        });
    }
    // Identifiers of 29 bits: a register below 1024 cannot be taken for a command by a RobStride motor.
    let asked = rh56::Request::Read {
        hand: 1,
        address: rh56::register::HAND_ID.address,
        count: 1,
    };
    if let Some((id, data)) = asked.to_can() {
        questions.push(Question {
            driver: "inspire-rh56-can",
            motor: None,
            frame: extended(id, &data),
            understood: Box::new(move |frame| {
                let reply = rh56::Reply::from_can(frame.id(), frame.data())?;
                let hand =
                    matches!(&reply, rh56::Reply::Data { hand: 1, data, .. } if data[..] == [1]);
                (hand && frame.is_extended()).then(|| {
                    (
                        "id: 1".into(),
                        "an RH56 hand says that it is number 1".into(),
                    )
                })
            }),
        });
    }
    for (id, side) in [(linker::RIGHT, "right"), (linker::LEFT, "left")] {
        let ask = linker::Message::Ask(linker::property::VERSION);
        questions.push(Question {
            driver: "linker-l10-can",
            motor: None,
            frame: standard(id, &ask.encode().unwrap_or_default()),
            understood: Box::new(move |frame| {
                let counts = match linker::Message::decode(frame.data())? {
                    linker::Message::Counts(linker::property::VERSION, counts) => counts,
                    _ => return None,
                };
                let said =
                    format!("a Linker Hand says version {counts:?}; which model, its label says");
                let answer = frame.id() == id && !frame.is_extended();
                answer.then(|| (format!("hand: {side}"), said))
            }),
        });
    }
    if let Some(id) = allegro::Ask::Info.id(0) {
        questions.extend(CanFrame::remote(id, false, 0).map(|frame| Question {
            driver: "allegro-v4",
            motor: None,
            frame,
            understood: Box::new(move |frame| {
                if frame.id() != id || frame.is_extended() || frame.is_remote() {
                    return None;
                }
                let allegro::Reply::Info(info) = allegro::Reply::decode(allegro::Ask::Info, frame.data())?
                else {
                    return None;
                };
                let [[a, b], [c, d]] = [info.hardware, info.firmware];
                let said = format!("an Allegro Hand says hardware {a}.{b}, firmware {c}.{d}; V4 or V5, its label says");
                Some((String::new(), said))
            }),
        }));
    }
    questions
}

/// Every frame that a silent bus is sent.
#[cfg(test)]
pub(super) fn asked() -> Vec<CanFrame> {
    questions()
        .into_iter()
        .map(|question| question.frame)
        .collect()
}

/// A frame of a codec of ours, which fits.
fn standard(id: u32, data: &[u8]) -> CanFrame {
    CanFrame::standard(id, data).unwrap_or_else(|never| unreachable!("{never}"))
}

fn extended(id: u32, data: &[u8]) -> CanFrame {
    CanFrame::extended(id, data).unwrap_or_else(|never| unreachable!("{never}"))
}

/// Asks a bus on which nothing was heard. Motors of one kind are one arm.
fn silent(clock: &Clock, bus: &dyn CanLink) -> Result<Vec<Found>, LinkError> {
    let mut found: Vec<Found> = Vec::new();
    let mut motors: Vec<String> = Vec::new();
    for question in questions() {
        // whoever has answered is the only kind of device on this bus
        if found
            .last()
            .is_some_and(|found| found.driver != question.driver)
        {
            break;
        }
        let Some((options, said)) = answer(clock, bus, &question)? else {
            continue;
        };
        match (question.motor, found.last_mut()) {
            (Some(motor), before) => {
                motors.push(motor.to_string());
                let options = format!("ids: [{}]", motors.join(", "));
                match before {
                    Some(arm) => {
                        (arm.options, arm.said) = (options, format!("{}; {said}", arm.said))
                    }
                    None => found.push(Found {
                        driver: question.driver,
                        options,
                        said,
                    }),
                }
            }
            (None, _) => found.push(Found {
                driver: question.driver,
                options,
                said,
            }),
        }
    }
    Ok(found)
}

fn answer(
    clock: &Clock,
    bus: &dyn CanLink,
    question: &Question,
) -> Result<Option<(String, String)>, LinkError> {
    // a bus on which nobody is: there is nobody to acknowledge, and the frame does not leave
    if let Err(LinkError::Timeout { .. }) = bus.send(&question.frame) {
        return Ok(None);
    }
    heard(bus, clock.now() + SHORT, |frame| {
        (question.understood)(frame)
    })
}

/// What the first frame says that is understood.
fn heard<T>(
    bus: &dyn CanLink,
    until: Time,
    mut understood: impl FnMut(&CanFrame) -> Option<T>,
) -> Result<Option<T>, LinkError> {
    while let Some((frame, _)) = bus.recv(until)? {
        if let Some(answer) = understood(&frame).filter(|_| !frame.is_error()) {
            return Ok(Some(answer));
        }
    }
    Ok(None)
}

/// The version of an ODrive, by a remote frame.
fn version(clock: &Clock, bus: &dyn CanLink, node: u8) -> Result<Option<String>, LinkError> {
    let id = u32::from(odrive::id(node, odrive::command::VERSION));
    let Ok(ask) = CanFrame::remote(id, false, 8) else {
        return Ok(None);
    };
    bus.send(&ask)?;
    heard(bus, clock.now() + PATIENCE, |frame| {
        let own = frame.id() == id && !frame.is_extended() && !frame.is_remote();
        match odrive::Said::decode(odrive::command::VERSION, frame.data())? {
            odrive::Said::Version {
                firmware: [a, b, c],
                ..
            } if own => Some(format!("firmware {a}.{b}.{c}")),
            _ => None,
        }
    })
}

/// A frame as CANopen has it.
fn cob(frame: &CanFrame) -> Option<CobFrame> {
    let classic = !frame.is_extended() && !frame.is_fd() && !frame.is_error() && !frame.is_remote();
    let id = u16::try_from(frame.id()).ok().filter(|_| classic)?;
    CobFrame::new(id, frame.data())
}

/// Object 1000h of a node, read.
fn device_type(clock: &Clock, bus: &dyn CanLink, node: NodeId) -> Result<Option<u32>, LinkError> {
    let (mut client, ask) = sdo::Client::upload(node, 0x1000, 0);
    if let Ok(frame) = CanFrame::standard(ask.id().into(), ask.data()) {
        bus.send(&frame)?;
    }
    let until = clock.now() + PATIENCE;
    while let Some((frame, _)) = bus.recv(until)? {
        let Some(frame) = cob(&frame) else { continue };
        match client.on(&frame) {
            // An answer of four bytes is whole: the node waits for no more.
            sdo::Step::Done(content, _) => {
                return Ok(content.try_into().ok().map(u32::from_le_bytes));
            }
            sdo::Step::Failed(..) => return Ok(None),
            sdo::Step::NotMine | sdo::Step::Wait | sdo::Step::Send(_) | sdo::Step::SendAll(_) => {}
        }
    }
    Ok(None)
}
