//! PSYONIC Ability Hand over its stuffed serial interface (control document, revision 1.8).
//!
//! - **Positions go where they are told at once**, so this driver walks the targets there itself, at the speed
//!   of the grasp.
//! - **No force is commanded** while positions are: a finger is stopped where it is when its rotor current
//!   reaches the grasp's share of `full_current`. The gears hold without power.
//! - **Watchdog**: any sound frame keeps a hand in API mode; 300 ms without one and it goes back to its normal
//!   mode, which may move it. So the moment the lease has run out nothing is sent at all, until the hand has
//!   left; then it is read again, which does not take it back.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use certbench_clock::{Clock, Time};
use certbench_link::ByteLink;
use certbench_model::plan::DevicePlan;
use certbench_model::vocabulary::DriverDescription;
use certbench_model::{FaultKind, Identity, Invalid, LinkFacts, Reading, Text};
use certbench_roles::{Device, Trouble};
use certbench_wire::ability::{Feedback, Mode, Reply, Request, UNIQUE_ID, Unstuffer, Variant};

use super::shell::{self, Core, Doing, Kind, Nature, Resolved};
use super::{asked_options, hand, signal};
use crate::facts::link_facts;
use crate::health::Health;
use crate::line::{Answer, Failure, Heard, Line, Manners};
use crate::options::{Options, baud, count, one_of, quantity};
use crate::sinks::Sinks;
use crate::worker::{Stop, Ticks};

/// In the order of the wire.
const FINGERS: [&str; 6] = [
    "index",
    "middle",
    "ring",
    "pinky",
    "thumb-flexor",
    "thumb-rotator",
];
const TOUCHED: [&str; 5] = ["index", "middle", "ring", "pinky", "thumb"];
/// A finger is closed here, degrees: the nameplate's range is 0 to 100.
const CLOSED_DEG: f64 = 100.0;
/// Counts of a degree.
const COUNTS_PER_DEG: f64 = 32_767.0 / 150.0;
/// Rotor turns of a turn of the joint.
const GEAR: [f64; 6] = [649.0, 649.0, 649.0, 649.0, 649.0, 162.45];
/// Counts of a rotor's radian per second.
const COUNTS_PER_RAD_S: f64 = 4.0;
/// The touch converters have 12 bits.
const TOUCH_FULL: f64 = 4095.0;
/// A hand has left API mode this long after the last frame (300 ms, and what a frame under way takes).
const LEFT_AFTER: Duration = Duration::from_millis(400);
/// Closing by which a target may be missed.
const NEAR: f64 = 0.03;
/// Closing by which a sample may differ from the last one and still be standing.
const STILL: f64 = 0.003;
/// The hand answers what it does not understand, too: so long it is listened to after being told to leave.
const LEAVING: Duration = Duration::from_millis(20);

pub(super) fn description() -> DriverDescription {
    let mut it = hand(
        "psyonic-ability",
        "PSYONIC Ability Hand, stuffed serial",
        "PSYONIC Ability Hand 仿生手，串口（字节填充）",
        "serial",
        &FINGERS,
    );
    it.signals = vec![
        signal("closing", "%", &FINGERS, 0.02),
        signal("current", "A", &FINGERS, 0.02),
        signal("velocity", "deg/s", &FINGERS, 0.02),
        signal("touch", "%", &TOUCHED, 0.02),
    ];
    it.options = vec![
        baud(460_800),
        count("id", 0x50, "address of the hand", "手的地址"),
        one_of(
            "feedback",
            &["velocity", "touch"],
            "what is answered besides positions and currents: rotor velocities, or the touch sensors",
            "位置、电流之外的反馈：转子速度或触觉传感器",
        ),
        quantity(
            "full_speed",
            "200 deg/s",
            "speed of a finger at 100 %",
            "100 % 对应的手指速度",
        ),
        quantity(
            "full_current",
            "1 A",
            "rotor current at which a finger stops closing at a force of 100 %",
            "力为 100 % 时手指停止闭合的转子电流",
        ),
        count(
            "counts_per_ampere",
            621,
            "current counts of an ampere: the constant of the hand's hardware (command Rv)",
            "每安培的电流计数：由手的硬件决定（Rv 命令读取）",
        ),
    ];
    it.options.extend(asked_options());
    it.watchdog = Text::new(
        "300 ms without a frame it leaves API mode, which is no stop: its normal mode may move it",
        "300 ms 无报文则退出 API 模式；这不是停机，其常规模式可能产生动作",
    );
    it.verified_against = [
        "the maker's own host and device-side encoder (ability_hand 0.2.2), over a pty",
        "simulator",
        "unverified: layout of a register's answer (unique number)",
    ]
    .map(String::from)
    .to_vec();
    it
}

