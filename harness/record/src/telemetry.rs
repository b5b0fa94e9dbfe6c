//! `telemetry.mcap` as it grows: every sample, in chunks, never seeking back.

use crate::digest::Growing;
use crate::error::{RecordError, at, is_full};
use crate::{TELEMETRY, message};
use certbench_model::{Channel, Plan, Sample};
use mcap::records::MessageHeader;
use mcap::write::{Metadata, NoSeek};
use mcap::{Compression, McapError, WriteOptions, Writer};
use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// Uncompressed size at which a chunk is closed and goes to the file.
const CHUNK_BYTES: usize = 256 * 1024;
/// Bytes of a message record beside the message itself: opcode, length, channel, sequence, times.
const MESSAGE_HEAD: usize = 31;

/// Name of the metadata record that ties sample times to the run's monotonic clock.
pub(crate) const CLOCK_RECORD: &str = "certbench.clock";
/// Its key: nanoseconds since 1970 at monotonic zero.
pub(crate) const UNIX_AT_ZERO: &str = "unix_ns_at_zero";

/// MCAP channel id of a plan's channel.
pub(crate) fn channel_id(index: u16) -> u16 {
    index + 1
}

pub(crate) struct Telemetry {
    writer: Writer<NoSeek<Sink>>,
    end: Arc<Mutex<End>>,
    file: Arc<File>,
    path: PathBuf,
    unix_ns_at_zero: u64,
    components: Vec<usize>,
    sequences: Vec<u32>,
    scratch: Vec<u8>,
    /// Samples in the open chunk, and about how many bytes they are.
    open_samples: u64,
    open_bytes: usize,
}

/// What has really reached the file.
struct End {
    bytes: u64,
    hash: Growing,
    /// Nothing is taken any more: an error, or the run was left without finishing.
    closed: bool,
    full: bool,
}

/// Collects what the MCAP writer gives in small pieces and writes it whole at a flush, so that the
/// file ends at a record's border unless the process dies during the write.
struct Sink {
    file: Arc<File>,
    pending: Vec<u8>,
    end: Arc<Mutex<End>>,
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.pending.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        let mut end = self.end.lock().unwrap_or_else(PoisonError::into_inner);
        if end.closed {
            return Err(io::Error::other("telemetry is closed"));
        }
        if let Err(error) = (&*self.file).write_all(&self.pending) {
            end.closed = true;
            end.full = is_full(&error);
            let _ = self.file.set_len(end.bytes);
            return Err(error);
        }
        end.bytes += self.pending.len() as u64;
        end.hash.update(&self.pending);
        self.pending.clear();
        Ok(())
    }
}

impl Telemetry {
    /// A new file with its header, the clock record and every channel of the plan.
    pub(crate) fn create(
        folder: &Path,
        plan: &Plan,
        plan_sha256: &str,
        unix_ns_at_zero: u64,
    ) -> Result<Telemetry, RecordError> {
        let path = folder.join(TELEMETRY);
        let file = OpenOptions::new()
            .append(true)
            .create_new(true)
            .open(&path)
            .map_err(at("create", &path))?;
        let file = Arc::new(file);
        let end = Arc::new(Mutex::new(End {
            bytes: 0,
            hash: Growing::default(),
            closed: false,
            full: false,
        }));
        let sink = Sink {
            file: file.clone(),
            pending: Vec::with_capacity(CHUNK_BYTES),
            end: end.clone(),
        };
        let mut telemetry = Telemetry {
            writer: open_writer(sink).map_err(failed)?,
            end,
            file,
            path,
            unix_ns_at_zero,
            components: plan.channels.iter().map(|c| c.components.len()).collect(),
            sequences: vec![0; plan.channels.len()],
            scratch: Vec::new(),
            open_samples: 0,
            open_bytes: 0,
        };
        telemetry.declare(plan, plan_sha256).map_err(failed)?;
        telemetry.flush()?;
        Ok(telemetry)
    }

