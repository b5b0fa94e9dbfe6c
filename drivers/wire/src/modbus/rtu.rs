//! The frame on the line: checksum and silence.

use std::time::Duration;

use crc::{CRC_16_MODBUS, Crc};

const CRC: Crc<u16> = Crc::<u16>::new(&CRC_16_MODBUS);

/// Bytes of the checksum.
pub(super) const CRC_BYTES: usize = 2;

/// Appends the checksum, low byte first.
pub(super) fn seal(mut frame: Vec<u8>) -> Vec<u8> {
    let sum = CRC.checksum(&frame);
    frame.extend(sum.to_le_bytes());
    frame
}

/// Whether the last two bytes are the checksum of those before.
pub(super) fn is_sealed(frame: &[u8]) -> bool {
    match frame.split_last_chunk::<CRC_BYTES>() {
        Some((content, sum)) => CRC.checksum(content) == u16::from_le_bytes(*sum),
        None => false,
    }
}

/// t3.5: the silence that ends a frame. Three and a half characters of 11 bits, and never less than
/// the fixed 1.75 ms that the standard names for more than 19,200 baud (section 2.5.1.1). A baud rate
/// of zero is taken as one.
pub fn silent_interval(baud: u32) -> Duration {
    const FIXED: Duration = Duration::from_micros(1750);
    if baud > 19_200 {
        return FIXED;
    }
    Duration::from_secs_f64(3.5 * 11.0 / f64::from(baud.max(1)))
}
