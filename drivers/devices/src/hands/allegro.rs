//! Allegro Hand V4 and V5 (Wonik Robotics) on CAN: joint angles and state, asked for with remote frames.
//!
//! The hand takes torques and closes no loop of its own: its controller is a program on a computer. That program
//! goes on controlling it; this driver looks on and **commands nothing**, so it has no grasp and needs no halt. A
//! bench on which the hand moves names the controller as a device of its own, with its stop.

use std::sync::Arc;
use std::time::Duration;

use certbench_clock::{Clock, Time};
use certbench_link::{CanFrame, CanLink};
use certbench_model::plan::DevicePlan;
use certbench_model::vocabulary::DriverDescription;
use certbench_model::{Identity, Invalid, LinkFacts, Reading, Text};
use certbench_roles::{Device, Lease, NewsSink, SampleSink, Trouble, Wiring};
use certbench_wire::allegro::{Ask, FINGERS, Info, Reply};

use super::bus::Bus;
use super::{asked_options, hand, signal};
use crate::facts::link_facts;
use crate::family::{Family, Opener};
use crate::health::Health;
use crate::line::{Answer, Failure, Heard};
use crate::options::{Options, count};
use crate::sinks::Sinks;
use crate::worker::{Stop, Ticks, Worker};

const NAMES: [&str; 4] = ["index", "middle", "ring", "thumb"];
const JOINTS: [&str; 4] = ["joint0", "joint1", "joint2", "joint3"];
/// State and temperatures are asked for in every so many rounds.
const SLOW: u64 = 10;

/// A version, and what a count of its joints is.
struct Version {
    id: &'static str,
    name: &'static str,
    deg_per_count: f64,
}

const VERSIONS: [Version; 2] = [
    Version {
        id: "allegro-v4",
        name: "Allegro Hand V4",
        deg_per_count: 333.3 / 65_536.0,
    },
    Version {
        id: "allegro-v5",
        name: "Allegro Hand V5",
        deg_per_count: 0.088,
    },
];

/// Both.
pub(super) fn families() -> Vec<Family> {
    VERSIONS
        .iter()
        .map(|version| (description(version), Opener::Can(open)))
        .collect()
}

