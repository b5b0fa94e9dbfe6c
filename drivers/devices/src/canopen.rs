//! A CANopen bus under a device: frames out, and SDO transfers one at a time.

mod file;

use std::sync::Arc;
use std::time::Duration;

use certbench_clock::{Clock, Lock, Receiver, Recv, Sender, Time};
use certbench_link::{CanFrame, CanLink, LinkError};
use certbench_model::FaultKind;
use certbench_roles::Trouble;
use certbench_wire::canopen::object::Object;
use certbench_wire::canopen::sdo::{Abort, Client, Failure as SdoFailure, Step};
use certbench_wire::canopen::{CobFrame, NodeId};

pub(crate) use file::{Configuring, MakerFile, Now, is_of_file};

/// SDO answers that wait for whoever asked.
const WAITING_MOST: usize = 256;
/// Bytes from which blocks save more frames than it costs to learn that a node has none.
const LONG: usize = 64;
/// Each frame of a transfer may take this part of the time that an answer is waited for.
const A_FRAME: u32 = 8;

pub(crate) struct Bus {
    link: Arc<dyn CanLink>,
    clock: Clock,
    timeout: Duration,
    to_client: Sender<CobFrame>,
    client: Lock<Receiver<CobFrame>>,
}

/// Why an object could not be read or written.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Failure {
    Link(LinkError),
    Silence {
        within: Duration,
    },
    /// It answered every time, and so slowly that it would never end.
    Slow {
        after: Duration,
    },
    Refused(Abort),
    Protocol(Abort),
    /// Another length than the object has.
    Length(usize),
}

impl Failure {
    /// In words for people, with what to try.
    pub(crate) fn trouble(&self, port: &str, who: &str, doing: &str, object: Object) -> Trouble {
        let what = format!(
            "{doing} of {:04X}:{:02X}, {}",
            object.index, object.sub, object.name
        );
        match self {
            Failure::Link(error) => Trouble::Fault(FaultKind::Link, error.to_string()),
            Failure::Silence { within } => Trouble::Fault(
                FaultKind::Unattributable,
                format!(
                    "no answer from {who} on {port} in {} ms ({what}); is it powered? Either it is off or hung, \
                     or the bus is broken or runs at another bit rate",
                    within.as_millis()
                ),
            ),
            Failure::Slow { after } => Trouble::Fault(
                FaultKind::Unattributable,
                format!(
                    "{who} on {port} answers, and was not done in {} ms ({what}). Either it or this computer is \
                     overloaded, or the bus is; lower its load, or raise the option `timeout`",
                    after.as_millis()
                ),
            ),
            Failure::Refused(abort) => {
                Trouble::Refused(format!("{who} on {port} refuses the {what}: {abort}"))
            }
            Failure::Protocol(abort) => Trouble::Fault(
                FaultKind::Link,
                format!(
                    "{who} on {port} broke the protocol in the {what}: {abort}; do two nodes share the number?"
                ),
            ),
            Failure::Length(bytes) => Trouble::Refused(format!(
                "{who} on {port} gave {bytes} bytes in the {what}, which has {}",
                object.bytes
            )),
        }
    }
}

impl Bus {
    pub(crate) fn new(link: Arc<dyn CanLink>, clock: &Clock, timeout: Duration) -> Bus {
        let (to_client, client) = clock.channel(WAITING_MOST);
        Bus {
            link,
            clock: clock.clone(),
            timeout,
            to_client,
            client: clock.lock(client),
        }
    }

    pub(crate) fn clock(&self) -> &Clock {
        &self.clock
    }

    pub(crate) fn link(&self) -> &dyn CanLink {
        &*self.link
    }

    pub(crate) fn port(&self) -> &str {
        &self.link.describe().port
    }

    /// Sends one frame.
    pub(crate) fn send(&self, frame: &CobFrame) -> Result<Time, LinkError> {
        self.link.send(&can(frame))
    }

    /// The listening thread heard an SDO answer. When nobody waits for it, it is lost.
    pub(crate) fn heard(&self, frame: CobFrame) {
        let _ = self.to_client.try_send(frame);
    }

    /// Reads an object of any length.
    pub(crate) fn upload(&self, node: NodeId, object: Object) -> Result<Vec<u8>, Failure> {
        let (client, ask) = Client::upload(node, object.index, object.sub);
        self.transfer(client, ask, self.timeout)
    }

    /// Reads an object that may be long: in blocks, or by segments where the node has no blocks or does not
    /// get them right.
    pub(crate) fn upload_long(&self, node: NodeId, object: Object) -> Result<Vec<u8>, Failure> {
        let (client, ask) = Client::upload_in_blocks(node, object.index, object.sub);
        match self.transfer(client, ask, self.timeout) {
            Err(Failure::Protocol(_)) => self.upload(node, object),
            read => read,
        }
    }

    /// Reads an object that is expected to be about as long as this.
    pub(crate) fn upload_like(
        &self,
        node: NodeId,
        object: Object,
        data: &[u8],
    ) -> Result<Vec<u8>, Failure> {
        match data.len() {
            ..LONG => self.upload(node, object),
            _ => self.upload_long(node, object),
        }
    }

    /// Reads an object of exactly `N` bytes.
    pub(crate) fn read<const N: usize>(
        &self,
        node: NodeId,
        object: Object,
    ) -> Result<[u8; N], Failure> {
        self.read_within(node, object, self.timeout)
    }