/// Makes a hand of a line.
pub(super) fn open(
    plan: &DevicePlan,
    link: Arc<dyn ByteLink>,
    clock: &Clock,
) -> Result<Arc<dyn Device>, Trouble> {
    let options = Options::new(plan, description());
    let timeout = options.time("timeout")?;
    let manners = Manners {
        silence: Duration::ZERO,
        timeout,
        longest: 2 * timeout,
    };
    let address = options.count("id")?;
    let nature = Nature {
        fingers: FINGERS.map(String::from).to_vec(),
        near: NEAR,
        still: STILL,
        force_n: None,
        says: true,
    };
    let positive = |name: &str, unit: &str| {
        let value = options.needed_quantity(name, unit)?;
        match value > 0.0 {
            true => Ok(value),
            false => Err(options.refuse(name, "more than nothing")),
        }
    };
    let counts_per_ampere: u16 = options.count("counts_per_ampere")?;
    let who = format!("hand {address:02X}h on {}", link.describe().port);
    Ok(shell::device(Hand {
        core: Core::new(plan, &options, clock, nature)?,
        line: Line::new(link, clock, who, manners),
        address,
        variant: match options.text("feedback")?.as_deref() {
            Some("touch") => Variant::Touch,
            _ => Variant::Velocity,
        },
        full_deg_per_s: positive("full_speed", "deg/s")?,
        full_a: positive("full_current", "A")?,
        counts_per_a: f64::from(counts_per_ampere.max(1)),
        drive: Mutex::default(),
    }))
}

struct Hand {
    core: Core,
    line: Line,
    address: u8,
    variant: Variant,
    full_deg_per_s: f64,
    full_a: f64,
    counts_per_a: f64,
    drive: Mutex<Drive>,
}

/// Where the fingers are and are taken to. Locked for a copy only.
#[derive(Clone, Default)]
struct Drive {
    /// As read last, in counts.
    here: Option<[i16; 6]>,
    /// Commanded now, and in the end, in closings; `None`: the hand is not commanded, only read.
    course: Option<[Course; 6]>,
    /// Closing per second.
    speed: f64,
    /// A finger that closes stops at this, A.
    most_a: f64,
}

#[derive(Clone, Copy)]
struct Course {
    now: f64,
    end: f64,
    /// Its current reached the grasp's share: it stays.
    held: bool,
}

impl Drive {
    /// Everything stays where it is, commanded to stay.
    fn stay(&mut self) {
        self.course = self.here.map(|here| {
            let there = closings(here);
            there.map(|closing| Course {
                now: closing,
                end: closing,
                held: true,
            })
        });
    }

    /// Walks on for a time.
    fn walk(&mut self, time: Duration) {
        let step = self.speed * time.as_secs_f64();
        for course in self.course.iter_mut().flatten() {
            course.now += (course.end - course.now).clamp(-step, step);
        }
    }

