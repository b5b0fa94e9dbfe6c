//! Why a value could not be read, until it becomes a complaint.

use crate::complaint::{Complaint, Sink, Span};
use serde::de;
use std::fmt;

/// Why a value could not be read. Made into a complaint by the nearest [`At`](super::At).
#[derive(Debug)]
pub(super) struct Trouble {
    code: &'static str,
    message: String,
    at: Option<Span>,
    pub(super) help: Option<String>,
    pub(super) note: Option<String>,
    /// The complaint has been made already.
    told: bool,
}

impl Trouble {
    pub(super) fn new(code: &'static str, at: Span, message: impl Into<String>) -> Trouble {
        Trouble {
            code,
            message: message.into(),
            at: Some(at),
            help: None,
            note: None,
            told: false,
        }
    }

    pub(super) fn told() -> Trouble {
        let mut trouble = Trouble::new("", Span::default(), "");
        trouble.told = true;
        trouble
    }

    pub(super) fn tell(self, at: Span, sink: &Sink) {
        if self.told {
            return;
        }
        let mut complaint = Complaint::new(self.code, self.at.unwrap_or(at), self.message);
        complaint.help = self.help;
        complaint.notes.extend(self.note);
        sink.push(complaint);
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Trouble {}

impl de::Error for Trouble {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Trouble {
            code: "wrong-value",
            message: message.to_string(),
            at: None,
            help: None,
            note: None,
            told: false,
        }
    }
}