    /// The same, waiting less for the answer.
    pub(crate) fn read_within<const N: usize>(
        &self,
        node: NodeId,
        object: Object,
        timeout: Duration,
    ) -> Result<[u8; N], Failure> {
        let (client, ask) = Client::upload(node, object.index, object.sub);
        let data = self.transfer(client, ask, timeout)?;
        data.as_slice()
            .try_into()
            .map_err(|_| Failure::Length(data.len()))
    }

    /// Writes an object; a long one in blocks, where the node has them.
    pub(crate) fn download(
        &self,
        node: NodeId,
        index: u16,
        sub: u8,
        data: &[u8],
    ) -> Result<(), Failure> {
        let (client, ask) = match data.len() {
            ..LONG => Client::download(node, index, sub, data),
            _ => Client::download_in_blocks(node, index, sub, data),
        };
        self.transfer(client, ask, self.timeout).map(|_| ())
    }

    /// Writes an object that a node need not have; whether it took it.
    pub(crate) fn download_if_there(
        &self,
        node: NodeId,
        object: Object,
        data: &[u8],
    ) -> Result<bool, Failure> {
        match self.download(node, object.index, object.sub, data) {
            Ok(()) => Ok(true),
            Err(Failure::Refused(_)) => Ok(false),
            Err(failure) => Err(failure),
        }
    }

    /// A number of four bytes that a node need not have.
    pub(crate) fn number(&self, node: NodeId, object: Object) -> Result<Option<u32>, Failure> {
        match self.read(node, object) {
            Ok(bytes) => Ok(Some(u32::from_le_bytes(bytes))),
            Err(Failure::Refused(_)) => Ok(None),
            Err(failure) => Err(failure),
        }
    }

    /// A text that a node need not have.
    pub(crate) fn text(&self, node: NodeId, object: Object) -> Result<Option<String>, Failure> {
        match self.upload(node, object) {
            Ok(bytes) => {
                let text = String::from_utf8_lossy(&bytes);
                let text = text.trim_matches(|c: char| c.is_whitespace() || c == '\0');
                Ok((!text.is_empty()).then(|| text.to_owned()))
            }
            Err(Failure::Refused(_)) => Ok(None),
            Err(failure) => Err(failure),
        }
    }

    /// Runs a transfer to its end; a node that is silent for longer than `timeout` is told so, and one that
    /// on the whole takes longer than `timeout` twice and an eighth of it for each frame.
    fn transfer(
        &self,
        mut client: Client,
        ask: CobFrame,
        timeout: Duration,
    ) -> Result<Vec<u8>, Failure> {
        let answers = self.client.lock();
        while let Recv::Item(_) = answers.try_recv() {} // nobody waited for these
        let mut asks = vec![ask];
        let (began, mut allowed) = (self.clock.now(), 2 * timeout);
        loop {
            for ask in &asks {
                self.send(ask).map_err(Failure::Link)?;
            }
            allowed += timeout / A_FRAME * asks.len() as u32; // at most a block's
            let mut until = self.clock.now() + timeout;
            asks = loop {
                let now = self.clock.now();
                if now - began > allowed {
                    let _ = self.send(&client.timed_out());
                    return Err(Failure::Slow { after: now - began });
                }
                let Recv::Item(frame) = answers.recv_until(Some(until)) else {
                    let _ = self.send(&client.timed_out());
                    return Err(Failure::Silence { within: timeout });
                };
                match client.on(&frame) {
                    Step::NotMine => (),
                    Step::Wait => {
                        allowed += timeout / A_FRAME;
                        until = self.clock.now() + timeout;
                    }
                    Step::Send(next) => break vec![next],
                    Step::SendAll(block) => break block,
                    Step::Done(data, taken) => {
                        if let Some(taken) = taken {
                            self.send(&taken).map_err(Failure::Link)?;
                        }
                        return Ok(data);
                    }
                    Step::Failed(why, tell) => {
                        if let Some(tell) = tell {
                            self.send(&tell).map_err(Failure::Link)?;
                        }
                        return Err(match why {
                            SdoFailure::ByNode(abort) => Failure::Refused(abort),
                            SdoFailure::ByClient(abort) => Failure::Protocol(abort),
                        });
                    }
                }
            };
        }
    }
}

/// The same frame as the link has it. Both hold at most 11 bits and 8 bytes.
pub(crate) fn can(frame: &CobFrame) -> CanFrame {
    let id = u32::from(frame.id());
    let made = match frame.is_remote() {
        true => CanFrame::remote(id, false, usize::from(frame.len())),
        false => CanFrame::standard(id, frame.data()),
    };
    made.unwrap_or_else(|never| unreachable!("{never}"))
}

/// A frame of the bus as CANopen has it; `None` for what cannot be one.
pub(crate) fn cob(frame: &CanFrame) -> Option<CobFrame> {
    if frame.is_extended() || frame.is_fd() || frame.is_error() {
        return None;
    }
    let id = u16::try_from(frame.id()).ok()?;
    match frame.is_remote() {
        true => CobFrame::remote(id, u8::try_from(frame.len()).ok()?),
        false => CobFrame::new(id, frame.data()),
    }
}

#[cfg(test)]
mod tests;
