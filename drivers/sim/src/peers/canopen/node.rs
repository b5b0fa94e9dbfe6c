//! One node: network management, heartbeat both ways, emergencies, and the drive behind them.

use certbench_clock::Time;
use certbench_wire::canopen::cia402::State;
use certbench_wire::canopen::sdo::Dictionary;
use certbench_wire::canopen::{
    CobFrame, Emergency, Heartbeat, NmtCommand, NmtState, NodeId, Service,
};
use serde_json::json;

use crate::config::ArmConfig;
use crate::world::{NodeTrouble, World};

use super::desk::Desk;
use super::dictionary;
use super::drive::Drive;
use super::objects::Objects;
use super::pdo::{self, Sending};

/// Emergency: heartbeat error.
const HEARTBEAT_ERROR: u16 = 0x8130;
/// Emergency: a received process data object did not come in time.
const RPDO_TIMEOUT: u16 = 0x8250;
/// Bits of the error register (1001h).
const GENERIC: u8 = 1 << 0;
const TEMPERATURE: u8 = 1 << 3;
const COMMUNICATION: u8 = 1 << 4;

/// The heartbeat that a node watches.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Watched {
    Nobody,
    /// Not heard yet.
    Waiting,
    Heard(Time),
    Lost,
}

pub(super) struct Node {
    id: NodeId,
    joint: usize,
    config: ArmConfig,
    nmt: NmtState,
    desk: Desk,
    objects: Objects,
    drive: Drive,
    sending: Sending,
    /// Process data that waits for the next SYNC.
    waiting: Vec<(u16, u8, Vec<u8>)>,
    /// When each of the received process data last came, while it is watched.
    commanded: [Option<Time>; 4],
    next_heartbeat: Option<Time>,
    watched: Watched,
    /// An emergency of the drive was sent and not taken back.
    in_fault: bool,
    mute: bool,
    off: bool,
    out: Vec<CobFrame>,
}

impl Node {
    pub(super) fn new(config: &ArmConfig, joint: usize, id: NodeId) -> Node {
        Node {
            id,
            joint,
            nmt: NmtState::BootUp,
            desk: Desk::new(id),
            objects: dictionary::after_power_on(config, joint, id),
            drive: Drive::new(
                joint,
                config.units_per_deg,
                config.limit_deg.get(joint).copied().unwrap_or_default(),
            ),
            waiting: Vec::new(),
            commanded: [None; 4],
            sending: Sending::default(),
            next_heartbeat: None,
            watched: Watched::Nobody,
            in_fault: false,
            mute: false,
            off: false,
            out: Vec::new(),
            config: config.clone(),
        }
    }

    /// What it has to say since it was last asked.
    pub(super) fn take_out(&mut self) -> Vec<CobFrame> {
        if self.off {
            Vec::new()
        } else {
            std::mem::take(&mut self.out)
        }
    }

    pub(super) fn is_powered(&self) -> bool {
        self.drive.state.is_powered()
    }

    /// Power-on: everything forgotten, boot-up message.
    pub(super) fn boot(&mut self, now: Time) {
        *self = Node::new(&self.config.clone(), self.joint, self.id);
        self.nmt = NmtState::PreOperational;
        self.say(
            Heartbeat {
                node: self.id,
                state: NmtState::BootUp,
            }
            .encode(),
        );
        self.next_heartbeat = self.objects.heartbeat_period().map(|period| now + period);
    }

    fn say(&mut self, frame: CobFrame) {
        self.out.push(frame);
    }

    /// A frame of the bus.
    pub(super) fn hear(&mut self, frame: &CobFrame, now: Time, world: &mut World) {
        if self.off {
            return;
        }
        match Service::of(frame.id()) {
            Some(Service::Nmt) => self.manage(frame, now, world),
            Some(Service::Sync) if self.nmt == NmtState::Operational => {
                let waiting = std::mem::take(&mut self.waiting);
                self.put(waiting, now, world);
                self.drive.sync(&self.objects, world);
                self.drive.show(&mut self.objects, world);
                let frames = self.sending.sync(&self.objects);
                self.out.extend(frames);
            }
            Some(Service::Heartbeat(node)) => self.heard_heartbeat(node, now),
            Some(Service::SdoRequest(node)) if node == self.id && self.nmt != NmtState::Stopped => {
                self.drive.show(&mut self.objects, world);
                let answer = self.desk.on(frame, now, &mut self.objects);
                self.out.extend(answer);
                self.obey_writes(now, world);
            }
            _ if self.nmt == NmtState::Operational => self.take_process_data(frame, now, world),
            _ => {}
        }
    }

