//! Linker Hand L10, L20, O6 and L6 on CAN (maker's Python SDK of 2026-02).
//!
//! One identifier for questions and answers, counts of 0 to 255 where 255 is open. A joint that a grasp does not
//! name is commanded to where it was read last: the wire has no word for "stay". The hand says nothing of what
//! it does, so standing still decides whether a motion is over.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use certbench_clock::Clock;
use certbench_link::{CanFrame, CanLink};
use certbench_model::plan::DevicePlan;
use certbench_model::vocabulary::DriverDescription;
use certbench_model::{FaultKind, Identity, Invalid, LinkFacts, Reading, Text};
use certbench_roles::{Device, Trouble};
use certbench_wire::linker::{LEFT, Message, RIGHT, property as p};

use super::bus::Bus;
use super::shell::{self, Core, Kind, Nature, Resolved};
use super::{asked_options, hand, signal};
use crate::facts::link_facts;
use crate::family::{Family, Opener};
use crate::health::Health;
use crate::line::{Answer, Failure, Heard};
use crate::options::{Options, count, one_of};
use crate::sinks::Sinks;
use crate::worker::{Stop, Ticks};

/// Open, in counts.
const OPEN: f64 = 255.0;
/// Closing by which a target may be missed.
const NEAR: f64 = 0.03;
/// Closing by which a sample may differ from the last one and still be standing: a count.
const STILL: f64 = 1.0 / OPEN;
/// Faults and temperatures are asked for in every so many rounds.
const SLOW: u64 = 5;
/// Parts of a serial number, six characters each.
const SERIAL_PARTS: u8 = 4;

/// Joints that share a frame.
struct Group {
    /// It is asked for by this.
    property: u8,
    /// It is commanded by this.
    commands: u8,
    joints: &'static [&'static str],
    /// Counts in a command; those beyond the joints are 0.
    counts: usize,
    signal: &'static str,
}

/// Counts that share a frame and belong to motors, not to joints.
struct Motors {
    property: u8,
    motors: usize,
}

struct Model {
    id: &'static str,
    name: &'static str,
    /// In the order of the joints.
    groups: &'static [Group],
    /// Share of the torque (L20: of the current) that a motor may use.
    force: &'static [Motors],
    speed: &'static [Motors],
    /// °C.
    temperature: &'static [Motors],
    /// 0 is none.
    fault: &'static [Motors],
}

const fn group(property: u8, joints: &'static [&'static str], signal: &'static str) -> Group {
    Group {
        property,
        commands: property,
        joints,
        counts: joints.len(),
        signal,
    }
}

/// Of an L20, whose commands carry five counts and are not answered.
const fn group_l20(property: u8, joints: &'static [&'static str], signal: &'static str) -> Group {
    Group {
        commands: property | p::UNANSWERED,
        counts: 5,
        ..group(property, joints, signal)
    }
}

const fn motors(property: u8, motors: usize) -> Motors {
    Motors { property, motors }
}

/// O6 and L6.
const SIX: &[Group] = &[group(
    p::JOINTS_1,
    &["joint1", "joint2", "joint3", "joint4", "joint5", "joint6"],
    "closing",
)];

const fn six(id: &'static str, name: &'static str) -> Model {
    Model {
        id,
        name,
        groups: SIX,
        force: const { &[motors(p::TORQUE, 6)] },
        speed: const { &[motors(p::SPEED, 6)] },
        temperature: const { &[motors(p::TEMPERATURE, 6)] },
        fault: const { &[motors(p::FAULT, 6)] },
    }
}

