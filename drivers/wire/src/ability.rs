//! PSYONIC Ability Hand, extended API over UART or RS-485 (interface control document, revision 1.8).
//!
//! 460,800 baud 8N1, address 50h. Frames are stuffed as in HDLC (toggles 46 and 47 of the hand): `7E` at both
//! ends, `7D` escapes, the escaped byte is XORed with `20h`. Inside: to the hand its address, a header and six
//! little-endian counts; from the hand the header and the data. All bytes of a frame add up to zero. Order:
//! index, middle, ring, pinky, thumb flexor, thumb rotator; the rotator's sign is reversed.
//!
//! A frame that commands takes the hand into API mode, any sound frame keeps it there; 300 ms without one, and
//! the hand goes back to its normal mode.

use crate::noise::{Noise, Why};

const FLAG: u8 = 0x7E;
const ESCAPE: u8 = 0x7D;
const FLIP: u8 = 0x20;
/// Longer than any frame, escapes undone.
const LONGEST: usize = 128;

/// What the six counts of a command are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// `degree * 32767 / 150`.
    Position,
    /// `degree per second * 32767 / 3000`.
    Velocity,
    /// Rotor current, `ampere * C`.
    Current,
    /// Share of the supply, 3546 is all of it.
    Duty,
}

/// What the hand answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Variant {
    /// Positions, currents, touch: 72 bytes.
    Touch,
    /// Positions, rotor velocities, touch: 72 bytes.
    TouchVelocity,
    /// Positions, currents, rotor velocities: 39 bytes.
    Velocity,
}

impl Variant {
    const fn nibble(self) -> u8 {
        match self {
            Variant::Touch => 0,
            Variant::TouchVelocity => 1,
            Variant::Velocity => 2,
        }
    }

    fn of(header: u8) -> Option<Variant> {
        [Variant::Touch, Variant::TouchVelocity, Variant::Velocity]
            .into_iter()
            .find(|variant| variant.nibble() == header & 0x0F)
    }
}

/// What the host sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Request {
    /// Six counts to follow.
    Command(Mode, Variant, [i16; 6]),
    /// Asks and commands nothing: does not enter API mode, but keeps the hand in it.
    Read(Variant),
    /// Leaves API mode at once.
    Exit,
    /// Reads a register.
    ReadRegister(u32),
}

/// First word of the hand's unique number.
pub const UNIQUE_ID: [u32; 2] = [0x3D, 0x3E];

const EXIT: u8 = 0x7C;
const READ_REGISTER: u8 = 0xDA;
const READ: u8 = 0xA0;
const SUCCESS: u32 = 0x4E11_FEA4;
const FAILED: u32 = 0xFA17_FFFF;

impl Request {
    /// The bytes on the wire, stuffed.
    pub fn encode(&self, address: u8) -> Vec<u8> {
        let mut frame = vec![address];
        match self {
            Request::Command(mode, variant, counts) => {
                let high = match mode {
                    Mode::Position => 0x10,
                    Mode::Velocity => 0x20,
                    Mode::Current => 0x30,
                    Mode::Duty => 0x40,
                };
                frame.push(high | variant.nibble());
                frame.extend(counts.iter().flat_map(|count| count.to_le_bytes()));
            }
            Request::Read(variant) => frame.push(READ | variant.nibble()),
            Request::Exit => frame.push(EXIT),
            Request::ReadRegister(register) => {
                frame.push(READ_REGISTER);
                frame.extend(register.to_le_bytes());
            }
        }
        finish(frame)
    }

