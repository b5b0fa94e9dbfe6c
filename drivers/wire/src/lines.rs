//! Splitting a stream of bytes into lines of ASCII text.

/// Why a line is not usable.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadLine {
    /// No terminator within the cap; what came until the next terminator was dropped.
    #[error("line longer than {cap} bytes")]
    TooLong {
        /// The longest line allowed, in bytes without its terminator.
        cap: usize,
    },
    /// A byte that is neither printable ASCII nor a tab.
    #[error("line has bytes that are not ASCII text: {}", crate::hex(bytes))]
    NotText {
        /// The line as it came.
        bytes: Vec<u8>,
    },
}

/// Takes bytes, gives lines. CR, LF and CR LF all end a line; empty lines are not reported.
#[derive(Debug, Clone)]
pub struct Lines {
    buffer: Vec<u8>,
    cap: usize,
    dropping: bool,
}

impl Lines {
    /// A splitter for lines of at most `cap` bytes.
    pub fn new(cap: usize) -> Lines {
        Lines {
            buffer: Vec::new(),
            cap,
            dropping: false,
        }
    }

    /// Adds received bytes.
    pub fn push(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
    }

    /// Forgets the part of a line that has come so far.
    pub fn clear(&mut self) {
        self.buffer.clear();
        self.dropping = false;
    }

    /// The next whole line without its terminator, or `None` until more bytes come.
    #[expect(
        clippy::should_implement_trait,
        reason = "None means not yet, an iterator's means never again"
    )]
    pub fn next(&mut self) -> Option<Result<String, BadLine>> {
        loop {
            let Some(end) = self.buffer.iter().position(|&b| b == b'\r' || b == b'\n') else {
                return self.without_end();
            };
            let mut line: Vec<u8> = self.buffer.drain(..=end).collect();
            line.pop();
            if std::mem::take(&mut self.dropping) || line.is_empty() {
                continue;
            }
            return Some(self.as_text(line));
        }
    }

    fn without_end(&mut self) -> Option<Result<String, BadLine>> {
        if self.buffer.len() <= self.cap {
            return None;
        }
        self.buffer.clear();
        let first = !std::mem::replace(&mut self.dropping, true);
        first.then_some(Err(BadLine::TooLong { cap: self.cap }))
    }

    fn as_text(&self, bytes: Vec<u8>) -> Result<String, BadLine> {
        if bytes.len() > self.cap {
            return Err(BadLine::TooLong { cap: self.cap });
        }
        let text = |&byte: &u8| byte == b'\t' || (0x20..0x7F).contains(&byte);
        if !bytes.iter().all(text) {
            return Err(BadLine::NotText { bytes });
        }
        String::from_utf8(bytes).map_err(|error| BadLine::NotText {
            bytes: error.into_bytes(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn all(lines: &mut Lines) -> Vec<Result<String, BadLine>> {
        std::iter::from_fn(|| lines.next()).collect()
    }

    #[test]
    fn every_usual_terminator_ends_a_line() {
        let mut lines = Lines::new(80);
        lines.push(b"one\rtwo\nthree\r\nfour");
        let texts: Vec<_> = all(&mut lines).into_iter().flatten().collect();
        assert_eq!(texts, ["one", "two", "three"]);
        lines.push(b"\r\n");
        assert_eq!(lines.next(), Some(Ok("four".into())));
    }

    #[test]
    fn an_incomplete_line_waits_for_its_end() {
        let mut lines = Lines::new(80);
        lines.push(b"-18.");
        assert_eq!(lines.next(), None);
        lines.push(b"78 lbF\r\n");
        assert_eq!(lines.next(), Some(Ok("-18.78 lbF".into())));
    }

    #[test]
    fn a_noisy_line_is_named_and_the_next_is_whole() {
        let mut lines = Lines::new(80);
        lines.push(b"\xFF\x001.0\r\n2.0\r\n");
        assert!(matches!(lines.next(), Some(Err(BadLine::NotText { .. }))));
        assert_eq!(lines.next(), Some(Ok("2.0".into())));
    }

    #[test]
    fn an_endless_line_is_reported_once_and_never_kept() {
        let mut lines = Lines::new(8);
        for _ in 0..10 {
            lines.push(b"12345678");
        }
        assert_eq!(all(&mut lines), [Err(BadLine::TooLong { cap: 8 })]);
        lines.push(b"12345678901234");
        lines.push(b"tail\r\n1.5\r\n");
        assert_eq!(all(&mut lines), [Ok("1.5".into())]);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(128))]
        #[test]
        fn arbitrary_bytes_never_panic_and_the_next_line_is_found(noise: Vec<u8>, cut in 0usize..64) {
            let mut lines = Lines::new(32);
            let cut = cut.min(noise.len());
            lines.push(&noise[..cut]);
            all(&mut lines);
            lines.push(&noise[cut..]);
            lines.push(b"\r\n3.5 N\r\n");
            prop_assert_eq!(all(&mut lines).pop(), Some(Ok("3.5 N".to_owned())));
        }
    }
}
