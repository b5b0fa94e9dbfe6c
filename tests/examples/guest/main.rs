//! What runs inside the virtual machine, on a kernel with CAN: `guest SCENARIO`.
//!
//! | scenario | what it does |
//! |---|---|
//! | `link` | the SocketCAN link against candump, cansend, `ip`, and two emulated controllers |
//! | `joints` | the CANopen arm driver on vcan0, with the simulated arm's joints on the same bus, in profile and in cyclic motion |
//! | `families` | the drivers of joint motors and hands on CAN and of the CANopen box on vcan0, each with its simulated devices on the same bus |
//! | `slcanpty` | sends every frame of vcan0 back with its identifier plus one, until 7FF#DEAD |
//! | `rate` | measures: frames received and written to a log, against candump, under cangen at full rate |
//! | `pace` | measures: 24 joints that send every millisecond, recorded; the periods in the record |
//!
//! Prints one line a check, `guest: ok NAME` or `guest: FAILED NAME: why`, and ends with the number
//! of failures; a measurement prints `guest: measured WHAT KEY=NUMBER ...`. The host's side is
//! `tests/tests/vm_*.rs` and `tests/benches/measure/can.rs`.

mod families;
mod joints;
mod pace;
mod rate;
mod vcan;

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, ExitCode, Stdio};
use std::time::Duration;

use certbench_clock::{Clock, Time};
use certbench_link::socketcan::SocketCan;
use certbench_link::{CanFrame, CanLink, LinkError, LinkKind, Physicality};

type Checked = Result<(), Box<dyn std::error::Error>>;

/// What a check is called, and the check, which is told its name.
type Check = (&'static str, fn(&str) -> Checked);

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

const JOINTS: &[Check] = &[
    ("joints on a virtual bus", joints::joints_on_a_virtual_bus),
    (
        "set-points on a virtual bus",
        joints::set_points_on_a_virtual_bus,
    ),
];

const SLCANPTY: &[Check] = &[("frames sent back", send_back)];

const RATE: &[Check] = &[("frames at full rate", rate::measure)];

const PACE: &[Check] = &[("24 joints at 1 kHz", pace::measure)];

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let checks = match words[..] {
        ["link"] => LINK,
        ["joints"] => JOINTS,
        ["families"] => families::CHECKS,
        ["slcanpty"] => SLCANPTY,
        ["rate"] => RATE,
        ["pace"] => PACE,
        // What a measurement starts as a process of its own.
        [rate::LISTENER, form, folder] => return part(rate::listen(form, folder)),
        [pace::SENDER, seconds, to] => return part(pace::send(seconds, to)),
        ref other => {
            println!("guest: FAILED start: no scenario {other:?}");
            return ExitCode::from(64);
        }
    };
    let mut failures = 0;
    for (name, check) in checks {
        match check(name) {
            Ok(()) => println!("guest: ok {name}"),
            Err(why) => {
                failures += 1;
                println!("guest: FAILED {name}: {why}");
            }
        }
    }
    ExitCode::from(failures)
}

/// The end of a process that is a part of a check.
fn part(ended: Checked) -> ExitCode {
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            println!("guest: a part failed: {why}");
            ExitCode::FAILURE
        }
    }
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

fn candump_sees_what_we_send(_: &str) -> Checked {
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

fn we_see_what_cansend_sends(_: &str) -> Checked {
    let link = SocketCan::open(&Clock::real(), "vcan0")?;
    for text in FRAMES {
        run("cansend", &["vcan0", text])?;
        let (frame, _) = link.recv(soon())?.ok_or(format!("{text} did not arrive"))?;
        same(text, &frame)?;
    }
    Ok(())
}

fn the_kernel_says_when(_: &str) -> Checked {
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

fn down_and_up_again(_: &str) -> Checked {
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

fn two_controllers(_: &str) -> Checked {
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

fn provenance_of_interfaces(_: &str) -> Checked {
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

fn fd_on_a_classic_interface(_: &str) -> Checked {
    let link = SocketCan::open(&Clock::real(), "can0")?;
    match link.send(&"123##1AA".parse()?) {
        Err(LinkError::Refused { .. }) => Ok(()),
        other => Err(format!("{other:?}").into()),
    }
}

fn no_such_interface(_: &str) -> Checked {
    match SocketCan::open(&Clock::real(), "can9").err() {
        Some(LinkError::NotFound { .. }) => Ok(()),
        other => Err(format!("{other:?}").into()),
    }
}

fn send_back(_: &str) -> Checked {
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
