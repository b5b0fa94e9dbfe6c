//! Writes a run as it happens.

use crate::error::{RecordError, at};
use crate::journal::Journal;
use crate::manifest::{Manifest, sync_folder};
use crate::telemetry::Telemetry;
use crate::{ATTACHMENTS, EVENTS, RESERVE, TELEMETRY, digest};
use certbench_model::{Event, EventBody, FileDigest, Plan, Sample};
use std::fs::{self, OpenOptions};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TryRecvError, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::thread::{JoinHandle, Thread};
use std::time::{Duration, Instant};

/// Samples that may wait for the writer.
const QUEUE: usize = 65_536;
/// Longest time between two syncs.
const SYNC_EVERY: Duration = Duration::from_millis(500);
/// How long the writer rests when its queue is empty. A sample does not wake it: waking costs the
/// reading thread more than everything else about a sample, and the queue has room for this long.
const REST: Duration = Duration::from_millis(10);

/// How the recorder keeps up with the run's clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    /// The run's clock is real: a sample never waits (a full queue loses it, counted), and files are
    /// flushed, synced and anchored every 500 ms.
    Real,
    /// The run's clock is simulated and far faster than any disk: a sample waits for room, and
    /// anchors come at the ends of cases only, so that the same run writes the same lines.
    Simulated,
}

/// How the run's times relate to the calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Start {
    /// Nanoseconds since 1970-01-01T00:00:00Z at zero of the run's monotonic clock.
    pub unix_ns_at_zero: u64,
    /// See [`Pace`].
    pub pace: Pace,
}

/// Writes one run folder. All methods may be called from any thread.
pub struct Recorder {
    folder: PathBuf,
    pace: Pace,
    shared: Arc<Shared>,
    to_writer: SyncSender<Item>,
    writer: Mutex<Option<JoinHandle<()>>>,
    /// Wakes the writer.
    resting: Thread,
}

struct Shared {
    journal: Journal,
    lost: AtomicU64,
    /// A sample came that no end of a case has waited for yet.
    sampled: AtomicBool,
    ended: AtomicBool,
    channels: u16,
    /// Why telemetry cannot be written any more.
    broken: OnceLock<String>,
}

enum Item {
    Sample(Sample),
    /// Every sample before this goes to the disk and is anchored; then the answer comes, and who
    /// asked syncs the journal.
    Checkpoint(SyncSender<()>),
    /// As above, and the journal too, with summary and footer; the writer ends.
    Finish(SyncSender<()>),
}

impl Recorder {
    /// Makes the folder (its parents exist) and the empty files in it.
    ///
    /// # Errors
    /// [`RecordError::Exists`] when it already holds a record, [`RecordError::Plan`] when the plan
    /// does not come back from JSON as it was, [`RecordError::Io`].
    pub fn create(folder: &Path, plan: &Plan, start: Start) -> Result<Recorder, RecordError> {
        let plan_sha256 = check_plan(plan)?;
        if folder.join(EVENTS).exists() {
            return Err(RecordError::Exists(folder.to_path_buf()));
        }
        let attachments = folder.join(ATTACHMENTS);
        fs::create_dir_all(&attachments).map_err(at("create", &attachments))?;
        let shared = Arc::new(Shared {
            journal: Journal::create(folder)?,
            lost: AtomicU64::new(0),
            sampled: AtomicBool::new(false),
            ended: AtomicBool::new(false),
            channels: plan.channels.len() as u16,
            broken: OnceLock::new(),
        });
        let telemetry = Telemetry::create(folder, plan, &plan_sha256, start.unix_ns_at_zero)?;
        telemetry.sync()?;
        sync_folder(folder).map_err(at("sync", folder))?;
        let (to_writer, items) = sync_channel(QUEUE);
        let worker = Worker {
            shared: shared.clone(),
            telemetry,
            pace: start.pace,
            anchored: 0,
            lost_told: 0,
        };
        let writer = std::thread::Builder::new()
            .name("record".to_string())
            .spawn(move || worker.run(&items))
            .map_err(at("start a writer for", folder))?;
        Ok(Recorder {
            folder: folder.to_path_buf(),
            pace: start.pace,
            shared,
            to_writer,
            resting: writer.thread().clone(),
            writer: Mutex::new(Some(writer)),
        })
    }

    /// The run folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Writes the event's line before it returns. The end of a case or run is on the disk, together
    /// with every sample before it, when it returns; anything else within a second.
    ///
    /// # Errors
    /// [`RecordError::Full`]: the line is written, but the run cannot go on; so for every later
    /// event. [`RecordError::Broken`]: the line is written, but samples are being lost.
    /// [`RecordError::Io`] and [`RecordError::Exhausted`]: the line is not written.
    pub fn event(&self, event: &Event) -> Result<(), RecordError> {
        let weighty = matches!(
            event.body,
            EventBody::CaseEnded { .. } | EventBody::Ended { .. }
        );
        if weighty && self.shared.sampled.swap(false, Ordering::AcqRel) {
            self.demand(Item::Checkpoint);
        }
        let written = self.shared.journal.append(event.time_ns, &event.body);
        if matches!(event.body, EventBody::Ended { .. }) {
            self.shared.ended.store(true, Ordering::Relaxed);
        }
        if weighty {
            self.shared.journal.sync()?;
        }
        written?;
        self.health()
    }

