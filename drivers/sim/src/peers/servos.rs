//! Position servos on one line: Dynamixel X series and Feetech STS, each with registers of its own.
//!
//! Their motors stand apart from the world's hand and arm: a servo runs to its goal at its speed, and
//! stands when it has no torque. What the makers say of registers and counts stands here once more, by
//! hand: nothing is shared with the drivers.

use certbench_wire::{dynamixel, feetech};

use crate::World;

use super::Answering;

/// Fastest that a motor runs, counts per second: 60 rpm.
const FASTEST: f64 = 4096.0;
const MIDDLE: f64 = 2048.0;

/// A motor, in counts of a turn of 4096.
#[derive(Clone, Debug)]
struct Motor {
    at: f64,
    goal: f64,
    /// Counts per second; zero is as fast as it can.
    speed: f64,
    powered: bool,
    velocity: f64,
}

impl Motor {
    fn new() -> Motor {
        Motor {
            at: MIDDLE,
            goal: MIDDLE,
            speed: 0.0,
            powered: false,
            velocity: 0.0,
        }
    }

    fn run(&mut self, seconds: f64) {
        if !self.powered || seconds <= 0.0 {
            self.velocity = 0.0;
            return;
        }
        let fastest = match self.speed > 0.0 {
            true => self.speed.min(FASTEST),
            false => FASTEST,
        };
        let way = (self.goal - self.at).clamp(-fastest * seconds, fastest * seconds);
        self.at += way;
        self.velocity = if self.at == self.goal {
            0.0
        } else {
            way / seconds
        };
    }

    fn stop(&mut self) {
        self.goal = self.at;
        self.velocity = 0.0;
    }
}

/// Dynamixel X-series servos.
pub(crate) struct Dynamixel {
    decoder: dynamixel::Decoder,
    servos: Vec<Xl>,
    /// World time of the last look, and of the last packet, s.
    now: f64,
    spoken_to: f64,
}

struct Xl {
    id: u8,
    motor: Motor,
    table: [u8; 256],
}

mod xl {
    pub(super) const MODE: usize = 11;
    pub(super) const MOST: usize = 48;
    pub(super) const LEAST: usize = 52;
    pub(super) const TORQUE: usize = 64;
    pub(super) const WATCHDOG: usize = 98;
    pub(super) const PROFILE: usize = 112;
    pub(super) const GOAL: usize = 116;
    pub(super) const CURRENT: usize = 126;
    pub(super) const VELOCITY: usize = 128;
    pub(super) const POSITION: usize = 132;
}

/// One velocity count is 0.229 rpm; a turn has 4096 counts.
const COUNTS_PER_S: f64 = 0.229 / 60.0 * 4096.0;
/// The bus watchdog has tripped.
const TRIPPED: u8 = 0xFF;

impl Xl {
    fn new(id: u8) -> Xl {
        let mut servo = Xl {
            id,
            motor: Motor::new(),
            table: [0; 256],
        };
        servo.put(0, &1060u16.to_le_bytes()); // XL430-W250
        servo.put(6, &[46, id]);
        servo.put(xl::MODE, &[3]);
        servo.put(xl::MOST, &4095u32.to_le_bytes());
        servo.put(xl::LEAST, &0u32.to_le_bytes());
        servo.put(144, &[120, 0, 31]);
        servo.show();
        servo
    }

    fn put(&mut self, at: usize, bytes: &[u8]) {
        if let Some(place) = self.table.get_mut(at..at + bytes.len()) {
            place.copy_from_slice(bytes);
        }
    }

    fn u32_at(&self, at: usize) -> u32 {
        match self.table.get(at..at + 4) {
            Some(&[a, b, c, d]) => u32::from_le_bytes([a, b, c, d]),
            _ => 0,
        }
    }

    /// What the sensors show, into the table; a servo at rest draws a count less than nothing.
    fn show(&mut self) {
        let current: i16 = if self.motor.velocity != 0.0 { 30 } else { -1 };
        let velocity = (self.motor.velocity / COUNTS_PER_S).round() as i32;
        let position = self.motor.at.round() as i32;
        self.put(xl::CURRENT, &current.to_le_bytes());
        self.put(xl::VELOCITY, &velocity.to_le_bytes());
        self.put(xl::POSITION, &position.to_le_bytes());
    }