    fn manage(&mut self, frame: &CobFrame, now: Time, world: &mut World) {
        let Some(command) = NmtCommand::for_node(frame, self.id) else {
            return;
        };
        match command {
            NmtCommand::Start => {
                self.nmt = NmtState::Operational;
                self.commanded = [None; 4]; // watched from the first one on
                self.sending.begin();
            }
            NmtCommand::Stop => {
                self.nmt = NmtState::Stopped;
                self.drive.connection_lost(&self.objects, world);
            }
            NmtCommand::EnterPreOperational => self.nmt = NmtState::PreOperational,
            NmtCommand::ResetNode | NmtCommand::ResetCommunication => {
                let step = world.step();
                if let Some(arm) = &mut world.arm {
                    arm.power_off(self.joint, step);
                    arm.clear_fault(self.joint);
                }
                self.boot(now);
            }
        }
    }

    fn heard_heartbeat(&mut self, node: NodeId, now: Time) {
        if self
            .objects
            .heartbeat_consumer()
            .is_some_and(|(watched, _)| watched == node)
        {
            if self.watched == Watched::Lost {
                self.report(0, 0);
            }
            self.watched = Watched::Heard(now);
        }
    }

    fn take_process_data(&mut self, frame: &CobFrame, now: Time, world: &mut World) {
        let Some(slot) = pdo::slot_of(&self.objects, frame.id()) else {
            return;
        };
        let Some(writes) = pdo::unpack(&self.objects, slot, frame.data()) else {
            return;
        };
        if let Some(commanded) = self.commanded.get_mut(usize::from(slot)) {
            *commanded = Some(now);
        }
        if pdo::waits_for_sync(&self.objects, slot) {
            self.waiting.extend(writes);
        } else {
            self.put(writes, now, world);
        }
    }

    fn put(&mut self, writes: Vec<(u16, u8, Vec<u8>)>, now: Time, world: &mut World) {
        for (index, sub, data) in writes {
            let _ = self.objects.write(index, sub, &data); // a value out of range is not taken
        }
        self.obey_writes(now, world);
    }

    /// Process data that was to come and does not: as if the host were gone (6007h).
    fn watch_commands(&mut self, now: Time, world: &mut World) {
        for (slot, commanded) in (0u16..).zip(self.commanded) {
            let deadline = pdo::deadline(&self.objects, slot);
            let (Some(last), Some(deadline)) = (commanded, deadline) else {
                continue;
            };
            if self.nmt == NmtState::Operational && now >= last + deadline {
                if let Some(commanded) = self.commanded.get_mut(usize::from(slot)) {
                    *commanded = None;
                }
                self.drive.connection_lost(&self.objects, world);
                self.report(RPDO_TIMEOUT, GENERIC | COMMUNICATION);
            }
        }
    }

    fn obey_writes(&mut self, now: Time, world: &mut World) {
        for place in std::mem::take(&mut self.objects.written) {
            match place {
                (0x6040, 0) => {
                    self.drive
                        .command(self.objects.get(0x6040, 0) as u16, &self.objects, world)
                }
                (0x6060, 0) => {
                    let (mode, before) = (self.objects.get(0x6060, 0), self.objects.get(0x6061, 0));
                    let has = mode > 0 && self.objects.get(0x6502, 0) >> (mode - 1) & 1 == 1;
                    if mode != before && (has || mode == 0) {
                        self.objects.set(0x6061, 0, mode);
                        self.drive.change_mode(&self.objects, world);
                    }
                }
                (0x60FF | 0x6071, 0) => self.drive.pursue(&self.objects, world),
                (0x1016, 1) => {
                    self.watched = if self.objects.heartbeat_consumer().is_some() {
                        Watched::Waiting
                    } else {
                        Watched::Nobody
                    };
                }
                (0x1017, 0) => {
                    self.next_heartbeat = self.objects.heartbeat_period().map(|period| now + period)
                }
                (0x1003, 0) => (1..=4).for_each(|sub| self.objects.set(0x1003, sub, 0)),
                _ => {}
            }
        }
    }

