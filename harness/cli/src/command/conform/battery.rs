//! The checks, in order. One that cannot be tried says why; one that fails says what was seen.

use std::time::{Duration, Instant};

use certbench_model::{FaultKind as Blame, Sample};
use certbench_roles::{Device, GraspMove, JointMove, Trouble};
use certbench_sim::config::FaultKind;

use super::subject::{DEG_PER_S, Subject};

/// How a check ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    Held,
    Failed,
    NotTried,
}

impl Outcome {
    pub(super) fn word(self) -> &'static str {
        match self {
            Outcome::Held => "held",
            Outcome::Failed => "FAILED",
            Outcome::NotTried => "not tried",
        }
    }
}

/// A line of the table.
pub(super) struct Row {
    pub(super) check: &'static str,
    pub(super) outcome: Outcome,
    pub(super) seen: String,
}

/// `Ok`: held, and what was seen. `Err(None)` with a text: not tried.
type Checked = Result<String, Miss>;

enum Miss {
    Failed(String),
    NotTried(String),
}

fn failed<T>(what: impl std::fmt::Display) -> Result<T, Miss> {
    Err(Miss::Failed(what.to_string()))
}

fn not_tried<T>(why: &str) -> Result<T, Miss> {
    Err(Miss::NotTried(why.to_owned()))
}

/// What of a device is checked.
type Check = fn(&Subject) -> Checked;

const CHECKS: [(&str, Check); 8] = [
    ("identity", identity),
    ("signals", signals),
    ("limits", limits),
    ("noise", noise),
    ("silence", silence),
    ("power", power),
    ("halt", halt),
    ("watchdog", watchdog),
];

/// How long a device may take to be heard again.
const AGAIN: Duration = Duration::from_secs(6);
/// How long something that moves is waited for.
const COMES: Duration = Duration::from_secs(5);

pub(super) fn run(subject: &Subject) -> Vec<Row> {
    let row = |(check, tried): (&'static str, Check)| {
        let (outcome, seen) = match tried(subject) {
            Ok(seen) => (Outcome::Held, seen),
            Err(Miss::Failed(what)) => (Outcome::Failed, what),
            Err(Miss::NotTried(why)) => (Outcome::NotTried, why),
        };
        Row {
            check,
            outcome,
            seen,
        }
    };
    CHECKS.into_iter().map(row).collect()
}

/// Who it is, twice the same, and what it cannot say is asked from its label.
fn identity(subject: &Subject) -> Checked {
    let ask = || subject.device.identify().or_else(failed);
    let (first, second) = (ask()?, ask()?);
    if (&first.model, &first.serial, &first.firmware)
        != (&second.model, &second.serial, &second.firmware)
    {
        return failed("it said two different things of itself");
    }
    if first.serial.is_none() && !first.label_needed.iter().any(|field| field == "serial") {
        return failed("its serial number is neither read nor asked from the label");
    }
    let said = [
        ("model", &first.model),
        ("serial", &first.serial),
        ("firmware", &first.firmware),
    ];
    let said: Vec<String> = said
        .iter()
        .filter_map(|(name, text)| Some(format!("{name}: {}", text.as_ref()?)))
        .collect();
    Ok(match said.is_empty() {
        true => format!(
            "it cannot say who it is; from the label: {}",
            first.label_needed.join(", ")
        ),
        false => said.join(", "),
    })
}

/// Every signal comes, in the order of time.
fn signals(subject: &Subject) -> Checked {
    subject.start().or_else(failed)?;
    subject.pass(Duration::from_secs(3));
    let (samples, news) = subject.take();
    let mut seen = Vec::new();
    for (n, name) in (0u16..).zip(subject.signals()) {
        let of_signal: Vec<&Sample> = samples
            .iter()
            .filter(|sample| sample.channel == n)
            .collect();
        if of_signal
            .windows(2)
            .any(|two| two[1].time_ns < two[0].time_ns)
        {
            return failed(format!("{name} runs back in time"));
        }
        if !of_signal.is_empty() {
            let invalid = of_signal
                .iter()
                .filter(|sample| sample.reading.values().is_none())
                .count();
            seen.push(format!("{name} {} (invalid {invalid})", of_signal.len()));
        }
    }
    match (seen.is_empty(), news.first()) {
        (_, Some(trouble)) => failed(trouble),
        (true, None) => failed("no signal came in 3 s"),
        (false, None) => Ok(seen.join(", ")),
    }
}

