//! CANopen nodes: the arm's six joints on one bus, and the relay and input box.

mod desk;
mod dictionary;
mod drive;
pub(crate) mod io;
mod lss;
mod modes;
mod node;
mod objects;
mod pdo;
#[cfg(test)]
mod tests;

use std::time::Duration;

use certbench_clock::Time;
use certbench_link::{CanFrame, CanLink, LinkError};
use certbench_wire::canopen::{CobFrame, NodeId};

use crate::config::ArmConfig;

use super::{KEEP_STILL, Stage};
use node::Node;

/// Drives look at their joints so often: with torque on, and without.
const LOOK_IDLE: Duration = Duration::from_millis(20);

/// Plays the arm until the show is over. When the bus is gone the joints live on.
pub(crate) fn play(stage: &Stage, link: &dyn CanLink, config: &ArmConfig) {
    let ids = config
        .nodes
        .iter()
        .enumerate()
        .filter_map(|(joint, id)| Some((joint, NodeId::new(*id)?)));
    let mut nodes: Vec<Node> = ids
        .map(|(joint, id)| Node::new(config, joint, id))
        .collect();
    let mut bus = Bus::new(stage, link);
    nodes
        .iter_mut()
        .for_each(|node| node.boot(stage.clock.now()));
    let look_powered = Duration::from_secs_f64(config.look_ms / 1000.0);
    let look_idle = LOOK_IDLE.max(look_powered);
    while !stage.is_over() {
        let now = stage.clock.now();
        {
            let mut world = stage.world();
            let troubles = world
                .arm
                .as_mut()
                .map(|arm| std::mem::take(&mut arm.trouble))
                .unwrap_or_default();
            for (joint, trouble) in troubles {
                if let Some(node) = nodes.get_mut(joint) {
                    node.suffer(trouble, now);
                }
            }
            nodes.iter_mut().for_each(|node| node.live(now, &mut world));
        }
        nodes.iter_mut().for_each(|node| bus.send(node.take_out()));
        let powered = nodes.iter().any(Node::is_powered);
        let look = now + if powered { look_powered } else { look_idle };
        let until = nodes.iter().filter_map(Node::next).fold(look, Time::min);
        let Some(frame) = bus.recv(until) else {
            continue;
        };
        let mut world = stage.world();
        nodes
            .iter_mut()
            .for_each(|node| node.hear(&frame, stage.clock.now(), &mut world));
    }
}

/// The nodes' end of the bus.
struct Bus<'a> {
    stage: &'a Stage,
    link: &'a dyn CanLink,
    gone: bool,
    /// Nobody takes what is sent: nothing is until then.
    still_until: Time,
}

impl<'a> Bus<'a> {
    fn new(stage: &'a Stage, link: &'a dyn CanLink) -> Bus<'a> {
        Bus {
            stage,
            link,
            gone: false,
            still_until: Time::ZERO,
        }
    }

    fn send(&mut self, frames: Vec<CobFrame>) {
        for frame in frames {
            if self.gone || self.stage.clock.now() < self.still_until {
                return;
            }
            let Ok(frame) = CanFrame::classic(u32::from(frame.id()), false, frame.data()) else {
                continue;
            };
            match self.link.send(&frame) {
                Ok(_) => {}
                Err(LinkError::Gone { .. }) => self.gone = true,
                Err(_) => self.still_until = self.stage.clock.now() + KEEP_STILL,
            }
        }
    }

    /// The next data frame with an 11-bit identifier, if one comes by then.
    fn recv(&mut self, until: Time) -> Option<CobFrame> {
        if !self.gone {
            match self.link.recv(until) {
                Ok(Some((frame, _))) => return cob(&frame),
                Ok(None) => return None,
                Err(LinkError::Gone { .. }) => self.gone = true,
                Err(_) => {}
            }
        }
        self.stage.clock.sleep_until(until);
        None
    }
}

fn cob(frame: &CanFrame) -> Option<CobFrame> {
    let plain = !frame.is_extended() && !frame.is_remote() && !frame.is_fd() && !frame.is_error();
    let id = u16::try_from(frame.id()).ok()?;
    if plain {
        CobFrame::new(id, frame.data())
    } else {
        None
    }
}