const MODELS: &[Model] = &[
    Model {
        id: "linker-l10-can",
        name: "Linker Hand L10",
        groups: &[
            group(p::JOINTS_1, SIX[0].joints, "closing"),
            group(
                p::JOINTS_4,
                &["joint7", "joint8", "joint9", "joint10"],
                "closing2",
            ),
        ],
        force: &[motors(p::TORQUE, 5), motors(p::TORQUE_2, 5)],
        speed: &[motors(p::SPEED, 5), motors(p::SPEED_2, 5)],
        temperature: &[motors(p::TEMPERATURE, 5), motors(p::TEMPERATURE_2, 5)],
        fault: &[motors(p::FAULT, 5), motors(p::FAULT_2, 5)],
    },
    Model {
        id: "linker-l20-can",
        name: "Linker Hand L20",
        groups: &[
            group_l20(
                p::JOINTS_1,
                &[
                    "thumb-base",
                    "index-base",
                    "middle-base",
                    "ring-base",
                    "little-base",
                ],
                "closing",
            ),
            group_l20(
                p::JOINTS_2,
                &[
                    "thumb-yaw",
                    "index-yaw",
                    "middle-yaw",
                    "ring-yaw",
                    "little-yaw",
                ],
                "closing2",
            ),
            group_l20(p::JOINTS_3, &["thumb-roll"], "closing3"),
            group_l20(
                p::JOINTS_4,
                &[
                    "thumb-tip",
                    "index-tip",
                    "middle-tip",
                    "ring-tip",
                    "little-tip",
                ],
                "closing4",
            ),
        ],
        force: &[motors(p::CURRENT_L20, 5)],
        speed: &[motors(p::SPEED, 5)],
        temperature: &[],
        fault: &[motors(p::FAULT_L20, 5)],
    },
    six("linker-o6-can", "Linker Hand O6"),
    six("linker-l6-can", "Linker Hand L6"),
];

/// Every model.
pub(super) fn families() -> Vec<Family> {
    MODELS
        .iter()
        .map(|model| (description(model), Opener::Can(open)))
        .collect()
}

const MOTORS: &[&str] = &["motor1", "motor2", "motor3", "motor4", "motor5", "motor6"];
const TEMPERATURES: [&str; 2] = ["temperature", "temperature2"];

fn description(model: &Model) -> DriverDescription {
    let all = model.groups.iter().flat_map(|group| group.joints);
    let joints: Vec<&str> = all.copied().collect();
    let mut it = hand(
        model.id,
        &format!("{}, CAN", model.name),
        &format!(
            "{} 灵巧手，CAN",
            model.name.replace("Linker Hand", "灵心巧手")
        ),
        "can",
        &joints,
    );
    let closings = model.groups.iter();
    it.signals = closings
        .map(|group| signal(group.signal, "%", group.joints, 0.02))
        .collect();
    for (name, of) in TEMPERATURES.iter().zip(model.temperature) {
        let motors = MOTORS.get(..of.motors).unwrap_or(MOTORS);
        it.signals.push(signal(name, "Cel", motors, 0.1));
    }
    it.options = vec![
        count(
            "bit_rate",
            1_000_000,
            "bit rate of the bus, for an SLCAN adapter",
            "总线位速率（SLCAN 适配器）",
        ),
        one_of(
            "hand",
            &["right", "left"],
            "which hand it is: identifier 27h or 28h",
            "右手（27h）或左手（28h）",
        ),
    ];
    it.options.extend(asked_options());
    it.watchdog = Text::new(
        "not known: the maker documents none",
        "未知：厂商文档未说明",
    );
    it.verified_against = [
        "frames of the maker's Python SDK (2026-02)",
        "simulator",
        "unverified: which joint is which finger, codes of faults, parts of the serial number",
    ]
    .map(String::from)
    .to_vec();
    it
}

fn open(
    plan: &DevicePlan,
    link: Arc<dyn CanLink>,
    clock: &Clock,
) -> Result<Arc<dyn Device>, Trouble> {
    let model = MODELS.iter().find(|model| model.id == plan.driver);
    let model = model
        .ok_or_else(|| Trouble::Refused(format!("device `{}`: it is no Linker Hand", plan.id)))?;
    let options = Options::new(plan, description(model));
    let id = match options.text("hand")?.as_deref() {
        Some("left") => LEFT,
        _ => RIGHT,
    };
    let joints = model.groups.iter().flat_map(|group| group.joints);
    let nature = Nature {
        fingers: joints.map(ToString::to_string).collect(),
        near: NEAR,
        still: STILL,
        force_n: None,
        says: false,
    };
    let who = format!("hand {id:02X}h on {}", link.describe().port);
    let timeout = options.time("timeout")?;
    Ok(shell::device(Hand {
        core: Core::new(plan, &options, clock, nature)?,
        model,
        id,
        bus: Bus::new(link, clock, who, timeout),
        here: Mutex::new(vec![None; model.groups.len()]),
        hold: Mutex::new(None),
    }))
}

