//! A CANopen bus under a device: frames out, and SDO transfers one at a time.

use std::sync::Arc;
use std::time::Duration;

use certbench_clock::{Clock, Lock, Receiver, Recv, Sender, Time};
use certbench_link::{CanFrame, CanLink, LinkError};
use certbench_model::FaultKind;
use certbench_model::plan::{DevicePlan, FileText};
use certbench_roles::Trouble;
use certbench_wire::canopen::object::Object;
use certbench_wire::canopen::sdo::{Abort, BlockUpload, Client, Failure as SdoFailure, Step};
use certbench_wire::canopen::{CobFrame, Eds, NodeId};

use crate::options::Options;

/// SDO answers that wait for whoever asked.
const WAITING_MOST: usize = 256;

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

    /// Reads an object that may be long: in blocks, or by segments where the node has no blocks.
    pub(crate) fn upload_long(&self, node: NodeId, object: Object) -> Result<Vec<u8>, Failure> {
        let (mut upload, ask) = BlockUpload::new(node, object.index, object.sub);
        let read = self.run(ask, self.timeout, |heard| match heard {
            None => Ok(Step::Send(upload.timed_out())),
            Some(frame) => match (upload.on(frame), upload.finished()) {
                (Step::Send(end), Some(data)) => {
                    let data = data.to_vec();
                    self.send(&end).map_err(Failure::Link)?;
                    Ok(Step::Done(data))
                }
                (step, _) => Ok(step),
            },
        });
        match read {
            Err(Failure::Refused(why)) if why != Abort::NO_OBJECT => self.upload(node, object),
            // it answered as if it had been asked for segments
            Err(Failure::Protocol(_)) => self.upload(node, object),
            read => read,
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

    /// Writes an object.
    pub(crate) fn download(
        &self,
        node: NodeId,
        index: u16,
        sub: u8,
        data: &[u8],
    ) -> Result<(), Failure> {
        let (client, ask) = Client::download(node, index, sub, data);
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

    fn transfer(
        &self,
        mut client: Client,
        ask: CobFrame,
        timeout: Duration,
    ) -> Result<Vec<u8>, Failure> {
        self.run(ask, timeout, |heard| {
            Ok(match heard {
                None => Step::Send(client.timed_out()),
                Some(frame) => client.on(frame),
            })
        })
    }

    /// Runs a transfer to its end. `on` is given the node's frames, and nothing when none came in time:
    /// what it then gives is sent, and the transfer is over.
    fn run(
        &self,
        ask: CobFrame,
        timeout: Duration,
        mut on: impl FnMut(Option<&CobFrame>) -> Result<Step, Failure>,
    ) -> Result<Vec<u8>, Failure> {
        let answers = self.client.lock();
        while let Recv::Item(_) = answers.try_recv() {} // nobody waited for these
        let mut asks = vec![ask];
        loop {
            for ask in &asks {
                self.send(ask).map_err(Failure::Link)?;
            }
            let until = self.clock.now() + timeout;
            asks = loop {
                let Recv::Item(frame) = answers.recv_until(Some(until)) else {
                    if let Ok(Step::Send(tell)) = on(None) {
                        let _ = self.send(&tell);
                    }
                    return Err(Failure::Silence { within: timeout });
                };
                match on(Some(&frame))? {
                    Step::NotMine => (),
                    Step::Send(next) => break vec![next],
                    Step::SendAll(block) => break block,
                    Step::Done(data) => return Ok(data),
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

/// The maker's file of the option `eds`, whose text is in the plan, and what it is called.
pub(crate) fn maker_file(
    plan: &DevicePlan,
    options: &Options<'_>,
) -> Result<Option<(Eds, String)>, Trouble> {
    let Some(given) = plan.options.get("eds").filter(|given| !given.is_null()) else {
        return Ok(None);
    };
    let file: FileText = serde_json::from_value(given.clone())
        .map_err(|_| options.refuse("eds", "the plan does not have its text"))?;
    let eds = Eds::read(&file.text)
        .map_err(|e| options.refuse("eds", format_args!("{}, {e}", file.path)))?;
    let said = format!("checked by {}, SHA-256 {}", file.path, file.sha256);
    Ok(Some((eds, said)))
}

/// A node must be the one of the maker's file, where both say who they are.
pub(crate) fn is_of_file(
    eds: &Eds,
    who: &str,
    vendor: Option<u32>,
    product: Option<u32>,
) -> Result<(), Trouble> {
    for (what, said, written) in [
        ("vendor", vendor, eds.vendor),
        ("product", product, eds.product),
    ] {
        // 0 says nothing, in a file as in a node
        if let Some(said) = said.filter(|said| written != 0 && *said != 0 && *said != written) {
            let text = format!(
                "{who} is of {what} {said:08X}, its file of {what} {written:08X}; is it another device?"
            );
            return Err(Trouble::Refused(text));
        }
    }
    Ok(())
}
