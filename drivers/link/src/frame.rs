//! A CAN frame as a value that cannot be malformed.

use std::fmt;
use std::str::FromStr;

/// Payload lengths by data length code (ISO 11898-1; up to 8 for classic CAN).
const LENGTHS: [u8; 16] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 12, 16, 20, 24, 32, 48, 64];

/// The flag of an error frame in an identifier word (linux/can.h, `CAN_ERR_FLAG`).
const ERROR_FLAG: u32 = 0x2000_0000;
const ERROR_MASK: u32 = 0x1FFF_FFFF;
const STANDARD_MAX: u32 = 0x7FF;
const EXTENDED_MAX: u32 = 0x1FFF_FFFF;

/// A classic CAN or CAN FD frame. Prints and parses in the notation of can-utils:
/// `123#DEADBEEF`, `00000123#R`, `123##1AABB`.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct CanFrame {
    id: u32,
    extended: bool,
    rtr: bool,
    fd: bool,
    brs: bool,
    error: bool,
    /// Of the payload; of the request in a remote frame.
    len: u8,
    data: [u8; 64],
}

/// Why something is not a CAN frame.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum BadFrame {
    /// The identifier has more than 11 (standard) or 29 (extended) bits.
    #[error("identifier {0:X} does not fit in {1} bits")]
    Id(u32, u8),
    /// No frame of this kind has this length.
    #[error("no {1} frame has {0} bytes")]
    Length(usize, &'static str),
    /// Text that is not in the notation of can-utils.
    #[error("`{0}` is not a CAN frame such as 123#DEADBEEF")]
    Text(String),
}

impl CanFrame {
    /// A classic data frame with an 11-bit identifier and up to 8 bytes.
    ///
    /// # Errors
    /// [`BadFrame`] when the identifier or the data do not fit.
    pub fn standard(id: u32, data: &[u8]) -> Result<CanFrame, BadFrame> {
        CanFrame::build(id, false, data, 8, "classic CAN")
    }

    /// A classic data frame with a 29-bit identifier and up to 8 bytes.
    ///
    /// # Errors
    /// [`BadFrame`] when the identifier or the data do not fit.
    pub fn extended(id: u32, data: &[u8]) -> Result<CanFrame, BadFrame> {
        CanFrame::build(id, true, data, 8, "classic CAN")
    }

    /// A classic data frame with either kind of identifier.
    ///
    /// # Errors
    /// [`BadFrame`] when the identifier or the data do not fit.
    pub fn classic(id: u32, extended: bool, data: &[u8]) -> Result<CanFrame, BadFrame> {
        CanFrame::build(id, extended, data, 8, "classic CAN")
    }

    /// A remote frame: a request for `len` bytes.
    ///
    /// # Errors
    /// [`BadFrame`] when the identifier does not fit or `len` is more than 8.
    pub fn remote(id: u32, extended: bool, len: usize) -> Result<CanFrame, BadFrame> {
        let empty = CanFrame::build(id, extended, &[], 8, "remote")?;
        match u8::try_from(len) {
            Ok(len @ ..=8) => Ok(CanFrame {
                rtr: true,
                len,
                ..empty
            }),
            _ => Err(BadFrame::Length(len, "remote")),
        }
    }

    /// A CAN FD frame of 0 to 8, 12, 16, 20, 24, 32, 48 or 64 bytes; `brs`: the data phase is faster.
    ///
    /// # Errors
    /// [`BadFrame`] when the identifier does not fit or no FD frame has that length.
    pub fn fd(id: u32, extended: bool, brs: bool, data: &[u8]) -> Result<CanFrame, BadFrame> {
        let frame = CanFrame::build(id, extended, data, 64, "CAN FD")?;
        Ok(CanFrame {
            fd: true,
            brs,
            ..frame
        })
    }

    /// An error frame of the controller: class bits and eight bytes as in linux/can/error.h.
    ///
    /// # Errors
    /// [`BadFrame`] when the class or the data do not fit.
    pub fn error(class: u32, data: &[u8]) -> Result<CanFrame, BadFrame> {
        let frame = CanFrame::build(class & ERROR_MASK, true, data, 8, "error")?;
        Ok(CanFrame {
            extended: false,
            error: true,
            ..frame
        })
    }

    fn build(
        id: u32,
        extended: bool,
        data: &[u8],
        most: usize,
        kind: &'static str,
    ) -> Result<CanFrame, BadFrame> {
        let (max, bits) = if extended {
            (EXTENDED_MAX, 29)
        } else {
            (STANDARD_MAX, 11)
        };
        if id > max {
            return Err(BadFrame::Id(id, bits));
        }
        let mut room = [0; 64];
        let len = u8::try_from(data.len())
            .ok()
            .filter(|n| data.len() <= most && LENGTHS.contains(n));
        match (len, room.get_mut(..data.len())) {
            (Some(len), Some(to)) => {
                to.copy_from_slice(data);
                Ok(CanFrame {
                    id,
                    extended,
                    rtr: false,
                    fd: false,
                    brs: false,
                    error: false,
                    len,
                    data: room,
                })
            }
            _ => Err(BadFrame::Length(data.len(), kind)),
        }
    }

    /// The identifier, without flags; for an error frame its class bits.
    pub fn id(&self) -> u32 {
        self.id
    }

    /// Whether the identifier has 29 bits.
    pub fn is_extended(&self) -> bool {
        self.extended
    }

    /// Whether this is a remote frame, which asks for data and carries none.
    pub fn is_remote(&self) -> bool {
        self.rtr
    }

