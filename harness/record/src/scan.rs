//! One pass over `telemetry.mcap`: every record's border, every chunk's checksum, the anchors, and
//! an index of what each chunk holds.

use crate::digest::Growing;
use crate::telemetry::{CLOCK_RECORD, UNIX_AT_ZERO};
use crate::{damage, message};
use certbench_model::{Damage, Plan, Sample};
use mcap::records::{Record, op};
use mcap::sans_io::linear_reader::{LinearReadEvent, LinearReader, LinearReaderOptions};
use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::Path;

/// Opcode and length before every record.
const HEAD: u64 = 9;
/// No record of ours is longer; a longer one is a broken length.
const RECORD_MOST: u64 = 64 * 1024 * 1024;

/// What run.jsonl says about the file up to a byte.
pub(crate) struct Anchor {
    pub(crate) line: u64,
    pub(crate) bytes: u64,
    pub(crate) sha256: String,
}

/// A chunk that is as it was written.
#[derive(Clone, Copy)]
pub(crate) struct Chunk {
    pub(crate) offset: u64,
    pub(crate) bytes: u64,
}

/// What one chunk holds of one channel.
#[derive(Clone, Copy)]
pub(crate) struct Span {
    pub(crate) chunk: usize,
    pub(crate) first_ns: u64,
    pub(crate) last_ns: u64,
    /// Latest `last_ns` of this and all earlier spans.
    pub(crate) reach_ns: u64,
    /// Earliest `first_ns` of this and all later spans.
    pub(crate) floor_ns: u64,
}

/// A stretch of the file that cannot be read or believed.
pub(crate) struct Hole {
    /// How many good chunks come before it.
    pub(crate) chunk: usize,
    pub(crate) damage: Damage,
}

/// What was found.
#[derive(Default)]
pub(crate) struct Scan {
    pub(crate) bytes: u64,
    pub(crate) sha256: String,
    pub(crate) chunks: Vec<Chunk>,
    /// By channel of the plan, in the order of the file.
    pub(crate) spans: Vec<Vec<Span>>,
    pub(crate) holes: Vec<Hole>,
    pub(crate) damage: Vec<Damage>,
    pub(crate) layout: Layout,
}

/// What is needed to read a chunk.
#[derive(Clone, Default)]
pub(crate) struct Layout {
    components: Vec<usize>,
    pub(crate) unix_ns_at_zero: Option<u64>,
}

/// Something met on the way, in the order of the file.
enum Met {
    /// A good chunk: its place, and first and last time by channel.
    Good(Chunk, Vec<Option<(u64, u64)>>),
    /// A chunk or stretch that cannot be read.
    Bad(Damage),
}

/// Why a record was not read.
enum Broken {
    /// The file ends inside it, which an interrupted run leaves behind: nothing that was promised
    /// is lost.
    Torn,
    /// Anything else.
    Bad(String),
}

/// Reads the whole file once, in pieces.
pub(crate) fn scan(path: &Path, plan: &Plan, plan_sha256: &str, anchors: &[Anchor]) -> Scan {
    let mut scan = Scan {
        spans: vec![Vec::new(); plan.channels.len()],
        ..Scan::default()
    };
    scan.layout.components = plan.channels.iter().map(|c| c.components.len()).collect();
    let opened = File::open(path).and_then(|f| Ok((f.metadata()?.len(), f)));
    let (length, file) = match opened {
        Ok(opened) => opened,
        Err(error) => {
            let lost = damage::byte(0, format!("cannot be opened: {error}"));
            scan.damage.push(lost.clone());
            scan.holes.push(Hole {
                chunk: 0,
                damage: lost,
            });
            return scan;
        }
    };
    let source = Source {
        reader: BufReader::with_capacity(256 * 1024, file),
        offset: 0,
        length,
        hash: Growing::default(),
    };
    let mut walk = Walk {
        source,
        met: Vec::new(),
        scan,
        plan_sha256,
    };
    walk.run(anchors);
    walk.scan.bytes = length;
    walk.scan.sha256 = walk.source.hash.hex();
    walk.index()
}

/// Reads and hashes.
struct Source {
    reader: BufReader<File>,
    offset: u64,
    length: u64,
    hash: Growing,
}

impl Source {
    fn take(&mut self, bytes: u64) -> io::Result<Vec<u8>> {
        let mut taken = vec![0; usize::try_from(bytes).map_err(io::Error::other)?];
        self.reader.read_exact(&mut taken)?;
        self.hash.update(&taken);
        self.offset += bytes;
        Ok(taken)
    }

    fn skip_to(&mut self, offset: u64) {
        while self.offset < offset {
            let piece = (offset - self.offset).min(64 * 1024);
            if self.take(piece).is_err() {
                return;
            }
        }
    }
}