struct Hand {
    core: Core,
    model: &'static Model,
    id: u32,
    bus: Bus,
    /// Counts of each group as read last. Locked for a copy only.
    here: Mutex<Vec<Option<Vec<u8>>>>,
    /// The frames of a halt. Locked for a copy only.
    hold: Mutex<Option<Vec<CanFrame>>>,
}

/// Closing of a count.
fn closing(count: u8) -> f64 {
    1.0 - f64::from(count) / OPEN
}

/// Count of a closing.
fn position(closing: f64) -> u8 {
    (OPEN * (1.0 - closing)).round() as u8
}

/// Count of a share; a limit is never rounded up.
fn share(share: f64) -> u8 {
    (255.0 * share + 1e-9).floor() as u8
}

impl Hand {
    /// Asks for counts: at least so many.
    fn ask(&self, property: u8, counts: usize) -> Result<Answer<Vec<u8>>, Failure> {
        let question = self.frame(&Message::Ask(property))?;
        self.bus.ask(&question, |frame| match self.hear(frame) {
            Some(Message::Counts(about, said)) if about == property && said.len() >= counts => {
                Heard::Answer(said)
            }
            _ => Heard::More,
        })
    }

    /// What a frame of the bus says, if it is this hand's.
    fn hear(&self, frame: &CanFrame) -> Option<Message> {
        let ours = frame.id() == self.id && !frame.is_extended() && !frame.is_remote();
        ours.then(|| Message::decode(frame.data())).flatten()
    }

    fn frame(&self, message: &Message) -> Result<CanFrame, Failure> {
        let data = message.encode().unwrap_or_default();
        CanFrame::standard(self.id, &data).map_err(|error| Failure::Garbage {
            what: error.to_string(),
            asked: Vec::new(),
        })
    }

    fn tell(&self, message: &Message) -> Result<(), Trouble> {
        let frame = self
            .frame(message)
            .map_err(|failure| self.bus.trouble(&failure))?;
        self.bus
            .tell(&frame)
            .map(|_| ())
            .map_err(|error| Trouble::Fault(FaultKind::Link, error.to_string()))
    }

    fn here(&self) -> std::sync::MutexGuard<'_, Vec<Option<Vec<u8>>>> {
        self.here.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads every group; what a halt would hold follows from it.
    fn look(&self, mut each: impl FnMut(&Group, &Answer<Vec<u8>>)) -> Result<(), Failure> {
        let (mut asked, mut heard) = (None, self.core.now());
        for (n, group) in self.model.groups.iter().enumerate() {
            let answer = self.ask(group.property, group.joints.len())?;
            asked.get_or_insert(answer.asked);
            heard = answer.stamp.latest;
            each(group, &answer);
            if let Some(place) = self.here().get_mut(n) {
                *place = Some(answer.value);
            }
        }
        let all = self.here().clone();
        let closings = self
            .model
            .groups
            .iter()
            .zip(&all)
            .flat_map(|(group, counts)| {
                let counts = counts.iter().flatten().take(group.joints.len());
                counts.map(|count| closing(*count))
            });
        let closings: Vec<f64> = closings.collect();
        let frames: Option<Vec<CanFrame>> = (self.model.groups.iter().zip(all))
            .map(|(group, counts)| self.frame(&command(group, counts?)).ok())
            .collect();
        *self.hold.lock().unwrap_or_else(PoisonError::into_inner) = frames;
        if let Some(asked) = asked {
            self.core.stands(closings, asked, heard);
        }
        Ok(())
    }

    /// One round of the thread.
    fn round(&self, sinks: &Sinks, round: u64, told: &mut [u8]) -> Result<(), Failure> {
        let give = |name: &str, answer: &Answer<Vec<u8>>, values: &[f64]| {
            let reading = match answer.took() > self.core.slowest {
                true => Reading::Invalid(Invalid::Stale),
                false => Reading::vector(values),
            };
            sinks.signal(name, answer.stamp.earliest, reading);
        };
        self.look(|group, answer| {
            let counts = answer.value.iter().take(group.joints.len());
            let values: Vec<f64> = counts.map(|count| 100.0 * closing(*count)).collect();
            give(group.signal, answer, &values);
        })?;
        if !round.is_multiple_of(SLOW) {
            return Ok(());
        }
        for (name, of) in TEMPERATURES.iter().zip(self.model.temperature) {
            let answer = self.ask(of.property, of.motors)?;
            let celsius = answer.value.iter().take(of.motors).map(|c| f64::from(*c));
            give(name, &answer, &celsius.collect::<Vec<f64>>());
        }
        let mut motor = 0;
        for of in self.model.fault {
            let answer = self.ask(of.property, of.motors)?;
            for code in answer.value.iter().take(of.motors) {
                let before = told
                    .get_mut(motor)
                    .map(|told| std::mem::replace(told, *code));
                motor += 1;
                if *code != 0 && before != Some(*code) {
                    let text = format!("motor {motor} reports the code {code}");
                    sinks.event(answer.stamp.earliest, "motor-fault", text);
                }
            }
        }
        Ok(())
    }
}

