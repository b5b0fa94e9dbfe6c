//! Electronic data sheets and device configuration files (CiA 306-1): what a maker's file says of a node's
//! object dictionary.
//!
//! The form is that of Windows' ini files: sections in brackets, `key=value`, comments after `;` at the
//! beginning of a line. Objects that the file names and this reader needs nothing of are kept all the same;
//! keys that it does not know are passed over. Numbers are decimal, `0x` hexadecimal, or octal with a
//! leading zero; `$NODEID+0x180` is resolved when the node is known.

mod content;
mod ini;

use std::collections::BTreeMap;

use super::cob::NodeId;
use super::pdo::Mapping;
pub use content::{Configured, Content, Setting};
use ini::{Key, Section};

/// What is wrong with a file, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {what}")]
pub struct BadEds {
    /// From 1.
    pub line: usize,
    /// What.
    pub what: String,
}

impl BadEds {
    fn at(line: usize, what: impl Into<String>) -> BadEds {
        BadEds {
            line,
            what: what.into(),
        }
    }
}

/// Type of an entry (CiA 301, object 0001h to 001Bh), as far as values are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DataType {
    /// One byte: 0 or 1.
    Boolean,
    /// Little-endian two's complement of so many bytes.
    Integer(u8),
    /// Little-endian, so many bytes.
    Unsigned(u8),
    /// Text, bytes, a domain, a number with a point, a time.
    Other(u16),
}

impl DataType {
    fn of(code: u16) -> DataType {
        use DataType::{Boolean, Integer, Other, Unsigned};
        match code {
            0x01 => Boolean,
            0x02 => Integer(1),
            0x03 => Integer(2),
            0x10 => Integer(3),
            0x04 => Integer(4),
            0x15 => Integer(8),
            0x05 => Unsigned(1),
            0x06 => Unsigned(2),
            0x16 => Unsigned(3),
            0x07 => Unsigned(4),
            0x1B => Unsigned(8),
            code => Other(code),
        }
    }

    /// Bytes of a value; `None` where that is not fixed or not read here.
    pub fn bytes(self) -> Option<u8> {
        match self {
            DataType::Boolean => Some(1),
            DataType::Integer(bytes) | DataType::Unsigned(bytes) => Some(bytes),
            DataType::Other(_) => None,
        }
    }
}

/// A number as the file has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Value {
    number: i64,
    plus_node: bool,
}

impl Value {
    /// The number of this node.
    pub fn of(self, node: NodeId) -> i64 {
        let own = if self.plus_node { node.number() } else { 0 };
        self.number.saturating_add(i64::from(own))
    }
}

/// What a tool must not do with an object (`ObjFlags`, CiA 306-1).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Flags {
    /// Bit 0: not written when a configuration is downloaded.
    pub no_download: bool,
    /// Bit 1: not read when a node is scanned.
    pub no_scan: bool,
}

impl Flags {
    fn of(section: &Section) -> Result<Flags, BadEds> {
        let bits: u32 = section.narrow("objflags")?.unwrap_or_default();
        Ok(Flags {
            no_download: bits & 1 != 0,
            no_scan: bits & 2 != 0,
        })
    }

    fn or(self, other: Flags) -> Flags {
        Flags {
            no_download: self.no_download || other.no_download,
            no_scan: self.no_scan || other.no_scan,
        }
    }
}

/// What the file says of an object or a part of one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its name.
    pub name: String,
    /// Its type.
    pub kind: DataType,
    /// Whether it may be written.
    pub writable: bool,
    /// Whether it may be mapped into process data.
    pub mappable: bool,
    /// What a tool must leave alone.
    pub flags: Flags,
    /// Its value after power-on.
    pub default: Option<Value>,
    /// What a configuration file puts into it.
    pub configured: Option<Configured>,
    /// Where it stands in the file, from 1.
    pub line: usize,
}