    /// Whether this is a CAN FD frame.
    pub fn is_fd(&self) -> bool {
        self.fd
    }

    /// Whether the data phase of an FD frame is faster.
    pub fn is_brs(&self) -> bool {
        self.brs
    }

    /// Whether the controller made this to report an error.
    pub fn is_error(&self) -> bool {
        self.error
    }

    /// The payload; empty for a remote frame.
    pub fn data(&self) -> &[u8] {
        let len = if self.rtr { 0 } else { usize::from(self.len) };
        self.data.get(..len).unwrap_or_default()
    }

    /// The length of the payload in bytes; for a remote frame the length asked for.
    pub fn len(&self) -> usize {
        usize::from(self.len)
    }

    /// Whether the length is zero.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The data length code, 0 to 15.
    pub fn dlc(&self) -> u8 {
        LENGTHS
            .iter()
            .position(|&n| n == self.len)
            .map_or(0, |at| at as u8)
    }

    /// The length that a data length code stands for: up to 64 in CAN FD, up to 8 in classic
    /// CAN (where 9 to 15 mean 8). `None` above 15.
    pub fn length_of(dlc: u8, fd: bool) -> Option<usize> {
        let len = usize::from(*LENGTHS.get(usize::from(dlc))?);
        Some(if fd { len } else { len.min(8) })
    }

    /// An upper bound for the time on the wire in bits: header, payload, checksum,
    /// acknowledgement, interframe space and the worst stuffing.
    pub fn wire_bits(&self) -> u64 {
        let header = if self.extended { 67 } else { 47 };
        let bits = header + 8 * self.data().len() as u64;
        bits + bits / 4
    }
}

/// The notation of can-utils.
impl fmt::Display for CanFrame {
    /// Digit by digit from a table: a recording of a full bus does this more often than anything else.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = Hex::default();
        let id = if self.error {
            self.id | ERROR_FLAG
        } else {
            self.id
        };
        let digits = if self.error || self.extended { 8 } else { 3 };
        (0..digits)
            .rev()
            .for_each(|at| text.digit((id >> (4 * at)) as u8));
        text.push(b'#');
        match (self.rtr, self.fd) {
            (true, _) => text.push(b'R'),
            (_, true) => text.push(b'#'),
            _ => {}
        }
        if self.rtr && self.len != 0 {
            text.digit(self.len);
        } else if self.fd && !self.rtr {
            text.digit(u8::from(self.brs));
        }
        for byte in self.data() {
            text.digit(byte >> 4);
            text.digit(*byte);
        }
        f.write_str(text.as_str())
    }
}

/// The longest frame is a CAN FD frame of 64 bytes with an extended identifier.
#[derive(Debug)]
struct Hex {
    text: [u8; 8 + 3 + 128],
    len: usize,
}

impl Default for Hex {
    fn default() -> Hex {
        Hex {
            text: [b'0'; 139],
            len: 0,
        }
    }
}

impl Hex {
    fn push(&mut self, byte: u8) {
        if let Some(place) = self.text.get_mut(self.len) {
            *place = byte;
            self.len += 1;
        }
    }

    /// The low four bits.
    fn digit(&mut self, four: u8) {
        const DIGITS: [u8; 16] = *b"0123456789ABCDEF";
        self.push(DIGITS[usize::from(four & 0xF)]);
    }

    fn as_str(&self) -> &str {
        let written = self.text.get(..self.len).unwrap_or_default();
        std::str::from_utf8(written).unwrap_or_default() // digits and signs only
    }
}

impl fmt::Debug for CanFrame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl FromStr for CanFrame {
    type Err = BadFrame;

    fn from_str(text: &str) -> Result<CanFrame, BadFrame> {
        let bad = || BadFrame::Text(text.chars().take(160).collect());
        let (id, rest) = text.split_once('#').ok_or_else(bad)?;
        let extended = match id.len() {
            3 => false,
            8 => true,
            _ => return Err(bad()),
        };
        let id = hex_number(id).ok_or_else(bad)?;
        if let Some(len) = rest.strip_prefix('R') {
            let len = if len.is_empty() {
                0
            } else {
                hex_number(len).ok_or_else(bad)?
            };
            return CanFrame::remote(id, extended, len as usize);
        }
        if let Some(rest) = rest.strip_prefix('#') {
            let (flags, data) = rest.split_at_checked(1).ok_or_else(bad)?;
            let flags = hex_number(flags).ok_or_else(bad)?;
            return CanFrame::fd(
                id,
                extended,
                flags & 1 != 0,
                &hex_bytes(data).ok_or_else(bad)?,
            );
        }
        let data = hex_bytes(rest).ok_or_else(bad)?;
        if extended && id & ERROR_FLAG != 0 {
            CanFrame::error(id & ERROR_MASK, &data)
        } else {
            CanFrame::classic(id, extended, &data)
        }
    }
}

/// A number in hexadecimal digits and nothing else.
pub(crate) fn hex_number(text: &str) -> Option<u32> {
    text.bytes()
        .all(|b| b.is_ascii_hexdigit())
        .then(|| u32::from_str_radix(text, 16).ok())
        .flatten()
}

fn hex_bytes(text: &str) -> Option<Vec<u8>> {
    let digits = text.as_bytes();
    if !digits.len().is_multiple_of(2) {
        return None;
    }
    digits
        .chunks(2)
        .map(|pair| {
            std::str::from_utf8(pair)
                .ok()
                .and_then(hex_number)
                .map(|n| n as u8)
        })
        .collect()
}