/// A command to the joints of a group.
fn command(group: &Group, mut counts: Vec<u8>) -> Message {
    counts.truncate(group.joints.len());
    counts.resize(group.counts, 0);
    Message::Counts(group.commands, counts)
}

impl Kind for Hand {
    fn core(&self) -> &Core {
        &self.core
    }

    fn link(&self) -> LinkFacts {
        link_facts(self.bus.describe())
    }

    fn call_at_most(&self) -> Duration {
        self.bus.call_at_most()
    }

    fn identify(&self) -> Result<Identity, Trouble> {
        self.look(|_, _| ())
            .map_err(|failure| self.bus.trouble(&failure))?;
        let version = self.ask(p::VERSION, 1);
        let version = version.or_else(|_| self.ask(p::SOFTWARE_VERSION, 1)).ok();
        let firmware = version.map(|answer| {
            let parts: Vec<String> = answer.value.iter().map(u8::to_string).collect();
            parts.join(".")
        });
        let serial = self.serial();
        let missing = [
            ("serial", serial.is_none()),
            ("firmware", firmware.is_none()),
        ];
        let missing = missing.iter().filter(|(_, missing)| *missing);
        let mut label_needed = vec!["model".to_owned()];
        label_needed.extend(missing.map(|(field, _)| (*field).to_owned()));
        Ok(Identity {
            read_from_device: serial.is_some(),
            maker: Some("Linker Robot".into()),
            serial,
            firmware,
            label_needed,
            notes: vec![format!("answers at identifier {:02X}h", self.id)],
            ..Identity::default()
        })
    }

    fn run(&self, sinks: &Sinks, stop: &Stop) {
        let mut ticks = Ticks::new(&self.core.clock, self.core.interval);
        let mut health = Health::default();
        let mut told = vec![0; self.model.fault.iter().map(|of| of.motors).sum()];
        for round in 0.. {
            if stop.is_set() {
                return;
            }
            match self.round(sinks, round, &mut told) {
                Ok(()) => health.good(),
                Err(failure) => {
                    if health.bad() {
                        sinks.tell(self.core.now(), self.bus.trouble(&failure));
                    }
                    if matches!(failure, Failure::Link(_)) {
                        self.core.clock.sleep(Duration::from_millis(100)); // a port that is gone fails at once
                    }
                }
            }
            ticks.wait();
        }
    }

    fn command(&self, grasp: &Resolved) -> Result<(), Trouble> {
        let halts = self.core.halts();
        let here = self.here().clone();
        let mut targets = grasp.closing.iter();
        let mut commands = Vec::with_capacity(here.len());
        for (group, here) in self.model.groups.iter().zip(here) {
            let mut counts = here.ok_or_else(|| self.core.nothing_to_hold())?;
            counts.truncate(group.joints.len());
            for (count, target) in counts.iter_mut().zip(&mut targets) {
                *count = target.map_or(*count, position);
            }
            commands.push(command(group, counts));
        }
        let shares = [
            (self.model.force, grasp.force),
            (self.model.speed, grasp.speed),
        ];
        for (motors, fraction) in shares {
            for of in motors {
                let counts = vec![share(fraction); of.motors];
                self.tell(&Message::Counts(of.property, counts))?;
            }
        }
        // the SDK sends the first group last
        for command in commands.iter().rev() {
            if self.core.halts() == halts {
                self.tell(command)?;
            }
        }
        Ok(())
    }

    fn hold(&self) -> Result<(), Trouble> {
        let frames = self
            .hold
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        let frames = frames.ok_or_else(|| self.core.nothing_to_hold())?;
        let sent = frames
            .iter()
            .try_for_each(|frame| self.bus.tell(frame).map(|_| ()));
        sent.map_err(|error| Trouble::Fault(FaultKind::Link, error.to_string()))
    }
}

