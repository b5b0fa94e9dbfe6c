//! What a link says of itself.

use certbench_link::{LinkInfo, LinkKind, Physicality};
use certbench_model::LinkFacts;

/// What a link says of itself, for the record.
pub fn link_facts(info: &LinkInfo) -> LinkFacts {
    let kind = match info.kind {
        LinkKind::Serial => "serial",
        LinkKind::Pty => "pty",
        LinkKind::SocketCan => "socketcan",
        LinkKind::VirtualCan => "vcan",
        LinkKind::Slcan => "slcan",
        LinkKind::Network => "network",
        LinkKind::File => "file",
        LinkKind::InProcess => "in-process",
        LinkKind::Replay => "replay",
    };
    let latency = info
        .latency_timer_ms
        .map(|ms| format!("latency timer {ms} ms"));
    let settings: Vec<String> = [info.settings.clone()]
        .into_iter()
        .filter(|text| !text.is_empty())
        .chain(latency)
        .chain(info.notes.clone())
        .collect();
    LinkFacts {
        kind: kind.into(),
        port: info.port.clone(),
        settings: settings.join(", "),
        may_be_physical: info.provenance_hint == Physicality::Physical,
    }
}
