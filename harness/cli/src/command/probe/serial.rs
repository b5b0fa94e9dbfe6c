//! What a serial line is asked, and which answers count.

use super::Found;
use certbench_clock::Clock;
use certbench_link::{ByteLink, LinkError};
use certbench_wire::modbus::{ReplyDecoder, Request, Table};
use certbench_wire::{dynamixel, feetech, forcetorque, imada, mark10, mtsics, rh56, scpi};
use std::fmt::Write as _;
use std::time::Duration;

/// A line that sends by itself says so within this.
const LISTEN: Duration = Duration::from_millis(300);
/// An answer comes within this.
const PATIENCE: Duration = Duration::from_millis(250);

/// What an answer says; `None` when it is none.
type Reading = Box<dyn Fn(&[u8]) -> Option<String>>;

/// One question.
pub(super) struct Question {
    pub(super) driver: &'static str,
    rates: &'static [u32],
    /// What is asked, for people.
    words: &'static str,
    bytes: Vec<u8>,
    /// Options of the bench beside `baud`.
    options: &'static str,
    understood: Reading,
}

/// The first line that the reader takes.
fn line(read: fn(&str) -> bool) -> Reading {
    Box::new(move |bytes| {
        let text = std::str::from_utf8(bytes).ok()?;
        let line = text.split(['\r', '\n']).find(|line| !line.is_empty())?;
        read(line).then(|| format!("answers {line:?}"))
    })
}

/// A read of Modbus registers: an answer of the unit with the checksum.
fn modbus(
    driver: &'static str,
    unit: u8,
    rates: &'static [u32],
    words: &'static str,
    (table, start, count): (Table, u16, u16),
) -> Question {
    let request = Request::Read {
        table,
        start,
        count,
    };
    Question {
        driver,
        rates,
        words,
        bytes: request.encode(unit).unwrap_or_default(),
        options: "",
        understood: Box::new(move |bytes| {
            let mut decoder = ReplyDecoder::new(unit, request.clone());
            decoder.push(bytes);
            let reply = decoder.next()?.ok()?;
            let read = !matches!(reply, certbench_wire::modbus::Reply::Exception(_));
            read.then(|| format!("answers as Modbus unit {unit}: {reply:?}"))
        }),
    }
}

/// Every question, in the order of asking: first those of which an answer is the surest.
pub(super) fn questions() -> Vec<Question> {
    use Table::{DiscreteInputs, HoldingRegisters, InputRegisters};
    vec![
        Question {
            driver: "inspire-rh56",
            rates: &[115_200],
            words: "read angles of hand 1 (EB 90 .. 11)",
            bytes: vec![0xEB, 0x90, 0x01, 0x04, 0x11, 0x0A, 0x06, 0x0C, 0x32],
            options: "id: 1",
            understood: Box::new(|bytes| {
                let mut decoder = rh56::ReplyDecoder::default();
                decoder.push(bytes);
                let reply = decoder.next()?.ok()?;
                Some(format!("answers as a hand: {reply:?}"))
            }),
        },
        Question {
            driver: "dynamixel",
            rates: &[57_600, 1_000_000, 115_200],
            words: "ping servo 1, protocol 2.0",
            bytes: dynamixel::Packet::ping(1).encode(),
            options: "",
            understood: Box::new(|bytes| {
                let mut decoder = dynamixel::Decoder::default();
                decoder.push(bytes);
                let packet = decoder.next()?.ok()?;
                let status = packet.instruction == dynamixel::Instruction::Status;
                (status && packet.id == 1).then(|| "servo 1 answers a ping".into())
            }),
        },
        Question {
            driver: "feetech-sts",
            rates: &[1_000_000, 115_200],
            words: "ping servo 1",
            bytes: feetech::Packet::ping(1).encode(),
            options: "",
            understood: Box::new(|bytes| {
                let mut decoder = feetech::Decoder::default();
                decoder.push(bytes);
                let packet = decoder.next()?.ok()?;
                // what comes back unchanged is an echo
                let answer = packet.id == 1 && packet != feetech::Packet::ping(1);
                answer.then(|| "servo 1 answers a ping".into())
            }),
        },
        modbus(
            "robotiq-2f85",
            9,
            &[115_200],
            "read the status of unit 9",
            (InputRegisters, 2000, 3),
        ),
        modbus(
            "robotiq-ft300",
            9,
            &[19_200],
            "read forces of unit 9",
            (HoldingRegisters, 180, 6),
        ),
        modbus(
            "linker-o6",
            0x27,
            &[115_200],
            "read angles of unit 39",
            (InputRegisters, 0, 6),
        ),
        modbus(
            "oymotion-rohand",
            2,
            &[115_200],
            "read the versions of unit 2",
            (HoldingRegisters, 1000, 4),
        ),
        modbus(
            "inspire-rh56dftp",
            1,
            &[115_200],
            "read angles of unit 1",
            (HoldingRegisters, 1546, 6),
        ),
        modbus(
            "dh-pgc",
            1,
            &[115_200],
            "read the state of unit 1",
            (HoldingRegisters, 0x0200, 3),
        ),
        modbus(
            "modbus-io",
            1,
            &[9600, 115_200],
            "read inputs of unit 1",
            (DiscreteInputs, 0, 8),
        ),
        Question {
            driver: "scpi-meter",
            rates: &[9600, 19_200, 115_200],
            words: "*IDN?",
            // an empty line first: what was asked before may stand in its buffer
            bytes: [b"\n".to_vec(), scpi::encode(scpi::IDENTIFY)].concat(),
            options: "",
            understood: line(|line| scpi::decode_identity(line).is_some()),
        },
        Question {
            driver: "mt-sics-scale",
            rates: &[9600],
            words: "I4: serial number",
            bytes: mtsics::Command::Serial.encode(),
            options: "",
            understood: line(|line| {
                let reply = mtsics::decode_reply(mtsics::Command::Serial, line);
                matches!(reply, Ok(mtsics::Reply::Done(Some(_))))
            }),
        },
        Question {
            driver: "imada-gauge",
            rates: &[19_200],
            words: "XAR: the reading now",
            bytes: imada::Command::Read.encode(),
            options: "",
            understood: line(|line| imada::decode_reading(line).is_some()),
        },
        Question {
            driver: "mark10-gauge",
            rates: &[115_200, 9600],
            words: "?C: the reading now",
            bytes: mark10::Command::RealTime.encode(),
            options: "",
            understood: line(|line| {
                mark10::decode_reply(line).is_ok_and(|said| said.unit.is_some())
            }),
        },
    ]
}

