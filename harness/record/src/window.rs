//! Samples of one channel in a window of time, chunk by chunk.

use crate::damage;
use crate::scan::{Chunk, Hole, Layout, Scan, Span};
use certbench_model::{Damage, Sample, SampleResult};
use std::collections::VecDeque;
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::sync::{Arc, Mutex, PoisonError};

/// Chunks kept in memory, for many small windows in a row.
const KEPT: usize = 8;

/// The open telemetry file with its index.
pub(crate) struct Store {
    file: Option<File>,
    layout: Layout,
    chunks: Vec<Chunk>,
    spans: Vec<Vec<Span>>,
    holes: Vec<Hole>,
    kept: Mutex<VecDeque<(usize, Arc<Vec<Sample>>)>>,
}

impl Store {
    pub(crate) fn new(file: Option<File>, scan: Scan) -> Store {
        Store {
            file,
            layout: scan.layout,
            chunks: scan.chunks,
            spans: scan.spans,
            holes: scan.holes,
            kept: Mutex::new(VecDeque::new()),
        }
    }

    pub(crate) fn unix_ns_at_zero(&self) -> Option<u64> {
        self.layout.unix_ns_at_zero
    }

    /// See [`certbench_model::Recorded::samples`].
    pub(crate) fn samples(&self, channel: u16, from_ns: u64, to_ns: u64) -> Window<'_> {
        let spans = self.spans.get(usize::from(channel)).map_or(&[][..], |s| s);
        let mut parts = chunk_parts(spans, from_ns, to_ns);
        for hole in &self.holes {
            // The channel's times do not decrease: what the hole swallowed lies after the last
            // sample before it and before the first one behind it.
            let split = spans.partition_point(|span| span.chunk < hole.chunk);
            let before = split.checked_sub(1).and_then(|i| spans.get(i));
            let first = before.map_or(0, |span| span.reach_ns.saturating_add(1));
            let behind = spans.get(split).map_or(u64::MAX, |span| span.floor_ns);
            if from_ns < to_ns && first < to_ns && from_ns < behind && first < behind {
                parts.push(Part {
                    first_ns: first,
                    what: What::Hole(&hole.damage),
                });
            }
        }
        parts.sort_by_key(|part| part.first_ns);
        Window {
            store: self,
            channel,
            from_ns,
            to_ns,
            parts: parts.into_iter(),
            inside: None,
            ready: VecDeque::new(),
        }
    }

    /// The samples of a chunk by channel and time, its checksum looked at again.
    fn chunk(&self, index: usize) -> Result<Arc<Vec<Sample>>, Damage> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, samples)) = kept.iter().find(|(i, _)| *i == index) {
            return Ok(samples.clone());
        }
        let gone = || damage::byte(0, "cannot be read any more");
        let chunk = self.chunks.get(index).ok_or_else(gone)?;
        let file = self.file.as_ref().ok_or_else(gone)?;
        let mut record = vec![0; chunk.bytes as usize];
        file.read_exact_at(&mut record, chunk.offset)
            .map_err(|e| damage::byte(chunk.offset, format!("cannot be read any more: {e}")))?;
        let mut samples = self
            .layout
            .samples(&record)
            .map_err(|what| damage::byte(chunk.offset, what))?;
        samples.sort_by_key(|s| (s.channel, s.time_ns));
        let samples = Arc::new(samples);
        if kept.len() >= KEPT {
            kept.pop_front();
        }
        kept.push_back((index, samples.clone()));
        Ok(samples)
    }
}

/// The chunks that hold something of the window. Spans that overlap in time are read together, so
/// that the order can be kept.
fn chunk_parts<'a>(spans: &[Span], from_ns: u64, to_ns: u64) -> Vec<Part<'a>> {
    let mut groups: Vec<(u64, Vec<usize>)> = Vec::new();
    let mut reach_ns = 0;
    let begin = spans.partition_point(|span| span.reach_ns < from_ns);
    for span in spans.iter().skip(begin) {
        if span.floor_ns >= to_ns {
            break;
        }
        if span.last_ns < from_ns || span.first_ns >= to_ns {
            continue;
        }
        match groups.last_mut() {
            Some((first, chunks)) if span.first_ns <= reach_ns => {
                *first = span.first_ns.min(*first);
                chunks.push(span.chunk);
            }
            _ => groups.push((span.first_ns, vec![span.chunk])),
        }
        reach_ns = reach_ns.max(span.last_ns);
    }
    let part = |(first_ns, chunks)| Part {
        first_ns,
        what: What::Chunks(chunks),
    };
    groups.into_iter().map(part).collect()
}

struct Part<'a> {
    first_ns: u64,
    what: What<'a>,
}

enum What<'a> {
    Hole(&'a Damage),
    Chunks(Vec<usize>),
}

/// The iterator behind [`Store::samples`].
pub(crate) struct Window<'a> {
    store: &'a Store,
    channel: u16,
    from_ns: u64,
    to_ns: u64,
    parts: std::vec::IntoIter<Part<'a>>,
    /// A chunk by itself: its samples, the place of the next one, and where the window ends.
    inside: Option<(Arc<Vec<Sample>>, usize, usize)>,
    ready: VecDeque<SampleResult>,
}

impl Window<'_> {
    /// The next sample of the chunk that is being read.
    fn within(&mut self) -> Option<Sample> {
        let (samples, at, end) = self.inside.as_mut()?;
        let sample = samples.get(*at).copied().filter(|_| *at < *end);
        *at += 1;
        sample
    }

    fn load(&mut self, chunks: &[usize]) {
        let (from, to) = (self.from_ns, self.to_ns);
        let place = |s: &Sample| (s.channel, s.time_ns);
        let ends = |all: &[Sample]| {
            let begin = all.partition_point(|s| place(s) < (self.channel, from));
            (
                begin,
                all.partition_point(|s| place(s) < (self.channel, to)),
            )
        };
        if let [one] = chunks {
            match self.store.chunk(*one) {
                Err(damage) => self.ready.push_back(Err(damage)),
                Ok(all) => {
                    let (begin, end) = ends(&all);
                    self.inside = Some((all, begin, end));
                }
            }
            return;
        }
        let mut samples = Vec::new();
        for index in chunks {
            match self.store.chunk(*index) {
                Err(damage) => self.ready.push_back(Err(damage)),
                Ok(all) => {
                    let (begin, end) = ends(&all);
                    samples.extend_from_slice(all.get(begin..end).unwrap_or_default());
                }
            }
        }
        samples.sort_by_key(|s| s.time_ns);
        self.ready.extend(samples.into_iter().map(Ok));
    }
}

impl Iterator for Window<'_> {
    type Item = SampleResult;

    fn next(&mut self) -> Option<SampleResult> {
        loop {
            if let Some(sample) = self.within() {
                return Some(Ok(sample));
            }
            self.inside = None;
            if let Some(ready) = self.ready.pop_front() {
                return Some(ready);
            }
            match self.parts.next()?.what {
                What::Hole(damage) => return Some(Err(damage.clone())),
                What::Chunks(chunks) => self.load(&chunks),
            }
        }
    }
}
