//! The far end: what an SLCAN adapter does with the lines of a host. For simulators.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use certbench_clock::{Clock, Lock, Time};

use super::codec::{Line, Lines, encode_stamped};
use crate::{ByteLink, CanFrame, CanLink, LinkError, LinkInfo, LinkKind, Stamp};

/// An adapter with a bus behind it, seen from the bus: [`CanLink::recv`] gives the frames that
/// the host sends, [`CanLink::send`] is a frame of another node. Commands are answered inside
/// `recv`. Frames sent while the host has the adapter closed are lost, as on a bus.
pub struct SlcanAdapter<L: ByteLink> {
    link: L,
    clock: Clock,
    hearing: Lock<Hearing>,
    state: Mutex<State>,
    info: LinkInfo,
}

#[derive(Default)]
struct Hearing {
    lines: Lines,
    began: Time,
    chunk: Vec<u8>,
    ready: VecDeque<(CanFrame, Stamp)>,
}

/// What the host has set.
#[derive(Default, Clone, Copy)]
struct State {
    open: bool,
    listen_only: bool,
    stamps: bool,
}

/// What a line leads to.
struct Reaction {
    answer: &'static [u8],
    frame: Option<CanFrame>,
}

const DONE: &[u8] = b"\r";
const BELL: &[u8] = b"\x07";

impl<L: ByteLink> SlcanAdapter<L> {
    /// A closed adapter at the end of `link`.
    pub fn new(clock: &Clock, link: L) -> SlcanAdapter<L> {
        let info = LinkInfo {
            kind: LinkKind::Slcan,
            ..link.describe().clone()
        };
        SlcanAdapter {
            link,
            clock: clock.clone(),
            hearing: clock.lock(Hearing::default()),
            state: Mutex::default(),
            info,
        }
    }

    /// Whether the host has it open.
    pub fn is_open(&self) -> bool {
        self.state().open
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn react(&mut self, line: Line) -> Reaction {
        let (answer, frame) = match line {
            Line::Frame { frame, .. } if self.open && !self.listen_only => (
                if frame.is_extended() {
                    &b"Z\r"[..]
                } else {
                    b"z\r"
                },
                Some(frame),
            ),
            Line::Other(command) => (self.obey(&command), None),
            Line::Done | Line::Sent => (DONE, None), // an empty command flushes the line
            Line::Frame { .. } | Line::Bell => (BELL, None),
        };
        Reaction { answer, frame }
    }

    fn obey(&mut self, command: &[u8]) -> &'static [u8] {
        match command {
            [b'O'] => self.set_open(true, false), // again is tolerated: python-can opens twice
            [b'L'] => self.set_open(true, true),
            [b'C'] => self.set_open(false, false),
            [b'S', b'0'..=b'8'] | [b'Y', b'0'..=b'9'] if !self.open => DONE,
            [b's', setting @ ..] if !self.open && !setting.is_empty() => DONE,
            [b'Z', on @ b'0'..=b'1'] => {
                self.stamps = *on == b'1';
                DONE
            }
            [b'M' | b'm', filter @ ..] if filter.len() == 8 => DONE,
            [b'X', b'0'..=b'1'] => DONE,
            b"V" => b"V1013\r",
            b"v" => b"v1013\r",
            b"N" => b"NCB01\r",
            b"F" if self.open => b"F00\r",
            _ => BELL,
        }
    }

    fn set_open(&mut self, open: bool, listen_only: bool) -> &'static [u8] {
        (self.open, self.listen_only) = (open, listen_only);
        DONE
    }
}

impl<L: ByteLink> CanLink for SlcanAdapter<L> {
    fn send(&self, frame: &CanFrame) -> Result<Time, LinkError> {
        let now = self.clock.now();
        let state = *self.state();
        let device_ms = state
            .stamps
            .then(|| (now.as_nanos() / 1_000_000 % 60_000) as u16);
        match encode_stamped(frame, device_ms) {
            Some(line) if state.open => self.link.write(&line),
            Some(_) => Ok(now),
            None => Err(LinkError::Refused {
                port: self.info.port.clone(),
                what: format!("{frame} cannot be sent"),
            }),
        }
    }

    fn recv(&self, until: Time) -> Result<Option<(CanFrame, Stamp)>, LinkError> {
        let mut hearing = self.hearing.lock();
        loop {
            if let Some(ready) = hearing.ready.pop_front() {
                return Ok(Some(ready));
            }
            let Some(stamp) = self.link.read(&mut hearing.chunk, until)? else {
                return Ok(None);
            };
            let mut answers = Vec::new();
            let Hearing {
                lines,
                began,
                chunk,
                ready,
            } = &mut *hearing;
            for byte in chunk.drain(..) {
                if lines.is_between() {
                    *began = stamp.earliest;
                }
                let Some(line) = lines.push(byte) else {
                    continue;
                };
                let Reaction { answer, frame } = self.state().react(line);
                answers.extend_from_slice(answer);
                ready.extend(frame.map(|frame| {
                    (
                        frame,
                        Stamp {
                            earliest: *began,
                            ..stamp
                        },
                    )
                }));
            }
            if !answers.is_empty() {
                self.link.write(&answers)?;
            }
        }
    }

    fn describe(&self) -> &LinkInfo {
        &self.info
    }
}
