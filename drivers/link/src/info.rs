//! What a link is.

use std::fmt;
use std::path::Path;

/// The kind of a link.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum LinkKind {
    /// A serial port.
    Serial,
    /// A pseudo-terminal: a program at the other end.
    Pty,
    /// A CAN interface of the kernel, with a controller behind it.
    SocketCan,
    /// A CAN interface of the kernel, with nothing behind it.
    VirtualCan,
    /// A CAN adapter that speaks SLCAN over a byte link.
    Slcan,
    /// A connection over the network.
    Network,
    /// A file that another program writes.
    File,
    /// Two ends in this process.
    InProcess,
    /// A recording.
    Replay,
}

/// Whether there can be a physical device at the other end.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Physicality {
    /// There may be.
    Physical,
    /// There is none: a program, a virtual bus or a recording.
    NotPhysical,
}

/// What a link is, for the record and for people.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LinkInfo {
    /// The kind, derived from what was opened.
    pub kind: LinkKind,
    /// The port as it was asked for: `/dev/ttyUSB0`, `can0`.
    pub port: String,
    /// How it was set up: `115200 8N1`, `1000000 bit/s`. Empty where there is nothing to set.
    pub settings: String,
    /// Whether a physical device can be at the other end, derived from what was opened.
    pub provenance_hint: Physicality,
    /// How long a USB adapter may sit on received bytes, in milliseconds, where it says so.
    pub latency_timer_ms: Option<u32>,
    /// Anything else worth a line in the record.
    pub notes: Vec<String>,
}

impl LinkInfo {
    pub(crate) fn not_physical(kind: LinkKind, port: impl Into<String>) -> LinkInfo {
        LinkInfo {
            kind,
            port: port.into(),
            settings: String::new(),
            provenance_hint: Physicality::NotPhysical,
            latency_timer_ms: None,
            notes: Vec::new(),
        }
    }
}

/// `/dev/ttyUSB0 (serial port, 115200 8N1)`.
impl fmt::Display for LinkInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self.kind {
            LinkKind::Serial => "serial port",
            LinkKind::Pty => "pseudo-terminal",
            LinkKind::SocketCan => "CAN interface",
            LinkKind::VirtualCan => "virtual CAN interface",
            LinkKind::Slcan => "SLCAN adapter",
            LinkKind::Network => "network",
            LinkKind::File => "growing file",
            LinkKind::InProcess => "in this process",
            LinkKind::Replay => "recording",
        };
        write!(f, "{} ({kind}", self.port)?;
        if !self.settings.is_empty() {
            write!(f, ", {}", self.settings)?;
        }
        f.write_str(")")
    }
}

/// What the device file at `path` is, through symbolic links and whatever it is called.
pub(crate) fn kind_of_tty(path: &Path) -> (LinkKind, Physicality) {
    /// Major numbers of Unix98 pseudo-terminal slaves, and of the BSD ones (Linux `devices.txt`).
    fn is_pty(rdev: u64) -> bool {
        let major = ((rdev >> 8) & 0xFFF) | ((rdev >> 32) & 0xFFFF_F000);
        (136..=143).contains(&major) || major == 2 || major == 3
    }

    use std::os::unix::fs::MetadataExt;
    let real = path.canonicalize().unwrap_or_else(|_| path.to_path_buf());
    let pty =
        real.starts_with("/dev/pts") || std::fs::metadata(&real).is_ok_and(|m| is_pty(m.rdev()));
    if pty {
        (LinkKind::Pty, Physicality::NotPhysical)
    } else {
        (LinkKind::Serial, Physicality::Physical)
    }
}
