//! A bench on the simulated clock, with the harness's end of every cable.
#![allow(dead_code, reason = "each test file uses its part")]

use std::collections::BTreeMap;
use std::time::Duration;

use certbench_clock::{Clock, Time};
use certbench_link::{ByteLink, CanFrame, CanLink};
use certbench_sim::config::WorldConfig;
use certbench_sim::{Port, Simulation, Transport};
use certbench_wire::canopen::cia402::{Controlword, Goal, Next, State, Statusword, next_command};
use certbench_wire::canopen::sdo::{Client, Failure, Step};
use certbench_wire::canopen::{CobFrame, Heartbeat, NmtCommand, NmtState, NodeId, Service};
use certbench_wire::rh56::{Register, Reply, ReplyDecoder, Request};
use serde_json::Value;

pub(crate) const HOST: NodeId = NodeId::new(127).unwrap();

pub(crate) const fn ms(n: u64) -> Duration {
    Duration::from_millis(n)
}

pub(crate) struct Bench {
    pub(crate) clock: Clock,
    pub(crate) simulation: Simulation,
    ports: BTreeMap<String, Port>,
}

impl Bench {
    pub(crate) fn new(block: &Value, devices: &[(&str, &str)]) -> Bench {
        let clock = Clock::simulated();
        let config = WorldConfig::from_json(block).unwrap();
        let devices: Vec<_> = devices
            .iter()
            .map(|(id, driver)| (id.to_string(), driver.to_string()))
            .collect();
        let (simulation, ports) =
            Simulation::build(&config, &devices, &clock, Transport::InProcess).unwrap();
        Bench {
            clock,
            simulation,
            ports,
        }
    }

    pub(crate) fn wait(&self, d: Duration) {
        self.clock.sleep(d);
    }

    pub(crate) fn line(&self, id: &str) -> &dyn ByteLink {
        match &self.ports[id] {
            Port::Bytes(line) => &**line,
            _ => panic!("{id} is on no line"),
        }
    }

    pub(crate) fn bus(&self) -> Bus<'_> {
        match &self.ports["arm"] {
            Port::Can(link) => Bus {
                clock: &self.clock,
                link: &**link,
            },
            _ => panic!("the arm is on no bus"),
        }
    }

    /// What comes on a line within a time.
    pub(crate) fn hear(&self, id: &str, d: Duration) -> Vec<u8> {
        let (line, until) = (self.line(id), self.clock.now() + d);
        let mut heard = Vec::new();
        while line.read(&mut heard, until).unwrap().is_some() {}
        heard
    }

    pub(crate) fn ask(&self, id: &str, question: &[u8], d: Duration) -> Vec<u8> {
        self.line(id).write(question).unwrap();
        self.hear(id, d)
    }

    /// A question to the hand, and its answer if one comes within 50 ms.
    pub(crate) fn hand(&self, request: &Request) -> Option<Reply> {
        let mut decoder = ReplyDecoder::default();
        decoder.push(&self.ask("hand", &request.encode().unwrap(), ms(50)));
        let reply = std::iter::from_fn(|| decoder.next()).find_map(Result::ok)?;
        request.is_answered_by(&reply).then_some(reply)
    }

    pub(crate) fn read(&self, register: &Register) -> Option<Vec<u8>> {
        match self.hand(&register.read(1))? {
            Reply::Data { data, .. } => Some(data),
            Reply::Written { .. } => None,
        }
    }

    pub(crate) fn read_six(&self, register: &Register) -> Option<[i16; 6]> {
        certbench_wire::rh56::decode_six(&self.read(register)?)
    }

    /// Whether the hand took six values.
    pub(crate) fn write_six(&self, register: &Register, values: [i16; 6]) -> bool {
        let data = certbench_wire::rh56::encode_six(values);
        let request = register.write(1, &data).unwrap();
        matches!(self.hand(&request), Some(Reply::Written { result: 1, .. }))
    }

    pub(crate) fn happened(&self) -> Vec<String> {
        self.simulation
            .take_log()
            .into_iter()
            .map(|happening| happening.what)
            .collect()
    }

    pub(crate) fn finish(self) {
        self.simulation.shutdown();
        self.clock.end();
    }
}

/// The host's side of the arm's bus.
pub(crate) struct Bus<'a> {
    clock: &'a Clock,
    link: &'a dyn CanLink,
}

pub(crate) fn node(number: u8) -> NodeId {
    NodeId::new(number).unwrap()
}

