//! What runs inside the virtual machine, on a kernel with CAN: `guest SCENARIO`.
//!
//! | scenario | what it does |
//! |---|---|
//! | `link` | the SocketCAN link against candump, cansend, `ip`, and two emulated controllers |
//! | `joints` | the CANopen arm driver on vcan0, with the simulated arm's joints on the same bus |
//! | `slcanpty` | sends every frame of vcan0 back with its identifier plus one, until 7FF#DEAD |
//!
//! Prints one line a check, `guest: ok NAME` or `guest: FAILED NAME: why`, and ends with the number
//! of failures. The host's side is `tests/tests/vm_*.rs`.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, ExitCode, Stdio};
use std::sync::Arc;
use std::time::Duration;

use certbench_clock::{Clock, Time};
use certbench_link::socketcan::SocketCan;
use certbench_link::{CanFrame, CanLink, LinkError, LinkKind, Physicality};
use certbench_model::plan::{JointLimit, SafeState};
use certbench_roles::{JointMove, Progress};
use certbench_sim::config::WorldConfig;
use certbench_sim::{Port, Simulation, Transport};
use certbench_tests::bench::{Driven, plan, safe, until};
use serde_json::json;

type Checked = Result<(), Box<dyn std::error::Error>>;

/// What a check is called, and the check.
type Check = (&'static str, fn() -> Checked);

const LINK: &[Check] = &[
    (
        "candump sees what the link sends",
        candump_sees_what_we_send,
    ),
    (
        "the link sees what cansend sends",
        we_see_what_cansend_sends,
    ),
    ("the kernel says when a frame came", the_kernel_says_when),
    ("down and up again", down_and_up_again),
    ("two controllers", two_controllers),
    (
        "a virtual interface is never physical",
        provenance_of_interfaces,
    ),
    (
        "FD on a classic interface is refused",
        fd_on_a_classic_interface,
    ),
    ("no such interface", no_such_interface),
];

const JOINTS: &[Check] = &[("joints on a virtual bus", joints_on_a_virtual_bus)];

const SLCANPTY: &[Check] = &[("frames sent back", send_back)];

fn main() -> ExitCode {
    let checks = match std::env::args().nth(1).as_deref() {
        Some("link") => LINK,
        Some("joints") => JOINTS,
        Some("slcanpty") => SLCANPTY,
        other => {
            println!("guest: FAILED start: no scenario {other:?}");
            return ExitCode::from(64);
        }
    };
    let mut failures = 0;
    for (name, check) in checks {
        match check() {
            Ok(()) => println!("guest: ok {name}"),
            Err(why) => {
                failures += 1;
                println!("guest: FAILED {name}: {why}");
            }
        }
    }
    ExitCode::from(failures)
}

/// One of every kind of frame, as can-utils write them.
const FRAMES: [&str; 10] = [
    "123#DEADBEEF",
    "000#",
    "7FF#1122334455667788",
    "00000123#01",
    "1FFFFFFF#FF",
    "321#R",
    "00000321#R8",
    "124##0AABBCC",
    "1ABCDEF0##1000102030405060708090A0B",
    "125##1000102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D1E1F\
     202122232425262728292A2B2C2D2E2F303132333435363738393A3B3C3D3E3F",
];

fn candump_sees_what_we_send() -> Checked {
    let link = SocketCan::open(&Clock::real(), "vcan0")?;
    let candump = Candump::start("vcan0", FRAMES.len())?;
    for text in FRAMES {
        link.send(&text.parse()?)?;
    }
    for (text, line) in FRAMES.iter().zip(candump.frames()?) {
        same(text, &line.parse()?)?;
    }
    Ok(())
}

fn we_see_what_cansend_sends() -> Checked {
    let link = SocketCan::open(&Clock::real(), "vcan0")?;
    for text in FRAMES {
        run("cansend", &["vcan0", text])?;
        let (frame, _) = link.recv(soon())?.ok_or(format!("{text} did not arrive"))?;
        same(text, &frame)?;
    }
    Ok(())
}

fn the_kernel_says_when() -> Checked {
    let clock = Clock::real();
    let link = SocketCan::open(&clock, "vcan0")?;
    let before = clock.now();
    run("cansend", &["vcan0", "123#00"])?;
    let after = clock.now();
    clock.sleep(Duration::from_millis(200)); // the read comes late, the stamp does not
    let (_, stamp) = link.recv(soon())?.ok_or("nothing arrived")?;
    if stamp.kernel && before <= stamp.latest && stamp.earliest <= after {
        return Ok(());
    }
    Err(format!("sent in {before:?}..{after:?}, stamped {stamp:?}").into())
}

fn down_and_up_again() -> Checked {
    let clock = Clock::real();
    let link = SocketCan::open(&clock, "vcan0")?;
    let frame: CanFrame = "123#01".parse()?;
    run("ip", &["link", "set", "vcan0", "down"])?;
    gone("send", link.send(&frame))?;
    gone(
        "receive",
        link.recv(clock.now() + Duration::from_millis(300)),
    )?;
    run("ip", &["link", "set", "vcan0", "up"])?;
    let candump = Candump::start("vcan0", 1)?;
    link.send(&frame)?;
    same(
        "123#01",
        &candump
            .frames()?
            .next()
            .ok_or("candump saw nothing")?
            .parse()?,
    )?;
    run("cansend", &["vcan0", "321#02"])?;
    let (frame, _) = link
        .recv(soon())?
        .ok_or("nothing arrived after the interface came back")?;
    same("321#02", &frame)
}

fn gone<T: std::fmt::Debug>(doing: &str, result: Result<T, LinkError>) -> Checked {
    match result {
        Err(LinkError::Gone { .. }) => Ok(()),
        other => Err(format!("{doing} on an interface that is down: {other:?}").into()),
    }
}

fn two_controllers() -> Checked {
    let clock = Clock::real();
    let (can0, can1) = (
        SocketCan::open(&clock, "can0")?,
        SocketCan::open(&clock, "can1")?,
    );
    for text in FRAMES.iter().filter(|text| !text.contains("##")) {
        can0.send(&text.parse()?)?;
        let (frame, _) = can1.recv(soon())?.ok_or(format!("{text} did not arrive"))?;
        same(text, &frame)?;
        can1.send(&frame)?;
        let (frame, _) = can0
            .recv(soon())?
            .ok_or(format!("{text} did not come back"))?;
        same(text, &frame)?;
    }
    Ok(())
}

fn provenance_of_interfaces() -> Checked {
    let clock = Clock::real();
    for (name, kind, hint) in [
        ("vcan0", LinkKind::VirtualCan, Physicality::NotPhysical),
        ("can0", LinkKind::SocketCan, Physicality::Physical),
    ] {
        let link = SocketCan::open(&clock, name)?;
        let info = link.describe();
        if (info.kind, info.provenance_hint) != (kind, hint) {
            return Err(format!("{name} is taken for {info:?}").into());
        }
    }
    Ok(())
}

fn fd_on_a_classic_interface() -> Checked {
    let link = SocketCan::open(&Clock::real(), "can0")?;
    match link.send(&"123##1AA".parse()?) {
        Err(LinkError::Refused { .. }) => Ok(()),
        other => Err(format!("{other:?}").into()),
    }
}

fn no_such_interface() -> Checked {
    match SocketCan::open(&Clock::real(), "can9").err() {
        Some(LinkError::NotFound { .. }) => Ok(()),
        other => Err(format!("{other:?}").into()),
    }
}

fn send_back() -> Checked {
    let clock = Clock::real();
    let link = SocketCan::open(&clock, "vcan0")?;
    let mut candump = Command::new("candump").args(["-L", "vcan0"]).spawn()?; // a witness on the console
    println!("guest: ready");
    let end: CanFrame = "7FF#DEAD".parse()?;
    let until = clock.now() + Duration::from_secs(60);
    while let Some((frame, _)) = link.recv(until)? {
        if frame == end {
            candump.kill()?;
            candump.wait()?;
            return Ok(());
        }
        let id = frame.id() + 1;
        link.send(&match frame.is_remote() {
            true => CanFrame::remote(id, frame.is_extended(), frame.len())?,
            false => CanFrame::classic(id, frame.is_extended(), frame.data())?,
        })?;
    }
    Err("nobody said the end".into())
}

/// The real driver on the real bus: up, a move, a halt in mid-move, recovery, a move back, down.
fn joints_on_a_virtual_bus() -> Checked {
    let simulation = simulated_joints()?;
    let options = json!({
        "nodes": [1, 2, 3, 4, 5, 6], "counts_per_deg": 10_000, "interval": "20 ms", "timeout": "2 s",
        "lost_after": "2 s",
    });
    let mut plan = safe(
        plan("canopen-arm", "vcan0", options),
        SafeState::DecelerateAndHold,
    );
    let limit = |n| JointLimit {
        joint: format!("j{n}"),
        deg_min: -180.0,
        deg_max: 180.0,
        deg_per_s_max: 90.0,
    };
    plan.limits.joints = (1..=6).map(limit).collect();
    let arm = Driven::open(&plan, &["position"])?;
    let facts = arm.device.link();
    if facts.kind != "vcan" || facts.may_be_physical {
        return Err(format!("vcan0 is taken for {facts:?}").into());
    }
    let power = arm.device.power().ok_or("no power")?;
    let joints = arm.device.joints().ok_or("no joints")?;
    let halt = arm.device.halt().ok_or("no halt")?;
    let to = |deg| JointMove {
        targets_deg: vec![(0, deg)],
        deg_per_s: 30.0,
    };
    let ended = || {
        joints
            .progress()
            .is_ok_and(|progress| progress != Progress::Moving)
    };
    let there = || {
        Ok::<_, Box<dyn std::error::Error>>(until(ended) && joints.progress()? == Progress::Settled)
    };

    power.enable()?;
    joints.begin(&to(10.0))?;
    ensure(there()?, "it arrives")?;
    joints.begin(&to(100.0))?;
    ensure(
        until(|| joints.positions_deg().is_ok_and(|deg| deg[0] > 15.0)),
        "it moves on",
    )?;
    halt.halt()?;
    ensure(
        until(|| halt.confirmed().is_ok_and(|safe| safe == Some(true))),
        "it stands after a halt",
    )?;
    ensure(
        joints.positions_deg()?[0] < 90.0,
        "it stands short of its target",
    )?;
    power.recover()?;
    joints.begin(&to(0.0))?;
    ensure(there()?, "it comes back")?;
    power.disable()?;
    ensure(
        arm.news().is_empty(),
        &format!("nothing went wrong, but {:?}", arm.news()),
    )?;
    drop(arm);
    simulation.shutdown();
    Ok(())
}

/// The simulated arm's joints as nodes of vcan0: its in-process bus, joined to the interface.
fn simulated_joints() -> Result<Simulation, Box<dyn std::error::Error>> {
    let clock = Clock::real();
    let devices = [("arm".to_owned(), "canopen-arm".to_owned())];
    let world = WorldConfig::from_json(&json!({ "arm": { "units_per_deg": 10_000 } }))?;
    let (simulation, mut ports) =
        Simulation::build(&world, &devices, &clock, Transport::InProcess)?;
    let Some(Port::Can(bus)) = ports.remove("arm") else {
        return Err("the simulated arm is not on a bus".into());
    };
    let bus: Arc<dyn CanLink> = Arc::from(bus);
    let interface: Arc<dyn CanLink> = Arc::new(SocketCan::open(&clock, "vcan0")?);
    for (from, to) in [(bus.clone(), interface.clone()), (interface, bus)] {
        std::thread::spawn(move || {
            while let Ok(heard) = from.recv(Clock::real().now() + Duration::from_secs(1)) {
                if heard.is_some_and(|(frame, _)| to.send(&frame).is_err()) {
                    return; // the far end is gone
                }
            }
        });
    }
    Ok(simulation)
}

fn ensure(fact: bool, what: &str) -> Checked {
    if fact {
        Ok(())
    } else {
        Err(format!("expected: {what}").into())
    }
}

/// can-utils' own listener, with so many frames to see.
struct Candump(Child);

impl Candump {
    fn start(interface: &str, frames: usize) -> Result<Self, Box<dyn std::error::Error>> {
        let count = frames.to_string();
        let mut candump = Command::new("candump");
        // -L: log format, -T: give up after five silent seconds.
        candump
            .args(["-L", "-n", &count, "-T", "5000", interface])
            .stdout(Stdio::piped());
        let child = candump.spawn()?;
        std::thread::sleep(Duration::from_millis(500)); // until it listens
        Ok(Self(child))
    }

    /// What it saw: the third word of `(1436509052.249713) vcan0 123#DEADBEEF`.
    fn frames(mut self) -> Result<impl Iterator<Item = String>, Box<dyn std::error::Error>> {
        let stdout = self.0.stdout.take().ok_or("candump has no output")?;
        let lines: Vec<String> = BufReader::new(stdout).lines().collect::<Result<_, _>>()?;
        self.0.wait()?;
        Ok(lines
            .into_iter()
            .filter_map(|line| line.split(' ').nth(2).map(str::to_owned)))
    }
}

fn same(expected: &str, seen: &CanFrame) -> Checked {
    if expected.parse::<CanFrame>()? == *seen {
        return Ok(());
    }
    Err(format!("expected {expected}, saw {seen}").into())
}

fn soon() -> Time {
    Clock::real().now() + Duration::from_secs(5)
}

fn run(program: &str, arguments: &[&str]) -> Checked {
    let status = Command::new(program).args(arguments).status()?;
    if status.success() {
        Ok(())
    } else {
        Err(format!("{program} {arguments:?}: {status}").into())
    }
}
