//! A Modbus RTU client that resynchronises.
//!
//! The protocol has no transaction number, so nothing in an answer says which question it belongs to.
//! Three things together keep a late one out: before a question the line has been silent for t3.5 and
//! all that came is thrown away; an answer must have the unit, function, byte count or echo of the
//! question, with nothing before or after it; and after a question without such an answer nothing is
//! asked until the longest time in which the server may still answer has passed.

use certbench_wire::modbus::{Reply, ReplyDecoder, Request};

use crate::line::{Answer, Failure, Heard, Line};

/// The client of one unit.
pub(crate) struct Client {
    pub(crate) line: Line,
    pub(crate) unit: u8,
}

impl Client {
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
        self.line.ask(&frame, |bytes| {
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
        })
    }
}