/// What no device may do is refused before it leaves.
fn limits(subject: &Subject) -> Checked {
    let (joints, grasp) = (subject.device.joints(), subject.device.grasp());
    if joints.is_none() && grasp.is_none() {
        return Ok("moves nothing by command".into());
    }
    let mut refused = 0;
    let mut expect = |accepted: Result<(), Trouble>, what: &str| match accepted {
        Err(Trouble::Refused(_)) => {
            refused += 1;
            Ok(())
        }
        Err(other) => failed(format!("{what}: {other}")),
        Ok(()) => failed(format!("{what} was accepted")),
    };
    if let Some(joints) = joints {
        for (joint, deg, deg_per_s, what) in [
            (0, 1e6, DEG_PER_S, "an angle beyond the limits"),
            (0, f64::NAN, DEG_PER_S, "an angle that is no number"),
            (0, 0.0, 1e6, "a speed beyond the limits"),
            (0, 0.0, f64::NAN, "a speed that is no number"),
            (9999, 0.0, DEG_PER_S, "a joint that there is not"),
        ] {
            let motion = JointMove {
                targets_deg: vec![(joint, deg)],
                deg_per_s,
            };
            expect(joints.accept(&motion), what)?;
        }
    }
    if let Some(grasp) = grasp {
        for (finger, closing, force, what) in [
            (0, 1.5, 0.1, "more than closed"),
            (0, f64::NAN, 0.1, "a closing that is no number"),
            (0, 0.5, 1.5, "more than its force"),
            (0, 0.5, f64::NAN, "a force that is no number"),
            (9999, 0.5, 0.1, "a finger that there is not"),
        ] {
            let motion = GraspMove {
                closing: vec![(finger, closing)],
                force,
                speed: 0.1,
            };
            expect(grasp.accept(&motion), what)?;
        }
    }
    Ok(format!("{refused} impossible commands refused"))
}

/// Whether samples with numbers come again; what came at first, for devices that have none.
fn heard_again(subject: &Subject) -> bool {
    let began = subject.clock.now();
    subject.take();
    while subject.clock.now() - began < AGAIN {
        subject.pass(Duration::from_millis(100));
        if !subject.take().0.is_empty() {
            return true;
        }
    }
    false
}

/// A line that cuts every message short costs readings; then it is heard as before.
fn noise(subject: &Subject) -> Checked {
    if subject.simulation.is_none() {
        return not_tried("on a real line nobody makes noise here");
    }
    subject.fault(FaultKind::Truncated, Duration::from_millis(600));
    match heard_again(subject) {
        true => Ok("600 ms of cut messages survived".into()),
        false => failed("not heard again after the noise"),
    }
}

/// A silent line is told of, and blamed on nobody.
fn silence(subject: &Subject) -> Checked {
    if subject.simulation.is_none() {
        return not_tried("on a real line: pull the plug and see");
    }
    subject.take();
    subject.fault(FaultKind::Silence, Duration::from_secs(4));
    let (_, news) = subject.take();
    let events = news
        .iter()
        .find(|told| matches!(told, Trouble::Event { .. }));
    let told = news
        .iter()
        .any(|told| matches!(told, Trouble::Fault(Blame::Unattributable, _)));
    match (told, events, heard_again(subject)) {
        (_, Some(event), _) => failed(format!("blamed on the device: {event}")),
        (false, None, _) => failed(format!("4 s of silence were not told as such: {news:?}")),
        (true, None, false) => failed("not heard again after the silence"),
        (true, None, true) => Ok("told, blamed on nobody, heard again".into()),
    }
}

fn may_move(subject: &Subject) -> Result<(), Miss> {
    match (subject.description.moves, subject.moves) {
        (false, _) => Err(Miss::NotTried("it moves nothing".into())),
        (true, false) => not_tried("not without --moves"),
        (true, true) => Ok(()),
    }
}