    fn read(&self, address: u16, count: u16) -> Option<Vec<u8>> {
        let first = usize::from(address);
        let bytes = self.table.get(first..first + usize::from(count));
        bytes.map(<[u8]>::to_vec)
    }

    fn write(&mut self, address: u16, data: &[u8]) -> Result<(), dynamixel::Error> {
        let first = usize::from(address);
        let range = first..first + data.len();
        let powered = self.motor.powered;
        let kept = first < xl::TORQUE && powered; // only written without torque
        let goal = range.contains(&xl::GOAL);
        let stopped = goal && self.table[xl::WATCHDOG] == TRIPPED;
        if range.end > xl::CURRENT || data.is_empty() || kept || stopped {
            return Err(dynamixel::Error::Access);
        }
        let before = self.table;
        self.put(first, data);
        let wanted = self.u32_at(xl::GOAL);
        if goal && !(self.u32_at(xl::LEAST)..=self.u32_at(xl::MOST)).contains(&wanted) {
            self.table = before;
            return Err(dynamixel::Error::Limit);
        }
        if range.contains(&xl::TORQUE) {
            self.motor.powered = self.table[xl::TORQUE] == 1;
            if !powered {
                self.motor.goal = self.motor.at;
            }
        }
        if goal {
            self.motor.speed = f64::from(self.u32_at(xl::PROFILE)) * COUNTS_PER_S;
            self.motor.goal = f64::from(wanted);
        }
        Ok(())
    }
}

impl Dynamixel {
    pub(crate) fn new(ids: std::ops::RangeInclusive<u8>) -> Dynamixel {
        Dynamixel {
            decoder: dynamixel::Decoder::default(),
            servos: ids.map(Xl::new).collect(),
            now: 0.0,
            spoken_to: 0.0,
        }
    }

    /// Runs everything up to now; a bus that was silent for too long has stopped on the way.
    fn advance(&mut self, now: f64) {
        for servo in &mut self.servos {
            let limit = servo.table[xl::WATCHDOG];
            let trips = self.spoken_to + f64::from(limit) * 0.02;
            if (1..=127).contains(&limit) && servo.motor.powered && now > trips {
                servo.motor.run((trips - self.now).max(0.0));
                servo.motor.stop();
                servo.put(xl::WATCHDOG, &[TRIPPED]);
            } else {
                servo.motor.run(now - self.now);
            }
            servo.show();
        }
        self.now = now;
    }

    fn obey(&mut self, packet: &dynamixel::Packet) -> Vec<u8> {
        use dynamixel::Instruction as I;
        let word = |at: usize| match packet.params.get(at..at + 2) {
            Some(&[low, high]) => u16::from_le_bytes([low, high]),
            _ => 0,
        };
        let (address, count) = (word(0), word(2));
        let rest = packet.params.get(4..).unwrap_or_default();
        match packet.instruction {
            I::SyncRead => {
                let one = |id: &u8| self.status(*id, |servo| servo.read(address, count));
                rest.iter().flat_map(one).collect()
            }
            I::BulkRead => {
                let one = |part: &[u8]| {
                    let at = u16::from_le_bytes([part[1], part[2]]);
                    let bytes = u16::from_le_bytes([part[3], part[4]]);
                    self.status(part[0], |servo| servo.read(at, bytes))
                };
                packet.params.chunks_exact(5).flat_map(one).collect()
            }
            I::SyncWrite => {
                for part in rest.chunks_exact(usize::from(count) + 1) {
                    if let Some(servo) = self.servos.iter_mut().find(|servo| servo.id == part[0]) {
                        let _ = servo.write(address, &part[1..]); // nobody answers a sync write
                    }
                }
                Vec::new()
            }
            I::Ping => self.status(packet.id, |servo| {
                servo.read(0, 2).map(|model| [model, vec![46]].concat())
            }),
            I::Read => self.status(packet.id, |servo| servo.read(address, count)),
            I::Write => {
                let Some(servo) = self.servos.iter_mut().find(|servo| servo.id == packet.id) else {
                    return Vec::new();
                };
                let data = packet.params.get(2..).unwrap_or_default();
                let status = dynamixel::Status {
                    id: packet.id,
                    alert: false,
                    error: servo.write(address, data).err(),
                    params: Vec::new(),
                };
                status.packet().encode()
            }
            I::Status => Vec::new(), // another servo's
            I::Reboot | I::Other(_) => self.status(packet.id, |_| None),
        }
    }

