//! A complaint about a file: what is wrong, where, what was expected, what to try.

use crate::sources::Sources;
use serde::Serialize;
use std::cell::RefCell;
use std::collections::BTreeSet;

/// A stretch of a file: index into [`Sources`] and byte range.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Span {
    pub(crate) file: u16,
    pub(crate) start: u32,
    pub(crate) end: u32,
}

/// How much a complaint matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The file is refused.
    Error,
    /// The file is accepted; somebody should look at it.
    Warning,
}

/// One complaint. Serialises for editors and CI; [`crate::render`] prints it for people.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Diagnostic {
    /// Short name that programs can rely on, for example `unknown-metric`.
    pub code: String,
    /// Error or warning.
    pub severity: Severity,
    /// What is wrong, in one sentence.
    pub message: String,
    /// Where; the first is the place itself, the others belong to it.
    pub labels: Vec<Label>,
    /// What to try.
    pub help: Option<String>,
    /// What else is worth knowing: the known names, the rule that is applied.
    pub notes: Vec<String>,
}

/// A place in a file with a word on it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Label {
    /// The file, as it was named when it was opened.
    pub file: String,
    /// First byte.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
    /// Line of the first byte, from 1.
    pub line: usize,
    /// Column of the first byte in characters, from 1.
    pub column: usize,
    /// A word on it; may be empty.
    pub text: String,
}

/// A complaint while it is being put together.
#[derive(Clone, Debug)]
pub(crate) struct Complaint {
    pub(crate) code: &'static str,
    pub(crate) severity: Severity,
    pub(crate) message: String,
    pub(crate) labels: Vec<(Span, String)>,
    pub(crate) help: Option<String>,
    pub(crate) notes: Vec<String>,
}

impl Complaint {
    /// An error at a place.
    pub(crate) fn new(code: &'static str, at: Span, message: impl Into<String>) -> Complaint {
        Complaint {
            code,
            severity: Severity::Error,
            message: message.into(),
            labels: vec![(at, String::new())],
            help: None,
            notes: Vec::new(),
        }
    }

    /// Makes it a warning.
    pub(crate) fn warning(mut self) -> Complaint {
        self.severity = Severity::Warning;
        self
    }

    /// A word on the place itself.
    pub(crate) fn here(mut self, text: impl Into<String>) -> Complaint {
        if let Some(first) = self.labels.first_mut() {
            first.1 = text.into();
        }
        self
    }

    /// Another place that belongs to it.
    pub(crate) fn also(mut self, at: Span, text: impl Into<String>) -> Complaint {
        self.labels.push((at, text.into()));
        self
    }

    /// What to try.
    pub(crate) fn help(mut self, text: impl Into<String>) -> Complaint {
        self.help = Some(text.into());
        self
    }

    /// What else is worth knowing.
    pub(crate) fn note(mut self, text: impl Into<String>) -> Complaint {
        self.notes.push(text.into());
        self
    }

    /// With file names, lines and columns.
    pub(crate) fn resolve(self, sources: &Sources) -> Diagnostic {
        let label = |(span, text): (Span, String)| {
            let (line, column) = sources.line_and_column(span);
            Label {
                file: sources.name(span.file).to_string(),
                start: span.start as usize,
                end: span.end as usize,
                line,
                column,
                text,
            }
        };
        Diagnostic {
            code: self.code.to_string(),
            severity: self.severity,
            message: self.message,
            labels: self.labels.into_iter().map(label).collect(),
            help: self.help,
            notes: self.notes,
        }
    }
}

/// Most complaints that are kept; the rest are one line that counts them.
const COMPLAINTS_MAX: usize = 200;

/// Collects complaints. The same complaint about the same place (a table row looked at twice) is
/// made once.
#[derive(Debug, Default)]
pub(crate) struct Sink(RefCell<Collected>);

#[derive(Debug, Default)]
struct Collected {
    complaints: Vec<Complaint>,
    seen: BTreeSet<(&'static str, Option<Span>, String)>,
    errors: usize,
    dropped: usize,
}

impl Sink {
    /// Takes a complaint.
    pub(crate) fn push(&self, complaint: Complaint) {
        let mut all = self.0.borrow_mut();
        let at = complaint.labels.first().map(|l| l.0);
        if !all
            .seen
            .insert((complaint.code, at, complaint.message.clone()))
        {
            return;
        }
        all.errors += usize::from(complaint.severity == Severity::Error);
        if all.complaints.len() < COMPLAINTS_MAX {
            all.complaints.push(complaint);
        } else {
            all.dropped += 1;
        }
    }

    /// How many errors there are so far.
    pub(crate) fn errors(&self) -> usize {
        self.0.borrow().errors
    }

    /// The codes so far.
    #[cfg(test)]
    pub(crate) fn codes(&self) -> Vec<&'static str> {
        self.0.borrow().complaints.iter().map(|c| c.code).collect()
    }

    /// All complaints, in the order of the files' text.
    pub(crate) fn finish(self, sources: &Sources) -> Vec<Diagnostic> {
        let mut all = self.0.into_inner();
        all.complaints
            .sort_by_key(|c| c.labels.first().map(|l| l.0));
        let mut out: Vec<Diagnostic> = all
            .complaints
            .into_iter()
            .map(|c| c.resolve(sources))
            .collect();
        if all.dropped > 0 {
            out.push(Diagnostic {
                code: "more".to_string(),
                severity: Severity::Error,
                message: format!("and {} more complaints", all.dropped),
                labels: Vec::new(),
                help: None,
                notes: Vec::new(),
            });
        }
        out
    }
}
