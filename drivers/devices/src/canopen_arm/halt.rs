//! Quick stop of every drive.

use std::sync::atomic::Ordering;
use std::sync::{Arc, MutexGuard, PoisonError};
use std::time::Duration;

use certbench_clock::Time;
use certbench_link::CanFrame;
use certbench_model::FaultKind;
use certbench_roles::{Halt, Trouble};
use certbench_wire::canopen::cia402::{Controlword, State, Statusword};
use certbench_wire::canopen::object;
use certbench_wire::canopen::sdo::Client;

use super::arm::Arm;
use super::config::Config;
use crate::canopen::can;

/// For so long no joint may have moved before the arm counts as standing.
const STILL_FOR: Duration = Duration::from_millis(100);

/// A node not heard for so long is asked: after a lost heartbeat a drive is pre-operational and sends
/// no PDO.
const UNHEARD: Duration = Duration::from_millis(50);
/// How long its answer is waited for …
const ANSWER: Duration = Duration::from_millis(50);
/// … and how long those of all of them: what is missing is asked for the next time.
const ANSWERS: Duration = Duration::from_millis(100);

/// The frames of a halt: an SDO that writes the controlword, one a node. An SDO is served in every
/// state but "stopped", needs no mapping, and is whole in one frame.
pub(super) fn frames(config: &Config) -> Vec<CanFrame> {
    let word = object::CONTROLWORD;
    let quick_stop = Controlword::QUICK_STOP.to_bytes();
    let frame = |joint: &super::config::Joint| {
        can(&Client::download(joint.node, word.index, word.sub, &quick_stop).1)
    };
    config.joints.iter().map(frame).collect()
}

impl Arm {
    pub(super) fn halted(&self) -> MutexGuard<'_, Option<Time>> {
        self.halted.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sends the halt to every node, also when one of them fails.
    pub(super) fn send_stops(&self) -> Result<(), Trouble> {
        let sent = self.stops.iter().map(|frame| self.bus.link().send(frame));
        let failed = sent.filter_map(Result::err).last();
        failed.map_or(Ok(()), |error| {
            Err(Trouble::Fault(FaultKind::Link, error.to_string()))
        })
    }
}

impl Arm {
    /// Halts every node.
    pub(super) fn halt(&self) -> Result<(), Trouble> {
        self.halts.fetch_add(1, Ordering::SeqCst);
        let sent = self.send_stops();
        let now = self.now();
        self.halted().get_or_insert(now);
        self.rest();
        sent
    }

    /// Nothing is under way any more.
    pub(super) fn rest(&self) {
        *self.goal() = None;
        *self.set_point() = None;
        *self.homing() = None;
        self.rest_cyclic();
    }

    /// Asks nodes that are not heard for status and position.
    fn ask_the_unheard(&self) {
        let (began, longest) = (self.now(), UNHEARD.max(3 * self.config.interval));
        for (index, joint) in self.config.joints.iter().enumerate() {
            let asked = self.now();
            if asked - began > ANSWERS {
                return;
            }
            let seen = self.nodes().get(index).map(|node| (node.status, node.seen));
            if seen.is_none_or(|(status, seen)| status.is_some() && asked - seen <= longest) {
                continue;
            }
            let word = self.bus.read_within(joint.node, object::STATUSWORD, ANSWER);
            let counts = word.and_then(|word| {
                let at = object::POSITION_ACTUAL;
                Ok((word, self.bus.read_within(joint.node, at, ANSWER)?))
            });
            let Ok((word, counts)) = counts else {
                continue;
            };
            let (status, counts) = (
                Statusword(u16::from_le_bytes(word)),
                i32::from_le_bytes(counts),
            );
            if let Some(node) = self.nodes().get_mut(index).filter(|node| node.seen < asked) {
                node.see(status, counts, asked, joint.play());
            }
        }
    }
}

/// The way to the arm's safe state.
pub(super) struct QuickStop(pub(super) Arc<Arm>);

impl Halt for QuickStop {
    fn device(&self) -> &str {
        &self.0.config.id
    }

    fn halt(&self) -> Result<(), Trouble> {
        self.0.halt()
    }

    fn confirmed(&self) -> Result<Option<bool>, Trouble> {
        let Some(halted) = *self.0.halted() else {
            return Ok(None);
        };
        self.0.ask_the_unheard();
        let nodes = self.0.nodes().clone();
        if nodes
            .iter()
            .any(|node| node.status.is_none() || node.seen < halted + STILL_FOR)
        {
            return Ok(None);
        }
        let torque_off = self.0.config.torque_off;
        let safe = |state: Option<State>| match state {
            Some(State::QuickStopActive) => !torque_off,
            Some(state) => !state.is_powered(),
            None => false,
        };
        let stands =
            |node: &super::arm::Node| node.seen >= node.still_since.max(halted) + STILL_FOR;
        let there = |node: &super::arm::Node| {
            safe(node.status.and_then(|word| word.state())) && stands(node)
        };
        Ok(Some(nodes.iter().all(there)))
    }
}
