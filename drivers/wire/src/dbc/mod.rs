//! DBC: what the bits of CAN frames mean, as a maker's database file says it (Vector's DBC format).
//!
//! [`Database::read`] takes a file's text and keeps of it what decoding needs: messages, signals, types
//! of floats. A frame's data then gives a [`Raw`] value of a signal, and [`Signal::physical`] scales it
//! as the file says. What cannot be decoded rightly (a signal under two multiplexors) is refused when it
//! is asked for by name, and never guessed.

mod bits;
mod read;
#[cfg(test)]
mod tests;

/// Why a file is no database: where, and what.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {what}")]
pub struct BadDatabase {
    /// Line, from 1.
    pub line: usize,
    /// What is wrong there.
    pub what: String,
}

/// Why a name of the bench is no signal that can be decoded.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoSignal {
    /// Not in the form `Message.Signal`.
    #[error("`{0}` is not in the form `Message.Signal`")]
    Form(String),
    /// The file has no such message.
    #[error("the database has no message `{0}`")]
    Message(String),
    /// The message has no such signal.
    #[error("the message `{0}` has no signal `{1}`; it has {2}")]
    Signal(String, String, String),
    /// The file has it more than once.
    #[error("`{0}` is in the database more than once")]
    Twice(String),
    /// It needs what is not built.
    #[error("`{0}` {1}: this cannot be decoded")]
    Unsupported(String, &'static str),
}

/// Why a frame has no value of a signal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the frame has {has} bytes, and the signal needs {needs}")]
pub struct TooShort {
    /// Bytes of the frame.
    pub has: usize,
    /// Bytes that the signal reaches into.
    pub needs: usize,
}

/// Why a value cannot be written into a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotSent {
    /// The frame ends before the signal does.
    #[error(transparent)]
    Short(#[from] TooShort),
    /// More bits than the signal has.
    #[error("{raw} does not fit into the {bits} bits of the signal")]
    TooLarge {
        /// The value.
        raw: u64,
        /// Bits of the signal.
        bits: u16,
    },
    /// Signed, floating or multiplexed.
    #[error("only an unsigned signal that stands in every frame of its message can be sent")]
    Kind,
}

/// Messages of a file, in its order.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Database {
    /// Every message that goes over a bus.
    pub messages: Vec<Message>,
}

/// One message: an identifier and its signals.
#[derive(Debug, Clone, PartialEq)]
pub struct Message {
    /// Identifier, without flags.
    pub id: u32,
    /// Whether the identifier has 29 bits.
    pub extended: bool,
    /// Name.
    pub name: String,
    /// Payload in bytes; more than 8 is CAN FD.
    pub len: usize,
    /// Signals, in the file's order.
    pub signals: Vec<Signal>,
    /// Why it is multiplexed in a way that is not decoded, if it is.
    unsupported: Option<&'static str>,
}

/// One signal: which bits, and what they mean.
#[derive(Debug, Clone, PartialEq)]
pub struct Signal {
    /// Name.
    pub name: String,
    /// Number of the first bit as the file has it: the least significant one of a little-endian
    /// signal, the most significant one of a big-endian signal.
    pub start: u16,
    /// Bits, 1 to 64.
    pub bits: u16,
    /// Byte order: Intel (`@1`) is little-endian, Motorola (`@0`) is not.
    pub little_endian: bool,
    /// How the bits are read.
    pub kind: Kind,
    /// Physical = raw × factor + offset.
    pub factor: f64,
    /// See [`Signal::factor`].
    pub offset: f64,
    /// Least and most physical value; `None` where the file has `[0|0]` or none that bound anything.
    pub range: Option<[f64; 2]>,
    /// The unit as the file spells it: for people, it follows no rule.
    pub unit: String,
    /// When it is in a frame.
    pub when: When,
}

/// How bits are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// An unsigned whole number.
    Unsigned,
    /// A whole number in two's complement.
    Signed,
    /// An IEEE 754 number of 32 bits.
    Float32,
    /// An IEEE 754 number of 64 bits.
    Float64,
}