    /// What a servo says, or nothing when there is none of this id.
    fn status(&self, id: u8, params: impl Fn(&Xl) -> Option<Vec<u8>>) -> Vec<u8> {
        let Some(servo) = self.servos.iter().find(|servo| servo.id == id) else {
            return Vec::new();
        };
        let params = params(servo);
        let status = dynamixel::Status {
            id,
            alert: false,
            error: params.is_none().then_some(dynamixel::Error::Instruction),
            params: params.unwrap_or_default(),
        };
        status.packet().encode()
    }
}

impl Answering for Dynamixel {
    fn hear(&mut self, bytes: &[u8]) {
        self.decoder.push(bytes);
    }

    fn silence(&mut self) {
        self.decoder.silence();
    }

    fn answer(&mut self, world: &mut World) -> Option<Vec<u8>> {
        self.advance(world.time_s());
        let Ok(packet) = self.decoder.next()? else {
            return Some(Vec::new());
        };
        self.spoken_to = self.now;
        Some(self.obey(&packet))
    }
}

/// Feetech STS servos.
pub(crate) struct Feetech {
    decoder: feetech::Decoder,
    servos: Vec<Sts>,
    now: f64,
}

struct Sts {
    id: u8,
    motor: Motor,
    table: [u8; 128],
}

mod sts {
    pub(super) const TORQUE: usize = 40;
    pub(super) const GOAL: usize = 42;
    pub(super) const SPEED: usize = 46;
    pub(super) const LOCK: usize = 55;
    pub(super) const POSITION: usize = 56;
    pub(super) const VELOCITY: usize = 58;
    pub(super) const CURRENT: usize = 69;
}

impl Sts {
    fn new(id: u8) -> Sts {
        let mut servo = Sts {
            id,
            motor: Motor::new(),
            table: [0; 128],
        };
        servo.put(0, &[3, 10]);
        servo.put(3, &777u16.to_le_bytes()); // STS3215
        servo.put(5, &[id, 0]);
        servo.put(9, &0u16.to_le_bytes());
        servo.put(11, &4095u16.to_le_bytes());
        servo.put(sts::LOCK, &[1]);
        servo.put(62, &[121, 35]);
        servo.show();
        servo
    }

    fn put(&mut self, at: usize, bytes: &[u8]) {
        if let Some(place) = self.table.get_mut(at..at + bytes.len()) {
            place.copy_from_slice(bytes);
        }
    }

    fn word(&self, at: usize) -> u16 {
        match self.table.get(at..at + 2) {
            Some(&[low, high]) => u16::from_le_bytes([low, high]),
            _ => 0,
        }
    }

    fn show(&mut self) {
        let velocity = feetech::unsigned(self.motor.velocity.round() as i32, 15).unwrap_or(0);
        let current: u16 = if velocity == 0 { 0 } else { 20 };
        let position = self.motor.at.round() as u16;
        self.put(sts::POSITION, &position.to_le_bytes());
        self.put(sts::VELOCITY, &velocity.to_le_bytes());
        self.put(sts::CURRENT, &current.to_le_bytes());
    }

    /// What is below 40 is kept, and only written when it is not locked. A goal switches the torque on.
    fn write(&mut self, address: u8, data: &[u8]) {
        let first = usize::from(address);
        let range = first..first + data.len();
        let locked = first < sts::TORQUE && self.table[sts::LOCK] != 0;
        if locked || range.end > sts::POSITION {
            return;
        }
        self.put(first, data);
        if range.contains(&sts::GOAL) {
            self.put(sts::TORQUE, &[1]);
            self.motor.powered = true;
            self.motor.speed = f64::from(self.word(sts::SPEED));
            self.motor.goal = f64::from(self.word(sts::GOAL).min(4095));
        } else if range.contains(&sts::TORQUE) {
            let on = self.table[sts::TORQUE] == 1;
            if on && !self.motor.powered {
                self.motor.stop();
            }
            self.motor.powered = on;
        }
    }
}