    /// The address and the request of a frame without its stuffing.
    ///
    /// # Errors
    /// [`Noise`] when the frame is damaged or no request.
    pub fn decode(frame: &[u8]) -> Result<(u8, Request), Noise> {
        let content = content(frame)?;
        let noise = |why| Noise {
            why,
            bytes: frame.to_vec(),
        };
        let [address, header, data @ ..] = content else {
            return Err(noise(Why::Length));
        };
        let request = match (*header, data) {
            (EXIT, _) => Request::Exit,
            (READ_REGISTER, data) => Request::ReadRegister(u32::from_le_bytes(
                data.try_into().map_err(|_| noise(Why::Length))?,
            )),
            (header, data) => {
                let variant = Variant::of(header).ok_or_else(|| noise(Why::Function))?;
                let mode = match header & 0xF0 {
                    0x10 => Mode::Position,
                    0x20 => Mode::Velocity,
                    0x30 => Mode::Current,
                    0x40 => Mode::Duty,
                    READ => return Ok((*address, Request::Read(variant))),
                    _ => return Err(noise(Why::Function)),
                };
                let counts = six(data).ok_or_else(|| noise(Why::Length))?;
                Request::Command(mode, variant, counts)
            }
        };
        Ok((*address, request))
    }
}

/// What the hand says of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Feedback {
    /// The header of the command that is answered.
    pub header: u8,
    /// Positions, counts as in a command.
    pub positions: [i16; 6],
    /// Rotor currents, counts; not in [`Variant::TouchVelocity`].
    pub currents: Option<[i16; 6]>,
    /// Rotor velocities, a quarter of a radian per second; not in [`Variant::Touch`].
    pub velocities: Option<[i16; 6]>,
    /// Six sites a finger, 12 bits each, without the rotator; not in [`Variant::Velocity`].
    pub touch: Option<[[u16; 6]; 5]>,
    /// A bit a motor that does not fulfil its command: too warm, or stopped by a collision.
    pub limited: u8,
}

/// What the hand answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reply {
    /// To a command or a reading.
    Feedback(Feedback),
    /// The value of a register; `None`: the hand has no such register.
    Register(Option<u32>),
}

impl Reply {
    /// The bytes on the wire, stuffed. `None` for feedback of a shape that no variant has.
    pub fn encode(&self) -> Option<Vec<u8>> {
        let Feedback {
            header,
            positions,
            currents,
            velocities,
            touch,
            limited,
        } = match self {
            Reply::Register(value) => {
                let word = value.map_or(FAILED, |_| SUCCESS);
                let mut frame = word.to_le_bytes().to_vec();
                frame.extend(value.unwrap_or(0).to_le_bytes());
                return Some(finish(frame));
            }
            Reply::Feedback(feedback) => feedback,
        };
        let mut frame = vec![*header];
        let (beside, after) = match (Variant::of(*header)?, currents, velocities, touch) {
            (Variant::Touch, Some(currents), None, Some(touch)) => (currents, pack(touch)),
            (Variant::TouchVelocity, None, Some(velocities), Some(touch)) => {
                (velocities, pack(touch))
            }
            (Variant::Velocity, Some(currents), Some(velocities), None) => {
                let bytes = velocities.iter().flat_map(|count| count.to_le_bytes());
                (currents, bytes.collect())
            }
            _ => return None,
        };
        for (position, other) in positions.iter().zip(beside) {
            frame.extend(position.to_le_bytes());
            frame.extend(other.to_le_bytes());
        }
        frame.extend(after);
        frame.push(*limited);
        Some(finish(frame))
    }

