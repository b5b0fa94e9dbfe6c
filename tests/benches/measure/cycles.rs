//! Question and answer on a pseudo-terminal, as often as it goes: our drivers against other people's hosts.
//!
//! The far end is the same for both and answers at once, without the time that a device takes and without
//! the time that bytes take on a wire: what is measured is what a host adds. It counts the questions.

use std::fs::File;
use std::io::{Read, Write};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use certbench_model::plan::{DevicePlan, JointLimit, SafeState};
use certbench_tests::bench::{Driven, plan, safe};
use certbench_wire::{dynamixel, modbus, rh56};
use serde_json::json;

use crate::paired::paired;
use crate::peer;
use crate::pty::Pty;
use crate::table::Row;

/// Questions that a host of somebody else asks a round.
const THEIRS: u64 = 400;
/// How long ours asks.
const OURS: Duration = Duration::from_millis(1500);
const SOON: Duration = Duration::from_secs(60);

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/measure/hosts.py");

/// A protocol: what the far end answers, and whether it counts.
struct Family {
    what: &'static str,
    /// Of the script.
    word: &'static str,
    host: &'static str,
    driver: &'static str,
    far: fn() -> Box<dyn Far>,
}

const FAMILIES: [Family; 3] = [
    Family {
        what: "Modbus RTU: three registers of a gripper",
        word: "modbus",
        host: "pymodbus",
        driver: "robotiq-2f85",
        far: || Box::new(Gripper(modbus::RequestDecoder::default())),
    },
    Family {
        what: "Inspire EB 90: twelve bytes of a hand",
        word: "rh56",
        host: "pyrh56",
        driver: "inspire-rh56",
        far: || Box::new(Hand(rh56::RequestDecoder::default())),
    },
    Family {
        what: "Dynamixel 2.0: a sync read of three servos",
        word: "dynamixel",
        host: "dynamixel-sdk",
        driver: "dynamixel",
        far: || Box::new(Servos(dynamixel::Decoder::default())),
    },
];

pub(crate) fn measure() -> Result<Vec<Row>, String> {
    let python = peer::python().ok_or("the other hosts are not set up: `cargo xtask setup`")?;
    let row = |family: &Family| {
        let theirs = || {
            let script = ["-B", SCRIPT, family.word];
            theirs(family, Command::new(&python).args(script))
        };
        let pairs = paired(3, || ours(family), theirs)?;
        Ok(Row {
            what: format!("{}, a second over a pty", family.what),
            subject: format!("{:.0}", pairs.subject()),
            baseline: format!("{}: {:.0}, in turn", family.host, pairs.baseline()),
            ratio: Some(pairs.ratio()),
            target: "at least as many".to_owned(),
            met: Some(pairs.ratio().median >= 1.0),
        })
    };
    FAMILIES.iter().map(row).collect()
}

/// The device at the other end of the line.
trait Far: Send {
    /// The answer to what came, and how many of the counted questions it had.
    fn hear(&mut self, bytes: &[u8]) -> (Vec<u8>, u64);
}

struct Gripper(modbus::RequestDecoder);

impl Far for Gripper {
    fn hear(&mut self, bytes: &[u8]) -> (Vec<u8>, u64) {
        self.0.push(bytes);
        let (mut answer, mut asked) = (Vec::new(), 0);
        while let Some(heard) = self.0.next() {
            let Ok(modbus::Heard {
                unit,
                request: Ok(request),
                ..
            }) = heard
            else {
                continue;
            };
            if let modbus::Request::Read { count, .. } = request {
                let zeros = vec![0; usize::from(count)];
                answer.extend(modbus::Reply::Registers(zeros).encode(unit, &request));
                asked += 1;
            }
        }
        (answer, asked)
    }
}

struct Hand(rh56::RequestDecoder);

impl Far for Hand {
    fn hear(&mut self, bytes: &[u8]) -> (Vec<u8>, u64) {
        self.0.push(bytes);
        let (mut answer, mut asked) = (Vec::new(), 0);
        while let Some(heard) = self.0.next() {
            if let Ok(rh56::Request::Read {
                hand,
                address,
                count,
            }) = heard
            {
                let data = vec![0; usize::from(count)];
                let reply = rh56::Reply::Data {
                    hand,
                    address,
                    data,
                };
                answer.extend(reply.encode().unwrap_or_default());
                asked += u64::from(count == 12);
            }
        }
        (answer, asked)
    }
}

struct Servos(dynamixel::Decoder);

