//! Process data of a node: four each way, mapping can be changed.

use certbench_clock::Time;
use certbench_wire::canopen::pdo::Mapping;
use certbench_wire::canopen::sdo::Abort;
use certbench_wire::canopen::{CobFrame, NodeId};

use super::objects::{Kind, Objects};
use std::time::Duration;

/// In a COB-ID entry: this PDO does not exist.
const INVALID: i64 = 1 << 31;
/// Communication of the first received and of the first sent one; mappings are 200h above.
const RECEIVED: u16 = 0x1400;
const SENT: u16 = 0x1800;
/// Most objects in one.
const MOST: u8 = 8;
/// Transmission types: so many SYNCs, or by event.
const MOST_SYNCS: i64 = 240;
const BY_EVENT: i64 = 254;

/// What is mapped after power-on, and the event timer.
pub(super) struct Defaults<'a> {
    pub(super) received: [&'a [u32]; 4],
    pub(super) sent: [&'a [u32]; 4],
    pub(super) event_ms: i64,
    /// Whether received ones can be watched.
    pub(super) deadlines: bool,
}

/// Of a drive: statusword, position, mode; velocity, torque. It takes a controlword; a controlword and a
/// target position.
pub(super) const DRIVE: Defaults<'static> = Defaults {
    sent: [
        &[0x6041_0010, 0x6064_0020, 0x6061_0008],
        &[0x606C_0020, 0x6077_0010],
        &[],
        &[],
    ],
    received: [&[0x6040_0010], &[0x6040_0010, 0x607A_0020], &[], &[]],
    event_ms: 20,
    deadlines: true,
};

/// Adds the PDO objects as they are after power-on.
pub(super) fn add(objects: &mut Objects, node: NodeId, defaults: &Defaults<'_>) {
    let id = i64::from(node.number());
    for slot in 0..4u16 {
        let cob = |base: i64, mapped: &[u32]| {
            base + 0x100 * i64::from(slot) + id + if mapped.is_empty() { INVALID } else { 0 }
        };
        let (received, sent) = (
            defaults.received[usize::from(slot)],
            defaults.sent[usize::from(slot)],
        );
        let last = if defaults.deadlines { 5 } else { 2 };
        objects.read_only(RECEIVED + slot, 0, Kind::U8, last);
        objects.writable(RECEIVED + slot, 1, Kind::U32, cob(0x200, received));
        objects.writable(RECEIVED + slot, 2, Kind::U8, 255);
        if defaults.deadlines {
            objects.writable(RECEIVED + slot, 5, Kind::U16, 0);
        }
        objects.read_only(SENT + slot, 0, Kind::U8, 5);
        objects.writable(SENT + slot, 1, Kind::U32, cob(0x180, sent));
        objects.writable(SENT + slot, 2, Kind::U8, 255);
        objects.writable(SENT + slot, 3, Kind::U16, 0);
        objects.writable(SENT + slot, 5, Kind::U16, defaults.event_ms);
        for (base, mapped) in [(RECEIVED, received), (SENT, sent)] {
            let mapping = base + 0x200 + slot;
            objects.ranged(
                mapping,
                0,
                Kind::U8,
                mapped.len() as i64,
                (0, i64::from(MOST)),
            );
            for sub in 1..=MOST {
                let word = mapped.get(usize::from(sub) - 1).copied().unwrap_or(0);
                objects.writable(mapping, sub, Kind::U32, i64::from(word));
            }
        }
    }
}

/// CiA 301: entries change only while their count is zero; the count is set last, and then the whole
/// must exist and fit.
pub(super) fn check_write(
    objects: &Objects,
    index: u16,
    sub: u8,
    data: &[u8],
) -> Result<(), Abort> {
    let received = match index {
        0x1600..=0x1603 => true,
        0x1A00..=0x1A03 => false,
        0x1800..=0x1803 | 0x1400..=0x1403 if sub == 2 => {
            let kind = data.first().copied().map_or(0, i64::from);
            return if (MOST_SYNCS + 1..BY_EVENT).contains(&kind) {
                Err(Abort::VALUE_RANGE)
            } else {
                Ok(())
            };
        }
        _ => return Ok(()),
    };
    let count = objects.get(index, 0);
    match (sub, data) {
        (0, &[0]) => Ok(()),
        (0, &[wanted]) if wanted <= MOST => {
            let mut bits = 0u32;
            for entry in 1..=wanted {
                let mapping = Mapping::from(objects.get(index, entry) as u32);
                let has = objects.mappable_bits(mapping.index, mapping.sub, received);
                if has != Some(mapping.bits) {
                    return Err(Abort::NOT_MAPPABLE);
                }
                bits += u32::from(mapping.bits);
            }
            if bits > 64 {
                Err(Abort::PDO_LENGTH)
            } else {
                Ok(())
            }
        }
        (1..=MOST, _) if count != 0 => Err(Abort::UNSUPPORTED_ACCESS),
        _ => Ok(()),
    }
}