struct Walk<'a> {
    source: Source,
    met: Vec<Met>,
    scan: Scan,
    plan_sha256: &'a str,
}

impl Walk<'_> {
    /// From anchor to anchor, then to the end. A structure that is broken is taken up again at the
    /// next anchor, which always lies between two records.
    fn run(&mut self, anchors: &[Anchor]) {
        let mut vouched = true;
        if self.source.length == 0 {
            self.bad(0, "is empty");
        }
        for anchor in anchors {
            if anchor.bytes < self.source.offset {
                self.scan.damage.push(damage::line(
                    anchor.line,
                    "names fewer bytes than the anchor before it",
                ));
                continue;
            }
            if anchor.bytes > self.source.length {
                let what = format!(
                    "the file ends here, but run.jsonl line {} has seen {} bytes of it",
                    anchor.line, anchor.bytes
                );
                self.stretch(self.source.length);
                return self.bad(self.source.length, what);
            }
            let (from, first) = (self.source.offset, self.met.len());
            self.stretch(anchor.bytes);
            if vouched && self.source.hash.hex() != anchor.sha256 {
                vouched = false;
                self.distrust(from, first, anchor);
            }
        }
        self.stretch(self.source.length);
    }

    /// The bytes since the last good anchor are not those that were written: whatever chunk of them
    /// still has a fitting checksum is not believed either.
    fn distrust(&mut self, from: u64, first: usize, anchor: &Anchor) {
        let what = format!(
            "bytes {from} to {} are not those of run.jsonl line {}; nothing after them is vouched for by a hash",
            anchor.bytes, anchor.line
        );
        let broken = damage::byte(from, what);
        self.scan.damage.push(broken.clone());
        for met in self.met.iter_mut().skip(first) {
            if matches!(met, Met::Good(..)) {
                *met = Met::Bad(broken.clone());
            }
        }
    }

    /// Reads records up to `border`.
    fn stretch(&mut self, border: u64) {
        while self.source.offset < border {
            let at = self.source.offset;
            match self.record(border) {
                Ok(()) => continue,
                Err(Broken::Torn) => self.scan.damage.push(damage::byte(
                    at,
                    "the last record is torn: the run was interrupted while it was written",
                )),
                Err(Broken::Bad(what)) => self.bad(at, what),
            }
            self.source.skip_to(border);
        }
    }

    fn bad(&mut self, at: u64, what: impl Into<String>) {
        let broken = damage::byte(at, what);
        self.scan.damage.push(broken.clone());
        self.met.push(Met::Bad(broken));
    }

    fn record(&mut self, border: u64) -> Result<(), Broken> {
        const MAGIC: u64 = mcap::MAGIC.len() as u64;
        let at = self.source.offset;
        if at == 0 {
            let fits = self.need(MAGIC, border)? == mcap::MAGIC;
            return fits
                .then_some(())
                .ok_or(Broken::Bad("is no MCAP file".to_string()));
        }
        if border == self.source.length && border - at == MAGIC {
            let fits = self.need(MAGIC, border)? == mcap::MAGIC;
            return fits.then_some(()).ok_or(Broken::Torn);
        }
        let mut record = self.need(HEAD, border)?;
        let (opcode, length) = head(&record);
        if length > RECORD_MOST {
            let what = format!("a record claims to have {length} bytes");
            return Err(Broken::Bad(what));
        }
        record.extend(self.need(length, border)?);
        match opcode {
            op::CHUNK => {
                let chunk = Chunk {
                    offset: at,
                    bytes: record.len() as u64,
                };
                self.chunk(chunk, &record);
                Ok(())
            }
            op::METADATA => self.metadata(&record).map_err(Broken::Bad),
            op::HEADER..=op::DATA_END => Ok(()),
            _ => Err(Broken::Bad(format!(
                "a record of the unknown kind {opcode:#04x}"
            ))),
        }
    }

    fn need(&mut self, bytes: u64, border: u64) -> Result<Vec<u8>, Broken> {
        if bytes > border.saturating_sub(self.source.offset) {
            return Err(match border == self.source.length {
                true => Broken::Torn,
                false => Broken::Bad(
                    "a record does not end where run.jsonl says that one does".to_string(),
                ),
            });
        }
        self.source
            .take(bytes)
            .map_err(|e| Broken::Bad(e.to_string()))
    }

    fn metadata(&mut self, record: &[u8]) -> Result<(), String> {
        let body = record.get(HEAD as usize..).unwrap_or_default();
        let Ok(Record::Metadata(metadata)) = mcap::parse_record(op::METADATA, body) else {
            return Err("a metadata record cannot be read".to_string());
        };
        if metadata.name == CLOCK_RECORD {
            let zero = metadata.metadata.get(UNIX_AT_ZERO);
            self.scan.layout.unix_ns_at_zero = zero.and_then(|text| text.parse().ok());
            let plan = metadata.metadata.get("plan_sha256").map(String::as_str);
            if plan != Some(self.plan_sha256) {
                return Err("belongs to another plan than run.jsonl".to_string());
            }
        }
        Ok(())
    }

    fn chunk(&mut self, chunk: Chunk, record: &[u8]) {
        let samples = match self.scan.layout.samples(record) {
            Ok(samples) => samples,
            Err(what) => return self.bad(chunk.offset, what),
        };
        let mut spans: Vec<Option<(u64, u64)>> = vec![None; self.scan.spans.len()];
        for sample in &samples {
            let t = sample.time_ns;
            if let Some(span) = spans.get_mut(usize::from(sample.channel)) {
                let (first, last) = span.unwrap_or((t, t));
                *span = Some((first.min(t), last.max(t)));
            }
        }
        self.met.push(Met::Good(chunk, spans));
    }

    /// Sorts what was met into an index.
    fn index(mut self) -> Scan {
        for met in self.met {
            let chunk = self.scan.chunks.len();
            match met {
                Met::Bad(damage) => self.scan.holes.push(Hole { chunk, damage }),
                Met::Good(place, spans) => {
                    for (list, span) in self.scan.spans.iter_mut().zip(spans) {
                        list.extend(span.map(|(first_ns, last_ns)| Span {
                            chunk,
                            first_ns,
                            last_ns,
                            reach_ns: last_ns,
                            floor_ns: first_ns,
                        }));
                    }
                    self.scan.chunks.push(place);
                }
            }
        }
        for list in &mut self.scan.spans {
            let (mut reach, mut floor) = (0, u64::MAX);
            for span in list.iter_mut() {
                reach = reach.max(span.last_ns);
                span.reach_ns = reach;
            }
            for span in list.iter_mut().rev() {
                floor = floor.min(span.first_ns);
                span.floor_ns = floor;
            }
        }
        self.scan
    }
}

