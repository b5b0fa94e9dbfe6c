//! A file that another program writes: what is added to it from now on.
//!
//! An instrument whose own software exports while it measures is read live by this, where it has no
//! interface of its own. When a row is there it is read within a few milliseconds; how long it waited in
//! that software before, nobody here can know: it is the delay that the channel declares.

use std::fs::{File, Metadata};
use std::io::{Read, Seek, SeekFrom};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use certbench_clock::{Clock, Time};

use crate::{ByteLink, LinkError, LinkInfo, LinkKind, Physicality, Stamp};

/// How often a file that did not grow is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(2);
/// Most bytes of one chunk.
const CHUNK: u64 = 4096;

/// The growing end of a file. Only read, never written; what was in it before it was opened is not
/// delivered.
pub struct Tail {
    path: PathBuf,
    clock: Clock,
    info: LinkInfo,
    at: Mutex<At>,
}

struct At {
    file: File,
    /// So far it was read.
    offset: u64,
    /// Nothing behind the offset was there at this time.
    empty_at: Time,
}

impl Tail {
    /// Opens an existing file at its end.
    ///
    /// # Errors
    /// [`LinkError::NotFound`] and what else the system says; [`LinkError::Unusable`] for what is no file,
    /// and on a simulated clock.
    pub fn open(clock: &Clock, path: &Path) -> Result<Tail, LinkError> {
        let port = format!("tail:{}", path.display());
        let unusable = |what: &str| LinkError::Unusable {
            port: port.clone(),
            what: what.into(),
        };
        if clock.is_simulated() {
            return Err(unusable(
                "a file has no simulated time; use an in-process pair there",
            ));
        }
        let failed = |e: &std::io::Error| LinkError::from_io(&port, "opening", e);
        let mut file = File::open(path).map_err(|e| failed(&e))?;
        let about = file.metadata().map_err(|e| failed(&e))?;
        if !about.is_file() {
            return Err(unusable(
                "it is no file; a serial port is written without `tail:`",
            ));
        }
        let offset = file.seek(SeekFrom::End(0)).map_err(|e| failed(&e))?;
        Ok(Tail {
            path: path.into(),
            info: LinkInfo {
                kind: LinkKind::File,
                settings: "from its end".into(),
                // A real instrument may write it; the bench says whether one does.
                provenance_hint: Physicality::Physical,
                ..LinkInfo::not_physical(LinkKind::File, port)
            },
            at: Mutex::new(At {
                file,
                offset,
                empty_at: clock.now(),
            }),
            clock: clock.clone(),
        })
    }

    fn at(&self) -> MutexGuard<'_, At> {
        self.at.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn failed(&self, doing: &'static str, e: &std::io::Error) -> LinkError {
        LinkError::from_io(&self.info.port, doing, e)
    }

    fn gone(&self, what: &str) -> LinkError {
        LinkError::Gone {
            port: self.info.port.clone(),
            what: what.into(),
        }
    }

    /// Whether the path still names the open file, and the file is no shorter than what was read of it.
    fn still_there(&self, at: &At) -> Result<(), LinkError> {
        let same = |a: &Metadata, b: &Metadata| (a.dev(), a.ino()) == (b.dev(), b.ino());
        let open = at.file.metadata();
        let open = open.map_err(|e| self.failed("looking at", &e))?;
        match std::fs::metadata(&self.path) {
            Ok(named) if !same(&open, &named) => Err(self.gone("another file took its place")),
            Err(_) => Err(self.gone("the file was removed")),
            Ok(_) if open.len() < at.offset => {
                Err(self.gone("the file became shorter: it was begun anew"))
            }
            Ok(_) => Ok(()),
        }
    }
}

impl ByteLink for Tail {
    fn write(&self, _: &[u8]) -> Result<Time, LinkError> {
        Err(LinkError::Refused {
            port: self.info.port.clone(),
            what: "a file that another program writes is only read".into(),
        })
    }

    fn read(&self, buf: &mut Vec<u8>, until: Time) -> Result<Option<Stamp>, LinkError> {
        let mut at = self.at();
        loop {
            let before = self.clock.now();
            let mut room = (&at.file).take(CHUNK);
            let n = room
                .read_to_end(buf)
                .map_err(|e| self.failed("reading", &e))?;
            if n > 0 {
                at.offset = at.offset.saturating_add(n as u64);
                return Ok(Some(Stamp {
                    earliest: at.empty_at,
                    latest: self.clock.now(),
                    kernel: false,
                }));
            }
            at.empty_at = before;
            self.still_there(&at)?;
            if self.clock.now() >= until {
                return Ok(None);
            }
            self.clock.sleep_until(until.min(before + LOOK_EVERY));
        }
    }

    fn discard(&self) {
        let mut at = self.at();
        let now = self.clock.now();
        if let Ok(end) = (&at.file).seek(SeekFrom::End(0)) {
            (at.offset, at.empty_at) = (end, now);
        }
    }

    fn describe(&self) -> &LinkInfo {
        &self.info
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::open_bytes;
    use std::io::Write;

    const SOON: Duration = Duration::from_secs(20);

    /// A file in a folder of the test's own.
    fn file(name: &str) -> PathBuf {
        let folder = std::env::temp_dir().join(format!("certbench-tail-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let path = folder.join(name);
        std::fs::write(&path, "t;x\n0;1\n").unwrap();
        path
    }

    fn more(path: &Path, text: &str) {
        let mut file = File::options().append(true).open(path).unwrap();
        file.write_all(text.as_bytes()).unwrap();
    }

    fn opened(clock: &Clock, path: &Path) -> Box<dyn ByteLink> {
        open_bytes(clock, &format!("tail:{}", path.display())).unwrap()
    }

    #[test]
    fn only_what_is_added_is_delivered_and_nothing_is_written() {
        let (clock, path) = (Clock::real(), file("grows.csv"));
        let tail = opened(&clock, &path);
        let mut bytes = Vec::new();
        assert_eq!(tail.read(&mut bytes, clock.now()), Ok(None));
        let asked = clock.now();
        more(&path, "1;2\n");
        let stamp = tail.read(&mut bytes, clock.now() + SOON).unwrap().unwrap();
        assert_eq!(bytes, b"1;2\n");
        assert!(stamp.earliest <= asked && asked <= stamp.latest);
        assert!(matches!(tail.write(b"x"), Err(LinkError::Refused { .. })));
        more(&path, "2;3\n");
        tail.discard();
        assert_eq!(tail.read(&mut bytes, clock.now()), Ok(None));
    }

    #[test]
    fn a_file_that_is_begun_anew_or_replaced_is_gone() {
        let clock = Clock::real();
        let (shorter, replaced, removed) = (file("a.csv"), file("b.csv"), file("c.csv"));
        let tails = [&shorter, &replaced, &removed].map(|path| opened(&clock, path));
        std::fs::write(&shorter, "t\n").unwrap();
        std::fs::rename(file("new.csv"), &replaced).unwrap();
        std::fs::remove_file(&removed).unwrap();
        for tail in tails {
            let read = tail.read(&mut Vec::new(), clock.now());
            assert!(matches!(read, Err(LinkError::Gone { .. })), "{read:?}");
        }
    }

    #[test]
    fn what_is_no_file_is_not_opened() {
        let clock = Clock::real();
        for spec in ["tail:/nowhere/export.csv", "tail:/dev"] {
            assert!(open_bytes(&clock, spec).is_err(), "{spec}");
        }
    }
}