impl Hand {
    /// Its serial number, in four parts; `None` when it does not say all of them.
    fn serial(&self) -> Option<String> {
        let question = self.frame(&Message::Ask(p::SERIAL)).ok()?;
        let mut parts: Vec<Vec<u8>> = vec![Vec::new(); usize::from(SERIAL_PARTS)];
        let answer = self.bus.ask(&question, |frame| {
            let Some(Message::Counts(p::SERIAL, said)) = self.hear(frame) else {
                return Heard::More;
            };
            if let Some((part, text)) = said.split_first()
                && let Some(place) = parts.get_mut(usize::from(*part))
            {
                *place = text.to_vec();
            }
            match parts.iter().all(|part| !part.is_empty()) {
                true => Heard::Answer(parts.concat()),
                false => Heard::More,
            }
        });
        let text = String::from_utf8(answer.ok()?.value).ok()?;
        let text = text.trim_matches(['\0', ' ']);
        let printable = !text.is_empty() && text.chars().all(|c| c.is_ascii_graphic());
        printable.then(|| text.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The SDK: 255 open, 0 closed.
    #[test]
    fn counts_are_the_makers() {
        assert_eq!((position(0.0), position(1.0)), (255, 0));
        assert_eq!(closing(255), 0.0);
        assert_eq!(share(0.999), 254);
    }

    /// Frames that the maker's Python SDK (2026-02) sent on a bus that only wrote them down:
    /// `LinkerHandL10Can(0x27).set_joint_positions([10, 20, ..., 100])`,
    /// `LinkerHandL20Can(can_id=0x28).set_joint_positions([1, 2, ..., 20])` and
    /// `LinkerHandO6Can(0x27).set_joint_positions([1, ..., 6])`.
    #[test]
    fn commands_are_those_of_the_makers_sdk() {
        let frame = |model: usize, group: usize, id: u32, counts: &[u8]| {
            let group = &MODELS[model].groups[group];
            let data = command(group, counts.to_vec()).encode().unwrap();
            CanFrame::standard(id, &data).unwrap().to_string()
        };
        assert_eq!(
            frame(0, 0, RIGHT, &[10, 20, 30, 40, 50, 60]),
            "027#010A141E28323C"
        );
        assert_eq!(frame(0, 1, RIGHT, &[70, 80, 90, 100]), "027#0446505A64");
        assert_eq!(frame(1, 0, LEFT, &[1, 2, 3, 4, 5]), "028#110102030405");
        assert_eq!(frame(1, 1, LEFT, &[6, 7, 8, 9, 10]), "028#12060708090A");
        // the SDK pads with what it is given for the other fingers' rolls, which they do not have
        assert_eq!(frame(1, 2, LEFT, &[11]), "028#130B00000000");
        assert_eq!(frame(1, 3, LEFT, &[16, 17, 18, 19, 20]), "028#141011121314");
        assert_eq!(
            frame(2, 0, RIGHT, &[1, 2, 3, 4, 5, 6]),
            "027#01010203040506"
        );
    }

    /// The SDK's `set_torque`, `set_speed`, `set_current`, `get_temperature`, `get_fault` write 02 and 03, 05 and
    /// 06, 06 (L20), 33 and 34, 35 and 36 (L20: 07), five counts each; six for the O6 and L6.
    #[test]
    fn what_is_of_motors_is_where_the_sdk_has_it() {
        let l10 = &MODELS[0];
        let properties =
            |motors: &[Motors]| -> Vec<u8> { motors.iter().map(|of| of.property).collect() };
        assert_eq!(properties(l10.force), [0x02, 0x03]);
        assert_eq!(properties(l10.speed), [0x05, 0x06]);
        assert_eq!(properties(l10.temperature), [0x33, 0x34]);
        assert_eq!(properties(l10.fault), [0x35, 0x36]);
        let l20 = &MODELS[1];
        assert_eq!(properties(l20.force), [0x06]);
        assert_eq!(properties(l20.fault), [0x07]);
        assert_eq!(properties(MODELS[2].force), [0x02]);
        assert!(MODELS[2].force.iter().all(|of| of.motors == 6));
    }
}