    /// The reply in a frame without its stuffing.
    ///
    /// # Errors
    /// [`Noise`] when the frame is damaged or no reply.
    pub fn decode(frame: &[u8]) -> Result<Reply, Noise> {
        let content = content(frame)?;
        let noise = |why| Noise {
            why,
            bytes: frame.to_vec(),
        };
        if let &[a, b, c, d, e, f, g, h] = content {
            // the document does not say which byte of the word is first
            let word = [a, b, c, d];
            let is = |wanted: u32| {
                u32::from_le_bytes(word) == wanted || u32::from_be_bytes(word) == wanted
            };
            return match (is(SUCCESS), is(FAILED)) {
                (true, _) => Ok(Reply::Register(Some(u32::from_le_bytes([e, f, g, h])))),
                (_, true) => Ok(Reply::Register(None)),
                _ => Err(noise(Why::Function)),
            };
        }
        let [header, data @ .., limited] = content else {
            return Err(noise(Why::Length));
        };
        let variant = Variant::of(*header).ok_or_else(|| noise(Why::Function))?;
        let (pairs, rest) = data
            .split_at_checked(24)
            .ok_or_else(|| noise(Why::Length))?;
        let mut counts = pairs.chunks_exact(2).map(|pair| match pair {
            [low, high] => i16::from_le_bytes([*low, *high]),
            _ => 0,
        });
        let (mut positions, mut beside) = ([0; 6], [0; 6]);
        for (position, other) in positions.iter_mut().zip(&mut beside) {
            *position = counts.next().unwrap_or_default();
            *other = counts.next().unwrap_or_default();
        }
        let (velocities, touch) = match variant {
            Variant::Velocity => (six(rest), None),
            _ => (None, unpack(rest)),
        };
        let (currents, velocities) = match (variant, touch, velocities) {
            (Variant::Touch, Some(_), _) => (Some(beside), None),
            (Variant::TouchVelocity, Some(_), _) => (None, Some(beside)),
            (Variant::Velocity, _, Some(velocities)) => (Some(beside), Some(velocities)),
            _ => return Err(noise(Why::Length)),
        };
        Ok(Reply::Feedback(Feedback {
            header: *header,
            positions,
            currents,
            velocities,
            touch,
            limited: *limited,
        }))
    }
}

/// Six counts, low byte first.
fn six(data: &[u8]) -> Option<[i16; 6]> {
    let bytes: [u8; 12] = data.try_into().ok()?;
    Some(std::array::from_fn(|i| {
        i16::from_le_bytes([bytes[2 * i], bytes[2 * i + 1]])
    }))
}

/// Thirty values of 12 bits in 45 bytes, low nibbles first.
fn pack(touch: &[[u16; 6]; 5]) -> Vec<u8> {
    let values: Vec<u16> = touch.iter().flatten().copied().collect();
    let pair = |pair: &[u16]| {
        let (a, b) = (
            pair.first().copied().unwrap_or_default(),
            pair.get(1).copied().unwrap_or_default(),
        );
        [
            a as u8,
            (a >> 8 & 0x0F) as u8 | (b << 4) as u8,
            (b >> 4) as u8,
        ]
    };
    values.chunks(2).flat_map(pair).collect()
}

fn unpack(bytes: &[u8]) -> Option<[[u16; 6]; 5]> {
    let bytes: &[u8; 45] = bytes.try_into().ok()?;
    let nibble = |n: usize| u16::from(bytes[n / 2] >> (4 * (n % 2)) & 0x0F);
    let value = |n: usize| nibble(3 * n) | nibble(3 * n + 1) << 4 | nibble(3 * n + 2) << 8;
    Some(std::array::from_fn(|finger| {
        std::array::from_fn(|site| value(6 * finger + site))
    }))
}

/// What stands before the checksum of a sound frame.
fn content(frame: &[u8]) -> Result<&[u8], Noise> {
    let noise = |why| Noise {
        why,
        bytes: frame.to_vec(),
    };
    let Some((_checksum, content)) = frame.split_last() else {
        return Err(noise(Why::Length));
    };
    match sum(frame) {
        0 => Ok(content),
        _ => Err(noise(Why::Checksum)),
    }
}

fn sum(bytes: &[u8]) -> u8 {
    bytes.iter().fold(0, |sum, byte| sum.wrapping_add(*byte))
}

/// Adds the checksum, and the stuffing.
fn finish(mut frame: Vec<u8>) -> Vec<u8> {
    frame.push(sum(&frame).wrapping_neg());
    let mut stuffed = vec![FLAG];
    for byte in frame {
        match byte {
            FLAG | ESCAPE => stuffed.extend([ESCAPE, byte ^ FLIP]),
            _ => stuffed.push(byte),
        }
    }
    stuffed.push(FLAG);
    stuffed
}

/// Frames out of a stream of bytes, either direction: takes bytes as they arrive, gives what stood between two
/// flags, without its stuffing.
#[derive(Debug, Clone, Default)]
pub struct Unstuffer {
    frame: Vec<u8>,
    /// Since a flag. What comes before the first one is nobody's frame.
    inside: bool,
    escaped: bool,
    spoiled: Option<Why>,
}

