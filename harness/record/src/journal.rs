//! `run.jsonl` as it grows: one line an event, each written whole before the call returns.

use crate::chain::Link;
use crate::error::{RecordError, at, is_full};
use crate::{EVENTS, RESERVE};
use certbench_model::EventBody;
use serde::{Deserialize, Serialize};
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Room kept for the last lines on a full disk.
const RESERVE_BYTES: usize = 1024 * 1024;

/// The part of a line after `seq` and `prev`.
#[derive(Serialize)]
struct Written<'a> {
    time_ns: u64,
    #[serde(flatten)]
    body: &'a EventBody,
}

/// The same as read.
#[derive(Deserialize)]
pub(crate) struct Read {
    pub(crate) time_ns: u64,
    #[serde(flatten)]
    pub(crate) body: EventBody,
}

pub(crate) struct Journal {
    folder: PathBuf,
    file: File,
    state: Mutex<State>,
}

struct State {
    link: Link,
    bytes: u64,
    /// Latest time of any event so far: the recorder's own lines carry it.
    latest_ns: u64,
    full: bool,
    ended: bool,
    unsynced: bool,
}

impl Journal {
    /// A new `run.jsonl` and its reserve in an existing folder.
    pub(crate) fn create(folder: &Path) -> Result<Journal, RecordError> {
        let path = folder.join(EVENTS);
        let file = OpenOptions::new()
            .append(true)
            .create_new(true)
            .open(&path)
            .map_err(at("create", &path))?;
        keep_reserve(&folder.join(RESERVE))?;
        Ok(Journal {
            folder: folder.to_path_buf(),
            file,
            state: Mutex::new(State {
                link: Link::start(),
                bytes: 0,
                latest_ns: 0,
                full: false,
                ended: false,
                unsynced: false,
            }),
        })
    }

    /// Writes one line. [`RecordError::Full`]: the line is written, from the reserve.
    pub(crate) fn append(&self, time_ns: u64, body: &EventBody) -> Result<(), RecordError> {
        let mut state = self.lock();
        if state.ended {
            return Err(RecordError::Ended);
        }
        state.ended = matches!(body, EventBody::Ended { .. });
        self.append_at(&mut state, time_ns, body)
    }

    /// Writes a line of the recorder's own, at the time of the latest event; none after the end.
    pub(crate) fn append_now(&self, body: &EventBody) -> Result<(), RecordError> {
        let mut state = self.lock();
        if state.ended {
            return Ok(());
        }
        let now = state.latest_ns;
        self.append_at(&mut state, now, body)
    }

    fn append_at(
        &self,
        state: &mut State,
        time_ns: u64,
        body: &EventBody,
    ) -> Result<(), RecordError> {
        let path = self.folder.join(EVENTS);
        let (line, next) = state
            .link
            .write(&Written { time_ns, body })
            .map_err(|e| at("write", &path)(e.into()))?;
        if let Err(error) = (&self.file).write_all(&line) {
            let _ = self.file.set_len(state.bytes);
            if !is_full(&error) {
                return Err(at("write", &path)(error));
            }
            state.full = true;
            let _ = std::fs::remove_file(self.folder.join(RESERVE));
            if (&self.file).write_all(&line).is_err() {
                let _ = self.file.set_len(state.bytes);
                return Err(RecordError::Exhausted {
                    folder: self.folder.clone(),
                });
            }
        }
        state.link = next;
        state.bytes += line.len() as u64;
        state.latest_ns = state.latest_ns.max(time_ns);
        state.unsynced = true;
        if state.full {
            return Err(RecordError::Full {
                folder: self.folder.clone(),
            });
        }
        Ok(())
    }

    /// Whether its first line is written.
    pub(crate) fn has_begun(&self) -> bool {
        self.lock().bytes > 0
    }

    /// From here on every event answers that the disk is full.
    pub(crate) fn mark_full(&self) {
        self.lock().full = true;
    }

    /// Whether the disk is full.
    pub(crate) fn is_full(&self) -> bool {
        self.lock().full
    }

    /// Brings every written line to the disk; other threads may write meanwhile.
    pub(crate) fn sync(&self) -> Result<(), RecordError> {
        self.lock().unsynced = false;
        let path = self.folder.join(EVENTS);
        self.file.sync_data().map_err(at("sync", &path))
    }

    /// As [`Journal::sync`], unless somebody else has begun to since the last line.
    pub(crate) fn sync_if_needed(&self) -> Result<(), RecordError> {
        let needed = self.lock().unsynced;
        if needed { self.sync() } else { Ok(()) }
    }

    /// A panic elsewhere must not keep the last lines out of the record.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Fills the reserve with bytes that no file system can compress away or leave as a hole.
fn keep_reserve(path: &Path) -> Result<(), RecordError> {
    let mut noise = Vec::with_capacity(RESERVE_BYTES);
    let mut state: u64 = 0x9E37_79B9_7F4A_7C15;
    while noise.len() < RESERVE_BYTES {
        // xorshift64 (G. Marsaglia, "Xorshift RNGs", 2003)
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        noise.extend_from_slice(&state.to_le_bytes());
    }
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(path)
        .map_err(at("create", path))?;
    let written = file.write_all(&noise).and_then(|()| file.sync_data());
    written.map_err(at("write", path))
}