fn description(version: &Version) -> DriverDescription {
    let mut it = hand(
        version.id,
        &format!("{}, CAN: angles, looked on", version.name),
        &format!("{}，CAN：仅监测关节角", version.name),
        "can",
        &NAMES,
    );
    it.roles = ["identify", "sensor"].map(String::from).to_vec();
    it.joints.clear();
    it.safe_states.clear();
    it.moves = false;
    it.signals = NAMES
        .map(|finger| signal(finger, "deg", &JOINTS, 0.02))
        .to_vec();
    it.signals.push(signal("temperature", "Cel", &NAMES, 0.2));
    it.options = vec![
        count(
            "bit_rate",
            1_000_000,
            "bit rate of the bus, for an SLCAN adapter",
            "总线位速率（SLCAN 适配器）",
        ),
        count("hand", 0, "number of the hand, 0 to 3", "手的编号，0 至 3"),
    ];
    it.options.extend(asked_options());
    it.watchdog = Text::new(
        "none of this driver's: it commands nothing",
        "本驱动无：不发送任何指令",
    );
    it.verified_against = [
        "identifiers, scales and layouts of the maker's ROS drivers for the V4 and the V5",
        "simulator",
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
    let version = VERSIONS.iter().find(|version| version.id == plan.driver);
    let version = version
        .ok_or_else(|| Trouble::Refused(format!("device `{}`: it is no Allegro Hand", plan.id)))?;
    let options = Options::new(plan, description(version));
    let number: u8 = options.count("hand")?;
    if number > 3 {
        return Err(options.refuse("hand", "a hand has a number of 0 to 3"));
    }
    let who = format!("hand {number} on {}", link.describe().port);
    let eye = Eye {
        id: plan.id.clone(),
        number,
        deg_per_count: version.deg_per_count,
        clock: clock.clone(),
        bus: Bus::new(link, clock, who, options.time("timeout")?),
        interval: options.time("interval")?,
        slowest: options.time("slowest")?,
    };
    Ok(Arc::new(Opened {
        eye: Arc::new(eye),
        worker: Worker::default(),
    }))
}

struct Eye {
    id: String,
    number: u8,
    deg_per_count: f64,
    clock: Clock,
    bus: Bus,
    interval: Duration,
    slowest: Duration,
}

impl Eye {
    fn ask(&self, ask: Ask) -> Result<Answer<Reply>, Failure> {
        let bad = |what: String| Failure::Garbage {
            what,
            asked: Vec::new(),
        };
        let id = ask
            .id(self.number)
            .ok_or_else(|| bad("no such finger".into()))?;
        let question = CanFrame::remote(id, false, 0).map_err(|error| bad(error.to_string()))?;
        self.bus.ask(&question, |frame| {
            let ours = frame.id() == id && !frame.is_extended() && !frame.is_remote();
            match ours.then(|| Reply::decode(ask, frame.data())).flatten() {
                Some(reply) => Heard::Answer(reply),
                None => Heard::More,
            }
        })
    }

    fn info(&self) -> Result<(Info, Time), Failure> {
        let answer = self.ask(Ask::Info)?;
        match answer.value {
            Reply::Info(info) => Ok((info, answer.stamp.earliest)),
            _ => Err(Failure::Garbage {
                what: "another kind of answer".into(),
                asked: Vec::new(),
            }),
        }
    }

    fn round(&self, sinks: &Sinks, round: u64, told: &mut [bool; 2]) -> Result<(), Failure> {
        for (finger, name) in (0..FINGERS).zip(NAMES) {
            let answer = self.ask(Ask::Pose(finger))?;
            if let Reply::Pose(_, counts) = &answer.value {
                let deg = counts.map(|count| f64::from(count) * self.deg_per_count);
                self.give(sinks, name, &answer, &deg);
            }
        }
        if !round.is_multiple_of(SLOW) {
            return Ok(());
        }
        let (info, at) = self.info()?;
        let troubles = [
            (info.over_temperature, "over-temperature", "it is too hot"),
            (
                info.communication_fault,
                "communication-fault",
                "it has lost a joint",
            ),
        ];
        for ((now, code, text), told) in troubles.into_iter().zip(told) {
            if now && !*told {
                sinks.event(at, code, text);
            }
            *told = now;
        }
        let (mut celsius, mut last) = ([0.0; FINGERS as usize], None);
        for (finger, value) in (0..FINGERS).zip(&mut celsius) {
            let answer = self.ask(Ask::Temperature(finger))?;
            if let Reply::Temperature(_, c) = answer.value {
                *value = f64::from(c);
            }
            last = Some(answer);
        }
        if let Some(answer) = last {
            self.give(sinks, "temperature", &answer, &celsius);
        }
        Ok(())
    }

    fn give(&self, sinks: &Sinks, name: &str, answer: &Answer<Reply>, values: &[f64]) {
        let reading = match answer.took() > self.slowest {
            true => Reading::Invalid(Invalid::Stale),
            false => Reading::vector(values),
        };
        sinks.signal(name, answer.stamp.earliest, reading);
    }

    fn run(&self, sinks: &Sinks, stop: &Stop) {
        let mut ticks = Ticks::new(&self.clock, self.interval);
        let (mut health, mut told) = (Health::default(), [false; 2]);
        for round in 0.. {
            if stop.is_set() {
                return;
            }
            match self.round(sinks, round, &mut told) {
                Ok(()) => health.good(),
                Err(failure) => {
                    if health.bad() {
                        sinks.tell(self.clock.now(), self.bus.trouble(&failure));
                    }
                    if matches!(failure, Failure::Link(_)) {
                        self.clock.sleep(Duration::from_millis(100)); // a port that is gone fails at once
                    }
                }
            }
            ticks.wait();
        }
    }
}

struct Opened {
    eye: Arc<Eye>,
    worker: Worker,
}

impl Device for Opened {
    fn id(&self) -> &str {
        &self.eye.id
    }

    fn link(&self) -> LinkFacts {
        link_facts(self.eye.bus.describe())
    }

    fn call_at_most(&self) -> Duration {
        self.eye.bus.call_at_most()
    }

    fn identify(&self) -> Result<Identity, Trouble> {
        let eye = &self.eye;
        let trouble = |failure: Failure| eye.bus.trouble(&failure);
        let (info, _) = eye.info().map_err(trouble)?;
        let answer = eye.ask(Ask::Serial).map_err(trouble)?;
        let text = match answer.value {
            Reply::Serial(text) => String::from_utf8(text.to_vec()).ok(),
            _ => None,
        };
        let serial = text.filter(|text| text.chars().all(|c| c.is_ascii_graphic()));
        let missing = serial.is_none().then(|| "serial".to_owned());
        let ([major, minor], [firmware, revision]) = (info.hardware, info.firmware);
        Ok(Identity {
            read_from_device: serial.is_some(),
            maker: Some("Wonik Robotics".into()),
            model: Some(format!("Allegro Hand, hardware {major:02X}{minor:02X}")),
            firmware: Some(format!("{firmware:02X}{revision:02X}")),
            serial,
            label_needed: missing.into_iter().collect(),
            notes: vec![match info.servo_on {
                true => "its torque is on: somebody controls it".into(),
                false => "its torque is off".into(),
            }],
        })
    }

    fn start(
        &self,
        wiring: Wiring,
        samples: SampleSink,
        news: NewsSink,
        lease: Lease,
    ) -> Result<(), Trouble> {
        let eye = self.eye.clone();
        let sinks = Sinks {
            device: eye.id.clone(),
            wiring,
            samples,
            news,
            lease,
        };
        let (clock, name) = (eye.clock.clone(), format!("{} poll", eye.id));
        self.worker
            .start(&clock, &name, move |stop| eye.run(&sinks, &stop));
        Ok(())
    }

    fn close(&self) {
        self.worker.end();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The maker's drivers: `raw * (333.3 / 65536)` and `raw * 0.088` degrees; one for the other is 17 times off.
    #[test]
    fn a_count_is_the_versions() {
        let [v4, v5] = &VERSIONS;
        assert!((16_384.0 * v4.deg_per_count - 83.325).abs() < 1e-9);
        assert!((1000.0 * v5.deg_per_count - 88.0).abs() < 1e-9);
    }
}
