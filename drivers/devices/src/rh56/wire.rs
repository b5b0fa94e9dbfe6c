//! Registers over either wire: frames on a serial line, or identifiers on a CAN bus.

use certbench_link::{CanFrame, LinkError, LinkInfo};
use certbench_roles::Trouble;
use certbench_wire::rh56::can::MOST;
use certbench_wire::rh56::{Decoder, Framing, Register, Reply, ReplyDecoder, Request};

use crate::hands::bus::Bus;
use crate::line::{Answer, Failure, Heard, Line};

/// The way to the registers of one hand.
pub(super) struct Wire {
    /// Its address.
    pub(super) hand: u8,
    pub(super) port: Port,
    /// Answers to a write of this register may come at any time: a halt was sent between.
    pub(super) halts_write: u16,
}

/// What the way is.
pub(super) enum Port {
    Line(Line, Framing),
    Bus(Bus),
}

/// Frames made before they are needed.
#[derive(Clone)]
pub(super) enum Frames {
    Bytes(Vec<u8>),
    Can(Vec<CanFrame>),
}

impl Wire {
    pub(super) fn describe(&self) -> &LinkInfo {
        match &self.port {
            Port::Line(line, _) => line.link().describe(),
            Port::Bus(bus) => bus.describe(),
        }
    }

    /// In words for people.
    pub(super) fn trouble(&self, failure: &Failure) -> Trouble {
        match &self.port {
            Port::Line(line, _) => line.trouble(failure),
            Port::Bus(bus) => bus.trouble(failure),
        }
    }

    /// Asks for a whole register. On a bus that may take several questions; their answers count as one that
    /// took from the first question to the last answer.
    pub(super) fn read(&self, register: Register) -> Result<Answer<Vec<u8>>, Failure> {
        let most = self.most();
        let mut whole: Option<Answer<Vec<u8>>> = None;
        for first in (0..usize::from(register.bytes)).step_by(most) {
            let request = Request::Read {
                hand: self.hand,
                address: register.address + first as u16,
                count: (usize::from(register.bytes) - first).min(most) as u8,
            };
            let answer = self.exchange(&request)?;
            let stamp = answer.stamp;
            let part = answer.map(|reply| match reply {
                Reply::Data { data, .. } => data,
                Reply::Written { .. } => Vec::new(), // never answers a read
            });
            match &mut whole {
                None => whole = Some(part),
                Some(whole) => {
                    whole.value.extend(part.value);
                    whole.stamp.latest = stamp.latest;
                }
            }
        }
        whole.ok_or_else(|| not_asked_for(register))
    }

    /// Writes a register and waits until the hand has taken it; its result, 1 when it has.
    pub(super) fn write(&self, register: Register, data: &[u8]) -> Result<u8, Failure> {
        for request in self.requests(register, data) {
            match self.exchange(&request)?.value {
                Reply::Written { result: 1, .. } => (),
                Reply::Written { result, .. } => return Ok(result),
                Reply::Data { .. } => return Err(not_asked_for(register)),
            }
        }
        Ok(1)
    }

    /// The frames that write a register.
    pub(super) fn frames(&self, register: Register, data: &[u8]) -> Option<Frames> {
        let mut requests = self.requests(register, data);
        match &self.port {
            Port::Line(_, framing) => {
                Some(Frames::Bytes(requests.next()?.encode_in(*framing).ok()?))
            }
            Port::Bus(_) => {
                let frames: Option<_> = requests.map(|request| can(&request)).collect();
                frames.map(Frames::Can)
            }
        }
    }

    /// Sends them.
    pub(super) fn send(&self, frames: &Frames) -> Result<(), LinkError> {
        match (&self.port, frames) {
            (Port::Line(line, _), Frames::Bytes(bytes)) => line.link().write(bytes).map(|_| ()),
            (Port::Bus(bus), Frames::Can(frames)) => frames
                .iter()
                .try_for_each(|frame| bus.tell(frame).map(|_| ())),
            _ => Ok(()), // frames are made for the port that they are sent on
        }
    }

    /// Most data bytes of a request.
    fn most(&self) -> usize {
        match self.port {
            Port::Line(..) => usize::from(u8::MAX),
            Port::Bus(_) => MOST,
        }
    }

    /// The requests that write this.
    fn requests<'a>(
        &self,
        register: Register,
        data: &'a [u8],
    ) -> impl Iterator<Item = Request> + use<'a> {
        let (hand, most) = (self.hand, self.most());
        let data = data.get(..usize::from(register.bytes)).unwrap_or(data);
        let chunks = data.chunks(most).enumerate();
        chunks.map(move |(n, data)| Request::Write {
            hand,
            address: register.address + (n * most) as u16,
            data: data.to_vec(),
        })
    }

    fn exchange(&self, request: &Request) -> Result<Answer<Reply>, Failure> {
        match &self.port {
            Port::Line(line, framing) => self.on_line(line, *framing, request),
            Port::Bus(bus) => on_bus(bus, request),
        }
    }

    fn on_line(
        &self,
        line: &Line,
        framing: Framing,
        request: &Request,
    ) -> Result<Answer<Reply>, Failure> {
        let frame = request
            .encode_in(framing)
            .map_err(|error| garbage(error.to_string()))?;
        let mut decoder: ReplyDecoder = Decoder::speaking(framing);
        line.ask(&frame, |bytes| {
            decoder.push(bytes);
            let mut garbage = None;
            while let Some(heard) = decoder.next() {
                match heard {
                    Ok(reply) if request.is_answered_by(&reply) => return Heard::Answer(reply),
                    // the answer to a halt that came between
                    Ok(Reply::Written { address, .. }) if address == self.halts_write => {}
                    Ok(reply) => garbage = Some(format!("an answer to something else: {reply:?}")),
                    Err(noise) => garbage = Some(noise.to_string()),
                }
            }
            garbage.map_or(Heard::More, Heard::Garbage)
        })
    }
}

fn on_bus(bus: &Bus, request: &Request) -> Result<Answer<Reply>, Failure> {
    let frame = can(request).ok_or_else(|| garbage("it does not fit into a frame".into()))?;
    bus.ask(&frame, |frame| {
        if !frame.is_extended() || frame.is_remote() {
            return Heard::More;
        }
        match Reply::from_can(frame.id(), frame.data()) {
            Some(reply) if request.is_answered_by(&reply) => Heard::Answer(reply),
            _ => Heard::More,
        }
    })
}

fn can(request: &Request) -> Option<CanFrame> {
    let (id, data) = request.to_can()?;
    CanFrame::extended(id, &data).ok()
}

fn garbage(what: String) -> Failure {
    Failure::Garbage {
        what,
        asked: Vec::new(),
    }
}

fn not_asked_for(register: Register) -> Failure {
    garbage(format!("another kind of answer than {} has", register.name))
}
