//! A node's SDO server, which gives up a transfer that its client has left.

use std::time::Duration;

use certbench_clock::Time;
use certbench_wire::canopen::sdo::Server;
use certbench_wire::canopen::{CobFrame, NodeId};

use super::objects::Objects;

/// A client that says nothing for so long in a transfer has gone.
const PATIENCE: Duration = Duration::from_millis(500);

pub(super) struct Desk {
    server: Server,
    heard: Option<Time>,
}

impl Desk {
    pub(super) fn new(node: NodeId) -> Desk {
        Desk {
            server: Server::new(node),
            heard: None,
        }
    }

    pub(super) fn on(
        &mut self,
        frame: &CobFrame,
        now: Time,
        objects: &mut Objects,
    ) -> Vec<CobFrame> {
        if self.heard.is_some_and(|heard| now - heard > PATIENCE) {
            self.server.forget();
        }
        self.heard = Some(now);
        self.server.on(frame, objects)
    }
}
