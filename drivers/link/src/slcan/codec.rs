//! Bytes to lines and frames to bytes.

use crate::CanFrame;
use crate::frame::hex_number;

/// The longest line that means anything: `D`, eight digits, a length, 64 bytes, a time stamp.
const LONGEST: usize = 1 + 8 + 1 + 128 + 4;

/// What a line says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Line {
    /// A frame; from an adapter that was told so, with its time in milliseconds of a minute.
    Frame {
        /// The frame.
        frame: CanFrame,
        /// 0 to 59,999 ms; wraps.
        device_ms: Option<u16>,
    },
    /// Nothing but CR: done (from an adapter), or an empty command (to one).
    Done,
    /// `z` or `Z`: a frame was put on the bus.
    Sent,
    /// BEL: refused.
    Bell,
    /// Anything else: a command, a version, noise. Without its end, at most 142 bytes.
    Other(Vec<u8>),
}

/// Puts lines together, byte by byte, whatever comes.
#[derive(Clone, Default, Debug)]
pub struct Lines {
    partial: Vec<u8>,
    too_long: bool,
}

impl Lines {
    /// Whether no line is under way.
    pub fn is_between(&self) -> bool {
        self.partial.is_empty() && !self.too_long
    }

    /// Takes one byte; the line if it ended one. BEL ends one as well: what was under way is noise.
    pub fn push(&mut self, byte: u8) -> Option<Line> {
        match byte {
            b'\r' => {
                let noise = std::mem::take(&mut self.too_long);
                let line = std::mem::take(&mut self.partial);
                Some(if noise {
                    Line::Other(line)
                } else {
                    understand(line)
                })
            }
            0x07 => {
                *self = Lines::default();
                Some(Line::Bell)
            }
            b'\n' => None, // some adapters end lines with CR LF
            _ if self.partial.len() < LONGEST => {
                self.partial.push(byte);
                None
            }
            _ => {
                self.too_long = true;
                None
            }
        }
    }
}

fn understand(line: Vec<u8>) -> Line {
    match line.as_slice() {
        b"" => Line::Done,
        b"z" | b"Z" => Line::Sent,
        _ => match frame(&line) {
            Some((frame, device_ms)) => Line::Frame { frame, device_ms },
            None => Line::Other(line),
        },
    }
}

/// `t1232AABB`: kind, identifier of 3 or 8 digits, data length code, data, perhaps a time.
fn frame(line: &[u8]) -> Option<(CanFrame, Option<u16>)> {
    let line = std::str::from_utf8(line).ok()?;
    let (kind, rest) = line.split_at_checked(1)?;
    let kind = *kind.as_bytes().first()?;
    let extended = kind.is_ascii_uppercase();
    let (id, rest) = rest.split_at_checked(if extended { 8 } else { 3 })?;
    let (dlc, rest) = rest.split_at_checked(1)?;
    let (id, dlc) = (hex_number(id)?, hex_number(dlc)? as u8);
    let (fd, remote) = match kind.to_ascii_lowercase() {
        b't' => (false, false),
        b'r' => (false, true),
        b'd' | b'b' => (true, false),
        _ => return None,
    };
    if !fd && dlc > 8 {
        return None;
    }
    let len = CanFrame::length_of(dlc, fd)?;
    let (digits, time) = rest.split_at_checked(if remote { 0 } else { 2 * len })?;
    let data = digits.as_bytes().chunks(2).map(|pair| {
        let digits = std::str::from_utf8(pair).ok()?;
        hex_number(digits).map(|byte| byte as u8)
    });
    let data = data.collect::<Option<Vec<u8>>>()?;
    let device_ms = match time.len() {
        0 => None,
        4 => Some(hex_number(time)? as u16),
        _ => return None,
    };
    let frame = match kind.to_ascii_lowercase() {
        b'r' => CanFrame::remote(id, extended, len),
        b't' => CanFrame::classic(id, extended, &data),
        kind => CanFrame::fd(id, extended, kind == b'b', &data),
    };
    frame.ok().map(|frame| (frame, device_ms))
}

/// The line of a frame, with its end. `None` for an error frame, which cannot be sent.
pub fn encode(frame: &CanFrame) -> Option<Vec<u8>> {
    encode_stamped(frame, None)
}

/// The line of a frame as an adapter with time stamps on sends it.
pub fn encode_stamped(frame: &CanFrame, device_ms: Option<u16>) -> Option<Vec<u8>> {
    if frame.is_error() {
        return None;
    }
    let kind = match (frame.is_remote(), frame.is_fd(), frame.is_brs()) {
        (true, ..) => 'r',
        (_, true, true) => 'b',
        (_, true, false) => 'd',
        _ => 't',
    };
    let mut line = if frame.is_extended() {
        format!(
            "{}{:08X}{:X}",
            kind.to_ascii_uppercase(),
            frame.id(),
            frame.dlc()
        )
    } else {
        format!("{kind}{:03X}{:X}", frame.id(), frame.dlc())
    };
    for byte in frame.data() {
        line.push_str(&format!("{byte:02X}"));
    }
    if let Some(ms) = device_ms {
        line.push_str(&format!("{ms:04X}"));
    }
    line.push('\r');
    Some(line.into_bytes())
}
