//! What a client asks.

use super::rtu::seal;

/// Most coils or discrete inputs in one read.
pub const MOST_BITS_READ: u16 = 2000;
/// Most registers in one read.
pub const MOST_REGISTERS_READ: u16 = 125;
/// Most coils in one write.
pub const MOST_BITS_WRITTEN: u16 = 1968;
/// Most registers in one write.
pub const MOST_REGISTERS_WRITTEN: u16 = 123;

/// Which of the four tables of a server is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the standard's own words")]
pub enum Table {
    Coils,
    DiscreteInputs,
    HoldingRegisters,
    InputRegisters,
}

impl Table {
    /// Function code: 01, 02, 03, 04.
    pub const fn function(self) -> u8 {
        match self {
            Table::Coils => 0x01,
            Table::DiscreteInputs => 0x02,
            Table::HoldingRegisters => 0x03,
            Table::InputRegisters => 0x04,
        }
    }

    /// The table that a function code reads.
    pub const fn of_function(function: u8) -> Option<Table> {
        match function {
            0x01 => Some(Table::Coils),
            0x02 => Some(Table::DiscreteInputs),
            0x03 => Some(Table::HoldingRegisters),
            0x04 => Some(Table::InputRegisters),
            _ => None,
        }
    }

    /// Whether its entries are single bits.
    pub const fn is_bits(self) -> bool {
        matches!(self, Table::Coils | Table::DiscreteInputs)
    }

    const fn most(self) -> u16 {
        if self.is_bits() {
            MOST_BITS_READ
        } else {
            MOST_REGISTERS_READ
        }
    }
}

/// A request, without the unit it goes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Request {
    /// Functions 01 to 04.
    Read {
        /// Where from.
        table: Table,
        /// First entry.
        start: u16,
        /// How many: at least 1, at most what the standard says for the table.
        count: u16,
    },
    /// Function 05.
    WriteCoil {
        /// Which coil.
        address: u16,
        /// What to make it.
        on: bool,
    },
    /// Function 06.
    WriteRegister {
        /// Which register.
        address: u16,
        /// What to put there.
        value: u16,
    },
    /// Function 0F: 1..=1968 coils.
    WriteCoils {
        /// First coil.
        start: u16,
        /// What to make them.
        values: Vec<bool>,
    },
    /// Function 10: 1..=123 registers.
    WriteRegisters {
        /// First register.
        start: u16,
        /// What to put there.
        values: Vec<u16>,
    },
}

/// More entries than one request may name, or none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{count} entries in one request; 1 to {limit} are allowed")]
pub struct OutOfRange {
    /// How many there were.
    pub count: usize,
    /// How many there may be.
    pub limit: u16,
}

impl Request {
    /// The function code.
    pub const fn function(&self) -> u8 {
        match self {
            Request::Read { table, .. } => table.function(),
            Request::WriteCoil { .. } => 0x05,
            Request::WriteRegister { .. } => 0x06,
            Request::WriteCoils { .. } => 0x0F,
            Request::WriteRegisters { .. } => 0x10,
        }
    }

    /// The frame for `unit`. Unit 0 is the broadcast, which nobody answers.
    pub fn encode(&self, unit: u8) -> Result<Vec<u8>, OutOfRange> {
        let (count, limit) = self.extent();
        if count == 0 || count > usize::from(limit) {
            return Err(OutOfRange { count, limit });
        }
        let mut frame = vec![unit, self.function()];
        frame.extend(self.head());
        match self {
            Request::WriteCoils { values, .. } => push_counted(&mut frame, &pack(values)),
            Request::WriteRegisters { values, .. } => {
                let bytes: Vec<u8> = values
                    .iter()
                    .flat_map(|value| value.to_be_bytes())
                    .collect();
                push_counted(&mut frame, &bytes);
            }
            _ => (),
        }
        Ok(seal(frame))
    }

    /// The four bytes after the function code; the answer to a write repeats them.
    pub(super) fn head(&self) -> [u8; 4] {
        let count = |n: usize| u16::try_from(n).unwrap_or(u16::MAX);
        let (first, second) = match self {
            Request::Read { start, count, .. } => (*start, *count),
            Request::WriteCoil { address, on } => (*address, if *on { 0xFF00 } else { 0 }),
            Request::WriteRegister { address, value } => (*address, *value),
            Request::WriteCoils { start, values } => (*start, count(values.len())),
            Request::WriteRegisters { start, values } => (*start, count(values.len())),
        };
        let ([a, b], [c, d]) = (first.to_be_bytes(), second.to_be_bytes());
        [a, b, c, d]
    }

    fn extent(&self) -> (usize, u16) {
        match self {
            Request::Read { table, count, .. } => (usize::from(*count), table.most()),
            Request::WriteCoil { .. } | Request::WriteRegister { .. } => (1, 1),
            Request::WriteCoils { values, .. } => (values.len(), MOST_BITS_WRITTEN),
            Request::WriteRegisters { values, .. } => (values.len(), MOST_REGISTERS_WRITTEN),
        }
    }
}

/// Bits as bytes, the first bit lowest, the last byte filled with zeros.
pub(super) fn pack(bits: &[bool]) -> Vec<u8> {
    let byte = |bits: &[bool]| {
        bits.iter()
            .rev()
            .fold(0, |byte, bit| byte << 1 | u8::from(*bit))
    };
    bits.chunks(8).map(byte).collect()
}

/// The first `count` bits of bytes.
pub(super) fn unpack(bytes: &[u8], count: usize) -> Vec<bool> {
    let bits = bytes
        .iter()
        .flat_map(|byte| (0..8).map(move |bit| byte >> bit & 1 == 1));
    bits.take(count).collect()
}

/// Words of two bytes, high byte first.
pub(super) fn words(bytes: &[u8]) -> Vec<u16> {
    bytes
        .chunks_exact(2)
        .map(|pair| u16::from_be_bytes([pair[0], pair[1]]))
        .collect()
}

/// A byte count and the bytes; callers have checked that they are at most 250.
pub(super) fn push_counted(frame: &mut Vec<u8>, bytes: &[u8]) {
    frame.push(u8::try_from(bytes.len()).unwrap_or(u8::MAX));
    frame.extend(bytes);
}
