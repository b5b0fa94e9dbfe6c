//! Finding frames in a stream of bytes: the part that all binary protocols here share.

use crate::noise::{Noise, Why};

/// What a protocol says of bytes that may begin a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Judged {
    /// The first so many bytes are a whole, sound frame.
    Frame(usize),
    /// So far so good; more bytes are needed.
    More,
    /// No frame begins here.
    No(Why),
}

/// Bytes not yet understood.
#[derive(Debug, Clone, Default)]
pub(crate) struct Scanner {
    buffer: Vec<u8>,
    silent: bool,
}

impl Scanner {
    pub(crate) fn push(&mut self, bytes: &[u8]) {
        self.silent = false;
        self.buffer.extend_from_slice(bytes);
    }

    /// The line is silent: what is here is all there is.
    pub(crate) fn silence(&mut self) {
        self.silent = true;
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.buffer.is_empty()
    }

    /// The next frame's bytes, or the noise before it. `judge(bytes, silent)` never sees an empty slice.
    pub(crate) fn next(
        &mut self,
        judge: impl Fn(&[u8], bool) -> Judged,
    ) -> Option<Result<Vec<u8>, Noise>> {
        let judge = |bytes: &[u8]| match judge(bytes, self.silent) {
            Judged::More if self.silent => Judged::No(Why::Incomplete),
            judged => judged,
        };
        if self.buffer.is_empty() {
            return None;
        }
        match judge(&self.buffer) {
            Judged::More => None,
            Judged::Frame(length) => Some(Ok(self.buffer.drain(..length).collect())),
            Judged::No(why) => {
                let end = self.buffer.len();
                let start = (1..end).find(|&i| !matches!(judge(&self.buffer[i..]), Judged::No(_)));
                let bytes = self.buffer.drain(..start.unwrap_or(end)).collect();
                Some(Err(Noise { why, bytes }))
            }
        }
    }
}
