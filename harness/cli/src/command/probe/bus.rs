//! A CAN bus: listened to; CANopen nodes that were heard are asked for their device type.

use super::Found;
use certbench_clock::Clock;
use certbench_link::{CanFrame, CanLink, LinkError};
use certbench_wire::canopen::{CobFrame, Heartbeat, NodeId, sdo};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

pub(super) const LIST: &str = "\
certbench: listening for two seconds; CANopen nodes whose heartbeat is heard are then asked for object 1000h
";

const LISTEN: Duration = Duration::from_secs(2);
const PATIENCE: Duration = Duration::from_millis(300);

/// Listens and asks.
pub(super) fn probe(clock: &Clock, bus: &dyn CanLink) -> Result<Vec<Found>, LinkError> {
    let (mut nodes, mut others) = (BTreeSet::new(), BTreeMap::<String, u32>::new());
    let until = clock.now() + LISTEN;
    while let Some((frame, _)) = bus.recv(until)? {
        match cob(&frame).as_ref().and_then(Heartbeat::decode) {
            Some(heartbeat) => {
                nodes.insert(heartbeat.node);
            }
            None if frame.is_error() => {}
            None => {
                let text = frame.to_string();
                let id = text.split('#').next().unwrap_or_default().to_owned();
                *others.entry(id).or_default() += 1;
            }
        }
    }
    let mut found = Vec::new();
    let mut drives = Vec::new();
    for node in nodes {
        match device_type(clock, bus, node)? {
            // CiA 402: the low word is the profile
            Some(kind) if kind & 0xFFFF == 402 => drives.push(node.number().to_string()),
            kind => eprintln!("certbench: CANopen {node}, device type {kind:08X?}"),
        }
    }
    if !drives.is_empty() {
        let nodes = drives.join(", ");
        found.push(Found {
            driver: "canopen-arm",
            options: format!("nodes: [{nodes}], counts_per_deg: …"),
            said: format!("CANopen drives (CiA 402): nodes {nodes}"),
        });
    } else if !others.is_empty() {
        let seen: Vec<String> = others.iter().map(|(id, n)| format!("{id} x{n}")).collect();
        found.push(Found {
            driver: "dbc",
            options: "file: …, signals: …".into(),
            said: format!(
                "frames come by themselves: {}; with the maker's DBC file:",
                seen.join(", ")
            ),
        });
    }
    Ok(found)
}

/// A frame as CANopen has it.
fn cob(frame: &CanFrame) -> Option<CobFrame> {
    let classic = !frame.is_extended() && !frame.is_fd() && !frame.is_error() && !frame.is_remote();
    let id = u16::try_from(frame.id()).ok().filter(|_| classic)?;
    CobFrame::new(id, frame.data())
}

/// Object 1000h of a node, read.
fn device_type(clock: &Clock, bus: &dyn CanLink, node: NodeId) -> Result<Option<u32>, LinkError> {
    let (mut client, ask) = sdo::Client::upload(node, 0x1000, 0);
    if let Ok(frame) = CanFrame::standard(ask.id().into(), ask.data()) {
        bus.send(&frame)?;
    }
    let until = clock.now() + PATIENCE;
    while let Some((frame, _)) = bus.recv(until)? {
        let Some(frame) = cob(&frame) else { continue };
        match client.on(&frame) {
            sdo::Step::Done(content) => {
                return Ok(content.try_into().ok().map(u32::from_le_bytes));
            }
            sdo::Step::Failed(..) => return Ok(None),
            sdo::Step::NotMine | sdo::Step::Send(_) => {}
        }
    }
    Ok(None)
}