    /// Stops what closes and draws too much.
    fn watch(&mut self, here: [f64; 6], amperes: [f64; 6]) {
        let most = self.most_a;
        let fingers = self.course.iter_mut().flatten();
        for ((course, here), ampere) in fingers.zip(here).zip(amperes) {
            if course.end > here && ampere.abs() >= most && !course.held {
                *course = Course {
                    now: here,
                    end: here,
                    held: true,
                };
            }
        }
    }
}

/// Which way a finger closes.
fn sign(finger: usize) -> f64 {
    if finger == 5 { -1.0 } else { 1.0 }
}

fn closings(counts: [i16; 6]) -> [f64; 6] {
    std::array::from_fn(|finger| {
        let deg = f64::from(counts[finger]) / COUNTS_PER_DEG;
        sign(finger) * deg / CLOSED_DEG
    })
}

fn counts(course: &[Course; 6]) -> [i16; 6] {
    std::array::from_fn(|finger| {
        let deg = sign(finger) * course[finger].now * CLOSED_DEG;
        (deg * COUNTS_PER_DEG).round() as i16
    })
}

impl Hand {
    fn drive(&self) -> MutexGuard<'_, Drive> {
        self.drive.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn ask(&self, request: Request) -> Result<Answer<Reply>, Failure> {
        let mut unstuffer = Unstuffer::default();
        let wants_register = matches!(request, Request::ReadRegister(_));
        self.line.ask(&request.encode(self.address), |bytes| {
            let mut garbage = None;
            for frame in bytes.iter().filter_map(|byte| unstuffer.push(*byte)) {
                match frame.and_then(|frame| Reply::decode(&frame)) {
                    Ok(reply) if matches!(reply, Reply::Register(_)) == wants_register => {
                        return Heard::Answer(reply);
                    }
                    Ok(_) => (), // the answer to a halt that came between
                    Err(noise) => garbage = Some(noise.to_string()),
                }
            }
            garbage.map_or(Heard::More, Heard::Garbage)
        })
    }

    /// Notes where the fingers are and what they do.
    fn take(&self, feedback: &Feedback, answer: &Answer<Reply>) {
        let here = closings(feedback.positions);
        let mut drive = self.drive();
        let before = drive.here.replace(feedback.positions).map(closings);
        if let Some(currents) = feedback.currents {
            drive.watch(here, currents.map(|raw| f64::from(raw) / self.counts_per_a));
        }
        let doing = |finger: usize| {
            let limited = feedback.limited >> finger & 1 == 1;
            let course = drive.course.as_ref()?.get(finger)?;
            let here = *here.get(finger)?;
            let rests = (here - before?.get(finger)?).abs() <= STILL;
            let there = rests && (here - course.end).abs() <= NEAR;
            Some(match (there, course.held || limited) {
                (_, true) => Doing::Other,
                (true, false) if course.now == course.end => Doing::Reached,
                _ => Doing::Moving,
            })
        };
        let doing = (0..6).map(|finger| doing(finger).unwrap_or(Doing::Other));
        let doing = doing.collect();
        drop(drive);
        self.core.said(doing, answer.asked);
        self.core
            .stands(here.to_vec(), answer.asked, answer.stamp.latest);
    }

    fn give(&self, sinks: &Sinks, feedback: &Feedback, answer: &Answer<Reply>) {
        let late = answer.took() > self.core.slowest;
        let give = |name: &str, values: &[f64]| {
            let reading = match late {
                true => Reading::Invalid(Invalid::Stale),
                false => Reading::vector(values),
            };
            sinks.signal(name, answer.stamp.earliest, reading);
        };
        give(
            "closing",
            &closings(feedback.positions).map(|part| 100.0 * part),
        );
        if let Some(currents) = feedback.currents {
            give(
                "current",
                &currents.map(|raw| f64::from(raw) / self.counts_per_a),
            );
        }
        if let Some(velocities) = feedback.velocities {
            give("velocity", &joint_deg_per_s(velocities));
        }
        if let Some(touch) = feedback.touch {
            let strongest = |sites: [u16; 6]| sites.into_iter().fold(0, u16::max);
            give(
                "touch",
                &touch.map(|sites| 100.0 * f64::from(strongest(sites)) / TOUCH_FULL),
            );
        }
    }