    /// Takes a sample. False: it is lost and counted, or it came after the end of the run. Never
    /// waits and never allocates at [`Pace::Real`].
    pub fn sample(&self, sample: &Sample) -> bool {
        if self.shared.ended.load(Ordering::Relaxed) {
            return false;
        }
        let known = sample.channel < self.shared.channels;
        let taken = known
            && match (self.to_writer.try_send(Item::Sample(*sample)), self.pace) {
                (Err(TrySendError::Full(item)), Pace::Simulated) => self.send_when_room(item),
                (sent, _) => sent.is_ok(),
            };
        if !taken {
            self.shared.lost.fetch_add(1, Ordering::Relaxed);
        }
        self.shared.sampled.store(true, Ordering::Release);
        taken
    }

    /// Whether samples still reach the disk. Never waits.
    ///
    /// # Errors
    /// [`RecordError::Broken`]: samples are being lost.
    pub fn health(&self) -> Result<(), RecordError> {
        let broken = self.shared.broken.get().cloned();
        broken.map_or(Ok(()), |why| Err(RecordError::Broken(why)))
    }

    /// Samples lost so far.
    pub fn lost(&self) -> u64 {
        self.shared.lost.load(Ordering::Relaxed)
    }

    /// Copies a file into the record, on the disk when it returns. A name that is taken gets a
    /// number.
    ///
    /// # Errors
    /// [`RecordError::AttachmentName`], [`RecordError::Io`].
    pub fn attach(&self, name: &str, source: &Path) -> Result<FileDigest, RecordError> {
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
        if name.is_empty() || name.len() > 120 || name.starts_with('.') || !name.chars().all(plain)
        {
            return Err(RecordError::AttachmentName(name.to_string()));
        }
        let folder = self.folder.join(ATTACHMENTS);
        let mut from = fs::File::open(source).map_err(at("open", source))?;
        let mut taken = 1;
        let (name, mut to) = loop {
            let candidate = numbered(name, taken);
            let path = folder.join(&candidate);
            match OpenOptions::new().write(true).create_new(true).open(&path) {
                Ok(file) => break (candidate, file),
                Err(e) if e.kind() == std::io::ErrorKind::AlreadyExists => taken += 1,
                Err(e) => return Err(at("create", &path)(e)),
            }
        };
        let path = folder.join(&name);
        let copied = std::io::copy(&mut from, &mut to).and_then(|_| to.sync_data());
        copied.map_err(at("write", &path))?;
        sync_folder(&folder).map_err(at("sync", &folder))?;
        let (bytes, sha256) = digest::of_file(&path).map_err(at("read", &path))?;
        Ok(FileDigest {
            path: format!("{ATTACHMENTS}/{name}"),
            bytes,
            sha256,
        })
    }

    /// Closes the record: telemetry gets its summary, the reserve goes, the manifest is written.
    /// After the `ended` event, once.
    ///
    /// # Errors
    /// [`RecordError::Broken`] when samples were lost to a broken file, [`RecordError::Io`].
    pub fn finish(&self) -> Result<Manifest, RecordError> {
        self.demand(Item::Finish);
        self.join();
        self.shared.journal.sync()?;
        let _ = fs::remove_file(self.folder.join(RESERVE));
        let manifest = Manifest::of(&self.folder)?;
        manifest.write(&self.folder)?;
        match self.shared.broken.get() {
            Some(why) => Err(RecordError::Broken(why.clone())),
            None => Ok(manifest),
        }
    }

    /// Looks again every millisecond: to be woken for every single place that comes free would cost
    /// both threads a switch a sample.
    fn send_when_room(&self, mut item: Item) -> bool {
        loop {
            self.resting.unpark();
            std::thread::sleep(Duration::from_millis(1));
            match self.to_writer.try_send(item) {
                Err(TrySendError::Full(again)) => item = again,
                sent => return sent.is_ok(),
            }
        }
    }

    /// Asks the writer for something and waits until it is done; nothing when it has ended.
    fn demand(&self, item: fn(SyncSender<()>) -> Item) {
        let (done, wait) = sync_channel(1);
        if self.to_writer.send(item(done)).is_ok() {
            self.resting.unpark();
            let _ = wait.recv();
        }
    }

    fn join(&self) {
        self.resting.unpark();
        let mut writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(handle) = writer.take() {
            let _ = handle.join();
        }
    }
}

impl Drop for Recorder {
    /// A recorder that is dropped without [`Recorder::finish`] leaves an interrupted record, with
    /// everything it was given in it.
    fn drop(&mut self) {
        let (nobody, _) = sync_channel(1);
        let own = std::mem::replace(&mut self.to_writer, nobody);
        drop(own);
        self.join();
    }
}