/// Every rate that a question or a stream has, the most usual first.
pub(super) fn rates() -> Vec<u32> {
    let mut rates = vec![115_200, 9600, 19_200];
    for rate in questions().iter().flat_map(|question| question.rates) {
        if !rates.contains(rate) {
            rates.push(*rate);
        }
    }
    rates.push(460_800);
    rates
}

/// What will be asked, for people.
pub(super) fn list() -> String {
    let mut list = "certbench: listening first, then asking what only reads:\n".to_owned();
    for question in questions() {
        let rates: Vec<String> = question.rates.iter().map(u32::to_string).collect();
        let _ = writeln!(
            list,
            "  {:<18} {} ({} baud)",
            question.driver,
            question.words,
            rates.join(", ")
        );
    }
    list
}

/// Listens, then asks the questions of this rate.
pub(super) fn probe(
    clock: &Clock,
    link: &dyn ByteLink,
    rate: u32,
) -> Result<Vec<Found>, LinkError> {
    let asked = questions();
    let asked = asked
        .iter()
        .filter(|question| question.rates.contains(&rate));
    probe_with(clock, link, rate, asked)
}

/// As [`probe`], with these questions.
pub(super) fn probe_with<'q>(
    clock: &Clock,
    link: &dyn ByteLink,
    rate: u32,
    asked: impl Iterator<Item = &'q Question>,
) -> Result<Vec<Found>, LinkError> {
    link.discard();
    let heard = hear(clock, link, LISTEN)?;
    if !heard.is_empty() {
        // Asking somebody who talks all the time would find answers in the talk.
        return Ok(sends(&heard, rate).into_iter().collect());
    }
    let mut found = Vec::new();
    for question in asked {
        link.discard();
        link.write(&question.bytes)?;
        let answer = hear(clock, link, PATIENCE)?;
        if let Some(said) = (question.understood)(&answer) {
            let comma = if question.options.is_empty() {
                ""
            } else {
                ", "
            };
            found.push(Found {
                driver: question.driver,
                options: format!("baud: {rate}{comma}{}", question.options),
                said,
            });
            break; // a second question could only be misunderstood
        }
    }
    Ok(found)
}

/// All that comes in so long.
fn hear(clock: &Clock, link: &dyn ByteLink, within: Duration) -> Result<Vec<u8>, LinkError> {
    let (mut bytes, until) = (Vec::new(), clock.now() + within);
    while link.read(&mut bytes, until)?.is_some() {}
    Ok(bytes)
}

/// Who sends by itself like this.
fn sends(bytes: &[u8], rate: u32) -> Option<Found> {
    let found = |driver, options: &str, said: String| {
        let options = format!("baud: {rate}{options}");
        Some(Found {
            driver,
            options,
            said,
        })
    };
    let mut bota = forcetorque::bota::Decoder::default();
    bota.push(bytes);
    let whole = std::iter::from_fn(|| bota.next())
        .filter(Result::is_ok)
        .count();
    if whole >= 3 {
        return found(
            "bota-serial",
            "",
            format!("sends Bota frames ({whole} heard)"),
        );
    }
    let text = std::str::from_utf8(bytes).ok()?;
    let plain = |line: &&str| {
        line.chars()
            .all(|c| c.is_ascii_graphic() || c == ' ' || c == '\t')
    };
    let mut lines = text.split(['\r', '\n']).filter(|line| !line.is_empty());
    let (_, line) = (lines.next()?, lines.next()?); // the first may be cut
    if !plain(&line) || !line.contains(|c: char| c.is_ascii_digit()) {
        return None;
    }
    found(
        "ascii-instrument",
        ", columns: …, units: …",
        format!("prints lines by itself, such as {line:?}"),
    )
}
