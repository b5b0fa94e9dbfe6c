//! `wire.mcap`: every byte that went over the links of a run, with its direction and time.
//!
//! For finding out afterwards what a device really said. It is beside the telemetry, not in it: the
//! judge does not need it, and whoever taps a line never waits for the disk.

use crate::WIRE;
use crate::error::{RecordError, at};
use crate::recorder::{Pace, Start};
use mcap::records::MessageHeader;
use mcap::write::NoSeek;
use mcap::{Compression, McapError, WriteOptions, Writer};
use prost::Message;
use prost_types::field_descriptor_proto::{Label, Type};
use prost_types::{DescriptorProto, FieldDescriptorProto, FileDescriptorProto, FileDescriptorSet};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::BufWriter;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TryRecvError, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// Pieces that may wait for the writer, of at most [`PIECE`] bytes each.
const QUEUE: usize = 16_384;
/// A longer piece is written as several.
const PIECE: usize = 1_024;
/// Longest time before what was heard goes to the file.
const FLUSH_EVERY: Duration = Duration::from_millis(500);
/// How long the writer rests when its queue is empty. What was heard does not wake it: waking costs whoever
/// listens more than all else, and the queue has room for so long of any line.
const REST: Duration = Duration::from_millis(10);
/// Pieces after which a writer that never rests looks at the clock.
const LOOK_EVERY: u32 = 256;

/// A piece of what went over a link.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct Piece {
    #[prost(bool, tag = "1")]
    pub(crate) sent: bool,
    #[prost(bytes = "vec", tag = "2")]
    pub(crate) data: Vec<u8>,
}

struct Heard {
    link: usize,
    time_ns: u64,
    piece: Piece,
}

enum Item {
    Heard(Heard),
    /// Summary and footer; the writer ends.
    Finish,
}

/// Takes what goes over one link: the direction (true: sent), the run's time in ns, the bytes.
pub type WireTap = Box<dyn Fn(bool, u64, &[u8]) + Send + Sync>;

/// Writes `wire.mcap` of a run folder.
pub struct WireLog {
    pace: Pace,
    to_writer: SyncSender<Item>,
    writer: Mutex<Option<JoinHandle<Result<(), McapError>>>>,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    lost: AtomicU64,
    ended: AtomicBool,
}

impl WireLog {
    /// Makes the file in the folder of a run, with a channel `wire/<device>` for each device.
    ///
    /// # Errors
    /// [`RecordError::Io`], [`RecordError::Broken`].
    pub fn create(folder: &Path, devices: &[String], start: Start) -> Result<WireLog, RecordError> {
        let path = folder.join(WIRE);
        let file = File::create_new(&path).map_err(at("create", &path))?;
        let mut log = Log {
            writer: open_writer(BufWriter::new(file)).map_err(broken)?,
            unix_ns_at_zero: start.unix_ns_at_zero,
            sequences: vec![0; devices.len()],
        };
        log.declare(devices).map_err(broken)?;
        let (to_writer, items) = sync_channel(QUEUE);
        let shared = Arc::new(Shared::default());
        let seen = shared.clone();
        let writer = std::thread::Builder::new()
            .name("wire".to_string())
            .spawn(move || log.run(&items, &seen))
            .map_err(at("start a writer for", &path))?;
        Ok(WireLog {
            pace: start.pace,
            to_writer,
            writer: Mutex::new(Some(writer)),
            shared,
        })
    }

    /// A tap for the link of the device at this place of `devices`, to be called on the thread that
    /// wrote or read. It never waits at [`Pace::Real`]: what finds no room is lost and counted.
    pub fn tap(&self, link: usize) -> WireTap {
        let (sender, shared, pace) = (self.to_writer.clone(), self.shared.clone(), self.pace);
        Box::new(move |sent, time_ns, bytes| {
            if shared.ended.load(Ordering::Acquire) {
                return;
            }
            for data in bytes.chunks(PIECE) {
                let data = data.to_vec();
                let piece = Piece { sent, data };
                let heard = Heard {
                    link,
                    time_ns,
                    piece,
                };
                let taken = match (sender.try_send(Item::Heard(heard)), pace) {
                    (Err(TrySendError::Full(item)), Pace::Simulated) => sender.send(item).is_ok(),
                    (tried, _) => tried.is_ok(),
                };
                if !taken {
                    shared.lost.fetch_add(1, Ordering::Relaxed);
                }
            }
        })
    }

    /// Pieces that found no room or could not be written.
    pub fn lost(&self) -> u64 {
        self.shared.lost.load(Ordering::Relaxed)
    }

