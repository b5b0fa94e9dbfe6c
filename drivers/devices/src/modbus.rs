//! A Modbus client that resynchronises.
//!
//! On a line the protocol has no transaction number, so nothing in an answer says which question it belongs to.
//! Three things together keep a late one out: before a question the line has been silent for t3.5 and
//! all that came is thrown away; an answer must have the unit, function, byte count or echo of the
//! question, with nothing before or after it; and after a question without such an answer nothing is
//! asked until the longest time in which the server may still answer has passed. Over TCP an answer must have
//! the number of its question as well.

use std::sync::atomic::{AtomicU16, Ordering};

use certbench_wire::modbus::{FromTcp, Reply, ReplyDecoder, Request, to_tcp};

use crate::line::{Answer, Failure, Heard, Line};

/// The client of one unit.
pub(crate) struct Client {
    pub(crate) line: Line,
    pub(crate) unit: u8,
    framing: Framing,
}

/// What a frame has around it.
pub(crate) enum Framing {
    /// A checksum.
    Rtu,
    /// A header, with the number of the transaction.
    Tcp(Transactions),
}

/// Numbers of questions, four apart: there is firmware that answers with the number beside its question's.
#[derive(Default)]
pub(crate) struct Transactions(AtomicU16);

/// Of what is sent and not listened to.
const NOBODY: u16 = 0;

impl Transactions {
    fn next(&self) -> u16 {
        loop {
            let number = self.0.fetch_add(4, Ordering::Relaxed);
            if number != NOBODY {
                return number;
            }
        }
    }
}

impl Client {
    pub(crate) fn new(line: Line, unit: u8, framing: Framing) -> Client {
        Client {
            line,
            unit,
            framing,
        }
    }

    /// The bytes of a request whose answer nobody waits for; `None` when it names too much.
    pub(crate) fn frame(&self, request: &Request) -> Option<Vec<u8>> {
        let frame = request.encode(self.unit).ok()?;
        Some(match self.framing {
            Framing::Rtu => frame,
            Framing::Tcp(_) => to_tcp(NOBODY, &frame),
        })
    }

    /// One question.
    pub(crate) fn ask(&self, request: &Request) -> Result<Answer<Reply>, Failure> {
        let garbage = |what: String| Failure::Garbage {
            what,
            asked: Vec::new(),
        };
        let frame = request
            .encode(self.unit)
            .map_err(|error| garbage(error.to_string()))?;
        let mut decoder = ReplyDecoder::new(self.unit, request.clone());
        let mut spoiled = None;
        let mut hear = |bytes: &[u8]| {
            decoder.push(bytes);
            while let Some(heard) = decoder.next() {
                match heard {
                    Ok(reply) if spoiled.is_none() && decoder.is_empty() => {
                        return Heard::Answer(reply);
                    }
                    Ok(_) => spoiled = Some("an answer among other bytes".to_owned()),
                    Err(noise) => spoiled = Some(noise.to_string()),
                }
            }
            spoiled.clone().map_or(Heard::More, Heard::Garbage)
        };
        let Framing::Tcp(transactions) = &self.framing else {
            return self.line.ask(&frame, hear);
        };
        let (number, mut incoming) = (transactions.next(), FromTcp::default());
        self.line.ask(&to_tcp(number, &frame), |bytes| {
            incoming.push(bytes);
            while let Some(heard) = incoming.next() {
                match heard {
                    Ok((said, frame)) if said.abs_diff(number) <= 1 => return hear(&frame),
                    Ok(_) => (), // the answer to another question
                    Err(noise) => return Heard::Garbage(noise.to_string()),
                }
            }
            Heard::More
        })
    }
}
