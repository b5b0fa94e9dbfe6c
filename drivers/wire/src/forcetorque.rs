//! Six-axis force and torque sensors that stream binary frames.
//!
//! Both frames have a header that can occur in the data, so only header **and** checksum together make a
//! frame.
//!
//! - [`ft300`]: Robotiq FT 300 in stream mode, 100 frames a second of 16 bytes: `20 4E`, six i16 (force in
//!   1/100 N, torque in 1/1000 N·m), CRC-16/MODBUS, all little-endian. The stream begins when 0x0200 is
//!   written to Modbus register 410 and ends with half a second of FF bytes.
//! - [`bota`]: Bota serial sensors (gen 0), 37 bytes: `AA`, u16 status, six f32, u32 time in µs, f32
//!   temperature, CRC-16/X-25 over those 34, all little-endian.

use crc::{CRC_16_IBM_SDLC, CRC_16_MODBUS, Crc};

use crate::noise::{Noise, Why};
use crate::scan::{Judged, Scanner};

/// Robotiq FT 300.
pub mod ft300 {
    use super::*;

    const CRC: Crc<u16> = Crc::<u16>::new(&CRC_16_MODBUS);
    const HEADER: [u8; 2] = [0x20, 0x4E];
    const LENGTH: usize = 16;

    /// What ends the stream: FF for half a second.
    pub const STOP: [u8; 50] = [0xFF; 50];

    /// Force x, y, z in 1/100 N, torque x, y, z in 1/1000 N·m; also as Modbus registers 180 to 185.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub struct RawWrench(pub [i16; 6]);

    impl RawWrench {
        /// The frame of the stream.
        pub fn encode(self) -> Vec<u8> {
            let mut frame = HEADER.to_vec();
            frame.extend(self.0.iter().flat_map(|value| value.to_le_bytes()));
            let sum = CRC.checksum(&frame);
            frame.extend(sum.to_le_bytes());
            frame
        }
    }

    /// Takes bytes as they arrive, gives frames.
    #[derive(Debug, Clone, Default)]
    pub struct Decoder(Scanner);

    impl Decoder {
        /// Adds received bytes.
        pub fn push(&mut self, bytes: &[u8]) {
            self.0.push(bytes);
        }

        /// The next frame or the noise before it; `None` until more bytes come.
        #[expect(
            clippy::should_implement_trait,
            reason = "None means not yet, an iterator's means never again"
        )]
        pub fn next(&mut self) -> Option<Result<RawWrench, Noise>> {
            let frame = self
                .0
                .next(|bytes, _| judge(bytes, &HEADER, LENGTH, sound))?;
            Some(frame.map(|bytes| RawWrench(std::array::from_fn(|n| i16_at(&bytes, 2 + 2 * n)))))
        }
    }

    fn sound(frame: &[u8]) -> bool {
        let Some((content, sum)) = frame.split_last_chunk::<2>() else {
            return false;
        };
        CRC.checksum(content) == u16::from_le_bytes(*sum)
    }

    fn i16_at(bytes: &[u8], at: usize) -> i16 {
        match bytes.get(at..at + 2) {
            Some(&[low, high]) => i16::from_le_bytes([low, high]),
            _ => 0,
        }
    }
}

/// Bota serial sensors.
pub mod bota {
    use super::*;

    const CRC: Crc<u16> = Crc::<u16>::new(&CRC_16_IBM_SDLC);
    const HEADER: [u8; 1] = [0xAA];
    const LENGTH: usize = 37;

    /// A frame.
    #[derive(Debug, Clone, Copy, PartialEq)]
    pub struct Frame {
        /// Bits that are not zero say that something is wrong.
        pub status: u16,
        /// Force x, y, z in N, torque x, y, z in N·m, as the sensor's calibration gives them.
        pub wrench: [f32; 6],
        /// The sensor's own time, µs; wraps.
        pub time_us: u32,
        /// °C.
        pub celsius: f32,
    }

    impl Frame {
        /// The frame on the wire.
        pub fn encode(&self) -> Vec<u8> {
            let mut content = self.status.to_le_bytes().to_vec();
            content.extend(self.wrench.iter().flat_map(|value| value.to_le_bytes()));
            content.extend(self.time_us.to_le_bytes());
            content.extend(self.celsius.to_le_bytes());
            let sum = CRC.checksum(&content);
            [&HEADER[..], &content, &sum.to_le_bytes()].concat()
        }
    }

    /// Takes bytes as they arrive, gives frames.
    #[derive(Debug, Clone, Default)]
    pub struct Decoder(Scanner);

    impl Decoder {
        /// Adds received bytes.
        pub fn push(&mut self, bytes: &[u8]) {
            self.0.push(bytes);
        }

        /// The next frame or the noise before it; `None` until more bytes come.
        #[expect(
            clippy::should_implement_trait,
            reason = "None means not yet, an iterator's means never again"
        )]
        pub fn next(&mut self) -> Option<Result<Frame, Noise>> {
            let frame = self
                .0
                .next(|bytes, _| judge(bytes, &HEADER, LENGTH, sound))?;
            Some(frame.map(|bytes| {
                let four = |at: usize| match bytes.get(at..at + 4) {
                    Some(&[a, b, c, d]) => [a, b, c, d],
                    _ => [0; 4],
                };
                let [a, b, ..] = four(1);
                Frame {
                    status: u16::from_le_bytes([a, b]),
                    wrench: std::array::from_fn(|n| f32::from_le_bytes(four(3 + 4 * n))),
                    time_us: u32::from_le_bytes(four(27)),
                    celsius: f32::from_le_bytes(four(31)),
                }
            }))
        }
    }

    fn sound(frame: &[u8]) -> bool {
        let Some((rest, sum)) = frame.split_last_chunk::<2>() else {
            return false;
        };
        let content = rest.get(1..).unwrap_or_default();
        CRC.checksum(content) == u16::from_le_bytes(*sum)
    }
}

