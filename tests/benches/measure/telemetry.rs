//! Samples to the disk: the record against the bare writer of its file format with the same
//! schemas, payloads, compression and chunks.

use std::fs::File;
use std::io::BufWriter;
use std::path::Path;
use std::time::{Duration, Instant};

use certbench_model::{Event, EventBody, Plan, Reading, RunEnd, Sample};
use certbench_record::{Pace, Recorder, TELEMETRY};
use mcap::records::MessageHeader;
use mcap::write::NoSeek;
use mcap::{Compression, MessageStream, WriteOptions};

use crate::bench;
use crate::paired::paired;
use crate::scratch::Scratch;
use crate::table::Row;

const CHANNELS: u16 = 16;
const SAMPLES: u64 = 400_000;
/// Samples a second of the run whose clock is real, 1 kHz a channel, and for how long.
const RATE: u64 = 16_000;
const SECONDS: u64 = 2;

pub(crate) fn measure() -> Result<Vec<Row>, String> {
    let messages = Messages::recorded()?;
    let pairs = paired(
        5,
        || Scratch::new().and_then(|s| record(s.path())),
        || messages.write(),
    )?;
    let per_second = |seconds: f64| SAMPLES as f64 / seconds / 1e6;
    let lost = lost_in_real_time()?;
    Ok(vec![
        Row {
            what: format!("{SAMPLES} samples of {CHANNELS} channels to a closed record"),
            subject: format!("{:.2} M/s", per_second(pairs.subject())),
            baseline: format!("bare mcap writer: {:.2} M/s", per_second(pairs.baseline())),
            ratio: Some(pairs.ratio()),
            target: "time at most 1.5".into(),
            met: Some(pairs.ratio().median <= 1.5),
        },
        Row {
            what: format!("the same in real time, {RATE} samples/s for {SECONDS} s"),
            subject: format!("{lost} lost"),
            baseline: "-".into(),
            ratio: None,
            target: "none lost".into(),
            met: Some(lost == 0),
        },
    ])
}

fn plan() -> Plan {
    let names = (0..CHANNELS).map(|n| format!("force-{n}"));
    let channels = names.map(|name| bench::channel(&name, &["x", "y", "z"]));
    bench::plan(bench::gauge(), channels.collect(), vec![])
}

/// A slow wave with some noise in its last bits, as from an instrument.
fn sample(number: u64) -> Sample {
    let wave = 40.0 + 20.0 * (number as f64 * 1e-4).sin();
    let noise = (number.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 52) as f64 * 1e-6;
    Sample {
        channel: (number % u64::from(CHANNELS)) as u16,
        time_ns: number * 6_250,
        reading: Reading::vector(&[wave + noise, wave - noise, 0.5 * wave]),
    }
}

fn ended(time_ns: u64) -> Event {
    Event {
        time_ns,
        body: EventBody::Ended {
            end: RunEnd::Completed,
            text: String::new(),
        },
    }
}

/// Seconds from the first sample to the closed record. A sample waits for room, none is lost.
fn record(folder: &Path) -> Result<f64, String> {
    let recorder = Recorder::create(&folder.join("run"), &plan(), bench::start(Pace::Simulated));
    let recorder = recorder.map_err(|e| e.to_string())?;
    let began = Instant::now();
    for number in 0..SAMPLES {
        recorder.sample(&sample(number));
    }
    let closed = recorder
        .event(&ended(SAMPLES))
        .and_then(|()| recorder.finish());
    closed.map_err(|e| e.to_string())?;
    let took = began.elapsed().as_secs_f64();
    match recorder.lost() {
        0 => Ok(took),
        lost => Err(format!("{lost} samples were lost")),
    }
}

/// Samples lost in a run that does not wait for its record.
fn lost_in_real_time() -> Result<u64, String> {
    let scratch = Scratch::new()?;
    let start = bench::start(Pace::Real);
    let recorder = Recorder::create(&scratch.path().join("run"), &plan(), start);
    let recorder = recorder.map_err(|e| e.to_string())?;
    let began = Instant::now();
    let mut number = 0;
    while number < RATE * SECONDS {
        let due = RATE * began.elapsed().as_nanos() as u64 / 1_000_000_000;
        while number < due.min(RATE * SECONDS) {
            recorder.sample(&sample(number));
            number += 1;
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    let closed = recorder
        .event(&ended(number))
        .and_then(|()| recorder.finish());
    closed.map_err(|e| e.to_string())?;
    Ok(recorder.lost())
}

/// The messages of a record, ready to be written again.
struct Messages {
    schemas: Vec<Schema>,
    headers: Vec<(MessageHeader, std::ops::Range<usize>)>,
    payloads: Vec<u8>,
}

struct Schema {
    channel: u16,
    topic: String,
    name: String,
    encoding: String,
    data: Vec<u8>,
}

impl Messages {
    fn recorded() -> Result<Self, String> {
        let scratch = Scratch::new()?;
        record(scratch.path())?;
        let path = scratch.path().join("run").join(TELEMETRY);
        let file = std::fs::read(path).map_err(|e| e.to_string())?;
        let mut all = Self {
            schemas: Vec::new(),
            headers: Vec::new(),
            payloads: Vec::new(),
        };
        for message in MessageStream::new(&file).map_err(|e| e.to_string())? {
            let message = message.map_err(|e| e.to_string())?;
            let channel = message.channel.id;
            if all.schemas.iter().all(|known| known.channel != channel) {
                let schema = message.channel.schema.as_ref().ok_or("no schema")?;
                all.schemas.push(Schema {
                    channel,
                    topic: message.channel.topic.clone(),
                    name: schema.name.clone(),
                    encoding: schema.encoding.clone(),
                    data: schema.data.to_vec(),
                });
            }
            let header = MessageHeader {
                channel_id: channel,
                sequence: message.sequence,
                log_time: message.log_time,
                publish_time: message.publish_time,
            };
            let begin = all.payloads.len();
            all.payloads.extend_from_slice(&message.data);
            all.headers.push((header, begin..all.payloads.len()));
        }
        match all.headers.len() as u64 {
            SAMPLES => Ok(all),
            n => Err(format!("{n} messages were recorded")),
        }
    }

    /// Seconds from the first message to the synced file.
    fn write(&self) -> Result<f64, String> {
        let scratch = Scratch::new()?;
        let file = File::create(scratch.path().join(TELEMETRY)).map_err(|e| e.to_string())?;
        let synced = file.try_clone().map_err(|e| e.to_string())?;
        let text = |e: mcap::McapError| e.to_string();
        let mut writer = WriteOptions::new()
            .compression(Some(Compression::Lz4))
            .chunk_size(Some(256 * 1024))
            .disable_seeking(true)
            .create(NoSeek::new(BufWriter::new(file)))
            .map_err(text)?;
        for schema in &self.schemas {
            let id = writer.add_schema(&schema.name, &schema.encoding, &schema.data);
            let id = id.map_err(text)?;
            let nothing = Default::default();
            writer
                .add_channel_with_id(schema.channel, id, &schema.topic, "protobuf", &nothing)
                .map_err(text)?;
        }
        let began = Instant::now();
        for (header, range) in &self.headers {
            let payload = self.payloads.get(range.clone()).unwrap_or_default();
            writer
                .write_to_known_channel(header, payload)
                .map_err(text)?;
        }
        writer.finish().map_err(text)?;
        synced.sync_data().map_err(|e| e.to_string())?;
        Ok(began.elapsed().as_secs_f64())
    }
}
