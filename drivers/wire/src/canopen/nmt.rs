//! Network management and heartbeat.

use super::cob::{CobFrame, NodeId, Service};

/// What a master may tell nodes to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the standard's own words")]
pub enum NmtCommand {
    Start,
    Stop,
    EnterPreOperational,
    ResetNode,
    ResetCommunication,
}

const COMMANDS: [(NmtCommand, u8); 5] = [
    (NmtCommand::Start, 0x01),
    (NmtCommand::Stop, 0x02),
    (NmtCommand::EnterPreOperational, 0x80),
    (NmtCommand::ResetNode, 0x81),
    (NmtCommand::ResetCommunication, 0x82),
];

impl NmtCommand {
    /// The frame; `None` addresses every node.
    pub fn encode(self, node: Option<NodeId>) -> CobFrame {
        let code = COMMANDS
            .iter()
            .find(|row| row.0 == self)
            .map_or(0, |row| row.1);
        CobFrame::of(Service::Nmt.id(), [code, node.map_or(0, NodeId::number)])
    }

    /// The command and the node it is for (`None` is every node).
    pub fn decode(frame: &CobFrame) -> Option<(NmtCommand, Option<NodeId>)> {
        let (0x000, [code, target]) = (frame.id(), frame.data()) else {
            return None;
        };
        let command = COMMANDS.iter().find(|row| row.1 == *code)?.0;
        match target {
            0 => Some((command, None)),
            number => NodeId::new(*number).map(|node| (command, Some(node))),
        }
    }

    /// The command, if it is for this node: its own or every node's.
    pub fn for_node(frame: &CobFrame, node: NodeId) -> Option<NmtCommand> {
        let (command, target) = NmtCommand::decode(frame)?;
        target.is_none_or(|one| one == node).then_some(command)
    }
}

/// What a node says of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the standard's own words")]
pub enum NmtState {
    BootUp,
    Stopped,
    Operational,
    PreOperational,
}

/// A sign of life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Heartbeat {
    /// Who lives.
    pub node: NodeId,
    /// How it is.
    pub state: NmtState,
}

impl Heartbeat {
    /// The frame.
    pub fn encode(self) -> CobFrame {
        let state = match self.state {
            NmtState::BootUp => 0x00,
            NmtState::Stopped => 0x04,
            NmtState::Operational => 0x05,
            NmtState::PreOperational => 0x7F,
        };
        CobFrame::of(Service::Heartbeat(self.node).id(), [state])
    }

    /// `None` when the frame is no heartbeat or its state is not one of the standard's.
    pub fn decode(frame: &CobFrame) -> Option<Heartbeat> {
        let (Some(Service::Heartbeat(node)), [state]) = (Service::of(frame.id()), frame.data())
        else {
            return None;
        };
        let state = match state & 0x7F {
            0x00 => NmtState::BootUp,
            0x04 => NmtState::Stopped,
            0x05 => NmtState::Operational,
            0x7F => NmtState::PreOperational,
            _ => return None,
        };
        Some(Heartbeat { node, state })
    }
}