/// Power comes on, and nothing moves by it where it says so.
fn power(subject: &Subject) -> Checked {
    if !subject.description.moves {
        return Ok("moves nothing".into());
    }
    may_move(subject)?;
    let Some(power) = subject.device.power() else {
        return Ok("it has no power of its own".into());
    };
    let before = positions(subject);
    power.enable().or_else(failed)?;
    subject.pass(Duration::from_secs(3));
    let furthest = before
        .iter()
        .zip(positions(subject))
        .map(|(a, b)| (a - b).abs())
        .fold(0.0, f64::max);
    if before.is_empty() {
        return Ok("enabled".into());
    }
    match furthest <= 1.0 {
        true => Ok("enabled where it stands".into()),
        false => failed(format!("it moved by {furthest:.1} deg when it was enabled")),
    }
}

fn positions(subject: &Subject) -> Vec<f64> {
    let joints = subject.device.joints();
    joints
        .and_then(|joints| joints.positions_deg().ok())
        .unwrap_or_default()
}

/// Sends it on a way that takes a while.
fn begin(device: &dyn Device, there: bool) -> Result<(), Trouble> {
    let deg = if there { 60.0 } else { -60.0 };
    match (device.joints(), device.grasp()) {
        (Some(joints), _) => joints.begin(&JointMove {
            targets_deg: vec![(0, deg)],
            deg_per_s: DEG_PER_S,
        }),
        (None, Some(grasp)) => {
            let mut motion = GraspMove {
                closing: vec![(0, if there { 1.0 } else { 0.0 })],
                force: 0.2,
                speed: 0.2,
            };
            if grasp.accept(&motion).is_err() {
                motion.force = 1.0; // it takes no force
            }
            grasp.begin(&motion)
        }
        (None, None) => Err(Trouble::Refused("it has neither joints nor a grasp".into())),
    }
}

/// A halt on the way leaves at once, and the device's own feedback confirms it.
fn halt(subject: &Subject) -> Checked {
    if !subject.description.moves {
        return Ok("moves nothing".into());
    }
    may_move(subject)?;
    let Some(halt) = subject.device.halt() else {
        return failed("it moves and has no halt");
    };
    if subject.device.joints().is_some() || subject.device.grasp().is_some() {
        begin(&*subject.device, true).or_else(failed)?;
    }
    subject.pass(Duration::from_millis(300));
    let called = Instant::now();
    halt.halt().or_else(failed)?;
    let took = called.elapsed();
    let left = subject.clock.now();
    while subject.clock.now() - left < COMES {
        subject.pass(Duration::from_millis(20));
        match halt.confirmed() {
            Ok(Some(true)) => {
                let confirmed = subject.clock.now() - left;
                return Ok(format!(
                    "left in {} us, confirmed after {} ms",
                    took.as_micros(),
                    confirmed.as_millis()
                ));
            }
            Ok(_) => (),
            Err(trouble) => return failed(trouble),
        }
    }
    failed(format!("not confirmed in {} s", COMES.as_secs()))
}

/// A watchdog that the driver claims stops the device when it is not fed.
fn watchdog(subject: &Subject) -> Checked {
    if !subject.description.moves {
        return Ok("moves nothing".into());
    }
    let claims = subject.description.watchdog.en.clone();
    may_move(subject)?;
    let Some(joints) = subject.device.joints() else {
        return Ok(format!("claims: {claims}"));
    };
    match joints.withhold_heartbeat(true) {
        Err(Trouble::Refused(_)) => return Ok(format!("claims: {claims}")),
        Err(trouble) => return failed(trouble),
        Ok(()) => (),
    }
    joints.withhold_heartbeat(false).or_else(failed)?;
    if let Some(power) = subject.device.power() {
        power.recover().or_else(failed)?;
    }
    subject.pass(Duration::from_millis(500));
    let began = positions(subject);
    begin(&*subject.device, false).or_else(failed)?;
    subject.pass(Duration::from_millis(300));
    joints.withhold_heartbeat(true).or_else(failed)?;
    subject.pass(COMES);
    joints.withhold_heartbeat(false).or_else(failed)?;
    subject.pass(Duration::from_millis(200));
    let stood = positions(subject);
    let (Some(from), Some(at)) = (began.first(), stood.first()) else {
        return failed("no angle was heard after it");
    };
    match (at + 60.0).abs() > 1.0 && (at - from).abs() > 0.5 {
        true => Ok(format!(
            "stopped at {at:.1} deg on its way from {from:.1} to -60"
        )),
        false => failed(format!("it went on to {at:.1} deg from {from:.1}")),
    }
}