/// A file, understood.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Eds {
    /// The maker's name.
    pub vendor_name: Option<String>,
    /// The product's name.
    pub product_name: Option<String>,
    /// The maker's number (object 1018h:01); 0 where the file does not say it.
    pub vendor: u32,
    /// The product's code (object 1018h:02); 0 where the file does not say it.
    pub product: u32,
    /// The node's number in a configuration file.
    pub node: Option<NodeId>,
    /// Every entry, by index and sub-index.
    pub entries: BTreeMap<(u16, u8), Entry>,
}

/// Most entries of a file: compact sub-objects of many arrays could ask for millions.
const ENTRIES_MOST: usize = 50_000;

impl Eds {
    /// Reads a file's text.
    ///
    /// # Errors
    /// [`BadEds`]: the first line that cannot be right.
    pub fn read(text: &str) -> Result<Eds, BadEds> {
        let sections = ini::read(text)?;
        let mut eds = Eds::default();
        for section in &sections {
            let name = section.name.to_ascii_lowercase();
            match name.as_str() {
                "deviceinfo" => {
                    eds.vendor_name = section.text("vendorname");
                    eds.product_name = section.text("productname");
                    eds.vendor = section.narrow("vendornumber")?.unwrap_or_default();
                    eds.product = section.narrow("productnumber")?.unwrap_or_default();
                }
                name if is_of_device(name) => {
                    eds.node = section.node()?;
                }
                name => eds.object(name, section, &sections)?,
            }
        }
        for section in &sections {
            eds.flag_parts(section)?;
        }
        Ok(eds)
    }

    /// A section `1A00`, `1A00sub1`; any other says nothing of an object.
    fn object(&mut self, name: &str, section: &Section, all: &[Section]) -> Result<(), BadEds> {
        let (index, sub) = match name.split_once("sub") {
            Some((index, sub)) => (hex4(index), u8::from_str_radix(sub, 16).ok()),
            None => (hex4(name), Some(0)),
        };
        let (Some(index), Some(sub)) = (index, sub) else {
            return Ok(());
        };
        let title = section.text("parametername").unwrap_or_default();
        let kind: u16 = section.narrow("objecttype")?.unwrap_or(7);
        let compact: u8 = section.narrow("compactsubobj")?.unwrap_or_default();
        if compact > 0 {
            return self.compact(index, compact, section, all);
        }
        let parts = matches!(kind, 8 | 9) && !name.contains("sub");
        if parts {
            return Ok(()); // an array or a record: its parts have sections of their own
        }
        self.add((index, sub), entry(title, section)?, section)
    }

    /// What an object's own section forbids holds for all its parts.
    fn flag_parts(&mut self, section: &Section) -> Result<(), BadEds> {
        let Some(index) = hex4(&section.name) else {
            return Ok(());
        };
        let flags = Flags::of(section)?;
        let parts = self.entries.range_mut((index, 0)..=(index, u8::MAX));
        parts.for_each(|(_, entry)| entry.flags = entry.flags.or(flags));
        Ok(())
    }

    /// An array of entries that differ in their value alone: `[1003Value]` may have values of its own.
    fn compact(
        &mut self,
        index: u16,
        count: u8,
        section: &Section,
        all: &[Section],
    ) -> Result<(), BadEds> {
        let array = entry(section.text("parametername").unwrap_or_default(), section)?;
        let first = Entry {
            name: format!("{}: number of entries", array.name),
            kind: DataType::Unsigned(1),
            writable: false,
            mappable: false,
            flags: array.flags,
            default: Some(Value {
                number: count.into(),
                plus_node: false,
            }),
            configured: None,
            line: array.line,
        };
        self.add((index, 0), first, section)?;
        let named = format!("{index:04x}value");
        let configures = all.iter().any(|section| is_of_device(&section.name));
        let values = all
            .iter()
            .find(|section| section.name.eq_ignore_ascii_case(&named));
        for sub in 1..=count {
            let own = values.and_then(|values| values.key(&sub.to_string()));
            let mut entry = Entry {
                name: format!("{} {sub}", array.name),
                ..array.clone()
            };
            if let Some(own) = own.filter(|own| !own.value.is_empty()) {
                match (configures, entry.kind) {
                    (true, kind) => {
                        entry.configured = Configured::read(kind, entry.writable, own)?;
                    }
                    (false, DataType::Other(_)) => (), // no number
                    (false, _) => entry.default = Some(value(own)?),
                }
            }
            self.add((index, sub), entry, section)?;
        }
        Ok(())
    }