impl Layout {
    /// All samples of a chunk record (with its opcode and length), after its checksum was found to
    /// fit; `Err` says what is wrong.
    pub(crate) fn samples(&self, record: &[u8]) -> Result<Vec<Sample>, String> {
        // start, end and size before it, 8 bytes each
        const CRC_AT: usize = HEAD as usize + 24;
        if matches!(record.get(CRC_AT..CRC_AT + 4), None | Some([0, 0, 0, 0])) {
            return Err("a chunk without checksum".to_string());
        }
        let options = LinearReaderOptions::default()
            .with_skip_start_magic(true)
            .with_skip_end_magic(true)
            .with_prevalidate_chunk_crcs(true)
            .with_record_length_limit(RECORD_MOST as usize);
        let mut reader = LinearReader::new_with_options(options);
        let mut samples = Vec::new();
        let mut rest = record;
        while let Some(event) = reader.next_event() {
            match event.map_err(|e| format!("a chunk is not as it was written: {e}"))? {
                LinearReadEvent::ReadRequest(need) => {
                    let (now, later) = rest.split_at(need.min(rest.len()));
                    reader.insert(now.len()).copy_from_slice(now);
                    reader.notify_read(now.len());
                    rest = later;
                }
                LinearReadEvent::Record { opcode, data } if opcode == op::MESSAGE => {
                    samples.push(self.sample(data)?);
                }
                LinearReadEvent::Record { .. } => {}
            }
        }
        Ok(samples)
    }

    fn sample(&self, message: &[u8]) -> Result<Sample, String> {
        let zero = self
            .unix_ns_at_zero
            .ok_or("the record that tells the time of its samples is missing")?;
        let head = message.get(..22).ok_or("a message is too short")?;
        let bytes = message.get(22..).unwrap_or_default();
        let id = u16::from_le_bytes([head[0], head[1]]);
        let channel = id.checked_sub(1).ok_or("a message of channel 0")?;
        let mut log_time = [0; 8];
        log_time.copy_from_slice(&head[6..14]);
        let time_ns = u64::from_le_bytes(log_time)
            .checked_sub(zero)
            .ok_or("a sample from before the run")?;
        let components = self
            .components
            .get(usize::from(channel))
            .ok_or_else(|| format!("a message of the unknown channel {id}"))?;
        Ok(Sample {
            channel,
            time_ns,
            reading: message::decode(bytes, *components)?,
        })
    }
}

fn head(record: &[u8]) -> (u8, u64) {
    let mut length = [0; 8];
    if let Some(bytes) = record.get(1..HEAD as usize) {
        length.copy_from_slice(bytes);
    }
    let opcode = record.first().copied().unwrap_or_default();
    (opcode, u64::from_le_bytes(length))
}