    /// What is sent now; `None`: nothing, until the hand has left API mode.
    fn request(&self, sinks: &Sinks, silent_until: &mut Time, passed: Duration) -> Option<Request> {
        let now = self.core.now();
        let mut drive = self.drive();
        if drive.course.is_some() && !sinks.lease.holds(now.as_nanos()) {
            drive.course = None;
            *silent_until = now + LEFT_AFTER;
        }
        if now < *silent_until {
            return None;
        }
        drive.walk(passed.min(2 * self.core.interval)); // a finger does not make up for lost answers
        Some(match &drive.course {
            Some(course) => Request::Command(Mode::Position, self.variant, counts(course)),
            None => Request::Read(self.variant),
        })
    }
}

/// Speed of the joints; the rotor's is what is sent.
fn joint_deg_per_s(raw: [i16; 6]) -> [f64; 6] {
    std::array::from_fn(|finger| {
        let rotor_rad_s = f64::from(raw[finger]) / COUNTS_PER_RAD_S;
        sign(finger) * (rotor_rad_s / GEAR[finger]).to_degrees()
    })
}

impl Kind for Hand {
    fn core(&self) -> &Core {
        &self.core
    }

    fn link(&self) -> LinkFacts {
        link_facts(self.line.link().describe())
    }

    fn call_at_most(&self) -> Duration {
        self.line.call_at_most()
    }

    /// Its unique number is what it says of itself.
    fn identify(&self) -> Result<Identity, Trouble> {
        let ask = |request| {
            self.ask(request)
                .map_err(|failure| self.line.trouble(&failure))
        };
        let answer = ask(Request::Read(self.variant))?;
        if let Reply::Feedback(feedback) = answer.value {
            self.take(&feedback, &answer);
        }
        let mut words = Vec::new();
        for register in UNIQUE_ID {
            match self.ask(Request::ReadRegister(register)) {
                Ok(Answer {
                    value: Reply::Register(Some(word)),
                    ..
                }) => words.push(format!("{word:08X}")),
                _ => break, // older firmware has no registers: the label says it
            }
        }
        if self.drive().course.is_none() {
            // whatever the questions did, the hand is not left in API mode
            let exit = Request::Exit.encode(self.address);
            let told = self.line.tell(&exit, LEAVING);
            told.map_err(|failure| self.line.trouble(&failure))?;
        }
        let serial = (words.len() == UNIQUE_ID.len()).then(|| words.concat());
        let missing = ["model", "firmware"].map(String::from);
        let mut label_needed = missing.to_vec();
        if serial.is_none() {
            label_needed.push("serial".into());
        }
        Ok(Identity {
            read_from_device: serial.is_some(),
            maker: Some("PSYONIC".into()),
            serial,
            label_needed,
            notes: vec![
                format!("answers at address {:02X}h", self.address),
                "its serial number here is the unique number of its processor".into(),
            ],
            ..Identity::default()
        })
    }

    fn run(&self, sinks: &Sinks, stop: &Stop) {
        let mut ticks = Ticks::new(&self.core.clock, self.core.interval);
        let (mut health, mut silent_until) = (Health::default(), Time::ZERO);
        let mut before = self.core.now();
        while !stop.is_set() {
            let halts = self.core.halts();
            let now = self.core.now();
            let request = self.request(sinks, &mut silent_until, now - before);
            before = now;
            let Some(request) = request else {
                ticks.wait();
                continue;
            };
            match self.ask(request) {
                Ok(answer) => {
                    health.good();
                    if let Reply::Feedback(feedback) = &answer.value {
                        self.take(feedback, &answer);
                        self.give(sinks, feedback, &answer);
                    }
                }
                Err(failure) => {
                    let now = self.core.now();
                    if let Failure::Garbage { .. } = failure {
                        sinks.signal("closing", now, Reading::Invalid(Invalid::Unreadable));
                    }
                    if health.bad() {
                        sinks.tell(now, self.line.trouble(&failure));
                    }
                }
            }
            if self.core.halts() != halts {
                let _ = self.hold(); // a command that crossed with a halt; a failure shows as silence
            }
            ticks.wait();
        }
    }

