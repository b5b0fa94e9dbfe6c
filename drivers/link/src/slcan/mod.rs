//! CAN frames as lines of text over any byte link (Lawicel CAN232/CANUSB, "SLCAN", and the
//! CAN FD letters of CANable 2).
//!
//! Acknowledgements come whenever they like, between and inside bursts of received frames, or
//! not at all, so nothing here waits for one. A refusal (BEL) is reported by the next `recv`.

mod adapter;
mod codec;

pub use adapter::SlcanAdapter;
pub use codec::{Line, Lines, encode, encode_stamped};

use std::collections::VecDeque;
use std::time::Duration;

use certbench_clock::{Clock, Lock, Time};

use crate::{ByteLink, CanFrame, CanLink, LinkError, LinkInfo, LinkKind, Stamp};

/// Bit rates by the digit of the `S` command. Seven is 800 kbit/s (Lawicel and the Linux
/// kernel; python-can takes it for 750).
const BIT_RATES: [u32; 9] = [
    10_000, 20_000, 50_000, 100_000, 125_000, 250_000, 500_000, 800_000, 1_000_000,
];

/// How long an adapter may take to answer the commands that close it.
const SETTLE: Duration = Duration::from_millis(50);

/// How an adapter is set up.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SlcanOptions {
    /// Bits per second on the bus: 10, 20, 50, 100, 125, 250, 500, 800 or 1000 thousand.
    pub bit_rate: u32,
    /// Bits per second in the data phase of CAN FD: 2 or 5 million.
    pub data_bit_rate: Option<u32>,
    /// Hears and does not acknowledge on the bus, sends nothing.
    pub listen_only: bool,
}

/// An adapter that is open on the bus. Dropping it closes the adapter.
pub struct Slcan<L: ByteLink> {
    link: L,
    hearing: Lock<Hearing>,
    info: LinkInfo,
    takes_fd: bool,
}

#[derive(Default)]
struct Hearing {
    lines: Lines,
    /// The earliest time of the chunk in which the line under way began.
    began: Time,
    chunk: Vec<u8>,
    ready: VecDeque<Result<(CanFrame, Stamp), LinkError>>,
}

impl<L: ByteLink> Slcan<L> {
    /// Closes the adapter on `link` whatever state it is in, sets it up and opens it.
    ///
    /// # Errors
    /// [`LinkError::Unusable`] for a bit rate that SLCAN has no command for; errors of the link.
    pub fn open(clock: &Clock, link: L, options: &SlcanOptions) -> Result<Slcan<L>, LinkError> {
        let below = link.describe();
        let unusable = |what: String| LinkError::Unusable {
            port: below.port.clone(),
            what,
        };
        let speed = BIT_RATES.iter().position(|&rate| rate == options.bit_rate);
        let speed = speed.ok_or_else(|| {
            unusable(format!(
                "SLCAN has no {} bit/s; it has {BIT_RATES:?}",
                options.bit_rate
            ))
        })?;
        let data_speed = match options.data_bit_rate {
            None => None,
            Some(2_000_000) => Some(2),
            Some(5_000_000) => Some(5),
            Some(n) => {
                return Err(unusable(format!(
                    "SLCAN has no data phase of {n} bit/s; write 2000000 or 5000000"
                )));
            }
        };
        let mut info = LinkInfo {
            kind: LinkKind::Slcan,
            settings: format!("{} bit/s over {}", options.bit_rate, below.settings),
            ..below.clone()
        };
        if let Some(n) = options.data_bit_rate {
            info.settings = format!("{} and {n} bit/s over {}", options.bit_rate, below.settings);
        }

        link.write(b"\r\r\rC\r")?; // ends whatever was half said, and closes
        clock.sleep(SETTLE);
        link.discard(); // the answers to that, BEL from an adapter that was closed among them
        link.write(format!("S{speed}\r").as_bytes())?;
        if let Some(n) = data_speed {
            link.write(format!("Y{n}\r").as_bytes())?;
        }
        link.write(if options.listen_only { b"L\r" } else { b"O\r" })?;
        let hearing = clock.lock(Hearing::default());
        Ok(Slcan {
            link,
            hearing,
            info,
            takes_fd: data_speed.is_some(),
        })
    }
}

impl Hearing {
    fn take_in(&mut self, stamp: Stamp, port: &str) {
        for &byte in &self.chunk {
            if self.lines.is_between() {
                self.began = stamp.earliest;
            }
            match self.lines.push(byte) {
                Some(Line::Frame { frame, .. }) => {
                    self.ready.push_back(Ok((
                        frame,
                        Stamp {
                            earliest: self.began,
                            ..stamp
                        },
                    )));
                }
                Some(Line::Bell) => {
                    let what =
                        "the adapter answered BEL: it did not take a command or a frame".into();
                    self.ready.push_back(Err(LinkError::Refused {
                        port: port.into(),
                        what,
                    }));
                }
                Some(Line::Done | Line::Sent | Line::Other(_)) | None => {}
            }
        }
        self.chunk.clear();
    }
}

impl<L: ByteLink> CanLink for Slcan<L> {
    fn send(&self, frame: &CanFrame) -> Result<Time, LinkError> {
        let port = || self.info.port.clone();
        if frame.is_fd() && !self.takes_fd {
            let what = format!("{frame} is a CAN FD frame and no data bit rate was given");
            return Err(LinkError::Refused { port: port(), what });
        }
        match encode(frame) {
            Some(line) => self.link.write(&line),
            None => Err(LinkError::Refused {
                port: port(),
                what: format!("{frame} cannot be sent"),
            }),
        }
    }

    fn recv(&self, until: Time) -> Result<Option<(CanFrame, Stamp)>, LinkError> {
        let mut hearing = self.hearing.lock();
        loop {
            if let Some(ready) = hearing.ready.pop_front() {
                return ready.map(Some);
            }
            let Some(stamp) = self.link.read(&mut hearing.chunk, until)? else {
                return Ok(None);
            };
            hearing.take_in(stamp, &self.info.port);
        }
    }

    fn describe(&self) -> &LinkInfo {
        &self.info
    }
}

impl<L: ByteLink> Drop for Slcan<L> {
    fn drop(&mut self) {
        let _ = self.link.write(b"C\r"); // a link that is gone needs no closing
    }
}
