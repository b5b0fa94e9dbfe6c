//! The relay and input box as a CANopen node (CiA 401): contacts, error values, voltages, and its number
//! set over the bus (CiA 305). Each analogue output is wired to the analogue input of the same number.

use std::time::Duration;

use certbench_clock::Time;
use certbench_link::CanLink;
use certbench_wire::canopen::sdo::Dictionary;
use certbench_wire::canopen::{
    CobFrame, Emergency, Heartbeat, NmtCommand, NmtState, NodeId, Service,
};

use crate::config::WorldConfig;
use crate::peers::Stage;
use crate::world::World;

use super::Bus;
use super::desk::Desk;
use super::lss::{self, Slave};
use super::objects::{Kind, Objects};
use super::pdo::{self, Defaults, Sending};

/// CiA 401: digital and analogue inputs and outputs.
const DEVICE_TYPE: i64 = 0x000F_0191;
const ANALOG: u8 = 4;
/// Emergency: heartbeat error; generic and communication error.
const HEARTBEAT_ERROR: u16 = 0x8130;
const LOST: u8 = 1 << 0 | 1 << 4;
/// The box looks at its contacts so often.
const LOOK: Duration = Duration::from_millis(1);
const LOOK_IDLE: Duration = Duration::from_millis(20);

/// What the profile has in process data after power-on, of a box with this many bytes of contacts.
fn defaults(groups: u8) -> [Vec<u32>; 2] {
    let array = |index: u32, count: u8, bits: u32| {
        (1..=u32::from(count))
            .map(|sub| index << 16 | sub << 8 | bits)
            .collect()
    };
    [array(0x6000, groups, 8), array(0x6401, ANALOG, 16)]
}

/// Plays the box until the show is over or the bus is gone.
pub(crate) fn play(stage: &Stage, link: &dyn CanLink, config: &WorldConfig) {
    let Some(id) = NodeId::new(config.io.unit) else {
        return;
    };
    let mut bus = Bus::new(stage, link);
    let groups = config.io.channels.div_ceil(8).clamp(1, 8) as u8;
    let mut node = Box401::new(id, groups);
    node.boot(stage.clock.now());
    while !stage.is_over() {
        let now = stage.clock.now();
        node.live(now, &mut stage.world());
        bus.send(std::mem::take(&mut node.out));
        let look = if node.by_events() { LOOK } else { LOOK_IDLE };
        let until = node.next().map_or(now + look, |due| due.min(now + look));
        if let Some(frame) = bus.recv(until) {
            node.hear(&frame, stage.clock.now(), &mut stage.world());
        }
    }
}

struct Box401 {
    id: NodeId,
    groups: u8,
    nmt: NmtState,
    desk: Desk,
    objects: Objects,
    sending: Sending,
    lss: Slave,
    next_heartbeat: Option<Time>,
    /// When the host was heard last, while it is watched and there.
    host: Option<Time>,
    out: Vec<CobFrame>,
}

impl Box401 {
    fn new(id: NodeId, groups: u8) -> Box401 {
        Box401 {
            id,
            groups,
            nmt: NmtState::BootUp,
            desk: Desk::new(id),
            objects: after_power_on(id, groups),
            sending: Sending::default(),
            lss: Slave::new([0x0053_494D, 401, 0x0001_0000, 4001], id),
            next_heartbeat: None,
            host: None,
            out: Vec::new(),
        }
    }

    /// Everything forgotten but the number that it was given.
    fn boot(&mut self, now: Time) {
        let id = self.lss.after_reset();
        *self = Box401 {
            nmt: NmtState::PreOperational,
            lss: self.lss,
            ..Box401::new(id, self.groups)
        };
        self.out.push(
            Heartbeat {
                node: self.id,
                state: NmtState::BootUp,
            }
            .encode(),
        );
        self.next_heartbeat = self.objects.heartbeat_period().map(|period| now + period);
    }

    fn by_events(&self) -> bool {
        self.nmt == NmtState::Operational && self.sending.next(&self.objects).is_some()
    }