/// When a signal is in a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// Always.
    Always,
    /// Always; its value says which others are.
    Selector,
    /// While the selector has this value.
    Selected(u64),
}

/// The value of a signal, not scaled.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Raw {
    /// Of [`Kind::Unsigned`].
    Unsigned(u64),
    /// Of [`Kind::Signed`].
    Signed(i64),
    /// Of [`Kind::Float32`] or [`Kind::Float64`].
    Float(f64),
}

impl Database {
    /// A message and a signal of it, by `Message.Signal`.
    ///
    /// # Errors
    /// [`NoSignal`]: not there, there twice, or one that cannot be decoded.
    pub fn signal(&self, name: &str) -> Result<(&Message, &Signal), NoSignal> {
        let form = || NoSignal::Form(name.to_owned());
        let (message, signal) = name.trim().split_once('.').ok_or_else(form)?;
        let mut messages = self.messages.iter().filter(|m| m.name == message);
        let found = messages.next();
        let found = found.ok_or_else(|| NoSignal::Message(message.to_owned()))?;
        if messages.next().is_some() {
            return Err(NoSignal::Twice(message.to_owned()));
        }
        let mut signals = found.signals.iter().filter(|s| s.name == signal);
        let Some(one) = signals.next() else {
            let names: Vec<&str> = found.signals.iter().map(|s| s.name.as_str()).collect();
            let names = names.join(", ");
            return Err(NoSignal::Signal(message.into(), signal.into(), names));
        };
        if signals.next().is_some() {
            return Err(NoSignal::Twice(name.to_owned()));
        }
        match found.unsupported {
            Some(why) if one.when != When::Always => {
                Err(NoSignal::Unsupported(name.to_owned(), why))
            }
            _ => Ok((found, one)),
        }
    }
}

impl Message {
    /// The value of a signal of this message in a frame's data; `None` while the selector says that it
    /// is not in this frame.
    ///
    /// # Errors
    /// [`TooShort`]: the frame ends before the signal does.
    pub fn decode(&self, signal: &Signal, data: &[u8]) -> Result<Option<Raw>, TooShort> {
        if let When::Selected(value) = signal.when {
            let selector = self.signals.iter().find(|s| s.when == When::Selector);
            let selected = selector.map(|selector| bits::word(selector, data));
            if selected.transpose()? != Some(value) {
                return Ok(None);
            }
        }
        bits::raw(signal, data).map(Some)
    }
}

impl Signal {
    /// Writes a raw value, not scaled, into a frame's data; the bits of other signals stay.
    ///
    /// # Errors
    /// [`NotSent`]: the frame is too short, the value needs more bits, or the signal is none that
    /// stands in every frame as an unsigned number.
    pub fn encode(&self, raw: u64, data: &mut [u8]) -> Result<(), NotSent> {
        if self.kind != Kind::Unsigned || self.when != When::Always {
            return Err(NotSent::Kind);
        }
        let bits = self.bits;
        if bits < 64 && raw >> bits != 0 {
            return Err(NotSent::TooLarge { raw, bits });
        }
        bits::put(self, raw, data).map_err(NotSent::Short)
    }

    /// The physical value, in the unit of the file: raw × factor + offset.
    pub fn physical(&self, raw: Raw) -> f64 {
        let raw = match raw {
            Raw::Unsigned(n) => n as f64,
            Raw::Signed(n) => n as f64,
            Raw::Float(n) => n,
        };
        raw * self.factor + self.offset
    }

    /// Whether a physical value is within what the file says that the signal can have. A rounding
    /// beyond an end is within.
    pub fn in_range(&self, physical: f64) -> bool {
        let Some([least, most]) = self.range else {
            return true;
        };
        let slack = self.factor.abs() * 0.5;
        (least - slack..=most + slack).contains(&physical)
    }
}
