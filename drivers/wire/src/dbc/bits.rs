//! From a frame's data to the value of a signal.

use super::{Kind, Raw, Signal, TooShort};

/// The signal's value as its kind reads it.
pub(super) fn raw(signal: &Signal, data: &[u8]) -> Result<Raw, TooShort> {
    let word = word(signal, data)?;
    Ok(match signal.kind {
        Kind::Unsigned => Raw::Unsigned(word),
        Kind::Signed => {
            let unused = 64 - u32::from(signal.bits.clamp(1, 64));
            Raw::Signed((word << unused) as i64 >> unused)
        }
        Kind::Float32 => Raw::Float(f64::from(f32::from_bits(word as u32))),
        Kind::Float64 => Raw::Float(f64::from_bits(word)),
    })
}

/// The signal's bits, the most significant one first.
pub(super) fn word(signal: &Signal, data: &[u8]) -> Result<u64, TooShort> {
    let mut word = 0;
    for place in places(signal) {
        let byte = data.get(usize::from(place / 8)).ok_or(TooShort {
            has: data.len(),
            needs: bytes_needed(signal),
        })?;
        word = word << 1 | u64::from(byte >> (place % 8) & 1);
    }
    Ok(word)
}

/// Puts the signal's bits into a frame's data; its other bits stay.
pub(super) fn put(signal: &Signal, word: u64, data: &mut [u8]) -> Result<(), TooShort> {
    let needs = bytes_needed(signal);
    if needs > data.len() {
        let has = data.len();
        return Err(TooShort { has, needs });
    }
    for (place, left) in places(signal).zip((0..signal.bits).rev()) {
        let (bit, on) = (1 << (place % 8), word >> left & 1 == 1);
        if let Some(byte) = data.get_mut(usize::from(place / 8)) {
            *byte = if on { *byte | bit } else { *byte & !bit };
        }
    }
    Ok(())
}

/// Bytes of a frame that the signal reaches into.
pub(super) fn bytes_needed(signal: &Signal) -> usize {
    let bytes = places(signal).map(|place| usize::from(place / 8) + 1);
    bytes.max().unwrap_or(0)
}

/// The number of each bit, the most significant one first: eight times the byte, plus the weight in it.
fn places(signal: &Signal) -> Places {
    Places {
        little_endian: signal.little_endian,
        next: match signal.little_endian {
            true => signal.start.saturating_add(signal.bits.saturating_sub(1)),
            false => signal.start,
        },
        left: signal.bits,
    }
}

struct Places {
    little_endian: bool,
    next: u16,
    left: u16,
}

impl Iterator for Places {
    type Item = u16;

    fn next(&mut self) -> Option<u16> {
        self.left = self.left.checked_sub(1)?;
        let place = self.next;
        self.next = match (self.little_endian, place % 8) {
            (true, _) => place.wrapping_sub(1),
            // a big-endian signal goes on at the top of the next byte
            (false, 0) => place.saturating_add(15),
            (false, _) => place - 1,
        };
        Some(place)
    }
}