impl Far for Servos {
    fn hear(&mut self, bytes: &[u8]) -> (Vec<u8>, u64) {
        use dynamixel::Instruction;
        self.0.push(bytes);
        let (mut answer, mut asked) = (Vec::new(), 0);
        let status = |id: u8, data: &[u8]| {
            let params = [&[0][..], data].concat();
            dynamixel::Packet {
                id,
                instruction: Instruction::Status,
                params,
            }
            .encode()
        };
        while let Some(heard) = self.0.next() {
            let Ok(packet) = heard else { continue };
            let word = |at: usize| {
                let low = packet.params.get(at).copied().unwrap_or(0);
                let high = packet.params.get(at + 1).copied().unwrap_or(0);
                usize::from(u16::from_le_bytes([low, high]))
            };
            match packet.instruction {
                Instruction::SyncRead => {
                    for id in packet.params.iter().skip(4) {
                        answer.extend(status(*id, &vec![0; word(2)]));
                    }
                    asked += 1;
                }
                Instruction::Read => answer.extend(status(packet.id, &vec![0; word(2)])),
                Instruction::Ping => answer.extend(status(packet.id, &[0x24, 0x04, 0x2D])),
                Instruction::Write => answer.extend(status(packet.id, &[])),
                _ => {}
            }
        }
        (answer, asked)
    }
}

/// Plays the far end until the line is gone; counts the questions.
fn far_end(pty: &Pty, family: &Family) -> Result<Arc<AtomicU64>, String> {
    let mut line: File = pty.master.try_clone().map_err(|e| e.to_string())?;
    let count = Arc::new(AtomicU64::new(0));
    let (counted, mut far) = (count.clone(), (family.far)());
    std::thread::spawn(move || {
        let mut room = [0; 1024];
        while let Ok(n @ 1..) = line.read(&mut room) {
            let (answer, asked) = far.hear(room.get(..n).unwrap_or_default());
            if line.write_all(&answer).is_err() {
                return;
            }
            counted.fetch_add(asked, Ordering::Relaxed);
        }
    });
    Ok(count)
}

/// Questions a second of our driver, which does besides all that it does in a run.
fn ours(family: &Family) -> Result<f64, String> {
    let pty = Pty::open()?;
    let count = far_end(&pty, family)?;
    let driven = Driven::open(&device(family, &pty.path), &[signal(family)]);
    let driven = driven.map_err(|trouble| trouble.to_string())?;
    let (began, before) = (Instant::now(), count.load(Ordering::Relaxed));
    std::thread::sleep(OURS);
    let asked = count.load(Ordering::Relaxed) - before;
    let took = began.elapsed().as_secs_f64();
    drop(driven);
    Ok(asked as f64 / took)
}

fn signal(family: &Family) -> &'static str {
    match family.word {
        "dynamixel" => "position",
        _ => "closing",
    }
}

/// As fast as it goes: what a round takes, and no more.
fn device(family: &Family, port: &str) -> DevicePlan {
    let mut options = json!({ "interval": "100 us", "timeout": "1 s", "slowest": "1 s" });
    if family.word == "dynamixel" {
        options["ids"] = json!("1 2 3");
        options["baud"] = json!(1_000_000);
    }
    let mut plan = safe(plan(family.driver, port, options), SafeState::Hold);
    if family.word == "dynamixel" {
        let limit = |n: usize| JointLimit {
            joint: format!("j{n}"),
            deg_min: -120.0,
            deg_max: 120.0,
            deg_per_s_max: 180.0,
        };
        plan.limits.joints = (1..=3).map(limit).collect();
    }
    plan
}

/// Questions a second of somebody else's host, from the first to the last.
fn theirs(family: &Family, host: &mut Command) -> Result<f64, String> {
    let pty = Pty::open()?;
    let count = far_end(&pty, family)?;
    let arguments = [pty.path.as_str(), &THEIRS.to_string()].map(str::to_owned);
    let mut child = host
        .args(arguments)
        .stdin(Stdio::null())
        .spawn()
        .map_err(|e| e.to_string())?;
    let until = |wanted: u64| {
        let deadline = Instant::now() + SOON;
        while count.load(Ordering::Relaxed) < wanted {
            if Instant::now() > deadline {
                return Err(format!("{} asked nothing any more", family.host));
            }
            std::thread::sleep(Duration::from_micros(200));
        }
        Ok(Instant::now())
    };
    let timed = until(1).and_then(|began| Ok((began, until(THEIRS)?)));
    let _ = child.wait();
    let (began, ended) = timed?;
    Ok((THEIRS - 1) as f64 / (ended - began).as_secs_f64())
}
