//! Process data: how several objects share one frame.

use super::cob::{NodeId, Service};
use super::object::Object;

/// One write to an object dictionary.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Write {
    /// Index.
    pub index: u16,
    /// Sub-index.
    pub sub: u8,
    /// Little-endian content.
    pub data: Vec<u8>,
}

/// A mapping word: which object, and how many bits of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mapping {
    /// Index.
    pub index: u16,
    /// Sub-index.
    pub sub: u8,
    /// Length in bits.
    pub bits: u8,
}

impl From<Object> for Mapping {
    fn from(object: Object) -> Mapping {
        Mapping {
            index: object.index,
            sub: object.sub,
            bits: object.bytes.saturating_mul(8),
        }
    }
}

impl From<Mapping> for u32 {
    fn from(mapping: Mapping) -> u32 {
        u32::from(mapping.index) << 16 | u32::from(mapping.sub) << 8 | u32::from(mapping.bits)
    }
}

impl From<u32> for Mapping {
    fn from(word: u32) -> Mapping {
        let [bits, sub, low, high] = word.to_le_bytes();
        Mapping {
            index: u16::from_le_bytes([low, high]),
            sub,
            bits,
        }
    }
}

/// A bit that says "this PDO does not exist" in its COB-ID entry.
const INVALID: u32 = 1 << 31;

/// The writes that set a node's transmit PDO `number` (1..=4), in the order that CiA 301 asks for:
/// switch off, clear, map, count, transmission type, event timer, switch on. Transmission type 1 sends
/// at every SYNC; 254 and 255 at every event and every `event_ms`, which is not written otherwise.
pub fn configure_tpdo(
    number: u8,
    node: NodeId,
    transmission: u8,
    event_ms: u16,
    objects: &[Object],
) -> Vec<Write> {
    let cob = Service::Tpdo(number, node).id();
    let timer = (transmission >= 254).then_some(event_ms);
    configure(0x1800, number, cob, transmission, timer, objects)
}

/// The same of a receive PDO `number` (1..=4): transmission type 1 takes its content at the next SYNC.
/// Its deadline ([`deadline`]) stays as it is.
pub fn configure_rpdo(
    number: u8,
    node: NodeId,
    transmission: u8,
    objects: &[Object],
) -> Vec<Write> {
    let cob = Service::Rpdo(number, node).id();
    configure(0x1400, number, cob, transmission, None, objects)
}

/// Where a node that watches its receive PDO `number` (1..=4) keeps how long none may come, ms (CiA 301,
/// "RPDO deadline monitoring"); it then sends emergency 8250h.
pub fn deadline(number: u8) -> Object {
    Object {
        name: "event timer of a receive PDO",
        index: 0x1400 + u16::from(number.wrapping_sub(1) & 3),
        sub: 5,
        bytes: 2,
    }
}

fn configure(
    base: u16,
    number: u8,
    cob: u16,
    transmission: u8,
    timer_ms: Option<u16>,
    objects: &[Object],
) -> Vec<Write> {
    let slot = u16::from(number.wrapping_sub(1) & 3);
    let (communication, mapping) = (base + slot, base + 0x200 + slot);
    let cob = u32::from(cob);
    let write = |index, sub, data: &[u8]| Write {
        index,
        sub,
        data: data.to_vec(),
    };
    let mut writes = vec![
        write(communication, 1, &(cob | INVALID).to_le_bytes()),
        write(mapping, 0, &[0]),
    ];
    for (sub, object) in (1u8..).zip(objects) {
        writes.push(write(
            mapping,
            sub,
            &u32::from(Mapping::from(*object)).to_le_bytes(),
        ));
    }
    let count = u8::try_from(objects.len()).unwrap_or(u8::MAX);
    writes.push(write(mapping, 0, &[count]));
    writes.push(write(communication, 2, &[transmission]));
    if let Some(ms) = timer_ms {
        writes.push(write(communication, 5, &ms.to_le_bytes()));
    }
    writes.push(write(communication, 1, &cob.to_le_bytes()));
    writes
}

/// The writes that change only when a node's transmit PDO `number` (1..=4) is sent: switch off,
/// transmission type, event timer where it goes by events, switch on. Its mapping stays as it is.
pub fn time_tpdo(number: u8, node: NodeId, transmission: u8, event_ms: u16) -> Vec<Write> {
    let mapped = 0x1A00 + u16::from(number.wrapping_sub(1) & 3);
    let mut writes = configure_tpdo(number, node, transmission, event_ms, &[]);
    writes.retain(|write| write.index != mapped);
    writes
}

/// The bytes of each object in a PDO; `None` when the frame is shorter than its mapping.
pub fn split<'d>(data: &'d [u8], objects: &[Object]) -> Option<Vec<&'d [u8]>> {
    let mut rest = data;
    let mut take = |object: &Object| {
        let (value, after) = rest.split_at_checked(usize::from(object.bytes))?;
        rest = after;
        Some(value)
    };
    objects.iter().map(&mut take).collect()
}