    fn declare(&mut self, plan: &Plan, plan_sha256: &str) -> Result<(), McapError> {
        self.writer.write_metadata(&Metadata {
            name: CLOCK_RECORD.to_string(),
            metadata: [
                (UNIX_AT_ZERO.to_string(), self.unix_ns_at_zero.to_string()),
                ("plan_sha256".to_string(), plan_sha256.to_string()),
            ]
            .into(),
        })?;
        for (index, channel) in plan.channels.iter().enumerate() {
            let (name, descriptors) = message::schema(&channel.components);
            let schema = self.writer.add_schema(&name, "protobuf", &descriptors)?;
            self.writer.add_channel_with_id(
                channel_id(index as u16),
                schema,
                &channel.id,
                "protobuf",
                &describe(channel),
            )?;
        }
        Ok(())
    }

    /// Puts a sample into the open chunk; full chunks go to the file.
    pub(crate) fn write(&mut self, sample: &Sample) -> Result<(), RecordError> {
        let index = usize::from(sample.channel);
        let (Some(components), Some(sequence)) =
            (self.components.get(index), self.sequences.get_mut(index))
        else {
            return Err(RecordError::Broken(format!(
                "a sample names channel {index}, which the plan does not have"
            )));
        };
        let time = sample.time_ns.saturating_add(self.unix_ns_at_zero);
        let header = MessageHeader {
            channel_id: channel_id(sample.channel),
            sequence: *sequence,
            log_time: time,
            publish_time: time,
        };
        *sequence = sequence.wrapping_add(1);
        message::encode(&sample.reading, *components, &mut self.scratch);
        self.writer
            .write_to_known_channel(&header, &self.scratch)
            .map_err(failed)?;
        self.open_samples += 1;
        self.open_bytes += MESSAGE_HEAD + self.scratch.len();
        if self.open_bytes >= CHUNK_BYTES {
            self.flush()?;
        }
        Ok(())
    }

    /// Closes the open chunk and hands everything to the operating system.
    pub(crate) fn flush(&mut self) -> Result<(), RecordError> {
        self.writer.flush().map_err(failed)?;
        self.open_samples = 0;
        self.open_bytes = 0;
        Ok(())
    }

    /// Samples that are in no chunk of the file yet.
    pub(crate) fn open_samples(&self) -> u64 {
        self.open_samples
    }

    /// Brings everything flushed to the disk.
    pub(crate) fn sync(&self) -> Result<(), RecordError> {
        self.file.sync_data().map_err(at("sync", &self.path))
    }

    /// Writes summary and footer; nothing can be written afterwards.
    pub(crate) fn finish(&mut self) -> Result<(), RecordError> {
        self.writer.finish().map(drop).map_err(failed)
    }

    /// Leaves the file as it is, without summary.
    pub(crate) fn abandon(&self) {
        self.end().closed = true;
    }

    /// Bytes in the file and their SHA-256.
    pub(crate) fn extent(&self) -> (u64, String) {
        let end = self.end();
        (end.bytes, end.hash.hex())
    }

    /// Bytes in the file.
    pub(crate) fn bytes(&self) -> u64 {
        self.end().bytes
    }

    /// Whether a write failed because the disk is full.
    pub(crate) fn is_full(&self) -> bool {
        self.end().full
    }

    fn end(&self) -> std::sync::MutexGuard<'_, End> {
        self.end.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn open_writer(sink: Sink) -> Result<Writer<NoSeek<Sink>>, McapError> {
    WriteOptions::new()
        .profile("certbench")
        .library(concat!("certbench-record/", env!("CARGO_PKG_VERSION")))
        .compression(Some(Compression::Lz4))
        .chunk_size(Some(2 * CHUNK_BYTES as u64))
        .disable_seeking(true)
        .create(NoSeek::new(sink))
}

fn failed(error: McapError) -> RecordError {
    RecordError::Broken(format!("{TELEMETRY}: {error}"))
}

/// What a viewer or a person wants to know about a channel.
fn describe(channel: &Channel) -> BTreeMap<String, String> {
    let list = |part: fn(&certbench_model::Component) -> &str| {
        let parts: Vec<_> = channel.components.iter().map(part).collect();
        parts.join(",")
    };
    let source = match channel.source {
        certbench_model::Source::Reference => "reference",
        certbench_model::Source::Device => "device",
    };
    let pairs = [
        ("components", list(|c| &c.name)),
        ("units", list(|c| c.unit.symbol())),
        ("device", channel.device.clone()),
        ("signal", channel.signal.clone()),
        ("source", source.to_string()),
        ("interval_s", channel.interval_s.to_string()),
    ];
    pairs.map(|(k, v)| (k.to_string(), v)).into()
}