/// The thread that owns the telemetry.
struct Worker {
    shared: Arc<Shared>,
    telemetry: Telemetry,
    pace: Pace,
    anchored: u64,
    lost_told: u64,
}

impl Worker {
    fn run(mut self, items: &Receiver<Item>) {
        let mut due = Instant::now() + SYNC_EVERY;
        loop {
            let now = Instant::now();
            if now >= due {
                self.tick();
                due = Instant::now() + SYNC_EVERY;
                continue;
            }
            match items.try_recv() {
                Ok(Item::Sample(sample)) => self.sample(&sample),
                Ok(Item::Checkpoint(done)) => {
                    self.anchor();
                    let _ = done.send(());
                }
                Ok(Item::Finish(done)) => {
                    self.checkpoint();
                    if self.shared.broken.get().is_none() {
                        let finished = self.telemetry.finish();
                        let synced = finished.and_then(|()| self.telemetry.sync());
                        self.note(synced);
                    }
                    self.telemetry.abandon();
                    let _ = done.send(());
                    return;
                }
                Err(TryRecvError::Empty) => std::thread::park_timeout((due - now).min(REST)),
                Err(TryRecvError::Disconnected) => {
                    self.checkpoint();
                    self.telemetry.abandon();
                    return;
                }
            }
        }
    }

    fn sample(&mut self, sample: &Sample) {
        if self.shared.broken.get().is_some() {
            self.shared.lost.fetch_add(1, Ordering::Relaxed);
            return;
        }
        let written = self.telemetry.write(sample);
        self.note(written);
    }

    /// Keeps the promise that everything is on the disk within a second.
    fn tick(&mut self) {
        match self.pace {
            Pace::Real => self.checkpoint(),
            Pace::Simulated => {
                let synced = self.shared.journal.sync_if_needed();
                self.note(synced);
            }
        }
    }

    /// Everything to the disk.
    fn checkpoint(&mut self) {
        self.anchor();
        let synced = self.shared.journal.sync_if_needed();
        self.note(synced);
    }

    /// Flush, sync, anchor, tell of losses. Nothing comes before the first event.
    fn anchor(&mut self) {
        if !self.shared.journal.has_begun() {
            return;
        }
        if self.shared.journal.is_full() {
            // What room is left belongs to the last lines.
            self.note(Err(RecordError::Broken("the disk is full".to_string())));
        }
        if self.shared.broken.get().is_none() {
            let flushed = self.telemetry.flush();
            self.note(flushed);
        }
        if self.telemetry.bytes() > self.anchored {
            let synced = self.telemetry.sync();
            let anchored = synced.and_then(|()| {
                let (bytes, sha256) = self.telemetry.extent();
                self.anchored = bytes;
                self.shared.journal.append_now(&EventBody::Anchor {
                    file: TELEMETRY.to_string(),
                    bytes,
                    sha256,
                })
            });
            self.note(anchored);
        }
        let lost = self.shared.lost.load(Ordering::Relaxed);
        if lost > self.lost_told {
            self.lost_told = lost;
            let told = self.shared.journal.append_now(&EventBody::Lost {
                listener: TELEMETRY.to_string(),
                count: lost,
            });
            self.note(told);
        }
    }

    /// Remembers a failure, so that the next event answers with it.
    fn note(&self, result: Result<(), RecordError>) {
        match result {
            Ok(()) | Err(RecordError::Full { .. } | RecordError::Exhausted { .. }) => {}
            Err(error) => {
                let why = match error {
                    _ if self.telemetry.is_full() => {
                        self.shared.journal.mark_full();
                        "the disk is full".to_string()
                    }
                    RecordError::Broken(why) => why,
                    other => other.to_string(),
                };
                if self.shared.broken.set(why).is_ok() {
                    let open = self.telemetry.open_samples();
                    self.shared.lost.fetch_add(open, Ordering::Relaxed);
                }
            }
        }
    }
}

/// The plan's digest, after making sure that the record would give the same plan back.
fn check_plan(plan: &Plan) -> Result<String, RecordError> {
    let text = serde_json::to_string(plan).map_err(|e| RecordError::Plan(e.to_string()))?;
    let back: Plan = serde_json::from_str(&text).map_err(|e| RecordError::Plan(e.to_string()))?;
    if back != *plan {
        return Err(RecordError::Plan(
            "it reads back from JSON as another plan".to_string(),
        ));
    }
    Ok(plan.digest())
}

/// `photo.jpg`, then `photo-2.jpg`, `photo-3.jpg`, …
fn numbered(name: &str, count: u32) -> String {
    match (count, name.rsplit_once('.')) {
        (1, _) => name.to_string(),
        (n, Some((stem, ending))) => format!("{stem}-{n}.{ending}"),
        (n, None) => format!("{name}-{n}"),
    }
}
