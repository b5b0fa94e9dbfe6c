//! Every decoder of `wire` and `link` as a function of bytes: nothing may panic, and no decoder may give
//! more messages than it was given bytes. Used by `cargo fuzz` and by the tests on stable.

use certbench_link::{CanFrame, candump, slcan};
use certbench_wire::canopen::{
    CobFrame, Eds, Emergency, Heartbeat, NmtCommand, NodeId, Service, lss, sdo,
};
use certbench_wire::*;

/// Pushes the data in pieces as long as its first byte says, and takes out all there is in between.
macro_rules! stream {
    ($data:expr, $decoder:expr $(, $silence:ident)?) => {{
        let data: &[u8] = $data;
        let (piece, bytes) = data.split_first().unwrap_or((&0, &[]));
        let mut decoder = $decoder;
        for chunk in bytes.chunks(usize::from(piece % 32) + 1) {
            decoder.push(chunk);
            bounded(bytes.len(), || decoder.next().is_some());
            $( if piece & 0x80 != 0 { decoder.$silence(); } )?
        }
    }};
}
/// What a target is called (its corpus is the folder of that name), and the target.
pub(crate) type Target = (&'static str, fn(&[u8]));

/// Every target.
pub(crate) const TARGETS: &[Target] = &[
    ("ability", ability_hand),
    ("aed", |data| {
        let number = data.last().map_or(9, |byte| byte % 13);
        if let Some(format) = aed::Format::of(number) {
            stream!(data, aed::Decoder::stream(format));
        }
    }),
    ("allegro", |data| {
        on_bus(data, |id, bytes| {
            let ask = allegro::Ask::from_id(id);
            let reply = ask.and_then(|(ask, _)| allegro::Reply::decode(ask, bytes));
            if let Some(reply) = reply {
                let again = ask.and_then(|(ask, _)| allegro::Reply::decode(ask, &reply.encode()));
                assert_eq!(again, Some(reply));
            }
        });
    }),
    ("ascii-line", ascii_line),
    ("bota", |data| {
        stream!(data, forcetorque::bota::Decoder::default())
    }),
    ("candump", candump_log),
    ("canopen", canopen_frames),
    ("cubemars", |data| {
        on_bus(data, |id, bytes| {
            let _ = (
                cubemars::Servo::decode(id, bytes),
                cubemars::Feedback::decode(id, bytes),
            );
            let _ = (
                cubemars::Mit::decode(bytes),
                cubemars::MitFeedback::decode(bytes),
            );
        });
    }),
    ("damiao", |data| {
        on_bus(data, |id, bytes| {
            let _ = damiao::Command::decode(id as u16, id as u16, bytes);
            let _ = (
                damiao::Request::decode(bytes),
                damiao::Register::decode(bytes),
            );
            let _ = damiao::Feedback::decode(bytes);
        });
    }),
    ("dbc", dbc_file),
    ("dynamixel", |data| {
        stream!(data, dynamixel::Decoder::default(), silence)
    }),
    ("eds", |data| {
        let Ok(eds) = Eds::read(&String::from_utf8_lossy(data)) else {
            return;
        };
        let Some(node) = NodeId::new(5) else { return };
        let _ = (eds.tpdo(1, node), eds.configuration(node));
    }),
    ("eg5cd1-reply", |data| {
        let decoder = rh56::ReplyDecoder::speaking(rh56::Framing::GRIPPER);
        stream!(data, decoder, silence)
    }),
    ("eg5cd1-request", |data| {
        let decoder = rh56::RequestDecoder::speaking(rh56::Framing::GRIPPER);
        stream!(data, decoder, silence)
    }),
    ("feetech", |data| {
        stream!(data, feetech::Decoder::default(), silence)
    }),
    ("ft300", |data| {
        stream!(data, forcetorque::ft300::Decoder::default())
    }),
    ("ild1420", |data| stream!(data, ild1420::Decoder::default())),
    ("linker", |data| {
        let _ = linker::Message::decode(data);
    }),
    ("modbus-reply", modbus_reply),
    ("modbus-request", |data| {
        stream!(data, modbus::RequestDecoder::default(), silence)
    }),
    ("modbus-tcp", |data| {
        stream!(data, modbus::FromTcp::default())
    }),
    ("odrive", |data| {
        on_bus(data, |id, bytes| {
            let (_, command) = odrive::split(id as u16);
            let _ = (
                odrive::Told::decode(command, bytes),
                odrive::Said::decode(command, bytes),
            );
        });
    }),
    ("rdt", |data| {
        let _ = rdt::Request::decode(data);
        let mut decoder = rdt::Decoder::default();
        for datagram in data.chunks(usize::from(data.first().copied().unwrap_or(36)) + 1) {
            decoder.push(datagram);
            bounded(data.len(), || decoder.next().is_some());
        }
    }),
    ("rh56-can", |data| {
        on_bus(data, |id, bytes| {
            let _ = (
                rh56::Request::from_can(id, bytes),
                rh56::Reply::from_can(id, bytes),
            );
            let _ = rh56::decode_six::<rh56::RawAngle>(bytes);
        });
    }),
    ("rh56-reply", |data| {
        stream!(data, rh56::ReplyDecoder::default(), silence)
    }),
    ("rh56-request", |data| {
        stream!(data, rh56::RequestDecoder::default(), silence)
    }),
    ("robstride", |data| {
        on_bus(data, |id, bytes| {
            let _ = (
                robstride::Command::decode(id, bytes),
                robstride::Answer::decode(id, bytes),
            );
        });
    }),
    ("slcan", slcan_lines),
    ("text-replies", text_replies),
];

/// Takes out while there is something, which must end.
fn bounded(bytes: usize, mut next: impl FnMut() -> bool) {
    let most = bytes + 2;
    let taken = (0..=most).take_while(|_| next()).count();
    assert!(taken <= most, "more messages than bytes");
}

/// Frames of a CAN bus: `[length, four bytes of identifier, data]`.
fn frames(mut data: &[u8]) -> impl Iterator<Item = (u32, &[u8])> {
    std::iter::from_fn(move || {
        let (head, rest) = data.split_first_chunk::<5>()?;
        let [len, a, b, c, d] = *head;
        let len = usize::from(len % 9).min(rest.len());
        let (frame, rest) = rest.split_at(len);
        data = rest;
        Some((u32::from_le_bytes([a, b, c, d]) & 0x1FFF_FFFF, frame))
    })
}

fn on_bus(data: &[u8], mut hear: impl FnMut(u32, &[u8])) {
    frames(data).for_each(|(id, bytes)| hear(id, bytes));
}

/// Objects that are all there, and as long as their sub-index says.
struct Objects;

impl sdo::Dictionary for Objects {
    fn read(&mut self, _: u16, sub: u8) -> Result<Vec<u8>, sdo::Abort> {
        Ok(vec![sub; usize::from(sub)])
    }

    fn write(&mut self, _: u16, _: u8, _: &[u8]) -> Result<(), sdo::Abort> {
        Ok(())
    }
}

fn canopen_frames(data: &[u8]) {
    let Some(node) = NodeId::new(5) else { return };
    let (mut up, _) = sdo::Client::upload(node, 0x1008, 0);
    let (mut down, _) = sdo::Client::download(node, 0x1008, 0, b"certbench joint");
    let (mut block, _) = sdo::Client::upload_in_blocks(node, 0x1008, 0);
    let (mut blocks, _) = sdo::Client::download_in_blocks(node, 0x1008, 0, &[7; 900]);
    let mut server = sdo::Server::new(node);
    for (id, bytes) in frames(data) {
        let Some(frame) = CobFrame::new((id & 0x7FF) as u16, bytes) else {
            continue;
        };
        let _ = (
            Service::of(frame.id()),
            NmtCommand::decode(&frame),
            Heartbeat::decode(&frame),
        );
        let _ = (Emergency::decode(&frame), lss::Answer::decode(&frame));
        let _ = (up.on(&frame), down.on(&frame));
        let _ = (block.on(&frame), blocks.on(&frame));
        server.on(&frame, &mut Objects);
    }
}

/// What is understood is written again, and that is understood as the same.
fn candump_log(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    for line in text.lines().filter_map(|line| line.parse().ok()) {
        let line: candump::Line = line;
        assert_eq!(line.to_string().parse(), Ok(line));
    }
    let _ = (candump::read(&text), text.parse::<CanFrame>());
}

/// A byte ends at most one line; a frame that was understood is encoded as what is understood as it.
fn slcan_lines(data: &[u8]) {
    let understood = |bytes: &[u8]| {
        let mut lines = slcan::Lines::default();
        let lines: Vec<slcan::Line> = bytes.iter().filter_map(|byte| lines.push(*byte)).collect();
        lines
    };
    for line in understood(data) {
        if let slcan::Line::Frame { frame, device_ms } = &line {
            let again = slcan::encode_stamped(frame, *device_ms).unwrap_or_default();
            assert_eq!(understood(&again), [line]);
        }
    }
}

/// A file, a zero byte, and the data of a frame.
fn dbc_file(data: &[u8]) {
    let mut parts = data.splitn(2, |byte| *byte == 0);
    let text = String::from_utf8_lossy(parts.next().unwrap_or_default());
    let payload = parts.next().unwrap_or_default();
    let Ok(file) = dbc::Database::read(&text) else {
        return;
    };
    for message in &file.messages {
        for signal in &message.signals {
            let _ = file.signal(&format!("{}.{}", message.name, signal.name));
            if let Ok(Some(raw)) = dbc::Message::decode(message, signal, payload) {
                let _ = signal.in_range(signal.physical(raw));
            }
        }
    }
}

fn modbus_reply(data: &[u8]) {
    let read = modbus::Request::Read {
        table: modbus::Table::HoldingRegisters,
        start: 0,
        count: 4,
    };
    stream!(data, modbus::ReplyDecoder::new(1, read), silence);
}

fn ability_hand(data: &[u8]) {
    let _ = (ability::Request::decode(data), ability::Reply::decode(data));
    let mut unstuffer = ability::Unstuffer::default();
    for byte in data {
        if let Some(Ok(frame)) = unstuffer.push(*byte) {
            let _ = (
                ability::Request::decode(&frame),
                ability::Reply::decode(&frame),
            );
        }
    }
}

fn ascii_line(data: &[u8]) {
    let column = |(index, name): (usize, &str)| asciiline::Column {
        name: name.into(),
        index,
    };
    let format = asciiline::Format {
        separator: match data.first() {
            Some(b) if b % 2 == 0 => asciiline::Separator::Char(','),
            _ => asciiline::Separator::Blanks,
        },
        decimal_comma: data.len().is_multiple_of(2),
        columns: ["x", "y", "z"]
            .into_iter()
            .enumerate()
            .map(column)
            .collect(),
        no_value: vec!["NaN".into()],
    };
    let mut lines = lines::Lines::new(64);
    lines.push(data);
    bounded(data.len(), || match lines.next() {
        Some(Ok(line)) => !format.decode(&line).is_empty(),
        Some(Err(_)) => true,
        None => false,
    });
}

/// Every instrument that answers with a line of text.
fn text_replies(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    for line in text.lines() {
        let _ = (mark10::decode_reply(line), mark10::Command::decode(line));
        let _ = mark10::Unit::from_reply(line);
        let _ = (imada::decode_reading(line), imada::Command::decode(line));
        let _ = (
            mitutoyo::decode(line),
            magtrol::Command::decode(line),
            magtrol::Data::decode(line),
        );
        let _ = (
            scpi::decode_numbers(line),
            scpi::decode_identity(line),
            scpi::decode_error(line),
        );
        if let Some(measure) = keyence::Measure::decode(line) {
            let _ = keyence::decode_reply(measure, line);
        }
        if let Some(command) = mtsics::Command::decode(line) {
            let _ = mtsics::decode_reply(command, line);
        }
        let _ = mtsics::decode_reply(mtsics::Command::Immediate, line);
        let _ = (aed::Command::decode(line), aed::Identity::decode(line));
    }
}