    fn hear(&mut self, frame: &CobFrame, now: Time, world: &mut World) {
        if frame.id() == lss::MASTER {
            self.out.extend(self.lss.hear(frame));
            return;
        }
        match Service::of(frame.id()) {
            Some(Service::Nmt) => self.manage(frame, now, world),
            Some(Service::Sync) if self.nmt == NmtState::Operational => {
                self.look(world);
                let frames = self.sending.sync(&self.objects);
                self.out.extend(frames);
            }
            Some(Service::Heartbeat(from))
                if self
                    .objects
                    .heartbeat_consumer()
                    .is_some_and(|(watched, _)| watched == from) =>
            {
                self.host = Some(now);
            }
            Some(Service::SdoRequest(to)) if to == self.id && self.nmt != NmtState::Stopped => {
                self.look(world);
                let answer = self.desk.on(frame, now, &mut self.objects);
                self.out.extend(answer);
                self.obey(now, world);
            }
            _ if self.nmt == NmtState::Operational => {
                let slot = pdo::slot_of(&self.objects, frame.id());
                let writes = slot.and_then(|slot| pdo::unpack(&self.objects, slot, frame.data()));
                for (index, sub, data) in writes.unwrap_or_default() {
                    let _ = self.objects.write(index, sub, &data);
                }
                self.obey(now, world);
            }
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
                self.sending.begin();
            }
            NmtCommand::EnterPreOperational => self.nmt = NmtState::PreOperational,
            NmtCommand::Stop => {
                self.nmt = NmtState::Stopped;
                self.take_error_values(world);
            }
            NmtCommand::ResetNode | NmtCommand::ResetCommunication => {
                let step = world.step();
                world.io.restart(step);
                self.boot(now);
            }
        }
    }

    /// Objects that were written, into the world.
    fn obey(&mut self, now: Time, world: &mut World) {
        for (index, sub) in std::mem::take(&mut self.objects.written) {
            match index {
                0x6200 => self.switch(sub, world),
                0x6411 => {
                    let counts = self.objects.get(0x6411, sub);
                    self.objects.set(0x6401, sub, counts);
                }
                0x1016 => self.host = None,
                0x1017 => {
                    self.next_heartbeat = self.objects.heartbeat_period().map(|period| now + period)
                }
                _ => {}
            }
        }
    }

    /// The coils of a byte of outputs.
    fn switch(&self, group: u8, world: &mut World) {
        let (byte, step) = (self.objects.get(0x6200, group), world.step());
        let first = u16::from(group.saturating_sub(1)) * 8;
        for bit in 0..8 {
            let _ = world.io.switch(step, first + bit, byte >> bit & 1 == 1);
        }
    }

    /// Contacts as they are.
    fn look(&mut self, world: &World) {
        for group in 1..=self.groups {
            let first = u16::from(group - 1) * 8;
            let on = |bit: &u16| world.io.input(first + bit) == Some(true);
            let byte = (0..8).filter(on).fold(0, |byte, bit| byte | 1 << bit);
            self.objects.set(0x6000, group, byte);
        }
    }

    /// CiA 401: where the error mode of an output is 1, it takes its error value.
    fn take_error_values(&mut self, world: &mut World) {
        for group in 1..=self.groups {
            let [mode, value, now] =
                [0x6206, 0x6207, 0x6200].map(|index| self.objects.get(index, group));
            self.objects.set(0x6200, group, now & !mode | value & mode);
            self.switch(group, world);
        }
        for sub in 1..=ANALOG {
            if self.objects.get(0x6443, sub) == 1 {
                let value = self.objects.get(0x6444, sub);
                self.objects.set(0x6411, sub, value);
                self.objects.set(0x6401, sub, value);
            }
        }
    }

    fn live(&mut self, now: Time, world: &mut World) {
        let lost = match (self.host, self.objects.heartbeat_consumer()) {
            (Some(last), Some((_, patience))) => now >= last + patience,
            _ => false,
        };
        if lost {
            self.host = None;
            self.take_error_values(world);
            self.nmt = NmtState::PreOperational;
            let emergency = Emergency {
                node: self.id,
                code: HEARTBEAT_ERROR,
                register: LOST,
                vendor: [0; 5],
            };
            self.out.push(emergency.encode());
        }
        if self.next_heartbeat.is_some_and(|due| due <= now) {
            self.next_heartbeat = self.objects.heartbeat_period().map(|period| now + period);
            let (node, state) = (self.id, self.nmt);
            self.out.push(Heartbeat { node, state }.encode());
        }
        if self.nmt == NmtState::Operational {
            self.look(world);
            let frames = self.sending.due(now, &self.objects);
            self.out.extend(frames);
        }
    }

    fn next(&self) -> Option<Time> {
        let host = self.host.zip(self.objects.heartbeat_consumer());
        let host = host.map(|(last, (_, patience))| last + patience);
        let operational = self.nmt == NmtState::Operational;
        let process = self.sending.next(&self.objects).filter(|_| operational);
        [self.next_heartbeat, host, process]
            .into_iter()
            .flatten()
            .min()
    }
}

fn after_power_on(id: NodeId, groups: u8) -> Objects {
    use Kind::*;
    let mut o = Objects::default();
    o.read_only(0x1000, 0, U32, DEVICE_TYPE);
    o.read_only(0x1001, 0, U8, 0);
    o.text(0x1008, "SIM-IO8");
    o.text(0x100A, "1.0.0");
    o.read_only(0x1016, 0, U8, 1);
    o.writable(0x1016, 1, U32, 0);
    o.writable(0x1017, 0, U16, 100);
    o.read_only(0x1018, 0, U8, 4);
    o.read_only(0x1018, 1, U32, 0x0053_494D);
    o.read_only(0x1018, 2, U32, 401);
    o.read_only(0x1018, 3, U32, 0x0001_0000);
    o.read_only(0x1018, 4, U32, 4001);
    o.domain(0x2000, b""); // the maker's own: keeps what is written there
    let [contacts, voltages] = defaults(groups);
    let defaults = Defaults {
        received: [&[0x6200_0108], &[], &[], &[]],
        sent: [&contacts, &voltages, &[], &[]],
        event_ms: 0,
        deadlines: false,
    };
    pdo::add(&mut o, id, &defaults);
    for (index, value) in [(0x6000, 0), (0x6200, 0), (0x6206, 0xFF), (0x6207, 0)] {
        o.read_only(index, 0, U8, i64::from(groups));
        for group in 1..=groups {
            match index {
                0x6000 => o.read_only(index, group, U8, value),
                _ => o.writable(index, group, U8, value),
            }
        }
    }
    o.writable(0x6423, 0, U8, 0);
    for (index, kind) in [(0x6401, I16), (0x6411, I16), (0x6443, U8), (0x6444, I32)] {
        o.read_only(index, 0, U8, i64::from(ANALOG));
        for sub in 1..=ANALOG {
            match index {
                0x6401 => o.read_only(index, sub, kind, 0),
                _ => o.writable(index, sub, kind, i64::from(index == 0x6443)),
            }
        }
    }
    o
}