    fn command(&self, grasp: &Resolved) -> Result<(), Trouble> {
        let mut drive = self.drive();
        let Some(here) = drive.here.map(closings) else {
            return Err(self.core.nothing_to_hold());
        };
        let before = drive.course;
        drive.course = Some(std::array::from_fn(|finger| {
            let commanded = before.map(|course| course[finger]);
            let now = commanded.map_or(here[finger], |course| course.now);
            match grasp.closing.get(finger).copied().flatten() {
                Some(end) => Course {
                    now,
                    end,
                    held: false,
                },
                None => commanded.unwrap_or(Course {
                    now,
                    end: now,
                    held: true,
                }),
            }
        }));
        drive.speed = grasp.speed * self.full_deg_per_s / CLOSED_DEG;
        drive.most_a = grasp.force * self.full_a;
        Ok(()) // the thread takes it there
    }

    fn hold(&self) -> Result<(), Trouble> {
        let mut drive = self.drive();
        let here = drive.here.ok_or_else(|| self.core.nothing_to_hold())?;
        drive.stay();
        drop(drive);
        let frame = Request::Command(Mode::Position, self.variant, here).encode(self.address);
        let sent = self.line.link().write(&frame);
        sent.map(|_| ())
            .map_err(|error| Trouble::Fault(FaultKind::Link, error.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Control document 3.4: `P = deg * 32767 / 150`, the rotator's sign reversed; rotor velocity `rad/s * 4`,
    /// gears 649:1 and 162.45:1.
    #[test]
    fn counts_are_the_documents() {
        let closing = closings([2184, 4368, 6553, 8737, 10_922, -13_106]);
        for (closing, deg) in closing.iter().zip([10.0, 20.0, 30.0, 40.0, 50.0, 60.0]) {
            assert!((closing - deg / 100.0).abs() < 1e-4, "{closing} {deg}");
        }
        let at = |now| Course {
            now,
            end: now,
            held: false,
        };
        let back = counts(&[0.1, 0.2, 0.3, 0.4, 0.5, 0.6].map(at));
        assert_eq!(back, [2184, 4369, 6553, 8738, 10_922, -13_107]);
        let speeds = joint_deg_per_s([2596, 0, 0, 0, 0, -650]);
        assert!((speeds[0] - 57.295_78).abs() < 1e-4, "{speeds:?}"); // 649 rad/s of the rotor are 1 rad/s
        assert!((speeds[5] - 57.31).abs() < 0.01, "{speeds:?}");
    }

    #[test]
    fn a_finger_is_walked_there_and_stops_at_its_current() {
        let course = |end| Course {
            now: 0.0,
            end,
            held: false,
        };
        let mut drive = Drive {
            here: None,
            course: Some([1.0, 1.0, 0.0, 0.0, 0.0, 0.0].map(course)),
            speed: 2.0,
            most_a: 0.5,
        };
        drive.walk(Duration::from_millis(100));
        let now = |drive: &Drive, finger: usize| drive.course.unwrap()[finger].now;
        assert!((now(&drive, 0) - 0.2).abs() < 1e-12);
        drive.watch([0.19; 6], [0.6, 0.4, 0.9, 0.0, 0.0, 0.0]);
        drive.walk(Duration::from_secs(1));
        assert_eq!(
            (now(&drive, 0), now(&drive, 1), now(&drive, 2)),
            (0.19, 1.0, 0.0),
            "held; there; it does not close"
        );
    }
}