fn mapped(objects: &Objects, base: u16, slot: u16) -> Vec<Mapping> {
    let index = base + 0x200 + slot;
    let count = objects.get(index, 0).clamp(0, i64::from(MOST)) as u8;
    (1..=count)
        .map(|sub| Mapping::from(objects.get(index, sub) as u32))
        .collect()
}

/// Which of the received ones has this identifier.
pub(super) fn slot_of(objects: &Objects, id: u16) -> Option<u16> {
    (0..4).find(|slot| objects.get(RECEIVED + slot, 1) == i64::from(id))
}

/// Whether what a received one means takes effect at the next SYNC.
pub(super) fn waits_for_sync(objects: &Objects, slot: u16) -> bool {
    objects.get(RECEIVED + slot, 2) <= MOST_SYNCS
}

/// How long a received one may be missing, where that is watched.
pub(super) fn deadline(objects: &Objects, slot: u16) -> Option<Duration> {
    let ms = objects.get(RECEIVED + slot, 5);
    (ms > 0).then(|| Duration::from_millis(ms as u64))
}

/// The writes that a received one means; `None` when it is too short.
pub(super) fn unpack(objects: &Objects, slot: u16, data: &[u8]) -> Option<Vec<(u16, u8, Vec<u8>)>> {
    let mut rest = data;
    let mut writes = Vec::new();
    for mapping in mapped(objects, RECEIVED, slot) {
        let (value, after) = rest.split_at_checked(usize::from(mapping.bits / 8))?;
        writes.push((mapping.index, mapping.sub, value.to_vec()));
        rest = after;
    }
    Some(writes)
}

/// When each of the sent ones goes out.
#[derive(Clone, Debug, Default)]
pub(super) struct Sending {
    slots: [Slot; 4],
}

#[derive(Clone, Debug, Default)]
struct Slot {
    sent: Option<Time>,
    syncs: i64,
    statusword: i64,
}

impl Sending {
    /// Forgets when anything was sent, as on entering operation.
    pub(super) fn begin(&mut self) {
        *self = Sending::default();
    }

    /// What goes out now by event: the timer, or a change of the statusword that it carries.
    pub(super) fn due(&mut self, now: Time, objects: &Objects) -> Vec<CobFrame> {
        let statusword = objects.get(0x6041, 0);
        let mut frames = Vec::new();
        for (slot, state) in (0u16..).zip(&mut self.slots) {
            if !exists(objects, slot) || objects.get(SENT + slot, 2) < BY_EVENT {
                continue;
            }
            let timer = event_timer(objects, slot);
            let by_timer = state
                .sent
                .is_none_or(|sent| timer.is_some_and(|timer| sent + timer <= now));
            let changed = statusword != state.statusword
                && mapped(objects, SENT, slot)
                    .iter()
                    .any(|m| m.index == 0x6041);
            let inhibit = Duration::from_micros(100 * objects.get(SENT + slot, 3).max(0) as u64);
            let free = state.sent.is_none_or(|sent| sent + inhibit <= now);
            if free && (by_timer || changed) {
                // keeps the beat unless it is far behind
                let beat = state.sent.zip(timer).map(|(sent, timer)| sent + timer);
                let on_beat =
                    beat.filter(|beat| *beat <= now && now - *beat < timer.unwrap_or_default());
                state.sent = Some(on_beat.unwrap_or(now));
                state.statusword = statusword;
                frames.extend(frame(objects, slot));
            }
        }
        frames
    }

    /// What goes out at a SYNC.
    pub(super) fn sync(&mut self, objects: &Objects) -> Vec<CobFrame> {
        let mut frames = Vec::new();
        for (slot, state) in (0u16..).zip(&mut self.slots) {
            let every = objects.get(SENT + slot, 2);
            if !exists(objects, slot) || every > MOST_SYNCS {
                continue;
            }
            state.syncs += 1;
            if state.syncs >= every.max(1) {
                state.syncs = 0;
                frames.extend(frame(objects, slot));
            }
        }
        frames
    }

    /// When the next timer is due.
    pub(super) fn next(&self, objects: &Objects) -> Option<Time> {
        let timers = (0u16..).zip(&self.slots).filter_map(|(slot, state)| {
            let by_event = exists(objects, slot) && objects.get(SENT + slot, 2) >= BY_EVENT;
            Some(state.sent? + event_timer(objects, slot)?).filter(|_| by_event)
        });
        timers.min()
    }
}

fn exists(objects: &Objects, slot: u16) -> bool {
    objects.get(SENT + slot, 1) & INVALID == 0
}

fn event_timer(objects: &Objects, slot: u16) -> Option<Duration> {
    let ms = objects.get(SENT + slot, 5);
    (ms > 0).then(|| Duration::from_millis(ms as u64))
}

fn frame(objects: &Objects, slot: u16) -> Option<CobFrame> {
    let data: Vec<u8> = mapped(objects, SENT, slot)
        .iter()
        .flat_map(|m| objects.bytes(m.index, m.sub).to_vec())
        .collect();
    CobFrame::new((objects.get(SENT + slot, 1) & 0x7FF) as u16, &data)
}