    fn add(&mut self, place: (u16, u8), entry: Entry, section: &Section) -> Result<(), BadEds> {
        if self.entries.len() >= ENTRIES_MOST {
            return Err(BadEds::at(section.line, "too many objects"));
        }
        match self.entries.insert(place, entry) {
            None => Ok(()),
            Some(before) => Err(BadEds::at(
                section.line,
                format!(
                    "{:04X}:{:02X} stands in line {} already",
                    place.0, place.1, before.line
                ),
            )),
        }
    }

    /// What a value is after power-on, or after configuration where the file configures it.
    pub fn number(&self, index: u16, sub: u8, node: NodeId) -> Option<i64> {
        let entry = self.entries.get(&(index, sub))?;
        let configured = entry.configured.as_ref();
        let number = configured.and_then(Configured::as_number);
        Some(number.or(entry.default)?.of(node))
    }

    /// What a value is after power-on, whatever the file configures.
    pub fn at_power_on(&self, index: u16, sub: u8, node: NodeId) -> Option<i64> {
        Some(self.entries.get(&(index, sub))?.default?.of(node))
    }

    /// What a node's transmit PDO `number` (1..=4) carries; `None` where the file does not say, or says two
    /// things: one after power-on, another after configuration.
    pub fn tpdo(&self, number: u8, node: NodeId) -> Option<Vec<Mapping>> {
        let index = 0x1A00 + u16::from(number.wrapping_sub(1) & 3);
        let said = |sub| {
            let number = self.number(index, sub, node)?;
            let default = self.at_power_on(index, sub, node);
            default
                .is_none_or(|default| default == number)
                .then_some(number)
        };
        let count = u8::try_from(said(0)?).ok()?;
        let word = |sub| {
            let word = u32::try_from(said(sub)?).ok()?;
            Some(Mapping::from(word))
        };
        (1..=count.min(64)).map(word).collect()
    }

    /// What a configuration file puts into a node: every value that may be written, in the order of the
    /// dictionary, those too that a download leaves alone ([`Flags::no_download`]).
    ///
    /// # Errors
    /// [`BadEds`]: a value that with the node's number is none of its type.
    pub fn configuration(&self, node: NodeId) -> Result<Vec<Setting<'_>>, BadEds> {
        let entries = self.entries.iter().filter(|(_, entry)| entry.writable);
        let settings = entries.filter_map(|((index, sub), entry)| {
            let configured = entry.configured.as_ref()?;
            Some(configured.bytes(entry.kind, node).map(|data| Setting {
                index: *index,
                sub: *sub,
                entry,
                line: configured.line,
                data,
            }))
        });
        settings.collect()
    }
}

/// The section that a configuration file has and a data sheet has not; the standard spells it with one m.
fn is_of_device(name: &str) -> bool {
    ["devicecomissioning", "devicecommissioning"]
        .iter()
        .any(|known| name.eq_ignore_ascii_case(known))
}

/// The keys of an object's section.
fn entry(name: String, section: &Section) -> Result<Entry, BadEds> {
    let code: u16 = section.narrow("datatype")?.ok_or_else(|| {
        let what = format!("[{}] has no DataType", section.name);
        BadEds::at(section.line, what)
    })?;
    let kind = DataType::of(code);
    let access = section
        .text("accesstype")
        .unwrap_or_default()
        .to_ascii_lowercase();
    let writable = match access.as_str() {
        "rw" | "rww" | "rwr" | "wo" => true,
        "ro" | "const" | "" => false,
        other => {
            let line = section
                .key("accesstype")
                .map_or(section.line, |key| key.line);
            return Err(BadEds::at(line, format!("`{other}` is no AccessType")));
        }
    };
    let default = match kind {
        DataType::Other(_) => None, // a text, or a number with a point
        _ => section.number("defaultvalue")?,
    };
    Ok(Entry {
        name,
        kind,
        writable,
        mappable: section
            .number("pdomapping")?
            .is_some_and(|flag| flag.number == 1),
        flags: Flags::of(section)?,
        default,
        configured: content::configured(kind, writable, section)?,
        line: section.line,
    })
}