impl Unstuffer {
    /// The next byte; a frame, or the noise that took its place, when this byte ended one.
    pub fn push(&mut self, byte: u8) -> Option<Result<Vec<u8>, Noise>> {
        match byte {
            FLAG => return self.flag(),
            ESCAPE if !self.escaped => self.escaped = true,
            _ => {
                let flip = if self.escaped { FLIP } else { 0 };
                self.escaped = false;
                if self.frame.len() < LONGEST {
                    self.frame.push(byte ^ flip);
                } else {
                    self.spoiled = Some(Why::Length);
                }
            }
        }
        None
    }

    fn flag(&mut self) -> Option<Result<Vec<u8>, Noise>> {
        let bytes = std::mem::take(&mut self.frame);
        let began = std::mem::replace(&mut self.inside, true);
        let cut = std::mem::take(&mut self.escaped).then_some(Why::Incomplete);
        let outside = (!began).then_some(Why::Header);
        let spoiled = self.spoiled.take().or(cut).or(outside);
        match (bytes.is_empty(), spoiled) {
            (true, _) => None, // the end of one frame and the beginning of the next
            (false, Some(why)) => Some(Err(Noise { why, bytes })),
            (false, None) => Some(Ok(bytes)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn bytes(hex: &str) -> Vec<u8> {
        hex.split(' ')
            .map(|byte| u8::from_str_radix(byte, 16).unwrap())
            .collect()
    }

    fn frames(bytes: &[u8]) -> Vec<Result<Vec<u8>, Noise>> {
        let mut unstuffer = Unstuffer::default();
        bytes
            .iter()
            .filter_map(|byte| unstuffer.push(*byte))
            .collect()
    }

    fn only(bytes: &[u8]) -> Vec<u8> {
        let mut all = frames(bytes);
        assert_eq!(all.len(), 1);
        all.remove(0).unwrap()
    }

    /// `create_pos_msg`, `create_vel_msg`, `create_duty_msg`, `create_misc_msg` and `create_read_reg_msg` of
    /// ability_hand 0.2.2, the maker's package. The counts are `int(degree * 32767 / 150)` and so on.
    #[test]
    fn requests_are_those_of_the_makers_package() {
        for (request, hex) in [
            (
                Request::Command(
                    Mode::Position,
                    Variant::Touch,
                    [2184, 4368, 6553, 8737, 10_922, -13_106], // 10, 20, 30, 40, 50, -60 degrees
                ),
                "7e 50 10 88 08 10 11 99 19 21 22 aa 2a ce cc 8c 7e",
            ),
            (
                Request::Command(
                    Mode::Position,
                    Variant::Velocity,
                    [6553, 6553, 6553, 6553, 6553, -6553],
                ),
                "7e 50 12 99 19 99 19 99 19 99 19 99 19 67 e6 d7 7e",
            ),
            (
                Request::Command(
                    Mode::Velocity,
                    Variant::TouchVelocity,
                    [1092, 1092, 1092, 1092, 1092, -1092], // 100 degrees per second
                ),
                "7e 50 21 44 04 44 04 44 04 44 04 44 04 bc fb 70 7e",
            ),
            (
                Request::Command(
                    Mode::Duty,
                    Variant::Touch,
                    [1773, 1773, 1773, 1773, 1773, -1773], // half of 3546
                ),
                "7e 50 40 ed 06 ed 06 ed 06 ed 06 ed 06 13 f9 a5 7e",
            ),
            (Request::Exit, "7e 50 7c 34 7e"),
            (Request::Read(Variant::Touch), "7e 50 a0 10 7e"),
            (
                Request::ReadRegister(UNIQUE_ID[0]),
                "7e 50 da 3d 00 00 00 99 7e",
            ),
        ] {
            assert_eq!(request.encode(0x50), bytes(hex), "{request:?}");
            assert_eq!(Request::decode(&only(&bytes(hex))), Ok((0x50, request)));
        }
    }

    /// `GeneratedPacket(pos=[10..60], cur=[1]*6, vel=[5]*6, reply_mode=2)` of ability_hand 0.2.2, the maker's
    /// device-side encoder.
    #[test]
    fn a_reply_is_that_of_the_makers_own_hand() {
        let hex = "7e 12 88 08 6c 02 10 11 6c 02 99 19 6c 02 21 22 6c 02 aa 2a 6c 02 ce cc 6c 02 36 00 36 00 36 \
                   00 36 00 36 00 36 00 00 02 7e";
        let feedback = Feedback {
            header: 0x12,
            positions: [2184, 4368, 6553, 8737, 10_922, -13_106],
            currents: Some([620; 6]),
            velocities: Some([54; 6]),
            touch: None,
            limited: 0,
        };
        assert_eq!(
            Reply::decode(&only(&bytes(hex))),
            Ok(Reply::Feedback(feedback))
        );
        assert_eq!(Reply::Feedback(feedback).encode(), Some(bytes(hex)));
    }

    /// The loop of the control document's section 3.4.6, in its order of nibbles.
    #[test]
    fn touch_is_unpacked_as_the_document_does_it() {
        let packed: [u8; 45] = std::array::from_fn(|n| (7 * n + 3) as u8);
        let mut values = [0u16; 30];
        for bit in (0..30 * 12).step_by(4) {
            values[bit / 12] |= u16::from(packed[bit / 8] >> (bit % 8) & 0x0F) << (bit % 12);
        }
        let unpacked = unpack(&packed).unwrap();
        assert_eq!(unpacked.concat(), values);
        assert_eq!(pack(&unpacked), packed);
    }

    #[test]
    fn bytes_that_look_like_flags_are_escaped() {
        let counts = [0x7E7E, 0x7D7D, 0x7E7D, 0, -1, 0x5E5D];
        let request = Request::Command(Mode::Position, Variant::Velocity, counts);
        let wire = request.encode(0x50);
        assert!(!wire[1..wire.len() - 1].contains(&FLAG));
        assert_eq!(Request::decode(&only(&wire)), Ok((0x50, request)));
    }

    #[test]
    fn a_damaged_frame_costs_itself_and_no_other() {
        let good = Request::Read(Variant::Velocity).encode(0x50);
        let mut damaged = good.clone();
        damaged[2] ^= 0x01;
        let all = [b"\x00\x12".to_vec(), damaged, good.clone()].concat();
        let heard = frames(&all);
        let read: Vec<_> = heard
            .iter()
            .map(|frame| frame.as_ref().map(|frame| Request::decode(frame)))
            .collect();
        assert!(matches!(&read[0], Err(noise) if noise.why == Why::Header));
        assert!(matches!(&read[1], Ok(Err(noise)) if noise.why == Why::Checksum));
        assert!(matches!(
            &read[2],
            Ok(Ok((0x50, Request::Read(Variant::Velocity))))
        ));
    }

    #[test]
    fn a_register_that_is_not_there_is_said() {
        for reply in [Reply::Register(Some(0x1234_5678)), Reply::Register(None)] {
            let wire = reply.encode().unwrap();
            assert_eq!(Reply::decode(&only(&wire)), Ok(reply));
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(128))]

        #[test]
        fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            for frame in frames(&bytes).into_iter().flatten() {
                let _ = (Request::decode(&frame), Reply::decode(&frame));
            }
        }

        #[test]
        fn feedback_comes_back(counts in any::<[i16; 6]>(), other in any::<[i16; 6]>(), raw in any::<[[u16; 6]; 5]>(), limited: u8) {
            let touch = raw.map(|finger| finger.map(|site| site & 0x0FFF));
            for feedback in [
                Feedback { header: 0x10, positions: counts, currents: Some(other), velocities: None, touch: Some(touch), limited },
                Feedback { header: 0xA1, positions: counts, currents: None, velocities: Some(other), touch: Some(touch), limited },
                Feedback { header: 0x42, positions: counts, currents: Some(other), velocities: Some(counts), touch: None, limited },
            ] {
                let wire = Reply::Feedback(feedback).encode().unwrap();
                prop_assert_eq!(Reply::decode(&only(&wire)), Ok(Reply::Feedback(feedback)));
            }
        }
    }
}