impl Feetech {
    pub(crate) fn new(ids: std::ops::RangeInclusive<u8>) -> Feetech {
        Feetech {
            decoder: feetech::Decoder::default(),
            servos: ids.map(Sts::new).collect(),
            now: 0.0,
        }
    }

    fn advance(&mut self, now: f64) {
        for servo in &mut self.servos {
            servo.motor.run(now - self.now);
            servo.show();
        }
        self.now = now;
    }

    fn read(&self, id: u8, address: u8, count: u8) -> Vec<u8> {
        let first = usize::from(address);
        let servo = self.servos.iter().find(|servo| servo.id == id);
        let bytes = servo.and_then(|servo| servo.table.get(first..first + usize::from(count)));
        let answer = |bytes: &[u8]| feetech::Packet::answer(id, 0, bytes.to_vec()).encode();
        bytes.map_or_else(Vec::new, answer)
    }

    fn obey(&mut self, packet: &feetech::Packet) -> Vec<u8> {
        use feetech::Instruction as I;
        match (I::from(packet.code), packet.params.as_slice()) {
            (I::Ping, []) if self.servos.iter().any(|servo| servo.id == packet.id) => {
                feetech::Packet::answer(packet.id, 0, Vec::new()).encode()
            }
            (I::Read, [address, count]) => self.read(packet.id, *address, *count),
            (I::SyncRead, [address, count, ids @ ..]) => {
                let one = |id: &u8| self.read(*id, *address, *count);
                ids.iter().flat_map(one).collect()
            }
            (I::SyncWrite, [address, count, rest @ ..]) => {
                for part in rest.chunks_exact(usize::from(*count) + 1) {
                    if let Some(servo) = self.servos.iter_mut().find(|servo| servo.id == part[0]) {
                        servo.write(*address, &part[1..]);
                    }
                }
                Vec::new()
            }
            (I::Write, [address, data @ ..]) => {
                let Some(servo) = self.servos.iter_mut().find(|servo| servo.id == packet.id) else {
                    return Vec::new();
                };
                servo.write(*address, data);
                feetech::Packet::answer(packet.id, 0, Vec::new()).encode()
            }
            _ => Vec::new(),
        }
    }
}

impl Answering for Feetech {
    fn hear(&mut self, bytes: &[u8]) {
        self.decoder.push(bytes);
    }

    fn silence(&mut self) {
        self.decoder.silence();
    }

    fn answer(&mut self, world: &mut World) -> Option<Vec<u8>> {
        self.advance(world.time_s());
        Some(match self.decoder.next()? {
            Ok(packet) => self.obey(&packet),
            Err(_noise) => Vec::new(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::WorldConfig;
    use proptest::prelude::*;

    fn answered(device: &mut impl Answering, world: &mut World, noise: &[u8], ping: &[u8]) -> bool {
        device.hear(noise);
        while device.answer(world).is_some() {}
        device.silence();
        while device.answer(world).is_some() {}
        device.hear(ping);
        std::iter::from_fn(|| device.answer(world)).any(|answer| !answer.is_empty())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn arbitrary_bytes_never_panic_and_the_next_ping_is_answered(noise: Vec<u8>) {
            let mut world = World::new(&WorldConfig::default()).unwrap();
            let ping = dynamixel::Packet::ping(1).encode();
            prop_assert!(answered(&mut Dynamixel::new(1..=2), &mut world, &noise, &ping));
            let ping = feetech::Packet::ping(1).encode();
            prop_assert!(answered(&mut Feetech::new(1..=2), &mut world, &noise, &ping));
        }

        #[test]
        fn arbitrary_packets_never_panic(code: u8, params in prop::collection::vec(any::<u8>(), 0..24)) {
            let mut world = World::new(&WorldConfig::default()).unwrap();
            let instruction = dynamixel::Instruction::from(code);
            let packet = dynamixel::Packet { id: 1, instruction, params: params.clone() };
            answered(&mut Dynamixel::new(1..=2), &mut world, &packet.encode(), &[]);
            let packet = feetech::Packet { id: 1, code, params };
            answered(&mut Feetech::new(1..=2), &mut world, &packet.encode(), &[]);
        }
    }
}