fn judge(bytes: &[u8], header: &[u8], length: usize, sound: fn(&[u8]) -> bool) -> Judged {
    let same = bytes
        .iter()
        .zip(header)
        .all(|(byte, wanted)| byte == wanted);
    match bytes.get(..length) {
        _ if !same => Judged::No(Why::Header),
        None => Judged::More,
        Some(frame) if sound(frame) => Judged::Frame(length),
        Some(_) => Judged::No(Why::Checksum),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// golden_vectors.json: checksum by crccheck 1.3 (CRC-16/X-25).
    const BOTA: [u8; 37] = [
        0xAA, // header
        0x00, 0x00, // status
        0x00, 0x00, 0xC0, 0x3F, // 1.5 N
        0x00, 0x00, 0x10, 0xC0, // -2.25 N
        0xC3, 0xF5, 0x1C, 0x41, // 9.81 N
        0x0A, 0xD7, 0x23, 0x3C, // 0.01 N·m
        0x0A, 0xD7, 0xA3, 0xBC, // -0.02 N·m
        0xA6, 0x9B, 0x44, 0x3B, // 0.003 N·m
        0x40, 0xE2, 0x01, 0x00, // 123456 µs
        0x00, 0x00, 0xFC, 0x41, // 31.5 °C
        0x43, 0x2F, // CRC
    ];

    fn bota_frame() -> bota::Frame {
        bota::Frame {
            status: 0,
            wrench: [1.5, -2.25, 9.81, 0.01, -0.02, 0.003],
            time_us: 123_456,
            celsius: 31.5,
        }
    }

    #[test]
    fn a_bota_frame_is_read_and_written_as_another_program_writes_it() {
        let mut decoder = bota::Decoder::default();
        decoder.push(&BOTA);
        assert_eq!(decoder.next(), Some(Ok(bota_frame())));
        assert_eq!(bota_frame().encode(), BOTA);
    }

    #[test]
    fn a_header_byte_inside_a_frame_leads_nobody_astray() {
        let with_aa = bota::Frame {
            status: 0xAAAA,
            ..bota_frame()
        };
        let mut decoder = bota::Decoder::default();
        let frame = with_aa.encode();
        decoder.push(frame.get(2..).unwrap()); // cut: what is left begins with a header
        decoder.push(&frame);
        decoder.push(&BOTA);
        let got: Vec<_> = std::iter::from_fn(|| decoder.next())
            .filter_map(Result::ok)
            .collect();
        assert_eq!(got, [with_aa, bota_frame()]);
    }

    #[test]
    fn a_wrong_checksum_is_no_frame() {
        let mut damaged = BOTA;
        damaged[5] ^= 1;
        let mut decoder = bota::Decoder::default();
        decoder.push(&damaged);
        decoder.push(&BOTA);
        assert!(matches!(
            decoder.next(),
            Some(Err(Noise {
                why: Why::Checksum,
                ..
            }))
        ));
        assert_eq!(
            std::iter::from_fn(|| decoder.next())
                .filter_map(Result::ok)
                .last(),
            Some(bota_frame())
        );
    }

    /// 12.34 N is 1234 counts, -0.5 N·m is -500: low byte first; header and stop as in the manual.
    #[test]
    fn an_ft300_frame_is_sixteen_bytes() {
        let frame = ft300::RawWrench([1234, 0, 0, -500, 0, 0]).encode();
        assert_eq!(frame.len(), 16);
        assert_eq!(frame[..4], [0x20, 0x4E, 0xD2, 0x04]);
        assert_eq!(frame[8..10], [0x0C, 0xFE]);
        assert!(ft300::STOP.iter().all(|byte| *byte == 0xFF));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(96))]

        #[test]
        fn ft300_frames_round_trip_and_are_found_after_noise(noise in prop::collection::vec(any::<u8>(), 0..40), raw: [i16; 6]) {
            let sent = ft300::RawWrench(raw);
            let mut decoder = ft300::Decoder::default();
            decoder.push(&noise);
            for _ in 0..2 {
                decoder.push(&sent.encode());
            }
            let got: Vec<_> = std::iter::from_fn(|| decoder.next()).filter_map(Result::ok).collect();
            prop_assert_eq!(got.last(), Some(&sent));
        }

        #[test]
        fn bota_frames_round_trip_and_are_found_after_noise(noise in prop::collection::vec(any::<u8>(), 0..60), status: u16, time_us: u32) {
            let sent = bota::Frame { status, time_us, ..bota_frame() };
            let mut decoder = bota::Decoder::default();
            decoder.push(&noise);
            for _ in 0..2 {
                decoder.push(&sent.encode());
            }
            let got: Vec<_> = std::iter::from_fn(|| decoder.next()).filter_map(Result::ok).collect();
            prop_assert_eq!(got.last(), Some(&sent));
        }
    }
}
