//! Instruments that send by themselves, some after having been told to.

use std::time::Duration;

use certbench_link::{ByteLink, LinkError};
use certbench_wire::aed::{Command, Format, Identity, Measured, Status};
use certbench_wire::forcetorque::{bota, ft300};
use certbench_wire::ild1420::{NoDistance, RawDistance, Value};
use certbench_wire::modbus::{Exception, Heard, Reply, Request, RequestDecoder, Table};

use crate::World;

use super::texts::displacement_mm;
use super::{Answering, KEEP_STILL, Manners, Stage, next_answer};

/// A device that sends a frame at a steady rate while it is told to.
pub(crate) trait Sending: Answering {
    /// How often, while it sends.
    fn every(&self) -> Option<Duration>;
    /// What it sends now.
    fn frame(&mut self, world: &mut World) -> Vec<u8>;
}

/// Plays it until the show is over or the line is gone.
pub(crate) fn play(
    stage: &Stage,
    link: &dyn ByteLink,
    manners: &Manners,
    mut device: impl Sending,
) {
    let (mut heard, mut next) = (Vec::new(), stage.clock.now());
    while !stage.is_over() {
        let now = stage.clock.now();
        let until = match device.every() {
            Some(_) => next.min(now + stage.look_up()),
            None => now + manners.silence.max(Duration::from_millis(1)),
        };
        match link.read(&mut heard, until) {
            Ok(Some(_)) => {
                device.hear(&heard);
                heard.clear();
            }
            Ok(None) => {
                device.silence();
                drop(stage.world());
                if device.every().is_none() && manners.silence < stage.look_up() {
                    stage.clock.sleep(manners.silence);
                }
            }
            Err(LinkError::Gone { .. }) => return,
            Err(_) => stage.clock.sleep(stage.look_up()),
        }
        while let Some(answer) = next_answer(stage, &mut device) {
            stage.clock.sleep(manners.thinks);
            if !answer.is_empty() {
                let _ = link.write(&answer); // nobody reads it: as on a real line
            }
        }
        let now = stage.clock.now();
        let Some(every) = device.every() else {
            next = now;
            continue;
        };
        if now >= next {
            next = (next + every).max(now);
            let frame = device.frame(&mut stage.world());
            match link.write(&frame) {
                Ok(_) => {}
                Err(LinkError::Gone { .. }) => return,
                Err(_) => stage.clock.sleep(KEEP_STILL), // nobody reads
            }
        }
    }
}

/// An optoNCDT 1420 with a range of 100 mm, 250 values a second.
pub(crate) struct Ild1420;

impl Answering for Ild1420 {
    fn hear(&mut self, _bytes: &[u8]) {}

    fn answer(&mut self, _world: &mut World) -> Option<Vec<u8>> {
        None
    }
}

impl Sending for Ild1420 {
    fn every(&self) -> Option<Duration> {
        Some(Duration::from_millis(4))
    }

    fn frame(&mut self, world: &mut World) -> Vec<u8> {
        let raw = match displacement_mm(world) {
            None => NoDistance::NoPeak.code(),
            Some(mm) if mm < -1.0 => NoDistance::BeforeRange.code(),
            Some(mm) if mm > 101.0 => NoDistance::BehindRange.code(),
            // the manual's d = (x · 102 / 65520 - 1) · 100 mm / 100, solved for x
            Some(mm) => RawDistance(((mm + 1.0) * 65_520.0 / 102.0).round() as u32),
        };
        Value { first: true, raw }.encode().to_vec()
    }
}

/// An FT 300: the force of the world's gauge along z. Registers, and a stream.
#[derive(Default)]
pub(crate) struct Ft300 {
    decoder: RequestDecoder,
    streams: bool,
    /// Bytes FF in a row.
    stops: usize,
}

const UNIT: u8 = 9;
const WRENCH: u16 = 180;
const MODE: u16 = 410;

impl Ft300 {
    fn raw(world: &World) -> ft300::RawWrench {
        let Some([x, y, z, ..]) = world.wrench() else {
            return ft300::RawWrench([0, 0, i16::MAX, 0, 0, 0]);
        };
        let [x, y, z] = [x, y, z].map(|n| (100.0 * n).round() as i16);
        ft300::RawWrench([x, y, z, 0, 0, 0])
    }

    fn obey(&mut self, world: &World, request: &Request) -> Result<Reply, Exception> {
        let values = Ft300::raw(world).0.map(i16::cast_unsigned);
        match request {
            Request::Read {
                table: Table::HoldingRegisters | Table::InputRegisters,
                start,
                count,
            } => {
                let first = usize::from(
                    start
                        .checked_sub(WRENCH)
                        .ok_or(Exception::IllegalDataAddress)?,
                );
                let words = values.get(first..first + usize::from(*count));
                words
                    .map(|words| Reply::Registers(words.to_vec()))
                    .ok_or(Exception::IllegalDataAddress)
            }
            Request::WriteRegisters {
                start: MODE,
                values,
            } if values.as_slice() == [0x0200] => {
                self.streams = true;
                Ok(Reply::Written)
            }
            Request::WriteRegisters { .. } | Request::WriteRegister { .. } => {
                Err(Exception::IllegalDataAddress)
            }
            _ => Err(Exception::IllegalFunction),
        }
    }
}