    /// Writes what waits, summary and footer. Taps take nothing any more. Before
    /// [`crate::Recorder::finish`], so that the manifest has the file as it stays.
    ///
    /// # Errors
    /// [`RecordError::Broken`]: the file could not be written to its end.
    pub fn finish(&self) -> Result<(), RecordError> {
        self.shared.ended.store(true, Ordering::Release);
        let _ = self.to_writer.send(Item::Finish); // a writer that failed has left
        let mut writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        match writer.take().map(JoinHandle::join) {
            None | Some(Ok(Ok(()))) => Ok(()),
            Some(Ok(Err(error))) => Err(broken(error)),
            Some(Err(_)) => Err(RecordError::Broken(format!("{WIRE}: its writer panicked"))),
        }
    }
}

impl Drop for WireLog {
    fn drop(&mut self) {
        let _ = self.finish();
    }
}

struct Log {
    writer: Writer<NoSeek<BufWriter<File>>>,
    unix_ns_at_zero: u64,
    sequences: Vec<u32>,
}

impl Log {
    fn declare(&mut self, devices: &[String]) -> Result<(), McapError> {
        let schema = self
            .writer
            .add_schema("certbench.Wire", "protobuf", &schema())?;
        for (index, device) in devices.iter().enumerate() {
            let topic = format!("wire/{device}");
            let about = BTreeMap::from([("device".to_string(), device.clone())]);
            let id = channel_id(index);
            self.writer
                .add_channel_with_id(id, schema, &topic, "protobuf", &about)?;
        }
        Ok(())
    }

    /// Until told to finish, or the file fails: then what still comes is counted as lost.
    fn run(mut self, items: &Receiver<Item>, shared: &Shared) -> Result<(), McapError> {
        let written = self.write_all(items);
        if written.is_err() {
            while let Ok(Item::Heard(_)) = items.recv() {
                shared.lost.fetch_add(1, Ordering::Relaxed);
            }
        }
        written
    }

    fn write_all(&mut self, items: &Receiver<Item>) -> Result<(), McapError> {
        let mut due = Instant::now() + FLUSH_EVERY;
        let mut written = 0_u32;
        loop {
            match items.try_recv() {
                Ok(Item::Heard(heard)) => {
                    self.write(&heard)?;
                    written = written.wrapping_add(1);
                    if !written.is_multiple_of(LOOK_EVERY) {
                        continue;
                    }
                }
                Ok(Item::Finish) | Err(TryRecvError::Disconnected) => {
                    self.writer.finish()?;
                    return Ok(());
                }
                Err(TryRecvError::Empty) => std::thread::sleep(REST),
            }
            if Instant::now() >= due {
                self.writer.flush()?;
                due = Instant::now() + FLUSH_EVERY;
            }
        }
    }

    fn write(&mut self, heard: &Heard) -> Result<(), McapError> {
        let Some(sequence) = self.sequences.get_mut(heard.link) else {
            return Ok(());
        };
        let time = heard.time_ns.saturating_add(self.unix_ns_at_zero);
        let header = MessageHeader {
            channel_id: channel_id(heard.link),
            sequence: *sequence,
            log_time: time,
            publish_time: time,
        };
        *sequence = sequence.wrapping_add(1);
        let message = heard.piece.encode_to_vec();
        self.writer.write_to_known_channel(&header, &message)
    }
}

fn channel_id(index: usize) -> u16 {
    u16::try_from(index + 1).unwrap_or(u16::MAX)
}

fn open_writer(file: BufWriter<File>) -> Result<Writer<NoSeek<BufWriter<File>>>, McapError> {
    WriteOptions::new()
        .profile("certbench")
        .library(concat!("certbench-record/", env!("CARGO_PKG_VERSION")))
        .compression(Some(Compression::Lz4))
        .disable_seeking(true)
        .create(NoSeek::new(file))
}

/// `message Wire { bool sent = 1; bytes data = 2; }`
fn schema() -> Vec<u8> {
    let field = |name: &str, number, kind: Type| FieldDescriptorProto {
        name: Some(name.to_string()),
        number: Some(number),
        label: Some(Label::Optional.into()),
        r#type: Some(kind.into()),
        ..Default::default()
    };
    let file = FileDescriptorProto {
        name: Some("certbench/Wire.proto".to_string()),
        package: Some("certbench".to_string()),
        message_type: vec![DescriptorProto {
            name: Some("Wire".to_string()),
            field: vec![field("sent", 1, Type::Bool), field("data", 2, Type::Bytes)],
            ..Default::default()
        }],
        syntax: Some("proto3".to_string()),
        ..Default::default()
    };
    FileDescriptorSet { file: vec![file] }.encode_to_vec()
}

fn broken(error: McapError) -> RecordError {
    RecordError::Broken(format!("{WIRE}: {error}"))
}
