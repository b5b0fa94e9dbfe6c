//! What a serial line is asked, and which answers count.

use super::Found;
use certbench_clock::Clock;
use certbench_link::{ByteLink, LinkError};
use certbench_wire::modbus::{ReplyDecoder, Request, Table};
use certbench_wire::{
    ability, aed, dynamixel, feetech, forcetorque, ild1420, imada, keyence, mark10, mitutoyo,
    mtsics, rh56, scpi,
};
use std::fmt::Write as _;
use std::time::Duration;

/// A line that sends by itself says so within this.
const LISTEN: Duration = Duration::from_millis(300);
/// An answer comes within this.
const PATIENCE: Duration = Duration::from_millis(250);

/// What an answer says; `None` when it is none.
type Reading = Box<dyn Fn(&[u8]) -> Option<String>>;

/// Bits per second, and whether the line has an even parity bit.
pub(super) type Setting = (u32, bool);

/// One question.
pub(super) struct Question {
    pub(super) driver: &'static str,
    rates: &'static [u32],
    /// The device's line has an even parity bit.
    even: bool,
    /// What is asked, for people.
    words: &'static str,
    pub(super) bytes: Vec<u8>,
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

/// What a Keyence sensor is asked.
const KEYENCE: keyence::Measure = keyence::Measure { output: 1 };

/// A read of hand 1 in a dialect.
fn hand_read(address: u16, count: u8, framing: rh56::Framing) -> Vec<u8> {
    let hand = 1;
    let read = rh56::Request::Read {
        hand,
        address,
        count,
    };
    read.encode_in(framing).unwrap_or_default()
}

/// What a motor at work or at rest can have, °C: memory that is not in use has other numbers.
const WARM: std::ops::RangeInclusive<u16> = 5..=120;

/// Where one kind of Inspire hand keeps the temperatures of its six motors, a number of so many bytes each,
/// another kind keeps something else.
fn inspire(driver: &'static str, words: &'static str, (register, width): (u16, u8)) -> Question {
    Question {
        driver,
        rates: &[115_200],
        even: false,
        words,
        bytes: hand_read(register, 6 * width, rh56::Framing::HAND),
        options: "id: 1",
        understood: Box::new(move |bytes| {
            let mut decoder = rh56::ReplyDecoder::default();
            decoder.push(bytes);
            let rh56::Reply::Data { address, data, .. } = decoder.next()?.ok()? else {
                return None;
            };
            let number = |bytes: &[u8]| {
                bytes
                    .iter()
                    .rev()
                    .fold(0, |n, byte| n << 8 | u16::from(*byte))
            };
            let motors: Vec<u16> = data.chunks(width.into()).map(number).collect();
            let warm = motors.len() == 6 && motors.iter().all(|celsius| WARM.contains(celsius));
            (address == register && warm)
                .then(|| format!("a hand says that its motors are at {motors:?} °C"))
        }),
    }
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
        even: false,
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
        inspire(
            "inspire-rh56",
            "read the motors' temperatures of hand 1 (EB 90 .. 11)",
            (rh56::register::TEMP.address, 1),
        ),
        inspire(
            "inspire-rh56f1",
            "the same where an RH56F1 has them",
            (1094, 2),
        ),
        Question {
            driver: "dynamixel",
            rates: &[57_600, 1_000_000, 115_200],
            even: false,
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
            even: false,
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
        Question {
            driver: "inspire-eg5cd1",
            rates: &[115_200],
            even: false,
            words: "read the opening of gripper 1 (EB 90 .. 00)",
            bytes: hand_read(1122, 2, rh56::Framing::GRIPPER),
            options: "id: 1",
            understood: Box::new(|bytes| {
                let mut decoder = rh56::ReplyDecoder::speaking(rh56::Framing::GRIPPER);
                decoder.push(bytes);
                let reply = decoder.next()?.ok()?;
                Some(format!("answers as a gripper: {reply:?}"))
            }),
        },
        Question {
            driver: "psyonic-ability",
            rates: &[460_800],
            even: false,
            words: "read hand 80, which commands nothing",
            bytes: ability::Request::Read(ability::Variant::Touch).encode(80),
            options: "",
            understood: Box::new(|bytes| {
                let mut unstuffer = ability::Unstuffer::default();
                let mut frames = bytes.iter().filter_map(|byte| unstuffer.push(*byte));
                let frame = frames.find_map(Result::ok)?;
                ability::Reply::decode(&frame).ok()?;
                Some("answers as hand 80".into())
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
            "ufactory-gripper",
            8,
            &[2_000_000],
            "read the position of unit 8",
            (HoldingRegisters, 0x0702, 2),
        ),
        modbus(
            "brainco-revo2",
            126,
            &[460_800],
            "read the positions of unit 126, a left hand",
            (InputRegisters, 2000, 6),
        ),
        Question {
            options: "id: 127",
            ..modbus(
                "brainco-revo2",
                127,
                &[460_800],
                "read the positions of unit 127, a right hand",
                (InputRegisters, 2000, 6),
            )
        },
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
            driver: "magtrol-dsp7000",
            rates: &[19_200, 9600],
            even: false,
            words: "*IDN?",
            bytes: [b"\n".to_vec(), scpi::encode(scpi::IDENTIFY)].concat(),
            options: "",
            understood: line(|line| {
                let identity = scpi::decode_identity(line);
                identity.is_some_and(|_| line.to_ascii_uppercase().starts_with("MAGTROL"))
            }),
        },
        Question {
            driver: "scpi-meter",
            rates: &[9600, 19_200, 115_200],
            even: false,
            words: "*IDN?",
            // an empty line first: what was asked before may stand in its buffer
            bytes: [b"\n".to_vec(), scpi::encode(scpi::IDENTIFY)].concat(),
            options: "",
            understood: line(|line| scpi::decode_identity(line).is_some()),
        },
        Question {
            driver: "hbm-aed",
            rates: &[9600, 38_400],
            even: true,
            words: "IDN?: who it is",
            // LF ends a command as well, and is no part of one for anybody else
            bytes: b"\nIDN?\n".to_vec(),
            options: "",
            understood: line(|line| aed::Identity::decode(line).is_some()),
        },
        Question {
            driver: "mt-sics-scale",
            rates: &[9600],
            even: false,
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
            even: false,
            words: "XAR: the reading now",
            bytes: imada::Command::Read.encode(),
            options: "",
            understood: line(|line| imada::decode_reading(line).is_some()),
        },
        Question {
            driver: "mark10-gauge",
            rates: &[115_200, 9600],
            even: false,
            words: "?C: the reading now",
            bytes: mark10::Command::RealTime.encode(),
            options: "",
            understood: line(|line| {
                mark10::decode_reply(line).is_ok_and(|said| said.unit.is_some())
            }),
        },
        Question {
            driver: "keyence-lkg",
            rates: &[115_200, 9600],
            even: false,
            words: "M1: the measurement now",
            bytes: KEYENCE.encode(),
            options: "",
            understood: line(|line| {
                use keyence::Reply::{NotReady, OutOfRange, Value};
                let reply = keyence::decode_reply(KEYENCE, line);
                matches!(reply, Some(Value(_) | NotReady | OutOfRange))
            }),
        },
        Question {
            driver: "mitutoyo-gauge",
            rates: &[9600],
            even: false,
            words: "1: a gauge sends its value for whatever it is sent",
            bytes: b"1\r".to_vec(),
            options: "request: 1",
            understood: line(|line| mitutoyo::decode(line).is_some()),
        },
    ]
}

/// Every setting of the line that a question or a stream has, the most usual first.
pub(super) fn settings() -> Vec<Setting> {
    let mut settings = vec![(115_200, false), (9600, false), (19_200, false)];
    for question in questions() {
        let of_it = question.rates.iter().map(|rate| (*rate, question.even));
        let new = of_it.filter(|setting| !settings.contains(setting));
        settings.extend(new.collect::<Vec<_>>());
    }
    settings.push((921_600, false)); // of a stream
    settings
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

/// Listens, then asks the questions of this setting.
pub(super) fn probe(
    clock: &Clock,
    link: &dyn ByteLink,
    (rate, even): Setting,
) -> Result<Vec<Found>, LinkError> {
    let asked = questions();
    let asked = asked
        .iter()
        .filter(|question| question.rates.contains(&rate) && question.even == even);
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
    let mut ft300 = forcetorque::ft300::Decoder::default();
    ft300.push(bytes);
    let whole = std::iter::from_fn(|| ft300.next()).filter(Result::is_ok);
    if let whole @ 3.. = whole.count() {
        let said = format!("sends FT 300 frames ({whole} heard)");
        return found("robotiq-ft300", ", mode: stream", said);
    }
    let mut ild1420 = ild1420::Decoder::default();
    ild1420.push(bytes);
    let heard: Vec<bool> = std::iter::from_fn(|| ild1420.next())
        .map(|value| value.is_ok())
        .collect();
    // the two top bits of a byte are all that tells one: none may be out of place but at the ends
    let broken = heard.iter().filter(|whole| !**whole).count();
    if heard.len() >= 20 && broken <= 1 {
        let said = format!("sends optoNCDT values ({} heard)", heard.len());
        return found("ild1420", ", range: …", said);
    }
    let text = std::str::from_utf8(bytes).ok()?;
    let plain = |line: &&str| {
        line.chars()
            .all(|c| c.is_ascii_graphic() || c == ' ' || c == '\t')
    };
    let mut lines = text.split(['\r', '\n']).filter(|line| !line.is_empty());
    let (_, line) = (lines.next()?, lines.next()?); // the first may be cut
    for number in [9, 11] {
        let format = aed::Format::of(number)?;
        let mut decoder = aed::Decoder::stream(format);
        decoder.push(bytes);
        let whole = std::iter::from_fn(|| decoder.next()).filter(Result::is_ok);
        if whole.count() >= 3 {
            let said = format!("sends values as an AED set to COF{number}, such as {line:?}");
            let options = format!(", mode: stream, format: {number}, count: …");
            return found("hbm-aed", &options, said);
        }
    }
    if !plain(&line) || !line.contains(|c: char| c.is_ascii_digit()) {
        return None;
    }
    found(
        "ascii-instrument",
        ", columns: …, units: …",
        format!("prints lines by itself, such as {line:?}"),
    )
}
