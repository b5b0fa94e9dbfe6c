//! Inspire devices with the frames of the RH56 and registers of their own: RH56F1, EG-5CD1.

use certbench_wire::rh56::{Decoder, Framing, Reply, Request, RequestDecoder};

use crate::World;
use crate::world::{Doing, FingerView};

use super::Answering;
use super::registers::{go, set_force, set_speed, view};

/// Grams-force of a newton.
const G_PER_N: f64 = 1.0 / 0.009_806_65;
/// Motor current at the most that a finger can push.
const MOST_MA: f64 = 800.0;
const ID: u8 = 1;

/// A register: a word.
pub(crate) trait Words: Send {
    const FRAMING: Framing;
    /// How far the addresses of two words are apart.
    const STRIDE: u16;
    fn word(bytes: [u8; 2]) -> i16;
    fn bytes(word: i16) -> [u8; 2];
    fn read(&self, world: &World, address: u16) -> Option<i16>;
    /// Whether it takes that.
    fn write(&self, world: &mut World, address: u16, value: i16) -> bool;
}

fn errors(finger: FingerView) -> i16 {
    i16::from(finger.stalled) | i16::from(finger.too_hot) << 1
}

/// RH56F1: every value is a word, and addresses count words.
#[derive(Default)]
pub(crate) struct F1;

impl Words for F1 {
    const FRAMING: Framing = Framing::HAND;
    const STRIDE: u16 = 1;

    fn word(bytes: [u8; 2]) -> i16 {
        i16::from_le_bytes(bytes)
    }

    fn bytes(word: i16) -> [u8; 2] {
        word.to_le_bytes()
    }

    fn read(&self, world: &World, address: u16) -> Option<i16> {
        let six = address.checked_sub(1034)?;
        let finger = view(world, usize::from(six % 6))?;
        Some(match address {
            1064..=1069 => (1000.0 * (1.0 - finger.closing)).round() as i16,
            1070..=1075 => (finger.force_n * G_PER_N).round() as i16,
            1076..=1081 => (finger.effort * MOST_MA).round() as i16,
            1082..=1087 => errors(finger),
            1088..=1093 => match finger.doing {
                Doing::Opening => 0,
                Doing::Closing => 1,
                Doing::AtPosition => 2,
                Doing::AtForce => 3,
                Doing::Stalled => 6,
                Doing::TooHot => 7,
            },
            1094..=1099 => finger.celsius.round() as i16,
            _ => return None,
        })
    }

    fn write(&self, world: &mut World, address: u16, value: i16) -> bool {
        let finger = usize::from(address.saturating_sub(1034) % 6);
        let share = f64::from(value) / 1000.0;
        match address {
            1040..=1045 if value == -1 => (),
            1040..=1045 if (0..=1000).contains(&value) => go(world, finger, 1.0 - share),
            1046..=1051 if (0..=1000).contains(&value) => {
                set_force(world, finger, f64::from(value) / G_PER_N);
            }
            1052..=1057 if (0..=1000).contains(&value) => set_speed(world, finger, share),
            _ => return false,
        }
        true
    }
}

/// EG-5CD1: the hand with all its fingers as one; values are big-endian, as its guide says.
#[derive(Default)]
pub(crate) struct Eg5cd1;

impl Words for Eg5cd1 {
    const FRAMING: Framing = Framing::GRIPPER;
    const STRIDE: u16 = 2;

    fn word(bytes: [u8; 2]) -> i16 {
        i16::from_be_bytes(bytes)
    }

    fn bytes(word: i16) -> [u8; 2] {
        word.to_be_bytes()
    }

    fn read(&self, world: &World, address: u16) -> Option<i16> {
        let finger = view(world, 0)?;
        Some(match address {
            1010 => 0,
            1120 => (finger.force_n * G_PER_N).round() as i16,
            1122 => (1000.0 * (1.0 - finger.closing)).round() as i16,
            1124 => (finger.effort * MOST_MA).round() as i16,
            1126 => finger.celsius.round() as i16,
            1128 => errors(finger),
            1130 => match finger.doing {
                Doing::Opening => 5,
                Doing::Closing => 4,
                Doing::AtPosition if finger.closing < 0.01 => 1,
                Doing::AtPosition if finger.closing > 0.99 => 2,
                Doing::AtForce => 6,
                _ => 3,
            },
            _ => return None,
        })
    }

    fn write(&self, world: &mut World, address: u16, value: i16) -> bool {
        let share = f64::from(value) / 1000.0;
        match address {
            1010 => return value == 0,
            1020 if (0..=1000).contains(&value) => (0..6).for_each(|f| go(world, f, 1.0 - share)),
            1022 if (0..=1000).contains(&value) => (0..6).for_each(|f| set_speed(world, f, share)),
            1024 if (0..=2000).contains(&value) => {
                (0..6).for_each(|f| set_force(world, f, f64::from(value) / G_PER_N));
            }
            _ => return false,
        }
        true
    }
}

/// One of them on a line.
pub(crate) struct Dialect<W> {
    decoder: RequestDecoder,
    words: W,
}

impl Dialect<F1> {
    pub(crate) fn f1() -> Dialect<F1> {
        Dialect::speaking(F1)
    }
}

impl Dialect<Eg5cd1> {
    pub(crate) fn eg5cd1() -> Dialect<Eg5cd1> {
        Dialect::speaking(Eg5cd1)
    }
}

impl<W: Words> Dialect<W> {
    fn speaking(words: W) -> Dialect<W> {
        Dialect {
            decoder: Decoder::speaking(W::FRAMING),
            words,
        }
    }

    fn obey(&self, world: &mut World, request: Request) -> Option<Reply> {
        match request {
            Request::Read {
                hand: ID,
                address,
                count,
            } => {
                let words = 0..u16::from(count / 2);
                let read = |n| self.words.read(world, address + n * W::STRIDE);
                let words: Option<Vec<i16>> = words.map(read).collect();
                let data = words?.into_iter().flat_map(W::bytes).collect();
                Some(Reply::Data {
                    hand: ID,
                    address,
                    data,
                })
            }
            Request::Write {
                hand: ID,
                address,
                data,
            } => {
                let mut taken = true;
                for (pair, n) in data.chunks_exact(2).zip(0u16..) {
                    let word = <[u8; 2]>::try_from(pair).map_or(0, W::word);
                    taken &= self.words.write(world, address + n * W::STRIDE, word);
                }
                let result = u8::from(taken);
                Some(Reply::Written {
                    hand: ID,
                    address,
                    result,
                })
            }
            _ => None,
        }
    }
}

impl<W: Words> Answering for Dialect<W> {
    fn hear(&mut self, bytes: &[u8]) {
        self.decoder.push(bytes);
    }

    fn silence(&mut self) {
        self.decoder.silence();
    }

    fn answer(&mut self, world: &mut World) -> Option<Vec<u8>> {
        let reply = match self.decoder.next()? {
            Ok(request) => self.obey(world, request),
            Err(_noise) => None,
        };
        let frame = reply.and_then(|reply| reply.encode_in(W::FRAMING).ok());
        Some(frame.unwrap_or_default())
    }
}