impl<'a> Bus<'a> {
    pub(crate) fn new(clock: &'a Clock, link: &'a dyn CanLink) -> Bus<'a> {
        Bus { clock, link }
    }

    pub(crate) fn send(&self, frame: CobFrame) {
        let frame = CanFrame::classic(u32::from(frame.id()), false, frame.data()).unwrap();
        self.link.send(&frame).unwrap();
    }

    pub(crate) fn recv(&self, until: Time) -> Option<CobFrame> {
        let (frame, _) = self.link.recv(until).unwrap()?;
        CobFrame::new(frame.id() as u16, frame.data())
    }

    /// All frames within a time.
    pub(crate) fn hear(&self, d: Duration) -> Vec<CobFrame> {
        let until = self.clock.now() + d;
        std::iter::from_fn(|| self.recv(until)).collect()
    }

    pub(crate) fn nmt(&self, command: NmtCommand) {
        self.send(command.encode(None));
    }

    pub(crate) fn heartbeat(&self) {
        self.send(
            Heartbeat {
                node: HOST,
                state: NmtState::Operational,
            }
            .encode(),
        );
    }

    fn transfer(&self, (mut client, ask): (Client, CobFrame)) -> Result<Vec<u8>, Failure> {
        self.send(ask);
        let until = self.clock.now() + ms(5000);
        while let Some(frame) = self.recv(until) {
            match client.on(&frame) {
                Step::NotMine | Step::Wait => {}
                Step::Send(next) => self.send(next),
                Step::SendAll(block) => block.into_iter().for_each(|frame| self.send(frame)),
                Step::Done(data, taken) => {
                    taken.into_iter().for_each(|frame| self.send(frame));
                    return Ok(data);
                }
                Step::Failed(failure, _) => return Err(failure),
            }
        }
        panic!("no answer to an SDO request");
    }

    pub(crate) fn upload(&self, n: u8, index: u16, sub: u8) -> Result<Vec<u8>, Failure> {
        self.transfer(Client::upload(node(n), index, sub))
    }

    pub(crate) fn download(&self, n: u8, index: u16, sub: u8, data: &[u8]) -> Result<(), Failure> {
        self.transfer(Client::download(node(n), index, sub, data))
            .map(|_| ())
    }

    pub(crate) fn get(&self, n: u8, index: u16, sub: u8) -> i64 {
        let data = self.upload(n, index, sub).unwrap();
        let mut wide = if data.len() == 4 && index != 0x1018 && data[3] & 0x80 != 0 {
            [0xFF; 8]
        } else {
            [0; 8]
        };
        wide[..data.len()].copy_from_slice(&data);
        i64::from_le_bytes(wide)
    }

    pub(crate) fn status(&self, n: u8) -> Statusword {
        Statusword(self.get(n, 0x6041, 0) as u16)
    }

    pub(crate) fn state(&self, n: u8) -> State {
        self.status(n).state().unwrap()
    }

    pub(crate) fn control(&self, n: u8, word: Controlword) {
        self.download(n, 0x6040, 0, &word.to_bytes()).unwrap();
    }

    /// To a goal, as a host does it.
    pub(crate) fn bring(&self, n: u8, goal: Goal) {
        for _ in 0..20 {
            match next_command(self.state(n), goal) {
                Next::Arrived => return,
                Next::Write(words) => words.iter().for_each(|word| self.control(n, *word)),
                Next::Wait | Next::Faulted => {
                    self.hear(ms(20));
                }
            }
        }
        panic!(
            "node {n} is {} and cannot be brought to {goal:?}",
            self.state(n)
        );
    }

    /// Up, in profile position, at some speed.
    pub(crate) fn enable(&self, n: u8, units_per_s: i32) {
        self.download(n, 0x6060, 0, &[1]).unwrap();
        self.download(n, 0x6081, 0, &units_per_s.to_le_bytes())
            .unwrap();
        self.bring(n, Goal::Enabled);
    }

    /// The handshake of a new set-point.
    pub(crate) fn go(&self, n: u8, target: i32) {
        self.download(n, 0x607A, 0, &target.to_le_bytes()).unwrap();
        let bits = Controlword::NEW_SET_POINT | Controlword::CHANGE_IMMEDIATELY;
        self.control(n, Controlword::enabled_with(bits));
        assert!(self.status(n).set_point_acknowledged());
        self.control(n, Controlword::ENABLE_OPERATION);
        assert!(!self.status(n).set_point_acknowledged());
    }

    /// Whether the target is reached in time.
    pub(crate) fn arrives(&self, n: u8, within: Duration) -> bool {
        let until = self.clock.now() + within;
        while self.clock.now() < until {
            if self.status(n).target_reached() {
                return true;
            }
            self.hear(ms(10));
        }
        false
    }
}

/// The emergencies among frames.
pub(crate) fn emergencies(frames: &[CobFrame]) -> Vec<(u8, u16)> {
    let emergency = frames
        .iter()
        .filter_map(certbench_wire::canopen::Emergency::decode);
    emergency.map(|e| (e.node.number(), e.code)).collect()
}

/// How many frames of a service.
pub(crate) fn count(frames: &[CobFrame], service: Service) -> usize {
    frames
        .iter()
        .filter(|frame| Service::of(frame.id()) == Some(service))
        .count()
}
