//! A recording as a link: the same driver runs on what was heard before.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use certbench_clock::{Clock, Time};

use crate::{ByteLink, CanFrame, CanLink, Direction, LinkError, LinkInfo, LinkKind, Stamp};

/// One call of a [`Tap`](crate::Tap), as recorded.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Heard {
    /// Which way.
    pub direction: Direction,
    /// When, on the clock of the recording.
    pub time: Time,
    /// What; for a CAN frame its text.
    pub bytes: Vec<u8>,
}

/// Plays a recorded byte link.
///
/// What was received before anything was sent comes at its recorded time after the start. What
/// was received after a request comes at its recorded delay after the same request is made
/// again; equal requests are answered in their recorded order. A request that is not (or no
/// more) in the recording is refused.
pub struct Replay(Player);

/// Plays a recorded CAN link, by the rules of [`Replay`].
pub struct CanReplay(Player);

struct Player {
    clock: Clock,
    info: LinkInfo,
    script: Mutex<Script>,
}

struct Script {
    /// Requests not yet made, each with what follows it.
    requests: Vec<Request>,
    /// What is due when; the second number keeps the recorded order.
    due: BTreeMap<(Time, usize), Vec<u8>>,
}

struct Request {
    bytes: Vec<u8>,
    sent: Time,
    answers: Vec<(usize, Heard)>,
}

impl Player {
    /// Sorts the recording by time; what has the same time keeps the order in which it was recorded.
    fn new(clock: &Clock, name: &str, mut recording: Vec<Heard>) -> Player {
        recording.sort_by_key(|heard| heard.time);
        let mut script = Script {
            requests: Vec::new(),
            due: BTreeMap::new(),
        };
        let (start, began) = (
            recording.first().map_or(Time::ZERO, |first| first.time),
            clock.now(),
        );
        for (n, heard) in recording.into_iter().enumerate() {
            match (heard.direction, script.requests.last_mut()) {
                (Direction::Sent, _) => {
                    script.requests.push(Request {
                        bytes: heard.bytes,
                        sent: heard.time,
                        answers: Vec::new(),
                    });
                }
                (Direction::Received, Some(request)) => request.answers.push((n, heard)),
                (Direction::Received, None) => {
                    script
                        .due
                        .insert((began + (heard.time - start), n), heard.bytes);
                }
            }
        }
        let info = LinkInfo::not_physical(LinkKind::Replay, name);
        Player {
            clock: clock.clone(),
            info,
            script: Mutex::new(script),
        }
    }

    fn request(&self, bytes: &[u8]) -> Result<Time, LinkError> {
        let now = self.clock.now();
        let mut script = self.script();
        let Some(at) = script
            .requests
            .iter()
            .position(|request| request.bytes == bytes)
        else {
            let what = match script.requests.first() {
                Some(next) => format!(
                    "{bytes:02x?} is not in the recording from here on; next in it is {:02x?}",
                    next.bytes
                ),
                None => format!("{bytes:02x?} comes after the end of the recording"),
            };
            return Err(LinkError::Refused {
                port: self.info.port.clone(),
                what,
            });
        };
        let request = script.requests.remove(at);
        for (n, answer) in request.answers {
            script
                .due
                .insert((now + (answer.time - request.sent), n), answer.bytes);
        }
        Ok(now)
    }

    fn next(&self, until: Time) -> Option<(Vec<u8>, Stamp)> {
        loop {
            let now = self.clock.now();
            let wait = {
                let mut script = self.script();
                match script.due.first_entry() {
                    Some(first) if first.key().0 <= now => {
                        let (time, _) = *first.key();
                        return Some((
                            first.remove(),
                            Stamp {
                                earliest: time,
                                latest: time,
                                kernel: false,
                            },
                        ));
                    }
                    first => first.map_or(until, |first| first.key().0.min(until)),
                }
            };
            self.clock.sleep_until(wait);
            if wait >= until
                && self
                    .script()
                    .due
                    .keys()
                    .next()
                    .is_none_or(|first| first.0 > self.clock.now())
            {
                return None;
            }
        }
    }

    fn script(&self) -> MutexGuard<'_, Script> {
        self.script.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Replay {
    /// Plays `recording`, which starts now. `name` says where it comes from.
    pub fn new(clock: &Clock, name: &str, recording: Vec<Heard>) -> Replay {
        Replay(Player::new(clock, name, recording))
    }
}

impl ByteLink for Replay {
    fn write(&self, bytes: &[u8]) -> Result<Time, LinkError> {
        self.0.request(bytes)
    }

    fn read(&self, buf: &mut Vec<u8>, until: Time) -> Result<Option<Stamp>, LinkError> {
        Ok(self.0.next(until).map(|(bytes, stamp)| {
            buf.extend_from_slice(&bytes);
            stamp
        }))
    }

    fn discard(&self) {
        let now = self.0.clock.now();
        self.0.script().due.retain(|(time, _), _| *time > now);
    }

    fn describe(&self) -> &LinkInfo {
        &self.0.info
    }
}

impl CanReplay {
    /// Plays `recording`, which starts now. `name` says where it comes from.
    pub fn new(clock: &Clock, name: &str, recording: Vec<Heard>) -> CanReplay {
        CanReplay(Player::new(clock, name, recording))
    }
}

impl CanLink for CanReplay {
    fn send(&self, frame: &CanFrame) -> Result<Time, LinkError> {
        self.0.request(frame.to_string().as_bytes())
    }

    fn recv(&self, until: Time) -> Result<Option<(CanFrame, Stamp)>, LinkError> {
        let Some((bytes, stamp)) = self.0.next(until) else {
            return Ok(None);
        };
        match String::from_utf8_lossy(&bytes).parse() {
            Ok(frame) => Ok(Some((frame, stamp))),
            Err(e) => Err(LinkError::Refused {
                port: self.0.info.port.clone(),
                what: format!("damaged recording: {e}"),
            }),
        }
    }

    fn describe(&self) -> &LinkInfo {
        &self.0.info
    }
}