    /// What happens without a frame: time passes, and the joint lives.
    pub(super) fn live(&mut self, now: Time, world: &mut World) {
        if self.off {
            return;
        }
        if let Some(code) = self.drive.watch(&self.objects, world) {
            self.in_fault = true;
            self.report(
                code,
                GENERIC | if code >> 12 == 4 { TEMPERATURE } else { 0 },
            );
        } else if self.in_fault
            && !matches!(self.drive.state, State::FaultReactionActive | State::Fault)
        {
            self.in_fault = false;
            self.report(0, 0);
        }
        self.watch_host(now, world);
        self.watch_commands(now, world);
        if self.next_heartbeat.is_some_and(|due| due <= now) {
            self.next_heartbeat = self.objects.heartbeat_period().map(|period| now + period);
            if !self.mute {
                self.say(
                    Heartbeat {
                        node: self.id,
                        state: self.nmt,
                    }
                    .encode(),
                );
            }
        }
        if self.nmt == NmtState::Operational {
            self.drive.show(&mut self.objects, world);
            let frames = self.sending.due(now, &self.objects);
            self.out.extend(frames);
        }
    }

    fn watch_host(&mut self, now: Time, world: &mut World) {
        let (Watched::Heard(last), Some((host, patience))) =
            (self.watched, self.objects.heartbeat_consumer())
        else {
            return;
        };
        if now < last + patience {
            return;
        }
        self.watched = Watched::Lost;
        if world
            .arm
            .as_ref()
            .is_some_and(|arm| arm.config.stop.ignores_silence)
        {
            return;
        }
        let moving = self.drive.state.is_powered();
        self.drive.connection_lost(&self.objects, world);
        self.report(HEARTBEAT_ERROR, GENERIC | COMMUNICATION);
        match self.objects.get(0x1029, 1) {
            0 => self.nmt = NmtState::PreOperational,
            2 => self.nmt = NmtState::Stopped,
            _ => {}
        }
        let velocity = world
            .arm
            .as_ref()
            .and_then(|arm| arm.view(self.joint))
            .map(|view| view.velocity);
        let detail = json!({ "node": self.id.number(), "host": host.number(), "was_enabled": moving, "deg_per_s": velocity });
        let step = world.step();
        world.log.note(step, "heartbeat lost", detail);
    }

    /// Sends an emergency and remembers it; code 0: no error any more.
    fn report(&mut self, code: u16, register: u8) {
        self.objects.set(0x1001, 0, i64::from(register));
        self.objects.set(0x603F, 0, i64::from(code));
        if code != 0 {
            (2..=4).rev().for_each(|sub| {
                let older = self.objects.get(0x1003, sub - 1);
                self.objects.set(0x1003, sub, older);
            });
            self.objects.set(0x1003, 1, i64::from(code));
            let count = self.objects.get(0x1003, 0);
            self.objects.set(0x1003, 0, (count + 1).min(4));
        }
        self.say(
            Emergency {
                node: self.id,
                code,
                register,
                vendor: [0; 5],
            }
            .encode(),
        );
    }

    /// Trouble that the world makes.
    pub(super) fn suffer(&mut self, trouble: NodeTrouble, now: Time) {
        match trouble {
            NodeTrouble::Mute(mute) => self.mute = mute,
            NodeTrouble::Off(true) => self.off = true,
            NodeTrouble::Off(false) => self.boot(now),
        }
    }

    /// When something is due by the clock.
    pub(super) fn next(&self) -> Option<Time> {
        let host = match (self.watched, self.objects.heartbeat_consumer()) {
            (Watched::Heard(last), Some((_, patience))) => Some(last + patience),
            _ => None,
        };
        let process = self
            .sending
            .next(&self.objects)
            .filter(|_| self.nmt == NmtState::Operational);
        let commands = (0u16..)
            .zip(self.commanded)
            .filter_map(|(slot, last)| Some(last? + pdo::deadline(&self.objects, slot)?))
            .filter(|_| self.nmt == NmtState::Operational);
        [self.next_heartbeat, host, process, commands.min()]
            .into_iter()
            .flatten()
            .min()
            .filter(|_| !self.off)
    }
}