fn hex4(text: &str) -> Option<u16> {
    let digits = text.len() == 4 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    digits.then(|| u16::from_str_radix(text, 16).ok()).flatten()
}

impl Section {
    fn text(&self, key: &str) -> Option<String> {
        let text = self.key(key)?.value.trim();
        (!text.is_empty()).then(|| text.to_owned())
    }

    /// A number; `None` where the key is missing or empty.
    fn number(&self, key: &str) -> Result<Option<Value>, BadEds> {
        match self.key(key) {
            Some(key) if !key.value.trim().is_empty() => value(key).map(Some),
            _ => Ok(None),
        }
    }

    /// The node's number, 1 to 127, in the section of the device.
    fn node(&self) -> Result<Option<NodeId>, BadEds> {
        let (Some(key), Some(node)) = (self.key("nodeid"), self.narrow::<u8>("nodeid")?) else {
            return Ok(None);
        };
        let node = NodeId::new(node).ok_or_else(|| out_of_range(key))?;
        Ok(Some(node))
    }

    /// A number without the node's, in the range of `T`.
    fn narrow<T: TryFrom<i64>>(&self, name: &str) -> Result<Option<T>, BadEds> {
        let (Some(key), Some(value)) = (self.key(name), self.number(name)?) else {
            return Ok(None);
        };
        let fits = T::try_from(value.number).ok().filter(|_| !value.plus_node);
        fits.map(Some).ok_or_else(|| out_of_range(key))
    }
}

fn out_of_range(key: &Key) -> BadEds {
    BadEds::at(
        key.line,
        format!("{}={} is out of range", key.name, key.value),
    )
}

/// `0x180`, `384`, `0600`, `-5`, `$NODEID+0x180`, `0x180+$NODEID`.
fn value(key: &Key) -> Result<Value, BadEds> {
    let text: String = key.value.split_whitespace().collect();
    let upper = text.to_ascii_uppercase();
    let (rest, plus_node) = match (upper.strip_prefix("$NODEID"), upper.strip_suffix("$NODEID")) {
        (Some(rest), _) => (rest.strip_prefix('+').unwrap_or(rest), true),
        (None, Some(rest)) => (rest.strip_suffix('+').unwrap_or(rest), true),
        (None, None) => (upper.as_str(), false),
    };
    let number = match rest {
        "" if plus_node => Some(0),
        rest => number(rest),
    };
    let number = number.ok_or_else(|| {
        let what = format!("{}={} is no number", key.name, key.value.trim());
        BadEds::at(key.line, what)
    })?;
    Ok(Value { number, plus_node })
}

fn number(text: &str) -> Option<i64> {
    // canopen 2.4.1 writes a negative default as 0x-80
    let signed = text.strip_prefix("0X-").map(|digits| format!("0X{digits}"));
    let (negative, digits) = match (&signed, text.strip_prefix('-')) {
        (Some(digits), _) => (true, digits.as_str()),
        (None, Some(digits)) => (true, digits),
        (None, None) => (false, text),
    };
    let plain = digits
        .bytes()
        .all(|byte| byte.is_ascii_hexdigit() || byte == b'X');
    let wide = match (digits.strip_prefix("0X"), digits.strip_prefix('0')) {
        _ if !plain => None,
        (Some(hex), _) => i128::from_str_radix(hex, 16).ok(),
        (None, Some(octal)) if !octal.is_empty() => i128::from_str_radix(octal, 8).ok(),
        _ => digits.parse::<i128>().ok(),
    }?;
    // all of 64 bits without a sign: their pattern
    let wide = if negative { -wide } else { wide };
    i64::try_from(wide)
        .or_else(|_| u64::try_from(wide).map(|n| n as i64))
        .ok()
}

#[cfg(test)]
mod tests;
