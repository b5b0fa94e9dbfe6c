//! The object dictionary of a node (CiA 301 V4.2, CiA 401, CiA 402): what is stored, of which type, and who
//! may write it.

use std::collections::BTreeMap;
use std::time::Duration;

use certbench_wire::canopen::NodeId;
use certbench_wire::canopen::sdo::{Abort, Dictionary};

/// Type of an object; integers are little-endian.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    U8,
    U16,
    U32,
    I8,
    I16,
    I32,
    Text,
}

impl Kind {
    fn bytes(self) -> Option<usize> {
        match self {
            Kind::U8 | Kind::I8 => Some(1),
            Kind::U16 | Kind::I16 => Some(2),
            Kind::U32 | Kind::I32 => Some(4),
            Kind::Text => None,
        }
    }

    fn number(self, data: &[u8]) -> i64 {
        let mut wide = [0; 8];
        wide.iter_mut().zip(data).for_each(|(to, from)| *to = *from);
        let unsigned = i64::from_le_bytes(wide);
        match self {
            Kind::I8 => i64::from(unsigned as i8),
            Kind::I16 => i64::from(unsigned as i16),
            Kind::I32 => i64::from(unsigned as i32),
            _ => unsigned,
        }
    }
}

#[derive(Clone, Debug)]
struct Entry {
    kind: Kind,
    writable: bool,
    mappable: bool,
    range: (i64, i64),
    value: Vec<u8>,
}

/// A dictionary of stored values, and what was written to it since somebody asked.
#[derive(Clone, Debug, Default)]
pub(crate) struct Objects {
    entries: BTreeMap<(u16, u8), Entry>,
    pub(crate) written: Vec<(u16, u8)>,
}

impl Objects {
    /// How often a heartbeat is sent (1017h), if at all.
    pub(crate) fn heartbeat_period(&self) -> Option<Duration> {
        let ms = self.get(0x1017, 0);
        (ms > 0).then(|| Duration::from_millis(ms as u64))
    }

    /// Whose heartbeat is watched (1016h), and how long it may be silent.
    pub(crate) fn heartbeat_consumer(&self) -> Option<(NodeId, Duration)> {
        let word = self.get(0x1016, 1);
        let node = NodeId::new((word >> 16 & 0x7F) as u8)?;
        let ms = word & 0xFFFF;
        (ms > 0).then(|| (node, Duration::from_millis(ms as u64)))
    }

    pub(crate) fn read_only(&mut self, index: u16, sub: u8, kind: Kind, value: i64) {
        self.add(index, sub, kind, value, false, (i64::MIN, i64::MAX));
    }

    pub(crate) fn writable(&mut self, index: u16, sub: u8, kind: Kind, value: i64) {
        self.add(index, sub, kind, value, true, (i64::MIN, i64::MAX));
    }

    /// Values outside `range` are refused.
    pub(crate) fn ranged(
        &mut self,
        index: u16,
        sub: u8,
        kind: Kind,
        value: i64,
        range: (i64, i64),
    ) {
        self.add(index, sub, kind, value, true, range);
    }

    pub(crate) fn text(&mut self, index: u16, text: &str) {
        let value = text.as_bytes().to_vec();
        let entry = Entry {
            kind: Kind::Text,
            writable: false,
            mappable: false,
            range: (0, 0),
            value,
        };
        self.entries.insert((index, 0), entry);
    }

    /// Bytes of any length that anybody may write.
    pub(crate) fn domain(&mut self, index: u16, bytes: &[u8]) {
        let entry = Entry {
            kind: Kind::Text,
            writable: true,
            mappable: false,
            range: (i64::MIN, i64::MAX),
            value: bytes.to_vec(),
        };
        self.entries.insert((index, 0), entry);
    }

    fn add(
        &mut self,
        index: u16,
        sub: u8,
        kind: Kind,
        value: i64,
        writable: bool,
        range: (i64, i64),
    ) {
        let mappable = index >= 0x6000 || index == 0x1001;
        let value = low_bytes(value, kind);
        self.entries.insert(
            (index, sub),
            Entry {
                kind,
                writable,
                mappable,
                range,
                value,
            },
        );
    }

    /// The number at a place; 0 when there is none.
    pub(crate) fn get(&self, index: u16, sub: u8) -> i64 {
        self.entries
            .get(&(index, sub))
            .map_or(0, |entry| entry.kind.number(&entry.value))
    }

    /// Puts a number where the node itself keeps it; too large a one is cut to the type's limits.
    pub(crate) fn set(&mut self, index: u16, sub: u8, number: i64) {
        if let Some(entry) = self.entries.get_mut(&(index, sub)) {
            let (least, most) = match entry.kind {
                Kind::I16 => (i64::from(i16::MIN), i64::from(i16::MAX)),
                Kind::I32 => (i64::from(i32::MIN), i64::from(i32::MAX)),
                _ => (i64::MIN, i64::MAX),
            };
            entry.value = low_bytes(number.clamp(least, most), entry.kind);
        }
    }

    /// The bytes of an object of this length, for a PDO.
    pub(crate) fn bytes(&self, index: u16, sub: u8) -> &[u8] {
        self.entries
            .get(&(index, sub))
            .map_or(&[], |entry| &entry.value)
    }

    /// How many bits a PDO may carry of it; `None` when it may not.
    pub(crate) fn mappable_bits(&self, index: u16, sub: u8, received: bool) -> Option<u8> {
        let entry = self.entries.get(&(index, sub))?;
        let bits = 8 * entry.kind.bytes()?;
        (entry.mappable && (entry.writable || !received)).then_some(bits as u8)
    }

    fn find(&mut self, index: u16, sub: u8) -> Result<&mut Entry, Abort> {
        let has_index = self
            .entries
            .range((index, 0)..=(index, u8::MAX))
            .next()
            .is_some();
        let missing = if has_index {
            Abort::NO_SUB_INDEX
        } else {
            Abort::NO_OBJECT
        };
        self.entries.get_mut(&(index, sub)).ok_or(missing)
    }
}

fn low_bytes(number: i64, kind: Kind) -> Vec<u8> {
    number
        .to_le_bytes()
        .into_iter()
        .take(kind.bytes().unwrap_or(0))
        .collect()
}

impl Dictionary for Objects {
    fn read(&mut self, index: u16, sub: u8) -> Result<Vec<u8>, Abort> {
        self.find(index, sub).map(|entry| entry.value.clone())
    }

    fn write(&mut self, index: u16, sub: u8, data: &[u8]) -> Result<(), Abort> {
        super::pdo::check_write(self, index, sub, data)?;
        let entry = self.find(index, sub)?;
        if !entry.writable {
            return Err(Abort::READ_ONLY);
        }
        match entry.kind.bytes() {
            Some(bytes) if data.len() > bytes => return Err(Abort::TOO_LONG),
            Some(bytes) if data.len() < bytes => return Err(Abort::TOO_SHORT),
            _ => {}
        }
        let number = entry.kind.number(data);
        if number < entry.range.0 || number > entry.range.1 {
            return Err(Abort::VALUE_RANGE);
        }
        entry.value = data.to_vec();
        self.written.push((index, sub));
        Ok(())
    }
}
