//! A six-axis sensor that sends RDT records: the force of the world's gauge along z, 500 a second.

use std::time::Duration;

use certbench_wire::rdt::{Command, Record, Request};

use crate::World;

use super::Answering;
use super::streams::Sending;

pub(crate) struct Rdt {
    /// Counts of a newton.
    per_n: f64,
    runs: bool,
    sequence: u32,
    /// Taken for zero.
    bias_n: f64,
    wants_bias: bool,
}

impl Rdt {
    pub(crate) fn new(per_n: f64) -> Rdt {
        Rdt {
            per_n,
            runs: false,
            sequence: 0,
            bias_n: 0.0,
            wants_bias: false,
        }
    }
}

impl Answering for Rdt {
    fn hear(&mut self, bytes: &[u8]) {
        for datagram in bytes.chunks(8) {
            match Request::decode(datagram).map(|request| request.command) {
                Some(Command::Stop) => self.runs = false,
                Some(Command::Bias) => self.wants_bias = true,
                Some(_) => {
                    self.runs = true;
                    self.sequence = 0;
                }
                None => (),
            }
        }
    }

    fn answer(&mut self, _world: &mut World) -> Option<Vec<u8>> {
        None
    }
}

impl Sending for Rdt {
    fn every(&self) -> Option<Duration> {
        self.runs.then_some(Duration::from_millis(2))
    }

    fn frame(&mut self, world: &mut World) -> Vec<u8> {
        let newton = world.gauge.reading(world.step());
        if std::mem::take(&mut self.wants_bias) {
            self.bias_n = newton.unwrap_or(0.0);
        }
        self.sequence = self.sequence.wrapping_add(1);
        let z = newton.map_or(0.0, |newton| newton - self.bias_n);
        let counts = |newton: f64| (newton * self.per_n).round() as i32;
        let record = Record {
            rdt_sequence: self.sequence,
            ft_sequence: self.sequence,
            // over range
            status: if newton.is_none() { 0x8002_0000 } else { 0 },
            counts: [counts(z * world.off_axis()), 0, counts(z), 0, 0, 0],
        };
        record.encode().to_vec()
    }
}