impl Answering for Ft300 {
    fn hear(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.stops = if *byte == 0xFF { self.stops + 1 } else { 0 };
            if self.stops >= 20 {
                self.streams = false;
            }
        }
        if !self.streams {
            self.decoder.push(bytes);
        }
    }

    fn silence(&mut self) {
        self.decoder.silence();
    }

    fn answer(&mut self, world: &mut World) -> Option<Vec<u8>> {
        let Heard {
            unit,
            function,
            request,
        } = match self.decoder.next()? {
            Ok(heard) => heard,
            Err(_noise) => return Some(Vec::new()),
        };
        if unit != UNIT {
            return Some(Vec::new());
        }
        let done =
            request.and_then(|request| self.obey(world, &request).map(|reply| (request, reply)));
        Some(match done {
            Ok((request, reply)) => reply.encode(UNIT, &request),
            Err(exception) => exception.encode(UNIT, function),
        })
    }
}

impl Sending for Ft300 {
    fn every(&self) -> Option<Duration> {
        self.streams.then_some(Duration::from_millis(10))
    }

    fn frame(&mut self, world: &mut World) -> Vec<u8> {
        Ft300::raw(world).encode()
    }
}

/// A Bota sensor that waits for `R` and then sends 100 frames a second.
#[derive(Default)]
pub(crate) struct Bota {
    runs: bool,
}

impl Answering for Bota {
    fn hear(&mut self, bytes: &[u8]) {
        self.runs |= bytes.contains(&b'R');
    }

    fn answer(&mut self, _world: &mut World) -> Option<Vec<u8>> {
        None
    }
}

impl Sending for Bota {
    fn every(&self) -> Option<Duration> {
        self.runs.then_some(Duration::from_millis(10))
    }

    fn frame(&mut self, world: &mut World) -> Vec<u8> {
        let felt = world.wrench();
        let frame = bota::Frame {
            status: u16::from(felt.is_none()),
            wrench: felt.unwrap_or_default().map(|x| x as f32),
            time_us: (world.time_s() * 1e6) as u64 as u32,
            celsius: 31.5,
        };
        frame.encode()
    }
}

/// An AED whose counts are millinewtons of the world's gauge, its values set to COF9. It is asked, or sends
/// 50 values a second.
#[derive(Default)]
pub(crate) struct Aed {
    heard: Vec<u8>,
    streams: bool,
}

/// The text format with address and status: COF9.
const COF: u8 = 9;
/// A converter that overdrives; values at rest.
const OVERFLOW: Status = Status(0b100);
const STANDSTILL: Status = Status(0b1000);

impl Aed {
    fn measured(world: &mut World) -> Vec<u8> {
        let newton = world.gauge.reading(world.step());
        let measured = match newton {
            Some(newton) => Measured {
                counts: (1000.0 * newton).round() as i32,
                status: Some(STANDSTILL),
            },
            None => Measured {
                counts: 1_638_399,
                status: Some(OVERFLOW),
            },
        };
        Format::of(COF).map_or_else(Vec::new, |format| measured.encode(format))
    }
}

impl Answering for Aed {
    fn hear(&mut self, bytes: &[u8]) {
        self.heard.extend_from_slice(bytes);
    }

    fn answer(&mut self, world: &mut World) -> Option<Vec<u8>> {
        let end = |b: &u8| *b == b';' || *b == b'\n';
        let at = self.heard.iter().position(end)?;
        let said: Vec<u8> = self.heard.drain(..=at).collect();
        let said = said.get(..at).unwrap_or_default();
        let command = Command::decode(&String::from_utf8_lossy(said));
        // While it sends it takes nothing but the end of it.
        if self.streams && command != Some(Command::Stop) {
            return Some(Vec::new());
        }
        Some(match command {
            Some(Command::Identify) => Identity {
                model: "SIM".to_owned(),
                serial: "0003".to_owned(),
                software: "P20".to_owned(),
            }
            .encode(),
            Some(Command::Format) => format!("{COF:03}\r\n").into_bytes(),
            Some(Command::Measure) => Aed::measured(world),
            Some(Command::Stream) => {
                self.streams = true;
                Vec::new()
            }
            Some(Command::Stop) => {
                self.streams = false;
                Vec::new()
            }
            None if said.is_empty() => Vec::new(),
            None => b"?\r\n".to_vec(),
        })
    }
}

impl Sending for Aed {
    fn every(&self) -> Option<Duration> {
        self.streams.then_some(Duration::from_millis(20))
    }

    fn frame(&mut self, world: &mut World) -> Vec<u8> {
        Aed::measured(world)
    }
}
